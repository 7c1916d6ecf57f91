//! What the API shows, and the schemas of it. Field names and meanings are a promise: fields are added, never renamed
//! or taken away.

use std::collections::BTreeMap;

use ringback_callbacks::RuleStatus;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::rules::start::show_time;

/// How a rule is doing. Numbers of before-rules, and of rules that are off, are zero.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct RuleState {
    /// Position in the log up to which everything is delivered, dropped by policy, waiting or parked.
    pub(super) cursor: u64,
    /// Events between the cursor and the end of the log, whether they are the rule's business or not.
    pub(super) lag_events: u64,
    /// Age of the oldest delivery that is neither over nor parked, in milliseconds; null = there is none.
    pub(super) oldest_undelivered_ms: Option<u64>,
    /// Deliveries that wait for a retry.
    pub(super) waiting: usize,
    /// Deliveries that are parked.
    pub(super) parked: u64,
    /// Calls under way.
    pub(super) in_flight: usize,
    /// Deliveries that were taken since the server started.
    pub(super) delivered: u64,
    /// Share of deliveries that were taken within 30 s of their event, 0 to 1; null = there were none yet.
    pub(super) on_time_share: Option<f64>,
    /// Whether the receiver is left alone after failures in a row.
    pub(super) breaker: Breaker,
    /// Until when it is not called because of the app's ban; null = it is not banned.
    pub(super) banned_until: Option<String>,
    /// Whether what cannot be delivered is parked; false = it is dropped and counted, because `storage` of the rule or
    /// the setting `storage.enabled` is off. Before-rules park nothing.
    pub(super) parks: bool,
}

/// Whether a receiver is left alone.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Breaker {
    /// Nothing but probes is sent.
    pub(super) open: bool,
    /// Calls in a row that failed.
    pub(super) failures_in_a_row: u32,
    /// When the next probe may go; null while closed.
    pub(super) next_probe: Option<String>,
}

impl RuleState {
    pub(super) fn of(status: &RuleStatus) -> Self {
        Self {
            cursor: status.cursor.0,
            lag_events: status.lag_events,
            oldest_undelivered_ms: status.oldest_undelivered.map(millis),
            waiting: status.waiting,
            parked: status.parked,
            in_flight: status.in_flight,
            delivered: status.delivered,
            on_time_share: status.on_time_share(),
            breaker: Breaker {
                open: status.breaker.open,
                failures_in_a_row: status.breaker.failures_in_a_row,
                next_probe: status.breaker.next_probe.map(show_time),
            },
            banned_until: status.banned_until.map(show_time),
            parks: status.parks,
        }
    }
}

pub(super) fn millis(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// All rules.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct RuleList {
    /// Those of files first, then in the order of their making.
    #[schemars(with = "Vec<RuleRef>")]
    pub(super) rules: Vec<Value>,
    /// Rules that can be made through this API at most; 0 = no limit.
    pub(super) max: usize,
}

/// Stands for the schema that is made from the table of fields.
pub(super) struct RuleRef;

impl JsonSchema for RuleRef {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Rule".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"$ref": "#/components/schemas/Rule"})
    }
}

/// The secrets of a rule. Not printed.
#[derive(Serialize, JsonSchema)]
pub(super) struct SecretView {
    /// The one in use; null = the rule signs nothing.
    pub(super) secret: Option<String>,
    /// The one before, while receivers change over.
    pub(super) previous_secret: Option<String>,
    /// What receivers check signatures with, where the secret is a key pair.
    pub(super) public_key: Option<String>,
}

/// What became of a deletion.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Deleted {
    /// Id of the rule that is gone.
    pub(super) id: String,
    /// Parked deliveries that were thrown away; 0 without `purge`.
    pub(super) purged: u64,
}

/// What a sample callback brought.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct TestResult {
    /// What was sent.
    pub(super) request: TestRequest,
    /// What came back; null = no answer.
    pub(super) answer: Option<TestAnswer>,
    /// How long it took, in milliseconds.
    pub(super) took_ms: u64,
    /// What the server would have made of it.
    pub(super) meaning: String,
}

/// A sample callback.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct TestRequest {
    /// `POST`.
    pub(super) method: &'static str,
    /// Full URL.
    pub(super) url: String,
    /// Headers; names in lower case.
    pub(super) headers: BTreeMap<String, String>,
    /// The body.
    pub(super) body: String,
}

/// The answer to a sample callback.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct TestAnswer {
    /// HTTP status.
    pub(super) status: u16,
    /// The body, as far as it was read.
    pub(super) body: String,
}

/// The app's ban.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Bans {
    /// The receivers are left alone now.
    pub(super) active: bool,
    /// Until when; null = there is no ban now.
    pub(super) active_until: Option<String>,
    /// When the bans that still count began, oldest first.
    pub(super) starts: Vec<String>,
    /// What the newest ban rests on; empty = there was none.
    pub(super) evidence: String,
    /// Names of the rules that it covers.
    pub(super) rules: Vec<String>,
    /// Failures that count towards the next one.
    pub(super) failures_in_window: u64,
}

/// What became of lifting the ban.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Lifted {
    /// There was one.
    pub(super) lifted: bool,
}

/// Slices of parked deliveries.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct SliceList {
    /// Oldest first.
    pub(super) slices: Vec<SliceView>,
    /// Names of rules that park nothing now though their `storage` is on: the setting `storage.enabled` is off, and
    /// what they cannot deliver is dropped and counted.
    pub(super) dropping: Vec<String>,
}

/// Ten minutes of parked deliveries.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct SliceView {
    /// Its date key, `yyyyMMddHHmm`.
    pub(super) date: String,
    /// Deliveries in it.
    pub(super) size: u64,
    /// How often it was sent again.
    pub(super) retries: u32,
    /// It is being sent again now.
    pub(super) running: bool,
    /// Whose deliveries.
    pub(super) rules: Vec<SliceRule>,
}

/// What a slice holds of one rule.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct SliceRule {
    /// Its id.
    pub(super) id: String,
    /// Its name; null = the rule is gone.
    pub(super) name: Option<String>,
    /// Deliveries of it.
    pub(super) size: u64,
}

/// A page of a slice.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ParkedList {
    /// In the order of rules, and of the log inside a rule.
    pub(super) deliveries: Vec<ParkedView>,
    /// `after` of the next page; null = this was the last.
    pub(super) next: Option<String>,
}

/// A parked delivery.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ParkedView {
    /// Id of its rule.
    pub(super) rule: String,
    /// Name of its rule; null = the rule is gone.
    pub(super) rule_name: Option<String>,
    /// Position of its event in the log.
    pub(super) position: u64,
    /// Which copy of the event.
    pub(super) copy: u32,
    /// Attempts so far.
    pub(super) attempts: u32,
    /// When it was parked.
    pub(super) parked_at: String,
    /// Why: `exhausted` or `banned`.
    pub(super) reason: String,
    /// What the last attempt ran into.
    pub(super) last_error: String,
    /// The body that is sent.
    pub(super) body: String,
}

/// An order to send a slice again.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RetryOrder {
    /// Where to instead of the rules' own URLs.
    #[serde(default)]
    pub(super) target_url: Option<String>,
    /// Name or id of the rule whose deliveries are meant; without it, all.
    #[serde(default)]
    pub(super) rule: Option<String>,
}

/// A slice is on its way again.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct RetryStarted {
    /// Deliveries that are sent. What is taken leaves the slice, the rest stays.
    pub(super) deliveries: u64,
}

/// All contracts that rules may name.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct DialectList {
    /// By name.
    pub(super) dialects: Vec<DialectView>,
}

/// A contract.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct DialectView {
    /// `dialect` of rules.
    pub(super) name: &'static str,
    /// Failed deliveries are kept only where the setting `storage.enabled` is on.
    pub(super) storage_service: bool,
    /// Rules that ask.
    pub(super) before: PhaseView,
    /// Rules that tell.
    pub(super) after: PhaseView,
}

/// Rules of a contract in one phase.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct PhaseView {
    /// What `events` may name.
    pub(super) events: Vec<EventView>,
    /// What holds for fields that are not named.
    pub(super) defaults: Map<String, Value>,
    /// Fields that mean nothing here.
    pub(super) without: Vec<&'static str>,
}

/// A name for `events`.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct EventView {
    /// The name.
    pub(super) name: &'static str,
    /// What it selects.
    pub(super) doc: String,
}

/// The callbacks of all contracts.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct SchemaList {
    /// By contract, in the order in which an event meets them.
    pub(super) schemas: Vec<SchemaEntry>,
}

/// A callback that has schemas.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct SchemaEntry {
    /// `dialect` of rules.
    pub(super) dialect: &'static str,
    /// Its name, unique in the dialect.
    pub(super) name: &'static str,
    /// `before` or `after`.
    pub(super) phase: &'static str,
    /// When it is called.
    pub(super) trigger: String,
    /// Names in `events` of rules that lead to it.
    pub(super) events: Vec<&'static str>,
    /// Where its schemas are; with `?part=request` or `?part=answer` one of them alone.
    pub(super) href: String,
}

/// A callback with its schemas.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct SchemaView<'a> {
    /// What the list says of it.
    #[serde(flatten)]
    pub(super) entry: SchemaEntry,
    /// Of its body: JSON Schema 2020-12.
    #[schemars(with = "Map<String, Value>")]
    pub(super) request: &'a RawValue,
    /// Of answers.
    #[schemars(with = "Map<String, Value>")]
    pub(super) answer: &'a RawValue,
}
