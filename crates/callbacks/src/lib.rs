//! The engine of business callbacks: before an event it asks, after it it tells, durably.
//!
//! Knows the ports and contracts of [`ringback_model`] and nothing else: no store, no dialect, no web framework. Any
//! server that supplies an event log, a place for progress and contracts can use it.
//!
//! | file | holds |
//! |---|---|
//! | [`engine`], [`change`] | rules in, gate and dispatchers out; [`status`] shows how they are doing |
//! | [`gate`] | asks before-rules in order |
//! | [`dispatcher`], [`tail`] | tell after-rules: one reader at the end of the log, one task per rule |
//! | [`ledger`], [`checkpoint`] | what is written down, and when |
//! | [`retry`], [`breaker`], [`ban`], [`matching`], [`rule_set`] | decisions, pure |
//! | [`index`] | which rules a message may be about, without asking each |
//! | [`app_ban`] | the ban that rules share: who hears of it, its record |
//! | [`promise`] | whether deliveries come in time |
//! | [`storage`] | parked deliveries: listed in slices, sent again, forgotten |
//! | [`replay`] | what was sent once, sent again because somebody wants it |
//! | [`errands`] | work that goes on by itself: slices and replays under way |
//! | [`tries`], [`trial`] | what a rule makes of samples; one call of a rule that is not in use |
//! | [`audit`] | what became of everything |
//! | [`why`] | why a callback came or did not |
//! | [`standing`] | what has become of a delivery |
//! | [`live`] | rules in use, with their versions |
//! | [`caller`], [`connect`], [`address`], [`tls`], [`retry_after`], [`pace`] | one HTTP call |
//! | [`headers`], [`webhook_id`], [`signature`] | what every call carries |
//! | [`recorder`] | notes what was decided and tried |
//! | [`telemetry`] | metrics and the line per attempt |

#![warn(missing_docs)]

pub mod address;
mod app_ban;
pub mod audit;
pub mod ban;
pub mod breaker;
pub mod caller;
mod change;
mod checkpoint;
mod connect;
mod dispatcher;
pub mod engine;
mod errands;
mod gate;
pub mod headers;
mod index;
mod ledger;
mod live;
pub mod matching;
pub mod pace;
mod promise;
mod recorder;
pub mod replay;
pub mod retry;
pub mod retry_after;
mod rule_set;
pub mod signature;
mod standing;
pub mod status;
mod steady;
pub mod storage;
mod tail;
pub mod telemetry;
pub mod tls;
mod trial;
pub mod tries;
pub mod webhook_id;
pub mod why;

pub use caller::{CallError, CallErrorKind, CallPolicy, Caller, HttpCaller, HttpCallerSettings, Response};
pub use engine::{Drained, Engine, EngineParts, EngineSettings};
pub use replay::{ReplayError, ReplayOrder, ReplayStatus};
pub use rule_set::SetRulesError;
pub use status::{BanStatus, BreakerStatus, RuleStatus};
pub use trial::Trial;
