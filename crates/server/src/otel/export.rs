//! What waits to be told to a collector, and who tells it.

use std::sync::Arc;
use std::time::Duration;

use ringback_callbacks::{CallPolicy, Caller};
use ringback_model::delivery::Outbound;
use ringback_model::failure::Fault;
use ringback_model::limits;
use ringback_model::ports::{Fut, Traces};
use ringback_model::time::UnixMs;
use ringback_model::trace::{Trace, TraceBounds, TraceQuery};
use tokio::sync::{Mutex, mpsc};
use tokio_util::sync::CancellationToken;

use super::spans;

/// Time for one request.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Time for what waits when the server stops.
const LAST: Duration = Duration::from_secs(2);
/// Spans of one request at most.
const SPANS: usize = 512;
/// Path of traces below the address of a collector. Source: OpenTelemetry protocol, "OTLP/HTTP Request".
const PATH: &str = "/v1/traces";

/// Spans that were not told.
const DROPPED: &str = "ringback_otel_dropped_spans_total";

/// What [`Export`] is made of.
pub struct ExportParts {
    /// The collector's address; traces go below it.
    pub endpoint: String,
    /// Headers of every request.
    pub headers: Vec<(String, String)>,
    /// What this server is called there.
    pub service: String,
    /// Opens connections.
    pub caller: Arc<dyn Caller>,
    /// Remembers, too; `None` = nobody does.
    pub remembers: Option<Arc<dyn Traces>>,
}

/// Hands notes to whoever remembers them, and to a collector.
pub struct Export {
    remembers: Option<Arc<dyn Traces>>,
    queue: mpsc::Sender<Vec<Trace>>,
    waiting: Mutex<mpsc::Receiver<Vec<Trace>>>,
    request: Outbound,
    service: String,
    caller: Arc<dyn Caller>,
    how: CallPolicy,
}

impl Export {
    /// Puts it together; [`Export::run`] sends.
    #[must_use]
    pub fn new(parts: ExportParts) -> Arc<Self> {
        let (queue, waiting) = mpsc::channel(limits::OTEL_BATCHES);
        let endpoint = parts.endpoint.trim_end_matches('/');
        let url = if endpoint.ends_with(PATH) { endpoint.to_owned() } else { format!("{endpoint}{PATH}") };
        let mut headers = parts.headers;
        headers.push(("content-type".to_owned(), "application/json".to_owned()));
        Arc::new(Self {
            remembers: parts.remembers,
            queue,
            waiting: Mutex::new(waiting),
            request: Outbound { url, headers, body: bytes::Bytes::new() },
            service: parts.service,
            caller: parts.caller,
            how: CallPolicy {
                timeout: TIMEOUT,
                answer_bytes: limits::AFTER_ANSWER_BYTES,
                cut_long_answers: true,
                // The address stands in the operator's own settings.
                allow_private: true,
                ca_file: None,
                pace: None,
            },
        })
    }

    /// Sends until stopped. What cannot be sent is dropped and counted: nothing waits for a collector.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let mut waiting = self.waiting.lock().await;
        let mut failing = false;
        loop {
            let batch = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                Some(batch) = waiting.recv() => batch,
            };
            tokio::select! {
                () = self.tell(&batch, &mut failing) => {}
                // What is under way is given a moment more.
                () = ended(&stop) => return,
            }
        }
        let rest = async {
            while let Ok(batch) = waiting.try_recv() {
                self.tell(&batch, &mut failing).await;
            }
        };
        tokio::time::timeout(LAST, rest).await.ok();
    }

    async fn tell(&self, batch: &[Trace], failing: &mut bool) {
        for spans in batch.chunks(SPANS) {
            let Err(why) = self.send(spans).await else {
                *failing = false;
                continue;
            };
            metrics::counter!(DROPPED).increment(spans.len() as u64);
            if !std::mem::replace(failing, true) {
                tracing::warn!(
                    why,
                    "the collector of OpenTelemetry takes no spans; they are dropped and counted"
                );
            }
        }
    }

    async fn send(&self, traces: &[Trace]) -> Result<(), String> {
        let body = spans::request(&self.service, traces).to_string();
        let request = Outbound { body: body.into(), ..self.request.clone() };
        match self.caller.call(&request, &[], &self.how).await {
            Ok(response) if (200..300).contains(&response.answer.status) => Ok(()),
            Ok(response) => Err(format!("status {}", response.answer.status)),
            Err(error) => Err(error.to_string()),
        }
    }
}

async fn ended(stop: &CancellationToken) {
    stop.cancelled().await;
    tokio::time::sleep(LAST).await;
}

impl Traces for Export {
    fn note(&self, batch: Vec<Trace>) -> Fut<'_, Result<(), Fault>> {
        let told: Vec<Trace> = batch.iter().filter(|trace| spans::is_span(trace)).map(spans::bare).collect();
        let count = told.len() as u64;
        if count > 0 && self.queue.try_send(told).is_err() {
            metrics::counter!(DROPPED).increment(count);
        }
        match &self.remembers {
            Some(remembers) => remembers.note(batch),
            None => Box::pin(async { Ok(()) }),
        }
    }

    fn find<'a>(&'a self, query: &'a TraceQuery, limit: usize) -> Fut<'a, Result<Vec<Trace>, Fault>> {
        match &self.remembers {
            Some(remembers) => remembers.find(query, limit),
            None => Box::pin(async { Ok(Vec::new()) }),
        }
    }

    fn remembers(&self) -> bool {
        self.remembers.is_some()
    }

    fn forget(&self, now: UnixMs) -> Fut<'_, Result<TraceBounds, Fault>> {
        match &self.remembers {
            Some(remembers) => remembers.forget(now),
            None => Box::pin(async { Ok(TraceBounds::default()) }),
        }
    }
}
