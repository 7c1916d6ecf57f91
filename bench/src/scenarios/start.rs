//! A server that goes on with a long history: when it is ready, and how fast it is then, beside one that begins on
//! nothing.

use std::time::Duration;

use super::after::Drain;
use super::figures::add_peak;
use super::{Case, Figures, Lab, Send, Via, figure, many};
use crate::machine::{Meter, folder_bytes};
use crate::server::{Rules, Server, Setup};
use crate::settings::Options;
use crate::targets::{Bound, Target};

/// What it starts on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum On {
    /// An empty folder.
    Nothing,
    /// So many events.
    History(u64),
}

impl On {
    /// Its name.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Nothing => "start on an empty folder".to_owned(),
            Self::History(events) => format!("start on {events} events"),
        }
    }

    /// Starts a server and ends it.
    pub(super) async fn run(self, lab: &Lab) -> anyhow::Result<Figures> {
        let history = match self {
            Self::Nothing => None,
            Self::History(_) => Some(lab.history().await?),
        };
        let setup = Setup {
            binary: &lab.server,
            root: &lab.root,
            rules: Rules::NONE,
            receiver_url: "http://127.0.0.1:9/callbacks",
            history,
            remembers: true,
        };
        let meter = Meter::start(None, None)?;
        let server = Server::start(setup).await?;
        let usage = meter.stop()?;
        let mut figures = Figures::from([(figure::READY, server.ready_after.as_secs_f64() * 1e3)]);
        if let (Self::History(events), Some(folder)) = (self, history) {
            figures.insert(figure::EVENTS, events as f64);
            figures.insert(figure::FOLDER, folder_bytes(folder) as f64 / f64::from(1u32 << 20));
        }
        // What others took is not known: the server was among them when the meter was started.
        figures.insert(figure::STOLEN, usage.stolen);
        add_peak(&mut figures, server.pid());
        server.stop().await?;
        Ok(figures)
    }
}

fn sends(options: &Options) -> [Send; 2] {
    let empty = Send::new(Via::Rest, Rules::NONE, many(options));
    [empty, Send { history: true, ..empty }]
}

fn drains() -> [Drain; 2] {
    let empty = Drain::to(Duration::ZERO);
    [empty, Drain { history: true, ..empty }]
}

pub(super) fn cases(options: &Options) -> Vec<Case> {
    let starts = [On::Nothing, On::History(options.events)].map(Case::Start);
    let sends = sends(options).map(Case::Send);
    let drains = drains().map(Case::Drain);
    starts.into_iter().chain(sends).chain(drains).collect()
}

pub(super) fn targets(options: &Options) -> Vec<Target> {
    let events = options.events;
    let [empty_send, late_send] = sends(options).map(|send| send.name());
    let [empty_drain, late_drain] = drains().map(|drain| drain.name());
    vec![
        Target::figure(
            &format!("ready with {events} events on disk, ms"),
            Bound::AtMost(2000.0),
            On::History(events).name(),
            figure::READY,
        ),
        Target::ratio(
            &format!("sends with {events} events on disk, by those on an empty store"),
            Bound::AtLeast(0.9),
            (late_send, figure::RATE),
            (empty_send, figure::RATE),
        ),
        Target::ratio(
            &format!("after-callbacks with {events} events on disk, by those on an empty store"),
            Bound::AtLeast(0.9),
            (late_drain, figure::DELIVERED),
            (empty_drain, figure::DELIVERED),
        ),
    ]
}
