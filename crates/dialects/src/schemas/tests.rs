//! What every schema must pass: it is in the docs, it says what everything means, golden requests and answers fit it,
//! and what is not of its form does not.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ringback_model::app::App;
use ringback_model::dialect::{CallbackSchema, Contract};
use ringback_model::event::Phase;
use serde::Deserialize;
use serde_json::{Value, json};

use super::files;
use crate::openapi::validate::fits;

fn contracts() -> Vec<Arc<dyn Contract>> {
    crate::all(&App::default()).contracts
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A schema, and what of ours it is about.
struct Checked {
    at: String,
    schema: Value,
}

impl Checked {
    fn of(contract: &dyn Contract, callback: &CallbackSchema) -> [Self; 2] {
        [("request", &callback.request), ("answer", &callback.answer)].map(|(side, text)| Self {
            at: format!("{} {} {side}", contract.name(), callback.name),
            schema: serde_json::from_str(text).unwrap(),
        })
    }

    fn fits(&self, value: &Value) -> Result<(), String> {
        fits(&self.schema, &self.schema, value)
    }

    fn examples(&self) -> &[Value] {
        self.schema["examples"].as_array().map_or(&[], Vec::as_slice)
    }
}

fn all() -> Vec<(Arc<dyn Contract>, CallbackSchema)> {
    let described = contracts().into_iter();
    described
        .flat_map(|contract| contract.schemas().into_iter().map(move |it| (Arc::clone(&contract), it)))
        .collect()
}

fn both() -> Vec<Checked> {
    all().iter().flat_map(|(contract, callback)| Checked::of(contract.as_ref(), callback)).collect()
}

#[test]
fn the_files_in_docs_are_these() {
    let folder = root().join("docs/schemas");
    let made = files(&contracts());
    if std::env::var_os("RINGBACK_WRITE_DOCS").is_some() {
        let _ = fs::remove_dir_all(&folder);
        for file in &made {
            let path = folder.join(&file.path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, &file.text).unwrap();
        }
    }
    let mut there = 0;
    for place in [folder.clone()].into_iter().chain(contracts().iter().map(|it| folder.join(it.name()))) {
        there += fs::read_dir(place).unwrap().filter(|it| it.as_ref().unwrap().path().is_file()).count();
    }
    assert_eq!(there, made.len(), "files that nobody makes are left over");
    for file in made {
        let path = folder.join(&file.path);
        let text = fs::read_to_string(&path).unwrap_or_default();
        assert!(text == file.text, "{}: run this test with RINGBACK_WRITE_DOCS=1", path.display());
    }
}

#[test]
fn every_event_name_of_every_contract_has_both_schemas() {
    for contract in contracts() {
        let schemas = contract.schemas();
        let names: BTreeSet<_> = schemas.iter().map(|callback| callback.name).collect();
        assert_eq!(names.len(), schemas.len(), "{}", contract.name());
        for phase in [Phase::Before, Phase::After] {
            let of_phase = || schemas.iter().filter(|callback| callback.phase == phase);
            let known: BTreeSet<_> =
                contract.event_names(phase).into_iter().map(|event| event.name).collect();
            let described: BTreeSet<_> = of_phase().flat_map(|callback| callback.events.clone()).collect();
            assert_eq!(known, described, "{}", contract.name());
            assert!(of_phase().all(|callback| !callback.events.is_empty()));
        }
        for callback in &schemas {
            assert!(!callback.request.is_empty() && !callback.answer.is_empty(), "{}", callback.name);
            assert!(callback.name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)));
        }
    }
}

/// Objects inside a schema that list their members.
fn objects<'a>(schema: &'a Value, found: &mut Vec<&'a Value>) {
    match schema {
        Value::Object(keywords) => {
            if keywords.contains_key("properties") && keywords.get("type").is_some() {
                found.push(schema);
            }
            let inner =
                keywords.iter().filter(|(keyword, _)| !["examples", "then"].contains(&keyword.as_str()));
            inner.for_each(|(_, inner)| objects(inner, found));
        }
        Value::Array(items) => items.iter().for_each(|item| objects(item, found)),
        _ => {}
    }
}

#[test]
fn every_schema_says_what_it_is_and_its_examples_fit() {
    let mut ids = BTreeSet::new();
    for checked in both() {
        let schema = &checked.schema;
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
        assert!(ids.insert(schema["$id"].as_str().unwrap().to_owned()), "{}", checked.at);
        for keyword in ["title", "description"] {
            assert!(schema[keyword].as_str().is_some_and(|text| !text.is_empty()), "{}", checked.at);
        }
        let mut found = Vec::new();
        objects(schema, &mut found);
        for object in found {
            for (name, member) in object["properties"].as_object().unwrap() {
                let said = member["description"].as_str().unwrap_or_default();
                assert!(!said.is_empty(), "{}: nobody says what {name} is", checked.at);
            }
        }
        assert_eq!(checked.examples().is_empty(), schema.get("type").is_none(), "{}", checked.at);
        for example in checked.examples() {
            assert_eq!(checked.fits(example), Ok(()), "{}: {example}", checked.at);
        }
    }
    assert!(ids.len() > 400, "{}", ids.len());
}

// ---------------------------------------------------------------- golden requests and answers

#[derive(Deserialize)]
struct Expected {
    status: u16,
    verdict: String,
}

/// Whether an answer was refused because a member of it has the wrong type.
fn is_of_wrong_type(verdict: &str) -> bool {
    verdict.starts_with("wrong: ")
        && [" is a ", " is an ", " is JSON, but not an object"].iter().any(|part| verdict.contains(part))
}

/// Everything in a folder of fixtures; how many values were looked at.
fn check_folder(folder: &Path, contract: &dyn Contract, callback: &CallbackSchema) -> usize {
    let [request, answer] = Checked::of(contract, callback);
    let body: Value = serde_json::from_slice(&fs::read(folder.join("request.json")).unwrap()).unwrap();
    assert_eq!(request.fits(&body), Ok(()), "{}: {}", request.at, folder.display());
    let mut seen = 1;
    let Ok(verdicts) = fs::read(folder.join("verdicts.json")) else { return seen };
    let verdicts: BTreeMap<String, Expected> = serde_json::from_slice(&verdicts).unwrap();
    for (name, expected) in verdicts {
        let Ok(value) = serde_json::from_slice::<Value>(&fs::read(folder.join(&name)).unwrap()) else {
            assert!(expected.verdict.starts_with("wrong") || callback.phase == Phase::After, "{name}");
            continue;
        };
        let fitting = answer.fits(&value);
        let at = format!("{} {name}: {} {fitting:?}", folder.display(), expected.verdict);
        if ["allow", "refuse", "delivered"].iter().any(|word| expected.verdict.starts_with(word)) {
            assert_eq!(fitting, Ok(()), "{at}");
        }
        if expected.status == 200 && is_of_wrong_type(&expected.verdict) {
            assert!(fitting.is_err(), "{at}");
        }
        seen += 1;
    }
    seen
}

#[test]
fn golden_requests_and_answers_fit_as_far_as_they_are_taken() {
    let mut seen = 0;
    for (contract, callback) in all() {
        let folder = match contract.name() {
            "openim" => "v3.8",
            name => name.strip_prefix("openim-").unwrap_or_default(),
        };
        let folder = root().join("fixtures/openim").join(folder).join(callback.name);
        if contract.name().starts_with("openim") {
            seen += check_folder(&folder, contract.as_ref(), &callback);
        }
    }
    assert!(seen > 1000, "{seen}");
}

/// The documents' examples besides messages, by the name of their callback.
const DOCUMENTED: &[(&str, &str)] = &[
    ("recall", "recall.json"),
    ("edit", "edit.json"),
    ("read_ack", "read-ack.json"),
    ("group_op_event-CREATE", "group-created.json"),
    ("group_op_event-LEAVE", "room-member-kicked.json"),
    ("muc", "room-member-kicked-legacy.json"),
    ("roster", "contact-blocked.json"),
    ("userStatus", "user-status.json"),
    ("keyword_alert", "keyword-alert.json"),
    ("reaction", "reaction.json"),
    ("thread", "thread.json"),
];

fn check_documented(folder: &Path, contract: &dyn Contract, callback: &CallbackSchema, file: &str) {
    let text = fs::read(folder.join("documented").join(file)).unwrap();
    let [request, _] = Checked::of(contract, callback);
    assert_eq!(request.fits(&serde_json::from_slice(&text).unwrap()), Ok(()), "{file}");
}

#[test]
fn golden_requests_and_answers_of_the_family_fit_in_all_three_contracts() {
    let folder = root().join("fixtures/easemob");
    let cases = [
        ("pre-send", "pre-send-single-text", "pre-send.json"),
        ("pre-send", "pre-send-room-text", ""),
        ("pre-send", "pre-send-group-openim-mention", ""),
        ("chat", "chat-single-text", "single-text.json"),
        ("chat", "chat-room-text", ""),
        ("chat", "chat-group-openim-mention", ""),
        ("chat_offline", "chat-offline-group-image", "group-image-offline.json"),
    ];
    let there = fs::read_dir(&folder).unwrap().count();
    assert_eq!(there, cases.len() + 1, "every folder is a case, and the documents' examples are one more");
    let family = ["shengwang", "agora", "easemob"];
    for (contract, callback) in all().iter().filter(|(contract, _)| family.contains(&contract.name())) {
        for (_, case, documented) in cases.iter().filter(|(name, ..)| *name == callback.name) {
            check_folder(&folder.join(case), contract.as_ref(), callback);
            if !documented.is_empty() {
                check_documented(&folder, contract.as_ref(), callback, documented);
            }
        }
        for (_, documented) in DOCUMENTED.iter().filter(|(name, _)| *name == callback.name) {
            check_documented(&folder, contract.as_ref(), callback, documented);
        }
    }
    let documented = DOCUMENTED.iter().map(|(_, file)| *file).chain(cases.map(|(_, _, file)| file));
    let documented = documented.filter(|file| !file.is_empty()).count();
    let there = fs::read_dir(folder.join("documented")).unwrap().count();
    assert_eq!(there, documented + 1, "every example is checked, and SOURCE.md is one more");
}

// ---------------------------------------------------------------- what does not fit

/// Members of a value that its schema describes: their places, whether they are needed, and their schemas.
fn described<'a>(schema: &'a Value, value: &Value, at: &str, found: &mut Vec<(String, bool, &'a Value)>) {
    if let (Some(members), Some(known)) = (value.as_object(), schema["properties"].as_object()) {
        for (name, inner) in members {
            if let Some(member) = known.get(name) {
                let needed = schema["required"].as_array().is_some_and(|list| list.contains(&json!(name)));
                let place = format!("{at}/{name}");
                found.push((place.clone(), needed, member));
                described(member, inner, &place, found);
            }
        }
    }
    if let (Some([first, ..]), Some(items)) = (value.as_array().map(Vec::as_slice), schema.get("items")) {
        described(items, first, &format!("{at}/0"), found);
    }
}

fn without(value: &Value, place: &str) -> Value {
    let mut part = value.clone();
    let (parent, name) = place.rsplit_once('/').unwrap();
    part.pointer_mut(parent).and_then(Value::as_object_mut).unwrap().remove(name);
    part
}

fn with(value: &Value, place: &str, other: &Value) -> Value {
    let mut changed = value.clone();
    *changed.pointer_mut(place).unwrap() = other.clone();
    changed
}

/// One value of each kind, none of which is what a member of a callback is.
fn kinds() -> [Value; 5] {
    [json!({"odd": 1}), json!([[]]), json!(true), json!(1.5), json!("\u{1}odd")]
}

#[test]
fn what_lacks_a_member_or_has_one_of_another_kind_does_not_fit() {
    let (mut lacking, mut changed) = (0, 0);
    for checked in both() {
        for example in checked.examples() {
            let mut places = Vec::new();
            described(&checked.schema, example, "", &mut places);
            for (place, needed, schema) in places {
                if needed {
                    let part = without(example, &place);
                    assert!(checked.fits(&part).is_err(), "{} without {place}", checked.at);
                    lacking += 1;
                }
                let others =
                    kinds().into_iter().filter(|other| checked.fits(&with(example, &place, other)).is_ok());
                let taken: Vec<Value> = others.collect();
                // Texts and truths may be any; the app's own objects hold what they like.
                let free = says(schema, "object") && schema.get("required").is_none();
                let most = usize::from(free || says(schema, "string") || says(schema, "boolean"));
                assert!(taken.len() <= most, "{} takes {taken:?} as {place}", checked.at);
                changed += 1;
            }
        }
    }
    assert!(lacking > 2000 && changed > 3000, "{lacking} {changed}");
}

/// Whether a schema, or one of its forms, is of this type.
fn says(schema: &Value, kind: &str) -> bool {
    let own = match &schema["type"] {
        Value::Array(kinds) => kinds.contains(&json!(kind)),
        own => own == kind,
    };
    own || schema["anyOf"].as_array().into_iter().flatten().any(|form| says(form, kind))
}
