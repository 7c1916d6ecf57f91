//! Waking devices that are offline: what is handed to whoever talks to the makers of the devices.

use std::sync::Arc;
use std::time::Duration;

use crate::ids::UserId;
use crate::message::{Message, OfflinePush};
use crate::ports::Fut;
use crate::record::PushToken;

/// A message for which devices are to be woken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wake {
    /// The same on every attempt, also after a restart: the message's number, and which batch of its users.
    pub id: String,
    /// The message.
    pub message: Arc<Message>,
    /// Whose devices.
    pub users: Vec<UserId>,
    /// Where push services find these devices, as far as users have said so.
    pub devices: Vec<PushToken>,
    /// What they show; its title is never empty.
    pub show: OfflinePush,
}

/// It could not be handed over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct WakeFailure {
    /// Why, for the log: no content, no secret.
    pub text: String,
    /// How long the one who takes it wants to be left alone.
    pub after: Option<Duration>,
}

/// Takes what is to wake devices.
pub trait PushProvider: Send + Sync {
    /// Hands it over; resolves once it is taken. `attempt` counts from 1.
    ///
    /// # Errors
    /// It was not taken; it will be handed over again.
    fn wake<'a>(&'a self, wake: &'a Wake, attempt: u32) -> Fut<'a, Result<(), WakeFailure>>;
}
