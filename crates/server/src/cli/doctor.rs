//! `ringback doctor`: grades a receiver of callbacks.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use http::Uri;
use ringback_callbacks::{HttpCaller, HttpCallerSettings, signature};
use ringback_dialects::Dialects;
use ringback_model::app::App;
use ringback_model::event::Phase;
use ringback_model::limits;
use ringback_model::rule::Rule;
use ringback_model::sample;
use serde_json::json;

use super::print::table;
use super::{DONE, Global, NO, WRONG_USE};
use crate::clock::{SystemClock, SystemDice};
use crate::doctor::check::Check;
use crate::doctor::report::Report;
use crate::doctor::{Instruments, Options, examine, junit};
use crate::receiver::display::Palette;

const EXAMPLES: &str = "\
Examples:
  ringback doctor http://127.0.0.1:8080/callbacks          # every callback of the default contract, before and after
  ringback doctor URL --dialect NAME --phase before        # of another contract, and only what it is asked
  ringback doctor URL --secret S                           # signed, and whether it looks at signatures
  ringback doctor URL --refused 'buy now'                  # whether its refusal of this text really refuses
  ringback doctor URL --junit report.xml --strict          # for CI; warnings fail too
  ringback doctor --list                                   # what is checked, without a call

The receiver gets sample callbacks about users, groups and messages that do not exist, some of them odd, many at once and
all of them twice: point it at a test instance, not at one that acts on them for real users. Ids are made anew each time.
Private and loopback addresses are called, because you typed them; link-local ones (169.254.0.0/16 and the like) never are.

Exit codes: 0 nothing to mend; 1 something to mend; 2 used wrongly.";

/// Grades a receiver: sends it sample callbacks, also odd ones, and says what to mend.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Where the receiver takes callbacks, http or https
    #[arg(required_unless_present = "list", value_parser = url)]
    url: Option<String>,
    #[arg(long, value_name = "CONTRACT", help = dialect_help())]
    dialect: Option<String>,
    /// Only these: `before`, what it is asked, or `after`, what it is told [default: both]
    #[arg(long, value_name = "PHASE", value_parser = ["before", "after"])]
    phase: Option<String>,
    /// Only callbacks of this event, by the contract's names; may be given several times [default: all]
    #[arg(long = "event", value_name = "NAME")]
    events: Vec<String>,
    #[command(flatten)]
    signing: SigningArgs,
    /// Time within which answers should come, in milliseconds [default: what rules of the contract start with]
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u64).range(1..=60_000))]
    timeout: Option<u64>,
    /// How many callbacks to send at once
    #[arg(long, value_name = "N", default_value_t = limits::DOCTOR_BURST, value_parser = burst)]
    burst: usize,
    /// A text that the receiver refuses: the answer to it must be a refusal
    #[arg(long, value_name = "TEXT")]
    refused: Option<String>,
    /// Certificate authorities (PEM) to trust instead of the machine's
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, clap::Args)]
struct SigningArgs {
    /// Secret of the receiver's rule: callbacks are signed with it, as rules sign them
    #[arg(long, value_name = "S", env = "RINGBACK_DOCTOR_SECRET", hide_env_values = true)]
    secret: Option<String>,
    /// Add the headers of the Standard Webhooks specification; without it only contracts that have no signature of their
    /// own have them
    #[arg(long, requires = "secret")]
    standard_webhooks: bool,
}

#[derive(Debug, clap::Args)]
struct OutputArgs {
    /// Write the report as JUnit XML, too
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Warnings are failures
    #[arg(long)]
    strict: bool,
    /// Print what is checked, and end
    #[arg(long)]
    list: bool,
}

fn dialect_help() -> String {
    let dialects = ringback_dialects::all(&App::default());
    let names: Vec<_> = dialects.contracts.iter().map(|contract| contract.name()).collect();
    format!("Contract that the receiver is written for: {} [default: {}]", names.join(", "), names[0])
}

fn url(text: &str) -> Result<String, String> {
    let uri: Uri = text.parse().map_err(|_| "this is not a URL".to_owned())?;
    if !matches!(uri.scheme_str(), Some("http" | "https")) || uri.host().is_none() {
        return Err("a URL expected that begins with http:// or https://".to_owned());
    }
    Ok(text.to_owned())
}

fn burst(text: &str) -> Result<usize, String> {
    let most = limits::DOCTOR_BURST_MAX;
    let number = text.parse().ok().filter(|number| (1..=most).contains(number));
    number.ok_or_else(|| format!("a number from 1 to {most} expected"))
}

/// Runs the command.
///
/// # Errors
/// The report cannot be written.
pub async fn run(args: Args, global: &Global) -> anyhow::Result<ExitCode> {
    if args.output.list {
        list(*global)?;
        return Ok(ExitCode::from(DONE));
    }
    let dialects = ringback_dialects::all(&App::default());
    let output = OutputArgs { junit: args.output.junit.clone(), ..args.output };
    let options = match options(args, &dialects) {
        Ok(options) => options,
        Err(wrong) => {
            eprintln!("ringback: {wrong}");
            return Ok(ExitCode::from(WRONG_USE));
        }
    };
    let caller = HttpCaller::new(HttpCallerSettings::default())?;
    let show = io::stderr().is_terminal() && !global.json;
    let say = move |what: &str| {
        if show {
            eprint!("\r\x1b[K{what} ");
        }
    };
    let with = Instruments {
        caller: &caller,
        clock: &SystemClock,
        dice: &SystemDice,
        samples: ringback_dialects::samples,
        texts: ringback_dialects::texts,
        say: &say,
    };
    let report = examine(&options, &with).await;
    if show {
        eprint!("\r\x1b[K");
    }
    print(&report, output.strict, *global)?;
    if let Some(path) = &output.junit {
        write_junit(&report, path, output.strict)?;
    }
    Ok(ExitCode::from(if report.passes(output.strict) { DONE } else { NO }))
}

/// What the arguments mean.
///
/// # Errors
/// What is wrong with them, in a sentence.
fn options(args: Args, dialects: &Dialects) -> Result<Options, String> {
    let names = || dialects.contracts.iter().map(|contract| contract.name()).collect::<Vec<_>>().join(", ");
    let contract = match &args.dialect {
        Some(name) => dialects
            .contract(name)
            .ok_or_else(|| format!("--dialect: there is no contract {name:?}; known are {}", names()))?,
        None => dialects.contracts.first().ok_or("there is no contract")?,
    };
    if let Some(Err(wrong)) = args.signing.secret.as_deref().map(signature::check) {
        return Err(format!("--secret: {wrong}"));
    }
    let phases = match args.phase.as_deref() {
        Some("before") => vec![Phase::Before],
        Some(_) => vec![Phase::After],
        None => vec![Phase::Before, Phase::After],
    };
    let url = args.url.unwrap_or_default();
    // Phases that the events have; an event that none of them has is a mistake.
    let mut wanted = Vec::new();
    for event in &args.events {
        let mut why = String::new();
        let having = phases.iter().filter(|phase| {
            let rule = sample::rule("doctor", contract.name(), **phase, &url);
            let checked = contract.kinds(&Rule { events: vec![event.clone()], ..rule });
            checked.map_err(|wrong| why = wrong).is_ok()
        });
        let having: Vec<Phase> = having.copied().collect();
        if having.is_empty() {
            return Err(format!("--event: {why}"));
        }
        wanted.extend(having);
    }
    let phases = if args.events.is_empty() {
        phases
    } else {
        phases.into_iter().filter(|phase| wanted.contains(phase)).collect()
    };
    let settings: Vec<(String, String)> = dialects
        .settings
        .iter()
        .map(|setting| (setting.key.to_owned(), setting.default.to_owned()))
        .collect();
    Ok(Options {
        url,
        contract: contract.clone(),
        switches: contract.switches(&settings, &App::default()),
        phases,
        events: args.events,
        secret: args.signing.secret,
        standard_webhooks: args.signing.standard_webhooks,
        timeout: args.timeout.map(Duration::from_millis),
        burst: args.burst,
        refused: args.refused,
        ca_file: args.ca_file.map(|path| path.display().to_string()),
    })
}

fn list(global: Global) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if global.json {
        let checks = Check::ALL
            .map(|check| json!({"check": check.id(), "sends": check.sends(), "good": check.good()}));
        return writeln!(out, "{}", json!({ "checks": checks }));
    }
    let mut rows = vec![["CHECK", "SENT", "GOOD"].map(str::to_owned)];
    rows.extend(Check::ALL.map(|check| [check.id(), check.sends(), check.good()].map(str::to_owned)));
    table(&mut out, &rows)
}

fn write_junit(report: &Report, path: &Path, strict: bool) -> anyhow::Result<()> {
    std::fs::write(path, junit::document(report, strict))
        .with_context(|| format!("cannot write {}", path.display()))
}

fn print(report: &Report, strict: bool, global: Global) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if global.json {
        return writeln!(out, "{}", report.value(strict));
    }
    out.write_all(report.text(Palette::for_stdout()).as_bytes())
}
