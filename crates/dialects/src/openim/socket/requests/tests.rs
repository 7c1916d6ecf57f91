use proptest::prelude::*;
use ringback_model::conversation::{ConversationId, Target};
use ringback_model::failure::RefusalCode;
use ringback_model::ids::UserId;
use ringback_model::time::UnixMs;
use ringback_model::user::Platform;

use super::*;
use crate::openim::wire::{self, ConversationSeqs};

fn actor() -> Actor {
    Actor {
        user: UserId::parse("u1").unwrap(),
        platform: Platform::WEB,
        admin: false,
        token_id: "t".into(),
        expires_at: UnixMs(0),
    }
}

/// Without how much the client can read at once, which depends on its encoding.
fn without_bytes(incoming: &Incoming) -> String {
    let text = format!("{incoming:?}");
    match text.rsplit_once(", bytes: ") {
        Some((before, _)) => before.to_owned(),
        None => text,
    }
}

fn read(id: i32, message: &impl Message) -> Incoming {
    let asked = Request::new(id, "u1", "op1", "k1", message);
    let plain = read_binary(Codec::JSON, &actor(), &Codec::JSON.encode_request(&asked));
    for codec in [Codec::JSON.packed(), Codec::GOB, Codec::GOB.packed()] {
        let same = read_binary(codec, &actor(), &codec.encode_request(&asked));
        assert_eq!(without_bytes(&plain), without_bytes(&same), "{codec:?} makes no other difference");
    }
    plain
}

fn asked(id: i32, message: &impl Message) -> Command {
    match read(id, message) {
        Incoming::Request(to, command) => {
            assert_eq!((to.request, to.key.as_str(), &*to.operation_id), (id, "k1", "op1"));
            *command
        }
        other => panic!("not a request: {other:?}"),
    }
}

fn refused(id: i32, message: &impl Message) -> String {
    match read(id, message) {
        Incoming::Malformed(to, refusal) => {
            assert_eq!((to.request, refusal.code), (id, RefusalCode::BadArgument));
            refusal.detail
        }
        other => panic!("not malformed: {other:?}"),
    }
}

#[test]
fn pings_are_answered_with_their_body() {
    for (ping, pong) in [
        (r#"{"type":"ping"}"#, r#"{"type":"pong","body":null}"#),
        (r#"{"type":"ping","body":null}"#, r#"{"type":"pong","body":null}"#),
        (r#"{"body":"\"op\"","type":"ping"}"#, r#"{"type":"pong","body":"\"op\""}"#),
        (r#"{"type":"ping","body":{"a": 1}}"#, r#"{"type":"pong","body":{"a": 1}}"#),
    ] {
        assert!(matches!(read_text(ping), Incoming::Reply(Frame::Text(text)) if text == pong), "{ping}");
    }
    assert!(matches!(read_text(r#"{"type":"pong"}"#), Incoming::Ignore));
    for wrong in ["", "ping", "{}", r#"{"type":"hello"}"#, r#"{"type":7}"#, "[]"] {
        assert!(matches!(read_text(wrong), Incoming::Close(_)), "{wrong}");
    }
}

#[test]
fn newest_seqs_and_read_seqs() {
    let command = asked(1001, &GetMaxSeqReq { user_id: "u1".into() });
    assert!(matches!(command, Command::NewestSeqs { user } if user.as_str() == "u1"));
    let ask = GetConversationsHasReadAndMaxSeqReq {
        user_id: "u1".into(),
        conversation_ids: vec!["si_u1_u2".into(), "what".into()],
        return_pinned: true,
    };
    let Command::ReadSeqs { conversations, pinned: true, .. } = asked(1006, &ask) else {
        panic!("not read seqs")
    };
    assert_eq!(conversations[0].id.as_ref().map(ToString::to_string).as_deref(), Some("u:u1:u2"));
    assert_eq!((conversations[1].text.as_str(), &conversations[1].id), ("what", &None));
}

#[test]
fn pulls() {
    let ask = PullMessageBySeqsReq {
        user_id: "u1".into(),
        seq_ranges: vec![wire::SeqRange { conversation_id: "sg_77".into(), begin: 0, end: 9, num: -1 }],
        order: 1,
    };
    let Command::PullRanges { ranges, order, .. } = asked(1002, &ask) else { panic!("not ranges") };
    assert_eq!((ranges[0].begin, ranges[0].end, ranges[0].num, order), (0, 9, 0, PullOrder::Descending));
    assert!(matches!(ranges[0].conversation.id, Some(ConversationId::Group(_))));
    let ask = GetSeqMessageReq {
        user_id: "u1".into(),
        conversations: vec![ConversationSeqs { conversation_id: "si_u1_u2".into(), seqs: vec![3, -1] }],
        order: 0,
    };
    let Command::PullSeqs { lists, order, bytes, .. } = asked(1005, &ask) else { panic!("not seqs") };
    assert_eq!(bytes, limits::PULL_BYTES_UNLIMITED, "browsers read answers of any length");
    let request = Request::new(1005, "u1", "op1", "k1", &ask);
    let Incoming::Request(_, of_gob) =
        read_binary(Codec::GOB, &actor(), &Codec::GOB.encode_request(&request))
    else {
        panic!("not a request")
    };
    assert!(matches!(*of_gob, Command::PullSeqs { bytes: limits::PULL_BYTES, .. }), "Go clients do not");
    assert_eq!((lists[0].seqs.as_slice(), order), ([3, 0].as_slice(), PullOrder::Ascending));
    let ask = GetLastMessageReq { user_id: "u1".into(), conversation_ids: vec!["sg_77".into()] };
    let Command::Chat(ChatCommand::LastMessages { conversations, .. }) = asked(1007, &ask) else {
        panic!("not the last")
    };
    assert_eq!(conversations[0].text, "sg_77");
}

#[test]
fn sends() {
    let data = MsgData {
        send_id: "u1".into(),
        group_id: "77".into(),
        session_type: 3,
        msg_from: 200,
        content_type: 101,
        content: br#"{"content":"hi"}"#.to_vec(),
        client_msg_id: "c1".into(),
        ..Default::default()
    };
    let Command::Send(draft) = asked(1003, &data) else { panic!("not a send") };
    assert!(matches!(draft.target, Target::Group(_)));
    assert!(!draft.system, "an ordinary user does not speak for the system");
    assert!(refused(1003, &MsgData { session_type: 9, ..data }).starts_with("sessionType is 9"));
}

#[test]
fn what_is_answered_with_an_error() {
    for (id, detail) in [
        (1001, "userID is empty"),
        (1002, "userID is empty"),
        (1005, "userID is empty"),
        (1006, "userID is empty"),
        (1007, "userID is empty"),
        (1004, "signalling"),
    ] {
        assert!(refused(id, &GetMaxSeqReq::default()).starts_with(detail), "{id}");
    }
    let many = GetLastMessageReq { user_id: "u1".into(), conversation_ids: vec![String::new(); 1001] };
    assert!(refused(1007, &many).contains("more than 1000"));
    let order = PullMessageBySeqsReq { user_id: "u1".into(), order: 7, ..Default::default() };
    assert!(refused(1002, &order).starts_with("order is 7"));
    for id in [1001, 1002, 1003, 1005, 1006, 1007, 2004, 2005] {
        let broken = Request {
            req_identifier: id,
            send_id: "u1".into(),
            data: vec![0x0a, 0xff],
            ..Default::default()
        };
        let frame = Codec::JSON.encode_request(&broken);
        assert!(matches!(read_binary(Codec::JSON, &actor(), &frame), Incoming::Malformed(..)), "{id}");
    }
}

#[test]
fn what_a_client_says_about_its_connection() {
    for is_background in [true, false] {
        let ask = SetAppBackgroundStatusReq { user_id: "whoever".into(), is_background };
        let Incoming::Background(to, said) = read(2004, &ask) else { panic!("not a background state") };
        assert_eq!((to.request, to.key.as_str(), said), (2004, "k1", is_background));
    }
    let ask = SubUserOnlineStatus {
        subscribe_user_id: vec!["u2".into(), "U3".into()],
        unsubscribe_user_id: vec!["u4".into()],
    };
    let Incoming::Follow(to, change) = read(2005, &ask) else { panic!("not a subscription") };
    assert_eq!((to.request, to.key.as_str()), (2005, "k1"));
    let names = |users: &[UserId]| users.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        (names(&change.add), names(&change.remove)),
        (vec!["u2".into(), "U3".into()], vec!["u4".into()])
    );
    let nobody = SubUserOnlineStatus { subscribe_user_id: vec![String::new()], ..ask.clone() };
    assert_eq!(refused(2005, &nobody), "subscribeUserID is empty");
    let many = SubUserOnlineStatus { unsubscribe_user_id: vec!["u".into(); 1001], ..ask };
    assert!(refused(2005, &many).contains("more than 1000"));
}

#[test]
fn who_logs_out_is_not_woken_there_any_more() {
    let asked = Request::new(2003, "u1", "op1", "k1", &GetMaxSeqReq::default());
    for codec in [Codec::JSON, Codec::JSON.packed(), Codec::GOB, Codec::GOB.packed()] {
        let Incoming::Bye(to, command) = read_binary(codec, &actor(), &codec.encode_request(&asked)) else {
            panic!("not a bye");
        };
        assert!(matches!(*command, Command::Device(DeviceCommand::ForgetPushToken)));
        assert_eq!((to.request, to.key.as_str()), (2003, "k1"));
    }
}

#[test]
fn what_ends_the_connection() {
    let close = |request: &Request| {
        let frame = Codec::JSON.encode_request(request);
        assert!(matches!(read_binary(Codec::JSON, &actor(), &frame), Incoming::Close(_)), "{request:?}");
    };
    let whole = Request::new(1001, "u1", "op1", "k1", &GetMaxSeqReq { user_id: "u1".into() });
    close(&Request { req_identifier: 3001, ..whole.clone() });
    close(&Request { req_identifier: 0, ..whole.clone() });
    close(&Request { send_id: "u2".into(), ..whole.clone() });
    close(&Request { send_id: String::new(), ..whole });
    assert!(matches!(read_binary(Codec::JSON, &actor(), b"not json"), Incoming::Close(_)));
    for codec in [Codec::JSON.packed(), Codec::GOB, Codec::GOB.packed()] {
        assert!(matches!(read_binary(codec, &actor(), b"{}"), Incoming::Close(_)), "{codec:?}");
    }
}

#[test]
fn an_operation_id_is_never_empty() {
    let ask = |operation_id: &str, key: &str| {
        correlation(&Request::new(1001, "u1", operation_id, key, &GetMaxSeqReq::default()))
            .operation_id
            .to_string()
    };
    assert_eq!([ask("op", "k"), ask("", "k"), ask("", "")], ["op", "k", "u1-1001"]);
}

proptest! {
    #[test]
    fn any_frame_is_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..120), text in "\\PC{0,60}", id in 999i32..1010) {
        let _ = read_text(&text);
        for codec in [Codec::JSON, Codec::JSON.packed(), Codec::GOB, Codec::GOB.packed()] {
            let _ = read_binary(codec, &actor(), &bytes);
        }
        let asked = Request { req_identifier: id, send_id: "u1".into(), data: bytes, ..Default::default() };
        let _ = read_binary(Codec::JSON, &actor(), &Codec::JSON.encode_request(&asked));
    }
}
