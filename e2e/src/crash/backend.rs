//! The app's backend: refuses and rewrites as a message's text says, fails some deliveries, and keeps of every
//! after-callback what its repetition is held against.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::sync::watch;

use super::report::Violation;
use super::{relations, rules, texts};
use crate::receiver::{Act, Call, Receiver};
use crate::rules::command;

/// How long it takes for an after-callback.
const AFTER_DELAY: Duration = Duration::from_millis(2);
/// Of so many deliveries of the kinds that are tried again, the first attempt of one is answered 503.
const STUMBLE: usize = 50;

/// Whose after-callback.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// Of the file's rules; deliveries are told apart by the message's id.
    Single,
    Group,
    Saved,
    /// Of the rules that were made by API; told apart by the message's text.
    Steady,
    /// Delivered or parked.
    Refused,
    /// A step of [`super::relations`].
    Step,
}

impl Kind {
    /// Whether every delivery arrives by itself in the end.
    pub(super) const fn must_arrive(self) -> bool {
        !matches!(self, Self::Refused | Self::Step)
    }
}

type Digest = [u8; 16];

/// What is known of one delivery.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    id: Digest,
    body: Digest,
    /// Attempts that came.
    pub(super) attempts: u32,
    /// Whether one of them was answered well.
    pub(super) taken: bool,
    /// Which arrival of all its first attempt was.
    pub(super) first: u64,
}

/// What came so far.
#[derive(Debug, Default)]
pub(super) struct Log {
    pub(super) seen: HashMap<(Kind, String), Seen>,
    arrivals: u64,
    violation: Option<Violation>,
}

impl Log {
    /// A delivery as it is seen anywhere: with one id and one body.
    pub(super) fn see(&mut self, kind: Kind, key: &str, id: &str, body: &[u8]) -> &mut Seen {
        let (id_digest, body_digest) = (digest(id.as_bytes()), digest(body));
        let fresh =
            Seen { id: id_digest, body: body_digest, attempts: 0, taken: false, first: self.arrivals };
        let seen = self.seen.entry((kind, key.to_owned())).or_insert(fresh);
        if (seen.id, seen.body) != (id_digest, body_digest) && self.violation.is_none() {
            self.violation = Some(Violation::new(
                format!("{kind:?} of {key} always has the id and the body of its first attempt"),
                format!("attempt {} with id {id}: {}", seen.attempts + 1, String::from_utf8_lossy(body)),
            ));
        }
        seen
    }

    /// The first thing that was wrong, if any.
    pub(super) fn violation(&self) -> Option<Violation> {
        self.violation.clone()
    }

    /// How many deliveries have different ids.
    pub(super) fn distinct_ids(&self) -> usize {
        self.seen.values().map(|seen| seen.id).collect::<std::collections::HashSet<_>>().len()
    }
}

/// See the module.
#[derive(Debug)]
pub(super) struct Backend {
    pub(super) log: Mutex<Log>,
    /// Whether it refuses for good what it is meant to refuse.
    refuses: AtomicBool,
    /// Whether it fails first attempts. Each holds its conversation for a second, so that a group's callbacks may be
    /// minutes behind a fast load; they catch up when it stops.
    stumbles: AtomicBool,
    /// Deliveries that must arrive and were taken, each once.
    pub(super) taken: watch::Sender<u64>,
}

impl Backend {
    /// Starts one; the receiver is its server.
    pub(super) async fn start() -> (Arc<Self>, Receiver) {
        let backend = Arc::new(Self {
            log: Mutex::default(),
            refuses: true.into(),
            stumbles: true.into(),
            taken: watch::Sender::new(0),
        });
        let answering = Arc::clone(&backend);
        let receiver = Receiver::start_handled(move |call| answering.answer(&call)).await;
        (backend, receiver)
    }

    /// From now on it takes everything.
    pub(super) fn mend(&self) {
        self.refuses.store(false, Ordering::Relaxed);
    }

    /// From now on no first attempt fails that is not refused for good.
    pub(super) fn stop_stumbling(&self) {
        self.stumbles.store(false, Ordering::Relaxed);
    }

    fn answer(&self, call: &Call) -> Act {
        match call.command.as_str() {
            command::BEFORE_SINGLE | command::BEFORE_GROUP => decide(&content_text(call)),
            command::MODIFY => modify(&content_text(call)),
            command::AFTER_SINGLE => self.keep(Kind::Single, call),
            command::AFTER_GROUP => self.keep(Kind::Group, call),
            command::SAVED => self.keep(Kind::Saved, call),
            _ if relations::RULES.iter().any(|(_, command)| call.command == *command) => {
                self.keep(Kind::Step, call)
            }
            _ if call.path.ends_with(rules::VETO) => veto(call),
            _ if call.path.ends_with(rules::STEADY) => self.keep(Kind::Steady, call),
            _ => self.keep(Kind::Refused, call),
        }
    }

    fn keep(&self, kind: Kind, call: &Call) -> Act {
        let (key, id) = match kind {
            Kind::Steady | Kind::Refused => (said(&call.body).to_owned(), call.text("callId")),
            Kind::Step => {
                let Some(key) = relations::key(call) else { return Act::allow() };
                (key, call.header("webhook-id").unwrap_or_default())
            }
            _ => (call.text("serverMsgID").to_owned(), call.header("webhook-id").unwrap_or_default()),
        };
        let mut log = self.log.lock().unwrap();
        let known = log.seen.len();
        let seen = log.see(kind, &key, id, &call.bytes);
        seen.attempts += 1;
        let stumbles = self.stumbles.load(Ordering::Relaxed) && kind.must_arrive();
        let first_of_many = seen.attempts == 1 && known.is_multiple_of(STUMBLE);
        let refused = kind == Kind::Refused && self.is_refused(call);
        if (stumbles && first_of_many) || refused {
            log.arrivals += 1;
            return Act::text(if refused { 500 } else { 503 }, "");
        }
        let newly = !std::mem::replace(&mut seen.taken, true);
        log.arrivals += 1;
        if newly && kind.must_arrive() {
            self.taken.send_modify(|taken| *taken += 1);
        }
        Act::allow().after(AFTER_DELAY)
    }

    /// One of sixteen callbacks, the same at every attempt, unless it is sent again to another address.
    fn is_refused(&self, call: &Call) -> bool {
        self.refuses.load(Ordering::Relaxed)
            && call.path.ends_with(rules::REFUSED)
            && call.text("callId").ends_with('0')
    }
}

fn decide(text: &str) -> Act {
    if texts::is_refused(text) { Act::refuse(5001, "no", "") } else { Act::allow() }
}

fn modify(text: &str) -> Act {
    let Some(text) = texts::rewritten(text) else { return Act::allow() };
    let content = json!({ "content": text }).to_string();
    Act::json(&json!({ "actionCode": 0, "errCode": 0, "nextCode": 0, "content": content }))
}

fn veto(call: &Call) -> Act {
    let valid = !texts::is_vetoed(said(&call.body));
    Act::json(&if valid { json!({ "valid": true }) } else { json!({ "valid": false, "code": "vetoed" }) })
}

/// The text that a before-callback of the file's rules asks about.
fn content_text(call: &Call) -> String {
    let content: Value = serde_json::from_str(call.text("content")).unwrap_or(Value::Null);
    content["content"].as_str().unwrap_or_default().to_owned()
}

/// The text that a callback of the other dialects tells of.
pub(super) fn said(body: &Value) -> &str {
    body["payload"]["bodies"][0]["msg"].as_str().unwrap_or_default()
}

/// Half of a SHA-256: what is kept of a text that must never change.
pub(super) fn digest(bytes: &[u8]) -> Digest {
    let mut half = Digest::default();
    half.copy_from_slice(&Sha256::digest(bytes)[..16]);
    half
}
