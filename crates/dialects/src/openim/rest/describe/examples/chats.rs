//! Bodies about conversations, and about messages that were sent.

use serde_json::{Value, json};

/// Examples for a route; none where it takes no body.
pub(super) fn of(path: &str) -> Vec<(&'static str, Value)> {
    match path.strip_prefix("/msg/") {
        Some(route) => of_messages(route),
        None => of_conversations(path),
    }
}

fn of_messages(route: &str) -> Vec<(&'static str, Value)> {
    let chat = "si_u1_u2";
    match route {
        "revoke_msg" => vec![("own", json!({"conversationID": chat, "seq": 7, "userID": "u1"}))],
        "mark_msgs_as_read" => {
            vec![("two", json!({"conversationID": chat, "seqs": [6, 7], "userID": "u1"}))]
        }
        "mark_conversation_as_read" => {
            vec![("whole", json!({"conversationID": chat, "userID": "u1", "hasReadSeq": 7, "seqs": [7]}))]
        }
        "set_conversation_has_read_seq" => {
            let position =
                json!({"conversationID": chat, "userID": "u1", "hasReadSeq": 7, "noNotification": false});
            vec![("position", position)]
        }
        "get_conversations_has_read_and_max_seq" => {
            vec![("some", json!({"userID": "u1", "conversationIDs": [chat], "returnPinned": true}))]
        }
        "clear_conversation_msg" => {
            vec![("one", json!({"conversationIDs": [chat], "userID": "u1", "deleteSyncOpt": reach()}))]
        }
        "user_clear_all_msg" => vec![("all", json!({"userID": "u1", "deleteSyncOpt": reach()}))],
        "delete_msgs" => {
            let one = json!({"conversationID": chat, "seqs": [7], "userID": "u1", "deleteSyncOpt": reach()});
            vec![("one", one)]
        }
        "delete_msg_phsical_by_seq" => vec![("one", json!({"conversationID": chat, "seqs": [7]}))],
        "delete_msg_physical" => {
            vec![("old", json!({"conversationIDs": [chat], "timestamp": 1_760_000_000_000_i64}))]
        }
        "search_msg" => vec![(
            "texts",
            json!({"sendID": "u1", "recvID": "u2", "contentType": 101, "sendTime": "2026-01-31", "sessionType": 1,
                   "pagination": page()}),
        )],
        "send_business_notification" => vec![
            (
                "user",
                json!({"key": "order", "data": "{\"id\":7}", "sendUserID": "u1", "recvUserID": "u2",
                       "sendMsg": false, "reliabilityLevel": 1}),
            ),
            (
                "group",
                json!({"key": "order", "data": "7", "sendUserID": "u1", "recvGroupID": "270011223344556"}),
            ),
        ],
        _ => Vec::new(),
    }
}

fn of_conversations(path: &str) -> Vec<(&'static str, Value)> {
    let chat = "si_u1_u2";
    match path {
        "/conversation/get_incremental_conversations" => vec![
            ("first", json!({"userID": "u1", "version": 0, "versionID": ""})),
            ("later", json!({"userID": "u1", "version": 3, "versionID": "00a1b2c3d4e5f60718293a4b"})),
        ],
        "/conversation/get_full_conversation_ids" => vec![("check", json!({"userID": "u1", "idHash": 0}))],
        "/conversation/get_owner_conversation" => {
            vec![("page", json!({"userID": "u1", "pagination": page()}))]
        }
        "/conversation/get_all_conversations" => vec![("own", json!({"ownerUserID": "u1"}))],
        "/conversation/get_conversations" => {
            vec![("one", json!({"ownerUserID": "u1", "conversationIDs": [chat]}))]
        }
        "/conversation/get_conversation" => {
            vec![("one", json!({"ownerUserID": "u1", "conversationID": chat}))]
        }
        "/conversation/set_conversations" => vec![
            (
                "pin",
                settings(
                    &json!({"conversationID": chat, "conversationType": 1, "userID": "u2", "isPinned": true}),
                ),
            ),
            (
                "group",
                settings(&json!({
                    "conversationID": "sg_270011223344556", "conversationType": 3, "groupID": "270011223344556",
                    "recvMsgOpt": 2, "attachedInfo": "", "ex": "", "groupAtType": 0, "burnDuration": 30,
                    "minSeq": 0, "maxSeq": 0, "msgDestructTime": 86400, "isMsgDestruct": false,
                    "isPrivateChat": false,
                })),
            ),
        ],
        "/conversation/get_sorted_conversation_list" => {
            vec![("page", json!({"userID": "u1", "conversationIDs": [], "pagination": page()}))]
        }
        "/conversation/get_not_notify_conversation_ids" | "/conversation/get_pinned_conversation_ids" => {
            vec![("own", json!({"userID": "u1"}))]
        }
        "/conversation/delete_conversations" => vec![
            ("named", json!({"ownerUserID": "u1", "conversationIDs": [chat]})),
            ("quiet", json!({"ownerUserID": "u1", "needDeleteTime": 30})),
        ],
        "/conversation/update_conversations_by_user" => vec![("ex", json!({"userID": "u1", "ex": "{}"}))],
        "/jssdk/get_active_conversations" => vec![("newest", json!({"ownerUserID": "u1", "count": 20}))],
        "/jssdk/get_conversations" => {
            vec![("one", json!({"ownerUserID": "u1", "conversationIDs": [chat]}))]
        }
        _ => Vec::new(),
    }
}

fn settings(conversation: &Value) -> Value {
    json!({"userIDs": ["u1"], "conversation": conversation})
}

fn reach() -> Value {
    json!({"IsSyncSelf": true, "IsSyncOther": false})
}

fn page() -> Value {
    json!({"pageNumber": 1, "showNumber": 20})
}
