//! A REST client that can also be rude.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

/// Longest wait for an answer: longer than any before-callback may take.
const ANSWER: Duration = Duration::from_secs(30);

/// A caller, with or without a token. Clones share connections and the counter of operation ids.
#[derive(Debug, Clone)]
pub struct Rest {
    addr: SocketAddr,
    client: Client<HttpConnector, Full<Bytes>>,
    token: Option<String>,
    operations: Arc<AtomicU64>,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub bytes: Bytes,
    /// The body as JSON; null when it is not.
    pub body: Value,
}

impl Reply {
    /// `errCode` of the envelope.
    ///
    /// # Panics
    /// When the body is no envelope.
    #[must_use]
    pub fn code(&self) -> i64 {
        let text = String::from_utf8_lossy(&self.bytes);
        self.body["errCode"].as_i64().unwrap_or_else(|| panic!("no envelope: {} {text}", self.status))
    }

    /// `data` of a successful answer; null where there is none.
    ///
    /// # Panics
    /// When it is an error.
    #[allow(clippy::must_use_candidate, reason = "often called for the check alone")]
    pub fn data(&self) -> Value {
        assert_eq!((self.status, self.code()), (200, 0), "refused: {}", self.body);
        self.body.get("data").cloned().unwrap_or(Value::Null)
    }

    /// A text of the envelope.
    #[must_use]
    pub fn text(&self, key: &str) -> &str {
        self.body[key].as_str().unwrap_or_default()
    }
}

/// A call that got no answer.
#[derive(Debug)]
pub struct NoAnswer(pub String);

impl Rest {
    #[must_use]
    pub fn new(addr: SocketAddr) -> Self {
        let client = Client::builder(TokioExecutor::new()).build(HttpConnector::new());
        Self { addr, client, token: None, operations: Arc::default() }
    }

    /// The same caller with this token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// A fresh operation id.
    #[must_use]
    pub fn operation(&self) -> String {
        format!("op-{}", self.operations.fetch_add(1, Ordering::Relaxed))
    }

    /// A request as the protocol wants it.
    ///
    /// # Panics
    /// When no answer comes.
    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        self.try_post(path, body).await.unwrap_or_else(|error| panic!("{path}: {error:?}"))
    }

    /// Like [`Rest::post`], for servers that may be dead.
    ///
    /// # Errors
    /// When no answer comes.
    pub async fn try_post(&self, path: &str, body: &Value) -> Result<Reply, NoAnswer> {
        let operation = self.operation();
        let mut headers = vec![("operationID", operation.as_str()), ("content-type", "application/json")];
        if let Some(token) = &self.token {
            headers.push(("token", token));
        }
        self.try_send(Method::POST, path, &headers, body.to_string().into_bytes()).await
    }

    /// A plain GET.
    ///
    /// # Errors
    /// When no answer comes.
    pub async fn try_get(&self, path: &str) -> Result<Reply, NoAnswer> {
        self.try_send(Method::GET, path, &[], Vec::new()).await
    }

    /// A plain GET that must be answered.
    ///
    /// # Panics
    /// When no answer comes.
    pub async fn get(&self, path: &str) -> Reply {
        self.try_get(path).await.unwrap_or_else(|error| panic!("{path}: {error:?}"))
    }

    /// Any request at all.
    ///
    /// # Panics
    /// When no answer comes.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Vec<u8>>,
    ) -> Reply {
        let body = body.into();
        self.try_send(method, path, headers, body).await.unwrap_or_else(|error| panic!("{path}: {error:?}"))
    }

    /// Any request at all, to servers that may be dead.
    ///
    /// # Errors
    /// When no answer comes.
    ///
    /// # Panics
    /// When it is not a well-formed request.
    pub async fn try_send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<Reply, NoAnswer> {
        let mut request = Request::builder().method(method).uri(format!("http://{}{path}", self.addr));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(Bytes::from(body))).expect("a well-formed request");
        let asking = async {
            let response =
                self.client.request(request).await.map_err(|error| NoAnswer(format!("{error:?}")))?;
            let (parts, body) = response.into_parts();
            let bytes = body.collect().await.map_err(|error| NoAnswer(format!("{error:?}")))?.to_bytes();
            let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
            Ok(Reply { status: parts.status.as_u16(), headers: parts.headers, bytes, body })
        };
        tokio::time::timeout(ANSWER, asking).await.map_err(|_| NoAnswer("no answer in time".to_owned()))?
    }
}
