//! What was tried, remembered in memory.

use std::sync::Mutex;

use ringback_model::failure::Fault;
use ringback_model::ports::{Fut, Traces};
use ringback_model::time::UnixMs;
use ringback_model::trace::{Trace, TraceBounds, TraceQuery};

/// Remembers what was tried, in memory.
#[derive(Default)]
pub struct TestTraces {
    pub noted: Mutex<Vec<Trace>>,
}

impl Traces for TestTraces {
    fn note(&self, batch: Vec<Trace>) -> Fut<'_, Result<(), Fault>> {
        self.noted.lock().unwrap().extend(batch);
        Box::pin(async { Ok(()) })
    }

    fn find<'a>(&'a self, query: &'a TraceQuery, limit: usize) -> Fut<'a, Result<Vec<Trace>, Fault>> {
        let noted = self.noted.lock().unwrap();
        let found = noted.iter().filter(|trace| trace.answers(query)).take(limit).cloned().collect();
        Box::pin(async { Ok(found) })
    }

    fn forget(&self, _: UnixMs) -> Fut<'_, Result<TraceBounds, Fault>> {
        let oldest = self.noted.lock().unwrap().first().map(|trace| trace.at);
        Box::pin(async move { Ok(TraceBounds { oldest, bytes: 0 }) })
    }
}
