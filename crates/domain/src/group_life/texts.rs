//! Texts of the app about rooms. Whoever set one is the only one who changes it, unless it is forced.

use std::collections::BTreeMap;

use ringback_model::action::{Action, GroupAction, GroupAttributes};
use ringback_model::command::{ManagingOutcome, WhyNot};
use ringback_model::commit::{Commit, Require, Write};
use ringback_model::failure::{Failure, Fault};
use ringback_model::group::{Group, GroupKind};
use ringback_model::ids::{GroupId, UserId};
use ringback_model::limits;
use ringback_model::record::{GroupAttribute, Record, RecordKey, RecordKind, attribute_owner};

use super::Tries;
use super::scene::not_in_group;
use crate::actions::Deed;
use crate::caller::Caller;
use crate::{Im, at_most, bad};

/// Texts by key.
pub(super) type Texts = BTreeMap<String, String>;

/// What becomes of each text of one call.
#[derive(Debug, Default, PartialEq, Eq)]
struct Judged {
    set: Texts,
    failed: BTreeMap<String, WhyNot>,
}

impl Judged {
    /// `there` are all texts about the room; `by` is who sets these.
    fn of(texts: Texts, there: &[GroupAttribute], by: Option<&UserId>, forced: bool) -> Self {
        let mut judged = Self::default();
        let mut count = there.len();
        for (key, value) in texts {
            let kept = there.iter().find(|one| one.key == key);
            let why_not = misfit(&key, &value).or(match kept {
                Some(kept) if !forced && !may_touch(kept, by) => Some(WhyNot::SetByAnother),
                None if count >= limits::ROOM_ATTRIBUTES => Some(WhyNot::TooMany),
                _ => None,
            });
            if let Some(why_not) = why_not {
                judged.failed.insert(key, why_not);
                continue;
            }
            count += usize::from(kept.is_none());
            judged.set.insert(key, value);
        }
        judged
    }
}

/// What is wrong with a text, whoever sets it.
fn misfit(key: &str, value: &str) -> Option<WhyNot> {
    if key.chars().count() > limits::ROOM_ATTRIBUTE_KEY_CHARS {
        return Some(WhyNot::KeyTooLong);
    }
    let is_legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if key.is_empty() || !key.chars().all(is_legal) {
        return Some(WhyNot::KeyNotLegal);
    }
    (value.chars().count() > limits::ROOM_ATTRIBUTE_CHARS).then_some(WhyNot::TooLong)
}

/// The app may touch everything; others what they have set themselves.
fn may_touch(kept: &GroupAttribute, by: Option<&UserId>) -> bool {
    let Some(by) = by else { return true };
    kept.by.as_ref().is_some_and(|owner| owner.folded() == by.folded())
}

impl Im {
    /// Sets texts about a room; of each it is answered whether it was set.
    pub(super) async fn set_texts(
        &self,
        caller: &Caller,
        room: &Group,
        by: Option<UserId>,
        texts: Texts,
        (leaves, forced): (bool, bool),
    ) -> Result<ManagingOutcome, Failure> {
        check_count(texts.len())?;
        let id = &room.id;
        let mut tries = Tries::default();
        loop {
            // Texts are counted and set by one at a time.
            let _turn = self.additions.of(id).await;
            let by = self.setter(id, by.as_ref()).await?;
            let there = self.all_texts(id).await?;
            let Judged { set, failed } = Judged::of(texts.clone(), &there, by.as_ref(), forced);
            let done: Vec<String> = set.keys().cloned().collect();
            if done.is_empty() {
                return Ok(ManagingOutcome::Keys { done, failed });
            }
            let now = self.clock.now();
            let mut commit =
                still_there(Commit::at(now).require(Require::LiveGroup(id.clone())), id, by.as_ref());
            for (key, value) in &set {
                let text = GroupAttribute {
                    group: id.clone(),
                    member: None,
                    key: key.clone(),
                    value: value.clone(),
                    by: by.clone(),
                    leaves,
                    at: now,
                };
                let kept = there.iter().find(|one| one.key == *key);
                commit = commit.require(as_read(id, None, key, kept));
                commit = commit.write(Write::Keep(Box::new(Record::GroupAttribute(text))));
            }
            let told = told_of(room, by, set, Vec::new(), forced);
            match self.carry_out_deed(caller, Deed::of(commit).tell(told)).await {
                Ok(_) => return Ok(ManagingOutcome::Keys { done, failed }),
                Err(error) => tries.again(error)?,
            }
        }
    }

    /// Takes texts about a room away; of each it is answered whether it is gone.
    pub(super) async fn remove_texts(
        &self,
        caller: &Caller,
        room: &Group,
        by: Option<UserId>,
        mut keys: Vec<String>,
        forced: bool,
    ) -> Result<ManagingOutcome, Failure> {
        check_count(keys.len())?;
        keys.sort();
        keys.dedup();
        let id = &room.id;
        let mut tries = Tries::default();
        loop {
            let by = self.setter(id, by.as_ref()).await?;
            let there = self.all_texts(id).await?;
            let mut commit = Commit::at(self.clock.now()).require(Require::LiveGroup(id.clone()));
            commit = still_there(commit, id, by.as_ref());
            let (mut done, mut failed) = (Vec::new(), BTreeMap::new());
            for key in &keys {
                match there.iter().find(|one| one.key == *key) {
                    None => {
                        failed.insert(key.clone(), WhyNot::NotThere);
                    }
                    Some(kept) if !forced && !may_touch(kept, by.as_ref()) => {
                        failed.insert(key.clone(), WhyNot::SetByAnother);
                    }
                    Some(kept) => {
                        commit = discard(commit, kept.clone());
                        done.push(key.clone());
                    }
                }
            }
            if done.is_empty() {
                return Ok(ManagingOutcome::Keys { done, failed });
            }
            let told = told_of(room, by, Texts::new(), done.clone(), forced);
            match self.carry_out_deed(caller, Deed::of(commit).tell(told)).await {
                Ok(_) => return Ok(ManagingOutcome::Keys { done, failed }),
                Err(error) => tries.again(error)?,
            }
        }
    }

    /// Texts about a room: all, or those with these keys.
    pub(super) async fn texts(&self, id: &GroupId, keys: &[String]) -> Result<Texts, Failure> {
        at_most("keys", keys.len(), limits::ROOM_ATTRIBUTES)?;
        let all = self.all_texts(id).await?.into_iter().map(|one| (one.key, one.value));
        Ok(all.filter(|(key, _)| keys.is_empty() || keys.contains(key)).collect())
    }

    async fn all_texts(&self, id: &GroupId) -> Result<Vec<GroupAttribute>, Fault> {
        let owner = attribute_owner(id, None);
        let most = limits::ROOM_ATTRIBUTES;
        Ok(texts_in(self.store.records_of(RecordKind::GroupAttribute, &owner, "", most).await?).collect())
    }

    /// In whose name texts are set, as he is registered: somebody who is there.
    async fn setter(&self, id: &GroupId, by: Option<&UserId>) -> Result<Option<UserId>, Failure> {
        let Some(by) = by else { return Ok(None) };
        let member = self.store.member(id, by).await?.ok_or_else(|| not_in_group(id, by))?;
        Ok(Some(member.user))
    }

    /// Takes away what goes with members: of rooms what they have set and what is to go with them, of groups what is
    /// noted about them.
    pub(super) async fn without_texts_of(
        &self,
        deed: Deed,
        group: &Group,
        leaving: &[UserId],
    ) -> Result<Deed, Failure> {
        match group.kind {
            GroupKind::Room => self.without_texts_by(deed, group, leaving).await,
            GroupKind::Group => self.without_descriptions_of(deed, &group.id, leaving).await,
        }
    }

    /// Rules are told for each of those who leave.
    async fn without_texts_by(
        &self,
        mut deed: Deed,
        room: &Group,
        leaving: &[UserId],
    ) -> Result<Deed, Failure> {
        let mut texts = self.all_texts(&room.id).await?;
        texts.retain(|text| text.leaves);
        for user in leaving {
            let (his, others): (Vec<_>, Vec<_>) =
                texts.into_iter().partition(|text| may_touch(text, Some(user)));
            texts = others;
            if his.is_empty() {
                continue;
            }
            let keys = his.iter().map(|text| text.key.clone()).collect();
            deed.commit = his.into_iter().fold(deed.commit, discard);
            deed = deed.tell(told_of(room, Some(user.clone()), Texts::new(), keys, false));
        }
        Ok(deed)
    }
}

fn check_count(count: usize) -> Result<(), Failure> {
    if count == 0 {
        return Err(bad("no attribute is named").into());
    }
    Ok(at_most("the list of attributes", count, limits::ROOM_ATTRIBUTES_OF_ONE_CALL)?)
}

pub(super) fn texts_in(records: Vec<Record>) -> impl Iterator<Item = GroupAttribute> {
    records.into_iter().filter_map(|record| match record {
        Record::GroupAttribute(text) => Some(text),
        _ => None,
    })
}

/// That who sets something does not leave meanwhile: what goes with him would stay.
fn still_there(commit: Commit, id: &GroupId, by: Option<&UserId>) -> Commit {
    match by {
        Some(by) => commit.require(Require::InGroup(id.clone(), by.clone())),
        None => commit,
    }
}

/// That a text is as it was read.
pub(super) fn as_read(
    id: &GroupId,
    member: Option<&UserId>,
    key: &str,
    kept: Option<&GroupAttribute>,
) -> Require {
    match kept {
        Some(kept) => Require::Unchanged(Box::new(Record::GroupAttribute(kept.clone()))),
        None => Require::NotKept(RecordKey::group_attribute(id, member, key)),
    }
}

/// Takes away a text as it was read.
pub(super) fn discard(commit: Commit, text: GroupAttribute) -> Commit {
    let record = Record::GroupAttribute(text);
    let place = record.key();
    commit.require(Require::Unchanged(Box::new(record))).write(Write::Discard(place))
}

fn told_of(room: &Group, by: Option<UserId>, set: Texts, removed: Vec<String>, forced: bool) -> Action {
    let (group, name) = (room.id.clone(), room.name.clone());
    let told = GroupAttributes { group, name, member: None, by, set, removed, forced };
    Action::Group(GroupAction::SetAttributes(Box::new(told)))
}

#[cfg(test)]
mod tests {
    use ringback_model::time::UnixMs;

    use super::*;

    fn user(text: &str) -> UserId {
        UserId::parse(text).unwrap()
    }

    fn kept(key: &str, by: Option<&str>) -> GroupAttribute {
        GroupAttribute {
            group: GroupId::parse("7").unwrap(),
            member: None,
            key: key.to_owned(),
            value: "old".to_owned(),
            by: by.map(user),
            leaves: true,
            at: UnixMs(0),
        }
    }

    fn texts(keys: &[&str]) -> Texts {
        keys.iter().map(|key| ((*key).to_owned(), "new".to_owned())).collect()
    }

    #[test]
    fn only_who_set_a_text_or_the_app_or_force_changes_it() {
        let there = [kept("hers", Some("Alice")), kept("ours", None)];
        let named = || texts(&["hers", "ours", "free"]);
        for (by, forced, refused) in [
            (Some("alice"), false, vec!["ours"]),
            (Some("bob"), false, vec!["hers", "ours"]),
            (Some("bob"), true, vec![]),
            (None, false, vec![]),
        ] {
            let judged = Judged::of(named(), &there, by.map(user).as_ref(), forced);
            let failed: Vec<&str> = judged.failed.keys().map(String::as_str).collect();
            assert_eq!(failed, refused, "{by:?} {forced}");
            assert!(judged.failed.values().all(|why| *why == WhyNot::SetByAnother));
            assert_eq!(judged.set.len() + judged.failed.len(), 3);
        }
    }

    #[test]
    fn each_text_has_its_own_limits() {
        let long_key = "k".repeat(limits::ROOM_ATTRIBUTE_KEY_CHARS + 1);
        let whole_key = "k".repeat(limits::ROOM_ATTRIBUTE_KEY_CHARS);
        let whole = "é".repeat(limits::ROOM_ATTRIBUTE_CHARS);
        for (key, value, why_not) in [
            (whole_key.as_str(), whole.as_str(), None),
            ("a.B-9_", "", None),
            (&long_key, "v", Some(WhyNot::KeyTooLong)),
            ("", "v", Some(WhyNot::KeyNotLegal)),
            ("a b", "v", Some(WhyNot::KeyNotLegal)),
            ("é", "v", Some(WhyNot::KeyNotLegal)),
            ("k", &format!("{whole}é"), Some(WhyNot::TooLong)),
        ] {
            assert_eq!(misfit(key, value), why_not, "{key:.20}");
        }
    }

    #[test]
    fn a_room_has_so_many_texts_and_old_ones_can_still_be_changed() {
        let names: Vec<String> = (0..limits::ROOM_ATTRIBUTES - 1).map(|n| format!("k{n}")).collect();
        let there: Vec<GroupAttribute> = names.iter().map(|name| kept(name, None)).collect();
        let judged = Judged::of(texts(&["a", "b", "k0"]), &there, None, false);
        assert_eq!(judged.set.keys().collect::<Vec<_>>(), ["a", "k0"]);
        assert_eq!(judged.failed, [("b".to_owned(), WhyNot::TooMany)].into());
    }
}
