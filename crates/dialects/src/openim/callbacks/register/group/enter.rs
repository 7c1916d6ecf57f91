//! Users who enter groups: by themselves, invited, or as a group is made.
//! Source: openim-callbacks fact sheet 4.6 (30 to 33).

use std::collections::HashMap;

use ringback_model::action::{Action, Entrant, GroupAction, GroupEntry};
use ringback_model::dialect::Skip;
use ringback_model::event::EventKind;
use ringback_model::group::Role;
use ringback_model::limits;
use ringback_model::time::UnixMs;
use ringback_model::verdict::Change;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::action;
use crate::openim::callbacks::answer::{Asked, ELSEWHERE, Nothing, Proposal};
use crate::openim::callbacks::call::Call;
use crate::openim::callbacks::commands::{About, Command, OLDER, row};
use crate::openim::callbacks::fields::Fields;
use crate::openim::callbacks::generation::Generation;
use crate::openim::callbacks::json::Object;
use crate::openim::callbacks::members::{check_length, number, objects, set_text, text, texts, user};
use crate::openim::callbacks::numbers::{GROUP_TYPE_TEXT, role};
use crate::schemas::{self, Shape};

pub(in super::super) const ROWS: &[Command] = &[
    row("beforeMemberJoinGroup", "callbackBeforeMembersJoinGroupCommand", EventKind::GroupEntering, entry)
        .formerly(&[(OLDER, "callbackBeforeMemberJoinGroupCommand")])
        .block(&["callbackBeforeMemberJoinGroup"])
        .says(
            "entry of members",
            "users are about to become members: as a group is made, invited, let in, or by themselves where a group is \
             open; all of one call together",
        )
        .changes(
            "change `memberCallbackList`: of members by `userID` their `nickname`, `faceURL`, `roleLevel` (20 or 60), \
             `muteEndTime` (ms), `ex`",
            entry_answer,
        )
        .differs(
            "An entry without `userID`, about somebody who does not enter, or that makes a second owner, is a failure \
             of the call. The older contracts ask about each one who enters by himself, with `userID` and `ex` beside \
             `memberList`; who is refused refuses all.",
        ),
    row("beforeApplyJoinGroup", "callbackBeforeJoinGroupCommand", EventKind::GroupApplying, application)
        .block(&["callbackBeforeApplyJoinGroup"])
        .says("user who wants to enter a group", "somebody wants to enter a group by himself (`/group/join_group`)")
        .differs("After the permission was checked. `groupType` is the character U+0002, as in the original."),
    row("afterJoinGroup", "callbackAfterJoinGroupCommand", EventKind::GroupJoined, joined)
        .block(&["callbackAfterJoinGroup"])
        .about(About::Actions(everybody_who_joined))
        .says("user who has entered a group", "users have entered a group that was there, whichever way")
        .differs(
            "On every way, not on `/group/join_group` alone: one call per user, who is `inviterUserID` as in the \
             original, and `userID`.",
        ),
    row("beforeInviteUserToGroup", "callbackBeforeInviteJoinGroupCommand", EventKind::GroupInviting, invitation)
        .block(&["callbackBeforeInviteUserToGroup"])
        .says("invitation into a group", "somebody invites into a group (`/group/invite_user_to_group`)")
        .changes("", invitation_answer)
        .differs("All or nobody, as in the original: `refusedMembersAccount` of an answer is read and not used."),
];

fn everybody_who_joined(action: &Action) -> Result<usize, Skip> {
    match action {
        Action::Group(GroupAction::Join(join)) => Ok(join.users.len()),
        _ => Ok(0),
    }
}

#[derive(Serialize, JsonSchema)]
struct Listed<'a> {
    #[serde(rename = "userID")]
    user: &'a str,
    ex: &'a str,
}

impl Shape for Listed<'_> {
    fn shape() -> Value {
        schemas::written::<Self>()
    }
}

fn entry(call: &Call<'_>) -> Option<Fields> {
    let GroupAction::Enter(GroupEntry { group, group_ex, entrants }) = action(call)? else { return None };
    let mut list: Vec<_> =
        entrants.iter().map(|one| Listed { user: one.user.as_str(), ex: &one.ex }).collect();
    let fields = call.body().put("groupID", group);
    if call.generation == Generation::V38 {
        return Some(fields.put("memberList", list).put("groupEx", group_ex));
    }
    // One call per member there.
    list.truncate(1);
    let (user, ex) = list.first().map_or(("", ""), |one| (one.user, one.ex));
    let fields = fields.put("userID", user).put("ex", ex).put("groupEx", group_ex);
    Some(fields.put("memberList", list))
}

fn application(call: &Call<'_>) -> Option<Fields> {
    let GroupAction::Apply(one) = action(call)? else { return None };
    let fields = call
        .body()
        .put("groupID", &one.group)
        .put("groupType", GROUP_TYPE_TEXT)
        .put("applyID", &one.applicant)
        .put("reqMessage", &one.message)
        .put("ex", &one.ex);
    Some(fields)
}

fn joined(call: &Call<'_>) -> Option<Fields> {
    let GroupAction::Join(join) = action(call)? else { return None };
    let user = join.users.get(call.copy)?;
    let fields = call
        .body()
        .put("operationID", call.operation_id)
        .put("groupID", &join.group)
        .put("reqMessage", &join.message)
        .put("joinSource", join.source)
        .put("inviterUserID", user);
    Some(fields.put_if(call.filled(), "userID", user))
}

fn invitation(call: &Call<'_>) -> Option<Fields> {
    let GroupAction::Invite(one) = action(call)? else { return None };
    let fields = call
        .body()
        .put("operationID", call.operation_id)
        .put("groupID", &one.group)
        .put("reason", &one.reason)
        .put("invitedUserIDs", &one.invited);
    Some(fields)
}

fn invitation_answer(object: &Object) -> Result<Box<dyn Proposal>, String> {
    texts(object, "refusedMembersAccount")?;
    Ok(Box::new(Nothing))
}

/// What an answer says about one who enters.
struct EntrantAnswer {
    user: Option<String>,
    nickname: Option<String>,
    face_url: Option<String>,
    level: Option<i32>,
    muted_until: Option<i64>,
    ex: Option<String>,
}

struct EntryAnswer(Vec<EntrantAnswer>);

fn entry_answer(object: &Object) -> Result<Box<dyn Proposal>, String> {
    let list = objects(object, "memberCallbackList")?.unwrap_or_default();
    Ok(Box::new(EntryAnswer(list.iter().map(EntrantAnswer::read).collect::<Result<_, _>>()?)))
}

impl EntrantAnswer {
    fn read(object: &Object) -> Result<Self, String> {
        Ok(Self {
            user: text(object, "userID")?,
            nickname: text(object, "nickname")?,
            face_url: text(object, "faceURL")?,
            level: number(object, "roleLevel")?,
            muted_until: object.member("muteEndTime", "a whole number")?,
            ex: text(object, "ex")?,
        })
    }

    /// `places` says where each stands, by his id in one letter case.
    fn apply(self, entrants: &mut [Entrant], places: &HashMap<String, usize>) -> Result<(), String> {
        let id = self.user.ok_or("an entry of memberCallbackList has no userID")?;
        let user = user("userID", &id)?;
        let entrant = places.get(&user.folded()).and_then(|place| entrants.get_mut(*place));
        let entrant =
            entrant.ok_or_else(|| format!("memberCallbackList names {user}, who does not enter"))?;
        if let Some(role) = self.level.map(role).transpose()? {
            let own = |role| role == Role::Owner;
            if own(role) != own(entrant.role) {
                return Err(format!("roleLevel of {user} would leave the group without exactly one owner"));
            }
            entrant.role = role;
        }
        if let Some(until) = self.muted_until {
            if until < 0 {
                return Err(format!("muteEndTime {until} of {user} is before 1970"));
            }
            entrant.muted_until = UnixMs(until);
        }
        set_text("nickname", &mut entrant.nickname, self.nickname)?;
        set_text("faceURL", &mut entrant.face_url, self.face_url)?;
        set_text("ex", &mut entrant.ex, self.ex)
    }
}

impl Proposal for EntryAnswer {
    fn changes(self: Box<Self>, asked: &Asked<'_>) -> Result<Vec<Change>, String> {
        check_length("memberCallbackList", self.0.len(), limits::NEW_GROUP_MEMBERS)?;
        asked.edited(|action| {
            let Action::Group(GroupAction::Enter(entry)) = action else { return Err(ELSEWHERE.to_owned()) };
            let places =
                entry.entrants.iter().zip(0..).map(|(one, place)| (one.user.folded(), place)).collect();
            self.0.into_iter().try_for_each(|one| one.apply(&mut entry.entrants, &places))
        })
    }
}
