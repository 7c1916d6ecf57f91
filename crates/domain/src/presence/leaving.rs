//! Rooms let those go who are offline for a while: a reader of the log that follows comings and goings.
//!
//! Goings are in the log in the order of time, so one after the other is looked at when its time has come; the log is read
//! at its end, where it is in memory, and those that wait are kept. Looking twice, after a crash, does no harm: who has
//! left already is not there, and who came back in between is let alone.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use ringback_model::action::{Action, GroupAction, GroupLeave, PresenceAction, PresenceChange};
use ringback_model::commit::{Commit, Require};
use ringback_model::event::{Event, Fact, Lane};
use ringback_model::failure::{Failure, Fault};
use ringback_model::group::{Group, Role};
use ringback_model::ids::LogPos;
use ringback_model::limits;
use ringback_model::message::Origin;
use ringback_model::time::UnixMs;
use tokio_util::sync::CancellationToken;

use crate::Im;
use crate::actions::Deed;
use crate::caller::Caller;
use crate::group_life::{Tries, gone};

/// Name of the bookmark.
const READER: &str = "rooms";
/// Events read at once.
const AT_ONCE: usize = 1024;
/// How much longer it waits for more events.
const GATHER: Duration = Duration::from_millis(50);
/// How often the bookmark is moved at most: what lies behind it is looked at once more after a crash.
const BOOKMARK_EVERY_MS: i64 = 10_000;
/// Wait after the store failed.
const AGAIN: Duration = Duration::from_secs(1);
/// Events of one user that are read to see whether he came back.
const LATER: usize = 64;

impl Im {
    /// Lets users who were offline for `after` leave the rooms that they are in, until it is stopped. Run it once, as a
    /// worker of its own. The owner of a room stays.
    pub async fn run_room_keeper(self: Arc<Self>, after: Duration, stop: CancellationToken) {
        tokio::select! {
            () = stop.cancelled() => {}
            () = self.keep_rooms(after) => {}
        }
    }

    async fn keep_rooms(&self, after: Duration) {
        let mut goings = Goings::from(self.bookmark_or_end(READER).await);
        let mut saved_at = self.clock.now();
        loop {
            let next = goings.waiting.front().cloned();
            let due = async {
                match &next {
                    Some(event) => self.until(event.at, after).await,
                    None => std::future::pending().await,
                }
            };
            let is_due = tokio::select! {
                biased;
                () = due => true,
                () = self.wait_for_some(goings.read, GATHER), if goings.has_room() => false,
            };
            let done = match next {
                Some(event) if is_due => self.let_go(&event).await.map(|()| drop(goings.waiting.pop_front())),
                _ => self.read_goings(&mut goings).await,
            };
            if let Err(fault) = done {
                tracing::error!(%fault, "nobody leaves rooms: the store fails");
                tokio::time::sleep(AGAIN).await;
                continue;
            }
            let now = self.clock.now();
            if now.0.saturating_sub(saved_at.0) >= BOOKMARK_EVERY_MS {
                if let Err(fault) = self.move_bookmark(READER, goings.done()).await {
                    tracing::error!(%fault, "the bookmark of rooms cannot be moved");
                }
                saved_at = now;
            }
        }
    }

    async fn read_goings(&self, goings: &mut Goings) -> Result<(), Fault> {
        let (events, end) = self.read_past(goings.read, AT_ONCE).await?;
        goings.waiting.extend(events.into_iter().filter(|event| gone_offline(event).is_some()));
        goings.read = end;
        Ok(())
    }

    /// Lets somebody leave whose time has come, unless he is back.
    async fn let_go(&self, event: &Event) -> Result<(), Fault> {
        let Some(change) = gone_offline(event) else { return Ok(()) };
        if self.is_back(event, change).await? { Ok(()) } else { self.leave_rooms(change).await }
    }

    /// Waits until so long after an instant. A clock that was set back does not make it longer.
    async fn until(&self, at: UnixMs, after: Duration) {
        let waited = self.clock.now().0.saturating_sub(at.0).max(0);
        let waited = Duration::from_millis(u64::try_from(waited).unwrap_or(0));
        tokio::time::sleep(after.saturating_sub(waited)).await;
    }

    /// He is online, or was in between: then his next going counts, or his going from another device.
    async fn is_back(&self, event: &Event, change: &PresenceChange) -> Result<bool, Fault> {
        if self.sessions.online(std::slice::from_ref(&change.user)).into_iter().any(|online| online) {
            return Ok(true);
        }
        let lane = Lane::user(&change.user);
        let later = self.store.read_lane(&lane, event.pos, LATER).await?;
        Ok(later.iter().any(|later| matches!(presence(later), Some(PresenceAction::Online(_)))))
    }

    async fn leave_rooms(&self, change: &PresenceChange) -> Result<(), Fault> {
        let rooms = self.rooms_of(&change.user).await.map_err(as_fault)?;
        for room in rooms {
            self.leave_room(change, &room).await.map_err(as_fault)?;
        }
        Ok(())
    }

    async fn leave_room(&self, change: &PresenceChange, room: &Group) -> Result<(), Failure> {
        let caller = Caller {
            origin: Origin::Client,
            ..Caller::server_for(
                change.user.clone(),
                format!("offline-{}", change.connection),
                self.clock.now(),
            )
        };
        let mut tries = Tries::default();
        loop {
            let member = self.store.member(&room.id, &change.user).await?;
            let Some(member) = member.filter(|member| member.role != Role::Owner) else { return Ok(()) };
            let commit = Commit::at(self.clock.now())
                .require(Require::LiveGroup(room.id.clone()))
                .require(Require::SameMember(Box::new(member.clone())));
            let left = GroupLeave { group: room.id.clone(), user: member.user.clone(), offline: true };
            let deed =
                Deed::of(gone(commit, room, &member.user)).tell(Action::Group(GroupAction::Quit(left)));
            let deed = self.with_what_was_theirs(deed, room, std::slice::from_ref(&member.user)).await?;
            match self.carry_out_deed(&caller, deed).await {
                Ok(_) => return Ok(()),
                // It was dismissed meanwhile.
                Err(error) => {
                    if self.live_group(&room.id).await.is_err() {
                        return Ok(());
                    }
                    tries.again(error)?;
                }
            }
        }
    }
}

/// Those who went and have not been looked at.
struct Goings {
    waiting: VecDeque<Arc<Event>>,
    /// Everything up to here was read.
    read: LogPos,
}

impl Goings {
    const fn from(read: LogPos) -> Self {
        Self { waiting: VecDeque::new(), read }
    }

    fn has_room(&self) -> bool {
        self.waiting.len() < limits::GOINGS_WAITING
    }

    /// Up to where all have been looked at.
    fn done(&self) -> LogPos {
        self.waiting.front().map_or(self.read, |event| LogPos(event.pos.0.saturating_sub(1)))
    }
}

fn presence(event: &Event) -> Option<&PresenceAction> {
    match &event.fact {
        Fact::Done(done) => match &done.action {
            Action::Presence(action) => Some(action),
            _ => None,
        },
        Fact::MessageSent(_) => None,
    }
}

fn gone_offline(event: &Event) -> Option<&PresenceChange> {
    match presence(event) {
        Some(PresenceAction::Offline(change)) => Some(change),
        _ => None,
    }
}

/// Nobody is refused here: what is left is ours.
fn as_fault(failure: Failure) -> Fault {
    match failure {
        Failure::Fault(fault) => fault,
        Failure::Refused(refusal) => Fault::new(refusal.detail),
    }
}
