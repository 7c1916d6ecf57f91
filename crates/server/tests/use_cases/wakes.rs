//! Waking those whom no push reached.

mod results;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ringback_domain::Waker;
use ringback_model::command::{Command, Draft};
use ringback_model::commit::{Commit, Write};
use ringback_model::conversation::{ConversationId, Target};
use ringback_model::event::EventKind;
use ringback_model::failure::{Refusal, RefusalCode};
use ringback_model::message::{Handling, OfflinePush};
use ringback_model::ports::{Clock as _, Fut};
use ringback_model::record::{ConversationSettings, PushToken, Record};
use ringback_model::time::UnixMs;
use ringback_model::user::{Platform, User};
use ringback_model::wake::{PushProvider, Wake, WakeFailure};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::world::{World, draft, new_user, user};

/// Writes down what it is handed; takes nothing while it is down.
#[derive(Default)]
struct Alarm {
    taken: Mutex<Vec<Wake>>,
    refused: Mutex<Vec<(String, u32)>>,
    down: AtomicUsize,
    changed: Notify,
}

impl PushProvider for Alarm {
    fn wake<'a>(&'a self, wake: &'a Wake, attempt: u32) -> Fut<'a, Result<(), WakeFailure>> {
        let is_down = self.down.load(Ordering::Relaxed) > 0;
        if is_down {
            self.refused.lock().unwrap().push((wake.id.clone(), attempt));
        } else {
            self.taken.lock().unwrap().push(wake.clone());
        }
        self.changed.notify_one();
        let result = if is_down { Err(WakeFailure { text: "down".to_owned(), after: None }) } else { Ok(()) };
        Box::pin(std::future::ready(result))
    }
}

impl Alarm {
    async fn when<T>(&self, look: impl Fn(&Self) -> Option<T>) -> T {
        loop {
            let changed = self.changed.notified();
            if let Some(found) = look(self) {
                return found;
            }
            tokio::time::timeout(Duration::from_secs(600), changed).await.expect("a push in time");
        }
    }

    /// Waits until so many were taken; answers who was woken with which title, in the order of names.
    async fn woken(&self, count: usize) -> Vec<(String, Vec<String>)> {
        let mut wakes = self
            .when(|alarm| {
                let taken = alarm.taken.lock().unwrap();
                (taken.len() >= count).then(|| taken.clone())
            })
            .await;
        wakes.sort_by_key(|wake| wake.message.content.raw.clone());
        let names = |wake: &Wake| wake.users.iter().map(ToString::to_string).collect();
        wakes.iter().map(|wake| (wake.message.content.raw.clone(), names(wake))).collect()
    }
}

/// The worker that wakes.
struct Waking {
    stop: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

impl Waking {
    async fn start(world: &World, alarm: &Arc<Alarm>) -> Self {
        Self::with(world, Some(Arc::clone(alarm) as Arc<dyn PushProvider>)).await
    }

    async fn with(world: &World, provider: Option<Arc<dyn PushProvider>>) -> Self {
        let stop = CancellationToken::new();
        let waker = Waker { provider, keep: Duration::from_secs(60), title: "News".to_owned() };
        let task = tokio::spawn(Arc::clone(&world.im).run_waker(waker, stop.clone()));
        // It begins at the end of the log as it finds it.
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        Self { stop, task }
    }

    async fn end(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }
}

fn to(name: &str) -> Target {
    Target::User(user(name))
}

fn no() -> Refusal {
    Refusal::new(RefusalCode::BadArgument, "let them sleep")
}

fn entry(text: &str, names: &[&str]) -> (String, Vec<String>) {
    (text.to_owned(), names.iter().map(|name| (*name).to_owned()).collect())
}

#[tokio::test(start_paused = true)]
async fn those_are_woken_whom_no_push_reached_and_who_want_it() {
    let world = World::new().await;
    let names = ["dora", "emil", "fred", "gina"];
    let users: Vec<User> =
        names.map(|name| User { receive_option: i32::from(name == "dora") * 2, ..new_user(name) }).to_vec();
    world.admin(Command::RegisterUsers { users }).await.unwrap();
    let crew = world.group_of("alice", &["bob", "dora", "emil", "fred"]).await;
    let mut quiet = ConversationSettings::new(
        user("emil"),
        ConversationId::of(&user("alice"), &Target::Group(crew.clone())),
    );
    quiet.receive_option = 1;
    let token = PushToken {
        user: user("fred"),
        platform: Platform(2),
        token: "t".to_owned(),
        expires_at: world.clock.now().plus(Duration::from_secs(9)),
    };
    let old = PushToken { platform: Platform(1), expires_at: UnixMs(1), ..token.clone() };
    let commit = [Record::Conversation(quiet), Record::PushToken(token.clone()), Record::PushToken(old)]
        .into_iter()
        .fold(Commit::at(world.clock.now()), |commit, record| commit.write(Write::Keep(Box::new(record))));
    world.store.commit(commit).await.unwrap();
    world.sessions.connect("bob");
    let alarm = Arc::new(Alarm::default());
    let waking = Waking::start(&world, &alarm).await;
    world.send(draft("alice", Target::Group(crew), "a group")).await.unwrap();
    world.send(draft("alice", to("bob"), "online")).await.unwrap();
    let silent = Handling { offline_push: false, ..Handling::default() };
    world.send(Draft { handling: silent, ..draft("alice", to("carol"), "silent") }).await.unwrap();
    world.send(draft("alice", to("emil"), "single")).await.unwrap();
    let expected = [entry("a group", &["fred"]), entry("single", &["emil"])];
    assert_eq!(alarm.woken(2).await, expected);
    waking.end().await;
    let taken = alarm.taken.lock().unwrap();
    assert_eq!(taken.len(), 2);
    let of_group = taken.iter().find(|wake| wake.message.target.group().is_some()).unwrap();
    assert_eq!((of_group.show.title.as_str(), &of_group.devices), ("News", &vec![token]));
}

#[tokio::test(start_paused = true)]
async fn rules_say_whether_whom_and_with_which_words() {
    let world = World::new().await;
    world.gate.judge_pushes(EventKind::OfflinePushing, |plan| match plan.message.content.raw.as_str() {
        "nobody" => Err(no()),
        "strangers" => {
            plan.users = vec![user("stranger")];
            Ok(())
        }
        "others" => {
            assert_eq!((plan.users.clone(), &plan.show), (vec![user("bob")], &None));
            plan.users = vec![user("carol")];
            plan.show = Some(OfflinePush { title: "Hey".to_owned(), ..OfflinePush::default() });
            Ok(())
        }
        _ => {
            assert_eq!(plan.show.as_ref().unwrap().title, "Mine");
            Ok(())
        }
    });
    let alarm = Arc::new(Alarm::default());
    let waking = Waking::start(&world, &alarm).await;
    for text in ["nobody", "strangers", "others"] {
        world.send(draft("alice", to("bob"), text)).await.unwrap();
    }
    let own = OfflinePush { title: "Mine".to_owned(), ..OfflinePush::default() };
    world.send(Draft { offline_push: Some(own), ..draft("alice", to("bob"), "own words") }).await.unwrap();
    let expected = [entry("others", &["carol"]), entry("own words", &["bob"])];
    assert_eq!(alarm.woken(2).await, expected);
    waking.end().await;
    let mut titles: Vec<String> =
        alarm.taken.lock().unwrap().iter().map(|wake| wake.show.title.clone()).collect();
    titles.sort();
    assert_eq!(titles, ["Hey", "Mine"]);
}

#[tokio::test(start_paused = true)]
async fn a_push_that_was_refused_or_redirected_is_so_for_sleepers_too() {
    let world = World::new().await;
    world.gate.judge_pushes(EventKind::OnlinePushing, |plan| match plan.message.content.raw.as_str() {
        "refused" => Err(no()),
        "redirected" => {
            plan.users = vec![user("carol"), user("alice")];
            Ok(())
        }
        _ => Ok(()),
    });
    let alarm = Arc::new(Alarm::default());
    let waking = Waking::start(&world, &alarm).await;
    for text in ["refused", "redirected", "as it is"] {
        world.send(draft("alice", to("bob"), text)).await.unwrap();
    }
    let expected = [entry("as it is", &["bob"]), entry("redirected", &["carol"])];
    assert_eq!(alarm.woken(2).await, expected);
    waking.end().await;
    assert_eq!(alarm.taken.lock().unwrap().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_was_down_gets_everything_once_it_is_up_with_the_same_id() {
    let world = World::new().await;
    let alarm = Arc::new(Alarm::default());
    alarm.down.store(1, Ordering::Relaxed);
    let waking = Waking::start(&world, &alarm).await;
    let sent = world.send(draft("alice", to("bob"), "one")).await.unwrap();
    world.send(draft("alice", to("carol"), "two")).await.unwrap();
    alarm.when(|alarm| (alarm.refused.lock().unwrap().len() >= 6).then_some(())).await;
    alarm.down.store(0, Ordering::Relaxed);
    assert_eq!(alarm.woken(2).await, [entry("one", &["bob"]), entry("two", &["carol"])]);
    waking.end().await;
    let id = format!("push_{}_0", sent.message.id);
    let attempts: Vec<u32> = {
        let refused = alarm.refused.lock().unwrap();
        refused.iter().filter(|(other, _)| *other == id).map(|(_, attempt)| *attempt).collect()
    };
    assert_eq!(attempts[..3], [1, 2, 3]);
    assert!(alarm.taken.lock().unwrap().iter().any(|wake| wake.id == id));
}

#[tokio::test(start_paused = true)]
async fn what_was_not_taken_before_a_restart_is_handed_over_after_it_and_nothing_else() {
    let world = World::new().await;
    let alarm = Arc::new(Alarm::default());
    let waking = Waking::start(&world, &alarm).await;
    world.send(draft("alice", to("bob"), "done")).await.unwrap();
    alarm.woken(1).await;
    alarm.down.store(1, Ordering::Relaxed);
    let sent = world.send(draft("alice", to("bob"), "open")).await.unwrap();
    alarm.when(|alarm| (!alarm.refused.lock().unwrap().is_empty()).then_some(())).await;
    waking.end().await;
    world.send(draft("alice", to("carol"), "while nobody woke")).await.unwrap();
    alarm.down.store(0, Ordering::Relaxed);
    let waking = Waking::start(&world, &alarm).await;
    let expected = [entry("done", &["bob"]), entry("open", &["bob"]), entry("while nobody woke", &["carol"])];
    assert_eq!(alarm.woken(3).await, expected);
    waking.end().await;
    let refused = alarm.refused.lock().unwrap();
    assert!(refused.iter().all(|(id, _)| *id == format!("push_{}_0", sent.message.id)));
    assert_eq!(alarm.taken.lock().unwrap().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn after_a_restart_rules_are_asked_again_whether_it_was_pushed() {
    let world = World::new().await;
    world.gate.judge_pushes(EventKind::OnlinePushing, |plan| {
        if plan.message.content.raw == "refused" { Err(no()) } else { Ok(()) }
    });
    let alarm = Arc::new(Alarm::default());
    Waking::start(&world, &alarm).await.end().await;
    world.send(draft("alice", to("bob"), "refused")).await.unwrap();
    world.send(draft("alice", to("bob"), "pushed")).await.unwrap();
    world.sessions.texts(1).await;
    let waking = Waking::start(&world, &alarm).await;
    assert_eq!(alarm.woken(1).await, [entry("pushed", &["bob"])]);
    waking.end().await;
    assert_eq!(alarm.taken.lock().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_too_old_wakes_nobody() {
    let world = World::new().await;
    let alarm = Arc::new(Alarm::default());
    alarm.down.store(1, Ordering::Relaxed);
    let waking = Waking::start(&world, &alarm).await;
    world.send(draft("alice", to("bob"), "old")).await.unwrap();
    alarm.when(|alarm| (alarm.refused.lock().unwrap().len() >= 2).then_some(())).await;
    world.clock.advance(Duration::from_secs(61));
    alarm.when(|alarm| (alarm.refused.lock().unwrap().len() >= 3).then_some(())).await;
    alarm.down.store(0, Ordering::Relaxed);
    world.send(draft("alice", to("bob"), "young")).await.unwrap();
    assert_eq!(alarm.woken(1).await, [entry("young", &["bob"])]);
    tokio::time::sleep(Duration::from_secs(300)).await;
    assert_eq!(alarm.woken(1).await.len(), 1, "the old one is over");
    waking.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_large_group_is_woken_in_batches() {
    let world = World::new().await;
    let names: Vec<String> = (0..700).map(|number| format!("m{number:03}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let users = names.iter().map(|name| new_user(name)).collect();
    world.admin(Command::RegisterUsers { users }).await.unwrap();
    let crew = world.group_of("alice", &names).await;
    let alarm = Arc::new(Alarm::default());
    let waking = Waking::start(&world, &alarm).await;
    world.send(draft("alice", Target::Group(crew), "all")).await.unwrap();
    let batches = alarm.woken(2).await;
    waking.end().await;
    let mut woken: Vec<String> = batches.iter().flat_map(|(_, users)| users.clone()).collect();
    assert_eq!(batches.iter().map(|(_, users)| users.len()).collect::<Vec<_>>(), [500, 200]);
    woken.sort();
    assert_eq!(woken, names);
    let mut ids: Vec<String> = alarm.taken.lock().unwrap().iter().map(|wake| wake.id.clone()).collect();
    ids.dedup();
    assert_eq!(ids.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn rules_are_asked_also_where_nobody_wakes_devices() {
    let world = World::new().await;
    world.send(draft("alice", to("bob"), "nobody cares")).await.unwrap();
    let waking = Waking::with(&world, None).await;
    world.send(draft("alice", to("bob"), "nobody cares yet")).await.unwrap();
    // It looks every second whether a rule is about it.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let (tell, mut asked) = tokio::sync::mpsc::unbounded_channel();
    world.gate.judge_pushes(EventKind::OfflinePushing, move |plan| {
        tell.send((plan.message.content.raw.clone(), plan.users.clone())).unwrap();
        Ok(())
    });
    world.send(draft("alice", to("bob"), "wake up")).await.unwrap();
    assert_eq!(asked.recv().await.unwrap(), ("wake up".to_owned(), vec![user("bob")]));
    waking.end().await;
    assert!(asked.try_recv().is_err());
}
