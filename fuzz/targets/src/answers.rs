//! What receivers answer: in every contract, to questions and to deliveries, with any status and body, packed or not;
//! and how long they want to be left alone.
//!
//! Input: a byte for the contract, one for the question, one for the status and one for what surrounds it, the body.

use std::io::Write as _;
use std::sync::LazyLock;

use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{DATE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue};
use ringback_callbacks::retry_after;
use ringback_model::action::{Action, GroupAction, GroupEntry};
use ringback_model::delivery::Answer;
use ringback_model::dialect::{Acceptance, Contract};
use ringback_model::event::{EventKind, Phase, Question, Subject};
use ringback_model::group::Role;
use ringback_model::limits;
use ringback_model::rule::Rule;
use ringback_model::sample;
use ringback_model::verdict::Verdict;
use serde_json::Value;

use crate::input::Input;
use crate::render;
use crate::seeds::{self, Seeds};
use crate::world::{NOW, contracts, group, messages, user};

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
                let question = about(asked, is(surroundings::GROUP));
                verdict(contract.as_ref(), &rule, &question, &answer);
            }
            Phase::After => accepted(contract.as_ref(), &rule, &answer),
        }
    }
}

/// Everything that can be asked: about each message and each push of it at every moment, and about each action.
fn questions() -> &'static [Question] {
    static QUESTIONS: LazyLock<Vec<Question>> = LazyLock::new(|| {
        let before = || EventKind::ALL.into_iter().filter(|kind| kind.phase() == Phase::Before);
        let of_message =
            |kind: EventKind| messages().iter().map(move |it| sample::question(kind, it.clone()));
        let of_push = |kind: EventKind| {
            messages().iter().map(move |it| sample::push_question(kind, it.clone(), user("bob")))
        };
        let is_push = |kind: &EventKind| matches!(kind, EventKind::OnlinePushing | EventKind::OfflinePushing);
        let is_message = |kind: &EventKind| {
            matches!(
                kind,
                EventKind::MessageScreening | EventKind::MessageSending | EventKind::MessageRewriting
            )
        };
        let actions = sample::actions(NOW).into_iter().filter_map(|it| sample::action_question(it, NOW));
        let messages = before().filter(is_message).flat_map(of_message);
        messages.chain(before().filter(is_push).flat_map(of_push)).chain(actions).collect()
    });
    &QUESTIONS
}

/// What is asked; of messages, one to a group on demand.
fn about(which: usize, in_group: bool) -> Question {
    let mut question = questions()[which % questions().len()].clone();
    if let (Subject::Message(message), true) = (&mut question.subject, in_group) {
        message.target = group();
    }
    question
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
                    changed(&question.subject, &subject);
                }
            }
        }
    }
}

/// What an answer may not change, whatever it says.
fn changed(before: &Subject, after: &Subject) {
    match (before, after) {
        (Subject::Message(before), Subject::Message(after)) => {
            assert!(after.content.raw.len() <= limits::CONTENT_BYTES, "content stays within its bound");
            assert_eq!(after.sender, before.sender, "nobody speaks for somebody else");
            render::check(after);
        }
        (Subject::Push(before), Subject::Push(after)) => {
            assert_eq!(after.message, before.message, "a push is about the message that is stored");
            assert!(!after.users.is_empty() && after.users.len() <= limits::BATCH_RECEIVERS);
        }
        (Subject::Action(before), Subject::Action(after)) => {
            assert_eq!(after.asked_as(), before.asked_as(), "an action stays what it is");
            same_place(before, after);
        }
        (before, after) => panic!("{before:?} became {after:?}"),
    }
}

/// An action stays where it is: in its group, on its list, with one owner.
fn same_place(before: &Action, after: &Action) {
    match (before, after) {
        (Action::Group(before), Action::Group(after)) => {
            assert_eq!(after.group(), before.group());
            if let (GroupAction::Enter(before), GroupAction::Enter(after)) = (before, after) {
                let who = |entry: &GroupEntry| {
                    entry
                        .entrants
                        .iter()
                        .map(|one| (one.user.clone(), one.role == Role::Owner))
                        .collect::<Vec<_>>()
                };
                assert_eq!(who(after), who(before));
            }
        }
        (Action::Chat(before), Action::Chat(after)) => {
            assert_eq!(after.conversation(), before.conversation());
        }
        (Action::Friend(_), Action::Friend(_)) => assert_eq!(after.facets().from, before.facets().from),
        (Action::User(_), Action::User(_)) => {}
        (before, after) => panic!("{before:?} became {after:?}"),
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

/// The questions to which the answers in a folder are answers: the first three that the command of that name asks, or,
/// where the folder has another name, the first ones of all.
fn asked_by(contract: &dyn Contract, path: &str) -> Vec<u8> {
    let command = path.rsplit('/').nth(1).unwrap_or_default();
    let mut rule = sample::rule("seed", contract.name(), Phase::Before, "http://127.0.0.1:9/callbacks");
    rule.events = vec![command.to_owned()];
    if contract.kinds(&rule).is_err() {
        rule.events.clear();
    }
    let asked = questions().iter().enumerate().filter(|(_, it)| contract.question(&rule, it).is_ok());
    asked.take(3).filter_map(|(at, _)| u8::try_from(at).ok()).collect()
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
        for asked in asked_by(contracts()[at].as_ref(), &name) {
            seeds.push((format!("{name} {asked}"), [&[contract, asked, 0, 0], body.as_slice()].concat()));
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
