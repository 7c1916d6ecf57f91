//! Groups as clients live with them: what they are told on their WebSockets, and what they learn afterwards.
//! Source: openim-rest fact sheet 6; openim-client-protocol fact sheet 4.3, 5.6.

use ringback_e2e::app::{App, platform};
use ringback_e2e::client::Client;
use ringback_e2e::rest::Rest;
use ringback_e2e::setup::Setup;
use ringback_e2e::wire::MsgData;
use serde_json::{Value, json};

/// The tips of a notice.
fn tips(message: &MsgData) -> Value {
    let element: Value = serde_json::from_slice(&message.content).unwrap();
    serde_json::from_str(element["detail"].as_str().unwrap()).unwrap()
}

/// The first notice of this type that is pushed beside the chat.
async fn notice(client: &Client, content_type: i32) -> Value {
    let message = client.pushed(|one| one.content_type == content_type && one.seq == 0).await;
    assert_eq!((message.msg_from, message.options.get("isNotNotification")), (200, Some(&false)));
    tips(&message)
}

/// What a client keeps of a list.
struct Kept {
    path: &'static str,
    owner: Value,
    version: Value,
    version_id: Value,
}

impl Kept {
    /// Begins with nothing, so that the first answer is to read the whole list.
    async fn new(rest: &Rest, path: &'static str, owner: Value) -> Self {
        let mut kept = Self { path, owner, version: json!(0), version_id: json!("") };
        assert_eq!(kept.news(rest).await["full"], json!(true));
        kept
    }

    async fn news(&mut self, rest: &Rest) -> Value {
        let mut body = self.owner.clone();
        body["version"] = self.version.clone();
        body["versionID"] = self.version_id.clone();
        let news = rest.post(self.path, &body).await.data();
        self.version = news["version"].clone();
        self.version_id = news["versionID"].clone();
        news
    }
}

fn ids(list: &Value, key: &str) -> Vec<String> {
    list.as_array().unwrap().iter().map(|one| one[key].as_str().unwrap().to_owned()).collect()
}

async fn done(rest: &Rest, path: &str, body: Value) {
    let reply = rest.post(path, &body).await;
    assert_eq!(reply.code(), 0, "{path} {body}: {}", reply.body);
    assert!(reply.body.get("data").is_none(), "{path}: {}", reply.body);
}

#[tokio::test]
async fn members_are_told_what_happens_and_their_lists_follow() {
    let app = App::start(Setup::dev(), &["ann", "ben", "cat"]).await;
    let (ann, ben, cat) = (app.rest_of("ann").await, app.rest_of("ben").await, app.rest_of("cat").await);
    let (at_ann, at_cat) =
        (app.login("ann", platform::ANDROID).await, app.login("cat", platform::ANDROID).await);
    let mut cats = Kept::new(&cat, "/group/get_incremental_join_groups", json!({"userID": "cat"})).await;
    let new = json!({"ownerUserID": "ann", "memberUserIDs": ["ben"], "groupInfo": {
        "groupID": "crew", "groupName": "Crew", "groupType": 2, "needVerification": 0, "notification": "be kind",
    }});
    ann.post("/group/create_group", &new).await.data();
    let created = notice(&at_ann, 1501).await;
    assert_eq!(ids(&created["memberList"], "userID"), ["ann", "ben"]);
    assert_eq!(created["groupOwnerUser"]["roleLevel"], json!(100));
    let said = at_ann.pushed(|one| one.content_type == 1501 && one.seq > 0).await;
    assert_eq!((said.group_id.as_str(), tips(&said)["groupMemberVersion"].as_u64()), ("crew", Some(0)));
    assert_eq!(notice(&at_ann, 1519).await["group"]["notification"], json!("be kind"));
    let mut members =
        Kept::new(&ann, "/group/get_incremental_group_members", json!({"groupID": "crew"})).await;
    assert_eq!(members.version, created["groupMemberVersion"], "the notice says where the list stands");
    assert_eq!(members.version_id, created["groupMemberVersionID"]);

    let wish = json!({"groupID": "crew", "reqMessage": "please", "joinSource": 3, "inviterUserID": "cat"});
    done(&cat, "/group/join_group", wish).await;
    let asked = notice(&at_ann, 1503).await;
    assert_eq!(
        (&asked["applicant"]["userID"], &asked["request"]["reqMsg"]),
        (&json!("cat"), &json!("please"))
    );
    assert_eq!(notice(&at_cat, 1503).await["uuid"], asked["uuid"]);
    let list =
        json!({"fromUserID": "ann", "pagination": {"pageNumber": 1, "showNumber": 10}, "handleResults": [0]});
    let open = ann.post("/group/get_recv_group_applicationList", &list).await.data();
    assert_eq!((&open["total"], &open["groupRequests"][0]["userInfo"]["userID"]), (&json!(1), &json!("cat")));
    let yes = json!({"groupID": "crew", "fromUserID": "cat", "handledMsg": "sure", "handleResult": 1});
    done(&ann, "/group/group_application_response", yes.clone()).await;
    assert_eq!(ann.post("/group/group_application_response", &yes).await.code(), 1206);
    assert_eq!(notice(&at_cat, 1505).await["receiverAs"], json!(0));
    assert_eq!(notice(&at_cat, 1510).await["entrantUser"]["userID"], json!("cat"));
    assert_eq!(ids(&cats.news(&cat).await["insert"], "groupID"), ["crew"]);
    let news = members.news(&ann).await;
    assert_eq!(
        (ids(&news["insert"], "userID"), &news["group"]["memberCount"]),
        (vec!["cat".to_owned()], &json!(3))
    );

    let admin =
        json!({"members": [{"groupID": "crew", "userID": "ben", "roleLevel": 60, "nickname": "Benny"}]});
    done(&ann, "/group/set_group_member_info", admin).await;
    let promoted = notice(&at_cat, 1517).await;
    assert_eq!(
        (&promoted["changedUser"]["nickname"], &promoted["opUser"]["userID"]),
        (&json!("Benny"), &json!("ann"))
    );
    let news = members.news(&ann).await;
    assert_eq!(
        (ids(&news["update"], "userID"), &news["sortVersion"]),
        (vec!["ben".to_owned()], &news["version"])
    );

    done(&ben, "/group/kick_group", json!({"groupID": "crew", "kickedUserIDs": ["cat"], "reason": "noise"}))
        .await;
    assert_eq!(ids(&notice(&at_cat, 1508).await["kickedUserList"], "userID"), ["cat"]);
    assert_eq!(cats.news(&cat).await["delete"], json!(["crew"]));
    let table = [
        (
            &cat,
            "/group/get_group_member_list",
            json!({"groupID": "crew", "pagination": {"pageNumber": 1, "showNumber": 9}}),
            1002,
        ),
        (
            &ben,
            "/group/transfer_group",
            json!({"groupID": "crew", "oldOwnerUserID": "ann", "newOwnerUserID": "ben"}),
            1002,
        ),
        (&ben, "/group/kick_group", json!({"groupID": "crew", "kickedUserIDs": ["ann"]}), 1001),
        (&ann, "/group/quit_group", json!({"groupID": "crew"}), 1002),
        (&ann, "/group/dismiss_group", json!({"groupID": "nowhere"}), 1201),
        (&ann, "/group/set_group_info_ex", json!({"groupID": "crew", "groupName": ""}), 1001),
    ];
    for (rest, path, body, code) in table {
        assert_eq!(rest.post(path, &body).await.code(), code, "{path} {body}");
    }
    done(&ann, "/group/dismiss_group", json!({"groupID": "crew"})).await;
    assert_eq!(notice(&at_ann, 1511).await["group"]["status"], json!(2));
    assert_eq!(ben.post("/group/quit_group", &json!({"groupID": "crew"})).await.code(), 1204);
}

#[tokio::test]
async fn every_list_that_is_asked_about_is_answered() {
    let app = App::start(Setup::dev(), &["ann", "ben"]).await;
    let group = app.group("ann", &["ben"]).await;
    let ben = app.rest_of("ben").await;
    let ask = |lists: Value| json!({"userID": "ben", "reqList": lists});
    let path = "/group/get_incremental_group_members_batch";
    let first = json!([{"groupID": group, "version": 0, "versionID": ""}, {"groupID": "none", "version": 3, "versionID": "x"}]);
    let news = ben.post(path, &ask(first)).await.data();
    let (known, unknown) = (&news["respList"][&group], &news["respList"]["none"]);
    assert_eq!((&known["full"], &known["group"]["groupID"]), (&json!(true), &json!(group)));
    assert_eq!((&unknown["full"], &unknown["group"]), (&json!(false), &Value::Null));
    let full = ben
        .post("/group/get_full_group_member_user_ids", &json!({"groupID": group, "idHash": 0}))
        .await
        .data();
    assert_eq!((&full["userIDs"], &full["equal"]), (&json!(["ann", "ben"]), &json!(false)));
    assert_eq!((&full["version"], &full["versionID"]), (&known["version"], &known["versionID"]));
    let joined =
        ben.post("/group/get_full_join_group_ids", &json!({"userID": "ben", "idHash": 0})).await.data();
    assert_eq!(joined["groupIDs"], json!([group]));
}
