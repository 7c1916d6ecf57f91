//! Rules: which events go where, in which dialect, with which policy.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::event::Phase;
use crate::ids::RuleId;
use crate::limits;
use crate::message::Origin;
use crate::time::UnixMs;

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Its id; the key of its cursor.
    pub id: RuleId,
    /// What people call it.
    pub name: String,
    /// Off: nothing is asked or told, and what passes meanwhile is not sent later.
    pub enabled: bool,
    /// The contract it speaks: a dialect with its version, such as a registry of dialects names it.
    pub contract: String,
    /// Asks or tells.
    pub phase: Phase,
    /// Where to. `http` or `https`.
    pub url: String,
    /// The dialect's own names of callbacks or events that it wants; empty = all of its phase.
    pub events: Vec<String>,
    /// Which of those events.
    pub selectors: Selectors,
    /// How it is called.
    pub policy: Policy,
    /// Signs calls.
    #[serde(default)]
    pub secrets: Secrets,
    /// Where it is kept.
    pub origin: RuleOrigin,
    /// Counts changes; 1 for a new rule.
    pub version: u64,
    /// When it was last changed.
    pub changed_at: UnixMs,
    /// Switches of the dialect, `name=value`, that its contract reads when it renders for this rule.
    #[serde(default)]
    pub switches: Vec<(String, String)>,
}

impl Rule {
    /// The value of a dialect's switch.
    #[must_use]
    pub fn switch(&self, name: &str) -> Option<&str> {
        self.switches.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// Where a rule is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleOrigin {
    /// In the operator's file of this kind, which stays its source of truth.
    File(String),
    /// In the store, made through the admin API.
    Api,
}

/// Which events of those that the rule names. Empty lists select everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Selectors {
    /// The dialect's numbers of content that is not wanted.
    pub denied_types: Vec<CodeRange>,
    /// Only these recipients or groups.
    pub attention: Attention,
    /// Only these senders.
    pub from: Vec<String>,
    /// Only these recipients (single chats).
    pub to: Vec<String>,
    /// Only these groups.
    pub groups: Vec<String>,
    /// Only messages whose extension object has one of these keys.
    pub ext_keys: Vec<String>,
    /// Only what came in this way; empty = any.
    pub origins: Vec<Origin>,
    /// After-rules about messages: only these copies; empty = all that the contract has.
    pub copies: Vec<CopyKind>,
}

/// Which copies of a message an after-rule gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CopyKind {
    /// One per message.
    Chat,
    /// One per recipient who was offline when it was sent.
    ChatOffline,
}

/// Only single chats with these users and groups with these ids; both empty = everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Attention {
    /// Recipients of single chats.
    pub users: Vec<String>,
    /// Groups.
    pub groups: Vec<String>,
}

/// Content numbers, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeRange {
    /// First.
    pub first: i32,
    /// Last.
    pub last: i32,
}

impl CodeRange {
    /// Whether the number lies inside.
    #[must_use]
    pub const fn contains(self, code: i32) -> bool {
        self.first <= code && code <= self.last
    }

    /// Reads a number (`110`) or a range (`1000-5000`), 0 and up.
    ///
    /// # Errors
    /// Says what is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let number = |part: &str| part.parse::<u16>().map(i32::from).ok();
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        match (number(first.trim()), number(last.trim())) {
            (Some(first), Some(last)) if first <= last => Ok(Self { first, last }),
            (Some(_), Some(_)) => Err(format!("{text:?} is a range whose end lies before its start")),
            _ => Err(format!("{text:?} is neither a number of 0 to 65535 nor a range of two such numbers")),
        }
    }
}

/// What [`CodeRange::parse`] reads.
impl fmt::Display for CodeRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.first)?;
        if self.last == self.first { Ok(()) } else { write!(f, "-{}", self.last) }
    }
}

/// How a rule is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Time for one call, connecting and reading the answer included. Milliseconds, 1..=60,000.
    pub timeout_ms: u32,
    /// Before-rules: what silence means.
    pub on_failure: OnFailure,
    /// Before-rules: whether the sender sees that he was refused.
    pub show_error: bool,
    /// After-rules: when a failed delivery is tried again.
    pub retry: Retry,
    /// After-rules: when the receiver is left alone for a while.
    pub ban: Ban,
    /// After-rules: whether what cannot be delivered is parked (true) or dropped and counted (false).
    pub storage: bool,
    /// After-rules: which order is kept.
    pub order: Order,
    /// After-rules: calls in flight at once, 1..=1024.
    pub concurrency: u16,
    /// After-rules: calls started per second at most; `None` = no bound.
    pub rate_limit: Option<u32>,
    /// Whether the URL may lead to private and loopback addresses. Link-local ones are never called.
    pub allow_private: bool,
    /// PEM file with certificate authorities to trust instead of the server's own list.
    pub ca_file: Option<String>,
    /// Adds the headers of the Standard Webhooks specification.
    pub standard_webhooks: bool,
}

impl Policy {
    /// Time for one call.
    #[must_use]
    pub const fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms as u64)
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            timeout_ms: 5000,
            on_failure: OnFailure::Continue,
            show_error: true,
            retry: Retry::Schedule(Retry::default_schedule_s()),
            ban: Ban::Breaker,
            storage: true,
            order: Order::Conversation,
            concurrency: limits::RULE_CONCURRENCY,
            rate_limit: None,
            allow_private: false,
            ca_file: None,
            standard_webhooks: false,
        }
    }
}

/// What silence of a before-rule means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnFailure {
    /// Go on, unchanged.
    Continue,
    /// Stop.
    Refuse,
}

/// When a failed delivery is tried again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Retry {
    /// Never.
    None,
    /// Once, at once.
    Once,
    /// After so many seconds each, with jitter; then it is parked.
    Schedule(Vec<u32>),
}

impl Retry {
    /// 1 s, 5 s, 30 s, 2 min, 10 min, 30 min, 1 h. Source: design "Rules", table of presets.
    #[must_use]
    pub fn default_schedule_s() -> Vec<u32> {
        vec![1, 5, 30, 120, 600, 1800, 3600]
    }
}

/// When a receiver is left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ban {
    /// Never.
    None,
    /// After failures in a row, until a probe succeeds. The log waits meanwhile.
    Breaker,
    /// Together with all rules that say so, after failures in a time window.
    App,
}

/// Which order deliveries of a rule keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// In order inside a conversation; a parked delivery lets the next ones pass.
    Conversation,
    /// In order inside a conversation, a parked delivery holds it.
    Strict,
    /// None.
    None,
}

/// Secrets of a rule. Never printed.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secrets {
    /// The one in use.
    #[serde(default)]
    pub current: Option<String>,
    /// The one before, while receivers change over.
    #[serde(default)]
    pub previous: Option<String>,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.current.is_some() { "Secrets(***)" } else { "Secrets(none)" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_they_are_written() {
        for (text, first, last) in [("101", 101, 101), ("1000-5000", 1000, 5000), ("0", 0, 0)] {
            let range = CodeRange { first, last };
            assert_eq!(CodeRange::parse(text), Ok(range));
            assert_eq!(range.to_string(), text);
        }
        for wrong in ["", "txt", "5-", "-5", "9-3", "70000", "1-2-3"] {
            assert!(CodeRange::parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
