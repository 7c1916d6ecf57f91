//! What messages say is changed. The log keeps what was sent; a mark beside the message keeps what it says now, and
//! history shows that.

use ringback_model::action::{Action, ChatAction, MessageEdited, MessageRef};
use ringback_model::command::MessageEdit;
use ringback_model::commit::{Commit, CommitError, Write};
use ringback_model::conversation::ConversationId;
use ringback_model::failure::{Failure, Refusal, RefusalCode};
use ringback_model::group::Role;
use ringback_model::ids::UserId;
use ringback_model::keyword::{Judged, KeywordVerdict};
use ringback_model::limits;
use ringback_model::message::Message;
use ringback_model::record::{Edition, Fate, Mark, Record, RecordKey};
use serde_json::{Map, Value};

use super::unknown_message;
use crate::actions::Deed;
use crate::caller::Caller;
use crate::chats::{TRIES, overtaken, still, was_overtaken};
use crate::keywords::{hit_in, refused};
use crate::users::commit_failure;
use crate::{Im, bad, sizes};

impl Im {
    pub(super) async fn edit_message(&self, caller: &Caller, edit: MessageEdit) -> Result<(), Failure> {
        let found = self.message_anywhere(&edit.message).await?;
        let message = found.ok_or_else(|| unknown_message(&edit.message))?;
        if message.content.class != edit.content.class {
            return Err(bad("a message stays of the type that it has").into());
        }
        let conversation = message.conversation();
        if let Some(by) = &edit.by {
            self.check_may_edit(&conversation, &message, by).await?;
        }
        let (edit, hit) = self.edit_without_words(caller, &message, edit).await?;
        let key = RecordKey::mark(&conversation, message.seq);
        for _ in 0..TRIES {
            let marked = self.store.records(std::slice::from_ref(&key)).await?.pop().flatten();
            let (count, ex) = match &marked {
                None => (0, message.ex.as_str()),
                Some(Record::Mark(Mark { fate: Fate::Edited(edition), .. })) => {
                    (edition.count, edition.ex.as_str())
                }
                Some(_) => return Err(unknown_message(&edit.message)),
            };
            if count >= limits::MESSAGE_EDITS {
                let detail = format!("a message is changed at most {} times", limits::MESSAGE_EDITS);
                return Err(Refusal::new(RefusalCode::ChangedTooOften, detail).into());
            }
            let ex = edit.ex.as_deref().map_or_else(|| ex.to_owned(), |new| new_ex(ex, new, edit.merge));
            let (by, at) = (edit.by.clone(), self.clock.now());
            let edition = Edition { by, count: count + 1, at, content: edit.content.clone(), ex };
            sizes::message(&edition.of(&message))?;
            let mut deed = self.edit_deed(&message, marked, edition).await?;
            deed.actions.extend(hit.clone());
            match self.carry_out_deed(caller, deed).await {
                Ok(_) => return Ok(()),
                Err(CommitError::Broken(broken)) if was_overtaken(&broken) => {}
                Err(error) => return Err(commit_failure(error)),
            }
        }
        Err(overtaken())
    }

    /// The word lists judge a new text as they judge a new message.
    ///
    /// # Errors
    /// A list refuses it: that is durable by then.
    async fn edit_without_words(
        &self,
        caller: &Caller,
        message: &Message,
        mut edit: MessageEdit,
    ) -> Result<(MessageEdit, Option<Action>), Failure> {
        let judged = self.judge_words(&message.sender, &message.target, caller.origin, &edit.content);
        let Some(Judged { hit, raw }) = judged else { return Ok((edit, None)) };
        let verdict = hit.verdict;
        let changed = Message { content: edit.content.clone(), ..message.clone() };
        let told = Action::Chat(ChatAction::Filter(Box::new(hit_in(&changed, hit, true))));
        if verdict == KeywordVerdict::Refuse {
            let deed = Deed::of(Commit::at(self.clock.now())).tell(told);
            self.carry_out_deed(caller, deed).await.map_err(commit_failure)?;
            return Err(refused().into());
        }
        if let Some(raw) = raw {
            edit.content.raw = raw;
        }
        Ok((edit, Some(told)))
    }

    async fn edit_deed(
        &self,
        message: &Message,
        marked: Option<Record>,
        edition: Edition,
    ) -> Result<Deed, Failure> {
        let conversation = message.conversation();
        let by = edition.by.clone().unwrap_or_else(|| message.sender.clone());
        let now = edition.of(message);
        let in_thread = self.thread_update(&conversation, &by, edition.at, Some(&now)).await?;
        let told = MessageEdited {
            conversation: conversation.clone(),
            message: MessageRef::of(message),
            client_id: message.client_id.clone(),
            by: edition.by.clone(),
            count: edition.count,
            sent_at: message.sent_at,
            at: edition.at,
            content: edition.content.clone(),
            ex: edition.ex.clone(),
        };
        let key = RecordKey::mark(&conversation, message.seq);
        let commit = Commit::at(edition.at).require(still(marked, key)).write(Write::Keep(Box::new(
            Record::Mark(Mark { conversation, seq: message.seq, fate: Fate::Edited(edition) }),
        )));
        let deed = Deed::of(commit).tell(Action::Chat(ChatAction::Edit(told)));
        Ok(match in_thread {
            Some(update) => deed.tell(Action::Chat(ChatAction::Thread(update))),
            None => deed,
        })
    }

    /// Its sender may, and in its group the owner and admins.
    async fn check_may_edit(
        &self,
        conversation: &ConversationId,
        message: &Message,
        by: &UserId,
    ) -> Result<(), Failure> {
        if message.sender.folded() == by.folded() {
            return Ok(());
        }
        let member = match conversation.group() {
            Some(group) => self.store.member(group, by).await?,
            None => None,
        };
        if member.is_some_and(|member| member.role >= Role::Admin) {
            return Ok(());
        }
        Err(Refusal::new(RefusalCode::NoPermission, format!("{by} may not change this message")).into())
    }
}

/// The app's own text after a change. What is no JSON object has no members that could stay.
fn new_ex(old: &str, new: &str, merge: bool) -> String {
    let object = |text: &str| serde_json::from_str::<Map<String, Value>>(text).ok();
    match (object(old), object(new)) {
        (Some(mut whole), Some(new)) if merge => {
            whole.extend(new);
            Value::Object(whole).to_string()
        }
        _ => new.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_stay_where_they_are_to() {
        for (old, new, merge, expected) in [
            ("", r#"{"a":1}"#, true, r#"{"a":1}"#),
            (r#"{"a":1,"b":2}"#, r#"{"b":3}"#, true, r#"{"a":1,"b":3}"#),
            (r#"{"a":1,"b":2}"#, r#"{"b":3}"#, false, r#"{"b":3}"#),
            ("plain", r#"{"b":3}"#, true, r#"{"b":3}"#),
            (r#"{"a":1}"#, "{}", false, "{}"),
        ] {
            assert_eq!(new_ex(old, new, merge), expected, "{old} {new} {merge}");
        }
    }
}
