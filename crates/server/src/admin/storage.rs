//! `/admin/v1/storage…`: slices of parked deliveries, of all rules.

use std::collections::HashMap;
use std::sync::Arc;

use http::StatusCode;
use ringback_model::delivery::DeliveryKey;
use ringback_model::event::Phase;
use ringback_model::ids::{LogPos, RuleId};
use ringback_model::limits;
use ringback_model::ports::Storage as _;
use ringback_model::rule::Rule;
use ringback_model::storage::{Parked, Resend, ResendStart, Slice, SliceScope};
use serde::Deserialize as _;

use super::Admin;
use super::error::ApiError;
use super::input::Input;
use super::reply::Reply;
use super::views::{ParkedList, ParkedView, RetryOrder, RetryStarted, SliceList, SliceRule, SliceView};
use crate::rules::start::show_time;

/// Deliveries in one page, unless the caller says otherwise.
const PAGE: usize = 50;

pub(super) async fn info(admin: &Admin, _: &Input) -> Result<Reply, ApiError> {
    let names = names(admin);
    let view = |slice: Slice| SliceView {
        date: slice.date,
        size: slice.size,
        retries: slice.retries,
        running: slice.running,
        rules: slice
            .rules
            .into_iter()
            .map(|(id, size)| SliceRule { name: names.get(&id).cloned(), id: id.to_string(), size })
            .collect(),
    };
    let slices = admin.engine.slices(SliceScope::Everything).await?;
    let list = SliceList { slices: slices.into_iter().map(view).collect(), dropping: dropping(admin) };
    Reply::json(StatusCode::OK, &list)
}

fn names(admin: &Admin) -> HashMap<RuleId, String> {
    admin.desk.list().into_iter().map(|listed| (listed.rule.id.clone(), listed.rule.name.clone())).collect()
}

/// Rules in use that would park if the service was on.
fn dropping(admin: &Admin) -> Vec<String> {
    let states = admin.states();
    let drops = |rule: &Arc<Rule>| {
        let meant = rule.phase == Phase::After && rule.enabled && rule.policy.storage;
        meant && states.get(&rule.id).is_some_and(|state| !state.parks)
    };
    admin
        .desk
        .list()
        .into_iter()
        .map(|listed| listed.rule)
        .filter(drops)
        .map(|rule| rule.name.clone())
        .collect()
}

pub(super) async fn list(admin: &Admin, input: &Input) -> Result<Reply, ApiError> {
    let limit = input.number("limit", PAGE, limits::ADMIN_PAGE)?;
    let rule = input.query("rule").map(|name| rule_id(admin, name));
    let after = match input.query("after") {
        Some(text) => Some(
            read_place(text).ok_or_else(|| ApiError::field("after", "must be `next` of the page before"))?,
        ),
        None => None,
    };
    let from = after.as_ref().map(|(rule, key)| (rule, *key));
    // One more than wanted tells whether there is another page.
    let mut found = admin.engine.parked(input.param("date"), rule.as_ref(), from, limit + 1).await?;
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|last| show_place(&last.rule, last.key));
    let names = names(admin);
    let deliveries = found.into_iter().map(|parked| parked_view(parked, &names)).collect();
    Reply::json(StatusCode::OK, &ParkedList { deliveries, next })
}

fn parked_view(parked: Parked, names: &HashMap<RuleId, String>) -> ParkedView {
    ParkedView {
        rule_name: names.get(&parked.rule).cloned(),
        rule: parked.rule.to_string(),
        position: parked.key.pos.0,
        copy: parked.key.copy,
        attempts: parked.attempts,
        parked_at: show_time(parked.at),
        reason: parked.reason.to_owned(),
        last_error: parked.last_error,
        body: parked.body,
    }
}

pub(super) async fn retry(admin: &Admin, input: &Input) -> Result<Reply, ApiError> {
    let order =
        RetryOrder::deserialize(&input.body).map_err(|error| ApiError::bad_request(error.to_string()))?;
    let order = Resend {
        date: input.param("date").to_owned(),
        target_url: order.target_url,
        rule: order.rule.map(|name| rule_id(admin, &name)),
        scope: SliceScope::Everything,
    };
    let conflict = |code, message| Err(ApiError::new(StatusCode::CONFLICT, code, message));
    match admin.engine.resend(order).await? {
        ResendStart::Started(deliveries) => Reply::json(StatusCode::ACCEPTED, &RetryStarted { deliveries }),
        ResendStart::Running => conflict("running", "the slice is being sent again already"),
        ResendStart::Banned => conflict(
            "banned",
            "the rules' receivers are banned now: wait for the end of the ban, lift it, or name a target_url",
        ),
    }
}

/// By name or id; what is parked may belong to a rule that is gone, so that an unknown name is taken as an id.
fn rule_id(admin: &Admin, name: &str) -> RuleId {
    admin.desk.find(name).map_or_else(|_| RuleId::new(name), |listed| listed.rule.id.clone())
}

fn show_place(rule: &RuleId, key: DeliveryKey) -> String {
    format!("{}.{}.{rule}", key.pos, key.copy)
}

fn read_place(text: &str) -> Option<(RuleId, DeliveryKey)> {
    let mut parts = text.splitn(3, '.');
    let pos = LogPos(parts.next()?.parse().ok()?);
    let copy = parts.next()?.parse().ok()?;
    Some((RuleId::new(parts.next()?), DeliveryKey { pos, copy }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_go_on_where_they_say() {
        let (rule, key) = (RuleId::new("file:a.b:c"), DeliveryKey { pos: LogPos(7), copy: 2 });
        assert_eq!(read_place(&show_place(&rule, key)), Some((rule, key)));
        for wrong in ["", "7", "7.2", "x.2.r", "7.x.r"] {
            assert_eq!(read_place(wrong), None, "{wrong}");
        }
    }
}
