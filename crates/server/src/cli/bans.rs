//! `ringback bans`: the ban of a running server's app.

use std::io::{self, Write as _};
use std::process::ExitCode;

use http::Method;
use serde_json::Value;

use super::access::Access;
use super::print::text;
use super::{DONE, Global, NO};

const EXAMPLES: &str = "\
Examples:
  ringback bans list     # is there one, until when, and what it rests on
  ringback bans lift     # end it: the receivers are called again at once";

/// Arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    access: Access,
}

#[derive(Debug, Clone, Copy, clap::Subcommand)]
enum Command {
    /// Show the ban that is in force, and those that still count
    List,
    /// End the ban that is in force; exit code 1 if there is none
    Lift,
}

/// Runs the command.
///
/// # Errors
/// The server cannot be asked.
pub async fn run(args: Args, global: &Global) -> anyhow::Result<ExitCode> {
    let method = match args.command {
        Command::List => Method::GET,
        Command::Lift => Method::DELETE,
    };
    let answer = match args.access.admin()?.ask(method, "/bans", None).await? {
        Ok(answer) => answer,
        Err(refused) => return Ok(refused.report(*global)),
    };
    let mut out = io::stdout().lock();
    let lifted = answer["lifted"] == true;
    match args.command {
        _ if global.json => writeln!(out, "{answer}")?,
        Command::List => show(&mut out, &answer)?,
        Command::Lift if lifted => writeln!(out, "the ban is lifted")?,
        Command::Lift => writeln!(out, "there is no ban in force")?,
    }
    let no = matches!(args.command, Command::Lift) && !lifted;
    Ok(ExitCode::from(if no { NO } else { DONE }))
}

fn show(out: &mut dyn io::Write, bans: &Value) -> io::Result<()> {
    if bans["active"] == true {
        writeln!(out, "banned until {}; `ringback bans lift` ends it at once", text(&bans["active_until"]))?;
    } else {
        writeln!(out, "no ban is in force")?;
    }
    let starts = bans["starts"].as_array().map_or(&[][..], Vec::as_slice);
    if !starts.is_empty() {
        writeln!(out, "bans that still count began at {}", text(&bans["starts"]))?;
    }
    if bans["evidence"].as_str().is_some_and(|evidence| !evidence.is_empty()) {
        writeln!(out, "the newest rests on: {}", text(&bans["evidence"]))?;
    }
    writeln!(out, "failures that count towards the next one: {}", text(&bans["failures_in_window"]))?;
    let rules = bans["rules"].as_array().map_or(&[][..], Vec::as_slice);
    let names = if rules.is_empty() { "none".to_owned() } else { text(&bans["rules"]) };
    writeln!(out, "rules that it covers: {names}")
}
