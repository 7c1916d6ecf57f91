//! Parked deliveries, as those see them who want to look at them, have them sent again, or be rid of them.
//!
//! | file | holds |
//! |---|---|
//! | [`mod@slice`] | date keys, pure |
//! | [`catalog`] | what is parked under which key, and by which rules |
//! | [`resend`] | orders to send a slice again: which are taken, and which are under way |
//! | [`target`] | whether a URL that an order names may be called |
//! | [`worker`], [`throttle`] | the work of one order |
//! | [`forget`] | what was kept long enough, and what nobody wants any more |

mod catalog;
mod forget;
pub(crate) mod resend;
pub mod slice;
pub(crate) mod target;
pub(crate) mod throttle;
mod worker;

use std::time::Duration;

/// Settings of the engine that concern parked deliveries; see [`crate::EngineSettings`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct StorageSettings {
    pub(crate) keep: Duration,
    pub(crate) zone_min: Option<i32>,
    pub(crate) private_targets: bool,
}
