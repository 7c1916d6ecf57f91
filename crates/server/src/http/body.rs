//! Bodies of answers. One piece each; what has to be told that the answer is on its way travels with it.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

use crate::product::Ticket;

/// A body that is there already.
pub struct ReplyBody {
    bytes: Option<Bytes>,
    /// Dropped with the body, which is when the connection has taken all of it.
    _ticket: Option<Ticket>,
}

impl ReplyBody {
    /// A body of these bytes.
    #[must_use]
    pub fn new(bytes: Bytes, ticket: Option<Ticket>) -> Self {
        Self { bytes: (!bytes.is_empty()).then_some(bytes), _ticket: ticket }
    }
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.bytes.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}
