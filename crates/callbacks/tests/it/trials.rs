//! One call of a rule that need not be in use.

use std::time::Duration;

use ringback_callbacks::{SetRulesError, Trial};
use ringback_model::conversation::Target;
use ringback_model::event::Phase;
use ringback_model::ids::GroupId;
use ringback_model::message::Message;
use ringback_model::rule::{Ban, OnFailure, Retry, Rule, Selectors};

use crate::support::{Reaction, World, message, rule};

async fn tried(world: &World, rule: Rule, samples: &[Message]) -> Trial {
    world.engine().await.try_rule(rule, samples).await.unwrap()
}

fn samples() -> [Message; 1] {
    [message(7, "bob", "hello")]
}

#[tokio::test(start_paused = true)]
async fn a_before_rule_is_asked_about_the_first_sample_that_it_asks_about() {
    let world = World::new(1);
    world.caller.react(|_, _| Reaction::Answer(200, "ok"));
    let mut asks = rule("asks", Phase::Before);
    asks.enabled = false;
    asks.policy.standard_webhooks = true;
    asks.secrets.current = Some("whsec_c2VjcmV0".to_owned());
    // Selectors choose among real messages.
    asks.selectors = Selectors { from: vec!["nobody".to_owned()], ..Selectors::default() };
    let samples = [message(6, "bob", "unasked"), message(7, "bob", "hello")];
    let trial = tried(&world, asks.clone(), &samples).await;
    assert_eq!((trial.status, trial.answer.as_str(), trial.meaning.as_str()), (Some(200), "ok", "allowed"));
    assert_eq!((trial.request.url.as_str(), &*trial.request.body), ("http://asks.test", &b"hello"[..]));
    let names: Vec<&str> = trial.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["webhook-id", "webhook-timestamp", "webhook-signature"]);
    let again = tried(&world, asks, &samples).await;
    assert_eq!(trial.headers[0], again.headers[0], "derived from the sample");
}

#[tokio::test(start_paused = true)]
async fn the_meaning_of_every_answer_to_a_question_is_said_in_words() {
    let hang = Reaction::Hang;
    let answer = |body: &'static str| Reaction::Answer(200, body);
    for (reaction, on_failure, show, expected) in [
        (answer("add !"), OnFailure::Refuse, true, "allowed, with another content: hello!"),
        (answer("refuse spam"), OnFailure::Continue, true, "refused with code 5: spam"),
        (
            answer("refuse spam"),
            OnFailure::Continue,
            false,
            "refused with code 5: spam; the sender sees success",
        ),
        (answer("???"), OnFailure::Continue, true, "failed: not an answer: ???; the message goes on"),
        (hang.clone(), OnFailure::Continue, true, "failed: no answer; the message goes on"),
        (hang.clone(), OnFailure::Refuse, true, "failed: no answer; the message is refused"),
        (
            hang,
            OnFailure::Refuse,
            false,
            "failed: no answer; the message is refused; the sender sees success",
        ),
    ] {
        let world = World::new(1);
        world.caller.react(move |_, _| reaction.clone());
        let mut asks = rule("asks", Phase::Before);
        asks.policy.on_failure = on_failure;
        asks.policy.show_error = show;
        assert_eq!(tried(&world, asks, &samples()).await.meaning, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn the_meaning_of_every_answer_to_a_delivery_is_said_in_words() {
    let schedule = || Retry::Schedule(vec![3, 9]);
    for (status, retry, ban, storage, expected) in [
        (200, Retry::Once, Ban::App, true, "delivered"),
        (299, Retry::Once, Ban::App, true, "delivered, but odd; it counts as a failure towards a ban"),
        (299, Retry::Once, Ban::None, true, "delivered, but odd"),
        (
            500,
            Retry::Once,
            Ban::App,
            true,
            "failed: status 500; it would be tried once more at once, then parked",
        ),
        (500, Retry::None, Ban::App, false, "failed: status 500; it would be dropped and counted"),
        (
            500,
            schedule(),
            Ban::App,
            true,
            "failed: status 500; it would be tried again after 3 s, at most 2 times, then parked",
        ),
    ] {
        let world = World::new(1);
        world.caller.react(move |_, _| Reaction::After(Duration::from_millis(30), status));
        let mut tells = rule("tells", Phase::After);
        tells.policy.retry = retry;
        tells.policy.ban = ban;
        tells.policy.storage = storage;
        let trial = tried(&world, tells, &samples()).await;
        assert_eq!((trial.meaning.as_str(), trial.status), (expected, Some(status)));
        assert_eq!(trial.took, Duration::from_millis(30));
        assert_eq!(trial.request.body, b"7/0 u:alice:bob v0"[..]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_trial_leaves_no_trace() {
    let world = World::new(1);
    world.caller.react(|_, _| Reaction::Answer(500, ""));
    let mut tells = rule("tells", Phase::After);
    tells.policy.ban = Ban::App;
    let engine = world.engine().await;
    let group = Target::Group(GroupId::parse("42").unwrap());
    let to_group = Message { target: group, ..message(8, "bob", "hi") };
    engine.try_rule(tells, &[to_group]).await.unwrap();
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(world.caller.bodies().len(), 1, "no retry");
    assert_eq!((engine.bans().failures_in_window, engine.status().len()), (0, 0));
    assert_eq!(world.store.saves.load(std::sync::atomic::Ordering::SeqCst), 0);
}

#[tokio::test(start_paused = true)]
async fn a_rule_that_cannot_be_tried_says_why() {
    let world = World::new(1);
    let engine = world.engine().await;
    let mut unknown = rule("r", Phase::Before);
    unknown.contract = "nobody's".to_owned();
    let refused = engine.try_rule(unknown, &samples()).await;
    assert!(matches!(refused, Err(SetRulesError::UnknownContract { .. })));
    let refused = engine.try_rule(rule("r", Phase::Before), &[message(1, "bob", "unasked")]).await;
    let expected = "rule r: none of the samples is anything to this rule: not asked";
    assert_eq!(refused.unwrap_err().to_string(), expected);
    assert!(world.caller.bodies().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_contract_that_has_words_for_silence_says_them() {
    let world = World::new(1);
    world.caller.react(|_, _| Reaction::Hang);
    let mut asks = rule("asks", Phase::Before);
    asks.contract = "served".to_owned();
    asks.policy.on_failure = OnFailure::Refuse;
    let trial = tried(&world, asks, &samples()).await;
    assert_eq!(trial.meaning, "failed: no answer; the message is refused with code 9: silent");
    assert_eq!((trial.status, trial.answer.as_str()), (None, ""));
}
