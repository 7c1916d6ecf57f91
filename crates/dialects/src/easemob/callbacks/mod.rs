//! The callback contracts of the three products: one family of servers, so one translation.
//!
//! Pre-send: a client's message is shown to the app before it goes out ([`body`], [`answer`]). Post-send: the app is
//! told of it afterwards, once for the message and once for every recipient who was offline. [`selectors`] holds the
//! names that rules may give, [`preset`] how rules start out.
//! Source: easemob-callbacks fact sheet 1 to 3, 5.1, 5.2, 6, 7, 8.

mod answer;
mod body;
mod misgivings;
mod preset;
mod reference;
mod schema;
pub mod selectors;
pub mod signature;
pub mod switches;

use std::sync::Arc;

use ringback_model::app::App;
use ringback_model::conversation::Target;
use ringback_model::delivery::{Answer, Outbound};
use ringback_model::dialect::{
    Acceptance, CallbackSchema, Contract, EventName, Preset, Rendered, Skip, StorageService, WrongAnswer,
};
use ringback_model::event::{Event, EventKind, MessageSent, Phase, Question};
use ringback_model::failure::CallbackRefusal;
use ringback_model::ids::UserId;
use ringback_model::message::{Content, ContentClass, Message, Origin};
use ringback_model::rule::{CodeRange, CopyKind, Rule};
use ringback_model::verdict::Verdict;

use super::content::BodyType;
use crate::content;
use crate::nearest::nearest;
use body::Copy;
use selectors::Conversation;

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
}

impl Contract for FamilyContract {
    fn name(&self) -> &'static str {
        self.product.contract()
    }

    fn kinds(&self, rule: &Rule) -> Result<Vec<EventKind>, String> {
        for name in &rule.events {
            selectors::check(self.name(), name)?;
        }
        Ok(vec![match rule.phase {
            Phase::Before => EventKind::MessageSending,
            Phase::After => EventKind::MessageSent,
        }])
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

    /// The message itself first, then those who were offline in the event's order, both as far as the rule wants
    /// them. What a number means follows from the version of the rule that is valid at the event, like everything
    /// that is rendered; a callback's own id does not contain it.
    fn copies(&self, rule: &Rule, event: &Event) -> Result<u32, Skip> {
        let copies = Copies::of(rule, event)?;
        u32::try_from(copies.len()).map_err(|_| Skip("the message has too many copies to be counted"))
    }

    fn delivery(&self, rule: &Rule, event: &Event, copy: u32) -> Option<Rendered> {
        let copies = Copies::of(rule, event).ok()?;
        let recipient = copies.recipient(usize::try_from(copy).ok()?)?;
        let which = recipient.map_or(Copy::Chat, Copy::Offline);
        let outbound = body::delivery(rule, event.pos, &copies.sent.message, which);
        Some(Rendered { outbound, recipient: recipient.cloned() })
    }

    fn accepted(&self, _rule: &Rule, answer: &Answer) -> Acceptance {
        answer::accepted(answer)
    }

    fn preset(&self, phase: Phase) -> Preset {
        preset::preset(phase)
    }

    fn event_names(&self, _phase: Phase) -> Vec<EventName> {
        selectors::event_names()
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

/// The message that a rule is asked about.
/// Source: easemob-callbacks fact sheet 2.1.
fn asks<'a>(rule: &Rule, question: &'a Question) -> Result<&'a Message, Skip> {
    let message = question.subject.message().filter(|_| question.kind == EventKind::MessageSending);
    let message =
        message.ok_or(Skip("the contract asks when a message wants to be sent, not at this moment"))?;
    if question.origin == Origin::Rest {
        return Err(Skip("nobody is asked about messages sent by REST"));
    }
    is_about(rule, message)?;
    Ok(message)
}

/// Whether a rule is about this message, before or after.
fn is_about(rule: &Rule, message: &Message) -> Result<(), Skip> {
    match message.content.class {
        ContentClass::Typing => return Err(Skip("\"is typing\" is never called back")),
        ContentClass::Notification => return Err(Skip("notifications are never called back")),
        _ => {}
    }
    let Some(conversation) = Conversation::of(&message.target) else {
        return Err(Skip("messages of notification accounts are never called back"));
    };
    if !selectors::wanted(&rule.events, conversation, content::body_type(&message.content)) {
        return Err(Skip("the rule names no event that is about this kind of message"));
    }
    Ok(())
}

/// The callbacks that one message means for one rule.
/// Source: easemob-callbacks fact sheet 3.5.
struct Copies<'a> {
    sent: &'a MessageSent,
    chat: bool,
    offline: &'a [UserId],
}

impl<'a> Copies<'a> {
    fn of(rule: &Rule, event: &'a Event) -> Result<Self, Skip> {
        let sent = event.sent().ok_or(Skip("the contract tells of messages alone"))?;
        is_about(rule, &sent.message)?;
        let wants = |kind| rule.selectors.copies.is_empty() || rule.selectors.copies.contains(&kind);
        // Rooms know nobody who is offline, and what is not kept never reaches those who are.
        let reaches = !matches!(sent.message.target, Target::Room(_)) && sent.message.handling.store;
        let offline = if reaches && wants(CopyKind::ChatOffline) { sent.offline.as_slice() } else { &[] };
        let copies = Self { sent, chat: wants(CopyKind::Chat), offline };
        if copies.len() == 0 {
            return Err(Skip("the rule wants copies for offline recipients alone, and there are none"));
        }
        Ok(copies)
    }

    fn len(&self) -> usize {
        usize::from(self.chat) + self.offline.len()
    }

    /// Whose copy has this number: `Some(None)` is the message's own.
    fn recipient(&self, number: usize) -> Option<Option<&'a UserId>> {
        match number.checked_sub(usize::from(self.chat)) {
            None => Some(None),
            Some(index) => self.offline.get(index).map(Some),
        }
    }
}
