//! `ringback audit`: what became of everything in the log of a running server.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;

use http::Method;
use serde_json::{Value, json};

use super::access::{Access, AdminClient, Refused, segment};
use super::print::plural;
use super::{DONE, Global, NO};

const EXAMPLES: &str = "\
Examples:
  ringback audit                            # everything that is in the log, for all rules
  ringback audit --rule history --since 2h  # one rule, the last two hours
  ringback audit --conversations            # a line for each conversation, too
  ringback audit --json | jq .rules

Deliveries: delivered; ahead (the rule is on its way there), waiting (for another attempt), behind (one that waits),
parked, dropped (by a policy that says so), purged (by an administrator), expired and unaccounted. Events that were no
business of the rule: filtered (by which selector), skipped (the contract has no callback for them), other_events,
not_there (the rule was made later), off.
Exit code 1: something is expired or unaccounted for. It reads beside the traffic and changes nothing.";

/// Lines about what was not delivered that are shown of each rule.
const OPEN_SHOWN: usize = 20;

/// Arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Only this rule, by name or id
    #[arg(long, value_name = "NAME")]
    rule: Option<String>,
    /// Only events of this time or later: 2026-01-31T08:00:00Z, or how long ago: 2h
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Show each conversation
    #[arg(long)]
    conversations: bool,
    #[command(flatten)]
    access: Access,
}

/// Everything that the pages say, added up.
#[derive(Debug, Default)]
struct Whole {
    events: u64,
    rules: BTreeMap<String, Rule>,
    lanes: BTreeMap<String, Lane>,
    holes: Vec<(u64, u64)>,
}

#[derive(Debug, Default)]
struct Rule {
    name: String,
    gone: bool,
    sums: BTreeMap<(String, String), u64>,
    open: Vec<Value>,
}

#[derive(Debug, Default, PartialEq)]
struct Lane {
    events: u64,
    first_seq: u64,
    last_seq: u64,
    missing: Vec<(u64, u64)>,
    delivered: u64,
    open: u64,
}

/// Runs the command.
///
/// # Errors
/// The server cannot be asked.
pub async fn run(args: Args, global: &Global) -> anyhow::Result<ExitCode> {
    let client = args.access.admin()?;
    let whole = match read(&client, &args).await? {
        Ok(whole) => whole,
        Err(refused) => return Ok(refused.report(*global)),
    };
    let mut out = io::stdout().lock();
    if global.json {
        writeln!(out, "{}", whole.to_json())?;
    } else {
        whole.show(&mut out, args.conversations)?;
    }
    Ok(ExitCode::from(if whole.lost() == 0 { DONE } else { NO }))
}

/// Reads page after page, up to the end of the log as it was when the first one was read.
async fn read(client: &AdminClient, args: &Args) -> anyhow::Result<Result<Whole, Refused>> {
    let show = io::stderr().is_terminal();
    let mut whole = Whole::default();
    let rule = args.rule.as_ref().map(|rule| format!("&rule={}", segment(rule))).unwrap_or_default();
    let mut place = args.since.as_ref().map(|since| format!("since={}", segment(since))).unwrap_or_default();
    loop {
        let page = match client.ask(Method::GET, &format!("/audit?{place}{rule}"), None).await? {
            Ok(page) => page,
            Err(refused) => return Ok(Err(refused)),
        };
        whole.add(&page);
        let (last, upto) = (number(&page["last"]), number(&page["upto"]));
        if show {
            eprint!("\r{} events looked at, {} to go \x1b[K", whole.events, upto.saturating_sub(last));
        }
        if page["more"] != true {
            if show {
                eprint!("\r\x1b[K");
            }
            return Ok(Ok(whole));
        }
        place = format!("after={last}&upto={upto}");
    }
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or(0)
}

fn word(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn pairs(value: &Value) -> impl Iterator<Item = (u64, u64)> {
    value.as_array().into_iter().flatten().map(|pair| (number(&pair[0]), number(&pair[1])))
}

fn each(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

impl Whole {
    fn add(&mut self, page: &Value) {
        self.events += number(&page["events"]);
        self.holes.extend(pairs(&page["holes"]));
        for rule in each(&page["rules"]) {
            let whole = self.rules.entry(word(&rule["rule"])).or_default();
            whole.name = word(&rule["name"]);
            whole.gone = rule["gone"] == true;
            for sum in each(&rule["sums"]) {
                let key = (word(&sum["fate"]), word(&sum["detail"]));
                *whole.sums.entry(key).or_default() += number(&sum["count"]);
            }
            whole.open.extend(each(&rule["open"]).cloned());
        }
        for lane in each(&page["lanes"]) {
            self.lanes.entry(word(&lane["lane"])).or_default().add(lane);
        }
    }

    /// How much is lost, or has no explanation.
    fn lost(&self) -> u64 {
        let of_rules = self.rules.values().flat_map(|rule| &rule.sums);
        let lost = of_rules.filter(|((fate, _), _)| is_loss(fate)).map(|(_, count)| count).sum::<u64>();
        let missing = |gaps: &[(u64, u64)]| gaps.iter().map(|(first, last)| last - first + 1).sum::<u64>();
        let of_lanes = self.lanes.values().map(|lane| missing(&lane.missing)).sum::<u64>();
        lost + missing(&self.holes) + of_lanes
    }

    fn show(&self, out: &mut dyn io::Write, conversations: bool) -> io::Result<()> {
        writeln!(
            out,
            "{} in {} conversations and other lanes",
            plural(&self.events.to_string(), "event"),
            self.lanes.len()
        )?;
        for (id, rule) in &self.rules {
            let gone = if rule.gone { " (not there any more)" } else { "" };
            writeln!(out, "\n{}{gone}  [{id}]", rule.name)?;
            for ((fate, detail), count) in &rule.sums {
                let detail = if detail.is_empty() { String::new() } else { format!(": {detail}") };
                writeln!(out, "  {count:>10}  {fate}{detail}")?;
            }
            // What is lost first: the rest has a policy, or is on its way.
            let (lost, other): (Vec<&Value>, Vec<&Value>) =
                rule.open.iter().partition(|open| is_loss(&word(&open["fate"])));
            for open in lost.iter().chain(&other).take(OPEN_SHOWN) {
                show_open(out, open)?;
            }
            let more = rule.open.len().saturating_sub(OPEN_SHOWN);
            if more > 0 {
                writeln!(out, "    and {more} more such lines; --json has them all")?;
            }
        }
        if conversations {
            writeln!(out)?;
        }
        for (name, lane) in self.lanes.iter().filter(|(_, lane)| conversations || !lane.missing.is_empty()) {
            let seqs = match (lane.first_seq, lane.last_seq) {
                (0, _) => String::new(),
                (first, last) => format!(", {}", span("message", first, last)),
            };
            let (events, delivered, open) = (lane.events, lane.delivered, lane.open);
            let events = plural(&events.to_string(), "event");
            writeln!(out, "{name}: {events}{seqs}, {delivered} delivered, {open} open")?;
            for (first, last) in &lane.missing {
                writeln!(out, "  MISSING from the log: {}", span("message", *first, *last))?;
            }
        }
        for (first, last) in &self.holes {
            writeln!(out, "\nMISSING from the log: {}", span("position", *first, *last))?;
        }
        writeln!(out)?;
        match self.lost() {
            0 => writeln!(out, "everything is accounted for: nothing is lost"),
            lost => writeln!(out, "{lost} expired or unaccounted for"),
        }
    }

    fn to_json(&self) -> Value {
        let rule = |(id, rule): (&String, &Rule)| {
            let sums = rule
                .sums
                .iter()
                .map(|((fate, detail), count)| json!({"fate": fate, "detail": detail, "count": count}));
            json!({
                "rule": id, "name": rule.name, "gone": rule.gone, "sums": sums.collect::<Vec<_>>(),
                "open": rule.open,
            })
        };
        let lane = |(name, lane): (&String, &Lane)| {
            json!({
                "lane": name, "events": lane.events, "first_seq": lane.first_seq, "last_seq": lane.last_seq,
                "missing": lane.missing, "delivered": lane.delivered, "open": lane.open,
            })
        };
        json!({
            "events": self.events,
            "rules": self.rules.iter().map(rule).collect::<Vec<_>>(),
            "lanes": self.lanes.iter().map(lane).collect::<Vec<_>>(),
            "holes": self.holes,
            "lost": self.lost(),
        })
    }
}

fn is_loss(fate: &str) -> bool {
    matches!(fate, "expired" | "unaccounted")
}

fn show_open(out: &mut dyn io::Write, open: &Value) -> io::Result<()> {
    let (count, fate) = (number(&open["count"]), word(&open["fate"]));
    let detail = word(&open["detail"]);
    let detail = if detail.is_empty() { detail } else { format!(" ({detail})") };
    let lane = word(&open["lane"]);
    let lane = if lane.is_empty() { String::new() } else { format!(" in {lane}") };
    let seqs = match (number(&open["first_seq"]), number(&open["last_seq"])) {
        (0, _) => String::new(),
        (first, last) => format!(", {}", span("message", first, last)),
    };
    let positions = span("event", number(&open["first"]), number(&open["last"]));
    writeln!(out, "    {count} {fate}{detail}{lane}: {positions}{seqs}")
}

/// One thing by its number, or several in a row.
fn span(what: &str, first: u64, last: u64) -> String {
    if first == last { format!("{what} {first}") } else { format!("{what}s {first} to {last}") }
}

impl Lane {
    /// Adds what the next page says of it; messages go on from page to page without a gap.
    fn add(&mut self, page: &Value) {
        self.events += number(&page["events"]);
        self.delivered += number(&page["delivered"]);
        self.open += number(&page["open"]);
        let (first, last) = (number(&page["first_seq"]), number(&page["last_seq"]));
        if first > 0 {
            if self.last_seq > 0 && first > self.last_seq + 1 {
                self.missing.push((self.last_seq + 1, first - 1));
            }
            if self.first_seq == 0 {
                self.first_seq = first;
            }
            self.last_seq = last;
        }
        self.missing.extend(pairs(&page["missing"]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(last: u64, sums: &Value, lane: &Value) -> Value {
        let rule = json!({"rule": "r", "name": "history", "gone": false, "sums": sums, "open": []});
        json!({"events": 2, "last": last, "upto": 9, "more": true, "rules": [rule], "lanes": [lane], "holes": []})
    }

    fn lane(first: u64, last: u64) -> Value {
        json!({"lane": "g:tea", "events": 2, "first_seq": first, "last_seq": last, "missing": [],
            "delivered": 1, "open": 1})
    }

    #[test]
    fn pages_add_up_and_gaps_between_them_show() {
        let sums = json!([{"fate": "delivered", "detail": "", "count": 3}]);
        let mut whole = Whole::default();
        whole.add(&page(2, &sums, &lane(1, 2)));
        whole.add(&page(4, &sums, &lane(3, 4)));
        assert_eq!((whole.events, whole.lost()), (4, 0));
        assert_eq!(whole.rules["r"].sums[&("delivered".to_owned(), String::new())], 6);
        let expected = Lane { events: 4, first_seq: 1, last_seq: 4, missing: vec![], delivered: 2, open: 2 };
        assert_eq!(whole.lanes["g:tea"], expected);
        whole.add(&page(6, &sums, &lane(7, 8)));
        assert_eq!(whole.lanes["g:tea"].missing, [(5, 6)]);
        assert_eq!(whole.lost(), 2);
    }

    #[test]
    fn of_very_much_that_is_open_what_is_lost_is_shown_first() {
        let open = |fate: &str, pos: usize| {
            json!({"lane": "g:tea", "fate": fate, "detail": "", "first": pos, "last": pos, "first_seq": 0,
                "last_seq": 0, "count": 1})
        };
        let mut rule = Rule { name: "history".to_owned(), ..Rule::default() };
        rule.open = (1..=30).map(|pos| open("parked", pos)).chain([open("expired", 31)]).collect();
        let whole = Whole { rules: BTreeMap::from([("r".to_owned(), rule)]), ..Whole::default() };
        let mut out = Vec::new();
        whole.show(&mut out, false).unwrap();
        let out = String::from_utf8(out).unwrap();
        assert!(
            out.contains("history  [r]\n    1 expired in g:tea: event 31\n    1 parked in g:tea: event 1\n"),
            "{out}"
        );
        assert!(out.contains("event 19\n    and 11 more such lines") && !out.contains("event 20\n"), "{out}");
    }

    #[test]
    fn what_is_lost_is_expired_or_without_an_explanation() {
        let mut whole = Whole::default();
        let sum = |fate: &str| json!({"fate": fate, "detail": "", "count": 1});
        let sums = ["delivered", "parked", "dropped", "off", "expired", "unaccounted"].map(sum);
        whole.add(&page(2, &json!(sums), &lane(1, 2)));
        assert_eq!(whole.lost(), 2);
    }
}
