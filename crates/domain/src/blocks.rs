//! Block lists.

use ringback_model::action::{Action, Blocking, FriendAction};
use ringback_model::command::Outcome;
use ringback_model::commit::{Commit, CommitError, Require, Write};
use ringback_model::conversation::Target;
use ringback_model::failure::{Failure, Refusal, RefusalCode};
use ringback_model::ids::UserId;
use ringback_model::limits;
use ringback_model::notice::FriendNotice;
use ringback_model::page::Page;
use ringback_model::user::Block;

use crate::actions::{Deed, another_subject};
use crate::caller::Caller;
use crate::friends::told;
use crate::notices::Keep;
use crate::users::commit_failure;
use crate::{Im, bad, note, only_self};

impl Im {
    /// Rules are asked before anybody looks whether both exist (callback sheet 4.5).
    pub(crate) async fn block(
        &self,
        caller: &Caller,
        owner: UserId,
        blocked: UserId,
        ex: String,
    ) -> Result<Outcome, Failure> {
        only_self(&caller.actor, &owner)?;
        if owner.folded() == blocked.folded() {
            return Err(bad("nobody can block himself").into());
        }
        note("ex", &ex)?;
        let (owner, blocked) = self.both_as_registered(&owner, &blocked).await?;
        let action = Action::Friend(FriendAction::Block(Blocking { owner, blocked }));
        let Action::Friend(FriendAction::Block(asked)) = self.ask_about(caller, action).await? else {
            return Err(another_subject());
        };
        let mut both = self.registered(&[asked.owner, asked.blocked]).await?;
        let (blocked, owner) = (both.remove(1), both.remove(0));
        self.check_room_for_block(&owner).await?;
        let now = self.clock.now();
        let block = Block {
            owner: owner.clone(),
            blocked: blocked.clone(),
            at: now,
            by: caller.actor.user.clone(),
            ex,
        };
        let commit = Commit::at(now)
            .require(Require::NotBlocked(owner.clone(), blocked.clone()))
            .write(Write::PutBlock(block));
        let notice = FriendNotice::Blocked { owner: owner.clone(), blocked: blocked.clone() };
        let outgoing = told(notice, &owner, &blocked, Keep::Nothing);
        let deed = Deed::of(commit)
            .tell(Action::Friend(FriendAction::Block(Blocking { owner, blocked })))
            .notify(outgoing);
        match self.carry_out_deed(caller, deed).await {
            Ok(_) => Ok(Outcome::Done),
            Err(CommitError::Broken(Require::NotBlocked(owner, blocked))) => {
                let detail = format!("{owner} blocks {blocked} already");
                Err(Refusal::new(RefusalCode::Duplicate, detail).into())
            }
            Err(error) => Err(commit_failure(error)),
        }
    }

    /// Who is not blocked is fine, and nobody is told of it.
    pub(crate) async fn unblock(
        &self,
        caller: &Caller,
        owner: UserId,
        blocked: UserId,
    ) -> Result<Outcome, Failure> {
        only_self(&caller.actor, &owner)?;
        let facts = self.store.send_facts(&blocked, &Target::User(owner.clone())).await?;
        if !facts.blocked {
            return Ok(Outcome::Done);
        }
        let owner = facts.recipient.map_or(owner, |user| user.id.clone());
        let blocked = facts.sender.map_or(blocked, |user| user.id.clone());
        let commit = Commit::at(self.clock.now()).write(Write::RemoveBlock(owner.clone(), blocked.clone()));
        let notice = FriendNotice::Unblocked { owner: owner.clone(), blocked: blocked.clone() };
        let outgoing = told(notice, &owner, &blocked, Keep::Nothing);
        let deed = Deed::of(commit)
            .tell(Action::Friend(FriendAction::Unblock(Blocking { owner, blocked })))
            .notify(outgoing);
        self.carry_out_deed(caller, deed).await.map_err(commit_failure)?;
        Ok(Outcome::Done)
    }

    /// Two who add at the same moment may both fit.
    async fn check_room_for_block(&self, owner: &UserId) -> Result<(), Failure> {
        let there = self.store.find_blocks(owner, Page { skip: 0, limit: 0 }).await?.total;
        if there < limits::BLOCKS as u64 {
            return Ok(());
        }
        let detail = format!("{owner} may block {} users at most", limits::BLOCKS);
        Err(Refusal::new(RefusalCode::NoPermission, detail).into())
    }
}
