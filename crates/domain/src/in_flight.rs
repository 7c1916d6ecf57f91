//! Sends under way: a second send of the same message joins the first and is answered alike.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Mutex, PoisonError};

use ringback_model::command::Sent;
use ringback_model::conversation::ConversationId;
use ringback_model::failure::Failure;
use ringback_model::ids::UserId;
use tokio::sync::watch;

/// What makes two sends the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct SendKey {
    pub(crate) sender: UserId,
    pub(crate) conversation: ConversationId,
    pub(crate) client_id: String,
}

type Answer = Option<Result<Sent, Failure>>;

/// All sends under way that a client named.
#[derive(Debug, Default)]
pub(crate) struct InFlight {
    sends: Mutex<HashMap<SendKey, watch::Receiver<Answer>>>,
}

/// Who carries the send out.
pub(crate) enum Turn<'a> {
    /// The caller: he must [`Lead::finish`].
    Mine(Lead<'a>),
    /// Somebody else: his answer will be here.
    Joined(Joined),
}

impl InFlight {
    /// Takes part in the send of this message.
    pub(crate) fn enter(&self, key: SendKey) -> Turn<'_> {
        match self.lock().entry(key) {
            Entry::Occupied(there) => Turn::Joined(Joined(there.get().clone())),
            Entry::Vacant(free) => {
                let (answer, joined) = watch::channel(None);
                let key = free.key().clone();
                free.insert(joined);
                Turn::Mine(Lead { sends: self, key, answer })
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<SendKey, watch::Receiver<Answer>>> {
        self.sends.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right and duty to carry a send out.
pub(crate) struct Lead<'a> {
    sends: &'a InFlight,
    key: SendKey,
    answer: watch::Sender<Answer>,
}

impl Lead<'_> {
    /// Tells those who joined.
    pub(crate) fn finish(self, result: &Result<Sent, Failure>) {
        // Nobody may have joined.
        let _ = self.answer.send(Some(result.clone()));
    }
}

impl Drop for Lead<'_> {
    fn drop(&mut self) {
        self.sends.lock().remove(&self.key);
    }
}

/// The answer of a send that somebody else carries out.
pub(crate) struct Joined(watch::Receiver<Answer>);

impl Joined {
    /// Waits; `None` if he gave up without an answer.
    pub(crate) async fn answer(mut self) -> Answer {
        let answer = self.0.wait_for(Option::is_some).await.ok()?;
        (*answer).clone()
    }
}

#[cfg(test)]
mod tests {
    use ringback_model::failure::{Refusal, RefusalCode};

    use super::*;

    fn key() -> SendKey {
        let (a, b) = (UserId::parse("a").unwrap(), UserId::parse("b").unwrap());
        SendKey { conversation: ConversationId::single(&a, &b), sender: a, client_id: "m1".to_owned() }
    }

    #[tokio::test]
    async fn a_second_send_gets_the_first_ones_answer() {
        let sends = InFlight::default();
        let Turn::Mine(lead) = sends.enter(key()) else { panic!("nobody else is sending") };
        let Turn::Joined(joined) = sends.enter(key()) else { panic!("it is under way") };
        lead.finish(&Err(Refusal::new(RefusalCode::BlockedByPeer, "no").into()));
        let Some(Err(Failure::Refused(refusal))) = joined.answer().await else {
            panic!("an answer was given")
        };
        assert_eq!(refusal.code, RefusalCode::BlockedByPeer);
        assert!(matches!(sends.enter(key()), Turn::Mine(_)), "the first one is over");
    }

    #[tokio::test]
    async fn a_lead_that_gives_up_lets_others_try() {
        let sends = InFlight::default();
        let Turn::Mine(lead) = sends.enter(key()) else { panic!("nobody else is sending") };
        let Turn::Joined(joined) = sends.enter(key()) else { panic!("it is under way") };
        drop(lead);
        assert!(joined.answer().await.is_none());
    }
}
