//! Under which name of a rule a callback of the family comes, and which members it has.
//! Source: easemob-callbacks fact sheet 3.2, 5.1 (messages), 5.3 (follow-ups), 5.4 and 5.5 (groups), 5.6 (user status), 5.7
//! (contacts), 5.8 (keyword filter), 5.9 (reactions, threads), 5.10 (offline pushes).

use std::collections::BTreeSet;

use serde_json::Value;

/// The most exact name that a rule can select it by.
///
/// # Panics
/// When it is none of the family's.
pub(super) fn name(body: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let payload = &body["payload"];
    if body["event"] == "group_op_event" {
        let parts = ["group_op_event".to_owned(), text(&body["operation"]), text(&payload["type"])];
        return parts.join(":").trim_end_matches(':').to_owned();
    }
    if body["eventType"] == "keyword_alert" {
        let reason = match body["status"].as_str() {
            Some("refuse") => "intercepted",
            Some("replace") => "replaced",
            _ => "through",
        };
        return format!("sensitiveWords:{reason}");
    }
    if body["step"] == "push" {
        return "push".to_owned();
    }
    match body["chat_type"].as_str() {
        Some(family @ ("muc" | "roster")) => format!("{family}:{}", text(&payload["operation"])),
        Some("notify") => text(&payload["type"]),
        Some(one @ ("recall" | "edit" | "read_ack" | "channel_ack")) => one.to_owned(),
        Some("chat" | "groupchat") if body["eventType"] == "chat_offline" => "chat_offline".to_owned(),
        Some("chat" | "groupchat") => text(&body["content_type"]),
        None if body.get("user").is_some() => format!("userStatus:{}", text(&body["reason"])),
        _ => panic!("{body}"),
    }
}

/// Members that callbacks have whose name begins so: of the body, and of `payload`. `?` behind a member: it may be missing.
type Members = (&'static str, &'static str, &'static str);

const MESSAGE: &str = "callId eventType timestamp chat_type group_id? from to msg_id payload securityVersion security \
    appkey host content_type";
const FOLLOW: &str =
    "callId eventType timestamp chat_type group_id? from to msg_id payload security appkey host";
const GROUP: &str = "callId security appkey id type event operation operator timestamp payload";
const MUC: &str = "callId security chat_type eventType group_id host appkey from to msg_id timestamp payload";
const ROSTER: &str = "callId security chat_type eventType host appkey from to msg_id timestamp payload";

/// The first line that fits counts.
const MEMBERS: [Members; 48] = [
    ("chat:", MESSAGE, "bodies ext from to type meta?"),
    ("chat_offline", MESSAGE, "bodies ext from to type meta?"),
    (
        "recall",
        "callId eventType timestamp from to recall_id msg_id group_id? appkey host security chat_type payload",
        "ext ack_message_id bodies",
    ),
    (
        "edit",
        "callId timestamp appkey from to msg_id securityVersion security chat_type payload",
        "bodies edit_message_id from to type meta",
    ),
    (
        "read_ack",
        "callId eventType timestamp chat_type group_id? from to msg_id payload security appkey host \
        content_type?",
        "ext ack_message_id bodies? msg_config? type?",
    ),
    ("channel_ack", FOLLOW, "ack_message_id type"),
    ("reaction", FOLLOW, "type channel_type num data"),
    ("thread", FOLLOW, "type data"),
    ("group_op_event:CREATE", GROUP, "role member info"),
    ("group_op_event:DELETE", "callId security appkey id type event operation operator timestamp", ""),
    (
        "group_op_event:JOIN",
        "callId security appkey id type event operation operator timestamp payload member_count?",
        "member type",
    ),
    ("group_op_event:LEAVE", GROUP, "member type"),
    ("group_op_event:UPDATE:INFO", GROUP, "type info"),
    ("group_op_event:UPDATE:OWNER", GROUP, "type owner new_owner"),
    ("group_op_event:UPDATE:ANNOUNCEMENT", GROUP, "type announcement?"),
    ("group_op_event:UPDATE:MUTE", GROUP, "type mute"),
    ("group_op_event:UPDATE:DISABLE", GROUP, "type disable"),
    ("group_op_event:ADMIN", GROUP, "admin type"),
    ("group_op_event:BLOCK:ADD", GROUP, "member type expire_timestamp"),
    ("group_op_event:BLOCK:REMOVE", GROUP, "member type"),
    ("group_op_event:MUTE:ADD", GROUP, "member type expire_timestamp"),
    ("group_op_event:MUTE:REMOVE", GROUP, "member type"),
    ("group_op_event:WHITE", GROUP, "member type"),
    ("group_op_event:SHIELD", GROUP, "type"),
    ("group_op_event:SHARE_FILE", GROUP, "share_file type"),
    ("group_op_event:ROOM_SUPER_ADMIN", GROUP, "admin type"),
    ("muc:create", MUC, "muc_id is_chatroom operation status reason"),
    ("muc:apply_accept", MUC, "muc_id is_chatroom operation status"),
    ("muc:apply", MUC, "muc_id is_chatroom operation status reason"),
    ("muc:invite_", MUC, "muc_id is_chatroom operation status"),
    ("muc:invite", MUC, "muc_id is_chatroom operation status reason"),
    ("muc:presence", MUC, "muc_id is_chatroom operation"),
    ("muc:absence", MUC, "muc_id is_chatroom operation"),
    ("muc:update_announcement", MUC, "muc_id is_chatroom operation status reason"),
    ("muc:delete_announcement", MUC, "muc_id is_chatroom operation status reason"),
    ("muc:upload_file", MUC, "muc_id is_chatroom operation status reason"),
    ("muc:delete_file", MUC, "muc_id is_chatroom operation status reason"),
    ("muc:set_metadata", MUC, "muc_id is_chatroom operation status event_info"),
    ("muc:delete_metadata", MUC, "muc_id is_chatroom operation status event_info"),
    ("muc:group_member_metadata_update", MUC, "muc_id is_chatroom operation status event_info"),
    ("muc:", MUC, "muc_id is_chatroom operation status reason?"),
    ("roster:add", ROSTER, "reason operation"),
    ("roster:ban", ROSTER, "operation status"),
    ("roster:allow", ROSTER, "operation status"),
    ("roster:", ROSTER, "roster_ver operation"),
    ("userStatus:", "callId reason security os ip host appkey user version timestamp status", ""),
    (
        "push",
        "callId security appkey chat_type step status target from group_id? msg_id channel? detail? timestamp",
        "",
    ),
    (
        "sensitiveWords:",
        "callId eventType alertReason status contentOwner contentReceiver sensitiveWords contentUri \
        contentType chatType host appkey timestamp security",
        "",
    ),
];

/// Panics where a callback has members that the sheet does not know, or lacks one.
pub(super) fn compare(name: &str, body: &Value) {
    let line = MEMBERS.iter().find(|(begins, _, _)| name.starts_with(begins));
    let (_, top, payload) = line.unwrap_or_else(|| panic!("{name} is nowhere: {body}"));
    same(name, top, body);
    same(name, payload, body.get("payload").unwrap_or(&Value::Object(serde_json::Map::new())));
    assert!(body["timestamp"].is_i64(), "{name}: {body}");
    let security = body["security"].as_str().unwrap();
    assert!(security.len() == 32 && security.bytes().all(|byte| byte.is_ascii_hexdigit()), "{name}: {body}");
    assert!(body["callId"].as_str().unwrap().starts_with("demo#demo_"), "{name}: {body}");
}

fn same(name: &str, expected: &str, object: &Value) {
    let has: BTreeSet<&str> = object.as_object().unwrap().keys().map(String::as_str).collect();
    let all: BTreeSet<&str> = expected.split_whitespace().map(|one| one.trim_end_matches('?')).collect();
    let needed: BTreeSet<&str> = expected.split_whitespace().filter(|one| !one.ends_with('?')).collect();
    assert!(needed.is_subset(&has) && has.is_subset(&all), "{name}: {expected:?} was expected: {object}");
}
