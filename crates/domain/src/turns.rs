//! One at a time per group or user: a bound on what it holds is checked and used up before the next addition looks at
//! it.

use std::hash::{BuildHasher, Hash, RandomState};

use tokio::sync::{Mutex, MutexGuard};

/// All share so many turns; two that share one wait for each other's commits, no more.
const TURNS: usize = 64;

/// The turns of all. Held over waits for the store, never for anybody outside.
pub(crate) struct Turns {
    hasher: RandomState,
    turns: [Mutex<()>; TURNS],
}

impl Default for Turns {
    fn default() -> Self {
        Self { hasher: RandomState::new(), turns: std::array::from_fn(|_| Mutex::new(())) }
    }
}

impl Turns {
    /// Waits for the turn of this group or user; it ends when the guard is dropped.
    pub(crate) async fn of(&self, whose: &impl Hash) -> MutexGuard<'_, ()> {
        let index = self.hasher.hash_one(whose) % TURNS as u64;
        // The remainder is below the length, so there is always a turn.
        let turn = usize::try_from(index).ok().and_then(|index| self.turns.get(index));
        turn.unwrap_or(&self.turns[0]).lock().await
    }
}
