//! HTTP calls to an S3 service: signed by `rusty-s3`, which does no I/O of its own, and sent here.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _};
use http::header::{CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, Limited, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper_rustls::{ConfigBuilderExt as _, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use jiff::Timestamp;
use ringback_model::failure::{Failure, Fault};
use ringback_model::limits;
use ringback_model::object::{PieceError, Pieces};
use ringback_model::ports::Clock;
use ringback_model::secret::Secret;
use rustls::RootCertStore;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use rusty_s3::{Bucket, Credentials, S3Action, UrlStyle};

/// How long a signature is good for: for a clock that is a little wrong, and a call that waits.
const SIGNED_FOR: Duration = Duration::from_secs(15 * 60);

/// Which bucket, and how it is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketSettings {
    /// URL of the service.
    pub endpoint: String,
    /// Its region.
    pub region: String,
    /// The bucket, which must be there.
    pub bucket: String,
    /// Id of the key that requests are signed with.
    pub access_key: String,
    /// The key.
    pub secret_key: Secret,
    /// Whether the bucket is named by the path (true) or by the host of a URL.
    pub path_style: bool,
    /// PEM file with authorities to trust besides the machine's own.
    pub ca_file: Option<PathBuf>,
}

/// Why settings name no bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotABucket(String);

impl fmt::Display for NotABucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotABucket {}

type RequestBody = UnsyncBoxBody<Bytes, PieceError>;

/// What is sent.
pub(crate) enum Sent {
    Whole(Vec<u8>),
    /// So many bytes.
    Streamed(Pieces, u64),
}

/// A short answer.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Itself where it is a success.
    pub(crate) fn good(self, what: &str) -> Result<Self, Failure> {
        if self.status.is_success() { Ok(self) } else { Err(refused(what, self.status, &self.text())) }
    }
}

/// Calls the service.
pub(crate) struct Service {
    pub(crate) bucket: Bucket,
    pub(crate) credentials: Credentials,
    client: Client<HttpsConnector<HttpConnector>, RequestBody>,
    clock: Arc<dyn Clock>,
}

impl Service {
    pub(crate) fn new(settings: &BucketSettings, clock: Arc<dyn Clock>) -> Result<Self, NotABucket> {
        let endpoint = settings
            .endpoint
            .parse()
            .map_err(|error| NotABucket(format!("{:?} is not a URL: {error}", settings.endpoint)))?;
        let style = if settings.path_style { UrlStyle::Path } else { UrlStyle::VirtualHost };
        let bucket = Bucket::new(endpoint, style, settings.bucket.clone(), settings.region.clone())
            .map_err(|error| NotABucket(format!("the bucket cannot be used: {error}")))?;
        let mut http = HttpConnector::new();
        http.enforce_http(false);
        http.set_connect_timeout(Some(limits::OBJECT_STORE_WAIT));
        let tls = trust(settings, bucket.base_url().scheme() == "https")?;
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(http);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(limits::IDLE_CONNECTION)
            .pool_max_idle_per_host(limits::IDLE_PER_RECEIVER)
            .build(connector);
        let credentials = Credentials::new(settings.access_key.clone(), settings.secret_key.reveal());
        Ok(Self { bucket, credentials, client, clock })
    }

    /// Calls, and reads a short answer, within a time.
    pub(crate) async fn call<'a>(
        &self,
        action: &impl S3Action<'a>,
        headers: &[(HeaderName, String)],
        sent: Sent,
        wait: Duration,
    ) -> Result<Answer, Failure> {
        let whole = async {
            let answer = self.send(action, headers, sent).await?;
            let (head, body) = answer.into_parts();
            let body = Limited::new(body, limits::OBJECT_RECORD_BYTES).collect().await;
            let body =
                body.map_err(|error| Fault::new(format!("the object store's answer broke off: {error}")))?;
            Ok(Answer { status: head.status, headers: head.headers, body: body.to_bytes() })
        };
        tokio::time::timeout(wait, whole).await.unwrap_or_else(|_| Err(late()))
    }

    /// Calls, and answers with bytes as they come.
    pub(crate) async fn stream<'a>(
        &self,
        action: &impl S3Action<'a>,
        headers: &[(HeaderName, String)],
    ) -> Result<(StatusCode, Pieces), Failure> {
        let sending = self.send(action, headers, Sent::Whole(Vec::new()));
        let answer =
            tokio::time::timeout(limits::OBJECT_STORE_WAIT, sending).await.unwrap_or_else(|_| Err(late()))?;
        let status = answer.status();
        let frames = answer.into_body().into_data_stream();
        let pieces = futures_util::stream::unfold(Some(frames), async |frames| {
            let mut frames = frames?;
            let next = match tokio::time::timeout(limits::OBJECT_STORE_WAIT, frames.next()).await {
                Ok(next) => {
                    next?.map_err(|error| Fault::from_error("the object store's answer broke off", error))
                }
                Err(_) => Err(Fault::new("the object store's answer stopped")),
            };
            let going_on = next.is_ok().then_some(frames);
            Some((next.map_err(PieceError::Fault), going_on))
        });
        Ok((status, Box::pin(pieces)))
    }

    async fn send<'a>(
        &self,
        action: &impl S3Action<'a>,
        headers: &[(HeaderName, String)],
        sent: Sent,
    ) -> Result<Response<Incoming>, Failure> {
        let request = self.request(action, headers, sent)?;
        self.client
            .request(request)
            .await
            .map_err(|error| Fault::from_error("the object store was not reached", error).into())
    }

    fn request<'a, A: S3Action<'a>>(
        &self,
        action: &A,
        headers: &[(HeaderName, String)],
        sent: Sent,
    ) -> Result<Request<RequestBody>, Fault> {
        let now = Timestamp::from_millisecond(self.clock.now().0)
            .map_err(|error| Fault::from_error("the clock cannot be right", error))?;
        let url = action.sign_with_time(SIGNED_FOR, &now);
        let (length, body) = match sent {
            Sent::Whole(bytes) => {
                let body = Full::new(Bytes::from(bytes.clone())).map_err(|never| match never {});
                (bytes.len() as u64, body.boxed_unsync())
            }
            Sent::Streamed(pieces, length) => {
                (length, StreamBody::new(pieces.map_ok(Frame::data)).boxed_unsync())
            }
        };
        let method = Method::from_bytes(A::METHOD.to_str().as_bytes()).unwrap_or_default();
        // The URL holds a signature: it is in no message.
        let mut request = Request::builder()
            .method(method)
            .uri(url.as_str())
            .header(CONTENT_LENGTH, length)
            .body(body)
            .map_err(|_| Fault::new("a request to the object store cannot be made"))?;
        for (name, value) in headers {
            if let Ok(value) = HeaderValue::from_str(value) {
                request.headers_mut().insert(name, value);
            }
        }
        Ok(request)
    }
}

/// What an answer that is no success comes to. The service's own words go to the log alone.
pub(crate) fn refused(what: &str, status: StatusCode, text: &str) -> Failure {
    let said: String = text.chars().take(300).collect();
    Fault::new(format!("{what}: the object store answered {status} {said:?}")).into()
}

fn late() -> Failure {
    Fault::new("the object store did not answer in time").into()
}

fn trust(settings: &BucketSettings, needed: bool) -> Result<rustls::ClientConfig, NotABucket> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| NotABucket(format!("TLS cannot be used: {error}")))?;
    let mut roots = RootCertStore::empty();
    if let Some(path) = &settings.ca_file {
        let shown = path.display();
        let wrong = |error: &dyn fmt::Display| {
            NotABucket(format!("the authorities in {shown} cannot be used: {error}"))
        };
        let pem = CertificateDer::pem_file_iter(path).map_err(|error| wrong(&error))?;
        for certificate in pem {
            roots.add(certificate.map_err(|error| wrong(&error))?).map_err(|error| wrong(&error))?;
        }
    }
    if !needed {
        return Ok(builder.with_root_certificates(roots).with_no_client_auth());
    }
    if settings.ca_file.is_none() {
        let trusting = builder.with_native_roots();
        return trusting
            .map(rustls::ConfigBuilder::<rustls::ClientConfig, _>::with_no_client_auth)
            .map_err(|error| NotABucket(format!("no certificate authorities on this machine: {error}")));
    }
    // A machine that has none of its own still has those of the file.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
