//! Messages to many, pushed in rounds.

use std::sync::Arc;
use std::time::Duration;

use ringback_model::event::{Event, Lane};
use ringback_model::ids::UserId;
use ringback_model::ports::{Pushing, Sessions};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use super::asking::push_of;
use crate::handover::Handovers;

/// Longest that a message waits for its round: a client that reads slowly delays nobody's messages by more.
const ROUND_WAIT: Duration = Duration::from_millis(20);
/// Messages of one round; with so many it begins at once.
pub(super) const ROUND_MESSAGES: usize = 64;

/// A message that waits for its round.
struct Held {
    lane: Lane,
    recipients: Arc<[UserId]>,
    event: Arc<Event>,
}

/// Messages that wait for their round, in the order of the log. Bounded by [`ROUND_MESSAGES`].
pub(super) struct Rounds {
    sessions: Arc<dyn Sessions>,
    handovers: Arc<Handovers>,
    held: Vec<Held>,
    /// Until when the first of them waits at most.
    until: Instant,
    /// Resolves when the round before has been written.
    under_way: Option<oneshot::Receiver<()>>,
}

impl Rounds {
    pub(super) fn new(sessions: Arc<dyn Sessions>, handovers: Arc<Handovers>) -> Self {
        Self { sessions, handovers, held: Vec::new(), until: Instant::now(), under_way: None }
    }

    /// Whether messages of this lane wait: what comes after them must not overtake them.
    pub(super) fn holds(&self, lane: &Lane) -> bool {
        self.held.iter().any(|held| held.lane == *lane)
    }

    pub(super) fn add(&mut self, event: &Arc<Event>, recipients: &Arc<[UserId]>) {
        if self.held.is_empty() {
            self.until = Instant::now() + ROUND_WAIT;
        }
        let (lane, recipients) = (event.lane.clone(), Arc::clone(recipients));
        self.held.push(Held { lane, recipients, event: Arc::clone(event) });
        if self.held.len() >= ROUND_MESSAGES {
            self.push();
        }
    }

    /// Resolves when it is time for the next round; never while nothing waits for it. May be dropped and called again.
    pub(super) async fn turn(&mut self) {
        if self.held.is_empty() {
            return std::future::pending().await;
        }
        match &mut self.under_way {
            Some(over) => _ = timeout_at(self.until, over).await,
            // Those who are about to be answered are answered first: their messages come along.
            None => tokio::task::yield_now().await,
        }
        self.under_way = None;
    }

    /// Whether something has waited long enough, whatever else there is to do.
    pub(super) fn is_late(&self) -> bool {
        !self.held.is_empty() && Instant::now() >= self.until
    }

    /// Pushes all that waits.
    pub(super) fn push(&mut self) {
        let mut held = std::mem::take(&mut self.held);
        // Messages of a lane stay in order, and stand together, so that they can go to their recipients together.
        held.sort_by(|one, other| one.lane.cmp(&other.lane));
        let (round, over) = oneshot::channel();
        let round = Arc::new(round);
        for together in held.chunk_by(|one, other| Arc::ptr_eq(&one.recipients, &other.recipients)) {
            let pushing = |held: &Held| {
                let push = push_of(&held.event)?;
                let written = self.handovers.until_written(push.message.id, Some(Arc::clone(&round)));
                Some(Pushing { push, written })
            };
            let pushes: Vec<Pushing> = together.iter().filter_map(pushing).collect();
            if let Some(first) = together.first() {
                self.sessions.push_all(&pushes, &first.recipients);
            }
        }
        self.under_way = Some(over);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use futures_util::FutureExt as _;
    use ringback_model::conversation::Target;
    use ringback_model::event::{Fact, MessageSent};
    use ringback_model::ids::LogPos;
    use ringback_model::message::{ContentClass, Message, Origin};
    use ringback_model::ports::Push;
    use ringback_model::presence::CutReason;
    use ringback_model::sample;
    use ringback_model::time::UnixMs;
    use ringback_model::user::{Connection, Platform};

    use super::*;

    type Seen = (Vec<u64>, usize, Vec<Arc<dyn Send + Sync>>);

    /// Remembers which messages went out together, and holds what is told of their writing.
    #[derive(Default)]
    struct Seat(Mutex<Vec<Seen>>);

    impl Sessions for Seat {
        fn online(&self, users: &[UserId]) -> Vec<bool> {
            vec![true; users.len()]
        }
        fn connections(&self, _: &UserId) -> Vec<Connection> {
            Vec::new()
        }
        fn push(&self, push: &Push, users: &[UserId], written: Arc<dyn Send + Sync>) {
            self.push_all(&[Pushing { push: push.clone(), written }], users);
        }
        fn push_all(&self, pushes: &[Pushing], users: &[UserId]) {
            let seqs = pushes.iter().map(|one| one.push.message.seq).collect();
            let written = pushes.iter().map(|one| Arc::clone(&one.written)).collect();
            self.0.lock().unwrap().push((seqs, users.len(), written));
        }
        fn kick(&self, _: &UserId, _: Platform, _: Option<&str>, _: CutReason) {}
        fn cut(&self, _: &UserId, _: &str, _: CutReason) -> bool {
            false
        }
    }

    impl Seat {
        fn seen(&self) -> Vec<(Vec<u64>, usize)> {
            self.0.lock().unwrap().iter().map(|(seqs, users, _)| (seqs.clone(), *users)).collect()
        }
        fn write(&self) {
            self.0.lock().unwrap().iter_mut().for_each(|(.., written)| written.clear());
        }
    }

    fn event(lane: &str, seq: u64) -> Arc<Event> {
        let user = |id: &str| UserId::parse(id).unwrap();
        let content = sample::content(ContentClass::Text, 1, "hello");
        let message = sample::message(user("ann"), Target::User(user("bob")), content, UnixMs(1));
        let sent = MessageSent {
            message: Arc::new(Message { seq, ..message }),
            operation_id: Arc::from("op"),
            origin: Origin::Client,
            sender_is_admin: false,
            offline: Vec::new(),
        };
        let fact = Fact::MessageSent(Box::new(sent));
        Arc::new(Event { pos: LogPos(seq), lane: Lane(Arc::from(lane)), at: UnixMs(1), fact })
    }

    fn rounds() -> (Rounds, Arc<Seat>) {
        let seat = Arc::new(Seat::default());
        (Rounds::new(Arc::clone(&seat) as _, Arc::new(Handovers::new())), seat)
    }

    fn members(count: usize) -> Arc<[UserId]> {
        (0..count).map(|number| UserId::parse(&format!("u{number}")).unwrap()).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_while_a_round_is_written_goes_out_together() {
        let (mut rounds, seat) = rounds();
        let many = members(100);
        assert!(rounds.turn().now_or_never().is_none(), "nothing waits");
        rounds.add(&event("g", 1), &many);
        rounds.turn().await;
        rounds.push();
        for seq in 2..=4 {
            rounds.add(&event("g", seq), &many);
            assert!(rounds.turn().now_or_never().is_none(), "the first is not written");
        }
        assert!(rounds.holds(&Lane(Arc::from("g"))) && !rounds.holds(&Lane(Arc::from("h"))));
        seat.write();
        rounds.turn().await;
        rounds.push();
        assert_eq!(seat.seen(), [(vec![1], 100), (vec![2, 3, 4], 100)]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_client_delays_the_next_round_by_a_bounded_time() {
        let (mut rounds, seat) = rounds();
        let many = members(100);
        rounds.add(&event("g", 1), &many);
        rounds.push();
        rounds.add(&event("g", 2), &many);
        assert!(!rounds.is_late());
        let start = Instant::now();
        rounds.turn().await;
        assert_eq!(start.elapsed(), ROUND_WAIT);
        assert!(rounds.is_late());
        rounds.push();
        assert_eq!(seat.seen().len(), 2);
    }

    #[tokio::test]
    async fn conversations_keep_their_order_and_their_recipients() {
        let (mut rounds, seat) = rounds();
        let (one, other, grown) = (members(100), members(70), members(101));
        for (seq, lane, recipients) in [
            (1, "h", &one),
            (2, "g", &other),
            (3, "h", &one),
            (4, "h", &grown),
            (5, "h", &one),
            (6, "g", &other),
        ] {
            rounds.add(&event(lane, seq), recipients);
        }
        rounds.push();
        assert_eq!(seat.seen(), [(vec![2, 6], 70), (vec![1, 3], 100), (vec![4], 101), (vec![5], 100)]);
    }

    #[tokio::test]
    async fn a_full_round_does_not_wait() {
        let (mut rounds, seat) = rounds();
        let many = members(64);
        for seq in 1..=ROUND_MESSAGES as u64 + 1 {
            rounds.add(&event("g", seq), &many);
        }
        assert_eq!(seat.seen(), [((1..=ROUND_MESSAGES as u64).collect(), 64)]);
    }
}
