//! Groups that are made.
//! Source: openim-callbacks fact sheet 4.6 (28, 29).

use ringback_model::action::{Action, GroupAction, GroupDraft, MemberRole};
use ringback_model::event::EventKind;
use ringback_model::group::Group;
use ringback_model::verdict::Change;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::action;
use crate::openim::callbacks::answer::{Asked, ELSEWHERE, Proposal, nothing};
use crate::openim::callbacks::call::Call;
use crate::openim::callbacks::commands::{Command, row};
use crate::openim::callbacks::fields::Fields;
use crate::openim::callbacks::json::Object;
use crate::openim::callbacks::members::{group, is_unfilled, number, replace, set_text, text, user};
use crate::openim::callbacks::numbers::{self, GROUP_TYPE, SWITCH, VERIFICATIONS, within};
use crate::schemas::{self, Shape};

/// The state of a group that nobody may make: gone.
const DISMISSED: i32 = 2;

pub(in super::super) const ROWS: &[Command] = &[
    row("beforeCreateGroup", "callbackBeforeCreateGroupCommand", EventKind::GroupCreating, draft)
        .block(&["callbackBeforeCreateGroup"])
        .says("group that is made", "somebody makes a group (`/group/create_group`); it has no id yet unless he gave one")
        .changes(
            "change `groupID`, `groupName`, `notification`, `introduction`, `faceURL`, `ex`, \
             `status`, `creatorUserID`, `groupType` (2), `needVerification`, `lookMemberInfo`, \
             `applyMemberFriend`",
            draft_answer,
        )
        .differs(
            "`applyMemberFriend` counts. `ownerUserID` of an answer is read and not used. A value that no group can have, and \
             a `creatorUserID` who does not exist, is a failure of the call.",
        ),
    row("afterCreateGroup", "callbackAfterCreateGroupCommand", EventKind::GroupCreated, created)
        .block(&["callbackAfterCreateGroup"])
        .says("group that is made", "a group was made")
        .differs("`initMemberList` has each member once, and no operator who is none."),
];

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct InitialMember<'a> {
    #[serde(rename = "userID")]
    user: &'a str,
    role_level: i32,
}

impl Shape for InitialMember<'_> {
    fn shape() -> Value {
        schemas::written::<Self>()
    }
}

fn initial(members: &[MemberRole]) -> Vec<InitialMember<'_>> {
    let one = |member: &MemberRole| numbers::level(member.role);
    members
        .iter()
        .map(|member| InitialMember { user: member.user.as_str(), role_level: one(member) })
        .collect()
}

fn draft(call: &Call<'_>) -> Option<Fields> {
    let GroupAction::Draft(draft) = action(call)? else { return None };
    let fields = Fields::new()
        .put("operationID", call.operation_id)
        .put("callbackCommand", call.name)
        .put("groupID", &draft.id)
        .put("groupName", &draft.name)
        .put("notification", &draft.notification)
        .put("introduction", &draft.introduction)
        .put("faceURL", &draft.face_url)
        .put("ownerUserID", &draft.owner)
        .put("createTime", 0)
        .put("memberCount", 0)
        .put("ex", &draft.ex)
        .put("status", draft.status)
        .put("creatorUserID", &draft.creator)
        .put("groupType", draft.group_type)
        .put("needVerification", draft.verification)
        .put("lookMemberInfo", draft.look_member_info)
        .put("applyMemberFriend", draft.apply_member_friend)
        .put("notificationUpdateTime", 0)
        .put("notificationUserID", "")
        .put("initMemberList", initial(&draft.members));
    Some(fields)
}

fn created(call: &Call<'_>) -> Option<Fields> {
    let GroupAction::Create(creation) = action(call)? else { return None };
    Some(stored(call.body(), &creation.group).put("initMemberList", initial(&creation.members)))
}

fn stored(fields: Fields, group: &Group) -> Fields {
    fields
        .put("groupID", &group.id)
        .put("groupName", &group.name)
        .put("notification", &group.notification)
        .put("introduction", &group.introduction)
        .put("faceURL", &group.face_url)
        .put("ownerUserID", &group.owner)
        .put("createTime", group.created_at.0)
        .put("memberCount", group.member_count)
        .put("ex", &group.ex)
        .put_as("status", numbers::group_status(group.status), numbers::group_statuses)
        .put("creatorUserID", &group.creator)
        .put("groupType", GROUP_TYPE)
        .put("needVerification", group.verification)
        .put("lookMemberInfo", group.look_member_info)
        .put("applyMemberFriend", group.apply_member_friend)
        .put("notificationUpdateTime", group.notification_at.0)
        .put("notificationUserID", &group.notification_by)
}

struct DraftAnswer {
    id: Option<String>,
    name: Option<String>,
    notification: Option<String>,
    introduction: Option<String>,
    face_url: Option<String>,
    ex: Option<String>,
    status: Option<i32>,
    creator: Option<String>,
    group_type: Option<i32>,
    verification: Option<i32>,
    look_member_info: Option<i32>,
    apply_member_friend: Option<i32>,
}

fn draft_answer(object: &Object) -> Result<Box<dyn Proposal>, String> {
    let text = |name| text(object, name);
    let number = |name| number(object, name);
    // Who owns the group is who was named; in the original an answer changes what is shown alone.
    text("ownerUserID")?;
    let answer = DraftAnswer {
        id: text("groupID")?,
        name: text("groupName")?,
        notification: text("notification")?,
        introduction: text("introduction")?,
        face_url: text("faceURL")?,
        ex: text("ex")?,
        status: number("status")?,
        creator: text("creatorUserID")?,
        group_type: number("groupType")?,
        verification: number("needVerification")?,
        look_member_info: number("lookMemberInfo")?,
        apply_member_friend: number("applyMemberFriend")?,
    };
    if is_unfilled(
        object,
        &TEXTS_AND_TYPE,
        &["status", "needVerification", "lookMemberInfo", "applyMemberFriend"],
    ) {
        return nothing(object);
    }
    Ok(Box::new(answer))
}

/// What no group has empty, or 0, all together.
const TEXTS_AND_TYPE: [&str; 9] = [
    "groupID",
    "groupName",
    "notification",
    "introduction",
    "faceURL",
    "ownerUserID",
    "ex",
    "creatorUserID",
    "groupType",
];

impl DraftAnswer {
    /// Values that no group can have. What was sent and comes back is never wrong.
    fn check(&self, draft: &GroupDraft) -> Result<(), String> {
        fn new<'a>(given: Option<&'a String>, sent: &str) -> Option<&'a str> {
            given.map(String::as_str).filter(|given| *given != sent)
        }
        new(self.id.as_ref(), &draft.id).map(|id| group("groupID", id)).transpose()?;
        new(self.creator.as_ref(), &draft.creator).map(|id| user("creatorUserID", id)).transpose()?;
        if new(self.name.as_ref(), &draft.name) == Some("") {
            return Err("groupName is empty".to_owned());
        }
        for (name, given, bounds) in [
            ("status", self.status, 0..=3),
            ("groupType", self.group_type, GROUP_TYPE..=GROUP_TYPE),
            ("needVerification", self.verification, VERIFICATIONS),
            ("lookMemberInfo", self.look_member_info, SWITCH),
            ("applyMemberFriend", self.apply_member_friend, SWITCH),
        ] {
            given.map(|given| within(name, given, bounds)).transpose()?;
        }
        if self.status == Some(DISMISSED) {
            return Err("status 2 would make a group that is dismissed".to_owned());
        }
        Ok(())
    }
}

impl Proposal for DraftAnswer {
    fn changes(self: Box<Self>, asked: &Asked<'_>) -> Result<Vec<Change>, String> {
        asked.edited(|action| {
            let Action::Group(GroupAction::Draft(draft)) = action else { return Err(ELSEWHERE.to_owned()) };
            self.check(draft)?;
            replace(&mut draft.id, self.id);
            set_text("groupName", &mut draft.name, self.name)?;
            set_text("notification", &mut draft.notification, self.notification)?;
            set_text("introduction", &mut draft.introduction, self.introduction)?;
            set_text("faceURL", &mut draft.face_url, self.face_url)?;
            set_text("ex", &mut draft.ex, self.ex)?;
            replace(&mut draft.status, self.status);
            replace(&mut draft.creator, self.creator);
            replace(&mut draft.group_type, self.group_type);
            replace(&mut draft.verification, self.verification);
            replace(&mut draft.look_member_info, self.look_member_info);
            replace(&mut draft.apply_member_friend, self.apply_member_friend);
            Ok(())
        })
    }
}
