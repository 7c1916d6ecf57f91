//! Requests byte for byte, their signatures, and the documents' own examples.

use std::fs;

use ringback_dialects::easemob::callbacks::signature::security;
use ringback_model::dialect::{EdgeRequest, Method};
use ringback_model::event::Phase;
use ringback_model::rule::{Rule, Secrets};
use ringback_model::time::UnixMs;
use serde_json::{Value, json};

use crate::samples::{CASES, CONTRACTS, SECRET, app, contract, event, fixtures, rule, single_text};

#[test]
fn requests_are_the_golden_ones_byte_for_byte_in_all_three_contracts() {
    for (case, render) in CASES {
        let folder = fixtures().join(case);
        for name in CONTRACTS {
            let outbound = render(name);
            let head: String =
                outbound.headers.iter().fold(format!("POST {}\n", outbound.url), |head, (name, value)| {
                    format!("{head}{name}: {value}\n")
                });
            let body = String::from_utf8(outbound.body.into()).unwrap();
            if std::env::var_os("RINGBACK_WRITE_DOCS").is_some() {
                fs::create_dir_all(&folder).unwrap();
                fs::write(folder.join("request.txt"), &head).unwrap();
                fs::write(folder.join("request.json"), &body).unwrap();
            }
            assert_eq!(head, fs::read_to_string(folder.join("request.txt")).unwrap(), "{case} {name}");
            assert_eq!(body, fs::read_to_string(folder.join("request.json")).unwrap(), "{case} {name}");
            assert!(folder.join("SOURCE.md").is_file(), "{case}");
        }
    }
}

#[test]
fn every_folder_is_a_case() {
    for entry in fs::read_dir(fixtures()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(name == "documented" || CASES.iter().any(|(case, _)| *case == name), "{name}");
    }
}

/// Members of an object in the order in which they stand.
fn members(text: &str) -> Vec<(String, Value)> {
    struct Members;
    impl<'de> serde::de::Visitor<'de> for Members {
        type Value = Vec<(String, Value)>;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an object")
        }
        fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut all = Vec::new();
            while let Some(member) = map.next_entry()? {
                all.push(member);
            }
            Ok(all)
        }
    }
    let mut from = serde_json::Deserializer::from_str(text);
    serde::Deserializer::deserialize_map(&mut from, Members).unwrap()
}

/// The examples have ids that were rolled and a host of theirs; all else is the same, in the same order.
#[test]
fn the_documents_examples_are_what_we_send() {
    for (file, render) in [
        ("single-text.json", CASES[0].1),
        ("group-image-offline.json", CASES[1].1),
        ("pre-send.json", CASES[4].1),
    ] {
        let example = fs::read_to_string(fixtures().join("documented").join(file)).unwrap();
        let ours = String::from_utf8(render("easemob").body.into()).unwrap();
        let blank = |text: &str| {
            let mut members = members(text);
            for (name, value) in &mut members {
                if ["callId", "host", "security"].contains(&name.as_str()) {
                    *value = json!(value.is_string());
                }
            }
            members
        };
        assert_eq!(blank(&ours), blank(&example), "{file}");
    }
}

fn arrives(body: &[u8]) -> EdgeRequest {
    EdgeRequest {
        route: "",
        method: Method::Post,
        path: "/callback".to_owned(),
        params: Vec::new(),
        query: Vec::new(),
        headers: Vec::new(),
        body: body.to_vec(),
        file: None,
        at: UnixMs(0),
        secure: false,
    }
}

#[test]
fn signatures_of_the_documents_and_our_own_are_checked_alike() {
    let dialects = ringback_dialects::all(&app());
    let receiver =
        dialects.receivers.iter().find(|receiver| receiver.contracts().contains(&"shengwang")).unwrap();
    let mut examples = 0;
    for entry in fs::read_dir(fixtures().join("documented")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "json") {
            let request = arrives(&fs::read(&path).unwrap());
            assert_eq!(receiver.signature(&request, SECRET), Some(true), "{}", path.display());
            assert_eq!(receiver.signature(&request, "old"), Some(false), "{}", path.display());
            examples += 1;
        }
    }
    assert_eq!(examples, 14);
    for (case, render) in CASES {
        let outbound = render("agora");
        let request = arrives(&outbound.body);
        assert_eq!(receiver.signature(&request, SECRET), Some(true), "{case}");
        let described = receiver.describe(&request, None).unwrap();
        let phase = if case.starts_with("pre-send") { Phase::Before } else { Phase::After };
        assert_eq!((described.phase, described.from.as_str()), (phase, "alice"), "{case}");
    }
}

#[test]
fn a_new_secret_signs_at_once_and_none_is_an_empty_one() {
    let mut rule = rule("easemob", Phase::After);
    let body = |rule: &Rule| -> Value {
        let rendered = contract("easemob").delivery(rule, &event(single_text(), &[]), 0).unwrap();
        serde_json::from_slice(&rendered.outbound.body).unwrap()
    };
    let before = body(&rule);
    rule.secrets = Secrets::default();
    let after = body(&rule);
    assert_eq!(before["callId"], after["callId"]);
    let call_id = after["callId"].as_str().unwrap();
    assert_eq!(after["security"], json!(security(call_id, "", 1_731_000_000_123)));
}
