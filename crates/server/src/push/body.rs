//! What the HTTP provider posts. Promise: fields are added, never renamed or removed. As a page in `docs/push.md`.

use ringback_model::conversation::Target;
use ringback_model::ids::UserId;
use ringback_model::message::ContentClass;
use ringback_model::wake::Wake;
use serde::Serialize;

#[derive(Serialize)]
struct Body<'a> {
    id: &'a str,
    users: Vec<&'a str>,
    devices: Vec<Device<'a>>,
    show: Show<'a>,
    message: Said<'a>,
}

#[derive(Serialize)]
struct Device<'a> {
    user: &'a str,
    platform: i32,
    token: &'a str,
}

#[derive(Serialize)]
struct Show<'a> {
    title: &'a str,
    desc: &'a str,
    ex: &'a str,
    ios_sound: &'a str,
    ios_badge: bool,
    signal_info: &'a str,
}

/// Whose message it is, and which; not what it says.
#[derive(Serialize)]
struct Said<'a> {
    /// As text: not every reader of JSON keeps 63 bits.
    id: String,
    client_id: &'a str,
    kind: ContentClass,
    from: &'a str,
    from_name: &'a str,
    to_user: Option<&'a str>,
    to_group: Option<&'a str>,
    seq: u64,
    sent_at_ms: i64,
}

/// The body: the same bytes on every attempt.
#[must_use]
pub fn body(wake: &Wake) -> Vec<u8> {
    let message = &*wake.message;
    let (to_user, to_group) = match &message.target {
        Target::User(user) | Target::Notice(user) => (Some(user.as_str()), None),
        Target::Group(group) | Target::Room(group) => (None, Some(group.as_str())),
    };
    let body = Body {
        id: &wake.id,
        users: wake.users.iter().map(UserId::as_str).collect(),
        devices: wake
            .devices
            .iter()
            .map(|one| Device { user: one.user.as_str(), platform: one.platform.0, token: &one.token })
            .collect(),
        show: Show {
            title: &wake.show.title,
            desc: &wake.show.desc,
            ex: &wake.show.ex,
            ios_sound: &wake.show.ios_sound,
            ios_badge: wake.show.ios_badge,
            signal_info: &wake.show.signal_info,
        },
        message: Said {
            id: message.id.to_string(),
            client_id: &message.client_id,
            kind: message.content.class,
            from: message.sender.as_str(),
            from_name: &message.nickname,
            to_user,
            to_group,
            seq: message.seq,
            sent_at_ms: message.sent_at.0,
        },
    };
    // Plain data with text keys: writing it does not fail.
    serde_json::to_vec(&body).unwrap_or_default()
}
