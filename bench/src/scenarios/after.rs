//! After-callbacks out of a full log: the receiver holds its answers while messages are sent, then lets go.

use std::time::Duration;

use anyhow::{Context as _, ensure};

use super::figures::{add_peak, add_usage, of_delivery};
use super::send::{AFTER, DELIVERY_WAIT, Manner, RULE_CONCURRENCY};
use super::{Case, Figures, Lab, Send, figure, many};
use crate::load::{Bounds, Pace};
use crate::machine::Meter;
use crate::receiver::Receiver;
use crate::settings::Options;
use crate::targets::{Bound, Target};

/// Longest that the log is filled: below the timeout of the calls that the receiver holds meanwhile, so that none
/// of them fails and nothing is sent twice.
const FILLING: Duration = Duration::from_secs(10);
/// Times that slow receivers take.
const SLOW: [Duration; 2] = [Duration::from_millis(20), Duration::from_millis(200)];
/// Turns of all calls in flight that draining to a slow receiver takes at least...
const SLOW_TURNS: u64 = 10;
/// ... and the time that it takes at best: its backlog is chosen so.
const SLOW_DRAIN: Duration = Duration::from_secs(3);

/// Draining a full log.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Drain {
    /// Time after which the receiver answers.
    pub(crate) delay: Duration,
    /// The server goes on with a long history.
    pub(crate) history: bool,
    /// The server remembers calls for those who ask why.
    pub(crate) remembers: bool,
}

impl Drain {
    /// On an empty store, to a receiver that takes so long.
    pub(super) fn to(delay: Duration) -> Self {
        Self { delay, history: false, remembers: true }
    }

    /// Its name.
    pub(crate) fn name(&self) -> String {
        let history = if self.history { ", on a history" } else { "" };
        let forgets = if self.remembers { "" } else { ", nothing remembered" };
        format!("drain a full log, receiver takes {} ms{history}{forgets}", self.delay.as_millis())
    }

    /// Fills the log, then measures how fast its after-callbacks are delivered.
    pub(super) async fn run(&self, lab: &Lab) -> anyhow::Result<Figures> {
        let (history, remembers) = (self.history, self.remembers);
        let send = Send { history, remembers, ..Send::told(many(&lab.options), Manner::Takes(self.delay)) };
        let mut bench = send.prepare(lab).await?;
        let warm_up = send.load(lab, &mut bench, Bounds::time(self.warm_up(lab))).await?;
        let receiver = bench.receiver.take().context("this receiver is there")?;
        receiver.wait(AFTER, warm_up.done, DELIVERY_WAIT).await?;
        receiver.hold().await?;
        receiver.reset().await?;
        let filled = send.load(lab, &mut bench, Bounds { time: FILLING, count: self.backlog(lab) }).await?;
        ensure!(filled.failed == 0, "sends failed: {:?}", filled.first_failure);
        let mut figures = self
            .drain(&receiver, bench.server.pid(), filled.done)
            .await
            .with_context(|| format!("the server's log says:\n{}", bench.server.log()))?;
        figures.insert(figure::COUNT, filled.done as f64);
        add_peak(&mut figures, bench.server.pid());
        bench.stop().await.context("after draining")?;
        Ok(figures)
    }

    async fn drain(&self, receiver: &Receiver, server: u32, messages: u64) -> anyhow::Result<Figures> {
        let meter = Meter::start(Some(server), receiver.pid())?;
        receiver.open().await?;
        let seen = receiver.wait(AFTER, messages, DELIVERY_WAIT).await?;
        let usage = meter.stop()?;
        ensure!(seen.messages > 0, "nothing was delivered");
        let mut figures = of_delivery(&seen, messages);
        // Their way began when the log was filled: it says nothing about the server.
        for of_waiting in [figure::DELIVERY_P50, figure::DELIVERY_P99, figure::DELIVERY_MAX] {
            figures.remove(of_waiting);
        }
        if !self.delay.is_zero() {
            let rate = figures.get(figure::DELIVERED).copied().unwrap_or(0.0);
            figures.insert(figure::OF_CONCURRENCY, rate / self.most());
        }
        add_usage(&mut figures, &usage, seen.messages);
        Ok(figures)
    }

    /// Callbacks per second that a slow receiver allows.
    fn most(&self) -> f64 {
        f64::from(RULE_CONCURRENCY) / self.delay.as_secs_f64()
    }

    /// Messages to fill the log with: fewer for a slow receiver, so that draining takes seconds, not minutes.
    fn backlog(&self, lab: &Lab) -> u64 {
        let all = u64::from(lab.options.backlog);
        if self.delay.is_zero() {
            return all;
        }
        let turns = SLOW_DRAIN.as_millis() / self.delay.as_millis().max(1);
        let turns = u64::try_from(turns).unwrap_or(u64::MAX).max(SLOW_TURNS);
        all.min(turns.saturating_mul(u64::from(RULE_CONCURRENCY)))
    }

    /// A slow receiver is given little to warm up with: it has to get through it.
    fn warm_up(&self, lab: &Lab) -> Duration {
        let all = lab.options.warm_up_time();
        if self.delay.is_zero() { all } else { all.min(Duration::from_millis(100)) }
    }
}

/// After-callbacks out of a full log, and while messages come in.
pub(super) fn cases(options: &Options) -> Vec<Case> {
    let live = |pace, delay| Case::Send(Send::told(pace, Manner::Takes(delay)));
    let drains = std::iter::once(Duration::ZERO).chain(SLOW).map(|delay| Case::Drain(Drain::to(delay)));
    let live = [
        live(many(options), Duration::ZERO),
        live(Pace::Open(500), Duration::ZERO),
        live(Pace::Open(2000), SLOW[0]),
    ];
    let bare = SLOW.map(bare_to);
    bare.into_iter().chain(drains).chain(live).collect()
}

/// What a slow receiver and its timers leave of 64 calls in flight, without a server between them.
fn bare_to(delay: Duration) -> Case {
    Case::BareSlow(Pace::Closed(RULE_CONCURRENCY as usize), delay)
}

pub(super) fn targets(options: &Options) -> Vec<Target> {
    let of_concurrency = |delay: Duration| {
        let what = format!(
            "after-callbacks to a receiver that takes {} ms, by what 64 calls in flight allow",
            delay.as_millis()
        );
        Target::figure(&what, Bound::AtLeast(0.9), Drain::to(delay).name(), figure::OF_CONCURRENCY)
    };
    let at_once = Target::of_bare(
        "after-callbacks out of a full log to an immediate receiver, by bare calls",
        Bound::AtLeast(0.50),
        Drain::to(Duration::ZERO).name(),
        figure::DELIVERED,
        Case::Bare(many(options)).name(),
    )
    .aiming_at(0.7);
    let by_bare = |delay: Duration| {
        let what = format!(
            "after-callbacks to a receiver that takes {} ms, by bare calls to the same one",
            delay.as_millis()
        );
        let (drain, bare) = (Drain::to(delay).name(), bare_to(delay).name());
        Target::ratio(&what, Bound::AtLeast(0.9), (drain, figure::DELIVERED), (bare, figure::RATE))
    };
    let slow = SLOW.into_iter().flat_map(|delay| [of_concurrency(delay), by_bare(delay)]);
    std::iter::once(at_once).chain(slow).collect()
}
