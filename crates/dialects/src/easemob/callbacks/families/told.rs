//! What the callbacks of all families have in common: who acts, names of users and groups, ids, signatures.
//! Source: easemob-callbacks fact sheet 3.3, 3.4, 5.4, 5.5.

use ringback_model::action::Action;
use ringback_model::event::{Done, Event, Fact};
use ringback_model::ids::{GroupId, MessageId, UserId};
use ringback_model::message::Origin;
use ringback_model::rule::Rule;
use serde::Serialize;

use crate::easemob::callbacks::{signature, switches};
use crate::easemob::uuid;

/// Who emits: of no meaning to receivers.
pub(in crate::easemob::callbacks) const HOST: &str = "ringback";
/// `eventType` of what has one besides messages.
pub(super) const CHAT: &str = "chat";
/// Stands for the app's administrators where a user is expected.
pub(super) const APP_ADMIN: &str = "@ppAdmin";

/// Something besides sending that was done, and the rule that is told of it.
pub(in crate::easemob::callbacks) struct Told<'a> {
    pub(super) rule: &'a Rule,
    pub(super) event: &'a Event,
    pub(super) done: &'a Done,
    pub(super) app_key: String,
}

impl<'a> Told<'a> {
    /// `None` where a message was sent.
    pub(in crate::easemob::callbacks) fn of(rule: &'a Rule, event: &'a Event) -> Option<Self> {
        match &event.fact {
            Fact::Done(done) => Some(Self { rule, event, done, app_key: switches::app_key(rule) }),
            Fact::MessageSent(_) => None,
        }
    }

    /// The names that the rule gives.
    pub(in crate::easemob::callbacks) fn names(&self) -> &'a [String] {
        &self.rule.events
    }

    pub(super) fn action(&self) -> &'a Action {
        &self.done.action
    }

    /// When it happened, in Unix milliseconds.
    pub(super) fn at(&self) -> i64 {
        match self.action() {
            Action::Presence(action) => action.change().at.0,
            _ => self.event.at.0,
        }
    }

    /// Who did it; `None` = administrators of the app, by REST, or the server.
    pub(super) fn actor(&self) -> Option<&'a UserId> {
        let by_app = self.done.by_admin && self.done.origin == Origin::Rest;
        self.done.actor.as_ref().filter(|_| !by_app)
    }

    /// Who did it, as events about groups name him.
    pub(super) fn operator(&self) -> String {
        self.actor().map_or_else(|| APP_ADMIN.to_owned(), UserId::folded)
    }

    /// A user with the app's key, as settings of groups name him.
    pub(super) fn keyed(&self, user: &UserId) -> String {
        format!("{}_{}", self.app_key, user.folded())
    }

    /// A user's address. The host is a fixed text.
    pub(super) fn address(&self, user: &str) -> String {
        format!("{}_{user}@easemob.com", self.app_key)
    }

    /// A group's or room's address. The host is a fixed text.
    pub(super) fn place(&self, group: &GroupId) -> String {
        format!("{}_{group}@conference.easemob.com", self.app_key)
    }

    /// What distinguishes one callback of the event from the others.
    pub(super) fn stamp(&self, which: Which<'_>) -> Stamp {
        let number = self.done.number;
        let msg_id = match which.index {
            0 => number.to_string(),
            index => uuid::number(&[&number.to_string(), which.name, &index.to_string()]).to_string(),
        };
        let id = match which.ids {
            Ids::Message => msg_id.clone(),
            Ids::Random => {
                let pos = self.event.pos.to_string();
                let index = which.index.to_string();
                uuid::derived(&[which.name, &self.rule.id.0, &pos, &number.to_string(), &index])
            }
        };
        Stamp { msg_id, ..self.stamp_of(&id) }
    }

    /// The stamp of a callback that is known by this id.
    pub(super) fn stamp_of(&self, id: &str) -> Stamp {
        let call_id = format!("{}_{id}", self.app_key);
        let timestamp = self.at();
        let secret = self.rule.secrets.current.as_deref().unwrap_or_default();
        let security = signature::security(&call_id, secret, timestamp);
        Stamp { call_id, security, msg_id: id.to_owned(), app_key: self.app_key.clone(), timestamp }
    }
}

/// Lower-case ids.
pub(super) fn folded<'a>(users: impl IntoIterator<Item = &'a UserId>) -> Vec<String> {
    users.into_iter().map(UserId::folded).collect()
}

/// The id of a message, as callbacks about it have it.
pub(super) fn message_id(number: MessageId, public_id: Option<&str>) -> String {
    public_id.map_or_else(|| number.to_string(), str::to_owned)
}

/// Which callback of an event it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Which<'a> {
    /// Its row.
    pub(super) name: &'a str,
    /// Its place among those of its family, whether rules want them or not.
    pub(super) index: usize,
    /// How its id is made.
    pub(super) ids: Ids,
}

/// What stands behind the app's key in `callId`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ids {
    /// The event's own `msg_id`.
    Message,
    /// A UUID: the event has no `msg_id`.
    Random,
}

/// What distinguishes a callback from all others, and proves where it comes from.
pub(super) struct Stamp {
    pub(super) call_id: String,
    pub(super) security: String,
    /// The first callback of an event has the event's number, further ones numbers that follow from it.
    pub(super) msg_id: String,
    pub(super) app_key: String,
    pub(super) timestamp: i64,
}

/// A body as it goes out.
pub(super) fn written<T: Serialize>(body: &T) -> Vec<u8> {
    // Writing our own structs into memory cannot fail: no maps with odd keys, no I/O.
    serde_json::to_vec(body).unwrap_or_default()
}
