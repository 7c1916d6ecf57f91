//! The domain over a store, with everything else around it played by tests.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ringback_domain::{Done, Handovers, Im, ImParts, ImSettings};
use ringback_model::action::Action;
use ringback_model::app::{App, AppKeys};
use ringback_model::command::{
    Actor, Call, Command, ConversationRef, Draft, NewGroup, Outcome, PullOrder, Sent, SeqRange,
};
use ringback_model::commit::{Commit, Write};
use ringback_model::conversation::{ConversationId, Target};
use ringback_model::event::{Fact, MessageSent};
use ringback_model::failure::{Failure, RefusalCode};
use ringback_model::group::GroupKind;
use ringback_model::ids::{GroupId, LogPos, UserId};
use ringback_model::message::{ContentClass, Handling, Origin};
use ringback_model::notice;
use ringback_model::ports::{Clock, Gate, Passwords, Sessions, Storage, Store, TokenKeys};
use ringback_model::sample;
use ringback_model::time::UnixMs;
use ringback_model::user::{LoginPolicy, Platform, User};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::fakes::{Counting, HandClock, OneSlice, PlainHashes, PlainTokens, Recorder, ScriptedGate};

pub(crate) fn user(text: &str) -> UserId {
    UserId::parse(text).unwrap()
}

pub(crate) fn group(text: &str) -> GroupId {
    GroupId::parse(text).unwrap()
}

pub(crate) struct World {
    pub(crate) im: Arc<Im>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) gate: Arc<ScriptedGate>,
    pub(crate) sessions: Arc<Recorder>,
    pub(crate) clock: Arc<HandClock>,
    pub(crate) handovers: Arc<Handovers>,
    pub(crate) passwords: Arc<PlainHashes>,
    pub(crate) storage: Arc<OneSlice>,
    stop: CancellationToken,
    counter: (CancellationToken, JoinHandle<()>),
}

/// Counts what is said.
fn counting(im: &Arc<Im>) -> (CancellationToken, JoinHandle<()>) {
    let stop = CancellationToken::new();
    (stop.clone(), tokio::spawn(Arc::clone(im).run_counter(stop)))
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop.cancel();
        self.counter.0.cancel();
    }
}

impl World {
    /// With the users `alice`, `bob` and `carol`, the secret `hush`, and an app that knows itself as `app-1` with
    /// `app-secret`.
    pub(crate) async fn new() -> Self {
        Self::with(AppKeys {
            certificate: None,
            client_id: Some("app-1".to_owned()),
            client_secret: Some("app-secret".to_owned()),
        })
        .await
    }

    pub(crate) async fn with(keys: AppKeys) -> Self {
        Self::over(
            ringback_store::memory(ringback_store::StoreSettings::default()),
            keys,
            false,
            LoginPolicy::default(),
        )
        .await
    }

    /// What counts messages ends, and begins again where it was.
    pub(crate) async fn restart_counter(&mut self) {
        self.counter.0.cancel();
        (&mut self.counter.1).await.unwrap();
        self.counter = counting(&self.im);
    }

    /// Only friends may send to each other.
    pub(crate) async fn of_friends() -> Self {
        let store = ringback_store::memory(ringback_store::StoreSettings::default());
        Self::over(store, AppKeys::default(), true, LoginPolicy::default()).await
    }

    /// Logins take each other's place as this says.
    pub(crate) async fn of_policy(policy: LoginPolicy) -> Self {
        let store = ringback_store::memory(ringback_store::StoreSettings::default());
        Self::over(store, AppKeys::default(), false, policy).await
    }

    /// On disk: calls really wait, so that what is done at the same time interleaves.
    pub(crate) async fn on_disk(folder: &Path) -> Self {
        let store = ringback_store::open(folder, ringback_store::StoreSettings::default()).unwrap();
        Self::over(store, AppKeys::default(), false, LoginPolicy::default()).await
    }

    async fn over(
        store: Arc<dyn Store>,
        keys: AppKeys,
        friends_only: bool,
        login_policy: LoginPolicy,
    ) -> Self {
        let keys = TokenKeys { secret: "hush".to_owned(), app: App::default(), keys };
        let gate = Arc::new(ScriptedGate::default());
        let sessions = Arc::new(Recorder::default());
        let clock = Arc::new(HandClock::default());
        let handovers = Arc::new(Handovers::new());
        let passwords = Arc::new(PlainHashes::default());
        let storage = Arc::new(OneSlice::default());
        let im = Im::new(ImParts {
            keywords: Arc::new(ringback_model::keyword::NoKeywords),
            store: Arc::clone(&store),
            gate: Arc::clone(&gate) as Arc<dyn Gate>,
            sessions: Arc::clone(&sessions) as Arc<dyn Sessions>,
            handovers: Arc::clone(&handovers),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            dice: Arc::new(Counting::default()),
            tokens: Arc::new(PlainTokens),
            passwords: Arc::clone(&passwords) as Arc<dyn Passwords>,
            storage: Arc::clone(&storage) as Arc<dyn Storage>,
            uploads: None,
            seals: Arc::new(ringback_objects::HmacSeals::new("hush".into())),
            settings: ImSettings {
                keys,
                admins: vec![user("root"), user("second")],
                token_validity: Duration::from_secs(3600),
                app_token_validity: Duration::from_secs(7200),
                zone_min: None,
                recall_window: ringback_model::limits::RECALL_WINDOW,
                friends_only,
                login_policy,
            },
        })
        .await
        .unwrap();
        let stop = CancellationToken::new();
        tokio::spawn({
            let (im, stop) = (Arc::clone(&im), stop.clone());
            async move { im.run_pusher(stop).await }
        });
        let counter = counting(&im);
        tokio::spawn({
            let (im, stop) = (Arc::clone(&im), stop.clone());
            async move { im.run_profile_news(stop).await }
        });
        // The pusher starts at the tail as it is now.
        tokio::task::yield_now().await;
        let world = Self { im, store, gate, sessions, clock, handovers, passwords, storage, stop, counter };
        // Not by a command: the log of a new world is empty.
        let mut commit = Commit::at(world.clock.now());
        commit.writes = ["alice", "bob", "carol"]
            .map(|name| Write::PutUser(User { created_at: world.clock.now(), ..new_user(name) }))
            .to_vec();
        world.store.commit(commit).await.unwrap();
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

    /// A message that an administrator sends in this sender's name.
    pub(crate) async fn send_for(&self, draft: Draft) -> Result<Sent, Failure> {
        match self.admin(Command::Send(Box::new(draft))).await? {
            Outcome::Sent(sent) => Ok(sent),
            other => panic!("a send is answered with {other:?}"),
        }
    }

    pub(crate) async fn group_of(&self, owner: &str, members: &[&str]) -> GroupId {
        self.create(GroupKind::Group, owner, members, 0).await.unwrap()
    }

    pub(crate) async fn room_of(&self, owner: &str, members: &[&str]) -> GroupId {
        self.create(GroupKind::Room, owner, members, 0).await.unwrap()
    }

    pub(crate) async fn create(
        &self,
        kind: GroupKind,
        owner: &str,
        members: &[&str],
        max_members: u32,
    ) -> Result<GroupId, Failure> {
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
            kind,
            max_members,
            invite_confirm: false,
            owner: user(owner),
            admins: Vec::new(),
            members: members.iter().map(|name| user(name)).collect(),
            said: false,
        };
        match self.by(owner, Command::CreateGroup(new)).await? {
            Outcome::Group(group) => Ok(group.id),
            other => panic!("a new group is answered with {other:?}"),
        }
    }

    /// Everything that was sent, as after-rules are told, in order; notices apart.
    pub(crate) async fn told(&self) -> Vec<MessageSent> {
        let events = self.store.read(LogPos::ZERO, 100).await.unwrap();
        let sent = events.iter().filter_map(|event| event.sent());
        sent.filter(|sent| sent.message.content.form != notice::FORM).cloned().collect()
    }

    /// Everything else that was done, as after-rules are told, in order.
    pub(crate) async fn done(&self) -> Vec<Action> {
        let events = self.store.read(LogPos::ZERO, 1000).await.unwrap();
        let done = events.iter().filter_map(|event| match &event.fact {
            Fact::Done(done) => Some(done.action.clone()),
            Fact::MessageSent(_) => None,
        });
        done.collect()
    }

    /// Everything besides sending that was done, as after-rules are told, in order.
    pub(crate) async fn deeds(&self) -> Vec<Action> {
        let events = self.store.read(LogPos::ZERO, 10_000).await.unwrap();
        let done = events.iter().filter_map(|event| match &event.fact {
            Fact::Done(done) => Some(done.action.clone()),
            Fact::MessageSent(_) => None,
        });
        done.collect()
    }

    /// Seqs and texts of everything in a conversation that this user finds.
    pub(crate) async fn pulled(&self, name: &str, conversation: ConversationId) -> Vec<(u64, String)> {
        let conversation = ConversationRef { text: "c".to_owned(), id: Some(conversation) };
        let range = SeqRange { conversation, begin: 0, end: u64::MAX, num: 0 };
        let pull = Command::PullRanges { user: user(name), ranges: vec![range], order: PullOrder::Ascending };
        let Outcome::Pulled(pulled) = self.by(name, pull).await.unwrap() else { panic!("a pull") };
        pulled[0].messages.iter().map(|seen| (seen.message.seq, seen.message.content.raw.clone())).collect()
    }
}

pub(crate) fn actor(name: &str, admin: bool) -> Actor {
    let platform = if admin { Platform::ADMIN } else { Platform::WEB };
    let expires_at = UnixMs(1_800_000_000_000 + 60_000);
    Actor { user: user(name), platform, admin, token_id: format!("token of {name}"), expires_at }
}

pub(crate) fn new_user(name: &str) -> User {
    sample::user(user(name))
}

pub(crate) fn draft(sender: &str, target: Target, text: &str) -> Draft {
    Draft {
        client_id: Some(format!("client id of {text}")),
        ..sample::draft(user(sender), target, sample::content(ContentClass::Text, 101, text))
    }
}

/// The same without copies for the sender's own devices, which get the first ones of a chat later: one push each.
pub(crate) fn one_sided(sender: &str, target: Target, text: &str) -> Draft {
    let handling = Handling { sync_sender: false, ..Handling::default() };
    Draft { handling, ..draft(sender, target, text) }
}

/// The code of a refusal; anything else fails the test.
pub(crate) fn refused<T: std::fmt::Debug>(result: Result<T, Failure>) -> RefusalCode {
    match result {
        Err(Failure::Refused(refusal)) => refusal.code,
        other => panic!("a refusal was expected, this came: {other:?}"),
    }
}
