use proptest::prelude::*;
use ringback_model::command::{Actor, Command, Outcome};
use ringback_model::dialect::{Edge, EdgeRequest, Method, Reply};
use ringback_model::failure::{CallbackRefusal, Failure, Fault, Refusal, RefusalCode};
use ringback_model::ids::UserId;
use ringback_model::time::UnixMs;
use ringback_model::user::Platform;
use serde_json::{Value, json};

use super::OpenImEdge;
use crate::openapi::exam;

mod answers;
mod chats;
mod objects;
mod people;
mod requests;
mod sends;
mod unknown_ids;

const NOW: UnixMs = UnixMs(1_760_000_000_000);

fn route(path: &str) -> &'static str {
    OpenImEdge.routes().iter().find(|route| route.path == path).expect(path).path
}

fn request(path: &str, body: impl Into<Vec<u8>>) -> EdgeRequest {
    EdgeRequest {
        route: route(path),
        path: path.to_owned(),
        query: Vec::new(),
        headers: vec![("operationid".into(), "op1".into()), ("token".into(), "jwt".into())],
        body: body.into(),
        method: Method::Post,
        params: Vec::new(),
        file: None,
        at: NOW,
        secure: false,
    }
}

fn admin() -> Actor {
    Actor {
        user: UserId::parse("imAdmin").unwrap(),
        platform: Platform::ADMIN,
        admin: true,
        token_id: "t".to_owned(),
        expires_at: NOW,
    }
}

fn decode(path: &str, body: &Value) -> Result<Command, Refusal> {
    OpenImEdge.decode(&request(path, body.to_string()), Some(&admin()))
}

fn refused(path: &str, body: &Value) -> Refusal {
    decode(path, body).expect_err(path)
}

fn body(reply: &Reply) -> Value {
    serde_json::from_slice(&reply.body).unwrap()
}

/// The `data` of a successful answer.
fn data(path: &str, outcome: Outcome) -> Value {
    data_for(path, &json!({}), outcome)
}

/// The same where the answer depends on how it was asked for.
fn data_for(path: &str, asked: &Value, outcome: Outcome) -> Value {
    let asked = request(path, asked.to_string());
    let reply = OpenImEdge.encode(&asked, &Ok(outcome), NOW);
    exam::check_reply(&OpenImEdge, &asked, &reply);
    let mut answer = body(&reply);
    assert_eq!((reply.status, &answer["errCode"]), (200, &json!(0)), "{answer}");
    answer["data"].take()
}

/// Routes that clients and backends call, those about chats apart.
const PROMISED: &[&str] = &[
    "/auth/get_admin_token",
    "/auth/get_user_token",
    "/auth/parse_token",
    "/auth/force_logout",
    "/user/user_register",
    "/user/get_users_info",
    "/user/get_users_online_status",
    "/group/create_group",
    "/group/get_groups_info",
    "/group/get_groups",
    "/group/get_group_abstract_info",
    "/group/set_group_info",
    "/group/set_group_info_ex",
    "/group/mute_group",
    "/group/cancel_mute_group",
    "/group/transfer_group",
    "/group/dismiss_group",
    "/group/invite_user_to_group",
    "/group/join_group",
    "/group/group_application_response",
    "/group/get_recv_group_applicationList",
    "/group/get_user_req_group_applicationList",
    "/group/get_group_users_req_application_list",
    "/group/get_specified_user_group_request_info",
    "/group/get_group_application_unhandled_count",
    "/group/quit_group",
    "/group/kick_group",
    "/group/mute_group_member",
    "/group/cancel_mute_group_member",
    "/group/set_group_member_info",
    "/group/get_group_members_info",
    "/group/get_group_member_list",
    "/group/get_group_member_user_id",
    "/group/get_joined_group_list",
    "/group/get_incremental_join_groups",
    "/group/get_incremental_group_members",
    "/group/get_incremental_group_members_batch",
    "/group/get_full_join_group_ids",
    "/group/get_full_group_member_user_ids",
    "/statistics/group/create",
    "/statistics/group/active",
    "/friend/add_black",
    "/friend/remove_black",
    "/user/update_user_info",
    "/user/update_user_info_ex",
    "/user/set_global_msg_recv_opt",
    "/user/get_all_users_uid",
    "/user/get_users",
    "/user/account_check",
    "/user/get_users_online_token_detail",
    "/user/get_users_status",
    "/user/subscribe_users_status",
    "/user/get_subscribe_users_status",
    "/user/process_user_command_add",
    "/user/process_user_command_delete",
    "/user/process_user_command_update",
    "/user/process_user_command_get",
    "/user/process_user_command_get_all",
    "/user/add_notification_account",
    "/user/update_notification_account",
    "/user/search_notification_account",
    "/user/get_user_client_config",
    "/user/set_user_client_config",
    "/user/del_user_client_config",
    "/user/page_user_client_config",
    "/statistics/user/register",
    "/statistics/user/active",
    "/friend/add_friend",
    "/friend/add_friend_response",
    "/friend/delete_friend",
    "/friend/set_friend_remark",
    "/friend/update_friends",
    "/friend/import_friend",
    "/friend/get_black_list",
    "/friend/get_specified_blacks",
    "/friend/get_friend_list",
    "/friend/get_designated_friends",
    "/friend/get_friend_apply_list",
    "/friend/get_self_friend_apply_list",
    "/friend/get_designated_friend_apply",
    "/friend/get_self_unhandled_apply_count",
    "/friend/is_friend",
    "/friend/get_friend_id",
    "/friend/get_specified_friends_info",
    "/friend/get_incremental_friends",
    "/friend/get_full_friend_user_ids",
    "/msg/send_msg",
    "/msg/batch_send_msg",
    "/msg/send_simple_msg",
    "/msg/newest_seq",
    "/msg/pull_msg_by_seq",
    "/msg/get_server_time",
    "/third/fcm_update_token",
    "/third/set_app_badge",
    "/third/logs/upload",
    "/third/logs/delete",
    "/third/logs/search",
    "/object/part_limit",
    "/object/part_size",
    "/object/initiate_multipart_upload",
    "/object/auth_sign",
    "/object/complete_multipart_upload",
    "/object/access_url",
];

#[test]
fn routes_are_the_promised_ones() {
    let routes: Vec<_> = OpenImEdge.routes().iter().map(|route| (route.method, route.path)).collect();
    for path in PROMISED.iter().copied().chain(chats::PROMISED) {
        assert!(routes.contains(&(Method::Post, path)), "{path}");
    }
}

#[test]
fn headers_that_are_required() {
    let mut asked = request("/user/get_users_info", "{}");
    let opening = OpenImEdge.open(&asked).unwrap();
    assert_eq!(
        (opening.operation_id.as_str(), opening.token.as_ref().map(ringback_model::secret::Secret::reveal)),
        ("op1", Some("jwt"))
    );
    asked.headers.retain(|(name, _)| name != "token");
    assert_eq!(OpenImEdge.open(&asked).unwrap_err().detail, "header must have token");
    for open in ["/auth/get_admin_token", "/auth/parse_token"] {
        let asked = EdgeRequest { route: route(open), ..asked.clone() };
        assert_eq!(OpenImEdge.open(&asked).unwrap().token, None);
    }
    asked.headers = vec![("operationid".into(), String::new()), ("token".into(), "jwt".into())];
    let refusal = OpenImEdge.open(&asked).unwrap_err();
    assert_eq!(
        (refusal.code, refusal.detail.as_str()),
        (RefusalCode::BadArgument, "header must have operationID")
    );
}

#[test]
fn browsers_are_let_in() {
    let headers = OpenImEdge.common_headers();
    let value = |name: &str| headers.iter().find(|(key, _)| *key == name).map(|(_, value)| *value);
    assert_eq!(value("access-control-allow-origin"), Some("*"));
    assert_eq!(value("access-control-allow-headers"), Some("*"));
    assert_eq!(value("access-control-max-age"), Some("172800"));
    let preflight = OpenImEdge.preflight();
    assert_eq!((preflight.status, body(&preflight)), (200, json!("ok")));
}

#[test]
fn success_without_fields_has_no_data_key() {
    for path in [
        "/user/user_register",
        "/auth/force_logout",
        "/friend/add_black",
        "/friend/remove_black",
        "/group/invite_user_to_group",
    ] {
        let asked = request(path, "{}");
        let reply = OpenImEdge.encode(&asked, &Ok(Outcome::Done), NOW);
        exam::check_reply(&OpenImEdge, &asked, &reply);
        assert_eq!(reply.body, br#"{"errCode":0,"errMsg":"","errDlt":""}"#, "{path}");
        assert_eq!(reply.headers, [("content-type", "application/json; charset=utf-8".into())]);
    }
}

#[test]
fn failures_in_the_envelope() {
    let said = CallbackRefusal {
        code: Some(5001),
        text: "blocked word".into(),
        detail: "rule 17".into(),
        show: true,
    };
    for (failure, status, code, text, detail) in [
        (
            Refusal::new(RefusalCode::NoPermission, "not you").into(),
            200,
            1002,
            "NoPermissionError",
            "not you",
        ),
        (
            Refusal::new(RefusalCode::NotFound, "").into(),
            200,
            1004,
            "RecordNotFoundError",
            "RecordNotFoundError",
        ),
        (Refusal::new(RefusalCode::ByCallback(said), "").into(), 200, 5001, "blocked word", "rule 17"),
        (Refusal::new(RefusalCode::Overloaded, "too often").into(), 429, 429, "TooManyRequests", "too often"),
        (
            Failure::Fault(Fault::new("disk at /var/lib broke")),
            200,
            500,
            "ServerInternalError",
            "the server could not do this; its log says why",
        ),
    ] {
        let asked = request("/msg/send_msg", "{}");
        let reply = OpenImEdge.encode(&asked, &Err(failure), NOW);
        exam::check_reply(&OpenImEdge, &asked, &reply);
        assert_eq!(body(&reply), json!({"errCode": code, "errMsg": text, "errDlt": detail}));
        assert_eq!(reply.status, status);
        assert_eq!(reply.headers.iter().any(|(name, _)| *name == "retry-after"), status == 429);
    }
}

#[test]
fn an_outcome_of_another_route_is_our_fault_and_says_nothing() {
    let reply = OpenImEdge.encode(&request("/msg/send_msg", "{}"), &Ok(Outcome::Done), NOW);
    assert_eq!(body(&reply)["errCode"], 500);
}

#[test]
fn an_unknown_path_is_told_in_the_envelope() {
    let asked = EdgeRequest { route: "", path: "/nowhere".into(), ..request("/msg/send_msg", "") };
    let reply = OpenImEdge.unknown(&asked);
    assert_eq!(reply.status, 404);
    assert_eq!(body(&reply)["errCode"], 1004);
    assert_eq!(body(&reply)["errDlt"], "there is no /nowhere");
}

/// Reads the body as the server does, and answers what came of it.
fn outcome_of(path: &str, text: &str) -> (u16, i64) {
    let asked = request(path, text);
    let refusal = OpenImEdge.decode(&asked, None).unwrap_err();
    let reply = OpenImEdge.encode(&asked, &Err(refusal.into()), NOW);
    exam::check_reply(&OpenImEdge, &asked, &reply);
    (reply.status, body(&reply)["errCode"].as_i64().unwrap())
}

#[test]
fn some_routes_answer_400_to_bodies_they_cannot_bind() {
    let bound = [
        "/msg/send_msg",
        "/msg/batch_send_msg",
        "/msg/send_simple_msg",
        "/msg/send_business_notification",
        "/user/get_users_online_status",
        "/user/get_users_online_token_detail",
    ];
    let needs_nothing = [
        "/msg/get_server_time",
        "/object/part_limit",
        "/msg/check_msg_is_send_success",
        "/jssdk/get_active_conversations",
        "/user/set_user_client_config",
        "/user/del_user_client_config",
    ];
    for path in
        OpenImEdge.routes().iter().map(|route| route.path).filter(|path| !needs_nothing.contains(path))
    {
        let status = if bound.contains(&path) { 400 } else { 200 };
        for text in
            ["", "{", "[]", "{}", "null", r#"{"userID":7,"userIDs":7,"sendID":7,"users":7,"content":7}"#]
        {
            assert_eq!(outcome_of(path, text), (status, 1001), "{path} {text}");
        }
    }
}

#[test]
fn bodies_that_bind_but_do_not_pass_answer_200() {
    let unknown =
        json!({"sendID": "u1", "recvID": "u2", "content": {}, "contentType": 107, "sessionType": 1});
    assert_eq!(outcome_of("/msg/send_msg", &unknown.to_string()), (200, 1001));
    // The same code from further inside is not about the body either.
    let whole = json!({"sendID": "u1", "recvID": "u2", "content": {"content": "hi"}, "contentType": 101, "sessionType": 1});
    let refusal = Refusal::new(RefusalCode::BadArgument, "message is not sent");
    let reply = OpenImEdge.encode(&request("/msg/send_msg", whole.to_string()), &Err(refusal.into()), NOW);
    assert_eq!((reply.status, &body(&reply)["errCode"]), (200, &json!(1001)));
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
    ];
    let key = "(userID|userIDs|users|groupInfo|content|contentType|sessionType|seqRanges|sendID|recvIDs|platformID|begin|x)";
    leaf.prop_recursive(3, 24, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(key, inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_body_is_read_without_panic(at in 0..OpenImEdge.routes().len(), text in "\\PC{0,60}", value in any_json()) {
        let path = OpenImEdge.routes()[at].path;
        let _ = OpenImEdge.decode(&request(path, text), None);
        let _ = OpenImEdge.decode(&request(path, value.to_string()), None);
    }
}

#[test]
fn the_description_is_true() {
    exam::check(&OpenImEdge);
}
