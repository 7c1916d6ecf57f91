//! What the promises need: a store of each kind, and short ways to write commits.

use std::sync::Arc;
use std::time::Duration;

use ringback_model::commit::{Commit, CommitError, Write};
use ringback_model::conversation::{ConversationId, ConversationState, Target};
use ringback_model::event::{Event, Fact, Lane, MessageSent};
use ringback_model::group::{Group, Member, Role};
use ringback_model::ids::{GroupId, LogPos, UserId};
use ringback_model::message::{ContentClass, Message, Origin};
use ringback_model::ports::Store;
use ringback_model::sample;
use ringback_model::time::UnixMs;
use ringback_model::user::{AccountLevel, Platform, Standing, TokenRecord, User};
use ringback_store::StoreSettings;
use tempfile::TempDir;

/// Noon of some day.
pub(crate) const NOON: i64 = 1_700_000_000_000;
pub(crate) const HOUR: i64 = 3_600_000;

#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Memory,
    Embedded,
}

/// A store, and its folder if it has one.
pub(crate) struct World {
    pub(crate) store: Arc<dyn Store>,
    folder: Option<TempDir>,
    settings: StoreSettings,
}

impl Kind {
    pub(crate) fn open(self) -> World {
        self.open_with(settings())
    }

    pub(crate) fn open_with(self, settings: StoreSettings) -> World {
        match self {
            Self::Memory => World { store: ringback_store::memory(settings.clone()), folder: None, settings },
            Self::Embedded => {
                let folder = tempfile::tempdir().unwrap();
                let store = ringback_store::open(folder.path(), settings.clone()).unwrap();
                World { store, folder: Some(folder), settings }
            }
        }
    }
}

/// Segments of seven events, so that every promise meets their edges.
pub(crate) fn settings() -> StoreSettings {
    StoreSettings { segment_events: 7, readers: 2, ..StoreSettings::default() }
}

/// Runs each promise on every backend.
macro_rules! promises {
    ($($name:ident),* $(,)?) => {
        mod memory {
            $(#[tokio::test] async fn $name() { super::$name(crate::world::Kind::Memory).await; })*
        }
        mod embedded {
            $(#[tokio::test] async fn $name() { super::$name(crate::world::Kind::Embedded).await; })*
        }
    };
}
pub(crate) use promises;

impl World {
    pub(crate) fn path(&self) -> &std::path::Path {
        self.folder.as_ref().unwrap().path()
    }

    /// Closes an embedded store and opens it again; a memory store just goes on.
    pub(crate) async fn reopen(self) -> Self {
        let Some(folder) = self.folder else { return self };
        self.store.close().await.unwrap();
        let store = ringback_store::open(folder.path(), self.settings.clone()).unwrap();
        Self { store, folder: Some(folder), settings: self.settings }
    }

    pub(crate) async fn commit(&self, commit: Commit) -> Vec<Arc<Event>> {
        self.store.commit(commit).await.unwrap().events
    }

    pub(crate) async fn write(&self, write: Write) {
        self.commit(Commit::at(UnixMs(NOON)).write(write)).await;
    }

    /// Logs one message at a time; answers its event.
    pub(crate) async fn say(&self, message: Message, at: i64) -> Arc<Event> {
        self.commit(saying(message, at)).await.remove(0)
    }

    pub(crate) async fn state(&self, who: &str, conversation: &ConversationId) -> Option<ConversationState> {
        let ids = [conversation.clone()];
        self.store.conversation_states(&user(who), &ids).await.unwrap().remove(0)
    }

    pub(crate) async fn whole_log(&self) -> Vec<Arc<Event>> {
        self.store.read(LogPos::ZERO, usize::MAX).await.unwrap()
    }

    pub(crate) async fn seqs(&self, conversation: &ConversationId) -> Vec<u64> {
        let messages = self.store.range(conversation, 1, u64::MAX, usize::MAX).await.unwrap();
        messages.iter().map(|message| message.seq).collect()
    }

    /// A group with members.
    pub(crate) async fn group(&self, id: &str, members: &[&str]) {
        let mut commit = Commit::at(UnixMs(NOON)).write(Write::PutGroup(group(id)));
        for member in members {
            commit = commit.write(Write::PutMember(member_of(id, member)));
        }
        self.commit(commit).await;
    }
}

pub(crate) fn user(id: &str) -> UserId {
    UserId::parse(id).unwrap()
}

pub(crate) fn group_id(id: &str) -> GroupId {
    GroupId::parse(id).unwrap()
}

pub(crate) fn someone(id: &str) -> User {
    User {
        id: user(id),
        nickname: format!("{id}'s name"),
        face_url: String::new(),
        ex: String::new(),
        created_at: UnixMs(NOON),
        level: AccountLevel::ORDINARY,
        receive_option: 0,
        standing: Standing::default(),
    }
}

pub(crate) fn group(id: &str) -> Group {
    sample::group(group_id(id), user("owner"), UnixMs(NOON))
}

pub(crate) fn member_of(group: &str, who: &str) -> Member {
    Member {
        group: group_id(group),
        user: user(who),
        role: Role::Member,
        nickname: String::new(),
        face_url: String::new(),
        joined_at: UnixMs(NOON),
        join_source: 2,
        operator: String::new(),
        inviter: String::new(),
        muted_until: UnixMs(0),
        ex: String::new(),
    }
}

pub(crate) fn token(who: &str, id: &str, platform: Platform, expires_at: i64) -> TokenRecord {
    TokenRecord {
        id: id.to_owned(),
        user: user(who),
        platform,
        expires_at: UnixMs(expires_at),
        kicked: false,
    }
}

pub(crate) fn message(from: &str, target: Target, client_id: &str) -> Message {
    let content =
        sample::content(ContentClass::Text, 101, &format!("\"{client_id}\" says {from}: \u{1F600}"));
    let message = sample::message(user(from), target, content, UnixMs(NOON));
    Message { client_id: client_id.to_owned(), ..message }
}

pub(crate) fn to(who: &str) -> Target {
    Target::User(user(who))
}

pub(crate) fn to_group(id: &str) -> Target {
    Target::Group(group_id(id))
}

/// The same message, taken but not kept.
pub(crate) fn unkept(mut message: Message) -> Message {
    message.handling.store = false;
    message
}

pub(crate) fn single(one: &str, other: &str) -> ConversationId {
    ConversationId::single(&user(one), &user(other))
}

pub(crate) fn lane(message: &Message) -> Lane {
    Lane::conversation(&message.conversation())
}

pub(crate) fn sent(message: Message) -> Fact {
    Fact::MessageSent(Box::new(MessageSent {
        message: Arc::new(message),
        operation_id: Arc::from("operation"),
        origin: Origin::Client,
        sender_is_admin: false,
        offline: vec![user("away")],
    }))
}

/// A commit that logs one message.
pub(crate) fn saying(message: Message, at: i64) -> Commit {
    Commit::at(UnixMs(at)).event(lane(&message), sent(message))
}

pub(crate) fn message_of(event: &Event) -> Arc<Message> {
    event.sent().unwrap().message.clone()
}

pub(crate) fn duplicate(error: CommitError) -> Arc<Message> {
    match error {
        CommitError::Duplicate(message) => message,
        other => panic!("not a duplicate: {other}"),
    }
}

pub(crate) const DAY: Duration = Duration::from_secs(24 * 3600);
