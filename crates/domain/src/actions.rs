//! Actions besides sending: before-rules are asked, then the change, what after-rules are told of it and what stays in
//! chats are committed as one, then devices are told.

use ringback_model::action::{Action, GroupAction};
use ringback_model::commit::{Commit, CommitError, Committed};
use ringback_model::event::{Done, Fact, Question, Subject};
use ringback_model::failure::{Failure, Fault};
use ringback_model::group::GroupKind;
use ringback_model::limits;

use crate::Im;
use crate::answers::ActionCheck;
use crate::caller::Caller;
use crate::chats::starts::AskedStarts;
use crate::notices::Outgoing;
use crate::users::commit_failure;

/// A change that is ready to be made.
pub(crate) struct Deed {
    /// Requirements, writes and touched lists.
    pub(crate) commit: Commit,
    /// What after-rules are told, in order.
    pub(crate) actions: Vec<Action>,
    /// What devices are told, in order.
    pub(crate) notices: Vec<Outgoing>,
}

impl Deed {
    pub(crate) const fn of(commit: Commit) -> Self {
        Self { commit, actions: Vec::new(), notices: Vec::new() }
    }

    pub(crate) fn tell(mut self, action: Action) -> Self {
        self.actions.push(action);
        self
    }

    pub(crate) fn notify(mut self, notice: Outgoing) -> Self {
        self.notices.push(notice);
        self
    }
}

impl Im {
    /// Asks before-rules about an action; it comes back as they left it, and as [`ActionCheck`] lets it be. All questions
    /// of one call share the time that one may take.
    ///
    /// # Errors
    /// Their refusal.
    pub(crate) async fn ask_about(&self, caller: &Caller, action: Action) -> Result<Action, Failure> {
        let Some(kind) = action.asked_as() else { return Ok(action) };
        if !self.gate.asks(kind) {
            return Ok(action);
        }
        let check = ActionCheck { im: self, wanted: &action };
        let question = Question {
            kind,
            subject: Subject::Action(Box::new(action.clone())),
            number: self.number(),
            operation_id: caller.operation_id.clone(),
            origin: caller.origin,
            actor: Some(caller.actor.user.clone()),
            actor_is_admin: caller.actor.admin,
            at: caller.came_in,
        };
        match self.gate.ask(question, &check).await? {
            Subject::Action(action) => Ok(*action),
            Subject::Message(_) | Subject::Push(_) => Err(another_subject()),
        }
    }

    /// Makes a change, tells rules and devices. All of it is committed as one, but for what is told to devices and
    /// kept nowhere: clients that miss that find the change by the versions of their lists.
    ///
    /// # Errors
    /// As the store's: nothing was done.
    pub(crate) async fn carry_out_deed(&self, caller: &Caller, deed: Deed) -> Result<Committed, CommitError> {
        self.attempt_deed(caller, deed, &mut AskedStarts::default()).await
    }

    /// [`Im::carry_out_deed`] where it may have to be decided anew: what rules have said of the chats that it begins is
    /// kept for the next attempt.
    async fn attempt_deed(
        &self,
        caller: &Caller,
        deed: Deed,
        asked: &mut AskedStarts,
    ) -> Result<Committed, CommitError> {
        let Deed { mut commit, actions, notices } = deed;
        for action in actions {
            let lane = action.lane();
            let room = self.is_about_room(&action).await?;
            let done = Done {
                number: self.number(),
                action,
                actor: Some(caller.actor.user.clone()),
                operation_id: caller.operation_id.clone(),
                origin: caller.origin,
                by_admin: caller.actor.admin,
                room,
            };
            commit = commit.event(lane, Fact::Done(Box::new(done)));
        }
        let commit = self.with_starts(caller, &notices, commit, asked).await?;
        let (commit, on_their_way, passing) = self.with_notices(caller, commit, notices);
        let committed = self.store.commit(commit).await?;
        on_their_way.go_on();
        for notice in passing {
            self.push_notice(caller, notice, &committed).await;
        }
        Ok(committed)
    }

    /// Whether it is a chat room whose members or settings change.
    async fn is_about_room(&self, action: &Action) -> Result<bool, CommitError> {
        let id = match action {
            Action::Group(GroupAction::Create(made)) => return Ok(made.group.kind == GroupKind::Room),
            Action::Group(action) => action.group(),
            Action::Chat(_) | Action::Friend(_) | Action::User(_) | Action::Presence(_) => None,
        };
        let Some(id) = id else { return Ok(false) };
        let found = self.store.groups(std::slice::from_ref(id)).await.map_err(CommitError::Fault)?;
        Ok(found.into_iter().flatten().any(|group| group.kind == GroupKind::Room))
    }

    /// Decides and makes a change; where what it was decided by has changed meanwhile, decides again, at most
    /// [`limits::DECISIONS`] times. Rules are asked at most about chats
    /// that it begins, once.
    ///
    /// # Errors
    /// Those of the decision; the store's.
    pub(crate) async fn decide_and_do<D>(
        &self,
        caller: &Caller,
        decide: impl Fn() -> D,
    ) -> Result<Committed, Failure>
    where
        D: Future<Output = Result<Deed, Failure>>,
    {
        let (mut tries, mut asked) = (1, AskedStarts::default());
        loop {
            match self.attempt_deed(caller, decide().await?, &mut asked).await {
                Ok(committed) => return Ok(committed),
                Err(CommitError::Broken(_)) if tries < limits::DECISIONS => tries += 1,
                Err(error) => return Err(commit_failure(error)),
            }
        }
    }

    /// A number of its own for something that is no message.
    pub(crate) fn number(&self) -> ringback_model::ids::MessageId {
        self.message_ids.next(self.clock.now(), self.dice.roll())
    }
}

/// The gate answers about something else than it was asked.
pub(crate) fn another_subject() -> Failure {
    Fault::new("the gate answers about something else than it was asked").into()
}
