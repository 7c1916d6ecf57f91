//! The HTTP client of the run: hyper-util's pooled client at its plainest. It drives the server, and it is the
//! bare client that everything is compared to.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

/// Idle connections kept per address: more than any case has in flight.
const IDLE_CONNECTIONS: usize = 4096;
/// Longest wait for one answer.
const ANSWER_WAIT: Duration = Duration::from_secs(30);

/// A pooled client.
#[derive(Debug, Clone)]
pub(crate) struct Http(Client<HttpConnector, Full<Bytes>>);

impl Http {
    /// A client without connections.
    pub(crate) fn new() -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Self(Client::builder(TokioExecutor::new()).pool_max_idle_per_host(IDLE_CONNECTIONS).build(connector))
    }

    /// Gets something.
    pub(crate) async fn get(&self, uri: &Uri, headers: &HeaderMap) -> anyhow::Result<(StatusCode, Bytes)> {
        self.exchange(Method::GET, uri, headers, Bytes::new()).await
    }

    /// Posts a body.
    pub(crate) async fn post(
        &self,
        uri: &Uri,
        headers: &HeaderMap,
        body: Bytes,
    ) -> anyhow::Result<(StatusCode, Bytes)> {
        self.exchange(Method::POST, uri, headers, body).await
    }

    /// Sends a request and reads the whole answer.
    async fn exchange(
        &self,
        method: Method,
        uri: &Uri,
        headers: &HeaderMap,
        body: Bytes,
    ) -> anyhow::Result<(StatusCode, Bytes)> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        *request.uri_mut() = uri.clone();
        headers.clone_into(request.headers_mut());
        let exchange = async {
            let answer = self.0.request(request).await.with_context(|| format!("asking {uri}"))?;
            let status = answer.status();
            let body = answer.into_body().collect().await.context("reading the answer")?;
            anyhow::Ok((status, body.to_bytes()))
        };
        tokio::time::timeout(ANSWER_WAIT, exchange)
            .await
            .with_context(|| format!("no answer from {uri} in {ANSWER_WAIT:?}"))?
    }

    /// Posts a body; anything but status 200 is an error.
    pub(crate) async fn post_ok(&self, uri: &Uri, headers: &HeaderMap, body: Bytes) -> anyhow::Result<Bytes> {
        let (status, answer) = self.post(uri, headers, body).await?;
        ensure!(
            status == StatusCode::OK,
            "{uri} answered {status}: {}",
            String::from_utf8_lossy(answer.get(..300).unwrap_or(&answer))
        );
        Ok(answer)
    }
}
