//! The operator's rule files: what the samples mean, environment variables, and that no text does harm.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use proptest::prelude::*;
use ringback_dialects::openim::callbacks::commands;
use ringback_model::dialect::{RuleFile, RuleFormat, Severity};
use ringback_model::event::Phase;
use ringback_model::rule::{CodeRange, OnFailure, Retry, Rule, Selectors};

fn format(key: &str) -> Arc<dyn RuleFormat> {
    Arc::clone(ringback_dialects::all(&ringback_model::app::App::default()).rule_format(key).unwrap())
}

fn no_env(_: &str) -> Option<String> {
    None
}

fn parse(key: &str, text: &str) -> RuleFile {
    format(key).parse(text, 0, &no_env, &[])
}

fn parse_with(key: &str, text: &str, switches: &[(&str, &str)]) -> RuleFile {
    let switches: Vec<_> =
        switches.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    format(key).parse(text, 0, &no_env, &switches)
}

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/openim/rule_files"))
}

fn sample(name: &str) -> String {
    fs::read_to_string(folder().join(name)).unwrap()
}

/// Rules and notes, one per line.
fn report(file: &RuleFile) -> String {
    let mut out = String::new();
    for rule in &file.rules {
        let policy = &rule.policy;
        writeln!(
            out,
            "rule {} {} {:?} {} {:?} timeout={} on_failure={:?} retry={:?} order={:?} concurrency={} denied={:?} users={:?} groups={:?}",
            rule.id,
            rule.contract,
            rule.phase,
            rule.url,
            rule.events,
            policy.timeout_ms,
            policy.on_failure,
            policy.retry,
            policy.order,
            policy.concurrency,
            rule.selectors.denied_types.iter().map(|range| (range.first, range.last)).collect::<Vec<_>>(),
            rule.selectors.attention.users,
            rule.selectors.attention.groups,
        )
        .unwrap();
    }
    for note in &file.notes {
        writeln!(out, "{:?} {} {}: {}", note.severity, note.line, note.key, note.text).unwrap();
    }
    out
}

#[test]
fn samples_mean_what_stands_beside_them() {
    for (kind, name) in [
        ("webhooks", "webhooks-minimal"),
        ("webhooks", "webhooks-full"),
        ("callback", "callback-v2"),
        ("callback", "callback-v2-root"),
    ] {
        let text = sample(&format!("{name}.yml"));
        let (said, place) = (report(&parse(kind, &text)), format!("{name}.expected.txt"));
        if std::env::var_os("RINGBACK_WRITE_DOCS").is_some() {
            fs::write(folder().join(&place), &said).unwrap();
        }
        assert_eq!(said, sample(&place), "{name}");
        for other in ["webhooks", "callback"] {
            assert_eq!(format(other).recognises(&text), other == kind, "{name} as {other}");
        }
    }
}

fn only(file: RuleFile) -> Rule {
    let [rule] = <[Rule; 1]>::try_from(file.rules).unwrap();
    rule
}

#[test]
fn presets_of_files_are_the_documented_ones() {
    let rule = only(parse("webhooks", "url: http://h/\nafterSendSingleMsg:\n  enable: true\n"));
    assert_eq!(
        (rule.policy.timeout_ms, rule.policy.allow_private, rule.policy.show_error),
        (5000, true, true)
    );
    assert_eq!(rule.policy.retry, Retry::Schedule(vec![1, 5, 30, 120, 600, 1800, 3600]));
    let rule =
        only(parse("callback", "callbackUrl: http://h/\ncallbackAfterSendSingleMsg:\n  enable: true\n"));
    assert_eq!((rule.policy.timeout_ms, rule.contract.as_str()), (2000, "openim-v2"));
}

#[test]
fn own_keys_of_an_entry_are_read() {
    let text = "url: https://h/\nafterSendSingleMsg:\n  enable: true\n  caFile: /etc/ca.pem\n  standardWebhooks: true\n  \
                secret: s3cr3t\n  concurrency: 3\n";
    let file = parse("webhooks", text);
    assert!(!report(&file).contains("s3cr3t"), "secrets are never shown");
    let rule = only(file);
    assert_eq!(rule.policy.ca_file.as_deref(), Some("/etc/ca.pem"));
    assert_eq!((rule.policy.standard_webhooks, rule.policy.concurrency), (true, 3));
    assert_eq!(rule.secrets.current.as_deref(), Some("s3cr3t"));
}

const BEFORE: &str = "url: http://h/cb\nbeforeSendSingleMsg:\n  enable: true\n  failedContinue: true\n";

#[test]
fn switches_change_contract_and_silence() {
    for (version, contract) in [("v3.8", "openim"), ("v3.5", "openim-v3.5"), ("v3.0", "openim-v3.0")] {
        let file = parse_with("webhooks", BEFORE, &[("openim.contract", version)]);
        assert_eq!(only(file).contract, contract);
    }
    assert!(parse_with("webhooks", BEFORE, &[("openim.contract", "v9")]).is_broken());
    let coded = [("openim.compat.failed_continue", "coded")];
    let rule = only(parse_with("webhooks", BEFORE, &coded));
    assert_eq!(rule.policy.on_failure, OnFailure::Refuse);
    assert_eq!(rule.switch("openim.compat.failed_continue"), Some("coded"));
    let old = [("openim.compat.failed_continue", "coded"), ("openim.contract", "v3.5")];
    assert_eq!(only(parse_with("webhooks", BEFORE, &old)).policy.on_failure, OnFailure::Continue);
}

#[test]
fn attention_means_recipients_or_groups_unless_coded() {
    let text = |key: &str| format!("url: http://h/\n{key}:\n  enable: true\n  attentionIds: [\"7\"]\n");
    let ids = vec!["7".to_owned()];
    for (key, switch, users, groups) in [
        ("afterSendSingleMsg", "documented", true, false),
        ("afterSendGroupMsg", "documented", false, true),
        ("afterMsgSaveDB", "documented", true, true),
        ("afterSendGroupMsg", "coded", true, false),
        ("afterMsgSaveDB", "coded", false, false),
    ] {
        let rule = only(parse_with("webhooks", &text(key), &[("openim.compat.attention_ids", switch)]));
        let attention = rule.selectors.attention;
        let expect = |yes: bool| if yes { ids.clone() } else { Vec::new() };
        assert_eq!((attention.users, attention.groups), (expect(users), expect(groups)), "{key} {switch}");
    }
}

#[test]
fn the_environment_overrides_keys_that_the_file_has() {
    let text = "url: http://h/\nafterSendSingleMsg:\n  enable: false\n  timeout: 5\n  attentionIds: []\n";
    for ids in ["10000,10001", "[\"10000\",\"10001\"]"] {
        let env = |name: &str| match name {
            "IMENV_WEBHOOKS_URL" => Some("http://other:1/cb".to_owned()),
            "IMENV_WEBHOOKS_AFTERSENDSINGLEMSG_ENABLE" => Some("true".to_owned()),
            "IMENV_WEBHOOKS_AFTERSENDSINGLEMSG_TIMEOUT" => Some("9".to_owned()),
            "IMENV_WEBHOOKS_AFTERSENDSINGLEMSG_ATTENTIONIDS" => Some(ids.to_owned()),
            "IMENV_WEBHOOKS_BEFORESENDGROUPMSG_ENABLE" => Some("true".to_owned()),
            _ => None,
        };
        let file = format("webhooks").parse(text, 0, &env, &[]);
        let unread =
            file.notes.iter().find(|note| note.text.contains("IMENV_WEBHOOKS_BEFORESENDGROUPMSG_ENABLE"));
        assert_eq!(unread.map(|note| note.severity), Some(Severity::Warning));
        let rule = only(file);
        assert_eq!((rule.url.as_str(), rule.policy.timeout_ms), ("http://other:1/cb", 9000));
        assert_eq!(rule.selectors.attention.users, ["10000", "10001"]);
    }
    let env = |name: &str| (name == "IMENV_WEBHOOKS_AFTERSENDSINGLEMSG_ENABLE").then(|| "maybe".to_owned());
    assert!(format("webhooks").parse(text, 0, &env, &[]).is_broken());
}

#[test]
fn broken_files_name_line_and_reason() {
    for (text, line, says) in [
        ("url: http://h/\nafterSendSingleMsg: [", 2, "not YAML"),
        ("url: http://h/\n- x\n", 2, "not YAML"),
        ("- x\n", 1, "not a map"),
        ("url: http://h/\nafterSendSingleMsg:\n  enable: perhaps\n", 3, "not true or false"),
        ("url: http://h/\nafterSendSingleMsg:\n  enable: true\n  timeout: soon\n", 4, "not a whole number"),
        (
            "url: http://h/\nafterSendSingleMsg:\n  enable: true\n  deniedTypes: [text]\n",
            4,
            "neither a number",
        ),
        ("url: http://h/\nafterSendSingleMsg:\n  enable: true\n  concurrency: 0\n", 4, "not 1 to 1024"),
        ("url: http://h/\nafterSendSingleMsg: yes please\n", 2, "not a map"),
        ("url: {}\nafterSendSingleMsg:\n  enable: true\n", 1, "url is a map"),
        ("url: ftp://h/\nafterSendSingleMsg:\n  enable: true\n", 1, "only http and https"),
        ("afterSendSingleMsg:\n  enable: true\n", 0, "url is missing"),
        ("url: http://h/\nbeforeSendSingleMsg:\nenable: true\n", 3, "must be indented"),
    ] {
        let file = parse("webhooks", text);
        let found = file.notes.iter().any(|note| {
            note.severity == Severity::Error
                && (note.line == line || text.contains('['))
                && note.text.contains(says)
        });
        assert!(found && file.is_broken(), "{text:?}\n{}", report(&file));
    }
}

#[test]
fn a_callback_under_two_spellings_is_an_error() {
    let text = "callbackUrl: http://h/\ncallbackbeforeSendSingleMsg:\n  enable: true\ncallbackBeforeSendSingleMsg:\n  enable: true\n";
    assert!(parse("callback", text).is_broken());
}

#[test]
fn lines_count_from_the_file_around() {
    let file = format("webhooks").parse(BEFORE, 100, &no_env, &[]);
    assert!(file.notes.iter().any(|note| note.line == 102 && note.key == "beforeSendSingleMsg"));
}

/// A file that switches everything on.
fn complete(kind: &str) -> String {
    let webhooks = kind == "webhooks";
    let mut text =
        if webhooks { "url: http://127.0.0.1:10006/cb\n" } else { "callbackUrl: http://127.0.0.1:8080/cb\n" }
            .to_owned();
    for command in commands::all() {
        let key = if webhooks { Some(&command.webhook_key) } else { command.block_keys.first() };
        if let Some(key) = key.filter(|key| !key.is_empty()) {
            writeln!(text, "{key}:\n  enable: true").unwrap();
        }
    }
    text
}

#[test]
fn every_key_of_a_complete_file_is_a_rule() {
    let webhooks = ["v3.8", "v3.5", "v3.0"].map(|version| ("webhooks", version, commands::WEBHOOK_KEYS));
    for (kind, version, count) in webhooks.into_iter().chain([("callback", "v2", commands::WEBHOOK_KEYS + 1)])
    {
        let switches = if kind == "webhooks" { vec![("openim.contract", version)] } else { Vec::new() };
        let file = parse_with(kind, &complete(kind), &switches);
        assert!(!file.is_broken(), "{}", report(&file));
        assert_eq!(file.rules.len(), count, "{version}");
        let dialects = ringback_dialects::all(&ringback_model::app::App::default());
        for rule in &file.rules {
            let kinds = dialects.contract(&rule.contract).unwrap().kinds(rule).unwrap();
            assert_eq!(kinds.len(), 1, "{} in {version}", rule.id);
        }
        let is_message = |rule: &&Rule| rule.name.contains("SendSingleMsg") || rule.name.contains("SaveDB");
        let of_messages: Vec<_> = file.rules.iter().filter(is_message).map(|rule| rule.phase).collect();
        assert_eq!(of_messages, [Phase::Before, Phase::After, Phase::After], "as a message meets them");
    }
}

#[test]
fn filters_mean_nothing_where_no_message_is_sent() {
    let text = "url: http://h/\nafterAddFriend:\n  enable: true\n  attentionIds: [bob]\n  deniedTypes: []\n\
                beforeOfflinePush:\n  enable: true\n  failedContinue: true\n  deniedTypes: [101]\n";
    let file = parse("webhooks", text);
    let warned: Vec<_> = file
        .notes
        .iter()
        .filter(|note| note.severity == Severity::Warning && note.text.contains("means nothing here"))
        .map(|note| (note.line, note.key.as_str()))
        .collect();
    assert_eq!(warned, [(4, "afterAddFriend.attentionIds"), (9, "beforeOfflinePush.deniedTypes")]);
    for rule in &file.rules {
        assert_eq!(rule.selectors, Selectors::default(), "{}", rule.id);
    }
}

#[test]
fn typing_errors_are_found_in_every_callback() {
    let file = parse("webhooks", "url: http://h/\nbeforeAddFriend:\n  enable: true\n  timout: 3\n");
    let note = file.notes.iter().find(|note| note.key == "beforeAddFriend.timout").unwrap();
    assert_eq!((note.severity, note.line), (Severity::Warning, 4));
    assert!(note.text.contains("did you mean timeout?"), "{}", note.text);
}

#[test]
fn a_signature_without_a_secret_is_remarked_on() {
    let text = |more: &str| {
        format!("url: http://h/\nafterSendSingleMsg:\n  enable: true\n  standardWebhooks: true\n{more}")
    };
    let unsigned = |text: &str| {
        parse("webhooks", text)
            .notes
            .iter()
            .any(|note| note.line == 4 && note.text.contains("nothing is signed"))
    };
    assert!(unsigned(&text("")));
    assert!(!unsigned(&text("  secret: whsec_c2VjcmV0\n")));
}

#[test]
fn sentences_count_one_group_as_one() {
    let text = "url: http://h/\nafterSendGroupMsg:\n  enable: true\n  attentionIds: [\"1\"]\n";
    let file = parse("webhooks", text);
    assert!(
        file.notes.iter().any(|note| note.text.contains("to the 1 group of attentionIds")),
        "{:?}",
        file.notes
    );
}

#[test]
fn rules_of_files_are_rules_of_their_contracts() {
    for (kind, name) in [("webhooks", "webhooks-full.yml"), ("callback", "callback-v2-root.yml")] {
        for rule in parse(kind, &sample(name)).rules {
            let dialects = ringback_dialects::all(&ringback_model::app::App::default());
            let contract = dialects.contract(&rule.contract).unwrap();
            assert_eq!(contract.kinds(&rule).unwrap().len(), 1, "{}", rule.id);
        }
    }
}

#[test]
fn allowed_types_become_the_complement() {
    let text = "url: http://h/\nafterSendSingleMsg:\n  enable: true\n  allowedTypes: [101]\n";
    let denied = only(parse("webhooks", text)).selectors.denied_types;
    assert_eq!(denied, [CodeRange { first: i32::MIN, last: 100 }, CodeRange { first: 102, last: i32::MAX }]);
}

fn mutated() -> impl Strategy<Value = String> {
    let names = ["webhooks-minimal.yml", "webhooks-full.yml", "callback-v2.yml", "callback-v2-root.yml"];
    (0..names.len(), prop::collection::vec((any::<prop::sample::Index>(), ".{0,4}"), 1..6)).prop_map(
        move |(at, edits)| {
            let mut text: Vec<char> = sample(names[at]).chars().collect();
            for (place, put) in edits {
                let place = place.index(text.len().max(1)).min(text.len());
                let end = (place + 2).min(text.len());
                text.splice(place..end, put.chars());
            }
            text.into_iter().collect()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_does_harm(text in prop_oneof![mutated(), "\\PC{0,200}", "[ \\n:\\[\\]{}&*!|>'\"a-c-]{0,120}"]) {
        for kind in ["webhooks", "callback"] {
            let format = format(kind);
            format.recognises(&text);
            // YAML ends a line at a lone carriage return too.
            let lines = text.split(['\n', '\r']).count();
            for note in format.parse(&text, 0, &no_env, &[]).notes {
                prop_assert!(note.line <= lines + 1, "line {} of {lines}", note.line);
            }
        }
    }
}
