//! Every refusal in this family's words.

use ringback_model::failure::{CallbackRefusal, Fault};

use super::*;

#[test]
fn every_refusal_has_its_status_name_and_text() {
    use RefusalCode as R;
    let said = |text: &str| {
        R::ByCallback(CallbackRefusal {
            code: Some(7),
            text: text.to_owned(),
            detail: "d".to_owned(),
            show: true,
        })
    };
    let no_auth = "Unable to authenticate (OAuth)";
    let down = "the server is going down; try again in a moment";
    for (code, status, error, text) in [
        (R::BadArgument, 400, "message_send_error", "why"),
        (R::NoPermission, 403, "forbidden_op", "why"),
        (R::Duplicate, 403, "forbidden_op", "why"),
        (R::NotFound, 404, "resource_not_found", "why"),
        (R::UserNotFound, 404, "resource_not_found", "why"),
        (R::AlreadyRegistered, 400, "duplicate_unique_property_exists", "why"),
        (R::GroupNotFound, 404, "resource_not_found", "why"),
        (R::GroupExists, 400, "illegal_argument", "group ID  already exists!"),
        (R::NotInGroup, 403, "forbidden_op", "why"),
        (R::TooManyMembers, 403, "exceed_limit", "members size is greater than max user size !"),
        (R::GroupDismissed, 404, "resource_not_found", "why"),
        (R::GroupTypeUnsupported, 400, "illegal_argument", "why"),
        (R::BlockedByPeer, 403, "message_send_error", "why"),
        (R::NotReceiving, 403, "message_send_error", "why"),
        (R::ForbiddenWords, 403, "message_send_error", "why"),
        (R::MutedInGroup, 403, "message_send_error", "why"),
        (R::GroupMuted, 403, "message_send_error", "why"),
        (R::TokenExpired, 401, "unauthorized", "Unable to authenticate due to expired access token"),
        (R::TokenInvalid, 401, "unauthorized", no_auth),
        (
            R::TokenMalformed,
            401,
            "auth_bad_access_token",
            "Unable to authenticate due to corrupt access token",
        ),
        (R::TokenNotYetValid, 401, "unauthorized", no_auth),
        (R::TokenUnknown, 401, "auth_bad_access_token", "Unable to authenticate"),
        (R::TokenKicked, 401, "unauthorized", no_auth),
        (R::TokenNotIssued, 401, "unauthorized", no_auth),
        (R::TooManyConnections, 429, "reach_limit", "why"),
        (R::BadHandshake, 400, "illegal_argument", "why"),
        (R::Overloaded, 429, "reach_limit", "why"),
        (R::TooManyMessages, 403, "message_send_error", "message send reach limit"),
        (R::BadCredentials, 400, "invalid_grant", "why"),
        (R::UserDeactivated, 400, "invalid_grant", "why"),
        (R::Muted, 403, "message_send_error", "why"),
        (R::TooManyFriends, 403, "exceed_limit", "user contact number exceed limit"),
        (R::StorageOff, 403, "forbidden_op", "callback storage service is unopened"),
        (said("blocked word"), 403, "message_send_error", "blocked word"),
        (said(""), 403, "message_send_error", "custom logic denied"),
        (R::CallbackUnreachable, 403, "message_send_error", "custom internal error"),
        (R::CallbackUnusable, 403, "message_send_error", "custom internal error"),
        (R::StorageFull, 503, "service_unavailable", "the server cannot store anything now"),
        (R::ShuttingDown, 503, "service_unavailable", down),
    ] {
        let asked = post("/app-id/4711/messages/users", &json!({}));
        let told = failed(&asked, refusal(code.clone(), "why"));
        assert_eq!(told, owned((status, error, text)), "{code:?}");
    }
    let asked = post("/app-id/1/messages/users", &json!({}));
    let unknown_app = failed(&asked, refusal(R::AppNotFound, "why"));
    assert_eq!((unknown_app.0, unknown_app.1.as_str()), (404, "organization_application_not_found"));
}

#[test]
fn the_same_refusal_has_each_resources_own_words() {
    use RefusalCode as R;
    let grant = json!({"grant_type": "password", "username": "bob", "password": "x"});
    for (asked, code, expected) in [
        (post("/app-id/4711/token", &grant), R::UserNotFound, (404, "invalid_grant", "user not found")),
        (
            get("/app-id/4711/users/bob"),
            R::NotFound,
            (404, "service_resource_not_found", "Service resource not found"),
        ),
        (
            get("/app-id/4711/chatgroups/77"),
            R::GroupNotFound,
            (404, "service_resource_not_found", "do not find this group:77"),
        ),
        (
            get("/app-id/4711/chatrooms/77/users"),
            R::GroupDismissed,
            (404, "service_resource_not_found", "do not find this group:77"),
        ),
        (
            delete("/app-id/4711/chatgroups/77"),
            R::GroupNotFound,
            (404, "resource_not_found", "grpID 77 does not exist!"),
        ),
        (
            post("/app-id/4711/chatrooms/77/users", &json!({"usernames": ["bob"]})),
            R::UserNotFound,
            (404, "resource_not_found", "why"),
        ),
        (
            post("/app-id/4711/chatgroups/77/users", &json!({"usernames": ["bob"]})),
            R::NoPermission,
            (403, "forbidden_op", "why"),
        ),
        (
            post("/app-id/4711/chatgroups", &json!({"groupid": "77", "public": true, "owner": "u"})),
            R::GroupExists,
            (400, "illegal_argument", "group ID 77 already exists!"),
        ),
        (post("/app-id/4711/users", &json!({})), R::BadArgument, (400, "illegal_argument", "why")),
        (post("/app-id/4711/chatrooms", &json!({})), R::BadArgument, (400, "invalid_parameter", "why")),
        (
            post("/app-id/4711/callbacks/storage/retry", &json!({})),
            R::BadArgument,
            (400, "illegal_argument", "why"),
        ),
    ] {
        assert_eq!(failed(&asked, refusal(code.clone(), "why")), owned(expected), "{} {code:?}", asked.path);
    }
}

#[test]
fn users_who_are_missing_are_named() {
    let group = json!({"public": true, "owner": "bob", "members": ["carol"]});
    for asked in [
        request(Method::Post, "/app-id/4711/chatrooms/77/users/bob", ""),
        post("/app-id/4711/chatgroups/77/users", &json!({"usernames": ["bob", "carol"]})),
        post("/app-id/4711/chatgroups", &group),
    ] {
        let told = failed(&asked, Refusal::no_such_users(&["bob", "carol"]));
        assert_eq!(told, owned((404, "resource_not_found", "username bob, carol doesn't exist!")));
    }
}

#[test]
fn what_is_ours_does_not_leak() {
    let url = "http://10.0.0.7:9000/callback";
    for failure in [
        Failure::Fault(Fault::new(format!("calling {url}"))),
        refusal(RefusalCode::CallbackUnreachable, url),
        refusal(RefusalCode::CallbackUnusable, url),
        refusal(RefusalCode::ShuttingDown, url),
        refusal(RefusalCode::StorageFull, url),
    ] {
        let (status, _, text) = failed(&post("/app-id/4711/messages/users", &json!({})), failure);
        assert!(status >= 403 && !text.contains("10.0.0.7"), "{text}");
    }
    let asked = get("/app-id/4711/users/bob");
    for code in [RefusalCode::ShuttingDown, RefusalCode::Overloaded] {
        let reply = edge().encode(&asked, &Err(refusal(code, "")), NOW);
        assert!(reply.headers.contains(&("retry-after", "1".into())));
    }
}

#[test]
fn a_request_of_which_nothing_is_known_is_answered() {
    let bare = EdgeRequest { path: "/{org}/{app}/users".to_owned(), params: Vec::new(), ..get("") };
    assert_eq!(failed(&bare, Fault::new("panicked")).0, 500);
}
