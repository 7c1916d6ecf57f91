//! `ringback rules`: the rules of a running server.

use std::io::{self, Write as _};
use std::process::ExitCode;

use http::Method;
use serde_json::{Map, Value, json};

use super::access::{Access, AdminClient, segment};
use super::print::{table, text};
use super::{DONE, Global, NO};
use crate::rules::fields::{FIELDS, Field};
use crate::rules::shape::Shape;
use crate::rules::shown::READ_ONLY;

const EXAMPLES: &str = "\
Examples:
  ringback rules list --dev                          # a server on this machine that runs with --dev
  ringback rules add history --dialect NAME --phase after --url https://app.example/callbacks --enable
  ringback rules add screen --dialect NAME --phase before --url https://app.example/screen --set timeout_ms=500
  ringback rules test screen                         # one sample callback, and what came back
  ringback rules set history --set from=alice,bob --set rate_limit=100
  ringback rules enable history --start-at earliest  # send what has happened before, too
  ringback rules secret history --rotate
  ringback rules secret history --rotate --kind ed25519

docs/rules.md lists every field that --set takes; `field=null` brings its default back.";

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
    /// List all rules, with how they are doing
    List,
    /// Show one rule
    Show(Named),
    /// Make a rule
    Add(AddArgs),
    /// Change a rule
    Set(SetArgs),
    /// Switch a rule on
    Enable(EnableArgs),
    /// Switch a rule off; what passes meanwhile is not sent later
    Disable(Named),
    /// Remove a rule
    Remove(RemoveArgs),
    /// Send one sample callback and show what came back
    Test(Named),
    /// Show the secret of a rule
    Secret(SecretArgs),
}

#[derive(Debug, clap::Args)]
struct Named {
    /// Name or id of the rule
    name: String,
}

#[derive(Debug, clap::Args)]
struct AddArgs {
    /// Name of the rule; after-rules: letters, digits and underscores
    name: String,
    /// Whose callbacks; a name that is not known is answered with those that are
    #[arg(long, value_name = "NAME")]
    dialect: String,
    /// `before`: the receiver is asked; `after`: it is told
    #[arg(long, value_name = "PHASE", value_parser = ["before", "after"])]
    phase: String,
    /// Where to
    #[arg(long)]
    url: String,
    /// Switch it on at once
    #[arg(long)]
    enable: bool,
    #[command(flatten)]
    fields: Fields,
}

#[derive(Debug, clap::Args)]
struct SetArgs {
    /// Name or id of the rule
    name: String,
    /// Another name
    #[arg(long, value_name = "NAME")]
    rename: Option<String>,
    /// Where to
    #[arg(long)]
    url: Option<String>,
    #[command(flatten)]
    fields: Fields,
}

#[derive(Debug, clap::Args)]
struct Fields {
    /// What it is about, by the dialect's names; may be given several times [default: everything]
    #[arg(long = "event", value_name = "NAME")]
    events: Vec<String>,
    /// Time for one call, in milliseconds
    #[arg(long, value_name = "MS")]
    timeout_ms: Option<u32>,
    /// Let it call private and loopback addresses
    #[arg(long)]
    allow_private: bool,
    /// Any field of docs/rules.md; lists are separated by commas; may be given several times
    #[arg(long = "set", value_name = "FIELD=VALUE", value_parser = assignment)]
    set: Vec<(String, Value)>,
}

#[derive(Debug, clap::Args)]
struct EnableArgs {
    /// Name or id of the rule
    name: String,
    /// Begin here instead of with the next event: a position of the log, a time such as 2026-01-31T08:00:00Z, or
    /// `earliest`
    #[arg(long, value_name = "PLACE")]
    start_at: Option<String>,
}

#[derive(Debug, clap::Args)]
struct RemoveArgs {
    /// Name or id of the rule
    name: String,
    /// Throw away what it has parked, too
    #[arg(long)]
    purge: bool,
}

#[derive(Debug, clap::Args)]
struct SecretArgs {
    /// Name or id of the rule
    name: String,
    /// Make a new one first; the present one stays valid as the previous one
    #[arg(long)]
    rotate: bool,
    /// What the new one is: shared with the receiver, or a key pair of which he gets the public half; as before without it
    #[arg(long, requires = "rotate", value_parser = ["hmac-sha256", "ed25519"])]
    kind: Option<String>,
}

/// Reads `field=value`.
fn assignment(text: &str) -> Result<(String, Value), String> {
    let (name, value) = text.split_once('=').ok_or("must be FIELD=VALUE")?;
    let name = name.trim();
    // What is no field is the server's to say: it may be newer.
    let value = Field::named(name).map_or_else(|| json!(value), |field| value_of(field.shape, value));
    Ok((name.to_owned(), value))
}

/// A value as JSON; what does not have the shape is left to the server to refuse.
fn value_of(shape: Shape, text: &str) -> Value {
    let number = || text.parse::<u64>().map_or_else(|_| json!(text), |number| json!(number));
    let items = || text.split(',').map(str::trim).filter(|item| !item.is_empty());
    match shape {
        _ if text == "null" => Value::Null,
        Shape::Text(_) | Shape::Word(_) => json!(text),
        Shape::Flag => text.parse::<bool>().map_or_else(|_| json!(text), |flag| json!(flag)),
        Shape::Number(..) | Shape::Start => number(),
        Shape::Words(_) | Shape::Texts(..) => json!(items().collect::<Vec<_>>()),
        Shape::Types(_) => items().map(|item| value_of(Shape::Start, item)).collect(),
        Shape::Retry(..) => {
            let waits: Option<Vec<u64>> = items().map(|item| item.parse().ok()).collect();
            waits.filter(|waits| !waits.is_empty()).map_or_else(|| json!(text), |waits| json!(waits))
        }
    }
}

impl Fields {
    fn into_body(self, mut body: Map<String, Value>) -> Map<String, Value> {
        if !self.events.is_empty() {
            body.insert("events".to_owned(), json!(self.events));
        }
        if let Some(timeout) = self.timeout_ms {
            body.insert("timeout_ms".to_owned(), json!(timeout));
        }
        if self.allow_private {
            body.insert("allow_private".to_owned(), json!(true));
        }
        body.extend(self.set);
        body
    }
}

/// What to ask, and how to show the answer.
struct Question {
    method: Method,
    path: String,
    body: Option<Value>,
    show: fn(&mut dyn io::Write, &Value) -> io::Result<()>,
}

impl Question {
    fn get(path: String, show: fn(&mut dyn io::Write, &Value) -> io::Result<()>) -> Self {
        Self { method: Method::GET, path, body: None, show }
    }

    fn patch(name: &str, body: &Value) -> Self {
        Self { method: Method::PATCH, path: of(name), body: Some(body.clone()), show: show_rule }
    }
}

/// Runs the command.
///
/// # Errors
/// The server cannot be asked.
pub async fn run(args: Args, global: &Global) -> anyhow::Result<ExitCode> {
    let client = args.access.admin()?;
    let is_test = matches!(args.command, Command::Test(_));
    let question = question(args.command);
    let answer = match client.ask(question.method, &question.path, question.body.as_ref()).await? {
        Ok(answer) => answer,
        Err(refused) => {
            suggest(&client, &refused.body).await;
            return Ok(refused.report(*global));
        }
    };
    let mut out = io::stdout().lock();
    if global.json {
        writeln!(out, "{answer}")?;
    } else {
        (question.show)(&mut out, &answer)?;
    }
    // A receiver that does not answer is a no; what it answers is its own business.
    let silent = is_test && answer["answer"].is_null();
    Ok(ExitCode::from(if silent { NO } else { DONE }))
}

fn question(command: Command) -> Question {
    match command {
        Command::List => Question::get("/rules".to_owned(), list),
        Command::Show(named) => Question::get(of(&named.name), show_rule),
        Command::Add(args) => {
            let mut body = Map::new();
            body.insert("name".to_owned(), json!(args.name));
            body.insert("dialect".to_owned(), json!(args.dialect));
            body.insert("phase".to_owned(), json!(args.phase));
            body.insert("url".to_owned(), json!(args.url));
            if args.enable {
                body.insert("enabled".to_owned(), json!(true));
            }
            let body = Value::Object(args.fields.into_body(body));
            Question { method: Method::POST, path: "/rules".to_owned(), body: Some(body), show: show_rule }
        }
        Command::Set(args) => {
            let mut body = Map::new();
            body.extend(args.rename.map(|name| ("name".to_owned(), json!(name))));
            body.extend(args.url.map(|url| ("url".to_owned(), json!(url))));
            Question::patch(&args.name, &Value::Object(args.fields.into_body(body)))
        }
        Command::Enable(args) => {
            let mut body = json!({"enabled": true});
            if let Some(place) = args.start_at {
                body["start_at"] = value_of(Shape::Start, &place);
            }
            Question::patch(&args.name, &body)
        }
        Command::Disable(named) => Question::patch(&named.name, &json!({"enabled": false})),
        Command::Remove(args) => {
            let query = if args.purge { "?purge=true" } else { "" };
            let path = format!("{}{query}", of(&args.name));
            Question { method: Method::DELETE, path, body: None, show: removed }
        }
        Command::Test(named) => {
            let path = format!("{}/test", of(&named.name));
            Question { method: Method::POST, path, body: None, show: tested }
        }
        Command::Secret(SecretArgs { name, rotate: false, .. }) => {
            Question::get(format!("{}/secret", of(&name)), secret)
        }
        Command::Secret(SecretArgs { name, rotate: true, kind }) => {
            let query = kind.map(|kind| format!("?kind={kind}")).unwrap_or_default();
            let path = format!("{}/secret/rotate{query}", of(&name));
            Question { method: Method::POST, path, body: None, show: secret }
        }
    }
}

fn of(name: &str) -> String {
    format!("/rules/{}", segment(name))
}

/// Where there is no rule of this name, those that there are help more than the fact.
async fn suggest(client: &AdminClient, body: &Value) {
    if body["error"]["code"] != "not_found" {
        return;
    }
    if let Ok(Ok(answer)) = client.ask(Method::GET, "/rules", None).await {
        let names: Vec<&str> = rules(&answer).filter_map(|rule| rule["name"].as_str()).collect();
        let known = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        eprintln!("ringback: rules of this server: {known}");
    }
}

fn rules(answer: &Value) -> impl Iterator<Item = &Value> {
    answer["rules"].as_array().into_iter().flatten()
}

fn list(out: &mut dyn io::Write, answer: &Value) -> io::Result<()> {
    let mut rows =
        vec![["NAME", "DIALECT", "PHASE", "STATE", "LAG", "PARKED", "ORIGIN", "URL"].map(str::to_owned)];
    for rule in rules(answer) {
        rows.push([
            text(&rule["name"]),
            text(&rule["dialect"]),
            text(&rule["phase"]),
            state(rule).to_owned(),
            text(&rule["status"]["lag_events"]),
            text(&rule["status"]["parked"]),
            text(&rule["origin"]),
            text(&rule["url"]),
        ]);
    }
    table(out, &rows)
}

/// How a rule is doing, in a word.
fn state(rule: &Value) -> &'static str {
    let status = &rule["status"];
    if !rule["problem"].is_null() {
        "problem"
    } else if rule["enabled"] == false {
        "off"
    } else if !status["banned_until"].is_null() {
        "banned"
    } else if status["breaker"]["open"] == true {
        "paused"
    } else {
        "on"
    }
}

/// In the order of the tables; what this command does not know yet comes last.
fn show_rule(out: &mut dyn io::Write, rule: &Value) -> io::Result<()> {
    let known = FIELDS.iter().map(|field| field.name).chain(READ_ONLY.iter().map(|field| field.name));
    let mut rows: Vec<[String; 2]> = Vec::new();
    let empty = Map::new();
    let rule = rule.as_object().unwrap_or(&empty);
    let others = rule.keys().map(String::as_str).filter(|name| !known.clone().any(|known| known == *name));
    for name in known.clone().chain(others) {
        match rule.get(name) {
            None | Some(Value::Null) => {}
            Some(Value::Object(parts)) => {
                rows.extend(parts.iter().map(|(part, value)| [format!("{name}.{part}"), text(value)]));
            }
            Some(Value::Array(items)) if items.is_empty() && name == "denied_types" => {
                rows.push([name.to_owned(), "(none)".to_owned()]);
            }
            Some(value) => rows.push([name.to_owned(), text(value)]),
        }
    }
    table(out, &rows)
}

fn removed(out: &mut dyn io::Write, answer: &Value) -> io::Result<()> {
    let purged = answer["purged"].as_u64().unwrap_or(0);
    let parked = if purged > 0 { format!(", with {purged} parked deliveries") } else { String::new() };
    writeln!(out, "{} is removed{parked}", text(&answer["id"]))
}

fn tested(out: &mut dyn io::Write, answer: &Value) -> io::Result<()> {
    let request = &answer["request"];
    writeln!(out, "{} {}", text(&request["method"]), text(&request["url"]))?;
    for (name, value) in request["headers"].as_object().into_iter().flatten() {
        writeln!(out, "{name}: {}", text(value))?;
    }
    writeln!(out, "\n{}\n", text(&request["body"]))?;
    if answer["answer"].is_object() {
        let came = &answer["answer"];
        writeln!(out, "HTTP {} after {} ms", text(&came["status"]), text(&answer["took_ms"]))?;
        writeln!(out, "{}", text(&came["body"]))?;
    } else {
        writeln!(out, "no answer after {} ms", text(&answer["took_ms"]))?;
    }
    writeln!(out, "\n{}", text(&answer["meaning"]))
}

fn secret(out: &mut dyn io::Write, answer: &Value) -> io::Result<()> {
    writeln!(out, "{}", text(&answer["secret"]))?;
    match &answer["public_key"] {
        Value::String(key) => writeln!(out, "receivers check signatures with {key}"),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_become_what_their_fields_are() {
        for (given, name, value) in [
            ("from=alice, bob", "from", json!(["alice", "bob"])),
            ("from=", "from", json!([])),
            ("enabled=true", "enabled", json!(true)),
            ("enabled=yes", "enabled", json!("yes")),
            ("timeout_ms=500", "timeout_ms", json!(500)),
            ("retry=none", "retry", json!("none")),
            ("retry=1,5,30", "retry", json!([1, 5, 30])),
            ("denied_types=101,1000-5000", "denied_types", json!([101, "1000-5000"])),
            ("rate_limit=null", "rate_limit", json!(null)),
            ("name=123", "name", json!("123")),
            ("url=http://h/?a=b", "url", json!("http://h/?a=b")),
            ("start_at=earliest", "start_at", json!("earliest")),
            ("new_field=x", "new_field", json!("x")),
        ] {
            assert_eq!(assignment(given), Ok((name.to_owned(), value)), "{given}");
        }
        assert!(assignment("nothing").is_err());
    }

    #[test]
    fn a_rule_that_is_not_called_says_why_in_a_word() {
        let status = |banned: Value, open: bool| json!({"banned_until": banned, "breaker": {"open": open}});
        for (rule, word) in [
            (json!({"enabled": true, "status": status(json!(null), false)}), "on"),
            (json!({"enabled": true, "status": status(json!("2026-01-01T00:00:00Z"), true)}), "banned"),
            (json!({"enabled": true, "status": status(json!(null), true)}), "paused"),
            (json!({"enabled": false, "status": null}), "off"),
            (json!({"enabled": true, "problem": "no such dialect", "status": null}), "problem"),
        ] {
            assert_eq!(state(&rule), word, "{rule}");
        }
    }

    #[test]
    fn names_stand_in_paths_as_one_segment() {
        assert_eq!(of("a/b 审"), "/rules/a%2Fb%20%E5%AE%A1");
    }
}
