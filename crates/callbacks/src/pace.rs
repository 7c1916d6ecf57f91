//! Connections that are slow on purpose, for finding out how receivers take it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper_util::client::legacy::connect::{Connected, Connection};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// Bytes that a paced connection reads at once at most.
pub const READ_AT_ONCE: usize = 4096;

/// How a connection dawdles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pace {
    /// Which way.
    pub way: Way,
    /// Bytes at once, at least 1; of reading at most [`READ_AT_ONCE`].
    pub piece: usize,
    /// Before each piece but the first.
    pub pause: Duration,
}

/// Directions of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Way {
    /// The request goes out in pieces.
    Sending,
    /// The answer is taken in pieces.
    Reading,
}

/// A stream with a pace, or without one.
#[derive(Debug)]
pub(crate) struct Paced<S> {
    inner: S,
    pace: Option<Pace>,
    pausing: Option<Pin<Box<Sleep>>>,
}

impl<S> Paced<S> {
    pub(crate) const fn new(inner: S, pace: Option<Pace>) -> Self {
        Self { inner, pace, pausing: None }
    }

    #[cfg(test)]
    pub(crate) const fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The pace of this direction.
    fn pace(&self, way: Way) -> Option<Pace> {
        self.pace.filter(|pace| pace.way == way)
    }

    /// Waits for the end of the pause after the last piece.
    fn poll_pause(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if let Some(pause) = &mut self.pausing {
            ready!(pause.as_mut().poll(context));
            self.pausing = None;
        }
        Poll::Ready(())
    }
}

impl<S: Connection> Connection for Paced<S> {
    fn connected(&self) -> Connected {
        self.inner.connected()
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Paced<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let Some(pace) = self.pace(Way::Sending) else {
            return Pin::new(&mut self.inner).poll_write(context, bytes);
        };
        ready!(self.poll_pause(context));
        let piece = &bytes[..bytes.len().min(pace.piece.max(1))];
        let written = ready!(Pin::new(&mut self.inner).poll_write(context, piece));
        self.pausing = Some(Box::pin(tokio::time::sleep(pace.pause)));
        Poll::Ready(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.pace(Way::Sending).is_none() && self.inner.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.pace(Way::Sending).is_none() {
            return Pin::new(&mut self.inner).poll_write_vectored(context, slices);
        }
        let first = slices.iter().find(|slice| !slice.is_empty());
        self.poll_write(context, first.map_or(&[][..], |slice| slice))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Paced<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Some(pace) = self.pace(Way::Reading) else {
            return Pin::new(&mut self.inner).poll_read(context, into);
        };
        ready!(self.poll_pause(context));
        let mut place = [0; READ_AT_ONCE];
        let piece = pace.piece.clamp(1, READ_AT_ONCE).min(into.remaining());
        let mut piece = ReadBuf::new(&mut place[..piece]);
        ready!(Pin::new(&mut self.inner).poll_read(context, &mut piece))?;
        into.put_slice(piece.filled());
        self.pausing = Some(Box::pin(tokio::time::sleep(pace.pause)));
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::time::Instant;

    use super::*;

    fn paced<S>(stream: S, way: Way) -> Paced<S> {
        Paced::new(stream, Some(Pace { way, piece: 4, pause: Duration::from_millis(100) }))
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_sent_goes_out_in_pieces_and_comes_back_at_once() {
        let (near, mut far) = tokio::io::duplex(64);
        let mut near = paced(near, Way::Sending);
        let began = Instant::now();
        near.write_all(b"0123456789").await.unwrap();
        assert_eq!(began.elapsed(), Duration::from_millis(200), "three pieces, two pauses");
        let mut got = [0; 10];
        far.read_exact(&mut got).await.unwrap();
        assert_eq!(&got, b"0123456789");
        far.write_all(b"0123456789").await.unwrap();
        assert_eq!(near.read(&mut got).await.unwrap(), 10);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_read_comes_in_pieces() {
        let (near, mut far) = tokio::io::duplex(64);
        let mut near = paced(near, Way::Reading);
        far.write_all(b"0123456789").await.unwrap();
        drop(far);
        let began = Instant::now();
        let mut got = Vec::new();
        near.read_to_end(&mut got).await.unwrap();
        assert_eq!(got, b"0123456789");
        assert_eq!(began.elapsed(), Duration::from_millis(300), "three pieces and the end");
    }

    #[tokio::test]
    async fn without_a_pace_nothing_waits() {
        let (near, mut far) = tokio::io::duplex(64);
        let mut near = Paced::new(near, None);
        near.write_all(b"0123456789").await.unwrap();
        let mut got = [0; 10];
        assert_eq!(far.read(&mut got).await.unwrap(), 10);
    }
}
