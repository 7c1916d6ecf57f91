//! Comings and goings, as after-rules are told.

use std::sync::Arc;
use std::time::Duration;

use ringback_domain::Presence;
use ringback_model::action::{Action, PresenceAction};
use ringback_model::commit::{Commit, Write};
use ringback_model::event::{Event, EventKind, Fact, Lane};
use ringback_model::ids::LogPos;
use ringback_model::limits;
use ringback_model::ports::Clock;
use ringback_model::presence::{CutReason, PresenceWatch, Sight, Sighting};
use ringback_model::record::{PresenceNote, Record};
use ringback_model::user::{DeviceSeen, Platform};
use tokio_util::sync::CancellationToken;

use crate::world::{World, user};

/// What tells of presence, and what stops it.
struct Telling {
    presence: Arc<Presence>,
    stop: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

impl Telling {
    fn start(world: &World) -> Self {
        let presence = Arc::new(Presence::new(Arc::clone(&world.clock) as Arc<dyn Clock>));
        let (im, stop) = (Arc::clone(&world.im), CancellationToken::new());
        let (of_task, until) = (Arc::clone(&presence), stop.clone());
        let task = tokio::spawn(async move { im.run_presence(&of_task, until).await });
        Self { presence, stop, task }
    }

    fn saw(&self, sight: Sight, name: &str, platform: i32, connection: &str) {
        self.presence.saw(Sighting {
            sight,
            user: user(name),
            platform: Platform(platform),
            connection: connection.to_owned(),
            background: platform == 1,
            cut: false,
            device: DeviceSeen::default(),
            operation_id: Arc::from(format!("login {connection}")),
        });
    }

    /// Starts, tells of those who were left over, and ends: what comes after that is told last, and taken back.
    async fn after_a_crash(world: &World) {
        let telling = Self::start(world);
        telling.saw(Sight::First, "zoe", 2, "9");
        telling.saw(Sight::Last, "zoe", 2, "9");
        telling.end().await;
    }

    async fn end(self) {
        tokio::time::timeout(Duration::from_secs(5), self.presence.settled()).await.expect("told within 5 s");
        self.stop.cancel();
        self.task.await.unwrap();
    }
}

fn line(event: &Event) -> String {
    let Fact::Done(done) = &event.fact else { panic!("no message was sent") };
    let Action::Presence(action) = &done.action else { panic!("about presence: {done:?}") };
    let change = action.change();
    assert_eq!(event.lane, Lane::user(&change.user), "in order with the user's other events");
    assert_eq!((done.actor.as_ref(), action.told_as()), (None, event.kind()));
    let what = match action {
        PresenceAction::Online(_) => "online",
        PresenceAction::Connect(_) => "one more",
        PresenceAction::Disconnect(_) => "one less",
        PresenceAction::Offline(_) => "offline",
        PresenceAction::Kick(_) => "kicked",
    };
    let reason = if change.reason.is_empty() { String::new() } else { format!(": {}", change.reason) };
    format!("{} {}/{} {what}{reason}", done.operation_id, change.user, change.platform.0)
}

async fn told(world: &World, after: LogPos) -> Vec<String> {
    let lines = world.store.read(after, 1000).await.unwrap();
    lines.iter().map(|event| line(event)).filter(|line| !line.contains(" zoe/")).collect()
}

#[tokio::test]
async fn rules_are_told_who_comes_goes_and_is_cut() {
    let world = World::new().await;
    let telling = Telling::start(&world);
    telling.saw(Sight::First, "alice", 1, "7");
    telling.saw(Sight::First, "bob", 5, "8");
    telling.saw(Sight::Cut(CutReason::Administrator), "alice", 1, "7");
    telling.saw(Sight::Last, "alice", 1, "7");
    telling.saw(Sight::Last, "bob", 5, "8");
    telling.end().await;
    let expected = [
        "login 7 alice/1 online",
        "login 8 bob/5 online",
        "login 7 alice/1 kicked: an administrator has logged the user out",
        "login 7 alice/1 offline",
        "login 8 bob/5 offline",
    ];
    assert_eq!(told(&world, LogPos::ZERO).await, expected);
}

#[tokio::test]
async fn who_was_online_at_a_crash_is_told_to_be_offline_before_he_comes_again() {
    let world = World::new().await;
    let telling = Telling::start(&world);
    for (name, platform) in [("alice", 1), ("alice", 5), ("bob", 2), ("carol", 2)] {
        telling.saw(Sight::First, name, platform, "7");
    }
    telling.saw(Sight::Last, "carol", 2, "7");
    telling.end().await;
    let before = world.store.tail();

    world.clock.advance(Duration::from_secs(1));
    let telling = Telling::start(&world);
    world.clock.advance(Duration::from_secs(1));
    telling.saw(Sight::First, "bob", 2, "1");
    telling.end().await;
    let gone = "the server was started anew";
    let expected = [
        format!("restart-7 alice/1 offline: {gone}"),
        format!("restart-7 alice/5 offline: {gone}"),
        format!("restart-7 bob/2 offline: {gone}"),
        "login 1 bob/2 online".to_owned(),
    ];
    assert_eq!(told(&world, before).await, expected);
    let times: Vec<i64> =
        world.store.read(LogPos::ZERO, 1000).await.unwrap().iter().map(bob_s_time).collect();
    let of_bob: Vec<i64> = times.into_iter().filter(|at| *at > 0).collect();
    assert!(of_bob.windows(2).all(|pair| pair[0] < pair[1]) && of_bob.len() == 3, "{of_bob:?}");

    let before = world.store.tail();
    let telling = Telling::start(&world);
    telling.saw(Sight::Last, "bob", 2, "1");
    telling.end().await;
    assert_eq!(told(&world, before).await.len(), 2, "bob's going after the start, and again by himself");
}

/// Notes as earlier versions kept them: one for all connections of a user on a platform.
#[tokio::test]
async fn notes_of_earlier_versions_are_told_and_gone() {
    let world = World::new().await;
    let note = PresenceNote {
        user: user("alice"),
        platform: Platform(1),
        connection: "7".to_owned(),
        at: world.clock.now(),
        device: DeviceSeen::default(),
        by_connection: false,
    };
    let commit = Commit::at(world.clock.now()).write(Write::Keep(Box::new(Record::Presence(note))));
    world.store.commit(commit).await.unwrap();
    let telling = Telling::start(&world);
    telling.saw(Sight::First, "alice", 1, "8");
    telling.end().await;
    let expected = ["restart-7 alice/1 offline: the server was started anew", "login 8 alice/1 online"];
    assert_eq!(told(&world, LogPos::ZERO).await, expected);
    let before = world.store.tail();
    Telling::after_a_crash(&world).await;
    assert_eq!(told(&world, before).await, ["restart-8 alice/1 offline: the server was started anew"]);
}

#[tokio::test]
async fn each_of_several_connections_is_told_to_rules_that_want_it_also_after_a_crash() {
    for wanted in [true, false] {
        let world = World::new().await;
        if wanted {
            let kinds = [EventKind::UserConnected, EventKind::UserDisconnected];
            world.gate.told.lock().unwrap().extend(kinds);
        }
        let telling = Telling::start(&world);
        telling.saw(Sight::First, "alice", 5, "1");
        telling.saw(Sight::Further, "alice", 5, "2");
        telling.saw(Sight::Further, "alice", 5, "3");
        telling.saw(Sight::OneOfSeveral, "alice", 5, "1");
        telling.end().await;
        let gone = "the server was started anew";
        // The server is gone; the connection that was the first has been for longer.
        Telling::after_a_crash(&world).await;
        let all = [
            "login 1 alice/5 online".to_owned(),
            "login 2 alice/5 one more".to_owned(),
            "login 3 alice/5 one more".to_owned(),
            "login 1 alice/5 one less".to_owned(),
            format!("restart-2 alice/5 one less: {gone}"),
            format!("restart-3 alice/5 offline: {gone}"),
        ];
        let expected: Vec<_> = all.into_iter().filter(|line| wanted || !line.contains(" one ")).collect();
        assert_eq!(told(&world, LogPos::ZERO).await, expected);
        let end = world.store.tail();
        Telling::after_a_crash(&world).await;
        assert!(told(&world, end).await.is_empty(), "nothing is told twice");
    }
}

#[tokio::test]
async fn many_who_were_online_at_a_crash_are_told_page_by_page() {
    let world = World::new().await;
    world.gate.told.lock().unwrap().extend([EventKind::UserConnected, EventKind::UserDisconnected]);
    let users = limits::PRESENCE_AT_ONCE - 3;
    let telling = Telling::start(&world);
    for number in 0..users {
        telling.saw(Sight::First, &format!("u{number:05}"), 5, "1");
    }
    // Those of one more user stand at the end of one page, and at the beginning of the next.
    telling.saw(Sight::First, "v", 5, "1");
    for connection in 2..9 {
        telling.saw(Sight::Further, "v", 5, &connection.to_string());
    }
    telling.end().await;
    let before = world.store.tail();
    Telling::after_a_crash(&world).await;
    let lines = world.store.read(before, 10_000).await.unwrap();
    let of_v: Vec<String> =
        lines.iter().map(|event| line(event)).filter(|line| line.contains(" v/")).collect();
    assert_eq!(lines.len(), users + 8 + 2, "and zoe");
    let offline = of_v.iter().filter(|line| line.contains("offline")).count();
    assert_eq!((of_v.len(), offline, of_v.last().unwrap().contains("offline")), (8, 1, true), "{of_v:?}");
}

/// When bob changed; 0 for others.
fn bob_s_time(event: &Arc<Event>) -> i64 {
    match &event.fact {
        Fact::Done(done) => match &done.action {
            Action::Presence(action) if action.change().user == user("bob") => action.change().at.0,
            _ => 0,
        },
        Fact::MessageSent(_) => 0,
    }
}

#[tokio::test]
async fn many_who_come_at_once_are_told_in_order_and_nobody_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::on_disk(folder.path()).await;
    let telling = Telling::start(&world);
    for number in 0..1000 {
        telling.saw(Sight::First, &format!("u{number}"), 5, &number.to_string());
    }
    telling.end().await;
    let events = world.store.read(LogPos::ZERO, 2000).await.unwrap();
    let lines: Vec<String> = events.iter().map(|event| line(event)).collect();
    let expected: Vec<String> =
        (0..1000).map(|number| format!("login {number} u{number}/5 online")).collect();
    assert_eq!(lines, expected);
}
