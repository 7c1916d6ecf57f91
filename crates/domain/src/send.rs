//! The life of one message, up to its commit.
//!
//! Permission and sizes; join the same send under way, or answer a stored one alike; word lists; screening; facts, checks and
//! the sending question, in the order of the target's kind; rewriting; one commit of message and event. What was
//! loaded before the gate is required again in the commit. Who may send what is decided in `checks.rs`.

use std::sync::Arc;

use ringback_model::command::{Actor, Draft, Outcome, SendState, Sent};
use ringback_model::commit::{Commit, CommitError, Committed, Require};
use ringback_model::conversation::{ConversationId, Target};
use ringback_model::event::{EventKind, Fact, Lane, MessageSent, Question, Subject};
use ringback_model::failure::{CallbackRefusal, Failure, Fault, Refusal, RefusalCode};
use ringback_model::ids::{MessageId, UserId};
use ringback_model::keyword::Hit;
use ringback_model::limits;
use ringback_model::message::{ContentClass, Message, Origin};
use ringback_model::ports::{Push, SendFacts};
use ringback_model::time::UnixMs;

use crate::answers::MessageCheck;
use crate::chats::starts::{Beginner, Starts};
use crate::handover::{AnswerTicket, Handovers, OnItsWay};
use crate::in_flight::{SendKey, Turn};
use crate::users::commit_failure;
use crate::{Done, Im, checks, sizes};

/// What is known about a send besides the message.
#[derive(Clone)]
pub(crate) struct Context {
    pub(crate) origin: Origin,
    pub(crate) operation_id: Arc<str>,
    pub(crate) sender_is_admin: bool,
    /// [`Draft::strangers`].
    pub(crate) strangers: bool,
    /// Single chats are among friends.
    pub(crate) friends_only: bool,
    pub(crate) came_in: UnixMs,
}

/// What is committed, or answered, besides a message.
struct Sidelight {
    /// As it was before rules or the keyword filter changed it.
    before: Option<Box<Message>>,
    /// What the keyword filter found in it.
    hit: Option<Hit>,
}

impl Context {
    /// What is said of a message that is only handed to devices.
    fn handed(&self, message: &Message) -> Question {
        Question {
            kind: EventKind::MessageSent,
            number: message.id,
            actor: Some(message.sender.clone()),
            subject: Subject::Message(Box::new(message.clone())),
            operation_id: Arc::clone(&self.operation_id),
            origin: self.origin,
            actor_is_admin: self.sender_is_admin,
            at: self.came_in,
        }
    }
}

impl Im {
    /// Sends a message.
    pub(crate) async fn send(
        &self,
        actor: &Actor,
        origin: Origin,
        operation_id: Arc<str>,
        draft: Box<Draft>,
    ) -> Result<Done, Failure> {
        checks::draft(actor, &draft)?;
        let context = Context {
            origin,
            operation_id,
            sender_is_admin: self.is_admin(&draft.sender),
            strangers: draft.strangers,
            friends_only: self.friends_only && !draft.strangers,
            came_in: self.clock.now(),
        };
        if context.origin != Origin::Rest {
            return self.send_once(context, draft).await;
        }
        let operation_id = Arc::clone(&context.operation_id);
        self.send_states.set(&operation_id, SendState::Sending);
        let result = self.send_once(context, draft).await;
        self.send_states.set(&operation_id, if result.is_ok() { SendState::Sent } else { SendState::Failed });
        result
    }

    async fn send_once(&self, context: Context, draft: Box<Draft>) -> Result<Done, Failure> {
        let Some(client_id) = draft.client_id.clone() else {
            // Nobody can repeat a send that he has no name for.
            let message = self.message_of(draft);
            return self.carry_out(context, message).await.map(done);
        };
        let conversation = ConversationId::of(&draft.sender, &draft.target);
        let key = SendKey { sender: draft.sender.clone(), conversation, client_id };
        loop {
            match self.in_flight.enter(key.clone()) {
                Turn::Joined(joined) => {
                    if let Some(answer) = joined.answer().await {
                        return answer.map(|sent| Outcome::Sent(sent).into());
                    }
                }
                Turn::Mine(lead) => {
                    let result = self.send_named(context, draft, &key).await;
                    lead.finish(result.as_ref().map(|(sent, _)| sent.clone()).map_err(Clone::clone));
                    return result.map(done);
                }
            }
        }
    }

    async fn send_named(
        &self,
        context: Context,
        draft: Box<Draft>,
        key: &SendKey,
    ) -> Result<(Sent, AnswerTicket), Failure> {
        let earlier = self.store.sent_before(&key.sender, &key.conversation, &key.client_id).await?;
        if let Some(message) = earlier {
            return Ok((Sent { message, before: None }, AnswerTicket::none()));
        }
        let message = self.message_of(draft);
        self.carry_out(context, message).await
    }

    /// Boxed, because many steps pass it on.
    fn message_of(&self, draft: Box<Draft>) -> Box<Message> {
        let (draft, now) = (*draft, self.clock.now());
        Box::new(Message {
            id: self.message_ids.next(now, self.dice.roll()),
            public_id: None,
            client_id: draft.client_id.unwrap_or_else(|| self.random_hex()),
            sender: draft.sender,
            target: draft.target,
            seq: 0,
            platform: draft.platform,
            nickname: draft.nickname,
            face_url: draft.face_url,
            system: draft.system,
            content: draft.content,
            status: draft.status,
            sent_at: draft.sent_at.unwrap_or(now),
            created_at: draft.created_at.unwrap_or(now),
            options: draft.options,
            handling: draft.handling,
            offline_push: draft.offline_push,
            mentions: draft.mentions,
            attached_info: draft.attached_info,
            ex: draft.ex,
            priority: draft.priority,
            hidden_from: draft.hidden_from,
        })
    }

    async fn carry_out(
        &self,
        context: Context,
        message: Box<Message>,
    ) -> Result<(Sent, AnswerTicket), Failure> {
        let (message, hit, mut original) = self.without_words(&context, message).await?;
        match self.pass_gate(&context, message, &mut original).await {
            Ok((message, facts)) => {
                let before = original.and_then(|mut original| {
                    name_alike(&mut original, &message);
                    (message != original).then_some(original)
                });
                self.commit_message(context, message, facts, Sidelight { before, hit }).await
            }
            Err(failure) => match (failure, original) {
                // The rule says that its refusals are not shown: the sender sees success, and that is all.
                (
                    Failure::Refused(Refusal {
                        code: RefusalCode::ByCallback(CallbackRefusal { show: false, .. }),
                        ..
                    }),
                    Some(original),
                ) => Ok((Sent { message: Arc::from(original), before: None }, AnswerTicket::none())),
                (failure, _) => Err(failure),
            },
        }
    }

    /// Screening, checks, sending question, rewriting. Facts come back for the message as it is in the end; the
    /// original is the message before the first question, where there was one.
    async fn pass_gate(
        &self,
        context: &Context,
        mut message: Box<Message>,
        original: &mut Option<Box<Message>>,
    ) -> Result<(Box<Message>, SendFacts), Failure> {
        let asks_rules = !matches!(message.target, Target::Notice(_));
        if asks_rules {
            message = self.ask(context, EventKind::MessageScreening, message, original).await?;
        }
        let mut facts = self.facts(context, &mut message).await?;
        let target = message.target.clone();
        // Single chats ask before the block list is looked at, groups after membership: receivers of callbacks
        // rely on this order (callback sheet 4.2).
        match target {
            Target::User(_) => {
                message = self.ask(context, EventKind::MessageSending, message, original).await?;
                checks::may_send(context, &message, &facts, self.clock.now())?;
                self.among_friends(context, &message, &facts).await?;
            }
            Target::Group(_) | Target::Room(_) => {
                self.may_speak(context, &message, &facts).await?;
                message = self.ask(context, EventKind::MessageSending, message, original).await?;
            }
            Target::Notice(_) => checks::may_send(context, &message, &facts, self.clock.now())?,
        }
        if asks_rules {
            message = self.ask(context, EventKind::MessageRewriting, message, original).await?;
            sizes::message(&message)?;
            // Who is in a group changes while receivers think. Of a single chat nothing does but what the commit
            // requires again. Asking the gate would not do: a rule that was asked may have been taken away since.
            let aged = target.group().is_some() && original.is_some();
            if aged || message.target != target {
                facts = self.facts(context, &mut message).await?;
                self.may_speak(context, &message, &facts).await?;
            }
        }
        Ok((message, facts))
    }

    /// What users, groups and the kind of account allow. Who is muted is looked for on the group's list of those who may
    /// speak all the same, which nobody else is.
    async fn may_speak(
        &self,
        context: &Context,
        message: &Message,
        facts: &SendFacts,
    ) -> Result<(), Failure> {
        let Err(refusal) = checks::may_send(context, message, facts, self.clock.now()) else { return Ok(()) };
        let Some(key) = checks::allowance(&refusal, message, facts) else { return Err(refusal.into()) };
        let found = self.store.records(std::slice::from_ref(&key)).await?;
        if found.iter().any(Option::is_some) { Ok(()) } else { Err(refusal.into()) }
    }

    /// Looked up only where it matters: the store reads nothing more for a message otherwise.
    async fn among_friends(
        &self,
        context: &Context,
        message: &Message,
        facts: &SendFacts,
    ) -> Result<(), Failure> {
        let Some(key) = checks::friendship(context, message, facts) else { return Ok(()) };
        let found = self.store.records(std::slice::from_ref(&key)).await?;
        if found.iter().any(Option::is_some) { Ok(()) } else { Err(checks::not_friends().into()) }
    }

    /// What has to be known about the message; names in it become the ones that were registered, because a
    /// user is the same whatever the letter case of his id, and a room is one whatever the caller takes it for.
    pub(crate) async fn facts(&self, context: &Context, message: &mut Message) -> Result<SendFacts, Failure> {
        let facts = self.store.send_facts(&message.sender, &message.target).await?;
        if !context.strangers {
            checks::existence(message, &facts)?;
        }
        if let Some(sender) = &facts.sender {
            message.sender = sender.id.clone();
        }
        match (&mut message.target, &facts) {
            (Target::User(user) | Target::Notice(user), SendFacts { recipient: Some(recipient), .. }) => {
                *user = recipient.id.clone();
            }
            (target @ (Target::Group(_) | Target::Room(_)), SendFacts { group: Some(group), .. }) => {
                *target = group.target();
            }
            (Target::User(_) | Target::Notice(_) | Target::Group(_) | Target::Room(_), _) => {}
        }
        Ok(facts)
    }

    async fn ask(
        &self,
        context: &Context,
        kind: EventKind,
        message: Box<Message>,
        original: &mut Option<Box<Message>>,
    ) -> Result<Box<Message>, Failure> {
        if !self.gate.asks(kind) {
            return Ok(message);
        }
        let target = message.target.clone();
        // Most messages are asked about nowhere: they are spared the copy.
        original.get_or_insert_with(|| message.clone());
        let question = Question {
            kind,
            number: message.id,
            actor: Some(message.sender.clone()),
            subject: Subject::Message(message),
            operation_id: Arc::clone(&context.operation_id),
            origin: context.origin,
            actor_is_admin: context.sender_is_admin,
            at: context.came_in,
        };
        let check = MessageCheck { im: self, context, target: &target };
        match self.gate.ask(question, &check).await? {
            Subject::Message(message) => Ok(message),
            Subject::Push(_) | Subject::Action(_) => {
                Err(Fault::new("the gate answers about something else than it was asked").into())
            }
        }
    }

    async fn commit_message(
        &self,
        context: Context,
        message: Box<Message>,
        facts: SendFacts,
        Sidelight { before, hit }: Sidelight,
    ) -> Result<(Sent, AnswerTicket), Failure> {
        let recipients = recipients(&message, &facts);
        if message.content.class == ContentClass::Typing {
            // Not kept, not called back: nothing to commit.
            self.gate.handed_only(&context.handed(&message));
            let message = Arc::<Message>::from(message);
            let push = Push { message: Arc::clone(&message), operation_id: context.operation_id };
            self.sessions.push(&push, &recipients, Arc::new(()));
            return Ok((Sent { message, before }, AnswerTicket::none()));
        }
        let mut way = Way::begin(&self.handovers, message.id, recipients.clone());
        match self.commit_and_list(context, message, facts, &recipients, hit).await {
            Ok(committed) => {
                let event = committed.events.into_iter().next();
                let Some(sent) = event.as_ref().and_then(|event| event.sent()) else {
                    return Err(Fault::new("the store lost a message").into());
                };
                metrics::counter!("ringback_messages_total").increment(1);
                Ok((Sent { message: Arc::clone(&sent.message), before }, AnswerTicket::of(way.go_on())))
            }
            Err(CommitError::Duplicate(earlier)) => {
                Ok((Sent { message: earlier, before: None }, AnswerTicket::none()))
            }
            Err(error) => Err(commit_failure(error)),
        }
    }

    /// Commits a message, with what its chat's coming onto lists brings along. Between people who talk, it is on both.
    async fn commit_and_list(
        &self,
        context: Context,
        message: Box<Message>,
        facts: SendFacts,
        recipients: &[UserId],
        hit: Option<Hit>,
    ) -> Result<Committed, CommitError> {
        let lane = Lane::conversation(&message.conversation());
        let offline = self.offline(&message, recipients);
        let mut commit = Commit::at(self.clock.now());
        commit.require = checks::requirements(&context, &message, &facts);
        let begun = facts.listed == (true, true) || !message.handling.store || message.handling.aside;
        let chat = (message.sender.clone(), message.target.clone());
        let found = hit.map(|hit| self.keyword_fact(&context, &message, hit));
        let in_thread = self.thread_fact(&context, &message, facts.group.as_deref()).await?;
        let fact = sent_fact(&context, message, offline);
        let mut commit = commit.event(lane.clone(), Fact::MessageSent(Box::new(fact)));
        if let Some(fact) = in_thread {
            commit = commit.event(lane.clone(), fact);
        }
        if let Some(found) = found {
            commit = commit.event(lane, found);
        }
        if begun {
            return self.store.commit(commit).await;
        }
        let beginner = Beginner {
            user: chat.0.clone(),
            is_admin: context.sender_is_admin,
            origin: context.origin,
            operation_id: Arc::clone(&context.operation_id),
            came_in: context.came_in,
        };
        // Boxed: it happens once per chat, and every send would hold the room for it.
        Box::pin(self.commit_beginning(&beginner, chat, facts, commit)).await
    }

    /// Commits a message together with what the beginning of its chat brings along.
    async fn commit_beginning(
        &self,
        beginner: &Beginner,
        (sender, target): (UserId, Target),
        mut facts: SendFacts,
        commit: Commit,
    ) -> Result<Committed, CommitError> {
        let mut starts = Starts::default();
        let mut rounds = 0;
        loop {
            self.ask_about_starts(beginner, (&sender, &target), &facts, &mut starts).await?;
            let with_starts = self.add_starts(beginner, &starts, commit.clone()).await?;
            match self.store.commit(with_starts).await {
                // The other side, or another device, has begun it meanwhile, or its owner has set something for it.
                Err(CommitError::Broken(
                    Require::NotListed(..) | Require::Unchanged(_) | Require::NotKept(_),
                )) if rounds < limits::DECISIONS => {
                    rounds += 1;
                    facts = self.store.send_facts(&sender, &target).await?;
                }
                result => return result,
            }
        }
    }

    /// Those who will find the message later. Of a message that is not kept, and of a room, nobody does.
    pub(crate) fn offline(&self, message: &Message, recipients: &[UserId]) -> Vec<UserId> {
        if !message.handling.store || matches!(message.target, Target::Room(_)) {
            return Vec::new();
        }
        let online = self.sessions.online(recipients);
        let others = recipients.iter().zip(online).filter(|(user, _)| **user != message.sender);
        others.filter(|(_, online)| !online).map(|(user, _)| user.clone()).collect()
    }
}

/// A message on its way to its push. The way ends with this, also where the sending is given up half-way, unless the
/// message was committed: then the push ends it.
struct Way<'a> {
    handovers: &'a Handovers,
    message: MessageId,
    entry: Option<Arc<OnItsWay>>,
}

impl<'a> Way<'a> {
    fn begin(handovers: &'a Handovers, message: MessageId, recipients: Arc<[UserId]>) -> Self {
        handovers.begin(message, recipients);
        Self { handovers, message, entry: handovers.get(message) }
    }

    /// The message is committed.
    fn go_on(&mut self) -> Option<Arc<OnItsWay>> {
        self.entry.take()
    }
}

impl Drop for Way<'_> {
    fn drop(&mut self) {
        if self.entry.is_some() {
            self.handovers.end(self.message);
        }
    }
}

fn sent_fact(context: &Context, message: Box<Message>, offline: Vec<UserId>) -> MessageSent {
    MessageSent {
        message: Arc::from(message),
        operation_id: Arc::clone(&context.operation_id),
        origin: context.origin,
        sender_is_admin: context.sender_is_admin,
        offline,
    }
}

fn done((sent, answered): (Sent, AnswerTicket)) -> Done {
    Done { outcome: Outcome::Sent(sent), answered }
}

/// Names sender and target of the original as the message that was made of it does, as far as they are the same:
/// spelling a name as it was registered is no change of a rule's.
fn name_alike(original: &mut Message, message: &Message) {
    original.sender = message.sender.clone();
    let same = match (&original.target, &message.target) {
        (Target::User(one), Target::User(other)) | (Target::Notice(one), Target::Notice(other)) => {
            one.folded() == other.folded()
        }
        (one, other) => one.group().is_some() && one.group() == other.group(),
    };
    if same {
        original.target = message.target.clone();
    }
}

/// Whose devices get the message: the recipient or all members, and the sender's own unless he does not want it.
pub(crate) fn recipients(message: &Message, facts: &SendFacts) -> Arc<[UserId]> {
    let sender = message.handling.sync_sender.then(|| message.sender.clone());
    match &message.target {
        Target::User(user) | Target::Notice(user) => {
            std::iter::once(user.clone()).chain(sender.filter(|sender| sender != user)).collect()
        }
        Target::Group(_) | Target::Room(_) if message.handling.sync_sender => Arc::clone(&facts.members),
        Target::Group(_) | Target::Room(_) => {
            facts.members.iter().filter(|user| **user != message.sender).cloned().collect()
        }
    }
}
