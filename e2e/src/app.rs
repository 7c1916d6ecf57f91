//! A server with users in it, and the everyday calls of an app's backend.

use serde_json::{Value, json};

use crate::client::{Client, Login};
use crate::rest::{Reply, Rest};
use crate::server::Server;
use crate::setup::Setup;
use crate::token::DEV_SECRET;
use crate::wire::MsgData;

/// Platform numbers. Source: openim-client-protocol fact sheet 1.2.
pub mod platform {
    pub const IOS: i32 = 1;
    pub const ANDROID: i32 = 2;
    pub const WINDOWS: i32 = 3;
    pub const WEB: i32 = 5;
}

/// A server and its administrator's token.
#[derive(Debug)]
pub struct App {
    pub server: Server,
    token: String,
}

impl App {
    /// Starts a server with these users.
    ///
    /// # Panics
    /// When it cannot.
    pub async fn start(setup: Setup, users: &[&str]) -> Self {
        Self::with_secret(setup, DEV_SECRET, users).await
    }

    /// Starts a server that has this secret.
    ///
    /// # Panics
    /// When it cannot.
    pub async fn with_secret(setup: Setup, secret: &str, users: &[&str]) -> Self {
        let server = Server::start(setup).await;
        let token = admin_token(&server.rest(), secret).await;
        let app = Self { server, token };
        app.register(users).await;
        app
    }

    /// The administrator's REST client, for the server's present address.
    #[must_use]
    pub fn admin(&self) -> Rest {
        self.server.rest().with_token(&self.token)
    }

    /// The administrator's token.
    #[must_use]
    pub fn admin_token(&self) -> &str {
        &self.token
    }

    /// Registers users whose nicknames are their ids.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn register(&self, users: &[&str]) {
        if users.is_empty() {
            return;
        }
        let users: Vec<Value> =
            users.iter().map(|user| json!({ "userID": user, "nickname": user })).collect();
        self.admin().post("/user/user_register", &json!({ "users": users })).await.data();
    }

    /// A user's token.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn token(&self, user: &str, platform: i32) -> String {
        let body = json!({ "userID": user, "platformID": platform });
        let data = self.admin().post("/auth/get_user_token", &body).await.data();
        data["token"].as_str().expect("a token").to_owned()
    }

    /// A user's REST client.
    ///
    /// # Panics
    /// When the token is refused.
    pub async fn rest_of(&self, user: &str) -> Rest {
        let token = self.token(user, platform::WEB).await;
        self.server.rest().with_token(&token)
    }

    /// A logged-in client.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn login(&self, user: &str, platform: i32) -> Client {
        let token = self.token(user, platform).await;
        self.connect(&Login::new(user, &token, platform)).await
    }

    /// A client, logged in as told.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn connect(&self, login: &Login) -> Client {
        Client::connect(self.server.addr(), login).await.unwrap_or_else(|how| panic!("turned away: {how:?}"))
    }

    /// Sends a text as the administrator's backend does, in the sender's name.
    ///
    /// # Panics
    /// When no answer comes.
    pub async fn send(&self, from: &str, to: &str, text: &str) -> Reply {
        self.admin().post("/msg/send_msg", &single(from, to, text)).await
    }

    /// Sends a text to a group.
    ///
    /// # Panics
    /// When no answer comes.
    pub async fn send_to_group(&self, from: &str, group: &str, text: &str) -> Reply {
        self.admin().post("/msg/send_msg", &to_group(from, group, text)).await
    }

    /// Makes a group, of which nothing is said in it, and returns its id.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn group(&self, owner: &str, members: &[&str]) -> String {
        let body = json!({
            "ownerUserID": owner,
            "memberUserIDs": members,
            "groupInfo": { "groupName": "Tea", "groupType": 2 },
            "sendMessage": false,
        });
        let data = self.admin().post("/group/create_group", &body).await.data();
        data["groupInfo"]["groupID"].as_str().expect("a group id").to_owned()
    }

    /// The stored messages of a conversation, oldest first, as this user may see them.
    ///
    /// # Panics
    /// When they are refused.
    pub async fn history(&self, user: &str, conversation: &str) -> Vec<Value> {
        let mut found: Vec<Value> = Vec::new();
        loop {
            let begin = found.last().map_or(1, |last| last["seq"].as_i64().unwrap() + 1);
            let range =
                json!({ "conversationID": conversation, "begin": begin, "end": begin + 99, "num": 100 });
            let body = json!({ "userID": user, "seqRanges": [range], "order": 0 });
            let data = self.admin().post("/msg/pull_msg_by_seq", &body).await.data();
            let page = data["msgs"][conversation]["Msgs"].as_array().cloned().unwrap_or_default();
            if page.is_empty() {
                return found;
            }
            found.extend(page);
        }
    }

    /// Waits until `/metrics` holds a line that starts like this and ends with a number that fits.
    ///
    /// # Panics
    /// When it does not in time.
    pub async fn wait_for_metric(&self, start: &str, fits: impl Fn(f64) -> bool) {
        let rest = self.server.rest();
        crate::until(&format!("metric {start} fits"), async || {
            let text = String::from_utf8_lossy(&rest.get("/metrics").await.bytes).into_owned();
            let values = text.lines().filter(|line| line.starts_with(start));
            values.filter_map(|line| line.rsplit(' ').next()?.parse().ok()).any(&fits).then_some(())
        })
        .await;
    }
}

async fn admin_token(rest: &Rest, secret: &str) -> String {
    let body = json!({ "secret": secret, "userID": "imAdmin" });
    let data = rest.post("/auth/get_admin_token", &body).await.data();
    data["token"].as_str().expect("a token").to_owned()
}

/// Body of `/msg/send_msg` for a text to a user.
#[must_use]
pub fn single(from: &str, to: &str, text: &str) -> Value {
    json!({
        "sendID": from,
        "recvID": to,
        "senderNickname": from,
        "senderPlatformID": 1,
        "content": { "content": text },
        "contentType": 101,
        "sessionType": 1,
    })
}

/// Body of `/msg/send_msg` for a text to a group.
#[must_use]
pub fn to_group(from: &str, group: &str, text: &str) -> Value {
    json!({
        "sendID": from,
        "groupID": group,
        "senderPlatformID": 1,
        "content": { "content": text },
        "contentType": 101,
        "sessionType": 3,
    })
}

/// The single conversation of two users. Source: openim-client-protocol fact sheet 5.1.
#[must_use]
pub fn conversation(one: &str, other: &str) -> String {
    let (low, high) = if one <= other { (one, other) } else { (other, one) };
    format!("si_{low}_{high}")
}

/// The content of a pulled message, decoded.
///
/// # Panics
/// When it is not base64 of JSON text.
#[must_use]
pub fn content(pulled: &Value) -> Value {
    use base64::Engine as _;
    let bytes =
        base64::engine::general_purpose::STANDARD.decode(pulled["content"].as_str().unwrap()).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

/// The texts of these messages.
#[must_use]
pub fn texts(messages: &[MsgData]) -> Vec<String> {
    messages.iter().map(MsgData::text).collect()
}
