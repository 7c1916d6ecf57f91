//! `ringback why`: why callbacks of a running server came, or did not.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use http::Method;
use serde_json::Value;

use super::access::{Access, AdminClient, Refused, segment};
use super::print::text;
use super::{DONE, Global, WRONG_USE};

const EXAMPLES: &str = "\
Examples:
  ringback why 7301442233445566                         # a message, by its number
  ringback why 65536e4d0e1f2a3b9c8d7e6f5a4b3c2d         # or by its serverMsgID
  ringback why 1f3a…                                    # clientMsgID, operationID, webhook-id, callId
  ringback why --conversation g:tea --seq 12            # or by its place
  ringback why --dry event.json                         # what would happen to this one? nobody is called
  echo '{\"from\": \"alice\", \"group\": \"tea\"}' | ringback why --dry -

An event for --dry names what matters of a message: from, to or group or room, content_type (101 = text), content, ex,
origin, admin, offline; or another moment of the catalogue: {\"event\": \"group_created\"}.
Exit code 1: nothing is known of this id.";

/// Arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Number of a message in either form, or id of a callback, an operation or a client's message
    #[arg(required_unless_present_any = ["conversation", "dry"])]
    id: Option<String>,
    /// Conversation of the message: u:USER:USER, g:GROUP, or its name as clients know it
    #[arg(long, value_name = "NAME", requires = "seq", conflicts_with = "id")]
    conversation: Option<String>,
    /// Number of the message in it
    #[arg(long, value_name = "N", requires = "conversation")]
    seq: Option<u64>,
    /// Try the made-up event of this file (- = standard input) on the rules as they are now
    #[arg(long, value_name = "FILE", conflicts_with_all = ["id", "conversation"])]
    dry: Option<PathBuf>,
    #[command(flatten)]
    access: Access,
}

/// Runs the command.
///
/// # Errors
/// The server cannot be asked.
pub async fn run(args: Args, global: &Global) -> anyhow::Result<ExitCode> {
    let event = match &args.dry {
        None => None,
        Some(path) => match event_in(path) {
            Ok(event) => Some(event),
            Err(why) => {
                eprintln!("ringback: {why}");
                return Ok(ExitCode::from(WRONG_USE));
            }
        },
    };
    let client = args.access.admin()?;
    let answer = match ask(&client, &args, event.as_ref()).await? {
        Ok(answer) => answer,
        Err(refused) => return Ok(refused.report(*global)),
    };
    let mut out = io::stdout().lock();
    if global.json {
        writeln!(out, "{answer}")?;
    } else {
        show(&mut out, &answer)?;
    }
    Ok(ExitCode::from(DONE))
}

async fn ask(
    client: &AdminClient,
    args: &Args,
    event: Option<&Value>,
) -> anyhow::Result<Result<Value, Refused>> {
    if event.is_some() {
        return client.ask(Method::POST, "/why", event).await;
    }
    let path = match (&args.id, &args.conversation, args.seq) {
        (None, Some(conversation), Some(seq)) => {
            format!("/why?conversation={}&seq={seq}", segment(conversation))
        }
        (id, ..) => format!("/why?id={}", segment(id.as_deref().unwrap_or_default())),
    };
    client.ask(Method::GET, &path, None).await
}

fn event_in(path: &Path) -> Result<Value, String> {
    let (shown, text) = if path.as_os_str() == "-" {
        ("standard input".to_owned(), io::read_to_string(io::stdin()))
    } else {
        (path.display().to_string(), std::fs::read_to_string(path))
    };
    let text = text.map_err(|error| format!("{shown} cannot be read: {error}"))?;
    serde_json::from_str(&text).map_err(|error| format!("{shown} is no JSON: {error}"))
}

fn show(out: &mut dyn io::Write, answer: &Value) -> io::Result<()> {
    let subjects = answer["subjects"].as_array().map_or(&[][..], Vec::as_slice);
    for (index, subject) in subjects.iter().enumerate() {
        if index > 0 {
            writeln!(out)?;
        }
        show_subject(out, subject, subjects.len() > 1)?;
    }
    if answer["more"] == true {
        writeln!(out, "\nolder ones with this id are not shown")?;
    }
    for note in answer["notes"].as_array().into_iter().flatten() {
        writeln!(out, "\nnote: {}", text(note))?;
    }
    Ok(())
}

/// `beside` = there are others.
fn show_subject(out: &mut dyn io::Write, subject: &Value, beside: bool) -> io::Result<()> {
    let named = |name: &str, field: &str| match subject[field].as_str() {
        Some(value) if !value.is_empty() => format!(", {name} {value}"),
        _ => String::new(),
    };
    let to = match (subject["to"].as_str(), subject["group"].as_str()) {
        (_, Some(group)) => format!(" to group {group}"),
        (Some(user), None) => format!(" to {user}"),
        (None, None) => String::new(),
    };
    let from = subject["from"].as_str().filter(|from| !from.is_empty());
    let from = from.map(|from| format!(" from {from}")).unwrap_or_default();
    if subject["end"] == "hypothetical" {
        writeln!(out, "{}{from}{to}: made up, nobody was called", text(&subject["event"]))?;
    } else {
        writeln!(
            out,
            "{} {}{from}{to} ({}), {}",
            text(&subject["event"]),
            text(&subject["number"]),
            text(&subject["origin"]),
            ended(subject)
        )?;
        let ids = [
            format!("serverMsgID {}", text(&subject["server_msg_id"])),
            named("client id", "client_id"),
            named("operation", "operation_id"),
        ];
        writeln!(out, "  {}", ids.concat())?;
    }
    let lines = subject["lines"].as_array().map_or(&[][..], Vec::as_slice);
    let advice = subject["advice"].as_array().map_or(&[][..], Vec::as_slice);
    if beside && lines.is_empty() && advice.is_empty() {
        return writeln!(out, "  no rule is about it");
    }
    for phase in ["before", "after"] {
        let of_phase: Vec<&Value> = lines.iter().filter(|line| line["phase"] == phase).collect();
        if of_phase.is_empty() {
            writeln!(out, "\n{phase}: no rule is about it")?;
            continue;
        }
        writeln!(out, "\n{phase}")?;
        for line in of_phase {
            show_line(out, line)?;
        }
    }
    if !advice.is_empty() {
        writeln!(out, "\nwhat to do")?;
    }
    for advice in advice {
        writeln!(out, "  - {}", text(advice))?;
    }
    Ok(())
}

fn ended(subject: &Value) -> String {
    let at = text(&subject["at"]);
    match subject["end"].as_str() {
        Some("logged") => {
            let position = text(&subject["position"]);
            let seq = subject["seq"].as_u64().filter(|seq| *seq > 0);
            let seq =
                seq.map(|seq| format!(" as number {seq} of {}", text(&subject["lane"]))).unwrap_or_default();
            format!("event {position} at {at}{seq}")
        }
        Some("refused") => format!("refused at {at}"),
        Some("handed_only") => format!("handed to devices at {at}, neither kept nor logged"),
        _ => format!("asked about at {at}; its event is not in the log, or not any more"),
    }
}

fn show_line(out: &mut dyn io::Write, line: &Value) -> io::Result<()> {
    // The time of day is enough: the date stands above.
    let at = line["at"].as_str().and_then(|at| at.split_once('T')).map_or("", |(_, time)| time);
    let whom = line["recipient"].as_str().map(|user| format!(", about {user}")).unwrap_or_default();
    let copy = line["copy"].as_u64().map(|copy| format!(" (copy {copy}{whom})")).unwrap_or_default();
    let event = text(&line["event"]);
    writeln!(out, "  {at:13} {} [{event}]{copy} {}", text(&line["name"]), text(&line["words"]))?;
    if let Some(id) = line["webhook_id"].as_str() {
        writeln!(out, "  {:13}   webhook-id {id}", "")?;
    }
    let calls = line["calls"].as_array().map_or(&[][..], Vec::as_slice);
    if calls.len() < 2 {
        return Ok(());
    }
    for call in calls {
        let at = text(&call["at"]);
        let status =
            call["status"].as_u64().map_or_else(|| "no answer".to_owned(), |status| status.to_string());
        let error = call["error"].as_str().map(|error| format!(": {error}")).unwrap_or_default();
        let again = if call["resent"] == true { " (sent again)" } else { "" };
        let took = call["took_ms"].as_f64().unwrap_or(0.0);
        writeln!(
            out,
            "  {:13}   attempt {} at {at}: {} ({status}, {took:.1} ms){again}{error}",
            "",
            text(&call["attempt"]),
            text(&call["outcome"]),
        )?;
    }
    Ok(())
}
