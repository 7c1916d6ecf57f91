//! A chat comes onto lists: with its first message, on both sides; a notice's only on its recipient's. Before-rules are
//! asked for each side, after-rules told for each side. Source: callback sheet 4.8.

use std::sync::Arc;

use ringback_model::action::{Action, ChatAction, ConversationStart};
use ringback_model::commit::{Commit, Require, Write};
use ringback_model::conversation::{ConversationId, Target};
use ringback_model::event::{Done, EventKind, Fact, Question, Subject};
use ringback_model::failure::Fault;
use ringback_model::ids::UserId;
use ringback_model::message::Origin;
use ringback_model::ports::SendFacts;
use ringback_model::record::{ConversationSettings, Record};
use ringback_model::time::UnixMs;

use crate::Im;
use crate::caller::Caller;
use crate::notices::{Keep, Outgoing};

/// Who begins, and in which call.
pub(crate) struct Beginner {
    pub(crate) user: UserId,
    pub(crate) is_admin: bool,
    pub(crate) origin: Origin,
    pub(crate) operation_id: Arc<str>,
    pub(crate) came_in: UnixMs,
}

/// A chat on its way to lists.
#[derive(Default)]
pub(crate) struct Starts {
    /// Sides, in the order in which rules hear of them; `None` = a rule does not want it on this list.
    sides: Vec<(UserId, Option<ConversationStart>)>,
}

impl Im {
    /// Asks rules about the lists that a message's chat comes onto; about each side once, however often it is looked
    /// at. Whoever got it meanwhile is left out.
    ///
    /// # Errors
    /// A fault. A rule's no keeps the chat off that list, and the message goes on.
    pub(crate) async fn ask_about_starts(
        &self,
        beginner: &Beginner,
        (sender, target): (&UserId, &Target),
        facts: &SendFacts,
        starts: &mut Starts,
    ) -> Result<(), Fault> {
        let missing = missing_sides(sender, target, facts);
        starts.sides.retain(|(user, _)| missing.contains(user));
        for user in missing {
            if starts.sides.iter().all(|(asked, _)| *asked != user) {
                let start = start_of(&user, ConversationId::of(sender, target));
                let answer = self.ask_about_start(beginner, start).await?;
                starts.sides.push((user, answer));
            }
        }
        Ok(())
    }

    async fn ask_about_start(
        &self,
        beginner: &Beginner,
        start: ConversationStart,
    ) -> Result<Option<ConversationStart>, Fault> {
        if !self.gate.asks(EventKind::ConversationStarting) {
            return Ok(Some(start));
        }
        let (conversation, owners) = (start.conversation.clone(), start.owners.clone());
        let question = Question {
            kind: EventKind::ConversationStarting,
            subject: Subject::Action(Box::new(Action::Chat(ChatAction::Start(start)))),
            number: self.number(),
            operation_id: Arc::clone(&beginner.operation_id),
            origin: beginner.origin,
            actor: Some(beginner.user.clone()),
            actor_is_admin: beginner.is_admin,
            at: beginner.came_in,
        };
        let Ok(answer) = self.gate.ask(question).await else { return Ok(None) };
        let Subject::Action(action) = answer else { return Err(wrong_answer()) };
        let Action::Chat(ChatAction::Start(start)) = *action else { return Err(wrong_answer()) };
        // Rules say how the conversation begins, not which one it is.
        Ok(Some(ConversationStart { conversation, owners, ..start }))
    }

    /// What a deed says in chats may be the first thing that is said there.
    pub(crate) async fn with_starts(
        &self,
        caller: &Caller,
        notices: &[Outgoing],
        mut commit: Commit,
    ) -> Result<Commit, Fault> {
        for notice in notices.iter().filter(|notice| notice.keep == Keep::Said) {
            if notice.target.group().is_some() {
                continue;
            }
            let facts = self.store.send_facts(&notice.sender, &notice.target).await?;
            let beginner = Beginner {
                user: caller.actor.user.clone(),
                is_admin: caller.actor.admin,
                origin: caller.origin,
                operation_id: Arc::clone(&caller.operation_id),
                came_in: self.clock.now(),
            };
            let mut starts = Starts::default();
            let between = (&notice.sender, &notice.target);
            self.ask_about_starts(&beginner, between, &facts, &mut starts).await?;
            let required = commit.require.len();
            commit = self.add_starts(&beginner, &starts, commit);
            // The deed does not depend on it: at worst two begin the chat at once, and rules hear of it twice.
            commit.require.truncate(required);
        }
        Ok(commit)
    }

    /// Adds to a message's commit what comes onto lists, and what after-rules are told of it.
    pub(crate) fn add_starts(&self, beginner: &Beginner, starts: &Starts, mut commit: Commit) -> Commit {
        for (user, answer) in &starts.sides {
            let Some(start) = answer else {
                commit.unlisted.push(user.clone());
                continue;
            };
            let conversation = start.conversation.clone();
            commit.require.push(Require::NotListed(user.clone(), conversation.clone()));
            commit.writes.push(Write::List { user: user.clone(), conversation });
            let settings = settings_of(user, start);
            if settings != ConversationSettings::new(user.clone(), start.conversation.clone()) {
                commit.writes.push(Write::Keep(Box::new(Record::Conversation(settings))));
            }
            let action = Action::Chat(ChatAction::Start(start.clone()));
            let lane = action.lane();
            let done = Done {
                number: self.number(),
                action,
                actor: Some(beginner.user.clone()),
                operation_id: Arc::clone(&beginner.operation_id),
                origin: beginner.origin,
            };
            commit = commit.event(lane, Fact::Done(Box::new(done)));
        }
        commit
    }
}

fn wrong_answer() -> Fault {
    Fault::new("the gate answers about something else than it was asked")
}

/// On whose lists the chat is not, the sender first. Members have their group's conversation.
fn missing_sides(from: &UserId, target: &Target, facts: &SendFacts) -> Vec<UserId> {
    let sender = facts.sender.iter().filter(|_| !facts.listed.0);
    let recipient = facts.recipient.iter().filter(|_| !facts.listed.1);
    let sides: Vec<_> = match target {
        Target::User(user) if user == from => sender.collect(),
        Target::User(_) => sender.chain(recipient).collect(),
        Target::Notice(_) => recipient.collect(),
        Target::Group(_) | Target::Room(_) => Vec::new(),
    };
    sides.into_iter().map(|user| user.id.clone()).collect()
}

fn start_of(user: &UserId, conversation: ConversationId) -> ConversationStart {
    ConversationStart {
        conversation,
        owners: vec![user.clone()],
        receive_option: 0,
        pinned: false,
        private: false,
        burn_s: 0,
        mention: 0,
        attached_info: String::new(),
        ex: String::new(),
    }
}

fn settings_of(user: &UserId, start: &ConversationStart) -> ConversationSettings {
    ConversationSettings {
        receive_option: start.receive_option,
        pinned: start.pinned,
        private: start.private,
        burn_s: start.burn_s,
        mention: start.mention,
        attached_info: start.attached_info.clone(),
        ex: start.ex.clone(),
        ..ConversationSettings::new(user.clone(), start.conversation.clone())
    }
}
