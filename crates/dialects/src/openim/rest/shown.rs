//! Messages as JSON. Source: REST sheet 12 (`MsgData`), 7.1 (`modify`).

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ringback_model::message::Message;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::openim::content::to_wire;
use crate::openim::wire::{MsgData, OfflinePushInfo};

/// A message, every field printed.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "MsgData")]
pub(super) struct MsgDataJson {
    #[serde(rename = "sendID")]
    send_id: String,
    #[serde(rename = "recvID")]
    recv_id: String,
    #[serde(rename = "groupID")]
    group_id: String,
    #[serde(rename = "clientMsgID")]
    client_msg_id: String,
    #[serde(rename = "serverMsgID")]
    server_msg_id: String,
    #[serde(rename = "senderPlatformID")]
    sender_platform_id: i32,
    #[serde(rename = "senderNickname")]
    sender_nickname: String,
    #[serde(rename = "senderFaceURL")]
    sender_face_url: String,
    /// 1 single, 3 group, 4 notification.
    #[serde(rename = "sessionType")]
    session_type: i32,
    /// 100 a user, 200 the app's backend.
    #[serde(rename = "msgFrom")]
    msg_from: i32,
    #[serde(rename = "contentType")]
    content_type: i32,
    /// Base64 of a JSON object.
    content: String,
    seq: i64,
    /// Milliseconds since 1970.
    #[serde(rename = "sendTime")]
    send_time: i64,
    /// Milliseconds since 1970.
    #[serde(rename = "createTime")]
    create_time: i64,
    status: i32,
    #[serde(rename = "isRead")]
    is_read: bool,
    options: BTreeMap<String, bool>,
    #[serde(rename = "offlinePushInfo")]
    offline_push_info: Option<OfflinePushJson>,
    #[serde(rename = "atUserIDList")]
    at_user_id_list: Vec<String>,
    #[serde(rename = "attachedInfo")]
    attached_info: String,
    ex: String,
}

/// What an offline push shows.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "OfflinePushInfo")]
struct OfflinePushJson {
    title: String,
    desc: String,
    ex: String,
    #[serde(rename = "iOSPushSound")]
    ios_push_sound: String,
    #[serde(rename = "iOSBadgeCount")]
    ios_badge_count: bool,
    #[serde(rename = "signalInfo")]
    signal_info: String,
}

impl From<OfflinePushInfo> for OfflinePushJson {
    fn from(push: OfflinePushInfo) -> Self {
        Self {
            title: push.title,
            desc: push.desc,
            ex: push.ex,
            ios_push_sound: push.ios_push_sound,
            ios_badge_count: push.ios_badge_count,
            signal_info: push.signal_info,
        }
    }
}

impl MsgDataJson {
    /// As pulls answer it: content in base64.
    pub(super) fn pulled(data: MsgData) -> Self {
        let content = STANDARD.encode(&data.content);
        Self::with_content(data, content)
    }

    fn with_content(data: MsgData, content: String) -> Self {
        Self {
            send_id: data.send_id,
            recv_id: data.recv_id,
            group_id: data.group_id,
            client_msg_id: data.client_msg_id,
            server_msg_id: data.server_msg_id,
            sender_platform_id: data.sender_platform_id,
            sender_nickname: data.sender_nickname,
            sender_face_url: data.sender_face_url,
            session_type: data.session_type,
            msg_from: data.msg_from,
            content_type: data.content_type,
            content,
            seq: data.seq,
            send_time: data.send_time,
            create_time: data.create_time,
            status: data.status,
            is_read: data.is_read,
            options: data.options,
            offline_push_info: data.offline_push_info.map(OfflinePushJson::from),
            at_user_id_list: data.at_user_id_list,
            attached_info: data.attached_info,
            ex: data.ex,
        }
    }
}

/// Fields that stand beside `modify` or that no callback sets.
const NEVER_MODIFIED: [&str; 4] = ["serverMsgID", "clientMsgID", "sendTime", "seq"];

/// What before-callbacks changed, by field name; content as plain text. `None` where nothing shows.
pub(super) fn modify(before: &Message, after: &Message) -> Option<Map<String, Value>> {
    let before = fields(before)?;
    let mut changed = fields(after)?;
    changed.retain(|name, value| before.get(name) != Some(value) && !NEVER_MODIFIED.contains(&name.as_str()));
    (!changed.is_empty()).then_some(changed)
}

fn fields(message: &Message) -> Option<Map<String, Value>> {
    let data = to_wire(message);
    let content = String::from_utf8_lossy(&data.content).into_owned();
    match serde_json::to_value(MsgDataJson::with_content(data, content)) {
        Ok(Value::Object(fields)) => Some(fields),
        _ => None,
    }
}
