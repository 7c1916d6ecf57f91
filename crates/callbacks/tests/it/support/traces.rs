//! What is remembered of questions and calls, in memory.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use ringback_model::failure::Fault;
use ringback_model::ports::{Fut, Traces};
use ringback_model::time::UnixMs;
use ringback_model::trace::{Trace, TraceBounds, TraceQuery};

/// Remembers what was tried, in memory.
#[derive(Default)]
pub struct TestTraces {
    pub noted: Mutex<Vec<Trace>>,
    /// Nothing can be noted, as on a full disk.
    pub failing: AtomicBool,
}

impl Traces for TestTraces {
    fn note(&self, batch: Vec<Trace>) -> Fut<'_, Result<(), Fault>> {
        let failing = self.failing.load(Ordering::SeqCst);
        if !failing {
            self.noted.lock().unwrap().extend(batch);
        }
        Box::pin(async move { if failing { Err(Fault::new("the disk is full")) } else { Ok(()) } })
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
