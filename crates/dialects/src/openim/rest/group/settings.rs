//! Settings of a group, what members show, roles, mutes.

use ringback_model::action::{GroupEdit, MemberEdit};
use ringback_model::command::{Command, GroupCommand};
use ringback_model::dialect::EdgeRequest;
use ringback_model::failure::RefusalCode;
use ringback_model::group::Role;
use ringback_model::limits;

use super::range;
use crate::openim::rest::body::{Reject, at_most, body, given, group_id, parse, required_number, user_id};

body! {
    /// Settings of a group where an empty text leaves what is there.
    GroupInfoForSet {
        id: String = "groupID" required,
        name: String = "groupName",
        notification: String = "notification",
        introduction: String = "introduction",
        face_url: String = "faceURL",
        /// The app's own text.
        ex: Option<String> = "ex",
        /// As for a new group.
        #[schemars(range(min = 0, max = 2))]
        verification: Option<i32> = "needVerification",
        #[schemars(range(min = 0, max = 1))]
        look_member_info: Option<i32> = "lookMemberInfo",
        #[schemars(range(min = 0, max = 1))]
        apply_member_friend: Option<i32> = "applyMemberFriend",
    }
}

body! {
    /// Settings to be changed.
    SetInfo {
        settings: Option<GroupInfoForSet> = "groupInfoForSet" required,
    }
}

pub(in crate::openim::rest) fn set_info(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: SetInfo = parse(&request.body)?;
    let asked = given("groupInfoForSet", asked.settings)?;
    edit(GroupEdit {
        whole: true,
        name: Some(asked.name),
        notification: Some(asked.notification),
        introduction: Some(asked.introduction),
        face_url: Some(asked.face_url),
        ex: asked.ex,
        verification: asked.verification,
        look_member_info: asked.look_member_info,
        apply_member_friend: asked.apply_member_friend,
        ..GroupEdit::nothing(group_id("groupID", &asked.id)?)
    })
}

body! {
    /// Settings to be changed: those that are named, an empty text empties.
    SetInfoEx {
        id: String = "groupID" required,
        /// Never empty.
        #[schemars(length(min = 1))]
        name: Option<String> = "groupName",
        notification: Option<String> = "notification",
        introduction: Option<String> = "introduction",
        face_url: Option<String> = "faceURL",
        /// The app's own text.
        ex: Option<String> = "ex",
        /// As for a new group.
        #[schemars(range(min = 0, max = 2))]
        verification: Option<i32> = "needVerification",
        #[schemars(range(min = 0, max = 1))]
        look_member_info: Option<i32> = "lookMemberInfo",
        #[schemars(range(min = 0, max = 1))]
        apply_member_friend: Option<i32> = "applyMemberFriend",
    }
}

pub(in crate::openim::rest) fn set_info_ex(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: SetInfoEx = parse(&request.body)?;
    edit(GroupEdit {
        name: asked.name,
        notification: asked.notification,
        introduction: asked.introduction,
        face_url: asked.face_url,
        ex: asked.ex,
        verification: asked.verification,
        look_member_info: asked.look_member_info,
        apply_member_friend: asked.apply_member_friend,
        ..GroupEdit::nothing(group_id("groupID", &asked.id)?)
    })
}

fn edit(edit: GroupEdit) -> Result<Command, Reject> {
    let numbers = [
        ("needVerification", edit.verification, 2),
        ("lookMemberInfo", edit.look_member_info, 1),
        ("applyMemberFriend", edit.apply_member_friend, 1),
    ];
    for (name, number, most) in numbers {
        number.map_or(Ok(()), |number| range(name, number, most))?;
    }
    Ok(Command::Group(GroupCommand::Edit(Box::new(edit))))
}

body! {
    /// What changes about a member.
    #[schemars(rename = "GroupMemberChange")]
    MemberChange {
        group: String = "groupID" required,
        user: String = "userID" required,
        /// His name in the group.
        nickname: Option<String> = "nickname",
        /// His picture in the group.
        face_url: Option<String> = "faceURL",
        /// 60 admin, 20 ordinary.
        #[schemars(extend("enum" = [20, 60]))]
        role: Option<i32> = "roleLevel",
        /// The app's own text.
        ex: Option<String> = "ex",
    }
}

body! {
    /// Members to be changed; all or none.
    SetMembers {
        /// 1 to 1000, each once.
        #[schemars(length(min = 1))]
        members: Option<Vec<MemberChange>> = "members" required,
    }
}

pub(in crate::openim::rest) fn set_members(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: SetMembers = parse(&request.body)?;
    let members = given("members", asked.members)?;
    at_most("members", members.len(), limits::LIST_ITEMS)?;
    let edits = members.into_iter().map(|change| {
        Ok(MemberEdit {
            group: group_id("groupID", &change.group)?,
            user: user_id("userID", &change.user)?,
            nickname: change.nickname,
            face_url: change.face_url,
            role: change.role.map(role).transpose()?,
            ex: change.ex,
        })
    });
    Ok(Command::Group(GroupCommand::EditMembers(edits.collect::<Result<_, Reject>>()?)))
}

/// Numbers of roles. Source: callbacks sheet 5.5.
fn role(number: i32) -> Result<Role, Reject> {
    match number {
        100 => Ok(Role::Owner),
        60 => Ok(Role::Admin),
        20 => Ok(Role::Member),
        other => {
            Err(Reject::new(RefusalCode::BadArgument, format!("roleLevel is {other}; known are 60 and 20")))
        }
    }
}

body! {
    /// A member who is not to speak for a while.
    MuteMember {
        group: String = "groupID" required,
        user: String = "userID" required,
        /// For how many seconds.
        #[schemars(range(min = 1))]
        seconds: u32 = "mutedSeconds" required,
    }
}

pub(in crate::openim::rest) fn mute_member(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: MuteMember = parse(&request.body)?;
    let group = group_id("groupID", &asked.group)?;
    let user = user_id("userID", &asked.user)?;
    required_number("mutedSeconds", i32::from(asked.seconds != 0))?;
    Ok(Command::Group(GroupCommand::MuteMember { group, user, seconds: asked.seconds }))
}

pub(in crate::openim::rest) fn unmute_member(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: super::entering::UserOfGroup = parse(&request.body)?;
    let group = group_id("groupID", &asked.group)?;
    let user = user_id("userID", &asked.user)?;
    Ok(Command::Group(GroupCommand::MuteMember { group, user, seconds: 0 }))
}

body! {
    /// A group.
    OneGroup {
        group: String = "groupID" required,
    }
}

pub(in crate::openim::rest) fn mute(request: &EdgeRequest) -> Result<Command, Reject> {
    muted(request, true)
}

pub(in crate::openim::rest) fn unmute(request: &EdgeRequest) -> Result<Command, Reject> {
    muted(request, false)
}

fn muted(request: &EdgeRequest, muted: bool) -> Result<Command, Reject> {
    let asked: OneGroup = parse(&request.body)?;
    Ok(Command::Group(GroupCommand::Mute { group: group_id("groupID", &asked.group)?, muted }))
}

body! {
    /// A group that another member is to own.
    #[schemars(rename = "GroupTransfer")]
    Transfer {
        group: String = "groupID" required,
        from: String = "oldOwnerUserID" required,
        to: String = "newOwnerUserID" required,
    }
}

pub(in crate::openim::rest) fn transfer(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: Transfer = parse(&request.body)?;
    let group = group_id("groupID", &asked.group)?;
    let from = user_id("oldOwnerUserID", &asked.from)?;
    let to = user_id("newOwnerUserID", &asked.to)?;
    Ok(Command::Group(GroupCommand::Transfer { group, from, to }))
}
