//! Document 003 from top to bottom, with `curl` and `md5sum` alone: the rule, the callback and its signature, the
//! two attempts, the bans, the slices and the re-send.

use std::time::Duration;

use ringback_e2e::app::{App, platform};
use ringback_e2e::curl::{self, Curl, md5sum};
use ringback_e2e::family::{MESSAGES, callback};
use ringback_e2e::receiver::{Act, Call, Receiver};
use ringback_e2e::setup::Setup;
use ringback_e2e::{QUIET, skip, until};
use serde_json::{Value, json};

const INFO: &str = "/app-id/demo/callbacks/storage/info";
const RETRY: &str = "/app-id/demo/callbacks/storage/retry";

async fn newcomer(app: &App) -> Curl {
    let curl = Curl::new(app.server.addr());
    let ask = json!({ "grant_type": "client_credentials", "client_id": "demo", "client_secret": "demo" });
    let token = curl.post("/demo/demo/token", &ask).await.ok();
    assert!(token["expires_in"].is_i64(), "seconds, as a number: {token}");
    curl.with_token(token["access_token"].as_str().unwrap_or_else(|| panic!("{token}")))
}

fn rule(name: &str, url: &str, changes: &Value) -> Value {
    let mut rule = json!({
        "name": name, "dialect": "shengwang", "phase": "after", "events": MESSAGES, "url": url, "enabled": true, "copies": ["chat"],
    });
    rule.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    rule
}

async fn send(curl: &Curl, to: &str, text: &str) -> String {
    let body = json!({ "from": "user1", "to": [to], "type": "txt", "body": { "msg": text } });
    let answer = curl.post("/app-id/demo/messages/users", &body).await.ok();
    answer["data"][to].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

async fn check_signature(call: &Call, secret: &str) {
    let signed = format!("{}{secret}{}", call.text("callId"), call.number("timestamp"));
    assert_eq!(call.text("security"), md5sum(&signed).await, "{}", call.body);
}

async fn slices(curl: &Curl) -> Vec<Value> {
    curl.get(INFO).await.ok()["data"].as_array().unwrap().clone()
}

/// Waits until the slices hold so many callbacks.
async fn stored(curl: &Curl, count: u64) -> Vec<Value> {
    until(&format!("{count} callbacks are stored"), async || {
        let slices = slices(curl).await;
        (slices.iter().map(|slice| slice["size"].as_u64().unwrap()).sum::<u64>() == count).then_some(slices)
    })
    .await
}

#[tokio::test]
async fn the_callback_and_its_signature() {
    if !curl::installed().await {
        return skip::note("document_003::the_callback_and_its_signature", "curl or md5sum is not installed");
    }
    let receiver = Receiver::start().await;
    let app = App::start(Setup::dev(), &["user1", "user2"]).await;
    let curl = newcomer(&app).await;
    let url = receiver.url();

    let bad = curl.post("/admin/v1/rules", &rule("with space", &url, &json!({}))).await.refused(400);
    assert!(bad.to_string().contains("name"), "{bad}");
    curl.post("/admin/v1/rules", &rule("规则", &url, &json!({}))).await.refused(400);
    let long = "a".repeat(33);
    curl.post("/admin/v1/rules", &rule(&long, &url, &json!({}))).await.refused(400);
    let both = json!({ "copies": ["chat", "chat_offline"] });
    let made = curl.post("/admin/v1/rules", &rule("record_all", &url, &both)).await.ok();
    let secret = made["secret"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned();
    let shown = curl.get("/admin/v1/rules/record_all").await.ok();
    assert!(!shown.to_string().contains(&secret), "shown once");

    let id = send(&curl, "user2", "hello").await;
    let chat = receiver.wait_for_one(callback::CHAT).await;
    assert_eq!(chat.method, "POST");
    assert!(chat.header("content-type").unwrap().starts_with("application/json"));
    assert_eq!((chat.text("msg_id"), chat.text("chat_type")), (id.as_str(), "chat"));
    assert_eq!((chat.text("from"), chat.text("to")), ("user1", "user2"));
    assert_eq!(chat.body["payload"]["bodies"], json!([{ "type": "txt", "msg": "hello" }]), "{}", chat.body);
    assert_eq!(chat.body["payload"]["ext"], json!({}));
    assert!(chat.body.get("group_id").is_none(), "group chats only: {}", chat.body);
    assert_eq!(chat.text("securityVersion"), "1.0.0");
    assert_eq!(chat.text("appkey"), "demo#demo");
    check_signature(&chat, &secret).await;
    let offline = receiver.wait_for_one(callback::OFFLINE).await;
    assert_eq!((offline.text("msg_id"), offline.text("to")), (id.as_str(), "user2"));
    assert_ne!(offline.text("callId"), chat.text("callId"), "unique per callback");
    check_signature(&offline, &secret).await;

    // A client's message, to a group with one member online and one offline.
    app.register(&["user3"]).await;
    let group = app.group("user1", &["user2", "user3"]).await;
    let client = app.login("user1", platform::WEB).await;
    let _online = app.login("user2", platform::WEB).await;
    client.send(&client.text_to_group(&group, "from a client")).await.taken();
    let told = receiver.wait_for(callback::CHAT, 2).await;
    let chat = &told[1];
    assert_eq!((chat.text("chat_type"), chat.text("group_id")), ("groupchat", group.as_str()));
    assert_eq!((chat.text("to"), chat.text("from")), (group.as_str(), "user1"));
    assert_eq!(chat.body["payload"]["bodies"][0], json!({ "type": "txt", "msg": "from a client" }));
    check_signature(chat, &secret).await;
    let offline = receiver.wait_for(callback::OFFLINE, 2).await;
    assert_eq!((offline[1].text("to"), offline[1].text("group_id")), ("user3", group.as_str()));
    check_signature(&offline[1], &secret).await;
    tokio::time::sleep(QUIET).await;
    assert_eq!(receiver.calls_of(callback::OFFLINE).len(), 2, "not for the sender, not for who is online");

    // A rule that does not want REST messages.
    let quiet = rule("clients_only", &url, &json!({ "origins": ["client"] }));
    let second = curl.post("/admin/v1/rules", &quiet).await.ok()["secret"].as_str().unwrap().to_owned();
    send(&curl, "user2", "by REST").await;
    client.send(&client.text_to("user2", "by a client")).await.taken();
    let told = receiver.wait_for(callback::CHAT, 5).await;
    let by_text = |text: &str| {
        told.iter().filter(|call| call.body["payload"]["bodies"][0]["msg"] == json!(text)).collect::<Vec<_>>()
    };
    assert_eq!((by_text("by REST").len(), by_text("by a client").len()), (1, 2));
    let mut seen = Vec::new();
    for call in by_text("by a client") {
        let mut by = "nobody";
        for (name, secret) in [("first", &secret), ("second", &second)] {
            let signed = format!("{}{secret}{}", call.text("callId"), call.number("timestamp"));
            if md5sum(&signed).await == call.text("security") {
                by = name;
            }
        }
        seen.push(by);
    }
    seen.sort_unstable();
    assert_eq!(seen, ["first", "second"], "each rule signs with its own secret");
}

#[tokio::test]
async fn two_attempts_then_storage_and_re_send() {
    if !curl::installed().await {
        return skip::note(
            "document_003::two_attempts_then_storage_and_re_send",
            "curl or md5sum is not installed",
        );
    }
    let (receiver, elsewhere) = (Receiver::start().await, Receiver::start().await);
    let app = App::start(Setup::dev().setting("storage.enabled", "true"), &[]).await;
    let curl = newcomer(&app).await;
    let made = curl.post("/admin/v1/rules", &rule("record", &receiver.url(), &json!({}))).await.ok();
    let secret = made["secret"].as_str().unwrap().to_owned();
    assert_eq!(slices(&curl).await, Vec::<Value>::new());

    receiver.always(callback::CHAT, Act::text(500, ""));
    send(&curl, "user2", "one").await;
    let both = receiver.wait_for(callback::CHAT, 2).await;
    assert_eq!(both[0].bytes, both[1].bytes, "the same body");
    assert!(both[1].at - both[0].at < Duration::from_secs(1), "retried at once");
    let listed = stored(&curl, 1).await;
    tokio::time::sleep(QUIET).await;
    assert_eq!(receiver.calls().len(), 2, "one retry and no more");
    let date = listed[0]["date"].as_str().unwrap().to_owned();
    assert!(
        date.len() == 12 && date.ends_with('0') && date.bytes().all(|byte| byte.is_ascii_digit()),
        "{date}"
    );
    assert_eq!(listed[0]["retry"], json!(0));

    // 201 is not 200, and neither is a redirect; both attempts of each.
    for act in [Act::text(201, "{}"), Act::text(204, ""), Act::redirect(302, elsewhere.url())] {
        receiver.always(callback::CHAT, act);
        let before = receiver.calls().len();
        send(&curl, "user2", "again").await;
        receiver.wait_for(callback::CHAT, before + 2).await;
    }
    stored(&curl, 4).await;

    // The answer, field by field.
    let info = curl.get(INFO).await.ok();
    assert_eq!((&info["path"], &info["action"]), (&json!("/callbacks"), &json!("post")));
    assert!(info["uri"].as_str().unwrap().ends_with("/demo/demo/callbacks/storage/info"), "{info}");
    assert!(info["timestamp"].is_i64() && info["duration"].is_i64(), "{info}");
    for field in ["organization", "application", "applicationName"] {
        assert!(info.get(field).is_none(), "not by App ID: {info}");
        let by_name = curl.get("/demo/demo/callbacks/storage/info").await.ok();
        assert!(by_name[field].is_string(), "by organisation and name: {by_name}");
    }

    // Bad input changes nothing.
    for (body, status) in [
        (json!({ "date": "20210827223", "retry": 0 }), 400),
        (json!({ "date": "2021082722301" }), 400),
        (json!({ "date": "202108272235" }), 400),
        (json!({ "date": "202113272230" }), 400),
        (json!({ "date": "202108272230" }), 400),
        (json!({ "date": 202_108_272_230_i64 }), 400),
        (json!({ "retry": 0 }), 400),
        (json!({ "date": date, "retry": -1 }), 400),
        (json!({ "date": date, "retry": "x" }), 400),
        (json!({ "date": date, "targetUrl": "ftp://example.com/x" }), 400),
        (json!({ "date": date, "targetUrl": "no url" }), 400),
        (json!({ "date": date, "targetUrl": "http://169.254.169.254/latest" }), 400),
    ] {
        let answer = curl.post(RETRY, &body).await.refused(status);
        assert!(answer["error"].is_string() && answer["error_description"].is_string(), "{body}: {answer}");
    }
    curl.run("POST", RETRY, Some("{\"date\":")).await.refused(400);
    Curl::new(app.server.addr()).get(INFO).await.refused(401);
    curl.with_token("YWMtnonsense").get(INFO).await.refused(401);
    let unknown = curl.get("/app-id/other/callbacks/storage/info").await.refused(404);
    assert_eq!(unknown["error"], json!("organization_application_not_found"), "{unknown}");
    assert_eq!(stored(&curl, 4).await[0]["retry"], json!(0));

    // To the rule's own URL, which still fails: what is not taken stays under its key. The first slice only: the
    // clock may have passed a border of ten minutes meanwhile.
    receiver.always(callback::CHAT, Act::text(500, ""));
    let in_slice = usize::try_from(stored(&curl, 4).await[0]["size"].as_u64().unwrap()).unwrap();
    let before = receiver.calls().len();
    let answer = curl.post(RETRY, &json!({ "date": date, "retry": 0 })).await.ok();
    assert_eq!((&answer["data"], &answer["action"]), (&json!("success"), &json!("post")), "{answer}");
    assert_eq!(answer["path"], json!("/callbacks"));
    for field in ["organization", "application", "applicationName"] {
        assert!(answer[field].is_string(), "{answer}");
    }
    receiver.wait_for(callback::CHAT, before + in_slice).await;
    assert_eq!(stored(&curl, 4).await[0]["retry"], json!(1));

    // A second request while one is running.
    receiver.always(callback::CHAT, Act::text(500, "").after(Duration::from_millis(700)));
    let retry = json!({ "date": date, "retry": 1 });
    assert_eq!(curl.post(RETRY, &retry).await.ok()["data"], json!("success"));
    assert_eq!(curl.post(RETRY, &retry).await.ok()["data"], json!("failure"));
    until("the re-send is counted", async || (slices(&curl).await[0]["retry"] == json!(2)).then_some(()))
        .await;

    // To another one, by the singular path; the bytes are those of the first attempt.
    let target = json!({ "date": date, "retry": 2, "targetUrl": elsewhere.url() });
    until("the re-send under way ends", async || {
        let answer = curl.post("/app-id/demo/callback/storage/retry", &target).await.ok();
        assert!(answer["uri"].as_str().unwrap().ends_with("/callback/storage/retry"), "{answer}");
        (answer["data"] == json!("success")).then_some(())
    })
    .await;
    let sent = elsewhere.wait_for(callback::CHAT, in_slice).await;
    assert!(sent.iter().any(|call| call.bytes == both[0].bytes), "byte for byte");
    for call in &sent {
        check_signature(call, &secret).await;
        assert_eq!(call.path, "/callbackExample");
    }
    let rest = stored(&curl, 4 - in_slice as u64).await;
    assert!(rest.iter().all(|slice| slice["date"] != json!(date)), "gone from the list: {rest:?}");
    curl.post(RETRY, &target).await.refused(400);
}

#[tokio::test]
async fn storage_that_is_off_is_forbidden_and_drops() {
    if !curl::installed().await {
        return skip::note("document_003::storage_that_is_off", "curl or md5sum is not installed");
    }
    let receiver = Receiver::start().await;
    let app = App::start(Setup::dev(), &[]).await;
    let curl = newcomer(&app).await;
    curl.post("/admin/v1/rules", &rule("record", &receiver.url(), &json!({}))).await.ok();
    curl.get(INFO).await.refused(403);
    curl.post(RETRY, &json!({ "date": "202108272230" })).await.refused(403);
    receiver.always(callback::CHAT, Act::text(500, ""));
    send(&curl, "user2", "lost, as documented").await;
    receiver.wait_for(callback::CHAT, 2).await;
    app.wait_for_metric("ringback_callback_dropped_total", |dropped| dropped >= 1.0).await;
}

#[tokio::test]
async fn what_is_stored_expires() {
    if !curl::installed().await {
        return skip::note("document_003::what_is_stored_expires", "curl or md5sum is not installed");
    }
    let receiver = Receiver::start().await;
    let setup = Setup::dev().setting("storage.enabled", "true").setting("storage.keep", "3s");
    let mut app = App::start(setup, &[]).await;
    let curl = newcomer(&app).await;
    curl.post("/admin/v1/rules", &rule("record", &receiver.url(), &json!({}))).await.ok();
    receiver.always(callback::CHAT, Act::text(500, ""));
    send(&curl, "user2", "expires").await;
    let parked = stored(&curl, 1).await;
    let date = parked[0]["date"].as_str().unwrap().to_owned();
    until("what is stored expires", async || slices(&curl).await.is_empty().then_some(())).await;
    curl.post(RETRY, &json!({ "date": date })).await.refused(400);
    app.wait_for_metric("ringback_callback_parked_expired_total", |expired| expired >= 1.0).await;
    app.server.kill().await;
}

async fn bans(curl: &Curl) -> Value {
    curl.get("/admin/v1/bans").await.ok()
}

/// Waits until there is a ban, or none.
async fn banned(curl: &Curl, active: bool) -> Value {
    until(&format!("a ban is in force: {active}"), async || {
        let bans = bans(curl).await;
        (bans["active"] == json!(active)).then_some(bans)
    })
    .await
}

/// Limits scaled down, the state machine untouched: 6 failures, steps of 2 seconds.
#[tokio::test]
async fn the_first_and_the_second_ban() {
    if !curl::installed().await {
        return skip::note("document_003::the_first_and_the_second_ban", "curl or md5sum is not installed");
    }
    let receiver = Receiver::start().await;
    let setup = Setup::dev()
        .setting("storage.enabled", "true")
        .setting("ban.failures", "6")
        .setting("ban.step", "3s");
    let mut app = App::start(setup, &["user1", "user2"]).await;
    let mut curl = newcomer(&app).await;
    curl.post("/admin/v1/rules", &rule("record", &receiver.url(), &json!({}))).await.ok();
    receiver.always(callback::CHAT, Act::text(500, ""));
    for n in 0..2 {
        send(&curl, "user2", &format!("dead {n}")).await;
    }
    receiver.wait_for(callback::CHAT, 4).await;
    assert_eq!(bans(&curl).await["active"], json!(false), "4 failures of 6");
    send(&curl, "user2", "dead 2").await;
    receiver.wait_for(callback::CHAT, 6).await;
    banned(&curl, true).await;
    app.server.wait_for_log(&["ban", "6"]).await;
    app.wait_for_metric("ringback_app_ban_active", |active| active > 0.5).await;
    send(&curl, "user2", "falls into the ban").await;
    stored(&curl, 4).await;
    assert_eq!(receiver.calls().len(), 6, "nobody is called during a ban");
    let date = slices(&curl).await[0]["date"].as_str().unwrap().to_owned();
    assert_eq!(curl.post(RETRY, &json!({ "date": date })).await.ok()["data"], json!("failure"));

    // It survives a crash.
    app.server.kill().await;
    app.server.restart().await;
    curl = newcomer(&app).await;
    assert_eq!(bans(&curl).await["active"], json!(true), "a ban survives a restart");
    stored(&curl, 4).await;
    receiver.always(callback::CHAT, Act::text(200, "ok"));
    banned(&curl, false).await;
    send(&curl, "user2", "after the ban").await;
    receiver.wait_for(callback::CHAT, 7).await;

    // The second one is twice as long, and an administrator may lift it.
    receiver.always(callback::CHAT, Act::text(200, &"x".repeat(1001)));
    for n in 0..6 {
        send(&curl, "user2", &format!("too long {n}")).await;
    }
    receiver.wait_for(callback::CHAT, 13).await;
    let second = banned(&curl, true).await;
    assert_eq!(second["starts"].as_array().map(Vec::len), Some(2), "{second}");
    stored(&curl, 4).await;
    assert_eq!(receiver.calls().len(), 13, "answers that are too long are not retried");
    curl.run("DELETE", "/admin/v1/bans", None).await.ok();
    receiver.always(callback::CHAT, Act::text(200, "ok"));
    send(&curl, "user2", "after the second ban").await;
    receiver.wait_for(callback::CHAT, 14).await;
    assert_eq!(curl.post(RETRY, &json!({ "date": date })).await.ok()["data"], json!("success"));
    receiver.wait_for(callback::CHAT, 15).await;
}
