//! Sending and reading.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use ringback_model::command::{ChatOutcome, Command, ConversationRef, Outcome, PullOrder, SeqRange};
use ringback_model::conversation::{ConversationId, Target};
use ringback_model::event::EventKind;
use ringback_model::failure::{CallbackRefusal, Refusal, RefusalCode};
use ringback_model::group::GroupKind;
use ringback_model::ids::LogPos;
use ringback_model::limits;
use ringback_model::message::ContentClass;
use ringback_model::ports::Handover as _;
use ringback_model::user::AccountLevel;

use crate::world::{World, actor, draft, one_sided, refused, user};

fn to_bob(text: &str) -> ringback_model::command::Draft {
    draft("alice", Target::User(user("bob")), text)
}

async fn texts_of_bob(world: &World) -> Vec<(u64, String)> {
    world.pulled("bob", ConversationId::single(&user("alice"), &user("bob"))).await
}

#[tokio::test]
async fn a_message_is_numbered_kept_told_and_pushed() {
    let world = World::new().await;
    world.sessions.connect("bob");
    let sent = world.send(to_bob("one")).await.unwrap();
    assert_eq!(sent.message.seq, 1);
    assert!(sent.before.is_none());
    assert_eq!(world.send(to_bob("two")).await.unwrap().message.seq, 2);
    assert_eq!(texts_of_bob(&world).await, [(1, "one".to_owned()), (2, "two".to_owned())]);
    assert_eq!(world.sessions.texts(4).await, ["one", "two", "one", "two"]);
    let to: Vec<_> = world.sessions.pushed.lock().unwrap().iter().map(|(_, to)| to.clone()).collect();
    let (bob, alice) = (vec![user("bob")], vec![user("alice")]);
    // The devices of who begins a chat come behind, in order.
    assert_eq!(to, [bob.clone(), bob, alice.clone(), alice]);
    world.send(to_bob("three")).await.unwrap();
    world.sessions.texts(5).await;
    assert_eq!(world.sessions.pushed.lock().unwrap()[4].1, [user("bob"), user("alice")]);
    let log = world.store.read(LogPos::ZERO, 10).await.unwrap();
    let first = log[0].sent().unwrap();
    assert_eq!(first.operation_id.as_ref(), "op-1");
    assert!(first.offline.is_empty(), "bob is online, and a sender is no recipient");
}

#[tokio::test]
async fn who_is_offline_is_part_of_the_event() {
    let world = World::new().await;
    world.send(to_bob("hi")).await.unwrap();
    let log = world.store.read(LogPos::ZERO, 10).await.unwrap();
    let sent = log[0].sent().unwrap();
    assert_eq!(sent.offline, [user("bob")]);
}

#[tokio::test]
async fn a_repeated_send_is_answered_alike_and_stored_once() {
    let world = World::new().await;
    let first = world.send(to_bob("once")).await.unwrap();
    world.gate.judge(EventKind::MessageSending, |_| Err(Refusal::new(RefusalCode::NoPermission, "late")));
    let second = world.send(to_bob("once")).await.unwrap();
    assert_eq!(first.id(), second.id());
    assert!(world.gate.asked.lock().unwrap().is_empty(), "nobody is asked about a stored message");
    assert_eq!(texts_of_bob(&world).await.len(), 1);
}

#[tokio::test]
async fn a_repeated_send_joins_the_one_at_the_gate() {
    let world = Arc::new(World::new().await);
    let key = world.gate.shut();
    let sending = |world: &Arc<World>| {
        let world = Arc::clone(world);
        tokio::spawn(async move { world.send(to_bob("slow")).await.unwrap().id() })
    };
    let first = sending(&world);
    world.gate.reached.notified().await;
    let second = sending(&world);
    tokio::task::yield_now().await;
    key.add_permits(100);
    assert_eq!(first.await.unwrap(), second.await.unwrap());
    assert_eq!(texts_of_bob(&world).await.len(), 1);
}

#[tokio::test]
async fn a_send_that_is_given_up_is_taken_over_by_its_repeat() {
    let world = Arc::new(World::new().await);
    let key = world.gate.shut();
    let sending = |world: &Arc<World>| {
        let world = Arc::clone(world);
        tokio::spawn(async move { world.send(to_bob("bye")).await })
    };
    let first = sending(&world);
    world.gate.reached.notified().await;
    let second = sending(&world);
    tokio::task::yield_now().await;
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    key.add_permits(100);
    let sent = second.await.unwrap().unwrap();
    assert_eq!(texts_of_bob(&world).await.len(), 1);
    let on_its_way = world.handovers.handed_over(sent.message.id);
    tokio::time::timeout(Duration::from_secs(5), on_its_way).await.unwrap();
}

#[tokio::test]
async fn refused_messages_leave_no_trace() {
    let world = World::new().await;
    let no = CallbackRefusal { code: Some(5001), text: "no".to_owned(), detail: String::new(), show: true };
    let says = RefusalCode::ByCallback(no);
    let judged = says.clone();
    world.gate.judge(EventKind::MessageSending, move |_| Err(Refusal::new(judged.clone(), "refused")));
    assert_eq!(refused(world.send(to_bob("bad")).await), says);
    assert!(texts_of_bob(&world).await.is_empty());
    assert_eq!(world.store.tail(), LogPos::ZERO);
}

#[tokio::test]
async fn a_hidden_refusal_looks_like_success() {
    let world = World::new().await;
    let no = CallbackRefusal { code: None, text: String::new(), detail: String::new(), show: false };
    world.gate.judge(EventKind::MessageSending, move |_| {
        Err(Refusal::new(RefusalCode::ByCallback(no.clone()), "refused"))
    });
    assert_eq!(world.send(to_bob("bad")).await.unwrap().message.seq, 0);
    assert_eq!(world.store.tail(), LogPos::ZERO);
}

#[tokio::test]
async fn a_rewritten_message_is_what_everybody_sees() {
    let world = World::new().await;
    world.gate.judge(EventKind::MessageRewriting, |message| {
        message.content.raw = message.content.raw.replace("secret", "***");
        Ok(())
    });
    let sent = world.send(to_bob("a secret")).await.unwrap();
    assert_eq!(sent.message.content.raw, "a ***");
    assert_eq!(sent.before.unwrap().content.raw, "a secret");
    assert_eq!(texts_of_bob(&world).await, [(1, "a ***".to_owned())]);
}

#[tokio::test]
async fn the_moments_come_in_order_and_typing_is_not_kept() {
    let world = World::new().await;
    for kind in [EventKind::MessageScreening, EventKind::MessageSending, EventKind::MessageRewriting] {
        world.gate.judge(kind, |_| Ok(()));
    }
    world.send(to_bob("x")).await.unwrap();
    let before = [EventKind::MessageScreening, EventKind::MessageSending, EventKind::MessageRewriting];
    assert_eq!(*world.gate.asked.lock().unwrap(), before);
    assert_eq!(world.sessions.texts(1).await, ["x"]);
    let mut typing = to_bob("typing");
    typing.content.class = ContentClass::Typing;
    typing.handling.store = false;
    world.send(typing).await.unwrap();
    // The message, and the chat on two lists.
    assert_eq!(world.store.tail(), LogPos(3), "typing is neither kept nor told");
    assert_eq!(world.sessions.texts(2).await, ["x", "typing"]);
}

#[tokio::test]
async fn blocks_count_even_when_they_are_set_while_the_message_waits_at_the_gate() {
    let world = Arc::new(World::new().await);
    let key = world.gate.shut();
    let sending = tokio::spawn({
        let world = Arc::clone(&world);
        async move { world.send(to_bob("hello")).await }
    });
    world.gate.reached.notified().await;
    // Past the sending question the facts are old; the commit requires them again.
    let block = Command::Block { owner: user("bob"), blocked: user("alice"), ex: String::new() };
    world.by("bob", block).await.unwrap();
    key.add_permits(100);
    assert_eq!(refused(sending.await.unwrap()), RefusalCode::BlockedByPeer);
    assert!(texts_of_bob(&world).await.is_empty());
}

#[tokio::test]
async fn unknown_people_and_foreign_names_are_refused() {
    let world = World::new().await;
    let to_nobody = draft("alice", Target::User(user("nobody")), "x");
    assert_eq!(refused(world.send(to_nobody).await), RefusalCode::UserNotFound);
    let as_bob = Command::Send(Box::new(draft("bob", Target::User(user("alice")), "x")));
    assert_eq!(refused(world.by("alice", as_bob).await), RefusalCode::NoPermission);
    let mut big = to_bob("x");
    big.content.raw = "x".repeat(64 * 1024 + 1);
    assert_eq!(refused(world.send(big).await), RefusalCode::BadArgument);
    assert_eq!(world.store.tail(), LogPos::ZERO);
}

#[tokio::test]
async fn users_cannot_pass_moderation_by_calling_a_message_a_notification() {
    let world = World::new().await;
    let mut notice = to_bob("x");
    notice.content.class = ContentClass::Notification;
    assert_eq!(refused(world.send(notice).await), RefusalCode::NoPermission);
}

#[tokio::test]
async fn groups_let_members_speak_and_push_to_all() {
    let world = World::new().await;
    let crew = world.group_of("alice", &["bob"]).await;
    let hello = draft("bob", Target::Group(crew.clone()), "hello");
    assert_eq!(world.send(hello).await.unwrap().message.seq, 1);
    world.sessions.texts(1).await;
    let mut pushed_to = world.sessions.pushed.lock().unwrap()[0].1.clone();
    pushed_to.sort();
    assert_eq!(pushed_to, [user("alice"), user("bob")]);
    let stranger = draft("carol", Target::Group(crew), "me too");
    assert_eq!(refused(world.send(stranger).await), RefusalCode::NotInGroup);
}

#[tokio::test]
async fn many_senders_make_no_gap_and_pushes_keep_the_order() {
    let world = Arc::new(World::new().await);
    let sends = (0..200).map(|number| {
        let world = Arc::clone(&world);
        tokio::spawn(async move {
            let draft = one_sided("alice", Target::User(user("bob")), &number.to_string());
            world.send(draft).await.unwrap().message.seq
        })
    });
    let mut seqs = Vec::new();
    for send in sends.collect::<Vec<_>>() {
        seqs.push(send.await.unwrap());
    }
    seqs.sort_unstable();
    assert_eq!(seqs, (1..=200).collect::<Vec<u64>>());
    world.sessions.texts(200).await;
    let pushed = world.sessions.pushed.lock().unwrap();
    let order: Vec<u64> = pushed.iter().map(|(message, _)| message.seq).collect();
    assert!(order.is_sorted(), "{order:?}");
}

#[tokio::test(start_paused = true)]
async fn a_callback_is_due_once_the_push_was_written_and_not_before() {
    let world = World::new().await;
    *world.sessions.unread.lock().unwrap() = Some(Vec::new());
    let message = world.send(to_bob("slowly read")).await.unwrap().id();
    world.sessions.texts(1).await;
    let waited = || tokio::time::timeout(Duration::from_millis(90), world.handovers.handed_over(message));
    assert!(waited().await.is_err(), "the client has not read it yet");
    world.sessions.unread.lock().unwrap().take();
    assert!(waited().await.is_ok(), "it has now");
}

/// Reads what was pushed whenever it gets its turn, until so many have come; answers how many waited at most.
async fn most_queued(world: &World, count: usize) -> usize {
    let reading = async {
        while world.sessions.pushed.lock().unwrap().len() < count {
            world.sessions.arrived.notified().await;
            world.sessions.queued.store(0, Ordering::Relaxed);
        }
    };
    tokio::time::timeout(Duration::from_secs(5), reading).await.expect("all pushes within 5 s");
    world.sessions.most_queued.load(Ordering::Relaxed)
}

#[tokio::test(start_paused = true)]
async fn a_burst_does_not_fill_the_queue_of_a_client_that_reads() {
    const COUNT: usize = 4 * limits::SOCKET_QUEUE;
    for held_back in [false, true] {
        let world = Arc::new(World::new().await);
        let reader = tokio::spawn({
            let world = Arc::clone(&world);
            async move { most_queued(&world, COUNT).await }
        });
        let alice = || Some(actor("alice", false));
        let send = |number: usize| {
            Command::Send(Box::new(one_sided("alice", Target::User(user("bob")), &number.to_string())))
        };
        let first = world.call(alice(), send(0)).await.unwrap().answered;
        let first = held_back.then_some(first);
        for number in 1..COUNT {
            world.call(alice(), send(number)).await.unwrap();
        }
        if first.is_some() {
            // Time goes on once nobody has anything to do: all wait behind the first now.
            tokio::time::sleep(Duration::from_millis(1)).await;
            assert_eq!(world.sessions.pushed.lock().unwrap().len(), 0);
            drop(first);
        }
        let most = reader.await.unwrap();
        assert!(most < limits::SOCKET_QUEUE, "{most} waited at once");
        let pushed = world.sessions.pushed.lock().unwrap();
        assert!(pushed.iter().map(|(message, _)| message.seq).eq(1..=COUNT as u64), "in their order");
    }
}

#[tokio::test]
async fn reading_is_for_oneself() {
    let world = World::new().await;
    world.send(to_bob("x")).await.unwrap();
    let seqs = Command::NewestSeqs { user: user("bob") };
    assert_eq!(refused(world.by("carol", seqs.clone()).await), RefusalCode::NoPermission);
    let Outcome::Seqs(seqs) = world.by("bob", seqs).await.unwrap() else { panic!("seqs") };
    assert_eq!(seqs, [(ConversationId::single(&user("alice"), &user("bob")), 1)]);
    let mine = Command::ReadSeqs { user: user("alice"), conversations: Vec::new(), pinned: false };
    let Outcome::OfChat(ChatOutcome::ReadSeqs { states, .. }) = world.by("alice", mine).await.unwrap() else {
        panic!("seqs")
    };
    assert_eq!(states[0].1.read_seq, 1, "one has read what one has sent");
    world.clock.advance(Duration::from_secs(1));
    let id = ConversationId::single(&user("alice"), &user("bob"));
    let conversation = ConversationRef { text: "theirs".to_owned(), id: Some(id) };
    let range = SeqRange { conversation, begin: 1, end: 1, num: 0 };
    let pull = Command::PullRanges { user: user("carol"), ranges: vec![range], order: PullOrder::Ascending };
    let Outcome::Pulled(pulled) = world.by("carol", pull).await.unwrap() else { panic!("a pull") };
    assert!(pulled[0].messages.is_empty(), "carol is not part of that conversation");
}

#[tokio::test]
async fn a_system_account_is_not_stopped_by_blocks() {
    let world = World::new().await;
    let mut system = crate::world::new_user("system");
    system.level = AccountLevel::ADMIN;
    world.admin(Command::RegisterUsers { users: vec![system] }).await.unwrap();
    let block = Command::Block { owner: user("bob"), blocked: user("system"), ex: String::new() };
    world.by("bob", block).await.unwrap();
    let sent = world.send(draft("system", Target::User(user("bob")), "maintenance at noon")).await.unwrap();
    assert_eq!(sent.message.seq, 1);
}

#[tokio::test]
async fn who_joins_a_group_while_a_message_is_at_the_gate_gets_it() {
    let world = Arc::new(World::new().await);
    let group = world.group_of("alice", &["bob"]).await;
    let key = world.gate.shut();
    let sending = tokio::spawn({
        let (world, target) = (Arc::clone(&world), Target::Group(group.clone()));
        async move { world.send(draft("alice", target, "hello all")).await.unwrap() }
    });
    world.gate.reached.notified().await;
    // The first question is asked before anything was looked up.
    key.add_permits(1);
    key.acquire().await.unwrap().forget();
    world.gate.reached.notified().await;
    let invite = Command::Invite { group, users: vec![user("carol")], reason: String::new(), said: true };
    world.by("alice", invite).await.unwrap();
    key.add_permits(100);
    sending.await.unwrap();
    world.sessions.texts(1).await;
    let (_, recipients) = world.sessions.pushed.lock().unwrap()[0].clone();
    assert!(recipients.contains(&user("carol")), "{recipients:?}");
}

#[tokio::test]
async fn who_is_removed_while_a_rule_that_was_asked_is_taken_away_gets_nothing() {
    let world = Arc::new(World::new().await);
    let group = world.group_of("alice", &["bob", "carol"]).await;
    let key = world.gate.shut();
    let sending = tokio::spawn({
        let (world, target) = (Arc::clone(&world), Target::Group(group.clone()));
        async move { world.send(draft("alice", target, "hello all")).await.unwrap() }
    });
    world.gate.reached.notified().await;
    key.add_permits(1);
    key.acquire().await.unwrap().forget();
    // Now it waits at the second question, and who is in the group is known.
    world.gate.reached.notified().await;
    let kind = GroupKind::Group;
    world.admin(Command::RemoveMembers { kind, group, users: vec![user("carol")] }).await.unwrap();
    world.gate.stop_asking();
    key.add_permits(1);
    sending.await.unwrap();
    world.sessions.texts(1).await;
    let (_, recipients) = world.sessions.pushed.lock().unwrap()[0].clone();
    assert!(!recipients.contains(&user("carol")), "{recipients:?}");
}
