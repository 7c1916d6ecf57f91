//! What is said about replays, for people.

use std::io;

use serde_json::Value;

use crate::cli::print::{plural, table, text};

/// Failed deliveries that are named.
const FAILURES: usize = 10;

/// What would be sent, and where to.
pub(super) fn plan(out: &mut dyn io::Write, replay: &Value) -> io::Result<()> {
    let counts = &replay["counts"];
    writeln!(
        out,
        "{} of rule {} to {}, at most {} per second",
        plural(&text(&counts["deliveries"]), "callback"),
        text(&replay["rule_name"]),
        text(&replay["url"]),
        text(&replay["rate"])
    )?;
    writeln!(
        out,
        "  {} of {} events that were looked at are meant, up to position {}",
        text(&counts["meant"]),
        text(&counts["looked_at"]),
        text(&replay["upto"])
    )?;
    for note in replay["notes"].as_array().into_iter().flatten() {
        writeln!(out, "  note: {}", text(note))?;
    }
    if counts["deliveries"] == 0 {
        writeln!(out, "there is nothing to send")?;
    } else if replay["dry"] == true && replay["state"] == "done" {
        writeln!(out, "nothing was sent: this only counted")?;
    }
    Ok(())
}

/// What became of it.
pub(super) fn outcome(out: &mut dyn io::Write, replay: &Value) -> io::Result<()> {
    let (delivered, failed) = (text(&replay["delivered"]), text(&replay["failed"]));
    let total = text(&replay["counts"]["deliveries"]);
    if replay["state"] == "done" && all_taken(replay) {
        let what = if delivered == "1" {
            "the one callback was"
        } else {
            &format!("all {delivered} callbacks were")
        };
        return writeln!(out, "{what} taken");
    }
    writeln!(out, "{delivered} of {total} callbacks were taken, {failed} failed")?;
    let failures = replay["failures"].as_array().map_or(&[][..], Vec::as_slice);
    for failure in failures.iter().take(FAILURES) {
        writeln!(
            out,
            "  position {} copy {}: {} after {} attempts: {}",
            text(&failure["position"]),
            text(&failure["copy"]),
            text(&failure["webhook_id"]),
            text(&failure["attempts"]),
            text(&failure["reason"])
        )?;
    }
    if failures.len() > FAILURES {
        writeln!(out, "  …; `ringback replay show {} --json` names more", text(&replay["id"]))?;
    }
    if replay["why"].is_string() {
        writeln!(out, "{}: {}", text(&replay["state"]), text(&replay["why"]))?;
    }
    match replay["state"].as_str() {
        Some("done") if replay["failed"] == 0 => {
            writeln!(out, "the others left the log, or the rule's contract has no request for them any more")
        }
        Some("done") => Ok(()),
        Some("paused") => {
            let id = text(&replay["id"]);
            writeln!(out, "`ringback replay resume {id}` goes on, `ringback replay cancel {id}` ends it")
        }
        _ => writeln!(out, "{}", go_on(replay)),
    }
}

/// Whether everything that was counted was taken.
pub(super) fn all_taken(replay: &Value) -> bool {
    replay["failed"] == 0 && replay["delivered"] == replay["counts"]["deliveries"]
}

/// How another replay goes on. The times are those of this one: "two hours ago" is another time by then.
pub(super) fn go_on(replay: &Value) -> String {
    let Some(position) = replay["position"].as_u64() else {
        return "the same command begins anew".to_owned();
    };
    let time = |flag: &str, field: &str| replay[field].as_str().map(|at| format!(" {flag} {at}"));
    let times: String = [time("--from", "from"), time("--to", "to")].into_iter().flatten().collect();
    format!("the same command with --after {position}{times} goes on")
}

/// One replay.
pub(super) fn one(out: &mut dyn io::Write, replay: &Value) -> io::Result<()> {
    writeln!(out, "{} is {}", text(&replay["id"]), text(&replay["state"]))?;
    plan(out, replay)?;
    if replay["dry"] == true { Ok(()) } else { progress(out, replay) }
}

fn progress(out: &mut dyn io::Write, replay: &Value) -> io::Result<()> {
    if replay["ended_at"].is_string() || replay["why"].is_string() {
        return outcome(out, replay);
    }
    let (delivered, failed) = (text(&replay["delivered"]), text(&replay["failed"]));
    writeln!(out, "{delivered} were taken and {failed} failed so far")
}

/// All of them.
pub(super) fn list(out: &mut dyn io::Write, answer: &Value) -> io::Result<()> {
    let mut rows = vec![["ID", "STATE", "RULE", "BEGAN", "CALLBACKS", "TAKEN", "FAILED"].map(str::to_owned)];
    for replay in answer["replays"].as_array().into_iter().flatten() {
        let dry = if replay["dry"] == true { " (dry)" } else { "" };
        rows.push([
            text(&replay["id"]),
            format!("{}{dry}", text(&replay["state"])),
            text(&replay["rule_name"]),
            text(&replay["began_at"]),
            text(&replay["counts"]["deliveries"]),
            text(&replay["delivered"]),
            text(&replay["failed"]),
        ]);
    }
    if rows.len() == 1 { writeln!(out, "there are no replays") } else { table(out, &rows) }
}
