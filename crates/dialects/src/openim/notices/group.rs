//! Notices about groups. Source: client protocol sheet 5.6, 5.7.

use ringback_model::group::{GroupPerson, Role};
use ringback_model::notice::{GroupNews, GroupNotice};
use ringback_model::record::GroupRequest;
use ringback_model::user::User;
use serde::Serialize;

use super::Tips;
use crate::openim::group_objects::{GroupInfo, MemberInfo, PublicUser, RequestInfo};

/// What notices to all members have in common, and one thing of their own.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Told<'a, T> {
    group: GroupInfo<'a>,
    op_user: MemberInfo<'a>,
    operation_time: i64,
    #[serde(flatten)]
    own: T,
    #[serde(flatten)]
    version: MemberVersion,
}

/// Where the list of members stands.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MemberVersion {
    group_member_version: u64,
    #[serde(rename = "groupMemberVersionID")]
    id: String,
}

/// Nothing of its own.
#[derive(Serialize)]
struct Nothing {}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Created<'a> {
    member_list: Vec<MemberInfo<'a>>,
    group_owner_user: MemberInfo<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Edited {
    mute_time: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Quit<'a> {
    quit_user: MemberInfo<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Transferred<'a> {
    new_group_owner: MemberInfo<'a>,
    old_group_owner: &'a str,
    old_group_owner_info: MemberInfo<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Kicked<'a> {
    kicked_user_list: Vec<MemberInfo<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invited<'a> {
    invited_user_list: Vec<MemberInfo<'a>>,
    inviter_user: MemberInfo<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entered<'a> {
    entrant_user: MemberInfo<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Muted<'a> {
    muted_user: MemberInfo<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    muted_seconds: Option<u32>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MemberEdited<'a> {
    changed_user: MemberInfo<'a>,
    group_sort_version: u64,
}

/// A request, as those who decide and who asked are told of it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Asked<'a> {
    group: GroupInfo<'a>,
    applicant: PublicUser<'a>,
    req_msg: &'a str,
    uuid: String,
    request: RequestInfo<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answered<'a> {
    group: GroupInfo<'a>,
    op_user: MemberInfo<'a>,
    handle_msg: &'a str,
    /// 0 who asked, 1 one who may answer.
    receiver_as: i32,
    uuid: String,
    request: RequestInfo<'a>,
}

pub(super) fn tips(notice: &GroupNotice) -> Tips {
    let told = Teller(notice);
    let one = |person| told.member(person);
    match &notice.news {
        GroupNews::Created { owner, members } => {
            told.all(1501, Created { member_list: told.members(members), group_owner_user: one(owner) })
        }
        GroupNews::Edited => told.all(1502, Edited { mute_time: 0 }),
        GroupNews::Asked { applicant, request } => told.asked(applicant, request),
        GroupNews::Quit { member } => told.all(1504, Quit { quit_user: one(member) }),
        GroupNews::Answered { applicant, request, to_manager } => {
            told.answered(applicant, request, *to_manager)
        }
        GroupNews::Transferred { from, to } => told.all(
            1507,
            Transferred {
                new_group_owner: one(to),
                old_group_owner: from.user.as_str(),
                old_group_owner_info: one(from),
            },
        ),
        GroupNews::Kicked { members } => told.all(1508, Kicked { kicked_user_list: told.members(members) }),
        GroupNews::Invited { members, inviter } => {
            told.all(1509, Invited { invited_user_list: told.members(members), inviter_user: one(inviter) })
        }
        GroupNews::Entered { member } => told.all(1510, Entered { entrant_user: one(member) }),
        GroupNews::Dismissed => told.all(1511, Nothing {}),
        GroupNews::MemberMuted { member, seconds } => {
            told.all(1512, Muted { muted_user: one(member), muted_seconds: Some(*seconds) })
        }
        GroupNews::MemberUnmuted { member } => {
            told.all(1513, Muted { muted_user: one(member), muted_seconds: None })
        }
        GroupNews::Muted => told.all(1514, Nothing {}),
        GroupNews::Unmuted => told.all(1515, Nothing {}),
        GroupNews::MemberEdited { member, role } => {
            let code = match (role, member.role) {
                (false, _) => 1516,
                (true, Some(Role::Admin)) => 1517,
                (true, _) => 1518,
            };
            let group_sort_version = if *role { notice.version.number } else { 0 };
            told.all(code, MemberEdited { changed_user: one(member), group_sort_version })
        }
        GroupNews::Announced => told.all(1519, Nothing {}),
        GroupNews::Renamed => told.all(1520, Nothing {}),
    }
}

struct Teller<'a>(&'a GroupNotice);

impl<'a> Teller<'a> {
    fn member(&self, person: &'a GroupPerson) -> MemberInfo<'a> {
        MemberInfo::new(&self.0.group.id, person)
    }

    fn members(&self, people: &'a [GroupPerson]) -> Vec<MemberInfo<'a>> {
        people.iter().map(|person| self.member(person)).collect()
    }

    fn all(&self, code: i32, own: impl Serialize) -> Tips {
        let notice = self.0;
        let told = Told {
            group: GroupInfo::from(&notice.group),
            op_user: self.member(&notice.by),
            operation_time: notice.at.0,
            own,
            version: MemberVersion {
                group_member_version: notice.version.number,
                id: notice.version.log_text(),
            },
        };
        Tips::new(code, &told)
    }

    fn asked(&self, applicant: &'a User, request: &'a GroupRequest) -> Tips {
        let asked = Asked {
            group: GroupInfo::from(&self.0.group),
            applicant: PublicUser::from(applicant),
            req_msg: &request.message,
            uuid: uuid(request, request.at.0),
            request: RequestInfo::new(request, Some(applicant), &self.0.group),
        };
        Tips::new(1503, &asked)
    }

    fn answered(&self, applicant: &'a User, request: &'a GroupRequest, to_manager: bool) -> Tips {
        let answered = Answered {
            group: GroupInfo::from(&self.0.group),
            op_user: self.member(&self.0.by),
            handle_msg: &request.answer,
            receiver_as: i32::from(to_manager),
            uuid: uuid(request, request.handled_at.0),
            request: RequestInfo::new(request, Some(applicant), &self.0.group),
        };
        let agreed = request.handled == ringback_model::record::Handled::Agreed;
        Tips::new(if agreed { 1505 } else { 1506 }, &answered)
    }
}

/// The same for all who are told of one thing: clients show it once.
fn uuid(request: &GroupRequest, at: i64) -> String {
    format!("{}_{}_{at}", request.group, request.user)
}

#[cfg(test)]
mod tests;
