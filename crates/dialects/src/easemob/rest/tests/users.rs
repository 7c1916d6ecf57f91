//! `/users`.

use super::*;

fn accounts(path: &str, body: &Value) -> Vec<(String, String, Option<String>)> {
    match decode(&post(path, body)) {
        Ok(Command::RegisterAccounts { accounts }) => accounts
            .into_iter()
            .map(|account| {
                (account.user.id.to_string(), account.user.nickname, account.password.map(Secret::into_text))
            })
            .collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn one_or_many_are_registered() {
    let plain = |id: &str, nickname: &str, password: Option<&str>| {
        (id.to_owned(), nickname.to_owned(), password.map(str::to_owned))
    };
    assert_eq!(
        accounts(
            "/demo-org/demo-app/users",
            &json!({"username": "Alice", "password": "pw", "nickname": "Al"})
        ),
        [plain("alice", "Al", Some("pw"))]
    );
    assert_eq!(
        accounts("/app-id/4711/users", &json!({"username": "bob.1"})),
        [plain("bob.1", "bob.1", None)]
    );
    assert_eq!(
        accounts(
            "/app-id/4711/users",
            &json!([{"username": "bob"}, {"username": "BOB"}, {"username": "carol", "password": "x"}])
        ),
        [plain("bob", "bob", None), plain("carol", "carol", Some("x"))],
        "each once"
    );
}

#[test]
fn what_is_wrong() {
    let many: Vec<Value> = (0..61).map(|n| json!({"username": format!("u{n}")})).collect();
    let body = (400, "invalid_request_body", "Request body is invalid. Please check body is correct.");
    for (asked, expected) in [
        (json!({}), (400, "illegal_argument", "username must be provided")),
        (json!([]), (400, "illegal_argument", "username must be provided")),
        (json!({"username": "a b"}), (400, "illegal_argument", "username [a b] is not legal")),
        (json!({"username": "a:b"}), (400, "illegal_argument", "username [a:b] is not legal")),
        (json!({"username": "x".repeat(65)}), (400, "illegal_argument", "USERNAME_TOO_LONG")),
        (
            json!({"username": "bob", "nickname": "n".repeat(101)}),
            (400, "illegal_argument", "NICKNAME_TOO_LONG"),
        ),
        (json!({"username": "bob", "password": "a b"}), (400, "illegal_argument", "password is not legal")),
        (
            json!({"username": "bob", "password": "p".repeat(65)}),
            (400, "illegal_argument", "password is not legal"),
        ),
        (Value::from(many), (400, "invalid_parameter", "userNames is more than max limit : 60")),
        (json!({"username": 7}), body),
        (json!([["bob", "pw"]]), body),
        (json!("bob"), body),
        (Value::Null, body),
    ] {
        assert_eq!(rejected(&post("/app-id/4711/users", &asked)), owned(expected), "{asked}");
    }
    let by_name = post("/demo-org/demo-app/users", &json!({"username": "bob"}));
    assert_eq!(rejected(&by_name), owned((400, "illegal_argument", "password or pin must provided")));
    assert_eq!(rejected(&request(Method::Post, "/app-id/4711/users", "{")), owned(body));
    assert_eq!(rejected(&request(Method::Post, "/app-id/4711/users", "")), owned(body));
}

#[test]
fn what_became_of_them() {
    let one = post("/app-id/4711/users", &json!({"username": "Bob"}));
    let outcome = |created: Vec<User>, existing: Vec<UserId>| Outcome::Registered { created, existing };
    let answer_of = |asked: &EdgeRequest, outcome| answer(asked, outcome);
    let made = answer_of(&one, outcome(vec![registered("bob")], vec![]));
    assert_eq!((&made["path"], &made["action"]), (&json!("/users"), &json!("post")));
    assert_eq!((&made["entities"][0]["username"], &made["data"]), (&json!("bob"), &Value::Null));

    let text = format!(
        "Application {} Entity user requires that property named username be unique, value of bob exists",
        application()
    );
    let reply = edge().encode(&one, &Ok(outcome(vec![], vec![user("bob")])), NOW);
    assert_eq!(told(&reply), owned((400, "duplicate_unique_property_exists", &text)));

    let many = post("/app-id/4711/users", &json!([{"username": "bob"}, {"username": "carol"}]));
    let partly = answer_of(&many, outcome(vec![registered("carol")], vec![user("bob")]));
    assert_eq!(partly["entities"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        partly["data"],
        json!([{"username": "bob", "registerUserFailReason": "the bob already exists"}])
    );
}

#[test]
fn one_user_is_shown() {
    let asked = get("/app-id/4711/users/Bob");
    assert!(matches!(decode(&asked), Ok(Command::Users { ids }) if ids == [user("bob")]));
    let shown = answer(&asked, Outcome::Users(vec![User { nickname: "B".to_owned(), ..registered("Bob") }]));
    assert_eq!((&shown["count"], &shown["entities"][0]["username"]), (&json!(1), &json!("bob")));
    assert_eq!(shown["entities"][0]["nickname"], json!("B"));
    for asked in [asked, get("/app-id/4711/users/a b")] {
        assert!(decode(&asked).is_ok());
        let reply = edge().encode(&asked, &Ok(Outcome::Users(vec![])), NOW);
        assert_eq!(told(&reply), owned((404, "service_resource_not_found", "Service resource not found")));
    }
}
