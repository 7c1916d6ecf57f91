//! Before a body is looked at: the app, the token, unknown paths.

use super::*;

fn with_token(header: Option<&str>) -> EdgeRequest {
    let mut asked = get("/app-id/4711/users/bob");
    asked.headers.retain(|(name, _)| name != "authorization");
    asked.headers.extend(header.map(|header| ("authorization".to_owned(), header.to_owned())));
    asked
}

#[test]
fn the_app_must_be_this_one() {
    for (path, names) in [
        ("/app-id/4712/users/bob", "4712"),
        ("/demo-org/other/users/bob", "demo-org/other"),
        ("/other/demo-app/token", "other/demo-app"),
        ("/Demo-Org/demo-app/users/bob", "Demo-Org/demo-app"),
        ("/app-id/4712/nothing/here", "4712"),
    ] {
        let asked = get(path);
        let expected = owned((
            404,
            "organization_application_not_found",
            &format!("Could not find application for {names} from URI: {path}"),
        ));
        let refused = edge().open(&asked).unwrap_err();
        assert_eq!(refused.code, RefusalCode::AppNotFound);
        assert_eq!(failed(&asked, refused), expected);
        let reply = edge().unknown(&EdgeRequest { route: "", at: NOW, ..asked });
        assert_eq!((reply.status, body(&reply)["error"].as_str()), (404, Some(expected.1.as_str())));
    }
    for path in ["/app-id/4711/users/bob", "/demo-org/demo-app/users/bob", "/demo%2Dorg/demo-app/users/bob"] {
        assert!(edge().open(&get(path)).is_ok(), "{path}");
    }
}

#[test]
fn tokens_are_bearer_tokens() {
    for (header, token) in [("Bearer YWMt1", "YWMt1"), ("bearer 007eJx", "007eJx"), ("BEARER  eyJ ", "eyJ")] {
        let opening = edge().open(&with_token(Some(header))).unwrap();
        assert_eq!(
            (opening.token.as_ref().map(Secret::reveal), opening.token_optional),
            (Some(token), false)
        );
    }
    let expired = owned((401, "unauthorized", "Unable to authenticate due to expired access token"));
    let corrupt = owned((401, "auth_bad_access_token", "Unable to authenticate due to corrupt access token"));
    for (header, expected) in [
        (None, &expired),
        (Some(""), &corrupt),
        (Some("Bearer"), &corrupt),
        (Some("Bearer  "), &corrupt),
        (Some("Basic YWMt"), &corrupt),
        (Some("YWMt1"), &corrupt),
    ] {
        let asked = with_token(header);
        let refused = edge().open(&asked).unwrap_err();
        assert_eq!(&failed(&asked, refused), expected, "{header:?}");
    }
}

#[test]
fn only_what_speaks_for_the_app_may_ask() {
    let expired = owned((401, "unauthorized", "Unable to authenticate due to expired access token"));
    let corrupt = owned((401, "auth_bad_access_token", "Unable to authenticate due to corrupt access token"));
    for route in edge().routes() {
        let asked = EdgeRequest { route: route.path, method: route.method, ..get("/app-id/4711/x") };
        let open = ["/token", "/chatfiles", "/chatfiles/{uuid}"];
        if open.iter().any(|end| route.path.ends_with(end)) || route.path == "/easemob/server.json" {
            continue;
        }
        for (actor, expected) in [(Some(speaker(false)), &corrupt), (None, &expired)] {
            let refused = edge().decode(&asked, actor.as_ref()).unwrap_err();
            assert_eq!(&failed(&asked, refused), expected, "{}", route.path);
        }
    }
}

/// Users upload with their own tokens; whoever has the address of a file needs none.
#[test]
fn files_are_everybodys() {
    let asked = |method, path: &str| {
        let (route, params) = met(method, path);
        EdgeRequest { route, params, method, ..get(path) }
    };
    let upload = asked(Method::Post, "/app-id/4711/chatfiles");
    for speaks_for_app in [true, false] {
        assert_eq!(edge().admit(&upload, &speaker(speaks_for_app)), Ok(()));
    }
    assert!(!edge().open(&upload).unwrap().token_optional);
    let download = asked(Method::Get, "/app-id/4711/chatfiles/0c9b8f3e-5a51-4d0a-9a53-2f6f0f6f7a11");
    assert!(edge().open(&download).unwrap().token_optional);
    assert!(edge().decode(&download, None).is_ok());
}

#[test]
fn a_token_is_optional_where_tokens_are_bought() {
    let bought = |header: Option<&str>| {
        let mut asked = with_token(header);
        let (route, params) = met(Method::Post, "/app-id/4711/token");
        (asked.route, asked.params, asked.method) = (route, params, Method::Post);
        edge().open(&asked).unwrap()
    };
    for (header, token) in [(None, None), (Some("Basic x"), None), (Some("Bearer x"), Some("x"))] {
        let opening = bought(header);
        assert_eq!(
            (opening.token.as_ref().map(Secret::reveal), opening.token_optional),
            (token, true),
            "{header:?}"
        );
    }
}

#[test]
fn unknown_paths_and_methods() {
    let reply = edge().unknown(&get("/app-id/4711/nothing"));
    assert_eq!(body(&reply)["timestamp"], json!(AT.0));
    assert_eq!(reply.status, 404);
    let there = EdgeRequest { route: "/app-id/{app_id}/users", ..get("/app-id/4711/users") };
    let reply = edge().unknown(&there);
    let said = body(&reply);
    assert_eq!((reply.status, &said["error"]), (405, &json!("unsupported_service_operation")));
    assert!(edge().claims("/app-id/4711/nothing") && edge().claims("/a/b/chatgroups/1/admin"));
    assert!(edge().claims("/demo-org/demo-app/nothing") && edge().claims("/demo-org/demo-app//token"));
    assert!(!edge().claims("/auth/get_user_token") && !edge().claims("/msg/send_msg"));
}

#[test]
fn a_call_has_an_id_of_its_own() {
    let id = |asked: &EdgeRequest| edge().open(asked).unwrap().operation_id;
    let asked = get("/app-id/4711/users/bob");
    assert_eq!(id(&asked), id(&asked));
    assert_eq!(id(&asked).len(), 32);
    assert_ne!(id(&asked), id(&EdgeRequest { at: NOW, ..asked.clone() }));
    assert_ne!(id(&asked), id(&get("/app-id/4711/users/carol")));
    for (name, value, kept) in [
        ("operationid", "op-1", true),
        ("x-request-id", "r-1", true),
        ("x-request-id", &"x".repeat(129), false),
    ] {
        let mut asked = asked.clone();
        asked.headers.push((name.to_owned(), value.to_owned()));
        assert_eq!(id(&asked) == value, kept, "{name}");
    }
}

#[test]
fn users_tokens_are_turned_away_before_a_body_is_read() {
    let (user, app) = (speaker(false), speaker(true));
    let corrupt = RefusalCode::TokenMalformed;
    assert_eq!(edge().admit(&get("/app-id/4711/users/bob"), &user).unwrap_err().code, corrupt);
    assert!(edge().admit(&get("/app-id/4711/users/bob"), &app).is_ok());
    let bought = request(Method::Post, "/app-id/4711/token", "{}");
    assert!(edge().admit(&bought, &user).is_ok(), "whether this needs an app token is in its body");
}
