//! A receiver that is away while ten minutes' worth of messages is sent, as fast as the server takes them, and comes
//! back at its old address: when the first callback comes, how fast the rest is drained, and that nothing is missing.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};

use super::figures::{add_peak, add_usage, of_delivery};
use super::send::{AFTER, Manner};
use super::{Case, Figures, Lab, Send, figure, many};
use crate::load::Bounds;
use crate::machine::Meter;
use crate::receiver::Receiver;
use crate::server::Server;
use crate::settings::Options;
use crate::targets::{Bound, Target};

/// Longest that messages are sent meanwhile.
const FILLING: Duration = Duration::from_secs(60);
/// Longest wait for the rest: a rule whose receiver is away is tried again every 36 s at the latest.
const COMING_BACK: Duration = Duration::from_secs(120);

/// Sends while the receiver is away, and measures its return.
pub(super) async fn run(lab: &Lab, messages: u64) -> anyhow::Result<Figures> {
    let send = Send::told(many(&lab.options), Manner::Takes(Duration::ZERO));
    let mut bench = send.prepare(lab).await?;
    let receiver = bench.receiver.take().context("this receiver is there")?;
    let warm_up = send.load(lab, &mut bench, Bounds::time(lab.options.warm_up_time())).await?;
    receiver.wait(AFTER, warm_up.done, COMING_BACK).await?;
    let address = receiver.fail().await?;
    let sent = send.load(lab, &mut bench, Bounds { time: FILLING, count: messages }).await?;
    ensure!(sent.failed == 0, "sends failed: {:?}", sent.first_failure);
    let receiver = Receiver::start_at(Duration::ZERO, address).await.context("coming back")?;
    let measured = drain(&bench.server, &receiver, sent.done).await;
    let mut figures = measured.with_context(|| format!("the server's log says:\n{}", bench.server.log()))?;
    figures.insert(figure::COUNT, sent.done as f64);
    bench.stop().await?;
    Ok(figures)
}

async fn drain(server: &Server, receiver: &Receiver, messages: u64) -> anyhow::Result<Figures> {
    let back = Instant::now();
    let first = receiver.wait(AFTER, 1, COMING_BACK).await?;
    ensure!(first.messages > 0, "nothing came in {COMING_BACK:?}");
    let resumed = back.elapsed();
    let meter = Meter::start(Some(server.pid()), receiver.pid())?;
    let seen = receiver.wait(AFTER, messages, COMING_BACK).await?;
    let usage = meter.stop()?;
    let mut figures = of_delivery(&seen, messages);
    // From the first callback, not from the receiver's return: the wait between is a figure of its own.
    let draining = Duration::from_micros(seen.between_us).as_secs_f64();
    figures.insert(figure::DELIVERED, seen.messages as f64 / draining.max(f64::EPSILON));
    figures.insert(figure::RESUMED, resumed.as_secs_f64() * 1e3);
    for of_waiting in [figure::DELIVERY_P50, figure::DELIVERY_P99, figure::DELIVERY_MAX] {
        figures.remove(of_waiting);
    }
    add_usage(&mut figures, &usage, seen.messages);
    add_peak(&mut figures, server.pid());
    Ok(figures)
}

pub(super) fn cases(options: &Options) -> Vec<Case> {
    vec![Case::Outage(u64::from(options.backlog))]
}

pub(super) fn targets(options: &Options) -> Vec<Target> {
    let name = Case::Outage(u64::from(options.backlog)).name();
    let what = "after-callbacks missing once a receiver is back";
    vec![Target::figure(what, Bound::Always(0.0), name, figure::UNDELIVERED)]
}
