//! Operations on groups and chat rooms, in the legacy form. Source: easemob-callbacks fact sheet 5.5.

mod body;

use std::collections::BTreeMap;

use ringback_model::action::{Action, GroupAction, GroupAttributes, GroupEdit, GroupJoin, GroupLeave};
use ringback_model::event::EventKind;
use ringback_model::group::Role;
use ringback_model::ids::UserId;
use serde_json::json;

use self::body::{Body, Operation};
use super::told::{Ids, Told};
use super::{Call, Family, Row};
use crate::schemas;

pub(super) static FAMILY: Family = Family {
    names: &["muc"],
    about: "operations on groups and rooms, in the legacy form",
    says: "An operation on several users is told once for each of them. Who is removed is told as `kick`, then as \
           `absence`; who leaves, as `absence`, then as `leave`. `from` is the address of him who acted, without his \
           device; of an administrator of the app by REST it is that of `@ppAdmin`. Rooms have no `create`, `ban`, \
           `allow` and no allow list here. Of attributes `from` is the group or room, and `to` the member whom they \
           are about or who has set them; what was not set is not told.",
    rows: ROWS,
    named_only: false,
    ids: Ids::Message,
    calls,
};

const fn row(name: &'static str, kinds: &'static [EventKind], when: &'static str) -> Row {
    Row { name, schema: "muc", kinds, when, shape: schemas::written::<Body<'static>> }
}

#[rustfmt::skip]
static ROWS: &[Row] = &[
    row("muc:create", &[EventKind::GroupCreated], "a group was made"),
    row("muc:destroy", &[EventKind::GroupDismissed], "a group or room was dissolved"),
    row("muc:apply", &[EventKind::GroupRequested], "a user asks to be let in"),
    row("muc:apply_accept", &[EventKind::GroupJoined], "who asked to enter was let in"),
    row("muc:invite", &[EventKind::GroupJoined, EventKind::GroupRequested], "a user was invited by a member; where nobody has to agree, he is in the group"),
    row("muc:invite_accept", &[EventKind::GroupJoined], "who was invited was let in by those who had to agree"),
    row("muc:invite_decline", &[EventKind::GroupDeclined], "who was invited was not let in by those who had to agree"),
    row("muc:direct_joined", &[EventKind::GroupCreated, EventKind::GroupJoined], "users have entered a group without having to ask"),
    row("muc:presence", &[EventKind::GroupCreated, EventKind::GroupJoined], "a member is new"),
    row("muc:kick", &[EventKind::GroupKicked, EventKind::GroupQuit], "a member was removed, or was offline for too long for a room"),
    row("muc:absence", &[EventKind::GroupKicked, EventKind::GroupQuit], "a member is gone"),
    row("muc:leave", &[EventKind::GroupQuit], "a member has left by himself"),
    row("muc:ban", &[EventKind::GroupBarred], "a user was put on the block list of a group"),
    row("muc:allow", &[EventKind::GroupBarred], "a user was taken off the block list of a group"),
    row("muc:update", &[EventKind::GroupEdited], "settings have changed"),
    row("muc:update_announcement", &[EventKind::GroupEdited], "the announcement was set"),
    row("muc:delete_announcement", &[EventKind::GroupEdited], "the announcement was taken away"),
    row("muc:block", &[EventKind::GroupShielded], "a member wants to hear nothing of a group"),
    row("muc:unblock", &[EventKind::GroupShielded], "a member wants to hear of a group again"),
    row("muc:assing_owner", &[EventKind::GroupTransferred], "there is a new owner; misspelt as in the original"),
    row("muc:add_admin", &[EventKind::MemberEdited], "a member is an admin now"),
    row("muc:remove_admin", &[EventKind::MemberEdited], "an admin is an ordinary member now"),
    row("muc:add_mute", &[EventKind::MembersMuted], "a member may not speak for a while"),
    row("muc:remove_mute", &[EventKind::MembersMuted], "a member may speak again"),
    row("muc:upload_file", &[EventKind::GroupFileShared], "a file was laid into a group"),
    row("muc:delete_file", &[EventKind::GroupFileShared], "a file was taken out of a group"),
    row("muc:add_user_white_list", &[EventKind::GroupAllowed], "a member was put on the allow list of a group"),
    row("muc:remove_user_white_list", &[EventKind::GroupAllowed], "a member was taken off the allow list of a group"),
    row("muc:ban_group", &[EventKind::GroupMuted], "only owner and admins may speak"),
    row("muc:remove_ban_group", &[EventKind::GroupMuted], "all may speak again"),
    row("muc:set_metadata", &[EventKind::GroupAttributesSet], "attributes of a room were set"),
    row("muc:delete_metadata", &[EventKind::GroupAttributesSet], "attributes of a room were deleted"),
    row("muc:group_member_metadata_update", &[EventKind::GroupAttributesSet], "attributes of a member were set"),
];

fn calls<'a>(told: &'a Told<'a>) -> Vec<Call<'a>> {
    let Action::Group(action) = told.action() else { return Vec::new() };
    let all = Operations { told, room: told.done.room };
    match action {
        GroupAction::Create(made) => {
            let others = made.members.iter().filter(|member| member.role != Role::Owner);
            let whole = (!all.room).then(|| all.on_place("muc:create").reason(""));
            let entered = others.flat_map(|member| all.entered(&member.user, Some("muc:direct_joined")));
            told_of(whole.into_iter().chain(entered))
        }
        GroupAction::Request(one) => {
            let request = |user| match &one.inviter {
                Some(inviter) => all.on("muc:invite", user).by(inviter),
                None => all.on("muc:apply", &one.owner).by(user),
            };
            told_of(one.users.iter().map(|user| request(user).reason(one.message.as_str())))
        }
        GroupAction::Decline(one) => told_of(one.invited.then(|| all.on("muc:invite_decline", &one.user))),
        GroupAction::Join(join) => told_of(joined(all, join)),
        GroupAction::Quit(left) => told_of(all.left(left)),
        // Why barred users are gone was told when they were barred.
        GroupAction::Kick(kick) if kick.barred => told_of(kick.kicked.iter().map(|user| all.gone(user))),
        GroupAction::Kick(kick) => {
            told_of(kick.kicked.iter().flat_map(|user| [all.on("muc:kick", user), all.gone(user)]))
        }
        GroupAction::Dismiss(_) => told_of([all.on_place("muc:destroy")]),
        GroupAction::Transfer(one) => told_of([all.on("muc:assing_owner", &one.to)]),
        GroupAction::Edit(edit) => told_of(edited(all, edit)),
        GroupAction::EditMember(edit) => {
            let name = |added| if added { "muc:add_admin" } else { "muc:remove_admin" };
            told_of(super::became_admin(edit).map(|added| all.on(name(added), &edit.user)))
        }
        GroupAction::Mute(one) => {
            let name = if one.until.is_some() { "muc:add_mute" } else { "muc:remove_mute" };
            told_of(one.users.iter().map(|user| all.on(name, user)))
        }
        GroupAction::MuteAll(one) => {
            told_of([all.on_place(if one.on { "muc:ban_group" } else { "muc:remove_ban_group" })])
        }
        GroupAction::Bar(one) if !all.room => {
            let name = if one.listed { "muc:ban" } else { "muc:allow" };
            told_of(one.users.iter().map(|user| all.on(name, user)))
        }
        GroupAction::Allow(one) if !all.room => {
            let name = if one.listed { "muc:add_user_white_list" } else { "muc:remove_user_white_list" };
            told_of(one.users.iter().map(|user| all.on(name, user)))
        }
        GroupAction::Shield(one) => {
            told_of([all.on(if one.on { "muc:block" } else { "muc:unblock" }, &one.user)])
        }
        GroupAction::ShareFile(one) if one.added => {
            let file = json!({"data": {"file_id": one.file.id, "file_name": one.file.name,
                "file_owner": one.file.owner.folded(), "file_size": one.file.size, "created": one.file.at.0}});
            told_of([all.on_place("muc:upload_file").reason(file.to_string())])
        }
        GroupAction::ShareFile(one) => {
            told_of([all.on_place("muc:delete_file").reason(one.file.id.as_str())])
        }
        GroupAction::SetAttributes(one) => told_of(attributes(all, one)),
        // What the legacy form has no word for, and what is only asked.
        GroupAction::Bar(_)
        | GroupAction::Allow(_)
        | GroupAction::Close(_)
        | GroupAction::AppointRoomAdmin(_)
        | GroupAction::Draft(_)
        | GroupAction::Enter(_)
        | GroupAction::Apply(_)
        | GroupAction::Invite(_) => Vec::new(),
    }
}

fn told_of<'a>(operations: impl IntoIterator<Item = Operation<'a>>) -> Vec<Call<'a>> {
    let call = |one: Operation<'a>| Call::new(one.name, move |stamp| one.written(stamp));
    operations.into_iter().map(call).collect()
}

/// Makes the operations of one event.
#[derive(Clone, Copy)]
struct Operations<'a> {
    told: &'a Told<'a>,
    room: bool,
}

impl<'a> Operations<'a> {
    /// What was done to a user.
    fn on(self, name: &'static str, user: &'a UserId) -> Operation<'a> {
        Operation::new(self.told, name, Some(user))
    }

    /// What was done to the group or room.
    fn on_place(self, name: &'static str) -> Operation<'a> {
        Operation::new(self.told, name, None)
    }

    /// How a member came, and that he is there. Rooms tell the latter alone.
    fn entered(self, user: &'a UserId, how: Option<&'static str>) -> impl Iterator<Item = Operation<'a>> {
        let way = how.filter(|_| !self.room).map(|name| self.on(name, user));
        let there = self.on_place("muc:presence").by(user).without_status();
        way.into_iter().chain([there])
    }

    /// That a member is not there any more.
    fn gone(self, user: &'a UserId) -> Operation<'a> {
        self.on_place("muc:absence").by(user).without_status()
    }

    fn left(self, left: &'a GroupLeave) -> [Operation<'a>; 2] {
        let gone = self.gone(&left.user);
        if left.offline {
            [self.on("muc:kick", &left.user), gone]
        } else {
            [gone, self.on_place("muc:leave").by(&left.user)]
        }
    }
}

fn joined<'a>(all: Operations<'a>, join: &'a GroupJoin) -> Vec<Operation<'a>> {
    let invited = !join.inviter.is_empty();
    let how = match (join.requested, invited) {
        (true, true) => "muc:invite_accept",
        (true, false) => "muc:apply_accept",
        (false, _) => "muc:direct_joined",
    };
    // Where somebody had to agree, the invitation was told when it was made. The app adds, and does not invite.
    let told_now = invited && !join.requested && all.told.actor().is_some() && !all.room;
    let of_user = |user: &'a UserId| {
        let invitation = told_now.then(|| all.on("muc:invite", user).reason(join.message.as_str()));
        invitation.into_iter().chain(all.entered(user, Some(how)))
    };
    join.users.iter().flat_map(of_user).collect()
}

fn edited<'a>(all: Operations<'a>, edit: &'a GroupEdit) -> Vec<Operation<'a>> {
    let announcement = super::announced(edit);
    let update =
        (announcement.is_none() || super::changes_settings(edit)).then(|| all.on_place("muc:update"));
    let announcement = announcement.map(|text| {
        let name = if text.is_empty() { "muc:delete_announcement" } else { "muc:update_announcement" };
        all.on_place(name).reason(text)
    });
    update.into_iter().chain(announcement).collect()
}

fn attributes<'a>(all: Operations<'a>, one: &'a GroupAttributes) -> Vec<Operation<'a>> {
    // What was taken away says nothing now.
    let removed = || one.removed.iter().map(|key| (key.as_str(), ""));
    let set = || one.set.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    if let Some(member) = &one.member {
        let name = "muc:group_member_metadata_update";
        return vec![all.on_attributes(name, one, &set().chain(removed()).collect()).to(member)];
    }
    // Of groups as a whole the original has none.
    let set = (all.room && !one.set.is_empty())
        .then(|| all.on_attributes("muc:set_metadata", one, &set().collect()));
    let removed = (all.room && !one.removed.is_empty())
        .then(|| all.on_attributes("muc:delete_metadata", one, &removed().collect()));
    set.into_iter().chain(removed).collect()
}

impl<'a> Operations<'a> {
    fn on_attributes(
        self,
        name: &'static str,
        one: &'a GroupAttributes,
        properties: &BTreeMap<&str, &str>,
    ) -> Operation<'a> {
        let by = one.by.as_ref().or(self.told.actor());
        let keys: Vec<&&str> = properties.keys().collect();
        let ext = json!({
            "result": {"successKeys": keys, "errorKeys": {}},
            "identify": self.told.done.number.to_string(),
            "is_forced": one.forced,
            "muc_name": one.name,
            "need_notify": true,
            "properties": properties,
            "operator": by.map_or_else(|| self.told.operator(), UserId::folded),
        });
        let operation = self.on_place(name).by_place().with_details(ext.to_string());
        match by {
            Some(by) => operation.to(by),
            None => operation,
        }
    }
}
