//! One call, as it was seen and answered.

use ringback_model::dialect::{Described, Effect, Instruction};
use ringback_model::time::UnixMs;

use super::behaviour::{Plan, Reply};
use super::signature::Signature;

/// One call.
#[derive(Debug, Clone)]
pub struct Call {
    /// Counts calls of this receiver from 1.
    pub number: u64,
    /// When its body had arrived.
    pub at: UnixMs,
    /// Path and query, as asked for.
    pub path: String,
    /// What it says; `None` where it is no callback of any dialect.
    pub described: Option<Described>,
    /// Header `webhook-id`: the same on every attempt of a delivery.
    pub webhook_id: Option<String>,
    /// How often this id has come, this time included; 1 for calls without one.
    pub seen: u32,
    /// Whether it was signed.
    pub signature: Signature,
    /// What it is answered.
    pub told: Told,
}

impl Call {
    /// Whether its id has come before.
    #[must_use]
    pub const fn is_duplicate(&self) -> bool {
        self.seen > 1
    }
}

/// What a call is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// HTTP status; `None` where there is no answer.
    pub status: Option<u16>,
    /// What the answer means; `None` for bare statuses, raw bodies and silence.
    pub effect: Option<Effect>,
    /// The answer in words.
    pub words: String,
    /// What was wanted and could not be done.
    pub remark: Option<&'static str>,
    /// How long the answer waits, milliseconds.
    pub delay_ms: u64,
}

impl Told {
    /// What a plan comes to. `said` is what the dialect made of an instruction; `None` where no dialect knows the
    /// call, which is then answered with an empty object.
    #[must_use]
    pub fn of(plan: &Plan, said: Option<(Effect, Option<&'static str>)>) -> Self {
        let delay_ms = u64::try_from(plan.delay.as_millis()).unwrap_or(u64::MAX);
        let (status, effect, words, remark) = match &plan.reply {
            Reply::Say(instruction) => match said {
                Some((effect, remark)) => (Some(200), Some(effect), spoken(effect, instruction), remark),
                None => (Some(200), None, "{}".to_owned(), Some("not a callback that is known here")),
            },
            Reply::Status { code, retry_after_s: None } => {
                (Some(*code), None, format!("status {code}"), None)
            }
            Reply::Status { code, retry_after_s: Some(seconds) } => {
                (Some(*code), None, format!("status {code}, retry after {seconds} s"), None)
            }
            Reply::Raw(body) => (Some(200), None, format!("raw body of {} bytes", body.len()), None),
            Reply::Close => (None, None, "connection closed".to_owned(), None),
            Reply::Hang => (None, None, "no answer".to_owned(), None),
        };
        Self { status, effect, words, remark, delay_ms }
    }

    /// A call that was turned away before anybody looked at it.
    #[must_use]
    pub fn turned_away(status: u16, words: &str) -> Self {
        Self { status: Some(status), effect: None, words: words.to_owned(), remark: None, delay_ms: 0 }
    }
}

fn spoken(effect: Effect, instruction: &Instruction) -> String {
    match (effect, instruction) {
        (Effect::Refused, Instruction::Deny { code, text }) => format!("refused {code} {text}"),
        (Effect::Replaced, Instruction::Replace { text }) => format!("replaced by {text:?}"),
        _ => effect_name(effect).to_owned(),
    }
}

/// Stable name of an effect.
#[must_use]
pub const fn effect_name(effect: Effect) -> &'static str {
    match effect {
        Effect::Allowed => "allowed",
        Effect::Refused => "refused",
        Effect::Replaced => "replaced",
        Effect::Noted => "noted",
    }
}
