//! Contacts. Source: easemob-callbacks fact sheet 5.7.

use ringback_model::action::{Action, FriendAction};
use ringback_model::event::EventKind;
use ringback_model::ids::UserId;
use schemars::JsonSchema;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::told::{CHAT, HOST, Ids, Stamp, Told, written};
use super::{Call, Family, Row};
use crate::schemas;

/// Names of members in rules, after the family's.
const ADD: &str = "roster:add";
const REMOVE: &str = "roster:remove";
const ACCEPT: &str = "roster:accept";
const DECLINE: &str = "roster:decline";
const REMOTE_ACCEPT: &str = "roster:remote_accept";
const REMOTE_DECLINE: &str = "roster:remote_decline";
const BAN: &str = "roster:ban";
const ALLOW: &str = "roster:allow";

/// Bytes of `roster_ver`.
const VERSION_BYTES: usize = 20;

#[rustfmt::skip]
static ROWS: &[Row] = &[
    row(ADD, &[EventKind::FriendRequested], "somebody asked for friendship"),
    row(ACCEPT, &[EventKind::FriendAgreed, EventKind::FriendsImported], "two users are friends; for him who agreed, or was befriended by an administrator"),
    row(REMOTE_ACCEPT, &[EventKind::FriendAgreed, EventKind::FriendsImported], "two users are friends; for him who had asked"),
    row(DECLINE, &[EventKind::FriendDeclined], "a request for friendship was declined; for him who declined"),
    row(REMOTE_DECLINE, &[EventKind::FriendDeclined], "a request for friendship was declined; for him who had asked"),
    row(REMOVE, &[EventKind::FriendRemoved], "a friend was taken off a list"),
    row(BAN, &[EventKind::UserBlocked], "somebody was put on a block list"),
    row(ALLOW, &[EventKind::UserUnblocked], "somebody was taken off a block list"),
];

pub(super) static FAMILY: Family = Family {
    names: &["roster"],
    about: "contacts and block lists",
    says: "An administrator who makes friends is told as `accept` and `remote_accept`, one pair for each friend.",
    rows: ROWS,
    named_only: false,
    ids: Ids::Message,
    calls,
};

const fn row(name: &'static str, kinds: &'static [EventKind], when: &'static str) -> Row {
    Row { name, schema: "roster", kinds, when, shape: schemas::written::<Body<'static>> }
}

#[derive(Serialize, JsonSchema)]
struct Body<'a> {
    /// Id of the callback: the app's key, `_`, and `msg_id`.
    #[serde(rename = "callId")]
    call_id: &'a str,
    /// The family.
    chat_type: &'static str,
    /// Always `chat`.
    #[serde(rename = "eventType")]
    event_type: &'static str,
    /// When it happened, in Unix milliseconds.
    timestamp: i64,
    /// Who did it: the app's key, `_`, his id, `@easemob.com`.
    from: String,
    /// Whom it concerns.
    to: String,
    /// Id of the event.
    msg_id: &'a str,
    /// What happened.
    payload: Payload<'a>,
    /// The app: its organisation, `#`, its name.
    appkey: &'a str,
    /// Who emits; it means nothing.
    host: &'static str,
    /// Lower-case hex of MD5 over `callId`, the rule's secret and `timestamp`, one after the other.
    security: &'a str,
}

#[derive(Serialize, JsonSchema)]
struct Payload<'a> {
    /// The words of him who asks; of `add` alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    /// Version of the list; it differs after every change.
    #[serde(skip_serializing_if = "Option::is_none")]
    roster_ver: Option<String>,
    /// Which event it is.
    #[schemars(schema_with = "operations")]
    operation: &'static str,
    /// How it ended; of block lists alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status>,
}

#[derive(Serialize, JsonSchema)]
struct Status {
    /// Always `ok`.
    error_code: &'static str,
}

fn operations(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    let names: Vec<&str> = ROWS.iter().map(|row| operation(row.name)).collect();
    schemars::json_schema!({"type": "string", "enum": names})
}

/// What stands behind the family's name.
fn operation(name: &'static str) -> &'static str {
    name.split_once(':').map_or(name, |(_, member)| member)
}

fn calls<'a>(told: &'a Told<'a>) -> Vec<Call<'a>> {
    let Action::Friend(action) = told.action() else { return Vec::new() };
    let plain = |name, from: &'a UserId, to: &'a UserId| call(told, name, from, to, None);
    match action {
        FriendAction::Ask(one) => vec![call(told, ADD, &one.from, &one.to, Some(&one.message))],
        // Both are done by him who answers; the one is for his other devices.
        FriendAction::Agree(one) => {
            vec![plain(ACCEPT, &one.to, &one.to), plain(REMOTE_ACCEPT, &one.to, &one.from)]
        }
        FriendAction::Decline(one) => {
            vec![plain(DECLINE, &one.to, &one.to), plain(REMOTE_DECLINE, &one.to, &one.from)]
        }
        FriendAction::Import(one) => {
            let pair = |friend| [plain(ACCEPT, friend, friend), plain(REMOTE_ACCEPT, friend, &one.owner)];
            one.friends.iter().flat_map(pair).collect()
        }
        FriendAction::Remove(one) => vec![plain(REMOVE, &one.owner, &one.friend)],
        FriendAction::Block(one) => vec![plain(BAN, &one.owner, &one.blocked)],
        FriendAction::Unblock(one) => vec![plain(ALLOW, &one.owner, &one.blocked)],
        FriendAction::Remark(_) => Vec::new(),
    }
}

fn call<'a>(
    told: &'a Told<'a>,
    name: &'static str,
    from: &'a UserId,
    to: &'a UserId,
    reason: Option<&'a str>,
) -> Call<'a> {
    let of_blocks = matches!(name, BAN | ALLOW);
    let has_version = !of_blocks && name != ADD;
    Call::new(name, move |stamp: &Stamp| {
        written(&Body {
            call_id: &stamp.call_id,
            chat_type: "roster",
            event_type: CHAT,
            timestamp: stamp.timestamp,
            from: told.address(&from.folded()),
            to: to.folded(),
            msg_id: &stamp.msg_id,
            payload: Payload {
                reason,
                roster_ver: has_version.then(|| version(from, &stamp.msg_id)),
                operation: operation(name),
                status: of_blocks.then_some(Status { error_code: "ok" }),
            },
            appkey: &stamp.app_key,
            host: HOST,
            security: &stamp.security,
        })
    })
}

/// A version of a list that looks like those of the original: 40 digits, base 16, upper case.
fn version(owner: &UserId, change: &str) -> String {
    let hash = Sha256::digest(format!("{} {change}", owner.folded()));
    hex::encode_upper(hash.get(..VERSION_BYTES).unwrap_or(&hash))
}
