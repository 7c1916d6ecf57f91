//! How rules of these contracts start out, and the names that they may give.
//! Source: openim-callbacks fact sheet 0.2 (v2: 2 s) and 2.1 (others: 5 s).

use ringback_model::dialect::{EventName, Preset};
use ringback_model::event::Phase;
use ringback_model::rule::Policy;

use super::commands;
use super::generation::Generation;

/// Milliseconds that a before-rule waits in v2.
const V2_BEFORE_MS: u32 = 2000;

/// Fields that mean nothing before an event: nothing is tried again, put aside or brought into an order there.
const WITHOUT_BEFORE: &[&str] =
    &["copies", "storage", "retry", "ban", "order", "concurrency", "rate_limit", "start_at"];
/// Fields that mean nothing after one: a message has one copy, and what cannot be delivered is always kept.
const WITHOUT_AFTER: &[&str] = &["copies", "on_failure", "show_error", "storage"];

pub(super) fn preset(generation: Generation, phase: Phase) -> Preset {
    let mut policy = Policy::default();
    if generation == Generation::V2 && phase == Phase::Before {
        policy.timeout_ms = V2_BEFORE_MS;
    }
    let without = match phase {
        Phase::Before => WITHOUT_BEFORE,
        Phase::After => WITHOUT_AFTER,
    };
    Preset { enabled: true, policy, without }
}

/// Commands that this contract serves in this phase, and their keys in operators' files.
pub(super) fn event_names(generation: Generation, phase: Phase) -> Vec<EventName> {
    let mut names: Vec<EventName> = Vec::new();
    for row in commands::all().filter(|row| row.phase() == phase) {
        let Some(name) = row.name_in(generation) else { continue };
        let webhook = [row.webhook_key];
        let keys = if generation == Generation::V2 { row.block_keys } else { &webhook[..] };
        let doc = format!("every {}", row.subject);
        names.push(EventName { name, doc: doc.clone() });
        let synonyms = keys.iter().filter(|key| !key.is_empty());
        names.extend(synonyms.map(|key| EventName { name: key, doc: format!("{doc}; same as {name}") }));
    }
    names
}

#[cfg(test)]
mod tests {
    use ringback_model::rule::OnFailure;

    use super::*;

    #[test]
    fn presets_are_those_of_the_design() {
        for (generation, phase, timeout_ms) in [
            (Generation::V2, Phase::Before, 2000),
            (Generation::V2, Phase::After, 5000),
            (Generation::V38, Phase::Before, 5000),
            (Generation::V30, Phase::After, 5000),
        ] {
            let preset = preset(generation, phase);
            assert!(preset.enabled && preset.policy.show_error && preset.policy.storage);
            assert_eq!(
                (preset.policy.timeout_ms, preset.policy.on_failure),
                (timeout_ms, OnFailure::Continue)
            );
        }
    }

    #[test]
    fn names_belong_to_their_contract_and_phase() {
        let names = |generation, phase| {
            let names = event_names(generation, phase);
            names.into_iter().map(|event| event.name).collect::<Vec<_>>()
        };
        let after = names(Generation::V35, Phase::After);
        assert_eq!(after[..2], ["callbackAfterSendSingleMsgCommand", "afterSendSingleMsg"]);
        assert!(after.contains(&"callbackUserOnlineCommand") && after.contains(&"afterUserOnline"));
        assert!(!after.contains(&"callbackAfterUserOnlineCommand"), "that is its newer name");
        assert!(names(Generation::V2, Phase::Before).contains(&"callbackWordFilter"));
        assert!(!names(Generation::V38, Phase::Before).contains(&"callbackWordFilterCommand"));
    }
}
