//! The bytes of uploads: parts come by PUT to addresses that were handed out, objects go by GET to everybody. Neither
//! is ever in memory as a whole; how many are on their way at once is bounded, and so is their time. Only what is
//! known to be a part or an object takes a place among them.

mod places;
mod range;
mod shown;

use std::fmt::Display;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::StreamExt as _;
use http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, CONTENT_LENGTH, CONTENT_RANGE, ETAG,
    HeaderMap, HeaderValue, RETRY_AFTER,
};
use http::request::Parts;
use http::{Extensions, Method, Response, StatusCode, Uri};
use http_body_util::BodyExt as _;
use hyper::Request;
use hyper::body::Incoming;
use percent_encoding::percent_decode_str;
use ringback_domain::{PartSlot, Uploads};
use ringback_model::failure::{Failure, Refusal, RefusalCode};
use ringback_model::limits;
use ringback_model::object::{Md5Hex, OBJECT_PATH, ObjectName, PieceError, Pieces, StoredObject};
use tokio::time::Instant;

use super::{Answer, ReplyBody, own_answer, query_of};
use crate::listener::Connection;
use places::Places;
use range::Wanted;

/// The route that these requests are counted under.
pub(super) const ROUTE: &str = "/object/{name}";

/// Takes parts and hands objects out.
pub struct ObjectDoor {
    uploads: Arc<Uploads>,
    places: Arc<Places>,
    /// Time a client has for a body, however short, that he sends or takes.
    body_read: Duration,
}

impl ObjectDoor {
    /// A door to these uploads.
    #[must_use]
    pub fn new(uploads: Arc<Uploads>, body_read: Duration) -> Self {
        Self { uploads, places: Arc::default(), body_read }
    }

    /// Whether a request is for here. Other methods on these paths are the dialects'.
    pub(super) fn serves(request: &Request<Incoming>) -> bool {
        let methods = [Method::GET, Method::HEAD, Method::PUT];
        is_below(request.uri().path()) && methods.contains(request.method())
    }

    /// Answers a request that [`ObjectDoor::serves`].
    pub(super) async fn answer(&self, request: Request<Incoming>) -> Answer {
        let done = match request.method() {
            &Method::PUT => self.take(request).await,
            _ => self.show(&request).await,
        };
        let mut answer = done.unwrap_or_else(|failure| refusal(&failure));
        let headers = answer.headers_mut();
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        let exposed = HeaderValue::from_static("Content-Length, Content-Range, ETag");
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
        answer
    }

    /// A part; its place among the transfers is free again once it is answered.
    async fn take(&self, request: Request<Incoming>) -> Result<Answer, Failure> {
        let (head, body) = request.into_parts();
        let slot = match self.slot(&head) {
            Ok(slot) => slot,
            Err(failure) => {
                self.pass_over(body).await;
                return Err(failure);
            }
        };
        let _place = self.places.take(address_of(&head.extensions), Some(slot.user()))?;
        let until = Instant::now() + self.time_for(slot.size);
        let md5 = self.uploads.put_part(&slot, pieces(body, until)).await?;
        check_md5(&head.headers, &md5)?;
        let mut answer = own_answer(StatusCode::OK, "text/plain; charset=utf-8", "");
        let etag = HeaderValue::from_str(&format!("\"{}\"", md5.as_str()));
        answer.headers_mut().extend(etag.ok().map(|etag| (ETAG, etag)));
        Ok(answer)
    }

    /// Time for so many bytes, either way.
    fn time_for(&self, bytes: u64) -> Duration {
        self.body_read + Duration::from_secs(bytes / limits::OBJECT_BYTES_PER_SECOND)
    }

    /// Clients that are cut while they send do not see why: an ordinary part is let in before it is refused.
    async fn pass_over(&self, body: Incoming) {
        let mut pieces = pieces(body, Instant::now() + self.body_read);
        let mut left = limits::OBJECT_PART_BYTES_MIN + limits::OBJECT_PIECE_BYTES as u64;
        while let Some(Ok(piece)) = pieces.next().await {
            let Some(less) = left.checked_sub(piece.len() as u64) else { return };
            left = less;
        }
    }

    /// Where a part belongs, as far as its head says.
    fn slot(&self, head: &Parts) -> Result<PartSlot, Failure> {
        let query = query_of(head.uri.query().unwrap_or_default());
        let value = |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let (Some(upload), Some(part)) = (value("uploadID"), value("partNumber")) else {
            return Err(bad("the address has no uploadID and partNumber"));
        };
        let number = part.parse().map_err(|_| bad("partNumber is not a number"))?;
        let name = name_of(&head.uri).ok_or_else(not_found)?;
        let slot = self.uploads.slot(&name, upload, number)?;
        let announced = announced(&head.headers);
        if announced.is_some_and(|announced| announced != slot.size) {
            return Err(bad(format!("this part has {} bytes", slot.size)));
        }
        Ok(slot)
    }

    async fn show(&self, request: &Request<Incoming>) -> Result<Answer, Failure> {
        let name = name_of(request.uri()).ok_or_else(not_found)?;
        let object = self.uploads.find(&name).await?.ok_or_else(not_found)?;
        let connection = connection_of(request.extensions());
        let head_alone = request.method() == Method::HEAD;
        self.hand_out(&object, request.headers(), connection, head_alone).await
    }

    /// An object for somebody who may read it, or as much of it as his headers ask for.
    pub(super) async fn hand_out(
        &self,
        object: &StoredObject,
        headers: &HeaderMap,
        connection: Option<&Connection>,
        head_alone: bool,
    ) -> Result<Answer, Failure> {
        let size = object.size;
        let wanted = range::wanted(headers, size, &shown::etag(object));
        let (status, first, length) = match wanted {
            Wanted::All => (StatusCode::OK, 0, size),
            Wanted::Some(first, last) => (StatusCode::PARTIAL_CONTENT, first, last - first + 1),
            Wanted::Known => (StatusCode::NOT_MODIFIED, 0, 0),
            Wanted::Unsatisfiable => return Ok(unsatisfiable(size)),
        };
        let body = if head_alone || length == 0 {
            ReplyBody::new(Bytes::new(), None)
        } else {
            let place = self.places.take(connection.map(|whose| whose.address.ip()), None)?;
            let pieces = self.uploads.read(object, first, length).await?;
            let due = connection.map(|whose| whose.due.at(Instant::now() + self.time_for(length)));
            ReplyBody::streamed(pieces, length, Box::new((place, due)))
        };
        Ok(described(object, status, (first, length), body))
    }
}

fn address_of(extensions: &Extensions) -> Option<IpAddr> {
    connection_of(extensions).map(|whose| whose.address.ip())
}

fn connection_of(extensions: &Extensions) -> Option<&Connection> {
    extensions.get::<Arc<Connection>>().map(|whose| &**whose)
}

/// Whether a path is one of objects.
pub(super) fn is_below(path: &str) -> bool {
    path.starts_with(OBJECT_PATH)
}

fn described(
    object: &StoredObject,
    status: StatusCode,
    (first, length): (u64, u64),
    body: ReplyBody,
) -> Answer {
    let mut answer = Response::new(body);
    *answer.status_mut() = status;
    shown::describe(object, answer.headers_mut());
    if status != StatusCode::NOT_MODIFIED {
        answer.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    if status == StatusCode::PARTIAL_CONTENT {
        content_range(&mut answer, format_args!("{first}-{}", first + length - 1), object.size);
    }
    answer
}

fn unsatisfiable(size: u64) -> Answer {
    let mut answer = text(StatusCode::RANGE_NOT_SATISFIABLE, "the object has no such bytes");
    content_range(&mut answer, "*", size);
    answer
}

fn content_range(answer: &mut Answer, range: impl Display, size: u64) {
    if let Ok(value) = HeaderValue::from_str(&format!("bytes {range}/{size}")) {
        answer.headers_mut().insert(CONTENT_RANGE, value);
    }
}

/// The name in a path: decoded whole, so that an escaped slash is a slash like any other.
fn name_of(uri: &Uri) -> Option<ObjectName> {
    let escaped = uri.path().strip_prefix(OBJECT_PATH)?;
    let text = percent_decode_str(escaped).decode_utf8().ok()?;
    ObjectName::parse(&text).ok()
}

/// A body as it comes, until its time is over.
pub(super) fn pieces(body: Incoming, until: Instant) -> Pieces {
    let frames = body.into_data_stream();
    Box::pin(futures_util::stream::unfold(Some(frames), move |frames| async move {
        let mut frames = frames?;
        let next = match tokio::time::timeout_at(until, frames.next()).await {
            Ok(next) => next?.map_err(|_| PieceError::Broken),
            Err(_) => Err(PieceError::Late),
        };
        let going_on = next.is_ok().then_some(frames);
        Some((next, going_on))
    }))
}

/// Clients may say what they mean to send (RFC 1864).
fn check_md5(headers: &HeaderMap, md5: &Md5Hex) -> Result<(), Failure> {
    let Some(said) = headers.get("content-md5") else { return Ok(()) };
    let digest = STANDARD.decode(said).ok().and_then(|bytes| <[u8; 16]>::try_from(bytes).ok());
    if digest.map(Md5Hex::of_digest).as_ref() == Some(md5) {
        return Ok(());
    }
    Err(bad("the bytes are not those that Content-MD5 announces"))
}

fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn bad(detail: impl Into<String>) -> Failure {
    Refusal::new(RefusalCode::BadArgument, detail).into()
}

fn not_found() -> Failure {
    Refusal::new(RefusalCode::NotFound, "there is no such object").into()
}

fn refusal(failure: &Failure) -> Answer {
    let refusal = match failure {
        Failure::Refused(refusal) => refusal,
        Failure::Fault(fault) => {
            metrics::counter!("ringback_faults_total", "route" => ROUTE).increment(1);
            tracing::error!(route = ROUTE, error = %fault, "a request ran into a fault");
            return text(StatusCode::INTERNAL_SERVER_ERROR, "the server could not do this; its log says why");
        }
    };
    let status = match refusal.code {
        RefusalCode::NoPermission | RefusalCode::UploadExpired => StatusCode::FORBIDDEN,
        RefusalCode::NotFound => StatusCode::NOT_FOUND,
        RefusalCode::StorageFull => StatusCode::INSUFFICIENT_STORAGE,
        RefusalCode::Overloaded => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::BAD_REQUEST,
    };
    let mut answer = text(status, &refusal.detail);
    if status == StatusCode::SERVICE_UNAVAILABLE {
        answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    answer
}

fn text(status: StatusCode, text: &str) -> Answer {
    own_answer(status, "text/plain; charset=utf-8", format!("{text}\n"))
}
