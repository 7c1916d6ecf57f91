//! Messages that are sent.
//! Source: openim-callbacks fact sheet 1.2, 4.1, 4.2 (1 to 6), 7.

use std::borrow::Cow;

use ringback_model::conversation::Target;
use ringback_model::event::EventKind;
use ringback_model::message::{ContentClass, Message};
use ringback_model::verdict::Change;
use serde_json::{Value, json};

use crate::content;
use crate::openim::callbacks::answer::{Asked, ELSEWHERE, Proposal};
use crate::openim::callbacks::call::{Call, Matter};
use crate::openim::callbacks::commands::{About, Command, OLDER, Targets, row};
use crate::openim::callbacks::fields::{Fields, list};
use crate::openim::callbacks::generation::Generation;
use crate::openim::callbacks::json::Object;
use crate::openim::callbacks::members::text;
use crate::openim::callbacks::{modify, numbers};

const CONTINUE: &str = "An unreachable receiver is handled as `failedContinue` says.";
const DURABLE: &str = "Read from the durable log after the push was written to the recipients, tried again until a \
                       2xx answer; `seq` is the real one.";

/// The command that is sent only for messages with a place in the history.
pub(in crate::openim::callbacks) const AFTER_SAVE: &str = "callbackAfterMsgSaveDBCommand";

pub(super) const ROWS: &[Command] = &[
    row("", "callbackWordFilterCommand", EventKind::MessageScreening, common)
        .block(&["callbackWordFilter"])
        .only(&[Generation::V2])
        .about(About::Messages(Targets::SingleAndGroup))
        .says("text message", "a text message has come in and nothing was checked yet")
        .changes("replace the text (`content`)", new_text)
        .differs("An empty replacement leaves the text as it is."),
    row("beforeSendSingleMsg", "callbackBeforeSendSingleMsgCommand", EventKind::MessageSending, to_user)
        .block(&["callbackbeforeSendSingleMsg", "callbackBeforeSendSingleMsg"])
        .about(About::Messages(Targets::Single))
        .says("single-chat message", "a single-chat message wants to be sent")
        .differs(CONTINUE),
    row("beforeSendGroupMsg", "callbackBeforeSendGroupMsgCommand", EventKind::MessageSending, to_group)
        .block(&["callbackBeforeSendGroupMsg", "callbackbeforeSendGroupMsg"])
        .about(About::Messages(Targets::Group))
        .says("group message", "a group message wants to be sent")
        .differs(CONTINUE),
    row(
        "beforeMsgModify",
        "callbackBeforeMsgModifyCommand",
        EventKind::MessageRewriting,
        to_either_if_filled,
    )
    .formerly(&[(OLDER, "callbackMsgModifyCommand")])
    .block(&["callbackBeforeMsgModify"])
    .about(About::Messages(Targets::SingleAndGroup))
    .says(
        "message that is about to be stored",
        "a message of a single chat or a group is about to be stored, after all checks",
    )
    .changes(modify::FIELDS, modify::read)
    .differs(
        "`recvID` and `groupID` are sent too; an answer that cannot be applied is a failure of the call.",
    ),
    row("afterSendSingleMsg", "callbackAfterSendSingleMsgCommand", EventKind::MessageSent, to_user)
        .block(&["callbackAfterSendSingleMsg", "callbackafterSendSingleMsg"])
        .about(About::Messages(Targets::Single))
        .says("single-chat message", "a single-chat message was pushed to those who are online")
        .differs(DURABLE),
    row("afterSendGroupMsg", "callbackAfterSendGroupMsgCommand", EventKind::MessageSent, to_group)
        .block(&["callbackAfterSendGroupMsg", "callbackafterSendGroupMsg"])
        .about(About::Messages(Targets::Group))
        .says("group message", "a group message was pushed to those who are online")
        .differs("Like the single-chat one; `attentionIds` names groups."),
    row("afterMsgSaveDB", AFTER_SAVE, EventKind::MessageSent, to_either)
        .block(&["callbackAfterMsgSaveDB"])
        .about(About::Messages(Targets::All))
        .says("stored message", "a stored message was pushed to those who are online")
        .differs("Only messages that really were stored; `attentionIds` works."),
];

/// The 18 fields of every message.
pub(in crate::openim::callbacks) fn common(call: &Call<'_>) -> Option<Fields> {
    let message = message(call)?;
    let fields = Fields::new()
        .put("sendID", &message.sender)
        .put("callbackCommand", call.name)
        .put("serverMsgID", server_message_id(message))
        .put("clientMsgID", &message.client_id)
        .put("operationID", call.operation_id)
        .put("senderPlatformID", message.platform.0)
        .put("senderNickname", &message.nickname)
        .put_as("sessionType", numbers::session(call.generation, &message.target), numbers::sessions)
        .put_as("msgFrom", numbers::sender(message.system), numbers::senders)
        .put("contentType", content::element_code(&message.content))
        .put("status", status(call, message))
        .put_if(has_send_time(call), "sendTime", message.sent_at.0)
        .put("createTime", message.created_at.0)
        .put_as("content", said(call.generation, message), element_text)
        .put("seq", seq(call, message))
        .put("atUserList", list(&message.mentions))
        .put("faceURL", &message.face_url)
        .put("ex", &message.ex);
    Some(fields)
}

fn to_user(call: &Call<'_>) -> Option<Fields> {
    Some(common(call)?.put("recvID", address(&message(call)?.target).0))
}

fn to_group(call: &Call<'_>) -> Option<Fields> {
    Some(common(call)?.put("groupID", address(&message(call)?.target).1))
}

fn to_either(call: &Call<'_>) -> Option<Fields> {
    let (recipient, group) = address(&message(call)?.target);
    Some(common(call)?.put("recvID", recipient).put("groupID", group))
}

/// The original leaves both out.
fn to_either_if_filled(call: &Call<'_>) -> Option<Fields> {
    if call.filled() { to_either(call) } else { common(call) }
}

fn message<'a>(call: &Call<'a>) -> Option<&'a Message> {
    match call.matter {
        Matter::Message(message) => Some(message),
        Matter::Push(_) | Matter::Action(_) => None,
    }
}

/// Recipient and group of a target; the unused one is empty.
pub(in crate::openim::callbacks) fn address(target: &Target) -> (&str, &str) {
    match target {
        Target::User(user) | Target::Notice(user) => (user.as_str(), ""),
        Target::Group(group) | Target::Room(group) => ("", group.as_str()),
    }
}

pub(super) fn server_message_id(message: &Message) -> Cow<'_, str> {
    message.public_id.as_deref().map_or_else(|| Cow::Owned(message.id.to_hex()), Cow::Borrowed)
}

/// v2 receivers get text as it is, all others the element's JSON.
pub(in crate::openim::callbacks) fn said(generation: Generation, message: &Message) -> Cow<'_, str> {
    let said = &message.content;
    if is_plain(generation, message) {
        return content::words(said).unwrap_or(Cow::Borrowed(&said.raw));
    }
    content::as_element(said)
}

/// What [`said`] gives.
pub(super) fn element_text(generation: Generation) -> Value {
    match generation {
        Generation::V2 => json!({"type": "string"}),
        Generation::V30 | Generation::V35 | Generation::V38 => {
            json!({"type": "string", "contentMediaType": "application/json"})
        }
    }
}

/// Whether receivers of this contract see the bare text of this message.
pub(in crate::openim::callbacks) fn is_plain(generation: Generation, message: &Message) -> bool {
    generation == Generation::V2 && message.content.class == ContentClass::Text
}

/// The coded values: 1 sending, 2 sent. A caller that set none is on its way like any other.
/// Source: openim-callbacks fact sheet 4.1 and 5.4.
fn status(call: &Call<'_>, message: &Message) -> i32 {
    let saved = call.command.name == AFTER_SAVE;
    match message.status {
        0 if call.filled() && saved => 2,
        0 if call.filled() => 1,
        1 if saved => 2,
        other => other,
    }
}

/// The original has `sendTime` since v3.8, the documents since v3.
const fn has_send_time(call: &Call<'_>) -> bool {
    match call.generation {
        Generation::V38 => true,
        Generation::V35 | Generation::V30 => call.filled(),
        Generation::V2 => false,
    }
}

fn seq(call: &Call<'_>, message: &Message) -> u64 {
    if call.done && (call.filled() || call.command.name == AFTER_SAVE) { message.seq } else { 0 }
}

fn new_text(object: &Object) -> Result<Box<dyn Proposal>, String> {
    Ok(Box::new(NewText(text(object, "content")?)))
}

struct NewText(Option<String>);

impl Proposal for NewText {
    fn changes(self: Box<Self>, asked: &Asked<'_>) -> Result<Vec<Change>, String> {
        let Matter::Message(message) = asked.matter else { return Err(ELSEWHERE.to_owned()) };
        match self.0.filter(|text| !text.is_empty()) {
            Some(text) => Ok(vec![Change::Content(content::with_words(&message.content, &text)?)]),
            None => Ok(Vec::new()),
        }
    }
}
