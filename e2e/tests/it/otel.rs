//! Spans for a collector of OpenTelemetry. Source: OpenTelemetry protocol 1.5, "OTLP/HTTP", JSON encoding.

use std::time::Duration;

use http::Method;
use ringback_e2e::app::{App, single};
use ringback_e2e::receiver::{Act, Receiver};
use ringback_e2e::setup::Setup;
use serde_json::Value;

/// Longer than notes wait to be written.
const TOLD: Duration = Duration::from_secs(20);

fn rules(receiver: &Receiver) -> String {
    let url = receiver.url();
    format!(
        "url: {url}\nbeforeSendSingleMsg: {{enable: true, timeout: 5, failedContinue: true}}\n\
         afterSendSingleMsg: {{enable: true, timeout: 5}}\n"
    )
}

fn attribute<'a>(span: &'a Value, name: &str) -> &'a str {
    let all = span["attributes"].as_array().unwrap();
    let found = all.iter().find(|attribute| attribute["key"] == name).map(|attribute| &attribute["value"]);
    let value = found.unwrap_or_else(|| panic!("{name} in {span}"));
    value["stringValue"].as_str().or(value["intValue"].as_str()).unwrap()
}

/// The spans with this name that the collector was told of.
fn spans(calls: &[ringback_e2e::receiver::Call], name: &str) -> Vec<Value> {
    let of_call = |call: &ringback_e2e::receiver::Call| {
        let spans = &call.body["resourceSpans"][0]["scopeSpans"][0]["spans"];
        spans.as_array().cloned().unwrap_or_default()
    };
    calls.iter().flat_map(of_call).filter(|span| span["name"] == name).collect()
}

#[tokio::test]
async fn a_collector_is_told_of_every_call_and_nothing_waits_for_it() {
    let (receiver, collector) = (Receiver::start().await, Receiver::start().await);
    let setup = Setup::dev()
        .webhooks(&rules(&receiver))
        .setting("otel.endpoint", &format!("http://{}", collector.addr()));
    let setup = setup.setting("otel.authorization", "Bearer hush").setting("otel.service", "chat");
    let app = App::start(setup, &["u1", "u2"]).await;
    receiver.next("callbackAfterSendSingleMsgCommand", vec![Act::text(500, "not now")]);
    let headers =
        [("operationID", "op-of-mine"), ("token", app.admin_token()), ("content-type", "application/json")];
    let body = single("u1", "u2", "what was said").to_string();
    let sent = app.server.rest().send(Method::POST, "/msg/send_msg", &headers, body).await;
    assert_eq!(sent.code(), 0, "{sent:?}");
    let told = collector.wait(TOLD, |calls| (spans(calls, "after").len() >= 2).then(|| calls.to_vec())).await;
    let told = told.expect("both attempts are told");
    let (asked, tried) = (spans(&told, "before message_sending"), spans(&told, "after"));
    let questions = spans(&told, "ask message_sending");
    assert_eq!((asked.len(), questions.len()), (1, 1));
    assert_eq!(asked[0]["parentSpanId"], questions[0]["spanId"]);
    for span in [&asked[0], &questions[0], &tried[0], &tried[1]] {
        assert_eq!(attribute(span, "ringback.operation_id"), "op-of-mine");
        assert_eq!(span["traceId"], asked[0]["traceId"], "one operation, one trace");
    }
    assert_eq!(attribute(&asked[0], "ringback.outcome"), "allowed");
    let outcomes: Vec<&str> = tried.iter().map(|span| attribute(span, "ringback.outcome")).collect();
    assert_eq!(outcomes, ["not_accepted", "delivered"]);
    assert_eq!(attribute(&tried[0], "http.response.status_code"), "500");
    assert_eq!((&tried[0]["status"]["code"], &tried[1]["status"]), (&2.into(), &serde_json::json!({})));
    let call = &told[0];
    assert_eq!((call.path.as_str(), call.header("authorization")), ("/v1/traces", Some("Bearer hush")));
    assert_eq!(call.header("content-type"), Some("application/json"));
    for call in &told {
        assert!(!String::from_utf8_lossy(&call.bytes).contains("what was said"), "content stays here");
    }

    // A collector that is away costs spans, and nothing else.
    drop(collector);
    assert_eq!(app.send("u1", "u2", "again").await.code(), 0);
    receiver.wait_for("callbackAfterSendSingleMsgCommand", 3).await;
    app.wait_for_metric("ringback_otel_dropped_spans_total", |count| count >= 1.0).await;
}
