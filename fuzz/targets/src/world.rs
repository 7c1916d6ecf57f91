//! What requests, tokens and callbacks of the targets are about: one app, one moment, a few people.

use std::sync::{Arc, LazyLock};

use ringback_dialects::Dialects;
use ringback_model::app::{App, AppKeys};
use ringback_model::command::{Actor, Draft};
use ringback_model::conversation::Target;
use ringback_model::dialect::Contract;
use ringback_model::ids::{GroupId, MessageId, UserId};
use ringback_model::message::{Content, ContentClass, Message};
use ringback_model::ports::TokenKeys;
use ringback_model::sample;
use ringback_model::time::UnixMs;
use ringback_model::user::Platform;

/// Now: the moment of everything that a target does.
pub(crate) const NOW: UnixMs = UnixMs(1_785_542_400_123);

/// The app of all requests.
pub(crate) fn app() -> App {
    App { id: "demo".to_owned(), org: "demo-org".to_owned(), name: "demo-app".to_owned() }
}

/// The keys of all tokens.
pub(crate) fn keys() -> TokenKeys {
    TokenKeys {
        secret: "openIM123".to_owned(),
        app: app(),
        keys: AppKeys {
            certificate: Some("fedcba9876543210fedcba9876543210".to_owned()),
            client_id: Some("demo".to_owned()),
            client_secret: Some("demo-secret".to_owned()),
        },
    }
}

/// Everything that the dialects offer.
pub(crate) fn dialects() -> &'static Dialects {
    static DIALECTS: LazyLock<Dialects> = LazyLock::new(|| ringback_dialects::all(&app()));
    &DIALECTS
}

/// All contracts of callbacks.
pub(crate) fn contracts() -> &'static [Arc<dyn Contract>] {
    &dialects().contracts
}

pub(crate) fn user(id: &str) -> UserId {
    UserId::parse(id).unwrap()
}

/// A caller.
pub(crate) fn actor(admin: bool) -> Actor {
    Actor {
        user: user("alice"),
        platform: Platform::WEB,
        admin,
        token_id: "t1".to_owned(),
        expires_at: UnixMs(i64::MAX),
    }
}

/// What a rule asks or tells about: a text of each form, and a picture.
pub(crate) fn messages() -> &'static [Message] {
    static MESSAGES: LazyLock<Vec<Message>> = LazyLock::new(|| {
        let mut all = ringback_dialects::samples(NOW);
        let raw = r#"{"content":"my pin is 4711"}"#.to_owned();
        let content = Content { form: "openim".to_owned(), class: ContentClass::Text, code: 101, raw };
        all.push(sample::message(user("alice"), Target::User(user("bob")), content, NOW));
        all
    });
    &MESSAGES
}

/// A group that there is.
pub(crate) fn group() -> Target {
    Target::Group(GroupId::parse("270011223344556").unwrap())
}

/// The message that a draft becomes.
pub(crate) fn message(draft: Draft) -> Message {
    let message = sample::message(draft.sender, draft.target, draft.content, draft.sent_at.unwrap_or(NOW));
    Message {
        id: MessageId(4711),
        client_id: draft.client_id.unwrap_or_default(),
        platform: draft.platform,
        nickname: draft.nickname,
        face_url: draft.face_url,
        system: draft.system,
        status: draft.status,
        created_at: draft.created_at.unwrap_or(NOW),
        options: draft.options,
        handling: draft.handling,
        offline_push: draft.offline_push,
        mentions: draft.mentions,
        attached_info: draft.attached_info,
        ex: draft.ex,
        priority: draft.priority,
        hidden_from: draft.hidden_from,
        ..message
    }
}
