//! What apps note about users, in names of their own. Profiles are something else: rules and other users do not hear
//! of attributes.

use std::collections::BTreeMap;

use ringback_model::command::{AccountOutcome, Outcome};
use ringback_model::commit::{Commit, CommitError, Require, Write};
use ringback_model::failure::{Failure, Fault};
use ringback_model::ids::UserId;
use ringback_model::limits;
use ringback_model::record::{Attributes, ONE_OWNER, Record, RecordKey, RecordKind};

use crate::users::commit_failure;
use crate::{Im, at_most, bad};

impl Im {
    /// Answers all that he has then.
    pub(super) async fn set_user_attributes(
        &self,
        user: &UserId,
        new: &BTreeMap<String, String>,
    ) -> Result<Outcome, Failure> {
        let mut tries = 1;
        loop {
            let user = self.account(user).await?.id;
            let old = self.attributes_of(std::slice::from_ref(&user)).await?.pop().flatten();
            let mut values = old.as_ref().map(|old| old.values.clone()).unwrap_or_default();
            values.extend(new.iter().map(|(name, value)| (name.clone(), value.clone())));
            if size(&values) > limits::NOTE_BYTES {
                let most = limits::NOTE_BYTES;
                return Err(bad(format!("the attributes of a user take {most} bytes at most")).into());
            }
            let unchanged = match old {
                Some(old) => Require::Unchanged(Box::new(Record::Attributes(old))),
                None => Require::NotKept(RecordKey::attributes(&user)),
            };
            let record = Record::Attributes(Attributes { user: user.clone(), values: values.clone() });
            let commit = Commit::at(self.clock.now())
                .require(Require::User(user.clone()))
                .require(unchanged)
                .write(Write::Keep(Box::new(record)));
            match self.store.commit(commit).await {
                Ok(_) => return Ok(Outcome::OfAccount(AccountOutcome::Attributes(vec![(user, values)]))),
                Err(CommitError::Broken(_)) if tries < limits::DECISIONS => tries += 1,
                Err(error) => return Err(commit_failure(error)),
            }
        }
    }

    pub(super) async fn user_attributes(&self, users: Vec<UserId>) -> Result<Outcome, Failure> {
        at_most("the list of users", users.len(), limits::LIST_ITEMS)?;
        let found = self.attributes_of(&users).await?;
        let values = found.into_iter().map(|one| one.map(|one| one.values).unwrap_or_default());
        Ok(Outcome::OfAccount(AccountOutcome::Attributes(users.into_iter().zip(values).collect())))
    }

    pub(super) async fn remove_user_attributes(&self, user: &UserId) -> Result<Outcome, Failure> {
        let commit = Commit::at(self.clock.now()).write(Write::Discard(RecordKey::attributes(user)));
        self.store.commit(commit).await.map_err(commit_failure)?;
        Ok(Outcome::Done)
    }

    pub(super) async fn user_attributes_size(&self) -> Result<Outcome, Failure> {
        let (mut bytes, mut after) = (0_u64, String::new());
        loop {
            let page = self.page_of_attributes(&after).await?;
            bytes = page.iter().map(|one| size(&one.values) as u64).fold(bytes, u64::saturating_add);
            match page.last() {
                Some(last) if page.len() == limits::LIST_ITEMS => after = last.user.folded(),
                _ => return Ok(Outcome::OfAccount(AccountOutcome::AttributesSize(bytes))),
            }
        }
    }

    async fn page_of_attributes(&self, after: &str) -> Result<Vec<Attributes>, Fault> {
        let (kind, most) = (RecordKind::Attributes, limits::LIST_ITEMS);
        let page = self.store.records_of(kind, ONE_OWNER, after, most).await?.into_iter();
        let attributes = page.filter_map(|record| match record {
            Record::Attributes(one) => Some(one),
            _ => None,
        });
        Ok(attributes.collect())
    }

    async fn attributes_of(&self, users: &[UserId]) -> Result<Vec<Option<Attributes>>, Fault> {
        let keys: Vec<RecordKey> = users.iter().map(RecordKey::attributes).collect();
        let found = self.store.records(&keys).await?.into_iter().map(|record| match record {
            Some(Record::Attributes(found)) => Some(found),
            _ => None,
        });
        Ok(found.collect())
    }
}

/// Bytes of attributes, with their names.
fn size(values: &BTreeMap<String, String>) -> usize {
    values.iter().map(|(name, value)| name.len() + value.len()).sum()
}
