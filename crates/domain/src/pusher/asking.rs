//! Asking before-rules whether, and to whom, a message is pushed.

use std::sync::Arc;

use ringback_model::event::{Event, EventKind, MessageSent, PushPlan, Question, Subject};
use ringback_model::failure::Failure;
use ringback_model::ids::UserId;
use ringback_model::message::Origin;
use ringback_model::ports::{Clock, Gate, Push, Store};

use crate::answers::PushCheck;

/// What is known of a push besides the message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cause {
    /// How it came in.
    pub(crate) origin: Origin,
    /// Who sent it is an administrator of the app.
    pub(crate) sender_is_admin: bool,
}

impl From<&MessageSent> for Cause {
    fn from(sent: &MessageSent) -> Self {
        Self { origin: sent.origin, sender_is_admin: sent.sender_is_admin }
    }
}

/// What becomes of a push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Leave {
    /// It goes to all it was meant for.
    ToAll,
    /// It goes to these instead.
    To(Arc<[UserId]>),
    /// It goes to nobody.
    Stays,
}

/// Asks before-rules about pushes.
#[derive(Clone)]
pub(crate) struct Asker {
    pub(crate) gate: Arc<dyn Gate>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Asker {
    /// Whether any rule is about pushes at all.
    pub(crate) fn asks(&self) -> bool {
        self.gate.asks(EventKind::OnlinePushing)
    }

    /// Asks about a push. Bounded by the gate: a receiver that says nothing holds the push for so long, then the rule's
    /// policy decides.
    pub(crate) async fn ask(&self, push: &Push, cause: Cause, recipients: &[UserId]) -> Leave {
        let plan = PushPlan { message: Arc::clone(&push.message), users: recipients.to_vec(), show: None };
        let question = Question {
            kind: EventKind::OnlinePushing,
            subject: Subject::Push(Box::new(plan)),
            number: push.message.id,
            operation_id: Arc::clone(&push.operation_id),
            origin: cause.origin,
            actor: Some(push.message.sender.clone()),
            actor_is_admin: cause.sender_is_admin,
            at: self.clock.now(),
        };
        let check = PushCheck { store: &*self.store, users: recipients };
        match self.gate.ask(question, &check).await {
            Ok(Subject::Push(plan)) if plan.users != recipients => Leave::To(Arc::from(plan.users)),
            Ok(_) => Leave::ToAll,
            Err(Failure::Fault(fault)) => {
                tracing::error!(message = %push.message.id, %fault, "a message is not pushed");
                Leave::Stays
            }
            Err(Failure::Refused(refusal)) => {
                metrics::counter!("ringback_pushes_refused_total", "push" => "online").increment(1);
                tracing::debug!(message = %push.message.id, %refusal, "a message is not pushed");
                Leave::Stays
            }
        }
    }
}

/// What an event pushes; `None` for those that are no messages.
pub(super) fn push_of(event: &Event) -> Option<Push> {
    let sent = event.sent()?;
    Some(Push { message: Arc::clone(&sent.message), operation_id: Arc::clone(&sent.operation_id) })
}
