//! The callbacks of a dialect in one of its versions.

use crate::app::App;
use crate::delivery::{Answer, Outbound};
use crate::event::{Event, EventKind, Phase, Question};
use crate::failure::CallbackRefusal;
use crate::ids::UserId;
use crate::message::Content;
use crate::rule::{CodeRange, Policy, Rule};
use crate::verdict::Verdict;

/// One contract of callbacks: a dialect in one of its versions.
pub trait Contract: Send + Sync {
    /// Its name in [`Rule::contract`].
    fn name(&self) -> &'static str;

    /// The moments that this rule may be about. Computed once per change of the rule.
    ///
    /// # Errors
    /// Says which of [`Rule::events`] it does not know, and the nearest that it does.
    fn kinds(&self, rule: &Rule) -> Result<Vec<EventKind>, String>;

    /// Why no rule of this contract can be about a moment; `None` where rules can.
    fn without(&self, _kind: EventKind) -> Option<&'static str> {
        None
    }

    /// The contract's own number for the kind of a content, for [`crate::rule::Selectors::denied_types`].
    fn content_code(&self, content: &Content) -> i32;

    /// Reads an entry of [`crate::rule::Selectors::denied_types`] as rules of this contract write it: a number or a
    /// range `first-last`, unless the contract has names for kinds of content.
    ///
    /// # Errors
    /// Says in words what is wrong with it; where it has names, with the nearest one.
    fn denied_type(&self, text: &str) -> Result<CodeRange, String> {
        CodeRange::parse(text)
    }

    /// Writes what [`Contract::denied_type`] reads.
    fn denied_type_name(&self, range: CodeRange) -> String {
        range.to_string()
    }

    /// Whether the rule is asked about each part of the question by itself ([`crate::event::Subject::singly`]).
    fn asks_singly(&self, _rule: &Rule, _question: &Question) -> bool {
        false
    }

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

    /// What of an answer to [`Contract::question`] does not mean what it seems to: a refusal that does not refuse, codes
    /// or members that nobody reads, numbers in quotes. Each is a whole sentence that says what to write instead; empty
    /// = the answer means what it says. What [`Contract::verdict`] makes of the answer does not depend on it.
    fn misgivings(&self, _rule: &Rule, _question: &Question, _answer: &Answer) -> Vec<String> {
        Vec::new()
    }

    /// How many deliveries the event means for this rule; selectors have matched already.
    ///
    /// # Errors
    /// [`Skip`] where the contract does not tell such a thing.
    fn copies(&self, rule: &Rule, event: &Event) -> Result<u32, Skip>;

    /// Renders one of [`Contract::copies`]. A pure function of its arguments: the same bytes every time.
    fn delivery(&self, rule: &Rule, event: &Event, copy: u32) -> Option<Rendered>;

    /// How deliveries about a moment are called where the contract, and not the rule's policy, says so.
    fn manner(&self, _kind: EventKind) -> Option<Manner> {
        None
    }

    /// Whether the receiver has taken a delivery.
    fn accepted(&self, rule: &Rule, answer: &Answer) -> Acceptance;

    /// The id that a request of this contract carries in its body, for those who ask what became of it.
    fn call_id<'a>(&self, _body: &'a [u8]) -> Option<&'a str> {
        None
    }

    /// How rules of this contract start out.
    fn preset(&self, phase: Phase) -> Preset;

    /// Everything that [`Rule::events`] may name.
    fn event_names(&self, phase: Phase) -> Vec<EventName>;

    /// What every callback of the contract and its answers look like, in both phases. Made anew at every call, which takes
    /// milliseconds: whoever shows them keeps them.
    fn schemas(&self) -> Vec<CallbackSchema> {
        Vec::new()
    }

    /// Switches for [`Rule::switches`] of a rule that is made through the admin API, from the dialect's settings
    /// (`name=value`) and the app.
    fn switches(&self, settings: &[(String, String)], app: &App) -> Vec<(String, String)>;

    /// The sender's refusal where a rule got no usable answer and its policy says that the message stops; `None` = the
    /// server's own codes for it.
    fn silenced(&self, _rule: &Rule) -> Option<CallbackRefusal> {
        None
    }

    /// The storage service of the dialect: with one, failed deliveries are parked only where it is switched on;
    /// without, always.
    fn storage(&self) -> Option<StorageService> {
        None
    }
}

/// How deliveries about a moment are called; the rest is as the rule's policy says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Manner {
    /// Time for one call, in place of [`Policy::timeout_ms`]. Milliseconds, 1..=60,000.
    pub timeout_ms: u32,
    /// A delivery that nobody takes is one failure towards the app's ban, counted when it is given up; else every
    /// attempt is one.
    pub counts_once: bool,
}

/// How rules of a contract start out; what a rule does not say is taken from here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preset {
    /// Whether a new rule is on.
    pub enabled: bool,
    /// How it is called.
    pub policy: Policy,
    /// Fields of a rule that mean nothing to this contract in this phase, by their names in the admin API.
    pub without: &'static [&'static str],
}

/// A name for [`Rule::events`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventName {
    /// As rules write it.
    pub name: &'static str,
    /// What it selects; a few words.
    pub doc: String,
}

/// What one callback looks like: JSON Schemas, draft 2020-12, of what goes out and of what comes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallbackSchema {
    /// Its name, unique in the contract; it may stand in a path and in the name of a file.
    pub name: &'static str,
    /// Asks or tells.
    pub phase: Phase,
    /// When it is called; a sentence without an end.
    pub trigger: String,
    /// Names in [`Rule::events`] that lead to it ([`Contract::event_names`]).
    pub events: Vec<&'static str>,
    /// A call that is about something made-up.
    pub example: Outbound,
    /// The schema of bodies, as JSON text.
    pub request: String,
    /// The schema of answers, as JSON text.
    pub answer: String,
}

/// A dialect's storage service for failed deliveries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StorageService {
    /// Zone in which slices are named unless the settings say otherwise: minutes east of UTC, a multiple of 10.
    pub zone_offset_min: i32,
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
