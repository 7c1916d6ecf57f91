//! Bodies that can be sent as they stand. Source: REST sheet 7, 13.

mod chats;
mod groups;
mod people;

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
        path if path.starts_with("/group/") || path.starts_with("/statistics/group/") => groups::of(path),
        "/msg/send_msg" => sends(),
        "/msg/batch_send_msg" => vec![("two", to_many(false)), ("everyone", to_many(true))],
        "/msg/send_simple_msg" => {
            vec![("answer", json!({"content": "**Thank you**", "offlinePushInfo": push(), "ex": ""}))]
        }
        "/msg/newest_seq" => vec![("own", json!({"userID": "u1"}))],
        "/msg/pull_msg_by_seq" => vec![("newest", pull())],
        "/third/fcm_update_token" => {
            vec![(
                "phone",
                json!({"platformID": 2, "fcmToken": "d1:APA91b", "account": "u1", "expireTime": 0}),
            )]
        }
        "/third/set_app_badge" => vec![("three", json!({"userID": "u1", "appUnreadCount": 3}))],
        "/third/logs/upload" => vec![(
            "one",
            json!({
                "platform": "Android", "appFramework": "Flutter", "version": "3.8.5", "ex": "",
                "fileURLs": [{"filename": "sdk.log", "URL": "https://im.example.test/object/u1/sdk.log"}],
            }),
        )],
        "/third/logs/delete" => vec![("one", json!({"logIDs": ["00000000000000000042"]}))],
        "/third/logs/search" => vec![(
            "newest",
            json!({
                "keyword": "", "startTime": 0, "endTime": 0, "pagination": {"pageNumber": 1, "showNumber": 20},
            }),
        )],
        "/object/part_size" => vec![("picture", json!({"size": 12_582_912}))],
        "/object/initiate_multipart_upload" => vec![("picture", upload())],
        "/object/auth_sign" => vec![("two", json!({"uploadID": UPLOAD_ID, "partNumbers": [1, 2]}))],
        "/object/complete_multipart_upload" => vec![(
            "picture",
            json!({"uploadID": UPLOAD_ID, "parts": [PART, PART, PART], "name": "u1/p.png",
                   "contentType": "image/png", "cause": ""}),
        )],
        "/object/access_url" => vec![("picture", json!({"name": "u1/p.png"}))],
        other => people::of(other).map_or_else(|| chats::of(other), |body| vec![("one", body)]),
    }
}

/// As an upload is named, cut short.
const UPLOAD_ID: &str = "eyJ1c2VyIjoidTEifQ.c2VhbA";
const PART: &str = "900150983cd24fb0d6963f7d28e17f72";

fn upload() -> Value {
    json!({"hash": "7a8b0d3a9e0f1c2d3e4f5a6b7c8d9e0f", "size": 12_582_912, "partSize": 5_242_880, "maxParts": -1,
           "cause": "", "name": "u1/p.png", "contentType": "image/png"})
}

fn two_users() -> Value {
    json!({"users": [
        {"userID": "u1", "nickname": "Ann", "faceURL": "https://example.test/ann.png", "ex": ""},
        {"userID": "u2", "nickname": "Ben", "appMangerLevel": 0, "globalRecvMsgOpt": 0},
    ]})
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
