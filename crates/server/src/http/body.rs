//! Bodies of answers: one piece that is there already, or many that come. What has to be told that the answer is on
//! its way travels with it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use ringback_model::object::Pieces;

use crate::product::Ticket;

/// The body of an answer.
pub struct ReplyBody {
    content: Content,
    /// Dropped with the body, which is when the connection has taken all of it.
    _ticket: Option<Ticket>,
}

enum Content {
    There(Option<Bytes>),
    /// Pieces, and how many bytes have to come yet.
    Coming(Pieces, u64),
    /// Pieces, as many as there are.
    Open(Pieces),
}

impl ReplyBody {
    /// A body of these bytes.
    #[must_use]
    pub fn new(bytes: Bytes, ticket: Option<Ticket>) -> Self {
        Self { content: Content::There((!bytes.is_empty()).then_some(bytes)), _ticket: ticket }
    }

    /// A body of pieces that make so many bytes; where they do not, the connection breaks off, so that nobody takes a
    /// part for the whole.
    #[must_use]
    pub const fn streamed(pieces: Pieces, bytes: u64, ticket: Ticket) -> Self {
        Self { content: Content::Coming(pieces, bytes), _ticket: Some(ticket) }
    }

    /// A body of pieces whose number nobody knows before they come; where one cannot be had, the connection breaks off.
    #[must_use]
    pub const fn unmeasured(pieces: Pieces, ticket: Ticket) -> Self {
        Self { content: Content::Open(pieces), _ticket: Some(ticket) }
    }
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let (pieces, left) = match &mut self.content {
            Content::There(bytes) => return Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Content::Open(pieces) => {
                let next = ready!(pieces.as_mut().poll_next(cx));
                return Poll::Ready(next.map(|piece| piece.map(Frame::data).map_err(io::Error::other)));
            }
            Content::Coming(_, 0) => return Poll::Ready(None),
            Content::Coming(pieces, left) => (pieces, left),
        };
        let next = match ready!(pieces.as_mut().poll_next(cx)) {
            Some(Ok(piece)) if piece.len() as u64 <= *left => {
                *left -= piece.len() as u64;
                Ok(Frame::data(piece))
            }
            Some(Ok(_)) => Err(io::Error::new(io::ErrorKind::InvalidData, "more bytes than were announced")),
            Some(Err(error)) => {
                tracing::error!(%error, "an object could not be sent to its end");
                Err(io::Error::other(error))
            }
            None => Err(io::ErrorKind::UnexpectedEof.into()),
        };
        Poll::Ready(Some(next))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.content, Content::There(None) | Content::Coming(_, 0))
    }

    fn size_hint(&self) -> SizeHint {
        match &self.content {
            Content::There(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
            Content::Coming(_, left) => SizeHint::with_exact(*left),
            Content::Open(_) => SizeHint::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;
    use ringback_model::object::PieceError;

    use super::*;

    async fn sent(items: Vec<Result<&'static [u8], PieceError>>, bytes: u64) -> io::Result<Bytes> {
        let items = items.into_iter().map(|item| item.map(Bytes::from_static));
        let body = ReplyBody::streamed(Box::pin(futures_util::stream::iter(items)), bytes, Box::new(()));
        assert_eq!(body.size_hint().exact(), Some(bytes));
        body.collect().await.map(http_body_util::Collected::to_bytes)
    }

    #[tokio::test]
    async fn what_is_not_whole_breaks_off() {
        assert_eq!(sent(vec![Ok(b"ab"), Ok(b""), Ok(b"c")], 3).await.unwrap(), "abc");
        assert_eq!(sent(vec![], 0).await.unwrap(), "");
        assert!(sent(vec![Ok(b"ab")], 3).await.is_err(), "too few");
        assert!(sent(vec![Ok(b"ab"), Ok(b"cd")], 3).await.is_err(), "too many");
        assert!(sent(vec![Ok(b"ab"), Err(PieceError::Broken)], 3).await.is_err());
    }
}
