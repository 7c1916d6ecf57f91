//! The ports of the embedded store that chatting needs.

use std::sync::Arc;

use ringback_model::commit::{Commit, CommitError, Committed};
use ringback_model::conversation::{ConversationId, ConversationState, Target};
use ringback_model::event::{Event, Lane};
use ringback_model::failure::Fault;
use ringback_model::group::{Group, GroupKind, Member};
use ringback_model::ids::{GroupId, LogPos, MessageId, Seq, UserId};
use ringback_model::message::Message;
use ringback_model::ports::{
    Commits, Directory, Fut, History, Log, Records, SendFacts, Store, StoredRange, Versions,
};
use ringback_model::record::{Record, RecordKey, RecordKind};
use ringback_model::secret::Secret;
use ringback_model::statistics::{Growth, Period};
use ringback_model::time::UnixMs;
use ringback_model::user::{Block, Platform, TokenRecord, User};
use ringback_model::version::{Changes, Version, VersionLog};

use super::facts::Key;
use super::sql::{Broken, Outcome};
use super::writer::Job;
use super::{Embedded, directory, facts, history, log, records, schema, sends, versions};
use crate::shape::SendKey;

impl Store for Embedded {
    fn close(&self) -> Fut<'_, Result<(), Fault>> {
        Box::pin(async move {
            self.readers.close();
            let closed = self.order(Job::Close).await?;
            self.forget_writer();
            closed
        })
    }
}

impl Commits for Embedded {
    fn commit(&self, commit: Commit) -> Fut<'_, Result<Committed, CommitError>> {
        Box::pin(async move { self.order(|reply| Job::Commit(Box::new(commit), reply)).await? })
    }

    fn highest_message(&self) -> Fut<'_, Result<MessageId, Fault>> {
        self.readers.ask("read the highest message", |connection| {
            Ok(MessageId(schema::meta(connection, "highest_message")?))
        })
    }

    fn writable(&self) -> Result<(), String> {
        if !self.is_open() {
            return Err("the store is closed".to_owned());
        }
        self.recent.writable()
    }
}

impl Directory for Embedded {
    fn users<'a>(&'a self, ids: &'a [UserId]) -> Fut<'a, Result<Vec<Option<User>>, Fault>> {
        let ids = ids.to_vec();
        self.readers.ask("read users", move |connection| {
            ids.iter().map(|id| directory::user(connection, id)).collect()
        })
    }

    fn user_ids<'a>(
        &'a self,
        after: Option<&'a UserId>,
        limit: usize,
    ) -> Fut<'a, Result<Vec<UserId>, Fault>> {
        let after = after.cloned();
        self.readers
            .ask("read user ids", move |connection| directory::user_ids(connection, after.as_ref(), limit))
    }

    fn users_by_age<'a>(
        &'a self,
        after: Option<(UnixMs, &'a UserId)>,
        limit: usize,
    ) -> Fut<'a, Result<Vec<User>, Fault>> {
        let after = after.map(|(at, user)| (at, user.folded()));
        self.readers
            .ask("read users by age", move |connection| directory::users_by_age(connection, after, limit))
    }

    fn groups<'a>(&'a self, ids: &'a [GroupId]) -> Fut<'a, Result<Vec<Option<Group>>, Fault>> {
        let ids = ids.to_vec();
        self.readers.ask("read groups", move |connection| {
            ids.iter().map(|id| directory::group(connection, id)).collect()
        })
    }

    fn member<'a>(&'a self, group: &'a GroupId, user: &'a UserId) -> Fut<'a, Result<Option<Member>, Fault>> {
        let (group, user) = (group.clone(), user.clone());
        self.readers.ask("read a member", move |connection| directory::member(connection, &group, &user))
    }

    fn send_facts<'a>(&'a self, sender: &'a UserId, target: &'a Target) -> Fut<'a, Result<SendFacts, Fault>> {
        let keys = Key::of_send(sender, target);
        // The usual case costs no trip to a reader.
        if self.is_open()
            && let Some(known) =
                self.facts.all(&keys).and_then(|found| facts::assemble(sender, target, found))
        {
            return Box::pin(std::future::ready(Ok(known)));
        }
        let (facts, sender, target) = (self.facts.clone(), sender.clone(), target.clone());
        let versions = facts.versions(&keys);
        self.readers.ask("read what a send needs", move |connection| {
            let found =
                keys.iter().map(|key| directory::fact(connection, key)).collect::<Outcome<Vec<_>>>()?;
            facts.take_in(keys, &versions, &found);
            facts::assemble(&sender, &target, found).ok_or(Broken::Row("a send needs more than was read"))
        })
    }

    fn members<'a>(
        &'a self,
        group: &'a GroupId,
        after: Option<&'a UserId>,
        limit: usize,
    ) -> Fut<'a, Result<Vec<Member>, Fault>> {
        let (group, after) = (group.clone(), after.cloned());
        self.readers.ask("read members", move |connection| {
            directory::members(connection, &group, after.as_ref(), limit)
        })
    }

    fn members_named<'a>(
        &'a self,
        group: &'a GroupId,
        users: &'a [UserId],
    ) -> Fut<'a, Result<Vec<Option<Member>>, Fault>> {
        let (group, users) = (group.clone(), users.to_vec());
        self.readers.ask("read members", move |connection| {
            users.iter().map(|user| directory::member(connection, &group, user)).collect()
        })
    }

    fn memberships<'a>(&'a self, user: &'a UserId) -> Fut<'a, Result<Vec<Member>, Fault>> {
        let user = user.folded();
        self.readers
            .ask("read a user's memberships", move |connection| directory::memberships(connection, &user))
    }

    fn groups_called<'a>(
        &'a self,
        text: &'a str,
        skip: usize,
        limit: usize,
    ) -> Fut<'a, Result<(usize, Vec<Group>), Fault>> {
        let text = text.to_owned();
        self.readers.ask("look for groups", move |connection| {
            directory::groups_called(connection, &text, skip, limit)
        })
    }

    fn groups_of_kind<'a>(
        &'a self,
        kind: GroupKind,
        after: Option<&'a GroupId>,
        limit: usize,
    ) -> Fut<'a, Result<Vec<Group>, Fault>> {
        let after = after.cloned();
        self.readers.ask("list groups", move |connection| {
            directory::groups_of_kind(connection, kind, after.as_ref(), limit)
        })
    }

    fn groups_made(&self, period: Period) -> Fut<'_, Result<Growth, Fault>> {
        self.readers.ask("count groups", move |connection| directory::groups_made(connection, period))
    }

    fn groups_of<'a>(&'a self, user: &'a UserId) -> Fut<'a, Result<Vec<GroupId>, Fault>> {
        let user = user.folded();
        self.readers.ask("read a user's groups", move |connection| directory::groups_of(connection, &user))
    }

    fn blocks_of<'a>(&'a self, user: &'a UserId) -> Fut<'a, Result<Vec<Block>, Fault>> {
        let user = user.folded();
        self.readers.ask("read a block list", move |connection| directory::blocks_of(connection, &user))
    }

    fn password<'a>(&'a self, user: &'a UserId) -> Fut<'a, Result<Option<Secret>, Fault>> {
        let user = user.clone();
        self.readers.ask("read a password's hash", move |connection| {
            Ok(directory::password(connection, &user)?.map(Secret::from))
        })
    }

    fn tokens<'a>(
        &'a self,
        user: &'a UserId,
        platform: Platform,
        now: UnixMs,
    ) -> Fut<'a, Result<Vec<TokenRecord>, Fault>> {
        let user = user.clone();
        self.readers.ask("read tokens", move |connection| directory::tokens(connection, &user, platform, now))
    }
}

impl Records for Embedded {
    fn records<'a>(&'a self, keys: &'a [RecordKey]) -> Fut<'a, Result<Vec<Option<Record>>, Fault>> {
        let keys = keys.to_vec();
        self.readers.ask("read records", move |connection| {
            keys.iter().map(|key| records::one(connection, key)).collect()
        })
    }

    fn records_of<'a>(
        &'a self,
        kind: RecordKind,
        owner: &'a str,
        after: &'a str,
        limit: usize,
    ) -> Fut<'a, Result<Vec<Record>, Fault>> {
        let (owner, after) = (owner.to_owned(), after.to_owned());
        self.readers
            .ask("read records", move |connection| records::of_owner(connection, kind, &owner, &after, limit))
    }

    fn records_about<'a>(
        &'a self,
        kind: RecordKind,
        about: &'a str,
        after: &'a str,
        limit: usize,
    ) -> Fut<'a, Result<Vec<Record>, Fault>> {
        let (about, after) = (about.to_owned(), after.to_owned());
        self.readers
            .ask("read records", move |connection| records::about(connection, kind, &about, &after, limit))
    }
}

impl Versions for Embedded {
    fn list_versions<'a>(&'a self, logs: &'a [VersionLog]) -> Fut<'a, Result<Vec<Version>, Fault>> {
        let logs = logs.to_vec();
        self.readers.ask("read versions", move |connection| {
            let birth = versions::birth(connection)?;
            logs.iter().map(|log| versions::now(connection, birth, log)).collect()
        })
    }

    fn list_changes<'a>(
        &'a self,
        log: &'a VersionLog,
        since: u64,
        limit: usize,
    ) -> Fut<'a, Result<Changes, Fault>> {
        let log = log.clone();
        self.readers.ask("read what changed in a list", move |connection| {
            versions::changes(connection, &log, since, limit)
        })
    }
}

impl History for Embedded {
    fn conversations<'a>(&'a self, user: &'a UserId) -> Fut<'a, Result<Vec<ConversationState>, Fault>> {
        let user = user.clone();
        let own_reads = Arc::clone(&self.own_reads);
        self.readers.ask("read conversations", move |connection| {
            history::conversations(connection, &own_reads, &user)
        })
    }

    fn conversation_states<'a>(
        &'a self,
        user: &'a UserId,
        ids: &'a [ConversationId],
    ) -> Fut<'a, Result<Vec<Option<ConversationState>>, Fault>> {
        let (user, ids) = (user.clone(), ids.to_vec());
        let own_reads = Arc::clone(&self.own_reads);
        self.readers.ask("read conversations", move |connection| {
            history::conversation_states(connection, &own_reads, &user, &ids)
        })
    }

    fn newest<'a>(&'a self, ids: &'a [ConversationId]) -> Fut<'a, Result<Vec<Seq>, Fault>> {
        let ids = ids.to_vec();
        self.readers.ask("read newest seqs", move |connection| history::newest(connection, &ids))
    }

    fn ranges<'a>(
        &'a self,
        ranges: &'a [StoredRange],
        most: usize,
    ) -> Fut<'a, Result<Vec<Vec<Arc<Message>>>, Fault>> {
        let ranges = ranges.to_vec();
        self.readers.ask("read messages", move |connection| history::ranges(connection, &ranges, most))
    }

    fn range<'a>(
        &'a self,
        conversation: &'a ConversationId,
        first: Seq,
        last: Seq,
        limit: usize,
    ) -> Fut<'a, Result<Vec<Arc<Message>>, Fault>> {
        let conversation = conversation.clone();
        self.readers.ask("read messages", move |connection| {
            history::range(connection, &conversation, first, last, limit)
        })
    }

    fn sent_before<'a>(
        &'a self,
        sender: &'a UserId,
        conversation: &'a ConversationId,
        client_id: &'a str,
    ) -> Fut<'a, Result<Option<Arc<Message>>, Fault>> {
        let key = SendKey::new(sender, conversation, client_id);
        let now = self.sends.newest_at();
        let candidates = self.sends.candidates(&key, now);
        // The usual case costs no trip to a reader.
        if candidates.is_empty() && self.is_open() {
            return Box::pin(std::future::ready(Ok(None)));
        }
        self.readers
            .ask("look an earlier send up", move |connection| sends::find(connection, &candidates, &key, now))
    }

    fn chosen<'a>(
        &'a self,
        conversation: &'a ConversationId,
        seqs: &'a [Seq],
    ) -> Fut<'a, Result<Vec<Arc<Message>>, Fault>> {
        let (conversation, seqs) = (conversation.clone(), seqs.to_vec());
        self.readers.ask("read messages", move |connection| history::chosen(connection, &conversation, &seqs))
    }
}

impl Log for Embedded {
    fn tail(&self) -> LogPos {
        self.recent.tail()
    }

    fn start(&self) -> LogPos {
        self.recent.start()
    }

    fn wait_past(&self, pos: LogPos) -> Fut<'_, LogPos> {
        let mut tail = self.recent.watch();
        Box::pin(async move {
            // The sender lives in `self`, which the future borrows: the wait cannot end early.
            LogPos(tail.wait_for(|tail| *tail > pos.0).await.map_or(pos.0, |tail| *tail))
        })
    }

    fn read(&self, after: LogPos, limit: usize) -> Fut<'_, Result<Vec<Arc<Event>>, Fault>> {
        if self.is_open()
            && let Some(events) = self.recent.read(after, limit)
        {
            return Box::pin(std::future::ready(Ok(events)));
        }
        let after = self.recent.inside(after).0;
        self.readers.ask("read the log", move |connection| log::read(connection, after, limit))
    }

    fn read_lane<'a>(
        &'a self,
        lane: &'a Lane,
        after: LogPos,
        limit: usize,
    ) -> Fut<'a, Result<Vec<Arc<Event>>, Fault>> {
        let (lane, after) = (lane.clone(), self.recent.inside(after).0);
        self.readers
            .ask("read a lane of the log", move |connection| log::read_lane(connection, &lane, after, limit))
    }

    fn position_at(&self, at: UnixMs) -> Fut<'_, Result<LogPos, Fault>> {
        let (start, tail) = (self.start().0, self.tail().0);
        self.readers.ask("look up a time in the log", move |connection| {
            log::position_at(connection, start, tail, at.0).map(LogPos)
        })
    }

    fn expire(&self, now: UnixMs) -> Fut<'_, Result<u64, Fault>> {
        Box::pin(async move { self.order(|reply| Job::Expire(now, reply)).await? })
    }
}
