//! The administrators' interface of a whole server: real listener, real store, real receiver.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first thing that is not as it should be"
)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use ringback_dialects::client;
use ringback_model::app::App;
use ringback_model::limits;
use ringback_model::user::Platform;
use ringback_server::assemble::{self, Plan, Server};
use ringback_server::clock::SystemClock;
use ringback_server::receiver::behaviour::{Behaviour, Plan as Answering, Reply};
use ringback_server::receiver::running::{Options, Running, start};
use ringback_server::settings::Loader;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

const RULES: &str = "/admin/v1/rules";

/// A server in development mode, and an administrator's token for it.
struct World {
    server: Server,
    token: String,
    folder: TempDir,
}

/// An answer.
struct Said {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Said {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {:?}", self.text))
    }

    fn error(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap().to_owned()
    }
}

async fn send(address: SocketAddr, request: Request<Full<Bytes>>) -> Said {
    let stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    let talking = tokio::spawn(connection);
    let answer = sender.send_request(request).await.unwrap();
    let (parts, body) = answer.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    talking.abort();
    Said { status: parts.status, headers: parts.headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
}

impl World {
    async fn new(settings: &[(&'static str, &str)]) -> Self {
        Self::over(tempfile::tempdir().unwrap(), settings).await
    }

    async fn over(folder: TempDir, settings: &[(&'static str, &str)]) -> Self {
        let vocabulary = Arc::new(assemble::vocabulary(&ringback_dialects::all(&App::default())));
        let mut loader = Loader { file: None, env: Arc::new(|_| None), flags: Vec::new(), vocabulary };
        std::fs::write(folder.path().join("ringback.yml"), RULE_FILE).unwrap();
        loader.file = Some(folder.path().join("ringback.yml"));
        loader.flags = vec![
            ("listen", "127.0.0.1:0".to_owned()),
            ("data_dir", folder.path().join("data").to_string_lossy().into_owned()),
        ];
        loader.flags.extend(settings.iter().map(|(key, value)| (*key, (*value).to_owned())));
        let settings = loader.load().unwrap();
        let server = Server::start(Plan { loader, settings, dev: true }).await.unwrap();
        let mut world = Self { server, token: String::new(), folder };
        let call = client::admin_token(ringback_dialects::dev_secret(), "imAdmin", "op");
        world.token = client::token_of(world.call(&call).await.as_bytes()).unwrap();
        world
    }

    /// A call of a client's REST interface.
    async fn call(&self, call: &client::Call) -> String {
        let mut request = Request::post(call.path.as_ref()).header("host", "x");
        for (name, value) in &call.headers {
            request = request.header(*name, value);
        }
        let request = request.body(Full::from(call.body.clone())).unwrap();
        send(self.server.address, request).await.text
    }

    async fn ask_with(&self, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Said {
        let mut request = Request::builder().method(method).uri(path).header("host", "x");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        send(self.server.address, request.body(Full::from(body.to_owned())).unwrap()).await
    }

    async fn ask(&self, method: Method, path: &str, body: &Value) -> Said {
        let bearer = format!("Bearer {}", self.token);
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.ask_with(method, path, &[("authorization", &bearer)], &body).await
    }

    async fn get(&self, path: &str) -> Said {
        self.ask(Method::GET, path, &Value::Null).await
    }

    async fn user_token(&self, user: &str) -> String {
        self.call(&client::register(&self.token, &[(user, user)], "op")).await;
        let call = client::user_token(&self.token, user, Platform(5), "op");
        client::token_of(self.call(&call).await.as_bytes()).unwrap()
    }
}

/// One rule of the operator's.
const RULE_FILE: &str = "webhooks:\n  url: http://127.0.0.1:9/\n  afterSendSingleMsg:\n    enable: true\n";

async fn receiver(status: u16) -> Running {
    let plan =
        Answering { delay: Duration::ZERO, reply: Reply::Status { code: status, retry_after_s: None } };
    let options = Options {
        listen: "127.0.0.1:0".parse().unwrap(),
        dialects: ringback_dialects::all(&App::default()).receivers,
        contract: None,
        behaviour: Behaviour { rules: Vec::new(), default: plan },
        secret: None,
        tls: None,
        clock: Arc::new(SystemClock),
    };
    start(options).await.unwrap()
}

fn rule(name: &str, phase: &str, url: &str) -> Value {
    json!({"name": name, "dialect": "easemob", "phase": phase, "url": url})
}

#[tokio::test]
async fn a_rule_is_made_read_changed_and_removed() {
    let world = World::new(&[]).await;
    let made = world.ask(Method::POST, RULES, &rule("history", "after", "https://app.example/cb")).await;
    assert_eq!(made.status, 201, "{}", made.text);
    assert_eq!(made.headers["etag"], "\"1\"");
    assert_eq!(made.headers["location"], "/admin/v1/rules/history");
    let secret = made.json()["secret"].as_str().unwrap().to_owned();
    assert!(secret.len() >= 32);
    let path = format!("{RULES}/history");

    let read = world.get(&path).await;
    let shown = read.json();
    assert_eq!(
        (&shown["enabled"], &shown["origin"], &shown["timeout_ms"]),
        (&json!(false), &json!("api"), &json!(10_000))
    );
    assert!(
        shown["status"]["cursor"].is_u64() && shown.get("secret").is_none() && shown["has_secret"] == true
    );
    assert!(!world.get(RULES).await.text.contains(&secret));
    assert_eq!(world.get(&format!("{path}/secret")).await.json()["secret"], secret.as_str());
    let by_id = format!("{RULES}/{}", shown["id"].as_str().unwrap());
    assert_eq!(world.get(&by_id).await.json()["name"], "history");

    let changed = world.ask(Method::PATCH, &path, &json!({"enabled": true, "start_at": "earliest"})).await;
    assert_eq!(
        (changed.status, changed.json()["version"].as_u64()),
        (StatusCode::OK, Some(2)),
        "{}",
        changed.text
    );
    // The service is off by default: the rule would park, but does not.
    assert_eq!(changed.json()["status"]["parks"], false, "{}", changed.text);
    assert_eq!(world.get("/admin/v1/storage").await.json()["dropping"], json!(["history"]));
    let bearer = format!("Bearer {}", world.token);
    let old = [("authorization", bearer.as_str()), ("if-match", "\"1\"")];
    let stale = world.ask_with(Method::PATCH, &path, &old, "{\"enabled\": false}").await;
    assert_eq!((stale.status, stale.error().as_str()), (StatusCode::PRECONDITION_FAILED, "stale"));
    let replaced = world.ask(Method::PUT, &path, &json!({"url": "https://other.example/"})).await.json();
    assert_eq!((&replaced["enabled"], &replaced["url"]), (&json!(false), &json!("https://other.example/")));
    let rotated = world.ask(Method::POST, &format!("{path}/secret/rotate"), &Value::Null).await.json();
    assert!(rotated["secret"] != secret.as_str() && rotated["has_previous_secret"] == true);

    let gone = world.ask(Method::DELETE, &format!("{path}?purge=true"), &Value::Null).await;
    assert_eq!((gone.status, gone.json()["purged"].as_u64()), (StatusCode::OK, Some(0)));
    assert_eq!(world.get(&path).await.status, 404);
    world.server.shut_down().await.unwrap();
}

#[tokio::test]
async fn bodies_that_come_slowly_keep_nobody_out() {
    let world = World::new(&[]).await;
    let head = format!(
        "POST {RULES} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n",
        world.token
    );
    let mut slow = Vec::new();
    for _ in 0..limits::ADMIN_IN_FLIGHT + 1 {
        let mut stream = tokio::net::TcpStream::connect(world.server.address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        // It says so once it waits for the body.
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 100");
        slow.push(stream);
    }
    assert_eq!(world.get(RULES).await.status, 200);
    drop(slow);
    world.server.shut_down().await.unwrap();
}

#[tokio::test]
async fn nobody_but_administrators_gets_in() {
    let world = World::new(&[]).await;
    let user = world.user_token("alice").await;
    let grant = json!({"grant_type": "client_credentials", "client_id": "demo", "client_secret": "demo"});
    let json_body = [("content-type", "application/json")];
    let app = world.ask_with(Method::POST, "/app-id/demo/token", &json_body, &grant.to_string()).await.json();
    let app = app["access_token"].as_str().unwrap();
    for (authorization, status) in [
        (None, 401),
        (Some("Bearer nonsense".to_owned()), 401),
        (Some(format!("Basic {}", world.token)), 401),
        (Some(format!("Bearer {user}")), 403),
        (Some(format!("bearer {}", world.token)), 200),
        (Some(format!("Bearer {app}")), 200),
    ] {
        let header: Vec<(&str, &str)> =
            authorization.iter().map(|text| ("authorization", text.as_str())).collect();
        let said = world.ask_with(Method::GET, RULES, &header, "").await;
        assert_eq!(said.status.as_u16(), status, "{authorization:?}: {}", said.text);
        assert_eq!(said.headers.contains_key("www-authenticate"), status == 401);
        assert_eq!(said.json()["error"].is_object(), status != 200);
    }
    world.server.shut_down().await.unwrap();
}

#[tokio::test]
async fn errors_have_one_form_and_say_what_is_wrong() {
    let world = World::new(&[("rules.max", "1")]).await;
    let post = async |body: &Value| world.ask(Method::POST, RULES, body).await;
    let wrong =
        post(&json!({"name": "a b", "dialect": "easemob", "phase": "after", "url": "x", "nmae": 1})).await;
    assert_eq!((wrong.status, wrong.error().as_str()), (StatusCode::BAD_REQUEST, "invalid_field"));
    let details = wrong.json()["error"]["details"].as_array().unwrap().clone();
    let fields: Vec<&str> = details.iter().map(|detail| detail["field"].as_str().unwrap()).collect();
    assert_eq!(fields.len(), 3, "{}", wrong.text);
    assert!(fields.contains(&"name") && fields.contains(&"url") && fields.contains(&"nmae"));

    assert_eq!(post(&rule("one", "after", "https://h/")).await.status, 201);
    let full = post(&rule("two", "after", "https://h/")).await;
    assert_eq!((full.status, full.error().as_str()), (StatusCode::FORBIDDEN, "too_many_rules"));
    assert!(full.text.contains("rules.max"));
    let filed = world.get(RULES).await.json()["rules"][0].clone();
    assert_eq!(filed["origin"], "file:webhooks");
    let path = format!("{RULES}/{}", filed["name"].as_str().unwrap());
    let read_only = world.ask(Method::PATCH, &path, &json!({"enabled": true})).await;
    assert_eq!((read_only.status, read_only.error().as_str()), (StatusCode::CONFLICT, "read_only"));

    let bearer = format!("Bearer {}", world.token);
    let token = [("authorization", bearer.as_str())];
    let broken = world.ask_with(Method::POST, RULES, &token, "{\n  oops").await;
    assert_eq!((broken.status, broken.error().as_str()), (StatusCode::BAD_REQUEST, "not_json"));
    assert!(broken.text.contains("line 2 column 3"), "{}", broken.text);
    let long = world.ask_with(Method::POST, RULES, &token, &" ".repeat(2 << 20)).await;
    assert_eq!(long.status, 413);
    for (method, path, status) in [
        (Method::GET, "/admin/v1/nothing", 404),
        (Method::GET, "/admin/v1", 404),
        (Method::DELETE, RULES, 405),
        (Method::OPTIONS, RULES, 204),
        (Method::HEAD, RULES, 200),
        (Method::GET, "/admin/v1/rules?x=1", 400),
        (Method::GET, "/admin/v1/storage/2026090914", 400),
        (Method::GET, "/admin/v1/storage/202609091440", 400),
        (Method::POST, "/admin/v1/storage/202609091440/retry", 400),
        (Method::GET, "/admin/v1/openapi/nothing.json", 404),
    ] {
        let said = world.ask(method.clone(), path, &Value::Null).await;
        assert_eq!(said.status.as_u16(), status, "{method} {path}: {}", said.text);
        assert_eq!(said.headers.contains_key("allow"), matches!(status, 204 | 405));
        assert!(!matches!(status, 400..500) || said.json()["error"]["message"].is_string());
        assert!(method != Method::HEAD || said.text.is_empty());
    }
    world.server.shut_down().await.unwrap();
}

#[tokio::test]
async fn names_in_any_writing_stand_in_paths() {
    let world = World::new(&[]).await;
    let made = world.ask(Method::POST, RULES, &rule("消息/审核", "before", "https://h/")).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let path = made.headers["location"].to_str().unwrap().to_owned();
    assert_eq!(world.get(&path).await.json()["name"], "消息/审核");
    world.server.shut_down().await.unwrap();
}

#[tokio::test]
async fn a_rule_is_tried_out_with_one_sample() {
    let world = World::new(&[]).await;
    for (status, phase, meaning) in
        [(200, "after", "delivered"), (500, "after", "fail"), (500, "before", "fail")]
    {
        let receiver = receiver(status).await;
        let name = format!("{phase}{status}");
        let made = world.ask(Method::POST, RULES, &rule(&name, phase, &receiver.url())).await;
        assert_eq!(made.status, 201, "{}", made.text);
        let tried = world.ask(Method::POST, &format!("{RULES}/{name}/test"), &Value::Null).await;
        let tried = tried.json();
        assert_eq!(tried["answer"]["status"], status, "{tried}");
        assert!(tried["meaning"].as_str().unwrap().contains(meaning), "{tried}");
        let body: Value = serde_json::from_str(tried["request"]["body"].as_str().unwrap()).unwrap();
        assert!(body["callId"].is_string() && body["security"].is_string(), "{body}");
        receiver.stop().await;
    }
    let silent = world.ask(Method::PATCH, &format!("{RULES}/after200"), &json!({"timeout_ms": 500})).await;
    assert_eq!(silent.status, 200);
    let tried = world.ask(Method::POST, &format!("{RULES}/after200/test"), &Value::Null).await.json();
    assert!(tried["answer"].is_null() && tried["meaning"].is_string(), "{tried}");
    world.server.shut_down().await.unwrap();
}

/// Asks until the answer is as wanted; the events in between are the server's own, which nothing outside can wait for.
async fn until(world: &World, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    loop {
        let said = world.get(path).await.json();
        if wanted(&said) {
            return said;
        }
        assert!(tokio::time::Instant::now() < deadline, "{path}: {said}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn what_is_parked_is_listed_and_sent_again() {
    let world = World::new(&[("storage.enabled", "true")]).await;
    let (bad, good) = (receiver(500).await, receiver(200).await);
    let mut body = rule("history", "after", &bad.url());
    body["enabled"] = json!(true);
    let made = world.ask(Method::POST, RULES, &body).await;
    assert_eq!(made.status, 201, "{}", made.text);
    for user in ["alice", "bob"] {
        world.user_token(user).await;
    }
    let bearer = format!("Bearer {}", world.token);
    let message = json!({"from": "alice", "to": ["bob"], "type": "txt", "body": {"msg": "hello"}});
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let sent =
        world.ask_with(Method::POST, "/app-id/demo/messages/users", &headers, &message.to_string()).await;
    assert_eq!(sent.status, 200, "{}", sent.text);

    // One copy as a message, one as a message to somebody who is offline.
    let slices = until(&world, "/admin/v1/storage", |said| said["slices"][0]["size"] == 2).await;
    let slice = &slices["slices"][0];
    assert_eq!((&slice["rules"][0]["name"], &slice["retries"]), (&json!("history"), &json!(0)));
    let date = format!("/admin/v1/storage/{}", slice["date"].as_str().unwrap());
    let page = world.get(&format!("{date}?limit=1&rule=history")).await.json();
    let next = page["next"].as_str().unwrap();
    let rest = world.get(&format!("{date}?limit=1&rule=history&after={next}")).await.json();
    assert!(rest["next"].is_null() && rest["deliveries"][0]["copy"] != page["deliveries"][0]["copy"]);
    assert_eq!(
        (&rest["deliveries"][0]["attempts"], &rest["deliveries"][0]["reason"]),
        (&json!(2), &json!("exhausted"))
    );

    let private = world
        .ask(Method::POST, &format!("{date}/retry"), &json!({"target_url": "http://169.254.169.254/"}))
        .await;
    assert_eq!(private.status, 400, "{}", private.text);
    let unknown = world.ask(Method::POST, &format!("{date}/retry"), &json!({"targetUrl": good.url()})).await;
    assert!(unknown.status == 400 && unknown.text.contains("targetUrl"), "{}", unknown.text);
    let again = world.ask(Method::POST, &format!("{date}/retry"), &json!({"target_url": good.url()})).await;
    assert_eq!(
        (again.status, &again.json()["deliveries"]),
        (StatusCode::ACCEPTED, &json!(2)),
        "{}",
        again.text
    );
    until(&world, "/admin/v1/storage", |said| said["slices"] == json!([])).await;

    let bans = world.get("/admin/v1/bans").await.json();
    assert_eq!(
        (&bans["active"], &bans["failures_in_window"], &bans["rules"]),
        (&json!(false), &json!(4), &json!(["history"]))
    );
    assert_eq!(world.ask(Method::DELETE, "/admin/v1/bans", &Value::Null).await.json()["lifted"], false);
    world.server.shut_down().await.unwrap();
    bad.stop().await;
    good.stop().await;
}

#[tokio::test]
async fn rules_and_their_secrets_survive_a_restart() {
    let world = World::new(&[]).await;
    let made = world.ask(Method::POST, RULES, &rule("history", "after", "https://h/")).await.json();
    let World { server, folder, .. } = world;
    server.shut_down().await.unwrap();
    let world = World::over(folder, &[]).await;
    let found = world.get(&format!("{RULES}/history")).await.json();
    assert_eq!((&found["id"], &found["version"]), (&made["id"], &made["version"]));
    let secret = world.get(&format!("{RULES}/history/secret")).await.json();
    assert_eq!(secret["secret"], made["secret"]);
    world.server.shut_down().await.unwrap();
}

#[tokio::test]
async fn the_interface_describes_itself() {
    let world = World::new(&[]).await;
    let own = world.ask_with(Method::GET, "/admin/v1/openapi.json", &[], "").await.json();
    assert!(own["openapi"].as_str().unwrap().starts_with("3.1"));
    assert!(own["paths"]["/admin/v1/rules/{name}"]["patch"].is_object());
    let dialects = world.get("/admin/v1/dialects").await.json();
    let all = dialects["dialects"].as_array().unwrap();
    assert_eq!(all.len(), ringback_dialects::all(&App::default()).contracts.len());
    let family = all.iter().find(|dialect| dialect["name"] == "shengwang").unwrap();
    assert_eq!(
        (&family["storage_service"], &family["before"]["defaults"]["timeout_ms"]),
        (&json!(true), &json!(200))
    );
    for (name, _) in ringback_dialects::all(&App::default()).edges {
        let described = world.ask_with(Method::GET, &format!("/admin/v1/openapi/{name}.json"), &[], "").await;
        assert!(described.json()["paths"].is_object(), "{name}");
    }
    world.server.shut_down().await.unwrap();
}
