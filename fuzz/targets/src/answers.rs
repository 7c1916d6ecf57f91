//! What receivers answer: in every contract, to questions and to deliveries, with any status and body, packed or not;
//! and how long they want to be left alone.
//!
//! Input: a byte for the contract, one for the question, one for the status and one for what surrounds it, the body.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{DATE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue};
use ringback_callbacks::retry_after;
use ringback_model::delivery::Answer;
use ringback_model::dialect::{Acceptance, Contract};
use ringback_model::event::{EventKind, Phase, Question};
use ringback_model::limits;
use ringback_model::message::Message;
use ringback_model::rule::Rule;
use ringback_model::sample;
use ringback_model::verdict::Verdict;
use serde_json::Value;

use crate::input::Input;
use crate::render;
use crate::seeds::{self, Seeds};
use crate::world::{contracts, group, messages};

/// Statuses that receivers use, and some that nobody does.
const STATUSES: [u16; 16] = [200, 201, 202, 204, 206, 299, 300, 302, 304, 400, 401, 404, 429, 500, 503, 999];

/// Bits of the byte about what surrounds an answer.
mod surroundings {
    /// The answer was longer than what is read of it.
    pub(super) const CUT: u8 = 1;
    /// The body came packed, which nobody asked for.
    pub(super) const PACKED: u8 = 2;
    /// The question is about a group.
    pub(super) const GROUP: u8 = 4;
    /// The sender does not learn why he was refused.
    pub(super) const HIDDEN: u8 = 8;
    /// The body is a header.
    pub(super) const HEADER: u8 = 16;
}

/// Runs the target.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let contract = input.choose(contracts());
    let asked = usize::from(input.byte());
    let status = *input.choose(&STATUSES);
    let around = input.byte();
    if around & surroundings::HEADER != 0 {
        return left_alone(input);
    }
    let is = |bit: u8| around & bit != 0;
    let plain = input.rest();
    let body = if is(surroundings::PACKED) { gzip(plain) } else { plain.to_vec() };
    let answer = Answer { status, body, cut: is(surroundings::CUT) };
    for phase in [Phase::Before, Phase::After] {
        let mut rule = sample::rule("fuzz", contract.name(), phase, "http://127.0.0.1:9/callbacks");
        rule.policy.show_error = !is(surroundings::HIDDEN);
        match phase {
            Phase::Before => {
                let kinds: Vec<EventKind> =
                    EventKind::ALL.into_iter().filter(|kind| kind.phase() == phase).collect();
                let message = about(asked / kinds.len(), is(surroundings::GROUP));
                let question = sample::question(kinds[asked % kinds.len()], message);
                verdict(contract.as_ref(), &rule, &question, &answer);
            }
            Phase::After => accepted(contract.as_ref(), &rule, &answer),
        }
    }
}

/// The message that is asked about.
fn about(which: usize, in_group: bool) -> Message {
    let message = messages()[which % messages().len()].clone();
    if in_group { Message { target: group(), ..message } } else { message }
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(plain).and_then(|()| packer.finish()).expect("memory takes everything")
}

/// Reads an answer to a question. What is no answer is a failure of the call, never a yes or a no.
fn verdict(contract: &dyn Contract, rule: &Rule, question: &Question, answer: &Answer) {
    let read = contract.verdict(rule, question, answer);
    assert_eq!(contract.verdict(rule, question, answer), read, "a verdict depends on the answer alone");
    match read {
        Err(wrong) => {
            assert!(!wrong.0.is_empty() && wrong.0.len() < 1000, "a sentence for people: {}", wrong.0.len());
        }
        Ok(said) => {
            assert!(
                is_answer(contract, answer),
                "{} takes {answer:?} for an answer: {said:?}",
                contract.name()
            );
            match said {
                Verdict::Refuse(refusal) => {
                    assert_eq!(refusal.show, rule.policy.show_error);
                    assert!(refusal.code.is_some_and(|code| code > 0), "a sender sees an error: {refusal:?}");
                }
                Verdict::Allow { changes } => {
                    let mut subject = question.subject.clone();
                    changes.into_iter().for_each(|change| change.apply(&mut subject));
                    let (Some(message), Some(asked)) = (subject.message(), question.subject.message()) else {
                        return;
                    };
                    assert!(
                        message.content.raw.len() <= limits::CONTENT_BYTES,
                        "content stays within its bound"
                    );
                    assert_eq!(message.sender, asked.sender, "nobody speaks for somebody else");
                    render::check(message);
                }
            }
        }
    }
}

/// Whether anything can be read out of it: the right status, whole, and a JSON object (or, where the contract says so,
/// nothing).
fn is_answer(contract: &dyn Contract, answer: &Answer) -> bool {
    let family = contract.storage().is_some();
    let right = if family { answer.status == 200 } else { (200..300).contains(&answer.status) };
    // Objects are read without looking at what nobody asks for, which may be what this library does not take.
    let first = answer.body.iter().find(|byte| !byte.is_ascii_whitespace());
    let object =
        first == Some(&b'{') || (!family && serde_json::from_slice(&answer.body).ok() == Some(Value::Null));
    right && !answer.cut && object && std::str::from_utf8(&answer.body).is_ok()
}

/// Reads an answer to a delivery.
fn accepted(contract: &dyn Contract, rule: &Rule, answer: &Answer) {
    let said = contract.accepted(rule, answer);
    assert_eq!(contract.accepted(rule, answer), said);
    let family = contract.storage().is_some();
    let right = if family { answer.status == 200 } else { (200..300).contains(&answer.status) };
    match said {
        Acceptance::Delivered | Acceptance::DeliveredBadly(_) => assert!(right, "{}", answer.status),
        Acceptance::Failed(why) => assert!(!right && !why.is_empty(), "{}: {why}", answer.status),
    }
}

/// `Retry-After`, and on the next line `Date`.
fn left_alone(mut input: Input<'_>) {
    let mut headers = HeaderMap::new();
    for name in [RETRY_AFTER, DATE] {
        if let Ok(value) = HeaderValue::from_bytes(input.line().as_bytes()) {
            headers.insert(name, value);
        }
    }
    let wait = retry_after::parse(&headers);
    assert!(wait.is_none_or(|wait| wait <= limits::RETRY_AFTER_MAX), "{wait:?}");
    assert_eq!(retry_after::parse(&headers), wait);
}

/// Inputs to begin with: every answer of the fixtures, in the contract of its folder.
#[must_use]
pub fn seeds() -> Seeds {
    let mut seeds = Seeds::new();
    let of_folder = |name: &str| match name {
        _ if name.contains("easemob") => "shengwang",
        _ if name.contains("v3.5") => "openim-v3.5",
        _ if name.contains("v3.0") => "openim-v3.0",
        _ if name.contains("/v2/") => "openim-v2",
        _ => "openim",
    };
    let all = ["openim", "easemob"].into_iter().flat_map(|folder| {
        [".json", ".txt"].into_iter().flat_map(move |ending| seeds::files(folder, ending))
    });
    for (name, body) in all.filter(|(name, _)| name.contains("/reply-")) {
        let at =
            contracts().iter().position(|contract| contract.name() == of_folder(&name)).expect("a contract");
        let contract = u8::try_from(at).expect("few contracts");
        for kind in 0..4 {
            seeds.push((format!("{name} {kind}"), [&[contract, kind, 0, 0], body.as_slice()].concat()));
        }
    }
    for header in
        ["120\n", "Wed, 21 Oct 2015 07:28:30 GMT\nWed, 21 Oct 2015 07:28:00 GMT", "18446744073709551615"]
    {
        let head = [0, 0, 0, surroundings::HEADER];
        seeds.push((header.trim().to_owned(), [&head, header.as_bytes()].concat()));
    }
    seeds
}
