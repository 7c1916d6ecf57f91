//! The rules of a campaign: those of a file, which ask and tell about every message, and three that are made by API.

use crate::family::MESSAGES;
use http::Method;
use serde_json::{Value, json};

use super::relations;
use super::report::{Violation, hold};
use crate::family::Family;
use crate::rest::Rest;
use crate::rules::{ALL, webhooks};
use crate::setup::Setup;

/// An after-rule whose receiver refuses some callbacks for good: it bans the app again and again, and what falls into
/// that is parked.
pub(super) const REFUSED: &str = "refused";
/// An after-rule that tries again on a schedule, and whose settings are changed again and again.
pub(super) const STEADY: &str = "steady";
/// A before-rule.
pub(super) const VETO: &str = "veto";

/// Two attempts each: five callbacks that are refused begin a ban.
const FAILURES: &str = "10";
/// Length of a ban, milliseconds; every ban is as long.
pub(super) const BAN_MS: u64 = 300;

/// Longest time for one call of the rules, milliseconds: far longer than a busy machine takes, because a campaign is
/// not about timeouts.
const TIMEOUT_MS: u32 = 15_000;

/// A server that stores, and bans soon and shortly.
pub(super) fn setup(url: &str) -> Setup {
    Setup::dev()
        .webhooks(&webhooks(url, &file_rules()))
        .setting("storage.enabled", "true")
        .setting("ban.failures", FAILURES)
        .setting("ban.step", &format!("{BAN_MS}ms"))
        .setting("ban.most_steps", "1")
        .setting("gate.max_wait", "30s")
        .setting("logging.level", "warn")
        .setting("rates.messages_users", "off")
        .setting("rates.requests", "off")
        .setting("rates.storage_info", "off")
        .setting("rates.storage_retry", "off")
}

/// On, and refusing where the backend does not answer: what it has not allowed must not be stored.
const PATIENT: &str = "enable: true, timeout: 15, failedContinue: false";

/// Every message, and what [`relations`] does.
fn file_rules() -> Vec<(&'static str, &'static str)> {
    let steps = relations::RULES.iter().map(|(name, _)| (*name, "enable: true, timeout: 15"));
    ALL.iter().map(|(name, _)| (*name, PATIENT)).chain(steps).collect()
}

/// Makes the rules that are made by API.
pub(super) async fn make(family: &Family, url: &str) {
    let at = |name: &str| format!("{url}/{name}");
    let refused = json!({
        "name": REFUSED, "dialect": "shengwang", "phase": "after", "events": MESSAGES, "url": at(REFUSED), "copies": ["chat"],
        "timeout_ms": TIMEOUT_MS,
    });
    let steady = json!({
        "name": STEADY, "dialect": "easemob", "phase": "after", "events": MESSAGES, "url": at(STEADY), "copies": ["chat"],
        "timeout_ms": TIMEOUT_MS, "retry": [1, 1, 1, 1], "ban": "breaker",
    });
    let veto = json!({
        "name": VETO, "dialect": "agora", "phase": "before", "url": at(VETO), "timeout_ms": TIMEOUT_MS,
        "on_failure": "refuse", "show_error": true,
    });
    for rule in [refused, steady, veto] {
        family.rule(&rule).await;
    }
}

/// What may stand in the changing field of [`STEADY`]: the last value that was acknowledged, and those asked for
/// since.
#[derive(Debug, Clone)]
pub(super) struct Changing {
    known: u32,
    asked: Vec<u32>,
    /// How often it was changed, as far as that was acknowledged.
    pub(super) acknowledged: u64,
}

impl Default for Changing {
    fn default() -> Self {
        Self { known: TIMEOUT_MS, asked: Vec::new(), acknowledged: 0 }
    }
}

impl Changing {
    /// The next value, from now on possible.
    pub(super) fn ask(&mut self) -> u32 {
        let next = self.asked.last().unwrap_or(&self.known) + 1;
        self.asked.push(next);
        next
    }

    /// The value asked for last was acknowledged.
    pub(super) fn acknowledge(&mut self) {
        if let Some(value) = self.asked.pop() {
            self.known = value;
            self.asked.clear();
            self.acknowledged += 1;
        }
    }

    /// Holds it against what the rule says now.
    pub(super) async fn check(&mut self, family: &Family) -> Result<(), Violation> {
        let rule = family.ok(Method::GET, &path(STEADY), None).await;
        let seen = rule["timeout_ms"].as_u64().and_then(|value| u32::try_from(value).ok());
        let possible = |value: &u32| *value == self.known || self.asked.contains(value);
        let Some(value) = seen.filter(possible) else {
            let expected =
                format!("{STEADY} has the acknowledged timeout_ms {} or {:?}", self.known, self.asked);
            return Err(Violation::new(expected, rule.to_string()));
        };
        self.known = value;
        self.asked.clear();
        hold(rule["enabled"] == json!(true) && rule["problem"].is_null(), "the rule is on", || {
            rule.to_string()
        })
    }
}

/// Sends a change of [`STEADY`]; true where it was acknowledged.
pub(super) async fn change(rest: Rest, token: String, timeout_ms: u32) -> bool {
    let body = json!({ "timeout_ms": timeout_ms });
    let answer = with_token(&rest, &token, Method::PATCH, &path(STEADY), &body).await;
    answer.is_some_and(|status| status == 200)
}

/// A call with the app token to a server that may be dead: the status, if it answers.
pub(super) async fn with_token(
    rest: &Rest,
    token: &str,
    method: Method,
    path: &str,
    body: &Value,
) -> Option<u16> {
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let answer = rest.try_send(method, path, &headers, body.to_string().into_bytes()).await;
    answer.ok().map(|reply| reply.status)
}

pub(super) fn path(name: &str) -> String {
    format!("/admin/v1/rules/{name}")
}
