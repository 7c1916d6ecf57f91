//! Whether a callback that comes again is answered as before.
//!
//! From outside nobody sees what a receiver did, only what it says. A second answer that is another one shows that the
//! second call was not recognised, or was recognised and refused; the same answer twice shows that it may be all right.

use ringback_model::event::Phase;
use serde_json::Value;

use super::call::{Called, Reading};
use super::finding::{Level, Outcome};
use super::round::Pair;

const MEND: &str = "keep the header webhook-id (or the callback's own id) with what you did, and answer 200 to what you \
                    have seen: callbacks come at least once, and a refused one comes again and again";

/// Compares the two answers to every callback.
pub(super) fn judge(mut outcome: Outcome, pairs: &[Pair]) -> Outcome {
    let mut compared = 0;
    // What is not taken at all is the business of other checks.
    for Pair { first, second, .. } in pairs.iter().filter(|pair| pair.first.reading.is_taken()) {
        compared += 1;
        if !second.reading.is_taken() {
            let what = format!("the first time it is taken, the second time it {}", second.fate());
            outcome.failure(second, what, MEND);
        } else if first.reading != second.reading {
            outcome.failure(second, "the second answer means something else than the first", MEND);
        } else {
            match difference(first, second) {
                None => {}
                Some(Difference::Counted(name)) => {
                    let what =
                        format!("{name} has changed from the first answer to the second: it was done twice");
                    outcome.failure(second, what, MEND);
                }
                Some(Difference::Said(name)) => {
                    let what = format!("{name} is another one in the second answer");
                    let mend =
                        "see whether the callback was carried out twice; if not, answer as the first time";
                    outcome.warning(second, what, mend);
                }
            }
        }
    }
    if compared == 0 {
        return Outcome::skipped(outcome.check, outcome.phase, "no callback is taken the first time");
    }
    if outcome.phase == Phase::Before {
        // A server asks once; what asks again is a proxy between the two.
        outcome.findings.iter_mut().for_each(|finding| finding.level = Level::Warning);
    }
    outcome.noted(format!(
        "{compared} callbacks were answered alike; what was done twice cannot be seen from outside"
    ))
}

/// Where two answers differ.
#[derive(Debug, PartialEq, Eq)]
enum Difference {
    /// A number has changed.
    Counted(String),
    /// Something else has.
    Said(String),
}

fn difference(first: &Called, second: &Called) -> Option<Difference> {
    debug_assert!(matches!(first.reading, Reading::Taken(_)));
    let (Ok(first), Ok(second)) = (&first.answer, &second.answer) else { return None };
    if first.body == second.body {
        return None;
    }
    let json = |body: &[u8]| serde_json::from_slice::<Value>(body).ok();
    match (json(&first.body), json(&second.body)) {
        (Some(first), Some(second)) => of_values("", &first, &second),
        _ => Some(Difference::Said("the text".to_owned())),
    }
}

fn of_values(name: &str, first: &Value, second: &Value) -> Option<Difference> {
    let said = || if name.is_empty() { "the value".to_owned() } else { name.to_owned() };
    match (first, second) {
        _ if first == second || is_volatile(name) => None,
        (Value::Object(one), Value::Object(two)) => {
            let mut names: Vec<&String> = one.keys().chain(two.keys()).collect();
            names.sort_unstable();
            names.dedup();
            let value = |of: &serde_json::Map<String, Value>, name: &str| {
                of.get(name).cloned().unwrap_or(Value::Null)
            };
            names.into_iter().find_map(|name| of_values(name, &value(one, name), &value(two, name)))
        }
        (Value::Array(one), Value::Array(two)) if one.len() == two.len() => {
            one.iter().zip(two).find_map(|(one, two)| of_values(name, one, two))
        }
        (Value::Number(_), Value::Number(_)) => Some(Difference::Counted(said())),
        _ => Some(Difference::Said(said())),
    }
}

/// Times, and ids of the call itself, are others in every answer.
fn is_volatile(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let words = [
        "time", "date", "stamp", "trace", "request", "took", "duration", "elapsed", "cost", "latency",
        "nonce",
    ];
    words.iter().any(|word| lower.contains(word))
        || matches!(lower.as_str(), "at" | "ts" | "now" | "id" | "uuid" | "ms")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn answers_may_differ_in_times_and_nothing_else() {
        for (first, second, expected) in [
            (json!({"errCode": 0}), json!({"errCode": 0}), None),
            (json!({"serverTime": 1}), json!({"serverTime": 2}), None),
            (json!({"data": {"requestId": "a"}}), json!({"data": {"requestId": "b"}}), None),
            (json!({"stored": 1}), json!({"stored": 2}), Some(Difference::Counted("stored".to_owned()))),
            (json!({"data": [1, 2]}), json!({"data": [1, 3]}), Some(Difference::Counted("data".to_owned()))),
            (json!({}), json!({"duplicate": true}), Some(Difference::Said("duplicate".to_owned()))),
            (json!("a"), json!("b"), Some(Difference::Said("the value".to_owned()))),
        ] {
            assert_eq!(of_values("", &first, &second), expected, "{first} {second}");
        }
    }
}
