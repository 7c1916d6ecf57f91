//! What most tests of after-rules begin with.

use std::time::Duration;

use ringback_model::event::Phase;
use ringback_model::rule::{Ban, Rule};

use super::rule;

/// Lets time pass.
pub async fn seconds(count: u64) {
    tokio::time::sleep(Duration::from_secs(count)).await;
}

/// A rule that is told of everything, and whose receiver is never left alone.
pub fn told(id: &str) -> Rule {
    let mut rule = rule(id, Phase::After);
    rule.policy.ban = Ban::None;
    rule
}
