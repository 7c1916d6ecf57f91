//! Envelopes in gob: with and without gzip, as requests and as responses, and what a client of ours reads.
//!
//! Input: a byte for the part, then what that part takes.

use prost::Message as _;
use ringback_dialects::client;
use ringback_dialects::openim::socket::envelope::{Codec, Request, Response};
use ringback_dialects::openim::wire;
use ringback_model::dialect::Frame;

use crate::input::Input;
use crate::seeds::Seeds;
use crate::socket::{binary, gzip, sample_message};

/// The parts of the target; the first byte of an input chooses.
const PARTS: [fn(Input<'_>); 5] = [
    |input| stream(input.rest()),
    |input| binary(Codec::GOB.packed(), input.rest()),
    |input| binary(Codec::GOB.packed(), &gzip(input.rest())),
    enveloped,
    heard,
];

/// Runs the target.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let part = input.choose(&PARTS);
    part(input);
}

/// Bytes as a frame. What is taken is a whole stream: neither less nor more of it is one, and JSON can say the same.
fn stream(bytes: &[u8]) {
    let (cut, longer) = (bytes.split_last().map_or(bytes, |(_, cut)| cut), [bytes, &[0]].concat());
    if let Ok(request) = Codec::GOB.decode_request(bytes) {
        held(
            bytes,
            [&request.token, &request.send_id, &request.operation_id, &request.msg_incr],
            &request.data,
        );
        assert!(Codec::GOB.decode_request(cut).is_err() && Codec::GOB.decode_request(&longer).is_err());
        let json = Codec::JSON.encode_request(&request);
        if let Ok(again) = Codec::JSON.decode_request(&json) {
            assert_eq!(again, request);
        }
    }
    if let Ok(response) = Codec::GOB.decode_response(bytes) {
        let nothing = &response.err_dlt;
        held(bytes, [&response.msg_incr, &response.operation_id, &response.err_msg, nothing], &response.data);
        assert!(nothing.is_empty() && Codec::GOB.decode_response(cut).is_err());
        assert_eq!(
            Codec::JSON.decode_response(&Codec::JSON.encode_response(&response)).expect("ours can be read"),
            response
        );
    }
    binary(Codec::GOB, bytes);
}

/// Nothing is made up: what was read stands in the bytes, and is no more than they are.
fn held(bytes: &[u8], texts: [&String; 4], data: &[u8]) {
    let all = texts.into_iter().map(String::as_bytes).chain([data]);
    for one in all {
        assert!(one.is_empty() || bytes.windows(one.len()).any(|part| part == one));
    }
}

/// An envelope of ours around these bytes; no part of it is an envelope.
fn enveloped(mut input: Input<'_>) {
    let numbers = [1001, 1002, 1003, 1004, 1005, 1006, 1007, 2003, 2004, 2005, 0, -1, i32::MIN];
    let number = *input.choose(&numbers);
    let end = input.number();
    let (operation_id, msg_incr) = (input.line(), input.line());
    let data = input.rest().to_vec();
    let request = Request {
        req_identifier: number,
        send_id: "alice".to_owned(),
        operation_id: operation_id.clone(),
        msg_incr: msg_incr.clone(),
        token: String::new(),
        data: data.clone(),
    };
    let bytes = Codec::GOB.encode_request(&request);
    assert!(Codec::GOB.decode_request(&bytes[..end as usize % bytes.len()]).is_err(), "cut at {end}");
    stream(&bytes);
    let response = Response {
        req_identifier: number,
        msg_incr,
        operation_id,
        err_code: end.cast_signed(),
        data,
        ..Response::default()
    };
    let bytes = Codec::GOB.encode_response(&response);
    assert_eq!(Codec::GOB.decode_response(&bytes).expect("ours can be read"), response);
    assert!(Codec::GOB.decode_response(&bytes[..end as usize % bytes.len()]).is_err(), "cut at {end}");
}

/// What a client of ours reads.
fn heard(mut input: Input<'_>) {
    let codec = *input.choose(&[Codec::GOB, Codec::GOB.packed()]);
    let number = *input.choose(&[0, 1003, 2001, 2002, 1001]);
    let bytes = input.rest();
    if number == 0 {
        drop(client::hear(&Frame::Binary(bytes.to_vec()), codec));
        return;
    }
    let response = Response { req_identifier: number, data: bytes.to_vec(), ..Response::default() };
    drop(client::hear(&Frame::Binary(codec.encode_response(&response)), codec));
}

/// Content of the message that defines a struct of type 64, whose one field is of type 66. Source: client protocol
/// sheet 2.2, like all of these.
const ODD_STRUCT: &[u8] = b"\x7f\x03\x01\x02\xff\x80\x00\x01\x01\x01\x01X\x01\xff\x84\x00\x00\x00";
/// What a definition of type 66 may be, and a value of the struct that has one: fields to be skipped.
const ODD: [(&str, &[u8], &[u8]); 5] = [
    ("slice", b"\x02\x01\x02\xff\x84\x00\x01\x0c\x00\x00", b"\x02\x01a\x01b"),
    ("array", b"\x01\x01\x02\xff\x84\x00\x01\x04\x01\x04\x00\x00", b"\x02\x02\x04"),
    ("map", b"\x04\x01\x02\xff\x84\x00\x01\x0c\x01\x04\x00\x00", b"\x01\x01k\x02"),
    ("encodes itself", b"\x05\x01\x02\xff\x84\x00\x00\x00", b"\x03xyz"),
    ("slices in slices", b"\x02\x01\x02\xff\x84\x00\x01\xff\x84\x00\x00", b"\x01\x01\x01\x00"),
];

/// A stream of the struct, the type of its field, and its value.
fn odd(definition: &[u8], value: &[u8]) -> Vec<u8> {
    let contents = [
        ODD_STRUCT,
        &[b"\xff\x83".as_slice(), definition].concat(),
        &[b"\xff\x80\x01".as_slice(), value, b"\x00"].concat(),
    ];
    // Each shorter than 128 bytes: its length is one byte.
    contents
        .iter()
        .flat_map(|content| [&[u8::try_from(content.len()).expect("a short message")], *content].concat())
        .collect()
}

/// Inputs to begin with.
#[must_use]
pub fn seeds() -> Seeds {
    let message = sample_message();
    let send = Codec::GOB.encode_request(&Request::new(1003, "alice", "op", "1", &message));
    let newest = Request::new(1001, "alice", "op", "2", &wire::GetMaxSeqReq { user_id: "alice".to_owned() });
    let push = wire::PushMessages {
        msgs: [(
            "si_alice_bob".to_owned(),
            wire::PullMsgs { msgs: vec![message.clone()], ..Default::default() },
        )]
        .into(),
        ..Default::default()
    };
    let refused = Response {
        req_identifier: 1003,
        msg_incr: "1".to_owned(),
        operation_id: "op".to_owned(),
        err_code: 1302,
        err_msg: "blocked".to_owned(),
        ..Response::default()
    };
    let mut seeds = Seeds::new();
    let mut add = |name: &str, head: &[u8], rest: &[u8]| seeds.push((name.to_owned(), [head, rest].concat()));
    add("send", &[0], &send);
    add("newest", &[0], &Codec::GOB.encode_request(&newest));
    add("refused", &[0], &Codec::GOB.encode_response(&refused));
    for (name, definition, value) in ODD {
        add(name, &[0], &odd(definition, value));
    }
    add("gzip", &[1], &gzip(&send));
    add("bomb", &[1], &gzip(&vec![0; 1024 * 1024]));
    add("to be packed", &[2], &send);
    for number in 0..13 {
        let rest = [b"op\nkey\n".as_slice(), &message.encode_to_vec()].concat();
        add(&format!("enveloped {number}"), &[3, number, 7, 0, 0, 0], &rest);
    }
    add("push", &[4, 0, 2], &push.encode_to_vec());
    add("packed push", &[4, 1, 2], &push.encode_to_vec());
    add("heard", &[4, 0, 0], &Codec::GOB.encode_response(&refused));
    seeds
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A seed that is refused at its first byte leads nowhere.
    #[test]
    fn seeds_with_other_types_are_read() {
        for (name, definition, value) in ODD {
            assert_eq!(Codec::GOB.decode_request(&odd(definition, value)).expect(name), Request::default());
        }
    }
}
