//! Load generator and scenarios of the benchmark. `docs/benchmarks.md` says what each scenario shows and how to read
//! its figures.

mod chat;
mod children;
mod http;
mod load;
mod machine;
mod receiver;
mod report;
mod rounds;
mod scenarios;
mod server;
mod settings;
mod socket;
mod stats;

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::Parser as _;
use tokio::signal::unix::{SignalKind, signal};

use crate::report::Report;
use crate::scenarios::{Case, Lab};
use crate::settings::{Cli, Command, Options};

/// One thread: the load leaves the other processors to server and receiver, and is as cheap as it can be.
#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<ExitCode> {
    let scenario = match Cli::parse().command {
        Command::Receiver { delay_us } => {
            receiver::serve(Duration::from_micros(delay_us)).await?;
            return Ok(ExitCode::SUCCESS);
        }
        Command::Guard { program, arguments } => {
            let status = children::guard(&program, &arguments).await?;
            return Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        Command::Reference(options) => scenario("reference", options, &[]),
        Command::Send(options) => scenario("send", options, &[scenarios::sends]),
        Command::Before(options) => scenario("before", options, &[scenarios::before_callbacks]),
        Command::After(options) => scenario("after", options, &[scenarios::after_callbacks]),
        Command::All(options) => {
            let all = [scenarios::sends, scenarios::before_callbacks, scenarios::after_callbacks];
            scenario("all", options, &all)
        }
    };
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    // Whatever ends the run drops its children's handles, and that ends the children.
    tokio::select! {
        result = run(scenario) => result,
        _ = interrupt.recv() => anyhow::bail!("interrupted"),
        _ = terminate.recv() => anyhow::bail!("terminated"),
    }
}

/// What to run.
struct Scenario {
    name: &'static str,
    options: Options,
    cases: Vec<Case>,
}

fn scenario(name: &'static str, options: Options, parts: &[fn(&Options) -> Vec<Case>]) -> Scenario {
    let options = options.settled();
    let mut cases = scenarios::reference(&options);
    let only = options.only.clone().unwrap_or_default();
    let mut names: BTreeSet<String> = cases.iter().map(Case::name).collect();
    for case in parts.iter().flat_map(|part| part(&options)) {
        let wanted = matches!(case, Case::Bare(_)) || case.name().contains(&only);
        // Parts share cases; each is measured once.
        if wanted && names.insert(case.name()) {
            cases.push(case);
        }
    }
    Scenario { name, options, cases }
}

async fn run(scenario: Scenario) -> anyhow::Result<ExitCode> {
    let Scenario { name, options, cases } = scenario;
    let beside = std::env::current_exe().context("finding this binary")?;
    let root = match &options.data_root {
        Some(root) => root.clone(),
        None => beside.with_file_name("bench-data"),
    };
    std::fs::create_dir_all(&root).with_context(|| format!("making {}", root.display()))?;
    let needs_server = !cases.iter().all(|case| matches!(case, Case::Bare(_) | Case::Append(_)));
    let server = match needs_server {
        true => server::binary(options.server.as_deref(), !options.no_build).await?,
        false => beside,
    };
    let lab = Lab { options, server, root };
    let rounds = rounds::run(&lab, &cases).await?;
    let report = Report::new(name, &lab.options, &cases, rounds).await;
    report.print();
    if let Some(out) = &lab.options.out {
        println!("\nwritten to {}", report.write(out)?.display());
    }
    Ok(if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
