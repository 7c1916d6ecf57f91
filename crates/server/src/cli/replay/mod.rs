//! `ringback replay`: past callbacks of a running server, sent again.

mod follow;
mod progress;
mod show;

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::process::ExitCode;

use http::Method;
use serde_json::{Map, Value, json};

use super::access::{Access, AdminClient, Refused, segment};
use super::{DONE, Global, NO, WRONG_USE};
use follow::{cancel, counted, ended, follow};

const EXAMPLES: &str = "\
Examples:
  ringback replay --rule history --from 2h --dry                 # how much is that? nothing is sent
  ringback replay --rule history --conversation g:tea            # counts, asks, sends, shows how far it is
  ringback replay --rule history --user alice --from 2026-01-31T08:00:00Z --to 2026-01-31T09:00:00Z
  ringback replay --rule history --conversation u:alice:bob --seq 10..20
  ringback replay --rule history --from 1d --target https://app.example/late --rate 200/s --yes
  ringback replay list                                           # all of them, and how they are doing
  ringback replay pause rp_0123456789                            # resume, cancel and show, too

What is sent has the id and the bytes of the first time and the header `ringback-replay`; what is live goes on beside it,
and so may arrive twice what waits or is parked. Times are RFC 3339, or how long ago. Ctrl-C cancels, and says where
another replay goes on (--after).";

/// Arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, subcommand_negates_reqs = true)]
pub struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    order: Order,
    #[command(flatten)]
    access: Access,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Show replays under way, and the last ones that are over
    List,
    /// Show one
    Show(Named),
    /// Let one start no more calls until it is resumed
    Pause(Named),
    /// Let one that is paused go on
    Resume(Named),
    /// End one; it says where another one can go on
    Cancel(Named),
}

#[derive(Debug, clap::Args)]
struct Named {
    /// Id of the replay
    id: String,
}

/// What is to be sent again. Everything named must hold.
#[derive(Debug, clap::Args)]
struct Order {
    /// Name or id of the rule, on or off; what it did not select then is not sent
    #[arg(long, value_name = "NAME", required = true)]
    rule: Option<String>,
    /// Only this conversation: u:USER:USER, g:GROUP, or its name as clients know it
    #[arg(long, value_name = "NAME")]
    conversation: Option<String>,
    /// Only what this user has sent or done, was sent, or was done to him
    #[arg(long, value_name = "ID")]
    user: Option<String>,
    /// Only this event, by its name in the catalogue (message_sent) or in the rule's dialect; may be given several times
    #[arg(long = "event", value_name = "NAME")]
    events: Vec<String>,
    /// Only what happened at this time or later: 2026-01-31T08:00:00Z, or how long ago: 2h
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Only what happened before this time
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// Only messages with these numbers, both ends included; needs --conversation
    #[arg(long, value_name = "FIRST..LAST", value_parser = seqs)]
    seq: Option<Seqs>,
    /// Only events after this position of the log: where another replay ended
    #[arg(long, value_name = "POSITION")]
    after: Option<u64>,
    /// Also what passed while the rule was off
    #[arg(long)]
    missed: bool,
    /// Where to instead of the rule's URL
    #[arg(long, value_name = "URL")]
    target: Option<String>,
    /// Calls per second [default: 50/s, or the rule's rate_limit where that is lower]
    #[arg(long, value_name = "N/s", value_parser = rate)]
    rate: Option<u32>,
    /// Only count
    #[arg(long)]
    dry: bool,
    /// Send without asking
    #[arg(long)]
    yes: bool,
}

/// First and last; both may be left open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Seqs(Option<u64>, Option<u64>);

fn seqs(text: &str) -> Result<Seqs, String> {
    let end = |text: &str| match text {
        "" => Ok(None),
        text => text.parse().map(Some),
    };
    let read = text.split_once("..").and_then(|(first, last)| Some(Seqs(end(first).ok()?, end(last).ok()?)));
    read.or_else(|| text.parse().ok().map(|one| Seqs(Some(one), Some(one))))
        .filter(|seqs| *seqs != Seqs(None, None))
        .ok_or_else(|| "two numbers are expected, such as 10..20, 10.. or ..20".to_owned())
}

fn rate(text: &str) -> Result<u32, String> {
    let number = text.strip_suffix("/s").unwrap_or(text).parse();
    number.map_err(|_| "a number of calls per second is expected, such as 50 or 50/s".to_owned())
}

type Done = Result<ExitCode, Refused>;

/// Runs the command.
///
/// # Errors
/// The server cannot be asked.
pub async fn run(args: Args, global: &Global) -> anyhow::Result<ExitCode> {
    if args.command.is_some() && args.order.rule.is_some() {
        eprintln!(
            "ringback: --rule begins a new replay; list, show, pause, resume and cancel are about those there are"
        );
        return Ok(ExitCode::from(WRONG_USE));
    }
    let named = |id: &str, what: &str| format!("/replays/{}{what}", segment(id));
    let (method, path) = match &args.command {
        None => {
            if let Some(why) = args.order.wrong_use() {
                eprintln!("ringback: {why}");
                return Ok(ExitCode::from(WRONG_USE));
            }
            let done = replay(&args.access.admin()?, &args.order, *global).await?;
            return Ok(done.unwrap_or_else(|refused| refused.report(*global)));
        }
        Some(Command::List) => (Method::GET, "/replays".to_owned()),
        Some(Command::Show(one)) => (Method::GET, named(&one.id, "")),
        Some(Command::Pause(one)) => (Method::POST, named(&one.id, "/pause")),
        Some(Command::Resume(one)) => (Method::POST, named(&one.id, "/resume")),
        Some(Command::Cancel(one)) => (Method::DELETE, named(&one.id, "")),
    };
    let client = args.access.admin()?;
    let mut asked = client.ask(method, &path, None).await?;
    if let (Ok(_), Some(Command::Cancel(one))) = (&asked, &args.command) {
        // Calls may be under way; the place where another one goes on is known once they are back.
        asked = ended(&client, &one.id).await?;
    }
    let answer = match asked {
        Ok(answer) => answer,
        Err(refused) => return Ok(refused.report(*global)),
    };
    let mut out = io::stdout().lock();
    if global.json {
        writeln!(out, "{answer}")?;
    } else if matches!(args.command, Some(Command::List)) {
        show::list(&mut out, &answer)?;
    } else {
        show::one(&mut out, &answer)?;
    }
    Ok(ExitCode::from(DONE))
}

impl Order {
    /// What is wrong with it before the server is asked.
    fn wrong_use(&self) -> Option<&'static str> {
        let asks = !self.dry && !self.yes;
        (asks && !(io::stdin().is_terminal() && io::stderr().is_terminal())).then_some(
            "nobody can be asked here, because this is no terminal: add --yes to send, or --dry to count only",
        )
    }

    fn body(&self) -> Value {
        let Seqs(first, last) = self.seq.unwrap_or(Seqs(None, None));
        let fields = [
            ("rule", json!(self.rule)),
            ("conversation", json!(self.conversation)),
            ("user", json!(self.user)),
            ("from", json!(self.from)),
            ("to", json!(self.to)),
            ("first_seq", json!(first)),
            ("last_seq", json!(last)),
            ("after", json!(self.after)),
            ("target_url", json!(self.target)),
            ("rate", json!(self.rate)),
        ];
        let named = fields.into_iter().filter(|(_, value)| !value.is_null());
        let mut body: Map<String, Value> = named.map(|(name, value)| (name.to_owned(), value)).collect();
        body.insert("events".to_owned(), json!(self.events));
        body.insert("missed".to_owned(), json!(self.missed));
        body.insert("dry".to_owned(), json!(self.dry));
        // What is counted is what is sent: it waits for the yes, and looks no further than now.
        body.insert("hold".to_owned(), json!(!self.dry));
        Value::Object(body)
    }
}

/// Counts, asks, sends, and waits for the end.
async fn replay(client: &AdminClient, order: &Order, global: Global) -> anyhow::Result<Done> {
    let begun = match client.ask(Method::POST, "/replays", Some(&order.body())).await? {
        Ok(begun) => begun,
        Err(refused) => return Ok(Err(refused)),
    };
    let counted = match counted(client, begun).await? {
        Ok(counted) => counted,
        Err(refused) => return Ok(Err(refused)),
    };
    if global.json {
        writeln!(io::stdout(), "{counted}")?;
    } else {
        show::plan(&mut io::stdout().lock(), &counted)?;
    }
    if counted["ended_at"].is_string() {
        let ok = counted["state"] == "done";
        return Ok(Ok(ExitCode::from(if ok { DONE } else { NO })));
    }
    let id = counted["id"].as_str().unwrap_or_default().to_owned();
    if counted["counts"]["deliveries"] == 0 {
        return Ok(cancel(client, &id).await?.map(|_| ExitCode::from(DONE)));
    }
    if !order.yes && !confirmed().await? {
        return Ok(cancel(client, &id).await?.map(|_| {
            eprintln!("ringback: nothing was sent");
            ExitCode::from(NO)
        }));
    }
    let resume = format!("/replays/{}/resume", segment(&id));
    match client.ask(Method::POST, &resume, None).await? {
        Ok(_) => follow(client, &id, global).await,
        Err(refused) => Ok(Err(refused)),
    }
}

/// Asks whoever sits there; Ctrl-C is a no.
async fn confirmed() -> anyhow::Result<bool> {
    eprint!("Send them? [y/N] ");
    let (answered, answer) = tokio::sync::oneshot::channel();
    // A thread that nobody waits for: after Ctrl-C it would still read.
    std::thread::spawn(move || {
        let mut answer = String::new();
        let read = io::stdin().lock().read_line(&mut answer).map(|_| answer);
        drop(answered.send(read));
    });
    tokio::select! {
        answer = answer => Ok(matches!(answer??.trim().to_lowercase().as_str(), "y" | "yes")),
        () = super::interrupt::interrupted() => {
            eprintln!();
            Ok(false)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_messages_are_ranges() {
        for (text, expected) in [
            ("10..20", Some(Seqs(Some(10), Some(20)))),
            ("10..", Some(Seqs(Some(10), None))),
            ("..20", Some(Seqs(None, Some(20)))),
            ("7", Some(Seqs(Some(7), Some(7)))),
            ("..", None),
            ("", None),
            ("a..b", None),
            ("10-20", None),
        ] {
            assert_eq!(seqs(text).ok(), expected, "{text}");
        }
    }
}
