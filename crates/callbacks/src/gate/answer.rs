//! What a rule's answer comes to.

use ringback_model::event::{Question, Subject};
use ringback_model::failure::{CallbackRefusal, Failure, RefusalCode};
use ringback_model::verdict::{AnswerCheck, Verdict};

use crate::caller::{CallError, CallErrorKind, Response};
use crate::live::LiveVersion;

/// Why a question got no verdict.
pub(super) struct Silence {
    pub(super) code: RefusalCode,
    /// For us; may name addresses.
    pub(super) text: String,
    /// For the sender.
    pub(super) shown: &'static str,
}

/// What a rule's answer comes to.
pub(super) enum Answered {
    /// The contract does not ask about such a thing.
    Unasked,
    /// Nothing is to be changed.
    Same,
    /// It is to be something else.
    Changed {
        /// This.
        subject: Subject,
        /// The names of what is different.
        fields: Vec<String>,
    },
    /// It is not to be.
    No(CallbackRefusal),
}

/// One question to one rule, answered or not.
pub(super) struct Asked {
    pub(super) result: Result<Answered, Silence>,
    pub(super) outcome: &'static str,
    pub(super) status: u16,
}

/// Reads an answer, and has checked what it makes of the subject.
///
/// # Errors
/// The fault of the check.
pub(super) async fn judge(
    version: &LiveVersion,
    question: &Question,
    answer: &Result<Response, CallError>,
    check: &dyn AnswerCheck,
) -> Result<Asked, Failure> {
    let response = match answer {
        Ok(response) => response,
        Err(error) => return Ok(unanswered(error)),
    };
    let status = response.answer.status;
    let (outcome, result) = match version.contract.verdict(&version.rule, question, &response.answer) {
        Ok(Verdict::Refuse(refusal)) => ("refused", Ok(Answered::No(refusal))),
        Ok(Verdict::Allow { changes }) if changes.is_empty() => ("allowed", Ok(Answered::Same)),
        Ok(Verdict::Allow { changes }) => {
            let mut subject = question.subject.clone();
            changes.into_iter().for_each(|change| change.apply(&mut subject));
            match check.check(subject).await {
                Ok(subject) => ("allowed", Ok(changed(&question.subject, subject))),
                Err(Failure::Refused(refusal)) => ("unusable", Err(unusable(refusal.detail))),
                Err(fault) => return Err(fault),
            }
        }
        Err(wrong) => ("unusable", Err(unusable(wrong.0))),
    };
    Ok(Asked { result, outcome, status })
}

/// What is made of a subject that an answer changed.
pub(super) fn changed(before: &Subject, subject: Subject) -> Answered {
    let fields = before.differences(&subject);
    Answered::Changed { subject, fields }
}

/// No answer came, or one of which the end is missing.
fn unanswered(error: &CallError) -> Asked {
    let code = match error.kind {
        // An answer that is too long came back, but cannot be used.
        CallErrorKind::TooLong => RefusalCode::CallbackUnusable,
        _ => RefusalCode::CallbackUnreachable,
    };
    let silence = Silence { code, text: error.to_string(), shown: error.kind.name() };
    Asked { result: Err(silence), outcome: error.kind.name(), status: 0 }
}

/// An answer that cannot be used.
pub(super) fn unusable(text: String) -> Silence {
    Silence { code: RefusalCode::CallbackUnusable, text, shown: "unusable answer" }
}
