//! Who is online, as others see it: subscriptions, background. Source: openim-client-protocol fact sheet 3.2.

use prost::Message as _;
use ringback_e2e::SOON;
use ringback_e2e::app::{App, platform};
use ringback_e2e::client::{Arrived, Client, What};
use ringback_e2e::setup::Setup;
use ringback_e2e::wire::{Background, OnlineStates, Subscribe, request};

type State = (String, Vec<i32>);

/// What a client was told about others, in order: who is online where.
fn told(arrived: &[Arrived]) -> Vec<State> {
    let mut all = Vec::new();
    for one in arrived {
        if let What::Answer(told) = &one.what
            && told.request == request::SUBSCRIBE_ONLINE
        {
            let states: OnlineStates = told.expect();
            all.extend(states.subscribers.into_iter().map(|one| (one.user_id, one.online_platform_ids)));
        }
    }
    all
}

/// Waits until so much was told.
async fn wait_for(client: &Client, count: usize) -> Vec<State> {
    let enough = |arrived: &[Arrived]| Some(told(arrived)).filter(|told| told.len() >= count);
    client.arrived.wait(SOON, enough).await.expect("the states come")
}

fn entry(name: &str, platforms: &[i32]) -> State {
    (name.to_owned(), platforms.to_vec())
}

async fn subscribe(client: &Client, add: &[&str], remove: &[&str]) -> i64 {
    let texts = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let ask = Subscribe { add: texts(add), remove: texts(remove) };
    client.request(request::SUBSCRIBE_ONLINE, ask.encode_to_vec()).await.code
}

#[tokio::test]
async fn subscribers_are_told_who_comes_and_goes() {
    let app = App::start(Setup::dev(), &["u1", "u2", "u3"]).await;
    let watcher = app.login("u1", platform::WEB).await;
    let _there = app.login("u3", platform::IOS).await;
    assert_eq!(subscribe(&watcher, &["u2", "u3"], &[]).await, 0);
    let mut expected = vec![entry("u2", &[]), entry("u3", &[platform::IOS])];
    assert_eq!(wait_for(&watcher, 2).await, expected);

    let web = app.login("u2", platform::WEB).await;
    expected.push(entry("u2", &[platform::WEB]));
    assert_eq!(wait_for(&watcher, 3).await, expected);
    let phone = app.login("u2", platform::ANDROID).await;
    expected.push(entry("u2", &[platform::ANDROID, platform::WEB]));
    assert_eq!(wait_for(&watcher, 4).await, expected);
    drop(web);
    expected.push(entry("u2", &[platform::ANDROID]));
    assert_eq!(wait_for(&watcher, 5).await, expected);

    assert_eq!(subscribe(&watcher, &[], &["u2"]).await, 0);
    drop(phone);
    let logout = serde_json::json!({ "userID": "u3", "platformID": platform::IOS });
    assert_eq!(app.admin().post("/auth/force_logout", &logout).await.code(), 0);
    expected.push(entry("u3", &[]));
    assert_eq!(wait_for(&watcher, 6).await, expected);
}

#[tokio::test]
async fn an_apple_phone_in_the_background_gets_no_pushes_until_it_comes_back() {
    let app = App::start(Setup::dev(), &["u1", "u2"]).await;
    let phone = app.login("u2", platform::IOS).await;
    let web = app.login("u2", platform::WEB).await;
    for (count, is_background, text) in [(1, true, "while away"), (2, false, "back again")] {
        let ask = Background { user_id: "u2".to_owned(), is_background };
        let answer = phone.request(request::BACKGROUND, ask.encode_to_vec()).await;
        assert_eq!((answer.code, answer.data.len()), (0, 0));
        assert_eq!(app.send("u1", "u2", text).await.code(), 0);
        // Pushed to both at once: the phone's state at this moment counts.
        assert_eq!(web.wait_for_messages(count).await.len(), count);
    }
    let texts: Vec<i64> = phone.wait_for_messages(1).await.iter().map(|message| message.seq).collect();
    assert_eq!(texts, [2]);
}
