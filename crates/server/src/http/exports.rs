//! Exported messages: one line each, as a gzip file that is made while it is sent. Only a piece of it is in memory; the
//! next one is made when the client has taken the one before. How many are on their way at once is bounded.

use std::io::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use http::{Method, Response, StatusCode};
use hyper::Request;
use hyper::body::Incoming;
use ringback_domain::{Export, Im};
use ringback_model::command::EXPORT_PATH;
use ringback_model::failure::{Failure, Fault, RefusalCode};
use ringback_model::limits;
use ringback_model::message::Message;
use ringback_model::object::{PieceError, Pieces};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::{Answer, ReplyBody, own_answer, query_of};

/// The route that these requests are counted under.
pub(super) const ROUTE: &str = "/history/{name}";
/// The query parameter with the ticket.
const TICKET: &str = "Signature";

/// Hands exported messages out.
pub struct ExportDoor {
    im: Arc<Im>,
    /// A message as a line, without its end.
    line: fn(&Message) -> Vec<u8>,
    places: Arc<Semaphore>,
}

/// A file that is being made.
struct Making {
    im: Arc<Im>,
    line: fn(&Message) -> Vec<u8>,
    export: Export,
    file: GzEncoder<Vec<u8>>,
    until: Instant,
}

impl ExportDoor {
    /// A door to the messages of this product; `line` writes one as a line, without its end.
    #[must_use]
    pub fn new(im: Arc<Im>, line: fn(&Message) -> Vec<u8>) -> Arc<Self> {
        Arc::new(Self { im, line, places: Arc::new(Semaphore::new(limits::EXPORTS)) })
    }

    /// Whether a request is for here.
    pub(super) fn serves(request: &Request<Incoming>) -> bool {
        request.uri().path().starts_with(EXPORT_PATH) && request.method() == Method::GET
    }

    /// Answers a request that [`ExportDoor::serves`].
    pub(super) async fn answer(&self, request: Request<Incoming>) -> Answer {
        let query = query_of(request.uri().query().unwrap_or_default());
        let ticket = query.iter().find(|(name, _)| name == TICKET).map_or("", |(_, value)| value.as_str());
        let export = match self.im.open_export(ticket).await {
            Ok(export) => export,
            Err(failure) => return refusal(&failure),
        };
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            let mut answer = text(StatusCode::SERVICE_UNAVAILABLE, "too many exports are on their way");
            answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
            return answer;
        };
        let making = Making {
            im: Arc::clone(&self.im),
            line: self.line,
            export,
            file: GzEncoder::new(Vec::new(), Compression::default()),
            until: Instant::now() + limits::EXPORT_TIME,
        };
        let mut answer = Response::new(ReplyBody::unmeasured(pieces(making), Box::new(place)));
        answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/gzip"));
        answer
    }
}

fn pieces(making: Making) -> Pieces {
    Box::pin(futures_util::stream::unfold(Some(making), |making| async move {
        let mut making = making?;
        match making.next_piece().await {
            Ok((piece, false)) => Some((Ok(piece), Some(making))),
            Ok((piece, true)) => Some((Ok(piece), None)),
            Err(error) => {
                tracing::error!(route = ROUTE, %error, "an export could not be sent to its end");
                Some((Err(error), None))
            }
        }
    }))
}

impl Making {
    /// The next piece, and whether it is the last one.
    async fn next_piece(&mut self) -> Result<(Bytes, bool), PieceError> {
        let broken = |error| PieceError::Fault(Fault::from_error("an export cannot be written", error));
        loop {
            if Instant::now() > self.until {
                return Err(PieceError::Late);
            }
            let Some(messages) = self.im.exported(&mut self.export).await? else {
                self.file.try_finish().map_err(broken)?;
                return Ok((Bytes::from(std::mem::take(self.file.get_mut())), true));
            };
            for message in messages {
                self.file.write_all(&(self.line)(&message)).map_err(broken)?;
                self.file.write_all(b"\n").map_err(broken)?;
            }
            if self.file.get_ref().len() >= limits::OBJECT_PIECE_BYTES {
                return Ok((Bytes::from(std::mem::take(self.file.get_mut())), false));
            }
        }
    }
}

fn refusal(failure: &Failure) -> Answer {
    match failure {
        Failure::Refused(refusal) => {
            let status = match refusal.code {
                RefusalCode::NoPermission | RefusalCode::TooLate => StatusCode::FORBIDDEN,
                _ => StatusCode::BAD_REQUEST,
            };
            text(status, &refusal.detail)
        }
        Failure::Fault(fault) => {
            metrics::counter!("ringback_faults_total", "route" => ROUTE).increment(1);
            tracing::error!(route = ROUTE, error = %fault, "a request ran into a fault");
            text(StatusCode::INTERNAL_SERVER_ERROR, "the server could not do this; its log says why")
        }
    }
}

fn text(status: StatusCode, text: &str) -> Answer {
    own_answer(status, "text/plain; charset=utf-8", format!("{text}\n"))
}
