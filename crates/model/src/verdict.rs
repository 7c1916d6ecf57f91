//! Answers of before-callbacks, freed from their dialect.

use std::collections::BTreeMap;

use crate::conversation::Target;
use crate::failure::CallbackRefusal;
use crate::message::{ContentClass, Handling, Message, OfflinePush, Priority};
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

/// One change to a message.
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
}

impl Change {
    /// Applies the change.
    pub fn apply(self, message: &mut Message) {
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
        }
    }
}
