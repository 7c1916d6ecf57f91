//! What is asked and told, under which names, in how many copies.

use ringback_model::conversation::Target;
use ringback_model::dialect::Skip;
use ringback_model::event::{Event, EventKind, Phase, Question};
use ringback_model::ids::{LogPos, RuleId};
use ringback_model::message::{Content, ContentClass, Handling, Message, Origin};
use ringback_model::rule::{CopyKind, Rule};
use ringback_model::sample;
use serde_json::{Value, json};

use crate::samples::{
    app, asked_text, contract, event, group_image, openim_text, question, room_text, rule, single_text, user,
};

#[test]
fn only_clients_messages_are_asked_about() {
    let contract = contract("shengwang");
    let rule = rule("shengwang", Phase::Before);
    let skip = |question: &Question| contract.question(&rule, question).unwrap_err().0;
    let rest = Question { origin: Origin::Rest, ..question(asked_text()) };
    assert_eq!(skip(&rest), "nobody is asked about messages sent by REST");
    for kind in [EventKind::MessageScreening, EventKind::MessageRewriting] {
        assert!(skip(&sample::question(kind, asked_text())).contains("not at this moment"));
    }
    assert_eq!(contract.kinds(&rule), Ok(vec![EventKind::MessageSending]));
}

#[test]
fn what_is_never_called_back() {
    let of_class = |class| Message { content: Content { class, ..openim_text().content }, ..openim_text() };
    let notice = Message { target: Target::Notice(user("bob")), ..openim_text() };
    for message in [of_class(ContentClass::Typing), of_class(ContentClass::Notification), notice] {
        let before = contract("agora").question(&rule("agora", Phase::Before), &question(message.clone()));
        assert!(before.unwrap_err().0.ends_with("never called back"));
        let after = contract("agora").copies(&rule("agora", Phase::After), &event(message, &["bob"]));
        assert!(after.unwrap_err().0.ends_with("never called back"));
    }
}

#[test]
fn groups_and_rooms_can_be_told_apart_before_sending() {
    let chat_type = |message: Message, split: bool| -> Value {
        let contract = contract("agora");
        let settings = [("easemob.pre_send_chat_type".to_owned(), "split".to_owned())];
        let mut rule = rule("agora", Phase::Before);
        rule.switches = contract.switches(if split { &settings } else { &[] }, &app());
        let outbound = contract.question(&rule, &question(message)).unwrap();
        serde_json::from_slice::<Value>(&outbound.body).unwrap()["chat_type"].take()
    };
    for (message, split, expected) in [
        (single_text(), false, "chat"),
        (single_text(), true, "chat"),
        (group_image(), false, "groupchat"),
        (group_image(), true, "group"),
        (room_text(), false, "groupchat"),
        (room_text(), true, "chatroom"),
    ] {
        assert_eq!(chat_type(message, split), json!(expected));
    }
}

/// The `eventType` and `to` of every copy.
fn copies(copies: &[CopyKind], event: &Event) -> Result<Vec<(String, String)>, Skip> {
    let contract = contract("easemob");
    let mut rule = rule("easemob", Phase::After);
    rule.selectors.copies = copies.to_vec();
    let count = contract.copies(&rule, event)?;
    assert_eq!(contract.delivery(&rule, event, count), None, "there are no more than that");
    Ok((0..count)
        .map(|copy| {
            let rendered = contract.delivery(&rule, event, copy).unwrap();
            let body: Value = serde_json::from_slice(&rendered.outbound.body).unwrap();
            let to = body["to"].as_str().unwrap().to_owned();
            let offline = body["eventType"] == "chat_offline";
            assert_eq!(rendered.recipient.map(|user| user.to_string()), offline.then(|| to.clone()));
            (body["eventType"].as_str().unwrap().to_owned(), to)
        })
        .collect())
}

/// The copies that a rule wants, an event, and what it is told of it.
type CopyCase<'a> = (&'a [CopyKind], Event, &'a [(&'a str, &'a str)]);

#[test]
fn one_copy_for_the_message_and_one_for_each_who_was_offline() {
    let all = &[CopyKind::Chat, CopyKind::ChatOffline][..];
    let online = Message { handling: Handling { store: false, ..Handling::default() }, ..group_image() };
    let table: &[CopyCase<'_>] = &[
        (&[], event(single_text(), &[]), &[("chat", "bob")]),
        (&[], event(single_text(), &["bob"]), &[("chat", "bob"), ("chat_offline", "bob")]),
        (
            all,
            event(group_image(), &["dave", "carol"]),
            &[("chat", "270011223344556"), ("chat_offline", "dave"), ("chat_offline", "carol")],
        ),
        (&[CopyKind::Chat], event(group_image(), &["dave"]), &[("chat", "270011223344556")]),
        (&[CopyKind::ChatOffline], event(group_image(), &["dave"]), &[("chat_offline", "dave")]),
        (all, event(room_text(), &["dave"]), &[("chat", "270099887766554")]),
        (all, event(online, &["dave"]), &[("chat", "270011223344556")]),
    ];
    for (wanted, event, expected) in table {
        let got = copies(wanted, event).unwrap();
        let got: Vec<_> = got.iter().map(|(kind, to)| (kind.as_str(), to.as_str())).collect();
        assert_eq!(got, *expected);
    }
    let Err(Skip(why)) = copies(&[CopyKind::ChatOffline], &event(room_text(), &["dave"])) else {
        panic!("a room has no offline copies")
    };
    assert!(why.contains("offline recipients alone"));
}

#[test]
fn a_call_id_is_unique_and_does_not_depend_on_what_else_the_rule_wants() {
    let contract = contract("easemob");
    let call_id = |rule: &Rule, event: &Event, copy: u32| {
        let rendered = contract.delivery(rule, event, copy).unwrap();
        let body: Value = serde_json::from_slice(&rendered.outbound.body).unwrap();
        body["callId"].as_str().unwrap().to_owned()
    };
    let told = event(group_image(), &["bob", "carol"]);
    let both = rule("easemob", Phase::After);
    let mut offline = both.clone();
    offline.selectors.copies = vec![CopyKind::ChatOffline];
    assert_eq!(call_id(&both, &told, 1), call_id(&offline, &told, 0), "bob's copy is bob's copy");
    let changed = Rule { url: "http://other".to_owned(), version: 2, ..both.clone() };
    assert_eq!(call_id(&both, &told, 0), call_id(&changed, &told, 0));

    let mut later = told.clone();
    later.pos = LogPos(10);
    let other = Rule { id: RuleId::new("r-other"), ..both.clone() };
    let mut ids: Vec<_> = (0..3).map(|copy| call_id(&both, &told, copy)).collect();
    ids.extend([call_id(&other, &told, 0), call_id(&both, &later, 0)]);
    ids.extend([call_id(&both, &event(single_text(), &[]), 0)]);
    let count = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), count);
    for id in ids {
        let (key, uuid) = id.rsplit_once('_').unwrap();
        assert_eq!(key, "demo-org#demo-app");
        let lengths: Vec<usize> = uuid.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
    }
}

#[test]
fn names_select_and_types_are_denied_in_both_forms_of_content() {
    let contract = contract("shengwang");
    let mut rule = rule("shengwang", Phase::After);
    let wants = |rule: &Rule, message: Message| contract.copies(rule, &event(message, &[])).is_ok();
    rule.events = vec!["groupchat:txt".to_owned()];
    let following = [EventKind::MessageSent, EventKind::MessageReacted, EventKind::ThreadUpdated];
    assert_eq!(contract.kinds(&rule), Ok(following.to_vec()));
    assert!(wants(&rule, openim_text()), "a mention is a text");
    assert!(!wants(&rule, group_image()) && !wants(&rule, single_text()));
    rule.events = vec!["chat:room:*".to_owned(), "chat:group:image".to_owned()];
    assert!(wants(&rule, room_text()) && wants(&rule, group_image()) && !wants(&rule, openim_text()));
    rule.events = vec!["chat:grupp:text".to_owned()];
    assert!(contract.kinds(&rule).unwrap_err().contains("did you mean chat:group:text?"));

    let range = contract.denied_type("txt").unwrap();
    assert!(range.contains(contract.content_code(&openim_text().content)));
    assert!(range.contains(contract.content_code(&single_text().content)));
    assert!(!range.contains(contract.content_code(&group_image().content)));
    assert_eq!(contract.denied_type_name(range), "txt");
    assert!(contract.denied_type("txxt").unwrap_err().contains("did you mean txt?"));
}

#[test]
fn presets_and_zones_are_the_documents() {
    for (name, zone) in [("shengwang", 480), ("agora", 0), ("easemob", 480)] {
        let contract = contract(name);
        let (before, after) = (contract.preset(Phase::Before), contract.preset(Phase::After));
        assert!(!before.enabled && !after.enabled);
        assert_eq!((before.policy.timeout_ms, after.policy.timeout_ms), (200, 10_000));
        assert!(!before.policy.show_error && after.policy.storage);
        assert_eq!(contract.storage().unwrap().zone_offset_min, zone);
        let names = [Phase::Before, Phase::After].map(|phase| contract.event_names(phase));
        assert_eq!(names[0].len(), 66);
        assert!(names[1].starts_with(&names[0][..33]) && names[1].len() > 66 + 70, "{}", names[1].len());
        assert!(names.iter().flatten().all(|event| !event.doc.is_empty()));
    }
}
