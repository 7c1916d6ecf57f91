//! What a sender's own devices get of a chat that is new to them.
//!
//! A device enters a chat into its list when the first message in it is answered, and looks for the chat when that
//! message comes back to it. So the sender gets his first message a moment after the others, and what follows in the
//! chat meanwhile behind it.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use ringback_model::conversation::Target;
use ringback_model::event::{Lane, MessageSent};
use ringback_model::ids::UserId;
use ringback_model::limits;
use ringback_model::message::{Message, Origin};
use ringback_model::ports::{Push, Sessions};
use tokio::time::{Instant, sleep_until};

/// Messages that wait for one sender; with one more, none waits any longer. Nobody writes so much by hand before his device
/// has its first answer, and so much at once does not cut a connection for slowness.
pub(super) const MOST: usize = 32;

/// Who waits in a lane, and for what, in order.
struct Late {
    sender: UserId,
    pushes: Vec<Push>,
}

impl Late {
    /// Answers how many there were.
    fn push(self, sessions: &dyn Sessions) -> usize {
        for push in &self.pushes {
            sessions.push(push, std::slice::from_ref(&self.sender), Arc::new(()));
        }
        self.pushes.len()
    }
}

/// Pushes that wait for the devices they came from. What is lost here is pulled.
#[derive(Default)]
pub(super) struct Echoes {
    late: HashMap<Lane, Late>,
    /// Whose time comes when; all wait equally long.
    due: VecDeque<(Instant, Lane)>,
}

impl Echoes {
    /// Keeps back what is for a sender who waits in this lane; answers who gets it now, `None` for all. Where too
    /// much waits, that is pushed first and nothing is kept back any longer.
    pub(super) fn keep_back(
        &mut self,
        sessions: &dyn Sessions,
        lane: &Lane,
        sent: &MessageSent,
        push: &Push,
        recipients: &[UserId],
    ) -> Option<Vec<UserId>> {
        if begins_a_chat(sent) {
            self.due.push_back((Instant::now() + limits::FIRST_ECHO_WAIT, lane.clone()));
            let late = Late { sender: sent.message.sender.clone(), pushes: Vec::new() };
            self.late.insert(lane.clone(), late);
        }
        if self.late.get(lane).is_some_and(|late| late.pushes.len() >= MOST) {
            self.late.remove(lane)?.push(sessions);
        }
        let late = self.late.get_mut(lane)?;
        let others: Vec<UserId> = recipients.iter().filter(|user| **user != late.sender).cloned().collect();
        if others.len() < recipients.len() {
            late.pushes.push(push.clone());
        }
        Some(others)
    }

    /// Resolves when the first has waited long enough; never while nobody waits. May be dropped and called again.
    pub(super) async fn turn(&self) {
        match self.due.front() {
            Some((at, _)) => sleep_until(*at).await,
            None => std::future::pending().await,
        }
    }

    /// Pushes what has waited the longest; answers how many messages that were.
    pub(super) fn push(&mut self, sessions: &dyn Sessions) -> usize {
        let first = self.due.pop_front().and_then(|(_, lane)| self.late.remove(&lane));
        first.map_or(0, |late| late.push(sessions))
    }
}

/// Whether a device of the sender learns of the chat by the answer to this very message.
fn begins_a_chat(sent: &MessageSent) -> bool {
    let Message { seq, target, system, .. } = &*sent.message;
    *seq == 1 && !system && sent.origin == Origin::Client && matches!(target, Target::User(_))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use ringback_model::message::ContentClass;
    use ringback_model::ports::Pushing;
    use ringback_model::presence::CutReason;
    use ringback_model::sample;
    use ringback_model::time::UnixMs;
    use ringback_model::user::{Connection, Platform};

    use super::*;

    /// Remembers what was pushed to the sender.
    #[derive(Default)]
    struct Seat(Mutex<Vec<u64>>);

    impl Sessions for Seat {
        fn online(&self, users: &[UserId]) -> Vec<bool> {
            vec![true; users.len()]
        }
        fn connections(&self, _: &UserId) -> Vec<Connection> {
            Vec::new()
        }
        fn push(&self, push: &Push, users: &[UserId], _: Arc<dyn Send + Sync>) {
            assert_eq!(users.iter().map(UserId::as_str).collect::<Vec<_>>(), ["ann"]);
            self.0.lock().unwrap().push(push.message.seq);
        }
        fn push_all(&self, _: &[Pushing], _: &[UserId]) {
            panic!("one by one");
        }
        fn kick(&self, _: &UserId, _: Platform, _: Option<&str>, _: CutReason) {}
        fn cut(&self, _: &UserId, _: &str, _: CutReason) -> bool {
            false
        }
    }

    fn sent(seq: u64) -> (MessageSent, Push) {
        let user = |id: &str| UserId::parse(id).unwrap();
        let content = sample::content(ContentClass::Text, 101, "hello");
        let said = sample::message(user("ann"), Target::User(user("bob")), content, UnixMs(1));
        let message = Arc::new(Message { seq, ..said });
        let (operation_id, origin) = (Arc::<str>::from("op"), Origin::Client);
        let push = Push { message: Arc::clone(&message), operation_id: Arc::clone(&operation_id) };
        (MessageSent { message, operation_id, origin, sender_is_admin: false, offline: Vec::new() }, push)
    }

    /// Says messages of a new chat; answers which of them went to everybody at once.
    fn say(echoes: &mut Echoes, seat: &Seat, seqs: std::ops::RangeInclusive<u64>) -> Vec<u64> {
        let both = ["ann", "bob"].map(|id| UserId::parse(id).unwrap());
        let lane = Lane(Arc::from("chat"));
        let mut at_once = Vec::new();
        for seq in seqs {
            let (sent, push) = sent(seq);
            match echoes.keep_back(seat, &lane, &sent, &push, &both) {
                Some(others) => assert_eq!(others[..], both[1..], "the other side never waits"),
                None => at_once.push(seq),
            }
        }
        at_once
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_message_of_a_chat_comes_back_a_moment_later_and_what_follows_behind_it() {
        let (mut echoes, seat) = (Echoes::default(), Seat::default());
        assert!(say(&mut echoes, &seat, 1..=3).is_empty());
        let begun = Instant::now();
        echoes.turn().await;
        assert_eq!(begun.elapsed().as_millis(), limits::FIRST_ECHO_WAIT.as_millis());
        assert_eq!((echoes.push(&seat), seat.0.lock().unwrap().as_slice()), (3, &[1, 2, 3][..]));
        assert_eq!(say(&mut echoes, &seat, 4..=4), [4], "nobody waits any longer");
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_does_not_pile_up() {
        let (mut echoes, seat) = (Echoes::default(), Seat::default());
        let most = MOST as u64;
        assert_eq!(say(&mut echoes, &seat, 1..=most + 2), [most + 1, most + 2]);
        assert!(seat.0.lock().unwrap().iter().copied().eq(1..=most), "before what goes to everybody");
        echoes.turn().await;
        assert_eq!(echoes.push(&seat), 0);
    }
}
