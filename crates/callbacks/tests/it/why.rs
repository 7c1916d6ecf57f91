//! Why a callback came, or did not, where that is hard to bring about from outside.

use std::sync::atomic::Ordering;
use std::time::Duration;

use ringback_callbacks::Engine;
use ringback_callbacks::why::report::{About, Line, State};
use ringback_model::delivery::Outbound;
use ringback_model::event::Phase;
use ringback_model::ids::MessageId;
use ringback_model::limits;
use ringback_model::ports::Clock as _;
use ringback_model::rule::{Order, Retry, Rule};
use ringback_model::trace::Traced;

use crate::support::{Counters, Reaction, World, asked, question, rule, seconds, told};

/// What is said of the event at a position; test messages have it as their number.
async fn why(engine: &Engine, pos: u64) -> About {
    let mut report = engine.why(&pos.to_string()).await.unwrap();
    assert_eq!(report.subjects.len(), 1, "{report:?}");
    report.subjects.remove(0)
}

fn line(about: &About) -> &Line {
    assert_eq!(about.lines.len(), 1, "{about:?}");
    &about.lines[0]
}

fn says(about: &About, state: State, words: &[&str]) {
    let line = line(about);
    assert_eq!(line.state, state, "{line:?}");
    for word in words {
        assert!(line.words.contains(word), "{word:?}: {}", line.words);
    }
}

/// Fails the delivery of the first event only.
fn first_fails(request: &Outbound) -> Reaction {
    Reaction::Answer(if request.body.starts_with(b"1/") { 500 } else { 200 }, "ok")
}

#[tokio::test(start_paused = true)]
async fn a_stuck_lane_names_its_head_and_the_head_its_next_attempt() {
    let world = World::new(1);
    world.caller.react(|request, _| first_fails(request));
    let mut rule = told("r");
    rule.policy.retry = Retry::Schedule(vec![60, 60]);
    let engine = world.engine_with(vec![rule]).await;
    for lane in ["stuck", "stuck", "free"] {
        world.send(lane);
    }
    seconds(3).await;
    let head = why(&engine, 1).await;
    says(&head, State::Waiting, &["waits for attempt 2 at ", "because: status 500"]);
    assert!(line(&head).next.is_some_and(|next| next > world.clock.now()), "{head:?}");
    let about = why(&engine, 2).await;
    says(
        &about,
        State::Behind,
        &["behind another delivery, that of 1 (event 1)", "waits for attempt 2 at ", "status 500"],
    );
    assert!(about.advice.iter().any(|advice| advice.contains("tried again by itself")), "{about:?}");
    says(&why(&engine, 3).await, State::Delivered, &["attempt 1 was answered 200"]);
    world.caller.react(|_, _| Reaction::Answer(200, "ok"));
    seconds(120).await;
    says(&why(&engine, 1).await, State::Delivered, &["attempt 2 was answered 200"]);
    assert_eq!(line(&why(&engine, 1).await).calls.len(), 2);
    says(&why(&engine, 2).await, State::Delivered, &["attempt 1 was answered 200"]);
}

#[tokio::test(start_paused = true)]
async fn a_strict_lane_waits_for_what_is_parked() {
    let mut world = World::new(1);
    world.settings.storage_enabled = true;
    world.caller.react(|request, _| first_fails(request));
    let mut strict = told("r");
    strict.contract = "served".to_owned();
    strict.policy.retry = Retry::None;
    strict.policy.order = Order::Strict;
    let engine = world.engine_with(vec![strict]).await;
    world.send("held");
    world.send("held");
    seconds(3).await;
    says(
        &why(&engine, 1).await,
        State::Parked,
        &["is parked in slice ", "its one attempt failed: status 500"],
    );
    says(
        &why(&engine, 2).await,
        State::Behind,
        &["event 1", "which is parked, and the rule's order is strict"],
    );
}

#[tokio::test(start_paused = true)]
async fn copies_in_trouble_are_named_with_whom_they_are_about() {
    let world = World::new(1);
    world.caller.react(|request, _| {
        Reaction::Answer(if request.body.starts_with(b"1/37") { 500 } else { 200 }, "ok")
    });
    let mut rule = told("r");
    rule.policy.retry = Retry::Schedule(vec![60]);
    rule.switches = vec![("copies".to_owned(), "40".to_owned())];
    let engine = world.engine_with(vec![rule]).await;
    world.send("group");
    seconds(3).await;
    let about = why(&engine, 1).await;
    assert_eq!(about.lines.len(), limits::WHY_COPIES + 1, "{about:?}");
    let waiting: Vec<&Line> = about.lines.iter().filter(|line| line.state == State::Waiting).collect();
    assert_eq!(waiting.len(), 1, "{about:?}");
    assert_eq!(
        (waiting[0].copy, waiting[0].recipient.as_ref().map(ringback_model::ids::UserId::as_str)),
        (Some(37), Some("u37"))
    );
    let sum = about.lines.iter().find(|line| line.copy.is_none()).unwrap();
    assert_eq!(sum.words, "has 20 more copies of it: 20 delivered");
    // Whoever asks for one of them gets that one.
    let id = world
        .caller
        .seen
        .lock()
        .unwrap()
        .iter()
        .find(|seen| seen.body.starts_with("1/31 "))
        .unwrap()
        .webhook_id
        .clone();
    let named = engine.why(&id).await.unwrap().subjects.remove(0);
    assert!(named.lines.iter().any(|line| line.webhook_id == id && line.copy == Some(31)), "{named:?}");
}

#[tokio::test(start_paused = true)]
async fn rules_that_come_and_go_are_said_as_far_as_they_matter() {
    let world = World::new(1);
    let engine = world.engine_with(vec![told("first")]).await;
    world.send("a");
    seconds(2).await;
    engine.set_rules(vec![told("first"), told("second")]).await.unwrap();
    let about = why(&engine, 1).await;
    let states: Vec<(&str, State)> = about.lines.iter().map(|line| (&*line.rule.0, line.state)).collect();
    assert_eq!(states.len(), 2, "{about:?}");
    assert!(
        states.contains(&("first", State::Delivered)) && states.contains(&("second", State::NotThere)),
        "{states:?}"
    );
    engine.set_rules(Vec::new()).await.unwrap();
    seconds(2).await;
    let about = why(&engine, 1).await;
    says(&about, State::Delivered, &["attempt 1 was answered 200", "the rule has been removed"]);
    assert!(
        !about.advice.iter().any(|advice| advice.contains("first") || advice.contains("second")),
        "{about:?}"
    );
    // It has nothing to do with what comes after it.
    world.send("a");
    seconds(2).await;
    let about = why(&engine, 2).await;
    assert_eq!(about.lines, [], "{about:?}");
    assert!(
        about.advice[0].contains("no after-rule is about it") && about.advice[0].contains("sent"),
        "{about:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn what_had_not_been_sent_when_its_rule_was_switched_off_is_said_to_be_so() {
    let world = World::new(1);
    let engine = world.engine_with(vec![told("r")]).await;
    // Its push is not written yet: nobody is told before.
    world.handover.held.send_replace(true);
    world.send("a");
    world.send("b");
    tokio::time::sleep(Duration::from_millis(50)).await;
    says(&why(&engine, 2).await, State::Ahead, &["is under way"]);
    engine.set_rules(vec![Rule { enabled: false, version: 0, ..told("r") }]).await.unwrap();
    world.send("a");
    seconds(2).await;
    says(&why(&engine, 3).await, State::Off, &["is off, since "]);
    world.handover.held.send_replace(false);
    engine.set_rules(vec![told("r")]).await.unwrap();
    world.send("a");
    seconds(60).await;
    says(&why(&engine, 2).await, State::Expired, &["had not been sent when the rule was switched off"]);
    says(&why(&engine, 3).await, State::Off, &["was off then"]);
    says(&why(&engine, 4).await, State::Delivered, &[]);
}

#[tokio::test(start_paused = true)]
async fn notes_are_shed_and_counted_before_anything_waits_for_them() {
    let counters = Counters::default();
    let _guard = metrics::set_default_local_recorder(&counters);
    let world = World::new(1);
    let engine = world.engine_with(vec![rule("ask", Phase::Before)]).await;
    let gate = engine.gate();
    // Time stands still: nobody comes to write the notes.
    let at = world.clock.now();
    for _ in 0..limits::TRACE_QUEUE {
        asked(&gate, question("hello")).await.unwrap();
    }
    assert_eq!(world.clock.now(), at);
    assert_eq!(world.caller.seen.lock().unwrap().len(), limits::TRACE_QUEUE, "all were asked");
    let shed = counters.of("ringback_why_shed_total");
    assert_eq!(shed as usize, limits::TRACE_QUEUE, "a question and its call are two notes");
    seconds(2).await;
    assert_eq!(world.traces.noted.lock().unwrap().len(), limits::TRACE_QUEUE);
    asked(&gate, question("hello")).await.unwrap();
    seconds(2).await;
    assert_eq!(world.traces.noted.lock().unwrap().len(), limits::TRACE_QUEUE + 2, "and then it goes on");
}

#[tokio::test(start_paused = true)]
async fn a_disk_that_takes_no_notes_harms_nothing() {
    let counters = Counters::default();
    let _guard = metrics::set_default_local_recorder(&counters);
    let world = World::new(1);
    world.traces.failing.store(true, Ordering::SeqCst);
    let engine = world.engine_with(vec![rule("ask", Phase::Before), told("tell")]).await;
    asked(&engine.gate(), question("hello")).await.unwrap();
    for _ in 0..5 {
        world.send("a");
    }
    seconds(5).await;
    assert_eq!(world.caller.seen.lock().unwrap().len(), 6);
    assert!(counters.of("ringback_why_shed_total") > 0);
    let about = why(&engine, 5).await;
    let line = about.lines.iter().find(|line| line.phase == Phase::After).unwrap();
    assert_eq!(
        (line.state, line.words.as_str()),
        (State::Delivered, "is delivered; nothing more is remembered of it")
    );
    world.traces.failing.store(false, Ordering::SeqCst);
    world.send("a");
    seconds(2).await;
    let about = why(&engine, 6).await;
    assert!(about.lines.iter().any(|line| line.words.contains("attempt 1 was answered 200")), "{about:?}");
}

#[tokio::test(start_paused = true)]
async fn a_row_knows_after_a_restart_which_operation_it_is_of() {
    let world = World::new(1);
    world.caller.react(|_, now| {
        Reaction::Answer(if now.0 < crate::support::EPOCH + 30_000 { 500 } else { 200 }, "ok")
    });
    let mut rule = told("r");
    rule.policy.retry = Retry::Schedule(vec![60]);
    let engine = world.engine_with(vec![rule.clone()]).await;
    world.send("lane");
    seconds(5).await;
    drop(engine);
    let _engine = world.engine_with(vec![rule]).await;
    seconds(120).await;
    let noted = world.traces.noted.lock().unwrap().clone();
    let tried = noted.iter().filter(|trace| matches!(trace.what, Traced::Tried(_)));
    let of: Vec<_> = tried.map(|trace| (trace.number, trace.operation_id.as_deref())).collect();
    assert_eq!(of, [(Some(MessageId(1)), Some("op")); 2]);
}
