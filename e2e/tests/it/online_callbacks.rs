//! Callbacks about who is online and about pushes. Source: openim-callbacks fact sheet 4.3, 4.4.

use std::collections::BTreeMap;

use ringback_e2e::SOON;
use ringback_e2e::app::{App, conversation, platform};
use ringback_e2e::client::What;
use ringback_e2e::receiver::{Act, Call, Receiver};
use ringback_e2e::rules::{ON, webhooks};
use ringback_e2e::setup::Setup;
use serde_json::json;

const ONLINE: &str = "callbackAfterUserOnlineCommand";
const OFFLINE: &str = "callbackAfterUserOfflineCommand";
const KICKED: &str = "callbackAfterUserKickOffCommand";
const PRESENCE: &[(&str, &str)] =
    &[("afterUserOnline", ON), ("afterUserOffline", ON), ("afterUserKickOff", ON)];

/// Waits until so many different things were told about a user: each once, however often it was sent, in the order in
/// which they happened. Each command is a rule of its own, and rules do not wait for each other.
async fn wait_for_user(receiver: &Receiver, user: &str, count: usize) -> Vec<Call> {
    let told = |calls: &[Call]| {
        let about = calls.iter().filter(|call| call.text("userID") == user);
        let each: BTreeMap<(i64, String), Call> = about
            .map(|call| ((call.number("seq"), call.header("webhook-id").unwrap().to_owned()), call.clone()))
            .collect();
        each.into_values().collect::<Vec<Call>>()
    };
    let enough = |calls: &[Call]| Some(told(calls)).filter(|told| told.len() >= count);
    receiver.wait(SOON, enough).await.unwrap_or_else(|| {
        let seen: Vec<String> = told(&receiver.calls()).into_iter().map(|call| call.command).collect();
        panic!("{count} calls about {user}; seen: {seen:?}")
    })
}

fn commands(calls: &[Call]) -> Vec<&str> {
    calls.iter().map(|call| call.command.as_str()).collect()
}

#[tokio::test]
async fn comings_goings_and_kicks_are_told_once_each_in_order() {
    let receiver = Receiver::start().await;
    let app = App::start(Setup::dev().webhooks(&webhooks(&receiver.url(), PRESENCE)), &["u1"]).await;
    let first = app.login("u1", platform::WEB).await;
    let phone = app.login("u1", platform::ANDROID).await;
    let second = app.login("u1", platform::WEB).await;
    first.saw(|arrived| arrived.what == What::Kicked).await;
    drop(phone);
    let logout = json!({ "userID": "u1", "platformID": platform::WEB });
    assert_eq!(app.admin().post("/auth/force_logout", &logout).await.code(), 0);
    second.closed().await;
    drop((first, second));

    let calls = wait_for_user(&receiver, "u1", 6).await;
    let on = |name: i32| {
        let of_platform = calls.iter().filter(|call| call.number("platformID") == i64::from(name));
        of_platform.cloned().collect::<Vec<Call>>()
    };
    let web = on(platform::WEB);
    assert_eq!(commands(&web), [ONLINE, KICKED, KICKED, OFFLINE], "a second login is no second coming");
    let connections: Vec<&str> = web.iter().map(|call| call.text("connID")).collect();
    assert_eq!(connections[0], connections[1]);
    assert_eq!(connections[2], connections[3]);
    assert!(!connections[0].is_empty() && connections[0] != connections[2]);
    assert_eq!(web[1].text("reason"), "the user has logged in elsewhere");
    assert_eq!(web[2].text("reason"), "an administrator has logged the user out");
    assert_eq!(commands(&on(platform::ANDROID)), [ONLINE, OFFLINE]);
    let times: Vec<i64> = web.iter().map(|call| call.number("seq")).collect();
    assert!(times.is_sorted_by(|one, next| one < next), "{times:?}");
}

#[tokio::test]
async fn who_was_online_when_the_server_ended_is_offline_afterwards() {
    let receiver = Receiver::start().await;
    let mut app =
        App::start(Setup::dev().webhooks(&webhooks(&receiver.url(), PRESENCE)), &["u1", "u2"]).await;
    let _killed = app.login("u1", platform::WEB).await;
    let online = receiver.wait_for_one(ONLINE).await;
    app.server.kill().await;
    app.server.restart().await;
    let calls = wait_for_user(&receiver, "u1", 2).await;
    assert_eq!(calls[1].command, OFFLINE);
    assert_eq!(calls[1].text("connID"), online.text("connID"));

    let _stopped = app.login("u2", platform::IOS).await;
    wait_for_user(&receiver, "u2", 1).await;
    app.server.stop().await;
    app.server.restart().await;
    let calls = wait_for_user(&receiver, "u2", 2).await;
    let again = app.login("u2", platform::IOS).await;
    let after = wait_for_user(&receiver, "u2", 3).await;
    assert_eq!(commands(&after), [ONLINE, OFFLINE, ONLINE], "once, whoever told it");
    assert_eq!(calls[0].text("connID"), calls[1].text("connID"));
    assert_ne!(after[2].text("connID"), calls[0].text("connID"), "no connection of another start");
    drop(again);
}

#[tokio::test]
async fn a_refused_push_reaches_nobody_and_a_group_may_get_another_list() {
    let receiver = Receiver::start().await;
    let rules = [("beforeOnlinePush", ON), ("beforeGroupOnlinePush", ON), ("beforeOfflinePush", ON)];
    let wakes = format!("http://{}/wake", receiver.addr());
    let setup = Setup::dev().webhooks(&webhooks(&receiver.url(), &rules));
    let setup = setup.setting("push.provider", "http").setting("push.url", &wakes);
    let app = App::start(setup, &["u1", "u2", "u3", "u4"]).await;
    let group = app.group("u1", &["u2", "u3", "u4"]).await;
    let (there, other) = (app.login("u2", platform::WEB).await, app.login("u3", platform::WEB).await);

    receiver.next("callbackBeforeOnlinePushCommand", vec![Act::refuse(5001, "quiet", "")]);
    assert_eq!(app.send("u1", "u2", "refused").await.code(), 0);
    let asked = receiver.wait_for_one("callbackBeforeOnlinePushCommand").await;
    assert_eq!(asked.body["userIDList"][0], "u2");
    assert_eq!(app.send("u1", "u2", "pushed").await.code(), 0);
    let first = there.pushed(|message| message.session_type == 1).await;
    assert_eq!(first.seq, 2, "the refused one is only stored");
    assert_eq!(app.history("u2", &conversation("u1", "u2")).await.len(), 2);

    let to_two = json!({ "actionCode": 0, "errCode": 0, "nextCode": 0, "userIDList": ["u3", "u4"] });
    receiver.always("callbackBeforeGroupOnlinePushCommand", Act::json(&to_two));
    let words = json!({ "title": "Hey", "desc": "there", "ex": "", "iOSPushSound": "", "iOSBadgeCount": true, "signalInfo": "" });
    let reworded = json!({ "actionCode": 0, "errCode": 0, "nextCode": 0, "offlinePushInfo": words });
    receiver.always("callbackBeforeOfflinePushCommand", Act::json(&reworded));
    assert_eq!(app.send_to_group("u1", &group, "for some").await.code(), 0);
    other.pushed(|message| message.group_id == group && message.content_type == 101).await;
    let is_wake = |call: &Call| call.path == "/wake" && call.body["message"]["to_group"] == group;
    let wake = receiver.wait(SOON, |calls| calls.iter().find(|call| is_wake(call)).cloned()).await.unwrap();
    assert_eq!((&wake.body["users"], &wake.body["show"]["title"]), (&json!(["u4"]), &json!("Hey")));
    assert!(!there.pushes().iter().any(|message| message.group_id == group && message.content_type == 101));
}
