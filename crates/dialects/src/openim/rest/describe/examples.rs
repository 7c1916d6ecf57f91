//! Bodies that can be sent as they stand. Source: REST sheet 7, 13.

use serde_json::{Value, json};

/// `{"sendID":"u1","recvID":"bot","groupID":""}`, as a callback carries it.
pub(super) const KEY: &str = "eyJzZW5kSUQiOiJ1MSIsInJlY3ZJRCI6ImJvdCIsImdyb3VwSUQiOiIifQ==";

/// Examples for a route; none where it takes no body.
pub(super) fn of(path: &str) -> Vec<(&'static str, Value)> {
    match path {
        "/auth/get_admin_token" => vec![("admin", json!({"secret": "openIM123", "userID": "imAdmin"}))],
        "/auth/get_user_token" | "/auth/force_logout" => {
            vec![("web", json!({"platformID": 5, "userID": "u1"}))]
        }
        "/auth/parse_token" => vec![("token", json!({"token": "eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl"}))],
        "/user/user_register" => vec![("two", two_users())],
        "/user/get_users_info" | "/user/get_users_online_status" => {
            vec![("two", json!({"userIDs": ["u1", "u2"]}))]
        }
        "/group/create_group" => vec![("group", new_group())],
        "/group/get_groups_info" => vec![("one", json!({"groupIDs": ["270011223344556"]}))],
        "/group/invite_user_to_group" => {
            vec![(
                "one",
                json!({"groupID": "270011223344556", "invitedUserIDs": ["u4"], "reason": "asked to"}),
            )]
        }
        "/msg/send_msg" => sends(),
        "/msg/batch_send_msg" => vec![("two", to_many(false)), ("everyone", to_many(true))],
        "/msg/send_simple_msg" => {
            vec![("answer", json!({"content": "**Thank you**", "offlinePushInfo": push(), "ex": ""}))]
        }
        "/msg/newest_seq" => vec![("own", json!({"userID": "u1"}))],
        "/msg/pull_msg_by_seq" => vec![("newest", pull())],
        _ => users(path).or_else(|| friends(path)).map(|body| vec![("one", body)]).unwrap_or_default(),
    }
}

fn first_page() -> Value {
    json!({"pageNumber": 1, "showNumber": 100})
}

fn users(path: &str) -> Option<Value> {
    let kept = json!({"userID": "u1", "type": 1, "uuid": "note-1", "value": "read this", "ex": ""});
    Some(match path {
        "/user/update_user_info" => {
            json!({"userInfo": {"userID": "u1", "nickname": "Ann", "faceURL": "", "ex": "", "globalRecvMsgOpt": 0}})
        }
        "/user/update_user_info_ex" => json!({"userInfo": {"userID": "u1", "nickname": "Ann", "ex": ""}}),
        "/user/set_global_msg_recv_opt" => json!({"userID": "u1", "globalRecvMsgOpt": 2}),
        "/user/get_all_users_uid" => json!({"pagination": first_page()}),
        "/user/get_users" => json!({"pagination": first_page(), "userID": "", "nickName": "an"}),
        "/user/account_check" => json!({"checkUserIDs": ["u1", "u2"]}),
        "/user/get_users_online_token_detail" | "/user/get_users_status" => json!({"userIDs": ["u1", "u2"]}),
        "/user/subscribe_users_status" => json!({"userID": "u1", "userIDs": ["u2"], "genre": 1}),
        "/user/process_user_command_add" | "/user/process_user_command_update" => kept,
        "/user/process_user_command_delete" => json!({"userID": "u1", "type": 1, "uuid": "note-1"}),
        "/user/process_user_command_get" => json!({"userID": "u1", "type": 1}),
        "/user/get_subscribe_users_status"
        | "/user/process_user_command_get_all"
        | "/user/get_user_client_config" => json!({"userID": "u1"}),
        "/user/add_notification_account" => {
            json!({"userID": "news", "nickName": "News", "faceURL": "", "appMangerLevel": 3})
        }
        "/user/update_notification_account" => json!({"userID": "news", "nickName": "Latest news"}),
        "/user/search_notification_account" => json!({"keyword": "ne", "pagination": first_page()}),
        "/user/set_user_client_config" => json!({"userID": "", "configs": {"theme": "dark"}}),
        "/user/del_user_client_config" => json!({"userID": "", "keys": ["theme"]}),
        "/user/page_user_client_config" => json!({"userID": "", "key": "theme", "pagination": first_page()}),
        "/statistics/user/register" => json!({"start": 1_785_542_400_000_u64, "end": 1_788_134_400_000_u64}),
        _ => return None,
    })
}

fn friends(path: &str) -> Option<Value> {
    Some(match path {
        "/friend/add_friend" => {
            json!({"fromUserID": "u1", "toUserID": "u2", "reqMsg": "met at the fair", "ex": ""})
        }
        "/friend/add_friend_response" => {
            json!({"fromUserID": "u1", "toUserID": "u2", "handleResult": 1, "handleMsg": "welcome"})
        }
        "/friend/delete_friend" => json!({"ownerUserID": "u1", "friendUserID": "u2"}),
        "/friend/set_friend_remark" => json!({"ownerUserID": "u1", "friendUserID": "u2", "remark": "Benny"}),
        "/friend/update_friends" => {
            json!({"ownerUserID": "u1", "friendUserIDs": ["u2"], "isPinned": true, "remark": "Benny", "ex": ""})
        }
        "/friend/import_friend" | "/friend/get_designated_friends" => {
            json!({"ownerUserID": "u1", "friendUserIDs": ["u2", "u3"]})
        }
        "/friend/add_black" => json!({"ownerUserID": "u1", "blackUserID": "u2", "ex": ""}),
        "/friend/remove_black" => json!({"ownerUserID": "u1", "blackUserID": "u2"}),
        "/friend/get_black_list" | "/friend/get_friend_list" => {
            json!({"userID": "u1", "pagination": first_page()})
        }
        "/friend/get_specified_blacks" | "/friend/get_specified_friends_info" => {
            json!({"ownerUserID": "u1", "userIDList": ["u2", "u3"]})
        }
        "/friend/get_friend_apply_list" | "/friend/get_self_friend_apply_list" => {
            json!({"userID": "u1", "pagination": first_page(), "handleResults": [0]})
        }
        "/friend/get_designated_friend_apply" => json!({"fromUserID": "u1", "toUserID": "u2"}),
        "/friend/get_self_unhandled_apply_count" => json!({"userID": "u1", "time": 0}),
        "/friend/is_friend" => json!({"userID1": "u1", "userID2": "u2"}),
        "/friend/get_friend_id" => json!({"userID": "u1"}),
        "/friend/get_incremental_friends" => json!({"userID": "u1", "versionID": "", "version": 0}),
        "/friend/get_full_friend_user_ids" => json!({"userID": "u1", "idHash": 0}),
        _ => return None,
    })
}

fn two_users() -> Value {
    json!({"users": [
        {"userID": "u1", "nickname": "Ann", "faceURL": "https://example.test/ann.png", "ex": ""},
        {"userID": "u2", "nickname": "Ben", "appMangerLevel": 0, "globalRecvMsgOpt": 0},
    ]})
}

fn new_group() -> Value {
    json!({
        "groupInfo": {
            "groupID": "", "groupName": "Team", "notification": "Be kind.", "introduction": "", "faceURL": "",
            "ex": "", "groupType": 2, "needVerification": 0, "lookMemberInfo": 0, "applyMemberFriend": 0,
        },
        "ownerUserID": "u1",
        "memberUserIDs": ["u2"],
        "adminUserIDs": ["u3"],
    })
}

fn push() -> Value {
    json!({"title": "New message", "desc": "Ann: hi", "ex": "", "iOSPushSound": "", "iOSBadgeCount": true,
           "signalInfo": ""})
}

fn sends() -> Vec<(&'static str, Value)> {
    let text = json!({
        "sendID": "u1", "recvID": "u2", "senderNickname": "Ann", "senderFaceURL": "", "senderPlatformID": 5,
        "content": {"content": "hi"}, "contentType": 101, "sessionType": 1, "isOnlineOnly": false,
        "notOfflinePush": false, "sendTime": 0, "offlinePushInfo": push(), "ex": "", "clientMsgID": "once-1",
    });
    let picture = json!({"uuid": "p1", "type": "png", "size": 2048, "width": 640, "height": 480,
                         "url": "https://example.test/p.png"});
    let pictures = json!({"sourcePicture": picture, "bigPicture": picture, "snapshotPicture": picture});
    let voice =
        json!({"uuid": "v1", "sourceUrl": "https://example.test/v.m4a", "dataSize": 4096, "duration": 3});
    let video = json!({
        "videoUrl": "https://example.test/v.mp4", "videoType": "mp4", "videoSize": 65536, "duration": 4,
        "snapshotUrl": "https://example.test/s.png", "snapshotWidth": 320, "snapshotHeight": 240,
    });
    let file = json!({"uuid": "f1", "sourceUrl": "https://example.test/f.pdf", "fileName": "f.pdf", "fileSize": 512});
    let mentions = json!({"text": "@u2 hi", "atUserList": ["u2"]});
    let own = json!({"data": "{\"order\":7}", "description": "an order", "extension": ""});
    let notice = json!({"notificationName": "News", "notificationType": 1, "text": "hello", "mixType": 0});
    vec![
        ("text", text),
        ("textInGroup", in_group(101, &json!({"content": "hi"}))),
        ("picture", to_user(102, &pictures)),
        ("voice", to_user(103, &voice)),
        ("video", to_user(104, &video)),
        ("file", to_user(105, &file)),
        ("mentions", in_group(106, &mentions)),
        ("custom", to_user(110, &own)),
        ("quote", to_user(114, &json!({"text": "yes"}))),
        ("markdown", to_user(118, &json!({"content": "**hi**"}))),
        (
            "notification",
            json!({"sendID": "news", "recvID": "u2", "content": notice, "contentType": 1400, "sessionType": 4}),
        ),
    ]
}

fn to_user(content_type: i32, content: &Value) -> Value {
    json!({"sendID": "u1", "recvID": "u2", "content": content, "contentType": content_type, "sessionType": 1})
}

fn in_group(content_type: i32, content: &Value) -> Value {
    json!({"sendID": "u1", "groupID": "270011223344556", "content": content, "contentType": content_type,
           "sessionType": 3})
}

fn to_many(everyone: bool) -> Value {
    let recipients = if everyone { json!([]) } else { json!(["u2", "u3"]) };
    json!({"sendID": "u1", "recvIDs": recipients, "isSendAll": everyone, "content": {"content": "hi all"},
           "contentType": 101, "sessionType": 1})
}

fn pull() -> Value {
    json!({"userID": "u1", "order": 0, "seqRanges": [
        {"conversationID": "si_u1_u2", "begin": 1, "end": 20, "num": 20},
    ]})
}
