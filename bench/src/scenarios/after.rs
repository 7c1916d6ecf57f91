//! After-callbacks out of a full log: the receiver holds its answers while messages are sent, then lets go.

use std::time::Duration;

use anyhow::{Context as _, ensure};

use super::send::{AFTER, DELIVERY_WAIT, of_delivery};
use super::{Figures, Lab, Send, Via, add_usage, figure, many};
use crate::load::Bounds;
use crate::machine::{Meter, peak_resident_bytes};
use crate::server::Rules;

/// Longest that the log is filled: below the timeout of the calls that the receiver holds meanwhile, so that none
/// of them fails and nothing is sent twice.
const FILLING: Duration = Duration::from_secs(10);

/// Calls that an after-rule has in flight unless it says otherwise.
const RULE_CONCURRENCY: f64 = 64.0;

/// Fills the log, then measures how fast its after-callbacks are delivered.
pub(super) async fn drain(lab: &Lab, receiver_delay: Duration) -> anyhow::Result<Figures> {
    let rules = Rules { after: true, ..Rules::NONE };
    let send = Send { receiver_delay, ..Send::new(Via::Rest, rules, many(&lab.options)) };
    let mut bench = send.prepare(lab).await?;
    let warm_up = send.load(lab, &mut bench, Bounds::time(lab.options.warm_up_time())).await?;
    bench.receiver.wait(AFTER, warm_up.done, DELIVERY_WAIT).await?;
    bench.receiver.hold().await?;
    bench.receiver.reset().await?;
    let bounds = Bounds { time: FILLING, count: backlog(lab, receiver_delay) };
    let filled = send.load(lab, &mut bench, bounds).await?;
    ensure!(filled.failed == 0, "sends failed: {:?}", filled.first_failure);
    let meter = Meter::start(Some(bench.server.pid()), bench.receiver.pid())?;
    bench.receiver.open().await?;
    let seen = bench.receiver.wait(AFTER, filled.done, DELIVERY_WAIT).await?;
    let usage = meter.stop()?;
    ensure!(seen.messages > 0, "nothing was delivered; the server's log says:\n{}", bench.server.log());
    let mut figures = of_delivery(&seen, filled.done);
    // Their way began when the log was filled: it says nothing about the server.
    for of_waiting in [figure::DELIVERY_P50, figure::DELIVERY_P99, figure::DELIVERY_MAX] {
        figures.remove(of_waiting);
    }
    if !receiver_delay.is_zero() {
        let bound = RULE_CONCURRENCY / receiver_delay.as_secs_f64();
        let rate = figures.get(figure::DELIVERED).copied().unwrap_or(0.0);
        figures.insert(figure::OF_CONCURRENCY, rate / bound);
    }
    figures.insert(figure::COUNT, filled.done as f64);
    figures.insert(figure::RESIDENT, peak_resident_bytes(bench.server.pid()) as f64 / f64::from(1u32 << 20));
    add_usage(&mut figures, &usage, seen.messages);
    bench.server.stop().await.context("after draining")?;
    Ok(figures)
}

/// Messages to fill the log with: fewer for a slow receiver, so that draining takes seconds, not minutes.
fn backlog(lab: &Lab, receiver_delay: Duration) -> u64 {
    let all = u64::from(lab.options.backlog);
    if receiver_delay.is_zero() { all } else { all / 2 }
}
