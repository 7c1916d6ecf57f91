//! Rules as administrators send them, the URLs in them, the policy of addresses, and the small texts that the admin API
//! reads: dates, times, rates, ranges.
//!
//! Input: a byte for the part, a byte that chooses inside of it, the text.

use std::net::IpAddr;
use std::sync::LazyLock;

use ringback_callbacks::address;
use ringback_callbacks::storage::slice;
use ringback_model::event::Phase;
use ringback_model::ids::RuleId;
use ringback_model::rule::{CodeRange, Rule};
use ringback_model::sample;
use ringback_server::rules::draft::{Draft, FieldError, Task, Workshop};
use ringback_server::rules::shown::show_rule;
use ringback_server::rules::start::StartAt;
use ringback_server::settings::{Quota, value};
use serde_json::{Value, json};

use crate::addresses::{Standing, standing};
use crate::input::Input;
use crate::seeds::Seeds;
use crate::world::{app, contracts, dialects};

/// Errors that one request is told at most: one for each of its fields.
const ERRORS: usize = 4096;

/// Runs the target.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let (part, choice) = (input.byte() % 5, input.byte());
    match part {
        0 => rule(choice, input.rest()),
        1 => url(choice, &input.text()),
        2 => host(choice, &input.text()),
        3 => bits(input),
        _ => small_texts(&input.text()),
    }
}

/// Strict, and one that lets rules call private addresses.
static WORKSHOPS: LazyLock<[Workshop; 2]> = LazyLock::new(|| {
    [false, true].map(|allow_private| Workshop {
        contracts: contracts().to_vec(),
        settings: dialects().settings.iter().map(|it| (it.key.to_owned(), it.default.to_owned())).collect(),
        app: app(),
        allow_private,
    })
});

/// A rule that there is already.
fn old(choice: u8) -> Rule {
    let contract = &contracts()[usize::from(choice) % contracts().len()];
    let phase = if choice & 1 == 0 { Phase::Before } else { Phase::After };
    let preset = contract.preset(phase);
    Rule {
        policy: preset.policy,
        enabled: preset.enabled,
        ..sample::rule("old", contract.name(), phase, "https://backend.example.test/callbacks")
    }
}

/// A rule as it is made, replaced or changed.
fn rule(choice: u8, text: &[u8]) {
    let Ok(body) = serde_json::from_slice::<Value>(text) else { return };
    let (id, old) = (RuleId::new("r1"), old(choice / 8));
    let task = match choice % 3 {
        0 => Task::Create(&id),
        1 => Task::Replace(&old),
        _ => Task::Change(&old),
    };
    let workshop = &WORKSHOPS[usize::from(choice & 4 != 0)];
    match workshop.draft(&body, task) {
        Err(errors) => told(&errors),
        Ok(draft) => made(workshop, &draft),
    }
}

fn told(errors: &[FieldError]) {
    assert!(!errors.is_empty() && errors.len() <= ERRORS, "{} errors", errors.len());
    for error in errors {
        assert!(!error.message.is_empty() && error.message.len() < 4096, "{}", error.field);
    }
}

/// A rule that was taken can be put into force, written down and read again, and sent back as it is shown.
fn made(workshop: &Workshop, draft: &Draft) {
    let rule = &draft.rule;
    let contract = workshop.contract(&rule.contract).expect("a contract that there is");
    assert!(contract.kinds(rule).is_ok(), "{rule:?}");
    callable(&rule.url, workshop.allow_private || rule.policy.allow_private);
    let text = serde_json::to_string(rule).expect("rules can be written");
    assert_eq!(serde_json::from_str::<Rule>(&text).expect("and read"), *rule);
    let shown = Value::Object(show_rule(rule, Some(contract.as_ref()), None));
    let secret = rule.secrets.current.as_deref().filter(|secret| secret.len() >= 12);
    if let Some(secret) = secret {
        let elsewhere = serde_json::to_string(&Rule { secrets: Default::default(), ..rule.clone() });
        let shown = shown.to_string();
        let seen = shown.contains(secret) && !elsewhere.is_ok_and(|text| text.contains(secret));
        assert!(!seen, "answers do not show the secret");
    }
    let again = workshop.draft(&shown, Task::Replace(rule));
    let again = again.unwrap_or_else(|errors| panic!("{errors:?} in what was shown: {shown}"));
    // What its phase does not have may differ: nobody sees it, and nothing comes of it.
    let again = Value::Object(show_rule(&again.rule, Some(contract.as_ref()), None));
    assert_eq!(again, shown);
}

/// A URL that names an address names one that may be called.
fn callable(url: &str, allow_private: bool) {
    let url: http::Uri = url.parse().expect("a URL");
    assert!(matches!(url.scheme_str(), Some("http" | "https")));
    let host = url.host().expect("a host");
    let authority = url.authority().expect("a host").as_str();
    assert!(!authority.contains('@'), "no user name, no password: {authority}");
    if let Ok(ip) = host.trim_matches(['[', ']']).parse::<IpAddr>() {
        let most = if allow_private { Standing::Private } else { Standing::Open };
        assert!(standing(ip) <= most, "{ip} is {:?}", standing(ip));
    }
}

/// A URL alone, in a rule that is otherwise in order.
fn url(choice: u8, text: &str) {
    let body = json!({
        "name": "r", "dialect": "openim", "phase": "after", "url": text, "allow_private": choice & 1 == 0,
    });
    rule(choice & 0xfc, body.to_string().as_bytes());
    if let Ok(url) = text.parse::<http::Uri>()
        && !address::names_no_port(&url)
    {
        assert_ne!(url.port_u16(), Some(0), "{text}");
    }
}

/// The same with the text as the host alone.
fn host(choice: u8, text: &str) {
    let scheme = if choice & 2 == 0 { "http" } else { "https" };
    url(choice, &format!("{scheme}://{text}/callbacks"));
    if let Ok(ip) = text.parse() {
        policed(ip);
    }
}

/// An address by its bits; of either kind.
fn bits(mut input: Input<'_>) {
    let v4 = input.number();
    policed(IpAddr::V4(v4.into()));
    let head = u128::from(input.number());
    let middle = u128::from(input.number());
    let tail = u128::from(input.number());
    let v6 = (head << 96) | (middle << 64) | (tail << 32) | u128::from(v4);
    policed(IpAddr::V6(v6.into()));
    // The addresses that lead to the IPv4 one, which seldom come up by chance.
    for around in [0xffff_u128 << 32, 0x0064_ff9b_u128 << 96, 0] {
        policed(IpAddr::V6((around | u128::from(v4)).into()));
    }
    policed(IpAddr::V6(((0x2002_u128 << 112) | (u128::from(v4) << 80) | tail).into()));
}

fn policed(ip: IpAddr) {
    let standing = standing(ip);
    assert!(!address::allowed(ip, false) || standing == Standing::Open, "{ip} is {standing:?}");
    assert!(!address::allowed(ip, true) || standing != Standing::Never, "{ip} is {standing:?}");
    assert!(address::allowed(ip, true) || !address::allowed(ip, false), "leave forbids nothing: {ip}");
}

/// Each text is read as everything that it might be; what is read can be written and read again.
fn small_texts(text: &str) {
    for zone in [0, 480, -300] {
        if let Ok(local) = slice::parse(text) {
            assert_eq!(slice::key(local.start(zone), zone), text);
        }
    }
    if let Ok(quota) = Quota::parse(text) {
        assert_eq!(Quota::parse(&quota.to_string()), Ok(quota));
    }
    if let Ok(duration) = value::parse_duration(text) {
        assert_eq!(value::parse_duration(&value::show_duration(duration)), Ok(duration));
    }
    if let Ok(range) = CodeRange::parse(text) {
        assert_eq!(CodeRange::parse(&range.to_string()), Ok(range));
    }
    for contract in contracts() {
        if let Ok(range) = contract.denied_type(text) {
            assert_eq!(
                contract.denied_type(&contract.denied_type_name(range)),
                Ok(range),
                "{}",
                contract.name()
            );
        }
    }
    let read = StartAt::read(&json!(text));
    assert_eq!(StartAt::read(&json!(text)), read);
    if let Ok(number) = serde_json::from_str::<Value>(text) {
        assert!(StartAt::read(&number).is_ok() || StartAt::read(&number).is_err_and(|why| !why.is_empty()));
    }
}

/// Inputs to begin with.
#[must_use]
pub fn seeds() -> Seeds {
    let mut seeds = Seeds::new();
    let mut add = |name: String, part: u8, choice: u8, text: &[u8]| {
        seeds.push((name, [&[part, choice], text].concat()));
    };
    for (index, contract) in contracts().iter().enumerate() {
        for phase in [Phase::Before, Phase::After] {
            let preset = contract.preset(phase);
            let rule = Rule {
                policy: preset.policy,
                ..sample::rule("r", contract.name(), phase, "https://a.example.test/x")
            };
            let shown = Value::Object(show_rule(&rule, Some(contract.as_ref()), None)).to_string();
            let choice = u8::try_from(index * 8).expect("few contracts");
            for task in 0..3 {
                add(
                    format!("{} {} {task}", contract.name(), phase.name()),
                    0,
                    choice + task,
                    shown.as_bytes(),
                );
            }
        }
    }
    let full = json!({
        "name": "everything", "dialect": "openim", "phase": "after", "url": "http://127.0.0.1:9/x", "enabled": true,
        "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "events": ["afterSendSingleMsg"], "allow_private": true,
        "from": ["a"], "to": ["b"], "groups": ["1"], "denied_types": ["101", "1000-5000"], "timeout_ms": 5000,
        "retry": [1, 5, 30], "concurrency": 64, "rate_limit": 100, "order": "conversation", "start_at": "earliest",
    });
    add("everything".to_owned(), 0, 0, full.to_string().as_bytes());
    addresses(&mut add);
    seeds
}

fn addresses(add: &mut impl FnMut(String, u8, u8, &[u8])) {
    for text in [
        "http://10.0.0.1:80/x?y=1",
        "https://[::1]:8443/",
        "http://u:p@h/",
        "http://h:0/",
        "http://h:99999/#f",
    ] {
        add(text.to_owned(), 1, 0, text.as_bytes());
    }
    for text in [
        "127.0.0.1",
        "[::ffff:7f00:1]",
        "0x7f.1",
        "2130706433",
        "169.254.169.254",
        "[fe80::1%25eth0]",
        "a.example.test:1",
    ] {
        add(text.to_owned(), 2, 0, text.as_bytes());
        add(format!("{text} s"), 2, 3, text.as_bytes());
    }
    for v4 in [[10u8, 0, 0, 1], [127, 0, 0, 1], [169, 254, 169, 254], [8, 8, 8, 8], [224, 0, 0, 1]] {
        let number = u32::from_be_bytes(v4).to_le_bytes();
        add(format!("{v4:?}"), 3, 0, &[&number[..], &[0; 12]].concat());
        add(
            format!("{v4:?} by RFC 8215"),
            3,
            0,
            &[&number[..], &0x0064_ff9b_u32.to_le_bytes(), &[1, 0, 1, 0, 0, 0, 0, 0]].concat(),
        );
    }
    for text in [
        "202109092110",
        "100/s",
        "6000/min",
        "250ms",
        "90d",
        "1000-5000",
        "txt",
        "earliest",
        "2026-01-31T08:00:00Z",
        "17",
    ] {
        add(text.to_owned(), 4, 0, text.as_bytes());
    }
}
