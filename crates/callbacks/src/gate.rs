//! The gate: asks before-rules, in their declared order, and gathers what they say.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use ringback_model::delivery::Outbound;
use ringback_model::dialect::Skip;
use ringback_model::event::{EventKind, Question, Subject};
use ringback_model::failure::{CallbackRefusal, Refusal, RefusalCode};
use ringback_model::limits;
use ringback_model::ports::{Clock, Fut, Gate};
use ringback_model::rule::OnFailure;
use ringback_model::verdict::Verdict;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::caller::{CallError, CallErrorKind, CallPolicy, Caller, Response};
use crate::headers;
use crate::index::{Index, Place};
use crate::live::{LiveRule, LiveVersion};
use crate::telemetry::AttemptLine;
use crate::webhook_id;

/// Before-rules by the kind that they are about.
pub(crate) struct GateRules {
    by_kind: [OfKind; EventKind::ALL.len()],
}

/// Before-rules about one kind, in their declared order; the index calls them by their place in it.
#[derive(Default)]
struct OfKind {
    rules: Vec<Arc<LiveRule>>,
    index: Index,
}

impl Default for GateRules {
    fn default() -> Self {
        Self::new(&[])
    }
}

impl GateRules {
    /// Sorts the rules by kind; their order stays.
    pub(crate) fn new(rules: &[Arc<LiveRule>]) -> Self {
        Self { by_kind: EventKind::ALL.map(|kind| OfKind::new(kind, rules)) }
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

/// The engine's [`Gate`].
pub(crate) struct EngineGate {
    rules: RwLock<Arc<GateRules>>,
    caller: Arc<dyn Caller>,
    clock: Arc<dyn Clock>,
    max_wait: Duration,
    in_flight: Semaphore,
}

/// Why a question got no verdict.
struct Silence {
    code: RefusalCode,
    /// For us; may name addresses.
    text: String,
    /// For the sender.
    shown: &'static str,
}

/// One question to one rule, answered or not.
struct Asked {
    result: Result<Verdict, Silence>,
    outcome: &'static str,
    status: u16,
}

impl EngineGate {
    pub(crate) fn new(caller: Arc<dyn Caller>, clock: Arc<dyn Clock>, max_wait: Duration) -> Self {
        Self {
            rules: RwLock::default(),
            caller,
            clock,
            max_wait,
            in_flight: Semaphore::new(limits::GATE_IN_FLIGHT),
        }
    }

    pub(crate) fn set_rules(&self, rules: GateRules) {
        *self.rules.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(rules);
    }

    fn rules(&self) -> Arc<GateRules> {
        Arc::clone(&self.rules.read().unwrap_or_else(PoisonError::into_inner))
    }

    async fn ask_all(&self, mut question: Question) -> Result<Subject, Refusal> {
        let rules = self.rules();
        // Over all the questions that one message raises.
        let spent = self.clock.now().since(question.at);
        let deadline = Instant::now() + self.max_wait.saturating_sub(spent);
        let Some(about) = rules.about(question.kind) else { return Ok(question.subject) };
        let mut places = about.index.find(question.subject.facets());
        let mut next = 0;
        while let Some(place) = places.get(next).copied() {
            next += 1;
            let Some((rule, version)) = about.asked(place, &question) else { continue };
            let outbound = match version.contract.question(&version.rule, &question) {
                Ok(outbound) => outbound,
                Err(Skip(_)) => continue,
            };
            match self.ask_one(rule, version, &question, &outbound, deadline).await {
                Ok(Verdict::Allow { changes }) => {
                    rule.metrics.verdict(if changes.is_empty() { "allow" } else { "change" });
                    if changes.is_empty() {
                        continue;
                    }
                    changes.into_iter().for_each(|change| change.apply(&mut question.subject));
                    // What was changed may make the message the business of other rules behind this one.
                    places = about.index.find(question.subject.facets());
                    next = places.partition_point(|other| *other <= place);
                }
                Ok(Verdict::Refuse(refusal)) => {
                    rule.metrics.verdict("refuse");
                    return Err(refused(rule, refusal));
                }
                Err(silence) => tolerate(rule, version, silence)?,
            }
        }
        Ok(question.subject)
    }

    async fn ask_one(
        &self,
        rule: &LiveRule,
        version: &LiveVersion,
        question: &Question,
        outbound: &Outbound,
        deadline: Instant,
    ) -> Result<Verdict, Silence> {
        let id = webhook_id::of_question(rule.id(), question.number, question.kind);
        let said = headers::Said { id: &id, pos: None, attempt: 1 };
        let extra = headers::of_attempt(&rule.rule, said, self.clock.now(), &outbound.body);
        let started = Instant::now();
        let answer = self.call(rule, outbound, &extra, deadline).await;
        let asked = judge(version, question, answer);
        let took = started.elapsed();
        rule.metrics.attempted(asked.outcome, took);
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
            resend: false,
        }
        .log();
        asked.result
    }

    async fn call(
        &self,
        rule: &LiveRule,
        outbound: &Outbound,
        extra: &[(String, String)],
        deadline: Instant,
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
        let how = CallPolicy { timeout: rule.how.timeout.min(left), ..rule.how.clone() };
        self.caller.call(outbound, extra, &how).await
    }
}

impl Gate for EngineGate {
    fn ask(&self, question: Question) -> Fut<'_, Result<Subject, Refusal>> {
        Box::pin(self.ask_all(question))
    }

    fn asks(&self, kind: EventKind) -> bool {
        let rules = self.rules.read().unwrap_or_else(PoisonError::into_inner);
        rules.about(kind).is_some_and(|about| !about.rules.is_empty())
    }
}

fn judge(version: &LiveVersion, question: &Question, answer: Result<Response, CallError>) -> Asked {
    match answer {
        Err(error) => Asked {
            outcome: error.kind.name(),
            status: 0,
            result: Err(Silence {
                // An answer that is too long came back, but cannot be used.
                code: match error.kind {
                    CallErrorKind::TooLong => RefusalCode::CallbackUnusable,
                    _ => RefusalCode::CallbackUnreachable,
                },
                text: error.to_string(),
                shown: error.kind.name(),
            }),
        },
        Ok(response) => {
            let status = response.answer.status;
            match version.contract.verdict(&version.rule, question, &response.answer) {
                Ok(verdict) => Asked {
                    outcome: match &verdict {
                        Verdict::Allow { .. } => "allowed",
                        Verdict::Refuse(_) => "refused",
                    },
                    status,
                    result: Ok(verdict),
                },
                Err(wrong) => Asked {
                    outcome: "unusable",
                    status,
                    result: Err(Silence {
                        code: RefusalCode::CallbackUnusable,
                        text: wrong.0,
                        shown: "unusable answer",
                    }),
                },
            }
        }
    }
}

/// What the rule's policy makes of silence.
fn tolerate(rule: &LiveRule, version: &LiveVersion, silence: Silence) -> Result<(), Refusal> {
    match rule.rule.policy.on_failure {
        OnFailure::Continue => {
            rule.metrics.gate_failure("passed");
            Ok(())
        }
        OnFailure::Refuse => {
            rule.metrics.gate_failure("refused");
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
