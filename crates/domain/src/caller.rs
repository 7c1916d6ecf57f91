//! Who acts, and in which call.

use std::sync::Arc;

use ringback_model::command::Actor;
use ringback_model::ids::UserId;
use ringback_model::message::Origin;
use ringback_model::time::UnixMs;
use ringback_model::user::Platform;

/// Who acts, and in which call.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) actor: Actor,
    pub(crate) origin: Origin,
    pub(crate) operation_id: Arc<str>,
    /// When the call came in: the time that all its questions to rules may take counts from here.
    pub(crate) came_in: UnixMs,
}

impl Caller {
    pub(crate) fn of(actor: &Actor, origin: Origin, operation_id: Arc<str>, came_in: UnixMs) -> Self {
        Self { actor: actor.clone(), origin, operation_id, came_in }
    }

    /// The server itself, in a user's name.
    pub(crate) fn server_for(user: UserId, operation_id: String, now: UnixMs) -> Self {
        let (platform, expires_at) = (Platform::ANY, UnixMs(0));
        let actor = Actor { user, platform, admin: false, token_id: String::new(), expires_at };
        Self { actor, origin: Origin::Rest, operation_id: Arc::from(operation_id), came_in: now }
    }
}
