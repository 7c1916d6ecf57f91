//! The REST interface of a dialect.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use crate::command::{Actor, Command, Outcome};
use crate::failure::{Failure, Refusal};
use crate::file::ReceivedFile;
use crate::secret::Secret;
use crate::time::UnixMs;

/// Method of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// Reads.
    Get,
    /// Acts.
    Post,
    /// Replaces.
    Put,
    /// Changes in part.
    Patch,
    /// Removes.
    Delete,
}

impl Method {
    /// Its name in lower case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Post => "post",
            Self::Put => "put",
            Self::Patch => "patch",
            Self::Delete => "delete",
        }
    }
}

/// A request path that a dialect serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// Its method.
    pub method: Method,
    /// Its path; the name by which [`EdgeRequest::route`] calls it. Segments in braces (`/{org}/{app}/users`) take
    /// any one segment; a path without them goes first.
    pub path: &'static str,
}

/// How often something may be done. Settings may change the number; the rest is the dialect's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Its name, which is its key in the settings too: a dotted path below `rates`, that section included
    /// (`rates.token`).
    pub key: &'static str,
    /// How often in [`Rate::per`], unless the settings say otherwise.
    pub count: u32,
    /// In which time.
    pub per: Duration,
    /// What it bounds; a few words.
    pub doc: &'static str,
}

/// A request, freed from HTTP.
#[derive(Clone)]
pub struct EdgeRequest {
    /// [`Route::path`] of the route that it met; empty where it met none.
    pub route: &'static str,
    /// Its method; [`Method::Get`] for others than these.
    pub method: Method,
    /// The path as it was asked for.
    pub path: String,
    /// What stood in the braces of the route, decoded, by name.
    pub params: Vec<(&'static str, String)>,
    /// Query parameters, decoded, in order.
    pub query: Vec<(String, String)>,
    /// Headers; names in lower case; those that are not text are left out.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// The file, where the route takes one ([`Edge::file_bytes`]) and the body is a form that has it; the body is empty
    /// then.
    pub file: Option<ReceivedFile>,
    /// When it came in.
    pub at: UnixMs,
    /// Whether it came over TLS.
    pub secure: bool,
}

impl EdgeRequest {
    /// The first header of this (lower-case) name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// What stood in these braces of the route; empty where it has none of this name.
    #[must_use]
    pub fn param(&self, name: &str) -> &str {
        self.params.iter().find(|(key, _)| *key == name).map_or("", |(_, value)| value.as_str())
    }

    /// The first query parameter of this name.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

impl fmt::Debug for EdgeRequest {
    /// Headers, queries and bodies hold tokens and passwords: they are not shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EdgeRequest")
            .field("route", &self.route)
            .field("method", &self.method)
            .field("path", &self.path)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// What a request says before its body is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// The caller's id for the call; never empty.
    pub operation_id: String,
    /// The token that must be valid; `None` on routes that need none.
    pub token: Option<Secret>,
    /// Where the route needs a token only sometimes: one that is not valid counts as none, and the call goes on. Where
    /// it then turns out to be needed, the caller is told what is wrong with the one that he has.
    pub token_optional: bool,
}

/// An HTTP answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Status.
    pub status: u16,
    /// Headers besides [`Edge::common_headers`].
    pub headers: Vec<(&'static str, Cow<'static, str>)>,
    /// Body.
    pub body: Vec<u8>,
}

/// A dialect's REST interface.
///
/// The server calls, in this order: [`Edge::open`], checks the token, [`Edge::admit`], charges [`Edge::request_rates`]
/// (else [`crate::failure::RefusalCode::Overloaded`]), [`Edge::decode`], charges [`Edge::message_rates`] (else
/// [`crate::failure::RefusalCode::TooManyMessages`]), carries the command out, then [`Edge::encode`]. Whatever goes
/// wrong on the way is encoded by [`Edge::encode`] too. Where a valid token is not needed, or only sometimes, requests
/// are charged before it is looked at; everywhere else afterwards, so that strangers use up nobody's rates.
pub trait Edge: Send + Sync {
    /// All routes.
    fn routes(&self) -> &'static [Route];
    /// Headers of every answer.
    fn common_headers(&self) -> &'static [(&'static str, &'static str)];
    /// Reads what the headers say.
    ///
    /// # Errors
    /// The refusal, for [`Edge::encode`].
    fn open(&self, request: &EdgeRequest) -> Result<Opening, Refusal>;
    /// Whether this caller may come here at all, whatever the body says; asked where a valid token is needed.
    ///
    /// # Errors
    /// The refusal, for [`Edge::encode`].
    fn admit(&self, _request: &EdgeRequest, _actor: &Actor) -> Result<(), Refusal> {
        Ok(())
    }
    /// Most bytes of the file that requests to this route may bring, in the field `file` of a form
    /// (`multipart/form-data`, RFC 7578), 1..=[`crate::limits::FORM_FILE_BYTES`]; `None` where the route takes none.
    fn file_bytes(&self, _method: Method, _route: &str) -> Option<u64> {
        None
    }
    /// Reads the body.
    ///
    /// # Errors
    /// The refusal, for [`Edge::encode`].
    fn decode(&self, request: &EdgeRequest, actor: Option<&Actor>) -> Result<Command, Refusal>;
    /// Writes the answer. `now` is the moment of answering, for dialects that tell the caller how long it took.
    fn encode(&self, request: &EdgeRequest, result: &Result<Outcome, Failure>, now: UnixMs) -> Reply;
    /// Whether a path that nobody serves is this edge's to answer; the default edge answers the rest.
    fn claims(&self, _path: &str) -> bool {
        false
    }
    /// The answer to a path that nobody serves; or, where [`EdgeRequest::route`] is not empty, to a method that the
    /// route does not have.
    fn unknown(&self, request: &EdgeRequest) -> Reply;
    /// The answer to `OPTIONS`, on any path.
    fn preflight(&self) -> Reply;
    /// All rates that bound this edge.
    fn rates(&self) -> &'static [Rate] {
        &[]
    }
    /// Keys of the rates that a request with this method to this route is charged to, once each.
    fn request_rates(&self, _method: Method, _route: &str) -> &'static [&'static str] {
        &[]
    }
    /// Keys of the rates that a command's messages are charged to, and how many messages it is.
    fn message_rates(&self, _route: &str, _command: &Command) -> (&'static [&'static str], u32) {
        (&[], 0)
    }
    /// The description of [`Edge::routes`] for machines, as OpenAPI 3.1; generated from what decodes and encodes.
    fn openapi(&self) -> serde_json::Value;
}
