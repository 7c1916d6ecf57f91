//! Lists of members and groups, and what has changed in them.

use ringback_model::command::{GroupCommand, GroupOutcome, MemberFilter, MemberNews, Page};
use ringback_model::failure::RefusalCode;
use ringback_model::statistics::Period;
use ringback_model::time::UnixMs;
use ringback_model::version::{Delta, Version};

use super::*;
use crate::world::{refused, user};

const ALL: Page = Page { skip: 0, limit: 100 };

async fn names(
    world: &World,
    group: &GroupId,
    filter: MemberFilter,
    keyword: &str,
    page: Page,
) -> Vec<String> {
    let (group, keyword) = (group.clone(), keyword.to_owned());
    match asked(world, "alice", GroupCommand::Members { group, filter, keyword, page }).await.unwrap() {
        GroupOutcome::People { people, .. } => people.into_iter().map(|one| one.user.to_string()).collect(),
        other => panic!("{other:?}"),
    }
}

async fn member_news(world: &World, name: &str, lists: Vec<(String, Version)>) -> Vec<MemberNews> {
    let lists = lists.into_iter().map(|(group, seen)| (group, known(seen))).collect();
    let command = GroupCommand::MemberNewsOfMany { user: user(name), lists };
    match asked(world, name, command).await.unwrap() {
        GroupOutcome::MemberNews(news) => news,
        other => panic!("{other:?}"),
    }
}

/// A client that has no version has none.
fn known(seen: Version) -> Option<Version> {
    (seen != Version::default()).then_some(seen)
}

async fn joined_news(world: &World, name: &str, seen: Version) -> Delta<Group> {
    let command = GroupCommand::JoinedNews { user: user(name), seen: known(seen) };
    match asked(world, name, command).await.unwrap() {
        GroupOutcome::JoinedNews(news) => news,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn members_are_listed_by_role_and_found_by_name() {
    let world = World::new().await;
    let group = world.group_of("alice", &["bob", "carol"]).await;
    promote(&world, &group, "carol").await;
    let cases = [
        (MemberFilter::All, "", ALL, &["alice", "carol", "bob"][..]),
        (MemberFilter::All, "", Page { skip: 1, limit: 1 }, &["carol"]),
        (MemberFilter::Owner, "", ALL, &["alice"]),
        (MemberFilter::Admins, "", ALL, &["carol"]),
        (MemberFilter::Ordinary, "", ALL, &["bob"]),
        (MemberFilter::NotOwner, "", ALL, &["carol", "bob"]),
        (MemberFilter::Managers, "", ALL, &["alice", "carol"]),
        (MemberFilter::All, "CAR", ALL, &["carol"]),
    ];
    for (filter, keyword, page, expected) in cases {
        assert_eq!(names(&world, &group, filter, keyword, page).await, expected, "{filter:?} {keyword}");
    }
    let named = |users: &[&str]| GroupCommand::Named {
        group: group.clone(),
        users: users.iter().map(|name| user(name)).collect(),
    };
    let found = asked(&world, "bob", named(&["carol", "nobody"])).await.unwrap();
    assert!(matches!(found, GroupOutcome::People { people, .. } if people.len() == 1));
    assert_eq!(refused(asked(&world, "bob", named(&[])).await), RefusalCode::BadArgument);
    let other = world.group_of("alice", &[]).await;
    let foreign = [
        GroupCommand::Members {
            group: other.clone(),
            filter: MemberFilter::All,
            keyword: String::new(),
            page: ALL,
        },
        GroupCommand::MemberIds { group: other.clone() },
        GroupCommand::WholeMembers { group: other.clone(), hash: 0 },
        GroupCommand::MemberNews { group: other.clone(), seen: None },
        GroupCommand::Abstracts { groups: vec![other.clone()] },
    ];
    for question in foreign {
        let what = format!("{question:?}");
        assert_eq!(refused(asked(&world, "bob", question).await), RefusalCode::NoPermission, "{what}");
    }
}

#[tokio::test]
async fn a_client_learns_what_happened_to_its_groups_while_it_was_away() {
    let world = World::new().await;
    let first = joined_news(&world, "bob", Version::default()).await;
    assert!(first.full, "it has nothing yet");
    let group = world.group_of("alice", &["bob"]).await;
    let news = joined_news(&world, "bob", first.now).await;
    assert_eq!((news.inserted.len(), news.full, news.now.number), (1, false, first.now.number + 1));
    act(&world, "alice", kick(&group, &["bob"])).await.unwrap();
    let news = joined_news(&world, "bob", news.now).await;
    assert_eq!(news.deleted, [group.to_string()]);
    assert!(joined_news(&world, "bob", news.now).await.is_empty());
    let foreign = GroupCommand::JoinedNews { user: user("alice"), seen: None };
    assert_eq!(refused(asked(&world, "bob", foreign).await), RefusalCode::NoPermission);
}

#[tokio::test]
async fn every_group_that_is_asked_about_is_answered() {
    let world = World::new().await;
    let (one, other) = (world.group_of("alice", &["bob"]).await, world.group_of("alice", &["bob"]).await);
    let foreign = world.group_of("alice", &[]).await;
    let version = |group: &GroupId| VersionLog::Members(group.clone());
    let seen = world.store.list_versions(&[version(&one), version(&other)]).await.unwrap();
    world.by("alice", invite(&one, &["carol"])).await.unwrap();
    promote(&world, &one, "bob").await;
    let lists = vec![
        (one.to_string(), seen[0]),
        (other.to_string(), seen[1]),
        (foreign.to_string(), Version::default()),
        ("no such group".to_owned(), Version { log: 1, number: 5 }),
    ];
    let answers = member_news(&world, "bob", lists).await;
    assert_eq!(answers.len(), 4);
    let changed = &answers[0];
    assert_eq!(changed.news.inserted.iter().map(|one| one.user.as_str()).collect::<Vec<_>>(), ["carol"]);
    assert_eq!(changed.news.updated.iter().map(|one| one.user.as_str()).collect::<Vec<_>>(), ["bob"]);
    assert!(changed.news.order > 0, "a role changed");
    assert_eq!(changed.group.as_ref().map(|group| group.member_count), Some(3));
    for quiet in &answers[1..] {
        assert!(quiet.news.is_empty() && quiet.group.is_none(), "{quiet:?}");
    }
    let first = member_news(&world, "bob", vec![(one.to_string(), Version::default())]).await;
    assert!(first[0].news.full && first[0].group.is_some(), "who has nothing is told to read it all");
}

#[tokio::test]
async fn changed_settings_are_news_of_the_group_itself() {
    let world = World::new().await;
    let group = world.group_of("alice", &["bob"]).await;
    let log = VersionLog::Members(group.clone());
    let seen = world.store.list_versions(&[log]).await.unwrap()[0];
    let renamed = settings::edit(&group, |edit| edit.name = Some("other".to_owned()));
    act(&world, "alice", renamed).await.unwrap();
    let news = member_news(&world, "bob", vec![(group.to_string(), seen)]).await.remove(0);
    assert_eq!(news.group.map(|group| group.name), Some("other".to_owned()));
    assert_eq!((news.news.elements(), news.news.itself), (0, true));
}

#[tokio::test]
async fn whole_lists_come_in_the_servers_order() {
    let world = World::new().await;
    let group = world.group_of("alice", &["bob", "carol"]).await;
    let members = GroupCommand::WholeMembers { group: group.clone(), hash: 5 };
    let GroupOutcome::WholeList(list) = asked(&world, "carol", members).await.unwrap() else { panic!() };
    assert_eq!((list.ids, list.hash), (["alice", "bob", "carol"].map(str::to_owned).to_vec(), 5));
    let joined = GroupCommand::JoinedIds { user: user("carol"), hash: 0 };
    let GroupOutcome::WholeList(list) = asked(&world, "carol", joined).await.unwrap() else { panic!() };
    assert_eq!((list.ids, list.now.number), (vec![group.to_string()], 2));
}

#[tokio::test]
async fn groups_are_found_and_counted() {
    let world = World::new().await;
    let group = world.group_of("alice", &["bob"]).await;
    world.room_of("alice", &[]).await;
    let search =
        |name: &str, id: &str| GroupCommand::Search { name: name.to_owned(), id: id.to_owned(), page: ALL };
    for (name, id, count) in
        [("CRE", "", 1), ("nothing", "", 0), ("", group.as_str(), 1), ("", "404", 0), ("", "?", 0)]
    {
        let found = asked(&world, "bob", search(name, id)).await.unwrap();
        assert!(matches!(found, GroupOutcome::Found { total, .. } if total == count), "{name} {id}");
    }
    let period = Period { from: UnixMs(1), to: UnixMs(i64::MAX) };
    let made = world.admin(Command::Group(GroupCommand::Made(period))).await.unwrap();
    assert!(
        matches!(made, Outcome::OfGroup(GroupOutcome::Made(growth)) if growth.total == 1 && growth.days.len() == 1)
    );
    world
        .send(crate::world::draft("bob", ringback_model::conversation::Target::Group(group), "hi"))
        .await
        .unwrap();
    let busy = GroupCommand::Busy { period, ascending: false, page: ALL };
    let busy = world.admin(Command::Group(busy)).await.unwrap();
    assert!(
        matches!(&busy, Outcome::OfGroup(GroupOutcome::Busy { messages: 1, groups: 1, busiest, .. }) if busiest.len() == 1),
        "{busy:?}"
    );
    assert_eq!(refused(asked(&world, "bob", GroupCommand::Made(period)).await), RefusalCode::NoPermission);
}
