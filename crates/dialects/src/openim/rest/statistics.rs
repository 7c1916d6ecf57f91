//! `/statistics`: numbers that operators look at. Source: REST sheet 10.

use std::collections::BTreeMap;

use ringback_model::command::{Command, GroupCommand, GroupOutcome, Outcome, UserCommand, UserOutcome};
use ringback_model::dialect::EdgeRequest;
use ringback_model::failure::RefusalCode;
use ringback_model::statistics::Period;
use ringback_model::time::UnixMs;
use schemars::JsonSchema;
use serde::Serialize;
use time::Date;

use super::body::{Reject, body, parse};
use super::page::{Pagination, page};
use super::reply::{Data, data};
use super::user::UserInfo;
use crate::openim::group_objects::GroupInfo;

body! {
    /// A time, in milliseconds since 1970.
    #[schemars(rename = "StatisticsPeriod")]
    Between {
        #[schemars(range(min = 1))]
        from: i64 = "start" required,
        #[schemars(range(min = 1))]
        to: i64 = "end" required,
    }
}

fn period(from: i64, to: i64) -> Result<Period, Reject> {
    for (name, instant) in [("start", from), ("end", to)] {
        if instant == 0 {
            return Err(Reject::Malformed(format!("{name} is empty")));
        }
    }
    if from < 0 || to < from {
        return Err(Reject::new(RefusalCode::BadArgument, "start must not be after end, nor before 1970"));
    }
    Ok(Period { from: UnixMs(from), to: UnixMs(to) })
}

pub(super) fn groups_made(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: Between = parse(&request.body)?;
    Ok(Command::Group(GroupCommand::Made(period(asked.from, asked.to)?)))
}

/// How many were made.
#[derive(Serialize, JsonSchema)]
pub(super) struct Growth {
    /// Ever.
    total: u64,
    /// Before the time asked about.
    before: u64,
    /// By day of that time, as in 2026-01-31 (UTC).
    count: BTreeMap<String, u64>,
}

pub(super) fn groups_made_data(outcome: &Outcome) -> Option<Data> {
    let Outcome::OfGroup(GroupOutcome::Made(growth)) = outcome else { return None };
    data(&Growth { total: growth.total, before: growth.before, count: by_date(&growth.days) })
}

body! {
    /// A time, and which page of the groups in which something was said. Whole days count (UTC): those that it touches.
    #[schemars(rename = "BusyGroupsPeriod")]
    BusyBetween {
        #[schemars(range(min = 1))]
        from: i64 = "start" required,
        #[schemars(range(min = 1))]
        to: i64 = "end" required,
        /// The busiest come last.
        ascending: bool = "ase",
        pagination: Option<Pagination> = "pagination" required,
    }
}

pub(super) fn busy_groups(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: BusyBetween = parse(&request.body)?;
    let period = period(asked.from, asked.to)?;
    let page = page(asked.pagination)?;
    Ok(Command::Group(GroupCommand::Busy { period, ascending: asked.ascending, page }))
}

/// A group and how much was said in it.
#[derive(Serialize, JsonSchema)]
struct ActiveGroup<'a> {
    group: GroupInfo<'a>,
    /// Messages.
    count: u64,
}

/// How much was said in groups.
#[derive(Serialize, JsonSchema)]
pub(super) struct ActiveGroups<'a> {
    #[serde(rename = "msgCount")]
    messages: u64,
    /// Groups in which there was a message.
    #[serde(rename = "groupCount")]
    count: u64,
    /// Messages by day, as in 2026-01-31 (UTC).
    #[serde(rename = "dateCount")]
    days: BTreeMap<String, u64>,
    groups: Vec<ActiveGroup<'a>>,
}

pub(super) fn busy_groups_data(outcome: &Outcome) -> Option<Data> {
    let Outcome::OfGroup(GroupOutcome::Busy { messages, groups, days, busiest }) = outcome else {
        return None;
    };
    let shown =
        busiest.iter().map(|(group, count)| ActiveGroup { group: GroupInfo::from(group), count: *count });
    data(&ActiveGroups { messages: *messages, count: *groups, days: by_date(days), groups: shown.collect() })
}

pub(super) fn users_made(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: Between = parse(&request.body)?;
    Ok(Command::User(UserCommand::Made(period(asked.from, asked.to)?)))
}

pub(super) fn users_made_data(outcome: &Outcome) -> Option<Data> {
    let Outcome::OfUser(UserOutcome::Made(growth)) = outcome else { return None };
    data(&Growth { total: growth.total, before: growth.before, count: by_date(&growth.days) })
}

body! {
    /// A time, and which page of the users who have said something. Whole days count (UTC): those that it touches.
    #[schemars(rename = "BusyUsersPeriod")]
    BusyUsersBetween {
        #[schemars(range(min = 1))]
        from: i64 = "start" required,
        #[schemars(range(min = 1))]
        to: i64 = "end" required,
        /// The busiest come last.
        ascending: bool = "ase",
        /// What was said in groups counts as well.
        groups: bool = "group",
        pagination: Option<Pagination> = "pagination" required,
    }
}

pub(super) fn busy_users(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: BusyUsersBetween = parse(&request.body)?;
    let period = period(asked.from, asked.to)?;
    let page = page(asked.pagination)?;
    let (groups, ascending) = (asked.groups, asked.ascending);
    Ok(Command::User(UserCommand::Busy { period, groups, ascending, page }))
}

/// A user and how much he has said.
#[derive(Serialize, JsonSchema)]
struct ActiveUser<'a> {
    user: UserInfo<'a>,
    /// Messages.
    count: u64,
}

/// How much users have said.
#[derive(Serialize, JsonSchema)]
pub(super) struct ActiveUsers<'a> {
    #[serde(rename = "msgCount")]
    messages: u64,
    /// Users who have said something.
    #[serde(rename = "userCount")]
    count: u64,
    /// Messages by day, as in 2026-01-31 (UTC).
    #[serde(rename = "dateCount")]
    days: BTreeMap<String, u64>,
    users: Vec<ActiveUser<'a>>,
}

pub(super) fn busy_users_data(outcome: &Outcome) -> Option<Data> {
    let Outcome::OfUser(UserOutcome::Busy { messages, users, days, busiest }) = outcome else {
        return None;
    };
    let shown = busiest.iter().map(|(user, count)| ActiveUser { user: UserInfo::from(user), count: *count });
    data(&ActiveUsers { messages: *messages, count: *users, days: by_date(days), users: shown.collect() })
}

/// The Julian day on which 1970 began.
const DAY_1970: i64 = 2_440_588;

/// Days since 1970 as dates; days that no calendar has are left out.
fn by_date(days: &BTreeMap<i64, u64>) -> BTreeMap<String, u64> {
    let date = |day: i64| {
        let date = Date::from_julian_day(i32::try_from(day.checked_add(DAY_1970)?).ok()?).ok()?;
        Some(format!("{:04}-{:02}-{:02}", date.year(), u8::from(date.month()), date.day()))
    };
    days.iter().filter_map(|(day, count)| Some((date(*day)?, *count))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_dates() {
        let days = BTreeMap::from([(0, 1), (59, 2), (20_602, 3)]);
        let dates: Vec<(String, u64)> = by_date(&days).into_iter().collect();
        let expected = [("1970-01-01", 1), ("1970-03-01", 2), ("2026-05-29", 3)];
        assert_eq!(dates, expected.map(|(date, count)| (date.to_owned(), count)));
    }
}
