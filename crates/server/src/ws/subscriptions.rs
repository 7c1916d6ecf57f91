//! Who follows whom: connections that are told where a user is online whenever that changes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ringback_model::failure::{Refusal, RefusalCode};
use ringback_model::ids::UserId;
use ringback_model::limits;
use ringback_model::presence::{Subscription, UserPresence};
use ringback_model::user::Platform;

use super::sessions::{Peer, message};

/// Parts of the table, so that changes of different users seldom wait for one lock.
const SHARDS: usize = 16;

/// A connection that follows a user.
struct Follower {
    peer: Arc<Peer>,
    /// The user, as the connection calls him.
    name: UserId,
}

type Shard = Mutex<HashMap<Box<str>, Vec<Follower>>>;

/// All followers, by the folded id of the user they follow.
pub(super) struct Subscriptions {
    shards: Vec<Shard>,
}

/// On which classes of device a user, by his folded id, is online.
pub(super) type Look<'a> = &'a dyn Fn(&str) -> Vec<Platform>;

impl Subscriptions {
    pub(super) fn new() -> Self {
        Self { shards: (0..SHARDS).map(|_| Shard::default()).collect() }
    }

    fn shard(&self, key: &str) -> MutexGuard<'_, HashMap<Box<str>, Vec<Follower>>> {
        let sum = key.bytes().fold(0_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(byte)));
        self.shards[sum % SHARDS].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes whom a connection follows. Answers where the new ones are online.
    ///
    /// # Errors
    /// `BadArgument` where it would follow more than [`limits::SUBSCRIPTIONS`] users; nothing is changed then.
    pub(super) fn change(
        &self,
        peer: &Arc<Peer>,
        change: &Subscription,
        look: Look<'_>,
    ) -> Result<Vec<UserPresence>, Refusal> {
        let mut follows = peer.follows();
        let mut wanted = follows.clone();
        for user in &change.remove {
            wanted.remove(user.folded().as_str());
        }
        wanted.extend(change.add.iter().map(|user| Box::from(user.folded())));
        if wanted.len() > limits::SUBSCRIPTIONS {
            let detail = format!("more than {} users are followed", limits::SUBSCRIPTIONS);
            return Err(Refusal::new(RefusalCode::BadArgument, detail));
        }
        for gone in follows.difference(&wanted) {
            self.remove(peer, gone);
        }
        *follows = wanted;
        Ok(change.add.iter().map(|user| self.add(peer, user, look)).collect())
    }

    fn add(&self, peer: &Arc<Peer>, user: &UserId, look: Look<'_>) -> UserPresence {
        let key = user.folded();
        let mut shard = self.shard(&key);
        let followers = shard.entry(Box::from(key.as_str())).or_default();
        match followers.iter_mut().find(|follower| Arc::ptr_eq(&follower.peer, peer)) {
            Some(follower) => follower.name = user.clone(),
            None => followers.push(Follower { peer: Arc::clone(peer), name: user.clone() }),
        }
        UserPresence { user: user.clone(), platforms: look(&key) }
    }

    fn remove(&self, peer: &Arc<Peer>, key: &str) {
        let mut shard = self.shard(key);
        let Some(followers) = shard.get_mut(key) else { return };
        followers.retain(|follower| !Arc::ptr_eq(&follower.peer, peer));
        if followers.is_empty() {
            shard.remove(key);
        }
    }

    /// The connection is gone.
    pub(super) fn forget(&self, peer: &Arc<Peer>) {
        let follows = std::mem::take(&mut *peer.follows());
        for key in follows {
            self.remove(peer, &key);
        }
    }

    /// Tells the followers of a user where he is online. He is looked up with the followers locked: of two changes that
    /// are told at the same time, the one told last tells how it is in the end.
    pub(super) fn tell(&self, key: &str, look: Look<'_>) {
        let shard = self.shard(key);
        let Some(followers) = shard.get(key) else { return };
        let platforms = look(key);
        for Follower { peer, name } in followers {
            show(peer, UserPresence { user: name.clone(), platforms: platforms.clone() });
        }
    }

    /// Tells a connection of those whom it follows and who are not where it was shown that they are: a change may have
    /// been told before the answer that did not know of it yet.
    pub(super) fn correct(&self, peer: &Arc<Peer>, shown: Vec<UserPresence>, look: Look<'_>) {
        for UserPresence { user, platforms: before } in shown {
            let key = user.folded();
            let _shard = self.shard(&key);
            let platforms = look(&key);
            if platforms != before {
                show(peer, UserPresence { user, platforms });
            }
        }
    }
}

fn show(peer: &Peer, presence: UserPresence) {
    if peer.is_ending() {
        return;
    }
    let identity = peer.identity();
    peer.push(message(identity.dialect.presences(identity.wire, None, &[presence])), None);
    metrics::counter!("ringback_presence_pushes_total").increment(1);
}
