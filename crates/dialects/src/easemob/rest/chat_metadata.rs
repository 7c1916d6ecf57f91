//! `/metadata/chatroom` and `/metadata/chatgroup`: texts of the app about chat rooms and about members of groups.
//! Source: easemob-rest fact sheet 8, 9; sizes: documents "强制设置聊天室自定义属性" and "设置群成员自定义属性" of the second
//! dialect's documentation.

use std::collections::BTreeMap;

use ringback_model::command::{Command, ManagingDeed, ManagingOutcome, Outcome};
use ringback_model::ids::UserId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Asked;
use super::body::{parse, user, users};
use super::envelope::Answer;
use super::managing::{data, managed, managing};
use super::problem::{INVALID_PARAMETER, Problem, Reject};

/// Texts of one call about a room.
const ROOM_TEXTS: usize = 10;
/// Characters of a key, and of a value, about a room.
const ROOM_TEXT_CHARS: (usize, usize) = (128, 4096);
/// Bytes of a key, and of a value, about a member.
const MEMBER_TEXT_BYTES: (usize, usize) = (16, 512);
/// Bytes of all texts of one call about a member.
const MEMBER_BYTES: usize = 4096;
/// Members of one question.
const MEMBERS_AT_ONCE: usize = 10;

fn wrong(text: impl Into<String>) -> Reject {
    Reject::new(&INVALID_PARAMETER, text.into())
}

// ---------------------------------------------------------------- rooms

/// Texts about a room.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct RoomTexts {
    /// By key (letters, digits, `_`, `-`, `.`; at most 128 characters); values of at most 4,096 characters.
    #[schemars(extend("x-required" = true, "minProperties" = 1, "maxProperties" = 10))]
    meta_data: Option<BTreeMap<String, String>>,
    /// Whether they go when the user leaves: `DELETE`, which is the default, or `NO_DELETE`.
    auto_delete: Option<AutoDelete>,
}

#[derive(Deserialize, JsonSchema, Clone, Copy, PartialEq, Eq)]
enum AutoDelete {
    #[serde(rename = "DELETE")]
    Delete,
    #[serde(rename = "NO_DELETE")]
    Keep,
}

/// Which texts.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct RoomKeys {
    /// Keys; at most 10.
    #[schemars(extend("x-required" = true), length(min = 1, max = 10))]
    keys: Option<Vec<String>>,
}

/// Which texts are looked at.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct SoughtKeys {
    /// Keys; none = all.
    #[schemars(length(max = 100))]
    keys: Option<Vec<String>>,
}

/// What became of texts.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct TextsChanged<'a> {
    /// Keys of those that were set or taken away.
    success_keys: &'a [String],
    /// The others, each with the reason.
    error_keys: &'a BTreeMap<String, &'static str>,
}

/// Texts by key.
pub(super) type Texts = BTreeMap<String, String>;

/// The user who sets or takes away.
fn setter(asked: &Asked<'_>) -> Result<UserId, Reject> {
    user(asked.request.param("user"))
}

/// Whether others' texts are meant, too.
fn is_forced(asked: &Asked<'_>) -> bool {
    asked.request.route.ends_with("/forced")
}

fn is_plain(key: &str) -> bool {
    key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

pub(super) fn set_of_room(asked: &Asked<'_>) -> Result<Command, Reject> {
    let given: RoomTexts = parse(&asked.request.body)?;
    let texts = given.meta_data.unwrap_or_default();
    if texts.is_empty() {
        return Err(wrong("metaData must be provided"));
    }
    if texts.len() > ROOM_TEXTS {
        return Err(wrong(format!("metaData is more than max limit : {ROOM_TEXTS}")));
    }
    let (of_key, of_value) = ROOM_TEXT_CHARS;
    for (key, value) in &texts {
        if key.is_empty() || !is_plain(key) || key.chars().count() > of_key {
            return Err(wrong(format!("key must have 1 to {of_key} letters, digits, _, - or .")));
        }
        if value.chars().count() > of_value {
            return Err(wrong(format!("the value of {key} has more than {of_value} characters")));
        }
    }
    let leave = given.auto_delete != Some(AutoDelete::Keep);
    let by = Some(setter(asked)?);
    managing(asked, ManagingDeed::SetAttributes { member: None, by, texts, leave, forced: is_forced(asked) })
}

pub(super) fn remove_of_room(asked: &Asked<'_>) -> Result<Command, Reject> {
    let given: RoomKeys = parse(&asked.request.body)?;
    let keys = given.keys.unwrap_or_default();
    if keys.is_empty() {
        return Err(wrong("keys must be provided"));
    }
    if keys.len() > ROOM_TEXTS {
        return Err(wrong(format!("keys is more than max limit : {ROOM_TEXTS}")));
    }
    let by = Some(setter(asked)?);
    managing(asked, ManagingDeed::RemoveAttributes { member: None, by, keys, forced: is_forced(asked) })
}

pub(super) fn texts_changed(_asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let ManagingOutcome::Keys { done, failed } = managed(outcome)? else { return None };
    Some(data(&TextsChanged { success_keys: done, error_keys: failed }))
}

pub(super) fn of_room(asked: &Asked<'_>) -> Result<Command, Reject> {
    let sought: SoughtKeys = parse(&asked.request.body)?;
    managing(asked, ManagingDeed::Attributes { members: Vec::new(), keys: sought.keys.unwrap_or_default() })
}

pub(super) fn texts(_asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let ManagingOutcome::Attributes(found) = managed(outcome)? else { return None };
    let texts: Texts = found.iter().map(|one| (one.key.clone(), one.value.clone())).collect();
    Some(data(&texts))
}

// ---------------------------------------------------------------- members of groups

/// Texts about a member of a group.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct MemberTexts {
    /// By key (at most 16 bytes); values of at most 512 bytes, of which an empty one takes the text away; at most 4 KB in
    /// all.
    #[schemars(extend("x-required" = true, "minProperties" = 1))]
    meta_data: Option<Texts>,
}

/// Whose texts are looked at, and which.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct MemberTextsOf {
    /// Members' ids; at most 10.
    #[schemars(length(min = 1, max = 10), extend("x-required" = true), inner(length(min = 1, max = 64)))]
    targets: Option<Vec<String>>,
    /// Keys; none = all.
    #[schemars(length(max = 100))]
    properties: Option<Vec<String>>,
}

pub(super) fn set_of_member(asked: &Asked<'_>) -> Result<Command, Reject> {
    let given: MemberTexts = parse(&asked.request.body)?;
    let texts = given.meta_data.unwrap_or_default();
    if texts.is_empty() {
        return Err(wrong("metaData must be provided"));
    }
    let (of_key, of_value) = MEMBER_TEXT_BYTES;
    for (key, value) in &texts {
        if key.is_empty() || key.len() > of_key {
            return Err(wrong(format!("key must have 1 to {of_key} bytes")));
        }
        if value.len() > of_value {
            return Err(wrong(format!("the value of {key} has more than {of_value} bytes")));
        }
    }
    if texts.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>() > MEMBER_BYTES {
        return Err(wrong("exceeds chatgroup user metadata size"));
    }
    let member = Some(setter(asked)?);
    managing(asked, ManagingDeed::SetAttributes { member, by: None, texts, leave: false, forced: true })
}

pub(super) fn member_texts_set(asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let ManagingOutcome::Keys { .. } = managed(outcome)? else { return None };
    let given = parse::<MemberTexts>(&asked.request.body).unwrap_or_default();
    Some(data(&given.meta_data.unwrap_or_default()))
}

pub(super) fn of_member(asked: &Asked<'_>) -> Result<Command, Reject> {
    managing(asked, ManagingDeed::Attributes { members: vec![setter(asked)?], keys: Vec::new() })
}

pub(super) fn of_members(asked: &Asked<'_>) -> Result<Command, Reject> {
    let sought: MemberTextsOf = parse(&asked.request.body)?;
    let names = sought.targets.unwrap_or_default();
    if names.is_empty() {
        return Err(wrong("targets must be provided"));
    }
    if names.len() > MEMBERS_AT_ONCE {
        return Err(wrong(format!("targets is more than max limit : {MEMBERS_AT_ONCE}")));
    }
    let members = users(names.iter().map(String::as_str))?;
    managing(asked, ManagingDeed::Attributes { members, keys: sought.properties.unwrap_or_default() })
}

/// Members by id, each with the texts about him.
pub(super) type TextsByMember = BTreeMap<String, Texts>;

pub(super) fn texts_by_member(asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let ManagingOutcome::Attributes(found) = managed(outcome)? else { return None };
    let sought = parse::<MemberTextsOf>(&asked.request.body).ok()?;
    let mut all: TextsByMember = sought
        .targets
        .unwrap_or_default()
        .into_iter()
        .map(|name| (name.to_lowercase(), Texts::new()))
        .collect();
    for one in found {
        let Some(member) = &one.member else { continue };
        all.entry(member.folded()).or_default().insert(one.key.clone(), one.value.clone());
    }
    Some(data(&all))
}
