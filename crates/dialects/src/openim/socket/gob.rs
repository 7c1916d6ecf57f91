//! Envelopes in gob, the encoding of Go's standard library. Source: client protocol sheet 2.2.
//!
//! An own codec, because no Rust library for it is maintained. It holds what the two envelopes need: it reads whatever a
//! Go program may send in their place, and writes one constant description of each.
//!
//! Every frame is a whole stream: messages that define types, then one message with the value. Fields are found by
//! name, wherever their description puts them; fields that the receiver does not know are skipped by their type.
//!
//! | file | holds |
//! |---|---|
//! | `read` | numbers and bytes, within bounds |
//! | `types` | type definitions, and skipping what they describe |
//! | `write` | the other direction |

mod read;
mod types;
mod write;

use std::str;

use ringback_model::limits;
use thiserror::Error;

use super::envelope::{Request, Response};
use read::Reader;
use types::{Types, Value};
use write::Struct;

/// Why bytes are not an envelope in gob.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BadGob {
    /// A number, a text or a value reaches beyond the bytes there are.
    #[error("it ends in the middle")]
    Truncated,
    /// A message or the stream goes on after what it should hold.
    #[error("bytes follow after its end")]
    Trailing,
    /// A number of more than eight bytes.
    #[error("it has a number of more than 64 bits")]
    LongNumber,
    /// A type that may not be defined: its id belongs to the encoding, or is taken.
    #[error("type {0} may not be defined")]
    ReservedType(i64),
    /// A definition of a kind that nobody knows, or of two kinds at once.
    #[error("the definition of type {0} is not understood")]
    OddDefinition(i64),
    /// A type that was not defined.
    #[error("type {0} is not defined")]
    UnknownType(i64),
    /// More types, or more fields of one type, than [`limits::GOB_TYPES`].
    #[error("it defines more than {} types or fields of a type", limits::GOB_TYPES)]
    TooManyTypes,
    /// Values within values, deeper than [`limits::GOB_DEPTH`].
    #[error("it is nested deeper than {}", limits::GOB_DEPTH)]
    TooDeep,
    /// A value that names its type only itself; no envelope has one.
    #[error("it holds a value without a fixed type")]
    Dynamic,
    /// The value is not a struct.
    #[error("its value is no struct")]
    NotStruct,
    /// A field that the struct's definition does not have.
    #[error("it has a value for a field that is not defined")]
    NoSuchField,
    /// A field of the envelope with another type, or a value that it cannot hold.
    #[error("its field {0} is not {1}")]
    WrongField(&'static str, &'static str),
}

/// Definition of a request's type, as the published browser client writes it. Source: client protocol sheet 2.2.
const REQUEST_TYPE: &[u8] = b"\x65\x7f\x03\x01\x01\x0cGeneralWsReq\x01\xff\x80\x00\x01\x06\
    \x01\x0dReqIdentifier\x01\x04\x00\
    \x01\x05Token\x01\x0c\x00\
    \x01\x06SendID\x01\x0c\x00\
    \x01\x0bOperationID\x01\x0c\x00\
    \x01\x07MsgIncr\x01\x0c\x00\
    \x01\x04Data\x01\x0a\x00\x00\x00";
/// The id in it.
const REQUEST_ID: i64 = 64;

/// Definition of a response's type. Ids from 64 on are the sender's to choose. Source: client protocol sheet 2.2.
const RESPONSE_TYPE: &[u8] = b"\x60\xff\x81\x03\x01\x01\x04Resp\x01\xff\x82\x00\x01\x06\
    \x01\x0dReqIdentifier\x01\x04\x00\
    \x01\x07MsgIncr\x01\x0c\x00\
    \x01\x0bOperationID\x01\x0c\x00\
    \x01\x07ErrCode\x01\x04\x00\
    \x01\x06ErrMsg\x01\x0c\x00\
    \x01\x04Data\x01\x0a\x00\x00\x00";
/// The id in it.
const RESPONSE_ID: i64 = 65;

pub(super) fn encode_request(request: &Request) -> Vec<u8> {
    let mut value = Struct::new(REQUEST_ID);
    value.int(request.req_identifier);
    value.bytes(request.token.as_bytes());
    value.bytes(request.send_id.as_bytes());
    value.bytes(request.operation_id.as_bytes());
    value.bytes(request.msg_incr.as_bytes());
    value.bytes(&request.data);
    value.after(REQUEST_TYPE)
}

/// The detail of an error stays behind: these are the six fields that clients know.
pub(super) fn encode_response(response: &Response) -> Vec<u8> {
    let mut value = Struct::new(RESPONSE_ID);
    value.int(response.req_identifier);
    value.bytes(response.msg_incr.as_bytes());
    value.bytes(response.operation_id.as_bytes());
    value.int(response.err_code);
    value.bytes(response.err_msg.as_bytes());
    value.bytes(&response.data);
    value.after(RESPONSE_TYPE)
}

/// Reads a request. Allocates no more than the bytes hold.
pub(super) fn decode_request(bytes: &[u8]) -> Result<Request, BadGob> {
    let mut request = Request::default();
    decode(bytes, |name, value| {
        match name {
            b"ReqIdentifier" => request.req_identifier = int("ReqIdentifier", value)?,
            b"Token" => request.token = text("Token", value)?,
            b"SendID" => request.send_id = text("SendID", value)?,
            b"OperationID" => request.operation_id = text("OperationID", value)?,
            b"MsgIncr" => request.msg_incr = text("MsgIncr", value)?,
            b"Data" => request.data = data("Data", value)?,
            _ => {}
        }
        Ok(())
    })?;
    Ok(request)
}

/// Reads a response. Allocates no more than the bytes hold.
pub(super) fn decode_response(bytes: &[u8]) -> Result<Response, BadGob> {
    let mut response = Response::default();
    decode(bytes, |name, value| {
        match name {
            b"ReqIdentifier" => response.req_identifier = int("ReqIdentifier", value)?,
            b"MsgIncr" => response.msg_incr = text("MsgIncr", value)?,
            b"OperationID" => response.operation_id = text("OperationID", value)?,
            b"ErrCode" => response.err_code = int("ErrCode", value)?,
            b"ErrMsg" => response.err_msg = text("ErrMsg", value)?,
            b"Data" => response.data = data("Data", value)?,
            _ => {}
        }
        Ok(())
    })?;
    Ok(response)
}

/// Reads a stream with one struct: `take` gets the name and the value of each field that is not zero.
fn decode<'a>(
    bytes: &'a [u8],
    mut take: impl FnMut(&'a [u8], Value<'a>) -> Result<(), BadGob>,
) -> Result<(), BadGob> {
    let mut stream = Reader::new(bytes);
    let mut types = Types::default();
    loop {
        let mut message = stream.message()?;
        let id = message.int()?;
        if id < 0 {
            types.define(id, &mut message)?;
            message.end()?;
            continue;
        }
        let fields = types.fields(id).ok_or(BadGob::NotStruct)?;
        message.fields(|number, reader| {
            let field = fields.get(number).ok_or(BadGob::NoSuchField)?;
            take(field.name, types.value(field.id, reader)?)
        })?;
        message.end()?;
        return stream.end();
    }
}

fn int(name: &'static str, value: Value<'_>) -> Result<i32, BadGob> {
    let wrong = BadGob::WrongField(name, "an integer of 32 bits");
    let Value::Int(number) = value else { return Err(wrong) };
    i32::try_from(number).map_err(|_| wrong)
}

fn text(name: &'static str, value: Value<'_>) -> Result<String, BadGob> {
    let wrong = BadGob::WrongField(name, "UTF-8 text");
    let Value::Text(bytes) = value else { return Err(wrong) };
    str::from_utf8(bytes).map(str::to_owned).map_err(|_| wrong)
}

fn data(name: &'static str, value: Value<'_>) -> Result<Vec<u8>, BadGob> {
    let Value::Bytes(bytes) = value else { return Err(BadGob::WrongField(name, "bytes")) };
    Ok(bytes.to_vec())
}

#[cfg(test)]
mod tests;
