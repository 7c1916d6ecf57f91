//! Where calls are made, counted and bounded.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use ringback_callbacks::pace::Pace;
use ringback_callbacks::{CallError, CallErrorKind, CallPolicy, Caller};
use ringback_model::dialect::Contract;
use ringback_model::event::Phase;
use ringback_model::limits;
use ringback_model::message::Message;
use ringback_model::ports::Clock;
use ringback_model::rule::Rule;
use ringback_model::time::UnixMs;
use tokio::time::Instant;

use super::call::{Called, read};
use super::case::{Case, Workshop};

/// What all checks of one phase share.
pub(super) struct Bench<'a> {
    pub(super) contract: &'a dyn Contract,
    /// A rule of the phase, as the receiver's operator would have it.
    pub(super) rule: Rule,
    /// Names of events; empty = all.
    pub(super) events: &'a [String],
    pub(super) caller: &'a dyn Caller,
    pub(super) clock: &'a dyn Clock,
    /// The next number; each makes another id.
    pub(super) numbers: &'a AtomicU64,
    /// Calls so far, of all phases.
    pub(super) calls: &'a AtomicUsize,
    /// When the examination ends, whatever is left to do.
    pub(super) until: Instant,
    /// Time within which the contract wants an answer.
    pub(super) timeout: Duration,
    pub(super) burst: usize,
    pub(super) refused: Option<&'a str>,
    pub(super) samples: fn(UnixMs) -> Vec<Message>,
    pub(super) texts: fn(&str, UnixMs) -> Vec<Message>,
    pub(super) say: &'a (dyn Fn(&str) + Sync),
}

/// How one call differs from what a rule would send.
#[derive(Debug, Clone, Default)]
pub(super) struct Manner {
    /// Headers besides the rule's.
    pub(super) headers: Vec<(String, String)>,
    /// The connection dawdles.
    pub(super) pace: Option<Pace>,
    /// Other bytes than those that were signed.
    pub(super) body: Option<Vec<u8>>,
    /// When it is said to be sent, for signatures; `None` = now.
    pub(super) at: Option<UnixMs>,
}

impl Bench<'_> {
    pub(super) fn phase(&self) -> Phase {
        self.rule.phase
    }

    /// Whether connections begin with a handshake of TLS.
    pub(super) fn is_https(&self) -> bool {
        self.rule.url.get(..6).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https:"))
    }

    /// A number that no callback has had.
    pub(super) fn number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    fn workshop(&self, now: UnixMs) -> Workshop<'_> {
        Workshop { contract: self.contract, rule: &self.rule, events: self.events, now }
    }

    /// A callback of every event.
    pub(super) fn cases(&self) -> Vec<Case> {
        let now = self.clock.now();
        let cases = self.workshop(now).all(&(self.samples)(now));
        cases.into_iter().filter_map(|case| self.fresh(&case)).collect()
    }

    /// A callback about a message with these words, of this age.
    pub(super) fn text(&self, words: &str, age: Duration) -> Option<Case> {
        let then = UnixMs(self.clock.now().0.saturating_sub(i64::try_from(age.as_millis()).unwrap_or(0)));
        let about = self.workshop(then).about(&(self.texts)(words, then))?;
        self.fresh(&about)
    }

    /// The same callback about something else.
    pub(super) fn fresh(&self, case: &Case) -> Option<Case> {
        case.numbered(self.contract, self.number())
    }

    /// Whether no more calls are made.
    pub(super) fn is_over(&self) -> bool {
        Instant::now() >= self.until || self.calls.load(Ordering::Relaxed) >= limits::DOCTOR_CALLS
    }

    /// Sends a callback as its rule would.
    pub(super) async fn call(&self, case: &Case) -> Called {
        self.send(case, Manner::default()).await
    }

    /// Sends a callback.
    pub(super) async fn send(&self, case: &Case, manner: Manner) -> Called {
        let now = manner.at.unwrap_or_else(|| self.clock.now());
        let mut outbound = case.tried.outbound.clone();
        let mut headers = case.tried.headers(&case.rule, now);
        headers.extend(manner.headers);
        if let Some(body) = manner.body {
            outbound.body = Bytes::from(body);
        }
        let began = Instant::now();
        let answer = if self.is_over() {
            Err(CallError::new(CallErrorKind::Timeout, OVER))
        } else {
            self.calls.fetch_add(1, Ordering::Relaxed);
            let how = self.how(manner.pace);
            self.caller.call(&outbound, &headers, &how).await.map(|response| response.answer)
        };
        let took = began.elapsed();
        let reading = read(self.contract, case, &answer);
        Called { event: case.event.clone(), answer, took, reading }
    }

    /// Later answers than the contract wants are waited for, to tell a slow receiver from one that is not there.
    fn how(&self, pace: Option<Pace>) -> CallPolicy {
        let policy = &self.rule.policy;
        let slack = if pace.is_some() { limits::DOCTOR_SLOW * 2 } else { Duration::ZERO };
        let left = self.until.saturating_duration_since(Instant::now());
        let timeout = (self.timeout.max(limits::DOCTOR_WAIT_MIN) + slack).min(left);
        let before = CallPolicy::before(policy);
        CallPolicy {
            timeout,
            cut_long_answers: self.rule.phase == Phase::After,
            ca_file: policy.ca_file.as_ref().map(PathBuf::from),
            pace,
            ..before
        }
    }
}

/// Why a call was not made.
pub(super) const OVER: &str = "the examination has used up its time or its calls";
