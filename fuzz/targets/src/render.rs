//! Whatever a message says, everybody who is told of it gets something that he can read: receivers in every contract,
//! clients of every dialect.

use std::sync::Arc;

use ringback_dialects::content;
use ringback_dialects::openim::content::to_wire;
use ringback_dialects::openim::socket::envelope::Codec;
use ringback_model::delivery::Outbound;
use ringback_model::dialect::Frame;
use ringback_model::event::{EventKind, Phase};
use ringback_model::ids::LogPos;
use ringback_model::message::{Message, Origin};
use ringback_model::ports::Push;
use ringback_model::sample;
use serde_json::Value;

use crate::world::{contracts, dialects, user};

const URL: &str = "http://127.0.0.1:9/callbacks";

/// Renders the message in every way that there is.
pub(crate) fn check(message: &Message) {
    bodies(message);
    questions(message);
    deliveries(message);
    pushes(message);
}

/// Each form of the content in the other dialect's words.
fn bodies(message: &Message) {
    let body: Value = serde_json::from_str(&content::as_body(&message.content)).expect("a body is JSON");
    assert!(body.is_object(), "a body is an object: {body}");
    let ext: Value = serde_json::from_str(&content::ext(&message.ex)).expect("an extension is JSON");
    assert!(ext.is_object(), "an extension is an object: {ext}");
    assert!(content::element_code(&message.content) != 0 || message.content.code == 0);
}

fn questions(message: &Message) {
    for contract in contracts() {
        let rule = sample::rule("fuzz", contract.name(), Phase::Before, URL);
        for kind in EventKind::ALL.into_iter().filter(|kind| kind.phase() == Phase::Before) {
            let question = sample::question(kind, message.clone());
            if let Ok(outbound) = contract.question(&rule, &question) {
                sendable(&outbound);
                assert_eq!(contract.question(&rule, &question), Ok(outbound), "the same bytes every time");
            }
        }
    }
}

fn deliveries(message: &Message) {
    let event = sample::sent(LogPos(9), message.clone(), Origin::Client, vec![user("bob"), user("carol")]);
    for contract in contracts() {
        let rule = sample::rule("fuzz", contract.name(), Phase::After, URL);
        let copies = contract.copies(&rule, &event).unwrap_or(0);
        assert!(copies <= 3, "{copies} copies for two recipients");
        for copy in 0..copies {
            let rendered = contract.delivery(&rule, &event, copy).expect("every copy is rendered");
            sendable(&rendered.outbound);
            assert_eq!(contract.delivery(&rule, &event, copy), Some(rendered), "the same bytes every time");
        }
        assert_eq!(contract.delivery(&rule, &event, copies.max(3)), None, "no copy beyond the last");
    }
}

/// A URL and headers that HTTP takes, and a body of JSON.
fn sendable(outbound: &Outbound) {
    let url: http::Uri = outbound.url.parse().unwrap_or_else(|_| panic!("a URL: {:?}", outbound.url));
    assert_eq!(url.authority().map(http::uri::Authority::as_str), Some("127.0.0.1:9"), "the rule's receiver");
    for (name, value) in &outbound.headers {
        assert_eq!(*name, name.to_lowercase());
        http::HeaderName::from_bytes(name.as_bytes()).expect("a header's name");
        http::HeaderValue::from_str(value)
            .or_else(|_| http::HeaderValue::from_bytes(value.as_bytes()))
            .unwrap_or_else(|_| panic!("a header's value: {value:?}"));
    }
    let body: Value = serde_json::from_slice(&outbound.body).expect("the body is JSON");
    assert!(body.is_object());
}

fn pushes(message: &Message) {
    let push = Push { message: Arc::new(message.clone()), operation_id: Arc::from("op") };
    for (_, socket) in &dialects().sockets {
        let Frame::Binary(bytes) = socket.push(Codec::JSON.wire(), &push) else {
            panic!("pushes are binary");
        };
        let response = Codec::JSON.decode_response(&bytes).expect("clients can read it");
        assert!(!response.data.is_empty());
    }
    let wire = to_wire(message);
    assert_eq!(wire.send_id, message.sender.as_str());
}
