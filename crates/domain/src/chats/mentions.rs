//! Who is mentioned in a group, and who is told of a new announcement, finds that on his list of conversations.
//!
//! A reader of the log with a bookmark of its own: who mentions thousands waits for none of their lists, and what a crash
//! leaves is done after it.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use ringback_model::commit::{Commit, CommitError};
use ringback_model::conversation::{ConversationId, Target};
use ringback_model::event::{Event, MessageSent};
use ringback_model::failure::Failure;
use ringback_model::ids::UserId;
use ringback_model::limits;
use ringback_model::message::{Mentions, Message};
use ringback_model::notice::{self, ChatNotice, GroupNews, Notice};
use ringback_model::record::{ConversationSettings, Record, RecordKey};
use ringback_model::version::Touch;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::settings::keep;
use super::{TRIES, overtaken, to_oneself, was_overtaken};
use crate::Im;
use crate::actions::Deed;
use crate::caller::Caller;
use crate::notices::Keep;
use crate::users::commit_failure;

/// Name of the bookmark.
const READER: &str = "mentions";
/// Events read at once.
const AT_ONCE: usize = 256;
/// How often the bookmark is moved: a durable write each time.
const BOOKMARK_EVERY: Duration = Duration::from_secs(1);
/// How much longer it waits for more events.
const GATHER: Duration = Duration::from_millis(10);
/// Wait after the store failed.
const AGAIN: Duration = Duration::from_secs(1);

/// Values of [`ConversationSettings::mention`].
const ME: i32 = 1;
const EVERYBODY: i32 = 2;
const EVERYBODY_AND_ME: i32 = 3;
const ANNOUNCEMENT: i32 = 4;

/// Members of a group and what they are to find.
type Marks = Vec<(UserId, i32)>;

impl Im {
    /// Marks conversations until it is stopped. Run it once, as a worker of its own. `read` = whom a message mentions.
    pub async fn run_mentions(self: Arc<Self>, read: fn(&Message) -> Mentions, stop: CancellationToken) {
        let mut done = tokio::select! {
            () = stop.cancelled() => return,
            start = self.bookmark_or_end(READER) => start,
        };
        let mut saved = done;
        let mut ticks = tokio::time::interval(BOOKMARK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                _ = ticks.tick(), if done > saved => match self.move_bookmark(READER, done).await {
                    Ok(()) => saved = done,
                    Err(fault) => tracing::warn!(%fault, "how far mentions were told cannot be written down"),
                },
                () = self.wait_for_some(done, GATHER) => match self.read_past(done, AT_ONCE).await {
                    Ok((events, end)) => {
                        tokio::select! {
                            () = stop.cancelled() => break,
                            () = self.mark_all(read, &events) => done = end,
                        }
                    }
                    Err(fault) => {
                        tracing::error!(%fault, "mentions are not told: the log cannot be read");
                        tokio::time::sleep(AGAIN).await;
                    }
                },
            }
        }
        if done > saved
            && let Err(fault) = self.move_bookmark(READER, done).await
        {
            tracing::warn!(%fault, "how far mentions were told cannot be written down");
        }
    }

    /// What the store does not take now is tried again.
    async fn mark_all(&self, read: fn(&Message) -> Mentions, events: &[Arc<Event>]) {
        for sent in events.iter().filter_map(|event| event.sent()) {
            while let Err(failure) = self.mark_mentioned(read, sent).await {
                tracing::warn!(%failure, "mentions are not told yet");
                tokio::time::sleep(AGAIN).await;
            }
        }
    }

    async fn mark_mentioned(
        &self,
        read: fn(&Message) -> Mentions,
        sent: &MessageSent,
    ) -> Result<(), Failure> {
        let Target::Group(group) = &sent.message.target else { return Ok(()) };
        if !sent.message.handling.store || sent.message.handling.aside {
            return Ok(());
        }
        let Some(tells) = tells(read, &sent.message) else { return Ok(()) };
        let members = self.everybody_in(&sent.message.sender, group).await?;
        let conversation = ConversationId::Group(group.clone());
        for some in tells.marks(&sent.message.sender, &members).chunks(limits::LISTS_PER_COMMIT) {
            self.mark_some(sent, &conversation, some).await?;
        }
        Ok(())
    }

    async fn mark_some(
        &self,
        sent: &MessageSent,
        conversation: &ConversationId,
        marks: &[(UserId, i32)],
    ) -> Result<(), Failure> {
        // Another operation than the sender's: devices take what comes with theirs for their own doing.
        let operation = format!("mention-{}", sent.message.id.to_hex());
        let caller = Caller::server_for(sent.message.sender.clone(), operation, self.clock.now());
        let keys: Vec<RecordKey> =
            marks.iter().map(|(user, _)| RecordKey::conversation(user, conversation)).collect();
        for _ in 0..TRIES {
            let mut deed = Deed::of(Commit::at(self.clock.now()));
            for ((user, mention), record) in marks.iter().zip(self.store.records(&keys).await?) {
                let settings = match &record {
                    Some(Record::Conversation(settings)) => settings.clone(),
                    _ => ConversationSettings::new(user.clone(), conversation.clone()),
                };
                if settings.mention == *mention {
                    continue;
                }
                let settings = ConversationSettings { mention: *mention, ..settings };
                keep(&mut deed.commit, record, settings, Touch::Updated);
                let notice =
                    ChatNotice::Configured { user: user.clone(), conversations: vec![conversation.clone()] };
                deed = deed.notify(to_oneself(user, notice, Keep::Nothing));
            }
            if deed.commit.writes.is_empty() {
                return Ok(());
            }
            match self.carry_out_deed(&caller, deed).await {
                Ok(_) => return Ok(()),
                Err(CommitError::Broken(broken)) if was_overtaken(&broken) => {}
                Err(error) => return Err(commit_failure(error)),
            }
        }
        Err(overtaken())
    }
}

/// What members are to find.
enum Tells {
    Mentions(Mentions),
    Announcement,
}

/// What a message of a group tells some of its members in particular; mostly nothing.
fn tells(read: fn(&Message) -> Mentions, message: &Message) -> Option<Tells> {
    if message.content.form == notice::FORM {
        let Some(Notice::Group(notice)) = Notice::read(&message.content) else { return None };
        // With which a group begins, nobody has overlooked.
        let is_new = notice.group.notification_at != notice.group.created_at;
        return (matches!(notice.news, GroupNews::Announced) && is_new).then_some(Tells::Announcement);
    }
    let mentions = read(message);
    (mentions.everybody || !mentions.users.is_empty()).then_some(Tells::Mentions(mentions))
}

impl Tells {
    fn marks(&self, sender: &UserId, members: &[UserId]) -> Marks {
        let mentions = match self {
            Self::Announcement => {
                return members.iter().map(|member| (member.clone(), ANNOUNCEMENT)).collect();
            }
            Self::Mentions(mentions) => mentions,
        };
        let named: HashSet<String> = mentions.users.iter().map(UserId::folded).collect();
        let own = sender.folded();
        let mark = |member: &UserId| {
            let folded = member.folded();
            let mention = match (mentions.everybody, named.contains(&folded)) {
                (true, true) => EVERYBODY_AND_ME,
                (true, false) => EVERYBODY,
                (false, true) => ME,
                (false, false) => return None,
            };
            (folded != own).then(|| (member.clone(), mention))
        };
        members.iter().filter_map(mark).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_marked_but_for_who_says_it() {
        let id = |text: &str| UserId::parse(text).unwrap();
        let members = ["ann", "bob", "cy"].map(id);
        let of = |everybody, users: &[&str]| {
            let users = users.iter().map(|text| id(text)).collect();
            let marks = Tells::Mentions(Mentions { everybody, users }).marks(&id("ann"), &members);
            marks.into_iter().map(|(user, mention)| (user.to_string(), mention)).collect::<Vec<_>>()
        };
        let marked = |marks: &[(&str, i32)]| {
            marks.iter().map(|(user, mention)| ((*user).to_owned(), *mention)).collect::<Vec<_>>()
        };
        assert_eq!(of(false, &["BOB", "ann", "stranger"]), marked(&[("bob", ME)]));
        assert_eq!(of(true, &[]), marked(&[("bob", EVERYBODY), ("cy", EVERYBODY)]));
        assert_eq!(of(true, &["cy"]), marked(&[("bob", EVERYBODY), ("cy", EVERYBODY_AND_ME)]));
        assert_eq!(Tells::Announcement.marks(&id("ann"), &members).len(), 3);
    }
}
