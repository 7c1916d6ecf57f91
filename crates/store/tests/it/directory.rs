//! Users, groups, members, blocks, tokens.

use ringback_model::commit::{Commit, Require, Write};
use ringback_model::group::{Group, GroupKind, GroupStatus};
use ringback_model::statistics::{DAY_MS, Period};
use ringback_model::time::UnixMs;
use ringback_model::user::{Block, Platform, Standing, User};
use ringback_model::version::{Touch, VersionLog};

use crate::world::*;

promises!(
    users_are_found_in_any_letter_case,
    user_ids_come_in_pages,
    users_come_by_age,
    a_user_goes_and_what_he_said_stays,
    whether_a_user_is_active_is_looked_at_when_writing,
    groups_count_their_members,
    facts_for_a_single_chat,
    facts_for_a_group_follow_its_members,
    kicked_tokens_stay_known_until_they_end,
    members_come_in_pages,
    members_are_found_by_name_and_by_user,
    groups_are_found_by_what_they_are_called,
    groups_and_rooms_are_listed_piece_by_piece,
    groups_are_counted_by_when_they_were_made,
    a_list_changes_once_per_commit_however_many_of_its_elements_do,
    a_password_belongs_to_one_user_in_any_letter_case,
);

async fn users_are_found_in_any_letter_case(kind: Kind) {
    let world = kind.open();
    world.write(Write::PutUser(someone("Alice"))).await;
    let found = world.store.users(&[user("bob"), user("ALICE"), user("Alice")]).await.unwrap();
    assert_eq!(found, [None, Some(someone("Alice")), Some(someone("Alice"))]);
    let renamed = User { nickname: "new".to_owned(), ..someone("Alice") };
    world.write(Write::PutUser(renamed.clone())).await;
    assert_eq!(world.store.users(&[user("alice")]).await.unwrap(), [Some(renamed)]);
}

async fn user_ids_come_in_pages(kind: Kind) {
    let world = kind.open();
    for id in ["b", "A", "c", "a2", "Z"] {
        world.write(Write::PutUser(someone(id))).await;
    }
    let first = world.store.user_ids(None, 3).await.unwrap();
    assert_eq!(first, [user("A"), user("Z"), user("a2")]);
    assert_eq!(world.store.user_ids(first.last(), 3).await.unwrap(), [user("b"), user("c")]);
}

async fn users_come_by_age(kind: Kind) {
    let world = kind.open();
    for (id, at) in [("c", 2), ("b", 2), ("a", 9), ("d", 1), ("B2", 2)] {
        let user = User { created_at: UnixMs(at), ..someone(id) };
        world.write(Write::PutUser(user)).await;
    }
    let page = async |after: Option<(i64, &str)>, limit| {
        let mark = after.map(|(at, id)| (UnixMs(at), user(id)));
        let mark = mark.as_ref().map(|(at, id)| (*at, id));
        let found = world.store.users_by_age(mark, limit).await.unwrap();
        found.into_iter().map(|user| user.id.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(page(None, 2).await, ["d", "b"]);
    assert_eq!(page(Some((2, "B")), 2).await, ["B2", "c"]);
    assert_eq!(page(Some((2, "c")), 2).await, ["a"]);
    assert!(page(Some((9, "a")), 2).await.is_empty());
    // Where the last one is gone, the next one is found all the same.
    world.write(Write::RemoveUser(user("b"))).await;
    assert_eq!(page(Some((2, "b")), 1).await, ["B2"]);
}

async fn a_user_goes_and_what_he_said_stays(kind: Kind) {
    let world = kind.open();
    for id in ["Ann", "bob"] {
        world.write(Write::PutUser(someone(id))).await;
    }
    world.write(Write::PutPassword { user: user("ann"), hash: "hash".into() }).await;
    world.write(Write::PutToken(token("Ann", "t", Platform::WEB, NOON + HOUR))).await;
    world.say(message("Ann", to("bob"), "1"), NOON).await;
    let before = world.store.send_facts(&user("bob"), &to("ann")).await.unwrap();
    assert!(before.recipient.is_some());
    world.write(Write::RemoveUser(user("ANN"))).await;
    world.write(Write::RemoveUser(user("ann"))).await;
    assert_eq!(world.store.users(&[user("Ann")]).await.unwrap(), [None]);
    assert_eq!(world.store.password(&user("ann")).await.unwrap(), None);
    assert!(world.store.tokens(&user("ann"), Platform::WEB, UnixMs(NOON)).await.unwrap().is_empty());
    let after = world.store.send_facts(&user("bob"), &to("ann")).await.unwrap();
    assert!(after.recipient.is_none() && after.sender.is_some());
    assert_eq!(world.seqs(&single("Ann", "bob")).await, [1]);
    let commit = Commit::at(UnixMs(NOON)).require(Require::NoUser(user("ann")));
    world.commit(commit.write(Write::PutUser(someone("ann")))).await;
    assert_eq!(world.store.users(&[user("Ann")]).await.unwrap(), [Some(someone("ann"))]);
}

async fn whether_a_user_is_active_is_looked_at_when_writing(kind: Kind) {
    let world = kind.open();
    let tried = async |id: &str| {
        let commit = Commit::at(UnixMs(NOON)).require(Require::ActiveUser(user(id)));
        world.store.commit(commit).await.is_ok()
    };
    assert!(!tried("ann").await);
    world.write(Write::PutUser(someone("ann"))).await;
    assert!(tried("ANN").await);
    // Once with what sends have asked for in memory, once without.
    world.store.send_facts(&user("ann"), &to("ann")).await.unwrap();
    assert!(tried("ann").await);
    let standing = Standing { deactivated: true, ..Standing::default() };
    world.write(Write::PutUser(User { standing, ..someone("ann") })).await;
    assert!(!tried("ann").await);
    world.store.send_facts(&user("ann"), &to("ann")).await.unwrap();
    assert!(!tried("ann").await);
    let read = world.store.users(&[user("ann")]).await.unwrap().remove(0).unwrap();
    assert!(read.standing.deactivated);
}

async fn groups_count_their_members(kind: Kind) {
    let world = kind.open();
    world.group("g", &["a", "b", "A"]).await;
    let count = |groups: Vec<Option<Group>>| groups[0].as_ref().map(|group| group.member_count);
    assert_eq!(count(world.store.groups(&[group_id("g")]).await.unwrap()), Some(2));
    world.write(Write::RemoveMember(group_id("g"), user("a"))).await;
    world.write(Write::RemoveMember(group_id("g"), user("a"))).await;
    world.write(Write::PutGroup(group("g"))).await;
    let found = world.store.groups(&[group_id("g"), group_id("none")]).await.unwrap();
    assert_eq!(found[1], None);
    assert_eq!(count(found), Some(1));
    assert_eq!(world.store.member(&group_id("g"), &user("a")).await.unwrap(), None);
    assert_eq!(world.store.member(&group_id("g"), &user("B")).await.unwrap(), Some(member_of("g", "b")));
}

async fn facts_for_a_single_chat(kind: Kind) {
    let world = kind.open();
    world.write(Write::PutUser(someone("me"))).await;
    world.write(Write::PutUser(someone("you"))).await;
    let facts = world.store.send_facts(&user("me"), &to("you")).await.unwrap();
    assert_eq!(
        (facts.sender.as_deref(), facts.recipient.as_deref(), facts.blocked),
        (Some(&someone("me")), Some(&someone("you")), false)
    );
    let owner = user("you");
    let block = Block { by: owner.clone(), owner, blocked: user("me"), at: UnixMs(NOON), ex: String::new() };
    world.write(Write::PutBlock(block)).await;
    assert!(world.store.send_facts(&user("ME"), &to("You")).await.unwrap().blocked);
    assert!(!world.store.send_facts(&user("you"), &to("me")).await.unwrap().blocked);
    world.write(Write::RemoveBlock(user("you"), user("Me"))).await;
    assert!(!world.store.send_facts(&user("me"), &to("you")).await.unwrap().blocked);
    let facts = world.store.send_facts(&user("nobody"), &to("noone")).await.unwrap();
    assert!(facts.sender.is_none() && facts.recipient.is_none());
}

async fn facts_for_a_group_follow_its_members(kind: Kind) {
    let world = kind.open();
    world.group("g", &["c", "a", "B"]).await;
    let facts = world.store.send_facts(&user("a"), &to_group("g")).await.unwrap();
    assert_eq!(*facts.members, [user("a"), user("B"), user("c")]);
    assert_eq!(facts.membership.as_deref(), Some(&member_of("g", "a")));
    assert_eq!(facts.group.map(|group| group.member_count), Some(3));
    world.write(Write::RemoveMember(group_id("g"), user("b"))).await;
    world.write(Write::PutMember(member_of("g", "d"))).await;
    let facts = world.store.send_facts(&user("b"), &to_group("g")).await.unwrap();
    assert_eq!(*facts.members, [user("a"), user("c"), user("d")]);
    assert_eq!(facts.membership, None);
    let facts = world.store.send_facts(&user("a"), &to_group("none")).await.unwrap();
    assert!(facts.group.is_none() && facts.members.is_empty());
}

async fn kicked_tokens_stay_known_until_they_end(kind: Kind) {
    let world = kind.open();
    for (id, platform, expires_at) in
        [("1", 5, NOON + 10), ("2", 5, NOON + 99), ("3", 5, NOON + 99), ("4", 1, NOON + 99)]
    {
        world.write(Write::PutToken(token("me", id, Platform(platform), expires_at))).await;
    }
    let except = Some("3".to_owned());
    world.write(Write::KickTokens { user: user("ME"), platform: Platform(5), except }).await;
    let states = |tokens: Vec<ringback_model::user::TokenRecord>| {
        tokens.into_iter().map(|token| (token.id, token.kicked)).collect::<Vec<_>>()
    };
    let expected = |list: &[(&str, bool)]| {
        list.iter().map(|(id, kicked)| ((*id).to_owned(), *kicked)).collect::<Vec<_>>()
    };
    let me = user("ME");
    let web = |at| world.store.tokens(&me, Platform(5), UnixMs(at));
    assert_eq!(states(web(NOON).await.unwrap()), expected(&[("1", true), ("2", true), ("3", false)]));
    assert_eq!(states(web(NOON + 10).await.unwrap()), expected(&[("2", true), ("3", false)]));
    world.write(Write::KickTokens { user: user("me"), platform: Platform(1), except: None }).await;
    let phone = world.store.tokens(&user("me"), Platform(1), UnixMs(NOON)).await.unwrap();
    assert_eq!(states(phone), expected(&[("4", true)]));
    // A new token may sweep ended ones out, and nothing else.
    world
        .commit(Commit::at(UnixMs(NOON + 50)).write(Write::PutToken(token(
            "me",
            "5",
            Platform(5),
            NOON + 99,
        ))))
        .await;
    assert_eq!(states(web(NOON + 50).await.unwrap()), expected(&[("2", true), ("3", false), ("5", false)]));
}

async fn members_come_in_pages(kind: Kind) {
    let world = kind.open();
    world.group("g", &["d", "B", "a", "C", "e"]).await;
    world.group("other", &["bb"]).await;
    world.write(Write::RemoveMember(group_id("g"), user("D"))).await;
    let g = group_id("g");
    let first = world.store.members(&g, None, 2).await.unwrap();
    assert_eq!(first, [member_of("g", "a"), member_of("g", "B")]);
    let after = user("b");
    let rest = world.store.members(&g, Some(&after), 9).await.unwrap();
    assert_eq!(rest, [member_of("g", "C"), member_of("g", "e")]);
    assert_eq!(world.store.members(&g, Some(&user("cc")), 9).await.unwrap(), [member_of("g", "e")]);
    assert!(world.store.members(&g, Some(&user("E")), 9).await.unwrap().is_empty());
    assert!(world.store.members(&g, None, 0).await.unwrap().is_empty());
    assert!(world.store.members(&group_id("none"), None, 9).await.unwrap().is_empty());
}

async fn members_are_found_by_name_and_by_user(kind: Kind) {
    let world = kind.open();
    world.group("g", &["a", "B"]).await;
    world.group("h", &["b"]).await;
    let named = [user("b"), user("none"), user("A")];
    let found = world.store.members_named(&group_id("g"), &named).await.unwrap();
    assert_eq!(found, [Some(member_of("g", "B")), None, Some(member_of("g", "a"))]);
    assert_eq!(world.store.members_named(&group_id("none"), &named[..1]).await.unwrap(), [None]);
    let memberships = world.store.memberships(&user("b")).await.unwrap();
    assert_eq!(memberships, [member_of("g", "B"), member_of("h", "b")]);
    assert!(world.store.memberships(&user("none")).await.unwrap().is_empty());
}

async fn groups_are_found_by_what_they_are_called(kind: Kind) {
    let world = kind.open();
    for (id, name) in [("1", "Release Crew"), ("2", "crew of the night"), ("3", "others"), ("4", "100%")] {
        world.write(Write::PutGroup(Group { name: name.to_owned(), ..group(id) })).await;
    }
    let room = Group { name: "crew room".to_owned(), kind: GroupKind::Room, ..group("5") };
    world.write(Write::PutGroup(room)).await;
    for (text, skip, limit, total, expected) in [
        ("CREW", 0, 9, 2, &["1", "2"][..]),
        ("crew", 1, 9, 2, &["2"]),
        ("crew", 0, 1, 2, &["1"]),
        ("%", 0, 9, 1, &["4"]),
        ("", 0, 9, 4, &["1", "2", "3", "4"]),
        ("nothing", 0, 9, 0, &[]),
    ] {
        let (count, groups) = world.store.groups_called(text, skip, limit).await.unwrap();
        let ids: Vec<_> = groups.iter().map(|group| group.id.as_str()).collect();
        assert_eq!((count, ids.as_slice()), (total, expected), "{text} {skip} {limit}");
    }
}

async fn groups_and_rooms_are_listed_piece_by_piece(kind: Kind) {
    let world = kind.open();
    for (id, kind, status) in [
        ("1", GroupKind::Group, GroupStatus::Open),
        ("2", GroupKind::Room, GroupStatus::Muted),
        ("3", GroupKind::Group, GroupStatus::Dismissed),
        ("4", GroupKind::Group, GroupStatus::Banned),
        ("5", GroupKind::Room, GroupStatus::Open),
    ] {
        world.write(Write::PutGroup(Group { kind, status, ..group(id) })).await;
    }
    for (kind, after, limit, expected) in [
        (GroupKind::Group, None, 9, &["1", "4"][..]),
        (GroupKind::Group, Some("1"), 9, &["4"]),
        (GroupKind::Group, None, 1, &["1"]),
        (GroupKind::Room, None, 9, &["2", "5"]),
        (GroupKind::Room, Some("5"), 9, &[]),
    ] {
        let after = after.map(group_id);
        let groups = world.store.groups_of_kind(kind, after.as_ref(), limit).await.unwrap();
        let ids: Vec<_> = groups.iter().map(|group| group.id.as_str()).collect();
        assert_eq!(ids, expected, "{kind:?} {after:?} {limit}");
    }
}

async fn groups_are_counted_by_when_they_were_made(kind: Kind) {
    let world = kind.open();
    let day = NOON.div_euclid(DAY_MS);
    for (id, at) in [("1", NOON - DAY_MS), ("2", NOON), ("3", NOON + 1), ("4", NOON + 5 * DAY_MS)] {
        world.write(Write::PutGroup(Group { created_at: UnixMs(at), ..group(id) })).await;
    }
    let room = Group { kind: GroupKind::Room, ..group("5") };
    world.write(Write::PutGroup(room)).await;
    let period = Period { from: UnixMs(NOON), to: UnixMs(NOON + DAY_MS) };
    let growth = world.store.groups_made(period).await.unwrap();
    assert_eq!((growth.total, growth.before, growth.days), (4, 1, [(day, 2)].into()));
}

async fn a_list_changes_once_per_commit_however_many_of_its_elements_do(kind: Kind) {
    let world = kind.open();
    let log = || VersionLog::Members(group_id("g"));
    let mut commit = Commit::at(UnixMs(NOON));
    for number in 0..300 {
        let element = format!("u{number:03}");
        commit = commit.touch(log(), element.as_str(), Touch::Inserted).touch(
            VersionLog::Groups(user(&element)),
            "g",
            Touch::Inserted,
        );
    }
    let committed = world.store.commit(commit).await.unwrap();
    assert_eq!(committed.versions.len(), 301);
    assert_eq!(committed.version(&log()).unwrap().number, 2);
    let changes = world.store.list_changes(&log(), 1, 300).await.unwrap();
    assert_eq!(changes.changed.map(|all| all.len()), Some(300));
}

async fn a_password_belongs_to_one_user_in_any_letter_case(kind: Kind) {
    let world = kind.open();
    let put = |who, hash: &str| Write::PutPassword { user: user(who), hash: hash.into() };
    world.write(Write::PutUser(someone("Alice"))).await;
    assert_eq!(world.store.password(&user("Alice")).await.unwrap(), None);
    world.commit(Commit::at(UnixMs(NOON)).write(put("Alice", "1")).write(put("bob", "2"))).await;
    world.write(put("ALICE", "3")).await;
    let refused = Commit::at(UnixMs(NOON)).require(Require::NoUser(user("alice"))).write(put("alice", "4"));
    world.store.commit(refused).await.unwrap_err();
    let world = world.reopen().await;
    assert_eq!(world.store.password(&user("alice")).await.unwrap(), Some("3".into()));
    assert_eq!(world.store.password(&user("BOB")).await.unwrap(), Some("2".into()));
    assert_eq!(world.store.password(&user("none")).await.unwrap(), None);
}
