//! Calls to a running server, for commands that ask it something.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use http::uri::{Authority, Scheme};
use http::{Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{self, Client};
use hyper_util::rt::TokioExecutor;
use ringback_callbacks::tls;
use ringback_dialects::client::Call;

use crate::settings::Settings;

/// Time for one call, from connecting to the last byte.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of an answer: the largest ones are pages of messages.
const ANSWER_BYTES: usize = 8 * 1024 * 1024;

/// A server that can be asked.
pub(crate) struct Rest {
    scheme: Scheme,
    authority: Authority,
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

impl fmt::Debug for Rest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Rest").field(&self.url()).finish()
    }
}

impl Rest {
    /// The server at this URL; what follows its port is not used. The authorities of `ca_file` are trusted besides
    /// the machine's.
    ///
    /// # Errors
    /// It is not an `http` or `https` URL, or HTTPS has no authorities to trust.
    pub(crate) fn to(url: &Uri, ca_file: Option<&Path>) -> anyhow::Result<Self> {
        let scheme = url.scheme().cloned().unwrap_or(Scheme::HTTP);
        let known = scheme == Scheme::HTTP || scheme == Scheme::HTTPS;
        let (true, Some(authority)) = (known, url.authority().cloned()) else {
            bail!("{url} is not the address of a server: http://HOST:PORT or https://HOST:PORT expected");
        };
        let builder = hyper_rustls::HttpsConnectorBuilder::new();
        let connector = if scheme == Scheme::HTTPS
            && let Some(file) = ca_file
        {
            builder.with_tls_config(tls::system_and_file(file)?)
        } else if scheme == Scheme::HTTPS {
            builder.with_native_roots().context("there are no authorities to trust on this machine")?
        } else {
            // Nothing is trusted where nothing is asked of it.
            let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
            let config = rustls::ClientConfig::builder_with_provider(provider)
                .with_safe_default_protocol_versions()?
                .with_root_certificates(rustls::RootCertStore::empty())
                .with_no_client_auth();
            builder.with_tls_config(config)
        };
        let client =
            Client::builder(TokioExecutor::new()).build(connector.https_or_http().enable_http1().build());
        Ok(Self { scheme, authority, client })
    }

    /// The server that runs with these settings on this machine.
    ///
    /// # Errors
    /// As [`Rest::to`].
    pub(crate) fn of_settings(settings: &Settings) -> anyhow::Result<Self> {
        let scheme = if settings.tls.cert.is_some() { "https" } else { "http" };
        let url = format!("{scheme}://{}", reachable(settings.listen)).parse()?;
        Self::to(&url, settings.tls.ca_file.as_deref())
    }

    /// Its URL, without a path.
    pub(crate) fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.authority)
    }

    /// Carries a dialect's call out; answers its body.
    ///
    /// # Errors
    /// Nobody answers there, or not in time.
    pub(crate) async fn call(&self, call: &Call) -> anyhow::Result<Bytes> {
        let asked = Asked {
            method: Method::POST,
            path: call.path.clone().into_owned(),
            headers: call.headers.clone(),
            body: call.body.clone(),
        };
        Ok(self.ask(asked, TIMEOUT).await?.1)
    }

    /// Asks anything; answers status and body.
    ///
    /// # Errors
    /// Nobody answers there, or not within `patience`.
    pub(crate) async fn ask(&self, asked: Asked, patience: Duration) -> anyhow::Result<(StatusCode, Bytes)> {
        let mut request =
            Request::builder().method(asked.method).uri(format!("{}{}", self.url(), asked.path));
        for (name, value) in &asked.headers {
            request = request.header(*name, value);
        }
        let request = request.body(Full::from(asked.body))?;
        let exchange = async {
            let answer = self.client.request(request).await.map_err(|error| {
                let hint = self.hint(&error);
                anyhow::Error::new(error)
                    .context(format!("no answer from the server at {}{hint}", self.url()))
            })?;
            let status = answer.status();
            let body = Limited::new(answer.into_body(), ANSWER_BYTES).collect().await;
            let body =
                body.map_err(|error| anyhow::anyhow!("the answer of {} broke off: {error}", self.url()))?;
            anyhow::Ok((status, body.to_bytes()))
        };
        tokio::time::timeout(patience, exchange).await.with_context(|| {
            format!("the server at {} does not answer within {} s", self.url(), patience.as_secs())
        })?
    }

    /// What to do about it.
    fn hint(&self, error: &legacy::Error) -> &'static str {
        let tls = tls_error(error);
        if matches!(tls, Some(rustls::Error::InvalidCertificate(_))) {
            "; name the authority of its certificate with --ca-file"
        } else if matches!(tls, Some(rustls::Error::InvalidMessage(_))) {
            "; what listens there does not speak TLS: try http://"
        } else if error.is_connect() {
            "; is the server running (`ringback serve`)?"
        } else if self.scheme == Scheme::HTTP {
            "; if it serves TLS, name it with https://"
        } else {
            ""
        }
    }
}

/// A request to the server.
pub(crate) struct Asked {
    pub(crate) method: Method,
    /// From the root, query included.
    pub(crate) path: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

/// What TLS ran into, where it was TLS.
fn tls_error<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a rustls::Error> {
    // I/O errors do not name the error that they wrap as their source.
    let inside = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    error
        .downcast_ref()
        .or_else(|| inside.and_then(|inside| tls_error(inside)))
        .or_else(|| error.source().and_then(tls_error))
}

/// Where a server that listens here can be called from the same machine.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ringback_model::app::App;

    use super::*;
    use crate::clock::SystemClock;
    use crate::receiver::behaviour::{Behaviour, Plan, Reply};
    use crate::receiver::certificate;
    use crate::receiver::running::{Options, Running, start};

    #[test]
    fn servers_are_named_by_url() {
        for (text, url) in [
            ("http://127.0.0.1:10002", "http://127.0.0.1:10002"),
            ("http://h:1/some/path", "http://h:1"),
            ("localhost:10002", "http://localhost:10002"),
        ] {
            assert_eq!(Rest::to(&text.parse().unwrap(), None).unwrap().url(), url);
        }
        for text in ["ftp://h", "/path"] {
            assert!(Rest::to(&text.parse().unwrap(), None).is_err(), "{text}");
        }
        let settings = Settings { listen: "0.0.0.0:7".parse().unwrap(), ..Settings::default() };
        assert_eq!(Rest::of_settings(&settings).unwrap().url(), "http://127.0.0.1:7");
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_is_said_to_be_so() {
        // A port that was free a moment ago.
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let rest = Rest::to(&format!("http://{address}").parse().unwrap(), None).unwrap();
        let call = ringback_dialects::client::admin_token("s", "a", "op");
        let error = rest.call(&call).await.unwrap_err();
        assert!(format!("{error:#}").contains("is the server running"), "{error:#}");
    }

    #[tokio::test]
    async fn a_server_without_tls_is_said_to_be_so() {
        let plan = Plan { delay: Duration::ZERO, reply: Reply::Status { code: 200, retry_after_s: None } };
        let running = receiver(plan, None).await;
        let url = format!("https://{}", running.address()).parse().unwrap();
        let call = ringback_dialects::client::admin_token("s", "a", "op");
        let error = format!("{:#}", Rest::to(&url, None).unwrap().call(&call).await.unwrap_err());
        assert!(error.contains("try http://"), "{error}");
        running.stop().await;
    }

    async fn receiver(plan: Plan, tls: Option<Arc<rustls::ServerConfig>>) -> Running {
        start(Options {
            listen: "127.0.0.1:0".parse().unwrap(),
            dialects: ringback_dialects::all(&App::default()).receivers,
            contract: None,
            behaviour: Behaviour { rules: Vec::new(), default: plan },
            secret: None,
            tls,
            clock: Arc::new(SystemClock),
        })
        .await
        .unwrap()
    }

    #[tokio::test]
    async fn a_server_of_a_private_authority_is_asked_where_the_authority_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let files = certificate::provide(folder.path()).unwrap();
        let plan = Plan { delay: Duration::ZERO, reply: Reply::Status { code: 200, retry_after_s: None } };
        let tls = certificate::load(&files.certificate, &files.key).unwrap();
        let running = receiver(plan, Some(tls)).await;
        let url: Uri = running.url().parse().unwrap();
        let call = ringback_dialects::client::admin_token("s", "a", "op");
        let knowing = Rest::to(&url, Some(&files.authority)).unwrap();
        assert!(knowing.call(&call).await.is_ok());
        let others = certificate::provide(&folder.path().join("others")).unwrap().authority;
        let unknowing = Rest::to(&url, Some(&others)).unwrap();
        let error = format!("{:#}", unknowing.call(&call).await.unwrap_err());
        assert!(error.contains("--ca-file"), "{error}");
        let plain = format!("http://{}", running.address()).parse().unwrap();
        let error = format!("{:#}", Rest::to(&plain, None).unwrap().call(&call).await.unwrap_err());
        assert!(error.contains("name it with https://"), "{error}");
        running.stop().await;
    }
}
