//! The gate with scripted receivers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ringback_model::event::{EventKind, Phase, Question};
use ringback_model::failure::RefusalCode;
use ringback_model::rule::{OnFailure, Rule};
use ringback_model::time::UnixMs;
use tokio::time::Instant;

use crate::support::{EPOCH, Reaction, World, question, rule, said};

fn before(id: &str, on_failure: OnFailure, timeout_ms: u32) -> Rule {
    let mut rule = rule(id, Phase::Before);
    rule.policy.on_failure = on_failure;
    rule.policy.timeout_ms = timeout_ms;
    rule
}

fn go_on(id: &str) -> Rule {
    before(id, OnFailure::Continue, 1000)
}

#[tokio::test(start_paused = true)]
async fn each_rule_sees_what_the_ones_before_it_changed() {
    let world = World::new(1);
    world.caller.react(|request, _| {
        Reaction::Answer(200, if request.url.contains("//a.") { "add -a" } else { "add -b" })
    });
    let engine = world.engine_with(vec![go_on("b"), go_on("a")]).await;
    let subject = engine.gate().ask(question("x")).await.unwrap();
    assert_eq!(said(&subject), "x-b-a");
    assert_eq!(world.caller.bodies(), ["x", "x-b"]);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_is_sent_elsewhere_is_the_business_of_those_who_are_about_that_place() {
    let world = World::new(1);
    world.caller.react(|request, _| {
        Reaction::Answer(200, if request.url.contains("//moves.") { "to carol" } else { "ok" })
    });
    let to = |id: &str, name: &str| {
        let mut rule = go_on(id);
        rule.selectors.to = vec![name.to_owned()];
        rule
    };
    let rules = vec![
        to("early-carol", "carol"),
        to("early-bob", "bob"),
        go_on("moves"),
        to("late-bob", "bob"),
        to("late-carol", "carol"),
        go_on("all"),
    ];
    let engine = world.engine_with(rules).await;
    engine.gate().ask(question("x")).await.unwrap();
    let asked: Vec<String> = world.caller.seen.lock().unwrap().iter().map(|seen| seen.url.clone()).collect();
    assert_eq!(asked, ["early-bob", "moves", "late-carol", "all"].map(|id| format!("http://{id}.test")));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_ends_the_matter() {
    let world = World::new(1);
    world.caller.react(|_, _| Reaction::Answer(200, "refuse no"));
    for show in [true, false] {
        let mut rule = go_on("a");
        rule.policy.show_error = show;
        let engine = world.engine_with(vec![rule, go_on("b")]).await;
        let refusal = engine.gate().ask(question("x")).await.unwrap_err();
        let RefusalCode::ByCallback(said) = refusal.code else {
            panic!("{refusal}");
        };
        assert_eq!((said.code, said.text.as_str(), said.show), (Some(5), "no", show));
    }
    assert_eq!(world.caller.bodies().len(), 2, "the second rule was never asked");
}

#[tokio::test(start_paused = true)]
async fn the_total_cap_counts_from_when_the_message_came_in() {
    let world = World::new(1);
    let engine = world.engine_with(vec![before("a", OnFailure::Refuse, 60_000)]).await;
    tokio::time::sleep(Duration::from_secs(3600)).await;
    let late = Question { at: UnixMs(EPOCH), ..question("x") };
    let refusal = engine.gate().ask(late).await.unwrap_err();
    assert_eq!(refusal.code, RefusalCode::CallbackUnreachable);
    assert!(world.caller.bodies().is_empty(), "there was no time left to ask");
}

#[tokio::test(start_paused = true)]
async fn silence_is_decided_by_policy() {
    let unreachable = Some(RefusalCode::CallbackUnreachable);
    let unusable = Some(RefusalCode::CallbackUnusable);
    for (reaction, on_failure, expected) in [
        (Reaction::Hang, OnFailure::Continue, None),
        (Reaction::Hang, OnFailure::Refuse, unreachable),
        (Reaction::Answer(200, "???"), OnFailure::Continue, None),
        (Reaction::Answer(200, "???"), OnFailure::Refuse, unusable),
    ] {
        let world = World::new(1);
        world.caller.react(move |_, _| reaction.clone());
        let engine = world.engine_with(vec![before("a", on_failure, 700)]).await;
        let started = Instant::now();
        let answer = engine.gate().ask(question("x")).await;
        assert_eq!(answer.err().map(|refusal| refusal.code), expected);
        assert!(started.elapsed() <= Duration::from_millis(701));
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_for_silence_speaks_as_the_contract_and_shows_as_the_policy_says() {
    let hidden = |refusal: RefusalCode| match refusal {
        RefusalCode::ByCallback(said) => Some((said.code, said.text, said.show)),
        _ => None,
    };
    let unsaid = "before-callback failed: timeout".to_owned();
    for (contract, show_error, expected) in [
        ("test", true, None),
        ("test", false, Some((None, unsaid, false))),
        ("served", true, Some((Some(9), "silent".to_owned(), true))),
        ("served", false, Some((Some(9), "silent".to_owned(), false))),
    ] {
        let world = World::new(1);
        world.caller.react(|_, _| Reaction::Hang);
        let mut silent = before("a", OnFailure::Refuse, 200);
        silent.contract = contract.to_owned();
        silent.policy.show_error = show_error;
        let engine = world.engine_with(vec![silent]).await;
        let refusal = engine.gate().ask(question("x")).await.unwrap_err();
        assert_eq!(hidden(refusal.code), expected, "{contract} {show_error}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_total_cap_counts_as_a_timeout_of_the_rest() {
    let mut world = World::new(1);
    world.settings.gate_max_wait = Duration::from_secs(2);
    world.caller.react(|_, _| Reaction::Hang);
    let patient = |id| before(id, OnFailure::Continue, 1500);
    let strict = before("d", OnFailure::Refuse, 1500);
    let engine = world.engine_with(vec![patient("a"), patient("b"), patient("c"), strict]).await;
    let started = Instant::now();
    let refusal = engine.gate().ask(question("x")).await.unwrap_err();
    assert_eq!(refusal.code, RefusalCode::CallbackUnreachable);
    assert_eq!(started.elapsed().as_secs(), 2);
    assert_eq!(world.caller.bodies().len(), 2, "no time was left to call c and d");
}

#[tokio::test(start_paused = true)]
async fn rules_that_are_not_about_it_cost_nothing() {
    let world = World::new(1);
    let mut elsewhere = go_on("a");
    elsewhere.selectors.from = vec!["carol".to_owned()];
    let mut off = go_on("b");
    off.enabled = false;
    let engine = world.engine_with(vec![elsewhere, off]).await;
    let gate = engine.gate();
    assert!(gate.asks(EventKind::MessageSending));
    assert!(!gate.asks(EventKind::MessageRewriting));
    gate.ask(question("x")).await.unwrap();
    gate.ask(question("unasked")).await.unwrap();
    assert!(world.caller.bodies().is_empty());
    engine.set_rules(Vec::new()).await.unwrap();
    assert!(!gate.asks(EventKind::MessageSending));
}

#[tokio::test(start_paused = true)]
async fn a_sender_who_leaves_leaves_nothing_behind() {
    let world = World::new(1);
    let asked = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&asked);
    world.caller.react(move |_, _| {
        counted.fetch_add(1, Ordering::SeqCst);
        Reaction::Hang
    });
    let engine = world.engine_with(vec![go_on("a"), go_on("b")]).await;
    let gate = engine.gate();
    let left = tokio::time::timeout(Duration::from_millis(10), gate.ask(question("x"))).await;
    assert!(left.is_err());
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(asked.load(Ordering::SeqCst), 1, "b is not asked for a sender who has gone");
    world.caller.react(|_, _| Reaction::Answer(200, "ok"));
    gate.ask(question("x")).await.unwrap();
    assert!(world.caller.twice.lock().unwrap().is_empty(), "the call of the first question had ended");
}

#[tokio::test(start_paused = true)]
async fn a_question_has_one_id_per_rule() {
    let world = World::new(1);
    world.caller.react(|_, _| Reaction::Answer(200, "ok"));
    let engine = world.engine_with(vec![go_on("a"), go_on("b")]).await;
    engine.gate().ask(question("x")).await.unwrap();
    engine.gate().ask(question("x")).await.unwrap();
    let seen = world.caller.seen.lock().unwrap().clone();
    assert_eq!(seen[0].webhook_id, seen[2].webhook_id);
    assert_ne!(seen[0].webhook_id, seen[1].webhook_id);
}
