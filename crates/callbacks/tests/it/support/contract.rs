//! A contract that says little.

use ringback_model::app::App;
use ringback_model::conversation::Target;
use ringback_model::delivery::{Answer, Outbound};
use ringback_model::dialect::{
    Acceptance, Contract, EventName, Manner, Preset, Rendered, Skip, StorageService, WrongAnswer,
};
use ringback_model::event::{Event, EventKind, Phase, Question};
use ringback_model::failure::CallbackRefusal;
use ringback_model::message::Content;
use ringback_model::rule::{Order, Policy, Rule};
use ringback_model::verdict::{Change, Verdict};

use super::{named, said, user};

/// Body of a delivery: `<pos>/<copy> <lane> v<rule version>`. Body of an answer: see [`TestContract::verdict`].
pub struct TestContract {
    pub name: &'static str,
    /// See [`Contract::storage`].
    pub storage: Option<StorageService>,
    /// See [`Contract::silenced`].
    pub silenced: Option<CallbackRefusal>,
    /// See [`Contract::manner`].
    pub manner: Option<Manner>,
}

impl TestContract {
    /// `test`: no storage service, the server's own codes for silence.
    pub const PLAIN: Self = Self { name: "test", storage: None, silenced: None, manner: None };

    /// `served`: with a storage service, and words of its own for silence.
    pub fn served() -> Self {
        let silenced =
            CallbackRefusal { code: Some(9), text: "silent".to_owned(), detail: String::new(), show: true };
        Self {
            name: "served",
            storage: Some(StorageService { zone_offset_min: 480 }),
            silenced: Some(silenced),
            manner: None,
        }
    }

    /// `patient`: calls may take a minute, and a dead delivery is one failure.
    pub fn patient() -> Self {
        let manner = Manner { timeout_ms: 60_000, counts_once: true };
        Self { name: "patient", manner: Some(manner), ..Self::served() }
    }
}

impl Contract for TestContract {
    fn name(&self) -> &'static str {
        self.name
    }

    fn kinds(&self, rule: &Rule) -> Result<Vec<EventKind>, String> {
        if let Some(event) = rule.events.iter().find(|event| *event != "sent") {
            return Err(format!("no event is named {event:?}"));
        }
        Ok(match rule.phase {
            Phase::Before => vec![EventKind::MessageSending],
            Phase::After => vec![EventKind::MessageSent],
        })
    }

    fn content_code(&self, content: &Content) -> i32 {
        content.code
    }

    fn asks_singly(&self, rule: &Rule, _question: &Question) -> bool {
        rule.switch("singly").is_some()
    }

    fn question(&self, rule: &Rule, question: &Question) -> Result<Outbound, Skip> {
        let said = said(&question.subject);
        if said == "unasked" {
            return Err(Skip("not asked"));
        }
        Ok(Outbound { url: rule.url.clone(), headers: Vec::new(), body: said.into_bytes().into() })
    }

    fn verdict(&self, _rule: &Rule, question: &Question, answer: &Answer) -> Result<Verdict, WrongAnswer> {
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        match text.split_once(' ') {
            Some(("add", word)) if question.subject.message().is_none() => {
                Ok(Verdict::Allow { changes: vec![named(&question.subject, word)] })
            }
            Some(("add", word)) => Ok(Verdict::Allow {
                changes: vec![Change::Content(format!("{}{word}", said(&question.subject)))],
            }),
            Some(("refuse", word)) => Ok(Verdict::Refuse(CallbackRefusal {
                code: Some(5),
                text: word.to_owned(),
                detail: String::new(),
                show: false,
            })),
            Some(("to", name)) => {
                Ok(Verdict::Allow { changes: vec![Change::Target(Target::User(user(name)))] })
            }
            None if text == "ok" => Ok(Verdict::ALLOW),
            _ => Err(WrongAnswer(format!("not an answer: {text}"))),
        }
    }

    fn copies(&self, rule: &Rule, _event: &Event) -> Result<u32, Skip> {
        let several = rule.switch("copies").or_else(|| rule.switch("parts"));
        Ok(several.map_or(1, |copies| copies.parse().unwrap()))
    }

    fn delivery(&self, rule: &Rule, event: &Event, copy: u32) -> Option<Rendered> {
        // The URL names what must not be called twice at once.
        let own = match (rule.policy.order, rule.switch("copies")) {
            (Order::None, _) => format!("/{}", event.pos),
            (_, Some(_)) => format!("/u{copy}"),
            (_, None) => String::new(),
        };
        Some(Rendered {
            outbound: Outbound {
                url: format!("{}/{}{own}", rule.url, event.lane),
                headers: Vec::new(),
                body: format!("{}/{copy} {} v{}", event.pos, event.lane, rule.version).into_bytes().into(),
            },
            recipient: rule.switch("copies").map(|_| user(&format!("u{copy}"))),
        })
    }

    fn manner(&self, _kind: EventKind) -> Option<Manner> {
        self.manner
    }

    fn accepted(&self, _rule: &Rule, answer: &Answer) -> Acceptance {
        match answer.status {
            200 => Acceptance::Delivered,
            299 => Acceptance::DeliveredBadly("odd"),
            status => Acceptance::Failed(format!("status {status}")),
        }
    }

    fn preset(&self, _phase: Phase) -> Preset {
        Preset { enabled: true, policy: Policy::default(), without: &[] }
    }

    fn event_names(&self, _phase: Phase) -> Vec<EventName> {
        vec![EventName { name: "sent", doc: "a message was sent".to_owned() }]
    }

    fn switches(&self, settings: &[(String, String)], _app: &App) -> Vec<(String, String)> {
        settings.to_vec()
    }

    fn silenced(&self, _rule: &Rule) -> Option<CallbackRefusal> {
        self.silenced.clone()
    }

    fn storage(&self) -> Option<StorageService> {
        self.storage
    }
}
