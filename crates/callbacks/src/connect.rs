//! Opens connections, only to addresses that may be called.

use std::error::Error as StdError;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};

use http::Uri;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::address;
use crate::caller::{CallError, CallErrorKind};

/// Addresses of one name that are tried in turn.
const ADDRESSES_TRIED: usize = 4;

/// Resolves and connects; for every connection anew.
#[derive(Debug, Clone)]
pub(crate) struct Connector {
    allow_private: bool,
}

impl Connector {
    pub(crate) const fn new(allow_private: bool) -> Self {
        Self { allow_private }
    }
}

impl tower_service::Service<Uri> for Connector {
    type Response = TokioIo<TcpStream>;
    type Error = CallError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, CallError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), CallError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let allow_private = self.allow_private;
        Box::pin(async move {
            let resolved = resolve(&uri).await?;
            let allowed = keep_allowed(&resolved, allow_private)?;
            connect(&allowed).await.map(TokioIo::new)
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
    use super::*;

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
