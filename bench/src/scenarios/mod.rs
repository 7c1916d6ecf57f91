//! The cases: what is measured, and which scenario runs which of them.

mod after;
mod reference;
mod send;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

pub(crate) use send::{Send, Via};

use crate::chat::Conversations;
use crate::load::{Pace, Tally};
use crate::machine::Usage;
use crate::server::Rules;
use crate::settings::Options;

/// Names of figures. Rates are per second, times in milliseconds (`_ms`) or microseconds (`_us`), shares 0 to 1.
pub(crate) mod figure {
    /// Requests answered per second.
    pub(crate) const RATE: &str = "per_second";
    /// Latency that half of the requests do not exceed.
    pub(crate) const P50: &str = "p50_ms";
    /// Latency that 99 of 100 requests do not exceed.
    pub(crate) const P99: &str = "p99_ms";
    /// Latency that 999 of 1,000 requests do not exceed.
    pub(crate) const P999: &str = "p999_ms";
    /// How much later than meant an open loop started half of its requests; part of the latencies above.
    pub(crate) const LATE_P50: &str = "started_late_p50_ms";
    /// Callbacks answered per second, from the first send (or the opening of the receiver) to the last callback.
    pub(crate) const DELIVERED: &str = "delivered_per_second";
    /// Rate of delivery, as a share of what a slow receiver allows a rule that has 64 calls in flight.
    pub(crate) const OF_CONCURRENCY: &str = "of_concurrency";
    /// From the instant at which a send was meant to start to the arrival of its after-callback.
    pub(crate) const DELIVERY_P50: &str = "delivery_p50_ms";
    /// The same, 99 of 100.
    pub(crate) const DELIVERY_P99: &str = "delivery_p99_ms";
    /// The same, the longest.
    pub(crate) const DELIVERY_MAX: &str = "delivery_longest_ms";
    /// Messages that were accepted and whose after-callback did not come while the case waited.
    pub(crate) const UNDELIVERED: &str = "undelivered";
    /// Messages whose after-callback came more than once: extra calls.
    pub(crate) const REPEATED: &str = "repeated";
    /// Requests that failed.
    pub(crate) const FAILED: &str = "failed";
    /// Requests that were counted.
    pub(crate) const COUNT: &str = "count";
    /// Processor time of the server per request.
    pub(crate) const SERVER_CPU: &str = "server_cpu_us";
    /// Processor time of the receiver per request.
    pub(crate) const RECEIVER_CPU: &str = "receiver_cpu_us";
    /// Processor time of the load generator per request.
    pub(crate) const LOAD_CPU: &str = "load_cpu_us";
    /// Bytes that the server wrote to disk per request.
    pub(crate) const DISK: &str = "disk_bytes";
    /// Largest resident set of the server in the case, in MiB.
    pub(crate) const RESIDENT: &str = "resident_mib";
    /// Share of all processor time that was stolen by the hypervisor.
    pub(crate) const STOLEN: &str = "stolen";
    /// Share of all processor time that went to processes outside of the run.
    pub(crate) const OTHERS: &str = "others";
}

/// The figures of one case in one round.
pub(crate) type Figures = BTreeMap<&'static str, f64>;

/// What every case needs.
#[derive(Debug)]
pub(crate) struct Lab {
    pub(crate) options: Options,
    /// The server's binary.
    pub(crate) server: PathBuf,
    /// Where data folders are made.
    pub(crate) root: PathBuf,
}

/// One thing to measure.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Case {
    /// Calls of the bare client to the receiver.
    Bare(Pace),
    /// Group-committed appends to a file.
    Append(usize),
    /// Sends to a server.
    Send(Send),
    /// After-callbacks out of a full log, to a receiver that takes so long.
    Drain(Duration),
}

impl Case {
    /// Its name, in results and for `--only`.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Bare(pace) => format!("bare call, {}", pace_name(*pace)),
            Self::Append(in_flight) => format!("append + fdatasync, {in_flight} in flight"),
            Self::Send(send) => send.name(),
            Self::Drain(delay) => format!("drain a full log, receiver takes {} ms", delay.as_millis()),
        }
    }

    /// Name of the bare case by whose rate its own is divided. `None` for open loops: their rate is a setting.
    pub(crate) fn yardstick(&self, options: &Options) -> Option<String> {
        let pace = match self {
            Self::Bare(pace) | Self::Send(Send { pace, .. }) => *pace,
            Self::Append(_) | Self::Drain(_) => many(options),
        };
        matches!(pace, Pace::Closed(_)).then(|| Self::Bare(pace).name())
    }

    /// Measures it once.
    pub(crate) async fn run(&self, lab: &Lab) -> anyhow::Result<Figures> {
        match self {
            Self::Bare(pace) => reference::bare(lab, *pace).await,
            Self::Append(in_flight) => reference::append(lab, *in_flight).await,
            Self::Send(send) => send.run(lab).await,
            Self::Drain(delay) => after::drain(lab, *delay).await,
        }
    }
}

/// The closed loop of cases that say "many".
pub(crate) fn many(options: &Options) -> Pace {
    Pace::Closed(usize::from(options.in_flight))
}

fn pace_name(pace: Pace) -> String {
    match pace {
        Pace::Closed(in_flight) => format!("{in_flight} in flight"),
        Pace::Open(rate) => format!("{rate}/s"),
    }
}

/// Bare calls and appends, the yardsticks of everything else.
pub(crate) fn reference(options: &Options) -> Vec<Case> {
    vec![Case::Bare(many(options)), Case::Bare(Pace::Closed(1)), Case::Append(usize::from(options.in_flight))]
}

/// Sends, by way, rules and number of conversations.
pub(crate) fn sends(options: &Options) -> Vec<Case> {
    let mut cases = Vec::new();
    for via in [Via::Rest, Via::Socket] {
        for rules in Rules::ALL {
            cases.push(Case::Send(Send::new(via, rules, many(options))));
        }
        for conversations in [1, 64] {
            let mut send = Send::new(via, Rules::NONE, many(options));
            send.conversations = Conversations(conversations);
            cases.push(Case::Send(send));
        }
    }
    cases
}

/// Pairs of sends with and without a before-callback, and the bare call beside them.
pub(crate) fn before_callbacks(options: &Options) -> Vec<Case> {
    let mut cases = vec![Case::Bare(Pace::Open(options.rate))];
    for pace in before_paces(options) {
        for rules in before_pair() {
            cases.push(Case::Send(Send::new(Via::Rest, rules, pace)));
        }
    }
    cases
}

/// The paces at which a before-callback is measured.
pub(crate) fn before_paces(options: &Options) -> [Pace; 3] {
    [Pace::Closed(1), Pace::Open(options.rate), many(options)]
}

/// Without and with a before-callback.
pub(crate) fn before_pair() -> [Rules; 2] {
    let with = Rules { before: true, ..Rules::NONE };
    [Rules::NONE, with]
}

/// After-callbacks out of a full log, and while messages come in.
pub(crate) fn after_callbacks(options: &Options) -> Vec<Case> {
    const SLOW: Duration = Duration::from_millis(20);
    let after = Rules { after: true, ..Rules::NONE };
    let live = |pace, delay| Case::Send(Send { receiver_delay: delay, ..Send::new(Via::Rest, after, pace) });
    vec![
        Case::Drain(Duration::ZERO),
        Case::Drain(SLOW),
        live(many(options), Duration::ZERO),
        live(Pace::Open(500), Duration::ZERO),
        live(Pace::Open(2000), SLOW),
    ]
}

/// The figures that every load has.
fn of_load(tally: &Tally) -> anyhow::Result<Figures> {
    if tally.done == 0 {
        let why = tally.first_failure.as_deref().unwrap_or("nothing was asked");
        anyhow::bail!("no request ended well: {why}");
    }
    if let Some(why) = &tally.first_failure {
        eprintln!("  {} of {} requests failed; the first: {why}", tally.failed, tally.failed + tally.done);
    }
    Ok(Figures::from([
        (figure::RATE, tally.per_second()),
        (figure::P50, tally.latency.quantile_ms(0.5)),
        (figure::P99, tally.latency.quantile_ms(0.99)),
        (figure::P999, tally.latency.quantile_ms(0.999)),
        (figure::LATE_P50, tally.lateness.quantile_ms(0.5)),
        (figure::COUNT, tally.done as f64),
        (figure::FAILED, tally.failed as f64),
    ]))
}

/// Adds what it has cost, per request.
fn add_usage(figures: &mut Figures, usage: &Usage, requests: u64) {
    let per_request = |cpu: Duration| cpu.as_secs_f64() * 1e6 / requests.max(1) as f64;
    figures.extend([
        (figure::SERVER_CPU, per_request(usage.server_cpu)),
        (figure::RECEIVER_CPU, per_request(usage.receiver_cpu)),
        (figure::LOAD_CPU, per_request(usage.load_cpu)),
        (figure::DISK, usage.server_disk_bytes as f64 / requests.max(1) as f64),
        (figure::STOLEN, usage.stolen),
        (figure::OTHERS, usage.others),
    ]);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::Parser as _;

    use super::*;
    use crate::settings::{Cli, Command};

    fn options() -> Options {
        match Cli::try_parse_from(["bench", "all"]).unwrap().command {
            Command::All(options) => options,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_case_has_its_yardstick_in_its_scenario() {
        let options = options();
        for scenario in [sends, before_callbacks, after_callbacks] {
            let cases = [reference(&options), scenario(&options)].concat();
            let names: BTreeSet<_> = cases.iter().map(Case::name).collect();
            for case in &cases {
                assert!(case.yardstick(&options).is_none_or(|name| names.contains(&name)), "{}", case.name());
            }
        }
    }

    #[test]
    fn different_cases_have_different_names() {
        let options = options();
        for scenario in [reference, sends, before_callbacks, after_callbacks] {
            let cases = scenario(&options);
            let names: BTreeSet<_> = cases.iter().map(Case::name).collect();
            assert_eq!(names.len(), cases.len());
        }
    }
}
