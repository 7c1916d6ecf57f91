//! The far end of a dialect's callbacks.

use std::sync::Arc;

use super::EdgeRequest;
use crate::event::Phase;

/// The far end of a [`Contract`](super::Contract): reads callbacks and writes answers that are valid for them. For receivers that
/// stand in for an app's backend (development, demonstration, tests).
pub trait Receiver: Send + Sync {
    /// Names of the contracts that it speaks ([`Contract::name`](super::Contract::name)).
    fn contracts(&self) -> &'static [&'static str];

    /// Reads a callback; `None` where it is not one of this dialect. `contract` names the contract; without it, the
    /// shape of the request decides.
    fn describe(&self, request: &EdgeRequest, contract: Option<&str>) -> Option<Described>;

    /// Writes the answer. Where the callback cannot do what the instruction says, the answer lets it pass and
    /// [`Answered::remark`] says why.
    fn answer(&self, described: &Described, instruction: &Instruction) -> Answered;

    /// The dialect's own id of a callback, the same on every attempt; `None` = it has none.
    fn callback_id(&self, _described: &Described) -> Option<String> {
        None
    }

    /// Whether the dialect's own signature in a callback is the one of this secret; `None` = its callbacks have no
    /// signature of their own, or this one carries none.
    fn signature(&self, _request: &EdgeRequest, _secret: &str) -> Option<bool> {
        None
    }
}

/// A callback, as a receiver reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    /// The contract that it was read by.
    pub contract: &'static str,
    /// The dialect's own name of the callback.
    pub command: String,
    /// The same, short enough for a column.
    pub title: String,
    /// Whether its answer decides something.
    pub phase: Phase,
    /// Who acts; empty where it does not say.
    pub from: String,
    /// On whom: a user, or a group; empty where it does not say.
    pub to: String,
    /// [`Described::to`] is a group.
    pub to_group: bool,
    /// What a message says, for reading; for other things than text, their kind in brackets.
    pub text: String,
    /// The id of the call that caused it; empty where it does not say.
    pub operation_id: String,
    /// The client's id of the message; empty where it is not about one.
    pub client_message_id: String,
    /// The body as it came, for [`Receiver::answer`].
    pub body: Arc<serde_json::Value>,
}

/// What a receiver is told to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Instruction {
    /// Go on.
    Allow,
    /// Stop.
    Deny {
        /// Code for the sender, where the contract carries one.
        code: i32,
        /// Text for the sender.
        text: String,
    },
    /// Go on with another text.
    Replace {
        /// The text.
        text: String,
    },
}

/// An answer of a receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The body; it goes with status 200.
    pub body: Vec<u8>,
    /// What the answer means.
    pub effect: Effect,
    /// What the instruction wanted and this callback cannot do.
    pub remark: Option<&'static str>,
}

/// What an answer of a receiver means to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It goes on as it is.
    Allowed,
    /// It stops.
    Refused,
    /// It goes on, changed.
    Replaced,
    /// Nothing: it has happened already.
    Noted,
}
