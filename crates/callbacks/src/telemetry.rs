//! Every metric and the one log line per attempt. Names are part of the product: they are added, never renamed.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, Label, counter, gauge, histogram};
use ringback_model::delivery::ParkReason;
use ringback_model::event::EventKind;
use ringback_model::hashing::FastMap;
use ringback_model::ids::{MessageId, RuleId};
use ringback_model::rule::Rule;

/// What was a rule's business, by `rule`, `phase` and `event`: questions that it was asked, deliveries that events meant.
pub const MATCHED: &str = "ringback_callback_matched_total";
/// Attempts, by `rule`, `phase`, `event` and `outcome`. Where a row's event has left the log it is `unknown`.
pub const ATTEMPTS: &str = "ringback_callback_attempts_total";
/// Time from sending an attempt to its answer, seconds, by `rule`, `phase` and `event`.
pub const DURATION: &str = "ringback_callback_duration_seconds";
/// Calls under way, by `rule` and `phase`.
pub const IN_FLIGHT: &str = "ringback_callback_in_flight";
/// Events between a rule's cursor and the end of the log, by `rule`.
pub const LAG: &str = "ringback_callback_lag_events";
/// Age of the oldest delivery that is neither over nor parked, seconds, by `rule`; 0 = there is none.
pub const OLDEST: &str = "ringback_callback_oldest_seconds";
/// Deliveries that wait for a retry, by `rule`.
pub const WAITING: &str = "ringback_callback_waiting";
/// Deliveries that are parked, by `rule`.
pub const PARKED: &str = "ringback_callback_parked";
/// Deliveries that were parked, by `rule`, `event` and `reason` (`exhausted`, `banned`).
pub const PARKINGS: &str = "ringback_callback_parked_total";
/// 1 while the rule's receiver is left alone, by `rule`.
pub const BREAKER_OPEN: &str = "ringback_callback_breaker_open";
/// Verdicts of before-rules, by `rule`, `event` and `verdict` (`allow`, `change`, `refuse`).
pub const VERDICTS: &str = "ringback_callback_verdicts_total";
/// Fields that answers of before-rules changed, by `rule`, `event` and `field`.
pub const CHANGES: &str = "ringback_callback_changes_total";
/// Before-calls that failed, by `rule`, `event` and `effect` (`passed`, `refused`).
pub const GATE_FAILURES: &str = "ringback_callback_gate_failures_total";
/// Events that left the log before a rule came to them, by `rule`.
pub const EXPIRED: &str = "ringback_callback_expired_total";
/// Events of the log that were not sent because the rule was off, by `rule`.
pub const MISSED_OFF: &str = "ringback_callback_missed_off_total";
/// Lanes that waited so long that events of theirs had left the log, by `rule`.
pub const EXPIRED_LANES: &str = "ringback_callback_expired_lanes_total";
/// Deliveries that were given up because nothing is parked for their rule, by `rule` and `reason` (`exhausted`,
/// `banned`).
pub const DROPPED: &str = "ringback_callback_dropped_total";
/// Saves of progress that failed and were tried again.
pub const SAVE_FAILURES: &str = "ringback_callback_progress_save_failures_total";
/// Deliveries whose contract gave no request for a copy that it had announced, by `rule`.
pub const UNRENDERED: &str = "ringback_callback_unrendered_total";
/// Parked deliveries that were sent again, by `outcome` (`delivered`, `failed`).
pub const STORAGE_RESENT: &str = "ringback_storage_resent_total";
/// Slices of parked deliveries that are being sent again.
pub const STORAGE_SLICES_RUNNING: &str = "ringback_storage_slices_running";
/// Deliveries of replays, by `rule` and `outcome` (`delivered`, `failed`).
pub const REPLAY_SENT: &str = "ringback_replay_sent_total";
/// Replays that count, send or are paused.
pub const REPLAYS_RUNNING: &str = "ringback_replays_running";
/// Parked deliveries that were forgotten because they were kept long enough, by `rule`.
pub const PARKED_EXPIRED: &str = "ringback_callback_parked_expired_total";
/// Panics of a rule's task; each is a bug. The rule goes on from what is saved. By `rule`.
pub const BROKE: &str = "ringback_callback_task_panics_total";

/// Notes for `why` that were shed: too many at once, or the file of them could not be written.
pub const TRACES_SHED: &str = "ringback_why_shed_total";
/// Bytes of what is noted for `why`.
pub const TRACE_BYTES: &str = "ringback_why_bytes";

/// Time from an event to its delivery, seconds, by `rule`. Of first-time deliveries from the log: those that are parked,
/// and sent again later, are not in it.
pub const DELAY: &str = "ringback_callback_delay_seconds";
/// Deliveries that came within the promised time of their event, by `rule`.
pub const ON_TIME: &str = "ringback_callback_on_time_total";
/// Deliveries that came later than that, or were parked or dropped instead, by `rule`.
pub const LATE: &str = "ringback_callback_late_total";
/// 1 while the app's ban is in force.
pub const APP_BAN_ACTIVE: &str = "ringback_app_ban_active";
/// Bans of the app.
pub const APP_BANS: &str = "ringback_app_bans_total";
/// Failures that counted towards a ban of the app.
pub const APP_BAN_FAILURES: &str = "ringback_app_ban_failures_total";

/// Counters that differ in the event and in one more label, by their values; each is looked up when it counts for the first time, because a
/// look-up costs several times as much as counting.
type Counters = Mutex<FastMap<(Moment, &'static str), Counter>>;

/// The moment that a call is about; `None` = nobody knows any more.
pub(crate) type Moment = Option<EventKind>;

fn count(counters: &Counters, key: (Moment, &'static str), look_up: impl FnOnce() -> Counter) {
    let mut counters = counters.lock().unwrap_or_else(PoisonError::into_inner);
    counters.entry(key).or_insert_with(look_up).increment(1);
}

fn name(moment: Moment) -> &'static str {
    moment.map_or("unknown", EventKind::name)
}

/// Handles of one rule's metrics; looked up once per change of the rule.
pub(crate) struct RuleMetrics {
    rule: String,
    phase: &'static str,
    matched: Counters,
    outcomes: Counters,
    verdicts: Counters,
    gate_failures: Counters,
    parkings: Counters,
    durations: Mutex<FastMap<Moment, Histogram>>,
    pub(crate) in_flight: Gauge,
    pub(crate) lag: Gauge,
    pub(crate) oldest: Gauge,
    pub(crate) waiting: Gauge,
    pub(crate) parked: Gauge,
    pub(crate) breaker_open: Gauge,
    pub(crate) expired: Counter,
    pub(crate) missed_off: Counter,
    pub(crate) expired_lanes: Counter,
    dropped: [Counter; 2],
    delay: Histogram,
    on_time: Counter,
    late: Counter,
    pub(crate) unrendered: Counter,
    pub(crate) broke: Counter,
}

impl RuleMetrics {
    pub(crate) fn new(rule: &Rule) -> Self {
        let id = rule.id.to_string();
        let phase = rule.phase.name();
        Self {
            in_flight: gauge!(IN_FLIGHT, "rule" => id.clone(), "phase" => phase),
            lag: gauge!(LAG, "rule" => id.clone()),
            oldest: gauge!(OLDEST, "rule" => id.clone()),
            waiting: gauge!(WAITING, "rule" => id.clone()),
            parked: gauge!(PARKED, "rule" => id.clone()),
            breaker_open: gauge!(BREAKER_OPEN, "rule" => id.clone()),
            expired: counter!(EXPIRED, "rule" => id.clone()),
            missed_off: counter!(MISSED_OFF, "rule" => id.clone()),
            expired_lanes: counter!(EXPIRED_LANES, "rule" => id.clone()),
            dropped: DROP_REASONS
                .map(|reason| counter!(DROPPED, "rule" => id.clone(), "reason" => reason.name())),
            delay: histogram!(DELAY, "rule" => id.clone()),
            on_time: counter!(ON_TIME, "rule" => id.clone()),
            late: counter!(LATE, "rule" => id.clone()),
            unrendered: counter!(UNRENDERED, "rule" => id.clone()),
            broke: counter!(BROKE, "rule" => id.clone()),
            matched: Mutex::default(),
            outcomes: Mutex::default(),
            parkings: Mutex::default(),
            durations: Mutex::default(),
            verdicts: Mutex::default(),
            gate_failures: Mutex::default(),
            rule: id,
            phase,
        }
    }

    /// The rule's task has ended: what it owes stays, but nothing is under way and nobody is being left alone.
    pub(crate) fn stopped(&self) {
        for gauge in [&self.in_flight, &self.lag, &self.oldest, &self.breaker_open] {
            gauge.set(0.0);
        }
    }

    pub(crate) fn matched(&self, moment: Moment) {
        let look_up = || counter!(MATCHED, self.labels(moment));
        count(&self.matched, (moment, ""), look_up);
    }

    pub(crate) fn attempted(&self, moment: Moment, outcome: &'static str, took: Duration) {
        {
            let mut durations = self.durations.lock().unwrap_or_else(PoisonError::into_inner);
            let duration =
                durations.entry(moment).or_insert_with(|| histogram!(DURATION, self.labels(moment)));
            duration.record(took.as_secs_f64());
        }
        let look_up = || {
            counter!(
                ATTEMPTS,
                "rule" => self.rule.clone(),
                "phase" => self.phase,
                "event" => name(moment),
                "outcome" => outcome
            )
        };
        count(&self.outcomes, (moment, outcome), look_up);
    }

    fn labels(&self, moment: Moment) -> Vec<Label> {
        vec![
            Label::new("rule", self.rule.clone()),
            Label::from_static_parts("phase", self.phase),
            Label::from_static_parts("event", name(moment)),
        ]
    }

    pub(crate) fn parked(&self, moment: Moment, reason: ParkReason) {
        let reason = reason.name();
        let look_up =
            || counter!(PARKINGS, "rule" => self.rule.clone(), "event" => name(moment), "reason" => reason);
        count(&self.parkings, (moment, reason), look_up);
    }

    /// Seldom: looked up each time.
    pub(crate) fn changed(&self, kind: EventKind, field: String) {
        counter!(CHANGES, "rule" => self.rule.clone(), "event" => kind.name(), "field" => field).increment(1);
    }

    pub(crate) fn dropped(&self, reason: ParkReason) {
        let of_reason = DROP_REASONS.iter().zip(&self.dropped).find(|(known, _)| **known == reason);
        if let Some((_, counter)) = of_reason {
            counter.increment(1);
        }
    }

    /// `None` = it was given up, or set aside.
    pub(crate) fn promised(&self, delay: Option<Duration>, on_time: bool) {
        if let Some(delay) = delay {
            self.delay.record(delay.as_secs_f64());
        }
        if on_time { &self.on_time } else { &self.late }.increment(1);
    }

    pub(crate) fn verdict(&self, kind: EventKind, verdict: &'static str) {
        let look_up =
            || counter!(VERDICTS, "rule" => self.rule.clone(), "event" => kind.name(), "verdict" => verdict);
        count(&self.verdicts, (Some(kind), verdict), look_up);
    }

    pub(crate) fn gate_failure(&self, kind: EventKind, effect: &'static str) {
        let look_up = || counter!(GATE_FAILURES, "rule" => self.rule.clone(), "event" => kind.name(), "effect" => effect);
        count(&self.gate_failures, (Some(kind), effect), look_up);
    }
}

/// Why a delivery is dropped where another rule would have it parked.
const DROP_REASONS: [ParkReason; 2] = [ParkReason::Exhausted, ParkReason::Banned];

/// Handles of the ban's metrics.
pub(crate) struct BanMetrics {
    active: Gauge,
    bans: Counter,
    failures: Counter,
}

impl BanMetrics {
    pub(crate) fn new() -> Self {
        Self {
            active: gauge!(APP_BAN_ACTIVE),
            bans: counter!(APP_BANS),
            failures: counter!(APP_BAN_FAILURES),
        }
    }

    pub(crate) fn failed(&self) {
        self.failures.increment(1);
    }

    pub(crate) fn began(&self) {
        self.bans.increment(1);
        self.active(true);
    }

    pub(crate) fn active(&self, active: bool) {
        self.active.set(if active { 1.0 } else { 0.0 });
    }
}

pub(crate) fn save_failed() {
    counter!(SAVE_FAILURES).increment(1);
}

pub(crate) fn resent(outcome: &'static str, deliveries: u64) {
    counter!(STORAGE_RESENT, "outcome" => outcome).increment(deliveries);
}

pub(crate) fn slices_running(slices: usize) {
    gauge!(STORAGE_SLICES_RUNNING).set(f64::from(u32::try_from(slices).unwrap_or(u32::MAX)));
}

pub(crate) fn replayed(rule: &RuleId, outcome: &'static str) {
    counter!(REPLAY_SENT, "rule" => rule.to_string(), "outcome" => outcome).increment(1);
}

pub(crate) fn replays_running(replays: usize) {
    gauge!(REPLAYS_RUNNING).set(f64::from(u32::try_from(replays).unwrap_or(u32::MAX)));
}

/// For rules without a task of their own.
pub(crate) fn parked(rule: &RuleId, deliveries: u64) {
    let deliveries = f64::from(u32::try_from(deliveries).unwrap_or(u32::MAX));
    gauge!(PARKED, "rule" => rule.to_string()).set(deliveries);
}

pub(crate) fn parked_expired(rule: &RuleId, deliveries: u64) {
    counter!(PARKED_EXPIRED, "rule" => rule.to_string()).increment(deliveries);
}

/// What is said about one attempt.
pub(crate) struct AttemptLine<'a> {
    pub(crate) rule: &'a Rule,
    pub(crate) webhook_id: &'a str,
    /// Not known for rows whose event has left the log.
    pub(crate) message: Option<MessageId>,
    /// Not known for rows whose event has left the log.
    pub(crate) operation_id: Option<&'a str>,
    /// Position in the log; 0 for questions.
    pub(crate) pos: u64,
    pub(crate) attempt: u32,
    pub(crate) outcome: &'static str,
    /// 0 where there was no answer.
    pub(crate) status: u16,
    pub(crate) took: Duration,
    pub(crate) error: &'a str,
    pub(crate) why: Why<'a>,
}

/// Why something is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why<'a> {
    /// It is its turn.
    Due,
    /// It was parked, and is sent again because somebody asked for it.
    Resend,
    /// It is over, and is sent again by the replay of this id.
    Replay(&'a str),
}

impl<'a> Why<'a> {
    /// The id of the replay, if it is one.
    pub(crate) const fn replay(self) -> Option<&'a str> {
        match self {
            Self::Replay(id) => Some(id),
            Self::Due | Self::Resend => None,
        }
    }
}

impl AttemptLine<'_> {
    /// One wide line. A receiver's failure is news about the receiver, not an error of ours.
    pub(crate) fn log(&self) {
        tracing::info!(
            target: "ringback::callback",
            rule = %self.rule.id,
            phase = self.rule.phase.name(),
            webhook_id = self.webhook_id,
            message_id = self.message.map(|id| id.0),
            operation_id = self.operation_id,
            pos = (self.pos > 0).then_some(self.pos),
            attempt = self.attempt,
            outcome = self.outcome,
            status = (self.status > 0).then_some(self.status),
            duration_ms = u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX),
            error = (!self.error.is_empty()).then_some(self.error),
            resend = (self.why == Why::Resend).then_some(true),
            replay = self.why.replay(),
            "callback attempt"
        );
    }
}

/// What is said about a delivery that is not tried any more.
pub(crate) struct EndLine<'a> {
    pub(crate) rule: &'a Rule,
    pub(crate) webhook_id: &'a str,
    /// Not known for rows whose event has left the log.
    pub(crate) message: Option<MessageId>,
    pub(crate) pos: u64,
    pub(crate) attempts: u32,
    pub(crate) reason: ParkReason,
    pub(crate) error: &'a str,
    /// It is kept; else it is lost.
    pub(crate) parked: bool,
}

impl EndLine<'_> {
    /// A ban has given its warning already; whatever falls into it needs none of its own.
    pub(crate) fn log(&self) {
        macro_rules! line {
            ($level:ident) => {
                tracing::$level!(
                    target: "ringback::callback",
                    rule = %self.rule.id,
                    webhook_id = self.webhook_id,
                    message_id = self.message.map(|id| id.0),
                    pos = self.pos,
                    attempts = self.attempts,
                    reason = self.reason.name(),
                    error = (!self.error.is_empty()).then_some(self.error),
                    "{}",
                    if self.parked {
                        "callback parked: it is kept in storage until somebody sends it again"
                    } else {
                        "callback dropped: storage is off for its rule, or as a whole"
                    }
                )
            };
        }
        match self.reason {
            ParkReason::Banned => line!(info),
            ParkReason::Exhausted => line!(warn),
        }
    }
}
