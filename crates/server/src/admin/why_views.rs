//! How the answer to "why" is shown. Field names and meanings are a promise: fields are added, never renamed or taken
//! away.

use ringback_callbacks::why::report::{About, Call, Line, Report};
use ringback_model::message::Origin;
use schemars::JsonSchema;
use serde::Serialize;

use crate::rules::start::show_time;

/// Why callbacks came, or did not.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Why")]
pub(super) struct WhyView {
    /// What was asked for.
    id: String,
    /// Everything with that id, oldest first.
    subjects: Vec<SubjectView>,
    /// There are more than are shown; these are the newest.
    more: bool,
    /// When the oldest call was made that is remembered; null = none is.
    remembered_since: Option<String>,
    /// What limits the answer; sentences.
    notes: Vec<String>,
}

/// A message or action, and what came of it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "WhySubject")]
struct SubjectView {
    /// The message's number, or that of the action; decimal.
    number: String,
    /// The same in 32 hexadecimal digits.
    server_msg_id: String,
    /// The moment in the catalogue.
    event: &'static str,
    /// The caller's id for the call that caused it.
    operation_id: String,
    /// The client's id; empty = it has none.
    client_id: String,
    /// Its conversation, or another lane.
    lane: String,
    /// Who acts; empty = nobody in particular.
    from: String,
    /// To whom.
    to: Option<String>,
    /// In which group.
    group: Option<String>,
    /// `client` or `rest`.
    origin: &'static str,
    /// Its number in the conversation; 0 = it is not kept there.
    seq: u64,
    /// Its position in the log; null = it is not there.
    position: Option<u64>,
    /// When it was committed, else when it came in.
    at: String,
    /// `logged`, `refused`, `handed_only`, `unknown` or `hypothetical`.
    end: &'static str,
    /// What each rule had to do with it: before-rules, then after-rules, in time order.
    lines: Vec<LineView>,
    /// What to do; sentences. Empty = nothing.
    advice: Vec<String>,
}

/// What one rule had to do with it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "WhyLine")]
struct LineView {
    /// When; null = it cost no time.
    at: Option<String>,
    /// Id of the rule.
    rule: String,
    /// Its name.
    name: String,
    /// `before` or `after`.
    phase: &'static str,
    /// The moment in the catalogue.
    event: &'static str,
    /// A word for programs: `not_there`, `off`, `filtered`, `skipped`, `matched`, `not_asked`, `allowed`, `changed`,
    /// `refused`, `failed_passed`, `failed_refused`, `ahead`, `waiting`, `behind`, `delivered`, `parked`, `dropped`,
    /// `expired`, `purged`, `unrendered` or `untold`.
    state: &'static str,
    /// The same for people; continues the rule's name.
    words: String,
    /// Which copy of the event; null = there is one, or it is about all.
    copy: Option<u32>,
    /// Whom the copy is about; null = nobody in particular.
    recipient: Option<String>,
    /// Id by which the receiver knows the callback; null = none was rendered.
    webhook_id: Option<String>,
    /// When something happens to it next.
    next: Option<String>,
    /// Calls that were made, as far as they are remembered; oldest first.
    calls: Vec<CallView>,
}

/// One call.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "WhyCall")]
struct CallView {
    /// When it began.
    at: String,
    /// Which attempt, from 1.
    attempt: u32,
    /// A word for programs, as in metrics.
    outcome: String,
    /// HTTP status; null = there was no answer.
    status: Option<u16>,
    /// Milliseconds until the answer.
    took_ms: f64,
    /// Why it failed; null where it did not.
    error: Option<String>,
    /// The answer, cut; of before-callbacks only.
    answer: Option<String>,
    /// Somebody asked for it: out of storage, or a replay.
    resent: bool,
}

impl WhyView {
    pub(super) fn of(id: &str, report: &Report) -> Self {
        Self {
            id: id.to_owned(),
            subjects: report.subjects.iter().map(SubjectView::of).collect(),
            more: report.more,
            remembered_since: report.remembered_since.map(show_time),
            notes: report.notes.clone(),
        }
    }
}

impl SubjectView {
    fn of(about: &About) -> Self {
        Self {
            number: about.number.to_string(),
            server_msg_id: about.number.to_hex(),
            event: about.kind.name(),
            operation_id: about.operation_id.clone(),
            client_id: about.client_id.clone(),
            lane: about.lane.to_string(),
            from: about.from.clone(),
            to: about.user.clone(),
            group: about.group.clone(),
            origin: if about.origin == Origin::Client { "client" } else { "rest" },
            seq: about.seq,
            position: about.pos.map(|pos| pos.0),
            at: show_time(about.at),
            end: about.end.name(),
            lines: about.lines.iter().map(LineView::of).collect(),
            advice: about.advice.clone(),
        }
    }
}

impl LineView {
    fn of(line: &Line) -> Self {
        Self {
            at: line.at.map(show_time),
            rule: line.rule.to_string(),
            name: line.name.clone(),
            phase: line.phase.name(),
            event: line.kind.name(),
            state: line.state.name(),
            words: line.words.clone(),
            copy: line.copy,
            recipient: line.recipient.as_ref().map(ToString::to_string),
            webhook_id: filled(&line.webhook_id),
            next: line.next.map(show_time),
            calls: line.calls.iter().map(CallView::of).collect(),
        }
    }
}

impl CallView {
    fn of(call: &Call) -> Self {
        #[allow(clippy::cast_precision_loss, reason = "a time for people to read")]
        let took_ms = call.took_us as f64 / 1000.0;
        Self {
            at: show_time(call.at),
            attempt: call.attempt,
            outcome: call.outcome.clone(),
            status: (call.status > 0).then_some(call.status),
            took_ms,
            error: filled(&call.error),
            answer: filled(&call.answer),
            resent: call.resent,
        }
    }
}

fn filled(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}
