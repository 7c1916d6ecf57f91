//! How many messages fit an answer.

use ringback_model::limits;
use ringback_model::notice::{ChatNotice, Notice};
use ringback_model::record::Seen;

use crate::sizes;

/// What one answer may still hold.
pub(super) struct Budget {
    messages: usize,
    /// What stands beside chats.
    notices: usize,
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
        Self { messages, notices: limits::PULL_NOTICES, bytes, whole: bytes }
    }

    pub(super) const fn is_spent(&self) -> bool {
        self.messages == 0 || self.bytes == 0
    }

    /// How many messages, or what stands beside chats, there is room for.
    pub(super) const fn places(&mut self, aside: bool) -> &mut usize {
        if aside { &mut self.notices } else { &mut self.messages }
    }

    pub(super) fn take(&mut self, seen: &Seen) -> Room {
        self.take_of(seen, false)
    }

    fn take_of(&mut self, seen: &Seen, aside: bool) -> Room {
        let bytes = sizes::weight(seen);
        if bytes > self.whole {
            return Room::Never;
        }
        let left = self.bytes;
        let places = self.places(aside);
        if *places == 0 || bytes > left {
            return Room::NoMore;
        }
        *places -= 1;
        self.bytes -= bytes;
        Room::Taken
    }

    /// Keeps the newest that fit, of notices first those that change more than what others have read; answers whether
    /// there are others that would fit another answer.
    pub(super) fn keep(&mut self, messages: &mut Vec<Seen>, aside: bool) -> bool {
        let mut by_worth: Vec<Seen> = messages.drain(..).rev().collect();
        if aside && by_worth.iter().map(sizes::weight).sum::<usize>() > self.bytes {
            by_worth.sort_by_cached_key(tells_of_reading);
        }
        let mut cut = false;
        for seen in by_worth {
            match self.take_of(&seen, aside) {
                Room::Taken => messages.push(seen),
                Room::Never => {}
                Room::NoMore => {
                    cut = true;
                    break;
                }
            }
        }
        messages.sort_unstable_by_key(|seen| seen.message.seq);
        cut
    }
}

fn tells_of_reading(seen: &Seen) -> bool {
    matches!(Notice::read(&seen.message.content), Some(Notice::Chat(ChatNotice::Read { .. })))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ringback_model::conversation::{ConversationId, Target};
    use ringback_model::ids::UserId;
    use ringback_model::message::Message;
    use ringback_model::sample;
    use ringback_model::time::UnixMs;

    use super::*;

    fn seen(seq: u64, notice: &Notice) -> Seen {
        let user = |id: &str| UserId::parse(id).unwrap();
        let sent = sample::message(user("ann"), Target::User(user("bob")), notice.content(), UnixMs(1));
        Seen { message: Arc::new(Message { seq, ..sent }), fate: None, hidden: false, read: false }
    }

    #[test]
    fn of_too_many_notices_what_others_have_read_goes_first() {
        let (ann, bob) = (UserId::parse("ann").unwrap(), UserId::parse("bob").unwrap());
        let conversation = ConversationId::single(&ann, &bob);
        let read = |seq| {
            let user = bob.clone();
            Notice::Chat(ChatNotice::Read {
                user,
                conversation: conversation.clone(),
                seqs: vec![seq],
                read_seq: seq,
            })
        };
        let set = Notice::Chat(ChatNotice::Configured { user: ann.clone(), conversations: Vec::new() });
        let mut notices: Vec<Seen> =
            (1..=40).map(|seq| seen(seq, &if seq == 2 { set.clone() } else { read(seq) })).collect();
        let room: usize = notices.iter().rev().take(10).map(sizes::weight).sum();
        let mut budget = Budget::of(1, room);
        assert!(budget.keep(&mut notices, true), "some had no room");
        let kept: Vec<u64> = notices.iter().map(|seen| seen.message.seq).collect();
        assert_eq!((kept[0], *kept.last().unwrap()), (2, 40), "{kept:?}");
        assert!(kept.len() > 5 && kept[1..].windows(2).all(|pair| pair[0] + 1 == pair[1]), "{kept:?}");
        assert_eq!(*budget.places(false), 1, "messages have their own places");
    }
}
