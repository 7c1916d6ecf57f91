//! Users who come and go. Source: easemob-callbacks fact sheet 5.6.

use ringback_model::action::{Action, PresenceAction, PresenceChange};
use ringback_model::dialect::Manner;
use ringback_model::event::EventKind;
use ringback_model::user::Platform;
use schemars::JsonSchema;
use serde::Serialize;

use super::told::{HOST, Ids, Stamp, Told, written};
use super::{Call, Family, Row};
use crate::schemas;

const LOGIN: &str = "userStatus:login";
const LOGOUT: &str = "userStatus:logout";
const REPLACED: &str = "userStatus:replaced";

/// How these calls are made: they may take a minute, and a dead one is one failure.
pub(in crate::easemob::callbacks) const MANNER: Manner = Manner { timeout_ms: 60_000, counts_once: true };

pub(in crate::easemob::callbacks) const KINDS: &[EventKind] = &[
    EventKind::UserOnline,
    EventKind::UserConnected,
    EventKind::UserDisconnected,
    EventKind::UserOffline,
    EventKind::UserKicked,
];

static ROWS: &[Row] = &[
    row(LOGIN, &[EventKind::UserOnline, EventKind::UserConnected], "a user has connected"),
    row(
        LOGOUT,
        &[EventKind::UserOffline, EventKind::UserDisconnected],
        "a connection of a user is gone, and nobody has cut it",
    ),
    row(REPLACED, &[EventKind::UserKicked], "a connection was cut by another login or an administrator"),
];

pub(super) static FAMILY: Family = Family {
    names: &["userStatus"],
    about: "users who come and go",
    says: "Each connection is told of by itself: a device that comes while another of the same kind is there too. A call \
           may take 60 seconds, whatever the rule says; a second one follows at once, then it is given up, which is one failure. A connection that goes silent is noticed after half a minute. Who is cut is told as \
           `replaced` and not as `logout` too. `version` is what the client says of its software, and `ip` the \
           address that it connects from; both are empty where they are not known.",
    rows: ROWS,
    named_only: false,
    ids: Ids::Random,
    calls,
};

const fn row(name: &'static str, kinds: &'static [EventKind], when: &'static str) -> Row {
    Row { name, schema: "userStatus", kinds, when, shape: schemas::written::<Body<'static>> }
}

#[derive(Serialize, JsonSchema)]
struct Body<'a> {
    /// Id of the callback: the same on every attempt, after restarts and when it is sent again.
    #[serde(rename = "callId")]
    call_id: &'a str,
    /// Why.
    reason: Reason,
    /// Lower-case hex of MD5 over `callId`, the rule's secret and `timestamp`, one after the other.
    security: &'a str,
    /// The system of his device.
    os: System,
    /// Where the device connects from, `address:port`.
    ip: &'a str,
    /// Who emits; it means nothing.
    host: &'static str,
    /// The app: its organisation, `#`, its name.
    appkey: &'a str,
    /// Who: the app's key, `_`, his id, `@easemob.com/`, the system, `_`, the device.
    user: String,
    /// Version of the client's software.
    version: &'a str,
    /// When, in Unix milliseconds; grows with every change of one user on one class of devices.
    timestamp: i64,
    /// Whether he came or went.
    status: Status,
}

#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Status {
    Online,
    Offline,
}

#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Reason {
    Login,
    Logout,
    Replaced,
}

#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum System {
    Ios,
    Android,
    Webim,
    Linux,
    Win,
    Other,
}

impl System {
    /// Phones and tablets alike.
    const fn of(platform: Platform) -> Self {
        match platform.0 {
            1 | 9 => Self::Ios,
            2 | 8 => Self::Android,
            3 => Self::Win,
            5 | 6 => Self::Webim,
            7 => Self::Linux,
            _ => Self::Other,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Ios => "ios",
            Self::Android => "android",
            Self::Webim => "webim",
            Self::Linux => "linux",
            Self::Win => "win",
            Self::Other => "other",
        }
    }
}

fn calls<'a>(told: &'a Told<'a>) -> Vec<Call<'a>> {
    let Action::Presence(action) = told.action() else { return Vec::new() };
    match action {
        PresenceAction::Online(change) | PresenceAction::Connect(change) => {
            vec![call(told, LOGIN, change, Reason::Login)]
        }
        // That he was cut was told.
        PresenceAction::Offline(change) | PresenceAction::Disconnect(change) if change.cut => Vec::new(),
        PresenceAction::Offline(change) | PresenceAction::Disconnect(change) => {
            vec![call(told, LOGOUT, change, Reason::Logout)]
        }
        PresenceAction::Kick(change) => vec![call(told, REPLACED, change, Reason::Replaced)],
    }
}

fn call<'a>(told: &'a Told<'a>, name: &'static str, change: &'a PresenceChange, reason: Reason) -> Call<'a> {
    Call::new(name, move |stamp: &Stamp| {
        let os = System::of(change.platform);
        let device = if change.device.id.is_empty() { &change.connection } else { &change.device.id };
        let user = told.address(&change.user.folded());
        written(&Body {
            call_id: &stamp.call_id,
            reason,
            security: &stamp.security,
            os,
            ip: &change.device.address,
            host: HOST,
            appkey: &stamp.app_key,
            user: format!("{user}/{}_{device}", os.name()),
            version: &change.device.version,
            timestamp: stamp.timestamp,
            status: if matches!(reason, Reason::Login) { Status::Online } else { Status::Offline },
        })
    })
}
