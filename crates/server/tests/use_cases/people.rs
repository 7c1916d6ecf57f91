//! Users, tokens, groups, blocks.

use std::time::Duration;

use ringback_model::command::{Command, Outcome};
use ringback_model::failure::{Failure, RefusalCode};
use ringback_model::record::{Record, RecordKey};
use ringback_model::user::{AccountLevel, LoginPolicy, Platform, User};

use crate::world::{World, group, new_user, refused, user};

async fn token(world: &World, name: &str) -> String {
    let command = Command::UserToken { user: user(name), platform: Platform::WEB };
    match world.admin(command).await.unwrap() {
        Outcome::Token { text, .. } => text.into_text(),
        other => panic!("a token request is answered with {other:?}"),
    }
}

fn code<T: std::fmt::Debug>(result: Result<T, Failure>) -> RefusalCode {
    refused(result)
}

#[tokio::test]
async fn ids_are_unique_whatever_their_case() {
    let world = World::new().await;
    let again = Command::RegisterUsers { users: vec![new_user("dave"), new_user("ALICE")] };
    assert_eq!(code(world.admin(again).await), RefusalCode::AlreadyRegistered);
    let Outcome::Users(found) =
        world.by("bob", Command::Users { ids: vec![user("dave"), user("alice")] }).await.unwrap()
    else {
        panic!("users")
    };
    assert_eq!(found.len(), 1, "all or none: dave was not registered");
    let twice = Command::RegisterUsers { users: vec![new_user("eve"), new_user("Eve")] };
    assert_eq!(code(world.admin(twice).await), RefusalCode::BadArgument);
    for odd in
        [User { receive_option: 99, ..new_user("eve") }, User { level: AccountLevel(-7), ..new_user("eve") }]
    {
        let odd = Command::RegisterUsers { users: vec![new_user("dan"), odd] };
        assert_eq!(code(world.admin(odd).await), RefusalCode::BadArgument);
    }
    assert!(world.store.users(&[user("dan")]).await.unwrap()[0].is_none(), "all or none");
    let by_bob = Command::RegisterUsers { users: vec![new_user("eve")] };
    assert_eq!(code(world.by("bob", by_bob).await), RefusalCode::NoPermission);
}

#[tokio::test]
async fn a_new_token_takes_the_older_one_away() {
    let world = World::new().await;
    let first = token(&world, "alice").await;
    assert_eq!(world.im.authenticate(&first).await.unwrap().user, user("alice"));
    let second = token(&world, "alice").await;
    assert_eq!(code(world.im.authenticate(&first).await), RefusalCode::TokenKicked);
    assert!(!world.im.authenticate(&second).await.unwrap().admin);
    world.admin(Command::ForceLogout { user: user("alice"), platform: Platform::WEB }).await.unwrap();
    assert_eq!(code(world.im.authenticate(&second).await), RefusalCode::TokenKicked);
    assert_eq!(*world.sessions.kicked.lock().unwrap(), [(user("alice"), Platform::WEB)]);
}

#[tokio::test]
async fn the_policy_says_which_tokens_a_new_one_takes_away() {
    // On a phone, a browser, two desktops and another phone, in this order: those that are good in the end.
    for (policy, good) in [
        (LoginPolicy::OnePerPlatform, [true, true, true, true, true]),
        (LoginPolicy::OnePerClass, [false, true, false, true, true]),
        (LoginPolicy::DesktopsAndOne, [false, false, true, true, true]),
        (LoginPolicy::Unlimited, [true, true, true, true, true]),
    ] {
        let world = World::of_policy(policy).await;
        let mut texts = Vec::new();
        for platform in [1, 5, 3, 7, 2] {
            let command = Command::UserToken { user: user("alice"), platform: Platform(platform) };
            let Outcome::Token { text, .. } = world.admin(command).await.unwrap() else { panic!("a token") };
            texts.push(text.into_text());
        }
        for (text, good) in texts.iter().zip(good) {
            assert_eq!(world.im.authenticate(text).await.is_ok(), good, "{policy:?} {text}");
        }
        let again = token(&world, "alice").await;
        token(&world, "alice").await;
        let stays = policy == LoginPolicy::Unlimited;
        assert_eq!(world.im.authenticate(&again).await.is_ok(), stays, "{policy:?}");
    }
}

#[tokio::test]
async fn an_administrator_who_is_logged_out_needs_a_new_token() {
    let world = World::new().await;
    let new_token = async || {
        let command = Command::AdminToken { secret: "hush".into(), user: user("root") };
        match world.ask(command).await.unwrap() {
            Outcome::Token { text, .. } => text.into_text(),
            other => panic!("{other:?}"),
        }
    };
    let before = new_token().await;
    assert!(world.im.authenticate(&before).await.unwrap().admin);
    world.clock.advance(Duration::from_secs(2));
    world.admin(Command::ForceLogout { user: user("root"), platform: Platform::ADMIN }).await.unwrap();
    assert_eq!(code(world.im.authenticate(&before).await), RefusalCode::TokenKicked);
    world.clock.advance(Duration::from_secs(1));
    assert!(world.im.authenticate(&new_token().await).await.unwrap().admin);
    let kept = world.store.records(&[RecordKey::admin_logout(&user("root"))]).await.unwrap();
    assert!(matches!(kept[0], Some(Record::AdminLogout(_))), "a restart knows it");
}

#[tokio::test]
async fn tokens_end_and_foreign_ones_do_not_count() {
    let world = World::new().await;
    let mine = token(&world, "alice").await;
    world.clock.advance(Duration::from_secs(3601));
    assert_eq!(code(world.im.authenticate(&mine).await), RefusalCode::TokenExpired);
    let forged = "other-id/alice/5/9000000000000";
    assert_eq!(code(world.im.authenticate(forged).await), RefusalCode::TokenNotIssued);
    assert_eq!(code(world.im.authenticate("nonsense").await), RefusalCode::TokenMalformed);
}

#[tokio::test]
async fn the_secret_buys_an_administrators_token() {
    let world = World::new().await;
    let ask = |secret: &str, name: &str| Command::AdminToken { secret: secret.into(), user: user(name) };
    let Outcome::Token { text, valid_s } = world.call(None, ask("hush", "root")).await.unwrap().outcome
    else {
        panic!("a token")
    };
    assert_eq!(valid_s, 3600);
    assert!(world.im.authenticate(text.reveal()).await.unwrap().admin);
    assert_eq!(code(world.call(None, ask("wrong", "root")).await), RefusalCode::NoPermission);
    assert_eq!(code(world.call(None, ask("hush", "alice")).await), RefusalCode::BadArgument);
    let for_admin = Command::UserToken { user: user("root"), platform: Platform::WEB };
    assert_eq!(code(world.admin(for_admin).await), RefusalCode::NoPermission);
    let without = Command::OnlineStatus { ids: vec![] };
    assert_eq!(code(world.call(None, without).await), RefusalCode::TokenMalformed);
}

#[tokio::test]
async fn groups_grow_by_invitation() {
    let world = World::new().await;
    let crew = world.group_of("alice", &["bob"]).await;
    assert!((2..=18).contains(&crew.as_str().len()) && crew.as_str().bytes().all(|b| b.is_ascii_digit()));
    let invite = |group, names: &[&str]| Command::Invite {
        group,
        users: names.iter().map(|name| user(name)).collect(),
        reason: String::new(),
        said: true,
    };
    assert_eq!(code(world.by("carol", invite(crew.clone(), &["carol"])).await), RefusalCode::NoPermission);
    assert_eq!(code(world.by("bob", invite(crew.clone(), &["nobody"])).await), RefusalCode::UserNotFound);
    world.by("bob", invite(crew.clone(), &["carol"])).await.unwrap();
    assert_eq!(code(world.by("bob", invite(crew.clone(), &["carol"])).await), RefusalCode::BadArgument);
    assert_eq!(code(world.by("bob", invite(group("404"), &["carol"])).await), RefusalCode::GroupNotFound);
    let Outcome::Groups(groups) = world.by("bob", Command::Groups { ids: vec![crew] }).await.unwrap() else {
        panic!("groups")
    };
    assert_eq!(groups[0].member_count, 3);
}

#[tokio::test]
async fn a_block_is_set_once_and_lifted_often() {
    let world = World::new().await;
    let block = Command::Block { owner: user("alice"), blocked: user("bob"), ex: String::new() };
    assert_eq!(code(world.by("bob", block.clone()).await), RefusalCode::NoPermission);
    world.by("alice", block.clone()).await.unwrap();
    assert_eq!(code(world.by("alice", block).await), RefusalCode::Duplicate);
    for _ in 0..2 {
        let unblock = Command::Unblock { owner: user("alice"), blocked: user("bob") };
        world.by("alice", unblock).await.unwrap();
    }
}
