//! What users see of their conversations.

use ringback_model::commit::Write;
use ringback_model::conversation::{ConversationId, Target};
use ringback_model::ports::StoredRange;
use ringback_model::record::{ConversationSettings, Record};
use ringback_model::time::UnixMs;
use ringback_model::version::{Touch, VersionLog};

use crate::world::*;

promises!(
    ranges_are_ascending_and_keep_the_newest,
    chosen_seqs_come_in_their_order,
    messages_come_back_as_they_were_stored,
    both_sides_of_a_chat_have_it,
    a_notice_is_its_recipients,
    a_former_member_sees_what_he_saw,
    read_marks_never_go_back,
    unkept_messages_are_no_history,
    several_ranges_share_a_bound,
    a_chat_is_on_the_lists_that_its_beginning_says,
    what_comes_onto_lists_is_a_change_of_them,
);

async fn ranges_are_ascending_and_keep_the_newest(kind: Kind) {
    let world = kind.open();
    for number in 1..=30 {
        world.say(message("me", to("you"), &format!("{number}")), NOON + number).await;
        world.say(unkept(message("me", to("you"), &format!("not-{number}"))), NOON + number).await;
    }
    let chat = single("you", "me");
    let cases: [(u64, u64, usize, Vec<u64>); 8] = [
        (1, 30, 100, (1..=30).collect()),
        (0, u64::MAX, 4, vec![27, 28, 29, 30]),
        (5, 9, 100, vec![5, 6, 7, 8, 9]),
        (5, 9, 2, vec![8, 9]),
        (30, 30, 1, vec![30]),
        (31, 40, 10, vec![]),
        (9, 5, 10, vec![]),
        (1, 30, 0, vec![]),
    ];
    for (first, last, limit, expected) in cases {
        let found = world.store.range(&chat, first, last, limit).await.unwrap();
        let seqs: Vec<u64> = found.iter().map(|message| message.seq).collect();
        assert_eq!(seqs, expected, "{first}..={last}, {limit}");
        assert!(found.iter().all(|message| message.client_id == message.seq.to_string()));
    }
    assert!(world.store.range(&single("a", "b"), 1, 9, 9).await.unwrap().is_empty());
}

async fn chosen_seqs_come_in_their_order(kind: Kind) {
    let world = kind.open();
    for number in 1..=20 {
        world.say(message("me", to("you"), &format!("{number}")), NOON).await;
        world.say(unkept(message("me", to("you"), &format!("not-{number}"))), NOON).await;
    }
    let found = world.store.chosen(&single("me", "you"), &[19, 2, 99, 0, u64::MAX, 7, 2]).await.unwrap();
    let seqs: Vec<u64> = found.iter().map(|message| message.seq).collect();
    assert_eq!(seqs, [19, 2, 7, 2]);
}

async fn messages_come_back_as_they_were_stored(kind: Kind) {
    let world = kind.open();
    let event = world.say(message("me", to("you"), "x"), NOON).await;
    let world = world.reopen().await;
    assert_eq!(world.store.range(&single("me", "you"), 1, 1, 1).await.unwrap(), [message_of(&event)]);
    assert_eq!(world.whole_log().await, [event]);
}

async fn both_sides_of_a_chat_have_it(kind: Kind) {
    let world = kind.open();
    world.say(message("me", to("you"), "1"), NOON + 1).await;
    world.say(message("me", to("you"), "2"), NOON + 2).await;
    world.say(unkept(message("me", to("you"), "3")), NOON + 3).await;
    let chat = single("me", "you");
    let mine = world.state("me", &chat).await.unwrap();
    assert_eq!((mine.max_seq, mine.read_seq, mine.min_seq, mine.newest_at), (2, 2, 0, UnixMs(NOON + 2)));
    let yours = world.state("YOU", &chat).await.unwrap();
    assert_eq!((yours.max_seq, yours.read_seq), (2, 0));
    assert_eq!(world.state("other", &chat).await, None);
    world.say(message("me", to("zoe"), "4"), NOON + 4).await;
    let all = world.store.conversations(&user("me")).await.unwrap();
    let ids: Vec<_> = all.iter().map(|state| state.conversation.clone()).collect();
    assert_eq!(ids, [chat, single("me", "zoe")]);
}

async fn a_notice_is_its_recipients(kind: Kind) {
    let world = kind.open();
    let notice = message("system", Target::Notice(user("you")), "1");
    let id = notice.conversation();
    world.say(notice, NOON).await;
    assert_eq!(world.state("you", &id).await.unwrap().max_seq, 1);
    assert_eq!(world.state("system", &id).await, None);
}

async fn a_former_member_sees_what_he_saw(kind: Kind) {
    let world = kind.open();
    let id = ConversationId::Group(group_id("g"));
    world.group("g", &["me", "you"]).await;
    assert_eq!(
        world.state("you", &id).await.unwrap().newest_at,
        UnixMs(0),
        "in the list before the first message"
    );
    for number in 1..=10 {
        world.say(message("me", to_group("g"), &format!("{number}")), NOON + number).await;
    }
    world.write(Write::RemoveMember(group_id("g"), user("YOU"))).await;
    world.write(Write::RemoveMember(group_id("g"), user("stranger"))).await;
    for number in 11..=20 {
        world.say(message("me", to_group("g"), &format!("{number}")), NOON + number).await;
    }
    let left = world.state("you", &id).await.unwrap();
    assert_eq!((left.max_seq, left.newest_at), (10, UnixMs(NOON + 10)));
    world.write(Write::MarkRead { user: user("you"), conversation: id.clone(), seq: 15 }).await;
    assert_eq!(world.state("you", &id).await.unwrap().read_seq, 10, "no mark beyond what he sees");
    assert_eq!(world.state("me", &id).await.unwrap().max_seq, 20);
    world.write(Write::PutMember(member_of("g", "you"))).await;
    let back = world.state("you", &id).await.unwrap();
    assert_eq!((back.max_seq, back.read_seq, back.newest_at), (20, 10, UnixMs(NOON + 20)));
}

async fn read_marks_never_go_back(kind: Kind) {
    let world = kind.open();
    for number in 1..=5 {
        world.say(message("me", to("you"), &format!("{number}")), NOON).await;
    }
    let chat = single("me", "you");
    for (seq, expected) in [(3, 3), (1, 3), (5, 5), (9, 5)] {
        world.write(Write::MarkRead { user: user("you"), conversation: chat.clone(), seq }).await;
        assert_eq!(world.state("you", &chat).await.unwrap().read_seq, expected, "marked {seq}");
    }
    world.write(Write::MarkRead { user: user("stranger"), conversation: chat.clone(), seq: 2 }).await;
    assert_eq!(world.state("stranger", &chat).await, None);
}

async fn unkept_messages_are_no_history(kind: Kind) {
    let world = kind.open();
    let event = world.say(unkept(message("me", to("you"), "1")), NOON).await;
    assert_eq!(message_of(&event).seq, 0);
    assert!(world.store.conversations(&user("you")).await.unwrap().is_empty());
    assert!(world.seqs(&single("me", "you")).await.is_empty());
    assert_eq!(world.whole_log().await.len(), 1);
}

async fn several_ranges_share_a_bound(kind: Kind) {
    let world = kind.open();
    for number in 1..=5 {
        world.say(message("me", to("you"), &format!("{number}")), NOON).await;
        world.say(message("me", to("zoe"), &format!("z{number}")), NOON).await;
    }
    let range = |peer: &str, first, limit| StoredRange {
        conversation: single("me", peer),
        first,
        last: u64::MAX,
        limit,
    };
    let asked = [range("you", 1, 2), range("nobody", 1, 9), range("zoe", 2, 9), range("you", 1, 9)];
    for (most, expected) in [
        (100, vec![vec![4, 5], vec![], vec![2, 3, 4, 5], vec![1, 2, 3, 4, 5]]),
        (5, vec![vec![4, 5], vec![], vec![3, 4, 5], vec![]]),
        (0, vec![vec![]; 4]),
    ] {
        let found = world.store.ranges(&asked, most).await.unwrap();
        let seqs: Vec<Vec<u64>> =
            found.iter().map(|one| one.iter().map(|message| message.seq).collect()).collect();
        assert_eq!(seqs, expected, "{most}");
    }
}

async fn a_chat_is_on_the_lists_that_its_beginning_says(kind: Kind) {
    let world = kind.open();
    let chat = single("me", "you");
    for (number, listed) in [(1, false), (2, false)] {
        let mut commit = saying(message("me", to("you"), &format!("{number}")), NOON);
        commit.unlisted = vec![user("YOU")];
        world.store.commit(commit).await.unwrap();
        assert!(world.state("me", &chat).await.is_some());
        assert_eq!(world.state("you", &chat).await.is_some(), listed);
        let facts = world.store.send_facts(&user("me"), &to("you")).await.unwrap();
        assert_eq!(facts.listed, (true, false));
    }
    world.say(message("me", to("you"), "3"), NOON).await;
    assert_eq!(world.state("you", &chat).await, None, "who did not get it then does not get it by itself");
    world.write(Write::List { user: user("you"), conversation: chat.clone() }).await;
    assert_eq!(world.state("you", &chat).await.unwrap().max_seq, 3);
    let facts = world.store.send_facts(&user("me"), &to("you")).await.unwrap();
    assert_eq!((facts.listed, facts.receive_option), ((true, true), 0));
    let silent =
        ConversationSettings { receive_option: 1, ..ConversationSettings::new(user("you"), chat.clone()) };
    let record = Record::Conversation(silent);
    world.write(Write::Keep(Box::new(record.clone()))).await;
    let option = async |from: &str, target: &str| {
        world.store.send_facts(&user(from), &to(target)).await.unwrap().receive_option
    };
    assert_eq!((option("me", "you").await, option("you", "me").await), (1, 0));
    world.write(Write::Discard(record.key())).await;
    assert_eq!(option("me", "you").await, 0);
}

async fn what_comes_onto_lists_is_a_change_of_them(kind: Kind) {
    let world = kind.open();
    let crew = group_id("crew");
    let of_crew = ConversationId::Group(crew.clone());
    let news = async |name: &str, since: u64| {
        let log = VersionLog::Conversations(user(name));
        let changes = world.store.list_changes(&log, since, 10).await.unwrap();
        let changed = changes.changed.unwrap_or_default();
        (changes.now.number, changed.into_iter().map(|one| (one.element, one.touch)).collect::<Vec<_>>())
    };
    world.say(message("me", to("you"), "1"), NOON).await;
    world.say(message("you", to("me"), "2"), NOON).await;
    let chat = single("me", "you").to_string();
    for name in ["me", "you"] {
        assert_eq!(news(name, 1).await, (2, vec![(chat.clone(), Touch::Inserted)]), "{name}");
    }
    world.write(Write::PutGroup(group("crew"))).await;
    let member = member_of("crew", "you");
    world.write(Write::PutMember(member.clone())).await;
    world.write(Write::PutMember(member.clone())).await;
    assert_eq!(
        news("you", 2).await,
        (3, vec![(of_crew.to_string(), Touch::Inserted)]),
        "changing him is no change"
    );
    assert!(!world.state("you", &of_crew).await.unwrap().ended);
    world.write(Write::RemoveMember(crew.clone(), user("you"))).await;
    assert_eq!(news("you", 3).await, (4, vec![(of_crew.to_string(), Touch::Updated)]));
    assert!(world.state("you", &of_crew).await.unwrap().ended);
    world.write(Write::PutMember(member)).await;
    assert_eq!(news("you", 4).await, (5, vec![(of_crew.to_string(), Touch::Updated)]));
    world.write(Write::List { user: user("you"), conversation: of_crew }).await;
    assert_eq!(news("you", 5).await, (5, vec![]));
}
