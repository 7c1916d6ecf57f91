//! `POST /token`.

use super::*;

fn asked(body: &Value) -> EdgeRequest {
    post("/demo-org/demo-app/token", body)
}

fn login(user: Option<User>) -> Outcome {
    Outcome::Login { text: "YWMt-1".into(), expires_at: UnixMs(1_731_086_400_000), valid_s: 86_400, user }
}

#[test]
fn the_four_grants() {
    let read = |body: &Value| decode(&asked(body)).unwrap();
    let app =
        json!({"grant_type": "client_credentials", "client_id": "id", "client_secret": "word", "ttl": 7});
    assert!(matches!(
        read(&app),
        Command::AppToken { client_id, client_secret, ttl_s: Some(7) } if client_id == "id" && client_secret.reveal() == "word"
    ));
    let password = json!({"grant_type": "password", "username": "Bob", "password": "pw"});
    assert!(matches!(
        read(&password),
        Command::PasswordToken { user: who, password, ttl_s: None } if who == user("bob") && password.reveal() == "pw"
    ));
    let inherit = json!({"grant_type": "inherit", "username": "Bob", "autoCreateUser": true, "ttl": "60"});
    assert!(matches!(
        read(&inherit),
        Command::InheritToken { user: who, create: true, ttl_s: Some(60) } if who == user("bob")
    ));
    let only_known = json!({"grant_type": "inherit", "username": "bob"});
    assert!(matches!(read(&only_known), Command::InheritToken { create: false, .. }));
    assert!(matches!(read(&json!({"grant_type": "agora"})), Command::ExchangeToken));
}

#[test]
fn what_is_answered() {
    let app = json!({"grant_type": "client_credentials", "client_id": "id", "client_secret": "word"});
    assert_eq!(
        answer(&asked(&app), login(None)),
        json!({"access_token": "YWMt-1", "expires_in": 86_400, "application": application()})
    );
    // For ever is a century, which is more seconds than clients read.
    let century = 100 * 365 * 24 * 3600;
    let for_ever = Outcome::Login {
        text: "YWMt-1".into(),
        expires_at: UnixMs(AT.0 + century * 1000),
        valid_s: century,
        user: None,
    };
    assert_eq!(answer(&asked(&app), for_ever)["expires_in"], json!(i32::MAX));
    for grant in ["password", "inherit"] {
        let body = json!({"grant_type": grant, "username": "bob", "password": "pw"});
        let answer = answer(&asked(&body), login(Some(registered("Bob"))));
        let uuid = super::super::uuid::of_user("demo-org#demo-app", "bob");
        let shown = json!({
            "uuid": uuid, "type": "user", "created": 1_730_000_000_000_i64, "modified": 1_730_000_000_000_i64,
            "username": "bob", "activated": true,
        });
        assert_eq!(answer, json!({"access_token": "YWMt-1", "expires_in": 86_400, "user": shown}));
    }
    assert_eq!(
        answer(&asked(&json!({"grant_type": "agora"})), login(None)),
        json!({"access_token": "YWMt-1", "expire_timestamp": 1_731_086_400_000_i64})
    );
}

#[test]
fn what_is_wrong() {
    let with_ttl = |ttl: Value| json!({"grant_type": "client_credentials", "client_id": "i", "client_secret": "s", "ttl": ttl});
    let ttl = (400, "illegal_argument", "ttl must be a number of seconds, 0 or more");
    let body = (400, "invalid_request_body", "Request body is invalid. Please check body is correct.");
    let grant = (400, "invalid_grant", "grant_type must be client_credentials, password, inherit or agora");
    for (asked_for, expected) in [
        (json!({}), grant),
        (json!({"grant_type": "magic"}), grant),
        (json!({"grant_type": 1}), body),
        (json!([]), body),
        (
            json!({"grant_type": "client_credentials"}),
            (400, "illegal_argument", "client_id must be provided."),
        ),
        (
            json!({"grant_type": "client_credentials", "client_id": "i", "client_secret": ""}),
            (400, "illegal_argument", "client_secret must be provided"),
        ),
        (json!({"grant_type": "password"}), (400, "illegal_argument", "username must be provided")),
        (
            json!({"grant_type": "password", "username": "bob"}),
            (400, "illegal_argument", "password or pin must provided"),
        ),
        (
            json!({"grant_type": "password", "username": "b b", "password": "x"}),
            (400, "illegal_argument", "username [b b] is not legal"),
        ),
        (
            json!({"grant_type": "inherit", "username": "böb", "autoCreateUser": true}),
            (400, "illegal_argument", "username [böb] is not legal"),
        ),
        (json!({"grant_type": "inherit", "username": "bob", "autoCreateUser": "yes"}), body),
        (with_ttl(json!(-1)), ttl),
        (with_ttl(json!(1.5)), ttl),
        (with_ttl(json!("soon")), ttl),
        (with_ttl(json!(true)), ttl),
    ] {
        assert_eq!(rejected(&asked(&asked_for)), owned(expected), "{asked_for}");
    }
    assert!(matches!(decode(&asked(&with_ttl(json!(0)))), Ok(Command::AppToken { ttl_s: Some(0), .. })));
    assert!(matches!(decode(&asked(&with_ttl(Value::Null))), Ok(Command::AppToken { ttl_s: None, .. })));
}

#[test]
fn what_needs_the_apps_token() {
    let expired = owned((401, "unauthorized", "Unable to authenticate due to expired access token"));
    let corrupt = owned((401, "auth_bad_access_token", "Unable to authenticate due to corrupt access token"));
    for (grant, needs) in
        [("client_credentials", false), ("password", false), ("inherit", true), ("agora", true)]
    {
        let body = json!({
            "grant_type": grant, "client_id": "i", "client_secret": "s", "username": "bob", "password": "pw",
        });
        let asked = asked(&body);
        for (actor, expected) in [(None, &expired), (Some(speaker(false)), &corrupt)] {
            let read = edge().decode(&asked, actor.as_ref());
            assert_eq!(read.is_err(), needs, "{grant}");
            if let Err(refused) = read {
                assert_eq!(&failed(&asked, refused), expected, "{grant}");
            }
        }
        assert!(decode(&asked).is_ok(), "{grant}");
    }
}

#[test]
fn credentials_that_do_not_match() {
    let body = json!({"grant_type": "client_credentials", "client_id": "i", "client_secret": "s"});
    let told = failed(&asked(&body), refusal(RefusalCode::BadCredentials, "client_secret does not match"));
    assert_eq!(told, owned((400, "invalid_grant", "client_secret does not match")));
}
