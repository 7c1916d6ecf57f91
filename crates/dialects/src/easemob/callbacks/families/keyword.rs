//! Messages that had words of a word list. Source: easemob-callbacks fact sheet 5.8.

use ringback_model::action::{Action, ChatAction, KeywordHit};
use ringback_model::conversation::Target;
use ringback_model::event::EventKind;
use ringback_model::keyword::KeywordVerdict;
use ringback_model::message::ContentClass;
use schemars::JsonSchema;
use serde::Serialize;

use super::told::{HOST, Ids, Stamp, Told, written};
use super::{Call, Family, Row};
use crate::easemob::callbacks::selectors::Conversation;
use crate::easemob::content::BodyType;
use crate::schemas;

const THROUGH: &str = "sensitiveWords:through";
const REPLACED: &str = "sensitiveWords:replaced";
const INTERCEPTED: &str = "sensitiveWords:intercepted";

static ROWS: &[Row] = &[
    row(INTERCEPTED, "a message was refused because of its words"),
    row(REPLACED, "words of a message were replaced"),
    row(THROUGH, "a message with words of a list was let through"),
];

pub(super) static FAMILY: Family = Family {
    names: &["sensitiveWords", "keyword_alert"],
    about: "messages with words of a word list",
    says: "`contentReceiver` of a message to a group or room is its address. A message that was refused has an id, and \
           nothing else has the same.",
    rows: ROWS,
    named_only: false,
    ids: Ids::Random,
    calls,
};

const fn row(name: &'static str, when: &'static str) -> Row {
    let kinds = &[EventKind::KeywordFiltered];
    Row { name, schema: "keyword_alert", kinds, when, shape: schemas::written::<Body<'static>> }
}

#[derive(Serialize, JsonSchema)]
struct Body<'a> {
    /// Id of the callback: the same on every attempt, after restarts and when it is sent again.
    #[serde(rename = "callId")]
    call_id: &'a str,
    /// The family.
    #[serde(rename = "eventType")]
    event_type: &'static str,
    /// What became of the message.
    #[serde(rename = "alertReason")]
    alert_reason: Reason,
    /// The same in another word.
    status: Status,
    /// Who said it: the app's key, `_`, his id, `@easemob.com`.
    #[serde(rename = "contentOwner")]
    owner: String,
    /// To whom: his address, or that of the group or room.
    #[serde(rename = "contentReceiver")]
    receiver: String,
    /// The words that were found.
    #[serde(rename = "sensitiveWords")]
    words: &'a [String],
    /// Which message: `msync:` and its id.
    #[serde(rename = "contentUri")]
    uri: String,
    /// Always `message`.
    #[serde(rename = "contentType")]
    content_type: &'static str,
    /// `chat:`, the kind of conversation (`user`, `group`, `room`), `:`, and the kind of content.
    #[serde(rename = "chatType")]
    chat_type: String,
    /// Who emits; it means nothing.
    host: &'static str,
    /// The app: its organisation, `#`, its name.
    appkey: &'a str,
    /// When, in Unix milliseconds.
    timestamp: i64,
    /// Lower-case hex of MD5 over `callId`, the rule's secret and `timestamp`, one after the other.
    security: &'a str,
}

#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Reason {
    Through,
    Replaced,
    Intercepted,
}

#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Status {
    Pass,
    Replace,
    Refuse,
}

fn calls<'a>(told: &'a Told<'a>) -> Vec<Call<'a>> {
    let Action::Chat(ChatAction::Filter(hit)) = told.action() else { return Vec::new() };
    let (name, reason, status) = match hit.verdict {
        KeywordVerdict::Report => (THROUGH, Reason::Through, Status::Pass),
        KeywordVerdict::Replace => (REPLACED, Reason::Replaced, Status::Replace),
        KeywordVerdict::Refuse => (INTERCEPTED, Reason::Intercepted, Status::Refuse),
    };
    vec![Call::new(name, move |stamp: &Stamp| {
        written(&Body {
            call_id: &stamp.call_id,
            event_type: "keyword_alert",
            alert_reason: reason,
            status,
            owner: told.address(&hit.sender.folded()),
            receiver: receiver(told, &hit.target),
            words: &hit.words,
            uri: format!("msync:{}", hit.message),
            content_type: "message",
            chat_type: fine_type(hit),
            host: HOST,
            appkey: &stamp.app_key,
            timestamp: stamp.timestamp,
            security: &stamp.security,
        })
    })]
}

fn receiver(told: &Told<'_>, target: &Target) -> String {
    match target {
        Target::User(user) | Target::Notice(user) => told.address(&user.folded()),
        Target::Group(group) | Target::Room(group) => told.place(group),
    }
}

fn fine_type(hit: &KeywordHit) -> String {
    let conversation = Conversation::of(&hit.target).unwrap_or(Conversation::Single);
    let kind = match hit.class {
        ContentClass::Text => BodyType::Text,
        class => BodyType::ALL.into_iter().find(|kind| kind.class() == class).unwrap_or(BodyType::Custom),
    };
    format!("chat:{}:{}", conversation.fine_name(), kind.fine_name())
}
