//! What is counted of requests. To find a metric by its labels costs more than to count, so the registry is asked once
//! per route and status.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use http::StatusCode;
use metrics::{Counter, Histogram};

/// The metrics of all routes that have answered something. Routes and statuses are few: both are ours.
#[derive(Default)]
pub(super) struct Meters {
    known: RwLock<HashMap<(&'static str, StatusCode), Meter>>,
}

struct Meter {
    requests: Counter,
    seconds: Histogram,
}

impl Meters {
    /// Counts one answer.
    pub(super) fn observe(&self, route: &'static str, status: StatusCode, took: Duration) {
        let seconds = took.as_secs_f64();
        self.of(route, status, |meter| {
            meter.requests.increment(1);
            meter.seconds.record(seconds);
        });
        let code = status.as_u16();
        tracing::debug!(target: "ringback::http", route, code, duration_ms = seconds * 1000.0, "request");
    }

    fn of(&self, route: &'static str, status: StatusCode, count: impl FnOnce(&Meter)) {
        {
            let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(meter) = known.get(&(route, status)) {
                return count(meter);
            }
        }
        let meter = Meter::new(route, status);
        count(&meter);
        // Whoever comes at the same time has the same metrics.
        self.known.write().unwrap_or_else(PoisonError::into_inner).insert((route, status), meter);
    }
}

impl Meter {
    fn new(route: &'static str, status: StatusCode) -> Self {
        let code = status.as_str().to_owned();
        Self {
            requests: metrics::counter!("ringback_http_requests_total", "route" => route, "code" => code),
            seconds: metrics::histogram!("ringback_http_request_seconds", "route" => route),
        }
    }
}
