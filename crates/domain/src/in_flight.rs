//! What is under way and done once for all who want it: a second send of the same message joins the first and is
//! answered alike, and so does a second question about the same list.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use ringback_model::conversation::ConversationId;
use ringback_model::ids::UserId;
use tokio::sync::watch;

/// What makes two sends the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct SendKey {
    pub(crate) sender: UserId,
    pub(crate) conversation: ConversationId,
    pub(crate) client_id: String,
}

/// What makes two questions about a list the same: whose it is, and what comes onto it.
pub(crate) type StartKey = (UserId, ConversationId);

/// All that is under way, by what makes two the same.
#[derive(Debug)]
pub(crate) struct InFlight<K, A> {
    under_way: Mutex<HashMap<K, watch::Receiver<Option<A>>>>,
}

impl<K, A> Default for InFlight<K, A> {
    fn default() -> Self {
        Self { under_way: Mutex::default() }
    }
}

/// Who does it.
pub(crate) enum Turn<'a, K: Hash + Eq, A> {
    /// The caller: he must [`Lead::finish`].
    Mine(Lead<'a, K, A>),
    /// Somebody else: his answer will be here.
    Joined(Joined<A>),
}

impl<K: Hash + Eq + Clone, A: Clone> InFlight<K, A> {
    /// Takes part in it.
    pub(crate) fn enter(&self, key: K) -> Turn<'_, K, A> {
        match self.lock().entry(key) {
            Entry::Occupied(there) => Turn::Joined(Joined(there.get().clone())),
            Entry::Vacant(free) => {
                let (answer, joined) = watch::channel(None);
                let key = free.key().clone();
                free.insert(joined);
                Turn::Mine(Lead { all: self, key, answer })
            }
        }
    }
}

impl<K, A> InFlight<K, A> {
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<K, watch::Receiver<Option<A>>>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right and duty to do it.
pub(crate) struct Lead<'a, K: Hash + Eq, A> {
    all: &'a InFlight<K, A>,
    key: K,
    answer: watch::Sender<Option<A>>,
}

impl<K: Hash + Eq, A> Lead<'_, K, A> {
    /// Tells those who joined.
    pub(crate) fn finish(self, answer: A) {
        // Nobody may have joined.
        let _ = self.answer.send(Some(answer));
    }
}

impl<K: Hash + Eq, A> Drop for Lead<'_, K, A> {
    fn drop(&mut self) {
        self.all.lock().remove(&self.key);
    }
}

/// The answer to what somebody else does.
pub(crate) struct Joined<A>(watch::Receiver<Option<A>>);

impl<A: Clone> Joined<A> {
    /// Waits; `None` if he gave up without an answer.
    pub(crate) async fn answer(mut self) -> Option<A> {
        let answer = self.0.wait_for(Option::is_some).await.ok()?;
        (*answer).clone()
    }
}

#[cfg(test)]
mod tests {
    use ringback_model::failure::{Failure, Refusal, RefusalCode};

    use super::*;

    fn key() -> SendKey {
        let (a, b) = (UserId::parse("a").unwrap(), UserId::parse("b").unwrap());
        SendKey { conversation: ConversationId::single(&a, &b), sender: a, client_id: "m1".to_owned() }
    }

    #[tokio::test]
    async fn a_second_send_gets_the_first_ones_answer() {
        let sends = InFlight::<SendKey, Result<(), Failure>>::default();
        let Turn::Mine(lead) = sends.enter(key()) else { panic!("nobody else is sending") };
        let Turn::Joined(joined) = sends.enter(key()) else { panic!("it is under way") };
        lead.finish(Err(Refusal::new(RefusalCode::BlockedByPeer, "no").into()));
        let Some(Err(Failure::Refused(refusal))) = joined.answer().await else {
            panic!("an answer was given")
        };
        assert_eq!(refusal.code, RefusalCode::BlockedByPeer);
        assert!(matches!(sends.enter(key()), Turn::Mine(_)), "the first one is over");
    }

    #[tokio::test]
    async fn a_lead_that_gives_up_lets_others_try() {
        let sends = InFlight::<SendKey, Result<(), Failure>>::default();
        let Turn::Mine(lead) = sends.enter(key()) else { panic!("nobody else is sending") };
        let Turn::Joined(joined) = sends.enter(key()) else { panic!("it is under way") };
        drop(lead);
        assert!(joined.answer().await.is_none());
    }
}
