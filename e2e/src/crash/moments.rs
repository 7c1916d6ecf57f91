//! The kills themselves.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::load::Shared;
use super::plan::Moment;
use super::report::{Count, Violation, hold};
use super::rules::{Changing, change};
use super::{callbacks, parked};
use crate::family::Family;

/// What a kill needs besides the server.
pub(super) struct Scene<'a> {
    pub(super) shared: &'a Shared,
    pub(super) changing: &'a mut Changing,
    pub(super) count: &'a mut Count,
    /// Where parked deliveries are sent again.
    pub(super) target: &'a str,
}

/// Kills the server at this moment and starts it again.
pub(super) async fn kill(family: &mut Family, moment: Moment, scene: Scene<'_>) -> Result<(), Violation> {
    let Scene { shared, changing, count, target } = scene;
    let (rest, token) = (family.app.server.rest(), family.token().to_owned());
    match moment {
        Moment::Load => family.app.server.kill().await,
        Moment::StartUp(share) => {
            family.app.server.kill().await;
            let usual = count.ready.last().copied().unwrap_or(Duration::from_millis(50));
            family.app.server.start_and_kill(usual.mul_f64(share)).await;
            count.starts_killed += 1;
        }
        Moment::Drain(after) => {
            shared.going_down.store(true, Ordering::Relaxed);
            if let Some(status) = family.app.server.stop_and_kill(after).await {
                hold(status.success(), "a server that goes down by itself ends with 0", || {
                    status.to_string()
                })?;
                count.drained += 1;
            }
        }
        Moment::RuleChange(after) => {
            let mut changed = tokio::spawn(change(rest, token, changing.ask()));
            let limit = after.unwrap_or(callbacks::LAST);
            if tokio::time::timeout(limit, &mut changed).await.is_ok_and(|done| done.unwrap_or(false)) {
                changing.acknowledge();
            }
            family.app.server.kill().await;
            // Its answer may have been on its way; either value is right then.
            changed.abort();
        }
        Moment::Resend(after) => {
            let dates: Vec<Value> = family.slices().await.iter().map(|slice| slice["date"].clone()).collect();
            let ordered = tokio::spawn(parked::order(rest, token, dates, target.to_owned()));
            tokio::time::sleep(after).await;
            family.app.server.kill().await;
            count.resends += ordered.await.unwrap_or_default();
        }
    }
    let begun = Instant::now();
    family.app.server.restart().await;
    count.ready.push(begun.elapsed());
    Ok(())
}
