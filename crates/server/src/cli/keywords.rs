//! `ringback keywords`: the word lists of a running server.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use http::Method;
use serde_json::{Value, json};

use super::access::{Access, segment};
use super::print::{plural, table, text};
use super::{DONE, Global, NO};
use crate::keywords::list_file;

const EXAMPLES: &str = "\
Examples:
  ringback keywords list
  ringback keywords put house-rules words.txt --action replace   # one word per line
  ringback keywords check 'would this pass?'                     # exit code 1 if it is refused
  ringback keywords delete house-rules";

/// Arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    access: Access,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// List all word lists
    List,
    /// Say what would become of a text; exit code 1 if it is refused
    Check {
        /// What somebody would say
        text: String,
        /// Where
        #[arg(long, default_value = "single", value_parser = ["single", "group", "room"])]
        chat: String,
    },
    /// Keep a word list, in place of the one of its name
    Put {
        /// Name of the list
        name: String,
        /// File with one word per line
        file: PathBuf,
        /// What becomes of messages that have its words
        #[arg(long, default_value = "refuse", value_parser = ["refuse", "replace", "report"])]
        action: String,
    },
    /// Remove a word list
    Delete {
        /// Name of the list
        name: String,
    },
}

/// Runs the command.
///
/// # Errors
/// The file cannot be read, or the server cannot be asked.
pub async fn run(args: Args, global: &Global) -> anyhow::Result<ExitCode> {
    let (method, path, body) = match &args.command {
        Command::List => (Method::GET, "/keywords".to_owned(), None),
        Command::Check { text, chat } => {
            (Method::POST, "/keywords/check".to_owned(), Some(json!({"text": text, "chat": chat})))
        }
        Command::Put { name, file, action } => {
            let body = json!({"action": action, "words": words(file)?});
            (Method::PUT, format!("/keywords/{}", segment(name)), Some(body))
        }
        Command::Delete { name } => (Method::DELETE, format!("/keywords/{}", segment(name)), None),
    };
    let answer = match args.access.admin()?.ask(method, &path, body.as_ref()).await? {
        Ok(answer) => answer,
        Err(refused) => return Ok(refused.report(*global)),
    };
    let mut out = io::stdout().lock();
    match &args.command {
        _ if global.json => writeln!(out, "{answer}")?,
        Command::List => list(&mut out, &answer)?,
        Command::Check { .. } => checked(&mut out, &answer)?,
        Command::Put { name, .. } => writeln!(out, "{name} has {}", plural(&text(&answer["count"]), "word"))?,
        Command::Delete { name } => writeln!(out, "{name} is removed")?,
    }
    Ok(ExitCode::from(if answer["verdict"] == "refuse" { NO } else { DONE }))
}

fn words(file: &PathBuf) -> anyhow::Result<Vec<String>> {
    let shown = file.display();
    let content = std::fs::read_to_string(file).with_context(|| format!("cannot read {shown}"))?;
    list_file::words(&content).map_err(|wrong| {
        let all: Vec<String> = wrong.iter().map(ToString::to_string).collect();
        anyhow::anyhow!("{shown}: {}", all.join("; "))
    })
}

fn list(out: &mut dyn io::Write, answer: &Value) -> io::Result<()> {
    let mut rows = vec![["NAME", "ACTION", "STATE", "WORDS", "CHATS", "ORIGINS", "FROM"].map(str::to_owned)];
    for list in answer["lists"].as_array().into_iter().flatten() {
        rows.push([
            text(&list["name"]),
            text(&list["action"]),
            if list["enabled"] == true { "on" } else { "off" }.to_owned(),
            text(&list["count"]),
            text(&list["chats"]),
            text(&list["origins"]),
            text(&list["origin"]),
        ]);
    }
    table(out, &rows)
}

fn checked(out: &mut dyn io::Write, answer: &Value) -> io::Result<()> {
    if answer["verdict"] == "pass" {
        return writeln!(out, "pass");
    }
    let (words, lists) = (text(&answer["words"]), text(&answer["lists"]));
    writeln!(out, "{}: {words} (lists: {lists})", text(&answer["verdict"]))?;
    match &answer["text"] {
        Value::String(sent) => writeln!(out, "{sent}"),
        _ => Ok(()),
    }
}
