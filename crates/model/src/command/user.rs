//! What can be asked about profiles, and what users keep.

use std::collections::BTreeMap;

use crate::action::UserEdit;
use crate::ids::UserId;
use crate::page::{Found, Page, UserFilter};
use crate::record::{ClientSetting, Favourite};
use crate::statistics::{Growth, Period};
use crate::user::{AccountLevel, Platform, User};

/// What can be asked.
#[derive(Debug, Clone)]
pub enum UserCommand {
    /// Change a profile. The user or an administrator.
    Edit(UserEdit),
    /// Set how a user receives messages ([`User::receive_option`]). The user or an administrator.
    ReceiveOption {
        /// Who.
        user: UserId,
        /// 0 receive, 1 do not receive, 2 receive without being woken.
        option: i32,
    },
    /// Look for users.
    Find {
        /// Which.
        filter: UserFilter,
        /// Which piece.
        page: Page,
    },
    /// Which of these users exist. Administrators only.
    Exist {
        /// Who, each once.
        ids: Vec<UserId>,
    },
    /// On which platforms users are online.
    Platforms {
        /// Who; not empty.
        ids: Vec<UserId>,
    },
    /// Nothing: subscriptions belong to connections, and a call has none. The user or an administrator.
    Subscriptions {
        /// Who.
        user: UserId,
    },
    /// Keep a small thing. The user or an administrator.
    AddFavourite(NewFavourite),
    /// Change one. The user or an administrator.
    ChangeFavourite(FavouriteChange),
    /// Keep it no more. The user or an administrator.
    RemoveFavourite(FavouriteName),
    /// The small things that a user keeps. The user or an administrator.
    Favourites {
        /// Whose.
        user: UserId,
        /// Of which kind; `None` = of all.
        kind: Option<i32>,
    },
    /// Make an account that speaks and that nobody logs in to. Administrators only.
    AddNoticeAccount {
        /// Its id; `None` = the server makes one.
        id: Option<UserId>,
        /// Shown name.
        nickname: String,
        /// Picture.
        face_url: String,
        /// [`AccountLevel::NOTIFICATION`] or more.
        level: AccountLevel,
    },
    /// Change such an account; an empty text stays. Administrators only.
    ChangeNoticeAccount {
        /// Its id.
        id: UserId,
        /// Shown name.
        nickname: String,
        /// Picture.
        face_url: String,
    },
    /// Look for such accounts. Administrators only.
    FindNoticeAccounts {
        /// A part of id or name.
        word: String,
        /// Of this level alone.
        level: Option<i32>,
        /// Which piece.
        page: Page,
    },
    /// What clients of a user are told to do. The user or an administrator.
    ClientSettings {
        /// For whom.
        user: UserId,
    },
    /// Tell clients what to do. Administrators only.
    SetClientSettings {
        /// For whom; `None` = everybody.
        user: Option<UserId>,
        /// Keys and values.
        settings: Vec<(String, String)>,
    },
    /// Tell clients no more. Administrators only.
    RemoveClientSettings {
        /// As in [`UserCommand::SetClientSettings`].
        user: Option<UserId>,
        /// Which; unknown ones are fine.
        keys: Vec<String>,
    },
    /// What clients are told. Administrators only.
    FindClientSettings {
        /// For whom alone; `None` = for all.
        user: Option<UserId>,
        /// Under which key alone; empty = under all.
        key: String,
        /// Which piece.
        page: Page,
    },
    /// How many users were registered when. Administrators only.
    Made(Period),
    /// Who has sent how many messages that were kept. Administrators only.
    Busy {
        /// When.
        period: Period,
        /// Those to groups count as well.
        groups: bool,
        /// The busiest come last.
        ascending: bool,
        /// Which of them.
        page: Page,
    },
}

/// A small thing of a user's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FavouriteName {
    /// Whose.
    pub user: UserId,
    /// See [`Favourite::kind`].
    pub kind: i32,
    /// See [`Favourite::id`].
    pub id: String,
}

/// A small thing to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFavourite {
    /// Where.
    pub name: FavouriteName,
    /// What it says.
    pub value: String,
    /// The app's own text.
    pub ex: String,
}

/// What changes about a small thing; `None` = stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FavouriteChange {
    /// Which.
    pub name: FavouriteName,
    /// What it says.
    pub value: Option<String>,
    /// The app's own text.
    pub ex: Option<String>,
}

/// What is answered.
#[derive(Debug, Clone)]
pub enum UserOutcome {
    /// Users.
    Found(Found<User>),
    /// Who exists, in the order asked for.
    Exist(Vec<(UserId, bool)>),
    /// Platforms of each, in the order asked for; none = offline.
    Platforms(Vec<(UserId, Vec<Platform>)>),
    /// Small things, ascending by kind and id.
    Favourites(Vec<Favourite>),
    /// One account.
    Account(Box<User>),
    /// Keys and values for clients.
    ClientSettings(Found<ClientSetting>),
    /// How many users were registered when.
    Made(Growth),
    /// Who has sent how many messages.
    Busy {
        /// Messages.
        messages: u64,
        /// Users who have sent one.
        users: u64,
        /// Messages by day since 1970.
        days: BTreeMap<i64, u64>,
        /// Users, with how many messages each has sent.
        busiest: Vec<(User, u64)>,
    },
}
