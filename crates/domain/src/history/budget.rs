//! How many messages fit an answer.

use ringback_model::record::Seen;

use crate::sizes;

/// What one answer may still hold.
pub(super) struct Budget {
    pub(super) messages: usize,
    bytes: usize,
    /// What it held in the beginning.
    whole: usize,
}

/// Whether there is room for a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    /// There was, and it is taken.
    Taken,
    /// Not in this answer.
    NoMore,
    /// In no answer: what is larger than any is given as a gap, because clients would ask for it for ever.
    Never,
}

impl Budget {
    pub(super) const fn of(messages: usize, bytes: usize) -> Self {
        Self { messages, bytes, whole: bytes }
    }

    pub(super) const fn is_spent(&self) -> bool {
        self.messages == 0 || self.bytes == 0
    }

    pub(super) fn take(&mut self, seen: &Seen) -> Room {
        let bytes = sizes::weight(seen);
        if bytes > self.whole {
            return Room::Never;
        }
        if self.messages == 0 || bytes > self.bytes {
            return Room::NoMore;
        }
        self.messages -= 1;
        self.bytes -= bytes;
        Room::Taken
    }

    /// Keeps the newest messages that fit; answers whether there are others that would fit another answer.
    pub(super) fn keep_newest(&mut self, messages: &mut Vec<Seen>) -> bool {
        let mut cut = false;
        let mut kept = Vec::with_capacity(messages.len());
        for seen in messages.drain(..).rev() {
            match self.take(&seen) {
                Room::Taken => kept.push(seen),
                Room::Never => {}
                Room::NoMore => {
                    cut = true;
                    break;
                }
            }
        }
        kept.reverse();
        *messages = kept;
        cut
    }
}
