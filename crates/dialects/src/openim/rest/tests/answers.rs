//! Outcomes as JSON.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ringback_model::command::{Outcome, Pulled, Sent};
use ringback_model::conversation::{ConversationId, Target};
use ringback_model::failure::Fault;
use ringback_model::group::{Group, GroupKind, GroupStatus};
use ringback_model::ids::{GroupId, MessageId, UserId};
use ringback_model::message::{Handling, Message, OfflinePush, Priority};
use ringback_model::record::Seen;
use ringback_model::time::UnixMs;
use ringback_model::user::{AccountLevel, Connection, Platform, Standing, User};
use serde_json::json;

use super::{NOW, OpenImEdge, data, data_for, request};
use crate::openim::content::content;
use ringback_model::dialect::Edge;

fn user(text: &str) -> UserId {
    UserId::parse(text).unwrap()
}

fn message() -> Message {
    Message {
        id: MessageId(7),
        public_id: None,
        client_id: "c1".into(),
        sender: user("u1"),
        target: Target::User(user("u2")),
        seq: 3,
        platform: Platform::WEB,
        nickname: "Ann".into(),
        face_url: String::new(),
        system: true,
        content: content(101, r#"{"content":"hi"}"#.into()),
        status: 1,
        sent_at: UnixMs(1_760_000_000_000),
        created_at: UnixMs(1_760_000_000_001),
        options: [("unreadCount".to_owned(), false)].into(),
        handling: Handling::default(),
        offline_push: None,
        mentions: Vec::new(),
        attached_info: String::new(),
        ex: "e".into(),
        priority: Priority::Normal,
        hidden_from: Vec::new(),
    }
}

fn sent(before: Option<Message>) -> Sent {
    Sent { message: Arc::new(message()), before: before.map(Box::new) }
}

#[test]
fn tokens_exactly() {
    let reply = OpenImEdge.encode(
        &request("/auth/get_admin_token", "{}"),
        &Ok(Outcome::Token { text: "jwt".into(), valid_s: 7_776_000 }),
        NOW,
    );
    let text = r#"{"errCode":0,"errMsg":"","errDlt":"","data":{"token":"jwt","expireTimeSeconds":7776000}}"#;
    assert_eq!(String::from_utf8(reply.body).unwrap(), text);
    let facts =
        Outcome::TokenFacts { user: user("u1"), platform: Platform::WEB, expires_at_s: 1_760_000_000 };
    assert_eq!(
        data("/auth/parse_token", facts),
        json!({"userID": "u1", "platformID": 5, "expireTimeSeconds": 1_760_000_000})
    );
}

#[test]
fn profiles() {
    let ann = User {
        id: user("u1"),
        nickname: "Ann".into(),
        face_url: String::new(),
        ex: String::new(),
        created_at: UnixMs(1_760_000_000_000),
        level: AccountLevel::ORDINARY,
        receive_option: 0,
        standing: Standing::default(),
    };
    assert_eq!(
        data("/user/get_users_info", Outcome::Users(vec![ann])),
        json!({"usersInfo": [{"userID": "u1", "nickname": "Ann", "faceURL": "", "ex": "",
               "createTime": 1_760_000_000_000_i64, "appMangerLevel": 0, "globalRecvMsgOpt": 0}]})
    );
    assert_eq!(data("/user/get_users_info", Outcome::Users(vec![])), json!({"usersInfo": []}));
}

#[test]
fn presence_is_a_bare_list() {
    let phone =
        Connection { platform: Platform(1), id: "k1".into(), background: true, token_id: "t1".into() };
    let online = Outcome::Online(vec![(user("u1"), vec![phone]), (user("u2"), vec![])]);
    assert_eq!(
        data_for("/user/get_users_online_status", &json!({"userIDs": ["u1", "u2"]}), online),
        json!([
            {"userID": "u1", "status": 1, "detailPlatformStatus":
                [{"platformID": 1, "connID": "k1", "isBackground": true, "token": "t1"}]},
            {"userID": "u2", "status": 0, "detailPlatformStatus": []},
        ])
    );
}

#[test]
fn groups_in_full() {
    let group = Group {
        id: GroupId::parse("77").unwrap(),
        name: "g".into(),
        notification: "n".into(),
        introduction: "i".into(),
        face_url: "f".into(),
        owner: user("u1"),
        creator: user("u2"),
        created_at: UnixMs(5),
        ex: "e".into(),
        status: GroupStatus::Muted,
        verification: 1,
        look_member_info: 1,
        apply_member_friend: 1,
        notification_at: UnixMs(6),
        notification_by: "u3".into(),
        member_count: 4,
        kind: GroupKind::Group,
        max_members: 0,
        invite_confirm: false,
        thread: None,
    };
    let shown = json!({
        "groupID": "77", "groupName": "g", "notification": "n", "introduction": "i", "faceURL": "f",
        "ownerUserID": "u1", "createTime": 5, "memberCount": 4, "ex": "e", "status": 3, "creatorUserID": "u2",
        "groupType": 2, "needVerification": 1, "lookMemberInfo": 1, "applyMemberFriend": 1,
        "notificationUpdateTime": 6, "notificationUserID": "u3",
    });
    assert_eq!(
        data("/group/create_group", Outcome::Group(Box::new(group.clone()))),
        json!({"groupInfo": shown})
    );
    let states = [(GroupStatus::Open, 0), (GroupStatus::Banned, 1), (GroupStatus::Dismissed, 2)];
    let groups = states.iter().map(|(status, _)| Group { status: *status, ..group.clone() }).collect();
    let infos = data("/group/get_groups_info", Outcome::Groups(groups));
    for (at, (_, number)) in states.iter().enumerate() {
        assert_eq!(infos["groupInfos"][at]["status"], *number);
    }
}

#[test]
fn an_unchanged_message_has_no_modify() {
    let plain =
        json!({"serverMsgID": MessageId(7).to_hex(), "clientMsgID": "c1", "sendTime": 1_760_000_000_000_i64});
    assert_eq!(data("/msg/send_msg", Outcome::Sent(sent(None))), plain);
    assert_eq!(data("/msg/send_simple_msg", Outcome::Sent(sent(None))), plain);
    let numbered = Message { seq: 0, ..message() };
    assert_eq!(data("/msg/send_msg", Outcome::Sent(sent(Some(numbered)))), plain, "a seq is no change");
}

#[test]
fn modify_holds_what_callbacks_changed() {
    let before = Message {
        seq: 0,
        client_id: "c0".into(),
        content: content(101, r#"{"content":"bad"}"#.into()),
        ex: String::new(),
        offline_push: Some(OfflinePush::default()),
        ..message()
    };
    let answer = data("/msg/send_msg", Outcome::Sent(sent(Some(before))));
    assert_eq!(
        answer["modify"],
        json!({"content": r#"{"content":"hi"}"#, "ex": "e", "offlinePushInfo": null}),
        "changed fields only, content as text, ids never"
    );
    let shown =
        Sent { message: Arc::new(Message { public_id: Some("mine".into()), ..message() }), before: None };
    assert_eq!(data("/msg/send_msg", Outcome::Sent(shown))["serverMsgID"], "mine");
}

#[test]
fn batches_name_every_receiver() {
    let before = Message { ex: String::new(), ..message() };
    let outcome = Outcome::SentToMany {
        sent: vec![(Target::User(user("u2")), sent(None)), (Target::User(user("u3")), sent(Some(before)))],
        failed: vec![(Target::User(user("u4")), Fault::new("broken").into())],
    };
    let id = MessageId(7).to_hex();
    let time = 1_760_000_000_000_i64;
    assert_eq!(
        data("/msg/batch_send_msg", outcome),
        json!({"results": [
            {"serverMsgID": id, "clientMsgID": "c1", "sendTime": time, "recvID": "u2"},
            {"serverMsgID": id, "clientMsgID": "c1", "sendTime": time, "recvID": "u3", "modify": {"ex": "e"}},
        ], "failedUserIDs": ["u4"]})
    );
}

#[test]
fn newest_seqs_leave_empty_conversations_out() {
    let chat = |peer: &str| ConversationId::single(&user("u1"), &user(peer));
    let outcome = Outcome::Seqs(vec![(chat("u2"), 9), (chat("u0").aside(), 4), (chat("u3"), 0)]);
    assert_eq!(
        data("/msg/newest_seq", outcome),
        json!({"maxSeqs": {"si_u1_u2": 9, "n_u0_u1": 4}, "minSeqs": {}})
    );
}

#[test]
fn pulled_messages_with_every_field() {
    let pulled = |conversation: &str, messages, is_end| Pulled {
        conversation: conversation.to_owned(),
        messages,
        gaps: Vec::new(),
        is_end,
        end_seq: 3,
    };
    let outcome = Outcome::Pulled(vec![
        pulled(
            "si_u1_u2",
            vec![Seen { message: Arc::new(message()), fate: None, hidden: false, read: false }],
            true,
        ),
        pulled("n_u1_u2", vec![], false),
    ]);
    let shown = json!({
        "sendID": "u1", "recvID": "u2", "groupID": "", "clientMsgID": "c1", "serverMsgID": MessageId(7).to_hex(),
        "senderPlatformID": 5, "senderNickname": "Ann", "senderFaceURL": "", "sessionType": 1, "msgFrom": 200,
        "contentType": 101, "content": STANDARD.encode(r#"{"content":"hi"}"#), "seq": 3,
        "sendTime": 1_760_000_000_000_i64, "createTime": 1_760_000_000_001_i64, "status": 2, "isRead": false,
        "options": {"unreadCount": false}, "offlinePushInfo": null, "atUserIDList": [], "attachedInfo": "", "ex": "e",
    });
    assert_eq!(
        data("/msg/pull_msg_by_seq", outcome),
        json!({
            "msgs": {"si_u1_u2": {"Msgs": [shown], "isEnd": true, "endSeq": 3}},
            "notificationMsgs": {"n_u1_u2": {"Msgs": [], "isEnd": false, "endSeq": 3}},
        })
    );
}

#[test]
fn the_clock() {
    assert_eq!(data("/msg/get_server_time", Outcome::Time(UnixMs(5))), json!({"serverTime": 5}));
}
