//! The gate: asks before-rules, in their declared order, and gathers what they say.

mod answer;
mod noted;
mod singly;

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use ringback_model::delivery::Outbound;
use ringback_model::dialect::Skip;
use ringback_model::event::{EventKind, Question, Subject};
use ringback_model::failure::{CallbackRefusal, Failure, Refusal, RefusalCode};
use ringback_model::limits;
use ringback_model::ports::{Clock, Fut, Gate, Log};
use ringback_model::rule::OnFailure;
use ringback_model::trace::Trace;
use ringback_model::verdict::AnswerCheck;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::caller::{CallError, CallErrorKind, CallPolicy, Caller, Response};
use crate::headers;
use crate::index::{Index, Place};
use crate::live::{LiveRule, LiveVersion};
use crate::recorder::Recorder;
use crate::telemetry::{AttemptLine, Why};
use crate::webhook_id;
use answer::{Answered, Silence, judge};
use noted::Call;

/// Before-rules by the kind that they are about, and the kinds that after-rules are about.
pub(crate) struct GateRules {
    by_kind: [OfKind; EventKind::ALL.len()],
    told: BTreeSet<EventKind>,
}

/// Before-rules about one kind, in their declared order; the index calls them by their place in it.
#[derive(Default)]
struct OfKind {
    rules: Vec<Arc<LiveRule>>,
    index: Index,
}

impl Default for GateRules {
    fn default() -> Self {
        Self::new(&[], &[])
    }
}

impl GateRules {
    /// Sorts the rules by kind; their order stays.
    pub(crate) fn new(before: &[Arc<LiveRule>], after: &[Arc<LiveRule>]) -> Self {
        let now = after.iter().filter_map(|rule| rule.newest()).filter(|now| now.rule.enabled);
        let told = now.flat_map(|now| &now.kinds).copied().collect();
        Self { by_kind: EventKind::ALL.map(|kind| OfKind::new(kind, before)), told }
    }

    fn about(&self, kind: EventKind) -> Option<&OfKind> {
        let index = EventKind::ALL.iter().position(|known| *known == kind);
        index.and_then(|index| self.by_kind.get(index))
    }
}

impl OfKind {
    fn new(kind: EventKind, rules: &[Arc<LiveRule>]) -> Self {
        let mut of_kind = Self::default();
        for rule in rules {
            let now = rule.newest().filter(|now| now.rule.enabled && now.kinds.contains(&kind));
            if let Some(now) = now {
                of_kind.index.add(of_kind.rules.len(), &now.selectors);
                of_kind.rules.push(Arc::clone(rule));
            }
        }
        of_kind
    }

    /// The rule at this place, if it is to be asked about the question.
    fn asked(&self, place: Place, question: &Question) -> Option<(&LiveRule, &LiveVersion)> {
        let rule = self.rules.get(place)?;
        let version = rule.newest().filter(|version| version.asks_about(question))?;
        Some((rule, version))
    }
}

/// What a gate needs.
pub(crate) struct GateParts {
    pub(crate) caller: Arc<dyn Caller>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) recorder: Arc<Recorder>,
    pub(crate) log: Arc<dyn Log>,
    /// Total time of one message.
    pub(crate) max_wait: Duration,
}

/// The engine's [`Gate`].
pub(crate) struct EngineGate {
    rules: RwLock<Arc<GateRules>>,
    parts: GateParts,
    in_flight: Semaphore,
}

impl EngineGate {
    pub(crate) fn new(parts: GateParts) -> Self {
        Self { rules: RwLock::default(), parts, in_flight: Semaphore::new(limits::GATE_IN_FLIGHT) }
    }

    pub(crate) fn set_rules(&self, rules: GateRules) {
        *self.rules.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(rules);
    }

    fn rules(&self) -> Arc<GateRules> {
        Arc::clone(&self.rules.read().unwrap_or_else(PoisonError::into_inner))
    }

    async fn ask_all(&self, question: Question, check: &dyn AnswerCheck) -> Result<Subject, Failure> {
        let began = Instant::now();
        let mut seen = None;
        let result = self.ask_each(question, check, &mut seen).await;
        if let Some(seen) = seen {
            let ended = || noted::ended(seen, result.as_ref().map(|_| ()), began.elapsed());
            self.parts.recorder.note(ended);
        }
        result
    }

    /// `seen` becomes the question as the first rule saw it that was asked.
    async fn ask_each(
        &self,
        mut question: Question,
        check: &dyn AnswerCheck,
        seen: &mut Option<Trace>,
    ) -> Result<Subject, Failure> {
        let rules = self.rules();
        // Over all the questions that one message raises.
        let spent = self.parts.clock.now().since(question.at);
        let deadline = Instant::now() + self.parts.max_wait.saturating_sub(spent);
        let Some(about) = rules.about(question.kind) else { return Ok(question.subject) };
        let mut places = about.index.find(question.subject.facets());
        let mut next = 0;
        while let Some(place) = places.get(next).copied() {
            next += 1;
            let Some((rule, version)) = about.asked(place, &question) else { continue };
            if seen.is_none() && self.parts.recorder.traces().is_some() {
                *seen = Some(noted::first_seen(&question, self.parts.log.tail()));
            }
            let answered = if version.contract.asks_singly(&version.rule, &question) {
                self.ask_singly((rule, version), &question, check, deadline).await?
            } else {
                self.ask_one((rule, version), (&question, 0), check, deadline).await?
            };
            match answered {
                Ok(Answered::Unasked) => {}
                Ok(Answered::Same) => rule.metrics.verdict(question.kind, "allow"),
                Ok(Answered::Changed { subject, fields }) => {
                    rule.metrics.verdict(question.kind, "change");
                    fields.into_iter().for_each(|field| rule.metrics.changed(question.kind, field));
                    question.subject = subject;
                    // What was changed may make the message the business of other rules behind this one.
                    places = about.index.find(question.subject.facets());
                    next = places.partition_point(|other| *other <= place);
                }
                Ok(Answered::No(refusal)) => {
                    rule.metrics.verdict(question.kind, "refuse");
                    return Err(refused(rule, refusal).into());
                }
                Err(silence) => tolerate(rule, version, question.kind, silence)?,
            }
        }
        Ok(question.subject)
    }

    /// One call. `part` tells the calls of one question from each other.
    async fn ask_one(
        &self,
        (rule, version): (&LiveRule, &LiveVersion),
        (question, part): (&Question, u32),
        check: &dyn AnswerCheck,
        deadline: Instant,
    ) -> Result<Result<Answered, Silence>, Failure> {
        let outbound = match version.contract.question(&version.rule, question) {
            Ok(outbound) => outbound,
            Err(Skip(_)) => return Ok(Ok(Answered::Unasked)),
        };
        rule.metrics.matched(Some(question.kind));
        let id = webhook_id::of_question(rule.id(), question.number, question.kind, part);
        let said = headers::Said { id: &id, pos: None, attempt: 1, replay: None };
        let began = self.parts.clock.now();
        let extra = headers::of_attempt(&rule.rule, said, began, &outbound.body);
        let started = Instant::now();
        let room = answer_bytes(question, &outbound);
        let answer = self.call(rule, &outbound, &extra, (deadline, room)).await;
        let took = started.elapsed();
        let asked = judge(version, question, &answer, check).await?;
        rule.metrics.attempted(Some(question.kind), asked.outcome, took);
        let call = Call { question, part, webhook_id: &id, body: &outbound.body, began, took };
        rule.recorder.note(|| call.noted((rule, version), answer.as_ref().ok(), &asked));
        AttemptLine {
            rule: &rule.rule,
            webhook_id: &id,
            message: Some(question.number),
            operation_id: Some(&question.operation_id),
            pos: 0,
            attempt: 1,
            outcome: asked.outcome,
            status: asked.status,
            took,
            error: asked.result.as_ref().err().map_or("", |silence| silence.text.as_str()),
            why: Why::Due,
        }
        .log();
        Ok(asked.result)
    }

    async fn call(
        &self,
        rule: &LiveRule,
        outbound: &Outbound,
        extra: &[(String, String)],
        (deadline, answer_bytes): (Instant, usize),
    ) -> Result<Response, CallError> {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(CallError::new(
                CallErrorKind::Timeout,
                "the time for all before-callbacks of this message was used up",
            ));
        }
        let Ok(_permit) = self.in_flight.try_acquire() else {
            return Err(CallError::new(CallErrorKind::Connect, "too many before-callbacks are under way"));
        };
        let _counted = InFlight::new(&rule.metrics.in_flight);
        let how = CallPolicy { timeout: rule.how.timeout.min(left), answer_bytes, ..rule.how.clone() };
        self.parts.caller.call(outbound, extra, &how).await
    }
}

impl Gate for EngineGate {
    fn ask<'a>(
        &'a self,
        question: Question,
        check: &'a dyn AnswerCheck,
    ) -> Fut<'a, Result<Subject, Failure>> {
        Box::pin(self.ask_all(question, check))
    }

    fn asks(&self, kind: EventKind) -> bool {
        let rules = self.rules.read().unwrap_or_else(PoisonError::into_inner);
        rules.about(kind).is_some_and(|about| !about.rules.is_empty())
    }

    fn tells(&self, kind: EventKind) -> bool {
        self.rules.read().unwrap_or_else(PoisonError::into_inner).told.contains(&kind)
    }

    fn handed_only(&self, question: &Question) {
        self.parts.recorder.note(|| noted::first_seen(question, self.parts.log.tail()));
    }
}

/// How many bytes of the answer are read. An answer about a list repeats it: it is as long as the question, which is
/// in memory too, and has room for what the receiver says of each entry.
fn answer_bytes(question: &Question, outbound: &Outbound) -> usize {
    match question.subject.entries() {
        0 => limits::ANSWER_BYTES,
        entries => {
            let of_list =
                outbound.body.len().saturating_add(entries.saturating_mul(limits::ANSWER_ENTRY_BYTES));
            limits::ANSWER_BYTES.saturating_add(of_list).min(limits::LIST_ANSWER_BYTES)
        }
    }
}

/// What the rule's policy makes of silence.
fn tolerate(
    rule: &LiveRule,
    version: &LiveVersion,
    kind: EventKind,
    silence: Silence,
) -> Result<(), Refusal> {
    match rule.rule.policy.on_failure {
        OnFailure::Continue => {
            rule.metrics.gate_failure(kind, "passed");
            Ok(())
        }
        OnFailure::Refuse => {
            rule.metrics.gate_failure(kind, "refused");
            Err(silenced(rule, version, silence))
        }
    }
}

/// In the contract's words where it has any; and where the sender is to see success, like a refusal of the receiver.
fn silenced(rule: &LiveRule, version: &LiveVersion, silence: Silence) -> Refusal {
    let detail = format!("before-callback failed: {}", silence.shown);
    let words = version.contract.silenced(&version.rule);
    if words.is_none() && rule.rule.policy.show_error {
        return Refusal::new(silence.code, detail);
    }
    let unsaid = || CallbackRefusal { code: None, text: detail.clone(), detail: String::new(), show: false };
    refused(rule, words.unwrap_or_else(unsaid))
}

fn refused(rule: &LiveRule, refusal: CallbackRefusal) -> Refusal {
    let refusal = CallbackRefusal { show: rule.rule.policy.show_error, ..refusal };
    let detail = refusal.text.clone();
    Refusal::new(RefusalCode::ByCallback(refusal), detail)
}

/// Counts a call for as long as it lives, also when its future is dropped.
struct InFlight<'a>(&'a metrics::Gauge);

impl<'a> InFlight<'a> {
    fn new(gauge: &'a metrics::Gauge) -> Self {
        gauge.increment(1.0);
        Self(gauge)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}
