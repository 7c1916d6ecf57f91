//! Carrying out a commit: check everything, then change; no step after the checks can fail.

use std::collections::btree_map::Entry;
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use ringback_model::commit::{Commit, CommitError, Committed, NewEvent, Require, Write};
use ringback_model::conversation::ConversationId;
use ringback_model::event::{Event, Fact, MessageSent};
use ringback_model::group::{Group, GroupStatus, Member};
use ringback_model::ids::{GroupId, UserId};
use ringback_model::message::Message;
use ringback_model::time::UnixMs;
use ringback_model::version::{Touch, Version, VersionLog};

use super::state::{Logged, State, View};
use crate::shape::{self, Touches};

impl State {
    /// `measure` = the size of events is needed.
    pub(super) fn commit(&mut self, commit: Commit, measure: bool) -> Result<Committed, CommitError> {
        shape::check(&commit)?;
        let at = commit.at.max(self.last_at);
        self.find_duplicate(&commit, at)?;
        for requirement in commit.require {
            if !self.holds(&requirement) {
                return Err(CommitError::Broken(requirement));
            }
        }
        let (mut rosters, mut touches) = (BTreeSet::new(), commit.touches);
        for write in commit.writes {
            if let Write::PutMember(Member { group, .. }) | Write::RemoveMember(group, _) = &write {
                rosters.insert(group.clone());
            }
            self.write(write, at, &mut touches);
        }
        // Once per commit, however many come and go.
        for group in rosters {
            self.roster_changed(&group);
        }
        let mut events = Vec::with_capacity(commit.events.len());
        for event in commit.events {
            events.push(self.log(event, at, measure, &commit.unlisted, &mut touches));
        }
        let versions = self.touch(touches);
        Ok(Committed { events, versions })
    }

    /// Each list's version grows by one, however many of its elements change.
    fn touch(&mut self, touches: Vec<(VersionLog, String, Touch)>) -> Vec<(VersionLog, Version)> {
        let mut versions: Vec<(VersionLog, Version)> = Vec::new();
        let mut grown = HashSet::new();
        for (log, element, touch) in touches {
            let key = log.key();
            let followed = self.lists.entry(key.clone()).or_default();
            if grown.insert(key) {
                followed.number += 1;
                versions.push((log.clone(), self.birth.version(&log, followed.number)));
            }
            followed.changes.insert(element, (followed.number, touch));
        }
        versions
    }

    fn find_duplicate(&self, commit: &Commit, at: UnixMs) -> Result<(), CommitError> {
        for key in commit.events.iter().filter_map(shape::send_key) {
            if let Some((earlier, message)) = self.sends.get(&key)
                && shape::inside_window(*earlier, at)
            {
                return Err(CommitError::Duplicate(message.clone()));
            }
        }
        Ok(())
    }

    fn holds(&self, requirement: &Require) -> bool {
        match requirement {
            Require::User(user) => self.users.contains_key(&user.folded()),
            Require::ActiveUser(user) => {
                self.users.get(&user.folded()).is_some_and(|user| !user.standing.deactivated)
            }
            Require::NoUser(user) => !self.users.contains_key(&user.folded()),
            Require::LiveGroup(group) => {
                self.groups.get(group).is_some_and(|group| group.status != GroupStatus::Dismissed)
            }
            Require::NoGroup(group) => !self.groups.contains_key(group),
            Require::InGroup(group, user) => self.is_member(group, user),
            Require::NotInGroup(group, user) => !self.is_member(group, user),
            Require::NotBlocked(owner, user) => !self.blocks.contains_key(&(owner.folded(), user.folded())),
            Require::TokenValid(user, id) => {
                self.tokens.get(&(user.folded(), id.clone())).is_some_and(|token| !token.kicked)
            }
            Require::Kept(key) => self.records.contains_key(key),
            Require::NotKept(key) => !self.records.contains_key(key),
            Require::Unchanged(record) => self.records.get(&record.key()) == Some(&**record),
            Require::SameGroup(group) => {
                let same = |kept: &Group| shape::same_group(kept, group);
                self.groups.get(&group.id).is_some_and(same)
            }
            Require::SameMember(member) => {
                let roster = self.rosters.get(&member.group);
                roster.and_then(|roster| roster.members.get(&member.user.folded())) == Some(&**member)
            }
            Require::SameUser(user) => self.users.get(&user.id.folded()) == Some(&**user),
            Require::NotListed(user, conversation) => {
                !self.views.contains_key(&(user.folded(), conversation.clone()))
            }
        }
    }

    fn is_member(&self, group: &GroupId, user: &UserId) -> bool {
        self.rosters.get(group).is_some_and(|roster| roster.members.contains_key(&user.folded()))
    }

    fn write(&mut self, write: Write, at: UnixMs, touches: &mut Touches) {
        match write {
            Write::PutUser(user) => {
                self.users.insert(user.id.folded(), user);
            }
            Write::RemoveUser(user) => {
                let user = user.folded();
                self.users.remove(&user);
                self.passwords.remove(&user);
                self.tokens.retain(|(owner, _), _| *owner != user);
            }
            Write::PutGroup(group) => self.put_group(group),
            Write::PutMember(member) => self.put_member(member, touches),
            Write::RemoveMember(group, user) => self.remove_member(&group, &user, touches),
            Write::PutPassword { user, hash } => {
                self.passwords.insert(user.folded(), hash);
            }
            Write::PutBlock(block) => {
                self.blocks.insert((block.owner.folded(), block.blocked.folded()), block);
            }
            Write::RemoveBlock(owner, blocked) => {
                self.blocks.remove(&(owner.folded(), blocked.folded()));
            }
            Write::PutToken(token) => {
                let user = token.user.folded();
                self.tokens.retain(|(owner, _), old| *owner != user || old.expires_at > at);
                self.tokens.insert((user, token.id.clone()), token);
            }
            Write::KickTokens { user, platform, except } => {
                let user = user.folded();
                let theirs = self.tokens.iter_mut().filter(|((owner, _), _)| *owner == user);
                for ((_, id), token) in theirs {
                    token.kicked |= token.platform == platform && except.as_ref() != Some(id);
                }
            }
            Write::MarkRead { user, conversation, seq } => {
                let visible =
                    self.conversation_state(&user.folded(), &conversation).map(|state| state.max_seq);
                if let Some(visible) = visible {
                    self.mark_read(&user, &conversation, seq.min(visible));
                }
            }
            Write::ForgetBefore { user, conversation, seq } => {
                if let Some(view) = self.views.get_mut(&(user.folded(), conversation)) {
                    view.min_seq = view.min_seq.max(seq);
                }
            }
            Write::List { user, conversation } => {
                self.join(&user, &conversation, touches);
            }
            Write::Keep(record) => {
                self.records.insert(record.key(), *record);
            }
            Write::Discard(key) => {
                self.records.remove(&key);
            }
        }
    }

    fn put_group(&mut self, mut group: Group) {
        let members = self.rosters.get(&group.id).map_or(0, |roster| roster.members.len());
        group.member_count = u32::try_from(members).unwrap_or(u32::MAX);
        self.groups.insert(group.id.clone(), group);
    }

    fn put_member(&mut self, member: Member, touches: &mut Touches) {
        let (group, user, id) = (member.group.clone(), member.user.folded(), member.user.clone());
        let roster = self.rosters.entry(group.clone()).or_default();
        let is_new = roster.members.insert(user.clone(), member).is_none();
        if is_new {
            let conversation = ConversationId::Group(group);
            if let Some(view) = self.views.get_mut(&(user, conversation.clone())) {
                view.end = None;
                touches.push(shape::list_touch(&id, &conversation, Touch::Updated));
            } else {
                self.join(&id, &conversation, touches);
            }
        }
    }

    fn remove_member(&mut self, group: &GroupId, user: &UserId, touches: &mut Touches) {
        let folded = user.folded();
        let removed = self.rosters.get_mut(group).and_then(|roster| roster.members.remove(&folded));
        if removed.is_none() {
            return;
        }
        let id = ConversationId::Group(group.clone());
        let newest =
            self.conversations.get(&id).map_or((0, UnixMs(0)), |known| (known.max_seq, known.newest_at));
        if let Some(view) = self.views.get_mut(&(folded, id.clone())) {
            view.end = Some(newest);
            touches.push(shape::list_touch(user, &id, Touch::Updated));
        }
    }

    fn roster_changed(&mut self, group: &GroupId) {
        let Some(roster) = self.rosters.get_mut(group) else { return };
        roster.ids = roster.members.values().map(|member| member.user.clone()).collect();
        let count = u32::try_from(roster.ids.len()).unwrap_or(u32::MAX);
        if let Some(group) = self.groups.get_mut(group) {
            group.member_count = count;
        }
    }

    /// Puts a conversation onto a user's list, where it is not.
    fn join(&mut self, user: &UserId, conversation: &ConversationId, touches: &mut Touches) {
        if let Entry::Vacant(place) = self.views.entry((user.folded(), conversation.clone())) {
            place.insert(View::default());
            touches.push(shape::list_touch(user, conversation, Touch::Inserted));
        }
    }

    fn mark_read(&mut self, user: &UserId, conversation: &ConversationId, seq: u64) {
        if let Some(view) = self.views.get_mut(&(user.folded(), conversation.clone())) {
            view.read_seq = view.read_seq.max(seq);
        }
    }

    fn log(
        &mut self,
        new: NewEvent,
        at: UnixMs,
        measure: bool,
        unlisted: &[UserId],
        touches: &mut Touches,
    ) -> Arc<Event> {
        let mut fact = new.fact;
        if let Fact::MessageSent(sent) = &mut fact {
            self.number(sent, at, unlisted, touches);
            if let Some(key) = shape::SendKey::of(&sent.message) {
                self.sends.insert(key, (at, sent.message.clone()));
            }
        }
        self.highest = self.highest.max(Some(fact.number()));
        self.tail = self.tail.next();
        self.last_at = at;
        let event = Arc::new(Event { pos: self.tail, at, lane: new.lane, fact });
        let bytes = if measure { stored_bytes(&event.fact) } else { 0 };
        self.log_bytes += bytes;
        self.lanes.entry(event.lane.clone()).or_default().push_back(event.pos);
        self.log.push_back(Logged { event: event.clone(), bytes });
        event
    }

    /// Gives a message that is kept its seq, and puts it where its readers find it.
    fn number(&mut self, sent: &mut MessageSent, at: UnixMs, unlisted: &[UserId], touches: &mut Touches) {
        let message: &mut Message = Arc::make_mut(&mut sent.message);
        if !message.handling.store {
            message.seq = 0;
            return;
        }
        let id = message.conversation();
        let conversation = self.conversations.entry(id.clone()).or_default();
        conversation.max_seq += 1;
        conversation.newest_at = at;
        message.seq = conversation.max_seq;
        conversation.messages.insert(message.seq, (at, sent.message.clone()));
        for user in shape::joined_by(&sent.message, &id, unlisted) {
            self.join(user, &id, touches);
        }
        self.mark_read(&sent.message.sender, &id, sent.message.seq);
    }
}

fn stored_bytes(fact: &Fact) -> u64 {
    serde_json::to_vec(fact).map_or(0, |json| json.len() as u64)
}
