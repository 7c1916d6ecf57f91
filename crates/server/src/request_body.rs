//! Bodies of requests: read whole, inside their bounds.

use std::pin::pin;
use std::time::Duration;

use bytes::Buf as _;
use http_body_util::BodyExt as _;
use hyper::body::Body;

/// Why a body was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unread {
    /// Longer than its bound.
    TooLong,
    /// Not there in time.
    Late,
    /// The caller went, or broke the protocol.
    Broken,
}

/// Reads a body of at most so many bytes, all of it within a time.
///
/// Pieces are copied as they come: each of them keeps the buffer that it was read into, so somebody who sends
/// single bytes would have a buffer of kilobytes kept for each.
///
/// # Errors
///
/// [`Unread`]; a body that announces too much is refused before anything is read.
pub(crate) async fn read<B: Body>(body: B, most: usize, time: Duration) -> Result<Vec<u8>, Unread> {
    let announced = body.size_hint().lower();
    if announced > most as u64 {
        return Err(Unread::TooLong);
    }
    let whole = async {
        let mut body = pin!(body);
        let mut bytes = Vec::with_capacity(usize::try_from(announced).unwrap_or(0).min(FIRST_BYTES));
        while let Some(frame) = body.frame().await {
            let Ok(mut data) = frame.map_err(|_| Unread::Broken)?.into_data() else { continue };
            if data.remaining() > most - bytes.len() {
                return Err(Unread::TooLong);
            }
            while data.has_remaining() {
                let piece = data.chunk();
                bytes.extend_from_slice(piece);
                let length = piece.len();
                data.advance(length);
            }
        }
        Ok(bytes)
    };
    tokio::time::timeout(time, whole).await.unwrap_or(Err(Unread::Late))
}

/// Room that is made for a body because it was announced, before any of it is there.
const FIRST_BYTES: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::convert::Infallible;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use bytes::Bytes;
    use http_body_util::Full;
    use hyper::body::{Frame, SizeHint};

    use super::*;

    const TIME: Duration = Duration::from_secs(1);

    /// Pieces as they come, then silence or an end.
    struct Pieces {
        left: VecDeque<&'static str>,
        ends: bool,
        announced: u64,
    }

    fn pieces(left: &[&'static str]) -> Pieces {
        Pieces { left: left.iter().copied().collect(), ends: true, announced: 0 }
    }

    impl Body for Pieces {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            match self.left.pop_front() {
                Some(piece) => Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(piece.as_bytes()))))),
                None if self.ends => Poll::Ready(None),
                None => Poll::Pending,
            }
        }

        fn size_hint(&self) -> SizeHint {
            let mut hint = SizeHint::new();
            hint.set_lower(self.announced);
            hint
        }
    }

    #[tokio::test]
    async fn a_body_is_read_up_to_its_bound_and_no_byte_further() {
        assert_eq!(read(pieces(&["ab", "", "c"]), 3, TIME).await, Ok(b"abc".to_vec()));
        assert_eq!(read(pieces(&["ab", "cd"]), 3, TIME).await, Err(Unread::TooLong));
        assert_eq!(read(pieces(&[]), 0, TIME).await, Ok(Vec::new()));
        assert_eq!(read(Full::new(Bytes::from_static(b"abcd")), 3, TIME).await, Err(Unread::TooLong));
    }

    #[tokio::test(start_paused = true)]
    async fn what_announces_too_much_is_not_waited_for_and_what_never_ends_is_late() {
        let silent = |announced| Pieces { left: VecDeque::new(), ends: false, announced };
        assert_eq!(read(silent(4), 3, TIME).await, Err(Unread::TooLong));
        assert_eq!(read(silent(3), 3, TIME).await, Err(Unread::Late));
    }
}
