//! Conversations as clients live with them: what they read, take back, delete and set, what others are told of it, and
//! what they find afterwards. Source: openim-rest fact sheet 7 to 9; openim-client-protocol fact sheet 3.2, 5.4 to 5.6.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use prost::Message as _;
use ringback_e2e::app::{App, conversation, platform};
use ringback_e2e::client::Client;
use ringback_e2e::receiver::Receiver;
use ringback_e2e::rest::Rest;
use ringback_e2e::rules::{ON, webhooks};
use ringback_e2e::setup::Setup;
use ringback_e2e::wire::{
    Batch, Batches, MaxSeqs, MsgData, PullRangesReq, PullSeqsReq, ReadSeqsReq, ReadSeqsResp, SeqList,
    SeqRange, UserReq, request,
};
use serde_json::{Value, json};

const CHAT: &str = "si_ann_ben";
const BESIDE: &str = "n_ann_ben";

/// The tips of a notice.
fn tips(message: &MsgData) -> Value {
    let element: Value = serde_json::from_slice(&message.content).unwrap();
    serde_json::from_str(element["detail"].as_str().unwrap()).unwrap()
}

async fn notice(client: &Client, content_type: i32) -> (MsgData, Value) {
    let message = client.pushed(|one| one.content_type == content_type).await;
    assert_eq!((message.msg_from, message.options.get("isNotNotification")), (200, Some(&false)));
    let tips = tips(&message);
    (message, tips)
}

async fn done(rest: &Rest, path: &str, body: Value) {
    let reply = rest.post(path, &body).await;
    assert_eq!(reply.code(), 0, "{path} {body}: {}", reply.body);
    assert!(reply.body.get("data").is_none(), "{path}: {}", reply.body);
}

/// Everything of a conversation, as a client pulls it.
async fn pulled(client: &Client, name: &str) -> Batch {
    let range = SeqRange { conversation_id: name.to_owned(), begin: 0, end: i64::MAX >> 12, num: 0 };
    let ask = PullRangesReq { user_id: client.user.clone(), ranges: vec![range], order: 0 };
    let told = client.request(request::PULL_RANGES, ask.encode_to_vec()).await;
    let mut batches = Batches::decode(told.data.as_slice()).unwrap();
    let side = if name.starts_with("n_") { &mut batches.notification_msgs } else { &mut batches.msgs };
    side.remove(name).expect(name)
}

fn shown(batch: &Batch) -> Vec<(i64, i32, i32, bool)> {
    batch.msgs.iter().map(|one| (one.seq, one.content_type, one.status, one.is_read)).collect()
}

#[tokio::test]
async fn what_becomes_of_messages_reaches_both_sides_and_stays() {
    let receiver = Receiver::start().await;
    let read = ("afterSingleMsgRead", ON);
    let rules = webhooks(
        &receiver.url(),
        &[read, ("afterRevokeMsg", ON), ("beforeCreateSingleChatConversations", ON)],
    );
    let app = App::start(Setup::dev().webhooks(&rules), &["ann", "ben", "cat"]).await;
    let (ann, ben) = (app.rest_of("ann").await, app.rest_of("ben").await);
    let (at_ann, at_ben) = (app.login("ann", platform::IOS).await, app.login("ben", platform::ANDROID).await);
    for text in ["one", "two", "three", "four"] {
        app.send("ann", "ben", text).await.data();
    }
    at_ben.pushed(|one| one.seq == 4).await;

    done(&ben, "/msg/mark_msgs_as_read", json!({"conversationID": CHAT, "seqs": [1, 2], "userID": "ben"}))
        .await;
    let (kept, read) = notice(&at_ann, 2200).await;
    assert_eq!((kept.seq, kept.session_type, kept.send_id.as_str()), (1, 1, "ben"), "kept beside the chat");
    let expected =
        json!({"markAsReadUserID": "ben", "conversationID": CHAT, "seqs": [1, 2], "hasReadSeq": 2});
    assert_eq!(read, expected);
    let too_far = json!({"conversationID": CHAT, "seqs": [9], "userID": "ben"});
    assert_eq!(ben.post("/msg/mark_msgs_as_read", &too_far).await.code(), 1001);

    done(&ann, "/msg/revoke_msg", json!({"conversationID": CHAT, "seq": 3, "userID": "ann"})).await;
    let (kept, revoked) = notice(&at_ben, 2101).await;
    assert_eq!((kept.seq, &revoked["seq"], &revoked["sesstionType"]), (2, &json!(3), &json!(1)));
    let again = json!({"conversationID": CHAT, "seq": 3, "userID": "ann"});
    assert_eq!(ann.post("/msg/revoke_msg", &again).await.code(), 1404);
    let others = json!({"conversationID": CHAT, "seq": 1, "userID": "ben"});
    assert_eq!(ben.post("/msg/revoke_msg", &others).await.code(), 1002);

    let everybody = json!({"IsSyncSelf": false, "IsSyncOther": true});
    let delete = json!({"conversationID": CHAT, "seqs": [4], "userID": "ben", "deleteSyncOpt": everybody});
    done(&ben, "/msg/delete_msgs", delete).await;
    assert_eq!(notice(&at_ann, 2102).await.1, json!({"userID": "ben", "conversationID": CHAT, "seqs": [4]}));
    let own = json!({"IsSyncSelf": true, "IsSyncOther": false});
    let hide = json!({"conversationID": CHAT, "seqs": [1], "userID": "ben", "deleteSyncOpt": own});
    done(&ben, "/msg/delete_msgs", hide).await;

    for (client, first) in [(&at_ann, (1, 101, 0, true)), (&at_ben, (1, 101, 4, true))] {
        let found = pulled(client, CHAT).await;
        assert_eq!(shown(&found), [first, (2, 101, 0, true), (3, 2101, 0, false), (4, 101, 4, false)]);
        assert!(found.msgs[3].content.is_empty());
        assert_eq!(tips(&found.msgs[2])["revokerID"], "ann");
        let beside: Vec<i32> = pulled(client, BESIDE).await.msgs.iter().map(|one| one.content_type).collect();
        assert_eq!(beside, [2200, 2101, 2102]);
    }
    let own_stream = pulled(&at_ben, "n_ben_ben").await;
    assert_eq!(own_stream.msgs[0].content_type, 2102);

    let ask = UserReq { user_id: "ben".to_owned() };
    let newest = at_ben.request(request::NEWEST_SEQ, ask.encode_to_vec()).await;
    let newest = MaxSeqs::decode(newest.data.as_slice()).unwrap().max_seqs;
    let mut newest: Vec<(String, i64)> = newest.into_iter().collect();
    newest.sort();
    let expected = [("n_ann_ben", 3), ("n_ben_ben", 1), (CHAT, 4)];
    assert_eq!(newest, expected.map(|(name, seq)| (name.to_owned(), seq)));
    let lists = [("si_ann_ben", vec![2, 9]), ("sg_unknown", vec![1])];
    let lists = lists.map(|(name, seqs)| SeqList { conversation_id: name.to_owned(), seqs });
    let ask = PullSeqsReq { user_id: "ben".to_owned(), conversations: lists.to_vec(), order: 0 };
    let told = at_ben.request(request::PULL_SEQS, ask.encode_to_vec()).await;
    let batches = Batches::decode(told.data.as_slice()).unwrap();
    assert_eq!(batches.msgs.len(), 2, "every conversation that was asked for");
    assert_eq!((batches.msgs[CHAT].is_end, batches.msgs[CHAT].end_seq), (true, 4));

    done(
        &ben,
        "/msg/clear_conversation_msg",
        json!({"conversationIDs": [CHAT], "userID": "ben", "deleteSyncOpt": own}),
    )
    .await;
    assert_eq!(notice(&at_ben, 1703).await.1, json!({"userID": "ben", "conversationIDs": [CHAT]}));
    app.send("ann", "ben", "five").await.data();
    at_ben.pushed(|one| one.seq == 5 && one.content_type == 101).await;
    assert_eq!(shown(&pulled(&at_ben, CHAT).await), [(5, 101, 0, false)]);

    let told = receiver.wait_for("callbackAfterSingleMsgReadCommand", 1).await;
    assert_eq!((&told[0].body["userID"], &told[0].body["conversationID"]), (&json!("ben"), &json!(CHAT)));
    let told = receiver.wait_for("callbackBeforeAfterMsgCommand", 1).await;
    assert_eq!((&told[0].body["userID"], &told[0].body["seq"]), (&json!("ann"), &json!(3)));
    let asked = receiver.calls_of("callbackBeforeCreateSingleChatConversationsCommand");
    let owners: Vec<&Value> = asked.iter().map(|call| &call.body["ownerUserId"]).collect();
    assert_eq!(owners, ["ann", "ben"], "once per side, the sender first");
}

#[tokio::test]
async fn lists_of_conversations_follow_what_users_set() {
    let app = App::start(Setup::dev(), &["ann", "ben", "cat"]).await;
    let ann = app.rest_of("ann").await;
    let at_ann = app.login("ann", platform::IOS).await;
    let list = "/conversation/get_incremental_conversations";
    let seen =
        |news: &Value| json!({"userID": "ann", "version": news["version"], "versionID": news["versionID"]});
    let first = ann.post(list, &json!({"userID": "ann", "version": 0, "versionID": ""})).await.data();
    assert_eq!((&first["full"], &first["insert"]), (&json!(true), &json!(null)));
    app.send("ben", "ann", "hello").await.data();
    app.send("cat", "ann", "hi").await.data();
    let group = app.group("ben", &["ann"]).await;
    at_ann.pushed(|one| one.send_id == "cat").await;
    let second = ann.post(list, &seen(&first)).await.data();
    let mut came: Vec<&str> = second["insert"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["conversationID"].as_str().unwrap())
        .collect();
    came.sort_unstable();
    let of_group = format!("sg_{group}");
    assert_eq!((came, &second["full"]), (vec![of_group.as_str(), CHAT, "si_ann_cat"], &json!(false)));

    let pin =
        json!({"conversationID": CHAT, "conversationType": 1, "userID": "ben", "isPinned": true, "ex": "x"});
    done(&ann, "/conversation/set_conversations", json!({"userIDs": ["ann"], "conversation": pin})).await;
    let (passing, changed) = notice(&at_ann, 1300).await;
    assert_eq!((passing.seq, &changed["conversationIDList"]), (0, &json!([CHAT])));
    let third = ann.post(list, &seen(&second)).await.data();
    assert_eq!((&third["update"][0]["isPinned"], &third["update"][0]["ex"]), (&json!(true), &json!("x")));
    let ids =
        ann.post("/conversation/get_full_conversation_ids", &json!({"userID": "ann", "idHash": 0})).await;
    assert_eq!(ids.data()["conversationIDs"].as_array().unwrap().len(), 3);
    let pinned =
        ann.post("/conversation/get_pinned_conversation_ids", &json!({"userID": "ann"})).await.data();
    assert_eq!(pinned, json!({"conversationIDs": [CHAT]}));
    let ask = ReadSeqsReq { user_id: "ann".to_owned(), conversation_ids: vec![], return_pinned: true };
    let told = at_ann.request(request::READ_SEQS, ask.encode_to_vec()).await;
    let told = ReadSeqsResp::decode(told.data.as_slice()).unwrap();
    assert_eq!((told.pinned, told.seqs.len()), (vec![CHAT.to_owned()], 3));

    let active = ann.post("/jssdk/get_active_conversations", &json!({"count": 20})).await.data();
    assert_eq!(active["unreadCount"], 2 + i64::from(active["conversations"].as_array().unwrap().len() > 2));
    let top = &active["conversations"][0];
    assert_eq!(
        (&top["conversation"]["conversationID"], &top["user"]["userID"]),
        (&json!(CHAT), &json!("ben"))
    );
    assert_eq!(top["lastMsg"]["seq"], 1);
    let operation = ann.operation();
    let token = app.token("ann", platform::WINDOWS).await;
    let headers = [
        ("operationID", operation.as_str()),
        ("token", token.as_str()),
        ("content-type", "application/x-protobuf"),
    ];
    // GetConversationsReq: ownerUserID, conversationIDs.
    let body = [b"\x0a\x03ann\x12\x0a".as_slice(), CHAT.as_bytes()].concat();
    let reply = ann.send(http::Method::POST, "/jssdk/get_conversations", &headers, body).await;
    let packed = STANDARD.decode(reply.data().as_str().unwrap()).unwrap();
    assert!(packed.windows(CHAT.len()).any(|part| part == CHAT.as_bytes()));
    let plain = [("operationID", "op"), ("token", token.as_str()), ("content-type", "text/plain")];
    let reply = ann.send(http::Method::POST, "/jssdk/get_conversations", &plain, "{}").await;
    assert_eq!(reply.code(), 1001);

    let deaf = json!({"conversationID": CHAT, "conversationType": 1, "userID": "ben", "recvMsgOpt": 1});
    done(&ann, "/conversation/set_conversations", json!({"userIDs": ["ann"], "conversation": deaf})).await;
    let at_ben = app.login("ben", platform::IOS).await;
    let answered = at_ben.send(&at_ben.text_to("ann", "are you there?")).await;
    assert_eq!(answered.told.code, 1001);
    assert!(answered.told.text.contains("message is not sent"), "{}", answered.told.text);
    let silent = ann.post("/conversation/get_not_notify_conversation_ids", &json!({"userID": "ann"})).await;
    assert_eq!(silent.data(), json!({"conversationIDs": [CHAT]}));
    assert_eq!(conversation("ann", "ben"), CHAT);
}

#[tokio::test]
async fn private_chats_business_events_and_states_of_sends() {
    let app = App::start(Setup::dev(), &["ann", "ben"]).await;
    let ann = app.rest_of("ann").await;
    let (at_ann, at_ben) = (app.login("ann", platform::IOS).await, app.login("ben", platform::IOS).await);
    let private =
        json!({"conversationID": CHAT, "conversationType": 1, "userID": "ben", "isPrivateChat": true});
    done(&ann, "/conversation/set_conversations", json!({"userIDs": ["ann"], "conversation": private})).await;
    for client in [&at_ann, &at_ben] {
        let said = client.pushed(|one| one.content_type == 1701 && one.seq > 0).await;
        let expected = json!({"recvID": "ben", "sendID": "ann", "isPrivate": true, "conversationID": CHAT});
        assert_eq!(tips(&said), expected);
        client.pushed(|one| one.content_type == 1701 && one.seq == 0).await;
        let one = json!({"ownerUserID": client.user, "conversationID": CHAT});
        let found = app.admin().post("/conversation/get_conversation", &one).await.data();
        assert_eq!(found["conversation"]["isPrivateChat"], json!(true));
    }
    let event =
        json!({"key": "order", "data": "7", "sendUserID": "ann", "recvUserID": "ben", "reliabilityLevel": 2});
    let sent = app.admin().post("/msg/send_business_notification", &event).await.data();
    let told = at_ben.pushed(|one| one.content_type == 2001).await;
    assert_eq!((told.seq, Value::from(told.server_msg_id.clone())), (1, sent["serverMsgID"].clone()));
    assert_eq!(tips(&told), json!({"key": "order", "data": "7"}));
    assert_eq!(pulled(&at_ben, BESIDE).await.msgs.len(), 1);
    assert_eq!(ann.post("/msg/send_business_notification", &event).await.code(), 1002);

    let send = json!({"sendID": "ann", "recvID": "ben", "content": {"content": "x"}, "contentType": 101,
                      "sessionType": 1});
    let token = app.admin_token().to_owned();
    let as_admin = async |operation: &str, path: &str, body: &Value| {
        let headers =
            [("operationID", operation), ("token", token.as_str()), ("content-type", "application/json")];
        ann.send(http::Method::POST, path, &headers, body.to_string()).await
    };
    as_admin("op-sent", "/msg/send_msg", &send).await.data();
    for (operation, status) in [("op-sent", 2), ("op-never", 0)] {
        let state = as_admin(operation, "/msg/check_msg_is_send_success", &json!({})).await.data();
        assert_eq!(state, json!({"status": status}), "{operation}");
    }
    let search = json!({"sendID": "ann", "recvID": "ben", "contentType": 101,
                        "pagination": {"pageNumber": 1, "showNumber": 5}});
    let found = app.admin().post("/msg/search_msg", &search).await.data();
    assert_eq!(
        (&found["chatLogsNum"], &found["chatLogs"][0]["chatLog"]["recvNickname"]),
        (&json!(1), &json!("ben"))
    );
    let unknown = json!({"ownerUserID": "ann", "conversationID": "si_ann_nobody"});
    assert_eq!(ann.post("/conversation/get_conversation", &unknown).await.code(), 1004);
}
