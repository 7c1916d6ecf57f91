//! The table of connections: what a push promises, who is kicked, and what happens to those who do not read.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first thing that is not as it should be"
)]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use ringback_model::command::{Actor, Outcome};
use ringback_model::conversation::Target;
use ringback_model::dialect::{Correlation, Frame, Hello, Incoming, Socket, TurnAway, Wire};
use ringback_model::failure::{Failure, Refusal, RefusalCode};
use ringback_model::ids::{GroupId, UserId};
use ringback_model::limits;
use ringback_model::message::{ContentClass, Message, Priority};
use ringback_model::ports::{Push, Pushing, Sessions};
use ringback_model::presence::{CutReason, PresenceWatch, Sight, Sighting, Subscription, UserPresence};
use ringback_model::sample;
use ringback_model::time::UnixMs;
use ringback_model::user::{DeviceSeen, Platform};
use ringback_server::ws::sessions::{Identity, Membership, Outgoing, Peer, SessionTable, Waiting};

/// Encodes a push as the wire's number and the message's seq, and counts how often.
#[derive(Default)]
struct Plain {
    encoded: AtomicUsize,
}

impl Socket for Plain {
    fn hello(&self, _: &[(String, String)], _: &[(String, String)]) -> Result<Hello, Refusal> {
        Err(Refusal::new(RefusalCode::BadHandshake, "not in this test"))
    }
    fn welcome(&self, _: &[(String, String)]) -> Option<Frame> {
        None
    }
    fn turn_away(&self, _: &[(String, String)], _: &Refusal) -> TurnAway {
        TurnAway::Frame(Frame::Text("away".to_owned()))
    }
    fn read(&self, _: Wire, _: &Actor, _: &Frame) -> Incoming {
        Incoming::Ignore
    }
    fn answer(&self, _: Wire, _: &Correlation, _: &Result<Outcome, Failure>) -> Frame {
        Frame::Text("answer".to_owned())
    }
    fn push(&self, wire: Wire, push: &Push) -> Frame {
        self.encoded.fetch_add(1, Ordering::Relaxed);
        Frame::Text(format!("{}:{}", wire.0, push.message.seq))
    }
    fn presences(&self, _: Wire, to: Option<&Correlation>, presences: &[UserPresence]) -> Frame {
        let shown = presences.iter().map(|one| {
            let platforms: Vec<String> =
                one.platforms.iter().map(|platform| platform.0.to_string()).collect();
            format!("{}[{}]", one.user, platforms.join(","))
        });
        let answered = if to.is_some() { "answer: " } else { "" };
        Frame::Text(format!("{answered}{}", shown.collect::<Vec<String>>().join(" ")))
    }
    fn kicked(&self, _: Wire) -> Frame {
        Frame::Text("kicked".to_owned())
    }
}

fn user(id: &str) -> UserId {
    UserId::parse(id).unwrap()
}

fn push(seq: u64) -> Push {
    let content = sample::content(ContentClass::Text, 1, "hello");
    let message = sample::message(user("ann"), Target::User(user("bob")), content, UnixMs(1));
    let message = Message { seq, ..message };
    Push { message: Arc::new(message), operation_id: Arc::from("op") }
}

/// Writes down what the table sees.
#[derive(Default)]
struct Diary(Mutex<Vec<String>>);

impl PresenceWatch for Diary {
    fn saw(&self, seen: Sighting) {
        let what = match seen.sight {
            Sight::First => "online".to_owned(),
            Sight::Further => "one more".to_owned(),
            Sight::OneOfSeveral => "one less".to_owned(),
            Sight::Last => "offline".to_owned(),
            Sight::Cut(why) => format!("cut: {why:?}"),
        };
        let entry = format!("{}/{} #{} {what}", seen.user, seen.platform.0, seen.connection);
        self.0.lock().unwrap().push(entry);
    }
}

struct Table {
    table: Arc<SessionTable>,
    dialect: Arc<Plain>,
    diary: Arc<Diary>,
}

impl Table {
    fn new(per_user: usize) -> Self {
        let diary = Arc::new(Diary::default());
        let table = SessionTable::new(per_user, 1, Arc::clone(&diary) as Arc<dyn PresenceWatch>);
        Self { table, dialect: Arc::default(), diary }
    }

    /// What was seen since this was asked last.
    fn seen(&self) -> Vec<String> {
        std::mem::take(&mut *self.diary.0.lock().unwrap())
    }

    fn follow(&self, peer: &Arc<Peer>, add: &[&str], remove: &[&str]) -> Result<(), Refusal> {
        let users = |names: &[&str]| names.iter().map(|name| user(name)).collect();
        let to = Correlation { request: 1, key: "k".to_owned(), operation_id: Arc::from("op") };
        self.table.follow(peer, &to, &Subscription { add: users(add), remove: users(remove) })
    }

    fn try_join(&self, id: &str, platform: i32, token: &str, wire: u8) -> Option<(Membership, Waiting)> {
        let identity = Identity {
            user: user(id),
            platform: Platform(platform),
            token_id: token.to_owned(),
            background: false,
            device: DeviceSeen::default(),
            dialect: Arc::clone(&self.dialect) as Arc<dyn Socket>,
            wire: Wire(wire),
            operation_id: Arc::from("op"),
        };
        self.table.join(identity, Some(Frame::Text("welcome".to_owned())))
    }

    fn join(&self, id: &str, platform: i32, token: &str, wire: u8) -> (Membership, Waiting) {
        self.try_join(id, platform, token, wire).unwrap()
    }
}

/// What is queued; it counts as written.
fn texts(queue: &mut Waiting) -> Vec<String> {
    let text = |outgoing: &Outgoing| match outgoing {
        Outgoing::Message { message, .. } => message.to_text().unwrap().to_owned(),
        Outgoing::Close(_) => "close".to_owned(),
    };
    let texts = queue.now().iter().map(text).collect();
    queue.written();
    texts
}

#[test]
fn pushes_come_in_order_after_the_welcome_and_are_encoded_once_per_form() {
    let table = Table::new(8);
    let (_one, mut first) = table.join("bob", 5, "a", 1);
    let (_two, mut second) = table.join("bob", 2, "b", 1);
    let (_three, mut third) = table.join("Carl", 5, "c", 2);
    for seq in 1..=3 {
        table.table.push(&push(seq), &[user("bob"), user("carl"), user("nobody")], Arc::new(()));
    }
    assert_eq!(texts(&mut first), ["welcome", "1:1", "1:2", "1:3"]);
    assert_eq!(texts(&mut second), ["welcome", "1:1", "1:2", "1:3"]);
    assert_eq!(texts(&mut third), ["welcome", "2:1", "2:2", "2:3"]);
    assert_eq!(table.dialect.encoded.load(Ordering::Relaxed), 6);
}

#[test]
fn a_push_is_written_when_the_last_of_its_connections_has_it_or_is_gone() {
    let table = Table::new(8);
    let (_one, mut first) = table.join("bob", 5, "a", 1);
    let (two, second) = table.join("bob", 2, "b", 1);
    let written: Arc<dyn Send + Sync> = Arc::new(());
    let done = Arc::downgrade(&written);
    table.table.push(&push(1), &[user("bob")], written);
    assert_eq!(texts(&mut first), ["welcome", "1:1"]);
    assert!(done.upgrade().is_some(), "one connection has not written it yet");
    drop((two, second));
    assert!(done.upgrade().is_none(), "and now it never will");

    let nobody: Arc<dyn Send + Sync> = Arc::new(());
    let done = Arc::downgrade(&nobody);
    table.table.push(&push(2), &[user("nobody")], nobody);
    assert!(done.upgrade().is_none(), "nobody is online: nothing to wait for");
}

#[test]
fn a_client_that_does_not_read_is_cut_and_gives_everything_back() {
    let table = Table::new(8);
    let (slow, queue) = table.join("bob", 5, "a", 1);
    let written: Arc<dyn Send + Sync> = Arc::new(());
    let done = Arc::downgrade(&written);
    for seq in 1..limits::SOCKET_QUEUE as u64 {
        table.table.push(&push(seq), &[user("bob")], Arc::clone(&written));
    }
    assert!(!slow.peer.cut().is_cancelled(), "the queue is full, not over");
    table.table.push(&push(1000), &[user("bob")], written);
    assert!(slow.peer.cut().is_cancelled());
    drop((slow, queue));
    assert!(done.upgrade().is_none());
    assert_eq!(table.table.online(&[user("bob")]), [false]);
}

/// What is of low priority in a room goes before the client is cut, the oldest first, and nothing else does.
#[test]
fn a_client_that_is_behind_goes_without_what_is_of_low_priority_in_rooms() {
    let table = Table::new(8);
    let (slow, mut queue) = table.join("bob", 5, "a", 1);
    let to_room = Target::Room(GroupId::parse("77").unwrap());
    let say = |seq: u64, priority: Priority, target: Option<&Target>| {
        let push = push(seq);
        let mut message = (*push.message).clone();
        message.priority = priority;
        if let Some(target) = target {
            message.target = target.clone();
        }
        let written: Arc<dyn Send + Sync> = Arc::new(());
        let done = Arc::downgrade(&written);
        table.table.push(&Push { message: Arc::new(message), ..push }, &[user("bob")], written);
        done
    };
    let room = limits::SOCKET_QUEUE as u64 - 1;
    let first = say(1, Priority::Low, Some(&to_room));
    let second = say(2, Priority::Low, Some(&to_room));
    // Priorities mean nothing outside of rooms.
    let dear = say(3, Priority::Low, None);
    for seq in 4..=room {
        let _ = say(seq, Priority::Normal, Some(&to_room));
    }
    assert!(first.upgrade().is_some() && second.upgrade().is_some(), "there is room for all");
    let late = say(1000, Priority::Low, Some(&to_room));
    assert!(late.upgrade().is_none() && first.upgrade().is_some(), "the newest has no room");
    let _high = say(1001, Priority::High, Some(&to_room));
    assert!(first.upgrade().is_none() && second.upgrade().is_some(), "the oldest has made room");
    let _normal = say(1002, Priority::Normal, Some(&to_room));
    assert!(second.upgrade().is_none() && dear.upgrade().is_some());
    assert!(!slow.peer.cut().is_cancelled());
    let waits = texts(&mut queue);
    let expected: Vec<String> = (3..=room).chain([1001, 1002]).map(|seq| format!("1:{seq}")).collect();
    assert_eq!(waits[1..], expected, "in order, behind the welcome");
    for seq in 0..=limits::SOCKET_QUEUE as u64 {
        let _ = say(seq, Priority::High, Some(&to_room));
    }
    assert!(slow.peer.cut().is_cancelled(), "what is dear is not left out");
}

#[test]
fn the_queue_is_bounded_in_bytes_too() {
    let table = Table::new(8);
    let (slow, _queue) = table.join("bob", 5, "a", 1);
    let large = "x".repeat(limits::SOCKET_QUEUE_BYTES / 4);
    for _ in 0..3 {
        slow.peer.push(tokio_tungstenite::tungstenite::Message::text(large.clone()), None);
    }
    assert!(!slow.peer.cut().is_cancelled());
    slow.peer.push(tokio_tungstenite::tungstenite::Message::text(large), None);
    assert!(slow.peer.cut().is_cancelled());
}

#[tokio::test]
async fn answers_wait_for_room_instead() {
    let table = Table::new(8);
    let (slow, mut queue) = table.join("bob", 5, "a", 1);
    for seq in 1..limits::SOCKET_QUEUE as u64 {
        table.table.push(&push(seq), &[user("bob")], Arc::new(()));
    }
    let peer = Arc::clone(&slow.peer);
    let mut answering = Box::pin(async move { peer.answer(Frame::Text("late".to_owned())).await });
    assert!(futures_util::poll!(&mut answering).is_pending());
    assert_eq!(queue.next().await.len(), limits::SOCKET_QUEUE);
    answering.await;
    queue.written();
    assert_eq!(texts(&mut queue), ["late"]);
    assert!(!slow.peer.cut().is_cancelled());
}

#[tokio::test]
async fn an_answer_waits_until_what_was_taken_has_been_written() {
    let table = Table::new(8);
    let (one, mut queue) = table.join("bob", 5, "a", 1);
    let large = || Frame::Text("x".repeat(limits::SOCKET_QUEUE_BYTES - 100));
    one.peer.answer(large()).await;
    assert_eq!(queue.now().len(), 2);
    let mut answering = Box::pin(one.peer.answer(large()));
    assert!(futures_util::poll!(&mut answering).is_pending(), "taken is not written");
    let mut next = Box::pin(one.peer.answer(Frame::Text("next".to_owned())));
    assert!(futures_util::poll!(&mut next).is_pending(), "it has room, but not before its turn");
    queue.written();
    answering.await;
    next.await;
    assert_eq!(texts(&mut queue).last().map(String::as_str), Some("next"));
}

#[tokio::test]
async fn whoever_waits_for_room_goes_on_when_the_connection_is_gone() {
    let table = Table::new(8);
    let (one, queue) = table.join("bob", 5, "a", 1);
    one.peer.answer(Frame::Text("x".repeat(limits::SOCKET_QUEUE_BYTES - 100))).await;
    let mut answering = Box::pin(one.peer.answer(Frame::Text("y".repeat(200))));
    assert!(futures_util::poll!(&mut answering).is_pending());
    drop(queue);
    answering.await;
}

#[test]
fn pushes_that_go_together_come_in_order_and_each_knows_when_it_is_written() {
    let table = Table::new(8);
    let (_one, mut first) = table.join("bob", 5, "a", 1);
    let (_two, second) = table.join("carl", 5, "b", 1);
    let written: Vec<Arc<dyn Send + Sync>> = vec![Arc::new(()), Arc::new(())];
    let done: Vec<_> = written.iter().map(Arc::downgrade).collect();
    let pushes: Vec<_> =
        written.into_iter().zip(1..).map(|(written, seq)| Pushing { push: push(seq), written }).collect();
    table.table.push_all(&pushes, &[user("bob"), user("carl"), user("nobody")]);
    drop(pushes);
    assert_eq!(table.dialect.encoded.load(Ordering::Relaxed), 2);
    assert_eq!(texts(&mut first), ["welcome", "1:1", "1:2"]);
    assert!(done.iter().all(|done| done.upgrade().is_some()), "carl has not got them");
    drop(second);
    assert!(done.iter().all(|done| done.upgrade().is_none()));
}

#[test]
fn a_login_kicks_the_same_platform_with_another_token() {
    let table = Table::new(8);
    let (_same, mut same) = table.join("bob", 5, "new", 1);
    let (_other, mut other) = table.join("bob", 5, "old", 1);
    let (_phone, mut phone) = table.join("bob", 2, "old", 1);
    table.table.kick(&user("BOB"), Platform(5), Some("new"), CutReason::OtherLogin);
    assert_eq!(texts(&mut other), ["welcome", "kicked", "close"]);
    assert_eq!(texts(&mut same), ["welcome"]);
    assert_eq!(texts(&mut phone), ["welcome"]);
    assert_eq!(table.table.connections(&user("bob")).len(), 2, "the kicked one is offline at once");
    table.table.push(&push(1), &[user("bob")], Arc::new(()));
    assert_eq!(texts(&mut other), Vec::<String>::new());
    table.table.kick(&user("bob"), Platform(5), None, CutReason::Administrator);
    assert_eq!(texts(&mut same), ["1:1", "kicked", "close"]);
}

#[test]
fn a_user_has_so_many_connections() {
    let table = Table::new(2);
    let one = table.join("bob", 5, "a", 1);
    let _two = table.join("Bob", 5, "a", 1);
    assert!(table.table.is_full(&user("bob")));
    assert!(table.try_join("bob", 5, "a", 1).is_none());
    assert!(table.try_join("carl", 5, "a", 1).is_some());
    drop(one);
    assert!(table.try_join("bob", 5, "a", 1).is_some());
}

#[test]
fn every_connection_is_seen_to_come_and_go_and_which_is_the_first_and_the_last_on_a_platform() {
    let table = Table::new(8);
    let (one, _q1) = table.join("bob", 5, "a", 1);
    let (two, _q2) = table.join("BOB", 5, "b", 1);
    let (phone, _q3) = table.join("bob", 2, "c", 1);
    assert_eq!(table.seen(), ["bob/5 #1 online", "BOB/5 #2 one more", "bob/2 #3 online"]);
    drop(one);
    assert_eq!(table.seen(), ["bob/5 #1 one less"]);
    table.table.kick(&user("bob"), Platform(5), Some("other"), CutReason::OtherLogin);
    assert_eq!(table.seen(), ["BOB/5 #2 cut: OtherLogin", "BOB/5 #2 offline"]);
    drop(two);
    assert_eq!(table.seen(), Vec::<String>::new(), "it was offline already");
    let (new, _q4) = table.join("bob", 2, "d", 1);
    table.table.kick(&user("bob"), Platform(2), Some("d"), CutReason::OtherLogin);
    assert_eq!(
        table.seen(),
        ["bob/2 #4 one more", "bob/2 #3 cut: OtherLogin", "bob/2 #3 one less"],
        "he stays online with the new one"
    );
    drop(phone);
    drop(new);
    assert_eq!(table.seen(), ["bob/2 #4 offline"]);
}

#[test]
fn an_apple_phone_in_the_background_is_connected_but_not_reached() {
    let table = Table::new(8);
    let (phone, mut queue) = table.join("bob", Platform::IOS.0, "a", 1);
    let (android, mut other) = table.join("ann", 2, "a", 1);
    for (background, reached) in [(true, false), (false, true)] {
        phone.peer.set_background(background);
        android.peer.set_background(background);
        assert_eq!(table.table.online(&[user("bob"), user("ann")]), [reached, true]);
        assert_eq!(table.table.connections(&user("bob"))[0].background, background);
        table.table.push(&push(1), &[user("bob"), user("ann")], Arc::new(()));
    }
    assert_eq!(texts(&mut queue), ["welcome", "1:1"]);
    assert_eq!(texts(&mut other), ["welcome", "1:1", "1:1"]);
}

#[test]
fn followers_are_told_of_every_change_until_they_follow_no_longer() {
    let table = Table::new(8);
    let (ann, mut queue) = table.join("ann", 5, "a", 1);
    let bob = table.join("bob", 2, "a", 1);
    table.follow(&ann.peer, &["BOB", "carl"], &[]).unwrap();
    assert_eq!(texts(&mut queue), ["welcome", "answer: BOB[2] carl[]"]);
    let web = table.join("Bob", 5, "a", 1);
    let again = table.join("bob", 5, "b", 1);
    drop(again);
    assert_eq!(texts(&mut queue), ["BOB[2,5]"], "a second one on the same platform changes nothing");
    drop(bob);
    drop(web);
    assert_eq!(texts(&mut queue), ["BOB[5]", "BOB[]"]);
    table.follow(&ann.peer, &["bob"], &["carl"]).unwrap();
    let _carl = table.join("carl", 5, "a", 1);
    let bob = table.join("bob", 5, "a", 1);
    assert_eq!(texts(&mut queue), ["answer: bob[]", "bob[5]"], "by the name that was given last");
    table.follow(&ann.peer, &[], &["Bob"]).unwrap();
    drop(bob);
    assert_eq!(texts(&mut queue), ["answer: "]);
}

#[test]
fn a_connection_follows_so_many_and_none_once_it_is_gone() {
    let table = Table::new(8);
    let (ann, mut queue) = table.join("ann", 5, "a", 1);
    let names: Vec<String> = (0..=limits::SUBSCRIPTIONS).map(|number| format!("u{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let refusal = table.follow(&ann.peer, &names, &[]).unwrap_err();
    assert_eq!(refusal.code, RefusalCode::BadArgument);
    table.follow(&ann.peer, &names[1..], &[]).unwrap();
    table.follow(&ann.peer, &names[..1], &names[1..2]).unwrap();
    assert_eq!(texts(&mut queue).len(), 3);
    let peer = Arc::downgrade(&ann.peer);
    drop((ann, queue));
    assert!(peer.upgrade().is_none(), "no follower is left behind");
}
