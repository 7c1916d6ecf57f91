//! One call of one command: what its body is written from.

use ringback_model::action::Action;
use ringback_model::event::{Fact, PushPlan, Subject};
use ringback_model::ids::UserId;
use ringback_model::message::Message;

use super::commands::Command;
use super::fields::Fields;
use super::generation::Generation;
use super::switches::Compat;

/// What a call is about.
#[derive(Clone, Copy)]
pub(super) enum Matter<'a> {
    /// A message.
    Message(&'a Message),
    /// A message on its way to devices.
    Push(&'a PushPlan),
    /// Anything else.
    Action(&'a Action),
}

impl<'a> Matter<'a> {
    pub(super) fn of_subject(subject: &'a Subject) -> Self {
        match subject {
            Subject::Message(message) => Self::Message(message),
            Subject::Push(plan) => Self::Push(plan),
            Subject::Action(action) => Self::Action(action),
        }
    }

    pub(super) fn of_fact(fact: &'a Fact) -> Self {
        match fact {
            Fact::MessageSent(sent) => Self::Message(&sent.message),
            Fact::Done(done) => Self::Action(&done.action),
        }
    }

    /// The message that it is about.
    pub(super) fn message(self) -> Option<&'a Message> {
        match self {
            Self::Message(message) => Some(message),
            Self::Push(plan) => Some(&plan.message),
            Self::Action(_) => None,
        }
    }
}

/// One call of one command.
pub(super) struct Call<'a> {
    pub(super) generation: Generation,
    pub(super) command: &'static Command,
    /// The command's name in this contract.
    pub(super) name: &'static str,
    pub(super) matter: Matter<'a>,
    /// Which of the calls that the matter means.
    pub(super) copy: usize,
    /// Never empty.
    pub(super) operation_id: &'a str,
    pub(super) actor: Option<&'a UserId>,
    /// It has happened already.
    pub(super) done: bool,
    pub(super) compat: Compat,
}

impl<'a> Call<'a> {
    /// The action that the call is about.
    pub(super) const fn action(&self) -> Option<&'a Action> {
        match self.matter {
            Matter::Action(action) => Some(action),
            Matter::Message(_) | Matter::Push(_) => None,
        }
    }

    /// A body that begins with the command.
    pub(super) fn body(&self) -> Fields {
        Fields::new().put("callbackCommand", self.name)
    }

    /// Whether fields are filled, or added, that the original leaves empty, or does not have.
    pub(super) const fn filled(&self) -> bool {
        self.compat.filled_fields
    }

    /// Who acts, which the original never says. Messages name their sender, and who comes and goes does it himself.
    fn operator(&self) -> Option<&'a UserId> {
        let told = !matches!(self.action()?, Action::Presence(_));
        self.actor.filter(|_| told && self.filled())
    }

    /// The whole body. v2 has the id of the call in no header.
    pub(super) fn written(&self) -> Option<Fields> {
        let mut body = (self.command.render)(self)?;
        if let Some(operator) = self.operator() {
            body = body.put("opUserID", operator);
        }
        if self.generation == Generation::V2 && !body.has("operationID") {
            body = body.put("operationID", self.operation_id);
        }
        Some(body)
    }

    /// The bytes of the body: compact JSON, with a newline at the end in v3.8 only.
    /// Source: openim-callbacks fact sheet 1.2, 8 (rows 15 and 16).
    pub(super) fn rendered(&self) -> Option<Vec<u8>> {
        let mut out = self.written()?.done();
        if self.generation == Generation::V38 {
            out.push(b'\n');
        }
        Some(out)
    }
}
