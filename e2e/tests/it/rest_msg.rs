//! REST: sending, pulling. Source: openim-rest fact sheet 7.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use ringback_e2e::app::{App, content, conversation, platform, single};
use ringback_e2e::setup::Setup;
use serde_json::{Value, json};

/// A text from u1 to u2 with some fields replaced; null takes a field away.
fn with(changes: &Value) -> Value {
    let mut body = single("u1", "u2", "hi");
    let fields = body.as_object_mut().unwrap();
    for (key, value) in changes.as_object().unwrap() {
        if value.is_null() {
            fields.remove(key);
        } else {
            fields.insert(key.clone(), value.clone());
        }
    }
    body
}

fn key(from: &str, to: &str, group: &str) -> String {
    let json = format!(r#"{{"sendID":"{from}","recvID":"{to}","groupID":"{group}"}}"#);
    utf8_percent_encode(&STANDARD.encode(json), NON_ALPHANUMERIC).to_string()
}

#[tokio::test]
async fn send_msg_checks_its_fields() {
    let app = App::start(Setup::dev(), &["u1", "u2"]).await;
    let table = [
        (json!({ "sendID": null }), 400),
        (json!({ "content": null }), 400),
        (json!({ "content": "a text" }), 400),
        (json!({ "contentType": null }), 400),
        (json!({ "contentType": 0 }), 400),
        (json!({ "sessionType": null }), 400),
        (json!({ "sessionType": "one" }), 400),
        (json!({ "recvID": null }), 200),
        (json!({ "sessionType": 3 }), 200),
        (json!({ "sessionType": 2, "groupID": "g" }), 200),
        (json!({ "sessionType": 7 }), 200),
        (json!({ "contentType": 99 }), 200),
        (json!({ "contentType": 110, "content": { "description": "no data" } }), 200),
        (json!({ "content": { "text": "no content" } }), 200),
    ];
    for (change, status) in table {
        let reply = app.admin().post("/msg/send_msg", &with(&change)).await;
        assert_eq!(reply.code(), 1001, "{change}: {}", reply.body);
        // The sheet leaves open for the last rows whether binding or validation finds it.
        assert!(reply.status == status || status == 200, "{change}: {}", reply.status);
    }
    let user = app.rest_of("u1").await;
    assert_eq!(
        user.post("/msg/send_msg", &with(&json!({}))).await.code(),
        1002,
        "users do not send over REST"
    );
    for change in [json!({ "sendID": "nobody" }), json!({ "recvID": "nobody" })] {
        let reply = app.admin().post("/msg/send_msg", &with(&change)).await;
        assert!([1004, 1101].contains(&reply.code()), "{change}: {}", reply.body);
    }
    assert!(app.history("u1", &conversation("u1", "u2")).await.is_empty(), "nothing of it was stored");
}

#[tokio::test]
async fn a_message_is_stored_as_it_came() {
    let app = App::start(Setup::dev(), &["u1", "u2"]).await;
    let body = with(&json!({
        "content": { "content": "hi <b> & ünï", "more": [1, 2.50] },
        "ex": "e", "senderNickname": "Ann", "senderFaceURL": "face", "sendTime": 1_700_000_000_123_i64,
        "unknownKey": true, "offlinePushInfo": null,
    }));
    let reply = app.admin().post("/msg/send_msg", &body).await;
    let sent = reply.data();
    assert!(sent.get("modify").is_none(), "nobody changed it: {sent}");
    assert_eq!(sent["serverMsgID"].as_str().unwrap().len(), 32, "{sent}");
    assert_eq!(sent["sendTime"], json!(1_700_000_000_123_i64));
    for user in ["u1", "u2"] {
        let history = app.history(user, &conversation("u1", "u2")).await;
        assert_eq!(history.len(), 1);
        let stored = &history[0];
        assert_eq!(content(stored), json!({ "content": "hi <b> & ünï", "more": [1, 2.50] }));
        for (key, value) in [
            ("sendID", json!("u1")),
            ("recvID", json!("u2")),
            ("groupID", json!("")),
            ("seq", json!(1)),
            ("ex", json!("e")),
            ("senderNickname", json!("Ann")),
            ("senderFaceURL", json!("face")),
            ("sessionType", json!(1)),
            ("contentType", json!(101)),
            ("msgFrom", json!(200)),
            ("serverMsgID", sent["serverMsgID"].clone()),
            ("clientMsgID", sent["clientMsgID"].clone()),
            ("sendTime", sent["sendTime"].clone()),
        ] {
            assert_eq!(stored[key], value, "{key} in {stored}");
        }
    }
}

#[tokio::test]
async fn online_only_messages_are_pushed_and_not_stored() {
    let app = App::start(Setup::dev(), &["u1", "u2"]).await;
    let client = app.login("u2", platform::IOS).await;
    let sent = app.admin().post("/msg/send_msg", &with(&json!({ "isOnlineOnly": true }))).await.data();
    let pushed = client.pushed_id(sent["clientMsgID"].as_str().unwrap()).await;
    assert_eq!((pushed.seq, pushed.text().as_str()), (0, "hi"));
    app.send("u1", "u2", "stored").await.data();
    let history = app.history("u2", &conversation("u1", "u2")).await;
    assert_eq!(history.len(), 1, "{history:?}");
    assert_eq!(history[0]["seq"], json!(1));
}

#[tokio::test]
async fn groups_have_their_own_refusals() {
    let app = App::start(Setup::dev(), &["u1", "u2", "u3"]).await;
    let group = app.group("u1", &["u2"]).await;
    assert_eq!(app.send_to_group("u3", &group, "hello").await.code(), 1203, "not a member");
    let reply = app.send_to_group("u1", "424242424242", "hello").await;
    assert!([1004, 1201].contains(&reply.code()), "{}", reply.body);
    assert_eq!(app.send_to_group("u2", &group, "hello").await.code(), 0);
    let history = app.history("u1", &format!("sg_{group}")).await;
    assert_eq!(history.len(), 1);
    assert_eq!((&history[0]["groupID"], &history[0]["sessionType"]), (&json!(group), &json!(3)));
    assert_eq!(app.history("u3", &format!("sg_{group}")).await.len(), 0, "outsiders see nothing");
}

#[tokio::test]
async fn one_body_to_many() {
    let app = App::start(Setup::dev(), &["u1", "u2", "u3", "u4"]).await;
    app.rest_of("u3")
        .await
        .post("/friend/add_black", &json!({ "ownerUserID": "u3", "blackUserID": "u1" }))
        .await
        .data();
    let body = with(&json!({ "recvID": null, "recvIDs": ["u2", "u3", "u4"] }));
    let data = app.admin().post("/msg/batch_send_msg", &body).await.data();
    assert_eq!(data["failedUserIDs"], json!(["u3"]), "{data}");
    let results = data["results"].as_array().unwrap();
    let mut receivers: Vec<_> = results.iter().map(|one| one["recvID"].as_str().unwrap()).collect();
    receivers.sort_unstable();
    assert_eq!(receivers, ["u2", "u4"]);
    assert_eq!(results[0]["clientMsgID"], results[1]["clientMsgID"], "one client message id for all");
    assert_ne!(results[0]["serverMsgID"], results[1]["serverMsgID"]);
    for user in ["u2", "u4"] {
        assert_eq!(app.history(user, &conversation("u1", user)).await.len(), 1, "{user}");
    }
    let missing = app.admin().post("/msg/batch_send_msg", &with(&json!({ "recvID": null }))).await;
    assert_eq!((missing.status, missing.code()), (400, 1001), "{}", missing.body);
    assert_eq!(app.rest_of("u2").await.post("/msg/batch_send_msg", &body).await.code(), 1002);
    let all = with(&json!({ "sendID": "u4", "recvIDs": [], "isSendAll": true }));
    let data = app.admin().post("/msg/batch_send_msg", &all).await.data();
    let mut receivers: Vec<_> =
        data["results"].as_array().unwrap().iter().map(|one| one["recvID"].as_str().unwrap()).collect();
    receivers.sort_unstable();
    for user in ["u1", "u2", "u3"] {
        assert!(receivers.contains(&user), "{user} in {data}");
    }
}

#[tokio::test]
async fn robots_answer_with_the_key_of_a_callback() {
    let app = App::start(Setup::dev(), &["u1", "bot"]).await;
    let user = app.rest_of("bot").await;
    let path = |key: &str| format!("/msg/send_simple_msg?key={key}");
    let answer = user.post(&path(&key("u1", "bot", "")), &json!({ "content": "**at your service**" })).await;
    assert_eq!(answer.data()["serverMsgID"].as_str().unwrap().len(), 32);
    let history = app.history("u1", &conversation("u1", "bot")).await;
    assert_eq!(
        (&history[0]["sendID"], &history[0]["recvID"]),
        (&json!("bot"), &json!("u1")),
        "the other way round"
    );
    assert_eq!((&history[0]["contentType"], &history[0]["msgFrom"]), (&json!(118), &json!(100)));
    assert_eq!(history[0]["senderPlatformID"], json!(10));
    assert_eq!(content(&history[0]), json!({ "content": "**at your service**" }));

    let group = app.group("u1", &["bot"]).await;
    let body = json!({ "content": "all", "sendID": "bot" });
    user.post(&path(&key("u1", "", &group)), &body).await.data();
    let history = app.history("u1", &format!("sg_{group}")).await;
    assert_eq!(history[0]["sendID"], json!("bot"), "{history:?}");

    let fine = json!({ "content": "x" });
    for bad in ["", "%%%", "bm8ganNvbg%3D%3D", &key("", "bot", ""), &key("u1", "", "")] {
        let reply = user.post(&path(bad), &fine).await;
        assert_eq!(reply.code(), 1001, "{bad}: {}", reply.body);
    }
    assert_eq!(user.post("/msg/send_simple_msg", &fine).await.code(), 1001);
    let empty = user.post(&path(&key("u1", "bot", "")), &json!({})).await;
    assert_eq!((empty.status, empty.code()), (400, 1001), "{}", empty.body);
}

#[tokio::test]
async fn seqs_and_ranges_are_for_oneself() {
    let app = App::start(Setup::dev(), &["u1", "u2", "u3"]).await;
    for number in 1..=5 {
        app.send("u1", "u2", &format!("m{number}")).await.data();
    }
    let ours = conversation("u1", "u2");
    let user = app.rest_of("u2").await;
    let newest = user.post("/msg/newest_seq", &json!({ "userID": "u2" })).await.data();
    assert_eq!(newest["maxSeqs"][&ours], json!(5), "{newest}");
    let pull = |begin: i64, end: i64, num: i64, order: i64| {
        let range = json!({ "conversationID": ours, "begin": begin, "end": end, "num": num });
        json!({ "userID": "u2", "seqRanges": [range], "order": order })
    };
    for (body, seqs, is_end) in [
        (pull(1, 5, 10, 0), vec![1, 2, 3, 4, 5], true),
        (pull(2, 3, 10, 0), vec![2, 3], false),
        (pull(0, 99, 10, 0), vec![1, 2, 3, 4, 5], true),
        (pull(1, 5, 2, 0), vec![4, 5], true),
        (pull(3, 5, 10, 1), vec![3, 4, 5], false),
        (pull(1, 5, 10, 1), vec![1, 2, 3, 4, 5], true),
    ] {
        let data = user.post("/msg/pull_msg_by_seq", &body).await.data();
        let page = &data["msgs"][&ours];
        let found: Vec<i64> =
            page["Msgs"].as_array().unwrap().iter().map(|m| m["seq"].as_i64().unwrap()).collect();
        assert_eq!((found, page["isEnd"].as_bool().unwrap()), (seqs, is_end), "{body}: {data}");
    }
    let other = app.rest_of("u3").await;
    assert_eq!(other.post("/msg/newest_seq", &json!({ "userID": "u2" })).await.code(), 1002);
    assert_eq!(other.post("/msg/pull_msg_by_seq", &pull(1, 5, 10, 0)).await.code(), 1002);
    assert_eq!(user.post("/msg/newest_seq", &json!({ "userID": "" })).await.code(), 1001);
    let mut foreign = pull(1, 5, 10, 0);
    foreign["userID"] = json!("u3");
    let data = other.post("/msg/pull_msg_by_seq", &foreign).await.data();
    let page = &data["msgs"][&ours]["Msgs"];
    assert!(page.as_array().is_none_or(Vec::is_empty), "not his conversation: {data}");
}
