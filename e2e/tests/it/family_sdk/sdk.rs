//! The official Java server SDK, played: what it sends, and what it does with answers. Source: easemob-rest fact sheet
//! 15; repository `easemob/easemob-im-server-sdk` (November 2024), module `im-sdk-core`, packages below
//! `com/easemob/im/server/api`: `DefaultErrorMapper.java`, `codec/JsonCodec.java`, `DefaultContext.java`, `token/allocate`.

use http::Method;
use ringback_e2e::app::App;
use ringback_e2e::setup::Setup;
use serde_json::{Value, json};

/// Organization and name of the app, as its key has them with `#` between: the beginning of all paths.
pub(super) const APP: &str = "/demo/demo";

/// What a call throws, by the status of its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Thrown {
    BadRequest,
    Unauthorized,
    Forbidden,
    NotFound,
    TooManyRequests,
    /// All others.
    Unknown,
}

impl Thrown {
    const fn of(status: u16) -> Self {
        match status {
            400 | 405 | 406 | 415 => Self::BadRequest,
            401 => Self::Unauthorized,
            402 | 403 => Self::Forbidden,
            404 => Self::NotFound,
            429 => Self::TooManyRequests,
            _ => Self::Unknown,
        }
    }
}

/// The SDK with an app's credentials, and the server that it talks to.
#[derive(Debug)]
pub(super) struct Sdk {
    pub(super) app: App,
    token: String,
}

impl Sdk {
    /// Starts a server, and gets the app token as the first call of the SDK does.
    pub(super) async fn start(setup: Setup) -> Self {
        let app = App::start(setup, &[]).await;
        let mut sdk = Self { app, token: String::new() };
        let grant =
            json!({ "grant_type": "client_credentials", "client_id": "demo", "client_secret": "demo" });
        sdk.token = sdk.bought(&grant).await;
        sdk
    }

    /// A token, read as `TokenResponse` reads it.
    pub(super) async fn bought(&self, grant: &Value) -> String {
        let token = self.post("/token", grant).await;
        let seconds = int(&token["expires_in"]);
        assert!(seconds > 0, "{token}");
        text(&token["access_token"])
    }

    /// The same program with another token.
    pub(super) async fn thrown_with(&self, token: &str, path: &str) -> Thrown {
        self.answered(Method::GET, path, token, &[], Vec::new()).await.expect_err(path)
    }

    /// What a call answers, or throws. Most calls set no content type, whatever they send.
    pub(super) async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, Thrown> {
        let bytes = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        self.answered(method, path, &self.token, &[], bytes).await
    }

    /// A call that sends a form.
    pub(super) async fn put_form(&self, path: &str, form: &str) -> Value {
        let kind = [("content-type", "application/x-www-form-urlencoded")];
        let sent = form.as_bytes().to_vec();
        self.answered(Method::PUT, path, &self.token, &kind, sent).await.expect(path)
    }

    async fn answered(
        &self,
        method: Method,
        path: &str,
        token: &str,
        more: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<Value, Thrown> {
        let bearer = format!("Bearer {token}");
        let mut headers = vec![("user-agent", "EasemobServerSDK/1.0.9")];
        if !token.is_empty() {
            headers.push(("authorization", bearer.as_str()));
        }
        headers.extend(more);
        let reply = self.app.server.rest().send(method, &format!("{APP}{path}"), &headers, body).await;
        assert!(!reply.bytes.is_empty(), "{path}: an answer without a body is a failure of its own");
        assert!(reply.body.is_object(), "{path}: {} is no JSON object", reply.status);
        if reply.status < 400 {
            return Ok(reply.body);
        }
        // All that a program is told besides the status.
        assert!(!text(&reply.body["error_description"]).is_empty(), "{path}: {}", reply.body);
        Err(Thrown::of(reply.status))
    }

    pub(super) async fn get(&self, path: &str) -> Value {
        self.call(Method::GET, path, None).await.unwrap_or_else(|thrown| panic!("{path}: {thrown:?}"))
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> Value {
        self.call(Method::POST, path, Some(body)).await.unwrap_or_else(|thrown| panic!("{path}: {thrown:?}"))
    }

    /// A `POST` without a body.
    pub(super) async fn poke(&self, path: &str) -> Value {
        self.call(Method::POST, path, None).await.unwrap_or_else(|thrown| panic!("{path}: {thrown:?}"))
    }

    pub(super) async fn put(&self, path: &str, body: &Value) -> Value {
        self.call(Method::PUT, path, Some(body)).await.unwrap_or_else(|thrown| panic!("{path}: {thrown:?}"))
    }

    pub(super) async fn delete(&self, path: &str) -> Value {
        self.call(Method::DELETE, path, None).await.unwrap_or_else(|thrown| panic!("{path}: {thrown:?}"))
    }

    /// Registers a user as `CreateUser` does.
    pub(super) async fn create_user(&self, name: &str) {
        let answer = self.post("/users", &json!({ "username": name, "password": "pw-1" })).await;
        assert!(entity(&answer, name).is_some(), "{answer}");
    }
}

/// The entity of a user, as `UserGetResponse` finds it.
pub(super) fn entity(answer: &Value, name: &str) -> Option<Value> {
    let all = answer["entities"].as_array().unwrap_or_else(|| panic!("{answer}"));
    let is_he = |one: &&Value| text(&one["username"]).to_lowercase() == name.to_lowercase();
    let found = all.iter().find(is_he).cloned();
    if let Some(one) = &found {
        assert!(one["uuid"].is_string() && one["activated"].is_boolean(), "{one}");
        assert!(one["nickname"].is_string() || one["nickname"].is_null(), "{one}");
        assert!(one["pushInfo"].is_array() || one["pushInfo"].is_null(), "{one}");
    }
    found
}

/// Names of the entities of an answer.
pub(super) fn names(answer: &Value) -> Vec<String> {
    answer["entities"].as_array().unwrap().iter().map(|one| text(&one["username"])).collect()
}

/// A `String`.
pub(super) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

/// An `int`: more than 32 bits are a failure.
pub(super) fn int(value: &Value) -> i32 {
    let number = value.as_i64().unwrap_or_else(|| panic!("{value} is no number"));
    i32::try_from(number).unwrap_or_else(|_| panic!("{number} is no int"))
}

/// A `List<String>`.
pub(super) fn texts(value: &Value) -> Vec<String> {
    value.as_array().unwrap_or_else(|| panic!("{value} is no list")).iter().map(text).collect()
}

/// The id of a group or room.
pub(super) fn chat_id(value: &Value) -> String {
    let id = text(value);
    let is_number = (2..=18).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit());
    assert!(is_number && !id.starts_with('0'), "{id}");
    id
}

/// Where the next page begins; nothing on the last one.
pub(super) fn cursor(answer: &Value) -> Option<String> {
    (!answer["cursor"].is_null()).then(|| text(&answer["cursor"]))
}
