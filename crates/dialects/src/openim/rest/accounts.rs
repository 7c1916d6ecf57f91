//! `/user/*_notification_account`, `/user/*_user_client_config`: accounts of the app itself, and what clients are told
//! to do. Source: REST sheet 4, 12.

use std::collections::BTreeMap;

use ringback_model::command::{Command, Outcome, UserCommand, UserOutcome};
use ringback_model::dialect::EdgeRequest;
use ringback_model::ids::UserId;
use ringback_model::user::{AccountLevel, User};
use schemars::JsonSchema;
use serde::Serialize;

use super::body::{Reject, body, parse, required, user_id};
use super::page::{Pagination, page};
use super::reply::{Data, data};

body! {
    /// An account that speaks and that nobody logs in to.
    NewNotificationAccount {
        /// Empty = the server makes one.
        id: String = "userID",
        /// The name that others see.
        nickname: String = "nickName" required,
        /// Address of a picture.
        face_url: String = "faceURL",
        /// 3 notification account, 4 robot.
        level: i32 = "appMangerLevel",
    }
}

pub(super) fn add(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: NewNotificationAccount = parse(&request.body)?;
    required("nickName", &asked.nickname)?;
    Ok(Command::User(UserCommand::AddNoticeAccount {
        id: optional_user(&asked.id)?,
        nickname: asked.nickname,
        face_url: asked.face_url,
        level: AccountLevel(asked.level),
    }))
}

fn optional_user(text: &str) -> Result<Option<UserId>, Reject> {
    if text.is_empty() { Ok(None) } else { user_id("userID", text).map(Some) }
}

body! {
    /// What changes about such an account: at least one of the two.
    NotificationAccountUpdate {
        /// Which.
        id: String = "userID" required,
        /// The name that others see; empty = stays.
        nickname: String = "nickName",
        /// Address of a picture; empty = stays.
        face_url: String = "faceURL",
    }
}

pub(super) fn change(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: NotificationAccountUpdate = parse(&request.body)?;
    Ok(Command::User(UserCommand::ChangeNoticeAccount {
        id: user_id("userID", &asked.id)?,
        nickname: asked.nickname,
        face_url: asked.face_url,
    }))
}

body! {
    /// Which of such accounts are looked for.
    NotificationAccountSearch {
        /// A part of the id or the name.
        keyword: String = "keyword",
        /// Of this level alone.
        level: Option<i32> = "appManagerLevel",
        /// Which page.
        pagination: Option<Pagination> = "pagination" required,
    }
}

pub(super) fn find(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: NotificationAccountSearch = parse(&request.body)?;
    let page = page(asked.pagination)?;
    Ok(Command::User(UserCommand::FindNoticeAccounts { word: asked.keyword, level: asked.level, page }))
}

/// An account that speaks and that nobody logs in to.
#[derive(Serialize, JsonSchema)]
pub(super) struct NotificationAccountInfo<'a> {
    #[serde(rename = "userID")]
    id: &'a str,
    #[serde(rename = "faceURL")]
    face_url: &'a str,
    #[serde(rename = "nickName")]
    nickname: &'a str,
    #[serde(rename = "appMangerLevel")]
    level: i32,
}

impl<'a> From<&'a User> for NotificationAccountInfo<'a> {
    fn from(user: &'a User) -> Self {
        Self { id: user.id.as_str(), face_url: &user.face_url, nickname: &user.nickname, level: user.level.0 }
    }
}

pub(super) fn added(outcome: &Outcome) -> Option<Data> {
    let Outcome::OfUser(UserOutcome::Account(user)) = outcome else { return None };
    data(&NotificationAccountInfo::from(&**user))
}

/// A page of such accounts.
#[derive(Serialize, JsonSchema)]
pub(super) struct NotificationAccounts<'a> {
    /// Accounts on all pages.
    total: u64,
    #[serde(rename = "notificationAccounts")]
    accounts: Vec<NotificationAccountInfo<'a>>,
}

pub(super) fn found(outcome: &Outcome) -> Option<Data> {
    let Outcome::OfUser(UserOutcome::Found(found)) = outcome else { return None };
    let accounts = found.items.iter().map(NotificationAccountInfo::from).collect();
    data(&NotificationAccounts { total: found.total, accounts })
}

body! {
    /// For whom clients are told.
    #[schemars(rename = "ClientConfigOwner")]
    ConfigOwner {
        /// Whose clients.
        user: String = "userID" required,
    }
}

pub(super) fn config(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: ConfigOwner = parse(&request.body)?;
    Ok(Command::User(UserCommand::ClientSettings { user: user_id("userID", &asked.user)? }))
}

body! {
    /// What clients are told to do.
    #[schemars(rename = "ClientConfigUpdate")]
    SetConfig {
        /// Whose clients; empty = everybody's.
        user: String = "userID",
        /// Values by key.
        configs: BTreeMap<String, String> = "configs",
    }
}

pub(super) fn set_config(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: SetConfig = parse(&request.body)?;
    let user = optional_user(&asked.user)?;
    let settings = asked.configs.into_iter().collect();
    Ok(Command::User(UserCommand::SetClientSettings { user, settings }))
}

body! {
    /// What clients are told no more.
    #[schemars(rename = "ClientConfigKeys")]
    RemoveConfig {
        /// Whose clients; empty = everybody's.
        user: String = "userID",
        /// Unknown ones are fine.
        keys: Vec<String> = "keys",
    }
}

pub(super) fn remove_config(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: RemoveConfig = parse(&request.body)?;
    let user = optional_user(&asked.user)?;
    Ok(Command::User(UserCommand::RemoveClientSettings { user, keys: asked.keys }))
}

body! {
    /// Which of the things that clients are told are looked for.
    #[schemars(rename = "ClientConfigSearch")]
    PageConfig {
        /// Those of this user's clients alone.
        user: String = "userID",
        /// Those under this key alone.
        key: String = "key",
        /// Which page.
        pagination: Option<Pagination> = "pagination" required,
    }
}

pub(super) fn page_config(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: PageConfig = parse(&request.body)?;
    let (user, page) = (optional_user(&asked.user)?, page(asked.pagination)?);
    Ok(Command::User(UserCommand::FindClientSettings { user, key: asked.key, page }))
}

/// What clients are told to do.
#[derive(Serialize, JsonSchema)]
pub(super) struct ClientConfig<'a> {
    /// Values by key.
    configs: BTreeMap<&'a str, &'a str>,
}

pub(super) fn config_data(outcome: &Outcome) -> Option<Data> {
    let Outcome::OfUser(UserOutcome::ClientSettings(found)) = outcome else { return None };
    let configs = found.items.iter().map(|one| (one.key.as_str(), one.value.as_str())).collect();
    data(&ClientConfig { configs })
}

/// One thing that clients are told.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ClientConfigEntry")]
struct Entry<'a> {
    key: &'a str,
    /// Empty = everybody's clients.
    #[serde(rename = "userID")]
    user: &'a str,
    value: &'a str,
}

/// A page of what clients are told.
#[derive(Serialize, JsonSchema)]
pub(super) struct ClientConfigPage<'a> {
    /// Entries on all pages.
    total: u64,
    configs: Vec<Entry<'a>>,
}

pub(super) fn page_config_data(outcome: &Outcome) -> Option<Data> {
    let Outcome::OfUser(UserOutcome::ClientSettings(found)) = outcome else { return None };
    let configs = found
        .items
        .iter()
        .map(|one| Entry {
            key: &one.key,
            user: one.user.as_ref().map_or("", UserId::as_str),
            value: &one.value,
        })
        .collect();
    data(&ClientConfigPage { total: found.total, configs })
}
