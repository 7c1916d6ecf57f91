//! Members who go, groups that end, owners that change. All of it is told only.
//! Source: openim-callbacks fact sheet 4.6 (34 to 37).

use ringback_model::action::GroupAction;
use ringback_model::event::EventKind;

use super::action;
use crate::openim::callbacks::call::Call;
use crate::openim::callbacks::commands::{Command, OLDER, row};
use crate::openim::callbacks::fields::{Fields, list};
use crate::openim::callbacks::numbers::GROUP_TYPE_TEXT;

pub(in super::super) const ROWS: &[Command] = &[
    row("afterQuitGroup", "callbackAfterQuitGroupCommand", EventKind::GroupQuit, quit)
        .formerly(&[(OLDER, "callbackQuitGroupCommand")])
        .block(&["callbackAfterQuitGroup"])
        .says("member who leaves", "a member has left (`/group/quit_group`)"),
    row("afterKickGroupMember", "callbackAfterKickGroupCommand", EventKind::GroupKicked, kick)
        .formerly(&[(OLDER, "callbackKillGroupCommand")])
        .block(&["callbackAfterKickGroupMember"])
        .says("removal of members", "members were removed (`/group/kick_group`)"),
    row("afterDismissGroup", "callbackAfterDisMissGroupCommand", EventKind::GroupDismissed, dismissal)
        .formerly(&[(OLDER, "callbackDisMissGroupCommand")])
        .block(&["callbackAfterDismissGroup"])
        .says("group that is dismissed", "a group was dismissed (`/group/dismiss_group`)")
        .differs("Once, with all who were members. `groupType` is the character U+0002, as in the original."),
    row(
        "afterTransferGroupOwner",
        "callbackAfterTransferGroupOwnerCommand",
        EventKind::GroupTransferred,
        transfer,
    )
    .formerly(&[(OLDER, "callbackAfterTransferGroupOwner")])
    .block(&["callbackAfterTransferGroupOwner"])
    .says("group that changes hands", "a group has a new owner (`/group/transfer_group`)"),
];

fn quit(call: &Call<'_>) -> Option<Fields> {
    let GroupAction::Quit(one) = action(call)? else { return None };
    Some(call.body().put("groupID", &one.group).put("userID", &one.user))
}

fn kick(call: &Call<'_>) -> Option<Fields> {
    let GroupAction::Kick(one) = action(call)? else { return None };
    Some(call.body().put("groupID", &one.group).put("kickedUserIDs", &one.kicked).put("reason", &one.reason))
}

fn dismissal(call: &Call<'_>) -> Option<Fields> {
    let GroupAction::Dismiss(one) = action(call)? else { return None };
    let fields = call
        .body()
        .put("groupID", &one.group)
        .put("ownerID", &one.owner)
        .put("groupType", GROUP_TYPE_TEXT)
        .put("membersID", list(&one.members));
    Some(fields)
}

fn transfer(call: &Call<'_>) -> Option<Fields> {
    let GroupAction::Transfer(one) = action(call)? else { return None };
    let fields = call
        .body()
        .put("groupID", &one.group)
        .put("oldOwnerUserID", &one.from)
        .put("newOwnerUserID", &one.to);
    Some(fields)
}
