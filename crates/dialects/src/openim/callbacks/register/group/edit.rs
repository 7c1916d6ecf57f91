//! Settings of groups, and what members show.
//! Source: openim-callbacks fact sheet 4.6 (38 to 43).

use ringback_model::action::{Action, GroupAction, GroupEdit};
use ringback_model::dialect::Skip;
use ringback_model::event::EventKind;
use ringback_model::verdict::Change;
use serde::Serialize;
use serde_json::{Value, json};

use super::action;
use crate::openim::callbacks::answer::{Asked, ELSEWHERE, Proposal, nothing};
use crate::openim::callbacks::call::Call;
use crate::openim::callbacks::commands::{About, Command, row};
use crate::openim::callbacks::fields::Fields;
use crate::openim::callbacks::generation::Generation;
use crate::openim::callbacks::json::Object;
use crate::openim::callbacks::members::{is_unfilled, set_optional_text, text, wrapped_number, wrapped_text};
use crate::openim::callbacks::numbers::{self, SWITCH, VERIFICATIONS, role, within};
use crate::schemas::{self, Shape};

const CHANGEABLE: &str = "change `groupName`, `introduction`, `faceURL`, `ex`, `needVerification`, `lookMemberInfo`, \
                          `applyMemberFriend`; `groupID` must be the same, or empty";
const ABSENT_STAYS: &str = "What an answer does not say stays, and what was sent and comes back changes nothing: a bare \
                            allow empties no field, nor does one that has each of them empty or 0. `notification` of an answer is not used, as in the original. \
                            `operationID` is filled.";

pub(in super::super) const ROWS: &[Command] = &[
    row("beforeSetGroupInfo", "callbackBeforeSetGroupInfoCommand", EventKind::GroupEditing, before_whole)
        .block(&["callbackBeforeSetGroupInfo"])
        .about(About::Actions(is_whole))
        .says(
            "change of a group's settings on the old route",
            "settings of a group change (`/group/set_group_info`)",
        )
        .changes(CHANGEABLE, edit_answer)
        .differs(ABSENT_STAYS),
    row("afterSetGroupInfo", "callbackAfterSetGroupInfoCommand", EventKind::GroupEdited, after_whole)
        .block(&["callbackAfterSetGroupInfo"])
        .about(About::Actions(is_whole))
        .says(
            "change of a group's settings on the old route",
            "settings of a group have changed (`/group/set_group_info`)",
        )
        .differs("`operationID` is filled."),
    row("beforeSetGroupInfoEx", "callbackBeforeSetGroupInfoExCommand", EventKind::GroupEditing, partial)
        .block(&["callbackBeforeSetGroupInfoEx"])
        .about(About::Actions(is_partial))
        .says("change of a group's settings", "settings of a group change (`/group/set_group_info_ex`)")
        .changes(CHANGEABLE, edit_answer)
        .differs(ABSENT_STAYS),
    row("afterSetGroupInfoEx", "callbackAfterSetGroupInfoExCommand", EventKind::GroupEdited, partial)
        .block(&["callbackAfterSetGroupInfoEx"])
        .about(About::Actions(is_partial))
        .says("change of a group's settings", "settings of a group have changed (`/group/set_group_info_ex`)")
        .differs("`operationID` is filled."),
    row(
        "beforeSetGroupMemberInfo",
        "callbackBeforeSetGroupMemberInfoCommand",
        EventKind::MemberEditing,
        member,
    )
    .formerly(&[(&[Generation::V30], "CallbackBeforeSetGroupMemberInfoCommand")])
    .block(&["callbackBeforeSetGroupMemberInfo"])
    .says("change of a member", "what a member shows, or his role, changes (`/group/set_group_member_info`)")
    .changes("change `nickName`, `faceURL`, `roleLevel` (20 or 60), `ex`", member_answer)
    .differs(
        "A `roleLevel` is not bound by the rights of who changes the member, as in the original. One that makes a second \
         owner, or takes a group's only one away, is a failure of the call.",
    ),
    row("afterSetGroupMemberInfo", "callbackAfterSetGroupMemberInfoCommand", EventKind::MemberEdited, member)
        .block(&["callbackAfterSetGroupMemberInfo"])
        .says("change of a member", "what a member shows, or his role, has changed"),
];

fn edit(action: &Action) -> Option<&GroupEdit> {
    match action {
        Action::Group(GroupAction::Edit(edit)) => Some(edit),
        _ => None,
    }
}

fn is_whole(action: &Action) -> Result<usize, Skip> {
    match edit(action) {
        Some(edit) if edit.whole => Ok(1),
        _ => Err(Skip("the callback is about the old route, which names every setting")),
    }
}

fn is_partial(action: &Action) -> Result<usize, Skip> {
    match edit(action) {
        Some(edit) if !edit.whole => Ok(1),
        _ => Err(Skip("the callback is about the new route, which names only what changes")),
    }
}

/// The id of the call, which the original leaves empty in these bodies.
fn operation_id<'a>(call: &Call<'a>) -> &'a str {
    if call.filled() { call.operation_id } else { "" }
}

/// A setting that is a text, as the old route has it: empty where it stays.
fn plain(text: Option<&String>) -> &str {
    text.map_or("", String::as_str)
}

fn head(call: &Call<'_>, edit: &GroupEdit) -> Fields {
    call.body().put("operationID", operation_id(call)).put("groupID", &edit.group)
}

fn whole_texts(call: &Call<'_>, edit: &GroupEdit) -> Fields {
    head(call, edit)
        .put("groupName", plain(edit.name.as_ref()))
        .put("notification", plain(edit.notification.as_ref()))
        .put("introduction", plain(edit.introduction.as_ref()))
        .put("faceURL", plain(edit.face_url.as_ref()))
}

fn before_whole(call: &Call<'_>) -> Option<Fields> {
    let edit = edit(call.action()?)?;
    let fields = whole_texts(call, edit)
        .put("ex", plain(edit.ex.as_ref()))
        .put("needVerification", edit.verification.unwrap_or_default())
        .put("lookMemberInfo", edit.look_member_info.unwrap_or_default())
        .put("applyMemberFriend", edit.apply_member_friend.unwrap_or_default());
    Some(fields)
}

fn after_whole(call: &Call<'_>) -> Option<Fields> {
    let edit = edit(call.action()?)?;
    let fields = whole_texts(call, edit)
        .put("ex", &edit.ex)
        .put("needVerification", edit.verification)
        .put("lookMemberInfo", edit.look_member_info)
        .put("applyMemberFriend", edit.apply_member_friend);
    Some(fields)
}

/// A value, or an object around it as one revision of the documents shows it; `null` where it stays.
#[derive(Serialize)]
#[serde(untagged)]
enum Shown<'a, T> {
    Plain(&'a T),
    Inside { value: &'a T },
}

impl<T: Shape> Shape for Shown<'_, T> {
    fn shape() -> Value {
        let inside = json!({"type": "object", "properties": {"value": T::shape()}, "required": ["value"]});
        schemas::any_of(&[T::shape(), inside])
    }
}

fn shown<'a, T>(call: &Call<'_>, value: Option<&'a T>) -> Option<Shown<'a, T>> {
    value.map(|value| if call.compat.wrappers { Shown::Inside { value } } else { Shown::Plain(value) })
}

fn partial(call: &Call<'_>) -> Option<Fields> {
    let edit = edit(call.action()?)?;
    let fields = head(call, edit)
        .put("groupName", shown(call, edit.name.as_ref()))
        .put("notification", shown(call, edit.notification.as_ref()))
        .put("introduction", shown(call, edit.introduction.as_ref()))
        .put("faceURL", shown(call, edit.face_url.as_ref()))
        .put("ex", shown(call, edit.ex.as_ref()))
        .put("needVerification", shown(call, edit.verification.as_ref()))
        .put("lookMemberInfo", shown(call, edit.look_member_info.as_ref()))
        .put("applyMemberFriend", shown(call, edit.apply_member_friend.as_ref()));
    Some(fields)
}

fn member(call: &Call<'_>) -> Option<Fields> {
    let GroupAction::EditMember(edit) = action(call)? else { return None };
    let fields = call
        .body()
        .put("groupID", &edit.group)
        .put("userID", &edit.user)
        .put("nickName", &edit.nickname)
        .put("faceURL", &edit.face_url)
        .put_as("roleLevel", edit.role.map(numbers::level), or_stays)
        .put("ex", &edit.ex);
    Some(fields)
}

/// A role's level, or null where the role stays.
fn or_stays(generation: Generation) -> Value {
    schemas::or_null(numbers::levels(generation))
}

struct EditAnswer {
    group: Option<String>,
    name: Option<String>,
    introduction: Option<String>,
    face_url: Option<String>,
    ex: Option<String>,
    verification: Option<i32>,
    look_member_info: Option<i32>,
    apply_member_friend: Option<i32>,
}

fn edit_answer(object: &Object) -> Result<Box<dyn Proposal>, String> {
    // Read and not used, in the original too; a wrong type in it spoils the answer all the same.
    wrapped_text(object, "notification")?;
    let answer = EditAnswer {
        group: text(object, "groupID")?,
        name: wrapped_text(object, "groupName")?,
        introduction: wrapped_text(object, "introduction")?,
        face_url: wrapped_text(object, "faceURL")?,
        ex: wrapped_text(object, "ex")?,
        verification: wrapped_number(object, "needVerification")?,
        look_member_info: wrapped_number(object, "lookMemberInfo")?,
        apply_member_friend: wrapped_number(object, "applyMemberFriend")?,
    };
    let numbers = ["ex", "needVerification", "lookMemberInfo", "applyMemberFriend"];
    if is_unfilled(object, &["groupName", "introduction", "faceURL"], &numbers) {
        return nothing(object);
    }
    Ok(Box::new(answer))
}

/// Takes an answered number. The old route sends what stays as 0: that coming back changes nothing.
fn take(whole: bool, place: &mut Option<i32>, given: Option<i32>) {
    if let Some(given) = given
        && !(whole && place.is_none() && given == 0)
    {
        *place = Some(given);
    }
}

impl EditAnswer {
    fn check(&self, edit: &GroupEdit) -> Result<(), String> {
        if let Some(group) = &self.group
            && !group.is_empty()
            && group != edit.group.as_str()
        {
            return Err(format!("groupID is {group:?}, but the change is about {}", edit.group));
        }
        for (name, given, bounds) in [
            ("needVerification", self.verification, VERIFICATIONS),
            ("lookMemberInfo", self.look_member_info, SWITCH),
            ("applyMemberFriend", self.apply_member_friend, SWITCH),
        ] {
            given.map(|given| within(name, given, bounds)).transpose()?;
        }
        Ok(())
    }

    fn apply(self, edit: &mut GroupEdit) -> Result<(), String> {
        let whole = edit.whole;
        for (name, place, given) in [
            ("groupName", &mut edit.name, self.name),
            ("introduction", &mut edit.introduction, self.introduction),
            ("faceURL", &mut edit.face_url, self.face_url),
        ] {
            // On the old route an empty text says that it stays, and not that what the user sets does not count.
            set_optional_text(name, place, given.filter(|given| !(whole && given.is_empty())))?;
        }
        if !whole && edit.name.as_deref() == Some("") {
            return Err("groupName is empty".to_owned());
        }
        let ex = self.ex.filter(|ex| !(whole && edit.ex.is_none() && ex.is_empty()));
        set_optional_text("ex", &mut edit.ex, ex)?;
        take(whole, &mut edit.verification, self.verification);
        take(whole, &mut edit.look_member_info, self.look_member_info);
        take(whole, &mut edit.apply_member_friend, self.apply_member_friend);
        Ok(())
    }
}

impl Proposal for EditAnswer {
    fn changes(self: Box<Self>, asked: &Asked<'_>) -> Result<Vec<Change>, String> {
        asked.edited(|action| {
            let Action::Group(GroupAction::Edit(edit)) = action else { return Err(ELSEWHERE.to_owned()) };
            self.check(edit)?;
            self.apply(edit)
        })
    }
}

struct MemberAnswer {
    nickname: Option<String>,
    face_url: Option<String>,
    level: Option<i32>,
    ex: Option<String>,
}

fn member_answer(object: &Object) -> Result<Box<dyn Proposal>, String> {
    let answer = MemberAnswer {
        nickname: wrapped_text(object, "nickName")?,
        face_url: wrapped_text(object, "faceURL")?,
        level: wrapped_number(object, "roleLevel")?,
        ex: wrapped_text(object, "ex")?,
    };
    if is_unfilled(object, &["nickName", "faceURL", "roleLevel", "ex"], &[]) {
        return nothing(object);
    }
    Ok(Box::new(answer))
}

impl Proposal for MemberAnswer {
    fn changes(self: Box<Self>, asked: &Asked<'_>) -> Result<Vec<Change>, String> {
        asked.edited(|action| {
            let Action::Group(GroupAction::EditMember(edit)) = action else {
                return Err(ELSEWHERE.to_owned());
            };
            edit.role = self.level.map(role).transpose()?.or(edit.role);
            set_optional_text("nickName", &mut edit.nickname, self.nickname)?;
            set_optional_text("faceURL", &mut edit.face_url, self.face_url)?;
            set_optional_text("ex", &mut edit.ex, self.ex)
        })
    }
}
