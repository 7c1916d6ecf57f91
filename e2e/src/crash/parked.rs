//! A rule whose receiver refuses some callbacks for good: every message is delivered or parked for it, once, however
//! often the server is killed; and what is parked is delivered when the receiver is mended.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use super::backend::{Backend, Kind, said};
use super::callbacks::LAST;
use super::history::History;
use super::report::{Count, Violation, hold};
use super::rules::{BAN_MS, REFUSED, STEADY, path, with_token};
use crate::family::Family;
use crate::rest::Rest;

/// Messages among which some are refused, and a ban has begun.
const ENOUGH: usize = 500;
const RETRY: &str = "/app-id/demo/callbacks/storage/retry";
/// How often it is asked.
const ASK_EVERY: Duration = Duration::from_millis(50);
/// How much longer than its length a ban may be shown: the machine may be busy.
const BAN_GRACE: Duration = Duration::from_secs(5);

/// A parked callback: its body, and why it is parked.
type Parked = BTreeMap<String, (String, String)>;

/// Orders everything that is parked to be sent again, to another address: how many orders were taken. The server may
/// be killed meanwhile.
pub(super) async fn order(rest: Rest, token: String, dates: Vec<Value>, target: String) -> u64 {
    let mut taken = 0;
    for date in dates {
        let body = json!({ "date": date, "targetUrl": target });
        match with_token(&rest, &token, Method::POST, RETRY, &body).await {
            Some(status) => taken += u64::from(status == 200),
            None => break,
        }
    }
    taken
}

/// Each stored message was delivered, or is parked. Then everything is sent again.
pub(super) async fn check(
    family: &Family,
    backend: &Backend,
    history: &History,
    count: &mut Count,
) -> Result<(), Violation> {
    for rule in [STEADY, REFUSED] {
        settled(family, rule).await?;
    }
    let parked = listing(family, backend).await?;
    let accounted = accounted(backend, &parked);
    let messages = history.conversations.values().flat_map(|conversation| &conversation.messages);
    for message in messages {
        hold(accounted.contains(message.text.as_str()), "every message is delivered or parked", || {
            format!("neither: {message:?}")
        })?;
    }
    let of = |reason: &str| parked.values().filter(|(_, why)| why == reason).count() as u64;
    (count.exhausted, count.banned) = (of("exhausted"), of("banned"));
    backend.mend();
    resend_all(family).await?;
    let log = backend.log.lock().unwrap();
    let refused = log.seen.iter().filter(|((kind, _), _)| *kind == Kind::Refused);
    let taken = refused.filter(|(_, seen)| seen.taken).count();
    hold(taken == history.len(), "every message is delivered once what was parked is sent again", || {
        format!("{taken} of {}", history.len())
    })?;
    // A few lives of a slow machine may be too short for a ban.
    hold(history.len() < ENOUGH || count.bans > 0, "there were bans", || "none".to_owned())
}

/// The texts of all messages that were delivered or are parked.
fn accounted(backend: &Backend, parked: &Parked) -> HashSet<String> {
    let log = backend.log.lock().unwrap();
    let delivered = log.seen.iter().filter(|((kind, _), seen)| *kind == Kind::Refused && seen.taken);
    let mut texts: HashSet<String> = delivered.map(|((_, text), _)| text.clone()).collect();
    texts.extend(parked.keys().cloned());
    texts
}

/// Waits until the rule owes nothing and what it says of itself fits with what is listed.
async fn settled(family: &Family, rule: &str) -> Result<(), Violation> {
    let begun = std::time::Instant::now();
    loop {
        let shown = family.ok(Method::GET, &path(rule), None).await;
        let status = &shown["status"];
        let owes = ["lag_events", "in_flight", "waiting"].iter().any(|key| status[*key] != json!(0));
        let stored: u64 = family.slices().await.iter().filter_map(|slice| slice["size"].as_u64()).sum();
        // Only one of the rules parks anything.
        let wanted = if rule == REFUSED { stored } else { 0 };
        if !owes && status["parked"] == json!(wanted) {
            return Ok(());
        }
        hold(
            begun.elapsed() < LAST,
            "the rule comes to the end of the log and counts what is parked",
            || format!("{stored} are listed, the rule says {status}"),
        )?;
        tokio::time::sleep(ASK_EVERY).await;
    }
}

/// What is parked, by text. Each has the id and the body that its attempts had, and is parked once.
async fn listing(family: &Family, backend: &Backend) -> Result<Parked, Violation> {
    let mut parked = Parked::new();
    for slice in family.slices().await {
        let date = slice["date"].as_str().unwrap_or_default();
        let mut after = String::new();
        loop {
            let path = format!("/admin/v1/storage/{date}?limit=200{after}");
            let page = family.ok(Method::GET, &path, None).await;
            for one in page["deliveries"].as_array().into_iter().flatten() {
                let of = |key: &str| one[key].as_str().unwrap_or_default().to_owned();
                let body: Value = serde_json::from_str(&of("body")).unwrap_or(Value::Null);
                let (text, id) = (said(&body), body["callId"].as_str().unwrap_or_default());
                backend.log.lock().unwrap().see(Kind::Refused, text, id, of("body").as_bytes());
                let before = parked.insert(text.to_owned(), (of("body"), of("reason")));
                hold(before.is_none(), "a message is parked once", || format!("again: {one}"))?;
            }
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => break,
            }
        }
    }
    Ok(parked)
}

/// Orders slices again until none is left; while the app is banned, orders are refused.
async fn resend_all(family: &Family) -> Result<(), Violation> {
    let begun = std::time::Instant::now();
    loop {
        let slices = family.slices().await;
        if slices.is_empty() {
            return Ok(());
        }
        hold(begun.elapsed() < LAST, "everything parked is sent again", || format!("left: {slices:?}"))?;
        for slice in slices {
            let order = json!({ "date": slice["date"] });
            let reply = family.call(Method::POST, RETRY, Some(&order)).await;
            // The order before may have emptied it since it was listed.
            let gone =
                || reply.body["error_description"].as_str().is_some_and(|it| it.contains("names no slice"));
            let taken = reply.status == 200 || (reply.status == 400 && gone());
            hold(taken, "slices are sent again", || format!("{reply:?}"))?;
        }
        tokio::time::sleep(ASK_EVERY).await;
    }
}

/// A ban ends: after its length the app is not banned by the same ban. Answers how many are remembered.
pub(super) async fn check_ban(family: &Family) -> Result<u64, Violation> {
    let first = family.ok(Method::GET, "/admin/v1/bans", None).await;
    if first["active"] == json!(true) {
        let until = first["active_until"].clone();
        let begun = std::time::Instant::now();
        loop {
            let now = family.ok(Method::GET, "/admin/v1/bans", None).await;
            if now["active_until"] != until {
                break;
            }
            let most = Duration::from_millis(BAN_MS) + BAN_GRACE;
            hold(begun.elapsed() < most, "a ban ends after its length", || now.to_string())?;
            tokio::time::sleep(ASK_EVERY).await;
        }
    }
    Ok(first["starts"].as_array().map_or(0, Vec::len) as u64)
}
