//! One attempt of one delivery.

use std::sync::Arc;
use std::time::Duration;

use ringback_model::delivery::{DeliveryKey, Outbound};
use ringback_model::dialect::Acceptance;
use ringback_model::event::EventKind;
use ringback_model::ids::MessageId;
use ringback_model::ports::Clock;
use ringback_model::time::UnixMs;
use ringback_model::trace::{Names, Trace, Traced, Tried};
use tokio::time::Instant;

use super::lines::LaneKey;
use crate::breaker::Symptom;
use crate::caller::{CallError, CallErrorKind, CallPolicy, Caller, Response};
use crate::live::LiveRule;
use crate::recorder::{cut, micros};
use crate::telemetry::{AttemptLine, Moment, Why};
use crate::{headers, webhook_id};

/// A delivery in memory.
#[derive(Debug, Clone)]
pub(crate) struct Delivery {
    pub(crate) key: DeliveryKey,
    pub(crate) lane: LaneKey,
    pub(crate) outbound: Arc<Outbound>,
    /// What it is about; not known for rows whose event has left the log.
    pub(crate) cause: Option<Cause>,
    /// Counted attempts so far.
    pub(crate) attempts: u32,
    /// When its event was committed; for rows after a restart, when it first failed.
    pub(crate) at: UnixMs,
    /// When it first failed.
    pub(crate) since: Option<UnixMs>,
    /// What its last attempt ran into; empty before the first.
    pub(crate) last_error: String,
    pub(crate) source: Source,
    /// Its message's push was written.
    pub(crate) handed: bool,
}

impl Delivery {
    /// The moment that it is about.
    pub(crate) fn moment(&self) -> Moment {
        self.cause.as_ref().map(|cause| cause.kind)
    }
}

/// What a delivery is about, for those who search the log.
#[derive(Debug, Clone)]
pub(crate) struct Cause {
    pub(crate) message: MessageId,
    /// Which moment.
    pub(crate) kind: EventKind,
    /// Id of the call that caused it.
    pub(crate) operation_id: Arc<str>,
}

/// Where a delivery is accounted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// In the window.
    Stream,
    /// In a page of a lane that moves on.
    Lane,
    /// Among the rows.
    Row,
}

/// An attempt that is back.
pub(crate) struct Done {
    pub(crate) delivery: Delivery,
    pub(crate) probe: bool,
    pub(crate) result: Attempted,
}

/// How it ended.
pub(crate) enum Attempted {
    Delivered,
    /// Taken, but a failure towards the breaker or the ban; a sentence says why.
    DeliveredBadly(&'static str),
    Failed {
        error: String,
        symptom: Symptom,
        retry_after: Option<Duration>,
    },
    /// It was not made: a ban began when it was about to be.
    HeldBack,
}

/// Makes the attempt. The caller bounds its time.
pub(crate) async fn attempt(
    live: Arc<LiveRule>,
    caller: Arc<dyn Caller>,
    clock: Arc<dyn Clock>,
    delivery: Delivery,
    probe: bool,
) -> Done {
    let result = send_once(&live, caller.as_ref(), clock.as_ref(), &delivery, &live.how, Why::Due).await;
    Done { delivery, probe, result }
}

/// Sends a delivery once: the call itself, its headers, its metrics and its line in the log.
pub(crate) async fn send_once(
    live: &LiveRule,
    caller: &dyn Caller,
    clock: &dyn Clock,
    delivery: &Delivery,
    how: &CallPolicy,
    why: Why<'_>,
) -> Attempted {
    let outbound = &delivery.outbound;
    let id = webhook_id::of_delivery(live.id(), delivery.key, &outbound.body);
    let number = delivery.attempts.saturating_add(1);
    let said = headers::Said { id: &id, pos: Some(delivery.key.pos), attempt: number, replay: why.replay() };
    let began = clock.now();
    let extra = headers::of_attempt(&live.rule, said, began, &outbound.body);
    let started = Instant::now();
    let answer = caller.call(outbound, &extra, &live.how_about(delivery.moment(), how)).await;
    let took = started.elapsed();
    let status = answer.as_ref().map_or(0, |response| response.answer.status);
    let (outcome, result) = judge(live, answer);
    // A replay has counters of its own: what it runs into is no news about what is owed.
    if why.replay().is_none() {
        live.metrics.attempted(delivery.moment(), outcome, took);
    }
    let error = match &result {
        Attempted::Failed { error, .. } => error.as_str(),
        Attempted::DeliveredBadly(misgiving) => misgiving,
        Attempted::Delivered | Attempted::HeldBack => "",
    };
    live.recorder.note(|| Trace {
        at: began,
        number: delivery.cause.as_ref().map(|cause| cause.message),
        operation_id: delivery.cause.as_ref().map(|cause| Arc::clone(&cause.operation_id)),
        names: Names::of(&[&id, live.contract.call_id(&outbound.body).unwrap_or_default()]),
        what: Traced::Tried(Box::new(Tried {
            rule: live.id().clone(),
            key: delivery.key,
            attempt: number,
            took_us: micros(took),
            outcome: outcome.into(),
            status,
            error: cut(error).to_owned(),
            resent: why != Why::Due,
        })),
    });
    AttemptLine {
        rule: &live.rule,
        webhook_id: &id,
        message: delivery.cause.as_ref().map(|cause| cause.message),
        operation_id: delivery.cause.as_ref().map(|cause| cause.operation_id.as_ref()),
        pos: delivery.key.pos.0,
        attempt: number,
        outcome,
        status,
        took,
        error,
        why,
    }
    .log();
    result
}

fn judge(live: &LiveRule, answer: Result<Response, CallError>) -> (&'static str, Attempted) {
    match answer {
        Err(error) => {
            let symptom = match error.kind {
                CallErrorKind::Connect
                | CallErrorKind::Dns
                | CallErrorKind::AddressRefused
                | CallErrorKind::Tls => Symptom::Absent,
                CallErrorKind::Timeout | CallErrorKind::TooLong | CallErrorKind::Protocol => Symptom::Answers,
            };
            (error.kind.name(), Attempted::Failed { error: error.to_string(), symptom, retry_after: None })
        }
        Ok(response) => match live.contract.accepted(&live.rule, &response.answer) {
            Acceptance::Delivered => ("delivered", Attempted::Delivered),
            Acceptance::DeliveredBadly(why) => ("delivered_badly", Attempted::DeliveredBadly(why)),
            Acceptance::Failed(error) => {
                // What proxies answer in place of a receiver that is not there (RFC 9110 15.6, RFC 6585 4).
                let absent = matches!(response.answer.status, 429 | 502 | 503 | 504);
                let symptom = if absent { Symptom::Absent } else { Symptom::Answers };
                ("not_accepted", Attempted::Failed { error, symptom, retry_after: response.retry_after })
            }
        },
    }
}
