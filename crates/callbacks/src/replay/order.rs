//! What may be asked of replays, and what is said to what cannot be done.

use ringback_model::conversation::ConversationId;
use ringback_model::failure::Fault;
use ringback_model::ids::{LogPos, RuleId, Seq, UserId};
use ringback_model::limits;
use ringback_model::time::UnixMs;

use super::state::ReplayState;

/// An order for a replay. What it names must hold all at once; what it does not name selects everything. The rule's own
/// selectors hold besides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplayOrder {
    /// Whose callbacks; an after-rule, on or off.
    pub rule: RuleId,
    /// Only this conversation. Where its name can be read in several ways, all of them: the one that the log knows is
    /// meant. Empty = all conversations.
    pub conversations: Vec<ConversationId>,
    /// Only what this user has sent or done, was sent, or was done to him.
    pub user: Option<UserId>,
    /// Only these events: names of [`ringback_model::event::EventKind`], or what rules of this contract may name.
    /// At most [`limits::REPLAY_EVENTS`]; empty = all.
    pub events: Vec<String>,
    /// Only what was committed at this instant or later.
    pub from: Option<UnixMs>,
    /// Only what was committed before this instant.
    pub to: Option<UnixMs>,
    /// Only messages with these seqs, both ends included; needs a conversation.
    pub seqs: Option<(Seq, Seq)>,
    /// Only events after this position of the log, [`ReplayStatus::position`](super::ReplayStatus::position) of a replay
    /// that ended early.
    pub after: Option<LogPos>,
    /// Also what passed while the rule was off.
    pub missed: bool,
    /// In place of the rule's URL; what the contract adds to that is added to it.
    pub target_url: Option<String>,
    /// Calls started per second, 1 to [`limits::REPLAY_RATE_MAX`]; `None` = [`limits::REPLAY_RATE`], or the rule's own
    /// rate where that is lower.
    pub rate: Option<u32>,
    /// Only count.
    pub dry: bool,
    /// Pause once everything is counted, until somebody resumes it.
    pub hold: bool,
}

impl ReplayOrder {
    /// Everything of a rule.
    #[must_use]
    pub const fn of(rule: RuleId) -> Self {
        Self {
            rule,
            conversations: Vec::new(),
            user: None,
            events: Vec::new(),
            from: None,
            to: None,
            seqs: None,
            after: None,
            missed: false,
            target_url: None,
            rate: None,
            dry: false,
            hold: false,
        }
    }
}

/// Why a replay does not begin, or nothing can be done with one.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ReplayError {
    /// There is no such rule.
    #[error("no rule is named {0}")]
    UnknownRule(RuleId),
    /// Something in the order cannot be used.
    #[error("{field} {text}")]
    Invalid {
        /// Which field of [`ReplayOrder`].
        field: &'static str,
        /// What is wrong; follows the field's name.
        text: String,
    },
    /// The rule has one already.
    #[error(
        "replay {0} sends for this rule already: wait for its end or cancel it, so that the receiver does not get two at once"
    )]
    Running(String),
    /// The rule's receiver is left alone now.
    #[error("the rule's receiver is banned now: wait for the end of the ban, lift it, or name another URL")]
    Banned,
    /// Too many others.
    #[error(
        "{} replays are under way or paused: wait for one of them to end, or cancel one",
        limits::REPLAYS_AT_ONCE
    )]
    Full,
    /// There is no such replay.
    #[error("no replay has the id {0}: those that are over are forgotten after a while, and at a restart")]
    NotFound(String),
    /// It is over.
    #[error("replay {id} is over ({}): begin another one, after its position", state.name())]
    Over {
        /// Which.
        id: String,
        /// How it ended.
        state: ReplayState,
    },
    /// No more work is begun.
    #[error("the server is going down")]
    ShuttingDown,
    /// Ours.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl ReplayError {
    pub(super) fn invalid(field: &'static str, text: impl Into<String>) -> Self {
        Self::Invalid { field, text: text.into() }
    }
}
