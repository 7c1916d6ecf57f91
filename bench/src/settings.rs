//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use serde::Serialize;

/// Measures a Ringback server with real processes over real sockets, beside what bare libraries reach in the same
/// run.
#[derive(Debug, Parser)]
#[command(name = "ringback-bench", disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to run.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// The bare HTTP client and the bare file: the limits of this machine in this run.
    Reference(Options),
    /// Sends per second, over REST and WebSocket, without rules, with before-rule, after-rule, both.
    Send(Options),
    /// What a before-callback adds to the latency of a send.
    Before(Options),
    /// After-callbacks per second out of a full log and while messages come in.
    After(Options),
    /// From acceptance to delivery at a steady rate; what a slow or absent receiver does to senders.
    Delay(Options),
    /// Before-callbacks, after-callbacks and pushes to connected recipients at once.
    Mixed(Options),
    /// A group of 2,000: pushes to 1,000 connections, and a callback for each member who is offline.
    Fanout(Options),
    /// Sends beside 1, 50 and 1,000 rules that do not match.
    Rules(Options),
    /// What one dead rule does to 99 others.
    Lag(Options),
    /// A receiver that is away for a while and comes back.
    Outage(Options),
    /// Memory of connections that do nothing.
    Idle(Options),
    /// What the calls of a login cost for a user with 200 and with 2,000 conversations.
    Login(Options),
    /// Time until a server with a long history is ready, and how fast it is then.
    Start(Options),
    /// What it costs to remember calls for those who ask why.
    Why(Options),
    /// What judging a message by 100,000 words costs, against a plain scan of its bytes; in this process.
    Keywords(Options),
    /// All of them in one run.
    All(Options),
    /// Kills the server again and again under mixed load, and checks that nothing is lost or doubled.
    Crash(Crash),
    /// Writes docs/proof.md and what the READMEs quote, from the results in bench/results.
    Proof {
        /// The checkout.
        #[arg(long, default_value = ".")]
        root: PathBuf,
    },
    /// The receiver's process.
    #[command(hide = true)]
    Receiver {
        /// Time after which it answers, in microseconds.
        #[arg(long, default_value_t = 0)]
        delay_us: u64,
        /// Where it listens.
        #[arg(long, default_value = "127.0.0.1:0")]
        listen: SocketAddr,
    },
    /// The bare WebSocket server's process.
    #[command(hide = true)]
    Broadcaster,
    /// Runs a command that ends when standard input does.
    #[command(hide = true)]
    Guard {
        program: String,
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

/// What is run, where it works, and where the result goes.
#[derive(Debug, Clone, Args, Serialize)]
pub(crate) struct Places {
    /// The server; without it the binary beside this one, built before the run.
    #[arg(long)]
    pub(crate) server: Option<PathBuf>,
    /// Do not build the server before the run.
    #[arg(long)]
    pub(crate) no_build: bool,
    /// Where data folders are made and, unless something is wrong, removed again: a real disk. Without it, beside this
    /// binary.
    #[arg(long)]
    pub(crate) data_root: Option<PathBuf>,
    /// Where the result goes, as JSON: a file, or a folder in which it is named by date, commit and scenario.
    #[arg(long)]
    #[serde(skip)]
    pub(crate) out: Option<PathBuf>,
}

/// How often to kill, and where.
#[derive(Debug, Clone, Args, Serialize)]
pub(crate) struct Crash {
    /// Kills in all. Every hundred are a campaign with a data folder and a seed of its own.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    pub(crate) kills: u64,
    /// Draws the moments of the first campaign; each later one has the next number. Without it a random one, which is
    /// printed.
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    #[command(flatten)]
    #[serde(flatten)]
    pub(crate) places: Places,
}

/// Events that `--full` puts on disk.
const FULL_HISTORY: u64 = 10_000_000;

/// How to run it.
#[derive(Debug, Clone, Args, Serialize)]
pub(crate) struct Options {
    /// Rounds; every case runs once per round, in turns forwards and backwards.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(crate) rounds: u32,
    /// Seconds that each case is measured in each round.
    #[arg(long, default_value_t = 3.0, value_parser = seconds)]
    pub(crate) seconds: f64,
    /// Seconds of load before measuring.
    #[arg(long, default_value_t = 1.0, value_parser = seconds)]
    pub(crate) warm_up: f64,
    /// Two rounds of one second each: enough to see that everything works, not enough to quote.
    #[arg(long)]
    pub(crate) quick: bool,
    /// Requests in flight where a case says "many".
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(2..=1024))]
    pub(crate) in_flight: u16,
    /// Requests per second of the open loops that measure a before-callback.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) rate: u32,
    /// Characters of a message's text.
    #[arg(long, default_value_t = 250, value_parser = clap::value_parser!(u16).range(40..=20_000))]
    pub(crate) text: u16,
    /// Messages put into the log before it is drained.
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    pub(crate) backlog: u32,
    /// Messages offered at 2,000 a second to a receiver that takes 200 ms, each of which must arrive.
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    pub(crate) offered: u32,
    /// Connections that do nothing. Fewer where the limit of open files allows no more.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(10..=18_000))]
    pub(crate) connections: u32,
    /// Events on disk of a server with a history; a tenth of them are messages that are kept.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1000..=100_000_000))]
    pub(crate) events: u64,
    /// 10 million events on disk: about 10 GB, and minutes to fill them in.
    #[arg(long)]
    pub(crate) full: bool,
    /// Runs per round that may be repeated because processor time was stolen or went to other processes, or the disk
    /// stood still.
    #[arg(long, default_value_t = 10)]
    pub(crate) repeats: u32,
    /// Run only the cases whose name contains this, and the bare calls.
    #[arg(long)]
    pub(crate) only: Option<String>,
    #[command(flatten)]
    #[serde(flatten)]
    pub(crate) places: Places,
}

impl Options {
    /// With what `--quick` and `--full` mean.
    pub(crate) fn settled(mut self) -> Self {
        if self.full {
            self.events = FULL_HISTORY;
        }
        if self.quick {
            self.rounds = self.rounds.min(2);
            self.seconds = self.seconds.min(1.0);
            self.warm_up = self.warm_up.min(0.3);
            self.backlog = self.backlog.min(4000);
            self.offered = self.offered.min(1000);
            self.connections = self.connections.min(500);
            self.events = self.events.min(20_000);
            self.repeats = self.repeats.min(2);
        }
        self
    }

    /// [`Options::seconds`].
    pub(crate) fn measured_time(&self) -> Duration {
        Duration::from_secs_f64(self.seconds)
    }

    /// [`Options::warm_up`].
    pub(crate) fn warm_up_time(&self) -> Duration {
        Duration::from_secs_f64(self.warm_up)
    }
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(seconds) if (0.05..=600.0).contains(&seconds) => Ok(seconds),
        _ => Err("seconds between 0.05 and 600".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn quick_only_ever_shortens() {
        let parse = |arguments: &str| match Cli::try_parse_from(arguments.split(' ')).unwrap().command {
            Command::Send(options) => options.settled(),
            other => panic!("{other:?}"),
        };
        let quick = parse("bench send --quick --rounds 1");
        assert_eq!((quick.rounds, quick.measured_time()), (1, Duration::from_secs(1)));
        let full = parse("bench send --seconds 0.5");
        assert_eq!((full.rounds, full.measured_time()), (5, Duration::from_millis(500)));
        assert_eq!(parse("bench send --full").events, FULL_HISTORY);
        assert!(parse("bench send --full --quick").events < full.events);
        assert!(Cli::try_parse_from(["bench", "send", "--seconds", "-1"]).is_err());
    }
}
