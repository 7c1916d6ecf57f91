//! Traces in memory.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use ringback_model::failure::Fault;
use ringback_model::ports::{Fut, Traces};
use ringback_model::time::UnixMs;
use ringback_model::trace::{Trace, TraceBounds, TraceQuery};

use super::coding::Chunk;
use super::settings::TraceSettings;
use crate::settings::millis;

/// A record in memory; what it holds is gone with it.
pub(super) struct TraceMemory {
    settings: TraceSettings,
    /// Oldest first, each with its bytes as a file would hold it.
    traces: Mutex<VecDeque<(Trace, u64)>>,
}

impl TraceMemory {
    pub(super) fn new(settings: TraceSettings) -> Self {
        Self { settings, traces: Mutex::default() }
    }

    fn traces(&self) -> MutexGuard<'_, VecDeque<(Trace, u64)>> {
        self.traces.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Traces for TraceMemory {
    fn note(&self, batch: Vec<Trace>) -> Fut<'_, Result<(), Fault>> {
        let sized = batch.into_iter().map(|trace| {
            let bytes = Chunk::of(std::slice::from_ref(&trace)).body.len() as u64;
            (trace, bytes)
        });
        self.traces().extend(sized);
        Box::pin(async { Ok(()) })
    }

    fn find<'a>(&'a self, query: &'a TraceQuery, limit: usize) -> Fut<'a, Result<Vec<Trace>, Fault>> {
        let traces = self.traces();
        let newest = traces.iter().rev().filter(|(trace, _)| trace.answers(query)).take(limit);
        let mut found: Vec<Trace> = newest.map(|(trace, _)| trace.clone()).collect();
        found.reverse();
        Box::pin(async { Ok(found) })
    }

    fn forget(&self, now: UnixMs) -> Fut<'_, Result<TraceBounds, Fault>> {
        let keep_from = now.0.saturating_sub(millis(self.settings.keep));
        let mut traces = self.traces();
        let mut bytes: u64 = traces.iter().map(|(_, bytes)| bytes).sum();
        while let Some((trace, of_first)) = traces.front() {
            if trace.at.0 >= keep_from && bytes <= self.settings.max_bytes {
                break;
            }
            bytes = bytes.saturating_sub(*of_first);
            traces.pop_front();
        }
        let oldest = traces.front().map(|(trace, _)| trace.at);
        Box::pin(async move { Ok(TraceBounds { oldest, bytes }) })
    }
}
