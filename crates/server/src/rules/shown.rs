//! A rule as answers show it: its fields, and what is known about it besides.

use ringback_callbacks::signature;
use ringback_model::dialect::Contract;
use ringback_model::rule::{Rule, RuleOrigin};
use serde_json::{Map, Value, json};

use super::fields::FIELDS;
use super::start::show_time;

/// A field that only answers have; in a request it is passed over, so that what was read can be sent back.
pub struct ReadOnly {
    /// Its name.
    pub name: &'static str,
    /// What it means.
    pub doc: &'static str,
    /// Its JSON Schema.
    pub schema: fn() -> Value,
}

/// All fields that only answers have.
pub static READ_ONLY: &[ReadOnly] = &[
    ReadOnly {
        name: "id",
        doc: "Never changes; may stand in paths instead of the name.",
        schema: || json!({"type": "string"}),
    },
    ReadOnly {
        name: "origin",
        doc: "`api`, or `file:` and the key of the settings under which the operator wrote it; such a rule is \
              changed in its file only.",
        schema: || json!({"type": "string"}),
    },
    ReadOnly {
        name: "version",
        doc: "Counts changes; also the `ETag` of answers.",
        schema: || json!({"type": "integer", "minimum": 0}),
    },
    ReadOnly {
        name: "changed_at",
        doc: "When it was last changed through this API; null for rules from files.",
        schema: || json!({"type": ["string", "null"], "format": "date-time"}),
    },
    ReadOnly {
        name: "has_secret",
        doc: "Whether there is a `secret`.",
        schema: || json!({"type": "boolean"}),
    },
    ReadOnly {
        name: "has_previous_secret",
        doc: "Whether there is a `previous_secret`.",
        schema: || json!({"type": "boolean"}),
    },
    ReadOnly {
        name: "public_key",
        doc: "What receivers check signatures with, `whpk_` and base64, where the `secret` is a key pair; else null.",
        schema: || json!({"type": ["string", "null"]}),
    },
    ReadOnly {
        name: "previous_public_key",
        doc: "The same of the `previous_secret`.",
        schema: || json!({"type": ["string", "null"]}),
    },
    ReadOnly {
        name: "problem",
        doc: "Why the rule is kept but not in use; null where it is in order.",
        schema: || json!({"type": ["string", "null"]}),
    },
    ReadOnly {
        name: "status",
        doc: "How it is doing; null where it is not in use.",
        schema: || json!({"anyOf": [{"$ref": "#/components/schemas/RuleState"}, {"type": "null"}]}),
    },
];

/// A rule as answers show it, without its status. `contract` is the rule's own, where it is known.
#[must_use]
pub fn show_rule(rule: &Rule, contract: Option<&dyn Contract>, problem: Option<&str>) -> Map<String, Value> {
    let preset = contract.map(|contract| contract.preset(rule.phase));
    let mut shown = Map::new();
    shown.insert("id".to_owned(), json!(rule.id));
    for field in FIELDS {
        let belongs = match &preset {
            Some(preset) => field.belongs(rule.phase, preset),
            None => field.phases.contains(rule.phase),
        };
        if let Some(value) = field.shown(rule, contract).filter(|_| belongs) {
            shown.insert(field.name.to_owned(), value);
        }
    }
    let (origin, changed_at) = match &rule.origin {
        RuleOrigin::Api => ("api".to_owned(), Some(show_time(rule.changed_at))),
        RuleOrigin::File(key) => (format!("file:{key}"), None),
    };
    shown.insert("has_secret".to_owned(), json!(rule.secrets.current.is_some()));
    shown.insert("has_previous_secret".to_owned(), json!(rule.secrets.previous.is_some()));
    let public_key = |secret: &Option<String>| secret.as_deref().and_then(signature::public_key);
    shown.insert("public_key".to_owned(), json!(public_key(&rule.secrets.current)));
    shown.insert("previous_public_key".to_owned(), json!(public_key(&rule.secrets.previous)));
    shown.insert("origin".to_owned(), json!(origin));
    shown.insert("version".to_owned(), json!(rule.version));
    shown.insert("changed_at".to_owned(), json!(changed_at));
    shown.insert("problem".to_owned(), json!(problem));
    shown
}
