//! `kill -9` in a loop, under mixed load: nothing acknowledged is lost or doubled, and the backend hears of everything,
//! or finds it parked.
//!
//! A *campaign* is one data folder and a number of kills. While senders write ([`load`]), an administrator makes
//! users and groups ([`churn`]), people befriend each other and come into groups ([`relations`]), and the app's backend
//! refuses, rewrites and fails ([`backend`]), the server is
//! killed at moments that a seed draws ([`plan`], [`moments`]). After each restart what was acknowledged before is
//! looked for ([`history`]); at the end everything is held against everything ([`callbacks`], [`parked`]). The first
//! thing that is wrong ends the campaign; its folder stays.

mod backend;
mod callbacks;
mod campaign;
mod churn;
mod history;
mod load;
mod moments;
mod parked;
mod plan;
mod relations;
mod report;
mod rules;
mod texts;

use std::path::PathBuf;

pub use self::campaign::run;
pub use self::plan::Moment;
pub use self::report::{Count, Failure, Progress, Violation};

/// What one campaign is to do.
#[derive(Debug, Clone)]
pub struct Campaign {
    /// How often the server is killed.
    pub kills: u64,
    /// Draws the moments.
    pub seed: u64,
    /// The server; without one, the tests' own.
    pub binary: Option<PathBuf>,
    /// Where the data folder is made; without one, where the system keeps temporary files.
    pub root: Option<PathBuf>,
}
