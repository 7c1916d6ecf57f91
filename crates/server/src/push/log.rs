//! The provider that wakes nobody and writes down whom it would have woken.

use ringback_model::ports::Fut;
use ringback_model::wake::{PushProvider, Wake, WakeFailure};

/// Writes one line per push: ids and numbers, nothing that was said.
#[derive(Debug, Clone, Copy, Default)]
pub struct LogPush;

impl PushProvider for LogPush {
    fn wake<'a>(&'a self, wake: &'a Wake, _attempt: u32) -> Fut<'a, Result<(), WakeFailure>> {
        // A message to a large group would make a line that nobody reads.
        let first = wake.users.first().map(ToString::to_string).unwrap_or_default();
        tracing::info!(
            target: "ringback::push",
            id = wake.id,
            message = %wake.message.id,
            users = wake.users.len(),
            devices = wake.devices.len(),
            first,
            "devices would be woken"
        );
        Box::pin(std::future::ready(Ok(())))
    }
}
