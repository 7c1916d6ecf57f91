//! The ports of the store in memory that chatting needs.

use std::ops::Bound;
use std::sync::Arc;

use ringback_model::commit::{Commit, CommitError, Committed};
use ringback_model::conversation::{ConversationId, ConversationState, Target};
use ringback_model::event::{Event, Lane};
use ringback_model::failure::Fault;
use ringback_model::group::{Group, GroupKind, GroupStatus, Member};
use ringback_model::ids::{GroupId, LogPos, MessageId, Seq, UserId};
use ringback_model::limits;
use ringback_model::message::Message;
use ringback_model::ports::{
    Commits, Directory, Fut, History, Log, Records, SendFacts, Store, StoredRange, Versions,
};
use ringback_model::record::{Record, RecordKey, RecordKind};
use ringback_model::secret::Secret;
use ringback_model::statistics::{Growth, Period};
use ringback_model::time::UnixMs;
use ringback_model::user::{Block, Platform, TokenRecord, User};
use ringback_model::version::{Changed, Changes, Version, VersionLog};

use super::Memory;
use super::state::State;
use crate::shape::{self, SendKey};

impl Memory {
    /// Answers a question about the state as it is now.
    pub(super) fn ask<'a, T: Send + 'a>(
        &'a self,
        question: impl FnOnce(&mut State) -> T + Send + 'a,
    ) -> Fut<'a, Result<T, Fault>> {
        Box::pin(async move { self.open_state().map(|mut state| question(&mut state)) })
    }
}

impl Store for Memory {
    fn close(&self) -> Fut<'_, Result<(), Fault>> {
        Box::pin(async move {
            self.lock().closed = true;
            Ok(())
        })
    }
}

impl Commits for Memory {
    fn commit(&self, commit: Commit) -> Fut<'_, Result<Committed, CommitError>> {
        Box::pin(async move {
            let mut state = self.open_state()?;
            let committed = state.commit(commit, self.settings.log_max_bytes.is_some())?;
            self.tail.send_if_modified(|tail| std::mem::replace(tail, state.tail.0) != state.tail.0);
            Ok(committed)
        })
    }

    fn highest_message(&self) -> Fut<'_, Result<MessageId, Fault>> {
        self.ask(move |state| state.highest.unwrap_or(MessageId(0)))
    }

    fn writable(&self) -> Result<(), String> {
        self.open_state().map(drop).map_err(|fault| fault.to_string())
    }
}

impl Directory for Memory {
    fn users<'a>(&'a self, ids: &'a [UserId]) -> Fut<'a, Result<Vec<Option<User>>, Fault>> {
        self.ask(move |state| ids.iter().map(|id| state.users.get(&id.folded()).cloned()).collect())
    }

    fn user_ids<'a>(
        &'a self,
        after: Option<&'a UserId>,
        limit: usize,
    ) -> Fut<'a, Result<Vec<UserId>, Fault>> {
        self.ask(move |state| {
            let later =
                state.users.values().map(|user| &user.id).filter(|id| after.is_none_or(|after| *id > after));
            let mut ids: Vec<UserId> = later.cloned().collect();
            ids.sort();
            ids.truncate(limit);
            ids
        })
    }

    fn users_by_age<'a>(
        &'a self,
        after: Option<(UnixMs, &'a UserId)>,
        limit: usize,
    ) -> Fut<'a, Result<Vec<User>, Fault>> {
        self.ask(move |state| {
            let after = after.map(|(at, user)| (at, user.folded()));
            let mut users: Vec<((UnixMs, &String), &User)> =
                state.users.iter().map(|(folded, user)| ((user.created_at, folded), user)).collect();
            users.retain(|((at, folded), _)| {
                after.as_ref().is_none_or(|(last, id)| (*at, *folded) > (*last, id))
            });
            users.sort_unstable_by_key(|(place, _)| *place);
            users.into_iter().take(limit).map(|(_, user)| user.clone()).collect()
        })
    }

    fn groups<'a>(&'a self, ids: &'a [GroupId]) -> Fut<'a, Result<Vec<Option<Group>>, Fault>> {
        self.ask(move |state| ids.iter().map(|id| state.groups.get(id).cloned()).collect())
    }

    fn member<'a>(&'a self, group: &'a GroupId, user: &'a UserId) -> Fut<'a, Result<Option<Member>, Fault>> {
        self.ask(move |state| state.rosters.get(group)?.members.get(&user.folded()).cloned())
    }

    fn send_facts<'a>(&'a self, sender: &'a UserId, target: &'a Target) -> Fut<'a, Result<SendFacts, Fault>> {
        self.ask(move |state| {
            let mut facts = SendFacts {
                sender: state.users.get(&sender.folded()).cloned().map(Arc::new),
                ..SendFacts::default()
            };
            match target {
                Target::User(user) | Target::Notice(user) => {
                    facts.recipient = state.users.get(&user.folded()).cloned().map(Arc::new);
                    facts.blocked = state.blocks.contains_key(&(user.folded(), sender.folded()));
                    let id = ConversationId::of(sender, target);
                    let listed = |user: &UserId| state.views.contains_key(&(user.folded(), id.clone()));
                    facts.listed = (listed(sender), listed(user));
                    let settings = state.records.get(&RecordKey::conversation(user, &id));
                    if let Some(Record::Conversation(settings)) = settings {
                        facts.receive_option = settings.receive_option;
                    }
                }
                Target::Group(id) | Target::Room(id) => {
                    facts.group = state.groups.get(id).cloned().map(Arc::new);
                    facts.listed = (true, true);
                    if let (Some(_), Some(roster)) = (&facts.group, state.rosters.get(id)) {
                        facts.membership = roster.members.get(&sender.folded()).cloned().map(Arc::new);
                        facts.members = roster.ids.clone();
                    }
                }
            }
            facts
        })
    }

    fn members<'a>(
        &'a self,
        group: &'a GroupId,
        after: Option<&'a UserId>,
        limit: usize,
    ) -> Fut<'a, Result<Vec<Member>, Fault>> {
        self.ask(move |state| {
            let Some(roster) = state.rosters.get(group) else { return Vec::new() };
            let after = after.map(UserId::folded);
            let later =
                roster.members.iter().filter(|(id, _)| after.as_ref().is_none_or(|after| *id > after));
            later.take(limit).map(|(_, member)| member.clone()).collect()
        })
    }

    fn members_named<'a>(
        &'a self,
        group: &'a GroupId,
        users: &'a [UserId],
    ) -> Fut<'a, Result<Vec<Option<Member>>, Fault>> {
        self.ask(move |state| {
            let roster = state.rosters.get(group);
            let member = |user: &UserId| roster?.members.get(&user.folded()).cloned();
            users.iter().map(member).collect()
        })
    }

    fn memberships<'a>(&'a self, user: &'a UserId) -> Fut<'a, Result<Vec<Member>, Fault>> {
        self.ask(move |state| {
            let user = user.folded();
            state.rosters.values().filter_map(|roster| roster.members.get(&user).cloned()).collect()
        })
    }

    fn groups_called<'a>(
        &'a self,
        text: &'a str,
        skip: usize,
        limit: usize,
    ) -> Fut<'a, Result<(usize, Vec<Group>), Fault>> {
        self.ask(move |state| {
            let text = text.to_ascii_lowercase();
            let groups = state.groups.values().filter(|group| group.kind == GroupKind::Group);
            let called = groups.filter(|group| group.name.to_ascii_lowercase().contains(&text));
            let called: Vec<&Group> = called.collect();
            let page = called.iter().skip(skip).take(limit);
            (called.len(), page.map(|group| (*group).clone()).collect())
        })
    }

    fn groups_of_kind<'a>(
        &'a self,
        kind: GroupKind,
        after: Option<&'a GroupId>,
        limit: usize,
    ) -> Fut<'a, Result<Vec<Group>, Fault>> {
        self.ask(move |state| {
            let later = state.groups.values().filter(|group| after.is_none_or(|after| group.id > *after));
            let alive = later.filter(|group| group.kind == kind && group.status != GroupStatus::Dismissed);
            alive.take(limit).cloned().collect()
        })
    }

    fn groups_made(&self, period: Period) -> Fut<'_, Result<Growth, Fault>> {
        self.ask(move |state| {
            let mut growth = Growth::default();
            for group in state.groups.values().filter(|group| group.kind == GroupKind::Group) {
                growth.count(group.created_at, period);
            }
            growth
        })
    }

    fn groups_of<'a>(&'a self, user: &'a UserId) -> Fut<'a, Result<Vec<GroupId>, Fault>> {
        self.ask(move |state| {
            let user = user.folded();
            let theirs = state.rosters.iter().filter(|(_, roster)| roster.members.contains_key(&user));
            theirs.map(|(group, _)| group.clone()).collect()
        })
    }

    fn blocks_of<'a>(&'a self, user: &'a UserId) -> Fut<'a, Result<Vec<Block>, Fault>> {
        self.ask(move |state| {
            let user = user.folded();
            state
                .blocks
                .iter()
                .filter(|((owner, _), _)| *owner == user)
                .map(|(_, block)| block.clone())
                .collect()
        })
    }

    fn password<'a>(&'a self, user: &'a UserId) -> Fut<'a, Result<Option<Secret>, Fault>> {
        self.ask(move |state| state.passwords.get(&user.folded()).cloned())
    }

    fn tokens<'a>(
        &'a self,
        user: &'a UserId,
        platform: Platform,
        now: UnixMs,
    ) -> Fut<'a, Result<Vec<TokenRecord>, Fault>> {
        self.ask(move |state| {
            let user = user.folded();
            let theirs = state.tokens.iter().filter(|((owner, _), _)| *owner == user).map(|(_, token)| token);
            theirs.filter(|token| token.platform == platform && token.expires_at > now).cloned().collect()
        })
    }
}

impl Records for Memory {
    fn records<'a>(&'a self, keys: &'a [RecordKey]) -> Fut<'a, Result<Vec<Option<Record>>, Fault>> {
        self.ask(move |state| keys.iter().map(|key| state.records.get(key).cloned()).collect())
    }

    fn records_of<'a>(
        &'a self,
        kind: RecordKind,
        owner: &'a str,
        after: &'a str,
        limit: usize,
    ) -> Fut<'a, Result<Vec<Record>, Fault>> {
        self.ask(move |state| {
            let first = RecordKey { kind, owner: owner.to_owned(), about: after.to_owned() };
            let later = state.records.range((Bound::Excluded(first), Bound::Unbounded));
            let theirs = later.take_while(|(key, _)| key.kind == kind && key.owner == owner);
            theirs.take(limit).map(|(_, record)| record.clone()).collect()
        })
    }

    fn records_about<'a>(
        &'a self,
        kind: RecordKind,
        about: &'a str,
        after: &'a str,
        limit: usize,
    ) -> Fut<'a, Result<Vec<Record>, Fault>> {
        self.ask(move |state| {
            let found = state.records.iter().filter(|(key, _)| key.kind == kind && key.about == about);
            let later = found.filter(|(key, _)| key.owner.as_str() > after);
            later.take(limit).map(|(_, record)| record.clone()).collect()
        })
    }
}

impl Versions for Memory {
    fn list_versions<'a>(&'a self, logs: &'a [VersionLog]) -> Fut<'a, Result<Vec<Version>, Fault>> {
        self.ask(move |state| {
            let number = |log: &VersionLog| state.lists.get(&log.key()).map_or(0, |list| list.number);
            logs.iter().map(|log| state.birth.version(log, number(log))).collect()
        })
    }

    fn list_changes<'a>(
        &'a self,
        log: &'a VersionLog,
        since: u64,
        limit: usize,
    ) -> Fut<'a, Result<Changes, Fault>> {
        self.ask(move |state| {
            let list = state.lists.get(&log.key());
            let now = state.birth.version(log, list.map_or(0, |list| list.number));
            let changes = list.into_iter().flat_map(|list| &list.changes);
            // What is counted from 0 inside is told from 1.
            let all = changes.map(|(element, (number, touch))| (element, number + 1, *touch));
            let mut changed: Vec<Changed> = all
                .filter(|(_, version, _)| *version > since)
                .map(|(element, version, touch)| Changed { element: element.clone(), touch, version })
                .collect();
            changed.sort_by_key(|one| one.version);
            let known = since <= now.number && now.number - since <= limits::VERSIONS_KEPT;
            Changes { now, changed: (known && changed.len() <= limit).then_some(changed) }
        })
    }
}

impl History for Memory {
    fn conversations<'a>(&'a self, user: &'a UserId) -> Fut<'a, Result<Vec<ConversationState>, Fault>> {
        self.ask(move |state| {
            let user = user.folded();
            let theirs = state.views.keys().filter(|(owner, _)| *owner == user);
            theirs.filter_map(|(_, id)| state.conversation_state(&user, id)).collect()
        })
    }

    fn conversation_states<'a>(
        &'a self,
        user: &'a UserId,
        ids: &'a [ConversationId],
    ) -> Fut<'a, Result<Vec<Option<ConversationState>>, Fault>> {
        self.ask(move |state| ids.iter().map(|id| state.conversation_state(&user.folded(), id)).collect())
    }

    fn newest<'a>(&'a self, ids: &'a [ConversationId]) -> Fut<'a, Result<Vec<Seq>, Fault>> {
        self.ask(move |state| {
            ids.iter().map(|id| state.conversations.get(id).map_or(0, |known| known.max_seq)).collect()
        })
    }

    fn ranges<'a>(
        &'a self,
        ranges: &'a [StoredRange],
        most: usize,
    ) -> Fut<'a, Result<Vec<Vec<Arc<Message>>>, Fault>> {
        self.ask(move |state| {
            let mut room = most;
            let one = |asked: &StoredRange| {
                let messages = state.range(&StoredRange { limit: asked.limit.min(room), ..asked.clone() });
                room -= messages.len();
                messages
            };
            ranges.iter().map(one).collect()
        })
    }

    fn range<'a>(
        &'a self,
        conversation: &'a ConversationId,
        first: Seq,
        last: Seq,
        limit: usize,
    ) -> Fut<'a, Result<Vec<Arc<Message>>, Fault>> {
        self.ask(move |state| {
            let range = StoredRange { conversation: conversation.clone(), first, last, limit };
            state.range(&range)
        })
    }

    fn sent_before<'a>(
        &'a self,
        sender: &'a UserId,
        conversation: &'a ConversationId,
        client_id: &'a str,
    ) -> Fut<'a, Result<Option<Arc<Message>>, Fault>> {
        self.ask(move |state| {
            let (at, message) = state.sends.get(&SendKey::new(sender, conversation, client_id))?;
            shape::inside_window(*at, state.last_at).then(|| message.clone())
        })
    }

    fn chosen<'a>(
        &'a self,
        conversation: &'a ConversationId,
        seqs: &'a [Seq],
    ) -> Fut<'a, Result<Vec<Arc<Message>>, Fault>> {
        self.ask(move |state| {
            let Some(conversation) = state.conversations.get(conversation) else { return Vec::new() };
            seqs.iter()
                .filter_map(|seq| conversation.messages.get(seq).map(|(_, message)| message.clone()))
                .collect()
        })
    }
}

impl Log for Memory {
    fn tail(&self) -> LogPos {
        LogPos(*self.tail.borrow())
    }

    fn start(&self) -> LogPos {
        self.lock().start()
    }

    fn wait_past(&self, pos: LogPos) -> Fut<'_, LogPos> {
        let mut tail = self.tail.subscribe();
        Box::pin(async move {
            // The sender lives in `self`, which the future borrows: the wait cannot end early.
            let past = tail.wait_for(|tail| *tail > pos.0).await.map_or(pos.0, |tail| *tail);
            LogPos(past)
        })
    }

    fn read(&self, after: LogPos, limit: usize) -> Fut<'_, Result<Vec<Arc<Event>>, Fault>> {
        self.ask(move |state| {
            let later = state.log.range(state.index_after(after)..).take(limit);
            later.map(|logged| logged.event.clone()).collect()
        })
    }

    fn read_lane<'a>(
        &'a self,
        lane: &'a Lane,
        after: LogPos,
        limit: usize,
    ) -> Fut<'a, Result<Vec<Arc<Event>>, Fault>> {
        self.ask(move |state| {
            let Some(lane) = state.lanes.get(lane) else { return Vec::new() };
            let later = lane.range(lane.partition_point(|pos| *pos <= after)..).take(limit);
            later.filter_map(|pos| state.event(*pos).cloned()).collect()
        })
    }

    fn position_at(&self, at: UnixMs) -> Fut<'_, Result<LogPos, Fault>> {
        self.ask(move |state| LogPos(state.start().0.saturating_sub(1) + state.older_than(at) as u64))
    }

    fn expire(&self, now: UnixMs) -> Fut<'_, Result<u64, Fault>> {
        self.ask(move |state| state.expire(now, &self.settings))
    }
}
