//! Changes that an answer to the modify callback asks for.
//! Source: openim-callbacks fact sheet 4.2, table of callback 5, and 5.6, 5.7.

use std::collections::BTreeMap;

use ringback_model::conversation::Target;
use ringback_model::ids::{GroupId, UserId};
use ringback_model::limits;
use ringback_model::message::Message;
use ringback_model::user::Platform;
use ringback_model::verdict::Change;

use super::answer::{Asked, ELSEWHERE, Proposal, nothing};
use super::call::Matter;
use super::generation::Generation;
use super::json::Object;
use super::members::{bytes, is_unfilled, number, text, within_bounds};
use super::numbers;
use super::register::message::{address, is_plain};
use super::register::push::PushFields;
use crate::openim::FORM;
use crate::openim::content;
use crate::openim::options::handling;

/// What an answer may change, for the documents.
pub(super) const FIELDS: &str = "change `content` (JSON text of an object; in v2 plain text for text messages), \
    `recvID`, `groupID`, `sessionType`, `clientMsgID`, `serverMsgID`, `senderPlatformID`, `senderNickname`, \
    `senderFaceURL`, `msgFrom`, `contentType`, `status`, `options` (the whole map), `offlinePushInfo` (where the \
    message has one), `atUserIDList`, `attachedInfo`, `ex`";

/// The answer's fields; `None` = absent or null = unchanged.
struct Modification {
    content: Option<String>,
    recipient: Option<String>,
    group: Option<String>,
    client_message: Option<String>,
    server_message: Option<String>,
    platform: Option<i32>,
    nickname: Option<String>,
    face_url: Option<String>,
    session_type: Option<i32>,
    msg_from: Option<i32>,
    content_type: Option<i32>,
    status: Option<i32>,
    options: Option<BTreeMap<String, Option<bool>>>,
    offline_push: Option<PushFields>,
    mentions: Option<Vec<Option<String>>>,
    attached_info: Option<String>,
    ex: Option<String>,
}

/// Fields of which no message has all empty, or 0.
const VALUES: [&str; 14] = [
    "content",
    "recvID",
    "groupID",
    "clientMsgID",
    "serverMsgID",
    "senderPlatformID",
    "senderNickname",
    "senderFaceURL",
    "sessionType",
    "msgFrom",
    "contentType",
    "status",
    "attachedInfo",
    "ex",
];

pub(super) fn read(object: &Object) -> Result<Box<dyn Proposal>, String> {
    let modification = Modification::read(object)?;
    if is_unfilled(object, &VALUES, &["options", "offlinePushInfo", "atUserIDList", "msgDataList"]) {
        return nothing(object);
    }
    Ok(Box::new(modification))
}

impl Proposal for Modification {
    fn changes(self: Box<Self>, asked: &Asked<'_>) -> Result<Vec<Change>, String> {
        let Matter::Message(message) = asked.matter else { return Err(ELSEWHERE.to_owned()) };
        self.of_message(asked.generation, message)
    }
}

impl Modification {
    /// Reads the fields and checks their types.
    fn read(object: &Object) -> Result<Self, String> {
        let text = |name| text(object, name);
        let number = |name| number(object, name);
        // Parsed and ignored by the original: a wrong type in it still spoils the answer.
        bytes(object, "msgDataList")?;
        Ok(Self {
            content: text("content")?,
            recipient: text("recvID")?,
            group: text("groupID")?,
            client_message: text("clientMsgID")?,
            server_message: text("serverMsgID")?,
            platform: number("senderPlatformID")?,
            nickname: text("senderNickname")?,
            face_url: text("senderFaceURL")?,
            session_type: number("sessionType")?,
            msg_from: number("msgFrom")?,
            content_type: number("contentType")?,
            status: number("status")?,
            options: object.member("options", "an object of booleans")?,
            offline_push: PushFields::read(object)?,
            mentions: object.member("atUserIDList", "a list of texts")?,
            attached_info: text("attachedInfo")?,
            ex: text("ex")?,
        })
    }

    fn of_message(self, generation: Generation, message: &Message) -> Result<Vec<Change>, String> {
        let mut changes = Vec::new();
        if let Some(target) = self.target(generation, message)? {
            changes.push(Change::Target(target));
        }
        if let Some(content) = self.content {
            changes.push(Change::Content(if is_plain(generation, message) {
                crate::content::with_words(&message.content, &content)?
            } else {
                crate::content::with_element(&message.content, content)?
            }));
        }
        let options =
            self.options.map(|given| given.into_iter().map(|(k, v)| (k, v.unwrap_or_default())).collect());
        push_kind(&mut changes, message, self.content_type, options);
        if let Some(id) = self.client_message {
            changes.push(Change::ClientId(message_id("clientMsgID", id)?));
        }
        if let Some(id) = self.server_message {
            changes.push(Change::PublicId(message_id("serverMsgID", id)?));
        }
        if let Some(from) = self.msg_from {
            changes.push(Change::System(is_system(from)?));
        }
        if let Some(push) = self.offline_push {
            let Some(now) = &message.offline_push else {
                return Err("offlinePushInfo is given for a message that has none".to_owned());
            };
            changes.push(Change::OfflinePush(push.over(now)?));
        }
        changes.extend(self.platform.map(|number| Change::Platform(Platform(number))));
        changes.extend(other("senderNickname", &message.nickname, self.nickname)?.map(Change::Nickname));
        changes.extend(other("senderFaceURL", &message.face_url, self.face_url)?.map(Change::FaceUrl));
        changes.extend(self.status.map(Change::Status));
        changes.extend(self.mentions.map(|list| Change::Mentions(list.into_iter().flatten().collect())));
        changes.extend(
            other("attachedInfo", &message.attached_info, self.attached_info)?.map(Change::AttachedInfo),
        );
        changes.extend(other("ex", &message.ex, self.ex)?.map(Change::Ex));
        Ok(changes)
    }

    /// Where the message goes instead, put together from three fields; what is not given stays.
    fn target(&self, generation: Generation, message: &Message) -> Result<Option<Target>, String> {
        if self.session_type.is_none() && self.recipient.is_none() && self.group.is_none() {
            return Ok(None);
        }
        let (recipient, group) = address(&message.target);
        let recipient = self.recipient.as_deref().unwrap_or(recipient);
        let group = self.group.as_deref().unwrap_or(group);
        let session = self.session_type.unwrap_or(numbers::session(generation, &message.target));
        let to_group = generation.group_session();
        let user = || UserId::parse(recipient).map_err(|wrong| format!("recvID {wrong}"));
        let target = match session {
            1 => Target::User(user()?),
            // Rooms have no session type of their own here: what went to this room still goes to a room.
            session if session == to_group => {
                match (&message.target, GroupId::parse(group).map_err(|wrong| format!("groupID {wrong}"))?) {
                    (Target::Room(room), id) if *room == id => Target::Room(id),
                    (_, id) => Target::Group(id),
                }
            }
            4 => Target::Notice(user()?),
            other => return Err(format!("sessionType {other} is none of 1, {to_group} and 4")),
        };
        Ok((target != message.target).then_some(target))
    }
}

/// Kind of content and switches hang together: what the server does follows from both.
fn push_kind(
    changes: &mut Vec<Change>,
    message: &Message,
    content_type: Option<i32>,
    options: Option<BTreeMap<String, bool>>,
) {
    // Content of another form keeps its own kind: the number would mean something else there.
    let content_type = content_type.filter(|_| message.content.form == FORM);
    if let Some(code) = content_type {
        changes.push(Change::ContentType { class: content::class(code), code });
    }
    if content_type.is_none() && options.is_none() {
        return;
    }
    let code = content_type.unwrap_or_else(|| crate::content::element_code(&message.content));
    let replaced = options.is_some();
    let options = options.unwrap_or_else(|| message.options.clone());
    let handling = handling(&options, code);
    if replaced || handling != message.handling {
        changes.push(Change::Options { options, handling });
    }
}

/// A text that is another one than the message has, if it is not too long.
fn other(name: &str, now: &str, given: Option<String>) -> Result<Option<String>, String> {
    given.filter(|given| given != now).map(|given| within_bounds(name, given)).transpose()
}

/// An id of a message as an answer may set it: 1..=128 bytes.
fn message_id(name: &str, id: String) -> Result<String, String> {
    if id.is_empty() || id.len() > limits::CLIENT_MESSAGE_ID_BYTES {
        return Err(format!("{name} has not 1 to {} bytes", limits::CLIENT_MESSAGE_ID_BYTES));
    }
    Ok(id)
}

/// Source: openim-callbacks fact sheet 5.4.
fn is_system(from: i32) -> Result<bool, String> {
    match from {
        100 => Ok(false),
        200 => Ok(true),
        other => Err(format!("msgFrom {other} is neither 100 (user) nor 200 (system)")),
    }
}
