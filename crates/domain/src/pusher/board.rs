//! What became of pushes that before-rules were asked about: whoever wakes sleeping devices wants to know.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use ringback_model::ids::LogPos;
use ringback_model::limits;
use tokio::sync::Notify;

use super::asking::Leave;

/// What became of a push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// This.
    Known(Leave),
    /// Nobody knows any more: it was before this start, or too long ago.
    Forgotten,
}

/// Remembers, for messages after the start, whether and to whom they were pushed.
#[derive(Default)]
pub(crate) struct Board {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    /// Somebody wants to know.
    kept: bool,
    /// What is not after this is forgotten.
    forgotten: LogPos,
    /// The pusher has taken everything up to here.
    seen: LogPos,
    /// What rules are being asked about.
    asked: BTreeSet<LogPos>,
    /// What was not pushed to all.
    unusual: BTreeMap<LogPos, Leave>,
}

impl Board {
    /// Somebody wants to know from now on.
    pub(crate) fn keep(&self) {
        let mut state = self.lock();
        state.kept = true;
        // What was decided before was not remembered.
        state.forgotten = state.forgotten.max(state.seen);
    }

    /// The pusher begins after this place.
    pub(super) fn begin(&self, after: LogPos) {
        let mut state = self.lock();
        state.forgotten = state.forgotten.max(after);
        state.seen = after;
        drop(state);
        self.changed.notify_waiters();
    }

    /// Rules are asked about this one. Before [`Board::saw`].
    pub(super) fn asks(&self, pos: LogPos) {
        self.lock().asked.insert(pos);
    }

    pub(super) fn saw(&self, pos: LogPos) {
        self.lock().seen = pos;
        self.changed.notify_waiters();
    }

    pub(super) fn decided(&self, pos: LogPos, leave: &Leave) {
        let mut state = self.lock();
        if !state.asked.remove(&pos) {
            return;
        }
        if state.kept && *leave != Leave::ToAll {
            state.unusual.insert(pos, leave.clone());
            if state.unusual.len() > limits::PUSH_VERDICTS
                && let Some((oldest, _)) = state.unusual.pop_first()
            {
                state.forgotten = state.forgotten.max(oldest);
            }
        }
        drop(state);
        self.changed.notify_waiters();
    }

    /// What became of the push of this event, as soon as it is decided. What is before it is not asked for again.
    pub(crate) async fn verdict(&self, pos: LogPos) -> Verdict {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // Registered before the look: a change in between wakes us.
            changed.as_mut().enable();
            if let Some(verdict) = self.lock().verdict(pos) {
                return verdict;
            }
            changed.await;
        }
    }

    /// Nobody asks any more for what is not after this place.
    pub(crate) fn forget(&self, up_to: LogPos) {
        let mut state = self.lock();
        state.forgotten = state.forgotten.max(up_to);
        let later = state.unusual.split_off(&up_to.next());
        state.unusual = later;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn verdict(&self, pos: LogPos) -> Option<Verdict> {
        if pos <= self.forgotten {
            return Some(Verdict::Forgotten);
        }
        if pos > self.seen || self.asked.contains(&pos) {
            return None;
        }
        Some(Verdict::Known(self.unusual.get(&pos).cloned().unwrap_or(Leave::ToAll)))
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn board() -> Board {
        let board = Board::default();
        board.keep();
        board.begin(LogPos(10));
        board
    }

    fn now(board: &Board, pos: u64) -> Option<Verdict> {
        board.verdict(LogPos(pos)).now_or_never()
    }

    #[test]
    fn a_verdict_is_there_once_the_pusher_has_taken_the_message_and_rules_have_spoken() {
        let board = board();
        assert_eq!(now(&board, 10), Some(Verdict::Forgotten), "before this start");
        board.asks(LogPos(12));
        board.asks(LogPos(13));
        assert_eq!(now(&board, 11), None, "not taken yet");
        board.saw(LogPos(13));
        assert_eq!(now(&board, 11), Some(Verdict::Known(Leave::ToAll)), "nobody was asked");
        assert_eq!((now(&board, 12), now(&board, 13)), (None, None));
        board.decided(LogPos(13), &Leave::Stays);
        board.decided(LogPos(12), &Leave::ToAll);
        assert_eq!(now(&board, 12), Some(Verdict::Known(Leave::ToAll)));
        assert_eq!(now(&board, 13), Some(Verdict::Known(Leave::Stays)));
        board.forget(LogPos(12));
        assert_eq!(
            (now(&board, 12), now(&board, 13)),
            (Some(Verdict::Forgotten), Some(Verdict::Known(Leave::Stays)))
        );
    }

    #[test]
    fn too_much_is_forgotten_rather_than_taken_for_nothing() {
        let board = board();
        let last = 11 + limits::PUSH_VERDICTS as u64;
        for pos in 11..=last {
            board.asks(LogPos(pos));
            board.decided(LogPos(pos), &Leave::Stays);
        }
        board.saw(LogPos(last));
        assert_eq!(now(&board, 11), Some(Verdict::Forgotten));
        assert_eq!(now(&board, 12), Some(Verdict::Known(Leave::Stays)));
    }

    #[test]
    fn nothing_is_collected_for_nobody() {
        let board = Board::default();
        board.begin(LogPos(0));
        board.asks(LogPos(1));
        board.decided(LogPos(1), &Leave::Stays);
        board.saw(LogPos(1));
        assert!(board.lock().unusual.is_empty());
        board.keep();
        assert_eq!(now(&board, 1), Some(Verdict::Forgotten));
    }
}
