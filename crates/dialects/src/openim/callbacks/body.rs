//! The body of a callback. Every key is always there, in the original's order.
//! Source: openim-callbacks fact sheet 1.2, 4.1, 4.2.

use std::borrow::Cow;

use ringback_model::conversation::Target;
use ringback_model::message::{ContentClass, Message};
use serde::Serialize;

use super::commands::{AFTER_SAVE, Addressing};
use super::generation::Generation;
use super::json;
use crate::content;

/// What a body is rendered from.
pub(super) struct Source<'a> {
    pub(super) generation: Generation,
    pub(super) command: &'a str,
    pub(super) addressing: Addressing,
    pub(super) message: &'a Message,
    pub(super) operation_id: &'a str,
    /// The message has its place in the conversation already.
    pub(super) sent: bool,
    /// Fields that the documents describe are filled where they are known.
    pub(super) filled: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    #[serde(rename = "sendID")]
    sender: &'a str,
    callback_command: &'a str,
    #[serde(rename = "serverMsgID")]
    server_message: Cow<'a, str>,
    #[serde(rename = "clientMsgID")]
    client_message: &'a str,
    #[serde(rename = "operationID")]
    operation: &'a str,
    #[serde(rename = "senderPlatformID")]
    platform: i32,
    sender_nickname: &'a str,
    session_type: i32,
    msg_from: i32,
    content_type: i32,
    status: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    send_time: Option<i64>,
    create_time: i64,
    content: Cow<'a, str>,
    seq: u64,
    at_user_list: Option<&'a [String]>,
    #[serde(rename = "faceURL")]
    face_url: &'a str,
    ex: &'a str,
    #[serde(rename = "recvID", skip_serializing_if = "Option::is_none")]
    recipient: Option<&'a str>,
    #[serde(rename = "groupID", skip_serializing_if = "Option::is_none")]
    group: Option<&'a str>,
}

/// The body's bytes: compact JSON, with a newline at the end in v3.8 only.
pub(super) fn render(source: &Source<'_>) -> Vec<u8> {
    let message = source.message;
    let (recipient, group) = address(&message.target);
    let (with_recipient, with_group) = match source.addressing {
        Addressing::None => (false, false),
        Addressing::Recipient => (true, false),
        Addressing::Group => (false, true),
        Addressing::Both => (true, true),
        Addressing::BothWhenFilled => (source.filled, source.filled),
    };
    let mut out = json::write(&Body {
        sender: message.sender.as_str(),
        callback_command: source.command,
        server_message: server_message_id(message),
        client_message: &message.client_id,
        operation: source.operation_id,
        platform: message.platform.0,
        sender_nickname: &message.nickname,
        session_type: session_type(source.generation, &message.target),
        msg_from: if message.system { 200 } else { 100 },
        content_type: content::element_code(&message.content),
        status: status(source),
        send_time: has_send_time(source).then_some(message.sent_at.0),
        create_time: message.created_at.0,
        content: content_text(source),
        seq: seq(source),
        at_user_list: (!message.mentions.is_empty()).then_some(message.mentions.as_slice()),
        face_url: &message.face_url,
        ex: &message.ex,
        recipient: with_recipient.then_some(recipient),
        group: with_group.then_some(group),
    });
    if source.generation == Generation::V38 {
        out.push(b'\n');
    }
    out
}

/// Recipient and group of a target; the unused one is empty.
pub(super) fn address(target: &Target) -> (&str, &str) {
    match target {
        Target::User(user) | Target::Notice(user) => (user.as_str(), ""),
        Target::Group(group) | Target::Room(group) => ("", group.as_str()),
    }
}

fn server_message_id(message: &Message) -> Cow<'_, str> {
    message.public_id.as_deref().map_or_else(|| Cow::Owned(message.id.to_hex()), Cow::Borrowed)
}

/// Source: openim-callbacks fact sheet 5.2.
fn session_type(generation: Generation, target: &Target) -> i32 {
    match target {
        Target::User(_) => 1,
        Target::Group(_) | Target::Room(_) => generation.group_session(),
        Target::Notice(_) => 4,
    }
}

/// v2 receivers get text as it is, all others the element's JSON.
fn content_text<'a>(source: &Source<'a>) -> Cow<'a, str> {
    let said = &source.message.content;
    if source.generation == Generation::V2 && said.class == ContentClass::Text {
        return content::words(said).unwrap_or(Cow::Borrowed(&said.raw));
    }
    content::as_element(said)
}

/// The coded values: 1 sending, 2 sent. A caller that set none is on its way like any other.
/// Source: openim-callbacks fact sheet 4.1 and 5.4.
fn status(source: &Source<'_>) -> i32 {
    match source.message.status {
        0 if source.filled && source.command == AFTER_SAVE => 2,
        0 if source.filled => 1,
        1 if source.command == AFTER_SAVE => 2,
        other => other,
    }
}

/// The original has `sendTime` since v3.8, the documents since v3.
fn has_send_time(source: &Source<'_>) -> bool {
    match source.generation {
        Generation::V38 => true,
        Generation::V35 | Generation::V30 => source.filled,
        Generation::V2 => false,
    }
}

fn seq(source: &Source<'_>) -> u64 {
    if source.sent && (source.filled || source.command == AFTER_SAVE) { source.message.seq } else { 0 }
}
