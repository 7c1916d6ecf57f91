//! How much was said, by day.

use std::collections::BTreeMap;
use std::time::Duration;

use ringback_model::command::{Command, GroupCommand, GroupOutcome, Outcome, Page, UserCommand, UserOutcome};
use ringback_model::conversation::Target;
use ringback_model::message::ContentClass;
use ringback_model::ports::Clock as _;
use ringback_model::sample;
use ringback_model::statistics::{DAY_MS, Period};
use ringback_model::time::UnixMs;

use crate::world::{World, draft, user};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Messages of users by day, and in groups.
async fn counted(world: &World, period: Period) -> (BTreeMap<i64, u64>, BTreeMap<i64, u64>) {
    let page = Page { skip: 0, limit: 100 };
    let users = UserCommand::Busy { period, groups: true, ascending: false, page };
    let Outcome::OfUser(UserOutcome::Busy { days: said, .. }) =
        world.admin(Command::User(users)).await.unwrap()
    else {
        panic!("users")
    };
    let groups = GroupCommand::Busy { period, ascending: false, page };
    let Outcome::OfGroup(GroupOutcome::Busy { days, .. }) =
        world.admin(Command::Group(groups)).await.unwrap()
    else {
        panic!("groups")
    };
    (said, days)
}

#[tokio::test]
async fn counts_outlast_the_log_and_a_restart_and_are_of_messages_alone() {
    let mut world = World::new().await;
    let crew = world.group_of("alice", &["bob"]).await;
    let first = world.clock.now().0.div_euclid(DAY_MS);
    for (sender, target) in [
        ("alice", Target::User(user("bob"))),
        ("bob", Target::Group(crew.clone())),
        ("alice", Target::Group(crew.clone())),
    ] {
        world.send(draft(sender, target, "hi")).await.unwrap();
    }
    let mut notice = draft("root", Target::Group(crew.clone()), "x");
    notice.content = sample::content(ContentClass::Notification, 1501, "{}");
    world.admin(Command::Send(Box::new(notice))).await.unwrap();

    let ever = Period { from: UnixMs(1), to: UnixMs(i64::MAX) };
    assert_eq!(counted(&world, ever).await, (BTreeMap::from([(first, 3)]), BTreeMap::from([(first, 2)])));
    world.restart_counter().await;
    world.clock.advance(DAY * 5);
    world.send(draft("bob", Target::User(user("alice")), "later")).await.unwrap();
    counted(&world, ever).await;
    assert!(world.store.expire(world.clock.now()).await.unwrap() > 0, "the log forgets");
    world.restart_counter().await;

    let said = (BTreeMap::from([(first, 3), (first + 5, 1)]), BTreeMap::from([(first, 2)]));
    assert_eq!(counted(&world, ever).await, said);
    // Whole days count, and only those that are asked about.
    let noon = first * DAY_MS + DAY_MS / 2;
    let moment = Period { from: UnixMs(noon), to: UnixMs(noon + 1) };
    assert_eq!(counted(&world, moment).await.0, BTreeMap::from([(first, 3)]));
    let next = Period { from: UnixMs((first + 1) * DAY_MS), to: UnixMs((first + 5) * DAY_MS) };
    assert!(counted(&world, next).await.0.is_empty(), "it ends at midnight");

    world.clock.advance(DAY * 398);
    world.restart_counter().await;
    let said = BTreeMap::from([(first + 5, 1)]);
    assert_eq!(counted(&world, ever).await, (said, BTreeMap::new()), "what is beyond its time is forgotten");
}
