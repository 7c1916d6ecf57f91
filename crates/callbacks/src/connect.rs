//! Opens connections, only to addresses that may be called.

use std::error::Error as StdError;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::Uri;
use hyper_util::rt::TokioIo;
use ringback_model::ports::Fut;
use tokio::net::TcpStream;

use crate::address;
use crate::caller::{CallError, CallErrorKind};
use crate::pace::{Pace, Paced};

/// Addresses of one name that are tried in turn.
const ADDRESSES_TRIED: usize = 4;

/// Finds the addresses that a URL leads to. An argument, so that tests can play a name that changes its mind.
type Resolver = Arc<dyn Fn(Uri) -> Fut<'static, Result<Vec<SocketAddr>, CallError>> + Send + Sync>;

/// Resolves and connects; for every connection anew.
#[derive(Clone)]
pub(crate) struct Connector {
    allow_private: bool,
    pace: Option<Pace>,
    resolver: Resolver,
}

impl Connector {
    pub(crate) fn new(allow_private: bool, pace: Option<Pace>) -> Self {
        Self { allow_private, pace, resolver: Arc::new(|uri| Box::pin(async move { resolve(&uri).await })) }
    }
}

impl tower_service::Service<Uri> for Connector {
    type Response = TokioIo<Paced<TcpStream>>;
    type Error = CallError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, CallError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), CallError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let (allow_private, pace) = (self.allow_private, self.pace);
        let resolving = (self.resolver)(uri);
        Box::pin(async move {
            // Asked once: what is judged is what is connected to.
            let resolved = resolving.await?;
            let allowed = keep_allowed(&resolved, allow_private)?;
            connect(&allowed).await.map(|stream| TokioIo::new(Paced::new(stream, pace)))
        })
    }
}

/// The addresses that a URL leads to.
pub(crate) async fn resolve(uri: &Uri) -> Result<Vec<SocketAddr>, CallError> {
    let host = uri.host().unwrap_or_default();
    let port = uri.port_u16().unwrap_or(match uri.scheme_str() {
        Some("https") => 443,
        _ => 80,
    });
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    if let Ok(ip) = bare.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(ip, port)]);
    }
    match tokio::net::lookup_host((host, port)).await {
        Ok(found) => Ok(found.collect()),
        Err(error) => Err(CallError::new(CallErrorKind::Dns, format!("{host}: {error}"))),
    }
}

fn keep_allowed(resolved: &[SocketAddr], allow_private: bool) -> Result<Vec<SocketAddr>, CallError> {
    let Some(first) = resolved.first() else {
        return Err(CallError::new(CallErrorKind::Dns, "the name has no address"));
    };
    let allowed: Vec<SocketAddr> =
        resolved.iter().copied().filter(|to| address::allowed(to.ip(), allow_private)).collect();
    if allowed.is_empty() {
        let text = format!("{} is an address that this rule may not call", first.ip());
        return Err(CallError::new(CallErrorKind::AddressRefused, text));
    }
    Ok(allowed)
}

async fn connect(to: &[SocketAddr]) -> Result<TcpStream, CallError> {
    let mut last = CallError::new(CallErrorKind::Connect, "no address to connect to");
    for address in to.iter().take(ADDRESSES_TRIED) {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                // Requests are written whole; waiting for more only costs latency. Failing to say so is harmless.
                stream.set_nodelay(true).ok();
                return Ok(stream);
            }
            Err(error) => last = CallError::new(CallErrorKind::Connect, format!("{address}: {error}")),
        }
    }
    Err(last)
}

/// Our own error, where one lies in this layer of a client's error.
pub(crate) fn error_in(layer: &(dyn StdError + 'static)) -> Option<CallError> {
    layer.downcast_ref::<CallError>().cloned()
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use tokio::net::TcpListener;
    use tower_service::Service as _;

    use super::*;

    #[tokio::test]
    async fn a_name_that_changes_its_mind_gains_nothing() {
        let inside = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let private = inside.local_addr().unwrap();
        let public: SocketAddr = "8.8.8.8:80".parse().unwrap();
        // From the last one on: public for whoever checks the URL, and private for whoever then connects.
        let answers = Mutex::new(vec![private, private, public]);
        let resolver: Resolver = Arc::new(move |_| {
            let next = answers.lock().unwrap().pop();
            Box::pin(async move { Ok(next.into_iter().collect()) })
        });
        let uri = || Uri::from_static("http://rebinding.test/");
        let checked = resolver(uri()).await.unwrap();
        assert_eq!(keep_allowed(&checked, false), Ok(vec![public]));
        let mut policed = Connector { allow_private: false, pace: None, resolver: Arc::clone(&resolver) };
        assert_eq!(policed.call(uri()).await.unwrap_err().kind, CallErrorKind::AddressRefused);
        // Where it is allowed, one question is all it takes: there is no second answer.
        let mut open = Connector { allow_private: true, pace: None, resolver };
        let (connected, accepted) = tokio::join!(open.call(uri()), inside.accept());
        assert_eq!(connected.unwrap().inner().get_ref().local_addr().unwrap(), accepted.unwrap().1);
        assert_eq!(open.call(uri()).await.unwrap_err().kind, CallErrorKind::Dns);
    }

    #[test]
    fn one_public_address_does_not_excuse_a_private_one() {
        let public: SocketAddr = "8.8.8.8:80".parse().unwrap();
        let private: SocketAddr = "10.0.0.1:80".parse().unwrap();
        assert_eq!(keep_allowed(&[private, public], false), Ok(vec![public]));
        assert_eq!(keep_allowed(&[private, public], true), Ok(vec![private, public]));
        let refused = keep_allowed(&[private], false).unwrap_err();
        assert_eq!(refused.kind, CallErrorKind::AddressRefused);
        assert_eq!(keep_allowed(&[], true).unwrap_err().kind, CallErrorKind::Dns);
    }
}
