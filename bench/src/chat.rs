//! The chat that the load makes: its people, who talks to whom, and its REST calls.

use std::net::SocketAddr;

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Uri, header};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::http::Http;
use crate::machine::wall_us;
use crate::receiver::MEANT_AT;
use crate::server::SECRET;

/// The administrator that a server knows by default.
const ADMIN: &str = "imAdmin";
/// Device of all clients: Linux.
pub(crate) const PLATFORM: i32 = 7;
/// Senders over which conversations are spread.
const SENDERS: usize = 64;
/// Users that one call may register.
const USERS_PER_CALL: usize = 1000;
/// Members that one call may name, its owner and administrators included.
const MEMBERS_AT_ONCE: usize = 900;
/// How an answer that says "done" begins.
const DONE: &[u8] = br#"{"errCode":0,"#;

/// So many conversations, spread over at most 64 senders; each with a recipient of its own, who is offline.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Conversations(pub(crate) usize);

impl Conversations {
    /// How many people send.
    pub(crate) fn senders(self) -> usize {
        self.0.min(SENDERS)
    }

    /// Sender and recipient of a conversation.
    pub(crate) fn people(self, conversation: usize) -> (String, String) {
        (sender(conversation % self.senders().max(1)), format!("to{conversation}"))
    }

    /// The conversation of a request; requests take turns.
    pub(crate) fn of_request(self, number: u64) -> usize {
        usize::try_from(number % self.0.max(1) as u64).unwrap_or(0)
    }

    /// The recipients to whom a sender talks.
    pub(crate) fn recipients_of(self, sender: usize) -> Vec<String> {
        (sender..self.0).step_by(self.senders().max(1)).map(|at| self.people(at).1).collect()
    }
}

/// Name of a sender.
pub(crate) fn sender(number: usize) -> String {
    format!("from{number}")
}

/// Who gets a message.
#[derive(Debug, Clone, Copy)]
pub(crate) enum To<'a> {
    User(&'a str),
    Group(&'a str),
}

/// A text of so many characters that carries the present instant.
pub(crate) fn text(characters: u16) -> String {
    format!("{:.<1$}", format!("{MEANT_AT}{} ", wall_us()), usize::from(characters))
}

/// An administrator's connection to a server.
#[derive(Debug)]
pub(crate) struct Rest {
    http: Http,
    address: SocketAddr,
    headers: HeaderMap,
    send: Uri,
}

#[derive(Deserialize)]
struct Envelope<T> {
    #[serde(rename = "errCode")]
    code: i32,
    data: Option<T>,
}

#[derive(Deserialize)]
struct Token {
    token: String,
}

impl Rest {
    /// Logs an administrator in.
    pub(crate) async fn log_in(address: SocketAddr) -> anyhow::Result<Self> {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert("operationID", HeaderValue::from_static("bench"));
        let mut rest = Self {
            http: Http::new(),
            address,
            headers,
            send: format!("http://{address}/msg/send_msg").parse()?,
        };
        let login = json!({ "secret": SECRET, "userID": ADMIN });
        let token: Token = rest.call("/auth/get_admin_token", &login).await?;
        rest.headers.insert("token", token.token.parse().context("the token is no header value")?);
        Ok(rest)
    }

    /// Registers everybody who talks in these conversations.
    pub(crate) async fn register(&self, conversations: Conversations) -> anyhow::Result<()> {
        let senders = (0..conversations.senders()).map(sender);
        let recipients = (0..conversations.0).map(|at| conversations.people(at).1);
        self.register_users(&senders.chain(recipients).collect::<Vec<_>>()).await
    }

    /// Registers users by name.
    pub(crate) async fn register_users(&self, names: &[String]) -> anyhow::Result<()> {
        for names in names.chunks(USERS_PER_CALL) {
            let users: Vec<Value> =
                names.iter().map(|name| json!({ "userID": name, "nickname": name })).collect();
            let answer = self.post("/user/user_register", &json!({ "users": users })).await?;
            ensure!(is_done(&answer), "registering users: {}", String::from_utf8_lossy(&answer));
        }
        Ok(())
    }

    /// A token with which a user can connect.
    pub(crate) async fn user_token(&self, user: &str) -> anyhow::Result<String> {
        let token: Token =
            self.call("/auth/get_user_token", &json!({ "platformID": PLATFORM, "userID": user })).await?;
        Ok(token.token)
    }

    /// Makes a group; the first one owns it.
    pub(crate) async fn create_group(&self, group: &str, members: &[String]) -> anyhow::Result<()> {
        let (owner, others) = members.split_first().context("a group needs an owner")?;
        let now = others.len().min(MEMBERS_AT_ONCE);
        let (first, later) = others.split_at(now);
        let info = json!({ "groupID": group, "groupName": group, "groupType": 2 });
        // What is said of the group in it would count among the messages that are measured.
        let body =
            json!({ "groupInfo": info, "ownerUserID": owner, "memberUserIDs": first, "sendMessage": false });
        let answer = self.post("/group/create_group", &body).await?;
        ensure!(is_done(&answer), "making a group: {}", String::from_utf8_lossy(&answer));
        for some in later.chunks(MEMBERS_AT_ONCE) {
            let body =
                json!({ "groupID": group, "invitedUserIDs": some, "reason": "", "sendMessage": false });
            let answer = self.post("/group/invite_user_to_group", &body).await?;
            ensure!(is_done(&answer), "inviting: {}", String::from_utf8_lossy(&answer));
        }
        Ok(())
    }

    /// Sends a message of so many characters.
    pub(crate) async fn send(&self, from: &str, to: To<'_>, characters: u16) -> anyhow::Result<()> {
        let (field, to, session) = match to {
            To::User(user) => ("recvID", user, 1),
            To::Group(group) => ("groupID", group, 3),
        };
        // Written by hand: the load shares the machine with what it measures.
        let body = format!(
            r#"{{"sendID":"{from}","{field}":"{to}","senderPlatformID":{PLATFORM},"content":{{"content":"{}"}},"contentType":101,"sessionType":{session}}}"#,
            text(characters)
        );
        let answer = self.http.post_ok(&self.send, &self.headers, Bytes::from(body)).await?;
        ensure!(is_done(&answer), "the send was refused: {}", String::from_utf8_lossy(&answer));
        Ok(())
    }

    /// The same connection for a user.
    pub(crate) fn as_user(&self, token: &str) -> anyhow::Result<Self> {
        let mut headers = self.headers.clone();
        headers.insert("token", token.parse().context("the token is no header value")?);
        Ok(Self { http: Http::new(), address: self.address, headers, send: self.send.clone() })
    }

    /// Asks for something; answers what stands under `data`.
    pub(crate) async fn ask(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.call(path, body).await
    }

    /// The administrator's token.
    pub(crate) fn token(&self) -> anyhow::Result<&str> {
        self.headers.get("token").context("not logged in")?.to_str().context("the token is no text")
    }

    async fn call<T: for<'de> Deserialize<'de>>(&self, path: &str, body: &Value) -> anyhow::Result<T> {
        let answer = self.post(path, body).await?;
        let envelope: Envelope<T> =
            serde_json::from_slice(&answer).with_context(|| format!("the answer of {path}"))?;
        ensure!(envelope.code == 0, "{path} refused: {}", String::from_utf8_lossy(&answer));
        envelope.data.with_context(|| format!("{path} answered without data"))
    }

    async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Bytes> {
        let uri: Uri = format!("http://{}{path}", self.address).parse()?;
        self.http.post_ok(&uri, &self.headers, Bytes::from(body.to_string())).await
    }
}

fn is_done(answer: &[u8]) -> bool {
    answer.starts_with(DONE)
        || serde_json::from_slice::<Envelope<Value>>(answer).is_ok_and(|envelope| envelope.code == 0)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn conversations_are_different_and_senders_share_them() {
        for (count, senders) in [(1, 1), (64, 64), (1000, 64)] {
            let conversations = Conversations(count);
            let all: BTreeSet<_> = (0..count as u64)
                .map(|number| conversations.people(conversations.of_request(number)))
                .collect();
            assert_eq!(all.len(), count);
            assert_eq!(conversations.senders(), senders);
            let by_sender: BTreeSet<_> = (0..senders)
                .flat_map(|at| conversations.recipients_of(at).into_iter().map(move |to| (sender(at), to)))
                .collect();
            assert_eq!(by_sender, all);
        }
    }

    #[test]
    fn a_text_has_its_length_and_carries_its_instant() {
        let text = text(250);
        assert_eq!(text.len(), 250);
        assert!(text.starts_with("meant-at:1"));
    }

    #[test]
    fn only_code_0_is_done() {
        assert!(is_done(br#"{"errCode":0,"errMsg":"","errDlt":""}"#));
        assert!(is_done(br#"{ "errMsg":"", "errCode": 0 }"#));
        assert!(!is_done(br#"{"errCode":1001,"errMsg":"x","errDlt":""}"#));
        assert!(!is_done(b"<html>"));
    }
}
