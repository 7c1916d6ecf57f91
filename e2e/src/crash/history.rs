//! The stored messages, as members pull them: no gap, nothing twice, everything acknowledged, nothing refused, and
//! what was once seen stays as it was.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::{Value, json};

use super::backend::digest;
use super::load::{Acked, USERS};
use super::report::{Violation, hold};
use super::texts;
use crate::app::{App, content, conversation};

/// Messages pulled at once.
const PAGE: i64 = 100;

/// One stored message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) server_id: String,
    pub(super) text: String,
    whole: [u8; 16],
}

/// One conversation, as far as it was read.
#[derive(Debug, Default)]
pub(super) struct Conversation {
    /// By their sequence numbers, from 1.
    pub(super) messages: Vec<Stored>,
    by_client_id: HashMap<String, usize>,
    texts: HashSet<String>,
}

/// Every conversation of the senders.
#[derive(Debug)]
pub(super) struct History {
    /// By name; the member who reads it.
    readers: BTreeMap<String, &'static str>,
    pub(super) conversations: BTreeMap<String, Conversation>,
}

impl History {
    pub(super) fn new(group: &str) -> Self {
        let mut readers = BTreeMap::from([(format!("sg_{group}"), USERS[0])]);
        for (at, user) in USERS.iter().enumerate() {
            for step in 1..=2 {
                readers.insert(conversation(user, USERS[(at + step) % USERS.len()]), *user);
            }
        }
        Self { readers, conversations: BTreeMap::new() }
    }

    /// Messages stored, as far as they were read.
    pub(super) fn len(&self) -> usize {
        self.conversations.values().map(|conversation| conversation.messages.len()).sum()
    }

    /// Reads on from where the last reading ended.
    pub(super) async fn read_on(&mut self, app: &App) -> Result<(), Violation> {
        for (name, reader) in &self.readers {
            let known = self.conversations.entry(name.clone()).or_default();
            loop {
                let page = pull(app, reader, name, known.messages.len()).await;
                if page.is_empty() {
                    break;
                }
                for message in &page {
                    known.append(name, message)?;
                }
            }
        }
        Ok(())
    }

    /// Reads everything again: it is what was read before.
    pub(super) async fn read_again(&self, app: &App) -> Result<(), Violation> {
        let mut again = Self::new("");
        again.readers.clone_from(&self.readers);
        again.read_on(app).await?;
        for (name, known) in &self.conversations {
            let now = again.conversations.get(name).map_or(&[][..], |conversation| &conversation.messages);
            let changed = known.messages.iter().zip(now).position(|(one, other)| one != other);
            hold(changed.is_none() && known.messages.len() == now.len(), "history stays as it was", || {
                let at = changed.unwrap_or(known.messages.len().min(now.len()));
                format!("{name} seq {}: first {:?}, later {:?}", at + 1, known.messages.get(at), now.get(at))
            })?;
        }
        Ok(())
    }

    /// Acknowledged: there, under the id that was told, with the text that the backend made of it.
    pub(super) fn check_acked(&self, acked: &[Acked]) -> Result<(), Violation> {
        for one in acked {
            let found = self.conversations.get(&one.conversation).and_then(|conversation| {
                conversation.messages.get(*conversation.by_client_id.get(&one.client_id)?)
            });
            let fits = found.is_some_and(|stored| {
                stored.server_id == one.server_id && Some(&stored.text) == texts::stored(&one.sent).as_ref()
            });
            hold(fits, "an acknowledged message is in history as it was acknowledged", || {
                format!("acknowledged {one:?}, stored {found:?}")
            })?;
        }
        Ok(())
    }
}

impl Conversation {
    fn append(&mut self, name: &str, message: &Value) -> Result<(), Violation> {
        let seq = message["seq"].as_u64().unwrap_or_default();
        let next = self.messages.len() + 1;
        hold(seq == next as u64, "sequence numbers without a gap", || {
            format!("{name}: {seq} where {next} was next: {message}")
        })?;
        let of = |key: &str| message[key].as_str().unwrap_or_default().to_owned();
        let text = content(message)["content"].as_str().unwrap_or_default().to_owned();
        hold(texts::stored(&text).is_some(), "what the backend refused is not stored", || {
            format!("{name} seq {seq}: {text}")
        })?;
        let once = self.by_client_id.insert(of("clientMsgID"), next - 1).is_none()
            && self.texts.insert(text.clone());
        hold(once, "every message is stored once", || format!("{name} seq {seq}: {text} again"))?;
        let whole = digest(message.to_string().as_bytes());
        self.messages.push(Stored { server_id: of("serverMsgID"), text, whole });
        Ok(())
    }
}

/// Messages after the first `known`; empty at the end.
async fn pull(app: &App, reader: &str, name: &str, known: usize) -> Vec<Value> {
    let begin = i64::try_from(known).unwrap_or(i64::MAX - PAGE) + 1;
    let range = json!({ "conversationID": name, "begin": begin, "end": begin + PAGE - 1, "num": PAGE });
    let body = json!({ "userID": reader, "seqRanges": [range], "order": 0 });
    let data = app.admin().post("/msg/pull_msg_by_seq", &body).await.data();
    data["msgs"][name]["Msgs"].as_array().cloned().unwrap_or_default()
}
