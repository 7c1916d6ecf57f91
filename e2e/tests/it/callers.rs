//! Who may call which REST route: the description says it, and the server does it.
//! Source: openim-rest fact sheet 2 to 10.

use http::Method;
use ringback_e2e::app::App;
use ringback_e2e::setup::Setup;
use serde_json::{Value, json};

const EVERYBODY: &str = "For everybody who has a token.";

/// Puts a real group into an example.
fn with_group(example: &mut Value, group: &str) {
    match example {
        Value::Object(members) => {
            for (name, value) in members {
                match name.as_str() {
                    "groupID" if value != "" => *value = json!(group),
                    "groupIDs" => *value = json!([group]),
                    _ => with_group(value, group),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| with_group(item, group)),
        _ => {}
    }
}

#[tokio::test]
async fn strangers_are_refused_where_the_description_says_so_and_nowhere_else() {
    let app = App::start(Setup::dev(), &["u1", "u2", "u3", "u4", "bot", "stranger"]).await;
    let group = app.group("u1", &["u2", "u3"]).await;
    let headers = [("authorization", format!("Bearer {}", app.admin_token()))];
    let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
    let described = app.server.rest().send(Method::GET, "/admin/v1/openapi/openim.json", &headers, "").await;
    let stranger = app.rest_of("stranger").await;
    let (mut refused, mut wrong) = (0, Vec::new());
    for (path, operation) in described.body["paths"].as_object().unwrap() {
        let operation = &operation["post"];
        let callers = operation["description"].as_str().unwrap();
        if callers.starts_with("Needs no token") {
            continue;
        }
        assert!(!callers.is_empty(), "{path}");
        let examples = operation["requestBody"]["content"]["application/json"]["examples"].as_object();
        let mut body =
            examples.and_then(|all| all.values().next()).map_or(json!({}), |one| one["value"].clone());
        with_group(&mut body, &group);
        if path == "/group/quit_group" {
            // Nobody named means the caller.
            body["userID"] = json!("u1");
        }
        let key = if path == "/msg/send_simple_msg" {
            "?key=eyJzZW5kSUQiOiJ1MSIsInJlY3ZJRCI6ImJvdCIsImdyb3VwSUQiOiIifQ%3D%3D"
        } else {
            ""
        };
        let reply = stranger.post(&format!("{path}{key}"), &body).await;
        let is_refused = reply.code() == 1002;
        refused += usize::from(is_refused);
        if is_refused == (callers == EVERYBODY) {
            wrong.push(format!("{path}: {callers} {}", reply.body));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(refused > 80, "{refused}");
}
