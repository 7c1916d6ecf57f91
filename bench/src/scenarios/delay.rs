//! From acceptance to delivery at a steady rate; what a slow or absent receiver does to senders; and that nothing is
//! dropped when more is offered than a receiver takes.

use std::time::Duration;

use super::send::Manner;
use super::{Case, Send, figure};
use crate::load::Pace;
use crate::settings::Options;
use crate::targets::{Bound, Target};

/// Messages per second of the steady loads.
const STEADY: Pace = Pace::Open(500);
/// Messages per second that are offered to a receiver that takes 320.
const OFFERED: Pace = Pace::Open(2000);
/// Time that the slow receiver takes.
const SLOW: Duration = Duration::from_millis(200);
/// Time within which a delivery is promised.
const PROMISE_MS: f64 = 30_000.0;

fn immediate() -> Send {
    Send::told(STEADY, Manner::Takes(Duration::ZERO))
}

fn slow() -> Send {
    Send::told(STEADY, Manner::Takes(SLOW))
}

fn away() -> Send {
    Send::told(STEADY, Manner::Away)
}

fn offered(options: &Options) -> Send {
    Send { count: Some(options.offered), ..Send::told(OFFERED, Manner::Takes(SLOW)) }
}

pub(super) fn cases(options: &Options) -> Vec<Case> {
    [immediate(), slow(), away(), offered(options)].map(Case::Send).into()
}

pub(super) fn targets(options: &Options) -> Vec<Target> {
    let delivery = |what: &str, bound, figure| {
        let what = format!("from a send to its after-callback at 500/s, {what}, ms");
        Target::figure(&what, bound, immediate().name(), figure)
    };
    let accept = |what: &str, most: f64, send: Send, figure| {
        let what = format!(
            "latency of sends at 500/s with a receiver that {what}, by one with an immediate receiver"
        );
        Target::ratio(&what, Bound::AtMost(most), (send.name(), figure), (immediate().name(), figure))
    };
    let offered = offered(options);
    let lost = format!(
        "of {} events offered at 2,000/s to a receiver that takes 200 ms, not delivered",
        offered.count.unwrap_or(0)
    );
    vec![
        delivery("p50", Bound::AtMost(5.0), figure::DELIVERY_P50),
        delivery("p99", Bound::AtMost(40.0), figure::DELIVERY_P99),
        delivery("the longest", Bound::Always(PROMISE_MS), figure::DELIVERY_MAX),
        delivery_missing(),
        accept("takes 200 ms, p50", 1.1, slow(), figure::P50),
        accept("takes 200 ms, p99", 1.5, slow(), figure::P99),
        accept("is away, p50", 1.1, away(), figure::P50),
        accept("is away, p99", 1.5, away(), figure::P99),
        Target::figure(&lost, Bound::Always(0.0), offered.name(), figure::UNDELIVERED),
    ]
}

fn delivery_missing() -> Target {
    let what = "after-callbacks missing at 500/s";
    Target::figure(what, Bound::Always(0.0), immediate().name(), figure::UNDELIVERED)
}
