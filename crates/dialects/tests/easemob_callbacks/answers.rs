//! What every answer means.

use std::collections::BTreeMap;
use std::fs;

use ringback_model::delivery::Answer;
use ringback_model::dialect::Acceptance;
use ringback_model::event::Phase;
use ringback_model::message::Message;
use ringback_model::verdict::Verdict;
use serde::Deserialize;

use crate::samples::{
    CASES, asked_text, contract, fixtures, group_image, openim_text, question, room_text, rule,
};

#[derive(Deserialize)]
struct Expected {
    status: u16,
    verdict: String,
    #[serde(default)]
    changes: Vec<String>,
}

pub(crate) fn meaning(case: &str, answer: &Answer) -> (String, Vec<String>) {
    if !case.starts_with("pre-send") {
        let said = match contract("shengwang").accepted(&rule("shengwang", Phase::After), answer) {
            Acceptance::Delivered => "delivered".to_owned(),
            Acceptance::DeliveredBadly(why) => format!("delivered badly: {why}"),
            Acceptance::Failed(why) => format!("failed: {why}"),
        };
        return (said, Vec::new());
    }
    let message = match case {
        "pre-send-single-text" => asked_text(),
        "pre-send-room-text" => room_text(),
        _ => openim_text(),
    };
    let mut rule = rule("shengwang", Phase::Before);
    rule.policy.show_error = true;
    match contract("shengwang").verdict(&rule, &question(message), answer) {
        Ok(Verdict::Allow { changes }) => {
            ("allow".to_owned(), changes.iter().map(|change| format!("{change:?}")).collect())
        }
        Ok(Verdict::Refuse(refusal)) => {
            assert!(refusal.show && refusal.detail.is_empty());
            (format!("refuse {} {:?}", refusal.code.unwrap(), refusal.text), Vec::new())
        }
        Err(wrong) => (format!("wrong: {}", wrong.0), Vec::new()),
    }
}

#[test]
fn every_answer_means_what_its_folder_says() {
    let mut seen = 0;
    for (case, _) in CASES {
        let folder = fixtures().join(case);
        let Ok(expected) = fs::read(folder.join("verdicts.json")) else { continue };
        let expected: BTreeMap<String, Expected> = serde_json::from_slice(&expected).unwrap();
        let replies =
            fs::read_dir(&folder).unwrap().filter_map(|entry| entry.unwrap().file_name().into_string().ok());
        let mut replies: Vec<_> = replies.filter(|name| name.starts_with("reply-")).collect();
        replies.sort();
        assert_eq!(replies, expected.keys().cloned().collect::<Vec<_>>(), "{case}");
        for (name, expected) in expected {
            let body = fs::read(folder.join(&name)).unwrap();
            let answer = Answer { status: expected.status, body, cut: false };
            assert_eq!(meaning(case, &answer), (expected.verdict, expected.changes), "{case}/{name}");
            seen += 1;
        }
    }
    assert!(seen >= 30, "only {seen} answers were read");
}

pub(crate) fn verdict(message: Message, status: u16, body: &str) -> Result<Verdict, String> {
    let answer = Answer { status, body: body.as_bytes().to_vec(), cut: false };
    let rule = rule("easemob", Phase::Before);
    contract("easemob").verdict(&rule, &question(message), &answer).map_err(|wrong| wrong.0)
}

#[test]
fn an_answer_has_at_most_a_thousand_characters_whatever_their_bytes() {
    let answer = |letter: &str, length: usize| {
        let text = letter.repeat(length - r#"{"valid":true,"x":""}"#.len());
        format!(r#"{{"valid":true,"x":"{text}"}}"#)
    };
    for letter in ["x", "声", "😀"] {
        assert_eq!(verdict(asked_text(), 200, &answer(letter, 1000)), Ok(Verdict::ALLOW), "{letter}");
        let wrong = verdict(asked_text(), 200, &answer(letter, 1001)).unwrap_err();
        assert_eq!(wrong, "the answer is longer than 1000 characters");
        let accepted = |length, cut| {
            let answer = Answer { status: 200, body: answer(letter, length).into_bytes(), cut };
            contract("agora").accepted(&rule("agora", Phase::After), &answer)
        };
        assert_eq!(accepted(1000, false), Acceptance::Delivered);
        assert!(matches!(accepted(1001, false), Acceptance::DeliveredBadly(_)));
        assert!(matches!(accepted(30, true), Acceptance::DeliveredBadly(_)));
    }
    let failed = Answer { status: 500, body: answer("x", 1001).into_bytes(), cut: true };
    assert!(matches!(
        contract("agora").accepted(&rule("agora", Phase::After), &failed),
        Acceptance::Failed(_)
    ));
}

#[test]
fn a_replacement_has_at_most_a_kilobyte() {
    let answer = |bytes: usize| {
        let text = "声".repeat((bytes - r#"{"msg":"","type":"txt"}"#.len()) / 3);
        let pad = bytes - r#"{"msg":"","type":"txt"}"#.len() - text.len();
        format!(r#"{{"valid":true,"payload":{{"msg":"{text}{}","type":"txt"}}}}"#, "x".repeat(pad))
    };
    assert!(
        matches!(verdict(asked_text(), 200, &answer(1024)), Ok(Verdict::Allow { changes }) if changes.len() == 1)
    );
    assert_eq!(verdict(asked_text(), 200, &answer(1025)).unwrap_err(), "payload is longer than 1024 bytes");
}

#[test]
fn only_texts_can_be_replaced() {
    let payload = r#"{"valid":true,"payload":{"bodies":[{"type":"txt","msg":"x"}]}}"#;
    assert!(verdict(group_image(), 200, payload).unwrap_err().contains("not a text"));
    assert_eq!(verdict(group_image(), 200, r#"{"valid":true}"#), Ok(Verdict::ALLOW));
}

#[test]
fn a_refusal_of_no_answer_has_the_documents_words() {
    let mut rule = rule("shengwang", Phase::Before);
    let silenced = contract("shengwang").silenced(&rule).unwrap();
    assert_eq!(
        (silenced.code, silenced.text.as_str(), silenced.show),
        (Some(508), "custom internal error", false)
    );
    rule.policy.show_error = true;
    assert!(contract("shengwang").silenced(&rule).unwrap().show);
}
