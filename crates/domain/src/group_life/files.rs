//! What is known of files in groups. Their bytes lie where their address says.

use ringback_model::action::{Action, GroupAction, GroupFileChange};
use ringback_model::command::ManagingOutcome;
use ringback_model::commit::{Commit, Require, Write};
use ringback_model::failure::{Failure, Refusal, RefusalCode};
use ringback_model::ids::{GroupId, UserId};
use ringback_model::limits;
use ringback_model::page::Page;
use ringback_model::record::{Record, RecordKey, RecordKind, SharedFile};

use super::Tries;
use super::scene::not_in_group;
use crate::actions::Deed;
use crate::caller::Caller;
use crate::sizes::notes;
use crate::{Im, at_most, bad};

impl Im {
    pub(super) async fn share_file(
        &self,
        caller: &Caller,
        id: &GroupId,
        (name, owner, size, url): (String, UserId, u64, String),
    ) -> Result<ManagingOutcome, Failure> {
        notes([("file_name", Some(&name)), ("file_url", Some(&url))])?;
        if name.is_empty() {
            return Err(bad("a file needs a name").into());
        }
        let mut tries = Tries::default();
        loop {
            // Files are counted and laid in by one at a time.
            let _turn = self.additions.of(id).await;
            let owner = match self.store.member(id, &owner).await? {
                Some(member) => member.user,
                None if self.is_admin(&owner) => owner.clone(),
                None => return Err(not_in_group(id, &owner).into()),
            };
            let there = self.store.records_of(RecordKind::SharedFile, id.as_str(), "", limits::GROUP_FILES);
            at_most("the group's files", there.await?.len().saturating_add(1), limits::GROUP_FILES)?;
            let now = self.clock.now();
            let file = SharedFile {
                group: id.clone(),
                id: self.number().to_string(),
                name: name.clone(),
                owner,
                size,
                url: url.clone(),
                at: now,
            };
            let key = RecordKey::shared_file(id, &file.id);
            let commit = Commit::at(now)
                .require(Require::LiveGroup(id.clone()))
                .require(Require::NotKept(key))
                .write(Write::Keep(Box::new(Record::SharedFile(file.clone()))));
            let told = GroupFileChange { group: id.clone(), file: file.clone(), added: true };
            let deed = Deed::of(commit).tell(Action::Group(GroupAction::ShareFile(told)));
            match self.carry_out_deed(caller, deed).await {
                Ok(_) => return Ok(ManagingOutcome::Files(vec![file])),
                Err(error) => tries.again(error)?,
            }
        }
    }

    pub(super) async fn remove_file(
        &self,
        caller: &Caller,
        id: &GroupId,
        file: &str,
    ) -> Result<ManagingOutcome, Failure> {
        let mut tries = Tries::default();
        loop {
            let file = self.file(id, file).await?;
            let key = RecordKey::shared_file(id, &file.id);
            let commit = Commit::at(self.clock.now())
                .require(Require::LiveGroup(id.clone()))
                .require(Require::Kept(key.clone()))
                .write(Write::Discard(key));
            let told = GroupFileChange { group: id.clone(), file: file.clone(), added: false };
            let deed = Deed::of(commit).tell(Action::Group(GroupAction::ShareFile(told)));
            match self.carry_out_deed(caller, deed).await {
                Ok(_) => return Ok(ManagingOutcome::Files(vec![file])),
                Err(error) => tries.again(error)?,
            }
        }
    }

    pub(super) async fn file(&self, id: &GroupId, file: &str) -> Result<SharedFile, Failure> {
        let kept = self.store.records(&[RecordKey::shared_file(id, file)]).await?;
        match kept.into_iter().next().flatten() {
            Some(Record::SharedFile(file)) => Ok(file),
            _ => {
                let detail = format!("group {id} has no file {file:?}");
                Err(Refusal::new(RefusalCode::NotFound, detail).into())
            }
        }
    }

    pub(super) async fn files(&self, id: &GroupId, page: Page) -> Result<Vec<SharedFile>, Failure> {
        at_most("a page", page.limit, limits::LIST_ITEMS)?;
        let all = self.store.records_of(RecordKind::SharedFile, id.as_str(), "", limits::GROUP_FILES).await?;
        let files = all.into_iter().filter_map(|record| match record {
            Record::SharedFile(file) => Some(file),
            _ => None,
        });
        Ok(page.of(files))
    }
}
