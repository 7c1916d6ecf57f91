//! The gate with scripted receivers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ringback_model::event::{EventKind, Phase, Question, Subject};
use ringback_model::failure::{Failure, Fault, Refusal, RefusalCode};
use ringback_model::limits;
use ringback_model::ports::Fut;
use ringback_model::rule::{OnFailure, Rule};
use ringback_model::time::UnixMs;
use ringback_model::verdict::AnswerCheck;
use tokio::time::Instant;

use crate::support::{EPOCH, Reaction, World, asked, entry, question, rule, said};

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
    let subject = asked(&engine.gate(), question("x")).await.unwrap();
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
    asked(&engine.gate(), question("x")).await.unwrap();
    let urls: Vec<String> = world.caller.seen.lock().unwrap().iter().map(|seen| seen.url.clone()).collect();
    assert_eq!(urls, ["early-bob", "moves", "late-carol", "all"].map(|id| format!("http://{id}.test")));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_ends_the_matter() {
    let world = World::new(1);
    world.caller.react(|_, _| Reaction::Answer(200, "refuse no"));
    for show in [true, false] {
        let mut rule = go_on("a");
        rule.policy.show_error = show;
        let engine = world.engine_with(vec![rule, go_on("b")]).await;
        let refusal = asked(&engine.gate(), question("x")).await.unwrap_err();
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
    let refusal = asked(&engine.gate(), late).await.unwrap_err();
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
        let answer = asked(&engine.gate(), question("x")).await;
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
        let refusal = asked(&engine.gate(), question("x")).await.unwrap_err();
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
    let refusal = asked(&engine.gate(), question("x")).await.unwrap_err();
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
    asked(&gate, question("x")).await.unwrap();
    asked(&gate, question("unasked")).await.unwrap();
    assert!(world.caller.bodies().is_empty());
    engine.set_rules(Vec::new()).await.unwrap();
    assert!(!gate.asks(EventKind::MessageSending));
}

#[tokio::test(start_paused = true)]
async fn a_sender_who_leaves_leaves_nothing_behind() {
    let world = World::new(1);
    let calls = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&calls);
    world.caller.react(move |_, _| {
        counted.fetch_add(1, Ordering::SeqCst);
        Reaction::Hang
    });
    let engine = world.engine_with(vec![go_on("a"), go_on("b")]).await;
    let gate = engine.gate();
    let left = tokio::time::timeout(Duration::from_millis(10), asked(&gate, question("x"))).await;
    assert!(left.is_err());
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(calls.load(Ordering::SeqCst), 1, "b is not asked for a sender who has gone");
    world.caller.react(|_, _| Reaction::Answer(200, "ok"));
    asked(&gate, question("x")).await.unwrap();
    assert!(world.caller.twice.lock().unwrap().is_empty(), "the call of the first question had ended");
}

#[tokio::test(start_paused = true)]
async fn a_question_has_one_id_per_rule() {
    let world = World::new(1);
    world.caller.react(|_, _| Reaction::Answer(200, "ok"));
    let engine = world.engine_with(vec![go_on("a"), go_on("b")]).await;
    asked(&engine.gate(), question("x")).await.unwrap();
    asked(&engine.gate(), question("x")).await.unwrap();
    let seen = world.caller.seen.lock().unwrap().clone();
    assert_eq!(seen[0].webhook_id, seen[2].webhook_id);
    assert_ne!(seen[0].webhook_id, seen[1].webhook_id);
}

/// Nothing that an answer makes of a question can be.
struct Never(fn() -> Failure);

impl AnswerCheck for Never {
    fn check(&self, _changed: Subject) -> Fut<'_, Result<Subject, Failure>> {
        Box::pin(async { Err(self.0()) })
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_cannot_be_is_a_failed_call() {
    let no = Never(|| Refusal::new(RefusalCode::UserNotFound, "nobody is called so").into());
    for (on_failure, expected) in
        [(OnFailure::Continue, None), (OnFailure::Refuse, Some(RefusalCode::CallbackUnusable))]
    {
        let world = World::new(1);
        world.caller.react(|_, _| Reaction::Answer(200, "add !"));
        let engine = world.engine_with(vec![before("a", on_failure, 700)]).await;
        match (engine.gate().ask(question("x"), &no).await, expected) {
            (Ok(subject), None) => assert_eq!(said(&subject), "x", "as if nothing was answered"),
            (Err(Failure::Refused(refusal)), Some(code)) => assert_eq!(refusal.code, code),
            (other, _) => panic!("{other:?}"),
        }
        let broken =
            engine.gate().ask(question("x"), &Never(|| Fault::new("the store is gone").into())).await;
        assert!(matches!(broken, Err(Failure::Fault(_))), "our fault is not the rule's");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_about_a_list_may_be_as_long_as_the_list_is() {
    let world = World::new(1);
    let engine = world.engine_with(vec![go_on("a")]).await;
    for question in [question("x"), entry(1), entry(2001), entry(1_000_000)] {
        asked(&engine.gate(), question).await.unwrap();
    }
    let read: Vec<usize> = world.caller.seen.lock().unwrap().iter().map(|seen| seen.answer_bytes).collect();
    assert_eq!(read[0], limits::ANSWER_BYTES);
    assert!(read[1] < limits::ANSWER_BYTES + 2 * limits::ANSWER_ENTRY_BYTES, "{read:?}");
    assert!(read[2] > 2001 * limits::ANSWER_ENTRY_BYTES, "{read:?}");
    assert_eq!(read[3], limits::LIST_ANSWER_BYTES, "bounded all the same");
}

#[tokio::test(start_paused = true)]
async fn a_contract_may_ask_about_each_by_himself() {
    let singly = |on_failure| {
        let mut rule = before("a", on_failure, 700);
        rule.switches = vec![("singly".to_owned(), "1".to_owned())];
        rule
    };
    let world = World::new(1);
    world.caller.react(|request, _| match &*request.body {
        b"u1" => Reaction::Answer(200, "add !"),
        b"u2" => Reaction::Hang,
        _ => Reaction::After(Duration::from_millis(10), 200),
    });
    let engine = world.engine_with(vec![singly(OnFailure::Continue)]).await;
    let started = Instant::now();
    let subject = asked(&engine.gate(), entry(20)).await.unwrap();
    assert!(said(&subject).starts_with("u0 u1! u2 u3 "), "{}", said(&subject));
    assert!(started.elapsed() < Duration::from_secs(1), "several at once");
    let most = world.caller.most_under_way.load(Ordering::SeqCst);
    assert!(most > 1 && most <= limits::QUESTIONS_OF_ONE_CALL as u64, "{most}");
    let seen = world.caller.seen.lock().unwrap().split_off(0);
    let ids: std::collections::BTreeSet<_> = seen.iter().map(|seen| seen.webhook_id.clone()).collect();
    assert_eq!((seen.len(), ids.len()), (20, 20));
    let engine = world.engine_with(vec![singly(OnFailure::Refuse)]).await;
    let refusal = asked(&engine.gate(), entry(3)).await.unwrap_err();
    assert_eq!(refusal.code, RefusalCode::CallbackUnreachable);
    world.caller.react(|request, _| match &*request.body {
        b"u1" => Reaction::Answer(200, "refuse no"),
        _ => Reaction::Answer(200, "ok"),
    });
    let refusal = asked(&engine.gate(), entry(3)).await.unwrap_err();
    assert!(matches!(refusal.code, RefusalCode::ByCallback(_)), "one refusal refuses all");
}
