//! What after-rules were told, and why others were not.

use std::sync::Arc;

use ringback_model::delivery::{DeliveryKey, GapReason, ParkReason};
use ringback_model::event::{Event, EventKind, Lane, Phase};
use ringback_model::failure::Fault;
use ringback_model::ids::{RuleId, UserId};
use ringback_model::limits;
use ringback_model::trace::{Traced, Tried};

use super::report::{About, Call, Line, State};
use super::search::Known;
use super::words::{instant, quoted, span, times};
use crate::engine::Engine;
use crate::live::{LiveRule, LiveVersion};
use crate::standing::{Books, Concern, Standing};
use crate::status::RuleStatus;
use crate::webhook_id;

/// Characters of an error in the middle of a sentence.
const ERROR_CHARS: usize = 200;

impl Engine {
    /// What this rule was told of an event.
    pub(super) async fn told(
        &self,
        live: &LiveRule,
        known: &Known,
        about: &About,
    ) -> Result<Vec<Line>, Fault> {
        let Some(event) = &known.event else { return Ok(nothing_to_tell(live, about)) };
        let (version, concern) = live.concern(event);
        let kind = event.kind().unwrap_or(about.kind);
        let copies = match (&concern, version) {
            (Concern::Deliveries(copies), Some(_)) => *copies,
            (Concern::Off | Concern::NotThere, _) if !would_be_about(live, version, event) => {
                return Ok(Vec::new());
            }
            _ => return Ok(vec![not_told((live, version), kind, &concern)]),
        };
        let Some(version) = version else { return Ok(Vec::new()) };
        let books = Books::read(self.shared.progress.as_ref(), live, event.pos, event.pos).await?;
        let status = self.status_of(live.id());
        let mut lines = Vec::new();
        for copy in 0..copies.min(limits::WHY_SUMMED_COPIES) {
            let key = DeliveryKey { pos: event.pos, copy };
            let telling = Telling { live, version, event, key, known, status: status.as_ref() };
            let line = self.tell_of(&telling, &books).await?;
            lines.push(Line { copy: (copies > 1).then_some(copy), ..line });
        }
        let named = |line: &Line| {
            let is_it =
                |(rule, key): &(RuleId, DeliveryKey)| rule == live.id() && Some(key.copy) == line.copy;
            known.named.iter().any(is_it)
        };
        Ok(summed(lines, copies, named))
    }

    /// What became of one delivery.
    async fn tell_of(&self, telling: &Telling<'_>, books: &Books) -> Result<Line, Fault> {
        let calls = telling.calls();
        let (webhook_id, lane, recipient) = telling.rendered();
        let mut standing = books.standing(telling.key, &lane);
        let taken = calls.iter().any(|call| call.outcome.starts_with("delivered"));
        if standing == Standing::Ahead && taken {
            standing = Standing::Delivered;
        }
        let (state, words, next) = match standing {
            Standing::Delivered => (State::Delivered, delivered(&calls), None),
            Standing::Waiting { attempts, due, error } => (
                State::Waiting,
                format!(
                    "waits for attempt {} at {}, because: {}",
                    attempts.saturating_add(1),
                    instant(due),
                    quoted(&error, ERROR_CHARS)
                ) + &telling.held_up(),
                Some(due),
            ),
            Standing::Behind(head) => {
                (State::Behind, self.behind(telling, books, head).await? + &telling.held_up(), None)
            }
            Standing::Ahead => (State::Ahead, telling.ahead(), None),
            Standing::Parked { attempts, at, reason, error } => {
                let slice = self.slice_of(telling.live, at);
                let error = quoted(&error, ERROR_CHARS);
                let why = match (reason, attempts) {
                    (ParkReason::Exhausted, 1) => format!("its one attempt failed: {error}"),
                    (ParkReason::Exhausted, _) => format!("{attempts} attempts failed, the last: {error}"),
                    (ParkReason::Banned, 0) => "after-callbacks were banned, so it was not sent".to_owned(),
                    (ParkReason::Banned, _) => {
                        format!("it had failed ({error}), and then after-callbacks were banned")
                    }
                };
                (State::Parked, format!("is parked in slice {slice}: {why}"), None)
            }
            Standing::Gone { reason, at } => {
                let (state, words) = gone(reason, &calls);
                (state, format!("{words} (at {})", instant(at)), None)
            }
        };
        Ok(Line {
            at: calls.first().map(|call| call.at),
            rule: telling.live.id().clone(),
            name: telling.live.rule.name.clone(),
            phase: Phase::After,
            kind: telling.event.kind().unwrap_or(EventKind::MessageSent),
            state,
            words,
            copy: None,
            recipient,
            webhook_id,
            next,
            calls,
        })
    }

    async fn behind(&self, telling: &Telling<'_>, books: &Books, head: DeliveryKey) -> Result<String, Fault> {
        let number = self.event_at(head.pos).await?.map(|event| event.fact.number());
        let which = match number {
            Some(number) => format!("that of {number} (event {})", head.pos),
            None => format!("that of event {}", head.pos),
        };
        // Every delivery that waits is in the books, wherever it stands; what is parked has to be looked up.
        let because = match books.waits(head) {
            Some(standing) => standing,
            None => {
                let at_head =
                    Books::read(self.shared.progress.as_ref(), telling.live, head.pos, head.pos).await?;
                at_head.standing(head, &telling.event.lane)
            }
        };
        let because = match because {
            Standing::Waiting { attempts, due, error } => format!(
                ", which waits for attempt {} at {}, because: {}",
                attempts.saturating_add(1),
                instant(due),
                quoted(&error, ERROR_CHARS)
            ),
            Standing::Parked { .. } => ", which is parked, and the rule's order is strict".to_owned(),
            _ => "; the lane is catching up".to_owned(),
        };
        Ok(format!("waits in its lane behind another delivery, {which}{because}"))
    }
}

/// One delivery, and what is known of it.
struct Telling<'a> {
    live: &'a LiveRule,
    version: &'a LiveVersion,
    event: &'a Arc<Event>,
    key: DeliveryKey,
    known: &'a Known,
    /// `None` = the rule is not in use any more.
    status: Option<&'a RuleStatus>,
}

impl Telling<'_> {
    fn calls(&self) -> Vec<Call> {
        let tried = self.known.traces.iter().filter_map(|trace| match &trace.what {
            Traced::Tried(tried) if tried.rule == *self.live.id() && tried.key == self.key => {
                Some(call(trace.at, tried))
            }
            _ => None,
        });
        tried.collect()
    }

    /// The id that the receiver sees, the delivery's own lane, and whom it is about.
    fn rendered(&self) -> (String, Lane, Option<UserId>) {
        let rendered = self.version.contract.delivery(&self.version.rule, self.event, self.key.copy);
        match rendered {
            Some(rendered) => {
                let id = webhook_id::of_delivery(self.live.id(), self.key, &rendered.outbound.body);
                let lane = match &rendered.recipient {
                    Some(user) => self.event.lane.of_recipient(user),
                    None => self.event.lane.clone(),
                };
                (id, lane, rendered.recipient)
            }
            None => (String::new(), self.event.lane.clone(), None),
        }
    }

    /// Why a rule has not come to an event yet.
    fn ahead(&self) -> String {
        let Some(status) = self.status.filter(|status| status.enabled) else {
            return "was not sent before the rule was switched off".to_owned();
        };
        let events = self.key.pos.0.saturating_sub(status.cursor.0);
        let behind = times(events, "event", "events");
        let held = self.held_up();
        if held.is_empty() {
            format!("is under way: the rule's cursor is {behind} before it")
        } else {
            format!("is not sent yet{held}")
        }
    }

    /// What holds the whole rule up, as the end of a sentence.
    fn held_up(&self) -> String {
        let Some(status) = self.status else { return String::new() };
        if let Some(until) = status.banned_until {
            return format!("; after-callbacks are banned until {}", instant(until));
        }
        let failures = times(status.breaker.failures_in_a_row.into(), "failure", "failures");
        match (status.breaker.open, status.breaker.next_probe) {
            (false, _) => String::new(),
            (true, Some(probe)) => format!(
                "; the receiver is left alone after {failures} in a row, and is tried again at {}",
                instant(probe)
            ),
            (true, None) => {
                format!("; the receiver is left alone after {failures} in a row, and is being tried now")
            }
        }
    }
}

fn call(at: ringback_model::time::UnixMs, tried: &Tried) -> Call {
    Call {
        at,
        attempt: tried.attempt,
        outcome: tried.outcome.to_string(),
        status: tried.status,
        took_us: tried.took_us,
        error: tried.error.clone(),
        answer: String::new(),
        resent: tried.resent,
    }
}

fn delivered(calls: &[Call]) -> String {
    let Some(taken) = calls.iter().find(|call| call.outcome.starts_with("delivered")) else {
        return "is delivered; nothing more is remembered of it".to_owned();
    };
    let how = if taken.resent { ", when it was sent again".to_owned() } else { String::new() };
    let but = if taken.error.is_empty() { String::new() } else { format!("; but {}", taken.error) };
    let (attempt, status, took) = (taken.attempt, taken.status, span(taken.took_us));
    format!("is delivered: attempt {attempt} was answered {status} after {took}{how}{but}")
}

fn gone(reason: GapReason, calls: &[Call]) -> (State, String) {
    let last = calls.last().map(|call| quoted(&call.error, ERROR_CHARS)).filter(|error| !error.is_empty());
    let at_last = last.map(|error| format!(" (the last ran into: {error})")).unwrap_or_default();
    match reason {
        GapReason::Exhausted => (
            State::Dropped,
            format!("was dropped: its attempts were used up{at_last}, and nothing is parked for this rule, because storage is off"),
        ),
        GapReason::Banned => (
            State::Dropped,
            "was dropped: after-callbacks were banned, and nothing is parked for this rule, because storage is off"
                .to_owned(),
        ),
        GapReason::SwitchedOff => {
            (State::Expired, "had not been sent when the rule was switched off, and is not sent later".to_owned())
        }
        GapReason::LeftLog => (State::Expired, "left the log before the rule came to it".to_owned()),
        GapReason::ParkedTooLong => (
            State::Expired,
            format!("was parked when its attempts were over{at_last}; nobody sent it again as long as it was kept, and it expired"),
        ),
        GapReason::Purged => (
            State::Purged,
            format!("was parked when its attempts were over{at_last}, and then thrown away by an administrator"),
        ),
        GapReason::Unrendered => (
            State::Unrendered,
            "was announced by the rule's contract, which then had no request for it: a bug of the server".to_owned(),
        ),
    }
}

/// Whether a rule that is off, or was not there, has a callback about the event at all.
pub(super) fn would_be_about(live: &LiveRule, version: Option<&LiveVersion>, event: &Event) -> bool {
    let Some(version) = version.or(live.newest()) else { return false };
    let kinds = version.contract.kinds(&version.rule);
    kinds.is_ok_and(|kinds| event.kind().is_some_and(|kind| kinds.contains(&kind)))
        && version.contract.copies(&version.rule, event).is_ok_and(|copies| copies > 0)
}

/// Why there is no delivery of an event.
pub(super) fn not_told(
    (live, version): (&LiveRule, Option<&LiveVersion>),
    kind: EventKind,
    concern: &Concern,
) -> Line {
    // It said no as it was then.
    let rule = version.map_or(&live.rule, |version| &version.rule);
    let (state, words) = match concern {
        Concern::NotThere => (
            State::NotThere,
            format!(
                "was made later, at {}: it is told of what comes after",
                instant(super::asked::made_at(live))
            ),
        ),
        Concern::Off if live.rule.enabled => (State::Off, "was off then".to_owned()),
        Concern::Off => (State::Off, format!("is off, since {}", instant(live.rule.changed_at))),
        Concern::OtherEvents => (State::OtherEvents, "is about other events".to_owned()),
        Concern::Filtered { selector, value } => {
            (State::Filtered, super::asked::selector_words(rule, selector, value))
        }
        Concern::Skipped(why) => (State::Skipped, format!("has no callback for it: {why}")),
        Concern::Deliveries(copies) => {
            (State::Matched, format!("would be told: {}", times(u64::from(*copies), "callback", "callbacks")))
        }
    };
    line(live, kind, state, words)
}

/// A line about a rule that was not called.
pub(super) fn line(live: &LiveRule, kind: EventKind, state: State, words: String) -> Line {
    Line {
        at: None,
        rule: live.id().clone(),
        name: live.rule.name.clone(),
        phase: live.rule.phase,
        kind,
        state,
        words,
        copy: None,
        recipient: None,
        webhook_id: String::new(),
        next: None,
        calls: Vec::new(),
    }
}

/// There is no event.
fn nothing_to_tell(live: &LiveRule, about: &About) -> Vec<Line> {
    use super::report::End;
    let kind = match about.kind.phase() {
        Phase::After => about.kind,
        Phase::Before => EventKind::MessageSent,
    };
    let is_about = live.newest().is_some_and(|version| version.kinds.contains(&kind));
    let is_message = about.end == End::HandedOnly || is_sending(about.kind);
    if !is_about || !is_message {
        return Vec::new();
    }
    let words = match about.end {
        End::Refused => "is not told: it was refused, so it never happened",
        End::HandedOnly => {
            "is not told: \"is typing\" is handed to devices alone, and neither kept nor called back"
        }
        End::Unknown | End::Logged | End::Hypothetical => {
            "nothing tells what it was told: the event is not in the log, or not any more"
        }
    };
    vec![line(live, kind, State::Untold, words.to_owned())]
}

const fn is_sending(kind: EventKind) -> bool {
    matches!(kind, EventKind::MessageScreening | EventKind::MessageSending | EventKind::MessageRewriting)
}

/// Of very many copies, those that were asked for first, then those in trouble, and a sum of the others.
fn summed(mut lines: Vec<Line>, copies: u32, named: impl Fn(&Line) -> bool) -> Vec<Line> {
    if lines.len() <= limits::WHY_COPIES {
        return lines;
    }
    lines.sort_by_key(|line| (!named(line), line.state == State::Delivered, line.copy));
    let rest = lines.split_off(limits::WHY_COPIES);
    let mut sums: std::collections::BTreeMap<State, u64> = std::collections::BTreeMap::new();
    for line in &rest {
        *sums.entry(line.state).or_default() += 1;
    }
    let unseen = u64::from(copies).saturating_sub((limits::WHY_COPIES + rest.len()) as u64);
    let mut parts: Vec<String> =
        sums.iter().map(|(state, count)| format!("{count} {}", state.name())).collect();
    if unseen > 0 {
        parts.push(format!("{unseen} not looked at"));
    }
    if let Some(first) = rest.first().cloned() {
        let words = format!("has {} more copies of it: {}", rest.len() as u64 + unseen, parts.join(", "));
        let at = lines.iter().filter_map(|line| line.at).max();
        let (calls, webhook_id) = (Vec::new(), String::new());
        let copy = Line { copy: None, recipient: None, next: None, ..first };
        lines.push(Line { at, words, calls, webhook_id, ..copy });
    }
    lines
}
