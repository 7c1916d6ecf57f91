//! What a receiver answers, as a value: rules tried from the top, then a default.

use std::time::Duration;

use ringback_model::dialect::{Described, Instruction};

/// What is done with one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// How long to wait first.
    pub delay: Duration,
    /// What to do then.
    pub reply: Reply,
}

impl Plan {
    /// Go on, at once.
    pub const ALLOW: Self = Self { delay: Duration::ZERO, reply: Reply::Say(Instruction::Allow) };
}

/// How a call ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// An answer that is valid for the callback.
    Say(Instruction),
    /// A bare status.
    Status {
        /// 100..=599.
        code: u16,
        /// Header `Retry-After`, seconds.
        retry_after_s: Option<u32>,
    },
    /// This body with status 200, whatever it is.
    Raw(String),
    /// The connection is closed without an answer.
    Close,
    /// No answer; the connection stays open until the caller gives up.
    Hang,
}

/// Rules and a default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Behaviour {
    /// The first that matches decides.
    pub rules: Vec<ScriptRule>,
    /// Where none does.
    pub default: Plan,
}

impl Behaviour {
    /// The same plan for every call.
    #[must_use]
    pub const fn always(plan: Plan) -> Self {
        Self { rules: Vec::new(), default: plan }
    }

    /// What to do with a call. `met` counts, rule by rule, the calls that met the rule's conditions so far; it
    /// grows to the number of rules.
    pub fn decide(&self, call: Option<&Described>, met: &mut Vec<u64>) -> &Plan {
        met.resize(self.rules.len(), 0);
        for (rule, met) in self.rules.iter().zip(met) {
            if !rule.when.meets(call) {
                continue;
            }
            *met = met.saturating_add(1);
            if rule.when.nth.is_none_or(|nth| nth == *met) {
                return &rule.plan;
            }
        }
        &self.default
    }
}

/// A condition and what follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptRule {
    /// The condition.
    pub when: When,
    /// What follows.
    pub plan: Plan,
}

/// Conditions; all that are given must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct When {
    /// The callback's name, whole or short, in any letter case.
    pub command: Option<String>,
    /// Who acts.
    pub from: Option<String>,
    /// On whom: user or group.
    pub to: Option<String>,
    /// Part of the message's text.
    pub text_contains: Option<String>,
    /// Only this one, counted from 1, of the calls that meet the other conditions.
    pub nth: Option<u64>,
}

impl When {
    fn meets(&self, call: Option<&Described>) -> bool {
        let Some(call) = call else {
            // What is not a callback meets only a rule without conditions on its content.
            return self.command.is_none()
                && self.from.is_none()
                && self.to.is_none()
                && self.text_contains.is_none();
        };
        self.command.as_ref().is_none_or(|name| names(call, name))
            && self.from.as_ref().is_none_or(|from| *from == call.from)
            && self.to.as_ref().is_none_or(|to| *to == call.to)
            && self.text_contains.as_ref().is_none_or(|part| call.text.contains(part.as_str()))
    }
}

/// Whether the callback has this name: its whole or its short one, in any letter case.
#[must_use]
pub fn names(call: &Described, name: &str) -> bool {
    name.eq_ignore_ascii_case(&call.command) || name.eq_ignore_ascii_case(&call.title)
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::Arc;

    use ringback_model::event::Phase;

    use super::*;

    pub(crate) fn call(title: &str, from: &str, to: &str, text: &str) -> Described {
        Described {
            contract: "test",
            command: format!("callback{title}Command"),
            title: title.to_owned(),
            phase: Phase::Before,
            from: from.to_owned(),
            to: to.to_owned(),
            to_group: false,
            text: text.to_owned(),
            operation_id: "op".to_owned(),
            client_message_id: String::new(),
            body: Arc::new(serde_json::Value::Null),
        }
    }

    fn status(code: u16) -> Plan {
        Plan { delay: Duration::ZERO, reply: Reply::Status { code, retry_after_s: None } }
    }

    fn rule(when: When, code: u16) -> ScriptRule {
        ScriptRule { when, plan: status(code) }
    }

    #[test]
    fn the_first_rule_that_matches_decides() {
        let text = |text: &str| When { text_contains: Some(text.to_owned()), ..When::default() };
        let behaviour = Behaviour {
            rules: vec![
                rule(When { command: Some("beforesend".to_owned()), ..text("spam") }, 501),
                rule(text("spam"), 502),
                rule(
                    When { from: Some("mallory".to_owned()), to: Some("bob".to_owned()), ..When::default() },
                    503,
                ),
            ],
            default: Plan::ALLOW,
        };
        let mut met = Vec::new();
        for (it, expected) in [
            (call("BeforeSend", "alice", "bob", "some spam"), status(501)),
            (call("AfterSend", "alice", "bob", "some spam"), status(502)),
            (call("AfterSend", "mallory", "bob", "hello"), status(503)),
            (call("AfterSend", "mallory", "carol", "hello"), Plan::ALLOW),
        ] {
            assert_eq!(*behaviour.decide(Some(&it), &mut met), expected, "{it:?}");
        }
    }

    #[test]
    fn nth_counts_the_calls_that_meet_the_other_conditions() {
        let when = When { from: Some("alice".to_owned()), nth: Some(2), ..When::default() };
        let behaviour = Behaviour { rules: vec![rule(when, 500)], default: Plan::ALLOW };
        let mut met = Vec::new();
        let mut decide =
            |from: &str| behaviour.decide(Some(&call("X", from, "bob", "")), &mut met) == &status(500);
        assert_eq!(
            [decide("alice"), decide("bob"), decide("alice"), decide("alice")],
            [false, false, true, false]
        );
    }

    #[test]
    fn what_is_no_callback_meets_rules_without_conditions_only() {
        let open = rule(When::default(), 500);
        let closed = rule(When { command: Some("X".to_owned()), ..When::default() }, 501);
        let behaviour = Behaviour { rules: vec![closed, open], default: Plan::ALLOW };
        assert_eq!(*behaviour.decide(None, &mut Vec::new()), status(500));
    }
}
