//! What before-rules said, and why others were not asked.

use std::collections::BTreeSet;

use ringback_model::conversation::Target;
use ringback_model::delivery::Answer;
use ringback_model::event::{Event, EventKind, Facets, Fact, Phase, Question, Subject};
use ringback_model::ids::{GroupId, LogPos, UserId};
use ringback_model::limits;
use ringback_model::message::{Content, ContentClass, Origin};
use ringback_model::rule::Rule;
use ringback_model::sample;
use ringback_model::time::UnixMs;
use ringback_model::trace::{Asked, QuestionEnd, Questioned, Trace, Traced};

use super::asked_as;
use super::report::{Call, Line, State};
use super::search::Known;
use super::told::line;
use super::words::{instant, quoted, span};
use crate::engine::Engine;
use crate::live::{LiveRule, LiveVersion};
use crate::webhook_id;

/// Moments at which a message may be asked about, in the order in which it meets them.
const OF_MESSAGES: [EventKind; 5] = [
    EventKind::MessageScreening,
    EventKind::MessageSending,
    EventKind::MessageRewriting,
    EventKind::OnlinePushing,
    EventKind::OfflinePushing,
];
/// Of those, the ones before it is sent.
const BEFORE_SENDING: usize = 3;
/// Before what of an answer does not mean what it seems to.
pub(super) const MISREAD: &str = ". But ";
/// Characters of an answer in the middle of a sentence.
const ANSWER_CHARS: usize = 200;

impl Engine {
    /// What this rule said, at each moment at which it may have been asked.
    pub(super) fn asked(&self, live: &LiveRule, known: &Known, questions: &[&Questioned]) -> Vec<Line> {
        let kinds = moments(known, questions);
        kinds.into_iter().filter_map(|kind| asked_at(live, kind, known, questions)).collect()
    }
}

/// The moments at which rules may have been asked.
fn moments(known: &Known, questions: &[&Questioned]) -> Vec<EventKind> {
    match known.event.as_deref() {
        Some(event) if event.sent().is_some() => OF_MESSAGES.to_vec(),
        Some(event) => {
            let asked = questions.iter().map(|question| question.kind);
            let kinds: BTreeSet<EventKind> = asked.chain(asked_as(event)).collect();
            kinds.into_iter().collect()
        }
        None => {
            let mut kinds: Vec<EventKind> = questions.iter().map(|question| question.kind).collect();
            if kinds.iter().any(|kind| OF_MESSAGES.contains(kind) || kind.phase() == Phase::After) {
                kinds.extend(OF_MESSAGES.iter().take(BEFORE_SENDING));
            }
            kinds.retain(|kind| kind.phase() == Phase::Before);
            kinds.sort_unstable();
            kinds.dedup();
            kinds
        }
    }
}

/// `None` where the rule is not about this moment.
fn asked_at(live: &LiveRule, kind: EventKind, known: &Known, questions: &[&Questioned]) -> Option<Line> {
    let question = questions.iter().copied().find(|question| question.kind == kind);
    let asking = rebuilt(kind, known, question.or_else(|| questions.first().copied()));
    let calls: Vec<Heard<'_>> = known
        .traces
        .iter()
        .filter_map(|trace| match &trace.what {
            Traced::Asked(asked) if asked.rule == *live.id() && asked.kind == kind => {
                Some(Heard { trace, asked, misgivings: misgivings(live, asking.as_ref(), asked) })
            }
            _ => None,
        })
        .collect();
    if let Some(Heard { trace: first, .. }) = calls.first() {
        let refused = question.is_some_and(|question| question.end == QuestionEnd::Refused);
        // Whoever was asked last is who refused.
        let last = known.traces.iter().rev().find_map(|trace| match &trace.what {
            Traced::Asked(asked) if asked.kind == kind => Some(&asked.rule),
            _ => None,
        });
        let stopped = refused && last == Some(live.id());
        let (state, words) = said(&live.rule, &calls, stopped);
        let calls = calls.iter().map(|heard| call(heard.trace, heard.asked)).collect();
        let id = first.number.map(|number| webhook_id::of_question(live.id(), number, kind, 0));
        let id = id.unwrap_or_default();
        return Some(Line { at: Some(first.at), webhook_id: id, calls, ..line(live, kind, state, words) });
    }
    let pos = match (question, known.event.as_deref()) {
        (Some(question), _) => question.after.next(),
        (None, Some(event)) => event.pos,
        (None, None) => questions.first().map_or(LogPos(u64::MAX), |question| question.after.next()),
    };
    let seen = question.or_else(|| questions.first().copied());
    let (state, words) = not_asked(live, kind, pos, known, seen)?;
    Some(line(live, kind, state, words))
}

/// One call, and what of its answer does not mean what it seems to.
struct Heard<'a> {
    trace: &'a Trace,
    asked: &'a Asked,
    misgivings: Vec<String>,
}

/// Looked for by those who ask why, not by those who wait for the answer. One that is remembered in part says nothing.
fn misgivings(live: &LiveRule, question: Option<&Question>, asked: &Asked) -> Vec<String> {
    let version = live.versions.iter().find(|version| version.rule.version == asked.version);
    let (Some(version), Some(question)) = (version.or(live.newest()), question) else { return Vec::new() };
    if asked.status == 0 || asked.answer.len() >= limits::TRACE_TEXT_BYTES {
        return Vec::new();
    }
    let answer = Answer { status: asked.status, body: asked.answer.clone().into_bytes(), cut: false };
    version.contract.misgivings(&version.rule, question, &answer)
}

/// Why it was not asked; `None` where it is not about this moment.
fn not_asked(
    live: &LiveRule,
    kind: EventKind,
    pos: LogPos,
    known: &Known,
    seen: Option<&Questioned>,
) -> Option<(State, String)> {
    let about_it = live.newest().is_some_and(|version| version.kinds.contains(&kind));
    let first = live.versions.first().map_or(LogPos::ZERO, |first| first.since);
    let version = live.version_at(pos).filter(|_| pos > first);
    let Some(version) = version else {
        let words = format!("was made later, at {}", instant(made_at(live)));
        return about_it.then_some((State::NotThere, words));
    };
    if !version.rule.enabled {
        // Which moments it would be about is not computed for a rule that is off.
        let would = version.contract.kinds(&version.rule).is_ok_and(|kinds| kinds.contains(&kind));
        let question = rebuilt(kind, known, seen);
        let skips =
            question.is_some_and(|question| version.contract.question(&version.rule, &question).is_err());
        let words = if live.rule.enabled {
            "was off then".to_owned()
        } else {
            format!("is off, since {}", instant(live.rule.changed_at))
        };
        return (would && !skips).then_some((State::Off, words));
    }
    if !version.kinds.contains(&kind) {
        return None;
    }
    let rebuilt = rebuilt(kind, known, seen);
    let facets = rebuilt.as_ref().map(|question| question.subject.facets()).or(seen.map(facets));
    let origin = seen.map(|seen| seen.origin).or(known.event.as_deref().map(|event| event.fact.origin()));
    if let (Some(facets), Some(origin)) = (facets, origin)
        && let Err(no) = version.selects(facets, origin)
    {
        return Some((State::Filtered, selector_words(&version.rule, no.selector, &no.value)));
    }
    if let Some(question) = &rebuilt
        && let Err(skip) = version.contract.question(&version.rule, question)
    {
        return Some((State::Skipped, format!("is not asked about it: {}", skip.0)));
    }
    Some((State::NotAsked, nothing_remembered(kind, seen)))
}

/// When the first version of it that is known was made.
pub(super) fn made_at(live: &LiveRule) -> UnixMs {
    live.versions.first().map_or(live.since, |first| first.rule.changed_at)
}

fn nothing_remembered(kind: EventKind, seen: Option<&Questioned>) -> String {
    let refused = seen.is_some_and(|seen| seen.end == QuestionEnd::Refused);
    if refused {
        return "was not asked: another rule had refused it before".to_owned();
    }
    match kind {
        EventKind::OnlinePushing | EventKind::OfflinePushing => {
            "is about it; nobody was pushed to, or nothing is remembered of its being asked".to_owned()
        }
        _ => "is about it, but nothing is remembered of its being asked".to_owned(),
    }
}

/// A question like the one that was asked, for contracts to say whether they ask it.
fn rebuilt(kind: EventKind, known: &Known, seen: Option<&Questioned>) -> Option<Question> {
    match known.event.as_deref() {
        Some(event) => question_of(kind, event),
        None => from_memory(kind, seen?),
    }
}

/// The question that an event must have been, at one of the moments before it.
pub(super) fn question_of(kind: EventKind, event: &Event) -> Option<Question> {
    match &event.fact {
        Fact::MessageSent(_) if !OF_MESSAGES.contains(&kind) => None,
        Fact::MessageSent(sent) => {
            let message = sent.message.as_ref().clone();
            let question = match kind {
                EventKind::OnlinePushing | EventKind::OfflinePushing => {
                    let user = sent.offline.first().cloned().unwrap_or_else(|| message.sender.clone());
                    sample::push_question(kind, message, user)
                }
                _ => sample::question(kind, message),
            };
            Some(Question {
                origin: sent.origin,
                actor_is_admin: sent.sender_is_admin,
                at: event.at,
                ..question
            })
        }
        Fact::Done(done) => {
            sample::action_question(done.action.clone(), event.at).filter(|it| it.kind == kind)
        }
    }
}

/// Of a message that was refused, or only handed to devices.
fn from_memory(kind: EventKind, seen: &Questioned) -> Option<Question> {
    let content = seen.content.clone()?;
    let sender = UserId::parse(&seen.from).ok()?;
    let target = match (&seen.group, &seen.user) {
        (Some(group), _) => Target::Group(GroupId::parse(group).ok()?),
        (None, user) => Target::User(UserId::parse(user.as_deref()?).ok()?),
    };
    let message = sample::message(sender, target, content, UnixMs(0));
    let message = ringback_model::message::Message { ex: seen.ex.clone(), ..message };
    Some(Question { origin: seen.origin, ..sample::question(kind, message) })
}

fn facets(seen: &Questioned) -> Facets<'_> {
    Facets {
        from: &seen.from,
        user: seen.user.as_deref(),
        group: seen.group.as_deref(),
        ex: &seen.ex,
        content: seen.content.as_ref(),
    }
}

fn call(trace: &Trace, asked: &Asked) -> Call {
    Call {
        at: trace.at,
        attempt: 1,
        outcome: asked.outcome.to_string(),
        status: asked.status,
        took_us: asked.took_us,
        error: asked.error.clone(),
        answer: asked.answer.clone(),
        resent: false,
    }
}

/// What a rule said, and what was made of it. `stopped` = after it, nobody was asked any more.
fn said(rule: &Rule, calls: &[Heard<'_>], stopped: bool) -> (State, String) {
    let last = calls.iter().rev();
    // Of several parts, the one that decides.
    let failed = |heard: &&Heard<'_>| !matches!(&*heard.asked.outcome, "allowed" | "refused");
    let decisive = last
        .clone()
        .find(|heard| heard.asked.outcome == "refused")
        .or_else(|| last.clone().find(failed))
        .or_else(|| last.clone().find(|heard| !heard.asked.changes.is_empty()))
        .or_else(|| last.clone().next());
    let Some(heard) = decisive else { return (State::NotAsked, String::new()) };
    let asked = heard.asked;
    let after = format!("{} after {}", asked.status, span(asked.took_us));
    let (state, words) = match &*asked.outcome {
        "allowed" if asked.changes.is_empty() => {
            (State::Allowed, format!("was asked, and allowed it: answered {after}"))
        }
        "allowed" => {
            let changes = asked.changes.join(", ");
            (State::Changed, format!("was asked, and changed {changes}: answered {after}"))
        }
        "refused" => {
            let answer = quoted(&asked.answer, ANSWER_CHARS);
            (State::Refused, format!("was asked, and refused it: answered {after}: {answer}"))
        }
        _ => {
            let (state, policy) = match stopped {
                true => (State::FailedRefused, "By the rule's policy it was refused"),
                false => (State::FailedPassed, "By the rule's policy it passed all the same"),
            };
            return (state, format!("was asked, and gave no verdict: {}. {policy}", failure(rule, heard)));
        }
    };
    (state, words + &misread(heard))
}

/// What of a verdict does not mean what it seems to, and the answer, so that it can be found there.
fn misread(Heard { asked, misgivings, .. }: &Heard<'_>) -> String {
    if misgivings.is_empty() {
        return String::new();
    }
    let but: String = misgivings.iter().map(|it| format!("{MISREAD}{}", it.trim_end_matches('.'))).collect();
    // A refusal has quoted it already.
    let answer = match &*asked.outcome {
        "refused" => String::new(),
        _ => format!(" (the answer was: {})", quoted(&asked.answer, ANSWER_CHARS)),
    };
    but + &answer
}

/// Why an answer is none.
fn failure(rule: &Rule, Heard { asked, misgivings, .. }: &Heard<'_>) -> String {
    let took = span(asked.took_us);
    match &*asked.outcome {
        "timeout" => {
            let allowed = u64::from(rule.policy.timeout_ms).saturating_mul(1_000);
            let less = if asked.took_us < allowed {
                ", and its message had no more time left at the gate"
            } else {
                ""
            };
            format!("the answer took more than {took}, the rule's timeout is {}{less}", span(allowed))
        }
        "unusable" => {
            let answer = quoted(&asked.answer, ANSWER_CHARS);
            // What the contract says about such an answer says more than what the reading of it ran into.
            let error = match misgivings.is_empty() {
                true => quoted(&asked.error, ANSWER_CHARS),
                false => misgivings.join("; "),
            };
            format!("{error} (status {} after {took}; the answer was: {answer})", asked.status)
        }
        _ => format!("{} (after {took})", quoted(&asked.error, ANSWER_CHARS)),
    }
}

/// A selector that said no, with the value that it was compared with.
pub(super) fn selector_words(rule: &Rule, selector: &str, value: &str) -> String {
    let selectors = &rule.selectors;
    let listed = |list: &[String]| {
        let shown: Vec<&str> = list.iter().take(5).map(String::as_str).collect();
        let more = if list.len() > shown.len() { ", …" } else { "" };
        format!("{}{more}", shown.join(", "))
    };
    let wants = match selector {
        "denied_types" => {
            let denied: Vec<String> = selectors.denied_types.iter().map(ToString::to_string).collect();
            return format!("does not match: denied_types has {value} (it denies {})", denied.join(", "));
        }
        "attention" => {
            let both = [selectors.attention.users.clone(), selectors.attention.groups.clone()].concat();
            listed(&both)
        }
        "from" => listed(&selectors.from),
        "to" => listed(&selectors.to),
        "groups" => listed(&selectors.groups),
        "ext_keys" => listed(&selectors.ext_keys),
        "origins" => {
            let name = |origin: &Origin| if *origin == Origin::Client { "client" } else { "rest" };
            selectors.origins.iter().map(name).collect::<Vec<_>>().join(", ")
        }
        _ => String::new(),
    };
    format!("does not match: {selector} wants {wants}; here it is {value}")
}

/// Whether it is the sign that somebody writes.
pub(super) fn is_typing(content: Option<&Content>) -> bool {
    content.is_some_and(|content| content.class == ContentClass::Typing)
}

/// What a version would be asked about something made up, and why not.
pub(super) fn would_ask(version: &LiveVersion, question: &Question) -> (State, String) {
    if let Err(no) = version.selects(question.subject.facets(), question.origin) {
        return (State::Filtered, selector_words(&version.rule, no.selector, &no.value));
    }
    match version.contract.question(&version.rule, question) {
        Err(skip) => (State::Skipped, format!("would not be asked: {}", skip.0)),
        Ok(outbound) => (State::Matched, format!("would be asked, at {}", outbound.url)),
    }
}

/// The moment of a message that a subject has before it is sent.
pub(super) fn moments_of(subject: &Subject) -> Vec<EventKind> {
    match subject {
        Subject::Message(message) => {
            let text = message.content.class == ContentClass::Text;
            OF_MESSAGES.into_iter().take(BEFORE_SENDING).skip(usize::from(!text)).collect()
        }
        Subject::Push(_) => vec![EventKind::OnlinePushing, EventKind::OfflinePushing],
        Subject::Action(action) => action.asked_as().into_iter().collect(),
    }
}
