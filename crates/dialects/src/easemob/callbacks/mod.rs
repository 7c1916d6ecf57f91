//! The callback contracts of the three products: one family of servers, so one translation.
//!
//! Pre-send: a client's message is shown to the app before it goes out ([`body`], [`answer`]). Post-send: the app is
//! told of it afterwards, once for the message and once for every recipient who was offline ([`messages`]), and of
//! everything else that happens ([`families`]). [`selectors`] holds the names that rules may give, [`preset`] how rules
//! start out.
//! Source: easemob-callbacks fact sheet 1 to 8.

mod answer;
mod body;
mod families;
mod messages;
mod misgivings;
mod preset;
mod reference;
mod schema;
pub mod selectors;
pub mod signature;
pub mod switches;

use std::sync::Arc;

use ringback_model::app::App;
use ringback_model::delivery::{Answer, Outbound};
use ringback_model::dialect::{
    Acceptance, CallbackSchema, Contract, EventName, Manner, Preset, Rendered, Skip, StorageService,
    WrongAnswer,
};
use ringback_model::event::{Event, EventKind, Fact, Phase, Question};
use ringback_model::failure::CallbackRefusal;
use ringback_model::message::Content;
use ringback_model::rule::{CodeRange, CopyKind, Rule};
use ringback_model::verdict::Verdict;

use super::content::BodyType;
use crate::content;
use crate::nearest::nearest;
use families::{Calls, Told};
use messages::{Copies, asks};

pub use reference::table;

/// Code of every refusal: the SDKs' "message blocked by external logic".
/// Source: easemob-callbacks fact sheet 2.5.
pub const BLOCKED: i32 = 508;

/// Bytes of a payload that replaces a message's own. Source: easemob-callbacks fact sheet 2.4.
pub const REPLACEMENT_BYTES: usize = 1024;

/// Whose contract it is. The wire is the same; zones and names differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Product {
    /// Shengwang.
    Shengwang,
    /// Agora Chat.
    Agora,
    /// Easemob.
    Easemob,
}

impl Product {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Shengwang, Self::Agora, Self::Easemob];

    /// The name of the contract in [`Rule::contract`].
    #[must_use]
    pub const fn contract(self) -> &'static str {
        match self {
            Self::Shengwang => "shengwang",
            Self::Agora => "agora",
            Self::Easemob => "easemob",
        }
    }

    /// Whether rules that name neither form of operations on groups are told of them in the legacy one.
    /// Source: easemob-callbacks fact sheet 7, 8.
    const fn is_legacy(self) -> bool {
        matches!(self, Self::Agora)
    }

    /// Minutes east of UTC in which slices of stored callbacks are named.
    /// Source: easemob-callbacks fact sheet 3.8.
    const fn zone_offset_min(self) -> i32 {
        match self {
            Self::Shengwang | Self::Easemob => 480,
            Self::Agora => 0,
        }
    }
}

/// The contract of one product.
#[derive(Debug, Clone, Copy)]
pub struct FamilyContract {
    product: Product,
}

/// All three contracts.
#[must_use]
pub fn contracts() -> Vec<Arc<dyn Contract>> {
    Product::ALL.map(|product| Arc::new(FamilyContract::new(product)) as Arc<dyn Contract>).to_vec()
}

impl FamilyContract {
    /// The contract of this product.
    #[must_use]
    pub const fn new(product: Product) -> Self {
        Self { product }
    }

    /// What is told besides a message.
    fn told<'a>(self, rule: &'a Rule, event: &'a Event) -> Result<Told<'a>, Skip> {
        let of_messages = [CopyKind::ChatOffline];
        if rule.selectors.copies == of_messages {
            return Err(Skip("the rule wants copies for offline recipients alone"));
        }
        Told::of(rule, event).ok_or(Skip("a message is told as one"))
    }

    fn calls<'a>(self, told: &'a Told<'a>) -> Calls<'a> {
        let legacy = self.product.is_legacy();
        Calls::of(told, |family, call| selectors::tells(told.names(), legacy, family, call))
    }

    /// Why a rule is told nothing of an event.
    fn untold(self, rule: &Rule, told: &Told<'_>) -> Skip {
        let all = Calls::of(told, |_, _| true);
        Skip(match (all.len(), rule.events.is_empty()) {
            (0, _) => "the contract has no callback for what was done",
            (_, true) => "the contract has a callback for it only in the form that the rule does not name",
            (_, false) => "the rule names no event that is about it",
        })
    }
}

impl Contract for FamilyContract {
    fn name(&self) -> &'static str {
        self.product.contract()
    }

    fn kinds(&self, rule: &Rule) -> Result<Vec<EventKind>, String> {
        for name in &rule.events {
            selectors::check(self.name(), rule.phase, name)?;
        }
        Ok(match rule.phase {
            Phase::Before => vec![EventKind::MessageSending],
            Phase::After => selectors::kinds(rule, self.product.is_legacy()),
        })
    }

    fn without(&self, kind: EventKind) -> Option<&'static str> {
        selectors::without(kind)
    }

    fn call_id<'a>(&self, body: &'a [u8]) -> Option<&'a str> {
        body::call_id_of(body)
    }

    fn content_code(&self, content: &Content) -> i32 {
        content::body_type(content).code()
    }

    fn denied_type(&self, text: &str) -> Result<CodeRange, String> {
        if let Some(kind) = BodyType::of_name(text) {
            return Ok(CodeRange { first: kind.code(), last: kind.code() });
        }
        let hint = nearest(text, BodyType::ALL.iter().map(|kind| kind.name()))
            .map_or_else(String::new, |name| format!("; did you mean {name}?"));
        let known = BodyType::ALL.map(BodyType::name).join(", ");
        Err(format!("{text:?} is not a type of message; known are {known}{hint}"))
    }

    fn denied_type_name(&self, range: CodeRange) -> String {
        match BodyType::of_code(range.first) {
            Some(kind) if range.first == range.last => kind.name().to_owned(),
            _ => range.to_string(),
        }
    }

    fn question(&self, rule: &Rule, question: &Question) -> Result<Outbound, Skip> {
        Ok(body::question(rule, asks(rule, question)?))
    }

    fn verdict(&self, rule: &Rule, question: &Question, answer: &Answer) -> Result<Verdict, WrongAnswer> {
        let message = asks(rule, question).map_err(|Skip(why)| WrongAnswer(why.to_owned()))?;
        answer::verdict(rule, message, answer).map_err(WrongAnswer)
    }

    fn misgivings(&self, rule: &Rule, question: &Question, answer: &Answer) -> Vec<String> {
        asks(rule, question).map(|message| misgivings::of(rule, message, answer)).unwrap_or_default()
    }

    /// Of a message it is itself first, then those who were offline in the event's order, both as far as the rule wants
    /// them. What a number means follows from the version of the rule that is valid at the event, like everything that
    /// is rendered; a callback's own id does not contain it.
    fn copies(&self, rule: &Rule, event: &Event) -> Result<u32, Skip> {
        let copies = match &event.fact {
            Fact::MessageSent(sent) => Copies::of(rule, event, sent)?.len(),
            Fact::Done(_) => {
                let told = self.told(rule, event)?;
                match self.calls(&told).len() {
                    0 => return Err(self.untold(rule, &told)),
                    calls => calls,
                }
            }
        };
        u32::try_from(copies).map_err(|_| Skip("the event means too many callbacks to be counted"))
    }

    fn delivery(&self, rule: &Rule, event: &Event, copy: u32) -> Option<Rendered> {
        let number = usize::try_from(copy).ok()?;
        match &event.fact {
            Fact::MessageSent(sent) => Copies::of(rule, event, sent).ok()?.rendered(rule, number),
            Fact::Done(_) => {
                let told = self.told(rule, event).ok()?;
                self.calls(&told).rendered(number)
            }
        }
    }

    fn manner(&self, kind: EventKind) -> Option<Manner> {
        families::manner(kind)
    }

    fn accepted(&self, _rule: &Rule, answer: &Answer) -> Acceptance {
        answer::accepted(answer)
    }

    fn preset(&self, phase: Phase) -> Preset {
        preset::preset(phase)
    }

    fn event_names(&self, phase: Phase) -> Vec<EventName> {
        selectors::event_names(phase)
    }

    fn schemas(&self) -> Vec<CallbackSchema> {
        schema::of_contract(*self)
    }

    fn switches(&self, settings: &[(String, String)], app: &App) -> Vec<(String, String)> {
        switches::of_rule(settings, app)
    }

    fn silenced(&self, rule: &Rule) -> Option<CallbackRefusal> {
        Some(refusal(rule, "custom internal error"))
    }

    fn storage(&self) -> Option<StorageService> {
        Some(StorageService { zone_offset_min: self.product.zone_offset_min() })
    }
}

/// A refusal with this text.
fn refusal(rule: &Rule, text: &str) -> CallbackRefusal {
    CallbackRefusal {
        code: Some(BLOCKED),
        text: text.to_owned(),
        detail: String::new(),
        show: rule.policy.show_error,
    }
}
