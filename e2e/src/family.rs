//! An app on Shengwang / Agora / Easemob: its REST, the admin API, and its rules.

use http::Method;
use serde_json::{Value, json};

use crate::app::App;
use crate::rest::Reply;
use crate::setup::Setup;

/// What the receiver's calls are filed under.
pub mod callback {
    /// A pre-send callback: it has a signature and no event type.
    pub const BEFORE: &str = "pre_send";
    pub const CHAT: &str = "chat";
    pub const OFFLINE: &str = "chat_offline";
    /// Who comes and goes.
    pub const STATUS: &str = "userStatus";
    /// Operations on groups, in the current form.
    pub const GROUP: &str = "group_op_event";
    /// What became of an offline push: its `step`.
    pub const PUSH: &str = "push";
    /// Those that are filed under what their `chat_type` says.
    pub const EVENTS: [&str; 7] = ["recall", "edit", "read_ack", "channel_ack", "muc", "roster", "notify"];
}

/// Names of events in rules that are to be told of messages alone.
pub const MESSAGES: [&str; 3] = ["chat", "groupchat", "chatroom"];

/// A server and its app token.
#[derive(Debug)]
pub struct Family {
    pub app: App,
    token: String,
}

impl Family {
    /// Starts a server with these users.
    ///
    /// # Panics
    /// When it cannot.
    pub async fn start(setup: Setup, users: &[&str]) -> Self {
        let app = App::start(setup, users).await;
        let mut family = Self { app, token: String::new() };
        family.log_in().await;
        family
    }

    /// Gets a token: where the settings name another app than before, the old one is good for nothing.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn log_in(&mut self) {
        self.token.clear();
        self.token = self.app_token().await;
    }

    async fn app_token(&self) -> String {
        let ask = json!({ "grant_type": "client_credentials", "client_id": "demo", "client_secret": "demo" });
        // Tests give the app another id, or other names, but not both.
        let mut reply = self.call(Method::POST, "/app-id/demo/token", Some(&ask)).await;
        if reply.status == 404 {
            reply = self.call(Method::POST, "/demo/demo/token", Some(&ask)).await;
        }
        reply.body["access_token"].as_str().unwrap_or_else(|| panic!("{}", reply.body)).to_owned()
    }

    /// Its token.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Any call with the app token.
    ///
    /// # Panics
    /// When no answer comes.
    pub async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Reply {
        let bearer = format!("Bearer {}", self.token);
        let mut headers = Vec::new();
        if !self.token.is_empty() {
            headers.push(("authorization", bearer.as_str()));
        }
        if body.is_some() {
            headers.push(("content-type", "application/json"));
        }
        let bytes = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        self.app.server.rest().send(method, path, &headers, bytes).await
    }

    /// A call that must succeed: its body.
    ///
    /// # Panics
    /// When it does not.
    pub async fn ok(&self, method: Method, path: &str, body: Option<&Value>) -> Value {
        let reply = self.call(method, path, body).await;
        assert!((200..300).contains(&reply.status), "{path}: {} {}", reply.status, reply.body);
        reply.body
    }

    /// Makes a rule through the admin API, switched on.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn rule(&self, rule: &Value) -> Value {
        let mut rule = rule.clone();
        rule.as_object_mut().unwrap().entry("enabled").or_insert(json!(true));
        self.ok(Method::POST, "/admin/v1/rules", Some(&rule)).await
    }

    /// Sends a text to users by REST: the ids of the messages, by user.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn send(&self, from: &str, to: &[&str], text: &str) -> Value {
        self.send_to("users", from, to, text).await
    }

    /// Sends a text to users, groups (`chatgroups`) or rooms (`chatrooms`).
    ///
    /// # Panics
    /// When it is refused.
    pub async fn send_to(&self, kind: &str, from: &str, to: &[&str], text: &str) -> Value {
        let body = json!({ "from": from, "to": to, "type": "txt", "body": { "msg": text } });
        self.ok(Method::POST, &format!("/app-id/demo/messages/{kind}"), Some(&body)).await["data"].clone()
    }

    /// What is listed as stored.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn slices(&self) -> Vec<Value> {
        let body = self.ok(Method::GET, "/app-id/demo/callbacks/storage/info", None).await;
        body["data"].as_array().unwrap_or_else(|| panic!("{body}")).clone()
    }

    /// Waits until so many callbacks are stored, in all slices; answers the slices.
    ///
    /// # Panics
    /// When it does not come to that.
    pub async fn wait_for_stored(&self, count: u64) -> Vec<Value> {
        let what = format!("{count} callbacks are stored");
        crate::until(&what, async || {
            let slices = self.slices().await;
            let stored: u64 = slices.iter().map(|slice| slice["size"].as_u64().unwrap()).sum();
            (stored == count).then_some(slices)
        })
        .await
    }
}
