//! Answers that do not mean what they seem to, in every contract.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that stops is a test that fails")]

use ringback_dialects::Dialects;
use ringback_model::app::App;
use ringback_model::conversation::Target;
use ringback_model::delivery::Answer;
use ringback_model::event::{EventKind, Phase, Question};
use ringback_model::ids::{GroupId, UserId};
use ringback_model::message::{Content, ContentClass, Message};
use ringback_model::rule::Rule;
use ringback_model::sample;
use ringback_model::time::UnixMs;

const AT: UnixMs = UnixMs(1_785_542_400_123);

fn dialects() -> Dialects {
    ringback_dialects::all(&App::default())
}

fn message(form: &str, target: Target) -> Message {
    let (code, raw) = match form {
        "openim" => (101, r#"{"content":"hi"}"#),
        _ => (1, r#"{"type":"txt","msg":"hi"}"#),
    };
    let text = Content { form: form.to_owned(), class: ContentClass::Text, code, raw: raw.to_owned() };
    sample::message(UserId::parse("alice").unwrap(), target, text, AT)
}

fn to_bob() -> Target {
    Target::User(UserId::parse("bob").unwrap())
}

fn rule(contract: &str) -> Rule {
    sample::rule("r", contract, Phase::Before, "http://127.0.0.1:9/callbacks")
}

fn misgivings(contract: &str, question: &Question, status: u16, body: &str) -> Vec<String> {
    let answer = Answer { status, body: body.as_bytes().to_vec(), cut: false };
    dialects().contract(contract).unwrap().misgivings(&rule(contract), question, &answer)
}

/// Of an answer with status 200 to the question whether a text may be sent.
fn sending(contract: &str, body: &str) -> Vec<String> {
    let form = if contract.starts_with("openim") { "openim" } else { "easemob" };
    misgivings(contract, &sample::question(EventKind::MessageSending, message(form, to_bob())), 200, body)
}

/// The one misgiving begins so.
fn one(found: &[String], begins: &str, about: &str) {
    assert!(
        found.len() == 1 && found[0].starts_with(begins),
        "{about}: {begins:?} expected, found {found:?}"
    );
}

#[test]
fn a_refusal_of_another_contract_says_what_refuses_here() {
    for (contract, body, begins) in [
        (
            "openim",
            r#"{"actionCode":1,"nextCode":1}"#,
            "actionCode 1 with nextCode 1 does not refuse in this contract: actionCode 0 with nextCode 1 does",
        ),
        ("openim", r#"{"actionCode":1,"errCode":0}"#, "actionCode 1 does not refuse in this contract"),
        ("openim", r#"{"errCode":5001,"errMsg":"no"}"#, "errCode 5001 does not refuse in this contract"),
        ("openim", r#"{"nextCode":2}"#, "nextCode 2 does not refuse in this contract"),
        ("openim", r#"{"next_code":1}"#, "next_code is not read: actionCode 0 with nextCode 1 does here"),
        ("openim", r#"{"code":403,"msg":"no"}"#, "code is not read"),
        ("openim", r#"{"valid":false}"#, "valid is not read (it is a member of another contract)"),
        ("openim", r#"{"errCode":0,"data":{"nextCode":1}}"#, "nextCode inside data is not read"),
        (
            "openim-v3.5",
            r#"{"errCode":5001}"#,
            "errCode 5001 does not refuse in this contract: an actionCode",
        ),
        ("openim-v3.5", r#"{"nextCode":2}"#, "nextCode 2 does not refuse in this contract"),
        ("openim-v3.0", r#"{"nextCode":1}"#, "nextCode 1 does not refuse in this contract: an actionCode or"),
        ("openim-v2", r#"{"nextCode":1}"#, "nextCode 1 does not refuse in this contract: actionCode 1 with"),
        ("openim-v2", r#"{"actionCode":1,"errCode":5001}"#, "actionCode 1 with errCode 5001 does not refuse"),
        ("openim-v2", r#"{"errCode":5001}"#, "errCode 5001 does not refuse"),
        ("shengwang", r#"{"actionCode":0,"nextCode":1}"#, "actionCode is a member of another contract"),
        ("agora", r#"{"errCode":5001}"#, "errCode is a member of another contract"),
        ("easemob", r#"{"Valid":false}"#, "Valid is not read: the member is called valid"),
        ("easemob", r#"{"data":{"valid":false}}"#, "valid inside data is not read"),
        ("easemob", r#"{"valid":true,"code":"spam"}"#, "code does not refuse, and nobody is shown it"),
    ] {
        one(&sending(contract, body), begins, body);
    }
}

#[test]
fn a_wrong_type_says_what_to_write() {
    for (contract, body, begins) in [
        (
            "openim",
            r#"{"actionCode":0,"nextCode":"1"}"#,
            r#"nextCode is the text "1", and the whole answer counts for nothing: write 1, without quotes"#,
        ),
        ("openim", r#"{"errCode":"5001"}"#, r#"errCode is the text "5001""#),
        (
            "openim",
            r#"{"nextCode":true}"#,
            "nextCode is true, and the whole answer counts for nothing: write 1",
        ),
        (
            "openim",
            r#"{"nextCode":1.0}"#,
            "nextCode is 1.0, and the whole answer counts for nothing: write 1",
        ),
        (
            "openim",
            r#"{"errCode":[]}"#,
            "errCode is a list, and the whole answer counts for nothing: write a whole",
        ),
        ("openim", r#"{"errMsg":7}"#, "errMsg is 7, and the whole answer counts for nothing: write a text"),
        ("openim-v3.5", r#"{"nextCode":"1"}"#, "nextCode is the text"),
        ("openim-v3.0", r#"{"actionCode":"1"}"#, "actionCode is the text"),
        ("openim-v2", r#"{"actionCode":"1"}"#, "actionCode is the text"),
        (
            "easemob",
            r#"{"valid":"false"}"#,
            r#"valid is the text "false", and the whole answer counts for nothing"#,
        ),
        ("agora", r#"{"valid":0}"#, "valid is 0, and the whole answer counts for nothing"),
        ("shengwang", r#"{"valid":false,"code":7}"#, "code is 7, and the whole answer counts for nothing"),
        ("openim", "<html>", "the answer is a page of HTML"),
        ("openim", "", "the answer is empty"),
        ("openim-v2", "success", "the answer is no JSON object"),
        ("easemob", "<!DOCTYPE html>", "the answer is a page of HTML"),
        ("easemob", "ok", "the answer is no JSON object"),
    ] {
        one(&sending(contract, body), begins, body);
    }
}

#[test]
fn what_means_what_it_says_is_left_alone() {
    for (contract, body) in [
        ("openim", "{}"),
        ("openim", r#"{"actionCode":0,"errCode":0,"errMsg":"","errDlt":"","nextCode":0}"#),
        ("openim", r#"{"actionCode":0,"nextCode":1,"errCode":5001,"errMsg":"no"}"#),
        ("openim", r#"{"code":0,"msg":"ok","data":{"errCode":0}}"#),
        ("openim", r#"{"code":200,"msg":"success"}"#),
        ("openim-v3.5", r#"{"actionCode":1,"errCode":5001}"#),
        ("openim-v3.5", r#"{"nextCode":1,"errCode":5001}"#),
        ("openim-v3.0", r#"{"actionCode":1,"errCode":5001}"#),
        ("openim-v2", r#"{"actionCode":1,"errCode":0,"errMsg":"no"}"#),
        ("easemob", r#"{"valid":true}"#),
        ("easemob", r#"{"valid":true,"code":""}"#),
        ("easemob", r#"{"valid":false,"code":"spam"}"#),
        ("easemob", r#"{"valid":true,"payload":{"bodies":[{"type":"txt","msg":"***"}]}}"#),
    ] {
        assert_eq!(sending(contract, body), Vec::<String>::new(), "{contract} {body}");
    }
}

#[test]
fn refusals_are_told_what_their_senders_see() {
    for (contract, code) in [("openim", 500), ("openim-v3.5", 500)] {
        let found = sending(contract, r#"{"actionCode":0,"nextCode":1}"#);
        one(
            &found,
            &format!("the answer refuses with errCode 0, and the sender is told {code} instead"),
            contract,
        );
    }
    one(&sending("openim-v3.0", r#"{"actionCode":1}"#), "the answer refuses with errCode 0", "openim-v3.0");
    let found = sending("easemob", r#"{"valid":false,"payload":{"bodies":[]}}"#);
    one(&found, "the answer refuses and replaces", "easemob");
    let rewriting = sample::question(EventKind::MessageRewriting, message("openim", to_bob()));
    let body = r#"{"nextCode":1,"errCode":5001,"ex":"seen"}"#;
    one(&misgivings("openim", &rewriting, 200, body), "the answer refuses and changes something", body);
}

#[test]
fn a_status_is_no_verdict() {
    let openim = sample::question(EventKind::MessageSending, message("openim", to_bob()));
    let family = sample::question(EventKind::MessageSending, message("easemob", to_bob()));
    let refused = r#"{"actionCode":0,"nextCode":1,"errCode":5001}"#;
    one(&misgivings("openim", &openim, 403, "{}"), "status 403 does not refuse", "bare");
    one(&misgivings("openim", &openim, 400, refused), "status 400 does not refuse", "with a body");
    one(&misgivings("agora", &family, 403, r#"{"valid":true}"#), "status 403 does not refuse", "bare");
    one(&misgivings("agora", &family, 201, r#"{"valid":false}"#), "status 201 does not refuse", "created");
    assert!(misgivings("openim", &openim, 500, "{}").is_empty(), "a failure means failure");
    assert!(misgivings("openim", &openim, 201, "{}").is_empty());

    let mut lax = rule("openim");
    lax.switches = vec![("openim.compat.status_check".to_owned(), "false".to_owned())];
    let answer = Answer { status: 500, body: b"{}".to_vec(), cut: false };
    let found = dialects().contract("openim").unwrap().misgivings(&lax, &openim, &answer);
    one(&found, "status 500 is not looked at", "lax");
}

#[test]
fn content_that_users_will_not_see_as_meant() {
    let rewriting = sample::question(EventKind::MessageRewriting, message("openim", to_bob()));
    for (contract, body, begins) in [
        ("openim", r#"{"content":"{\"text\":\"***\"}"}"#, "content has lost the member that holds the words"),
        (
            "openim-v2",
            r#"{"content":"{\"content\":\"***\"}"}"#,
            "content is JSON: in this contract a text is",
        ),
    ] {
        one(&misgivings(contract, &rewriting, 200, body), begins, body);
    }
    for (contract, body) in [
        ("openim", r#"{"content":"{\"content\":\"***\"}"}"#),
        ("openim-v2", r#"{"content":"***"}"#),
        // What is no answer at all is the verdict's to say.
        ("openim", r#"{"content":"***"}"#),
    ] {
        assert!(misgivings(contract, &rewriting, 200, body).is_empty(), "{contract} {body}");
    }
    one(
        &sending("openim", r#"{"content":"{\"content\":\"***\"}"}"#),
        "content changes nothing in an answer to callbackBeforeSendSingleMsgCommand: an answer to \
         callbackBeforeMsgModifyCommand replaces it",
        "asked another thing",
    );
    assert!(
        sending("openim", r#"{"content":"{\"content\":\"hi\"}"}"#).is_empty(),
        "it repeats what was asked"
    );
    one(
        &sending("easemob", r#"{"valid":true,"payload":{"text":"***"}}"#),
        "payload changes nothing",
        "payload",
    );

    let room = Target::Room(GroupId::parse("27").unwrap());
    let body = r#"{"valid":true,"chatroom_msg_level":"low"}"#;
    one(&sending("easemob", body), "chatroom_msg_level changes nothing", body);
    let in_room = sample::question(EventKind::MessageSending, message("easemob", room));
    assert!(misgivings("easemob", &in_room, 200, body).is_empty());
}
