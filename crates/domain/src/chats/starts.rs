//! A chat comes onto lists: with its first message, on both sides; a notice's only on its recipient's. Before-rules are
//! asked for each side, after-rules told for each side. Source: callback sheet 4.8.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::{StreamExt, stream};
use ringback_model::action::{Action, ChatAction, ConversationStart};
use ringback_model::commit::{Commit, Require, Write};
use ringback_model::conversation::{ConversationId, Target};
use ringback_model::event::{Done, EventKind, Fact, Question, Subject};
use ringback_model::failure::{Failure, Fault};
use ringback_model::ids::UserId;
use ringback_model::limits;
use ringback_model::message::Origin;
use ringback_model::ports::SendFacts;
use ringback_model::record::{ConversationSettings, Record, RecordKey};
use ringback_model::time::UnixMs;

use crate::Im;
use crate::answers::ActionCheck;
use crate::caller::Caller;
use crate::in_flight::Turn;
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

/// What rules have said about the chats that a deed begins, by who speaks and to whom.
#[derive(Default)]
pub(crate) struct AskedStarts {
    chats: HashMap<(UserId, Target), Starts>,
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
                let conversation = ConversationId::of(sender, target);
                let answer = self.ask_once_about_start(beginner, &user, conversation).await?;
                starts.sides.push((user, answer));
            }
        }
        Ok(())
    }

    /// Of those who begin a chat at the same moment, one asks, and the others are answered alike.
    async fn ask_once_about_start(
        &self,
        beginner: &Beginner,
        owner: &UserId,
        conversation: ConversationId,
    ) -> Result<Option<ConversationStart>, Fault> {
        loop {
            match self.starting.enter((owner.clone(), conversation.clone())) {
                Turn::Joined(joined) => {
                    if let Some(answer) = joined.answer().await {
                        return answer;
                    }
                }
                Turn::Mine(lead) => {
                    let start = ConversationStart::new(conversation, vec![owner.clone()]);
                    let answer = self.ask_about_start(beginner, start).await;
                    lead.finish(answer.clone());
                    return answer;
                }
            }
        }
    }

    async fn ask_about_start(
        &self,
        beginner: &Beginner,
        start: ConversationStart,
    ) -> Result<Option<ConversationStart>, Fault> {
        if !self.gate.asks(EventKind::ConversationStarting) {
            return Ok(Some(start));
        }
        let action = Action::Chat(ChatAction::Start(start));
        let check = ActionCheck { im: self, wanted: &action };
        let question = Question {
            kind: EventKind::ConversationStarting,
            subject: Subject::Action(Box::new(action.clone())),
            number: self.number(),
            operation_id: Arc::clone(&beginner.operation_id),
            origin: beginner.origin,
            actor: Some(beginner.user.clone()),
            actor_is_admin: beginner.is_admin,
            at: beginner.came_in,
        };
        let answer = match self.gate.ask(question, &check).await {
            Ok(answer) => answer,
            Err(Failure::Refused(_)) => return Ok(None),
            Err(Failure::Fault(fault)) => return Err(fault),
        };
        let Subject::Action(action) = answer else { return Err(wrong_answer()) };
        match *action {
            Action::Chat(ChatAction::Start(start)) => Ok(Some(start)),
            _ => Err(wrong_answer()),
        }
    }

    /// What a deed says in chats may be the first thing that is said there. Rules are asked about several chats at once,
    /// and about each side once, however often the deed is decided anew: `asked` keeps what they said.
    pub(crate) async fn with_starts(
        &self,
        caller: &Caller,
        notices: &[Outgoing],
        mut commit: Commit,
        asked: &mut AskedStarts,
    ) -> Result<Commit, Fault> {
        let beginner = Beginner {
            user: caller.actor.user.clone(),
            is_admin: caller.actor.admin,
            origin: caller.origin,
            operation_id: Arc::clone(&caller.operation_id),
            came_in: caller.came_in,
        };
        let said =
            notices.iter().filter(|notice| notice.keep == Keep::Said && notice.target.group().is_none());
        let chats: Vec<_> = said
            .map(|notice| {
                let chat = (notice.sender.clone(), notice.target.clone());
                let starts = asked.chats.remove(&chat).unwrap_or_default();
                (chat, starts)
            })
            .collect();
        let asking = chats.into_iter().map(|(chat, starts)| self.starts_of(&beginner, chat, starts));
        let mut answered = stream::iter(asking).buffered(limits::QUESTIONS_OF_ONE_CALL);
        while let Some(answer) = answered.next().await {
            let (chat, starts) = answer?;
            let required = commit.require.len();
            commit = self.add_starts(&beginner, &starts, commit).await?;
            // The deed does not depend on it: at worst two begin the chat at once, and rules hear of it twice.
            commit.require.truncate(required);
            asked.chats.insert(chat, starts);
        }
        Ok(commit)
    }

    async fn starts_of(
        &self,
        beginner: &Beginner,
        chat: (UserId, Target),
        mut starts: Starts,
    ) -> Result<((UserId, Target), Starts), Fault> {
        let facts = self.store.send_facts(&chat.0, &chat.1).await?;
        self.ask_about_starts(beginner, (&chat.0, &chat.1), &facts, &mut starts).await?;
        Ok((chat, starts))
    }

    /// Adds to a message's commit what comes onto lists, and what after-rules are told of it.
    ///
    /// # Errors
    /// A fault.
    pub(crate) async fn add_starts(
        &self,
        beginner: &Beginner,
        starts: &Starts,
        mut commit: Commit,
    ) -> Result<Commit, Fault> {
        for (user, answer) in &starts.sides {
            let Some(start) = answer else {
                commit.unlisted.push(user.clone());
                continue;
            };
            let conversation = start.conversation.clone();
            commit.require.push(Require::NotListed(user.clone(), conversation.clone()));
            commit.writes.push(Write::List { user: user.clone(), conversation });
            if start.sets_something() {
                let key = RecordKey::conversation(user, &start.conversation);
                let kept = self.store.records(&[key]).await?.pop().flatten();
                let kept = match &kept {
                    Some(Record::Conversation(settings)) => Some(settings),
                    _ => None,
                };
                commit = started(commit, start, user, kept);
            }
            let action = Action::Chat(ChatAction::Start(start.clone()));
            let lane = action.lane();
            let done = Done {
                number: self.number(),
                action,
                actor: Some(beginner.user.clone()),
                operation_id: Arc::clone(&beginner.operation_id),
                origin: beginner.origin,
                by_admin: beginner.is_admin,
                room: false,
            };
            commit = commit.event(lane, Fact::Done(Box::new(done)));
        }
        Ok(commit)
    }
}

/// Adds to a commit what rules have set for a conversation that comes onto a user's list, over what he has kept.
pub(crate) fn started(
    commit: Commit,
    start: &ConversationStart,
    user: &UserId,
    kept: Option<&ConversationSettings>,
) -> Commit {
    let defaults = || ConversationSettings::new(user.clone(), start.conversation.clone());
    let old = kept.cloned().unwrap_or_else(defaults);
    let new = start.over(old.clone());
    if new == old {
        return commit;
    }
    let still = match kept {
        Some(_) => Require::Unchanged(Box::new(Record::Conversation(old))),
        None => Require::NotKept(RecordKey::conversation(user, &start.conversation)),
    };
    commit.require(still).write(Write::Keep(Box::new(Record::Conversation(new))))
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
