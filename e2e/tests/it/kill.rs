//! `kill -9` in a loop, under load: nothing acknowledged is lost or doubled, and the backend hears of everything, or
//! finds it parked.
//!
//! `RINGBACK_KILLS` says how often (50), `RINGBACK_KILL_SEED` repeats the moments of a run.

mod parked;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use prost::Message as _;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use ringback_e2e::app::{App, conversation, platform, single, to_group};
use ringback_e2e::client::{Client, Login};
use ringback_e2e::family::Family;
use ringback_e2e::receiver::{Act, Call, Receiver};
use ringback_e2e::rest::Rest;
use ringback_e2e::rules::{ALL, command, webhooks};
use ringback_e2e::setup::Setup;
use ringback_e2e::wire::{MsgData, SendMsgResp, request};
use serde_json::Value;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Where senders write, and how long the receiver takes for an after-callback.
const USERS: [&str; 6] = ["u0", "u1", "u2", "u3", "u4", "u5"];
const AFTER_DELAY: Duration = Duration::from_millis(2);
/// Of so many deliveries of a kind, one is refused at its first attempt.
const STUMBLE: usize = 50;
/// Devices from which each of the chatting users sends at once, and backends that send over REST.
const DEVICES: [i32; 3] = [platform::WEB, platform::IOS, platform::ANDROID];
const BACKENDS: usize = 3;
/// Longest load between two kills, milliseconds.
const LIFE_MS: u64 = 1000;
/// Longest wait for the last after-callbacks, after the last restart.
const DRAIN: Duration = Duration::from_secs(120);

/// A message that the server has acknowledged.
#[derive(Debug, Clone)]
struct Acked {
    conversation: String,
    client_id: String,
    server_id: String,
}

/// What all senders share.
#[derive(Clone)]
struct Load {
    addr: watch::Receiver<SocketAddr>,
    acked: Arc<Mutex<Vec<Acked>>>,
    stop: Arc<AtomicBool>,
    group: String,
}

impl Load {
    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn note(&self, acked: Acked) {
        self.acked.lock().unwrap().push(acked);
    }

    /// After a broken connection: waits for the next life of the server, or a moment.
    async fn breathe(&mut self) {
        let _ = tokio::time::timeout(Duration::from_millis(50), self.addr.changed()).await;
    }
}

/// Sends over a WebSocket; what was not acknowledged is sent again under the same client message id.
async fn chat(mut load: Load, login: Login) {
    let mut client: Option<Client> = None;
    let mut pending: Option<MsgData> = None;
    let mut number = 0_usize;
    while !load.stopped() || pending.is_some() {
        let Some(connected) = &client else {
            let addr = *load.addr.borrow_and_update();
            match Client::connect(addr, &login).await {
                Ok(connected) => client = Some(connected),
                Err(_) => load.breathe().await,
            }
            continue;
        };
        let message = pending.get_or_insert_with(|| {
            number += 1;
            let text = format!("{} {} {number}", login.user, login.platform);
            if number.is_multiple_of(4) {
                connected.text_to_group(&load.group, &text)
            } else {
                connected.text_to(peer(&login.user, number), &text)
            }
        });
        let ask = connected.ask(request::SEND, message.encode_to_vec());
        connected.post(&ask);
        match connected.try_answer(&ask.incr).await {
            Some(told) => {
                let sent: SendMsgResp = told.expect();
                assert_eq!(sent.client_msg_id, message.client_msg_id);
                load.note(Acked {
                    conversation: conversation_of(message),
                    client_id: sent.client_msg_id,
                    server_id: sent.server_msg_id,
                });
                pending = None;
            }
            None => client = None,
        }
    }
}

/// Sends over REST, where nothing is repeated: what was not acknowledged may be there or not.
async fn post(mut load: Load, token: String, from: &'static str, backend: usize) {
    let mut number = 0_usize;
    while !load.stopped() {
        let addr = *load.addr.borrow_and_update();
        let rest = Rest::new(addr).with_token(&token);
        loop {
            number += 1;
            let text = format!("rest {from} {backend} {number}");
            let (body, conversation) = if number.is_multiple_of(4) {
                (to_group(from, &load.group, &text), format!("sg_{}", load.group))
            } else {
                let to = peer(from, number);
                (single(from, to, &text), conversation(from, to))
            };
            let Ok(reply) = rest.try_post("/msg/send_msg", &body).await else { break };
            let data = reply.data();
            let id = |key: &str| data[key].as_str().unwrap().to_owned();
            load.note(Acked { conversation, client_id: id("clientMsgID"), server_id: id("serverMsgID") });
            if load.stopped() {
                return;
            }
        }
        load.breathe().await;
    }
}

fn peer(user: &str, number: usize) -> &'static str {
    let at = USERS.iter().position(|known| *known == user).unwrap();
    USERS[(at + 1 + number % 2) % USERS.len()]
}

fn conversation_of(message: &MsgData) -> String {
    if message.group_id.is_empty() {
        conversation(&message.send_id, &message.recv_id)
    } else {
        format!("sg_{}", message.group_id)
    }
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_over_kills_under_load() {
    let kills = setting("RINGBACK_KILLS", 50);
    let seed = setting("RINGBACK_KILL_SEED", rand::random());
    eprintln!("RINGBACK_KILLS={kills} RINGBACK_KILL_SEED={seed}");
    let mut dice = StdRng::seed_from_u64(seed);

    let receiver = Receiver::start().await;
    for command in [command::AFTER_SINGLE, command::AFTER_GROUP, command::SAVED] {
        receiver.always(command, Act::allow().after(AFTER_DELAY));
        // Retries and stuck conversations are to be caught by kills too.
        receiver.stumble(command, STUMBLE);
    }
    let setup = parked::setup(Setup::dev().webhooks(&webhooks(&receiver.url(), ALL)));
    let mut family = Family::start(setup, &USERS).await;
    parked::make_rule(&family, &receiver).await;
    let app = &mut family.app;
    let group = app.group(USERS[0], &USERS[1..]).await;
    let (lives, addr) = watch::channel(app.server.addr());
    let load = Load { addr, acked: Arc::default(), stop: Arc::default(), group: group.clone() };
    let mut senders = JoinSet::new();
    for user in &USERS[..4] {
        for device in DEVICES {
            let token = app.token(user, device).await;
            senders.spawn(chat(load.clone(), Login::new(user, &token, device)));
        }
    }
    for user in &USERS[4..] {
        for backend in 0..BACKENDS {
            senders.spawn(post(load.clone(), app.admin_token().to_owned(), user, backend));
        }
    }

    for kill in 1..=kills {
        let before = load.acked.lock().unwrap().len();
        let life = Duration::from_millis(dice.random_range(0..LIFE_MS));
        tokio::time::sleep(life).await;
        let begun = Instant::now();
        app.server.kill().await;
        app.server.restart().await;
        lives.send_replace(app.server.addr());
        let acked = load.acked.lock().unwrap().len() - before;
        eprintln!("kill {kill}: after {life:?}, {acked} acknowledged, back in {:?}", begun.elapsed());
    }
    tokio::time::sleep(Duration::from_millis(LIFE_MS)).await;
    load.stop.store(true, Ordering::Relaxed);
    while let Some(sender) = senders.join_next().await {
        sender.expect("a sender ends well");
    }

    let acked = load.acked.lock().unwrap().clone();
    let history = histories(app, &group).await;
    let stored: usize = history.values().map(Vec::len).sum();
    eprintln!("{} acknowledged, {stored} stored, seed {seed}", acked.len());
    assert!(acked.len() as u64 >= kills, "there was a load: {}", acked.len());
    check_history(&acked, &history);
    check_callbacks(&receiver, &history).await;
    parked::check(&family, &receiver, &history, seed).await;
}

/// Every conversation, as one of its members pulls it.
async fn histories(app: &App, group: &str) -> BTreeMap<String, Vec<Value>> {
    let mut found = BTreeMap::new();
    let group = format!("sg_{group}");
    found.insert(group.clone(), app.history(USERS[0], &group).await);
    for (at, user) in USERS.iter().enumerate() {
        for step in 1..=2 {
            let name = conversation(user, USERS[(at + step) % USERS.len()]);
            let messages = app.history(user, &name).await;
            found.insert(name, messages);
        }
    }
    found
}

fn text<'a>(message: &'a Value, key: &str) -> &'a str {
    message[key].as_str().unwrap()
}

/// Acknowledged: there exactly once. Anything: at most once. Seqs without a gap.
fn check_history(acked: &[Acked], history: &BTreeMap<String, Vec<Value>>) {
    for (name, messages) in history {
        let seqs: Vec<i64> = messages.iter().map(|message| message["seq"].as_i64().unwrap()).collect();
        let wanted: Vec<i64> = (1..=i64::try_from(messages.len()).unwrap()).collect();
        assert_eq!(seqs, wanted, "seqs of {name}");
        let ids: HashSet<_> = messages.iter().map(|message| text(message, "clientMsgID")).collect();
        assert_eq!(ids.len(), messages.len(), "a message of {name} is stored twice");
        let contents: HashSet<_> = messages.iter().map(|message| text(message, "content")).collect();
        assert_eq!(contents.len(), messages.len(), "a text of {name} is stored twice");
    }
    for one in acked {
        let found =
            history[&one.conversation].iter().filter(|message| text(message, "clientMsgID") == one.client_id);
        let ids: Vec<_> = found.map(|message| text(message, "serverMsgID")).collect();
        assert_eq!(ids, [one.server_id.as_str()], "{one:?}");
    }
}

/// Each after-callback of each stored message came, with one body and one id however often it came; no other
/// came; and each conversation's first deliveries are in order.
async fn check_callbacks(receiver: &Receiver, history: &BTreeMap<String, Vec<Value>>) {
    let mut wanted: Vec<(String, &str, Vec<&str>)> = Vec::new();
    for (name, messages) in history {
        let ids: Vec<&str> = messages.iter().map(|message| text(message, "serverMsgID")).collect();
        let after = if name.starts_with("sg_") { command::AFTER_GROUP } else { command::AFTER_SINGLE };
        wanted.push((name.clone(), after, ids.clone()));
        wanted.push((name.clone(), command::SAVED, ids));
    }
    let total: usize = wanted.iter().map(|(_, _, ids)| ids.len()).sum();
    let is_after = |call: &&Call| {
        [command::AFTER_SINGLE, command::AFTER_GROUP, command::SAVED].contains(&call.command.as_str())
    };
    let mut seen: HashSet<(String, String)> = HashSet::new();
    let mut read = 0;
    let complete = receiver.wait(DRAIN, |calls| {
        for call in calls[read..].iter().filter(is_after) {
            seen.insert((call.command.clone(), call.text("serverMsgID").to_owned()));
        }
        read = calls.len();
        (seen.len() >= total).then_some(())
    });
    let complete = complete.await.is_some();
    assert!(complete, "{} of {total} after-callbacks came", seen.len());

    let mut arrivals: HashMap<(&str, &str), Vec<&Call>> = HashMap::new();
    let mut order: HashMap<(&str, &str), usize> = HashMap::new();
    let calls = receiver.calls();
    for (at, call) in calls.iter().enumerate().filter(|(_, call)| is_after(call)) {
        let key = (call.command.as_str(), call.text("serverMsgID"));
        arrivals.entry(key).or_default().push(call);
        order.entry(key).or_insert(at);
    }
    assert_eq!(arrivals.len(), total, "a callback came for a message that is not stored");
    let mut ids: HashSet<&str> = HashSet::new();
    for (key, calls) in &arrivals {
        let id = calls[0].header("webhook-id").unwrap();
        assert!(ids.insert(id), "{key:?} shares its id with another");
        for again in &calls[1..] {
            assert_eq!(again.bytes, calls[0].bytes, "{key:?}");
            assert_eq!(again.header("webhook-id"), Some(id), "{key:?}");
        }
    }
    for (name, command, messages) in &wanted {
        let first: Vec<usize> = messages.iter().map(|id| order[&(*command, *id)]).collect();
        assert!(first.is_sorted(), "first deliveries of {command} in {name} are out of order");
    }
    let again = calls.iter().filter(is_after).count() - total;
    eprintln!("{total} after-callbacks, {again} of them again");
}
