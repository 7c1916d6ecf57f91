//! The schema of answers and who reads answers agree.

use ringback_model::delivery::Answer;
use ringback_model::dialect::Contract as _;
use ringback_model::event::{EventKind, Phase};
use ringback_model::sample;
use serde_json::{Value, json};

use super::super::{FamilyContract, Product};
use super::{AT, of_contract};
use crate::openapi::validate::fits;

/// Members and values that answers may have, right ones and wrong ones.
fn answers() -> Vec<Value> {
    let odd = [json!(null), json!(true), json!(1), json!("x"), json!([]), json!({}), json!(["x"])];
    let texts = [json!("txt"), json!("img"), json!("chat"), json!("groupchat"), json!(null), json!(1)];
    let mut payloads: Vec<Value> = odd.to_vec();
    for (name, value) in [("msg", 0), ("type", 0), ("subType", 0), ("ext", 0), ("bodies", 0)]
        .iter()
        .flat_map(|(name, _)| odd.iter().map(move |value| (*name, value.clone())))
    {
        payloads.push(json!({name: value}));
        payloads.push(json!({"msg": "x", name: value}));
        payloads.push(json!({"bodies": [{"msg": "x", name: value}]}));
        payloads.push(json!({"bodies": [{"type": "txt", "msg": "x"}], name: value}));
    }
    for kind in &texts {
        payloads.push(json!({"type": kind}));
        payloads.push(json!({"type": kind, "msg": "x"}));
        payloads.push(json!({"type": kind, "msg": null}));
        payloads.push(json!({"type": kind, "msg": "x", "subType": "sub_combine"}));
        payloads.push(json!({"type": kind, "bodies": [{"type": kind, "msg": "x"}]}));
        payloads.push(json!({"bodies": [{"type": kind, "msg": "x", "subType": "sub_combine"}]}));
        payloads.push(json!({"bodies": [{"type": kind}]}));
    }
    payloads.push(json!({"bodies": [{"msg": "x"}, {"msg": "y"}]}));
    let mut answers = odd.to_vec();
    answers.extend(odd.iter().map(|value| json!({"valid": value})));
    for valid in [true, false] {
        answers.extend(payloads.iter().map(|payload| json!({"valid": valid, "payload": payload})));
        answers.extend(odd.iter().map(|value| json!({"valid": valid, "code": value})));
        answers.extend(odd.iter().map(|value| json!({"valid": valid, "other": value})));
        let levels = ["high", "normal", "low", "urgent", ""].map(Value::from);
        let levels = odd.iter().chain(&levels);
        answers.extend(levels.map(|value| json!({"valid": valid, "chatroom_msg_level": value})));
    }
    answers
}

#[test]
fn what_fits_is_taken_and_what_does_not_is_not() {
    let contract = FamilyContract::new(Product::Easemob);
    let callback = of_contract(contract).remove(0);
    let schema: Value = serde_json::from_str(&callback.answer).unwrap();
    let rule = sample::rule("r", contract.name(), Phase::Before, "http://127.0.0.1/");
    let text = crate::samples(AT).into_iter().find(|message| message.content.form == crate::easemob::FORM);
    let question = sample::question(EventKind::MessageSending, text.unwrap());
    let answers = answers();
    assert!(answers.len() > 300);
    let mut taken = 0;
    for value in answers {
        let answer = Answer { status: 200, body: value.to_string().into_bytes(), cut: false };
        let verdict = contract.verdict(&rule, &question, &answer);
        let fitting = fits(&schema, &schema, &value);
        assert_eq!(verdict.is_ok(), fitting.is_ok(), "{value}: {verdict:?}, {fitting:?}");
        taken += usize::from(verdict.is_ok());
    }
    assert!(taken > 100, "{taken}");
}
