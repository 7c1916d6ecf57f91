//! One call of a rule that need not be in use, so that whoever writes it sees what would happen.

use std::time::Duration;

use ringback_model::delivery::{Answer, Outbound};
use ringback_model::dialect::{Acceptance, Contract};
use ringback_model::event::{EventKind, Phase, Question, Subject};
use ringback_model::failure::CallbackRefusal;
use ringback_model::message::Message;
use ringback_model::rule::{Ban, OnFailure, Retry, Rule};
use ringback_model::time::UnixMs;
use ringback_model::verdict::Verdict;
use tokio::time::Instant;

use crate::caller::{CallError, CallPolicy, Caller, Response};
use crate::tries::{self, Try};

/// Characters of an answer that are shown.
const ANSWER_CHARS: usize = 4000;

/// What one call of a rule came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trial {
    /// What was sent, as the contract rendered it.
    pub request: Outbound,
    /// Headers that the engine added: id and, for rules that want them, time and signature.
    pub headers: Vec<(String, String)>,
    /// Status of the answer; `None` = there was none.
    pub status: Option<u16>,
    /// What came back, at most its first 4,000 characters; empty where nothing did.
    pub answer: String,
    /// From sending to the answer.
    pub took: Duration,
    /// What the server would have made of it, in words.
    pub meaning: String,
}

/// The first callback that the samples mean for a rule.
///
/// # Errors
/// Why there is nothing, in the contract's words.
pub(crate) fn first_try(
    rule: &Rule,
    contract: &dyn Contract,
    kinds: &[EventKind],
    samples: &[Message],
    now: UnixMs,
) -> Result<Try, String> {
    let mut why = "the rule is about nothing";
    for occasion in tries::occasions(rule.phase, kinds, samples, now) {
        match tries::of(rule, contract, &occasion) {
            Ok(tries) => match tries.into_iter().next() {
                Some(first) => return Ok(first),
                None => why = "it has no copies",
            },
            Err(skip) => why = skip,
        }
    }
    Err(format!("none of the samples is anything to this rule: {why}"))
}

/// Makes the call.
pub(crate) async fn run(
    rule: &Rule,
    contract: &dyn Contract,
    parks: bool,
    caller: &dyn Caller,
    tried: Try,
    now: UnixMs,
) -> Trial {
    let headers = tried.headers(rule, now);
    let Try { outbound, question, .. } = tried;
    let how = match rule.phase {
        Phase::Before => CallPolicy::before(&rule.policy),
        Phase::After => CallPolicy::after(&rule.policy),
    };
    let started = Instant::now();
    let answer = caller.call(&outbound, &headers, &how).await;
    let took = started.elapsed();
    let meaning = match &question {
        Some(question) => of_question(rule, contract, question, &answer),
        None => of_delivery(rule, contract, parks, &answer),
    };
    let answer = answer.ok().map(|response| response.answer);
    Trial {
        request: outbound,
        headers,
        status: answer.as_ref().map(|answer| answer.status),
        answer: answer.map(|answer| shown(&answer)).unwrap_or_default(),
        took,
        meaning,
    }
}

fn shown(answer: &Answer) -> String {
    String::from_utf8_lossy(&answer.body).chars().take(ANSWER_CHARS).collect()
}

/// What the gate would have done.
fn of_question(
    rule: &Rule,
    contract: &dyn Contract,
    question: &Question,
    answer: &Result<Response, CallError>,
) -> String {
    let failure = match answer {
        Err(error) => error.text.clone(),
        Ok(response) => match contract.verdict(rule, question, &response.answer) {
            Ok(Verdict::Allow { changes }) if changes.is_empty() => return "allowed".to_owned(),
            Ok(Verdict::Allow { changes }) => {
                let mut after = question.subject.clone();
                changes.into_iter().for_each(|change| change.apply(&mut after));
                return allowed_with(&question.subject, &after);
            }
            Ok(Verdict::Refuse(refusal)) => return refused(rule, &refusal),
            Err(wrong) => wrong.0,
        },
    };
    match rule.policy.on_failure {
        OnFailure::Continue => format!("failed: {failure}; {} goes on", thing(question)),
        OnFailure::Refuse => match contract.silenced(rule) {
            Some(words) => {
                format!("failed: {failure}; {} is {}", thing(question), refused(rule, &words))
            }
            None => format!("failed: {failure}; {} is refused{}", thing(question), unseen(rule)),
        },
    }
}

/// What a question is about, for sentences.
const fn thing(question: &Question) -> &'static str {
    match question.subject {
        Subject::Message(_) => "the message",
        Subject::Push(_) => "the push",
        Subject::Action(_) => "the action",
    }
}

fn allowed_with(before: &Subject, after: &Subject) -> String {
    match (before, after) {
        (Subject::Message(before), Subject::Message(after)) if before == after => {
            "allowed; its changes leave the message as it was".to_owned()
        }
        (Subject::Message(before), Subject::Message(after)) if before.content != after.content => {
            format!("allowed, with another content: {}", after.content.raw)
        }
        (Subject::Message(_), _) => "allowed, with changes to the message around its content".to_owned(),
        _ if before == after => "allowed; its changes leave everything as it was".to_owned(),
        _ => "allowed, with changes".to_owned(),
    }
}

fn refused(rule: &Rule, refusal: &CallbackRefusal) -> String {
    let code = refusal.code.map_or_else(|| "no code".to_owned(), |code| format!("code {code}"));
    let text = if refusal.text.is_empty() { "no text" } else { refusal.text.as_str() };
    format!("refused with {code}: {text}{}", unseen(rule))
}

const fn unseen(rule: &Rule) -> &'static str {
    if rule.policy.show_error { "" } else { "; the sender sees success" }
}

/// What the dispatcher would have done.
fn of_delivery(
    rule: &Rule,
    contract: &dyn Contract,
    parks: bool,
    answer: &Result<Response, CallError>,
) -> String {
    let failure = match answer {
        Err(error) => error.text.clone(),
        Ok(response) => match contract.accepted(rule, &response.answer) {
            Acceptance::Delivered => return "delivered".to_owned(),
            Acceptance::DeliveredBadly(why) => {
                let counts = match rule.policy.ban {
                    Ban::App => "; it counts as a failure towards a ban",
                    Ban::Breaker => "; it counts as a failure of the receiver",
                    Ban::None => "",
                };
                return format!("delivered, but {why}{counts}");
            }
            Acceptance::Failed(why) => why,
        },
    };
    let end = if parks { "parked" } else { "dropped and counted" };
    match &rule.policy.retry {
        Retry::Once => format!("failed: {failure}; it would be tried once more at once, then {end}"),
        Retry::Schedule(waits) if !waits.is_empty() => {
            let (first, times) = (waits[0], waits.len());
            format!(
                "failed: {failure}; it would be tried again after {first} s, at most {times} times, then {end}"
            )
        }
        Retry::None | Retry::Schedule(_) => format!("failed: {failure}; it would be {end}"),
    }
}
