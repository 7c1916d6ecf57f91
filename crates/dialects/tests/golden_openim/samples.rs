//! What the fixtures are about.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ringback_dialects::openim::callbacks::commands::{self, Command};
use ringback_dialects::openim::callbacks::generation::Generation;
use ringback_model::action::Action;
use ringback_model::conversation::Target;
use ringback_model::delivery::Outbound;
use ringback_model::dialect::Contract;
use ringback_model::event::{Done, Event, EventKind, Fact, Phase, PushPlan, Question, Subject};
use ringback_model::ids::{GroupId, LogPos, MessageId, UserId};
use ringback_model::message::{Content, ContentClass, Message, OfflinePush, Origin};
use ringback_model::rule::Rule;
use ringback_model::sample;
use ringback_model::time::UnixMs;
use ringback_model::user::Platform;

use crate::actions;

pub(crate) fn user(text: &str) -> UserId {
    UserId::parse(text).unwrap()
}

pub(crate) fn group(text: &str) -> GroupId {
    GroupId::parse(text).unwrap()
}

pub(crate) fn single_message() -> Message {
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

pub(crate) fn group_message() -> Message {
    Message {
        id: MessageId(0x0b1d_5a3c_7e9f_2469),
        client_id: "11f2a3b4c5d6475892a1b0c9d8e7f605".to_owned(),
        sender: user("carol_03"),
        target: Target::Group(group("g_7788")),
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

/// A push of a message to one user, or to a group; what it shows is said for offline pushes alone.
pub(crate) fn push(command: &Command) -> PushPlan {
    let to_group = command.name.contains("Group");
    let message = if to_group { group_message() } else { single_message() };
    let show = (command.kind == EventKind::OfflinePushing).then(|| OfflinePush {
        title: "You have a new message.".to_owned(),
        ios_sound: "+1".to_owned(),
        ios_badge: true,
        ..OfflinePush::default()
    });
    let users = if to_group { vec![user("alice_01"), user("bob_02")] } else { vec![user("bob_02")] };
    PushPlan { message: Arc::new(message), users, show }
}

pub(crate) fn rule(generation: Generation, command: &Command) -> Rule {
    let url = "http://127.0.0.1:10006/callbackExample";
    Rule {
        events: vec![command.name_in(generation).unwrap().to_owned()],
        ..sample::rule("golden", generation.contract(), command.phase(), url)
    }
}

pub(crate) fn question(kind: EventKind, message: Message) -> Question {
    let at = UnixMs(1_785_542_400_124);
    Question { operation_id: operation_id(&message), at, ..sample::question(kind, message) }
}

pub(crate) fn event(message: Message) -> Event {
    let operation_id = operation_id(&message);
    let mut event = sample::sent(LogPos(9), message, Origin::Client, Vec::new());
    let Fact::MessageSent(sent) = &mut event.fact else { panic!("a message is sent") };
    sent.operation_id = operation_id;
    event
}

fn operation_id(message: &Message) -> Arc<str> {
    Arc::from(if message.sender.as_str() == "alice_01" { "op-20260801-0001" } else { "op-20260801-0002" })
}

/// The message that a command's fixture is about.
fn message_of(command: &Command) -> Message {
    if command.name.contains("Group") || command.name.contains("SaveDB") {
        group_message()
    } else {
        single_message()
    }
}

const OF_ACTIONS: &str = "op-20260801-0004";

/// The question of a command's fixture.
pub(crate) fn asked(command: &Command) -> Question {
    let asks = |subject| Question {
        kind: command.kind,
        subject,
        number: MessageId(0x0b1d_5a3c_7e9f_2470),
        operation_id: Arc::from(OF_ACTIONS),
        origin: Origin::Client,
        actor: Some(user("alice_01")),
        actor_is_admin: false,
        at: UnixMs(1_785_542_400_124),
    };
    match command.kind {
        EventKind::MessageScreening | EventKind::MessageSending | EventKind::MessageRewriting => {
            question(command.kind, message_of(command))
        }
        EventKind::OnlinePushing | EventKind::OfflinePushing => {
            let plan = push(command);
            let operation_id = operation_id(&plan.message);
            Question { operation_id, ..asks(Subject::Push(Box::new(plan))) }
        }
        _ => asks(Subject::Action(Box::new(actions::of(command)))),
    }
}

/// The event of an action.
pub(crate) fn done(action: Action, actor: Option<UserId>) -> Event {
    let done = Done {
        number: MessageId(0x0b1d_5a3c_7e9f_2470),
        actor,
        operation_id: Arc::from(OF_ACTIONS),
        origin: Origin::Client,
        by_admin: false,
        room: false,
        action,
    };
    let lane = done.action.lane();
    Event { pos: LogPos(9), at: UnixMs(1_785_542_400_124), lane, fact: Fact::Done(Box::new(done)) }
}

/// The event of a command's fixture.
pub(crate) fn told(command: &Command) -> Event {
    match command.kind {
        EventKind::MessageSent => event(message_of(command)),
        EventKind::UserOnline | EventKind::UserOffline => done(actions::of(command), None),
        _ => done(actions::of(command), Some(user("alice_01"))),
    }
}

pub(crate) fn contract(generation: Generation) -> Arc<dyn Contract> {
    let dialects = ringback_dialects::all(&ringback_model::app::App::default());
    Arc::clone(dialects.contract(generation.contract()).unwrap())
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/openim")
}

pub(crate) fn folder(generation: Generation, command: &Command) -> PathBuf {
    root().join(generation.version()).join(command.name_in(generation).unwrap())
}

/// Every command in every contract that has it.
pub(crate) fn served() -> impl Iterator<Item = (Generation, &'static Command)> {
    Generation::ALL.into_iter().flat_map(|generation| {
        commands::all()
            .filter(move |command| command.name_in(generation).is_some())
            .map(move |command| (generation, command))
    })
}

/// The request of a command's fixture.
pub(crate) fn render(generation: Generation, command: &Command) -> Outbound {
    let (contract, rule) = (contract(generation), rule(generation, command));
    match command.phase() {
        Phase::Before => contract.question(&rule, &asked(command)).unwrap(),
        Phase::After => {
            let event = told(command);
            assert_eq!(contract.copies(&rule, &event), Ok(1), "{}", command.name);
            contract.delivery(&rule, &event, 0).unwrap().outbound
        }
    }
}
