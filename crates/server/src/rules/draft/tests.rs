use serde_json::json;

use super::super::shown::show_rule;
use super::*;

fn workshop() -> Workshop {
    let app = App::default();
    let contracts = ringback_dialects::all(&app).contracts;
    Workshop { contracts, settings: Vec::new(), app, allow_private: false }
}

fn create(body: &Value) -> Result<Draft, Vec<FieldError>> {
    workshop().draft(body, Task::Create(&RuleId::new("r-1")))
}

fn good() -> Value {
    json!({"name": "history", "dialect": "easemob", "phase": "after", "url": "https://app.example/cb"})
}

fn with(changes: &Value) -> Value {
    let mut body = good();
    body.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    body
}

/// Fields that are wrong, with what is said about them.
fn wrong(changes: &Value) -> Vec<(String, String)> {
    let errors = create(&with(changes)).unwrap_err();
    errors.into_iter().map(|error| (error.field, error.message)).collect()
}

#[test]
fn what_is_not_named_is_as_the_contract_says() {
    let Draft { rule, start_at } = create(&good()).unwrap();
    let contract = workshop().contract("easemob").unwrap().clone();
    let preset = contract.preset(Phase::After);
    assert_eq!((rule.enabled, &rule.policy), (preset.enabled, &preset.policy));
    assert_eq!((rule.id.0.as_ref(), rule.origin, start_at), ("r-1", RuleOrigin::Api, None));
    assert!(!rule.switches.is_empty(), "the app's names go with it");
    let openim = with(&json!({"dialect": "openim"}));
    assert!(create(&openim).unwrap().rule.enabled, "rules of the other family start switched on");
}

#[test]
fn every_error_names_its_field_and_all_come_at_once() {
    let body = json!({"nane": "x", "dialect": "easemobb", "phase": "later", "url": 7, "timeout_ms": 0, "enabled": "yes"});
    let errors = create(&body).unwrap_err();
    let fields: Vec<&str> = errors.iter().map(|error| error.field.as_str()).collect();
    for field in ["nane", "name", "dialect", "phase", "url", "timeout_ms", "enabled"] {
        assert!(fields.contains(&field), "{field}: {errors:?}");
    }
    let said = |field: &str| &errors.iter().find(|error| error.field == field).unwrap().message;
    assert!(said("nane").contains("did you mean name?"), "{}", said("nane"));
    assert!(said("dialect").contains("did you mean easemob?"), "{}", said("dialect"));
    assert!(said("timeout_ms").contains("1 to 60000"), "{}", said("timeout_ms"));
    assert_eq!(create(&json!([])).unwrap_err()[0].field, "");
}

#[test]
fn each_field_is_held_to_its_rules() {
    for (changes, field, what) in [
        (json!({"name": "with space"}), "name", "letters"),
        (json!({"name": "审核"}), "name", "letters"),
        (json!({"name": "x".repeat(33)}), "name", "32"),
        (json!({"url": "ftp://h/"}), "url", "http"),
        (json!({"url": "https://"}), "url", "URL"),
        (json!({"url": "https://u:p@h/"}), "url", "password"),
        (json!({"url": "https://h/#x"}), "url", "fragment"),
        (json!({"url": "http://127.0.0.1:9/"}), "url", "allow_private"),
        (json!({"url": "http://169.254.169.254/", "allow_private": true}), "url", "never"),
        (json!({"url": "http://host.example:99999/"}), "url", "port of 1 to 65535"),
        (json!({"url": "http://[]/"}), "url", "in brackets"),
        (json!({"url": "http://[fe80::1%25eth0]/"}), "url", "in brackets"),
        (json!({"url": "http://a[]/"}), "url", "in brackets"),
        (json!({"events": ["chat", "chta"]}), "events", "chat"),
        (json!({"on_failure": "refuse"}), "on_failure", "after rules"),
        (json!({"copies": ["chat", "else"]}), "copies", "chat_offline"),
        (json!({"denied_types": ["txtt"]}), "denied_types", "txt"),
        (json!({"retry": [1, -1]}), "retry", "whole number"),
        (json!({"name": null}), "name", "text"),
        (json!({"secret": null}), "secret", "rotate"),
        (json!({"start_at": "earliest"}), "start_at", "stays off"),
        (json!({"start_at": "yesterday", "enabled": true}), "start_at", "2026"),
    ] {
        let errors = wrong(&changes);
        assert_eq!(errors.len(), 1, "{changes}: {errors:?}");
        assert_eq!(errors[0].0, field, "{changes}");
        assert!(errors[0].1.contains(what), "{changes}: {}", errors[0].1);
    }
}

#[test]
fn before_rules_are_named_in_any_writing() {
    let body = with(&json!({"name": "消息/审核", "phase": "before"}));
    assert_eq!(create(&body).unwrap().rule.name, "消息/审核");
    for name in ["a\u{7}b", " x", &"审".repeat(33)] {
        assert!(create(&with(&json!({"name": name, "phase": "before"}))).is_err(), "{name:?}");
    }
    assert!(create(&with(&json!({"name": "审".repeat(32), "phase": "before"}))).is_ok());
}

#[test]
fn changes_change_what_they_name_and_null_brings_the_default_back() {
    let desk = workshop();
    let body = with(&json!({"enabled": true, "retry": [3], "from": ["a"], "rate_limit": 5, "secret": "old"}));
    let old = create(&body).unwrap().rule;
    let change = |body: &Value| desk.draft(body, Task::Change(&old)).unwrap().rule;
    assert_eq!(change(&json!({})), old);
    let changed = change(&json!({"from": null, "rate_limit": null, "retry": null, "timeout_ms": 77}));
    let preset = desk.contract("easemob").unwrap().preset(Phase::After).policy;
    assert_eq!(
        (changed.policy.retry, changed.policy.rate_limit, changed.policy.timeout_ms),
        (preset.retry, None, 77)
    );
    assert!(changed.selectors.from.is_empty() && changed.enabled);
    let anew = desk.draft(&json!({"url": "https://h/"}), Task::Replace(&old)).unwrap().rule;
    assert_eq!((anew.name, anew.url, anew.enabled), ("history".to_owned(), "https://h/".to_owned(), false));
    assert_eq!(anew.secrets, old.secrets);
    let phase = desk.draft(&json!({"phase": "before"}), Task::Change(&old)).unwrap_err();
    assert_eq!(phase[0].field, "phase");
    let on = desk.draft(&json!({"start_at": 1}), Task::Change(&old)).unwrap_err();
    assert!(on[0].message.contains("on already"), "{on:?}");
}

#[test]
fn a_new_secret_keeps_the_old_one() {
    let desk = workshop();
    let old = create(&with(&json!({"secret": "one"}))).unwrap().rule;
    let change = |body: &Value| desk.draft(body, Task::Change(&old)).unwrap().rule.secrets;
    let (one, two) = (Some("one".to_owned()), Some("two".to_owned()));
    assert_eq!(change(&json!({"secret": "two"})), Secrets { current: two.clone(), previous: one });
    let both = change(&json!({"secret": "two", "previous_secret": null}));
    assert_eq!(both, Secrets { current: two, previous: None });
    assert!(!format!("{both:?}").contains("two"));
}

#[test]
fn what_is_shown_can_be_sent_back() {
    let desk = workshop();
    for contract in &desk.contracts {
        for phase in [Phase::Before, Phase::After] {
            let events = contract.event_names(phase);
            let event: Vec<&str> = events.iter().map(|event| event.name).take(1).collect();
            let body = json!({
                "name": "n", "dialect": contract.name(), "phase": phase.name(), "url": "https://h/",
                "events": event, "groups": ["g"],
            });
            let rule = create(&body).unwrap().rule;
            let shown = Value::Object(show_rule(&rule, Some(contract.as_ref()), None));
            for task in [Task::Change(&rule), Task::Replace(&rule)] {
                assert_eq!(desk.draft(&shown, task).unwrap().rule, rule, "{shown}");
            }
        }
    }
}
