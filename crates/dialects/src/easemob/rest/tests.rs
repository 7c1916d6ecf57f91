use std::sync::Arc;

use proptest::prelude::*;
use ringback_model::app::App;
use ringback_model::command::{Actor, Command, Outcome, Sent};
use ringback_model::conversation::Target;
use ringback_model::dialect::{Edge, EdgeRequest, Method, Reply};
use ringback_model::failure::{Failure, Refusal, RefusalCode};
use ringback_model::ids::{GroupId, MessageId, UserId};
use ringback_model::message::Message;
use ringback_model::sample;
use ringback_model::secret::Secret;
use ringback_model::time::UnixMs;
use ringback_model::user::{AccountLevel, Platform, Standing, User};
use serde_json::{Value, json};

use super::FamilyEdge;
use crate::openapi::exam;

mod accounts;
mod chats;
mod contacts;
mod gate;
mod messages;
mod metadata;
mod problems;
mod settings;
mod storage;
mod tokens;
mod users;

const AT: UnixMs = UnixMs(1_731_000_000_000);
const NOW: UnixMs = UnixMs(1_731_000_000_005);

fn app() -> App {
    App { id: "4711".to_owned(), org: "demo-org".to_owned(), name: "demo-app".to_owned() }
}

fn edge() -> FamilyEdge {
    FamilyEdge::new(&app())
}

fn application() -> String {
    super::uuid::of_app("demo-org#demo-app")
}

fn user(text: &str) -> UserId {
    UserId::parse(text).unwrap()
}

fn group(text: &str) -> GroupId {
    GroupId::parse(text).unwrap()
}

fn registered(name: &str) -> User {
    User {
        id: user(name),
        nickname: String::new(),
        face_url: String::new(),
        ex: String::new(),
        created_at: UnixMs(1_730_000_000_000),
        level: AccountLevel::ORDINARY,
        receive_option: 0,
        standing: Standing::default(),
    }
}

/// The route that a path meets, as the server finds it, and what stands in its braces.
fn met(method: Method, path: &str) -> (&'static str, Vec<(&'static str, String)>) {
    let plain = path.split('?').next().unwrap_or_default();
    let mut best = ("", Vec::new());
    for route in edge().routes() {
        let (asked, told): (Vec<_>, Vec<_>) = (plain.split('/').collect(), route.path.split('/').collect());
        let fits = asked.len() == told.len()
            && asked.iter().zip(&told).all(|(asked, told)| asked == told || told.starts_with('{'));
        let by_id = route.path.starts_with("/app-id");
        if fits && route.method == method && (by_id || !plain.starts_with("/app-id")) {
            let params = asked.iter().zip(told).filter(|(_, told)| told.starts_with('{'));
            let params = params.map(|(asked, told)| (told.trim_matches(['{', '}']), (*asked).to_owned()));
            best = (route.path, params.collect());
        }
    }
    best
}

/// A request as the server hands it over.
fn request(method: Method, path: &str, body: impl Into<Vec<u8>>) -> EdgeRequest {
    let (route, params) = met(method, path);
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    EdgeRequest {
        route,
        method,
        path: path.to_owned(),
        params,
        query: query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        headers: vec![
            ("host".to_owned(), "im.example.test".to_owned()),
            ("authorization".to_owned(), "Bearer YWMt-demo".to_owned()),
        ],
        body: body.into(),
        file: None,
        at: AT,
        secure: true,
    }
}

fn post(path: &str, body: &Value) -> EdgeRequest {
    request(Method::Post, path, body.to_string())
}

fn get(path: &str) -> EdgeRequest {
    request(Method::Get, path, "")
}

fn delete(path: &str) -> EdgeRequest {
    request(Method::Delete, path, "")
}

fn speaker(admin: bool) -> Actor {
    Actor { user: user("admin"), platform: Platform::ADMIN, admin, token_id: "t".to_owned(), expires_at: NOW }
}

fn decode(request: &EdgeRequest) -> Result<Command, Refusal> {
    edge().decode(request, Some(&speaker(true)))
}

fn body(reply: &Reply) -> Value {
    assert_eq!(reply.headers[0], ("content-type", "application/json".into()));
    serde_json::from_slice(&reply.body).unwrap()
}

/// The body of a successful answer.
fn answer(request: &EdgeRequest, outcome: Outcome) -> Value {
    let reply = edge().encode(request, &Ok(outcome), NOW);
    exam::check_reply(&edge(), request, &reply);
    let answer = body(&reply);
    assert_eq!(reply.status, 200, "{answer}");
    answer
}

/// Status, `error` and `error_description`.
fn told(reply: &Reply) -> (u16, String, String) {
    let body = body(reply);
    let text = |name: &str| body[name].as_str().unwrap_or_else(|| panic!("{name} in {body}")).to_owned();
    assert_eq!((&body["timestamp"], &body["duration"]), (&json!(NOW.0), &json!(5)), "{body}");
    assert!(!text("exception").is_empty());
    (reply.status, text("error"), text("error_description"))
}

/// What the caller is told about a failure.
fn failed(request: &EdgeRequest, failure: impl Into<Failure>) -> (u16, String, String) {
    let reply = edge().encode(request, &Err(failure.into()), NOW);
    exam::check_reply(&edge(), request, &reply);
    told(&reply)
}

/// What the caller is told about a request that is wrong.
fn rejected(request: &EdgeRequest) -> (u16, String, String) {
    match decode(request) {
        Ok(command) => panic!("{command:?} was read from {}", String::from_utf8_lossy(&request.body)),
        Err(refusal) => failed(request, refusal),
    }
}

fn owned((status, error, text): (u16, &str, &str)) -> (u16, String, String) {
    (status, error.to_owned(), text.to_owned())
}

fn sent(id: u64) -> Sent {
    let content = sample::content(ringback_model::message::ContentClass::Text, 1, "");
    let message = sample::message(user("alice"), Target::User(user("bob")), content, AT);
    Sent { message: Arc::new(Message { id: MessageId(id), ..message }), before: None }
}

fn refusal(code: RefusalCode, detail: &str) -> Failure {
    Refusal::new(code, detail).into()
}

#[test]
fn the_interface_is_described() {
    exam::check(&edge());
}

#[test]
fn both_prefixes_lead_to_the_same() {
    let routes: Vec<_> = edge().routes().iter().map(|route| (route.method, route.path)).collect();
    let resources = |prefix: &str| -> Vec<(Method, String)> {
        let mut found: Vec<_> = routes
            .iter()
            .filter_map(|(method, path)| Some((*method, path.strip_prefix(prefix)?.to_owned())))
            .collect();
        found.sort_by_key(|(method, path)| (path.clone(), format!("{method:?}")));
        found
    };
    let by_id = resources("/app-id/{app_id}");
    assert_eq!(by_id, resources("/{org}/{app}"));
    let of_no_app = routes.iter().filter(|(_, path)| *path == "/easemob/server.json").count();
    assert_eq!(by_id.len() * 2 + of_no_app, routes.len());
    let promised = [
        (Method::Post, "/token"),
        (Method::Post, "/users"),
        (Method::Get, "/users/{user}"),
        (Method::Post, "/messages"),
        (Method::Post, "/messages/msg_recall"),
        (Method::Post, "/messages/batch_recall"),
        (Method::Post, "/messages/recall"),
        (Method::Put, "/messages/rewrite/{msg_id}"),
        (Method::Post, "/reaction/user/{user}"),
        (Method::Delete, "/reaction/user/{user}"),
        (Method::Get, "/reaction/user/{user}"),
        (Method::Get, "/reaction/user/{user}/detail"),
        (Method::Get, "/chatmessages/{time}"),
        (Method::Post, "/messages/users"),
        (Method::Post, "/messages/chatgroups"),
        (Method::Post, "/messages/chatrooms"),
        (Method::Post, "/chatgroups"),
        (Method::Get, "/chatgroups/{id}"),
        (Method::Delete, "/chatgroups/{id}"),
        (Method::Get, "/chatgroups/{id}/users"),
        (Method::Post, "/chatgroups/{id}/users"),
        (Method::Post, "/chatgroups/{id}/users/{users}"),
        (Method::Delete, "/chatgroups/{id}/users/{users}"),
        (Method::Post, "/chatrooms"),
        (Method::Get, "/chatrooms/{id}"),
        (Method::Delete, "/chatrooms/{id}"),
        (Method::Get, "/chatrooms/{id}/users"),
        (Method::Post, "/chatrooms/{id}/users"),
        (Method::Post, "/chatrooms/{id}/users/{users}"),
        (Method::Delete, "/chatrooms/{id}/users/{users}"),
        (Method::Get, "/chatgroups/user/{user}"),
        (Method::Post, "/metadata/chatroom/{id}"),
        (Method::Put, "/metadata/chatroom/{id}/user/{user}"),
        (Method::Put, "/metadata/chatroom/{id}/user/{user}/forced"),
        (Method::Delete, "/metadata/chatroom/{id}/user/{user}"),
        (Method::Delete, "/metadata/chatroom/{id}/user/{user}/forced"),
        (Method::Put, "/metadata/chatgroup/{id}/user/{user}"),
        (Method::Get, "/metadata/chatgroup/{id}/user/{user}"),
        (Method::Post, "/metadata/chatgroup/{id}/get"),
        (Method::Get, "/metadata/user/capacity"),
        (Method::Get, "/callbacks/storage/info"),
        (Method::Post, "/callbacks/storage/retry"),
        (Method::Post, "/callback/storage/retry"),
    ];
    for (method, path) in promised {
        assert!(by_id.contains(&(method, path.to_owned())), "{method:?} {path}");
    }
}

#[test]
fn the_envelope_has_everything() {
    for (path, secure, uri) in [
        ("/app-id/4711/users/bob", true, "https://im.example.test/demo-org/demo-app/users/bob"),
        ("/demo-org/demo-app/users/bob", false, "http://im.example.test/demo-org/demo-app/users/bob"),
    ] {
        let asked = EdgeRequest { secure, ..get(path) };
        let answer = answer(&asked, Outcome::Users(vec![registered("bob")]));
        let expected = json!({
            "path": "/users", "uri": uri, "timestamp": NOW.0, "organization": "demo-org",
            "application": application(), "action": "get", "entities": answer["entities"], "count": 1,
            "duration": 5, "applicationName": "demo-app",
        });
        assert_eq!(answer, expected);
    }
    let mut behind_a_proxy = EdgeRequest { secure: false, ..get("/app-id/4711/users/bob") };
    behind_a_proxy.headers.push(("x-forwarded-proto".to_owned(), "https".to_owned()));
    let answer = answer(&behind_a_proxy, Outcome::Users(vec![registered("bob")]));
    assert!(answer["uri"].as_str().unwrap().starts_with("https://"), "{answer}");
}

#[test]
fn an_outcome_of_another_route_is_an_internal_error() {
    for route in edge().routes() {
        let asked = EdgeRequest { route: route.path, method: route.method, ..get("/app-id/4711/none") };
        let reply = edge().encode(&asked, &Ok(Outcome::Pulled(Vec::new())), NOW);
        assert_eq!(told(&reply).0, 500, "{}", route.path);
    }
}

proptest! {
    #[test]
    fn any_request_is_answered_without_panic(
        route in 0usize..1000,
        bytes in prop_oneof![prop::collection::vec(any::<u8>(), 0..60), any_body()],
        id in "\\PC{0,12}",
        names in "\\PC{0,12}",
        query in "\\PC{0,8}",
    ) {
        let edge = edge();
        let route = edge.routes()[route % edge.routes().len()];
        let asked = EdgeRequest {
            route: route.path,
            method: route.method,
            params: vec![
                ("id", id.clone()),
                ("msg_id", id.clone()),
                ("resource", id),
                ("users", names.clone()),
                ("other", names.clone()),
                ("user", names),
            ],
            query: vec![("pagenum".to_owned(), query.clone()), ("pagesize".to_owned(), query.clone()), ("limit".to_owned(), query.clone()), ("cursor".to_owned(), query)],
            body: bytes,
            ..get("/app-id/4711/x")
        };
        if let Err(refused) = edge.decode(&asked, Some(&speaker(true))) {
            let (status, ..) = failed(&asked, refused);
            prop_assert!((400..500).contains(&status), "{status}");
        }
    }

    #[test]
    fn any_path_is_answered_in_json(path in "(/(app-id|[a-z%#]{0,4}|\\PC{0,3})){0,5}") {
        let edge = edge();
        let asked = EdgeRequest { path, params: vec![], route: "", ..get("/app-id/4711/x") };
        let claimed = edge.claims(&asked.path);
        let reply = edge.unknown(&asked);
        prop_assert!(reply.status == 404 && body(&reply)["error_description"].is_string());
        if edge.open(&asked).is_ok() {
            prop_assert!(asked.path.starts_with("/app-id/4711") && claimed);
        }
    }
}

/// Bodies that are nearly right.
fn any_body() -> impl Strategy<Value = Vec<u8>> {
    let value = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,6}".prop_map(Value::from),
        prop::collection::vec("[a-z]{0,3}".prop_map(Value::from), 0..3).prop_map(Value::from),
        Just(json!({"msg": "hi", "type": "txt"})),
    ];
    let names = vec![
        "from",
        "to",
        "type",
        "body",
        "ext",
        "msg",
        "target",
        "target_type",
        "grant_type",
        "username",
        "ttl",
        "date",
        "retry",
        "public",
        "owner",
        "members",
        "maxusers",
        "usernames",
        "routetype",
        "roam_ignore_users",
        "newpassword",
        "nickname",
        "targets",
        "chat",
        "remark",
    ];
    prop::collection::vec((prop::sample::select(names), value), 0..8).prop_map(|members| {
        let body: serde_json::Map<String, Value> =
            members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Value::Object(body).to_string().into_bytes()
    })
}
