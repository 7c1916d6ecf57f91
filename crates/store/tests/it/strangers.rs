//! Messages of people and to places that nobody has registered: some dialects promise not to check.

use ringback_model::commit::Write;
use ringback_model::conversation::{ConversationId, Target};
use ringback_model::group::{Group, GroupKind};

use crate::world::*;

promises!(
    strangers_messages_are_history,
    a_group_that_does_not_exist_can_be_written_to,
    a_room_is_a_group_whose_messages_say_so,
    a_group_that_is_made_later_goes_on_counting,
);

async fn strangers_messages_are_history(kind: Kind) {
    let world = kind.open();
    let event = world.say(message("nobody", to("noone"), "1"), NOON).await;
    let world = world.reopen().await;
    assert_eq!(world.store.users(&[user("nobody"), user("noone")]).await.unwrap(), [None, None]);
    let chat = single("nobody", "noone");
    assert_eq!(world.store.range(&chat, 1, 9, 9).await.unwrap(), [message_of(&event)]);
    for (who, read) in [("nobody", 1), ("noone", 0)] {
        let state = world.state(who, &chat).await.unwrap();
        assert_eq!((state.max_seq, state.read_seq), (1, read), "{who}");
        assert_eq!(world.store.conversations(&user(who)).await.unwrap(), [state]);
    }
    let again = world.store.commit(saying(message("nobody", to("noone"), "1"), NOON)).await.unwrap_err();
    assert_eq!(duplicate(again), message_of(&event));
    let notice = message("nobody", Target::Notice(user("noone")), "2");
    let conversation = notice.conversation();
    world.say(notice, NOON).await;
    assert_eq!(world.seqs(&conversation).await, [1]);
}

async fn a_group_that_does_not_exist_can_be_written_to(kind: Kind) {
    let world = kind.open();
    let targets = [to_group("g"), Target::Room(group_id("r"))];
    for (target, id) in targets.into_iter().zip(["g", "r"]) {
        let first = world.say(message("nobody", target.clone(), "1"), NOON).await;
        let second = world.say(message("me", target.clone(), "2"), NOON).await;
        let conversation = ConversationId::Group(group_id(id));
        let history = world.store.range(&conversation, 1, 9, 9).await.unwrap();
        assert_eq!(history, [message_of(&first), message_of(&second)]);
        assert_eq!(history[0].target, target);
        let facts = world.store.send_facts(&user("me"), &target).await.unwrap();
        assert!(facts.group.is_none() && facts.members.is_empty() && facts.membership.is_none());
        assert_eq!(world.store.groups(&[group_id(id)]).await.unwrap(), [None]);
        assert!(world.store.conversations(&user("me")).await.unwrap().is_empty(), "he is no member");
    }
}

fn room(id: &str) -> Group {
    Group { kind: GroupKind::Room, max_members: 500, ..group(id) }
}

async fn a_room_is_a_group_whose_messages_say_so(kind: Kind) {
    let world = kind.open();
    world.write(Write::PutGroup(room("r"))).await;
    world.write(Write::PutMember(member_of("r", "me"))).await;
    world.say(message("me", Target::Room(group_id("r")), "1"), NOON).await;
    let world = world.reopen().await;
    let found = world.store.groups(&[group_id("r")]).await.unwrap().remove(0).unwrap();
    assert_eq!(found, Group { member_count: 1, ..room("r") });
    let facts = world.store.send_facts(&user("me"), &Target::Room(group_id("r"))).await.unwrap();
    assert_eq!(facts.group.as_deref(), Some(&found));
    assert_eq!(
        (facts.membership.as_deref(), &*facts.members),
        (Some(&member_of("r", "me")), &[user("me")][..])
    );
    let state = world.state("me", &ConversationId::Group(group_id("r"))).await.unwrap();
    assert_eq!((state.max_seq, state.read_seq), (1, 1));
}

async fn a_group_that_is_made_later_goes_on_counting(kind: Kind) {
    let world = kind.open();
    world.say(message("me", to_group("g"), "1"), NOON).await;
    world.group("g", &["me"]).await;
    let conversation = ConversationId::Group(group_id("g"));
    assert_eq!(world.state("me", &conversation).await.unwrap().max_seq, 1);
    let event = world.say(message("me", to_group("g"), "2"), NOON).await;
    assert_eq!(message_of(&event).seq, 2);
    assert_eq!(world.seqs(&conversation).await, [1, 2]);
}
