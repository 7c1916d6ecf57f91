//! The documents' examples of everything but messages, reproduced from events.

use std::fs;

use ringback_dialects::easemob::callbacks::signature::security;
use ringback_dialects::easemob::content::content as body_content;
use ringback_model::action::{
    Action, Blocking, ChatAction, FriendAction, GroupAction, GroupCreation, GroupKick, KeywordHit,
    MemberRole, MessageEdited, MessageReacted, MessageRef, MessageRevoked, MessagesRead, PresenceAction,
    PresenceChange, ReactionCount, ThreadMessage, ThreadUpdated,
};
use ringback_model::conversation::{ConversationId, Target};
use ringback_model::event::{Event, Fact, Phase};
use ringback_model::group::{Group, Role};
use ringback_model::ids::{LogPos, MessageId, UserId};
use ringback_model::keyword::KeywordVerdict;
use ringback_model::message::{Content, ContentClass, Origin};
use ringback_model::rule::Rule;
use ringback_model::sample;
use ringback_model::time::UnixMs;
use ringback_model::user::{DeviceSeen, Platform};
use serde_json::{Value, json};

use crate::samples::{SECRET, contract, fixtures, group, rule, user};

/// Somebody did it with a device; `None` = an administrator of the app did it by REST.
fn done(action: Action, number: u64, at: i64, actor: Option<&str>) -> Event {
    let mut event = sample::done(LogPos(9), action, UnixMs(at));
    let Fact::Done(done) = &mut event.fact else { panic!("a message") };
    done.number = MessageId(number);
    done.actor = Some(user(actor.unwrap_or("imadmin")));
    done.by_admin = actor.is_none();
    done.origin = if actor.is_none() { Origin::Rest } else { Origin::Client };
    event
}

fn alice_and_bob() -> ConversationId {
    ConversationId::single(&user("alice"), &user("bob"))
}

fn text(words: &str) -> Content {
    body_content("txt", json!({ "msg": words }).as_object().unwrap())
}

fn first_message() -> MessageRef {
    MessageRef {
        seq: 7,
        message: MessageId(1_357_924_680_135_792_401),
        public_id: None,
        sender: user("alice"),
    }
}

fn chat(action: ChatAction, number: u64, at: i64, actor: &str) -> Event {
    done(Action::Chat(action), number, at, Some(actor))
}

fn recall() -> Event {
    let action = ChatAction::Revoke(MessageRevoked {
        conversation: alice_and_bob(),
        seq: 7,
        message: first_message().message,
        public_id: None,
        client_id: "c".to_owned(),
        sender: user("alice"),
        by: user("alice"),
        ex: String::new(),
    });
    chat(action, 1_357_924_680_135_792_410, 1_731_000_003_000, "alice")
}

fn edit() -> Event {
    let action = ChatAction::Edit(MessageEdited {
        conversation: alice_and_bob(),
        message: first_message(),
        client_id: "c".to_owned(),
        by: Some(user("alice")),
        count: 1,
        sent_at: UnixMs(1_731_000_000_123),
        at: UnixMs(1_731_000_004_000),
        content: text("hello Bob!"),
        ex: String::new(),
    });
    chat(action, 1_357_924_680_135_792_411, 1_731_000_004_000, "alice")
}

fn read(up_to: bool) -> Event {
    let action = ChatAction::Read(MessagesRead {
        conversation: alice_and_bob(),
        user: user("bob"),
        seqs: vec![7],
        read_seq: 7,
        up_to,
        messages: vec![first_message()],
    });
    chat(action, 1_357_924_680_135_792_412, 1_731_000_005_000, "bob")
}

fn created() -> Event {
    let at = UnixMs(1_731_000_006_000);
    let made = sample::group(group("270011223344556"), user("alice"), at);
    let made =
        Group { name: "team".to_owned(), verification: 2, max_members: 200, invite_confirm: true, ..made };
    let member = |name, role| MemberRole { user: user(name), role };
    let members = vec![member("alice", Role::Owner), member("bob", Role::Member)];
    let action = GroupAction::Create(Box::new(GroupCreation { group: made, members }));
    done(Action::Group(action), 1, 1_731_000_006_010, None)
}

fn kicked() -> Event {
    let kick = GroupKick {
        group: group("270099887766554"),
        kicked: vec![user("bob")],
        reason: String::new(),
        barred: false,
    };
    done(Action::Group(GroupAction::Kick(kick)), 1_357_924_680_135_792_420, 1_731_000_007_000, Some("alice"))
}

fn blocked() -> Event {
    let action = FriendAction::Block(Blocking { owner: user("alice"), blocked: user("mallory") });
    done(Action::Friend(action), 1_357_924_680_135_792_430, 1_731_000_008_000, Some("alice"))
}

fn replaced() -> Event {
    let change = PresenceChange {
        user: user("alice"),
        platform: Platform(2),
        connection: "77".to_owned(),
        background: false,
        reason: "another login".to_owned(),
        cut: false,
        device: DeviceSeen {
            id: "7f3d".to_owned(),
            address: "192.0.2.10:50123".to_owned(),
            version: "4.10.0".to_owned(),
        },
        at: UnixMs(1_731_000_009_000),
    };
    done(Action::Presence(PresenceAction::Kick(change)), 1, 1_731_000_009_009, Some("alice"))
}

fn filtered() -> Event {
    let action = ChatAction::Filter(Box::new(KeywordHit {
        conversation: alice_and_bob(),
        message: MessageId(1_357_924_680_135_792_440),
        client_id: "c".to_owned(),
        sender: user("alice"),
        target: Target::User(user("bob")),
        class: ContentClass::Text,
        code: 1,
        verdict: KeywordVerdict::Refuse,
        words: vec!["forbidden".to_owned()],
        lists: vec!["l".to_owned()],
        edited: false,
    }));
    chat(action, 1, 1_731_000_010_000, "alice")
}

fn reacted() -> Event {
    let action = ChatAction::React(MessageReacted {
        conversation: alice_and_bob(),
        message: first_message(),
        by: user("bob"),
        reaction: "emoji_3".to_owned(),
        added: true,
        at: UnixMs(1_731_000_011_000),
        reactions: vec![ReactionCount { reaction: "emoji_3".to_owned(), count: 1, users: vec![user("bob")] }],
    });
    chat(action, 1_357_924_680_135_792_450, 1_731_000_011_003, "bob")
}

fn thread() -> Event {
    let action = ChatAction::Thread(ThreadUpdated {
        conversation: ConversationId::Group(group("270055554444333")),
        thread: group("270055554444333"),
        name: "topic".to_owned(),
        parent: group("270011223344556"),
        parent_message: "1357924680135792402".to_owned(),
        message_count: 2,
        by: user("alice"),
        at: UnixMs(1_731_000_012_000),
        last: Some(ThreadMessage {
            message: MessageId(1_357_924_680_135_792_459),
            public_id: None,
            sender: user("alice"),
            sent_at: UnixMs(1_731_000_012_000),
            content: text("in thread"),
            ex: String::new(),
        }),
    });
    chat(action, 1_357_924_680_135_792_460, 1_731_000_012_005, "alice")
}

fn naming(name: &str, events: &[&str]) -> Rule {
    Rule { events: events.iter().map(|event| (*event).to_owned()).collect(), ..rule(name, Phase::After) }
}

/// What a rule is told of an event, in order.
pub(crate) fn told(rule: &Rule, event: &Event) -> Vec<Value> {
    let contract = contract(&rule.contract);
    let copies = contract.copies(rule, event).unwrap_or(0);
    assert_eq!(contract.delivery(rule, event, copies), None, "there are no more than that");
    (0..copies)
        .map(|copy| {
            let rendered = contract.delivery(rule, event, copy).unwrap();
            assert_eq!(rendered.recipient, None, "one lane for all of them");
            let body = &rendered.outbound.body;
            let value: Value = serde_json::from_slice(body).unwrap();
            assert_eq!(contract.call_id(body), value["callId"].as_str());
            value
        })
        .collect()
}

/// Members of an example that are the vendor's own: another host, a rolled UUID, a device that is not known here.
fn compared(mut body: Value, rolled: bool) -> Value {
    let call_id = body["callId"].as_str().unwrap().to_owned();
    let signed = security(&call_id, SECRET, body["timestamp"].as_i64().unwrap());
    assert_eq!(body["security"], json!(signed), "signed with what it says");
    if rolled {
        let (key, uuid) = call_id.rsplit_once('_').unwrap();
        assert_eq!((key, uuid.len()), ("demo-org#demo-app", 36));
        body["callId"] = json!("rolled");
        body["security"] = json!("of what was rolled");
    }
    if body.get("host").is_some() {
        body["host"] = json!("a host");
    }
    if body["chat_type"] == "muc" {
        let from = body["from"].as_str().unwrap().split('/').next().unwrap().to_owned();
        body["from"] = json!(from);
    }
    body
}

#[test]
fn the_examples_are_what_we_send() {
    let table: [(&str, &str, Event, bool); 11] = [
        ("recall", "recall", recall(), false),
        ("edit", "edit", edit(), false),
        ("read-ack", "read_ack", read(false), false),
        ("group-created", "group_op_event:CREATE", created(), true),
        ("room-member-kicked", "group_op_event", kicked(), true),
        ("room-member-kicked-legacy", "muc:kick", kicked(), false),
        ("contact-blocked", "roster", blocked(), false),
        ("user-status", "userStatus", replaced(), true),
        ("keyword-alert", "keyword_alert", filtered(), true),
        ("reaction", "reaction", reacted(), false),
        ("thread", "thread", thread(), false),
    ];
    for (file, name, event, rolled) in table {
        let path = fixtures().join("documented").join(format!("{file}.json"));
        let example: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        for contract in ["shengwang", "agora", "easemob"] {
            let ours = told(&naming(contract, &[name]), &event);
            assert_eq!(ours.len(), 1, "{file}");
            assert_eq!(compared(ours[0].clone(), rolled), compared(example.clone(), rolled), "{file}");
        }
    }
}

/// What tells callbacks of one event apart, and to whom they are about.
fn short(body: &Value) -> String {
    let payload = &body["payload"];
    let member = payload["member"].as_array().map(|list| list.len().to_string()).unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    match body["event"].as_str() {
        Some(_) => format!("{} {} {member}", text(&body["operation"]), text(&payload["type"])),
        None => format!("{} {}", text(&payload["operation"]), text(&body["to"])),
    }
}

#[test]
fn one_event_may_mean_several_callbacks_each_with_an_id_of_its_own() {
    let both = naming("easemob", &["muc", "group_op_event"]);
    let bodies = told(&both, &kicked());
    let shorts: Vec<String> = bodies.iter().map(short).collect();
    assert_eq!(shorts, ["LEAVE KICK 1", "kick bob", "absence 270099887766554"]);
    assert_eq!(bodies[2]["from"], json!("demo-org#demo-app_bob@easemob.com"));
    assert!(bodies[2]["payload"].get("status").is_none(), "{}", bodies[2]);
    assert_eq!(bodies[1]["msg_id"], json!("1357924680135792420"), "the event's own");
    let second: i64 = bodies[2]["msg_id"].as_str().unwrap().parse().unwrap();
    assert!(second > 0 && second != 1_357_924_680_135_792_420);
    assert_eq!(bodies[2]["callId"], json!(format!("demo-org#demo-app_{second}")));

    let made = told(&naming("shengwang", &[]), &created());
    assert_eq!(made.iter().map(short).collect::<Vec<_>>(), ["CREATE  1", "JOIN DIRECT 1"]);
    assert_ne!(made[0]["callId"], made[1]["callId"]);
    let made = told(&naming("agora", &[]), &created());
    let shorts: Vec<String> = made.iter().map(short).collect();
    assert_eq!(shorts, ["create 270011223344556", "direct_joined bob", "presence 270011223344556"]);

    let only = told(&naming("agora", &["muc:absence"]), &kicked());
    assert_eq!(only[0]["msg_id"], bodies[2]["msg_id"], "an id does not depend on what else the rule wants");
}

#[test]
fn the_default_form_is_the_contracts_and_copies_concern_messages_alone() {
    for (contract, expected) in [("shengwang", 1), ("easemob", 1), ("agora", 2)] {
        assert_eq!(told(&naming(contract, &[]), &kicked()).len(), expected, "{contract}");
        assert_eq!(told(&naming(contract, &["chat"]), &kicked()).len(), 0, "{contract}");
        let mut offline = naming(contract, &[]);
        offline.selectors.copies = vec![ringback_model::rule::CopyKind::ChatOffline];
        assert_eq!(told(&offline, &kicked()).len(), 0, "{contract}");
        offline.selectors.copies = vec![ringback_model::rule::CopyKind::Chat];
        assert_eq!(told(&offline, &kicked()).len(), expected, "{contract}");
    }
}

#[test]
fn receipts_reactions_and_threads_follow_what_they_are_about() {
    let all = naming("easemob", &[]);
    let conversation = told(&all, &read(true));
    assert_eq!(conversation.len(), 1);
    assert_eq!(
        (&conversation[0]["chat_type"], &conversation[0]["to"]),
        (&json!("channel_ack"), &json!("alice"))
    );
    for (names, reactions, threads) in [
        (&["chat"][..], 1, 0),
        (&["chat:user:image"], 1, 0),
        (&["groupchat:txt"], 0, 1),
        (&["groupchat:img"], 0, 0),
        (&["chatroom"], 0, 0),
        (&["notify"], 1, 1),
        (&["roster"], 0, 0),
    ] {
        let rule = naming("easemob", names);
        assert_eq!(
            (told(&rule, &reacted()).len(), told(&rule, &thread()).len()),
            (reactions, threads),
            "{names:?}"
        );
    }
    let kinds = contract("easemob").kinds(&naming("easemob", &["chat:txt"])).unwrap();
    assert!(kinds.contains(&ringback_model::event::EventKind::MessageReacted));
}

#[test]
fn who_acts_is_a_user_or_the_app() {
    let by = |actor: Option<&str>| {
        let action = FriendAction::Block(Blocking { owner: user("Alice"), blocked: user("Mallory") });
        let _ = done(Action::Friend(action), 1, 5, actor);
        let Fact::Done(kick) = kicked().fact else { panic!() };
        let event = done(kick.action, 1, 5, actor);
        let both = told(&naming("agora", &["group_op_event", "muc:kick"]), &event);
        (both[0]["operator"].as_str().unwrap().to_owned(), both[1]["from"].as_str().unwrap().to_owned())
    };
    assert_eq!(by(Some("Bob")), ("bob".to_owned(), "demo-org#demo-app_bob@easemob.com".to_owned()));
    assert_eq!(by(None), ("@ppAdmin".to_owned(), "demo-org#demo-app_@ppAdmin@easemob.com".to_owned()));
    let mut event = edit();
    let Fact::Done(done) = &mut event.fact else { panic!() };
    let Action::Chat(ChatAction::Edit(edit)) = &mut done.action else { panic!() };
    edit.by = None;
    let edited = told(&naming("agora", &[]), &event);
    assert_eq!(edited[0]["payload"]["meta"]["edit_msg"]["operator"], json!("easemob_rest_app_admin"));
}

#[test]
fn somebody_who_is_cut_goes_once() {
    let Fact::Done(kick) = replaced().fact else { panic!() };
    let Action::Presence(PresenceAction::Kick(change)) = kick.action else { panic!() };
    let reason = |action| {
        let event = done(Action::Presence(action), 1, 5, Some("alice"));
        told(&naming("easemob", &[]), &event).iter().map(|body| body["reason"].clone()).collect::<Vec<_>>()
    };
    let cut = PresenceChange { cut: true, ..change.clone() };
    assert_eq!(reason(PresenceAction::Kick(change.clone())), ["replaced"]);
    assert_eq!(reason(PresenceAction::Offline(cut)), Vec::<Value>::new());
    assert_eq!(reason(PresenceAction::Offline(change.clone())), ["logout"]);
    assert_eq!(reason(PresenceAction::Online(change)), ["login"]);
    let manner = contract("agora").manner(ringback_model::event::EventKind::UserKicked).unwrap();
    assert_eq!((manner.timeout_ms, manner.counts_once), (60_000, true));
    assert_eq!(contract("agora").manner(ringback_model::event::EventKind::GroupKicked), None);
}

/// Friends who are made by an administrator.
#[test]
fn friends_that_are_made_are_told_to_both_sides() {
    let friends: Vec<UserId> = ["bob", "carol"].map(user).to_vec();
    let import = ringback_model::action::FriendImport { owner: user("alice"), friends };
    let event = done(Action::Friend(FriendAction::Import(import)), 77, 5, None);
    let bodies = told(&naming("easemob", &["roster"]), &event);
    let shorts: Vec<String> = bodies.iter().map(short).collect();
    assert_eq!(shorts, ["accept bob", "remote_accept alice", "accept carol", "remote_accept alice"]);
    for body in &bodies {
        let version = body["payload"]["roster_ver"].as_str().unwrap();
        assert!(version.len() == 40 && version.chars().all(|digit| "0123456789ABCDEF".contains(digit)));
    }
    let ids: std::collections::BTreeSet<&str> =
        bodies.iter().map(|body| body["callId"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 4);
}
