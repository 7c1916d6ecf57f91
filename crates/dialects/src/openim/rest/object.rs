//! `/object`: uploads by parts, as the SDKs make them. Source: REST sheet 10, 12. The bytes of parts and objects come
//! and go by addresses that stand in these answers.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use ringback_model::command::{Command, NewUpload, ObjectCommand, ObjectOutcome, Outcome, SignedParts};
use ringback_model::dialect::EdgeRequest;
use ringback_model::limits;
use ringback_model::object::{Md5Hex, OBJECT_PATH, ObjectName};
use schemars::JsonSchema;
use serde::Serialize;

use super::body::{Reject, at_most, body, given, parse, required};
use super::reply::{Data, data};
use crate::openim::content::argument;

/// Everything that could end a segment of a path, or is no ASCII.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// The end of the year 9999, ms: what never ends, for clients that compare it with their clock.
const NEVER_MS: i64 = 253_402_300_799_000;

/// A key with its values.
#[derive(Serialize, JsonSchema)]
struct KeyValues {
    key: &'static str,
    values: Vec<String>,
}

/// Where one part goes.
#[derive(Serialize, JsonSchema)]
struct SignPart<'a> {
    /// Counted from 1.
    #[serde(rename = "partNumber")]
    number: u32,
    /// Empty: the one of all parts.
    url: &'a str,
    /// Query parameters of this part.
    query: [KeyValues; 1],
    /// Headers of this part.
    header: [KeyValues; 0],
}

/// Where parts go: a PUT to `url` with the query parameters of all parts and of the part.
#[derive(Serialize, JsonSchema)]
pub(super) struct AuthSignParts<'a> {
    url: String,
    query: [KeyValues; 1],
    header: [KeyValues; 0],
    parts: Vec<SignPart<'a>>,
}

impl AuthSignParts<'_> {
    fn of(signed: &SignedParts) -> Self {
        let part = |number: u32| SignPart {
            number,
            url: "",
            query: [KeyValues { key: "partNumber", values: vec![number.to_string()] }],
            header: [],
        };
        Self {
            url: address(&signed.prefix, &signed.name),
            query: [KeyValues { key: "uploadID", values: vec![signed.upload_id.clone()] }],
            header: [],
            parts: signed.parts.iter().copied().map(part).collect(),
        }
    }
}

/// An upload that has begun.
#[derive(Serialize, JsonSchema)]
struct UploadInfo<'a> {
    /// Names the upload.
    #[serde(rename = "uploadID")]
    id: &'a str,
    /// Bytes of each part but the last.
    #[serde(rename = "partSize")]
    part_size: u64,
    sign: AuthSignParts<'a>,
    /// When it ends, ms since 1970.
    #[serde(rename = "expireTime")]
    expires_at: i64,
}

/// What parts may be like.
#[derive(Serialize, JsonSchema)]
pub(super) struct PartLimit {
    #[serde(rename = "minPartSize")]
    least: u64,
    #[serde(rename = "maxPartSize")]
    most: u64,
    #[serde(rename = "maxNumSize")]
    parts: u32,
}

pub(super) fn part_limit(_: &EdgeRequest) -> Result<Command, Reject> {
    Ok(Command::Objects(ObjectCommand::Limits))
}

pub(super) fn part_limit_data(outcome: &Outcome) -> Option<Data> {
    let Outcome::Objects(ObjectOutcome::Limits { part_min, part_max, parts }) = outcome else { return None };
    data(&PartLimit { least: *part_min, most: *part_max, parts: *parts })
}

body! {
    /// An object that is to be cut into parts.
    Whole {
        /// Its bytes.
        size: u64 = "size" required,
    }
}

/// How large parts should be.
#[derive(Serialize, JsonSchema)]
pub(super) struct PartSize {
    /// Bytes.
    size: u64,
}

pub(super) fn part_size(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: Whole = parse(&request.body)?;
    Ok(Command::Objects(ObjectCommand::PartSize { size: bytes("size", asked.size)? }))
}

pub(super) fn part_size_data(outcome: &Outcome) -> Option<Data> {
    let Outcome::Objects(ObjectOutcome::PartSize(size)) = outcome else { return None };
    data(&PartSize { size: *size })
}

body! {
    /// An upload to begin.
    Initiate {
        /// MD5 of the MD5s of the parts, written as hexadecimal digits with commas between them.
        hash: String = "hash" required,
        /// Bytes of the object.
        size: u64 = "size" required,
        /// Bytes of each part but the last; 0 = as `part_size` says.
        part_size: u64 = "partSize",
        /// Of how many parts to tell at once where they go; -1 = all.
        max_parts: i32 = "maxParts",
        /// Any text; nothing is done with it.
        cause: String = "cause",
        /// Begins with the caller's id and a slash, unless he is an administrator.
        name: String = "name" required,
        /// What kind of file it is.
        content_type: String = "contentType",
        /// The server knows better and skips it.
        url_prefix: String = "urlPrefix",
    }
}

/// Where the object is, or where its parts go.
#[derive(Serialize, JsonSchema)]
pub(super) struct Initiated<'a> {
    /// Where it is, if its content is there already; else empty.
    url: String,
    upload: Option<UploadInfo<'a>>,
}

pub(super) fn initiate(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: Initiate = parse(&request.body)?;
    Ok(Command::Objects(ObjectCommand::Begin(NewUpload {
        hash: md5("hash", required("hash", &asked.hash)?)?,
        size: bytes("size", asked.size)?,
        part_size: asked.part_size,
        signed_parts: u32::try_from(asked.max_parts).ok(),
        name: object_name(&asked.name)?,
        content_type: content_type(&asked.content_type)?,
        prefix: prefix(request)?,
    })))
}

pub(super) fn initiated(outcome: &Outcome) -> Option<Data> {
    match outcome {
        Outcome::Objects(ObjectOutcome::At { prefix, name, .. }) => {
            data(&Initiated { url: address(prefix, name), upload: None })
        }
        Outcome::Objects(ObjectOutcome::Begun { signed, part_size, expires_at }) => {
            let upload = UploadInfo {
                id: &signed.upload_id,
                part_size: *part_size,
                sign: AuthSignParts::of(signed),
                expires_at: expires_at.0,
            };
            data(&Initiated { url: String::new(), upload: Some(upload) })
        }
        _ => None,
    }
}

body! {
    /// Parts that are to be sent.
    AuthSign {
        /// As `initiate_multipart_upload` has named the upload.
        upload_id: String = "uploadID" required,
        /// Counted from 1.
        parts: Option<Vec<u32>> = "partNumbers" required,
    }
}

pub(super) fn auth_sign(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: AuthSign = parse(&request.body)?;
    let upload_id = required("uploadID", &asked.upload_id)?.to_owned();
    let parts = given("partNumbers", asked.parts)?;
    Ok(Command::Objects(ObjectCommand::Sign { upload_id, parts, prefix: prefix(request)? }))
}

pub(super) fn signed(outcome: &Outcome) -> Option<Data> {
    let Outcome::Objects(ObjectOutcome::Signed(signed)) = outcome else { return None };
    data(&AuthSignParts::of(signed))
}

body! {
    /// An upload whose parts have all been sent.
    Complete {
        /// As `initiate_multipart_upload` has named the upload.
        upload_id: String = "uploadID" required,
        /// MD5s of the parts, in order.
        parts: Option<Vec<String>> = "parts" required,
        /// Empty = as the upload was begun.
        name: String = "name",
        /// Empty = as the upload was begun.
        content_type: String = "contentType",
        /// Any text; nothing is done with it.
        cause: String = "cause",
        /// The server knows better and skips it.
        url_prefix: String = "urlPrefix",
    }
}

/// Where an object is.
#[derive(Serialize, JsonSchema)]
pub(super) struct ObjectUrl {
    /// Everybody who has it may read the object.
    url: String,
}

pub(super) fn complete(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: Complete = parse(&request.body)?;
    let upload_id = required("uploadID", &asked.upload_id)?.to_owned();
    let parts = given("parts", asked.parts)?;
    at_most("parts", parts.len(), limits::OBJECT_PARTS as usize)?;
    Ok(Command::Objects(ObjectCommand::Finish {
        upload_id,
        parts: parts.iter().map(|part| md5("parts", part)).collect::<Result<_, _>>()?,
        name: if asked.name.is_empty() { None } else { Some(object_name(&asked.name)?) },
        content_type: Some(content_type(&asked.content_type)?).filter(|kind| !kind.is_empty()),
        prefix: prefix(request)?,
    }))
}

pub(super) fn completed(outcome: &Outcome) -> Option<Data> {
    let Outcome::Objects(ObjectOutcome::At { prefix, name, .. }) = outcome else { return None };
    data(&ObjectUrl { url: address(prefix, name) })
}

body! {
    /// An object that somebody wants to read.
    AccessUrl {
        /// Its name.
        name: String = "name" required,
    }
}

/// Where an object is.
#[derive(Serialize, JsonSchema)]
pub(super) struct ObjectAccess {
    /// Everybody who has it may read the object.
    url: String,
    /// Until when the object is sure to be there, ms since 1970.
    #[serde(rename = "expireTime")]
    until: i64,
}

pub(super) fn access_url(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: AccessUrl = parse(&request.body)?;
    let name = object_name(&asked.name)?;
    Ok(Command::Objects(ObjectCommand::Address { name, prefix: prefix(request)? }))
}

pub(super) fn access_url_data(outcome: &Outcome) -> Option<Data> {
    let Outcome::Objects(ObjectOutcome::At { prefix, name, until }) = outcome else { return None };
    let until = until.map_or(NEVER_MS, |until| until.0);
    data(&ObjectAccess { url: address(prefix, name), until })
}

fn bytes(field: &str, number: u64) -> Result<u64, Reject> {
    if number == 0 { Err(argument(format!("{field} is empty")).into()) } else { Ok(number) }
}

fn md5(field: &str, text: &str) -> Result<Md5Hex, Reject> {
    Ok(Md5Hex::parse(text).ok_or_else(|| argument(format!("{field} is not 32 hexadecimal digits")))?)
}

fn object_name(text: &str) -> Result<ObjectName, Reject> {
    required("name", text)?;
    Ok(ObjectName::parse(text).map_err(|wrong| argument(format!("name {wrong}")))?)
}

/// It will be a header one day.
fn content_type(text: &str) -> Result<String, Reject> {
    let most = limits::OBJECT_TYPE_BYTES;
    if text.len() > most || text.bytes().any(|byte| !(b' '..=b'~').contains(&byte)) {
        return Err(argument(format!("contentType is not up to {most} printable ASCII characters")).into());
    }
    Ok(text.to_owned())
}

/// Under which address this caller reaches objects: what a proxy before us says of it, or where the request went.
fn prefix(request: &EdgeRequest) -> Result<String, Reject> {
    let base = match request.header("x-request-api").map(str::trim).filter(|api| !api.is_empty()) {
        Some(api) => api.trim_end_matches('/').to_owned(),
        None => {
            let scheme = if request.secure { "https" } else { "http" };
            format!("{scheme}://{}", request.header("host").unwrap_or("localhost"))
        }
    };
    let authority = base.strip_prefix("http://").or_else(|| base.strip_prefix("https://"));
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/[]%".contains(&byte);
    let is_address = authority.is_some_and(|rest| !rest.is_empty() && rest.bytes().all(plain));
    if !is_address || base.len() > limits::OBJECT_PREFIX_BYTES {
        return Err(argument("the headers X-Request-Api and Host name no address").into());
    }
    Ok(base + OBJECT_PATH)
}

fn address(prefix: &str, name: &ObjectName) -> String {
    format!("{prefix}{}", utf8_percent_encode(name.as_str(), SEGMENT))
}
