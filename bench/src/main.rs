//! Load generator and scenarios of the benchmark. `docs/benchmarks.md` says what each scenario shows and how to read
//! its figures.

mod admin;
mod broadcast;
mod broadcaster;
mod chat;
mod children;
mod history;
mod http;
mod listeners;
mod load;
mod machine;
mod open_files;
mod plan;
mod proof;
mod pulse;
mod receiver;
mod report;
mod rounds;
mod scenarios;
mod server;
mod settings;
mod socket;
mod stats;
mod targets;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::Parser as _;
use tokio::signal::unix::{SignalKind, signal};

use crate::plan::Plan;
use crate::report::Report;
use crate::scenarios::{Case, Lab, Part};
use crate::settings::{Cli, Command, Options};

/// One thread: the load leaves the other processors to server and receiver, and is as cheap as it can be.
#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<ExitCode> {
    let scenario = match Cli::parse().command {
        Command::Receiver { delay_us, listen } => {
            receiver::serve(Duration::from_micros(delay_us), listen).await?;
            return Ok(ExitCode::SUCCESS);
        }
        Command::Broadcaster => {
            broadcaster::serve().await?;
            return Ok(ExitCode::SUCCESS);
        }
        Command::Guard { program, arguments } => {
            let status = children::guard(&program, &arguments).await?;
            return Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        Command::Proof { root } => {
            for path in proof::write(&root)? {
                println!("{}", path.display());
            }
            return Ok(ExitCode::SUCCESS);
        }
        Command::Reference(options) => scenario("reference", options, &[]),
        Command::Send(options) => scenario("send", options, &[scenarios::SEND]),
        Command::Before(options) => scenario("before", options, &[scenarios::BEFORE]),
        Command::After(options) => scenario("after", options, &[scenarios::AFTER]),
        Command::Delay(options) => scenario("delay", options, &[scenarios::DELAY]),
        Command::Mixed(options) => scenario("mixed", options, &[scenarios::MIXED]),
        Command::Fanout(options) => scenario("fanout", options, &[scenarios::FANOUT]),
        Command::Rules(options) => scenario("rules", options, &[scenarios::RULES]),
        Command::Why(options) => scenario("why", options, &[scenarios::WHY]),
        Command::Lag(options) => scenario("lag", options, &[scenarios::LAG]),
        Command::Outage(options) => scenario("outage", options, &[scenarios::OUTAGE]),
        Command::Idle(options) => scenario("idle", options, &[scenarios::IDLE]),
        Command::Login(options) => scenario("login", options, &[scenarios::LOGIN]),
        Command::Start(options) => scenario("start", options, &[scenarios::START]),
        Command::Keywords(options) => scenario("keywords", options, &[scenarios::KEYWORDS]),
        Command::All(options) => scenario("all", options, scenarios::ALL),
        Command::Crash(options) => return until_signalled(scenarios::crash::run(options)).await,
    };
    until_signalled(run(scenario?)).await
}

/// Whatever ends the run drops its children's handles, and that ends the children.
async fn until_signalled(
    running: impl Future<Output = anyhow::Result<ExitCode>>,
) -> anyhow::Result<ExitCode> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::select! {
        result = running => result,
        _ = interrupt.recv() => anyhow::bail!("interrupted"),
        _ = terminate.recv() => anyhow::bail!("terminated"),
    }
}

/// Settings, and what to run with them.
fn scenario(name: &'static str, options: Options, parts: &[Part]) -> anyhow::Result<(Options, Plan)> {
    // Before the cases are chosen: how many connections are possible depends on it.
    open_files::raise_limit()?;
    let options = options.settled();
    let plan = Plan::new(name, &options, parts);
    Ok((options, plan))
}

async fn run((options, plan): (Options, Plan)) -> anyhow::Result<ExitCode> {
    let beside = std::env::current_exe().context("finding this binary")?;
    let root = data_root(options.places.data_root.as_deref())?;
    let server = match plan.cases.iter().any(Case::needs_server) {
        false => beside,
        true => server::binary(options.places.server.as_deref(), !options.places.no_build).await?,
    };
    let lab = Lab::new(options, server, root);
    let rounds = rounds::run(&lab, &plan.cases).await?;
    let report = Report::new(&plan, &lab.options, rounds).await;
    report.print();
    if let Some(out) = &lab.options.places.out {
        println!("\nwritten to {}", report.write(out)?.display());
    }
    Ok(if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Where data folders are made.
fn data_root(given: Option<&Path>) -> anyhow::Result<PathBuf> {
    let root = match given {
        Some(root) => root.to_owned(),
        None => std::env::current_exe().context("finding this binary")?.with_file_name("bench-data"),
    };
    std::fs::create_dir_all(&root).with_context(|| format!("making {}", root.display()))?;
    Ok(root)
}
