//! One call, and how a server would read its answer.

use std::time::Duration;

use ringback_callbacks::CallError;
use ringback_model::delivery::Answer;
use ringback_model::dialect::{Acceptance, Contract};
use ringback_model::verdict::Verdict;

use super::case::Case;

/// A call that was made.
#[derive(Debug, Clone)]
pub(super) struct Called {
    /// The name of its event.
    pub(super) event: String,
    /// What came back.
    pub(super) answer: Result<Answer, CallError>,
    /// From sending to the answer.
    pub(super) took: Duration,
    /// What a server makes of it.
    pub(super) reading: Reading,
}

impl Called {
    /// Status of the answer; 0 where there is none.
    pub(super) fn status(&self) -> u16 {
        self.answer.as_ref().map_or(0, |answer| answer.status)
    }

    /// What happened, in words that follow "it", for sentences.
    pub(super) fn fate(&self) -> String {
        match &self.reading {
            Reading::Nothing(why) => format!("gets no answer ({why})"),
            Reading::Redirect => format!("is sent elsewhere with status {}", self.status()),
            Reading::Status => format!("is answered with status {}", self.status()),
            Reading::Wrong(why) => format!("is answered with status {}, but {why}", self.status()),
            Reading::Taken(_) => format!("is taken with status {}", self.status()),
        }
    }
}

/// How a server reads an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reading {
    /// There was none, and why.
    Nothing(String),
    /// It sends the caller elsewhere.
    Redirect,
    /// Its status alone makes it none.
    Status,
    /// It is none, and why.
    Wrong(String),
    /// It counts.
    Taken(Taken),
}

impl Reading {
    /// Whether the callback is over and done with.
    pub(super) const fn is_taken(&self) -> bool {
        matches!(self, Self::Taken(_))
    }

    /// Whether the answer says that the caller made a mistake, which is what a refused signature should say.
    pub(super) fn is_turned_away(&self, status: u16) -> bool {
        *self == Self::Status && (400..500).contains(&status)
    }
}

/// What an answer that counts says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Taken {
    /// Go on, and whether something changes.
    Allowed { changed: bool },
    /// Stop, with this code and text.
    Refused(Option<i32>, String),
    /// It has been told.
    Told,
    /// It has been told, and something is wrong with the answer.
    ToldBadly(&'static str),
}

/// Reads what came back for a case.
pub(super) fn read(contract: &dyn Contract, case: &Case, answer: &Result<Answer, CallError>) -> Reading {
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => return Reading::Nothing(error.text.clone()),
    };
    if (300..400).contains(&answer.status) {
        return Reading::Redirect;
    }
    match taken(contract, case, answer) {
        Ok(taken) => Reading::Taken(taken),
        Err(_) if !(200..300).contains(&answer.status) => Reading::Status,
        // Some contracts take one status alone.
        Err(_) if taken(contract, case, &Answer { status: 200, ..answer.clone() }).is_ok() => Reading::Status,
        Err(why) => Reading::Wrong(why),
    }
}

fn taken(contract: &dyn Contract, case: &Case, answer: &Answer) -> Result<Taken, String> {
    if let Some(question) = &case.tried.question {
        return match contract.verdict(&case.rule, question, answer) {
            Ok(Verdict::Allow { changes }) => Ok(Taken::Allowed { changed: !changes.is_empty() }),
            Ok(Verdict::Refuse(refusal)) => Ok(Taken::Refused(refusal.code, refusal.text)),
            Err(wrong) => Err(wrong.0),
        };
    }
    match contract.accepted(&case.rule, answer) {
        Acceptance::Delivered => Ok(Taken::Told),
        Acceptance::DeliveredBadly(why) => Ok(Taken::ToldBadly(why)),
        Acceptance::Failed(why) => Err(why),
    }
}
