use std::sync::Arc;

use ringback_model::conversation::{ConversationId, Target};
use ringback_model::failure::{CallbackRefusal, Refusal, RefusalCode};
use ringback_model::ids::{GroupId, MessageId, UserId};
use ringback_model::limits;
use ringback_model::message::Message;
use ringback_model::sample;
use ringback_model::time::UnixMs;
use ringback_model::user::Platform;

use super::*;
use crate::openim::socket::OpenImSocket;
use crate::openim::socket::envelope::Codec;
use crate::openim::wire::{
    GetConversationsHasReadAndMaxSeqResp, GetSeqMessageResp, PullMessageBySeqsResp, PushMessages,
};
use ringback_model::dialect::{Frame, Socket};

fn user(text: &str) -> UserId {
    UserId::parse(text).unwrap()
}

fn message(target: Target, seq: u64) -> Message {
    let hi = content::content(101, r#"{"content":"hi"}"#.into());
    Message {
        id: MessageId(7),
        client_id: "c1".into(),
        seq,
        created_at: UnixMs(4),
        ..sample::message(user("u2"), target, hi, UnixMs(5))
    }
}

fn to(request: i32) -> Correlation {
    Correlation { request, key: "k1".into(), operation_id: Arc::from("op1") }
}

/// The answer as a client reads it from the socket, in every codec.
fn told(request: i32, result: &Result<Outcome, Failure>) -> Response {
    let read = |codec: Codec| match OpenImSocket.answer(codec.wire(), &to(request), result) {
        Frame::Binary(bytes) => codec.decode_response(&bytes).unwrap(),
        Frame::Text(text) => panic!("a text frame would end a client's session: {text}"),
    };
    let response = read(Codec::JSON);
    assert_eq!(read(Codec::JSON.packed()), response);
    let short = Response { err_dlt: String::new(), ..response.clone() };
    assert_eq!([read(Codec::GOB), read(Codec::GOB.packed())], [short.clone(), short]);
    let echo = (response.req_identifier, response.msg_incr.as_str(), response.operation_id.as_str());
    assert_eq!(echo, (request, "k1", "op1"));
    response
}

fn state(peer: &str, max_seq: u64) -> ConversationState {
    ConversationState {
        conversation: ConversationId::single(&user("u1"), &user(peer)),
        max_seq,
        read_seq: max_seq / 2,
        min_seq: 1,
        newest_at: UnixMs(if max_seq > 0 { 99 } else { 0 }),
        ended: false,
    }
}

fn seen(seq: u64) -> Seen {
    let message = Arc::new(message(Target::User(user("u1")), seq));
    Seen { message, fate: None, hidden: false, read: false }
}

#[test]
fn newest_and_read_seqs() {
    let states = vec![(None, state("u2", 4)), (Some("asked".to_owned()), state("u3", 0))];
    let chat = ConversationId::single(&user("u1"), &user("u2"));
    let seqs = vec![(chat.clone(), 4), (chat.aside(), 2)];
    let newest: GetMaxSeqResp = told(1001, &Ok(Outcome::Seqs(seqs))).message().unwrap();
    assert_eq!(newest.max_seqs, [("n_u1_u2".to_owned(), 2), ("si_u1_u2".to_owned(), 4)].into());
    let outcome = Outcome::OfChat(ChatOutcome::ReadSeqs { states, pinned: vec![chat] });
    let read: GetConversationsHasReadAndMaxSeqResp = told(1006, &Ok(outcome)).message().unwrap();
    assert_eq!(read.pinned_conversation_ids, ["si_u1_u2"]);
    assert_eq!(read.seqs["si_u1_u2"], Seqs { max_seq: 4, has_read_seq: 2, max_seq_time: 99 });
    assert_eq!(read.seqs["asked"], Seqs::default(), "conversations without messages are there too");
}

#[test]
fn every_pulled_conversation_appears() {
    let pulled = |name: &str, messages, gaps| Pulled {
        conversation: name.to_owned(),
        messages,
        gaps,
        is_end: false,
        end_seq: 0,
    };
    let outcome = Outcome::Pulled(vec![
        pulled("si_u1_u2", vec![seen(3)], vec![2]),
        pulled("si_unknown", vec![], vec![]),
        pulled("n_u1_u2", vec![], vec![]),
    ]);
    let answer: GetSeqMessageResp = told(1005, &Ok(outcome.clone())).message().unwrap();
    assert_eq!(answer.msgs.keys().collect::<Vec<_>>(), ["si_u1_u2", "si_unknown"]);
    assert_eq!(answer.notification_msgs.keys().collect::<Vec<_>>(), ["n_u1_u2"]);
    let [gap, shown] = answer.msgs["si_u1_u2"].msgs.as_slice() else { panic!("a gap and a message") };
    assert_eq!((gap.seq, gap.status), (2, 4));
    assert_eq!(
        (shown.seq, shown.status, shown.server_msg_id.as_str()),
        (3, 2, MessageId(7).to_hex().as_str())
    );
    let same: PullMessageBySeqsResp = told(1002, &Ok(outcome.clone())).message().unwrap();
    assert_eq!(same, answer);
    let found = Outcome::OfChat(ChatOutcome::LastMessages(vec![("si_u1_u2".to_owned(), seen(3))]));
    let last: GetLastMessageResp = told(1007, &Ok(found)).message().unwrap();
    assert_eq!(last.msgs["si_u1_u2"].seq, 3);
}

#[test]
fn a_conversation_that_was_asked_for_twice_is_answered_once() {
    let pulled = |seqs: &[u64], is_end| Pulled {
        conversation: "si_u1_u2".to_owned(),
        messages: seqs.iter().map(|seq| seen(*seq)).collect(),
        gaps: Vec::new(),
        is_end,
        end_seq: 0,
    };
    let outcome =
        Outcome::Pulled(vec![pulled(&[5, 6], false), pulled(&[1, 2], true), pulled(&[2, 5], false)]);
    let answer: PullMessageBySeqsResp = told(1002, &Ok(outcome)).message().unwrap();
    let msgs = &answer.msgs["si_u1_u2"];
    assert_eq!(msgs.msgs.iter().map(|message| message.seq).collect::<Vec<_>>(), [1, 2, 5, 6]);
    assert!(msgs.is_end);
}

#[test]
fn a_send_is_answered_with_its_ids() {
    let sent = |before| Sent { message: Arc::new(message(Target::User(user("u1")), 3)), before };
    let answer: SendMsgResp = told(1003, &Ok(Outcome::Sent(sent(None)))).message().unwrap();
    let expected = SendMsgResp {
        server_msg_id: MessageId(7).to_hex(),
        client_msg_id: "c1".into(),
        send_time: 5,
        modify: None,
    };
    assert_eq!(answer, expected);
    let before = Box::new(message(Target::User(user("u1")), 0));
    let answer: SendMsgResp = told(1003, &Ok(Outcome::Sent(sent(Some(before))))).message().unwrap();
    assert_eq!(answer.modify.unwrap().content, br#"{"content":"hi"}"#, "the whole message as it is now");
}

#[test]
fn failures_carry_code_and_words() {
    let said = |text: &str| CallbackRefusal {
        code: Some(5001),
        text: text.into(),
        detail: "rule 17".into(),
        show: true,
    };
    for (failure, code, text) in [
        (Refusal::new(RefusalCode::ByCallback(said("blocked word")), "").into(), 5001, "blocked word"),
        (
            Refusal::new(RefusalCode::BadArgument, "recvID is empty").into(),
            1001,
            "ArgsError: recvID is empty",
        ),
        (Refusal::new(RefusalCode::BlockedByPeer, "").into(), 1302, "BlockedByPeer"),
        (
            Fault::new("disk at /data broke").into(),
            500,
            "ServerInternalError: the server could not do this; its log says why",
        ),
    ] {
        let answer = told(1003, &Err(failure));
        assert_eq!((answer.err_code, answer.err_msg.as_str(), answer.data.len()), (code, text, 0));
    }
    let answer = told(1003, &Err(Refusal::new(RefusalCode::ByCallback(said("no")), "").into()));
    assert_eq!(answer.err_dlt, "rule 17");
    assert_eq!(
        told(1001, &Ok(Outcome::Time(UnixMs(1)))).err_code,
        500,
        "an answer of another kind is our fault"
    );
}

fn pushed(message: Message) -> PushMessages {
    let push = Push { message: Arc::new(message), operation_id: Arc::from("op9") };
    let Frame::Binary(bytes) = OpenImSocket.push(Codec::JSON.wire(), &push) else {
        panic!("pushes are binary")
    };
    let response = Codec::JSON.decode_response(&bytes).unwrap();
    assert_eq!(
        (response.req_identifier, response.operation_id.as_str(), response.msg_incr.as_str()),
        (2001, "op9", "")
    );
    response.message().unwrap()
}

#[test]
fn pushes_stand_under_the_clients_names() {
    for (target, key) in [
        (Target::User(user("u1")), "si_u1_u2"),
        (Target::Group(GroupId::parse("77").unwrap()), "sg_77"),
        (Target::Notice(user("u1")), "sn_u1_u2"),
    ] {
        let push = pushed(message(target, 3));
        assert_eq!(push.msgs.keys().collect::<Vec<_>>(), [key]);
        assert_eq!((push.msgs[key].msgs[0].status, push.msgs[key].msgs[0].seq), (2, 3));
        assert!(push.notification_msgs.is_empty());
    }
}

#[test]
fn what_is_told_beside_a_chat_has_its_own_stream() {
    for (target, key) in
        [(Target::User(user("u1")), "n_u1_u2"), (Target::Group(GroupId::parse("77").unwrap()), "n_77")]
    {
        let mut aside = message(target, 3);
        aside.handling.aside = true;
        let push = pushed(aside);
        assert_eq!((push.msgs.len(), push.notification_msgs.contains_key(key)), (0, true));
    }
}

#[test]
fn only_sending_becomes_sent() {
    for (status, shown) in [(0, 0), (1, 2), (2, 2), (4, 4)] {
        let push = pushed(Message { status, ..message(Target::User(user("u1")), 3) });
        assert_eq!(push.msgs["si_u1_u2"].msgs[0].status, shown);
    }
}

#[test]
fn kicks_exactly() {
    let text = r#"{"reqIdentifier":2002,"msgIncr":"","operationID":"","errCode":0,"errMsg":"","data":null}"#;
    assert_eq!(OpenImSocket.kicked(Codec::JSON.wire()), Frame::Binary(text.into()));
    assert!(
        matches!(OpenImSocket.kicked(Codec::JSON.packed().wire()), Frame::Binary(bytes) if bytes.starts_with(&[0x1f, 0x8b]))
    );
}

#[test]
fn online_states_name_everybody_also_those_who_are_offline() {
    let presence = |name: &str, platforms: &[i32]| UserPresence {
        user: user(name),
        platforms: platforms.iter().map(|platform| Platform(*platform)).collect(),
    };
    let both = [presence("u1", &[1, 5]), presence("U2", &[])];
    let shown = |to: Option<&Correlation>| {
        let Frame::Binary(bytes) = OpenImSocket.presences(Codec::JSON.wire(), to, &both) else {
            panic!("not binary")
        };
        Codec::JSON.decode_response(&bytes).unwrap()
    };
    let to = Correlation { request: 2005, key: "k1".to_owned(), operation_id: Arc::from("op1") };
    let (answer, push) = (shown(Some(&to)), shown(None));
    assert_eq!((answer.req_identifier, answer.msg_incr.as_str(), answer.err_code), (2005, "k1", 0));
    assert_eq!((push.req_identifier, push.msg_incr.as_str()), (2005, ""));
    // Field 1 of the list twice; in the first, the name and the packed numbers, in the second the name alone.
    assert_eq!(answer.data, b"\x0a\x08\x0a\x02u1\x12\x02\x01\x05\x0a\x04\x0a\x02U2");
    assert_eq!(push.data, answer.data);
}

#[test]
fn an_answer_about_nothing_is_not_empty() {
    let empty = [
        (1001, Outcome::Seqs(Vec::new())),
        (1002, Outcome::Pulled(Vec::new())),
        (1005, Outcome::Pulled(Vec::new())),
        (1006, Outcome::OfChat(ChatOutcome::ReadSeqs { states: Vec::new(), pinned: Vec::new() })),
        (1007, Outcome::OfChat(ChatOutcome::LastMessages(Vec::new()))),
    ];
    for (request, outcome) in empty {
        let data = told(request, &Ok(outcome)).data;
        assert!(!data.is_empty(), "{request}");
        let groups = PushMessages::decode(data.as_slice()).unwrap();
        assert_eq!(groups, PushMessages::default(), "{request}: a field that nobody knows");
    }
    assert!(told(1003, &Ok(Outcome::Done)).data.is_empty());
}

/// Bytes of a push as a Go client reads it, without compression.
fn frame_bytes(message: Message) -> usize {
    let push = Push { message: Arc::new(message), operation_id: Arc::from("o".repeat(128)) };
    match OpenImSocket.push(Codec::GOB.wire(), &push) {
        Frame::Binary(bytes) => bytes.len(),
        Frame::Text(text) => panic!("{text}"),
    }
}

#[test]
fn no_message_is_larger_than_clients_read() {
    let note = |fill: &str| fill.repeat(limits::NOTE_BYTES / fill.len());
    // A control character takes six bytes where content is written into other content.
    for (form, fill) in
        [(crate::openim::FORM, "\u{1}"), ("foreign", "\u{1}"), ("foreign", "\""), (crate::openim::FORM, "x")]
    {
        let raw = fill.repeat(limits::CONTENT_BYTES);
        let mut of =
            message(Target::Group(GroupId::parse(&"7".repeat(limits::ID_BYTES)).unwrap()), u64::MAX >> 1);
        of.content = ringback_model::message::Content { form: form.to_owned(), raw, ..of.content };
        of.client_id = "c".repeat(limits::CLIENT_MESSAGE_ID_BYTES);
        (of.nickname, of.face_url) = (note("x"), note("x"));
        (of.attached_info, of.ex) = (note("x"), note("x"));
        of.offline_push = Some(ringback_model::message::OfflinePush {
            title: note("x"),
            desc: note("x"),
            ex: note("x"),
            ios_sound: note("x"),
            ios_badge: true,
            signal_info: note("x"),
        });
        of.mentions = vec!["m".repeat(limits::MENTION_BYTES); limits::LIST_ITEMS];
        of.options = (0..limits::MESSAGE_SWITCHES)
            .map(|n| (format!("{n:0width$}", width = limits::SWITCH_BYTES), true))
            .collect();
        let bytes = frame_bytes(of);
        assert!(bytes <= limits::PUSH_FRAME_BYTES, "{bytes} bytes of {form} with {fill:?}");
    }
}

#[test]
fn no_notice_is_larger_than_clients_read() {
    let owner = user("u1");
    let quotes = |count: usize| "\"".repeat(count);
    let mut by = ringback_model::group::GroupPerson::outside(&sample::user(owner.clone()));
    by.ex = quotes(limits::NOTE_BYTES / 2);
    let mut group = sample::group(GroupId::parse("77").unwrap(), owner, UnixMs(5));
    group.notification = quotes(limits::NOTE_BYTES / 2);
    let notice = |each: usize| {
        let member = ringback_model::group::GroupPerson { ex: quotes(each), ..by.clone() };
        let members = vec![member; limits::NOTICE_MEMBERS];
        ringback_model::notice::Notice::Group(Box::new(ringback_model::notice::GroupNotice {
            group: group.clone(),
            by: by.clone(),
            at: UnixMs(5),
            version: ringback_model::version::Version::default(),
            partial: false,
            news: ringback_model::notice::GroupNews::Created { owner: by.clone(), members },
        }))
    };
    let size = |each: usize| {
        let content = notice(each).content();
        let raw = content.raw.len();
        let said = Message { content, ..message(Target::Group(GroupId::parse("77").unwrap()), 1) };
        (raw, frame_bytes(said))
    };
    let mut largest = 0;
    for each in (0..1_000).step_by(50).chain([limits::NOTE_BYTES / 2]) {
        let (raw, frame) = size(each);
        largest = largest.max(raw);
        assert!(frame <= limits::PUSH_FRAME_BYTES, "{frame} bytes of a notice of {raw}");
    }
    assert!(largest > limits::NOTICE_BYTES * 3 / 4, "{largest}: some come near the bound");
}
