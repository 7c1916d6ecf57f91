//! Who acts, and in which call.

use std::sync::Arc;

use ringback_model::command::Actor;
use ringback_model::message::Origin;

/// Who acts, and in which call.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) actor: Actor,
    pub(crate) origin: Origin,
    pub(crate) operation_id: Arc<str>,
}

impl Caller {
    pub(crate) fn of(actor: &Actor, origin: Origin, operation_id: Arc<str>) -> Self {
        Self { actor: actor.clone(), origin, operation_id }
    }
}
