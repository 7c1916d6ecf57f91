//! Texts of the app about groups and rooms, and about members of them.

use std::collections::BTreeMap;

use ringback_model::action::{Action, GroupAction, GroupAttributes};
use ringback_model::command::ManagingOutcome;
use ringback_model::commit::{Commit, Require, Write};
use ringback_model::failure::Failure;
use ringback_model::group::{Group, GroupKind};
use ringback_model::ids::{GroupId, UserId};
use ringback_model::limits;
use ringback_model::record::{GroupAttribute, Record, RecordKey, RecordKind, attribute_owner};

use super::Tries;
use super::scene::not_in_group;
use crate::actions::Deed;
use crate::caller::Caller;
use crate::sizes::notes;
use crate::{Im, at_most, bad};

/// Why a text was not touched: somebody else has set it.
const NOT_YOURS: &str = "is not operator";
/// Why a text was not taken away: there is none.
const NOT_THERE: &str = "key not exist";

/// About which member texts are, and who sets them; `None` = about the group, and by the app.
type Parties = (Option<UserId>, Option<UserId>);

impl Im {
    /// Sets texts. Those that somebody else has set stay, unless it is forced; an empty text about a member goes.
    pub(super) async fn set_texts(
        &self,
        caller: &Caller,
        group: &Group,
        (member, by): Parties,
        texts: BTreeMap<String, String>,
        (leaves, forced): (bool, bool),
    ) -> Result<ManagingOutcome, Failure> {
        check_texts(&texts)?;
        let id = &group.id;
        self.check_named_member(id, member.as_ref().or(by.as_ref())).await?;
        let keys: Vec<RecordKey> =
            texts.keys().map(|key| RecordKey::group_attribute(id, member.as_ref(), key)).collect();
        let mut tries = Tries::default();
        loop {
            // Texts are counted and set by one at a time.
            let _turn = self.additions.of(id).await;
            let there = self.texts(id, member.as_ref(), &[]).await?;
            let now = self.clock.now();
            let mut commit = Commit::at(now).require(Require::LiveGroup(id.clone()));
            let (mut set, mut failed, mut removed) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
            for ((key, value), place) in texts.iter().zip(&keys) {
                let kept = there.iter().find(|one| one.key == *key);
                if member.is_some() && value.is_empty() {
                    if let Some(kept) = kept {
                        let record = Record::GroupAttribute(kept.clone());
                        commit = commit
                            .require(Require::Unchanged(Box::new(record)))
                            .write(Write::Discard(place.clone()));
                        removed.push(key.clone());
                    }
                    continue;
                }
                if !forced && kept.is_some_and(|kept| !may_touch(kept, by.as_ref())) {
                    failed.insert(key.clone(), NOT_YOURS);
                    continue;
                }
                commit = commit.require(match kept {
                    Some(kept) => Require::Unchanged(Box::new(Record::GroupAttribute(kept.clone()))),
                    None => Require::NotKept(place.clone()),
                });
                let text = GroupAttribute {
                    group: id.clone(),
                    member: member.clone(),
                    key: key.clone(),
                    value: value.clone(),
                    by: by.clone(),
                    leaves,
                    at: now,
                };
                commit = commit.write(Write::Keep(Box::new(Record::GroupAttribute(text))));
                set.insert(key.clone(), value.clone());
            }
            let new = set.keys().filter(|key| there.iter().all(|one| one.key != **key)).count();
            at_most("metaData", there.len().saturating_add(new), limits::GROUP_ATTRIBUTES)?;
            let done: Vec<String> = set.keys().chain(&removed).cloned().collect();
            if done.is_empty() {
                return Ok(ManagingOutcome::Keys { done, failed });
            }
            let told = GroupAttributes {
                group: id.clone(),
                name: group.name.clone(),
                member: member.clone(),
                set,
                removed,
                forced,
            };
            let deed = Deed::of(commit).tell(Action::Group(GroupAction::SetAttributes(Box::new(told))));
            match self.carry_out_deed(caller, deed).await {
                Ok(_) => return Ok(ManagingOutcome::Keys { done, failed }),
                Err(error) => tries.again(error)?,
            }
        }
    }

    pub(super) async fn remove_texts(
        &self,
        caller: &Caller,
        group: &Group,
        (member, by): Parties,
        keys: Vec<String>,
        forced: bool,
    ) -> Result<ManagingOutcome, Failure> {
        if keys.is_empty() {
            return Err(bad("keys is empty").into());
        }
        at_most("keys", keys.len(), limits::GROUP_ATTRIBUTES)?;
        let id = &group.id;
        let mut tries = Tries::default();
        loop {
            let there = self.texts(id, member.as_ref(), &keys).await?;
            let mut commit = Commit::at(self.clock.now()).require(Require::LiveGroup(id.clone()));
            let (mut done, mut failed) = (Vec::new(), BTreeMap::new());
            for key in &keys {
                match there.iter().find(|one| one.key == *key) {
                    None => {
                        failed.insert(key.clone(), NOT_THERE);
                    }
                    Some(kept) if !forced && !may_touch(kept, by.as_ref()) => {
                        failed.insert(key.clone(), NOT_YOURS);
                    }
                    Some(kept) if !done.contains(key) => {
                        let record = Record::GroupAttribute(kept.clone());
                        let place = record.key();
                        commit =
                            commit.require(Require::Unchanged(Box::new(record))).write(Write::Discard(place));
                        done.push(key.clone());
                    }
                    Some(_) => {}
                }
            }
            if done.is_empty() {
                return Ok(ManagingOutcome::Keys { done, failed });
            }
            let told = GroupAttributes {
                group: id.clone(),
                name: group.name.clone(),
                member: member.clone(),
                set: BTreeMap::new(),
                removed: done.clone(),
                forced,
            };
            let deed = Deed::of(commit).tell(Action::Group(GroupAction::SetAttributes(Box::new(told))));
            match self.carry_out_deed(caller, deed).await {
                Ok(_) => return Ok(ManagingOutcome::Keys { done, failed }),
                Err(error) => tries.again(error)?,
            }
        }
    }

    /// Texts about a group or a member; all, or those with these keys.
    pub(super) async fn texts(
        &self,
        id: &GroupId,
        member: Option<&UserId>,
        keys: &[String],
    ) -> Result<Vec<GroupAttribute>, Failure> {
        let records = if keys.is_empty() {
            let owner = attribute_owner(id, member);
            self.store.records_of(RecordKind::GroupAttribute, &owner, "", limits::GROUP_ATTRIBUTES).await?
        } else {
            at_most("keys", keys.len(), limits::GROUP_ATTRIBUTES)?;
            let places: Vec<RecordKey> =
                keys.iter().map(|key| RecordKey::group_attribute(id, member, key)).collect();
            self.store.records(&places).await?.into_iter().flatten().collect()
        };
        let texts = records.into_iter().filter_map(|record| match record {
            Record::GroupAttribute(text) => Some(text),
            _ => None,
        });
        Ok(texts.collect())
    }

    /// Takes away with members of a room what they have set and what is to go with them.
    pub(crate) async fn without_texts_of(
        &self,
        mut deed: Deed,
        room: &Group,
        leaving: &[UserId],
    ) -> Result<Deed, Failure> {
        if room.kind != GroupKind::Room {
            return Ok(deed);
        }
        let went = |text: &GroupAttribute| {
            let by = text.by.as_ref().map(UserId::folded);
            text.leaves && leaving.iter().any(|user| Some(user.folded()) == by)
        };
        let texts = self.texts(&room.id, None, &[]).await?;
        let texts: Vec<GroupAttribute> = texts.into_iter().filter(went).collect();
        if texts.is_empty() {
            return Ok(deed);
        }
        let told = GroupAttributes {
            group: room.id.clone(),
            name: room.name.clone(),
            member: None,
            set: BTreeMap::new(),
            removed: texts.iter().map(|text| text.key.clone()).collect(),
            forced: false,
        };
        for text in texts {
            let record = Record::GroupAttribute(text);
            let place = record.key();
            deed.commit =
                deed.commit.require(Require::Unchanged(Box::new(record))).write(Write::Discard(place));
        }
        Ok(deed.tell(Action::Group(GroupAction::SetAttributes(Box::new(told)))))
    }

    async fn check_named_member(&self, id: &GroupId, member: Option<&UserId>) -> Result<(), Failure> {
        match member {
            Some(user) if self.store.member(id, user).await?.is_none() => Err(not_in_group(id, user).into()),
            _ => Ok(()),
        }
    }
}

fn check_texts(texts: &BTreeMap<String, String>) -> Result<(), Failure> {
    if texts.is_empty() {
        return Err(bad("metaData is empty").into());
    }
    for (key, value) in texts {
        if key.is_empty() {
            return Err(bad("a key is empty").into());
        }
        notes([("a key", Some(key)), ("a value", Some(value))])?;
    }
    Ok(())
}

/// The app may touch everything; others what they have set themselves.
fn may_touch(kept: &GroupAttribute, by: Option<&UserId>) -> bool {
    let Some(by) = by else { return true };
    kept.by.as_ref().is_some_and(|owner| owner.folded() == by.folded())
}
