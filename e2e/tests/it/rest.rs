//! REST: tokens, users, groups, blocks, and what every answer has in common.
//! Source: openim-rest fact sheet 1-6.

use http::Method;
use ringback_e2e::app::{App, platform};
use ringback_e2e::rest::{Reply, Rest};
use ringback_e2e::setup::Setup;
use ringback_e2e::token::{DEV_SECRET, claims, sign};
use serde_json::{Value, json};

/// Posts each body and compares `errCode`.
async fn codes(rest: &Rest, path: &str, table: &[(Value, i64)]) {
    for (body, code) in table {
        let reply = rest.post(path, body).await;
        assert_eq!(reply.code(), *code, "{path} {body}: {}", reply.body);
    }
}

fn header<'a>(reply: &'a Reply, name: &str) -> &'a str {
    reply.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
}

#[tokio::test]
async fn admin_tokens_need_the_secret_and_an_admin() {
    let app = App::start(Setup::dev(), &["u1"]).await;
    let rest = app.server.rest();
    let reply =
        rest.post("/auth/get_admin_token", &json!({ "secret": DEV_SECRET, "userID": "imAdmin" })).await;
    let data = reply.data();
    assert!(data["expireTimeSeconds"].as_i64().unwrap() > 86_400, "{data}");
    let table = [
        (json!({ "secret": "wrong", "userID": "imAdmin" }), 1002),
        (json!({ "secret": DEV_SECRET, "userID": "" }), 1001),
        (json!({ "secret": DEV_SECRET }), 1001),
        (json!({ "secret": DEV_SECRET, "userID": "u1" }), 1001),
    ];
    codes(&rest, "/auth/get_admin_token", &table).await;

    let token = data["token"].as_str().unwrap();
    let facts = rest.post("/auth/parse_token", &json!({ "token": token })).await.data();
    assert_eq!((&facts["userID"], &facts["platformID"]), (&json!("imAdmin"), &json!(10)));
    let ends = facts["expireTimeSeconds"].as_i64().unwrap();
    let claimed = ringback_e2e::token::now_s() + data["expireTimeSeconds"].as_i64().unwrap();
    assert!((ends - claimed).abs() < 60, "{ends} is absolute, near {claimed}");
}

#[tokio::test]
async fn user_tokens_are_for_known_ordinary_users() {
    let app = App::start(Setup::dev(), &["u1", "u2"]).await;
    let path = "/auth/get_user_token";
    let table = [
        (json!({ "userID": "u1", "platformID": 10 }), 1002),
        (json!({ "userID": "imAdmin", "platformID": 5 }), 1002),
        (json!({ "userID": "nobody", "platformID": 5 }), 1004),
        (json!({ "userID": "u1", "platformID": 0 }), 1001),
        (json!({ "userID": "", "platformID": 5 }), 1001),
        (json!({ "userID": "u1", "platformID": 5 }), 0),
    ];
    codes(&app.admin(), path, &table).await;
    let user = app.rest_of("u2").await;
    codes(&user, path, &[(json!({ "userID": "u1", "platformID": 5 }), 1002)]).await;
}

#[tokio::test]
async fn every_bad_token_has_its_code() {
    let app = App::start(Setup::dev(), &["u1"]).await;
    let old = app.token("u1", platform::WEB).await;
    let newer = app.token("u1", platform::WEB).await;
    let issued = app.token("u1", platform::IOS).await;
    let mut not_yet = claims("u1", 5, 3600);
    not_yet["nbf"] = json!(ringback_e2e::token::now_s() + 3000);
    let table = [
        (sign(&claims("u1", 5, -100), DEV_SECRET), 1501),
        ("no.jwt".to_owned(), 1503),
        ("nonsense".to_owned(), 1503),
        (sign(&not_yet, DEV_SECRET), 1504),
        (sign(&claims("u1", 5, 3600), "another secret"), 1505),
        (old, 1506),
        (sign(&claims("u1", 5, 3601), DEV_SECRET), 1507),
        (newer.clone(), 0),
        (issued.clone(), 0),
    ];
    for (token, code) in &table {
        let reply = app.server.rest().with_token(token).post("/msg/get_server_time", &json!({})).await;
        assert_eq!((reply.status, reply.code()), (200, *code), "{}", reply.body);
    }
    let parse = json!({ "token": sign(&claims("u1", 5, -100), DEV_SECRET) });
    assert_eq!(app.server.rest().post("/auth/parse_token", &parse).await.code(), 1501);

    let kick = json!({ "userID": "u1", "platformID": platform::WEB });
    assert_eq!(
        app.admin().post("/auth/force_logout", &kick).await.body,
        json!({
            "errCode": 0, "errMsg": "", "errDlt": ""
        })
    );
    for (token, code) in [(&newer, 1506), (&issued, 0)] {
        let reply = app.server.rest().with_token(token).post("/msg/get_server_time", &json!({})).await;
        assert_eq!(reply.code(), code, "{}", reply.body);
    }
    let user = app.rest_of("u1").await;
    codes(&user, "/auth/force_logout", &[(kick, 1002)]).await;
}

#[tokio::test]
async fn headers_are_checked_before_the_body() {
    let app = App::start(Setup::dev(), &[]).await;
    let (rest, token) = (app.server.rest(), app.admin_token());
    let path = "/user/get_users_info";
    for (headers, named) in [
        (vec![("token", token)], "operationid"),
        (vec![("operationID", ""), ("token", token)], "operationid"),
        (vec![("operationID", "op-1")], "token"),
    ] {
        let reply = rest.send(Method::POST, path, &headers, "not json").await;
        assert_eq!((reply.status, reply.code()), (200, 1001), "{}", reply.body);
        let text = format!("{} {}", reply.text("errMsg"), reply.text("errDlt")).to_lowercase();
        assert!(text.contains(named), "{text} names {named}");
    }
    let reply = rest.send(Method::POST, path, &[("operationID", "op-1"), ("token", "x")], "not json").await;
    assert_eq!(reply.code(), 1503, "the token comes before the body: {}", reply.body);
    let good = [("operationID", "op-1"), ("token", token)];
    assert_eq!(rest.send(Method::POST, path, &good, "not json").await.code(), 1001);
}

#[tokio::test]
async fn answers_have_the_envelope_and_cors_headers() {
    let app = App::start(Setup::dev(), &["u1"]).await;
    let rest = app.admin();
    let fine = rest.post("/user/get_users_info", &json!({ "userIDs": ["u1"] })).await;
    let wrong = rest.post("/user/get_users_info", &json!({ "userIDs": null })).await;
    assert_eq!(wrong.body["errMsg"], json!("ArgsError"), "{}", wrong.body);
    assert!(wrong.text("errDlt").contains("userIDs"), "{}", wrong.body);
    assert!(wrong.body.get("data").is_none(), "{}", wrong.body);
    let unknown = rest.post("/no/such/path", &json!({})).await;
    assert_eq!(unknown.status, 404);
    assert_ne!(unknown.code(), 0, "an envelope that says no: {}", unknown.body);
    for reply in [&fine, &wrong, &unknown] {
        assert_eq!(header(reply, "access-control-allow-origin"), "*");
        assert_eq!(header(reply, "access-control-allow-headers"), "*");
        assert_eq!(header(reply, "access-control-allow-methods"), "*");
        assert!(header(reply, "content-type").starts_with("application/json"), "{:?}", reply.headers);
    }
    for path in ["/user/get_users_info", "/no/such/path"] {
        let asked =
            [("origin", "https://app.example.test"), ("access-control-request-headers", "token,operationid")];
        let reply = rest.send(Method::OPTIONS, path, &asked, "").await;
        assert_eq!(reply.status, 200);
        assert_eq!(header(&reply, "access-control-allow-origin"), "*");
        assert_eq!(header(&reply, "access-control-max-age"), "172800");
        assert!(!reply.body.is_null(), "a small JSON text");
    }
}

#[tokio::test]
async fn users_are_registered_all_or_none() {
    let app = App::start(Setup::dev(), &["u1"]).await;
    let path = "/user/user_register";
    let user = |id: &str| json!({ "userID": id, "nickname": "N" });
    let table = [
        (json!({ "users": null }), 1001),
        (json!({}), 1001),
        (json!({ "users": [user("a"), user("a")] }), 1001),
        (json!({ "users": [user("a"), user("u1")] }), 1102),
        (json!({ "users": [user("a"), user("a:b")] }), 1001),
        (json!({ "users": [user("a"), user("a b")] }), 1001),
        (json!({ "users": [user("a"), user("")] }), 1001),
        (json!({ "users": [user("a"), { "userID": "b" }] }), 1001),
        (json!({ "users": [user("a"), user(&"x".repeat(65))] }), 1001),
        (json!({ "users": "a" }), 1001),
        (json!({ "users": [user("a"), user("U1")] }), 1102),
    ];
    codes(&app.admin(), path, &table).await;
    codes(&app.rest_of("u1").await, path, &[(json!({ "users": [user("a")] }), 1002)]).await;
    let asked = json!({ "userIDs": ["a", "u1", "nobody"] });
    let found = app.admin().post("/user/get_users_info", &asked).await.data();
    let ids: Vec<_> =
        found["usersInfo"].as_array().unwrap().iter().map(|user| user["userID"].clone()).collect();
    assert_eq!(ids, ["u1"], "nothing of the refused lists was kept");

    let full = json!({ "users": [{ "userID": "ann", "nickname": "Ann", "faceURL": "f", "ex": "e" }] });
    let reply = app.admin().post(path, &full).await;
    assert_eq!(reply.body, json!({ "errCode": 0, "errMsg": "", "errDlt": "" }), "no data key");
    let found = app.admin().post("/user/get_users_info", &json!({ "userIDs": ["ann"] })).await.data();
    let ann = &found["usersInfo"][0];
    assert_eq!((&ann["nickname"], &ann["faceURL"], &ann["ex"]), (&json!("Ann"), &json!("f"), &json!("e")));
    assert!(ann["createTime"].as_i64().unwrap() > 1_600_000_000_000, "milliseconds: {ann}");
    for key in ["appMangerLevel", "globalRecvMsgOpt"] {
        assert_eq!(ann[key], json!(0), "{key} in {ann}");
    }
}

#[tokio::test]
async fn online_status_shows_live_connections() {
    let app = App::start(Setup::dev(), &["u1", "u2"]).await;
    let path = "/user/get_users_online_status";
    let missing = app.admin().post(path, &json!({})).await;
    assert_eq!((missing.status, missing.code()), (400, 1001), "{}", missing.body);
    let asked = json!({ "userIDs": ["u2", "u1"] });
    assert_eq!(app.rest_of("u1").await.post(path, &asked).await.code(), 1002);

    let _client = app.login("u1", platform::IOS).await;
    let list = app.admin().post(path, &asked).await.data();
    assert_eq!((&list[0]["userID"], &list[0]["status"]), (&json!("u2"), &json!(0)), "{list}");
    assert_eq!((&list[1]["userID"], &list[1]["status"]), (&json!("u1"), &json!(1)), "{list}");
    assert_eq!(list[1]["detailPlatformStatus"][0]["platformID"], json!(platform::IOS), "{list}");
}

#[tokio::test]
async fn groups_are_made_and_grow() {
    let app = App::start(Setup::dev(), &["u1", "u2", "u3", "u4"]).await;
    let path = "/group/create_group";
    let with = |change: Value| {
        let mut body = json!({
            "ownerUserID": "u1", "memberUserIDs": ["u2"], "adminUserIDs": [],
            "groupInfo": { "groupName": "Tea", "groupType": 2, "groupID": "tea1", "ex": "x" },
        });
        for (key, value) in change.as_object().unwrap() {
            body[key] = value.clone();
        }
        body
    };
    let table = [
        (with(json!({ "ownerUserID": "" })), 1001),
        (with(json!({ "memberUserIDs": ["u1"] })), 1001),
        (with(json!({ "adminUserIDs": ["u2"] })), 1001),
        (with(json!({ "memberUserIDs": ["nobody"] })), 1101),
        (with(json!({ "groupInfo": null })), 1001),
        (with(json!({})), 0),
        (with(json!({})), 1202),
    ];
    codes(&app.admin(), path, &table).await;
    let stranger = app.rest_of("u3").await;
    codes(&stranger, path, &[(with(json!({ "groupInfo": { "groupName": "T", "groupType": 2 } })), 1002)])
        .await;

    let group = app.group("u1", &["u2"]).await;
    assert!((2..=18).contains(&group.len()) && group.bytes().all(|c| c.is_ascii_digit()), "{group}");
    let info = json!({ "groupIDs": [group, "nowhere"] });
    let found = stranger.post("/group/get_groups_info", &info).await.data();
    let found = found["groupInfos"].as_array().unwrap().clone();
    assert_eq!(found.len(), 1, "unknown groups are left out: {found:?}");
    assert_eq!((&found[0]["ownerUserID"], &found[0]["memberCount"]), (&json!("u1"), &json!(2)));

    let invite = |users: Value| json!({ "groupID": group, "reason": "", "invitedUserIDs": users });
    let path = "/group/invite_user_to_group";
    let outside = stranger.post(path, &invite(json!(["u3"]))).await;
    assert!([1002, 1203].contains(&outside.code()), "an outsider may not invite: {}", outside.body);
    let table = [
        (invite(json!(["nobody"])), 1101),
        (invite(json!(["u3", "u3"])), 1001),
        (invite(json!(["u2"])), 1001),
        (invite(Value::Null), 1001),
        (invite(json!(["u3"])), 0),
    ];
    codes(&app.rest_of("u2").await, path, &table).await;
    let found = app.admin().post("/group/get_groups_info", &json!({ "groupIDs": [group] })).await.data();
    assert_eq!(found["groupInfos"][0]["memberCount"], json!(3), "{found}");
}

#[tokio::test]
async fn blocked_senders_are_refused() {
    let app = App::start(Setup::dev(), &["u1", "u2"]).await;
    let (add, remove) = ("/friend/add_black", "/friend/remove_black");
    let body = json!({ "ownerUserID": "u2", "blackUserID": "u1", "ex": "" });
    codes(&app.rest_of("u1").await, add, &[(body.clone(), 1002)]).await;
    let table =
        [(json!({ "ownerUserID": "u2", "blackUserID": "" }), 1001), (body.clone(), 0), (body.clone(), 1003)];
    codes(&app.rest_of("u2").await, add, &table).await;
    let unknown = app.admin().post(add, &json!({ "ownerUserID": "u2", "blackUserID": "nobody" })).await;
    assert!([1004, 1101].contains(&unknown.code()), "{}", unknown.body);

    assert_eq!(app.send("u1", "u2", "let me in").await.code(), 1302);
    assert_eq!(app.send("u2", "u1", "no").await.code(), 0, "blocking has one direction");
    let undo = json!({ "ownerUserID": "u2", "blackUserID": "u1" });
    codes(&app.rest_of("u2").await, remove, &[(undo.clone(), 0), (undo, 0)]).await;
    assert_eq!(app.send("u1", "u2", "thank you").await.code(), 0);
}

#[tokio::test]
async fn the_clock_is_told() {
    let app = App::start(Setup::dev(), &["u1"]).await;
    let data = app.rest_of("u1").await.post("/msg/get_server_time", &json!({})).await.data();
    let now = ringback_e2e::token::now_s() * 1000;
    assert!((data["serverTime"].as_i64().unwrap() - now).abs() < 60_000, "{data}");
}
