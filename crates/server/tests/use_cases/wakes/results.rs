//! What rules are told of offline pushes.

use ringback_model::action::{Action, ChatAction, PushOutcome};

use super::*;

/// What was told, as far as it is about pushes: the user, what became of it, and for which classes of devices.
async fn told(world: &World) -> Vec<(String, PushOutcome, Vec<i32>)> {
    let pushes = world.done().await.into_iter().filter_map(|action| match action {
        Action::Chat(ChatAction::Push(ended)) => Some(ended.results),
        _ => None,
    });
    let mut told: Vec<_> = pushes
        .flatten()
        .map(|result| {
            let platforms = result.platforms.iter().map(|platform| platform.0).collect();
            (result.user.to_string(), result.outcome, platforms)
        })
        .collect();
    told.sort_by_key(|(user, outcome, _)| (user.clone(), format!("{outcome:?}")));
    told
}

fn without(user: &str, outcome: PushOutcome) -> (String, PushOutcome, Vec<i32>) {
    (user.to_owned(), outcome, Vec::new())
}

/// A rule is told from now on.
fn tell(world: &World) {
    world.gate.told.lock().unwrap().push(EventKind::PushEnded);
}

async fn token_of(world: &World, name: &str, platform: i32) {
    let token = PushToken {
        user: user(name),
        platform: Platform(platform),
        token: "t".to_owned(),
        expires_at: UnixMs(0),
    };
    let commit = Commit::at(world.clock.now()).write(Write::Keep(Box::new(Record::PushToken(token))));
    world.store.commit(commit).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn every_user_who_was_offline_has_a_result_and_others_have_none() {
    let world = World::new().await;
    tell(&world);
    let unwilling = User { receive_option: 2, ..new_user("dora") };
    world.admin(Command::RegisterUsers { users: vec![unwilling, new_user("emil")] }).await.unwrap();
    world.gate.judge_pushes(EventKind::OfflinePushing, |plan| {
        plan.users.retain(|user| user.as_str() != "emil");
        if plan.message.content.raw == "refused" { Err(no()) } else { Ok(()) }
    });
    token_of(&world, "carol", 1).await;
    token_of(&world, "carol", 9).await;
    world.sessions.connect("bob");
    let crew = world.group_of("alice", &["bob", "carol", "dora", "emil"]).await;
    let alarm = Arc::new(Alarm::default());
    let waking = Waking::start(&world, &alarm).await;
    world.send(draft("alice", Target::Group(crew), "all")).await.unwrap();
    alarm.woken(1).await;
    waking.end().await;
    let of_group = [
        ("carol".to_owned(), PushOutcome::Taken, vec![1, 9]),
        without("dora", PushOutcome::Unwilling),
        without("emil", PushOutcome::Silent),
    ];
    assert_eq!(told(&world).await, of_group);

    let waking = Waking::start(&world, &alarm).await;
    let silent = Handling { offline_push: false, ..Handling::default() };
    world.send(Draft { handling: silent, ..draft("alice", to("emil"), "silent") }).await.unwrap();
    world.send(draft("alice", to("carol"), "refused")).await.unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    waking.end().await;
    let all = [
        without("carol", PushOutcome::Silent),
        of_group[0].clone(),
        of_group[1].clone(),
        of_group[2].clone(),
        without("emil", PushOutcome::Silent),
    ];
    assert_eq!(told(&world).await, all);
}

/// A push that rules have refused or sent to others wakes none of those whom it was meant for.
#[tokio::test(start_paused = true)]
async fn whom_rules_leave_out_of_a_push_has_a_result_too() {
    let world = World::new().await;
    tell(&world);
    world.gate.judge_pushes(EventKind::OnlinePushing, |plan| match plan.message.content.raw.as_str() {
        "refused" => Err(no()),
        _ => {
            plan.users = vec![user("carol")];
            Ok(())
        }
    });
    let alarm = Arc::new(Alarm::default());
    let waking = Waking::start(&world, &alarm).await;
    world.send(draft("alice", to("bob"), "refused")).await.unwrap();
    world.send(draft("alice", to("bob"), "redirected")).await.unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    waking.end().await;
    let expected = [
        without("bob", PushOutcome::Silent),
        without("bob", PushOutcome::Silent),
        without("carol", PushOutcome::Taken),
    ];
    assert_eq!(told(&world).await, expected);
}

#[tokio::test(start_paused = true)]
async fn a_result_is_told_once_whatever_the_server_goes_through() {
    let world = World::new().await;
    tell(&world);
    let alarm = Arc::new(Alarm::default());
    let waking = Waking::start(&world, &alarm).await;
    alarm.down.store(1, Ordering::Relaxed);
    world.send(draft("alice", to("bob"), "first")).await.unwrap();
    world.send(draft("alice", to("carol"), "second")).await.unwrap();
    alarm.when(|alarm| (alarm.refused.lock().unwrap().len() >= 2).then_some(())).await;
    // It ends while both are under way: nothing is known of them yet.
    waking.end().await;
    assert!(told(&world).await.is_empty());
    alarm.down.store(0, Ordering::Relaxed);
    let waking = Waking::start(&world, &alarm).await;
    alarm.woken(2).await;
    waking.end().await;
    let both = [without("bob", PushOutcome::Taken), without("carol", PushOutcome::Taken)];
    assert_eq!(told(&world).await, both);
    for _ in 0..2 {
        Waking::start(&world, &alarm).await.end().await;
    }
    assert_eq!(told(&world).await, both, "and not again after another start");
}

#[tokio::test(start_paused = true)]
async fn what_comes_too_late_is_told_too_also_after_a_long_rest() {
    let world = World::new().await;
    tell(&world);
    let alarm = Arc::new(Alarm::default());
    let waking = Waking::start(&world, &alarm).await;
    alarm.down.store(1, Ordering::Relaxed);
    world.send(draft("alice", to("bob"), "never taken")).await.unwrap();
    alarm.when(|alarm| (!alarm.refused.lock().unwrap().is_empty()).then_some(())).await;
    world.clock.advance(Duration::from_secs(61));
    tokio::time::sleep(Duration::from_secs(90)).await;
    assert_eq!(told(&world).await, [without("bob", PushOutcome::NotTaken)]);
    waking.end().await;
    world.send(draft("alice", to("carol"), "while the server rests")).await.unwrap();
    world.clock.advance(Duration::from_secs(3600));
    alarm.down.store(0, Ordering::Relaxed);
    let waking = Waking::start(&world, &alarm).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    waking.end().await;
    let all = [without("bob", PushOutcome::NotTaken), without("carol", PushOutcome::TooOld)];
    assert_eq!(told(&world).await, all);
    assert!(alarm.taken.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn without_a_provider_rules_are_told_that_there_is_none_from_when_they_ask() {
    let world = World::new().await;
    let waking = Waking::with(&world, None).await;
    world.send(draft("alice", to("bob"), "nobody asks")).await.unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    tell(&world);
    tokio::time::sleep(Duration::from_secs(2)).await;
    world.send(draft("alice", to("carol"), "somebody asks")).await.unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let none = without("carol", PushOutcome::NoProvider);
    assert_eq!(told(&world).await, std::slice::from_ref(&none));
    // Nobody asks for a while: what is said then is nobody's business, also once somebody asks again.
    world.gate.told.lock().unwrap().clear();
    world.send(draft("alice", to("bob"), "nobody asks any more")).await.unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    waking.end().await;
    world.send(draft("alice", to("bob"), "nor now")).await.unwrap();
    tell(&world);
    let waking = Waking::with(&world, None).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    world.send(draft("alice", to("bob"), "again")).await.unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    waking.end().await;
    assert_eq!(told(&world).await, [without("bob", PushOutcome::NoProvider), none]);
}
