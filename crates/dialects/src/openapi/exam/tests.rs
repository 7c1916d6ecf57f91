//! The exam itself is examined: it notices lies.

use ringback_model::command::{Actor, Command, Outcome};
use ringback_model::dialect::{Edge, EdgeRequest, Method, Opening, Reply, Route};
use ringback_model::failure::{Failure, Refusal};
use ringback_model::time::UnixMs;
use serde_json::{Value, json};

use super::{check, check_reply, members, without};
use crate::openim::rest::OpenImEdge;

#[test]
fn members_are_found_and_taken_away_at_any_depth() {
    let value = json!({"a": 1, "b": [{"c": {"d": 2}}]});
    assert_eq!(members(&value), ["/a", "/b", "/b/0/c", "/b/0/c/d"]);
    assert_eq!(without(&value, "/b/0/c/d"), json!({"a": 1, "b": [{"c": {}}]}));
}

/// An interface whose description was tampered with.
struct Tampered(fn(&mut Value));

impl Edge for Tampered {
    fn routes(&self) -> &'static [Route] {
        OpenImEdge.routes()
    }
    fn common_headers(&self) -> &'static [(&'static str, &'static str)] {
        OpenImEdge.common_headers()
    }
    fn open(&self, request: &EdgeRequest) -> Result<Opening, Refusal> {
        OpenImEdge.open(request)
    }
    fn decode(&self, request: &EdgeRequest, actor: Option<&Actor>) -> Result<Command, Refusal> {
        OpenImEdge.decode(request, actor)
    }
    fn encode(&self, request: &EdgeRequest, result: &Result<Outcome, Failure>, now: UnixMs) -> Reply {
        OpenImEdge.encode(request, result, now)
    }
    fn unknown(&self, request: &EdgeRequest) -> Reply {
        OpenImEdge.unknown(request)
    }
    fn preflight(&self) -> Reply {
        OpenImEdge.preflight()
    }
    fn openapi(&self) -> Value {
        let mut document = OpenImEdge.openapi();
        (self.0)(&mut document);
        document
    }
}

fn set(document: &mut Value, place: &str, value: Value) {
    *at(document, place) = value;
}

fn without_member(value: &mut Value, name: &str) {
    assert!(value.as_object_mut().unwrap().remove(name).is_some(), "{name}");
}

fn at<'a>(document: &'a mut Value, place: &str) -> &'a mut Value {
    document.pointer_mut(place).expect(place)
}

#[test]
fn a_description_that_is_not_true_fails() {
    check(&Tampered(|_| ()));
    let lies: [fn(&mut Value); 12] = [
        |it| without_member(at(it, "/paths"), "/msg/send_msg"),
        |it| at(it, "/paths")["/msg/revoke_msg"] = it["paths"]["/msg/send_msg"].clone(),
        |it| set(it, "/paths/~1msg~1newest_seq/post/operationId", json!("sendMsg")),
        |it| set(it, "/paths/~1msg~1newest_seq/post/parameters/0/required", json!(false)),
        |it| set(it, "/paths/~1msg~1newest_seq/post/security", json!([])),
        |it| set(it, "/paths/~1auth~1parse_token/post/security", json!([{"token": []}])),
        |it| set(it, "/components/schemas/NewUser/required", json!(["userID"])),
        |it| set(it, "/components/schemas/NewUser/required", json!(["userID", "nickname", "ex"])),
        |it| set(it, "/components/schemas/PullRequest/properties/order", json!({"type": "integer"})),
        |it| set(it, "/components/schemas/NewUser/properties/ex", json!({"$ref": "#/components/schemas/No"})),
        |it| without_member(at(it, "/components/schemas"), "Token"),
        |it| set(it, "/paths/~1msg~1newest_seq/post/requestBody/required", json!(false)),
    ];
    for (number, lie) in lies.into_iter().enumerate() {
        lie(&mut OpenImEdge.openapi());
        let outcome = std::panic::catch_unwind(|| check(&Tampered(lie)));
        assert!(outcome.is_err(), "lie {number} was not noticed");
    }
}

#[test]
fn an_answer_that_is_not_as_described_fails() {
    let asked = EdgeRequest {
        route: "/msg/get_server_time",
        method: Method::Post,
        path: String::new(),
        params: Vec::new(),
        query: Vec::new(),
        headers: Vec::new(),
        body: Vec::new(),
        file: None,
        at: UnixMs(0),
        secure: false,
    };
    let reply = OpenImEdge.encode(&asked, &Ok(Outcome::Time(UnixMs(5))), UnixMs(0));
    check_reply(&OpenImEdge, &asked, &reply);
    for (status, body) in [
        (200, json!({"errCode": 0, "errMsg": "", "errDlt": ""})),
        (200, json!({"errCode": 0, "errMsg": "", "errDlt": "", "data": {"serverTime": "5"}})),
        (200, json!({"errCode": 1001, "errMsg": ""})),
        (418, json!({"errCode": 1001, "errMsg": "", "errDlt": ""})),
    ] {
        let wrong = Reply { status, body: body.to_string().into_bytes(), ..reply.clone() };
        let outcome = std::panic::catch_unwind(|| check_reply(&OpenImEdge, &asked, &wrong));
        assert!(outcome.is_err(), "{status} {body}");
    }
}
