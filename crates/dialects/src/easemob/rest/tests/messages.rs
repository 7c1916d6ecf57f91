//! `/messages`.

use ringback_model::command::Draft;
use ringback_model::failure::{CallbackRefusal, Fault};
use ringback_model::message::{ContentClass, Handling, Priority};

use super::*;

const USERS: &str = "/app-id/4711/messages/users";
const GROUPS: &str = "/app-id/4711/messages/chatgroups";
const ROOMS: &str = "/app-id/4711/messages/chatrooms";
const OLD: &str = "/app-id/4711/messages";

fn text() -> Value {
    json!({"from": "Alice", "to": ["bob", "Carol"], "type": "txt", "body": {"msg": "hi"}})
}

/// A text with some members more, or others.
fn with(more: &Value) -> Value {
    let mut body = text();
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

fn drafted(path: &str, body: &Value) -> (Draft, Vec<Target>) {
    match decode(&post(path, body)) {
        Ok(Command::SendToMany { draft, recipients, everyone: false }) => (*draft, recipients),
        other => panic!("{other:?} from {body}"),
    }
}

#[test]
fn a_text_to_users() {
    let (draft, recipients) = drafted(USERS, &with(&json!({"ext": {"k": "v"}})));
    assert_eq!(recipients, [Target::User(user("bob")), Target::User(user("carol"))]);
    assert_eq!((draft.sender, draft.strangers), (user("alice"), true));
    assert_eq!((draft.content.form.as_str(), draft.content.class), ("easemob", ContentClass::Text));
    assert_eq!(draft.content.raw, r#"{"type":"txt","msg":"hi"}"#);
    assert_eq!((draft.ex.as_str(), draft.system), (r#"{"k":"v"}"#, false));
    let usual = Handling { sync_sender: false, ..Handling::default() };
    assert_eq!((draft.handling, draft.priority), (usual, Priority::Normal));
    assert!(draft.hidden_from.is_empty() && draft.options.is_empty() && draft.client_id.is_none());
}

#[test]
fn every_type_of_body() {
    for (kind, body, class) in [
        ("txt", json!({"msg": "", "type": "img"}), ContentClass::Text),
        (
            "img",
            json!({"url": "u", "filename": "f", "secret": "s", "size": {"width": 1, "height": 2}}),
            ContentClass::Image,
        ),
        ("audio", json!({"url": "u", "length": 7}), ContentClass::Voice),
        (
            "video",
            json!({"url": "u", "thumb": "t", "thumb_secret": "s", "file_length": 9}),
            ContentClass::Video,
        ),
        ("file", json!({"url": "u", "filename": "f"}), ContentClass::File),
        ("loc", json!({"lat": 1.5, "lng": -2, "addr": "a"}), ContentClass::Location),
        ("loc", json!({"lat": "1.5", "lng": "-2", "addr": "a"}), ContentClass::Location),
        ("cmd", json!({"action": "a", "param": {}}), ContentClass::Command),
        ("custom", json!({"customEvent": "e", "customExts": {"k": "v"}}), ContentClass::Custom),
        ("txt", json!({"msg": "m", "subType": "sub_combine", "title": "t"}), ContentClass::Combined),
    ] {
        let (draft, _) = drafted(USERS, &with(&json!({"type": kind, "body": body})));
        assert_eq!(draft.content.class, class, "{kind}");
        let raw: Value = serde_json::from_str(&draft.content.raw).unwrap();
        assert_eq!(raw["type"], json!(kind));
        for (name, value) in body.as_object().unwrap().iter().filter(|(name, _)| *name != "type") {
            assert_eq!(&raw[name], value, "{kind} {name}");
        }
    }
}

#[test]
fn what_the_switches_do() {
    let of = |path: &str, more: &Value| drafted(path, &with(more)).0;
    let one = json!({"to": ["270011223344556"]});
    let merged = |more: Value| {
        let mut all = one.clone();
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    };
    assert!(of(USERS, &json!({"sync_device": true})).handling.sync_sender);
    assert!(of(GROUPS, &one).handling.sync_sender, "groups: always");
    assert!(!of(ROOMS, &merged(json!({"sync_device": true}))).handling.sync_sender, "rooms: never");

    let online = of(USERS, &json!({"routetype": "ROUTE_ONLINE"})).handling;
    assert!(!online.store && !online.offline_push && online.unread);
    let silent = of(USERS, &json!({"ext": {"em_ignore_notification": true}})).handling;
    assert!(silent.store && !silent.offline_push);
    assert!(of(USERS, &json!({"ext": {"em_ignore_notification": "true"}})).handling.offline_push);
    let order = of(USERS, &json!({"type": "cmd", "body": {"action": "a"}})).handling;
    assert!(order.store && !order.unread && !order.offline_push, "orders are not shown");

    assert_eq!(
        of(GROUPS, &merged(json!({"need_group_ack": true}))).options.get("need_group_ack"),
        Some(&true)
    );
    assert!(of(USERS, &json!({"need_group_ack": true})).options.is_empty());

    let ignoring = of(USERS, &json!({"roam_ignore_users": ["Dave", "dave", "eve"]}));
    assert_eq!(ignoring.hidden_from, [user("dave"), user("eve")]);

    for (level, priority) in [("high", Priority::High), ("normal", Priority::Normal), ("low", Priority::Low)]
    {
        let more = merged(json!({"chatroom_msg_level": level}));
        assert_eq!(of(ROOMS, &more).priority, priority);
        assert_eq!(of(GROUPS, &more).priority, Priority::Normal, "rooms only");
    }
    assert_eq!(of(USERS, &json!({"from": null})).sender, user("admin"));
    assert_eq!(of(USERS, &json!({"ext": {}})).ex, "{}");
    assert_eq!(of(USERS, &json!({})).ex, "");
}

#[test]
fn targets_are_of_the_paths_kind_and_once_each() {
    let to = |path: &str, names: &Value| drafted(path, &with(&json!({"to": names}))).1;
    assert_eq!(to(USERS, &json!(["bob", "BOB", "bob"])), [Target::User(user("bob"))]);
    assert_eq!(
        to(GROUPS, &json!(["77", "78", "77"])),
        [Target::Group(group("77")), Target::Group(group("78"))]
    );
    assert_eq!(to(ROOMS, &json!(["77"])), [Target::Room(group("77"))]);
    for (path, most) in [(USERS, 600), (GROUPS, 3), (ROOMS, 10)] {
        let names = |count: usize| json!((0..count).map(|n| format!("t{n}")).collect::<Vec<_>>());
        assert_eq!(to(path, &names(most)).len(), most);
        let asked = post(path, &with(&json!({"to": names(most + 1)})));
        let text = format!("params to's size can't exceed limit {most}");
        assert_eq!(rejected(&asked), owned((400, "message_send_error", &text)));
    }
}

#[test]
fn what_is_wrong() {
    let send = "message_send_error";
    let body = ("invalid_request_body", "Request body is invalid. Please check body is correct.");
    let many: Vec<String> = (0..21).map(|n| format!("u{n}")).collect();
    for (more, error, text) in [
        (json!({"from": ""}), send, "param from can't be empty"),
        (json!({"to": []}), send, "param to can't be empty"),
        (json!({"to": null}), send, "param to can't be empty"),
        (json!({"to": ["bob", ""]}), send, "param to can't be empty"),
        (json!({"to": "bob"}), body.0, body.1),
        (json!({"to": [7]}), body.0, body.1),
        (json!({"to": ["a b"]}), "illegal_argument", "username [a b] is not legal"),
        (json!({"from": "a:b"}), "illegal_argument", "username [a:b] is not legal"),
        (json!({"type": ""}), send, "param type can't be empty"),
        (json!({"type": null}), send, "param type can't be empty"),
        (json!({"type": 1}), body.0, body.1),
        (json!({"type": "sticker"}), send, "param type sticker is not supported"),
        (json!({"body": {}}), send, "param body can't be empty"),
        (json!({"body": null}), send, "param body can't be empty"),
        (json!({"body": "hi"}), body.0, body.1),
        (json!({"body": {"text": "hi"}}), send, "param msg can't be empty"),
        (json!({"body": {"msg": 7}}), body.0, body.1),
        (json!({"type": "img", "body": {"filename": "f"}}), send, "param url can't be empty"),
        (json!({"type": "img", "body": {"url": "u", "size": 3}}), body.0, body.1),
        (json!({"type": "loc", "body": {"lat": 1, "addr": "a"}}), send, "param lng can't be empty"),
        (json!({"type": "loc", "body": {"lat": "north", "lng": 1, "addr": "a"}}), body.0, body.1),
        (json!({"type": "cmd", "body": {"param": 1}}), send, "param action can't be empty"),
        (json!({"ext": null}), send, "param ext must be JSONObject"),
        (json!({"ext": "k"}), send, "param ext must be JSONObject"),
        (json!({"ext": [1]}), send, "param ext must be JSONObject"),
        (json!({"sync_device": "true"}), body.0, body.1),
        (json!({"routetype": "ROUTE_ALL"}), send, "param routetype must be ROUTE_ONLINE"),
        (json!({"roam_ignore_users": many}), send, "params roam_ignore_users's size can't exceed limit 20"),
        (json!({"body": {"msg": "x".repeat(5200)}}), send, "message is too large"),
        (
            json!({"body": {"msg": "x".repeat(2600)}, "ext": {"k": "x".repeat(2600)}}),
            send,
            "message is too large",
        ),
    ] {
        let asked = post(USERS, &with(&more));
        assert_eq!(rejected(&asked), owned((400, error, text)), "{more:.200}");
    }
    let level = post(ROOMS, &with(&json!({"to": ["7"], "chatroom_msg_level": "urgent"})));
    assert_eq!(rejected(&level).2, "param chatroom_msg_level must be high, normal or low");
    let no_group = post(GROUPS, &with(&json!({"to": ["7 7"]})));
    assert_eq!(rejected(&no_group), owned((400, "illegal_argument", "group ID [7 7] is not legal")));
    for bytes in ["", "{", "[]", "\"text\"", "null", "\u{feff}{}"] {
        let asked = request(Method::Post, USERS, bytes);
        assert_eq!(rejected(&asked), owned((400, body.0, body.1)), "{bytes:?}");
    }
}

#[test]
fn five_kilobytes_are_the_most() {
    let fixed = r#"{"msg":""}"#.len();
    let msg = |text: &str| with(&json!({"body": {"msg": text}}));
    assert!(decode(&post(USERS, &msg(&"x".repeat(5 * 1024 - fixed)))).is_ok());
    assert_eq!(rejected(&post(USERS, &msg(&"x".repeat(5 * 1024 - fixed + 1)))).2, "message is too large");
    let ext = r#"{"k":"v"}"#.len();
    let both = |bytes: usize| with(&json!({"body": {"msg": "x".repeat(bytes)}, "ext": {"k": "v"}}));
    assert!(decode(&post(USERS, &both(5 * 1024 - fixed - ext))).is_ok());
    assert_eq!(rejected(&post(USERS, &both(5 * 1024 - fixed - ext + 1))).2, "message is too large");
    // Bytes, not characters.
    let chinese = (5 * 1024 - fixed) / 3;
    assert!(decode(&post(USERS, &msg(&"\u{5f20}".repeat(chinese)))).is_ok());
    assert_eq!(rejected(&post(USERS, &msg(&"\u{5f20}".repeat(chinese + 1)))).2, "message is too large");
}

#[test]
fn the_old_form() {
    let old = |kind: &str| {
        json!({
            "target_type": kind, "target": ["7", "8"], "from": "alice",
            "msg": {"type": "txt", "msg": "hi"}, "ext": {"k": 1},
        })
    };
    for (kind, target) in [
        ("users", Target::User(user("7"))),
        ("chatgroups", Target::Group(group("7"))),
        ("chatrooms", Target::Room(group("7"))),
    ] {
        let (draft, recipients) = drafted(OLD, &old(kind));
        assert_eq!((recipients.len(), &recipients[0]), (2, &target));
        assert_eq!(
            (draft.content.raw.as_str(), draft.ex.as_str()),
            (r#"{"type":"txt","msg":"hi"}"#, r#"{"k":1}"#)
        );
    }
    let without = |name: &str, value: Value| {
        let mut body = old("users");
        body[name] = value;
        rejected(&post(OLD, &body)).2
    };
    assert_eq!(without("target_type", Value::Null), "param target_type can't be empty");
    assert_eq!(
        without("target_type", json!("user")),
        "param target_type must be users, chatgroups or chatrooms"
    );
    assert_eq!(without("target", json!([])), "param to can't be empty");
    assert_eq!(without("msg", Value::Null), "param type can't be empty");
    assert_eq!(without("msg", json!({"msg": "hi"})), "param type can't be empty");

    let outcome = || Outcome::SentToMany {
        sent: vec![(Target::User(user("7")), sent(5)), (Target::User(user("8")), sent(6))],
        failed: vec![],
    };
    let asked = |query: &str| post(&format!("{OLD}{query}"), &old("users"));
    assert_eq!(answer(&asked(""), outcome())["data"], json!({"7": "success", "8": "success"}));
    assert_eq!(answer(&asked("?useMsgId=true"), outcome())["data"], json!({"7": "5", "8": "6"}));
}

#[test]
fn each_target_has_its_own_message() {
    let asked = post(USERS, &text());
    let outcome = Outcome::SentToMany {
        sent: vec![
            (Target::User(user("carol")), sent(1_357_924_680_135_792_471)),
            (Target::User(user("bob")), sent(1_357_924_680_135_792_470)),
        ],
        failed: vec![],
    };
    let told = answer(&asked, outcome);
    assert_eq!(told["data"], json!({"bob": "1357924680135792470", "Carol": "1357924680135792471"}));
    assert_eq!((&told["path"], &told["entities"]), (&json!("/messages/users"), &Value::Null));
}

#[test]
fn what_was_refused_is_left_out_unless_it_is_all() {
    let asked = post(USERS, &text());
    let said =
        CallbackRefusal { code: None, text: "blocked word".to_owned(), detail: String::new(), show: true };
    let no = || (Target::User(user("carol")), refusal(RefusalCode::ByCallback(said.clone()), "x"));
    let partly = Outcome::SentToMany { sent: vec![(Target::User(user("bob")), sent(5))], failed: vec![no()] };
    assert_eq!(answer(&asked, partly)["data"], json!({"bob": "5"}));
    for (failure, expected) in [
        (no().1, (403, "message_send_error", "blocked word")),
        (
            Fault::new("disk").into(),
            (500, "internal_server_error", "the server could not do this; its log says why"),
        ),
    ] {
        let outcome =
            Outcome::SentToMany { sent: vec![], failed: vec![(Target::User(user("bob")), failure), no()] };
        assert_eq!(told(&edge().encode(&asked, &Ok(outcome), NOW)), owned(expected));
    }
}

#[test]
fn an_id_that_a_receiver_has_set_is_shown() {
    let sent = sent(5);
    let message = Message { public_id: Some("own-1".to_owned()), ..(*sent.message).clone() };
    let sent = Sent { message: Arc::new(message), ..sent };
    let outcome = Outcome::SentToMany { sent: vec![(Target::User(user("bob")), sent)], failed: vec![] };
    assert_eq!(answer(&post(USERS, &text()), outcome)["data"], json!({"bob": "own-1"}));
}

#[test]
fn requests_and_messages_are_charged() {
    let edge = edge();
    let known: Vec<&str> = edge.rates().iter().map(|rate| rate.key).collect();
    for route in edge.routes() {
        let keys = edge.request_rates(route.method, route.path);
        assert_eq!(keys.len(), 1, "{}", route.path);
        assert!(known.contains(&keys[0]), "{}", route.path);
    }
    for (path, key) in [
        ("/{org}/{app}/token", "rates.token"),
        ("/app-id/{app_id}/messages/users", "rates.messages_users"),
        ("/{org}/{app}/messages/chatgroups", "rates.messages_chatgroups"),
        ("/{org}/{app}/messages", "rates.requests"),
        ("/{org}/{app}/users", "rates.requests"),
        ("/app-id/{app_id}/callback/storage/retry", "rates.storage_retry"),
    ] {
        assert_eq!(edge.request_rates(Method::Post, path), [key]);
    }
    assert_eq!(edge.request_rates(Method::Delete, "/{org}/{app}/users"), ["rates.users_delete"]);
    for (path, names, expected) in [
        (USERS, json!(["a", "b", "c"]), ("rates.messages_users_per_minute", 3)),
        (GROUPS, json!(["1"]), ("rates.messages_chatgroups_per_second", 1)),
        (ROOMS, json!(["1", "2"]), ("rates.messages_chatrooms_per_second", 2)),
    ] {
        let command = decode(&post(path, &with(&json!({"to": names})))).unwrap();
        let (keys, count) = edge.message_rates("", &command);
        assert_eq!((keys, count), (&[expected.0][..], expected.1));
        assert!(known.contains(&expected.0));
    }
    assert_eq!(edge.message_rates("", &Command::ServerTime), (&[][..], 0));
}
