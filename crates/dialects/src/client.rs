//! The far end of the client protocols, for what stands in for an app: the demonstration, the command line, tests
//! and benchmarks. Pure translation, like the rest of this crate: requests and frames as values, no I/O.
//!
//! It speaks the default REST interface and the default WebSocket protocol of the registry.
//! Source: openim-rest fact sheet 1, 3 to 7; openim-client-protocol fact sheet 1 to 3.

use std::borrow::Cow;
use std::fmt;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use ringback_model::dialect::Frame;
use ringback_model::user::Platform;
use serde_json::{Value, json};
use thiserror::Error;

pub use crate::openim::socket::envelope::Codec;
use crate::openim::socket::envelope::{Encoding, Request, Response};
use crate::openim::wire;

/// A REST call: `POST` these bytes to this path.
#[derive(Clone, PartialEq, Eq)]
pub struct Call {
    /// Path, from the root.
    pub path: Cow<'static, str>,
    /// Headers; names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// JSON.
    pub body: Vec<u8>,
}

impl fmt::Debug for Call {
    /// Headers and body hold tokens and secrets: only the path is shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("path", &self.path).finish_non_exhaustive()
    }
}

/// Rules for a server whose backend is the receiver at `url`: asked before every message and asked for another
/// text, told after every message. Answers the key under which they stand in the settings, and their YAML.
#[must_use]
pub fn message_rules(url: &str) -> (&'static str, String) {
    let mut rules = format!("url: {url}\n");
    for callback in ["beforeSendSingleMsg", "beforeSendGroupMsg", "beforeMsgModify"] {
        rules.push_str(&format!("{callback}: {{enable: true, timeout: 2, failedContinue: true}}\n"));
    }
    for callback in ["afterSendSingleMsg", "afterSendGroupMsg"] {
        rules.push_str(&format!("{callback}: {{enable: true, timeout: 2}}\n"));
    }
    ("webhooks", rules)
}

/// Short name ([`ringback_model::dialect::Described::title`]) of the callback of [`message_rules`] that may change
/// a message's text. It is asked after the one that may refuse.
pub const REWRITING: &str = "BeforeMsgModify";

/// Why a call or a frame did not bring what was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ClientError {
    /// The server refused.
    #[error("refused with code {code}: {text}")]
    Refused {
        /// The dialect's code, never 0.
        code: i32,
        /// Its texts.
        text: String,
    },
    /// The server refused, in a form without numbers.
    #[error("refused: {0}")]
    Unwilling(String),
    /// The far end does not speak this protocol.
    #[error("not an answer of this protocol: {0}")]
    NotUnderstood(String),
}

fn call(path: &'static str, token: Option<&str>, operation_id: &str, body: &Value) -> Call {
    let mut headers = vec![
        ("content-type", "application/json; charset=utf-8".to_owned()),
        ("operationid", operation_id.to_owned()),
    ];
    headers.extend(token.map(|token| ("token", token.to_owned())));
    Call { path: Cow::Borrowed(path), headers, body: body.to_string().into_bytes() }
}

/// Exchanges the server's secret for an administrator's token; read it with [`token_of`].
#[must_use]
pub fn admin_token(secret: &str, admin: &str, operation_id: &str) -> Call {
    call("/auth/get_admin_token", None, operation_id, &json!({"secret": secret, "userID": admin}))
}

/// Asks for a user's token; read it with [`token_of`].
#[must_use]
pub fn user_token(admin_token: &str, user: &str, platform: Platform, operation_id: &str) -> Call {
    let body = json!({"userID": user, "platformID": platform.0});
    call("/auth/get_user_token", Some(admin_token), operation_id, &body)
}

/// Registers users, each with id and name; read the answer with [`data_of`].
#[must_use]
pub fn register(admin_token: &str, users: &[(&str, &str)], operation_id: &str) -> Call {
    let users: Vec<Value> = users.iter().map(|(id, name)| json!({"userID": id, "nickname": name})).collect();
    call("/user/user_register", Some(admin_token), operation_id, &json!({"users": users}))
}

/// Makes a group; read its id with [`group_of`].
#[must_use]
pub fn create_group(token: &str, name: &str, owner: &str, members: &[&str], operation_id: &str) -> Call {
    let body = json!({
        "groupInfo": {"groupName": name, "groupType": 2},
        "ownerUserID": owner,
        "memberUserIDs": members,
        "adminUserIDs": [],
    });
    call("/group/create_group", Some(token), operation_id, &body)
}

/// Sends a text from one user to another, as the app's backend does; read the answer with [`data_of`].
#[must_use]
pub fn send_text(admin_token: &str, from: &str, to: &str, text: &str, operation_id: &str) -> Call {
    let body = json!({
        "sendID": from, "recvID": to, "senderPlatformID": Platform::WEB.0,
        "content": {"content": text}, "contentType": 101, "sessionType": 1,
    });
    call("/msg/send_msg", Some(admin_token), operation_id, &body)
}

/// The `data` of an answer; `null` where it has none.
///
/// # Errors
/// The server's refusal, or that the bytes are no answer.
pub fn data_of(body: &[u8]) -> Result<Value, ClientError> {
    let mut answer: Value =
        serde_json::from_slice(body).map_err(|error| ClientError::NotUnderstood(error.to_string()))?;
    let code = answer.get("errCode").and_then(Value::as_i64);
    let code = code.ok_or_else(|| ClientError::NotUnderstood("it has no errCode".to_owned()))?;
    if code == 0 {
        return Ok(answer.get_mut("data").map(Value::take).unwrap_or_default());
    }
    let text = |key: &str| answer.get(key).and_then(Value::as_str).unwrap_or_default();
    Err(refused(i32::try_from(code).unwrap_or(i32::MAX), text("errMsg"), text("errDlt")))
}

fn refused(code: i32, short: &str, long: &str) -> ClientError {
    let text = if long.is_empty() || long == short { short.to_owned() } else { format!("{short} ({long})") };
    ClientError::Refused { code, text }
}

/// The token in an answer.
///
/// # Errors
/// As [`data_of`].
pub fn token_of(body: &[u8]) -> Result<String, ClientError> {
    text_at(&data_of(body)?, "/token")
}

/// The id of the group in an answer.
///
/// # Errors
/// As [`data_of`].
pub fn group_of(body: &[u8]) -> Result<String, ClientError> {
    text_at(&data_of(body)?, "/groupInfo/groupID")
}

fn text_at(data: &Value, pointer: &str) -> Result<String, ClientError> {
    let text = data.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    text.ok_or_else(|| ClientError::NotUnderstood(format!("its data has no {pointer}")))
}

/// Where a user connects: `ws://…` or `wss://…` with everything that the handshake wants. All frames of the connection
/// are in this codec.
#[must_use]
pub fn connect_url(
    base: &str,
    user: &str,
    token: &str,
    platform: Platform,
    operation_id: &str,
    codec: Codec,
) -> String {
    let coded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    format!(
        "{}/?sendID={}&token={}&platformID={}&operationID={}&isBackground=false&isMsgResp=true{}{}",
        base.trim_end_matches('/'),
        coded(user),
        coded(token),
        platform.0,
        coded(operation_id),
        match codec.encoding {
            Encoding::Json => "&sdkType=js",
            Encoding::Gob => "",
        },
        if codec.gzip { "&compression=gzip" } else { "" },
    )
}

/// To whom a [`Text`] goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Addressee<'a> {
    /// To a user.
    User(&'a str),
    /// To a group.
    Group(&'a str),
}

/// A text message that a client sends.
#[derive(Debug, Clone, Copy)]
pub struct Text<'a> {
    /// Who sends it: the connection's user.
    pub from: &'a str,
    /// His name.
    pub nickname: &'a str,
    /// To whom.
    pub to: Addressee<'a>,
    /// What it says.
    pub text: &'a str,
    /// The client's id for the message.
    pub client_id: &'a str,
    /// The client's time, milliseconds since 1970.
    pub created_at_ms: i64,
    /// The client's platform.
    pub platform: Platform,
}

/// The frame that sends a text. The answer comes as [`Heard::Answer`] with the same `key`.
#[must_use]
pub fn send_frame(message: &Text<'_>, operation_id: &str, key: &str, codec: Codec) -> Frame {
    let (recv_id, group_id, session_type) = match message.to {
        Addressee::User(user) => (user, "", wire::session::SINGLE),
        Addressee::Group(group) => ("", group, wire::session::GROUP),
    };
    let data = wire::MsgData {
        send_id: message.from.to_owned(),
        recv_id: recv_id.to_owned(),
        group_id: group_id.to_owned(),
        client_msg_id: message.client_id.to_owned(),
        sender_platform_id: message.platform.0,
        sender_nickname: message.nickname.to_owned(),
        session_type,
        msg_from: wire::FROM_USER,
        content_type: 101,
        content: json!({"content": message.text}).to_string().into_bytes(),
        create_time: message.created_at_ms,
        status: wire::STATUS_SENDING,
        ..Default::default()
    };
    let request = Request::new(wire::request::SEND, message.from, operation_id, key, &data);
    Frame::Binary(codec.encode_request(&request))
}

/// What a client hears from the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// The handshake is over.
    Welcome,
    /// A message that was sent is answered.
    Answer {
        /// The key of [`send_frame`].
        key: String,
        /// The message as it was taken, or why it was not.
        result: Result<Taken, ClientError>,
    },
    /// Messages have come.
    Push(Vec<ChatText>),
    /// Logged out elsewhere.
    Kicked,
    /// Nothing that a chat is about.
    Other,
}

/// A message that the server took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The server's id for it.
    pub server_id: String,
    /// The client's id for it.
    pub client_id: String,
    /// The text as the backend changed it; `None` = it did not.
    pub changed_text: Option<String>,
}

/// A message that has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChatText {
    /// Who sent it.
    pub from: String,
    /// The group; empty in single chats.
    pub group: String,
    /// The sender's id for it.
    pub client_id: String,
    /// Its number in the conversation.
    pub seq: i64,
    /// What it says; the raw content where that is no text message.
    pub text: String,
}

/// Reads a frame of the server.
///
/// # Errors
/// A refused handshake, or a frame that is not of this protocol.
pub fn hear(frame: &Frame, codec: Codec) -> Result<Heard, ClientError> {
    match frame {
        Frame::Text(text) => hear_text(text),
        Frame::Binary(bytes) => {
            let response = codec.decode_response(bytes).map_err(not_understood)?;
            hear_response(&response)
        }
    }
}

/// Text frames are the result of the handshake, or pings and pongs.
fn hear_text(text: &str) -> Result<Heard, ClientError> {
    let value: Value = serde_json::from_str(text).map_err(not_understood)?;
    if value.get("type").is_some() {
        return Ok(Heard::Other);
    }
    data_of(text.as_bytes()).map(|_| Heard::Welcome)
}

fn hear_response(response: &Response) -> Result<Heard, ClientError> {
    match response.req_identifier {
        wire::request::SEND => Ok(Heard::Answer { key: response.msg_incr.clone(), result: taken(response) }),
        wire::request::PUSH => {
            let push: wire::PushMessages = response.message().map_err(not_understood)?;
            let messages = push.msgs.into_values().flat_map(|conversation| conversation.msgs);
            Ok(Heard::Push(messages.map(|message| chat_text(&message)).collect()))
        }
        wire::request::KICKED => Ok(Heard::Kicked),
        _ => Ok(Heard::Other),
    }
}

fn taken(response: &Response) -> Result<Taken, ClientError> {
    if response.err_code != 0 {
        return Err(refused(response.err_code, &response.err_msg, &response.err_dlt));
    }
    let answer: wire::SendMsgResp = response.message().map_err(not_understood)?;
    let changed_text = answer.modify.map(|message| text_in(&message.content));
    Ok(Taken { server_id: answer.server_msg_id, client_id: answer.client_msg_id, changed_text })
}

fn chat_text(message: &wire::MsgData) -> ChatText {
    ChatText {
        from: message.send_id.clone(),
        group: message.group_id.clone(),
        client_id: message.client_msg_id.clone(),
        seq: message.seq,
        text: text_in(&message.content),
    }
}

fn text_in(content: &[u8]) -> String {
    let element: Option<Value> = serde_json::from_slice(content).ok();
    let text = element.as_ref().and_then(|element| element.get("content")?.as_str());
    text.map_or_else(|| String::from_utf8_lossy(content).into_owned(), str::to_owned)
}

fn not_understood(error: impl fmt::Display) -> ClientError {
    ClientError::NotUnderstood(error.to_string())
}

#[cfg(test)]
mod tests;
