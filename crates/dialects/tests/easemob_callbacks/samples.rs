//! Messages, rules and cases that the tests share.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ringback_dialects::easemob::content::content as body_content;
use ringback_model::app::App;
use ringback_model::conversation::Target;
use ringback_model::delivery::Outbound;
use ringback_model::dialect::Contract;
use ringback_model::event::{Event, EventKind, Phase, Question};
use ringback_model::ids::{GroupId, LogPos, MessageId, UserId};
use ringback_model::message::{Content, ContentClass, Message, Origin};
use ringback_model::rule::{Rule, Secrets};
use ringback_model::sample;
use ringback_model::time::UnixMs;
use serde_json::{Value, json};

pub(crate) const CONTRACTS: [&str; 3] = ["shengwang", "agora", "easemob"];
pub(crate) const SECRET: &str = "s3cr3t-demo";

pub(crate) fn user(text: &str) -> UserId {
    UserId::parse(text).unwrap()
}

pub(crate) fn group(text: &str) -> GroupId {
    GroupId::parse(text).unwrap()
}

pub(crate) fn contract(name: &str) -> Arc<dyn Contract> {
    Arc::clone(ringback_dialects::all(&app()).contract(name).unwrap())
}

pub(crate) fn app() -> App {
    App { id: "0".repeat(32), org: "demo-org".to_owned(), name: "demo-app".to_owned() }
}

pub(crate) fn rule(name: &str, phase: Phase) -> Rule {
    let contract = contract(name);
    Rule {
        name: "golden".to_owned(),
        policy: contract.preset(phase).policy,
        secrets: Secrets { current: Some(SECRET.to_owned()), previous: Some("old".to_owned()) },
        switches: contract.switches(&[], &app()),
        ..sample::rule("r-golden", name, phase, "http://127.0.0.1:10006/callback?tenant=7")
    }
}

/// A message of this family.
pub(crate) fn message(id: u64, target: Target, kind: &str, body: &Value, ext: &str, at: i64) -> Message {
    let content = body_content(kind, body.as_object().unwrap());
    let ex = ext.to_owned();
    Message { id: MessageId(id), ex, ..sample::message(user("alice"), target, content, UnixMs(at)) }
}

pub(crate) fn single_text() -> Message {
    let body = json!({"msg": "hello bob"});
    let ext = r#"{"order":"A-17"}"#;
    message(1_357_924_680_135_792_401, Target::User(user("bob")), "txt", &body, ext, 1_731_000_000_123)
}

pub(crate) fn group_image() -> Message {
    let body = json!({"filename": "cat.jpg", "file_length": 20480, "size": {"width": 640, "height": 480},
        "secret": "Zx81",
        "url": "https://im.example.test/demo-org/demo-app/chatfiles/0d1c2b3a-0001-4002-8003-a0b0c0d0e0f0"});
    let target = Target::Group(group("270011223344556"));
    message(1_357_924_680_135_792_402, target, "img", &body, "", 1_731_000_001_000)
}

pub(crate) fn asked_text() -> Message {
    let body = json!({"msg": "buy now"});
    message(1_357_924_680_135_792_403, Target::User(user("bob")), "txt", &body, "", 1_731_000_002_000)
}

pub(crate) fn room_text() -> Message {
    let target = Target::Room(group("270099887766554"));
    message(1_357_924_680_135_792_404, target, "txt", &json!({"msg": "hi all"}), "", 1_731_000_003_000)
}

/// A message of an OpenIM client: text with mentions, and an `ex` that is no JSON.
pub(crate) fn openim_text() -> Message {
    let content = Content {
        form: "openim".to_owned(),
        class: ContentClass::Other,
        code: 106,
        raw: r#"{"text":"@bob ready <now>?","atUserList":["bob"],"isAtSelf":false}"#.to_owned(),
    };
    let target = Target::Group(group("270011223344556"));
    let message = sample::message(user("alice"), target, content, UnixMs(1_731_000_004_000));
    Message { id: MessageId(1_357_924_680_135_792_405), ex: "plain".to_owned(), ..message }
}

pub(crate) fn event(message: Message, offline: &[&str]) -> Event {
    sample::sent(LogPos(9), message, Origin::Client, offline.iter().map(|name| user(name)).collect())
}

pub(crate) fn question(message: Message) -> Question {
    sample::question(EventKind::MessageSending, message)
}

pub(crate) fn told(name: &str, event: &Event, copy: u32) -> Outbound {
    contract(name).delivery(&rule(name, Phase::After), event, copy).unwrap().outbound
}

pub(crate) fn asked(name: &str, message: Message) -> Outbound {
    contract(name).question(&rule(name, Phase::Before), &question(message)).unwrap()
}

pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/easemob")
}

pub(crate) type Render = fn(&str) -> Outbound;

/// Every folder of golden requests.
pub(crate) const CASES: &[(&str, Render)] = &[
    ("chat-single-text", |name| told(name, &event(single_text(), &[]), 0)),
    ("chat-offline-group-image", |name| told(name, &event(group_image(), &["bob", "carol"]), 2)),
    ("chat-room-text", |name| told(name, &event(room_text(), &[]), 0)),
    ("chat-group-openim-mention", |name| told(name, &event(openim_text(), &[]), 0)),
    ("pre-send-single-text", |name| asked(name, asked_text())),
    ("pre-send-room-text", |name| asked(name, room_text())),
    ("pre-send-group-openim-mention", |name| asked(name, openim_text())),
];
