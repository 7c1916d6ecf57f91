use std::collections::BTreeMap;

use proptest::prelude::*;
use prost::Message as _;

use super::*;

const ALL: [Codec; 4] = [Codec::JSON, Codec::JSON.packed(), Codec::GOB, Codec::GOB.packed()];

/// A response as a client hears it, in whatever codec it comes.
fn heard(id: i32, code: i32, data: Vec<u8>) -> Heard {
    let response = Response {
        req_identifier: id,
        msg_incr: "k".to_owned(),
        err_code: code,
        err_msg: "no".to_owned(),
        data,
        ..Default::default()
    };
    let [first, others @ ..] =
        ALL.map(|codec| hear(&Frame::Binary(codec.encode_response(&response)), codec).unwrap());
    assert!(others.iter().all(|other| *other == first), "{first:?}, {others:?}");
    first
}

#[test]
fn a_sent_text_is_what_the_server_reads() {
    let message = Text {
        from: "alice",
        nickname: "Alice",
        to: Addressee::Group("77"),
        text: "say \"hi\"",
        client_id: "c1",
        created_at_ms: 5,
        platform: Platform::WEB,
    };
    for codec in ALL {
        let Frame::Binary(bytes) = send_frame(&message, "op", "k", codec) else { panic!("binary expected") };
        let request = codec.decode_request(&bytes).unwrap();
        let read = wire::MsgData::decode(request.data.as_slice()).unwrap();
        assert_eq!((request.send_id.as_str(), request.msg_incr.as_str()), ("alice", "k"));
        assert_eq!((read.group_id.as_str(), read.recv_id.as_str(), read.session_type), ("77", "", 3));
        assert_eq!(text_in(&read.content), "say \"hi\"");
    }
}

#[test]
fn answers_and_pushes_are_read() {
    let changed = wire::MsgData { content: br#"{"content":"new"}"#.to_vec(), ..Default::default() };
    let answer = wire::SendMsgResp {
        server_msg_id: "s".to_owned(),
        client_msg_id: "c".to_owned(),
        send_time: 1,
        modify: Some(Box::new(changed)),
    };
    let taken =
        Taken { server_id: "s".to_owned(), client_id: "c".to_owned(), changed_text: Some("new".to_owned()) };
    let answered = heard(1003, 0, answer.encode_to_vec());
    assert_eq!(answered, Heard::Answer { key: "k".to_owned(), result: Ok(taken) });

    let no = ClientError::Refused { code: 5001, text: "no".to_owned() };
    let answered = heard(1003, 5001, Vec::new());
    assert_eq!(answered, Heard::Answer { key: "k".to_owned(), result: Err(no) });

    let message =
        wire::MsgData { send_id: "alice".to_owned(), seq: 4, content: b"?".to_vec(), ..Default::default() };
    let pulled = wire::PullMsgs { msgs: vec![message], ..Default::default() };
    let push =
        wire::PushMessages { msgs: BTreeMap::from([("si_a_b".to_owned(), pulled)]), ..Default::default() };
    let Heard::Push(messages) = heard(2001, 0, push.encode_to_vec()) else { panic!("push expected") };
    assert_eq!((messages[0].from.as_str(), messages[0].seq, messages[0].text.as_str()), ("alice", 4, "?"));
    assert_eq!(heard(2002, 0, Vec::new()), Heard::Kicked);
}

#[test]
fn handshakes_end_well_or_with_a_reason() {
    let text = |text: &str| hear(&Frame::Text(text.to_owned()), Codec::GOB);
    assert_eq!(text(r#"{"errCode":0,"errMsg":"","errDlt":""}"#), Ok(Heard::Welcome));
    assert_eq!(text(r#"{"type":"pong","body":null}"#), Ok(Heard::Other));
    let refused = ClientError::Refused { code: 1506, text: "kicked (elsewhere)".to_owned() };
    assert_eq!(text(r#"{"errCode":1506,"errMsg":"kicked","errDlt":"elsewhere"}"#), Err(refused));
}

#[test]
fn answers_of_calls_are_read() {
    let body = br#"{"errCode":0,"errMsg":"","errDlt":"","data":{"token":"t","expireTimeSeconds":1}}"#;
    assert_eq!(token_of(body).unwrap(), "t");
    assert_eq!(data_of(br#"{"errCode":0,"errMsg":""}"#).unwrap(), Value::Null);
    assert!(matches!(
        data_of(br#"{"errCode":1002,"errMsg":"x"}"#),
        Err(ClientError::Refused { code: 1002, .. })
    ));
    assert!(matches!(data_of(b"<html>"), Err(ClientError::NotUnderstood(_))));
    assert!(matches!(token_of(br#"{"errCode":0}"#), Err(ClientError::NotUnderstood(_))));
}

#[test]
fn addresses_are_escaped_and_calls_keep_their_secrets() {
    for (codec, last) in [
        (Codec::JSON, "&sdkType=js"),
        (Codec::JSON.packed(), "&sdkType=js&compression=gzip"),
        (Codec::GOB, ""),
        (Codec::GOB.packed(), "&compression=gzip"),
    ] {
        let all =
            "sendID=a%26b&token=t%2E%2D%5F&platformID=2&operationID=op%201&isBackground=false&isMsgResp=true";
        let url = connect_url("ws://h/", "a&b", "t.-_", Platform(2), "op 1", codec);
        assert_eq!(url, format!("ws://h/?{all}{last}"));
    }
    assert!(!format!("{:?}", admin_token("deep", "imAdmin", "op")).contains("deep"));
}

#[test]
fn the_rules_are_what_the_server_reads() {
    let (key, text) = message_rules("http://127.0.0.1:1/x");
    let dialects = crate::all(&ringback_model::app::App::default());
    let file = dialects.rule_format(key).unwrap().parse(&text, 0, &|_| None, &[]);
    assert!(!file.is_broken(), "{:?}", file.notes);
    assert_eq!(file.rules.iter().filter(|rule| rule.enabled).count(), 5);
}

proptest! {
    #[test]
    fn any_frame_is_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), text in ".{0,40}") {
        for codec in ALL {
            let _ = hear(&Frame::Binary(bytes.clone()), codec);
        }
        let _ = hear(&Frame::Text(text), Codec::JSON);
        let _ = data_of(&bytes);
    }
}
