//! Sends to a server, over REST or WebSocket, with the callbacks that its rules ask for.

use std::time::Duration;

use anyhow::{Context as _, bail, ensure};

use super::figures::{add_peak, add_usage, of_delivery, of_load};
use super::{Case, Figures, Lab, figure, many, pace_name, rules};
use crate::admin::Admin;
use crate::chat::{Conversations, Rest, To};
use crate::listeners::Listeners;
use crate::load::{self, Bounds, Pace, Tally};
use crate::machine::Meter;
use crate::receiver::{Receiver, Seen};
use crate::server::{Rules, Server, Setup};
use crate::settings::Options;
use crate::socket::Clients;
use crate::stats::ratio;
use crate::targets::{Bound, Target};

/// Command of the before-callback of a single chat's message.
pub(super) const BEFORE: &str = "callbackBeforeSendSingleMsgCommand";
/// Command of the after-callback of a single chat's message.
pub(super) const AFTER: &str = "callbackAfterSendSingleMsgCommand";
/// Longest wait for after-callbacks and pushes once the sending is over, beside what a slow receiver takes.
pub(super) const DELIVERY_WAIT: Duration = Duration::from_secs(60);
/// Calls that an after-rule has in flight unless it says otherwise.
pub(super) const RULE_CONCURRENCY: u32 = 64;
/// Longest that a counted load may take.
const COUNTED_TIME: Duration = Duration::from_secs(120);
/// Size of the message for which bytes on disk are counted.
const SIZED_TEXT: u16 = 600;

/// The way into the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Via {
    Rest,
    Socket,
}

/// What the receiver does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// It answers after this time.
    Takes(Duration),
    /// Nobody listens where it was.
    Away,
}

/// A load of sends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Send {
    pub(crate) via: Via,
    pub(crate) rules: Rules,
    pub(crate) pace: Pace,
    pub(crate) conversations: Conversations,
    pub(crate) receiver: Manner,
    /// Characters of the text; without it what the settings say.
    pub(crate) text: Option<u16>,
    /// Rules beside, none of which matches.
    pub(crate) other_rules: u32,
    /// The recipients are connected, and read what is pushed to them.
    pub(crate) online: bool,
    /// The server goes on with a long history.
    pub(crate) history: bool,
    /// So many messages, instead of so many seconds.
    pub(crate) count: Option<u32>,
    /// The server remembers calls for those who ask why.
    pub(crate) remembers: bool,
}

/// A server with people on it, and the receiver of its callbacks.
pub(super) struct Bench {
    pub(super) server: Server,
    pub(super) receiver: Option<Receiver>,
    pub(super) rest: Rest,
    /// Where there are rules beside: how long it took to make them.
    admin: Option<(Admin, Duration)>,
    clients: Option<Clients>,
    listeners: Option<Listeners>,
}

impl Send {
    /// Over 1,000 conversations, with an immediate receiver.
    pub(crate) fn new(via: Via, rules: Rules, pace: Pace) -> Self {
        Self {
            via,
            rules,
            pace,
            conversations: Conversations(1000),
            receiver: Manner::Takes(Duration::ZERO),
            text: None,
            other_rules: 0,
            online: false,
            history: false,
            count: None,
            remembers: true,
        }
    }

    /// Over REST, with an after-rule.
    pub(super) fn told(pace: Pace, receiver: Manner) -> Self {
        Self { receiver, ..Self::new(Via::Rest, Rules { after: true, ..Rules::NONE }, pace) }
    }

    /// Its name.
    pub(crate) fn name(&self) -> String {
        let via = match self.via {
            Via::Rest => "rest",
            Via::Socket => "websocket",
        };
        let (rules, pace) = (self.rules.name(), pace_name(self.pace));
        let mut name = format!("send {via}, {rules}, {pace}, {} conversations", self.conversations.0);
        match self.receiver {
            Manner::Takes(Duration::ZERO) => {}
            Manner::Takes(delay) => name += &format!(", receiver takes {} ms", delay.as_millis()),
            Manner::Away => name += ", receiver away",
        }
        name += &self.text.map_or_else(String::new, |text| format!(", {text} characters"));
        name += &self.count.map_or_else(String::new, |count| format!(", {count} messages"));
        if self.other_rules > 0 {
            name += &format!(", {} other rules", self.other_rules);
        }
        name += if self.online { ", recipients online" } else { "" };
        name += if self.history { ", on a history" } else { "" };
        name += if self.remembers { "" } else { ", nothing remembered" };
        name
    }

    pub(super) async fn run(&self, lab: &Lab) -> anyhow::Result<Figures> {
        let mut bench = self.prepare(lab).await?;
        let result = self.measure(lab, &mut bench).await;
        let figures = result.with_context(|| format!("the server's log says:\n{}", bench.server.log()));
        bench.stop().await?;
        figures
    }

    /// Starts receiver and server, registers and connects everybody.
    pub(super) async fn prepare(&self, lab: &Lab) -> anyhow::Result<Bench> {
        let delay = match self.receiver {
            Manner::Takes(delay) => delay,
            Manner::Away => Duration::ZERO,
        };
        let receiver = Receiver::start(delay).await?;
        let history = if self.history { Some(lab.history().await?) } else { None };
        let setup = Setup {
            binary: &lab.server,
            root: &lab.root,
            rules: self.rules,
            receiver_url: &receiver.url(),
            history,
            remembers: self.remembers,
        };
        let server = Server::start(setup).await?;
        let rest = Rest::log_in(server.address).await?;
        if !self.history {
            rest.register(self.conversations).await?;
        }
        let admin = match self.other_rules {
            0 => None,
            count => Some(rules::strangers(&rest, server.address, count, &receiver.url()).await?),
        };
        let characters = self.text.unwrap_or(lab.options.text);
        let clients = match self.via {
            Via::Rest => None,
            Via::Socket => {
                Some(Clients::connect(&rest, server.address, self.conversations, characters).await?)
            }
        };
        let recipients: Vec<_> =
            (0..self.conversations.0).map(|at| self.conversations.people(at).1).collect();
        let listeners = match self.online {
            true => Some(Listeners::connect(&rest, server.address, &recipients).await?),
            false => None,
        };
        let receiver = match self.receiver {
            Manner::Takes(_) => Some(receiver),
            Manner::Away => {
                receiver.fail().await?;
                None
            }
        };
        Ok(Bench { server, receiver, rest, admin, clients, listeners })
    }

    async fn measure(&self, lab: &Lab, bench: &mut Bench) -> anyhow::Result<Figures> {
        let warm_up = self.load(lab, bench, Bounds::time(lab.options.warm_up_time())).await?;
        self.delivered(bench, warm_up.done).await?;
        let pushed = self.pushed(bench, 0, warm_up.done).await.unwrap_or_default();
        if let Some(receiver) = &bench.receiver {
            receiver.reset().await?;
        }
        let receiver_pid = bench.receiver.as_ref().and_then(Receiver::pid);
        let meter = Meter::start(Some(bench.server.pid()), receiver_pid)?;
        let started = std::time::Instant::now();
        let tally = self.load(lab, bench, self.bounds(&lab.options)).await?;
        let mut figures = of_load(&tally)?;
        if let Some(now) = self.pushed(bench, pushed, tally.done).await {
            let pushes = now.saturating_sub(pushed);
            let rate = ratio(pushes as f64, started.elapsed().as_secs_f64()).unwrap_or(0.0);
            figures.insert(figure::PUSHED, rate);
            figures.insert(figure::UNPUSHED, tally.done.saturating_sub(pushes) as f64);
        }
        if let Some(seen) = self.delivered(bench, tally.done).await? {
            figures.extend(of_delivery(&seen, tally.done));
        }
        if let Some((admin, made)) = &bench.admin {
            figures.insert(figure::RULES_MADE, made.as_secs_f64() * 1e3);
            let caught_up = rules::caught_up(admin).await?;
            figures.insert(figure::CAUGHT_UP, caught_up.as_secs_f64() * 1e3);
        }
        let usage = meter.stop()?;
        add_usage(&mut figures, &usage, tally.done);
        add_peak(&mut figures, bench.server.pid());
        if let (true, Some(receiver)) = (self.rules.before, &bench.receiver) {
            let asked = receiver.seen(BEFORE).await?.answered;
            ensure!(asked >= tally.done, "{} sends, but only {asked} before-callbacks", tally.done);
        }
        Ok(figures)
    }

    fn bounds(&self, options: &Options) -> Bounds {
        match self.count {
            Some(count) => Bounds { time: COUNTED_TIME, count: u64::from(count) },
            None => Bounds::time(options.measured_time()),
        }
    }

    /// Waits for the after-callbacks of so many messages, where there are any and somebody to hear them.
    async fn delivered(&self, bench: &Bench, messages: u64) -> anyhow::Result<Option<Seen>> {
        let (true, Manner::Takes(delay), Some(receiver)) = (self.rules.after, self.receiver, &bench.receiver)
        else {
            return Ok(None);
        };
        let turns = u32::try_from(messages / u64::from(RULE_CONCURRENCY)).unwrap_or(u32::MAX);
        let patience = DELIVERY_WAIT + delay.saturating_mul(turns.saturating_mul(2));
        receiver.wait(AFTER, messages, patience).await.map(Some)
    }

    /// Waits for the pushes of so many messages beyond those before; answers how many there were since the
    /// recipients were connected.
    async fn pushed(&self, bench: &Bench, before: u64, messages: u64) -> Option<u64> {
        let listeners = bench.listeners.as_ref()?;
        Some(listeners.wait(before + messages, DELIVERY_WAIT).await.pushes)
    }

    pub(super) async fn load(&self, lab: &Lab, bench: &mut Bench, bounds: Bounds) -> anyhow::Result<Tally> {
        match (&mut bench.clients, self.pace) {
            (Some(clients), Pace::Closed(in_flight)) => return clients.run(in_flight, bounds).await,
            (Some(_), Pace::Open(_)) => bail!("over WebSockets only a closed loop is driven"),
            (None, _) => {}
        }
        let characters = self.text.unwrap_or(lab.options.text);
        let send = async |number: u64| {
            let (from, to) = self.conversations.people(self.conversations.of_request(number));
            bench.rest.send(&from, To::User(&to), characters).await
        };
        load::run(self.pace, bounds, send).await
    }
}

impl Bench {
    /// Ends everything.
    pub(super) async fn stop(self) -> anyhow::Result<()> {
        self.server.stop().await
    }
}

fn sized(options: &Options) -> Send {
    Send { text: Some(SIZED_TEXT), ..Send::new(Via::Rest, Rules::NONE, many(options)) }
}

/// Sends, by way, rules and number of conversations.
pub(super) fn cases(options: &Options) -> Vec<Case> {
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
    cases.push(Case::Send(sized(options)));
    cases
}

pub(super) fn targets(options: &Options) -> Vec<Target> {
    let told = Send::told(many(options), Manner::Takes(Duration::ZERO)).name();
    let sized = sized(options).name();
    let bare = Case::Bare(many(options)).name();
    let scaled = |what: &str, bound, case: String, figure: &'static str, by: f64| {
        Target::new(what, bound, [case.clone()], move |round| Some(round.figure(&case, figure)? / by))
    };
    vec![
        Target::of_bare(
            "send over REST with an after-rule, delivered end to end, by bare calls",
            Bound::AtLeast(0.20),
            told.clone(),
            figure::DELIVERED,
            bare,
        )
        .aiming_at(0.30),
        scaled(
            "processor time of the server per message sent and delivered, ms",
            Bound::AtMost(0.2),
            told,
            figure::SERVER_CPU,
            1000.0,
        )
        .aiming_at(0.12),
        scaled(
            "bytes written to disk per 600-byte message, by its size",
            Bound::AtMost(12.0),
            sized,
            figure::DISK,
            f64::from(SIZED_TEXT),
        ),
    ]
}
