//! `/group`. Source: REST sheet 6, 12.
//!
//! | file | holds |
//! |---|---|
//! | `mod.rs` | groups are made and found by id |
//! | `entering` | ways in, and requests to be let in |
//! | `leaving` | ways out |
//! | `settings` | settings, roles, mutes |
//! | `listing` | members, joined groups, search |
//! | `syncing` | what has changed in lists |

pub(super) mod entering;
pub(super) mod leaving;
pub(super) mod listing;
pub(super) mod settings;
pub(super) mod syncing;

use ringback_model::command::{Command, NewGroup, Outcome};
use ringback_model::dialect::EdgeRequest;
use ringback_model::failure::RefusalCode;
use ringback_model::group::GroupKind;
use ringback_model::ids::GroupId;
use ringback_model::limits;
use schemars::JsonSchema;
use serde::Serialize;

use super::body::{Reject, at_most, body, distinct, given, group_id, parse, user_id, user_ids};
use super::reply::{Data, data};
use crate::openim::group_objects::{GroupInfo, WORKING_GROUP};

body! {
    /// The settings of a group to be made.
    #[schemars(rename = "NewGroupInfo")]
    Settings {
        /// Its id; the server makes one if empty.
        id: String = "groupID",
        name: String = "groupName",
        /// What it tells its members.
        notification: String = "notification",
        introduction: String = "introduction",
        /// Address of a picture.
        face_url: String = "faceURL",
        /// The app's own text.
        ex: String = "ex",
        /// 2, the only type there is; taken for it if absent.
        #[schemars(range(min = 2, max = 2))]
        group_type: Option<i32> = "groupType",
        /// 0 who applies needs approval, 1 who is invited by an ordinary member does too, 2 nobody does.
        #[schemars(range(min = 0, max = 2))]
        verification: i32 = "needVerification",
        /// 1: members may not look at each other's profiles.
        #[schemars(range(min = 0, max = 1))]
        look_member_info: i32 = "lookMemberInfo",
        /// 1: members may not befriend each other from here.
        #[schemars(range(min = 0, max = 1))]
        apply_member_friend: i32 = "applyMemberFriend",
    }
}

body! {
    /// A group to be made. Nobody is named twice.
    #[schemars(rename = "NewGroup")]
    Create {
        settings: Option<Settings> = "groupInfo" required,
        owner: String = "ownerUserID" required,
        /// At most 1000.
        members: Vec<String> = "memberUserIDs",
        /// At most 1000.
        admins: Vec<String> = "adminUserIDs",
        /// False: members are told, but it is not said in the chat.
        said: Option<bool> = "sendMessage",
    }
}

pub(in crate::openim::rest) fn create(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: Create = parse(&request.body)?;
    let settings = given("groupInfo", asked.settings)?;
    check_type(settings.group_type)?;
    range("needVerification", settings.verification, 2)?;
    range("lookMemberInfo", settings.look_member_info, 1)?;
    range("applyMemberFriend", settings.apply_member_friend, 1)?;
    at_most("memberUserIDs", asked.members.len(), limits::LIST_ITEMS)?;
    at_most("adminUserIDs", asked.admins.len(), limits::LIST_ITEMS)?;
    let owner = user_id("ownerUserID", &asked.owner)?;
    let everybody = asked.members.iter().chain(&asked.admins).chain(std::iter::once(&asked.owner));
    distinct("memberUserIDs, adminUserIDs and ownerUserID together", everybody)?;
    let id = if settings.id.is_empty() { None } else { Some(group_id("groupID", &settings.id)?) };
    Ok(Command::CreateGroup(NewGroup {
        id,
        name: settings.name,
        notification: settings.notification,
        introduction: settings.introduction,
        face_url: settings.face_url,
        ex: settings.ex,
        verification: settings.verification,
        look_member_info: settings.look_member_info,
        apply_member_friend: settings.apply_member_friend,
        kind: GroupKind::Group,
        max_members: 0,
        invite_confirm: false,
        owner,
        admins: user_ids("adminUserIDs", &asked.admins)?,
        members: user_ids("memberUserIDs", &asked.members)?,
        said: asked.said.unwrap_or(true),
    }))
}

fn check_type(group_type: Option<i32>) -> Result<(), Reject> {
    match group_type {
        None | Some(WORKING_GROUP) => Ok(()),
        Some(old @ 0..2) => {
            Err(Reject::new(RefusalCode::GroupTypeUnsupported, format!("groupType is {old}; use 2")))
        }
        Some(other) => Err(Reject::new(RefusalCode::BadArgument, format!("groupType is {other}; use 2"))),
    }
}

fn range(field: &str, value: i32, most: i32) -> Result<(), Reject> {
    if (0..=most).contains(&value) {
        return Ok(());
    }
    Err(Reject::new(RefusalCode::BadArgument, format!("{field} is {value}; known are 0 to {most}")))
}

body! {
    /// Groups that are asked about.
    GroupIds {
        /// May be empty.
        ids: Option<Vec<String>> = "groupIDs" required,
    }
}

/// An id that cannot exist is as unknown as any other: left out, never an error.
pub(in crate::openim::rest) fn infos(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: GroupIds = parse(&request.body)?;
    let ids = given("groupIDs", asked.ids)?;
    Ok(Command::Groups { ids: ids.iter().filter_map(|id| GroupId::parse(id).ok()).collect() })
}

/// The group that was made.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CreatedGroup")]
pub(in crate::openim::rest) struct Created<'a> {
    #[serde(rename = "groupInfo")]
    group: GroupInfo<'a>,
}

pub(in crate::openim::rest) fn created(outcome: &Outcome) -> Option<Data> {
    let Outcome::Group(group) = outcome else { return None };
    data(&Created { group: GroupInfo::from(&**group) })
}

/// The groups that there are.
#[derive(Serialize, JsonSchema)]
pub(in crate::openim::rest) struct GroupInfos<'a> {
    #[serde(rename = "groupInfos")]
    groups: Vec<GroupInfo<'a>>,
}

pub(in crate::openim::rest) fn infos_data(outcome: &Outcome) -> Option<Data> {
    let Outcome::Groups(groups) = outcome else { return None };
    data(&GroupInfos { groups: groups.iter().map(GroupInfo::from).collect() })
}
