//! The engine of business callbacks: before an event it asks, after it it tells, durably.
//!
//! Knows the ports and contracts of [`ringback_model`] and nothing else: no store, no dialect, no web framework. Any
//! server that supplies an event log, a place for progress and contracts can use it.
//!
//! | file | holds |
//! |---|---|
//! | [`engine`] | rules in, gate and dispatchers out; [`status`] shows how they are doing |
//! | [`gate`] | asks before-rules in order |
//! | [`dispatcher`], [`tail`] | tell after-rules: one reader at the end of the log, one task per rule |
//! | [`ledger`], [`checkpoint`] | what is written down, and when |
//! | [`retry`], [`breaker`], [`matching`], [`rule_set`] | decisions, pure |
//! | [`live`] | rules in use, with their versions |
//! | [`caller`], [`connect`], [`address`], [`tls`], [`retry_after`] | one HTTP call |
//! | [`headers`], [`webhook_id`], [`signature`] | what every call carries |
//! | [`telemetry`] | metrics and the line per attempt |

#![warn(missing_docs)]

pub mod address;
pub mod breaker;
pub mod caller;
mod checkpoint;
mod connect;
mod dispatcher;
pub mod engine;
mod gate;
pub mod headers;
mod ledger;
mod live;
pub mod matching;
pub mod retry;
pub mod retry_after;
mod rule_set;
pub mod signature;
pub mod status;
mod tail;
pub mod telemetry;
pub mod tls;
pub mod webhook_id;

pub use caller::{CallError, CallErrorKind, CallPolicy, Caller, HttpCaller, HttpCallerSettings, Response};
pub use engine::{Drained, Engine, EngineParts, EngineSettings};
pub use rule_set::SetRulesError;
pub use status::{BreakerStatus, RuleStatus};
