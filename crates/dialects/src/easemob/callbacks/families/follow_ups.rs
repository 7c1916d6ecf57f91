//! What becomes of messages that were sent: taken back, changed, read. Source: easemob-callbacks fact sheet 5.3.

use ringback_model::action::{Action, ChatAction, MessageEdited, MessageRef, MessageRevoked, MessagesRead};
use ringback_model::conversation::ConversationId;
use ringback_model::event::EventKind;
use ringback_model::ids::{GroupId, UserId};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::told::{CHAT, HOST, Ids, Stamp, Told, message_id, written};
use super::{Call, Family, Row};
use crate::content;
use crate::easemob::callbacks::body::{SECURITY_VERSION, raw};
use crate::schemas;

const RECALL: &str = "recall";
const EDIT: &str = "edit";
const READ_ACK: &str = "read_ack";
const CHANNEL_ACK: &str = "channel_ack";

/// Stands for the app in what is said of who changed a message.
const REST_ADMIN: &str = "easemob_rest_app_admin";

#[rustfmt::skip]
static ROWS: &[Row] = &[
    Row { name: RECALL, schema: RECALL, kinds: &[EventKind::MessageRevoked], when: "a message was taken back", shape: schemas::written::<Follow<'static, Recalled>> },
    Row { name: EDIT, schema: EDIT, kinds: &[EventKind::MessageEdited], when: "what a message says was changed", shape: schemas::written::<Edited<'static>> },
    Row { name: READ_ACK, schema: READ_ACK, kinds: &[EventKind::MessagesRead], when: "a user has read a message, and says so", shape: schemas::written::<Follow<'static, Read>> },
    Row { name: CHANNEL_ACK, schema: CHANNEL_ACK, kinds: &[EventKind::MessagesRead], when: "a user has read a one-to-one chat up to a message", shape: schemas::written::<Follow<'static, ChannelRead>> },
];

pub(super) static FAMILY: Family = Family {
    names: &[],
    about: "what becomes of messages",
    says: "`from` and `to` of a receipt are the reader, and the sender of the message or the group; of a message that \
           was taken back or changed, its sender, and its recipient or the group. `operator` in `edit` is \
           `easemob_rest_app_admin` where the app changed it. Several messages that are read at once are several \
           callbacks. Who reads a group up to a message sends no receipt.",
    rows: ROWS,
    named_only: false,
    ids: Ids::Message,
    calls,
};

#[derive(Serialize, JsonSchema)]
struct Follow<'a, P> {
    /// Id of the callback: the app's key, `_`, and `msg_id`.
    #[serde(rename = "callId")]
    call_id: &'a str,
    /// Which event it is.
    chat_type: &'static str,
    /// Always `chat`.
    #[serde(rename = "eventType")]
    event_type: &'static str,
    /// When it happened, in Unix milliseconds.
    timestamp: i64,
    /// The group or room; absent in chats of two.
    #[serde(skip_serializing_if = "Option::is_none")]
    group_id: Option<&'a str>,
    /// Who took it back, or its sender where an administrator did; who has read it.
    from: String,
    /// The recipient of the message or of the receipt, the group or the room.
    to: String,
    /// The message that was taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    recall_id: Option<String>,
    /// Id of the event.
    msg_id: &'a str,
    /// Of receipts in groups: `chat:ack:read`.
    #[serde(skip_serializing_if = "Option::is_none")]
    content_type: Option<&'static str>,
    /// Of receipts in groups: the group's address.
    #[serde(skip_serializing_if = "Option::is_none")]
    channel_channel: Option<String>,
    /// Of receipts in groups: the reader's address.
    #[serde(skip_serializing_if = "Option::is_none")]
    channel_user: Option<String>,
    /// Of receipts in groups; it means nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    writed_channel: Option<bool>,
    /// Which message it is about.
    payload: P,
    /// The app: its organisation, `#`, its name.
    appkey: &'a str,
    /// Who emits; it means nothing.
    host: &'static str,
    /// Lower-case hex of MD5 over `callId`, the rule's secret and `timestamp`, one after the other.
    security: &'a str,
}

#[derive(Serialize, JsonSchema)]
struct Recalled {
    /// The app's own object.
    ext: Map<String, Value>,
    /// The message that was taken back.
    ack_message_id: String,
    /// Always empty.
    bodies: [u8; 0],
}

#[derive(Serialize, JsonSchema)]
struct Read {
    /// Always empty.
    ext: Map<String, Value>,
    /// The message that was read.
    ack_message_id: String,
    /// Always empty; absent in groups.
    #[serde(skip_serializing_if = "Option::is_none")]
    bodies: Option<[u8; 0]>,
    /// Of receipts in groups.
    #[serde(skip_serializing_if = "Option::is_none")]
    msg_config: Option<Config>,
    /// Of receipts in groups: `read_ack`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
}

#[derive(Serialize, JsonSchema)]
struct Config {
    /// The message may be acknowledged.
    allow_group_ack: bool,
}

#[derive(Serialize, JsonSchema)]
struct ChannelRead {
    /// The newest message that was read.
    ack_message_id: String,
    /// Always `channel_ack`.
    #[serde(rename = "type")]
    kind: &'static str,
}

fn calls<'a>(told: &'a Told<'a>) -> Vec<Call<'a>> {
    let Action::Chat(action) = told.action() else { return Vec::new() };
    match action {
        ChatAction::Revoke(one) => {
            vec![Call::new(RECALL, move |stamp: &Stamp| written(&recalled(told, stamp, one)))]
        }
        ChatAction::Edit(one) => {
            vec![Call::new(EDIT, move |stamp: &Stamp| written(&edited(told, stamp, one)))]
        }
        ChatAction::Read(one) if one.up_to => channel_read(one).into_iter().collect(),
        ChatAction::Read(one) => {
            let others = one.messages.iter().filter(|message| message.sender.folded() != one.user.folded());
            let call =
                |message| Call::new(READ_ACK, move |stamp: &Stamp| written(&read(told, stamp, one, message)));
            others.map(call).collect()
        }
        ChatAction::Start(_)
        | ChatAction::React(_)
        | ChatAction::Thread(_)
        | ChatAction::Push(_)
        | ChatAction::Filter(_) => Vec::new(),
    }
}

/// Where a message of this sender went: the other user, the group or the room.
fn recipient(conversation: &ConversationId, sender: &UserId) -> String {
    match conversation.group() {
        Some(group) => group.to_string(),
        None => other(conversation, sender).map_or_else(String::new, UserId::folded),
    }
}

/// The other one of two, whatever the letter case of the first one.
fn other<'a>(conversation: &'a ConversationId, user: &UserId) -> Option<&'a UserId> {
    conversation.peers().map(|(low, high)| if conversation.names_first(user) { high } else { low })
}

fn follow<'a, P>(stamp: &'a Stamp, group: Option<&'a GroupId>, payload: P) -> Follow<'a, P> {
    Follow {
        call_id: &stamp.call_id,
        chat_type: RECALL,
        event_type: CHAT,
        timestamp: stamp.timestamp,
        group_id: group.map(GroupId::as_str),
        from: String::new(),
        to: String::new(),
        recall_id: None,
        msg_id: &stamp.msg_id,
        content_type: None,
        channel_channel: None,
        channel_user: None,
        writed_channel: None,
        payload,
        appkey: &stamp.app_key,
        host: HOST,
        security: &stamp.security,
    }
}

fn recalled<'a>(told: &Told<'_>, stamp: &'a Stamp, one: &'a MessageRevoked) -> Follow<'a, Recalled> {
    let id = message_id(one.message, one.public_id.as_deref());
    // Who is not in the chat speaks for the sender.
    let is_inside = match one.conversation.peers() {
        Some((low, high)) => [low, high].iter().any(|user| user.folded() == one.by.folded()),
        None => told.actor().is_some(),
    };
    let by = if is_inside && told.actor().is_some() { &one.by } else { &one.sender };
    let ext = serde_json::from_str(&content::ext(&one.ex)).unwrap_or_default();
    let payload = Recalled { ext, ack_message_id: id.clone(), bodies: [] };
    Follow {
        chat_type: RECALL,
        from: by.folded(),
        to: recipient(&one.conversation, by),
        recall_id: Some(id),
        ..follow(stamp, one.conversation.group(), payload)
    }
}

fn read<'a>(
    told: &Told<'_>,
    stamp: &'a Stamp,
    one: &'a MessagesRead,
    message: &MessageRef,
) -> Follow<'a, Read> {
    let group = one.conversation.group();
    let payload = Read {
        ext: Map::new(),
        ack_message_id: message.shown_id(),
        bodies: group.is_none().then_some([]),
        msg_config: group.map(|_| Config { allow_group_ack: true }),
        kind: group.map(|_| READ_ACK),
    };
    Follow {
        chat_type: READ_ACK,
        from: one.user.folded(),
        to: group.map_or_else(|| message.sender.folded(), GroupId::to_string),
        content_type: group.map(|_| "chat:ack:read"),
        channel_channel: group.map(|group| told.place(group)),
        channel_user: group.map(|_| told.address(&one.user.folded())),
        writed_channel: group.map(|_| true),
        ..follow(stamp, group, payload)
    }
}

/// Only one-to-one chats have it, and only where a message was read.
fn channel_read(one: &MessagesRead) -> Option<Call<'_>> {
    let newest = one.messages.last()?;
    let partner = other(&one.conversation, &one.user)?;
    Some(Call::new(CHANNEL_ACK, move |stamp: &Stamp| {
        let payload = ChannelRead { ack_message_id: newest.shown_id(), kind: CHANNEL_ACK };
        let follow = follow(stamp, None, payload);
        let (from, to) = (one.user.folded(), partner.folded());
        written(&Follow { chat_type: CHANNEL_ACK, from, to, ..follow })
    }))
}

#[derive(Serialize, JsonSchema)]
struct Edited<'a> {
    /// Id of the callback: the app's key, `_`, and `msg_id`.
    #[serde(rename = "callId")]
    call_id: &'a str,
    /// When it was changed, in Unix milliseconds.
    timestamp: i64,
    /// The app: its organisation, `#`, its name.
    appkey: &'a str,
    /// Who had sent the message.
    from: String,
    /// Its recipient, the group or the room.
    to: String,
    /// Id of the event.
    msg_id: &'a str,
    /// The family.
    chat_type: &'static str,
    /// What the message says now.
    payload: EditedPayload,
    /// Version of the signature.
    #[serde(rename = "securityVersion")]
    security_version: &'static str,
    /// Lower-case hex of MD5 over `callId`, the rule's secret and `timestamp`, one after the other.
    security: &'a str,
}

#[derive(Serialize, JsonSchema)]
struct EditedPayload {
    /// The one body of the message; what it holds besides its type is the sender's.
    #[schemars(schema_with = "crate::easemob::callbacks::body::one_body")]
    bodies: [Box<RawValue>; 1],
    /// The message.
    edit_message_id: String,
    /// Who had sent it.
    from: String,
    /// Its recipient, the group or the room.
    to: String,
    /// Always `edit`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// About the change.
    meta: Meta,
}

#[derive(Serialize, JsonSchema)]
struct Meta {
    /// Who changed it, and when.
    edit_msg: Change,
}

#[derive(Serialize, JsonSchema)]
struct Change {
    /// How often it was changed, this time included.
    count: u32,
    /// When it was changed, in Unix milliseconds.
    edit_time: i64,
    /// Who changed it.
    operator: String,
    /// When it was sent, in Unix milliseconds.
    send_time: i64,
    /// Who had sent it.
    sender: String,
}

fn edited<'a>(told: &Told<'_>, stamp: &'a Stamp, one: &MessageEdited) -> Edited<'a> {
    let sender = one.message.sender.folded();
    let to = recipient(&one.conversation, &one.message.sender);
    let operator = one.by.as_ref().filter(|_| told.actor().is_some());
    Edited {
        call_id: &stamp.call_id,
        timestamp: stamp.timestamp,
        appkey: &stamp.app_key,
        from: sender.clone(),
        to: to.clone(),
        msg_id: &stamp.msg_id,
        chat_type: EDIT,
        payload: EditedPayload {
            bodies: [raw(content::as_body(&one.content))],
            edit_message_id: one.message.shown_id(),
            from: sender.clone(),
            to,
            kind: EDIT,
            meta: Meta {
                edit_msg: Change {
                    count: one.count,
                    edit_time: one.at.0,
                    operator: operator.map_or_else(|| REST_ADMIN.to_owned(), UserId::folded),
                    send_time: one.sent_at.0,
                    sender,
                },
            },
        },
        security_version: SECURITY_VERSION,
        security: &stamp.security,
    }
}
