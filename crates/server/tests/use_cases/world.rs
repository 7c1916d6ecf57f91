//! The domain over the memory store, with a gate and sessions that tests script.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ringback_domain::{Done, Handovers, Im, ImParts, ImSettings};
use ringback_model::command::{Actor, Call, Command, Draft, NewGroup, Outcome, Sent};
use ringback_model::conversation::Target;
use ringback_model::event::{EventKind, Question};
use ringback_model::failure::{Failure, Fault, Refusal, RefusalCode};
use ringback_model::ids::{GroupId, UserId};
use ringback_model::message::{Content, ContentClass, Handling, Message, Origin};
use ringback_model::ports::{Clock, Dice, Fut, Gate, Push, Sessions, Store, TokenCodec, TokenProblem};
use ringback_model::time::UnixMs;
use ringback_model::user::{Connection, Platform, TokenClaims, User};
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;

pub(crate) fn user(text: &str) -> UserId {
    UserId::parse(text).unwrap()
}

pub(crate) fn group(text: &str) -> GroupId {
    GroupId::parse(text).unwrap()
}

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
struct Counting(Mutex<u64>);

impl Dice for Counting {
    fn roll(&self) -> u64 {
        let mut next = self.0.lock().unwrap();
        *next += 1;
        next.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

/// Tokens that anybody can read.
struct PlainTokens;

impl TokenCodec for PlainTokens {
    fn mint(&self, _secret: &str, claims: &TokenClaims) -> Result<String, Fault> {
        Ok(format!("{}/{}/{}/{}", claims.id, claims.user, claims.platform.0, claims.expires_at.0))
    }

    fn read(&self, _secret: &str, text: &str, now: UnixMs) -> Result<TokenClaims, TokenProblem> {
        let parts: Vec<&str> = text.split('/').collect();
        let [id, name, platform, end] = parts[..] else { return Err(TokenProblem::Malformed) };
        let expires_at = UnixMs(end.parse().unwrap());
        if expires_at <= now {
            return Err(TokenProblem::Expired);
        }
        Ok(TokenClaims {
            id: id.to_owned(),
            user: user(name),
            platform: Platform(platform.parse().unwrap()),
            issued_at: now,
            expires_at,
        })
    }
}

type Judge = Box<dyn Fn(&mut Message) -> Result<(), Refusal> + Send + Sync>;

/// A gate that tests script per moment, and that can be held shut.
#[derive(Default)]
pub(crate) struct ScriptedGate {
    judges: Mutex<HashMap<EventKind, Arc<Judge>>>,
    pub(crate) asked: Mutex<Vec<EventKind>>,
    pub(crate) reached: Notify,
    shut: Mutex<Option<Arc<Semaphore>>>,
}

impl ScriptedGate {
    pub(crate) fn judge(
        &self,
        kind: EventKind,
        judge: impl Fn(&mut Message) -> Result<(), Refusal> + Send + Sync + 'static,
    ) {
        self.judges.lock().unwrap().insert(kind, Arc::new(Box::new(judge)));
    }

    pub(crate) fn shut(&self) -> Arc<Semaphore> {
        let key = Arc::new(Semaphore::new(0));
        *self.shut.lock().unwrap() = Some(Arc::clone(&key));
        key
    }
}

impl Gate for ScriptedGate {
    fn ask(&self, question: Question) -> Fut<'_, Result<Message, Refusal>> {
        self.asked.lock().unwrap().push(question.kind);
        self.reached.notify_one();
        let shut = self.shut.lock().unwrap().clone();
        let judge = self.judges.lock().unwrap().get(&question.kind).cloned();
        Box::pin(async move {
            if let Some(shut) = shut {
                let _opened = shut.acquire().await;
            }
            let mut message = question.message;
            if let Some(judge) = judge {
                judge(&mut message)?;
            }
            Ok(message)
        })
    }

    fn asks(&self, kind: EventKind) -> bool {
        self.judges.lock().unwrap().contains_key(&kind) || self.shut.lock().unwrap().is_some()
    }
}

/// Sessions that remember what was pushed.
#[derive(Default)]
pub(crate) struct Recorder {
    online: Mutex<Vec<UserId>>,
    pub(crate) pushed: Mutex<Vec<(Arc<Message>, Vec<UserId>)>>,
    pub(crate) kicked: Mutex<Vec<(UserId, Platform)>>,
    pub(crate) arrived: Notify,
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
        if let Some(unread) = self.unread.lock().unwrap().as_mut() {
            unread.push(written);
        }
        self.pushed.lock().unwrap().push((Arc::clone(&push.message), users.to_vec()));
        self.arrived.notify_one();
    }

    fn kick(&self, user: &UserId, platform: Platform, _except_token: Option<&str>) {
        self.kicked.lock().unwrap().push((user.clone(), platform));
    }
}

pub(crate) struct World {
    pub(crate) im: Arc<Im>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) gate: Arc<ScriptedGate>,
    pub(crate) sessions: Arc<Recorder>,
    pub(crate) clock: Arc<HandClock>,
    pub(crate) handovers: Arc<Handovers>,
    stop: CancellationToken,
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl World {
    /// With the users `alice`, `bob` and `carol`.
    pub(crate) async fn new() -> Self {
        let store = ringback_store::memory(ringback_store::StoreSettings::default());
        let gate = Arc::new(ScriptedGate::default());
        let sessions = Arc::new(Recorder::default());
        let clock = Arc::new(HandClock::default());
        let handovers = Arc::new(Handovers::new());
        let im = Im::new(ImParts {
            store: Arc::clone(&store),
            gate: Arc::clone(&gate) as Arc<dyn Gate>,
            sessions: Arc::clone(&sessions) as Arc<dyn Sessions>,
            handovers: Arc::clone(&handovers),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            dice: Arc::new(Counting::default()),
            tokens: Arc::new(PlainTokens),
            settings: ImSettings {
                secret: "hush".to_owned(),
                admins: vec![user("root")],
                token_validity: Duration::from_secs(3600),
            },
        })
        .await
        .unwrap();
        let stop = CancellationToken::new();
        tokio::spawn({
            let (im, stop) = (Arc::clone(&im), stop.clone());
            async move { im.run_pusher(stop).await }
        });
        // The pusher starts at the tail as it is now.
        tokio::task::yield_now().await;
        let world = Self { im, store, gate, sessions, clock, handovers, stop };
        let users = ["alice", "bob", "carol"].map(new_user).to_vec();
        world.admin(Command::RegisterUsers { users }).await.unwrap();
        world
    }

    pub(crate) async fn call(&self, actor: Option<Actor>, command: Command) -> Result<Done, Failure> {
        let operation_id = Arc::from("op-1");
        self.im.execute(Call { actor, origin: Origin::Client, operation_id, command }).await
    }

    pub(crate) async fn admin(&self, command: Command) -> Result<Outcome, Failure> {
        self.call(Some(actor("root", true)), command).await.map(|done| done.outcome)
    }

    pub(crate) async fn by(&self, name: &str, command: Command) -> Result<Outcome, Failure> {
        self.call(Some(actor(name, false)), command).await.map(|done| done.outcome)
    }

    pub(crate) async fn send(&self, draft: Draft) -> Result<Sent, Failure> {
        let sender = draft.sender.clone();
        match self.by(sender.as_str(), Command::Send(Box::new(draft))).await? {
            Outcome::Sent(sent) => Ok(sent),
            other => panic!("a send is answered with {other:?}"),
        }
    }

    pub(crate) async fn group_of(&self, owner: &str, members: &[&str]) -> GroupId {
        let new = NewGroup {
            id: None,
            name: "crew".to_owned(),
            notification: String::new(),
            introduction: String::new(),
            face_url: String::new(),
            ex: String::new(),
            verification: 0,
            look_member_info: 0,
            apply_member_friend: 0,
            owner: user(owner),
            admins: Vec::new(),
            members: members.iter().map(|name| user(name)).collect(),
        };
        match self.by(owner, Command::CreateGroup(new)).await.unwrap() {
            Outcome::Group(group) => group.id,
            other => panic!("a new group is answered with {other:?}"),
        }
    }
}

pub(crate) fn actor(name: &str, admin: bool) -> Actor {
    let platform = if admin { Platform::ADMIN } else { Platform::WEB };
    Actor { user: user(name), platform, admin, token_id: format!("token of {name}") }
}

pub(crate) fn new_user(name: &str) -> User {
    User {
        id: user(name),
        nickname: name.to_owned(),
        face_url: String::new(),
        ex: String::new(),
        created_at: UnixMs(0),
        level: ringback_model::user::AccountLevel::ORDINARY,
        receive_option: 0,
    }
}

pub(crate) fn draft(sender: &str, target: Target, text: &str) -> Draft {
    Draft {
        client_id: Some(format!("client id of {text}")),
        sender: user(sender),
        target,
        platform: Platform::WEB,
        nickname: String::new(),
        face_url: String::new(),
        system: false,
        content: Content {
            form: "test".to_owned(),
            class: ContentClass::Text,
            code: 101,
            raw: text.to_owned(),
        },
        status: 1,
        sent_at: None,
        created_at: None,
        options: BTreeMap::new(),
        handling: Handling::default(),
        offline_push: None,
        mentions: Vec::new(),
        attached_info: String::new(),
        ex: String::new(),
        any_sender: false,
    }
}

/// The code of a refusal; anything else fails the test.
pub(crate) fn refused<T: std::fmt::Debug>(result: Result<T, Failure>) -> RefusalCode {
    match result {
        Err(Failure::Refused(refusal)) => refusal.code,
        other => panic!("a refusal was expected, this came: {other:?}"),
    }
}
