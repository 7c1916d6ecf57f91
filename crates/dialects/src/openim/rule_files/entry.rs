//! One callback's map in a rule file.
//! Source: openim-callbacks fact sheet 2.1 and 2.4.

use std::time::Duration;

use ringback_model::event::Phase;
use ringback_model::limits;
use ringback_model::rule::{CodeRange, OnFailure, Order, Policy, Retry, Secrets};

use super::notes::Notes;
use super::scalars::{self, Spelling};
use super::yaml::{Member, Node, Value};
use super::{FILTER_MEMBERS, Shape};
use crate::openim::callbacks::commands::nearest;
use crate::openim::callbacks::exclusion::NOTIFICATIONS;
use crate::openim::options::TYPING;

/// What the original does with a timeout of zero: its own cap alone ends the call. Seconds.
/// Source: openim-callbacks fact sheet 1.3.
const ORIGINAL_CAP_S: u32 = 15;

/// What an entry says; everything that is not said has its default.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) enabled: bool,
    pub(super) policy: Policy,
    pub(super) denied: Vec<CodeRange>,
    pub(super) attention: Vec<String>,
    pub(super) secrets: Secrets,
}

/// Reads one entry. What is wrong with it goes into the notes.
pub(super) struct Reader<'a> {
    pub(super) shape: &'static Shape,
    pub(super) key: &'a str,
    pub(super) phase: Phase,
    /// The callback is about messages that are sent: only those can be chosen by what and to whom they are.
    pub(super) of_messages: bool,
    /// A failed before-call refuses whatever the file says.
    pub(super) always_refuse: bool,
    pub(super) notes: &'a mut Notes,
}

impl Reader<'_> {
    /// Reads the members of the entry's map.
    pub(super) fn read(mut self, members: &[Member]) -> Entry {
        let mut entry = Entry {
            enabled: false,
            policy: Policy {
                timeout_ms: self.shape.timeout_s * 1000,
                allow_private: true,
                ..Policy::default()
            },
            denied: Vec::new(),
            attention: Vec::new(),
            secrets: Secrets::default(),
        };
        let mut says_continue = false;
        for member in members {
            says_continue |= member.key == self.shape.continue_key;
            if let Err(wrong) = self.member(&mut entry, member) {
                self.notes.error(
                    member.node.line,
                    &self.path(&member.key),
                    format!("{} {wrong}", member.key),
                );
            }
        }
        if entry.enabled && entry.policy.standard_webhooks && entry.secrets.current.is_none() {
            let line = members.iter().find(|member| member.key == "standardWebhooks").map_or(0, |it| it.line);
            let text = "standardWebhooks is on, but there is no secret: nothing is signed";
            self.notes.warn(line, &self.path("standardWebhooks"), text.to_owned());
        }
        if self.phase == Phase::Before {
            self.silence(&mut entry, says_continue, members.first().map_or(0, |member| member.line));
        }
        entry
    }

    fn path(&self, name: &str) -> String {
        format!("{}.{name}", self.key)
    }

    fn member(&mut self, entry: &mut Entry, member: &Member) -> Result<(), String> {
        let node = &member.node;
        let name = member.key.as_str();
        let policy = &mut entry.policy;
        match name {
            "enable" => entry.enabled = scalars::boolean(node)?.unwrap_or(false),
            _ if name == self.shape.timeout_key => policy.timeout_ms = self.timeout(name, node)?,
            _ if name == self.shape.continue_key => policy.on_failure = self.on_failure(name, node)?,
            _ if self.is_filter(name) && !self.of_messages => self.unused_filter(name, node)?,
            "deniedTypes" if self.shape.filters => entry.denied.extend(self.ranges(name, node)?),
            "allowedTypes" if self.shape.filters => entry.denied.extend(self.allowed(name, node)?),
            "attentionIds" if self.shape.filters => entry.attention = self.attention(name, node)?,
            "retry" => policy.retry = retry(node)?,
            "order" => policy.order = order(node)?,
            "caFile" => policy.ca_file = scalars::text(node)?,
            "standardWebhooks" => policy.standard_webhooks = scalars::boolean(node)?.unwrap_or(false),
            "secret" => entry.secrets.current = secret(node)?,
            "concurrency" => policy.concurrency = concurrency(node)?,
            _ => self.unknown(member),
        }
        Ok(())
    }

    fn unknown(&mut self, member: &Member) {
        let hint = nearest(&member.key, self.shape.members())
            .map_or_else(String::new, |nearest| format!("; did you mean {nearest}?"));
        let text = format!("{} is not known here and means nothing{hint}", member.key);
        self.notes.warn(member.line, &self.path(&member.key), text);
    }

    fn timeout(&mut self, name: &str, node: &Node) -> Result<u32, String> {
        let Some(seconds) = scalars::integer(node)? else { return Ok(self.shape.timeout_s * 1000) };
        let cap = limits::RULE_TIMEOUT_MAX.as_secs();
        let path = self.path(name);
        let Some(seconds) = u32::try_from(seconds).ok().filter(|seconds| *seconds > 0) else {
            let text = format!(
                "a {name} of {seconds} gives no time; {ORIGINAL_CAP_S} s are used, as in the original"
            );
            self.notes.warn(node.line, &path, text);
            return Ok(ORIGINAL_CAP_S * 1000);
        };
        if u64::from(seconds) > cap {
            self.notes.warn(
                node.line,
                &path,
                format!("a {name} of {seconds} s is more than the cap; {cap} s are used"),
            );
            return Ok(u32::try_from(limits::RULE_TIMEOUT_MAX.as_millis()).unwrap_or(u32::MAX));
        }
        let gate = limits::GATE_MAX_WAIT;
        if self.phase == Phase::Before && Duration::from_secs(seconds.into()) > gate {
            let text = format!(
                "a message waits {} s for all its before-callbacks together unless gate.max_wait says otherwise, so \
                 that {seconds} s may never be reached",
                gate.as_secs()
            );
            self.notes.warn(node.line, &path, text);
        }
        Ok(seconds * 1000)
    }

    fn on_failure(&mut self, name: &str, node: &Node) -> Result<OnFailure, String> {
        let path = self.path(name);
        if self.phase == Phase::After {
            self.notes.warn(node.line, &path, format!("{name} means nothing for an after-callback"));
            return Ok(OnFailure::Continue);
        }
        Ok(match scalars::boolean(node)? {
            Some(true) => OnFailure::Continue,
            Some(false) => OnFailure::Refuse,
            None => {
                self.notes.warn(
                    node.line,
                    &path,
                    format!("{name} is empty, which reads as false: {REFUSES}"),
                );
                OnFailure::Refuse
            }
        })
    }

    fn silence(&mut self, entry: &mut Entry, says_continue: bool, line: usize) {
        let name = self.shape.continue_key;
        let path = self.path(name);
        if self.always_refuse {
            if entry.enabled && entry.policy.on_failure == OnFailure::Continue {
                let text = format!("openim.compat.failed_continue is coded: {name} is not read, {REFUSES}");
                self.notes.warn(line, &path, text);
            }
            entry.policy.on_failure = OnFailure::Refuse;
        } else if entry.enabled && !says_continue {
            let text = format!("{name} is not given; true is assumed: a failed call lets it go on");
            self.notes.warn(line, &path, text);
        }
    }

    fn is_filter(&self, name: &str) -> bool {
        self.shape.filters && FILTER_MEMBERS.contains(&name)
    }

    /// The original has these keys everywhere and looks at them for messages alone.
    fn unused_filter(&mut self, name: &str, node: &Node) -> Result<(), String> {
        if !scalars::list(node)?.0.is_empty() {
            let text = format!("{name} is for callbacks about messages and means nothing here");
            self.notes.warn(node.line, &self.path(name), text);
        }
        Ok(())
    }

    fn ranges(&mut self, name: &str, node: &Node) -> Result<Vec<CodeRange>, String> {
        let (items, _) = scalars::list(node)?;
        let ranges = items.iter().map(|item| scalars::code_range(item)).collect::<Result<Vec<_>, _>>()?;
        for (range, item) in ranges.iter().zip(&items) {
            if let Some(why) = never_matches(*range) {
                self.notes.warn(node.line, &self.path(name), format!("{name} has {item}, which {why}"));
            }
        }
        Ok(ranges)
    }

    fn allowed(&mut self, name: &str, node: &Node) -> Result<Vec<CodeRange>, String> {
        let ranges = self.ranges(name, node)?;
        if ranges.is_empty() {
            return Ok(Vec::new());
        }
        let text = format!(
            "{name} is no longer read by newer versions of the original; here only these types are called back"
        );
        self.notes.warn(node.line, &self.path(name), text);
        Ok(scalars::complement(&ranges))
    }

    fn attention(&mut self, name: &str, node: &Node) -> Result<Vec<String>, String> {
        let (ids, spelling) = scalars::list(node)?;
        let path = self.path(name);
        if self.phase == Phase::Before {
            if !ids.is_empty() {
                self.notes.warn(
                    node.line,
                    &path,
                    format!("{name} is for after-callbacks only and means nothing here"),
                );
            }
            return Ok(Vec::new());
        }
        let in_file = node.line > 0;
        match spelling {
            Spelling::Json => {
                self.notes.warn(
                    node.line,
                    &path,
                    format!("{name} is a JSON text, which the original misreads; it is read as a list"),
                );
            }
            Spelling::Commas if in_file && !matches!(&node.value, Value::Text(text) if text.is_empty()) => {
                self.notes.warn(
                    node.line,
                    &path,
                    format!("{name} is a text and not a list; it is split at its commas"),
                );
            }
            Spelling::Commas | Spelling::List => {}
        }
        Ok(ids)
    }
}

const REFUSES: &str = "a failed call refuses";

fn never_matches(range: CodeRange) -> Option<&'static str> {
    if range.first > range.last {
        return Some("runs backwards and never matches");
    }
    if range.last < 1 {
        return Some("never matches: content types are above 0");
    }
    let excluded = |code: &i32| *code == TYPING || NOTIFICATIONS.contains(code);
    let both_ends = excluded(&range.first) && excluded(&range.last);
    // Typing stands alone, notifications are one interval: two ends inside mean everything inside, unless
    // the range reaches from the one to the other.
    let inside = both_ends && (range.first == range.last || range.first != TYPING);
    inside.then_some("changes nothing: such messages are never called back")
}

fn retry(node: &Node) -> Result<Retry, String> {
    match scalars::text(node)?.as_deref() {
        None | Some("default") => Ok(Retry::Schedule(Retry::default_schedule_s())),
        Some("none") => Ok(Retry::None),
        Some("once") => Ok(Retry::Once),
        Some(other) => Err(format!("is {other:?}, not one of default, once, none")),
    }
}

fn order(node: &Node) -> Result<Order, String> {
    match scalars::text(node)?.as_deref() {
        None | Some("conversation") => Ok(Order::Conversation),
        Some("strict") => Ok(Order::Strict),
        Some("none") => Ok(Order::None),
        Some(other) => Err(format!("is {other:?}, not one of conversation, strict, none")),
    }
}

/// The value of a secret stays out of the message, also when it has the wrong type.
fn secret(node: &Node) -> Result<Option<String>, String> {
    scalars::text(node)
}

fn concurrency(node: &Node) -> Result<u16, String> {
    let Some(number) = scalars::integer(node)? else { return Ok(limits::RULE_CONCURRENCY) };
    u16::try_from(number)
        .ok()
        .filter(|number| (1..=1024).contains(number))
        .ok_or_else(|| format!("is {number}, not 1 to 1024"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_that_are_excluded_anyway_are_remarked_on() {
        let says = |first, last| never_matches(CodeRange { first, last });
        for (first, last) in [(113, 113), (1000, 5000), (1304, 1304), (500, 200), (-3, 0)] {
            assert!(says(first, last).is_some(), "{first}-{last}");
        }
        for (first, last) in [(101, 101), (113, 1200), (200, 1500), (100, 113), (5001, 5001)] {
            assert!(says(first, last).is_none(), "{first}-{last}");
        }
    }
}
