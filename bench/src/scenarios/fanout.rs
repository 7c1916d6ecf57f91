//! A large group: pushes to the members who are connected, beside a bare WebSocket server; and a callback for each
//! member who is not.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::json;

use super::figures::{add_peak, add_usage, of_delivery};
use super::send::DELIVERY_WAIT;
use super::{Case, Figures, Lab, figure};
use crate::admin::Admin;
use crate::broadcast;
use crate::chat::{Rest, To};
use crate::listeners::Listeners;
use crate::load::Bounds;
use crate::machine::Meter;
use crate::receiver::Receiver;
use crate::server::{Rules, Server, Setup};
use crate::settings::Options;
use crate::targets::{Bound, Target};

/// Members of the group.
const MEMBERS: usize = 2000;
/// Of them, connected while pushes are measured.
const ONLINE: usize = 1000;
/// The group.
const GROUP: &str = "2000";
/// Time that the receiver of copies takes.
const COPY_DELAY: Duration = Duration::from_millis(20);
/// Longest that the last copy may take.
const PROMISE_MS: f64 = 30_000.0;
/// What the receiver files copies under: the last segment of the rule's URL.
const COPIES: &str = "copies";

/// Pushes to the connected members of a group.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Push {
    /// How many are connected.
    pub(crate) online: usize,
}

impl Push {
    /// Its name.
    pub(crate) fn name(self) -> String {
        format!("group of {MEMBERS}, {} connected", self.online)
    }

    /// Messages to the group, a bounded number on their way: how many pushes are read per second.
    pub(super) async fn run(self, lab: &Lab) -> anyhow::Result<Figures> {
        let server = start(lab, "http://127.0.0.1:9/callbacks").await?;
        let measured = self.measure(lab, &server).await;
        let figures = measured.with_context(|| format!("the server's log says:\n{}", server.log()));
        server.stop().await?;
        figures
    }

    async fn measure(self, lab: &Lab, server: &Server) -> anyhow::Result<Figures> {
        let rest = Rest::log_in(server.address).await?;
        let members = gather(&rest).await?;
        // The owner sends, and is not connected: nobody reads an echo.
        let connected = members.get(1..=self.online).context("the group is too small")?;
        let listeners = Listeners::connect(&rest, server.address, connected).await?;
        let send = async || rest.send(&member(0), To::Group(GROUP), lab.options.text).await;
        broadcast::run(&listeners, Bounds::time(lab.options.warm_up_time()), &send).await?;
        let meter = Meter::start(Some(server.pid()), None)?;
        let done = broadcast::run(&listeners, Bounds::time(lab.options.measured_time()), &send).await?;
        let usage = meter.stop()?;
        let mut figures = done.figures();
        add_usage(&mut figures, &usage, done.pushes);
        add_peak(&mut figures, server.pid());
        Ok(figures)
    }
}

/// Callbacks for members who are offline.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Copies;

impl Copies {
    /// Its name.
    pub(crate) fn name(self) -> String {
        format!("{} offline copies, receiver takes {} ms", MEMBERS - 1, COPY_DELAY.as_millis())
    }

    /// One message to a group of which nobody is connected.
    pub(super) async fn run(self, lab: &Lab) -> anyhow::Result<Figures> {
        let receiver = Receiver::start(COPY_DELAY).await?;
        let server = start(lab, &receiver.url()).await?;
        let measured = measure_copies(lab, &server, &receiver).await;
        let figures = measured.with_context(|| format!("the server's log says:\n{}", server.log()));
        server.stop().await?;
        figures
    }
}

async fn measure_copies(lab: &Lab, server: &Server, receiver: &Receiver) -> anyhow::Result<Figures> {
    let rest = Rest::log_in(server.address).await?;
    gather(&rest).await?;
    let admin = Admin::of(&rest, server.address).await?;
    let dialect = admin.dialect_with_copies()?;
    let url = format!("{}/{COPIES}", receiver.url());
    let only = json!({ "copies": ["chat_offline"] });
    admin.add_rule(COPIES, dialect, "after", &url, &only).await?;
    receiver.reset().await?;
    let copies = (MEMBERS - 1) as u64;
    let meter = Meter::start(Some(server.pid()), receiver.pid())?;
    let asked = Instant::now();
    rest.send(&member(0), To::Group(GROUP), lab.options.text).await?;
    let accepted = asked.elapsed();
    let seen = receiver.wait(COPIES, copies, DELIVERY_WAIT).await?;
    let usage = meter.stop()?;
    ensure!(seen.messages > 0, "nothing was delivered");
    let mut figures = of_delivery(&seen, copies);
    figures.insert(figure::LAST_COPY, seen.longest_ms);
    figures.insert(figure::P50, accepted.as_secs_f64() * 1e3);
    add_usage(&mut figures, &usage, copies);
    add_peak(&mut figures, server.pid());
    Ok(figures)
}

async fn start(lab: &Lab, receiver_url: &str) -> anyhow::Result<Server> {
    let setup = Setup {
        binary: &lab.server,
        root: &lab.root,
        rules: Rules::NONE,
        receiver_url,
        history: None,
        remembers: true,
    };
    Server::start(setup).await
}

fn member(number: usize) -> String {
    format!("member{number}")
}

/// Registers everybody and makes the group; the first member owns it.
async fn gather(rest: &Rest) -> anyhow::Result<Vec<String>> {
    let members: Vec<String> = (0..MEMBERS).map(member).collect();
    rest.register_users(&members).await?;
    rest.create_group(GROUP, &members).await?;
    Ok(members)
}

pub(super) fn cases(_: &Options) -> Vec<Case> {
    vec![Case::Broadcast(ONLINE), Case::Push(Push { online: ONLINE }), Case::Copies(Copies)]
}

pub(super) fn targets(_: &Options) -> Vec<Target> {
    vec![
        Target::ratio(
            "pushes to 1,000 connections, by a bare WebSocket server",
            Bound::AtLeast(0.4),
            (Push { online: ONLINE }.name(), figure::PUSHED),
            (Case::Broadcast(ONLINE).name(), figure::PUSHED),
        ),
        Target::figure(
            "the last of 1,999 offline copies, receiver takes 20 ms, ms",
            Bound::Always(PROMISE_MS),
            Copies.name(),
            figure::LAST_COPY,
        ),
        Target::figure("offline copies missing", Bound::Always(0.0), Copies.name(), figure::UNDELIVERED),
    ]
}
