//! Connections that do nothing but answer pings: what each costs in the server.

use std::time::Duration;

use anyhow::{Context as _, ensure};

use super::figures::{add_disturbance, add_peak};
use super::{Case, Figures, Lab, figure};
use crate::chat::Rest;
use crate::listeners::{Listeners, passes};
use crate::machine::{Meter, resident_bytes};
use crate::open_files;
use crate::server::{Rules, Server, Setup};
use crate::settings::Options;
use crate::targets::{Bound, Target};

/// Connections before anything is measured, so that what is made once is not counted.
const FIRST: usize = 100;

/// Connects everybody and lets them be.
pub(super) async fn run(lab: &Lab, connections: usize) -> anyhow::Result<Figures> {
    let setup = Setup {
        binary: &lab.server,
        root: &lab.root,
        rules: Rules::NONE,
        receiver_url: "http://127.0.0.1:9/callbacks",
        history: None,
        remembers: true,
    };
    let server = Server::start(setup).await?;
    let measured = measure(lab, &server, connections).await;
    let figures = measured.with_context(|| format!("the server's log says:\n{}", server.log()));
    server.stop().await?;
    figures
}

async fn measure(lab: &Lab, server: &Server, connections: usize) -> anyhow::Result<Figures> {
    let rest = Rest::log_in(server.address).await?;
    let users: Vec<String> = (0..connections + FIRST).map(|number| format!("idle{number}")).collect();
    rest.register_users(&users).await?;
    // Tokens cost memory too, connected or not.
    let passes = passes(&rest, &users).await?;
    let (first, others) = passes.split_at(FIRST);
    let warm = Listeners::connect_with(first, server.address).await?;
    let before = resident_bytes(server.pid());
    let idle = Listeners::connect_with(others, server.address).await?;
    let meter = Meter::start(Some(server.pid()), None)?;
    let time = lab.options.measured_time().max(Duration::from_secs(1));
    tokio::time::sleep(time).await;
    let usage = meter.stop()?;
    let after = resident_bytes(server.pid());
    ensure!(warm.heard().ended + idle.heard().ended == 0, "connections were cut off");
    let count = idle.count() as f64;
    let mut figures = Figures::from([
        (figure::CONNECTIONS, count),
        (figure::CONNECTION_BYTES, after.saturating_sub(before) as f64 / count),
        (figure::IDLE_CPU, usage.server_cpu.as_secs_f64() / time.as_secs_f64()),
    ]);
    add_disturbance(&mut figures, &usage);
    add_peak(&mut figures, server.pid());
    Ok(figures)
}

fn connections(options: &Options) -> usize {
    let wanted = usize::try_from(options.connections).unwrap_or(usize::MAX);
    open_files::possible(wanted.saturating_add(FIRST)).saturating_sub(FIRST).max(1)
}

pub(super) fn cases(options: &Options) -> Vec<Case> {
    vec![Case::Idle(connections(options))]
}

pub(super) fn targets(options: &Options) -> Vec<Target> {
    let name = Case::Idle(connections(options)).name();
    let what = "memory of an idle connection in the server, KiB";
    vec![Target::new(what, Bound::AtMost(12.0), [name.clone()], move |round| {
        Some(round.figure(&name, figure::CONNECTION_BYTES)? / 1024.0)
    })]
}
