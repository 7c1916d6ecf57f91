//! The registry of dialects against the catalogue of moments.

use ringback_model::event::{EventKind, Phase};
use ringback_model::sample;

#[test]
fn every_moment_has_a_callback_in_every_contract_or_a_reason_why_not() {
    let dialects = ringback_dialects::all(&ringback_model::app::App::default());
    assert!(dialects.contracts.len() >= 7);
    for contract in &dialects.contracts {
        let of = |phase| {
            contract.kinds(&sample::rule("all", contract.name(), phase, "http://127.0.0.1/")).unwrap()
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
                // Types of messages that no sample has may be named too.
                let of_family = ["shengwang", "agora", "easemob"].contains(&contract.name());
                assert!(found || of_family, "{} {}", contract.name(), event.name);
            }
        }
    }
}
