//! What the server says about itself: `/healthz` (it lives), `/readyz` (it can do its work, and if not, why
//! not), `/metrics` (Prometheus text).

use std::sync::Arc;

use http::{Method, Request, StatusCode};
use metrics_exporter_prometheus::PrometheusHandle;
use serde_json::json;

use super::{Answer, own_answer};

/// Tells what is wrong: a name per part and, where it is not ready, a sentence.
pub type Readiness = Arc<dyn Fn() -> Vec<(&'static str, Result<(), String>)> + Send + Sync>;

/// Answers the three paths.
pub struct Probes {
    /// What is ready and what is not.
    pub readiness: Readiness,
    /// The metrics of the process.
    pub metrics: PrometheusHandle,
}

impl Probes {
    /// The answer, if the request is for one of the three.
    pub(super) fn answer<B>(&self, request: &Request<B>) -> Option<Answer> {
        if ![Method::GET, Method::HEAD].contains(request.method()) {
            return None;
        }
        match request.uri().path() {
            "/healthz" => Some(own_answer(StatusCode::OK, "text/plain; charset=utf-8", "alive\n")),
            "/readyz" => Some(self.ready()),
            "/metrics" => {
                let text = self.metrics.render();
                Some(own_answer(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", text))
            }
            _ => None,
        }
    }

    fn ready(&self) -> Answer {
        let parts = (self.readiness)();
        let is_ready = parts.iter().all(|(_, state)| state.is_ok());
        let reasons: serde_json::Map<String, serde_json::Value> = parts
            .into_iter()
            .map(|(name, state)| (name.to_owned(), state.map_or_else(|why| json!(why), |()| json!("ok"))))
            .collect();
        let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        let body = json!({ "ready": is_ready, "parts": reasons }).to_string();
        own_answer(status, "application/json", body + "\n")
    }
}
