//! All replays: those under way, and the last ones that are over.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ringback_model::limits;

use super::order::ReplayError;
use super::state::{Replay, Wish};
use super::worker::Worker;
use crate::errands::Errands;
use crate::telemetry;

/// Kept in memory alone. Dropping it cuts them off, like a crash: nothing of them goes on by itself.
pub(crate) struct Replays {
    /// Oldest first.
    known: Arc<Mutex<VecDeque<Arc<Replay>>>>,
    errands: Errands,
}

type Known = VecDeque<Arc<Replay>>;

const BROKE: &str = "a replay broke off";

impl Replays {
    pub(crate) fn new() -> Self {
        Self { known: Arc::default(), errands: Errands::new(BROKE) }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        lock(&self.known)
    }

    /// Newest first.
    pub(super) fn all(&self) -> Vec<Arc<Replay>> {
        self.known().iter().rev().cloned().collect()
    }

    pub(super) fn find(&self, id: &str) -> Option<Arc<Replay>> {
        self.known().iter().find(|replay| replay.given.id == id).cloned()
    }

    /// Takes a replay up, if nothing speaks against it.
    pub(super) fn begin(&self, worker: Worker) -> Result<(), ReplayError> {
        let replay = Arc::clone(&worker.replay);
        let mut known = self.known();
        admit(&known, &replay)?;
        let shown = Arc::clone(&self.known);
        let work = async move {
            worker.run().await;
            show_running(&lock(&shown));
        };
        if !self.errands.spawn(work) {
            return Err(ReplayError::ShuttingDown);
        }
        known.push_back(replay);
        forget_old(&mut known);
        show_running(&known);
        Ok(())
    }

    /// Starts no more calls and takes no more orders; resolves once those under way are back.
    pub(crate) async fn drain(&self) {
        for replay in self.all() {
            replay.wish(Wish::Stop);
        }
        self.errands.drain().await;
    }
}

fn lock(known: &Mutex<Known>) -> MutexGuard<'_, Known> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One that sends keeps out others of its rule; those that only count are in nobody's way.
fn admit(known: &Known, replay: &Replay) -> Result<(), ReplayError> {
    let mut under_way = known.iter().filter(|other| !other.has_ended());
    let order = &replay.given.order;
    let sends = |other: &&Arc<Replay>| !other.given.order.dry && other.given.order.rule == order.rule;
    if let Some(other) = under_way.clone().find(sends).filter(|_| !order.dry) {
        return Err(ReplayError::Running(other.given.id.clone()));
    }
    match under_way.nth(limits::REPLAYS_AT_ONCE - 1) {
        Some(_) => Err(ReplayError::Full),
        None => Ok(()),
    }
}

fn forget_old(known: &mut Known) {
    let mut over = known.iter().filter(|replay| replay.has_ended()).count();
    known.retain(|replay| {
        let goes = over > limits::REPLAYS_KEPT && replay.has_ended();
        over -= usize::from(goes);
        !goes
    });
}

fn show_running(known: &Known) {
    telemetry::replays_running(known.iter().filter(|replay| !replay.has_ended()).count());
}
