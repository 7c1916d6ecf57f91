//! `/msg/send_msg`, `/msg/batch_send_msg`, `/msg/send_simple_msg`. Source: REST sheet 7.1 to 7.3.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ringback_model::command::{Command, Draft};
use ringback_model::conversation::Target;
use ringback_model::dialect::EdgeRequest;
use ringback_model::ids::UserId;
use ringback_model::limits;
use ringback_model::message::{OfflinePush, Priority};
use ringback_model::time::UnixMs;
use ringback_model::user::Platform;
use schemars::generate::SchemaGenerator;
use schemars::{Schema, json_schema};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::body::{
    Reject, at_most, body, distinct, given, group_id, parse, required, required_number, user_id, user_ids,
};
use super::elements;
use crate::openim::content::{MARKDOWN, OA_NOTIFICATION, argument, content, force_options, target};
use crate::openim::options::handling;
use crate::openim::wire::session;

body! {
    /// What an offline push is to show.
    #[schemars(rename = "NewOfflinePush")]
    PushJson {
        title: String = "title",
        desc: String = "desc",
        /// The app's own text.
        ex: String = "ex",
        ios_sound: String = "iOSPushSound",
        ios_badge: bool = "iOSBadgeCount",
        signal_info: String = "signalInfo",
    }
}

impl From<PushJson> for OfflinePush {
    fn from(push: PushJson) -> Self {
        Self {
            title: push.title,
            desc: push.desc,
            ex: push.ex,
            ios_sound: push.ios_sound,
            ios_badge: push.ios_badge,
            signal_info: push.signal_info,
        }
    }
}

body! {
    /// A message to be sent.
    #[schemars(rename = "NewMessage", transform = describe_contents)]
    SendMsg {
        /// In whose name.
        send_id: String = "sendID" required,
        /// To whom, in single chats and notifications.
        recv_id: String = "recvID",
        /// To which group, in groups.
        group_id: String = "groupID",
        nickname: String = "senderNickname",
        face_url: String = "senderFaceURL",
        platform: i32 = "senderPlatformID",
        /// By its type. Stored and handed on as it is, members besides the known ones included.
        #[schemars(with = "Map<String, Value>")]
        content: Option<Box<RawValue>> = "content" required,
        /// 101 text, 102 picture, 103 voice, 104 video, 105 file, 106 text with mentions, 110 the app's own, 114 quote,
        /// 118 marked-up text, 1400 notification.
        content_type: i32 = "contentType" required,
        /// 1 single, 3 group, 4 notification.
        #[schemars(extend("enum" = [1, 3, 4]))]
        session_type: i32 = "sessionType" required,
        /// Only those who are online get it; nothing is stored.
        online_only: bool = "isOnlineOnly",
        /// Nobody is woken.
        no_offline_push: bool = "notOfflinePush",
        /// Milliseconds since 1970; 0 = now.
        send_time: i64 = "sendTime",
        offline_push: Option<PushJson> = "offlinePushInfo",
        /// The app's own text.
        ex: String = "ex",
        // Ours: a caller who names his message may repeat the call without sending twice.
        /// The caller's id for the message: with one, the call can be repeated without sending twice.
        client_id: String = "clientMsgID",
    }
}

pub(super) fn send_msg(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: SendMsg = parse(&request.body)?;
    check_complete(&asked)?;
    let session_type = effective_session(&asked);
    match session_type {
        session::SINGLE | session::NOTICE => required("recvID", &asked.recv_id)?,
        session::GROUP => required("groupID", &asked.group_id)?,
        _ => "",
    };
    let target = target(session_type, &asked.recv_id, &asked.group_id)?;
    draft(asked, target).map(|draft| Command::Send(Box::new(draft)))
}

body! {
    /// Who gets a message to many.
    Receivers {
        /// User ids, each once.
        ids: Option<Vec<String>> = "recvIDs" required,
        /// Every user who is registered gets it; `recvIDs` does not matter, but must be there.
        everyone: bool = "isSendAll",
    }
}

pub(super) fn batch_send_msg(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: SendMsg = parse(&request.body)?;
    let receivers: Receivers = parse(&request.body)?;
    check_complete(&asked)?;
    let ids = given("recvIDs", receivers.ids)?;
    at_most("recvIDs", ids.len(), limits::BATCH_RECEIVERS)?;
    distinct("recvIDs", ids.iter())?;
    let to: fn(UserId) -> Target = match effective_session(&asked) {
        session::SINGLE => Target::User,
        session::NOTICE => Target::Notice,
        _ => {
            let detail = "only single chats (sessionType 1) and notifications (4) can be sent to many";
            return Err(argument(detail).into());
        }
    };
    let sender = user_id("sendID", &asked.send_id)?;
    // Every receiver becomes a target of this kind.
    let draft = Box::new(draft(asked, to(sender))?);
    let recipients = if receivers.everyone { Vec::new() } else { user_ids("recvIDs", &ids)? };
    let recipients = recipients.into_iter().map(to).collect();
    Ok(Command::SendToMany { draft, recipients, everyone: receivers.everyone })
}

/// What content there must be for a content type: one form per type and one for the rest. Forms rather than a chain of
/// `if`s, which generators of requests multiply out.
fn describe_contents(schema: &mut Schema) {
    let form = |code: i32, content: Value| json!({"properties": {"contentType": {"const": code}, "content": content}});
    let described: Vec<i32> = elements::schemas().map(|(code, _)| code).collect();
    let rest: Vec<i32> = elements::codes().filter(|code| !described.contains(code)).collect();
    let mut forms: Vec<Value> = elements::schemas().map(|(code, content)| form(code, content)).collect();
    forms.push(json!({"properties": {"contentType": {"enum": rest}}}));
    schema.insert("anyOf".to_owned(), Value::Array(forms));
    if let Some(kind) = schema.pointer_mut("/properties/contentType") {
        kind["enum"] = elements::codes().collect();
    }
}

/// The body of `/msg/send_msg`, described: what [`SendMsg`] holds, and a receiver by session type.
pub(super) fn send_schema(generator: &mut SchemaGenerator) -> Schema {
    let user =
        json!({"recvID": {"minLength": 1}, "sessionType": {"enum": [session::SINGLE, session::NOTICE]}});
    let notice = json!({"recvID": {"minLength": 1}, "contentType": {"const": OA_NOTIFICATION}});
    let group = json!({
        "groupID": {"minLength": 1},
        "sessionType": {"const": session::GROUP},
        "contentType": {"not": {"const": OA_NOTIFICATION}},
    });
    json_schema!({
        "allOf": [
            generator.subschema_for::<SendMsg>(),
            {"anyOf": [
                {"properties": user, "required": ["recvID"]},
                {"properties": notice, "required": ["recvID"]},
                {"properties": group, "required": ["groupID"]},
            ]},
        ],
    })
}

/// The body of `/msg/batch_send_msg`, described: two structs read it, because text that stays as it came cannot be
/// read through a third.
pub(super) fn batch_schema(generator: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "allOf": [
            generator.subschema_for::<SendMsg>(),
            generator.subschema_for::<Receivers>(),
            {"anyOf": [
                {"properties": {"sessionType": {"enum": [session::SINGLE, session::NOTICE]}}},
                {"properties": {"contentType": {"const": OA_NOTIFICATION}}},
            ]},
        ],
    })
}

/// What the original asks for before it looks at values.
fn check_complete(asked: &SendMsg) -> Result<(), Reject> {
    required("sendID", &asked.send_id)?;
    required_number("contentType", asked.content_type)?;
    required_number("sessionType", asked.session_type)?;
    let content = given("content", asked.content.as_deref())?;
    if !content.get().starts_with('{') {
        return Err(Reject::Malformed("content is not a JSON object".to_owned()));
    }
    Ok(())
}

/// Messages of notification accounts go their own way, whatever the caller says.
const fn effective_session(asked: &SendMsg) -> i32 {
    if asked.content_type == OA_NOTIFICATION { session::NOTICE } else { asked.session_type }
}

fn draft(asked: SendMsg, target: Target) -> Result<Draft, Reject> {
    let given = given("content", asked.content)?;
    let mentions = elements::check(asked.content_type, given.get())?;
    let raw = if asked.content_type == OA_NOTIFICATION {
        json!({ "detail": given.get() }).to_string()
    } else {
        given.get().to_owned()
    };
    let mut options = BTreeMap::new();
    if asked.online_only {
        for name in ["history", "persistent", "senderSync", "conversationUpdate"] {
            options.insert(name.to_owned(), false);
        }
    }
    if asked.no_offline_push {
        options.insert("offlinePush".to_owned(), false);
    }
    force_options(&mut options, asked.content_type);
    Ok(Draft {
        client_id: (!asked.client_id.is_empty()).then_some(asked.client_id),
        sender: user_id("sendID", &asked.send_id)?,
        target,
        platform: Platform(asked.platform),
        nickname: asked.nickname,
        face_url: asked.face_url,
        system: true,
        handling: handling(&options, asked.content_type),
        content: content(asked.content_type, raw),
        status: 0,
        sent_at: (asked.send_time > 0).then_some(UnixMs(asked.send_time)),
        created_at: None,
        options,
        offline_push: asked.offline_push.map(OfflinePush::from),
        mentions,
        attached_info: String::new(),
        ex: asked.ex,
        strangers: false,
        priority: Priority::Normal,
        hidden_from: Vec::new(),
    })
}

body! {
    /// A message that answers a callback.
    #[schemars(rename = "CallbackAnswer")]
    SendSimple {
        /// In whose name, in groups; in single chats the receiver of the callback's message speaks.
        send_id: String = "sendID",
        /// Marked-up text.
        content: String = "content" required,
        offline_push: Option<PushJson> = "offlinePushInfo",
        /// The app's own text.
        ex: String = "ex",
    }
}

body! {
    /// The key that a callback carried: whose message is answered.
    Key { send_id: String = "sendID", recv_id: String = "recvID", group_id: String = "groupID" }
}

/// Answers a callback: the key says in whose name and to whom. Everybody can write such a key, so only administrators
/// speak in another's name with it.
pub(super) fn send_simple_msg(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: SendSimple = parse(&request.body)?;
    required("content", &asked.content)?;
    let key = key(request)?;
    let (sender, target) = reply_direction(&key, &asked)?;
    let options = BTreeMap::new();
    Ok(Command::Send(Box::new(Draft {
        client_id: None,
        sender,
        target,
        platform: Platform::ADMIN,
        nickname: String::new(),
        face_url: String::new(),
        system: false,
        handling: handling(&options, MARKDOWN),
        content: content(MARKDOWN, json!({ "content": asked.content }).to_string()),
        status: 0,
        sent_at: None,
        created_at: None,
        options,
        offline_push: asked.offline_push.map(OfflinePush::from),
        mentions: Vec::new(),
        attached_info: String::new(),
        ex: asked.ex,
        strangers: false,
        priority: Priority::Normal,
        hidden_from: Vec::new(),
    })))
}

fn key(request: &EdgeRequest) -> Result<Key, Reject> {
    let text = request.query("key").unwrap_or_default();
    required("key", text)?;
    // A '+' that was not percent-encoded arrives as a space.
    let json = STANDARD.decode(text.replace(' ', "+")).map_err(|_| argument("key is not base64"))?;
    let key: Key = serde_json::from_slice(&json).map_err(|_| argument("key is not the JSON it should be"))?;
    required("sendID of key", &key.send_id)?;
    Ok(key)
}

fn reply_direction(key: &Key, asked: &SendSimple) -> Result<(UserId, Target), Reject> {
    if key.group_id.is_empty() {
        let sender = user_id("recvID of key", &key.recv_id)?;
        return Ok((sender, Target::User(user_id("sendID of key", &key.send_id)?)));
    }
    let sender = user_id("sendID", &asked.send_id)?;
    Ok((sender, Target::Group(group_id("groupID of key", &key.group_id)?)))
}
