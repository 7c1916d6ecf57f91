//! Users, the devices they log in with, and blocks between them.

use serde::{Deserialize, Serialize};

use crate::conversation::Target;
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
    /// What administrators have forbidden him.
    #[serde(default, skip_serializing_if = "Standing::is_good")]
    pub standing: Standing,
}

/// What administrators have forbidden a user.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// He gets no tokens, and those that he has are good for nothing.
    #[serde(default)]
    pub deactivated: bool,
    /// Until when he says nothing to users; 0 = he may, [`Standing::FOR_EVER`] = never again.
    #[serde(default)]
    pub muted_to_users: UnixMs,
    /// Until when he says nothing in groups; as above.
    #[serde(default)]
    pub muted_in_groups: UnixMs,
    /// Until when he says nothing in chat rooms; as above.
    #[serde(default)]
    pub muted_in_rooms: UnixMs,
}

impl Standing {
    /// An instant that does not come.
    pub const FOR_EVER: UnixMs = UnixMs(i64::MAX);

    /// Nothing is forbidden.
    #[must_use]
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    pub fn is_good(&self) -> bool {
        *self == Self::default()
    }

    /// Whether he may say something there at this instant.
    #[must_use]
    pub fn may_speak(self, to: &Target, now: UnixMs) -> bool {
        let until = match to {
            Target::User(_) | Target::Notice(_) => self.muted_to_users,
            Target::Group(_) => self.muted_in_groups,
            Target::Room(_) => self.muted_in_rooms,
        };
        until <= now
    }

    /// Whether he is muted anywhere at this instant.
    #[must_use]
    pub fn is_muted(self, now: UnixMs) -> bool {
        [self.muted_to_users, self.muted_in_groups, self.muted_in_rooms].into_iter().any(|until| until > now)
    }
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

    /// Windows, macOS and Linux.
    const fn is_desktop(self) -> bool {
        matches!(self.0, 3 | 4 | 7)
    }

    /// The first platform of its class: phones, desktops and tablets are one class each, others by themselves.
    const fn class(self) -> i32 {
        match self.0 {
            1 | 2 => 1,
            3 | 4 | 7 => 3,
            8 | 9 => 8,
            other => other,
        }
    }

    /// Those that a login on this one ends.
    pub fn ended_by_login(self, policy: LoginPolicy) -> impl Iterator<Item = Self> {
        (Self::ANY.0..=11).map(Self).filter(move |old| policy.ends(self, *old))
    }
}

/// What a server sees of the device at the other end of a connection. Empty texts = it did not say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DeviceSeen {
    /// Its own id, as it says it.
    pub id: String,
    /// Where it connects from, `address:port`; behind a proxy the proxy's.
    pub address: String,
    /// Version of the software with which it connects, as it says it.
    pub version: String,
}

/// Which logins of a user take the place of others. Setting `multi_login.policy`. Source: client protocol sheet 1.6.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LoginPolicy {
    /// The newest on each platform stays.
    #[default]
    OnePerPlatform,
    /// The newest of each class stays: phones, desktops, tablets; every other platform is a class of its own.
    OnePerClass,
    /// Desktops stay, and of everything else the newest.
    DesktopsAndOne,
    /// All stay, as far as there is room.
    Unlimited,
}

impl LoginPolicy {
    const ALL: [Self; 4] = [Self::OnePerPlatform, Self::OnePerClass, Self::DesktopsAndOne, Self::Unlimited];
    /// The words for all of them, in the settings.
    pub const WORDS: [&str; 4] = ["one_per_platform", "one_per_class", "desktops_and_one", "unlimited"];

    /// By its word; the first for others.
    #[must_use]
    pub fn named(word: &str) -> Self {
        let found = Self::ALL.into_iter().zip(Self::WORDS).find(|(_, known)| *known == word);
        found.map_or(Self::OnePerPlatform, |(policy, _)| policy)
    }

    /// Its word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OnePerPlatform => "one_per_platform",
            Self::OnePerClass => "one_per_class",
            Self::DesktopsAndOne => "desktops_and_one",
            Self::Unlimited => "unlimited",
        }
    }

    /// Whether a login on one platform ends those on another, which may be the same. Administrators' are outside.
    #[must_use]
    pub const fn ends(self, new: Platform, old: Platform) -> bool {
        let of_admins = new.0 == Platform::ADMIN.0 || old.0 == Platform::ADMIN.0;
        // Tokens of dialects that know no platforms are a world of their own.
        if of_admins || (new.0 == Platform::ANY.0) != (old.0 == Platform::ANY.0) {
            return false;
        }
        match self {
            Self::OnePerPlatform => new.0 == old.0,
            Self::OnePerClass => new.class() == old.class(),
            Self::DesktopsAndOne => !new.is_desktop() && !old.is_desktop(),
            Self::Unlimited => false,
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_says_which_logins_end() {
        let ended = |policy: LoginPolicy, new| {
            Platform(new).ended_by_login(policy).map(|old| old.0).collect::<Vec<i32>>()
        };
        for (policy, new, old) in [
            (LoginPolicy::OnePerPlatform, 1, vec![1]),
            (LoginPolicy::OnePerPlatform, 5, vec![5]),
            (LoginPolicy::OnePerPlatform, 10, vec![]),
            (LoginPolicy::OnePerClass, 2, vec![1, 2]),
            (LoginPolicy::OnePerClass, 7, vec![3, 4, 7]),
            (LoginPolicy::OnePerClass, 9, vec![8, 9]),
            (LoginPolicy::OnePerClass, 6, vec![6]),
            (LoginPolicy::DesktopsAndOne, 3, vec![]),
            (LoginPolicy::DesktopsAndOne, 5, vec![1, 2, 5, 6, 8, 9, 11]),
            (LoginPolicy::OnePerPlatform, 0, vec![0]),
            (LoginPolicy::DesktopsAndOne, 10, vec![]),
            (LoginPolicy::Unlimited, 5, vec![]),
        ] {
            assert_eq!(ended(policy, new), old, "{policy:?} {new}");
        }
        for policy in LoginPolicy::ALL {
            assert_eq!(LoginPolicy::named(policy.name()), policy);
            assert!(LoginPolicy::WORDS.contains(&policy.name()));
        }
    }
}
