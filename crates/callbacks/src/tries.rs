//! What a rule makes of samples: callbacks for trying a rule or a receiver out.

use std::sync::Arc;

use ringback_model::action::Action;
use ringback_model::conversation::Target;
use ringback_model::delivery::{DeliveryKey, Outbound};
use ringback_model::dialect::Contract;
use ringback_model::event::{Event, EventKind, Fact, Phase, Question, Subject};
use ringback_model::ids::{LogPos, MessageId, UserId};
use ringback_model::message::{Message, Origin};
use ringback_model::rule::Rule;
use ringback_model::sample;
use ringback_model::time::UnixMs;

use crate::headers::Said;
use crate::{headers, webhook_id};

/// Something that rules are asked about or told.
#[derive(Debug, Clone)]
pub enum Occasion {
    /// Rules are asked.
    Asked(Box<Question>),
    /// Rules are told.
    Happened(Box<Event>),
}

impl Occasion {
    /// The same, known by another number: of a message its own, with an id by the client that contains it. Receivers
    /// that skip what they have seen see two things then.
    #[must_use]
    pub fn numbered(self, number: u64) -> Self {
        let id = MessageId(number);
        let marked = |message: &mut Message| {
            message.id = id;
            message.client_id = format!("sample-{number}");
        };
        match self {
            Self::Asked(mut question) => {
                question.number = id;
                match &mut question.subject {
                    Subject::Message(message) => marked(message),
                    Subject::Push(plan) => marked(Arc::make_mut(&mut plan.message)),
                    Subject::Action(_) => {}
                }
                Self::Asked(question)
            }
            Self::Happened(mut event) => {
                event.pos = LogPos(number);
                match &mut event.fact {
                    Fact::MessageSent(sent) => marked(Arc::make_mut(&mut sent.message)),
                    Fact::Done(done) => done.number = id,
                }
                Self::Happened(event)
            }
        }
    }
}

/// A callback of a rule about a sample.
#[derive(Debug, Clone)]
pub struct Try {
    /// The request, as the contract rendered it.
    pub outbound: Outbound,
    /// The callback's id.
    pub id: String,
    /// Of the event; `None` where something is asked.
    pub pos: Option<LogPos>,
    /// What is asked; `None` = something is told.
    pub question: Option<Box<Question>>,
}

impl Try {
    /// Headers of the first attempt besides the request's own: id and, for rules that want them, time and signature.
    #[must_use]
    pub fn headers(&self, rule: &Rule, now: UnixMs) -> Vec<(String, String)> {
        headers::of_attempt(
            rule,
            Said { id: &self.id, pos: self.pos, attempt: 1, replay: None },
            now,
            &self.outbound.body,
        )
    }
}

/// What the samples raise in a phase, of these kinds: messages, then one action of every kind.
pub fn occasions<'a>(
    phase: Phase,
    kinds: &'a [EventKind],
    samples: &'a [Message],
    now: UnixMs,
) -> Box<dyn Iterator<Item = Occasion> + 'a> {
    let actions = sample::actions(now).into_iter();
    match phase {
        Phase::Before => {
            let asked =
                samples.iter().flat_map(|message| kinds.iter().filter_map(|kind| asked(*kind, message)));
            let of_actions = actions.filter_map(move |action| sample::action_question(action, now));
            let of_actions = of_actions.filter(|question| kinds.contains(&question.kind));
            let all = asked.chain(of_actions);
            Box::new(all.map(move |asked| Occasion::Asked(Box::new(Question { at: now, ..asked }))))
        }
        Phase::After => {
            let of_actions = actions.filter(|action| is_told(kinds, action));
            let of_actions = of_actions.map(move |action| sample::done(LogPos(1), action, now));
            let sent = samples.iter().filter(|_| kinds.contains(&EventKind::MessageSent)).map(sample_event);
            Box::new(sent.chain(of_actions).map(|event| Occasion::Happened(Box::new(event))))
        }
    }
}

fn is_told(kinds: &[EventKind], action: &Action) -> bool {
    action.told_as().is_some_and(|kind| kinds.contains(&kind))
}

/// The question that a sample message raises at this moment; `None` where the moment is not about messages.
fn asked(kind: EventKind, message: &Message) -> Option<Question> {
    match kind {
        EventKind::MessageScreening | EventKind::MessageSending | EventKind::MessageRewriting => {
            Some(sample::question(kind, message.clone()))
        }
        EventKind::OnlinePushing | EventKind::OfflinePushing => {
            Some(sample::push_question(kind, message.clone(), reader_of(message)?))
        }
        _ => None,
    }
}

/// The event of the sample, with somebody offline, so that copies for those who are exist. Its place in the log is the
/// sample's number: ids differ with the sample, and are the same each time.
fn sample_event(message: &Message) -> Event {
    let pos = LogPos(message.id.0);
    sample::sent(pos, message.clone(), Origin::Client, reader_of(message).into_iter().collect())
}

/// Somebody whom a sample reaches.
fn reader_of(message: &Message) -> Option<UserId> {
    match &message.target {
        Target::User(user) | Target::Notice(user) => Some(user.clone()),
        Target::Group(_) | Target::Room(_) => UserId::parse("sample-member").ok(),
    }
}

/// The callbacks that an occasion means for a rule, one or more; of a question one, about the first of its parts where
/// the contract asks about them singly. Selectors are not applied: they choose among real occasions.
///
/// # Errors
/// Why there is none, in the contract's words.
pub fn of(rule: &Rule, contract: &dyn Contract, occasion: &Occasion) -> Result<Vec<Try>, &'static str> {
    match occasion {
        Occasion::Asked(asked) => question(rule, contract, asked.as_ref().clone()).map(|tried| vec![tried]),
        Occasion::Happened(event) => {
            let copies = contract.copies(rule, event).map_err(|skip| skip.0)?;
            (0..copies).map(|copy| delivery(rule, contract, event, copy)).collect()
        }
    }
}

fn question(rule: &Rule, contract: &dyn Contract, mut question: Question) -> Result<Try, &'static str> {
    if contract.asks_singly(rule, &question)
        && let Some(first) = question.subject.singly().into_iter().next()
    {
        question.subject = first;
    }
    let outbound = contract.question(rule, &question).map_err(|skip| skip.0)?;
    let id = webhook_id::of_question(&rule.id, question.number, question.kind, 0);
    Ok(Try { outbound, id, pos: None, question: Some(Box::new(question)) })
}

fn delivery(rule: &Rule, contract: &dyn Contract, event: &Event, copy: u32) -> Result<Try, &'static str> {
    let rendered = contract.delivery(rule, event, copy).ok_or("it cannot be rendered")?;
    let id = webhook_id::of_delivery(&rule.id, DeliveryKey { pos: event.pos, copy }, &rendered.outbound.body);
    Ok(Try { outbound: rendered.outbound, id, pos: Some(event.pos), question: None })
}
