//! One HTTP call to a receiver. The only place of the server that opens connections to addresses that others chose.

use std::collections::HashMap;
use std::error::Error as StdError;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue, USER_AGENT};
use http::{Method, Request, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use ringback_model::delivery::{Answer, Outbound};
use ringback_model::limits;
use ringback_model::ports::Fut;
use ringback_model::rule::Policy;

use crate::connect::Connector;
use crate::pace::Pace;
use crate::{connect, retry_after, tls};

/// Calls receivers. The engine knows nothing else about HTTP.
pub trait Caller: Send + Sync {
    /// Sends the request once and reads the answer, all of it inside [`CallPolicy::timeout`]. `extra` are headers
    /// of this attempt.
    ///
    /// # Errors
    /// Where there is no answer. Any HTTP status is an answer.
    fn call<'a>(
        &'a self,
        request: &'a Outbound,
        extra: &'a [(String, String)],
        how: &'a CallPolicy,
    ) -> Fut<'a, Result<Response, CallError>>;
}

/// Bounds of one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallPolicy {
    /// For everything: resolving, connecting, TLS, sending, reading the answer.
    pub timeout: Duration,
    /// Bytes of the answer that are read.
    pub answer_bytes: usize,
    /// An answer longer than [`CallPolicy::answer_bytes`] is cut (true) or an error (false).
    pub cut_long_answers: bool,
    /// See [`Policy::allow_private`].
    pub allow_private: bool,
    /// See [`Policy::ca_file`].
    pub ca_file: Option<PathBuf>,
    /// How the connection dawdles; rules never do.
    pub pace: Option<Pace>,
}

impl CallPolicy {
    /// Calls of before-rules: their answer is needed whole.
    #[must_use]
    pub fn before(policy: &Policy) -> Self {
        Self::of(policy, limits::ANSWER_BYTES, false)
    }

    /// Calls of after-rules: of their answer little more than the status is looked at.
    #[must_use]
    pub fn after(policy: &Policy) -> Self {
        Self::of(policy, limits::AFTER_ANSWER_BYTES, true)
    }

    fn of(policy: &Policy, answer_bytes: usize, cut_long_answers: bool) -> Self {
        Self {
            timeout: policy.timeout().min(limits::RULE_TIMEOUT_MAX),
            answer_bytes,
            cut_long_answers,
            allow_private: policy.allow_private,
            ca_file: policy.ca_file.as_ref().map(PathBuf::from),
            pace: None,
        }
    }
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// Status and body.
    pub answer: Answer,
    /// How long the receiver wants to be left alone, at most [`limits::RETRY_AFTER_MAX`].
    pub retry_after: Option<Duration>,
}

/// Why there is no answer. Its text names no query string and no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}: {text}")]
pub struct CallError {
    /// What kind of failure.
    pub kind: CallErrorKind,
    /// In words.
    pub text: String,
}

impl CallError {
    /// A failure in words.
    #[must_use]
    pub fn new(kind: CallErrorKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into() }
    }
}

/// Kinds of [`CallError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallErrorKind {
    /// No connection.
    Connect,
    /// The name has no address.
    Dns,
    /// All its addresses are ones that may not be called.
    AddressRefused,
    /// No secure connection, or no certificate authorities to check it with.
    Tls,
    /// Not finished in time.
    Timeout,
    /// The answer is longer than allowed.
    TooLong,
    /// Not HTTP, or the connection broke, or the request cannot be written.
    Protocol,
}

impl CallErrorKind {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Connect,
        Self::Dns,
        Self::AddressRefused,
        Self::Tls,
        Self::Timeout,
        Self::TooLong,
        Self::Protocol,
    ];

    /// Stable name, for logs, metrics and the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Dns => "dns",
            Self::AddressRefused => "address_refused",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::TooLong => "too_long",
            Self::Protocol => "protocol",
        }
    }
}

impl fmt::Display for CallErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Settings of [`HttpCaller`].
#[derive(Debug, Clone)]
pub struct HttpCallerSettings {
    /// PEM file with certificate authorities to trust besides the machine's; a rule that names its own trusts
    /// those alone.
    pub ca_file: Option<PathBuf>,
    /// Value of the `user-agent` header.
    pub user_agent: String,
}

impl Default for HttpCallerSettings {
    fn default() -> Self {
        Self { ca_file: None, user_agent: concat!("Ringback/", env!("CARGO_PKG_VERSION")).to_owned() }
    }
}

type Pool = Client<HttpsConnector<Connector>, Full<Bytes>>;

/// What separates pools: a connection is only reused by calls that may have made it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct PoolKey {
    allow_private: bool,
    pace: Option<Pace>,
    tls: TlsKey,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum TlsKey {
    Plain,
    System,
    SystemAndFile(PathBuf),
    File(PathBuf),
}

/// The real [`Caller`]: HTTP/1.1 over pooled connections. Follows no redirect, heeds no proxy variable.
pub struct HttpCaller {
    ca_file: Option<PathBuf>,
    user_agent: HeaderValue,
    pools: Mutex<HashMap<PoolKey, Pool>>,
}

impl HttpCaller {
    /// Reads nothing yet: certificate authorities are read at the first HTTPS call that needs them.
    ///
    /// # Errors
    /// Where the user agent is not a header value.
    pub fn new(settings: HttpCallerSettings) -> Result<Self, CallError> {
        let user_agent = HeaderValue::try_from(settings.user_agent)
            .map_err(|_| CallError::new(CallErrorKind::Protocol, "user_agent is not a header value"))?;
        Ok(Self { ca_file: settings.ca_file, user_agent, pools: Mutex::new(HashMap::new()) })
    }

    fn pool(&self, uri: &Uri, how: &CallPolicy) -> Result<Pool, CallError> {
        let key = PoolKey {
            allow_private: how.allow_private,
            pace: how.pace,
            tls: match (uri.scheme_str(), &how.ca_file, &self.ca_file) {
                (Some("https"), Some(file), _) => TlsKey::File(file.clone()),
                (Some("https"), None, Some(file)) => TlsKey::SystemAndFile(file.clone()),
                (Some("https"), None, None) => TlsKey::System,
                _ => TlsKey::Plain,
            },
        };
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pool) = pools.get(&key) {
            return Ok(pool.clone());
        }
        let pool = build_pool(&key)?;
        pools.insert(key, pool.clone());
        Ok(pool)
    }

    fn request(
        &self,
        outbound: &Outbound,
        extra: &[(String, String)],
    ) -> Result<Request<Full<Bytes>>, CallError> {
        let uri: Uri = outbound
            .url
            .parse()
            .map_err(|_| CallError::new(CallErrorKind::Protocol, "the rule's URL is not a URL"))?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) || uri.host().is_none() {
            let text = "the rule's URL is not an http or https URL";
            return Err(CallError::new(CallErrorKind::Protocol, text));
        }
        let mut request = Request::new(Full::new(outbound.body.clone()));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = uri;
        let headers = request.headers_mut();
        headers.insert(USER_AGENT, self.user_agent.clone());
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
        for (name, value) in outbound.headers.iter().chain(extra) {
            let bad =
                |_| CallError::new(CallErrorKind::Protocol, format!("header {name:?} cannot be written"));
            let value = HeaderValue::try_from(value).map_err(|_| bad(()))?;
            let name = HeaderName::try_from(name).map_err(|_| bad(()))?;
            headers.insert(name, value);
        }
        Ok(request)
    }
}

impl Caller for HttpCaller {
    fn call<'a>(
        &'a self,
        request: &'a Outbound,
        extra: &'a [(String, String)],
        how: &'a CallPolicy,
    ) -> Fut<'a, Result<Response, CallError>> {
        Box::pin(async move {
            let request = self.request(request, extra)?;
            let pool = self.pool(request.uri(), how)?;
            match tokio::time::timeout(how.timeout, exchange(&pool, request, how)).await {
                Ok(result) => result,
                Err(_) => Err(CallError::new(
                    CallErrorKind::Timeout,
                    format!("no answer within {} ms", how.timeout.as_millis()),
                )),
            }
        })
    }
}

fn build_pool(key: &PoolKey) -> Result<Pool, CallError> {
    let config = match &key.tls {
        TlsKey::Plain => tls::nobody()?,
        TlsKey::System => tls::system()?,
        TlsKey::SystemAndFile(path) => tls::system_and_file(path)?,
        TlsKey::File(path) => tls::from_file(path)?,
    };
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(config)
        .https_or_http()
        .enable_http1()
        .wrap_connector(Connector::new(key.allow_private, key.pace));
    Ok(Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(limits::IDLE_CONNECTION)
        .pool_max_idle_per_host(limits::IDLE_PER_RECEIVER)
        .http1_max_buf_size(limits::ANSWER_HEADER_BYTES)
        .build(connector))
}

async fn exchange(
    pool: &Pool,
    request: Request<Full<Bytes>>,
    how: &CallPolicy,
) -> Result<Response, CallError> {
    let response = pool.request(request).await.map_err(|error| explain(&error))?;
    let (head, body) = response.into_parts();
    let (body, cut) = read_body(body, how.answer_bytes).await?;
    if cut && !how.cut_long_answers {
        let text = format!("the answer is longer than {} bytes", how.answer_bytes);
        return Err(CallError::new(CallErrorKind::TooLong, text));
    }
    Ok(Response {
        answer: Answer { status: head.status.as_u16(), body, cut },
        retry_after: retry_after::parse(&head.headers),
    })
}

/// Reads up to `most` bytes; what comes after is not read, and its connection is closed.
async fn read_body(mut body: Incoming, most: usize) -> Result<(Vec<u8>, bool), CallError> {
    let mut read = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| explain(&error))?;
        let Some(data) = frame.data_ref() else { continue };
        let room = most - read.len();
        if data.len() > room {
            read.extend_from_slice(&data[..room]);
            return Ok((read, true));
        }
        read.extend_from_slice(data);
    }
    Ok((read, false))
}

/// Finds what really happened below the layers of clients.
fn explain(error: &(dyn StdError + 'static)) -> CallError {
    let mut kind = CallErrorKind::Protocol;
    let mut deepest = error.to_string();
    let mut next = Some(error);
    while let Some(layer) = next {
        if let Some(known) = connect::error_in(layer) {
            return known;
        }
        if layer
            .downcast_ref::<hyper_util::client::legacy::Error>()
            .is_some_and(hyper_util::client::legacy::Error::is_connect)
        {
            kind = CallErrorKind::Connect;
        }
        if is_tls(layer) {
            kind = CallErrorKind::Tls;
        }
        deepest = layer.to_string();
        next = layer.source();
    }
    CallError::new(kind, deepest)
}

/// I/O errors hide what they wrap from `source`.
fn is_tls(layer: &(dyn StdError + 'static)) -> bool {
    let wrapped = layer.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    layer.is::<rustls::Error>() || wrapped.is_some_and(|inner| is_tls(inner))
}
