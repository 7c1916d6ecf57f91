//! Users, the devices they log in with, and blocks between them.

use serde::{Deserialize, Serialize};

use crate::ids::UserId;
use crate::time::UnixMs;

/// A registered user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// His id; unique regardless of letter case.
    pub id: UserId,
    /// Shown name.
    pub nickname: String,
    /// Address of his picture, or empty.
    pub face_url: String,
    /// The app's own text about him.
    pub ex: String,
    /// When he was registered.
    pub created_at: UnixMs,
    /// What kind of account it is.
    #[serde(default)]
    pub level: AccountLevel,
    /// 0 receive, 1 do not receive, 2 receive without push.
    #[serde(default)]
    pub receive_option: i32,
}

/// Kind of account. Numbers are the ones clients know.
/// Source: callback sheet 5.5 (`appMangerLevel`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccountLevel(pub i32);

impl AccountLevel {
    /// An ordinary user.
    pub const ORDINARY: Self = Self(0);
    /// An administrator of the app; also the least level of a system account.
    pub const ADMIN: Self = Self(2);
    /// Notification accounts and robots start here; nobody logs in as one.
    pub const NOTIFICATION: Self = Self(3);
}

/// Which class of device a session runs on: 1..=11, the numbers that clients send.
/// Source: client protocol sheet 1.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Platform(pub i32);

impl Platform {
    /// The administrators' own: outside multi-login rules.
    pub const ADMIN: Self = Self(10);
    /// Apple phones: they sleep in the background, and take pushes of their maker's instead of ours. Source: client
    /// protocol sheet 3.2 (2004).
    pub const IOS: Self = Self(1);
    /// Browsers.
    pub const WEB: Self = Self(5);
    /// Not said: tokens of dialects that know no platforms. Outside multi-login rules.
    pub const ANY: Self = Self(0);

    /// Whether clients know this number.
    #[must_use]
    pub const fn is_known(self) -> bool {
        1 <= self.0 && self.0 <= 11
    }
}

/// `owner` does not want to hear from `blocked`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// Whose list it is.
    pub owner: UserId,
    /// Who is on it.
    pub blocked: UserId,
    /// When it was set.
    pub at: UnixMs,
    /// Who set it (the owner or an administrator).
    pub by: UserId,
    /// The app's own text.
    pub ex: String,
}

/// What a token says. Its text form belongs to a dialect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenClaims {
    /// Unique per token; the key of its state in the store.
    pub id: String,
    /// Who.
    pub bearer: Bearer,
    /// Where.
    pub platform: Platform,
    /// It is valid by its signature alone: the store keeps no record of it.
    pub unrecorded: bool,
    /// When it was made.
    pub issued_at: UnixMs,
    /// When it ends.
    pub expires_at: UnixMs,
}

/// For whom a token speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bearer {
    /// For a user. An administrator's token is one on [`Platform::ADMIN`].
    User(UserId),
    /// For the app as a whole, like an administrator.
    App,
}

/// A token that was handed out to a user and may still be in use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenRecord {
    /// [`TokenClaims::id`].
    pub id: String,
    /// Who.
    pub user: UserId,
    /// Where.
    pub platform: Platform,
    /// When it ends; the record may be dropped afterwards.
    pub expires_at: UnixMs,
    /// True once another login, or an administrator, has taken it away.
    pub kicked: bool,
}

/// One live connection of a user, as online queries show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// Where.
    pub platform: Platform,
    /// The connection's own id.
    pub id: String,
    /// True when the client said that it is in the background.
    pub background: bool,
    /// The token it came with ([`TokenClaims::id`]).
    pub token_id: String,
}
