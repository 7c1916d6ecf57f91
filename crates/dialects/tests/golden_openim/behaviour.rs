//! What is asked and told, and when not.

use std::sync::Arc;

use ringback_dialects::openim::callbacks::commands;
use ringback_dialects::openim::callbacks::generation::Generation;
use ringback_model::conversation::Target;
use ringback_model::delivery::Answer;
use ringback_model::dialect::{Contract, Skip};
use ringback_model::event::{EventKind, Fact, Phase, Question};
use ringback_model::message::{Content, ContentClass, Handling, Message};
use ringback_model::rule::Rule;
use ringback_model::verdict::Verdict;

use crate::samples::{contract, event, group_message, question, rule, single_message, user};

fn with_switches(generation: Generation, name: &str, switches: &[(&str, &str)]) -> (Arc<dyn Contract>, Rule) {
    let command = commands::named(name).unwrap();
    let mut rule = rule(generation, command);
    rule.switches = switches.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    (contract(generation), rule)
}

#[test]
fn coded_behaviour_can_be_switched_on() {
    let coded = [("openim.compat.filled_fields", "coded"), ("openim.compat.content_type_query", "coded")];
    let (contract, rule) = with_switches(Generation::V38, "callbackAfterSendSingleMsgCommand", &coded);
    let outbound = contract.delivery(&rule, &event(single_message()), 0).unwrap().outbound;
    assert!(outbound.url.contains("Command?key="), "{}", outbound.url);
    assert!(String::from_utf8(outbound.body.into()).unwrap().contains(r#""seq":0,"#));

    let (contract, rule) = with_switches(Generation::V38, "callbackBeforeMsgModifyCommand", &coded);
    let asked = question(EventKind::MessageRewriting, single_message());
    let body = String::from_utf8(contract.question(&rule, &asked).unwrap().body.into()).unwrap();
    assert!(!body.contains("recvID") && !body.contains("groupID"), "{body}");

    let (contract, rule) = with_switches(Generation::V35, "callbackBeforeSendSingleMsgCommand", &coded);
    let asked = question(EventKind::MessageSending, single_message());
    let body = String::from_utf8(contract.question(&rule, &asked).unwrap().body.into()).unwrap();
    assert!(!body.contains("sendTime"), "{body}");
}

#[test]
fn the_status_can_be_left_unchecked() {
    let off = [("openim.compat.status_check", "false")];
    let (contract, rule) = with_switches(Generation::V38, "callbackBeforeSendSingleMsgCommand", &off);
    let asked = question(EventKind::MessageSending, single_message());
    let verdict =
        |status| contract.verdict(&rule, &asked, &Answer { status, body: b"{}".to_vec(), cut: false });
    assert_eq!(verdict(500), Ok(Verdict::ALLOW));
    assert!(verdict(301).is_err(), "redirects are never answers");
    let cut = Answer { status: 200, body: b"{}".to_vec(), cut: true };
    assert!(contract.verdict(&rule, &asked, &cut).is_err());
}

#[test]
fn an_operation_id_is_never_empty_and_always_the_same() {
    let (contract, rule) = with_switches(Generation::V38, "callbackAfterSendSingleMsgCommand", &[]);
    let mut event = event(single_message());
    let Fact::MessageSent(sent) = &mut event.fact else { panic!("a message was sent") };
    sent.operation_id = Arc::from("");
    let one = contract.delivery(&rule, &event, 0).unwrap().outbound;
    let id = &one.headers.iter().find(|(name, _)| name == "operationid").unwrap().1;
    assert_eq!(id, &single_message().id.to_string());
    assert_eq!(contract.delivery(&rule, &event, 0).unwrap().outbound, one);
}

#[test]
fn what_is_excluded_is_skipped_with_a_sentence() {
    let typing = Message {
        content: Content { code: 113, class: ContentClass::Typing, ..single_message().content },
        ..single_message()
    };
    let notification = Message {
        content: Content { code: 1304, class: ContentClass::Notification, ..single_message().content },
        ..single_message()
    };
    let notice = Message { target: Target::Notice(user("bob_02")), ..single_message() };
    let unstored = Message { handling: Handling { store: false, ..Handling::default() }, ..single_message() };
    for (name, message) in [
        ("callbackAfterSendSingleMsgCommand", typing),
        ("callbackAfterSendSingleMsgCommand", notification),
        ("callbackAfterSendSingleMsgCommand", notice.clone()),
        ("callbackAfterSendSingleMsgCommand", group_message()),
        ("callbackAfterSendGroupMsgCommand", single_message()),
        ("callbackAfterMsgSaveDBCommand", unstored),
    ] {
        let (contract, rule) = with_switches(Generation::V38, name, &[]);
        let event = event(message);
        let Err(Skip(sentence)) = contract.copies(&rule, &event) else { panic!("{name} is told") };
        assert!(sentence.split(' ').count() > 3, "{sentence}");
        assert_eq!(contract.delivery(&rule, &event, 0), None);
    }
    let (contract, rule) = with_switches(Generation::V38, "callbackAfterMsgSaveDBCommand", &[]);
    assert_eq!(
        contract.copies(&rule, &event(notice)),
        Ok(1),
        "stored messages of notification accounts are told"
    );
}

#[test]
fn administrators_and_pictures_pass_unasked() {
    let (contract, rule) = with_switches(Generation::V38, "callbackBeforeSendSingleMsgCommand", &[]);
    let asked = Question { actor_is_admin: true, ..question(EventKind::MessageSending, single_message()) };
    assert!(contract.question(&rule, &asked).is_err());
    let (contract, rule) = with_switches(Generation::V38, "callbackBeforeSendGroupMsgCommand", &[]);
    let asked = Question { actor_is_admin: true, ..question(EventKind::MessageSending, group_message()) };
    assert!(contract.question(&rule, &asked).is_ok());
    let (contract, rule) = with_switches(Generation::V2, "callbackWordFilterCommand", &[]);
    let picture = Message {
        content: Content { code: 102, class: ContentClass::Image, ..single_message().content },
        ..single_message()
    };
    assert!(contract.question(&rule, &question(EventKind::MessageScreening, picture)).is_err());
}

#[test]
fn a_rule_without_names_means_everything_of_its_phase() {
    let (contract, mut rule) = with_switches(Generation::V38, "callbackAfterSendSingleMsgCommand", &[]);
    rule.events.clear();
    assert!(contract.kinds(&rule).unwrap().contains(&EventKind::UserKicked));
    let event = event(single_message());
    assert_eq!(contract.copies(&rule, &event), Ok(2), "sent and saved");
    assert_ne!(contract.delivery(&rule, &event, 0), contract.delivery(&rule, &event, 1));
    assert_eq!(contract.delivery(&rule, &event, 2), None);
    rule.phase = Phase::Before;
    let kinds = contract.kinds(&rule).unwrap();
    assert!(kinds.contains(&EventKind::MessageRewriting) && kinds.contains(&EventKind::GroupEntering));
    assert!(kinds.iter().all(|kind| kind.phase() == Phase::Before));
}

#[test]
fn names_that_cannot_be_meant_are_refused_with_a_hint() {
    let (contract, mut rule) = with_switches(Generation::V38, "callbackAfterSendSingleMsgCommand", &[]);
    for (name, says) in [
        ("afterSendSingelMsg", "did you mean afterSendSingleMsg?"),
        ("beforeSendSingleMsg", "asks before"),
        ("callbackUserOnlineCommand", "not part of"),
        ("callbackWordFilterCommand", "not part of"),
    ] {
        rule.events = vec![name.to_owned()];
        let said = contract.kinds(&rule).unwrap_err();
        assert!(said.contains(says), "{said}");
    }
    rule.events = vec!["afterSendSingleMsg".to_owned()];
    assert_eq!(contract.kinds(&rule), Ok(vec![EventKind::MessageSent]), "keys of the file are names too");
}
