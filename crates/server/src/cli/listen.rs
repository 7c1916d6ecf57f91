//! `ringback listen`: a receiver of callbacks to develop against.

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use ringback_model::app::App;
use ringback_model::dialect::{Instruction, Receiver};
use serde_json::{Value, json};
use tokio::sync::broadcast::error::RecvError;

use super::{DONE, Global, WRONG_USE};
use crate::clock::SystemClock;
use crate::receiver::behaviour::{Behaviour, Plan, Reply, names};
use crate::receiver::call::Call;
use crate::receiver::certificate;
use crate::receiver::display::{self, Palette};
use crate::receiver::running::{Options, Running, start};
use crate::receiver::script;
use crate::receiver::signature::Secret;

const EXAMPLES: &str = "\
Examples:
  ringback listen                             # http://127.0.0.1:10006, any path, everything passes
  ringback listen --deny 5001:\"not here\"     # refuses whatever can be refused
  ringback listen --replace '***'             # rewrites texts where the callback can
  ringback listen --status 503 --delay 3000   # a receiver in trouble
  ringback listen --script answers.yml --json # answers by rules; one JSON value per callback
  ringback listen --secret S                  # says of each call whether it was signed with the rule's secret
  ringback listen --tls                       # HTTPS; prints what the server is to trust";

/// Runs a receiver of callbacks: prints each one, checks its signature, answers as told. Ctrl-C prints a summary.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{}", script::HELP))]
pub struct Args {
    /// Address to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:10006")]
    listen: SocketAddr,
    #[arg(long, value_name = "CONTRACT", help = contract_help())]
    dialect: Option<String>,
    /// Secret of the rule: says of each call whether its signature is valid, the dialect's own or that of the
    /// Standard Webhooks headers
    #[arg(long, value_name = "S", env = "RINGBACK_LISTEN_SECRET", hide_env_values = true, value_parser = secret)]
    secret: Option<Secret>,
    #[command(flatten)]
    answer: AnswerArgs,
    /// Wait so long before each answer: milliseconds, or 250ms, 2s
    #[arg(long, value_name = "MS", value_parser = delay)]
    delay: Option<Duration>,
    /// Answers by rules from a YAML file (see below); where none matches, the flags decide
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
    /// Print these callbacks only, by whole or short name; all are answered. May be given several times
    #[arg(long, value_name = "COMMAND")]
    only: Vec<String>,
    #[command(flatten)]
    tls: TlsArgs,
}

/// What every callback is answered.
#[derive(Debug, clap::Args)]
#[group(multiple = false)]
struct AnswerArgs {
    /// Let everything pass (the default)
    #[arg(long)]
    allow: bool,
    /// Refuse everything that can be refused, such as 5001:"not here"
    #[arg(long, value_name = "CODE:TEXT", value_parser = deny)]
    deny: Option<Instruction>,
    /// Replace the text of messages where the callback can
    #[arg(long, value_name = "TEXT")]
    replace: Option<String>,
    /// Answer with this bare HTTP status
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(200..=599))]
    status: Option<u16>,
}

#[derive(Debug, clap::Args)]
struct TlsArgs {
    /// HTTPS; without a certificate, makes a private authority and one for localhost
    #[arg(long)]
    tls: bool,
    /// Certificate chain (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Its private key (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Folder in which a certificate that is made is kept
    #[arg(long, value_name = "DIR", default_value = "ringback-listen-tls")]
    tls_dir: PathBuf,
}

/// The contracts that there are, by name.
fn contract_names(dialects: &[Arc<dyn Receiver>]) -> String {
    let names: Vec<_> = dialects.iter().flat_map(|dialect| dialect.contracts()).copied().collect();
    names.join(", ")
}

fn contract_help() -> String {
    let names = contract_names(&ringback_dialects::all(&App::default()).receivers);
    format!("Contract by which calls are read: {names} [default: by the shape of each call]")
}

#[allow(clippy::unnecessary_wraps, reason = "clap wants a parser that can fail")]
fn secret(text: &str) -> Result<Secret, String> {
    Ok(Secret::new(text))
}

fn delay(text: &str) -> Result<Duration, String> {
    script::parse_delay(text).ok_or_else(|| "milliseconds expected, or a number with ms or s".to_owned())
}

fn deny(text: &str) -> Result<Instruction, String> {
    let (code, text) = text.split_once(':').unwrap_or((text, ""));
    let code = code.trim().parse().map_err(|_| "a number expected before the colon, such as 5001:text")?;
    Ok(Instruction::Deny { code, text: text.to_owned() })
}

/// Runs the command until it is interrupted.
///
/// # Errors
/// The address cannot be listened on, or a certificate cannot be used.
pub async fn run(args: Args, global: &Global) -> anyhow::Result<ExitCode> {
    let dialects = ringback_dialects::all(&App::default()).receivers;
    if let Some(wrong) = unknown_contract(args.dialect.as_deref(), &dialects) {
        eprintln!("ringback: {wrong}");
        return Ok(ExitCode::from(WRONG_USE));
    }
    let behaviour = match behaviour(&args) {
        Ok(behaviour) => behaviour,
        Err(error) => {
            eprintln!("ringback: {error:#}");
            return Ok(ExitCode::from(WRONG_USE));
        }
    };
    let (tls, authority) = tls(&args.tls)?;
    let told = describe(&behaviour);
    let running = start(Options {
        listen: args.listen,
        dialects,
        contract: args.dialect,
        behaviour,
        secret: args.secret,
        tls,
        clock: Arc::new(SystemClock),
    })
    .await
    .with_context(|| format!("cannot listen on {}", args.listen))?;
    let printer = Printer { json: global.json, palette: Palette::for_stdout(), only: args.only };
    if printer.opening(&running, &told, authority.as_deref()).is_ok() {
        print_calls(&running, &printer).await;
    }
    let summary = running.stop().await;
    let closing = if printer.json {
        display::summary_value(&summary).to_string()
    } else {
        format!("\n{}", display::summary_lines(&summary))
    };
    // Whoever closed the pipe does not want the summary.
    drop(writeln!(io::stdout(), "{closing}"));
    Ok(ExitCode::from(DONE))
}

/// A sentence about a contract that nobody speaks.
fn unknown_contract(name: Option<&str>, dialects: &[Arc<dyn Receiver>]) -> Option<String> {
    let name = name?;
    let known: Vec<&str> = dialects.iter().flat_map(|dialect| dialect.contracts()).copied().collect();
    (!known.contains(&name))
        .then(|| format!("--dialect: there is no contract {name:?}; known are {}", known.join(", ")))
}

/// What the flags and the script say.
fn behaviour(args: &Args) -> anyhow::Result<Behaviour> {
    let rules = match &args.script {
        Some(path) => {
            let text =
                std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
            script::parse(&text).with_context(|| path.display().to_string())?
        }
        None => Vec::new(),
    };
    let reply = if let Some(instruction) = &args.answer.deny {
        Reply::Say(instruction.clone())
    } else if let Some(text) = &args.answer.replace {
        Reply::Say(Instruction::Replace { text: text.clone() })
    } else if let Some(code) = args.answer.status {
        Reply::Status { code, retry_after_s: None }
    } else {
        Reply::Say(Instruction::Allow)
    };
    Ok(Behaviour { rules, default: Plan { delay: args.delay.unwrap_or_default(), reply } })
}

fn describe(behaviour: &Behaviour) -> String {
    let default = match &behaviour.default.reply {
        Reply::Say(Instruction::Allow) => "lets everything pass".to_owned(),
        Reply::Say(Instruction::Deny { code, text }) => format!("refuses everything with {code} {text:?}"),
        Reply::Say(Instruction::Replace { text }) => format!("replaces every text by {text:?}"),
        Reply::Status { code, .. } => format!("answers everything with status {code}"),
        Reply::Raw(_) | Reply::Close | Reply::Hang => "answers as told".to_owned(),
    };
    match behaviour.rules.len() {
        0 => default,
        rules => format!(
            "follows a script ({rules} {}), else {default}",
            if rules == 1 { "rule" } else { "rules" }
        ),
    }
}

type Tls = (Option<Arc<rustls::ServerConfig>>, Option<PathBuf>);

/// The certificate, and the authority that the server is to trust where we made it.
fn tls(args: &TlsArgs) -> anyhow::Result<Tls> {
    if let (Some(certificate), Some(key)) = (&args.tls_cert, &args.tls_key) {
        return Ok((Some(certificate::load(certificate, key)?), None));
    }
    if !args.tls {
        return Ok((None, None));
    }
    let files = certificate::provide(&args.tls_dir)?;
    let authority = std::path::absolute(&files.authority)?;
    Ok((Some(certificate::load(&files.certificate, &files.key)?), Some(authority)))
}

struct Printer {
    json: bool,
    palette: Palette,
    only: Vec<String>,
}

impl Printer {
    fn opening(&self, running: &Running, told: &str, authority: Option<&Path>) -> io::Result<()> {
        if self.json {
            let value = json!({"event": "listening", "url": running.url(), "ca_file": authority});
            return self.value(&value);
        }
        let mut out = io::stdout().lock();
        let url = display::painted(self.palette.strong, &running.url());
        writeln!(out, "listening on {url}; {told}; Ctrl-C ends")?;
        if let Some(authority) = authority {
            writeln!(out, "to be trusted by the server: tls.ca_file: {}", authority.display())?;
        }
        out.flush()
    }

    fn call(&self, call: &Call) -> io::Result<()> {
        let wanted = self.only.is_empty()
            || call.described.as_ref().is_some_and(|it| self.only.iter().any(|name| names(it, name)));
        if !wanted {
            return Ok(());
        }
        if self.json {
            return self.value(&display::value(call));
        }
        writeln!(io::stdout(), "{}", display::line(call, self.palette))
    }

    fn missed(&self, calls: u64) -> io::Result<()> {
        if self.json {
            return self.value(&json!({"event": "missed", "calls": calls}));
        }
        writeln!(io::stdout(), "({calls} calls came faster than they could be printed; they were answered)")
    }

    #[allow(clippy::unused_self, reason = "reads as one of the things that a printer does")]
    fn value(&self, value: &Value) -> io::Result<()> {
        let mut out = io::stdout().lock();
        writeln!(out, "{value}")?;
        out.flush()
    }
}

/// Prints until the command is interrupted or nobody reads what it prints.
async fn print_calls(running: &Running, printer: &Printer) {
    let mut calls = running.calls();
    let interrupted = super::interrupt::interrupted();
    tokio::pin!(interrupted);
    loop {
        let printed = tokio::select! {
            () = &mut interrupted => return,
            call = calls.recv() => match call {
                Ok(call) => printer.call(&call),
                Err(RecvError::Lagged(calls)) => printer.missed(calls),
                Err(RecvError::Closed) => return,
            },
        };
        if printed.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        args: Args,
    }

    fn parsed(flags: &[&str]) -> Result<Args, clap::Error> {
        Cli::try_parse_from(std::iter::once("listen").chain(flags.iter().copied())).map(|cli| cli.args)
    }

    #[test]
    fn flags_become_a_behaviour() {
        let said = |instruction: Instruction| Reply::Say(instruction);
        let no = Instruction::Deny { code: 5001, text: "not: here".to_owned() };
        for (flags, reply) in [
            (&[][..], said(Instruction::Allow)),
            (&["--allow"], said(Instruction::Allow)),
            (&["--deny", "5001:not: here"], said(no)),
            (&["--replace", "x"], said(Instruction::Replace { text: "x".to_owned() })),
            (&["--status", "503"], Reply::Status { code: 503, retry_after_s: None }),
        ] {
            assert_eq!(behaviour(&parsed(flags).unwrap()).unwrap().default.reply, reply, "{flags:?}");
        }
        let delayed = parsed(&["--delay", "250"]).unwrap();
        assert_eq!(behaviour(&delayed).unwrap().default.delay, Duration::from_millis(250));
    }

    #[test]
    fn senseless_flags_are_refused() {
        for flags in [
            &["--allow", "--status", "500"][..],
            &["--deny", "no"],
            &["--status", "99"],
            &["--delay", "soon"],
            &["--tls-cert", "x"],
        ] {
            assert!(parsed(flags).is_err(), "{flags:?}");
        }
        assert!(
            unknown_contract(Some("nobody's"), &ringback_dialects::all(&App::default()).receivers).is_some()
        );
    }

    #[test]
    fn the_help_names_every_contract() {
        let help = contract_help();
        let dialects = ringback_dialects::all(&App::default()).receivers;
        assert!(dialects.iter().flat_map(|it| it.contracts()).all(|name| help.contains(name)), "{help}");
    }

    #[test]
    fn a_broken_script_is_named_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("answers.yml");
        std::fs::write(&file, "- answer: allow\n- answer: perhaps\n").unwrap();
        let args = parsed(&["--script", file.to_str().unwrap()]).unwrap();
        let error = format!("{:#}", behaviour(&args).unwrap_err());
        assert!(error.contains("answers.yml") && error.contains("line 2"), "{error}");
    }

    #[test]
    fn secrets_stay_out_of_debug_output() {
        assert!(!format!("{:?}", parsed(&["--secret", "deep"]).unwrap()).contains("deep"));
    }
}
