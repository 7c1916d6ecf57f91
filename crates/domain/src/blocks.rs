//! Block lists.

use ringback_model::command::{Actor, Outcome};
use ringback_model::commit::{Commit, CommitError, Require, Write};
use ringback_model::failure::{Failure, Refusal, RefusalCode};
use ringback_model::ids::UserId;
use ringback_model::user::Block;

use crate::users::commit_failure;
use crate::{Im, bad, only_self};

impl Im {
    pub(crate) async fn block(
        &self,
        actor: &Actor,
        owner: UserId,
        blocked: UserId,
        ex: String,
    ) -> Result<Outcome, Failure> {
        only_self(actor, &owner)?;
        if owner == blocked {
            return Err(bad("nobody can block himself").into());
        }
        self.registered(&[owner.clone(), blocked.clone()]).await?;
        let now = self.clock.now();
        let block =
            Block { owner: owner.clone(), blocked: blocked.clone(), at: now, by: actor.user.clone(), ex };
        let commit =
            Commit::at(now).require(Require::NotBlocked(owner, blocked)).write(Write::PutBlock(block));
        match self.store.commit(commit).await {
            Ok(_) => Ok(Outcome::Done),
            Err(CommitError::Broken(Require::NotBlocked(owner, blocked))) => {
                let detail = format!("{owner} blocks {blocked} already");
                Err(Refusal::new(RefusalCode::Duplicate, detail).into())
            }
            Err(error) => Err(commit_failure(error)),
        }
    }

    pub(crate) async fn unblock(
        &self,
        actor: &Actor,
        owner: UserId,
        blocked: UserId,
    ) -> Result<Outcome, Failure> {
        only_self(actor, &owner)?;
        let commit = Commit::at(self.clock.now()).write(Write::RemoveBlock(owner, blocked));
        self.store.commit(commit).await.map_err(commit_failure)?;
        Ok(Outcome::Done)
    }
}
