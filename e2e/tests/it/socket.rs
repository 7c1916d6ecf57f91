//! The WebSocket protocol. Source: openim-client-protocol fact sheet 1-3, 4.4.

use std::time::Duration;

use prost::Message as _;
use ringback_e2e::QUIET;
use ringback_e2e::app::{App, conversation, platform, texts};
use ringback_e2e::client::{Client, Login, TurnedAway, What};
use ringback_e2e::receiver::{Act, Receiver};
use ringback_e2e::rules::{ON, command, webhooks};
use ringback_e2e::setup::Setup;
use ringback_e2e::token::{DEV_SECRET, claims, sign};
use ringback_e2e::wire::{
    Batches, MaxSeqs, PullRangesReq, PullSeqsReq, ReadSeqsReq, ReadSeqsResp, SeqList, SeqRange, UserReq,
    request,
};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

#[tokio::test]
async fn the_handshake_tells_its_result_as_asked() {
    let app = App::start(Setup::dev(), &["u1", "u2"]).await;
    let token = app.token("u1", platform::WEB).await;
    let login = Login::new("u1", &token, platform::WEB);
    let silent = Login { is_msg_resp: false, ..login.clone() };
    let somewhere = Login { path: "/any/path".to_owned(), ..login.clone() };
    for login in [&login, &silent, &somewhere] {
        let client = app.connect(login).await;
        let told =
            client.request(request::NEWEST_SEQ, UserReq { user_id: "u1".to_owned() }.encode_to_vec()).await;
        assert_eq!(told.code, 0);
        let first = &client.arrived.all()[0].what;
        assert!(matches!(first, What::Answer(_)), "nothing else was sent before: {first:?}");
    }
    let table = [
        ("sendID", "u2", 1502),
        ("platformID", "1", 1502),
        ("token", "nonsense", 1503),
        ("token", "", 1602),
        ("sendID", "", 1602),
        ("platformID", "web", 1602),
        ("sdkType", "cobol", 1602),
    ];
    for (name, value, code) in table {
        let framed =
            Client::connect(app.server.addr(), &login.clone().change(name, value)).await.unwrap_err();
        assert!(matches!(framed, TurnedAway::Frame(_)), "{framed:?}");
        let plain =
            Client::connect(app.server.addr(), &silent.clone().change(name, value)).await.unwrap_err();
        assert!(matches!(plain, TurnedAway::Http(200, _)), "{plain:?}");
        assert_eq!((framed.code(), plain.code()), (code, code), "{name}={value}: {framed:?}");
    }
    let forged = [
        (sign(&claims("u1", 5, -10), DEV_SECRET), 1501),
        (sign(&claims("u1", 5, 100), "another"), 1505),
        (sign(&claims("u1", 5, 101), DEV_SECRET), 1507),
    ];
    for (token, code) in forged {
        let refused = Client::connect(app.server.addr(), &Login::new("u1", &token, 5)).await.unwrap_err();
        assert_eq!(refused.code(), code, "{refused:?}");
    }
}

#[tokio::test]
async fn text_pings_are_answered_with_their_body() {
    let app = App::start(Setup::dev(), &["u1"]).await;
    let client = app.login("u1", platform::WEB).await;
    for (sent, body) in [
        (json!({ "type": "ping" }), Value::Null),
        (json!({ "type": "ping", "body": "\"op-7\"" }), json!("\"op-7\"")),
    ] {
        client.send_raw(Message::text(sent.to_string()));
        let wanted = json!({ "type": "pong", "body": body });
        client
            .saw(|one| matches!(&one.what, What::Text(text) if serde_json::from_str::<Value>(text).unwrap() == wanted))
            .await;
    }
    client.send_raw(Message::Ping("payload".into()));
    client.saw(|one| one.what == What::Pong).await;
    client.send_raw(Message::text(json!({ "type": "pong" }).to_string()));
    client.send_raw(Message::text("not json"));
    client.closed().await;
}

#[tokio::test]
async fn a_message_reaches_recipient_and_own_devices_in_order() {
    let app = App::start(Setup::dev(), &["u1", "u2"]).await;
    let sender = app.login("u1", platform::IOS).await;
    let own = app.login("u1", platform::WEB).await;
    let recipient = app.login("u2", platform::ANDROID).await;
    let mut wanted = Vec::new();
    for number in 1..=20 {
        let message = sender.text_to("u2", &format!("m{number}"));
        let answered = sender.send(&message).await;
        assert_eq!(answered.sent.client_msg_id, message.client_msg_id);
        assert_eq!(answered.sent.server_msg_id.len(), 32);
        assert!(answered.sent.send_time > 0 && answered.sent.modify.is_none());
        wanted.push(format!("m{number}"));
    }
    for client in [&sender, &own, &recipient] {
        let last = client.pushed(|message| message.text() == "m20").await;
        assert_eq!((last.seq, last.status, last.session_type), (20, 2, 1), "{last:?}");
        assert_eq!((last.send_id.as_str(), last.recv_id.as_str()), ("u1", "u2"));
        let pushed = client.pushes();
        assert_eq!(texts(&pushed), wanted, "{} on {}", client.user, client.platform);
        assert_eq!(pushed.iter().map(|m| m.seq).collect::<Vec<_>>(), (1..=20).collect::<Vec<i64>>());
    }
    let seen = sender.arrived.all();
    for answer in seen.iter().enumerate().filter_map(|(at, one)| match &one.what {
        What::Answer(told) if told.request == request::SEND => Some((at, told.operation_id.clone())),
        _ => None,
    }) {
        let echo = seen
            .iter()
            .position(|one| matches!(&one.what, What::Push(told, _) if told.operation_id == answer.1));
        assert!(
            echo.is_some_and(|echo| echo > answer.0),
            "the echo of {answer:?} comes after the answer: {seen:?}"
        );
    }
}

#[tokio::test]
async fn pushes_are_sorted_by_conversation() {
    let app = App::start(Setup::dev(), &["u1", "u2", "u3"]).await;
    let group = app.group("u1", &["u2", "u3"]).await;
    let recipient = app.login("u2", platform::IOS).await;
    let sender = app.login("u1", platform::IOS).await;
    let outsider = app.login("u3", platform::IOS).await;
    sender.send(&sender.text_to_group(&group, "to all")).await;
    sender.send(&sender.text_to("u2", "to you")).await;
    recipient.pushed(|message| message.text() == "to you").await;
    let keys: Vec<String> = recipient
        .arrived
        .all()
        .into_iter()
        .filter_map(|one| if let What::Push(told, _) = one.what { Some(told) } else { None })
        .flat_map(|told| told.expect::<Batches>().msgs.into_keys())
        .filter(|key| !key.starts_with("n_"))
        .collect();
    assert_eq!(keys, [format!("sg_{group}"), conversation("u1", "u2")]);
    outsider.pushed(|message| message.text() == "to all").await;
    assert!(!texts(&outsider.pushes()).contains(&"to you".to_owned()));
}

#[tokio::test]
async fn sender_sync_off_means_no_echo() {
    let app = App::start(Setup::dev(), &["u1", "u2"]).await;
    let (sender, recipient) = (app.login("u1", platform::IOS).await, app.login("u2", platform::IOS).await);
    let mut quiet = sender.text_to("u2", "quiet");
    quiet.options.insert("senderSync".to_owned(), false);
    sender.send(&quiet).await;
    sender.send(&sender.text_to("u2", "loud")).await;
    sender.pushed(|message| message.text() == "loud").await;
    assert_eq!(texts(&sender.pushes()), ["loud"]);
    recipient.pushed(|message| message.text() == "loud").await;
    assert_eq!(texts(&recipient.pushes()), ["quiet", "loud"]);
}

#[tokio::test]
async fn typing_is_pushed_and_never_stored() {
    let app = App::start(Setup::dev(), &["u1", "u2"]).await;
    let (sender, recipient) = (app.login("u1", platform::IOS).await, app.login("u2", platform::IOS).await);
    let mut typing = sender.text_to("u2", "");
    typing.content_type = 113;
    typing.content = br#"{"msgTips":"yes"}"#.to_vec();
    sender.send(&typing).await;
    let pushed = recipient.pushed_id(&typing.client_msg_id).await;
    assert_eq!(pushed.seq, 0);
    assert!(app.history("u1", &conversation("u1", "u2")).await.is_empty());
}

#[tokio::test]
async fn the_same_client_message_id_is_stored_once_and_answered_alike() {
    let app = App::start(Setup::dev(), &["u1", "u2"]).await;
    let sender = app.login("u1", platform::IOS).await;
    let message = sender.text_to("u2", "once");
    let first = sender.send(&message).await;
    let again = sender.send(&message).await;
    assert_eq!(first.sent, again.sent);
    let other_device = app.login("u1", platform::WEB).await;
    assert_eq!(other_device.send(&message).await.sent, first.sent);
    assert_eq!(app.history("u1", &conversation("u1", "u2")).await.len(), 1);
}

#[tokio::test]
async fn a_duplicate_in_flight_joins_the_first() {
    let receiver = Receiver::start().await;
    receiver.always(command::BEFORE_SINGLE, Act::allow().after(Duration::from_millis(500)));
    let rules = webhooks(&receiver.url(), &[("beforeSendSingleMsg", ON)]);
    let app = App::start(Setup::dev().webhooks(&rules), &["u1", "u2"]).await;
    let (one, two) = (app.login("u1", platform::IOS).await, app.login("u1", platform::WEB).await);
    let message = one.text_to("u2", "once");
    let asks =
        [one.ask(request::SEND, message.encode_to_vec()), two.ask(request::SEND, message.encode_to_vec())];
    one.post(&asks[0]);
    receiver.wait_for_one(command::BEFORE_SINGLE).await;
    two.post(&asks[1]);
    let (first, second) = (one.answer(&asks[0].incr).await, two.answer(&asks[1].incr).await);
    assert_eq!((first.code, &first.data), (0, &second.data));
    assert_eq!(receiver.calls_of(command::BEFORE_SINGLE).len(), 1, "the backend was asked once");
    assert_eq!(app.history("u1", &conversation("u1", "u2")).await.len(), 1);
}

#[tokio::test]
async fn a_message_at_the_gate_does_not_hold_pulls() {
    let receiver = Receiver::start().await;
    receiver.always(command::BEFORE_SINGLE, Act::allow().after(Duration::from_secs(2)));
    let rules = webhooks(&receiver.url(), &[("beforeSendSingleMsg", ON)]);
    let app = App::start(Setup::dev().webhooks(&rules), &["u1", "u2"]).await;
    let client = app.login("u1", platform::IOS).await;
    let ask = client.ask(request::SEND, client.text_to("u2", "slow").encode_to_vec());
    client.post(&ask);
    receiver.wait_for_one(command::BEFORE_SINGLE).await;
    client.request(request::NEWEST_SEQ, UserReq { user_id: "u1".to_owned() }.encode_to_vec()).await;
    client.send_raw(Message::text(json!({ "type": "ping" }).to_string()));
    client.saw(|one| matches!(one.what, What::Text(_))).await;
    let answered = |one: &What| matches!(one, What::Answer(told) if told.incr == ask.incr);
    assert!(!client.arrived.all().iter().any(|one| answered(&one.what)), "the message was still waiting");
    assert_eq!(client.answer(&ask.incr).await.code, 0);
}

#[tokio::test]
async fn the_second_login_of_a_platform_kicks_the_first() {
    let app = App::start(Setup::dev(), &["u1"]).await;
    let web = app.login("u1", platform::WEB).await;
    let token = app.token("u1", platform::IOS).await;
    let first = app.connect(&Login::new("u1", &token, platform::IOS)).await;
    let same = app.connect(&Login::new("u1", &token, platform::IOS)).await;
    let newest = || UserReq { user_id: "u1".to_owned() }.encode_to_vec();
    first.request(request::NEWEST_SEQ, newest()).await;

    let newer = app.login("u1", platform::IOS).await;
    for old in [&first, &same] {
        old.closed().await;
        assert!(old.arrived.all().iter().any(|one| one.what == What::Kicked), "told before it was closed");
    }
    newer.request(request::NEWEST_SEQ, newest()).await;
    web.request(request::NEWEST_SEQ, newest()).await;
    let back =
        Client::connect(app.server.addr(), &Login::new("u1", &token, platform::IOS)).await.unwrap_err();
    assert_eq!(back.code(), 1506);

    app.admin()
        .post("/auth/force_logout", &json!({ "userID": "u1", "platformID": platform::WEB }))
        .await
        .data();
    web.saw(|one| one.what == What::Kicked).await;
    web.closed().await;
    newer.request(request::NEWEST_SEQ, newest()).await;
}

#[tokio::test]
async fn messages_are_pulled_by_range_and_by_list() {
    let app = App::start(Setup::dev(), &["u1", "u2"]).await;
    let client = app.login("u1", platform::IOS).await;
    for number in 1..=6 {
        client.send(&client.text_to("u2", &format!("m{number}"))).await;
    }
    let ours = conversation("u1", "u2");
    let newest: MaxSeqs = client
        .request(request::NEWEST_SEQ, UserReq { user_id: "u1".to_owned() }.encode_to_vec())
        .await
        .expect();
    assert_eq!(newest.max_seqs.get(&ours), Some(&6));

    let range = SeqRange { conversation_id: ours.clone(), begin: 2, end: 5, num: 3 };
    let ask = PullRangesReq { user_id: "u1".to_owned(), ranges: vec![range], order: 0 };
    let pulled: Batches = client.request(request::PULL_RANGES, ask.encode_to_vec()).await.expect();
    let page = &pulled.msgs[&ours];
    assert_eq!(texts(&page.msgs), ["m3", "m4", "m5"], "the newest three of the range");
    assert!(!page.is_end);

    let unknown = conversation("u1", "u9");
    let lists = vec![
        SeqList { conversation_id: ours.clone(), seqs: vec![1, 4] },
        SeqList { conversation_id: unknown.clone(), seqs: vec![1] },
    ];
    let ask = PullSeqsReq { user_id: "u1".to_owned(), conversations: lists, order: 0 };
    let told = client.request(request::PULL_SEQS, ask.encode_to_vec()).await;
    let pulled: Batches = told.expect();
    assert_eq!(texts(&pulled.msgs[&ours].msgs), ["m1", "m4"]);
    assert!(pulled.msgs.contains_key(&unknown), "every conversation asked for is answered");

    for (conversations, wanted) in [(vec![], vec![&ours]), (vec![ours.clone()], vec![&ours])] {
        let ask =
            ReadSeqsReq { user_id: "u1".to_owned(), conversation_ids: conversations, return_pinned: true };
        let read: ReadSeqsResp = client.request(request::READ_SEQS, ask.encode_to_vec()).await.expect();
        assert_eq!(read.seqs.keys().collect::<Vec<_>>(), wanted);
        let seqs = &read.seqs[&ours];
        assert_eq!((seqs.max_seq, seqs.has_read_seq), (6, 6), "one has read one's own messages");
        assert!(seqs.max_seq_time > 1_600_000_000_000);
    }
    let peer = app.login("u2", platform::IOS).await;
    let ask = ReadSeqsReq { user_id: "u2".to_owned(), ..ReadSeqsReq::default() };
    let read: ReadSeqsResp = peer.request(request::READ_SEQS, ask.encode_to_vec()).await.expect();
    assert_eq!(
        (read.seqs[&ours].max_seq, read.seqs[&ours].has_read_seq),
        (6, 0),
        "the peer has read nothing"
    );
    let foreign = ReadSeqsReq { user_id: "u1".to_owned(), ..ReadSeqsReq::default() };
    assert_eq!(peer.request(request::READ_SEQS, foreign.encode_to_vec()).await.code, 1002);
}

#[tokio::test]
async fn refused_messages_have_their_codes() {
    let app = App::start(Setup::dev(), &["u1", "u2", "u3"]).await;
    let group = app.group("u1", &["u2"]).await;
    app.rest_of("u3")
        .await
        .post("/friend/add_black", &json!({ "ownerUserID": "u3", "blackUserID": "u1" }))
        .await
        .data();
    let (client, outsider) = (app.login("u1", platform::IOS).await, app.login("u3", platform::IOS).await);
    let mut odd = client.text_to("u2", "x");
    odd.session_type = 2;
    for (client, message, code) in [
        (&client, client.text_to("u3", "x"), 1302),
        (&outsider, outsider.text_to_group(&group, "x"), 1203),
        (&client, odd, 1001),
    ] {
        let answered = client.send(&message).await;
        assert_eq!(answered.told.code, code, "{answered:?}");
        assert!(!answered.told.text.is_empty());
    }
    let mut foreign = client.text_to("u3", "x");
    foreign.send_id = "u2".to_owned();
    let answered = client.send(&foreign).await;
    assert_ne!(answered.told.code, 0, "in somebody else's name");
    assert!(app.history("u2", &conversation("u2", "u3")).await.is_empty());
}

#[tokio::test]
async fn compressed_connections_are_compressed_both_ways() {
    let app = App::start(Setup::dev(), &["u1", "u2"]).await;
    let token = app.token("u1", platform::WEB).await;
    let packed = app.connect(&Login { gzip: true, ..Login::new("u1", &token, platform::WEB) }).await;
    let plain = app.login("u2", platform::IOS).await;
    packed.send(&packed.text_to("u2", "packed")).await;
    plain.pushed(|message| message.text() == "packed").await;
    plain.send(&plain.text_to("u1", "plain")).await;
    packed.pushed(|message| message.text() == "plain").await;
    // The kick is compressed like everything else; the client would fail to read it otherwise.
    app.login("u1", platform::WEB).await;
    packed.saw(|one| one.what == What::Kicked).await;
}

#[tokio::test]
async fn clients_with_a_go_core_speak_gob() {
    let app = App::start(Setup::dev(), &["u1", "u2", "u3"]).await;
    let page = app.login("u2", platform::IOS).await;
    let token = app.token("u1", platform::WINDOWS).await;
    let plain = Login { gob: true, ..Login::new("u1", &token, platform::WINDOWS) };
    let packed = Login { gzip: true, ..plain.clone() };
    let native = Login { is_msg_resp: false, ..packed.clone() };
    // The same token: none of them drives the others away.
    let all = [app.connect(&plain).await, app.connect(&packed).await, app.connect(&native).await];
    for (number, client) in all.iter().enumerate() {
        let text = format!("from {number}");
        client.send(&client.text_to("u2", &text)).await.taken();
        page.pushed(|message| message.text() == text).await;
        // Lengths of one, two and three bytes.
        for length in [1, 1_000, 65_500] {
            let long = format!("{number}{}", "x".repeat(length));
            app.send("u2", "u1", &long).await.data();
            for client in &all {
                client.pushed(|message| message.text() == long).await;
            }
        }
        let mut foreign = client.text_to("u3", "in another's name");
        foreign.send_id = "u2".to_owned();
        let refused = client.send(&foreign).await.told;
        assert!(refused.code != 0 && !refused.text.is_empty(), "{refused:?}");
    }
    app.login("u1", platform::WINDOWS).await;
    for client in &all {
        client.closed().await;
        let seen = client.arrived.all();
        assert!(seen.iter().any(|one| one.what == What::Kicked), "{seen:?}");
        assert!(
            !seen.iter().any(|one| matches!(one.what, What::Text(_))),
            "text ends such a client: {seen:?}"
        );
    }
}

#[tokio::test]
async fn frames_that_are_no_gob_end_the_connection() {
    let app = App::start(Setup::dev(), &["u1"]).await;
    let token = app.token("u1", platform::WEB).await;
    let login = Login { gob: true, ..Login::new("u1", &token, platform::WEB) };
    for bytes in [b"{}".to_vec(), vec![0xf8; 400], Vec::new()] {
        let client = app.connect(&login).await;
        client.send_raw(Message::binary(bytes));
        client.closed().await;
    }
}

#[tokio::test]
async fn a_quiet_page_with_a_go_core_stays() {
    let app = App::start(Setup::dev().setting("limits.socket_silence", "1s"), &["u1", "u2"]).await;
    let token = app.token("u1", platform::WINDOWS).await;
    let page = app.connect(&Login { gob: true, ..Login::new("u1", &token, platform::WINDOWS) }).await;
    let phone = app.login("u2", platform::IOS).await;
    // Of the two that only answer pings, the one that should ping by itself is cut.
    phone.closed().await;
    page.send_raw(Message::Ping("still here".into()));
    page.saw(|one| one.what == What::Pong).await;
    assert!(!page.arrived.all().iter().any(|one| one.what == What::Closed));
}

#[tokio::test]
async fn unknown_requests_and_foreign_names_end_the_connection() {
    let app = App::start(Setup::dev(), &["u1", "u2"]).await;
    let client = app.login("u1", platform::IOS).await;
    client.post(&client.ask(4242, Vec::new()));
    client.closed().await;
    let client = app.login("u1", platform::IOS).await;
    let mut ask = client.ask(request::NEWEST_SEQ, UserReq { user_id: "u2".to_owned() }.encode_to_vec());
    ask.user = "u2".to_owned();
    client.post(&ask);
    client.closed().await;
}

#[tokio::test]
async fn offline_messages_wait_in_history_and_are_not_pushed_later() {
    let app = App::start(Setup::dev(), &["u1", "u2"]).await;
    let sender = app.login("u1", platform::WEB).await;
    app.send("u1", "u2", "while you were out").await.data();
    // The answer comes before the push: whoever connects between the two is pushed to, and may be.
    sender.pushed(|message| message.text() == "while you were out").await;
    let client = app.login("u2", platform::IOS).await;
    assert!(client.saw_within(QUIET, |_| true).await.is_none(), "clients pull what they missed");
    assert_eq!(app.history("u2", &conversation("u1", "u2")).await.len(), 1);
}
