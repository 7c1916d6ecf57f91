//! What every binary frame is wrapped in. Source: client protocol sheet 2.
//!
//! Two independent choices, made in the handshake: the encoding of the envelope, and whether every binary frame is
//! gzipped. Clients use this file as the server does: [`Codec::encode_request`] and [`Codec::decode_response`].

use std::borrow::Cow;
use std::io::{Read, Write};

use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use prost::Message;
use ringback_model::dialect::Wire;
use ringback_model::limits;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

use super::gob;
pub use super::gob::BadGob;

/// Why bytes are not an envelope.
#[derive(Debug, Error)]
pub enum BadEnvelope {
    /// Not a gzip member, although the handshake said gzip.
    #[error("not gzip: {0}")]
    Gzip(std::io::Error),
    /// More bytes than a frame may have, after decompression.
    #[error("larger than {0} bytes")]
    TooLarge(usize),
    /// Not the JSON of an envelope.
    #[error("not a JSON envelope: {0}")]
    Json(serde_json::Error),
    /// Not the gob of an envelope.
    #[error("not a gob envelope: {0}")]
    Gob(#[from] BadGob),
}

/// How an envelope is written. The seam for further encodings of the same fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// JSON, `data` in base64. Handshake: `sdkType=js`.
    Json,
    /// The encoding of Go's standard library. Handshake: no `sdkType`, or `sdkType=go`.
    Gob,
}

/// How a connection's binary frames are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Codec {
    /// The envelope.
    pub encoding: Encoding,
    /// Every frame is one gzip member, in both directions. Handshake: `compression=gzip`.
    pub gzip: bool,
}

/// The bit of [`Wire`] that says gzip; the rest numbers the encoding.
const GZIP_BIT: u8 = 0x80;
/// The number of [`Encoding::Json`] in [`Wire`].
const JSON_NUMBER: u8 = 1;
/// The number of [`Encoding::Gob`] in [`Wire`].
const GOB_NUMBER: u8 = 2;

/// A request, from client to server.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// See [`crate::openim::wire::request`].
    #[serde(rename = "reqIdentifier", default)]
    pub req_identifier: i32,
    /// Always empty in practice.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "String::is_empty")]
    pub token: String,
    /// The connection's user.
    #[serde(rename = "sendID", default, deserialize_with = "or_default")]
    pub send_id: String,
    /// The client's id for the call.
    #[serde(rename = "operationID", default, deserialize_with = "or_default")]
    pub operation_id: String,
    /// The client's id for the request; echoed.
    #[serde(rename = "msgIncr", default, deserialize_with = "or_default")]
    pub msg_incr: String,
    /// Protobuf.
    #[serde(default, with = "base64_text")]
    pub data: Vec<u8>,
}

impl Request {
    /// A request as a client makes it.
    #[must_use]
    pub fn new(id: i32, user: &str, operation_id: &str, msg_incr: &str, message: &impl Message) -> Self {
        Self {
            req_identifier: id,
            token: String::new(),
            send_id: user.to_owned(),
            operation_id: operation_id.to_owned(),
            msg_incr: msg_incr.to_owned(),
            data: message.encode_to_vec(),
        }
    }
}

/// A response or push, from server to client.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// See [`crate::openim::wire::request`].
    #[serde(rename = "reqIdentifier", default)]
    pub req_identifier: i32,
    /// Echo; empty in pushes.
    #[serde(rename = "msgIncr", default, deserialize_with = "or_default")]
    pub msg_incr: String,
    /// Echo; in pushes the id of the call that caused them.
    #[serde(rename = "operationID", default, deserialize_with = "or_default")]
    pub operation_id: String,
    /// 0 = done. Always written: one client compares with `===`.
    #[serde(rename = "errCode", default)]
    pub err_code: i32,
    /// Short text.
    #[serde(rename = "errMsg", default, deserialize_with = "or_default")]
    pub err_msg: String,
    /// Long text; an addition of ours to JSON, left out when empty. Clients skip keys they do not know.
    #[serde(
        rename = "errDlt",
        default,
        deserialize_with = "or_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub err_dlt: String,
    /// Protobuf.
    #[serde(default, with = "base64_text")]
    pub data: Vec<u8>,
}

impl Response {
    /// The protobuf message inside.
    ///
    /// # Errors
    /// The bytes are not that message.
    pub fn message<M: Message + Default>(&self) -> Result<M, prost::DecodeError> {
        M::decode(self.data.as_slice())
    }
}

impl Codec {
    /// Bytes of messages that a client of this encoding can read in one answer: those who speak gob have a limit, those
    /// who speak JSON (browsers) have none. Source: client protocol sheet 1.5.
    #[must_use]
    pub const fn readable_bytes(self) -> usize {
        match self.encoding {
            Encoding::Json => limits::PULL_BYTES_UNLIMITED,
            Encoding::Gob => limits::PULL_BYTES,
        }
    }

    /// JSON without gzip, as pages without a Go core speak.
    pub const JSON: Self = Self { encoding: Encoding::Json, gzip: false };
    /// Gob without gzip. Clients with a Go core speak it with gzip: [`Codec::packed`].
    pub const GOB: Self = Self { encoding: Encoding::Gob, gzip: false };

    /// The same with gzip.
    #[must_use]
    pub const fn packed(self) -> Self {
        Self { gzip: true, ..self }
    }

    /// The codec of a number that [`Codec::wire`] gave.
    #[must_use]
    pub const fn of(wire: Wire) -> Self {
        let encoding = match wire.0 & !GZIP_BIT {
            GOB_NUMBER => Encoding::Gob,
            _ => Encoding::Json,
        };
        Self { encoding, gzip: wire.0 & GZIP_BIT != 0 }
    }

    /// The number by which the server remembers this codec.
    #[must_use]
    pub const fn wire(self) -> Wire {
        let encoding = match self.encoding {
            Encoding::Json => JSON_NUMBER,
            Encoding::Gob => GOB_NUMBER,
        };
        Wire(if self.gzip { encoding | GZIP_BIT } else { encoding })
    }

    /// Bytes of a request.
    #[must_use]
    pub fn encode_request(self, request: &Request) -> Vec<u8> {
        self.pack(match self.encoding {
            Encoding::Json => json(request),
            Encoding::Gob => gob::encode_request(request),
        })
    }

    /// Reads a request of at most [`limits::FRAME_BYTES`], decompressed.
    ///
    /// # Errors
    /// See [`BadEnvelope`].
    pub fn decode_request(self, bytes: &[u8]) -> Result<Request, BadEnvelope> {
        let plain = self.unpack(bytes, limits::FRAME_BYTES)?;
        match self.encoding {
            Encoding::Json => serde_json::from_slice(&plain).map_err(BadEnvelope::Json),
            Encoding::Gob => Ok(gob::decode_request(&plain)?),
        }
    }

    /// Bytes of a response or push.
    #[must_use]
    pub fn encode_response(self, response: &Response) -> Vec<u8> {
        self.pack(match self.encoding {
            Encoding::Json => json(response),
            Encoding::Gob => gob::encode_response(response),
        })
    }

    /// Reads a response or push. Bounded at four times [`limits::PUSH_FRAME_BYTES`], decompressed, because
    /// clients bound what travels, which base64 and gzip make larger or smaller.
    ///
    /// # Errors
    /// See [`BadEnvelope`].
    pub fn decode_response(self, bytes: &[u8]) -> Result<Response, BadEnvelope> {
        let plain = self.unpack(bytes, 4 * limits::PUSH_FRAME_BYTES)?;
        match self.encoding {
            Encoding::Json => serde_json::from_slice(&plain).map_err(BadEnvelope::Json),
            Encoding::Gob => Ok(gob::decode_response(&plain)?),
        }
    }

    fn pack(self, plain: Vec<u8>) -> Vec<u8> {
        if !self.gzip {
            return plain;
        }
        let mut packer = GzEncoder::new(Vec::with_capacity(plain.len() / 2), Compression::fast());
        // Writing into memory does not fail; an empty frame would only make the client reconnect.
        packer.write_all(&plain).and_then(|()| packer.finish()).unwrap_or_default()
    }

    /// The bytes of an envelope of at most so many bytes.
    fn unpack(self, bytes: &[u8], most: usize) -> Result<Cow<'_, [u8]>, BadEnvelope> {
        let plain = if self.gzip {
            let mut plain = Vec::new();
            let bound = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
            GzDecoder::new(bytes).take(bound).read_to_end(&mut plain).map_err(BadEnvelope::Gzip)?;
            Cow::Owned(plain)
        } else {
            Cow::Borrowed(bytes)
        };
        if plain.len() > most { Err(BadEnvelope::TooLarge(most)) } else { Ok(plain) }
    }
}

/// JSON of an envelope; these types have text keys and plain values, so writing them does not fail.
fn json(envelope: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(envelope).unwrap_or_default()
}

fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(from: D) -> Result<T, D::Error> {
    Option::<T>::deserialize(from).map(Option::unwrap_or_default)
}

/// Bytes as padded base64; none as null, as the original writes them.
mod base64_text {
    use base64::Engine as _;

    use super::{Deserialize, Deserializer, STANDARD, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        if bytes.is_empty() { to.serialize_none() } else { to.serialize_str(&STANDARD.encode(bytes)) }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        let text = Option::<String>::deserialize(from)?.unwrap_or_default();
        STANDARD.decode(text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::openim::wire::{GetMaxSeqReq, request};

    const GZIP: Codec = Codec::JSON.packed();
    const ALL: [Codec; 4] = [Codec::JSON, GZIP, Codec::GOB, Codec::GOB.packed()];

    #[test]
    fn frames_of_the_sheet() {
        let ask =
            Request::new(1006, "u1", "7hf7x8n5t1", "vehwsnlm2h1", &GetMaxSeqReq { user_id: "u1".into() });
        let text = r#"{"reqIdentifier":1006,"sendID":"u1","operationID":"7hf7x8n5t1","msgIncr":"vehwsnlm2h1","data":"CgJ1MQ=="}"#;
        assert_eq!(Codec::JSON.encode_request(&ask), text.as_bytes());
        assert_eq!(Codec::JSON.decode_request(text.as_bytes()).unwrap(), ask);
        let kick = Response { req_identifier: request::KICKED, ..Default::default() };
        let text =
            r#"{"reqIdentifier":2002,"msgIncr":"","operationID":"","errCode":0,"errMsg":"","data":null}"#;
        assert_eq!(Codec::JSON.encode_response(&kick), text.as_bytes());
        assert_eq!(Codec::JSON.decode_response(text.as_bytes()).unwrap(), kick);
    }

    #[test]
    fn missing_null_and_unknown_keys_are_fine() {
        let text = br#"{"reqIdentifier":1001,"token":null,"sendID":"u1","data":null,"extra":[1]}"#;
        let read = Codec::JSON.decode_request(text).unwrap();
        assert_eq!((read.req_identifier, read.send_id.as_str(), read.data.len()), (1001, "u1", 0));
        assert!(Codec::JSON.decode_request(br#"{"data":"*"}"#).is_err());
    }

    #[test]
    fn gzip_is_undone_and_capped() {
        let ask = Request { send_id: "u1".into(), data: vec![7; 30_000], ..Default::default() };
        let bytes = GZIP.encode_request(&ask);
        assert!(bytes.starts_with(&[0x1f, 0x8b]) && bytes.len() < 1000);
        assert_eq!(GZIP.decode_request(&bytes).unwrap(), ask);
        let bomb = GZIP.encode_request(&Request { data: vec![0; 60_000], ..Default::default() });
        assert!(matches!(GZIP.decode_request(&bomb), Err(BadEnvelope::TooLarge(_))));
        assert!(matches!(GZIP.decode_request(b"{}"), Err(BadEnvelope::Gzip(_))));
        assert!(matches!(Codec::JSON.decode_request(&vec![b' '; 60_000]), Err(BadEnvelope::TooLarge(_))));
    }

    #[test]
    fn gob_is_capped_before_it_is_read() {
        let bomb =
            Codec::GOB.packed().encode_request(&Request { data: vec![0; 60_000], ..Default::default() });
        assert!(matches!(Codec::GOB.packed().decode_request(&bomb), Err(BadEnvelope::TooLarge(_))));
        let large = Codec::GOB.encode_request(&Request { data: vec![0; 60_000], ..Default::default() });
        assert!(matches!(Codec::GOB.decode_request(&large), Err(BadEnvelope::TooLarge(_))));
        assert!(matches!(Codec::GOB.packed().decode_request(&large), Err(BadEnvelope::Gzip(_))));
        assert!(matches!(Codec::GOB.decode_request(b"{}"), Err(BadEnvelope::Gob(_))));
        assert!(Codec::JSON.decode_request(&Codec::GOB.encode_request(&Request::default())).is_err());
    }

    #[test]
    fn codecs_survive_as_numbers() {
        for codec in ALL {
            assert_eq!(Codec::of(codec.wire()), codec);
        }
        let numbers = BTreeSet::from(ALL.map(Codec::wire));
        assert_eq!(numbers.len(), ALL.len(), "pushes are encoded once per number");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            for codec in ALL {
                let _ = codec.decode_request(&bytes);
                let _ = codec.decode_response(&bytes);
            }
        }

        #[test]
        fn responses_round_trip(id in any::<i32>(), text in "\\PC{0,20}", data in prop::collection::vec(any::<u8>(), 0..100)) {
            let response = Response {
                req_identifier: id,
                msg_incr: text.clone(),
                operation_id: text.clone(),
                err_code: id,
                err_msg: text.clone(),
                err_dlt: text,
                data,
            };
            for codec in [Codec::JSON, GZIP] {
                prop_assert_eq!(&codec.decode_response(&codec.encode_response(&response)).unwrap(), &response);
            }
            let short = Response { err_dlt: String::new(), ..response.clone() };
            for codec in [Codec::GOB, Codec::GOB.packed()] {
                prop_assert_eq!(&codec.decode_response(&codec.encode_response(&response)).unwrap(), &short);
            }
        }
    }
}
