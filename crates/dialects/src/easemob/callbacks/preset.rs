//! How rules of these contracts start out.
//! Source: easemob-callbacks fact sheet 1.1, 1.2, 3.6.

use ringback_model::dialect::Preset;
use ringback_model::event::Phase;
use ringback_model::limits;
use ringback_model::rule::{Ban, OnFailure, Order, Policy, Retry};

/// Milliseconds that a message waits for its answer.
const PRE_SEND_MS: u32 = 200;
/// Milliseconds after which a call has failed.
const POST_SEND_MS: u32 = 10_000;

/// Fields that mean nothing before an event: only clients' messages are asked about, once, and nothing is kept.
const WITHOUT_BEFORE: &[&str] =
    &["copies", "origins", "storage", "retry", "ban", "order", "concurrency", "rate_limit", "start_at"];
/// Fields that mean nothing after one.
const WITHOUT_AFTER: &[&str] = &["on_failure", "show_error"];

pub(super) fn preset(phase: Phase) -> Preset {
    let common = Policy { on_failure: OnFailure::Continue, show_error: false, ..Policy::default() };
    match phase {
        Phase::Before => Preset {
            enabled: false,
            policy: Policy {
                timeout_ms: PRE_SEND_MS,
                retry: Retry::None,
                ban: Ban::None,
                storage: false,
                ..common
            },
            without: WITHOUT_BEFORE,
        },
        Phase::After => Preset {
            enabled: false,
            policy: Policy {
                timeout_ms: POST_SEND_MS,
                retry: Retry::Once,
                ban: Ban::App,
                storage: true,
                order: Order::Conversation,
                concurrency: limits::RULE_CONCURRENCY,
                ..common
            },
            without: WITHOUT_AFTER,
        },
    }
}
