//! What answers of before-rules may make of an action: looked at before it stands. Who it is about stays as asked;
//! values that nobody could ask for, and users who do not exist, are no answer.

use ringback_model::action::{Action, ChatAction, ConversationStart, FriendAction, UserAction, UserEdit};
use ringback_model::conversation::Target;
use ringback_model::event::Subject;
use ringback_model::failure::{Failure, Refusal, RefusalCode};
use ringback_model::ids::UserId;
use ringback_model::ports::{Fut, Store};
use ringback_model::verdict::AnswerCheck;

use crate::actions::another_subject;
use crate::send::Context;
use crate::{Im, checks, note, sizes};

/// Checks answers about an action.
pub(crate) struct ActionCheck<'a> {
    pub(crate) im: &'a Im,
    /// As the caller wants it.
    pub(crate) wanted: &'a Action,
}

impl AnswerCheck for ActionCheck<'_> {
    fn check(&self, changed: Subject) -> Fut<'_, Result<Subject, Failure>> {
        Box::pin(async move {
            let Subject::Action(changed) = changed else { return Err(another_subject()) };
            Ok(Subject::Action(Box::new(self.checked(*changed).await?)))
        })
    }
}

impl ActionCheck<'_> {
    async fn checked(&self, changed: Action) -> Result<Action, Failure> {
        Ok(match (self.wanted, changed) {
            (Action::Friend(wanted), Action::Friend(changed)) => {
                Action::Friend(self.friends(wanted, changed).await?)
            }
            (Action::Group(wanted), Action::Group(changed)) => {
                Action::Group(self.im.checked_group_answer(wanted, changed).await?)
            }
            (Action::User(wanted), Action::User(changed)) => Action::User(self.users(wanted, changed).await?),
            (Action::Chat(ChatAction::Start(wanted)), Action::Chat(ChatAction::Start(changed))) => {
                Action::Chat(ChatAction::Start(checked_start(wanted, changed)?))
            }
            _ => return Err(another_subject()),
        })
    }

    async fn friends(&self, wanted: &FriendAction, changed: FriendAction) -> Result<FriendAction, Failure> {
        use FriendAction as F;
        Ok(match (wanted, changed) {
            (F::Ask(wanted), F::Ask(mut changed)) => {
                note("the request", &changed.message)?;
                note("ex", &changed.ex)?;
                (changed.from, changed.to) = (wanted.from.clone(), wanted.to.clone());
                F::Ask(changed)
            }
            (F::Agree(wanted), F::Agree(mut changed)) => {
                note("the answer", &changed.message)?;
                (changed.from, changed.to) = (wanted.from.clone(), wanted.to.clone());
                F::Agree(changed)
            }
            (F::Remark(wanted), F::Remark(mut changed)) => {
                note("the remark", &changed.remark)?;
                (changed.owner, changed.friend) = (wanted.owner.clone(), wanted.friend.clone());
                F::Remark(changed)
            }
            (F::Import(wanted), F::Import(mut changed)) => {
                changed.owner = wanted.owner.clone();
                F::Import(self.im.checked_import(changed).await?)
            }
            (F::Block(wanted), F::Block(_)) => F::Block(wanted.clone()),
            _ => return Err(another_subject()),
        })
    }

    async fn users(&self, wanted: &UserAction, changed: UserAction) -> Result<UserAction, Failure> {
        Ok(match (wanted, changed) {
            (UserAction::Register(wanted), UserAction::Register(changed)) => {
                UserAction::Register(self.im.checked_registration(wanted, changed).await?)
            }
            (UserAction::Edit(wanted), UserAction::Edit(changed)) => {
                let edit = UserEdit { user: wanted.user.clone(), whole: wanted.whole, ..changed };
                crate::profiles::check_edit(&edit)?;
                UserAction::Edit(edit)
            }
            _ => return Err(another_subject()),
        })
    }
}

/// Checks answers about a message on its way. Where one sends it elsewhere, the sender has to be able to send it there.
pub(crate) struct MessageCheck<'a> {
    pub(crate) im: &'a Im,
    pub(crate) context: &'a Context,
    /// Where it goes as it stands.
    pub(crate) target: &'a Target,
}

impl AnswerCheck for MessageCheck<'_> {
    fn check(&self, changed: Subject) -> Fut<'_, Result<Subject, Failure>> {
        Box::pin(async move {
            let Subject::Message(mut message) = changed else { return Err(another_subject()) };
            sizes::message(&message)?;
            if message.target != *self.target {
                let facts = self.im.facts(self.context, &mut message).await?;
                checks::may_send(self.context, &message, &facts, self.im.clock.now())?;
            }
            Ok(Subject::Message(message))
        })
    }
}

/// Checks to whom a push is to go instead: those who exist.
pub(crate) struct PushCheck<'a> {
    pub(crate) store: &'a dyn Store,
    /// To whom it goes as it stands.
    pub(crate) users: &'a [UserId],
}

impl AnswerCheck for PushCheck<'_> {
    fn check(&self, changed: Subject) -> Fut<'_, Result<Subject, Failure>> {
        Box::pin(async move {
            let Subject::Push(mut plan) = changed else { return Err(another_subject()) };
            if plan.users != self.users {
                let found = self.store.users(&plan.users).await?;
                plan.users = found.into_iter().flatten().map(|user| user.id).collect();
                if plan.users.is_empty() {
                    return Err(unusable("to push to users who do not exist").into());
                }
            }
            Ok(Subject::Push(plan))
        })
    }
}

/// Rules say how the conversation begins, not which one it is, nor for whom.
fn checked_start(
    wanted: &ConversationStart,
    changed: ConversationStart,
) -> Result<ConversationStart, Refusal> {
    if !(0..=2).contains(&changed.receive_option) {
        return Err(unusable("a receive option that there is not"));
    }
    note("attachedInfo", &changed.attached_info)?;
    note("ex", &changed.ex)?;
    let (conversation, owners) = (wanted.conversation.clone(), wanted.owners.clone());
    Ok(ConversationStart { conversation, owners, ..changed })
}

/// A before-rule has answered what cannot be.
pub(crate) fn unusable(detail: &str) -> Refusal {
    Refusal::new(RefusalCode::CallbackUnusable, format!("the app's backend wants {detail}"))
}
