//! What answers mean.

use std::collections::BTreeMap;
use std::fs;

use proptest::prelude::*;
use ringback_dialects::openim::callbacks::commands::Command;
use ringback_dialects::openim::callbacks::generation::Generation;
use ringback_model::action::Action;
use ringback_model::delivery::Answer;
use ringback_model::dialect::Acceptance;
use ringback_model::event::{Phase, Question, Subject};
use ringback_model::verdict::{Change, Verdict};
use serde::Deserialize;
use serde_json::Value;

use crate::samples::{asked, contract, folder, rule, served};

#[derive(Deserialize)]
struct Expected {
    status: u16,
    verdict: String,
    #[serde(default)]
    changes: Vec<String>,
}

#[test]
fn every_answer_means_what_its_folder_says() {
    for (generation, command) in served() {
        let folder = folder(generation, command);
        let expected: BTreeMap<String, Expected> =
            serde_json::from_slice(&fs::read(folder.join("verdicts.json")).unwrap()).unwrap();
        let replies =
            fs::read_dir(&folder).unwrap().filter_map(|entry| entry.unwrap().file_name().into_string().ok());
        let mut replies: Vec<_> = replies.filter(|name| name.starts_with("reply-")).collect();
        replies.sort();
        assert_eq!(replies, expected.keys().cloned().collect::<Vec<_>>(), "{}", folder.display());
        let least = if command.phase() == Phase::Before { 4 } else { 1 };
        assert!(replies.len() >= least, "{}", folder.display());
        for (name, expected) in expected {
            let body = fs::read(folder.join(&name)).unwrap();
            let answer = Answer { status: expected.status, body, cut: false };
            let at = folder.join(&name);
            let meaning = meaning(generation, command, &answer);
            assert_eq!(meaning, (expected.verdict, expected.changes), "{}", at.display());
        }
    }
}

/// What an answer means, in words, and what it changes.
pub(crate) fn meaning(generation: Generation, command: &Command, answer: &Answer) -> (String, Vec<String>) {
    let (contract, rule) = (contract(generation), rule(generation, command));
    if command.phase() == Phase::After {
        let said = match contract.accepted(&rule, answer) {
            Acceptance::Delivered => "delivered".to_owned(),
            Acceptance::DeliveredBadly(why) => format!("delivered badly: {why}"),
            Acceptance::Failed(why) => format!("failed: {why}"),
        };
        return (said, Vec::new());
    }
    let question = asked(command);
    match contract.verdict(&rule, &question, answer) {
        Ok(Verdict::Allow { changes }) => {
            ("allow".to_owned(), changes.iter().flat_map(|change| words(&question, change)).collect())
        }
        Ok(Verdict::Refuse(refusal)) => {
            assert!(refusal.show);
            let said = format!("refuse {} {:?} {:?}", refusal.code.unwrap(), refusal.text, refusal.detail);
            (said, Vec::new())
        }
        Err(wrong) => (format!("wrong: {}", wrong.0), Vec::new()),
    }
}

/// A change in words; of an action, those of its values that are others now.
fn words(question: &Question, change: &Change) -> Vec<String> {
    match (change, &question.subject) {
        (Change::Action(after), Subject::Action(before)) => differences(before, after),
        (change, _) => vec![format!("{change:?}")],
    }
}

fn differences(before: &Action, after: &Action) -> Vec<String> {
    fn walk(path: &str, before: &Value, after: &Value, found: &mut Vec<String>) {
        match (before, after) {
            (Value::Object(before), Value::Object(after)) => {
                for (name, value) in after {
                    walk(&format!("{path}.{name}"), before.get(name).unwrap_or(&Value::Null), value, found);
                }
            }
            (Value::Array(before), Value::Array(after)) if before.len() == after.len() => {
                for (at, (before, after)) in before.iter().zip(after).enumerate() {
                    walk(&format!("{path}[{at}]"), before, after, found);
                }
            }
            _ if before == after => {}
            _ => found.push(format!("{} = {after}", path.trim_start_matches(".action."))),
        }
    }
    let json = |action: &Action| serde_json::to_value(action).unwrap();
    let mut found = Vec::new();
    walk("", &json(before), &json(after), &mut found);
    found
}

#[test]
fn the_request_coming_back_as_the_answer_changes_nothing() {
    // Receivers of the original must repeat what they were asked about, or they empty it.
    for (generation, command) in served().filter(|(_, command)| command.phase() == Phase::Before) {
        if command.name == "callbackBeforeMsgModifyCommand" {
            continue; // Fields of its answers have other meanings: `groupID` sends the message elsewhere.
        }
        let request = fs::read(folder(generation, command).join("request.json")).unwrap();
        let answer = Answer { status: 200, body: request, cut: false };
        let (said, changes) = meaning(generation, command, &answer);
        let same = changes.iter().all(|change| change.contains("see you at 5"));
        assert!(said == "allow" && same, "{} {}: {said} {changes:?}", generation.contract(), command.name);
    }
}

/// What the fields of an answer are where a receiver's runtime writes all of them and nobody has set one.
const UNFILLED: &[(&str, &str)] = &[
    (
        "callbackBeforeMsgModifyCommand",
        r#"{"content":"","recvID":"","groupID":"","clientMsgID":"","serverMsgID":"","senderPlatformID":0,
            "senderNickname":"","senderFaceURL":"","sessionType":0,"msgFrom":0,"contentType":0,"status":0,
            "options":null,"offlinePushInfo":null,"atUserIDList":null,"attachedInfo":"","ex":""}"#,
    ),
    ("callbackWordFilterCommand", r#"{"content":"","operationID":""}"#),
    (
        "callbackBeforeOfflinePushCommand",
        r#"{"userIDList":[],"offlinePushInfo":{"title":"","desc":"","ex":"","iOSPushSound":"",
            "iOSBadgeCount":false,"signalInfo":""}}"#,
    ),
    ("callbackBeforeGroupOnlinePushCommand", r#"{"userIDList":null,"offlinePushInfo":null}"#),
    ("callbackBeforeSetFriendRemarkCommand", r#"{"remark":""}"#),
    ("callbackBeforeImportFriendsCommand", r#"{"friendUserIDs":null}"#),
    (
        "callbackBeforeCreateGroupCommand",
        r#"{"groupID":"","groupName":"","notification":"","introduction":"","faceURL":"","ownerUserID":"","ex":"",
            "status":0,"creatorUserID":"","groupType":0,"needVerification":0,"lookMemberInfo":0,
            "applyMemberFriend":0}"#,
    ),
    ("callbackBeforeMembersJoinGroupCommand", r#"{"memberCallbackList":null}"#),
    ("callbackBeforeInviteJoinGroupCommand", r#"{"refusedMembersAccount":null}"#),
    (
        "callbackBeforeSetGroupInfoCommand",
        r#"{"groupID":"","groupName":"","notification":"","introduction":"","faceURL":"","ex":null,
            "needVerification":null,"lookMemberInfo":null,"applyMemberFriend":null}"#,
    ),
    (
        "callbackBeforeSetGroupInfoCommand",
        r#"{"groupID":"","groupName":"","notification":"","introduction":"","faceURL":"","ex":"",
            "needVerification":0,"lookMemberInfo":0,"applyMemberFriend":0}"#,
    ),
    (
        "callbackBeforeSetGroupInfoExCommand",
        r#"{"groupID":"","groupName":null,"notification":null,"introduction":null,"faceURL":null,"ex":null,
            "needVerification":null,"lookMemberInfo":null,"applyMemberFriend":null}"#,
    ),
    (
        "callbackBeforeSetGroupInfoExCommand",
        r#"{"groupID":"","groupName":"","notification":"","introduction":"","faceURL":"","ex":"",
            "needVerification":0,"lookMemberInfo":0,"applyMemberFriend":0}"#,
    ),
    ("callbackBeforeSetGroupMemberInfoCommand", r#"{"nickName":"","faceURL":"","roleLevel":0,"ex":""}"#),
    ("callbackBeforeUserRegisterCommand", r#"{"users":null}"#),
    ("callbackBeforeUpdateUserInfoCommand", r#"{"nickName":"","faceURL":"","ex":""}"#),
    ("callbackBeforeUpdateUserInfoExCommand", r#"{"nickName":"","faceURL":"","ex":""}"#),
    (
        "callbackBeforeCreateSingleChatConversationsCommand",
        r#"{"recvMsgOpt":0,"isPinned":false,"isPrivateChat":false,"burnDuration":0,"groupAtType":0,
            "attachedInfo":"","ex":""}"#,
    ),
    (
        "callbackBeforeCreateGroupChatConversationsCommand",
        r#"{"recv_msg_opt":0,"is_pinned":false,"is_private_chat":false,"burn_duration":0,"group_at_type":0,
            "attached_info":"","ex":""}"#,
    ),
];

#[test]
fn an_answer_that_nobody_has_filled_in_is_a_bare_allow() {
    for (generation, command) in served().filter(|(_, command)| command.phase() == Phase::Before) {
        for (_, fields) in UNFILLED.iter().filter(|(name, _)| *name == command.name) {
            let common = r#"{"actionCode":0,"errCode":0,"errMsg":"","errDlt":"","nextCode":0,"#;
            let body = fields.replacen('{', common, 1).into_bytes();
            let answer = Answer { status: 200, body, cut: false };
            let said = meaning(generation, command, &answer);
            assert_eq!(said, ("allow".to_owned(), Vec::new()), "{} {}", generation.contract(), command.name);
        }
    }
}

#[test]
fn lists_in_answers_are_bounded_and_name_users_in_any_letter_case() {
    let meaning_of = |name: &str, body: String| {
        let command = ringback_dialects::openim::callbacks::commands::named(name).unwrap();
        let answer = Answer { status: 200, body: body.into_bytes(), cut: false };
        meaning(Generation::V38, command, &answer)
    };
    let users: Vec<String> = (0..9000).map(|n| format!(r#"{{"userID":"u{n}"}}"#)).collect();
    let (said, _) =
        meaning_of("callbackBeforeUserRegisterCommand", format!(r#"{{"users":[{}]}}"#, users.join(",")));
    assert_eq!(said, "wrong: users has more than 1000 entries");
    let body = format!(r#"{{"memberCallbackList":[{}]}}"#, users.join(","));
    let (said, _) = meaning_of("callbackBeforeMembersJoinGroupCommand", body);
    assert_eq!(said, "wrong: memberCallbackList has more than 2001 entries");
    let body = r#"{"memberCallbackList":[{"userID":"DAVE_04","nickname":"Dave"}]}"#.to_owned();
    let (said, changes) = meaning_of("callbackBeforeMembersJoinGroupCommand", body);
    assert_eq!((said.as_str(), changes.len()), ("allow", 1), "{changes:?}");
}

proptest! {
    #[test]
    fn no_answer_does_harm(
        body in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..80).boxed(),
            "\\{\"(content|recvID|options|nextCode|atUserIDList|users|memberCallbackList|userIDList|remark|groupID|roleLevel|friendUserIDs|isPinned|recv_msg_opt|offlinePushInfo)\":[\\[\\]{}\"0-9a-z,:.null-]{0,20}\\}"
                .prop_map(String::into_bytes)
                .boxed(),
        ],
        status in 100u16..600,
    ) {
        for (generation, command) in served() {
            let answer = Answer { status, body: body.clone(), cut: false };
            let (said, changes) = meaning(generation, command, &answer);
            prop_assert!(changes.is_empty() || said == "allow");
            prop_assert!((200..300).contains(&status) || said.starts_with("wrong") || said.starts_with("failed"));
        }
    }
}
