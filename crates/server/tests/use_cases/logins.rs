//! Tokens that an app's id and secret, another token, or a password buys.

use std::sync::atomic::Ordering;
use std::time::Duration;

use ringback_model::app::AppKeys;
use ringback_model::command::{Account, Command, Outcome};
use ringback_model::failure::{Failure, Refusal, RefusalCode};
use ringback_model::limits;
use ringback_model::ports::Clock as _;
use ringback_model::time::UnixMs;
use ringback_model::user::{AccountLevel, Platform, User};

use crate::world::{World, new_user, refused, user};

const NOW: i64 = 1_800_000_000_000;

/// What a login brought: text, end, seconds, whose.
type Login = (String, UnixMs, i64, Option<User>);

fn login(outcome: Outcome) -> Login {
    match outcome {
        Outcome::Login { text, expires_at, valid_s, user } => (text.into_text(), expires_at, valid_s, user),
        other => panic!("a login is answered with {other:?}"),
    }
}

fn refusal<T: std::fmt::Debug>(result: Result<T, Failure>) -> Refusal {
    match result {
        Err(Failure::Refused(refusal)) => refusal,
        other => panic!("a refusal was expected, this came: {other:?}"),
    }
}

fn client(id: &str, secret: &str, ttl_s: Option<u64>) -> Command {
    Command::AppToken { client_id: id.to_owned(), client_secret: secret.into(), ttl_s }
}

fn password(name: &str, password: &str) -> Command {
    Command::PasswordToken { user: user(name), password: password.into(), ttl_s: None }
}

fn inherit(name: &str, create: bool) -> Command {
    Command::InheritToken { user: user(name), create, ttl_s: Some(60) }
}

impl World {
    pub(crate) async fn ask(&self, command: Command) -> Result<Outcome, Failure> {
        self.call(None, command).await.map(|done| done.outcome)
    }

    async fn account(&self, name: &str, password: Option<&str>) {
        let account = Account { user: new_user(name), password: password.map(Into::into) };
        self.admin(Command::RegisterAccounts { accounts: vec![account] }).await.unwrap();
    }
}

#[tokio::test]
async fn id_and_secret_buy_an_app_token_that_acts_as_the_first_administrator() {
    let world = World::new().await;
    let (text, ends, valid_s, whose) = login(world.ask(client("app-1", "app-secret", None)).await.unwrap());
    assert_eq!((ends, valid_s), (UnixMs(NOW + 7_200_000), 7200));
    assert!(whose.is_none());
    let actor = world.im.authenticate(&text).await.unwrap();
    assert!(actor.admin);
    assert_eq!((actor.user, actor.platform, actor.expires_at), (user("root"), Platform::ADMIN, ends));
    let Outcome::TokenFacts { user: whose, platform, expires_at_s } =
        world.ask(Command::ParseToken { token: text.as_str().into() }).await.unwrap()
    else {
        panic!("facts")
    };
    assert_eq!((whose, platform, expires_at_s), (user("root"), Platform::ADMIN, ends.seconds()));
    world.clock.advance(Duration::from_secs(7200));
    assert_eq!(refused(world.im.authenticate(&text).await), RefusalCode::TokenExpired);
}

#[tokio::test]
async fn a_wrong_id_or_secret_buys_nothing() {
    let world = World::new().await;
    for (id, secret, says) in [
        ("app-2", "app-secret", "client_id does not match"),
        ("app-1", "app-secret ", "client_secret does not match"),
        ("app-1", "", "client_secret does not match"),
    ] {
        let said = refusal(world.ask(client(id, secret, None)).await);
        assert_eq!((said.code, said.detail.as_str()), (RefusalCode::BadCredentials, says));
    }
    let without = World::with(AppKeys::default()).await;
    let said = refusal(without.ask(client("", "", None)).await);
    assert_eq!(said.code, RefusalCode::BadCredentials);
    assert!(said.detail.contains("app.client_id"), "{}", said.detail);
}

#[tokio::test]
async fn a_caller_may_say_how_long_a_token_is_to_last() {
    let world = World::new().await;
    let century = 100 * 365 * 24 * 3600;
    for (asked, lasts) in [(Some(60), 60), (Some(0), century), (Some(u64::MAX), century), (None, 7200)] {
        let (_, ends, valid_s, _) = login(world.ask(client("app-1", "app-secret", asked)).await.unwrap());
        assert_eq!((valid_s, ends.0), (lasts, NOW + lasts * 1000), "{asked:?}");
    }
}

#[tokio::test]
async fn an_exchanged_token_ends_with_the_one_it_came_from() {
    let world = World::new().await;
    // The test's administrator has a token that ends after a minute.
    let (text, ends, valid_s, whose) = login(world.admin(Command::ExchangeToken).await.unwrap());
    assert_eq!((ends, valid_s), (UnixMs(NOW + 60_000), 60));
    assert!(whose.is_none());
    assert!(world.im.authenticate(&text).await.unwrap().admin);
    assert_eq!(refused(world.by("bob", Command::ExchangeToken).await), RefusalCode::NoPermission);
    assert_eq!(refused(world.ask(Command::ExchangeToken).await), RefusalCode::TokenMalformed);
}

#[tokio::test]
async fn a_password_buys_a_token_and_several_are_valid_at_once() {
    let world = World::new().await;
    world.account("Dave", Some("pass word")).await;
    let (first, _, valid_s, whose) = login(world.ask(password("dave", "pass word")).await.unwrap());
    assert_eq!((whose.unwrap().id, valid_s), (user("Dave"), 7200));
    let (second, ..) = login(world.ask(password("DAVE", "pass word")).await.unwrap());
    for text in [&first, &second] {
        let actor = world.im.authenticate(text).await.unwrap();
        assert_eq!((actor.user, actor.platform, actor.admin), (user("Dave"), Platform::ANY, false));
    }
    assert_eq!(refused(world.ask(password("dave", "wrong")).await), RefusalCode::BadCredentials);
    assert_eq!(refused(world.ask(password("dave", "")).await), RefusalCode::BadCredentials);
}

#[tokio::test]
async fn unknown_users_and_those_without_a_password_cost_as_much_work_as_others() {
    let world = World::new().await;
    world.account("dave", Some("right")).await;
    let cases = [
        ("dave", RefusalCode::BadCredentials, "invalid password"),
        ("alice", RefusalCode::BadCredentials, "invalid password"),
        ("nobody", RefusalCode::UserNotFound, "user not found"),
    ];
    for (name, code, says) in cases {
        let before = world.passwords.worked.load(Ordering::Relaxed);
        let said = refusal(world.ask(password(name, "guess")).await);
        assert_eq!((said.code, said.detail.as_str()), (code, says), "{name}");
        assert_eq!(world.passwords.worked.load(Ordering::Relaxed), before + 1, "{name}");
    }
}

#[tokio::test]
async fn an_administrator_gets_tokens_for_users_and_registers_new_ones() {
    let world = World::new().await;
    let (text, _, valid_s, whose) = login(world.admin(inherit("ALICE", false)).await.unwrap());
    assert_eq!((whose.unwrap().id, valid_s), (user("alice"), 60));
    assert_eq!(world.im.authenticate(&text).await.unwrap().user, user("alice"));
    let said = refusal(world.admin(inherit("eve", false)).await);
    assert_eq!((said.code, said.detail.as_str()), (RefusalCode::UserNotFound, "user not found"));
    let (text, .., whose) = login(world.admin(inherit("eve", true)).await.unwrap());
    let eve = whose.unwrap();
    assert_eq!((eve.id, eve.created_at), (user("eve"), UnixMs(NOW)));
    assert_eq!(world.im.authenticate(&text).await.unwrap().user, user("eve"));
    assert_eq!(refused(world.by("bob", inherit("carol", false)).await), RefusalCode::NoPermission);
}

#[tokio::test]
async fn administrators_and_notification_accounts_get_no_such_token() {
    let world = World::new().await;
    let mut news = new_user("news");
    news.level = AccountLevel::NOTIFICATION;
    let account = Account { user: news, password: Some("word".into()) };
    world.admin(Command::RegisterAccounts { accounts: vec![account] }).await.unwrap();
    assert_eq!(refused(world.admin(inherit("news", false)).await), RefusalCode::BadArgument);
    assert_eq!(refused(world.ask(password("news", "word")).await), RefusalCode::BadArgument);
    assert_eq!(refused(world.admin(inherit("root", false)).await), RefusalCode::NoPermission);
}

#[tokio::test]
async fn a_logout_everywhere_takes_tokens_without_a_platform_away_and_one_elsewhere_does_not() {
    let world = World::new().await;
    let (text, ..) = login(world.admin(inherit("alice", false)).await.unwrap());
    let on_web = Command::UserToken { user: user("alice"), platform: Platform::WEB };
    let Outcome::Token { text: web, .. } = world.admin(on_web).await.unwrap() else { panic!("a token") };
    let logout = |platform| Command::ForceLogout { user: user("alice"), platform };
    world.admin(logout(Platform::WEB)).await.unwrap();
    assert_eq!(refused(world.im.authenticate(web.reveal()).await), RefusalCode::TokenKicked);
    assert!(world.im.authenticate(&text).await.is_ok());
    world.admin(logout(Platform::ANY)).await.unwrap();
    assert_eq!(refused(world.im.authenticate(&text).await), RefusalCode::TokenKicked);
    let kicked = world.sessions.kicked.lock().unwrap().clone();
    let everywhere = (0..=11).map(|number| (user("alice"), Platform(number)));
    let expected: Vec<_> = std::iter::once((user("alice"), Platform::WEB)).chain(everywhere).collect();
    assert_eq!(kicked, expected);
    assert_eq!(refused(world.admin(logout(Platform(12))).await), RefusalCode::BadArgument);
}

#[tokio::test]
async fn a_user_holds_a_bounded_number_of_tokens() {
    let world = World::new().await;
    let mut texts = Vec::new();
    for _ in 0..=limits::TOKENS_PER_USER {
        texts.push(login(world.admin(inherit("alice", false)).await.unwrap()).0);
        world.clock.advance(Duration::from_millis(1));
    }
    assert_eq!(refused(world.im.authenticate(&texts[0]).await), RefusalCode::TokenNotIssued);
    for text in &texts[1..] {
        assert!(world.im.authenticate(text).await.is_ok());
    }
    let now = world.clock.now();
    let held = world.store.tokens(&user("alice"), Platform::ANY, now).await.unwrap();
    assert_eq!(held.len(), limits::TOKENS_PER_USER);
}

#[tokio::test]
async fn a_token_that_needs_no_record_is_for_registered_users_only() {
    let world = World::new().await;
    let ends = NOW + 60_000;
    let signed = |name: &str, platform: i32| format!("id/{name}/{platform}/{ends}/signed");
    let actor = world.im.authenticate(&signed("Bob", 0)).await.unwrap();
    assert_eq!((actor.user, actor.admin, actor.expires_at), (user("bob"), false, UnixMs(ends)));
    let said = refusal(world.im.authenticate(&signed("nobody", 0)).await);
    assert_eq!(said.code, RefusalCode::TokenNotIssued);
    assert!(said.detail.contains("nobody"), "{}", said.detail);
    // Being an administrator takes the administrators' platform.
    assert!(!world.im.authenticate(&signed("root", 0)).await.unwrap().admin);
    assert!(!world.im.authenticate(&signed("alice", 10)).await.unwrap().admin);
    assert!(world.im.authenticate(&signed("root", 10)).await.unwrap().admin);
}
