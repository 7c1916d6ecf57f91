//! The cases: what is measured, and which scenario runs which of them. One file per scenario.

mod after;
mod before;
pub(crate) mod crash;
mod delay;
mod fanout;
mod figures;
mod idle;
mod keywords;
mod lag;
mod login;
mod mixed;
mod outage;
mod reference;
mod rules;
mod send;
mod start;
mod why;

use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;
use tokio::sync::OnceCell;

pub(crate) use before::{names as before_names, paces as before_paces};
pub(crate) use figures::{Figures, figure};
pub(crate) use reference::bare_rate;
pub(crate) use send::{Send, Via};

use crate::history;
use crate::load::Pace;
use crate::settings::Options;
use crate::targets::Target;

/// A scenario's part of a run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part {
    /// Its name on the command line and in results.
    pub(crate) name: &'static str,
    /// What it measures.
    pub(crate) cases: fn(&Options) -> Vec<Case>,
    /// What the figures are held against.
    pub(crate) targets: fn(&Options) -> Vec<Target>,
}

/// Sends, by way, rules and number of conversations.
pub(crate) const SEND: Part = Part { name: "send", cases: send::cases, targets: send::targets };
/// What being asked adds to a send.
pub(crate) const BEFORE: Part = Part { name: "before", cases: before::cases, targets: before::targets };
/// After-callbacks out of a full log, and while messages come in.
pub(crate) const AFTER: Part = Part { name: "after", cases: after::cases, targets: after::targets };
/// From acceptance to delivery, and what a receiver does to senders.
pub(crate) const DELAY: Part = Part { name: "delay", cases: delay::cases, targets: delay::targets };
/// Everything at once.
pub(crate) const MIXED: Part = Part { name: "mixed", cases: mixed::cases, targets: mixed::targets };
/// A large group.
pub(crate) const FANOUT: Part = Part { name: "fanout", cases: fanout::cases, targets: fanout::targets };
/// Rules that do not match.
pub(crate) const RULES: Part = Part { name: "rules", cases: rules::cases, targets: rules::targets };
/// A dead rule among many.
pub(crate) const LAG: Part = Part { name: "lag", cases: lag::cases, targets: lag::targets };
/// A receiver that comes back.
pub(crate) const OUTAGE: Part = Part { name: "outage", cases: outage::cases, targets: outage::targets };
/// Connections that do nothing.
pub(crate) const IDLE: Part = Part { name: "idle", cases: idle::cases, targets: idle::targets };
/// Logins of users with many conversations.
pub(crate) const LOGIN: Part = Part { name: "login", cases: login::cases, targets: login::targets };
/// The keyword filter.
pub(crate) const KEYWORDS: Part =
    Part { name: "keywords", cases: keywords::cases, targets: keywords::targets };
/// A long history.
pub(crate) const START: Part = Part { name: "start", cases: start::cases, targets: start::targets };
/// Remembering calls for those who ask why.
pub(crate) const WHY: Part = Part { name: "why", cases: why::cases, targets: why::targets };
/// All of them.
pub(crate) const ALL: &[Part] =
    &[SEND, BEFORE, AFTER, DELAY, MIXED, FANOUT, RULES, LAG, OUTAGE, IDLE, LOGIN, START, WHY, KEYWORDS];

/// What every case needs.
#[derive(Debug)]
pub(crate) struct Lab {
    pub(crate) options: Options,
    /// The server's binary.
    pub(crate) server: PathBuf,
    /// Where data folders are made.
    pub(crate) root: PathBuf,
    history: OnceCell<TempDir>,
}

impl Lab {
    /// A lab without a history.
    pub(crate) fn new(options: Options, server: PathBuf, root: PathBuf) -> Self {
        Self { options, server, root, history: OnceCell::new() }
    }

    /// The folder of a server with a long history; filled once per run, when the first case asks for it.
    async fn history(&self) -> anyhow::Result<&Path> {
        Ok(self.history.get_or_try_init(|| history::fill(self)).await?.path())
    }
}

/// One thing to measure.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Case {
    /// Calls of the bare client to the receiver.
    Bare(Pace),
    /// The same to a receiver that takes so long.
    BareSlow(Pace, Duration),
    /// Group-committed appends to a file.
    Append(usize),
    /// Sends to a server.
    Send(Send),
    /// After-callbacks out of a full log.
    Drain(after::Drain),
    /// Pushes of a bare WebSocket server to so many connections.
    Broadcast(usize),
    /// Pushes of a server to the members of a group.
    Push(fanout::Push),
    /// Callbacks for the members of a group who are offline.
    Copies(fanout::Copies),
    /// Many rules, one of which may be dead.
    Lag(lag::Dead),
    /// A receiver that is away while so many messages are sent.
    Outage(u64),
    /// So many connections that do nothing.
    Idle(usize),
    /// Logins with many conversations.
    Login(login::Login),
    /// A start: on a long history, or on nothing.
    Start(start::On),
    /// Messages before the keyword filter.
    Judging(keywords::Judging),
}

impl Case {
    /// Its name, in results and for `--only`.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Bare(pace) => format!("bare call, {}", pace_name(*pace)),
            Self::BareSlow(pace, delay) => {
                format!("bare call, {}, receiver takes {} ms", pace_name(*pace), delay.as_millis())
            }
            Self::Append(in_flight) => format!("append + fdatasync, {in_flight} in flight"),
            Self::Send(send) => send.name(),
            Self::Drain(drain) => drain.name(),
            Self::Broadcast(connections) => format!("bare WebSocket server, {connections} connections"),
            Self::Push(push) => push.name(),
            Self::Copies(copies) => copies.name(),
            Self::Lag(dead) => dead.name(),
            Self::Outage(messages) => format!("receiver away for {messages} messages"),
            Self::Idle(connections) => format!("{connections} idle connections"),
            Self::Login(login) => login.name(),
            Self::Start(on) => on.name(),
            Self::Judging(judging) => judging.name(),
        }
    }

    /// The bare case by whose rate its own is divided. `None` for open loops, whose rate is a setting, and for what has
    /// no rate.
    pub(crate) fn yardstick(&self, options: &Options) -> Option<Self> {
        let pace = match self {
            Self::Bare(pace) | Self::Send(Send { pace, .. }) => *pace,
            Self::Append(_) | Self::Drain(_) | Self::Outage(_) => many(options),
            Self::Broadcast(connections) => return Some(Self::Broadcast(*connections)),
            Self::Push(push) => return Some(Self::Broadcast(push.online)),
            Self::BareSlow(..)
            | Self::Copies(_)
            | Self::Lag(_)
            | Self::Idle(_)
            | Self::Login(_)
            | Self::Start(_)
            | Self::Judging(_) => return None,
        };
        matches!(pace, Pace::Closed(_)).then_some(Self::Bare(pace))
    }

    /// The pace of the bare calls that run just before and just after it, where it is divided by those: what one
    /// processor does in a second drifts within a round by more than what is to be told apart.
    pub(crate) fn bare_beside(&self, options: &Options) -> Option<Pace> {
        match self.yardstick(options) {
            Some(Self::Bare(pace)) if !self.is_reference() => Some(pace),
            _ => None,
        }
    }

    /// Whether it is a limit of the machine, without a server of ours.
    pub(crate) fn is_reference(&self) -> bool {
        matches!(self, Self::Bare(_) | Self::BareSlow(..) | Self::Append(_) | Self::Broadcast(_))
    }

    /// Whether a server of ours is part of it.
    pub(crate) fn needs_server(&self) -> bool {
        !self.is_reference() && !matches!(self, Self::Judging(_))
    }

    /// Whether it is about the tail of latencies that syncs are part of.
    pub(crate) fn feels_the_disk(&self) -> bool {
        matches!(
            self,
            Self::Send(Send { pace: Pace::Open(_), count: None, online: false, .. }) | Self::Lag(_)
        )
    }

    /// Measures it.
    pub(crate) async fn run(&self, lab: &Lab) -> anyhow::Result<Figures> {
        match self {
            Self::Bare(pace) => reference::bare(&lab.options, *pace, Duration::ZERO).await,
            Self::BareSlow(pace, delay) => reference::bare(&lab.options, *pace, *delay).await,
            Self::Append(in_flight) => reference::append(lab, *in_flight).await,
            Self::Send(send) => send.run(lab).await,
            Self::Drain(drain) => drain.run(lab).await,
            Self::Broadcast(connections) => reference::broadcast(lab, *connections).await,
            Self::Push(push) => push.run(lab).await,
            Self::Copies(copies) => copies.run(lab).await,
            Self::Lag(dead) => dead.run(lab).await,
            Self::Outage(messages) => outage::run(lab, *messages).await,
            Self::Idle(connections) => idle::run(lab, *connections).await,
            Self::Login(login) => login.run(lab).await,
            Self::Start(on) => on.run(lab).await,
            Self::Judging(judging) => judging.run(),
        }
    }
}

/// As many in flight as the settings say.
fn many(options: &Options) -> Pace {
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

    /// A scenario's cases as they run: the yardsticks come with every one.
    fn run_of(part: &Part, options: &Options) -> Vec<Case> {
        [reference(options), (part.cases)(options)].concat()
    }

    #[test]
    fn every_case_has_its_yardstick_in_its_scenario() {
        let options = options();
        for part in ALL {
            let cases = run_of(part, &options);
            let names: BTreeSet<_> = cases.iter().map(Case::name).collect();
            for case in &cases {
                assert!(
                    case.yardstick(&options).is_none_or(|bare| names.contains(&bare.name())),
                    "{}",
                    case.name()
                );
            }
        }
    }

    #[test]
    fn different_cases_have_different_names() {
        let options = options();
        for part in ALL {
            let cases = run_of(part, &options);
            let names: BTreeSet<_> = cases.iter().map(Case::name).collect();
            assert_eq!(names.len(), cases.len());
        }
    }

    /// A target whose case has another name, or whose figure the case lacks, would silently never be judged.
    #[test]
    fn every_target_is_judged_from_what_its_scenario_measures() {
        const ALL_FIGURES: [&str; 18] = [
            figure::RATE,
            figure::P50,
            figure::P99,
            figure::DELIVERED,
            figure::OF_CONCURRENCY,
            figure::DELIVERY_P50,
            figure::DELIVERY_P99,
            figure::DELIVERY_MAX,
            figure::UNDELIVERED,
            figure::UNPUSHED,
            figure::SERVER_CPU,
            figure::DISK,
            figure::PUSHED,
            figure::LAST_COPY,
            figure::CONNECTION_BYTES,
            figure::READY,
            figure::LOGIN_CPU,
            figure::OF_SCAN,
        ];
        let options = options();
        for part in ALL {
            let names: Vec<String> = run_of(part, &options).iter().map(Case::name).collect();
            let all = names.iter().flat_map(|name| ALL_FIGURES.map(|figure| (name.as_str(), figure, 1.0)));
            let round = crate::rounds::Round::with(&all.collect::<Vec<_>>());
            for target in (part.targets)(&options) {
                assert!(target.verdict(part.name, std::slice::from_ref(&round)).is_some(), "{target:?}");
            }
        }
    }
}
