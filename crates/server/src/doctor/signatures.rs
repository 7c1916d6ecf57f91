//! Whether the receiver looks at signatures.

use std::time::Duration;

use ringback_callbacks::signature;
use ringback_model::dialect::Contract;

use super::bench::{Bench, Manner};
use super::call::{Called, Reading, Taken};
use super::case::Case;
use super::check::Check;
use super::finding::Outcome;

const NO_SECRET: &str = "needs --secret: the one of the receiver's rule";
const MEND: &str = "check the signature before anything else, over the bytes as they came, and answer 401 where it is not right";

/// A secret that is nobody's, of the same kind: for a key pair another pair, else another text.
fn another(secret: &str) -> String {
    match signature::public_key(secret) {
        Some(_) => signature::key_pair(&[0x5a; 32]),
        None => "not-the-secret-of-this-rule".to_owned(),
    }
}

/// Whether callbacks of the contract are signed by its own means: then other secrets make other bytes.
pub(super) fn signs_by_itself(contract: &dyn Contract, case: &Case) -> bool {
    let body = |secret| case.with_secret(contract, Some(secret)).map(|case| case.tried.outbound);
    body("one") != body("two")
}

/// Sends what was signed with another secret, and what was changed after it was signed.
pub(super) async fn wrong(bench: &Bench<'_>) -> Outcome {
    let check = Check::SignatureWrong;
    let Some(secret) = bench.rule.secrets.current.clone() else {
        return Outcome::skipped(check, bench.phase(), NO_SECRET);
    };
    let mut outcome = Outcome::new(check, bench.phase());
    let fresh = case(bench).and_then(|case| case.with_secret(bench.contract, Some(&another(&secret))));
    let Some(forged) = fresh else {
        return Outcome::skipped(check, bench.phase(), "there is no callback to sign");
    };
    judge(&mut outcome, &bench.call(&forged).await, "a callback that was signed with another secret");
    if bench.rule.policy.standard_webhooks
        && let Some(case) = case(bench)
    {
        // Still the same JSON: who compares what he has parsed does not see it.
        let body = [&case.tried.outbound.body[..], b" "].concat();
        let called = bench.send(&case, Manner { body: Some(body), ..Manner::default() }).await;
        judge(&mut outcome, &called, "a callback that was changed after it was signed");
    }
    outcome.noted("refused")
}

/// Sends what was not signed.
pub(super) async fn missing(bench: &Bench<'_>) -> Outcome {
    let check = Check::SignatureMissing;
    if bench.rule.secrets.current.is_none() {
        return Outcome::skipped(check, bench.phase(), NO_SECRET);
    }
    let Some(mut bare) = case(bench).and_then(|case| case.with_secret(bench.contract, None)) else {
        return Outcome::skipped(check, bench.phase(), "there is no callback to sign");
    };
    bare.rule.policy.standard_webhooks = false;
    let mut outcome = Outcome::new(check, bench.phase());
    judge(&mut outcome, &bench.call(&bare).await, "a callback without a signature");
    outcome.noted("refused")
}

/// Something that the receiver has not seen.
fn case(bench: &Bench<'_>) -> Option<Case> {
    let text = bench.text("who signed this?", Duration::ZERO);
    text.or_else(|| bench.cases().into_iter().next())
}

fn judge(outcome: &mut Outcome, called: &Called, what: &str) {
    match &called.reading {
        Reading::Status if matches!(called.status(), 401 | 403) => {}
        Reading::Status if (400..500).contains(&called.status()) => {
            let what = format!("{what} is refused with status {}", called.status());
            outcome.warning(called, what, "answer 401: other statuses say that something else is wrong");
        }
        Reading::Taken(Taken::Refused(..)) => {
            let what = format!(
                "{what} is answered with a refusal, so whoever forges callbacks learns what you refuse"
            );
            outcome.warning(called, what, MEND);
        }
        Reading::Taken(_) | Reading::Wrong(_) => outcome.failure(called, format!("{what} is accepted"), MEND),
        _ => outcome.failure(called, format!("{what} {}", called.fate()), MEND),
    }
}
