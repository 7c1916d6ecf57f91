//! A group of 2,000 members on disk.

use std::time::{Duration, Instant};

use ringback_model::command::{Command, GroupCommand, GroupOutcome, MemberFilter, NewGroup, Outcome, Page};
use ringback_model::conversation::Target;
use ringback_model::group::GroupKind;
use ringback_model::limits;
use ringback_model::notice::GroupNews;

use super::*;
use crate::world::{draft, new_user, user};

/// Generous: a debug build on a busy machine. Work that grew with the square of 2,000 would take far longer.
const AT_MOST: Duration = Duration::from_secs(20);

fn name(number: usize) -> String {
    format!("user{number:04}")
}

async fn register(world: &World, numbers: std::ops::Range<usize>) {
    for first in numbers.clone().step_by(1000) {
        let last = (first + 1000).min(numbers.end);
        let users = (first..last).map(|number| new_user(&name(number))).collect();
        world.admin(Command::RegisterUsers { users }).await.unwrap();
    }
}

async fn timed<T>(what: &str, work: impl Future<Output = T>) -> T {
    let start = Instant::now();
    let done = work.await;
    let took = start.elapsed();
    assert!(took < AT_MOST, "{what} took {took:?}");
    eprintln!("{what}: {took:?}");
    done
}

#[tokio::test]
async fn two_thousand_members_come_speak_and_go() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::on_disk(folder.path()).await;
    register(&world, 0..2000).await;
    let users =
        |numbers: std::ops::Range<usize>| numbers.map(|number| user(&name(number))).collect::<Vec<_>>();
    let new = NewGroup {
        id: None,
        name: "large".to_owned(),
        notification: String::new(),
        introduction: String::new(),
        face_url: String::new(),
        ex: String::new(),
        verification: 0,
        look_member_info: 0,
        apply_member_friend: 0,
        kind: GroupKind::Group,
        max_members: 0,
        invite_confirm: false,
        owner: user("alice"),
        admins: Vec::new(),
        members: users(0..1000),
        said: true,
    };
    let made = timed("making", world.by("alice", Command::CreateGroup(new))).await.unwrap();
    let Outcome::Group(group) = made else { panic!("{made:?}") };
    let group = group.id;
    let invite =
        Command::Invite { group: group.clone(), users: users(1000..2000), reason: String::new(), said: true };
    timed("inviting", world.by("alice", invite)).await.unwrap();
    let named: Vec<usize> = news(&world)
        .iter()
        .filter_map(|one| match one {
            GroupNews::Invited { members, .. } => Some(members.len()),
            _ => None,
        })
        .collect();
    assert_eq!(named, [limits::NOTICE_MEMBERS; 5], "all are named, in notices that clients can take");
    assert_eq!(group_of(&world, &group).await.member_count, 2001);

    let said = timed("speaking", world.send(draft("user1999", Target::Group(group.clone()), "hello"))).await;
    assert!(said.is_ok());
    let page = |skip| GroupCommand::Members {
        group: group.clone(),
        filter: MemberFilter::All,
        keyword: String::new(),
        page: Page { skip, limit: 1000 },
    };
    timed("listing", async {
        for skip in [0, 1000, 2000] {
            let listed = asked(&world, "alice", page(skip)).await.unwrap();
            assert!(matches!(listed, GroupOutcome::People { total: 2001, .. }));
        }
    })
    .await;
    let lists = vec![(group.to_string(), None)];
    let first = GroupCommand::MemberNewsOfMany { user: user("user0007"), lists };
    timed("syncing", asked(&world, "user0007", first)).await.unwrap();

    let kick =
        GroupCommand::Kick { group: group.clone(), users: users(0..1000), reason: String::new(), said: true };
    timed("removing", act(&world, "alice", kick)).await.unwrap();
    assert_eq!(group_of(&world, &group).await.member_count, 1001);
    let dismiss = GroupCommand::Dismiss { group: group.clone(), empty: true, said: true };
    timed("dismissing", act(&world, "alice", dismiss)).await.unwrap();
    assert_eq!(group_of(&world, &group).await.member_count, 0);
}
