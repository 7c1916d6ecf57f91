//! Schemas of answers and those who read answers agree.

use ringback_model::delivery::Answer;
use ringback_model::dialect::Contract as _;
use serde_json::{Value, json};

use super::super::commands::{self, Command, Effect};
use super::super::generation::Generation;
use super::super::{OpenImContract, answer, specimens};
use super::of_contract;
use crate::openapi::validate::fits;

/// A command in a contract, with the schema of its answers.
struct Case {
    contract: OpenImContract,
    command: &'static Command,
    schema: Value,
}

impl Case {
    fn all() -> Vec<Self> {
        let of_generation = |generation: Generation| {
            let contract = OpenImContract::new(generation);
            of_contract(contract).into_iter().filter_map(move |callback| {
                let command = commands::named(callback.name)?;
                let schema = serde_json::from_str(&callback.answer).unwrap();
                matches!(command.effect, Effect::Decide { .. }).then_some(Self { contract, command, schema })
            })
        };
        Generation::ALL.into_iter().flat_map(of_generation).collect()
    }

    fn fits(&self, answer: &Value) -> bool {
        fits(&self.schema, &self.schema, answer).is_ok()
    }

    /// What is of a wrong type does not fit, and what does not fit is not taken, by any question.
    fn check(&self, answer: &Value) {
        let body = answer.to_string().into_bytes();
        let at = || format!("{} {}: {answer}", self.contract.name(), self.command.name);
        let fits = self.fits(answer);
        let read = answer::is_read(self.command, self.contract.generation, &body);
        assert!(!fits || read.is_ok(), "{} fits and is not read: {read:?}", at());
        if !fits {
            let rule = specimens::rule(self.contract, self.command).unwrap();
            let answer = Answer { status: 200, body, cut: false };
            for question in specimens::questions(self.command) {
                if self.contract.question(&rule, &question).is_ok() {
                    let verdict = self.contract.verdict(&rule, &question, &answer);
                    assert!(verdict.is_err(), "{} does not fit and is taken: {verdict:?}", at());
                }
            }
        }
    }
}

/// Values of every kind, many of which are right for some member.
fn values() -> Vec<Value> {
    vec![
        json!(null),
        json!(true),
        json!(false),
        json!(-1),
        json!(0),
        json!(1),
        json!(2),
        json!(3),
        json!(5),
        json!(20),
        json!(60),
        json!(101),
        json!(200),
        json!(1.5),
        json!(i32::MAX),
        json!(i64::from(i32::MAX) + 1),
        json!(i64::from(i32::MIN) - 1),
        json!(""),
        json!("carol"),
        json!("e30="),
        json!("{\"content\":\"x\"}"),
        json!([]),
        json!(["carol"]),
        json!([1]),
        json!([null]),
        json!([{}]),
        json!([[]]),
        json!({}),
        json!({"value": "x"}),
        json!({"value": 1}),
        json!({"value": null}),
        json!({"value": {"value": 1}}),
        json!({"title": "x"}),
        json!({"title": 1}),
        json!({"iOSBadgeCount": true}),
        json!({"a": true, "b": null}),
        json!({"a": 1}),
    ]
}

#[test]
fn schemas_and_readers_agree_about_every_member() {
    let mut checked = 0;
    for case in Case::all() {
        for whole in
            [json!(null), json!({}), json!([]), json!("x"), json!(1), json!(true), json!({"other": 1})]
        {
            case.check(&whole);
        }
        for (name, member) in case.schema["properties"].as_object().unwrap() {
            for value in values() {
                case.check(&json!({name: value}));
                checked += 1;
            }
            for inner in member["items"]["properties"].as_object().into_iter().flat_map(|inner| inner.keys())
            {
                for value in values() {
                    case.check(&json!({name: [{"userID": "carol", inner: value}]}));
                    checked += 1;
                }
            }
        }
    }
    assert!(checked > 20_000, "{checked}");
}

/// The value of a member that nobody has filled in.
fn zero(schema: &Value) -> Value {
    let kinds = |kind: &str| schema["type"] == kind || schema["type"][0] == kind;
    if kinds("string") || schema["anyOf"][0]["type"] == "string" {
        json!("")
    } else if kinds("boolean") {
        json!(false)
    } else if kinds("array") {
        json!([])
    } else if kinds("object") {
        json!(null)
    } else {
        json!(0)
    }
}

#[test]
fn an_answer_that_nobody_has_filled_in_fits() {
    for case in Case::all() {
        let members = case.schema["properties"].as_object().unwrap();
        let answer: Value = members.iter().map(|(name, schema)| (name.clone(), zero(schema))).collect();
        assert!(case.fits(&answer), "{} {}: {answer}", case.contract.name(), case.command.name);
        case.check(&answer);
    }
}

#[test]
fn members_that_only_some_contracts_read_are_in_their_schemas_alone() {
    for case in Case::all() {
        let has = |name: &str| case.schema["properties"].get(name).is_some();
        let generation = case.contract.generation;
        assert_eq!(
            has("nextCode"),
            matches!(generation, Generation::V35 | Generation::V38),
            "{generation:?}"
        );
        assert_eq!(has("errDlt"), generation != Generation::V2, "{generation:?}");
        assert!(has("actionCode") && has("errCode") && has("errMsg"));
    }
}
