//! What sends ask about users, blocks and groups, in memory: a send between people who talk needs no trip to the
//! tables.
//!
//! The writer keeps it right. What a transaction changed is forgotten after it became durable and before anybody is
//! told of it, so whoever was told meets nothing older. A reader's findings are taken in only where nothing was
//! forgotten since before it looked ([`Facts::versions`]); else it might bring back what has just gone.

use std::hash::BuildHasher;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ringback_model::commit::{Require, Write};
use ringback_model::conversation::{ConversationId, Target};
use ringback_model::group::{Group, GroupStatus, Member};
use ringback_model::hashing::{FastHash, FastMap};
use ringback_model::ids::{GroupId, UserId};
use ringback_model::limits;
use ringback_model::ports::SendFacts;
use ringback_model::record::{RecordKey, RecordKind};
use ringback_model::user::User;

/// Keys share so many places. A change keeps one in so many readers from taking in what it found; and what grows under
/// the lock is one in so many parts of what is known, because growing the whole would hold up every send.
const PLACES: usize = 256;

/// What a fact is about. User ids are folded.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Key {
    User(String),
    /// The first blocks the second.
    Block(String, String),
    Group(GroupId),
    Member(GroupId, String),
    /// What a chat of two is to them.
    Listed(ConversationId),
}

/// What the tables say; also that there is nothing. Small and quickly cloned: that happens under the lock.
#[derive(Debug, Clone)]
pub(super) enum Fact {
    User(Option<Arc<User>>),
    Block(bool),
    Group(Option<Arc<Roster>>),
    Member(Option<Arc<Member>>),
    /// For the user named first, and for the other one.
    Listed(Side, Side),
}

/// What a chat is to one of its two users.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Side {
    /// It is on his list.
    pub(super) listed: bool,
    /// See [`SendFacts::receive_option`].
    pub(super) receive_option: i32,
}

/// A group and all its members, by folded id.
#[derive(Debug, Clone)]
pub(super) struct Roster {
    pub(super) group: Arc<Group>,
    pub(super) members: Arc<[UserId]>,
}

impl Key {
    /// What has to be known before a message is sent.
    pub(super) fn of_send(sender: &UserId, target: &Target) -> Vec<Self> {
        let listed = || Self::Listed(ConversationId::of(sender, target));
        match target {
            Target::User(user) | Target::Notice(user) => {
                let (user, sender) = (user.folded(), sender.folded());
                vec![
                    listed(),
                    Self::Block(user.clone(), sender.clone()),
                    Self::User(user),
                    Self::User(sender),
                ]
            }
            Target::Group(group) | Target::Room(group) => {
                let sender = sender.folded();
                let membership = Self::Member(group.clone(), sender.clone());
                vec![Self::Group(group.clone()), membership, Self::User(sender)]
            }
        }
    }

    /// What a write changes of what is known here.
    pub(super) fn changed_by(write: &Write) -> Vec<Self> {
        let member = |group: &GroupId, user: &UserId| {
            vec![Self::Group(group.clone()), Self::Member(group.clone(), user.folded())]
        };
        match write {
            Write::PutUser(user) => vec![Self::User(user.id.folded())],
            Write::RemoveUser(user) => vec![Self::User(user.folded())],
            Write::PutGroup(group) => vec![Self::Group(group.id.clone())],
            Write::PutMember(new) => member(&new.group, &new.user),
            Write::RemoveMember(group, user) => member(group, user),
            Write::PutBlock(block) => vec![Self::Block(block.owner.folded(), block.blocked.folded())],
            Write::RemoveBlock(owner, blocked) => vec![Self::Block(owner.folded(), blocked.folded())],
            Write::List { conversation, .. } => vec![Self::Listed(conversation.clone())],
            Write::PutPassword { .. }
            | Write::PutToken(_)
            | Write::KickTokens { .. }
            | Write::MarkRead { .. }
            | Write::ForgetBefore { .. } => Vec::new(),
            Write::Keep(record) => Self::of_record(&record.key()),
            Write::Discard(key) => Self::of_record(key),
        }
    }

    fn of_record(key: &RecordKey) -> Vec<Self> {
        let is_setting = key.kind == RecordKind::Conversation;
        let conversation = is_setting.then(|| ConversationId::parse(&key.about)).flatten();
        conversation.into_iter().map(Self::Listed).collect()
    }

    /// What a requirement is about, where that is kept here.
    pub(super) fn required_by(requirement: &Require) -> Option<Self> {
        Some(match requirement {
            Require::User(user) | Require::ActiveUser(user) | Require::NoUser(user) => {
                Self::User(user.folded())
            }
            Require::LiveGroup(group) | Require::NoGroup(group) => Self::Group(group.clone()),
            Require::InGroup(group, user) | Require::NotInGroup(group, user) => {
                Self::Member(group.clone(), user.folded())
            }
            Require::NotBlocked(owner, user) => Self::Block(owner.folded(), user.folded()),
            Require::NotListed(_, conversation) => Self::Listed(conversation.clone()),
            Require::TokenValid(..)
            | Require::Kept(_)
            | Require::NotKept(_)
            | Require::Unchanged(_)
            | Require::SameGroup(_)
            | Require::SameMember(_)
            | Require::SameUser(_) => return None,
        })
    }
}

impl Fact {
    /// Whether a requirement about it holds.
    fn allows(&self, requirement: &Require) -> Option<bool> {
        Some(match (self, requirement) {
            (Self::Listed(first, other), Require::NotListed(user, conversation)) => {
                !(if conversation.names_first(user) { first.listed } else { other.listed })
            }
            (Self::User(user), Require::User(_)) => user.is_some(),
            (Self::User(user), Require::ActiveUser(_)) => {
                user.as_ref().is_some_and(|user| !user.standing.deactivated)
            }
            (Self::User(user), Require::NoUser(_)) => user.is_none(),
            (Self::Group(group), Require::LiveGroup(_)) => {
                group.as_ref().is_some_and(|roster| roster.group.status != GroupStatus::Dismissed)
            }
            (Self::Group(group), Require::NoGroup(_)) => group.is_none(),
            (Self::Member(member), Require::InGroup(..)) => member.is_some(),
            (Self::Member(member), Require::NotInGroup(..)) => member.is_none(),
            (Self::Block(blocked), Require::NotBlocked(..)) => !blocked,
            _ => return None,
        })
    }

    /// Bytes of what it points to.
    fn weight(&self) -> usize {
        match self {
            Self::User(Some(user)) => {
                let texts = [user.id.as_str(), &user.nickname, &user.face_url, &user.ex];
                boxed::<User>() + texts.into_iter().map(text_weight).sum::<usize>()
            }
            Self::Group(Some(roster)) => {
                let Roster { group, members } = &**roster;
                let ids = [group.id.as_str(), group.owner.as_str(), group.creator.as_str()];
                let shown = [&group.name, &group.face_url, &group.ex];
                let told = [&group.notification, &group.introduction, &group.notification_by];
                let texts = ids.into_iter().chain(shown.into_iter().chain(told).map(String::as_str));
                boxed::<Roster>()
                    + boxed::<Group>()
                    + PER_MEMBER * members.len()
                    + texts.map(text_weight).sum::<usize>()
            }
            Self::Member(Some(member)) => {
                let ids = [member.group.as_str(), member.user.as_str()];
                let texts =
                    [&member.nickname, &member.face_url, &member.operator, &member.inviter, &member.ex];
                let texts = ids.into_iter().chain(texts.map(String::as_str));
                boxed::<Member>() + texts.map(text_weight).sum::<usize>()
            }
            Self::User(None) | Self::Block(_) | Self::Group(None) | Self::Member(None) | Self::Listed(..) => {
                0
            }
        }
    }
}

/// Bytes of a member's id in a list, and of his place in it.
const PER_MEMBER: usize = 64;
/// Bytes that a piece of memory takes beside what it is asked for: counts, and rounding.
const PER_PIECE: usize = 32;

const fn boxed<T>() -> usize {
    size_of::<T>() + PER_PIECE
}

/// An empty text has no memory of its own.
const fn text_weight(text: &str) -> usize {
    if text.is_empty() { 0 } else { text.len() + PER_PIECE }
}

/// Bytes that a fact and its key take in memory, roughly, but rather more than less: the map keeps up to half of its
/// places free.
fn weight(key: &Key, fact: &Fact) -> usize {
    let texts = match key {
        Key::User(user) => text_weight(user),
        Key::Block(owner, blocked) => text_weight(owner) + text_weight(blocked),
        Key::Group(group) => text_weight(group.as_str()),
        Key::Member(group, user) => text_weight(group.as_str()) + text_weight(user),
        // Two ids at most, each shared with others at best.
        Key::Listed(_) => 2 * (limits::ID_BYTES + PER_PIECE),
    };
    2 * size_of::<(Key, Fact)>() + texts + fact.weight()
}

/// Puts together what was found about a send. `None` unless all of it was.
pub(super) fn assemble(sender: &UserId, target: &Target, found: Vec<Fact>) -> Option<SendFacts> {
    // Members have their group's conversation.
    let mut facts = SendFacts { listed: (true, true), ..SendFacts::default() };
    let mut users = Vec::with_capacity(2);
    for fact in found {
        match fact {
            Fact::User(user) => users.push(user),
            Fact::Block(blocked) => facts.blocked = blocked,
            Fact::Listed(first, other) => {
                let of_sender = ConversationId::of(sender, target).names_first(sender);
                let (own, theirs) = if of_sender { (first, other) } else { (other, first) };
                facts.listed = (own.listed, theirs.listed);
                facts.receive_option = theirs.receive_option;
            }
            Fact::Group(Some(roster)) => {
                facts.group = Some(Arc::clone(&roster.group));
                facts.members = Arc::clone(&roster.members);
            }
            Fact::Group(None) => {}
            Fact::Member(member) => facts.membership = member,
        }
    }
    // The order of [`Key::of_send`]: the sender comes last.
    facts.sender = users.pop()?;
    match target {
        Target::User(_) | Target::Notice(_) => facts.recipient = users.pop()?,
        Target::Group(_) | Target::Room(_) if facts.group.is_none() => facts.membership = None,
        Target::Group(_) | Target::Room(_) => {}
    }
    Some(facts)
}

/// What is known.
pub(super) struct Facts {
    hasher: FastHash,
    /// Never held while the tables are asked.
    known: Mutex<Known>,
}

struct Known {
    places: Vec<Place>,
    /// What all facts weigh.
    bytes: usize,
}

#[derive(Default)]
struct Place {
    facts: FastMap<Key, Fact>,
    /// How often something of these keys was forgotten.
    version: u64,
}

impl Known {
    fn remove(&mut self, place: usize, key: &Key) -> Option<Fact> {
        let fact = self.places[place].facts.remove(key)?;
        self.bytes -= weight(key, &fact);
        Some(fact)
    }
}

impl Default for Facts {
    fn default() -> Self {
        let places = std::iter::repeat_with(Place::default).take(PLACES).collect();
        Self { hasher: FastHash::default(), known: Mutex::new(Known { places, bytes: 0 }) }
    }
}

impl Facts {
    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn place(&self, key: &Key) -> usize {
        // The remainder is below the number of places.
        usize::try_from(self.hasher.hash_one(key) % PLACES as u64).unwrap_or(0)
    }

    /// All of these, as they are at one moment; `None` where one is not known.
    pub(super) fn all(&self, keys: &[Key]) -> Option<Vec<Fact>> {
        let places: Vec<_> = keys.iter().map(|key| (self.place(key), key)).collect();
        let known = self.lock();
        places.into_iter().map(|(place, key)| known.places[place].facts.get(key).cloned()).collect()
    }

    /// Whether a requirement holds, where that is known.
    pub(super) fn allow(&self, key: &Key, requirement: &Require) -> Option<bool> {
        let place = self.place(key);
        self.lock().places[place].facts.get(key)?.allows(requirement)
    }

    /// To be asked before the tables are, for [`Self::take_in`].
    pub(super) fn versions(&self, keys: &[Key]) -> Vec<u64> {
        let places: Vec<_> = keys.iter().map(|key| self.place(key)).collect();
        let known = self.lock();
        places.into_iter().map(|place| known.places[place].version).collect()
    }

    /// Notes what the tables say. Where there is no room, everything else is forgotten: what is in use is soon back.
    pub(super) fn take_in(&self, keys: Vec<Key>, versions: &[u64], found: &[Fact]) {
        for ((key, version), fact) in keys.into_iter().zip(versions).zip(found) {
            let (place, added) = (self.place(&key), weight(&key, fact));
            // Nothing is forgotten for what would not find room anyway.
            if added > limits::DIRECTORY_CACHE_BYTES {
                continue;
            }
            let mut known = self.lock();
            if known.places[place].version != *version {
                continue;
            }
            let replaced = known.remove(place, &key);
            let mut dropped = Vec::new();
            if known.bytes + added > limits::DIRECTORY_CACHE_BYTES {
                dropped.extend(known.places.iter_mut().map(|place| std::mem::take(&mut place.facts)));
                known.bytes = 0;
            }
            known.bytes += added;
            known.places[place].facts.insert(key, fact.clone());
            // Freed without the lock: there may be a hundred thousand of them.
            drop(known);
            drop((replaced, dropped));
        }
    }

    /// Forgets what was changed.
    pub(super) fn forget(&self, changed: impl Iterator<Item = Key>) {
        for key in changed {
            let place = self.place(&key);
            let mut known = self.lock();
            known.places[place].version += 1;
            let gone = known.remove(place, &key);
            // Freed without the lock: a large group has many members.
            drop(known);
            drop(gone);
        }
    }
}

#[cfg(test)]
mod tests {
    use ringback_model::sample;
    use ringback_model::time::UnixMs;

    use super::*;

    fn block(number: usize) -> Key {
        Key::Block(format!("owner-{number}"), "somebody".to_owned())
    }

    fn user_with(ex: String) -> Fact {
        Fact::User(Some(Arc::new(User { ex, ..sample::user(UserId::parse("someone").unwrap()) })))
    }

    #[test]
    fn what_was_read_before_a_change_is_not_taken_in_after_it() {
        let facts = Facts::default();
        let key = || vec![block(1)];
        let before = facts.versions(&key());
        facts.take_in(key(), &before, &[Fact::Block(false)]);
        assert!(facts.all(&key()).is_some());
        facts.forget(key().into_iter());
        assert!(facts.all(&key()).is_none());
        facts.take_in(key(), &before, &[Fact::Block(false)]);
        assert!(facts.all(&key()).is_none(), "it is older than the change");
        facts.take_in(key(), &facts.versions(&key()), &[Fact::Block(true)]);
        let requirement = Require::NotBlocked(UserId::parse("a").unwrap(), UserId::parse("b").unwrap());
        assert_eq!(facts.allow(&block(1), &requirement), Some(false));
    }

    #[test]
    fn what_is_known_is_bounded_in_bytes() {
        let facts = Facts::default();
        let someone = user_with("x".repeat(1024 * 1024));
        // All of one length.
        let key = |number: usize| Key::User(format!("{number:04}"));
        let weight = weight(&key(0), &someone);
        let room = limits::DIRECTORY_CACHE_BYTES / weight;
        for number in 0..=room {
            let versions = facts.versions(&[key(number)]);
            // Twice: what replaces something weighs nothing more.
            for _ in 0..2 {
                facts.take_in(vec![key(number)], &versions, std::slice::from_ref(&someone));
            }
            let known = facts.lock();
            assert!(known.bytes <= limits::DIRECTORY_CACHE_BYTES);
            let count: usize = known.places.iter().map(|place| place.facts.len()).sum();
            assert_eq!(known.bytes, count * weight);
        }
        assert!(facts.all(&[key(room)]).is_some(), "the newest is there");
        assert!(facts.all(&[key(0)]).is_none(), "the oldest made room");
        facts.forget((0..=room).map(key));
        assert_eq!(facts.lock().bytes, 0);
    }

    #[test]
    fn small_facts_weigh_what_they_take() {
        // A place in the map, and half a free one; two texts with the allocator's share.
        let place = size_of::<(Key, Fact)>();
        assert!(place <= 64, "{place} B");
        let found = weight(&Key::Block("o".repeat(10), "b".repeat(10)), &Fact::Block(true));
        assert!((2 * place + 20..=2 * place + 100).contains(&found), "{found} B");
    }

    #[test]
    fn members_weigh_what_they_take() {
        let olga = UserId::parse("olga").unwrap();
        let group = sample::group(GroupId::parse("g").unwrap(), olga, UnixMs(0));
        let roster = |count: usize| {
            let members =
                (0..count).map(|number| UserId::parse(&format!("member-{number}")).unwrap()).collect();
            Fact::Group(Some(Arc::new(Roster { group: Arc::new(group.clone()), members })))
        };
        let each = (roster(1000).weight() - roster(0).weight()) / 1000;
        // An id of some ten letters: its place in the list, its counts, its text, the allocator's share.
        let taken = size_of::<UserId>() + 2 * size_of::<usize>() + 10;
        assert!((taken..=taken + 32).contains(&each), "{each} B");
    }

    #[test]
    fn what_would_never_find_room_makes_none() {
        let facts = Facts::default();
        let (small, large) = (block(1), Key::User("large".to_owned()));
        let take_in = |key: &Key, fact| {
            let versions = facts.versions(std::slice::from_ref(key));
            facts.take_in(vec![key.clone()], &versions, &[fact]);
        };
        take_in(&small, Fact::Block(true));
        take_in(&large, user_with("x".repeat(limits::DIRECTORY_CACHE_BYTES)));
        assert!(facts.all(&[large]).is_none());
        assert!(facts.all(&[small]).is_some());
    }
}
