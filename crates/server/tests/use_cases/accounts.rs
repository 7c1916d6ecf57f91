//! Accounts: registered as far as they are new.

use std::sync::atomic::Ordering;

use ringback_model::command::{Account, Command, Outcome};
use ringback_model::failure::{Failure, RefusalCode};
use ringback_model::time::UnixMs;
use ringback_model::user::User;

use crate::world::{World, new_user, refused, user};

fn accounts(of: &[(&str, Option<&str>)]) -> Command {
    let account = |(name, password): &(&str, Option<&str>)| Account {
        user: new_user(name),
        password: password.map(Into::into),
    };
    Command::RegisterAccounts { accounts: of.iter().map(account).collect() }
}

async fn register(world: &World, of: &[(&str, Option<&str>)]) -> (Vec<User>, Vec<String>) {
    match world.admin(accounts(of)).await.unwrap() {
        Outcome::Registered { created, existing } => {
            (created, existing.iter().map(ToString::to_string).collect())
        }
        other => panic!("a registration is answered with {other:?}"),
    }
}

#[tokio::test]
async fn new_accounts_are_made_and_old_ones_left_alone() {
    let world = World::new().await;
    let (created, existing) =
        register(&world, &[("dave", Some("one")), ("ALICE", Some("stolen")), ("eve", None)]).await;
    let names: Vec<&str> = created.iter().map(|user| user.id.as_str()).collect();
    assert_eq!(names, ["dave", "eve"]);
    assert_eq!(created[0].created_at, UnixMs(1_800_000_000_000));
    assert_eq!(existing, ["ALICE"]);
    assert_eq!(world.store.password(&user("Dave")).await.unwrap(), Some("hash of one".into()));
    assert_eq!(world.store.password(&user("eve")).await.unwrap(), None);
    assert_eq!(
        world.store.password(&user("alice")).await.unwrap(),
        None,
        "hers is not to be set by a repeat"
    );
    assert_eq!(world.passwords.worked.load(Ordering::Relaxed), 1, "nothing is hashed for those who exist");
}

#[tokio::test]
async fn nobody_is_new_twice() {
    let world = World::new().await;
    let (created, existing) = register(&world, &[("dave", None)]).await;
    assert_eq!((created.len(), existing.len()), (1, 0));
    let (created, existing) = register(&world, &[("Dave", None)]).await;
    assert_eq!((created.len(), existing.len()), (0, 1));
}

#[tokio::test]
async fn registrations_at_the_same_time_make_each_account_once() {
    let world = World::new().await;
    let (one, other) = tokio::join!(
        register(&world, &[("dave", Some("a")), ("eve", Some("a")), ("fay", Some("a"))]),
        register(&world, &[("gus", Some("b")), ("EVE", Some("b")), ("dave", Some("b"))]),
    );
    let mut created: Vec<String> = one.0.iter().chain(&other.0).map(|user| user.id.folded()).collect();
    created.sort();
    assert_eq!(created, ["dave", "eve", "fay", "gus"]);
    assert_eq!(one.1.len() + other.1.len(), 2);
}

#[tokio::test]
async fn wrong_lists_are_refused_as_a_whole() {
    let world = World::new().await;
    let names: Vec<String> = (0..1001).map(|number| format!("user{number}")).collect();
    let too_many: Vec<(&str, Option<&str>)> = names.iter().map(|name| (name.as_str(), None)).collect();
    let cases: [&[(&str, Option<&str>)]; 4] =
        [&[], &[("eve", None), ("Eve", None)], &[("eve", Some("word")), ("fay", Some(""))], &too_many];
    for case in cases {
        assert_eq!(refused(world.admin(accounts(case)).await), RefusalCode::BadArgument, "{}", case.len());
    }
    let by_bob: Result<Outcome, Failure> = world.by("bob", accounts(&[("eve", None)])).await;
    assert_eq!(refused(by_bob), RefusalCode::NoPermission);
    assert!(world.store.users(&[user("eve"), user("user0")]).await.unwrap().iter().all(Option::is_none));
}
