//! Grades receivers of callbacks: sends them samples, also odd ones, and says what their maintainers should mend.
//!
//! It needs no server: it calls as a rule would, by the same caller and the same contracts, so what it sees is what a
//! server would see.
//!
//! | file | holds |
//! |---|---|
//! | [`check`] | the catalogue of what is checked |
//! | [`finding`] | what was found |
//! | [`times`] | percentiles |
//! | [`report`], [`junit`] | the report: for people, for machines, for CI |
//! | [`case`] | the callbacks |
//! | [`call`], [`mod@bench`] | one call and its reading; what all calls share |
//! | [`round`], [`duplicates`] | one callback of every event, each twice |
//! | [`texts`], [`replay`], [`signatures`], [`slow`], [`burst`] | the others |

mod bench;
mod burst;
mod call;
mod case;
pub mod check;
mod duplicates;
pub mod finding;
pub mod junit;
mod replay;
pub mod report;
mod round;
mod signatures;
mod slow;
mod texts;
pub mod times;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use ringback_callbacks::Caller;
use ringback_model::dialect::Contract;
use ringback_model::event::Phase;
use ringback_model::limits;
use ringback_model::message::Message;
use ringback_model::ports::{Clock, Dice};
use ringback_model::rule::{Rule, Secrets};
use ringback_model::sample;
use ringback_model::time::UnixMs;
use tokio::time::Instant;

use bench::{Bench, OVER};
use call::Reading;
use check::Check;
use finding::{Level, Outcome};
use report::Report;

/// What is examined.
pub struct Options {
    /// The receiver.
    pub url: String,
    /// The contract that it is written for.
    pub contract: Arc<dyn Contract>,
    /// See [`Rule::switches`].
    pub switches: Vec<(String, String)>,
    /// Phases in which it is called.
    pub phases: Vec<Phase>,
    /// Names of events; empty = all.
    pub events: Vec<String>,
    /// What its callbacks are signed with.
    pub secret: Option<String>,
    /// Adds the headers of the Standard Webhooks specification; contracts without a signature of their own always have
    /// them where there is a secret.
    pub standard_webhooks: bool,
    /// Time within which answers should come; `None` = the contract's own.
    pub timeout: Option<Duration>,
    /// Calls at once, 1..=[`limits::DOCTOR_BURST_MAX`].
    pub burst: usize,
    /// A text that the receiver refuses.
    pub refused: Option<String>,
    /// PEM file with certificate authorities to trust instead of the machine's.
    pub ca_file: Option<String>,
}

/// What it is examined with.
pub struct Instruments<'a> {
    /// Makes the calls.
    pub caller: &'a dyn Caller,
    /// Wall time.
    pub clock: &'a dyn Clock,
    /// Makes ids that no receiver has seen.
    pub dice: &'a dyn Dice,
    /// Messages of every kind.
    pub samples: fn(UnixMs) -> Vec<Message>,
    /// Messages with these words.
    pub texts: fn(&str, UnixMs) -> Vec<Message>,
    /// Hears what is being done.
    pub say: &'a (dyn Fn(&str) + Sync),
}

/// Examines a receiver. Takes at most [`limits::DOCTOR_TIME`] and [`limits::DOCTOR_CALLS`].
pub async fn examine(options: &Options, with: &Instruments<'_>) -> Report {
    let began = Instant::now();
    // Numbers that JSON readers keep exactly, and that no other examination has had.
    let numbers = AtomicU64::new(with.dice.roll() >> 16);
    let calls = AtomicUsize::new(0);
    let name = format!("doctor-{:08x}", with.dice.roll() >> 32);
    let mut outcomes = Vec::new();
    for phase in &options.phases {
        let rule = rule(options, &name, *phase);
        let timeout = options.timeout.unwrap_or_else(|| rule.policy.timeout());
        let bench = Bench {
            contract: options.contract.as_ref(),
            rule,
            events: &options.events,
            caller: with.caller,
            clock: with.clock,
            numbers: &numbers,
            calls: &calls,
            until: began + limits::DOCTOR_TIME,
            timeout,
            burst: options.burst.clamp(1, limits::DOCTOR_BURST_MAX),
            refused: options.refused.as_deref(),
            samples: with.samples,
            texts: with.texts,
            say: with.say,
        };
        outcomes.extend(phase_of(bench).await);
    }
    outcomes.sort_by_key(|outcome| (outcome.phase, outcome.check));
    Report {
        url: options.url.clone(),
        dialect: options.contract.name(),
        calls: calls.load(Ordering::Relaxed),
        took: began.elapsed(),
        outcomes,
    }
}

/// The rule that the receiver's operator would have.
fn rule(options: &Options, name: &str, phase: Phase) -> Rule {
    let mut policy = options.contract.preset(phase).policy;
    // Whoever types an address may call it; link-local ones are never called.
    policy.allow_private = true;
    policy.show_error = true;
    policy.ca_file.clone_from(&options.ca_file);
    policy.standard_webhooks = options.standard_webhooks;
    Rule {
        policy,
        secrets: Secrets { current: options.secret.clone(), previous: None },
        switches: options.switches.clone(),
        ..sample::rule(name, options.contract.name(), phase, &options.url)
    }
}

async fn phase_of(mut bench: Bench<'_>) -> Vec<Outcome> {
    let phase = bench.phase();
    if bench.is_over() {
        let mut outcomes = Check::ALL.map(|check| Outcome::skipped(check, phase, OVER)).to_vec();
        if let Some(first) = outcomes.first_mut() {
            let mend = "mend what is slow, or examine one phase at a time with --phase";
            first.overall(Level::Failure, OVER, mend);
        }
        return outcomes;
    }
    let mut cases = bench.cases();
    let Some(first) = cases.first().and_then(|case| bench.fresh(case)) else {
        let why = "the contract has no such event";
        return Check::ALL.map(|check| Outcome::skipped(check, phase, why)).to_vec();
    };
    if bench.rule.secrets.current.is_some() && !signatures::signs_by_itself(bench.contract, &first) {
        bench.rule.policy.standard_webhooks = true;
        cases = bench.cases();
    }
    let plain = match bench.text("hello bob", Duration::ZERO) {
        Some(text) => text,
        None => cases.first().cloned().unwrap_or(first),
    };
    let mut outcomes = Vec::with_capacity(Check::ALL.len());
    let plain = bench.call(&plain).await;
    let mut reached = Outcome::new(Check::Reachable, phase);
    if let Reading::Nothing(why) = &plain.reading {
        let mend = "start the receiver, mind host, port and scheme; of https, that its certificate is for this name and \
                    by an authority that is trusted here (--ca-file names another one)";
        reached.failure(&plain, format!("there is no answer: {why}"), mend);
        let mut rest = Check::ALL.to_vec();
        rest.retain(|check| *check != Check::Reachable);
        outcomes.extend(rest.into_iter().map(|check| Outcome::skipped(check, phase, "nobody answers")));
        outcomes.push(reached);
        return outcomes;
    }
    outcomes.push(reached.noted(format!("status {} after {}", plain.status(), times::shown(plain.took))));

    let pairs = round::send(&bench, cases).await;
    outcomes.extend(round::judge(&bench, &pairs));
    let alone = outcomes.iter().find_map(|outcome| outcome.times).map(|times| times.p50);
    let taken: Vec<case::Case> =
        pairs.iter().filter(|pair| pair.first.reading.is_taken()).map(|pair| pair.case.clone()).collect();
    if plain.reading.is_taken() {
        outcomes.extend(with_texts(&bench, &plain).await);
    } else {
        let why = format!("an ordinary callback {}: mend that first", plain.fate());
        let rest =
            Check::ALL.into_iter().filter(|check| *check > Check::Duplicates && *check != Check::Burst);
        outcomes.extend(rest.map(|check| Outcome::skipped(check, phase, why.clone())));
    }
    (bench.say)(&format!("{}: {} callbacks at once", phase.name(), bench.burst));
    // Messages may be any number; a second group with the id of the first is none that a server would tell of.
    let message = bench.text("at once", Duration::ZERO).filter(|_| plain.reading.is_taken());
    let several = message.map_or(taken, |message| vec![message]);
    outcomes.push(burst::burst(&bench, &several, alone).await);
    if bench.is_over()
        && let Some(reached) = outcomes.first_mut()
    {
        let mend = "mend what is slow, or examine fewer events with --event";
        reached.overall(Level::Failure, OVER, mend);
    }
    outcomes
}

/// What is asked of receivers that take an ordinary message.
async fn with_texts(bench: &Bench<'_>, plain: &call::Called) -> Vec<Outcome> {
    let say = |what: &str| (bench.say)(&format!("{}: {what}", bench.phase().name()));
    say("odd texts");
    let mut outcomes = vec![texts::unicode(bench, plain).await];
    outcomes.push(texts::largest(bench, plain).await);
    outcomes.push(texts::refusal(bench).await);
    say("replays and signatures");
    outcomes.push(match bench.phase() {
        Phase::Before => Outcome::skipped(Check::Replay, Phase::Before, "questions are never replayed"),
        Phase::After => replay::replay(bench).await,
    });
    outcomes.push(replay::stale(bench).await);
    outcomes.push(signatures::wrong(bench).await);
    outcomes.push(signatures::missing(bench).await);
    say("slow callers");
    outcomes.push(slow::sending(bench).await);
    outcomes.push(slow::reading(bench, plain).await);
    outcomes
}

#[cfg(test)]
mod tests;
