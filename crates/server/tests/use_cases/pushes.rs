//! Before-rules about pushes to those who are online.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ringback_model::conversation::{ConversationId, Target};
use ringback_model::event::EventKind;
use ringback_model::failure::{Refusal, RefusalCode};
use ringback_model::message::{ContentClass, Handling};
use ringback_model::notice;
use ringback_model::ports::Handover as _;
use ringback_model::sample;

use crate::world::{World, draft, one_sided, user};

fn to(name: &str) -> Target {
    Target::User(user(name))
}

fn no() -> Refusal {
    Refusal::new(RefusalCode::BadArgument, "not now")
}

/// Who got what, in order.
fn pushed(world: &World) -> Vec<(String, Vec<String>)> {
    let pushed = world.sessions.pushed.lock().unwrap();
    let names = |users: &Vec<ringback_model::ids::UserId>| users.iter().map(ToString::to_string).collect();
    pushed.iter().map(|(message, users)| (message.content.raw.clone(), names(users))).collect()
}

fn entry(text: &str, names: &[&str]) -> (String, Vec<String>) {
    (text.to_owned(), names.iter().map(|name| (*name).to_owned()).collect())
}

#[tokio::test]
async fn rules_are_asked_with_the_users_and_may_name_others() {
    let world = World::new().await;
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    world.gate.judge_pushes(EventKind::OnlinePushing, move |plan| {
        if plan.message.content.form == notice::FORM {
            return Ok(());
        }
        let names: Vec<String> = plan.users.iter().map(ToString::to_string).collect();
        seen.lock().unwrap().push((plan.message.content.raw.clone(), plan.message.seq, names));
        if plan.message.target.group().is_some() {
            plan.users = vec![user("carol")];
        }
        Ok(())
    });
    let crew = world.group_of("alice", &["bob", "carol"]).await;
    world.send(draft("bob", to("alice"), "zero")).await.unwrap();
    world.sessions.texts(2).await;
    asked.lock().unwrap().clear();
    world.sessions.pushed.lock().unwrap().clear();
    world.send(draft("alice", to("bob"), "one")).await.unwrap();
    let alone = Handling { sync_sender: false, ..Handling::default() };
    let quiet = ringback_model::command::Draft { handling: alone, ..draft("alice", to("bob"), "two") };
    world.send(quiet).await.unwrap();
    world.send(draft("alice", Target::Group(crew), "three")).await.unwrap();
    world.sessions.texts(3).await;
    let expected = [entry("one", &["bob", "alice"]), entry("two", &["bob"]), entry("three", &["carol"])];
    let mut in_order = pushed(&world);
    in_order.sort_by_key(|(text, _)| expected.iter().position(|(other, _)| other == text));
    assert_eq!(in_order, expected);
    let mut asked = asked.lock().unwrap().clone();
    asked.sort_by_key(|(text, ..)| expected.iter().position(|(other, _)| other == text));
    let (text, seq, mut members) = asked.pop().unwrap();
    members.sort();
    assert_eq!((text.as_str(), seq), ("three", 1));
    assert_eq!(members, ["alice", "bob", "carol"]);
    assert_eq!(asked.iter().map(|(_, seq, _)| *seq).collect::<Vec<_>>(), [2, 3]);
}

#[tokio::test]
async fn notices_are_asked_about_too() {
    let world = World::new().await;
    world.gate.judge_pushes(EventKind::OnlinePushing, |plan| {
        let is_notice = plan.message.content.form == notice::FORM;
        if is_notice && !plan.users.contains(&user("carol")) { Ok(()) } else { Err(no()) }
    });
    world.group_of("alice", &["bob", "carol"]).await;
    world.group_of("alice", &["bob"]).await;
    let pushed = loop {
        let arrived = world.sessions.arrived.notified();
        let pushed = world.sessions.notices.lock().unwrap().clone();
        if !pushed.is_empty() {
            break pushed;
        }
        tokio::time::timeout(Duration::from_secs(5), arrived).await.expect("a notice within 5 s");
    };
    assert!(pushed.iter().all(|(_, users)| users.len() == 2), "{pushed:?}");
}

#[tokio::test]
async fn a_refused_push_stays_out_and_the_message_stays_in() {
    let world = World::new().await;
    world.gate.judge_pushes(EventKind::OnlinePushing, |plan| {
        if plan.message.content.raw == "secret" { Err(no()) } else { Ok(()) }
    });
    let sent = world.send(draft("alice", to("bob"), "secret")).await.unwrap();
    // Its callbacks do not wait for a push that never comes.
    world.handovers.handed_over(sent.message.id).await;
    world.send(draft("alice", to("bob"), "open")).await.unwrap();
    assert_eq!(world.sessions.texts(1).await, ["open"]);
    let chat = ConversationId::single(&user("alice"), &user("bob"));
    let kept = world.pulled("bob", chat).await;
    assert_eq!(kept, [(1, "secret".to_owned()), (2, "open".to_owned())]);
}

#[tokio::test]
async fn a_slow_answer_holds_its_own_conversation_in_order_and_no_other() {
    let world = World::new().await;
    world.gate.judge_pushes(EventKind::OnlinePushing, |_| Ok(()));
    let first = world.gate.slow("a1");
    let second = world.gate.slow("a2");
    for text in ["a1", "a2", "a3"] {
        world.send(draft("alice", to("bob"), text)).await.unwrap();
    }
    world.send(draft("alice", to("carol"), "b1")).await.unwrap();
    assert_eq!(world.sessions.texts(1).await, ["b1"], "another conversation goes on");
    second.add_permits(1);
    world.send(draft("alice", to("carol"), "b2")).await.unwrap();
    assert_eq!(world.sessions.texts(2).await, ["b1", "b2"], "the second answer does not help the first");
    first.add_permits(1);
    assert_eq!(world.sessions.texts(5).await, ["b1", "b2", "a1", "a2", "a3"]);
}

#[tokio::test]
async fn messages_that_came_before_the_rules_are_not_overtaken_by_those_after() {
    let world = World::new().await;
    world.gate.judge_pushes(EventKind::OnlinePushing, |_| Ok(()));
    let held = world.gate.slow("asked");
    world.send(draft("alice", to("bob"), "asked")).await.unwrap();
    world.gate.reached.notified().await;
    world.gate.forget_pushes();
    for text in ["unasked", "and another"] {
        world.send(draft("alice", to("bob"), text)).await.unwrap();
    }
    world.send(draft("alice", to("carol"), "elsewhere")).await.unwrap();
    assert_eq!(world.sessions.texts(1).await, ["elsewhere"]);
    held.add_permits(1);
    assert_eq!(world.sessions.texts(4).await, ["elsewhere", "asked", "unasked", "and another"]);
}

#[tokio::test]
async fn a_push_goes_to_those_of_an_answer_who_exist() {
    let world = World::new().await;
    world.gate.judge_pushes(EventKind::OnlinePushing, |plan| {
        plan.users = match plan.message.content.raw.as_str() {
            "some" => vec![user("nobody"), user("CAROL")],
            _ => vec![user("nobody")],
        };
        Ok(())
    });
    world.send(draft("alice", to("bob"), "some")).await.unwrap();
    world.sessions.texts(1).await;
    assert_eq!(pushed(&world).last(), Some(&entry("some", &["carol"])));
    let refused = world.send(draft("alice", to("bob"), "none")).await.unwrap();
    world.handovers.handed_over(refused.message.id).await;
    world.gate.goes_on.store(true, std::sync::atomic::Ordering::Relaxed);
    world.send(draft("alice", to("bob"), "unchanged")).await.unwrap();
    world.sessions.texts(2).await;
    let names = pushed(&world).pop().unwrap().1;
    assert!(names.contains(&"bob".to_owned()), "{names:?}: as if nothing was answered");
}

#[tokio::test]
async fn typing_is_pushed_without_a_question() {
    let world = World::new().await;
    world.gate.judge_pushes(EventKind::OnlinePushing, |_| Err(no()));
    let content = sample::content(ContentClass::Typing, 113, "typing");
    world.send(sample::draft(user("alice"), to("bob"), content)).await.unwrap();
    assert_eq!(world.sessions.texts(1).await, ["typing"]);
    assert!(!world.gate.asked.lock().unwrap().contains(&EventKind::OnlinePushing));
}

#[tokio::test]
async fn many_questions_at_once_keep_every_conversation_in_order() {
    let world = World::new().await;
    world.gate.judge_pushes(EventKind::OnlinePushing, |_| Ok(()));
    let slow: Vec<_> = (0..300).step_by(7).map(|number| world.gate.slow(&number.to_string())).collect();
    for number in 0..300 {
        let peer = ["bob", "carol"][number % 2];
        world.send(one_sided("alice", to(peer), &number.to_string())).await.unwrap();
    }
    for one in slow.iter().rev() {
        one.add_permits(1);
    }
    let texts = world.sessions.texts(300).await;
    for parity in 0..2 {
        let of_one: Vec<usize> =
            texts.iter().map(|text| text.parse().unwrap()).filter(|number| number % 2 == parity).collect();
        assert!(of_one.is_sorted() && of_one.len() == 150, "{of_one:?}");
    }
}
