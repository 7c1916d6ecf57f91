//! Notes as spans. Source: OpenTelemetry protocol 1.5, "OTLP/HTTP", JSON protobuf encoding; names of attributes after the
//! semantic conventions for HTTP where there is one.

use ringback_model::ids::MessageId;
use ringback_model::time::UnixMs;
use ringback_model::trace::{Asked, Names, QuestionEnd, Questioned, Trace, Traced, Tried};
use serde_json::{Value, json};

/// Kinds of spans: `SPAN_KIND_INTERNAL` and `SPAN_KIND_CLIENT`.
const INTERNAL: u8 = 1;
const CLIENT: u8 = 3;
/// `STATUS_CODE_ERROR`.
const ERROR: u8 = 2;

/// One request of the protocol: everything that is a span, of one service.
#[must_use]
pub(super) fn request(service: &str, traces: &[Trace]) -> Value {
    let spans: Vec<Value> = traces.iter().filter_map(span).collect();
    json!({"resourceSpans": [{
        "resource": {"attributes": [text("service.name", service), text("service.version", env!("CARGO_PKG_VERSION"))]},
        "scopeSpans": [{"scope": {"name": "ringback.callback"}, "spans": spans}],
    }]})
}

/// Whether a note is a span: an event in the log and the end of a delivery take no time.
pub(super) const fn is_span(trace: &Trace) -> bool {
    matches!(trace.what, Traced::Questioned(_) | Traced::Asked(_) | Traced::Tried(_))
}

/// A note without what no span shows: what was said and answered need not wait for a collector.
pub(super) fn bare(trace: &Trace) -> Trace {
    let mut bare = trace.clone();
    match &mut bare.what {
        Traced::Questioned(questioned) => {
            questioned.content = None;
            questioned.ex = String::new();
        }
        Traced::Asked(asked) => asked.answer = String::new(),
        Traced::Logged(_) | Traced::Tried(_) | Traced::Ended(_) => {}
    }
    bare
}

fn span(trace: &Trace) -> Option<Value> {
    let of = Of { trace, trace_id: trace_id(trace) };
    match &trace.what {
        Traced::Questioned(questioned) => Some(of.question(questioned)),
        Traced::Asked(asked) => Some(of.asked(asked)),
        Traced::Tried(tried) => Some(of.tried(tried)),
        Traced::Logged(_) | Traced::Ended(_) => None,
    }
}

struct Of<'a> {
    trace: &'a Trace,
    trace_id: String,
}

impl Of<'_> {
    fn question(&self, questioned: &Questioned) -> Value {
        let kind = questioned.kind.name();
        let failed = (questioned.end == QuestionEnd::Broke).then_some("a fault of the server");
        let end = match questioned.end {
            QuestionEnd::Passed => "passed",
            QuestionEnd::Refused => "refused",
            QuestionEnd::Broke => "broke",
        };
        let attributes = vec![text("ringback.event", kind), text("ringback.end", end)];
        let id = question_id(self.trace.number, kind);
        self.span(&format!("ask {kind}"), INTERNAL, (&id, ""), questioned.took_us, failed, attributes)
    }

    fn asked(&self, asked: &Asked) -> Value {
        let kind = asked.kind.name();
        let attributes = vec![
            text("ringback.rule", &asked.rule.0),
            text("ringback.event", kind),
            text("ringback.outcome", &asked.outcome),
            status(asked.status),
        ];
        let id = span_id(&format!("asked {:?} {kind} {} {}", self.trace.number, asked.rule, asked.part));
        let parent = question_id(self.trace.number, kind);
        let failed = (!asked.error.is_empty()).then_some(asked.error.as_str());
        self.span(&format!("before {kind}"), CLIENT, (&id, &parent), asked.took_us, failed, attributes)
    }

    fn tried(&self, tried: &Tried) -> Value {
        let (pos, copy) = (tried.key.pos.0, tried.key.copy);
        let attributes = vec![
            text("ringback.rule", &tried.rule.0),
            text("ringback.outcome", &tried.outcome),
            number("ringback.position", pos),
            number("ringback.attempt", tried.attempt.into()),
            status(tried.status),
        ];
        let at = self.trace.at.0;
        let id = span_id(&format!("tried {} {pos} {copy} {} {at}", tried.rule, tried.attempt));
        let failed = (!tried.error.is_empty()).then_some(tried.error.as_str());
        self.span("after", CLIENT, (&id, ""), tried.took_us, failed, attributes)
    }

    fn span(
        &self,
        name: &str,
        kind: u8,
        (id, parent): (&str, &str),
        took_us: u64,
        failed: Option<&str>,
        mut attributes: Vec<Value>,
    ) -> Value {
        attributes.extend(self.trace.number.map(|number| text("ringback.message_id", &number.to_string())));
        attributes.extend(self.trace.operation_id.as_ref().map(|id| text("ringback.operation_id", id)));
        let started = nanos(self.trace.at);
        let ended = started.saturating_add(u128::from(took_us) * 1_000);
        let mut span = json!({
            "traceId": self.trace_id, "spanId": id, "name": name, "kind": kind,
            "startTimeUnixNano": started.to_string(), "endTimeUnixNano": ended.to_string(),
            "attributes": attributes,
            "status": failed.map_or_else(|| json!({}), |why| json!({"code": ERROR, "message": why})),
        });
        if !parent.is_empty() {
            span["parentSpanId"] = json!(parent);
        }
        span
    }
}

/// The trace of an operation; of what has none that is known, its own.
fn trace_id(trace: &Trace) -> String {
    let name = match (&trace.operation_id, trace.number) {
        (Some(operation), _) if !operation.is_empty() => operation.to_string(),
        (_, Some(number)) => number.to_string(),
        _ => format!("{:?}", trace.what),
    };
    // An id of zeros is none.
    format!("{:016x}{:016x}", Names::hash(&name) | 1, Names::hash(&format!("trace {name}")))
}

fn span_id(name: &str) -> String {
    format!("{:016x}", Names::hash(name) | 1)
}

fn question_id(number: Option<MessageId>, kind: &str) -> String {
    span_id(&format!("question {number:?} {kind}"))
}

fn nanos(at: UnixMs) -> u128 {
    u128::try_from(at.0).unwrap_or(0) * 1_000_000
}

fn text(key: &str, value: &str) -> Value {
    json!({"key": key, "value": {"stringValue": value}})
}

/// Whole numbers are texts in this encoding.
fn number(key: &str, value: u64) -> Value {
    json!({"key": key, "value": {"intValue": value.to_string()}})
}

/// 0 = there was no answer.
fn status(status: u16) -> Value {
    number("http.response.status_code", status.into())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ringback_model::delivery::DeliveryKey;
    use ringback_model::event::EventKind;
    use ringback_model::ids::{LogPos, RuleId};

    use super::*;

    fn asked(operation: &str, outcome: &'static str, error: &str) -> Trace {
        Trace {
            at: UnixMs(1_731_000_000_123),
            number: Some(MessageId(7)),
            operation_id: Some(Arc::from(operation)),
            names: Names::default(),
            what: Traced::Asked(Box::new(Asked {
                rule: RuleId::new("moderation"),
                version: 1,
                kind: EventKind::MessageSending,
                part: 0,
                took_us: 1_500,
                outcome: outcome.into(),
                status: 200,
                answer: "{\"content\":\"not for others\"}".to_owned(),
                error: error.to_owned(),
                changes: Vec::new(),
            })),
        }
    }

    fn tried(operation: &str) -> Trace {
        let what = Traced::Tried(Box::new(Tried {
            rule: RuleId::new("history"),
            key: DeliveryKey { pos: LogPos(3), copy: 0 },
            attempt: 2,
            took_us: 10,
            outcome: "delivered".into(),
            status: 204,
            error: String::new(),
            resent: false,
        }));
        Trace { what, ..asked(operation, "", "") }
    }

    #[test]
    fn calls_of_one_operation_share_a_trace_and_say_what_came_of_them() {
        let sent =
            request("chat", &[asked("op-1", "allowed", ""), tried("op-1"), asked("op-2", "timeout", "late")]);
        let spans = sent["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap();
        let id = |at: usize| spans[at]["traceId"].as_str().unwrap();
        assert_eq!(id(0), id(1));
        assert_ne!(id(0), id(2));
        assert_eq!((id(0).len(), spans[0]["spanId"].as_str().unwrap().len()), (32, 16));
        assert_eq!(spans[0]["parentSpanId"], spans[2]["parentSpanId"], "of one question");
        assert_eq!(spans[0]["startTimeUnixNano"], "1731000000123000000");
        assert_eq!(spans[0]["endTimeUnixNano"], "1731000000124500000");
        assert_eq!((&spans[0]["status"], &spans[2]["status"]["message"]), (&json!({}), &json!("late")));
        let service = &sent["resourceSpans"][0]["resource"]["attributes"][0];
        assert_eq!(*service, text("service.name", "chat"));
        assert!(!sent.to_string().contains("not for others"), "what was said stays here");
    }
}
