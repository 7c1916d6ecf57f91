//! Members of a user's groups are told that he looks different now: a reader of a bounded line, so that nobody whose
//! name changes waits for the devices of thousands.
//!
//! Where the line is full, or the server goes down, devices find the change by the versions of their lists.

use std::sync::{Arc, Mutex, PoisonError};

use ringback_model::commit::Committed;
use ringback_model::conversation::Target;
use ringback_model::failure::Fault;
use ringback_model::group::GroupPerson;
use ringback_model::ids::{GroupId, UserId};
use ringback_model::limits;
use ringback_model::notice::{GroupNews, GroupNotice, Notice};
use ringback_model::version::{Version, VersionLog};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::Im;
use crate::caller::Caller;
use crate::group_life::is_listed;
use crate::notices::{Keep, Outgoing};

/// A profile that was changed, and the groups whose lists that has raised.
struct Change {
    caller: Caller,
    user: UserId,
    committed: Committed,
}

/// Both ends of the line; the taking one until the reader has it.
pub(crate) struct ChangesLine {
    enter: mpsc::Sender<Change>,
    take: Mutex<Option<mpsc::Receiver<Change>>>,
}

impl Default for ChangesLine {
    fn default() -> Self {
        let (enter, take) = mpsc::channel(limits::PROFILES_WAITING);
        Self { enter, take: Mutex::new(Some(take)) }
    }
}

impl Im {
    /// Tells members until it is stopped. Run it once, as a worker of its own.
    pub async fn run_profile_news(&self, stop: CancellationToken) {
        let taker = self.profile_changes.take.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut changes) = taker else { return };
        loop {
            let change = tokio::select! {
                biased;
                () = stop.cancelled() => return,
                Some(change) = changes.recv() => change,
                else => return,
            };
            for (log, _) in &change.committed.versions {
                let VersionLog::Members(group) = log else { continue };
                if let Err(fault) = self.tell_members(&change, group).await {
                    tracing::warn!(%fault, "members are not told that a profile changed");
                }
            }
        }
    }

    /// Has members told what a commit has raised the lists of their groups for.
    pub(super) fn tell_groups(&self, caller: &Caller, user: &UserId, committed: Committed) {
        if !committed.versions.iter().any(|(log, _)| matches!(log, VersionLog::Members(_))) {
            return;
        }
        let change = Change { caller: caller.clone(), user: user.clone(), committed };
        if self.profile_changes.enter.try_send(change).is_err() {
            tracing::debug!("members are not told that a profile changed: too many have");
        }
    }

    async fn tell_members(&self, change: &Change, id: &GroupId) -> Result<(), Fault> {
        let Change { caller, user, committed } = change;
        let facts = self.store.send_facts(user, &Target::Group(id.clone())).await?;
        let (Some(group), Some(member)) = (facts.group.filter(|group| is_listed(group)), facts.membership)
        else {
            return Ok(());
        };
        // Who has a name and a picture of his own in the group looks there as before.
        if !member.nickname.is_empty() && !member.face_url.is_empty() {
            return Ok(());
        }
        let member = GroupPerson::member(Arc::unwrap_or_clone(member), facts.sender.as_deref());
        let by = match self.user(&caller.actor.user).await? {
            Some(by) if by.id != *user => GroupPerson::outside(&by),
            _ => member.clone(),
        };
        let target = group.target();
        let notice = GroupNotice {
            group: Arc::unwrap_or_clone(group),
            at: self.clock.now(),
            version: Version::default(),
            partial: false,
            news: GroupNews::MemberEdited { member, role: false },
            by,
        };
        let outgoing = Outgoing {
            sender: caller.actor.user.clone(),
            notice: Notice::Group(Box::new(notice)),
            target,
            recipients: facts.members,
            keep: Keep::Nothing,
        };
        self.push_notice(caller, outgoing, committed).await;
        Ok(())
    }
}
