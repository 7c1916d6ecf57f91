//! Who wakes devices that are offline.

mod body;
mod http;
mod log;

use std::sync::Arc;

use anyhow::Context as _;
use ringback_callbacks::Caller;
use ringback_model::wake::PushProvider;

use crate::clock::SystemClock;
use crate::settings::{PushProviderChoice, PushSettings};

pub use body::body;
pub use http::{HttpPush, HttpPushParts};
pub use log::LogPush;

/// The provider that was chosen; `None` = devices are not woken.
///
/// # Errors
/// It cannot be made of these settings.
pub fn provider(
    choices: &PushSettings,
    caller: impl FnOnce() -> anyhow::Result<Arc<dyn Caller>>,
) -> anyhow::Result<Option<Arc<dyn PushProvider>>> {
    Ok(match choices.provider {
        PushProviderChoice::None => None,
        PushProviderChoice::Log => Some(Arc::new(LogPush)),
        PushProviderChoice::Http => Some(Arc::new(HttpPush::new(HttpPushParts {
            url: choices.url.clone().context("push.url is not set")?,
            secret: choices.secret.clone(),
            timeout: choices.timeout,
            caller: caller()?,
            clock: Arc::new(SystemClock),
        }))),
    })
}
