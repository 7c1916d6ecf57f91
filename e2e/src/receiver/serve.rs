//! The receiver's HTTP server.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{self, StreamExt as _};
use http::{Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::act::Deed;
use super::{Call, Handler};

type Body = UnsyncBoxBody<Bytes, io::Error>;

/// Pieces of an endless body, and the pause between them: 1 MB/s, so that a reader without a bound would
/// be seen by its time rather than by its memory.
const PIECE: &[u8] = &[b' '; 16 * 1024];
const PIECE_PAUSE: Duration = Duration::from_millis(16);

/// Accepts until it is aborted; the connections end with it.
pub(super) async fn run(listener: TcpListener, tls: Option<TlsAcceptor>, handler: Handler) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        // Otherwise the small answers wait for the caller's acknowledgements.
        let _ = stream.set_nodelay(true);
        let (tls, handler) = (tls.clone(), Arc::clone(&handler));
        connections.spawn(async move {
            match tls {
                None => connection(stream, handler).await,
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        connection(stream, handler).await;
                    }
                }
            }
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn connection(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, handler: Handler) {
    let service = service_fn(|request| take(request, Arc::clone(&handler)));
    // A connection that ends with an error has been cut by us or by the caller: both are what tests are about.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn take(request: Request<Incoming>, handler: Handler) -> Result<Response<Body>, io::Error> {
    let (parts, body) = request.into_parts();
    let bytes = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let call = Call::new(&parts, bytes);
    let act = handler(call);
    tokio::time::sleep(act.delay).await;
    perform(act.deed).await
}

async fn perform(deed: Deed) -> Result<Response<Body>, io::Error> {
    let never = |error: Infallible| match error {};
    match deed {
        Deed::Answer { status, body, headers } => {
            let mut response = Response::builder().status(status).header("content-type", "application/json");
            for (name, value) in headers {
                response = response.header(name, value);
            }
            response
                .body(Full::new(Bytes::from(body)).map_err(never).boxed_unsync())
                .map_err(io::Error::other)
        }
        Deed::Hang => std::future::pending().await,
        Deed::Close => Err(io::Error::other("told to close")),
        Deed::Cut => {
            let pieces =
                vec![Ok(Frame::data(Bytes::from_static(b"{\"actionCode\":"))), Err(io::Error::other("cut"))];
            Ok(Response::new(StreamBody::new(stream::iter(pieces)).boxed_unsync()))
        }
        Deed::Endless => {
            let pieces = stream::repeat(()).then(|()| async {
                tokio::time::sleep(PIECE_PAUSE).await;
                Ok(Frame::data(Bytes::from_static(PIECE)))
            });
            Ok(Response::new(BodyExt::boxed_unsync(StreamBody::new(pieces))))
        }
    }
}
