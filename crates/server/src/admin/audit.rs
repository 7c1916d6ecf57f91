//! `/admin/v1/audit`: what became of everything in the log, page by page.

use http::StatusCode;
use ringback_callbacks::audit::{AuditOrder, AuditPage, LaneAudit, RuleAudit, Stretch, Sum};
use ringback_model::ids::LogPos;
use ringback_model::limits;
use schemars::JsonSchema;
use serde::Serialize;

use super::Admin;
use super::error::ApiError;
use super::input::Input;
use super::reply::Reply;
use crate::rules::start::parse_moment;

/// What became of a part of the log.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Audit")]
pub(super) struct AuditView {
    /// Events that were looked at.
    events: u64,
    /// Position of the last of them: `after` of the next page.
    last: u64,
    /// Position at which the audit ends: `upto` of the next page.
    upto: u64,
    /// There are more pages.
    more: bool,
    /// Each rule that is told of events.
    rules: Vec<RuleAuditView>,
    /// Each conversation, or other lane, of the page.
    lanes: Vec<LaneView>,
    /// Positions that the log should hold and does not, first and last: always a mistake.
    holes: Vec<(u64, u64)>,
}

/// One rule.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AuditRule")]
struct RuleAuditView {
    /// Its id.
    rule: String,
    /// Its name.
    name: String,
    /// It is not there any more.
    gone: bool,
    /// How many of what.
    sums: Vec<SumView>,
    /// What was not delivered, in stretches of the same kind in one lane.
    open: Vec<StretchView>,
}

/// How many of what.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AuditSum")]
struct SumView {
    /// `delivered`, `ahead`, `waiting`, `behind`, `parked`, `dropped`, `purged`, `expired` and `unaccounted` count
    /// deliveries; `filtered`, `skipped`, `other_events`, `not_there` and `off` events. `expired` and `unaccounted` are
    /// losses.
    fate: &'static str,
    /// Which selector, which reason; empty = there is nothing to add.
    detail: String,
    /// How many.
    count: u64,
}

/// What was not delivered.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AuditStretch")]
struct StretchView {
    /// The lane; empty = of several, or not known any more.
    lane: String,
    /// As in sums.
    fate: &'static str,
    /// As in sums.
    detail: String,
    /// Position of the first event.
    first: u64,
    /// And of the last.
    last: u64,
    /// Number of the first message in its conversation; 0 = it has none.
    first_seq: u64,
    /// And of the last.
    last_seq: u64,
    /// Deliveries.
    count: u64,
}

/// One lane.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AuditLane")]
struct LaneView {
    /// Its name.
    lane: String,
    /// Events.
    events: u64,
    /// Number of its first message; 0 = it has none.
    first_seq: u64,
    /// And of its last.
    last_seq: u64,
    /// Numbers that are missing between the two, first and last: always a mistake.
    missing: Vec<(u64, u64)>,
    /// Deliveries that were taken, of all rules.
    delivered: u64,
    /// Deliveries that were not.
    open: u64,
}

pub(super) async fn show(admin: &Admin, input: &Input) -> Result<Reply, ApiError> {
    let rule = match input.query("rule") {
        Some(name) => Some(admin.desk.find(name)?.rule.id.clone()),
        None => None,
    };
    let (after, since) = (position(input, "after")?, input.query("since"));
    if after.is_some() && since.is_some() {
        return Err(ApiError::field("since", "cannot be named together with `after`"));
    }
    // A page that begins somewhere does not say what was before.
    let before_log = after.is_none() && since.is_none();
    let after = match since {
        Some(text) => {
            let at = parse_moment(text, admin.clock.now());
            let at = at.map_err(|why| ApiError::field("since", why))?;
            admin.engine.position_at(at).await?
        }
        None => after.unwrap_or(LogPos::ZERO),
    };
    let (upto, limit) = (position(input, "upto")?, limits::AUDIT_EVENTS);
    let order = AuditOrder { rule, after, before_log, upto, limit };
    Reply::json(StatusCode::OK, &AuditView::of(&admin.engine.audit(order).await?))
}

fn position(input: &Input, name: &str) -> Result<Option<LogPos>, ApiError> {
    let wrong = || ApiError::field(name, "must be a position of the log");
    input.query(name).map(|text| text.parse().map(LogPos).map_err(|_| wrong())).transpose()
}

impl AuditView {
    fn of(page: &AuditPage) -> Self {
        Self {
            events: page.events,
            last: page.last.0,
            upto: page.upto.0,
            more: page.more,
            rules: page.rules.iter().map(RuleAuditView::of).collect(),
            lanes: page.lanes.iter().map(LaneView::of).collect(),
            holes: page.holes.iter().map(|(first, last)| (first.0, last.0)).collect(),
        }
    }
}

impl RuleAuditView {
    fn of(audit: &RuleAudit) -> Self {
        let sum = |(sum, count): (&Sum, &u64)| SumView {
            fate: sum.fate.name(),
            detail: sum.detail.clone(),
            count: *count,
        };
        Self {
            rule: audit.rule.to_string(),
            name: audit.name.clone(),
            gone: audit.gone,
            sums: audit.sums.iter().map(sum).collect(),
            open: audit.open.iter().map(StretchView::of).collect(),
        }
    }
}

impl StretchView {
    fn of(stretch: &Stretch) -> Self {
        Self {
            lane: stretch.lane.to_string(),
            fate: stretch.sum.fate.name(),
            detail: stretch.sum.detail.clone(),
            first: stretch.first.0,
            last: stretch.last.0,
            first_seq: stretch.first_seq,
            last_seq: stretch.last_seq,
            count: stretch.count,
        }
    }
}

impl LaneView {
    fn of(lane: &LaneAudit) -> Self {
        Self {
            lane: lane.lane.clone(),
            events: lane.events,
            first_seq: lane.first_seq,
            last_seq: lane.last_seq,
            missing: lane.missing.clone(),
            delivered: lane.delivered,
            open: lane.open,
        }
    }
}
