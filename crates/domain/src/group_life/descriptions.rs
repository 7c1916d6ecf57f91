//! Texts of the app about members of groups: all of a call are set or none, and they go when the member does.

use ringback_model::action::{Action, GroupAction, GroupAttributes};
use ringback_model::command::ManagingOutcome;
use ringback_model::commit::{Commit, Require, Write};
use ringback_model::failure::{Failure, Fault, Refusal};
use ringback_model::group::Group;
use ringback_model::ids::{GroupId, UserId};
use ringback_model::limits;
use ringback_model::record::{GroupAttribute, Record, RecordKind, attribute_owner};

use super::Tries;
use super::scene::not_in_group;
use super::texts::{Texts, as_read, discard, texts_in};
use crate::actions::Deed;
use crate::caller::Caller;
use crate::{Im, at_most, bad};

impl Im {
    /// Answers those of the texts that are not empty: they are what is said now.
    pub(super) async fn describe_member(
        &self,
        caller: &Caller,
        group: &Group,
        user: &UserId,
        texts: Texts,
    ) -> Result<ManagingOutcome, Failure> {
        check_texts(&texts)?;
        let id = &group.id;
        let (gone, set): (Texts, Texts) = texts.into_iter().partition(|(_, value)| value.is_empty());
        let mut tries = Tries::default();
        loop {
            // Texts are counted and set by one at a time.
            let _turn = self.additions.of(id).await;
            let member = self.store.member(id, user).await?.ok_or_else(|| not_in_group(id, user))?.user;
            let there = self.descriptions_of(id, &member).await?;
            let removed: Vec<GroupAttribute> =
                there.iter().filter(|one| gone.contains_key(&one.key)).cloned().collect();
            check_whole(&there, &set, &gone)?;
            if set.is_empty() && removed.is_empty() {
                return Ok(ManagingOutcome::Attributes(set));
            }
            let now = self.clock.now();
            let mut commit = Commit::at(now)
                .require(Require::LiveGroup(id.clone()))
                .require(Require::InGroup(id.clone(), member.clone()));
            for (key, value) in &set {
                let text = GroupAttribute {
                    group: id.clone(),
                    member: Some(member.clone()),
                    key: key.clone(),
                    value: value.clone(),
                    by: None,
                    leaves: true,
                    at: now,
                };
                let kept = there.iter().find(|one| one.key == *key);
                commit = commit.require(as_read(id, Some(&member), key, kept));
                commit = commit.write(Write::Keep(Box::new(Record::GroupAttribute(text))));
            }
            let keys = removed.iter().map(|text| text.key.clone()).collect();
            let commit = removed.into_iter().fold(commit, discard);
            let told = GroupAttributes {
                group: id.clone(),
                name: group.name.clone(),
                member: Some(member),
                by: None,
                set: set.clone(),
                removed: keys,
                forced: false,
            };
            let deed = Deed::of(commit).tell(Action::Group(GroupAction::SetAttributes(Box::new(told))));
            match self.carry_out_deed(caller, deed).await {
                Ok(_) => return Ok(ManagingOutcome::Attributes(set)),
                Err(error) => tries.again(error)?,
            }
        }
    }

    /// What is said about members: all, or what has these keys.
    pub(super) async fn descriptions(
        &self,
        id: &GroupId,
        users: Vec<UserId>,
        keys: &[String],
    ) -> Result<ManagingOutcome, Failure> {
        at_most("members", users.len(), limits::LIST_ITEMS)?;
        at_most("keys", keys.len(), limits::MEMBER_ATTRIBUTES)?;
        let members = self.store.members_named(id, &users).await?;
        let mut found = Vec::with_capacity(users.len());
        for (user, member) in users.into_iter().zip(members) {
            let texts = match member {
                Some(_) => Some(self.descriptions_of(id, &user).await?),
                None => None,
            };
            let named = |one: &GroupAttribute| keys.is_empty() || keys.contains(&one.key);
            let texts = texts.map(|texts| {
                texts.into_iter().filter(named).map(|one| (one.key, one.value)).collect::<Texts>()
            });
            found.push((user, texts));
        }
        Ok(ManagingOutcome::Descriptions(found))
    }

    /// Nobody is told: who leaves is.
    pub(super) async fn without_descriptions_of(
        &self,
        mut deed: Deed,
        id: &GroupId,
        leaving: &[UserId],
    ) -> Result<Deed, Failure> {
        for user in leaving {
            deed.commit = self.descriptions_of(id, user).await?.into_iter().fold(deed.commit, discard);
        }
        Ok(deed)
    }

    async fn descriptions_of(&self, id: &GroupId, user: &UserId) -> Result<Vec<GroupAttribute>, Fault> {
        let owner = attribute_owner(id, Some(user));
        let most = limits::MEMBER_ATTRIBUTES;
        Ok(texts_in(self.store.records_of(RecordKind::GroupAttribute, &owner, "", most).await?).collect())
    }
}

fn check_texts(texts: &Texts) -> Result<(), Refusal> {
    if texts.is_empty() {
        return Err(bad("no attribute is named"));
    }
    for (key, value) in texts {
        if key.is_empty() {
            return Err(bad("the key of an attribute is empty"));
        }
        check_bytes("the key of an attribute", key.len(), limits::MEMBER_ATTRIBUTE_KEY_BYTES)?;
        check_bytes("an attribute", value.len(), limits::MEMBER_ATTRIBUTE_BYTES)?;
    }
    Ok(())
}

fn check_bytes(what: &str, bytes: usize, most: usize) -> Result<(), Refusal> {
    if bytes <= most {
        Ok(())
    } else {
        Err(bad(format!("{what} takes {bytes} bytes, at most {most} are allowed")))
    }
}

/// That what is said then is not too much.
fn check_whole(there: &[GroupAttribute], set: &Texts, gone: &Texts) -> Result<(), Refusal> {
    let stays = there.iter().filter(|one| !set.contains_key(&one.key) && !gone.contains_key(&one.key));
    let stays = stays.map(|one| (&one.key, &one.value));
    let (mut count, mut bytes) = (0, 0);
    for (key, value) in stays.chain(set) {
        count += 1;
        bytes += key.len() + value.len();
    }
    at_most("the list of attributes", count, limits::MEMBER_ATTRIBUTES)?;
    check_bytes("what is noted about a member", bytes, limits::MEMBER_ATTRIBUTES_BYTES)
}

#[cfg(test)]
mod tests {
    use ringback_model::time::UnixMs;

    use super::*;

    fn texts<'a>(all: impl IntoIterator<Item = (&'a str, usize)>) -> Texts {
        all.into_iter().map(|(key, bytes)| (key.to_owned(), "v".repeat(bytes))).collect()
    }

    #[test]
    fn keys_and_texts_are_counted_in_bytes() {
        for (key, bytes, taken) in [
            ("sixteen-bytes-ok", 512, true),
            ("sixteen-bytes-ok!", 1, false),
            ("ééééééééé", 1, false),
            ("", 1, false),
            ("k", 513, false),
            ("k", 0, true),
        ] {
            assert_eq!(check_texts(&texts([(key, bytes)])).is_ok(), taken, "{key} {bytes}");
        }
        assert!(check_texts(&Texts::new()).is_err());
    }

    #[test]
    fn what_is_replaced_or_taken_away_does_not_count() {
        let there: Vec<GroupAttribute> = (0..7)
            .map(|n| GroupAttribute {
                group: GroupId::parse("7").unwrap(),
                member: None,
                key: format!("k{n}"),
                value: "v".repeat(510),
                by: None,
                leaves: true,
                at: UnixMs(0),
            })
            .collect();
        let none = Texts::new();
        assert!(check_whole(&there, &texts([("k0", 510), ("new", 509)]), &none).is_ok());
        assert!(check_whole(&there, &texts([("new", 510)]), &none).is_err());
        assert!(check_whole(&there, &texts([("new", 510)]), &texts([("k1", 0)])).is_ok());
        let many: Vec<String> = (0..=limits::MEMBER_ATTRIBUTES).map(|n| n.to_string()).collect();
        let many = texts(many.iter().map(|key| (key.as_str(), 1)));
        assert!(check_whole(&[], &many, &none).is_err());
    }
}
