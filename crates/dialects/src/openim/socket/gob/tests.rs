use proptest::prelude::*;

use super::*;
use foreign::{Foreign, Shape};

mod foreign;

/// The request of the published browser client, as recorded. Source: client protocol sheet 2.2.
const RECORDED_REQUEST: &str = "65 7f 03 01 01 0c 47656e6572616c5773526571 01 ff80 00 01 06
    01 0d 5265714964656e746966696572 01 04 00
    01 05 546f6b656e 01 0c 00
    01 06 53656e644944 01 0c 00
    01 0b 4f7065726174696f6e4944 01 0c 00
    01 07 4d7367496e6372 01 0c 00
    01 04 44617461 01 0a 00
    00 00
    33 ff80 01 fe07d2 02 02 7531 01 08 6f702d6c6f67696e
    01 16 75315f31373935333233393834333833343434373734 01 04 0a027531 00";

/// What Go writes for a response, with another type id than ours. Source: ibid.
const GO_DEFINITION: &str = "60 ff83 03 01 01 04 52657370 01 ff84 00 01 06
    01 0d 5265714964656e746966696572 01 04 00
    01 07 4d7367496e6372 01 0c 00
    01 0b 4f7065726174696f6e4944 01 0c 00
    01 07 457272436f6465 01 04 00
    01 06 4572724d7367 01 0c 00
    01 04 44617461 01 0a 00
    00 00";

/// The definition that the browser client accepted. Source: ibid.
const ACCEPTED_DEFINITION: &str = "60ff81030101045265737001ff82000106010d5265714964656e74696669657201040001074d7367496e6372010c00010b4f7065726174696f6e4944010c000107457272436f646501040001064572724d7367010c00010444617461010a000000";

fn bytes(spaced: &str) -> Vec<u8> {
    hex::decode(spaced.split_whitespace().collect::<String>()).unwrap()
}

fn recorded() -> Request {
    Request {
        req_identifier: 1001,
        send_id: "u1".into(),
        operation_id: "op-login".into(),
        msg_incr: "u1_1795323984383444774".into(),
        data: b"\x0a\x02u1".to_vec(),
        ..Default::default()
    }
}

#[test]
fn requests_are_those_of_the_browser_client() {
    assert_eq!(decode_request(&bytes(RECORDED_REQUEST)).unwrap(), recorded());
    assert_eq!(encode_request(&recorded()), bytes(RECORDED_REQUEST));
    assert_eq!(bytes(RECORDED_REQUEST).len(), 154);
}

/// The responses of the sheet, and their value messages as Go writes them.
fn responses() -> Vec<(Response, Vec<u8>)> {
    let pushed = |count: usize| Response { req_identifier: 2001, data: vec![7; count], ..Default::default() };
    let large = |head: &str, count: usize| [bytes(head), vec![7; count], vec![0]].concat();
    vec![
        (
            Response {
                req_identifier: 1001,
                msg_incr: "u1_1".into(),
                operation_id: "op1".into(),
                data: bytes("0a0c0a0873695f75315f75321003"),
                ..Default::default()
            },
            bytes("22 ff84 01 fe07d2 01 04 75315f31 01 03 6f7031 03 0e 0a0c0a0873695f75315f75321003 00"),
        ),
        (
            Response {
                req_identifier: 1003,
                msg_incr: "u1_2".into(),
                operation_id: "op2".into(),
                err_code: 1302,
                err_msg: "blocked".into(),
                ..Default::default()
            },
            bytes("1f ff84 01fe07d6 01 04 75315f32 01 03 6f7032 01 fe0a2c 01 07 626c6f636b6564 00"),
        ),
        (Response { req_identifier: 2002, ..Default::default() }, bytes("07 ff84 01fe0fa4 00")),
        (
            Response { req_identifier: 2001, err_code: -1, ..Default::default() },
            bytes("09 ff84 01fe0fa2 03 01 00"),
        ),
        (pushed(300), large("fe0137 ff84 01fe0fa2 05 fe012c", 300)),
        (pushed(70_000), large("fd01117c ff84 01fe0fa2 05 fd011170", 70_000)),
    ]
}

#[test]
fn responses_are_those_of_go() {
    for (response, value) in responses() {
        let stream = [bytes(GO_DEFINITION), value].concat();
        assert_eq!(decode_response(&stream).unwrap(), response);
        // Ours differ in the type's id alone: 65, twice in the definition and once before the value.
        let ours = encode_response(&response);
        let (definition, value) = ours.split_at(bytes(ACCEPTED_DEFINITION).len());
        assert_eq!(definition, bytes(ACCEPTED_DEFINITION));
        let id = value.windows(2).position(|pair| pair == [0xff, 0x82]).unwrap();
        let as_go = [&value[..id], &[0xff, 0x84], &value[id + 2..]].concat();
        assert_eq!([bytes(GO_DEFINITION), as_go].concat(), stream);
    }
}

#[test]
fn the_detail_of_an_error_is_no_field() {
    let refused = Response { err_code: 5001, err_dlt: "more".into(), ..Default::default() };
    assert_eq!(decode_response(&encode_response(&refused)).unwrap().err_dlt, "");
}

#[test]
fn what_is_cut_or_goes_on_is_an_error() {
    let whole = bytes(RECORDED_REQUEST);
    for end in 0..whole.len() {
        assert_eq!(decode_request(&whole[..end]), Err(BadGob::Truncated), "cut at {end}");
    }
    assert_eq!(decode_request(&[whole.as_slice(), &[0]].concat()), Err(BadGob::Trailing));
    let after_value = [&whole[..102], &[0x34], &whole[103..], &[0]].concat();
    assert_eq!(decode_request(&after_value), Err(BadGob::Trailing));
}

#[test]
fn envelopes_may_look_otherwise() {
    let mut sender = Foreign { id: 1 << 20, name: "x".repeat(200), ..Foreign::of(&recorded()) };
    sender.fields.reverse();
    assert_eq!(decode_request(&sender.encode()).unwrap(), recorded());
    for &shape in Shape::SKIPPED {
        let mut sender = Foreign::of(&recorded());
        sender.add(1, "Unknown", shape);
        sender.add(7, "Later", shape);
        assert_eq!(decode_request(&sender.encode()).unwrap(), recorded(), "{shape:?}");
    }
    let empty = Foreign { fields: Vec::new(), ..Foreign::of(&recorded()) };
    assert_eq!(decode_request(&empty.encode()).unwrap(), Request::default());
}

#[test]
fn fields_of_another_type_are_refused() {
    for (name, shape) in [
        ("ReqIdentifier", Shape::Text),
        ("ReqIdentifier", Shape::Uint),
        ("ReqIdentifier", Shape::Int(1 << 31)),
        ("ReqIdentifier", Shape::Int(i64::MIN)),
        ("SendID", Shape::Bytes),
        ("SendID", Shape::NotUtf8),
        ("MsgIncr", Shape::Int(1)),
        ("Data", Shape::Text),
        ("Data", Shape::List),
    ] {
        let mut sender = Foreign::of(&Request::default());
        sender.fields.retain(|field| field.name != name);
        sender.add(0, name, shape);
        let refused = decode_request(&sender.encode()).unwrap_err();
        assert!(matches!(refused, BadGob::WrongField(field, _) if field == name), "{name}: {refused}");
    }
}

#[test]
fn what_cannot_be_skipped_is_said() {
    for (shape, error) in [
        (Shape::Interface, BadGob::Dynamic),
        (Shape::Undefined, BadGob::UnknownType(999)),
        (Shape::Deep, BadGob::TooDeep),
    ] {
        let mut sender = Foreign::of(&recorded());
        sender.add(0, "Unknown", shape);
        assert_eq!(decode_request(&sender.encode()), Err(error));
    }
}

#[test]
fn definitions_that_make_no_sense() {
    for (stream, error) in [
        ("", BadGob::Truncated),
        ("00", BadGob::Truncated),
        ("f7 0102030405060708 09", BadGob::LongNumber),
        ("f8 ffffffffffffffff", BadGob::Truncated),
        // A value: of a basic type, of an id that nobody defined.
        ("03 04 00 02", BadGob::NotStruct),
        ("03 ff80 00", BadGob::NotStruct),
        // Type 6, type i64::MIN, one type twice, one type as two kinds, as no kind, as an eighth kind.
        ("05 0b 03 01 00 00", BadGob::ReservedType(6)),
        ("09 f8 ffffffffffffffff", BadGob::UnknownType(i64::MIN)),
        ("05 7f 03 00 00 09", BadGob::Trailing),
        ("04 7f 03 00 00 02 7f 00", BadGob::ReservedType(64)),
        ("06 7f 01 00 01 00 00", BadGob::OddDefinition(64)),
        ("02 7f 00", BadGob::OddDefinition(64)),
        ("04 7f 08 00 00", BadGob::OddDefinition(64)),
        ("05 7f 03 03 00 00", BadGob::OddDefinition(64)),
        // A struct without fields, and a value that has one: the first, and one of many billions.
        ("04 7f 03 00 00 05 ff80 01 02 00", BadGob::NoSuchField),
        ("04 7f 03 00 00 0c ff80 f8 ffffffffffffffff 00", BadGob::NoSuchField),
        ("04 7f 03 00 00 0d ff80 f8 ffffffffffffffff 01 00", BadGob::NoSuchField),
    ] {
        assert_eq!(decode_request(&bytes(stream)), Err(error), "{stream}");
    }
    // As many fields as a number can say, and bytes for some of them.
    let fields = [bytes("5c 7f 03 02 f8 ffffffffffffffff"), vec![0; 80]].concat();
    assert_eq!(decode_request(&fields), Err(BadGob::TooManyTypes));
    let many = (0..=64_i64).flat_map(|number| {
        let id = [0xfe_u8, 0x01, u8::try_from(number * 2 + 1).unwrap()];
        [&[6], id.as_slice(), &[3, 0, 0]].concat()
    });
    assert_eq!(decode_request(&many.collect::<Vec<_>>()), Err(BadGob::TooManyTypes));
}

fn requests() -> impl Strategy<Value = Request> {
    let words = (any::<i32>(), "\\PC{0,20}", "\\PC{0,200}", ".{0,3}", "\\PC{0,20}");
    (words, prop::collection::vec(any::<u8>(), 0..400)).prop_map(
        |((req_identifier, token, send_id, operation_id, msg_incr), data)| Request {
            req_identifier,
            token,
            send_id,
            operation_id,
            msg_incr,
            data,
        },
    )
}

fn shapes() -> impl Strategy<Value = Shape> {
    prop_oneof![prop::sample::select(Shape::SKIPPED.to_vec()), any::<i64>().prop_map(Shape::Int)]
}

proptest! {
    #[test]
    fn requests_round_trip(request in requests()) {
        prop_assert_eq!(decode_request(&encode_request(&request)).unwrap(), request);
    }

    #[test]
    fn whatever_a_sender_calls_and_adds(
        request in requests(),
        id in 64..i64::from(i32::MAX),
        name in ".{0,20}",
        order in Just([0_usize, 1, 2, 3, 4, 5]).prop_shuffle(),
        added in prop::collection::vec((0..6_usize, shapes()), 0..8),
    ) {
        let plain = Foreign::of(&request);
        let fields = order.iter().map(|place| plain.fields[*place].clone()).collect();
        let mut sender = Foreign { id, name, fields };
        for (number, (place, shape)) in added.into_iter().enumerate() {
            sender.add(place, &format!("Unknown{number}"), shape);
        }
        prop_assert_eq!(decode_request(&sender.encode()).unwrap(), request);
    }

    #[test]
    fn what_is_cut_is_an_error(request in requests(), at in any::<prop::sample::Index>()) {
        let whole = encode_request(&request);
        prop_assert!(decode_request(&whole[..at.index(whole.len())]).is_err());
    }

    #[test]
    fn any_bytes_are_read_without_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        at in any::<prop::sample::Index>(),
    ) {
        let _ = decode_request(&bytes);
        let _ = decode_response(&bytes);
        // Behind a sound beginning they get further.
        let whole = encode_request(&recorded());
        let _ = decode_request(&[&whole[..at.index(whole.len())], bytes.as_slice()].concat());
    }
}
