//! What a wire protocol supplies: pure translation between bytes and our words. No state, no clock, no store,
//! no async. The registry of all of them is `dialects::all()`.

use std::sync::Arc;

use crate::command::{Actor, Command, Outcome};
use crate::delivery::{Answer, Outbound};
use crate::event::{Event, EventKind, Phase, Question};
use crate::failure::{Failure, Refusal};
use crate::ids::UserId;
use crate::message::Content;
use crate::ports::Push;
use crate::rule::Rule;
use crate::user::Platform;
use crate::verdict::Verdict;

// ---------------------------------------------------------------- callbacks

/// One contract of callbacks: a dialect in one of its versions.
pub trait Contract: Send + Sync {
    /// Its name in [`Rule::contract`].
    fn name(&self) -> &'static str;

    /// The moments that this rule may be about. Computed once per change of the rule.
    ///
    /// # Errors
    /// Says which of [`Rule::events`] it does not know, and the nearest that it does.
    fn kinds(&self, rule: &Rule) -> Result<Vec<EventKind>, String>;

    /// The contract's own number for the kind of a content, for [`crate::rule::Selectors::denied_types`].
    fn content_code(&self, content: &Content) -> i32;

    /// The request that asks this rule; selectors have matched already.
    ///
    /// # Errors
    /// [`Skip`] where the contract does not ask about such a thing.
    fn question(&self, rule: &Rule, question: &Question) -> Result<Outbound, Skip>;

    /// Reads an answer to [`Contract::question`].
    ///
    /// # Errors
    /// Says in words why it is not an answer; that is a failure of the call.
    fn verdict(&self, rule: &Rule, question: &Question, answer: &Answer) -> Result<Verdict, WrongAnswer>;

    /// How many deliveries the event means for this rule; selectors have matched already.
    ///
    /// # Errors
    /// [`Skip`] where the contract does not tell such a thing.
    fn copies(&self, rule: &Rule, event: &Event) -> Result<u32, Skip>;

    /// Renders one of [`Contract::copies`]. A pure function of its arguments: the same bytes every time.
    fn delivery(&self, rule: &Rule, event: &Event, copy: u32) -> Option<Rendered>;

    /// Whether the receiver has taken a delivery.
    fn accepted(&self, rule: &Rule, answer: &Answer) -> Acceptance;
}

/// One delivery, rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The request.
    pub outbound: Outbound,
    /// The recipient whose copy it is, where copies have lanes of their own.
    pub recipient: Option<UserId>,
}

/// Why a contract has nothing to say about an event; a sentence for `why`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skip(pub &'static str);

/// Why an answer is not an answer; a sentence for `why` and for the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongAnswer(pub String);

/// Whether a delivery is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Acceptance {
    /// Taken.
    Delivered,
    /// Taken, but it counts as a failure towards a ban.
    DeliveredBadly(&'static str),
    /// Not taken; a sentence says why.
    Failed(String),
}

// ---------------------------------------------------------------- requests

/// Method of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// Reads.
    Get,
    /// Acts.
    Post,
}

/// A request path that a dialect serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// Its method.
    pub method: Method,
    /// Its path; the name by which [`EdgeRequest::route`] calls it.
    pub path: &'static str,
}

/// A request, freed from HTTP.
#[derive(Debug, Clone)]
pub struct EdgeRequest {
    /// [`Route::path`] of the route that it met; empty where it met none.
    pub route: &'static str,
    /// The path as it was asked for.
    pub path: String,
    /// Query parameters, decoded, in order.
    pub query: Vec<(String, String)>,
    /// Headers; names in lower case; those that are not text are left out.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl EdgeRequest {
    /// The first header of this (lower-case) name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The first query parameter of this name.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// What a request says before its body is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// The caller's id for the call; never empty.
    pub operation_id: String,
    /// The token that must be valid; `None` on routes that need none.
    pub token: Option<String>,
}

/// An HTTP answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Status.
    pub status: u16,
    /// Headers besides [`Edge::common_headers`].
    pub headers: Vec<(&'static str, String)>,
    /// Body.
    pub body: Vec<u8>,
}

/// A dialect's REST interface.
///
/// The server calls, in this order: [`Edge::open`], then checks the token, then [`Edge::decode`], carries the
/// command out, then [`Edge::encode`]. Whatever goes wrong on the way is encoded by [`Edge::encode`] too.
pub trait Edge: Send + Sync {
    /// All routes.
    fn routes(&self) -> &'static [Route];
    /// Headers of every answer.
    fn common_headers(&self) -> &'static [(&'static str, &'static str)];
    /// Reads what the headers say.
    ///
    /// # Errors
    /// The refusal, for [`Edge::encode`].
    fn open(&self, request: &EdgeRequest) -> Result<Opening, Refusal>;
    /// Reads the body.
    ///
    /// # Errors
    /// The refusal, for [`Edge::encode`].
    fn decode(&self, request: &EdgeRequest, actor: Option<&Actor>) -> Result<Command, Refusal>;
    /// Writes the answer.
    fn encode(&self, request: &EdgeRequest, result: &Result<Outcome, Failure>) -> Reply;
    /// The answer to a path that nobody serves.
    fn unknown(&self, request: &EdgeRequest) -> Reply;
    /// The answer to `OPTIONS`, on any path.
    fn preflight(&self) -> Reply;
}

// ---------------------------------------------------------------- sockets

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
    pub token: String,
    /// Its platform; must be the token's.
    pub platform: Platform,
    /// Its id for the handshake.
    pub operation_id: String,
    /// It starts in the background.
    pub background: bool,
    /// How it encodes.
    pub wire: Wire,
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
    /// A request that is refused as it stands; answer it, keep the connection.
    Malformed(Correlation, Refusal),
    /// Answer this at once.
    Reply(Frame),
    /// Nothing to do.
    Ignore,
    /// The client went; answer this, then close.
    Bye(Frame),
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
    /// Writes "you were logged out elsewhere"; the connection is closed afterwards.
    fn kicked(&self, wire: Wire) -> Frame;
}

// ---------------------------------------------------------------- rule files

/// How bad a [`Note`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Explains.
    Info,
    /// Probably not what the operator wants.
    Warning,
    /// The file is not used.
    Error,
}

/// Something to say about a line of an operator's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// How bad.
    pub severity: Severity,
    /// Line, counted from 1; 0 = the file as a whole or an environment variable.
    pub line: usize,
    /// Dotted path of the key; empty = the file as a whole.
    pub key: String,
    /// One sentence.
    pub text: String,
}

/// What an operator's file with rules says.
#[derive(Debug, Clone, Default)]
pub struct RuleFile {
    /// Its rules, in the order in which the gate asks them; `version` and `changed_at` are left to the engine.
    pub rules: Vec<Rule>,
    /// One sentence per entry, and what is wrong with it.
    pub notes: Vec<Note>,
}

impl RuleFile {
    /// Whether the file must not be used.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.notes.iter().any(|note| note.severity == Severity::Error)
    }
}

/// A kind of operator's file that holds rules in a dialect's own words.
pub trait RuleFormat: Send + Sync {
    /// Key of `ringback.yml` under which the file, or its content, stands.
    fn key(&self) -> &'static str;
    /// Whether a YAML text looks like a file of this kind.
    fn recognises(&self, text: &str) -> bool;
    /// Reads the text. `first_line` is added to the lines of notes (content inside another file). `env` looks a
    /// variable up; `switches` are the dialect's settings from `ringback.yml`, `name=value`.
    fn parse(
        &self,
        text: &str,
        first_line: usize,
        env: &dyn Fn(&str) -> Option<String>,
        switches: &[(String, String)],
    ) -> RuleFile;
}

/// A setting that a dialect adds to `ringback.yml`, under the dialect's own section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DialectSetting {
    /// Dotted path, section included.
    pub key: &'static str,
    /// Default, as YAML.
    pub default: &'static str,
    /// Allowed values; empty = any text.
    pub values: &'static [&'static str],
    /// What it does; a sentence or two.
    pub doc: &'static str,
}

// ---------------------------------------------------------------- receivers

/// The far end of a [`Contract`]: reads callbacks and writes answers that are valid for them. For receivers that
/// stand in for an app's backend (development, demonstration, tests).
pub trait Receiver: Send + Sync {
    /// Names of the contracts that it speaks ([`Contract::name`]).
    fn contracts(&self) -> &'static [&'static str];

    /// Reads a callback; `None` where it is not one of this dialect. `contract` names the contract; without it, the
    /// shape of the request decides.
    fn describe(&self, request: &EdgeRequest, contract: Option<&str>) -> Option<Described>;

    /// Writes the answer. Where the callback cannot do what the instruction says, the answer lets it pass and
    /// [`Answered::remark`] says why.
    fn answer(&self, described: &Described, instruction: &Instruction) -> Answered;
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
