//! Content types, and messages between the wire and our words.
//! Source: callbacks sheet 5.3, client protocol sheet 5.3 and 5.4.

use std::collections::BTreeMap;

use ringback_model::command::Draft;
use ringback_model::conversation::Target;
use ringback_model::failure::{Refusal, RefusalCode};
use ringback_model::ids::{GroupId, Seq, UserId};
use ringback_model::message::{Content, ContentClass, Mentions, Message, OfflinePush, Priority};
use ringback_model::notice;
use ringback_model::time::UnixMs;
use ringback_model::user::Platform;

use super::wire::{FROM_SYSTEM, FROM_USER, MsgData, OfflinePushInfo, STATUS_SENDING, STATUS_SENT, session};
use super::{FORM, options};
use crate::content as shared;

/// Stands among mentions for everybody. Source: client protocol sheet 5.4.
const EVERYBODY: &str = "AtAllTag";

/// Plain text.
pub const TEXT: i32 = 101;
/// Text with mentions.
pub const AT_TEXT: i32 = 106;
/// The app's own kind.
pub const CUSTOM: i32 = 110;
/// Marked-up text.
pub const MARKDOWN: i32 = 118;
/// Message of a notification account.
pub const OA_NOTIFICATION: i32 = 1400;
/// Read receipt.
pub const READ_RECEIPT: i32 = 2200;

/// Switches that "is typing" always has off. Source: client protocol sheet 5.3.
const TYPING_OFF: [&str; 7] = [
    "history",
    "persistent",
    "senderSync",
    "conversationUpdate",
    "senderConversationUpdate",
    "unreadCount",
    "offlinePush",
];
/// Switches that a read receipt always has off. Source: ibid.
const RECEIPT_OFF: [&str; 4] =
    ["conversationUpdate", "senderConversationUpdate", "unreadCount", "offlinePush"];

/// What kind of thing a content type is.
#[must_use]
pub const fn class(code: i32) -> ContentClass {
    match code {
        TEXT => ContentClass::Text,
        102 => ContentClass::Image,
        103 => ContentClass::Voice,
        104 => ContentClass::Video,
        105 => ContentClass::File,
        107 => ContentClass::Combined,
        109 => ContentClass::Location,
        CUSTOM | 119 | 120 => ContentClass::Custom,
        options::TYPING => ContentClass::Typing,
        1000..=5000 => ContentClass::Notification,
        _ => ContentClass::Other,
    }
}

/// Content of ours from a content type and its JSON text.
#[must_use]
pub fn content(code: i32, raw: String) -> Content {
    Content { form: FORM.to_owned(), class: class(code), code, raw }
}

/// Turns off what a content type never has, whatever the client says.
pub fn force_options(options: &mut BTreeMap<String, bool>, code: i32) {
    let off: &[&str] = match code {
        options::TYPING => &TYPING_OFF,
        READ_RECEIPT => &RECEIPT_OFF,
        _ => &[],
    };
    for name in off {
        options.insert((*name).to_owned(), false);
    }
}

/// Content type and JSON text by which clients of this dialect see a content, whatever its form.
#[must_use]
pub fn as_seen(content: &Content) -> (i32, String) {
    (shared::element_code(content), shared::as_element(content).into_owned())
}

/// The server's id of a message as clients see it.
#[must_use]
pub fn server_msg_id(message: &Message) -> String {
    message.public_id.clone().unwrap_or_else(|| message.id.to_hex())
}

/// The switches of a message as clients see them; those of notices follow from what the server does with them.
fn options_of(message: &Message) -> BTreeMap<String, bool> {
    if message.content.form == notice::FORM {
        return super::notices::options(message.handling);
    }
    message.options.clone()
}

/// A message as clients see it.
#[must_use]
pub fn to_wire(message: &Message) -> MsgData {
    let (session_type, mut recv_id, group_id) = address(&message.target);
    if message.content.form == notice::FORM && recv_id.is_empty() {
        // Notices name the group in both places. Source: client protocol sheet 5.5.
        recv_id.clone_from(&group_id);
    }
    let (content_type, content) = as_seen(&message.content);
    MsgData {
        send_id: message.sender.as_str().to_owned(),
        recv_id,
        group_id,
        client_msg_id: message.client_id.clone(),
        server_msg_id: server_msg_id(message),
        sender_platform_id: message.platform.0,
        sender_nickname: message.nickname.clone(),
        sender_face_url: message.face_url.clone(),
        session_type,
        msg_from: if message.system { FROM_SYSTEM } else { FROM_USER },
        content_type,
        content: content.into_bytes(),
        seq: seq_out(message.seq),
        send_time: message.sent_at.0,
        create_time: message.created_at.0,
        status: message.status,
        is_read: false,
        options: options_of(message),
        offline_push_info: message.offline_push.as_ref().map(push_out),
        at_user_id_list: message.mentions.clone(),
        attached_info: message.attached_info.clone(),
        ex: message.ex.clone(),
    }
}

/// Whom a message mentions: only text with mentions does, whatever other messages carry. Source:
/// `openimsdk/open-im-server`, `internal/rpc/msg/send.go`.
#[must_use]
pub fn mentions(message: &Message) -> Mentions {
    if message.content.form != FORM || message.content.code != AT_TEXT {
        return Mentions::default();
    }
    Mentions {
        everybody: message.mentions.iter().any(|name| name == EVERYBODY),
        users: message.mentions.iter().filter_map(|name| UserId::parse(name).ok()).collect(),
    }
}

/// A message that a client wants to send. `trusted`: whether `msgFrom` and `sendTime` are believed; others' messages are
/// sent when the server takes them, so that nobody's chat stays on top of others' lists.
///
/// # Errors
/// Names the field that is missing or wrong.
pub fn draft(data: MsgData, trusted: bool) -> Result<Draft, Refusal> {
    let raw = String::from_utf8(data.content).map_err(|_| argument("content is not UTF-8"))?;
    if data.content_type == 0 {
        return Err(argument("contentType is empty"));
    }
    check_attached(&data.attached_info)?;
    let mut switches = data.options;
    force_options(&mut switches, data.content_type);
    Ok(Draft {
        client_id: Some(data.client_msg_id).filter(|id| !id.is_empty()),
        sender: user("sendID", &data.send_id)?,
        target: target(data.session_type, &data.recv_id, &data.group_id)?,
        platform: Platform(data.sender_platform_id),
        nickname: data.sender_nickname,
        face_url: data.sender_face_url,
        system: trusted && data.msg_from == FROM_SYSTEM,
        handling: options::handling(&switches, data.content_type),
        content: content(data.content_type, raw),
        status: if data.status == STATUS_SENT { STATUS_SENT } else { STATUS_SENDING },
        sent_at: if trusted { instant(data.send_time) } else { None },
        created_at: instant(data.create_time),
        options: switches,
        offline_push: data.offline_push_info.map(push_in),
        mentions: data.at_user_id_list,
        attached_info: data.attached_info,
        ex: data.ex,
        strangers: false,
        priority: Priority::Normal,
        hidden_from: Vec::new(),
    })
}

/// Clients read this text as a JSON object when the message arrives, and lose the message over any other. The wasm client
/// writes `null` where it has nothing to attach.
fn check_attached(text: &str) -> Result<(), Refusal> {
    let is_object = || serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text).is_ok();
    if text.is_empty() || text == "null" || is_object() {
        return Ok(());
    }
    Err(argument("attachedInfo is not the text of a JSON object"))
}

/// Where a session type with its ids points to.
///
/// # Errors
/// Names the field that is missing or wrong.
pub fn target(session_type: i32, recv_id: &str, group_id: &str) -> Result<Target, Refusal> {
    match session_type {
        session::SINGLE => user("recvID", recv_id).map(Target::User),
        session::GROUP => group("groupID", group_id).map(Target::Group),
        session::NOTICE => user("recvID", recv_id).map(Target::Notice),
        other => Err(argument(format!(
            "sessionType is {other}; known are 1 (single), 3 (group), 4 (notification)"
        ))),
    }
}

/// Session type, `recvID` and `groupID` of a target. Clients of this dialect see a chat room as a group.
#[must_use]
pub fn address(target: &Target) -> (i32, String, String) {
    match target {
        Target::User(user) => (session::SINGLE, user.as_str().to_owned(), String::new()),
        Target::Group(group) | Target::Room(group) => {
            (session::GROUP, String::new(), group.as_str().to_owned())
        }
        Target::Notice(user) => (session::NOTICE, user.as_str().to_owned(), String::new()),
    }
}

/// A required user id.
///
/// # Errors
/// Names the field and what is wrong with it.
pub fn user(field: &str, text: &str) -> Result<UserId, Refusal> {
    UserId::parse(text).map_err(|wrong| argument(format!("{field} {wrong}")))
}

/// A required group id.
///
/// # Errors
/// Names the field and what is wrong with it.
pub fn group(field: &str, text: &str) -> Result<GroupId, Refusal> {
    GroupId::parse(text).map_err(|wrong| argument(format!("{field} {wrong}")))
}

/// A refusal of arguments.
pub fn argument(detail: impl Into<String>) -> Refusal {
    Refusal::new(RefusalCode::BadArgument, detail)
}

/// A seq as clients count: signed.
#[must_use]
pub fn seq_out(seq: Seq) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}

/// A seq as clients send it; below 0 counts as 0.
#[must_use]
pub fn seq_in(seq: i64) -> Seq {
    Seq::try_from(seq).unwrap_or(0)
}

/// An offline push as clients see it.
#[must_use]
pub fn push_out(push: &OfflinePush) -> OfflinePushInfo {
    OfflinePushInfo {
        title: push.title.clone(),
        desc: push.desc.clone(),
        ex: push.ex.clone(),
        ios_push_sound: push.ios_sound.clone(),
        ios_badge_count: push.ios_badge,
        signal_info: push.signal_info.clone(),
    }
}

/// An offline push as clients send it.
#[must_use]
pub fn push_in(push: OfflinePushInfo) -> OfflinePush {
    OfflinePush {
        title: push.title,
        desc: push.desc,
        ex: push.ex,
        ios_sound: push.ios_push_sound,
        ios_badge: push.ios_badge_count,
        signal_info: push.signal_info,
    }
}

/// A time as clients send it: 0 and less mean "not given".
fn instant(ms: i64) -> Option<UnixMs> {
    (ms > 0).then_some(UnixMs(ms))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ringback_model::ids::MessageId;

    use super::*;

    fn data() -> MsgData {
        MsgData {
            send_id: "u1".into(),
            recv_id: "u2".into(),
            client_msg_id: "c1".into(),
            sender_platform_id: 5,
            sender_nickname: "Ann".into(),
            sender_face_url: "http://f".into(),
            session_type: session::SINGLE,
            msg_from: FROM_USER,
            content_type: TEXT,
            content: br#"{"content":"hi"}"#.to_vec(),
            create_time: 5,
            status: 1,
            options: [("unreadCount".to_owned(), false)].into(),
            offline_push_info: Some(OfflinePushInfo { title: "t".into(), ..Default::default() }),
            at_user_id_list: vec!["u2".into()],
            attached_info: "null".into(),
            ex: "e".into(),
            ..Default::default()
        }
    }

    /// What the domain makes of a draft, as far as the wire shows it.
    fn stored(draft: Draft) -> Message {
        Message {
            id: MessageId(77),
            public_id: None,
            client_id: draft.client_id.unwrap_or_default(),
            sender: draft.sender,
            target: draft.target,
            seq: 0,
            platform: draft.platform,
            nickname: draft.nickname,
            face_url: draft.face_url,
            system: draft.system,
            content: draft.content,
            status: draft.status,
            sent_at: draft.sent_at.unwrap_or_default(),
            created_at: draft.created_at.unwrap_or_default(),
            options: draft.options,
            handling: draft.handling,
            offline_push: draft.offline_push,
            mentions: draft.mentions,
            attached_info: draft.attached_info,
            ex: draft.ex,
            priority: draft.priority,
            hidden_from: draft.hidden_from,
        }
    }

    #[test]
    fn a_message_comes_back_as_it_was_sent() {
        let message = stored(draft(data(), false).unwrap());
        assert!(!message.handling.unread && message.handling.store);
        let back = to_wire(&message);
        assert_eq!(back, MsgData { server_msg_id: MessageId(77).to_hex(), ..data() });
        let shown = Message { public_id: Some("other".into()), ..message };
        assert_eq!(to_wire(&shown).server_msg_id, "other");
    }

    #[test]
    fn what_a_client_may_not_send() {
        for (wrong, field) in [
            (MsgData { send_id: String::new(), ..data() }, "sendID is empty"),
            (MsgData { recv_id: "a b".into(), ..data() }, "recvID holds"),
            (MsgData { session_type: session::GROUP, ..data() }, "groupID is empty"),
            (MsgData { session_type: 2, ..data() }, "sessionType is 2"),
            (MsgData { session_type: 0, ..data() }, "sessionType is 0"),
            (MsgData { content_type: 0, ..data() }, "contentType is empty"),
            (MsgData { content: vec![0xff], ..data() }, "content is not UTF-8"),
            (MsgData { attached_info: "plain".into(), ..data() }, "attachedInfo is not"),
            (MsgData { attached_info: "[1]".into(), ..data() }, "attachedInfo is not"),
        ] {
            let refusal = draft(wrong, false).unwrap_err();
            assert_eq!(refusal.code, RefusalCode::BadArgument);
            assert!(refusal.detail.starts_with(field), "{}", refusal.detail);
        }
    }

    #[test]
    fn only_the_trusted_speak_for_the_system() {
        let loud = MsgData { msg_from: FROM_SYSTEM, ..data() };
        assert!(!draft(loud.clone(), false).unwrap().system);
        assert!(draft(loud, true).unwrap().system);
    }

    #[test]
    fn a_client_says_neither_when_nor_whether_its_message_was_sent() {
        let says = MsgData { send_time: 9, create_time: 7, status: 4, ..data() };
        let of = |trusted| draft(says.clone(), trusted).unwrap();
        assert_eq!((of(false).sent_at, of(true).sent_at), (None, Some(UnixMs(9))));
        assert_eq!((of(false).created_at, of(false).status), (Some(UnixMs(7)), STATUS_SENDING));
        assert_eq!(draft(MsgData { status: STATUS_SENT, ..says }, false).unwrap().status, STATUS_SENT);
    }

    #[test]
    fn notices_of_groups_name_the_group_as_recipient_too() {
        let group = GroupId::parse("g1").unwrap();
        let said = Message { target: Target::Group(group), ..stored(draft(data(), false).unwrap()) };
        assert_eq!(to_wire(&said).recv_id, "");
        let content = Content { form: notice::FORM.to_owned(), ..said.content.clone() };
        let told = to_wire(&Message { content, ..said });
        assert_eq!((told.recv_id.as_str(), told.group_id.as_str()), ("g1", "g1"));
    }

    #[test]
    fn only_text_with_mentions_mentions_anybody() {
        let list = ["u2", "AtAllTag"].map(str::to_owned).to_vec();
        let of = |content_type| {
            let data = MsgData { content_type, at_user_id_list: list.clone(), ..data() };
            mentions(&stored(draft(data, false).unwrap()))
        };
        let id = |text| UserId::parse(text).unwrap();
        assert_eq!(of(AT_TEXT), Mentions { everybody: true, users: vec![id("u2"), id("AtAllTag")] });
        assert_eq!(of(TEXT), Mentions::default());
    }

    #[test]
    fn typing_and_receipts_have_switches_of_their_own() {
        let on: BTreeMap<_, _> = [("history".to_owned(), true)].into();
        let typing = draft(MsgData { content_type: 113, options: on.clone(), ..data() }, false).unwrap();
        assert_eq!(typing.options.len(), 7);
        assert!(typing.options.values().all(|on| !on) && !typing.handling.store);
        let receipt = draft(MsgData { content_type: 2200, options: on, ..data() }, false).unwrap();
        assert!(receipt.options["history"] && !receipt.options["unreadCount"]);
        assert!(receipt.handling.store && !receipt.handling.unread);
    }

    #[test]
    fn classes() {
        for (code, kind) in [
            (101, ContentClass::Text),
            (106, ContentClass::Other),
            (109, ContentClass::Location),
            (113, ContentClass::Typing),
            (120, ContentClass::Custom),
            (999, ContentClass::Other),
            (1000, ContentClass::Notification),
            (5000, ContentClass::Notification),
            (5001, ContentClass::Other),
        ] {
            assert_eq!(class(code), kind, "{code}");
        }
    }

    #[test]
    fn content_of_another_dialect_is_shown_as_an_element() {
        let body = serde_json::from_str(r#"{"msg":"hi"}"#).unwrap();
        let text = crate::easemob::content::content("txt", &body);
        assert_eq!(as_seen(&text), (TEXT, r#"{"content":"hi"}"#.to_owned()));
        let foreign =
            Content { form: "other".into(), class: ContentClass::Image, code: 1, raw: "[1]".into() };
        let (code, raw) = as_seen(&foreign);
        assert_eq!((code, raw.as_str()), (CUSTOM, r#"{"data":"[1]","description":"other","extension":""}"#));
    }

    proptest! {
        #[test]
        fn seqs_survive(seq in 0i64..=i64::MAX) {
            prop_assert_eq!(seq_out(seq_in(seq)), seq);
        }
    }
}
