//! A world for the engine: log, progress, book, contract and receivers in memory. What is saved outlives a crash of
//! the engine, as a store would.

mod contract;
mod counters;
mod store;
mod told;
mod traces;

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ringback_callbacks::{
    CallError, CallErrorKind, CallPolicy, Caller, Engine, EngineParts, EngineSettings, Response,
};
use ringback_model::action::{Action, Entrant, GroupAction, GroupEntry};
use ringback_model::conversation::Target;
use ringback_model::delivery::{Answer, Outbound};
use ringback_model::event::{EventKind, Phase, Question, Subject};
use ringback_model::failure::{Failure, Refusal};
use ringback_model::group::Role;
use ringback_model::ids::{GroupId, LogPos, MessageId, UserId};
use ringback_model::message::{ContentClass, Message};
use ringback_model::ports::{
    BanBook, Clock, Dice, Fut, Gate, Handover, Log, ParkedBook, Progress, RuleBook, Traces,
};
use ringback_model::rule::Rule;
use ringback_model::sample;
use ringback_model::time::UnixMs;
use ringback_model::verdict::{AnyAnswer, Change};
use tokio::sync::watch;
use tokio::time::Instant;

pub use contract::TestContract;
pub use counters::Counters;
pub use store::{TestStore, is_parked};
pub use told::{seconds, told};
pub use traces::TestTraces;

pub fn user(text: &str) -> UserId {
    UserId::parse(text).unwrap()
}

pub fn message(id: u64, to: &str, text: &str) -> Message {
    let content = sample::content(ContentClass::Text, 101, text);
    Message {
        id: MessageId(id),
        client_id: format!("c{id}"),
        status: 0,
        ..sample::message(user("alice"), Target::User(user(to)), content, UnixMs(0))
    }
}

/// What the message of a question says; of an entry, who enters and under which names.
pub fn said(subject: &Subject) -> String {
    let Subject::Action(action) = subject else { return subject.message().unwrap().content.raw.clone() };
    let Action::Group(GroupAction::Enter(entry)) = &**action else { panic!("{action:?}") };
    let names = entry.entrants.iter().map(|one| format!("{}{}", one.user, one.nickname));
    names.collect::<Vec<_>>().join(" ")
}

/// So many users, `u0` and so on, are to enter a group.
pub fn entry(count: usize) -> Question {
    let entrant = |number: usize| Entrant {
        user: user(&format!("u{number}")),
        nickname: String::new(),
        face_url: String::new(),
        role: Role::Member,
        muted_until: UnixMs(0),
        ex: String::new(),
    };
    let entry = GroupEntry {
        group: GroupId::parse("g1").unwrap(),
        group_ex: String::new(),
        entrants: (0..count).map(entrant).collect(),
    };
    let subject = Subject::Action(Box::new(Action::Group(GroupAction::Enter(entry))));
    Question { subject, ..question("x") }
}

/// The entry with these words behind each name.
fn named(subject: &Subject, word: &str) -> Change {
    let Subject::Action(action) = subject else { panic!("{subject:?}") };
    let mut action = action.clone();
    if let Action::Group(GroupAction::Enter(entry)) = &mut *action {
        entry.entrants.iter_mut().for_each(|one| one.nickname.push_str(word));
    }
    Change::Action(action)
}

pub fn question(text: &str) -> Question {
    Question {
        operation_id: "op".into(),
        // Later than any test lasts: nothing of its time at the gate is spent.
        at: UnixMs(i64::MAX),
        ..sample::question(EventKind::MessageSending, message(7, "bob", text))
    }
}

/// What the gate says to a question whose answers are taken as they are.
pub async fn asked(gate: &Arc<dyn Gate>, question: Question) -> Result<Subject, Refusal> {
    gate.ask(question, &AnyAnswer).await.map_err(|failure| match failure {
        Failure::Refused(refusal) => refusal,
        Failure::Fault(fault) => panic!("{fault}"),
    })
}

pub fn rule(id: &str, phase: Phase) -> Rule {
    Rule { version: 0, ..sample::rule(id, "test", phase, &format!("http://{id}.test")) }
}

/// Follows tokio's paused time.
pub struct TestClock {
    start: Instant,
    /// Milliseconds by which somebody has set it, forward or back.
    pub set_by: AtomicI64,
}

/// Where test time begins, milliseconds since 1970.
pub const EPOCH: i64 = 1_700_000_000_000;

impl Default for TestClock {
    fn default() -> Self {
        Self { start: Instant::now(), set_by: AtomicI64::new(0) }
    }
}

impl Clock for TestClock {
    fn now(&self) -> UnixMs {
        UnixMs(EPOCH + self.set_by.load(Ordering::SeqCst)).plus(self.start.elapsed())
    }
}

/// SplitMix64 from a seed.
pub struct TestDice(AtomicU64);

impl TestDice {
    pub fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    pub fn below(&self, bound: u64) -> u64 {
        self.roll() % bound
    }
}

impl Dice for TestDice {
    fn roll(&self) -> u64 {
        let mut z =
            self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed).wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

/// Pushes are always written already, unless a test holds them.
#[derive(Default)]
pub struct TestHandover {
    pub held: watch::Sender<bool>,
}

impl Handover for TestHandover {
    fn handed_over(&self, _message: MessageId) -> Fut<'_, ()> {
        let mut held = self.held.subscribe();
        Box::pin(async move {
            held.wait_for(|held| !held).await.unwrap();
        })
    }
}

/// One call as a receiver saw it.
#[derive(Debug, Clone)]
pub struct Seen {
    pub at: UnixMs,
    pub url: String,
    pub body: String,
    pub webhook_id: String,
    pub attempt: u32,
    /// The replay that made it.
    pub replay: Option<String>,
    /// Whether it might have gone to a private address.
    pub allow_private: bool,
    /// How much of the answer would have been read.
    pub answer_bytes: usize,
    pub status: Option<u16>,
}

/// What a receiver does with a call.
#[derive(Debug, Clone)]
pub enum Reaction {
    Answer(u16, &'static str),
    After(Duration, u16),
    Retry(u16, Duration),
    Hang,
}

type Script = dyn Fn(&Outbound, UnixMs) -> Reaction + Send + Sync;

/// All receivers.
pub struct TestCaller {
    clock: Arc<TestClock>,
    script: Mutex<Arc<Script>>,
    pub seen: Mutex<Vec<Seen>>,
    /// Calls under way, by URL.
    under_way: Mutex<HashMap<String, usize>>,
    pub most_under_way: AtomicU64,
    /// URLs (lanes of rules) that were called twice at once.
    pub twice: Mutex<Vec<String>>,
}

impl TestCaller {
    pub fn new(clock: Arc<TestClock>) -> Self {
        Self {
            clock,
            script: Mutex::new(Arc::new(|_, _| Reaction::Answer(200, "ok"))),
            seen: Mutex::default(),
            under_way: Mutex::default(),
            most_under_way: AtomicU64::new(0),
            twice: Mutex::default(),
        }
    }

    pub fn react(&self, script: impl Fn(&Outbound, UnixMs) -> Reaction + Send + Sync + 'static) {
        *self.script.lock().unwrap() = Arc::new(script);
    }

    pub fn bodies(&self) -> Vec<String> {
        self.seen.lock().unwrap().iter().map(|seen| seen.body.clone()).collect()
    }
}

struct UnderWay<'a>(&'a TestCaller, String);

impl<'a> UnderWay<'a> {
    fn new(caller: &'a TestCaller, url: &str) -> Self {
        let mut under_way = caller.under_way.lock().unwrap();
        let calls = under_way.entry(url.to_owned()).or_default();
        *calls += 1;
        let calls = *calls;
        let all: usize = under_way.values().sum();
        caller.most_under_way.fetch_max(all as u64, Ordering::SeqCst);
        drop(under_way);
        if calls > 1 {
            caller.twice.lock().unwrap().push(url.to_owned());
        }
        Self(caller, url.to_owned())
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        *self.0.under_way.lock().unwrap().get_mut(&self.1).unwrap() -= 1;
    }
}

impl Caller for TestCaller {
    fn call<'a>(
        &'a self,
        request: &'a Outbound,
        extra: &'a [(String, String)],
        how: &'a CallPolicy,
    ) -> Fut<'a, Result<Response, CallError>> {
        Box::pin(async move {
            let header =
                |name: &str| extra.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
            let script = Arc::clone(&self.script.lock().unwrap());
            let reaction = script(request, self.clock.now());
            let index = {
                let mut seen = self.seen.lock().unwrap();
                seen.push(Seen {
                    at: self.clock.now(),
                    url: request.url.clone(),
                    body: String::from_utf8(request.body.to_vec()).unwrap(),
                    webhook_id: header("webhook-id").unwrap(),
                    attempt: header("ringback-attempt").map_or(1, |text| text.parse().unwrap()),
                    replay: header("ringback-replay"),
                    allow_private: how.allow_private,
                    answer_bytes: how.answer_bytes,
                    status: None,
                });
                seen.len() - 1
            };
            let _under_way = UnderWay::new(self, &request.url);
            let (status, body, retry_after) = match reaction {
                Reaction::Answer(status, body) => (status, body, None),
                Reaction::Retry(status, after) => (status, "", Some(after)),
                Reaction::After(wait, status) if wait < how.timeout => {
                    tokio::time::sleep(wait).await;
                    (status, "ok", None)
                }
                Reaction::After(..) | Reaction::Hang => {
                    tokio::time::sleep(how.timeout).await;
                    return Err(CallError::new(CallErrorKind::Timeout, "no answer"));
                }
            };
            self.seen.lock().unwrap()[index].status = Some(status);
            Ok(Response {
                answer: Answer { status, body: body.as_bytes().to_vec(), cut: false },
                retry_after,
            })
        })
    }
}

/// Everything around an engine.
pub struct World {
    pub store: Arc<TestStore>,
    pub clock: Arc<TestClock>,
    pub caller: Arc<TestCaller>,
    pub handover: Arc<TestHandover>,
    pub traces: Arc<TestTraces>,
    pub settings: EngineSettings,
    seed: u64,
}

impl World {
    pub fn new(seed: u64) -> Self {
        let clock = Arc::new(TestClock::default());
        Self {
            store: Arc::default(),
            caller: Arc::new(TestCaller::new(Arc::clone(&clock))),
            clock,
            handover: Arc::default(),
            traces: Arc::default(),
            settings: EngineSettings::default(),
            seed,
        }
    }

    pub async fn engine(&self) -> Arc<Engine> {
        Engine::start(EngineParts {
            log: Arc::clone(&self.store) as Arc<dyn Log>,
            progress: Arc::clone(&self.store) as Arc<dyn Progress>,
            book: Arc::clone(&self.store) as Arc<dyn RuleBook>,
            parked_book: Arc::clone(&self.store) as Arc<dyn ParkedBook>,
            ban_book: Arc::clone(&self.store) as Arc<dyn BanBook>,
            traces: Some(Arc::clone(&self.traces) as Arc<dyn Traces>),
            contracts: vec![
                Arc::new(TestContract::PLAIN),
                Arc::new(TestContract::served()),
                Arc::new(TestContract::patient()),
            ],
            handover: Arc::clone(&self.handover) as Arc<dyn Handover>,
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            dice: Arc::new(TestDice::new(self.seed)),
            caller: Arc::clone(&self.caller) as Arc<dyn Caller>,
            settings: self.settings.clone(),
        })
        .await
        .unwrap()
    }

    pub async fn engine_with(&self, rules: Vec<Rule>) -> Arc<Engine> {
        let engine = self.engine().await;
        engine.set_rules(rules).await.unwrap();
        engine
    }

    pub fn send(&self, lane: &str) -> LogPos {
        self.store.append(lane, self.clock.now())
    }
}
