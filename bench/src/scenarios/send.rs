//! Sends to a server, over REST or WebSocket, with the callbacks that its rules ask for.

use std::time::Duration;

use anyhow::{Context as _, ensure};

use super::{Figures, Lab, add_usage, figure, of_load, pace_name};
use crate::chat::{Conversations, Rest};
use crate::load::{self, Bounds, Pace, Tally};
use crate::machine::{Meter, peak_resident_bytes};
use crate::receiver::{Receiver, Seen};
use crate::server::{Rules, Server};
use crate::socket::Clients;
use crate::stats::ratio;

/// Command of the before-callback of a single chat's message.
const BEFORE: &str = "callbackBeforeSendSingleMsgCommand";
/// Command of the after-callback of a single chat's message.
pub(super) const AFTER: &str = "callbackAfterSendSingleMsgCommand";
/// Longest wait for after-callbacks once the sending is over.
pub(super) const DELIVERY_WAIT: Duration = Duration::from_secs(60);

/// The way into the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Via {
    Rest,
    Socket,
}

/// A load of sends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Send {
    pub(crate) via: Via,
    pub(crate) rules: Rules,
    pub(crate) pace: Pace,
    pub(crate) conversations: Conversations,
    /// Time after which the receiver answers.
    pub(crate) receiver_delay: Duration,
}

/// A server with people on it, and the receiver of its callbacks.
pub(super) struct Bench {
    pub(super) server: Server,
    pub(super) receiver: Receiver,
    pub(super) rest: Rest,
    clients: Option<Clients>,
}

impl Send {
    /// Over 1,000 conversations, with an immediate receiver.
    pub(crate) fn new(via: Via, rules: Rules, pace: Pace) -> Self {
        Self { via, rules, pace, conversations: Conversations(1000), receiver_delay: Duration::ZERO }
    }

    /// Its name.
    pub(crate) fn name(&self) -> String {
        let via = match self.via {
            Via::Rest => "rest",
            Via::Socket => "websocket",
        };
        let receiver = match self.receiver_delay.as_millis() {
            0 => String::new(),
            milliseconds => format!(", receiver takes {milliseconds} ms"),
        };
        format!(
            "send {via}, {}, {}, {} conversations{receiver}",
            self.rules.name(),
            pace_name(self.pace),
            self.conversations.0
        )
    }

    pub(super) async fn run(&self, lab: &Lab) -> anyhow::Result<Figures> {
        let mut bench = self.prepare(lab).await?;
        let result = self.measure(lab, &mut bench).await;
        let figures = result.with_context(|| format!("the server's log says:\n{}", bench.server.log()));
        bench.server.stop().await?;
        figures
    }

    /// Starts receiver and server, registers and connects everybody.
    pub(super) async fn prepare(&self, lab: &Lab) -> anyhow::Result<Bench> {
        let receiver = Receiver::start(self.receiver_delay).await?;
        let server = Server::start(&lab.server, &lab.root, self.rules, &receiver.url()).await?;
        let rest = Rest::log_in(server.address).await?;
        rest.register(self.conversations).await?;
        let clients = match self.via {
            Via::Rest => None,
            Via::Socket => {
                Some(Clients::connect(&rest, server.address, self.conversations, lab.options.text).await?)
            }
        };
        Ok(Bench { server, receiver, rest, clients })
    }

    async fn measure(&self, lab: &Lab, bench: &mut Bench) -> anyhow::Result<Figures> {
        let warm_up = self.load(lab, bench, Bounds::time(lab.options.warm_up_time())).await?;
        self.delivered(bench, warm_up.done).await?;
        bench.receiver.reset().await?;
        let meter = Meter::start(Some(bench.server.pid()), bench.receiver.pid())?;
        let tally = self.load(lab, bench, Bounds::time(lab.options.measured_time())).await?;
        let mut figures = of_load(&tally)?;
        if self.rules.after {
            let seen = self.delivered(bench, tally.done).await?;
            figures.extend(of_delivery(&seen, tally.done));
        }
        let usage = meter.stop()?;
        add_usage(&mut figures, &usage, tally.done);
        let resident = peak_resident_bytes(bench.server.pid()) as f64 / f64::from(1u32 << 20);
        figures.insert(figure::RESIDENT, resident);
        if self.rules.before {
            let asked = bench.receiver.seen(BEFORE).await?.answered;
            ensure!(asked >= tally.done, "{} sends, but only {asked} before-callbacks", tally.done);
        }
        Ok(figures)
    }

    /// Waits for the after-callbacks of so many messages, where there are any.
    async fn delivered(&self, bench: &Bench, messages: u64) -> anyhow::Result<Seen> {
        let messages = if self.rules.after { messages } else { 0 };
        bench.receiver.wait(AFTER, messages, DELIVERY_WAIT).await
    }

    pub(super) async fn load(&self, lab: &Lab, bench: &mut Bench, bounds: Bounds) -> anyhow::Result<Tally> {
        if let (Some(clients), Pace::Closed(in_flight)) = (&mut bench.clients, self.pace) {
            return clients.run(in_flight, bounds).await;
        }
        let send = async |number: u64| {
            let (from, to) = self.conversations.people(self.conversations.of_request(number));
            bench.rest.send(&from, &to, lab.options.text).await
        };
        load::run(self.pace, bounds, send).await
    }
}

/// What is said about the after-callbacks of so many messages.
pub(super) fn of_delivery(seen: &Seen, expected: u64) -> Figures {
    let seconds = seen.since_open_us as f64 / 1e6;
    Figures::from([
        (figure::DELIVERED, ratio(seen.messages as f64, seconds).unwrap_or(0.0)),
        (figure::DELIVERY_P50, seen.p50_ms),
        (figure::DELIVERY_P99, seen.p99_ms),
        (figure::DELIVERY_MAX, seen.longest_ms),
        (figure::UNDELIVERED, expected.saturating_sub(seen.messages) as f64),
        (figure::REPEATED, seen.answered.saturating_sub(seen.messages) as f64),
    ])
}
