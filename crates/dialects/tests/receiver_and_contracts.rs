//! What the test receiver answers is what the contracts understand, in every contract.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that stops is a test that fails")]

use std::collections::BTreeSet;
use std::sync::Arc;

use ringback_model::conversation::Target;
use ringback_model::delivery::{Answer, Outbound};
use ringback_model::dialect::{Contract, Described, EdgeRequest, Effect, Instruction, Method, Receiver};
use ringback_model::event::{EventKind, Phase, Question, Subject};
use ringback_model::ids::UserId;
use ringback_model::message::{Content, ContentClass, Message};
use ringback_model::rule::Rule;
use ringback_model::sample;
use ringback_model::time::UnixMs;
use ringback_model::verdict::{Change, Verdict};

const AT: UnixMs = UnixMs(1_785_542_400_123);

fn message() -> Message {
    let pin = Content {
        form: "openim".to_owned(),
        class: ContentClass::Text,
        code: 101,
        raw: r#"{"content":"my pin is 4711"}"#.to_owned(),
    };
    let (alice, bob) = (user("alice"), user("bob"));
    Message { client_id: "c1".to_owned(), ..sample::message(alice, Target::User(bob), pin, AT) }
}

fn user(id: &str) -> UserId {
    UserId::parse(id).unwrap()
}

/// Everything that can be asked: about a message, about a push of it, and about every action.
fn questions() -> Vec<Question> {
    let before = || EventKind::ALL.into_iter().filter(|kind| kind.phase() == Phase::Before);
    let of_message = before().map(|kind| sample::question(kind, message()));
    let of_push = before().map(|kind| sample::push_question(kind, message(), user("bob")));
    let of_action = sample::actions(AT).into_iter().filter_map(|it| sample::action_question(it, AT));
    let all = of_message.chain(of_push).chain(of_action);
    all.map(|it| Question { operation_id: Arc::from("op-1"), ..it }).collect()
}

fn rule(contract: &str) -> Rule {
    sample::rule("r", contract, Phase::Before, "http://127.0.0.1:9/callbacks")
}

fn arrives(outbound: &Outbound) -> EdgeRequest {
    let rest = outbound.url.strip_prefix("http://127.0.0.1:9").unwrap();
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    EdgeRequest {
        route: "",
        method: Method::Post,
        path: path.to_owned(),
        params: Vec::new(),
        file: None,
        at: UnixMs(0),
        secure: false,
        query: pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
        headers: outbound.headers.iter().map(|(key, value)| (key.to_lowercase(), value.clone())).collect(),
        body: outbound.body.to_vec(),
    }
}

fn is_family(contract: &str) -> bool {
    ["shengwang", "agora", "easemob"].contains(&contract)
}

/// The contract that a callback is read by where nothing names one. Some look alike; they are answered alike too.
fn looks_like(contract: &str) -> &str {
    match contract {
        "openim-v3.5" => "openim",
        name if is_family(name) => "shengwang",
        name => name,
    }
}

struct Asked {
    contract: Arc<dyn Contract>,
    receiver: Arc<dyn Receiver>,
    rule: Rule,
    question: Question,
    described: Described,
}

impl Asked {
    /// Every contract and every moment that it asks about.
    fn all() -> Vec<Self> {
        let dialects = ringback_dialects::all(&ringback_model::app::App::default());
        let mut all = Vec::new();
        for receiver in &dialects.receivers {
            for name in receiver.contracts() {
                let contract = Arc::clone(dialects.contract(name).unwrap());
                let rule = rule(name);
                for question in questions() {
                    let Ok(outbound) = contract.question(&rule, &question) else { continue };
                    let described = receiver.describe(&arrives(&outbound), None).unwrap();
                    assert_eq!(described.contract, looks_like(name), "guessed from {}", outbound.url);
                    let (receiver, contract, rule) =
                        (Arc::clone(receiver), Arc::clone(&contract), rule.clone());
                    all.push(Self { contract, receiver, rule, question, described });
                }
            }
        }
        assert!(all.len() >= 80, "only {} questions in seven contracts", all.len());
        all
    }

    fn verdict(&self, instruction: &Instruction) -> (Verdict, Effect) {
        let answered = self.receiver.answer(&self.described, instruction);
        let answer = Answer { status: 200, body: answered.body, cut: false };
        match self.contract.verdict(&self.rule, &self.question, &answer) {
            Ok(verdict) => (verdict, answered.effect),
            Err(wrong) => panic!("{} {}: {}", self.described.contract, self.described.command, wrong.0),
        }
    }
}

#[test]
fn callbacks_are_read_as_they_were_meant() {
    for asked in Asked::all() {
        let it = &asked.described;
        assert_eq!(it.phase, Phase::Before, "{}", it.command);
        assert!(!it.from.is_empty(), "{} says who acts: {}", it.command, it.body);
        if asked.rule.contract != "openim-v2" && !is_family(&asked.rule.contract) {
            assert_eq!(it.operation_id, "op-1", "{}", it.command);
        }
        if matches!(asked.question.subject, Subject::Action(_)) {
            continue;
        }
        assert_eq!((it.from.as_str(), it.text.as_str()), ("alice", "my pin is 4711"), "{}", it.command);
        let ids = if is_family(&asked.rule.contract) { ("", "") } else { ("op-1", "c1") };
        assert_eq!((it.operation_id.as_str(), it.client_message_id.as_str()), ids, "{}", it.command);
    }
}

#[test]
fn allowing_allows_and_changes_nothing() {
    for asked in Asked::all() {
        let (verdict, effect) = asked.verdict(&Instruction::Allow);
        assert_eq!(effect, Effect::Allowed);
        let Verdict::Allow { changes } = verdict else { panic!("{}", asked.described.command) };
        let mut subject = asked.question.subject.clone();
        changes.into_iter().for_each(|change: Change| change.apply(&mut subject));
        assert_eq!(
            subject, asked.question.subject,
            "{} {}",
            asked.described.contract, asked.described.command
        );
    }
}

#[test]
fn denying_refuses_with_the_code_that_the_contract_carries() {
    let deny = Instruction::Deny { code: 5001, text: "no".to_owned() };
    for asked in Asked::all() {
        let (verdict, effect) = asked.verdict(&deny);
        let Verdict::Refuse(refusal) = verdict else { panic!("{:?} lets it pass", asked.described.contract) };
        let code = match asked.rule.contract.as_str() {
            "openim-v2" => 201,
            name if is_family(name) => 508,
            _ => 5001,
        };
        assert_eq!((effect, refusal.code, refusal.text.as_str()), (Effect::Refused, Some(code), "no"));
    }
}

#[test]
fn replacing_replaces_where_it_says_so() {
    let replace = Instruction::Replace { text: "****".to_owned() };
    let mut replaced = BTreeSet::new();
    for asked in Asked::all() {
        let (verdict, effect) = asked.verdict(&replace);
        let Verdict::Allow { changes } = verdict else { panic!("{}", asked.described.command) };
        let mut subject = asked.question.subject.clone();
        changes.into_iter().for_each(|change: Change| change.apply(&mut subject));
        let command = &asked.described.command;
        if effect == Effect::Replaced {
            assert!(format!("{subject:?}").contains("****"), "{command}: {subject:?}");
            replaced.insert(asked.question.kind);
        } else {
            assert_eq!(subject, asked.question.subject, "{} {command}", asked.described.contract);
        }
    }
    for kind in [
        EventKind::MessageScreening,
        EventKind::MessageRewriting,
        EventKind::OfflinePushing,
        EventKind::FriendRemarking,
        EventKind::GroupCreating,
        EventKind::GroupEditing,
        EventKind::MemberEditing,
        EventKind::UserEditing,
    ] {
        assert!(replaced.contains(&kind), "{kind}");
    }
}
