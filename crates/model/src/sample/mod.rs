//! Made-up users, groups, messages, drafts and rules: for trying rules out, and for tests.

mod actions;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::action::Action;
use crate::command::Draft;
use crate::conversation::Target;
use crate::event::{Done, Event, EventKind, Fact, Lane, MessageSent, Phase, PushPlan, Question, Subject};
use crate::group::{Group, GroupKind, GroupStatus};
use crate::ids::{GroupId, LogPos, MessageId, RuleId, UserId};
use crate::message::{Content, ContentClass, Handling, Message, Origin, Priority};
use crate::rule::{Policy, Rule, RuleOrigin, Secrets, Selectors};
use crate::time::UnixMs;
use crate::user::{AccountLevel, Platform, Standing, User};

pub use actions::actions;

/// The chat room that samples are about; their groups have other ids.
pub(crate) const ROOM: &str = "270099887766554";

/// A text from this user; form and code are those of the content given.
#[must_use]
pub fn message(sender: UserId, target: Target, content: Content, at: UnixMs) -> Message {
    Message {
        id: MessageId(1),
        public_id: None,
        client_id: "sample".to_owned(),
        sender,
        target,
        seq: 0,
        platform: Platform::WEB,
        nickname: String::new(),
        face_url: String::new(),
        system: false,
        content,
        status: 1,
        sent_at: at,
        created_at: at,
        options: BTreeMap::new(),
        handling: Handling::default(),
        offline_push: None,
        mentions: Vec::new(),
        attached_info: String::new(),
        ex: String::new(),
        priority: Priority::Normal,
        hidden_from: Vec::new(),
    }
}

/// What a client asks to have sent, with nothing said that may be left unsaid.
#[must_use]
pub fn draft(sender: UserId, target: Target, content: Content) -> Draft {
    Draft {
        client_id: None,
        sender,
        target,
        platform: Platform::WEB,
        nickname: String::new(),
        face_url: String::new(),
        system: false,
        content,
        status: 1,
        sent_at: None,
        created_at: None,
        options: BTreeMap::new(),
        handling: Handling::default(),
        offline_push: None,
        mentions: Vec::new(),
        attached_info: String::new(),
        ex: String::new(),
        strangers: false,
        priority: Priority::Normal,
        hidden_from: Vec::new(),
    }
}

/// A rule that is on, about everything of its phase, in its first version; `id` is its name too.
#[must_use]
pub fn rule(id: &str, contract: &str, phase: Phase, url: &str) -> Rule {
    Rule {
        id: RuleId::new(id),
        name: id.to_owned(),
        enabled: true,
        contract: contract.to_owned(),
        phase,
        url: url.to_owned(),
        events: Vec::new(),
        selectors: Selectors::default(),
        policy: Policy::default(),
        secrets: Secrets::default(),
        origin: RuleOrigin::Api,
        version: 1,
        changed_at: UnixMs(0),
        switches: Vec::new(),
    }
}

/// An ordinary user of whom nothing but the id is known.
#[must_use]
pub fn user(id: UserId) -> User {
    User {
        nickname: id.to_string(),
        id,
        face_url: String::new(),
        ex: String::new(),
        created_at: UnixMs(0),
        level: AccountLevel::ORDINARY,
        receive_option: 0,
        standing: Standing::default(),
    }
}

/// An open group of which nothing but the id and the owner is known; nobody has been counted in.
#[must_use]
pub fn group(id: GroupId, owner: UserId, created_at: UnixMs) -> Group {
    Group {
        name: id.to_string(),
        id,
        notification: String::new(),
        introduction: String::new(),
        face_url: String::new(),
        creator: owner.clone(),
        owner,
        created_at,
        ex: String::new(),
        status: GroupStatus::Open,
        verification: 0,
        look_member_info: 0,
        apply_member_friend: 0,
        notification_at: UnixMs(0),
        notification_by: String::new(),
        member_count: 0,
        kind: GroupKind::Group,
        max_members: 0,
        invite_confirm: false,
        thread: None,
    }
}

/// Content of no dialect: what tests of dialect-free parts need.
#[must_use]
pub fn content(class: ContentClass, code: i32, raw: &str) -> Content {
    Content { form: "sample".to_owned(), class, code, raw: raw.to_owned() }
}

/// The question that a client's message raises.
#[must_use]
pub fn question(kind: EventKind, message: Message) -> Question {
    let at = message.sent_at;
    Question {
        kind,
        number: message.id,
        actor: Some(message.sender.clone()),
        subject: Subject::Message(Box::new(message)),
        operation_id: Arc::from("sample"),
        origin: Origin::Client,
        actor_is_admin: false,
        at,
    }
}

/// The question that a message raises on its way to devices: to its recipient, or to this one of a group.
#[must_use]
pub fn push_question(kind: EventKind, message: Message, to: UserId) -> Question {
    let asked = question(kind, message.clone());
    let show = message.offline_push.clone();
    let plan = PushPlan { message: Arc::new(message), users: vec![to], show };
    Question { subject: Subject::Push(Box::new(plan)), ..asked }
}

/// The question that an action of alice's raises; `None` where it is only told.
#[must_use]
pub fn action_question(action: Action, at: UnixMs) -> Option<Question> {
    Some(Question {
        kind: action.asked_as()?,
        number: MessageId(1),
        actor: UserId::parse("alice").ok(),
        subject: Subject::Action(Box::new(action)),
        operation_id: Arc::from("sample"),
        origin: Origin::Client,
        actor_is_admin: false,
        at,
    })
}

/// The event of an action of alice's at this place of the log.
#[must_use]
pub fn done(pos: LogPos, action: Action, at: UnixMs) -> Event {
    let lane = action.lane();
    let room = match &action {
        Action::Group(action) => action.group().is_none_or(|group| group.as_str() == ROOM),
        _ => false,
    };
    let done = Done {
        number: MessageId(pos.0),
        action,
        actor: UserId::parse("alice").ok(),
        operation_id: Arc::from("sample"),
        origin: Origin::Client,
        by_admin: false,
        room,
    };
    Event { pos, at, lane, fact: Fact::Done(Box::new(done)) }
}

/// The event of a message that was sent at this place of the log, with these recipients offline.
#[must_use]
pub fn sent(pos: LogPos, message: Message, origin: Origin, offline: Vec<UserId>) -> Event {
    Event {
        pos,
        at: message.sent_at,
        lane: Lane::conversation(&message.conversation()),
        fact: Fact::MessageSent(Box::new(MessageSent {
            message: Arc::new(message),
            operation_id: Arc::from("sample"),
            origin,
            sender_is_admin: false,
            offline,
        })),
    }
}
