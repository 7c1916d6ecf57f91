//! The keyword filter: the first to see a message, before any rule is asked. One that is refused is told of alone, one
//! that passes together with the message, in its commit.

use std::sync::Arc;

use ringback_model::action::{Action, ChatAction, KeywordHit};
use ringback_model::commit::Commit;
use ringback_model::conversation::Target;
use ringback_model::event::{Done, Fact, Lane};
use ringback_model::failure::{Failure, Refusal, RefusalCode};
use ringback_model::ids::UserId;
use ringback_model::keyword::{ChatKind, Hit, Judged, KeywordVerdict, Setting};
use ringback_model::message::{Content, Message, Origin};

use crate::Im;
use crate::send::Context;
use crate::users::commit_failure;

/// A message that passes, with what was found in it, and as it was where it is another one now.
type Passed = (Box<Message>, Option<Hit>, Option<Box<Message>>);

impl Im {
    /// Looks for words of word lists in a message, and puts stars in the place of those that want it.
    ///
    /// # Errors
    /// A list refuses the message: that is durable by then. Who sends to nobody is told that instead.
    pub(crate) async fn without_words(
        &self,
        context: &Context,
        mut message: Box<Message>,
    ) -> Result<Passed, Failure> {
        let judged = self.judge_words(&message.sender, &message.target, context.origin, &message.content);
        let Some(Judged { hit, raw }) = judged else { return Ok((message, None, None)) };
        if hit.verdict == KeywordVerdict::Refuse {
            // Names become the registered ones, and what is said to nobody is told to nobody.
            self.facts(context, &mut message).await?;
            self.tell_refused(self.keyword_fact(context, &message, hit), &message).await?;
            return Err(refused().into());
        }
        let Some(raw) = raw else { return Ok((message, Some(hit), None)) };
        let original = message.clone();
        message.content.raw = raw;
        Ok((message, Some(hit), Some(original)))
    }

    /// What the word lists say of a content that somebody wants to say, for the first time or instead of something
    /// else. Counted by list.
    pub(crate) fn judge_words(
        &self,
        sender: &UserId,
        target: &Target,
        origin: Origin,
        content: &Content,
    ) -> Option<Judged> {
        let setting = Setting { chat: ChatKind::of(target)?, origin, by_admin: self.is_admin(sender) };
        let judged = self.keywords.judge(content, setting)?;
        for (list, verdict) in &judged.hit.lists {
            let labels = [("list", list.clone()), ("verdict", verdict.name().to_owned())];
            metrics::counter!("ringback_keyword_hits_total", &labels).increment(1);
        }
        Some(judged)
    }

    /// What after-rules are told of a message that was found to have words.
    pub(crate) fn keyword_fact(&self, context: &Context, message: &Message, hit: Hit) -> Fact {
        let action = Action::Chat(ChatAction::Filter(Box::new(hit_in(message, hit, false))));
        Fact::Done(Box::new(Done {
            number: self.number(),
            action,
            actor: Some(message.sender.clone()),
            operation_id: Arc::clone(&context.operation_id),
            origin: context.origin,
            by_admin: context.sender_is_admin,
            room: matches!(message.target, Target::Room(_)),
        }))
    }

    async fn tell_refused(&self, fact: Fact, message: &Message) -> Result<(), Failure> {
        let lane = Lane::conversation(&message.conversation());
        let commit = Commit::at(self.clock.now()).event(lane, fact);
        self.store.commit(commit).await.map(drop).map_err(commit_failure)
    }
}

/// What was found, and in which message. `edited`: in its new text, see [`KeywordHit::edited`].
pub(crate) fn hit_in(message: &Message, hit: Hit, edited: bool) -> KeywordHit {
    KeywordHit {
        conversation: message.conversation(),
        message: message.id,
        client_id: message.client_id.clone(),
        sender: message.sender.clone(),
        target: message.target.clone(),
        class: message.content.class,
        code: message.content.code,
        verdict: hit.verdict,
        words: hit.words,
        lists: hit.lists.into_iter().map(|(list, _)| list).collect(),
        edited,
    }
}

/// The refusal that a sender gets. It does not name the word: who tries them out is to learn nothing.
pub(crate) fn refused() -> Refusal {
    Refusal::new(RefusalCode::ForbiddenWords, "the message has words that may not be said here")
}
