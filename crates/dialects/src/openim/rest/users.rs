//! `/user`: users as backends look for them, and who of them is online. Source: REST sheet 4.

use std::collections::BTreeMap;

use ringback_model::command::{Command, Outcome, UserCommand, UserOutcome};
use ringback_model::dialect::EdgeRequest;
use ringback_model::limits;
use ringback_model::page::UserFilter;
use ringback_model::user::Connection;
use schemars::JsonSchema;
use serde::Serialize;

use super::body::{
    Reject, at_most, body, given, of_each, parse, possible_ids, required_number, short_and_distinct, user_id,
};
use super::page::{Pagination, page};
use super::reply::{Data, data};
use super::user::{UserIds, UserInfo};
use crate::openim::content::argument;

body! {
    /// A page of all users.
    #[schemars(rename = "AllUserIds")]
    AllIds {
        /// Which page.
        pagination: Option<Pagination> = "pagination" required,
    }
}

pub(super) fn all_ids(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: AllIds = parse(&request.body)?;
    let (filter, page) = (UserFilter::default(), page(asked.pagination)?);
    Ok(Command::User(UserCommand::Find { filter, page }))
}

body! {
    /// Which users are looked for.
    #[schemars(rename = "UserSearch")]
    Search {
        /// Which page.
        pagination: Option<Pagination> = "pagination" required,
        /// A part of the id.
        id: String = "userID",
        /// A part of the name.
        name: String = "nickName",
    }
}

pub(super) fn search(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: Search = parse(&request.body)?;
    let filter = UserFilter { id: asked.id, name: asked.name, ..UserFilter::default() };
    Ok(Command::User(UserCommand::Find { filter, page: page(asked.pagination)? }))
}

body! {
    /// Who may exist.
    #[schemars(rename = "AccountNames")]
    Accounts {
        /// Each once.
        #[schemars(length(max = 1000))]
        ids: Option<Vec<String>> = "checkUserIDs" required,
    }
}

pub(super) fn check(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: Accounts = parse(&request.body)?;
    let ids = given("checkUserIDs", asked.ids)?;
    short_and_distinct("checkUserIDs", &ids)?;
    Ok(Command::User(UserCommand::Exist { ids: possible_ids(&ids) }))
}

body! {
    /// Whose state is asked for.
    #[schemars(rename = "StatusOfUsers")]
    Status {
        /// Who asks; not looked at.
        user: String = "userID",
        /// At least one.
        #[schemars(length(min = 1, max = 1000))]
        ids: Option<Vec<String>> = "userIDs" required,
    }
}

pub(super) fn status(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: Status = parse(&request.body)?;
    drop(asked.user);
    let ids = given("userIDs", asked.ids)?;
    if ids.is_empty() {
        return Err(Reject::Malformed("userIDs is empty".to_owned()));
    }
    at_most("userIDs", ids.len(), limits::LIST_ITEMS)?;
    Ok(Command::User(UserCommand::Platforms { ids: possible_ids(&ids) }))
}

body! {
    /// Whose states somebody wants to follow.
    #[schemars(rename = "StatusSubscription")]
    Subscribe {
        /// Who follows.
        user: String = "userID" required,
        /// Whom.
        ids: Option<Vec<String>> = "userIDs" required,
        /// 1 begins, 2 ends.
        #[schemars(extend("enum" = [1, 2]))]
        genre: i32 = "genre" required,
    }
}

pub(super) fn subscribe(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: Subscribe = parse(&request.body)?;
    let user = user_id("userID", &asked.user)?;
    given("userIDs", asked.ids)?;
    match required_number("genre", asked.genre)? {
        1 | 2 => Ok(Command::User(UserCommand::Subscriptions { user })),
        genre => Err(argument(format!("genre is {genre}; known are 1 and 2")).into()),
    }
}

body! {
    /// Who follows states.
    #[schemars(rename = "StatusSubscriber")]
    Subscriber {
        /// Who.
        user: String = "userID" required,
    }
}

pub(super) fn subscriptions(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: Subscriber = parse(&request.body)?;
    Ok(Command::User(UserCommand::Subscriptions { user: user_id("userID", &asked.user)? }))
}

/// A page of user ids.
#[derive(Serialize, JsonSchema)]
pub(super) struct UserIdsPage<'a> {
    /// Users on all pages.
    total: u64,
    #[serde(rename = "userIDs")]
    ids: Vec<&'a str>,
}

pub(super) fn all_ids_data(outcome: &Outcome) -> Option<Data> {
    let Outcome::OfUser(UserOutcome::Found(found)) = outcome else { return None };
    let ids = found.items.iter().map(|user| user.id.as_str()).collect();
    data(&UserIdsPage { total: found.total, ids })
}

/// A page of users.
#[derive(Serialize, JsonSchema)]
pub(super) struct UserPage<'a> {
    /// Users on all pages.
    total: u64,
    users: Vec<UserInfo<'a>>,
}

pub(super) fn search_data(outcome: &Outcome) -> Option<Data> {
    let Outcome::OfUser(UserOutcome::Found(found)) = outcome else { return None };
    data(&UserPage { total: found.total, users: found.items.iter().map(UserInfo::from).collect() })
}

/// Whether somebody exists.
#[derive(Serialize, JsonSchema)]
struct AccountCheck<'a> {
    #[serde(rename = "userID")]
    id: &'a str,
    /// 1 registered, 0 not.
    #[serde(rename = "accountStatus")]
    status: i32,
}

/// Who exists.
#[derive(Serialize, JsonSchema)]
pub(super) struct AccountChecks<'a> {
    results: Vec<AccountCheck<'a>>,
}

pub(super) fn check_data(request: &EdgeRequest, outcome: &Outcome) -> Option<Data> {
    let Outcome::OfUser(UserOutcome::Exist(exist)) = outcome else { return None };
    let asked: Accounts = parse(&request.body).ok()?;
    let asked = asked.ids?;
    let of_each = of_each(&asked, exist.iter().map(|(_, there)| *there));
    let results = of_each.map(|(id, there)| AccountCheck { id, status: i32::from(there == Some(true)) });
    data(&AccountChecks { results: results.collect() })
}

/// A user's state.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "OnlineStatus")]
struct StatusJson<'a> {
    #[serde(rename = "userID")]
    id: &'a str,
    /// 1 online, 0 offline.
    status: i32,
    #[serde(rename = "platformIDs")]
    platforms: Vec<i32>,
}

/// Users' states.
#[derive(Default, Serialize, JsonSchema)]
pub(super) struct StatusList<'a> {
    #[serde(rename = "statusList")]
    list: Vec<StatusJson<'a>>,
}

pub(super) fn status_data(request: &EdgeRequest, outcome: &Outcome) -> Option<Data> {
    let Outcome::OfUser(UserOutcome::Platforms(of_users)) = outcome else { return None };
    let asked: Status = parse(&request.body).ok()?;
    let asked = asked.ids?;
    let list = of_each(&asked, of_users).map(|(id, of_user)| {
        let platforms: Vec<i32> =
            of_user.iter().flat_map(|(_, platforms)| platforms).map(|platform| platform.0).collect();
        StatusJson { id, status: i32::from(!platforms.is_empty()), platforms }
    });
    data(&StatusList { list: list.collect() })
}

/// A call has no connection, and so it follows nobody.
pub(super) fn no_status_data(outcome: &Outcome) -> Option<Data> {
    if matches!(outcome, Outcome::Done) { data(&StatusList::default()) } else { None }
}

/// A user's connections by platform.
#[derive(Serialize, JsonSchema)]
pub(super) struct OnlineTokens<'a> {
    #[serde(rename = "userID")]
    id: &'a str,
    /// 1 online, 0 offline.
    status: i32,
    #[serde(rename = "singlePlatformToken")]
    platforms: Vec<PlatformTokens<'a>>,
}

/// A user's connections on one platform.
#[derive(Serialize, JsonSchema)]
struct PlatformTokens<'a> {
    #[serde(rename = "platformID")]
    platform: i32,
    /// Connections.
    total: usize,
    /// The tokens' ids, each once: they tell sessions apart as well as the tokens themselves, and open nothing.
    token: Vec<&'a str>,
}

/// `data` is the list itself.
pub(super) fn online_tokens_data(request: &EdgeRequest, outcome: &Outcome) -> Option<Data> {
    let Outcome::Online(users) = outcome else { return None };
    let asked: UserIds = parse(&request.body).ok()?;
    let asked = asked.ids?;
    let connections = users.iter().map(|(_, connections)| connections.as_slice());
    let of_each = of_each(&asked, connections);
    let shown: Vec<_> =
        of_each.map(|(id, connections)| online_tokens(id, connections.unwrap_or_default())).collect();
    data(&shown)
}

fn online_tokens<'a>(id: &'a str, connections: &'a [Connection]) -> OnlineTokens<'a> {
    let mut by_platform: BTreeMap<i32, Vec<&str>> = BTreeMap::new();
    for one in connections {
        by_platform.entry(one.platform.0).or_default().push(&one.token_id);
    }
    let platforms = by_platform.into_iter().map(|(platform, mut token)| {
        let total = token.len();
        token.sort_unstable();
        token.dedup();
        PlatformTokens { platform, total, token }
    });
    OnlineTokens { id, status: i32::from(!connections.is_empty()), platforms: platforms.collect() }
}
