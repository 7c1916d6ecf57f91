//! Ports played by tests: readable, scriptable, without waits of their own.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ringback_model::action::Action;
use ringback_model::event::{EventKind, PushPlan, Question, Subject};
use ringback_model::failure::{Failure, Fault, Refusal, RefusalCode};
use ringback_model::ids::UserId;
use ringback_model::message::Message;
use ringback_model::notice;
use ringback_model::ports::{
    Clock, Dice, Fut, Gate, Passwords, Push, Sessions, Storage, TokenCodec, TokenKeys, TokenProblem,
};
use ringback_model::presence::CutReason;
use ringback_model::secret::Secret;
use ringback_model::storage::{Resend, ResendStart, Slice, SliceScope};
use ringback_model::time::UnixMs;
use ringback_model::user::{Bearer, Connection, Platform, TokenClaims};
use ringback_model::verdict::AnswerCheck;
use tokio::sync::{Notify, Semaphore};

use crate::world::user;

/// A clock that tests move.
#[derive(Default)]
pub(crate) struct HandClock(Mutex<i64>);

impl HandClock {
    pub(crate) fn advance(&self, by: Duration) {
        *self.0.lock().unwrap() += i64::try_from(by.as_millis()).unwrap();
    }
}

impl Clock for HandClock {
    fn now(&self) -> UnixMs {
        UnixMs(1_800_000_000_000 + *self.0.lock().unwrap())
    }
}

/// Dice that count.
#[derive(Default)]
pub(crate) struct Counting(Mutex<u64>);

impl Dice for Counting {
    fn roll(&self) -> u64 {
        let mut next = self.0.lock().unwrap();
        *next += 1;
        next.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

/// Tokens that anybody can read: id, bearer (`*` = the app), platform, end, and `signed` where that is all they need.
pub(crate) struct PlainTokens;

impl TokenCodec for PlainTokens {
    fn mint(&self, keys: &TokenKeys, claims: &TokenClaims) -> Result<String, Fault> {
        assert_eq!(keys.secret, "hush");
        let bearer = match &claims.bearer {
            Bearer::User(user) => user.as_str(),
            Bearer::App => "*",
        };
        let signed = if claims.unrecorded { "/signed" } else { "" };
        Ok(format!("{}/{bearer}/{}/{}{signed}", claims.id, claims.platform.0, claims.expires_at.0))
    }

    fn read(&self, _keys: &TokenKeys, text: &str, now: UnixMs) -> Result<TokenClaims, TokenProblem> {
        let parts: Vec<&str> = text.split('/').collect();
        let (id, name, platform, end, unrecorded) = match parts[..] {
            [id, name, platform, end] => (id, name, platform, end, false),
            [id, name, platform, end, "signed"] => (id, name, platform, end, true),
            _ => return Err(TokenProblem::Malformed),
        };
        let expires_at = UnixMs(end.parse().unwrap());
        if expires_at <= now {
            return Err(TokenProblem::Expired);
        }
        Ok(TokenClaims {
            id: id.to_owned(),
            bearer: if name == "*" { Bearer::App } else { Bearer::User(user(name)) },
            platform: Platform(platform.parse().unwrap()),
            unrecorded,
            // The tokens of this world last an hour.
            issued_at: UnixMs(expires_at.0 - 3_600_000),
            expires_at,
        })
    }
}

/// Hashes that anybody can read, and how many were worked on.
#[derive(Default)]
pub(crate) struct PlainHashes {
    pub(crate) worked: AtomicUsize,
}

impl Passwords for PlainHashes {
    fn hash(&self, password: Secret) -> Fut<'_, Result<Secret, Failure>> {
        self.worked.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move {
            // As the real one does: others get their turn meanwhile.
            tokio::task::yield_now().await;
            Ok(format!("hash of {}", password.reveal()).into())
        })
    }

    fn verify(&self, password: Secret, hash: Secret) -> Fut<'_, Result<bool, Failure>> {
        self.worked.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move { Ok(hash.reveal() == format!("hash of {}", password.reveal())) })
    }
}

/// Parked deliveries in one slice, and the orders that came.
#[derive(Default)]
pub(crate) struct OneSlice {
    pub(crate) orders: Mutex<Vec<Resend>>,
}

impl Storage for OneSlice {
    fn slices(&self, scope: SliceScope) -> Fut<'_, Result<Vec<Slice>, Failure>> {
        let slice =
            Slice { date: "202109092120".to_owned(), size: 3, retries: 0, running: false, rules: Vec::new() };
        Box::pin(async move {
            match scope {
                SliceScope::Everything => Ok(vec![slice]),
                SliceScope::Service => Err(Refusal::new(RefusalCode::StorageOff, "storage is off").into()),
            }
        })
    }

    fn resend(&self, order: Resend) -> Fut<'_, Result<ResendStart, Failure>> {
        self.orders.lock().unwrap().push(order);
        Box::pin(async { Ok(ResendStart::Started(3)) })
    }
}

type Judge = Box<dyn Fn(&mut Message) -> Result<(), Refusal> + Send + Sync>;
type Opinion = Box<dyn Fn(&mut Action) -> Result<(), Refusal> + Send + Sync>;
type PushJudge = Box<dyn Fn(&mut PushPlan) -> Result<(), Refusal> + Send + Sync>;

/// A gate that tests script per moment, and that can be held shut.
#[derive(Default)]
pub(crate) struct ScriptedGate {
    judges: Mutex<HashMap<EventKind, Arc<Judge>>>,
    opinions: Mutex<HashMap<EventKind, Arc<Opinion>>>,
    pub(crate) asked: Mutex<Vec<EventKind>>,
    /// What after-rules are told of.
    pub(crate) told: Mutex<Vec<EventKind>>,
    /// When the calls came in that the questions are about.
    pub(crate) asked_at: Mutex<Vec<UnixMs>>,
    pub(crate) reached: Notify,
    /// Answers that cannot be applied change nothing; else they refuse.
    pub(crate) goes_on: AtomicBool,
    shut: Mutex<Option<Arc<Semaphore>>>,
    push_judges: Mutex<HashMap<EventKind, Arc<PushJudge>>>,
    /// Texts of messages about whose pushes no answer comes yet.
    slow: Mutex<HashMap<String, Arc<Semaphore>>>,
}

impl ScriptedGate {
    pub(crate) fn judge_pushes(
        &self,
        kind: EventKind,
        judge: impl Fn(&mut PushPlan) -> Result<(), Refusal> + Send + Sync + 'static,
    ) {
        self.push_judges.lock().unwrap().insert(kind, Arc::new(Box::new(judge)));
    }

    /// From now on nothing about pushes is asked; who waits goes on waiting.
    pub(crate) fn forget_pushes(&self) {
        self.push_judges.lock().unwrap().clear();
    }

    /// No answer about pushes of this text comes before the semaphore has a permit.
    pub(crate) fn slow(&self, text: &str) -> Arc<Semaphore> {
        let key = Arc::new(Semaphore::new(0));
        self.slow.lock().unwrap().insert(text.to_owned(), Arc::clone(&key));
        key
    }

    pub(crate) fn judge(
        &self,
        kind: EventKind,
        judge: impl Fn(&mut Message) -> Result<(), Refusal> + Send + Sync + 'static,
    ) {
        self.judges.lock().unwrap().insert(kind, Arc::new(Box::new(judge)));
    }

    /// The same for what is done besides sending.
    pub(crate) fn opine(
        &self,
        kind: EventKind,
        opinion: impl Fn(&mut Action) -> Result<(), Refusal> + Send + Sync + 'static,
    ) {
        self.opinions.lock().unwrap().insert(kind, Arc::new(Box::new(opinion)));
    }

    pub(crate) fn shut(&self) -> Arc<Semaphore> {
        let key = Arc::new(Semaphore::new(0));
        *self.shut.lock().unwrap() = Some(Arc::clone(&key));
        key
    }

    /// From now on nothing is asked; who waits goes on waiting.
    pub(crate) fn stop_asking(&self) {
        *self.shut.lock().unwrap() = None;
    }
}

impl Gate for ScriptedGate {
    fn ask<'a>(
        &'a self,
        question: Question,
        check: &'a dyn AnswerCheck,
    ) -> Fut<'a, Result<Subject, Failure>> {
        self.asked.lock().unwrap().push(question.kind);
        self.asked_at.lock().unwrap().push(question.at);
        self.reached.notify_one();
        let shut = self.shut.lock().unwrap().clone();
        let judge = self.judges.lock().unwrap().get(&question.kind).cloned();
        let opinion = self.opinions.lock().unwrap().get(&question.kind).cloned();
        let push_judge = self.push_judges.lock().unwrap().get(&question.kind).cloned();
        let slow = match &question.subject {
            Subject::Push(plan) => self.slow.lock().unwrap().get(&plan.message.content.raw).cloned(),
            Subject::Message(_) | Subject::Action(_) => None,
        };
        Box::pin(async move {
            if let Some(slow) = slow {
                let _opened = slow.acquire().await;
            }
            if let Some(shut) = shut {
                let _opened = shut.acquire().await;
            }
            let mut subject = question.subject.clone();
            if let (Some(judge), Subject::Message(message)) = (judge, &mut subject) {
                judge(message)?;
            }
            if let (Some(judge), Subject::Push(plan)) = (push_judge, &mut subject) {
                judge(plan)?;
            }
            if let (Some(opinion), Subject::Action(action)) = (opinion, &mut subject) {
                opinion(action)?;
            }
            if subject == question.subject {
                return Ok(subject);
            }
            match check.check(subject).await {
                Err(Failure::Refused(_)) if self.goes_on.load(Ordering::Relaxed) => Ok(question.subject),
                Err(Failure::Refused(refusal)) => {
                    Err(Refusal::new(RefusalCode::CallbackUnusable, refusal.detail).into())
                }
                checked => checked,
            }
        })
    }

    fn tells(&self, kind: EventKind) -> bool {
        self.told.lock().unwrap().contains(&kind)
    }

    /// A gate that is shut is one for messages.
    fn asks(&self, kind: EventKind) -> bool {
        let is_of_message = matches!(
            kind,
            EventKind::MessageScreening | EventKind::MessageSending | EventKind::MessageRewriting
        );
        self.judges.lock().unwrap().contains_key(&kind)
            || self.opinions.lock().unwrap().contains_key(&kind)
            || self.push_judges.lock().unwrap().contains_key(&kind)
            || (is_of_message && self.shut.lock().unwrap().is_some())
    }
}

/// Sessions that remember what was pushed.
#[derive(Default)]
pub(crate) struct Recorder {
    online: Mutex<Vec<UserId>>,
    /// Messages, notices apart.
    pub(crate) pushed: Mutex<Vec<(Arc<Message>, Vec<UserId>)>>,
    /// Notices, said in a chat (with a seq) or not.
    pub(crate) notices: Mutex<Vec<(Arc<Message>, Vec<UserId>)>>,
    pub(crate) kicked: Mutex<Vec<(UserId, Platform)>>,
    pub(crate) arrived: Notify,
    /// Pushes that no client has read yet, and the most that there were.
    pub(crate) queued: AtomicUsize,
    pub(crate) most_queued: AtomicUsize,
    /// While it is there: a client who has not read what was pushed.
    pub(crate) unread: Mutex<Option<Vec<Arc<dyn Send + Sync>>>>,
}

impl Recorder {
    pub(crate) fn connect(&self, name: &str) {
        self.online.lock().unwrap().push(user(name));
    }

    /// Waits until so many pushes have arrived; answers their texts, in order.
    pub(crate) async fn texts(&self, count: usize) -> Vec<String> {
        loop {
            let arrived = self.arrived.notified();
            let texts: Vec<String> =
                self.pushed.lock().unwrap().iter().map(|(message, _)| message.content.raw.clone()).collect();
            if texts.len() >= count {
                return texts;
            }
            tokio::time::timeout(Duration::from_secs(5), arrived).await.expect("a push within 5 s");
        }
    }
}

impl Sessions for Recorder {
    fn online(&self, users: &[UserId]) -> Vec<bool> {
        let online = self.online.lock().unwrap();
        users.iter().map(|user| online.contains(user)).collect()
    }

    fn connections(&self, _user: &UserId) -> Vec<Connection> {
        Vec::new()
    }

    fn push(&self, push: &Push, users: &[UserId], written: Arc<dyn Send + Sync>) {
        if push.message.content.form == notice::FORM {
            self.notices.lock().unwrap().push((Arc::clone(&push.message), users.to_vec()));
            self.arrived.notify_one();
            return;
        }
        if let Some(unread) = self.unread.lock().unwrap().as_mut() {
            unread.push(written);
        }
        let queued = self.queued.fetch_add(1, Ordering::Relaxed) + 1;
        self.most_queued.fetch_max(queued, Ordering::Relaxed);
        self.pushed.lock().unwrap().push((Arc::clone(&push.message), users.to_vec()));
        self.arrived.notify_one();
    }

    fn kick(&self, user: &UserId, platform: Platform, _except_token: Option<&str>, _: CutReason) {
        self.kicked.lock().unwrap().push((user.clone(), platform));
    }

    fn cut(&self, _user: &UserId, _connection: &str, _: CutReason) -> bool {
        false
    }
}
