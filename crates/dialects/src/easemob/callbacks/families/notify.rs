//! Reactions to messages, and threads. Source: easemob-callbacks fact sheet 5.9.

use ringback_model::action::{Action, ChatAction, MessageReacted, ThreadMessage, ThreadUpdated};
use ringback_model::conversation::ConversationId;
use ringback_model::event::EventKind;
use ringback_model::ids::{GroupId, UserId};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::told::{CHAT, HOST, Ids, Stamp, Told, folded, message_id, written};
use super::{Call, Family, Row};
use crate::content;
use crate::easemob::callbacks::body::raw;
use crate::easemob::callbacks::selectors::Conversation;
use crate::schemas;

const REACTION: &str = "reaction";
const THREAD: &str = "thread";

/// Sends what the server says of threads.
const SERVER: &str = "admin";

#[rustfmt::skip]
static ROWS: &[Row] = &[
    Row { name: REACTION, schema: REACTION, kinds: &[EventKind::MessageReacted], when: "a reaction to a message came or went", shape: schemas::written::<Body<'static, Reaction>> },
    Row { name: THREAD, schema: THREAD, kinds: &[EventKind::ThreadUpdated], when: "something was said in a thread, or changed or taken back there", shape: schemas::written::<Body<'static, Thread>> },
];

pub(super) static FAMILY: Family = Family {
    names: &["notify"],
    about: "reactions and threads",
    says: "Rules that name messages of a kind of conversation are told of reactions and threads there too. Both \
           callbacks are signed.",
    rows: ROWS,
    named_only: false,
    ids: Ids::Message,
    calls,
};

#[derive(Serialize, JsonSchema)]
struct Body<'a, P> {
    /// Id of the callback: the app's key, `_`, and `msg_id`.
    #[serde(rename = "callId")]
    call_id: &'a str,
    /// The family.
    chat_type: &'static str,
    /// Always `chat`.
    #[serde(rename = "eventType")]
    event_type: &'static str,
    /// When it happened, in Unix milliseconds.
    timestamp: i64,
    /// Who reacted; of threads `admin`.
    from: String,
    /// Who had sent the message, or the group.
    to: String,
    /// Id of the event.
    msg_id: &'a str,
    /// What happened.
    payload: Payload<P>,
    /// The app: its organisation, `#`, its name.
    appkey: &'a str,
    /// Who emits; it means nothing.
    host: &'static str,
    /// Lower-case hex of MD5 over `callId`, the rule's secret and `timestamp`, one after the other.
    security: &'a str,
}

#[derive(Serialize, JsonSchema)]
struct Payload<P> {
    /// Which event it is.
    #[serde(rename = "type")]
    kind: &'static str,
    /// Of reactions: the kind of conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    channel_type: Option<Channel>,
    /// Of reactions: how many entries `data` has.
    #[serde(skip_serializing_if = "Option::is_none")]
    num: Option<u32>,
    /// About the message, or the thread.
    data: P,
}

#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Channel {
    Chat,
    Groupchat,
}

/// The one message.
type Reaction = [ReactedMessage; 1];

#[derive(Serialize, JsonSchema)]
struct ReactedMessage {
    /// The message.
    #[serde(rename = "messageId")]
    message: String,
    /// Who reacted.
    from: String,
    /// Who had sent it, or the group.
    to: String,
    /// The kind of conversation.
    channel_type: Channel,
    /// When, in Unix milliseconds.
    ts: i64,
    /// All reactions to it.
    reactions: Vec<Count>,
}

#[derive(Serialize, JsonSchema)]
struct Count {
    /// Which.
    reaction: String,
    /// How many users.
    count: u64,
    /// The first of them.
    #[serde(rename = "userList")]
    users: Vec<String>,
    /// What has just been done; of the reaction that came or went alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    op: Option<[Operation; 1]>,
}

#[derive(Serialize, JsonSchema)]
struct Operation {
    /// It came or went.
    #[serde(rename = "reactionType")]
    kind: Change,
    /// Who reacted.
    operator: String,
}

#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Change {
    Create,
    Delete,
}

fn calls<'a>(told: &'a Told<'a>) -> Vec<Call<'a>> {
    match told.action() {
        Action::Chat(ChatAction::React(one)) => {
            let kind = conversation(&one.conversation);
            let call = Call::new(REACTION, move |stamp: &Stamp| written(&reaction(stamp, one)));
            vec![Call { follows: Some((kind, None)), ..call }]
        }
        Action::Chat(ChatAction::Thread(one)) => {
            let kind = one.last.as_ref().map(|last| content::body_type(&last.content));
            let call = Call::new(THREAD, move |stamp: &Stamp| written(&thread(told, stamp, one)));
            vec![Call { follows: Some((Conversation::Group, kind)), ..call }]
        }
        _ => Vec::new(),
    }
}

const fn conversation(id: &ConversationId) -> Conversation {
    if id.group().is_some() { Conversation::Group } else { Conversation::Single }
}

fn body<P>(stamp: &Stamp, from: String, to: String, payload: Payload<P>) -> Body<'_, P> {
    Body {
        call_id: &stamp.call_id,
        chat_type: "notify",
        event_type: CHAT,
        timestamp: stamp.timestamp,
        from,
        to,
        msg_id: &stamp.msg_id,
        payload,
        appkey: &stamp.app_key,
        host: HOST,
        security: &stamp.security,
    }
}

fn reaction<'a>(stamp: &'a Stamp, one: &MessageReacted) -> Body<'a, Reaction> {
    let group = one.conversation.group();
    let to = group.map_or_else(|| partner(one), GroupId::to_string);
    let channel_type = if group.is_some() { Channel::Groupchat } else { Channel::Chat };
    let operation = || {
        [Operation {
            kind: if one.added { Change::Create } else { Change::Delete },
            operator: one.by.folded(),
        }]
    };
    let mut reactions: Vec<Count> = one
        .reactions
        .iter()
        .map(|kept| Count {
            reaction: kept.reaction.clone(),
            count: kept.count,
            users: folded(&kept.users),
            op: (kept.reaction == one.reaction).then(operation),
        })
        .collect();
    if reactions.iter().all(|kept| kept.op.is_none()) {
        // It went with its last user.
        let gone =
            Count { reaction: one.reaction.clone(), count: 0, users: Vec::new(), op: Some(operation()) };
        reactions.push(gone);
    }
    let data = [ReactedMessage {
        message: one.message.shown_id(),
        from: one.by.folded(),
        to: to.clone(),
        channel_type,
        ts: one.at.0,
        reactions,
    }];
    let payload = Payload { kind: REACTION, channel_type: Some(channel_type), num: Some(1), data };
    body(stamp, one.by.folded(), to, payload)
}

/// With whom he talks who reacts.
fn partner(one: &MessageReacted) -> String {
    let Some((low, high)) = one.conversation.peers() else { return one.message.sender.folded() };
    let partner = if one.conversation.names_first(&one.by) { high } else { low };
    UserId::folded(partner)
}

#[derive(Serialize, JsonSchema)]
struct Thread {
    /// The thread.
    id: String,
    /// Its name.
    name: String,
    /// Who did it.
    from: String,
    /// Always `update_msg`.
    operation: &'static str,
    /// The message that it is about; may be empty.
    msg_parent_id: String,
    /// The group.
    muc_parent_id: String,
    /// Messages that were said in it.
    message_count: u64,
    /// When, in Unix milliseconds.
    timestamp: i64,
    /// The message that was said or changed; absent where it was taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_message: Option<LastMessage>,
}

#[derive(Serialize, JsonSchema)]
struct LastMessage {
    /// Its id.
    id: String,
    /// Who sent it: the app's key, `_`, his id.
    from: String,
    /// The thread: the app's key, `_`, its id.
    to: String,
    /// When it was sent, in Unix milliseconds.
    timestamp: i64,
    /// What it says.
    payload: Said,
}

#[derive(Serialize, JsonSchema)]
struct Said {
    /// The one body of the message; what it holds besides its type is the sender's.
    #[schemars(schema_with = "crate::easemob::callbacks::body::one_body")]
    bodies: [Box<RawValue>; 1],
    /// The app's own object.
    #[schemars(with = "Map<String, Value>")]
    ext: Box<RawValue>,
    /// Who sent it.
    from: String,
    /// The thread.
    to: String,
    /// Always `groupchat`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// About the thread.
    meta: ThreadMeta,
}

#[derive(Serialize, JsonSchema)]
struct ThreadMeta {
    /// Which one it is.
    thread: ThreadName,
}

#[derive(Serialize, JsonSchema)]
struct ThreadName {
    /// The message that it is about; may be empty.
    msg_parent_id: String,
    /// Its name.
    thread_name: String,
    /// The group.
    muc_parent_id: String,
}

fn thread<'a>(told: &Told<'_>, stamp: &'a Stamp, one: &ThreadUpdated) -> Body<'a, Thread> {
    let data = Thread {
        id: one.thread.to_string(),
        name: one.name.clone(),
        from: one.by.folded(),
        operation: "update_msg",
        msg_parent_id: one.parent_message.clone(),
        muc_parent_id: one.parent.to_string(),
        message_count: one.message_count,
        timestamp: one.at.0,
        last_message: one.last.as_ref().map(|last| last_message(told, one, last)),
    };
    let payload = Payload { kind: THREAD, channel_type: None, num: None, data };
    body(stamp, SERVER.to_owned(), one.parent.to_string(), payload)
}

fn last_message(told: &Told<'_>, one: &ThreadUpdated, last: &ThreadMessage) -> LastMessage {
    LastMessage {
        id: message_id(last.message, last.public_id.as_deref()),
        from: told.keyed(&last.sender),
        to: format!("{}_{}", told.app_key, one.thread),
        timestamp: last.sent_at.0,
        payload: Said {
            bodies: [raw(content::as_body(&last.content))],
            ext: raw(content::ext(&last.ex)),
            from: last.sender.folded(),
            to: one.thread.to_string(),
            kind: "groupchat",
            meta: ThreadMeta {
                thread: ThreadName {
                    msg_parent_id: one.parent_message.clone(),
                    thread_name: one.name.clone(),
                    muc_parent_id: one.parent.to_string(),
                },
            },
        },
    }
}
