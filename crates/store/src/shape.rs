//! Rules about the shape of a commit that every backend checks alike, before it looks at any state.

use std::collections::HashSet;

use ringback_model::commit::{Commit, NewEvent};
use ringback_model::conversation::{ConversationId, Target};
use ringback_model::event::Lane;
use ringback_model::failure::Fault;
use ringback_model::group::Group;
use ringback_model::ids::UserId;
use ringback_model::limits;
use ringback_model::message::Message;
use ringback_model::time::UnixMs;
use ringback_model::version::{Touch, Version, VersionLog};

/// What makes two sends the same: the folded sender, the conversation and the client message id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct SendKey {
    sender: String,
    conversation: String,
    client_id: String,
}

impl SendKey {
    /// The key of a message; `None` where the client gave no id.
    pub(crate) fn of(message: &Message) -> Option<Self> {
        (!message.client_id.is_empty())
            .then(|| Self::new(&message.sender, &message.conversation(), &message.client_id))
    }

    pub(crate) fn new(sender: &UserId, conversation: &ConversationId, client_id: &str) -> Self {
        Self {
            sender: sender.folded(),
            conversation: conversation.to_string(),
            client_id: client_id.to_owned(),
        }
    }

    /// 64 bits that are the same in every process and version: FNV-1a. Collisions are expected to be checked.
    pub(crate) fn hash(&self) -> u64 {
        let ids = self.sender.bytes().chain([0]).chain(self.conversation.bytes());
        let bytes = ids.chain([0]).chain(self.client_id.bytes());
        bytes
            .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
    }
}

/// The key of the message that an event is about.
pub(crate) fn send_key(event: &NewEvent) -> Option<SendKey> {
    event.fact.sent().and_then(|sent| SendKey::of(&sent.message))
}

/// Whether a group is still as it was read: its number of members is kept by the store.
pub(crate) fn same_group(kept: &Group, read: &Group) -> bool {
    let counted = Group { member_count: kept.member_count, ..read.clone() };
    *kept == counted
}

/// What tells the lists of one database from those of another.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Birth(pub(crate) u64);

impl Birth {
    /// Where a list stands that was changed so often.
    pub(crate) fn version(self, log: &VersionLog, changes: u64) -> Version {
        // FNV-1a over both, cut to the 96 bits that clients keep.
        let bytes = self.0.to_be_bytes().into_iter().chain(log.key().into_bytes());
        let hash = bytes.fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d_u128, |hash, byte| {
            (hash ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b)
        });
        Version { log: hash >> 32, number: changes + 1 }
    }
}

/// Whether a send at `now` repeats one that was committed at `earlier`.
pub(crate) fn inside_window(earlier: UnixMs, now: UnixMs) -> bool {
    now.since(earlier) < limits::IDEMPOTENCY_WINDOW
}

/// Checks what no state can make right. The faults name bugs of the caller.
pub(crate) fn check(commit: &Commit) -> Result<(), Fault> {
    for event in &commit.events {
        let Some(sent) = event.fact.sent() else { continue };
        if sent.message.handling.store && event.lane != Lane::conversation(&sent.message.conversation()) {
            return Err(Fault::new("a stored message must be logged in the lane of its conversation"));
        }
    }
    if commit.events.len() > 1 {
        let mut seen = HashSet::new();
        if !commit.events.iter().filter_map(send_key).all(|key| seen.insert(key)) {
            return Err(Fault::new("one commit holds the same client message id twice"));
        }
    }
    Ok(())
}

/// In whose conversation lists a stored message puts its conversation. Members have their group's anyway, and both
/// sides of a chat have it since its first message, or did not get it then.
pub(crate) fn joined_by<'a>(
    message: &'a Message,
    id: &'a ConversationId,
    unlisted: &[UserId],
) -> Vec<&'a UserId> {
    let mut joined = match (id, &message.target) {
        // Nobody lists what stands beside a chat: who has the chat has it.
        (ConversationId::Single(low, high), _) if message.seq == 1 => vec![low, high],
        (ConversationId::Notice(..), Target::Notice(recipient)) => vec![recipient],
        _ => Vec::new(),
    };
    joined.retain(|user| unlisted.iter().all(|other| other.folded() != user.folded()));
    joined
}

/// What changes in which list: see [`Commit::touches`].
pub(crate) type Touches = Vec<(VersionLog, String, Touch)>;

/// A change of a user's list of conversations.
pub(crate) fn list_touch(
    user: &UserId,
    conversation: &ConversationId,
    touch: Touch,
) -> (VersionLog, String, Touch) {
    (VersionLog::Conversations(user.clone()), conversation.to_string(), touch)
}

#[cfg(test)]
impl SendKey {
    pub(crate) fn for_test(sender: &str, client_id: &str) -> Self {
        Self { sender: sender.to_owned(), conversation: "g:1".to_owned(), client_id: client_id.to_owned() }
    }
}
