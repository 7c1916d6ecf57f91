//! What the gate leaves for those who ask why.

use std::time::Duration;

use ringback_model::event::{Lane, Question, Subject};
use ringback_model::failure::Failure;
use ringback_model::ids::LogPos;
use ringback_model::limits;
use ringback_model::message::Content;
use ringback_model::time::UnixMs;
use ringback_model::trace::{Asked, Names, QuestionEnd, Questioned, Trace, Traced};

use crate::caller::Response;
use crate::live::{LiveRule, LiveVersion};
use crate::recorder::{cut, micros};

use super::answer::{Answered, Asked as Answer, Silence};

/// What was asked about, as the first rule saw it. It stands for the question whatever rules change.
pub(super) fn first_seen(question: &Question, after: LogPos) -> Trace {
    let facets = question.subject.facets();
    let (message, lane) = match &question.subject {
        Subject::Message(message) => (Some(&**message), Lane::conversation(&message.conversation())),
        Subject::Push(plan) => (Some(&*plan.message), Lane::conversation(&plan.message.conversation())),
        Subject::Action(action) => (None, action.lane()),
    };
    let client_id = message.map(|message| message.client_id.clone()).unwrap_or_default();
    let content = facets.content.map(|content| Content { raw: whole(&content.raw), ..without_raw(content) });
    Trace {
        at: question.at,
        number: Some(question.number),
        operation_id: Some(question.operation_id.clone()),
        names: Names::of(&[&question.operation_id, &client_id]),
        what: Traced::Questioned(Box::new(Questioned {
            kind: question.kind,
            after,
            origin: question.origin,
            operation_id: question.operation_id.clone(),
            lane,
            from: facets.from.to_owned(),
            user: facets.user.map(str::to_owned),
            group: facets.group.map(str::to_owned),
            ex: whole(facets.ex),
            content,
            client_id,
            end: QuestionEnd::Passed,
            took_us: 0,
        })),
    }
}

/// A text that is short enough to be remembered; a part of one would be read as something else.
fn whole(text: &str) -> String {
    if text.len() <= limits::TRACE_TEXT_BYTES { text.to_owned() } else { String::new() }
}

fn without_raw(content: &Content) -> Content {
    Content { form: content.form.clone(), class: content.class, code: content.code, raw: String::new() }
}

/// The question is over.
pub(super) fn ended(mut trace: Trace, result: Result<(), &Failure>, took: Duration) -> Trace {
    if let Traced::Questioned(questioned) = &mut trace.what {
        questioned.took_us = micros(took);
        questioned.end = match result {
            Ok(()) => QuestionEnd::Passed,
            Err(Failure::Refused(_)) => QuestionEnd::Refused,
            Err(Failure::Fault(_)) => QuestionEnd::Broke,
        };
    }
    trace
}

/// One call to a rule.
pub(super) struct Call<'a> {
    pub(super) question: &'a Question,
    pub(super) part: u32,
    pub(super) webhook_id: &'a str,
    pub(super) body: &'a [u8],
    pub(super) began: UnixMs,
    pub(super) took: Duration,
}

impl Call<'_> {
    /// What came of it. `response` is the answer as it came; `None` = none did.
    pub(super) fn noted(
        &self,
        (rule, version): (&LiveRule, &LiveVersion),
        response: Option<&Response>,
        answer: &Answer,
    ) -> Trace {
        let question = self.question;
        let answered = response.map(|response| &response.answer);
        Trace {
            at: self.began,
            number: Some(question.number),
            operation_id: Some(question.operation_id.clone()),
            names: Names::of(&[
                &question.operation_id,
                self.webhook_id,
                version.contract.call_id(self.body).unwrap_or_default(),
            ]),
            what: Traced::Asked(Box::new(Asked {
                rule: rule.id().clone(),
                version: version.rule.version,
                kind: question.kind,
                part: self.part,
                took_us: micros(self.took),
                outcome: answer.outcome.into(),
                status: answer.status,
                answer: answered.map(|answer| text_of(&answer.body)).unwrap_or_default(),
                error: answer.result.as_ref().err().map(error_of).unwrap_or_default(),
                changes: changes(&answer.result),
            })),
        }
    }
}

fn text_of(body: &[u8]) -> String {
    // One byte that is cut in half at the end is no reason to keep more than that.
    let body = body.get(..limits::TRACE_TEXT_BYTES).unwrap_or(body);
    cut(&String::from_utf8_lossy(body)).to_owned()
}

fn error_of(silence: &Silence) -> String {
    cut(&silence.text).to_owned()
}

/// The names of what an answer changed.
fn changes(result: &Result<Answered, Silence>) -> Vec<String> {
    match result {
        Ok(Answered::Changed { fields, .. }) => fields.clone(),
        _ => Vec::new(),
    }
}
