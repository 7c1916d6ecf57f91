//! From a request's JSON to a rule: every error of it at once, each with its field.

use std::net::IpAddr;
use std::sync::Arc;

use ringback_callbacks::{address, signature};
use ringback_model::app::App;
use ringback_model::dialect::{Contract, Preset};
use ringback_model::event::Phase;
use ringback_model::ids::RuleId;
use ringback_model::limits;
use ringback_model::rule::{Rule, RuleOrigin, Secrets, Selectors};
use ringback_model::time::UnixMs;
use serde_json::{Map, Value};

use super::fields::{FIELDS, Field, Initially, START_AT};
use super::shown::READ_ONLY;
use super::start::StartAt;

/// How alike two names must be for one to be offered for the other: as for settings.
const LIKENESS: f64 = 0.75;

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// Which; empty = the request as a whole.
    pub field: String,
    /// What is wrong, as a clause that follows the field's name.
    pub message: String,
}

impl FieldError {
    /// An error about this field.
    pub fn new(field: &str, message: impl Into<String>) -> Self {
        Self { field: field.to_owned(), message: message.into() }
    }
}

/// What drafts are checked against.
pub struct Workshop {
    /// Every contract that rules may name.
    pub contracts: Vec<Arc<dyn Contract>>,
    /// The dialects' settings, `name=value`.
    pub settings: Vec<(String, String)>,
    /// The app that the rules are for.
    pub app: App,
    /// Rules may call private addresses, whatever they say.
    pub allow_private: bool,
}

/// What is to be made of a request.
#[derive(Debug, Clone, Copy)]
pub enum Task<'a> {
    /// A new rule with this id.
    Create(&'a RuleId),
    /// This rule, anew: what is not named has its default, except the secrets.
    Replace(&'a Rule),
    /// This rule, changed in what is named; null = the default.
    Change(&'a Rule),
}

impl<'a> Task<'a> {
    fn old(self) -> Option<&'a Rule> {
        match self {
            Self::Create(_) => None,
            Self::Replace(old) | Self::Change(old) => Some(old),
        }
    }
}

/// A rule that is in order by itself; whether it gets along with the others is the desk's question.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The rule; without a secret where none was given to a new one.
    pub rule: Rule,
    /// Where it is to begin.
    pub start_at: Option<StartAt>,
}

impl Workshop {
    /// The contract of this name.
    #[must_use]
    pub fn contract(&self, name: &str) -> Option<&Arc<dyn Contract>> {
        self.contracts.iter().find(|contract| contract.name() == name)
    }

    /// Makes a rule of a request.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn draft(&self, body: &Value, task: Task<'_>) -> Result<Draft, Vec<FieldError>> {
        let Some(body) = body.as_object() else {
            return Err(vec![FieldError::new(
                "",
                "the request must be a JSON object with the rule's fields",
            )]);
        };
        let mut errors = Vec::new();
        let named = recognise(body, &mut errors);
        missing(body, task, &mut errors);
        let foundation = self.foundation(body, task, &mut errors);
        let Some((contract, phase)) = foundation else {
            self.check_url_alone(body, &mut errors);
            return Err(errors);
        };
        let preset = contract.preset(phase);
        let mut rule = self.base(task, contract.as_ref(), phase, &preset);
        let defaults = preset_rule(contract.name(), phase, &preset);
        for (field, value) in named {
            if !field.belongs(phase, &preset) {
                let what = format!("means nothing for {} rules of {}", phase.name(), contract.name());
                errors.push(FieldError::new(field.name, what));
                continue;
            }
            let default = || field.shown(&defaults, Some(contract.as_ref())).unwrap_or(Value::Null);
            let value = if value.is_null() { &default() } else { value };
            if field.name == "secret" && value.is_null() {
                let what = "cannot be taken away; POST /admin/v1/rules/{name}/secret/rotate makes a new one";
                errors.push(FieldError::new(field.name, what));
            } else if let Err(what) = field.put(&mut rule, value, contract.as_ref()) {
                errors.push(FieldError::new(field.name, what));
            }
        }
        self.keep_old_secret(body, task, &mut rule);
        check_secrets(&rule, &mut errors);
        check_name(&rule, &mut errors);
        self.check_url(&rule, &mut errors);
        check_events(&rule, contract.as_ref(), &mut errors);
        let start_at = start_at(body, task.old(), &rule, &mut errors);
        // One value may be wrong in two ways; the first one says it.
        errors.dedup_by(|later, earlier| later.field == earlier.field && !later.field.is_empty());
        if errors.is_empty() { Ok(Draft { rule, start_at }) } else { Err(errors) }
    }

    /// What can be said of a request whose contract or phase is not known.
    fn check_url_alone(&self, body: &Map<String, Value>, errors: &mut Vec<FieldError>) {
        let private = body.get("allow_private") == Some(&Value::Bool(true)) || self.allow_private;
        let known = errors.iter().any(|error| error.field == "url");
        if let Some(text) = body.get("url").and_then(Value::as_str).filter(|_| !known)
            && let Err(what) = check_url(text, private)
        {
            errors.push(FieldError::new("url", what));
        }
    }

    /// The contract and the phase, on which everything else depends.
    fn foundation(
        &self,
        body: &Map<String, Value>,
        task: Task<'_>,
        errors: &mut Vec<FieldError>,
    ) -> Option<(&Arc<dyn Contract>, Phase)> {
        let name = match body.get("dialect") {
            Some(value) => value.as_str(),
            None => task.old().map(|old| old.contract.as_str()),
        };
        let contract = name.and_then(|name| self.contract(name));
        if let (Some(name), None) = (name, contract) {
            let known = self.contracts.iter().map(|contract| contract.name());
            let all: Vec<&str> = known.clone().collect();
            let hint = hint(name, known);
            let what = format!("{name:?} is not known{hint}; there are {}", all.join(", "));
            errors.push(FieldError::new("dialect", what));
        }
        let named = body.get("phase").and_then(Value::as_str);
        let named =
            named.and_then(|word| [Phase::Before, Phase::After].into_iter().find(|it| it.name() == word));
        let old = task.old().map(|old| old.phase);
        if let (Some(old), Some(named)) = (old, named)
            && old != named
        {
            let what = format!("stays {}; make another rule for {}", old.name(), named.name());
            errors.push(FieldError::new("phase", what));
        }
        Some((contract?, old.or(named)?))
    }

    /// What the named fields are put into.
    fn base(&self, task: Task<'_>, contract: &dyn Contract, phase: Phase, preset: &Preset) -> Rule {
        let switches = contract.switches(&self.settings, &self.app);
        let fresh = || Rule { switches: switches.clone(), ..preset_rule(contract.name(), phase, preset) };
        match task {
            Task::Create(id) => Rule { id: id.clone(), ..fresh() },
            Task::Replace(old) => Rule {
                id: old.id.clone(),
                name: old.name.clone(),
                secrets: old.secrets.clone(),
                version: old.version,
                changed_at: old.changed_at,
                ..fresh()
            },
            Task::Change(old) => Rule { switches, ..old.clone() },
        }
    }

    /// A rule that was made under other settings, with what it carries with it of those of now.
    #[must_use]
    pub fn renewed(&self, rule: Rule) -> Rule {
        match self.contract(&rule.contract) {
            Some(contract) => Rule { switches: contract.switches(&self.settings, &self.app), ..rule },
            None => rule,
        }
    }

    fn keep_old_secret(&self, body: &Map<String, Value>, task: Task<'_>, rule: &mut Rule) {
        let old = task.old().and_then(|old| old.secrets.current.as_ref());
        if old != rule.secrets.current.as_ref() && !body.contains_key("previous_secret") && old.is_some() {
            rule.secrets.previous = old.cloned();
        }
    }

    fn check_url(&self, rule: &Rule, errors: &mut Vec<FieldError>) {
        let private = self.allow_private || rule.policy.allow_private;
        if let Err(what) = check_url(&rule.url, private) {
            errors.push(FieldError::new("url", what));
        }
    }
}

/// The fields that the request names, with values of their shapes.
fn recognise<'a>(
    body: &'a Map<String, Value>,
    errors: &mut Vec<FieldError>,
) -> Vec<(&'static Field, &'a Value)> {
    let mut named = Vec::new();
    for (name, value) in body {
        if READ_ONLY.iter().any(|field| field.name == name) {
            continue;
        }
        let Some(field) = Field::named(name) else {
            // Nobody is told of more, so nothing is looked up for more.
            let known =
                FIELDS.iter().map(|field| field.name).filter(|_| errors.len() < limits::ADMIN_DETAILS);
            let hint = hint(name, known);
            errors.push(FieldError::new(name, format!("is not a field of a rule{hint}")));
            continue;
        };
        let null_is_fine = field.initially != Initially::Required;
        match field.shape.check(value) {
            Ok(()) => named.push((field, value)),
            Err(_) if value.is_null() && null_is_fine => named.push((field, value)),
            Err(what) => errors.push(FieldError::new(name, what)),
        }
    }
    named
}

fn missing(body: &Map<String, Value>, task: Task<'_>, errors: &mut Vec<FieldError>) {
    let needed: &[&str] = match task {
        Task::Create(_) => &["name", "dialect", "phase", "url"],
        Task::Replace(_) => &["url"],
        Task::Change(_) => &[],
    };
    for name in needed.iter().filter(|name| !body.contains_key(**name)) {
        errors.push(FieldError::new(name, "is missing"));
    }
}

/// A rule that says nothing but what its contract says for it.
#[must_use]
pub fn preset_rule(contract: &str, phase: Phase, preset: &Preset) -> Rule {
    Rule {
        id: RuleId::new(""),
        name: String::new(),
        enabled: preset.enabled,
        contract: contract.to_owned(),
        phase,
        url: String::new(),
        events: Vec::new(),
        selectors: Selectors::default(),
        policy: preset.policy.clone(),
        secrets: Secrets::default(),
        origin: RuleOrigin::Api,
        version: 0,
        changed_at: UnixMs(0),
        switches: Vec::new(),
    }
}

fn check_secrets(rule: &Rule, errors: &mut Vec<FieldError>) {
    let secrets = [("secret", &rule.secrets.current), ("previous_secret", &rule.secrets.previous)];
    for (field, secret) in secrets {
        if let Some(Err(what)) = secret.as_deref().map(signature::check) {
            errors.push(FieldError::new(field, what));
        }
    }
}

/// Source: callbacks sheet 1.1 and 1.2. The length and control characters are the shape's to check.
fn check_name(rule: &Rule, errors: &mut Vec<FieldError>) {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if rule.phase == Phase::After && !rule.name.chars().all(plain) {
        let what = "of an after-rule has letters (a-z, A-Z), digits and underscores only";
        errors.push(FieldError::new("name", what));
    } else if rule.name.trim() != rule.name {
        errors.push(FieldError::new("name", "must not begin or end with white space"));
    }
}

fn check_events(rule: &Rule, contract: &dyn Contract, errors: &mut Vec<FieldError>) {
    for name in &rule.events {
        let alone = Rule { events: vec![name.clone()], ..rule.clone() };
        if let Err(what) = contract.kinds(&alone) {
            errors
                .push(FieldError { field: "events".to_owned(), message: format!("cannot be used: {what}") });
            // A list of a thousand wrong names is not answered with a thousand sentences.
            return;
        }
    }
}

fn check_url(text: &str, private: bool) -> Result<(), String> {
    let url: http::Uri = text.parse().map_err(|_| "must be an http or https URL".to_owned())?;
    if text.contains('#') {
        return Err("must not have a fragment (#…)".to_owned());
    }
    if !matches!(url.scheme_str(), Some("http" | "https")) {
        return Err("must begin with http:// or https://".to_owned());
    }
    if url.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return Err("must not hold a user name or a password".to_owned());
    }
    if address::names_no_host(&url) {
        return Err("must name a host; what is in brackets must be an IPv6 address".to_owned());
    }
    if address::names_no_port(&url) {
        return Err("must name a port of 1 to 65535, or none".to_owned());
    }
    let host = url.host().unwrap_or_default();
    let Ok(ip) = host.trim_matches(['[', ']']).parse::<IpAddr>() else {
        return Ok(());
    };
    if !address::allowed(ip, true) {
        return Err(format!("names {ip}: link-local, metadata and reserved addresses are never called"));
    }
    if !address::allowed(ip, private) {
        return Err(format!("names {ip}, a private address; allow_private: true lets the rule call it"));
    }
    Ok(())
}

fn start_at(
    body: &Map<String, Value>,
    old: Option<&Rule>,
    rule: &Rule,
    errors: &mut Vec<FieldError>,
) -> Option<StartAt> {
    let value = body.get(START_AT).filter(|value| !value.is_null())?;
    let starts = rule.enabled && old.is_none_or(|old| !old.enabled);
    if !starts {
        let what = if rule.enabled {
            "is possible only where the rule is being switched on; this one is on already"
        } else {
            "is possible only where the rule is being switched on; this one stays off"
        };
        errors.push(FieldError::new(START_AT, what));
        return None;
    }
    StartAt::read(value).map_err(|what| errors.push(FieldError::new(START_AT, what))).ok()
}

/// "; did you mean …?", where there is something like it.
fn hint<'a>(text: &str, known: impl Iterator<Item = &'a str>) -> String {
    if text.len() > limits::RULE_WORD_CHARS {
        return String::new();
    }
    let near = known
        .map(|name| (strsim::jaro_winkler(&text.to_lowercase(), name), name))
        .filter(|(likeness, _)| *likeness > LIKENESS)
        .max_by(|(one, _), (other, _)| one.total_cmp(other));
    near.map_or_else(String::new, |(_, name)| format!("; did you mean {name}?"))
}

#[cfg(test)]
mod tests;
