//! The WebSocket protocol: handshakes, text frames, binary frames with and without gzip, the protobuf messages in them;
//! and what a client of ours reads. Envelopes are JSON here; those in gob are a target of their own.
//!
//! Input: a byte for the part, then what that part takes.

use std::io::{Read as _, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use prost::Message as _;
use ringback_dialects::openim::socket::OpenImSocket;
use ringback_dialects::openim::socket::envelope::{Codec, Request, Response};
use ringback_dialects::openim::wire;
use ringback_dialects::{app_client, client};
use ringback_model::command::{Command, Outcome};
use ringback_model::dialect::{Correlation, Frame, Incoming, Socket as _, TurnAway};
use ringback_model::failure::{Failure, Fault, Refusal, RefusalCode};
use ringback_model::ids::UserId;
use ringback_model::limits;
use ringback_model::presence::UserPresence;
use ringback_model::user::Platform;
use serde_json::Value;

use crate::input::{Input, pairs};
use crate::render;
use crate::seeds::{self, Seeds};
use crate::world::{actor, message};

const GZIP: Codec = Codec::JSON.packed();

/// The parts of the target; the first byte of an input chooses.
const PARTS: [fn(Input<'_>); 9] = [
    |input| handshake(input, false),
    |input| handshake(input, true),
    |input| frame(Codec::JSON, &Frame::Text(input.text())),
    |input| binary(Codec::JSON, input.rest()),
    |input| binary(GZIP, input.rest()),
    |input| binary(GZIP, &gzip(input.rest())),
    enveloped,
    messages,
    heard,
];

/// Runs the target.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let part = input.choose(&PARTS);
    part(input);
}

/// The query and the headers of a handshake; with `packed`, the query's one parameter that holds all others.
fn handshake(mut input: Input<'_>, packed: bool) {
    let headers = pairs(&input.line());
    let query = if packed {
        vec![("v".to_owned(), URL_SAFE_NO_PAD.encode(input.rest()))]
    } else {
        pairs(&input.line())
    };
    if let Some(Frame::Text(text)) = OpenImSocket.welcome(&query) {
        assert_eq!(coded(text.as_bytes()), 0, "welcome: {text}");
    }
    match OpenImSocket.hello(&query, &headers) {
        Ok(hello) => {
            assert!(hello.platform.is_known() && !hello.operation_id.is_empty());
            assert!(!hello.token.reveal().is_empty());
            assert_eq!(Codec::of(hello.wire).wire(), hello.wire);
        }
        Err(refusal) => {
            assert_eq!(refusal.code, RefusalCode::BadHandshake);
            let told = match OpenImSocket.turn_away(&query, &refusal) {
                TurnAway::Frame(Frame::Text(text)) => text.into_bytes(),
                TurnAway::Frame(Frame::Binary(bytes)) => bytes,
                TurnAway::Reply(reply) => reply.body,
            };
            assert_ne!(coded(&told), 0, "a refusal has a code");
        }
    }
}

/// The code of a handshake's result.
fn coded(text: &[u8]) -> i64 {
    let told: Value = serde_json::from_slice(text).expect("the result is JSON");
    assert!(told["errMsg"].is_string() && told["errDlt"].is_string());
    told["errCode"].as_i64().expect("the result has a code")
}

pub(crate) fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(plain).and_then(|()| packer.finish()).expect("memory takes everything")
}

/// A binary frame: as an envelope, then as what it asks for.
pub(crate) fn binary(codec: Codec, bytes: &[u8]) {
    let read = codec.decode_request(bytes);
    if codec.gzip && inflates_beyond(bytes, limits::FRAME_BYTES) {
        assert!(read.is_err(), "a bomb is refused");
    }
    if let Ok(request) = &read {
        assert!(request.data.len() <= limits::FRAME_BYTES, "nothing grows beyond its bound");
        // Written by us it may be longer than it came: what a client leaves out, we write.
        if (Codec { gzip: false, ..codec }).encode_request(request).len() <= limits::FRAME_BYTES {
            let again = codec.decode_request(&codec.encode_request(request)).expect("ours can be read");
            assert_eq!(again, *request);
        }
    }
    if let Ok(response) = codec.decode_response(bytes) {
        let again = codec.decode_response(&codec.encode_response(&response)).expect("ours can be read");
        assert_eq!(again, response);
    }
    frame(codec, &Frame::Binary(bytes.to_vec()));
}

/// Whether a gzip member holds more than so many bytes; counted without keeping them.
fn inflates_beyond(bytes: &[u8], most: usize) -> bool {
    let mut decoder = GzDecoder::new(bytes);
    let mut buffer = [0; 4096];
    let mut held = 0;
    while held <= most {
        match decoder.read(&mut buffer) {
            Ok(0) | Err(_) => return false,
            Ok(read) => held += read,
        }
    }
    true
}

/// A request around these bytes, so that they are looked at as what it asks for.
fn enveloped(mut input: Input<'_>) {
    let numbers = [1001, 1002, 1003, 1004, 1005, 1006, 1007, 2003, 2004, 2005, 0];
    let request = Request {
        req_identifier: *input.choose(&numbers),
        send_id: "alice".to_owned(),
        operation_id: input.line(),
        msg_incr: input.line(),
        token: String::new(),
        data: input.rest().to_vec(),
    };
    binary(Codec::JSON, &Codec::JSON.encode_request(&request));
}

/// What a frame means, for an ordinary user and for an administrator.
fn frame(codec: Codec, frame: &Frame) {
    for admin in [false, true] {
        match OpenImSocket.read(codec.wire(), &actor(admin), frame) {
            Incoming::Request(to, command) => {
                answered(codec, &to);
                understood(*command, admin);
            }
            Incoming::Malformed(to, _) | Incoming::Background(to, _) | Incoming::Bye(to, _) => {
                answered(codec, &to);
            }
            Incoming::Follow(to, change) => {
                assert!(change.add.len().max(change.remove.len()) <= limits::LIST_ITEMS);
                followed(codec, &to, &change.add);
            }
            Incoming::Reply(Frame::Text(text)) => {
                let pong: Value = serde_json::from_str(&text).expect("a pong is JSON");
                assert_eq!(pong["type"], "pong");
            }
            Incoming::Reply(Frame::Binary(_)) => panic!("pongs are text"),
            Incoming::Close(why) => assert!(!why.is_empty(), "the log is told why"),
            Incoming::Ignore => {}
        }
    }
}

/// The answer to a subscription names everybody who was asked about.
fn followed(codec: Codec, to: &Correlation, users: &[UserId]) {
    let presence = |user: &UserId| UserPresence { user: user.clone(), platforms: vec![Platform::WEB] };
    let presences: Vec<UserPresence> = users.iter().map(presence).collect();
    let Frame::Binary(bytes) = OpenImSocket.presences(codec.wire(), Some(to), &presences) else {
        panic!("answers are binary")
    };
    let answer = codec.decode_response(&bytes).expect("an answer");
    assert_eq!(answer.msg_incr, to.key);
    let tips = wire::SubUserOnlineStatusTips::decode(answer.data.as_slice()).expect("its data");
    assert!(tips.subscribers.iter().map(|one| one.user_id.as_str()).eq(users.iter().map(UserId::as_str)));
}

fn understood(command: Command, admin: bool) {
    match command {
        Command::Send(draft) => {
            assert!(!draft.system || admin, "only administrators speak for the system");
            // Which message it is depends on the caller in nothing else.
            if admin {
                render::check(&message(*draft));
            }
        }
        Command::PullRanges { ranges, .. } => assert!(ranges.len() <= limits::LIST_ITEMS),
        Command::PullSeqs { lists, .. } => assert!(lists.len() <= limits::LIST_ITEMS),
        _ => {}
    }
}

/// Every answer finds its question, and says no where it is no.
fn answered(codec: Codec, to: &Correlation) {
    assert!(!to.operation_id.is_empty(), "every call has an id");
    let no = Failure::Refused(Refusal::new(RefusalCode::BadArgument, "no"));
    let broken = Failure::Fault(Fault::new("words that nobody outside may read"));
    for result in [Ok(Outcome::Done), Err(no), Err(broken)] {
        let Frame::Binary(bytes) = OpenImSocket.answer(codec.wire(), to, &result) else {
            panic!("answers are binary");
        };
        let response = codec.decode_response(&bytes).expect("clients can read it");
        assert_eq!((response.req_identifier, &response.msg_incr), (to.request, &to.key));
        assert_eq!(response.err_code == 0, result.is_ok());
        assert!(!response.err_msg.contains("nobody outside") && !response.err_dlt.contains("nobody outside"));
    }
}

/// Each protobuf message by itself: what was read is written, and read again.
fn messages(mut input: Input<'_>) {
    fn round<M: prost::Message + Default + PartialEq + std::fmt::Debug>(bytes: &[u8]) {
        if let Ok(message) = M::decode(bytes) {
            let again = M::decode(message.encode_to_vec().as_slice()).expect("ours can be read");
            assert!(again == message, "{message:?} became {again:?}");
        }
    }
    let kinds: [fn(&[u8]); 12] = [
        round::<wire::MsgData>,
        round::<wire::OfflinePushInfo>,
        round::<wire::GetMaxSeqReq>,
        round::<wire::PullMessageBySeqsReq>,
        round::<wire::PullMessageBySeqsResp>,
        round::<wire::GetSeqMessageReq>,
        round::<wire::SendMsgResp>,
        round::<wire::GetConversationsHasReadAndMaxSeqReq>,
        round::<wire::GetConversationsHasReadAndMaxSeqResp>,
        round::<wire::GetLastMessageReq>,
        round::<wire::GetLastMessageResp>,
        round::<wire::PushMessages>,
    ];
    let kind = input.choose(&kinds);
    kind(input.rest());
}

/// What clients of ours read: frames, and bodies of both REST interfaces.
fn heard(mut input: Input<'_>) {
    let number = *input.choose(&[1003, 2001, 2002, 1001]);
    let plain = input.byte() & 1 == 0;
    let bytes = input.rest();
    if plain {
        drop(client::hear(&Frame::Text(String::from_utf8_lossy(bytes).into_owned()), Codec::JSON));
        drop(client::hear(&Frame::Binary(bytes.to_vec()), Codec::JSON));
        for data in [client::data_of(bytes), app_client::data_of(bytes)] {
            assert!(data.is_err() || serde_json::from_slice::<Value>(bytes).is_ok(), "data comes from JSON");
        }
        for token in [client::token_of(bytes), app_client::token_of(bytes), client::group_of(bytes)] {
            assert!(token.is_err() || serde_json::from_slice::<Value>(bytes).is_ok(), "texts come from JSON");
        }
        return;
    }
    let response = Response { req_identifier: number, data: bytes.to_vec(), ..Response::default() };
    drop(client::hear(&Frame::Binary(Codec::JSON.encode_response(&response)), Codec::JSON));
}

/// Inputs to begin with.
#[must_use]
pub fn seeds() -> Seeds {
    let query =
        "sendID=alice&token=t&platformID=5&operationID=op&isBackground=false&isMsgResp=true&sdkType=js";
    let packed = r#"{"token":"t","userID":"alice","platformID":1,"operationID":"o","compression":"gzip","sdkType":"js","sendResponse":true,"background":true}"#;
    let data = sample_message();
    let send = Request::new(1003, "alice", "op", "1", &data);
    let newest = Request::new(1001, "alice", "op", "2", &wire::GetMaxSeqReq { user_id: "alice".to_owned() });
    let push = wire::PushMessages {
        msgs: [(
            "si_alice_bob".to_owned(),
            wire::PullMsgs { msgs: vec![data.clone()], ..Default::default() },
        )]
        .into(),
        ..Default::default()
    };
    let plain = Codec::JSON.encode_request(&send);
    let mut seeds = Seeds::new();
    let mut add = |name: &str, head: &[u8], rest: &[u8]| seeds.push((name.to_owned(), [head, rest].concat()));
    add("handshake", &[0], format!("compression=gzip\n{query}").as_bytes());
    add("packed handshake", &[1], format!("\n{packed}").as_bytes());
    add("ping", &[2], br#"{"type":"ping","body":{"t":1}}"#);
    add("pong", &[2], br#"{"type":"pong"}"#);
    add("send", &[3], &plain);
    add("newest", &[3], &Codec::JSON.encode_request(&newest));
    add("gzip", &[4], &gzip(&plain));
    add("bomb", &[4], &gzip(&vec![b' '; 1024 * 1024]));
    add("to be packed", &[5], &plain);
    for number in 0..11 {
        add(
            &format!("enveloped {number}"),
            &[6, number],
            &[b"op\nkey\n".as_slice(), &data.encode_to_vec()].concat(),
        );
    }
    for kind in 0..12 {
        add(&format!("message {kind}"), &[7, kind], &data.encode_to_vec());
    }
    add("pushed", &[7, 11], &push.encode_to_vec());
    add("push", &[8, 1, 1], &push.encode_to_vec());
    add("heard", &[8, 0, 0], br#"{"errCode":0,"errMsg":"","errDlt":"","data":{"token":"t","groupID":"1"}}"#);
    for (name, file) in seeds::files("content", ".json") {
        let message = wire::MsgData { content: file, ..data.clone() };
        add(&name, &[6, 2], &[b"op\nkey\n".as_slice(), &message.encode_to_vec()].concat());
    }
    seeds
}

pub(crate) fn sample_message() -> wire::MsgData {
    wire::MsgData {
        send_id: "alice".to_owned(),
        recv_id: "bob".to_owned(),
        client_msg_id: "c1".to_owned(),
        sender_platform_id: 5,
        session_type: wire::session::SINGLE,
        msg_from: wire::FROM_USER,
        content_type: 101,
        content: br#"{"content":"hello"}"#.to_vec(),
        create_time: 1_785_542_400_123,
        status: wire::STATUS_SENDING,
        options: [("history".to_owned(), true)].into(),
        ..Default::default()
    }
}
