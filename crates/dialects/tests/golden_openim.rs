//! Golden fixtures of the OpenIM contracts: every served command in every contract has them, requests are
//! rendered byte for byte, and every answer means what its folder says.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use proptest::prelude::*;
use ringback_dialects::openim::callbacks::commands::{COMMANDS, Command, Service};
use ringback_dialects::openim::callbacks::generation::Generation;
use ringback_model::conversation::{ConversationId, Target};
use ringback_model::delivery::{Answer, Outbound};
use ringback_model::dialect::{Acceptance, Contract, Skip};
use ringback_model::event::{Event, EventKind, Fact, Lane, MessageSent, Phase, Question};
use ringback_model::ids::{GroupId, LogPos, MessageId, UserId};
use ringback_model::message::{Content, ContentClass, Handling, Message, Origin};
use ringback_model::rule::Rule;
use ringback_model::sample;
use ringback_model::time::UnixMs;
use ringback_model::user::Platform;
use ringback_model::verdict::Verdict;
use serde::Deserialize;

fn user(text: &str) -> UserId {
    UserId::parse(text).unwrap()
}

fn single_message() -> Message {
    let text = Content {
        form: "openim".to_owned(),
        class: ContentClass::Text,
        code: 101,
        raw: r#"{"content":"see you at 5 > cafe & <bar>"}"#.to_owned(),
    };
    let bob = Target::User(user("bob_02"));
    Message {
        id: MessageId(0x0b1d_5a3c_7e9f_2468),
        client_id: "b80e5a41c9f24d7793aa10e6d2c4f51b".to_owned(),
        seq: 17,
        platform: Platform(2),
        nickname: "Alice".to_owned(),
        face_url: "https://cdn.example.test/a/alice.png?s=1&t=2".to_owned(),
        created_at: UnixMs(1_785_542_399_987),
        ..sample::message(user("alice_01"), bob, text, UnixMs(1_785_542_400_123))
    }
}

fn group_message() -> Message {
    Message {
        id: MessageId(0x0b1d_5a3c_7e9f_2469),
        client_id: "11f2a3b4c5d6475892a1b0c9d8e7f605".to_owned(),
        sender: user("carol_03"),
        target: Target::Group(GroupId::parse("g_7788").unwrap()),
        seq: 42,
        platform: Platform(5),
        nickname: "Carol".to_owned(),
        face_url: String::new(),
        content: Content {
            form: "openim".to_owned(),
            class: ContentClass::Other,
            code: 106,
            raw: r#"{"text":"@bob_02 ready?","atUserList":["bob_02"],"isAtSelf":false}"#.to_owned(),
        },
        sent_at: UnixMs(1_785_542_460_500),
        created_at: UnixMs(1_785_542_460_412),
        mentions: vec!["bob_02".to_owned()],
        ex: r#"{"client":"web"}"#.to_owned(),
        ..single_message()
    }
}

fn rule(generation: Generation, command: &Command) -> Rule {
    let url = "http://127.0.0.1:10006/callbackExample";
    Rule {
        events: vec![command.name.to_owned()],
        ..sample::rule("golden", generation.contract(), command.phase, url)
    }
}

fn question(kind: EventKind, message: Message) -> Question {
    let at = UnixMs(1_785_542_400_124);
    Question { operation_id: operation_id(&message), at, ..sample::question(kind, message) }
}

fn event(message: Message) -> Event {
    Event {
        pos: LogPos(9),
        at: message.sent_at,
        lane: Lane::conversation(&ConversationId::of(&message.sender, &message.target)),
        fact: Fact::MessageSent(Box::new(MessageSent {
            operation_id: operation_id(&message),
            message: Arc::new(message),
            origin: Origin::Client,
            sender_is_admin: false,
            offline: Vec::new(),
        })),
    }
}

fn operation_id(message: &Message) -> Arc<str> {
    Arc::from(if message.sender.as_str() == "alice_01" { "op-20260801-0001" } else { "op-20260801-0002" })
}

/// The message that a command's fixture is about.
fn sample(command: &Command) -> Message {
    if command.name.contains("Group") || command.name.contains("SaveDB") {
        group_message()
    } else {
        single_message()
    }
}

fn contract(generation: Generation) -> Arc<dyn Contract> {
    Arc::clone(
        ringback_dialects::all(&ringback_model::app::App::default()).contract(generation.contract()).unwrap(),
    )
}

fn folder(generation: Generation, command: &Command) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fixtures/openim")
        .join(generation.version())
        .join(command.name)
}

/// Every served command in every contract that has it.
fn served() -> impl Iterator<Item = (Generation, &'static Command, &'static Service)> {
    Generation::ALL.into_iter().flat_map(|generation| {
        COMMANDS.iter().filter_map(move |command| Some((generation, command, command.served_in(generation)?)))
    })
}

fn render(generation: Generation, command: &Command, service: &Service) -> Outbound {
    let contract = contract(generation);
    let rule = rule(generation, command);
    match command.phase {
        Phase::Before => contract.question(&rule, &question(service.kind, sample(command))).unwrap(),
        Phase::After => {
            let event = event(sample(command));
            assert_eq!(contract.copies(&rule, &event), Ok(1));
            contract.delivery(&rule, &event, 0).unwrap().outbound
        }
    }
}

#[test]
fn requests_are_the_golden_ones_byte_for_byte() {
    let mut seen = 0;
    for (generation, command, service) in served() {
        let folder = folder(generation, command);
        let outbound = render(generation, command, service);
        let head: String =
            outbound.headers.iter().fold(format!("POST {}\n", outbound.url), |head, (name, value)| {
                format!("{head}{name}: {value}\n")
            });
        assert_eq!(head, fs::read_to_string(folder.join("request.txt")).unwrap(), "{}", folder.display());
        let body = String::from_utf8(outbound.body).unwrap();
        assert_eq!(body, fs::read_to_string(folder.join("request.json")).unwrap(), "{}", folder.display());
        assert!(folder.join("SOURCE.md").is_file(), "{}", folder.display());
        seen += 1;
    }
    assert!(seen >= 21, "only {seen} requests were compared");
}

#[derive(Deserialize)]
struct Expected {
    status: u16,
    verdict: String,
    #[serde(default)]
    changes: Vec<String>,
}

#[test]
fn every_answer_means_what_its_folder_says() {
    for (generation, command, service) in served() {
        let folder = folder(generation, command);
        let expected: BTreeMap<String, Expected> =
            serde_json::from_slice(&fs::read(folder.join("verdicts.json")).unwrap()).unwrap();
        let replies =
            fs::read_dir(&folder).unwrap().filter_map(|entry| entry.unwrap().file_name().into_string().ok());
        let mut replies: Vec<_> = replies.filter(|name| name.starts_with("reply-")).collect();
        replies.sort();
        assert_eq!(replies, expected.keys().cloned().collect::<Vec<_>>(), "{}", folder.display());
        for (name, expected) in expected {
            let body = fs::read(folder.join(&name)).unwrap();
            let answer = Answer { status: expected.status, body, cut: false };
            let (said, changes) = meaning(generation, command, service, &answer);
            let at = folder.join(&name);
            assert_eq!((said, changes), (expected.verdict, expected.changes), "{}", at.display());
        }
    }
}

fn meaning(
    generation: Generation,
    command: &Command,
    service: &Service,
    answer: &Answer,
) -> (String, Vec<String>) {
    let contract = contract(generation);
    let rule = rule(generation, command);
    if command.phase == Phase::After {
        let said = match contract.accepted(&rule, answer) {
            Acceptance::Delivered => "delivered".to_owned(),
            Acceptance::DeliveredBadly(why) => format!("delivered badly: {why}"),
            Acceptance::Failed(why) => format!("failed: {why}"),
        };
        return (said, Vec::new());
    }
    match contract.verdict(&rule, &question(service.kind, sample(command)), answer) {
        Ok(Verdict::Allow { changes }) => {
            ("allow".to_owned(), changes.iter().map(|change| format!("{change:?}")).collect())
        }
        Ok(Verdict::Refuse(refusal)) => {
            assert!(refusal.show);
            let said = format!("refuse {} {:?} {:?}", refusal.code.unwrap(), refusal.text, refusal.detail);
            (said, Vec::new())
        }
        Err(wrong) => (format!("wrong: {}", wrong.0), Vec::new()),
    }
}

#[test]
fn no_folder_is_left_over() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/openim");
    for generation in Generation::ALL {
        for entry in fs::read_dir(root.join(generation.version())).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let known = COMMANDS.iter().any(|row| row.name == name && row.served_in(generation).is_some());
            assert!(known, "{name} is not served in {}", generation.contract());
        }
    }
}

#[test]
fn rendering_twice_gives_the_same_bytes() {
    for (generation, command, service) in served() {
        assert_eq!(render(generation, command, service), render(generation, command, service));
    }
}

fn with_switches(generation: Generation, name: &str, switches: &[(&str, &str)]) -> (Arc<dyn Contract>, Rule) {
    let command = COMMANDS.iter().find(|row| row.name == name).unwrap();
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
    assert!(String::from_utf8(outbound.body).unwrap().contains(r#""seq":0,"#));

    let (contract, rule) = with_switches(Generation::V38, "callbackBeforeMsgModifyCommand", &coded);
    let asked = question(EventKind::MessageRewriting, single_message());
    let body = String::from_utf8(contract.question(&rule, &asked).unwrap().body).unwrap();
    assert!(!body.contains("recvID") && !body.contains("groupID"), "{body}");

    let (contract, rule) = with_switches(Generation::V35, "callbackBeforeSendSingleMsgCommand", &coded);
    let asked = question(EventKind::MessageSending, single_message());
    let body = String::from_utf8(contract.question(&rule, &asked).unwrap().body).unwrap();
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
    assert_eq!(contract.kinds(&rule), Ok(vec![EventKind::MessageSent]));
    let event = event(single_message());
    assert_eq!(contract.copies(&rule, &event), Ok(2), "sent and saved");
    assert_ne!(contract.delivery(&rule, &event, 0), contract.delivery(&rule, &event, 1));
    assert_eq!(contract.delivery(&rule, &event, 2), None);
    rule.phase = Phase::Before;
    assert_eq!(contract.kinds(&rule), Ok(vec![EventKind::MessageSending, EventKind::MessageRewriting]));
}

#[test]
fn names_that_cannot_be_meant_are_refused_with_a_hint() {
    let (contract, mut rule) = with_switches(Generation::V38, "callbackAfterSendSingleMsgCommand", &[]);
    for (name, says) in [
        ("afterSendSingelMsg", "did you mean afterSendSingleMsg?"),
        ("beforeSendSingleMsg", "asks before"),
        ("afterUserOnline", "not served yet"),
        ("callbackWordFilterCommand", "not part of"),
    ] {
        rule.events = vec![name.to_owned()];
        let said = contract.kinds(&rule).unwrap_err();
        assert!(said.contains(says), "{said}");
    }
    rule.events = vec!["afterSendSingleMsg".to_owned()];
    assert_eq!(contract.kinds(&rule), Ok(vec![EventKind::MessageSent]), "keys of the file are names too");
}

proptest! {
    #[test]
    fn no_answer_does_harm(
        body in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..80).boxed(),
            "\\{\"(content|recvID|options|nextCode|atUserIDList)\":[\\[\\]{}\"0-9a-z,:.null-]{0,20}\\}"
                .prop_map(String::into_bytes)
                .boxed(),
        ],
        status in 100u16..600,
    ) {
        for (generation, command, service) in served() {
            let answer = Answer { status, body: body.clone(), cut: false };
            let (said, changes) = meaning(generation, command, service, &answer);
            prop_assert!(changes.is_empty() || said == "allow");
            prop_assert!((200..300).contains(&status) || said.starts_with("wrong") || said.starts_with("failed"));
        }
    }
}
