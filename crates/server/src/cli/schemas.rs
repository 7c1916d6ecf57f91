//! `ringback schemas`: what callbacks and their answers look like, without a server.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use ringback_dialects::schema_files;
use ringback_model::app::App;
use ringback_model::dialect::{CallbackSchema, Contract};
use ringback_model::event::Phase;
use serde_json::{Value, json};

use super::print::table;
use super::{DONE, Global, NO};

const EXAMPLES: &str = "\
Examples:
  ringback schemas                                  # every callback of every dialect
  ringback schemas DIALECT                          # those of one
  ringback schemas DIALECT NAME                     # both schemas of one callback
  ringback schemas DIALECT NAME --part request      # one of them, for a validator or a generator of types
  ringback schemas --out schemas                    # all of them as files, with an index

A running server has the same at /admin/v1/schemas.";

/// Arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The dialect, as rules name it [default: all]
    dialect: Option<String>,
    /// A callback of it: its name, or a name in `events` of rules that leads to no other [default: all]
    name: Option<String>,
    /// Print this schema alone
    #[arg(long, value_name = "PART", requires = "name")]
    part: Option<Part>,
    /// Write the schemas into files below this folder, which is made where it is missing
    #[arg(long, value_name = "DIR", conflicts_with_all = ["name", "part"])]
    out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// The body that goes out
    Request,
    /// What comes back
    Answer,
}

/// Runs the command.
///
/// # Errors
/// Files cannot be written.
#[allow(clippy::unused_async, reason = "every command is run alike")]
pub async fn run(args: Args, global: &Global) -> anyhow::Result<ExitCode> {
    let mut contracts = ringback_dialects::all(&App::default()).contracts;
    if let Some(dialect) = &args.dialect {
        let known: Vec<&str> = contracts.iter().map(|contract| contract.name()).collect();
        if !known.contains(&dialect.as_str()) {
            return Ok(no(&format!("there is no dialect {dialect}; there are {}", known.join(", "))));
        }
        contracts.retain(|contract| contract.name() == dialect);
    }
    if let Some(folder) = &args.out {
        let files = write(&contracts, folder)?;
        let line = if global.json {
            json!({"folder": folder, "files": files}).to_string()
        } else {
            format!("{files} files in {}", folder.display())
        };
        writeln!(io::stdout(), "{line}")?;
        return Ok(ExitCode::from(DONE));
    }
    match &args.name {
        None => list(&contracts, global),
        Some(name) => show(&contracts, name, args.part, global),
    }
}

fn no(why: &str) -> ExitCode {
    eprintln!("ringback: {why}");
    ExitCode::from(NO)
}

fn write(contracts: &[Arc<dyn Contract>], folder: &Path) -> anyhow::Result<usize> {
    let files = schema_files(contracts);
    // What somebody else has written there is his.
    for file in files.iter().filter(|file| !file.path.contains('/')) {
        let path = folder.join(&file.path);
        let first = |text: &str| text.lines().take(2).map(str::to_owned).collect::<Vec<_>>();
        let other = std::fs::read_to_string(&path).is_ok_and(|there| first(&there) != first(&file.text));
        if other {
            bail!("{} is there and was not written by this command: name another folder", path.display());
        }
    }
    for file in &files {
        let path = folder.join(&file.path);
        let place = path.parent().unwrap_or(folder);
        std::fs::create_dir_all(place).with_context(|| format!("cannot make {}", place.display()))?;
        std::fs::write(&path, &file.text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(files.len())
}

const fn phase(callback: &CallbackSchema) -> &'static str {
    match callback.phase {
        Phase::Before => "before",
        Phase::After => "after",
    }
}

fn list(contracts: &[Arc<dyn Contract>], global: &Global) -> anyhow::Result<ExitCode> {
    let mut out = io::stdout().lock();
    let mut rows = vec![["DIALECT", "PHASE", "CALLBACK", "WHEN"].map(str::to_owned)];
    for contract in contracts {
        for callback in contract.schemas() {
            let (dialect, phase, name) = (contract.name(), phase(&callback), callback.name);
            if global.json {
                let events = &callback.events;
                let line = json!({"dialect": dialect, "phase": phase, "name": name, "events": events});
                writeln!(out, "{line}")?;
            }
            rows.push([dialect.to_owned(), phase.to_owned(), name.to_owned(), callback.trigger]);
        }
    }
    if !global.json {
        table(&mut out, &rows)?;
    }
    Ok(ExitCode::from(DONE))
}

fn show(
    contracts: &[Arc<dyn Contract>],
    name: &str,
    part: Option<Part>,
    global: &Global,
) -> anyhow::Result<ExitCode> {
    let mut led = Vec::new();
    for contract in contracts {
        for callback in contract.schemas() {
            if callback.name == name {
                return print(&callback, part, global);
            }
            if callback.events.contains(&name) {
                led.push(callback);
            }
        }
    }
    match led.as_slice() {
        [only] => print(only, part, global),
        [] => Ok(no(&format!("there is no callback {name}; without it, the command lists them"))),
        several => {
            let names: Vec<&str> = several.iter().map(|callback| callback.name).collect();
            Ok(no(&format!("{name} leads to several callbacks: {}", names.join(", "))))
        }
    }
}

fn print(callback: &CallbackSchema, part: Option<Part>, global: &Global) -> anyhow::Result<ExitCode> {
    let one = |text: &str| -> anyhow::Result<String> {
        Ok(if global.json { format!("{}\n", serde_json::from_str::<Value>(text)?) } else { text.to_owned() })
    };
    let text = match part {
        Some(Part::Request) => one(&callback.request)?,
        Some(Part::Answer) => one(&callback.answer)?,
        None => one(&format!(
            "{{\"request\": {}, \"answer\": {}}}\n",
            callback.request.trim_end(),
            callback.answer.trim_end()
        ))?,
    };
    io::stdout().write_all(text.as_bytes())?;
    Ok(ExitCode::from(DONE))
}
