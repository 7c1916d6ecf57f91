//! Profiles change and everybody who shows them learns that; what users keep; accounts of the app.

use std::collections::BTreeMap;
use std::time::Duration;

use ringback_model::action::{Action, UserAction, UserEdit};
use ringback_model::command::{
    Account, Command, FavouriteChange, FavouriteName, FriendCommand, NewFavourite, Outcome, UserCommand,
    UserOutcome,
};
use ringback_model::conversation::Target;
use ringback_model::event::EventKind;
use ringback_model::failure::{Failure, RefusalCode};
use ringback_model::ids::UserId;
use ringback_model::limits;
use ringback_model::notice::{FriendNotice, GroupNews, Notice, UserNotice};
use ringback_model::page::{Page, UserFilter};
use ringback_model::statistics::Period;
use ringback_model::time::UnixMs;
use ringback_model::user::{AccountLevel, User};
use ringback_model::version::{Version, VersionLog};

use crate::world::{World, draft, new_user, refused, user};

const ALL: Page = Page { skip: 0, limit: 1000 };

fn edit(of: &str) -> UserEdit {
    UserEdit { user: user(of), whole: false, nickname: None, face_url: None, ex: None, receive_option: None }
}

async fn by(world: &World, name: &str, command: UserCommand) -> Result<Outcome, Failure> {
    world.by(name, Command::User(command)).await
}

async fn admin(world: &World, command: UserCommand) -> Result<UserOutcome, Failure> {
    match world.admin(Command::User(command)).await? {
        Outcome::OfUser(outcome) => Ok(outcome),
        other => panic!("{other:?}"),
    }
}

async fn profile(world: &World, name: &str) -> User {
    world.store.users(&[user(name)]).await.unwrap().remove(0).unwrap()
}

async fn versions(world: &World, logs: &[VersionLog]) -> Vec<u64> {
    let found: Vec<Version> = world.store.list_versions(logs).await.unwrap();
    found.into_iter().map(|version| version.number).collect()
}

async fn befriend(world: &World, owner: &str, friends: Vec<UserId>) {
    let command = FriendCommand::Import { owner: user(owner), friends };
    world.admin(Command::Friend(command)).await.unwrap();
}

/// Notices that were pushed since the last look, with their recipients.
fn noticed(world: &World) -> Vec<(String, Notice)> {
    let pushed = std::mem::take(&mut *world.sessions.notices.lock().unwrap());
    let notices = pushed.into_iter().filter_map(|(message, users)| {
        let names: Vec<String> = users.iter().map(ToString::to_string).collect();
        Some((names.join(" "), Notice::read(&message.content)?))
    });
    notices.collect()
}

#[tokio::test]
async fn everybody_who_shows_a_profile_learns_that_it_changed() {
    let world = World::new().await;
    befriend(&world, "alice", vec![user("bob")]).await;
    let crew = world.group_of("alice", &["carol"]).await;
    let logs =
        [VersionLog::Friends(user("bob")), VersionLog::Members(crew), VersionLog::Friends(user("alice"))];
    let before = versions(&world, &logs).await;
    noticed(&world);
    let named = UserEdit { nickname: Some("Ally".to_owned()), ..edit("alice") };
    by(&world, "alice", UserCommand::Edit(named)).await.unwrap();
    assert_eq!(profile(&world, "alice").await.nickname, "Ally");
    let after = versions(&world, &logs).await;
    assert_eq!(after, [before[0] + 1, before[1] + 1, before[2]]);
    let alice = || user("alice");
    assert_eq!(
        noticed(&world),
        [
            ("alice".to_owned(), Notice::User(UserNotice::Edited(alice()))),
            ("bob".to_owned(), Notice::Friend(FriendNotice::ProfileChanged { user: alice() })),
        ]
    );
    // Those in the group are told a moment later, with where its list stands: devices that are online show it.
    tokio::time::sleep(Duration::from_millis(20)).await;
    let told = noticed(&world);
    let Some((members, Notice::Group(notice))) = told.last() else { panic!("{told:?}") };
    assert_eq!((members.as_str(), notice.version.number), ("alice carol", after[1]));
    let GroupNews::MemberEdited { member, role: false } = &notice.news else { panic!("{:?}", notice.news) };
    assert_eq!((member.user.as_str(), member.nickname.as_str()), ("alice", "Ally"));
    let told = world.deeds().await.pop().unwrap();
    assert!(matches!(told, Action::User(UserAction::Edit(edit)) if edit.nickname.as_deref() == Some("Ally")));

    by(&world, "alice", UserCommand::Edit(UserEdit { ex: Some("x".to_owned()), ..edit("alice") }))
        .await
        .unwrap();
    let third = versions(&world, &logs).await;
    assert_eq!(third, [after[0] + 1, after[1], after[2]], "groups do not show it");
    let done = world.deeds().await.len();
    by(&world, "alice", UserCommand::ReceiveOption { user: alice(), option: 2 }).await.unwrap();
    assert_eq!(profile(&world, "alice").await.receive_option, 2);
    assert_eq!(versions(&world, &logs).await, third);
    assert_eq!(world.deeds().await.len(), done, "no rule is told");
}

#[tokio::test]
async fn more_friends_than_one_commit_takes_all_learn_it() {
    let world = World::new().await;
    let names: Vec<String> =
        (0..limits::LISTS_PER_COMMIT + 7).map(|number| format!("f{number:04}")).collect();
    let users = names.iter().map(|name| new_user(name)).collect();
    world.admin(Command::RegisterUsers { users }).await.unwrap();
    let friends: Vec<UserId> = names.iter().map(|name| user(name)).collect();
    befriend(&world, "alice", friends.clone()).await;
    let logs: Vec<VersionLog> = friends.into_iter().map(VersionLog::Friends).collect();
    noticed(&world);
    let named = UserEdit { face_url: Some("a.png".to_owned()), ..edit("alice") };
    by(&world, "alice", UserCommand::Edit(named)).await.unwrap();
    assert_eq!(versions(&world, &logs).await, vec![3; logs.len()], "each list was raised once more");
    let told = noticed(&world).into_iter().filter(|(_, notice)| matches!(notice, Notice::Friend(_))).count();
    assert_eq!(told, logs.len(), "each friend was told once");
}

#[tokio::test]
async fn empty_texts_stay_or_empty_as_the_caller_means_them() {
    let world = World::new().await;
    let first = UserEdit {
        whole: true,
        nickname: Some("Ally".to_owned()),
        face_url: Some("a.png".to_owned()),
        ex: Some(String::new()),
        receive_option: None,
        ..edit("alice")
    };
    by(&world, "alice", UserCommand::Edit(first.clone())).await.unwrap();
    let emptied = UserEdit { nickname: Some(String::new()), ex: Some("x".to_owned()), ..first };
    by(&world, "alice", UserCommand::Edit(emptied.clone())).await.unwrap();
    let found = profile(&world, "alice").await;
    assert_eq!((found.nickname.as_str(), found.ex.as_str()), ("Ally", "x"));
    by(&world, "alice", UserCommand::Edit(UserEdit { whole: false, ..emptied })).await.unwrap();
    assert_eq!(profile(&world, "alice").await.nickname, "");
    let odd = UserEdit { receive_option: Some(3), ..edit("alice") };
    assert_eq!(refused(by(&world, "alice", UserCommand::Edit(odd)).await), RefusalCode::BadArgument);
    let foreign = UserCommand::Edit(edit("alice"));
    assert_eq!(refused(by(&world, "bob", foreign).await), RefusalCode::NoPermission);
    let ghost = world.admin(Command::User(UserCommand::Edit(edit("ghost")))).await;
    assert_eq!(refused(ghost), RefusalCode::UserNotFound);
}

#[tokio::test]
async fn rules_say_what_a_profile_becomes_but_not_whose_it_is() {
    let world = World::new().await;
    world.gate.opine(EventKind::UserEditing, |action| {
        if let Action::User(UserAction::Edit(edit)) = action {
            edit.user = user("bob");
            edit.nickname = edit.nickname.take().map(|name| format!("{name} (trial)"));
        }
        Ok(())
    });
    let named = UserEdit { nickname: Some("Ally".to_owned()), ..edit("alice") };
    by(&world, "alice", UserCommand::Edit(named)).await.unwrap();
    assert_eq!(profile(&world, "alice").await.nickname, "Ally (trial)");
    assert_eq!(profile(&world, "bob").await.nickname, "bob");
}

#[tokio::test]
async fn registrations_are_asked_about_and_told_whichever_way_they_come() {
    let world = World::new().await;
    world.gate.opine(EventKind::UsersRegistering, |action| {
        if let Action::User(UserAction::Register(registration)) = action {
            for one in &mut registration.users {
                one.nickname = format!("{} (new)", one.nickname);
            }
        }
        Ok(())
    });
    world.admin(Command::RegisterUsers { users: vec![new_user("dave")] }).await.unwrap();
    let account = |name: &str| Account { user: new_user(name), password: Some(name.into()) };
    let accounts = vec![account("alice"), account("eve")];
    world.admin(Command::RegisterAccounts { accounts }).await.unwrap();
    let inherit = Command::InheritToken { user: user("fay"), create: true, ttl_s: None };
    world.admin(inherit).await.unwrap();
    for name in ["dave", "eve", "fay"] {
        assert_eq!(profile(&world, name).await.nickname, format!("{name} (new)"));
    }
    assert_eq!(world.store.password(&user("eve")).await.unwrap(), Some("hash of eve".into()));
    let told: Vec<String> = world
        .deeds()
        .await
        .into_iter()
        .map(|action| match action {
            Action::User(UserAction::Register(registration)) => registration.users[0].id.to_string(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(told, ["dave", "eve", "fay"]);
    let asked = world.gate.asked.lock().unwrap().len();
    let again = Command::RegisterUsers { users: vec![new_user("DAVE")] };
    assert_eq!(refused(world.admin(again).await), RefusalCode::AlreadyRegistered);
    assert_eq!(world.gate.asked.lock().unwrap().len(), asked, "who exists is not asked about");
    world.gate.opine(EventKind::UsersRegistering, |action| {
        if let Action::User(UserAction::Register(registration)) = action {
            registration.users.push(new_user("alice"));
        }
        Ok(())
    });
    let both = Command::RegisterUsers { users: vec![new_user("gus")] };
    assert_eq!(refused(world.admin(both).await), RefusalCode::CallbackUnusable);
    assert_eq!(world.store.users(&[user("gus")]).await.unwrap(), [None], "all or none");
}

#[tokio::test]
async fn small_things_are_kept_once_and_told_to_their_owner() {
    let world = World::new().await;
    let name = || FavouriteName { user: user("alice"), kind: 1, id: "n".to_owned() };
    let new = || {
        UserCommand::AddFavourite(NewFavourite { name: name(), value: "v".to_owned(), ex: "e".to_owned() })
    };
    assert_eq!(refused(by(&world, "bob", new()).await), RefusalCode::NoPermission);
    by(&world, "alice", new()).await.unwrap();
    assert_eq!(refused(by(&world, "alice", new()).await), RefusalCode::Duplicate);
    let change =
        UserCommand::ChangeFavourite(FavouriteChange { name: name(), value: Some("w".to_owned()), ex: None });
    by(&world, "alice", change.clone()).await.unwrap();
    let kept =
        async |kind| match by(&world, "alice", UserCommand::Favourites { user: user("alice"), kind }).await {
            Ok(Outcome::OfUser(UserOutcome::Favourites(kept))) => kept,
            other => panic!("{other:?}"),
        };
    let found = kept(Some(1)).await;
    assert_eq!((found[0].value.as_str(), found[0].ex.as_str()), ("w", "e"));
    assert_eq!((kept(Some(2)).await.len(), kept(None).await.len()), (0, 1));
    by(&world, "alice", UserCommand::RemoveFavourite(name())).await.unwrap();
    assert_eq!(
        refused(by(&world, "alice", UserCommand::RemoveFavourite(name())).await),
        RefusalCode::NotFound
    );
    assert_eq!(refused(by(&world, "alice", change).await), RefusalCode::NotFound);
    let alice = || user("alice");
    let told: Vec<Notice> = noticed(&world).into_iter().map(|(_, notice)| notice).collect();
    let of = [
        UserNotice::FavouriteAdded(alice()),
        UserNotice::FavouriteChanged(alice()),
        UserNotice::FavouriteRemoved(alice()),
    ];
    assert_eq!(told, of.map(Notice::User));
}

#[tokio::test]
async fn accounts_of_the_app_have_their_own_register() {
    let world = World::new().await;
    let add = |id: Option<&str>, level| UserCommand::AddNoticeAccount {
        id: id.map(user),
        nickname: "News".to_owned(),
        face_url: String::new(),
        level: AccountLevel(level),
    };
    let UserOutcome::Account(made) = admin(&world, add(None, 3)).await.unwrap() else { panic!("an account") };
    assert!(made.id.as_str().len() == 10 && made.id.as_str().bytes().all(|byte| byte.is_ascii_digit()));
    admin(&world, add(Some("robot"), 4)).await.unwrap();
    for (command, code) in
        [(add(Some("ROBOT"), 3), RefusalCode::BadArgument), (add(Some("low"), 2), RefusalCode::BadArgument)]
    {
        assert_eq!(refused(admin(&world, command).await), code);
    }
    let change = |id: &str, nickname: &str| UserCommand::ChangeNoticeAccount {
        id: user(id),
        nickname: nickname.to_owned(),
        face_url: String::new(),
    };
    world.admin(Command::User(change("robot", "Helper"))).await.unwrap();
    for (id, nickname) in [("robot", ""), ("alice", "x"), ("ghost", "x")] {
        let refusal = refused(world.admin(Command::User(change(id, nickname))).await);
        assert_eq!(refusal, RefusalCode::BadArgument, "{id}");
    }
    let find =
        |word: &str, level| UserCommand::FindNoticeAccounts { word: word.to_owned(), level, page: ALL };
    let names = async |command| match admin(&world, command).await {
        Ok(UserOutcome::Found(found)) => {
            found.items.into_iter().map(|user| user.nickname).collect::<Vec<_>>()
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(names(find("HELP", None)).await, ["Helper"]);
    assert_eq!(names(find("", None)).await.len(), 2);
    assert_eq!(names(find("", Some(3))).await, ["News"]);
    assert_eq!(refused(by(&world, "alice", find("", None)).await), RefusalCode::NoPermission);
    assert_eq!(world.deeds().await, [], "no rule is asked or told");
}

#[tokio::test]
async fn clients_are_told_what_holds_for_all_and_for_them() {
    let world = World::new().await;
    let set = |of: Option<&str>, key: &str, value: &str| UserCommand::SetClientSettings {
        user: of.map(user),
        settings: vec![(key.to_owned(), value.to_owned())],
    };
    for command in
        [set(None, "theme", "dark"), set(None, "sound", "on"), set(Some("alice"), "theme", "light")]
    {
        world.admin(Command::User(command)).await.unwrap();
    }
    let told =
        async |name: &str| match by(&world, name, UserCommand::ClientSettings { user: user(name) }).await {
            Ok(Outcome::OfUser(UserOutcome::ClientSettings(found))) => found
                .items
                .into_iter()
                .map(|one| format!("{}={}", one.key, one.value))
                .collect::<Vec<_>>()
                .join(" "),
            other => panic!("{other:?}"),
        };
    assert_eq!(told("alice").await, "sound=on theme=light");
    assert_eq!(told("bob").await, "sound=on theme=dark");
    let find = |of: Option<&str>, key: &str| UserCommand::FindClientSettings {
        user: of.map(user),
        key: key.to_owned(),
        page: ALL,
    };
    for (command, count) in [
        (find(None, ""), 3),
        (find(None, "theme"), 2),
        (find(Some("alice"), ""), 1),
        (find(Some("alice"), "sound"), 0),
    ] {
        let UserOutcome::ClientSettings(found) = admin(&world, command).await.unwrap() else {
            panic!("found")
        };
        assert_eq!((found.total, found.items.len()), (count, usize::try_from(count).unwrap()));
    }
    let remove =
        UserCommand::RemoveClientSettings { user: None, keys: vec!["theme".to_owned(), "none".to_owned()] };
    world.admin(Command::User(remove)).await.unwrap();
    assert_eq!(told("bob").await, "sound=on");
    for (command, code) in [
        (set(Some("ghost"), "a", "b"), RefusalCode::NotFound),
        (set(None, "", "b"), RefusalCode::BadArgument),
    ] {
        assert_eq!(refused(world.admin(Command::User(command)).await), code);
    }
    assert_eq!(refused(by(&world, "alice", set(None, "a", "b")).await), RefusalCode::NoPermission);
}

#[tokio::test]
async fn users_are_found_and_counted() {
    let world = World::new().await;
    let find = UserCommand::Find {
        filter: UserFilter { id: "a".to_owned(), ..UserFilter::default() },
        page: Page { skip: 1, limit: 1 },
    };
    let Outcome::OfUser(UserOutcome::Found(found)) = by(&world, "bob", find).await.unwrap() else {
        panic!("users")
    };
    assert_eq!((found.total, found.items[0].id.as_str()), (2, "carol"));
    let exist = UserCommand::Exist { ids: vec![user("Alice"), user("ghost")] };
    let UserOutcome::Exist(exist) = admin(&world, exist).await.unwrap() else { panic!("who exists") };
    assert_eq!(exist, [(user("Alice"), true), (user("ghost"), false)]);
    let now = 1_800_000_000_000;
    let period = Period { from: UnixMs(now), to: UnixMs(now + 1) };
    let UserOutcome::Made(growth) = admin(&world, UserCommand::Made(period)).await.unwrap() else {
        panic!("counts")
    };
    let today = now / 86_400_000;
    assert_eq!((growth.total, growth.before, growth.days), (5, 0, BTreeMap::from([(today, 5)])));
    assert_eq!(refused(by(&world, "alice", UserCommand::Made(period)).await), RefusalCode::NoPermission);
    let crew = world.group_of("alice", &["bob"]).await;
    for (sender, target, text) in [
        ("alice", Target::User(user("bob")), "one"),
        ("alice", Target::User(user("bob")), "two"),
        ("bob", Target::User(user("alice")), "three"),
        ("bob", Target::Group(crew.clone()), "four"),
        ("bob", Target::Group(crew), "five"),
    ] {
        world.send(draft(sender, target, text)).await.unwrap();
    }
    let busy = |groups, ascending| UserCommand::Busy { period, groups, ascending, page: ALL };
    for (command, expected) in [
        (busy(false, false), vec![("alice", 2), ("bob", 1)]),
        (busy(true, true), vec![("alice", 2), ("bob", 3)]),
    ] {
        let UserOutcome::Busy { messages, users, days, busiest } = admin(&world, command).await.unwrap()
        else {
            panic!("who is busy")
        };
        let found: Vec<_> = busiest.iter().map(|(user, count)| (user.id.as_str(), *count)).collect();
        let all = expected.iter().map(|(_, count)| count).sum();
        assert_eq!((found, messages, users, days), (expected, all, 2, BTreeMap::from([(today, all)])));
    }
    let nobody = UserCommand::Platforms { ids: vec![] };
    let said = by(&world, "alice", nobody).await.unwrap();
    assert!(matches!(said, Outcome::OfUser(UserOutcome::Platforms(of_nobody)) if of_nobody.is_empty()));
}
