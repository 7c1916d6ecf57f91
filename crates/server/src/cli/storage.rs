//! `ringback storage`: parked deliveries of a running server.

use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use http::Method;
use serde_json::{Map, Value, json};

use super::access::{Access, AdminClient, Refused, segment};
use super::print::{table, text};
use super::{DONE, Global, NO};

const EXAMPLES: &str = "\
Examples:
  ringback storage info                                # the slices, ten minutes each
  ringback storage list 202609091440                   # what is in one, and why
  ringback storage retry 202609091440                  # send it again, to the rules' own URLs
  ringback storage retry 202609091440 --target https://app.example/late --rule history";

/// How often a slice that is being sent again is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Deliveries in one page.
const PAGE: usize = 200;

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
    /// Show the slices
    Info,
    /// Show the deliveries of one slice
    List(ListArgs),
    /// Send a slice again, and wait until that is done; exit code 1 if something stays
    Retry(RetryArgs),
}

#[derive(Debug, clap::Args)]
struct ListArgs {
    /// Date key of the slice, yyyyMMddHHmm
    date: String,
    /// Only deliveries of this rule, by name or id
    #[arg(long, value_name = "NAME")]
    rule: Option<String>,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 1000)]
    limit: usize,
}

#[derive(Debug, clap::Args)]
struct RetryArgs {
    /// Date key of the slice, yyyyMMddHHmm
    date: String,
    /// Where to instead of the rules' own URLs
    #[arg(long, value_name = "URL")]
    target: Option<String>,
    /// Only deliveries of this rule, by name or id
    #[arg(long, value_name = "NAME")]
    rule: Option<String>,
    /// Do not wait until it is done
    #[arg(long)]
    no_wait: bool,
}

/// Runs the command.
///
/// # Errors
/// The server cannot be asked.
pub async fn run(args: Args, global: &Global) -> anyhow::Result<ExitCode> {
    let client = args.access.admin()?;
    let done = match args.command {
        Command::Info => info(&client, *global).await?,
        Command::List(args) => list(&client, &args, *global).await?,
        Command::Retry(args) => retry(&client, &args, *global).await?,
    };
    Ok(done.unwrap_or_else(|refused| refused.report(*global)))
}

type Done = Result<ExitCode, Refused>;

async fn info(client: &AdminClient, global: Global) -> anyhow::Result<Done> {
    let answer = match client.ask(Method::GET, "/storage", None).await? {
        Ok(answer) => answer,
        Err(refused) => return Ok(Err(refused)),
    };
    let mut out = io::stdout().lock();
    if global.json {
        writeln!(out, "{answer}")?;
        return Ok(Ok(ExitCode::from(DONE)));
    }
    let mut rows = vec![["DATE", "SIZE", "RETRIES", "STATE", "RULES"].map(str::to_owned)];
    for slice in answer["slices"].as_array().into_iter().flatten() {
        let rules = slice["rules"].as_array().into_iter().flatten().map(|rule| {
            let name = if rule["name"].is_null() { &rule["id"] } else { &rule["name"] };
            format!("{} {}", text(name), text(&rule["size"]))
        });
        let state = if slice["running"] == true { "running" } else { "waiting" };
        rows.push([
            text(&slice["date"]),
            text(&slice["size"]),
            text(&slice["retries"]),
            state.to_owned(),
            rules.collect::<Vec<_>>().join(", "),
        ]);
    }
    if rows.len() == 1 {
        writeln!(out, "nothing is parked")?;
    } else {
        table(&mut out, &rows)?;
    }
    let dropping: Vec<String> = answer["dropping"].as_array().into_iter().flatten().map(text).collect();
    if !dropping.is_empty() {
        eprintln!(
            "ringback: what cannot be delivered is dropped, not parked, while the setting storage.enabled is off: {}",
            dropping.join(", ")
        );
    }
    Ok(Ok(ExitCode::from(DONE)))
}

async fn list(client: &AdminClient, args: &ListArgs, global: Global) -> anyhow::Result<Done> {
    let mut shown = 0;
    let mut after: Option<String> = None;
    while shown < args.limit {
        let mut path = format!("/storage/{}?limit={}", segment(&args.date), PAGE.min(args.limit - shown));
        for (name, value) in [("rule", &args.rule), ("after", &after)] {
            if let Some(value) = value {
                path.push_str(&format!("&{name}={}", segment(value)));
            }
        }
        let answer = match client.ask(Method::GET, &path, None).await? {
            Ok(answer) => answer,
            Err(refused) => return Ok(Err(refused)),
        };
        let mut out = io::stdout().lock();
        for parked in answer["deliveries"].as_array().into_iter().flatten() {
            shown += 1;
            if global.json {
                writeln!(out, "{parked}")?;
                continue;
            }
            writeln!(
                out,
                "{} {}/{} of {}: {} after {} attempts: {}\n  {}",
                text(&parked["parked_at"]),
                text(&parked["position"]),
                text(&parked["copy"]),
                text(if parked["rule_name"].is_null() { &parked["rule"] } else { &parked["rule_name"] }),
                text(&parked["reason"]),
                text(&parked["attempts"]),
                text(&parked["last_error"]),
                text(&parked["body"]),
            )?;
        }
        match answer["next"].as_str() {
            Some(next) => after = Some(next.to_owned()),
            None => return Ok(Ok(ExitCode::from(DONE))),
        }
    }
    eprintln!("ringback: there are more; --limit shows them");
    Ok(Ok(ExitCode::from(DONE)))
}

async fn retry(client: &AdminClient, args: &RetryArgs, global: Global) -> anyhow::Result<Done> {
    let mut body = Map::new();
    body.extend(args.target.iter().map(|url| ("target_url".to_owned(), json!(url))));
    body.extend(args.rule.iter().map(|rule| ("rule".to_owned(), json!(rule))));
    let path = format!("/storage/{}/retry", segment(&args.date));
    let started = match client.ask(Method::POST, &path, Some(&Value::Object(body))).await? {
        Ok(started) => started["deliveries"].as_u64().unwrap_or(0),
        Err(refused) => return Ok(Err(refused)),
    };
    if args.no_wait {
        say(global, &json!({"started": started}), &format!("{started} deliveries are being sent again"))?;
        return Ok(Ok(ExitCode::from(DONE)));
    }
    let left = match worked_off(client, args, started).await? {
        Ok(left) => left,
        Err(refused) => return Ok(Err(refused)),
    };
    let taken = started.saturating_sub(left);
    let words = match left {
        0 => format!("all {started} deliveries were taken"),
        _ => format!("{taken} of {started} deliveries were taken; {left} stay in {}", args.date),
    };
    say(global, &json!({"started": started, "taken": taken, "left": left}), &words)?;
    Ok(Ok(ExitCode::from(if left == 0 { DONE } else { NO })))
}

fn say(global: Global, json: &Value, words: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if global.json { writeln!(out, "{json}") } else { writeln!(out, "{words}") }
}

/// Waits until the slice is not being sent any more; answers what is left of it.
async fn worked_off(
    client: &AdminClient,
    args: &RetryArgs,
    started: u64,
) -> anyhow::Result<Result<u64, Refused>> {
    let show = io::stderr().is_terminal();
    loop {
        let answer = match client.ask(Method::GET, "/storage", None).await? {
            Ok(answer) => answer,
            Err(refused) => return Ok(Err(refused)),
        };
        let slice =
            answer["slices"].as_array().into_iter().flatten().find(|it| it["date"] == args.date.as_str());
        let left = slice.map_or(0, |slice| size(slice, args.rule.as_deref()));
        let running = slice.is_some_and(|slice| slice["running"] == true);
        if show {
            eprint!("\r{} of {started} deliveries done ", started.saturating_sub(left));
        }
        if !running {
            if show {
                eprint!("\r\x1b[K");
            }
            return Ok(Ok(left));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// What a slice holds, of one rule or of all.
fn size(slice: &Value, rule: Option<&str>) -> u64 {
    let Some(rule) = rule else { return slice["size"].as_u64().unwrap_or(0) };
    let all = slice["rules"].as_array().into_iter().flatten();
    let meant = all.filter(|it| it["name"] == rule || it["id"] == rule);
    meant.filter_map(|it| it["size"].as_u64()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_is_that_of_the_rule_that_is_meant() {
        let slice = json!({"size": 7, "rules": [{"id": "r-1", "name": "a", "size": 3}, {"id": "r-2", "name": null, "size": 4}]});
        assert_eq!([None, Some("a"), Some("r-2"), Some("x")].map(|rule| size(&slice, rule)), [7, 3, 4, 0]);
    }
}
