//! Conversations, and messages that were sent: bodies as commands, outcomes as JSON and protobuf.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use prost::Message as _;
use ringback_model::command::{
    ChatCommand, ChatOutcome, Chosen, Command, Listed, Outcome, Overview, Reach, Reading, SendState,
    Unlisting,
};
use ringback_model::conversation::{ConversationId, ConversationState, Target};
use ringback_model::dialect::{Edge, EdgeRequest};
use ringback_model::failure::RefusalCode;
use ringback_model::ids::{GroupId, UserId};
use ringback_model::record::{ConversationSettings, Friend, Seen};
use ringback_model::sample;
use ringback_model::time::UnixMs;
use ringback_model::version::{Delta, Version};
use serde_json::{Value, json};

use super::{NOW, OpenImEdge, admin, body, data, decode, refused, request};
use crate::openapi::exam;
use crate::openim::content::content;
use crate::openim::wire::{ConversationsResp, GetActiveConversationsReq, GetConversationsReq};

/// The routes that there must be.
pub(super) const PROMISED: [&str; 27] = [
    "/msg/revoke_msg",
    "/msg/mark_msgs_as_read",
    "/msg/mark_conversation_as_read",
    "/msg/set_conversation_has_read_seq",
    "/msg/get_conversations_has_read_and_max_seq",
    "/msg/clear_conversation_msg",
    "/msg/user_clear_all_msg",
    "/msg/delete_msgs",
    "/msg/delete_msg_phsical_by_seq",
    "/msg/delete_msg_physical",
    "/msg/search_msg",
    "/msg/check_msg_is_send_success",
    "/msg/send_business_notification",
    "/conversation/get_incremental_conversations",
    "/conversation/get_full_conversation_ids",
    "/conversation/get_owner_conversation",
    "/conversation/get_all_conversations",
    "/conversation/get_conversations",
    "/conversation/get_conversation",
    "/conversation/set_conversations",
    "/conversation/get_sorted_conversation_list",
    "/conversation/get_not_notify_conversation_ids",
    "/conversation/get_pinned_conversation_ids",
    "/conversation/delete_conversations",
    "/conversation/update_conversations_by_user",
    "/jssdk/get_active_conversations",
    "/jssdk/get_conversations",
];

fn user(text: &str) -> UserId {
    UserId::parse(text).unwrap()
}

fn chat() -> ConversationId {
    ConversationId::single(&user("u1"), &user("u2"))
}

fn asked(path: &str, body: &Value) -> ChatCommand {
    match decode(path, body) {
        Ok(Command::Chat(command)) => command,
        other => panic!("{path}: {other:?}"),
    }
}

#[test]
fn what_was_read() {
    let ask = json!({"conversationID": "si_u1_u2", "seqs": [2, 3], "userID": "u1", "hasReadSeq": 4});
    let ChatCommand::MarkRead { conversation, reading: Reading::Messages(seqs), .. } =
        asked("/msg/mark_msgs_as_read", &ask)
    else {
        panic!("not messages")
    };
    assert_eq!((conversation.id, seqs), (Some(chat()), vec![2, 3]));
    let whole = asked("/msg/mark_conversation_as_read", &ask);
    assert!(matches!(whole, ChatCommand::MarkRead { reading: Reading::UpTo(4, seqs), .. } if seqs == [2, 3]));
    let position = asked("/msg/set_conversation_has_read_seq", &ask);
    assert!(matches!(position, ChatCommand::MarkRead { reading: Reading::Position(4), .. }));
    for (path, field, wrong) in [
        ("/msg/mark_msgs_as_read", "seqs", json!([0])),
        ("/msg/mark_msgs_as_read", "seqs", Value::Null),
        ("/msg/mark_conversation_as_read", "hasReadSeq", json!(0)),
        ("/msg/set_conversation_has_read_seq", "hasReadSeq", json!(-1)),
        ("/msg/mark_conversation_as_read", "conversationID", json!("")),
    ] {
        let mut other = ask.clone();
        other[field] = wrong;
        assert_eq!(refused(path, &other).code, RefusalCode::BadArgument, "{path} {other}");
    }
}

#[test]
fn how_far_conversations_were_read() {
    let state = state();
    let pinned = vec![chat()];
    let outcome = Outcome::OfChat(ChatOutcome::ReadSeqs { states: vec![(None, state)], pinned });
    assert_eq!(
        data("/msg/get_conversations_has_read_and_max_seq", outcome),
        json!({"seqs": {"si_u1_u2": {"maxSeq": 9, "hasReadSeq": 4, "maxSeqTime": 77}},
               "pinnedConversationIDs": ["si_u1_u2"]})
    );
}

#[test]
fn what_goes() {
    let reach = json!({"IsSyncSelf": true, "IsSyncOther": true});
    let ask = json!({"conversationID": "sg_7", "seqs": [2], "seq": 5, "userID": "u1", "deleteSyncOpt": reach,
                     "conversationIDs": ["sg_7", "what"], "timestamp": 5});
    let revoke = asked("/msg/revoke_msg", &ask);
    assert!(matches!(revoke, ChatCommand::Revoke { seq: 5, .. }));
    let both = Reach { own_devices: true, everybody: true };
    let delete = asked("/msg/delete_msgs", &ask);
    assert!(matches!(delete, ChatCommand::DeleteMessages { reach, .. } if reach == both));
    let ChatCommand::Clear { conversations: Some(names), .. } = asked("/msg/clear_conversation_msg", &ask)
    else {
        panic!("not a clearing")
    };
    assert_eq!((names[0].id.is_some(), names[1].id.is_some()), (true, false));
    let all = asked("/msg/user_clear_all_msg", &ask);
    assert!(matches!(all, ChatCommand::Clear { conversations: None, .. }));
    let erase = asked("/msg/delete_msg_phsical_by_seq", &ask);
    assert!(matches!(erase, ChatCommand::Erase { conversation, .. } if conversation.len() == 1));
    let old = asked("/msg/delete_msg_physical", &ask);
    assert!(matches!(old, ChatCommand::EraseBefore { before: UnixMs(5), .. }));
    for path in ["/msg/delete_msg_phsical_by_seq", "/msg/delete_msg_physical", "/msg/search_msg"] {
        let ask = json!({"conversationID": "sg_7", "seqs": [2], "conversationIDs": [],
                         "pagination": {"pageNumber": 1, "showNumber": 1}});
        let mut actor = admin();
        actor.admin = false;
        let refusal = OpenImEdge.decode(&request(path, ask.to_string()), Some(&actor)).unwrap_err();
        assert_eq!(refusal.code, RefusalCode::NoPermission, "{path}");
    }
}

#[test]
fn settings_of_a_conversation() {
    let of_single =
        json!({"conversationID": "si_u1_u2", "conversationType": 1, "userID": "u2", "recvMsgOpt": 2});
    let ask = |users: Value, conversation: &Value| json!({"userIDs": users, "conversation": conversation});
    let path = "/conversation/set_conversations";
    let ChatCommand::Configure { users, change } = asked(path, &ask(json!(["u1", "u3"]), &of_single)) else {
        panic!("not settings")
    };
    assert_eq!((users[0].1.id.clone(), users[1].1.id.clone()), (Some(chat()), None));
    assert_eq!((change.receive_option, change.pinned), (Some(2), None));
    for (field, wrong) in [
        ("conversationType", json!(2)),
        ("conversationType", json!(0)),
        ("recvMsgOpt", json!(3)),
        ("groupAtType", json!(5)),
        ("burnDuration", json!(-1)),
        ("userID", json!("")),
        ("conversationID", json!("")),
    ] {
        let mut other = of_single.clone();
        other[field] = wrong;
        assert_eq!(refused(path, &ask(json!(["u1"]), &other)).code, RefusalCode::BadArgument, "{other}");
    }
    let mut of_group = of_single.clone();
    of_group["conversationType"] = json!(3);
    of_group["groupID"] = json!("7");
    let ChatCommand::Configure { users, .. } = asked(path, &ask(json!(["u1"]), &of_group)) else {
        panic!("not settings")
    };
    assert_eq!(users[0].1.id, None, "a single chat is no group's conversation");
    for (field, contradiction) in [
        ("userID", json!({"conversationID": "si_u1_u2", "conversationType": 1, "userID": "u3"})),
        ("groupID", json!({"conversationID": "sg_7", "conversationType": 3, "groupID": "8"})),
        ("userID", json!({"conversationID": "sn_u1_u2", "conversationType": 4, "userID": "u3"})),
    ] {
        let ChatCommand::Configure { users, .. } = asked(path, &ask(json!(["u1"]), &contradiction)) else {
            panic!("not settings")
        };
        assert_eq!(users[0].1.id, None, "{field} names another one");
    }
}

#[test]
fn lists_that_are_asked_for() {
    let page = json!({"pageNumber": 3, "showNumber": 50});
    let ask = json!({"userID": "u1", "ownerUserID": "u1", "pagination": page, "conversationIDs": ["si_u1_u2"],
                     "versionID": "000000000000000000000abc", "version": 4});
    let page = asked("/conversation/get_owner_conversation", &ask);
    let ChatCommand::Conversations { which: Chosen::Page { skip: 100, limit: 50 }, .. } = page else {
        panic!("{page:?}")
    };
    let seen = asked("/conversation/get_incremental_conversations", &ask);
    let expected = Some(Version { log: 0xabc, number: 4 });
    assert!(matches!(seen, ChatCommand::Changes { seen, .. } if seen == expected));
    for (path, chosen) in [
        ("/conversation/get_all_conversations", "All"),
        ("/conversation/get_not_notify_conversation_ids", "Silent"),
        ("/conversation/get_pinned_conversation_ids", "Pinned"),
    ] {
        let ChatCommand::Conversations { which, .. } = asked(path, &ask) else { panic!("{path}") };
        assert_eq!(format!("{which:?}"), chosen, "{path}");
    }
    for wrong in
        [json!({"pageNumber": 0, "showNumber": 1}), json!({"pageNumber": 1, "showNumber": 0}), json!(null)]
    {
        let mut other = ask.clone();
        other["pagination"] = wrong;
        let refusal = refused("/conversation/get_owner_conversation", &other);
        assert_eq!(refusal.code, RefusalCode::BadArgument, "{other}");
    }
    for (ids, days, fine) in [(1, 0, true), (0, 5, true), (0, 0, false), (1, 5, false), (0, -1, false)] {
        let ids: Vec<&str> = std::iter::repeat_n("si_u1_u2", ids).collect();
        let ask = json!({"ownerUserID": "u1", "needDeleteTime": days, "conversationIDs": ids});
        let decoded = decode("/conversation/delete_conversations", &ask);
        assert_eq!(decoded.is_ok(), fine, "{ask}");
        if let Ok(Command::Chat(ChatCommand::Unlist { which: Unlisting::QuietSince(at), .. })) = decoded {
            assert_eq!(at, UnixMs(NOW.0 - 5 * 86_400_000));
        }
    }
}

fn state() -> ConversationState {
    ConversationState {
        conversation: chat(),
        max_seq: 9,
        read_seq: 4,
        min_seq: 2,
        newest_at: UnixMs(77),
        ended: false,
    }
}

fn listed() -> Listed {
    let settings = ConversationSettings {
        pinned: true,
        receive_option: 2,
        burn_s: 30,
        ..ConversationSettings::new(user("u1"), chat())
    };
    Listed { state: state(), settings }
}

fn conversation() -> Value {
    json!({
        "ownerUserID": "u1", "conversationID": "si_u1_u2", "recvMsgOpt": 2, "conversationType": 1, "userID": "u2",
        "groupID": "", "isPinned": true, "attachedInfo": "", "isPrivateChat": false, "groupAtType": 0, "ex": "",
        "burnDuration": 30, "minSeq": 2, "maxSeq": 0, "msgDestructTime": 0, "latestMsgDestructTime": 0,
        "isMsgDestruct": false,
    })
}

#[test]
fn conversations_with_every_field() {
    let outcome = || Outcome::OfChat(ChatOutcome::Conversations { total: 1, conversations: vec![listed()] });
    let all = data("/conversation/get_all_conversations", outcome());
    assert_eq!(all, json!({"conversations": [conversation()]}));
    let page = data("/conversation/get_owner_conversation", outcome());
    assert_eq!(page, json!({"total": 1, "conversations": [conversation()]}));
    let one = data("/conversation/get_conversation", outcome());
    assert_eq!(one, json!({"conversation": conversation()}));
    let ids = data("/conversation/get_pinned_conversation_ids", outcome());
    assert_eq!(ids, json!({"conversationIDs": ["si_u1_u2"]}));
    let mut left = listed();
    left.state.ended = true;
    let left = Outcome::OfChat(ChatOutcome::Conversations { total: 1, conversations: vec![left] });
    assert_eq!(data("/conversation/get_conversation", left)["conversation"]["maxSeq"], 9);
}

#[test]
fn what_changed_in_a_list() {
    let now = Version { log: 0xabc, number: 7 };
    let group = ConversationId::Group(GroupId::parse("7").unwrap());
    let delta =
        Delta { inserted: vec![listed()], deleted: vec![group.to_string()], ..Delta::empty(now, false) };
    let told = data(
        "/conversation/get_incremental_conversations",
        Outcome::OfChat(ChatOutcome::Changes(Box::new(delta))),
    );
    assert_eq!(
        (&told["version"], &told["versionID"], &told["full"]),
        (&json!(7), &json!("000000000000000000000abc"), &json!(false))
    );
    assert_eq!((&told["insert"], &told["delete"]), (&json!([conversation()]), &json!(["sg_7"])));
    let ids = || Outcome::OfChat(ChatOutcome::Ids { now, ids: vec![chat()] });
    let told = data("/conversation/get_full_conversation_ids", ids());
    let whole = json!({"version": 7, "versionID": "000000000000000000000abc", "equal": false,
                       "conversationIDs": ["si_u1_u2"]});
    assert_eq!(told, whole);
    // printf '["si_u1_u2"]' | md5sum
    let same = request(
        "/conversation/get_full_conversation_ids",
        json!({"userID": "u1", "idHash": 0xcb70_5d74_48b4_d1c1_u64}).to_string(),
    );
    let reply = body(&OpenImEdge.encode(&same, &Ok(ids()), NOW));
    assert_eq!((&reply["data"]["equal"], &reply["data"]["conversationIDs"]), (&json!(true), &json!([])));
}

fn overview() -> Outcome {
    let hi = content(101, r#"{"content":"hi"}"#.to_owned());
    let mut message = sample::message(user("u2"), Target::User(user("u1")), hi, UnixMs(77));
    message.seq = 9;
    let friend = Friend {
        owner: user("u1"),
        friend: user("u2"),
        remark: "Benny".to_owned(),
        since: UnixMs(1),
        source: 2,
        operator: user("u1"),
        ex: String::new(),
        pinned: false,
    };
    let one = Overview {
        listed: listed(),
        last: Some(Seen { message: Arc::new(message), fate: None, hidden: false, read: true }),
        last_left_out: false,
        user: Some(sample::user(user("u2"))),
        friend: Some(friend),
        group: None,
    };
    Outcome::OfChat(ChatOutcome::Overview { total: 3, unread: 5, conversations: vec![one] })
}

#[test]
fn a_newest_message_without_room_leaves_its_place_to_be_looked_at() {
    let Outcome::OfChat(ChatOutcome::Overview { total, unread, mut conversations }) = overview() else {
        panic!("not an overview")
    };
    let newest = conversations[0].listed.state.max_seq;
    (conversations[0].last, conversations[0].last_left_out) = (None, true);
    let outcome = Outcome::OfChat(ChatOutcome::Overview { total, unread, conversations });
    let asked = with_type("/jssdk/get_active_conversations", "application/json", b"{}".to_vec());
    let reply = body(&OpenImEdge.encode(&asked, &Ok(outcome), NOW));
    let last = &reply["data"]["conversations"][0]["lastMsg"];
    assert_eq!((&last["seq"], &last["status"]), (&json!(newest), &json!(4)), "{reply}");
}

fn with_type(path: &str, kind: &str, body: Vec<u8>) -> EdgeRequest {
    let mut asked = request(path, body);
    asked.headers.push(("content-type".to_owned(), kind.to_owned()));
    asked
}

#[test]
fn browsers_ask_in_json_and_in_protobuf() {
    let path = "/jssdk/get_active_conversations";
    for (count, expected) in [(20, 20), (0, 100), (-1, 100), (501, 500)] {
        let proto = GetActiveConversationsReq { owner_user_id: "somebody".to_owned(), count }.encode_to_vec();
        for asked in [
            with_type(path, "application/x-protobuf", proto.clone()),
            with_type(path, "application/protobuf; charset=x", proto.clone()),
            with_type(path, "application/json", json!({"count": count}).to_string().into_bytes()),
        ] {
            let Ok(Command::Chat(command)) = OpenImEdge.decode(&asked, Some(&admin())) else {
                panic!("{count}")
            };
            let ChatCommand::Overview { owner: None, page, only_with_messages: true, .. } = command else {
                panic!("{command:?}")
            };
            assert_eq!(page, Some((0, expected)));
        }
    }
    for (kind, text) in [("text/plain", b"{}".to_vec()), ("application/x-protobuf", vec![0xff])] {
        let refusal = OpenImEdge.decode(&with_type(path, kind, text), Some(&admin())).unwrap_err();
        assert_eq!(refusal.code, RefusalCode::BadArgument, "{kind}");
    }
    let ids = vec!["si_imAdmin_u2".to_owned(), "si_u1_u2".to_owned()];
    let by_id = GetConversationsReq { owner_user_id: "u1".to_owned(), conversation_ids: ids }.encode_to_vec();
    let asked = with_type("/jssdk/get_conversations", "application/x-protobuf", by_id);
    let Ok(Command::Chat(ChatCommand::Overview { which: Chosen::These(names), .. })) =
        OpenImEdge.decode(&asked, Some(&admin()))
    else {
        panic!("not by id")
    };
    assert_eq!(
        (names[0].id.is_some(), names[1].id.is_some()),
        (true, false),
        "names mean what they mean to the caller"
    );
}

#[test]
fn browsers_are_answered_as_they_ask() {
    for path in ["/jssdk/get_active_conversations", "/jssdk/get_conversations"] {
        let plain = with_type(path, "application/json", b"{}".to_vec());
        let reply = OpenImEdge.encode(&plain, &Ok(overview()), NOW);
        exam::check_reply(&OpenImEdge, &plain, &reply);
        let told = &body(&reply)["data"];
        assert_eq!(
            (&told["unreadCount"], &told["conversations"][0]["conversation"]),
            (&json!(5), &conversation())
        );
        let one = &told["conversations"][0];
        assert_eq!(
            (&one["maxSeq"], &one["readSeq"], &one["friend"]["remark"]),
            (&json!(9), &json!(4), &json!("Benny"))
        );
        assert_eq!((&one["lastMsg"]["isRead"], &one["group"]), (&json!(true), &Value::Null));
        let packed = with_type(path, "application/x-protobuf", Vec::new());
        let reply = OpenImEdge.encode(&packed, &Ok(overview()), NOW);
        exam::check_reply(&OpenImEdge, &packed, &reply);
        let text = body(&reply)["data"].as_str().unwrap().to_owned();
        let told = ConversationsResp::decode(STANDARD.decode(text).unwrap().as_slice()).unwrap();
        let one = &told.conversations[0];
        assert_eq!((told.unread_count, one.max_seq, one.read_seq), (5, 9, 4));
        assert_eq!(one.last_msg.as_ref().unwrap().seq, 9);
        assert_eq!(one.conversation.as_ref().unwrap().conversation_id, "si_u1_u2");
    }
}

#[test]
fn sorted_conversations_keep_their_odd_names() {
    let told = data("/conversation/get_sorted_conversation_list", overview());
    assert_eq!((&told["conversationTotal"], &told["unreadTotal"]), (&json!(3), &json!(5)));
    let one = &told["conversationElems"][0];
    assert_eq!((&one["IsPinned"], &one["unreadCount"]), (&json!(true), &json!(5)));
    assert_eq!(
        (&one["msgInfo"]["LatestMsgRecvTime"], &one["msgInfo"]["content"]),
        (&json!(77), &json!(r#"{"content":"hi"}"#))
    );
}

#[test]
fn business_notifications() {
    let path = "/msg/send_business_notification";
    let ask = json!({"key": "k", "data": "d", "sendUserID": "u1", "recvUserID": "u2"});
    let draft = |ask: &Value| match decode(path, ask) {
        Ok(Command::Send(draft)) => *draft,
        other => panic!("{other:?}"),
    };
    let fleeting = draft(&ask);
    assert_eq!(fleeting.content.raw, r#"{"detail":"{\"data\":\"d\",\"key\":\"k\"}"}"#);
    assert_eq!(
        (fleeting.content.code, fleeting.handling.aside, fleeting.handling.store),
        (2001, true, false)
    );
    let mut other = ask.clone();
    other["reliabilityLevel"] = json!(2);
    let kept = draft(&other).handling;
    assert_eq!((kept.aside, kept.store, kept.unread), (true, true, false));
    other["sendMsg"] = json!(true);
    let shown = draft(&other).handling;
    assert_eq!((shown.aside, shown.store, shown.unread), (false, true, true));
    other["recvGroupID"] = json!("7");
    assert_eq!(refused(path, &other).code, RefusalCode::BadArgument, "a user and a group");
    other["recvUserID"] = json!("");
    assert_eq!(draft(&other).target, Target::Group(GroupId::parse("7").unwrap()));
}

#[test]
fn what_became_of_a_message() {
    for (state, status) in
        [(SendState::Unknown, 0), (SendState::Sending, 1), (SendState::Sent, 2), (SendState::Failed, 3)]
    {
        let told = data("/msg/check_msg_is_send_success", Outcome::OfChat(ChatOutcome::SendState(state)));
        assert_eq!(told, json!({"status": status}));
    }
}
