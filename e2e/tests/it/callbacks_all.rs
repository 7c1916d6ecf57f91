//! Every callback of the v3.8 contract, triggered by what triggers it in real life: its URL, its headers, and the
//! fields of its body against the golden request of its fixture.
//! Source: openim-callbacks fact sheet 4.0 (which there are), 4.2 to 4.8 (what triggers them).

use std::collections::BTreeSet;
use std::path::Path;

use ringback_e2e::app::{App, conversation, platform, single};
use ringback_e2e::receiver::{Act, Call, Receiver};
use ringback_e2e::rest::Rest;
use ringback_e2e::rules::{ON, webhooks};
use ringback_e2e::setup::Setup;
use serde_json::{Value, json};

/// Key in `webhooks.yml`, command.
const CALLBACKS: [(&str, &str); 53] = [
    ("beforeSendSingleMsg", "callbackBeforeSendSingleMsgCommand"),
    ("afterSendSingleMsg", "callbackAfterSendSingleMsgCommand"),
    ("beforeSendGroupMsg", "callbackBeforeSendGroupMsgCommand"),
    ("afterSendGroupMsg", "callbackAfterSendGroupMsgCommand"),
    ("beforeMsgModify", "callbackBeforeMsgModifyCommand"),
    ("afterMsgSaveDB", "callbackAfterMsgSaveDBCommand"),
    ("afterSingleMsgRead", "callbackAfterSingleMsgReadCommand"),
    ("afterGroupMsgRead", "callbackAfterGroupMsgReadCommand"),
    ("afterRevokeMsg", "callbackBeforeAfterMsgCommand"),
    ("afterGroupMsgRevoke", "callbackAfterGroupMsgRevokeCommand"),
    ("beforeOfflinePush", "callbackBeforeOfflinePushCommand"),
    ("beforeOnlinePush", "callbackBeforeOnlinePushCommand"),
    ("beforeGroupOnlinePush", "callbackBeforeGroupOnlinePushCommand"),
    ("afterUserOnline", "callbackAfterUserOnlineCommand"),
    ("afterUserOffline", "callbackAfterUserOfflineCommand"),
    ("afterUserKickOff", "callbackAfterUserKickOffCommand"),
    ("beforeAddFriend", "callbackBeforeAddFriendCommand"),
    ("afterAddFriend", "callbackAfterAddFriendCommand"),
    ("beforeAddFriendAgree", "callbackBeforeAddFriendAgreeCommand"),
    ("afterAddFriendAgree", "callbackAfterAddFriendAgreeCommand"),
    ("afterDeleteFriend", "callbackAfterDeleteFriendCommand"),
    ("beforeSetFriendRemark", "callbackBeforeSetFriendRemarkCommand"),
    ("afterSetFriendRemark", "callbackAfterSetFriendRemarkCommand"),
    ("beforeImportFriends", "callbackBeforeImportFriendsCommand"),
    ("afterImportFriends", "callbackAfterImportFriendsCommand"),
    ("beforeAddBlack", "callbackBeforeAddBlackCommand"),
    ("afterRemoveBlack", "callbackAfterRemoveBlackCommand"),
    ("beforeCreateGroup", "callbackBeforeCreateGroupCommand"),
    ("afterCreateGroup", "callbackAfterCreateGroupCommand"),
    ("beforeMemberJoinGroup", "callbackBeforeMembersJoinGroupCommand"),
    ("beforeApplyJoinGroup", "callbackBeforeJoinGroupCommand"),
    ("afterJoinGroup", "callbackAfterJoinGroupCommand"),
    ("beforeInviteUserToGroup", "callbackBeforeInviteJoinGroupCommand"),
    ("afterQuitGroup", "callbackAfterQuitGroupCommand"),
    ("afterKickGroupMember", "callbackAfterKickGroupCommand"),
    ("afterDismissGroup", "callbackAfterDisMissGroupCommand"),
    ("afterTransferGroupOwner", "callbackAfterTransferGroupOwnerCommand"),
    ("beforeSetGroupInfo", "callbackBeforeSetGroupInfoCommand"),
    ("afterSetGroupInfo", "callbackAfterSetGroupInfoCommand"),
    ("beforeSetGroupInfoEx", "callbackBeforeSetGroupInfoExCommand"),
    ("afterSetGroupInfoEx", "callbackAfterSetGroupInfoExCommand"),
    ("beforeSetGroupMemberInfo", "callbackBeforeSetGroupMemberInfoCommand"),
    ("afterSetGroupMemberInfo", "callbackAfterSetGroupMemberInfoCommand"),
    ("beforeUserRegister", "callbackBeforeUserRegisterCommand"),
    ("afterUserRegister", "callbackAfterUserRegisterCommand"),
    ("beforeUpdateUserInfo", "callbackBeforeUpdateUserInfoCommand"),
    ("afterUpdateUserInfo", "callbackAfterUpdateUserInfoCommand"),
    ("beforeUpdateUserInfoEx", "callbackBeforeUpdateUserInfoExCommand"),
    ("afterUpdateUserInfoEx", "callbackAfterUpdateUserInfoExCommand"),
    ("beforeCreateSingleChatConversations", "callbackBeforeCreateSingleChatConversationsCommand"),
    ("afterCreateSingleChatConversations", "callbackAfterCreateSingleChatConversationsCommand"),
    ("beforeCreateGroupChatConversations", "callbackBeforeCreateGroupChatConversationsCommand"),
    ("afterCreateGroupChatConversations", "callbackAfterCreateGroupChatConversationsCommand"),
];

/// The message that says what an offline push shows.
const WAKES_WITH_WORDS: &str = "wakes-with-words";

/// Members of the body of an offline push that are there if its message says what to show.
const SHOWN: [&str; 6] = ["title", "desc", "ex", "iOSPushSound", "iOSBadgeCount", "signalInfo"];

const USERS: [&str; 6] = ["alice", "bob", "carol", "dave", "erin", "frank"];

/// The administrator's calls.
struct Steps {
    rest: Rest,
}

impl Steps {
    async fn take(&self, path: &str, body: Value) {
        let reply = self.rest.post(path, &body).await;
        assert_eq!(reply.code(), 0, "{path}: {}", reply.body);
    }

    async fn friends(&self) {
        let ask = json!({"fromUserID": "alice", "toUserID": "dave", "reqMsg": "met at the fair", "ex": ""});
        self.take("/friend/add_friend", ask).await;
        let agree =
            json!({"fromUserID": "alice", "toUserID": "dave", "handleResult": 1, "handleMsg": "welcome"});
        self.take("/friend/add_friend_response", agree).await;
        let remark = json!({"ownerUserID": "alice", "friendUserID": "dave", "remark": "Davy"});
        self.take("/friend/set_friend_remark", remark).await;
        self.take("/friend/delete_friend", json!({"ownerUserID": "alice", "friendUserID": "dave"})).await;
        self.take("/friend/import_friend", json!({"ownerUserID": "alice", "friendUserIDs": ["erin"]})).await;
        let block = json!({"ownerUserID": "alice", "blackUserID": "frank"});
        self.take("/friend/add_black", block.clone()).await;
        self.take("/friend/remove_black", block).await;
    }

    async fn profiles(&self) {
        let old = json!({"userInfo": {"userID": "carol", "nickname": "C."}});
        self.take("/user/update_user_info", old).await;
        let new = json!({"userInfo": {"userID": "carol", "nickname": "Caro", "ex": "e"}});
        self.take("/user/update_user_info_ex", new).await;
    }

    async fn groups(&self, group: &str) {
        let open = json!({"groupInfoForSet": {"groupID": group, "groupName": "Crew", "needVerification": 2}});
        self.take("/group/set_group_info", open).await;
        let renamed = json!({"groupID": group, "groupName": "Crew 2", "needVerification": 2});
        self.take("/group/set_group_info_ex", renamed).await;
        let member = json!({"groupID": group, "userID": "bob", "nickname": "Bobby"});
        self.take("/group/set_group_member_info", json!({"members": [member]})).await;
        let join =
            json!({"groupID": group, "reqMessage": "let me in", "joinSource": 3, "inviterUserID": "frank"});
        self.take("/group/join_group", join).await;
        let invite = json!({"groupID": group, "invitedUserIDs": ["dave", "erin"], "reason": "new"});
        self.take("/group/invite_user_to_group", invite).await;
        self.take("/group/quit_group", json!({"groupID": group, "userID": "frank"})).await;
        let kick = json!({"groupID": group, "kickedUserIDs": ["dave"], "reason": "spam"});
        self.take("/group/kick_group", kick).await;
        let transfer = json!({"groupID": group, "oldOwnerUserID": "alice", "newOwnerUserID": "bob"});
        self.take("/group/transfer_group", transfer).await;
    }

    async fn read_and_revoke(&self, group: &str) {
        let of_group = format!("sg_{group}");
        for id in [conversation("alice", "bob"), of_group.clone()] {
            let read = json!({"conversationID": id, "userID": "bob", "hasReadSeq": 1, "seqs": []});
            self.take("/msg/mark_conversation_as_read", read).await;
        }
        self.take("/msg/revoke_msg", json!({"conversationID": of_group, "seq": 1, "userID": "alice"})).await;
    }
}

/// Messages to one who is online, to one who is not, and to a group; comings and goings.
async fn talk(app: &App, group: &str) {
    let bob = app.login("bob", platform::ANDROID).await;
    let alice = app.login("alice", platform::ANDROID).await;
    alice.send(&alice.text_to("bob", "hello")).await.taken();
    let mut waking = single("alice", "carol", "wake up");
    waking["clientMsgID"] = json!(WAKES_WITH_WORDS);
    waking["offlinePushInfo"] = json!({"title": "t", "desc": "", "ex": "", "iOSPushSound": "", "iOSBadgeCount": false, "signalInfo": ""});
    app.admin().post("/msg/send_msg", &waking).await.data();
    alice.send(&alice.text_to_group(group, "hello all")).await.taken();
    // The second login on the platform takes the first one's place.
    let again = app.login("alice", platform::ANDROID).await;
    alice.closed().await;
    drop(again);
    drop(bob);
}

/// The names of an object's members, and of those of the objects in its lists.
fn shape(body: &Value) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (name, value) in body.as_object().unwrap() {
        names.insert(name.clone());
        if let Some(inside) = value.as_array().and_then(|list| list.first()?.as_object()) {
            names.extend(inside.keys().map(|inner| format!("{name}[].{inner}")));
        }
    }
    names
}

fn golden(command: &str) -> Value {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/openim/v3.8");
    let text = std::fs::read(root.join(command).join("request.json"));
    serde_json::from_slice(&text.unwrap_or_else(|error| panic!("{command}: {error}"))).unwrap()
}

fn is_as_its_fixture(call: &Call) {
    assert_eq!(call.method, "POST");
    assert_eq!(call.path, format!("/callbackExample/{}", call.command));
    let operation = call.header("operationid").unwrap();
    assert!(!operation.is_empty(), "{}", call.command);
    let inside = call.body.get("operationID");
    assert!(inside.is_none_or(|inside| inside == operation), "{}: {}", call.command, call.body);
    assert_eq!(call.bytes.last(), Some(&b'\n'));
    let (mut found, mut wanted) = (shape(&call.body), shape(&golden(&call.command)));
    // Who acts is said where somebody does.
    for names in [&mut found, &mut wanted] {
        names.remove("opUserID");
    }
    if call.body["clientMsgID"] != WAKES_WITH_WORDS && call.command == "callbackBeforeOfflinePushCommand" {
        // What is to be shown is there if the message says it: fact sheet 4.3, command 11.
        wanted.retain(|name| !SHOWN.contains(&name.as_str()));
    }
    assert_eq!(found, wanted, "{}", call.command);
}

#[tokio::test]
async fn every_callback_is_triggered_and_has_the_fields_of_its_fixture() {
    let receiver = Receiver::start().await;
    let rules: Vec<_> = CALLBACKS.iter().map(|(key, _)| (*key, ON)).collect();
    let app = App::start(Setup::dev().webhooks(&webhooks(&receiver.url(), &rules)), &USERS).await;
    let group = app.group("alice", &["bob", "carol"]).await;
    talk(&app, &group).await;
    let steps = Steps { rest: app.admin() };
    steps.read_and_revoke(&group).await;
    steps.friends().await;
    steps.profiles().await;
    steps.groups(&group).await;
    steps.take("/group/dismiss_group", json!({"groupID": group})).await;
    for (_, command) in CALLBACKS {
        receiver.wait_for_one(command).await;
    }
    let calls = receiver.calls();
    calls.iter().for_each(is_as_its_fixture);
    assert!(calls.iter().any(|call| call.body["title"] == "t"), "what to show was said");
}

/// Calls that a before-callback can refuse, each with the key of the callback.
fn refusable(group: &str) -> Vec<(&'static str, &'static str, Value)> {
    let member = json!({"groupID": group, "userID": "bob", "nickname": "Bobby"});
    let user = json!({"userID": "carol", "nickname": "C."});
    vec![
        (
            "beforeCreateGroup",
            "/group/create_group",
            json!({
                "ownerUserID": "alice", "memberUserIDs": ["bob"], "groupInfo": {"groupName": "G", "groupType": 2},
            }),
        ),
        (
            "beforeInviteUserToGroup",
            "/group/invite_user_to_group",
            json!({
                "groupID": group, "invitedUserIDs": ["dave"], "reason": "",
            }),
        ),
        (
            "beforeMemberJoinGroup",
            "/group/invite_user_to_group",
            json!({
                "groupID": group, "invitedUserIDs": ["dave"], "reason": "",
            }),
        ),
        (
            "beforeApplyJoinGroup",
            "/group/join_group",
            json!({
                "groupID": group, "reqMessage": "", "joinSource": 3, "inviterUserID": "frank",
            }),
        ),
        (
            "beforeSetGroupInfo",
            "/group/set_group_info",
            json!({
                "groupInfoForSet": {"groupID": group, "groupName": "X"},
            }),
        ),
        ("beforeSetGroupInfoEx", "/group/set_group_info_ex", json!({"groupID": group, "groupName": "X"})),
        ("beforeSetGroupMemberInfo", "/group/set_group_member_info", json!({"members": [member]})),
        (
            "beforeAddFriend",
            "/friend/add_friend",
            json!({
                "fromUserID": "alice", "toUserID": "dave", "reqMsg": "", "ex": "",
            }),
        ),
        (
            "beforeAddFriendAgree",
            "/friend/add_friend_response",
            json!({
                "fromUserID": "alice", "toUserID": "dave", "handleResult": 1, "handleMsg": "",
            }),
        ),
        (
            "beforeSetFriendRemark",
            "/friend/set_friend_remark",
            json!({"ownerUserID": "alice", "friendUserID": "dave", "remark": "Davy"}),
        ),
        (
            "beforeImportFriends",
            "/friend/import_friend",
            json!({"ownerUserID": "alice", "friendUserIDs": ["erin"]}),
        ),
        ("beforeAddBlack", "/friend/add_black", json!({"ownerUserID": "alice", "blackUserID": "frank"})),
        (
            "beforeUserRegister",
            "/user/user_register",
            json!({"users": [{"userID": "gina", "nickname": "Gina"}]}),
        ),
        ("beforeUpdateUserInfo", "/user/update_user_info", json!({"userInfo": user})),
        ("beforeUpdateUserInfoEx", "/user/update_user_info_ex", json!({"userInfo": user})),
    ]
}

#[tokio::test]
async fn what_a_callback_refuses_is_not_done_and_the_caller_learns_why() {
    let receiver = Receiver::start().await;
    let rules: Vec<_> =
        CALLBACKS.iter().map(|(key, _)| (*key, "enable: true, failedContinue: false")).collect();
    let app = App::start(Setup::dev().webhooks(&webhooks(&receiver.url(), &rules)), &USERS).await;
    let group = app.group("alice", &["bob"]).await;
    let admin = app.admin();
    for (key, path, body) in refusable(&group) {
        let command = CALLBACKS.iter().find(|(known, _)| *known == key).unwrap().1;
        receiver.next(command, vec![Act::refuse(5001, "not today", "rule 17"), Act::text(200, "[]")]);
        let reply = admin.post(path, &body).await;
        assert_eq!(reply.body, json!({"errCode": 5001, "errMsg": "not today", "errDlt": "rule 17"}), "{key}");
        let unusable = admin.post(path, &body).await;
        assert_eq!(unusable.code(), 90007, "{key}: {}", unusable.body);
        let done = admin.post(path, &body).await;
        assert_eq!(done.code(), 0, "{key}: {}", done.body);
        if key == "beforeInviteUserToGroup" {
            let out = json!({"groupID": group, "kickedUserIDs": ["dave"], "reason": ""});
            assert_eq!(admin.post("/group/kick_group", &out).await.code(), 0);
        }
    }
}
