//! Reactions to messages, kept beside them: one record for each message that has some.

use ringback_model::action::{Action, ChatAction, MessageReacted, MessageRef, ReactionCount};
use ringback_model::command::{MessageOutcome, ReactionOrder};
use ringback_model::commit::{Commit, CommitError, Write};
use ringback_model::conversation::ConversationId;
use ringback_model::failure::{Failure, Refusal, RefusalCode};
use ringback_model::ids::{MessageId, UserId};
use ringback_model::limits;
use ringback_model::message::Message;
use ringback_model::record::{Fate, Mark, Reaction, Reactions, Record, RecordKey};
use ringback_model::time::UnixMs;

use super::unknown_message;
use crate::actions::Deed;
use crate::caller::Caller;
use crate::chats::revoking::has_part;
use crate::chats::{TRIES, overtaken, still, was_overtaken};
use crate::users::commit_failure;
use crate::{Im, at_most, bad};

impl Im {
    pub(super) async fn react(
        &self,
        caller: &Caller,
        order: ReactionOrder,
    ) -> Result<MessageOutcome, Failure> {
        let chars = order.reaction.chars().count();
        if chars == 0 || chars > limits::REACTION_CHARS {
            let most = limits::REACTION_CHARS;
            return Err(bad(format!("a reaction has 1 to {most} characters, not {chars}")).into());
        }
        let found = self.message_anywhere(&order.message).await?;
        let message = found.ok_or_else(|| unknown_message(&order.message))?;
        let conversation = message.conversation();
        if !self.takes_part(&order.user, &conversation).await? {
            let detail = format!("{} has no part in this chat", order.user);
            return Err(Refusal::new(RefusalCode::NoPermission, detail).into());
        }
        let keys =
            [RecordKey::reactions(&conversation, message.seq), RecordKey::mark(&conversation, message.seq)];
        for _ in 0..TRIES {
            let mut records = self.store.records(&keys).await?.into_iter();
            let (read, mark) = (records.next().flatten(), records.next().flatten());
            if is_gone(mark.as_ref()) {
                return Err(unknown_message(&order.message));
            }
            let mut now = match &read {
                Some(Record::Reactions(kept)) => kept.clone(),
                _ => {
                    Reactions { conversation: conversation.clone(), seq: message.seq, reactions: Vec::new() }
                }
            };
            let at = self.clock.now();
            let reaction = changed(&mut now.reactions, &order, self.number(), at)?;
            let told = told(&message, &order, at, &now);
            let commit = Commit::at(at).require(still(read, keys[0].clone()));
            let commit = if now.reactions.is_empty() {
                commit.write(Write::Discard(keys[0].clone()))
            } else {
                commit.write(Write::Keep(Box::new(Record::Reactions(now))))
            };
            let deed = Deed::of(commit).tell(Action::Chat(ChatAction::React(told)));
            match self.carry_out_deed(caller, deed).await {
                Ok(_) => {
                    let message = MessageRef::of(&message);
                    return Ok(MessageOutcome::Reacted { conversation, message, reaction });
                }
                Err(CommitError::Broken(broken)) if was_overtaken(&broken) => {}
                Err(error) => return Err(commit_failure(error)),
            }
        }
        Err(overtaken())
    }

    pub(super) async fn reactions(
        &self,
        user: &UserId,
        ids: &[String],
    ) -> Result<Vec<(MessageRef, Vec<Reaction>)>, Failure> {
        at_most("messages", ids.len(), limits::REACTED_MESSAGES)?;
        let mut all = Vec::with_capacity(ids.len());
        for id in ids {
            let Some(message) = self.message_anywhere(id).await? else { continue };
            let conversation = message.conversation();
            if !self.takes_part(user, &conversation).await? {
                continue;
            }
            let keys = [
                RecordKey::reactions(&conversation, message.seq),
                RecordKey::mark(&conversation, message.seq),
            ];
            let mut records = self.store.records(&keys).await?.into_iter();
            let (kept, mark) = (records.next().flatten(), records.next().flatten());
            if is_gone(mark.as_ref()) {
                continue;
            }
            let reactions = match kept {
                Some(Record::Reactions(kept)) => kept.reactions,
                _ => Vec::new(),
            };
            all.push((MessageRef::of(&message), reactions));
        }
        Ok(all)
    }

    async fn takes_part(&self, user: &UserId, conversation: &ConversationId) -> Result<bool, Failure> {
        Ok(match conversation.group() {
            Some(group) => self.store.member(group, user).await?.is_some(),
            None => has_part(conversation, user),
        })
    }
}

/// Nobody reacts to what was taken back or deleted.
fn is_gone(mark: Option<&Record>) -> bool {
    matches!(mark, Some(Record::Mark(Mark { fate: Fate::Revoked(_) | Fate::Deleted, .. })))
}

/// Makes the change; answers the reaction as it is then.
fn changed(
    all: &mut Vec<Reaction>,
    order: &ReactionOrder,
    number: MessageId,
    at: UnixMs,
) -> Result<Reaction, Refusal> {
    let is_he = |user: &UserId| user.folded() == order.user.folded();
    let place = all.iter().position(|one| one.reaction == order.reaction);
    let Some(place) = place else {
        if !order.added {
            return Err(Refusal::new(RefusalCode::NotFound, "the user has not reacted in this way"));
        }
        if all.len() >= limits::MESSAGE_REACTIONS {
            let most = limits::MESSAGE_REACTIONS;
            return Err(bad(format!("a message has at most {most} different reactions")));
        }
        let users = vec![order.user.clone()];
        let reaction = order.reaction.clone();
        let new = Reaction { number, reaction, users, created_at: at, updated_at: at };
        all.push(new.clone());
        return Ok(new);
    };
    let one = &mut all[place];
    one.updated_at = at;
    if order.added {
        if one.users.iter().any(is_he) {
            return Err(Refusal::new(RefusalCode::Duplicate, "the user is already operation this message"));
        }
        if one.users.len() >= limits::REACTION_USERS {
            let most = limits::REACTION_USERS;
            return Err(bad(format!("at most {most} users react to a message in the same way")));
        }
        one.users.push(order.user.clone());
    } else {
        if !one.users.iter().any(is_he) {
            return Err(Refusal::new(RefusalCode::NotFound, "the user has not reacted in this way"));
        }
        one.users.retain(|user| !is_he(user));
    }
    let one = one.clone();
    all.retain(|one| !one.users.is_empty());
    Ok(one)
}

fn told(message: &Message, order: &ReactionOrder, at: UnixMs, now: &Reactions) -> MessageReacted {
    let count = |one: &Reaction| ReactionCount {
        reaction: one.reaction.clone(),
        count: one.users.len() as u64,
        users: one.users.iter().take(limits::REACTION_USERS_TOLD).cloned().collect(),
    };
    MessageReacted {
        conversation: now.conversation.clone(),
        message: MessageRef::of(message),
        by: order.user.clone(),
        reaction: order.reaction.clone(),
        added: order.added,
        at,
        reactions: now.reactions.iter().map(count).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(user: &str, reaction: &str, added: bool) -> ReactionOrder {
        let user = UserId::parse(user).unwrap();
        ReactionOrder { user, message: "1".to_owned(), reaction: reaction.to_owned(), added }
    }

    #[test]
    fn reactions_come_and_go_once() {
        let mut all = Vec::new();
        let mut step = |user: &str, reaction: &str, added: bool| {
            let result = changed(&mut all, &order(user, reaction, added), MessageId(1), UnixMs(1));
            let counts: Vec<String> =
                all.iter().map(|one| format!("{}{}", one.reaction, one.users.len())).collect();
            (result.map(|one| one.users.len()).map_err(|refusal| refusal.code), counts.join(" "))
        };
        assert_eq!(step("a", "x", true), (Ok(1), "x1".to_owned()));
        assert_eq!(step("A", "x", true), (Err(RefusalCode::Duplicate), "x1".to_owned()));
        assert_eq!(step("b", "x", true), (Ok(2), "x2".to_owned()));
        assert_eq!(step("b", "y", true), (Ok(1), "x2 y1".to_owned()));
        assert_eq!(step("a", "y", false), (Err(RefusalCode::NotFound), "x2 y1".to_owned()));
        assert_eq!(step("b", "y", false), (Ok(0), "x2".to_owned()));
        assert_eq!(step("b", "z", false), (Err(RefusalCode::NotFound), "x2".to_owned()));
    }

    #[test]
    fn only_so_many_different_ones() {
        let mut all = Vec::new();
        for number in 0..limits::MESSAGE_REACTIONS {
            let order = order("a", &number.to_string(), true);
            assert!(changed(&mut all, &order, MessageId(1), UnixMs(1)).is_ok());
        }
        let more = changed(&mut all, &order("a", "more", true), MessageId(1), UnixMs(1));
        assert_eq!(more.unwrap_err().code, RefusalCode::BadArgument);
        assert!(changed(&mut all, &order("b", "0", true), MessageId(1), UnixMs(1)).is_ok());
    }
}
