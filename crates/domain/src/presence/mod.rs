//! Comings and goings, told to after-rules.
//!
//! The table of connections says what it sees to [`Presence`], which waits for nobody; a worker commits it, many at
//! once. With each user who is told to be online goes a note, so that the next start can tell that he went where a
//! crash kept this one from it.

mod leaving;
mod waiting;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ringback_model::action::{Action, PresenceAction, PresenceChange};
use ringback_model::commit::{Commit, CommitError, Write};
use ringback_model::event::{Done, Fact};
use ringback_model::failure::Fault;
use ringback_model::ids::UserId;
use ringback_model::limits;
use ringback_model::message::Origin;
use ringback_model::ports::Clock;
use ringback_model::presence::{PresenceWatch, Sighting, UserPresence};
use ringback_model::record::{ONE_OWNER, PresenceNote, Record, RecordKey, RecordKind};
use ringback_model::time::UnixMs;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::Im;
use waiting::{Told, Waiting};

/// Wait after a commit that failed.
const AGAIN: Duration = Duration::from_secs(1);
/// What those hear who are told of users that were online when the server ended.
const SERVER_WENT: &str = "the server was started anew";

/// Comings and goings that wait to be told.
pub struct Presence {
    clock: Arc<dyn Clock>,
    started: UnixMs,
    waiting: Mutex<Waiting>,
    changed: Notify,
}

impl Presence {
    /// Nothing was seen yet. To be made before anybody can connect.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let started = clock.now();
        Self { clock, started, waiting: Mutex::default(), changed: Notify::new() }
    }

    /// Resolves once everything that was seen is told.
    pub async fn settled(&self) {
        self.when(Waiting::is_empty).await;
    }

    /// The oldest of what waits. It waits on until [`Presence::is_told`].
    async fn next(&self) -> Vec<Told> {
        self.when(|waiting| !waiting.is_empty()).await;
        self.lock().begin(limits::PRESENCE_AT_ONCE)
    }

    fn is_told(&self) {
        self.lock().finish();
        self.changed.notify_waiters();
    }

    async fn when(&self, holds: impl Fn(&Waiting) -> bool) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // Registered before the look: a change in between wakes us.
            changed.as_mut().enable();
            if holds(&self.lock()) {
                return;
            }
            changed.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PresenceWatch for Presence {
    fn saw(&self, sighting: Sighting) {
        let now = self.clock.now();
        self.lock().add(sighting, now);
        self.changed.notify_waiters();
    }
}

impl Im {
    /// Tells of comings and goings until it is stopped. Run it once, as a worker of its own.
    pub async fn run_presence(&self, presence: &Presence, stop: CancellationToken) {
        let telling = async {
            self.tell_left_over(presence.started).await;
            loop {
                let batch = presence.next().await;
                self.until_committed(|| self.presence_commit(&batch)).await;
                count(&batch);
                presence.is_told();
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = telling => {}
        }
    }

    /// On which classes of device users are online, in the order asked for.
    #[must_use]
    pub fn presence_of(&self, users: &[UserId]) -> Vec<UserPresence> {
        let of = |user: &UserId| {
            let mut platforms: Vec<_> =
                self.sessions.connections(user).iter().map(|connection| connection.platform).collect();
            platforms.sort_unstable();
            platforms.dedup();
            UserPresence { user: user.clone(), platforms }
        };
        users.iter().map(of).collect()
    }

    /// Nobody is online after a start: those who were when the server ended went with it.
    async fn tell_left_over(&self, started: UnixMs) {
        loop {
            let left = match self.noted().await {
                Ok(left) => left,
                Err(fault) => {
                    tracing::error!(%fault, "who was online before the start cannot be read; trying again");
                    tokio::time::sleep(AGAIN).await;
                    continue;
                }
            };
            if left.is_empty() {
                return;
            }
            let is_page = left.len() == limits::PRESENCE_AT_ONCE;
            let mut keys: Vec<RecordKey> = left.iter().map(PresenceNote::key).collect();
            let mut gone = gone(left, started);
            if is_page {
                // Whether its user has another there is seen with those that follow.
                keys.pop();
                gone.pop();
            }
            let commit = || {
                let discards = keys.iter().cloned().map(Write::Discard);
                discards.fold(self.presence_commit(&gone), Commit::write)
            };
            self.until_committed(commit).await;
            count(&gone);
        }
    }

    async fn noted(&self) -> Result<Vec<PresenceNote>, Fault> {
        let page = self.store.records_of(RecordKind::Presence, ONE_OWNER, "", limits::PRESENCE_AT_ONCE);
        let note = |record| if let Record::Presence(note) = record { Some(note) } else { None };
        Ok(page.await?.into_iter().filter_map(note).collect())
    }

    fn presence_commit(&self, batch: &[Told]) -> Commit {
        let mut commit = Commit::at(self.clock.now());
        for Told { action, operation_id } in batch {
            commit.writes.extend(note(action));
            // Those who have several connections are of no interest to most rules.
            if is_one_of_several(action) && !action.told_as().is_some_and(|kind| self.gate.tells(kind)) {
                continue;
            }
            let action = Action::Presence(action.clone());
            let lane = action.lane();
            let done = Done {
                number: self.number(),
                action,
                actor: None,
                operation_id: Arc::clone(operation_id),
                origin: Origin::Client,
                by_admin: false,
                room: false,
            };
            commit = commit.event(lane, Fact::Done(Box::new(done)));
        }
        commit
    }

    /// Commits again and again: what was seen is not dropped because the store has no room just now.
    async fn until_committed(&self, commit: impl Fn() -> Commit) {
        let mut failing = false;
        while let Err(error) = self.store.commit(commit()).await {
            if !failing {
                tracing::error!(%error, "comings and goings cannot be written down; trying again");
                failing = true;
            }
            // A broken requirement is impossible: there is none.
            debug_assert!(!matches!(error, CommitError::Broken(_)));
            tokio::time::sleep(AGAIN).await;
        }
    }
}

/// What is noted with an action.
fn note(action: &PresenceAction) -> Option<Write> {
    match action {
        PresenceAction::Online(change) | PresenceAction::Connect(change) => {
            Some(Write::Keep(Box::new(Record::Presence(PresenceNote {
                user: change.user.clone(),
                platform: change.platform,
                connection: change.connection.clone(),
                at: change.at,
                device: change.device.clone(),
                by_connection: true,
            }))))
        }
        PresenceAction::Offline(change) | PresenceAction::Disconnect(change) => {
            let key = RecordKey::presence(&change.user, change.platform, Some(&change.connection));
            Some(Write::Discard(key))
        }
        PresenceAction::Kick(_) => None,
    }
}

fn is_one_of_several(action: &PresenceAction) -> bool {
    matches!(action, PresenceAction::Connect(_) | PresenceAction::Disconnect(_))
}

/// Those who were noted to be online went with the server. Notes of one user and platform stand together: his last one
/// there is the last of them.
fn gone(notes: Vec<PresenceNote>, started: UnixMs) -> Vec<Told> {
    let mut all = Vec::with_capacity(notes.len());
    let mut notes = notes.into_iter().peekable();
    while let Some(note) = notes.next() {
        let same =
            |next: &PresenceNote| next.platform == note.platform && next.user.folded() == note.user.folded();
        let is_last = !notes.peek().is_some_and(same);
        all.push(went(note, is_last, started));
    }
    all
}

fn went(note: PresenceNote, is_last: bool, started: UnixMs) -> Told {
    let operation_id = Arc::from(format!("restart-{}", note.connection));
    let change = PresenceChange {
        user: note.user,
        platform: note.platform,
        connection: note.connection,
        background: false,
        reason: SERVER_WENT.to_owned(),
        cut: false,
        device: note.device,
        at: started.max(UnixMs(note.at.0.saturating_add(1))),
    };
    let action = if is_last { PresenceAction::Offline(change) } else { PresenceAction::Disconnect(change) };
    Told { action, operation_id }
}

fn count(batch: &[Told]) {
    for told in batch {
        let change = match told.action {
            PresenceAction::Online(_) => "online",
            PresenceAction::Connect(_) => "connected",
            PresenceAction::Disconnect(_) => "disconnected",
            PresenceAction::Offline(_) => "offline",
            PresenceAction::Kick(_) => "kicked",
        };
        metrics::counter!("ringback_presence_changes_total", "change" => change).increment(1);
    }
}
