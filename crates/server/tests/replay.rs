//! A replay on the embedded store and a real contract: one conversation out of a hundred thousand events.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first thing that is not as it should be"
)]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ringback_callbacks::replay::{ReplayOrder, ReplayState};
use ringback_callbacks::{
    CallError, CallPolicy, Caller, Engine, EngineParts, EngineSettings, Response, headers, webhook_id,
};
use ringback_model::app::App;
use ringback_model::commit::Commit;
use ringback_model::conversation::{ConversationId, Target};
use ringback_model::delivery::{Answer, Outbound};
use ringback_model::event::{Fact, Lane, MessageSent, Phase};
use ringback_model::ids::{MessageId, UserId};
use ringback_model::message::{ContentClass, Message, Origin};
use ringback_model::ports::{BanBook, Commits, Fut, Handover, Log, ParkedBook, Progress, RuleBook, Store};
use ringback_model::sample;
use ringback_model::time::UnixMs;
use ringback_server::clock::{SystemClock, SystemDice};
use ringback_store::StoreSettings;

const CONVERSATIONS: u64 = 1000;
const ROUNDS: u64 = 100;
const AT: UnixMs = UnixMs(1_700_000_000_000);

/// Takes everything, and remembers it: the body, the callback's id, the replay's.
#[derive(Default)]
struct Receiver(Mutex<Vec<(String, String, Option<String>)>>);

impl Caller for Receiver {
    fn call<'a>(
        &'a self,
        request: &'a Outbound,
        extra: &'a [(String, String)],
        _how: &'a CallPolicy,
    ) -> Fut<'a, Result<Response, CallError>> {
        let header = |name: &str| extra.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        let body = String::from_utf8(request.body.to_vec()).unwrap();
        let seen = (body, header(webhook_id::HEADER).unwrap(), header(headers::REPLAY_HEADER));
        self.0.lock().unwrap().push(seen);
        let answer = Answer { status: 200, body: b"{}".to_vec(), cut: false };
        Box::pin(async move { Ok(Response { answer, retry_after: None }) })
    }
}

/// Nothing is on its way to devices here.
struct Written;

impl Handover for Written {
    fn handed_over(&self, _message: MessageId) -> Fut<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

fn user(number: u64) -> UserId {
    UserId::parse(&format!("user{number}")).unwrap()
}

fn alice() -> UserId {
    UserId::parse("alice").unwrap()
}

fn chat(number: u64) -> ConversationId {
    ConversationId::single(&alice(), &user(number))
}

/// One message to each of the users.
fn round(number: u64) -> Commit {
    (0..CONVERSATIONS).fold(Commit::at(AT), |commit, to| {
        let content = sample::content(ContentClass::Text, 101, "{\"content\":\"x\"}");
        let id = number * CONVERSATIONS + to + 1;
        let message = sample::message(alice(), Target::User(user(to)), content, AT);
        let message = Message { id: MessageId(id), client_id: format!("c{id}"), ..message };
        let fact = Fact::MessageSent(Box::new(MessageSent {
            message: Arc::new(message),
            operation_id: "op".into(),
            origin: Origin::Client,
            sender_is_admin: false,
            offline: Vec::new(),
        }));
        commit.event(Lane::conversation(&chat(to)), fact)
    })
}

async fn engine(store: &Arc<dyn Store>, receiver: &Arc<Receiver>) -> Arc<Engine> {
    Engine::start(EngineParts {
        traces: None,
        log: Arc::clone(store) as Arc<dyn Log>,
        progress: Arc::clone(store) as Arc<dyn Progress>,
        book: Arc::clone(store) as Arc<dyn RuleBook>,
        parked_book: Arc::clone(store) as Arc<dyn ParkedBook>,
        ban_book: Arc::clone(store) as Arc<dyn BanBook>,
        contracts: ringback_dialects::all(&App::default()).contracts,
        handover: Arc::new(Written),
        clock: Arc::new(SystemClock),
        dice: Arc::new(SystemDice),
        caller: Arc::clone(receiver) as Arc<dyn Caller>,
        settings: EngineSettings::default(),
    })
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_conversation_out_of_a_hundred_thousand_events_is_all_that_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let store = ringback_store::open(folder.path(), StoreSettings::default()).unwrap();
    for number in 0..ROUNDS {
        Commits::commit(store.as_ref(), round(number)).await.unwrap();
    }
    let events = store.tail().0;
    assert!(events >= ROUNDS * CONVERSATIONS, "{events}");
    // The rule comes when everything is over: nothing of it was told before.
    let receiver = Arc::new(Receiver::default());
    let engine = engine(&store, &receiver).await;
    let rule = sample::rule("late", "openim", Phase::After, "http://late.test");
    engine.set_rules(vec![rule.clone()]).await.unwrap();
    let all = ReplayOrder { dry: true, ..ReplayOrder::of(rule.id.clone()) };
    let counting = engine.start_replay(all).await.unwrap();
    let counted = engine.replay_over(&counting.id).await.unwrap().counts;
    assert_eq!((counted.looked_at, counted.meant), (events, events));
    let order = ReplayOrder {
        conversations: vec![chat(500)],
        events: vec!["afterSendSingleMsg".to_owned()],
        rate: Some(10_000),
        ..ReplayOrder::of(rule.id.clone())
    };
    let id = engine.start_replay(order).await.unwrap().id;
    let over = tokio::time::timeout(Duration::from_secs(60), engine.replay_over(&id));
    let status = over.await.expect("a hundred calls take no minute").unwrap();
    assert_eq!((status.state, status.delivered, status.failed), (ReplayState::Done, ROUNDS, 0));
    assert!(status.counts.looked_at <= ROUNDS + 2, "others are not even read: {:?}", status.counts);
    let seen = receiver.0.lock().unwrap().clone();
    assert_eq!(seen.len() as u64, ROUNDS);
    let ids: std::collections::BTreeSet<&String> = seen.iter().map(|(_, id, _)| id).collect();
    assert_eq!(ids.len() as u64, ROUNDS, "each once");
    for (body, _, replay) in &seen {
        assert!(body.contains("\"recvID\":\"user500\""), "{body}");
        assert_eq!(replay.as_deref(), Some(id.as_str()));
    }
    engine.drain(Duration::from_secs(1)).await;
    store.close().await.unwrap();
}
