//! Friends and blocks: asked, told, committed with their lists, noticed by devices.

use std::sync::Arc;

use ringback_model::action::{Action, FriendAction, FriendRemark};
use ringback_model::command::{Command, FriendCommand, FriendOutcome, Outcome};
use ringback_model::conversation::{ConversationId, Target};
use ringback_model::event::EventKind;
use ringback_model::failure::{Failure, Refusal, RefusalCode};
use ringback_model::ids::{LogPos, UserId};
use ringback_model::limits;
use ringback_model::message::Message;
use ringback_model::notice::{FriendNotice, Notice};
use ringback_model::page::Page;
use ringback_model::record::Handled;
use ringback_model::time::UnixMs;
use ringback_model::version::{Delta, Version};

use crate::world::{World, draft, new_user, refused, user};

const ALL: Page = Page { skip: 0, limit: 1000 };

fn ask(from: &str, to: &str) -> FriendCommand {
    FriendCommand::Ask { from: user(from), to: user(to), message: "hello".to_owned(), ex: String::new() }
}

fn answer(from: &str, to: &str, agree: bool) -> FriendCommand {
    FriendCommand::Answer { from: user(from), to: user(to), agree, message: "fine".to_owned() }
}

fn remove(owner: &str, friend: &str) -> FriendCommand {
    FriendCommand::Remove { owner: user(owner), friend: user(friend) }
}

fn remark(owner: &str, friend: &str, remark: &str) -> FriendCommand {
    FriendCommand::Remark { owner: user(owner), friend: user(friend), remark: remark.to_owned() }
}

fn update(owner: &str, friends: &[&str], pinned: Option<bool>, remark: Option<&str>) -> FriendCommand {
    FriendCommand::Update {
        owner: user(owner),
        friends: friends.iter().map(|name| user(name)).collect(),
        pinned,
        remark: remark.map(str::to_owned),
        ex: None,
    }
}

fn import(owner: &str, friends: &[&str]) -> FriendCommand {
    FriendCommand::Import { owner: user(owner), friends: friends.iter().map(|name| user(name)).collect() }
}

async fn by(world: &World, name: &str, command: FriendCommand) -> Result<Outcome, Failure> {
    world.by(name, Command::Friend(command)).await
}

async fn told(world: &World, name: &str, command: FriendCommand) -> FriendOutcome {
    match by(world, name, command).await {
        Ok(Outcome::OfFriend(outcome)) => outcome,
        other => panic!("{other:?}"),
    }
}

async fn befriend(world: &World, one: &str, other: &str) {
    by(world, one, ask(one, other)).await.unwrap();
    by(world, other, answer(one, other, true)).await.unwrap();
}

/// Names and remarks of everybody on a list.
async fn list(world: &World, owner: &str) -> Vec<(String, String)> {
    let FriendOutcome::Friends(found) =
        told(world, owner, FriendCommand::List { owner: user(owner), page: ALL }).await
    else {
        panic!("a list")
    };
    assert_eq!(found.total, found.items.len() as u64);
    found.items.into_iter().map(|one| (one.friend.friend.to_string(), one.friend.remark)).collect()
}

async fn names(world: &World, owner: &str) -> Vec<String> {
    list(world, owner).await.into_iter().map(|(name, _)| name).collect()
}

async fn ids(world: &World, owner: &str) -> (Version, Vec<UserId>) {
    match told(world, owner, FriendCommand::Ids { owner: user(owner), hash: 0 }).await {
        FriendOutcome::Ids { now, ids, .. } => (now, ids),
        other => panic!("{other:?}"),
    }
}

/// What changed since, as ids: deleted, inserted, updated; and whether the order did.
async fn changes(
    world: &World,
    owner: &str,
    since: Version,
) -> (Vec<String>, Vec<String>, Vec<String>, bool) {
    let known = Some(since);
    match told(world, owner, FriendCommand::Changes { owner: user(owner), known }).await {
        FriendOutcome::Changes(Delta { full: false, deleted, inserted, updated, order, .. }) => {
            let names = |shown: Vec<ringback_model::command::FriendShown>| {
                shown.into_iter().map(|one| one.friend.friend.to_string()).collect()
            };
            (deleted, names(inserted), names(updated), order > 0)
        }
        other => panic!("{other:?}"),
    }
}

/// Notices about friends that were pushed since the last look: who sent them, whose devices got them, what they say.
fn noticed(world: &World) -> Vec<(String, Vec<String>, FriendNotice)> {
    let pushed = std::mem::take(&mut *world.sessions.notices.lock().unwrap());
    let friendly = |(message, users): (Arc<Message>, Vec<UserId>)| match Notice::read(&message.content) {
        Some(Notice::Friend(notice)) if message.handling.aside => {
            Some((message.sender.to_string(), users.iter().map(ToString::to_string).collect(), notice))
        }
        _ => None,
    };
    pushed.into_iter().filter_map(friendly).collect()
}

fn refuses(code: i32) -> Refusal {
    let said = ringback_model::failure::CallbackRefusal {
        code: Some(code),
        text: "no".to_owned(),
        detail: String::new(),
        show: true,
    };
    Refusal::new(RefusalCode::ByCallback(said), "no")
}

#[tokio::test]
async fn two_become_friends_when_one_agrees() {
    let world = World::new().await;
    let (before, nobody) = ids(&world, "alice").await;
    assert_eq!((before.number, nobody), (1, vec![]));
    by(&world, "alice", ask("alice", "bob")).await.unwrap();
    let asked = noticed(&world);
    let [(sender, devices, FriendNotice::Asked(request))] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!((sender.as_str(), devices.join(" ")), ("alice", "bob alice".to_owned()));
    assert_eq!((request.request.handled, request.from_nickname.as_str()), (Handled::Open, "alice"));
    assert_eq!(ids(&world, "alice").await.0, before, "nobody is on a list yet");

    by(&world, "bob", answer("alice", "bob", true)).await.unwrap();
    assert_eq!(
        (names(&world, "alice").await, names(&world, "bob").await),
        (vec!["bob".into()], vec!["alice".into()])
    );
    let agreed = noticed(&world);
    let [(sender, devices, FriendNotice::Agreed(request))] = &agreed[..] else { panic!("{agreed:?}") };
    assert_eq!((sender.as_str(), devices.join(" ")), ("bob", "alice bob".to_owned()));
    let (now, _) = ids(&world, "alice").await;
    assert_eq!((request.version, now.number), (now, 2), "the notice names the version that the list has now");
    assert_eq!(changes(&world, "alice", before).await, (vec![], vec!["bob".into()], vec![], false));

    let chat = ConversationId::single(&user("alice"), &user("bob"));
    let said = world.pulled("alice", chat).await;
    let [(1, text)] = &said[..] else { panic!("it is said in the chat: {said:?}") };
    let content = ringback_model::message::Content {
        raw: text.clone(),
        ..Notice::User(ringback_model::notice::UserNotice::Edited(user("x"))).content()
    };
    assert!(matches!(Notice::read(&content), Some(Notice::Friend(FriendNotice::Agreed(_)))), "{text}");
    let done = world.deeds().await;
    let friendly: Vec<&Action> = done.iter().filter(|action| matches!(action, Action::Friend(_))).collect();
    let [Action::Friend(FriendAction::Ask(ask)), Action::Friend(FriendAction::Agree(yes))] = &friendly[..]
    else {
        panic!("{friendly:?}")
    };
    assert_eq!((ask.message.as_str(), yes.message.as_str()), ("hello", "fine"));
}

#[tokio::test]
async fn requests_are_refused_where_they_make_no_sense() {
    let world = World::new().await;
    let code = async |name: &str, command| refused(by(&world, name, command).await);
    assert_eq!(code("alice", ask("alice", "ALICE")).await, RefusalCode::CannotAddYourself);
    assert_eq!(code("alice", ask("alice", "nobody")).await, RefusalCode::UserNotFound);
    assert_eq!(code("alice", ask("bob", "alice")).await, RefusalCode::NoPermission);
    assert_eq!(code("bob", answer("alice", "bob", true)).await, RefusalCode::NotFound);
    assert_eq!(code("bob", answer("nobody", "bob", false)).await, RefusalCode::NotFound);
    assert_eq!(code("alice", answer("alice", "bob", true)).await, RefusalCode::NoPermission);
    befriend(&world, "alice", "bob").await;
    assert_eq!(code("alice", ask("alice", "bob")).await, RefusalCode::AlreadyFriends);
    assert_eq!(code("bob", answer("alice", "bob", true)).await, RefusalCode::BadArgument);
    assert_eq!(code("bob", answer("alice", "bob", false)).await, RefusalCode::FriendRequestHandled);
    let long = FriendCommand::Ask {
        from: user("alice"),
        to: user("carol"),
        message: "x".repeat(limits::NOTE_BYTES + 1),
        ex: String::new(),
    };
    assert_eq!(code("alice", long).await, RefusalCode::BadArgument);
    assert_eq!(noticed(&world).len(), 2, "refused calls tell nobody");
}

#[tokio::test]
async fn a_no_makes_no_friends_and_one_may_ask_again() {
    let world = World::new().await;
    by(&world, "alice", ask("alice", "bob")).await.unwrap();
    by(&world, "bob", answer("alice", "bob", false)).await.unwrap();
    let seen = noticed(&world);
    assert!(
        matches!(&seen[1..], [(_, _, FriendNotice::Declined(told))] if told.request.handled == Handled::Refused)
    );
    assert_eq!(names(&world, "alice").await, Vec::<String>::new());
    by(&world, "alice", ask("alice", "bob")).await.unwrap();
    let received = FriendCommand::Received { user: user("bob"), handled: vec![], page: ALL };
    let FriendOutcome::Requests(found) = told(&world, "bob", received).await else { panic!("requests") };
    assert_eq!(
        (found.total, found.items[0].request.handled),
        (1, Handled::Open),
        "it took the first one's place"
    );
    by(&world, "bob", answer("alice", "bob", true)).await.unwrap();
    assert_eq!(names(&world, "alice").await, ["bob"]);
}

#[tokio::test]
async fn who_was_asked_back_has_his_answer_as_well() {
    let world = World::new().await;
    by(&world, "alice", ask("alice", "bob")).await.unwrap();
    by(&world, "bob", ask("bob", "alice")).await.unwrap();
    by(&world, "bob", answer("alice", "bob", true)).await.unwrap();
    let open = FriendCommand::Open { user: user("alice"), since: UnixMs(0) };
    assert!(matches!(told(&world, "alice", open).await, FriendOutcome::Count(0)));
    assert_eq!(names(&world, "bob").await, ["alice"]);
}

#[tokio::test]
async fn removing_is_one_sided_and_told() {
    let world = World::new().await;
    befriend(&world, "alice", "bob").await;
    let (before, _) = ids(&world, "alice").await;
    let (of_bob, _) = ids(&world, "bob").await;
    noticed(&world);
    assert_eq!(refused(by(&world, "bob", remove("alice", "bob")).await), RefusalCode::NoPermission);
    by(&world, "alice", remove("alice", "BOB")).await.unwrap();
    assert_eq!((names(&world, "alice").await, names(&world, "bob").await), (vec![], vec!["alice".into()]));
    assert_eq!(changes(&world, "alice", before).await, (vec!["bob".into()], vec![], vec![], false));
    assert_eq!(ids(&world, "bob").await.0, of_bob);
    let seen = noticed(&world);
    let [(sender, _, FriendNotice::Removed { version, .. })] = &seen[..] else { panic!("{seen:?}") };
    assert_eq!((sender.as_str(), version.number), ("alice", before.number + 1));
    assert_eq!(refused(by(&world, "alice", remove("alice", "bob")).await), RefusalCode::NotFound);
    let mutual = FriendCommand::AreFriends { one: user("alice"), other: user("bob") };
    let FriendOutcome::Mutual { one_has_other, other_has_one } = told(&world, "bob", mutual).await else {
        panic!("mutual")
    };
    assert_eq!((one_has_other, other_has_one), (false, true));
    befriend(&world, "alice", "bob").await;
    assert_eq!(names(&world, "bob").await, ["alice"], "once, as before");
}

#[tokio::test]
async fn rules_rewrite_remarks_whichever_way_they_come() {
    let world = World::new().await;
    befriend(&world, "alice", "bob").await;
    befriend(&world, "alice", "carol").await;
    let (before, _) = ids(&world, "alice").await;
    world.gate.opine(EventKind::FriendRemarking, |action| {
        if let Action::Friend(FriendAction::Remark(named)) = action {
            named.remark = format!("{} ({})", named.remark, named.friend);
        }
        Ok(())
    });
    by(&world, "alice", remark("alice", "bob", "B")).await.unwrap();
    assert_eq!(changes(&world, "alice", before).await, (vec![], vec![], vec!["bob".into()], true));
    by(&world, "alice", update("alice", &["carol", "bob"], None, Some("pal"))).await.unwrap();
    let bob = ("bob".to_owned(), "pal (bob)".to_owned());
    let carol = ("carol".to_owned(), "pal (carol)".to_owned());
    assert_eq!(list(&world, "alice").await, [bob, carol]);
    let named: Vec<FriendRemark> = world
        .deeds()
        .await
        .into_iter()
        .filter_map(|action| match action {
            Action::Friend(FriendAction::Remark(named)) => Some(named),
            _ => None,
        })
        .collect();
    let words: Vec<&str> = named.iter().map(|named| named.remark.as_str()).collect();
    assert_eq!(words, ["B (bob)", "pal (carol)", "pal (bob)"]);
    let asked = world.gate.asked.lock().unwrap().len();
    assert_eq!(refused(by(&world, "bob", remark("alice", "bob", "x")).await), RefusalCode::NoPermission);
    let strangers = update("alice", &["bob", "dave"], None, Some("x"));
    assert_eq!(refused(by(&world, "alice", strangers).await), RefusalCode::NotFound);
    assert_eq!(world.gate.asked.lock().unwrap().len(), asked, "who may not is not asked about");
}

#[tokio::test]
async fn pinned_friends_come_first_and_the_order_is_told() {
    let world = World::new().await;
    for other in ["bob", "carol"] {
        world.clock.advance(std::time::Duration::from_secs(1));
        befriend(&world, "alice", other).await;
    }
    let (before, order) = ids(&world, "alice").await;
    assert_eq!(order, [user("bob"), user("carol")]);
    noticed(&world);
    by(&world, "alice", update("alice", &["carol"], Some(true), None)).await.unwrap();
    let (now, order) = ids(&world, "alice").await;
    assert_eq!((now.number, order), (before.number + 1, vec![user("carol"), user("bob")]));
    assert_eq!(changes(&world, "alice", before).await, (vec![], vec![], vec!["carol".into()], true));
    let seen = noticed(&world);
    let [(_, devices, FriendNotice::Updated { version, friends, .. })] = &seen[..] else {
        panic!("{seen:?}")
    };
    assert_eq!((devices.join(" "), *version, friends.len()), ("alice".to_owned(), now, 1));
    for (friends, code) in
        [(vec![], RefusalCode::BadArgument), (vec!["bob", "BOB"], RefusalCode::BadArgument)]
    {
        assert_eq!(refused(by(&world, "alice", update("alice", &friends, Some(true), None)).await), code);
    }
}

#[tokio::test]
async fn an_import_is_checked_before_and_after_it_is_asked_about() {
    let world = World::new().await;
    let admin = async |command| world.admin(Command::Friend(command)).await;
    for (friends, code) in [
        (vec!["bob", "Bob"], RefusalCode::BadArgument),
        (vec!["bob", "ALICE"], RefusalCode::CannotAddYourself),
        (vec!["bob", "nobody"], RefusalCode::UserNotFound),
    ] {
        assert_eq!(refused(admin(import("alice", &friends)).await), code);
    }
    assert_eq!(refused(by(&world, "alice", import("alice", &["bob"])).await), RefusalCode::NoPermission);
    befriend(&world, "alice", "bob").await;
    noticed(&world);
    world.gate.opine(EventKind::FriendsImporting, |action| {
        if let Action::Friend(FriendAction::Import(import)) = action {
            import.friends.retain(|friend| friend.as_str() != "root");
        }
        Ok(())
    });
    let (before, _) = ids(&world, "alice").await;
    admin(import("alice", &["BOB", "carol", "root"])).await.unwrap();
    assert_eq!(names(&world, "alice").await, ["bob", "carol"]);
    assert_eq!(names(&world, "carol").await, ["alice"]);
    assert_eq!(changes(&world, "alice", before).await, (vec![], vec!["carol".into()], vec![], false));
    let seen = noticed(&world);
    let [(sender, devices, FriendNotice::Joined { .. })] = &seen[..] else { panic!("{seen:?}") };
    assert_eq!((sender.as_str(), devices.join(" ")), ("carol", "alice carol".to_owned()));
    world.gate.opine(EventKind::FriendsImporting, |action| {
        if let Action::Friend(FriendAction::Import(import)) = action {
            import.friends.push(user("ghost"));
        }
        Ok(())
    });
    assert_eq!(refused(admin(import("alice", &["second"])).await), RefusalCode::CallbackUnusable);
    assert_eq!(names(&world, "alice").await, ["bob", "carol"]);
}

#[tokio::test]
async fn a_thousand_friends_come_in_one_commit_and_in_pages() {
    let world = World::new().await;
    let friends: Vec<String> = (0..1000).map(|number| format!("f{number:04}")).collect();
    let users = friends.iter().map(|name| new_user(name)).collect();
    world.admin(Command::RegisterUsers { users }).await.unwrap();
    let all: Vec<&str> = friends.iter().map(String::as_str).collect();
    let (before, _) = ids(&world, "alice").await;
    world.admin(Command::Friend(import("alice", &all))).await.unwrap();
    let (now, order) = ids(&world, "alice").await;
    assert_eq!((now.number, order.len()), (before.number + 1, 1000));
    let second = FriendCommand::List { owner: user("alice"), page: Page::numbered(2, 300) };
    let FriendOutcome::Friends(found) = told(&world, "alice", second).await else { panic!("a page") };
    assert_eq!((found.total, found.items[0].friend.friend.as_str()), (1000, "f0300"));
    let known = Some(before);
    let changes = FriendCommand::Changes { owner: user("alice"), known };
    let FriendOutcome::Changes(delta) = told(&world, "alice", changes).await else { panic!("changes") };
    assert!(delta.full && delta.inserted.is_empty(), "so many are read anew");
}

#[tokio::test]
async fn rules_may_refuse_and_nothing_happened() {
    let world = World::new().await;
    world.gate.opine(EventKind::FriendRequesting, |_| Err(refuses(4001)));
    world.gate.opine(EventKind::UserBlocking, |_| Err(refuses(4002)));
    let asked = refused(by(&world, "alice", ask("alice", "nobody")).await);
    assert!(
        matches!(asked, RefusalCode::ByCallback(said) if said.code == Some(4001)),
        "asked before looking"
    );
    let block = Command::Block { owner: user("alice"), blocked: user("bob"), ex: String::new() };
    let blocked = refused(world.by("alice", block).await);
    assert!(matches!(blocked, RefusalCode::ByCallback(said) if said.code == Some(4002)));
    world.send(draft("bob", Target::User(user("alice")), "still here")).await.unwrap();
    assert_eq!(world.deeds().await.iter().filter(|one| matches!(one, Action::Friend(_))).count(), 0);
    assert_eq!(noticed(&world).len(), 0);
}

#[tokio::test]
async fn answers_that_cross_make_friends_once() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::on_disk(folder.path()).await;
    by(&world, "alice", ask("alice", "bob")).await.unwrap();
    by(&world, "bob", ask("bob", "alice")).await.unwrap();
    let (one, other) = tokio::join!(
        by(&world, "bob", answer("alice", "bob", true)),
        by(&world, "alice", answer("bob", "alice", true)),
    );
    let fine = [&one, &other].into_iter().filter(|answer| answer.is_ok()).count();
    assert!(fine >= 1, "{one:?} {other:?}");
    assert_eq!((names(&world, "alice").await.len(), names(&world, "bob").await.len()), (1, 1));
    let inserted = changes(&world, "alice", Version { number: 1, ..ids(&world, "alice").await.0 }).await;
    assert_eq!(inserted.1, ["bob"]);
}

#[tokio::test(start_paused = true)]
async fn blocks_are_told_and_noticed_and_listed() {
    let world = World::new().await;
    let block =
        |blocked: &str| Command::Block { owner: user("alice"), blocked: user(blocked), ex: "x".to_owned() };
    world.by("alice", block("BOB")).await.unwrap();
    world.by("alice", block("carol")).await.unwrap();
    let unblock = Command::Unblock { owner: user("alice"), blocked: user("carol") };
    world.by("alice", unblock.clone()).await.unwrap();
    world.by("alice", unblock).await.unwrap();
    assert_eq!(noticed(&world).len(), 0, "devices are told after the one that asked has its answer");
    tokio::time::sleep(2 * limits::BLOCKS_WAIT).await;
    let seen: Vec<_> =
        noticed(&world).into_iter().map(|(_, devices, notice)| (devices.join(" "), notice)).collect();
    let (alice, bob, carol) = (|| user("alice"), || user("bob"), || user("carol"));
    assert_eq!(
        seen,
        [
            ("bob alice".to_owned(), FriendNotice::Blocked { owner: alice(), blocked: bob() }),
            ("carol alice".to_owned(), FriendNotice::Blocked { owner: alice(), blocked: carol() }),
            ("carol alice".to_owned(), FriendNotice::Unblocked { owner: alice(), blocked: carol() }),
        ]
    );
    let kinds: Vec<EventKind> = world.deeds().await.iter().filter_map(Action::told_as).collect();
    assert_eq!(kinds, [EventKind::UserBlocked, EventKind::UserBlocked, EventKind::UserUnblocked]);
    let blocks = FriendCommand::Blocks { owner: user("alice"), page: ALL };
    let FriendOutcome::Blocks(found) = told(&world, "alice", blocks).await else { panic!("blocks") };
    assert_eq!((found.total, found.items[0].1.id.as_str()), (1, "bob"));
    let among = FriendCommand::BlocksAmong { owner: user("alice"), ids: vec![user("carol"), user("Bob")] };
    let FriendOutcome::Blocks(found) = told(&world, "alice", among).await else { panic!("blocks") };
    assert_eq!(found.total, 1);
    befriend(&world, "alice", "carol").await;
    let ids = vec![user("bob"), user("carol"), user("nobody")];
    let relations = FriendCommand::Relations { owner: user("alice"), ids };
    let FriendOutcome::Relations(found) = told(&world, "alice", relations).await else { panic!("relations") };
    let shown: Vec<_> =
        found.iter().map(|one| (one.user.id.as_str(), one.friend.is_some(), one.block.is_some())).collect();
    assert_eq!(shown, [("bob", false, true), ("carol", true, false)]);
}

#[tokio::test]
async fn lists_are_for_their_owners() {
    let world = World::new().await;
    let (owner, ids) = (|| user("alice"), Vec::new);
    for command in [
        FriendCommand::List { owner: owner(), page: ALL },
        FriendCommand::Among { owner: owner(), ids: ids() },
        FriendCommand::Ids { owner: owner(), hash: 0 },
        FriendCommand::Changes { owner: owner(), known: None },
        FriendCommand::Received { user: owner(), handled: vec![], page: ALL },
        FriendCommand::Asked { user: owner(), handled: vec![], page: ALL },
        FriendCommand::Open { user: owner(), since: UnixMs(0) },
        FriendCommand::Relations { owner: owner(), ids: ids() },
        FriendCommand::Blocks { owner: owner(), page: ALL },
        FriendCommand::BlocksAmong { owner: owner(), ids: ids() },
        FriendCommand::RequestOf { from: owner(), to: user("carol") },
        FriendCommand::AreFriends { one: owner(), other: user("carol") },
    ] {
        let by_bob = by(&world, "bob", command.clone()).await;
        assert_eq!(refused(by_bob), RefusalCode::NoPermission, "{command:?}");
        by(&world, "alice", command.clone()).await.unwrap();
        world.admin(Command::Friend(command)).await.unwrap();
    }
}

#[tokio::test]
async fn where_only_friends_talk_strangers_are_refused() {
    let world = World::of_friends().await;
    let stranger = world.send(draft("alice", Target::User(user("bob")), "hi")).await;
    assert_eq!(refused(stranger), RefusalCode::NotFriends);
    assert!(world.store.read(LogPos::ZERO, 10).await.unwrap().is_empty());
    world.send(draft("root", Target::User(user("bob")), "from the app")).await.unwrap();
    world.send(draft("alice", Target::User(user("alice")), "a note to oneself")).await.unwrap();
    world.admin(Command::Friend(import("bob", &["alice"]))).await.unwrap();
    world.send(draft("alice", Target::User(user("bob")), "hi")).await.unwrap();
    // It is the recipient's list that counts.
    by(&world, "bob", remove("bob", "alice")).await.unwrap();
    assert_eq!(
        refused(world.send(draft("alice", Target::User(user("bob")), "still there?")).await),
        RefusalCode::NotFriends
    );
    world.send(draft("bob", Target::User(user("alice")), "I am")).await.unwrap();
}
