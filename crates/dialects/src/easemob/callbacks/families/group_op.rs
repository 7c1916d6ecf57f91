//! Operations on groups and chat rooms, in the current form. Source: easemob-callbacks fact sheet 5.4.

mod body;

use std::collections::BTreeMap;

use ringback_model::action::{Action, GroupAction, GroupCreation, GroupEdit, GroupJoin, MemberEdit};
use ringback_model::event::EventKind;
use ringback_model::group::Role;
use ringback_model::ids::UserId;
use serde_json::Value;

use self::body::{
    Admins, Announcement, Bare, Body, Changed, Closed, Created, Files, Members, Muted, Nothing, Owners,
};
use super::told::{Ids, Told, folded};
use super::{Call, Family, Row};
use crate::schemas;

const CREATE: &str = "group_op_event:CREATE";
const DELETE: &str = "group_op_event:DELETE";
const JOIN_DIRECT: &str = "group_op_event:JOIN:DIRECT";
const JOIN_INVITE: &str = "group_op_event:JOIN:INVITE";
const JOIN_APPLY: &str = "group_op_event:JOIN:APPLY";
const LEAVE_QUIT: &str = "group_op_event:LEAVE:QUIT";
const LEAVE_KICK: &str = "group_op_event:LEAVE:KICK";
const LEAVE_BLOCK: &str = "group_op_event:LEAVE:BLOCK";
const LEAVE_DELETE: &str = "group_op_event:LEAVE:DELETE";
const UPDATE_INFO: &str = "group_op_event:UPDATE:INFO";
const UPDATE_OWNER: &str = "group_op_event:UPDATE:OWNER";
const UPDATE_ANNOUNCEMENT: &str = "group_op_event:UPDATE:ANNOUNCEMENT";
const UPDATE_MUTE: &str = "group_op_event:UPDATE:MUTE";
const UPDATE_DISABLE: &str = "group_op_event:UPDATE:DISABLE";
const ADMIN: Switch = ["group_op_event:ADMIN:ADD", "group_op_event:ADMIN:REMOVE"];
const BLOCK: Switch = ["group_op_event:BLOCK:ADD", "group_op_event:BLOCK:REMOVE"];
const MUTE: Switch = ["group_op_event:MUTE:ADD", "group_op_event:MUTE:REMOVE"];
const WHITE: Switch = ["group_op_event:WHITE:ADD", "group_op_event:WHITE:REMOVE"];
const SHIELD: Switch = ["group_op_event:SHIELD:ADD", "group_op_event:SHIELD:REMOVE"];
const SHARE_FILE: Switch = ["group_op_event:SHARE_FILE:ADD", "group_op_event:SHARE_FILE:REMOVE"];
const ROOM_SUPER_ADMIN: Switch =
    ["group_op_event:ROOM_SUPER_ADMIN:ADD", "group_op_event:ROOM_SUPER_ADMIN:REMOVE"];

/// The names of something that is put somewhere, and taken away again.
type Switch = [&'static str; 2];

const fn of(switch: Switch, added: bool) -> &'static str {
    if added { switch[0] } else { switch[1] }
}

/// Until when users are kept out of a group, in Unix milliseconds: for ever, as the original writes it.
const FOR_EVER: i64 = 4_638_873_600_000;

pub(super) static FAMILY: Family = Family {
    names: &["group_op_event"],
    about: "operations on groups and rooms, in the current form",
    says: "`operator` is `@ppAdmin` where an administrator of the app acted by REST. `payload.type` tells operations of \
           one name apart. A room has `type` `CHATROOM`. Users who are invited are in the group at once. There will be \
           more operations: receivers look at `operation` and `payload.type` before anything else.",
    rows: ROWS,
    named_only: false,
    ids: Ids::Random,
    calls,
};

type Shape = fn() -> Value;

const OF_MEMBERS: Shape = schemas::written::<Body<'static, Members<'static>>>;
const OF_ADMINS: Shape = schemas::written::<Body<'static, Admins<'static>>>;
const OF_FILES: Shape = schemas::written::<Body<'static, Files<'static>>>;
const BARE: Shape = schemas::written::<Body<'static, Bare<'static>>>;

const fn row(
    name: &'static str,
    schema: &'static str,
    kinds: &'static [EventKind],
    when: &'static str,
    shape: Shape,
) -> Row {
    Row { name, schema, kinds, when, shape }
}

#[rustfmt::skip]
static ROWS: &[Row] = &[
    row(CREATE, "group_op_event-CREATE", &[EventKind::GroupCreated], "a group or room was made", schemas::written::<Body<'static, Created>>),
    row(DELETE, "group_op_event-DELETE", &[EventKind::GroupDismissed], "a group or room was dissolved", schemas::written::<Body<'static, Nothing>>),
    row(JOIN_DIRECT, "group_op_event-JOIN", &[EventKind::GroupCreated, EventKind::GroupJoined], "users were taken in when it was made or by an administrator of the app, or have entered a room", OF_MEMBERS),
    row(JOIN_INVITE, "group_op_event-JOIN", &[EventKind::GroupJoined], "users were invited by a member", OF_MEMBERS),
    row(JOIN_APPLY, "group_op_event-JOIN", &[EventKind::GroupJoined], "a user has entered a group because he asked to", OF_MEMBERS),
    row(LEAVE_QUIT, "group_op_event-LEAVE", &[EventKind::GroupQuit], "a member has left, or was offline for too long for a room", OF_MEMBERS),
    row(LEAVE_KICK, "group_op_event-LEAVE", &[EventKind::GroupKicked], "members were removed", OF_MEMBERS),
    row(LEAVE_BLOCK, "group_op_event-LEAVE", &[EventKind::GroupKicked], "members had to leave because they are on the block list now", OF_MEMBERS),
    row(LEAVE_DELETE, "group_op_event-LEAVE", &[EventKind::GroupDismissed], "members are out because the group or room was dissolved", OF_MEMBERS),
    row(UPDATE_INFO, "group_op_event-UPDATE-INFO", &[EventKind::GroupEdited], "settings have changed", schemas::written::<Body<'static, Changed>>),
    row(UPDATE_OWNER, "group_op_event-UPDATE-OWNER", &[EventKind::GroupTransferred], "there is a new owner", schemas::written::<Body<'static, Owners>>),
    row(UPDATE_ANNOUNCEMENT, "group_op_event-UPDATE-ANNOUNCEMENT", &[EventKind::GroupEdited], "the announcement was set or taken away", schemas::written::<Body<'static, Announcement<'static>>>),
    row(UPDATE_MUTE, "group_op_event-UPDATE-MUTE", &[EventKind::GroupMuted], "only owner and admins may speak, or all may again", schemas::written::<Body<'static, Muted>>),
    row(UPDATE_DISABLE, "group_op_event-UPDATE-DISABLE", &[EventKind::GroupClosed], "a group was taken out of use, or put back", schemas::written::<Body<'static, Closed>>),
    row(ADMIN[0], "group_op_event-ADMIN", &[EventKind::MemberEdited], "a member is an admin now", OF_ADMINS),
    row(ADMIN[1], "group_op_event-ADMIN", &[EventKind::MemberEdited], "an admin is an ordinary member now", OF_ADMINS),
    row(BLOCK[0], "group_op_event-BLOCK", &[EventKind::GroupBarred], "users were put on the block list", OF_MEMBERS),
    row(BLOCK[1], "group_op_event-BLOCK", &[EventKind::GroupBarred], "users were taken off the block list", OF_MEMBERS),
    row(MUTE[0], "group_op_event-MUTE", &[EventKind::MembersMuted], "members may not speak for a while", OF_MEMBERS),
    row(MUTE[1], "group_op_event-MUTE", &[EventKind::MembersMuted], "members may speak again", OF_MEMBERS),
    row(WHITE[0], "group_op_event-WHITE", &[EventKind::GroupAllowed], "members were put on the allow list", OF_MEMBERS),
    row(WHITE[1], "group_op_event-WHITE", &[EventKind::GroupAllowed], "members were taken off the allow list", OF_MEMBERS),
    row(SHIELD[0], "group_op_event-SHIELD", &[EventKind::GroupShielded], "a member wants to hear nothing of a group", BARE),
    row(SHIELD[1], "group_op_event-SHIELD", &[EventKind::GroupShielded], "a member wants to hear of a group again", BARE),
    row(SHARE_FILE[0], "group_op_event-SHARE_FILE", &[EventKind::GroupFileShared], "a file was laid into a group", OF_FILES),
    row(SHARE_FILE[1], "group_op_event-SHARE_FILE", &[EventKind::GroupFileShared], "a file was taken out of a group", OF_FILES),
    row(ROOM_SUPER_ADMIN[0], "group_op_event-ROOM_SUPER_ADMIN", &[EventKind::RoomAdminAppointed], "users manage all rooms", OF_ADMINS),
    row(ROOM_SUPER_ADMIN[1], "group_op_event-ROOM_SUPER_ADMIN", &[EventKind::RoomAdminAppointed], "users manage rooms no more", OF_ADMINS),
];

fn calls<'a>(told: &'a Told<'a>) -> Vec<Call<'a>> {
    let Action::Group(action) = told.action() else { return Vec::new() };
    match action {
        GroupAction::Create(made) => creation(told, made),
        GroupAction::Join(join) => vec![members(told, joined(told, join), &join.users)],
        GroupAction::Quit(left) => vec![members(told, LEAVE_QUIT, std::slice::from_ref(&left.user))],
        GroupAction::Kick(kick) => {
            let name = if kick.barred { LEAVE_BLOCK } else { LEAVE_KICK };
            vec![members(told, name, &kick.kicked)]
        }
        GroupAction::Dismiss(gone) => {
            let whole = Call::new(DELETE, move |stamp| Body::written(told, stamp, DELETE, None::<Nothing>));
            vec![whole, members(told, LEAVE_DELETE, &gone.members)]
        }
        GroupAction::Transfer(one) => {
            let payload = Owners { owner: one.from.folded(), new_owner: one.to.folded(), kind: "OWNER" };
            vec![call(told, UPDATE_OWNER, payload)]
        }
        GroupAction::Edit(edit) => edited(told, edit),
        GroupAction::EditMember(edit) => role_changed(told, edit).into_iter().collect(),
        GroupAction::Mute(one) => {
            let name = of(MUTE, one.until.is_some());
            vec![listed(told, name, &one.users, one.until.map(|until| until.0))]
        }
        GroupAction::MuteAll(one) => vec![call(told, UPDATE_MUTE, Muted { mute: one.on, kind: "MUTE" })],
        GroupAction::Bar(one) => {
            vec![listed(told, of(BLOCK, one.listed), &one.users, one.listed.then_some(FOR_EVER))]
        }
        GroupAction::Allow(one) => vec![members(told, of(WHITE, one.listed), &one.users)],
        GroupAction::Shield(one) => {
            let name = of(SHIELD, one.on);
            vec![call(told, name, Bare { kind: body::sub_type(name) })]
        }
        GroupAction::Close(one) => {
            vec![call(told, UPDATE_DISABLE, Closed { disable: one.on, kind: "DISABLE" })]
        }
        GroupAction::ShareFile(one) => {
            let name = of(SHARE_FILE, one.added);
            let payload = Files { share_file: vec![one.file.id.clone()], kind: body::sub_type(name) };
            vec![call(told, name, payload)]
        }
        GroupAction::AppointRoomAdmin(one) => vec![admins(told, of(ROOM_SUPER_ADMIN, one.added), &one.users)],
        // These have callbacks in the legacy form alone.
        GroupAction::SetAttributes(_)
        | GroupAction::Request(_)
        | GroupAction::Decline(_)
        | GroupAction::Draft(_)
        | GroupAction::Enter(_)
        | GroupAction::Apply(_)
        | GroupAction::Invite(_) => Vec::new(),
    }
}

fn call<'a, P>(told: &'a Told<'a>, name: &'static str, payload: P) -> Call<'a>
where
    P: body::Payload + Clone + 'a,
{
    Call::new(name, move |stamp| Body::written(told, stamp, name, Some(payload.clone())))
}

fn members<'a>(told: &'a Told<'a>, name: &'static str, users: &'a [UserId]) -> Call<'a> {
    listed(told, name, users, None)
}

fn listed<'a>(told: &'a Told<'a>, name: &'static str, users: &'a [UserId], until: Option<i64>) -> Call<'a> {
    // Dissolved groups have many members: their ids are made when the body is.
    Call::new(name, move |stamp| {
        let kind = body::sub_type(name);
        let payload = Members { member: folded(users), expire_timestamp: until, kind };
        Body::written(told, stamp, name, Some(payload))
    })
}

fn admins<'a>(told: &'a Told<'a>, name: &'static str, users: &[UserId]) -> Call<'a> {
    call(told, name, Admins { admin: folded(users), kind: body::sub_type(name) })
}

fn creation<'a>(told: &'a Told<'a>, made: &'a GroupCreation) -> Vec<Call<'a>> {
    let whole = Call::new(CREATE, move |stamp| {
        let leads = made.members.iter().filter(|member| member.role != Role::Member);
        let role: BTreeMap<String, &'static str> = leads
            .map(|member| (member.user.folded(), if member.role == Role::Owner { "owner" } else { "admin" }))
            .collect();
        let plain = made.members.iter().filter(|member| member.role == Role::Member);
        let member = folded(plain.map(|member| &member.user));
        let payload = Created { role, member, info: body::settings(told, &made.group) };
        Body::written(told, stamp, CREATE, Some(payload))
    });
    let taken_in: Vec<&UserId> =
        made.members.iter().filter(|member| member.role != Role::Owner).map(|member| &member.user).collect();
    if taken_in.is_empty() {
        return vec![whole];
    }
    let join = Call::new(JOIN_DIRECT, move |stamp| {
        let payload =
            Members { member: folded(taken_in.iter().copied()), expire_timestamp: None, kind: "DIRECT" };
        Body::written(told, stamp, JOIN_DIRECT, Some(payload))
    });
    vec![whole, join]
}

/// How users have entered a group that was there.
fn joined(told: &Told<'_>, join: &GroupJoin) -> &'static str {
    let by_himself = told.actor().is_some_and(|actor| join.users.contains(actor));
    match told.actor() {
        None => JOIN_DIRECT,
        Some(_) if told.done.room && by_himself => JOIN_DIRECT,
        Some(_) if join.inviter.is_empty() => JOIN_APPLY,
        Some(_) => JOIN_INVITE,
    }
}

/// What has changed, and the announcement by itself.
fn edited<'a>(told: &'a Told<'a>, edit: &GroupEdit) -> Vec<Call<'a>> {
    let mut calls = Vec::new();
    let announcement = super::announced(edit);
    if announcement.is_none() || super::changes_settings(edit) {
        calls.push(call(told, UPDATE_INFO, Changed::of(told, edit)));
    }
    if let Some(text) = announcement {
        let announcement = (!text.is_empty()).then(|| text.to_owned().into());
        calls.push(call(told, UPDATE_ANNOUNCEMENT, Announcement { announcement, kind: "ANNOUNCEMENT" }));
    }
    calls
}

fn role_changed<'a>(told: &'a Told<'a>, edit: &MemberEdit) -> Option<Call<'a>> {
    let name = of(ADMIN, super::became_admin(edit)?);
    Some(admins(told, name, std::slice::from_ref(&edit.user)))
}
