//! What is parked, as it is listed.

use super::*;

#[tokio::test(start_paused = true)]
async fn what_failed_and_what_fell_into_a_ban_lies_in_the_slice_of_its_ten_minutes() {
    let mut world = world();
    world.settings.ban.failures = 3;
    let mut banned = served("banned");
    banned.policy.ban = Ban::App;
    let engine = world.engine_with(vec![banned, plain("other")]).await;
    fail(&world, &["a", "b", "c", "d", "e"]).await;
    assert!(engine.bans().active_until.is_some());
    assert_eq!(served_slices(&engine).await, [(EAST.to_owned(), 5, 0)]);
    assert_eq!(
        slices(&engine, SliceScope::Everything).await,
        [(UTC.to_owned(), 5, 0), (EAST.to_owned(), 5, 0)],
        "each rule's slices are named in its own zone"
    );
    let parked = engine.parked(EAST, None, None, 10).await.unwrap();
    let reasons: Vec<(u64, &str)> = parked.iter().map(|parked| (parked.key.pos.0, parked.reason)).collect();
    assert_eq!(&reasons[3..], [(4, "banned"), (5, "banned")]);
    assert_eq!((reasons[0], parked[0].last_error.as_str()), ((1, "exhausted"), "status 500"));
    assert_eq!((parked[0].body.as_str(), parked[0].attempts), ("1/0 a v1", 1));
    // 400 s are left of the ten minutes.
    seconds(400).await;
    fail(&world, &["a"]).await;
    let dates: Vec<String> = served_slices(&engine).await.into_iter().map(|(date, ..)| date).collect();
    assert_eq!(dates, [EAST, "202311150620"]);
}

#[tokio::test(start_paused = true)]
async fn the_setting_names_the_zone_of_all_slices() {
    let mut world = world();
    world.settings.storage_zone_min = Some(-60);
    let engine = world.engine_with(vec![served("r"), plain("other")]).await;
    fail(&world, &["a", "b"]).await;
    let all = engine.slices(SliceScope::Everything).await.unwrap();
    assert_eq!(all.len(), 1);
    assert_eq!((all[0].date.as_str(), all[0].size), ("202311142110", 4));
    let of_rules: BTreeSet<(RuleId, u64)> = all[0].rules.iter().cloned().collect();
    assert_eq!(of_rules, BTreeSet::from([(RuleId::new("r"), 2), (RuleId::new("other"), 2)]));
}

#[tokio::test(start_paused = true)]
async fn the_service_is_closed_while_it_is_off_and_operators_see_everything() {
    let mut world = world();
    let engine = world.engine_with(vec![served("r"), plain("p")]).await;
    fail(&world, &["a"]).await;
    drop(engine);
    world.settings.storage_enabled = false;
    let engine = world.engine_with(vec![served("r"), plain("p")]).await;
    assert_eq!(refusal(engine.slices(SliceScope::Service).await).0, RefusalCode::StorageOff);
    assert_eq!(refusal(engine.resend(order(EAST)).await).0, RefusalCode::StorageOff);
    assert_eq!(refusal(engine.resend(order("nonsense")).await).0, RefusalCode::StorageOff);
    assert_eq!(slices(&engine, SliceScope::Everything).await.len(), 2);
    let order = Resend { scope: SliceScope::Everything, ..order(EAST) };
    assert_eq!(engine.resend(order).await.unwrap(), ResendStart::Started(1));
}

#[tokio::test(start_paused = true)]
async fn slices_are_listed_in_pages_over_rules() {
    let world = world();
    let engine = world.engine_with(vec![served("b"), served("a"), served("c")]).await;
    fail(&world, &["x", "y", "z"]).await;
    let mut listed = Vec::new();
    let mut after: Option<(RuleId, DeliveryKey)> = None;
    loop {
        let from = after.as_ref().map(|(rule, key)| (rule, *key));
        let page = engine.parked(EAST, None, from, 2).await.unwrap();
        assert!(page.len() <= 2);
        let Some(last) = page.last() else { break };
        after = Some((last.rule.clone(), last.key));
        listed.extend(page.iter().map(|parked| format!("{}{}", parked.rule, parked.key.pos)));
    }
    assert_eq!(listed, ["a1", "a2", "a3", "b1", "b2", "b3", "c1", "c2", "c3"]);
    let only = engine.parked(EAST, Some(&RuleId::new("b")), None, 10).await.unwrap();
    assert_eq!(only.len(), 3);
    assert_eq!(refusal(engine.parked("20231115061", None, None, 1).await).0, RefusalCode::BadArgument);
    assert_eq!(refusal(engine.parked("202311150600", None, None, 1).await).0, RefusalCode::BadArgument);
}
