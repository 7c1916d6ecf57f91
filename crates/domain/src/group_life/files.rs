//! Files in groups: what is known of them, and the bytes of those that came with them.

use ringback_model::action::{Action, GroupAction, GroupFileChange};
use ringback_model::command::ManagingOutcome;
use ringback_model::commit::{Commit, Require, Write};
use ringback_model::failure::{Failure, Refusal, RefusalCode};
use ringback_model::file::ReceivedFile;
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

/// A file to be laid into a group; see [`ringback_model::command::ManagingDeed::ShareFile`].
pub(super) struct NewSharedFile {
    pub(super) name: String,
    pub(super) owner: Option<UserId>,
    pub(super) size: u64,
    pub(super) url: String,
    pub(super) content: Option<ReceivedFile>,
}

impl Im {
    pub(super) async fn share_file(
        &self,
        caller: &Caller,
        id: &GroupId,
        new: NewSharedFile,
    ) -> Result<ManagingOutcome, Failure> {
        let NewSharedFile { name, owner, size, url, content } = new;
        notes([("file_name", Some(&name)), ("file_url", Some(&url))])?;
        if name.is_empty() {
            return Err(bad("a file needs a name").into());
        }
        let object = match &content {
            Some(file) => {
                // Bytes are taken for those alone who may lay them in.
                self.may_share(caller, id, owner.as_ref()).await?;
                Some(self.uploads()?.keep_for(&caller.actor, file).await?)
            }
            None => None,
        };
        let mut tries = Tries::default();
        loop {
            // Files are counted and laid in by one at a time.
            let _turn = self.additions.of(id).await;
            let owner = self.may_share(caller, id, owner.as_ref()).await?;
            let now = self.clock.now();
            let file = SharedFile {
                group: id.clone(),
                id: self.number().to_string(),
                name: name.clone(),
                owner,
                size,
                url: url.clone(),
                object: object.clone(),
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

    /// Who lays a file into a group, where he may, and where one more may lie in it.
    async fn may_share(
        &self,
        caller: &Caller,
        id: &GroupId,
        owner: Option<&UserId>,
    ) -> Result<UserId, Failure> {
        let owner = match owner {
            Some(owner) => self.store.member(id, owner).await?.ok_or_else(|| not_in_group(id, owner))?.user,
            None => caller.actor.user.clone(),
        };
        let there = self.store.records_of(RecordKind::SharedFile, id.as_str(), "", limits::GROUP_FILES);
        at_most("the group's files", there.await?.len().saturating_add(1), limits::GROUP_FILES)?;
        Ok(owner)
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

    /// The bytes of a file that are kept here, else what is known of it.
    pub(super) async fn file_or_its_bytes(
        &self,
        id: &GroupId,
        file: &str,
    ) -> Result<ManagingOutcome, Failure> {
        let file = self.file(id, file).await?;
        Ok(match &file.object {
            Some(object) => ManagingOutcome::Content(Box::new(self.uploads()?.noted(object).await?)),
            None => ManagingOutcome::Files(vec![file]),
        })
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
