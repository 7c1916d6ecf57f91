//! What rules are told and asked about besides messages: how many calls, about whom, in which form.

use std::sync::Arc;

use ringback_dialects::openim::callbacks::commands;
use ringback_dialects::openim::callbacks::generation::Generation;
use ringback_model::action::{Action, ChatAction, GroupAction, UserAction};
use ringback_model::conversation::{ConversationId, Target};
use ringback_model::event::{Event, EventKind, Phase, PushPlan, Question, Subject};
use ringback_model::message::{Content, ContentClass, Message};
use ringback_model::rule::Rule;
use serde_json::{Value, json};

use crate::samples::{
    asked, contract, done, group_message, push, question, rule, served, single_message, user,
};

fn rule_of(generation: Generation, names: &[&str], switches: &[(&str, &str)]) -> Rule {
    let first = commands::named(names[0]).unwrap();
    Rule {
        events: names.iter().map(|name| (*name).to_owned()).collect(),
        switches: switches.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        ..rule(generation, first)
    }
}

fn bodies(rule: &Rule, event: &Event) -> Vec<Value> {
    let contract = contract(Generation::V38);
    let copies = contract.copies(rule, event).unwrap_or(0);
    assert_eq!(contract.delivery(rule, event, copies), None, "no copy beyond the last");
    (0..copies)
        .map(|copy| {
            let rendered = contract.delivery(rule, event, copy).unwrap();
            serde_json::from_slice(&rendered.outbound.body).unwrap()
        })
        .collect()
}

fn action(name: &str) -> Action {
    crate::actions::of(commands::named(name).unwrap())
}

fn question_body(generation: Generation, name: &str, switches: &[(&str, &str)]) -> Value {
    let command = commands::named(name).unwrap();
    let named = [command.name_in(generation).unwrap()];
    let rule = rule_of(generation, &named, switches);
    let outbound = contract(generation).question(&rule, &asked(command)).unwrap();
    serde_json::from_slice(&outbound.body).unwrap()
}

#[test]
fn everybody_who_joins_is_told_of_alone() {
    let Action::Group(GroupAction::Join(mut join)) = action("callbackAfterJoinGroupCommand") else {
        panic!()
    };
    join.users = vec![user("dave_04"), user("erin_05"), user("frank_06")];
    let event = done(Action::Group(GroupAction::Join(join)), None);
    let told = bodies(&rule_of(Generation::V38, &["callbackAfterJoinGroupCommand"], &[]), &event);
    let who: Vec<_> = told.iter().map(|body| body["inviterUserID"].as_str().unwrap()).collect();
    assert_eq!(who, ["dave_04", "erin_05", "frank_06"]);
    assert!(told.iter().all(|body| body["userID"] == body["inviterUserID"]));
    assert!(told.iter().all(|body| body.get("opUserID").is_none()), "the server itself acts");
}

#[test]
fn a_revoked_group_message_has_two_callbacks_and_a_single_one_has_one() {
    let both = ["callbackBeforeAfterMsgCommand", "callbackAfterGroupMsgRevokeCommand"];
    let rule = rule_of(Generation::V38, &both, &[]);
    let Action::Chat(ChatAction::Revoke(mut revoked)) = action(both[0]) else { panic!() };
    let commands = |revoked: &_| -> Vec<String> {
        let event = done(Action::Chat(ChatAction::Revoke(Clone::clone(revoked))), None);
        bodies(&rule, &event)
            .iter()
            .map(|body| body["callbackCommand"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(commands(&revoked), both);
    revoked.public_id = Some("SM-1".to_owned());
    let event = done(Action::Chat(ChatAction::Revoke(revoked.clone())), None);
    let ids = bodies(&rule, &event);
    assert!(ids.iter().all(|body| body["serverMsgID"] == "SM-1"), "the id that a rule had set: {ids:?}");
    revoked.conversation = ConversationId::single(&user("alice_01"), &user("bob_02"));
    assert_eq!(commands(&revoked), both[..1]);
}

#[test]
fn reading_is_told_by_what_was_named() {
    let both = ["callbackAfterSingleMsgReadCommand", "callbackAfterGroupMsgReadCommand"];
    let rule = rule_of(Generation::V38, &both, &[]);
    for (name, up_to, told_by) in [
        (both[0], true, both[0]),
        (both[0], false, both[0]),
        (both[1], true, both[1]),
        (both[1], false, both[0]),
    ] {
        let Action::Chat(ChatAction::Read(mut read)) = action(name) else { panic!() };
        read.up_to = up_to;
        read.seqs.clear();
        let told = bodies(&rule, &done(Action::Chat(ChatAction::Read(read)), None));
        assert_eq!(told.len(), 1, "{name} {up_to}");
        assert_eq!(told[0]["callbackCommand"], json!(told_by), "{name} {up_to}");
        if told_by == both[0] {
            assert_eq!(told[0].get("Seqs"), Some(&Value::Null), "an empty list is null");
        }
    }
}

#[test]
fn whether_messages_are_received_is_no_change_of_a_profile() {
    let Action::User(UserAction::Edit(mut edit)) = action("callbackAfterUpdateUserInfoExCommand") else {
        panic!()
    };
    let rule = rule_of(Generation::V38, &["callbackAfterUpdateUserInfoExCommand"], &[]);
    edit.receive_option = Some(1);
    let event = |edit: &_| done(Action::User(UserAction::Edit(Clone::clone(edit))), None);
    assert_eq!(bodies(&rule, &event(&edit)).len(), 1);
    edit.nickname = None;
    assert!(bodies(&rule, &event(&edit)).is_empty());
    edit.ex = Some("{}".to_owned());
    assert_eq!(bodies(&rule, &event(&edit))[0]["ex"], json!("{}"));
}

#[test]
fn coded_bodies_have_the_originals_fields_alone() {
    let coded = [("openim.compat.filled_fields", "coded")];
    let agree = question_body(Generation::V38, "callbackBeforeAddFriendAgreeCommand", &coded);
    let mut keys: Vec<_> = agree.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["HandleMsg", "HandleResult", "blackUserID", "callbackCommand", "fromUserID"]);
    let edit = question_body(Generation::V38, "callbackBeforeSetGroupInfoExCommand", &coded);
    assert_eq!((edit["operationID"].as_str(), edit.get("opUserID")), (Some(""), None));
    for (name, key, value) in [
        ("callbackAfterUserOnlineCommand", "connID", Some(json!(""))),
        ("callbackAfterUserKickOffCommand", "reason", None),
        ("callbackAfterGroupMsgReadCommand", "groupID", None),
        ("callbackAfterJoinGroupCommand", "userID", None),
        ("callbackBeforeAfterMsgCommand", "sendID", None),
    ] {
        let told =
            bodies(&rule_of(Generation::V38, &[name], &coded), &done(action(name), Some(user("alice_01"))));
        assert_eq!(told[0].get(key), value.as_ref(), "{name}");
    }
}

#[test]
fn changed_settings_can_stand_in_objects() {
    let objects = [("openim.compat.wrappers", "objects")];
    let body = question_body(Generation::V38, "callbackBeforeSetGroupInfoExCommand", &objects);
    assert_eq!(body["groupName"], json!({"value": "Release crew 2"}));
    assert_eq!(body["needVerification"], json!({"value": 2}));
    assert_eq!(body["ex"], Value::Null);
}

#[test]
fn the_older_contracts_are_asked_about_each_one_who_enters() {
    let command = commands::named("callbackBeforeMembersJoinGroupCommand").unwrap();
    let mut question = asked(command);
    let Subject::Action(action) = &mut question.subject else { panic!() };
    let Action::Group(GroupAction::Enter(entry)) = &mut **action else { panic!() };
    assert_eq!(entry.entrants.len(), 2);
    let subject = question.subject.clone();
    let newest = contract(Generation::V38);
    assert!(!newest.asks_singly(&rule(Generation::V38, command), &question));
    question.subject = subject.singly().remove(1);
    for generation in [Generation::V35, Generation::V30, Generation::V2] {
        assert!(contract(generation).asks_singly(&rule(generation, command), &question));
        let outbound = contract(generation).question(&rule(generation, command), &question).unwrap();
        let body: Value = serde_json::from_slice(&outbound.body).unwrap();
        assert_eq!(
            (&body["userID"], &body["memberList"][0]["userID"]),
            (&json!("erin_05"), &json!("erin_05"))
        );
    }
}

fn pushed(message: Message) -> Question {
    let plan = PushPlan { users: vec![user("bob_02")], show: None, message: Arc::new(message) };
    let asks = question(EventKind::OnlinePushing, single_message());
    Question { subject: Subject::Push(Box::new(plan)), ..asks }
}

#[test]
fn pushes_of_notifications_are_asked_about_with_their_details_and_typing_is_not() {
    let both = ["callbackBeforeOnlinePushCommand", "callbackBeforeGroupOnlinePushCommand"];
    let rule = rule_of(Generation::V38, &both, &[]);
    let contract = contract(Generation::V38);
    let content =
        |code, class, raw: &str| Content { form: "openim".to_owned(), class, code, raw: raw.to_owned() };
    let told = Message {
        content: content(1201, ContentClass::Notification, r#"{"detail":"{\"handleMsg\":\"hi\"}"}"#),
        ..single_message()
    };
    let outbound = contract.question(&rule, &pushed(told)).unwrap();
    let body: Value = serde_json::from_slice(&outbound.body).unwrap();
    assert_eq!(body["content"], json!(r#"{"handleMsg":"hi"}"#));
    assert_eq!((&body["callbackCommand"], body.get("title")), (&json!(both[0]), None));

    let to_group = contract.question(&rule, &pushed(group_message())).unwrap();
    let body: Value = serde_json::from_slice(&to_group.body).unwrap();
    assert_eq!((&body["callbackCommand"], &body["seq"]), (&json!(both[1]), &json!(42)));

    let typing = Message { content: content(113, ContentClass::Typing, "{}"), ..single_message() };
    assert!(contract.question(&rule, &pushed(typing)).is_err());
    let account = Message { target: Target::Notice(user("bob_02")), ..single_message() };
    let outbound = contract.question(&rule, &pushed(account)).unwrap();
    let body: Value = serde_json::from_slice(&outbound.body).unwrap();
    assert_eq!((&body["callbackCommand"], &body["sessionType"]), (&json!(both[0]), &json!(4)));
}

#[test]
fn an_offline_push_without_words_has_none() {
    let command = commands::named("callbackBeforeOfflinePushCommand").unwrap();
    let mut question = asked(command);
    question.subject = Subject::Push(Box::new(PushPlan { show: None, ..push(command) }));
    let contract = contract(Generation::V38);
    let outbound = contract.question(&rule(Generation::V38, command), &question).unwrap();
    let body: Value = serde_json::from_slice(&outbound.body).unwrap();
    assert!(
        ["title", "desc", "ex", "iOSPushSound", "iOSBadgeCount", "signalInfo"]
            .iter()
            .all(|key| body.get(key).is_none())
    );
}

#[test]
fn only_messages_carry_the_key_of_their_conversation() {
    for (generation, command) in served().filter(|(_, command)| command.phase() == Phase::After) {
        let url = crate::samples::render(generation, command).url;
        let wanted = generation == Generation::V38 && command.kind == EventKind::MessageSent;
        assert_eq!(url.contains("key="), wanted, "{url}");
    }
}
