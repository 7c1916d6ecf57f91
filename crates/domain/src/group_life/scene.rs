//! What is read before anything is decided, and who may do what.

use std::sync::Arc;

use ringback_model::commit::{Commit, Require};
use ringback_model::conversation::Target;
use ringback_model::failure::{Failure, Refusal, RefusalCode};
use ringback_model::group::{Group, GroupKind, GroupStatus, Member, Role};
use ringback_model::ids::{GroupId, UserId};

use crate::Im;
use crate::caller::Caller;
use crate::groups::unknown_group;

/// A group and the caller in it, read at one moment.
pub(super) struct Scene {
    pub(super) group: Group,
    /// The caller, where he is in it.
    pub(super) me: Option<Member>,
    /// All members.
    pub(super) members: Arc<[UserId]>,
    /// The caller is an administrator of the app.
    pub(super) admin: bool,
}

impl Im {
    /// A group, dismissed ones included.
    pub(super) async fn scene(&self, caller: &Caller, id: &GroupId) -> Result<Scene, Failure> {
        let facts = self.store.send_facts(&caller.actor.user, &Target::Group(id.clone())).await?;
        let group = facts.group.ok_or_else(|| unknown_group(id))?;
        Ok(Scene {
            group: Arc::unwrap_or_clone(group),
            me: facts.membership.map(Arc::unwrap_or_clone),
            members: facts.members,
            admin: caller.actor.admin,
        })
    }

    /// A group that was not dismissed.
    pub(super) async fn live_scene(&self, caller: &Caller, id: &GroupId) -> Result<Scene, Failure> {
        let scene = self.scene(caller, id).await?;
        scene.check_live()?;
        Ok(scene)
    }
}

impl Scene {
    pub(super) fn check_live(&self) -> Result<(), Refusal> {
        if self.group.status != GroupStatus::Dismissed {
            return Ok(());
        }
        Err(Refusal::new(RefusalCode::GroupDismissed, format!("group {} was dismissed", self.group.id)))
    }

    /// The caller's role; `None` = he is not in the group.
    pub(super) fn role(&self) -> Option<Role> {
        self.me.as_ref().map(|me| me.role)
    }

    /// Whether the caller may manage members and settings.
    pub(super) fn manages(&self) -> bool {
        self.admin || self.role() >= Some(Role::Admin)
    }

    pub(super) fn check_member(&self) -> Result<(), Refusal> {
        if self.admin || self.me.is_some() { Ok(()) } else { Err(self.no("only members may do this")) }
    }

    pub(super) fn check_manager(&self) -> Result<(), Refusal> {
        if self.manages() { Ok(()) } else { Err(self.no("only its owner and admins may do this")) }
    }

    pub(super) fn check_owner(&self) -> Result<(), Refusal> {
        let owns = self.admin || self.role() == Some(Role::Owner);
        if owns { Ok(()) } else { Err(self.no("only its owner may do this")) }
    }

    /// Whether the caller stands above somebody of this role.
    pub(super) fn check_above(&self, role: Role) -> Result<(), Refusal> {
        if self.admin || self.role() > Some(role) {
            Ok(())
        } else {
            Err(self.no("the caller does not stand above that member"))
        }
    }

    pub(super) fn no(&self, why: &str) -> Refusal {
        Refusal::new(RefusalCode::NoPermission, format!("group {}: {why}", self.group.id))
    }

    /// Whether clients follow lists of it and are told of it: rooms come and go without.
    pub(super) fn is_followed(&self) -> bool {
        self.group.kind == GroupKind::Group
    }

    /// Requires again what the caller's permission was decided from.
    pub(super) fn still_stands(&self, commit: Commit) -> Commit {
        match &self.me {
            Some(me) if !self.admin => commit.require(Require::SameMember(Box::new(me.clone()))),
            _ => commit,
        }
    }
}

pub(super) fn not_in_group(group: &GroupId, user: &UserId) -> Refusal {
    Refusal::new(RefusalCode::NotInGroup, format!("{user} is not in group {group}"))
}
