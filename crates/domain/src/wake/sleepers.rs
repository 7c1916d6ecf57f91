//! Who is to be woken for a message.

use std::collections::HashSet;

use ringback_model::action::PushOutcome;
use ringback_model::event::{Event, EventKind, MessageSent, PushPlan, Question, Subject};
use ringback_model::failure::{Failure, Fault};
use ringback_model::ids::UserId;
use ringback_model::limits;
use ringback_model::ports::Push;
use ringback_model::record::{Record, RecordKey};

use crate::Im;
use crate::answers::PushCheck;
use crate::pusher::asking::{Asker, Cause, Leave};
use crate::pusher::board::Verdict;
use crate::send;

/// Those whom no push reached.
#[derive(Debug, Default)]
pub(super) struct Sleepers {
    /// Who may be woken.
    pub(super) willing: Vec<UserId>,
    /// Who may not, and why.
    pub(super) others: Vec<(UserId, PushOutcome)>,
}

impl Im {
    /// Those whom no push reached.
    pub(super) async fn sleepers(&self, event: &Event, sent: &MessageSent) -> Result<Sleepers, Fault> {
        let unreached = match self.leave_of(event, sent).await? {
            Leave::Stays => Vec::new(),
            Leave::ToAll => sent.offline.clone(),
            Leave::To(users) => {
                let online = self.sessions.online(&users);
                let others = users.iter().zip(online).filter(|(user, _)| **user != sent.message.sender);
                others.filter(|(_, online)| !online).map(|(user, _)| user.clone()).collect()
            }
        };
        // Whom rules have left out of the push is not woken either.
        let meant: HashSet<&UserId> = unreached.iter().collect();
        let left_out = sent.offline.iter().filter(|user| !meant.contains(user));
        let others = left_out.map(|user| (user.clone(), PushOutcome::Silent)).collect();
        let mut sleepers = Sleepers { others, ..Sleepers::default() };
        for some in unreached.chunks(limits::WAKE_USERS) {
            self.add_willing(&mut sleepers, sent, some).await?;
        }
        Ok(sleepers)
    }

    /// What became of the message's push. Where nobody knows any more, rules are asked once more.
    async fn leave_of(&self, event: &Event, sent: &MessageSent) -> Result<Leave, Fault> {
        if let Verdict::Known(leave) = self.board.verdict(event.pos).await {
            return Ok(leave);
        }
        let asker = Asker { gate: self.gate.clone(), store: self.store.clone(), clock: self.clock.clone() };
        if !asker.asks() {
            return Ok(Leave::ToAll);
        }
        let facts = self.store.send_facts(&sent.message.sender, &sent.message.target).await?;
        let recipients = send::recipients(&sent.message, &facts);
        let push = Push { message: sent.message.clone(), operation_id: sent.operation_id.clone() };
        Ok(asker.ask(&push, Cause::from(sent), &recipients).await)
    }

    /// Those are willing who have not switched waking off, for everything or for this conversation.
    async fn add_willing(
        &self,
        sleepers: &mut Sleepers,
        sent: &MessageSent,
        users: &[UserId],
    ) -> Result<(), Fault> {
        let found = self.store.users(users).await?;
        let conversation = sent.message.conversation();
        let keys: Vec<RecordKey> =
            users.iter().map(|user| RecordKey::conversation(user, &conversation)).collect();
        let settings = self.store.records(&keys).await?;
        let open = |record: &Option<Record>| match record {
            Some(Record::Conversation(settings)) => settings.receive_option == 0,
            _ => true,
        };
        for ((asked, user), settings) in users.iter().zip(found).zip(settings) {
            match user {
                Some(user) if user.receive_option == 0 && open(&settings) => sleepers.willing.push(user.id),
                Some(user) => sleepers.others.push((user.id, PushOutcome::Unwilling)),
                None => sleepers.others.push((asked.clone(), PushOutcome::Unknown)),
            }
        }
        Ok(())
    }

    /// Asks before-rules whether, whom and with which words. `None` = nobody is woken.
    pub(super) async fn ask_about_waking(&self, sent: &MessageSent, users: Vec<UserId>) -> Option<PushPlan> {
        let plan = PushPlan {
            message: sent.message.clone(),
            users: users.clone(),
            show: sent.message.offline_push.clone(),
        };
        if !self.gate.asks(EventKind::OfflinePushing) {
            return Some(plan);
        }
        let question = Question {
            kind: EventKind::OfflinePushing,
            number: sent.message.id,
            operation_id: sent.operation_id.clone(),
            origin: sent.origin,
            actor: Some(sent.message.sender.clone()),
            actor_is_admin: sent.sender_is_admin,
            at: self.clock.now(),
            subject: Subject::Push(Box::new(plan)),
        };
        let check = PushCheck { store: &*self.store, users: &users };
        match self.gate.ask(question, &check).await {
            Ok(Subject::Push(plan)) => Some(*plan),
            Ok(Subject::Message(_) | Subject::Action(_)) => {
                tracing::error!("the gate answers about something else than it was asked");
                None
            }
            Err(Failure::Fault(fault)) => {
                tracing::error!(message = %sent.message.id, %fault, "nobody is woken for a message");
                None
            }
            Err(Failure::Refused(refusal)) => {
                metrics::counter!("ringback_pushes_refused_total", "push" => "offline").increment(1);
                tracing::debug!(message = %sent.message.id, %refusal, "nobody is woken for a message");
                None
            }
        }
    }
}
