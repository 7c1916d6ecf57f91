//! Answers of before-callbacks, freed from their dialect.

use std::collections::BTreeMap;

use crate::action::Action;
use crate::conversation::Target;
use crate::event::Subject;
use crate::failure::{CallbackRefusal, Failure};
use crate::ids::UserId;
use crate::message::{ContentClass, Handling, Message, OfflinePush, Priority};
use crate::ports::Fut;
use crate::user::Platform;

/// What a before-callback decided. Silence (no usable answer) is not a verdict: the rule's policy decides then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Go on, with these changes.
    Allow {
        /// Applied in order; empty = unchanged.
        changes: Vec<Change>,
    },
    /// Stop.
    Refuse(CallbackRefusal),
}

impl Verdict {
    /// Go on, unchanged.
    pub const ALLOW: Self = Self::Allow { changes: Vec::new() };
}

/// One change to what a question is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// New content, in the form that the message has.
    Content(String),
    /// Another kind of content.
    ContentType {
        /// In nobody's dialect.
        class: ContentClass,
        /// The form's own number.
        code: i32,
    },
    /// Send it elsewhere.
    Target(Target),
    /// Another client message id.
    ClientId(String),
    /// Another id to show instead of the server's.
    PublicId(String),
    /// Another device of the sender.
    Platform(Platform),
    /// Another name of the sender.
    Nickname(String),
    /// Another picture of the sender.
    FaceUrl(String),
    /// Speaks for the system, or not.
    System(bool),
    /// Another life-cycle number.
    Status(i32),
    /// Other switches, and what they mean.
    Options {
        /// As clients will see them.
        options: BTreeMap<String, bool>,
        /// What the server does.
        handling: Handling,
    },
    /// Another offline push.
    OfflinePush(OfflinePush),
    /// Others mentioned.
    Mentions(Vec<String>),
    /// Another text for clients.
    AttachedInfo(String),
    /// Another text of the app.
    Ex(String),
    /// Another priority.
    Priority(Priority),
    /// Push to these users instead.
    PushTo(Vec<UserId>),
    /// Show this instead.
    PushShow(OfflinePush),
    /// Do this instead: the same action with other values.
    Action(Box<Action>),
}

impl Change {
    /// Applies the change; one that is about something else changes nothing.
    pub fn apply(self, subject: &mut Subject) {
        match (self, subject) {
            (Self::Action(changed), Subject::Action(action)) => *action = changed,
            (Self::PushTo(users), Subject::Push(plan)) => plan.users = users,
            (Self::PushShow(show), Subject::Push(plan)) => plan.show = Some(show),
            (change, Subject::Message(message)) => change.apply_to_message(message),
            (_, Subject::Action(_) | Subject::Push(_)) => {}
        }
    }

    /// Applies a change of a message.
    pub fn apply_to_message(self, message: &mut Message) {
        match self {
            Self::Content(raw) => message.content.raw = raw,
            Self::ContentType { class, code } => {
                message.content.class = class;
                message.content.code = code;
            }
            Self::Target(target) => message.target = target,
            Self::ClientId(id) => message.client_id = id,
            Self::PublicId(id) => message.public_id = Some(id),
            Self::Platform(platform) => message.platform = platform,
            Self::Nickname(name) => message.nickname = name,
            Self::FaceUrl(url) => message.face_url = url,
            Self::System(system) => message.system = system,
            Self::Status(status) => message.status = status,
            Self::Options { options, handling } => {
                message.options = options;
                message.handling = handling;
            }
            Self::OfflinePush(push) => message.offline_push = Some(push),
            Self::Mentions(mentions) => message.mentions = mentions,
            Self::AttachedInfo(text) => message.attached_info = text,
            Self::Ex(text) => message.ex = text,
            Self::Priority(priority) => message.priority = priority,
            Self::PushTo(_) | Self::PushShow(_) | Self::Action(_) => {}
        }
    }
}

/// Looks whether what an answer makes of a subject can be: what a contract cannot know, because it takes a look at what
/// is stored.
pub trait AnswerCheck: Send + Sync {
    /// The subject as it stands then; ids in it become the ones that were registered.
    ///
    /// # Errors
    /// A refusal says what cannot be: the rule's call has failed then, as with an answer that cannot be read, and the
    /// rule's policy decides. A fault ends the question.
    fn check(&self, changed: Subject) -> Fut<'_, Result<Subject, Failure>>;
}

/// Takes every answer as it is.
pub struct AnyAnswer;

impl AnswerCheck for AnyAnswer {
    fn check(&self, changed: Subject) -> Fut<'_, Result<Subject, Failure>> {
        Box::pin(async { Ok(changed) })
    }
}
