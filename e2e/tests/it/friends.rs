//! Friends, blocks and profiles over the real sockets: what REST answers, what devices are told, what version logs say.
//! Source: REST fact sheet 4, 5; client protocol fact sheet 4.3, 5.5 to 5.7.

use ringback_e2e::app::{App, conversation, platform};
use ringback_e2e::client::Client;
use ringback_e2e::rest::Rest;
use ringback_e2e::setup::Setup;
use ringback_e2e::wire::MsgData;
use serde_json::{Value, json};

/// The tips of a notice beside a chat.
fn tips(message: &MsgData) -> Value {
    let element: Value = serde_json::from_slice(&message.content).unwrap();
    serde_json::from_str(element["detail"].as_str().unwrap()).unwrap()
}

fn is_aside(message: &MsgData) -> bool {
    message.options.get("isNotNotification") == Some(&false)
}

/// Waits for a notice of this type beside a chat.
async fn notice(client: &Client, code: i32) -> (MsgData, Value) {
    let message = client.pushed(|message| message.content_type == code && is_aside(message)).await;
    let tips = tips(&message);
    (message, tips)
}

async fn changes(rest: &Rest, user: &str, known: &Value) -> Value {
    let body = json!({ "userID": user, "version": known["version"], "versionID": known["versionID"] });
    rest.post("/friend/get_incremental_friends", &body).await.data()
}

fn ids(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|one| one["friendUser"]["userID"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn two_clients_become_friends_and_part() {
    let app = App::start(Setup::dev(), &["u1", "u2", "u3"]).await;
    let (one, two) = (app.login("u1", platform::IOS).await, app.login("u2", platform::ANDROID).await);
    let (rest1, rest2) = (app.rest_of("u1").await, app.rest_of("u2").await);
    let start = changes(&rest1, "u1", &json!({ "version": 0, "versionID": "" })).await;
    assert_eq!((&start["full"], &start["version"]), (&json!(true), &json!(1)));
    assert_eq!(start["versionID"].as_str().unwrap().len(), 24);

    let asking = json!({ "fromUserID": "u1", "toUserID": "u2", "reqMsg": "hello", "ex": "x" });
    rest1.post("/friend/add_friend", &asking).await.data();
    let (message, asked) = notice(&two, 1203).await;
    assert_eq!((message.send_id.as_str(), message.recv_id.as_str(), message.seq), ("u1", "u2", 0));
    assert_eq!((message.msg_from, message.session_type), (200, 1));
    assert_eq!(asked["fromToUserID"], json!({ "fromUserID": "u1", "toUserID": "u2" }));
    assert_eq!(
        (&asked["request"]["reqMsg"], &asked["request"]["fromNickname"]),
        (&json!("hello"), &json!("u1"))
    );
    notice(&one, 1203).await;
    let page = json!({ "pageNumber": 1, "showNumber": 10 });
    let mine = json!({ "userID": "u2", "pagination": page });
    let received = rest2.post("/friend/get_friend_apply_list", &mine).await.data();
    assert_eq!((&received["total"], &received["FriendRequests"][0]["ex"]), (&json!(1), &json!("x")));
    let count = rest2.post("/friend/get_self_unhandled_apply_count", &json!({ "userID": "u2" })).await.data();
    assert_eq!(count["count"], 1);

    let yes = json!({ "fromUserID": "u1", "toUserID": "u2", "handleResult": 1, "handleMsg": "welcome" });
    rest2.post("/friend/add_friend_response", &yes).await.data();
    let (_, agreed) = notice(&one, 1201).await;
    assert_eq!((&agreed["handleMsg"], &agreed["request"]["handleResult"]), (&json!("welcome"), &json!(1)));
    let came = changes(&rest1, "u1", &start).await;
    assert_eq!((&came["full"], ids(&came["insert"])), (&json!(false), vec!["u2"]));
    assert_eq!(
        (&agreed["friendVersion"], &agreed["friendVersionID"]),
        (&came["version"], &came["versionID"])
    );
    let said = one.pushed(|message| message.content_type == 1201 && !is_aside(message)).await;
    assert_eq!((said.seq, said.send_id.as_str()), (1, "u2"));
    assert_eq!(app.history("u1", &conversation("u1", "u2")).await.len(), 1, "it is said in the chat");
    let again = rest2.post("/friend/add_friend_response", &yes).await;
    assert_eq!(again.code(), 1001);
    assert_eq!(rest1.post("/friend/add_friend", &asking).await.code(), 1304);

    let named = json!({ "ownerUserID": "u1", "friendUserIDs": ["u2"], "isPinned": true, "remark": "Two" });
    rest1.post("/friend/update_friends", &named).await.data();
    let (_, updated) = notice(&one, 1210).await;
    assert_eq!(updated["friendIDs"], json!(["u2"]));
    let changed = changes(&rest1, "u1", &came).await;
    assert_eq!((ids(&changed["update"]), &changed["update"][0]["remark"]), (vec!["u2"], &json!("Two")));
    assert_eq!(changed["sortVersion"], changed["version"]);
    let full = rest1.post("/friend/get_full_friend_user_ids", &json!({ "userID": "u1", "idHash": 0 })).await;
    let full = full.data();
    assert_eq!(
        (&full["userIDs"], &full["equal"], &full["version"]),
        (&json!(["u2"]), &json!(false), &changed["version"])
    );

    rest1.post("/friend/delete_friend", &json!({ "ownerUserID": "u1", "friendUserID": "u2" })).await.data();
    notice(&two, 1205).await;
    let gone = changes(&rest1, "u1", &changed).await;
    assert_eq!(gone["delete"], json!(["u2"]));
    let mutual = rest1.post("/friend/is_friend", &json!({ "userID1": "u1", "userID2": "u2" })).await.data();
    assert_eq!(mutual, json!({ "inUser1Friends": false, "inUser2Friends": true }));
    assert_eq!(rest1.post("/friend/get_friend_list", &mine).await.code(), 1002);
}

#[tokio::test]
async fn a_profile_is_seen_by_friends_at_once() {
    let app = App::start(Setup::dev(), &["u1", "u2"]).await;
    let import = json!({ "ownerUserID": "u1", "friendUserIDs": ["u2"] });
    app.admin().post("/friend/import_friend", &import).await.data();
    let (one, two) = (app.login("u1", platform::IOS).await, app.login("u2", platform::ANDROID).await);
    let (rest1, rest2) = (app.rest_of("u1").await, app.rest_of("u2").await);
    let before = changes(&rest2, "u2", &json!({ "version": 0, "versionID": "" })).await;
    let edit = json!({ "userInfo": { "userID": "u1", "nickname": "Ann", "globalRecvMsgOpt": null } });
    rest1.post("/user/update_user_info_ex", &edit).await.data();
    assert_eq!(notice(&one, 1303).await.1, json!({ "userID": "u1" }));
    let (message, told) = notice(&two, 1209).await;
    assert_eq!((message.send_id.as_str(), told), ("u1", json!({ "userID": "u1" })));
    let changed = changes(&rest2, "u2", &before).await;
    assert_eq!(
        (ids(&changed["update"]), &changed["update"][0]["friendUser"]["nickname"]),
        (vec!["u1"], &json!("Ann"))
    );
    let found = json!({ "pagination": { "pageNumber": 1, "showNumber": 5 }, "nickName": "an" });
    let found = rest2.post("/user/get_users", &found).await.data();
    assert_eq!((&found["total"], &found["users"][0]["userID"]), (&json!(1), &json!("u1")));
    let online = app.admin().post("/user/get_users_online_token_detail", &json!({ "userIDs": ["u1"] })).await;
    assert_eq!(online.data()[0]["singlePlatformToken"][0]["total"], 1);
    let status = rest1.post("/user/get_users_status", &json!({ "userIDs": ["u2", "nobody"] })).await.data();
    assert_eq!(
        (&status["statusList"][0]["platformIDs"], &status["statusList"][1]["status"]),
        (&json!([2]), &json!(0))
    );
}

#[tokio::test]
async fn block_lists_are_told_and_survive_a_restart() {
    let mut app = App::start(Setup::dev(), &["u1", "u2"]).await;
    let one = app.login("u1", platform::IOS).await;
    let rest1 = app.rest_of("u1").await;
    let entry = json!({ "ownerUserID": "u1", "blackUserID": "u2", "ex": "spam" });
    rest1.post("/friend/add_black", &entry).await.data();
    let (_, told) = notice(&one, 1207).await;
    assert_eq!(told, json!({ "fromToUserID": { "fromUserID": "u1", "toUserID": "u2" } }));
    let kept = json!({ "userID": "u1", "type": 1, "uuid": "n", "value": "v" });
    rest1.post("/user/process_user_command_add", &kept).await.data();
    notice(&one, 1305).await;
    app.server.stop().await;
    app.server.restart().await;
    let rest1 = app.rest_of("u1").await;
    let page = json!({ "userID": "u1", "pagination": { "pageNumber": 1, "showNumber": 200 } });
    let blocks = rest1.post("/friend/get_black_list", &page).await.data();
    assert_eq!(
        (&blocks["total"], &blocks["blacks"][0]["blackUserInfo"]["userID"]),
        (&json!(1), &json!("u2"))
    );
    assert_eq!(app.send("u2", "u1", "hi").await.code(), 1302);
    let things = rest1.post("/user/process_user_command_get_all", &json!({ "userID": "u1" })).await.data();
    assert_eq!(things["CommandResp"][0]["value"], "v");
    let one = app.login("u1", platform::IOS).await;
    rest1.post("/friend/remove_black", &entry).await.data();
    notice(&one, 1208).await;
    assert_eq!(app.send("u2", "u1", "hi").await.code(), 0);
}
