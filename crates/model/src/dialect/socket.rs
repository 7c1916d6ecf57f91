//! The WebSocket protocol of a dialect.

use std::sync::Arc;

use super::Reply;
use crate::command::{Actor, Command, Outcome};
use crate::failure::{Failure, Refusal};
use crate::ids::UserId;
use crate::ports::Push;
use crate::presence::{Subscription, UserPresence};
use crate::secret::Secret;
use crate::user::Platform;

/// A WebSocket message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// Text.
    Text(String),
    /// Bytes.
    Binary(Vec<u8>),
}

/// How a connection encodes frames: the dialect's own number. Pushes are encoded once per number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Wire(pub u8);

/// What a client says when it connects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hello {
    /// Who it says it is; must be the token's user.
    pub user: UserId,
    /// Its token.
    pub token: Secret,
    /// Its platform; must be the token's.
    pub platform: Platform,
    /// Its id for the handshake.
    pub operation_id: String,
    /// It starts in the background.
    pub background: bool,
    /// Version of its software; empty = it did not say.
    pub version: String,
    /// How it encodes.
    pub wire: Wire,
    /// It says nothing by itself while it is idle: the server has to ping it, or it would look gone.
    pub wants_pings: bool,
}

/// How a handshake ends that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TurnAway {
    /// Upgrade, send this, close.
    Frame(Frame),
    /// Do not upgrade; answer this.
    Reply(Reply),
}

/// What an answer must carry to find its question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correlation {
    /// The dialect's number of the request.
    pub request: i32,
    /// The client's id of the request.
    pub key: String,
    /// The client's id of the call.
    pub operation_id: Arc<str>,
}

/// What a frame from a client means.
#[derive(Debug, Clone)]
pub enum Incoming {
    /// A request.
    Request(Correlation, Box<Command>),
    /// The client goes into the background (true) or comes to the front.
    Background(Correlation, bool),
    /// The client follows others, or does so no longer; it is told where the new ones are online.
    Follow(Correlation, Subscription),
    /// A request that is refused as it stands; answer it, keep the connection.
    Malformed(Correlation, Refusal),
    /// Answer this at once.
    Reply(Frame),
    /// Nothing to do.
    Ignore,
    /// The client goes: do this, answer it as the other requests, then close.
    Bye(Correlation, Box<Command>),
    /// The client breaks the protocol; close. The sentence is for the log.
    Close(String),
}

/// A dialect's WebSocket protocol.
pub trait Socket: Send + Sync {
    /// Reads the handshake. `query` is decoded, `headers` in lower case.
    ///
    /// # Errors
    /// The refusal, for [`Socket::turn_away`].
    fn hello(&self, query: &[(String, String)], headers: &[(String, String)]) -> Result<Hello, Refusal>;
    /// What an accepted client is sent first.
    fn welcome(&self, query: &[(String, String)]) -> Option<Frame>;
    /// How to refuse the handshake.
    fn turn_away(&self, query: &[(String, String)], refusal: &Refusal) -> TurnAway;
    /// Reads a frame of this actor.
    fn read(&self, wire: Wire, actor: &Actor, frame: &Frame) -> Incoming;
    /// Writes the answer to a request.
    fn answer(&self, wire: Wire, to: &Correlation, result: &Result<Outcome, Failure>) -> Frame;
    /// Writes a push.
    fn push(&self, wire: Wire, push: &Push) -> Frame;
    /// Writes where users are online who are followed: the answer to this request, or on their own.
    fn presences(&self, wire: Wire, to: Option<&Correlation>, presences: &[UserPresence]) -> Frame;
    /// Writes "you were logged out elsewhere"; the connection is closed afterwards.
    fn kicked(&self, wire: Wire) -> Frame;
}
