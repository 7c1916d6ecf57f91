//! One callback of every event, each of them twice: most of what is checked is seen in their answers.

use std::time::Duration;

use ringback_callbacks::CallErrorKind;
use ringback_model::dialect::Contract;
use ringback_model::event::Phase;
use ringback_model::limits;
use serde_json::Value;

use super::bench::Bench;
use super::call::{Called, Reading, Taken};
use super::case::Case;
use super::check::Check;
use super::duplicates;
use super::finding::{Level, Outcome};
use super::times::{Times, shown};

/// A callback, its answer, and the answer when it came again.
pub(super) struct Pair {
    pub(super) case: Case,
    pub(super) first: Called,
    pub(super) second: Called,
}

/// Sends them, one after the other.
pub(super) async fn send(bench: &Bench<'_>, cases: Vec<Case>) -> Vec<Pair> {
    let mut pairs = Vec::with_capacity(cases.len());
    let all = cases.len();
    for (at, case) in cases.into_iter().enumerate() {
        (bench.say)(&format!("{}: {} of {all} callbacks", bench.phase().name(), at + 1));
        let first = bench.call(&case).await;
        let second = bench.call(&case).await;
        pairs.push(Pair { case, first, second });
    }
    pairs
}

/// What the answers show.
pub(super) fn judge(bench: &Bench<'_>, pairs: &[Pair]) -> Vec<Outcome> {
    let outcome = |check| Outcome::new(check, bench.phase());
    vec![
        redirects(outcome(Check::Redirect), pairs),
        statuses(outcome(Check::Status), pairs),
        answers(outcome(Check::Answer), bench.contract, pairs),
        meanings(outcome(Check::Meaning), bench.contract, pairs),
        lengths(outcome(Check::Length), pairs),
        times(outcome(Check::Time), bench.timeout, pairs),
        duplicates::judge(outcome(Check::Duplicates), pairs),
    ]
}

fn redirects(mut outcome: Outcome, pairs: &[Pair]) -> Outcome {
    for Pair { first, .. } in pairs.iter().filter(|pair| pair.first.reading == Reading::Redirect) {
        let what = format!("the answer has status {} and sends the caller elsewhere", first.status());
        outcome.failure(
            first,
            what,
            "answer at the URL itself: redirects are never followed; mind http and https, \
                                      a slash at the end, and login pages",
        );
    }
    outcome.noted("none")
}

/// Whether the answer was longer than is ever read.
fn is_endless(called: &Called) -> bool {
    called.answer.as_ref().is_err_and(|error| error.kind == CallErrorKind::TooLong)
}

fn statuses(mut outcome: Outcome, pairs: &[Pair]) -> Outcome {
    for Pair { first, .. } in pairs {
        match &first.reading {
            Reading::Status => {
                let what = format!("the answer has status {}, which does not count", first.status());
                outcome.failure(first, what, mend_of_status(first.status()));
            }
            // Its length is another check's.
            Reading::Nothing(_) if is_endless(first) => {}
            Reading::Nothing(why) => {
                let mend = "answer every callback: also those that you have no use for, and those that fail";
                outcome.failure(first, format!("there is no answer: {why}"), mend);
            }
            _ => {}
        }
    }
    let taken = pairs.iter().filter(|pair| pair.first.reading.is_taken()).count();
    outcome.noted(format!("{taken} of {} callbacks are taken", pairs.len()))
}

const fn mend_of_status(status: u16) -> &'static str {
    match status {
        404 | 405 => "serve POST at this URL, with the paths below it where the contract has some",
        401 | 403 => "let callbacks in: with --secret they are signed as a rule's are",
        413 => "raise the limit of your server for bodies",
        415 => "take bodies of application/json, with a charset or without",
        400 | 422 => "do not refuse callbacks for what is in them: take fields that are new, absent or null",
        429 => "take as many callbacks as come, or put the rule's rate_limit to what you can take",
        500..=599 => "look into the log of your receiver: it fails over this callback",
        _ => "answer 200, also to callbacks that you have no use for",
    }
}

fn answers(mut outcome: Outcome, contract: &dyn Contract, pairs: &[Pair]) -> Outcome {
    for pair in pairs {
        let Reading::Wrong(why) = &pair.first.reading else { continue };
        let hints = misgivings(contract, pair);
        // Where nothing but its length is wrong, that is another check's.
        if is_long(&pair.first) && hints.is_empty() {
            continue;
        }
        let mend = hints.first().map_or(
            "answer what the contract's page in the documentation shows; the least is the answer that lets pass",
            String::as_str,
        );
        outcome.failure(&pair.first, why.clone(), mend);
    }
    let what = match outcome.phase {
        Phase::Before => "all can be read",
        Phase::After => "nothing to read: the status decides",
    };
    outcome.noted(what)
}

fn misgivings(contract: &dyn Contract, pair: &Pair) -> Vec<String> {
    match (&pair.case.tried.question, &pair.first.answer) {
        (Some(question), Ok(answer)) => contract.misgivings(&pair.case.rule, question, answer),
        _ => Vec::new(),
    }
}

fn meanings(mut outcome: Outcome, contract: &dyn Contract, pairs: &[Pair]) -> Outcome {
    for pair in pairs.iter().filter(|pair| pair.first.reading.is_taken()) {
        for misgiving in misgivings(contract, pair) {
            outcome.failure(&pair.first, misgiving, "answer what you mean, as the contract writes it");
        }
        if outcome.phase == Phase::After
            && let Some(error) = pair.first.answer.as_ref().ok().and_then(|answer| error_in(&answer.body))
        {
            let what = format!(
                "the answer says that something went wrong ({error}), but with status {} the callback counts as taken",
                pair.first.status()
            );
            let mend = "where you could not do your part answer 500: then the callback comes again";
            outcome.warning(&pair.first, what, mend);
        }
    }
    outcome.noted("what is said is what is meant")
}

/// A member of a JSON object that says that something went wrong.
fn error_in(body: &[u8]) -> Option<String> {
    let Ok(Value::Object(members)) = serde_json::from_slice(body) else { return None };
    members.iter().find_map(|(name, value)| {
        let wrong = match (name.to_ascii_lowercase().as_str(), value) {
            // 0 and 200 are many backends' word for "fine".
            ("errcode" | "errorcode" | "code", Value::Number(code)) => {
                !matches!(code.as_i64(), Some(0 | 200))
            }
            ("error" | "err", Value::String(text)) => !text.is_empty(),
            ("error" | "err", Value::Object(_)) => true,
            ("success" | "ok", Value::Bool(fine)) => !fine,
            _ => false,
        };
        wrong.then(|| match value {
            Value::Number(_) | Value::Bool(_) => format!("{name} {value}"),
            _ => name.clone(),
        })
    })
}

/// Whether an answer has more characters than one should have.
fn is_long(called: &Called) -> bool {
    called.answer.as_ref().is_ok_and(|answer| answer.cut || chars(&answer.body) > limits::ANSWER_CHARS)
}

fn chars(body: &[u8]) -> usize {
    String::from_utf8_lossy(body).chars().count()
}

fn lengths(mut outcome: Outcome, pairs: &[Pair]) -> Outcome {
    let mend = "answer what the contract asks for and nothing else";
    let mut longest = 0;
    for Pair { case, first, .. } in pairs {
        let answer = match &first.answer {
            Ok(answer) => answer,
            Err(error) if is_endless(first) => {
                outcome.failure(first, format!("the answer is not read to its end: {error}"), mend);
                continue;
            }
            Err(_) => continue,
        };
        let length = chars(&answer.body);
        longest = longest.max(length);
        if !is_long(first) || !(200..300).contains(&answer.status) {
            continue;
        }
        let what = format!("the answer has more than {} characters", limits::ANSWER_CHARS);
        match first.reading {
            Reading::Wrong(_) | Reading::Taken(Taken::ToldBadly(_)) => {
                outcome.failure(first, format!("{what}, and the contract does not take it"), mend);
            }
            // Some receivers answer with what they were asked about.
            _ if length <= chars(&case.tried.outbound.body) + limits::ANSWER_CHARS => {}
            _ => outcome.warning(first, what, mend),
        }
    }
    outcome.noted(format!("the longest has {longest} characters"))
}

fn times(mut outcome: Outcome, timeout: Duration, pairs: &[Pair]) -> Outcome {
    let called = || pairs.iter().flat_map(|pair| [&pair.first, &pair.second]);
    let answered = called().filter(|called| called.answer.is_ok());
    let Some(times) = Times::of(answered.map(|called| called.took).collect()) else {
        return Outcome::skipped(outcome.check, outcome.phase, "nothing was answered");
    };
    outcome.times = Some(times);
    let late = called().filter(|called| called.answer.is_ok() && called.took > timeout).count();
    if late > 0 {
        let what = format!("{late} answers came after the contract's timeout of {}", shown(timeout));
        let mend = "answer first and work afterwards, or raise the rule's timeout_ms";
        outcome.overall(Level::Failure, what, mend);
    } else if times.p99 > timeout / 2 {
        let what = format!(
            "p99 is {}, more than half of the contract's timeout of {}",
            shown(times.p99),
            shown(timeout)
        );
        let mend =
            "leave room for a busy hour: answer first and work afterwards, or raise the rule's timeout_ms";
        outcome.overall(Level::Failure, what, mend);
    }
    outcome.noted(format!("{times}; the contract wants them within {}", shown(timeout)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_that_report_errors_are_known_by_the_words_that_backends_use() {
        for (body, expected) in [
            (r#"{"errCode":500,"errMsg":"x"}"#, Some("errCode 500")),
            (r#"{"code":1}"#, Some("code 1")),
            (r#"{"error":"no"}"#, Some("error")),
            (r#"{"success":false}"#, Some("success false")),
            (r#"{"errCode":0,"errMsg":""}"#, None),
            (r#"{"code":200,"msg":"success"}"#, None),
            (r#"{"error":null}"#, None),
            (r#"{"error":""}"#, None),
            ("ok", None),
            ("[]", None),
        ] {
            assert_eq!(error_in(body.as_bytes()).as_deref(), expected, "{body}");
        }
    }
}
