//! What a replay means, and that it counts before it sends.

use super::*;

#[tokio::test(start_paused = true)]
async fn one_conversation_of_a_hundred_thousand_events_is_all_that_is_sent() {
    let world = World::new(1);
    for number in 0..100_000 {
        let lane =
            if number % 1000 == 500 { "g:chosen".to_owned() } else { format!("g:other{}", number % 997) };
        world.send(&lane);
    }
    // The rule joins late: nothing was sent by itself.
    let engine = world.engine_with(vec![after("r")]).await;
    let order = ReplayOrder { conversations: vec![group("chosen")], rate: Some(1000), ..everything() };
    let status = replayed(&engine, order).await;
    assert_eq!((status.state, status.delivered, status.failed), (ReplayState::Done, 100, 0));
    assert_eq!((status.counts.looked_at, status.counts.meant, status.counts.deliveries), (100, 100, 100));
    let calls = calls(&world);
    let expected: Vec<u64> = (0..100).map(|number| number * 1000 + 501).collect();
    assert_eq!(positions(&calls), expected, "that conversation, all of it, in its order");
    assert!(calls.iter().all(|seen| seen.url == "http://r.test/g:chosen"));
    assert_eq!(status.position, LogPos(100_000));
}

#[tokio::test(start_paused = true)]
async fn what_is_named_must_hold_all_at_once() {
    let (world, engine, first) = told(&["g:a", "g:b", "g:a", "g:b", "g:a", "g:b"]).await;
    let at = |pos: usize| first[pos - 1].at;
    let user = |id: &str| Some(UserId::parse(id).unwrap());
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let a = || vec![group("a")];
    for (order, expected) in [
        (everything(), &[1, 2, 3, 4, 5, 6][..]),
        (ReplayOrder { conversations: a(), ..everything() }, &[1, 3, 5]),
        (ReplayOrder { conversations: vec![group("none")], ..everything() }, &[]),
        (ReplayOrder { user: user("alice"), ..everything() }, &[1, 2, 3, 4, 5, 6]),
        (ReplayOrder { user: user("BOB"), conversations: a(), ..everything() }, &[1, 3, 5]),
        (ReplayOrder { user: user("carol"), ..everything() }, &[]),
        (ReplayOrder { events: names(&["message_sent"]), ..everything() }, &[1, 2, 3, 4, 5, 6]),
        (ReplayOrder { events: names(&["sent"]), conversations: a(), ..everything() }, &[1, 3, 5]),
        (ReplayOrder { events: names(&["message_revoked"]), ..everything() }, &[]),
        (ReplayOrder { from: Some(at(3)), ..everything() }, &[3, 4, 5, 6]),
        (ReplayOrder { to: Some(at(3)), ..everything() }, &[1, 2]),
        (ReplayOrder { from: Some(at(2)), to: Some(at(5)), conversations: a(), ..everything() }, &[3]),
        (ReplayOrder { after: Some(LogPos(4)), ..everything() }, &[5, 6]),
        (ReplayOrder { after: Some(LogPos(2)), from: Some(at(5)), ..everything() }, &[5, 6]),
        (ReplayOrder { seqs: Some((1, 9)), conversations: a(), ..everything() }, &[]),
    ] {
        let dry = replayed(&engine, ReplayOrder { dry: true, ..order.clone() }).await;
        assert_eq!(calls(&world).len(), 0, "{order:?}");
        let status = replayed(&engine, order.clone()).await;
        assert_eq!(dry.counts, status.counts, "{order:?}");
        assert_eq!((status.state, status.position), (ReplayState::Done, status.upto), "{order:?}");
        let mut sent = positions(&calls(&world));
        sent.sort_unstable();
        assert_eq!(sent, expected, "{order:?}");
        assert_eq!(status.counts.deliveries, expected.len() as u64, "{order:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_happens_after_the_order_is_not_meant() {
    let (world, engine, _) = told(&["g:a", "g:a"]).await;
    let order = ReplayOrder { hold: true, ..everything() };
    let id = engine.start_replay(order).await.unwrap().id;
    let held = wait(&engine, &id, |status| status.state != ReplayState::Counting).await;
    assert_eq!((held.state, held.counts.deliveries), (ReplayState::Paused, 2));
    seconds(60).await;
    assert_eq!(calls(&world).len(), 0, "it waits for whoever counts first");
    world.send("g:a");
    seconds(5).await;
    assert_eq!(positions(&calls(&world)), [3], "the live delivery");
    engine.resume_replay(&id).unwrap();
    assert_eq!(ended(&engine, &id).await.delivered, 2);
    assert_eq!(positions(&calls(&world)), [1, 2]);
}

#[tokio::test(start_paused = true)]
async fn the_rules_own_selectors_and_its_time_off_hold() {
    let world = World::new(1);
    let only = |to: &str| {
        let mut rule = after("r");
        rule.selectors.to = vec![to.to_owned()];
        rule
    };
    let off = |rule: &Rule| Rule { enabled: false, ..rule.clone() };
    let engine = world.engine_with(vec![only("bob")]).await;
    world.send("g:a");
    seconds(1).await;
    engine.set_rules(vec![off(&only("bob"))]).await.unwrap();
    world.send("g:a");
    seconds(1).await;
    engine.set_rules(vec![only("carol")]).await.unwrap();
    world.send("g:a");
    seconds(1).await;
    engine.set_rules(vec![off(&only("carol"))]).await.unwrap();
    assert_eq!(positions(&calls(&world)), [1]);
    // It is off, and is sent what was its business while it was on.
    let status = replayed(&engine, everything()).await;
    let counts = status.counts;
    assert_eq!((counts.meant, counts.not_wanted, counts.while_off, counts.deliveries), (3, 2, 1, 1));
    assert_eq!(positions(&calls(&world)), [1]);
    let status = replayed(&engine, ReplayOrder { missed: true, ..everything() }).await;
    assert_eq!((status.counts.while_off, status.counts.deliveries), (0, 2));
    assert_eq!(positions(&calls(&world)), [1, 2], "what it missed, but not what it did not select");
}

#[tokio::test(start_paused = true)]
async fn the_version_valid_then_renders_and_its_absence_is_said() {
    let world = World::new(1);
    world.send("g:a");
    world.send("g:a");
    let engine = world.engine_with(vec![after("r")]).await;
    world.send("g:a");
    seconds(1).await;
    let mut changed = after("r");
    changed.policy.timeout_ms = 1234;
    changed.url = "http://moved.test".to_owned();
    engine.set_rules(vec![changed]).await.unwrap();
    world.send("g:a");
    seconds(1).await;
    let first = calls(&world);
    let status = replayed(&engine, everything()).await;
    let again = calls(&world);
    let bodies: Vec<&str> = again.iter().map(|seen| seen.body.as_str()).collect();
    assert_eq!(bodies, ["1/0 g:a v1", "2/0 g:a v1", "3/0 g:a v1", "4/0 g:a v2"]);
    assert_eq!((status.counts.before_versions, status.counts.oldest_version), (2, Some(1)));
    assert!(again.iter().all(|seen| seen.url == "http://moved.test/g:a"), "where the rule calls now");
    for (first, again) in first.iter().zip(&again[2..]) {
        assert_eq!((&first.webhook_id, &first.body), (&again.webhook_id, &again.body));
    }
    let later = replayed(&engine, ReplayOrder { after: Some(LogPos(2)), dry: true, ..everything() }).await;
    assert_eq!(later.counts.before_versions, 0);
}

#[tokio::test(start_paused = true)]
async fn what_the_log_has_lost_is_said() {
    let (world, engine, first) = told(&["g:a", "g:a", "g:a", "g:a"]).await;
    assert_eq!(replayed(&engine, ReplayOrder { dry: true, ..everything() }).await.log_start, None);
    world.store.expire_before(LogPos(3));
    let dry = |order: ReplayOrder| ReplayOrder { dry: true, ..order };
    for (order, lost) in [
        (everything(), true),
        (ReplayOrder { after: Some(LogPos(1)), ..everything() }, true),
        (ReplayOrder { after: Some(LogPos(2)), ..everything() }, false),
        (ReplayOrder { from: Some(first[1].at), ..everything() }, true),
        (ReplayOrder { from: Some(first[3].at), ..everything() }, false),
        (ReplayOrder { conversations: vec![group("a")], ..everything() }, true),
    ] {
        let status = replayed(&engine, dry(order.clone())).await;
        assert_eq!(status.log_start, lost.then_some(LogPos(3)), "{order:?}");
    }
    assert_eq!(replayed(&engine, everything()).await.delivered, 2);
}

#[tokio::test(start_paused = true)]
async fn a_name_that_may_be_several_conversations_is_the_one_that_is_known() {
    let (world, engine, _) = told(&["u:a:b_c", "g:x"]).await;
    let id = |id: &str| UserId::parse(id).unwrap();
    let readings =
        || vec![ConversationId::single(&id("a_b"), &id("c")), ConversationId::single(&id("a"), &id("b_c"))];
    let status = replayed(&engine, ReplayOrder { conversations: readings(), ..everything() }).await;
    assert_eq!(status.conversation.unwrap().to_string(), "u:a:b_c");
    assert_eq!(positions(&calls(&world)), [1]);
    world.send("u:a_b:c");
    seconds(1).await;
    let refused = engine.start_replay(ReplayOrder { conversations: readings(), ..everything() }).await;
    let why = refused.unwrap_err().to_string();
    assert!(why.contains("u:a_b:c, u:a:b_c"), "{why}");
}
