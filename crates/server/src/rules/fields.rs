//! The table of everything that a rule has: type, range, unit, phase, default and meaning of each field. Parsing,
//! checks, the description for machines and `docs/rules.md` are made from it.

use ringback_model::dialect::{Contract, Preset};
use ringback_model::event::Phase;
use ringback_model::limits;
use ringback_model::message::Origin;
use ringback_model::rule::{Ban, CodeRange, CopyKind, OnFailure, Order, Retry, Rule};
use serde_json::{Value, json};

use super::shape::Shape;

/// [`limits::RULE_TIMEOUT_MAX`], in milliseconds.
const TIMEOUT_MAX_MS: u32 = 60_000;

/// Rules of which phase have a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phases {
    /// All.
    Both,
    /// Only these.
    Only(Phase),
}

impl Phases {
    /// Whether rules of this phase have the field.
    #[must_use]
    pub fn contains(self, phase: Phase) -> bool {
        match self {
            Self::Both => true,
            Self::Only(only) => only == phase,
        }
    }
}

/// What holds where a request does not name a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Initially {
    /// It must be named when a rule is made.
    Required,
    /// What the rule's contract says for its phase.
    Preset,
    /// This, in words.
    Said(&'static str),
}

/// A field that requests may name.
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// Its form.
    pub shape: Shape,
    /// Its unit, or what its texts are; empty where the meaning says it all.
    pub unit: &'static str,
    /// Which rules have it.
    pub phases: Phases,
    /// What holds without it.
    pub initially: Initially,
    /// What it means.
    pub doc: &'static str,
    /// Puts a value of its shape, or null where [`Field::show`] shows null, into its place; an error is a clause
    /// about the value.
    set: fn(&mut Rule, &Value, &dyn Contract) -> Result<(), String>,
    /// How answers show it; `None` = they do not.
    show: Option<Show>,
}

/// Shows a field of a rule, whose contract may be gone.
type Show = fn(&Rule, Option<&dyn Contract>) -> Value;

/// All fields that requests may name.
pub static FIELDS: &[Field] = &[
    Field {
        name: "name",
        shape: Shape::Text(limits::RULE_NAME_CHARS),
        unit: "",
        phases: Phases::Both,
        initially: Initially::Required,
        doc: "What people call the rule; no two rules have the same. After-rules: letters, digits and underscores; \
              before-rules: any text.",
        set: |rule, value, _| read_into(&mut rule.name, value),
        show: Some(|rule, _| json!(rule.name)),
    },
    Field {
        name: "dialect",
        shape: Shape::Text(32),
        unit: "",
        phases: Phases::Both,
        initially: Initially::Required,
        doc: "Whose callbacks are sent: the name of a contract, see `GET /admin/v1/dialects`.",
        set: |rule, value, _| read_into(&mut rule.contract, value),
        show: Some(|rule, _| json!(rule.contract)),
    },
    Field {
        name: "phase",
        shape: Shape::Word(&["before", "after"]),
        unit: "",
        phases: Phases::Both,
        initially: Initially::Required,
        doc: "`before`: the receiver is asked and may refuse or change; `after`: it is told. It cannot be changed \
              later.",
        set: |rule, value, _| read_into(&mut rule.phase, value),
        show: Some(|rule, _| json!(rule.phase)),
    },
    Field {
        name: "url",
        shape: Shape::Text(limits::RULE_URL_CHARS),
        unit: "",
        phases: Phases::Both,
        initially: Initially::Required,
        doc: "Where to: `http` or `https`, without a user name, a password or a fragment.",
        set: |rule, value, _| read_into(&mut rule.url, value),
        show: Some(|rule, _| json!(rule.url)),
    },
    Field {
        name: "enabled",
        shape: Shape::Flag,
        unit: "",
        phases: Phases::Both,
        initially: Initially::Preset,
        doc: "Whether the rule is on. What passes while it is off is not sent later, unless `start_at` says so.",
        set: |rule, value, _| read_into(&mut rule.enabled, value),
        show: Some(|rule, _| json!(rule.enabled)),
    },
    Field {
        name: "secret",
        shape: Shape::Text(limits::RULE_SECRET_CHARS),
        unit: "",
        phases: Phases::Both,
        initially: Initially::Said("made by the server"),
        doc: "Signs the calls. Answers show it only when it is made or changed; later `GET \
              /admin/v1/rules/{name}/secret` does. Changing it keeps the old one as `previous_secret`, unless that \
              is named too. `whsk_` and base64 is an ed25519 key pair (Standard Webhooks): answers then show its \
              `public_key`, and signatures are `v1a`; what a dialect signs with the secret itself needs another kind.",
        set: |rule, value, _| read_into(&mut rule.secrets.current, value),
        show: None,
    },
    Field {
        name: "previous_secret",
        shape: Shape::Text(limits::RULE_SECRET_CHARS),
        unit: "",
        phases: Phases::Both,
        initially: Initially::Said("none"),
        doc: "The secret before, while receivers change over; null forgets it.",
        set: |rule, value, _| read_into(&mut rule.secrets.previous, value),
        show: None,
    },
    Field {
        name: "events",
        shape: Shape::Texts(limits::RULE_LIST_ITEMS, limits::RULE_WORD_CHARS),
        unit: "names of the dialect",
        phases: Phases::Both,
        initially: Initially::Preset,
        doc: "What it is called about, by the dialect's names, see `GET /admin/v1/dialects`; empty = everything of \
              its phase.",
        set: |rule, value, _| read_into(&mut rule.events, value),
        show: Some(|rule, _| json!(rule.events)),
    },
    Field {
        name: "copies",
        shape: Shape::Words(&["chat", "chat_offline"]),
        unit: "",
        phases: Phases::Only(Phase::After),
        initially: Initially::Preset,
        doc: "Which copies of a message: `chat`, one per message; `chat_offline`, one per recipient who is offline; \
              empty = both.",
        set: |rule, value, _| read_into::<Vec<CopyKind>>(&mut rule.selectors.copies, value),
        show: Some(|rule, _| json!(rule.selectors.copies)),
    },
    Field {
        name: "origins",
        shape: Shape::Words(&["client", "rest"]),
        unit: "",
        phases: Phases::Both,
        initially: Initially::Preset,
        doc: "Only what came in this way: from a client, or by REST; empty = both.",
        set: |rule, value, _| read_into::<Vec<Origin>>(&mut rule.selectors.origins, value),
        show: Some(|rule, _| json!(rule.selectors.origins)),
    },
    Field {
        name: "from",
        shape: Shape::Texts(limits::RULE_LIST_ITEMS, limits::ID_BYTES),
        unit: "user ids",
        phases: Phases::Both,
        initially: Initially::Preset,
        doc: "Only these senders; empty = all. Lists of different kinds must all be met.",
        set: |rule, value, _| read_into(&mut rule.selectors.from, value),
        show: Some(|rule, _| json!(rule.selectors.from)),
    },
    Field {
        name: "to",
        shape: Shape::Texts(limits::RULE_LIST_ITEMS, limits::ID_BYTES),
        unit: "user ids",
        phases: Phases::Both,
        initially: Initially::Preset,
        doc: "Only one-to-one messages to these users; empty = all.",
        set: |rule, value, _| read_into(&mut rule.selectors.to, value),
        show: Some(|rule, _| json!(rule.selectors.to)),
    },
    Field {
        name: "groups",
        shape: Shape::Texts(limits::RULE_LIST_ITEMS, limits::ID_BYTES),
        unit: "group and room ids",
        phases: Phases::Both,
        initially: Initially::Preset,
        doc: "Only messages to these groups and rooms; empty = all.",
        set: |rule, value, _| read_into(&mut rule.selectors.groups, value),
        show: Some(|rule, _| json!(rule.selectors.groups)),
    },
    Field {
        name: "ext_keys",
        shape: Shape::Texts(limits::RULE_LIST_ITEMS, limits::RULE_WORD_CHARS),
        unit: "keys",
        phases: Phases::Both,
        initially: Initially::Preset,
        doc: "Only messages whose extension object has one of these keys; empty = all.",
        set: |rule, value, _| read_into(&mut rule.selectors.ext_keys, value),
        show: Some(|rule, _| json!(rule.selectors.ext_keys)),
    },
    Field {
        name: "denied_types",
        shape: Shape::Types(limits::RULE_LIST_ITEMS),
        unit: "the dialect's content types",
        phases: Phases::Both,
        initially: Initially::Preset,
        doc: "Messages of these types are left out: numbers, ranges such as `1000-5000`, or names, as the dialect \
              has them.",
        set: set_denied_types,
        show: Some(show_denied_types),
    },
    Field {
        name: "timeout_ms",
        shape: Shape::Number(1, TIMEOUT_MAX_MS),
        unit: "ms",
        phases: Phases::Both,
        initially: Initially::Preset,
        doc: "Time for one call, from connecting to the last byte of the answer.",
        set: |rule, value, _| read_into(&mut rule.policy.timeout_ms, value),
        show: Some(|rule, _| json!(rule.policy.timeout_ms)),
    },
    Field {
        name: "on_failure",
        shape: Shape::Word(&["continue", "refuse"]),
        unit: "",
        phases: Phases::Only(Phase::Before),
        initially: Initially::Preset,
        doc: "What becomes of the message where no usable answer comes in time.",
        set: |rule, value, _| read_into::<OnFailure>(&mut rule.policy.on_failure, value),
        show: Some(|rule, _| json!(rule.policy.on_failure)),
    },
    Field {
        name: "show_error",
        shape: Shape::Flag,
        unit: "",
        phases: Phases::Only(Phase::Before),
        initially: Initially::Preset,
        doc: "Whether the sender sees that his message was refused; false: he sees success.",
        set: |rule, value, _| read_into(&mut rule.policy.show_error, value),
        show: Some(|rule, _| json!(rule.policy.show_error)),
    },
    Field {
        name: "storage",
        shape: Shape::Flag,
        unit: "",
        phases: Phases::Only(Phase::After),
        initially: Initially::Preset,
        doc: "Whether what cannot be delivered is kept for sending again (where the setting `storage.enabled` is on) \
              or dropped and counted.",
        set: |rule, value, _| read_into(&mut rule.policy.storage, value),
        show: Some(|rule, _| json!(rule.policy.storage)),
    },
    Field {
        name: "retry",
        shape: Shape::Retry(limits::RULE_RETRY_STEPS, limits::RULE_RETRY_WAIT_S),
        unit: "seconds",
        phases: Phases::Only(Phase::After),
        initially: Initially::Preset,
        doc: "When a failed delivery is tried again: never, once and at once, after 1, 5, 30, 120, 600, 1800 and 3600 \
              seconds (`default`), or after these waits.",
        set: set_retry,
        show: Some(|rule, _| show_retry(&rule.policy.retry)),
    },
    Field {
        name: "ban",
        shape: Shape::Word(&["none", "breaker", "app"]),
        unit: "",
        phases: Phases::Only(Phase::After),
        initially: Initially::Preset,
        doc: "When the receiver is left alone: never; after failures in a row, until a probe succeeds (the log \
              waits); or together with all rules that say `app`, after many failures in a short time.",
        set: |rule, value, _| read_into::<Ban>(&mut rule.policy.ban, value),
        show: Some(|rule, _| json!(rule.policy.ban)),
    },
    Field {
        name: "order",
        shape: Shape::Word(&["conversation", "strict", "none"]),
        unit: "",
        phases: Phases::Only(Phase::After),
        initially: Initially::Preset,
        doc: "Which order deliveries keep: that of their conversation; the same, held up by one that could not be \
              delivered; or none.",
        set: |rule, value, _| read_into::<Order>(&mut rule.policy.order, value),
        show: Some(|rule, _| json!(rule.policy.order)),
    },
    Field {
        name: "concurrency",
        shape: Shape::Number(1, limits::RULE_CONCURRENCY_MAX),
        unit: "calls",
        phases: Phases::Only(Phase::After),
        initially: Initially::Preset,
        doc: "Calls in flight at once.",
        set: |rule, value, _| read_into(&mut rule.policy.concurrency, value),
        show: Some(|rule, _| json!(rule.policy.concurrency)),
    },
    Field {
        name: "rate_limit",
        shape: Shape::Number(1, limits::RULE_RATE_MAX),
        unit: "calls per second",
        phases: Phases::Only(Phase::After),
        initially: Initially::Preset,
        doc: "Calls started per second at most; null = no bound.",
        set: |rule, value, _| read_into(&mut rule.policy.rate_limit, value),
        show: Some(|rule, _| json!(rule.policy.rate_limit)),
    },
    Field {
        name: "allow_private",
        shape: Shape::Flag,
        unit: "",
        phases: Phases::Both,
        initially: Initially::Preset,
        doc: "Whether the URL may lead to private and loopback addresses. Link-local and metadata addresses are \
              never called.",
        set: |rule, value, _| read_into(&mut rule.policy.allow_private, value),
        show: Some(|rule, _| json!(rule.policy.allow_private)),
    },
    Field {
        name: "standard_webhooks",
        shape: Shape::Flag,
        unit: "",
        phases: Phases::Both,
        initially: Initially::Preset,
        doc: "Adds the headers of the Standard Webhooks specification, signed with the secret and, while receivers \
              change over, with the one before: `v1` (HMAC-SHA256) or, where it is a key pair, `v1a` (ed25519).",
        set: |rule, value, _| read_into(&mut rule.policy.standard_webhooks, value),
        show: Some(|rule, _| json!(rule.policy.standard_webhooks)),
    },
    Field {
        name: START_AT,
        shape: Shape::Start,
        unit: "",
        phases: Phases::Only(Phase::After),
        initially: Initially::Said("the next event"),
        doc: "Where a rule that is being switched on begins: with the event at this position of the log, with the \
              first one at this time, or with the `earliest` that is still kept. Not kept, and not possible at any \
              other moment.",
        set: |_, _, _| Ok(()),
        show: None,
    },
];

/// The field that is an order and not a property.
pub const START_AT: &str = "start_at";

impl Field {
    /// The field of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        FIELDS.iter().find(|field| field.name == name)
    }

    /// Whether rules of this phase with this preset have the field.
    #[must_use]
    pub fn belongs(&self, phase: Phase, preset: &Preset) -> bool {
        self.phases.contains(phase) && !preset.without.contains(&self.name)
    }

    /// Puts a value of its shape into its place.
    ///
    /// # Errors
    /// A clause about the value.
    pub fn put(&self, rule: &mut Rule, value: &Value, contract: &dyn Contract) -> Result<(), String> {
        (self.set)(rule, value, contract)
    }

    /// How answers show it; `None` = they do not.
    #[must_use]
    pub fn shown(&self, rule: &Rule, contract: Option<&dyn Contract>) -> Option<Value> {
        self.show.map(|show| show(rule, contract))
    }
}

/// For everything that reads itself.
fn read_into<T: serde::de::DeserializeOwned>(to: &mut T, value: &Value) -> Result<(), String> {
    *to = T::deserialize(value).map_err(|error| format!("cannot be used: {error}"))?;
    Ok(())
}

fn set_denied_types(rule: &mut Rule, value: &Value, contract: &dyn Contract) -> Result<(), String> {
    let items = value.as_array().map_or(&[][..], Vec::as_slice);
    let read = |item: &Value| -> Result<CodeRange, String> {
        let text = item.as_str().map_or_else(|| item.to_string(), str::to_owned);
        contract.denied_type(&text).map_err(|why| format!("cannot be used: {why}"))
    };
    rule.selectors.denied_types = items.iter().map(read).collect::<Result<_, _>>()?;
    Ok(())
}

fn show_denied_types(rule: &Rule, contract: Option<&dyn Contract>) -> Value {
    let show = |range: &CodeRange| match contract {
        Some(contract) => contract.denied_type_name(*range),
        None => range.to_string(),
    };
    let texts = rule.selectors.denied_types.iter().map(show);
    // Numbers stay numbers, so that what is read is what was written.
    texts.map(|text| text.parse::<u32>().map_or_else(|_| json!(text), |number| json!(number))).collect()
}

fn set_retry(rule: &mut Rule, value: &Value, _: &dyn Contract) -> Result<(), String> {
    rule.policy.retry = match value.as_str() {
        Some("none") => Retry::None,
        Some("once") => Retry::Once,
        Some(_) => Retry::Schedule(Retry::default_schedule_s()),
        None => {
            let mut waits = Vec::new();
            read_into(&mut waits, value)?;
            if waits.is_empty() { Retry::None } else { Retry::Schedule(waits) }
        }
    };
    Ok(())
}

fn show_retry(retry: &Retry) -> Value {
    match retry {
        Retry::None => json!("none"),
        Retry::Once => json!("once"),
        Retry::Schedule(waits) if *waits == Retry::default_schedule_s() => json!("default"),
        Retry::Schedule(waits) => json!(waits),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::rules::shown::READ_ONLY;

    #[test]
    fn a_name_is_there_once_and_bounds_are_the_models() {
        let names = FIELDS.iter().map(|field| field.name).chain(READ_ONLY.iter().map(|field| field.name));
        let names: Vec<&str> = names.collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
        assert_eq!(u128::from(TIMEOUT_MAX_MS), limits::RULE_TIMEOUT_MAX.as_millis());
    }

    #[test]
    fn contracts_leave_out_only_fields_that_there_are() {
        for contract in ringback_dialects::all(&ringback_model::app::App::default()).contracts {
            for phase in [Phase::Before, Phase::After] {
                for name in contract.preset(phase).without {
                    assert!(Field::named(name).is_some(), "{}: {name}", contract.name());
                }
            }
        }
    }
}
