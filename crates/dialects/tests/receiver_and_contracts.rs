//! What the test receiver answers is what the contracts understand, in every contract.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that stops is a test that fails")]

use std::collections::BTreeMap;
use std::sync::Arc;

use ringback_model::conversation::Target;
use ringback_model::delivery::{Answer, Outbound};
use ringback_model::dialect::{Contract, Described, EdgeRequest, Effect, Instruction, Receiver};
use ringback_model::event::{EventKind, Phase, Question};
use ringback_model::ids::{MessageId, RuleId, UserId};
use ringback_model::message::{Content, ContentClass, Handling, Message, Origin};
use ringback_model::rule::{Policy, Rule, RuleOrigin, Secrets, Selectors};
use ringback_model::time::UnixMs;
use ringback_model::user::Platform;
use ringback_model::verdict::{Change, Verdict};

fn question(kind: EventKind) -> Question {
    let message = Message {
        id: MessageId(7),
        public_id: None,
        client_id: "c1".to_owned(),
        sender: UserId::parse("alice").unwrap(),
        target: Target::User(UserId::parse("bob").unwrap()),
        seq: 0,
        platform: Platform::WEB,
        nickname: "Alice".to_owned(),
        face_url: String::new(),
        system: false,
        content: Content {
            form: "openim".to_owned(),
            class: ContentClass::Text,
            code: 101,
            raw: r#"{"content":"my pin is 4711"}"#.to_owned(),
        },
        status: 1,
        sent_at: UnixMs(1_785_542_400_123),
        created_at: UnixMs(1_785_542_399_987),
        options: BTreeMap::new(),
        handling: Handling::default(),
        offline_push: None,
        mentions: Vec::new(),
        attached_info: String::new(),
        ex: String::new(),
    };
    Question {
        kind,
        message,
        operation_id: Arc::from("op-1"),
        origin: Origin::Client,
        sender_is_admin: false,
        at: UnixMs(1_785_542_400_123),
    }
}

fn rule(contract: &str) -> Rule {
    Rule {
        id: RuleId::new("r"),
        name: "r".to_owned(),
        enabled: true,
        contract: contract.to_owned(),
        phase: Phase::Before,
        url: "http://127.0.0.1:9/callbacks".to_owned(),
        events: Vec::new(),
        selectors: Selectors::default(),
        policy: Policy::default(),
        secrets: Secrets::default(),
        origin: RuleOrigin::Api,
        version: 1,
        changed_at: UnixMs(0),
        switches: Vec::new(),
    }
}

fn arrives(outbound: &Outbound) -> EdgeRequest {
    let rest = outbound.url.strip_prefix("http://127.0.0.1:9").unwrap();
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    EdgeRequest {
        route: "",
        path: path.to_owned(),
        query: pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
        headers: outbound.headers.iter().map(|(key, value)| (key.to_lowercase(), value.clone())).collect(),
        body: outbound.body.clone(),
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
        let dialects = ringback_dialects::all();
        let mut all = Vec::new();
        for receiver in &dialects.receivers {
            for name in receiver.contracts() {
                let contract = Arc::clone(dialects.contract(name).unwrap());
                let rule = rule(name);
                for kind in EventKind::ALL.into_iter().filter(|kind| kind.phase() == Phase::Before) {
                    let question = question(kind);
                    let Ok(outbound) = contract.question(&rule, &question) else { continue };
                    let described = receiver.describe(&arrives(&outbound), None).unwrap();
                    // The newest two look alike once all fields are filled; they are answered alike too.
                    let guessed = if described.contract == "openim" && *name == "openim-v3.5" {
                        name
                    } else {
                        &described.contract
                    };
                    assert_eq!(guessed, name, "guessed from {}", outbound.url);
                    let (receiver, contract, rule) =
                        (Arc::clone(receiver), Arc::clone(&contract), rule.clone());
                    all.push(Self { contract, receiver, rule, question, described });
                }
            }
        }
        assert!(all.len() >= 8, "only {} questions in four contracts", all.len());
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
        assert_eq!(
            (it.phase, it.from.as_str(), it.text.as_str()),
            (Phase::Before, "alice", "my pin is 4711")
        );
        assert_eq!(
            (it.operation_id.as_str(), it.client_message_id.as_str()),
            ("op-1", "c1"),
            "{}",
            it.command
        );
    }
}

#[test]
fn allowing_allows_and_changes_nothing() {
    for asked in Asked::all() {
        let (verdict, effect) = asked.verdict(&Instruction::Allow);
        assert_eq!(effect, Effect::Allowed);
        let Verdict::Allow { changes } = verdict else { panic!("{}", asked.described.command) };
        let mut message = asked.question.message.clone();
        changes.into_iter().for_each(|change: Change| change.apply(&mut message));
        assert_eq!(
            message, asked.question.message,
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
        let code = if asked.rule.contract == "openim-v2" { 201 } else { 5001 };
        assert_eq!((effect, refusal.code, refusal.text.as_str()), (Effect::Refused, Some(code), "no"));
    }
}

#[test]
fn replacing_replaces_the_text_where_it_says_so() {
    let replace = Instruction::Replace { text: "****".to_owned() };
    let mut replaced = 0;
    for asked in Asked::all() {
        let (verdict, effect) = asked.verdict(&replace);
        let Verdict::Allow { changes } = verdict else { panic!("{}", asked.described.command) };
        let mut message = asked.question.message.clone();
        changes.into_iter().for_each(|change: Change| change.apply(&mut message));
        let expected = if effect == Effect::Replaced {
            r#"{"content":"****"}"#
        } else {
            &asked.question.message.content.raw
        };
        assert_eq!(message.content.raw, expected, "{} {}", asked.described.contract, asked.described.command);
        replaced += usize::from(effect == Effect::Replaced);
    }
    assert!(replaced >= 2, "word filter and modify");
}
