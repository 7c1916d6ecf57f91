//! The registry of dialects against the catalogue of moments.

use ringback_model::event::{EventKind, Phase};
use ringback_model::rule::Rule;
use ringback_model::sample;

#[test]
fn every_moment_has_a_callback_in_every_contract_or_a_reason_why_not() {
    let dialects = ringback_dialects::all(&ringback_model::app::App::default());
    assert!(dialects.contracts.len() >= 7);
    for contract in &dialects.contracts {
        // A rule that names nothing may be told of fewer: some contracts tell the same things in two forms.
        let of = |phase| {
            let rule = sample::rule("all", contract.name(), phase, "http://127.0.0.1/");
            let mut kinds = contract.kinds(&rule).unwrap();
            for event in contract.event_names(phase) {
                kinds.extend(
                    contract.kinds(&Rule { events: vec![event.name.to_owned()], ..rule.clone() }).unwrap(),
                );
            }
            kinds
        };
        let (asked, told) = (of(Phase::Before), of(Phase::After));
        for kind in EventKind::ALL {
            let kinds = if kind.phase() == Phase::Before { &asked } else { &told };
            match contract.without(kind) {
                None => assert!(
                    kinds.contains(&kind),
                    "{}: {kind} has no callback and no reason",
                    contract.name()
                ),
                Some(why) => {
                    assert!(!kinds.contains(&kind), "{}: {kind} has both", contract.name());
                    assert!(why.split(' ').count() > 4, "{}: {kind}: {why}", contract.name());
                }
            }
        }
    }
}

#[test]
fn every_callback_that_rules_can_name_has_a_sample() {
    let now = ringback_model::time::UnixMs(1_785_542_400_123);
    let messages = ringback_dialects::samples(now);
    let to = ringback_model::ids::UserId::parse("bob").unwrap();
    for contract in &ringback_dialects::all(&ringback_model::app::App::default()).contracts {
        for phase in [Phase::Before, Phase::After] {
            for event in contract.event_names(phase) {
                let mut rule = sample::rule("one", contract.name(), phase, "http://127.0.0.1/");
                rule.events = vec![event.name.to_owned()];
                let kinds = contract.kinds(&rule).unwrap();
                let questions = || {
                    let of_messages = kinds.iter().flat_map(|kind| {
                        let pushed =
                            messages.iter().map(|it| sample::push_question(*kind, it.clone(), to.clone()));
                        messages.iter().map(|it| sample::question(*kind, it.clone())).chain(pushed)
                    });
                    of_messages.chain(
                        sample::actions(now).into_iter().filter_map(|it| sample::action_question(it, now)),
                    )
                };
                let events = || {
                    let pos = ringback_model::ids::LogPos(1);
                    let origin = ringback_model::message::Origin::Client;
                    let sent = messages.iter().map(move |it| sample::sent(pos, it.clone(), origin, vec![]));
                    sent.chain(sample::actions(now).into_iter().map(move |it| sample::done(pos, it, now)))
                };
                let found = match phase {
                    Phase::Before => questions().any(|it| contract.question(&rule, &it).is_ok()),
                    Phase::After => events().any(|it| contract.delivery(&rule, &it, 0).is_some()),
                };
                assert!(found, "{} {}", contract.name(), event.name);
            }
        }
    }
}
