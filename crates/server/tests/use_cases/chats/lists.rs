//! Lists of conversations: settings, versions, newest messages.

use std::time::Duration;

use ringback_model::command::{
    ChatCommand, ChatOutcome, Chosen, Command, ConversationRef, Listed, MessageSearch, Outcome, SearchPlace,
    SendState, SettingsChange, Unlisting,
};
use ringback_model::conversation::{ConversationId, Target};
use ringback_model::failure::RefusalCode;
use ringback_model::message::Origin;
use ringback_model::notice::ChatNotice;
use ringback_model::version::{Delta, Version};

use super::{chat, named, say};
use crate::world::{World, actor, draft, new_user, refused, user};

fn configure(users: &[&str], id: &ConversationId, change: SettingsChange) -> ChatCommand {
    let users = users.iter().map(|name| (user(name), named(id))).collect();
    ChatCommand::Configure { users, change }
}

fn pin() -> SettingsChange {
    SettingsChange { pinned: Some(true), ..SettingsChange::default() }
}

async fn listed(world: &World, name: &str, which: Chosen) -> Vec<Listed> {
    let command = ChatCommand::Conversations { owner: user(name), which };
    match world.chat_outcome(name, command).await {
        ChatOutcome::Conversations { conversations, .. } => conversations,
        other => panic!("{other:?}"),
    }
}

async fn ids(world: &World, name: &str, which: Chosen) -> Vec<ConversationId> {
    listed(world, name, which).await.into_iter().map(|one| one.state.conversation).collect()
}

async fn changes(world: &World, name: &str, seen: Option<Version>) -> Delta<Listed> {
    match world.chat_outcome(name, ChatCommand::Changes { owner: user(name), seen }).await {
        ChatOutcome::Changes(delta) => *delta,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn nothing_is_set_for_who_has_no_view_of_the_group() {
    let world = World::new().await;
    let crew = ConversationId::Group(world.group_of("alice", &["bob"]).await);
    let unknown = ConversationId::Group(crate::world::group("404"));
    let set = |name: &str, id: &ConversationId| Command::Chat(configure(&[name], id, pin()));
    assert_eq!(refused(world.by("carol", set("carol", &crew)).await), RefusalCode::NotInGroup);
    assert_eq!(refused(world.by("bob", set("bob", &unknown)).await), RefusalCode::NotFound);
    let both = Command::Chat(configure(&["bob", "carol"], &crew, pin()));
    assert_eq!(refused(world.admin(both).await), RefusalCode::NotInGroup);
    assert_eq!(ids(&world, "bob", Chosen::Pinned).await, [], "all or none");
    assert_eq!(ids(&world, "carol", Chosen::All).await, []);
    world.by("bob", set("bob", &crew)).await.unwrap();
    assert_eq!(ids(&world, "bob", Chosen::Pinned).await, [crew]);
}

#[tokio::test]
async fn messages_go_from_the_view_of_who_keeps_them_for_a_while() {
    let world = World::new().await;
    for text in ["1", "2", "3"] {
        say(&world, "alice", "bob", text).await;
    }
    let change = SettingsChange { expires: Some(true), expire_s: Some(3600), ..SettingsChange::default() };
    world.chat("bob", configure(&["bob"], &chat(), change)).await.unwrap();
    let told = world.notices().len();
    world.clock.advance(Duration::from_secs(3000));
    assert_eq!(world.im.expire_views().await.unwrap(), 0, "nothing is so old yet");
    say(&world, "alice", "bob", "4").await;
    world.clock.advance(Duration::from_secs(1000));
    assert_eq!(world.im.expire_views().await.unwrap(), 1);
    assert_eq!(world.pulled("bob", chat()).await, [(4, "4".to_owned())]);
    assert_eq!(world.pulled("alice", chat()).await.len(), 4, "others keep theirs");
    let state = listed(&world, "bob", Chosen::All).await.remove(0);
    assert_eq!((state.state.min_seq, state.unread()), (4, 1));
    assert!(state.settings.expired_at.0 > 0);
    assert_eq!(world.notices().len(), told + 1, "his devices look again");
    world.clock.advance(Duration::from_secs(3000));
    assert_eq!(world.im.expire_views().await.unwrap(), 0, "not so soon again");
}

#[tokio::test]
async fn texts_of_conversations_have_bounds() {
    let world = World::new().await;
    say(&world, "alice", "bob", "1").await;
    let long = "x".repeat(ringback_model::limits::NOTE_BYTES + 1);
    let change = SettingsChange { ex: Some(long.clone()), ..SettingsChange::default() };
    let one = world.chat("bob", configure(&["bob"], &chat(), change)).await;
    assert_eq!(refused(one), RefusalCode::BadArgument);
    let all = ChatCommand::ConfigureAll { user: user("bob"), ex: Some(long) };
    assert_eq!(refused(world.chat("bob", all).await), RefusalCode::BadArgument);
}

#[tokio::test]
async fn settings_are_kept_told_and_listed() {
    let world = World::new().await;
    say(&world, "alice", "bob", "1").await;
    world.sessions.texts(1).await;
    let first = changes(&world, "bob", None).await;
    assert!(first.full && first.inserted.is_empty());
    world.chat("bob", configure(&["bob"], &chat(), pin())).await.unwrap();
    let change = SettingsChange {
        receive_option: Some(1),
        burn_s: Some(30),
        mention: Some(0),
        ex: Some("{}".to_owned()),
        attached_info: Some("a".to_owned()),
        expires: Some(true),
        expire_s: Some(3600),
        ..SettingsChange::default()
    };
    world.chat("bob", configure(&["bob"], &chat(), change)).await.unwrap();
    let found = listed(&world, "bob", Chosen::All).await.remove(0).settings;
    assert!(found.pinned && found.expires, "what is not given stays");
    assert_eq!((found.receive_option, found.burn_s, found.ex.as_str(), found.expire_s), (1, 30, "{}", 3600));
    let delta = changes(&world, "bob", Some(first.now)).await;
    assert_eq!((delta.full, delta.now.number, delta.updated.len()), (false, first.now.number + 2, 1));
    assert_eq!(ids(&world, "bob", Chosen::Pinned).await, [chat()]);
    assert_eq!(ids(&world, "bob", Chosen::Silent).await, [chat()]);
    assert_eq!(ids(&world, "alice", Chosen::Pinned).await, []);
    let told: Vec<_> = world.notices().into_iter().map(|(_, to)| to).collect();
    assert_eq!(told, [["bob"], ["bob"]]);
    world.chat("bob", configure(&["bob"], &chat(), pin())).await.unwrap();
    assert_eq!(world.notices().len(), 2, "nothing has changed");
    let into_silence = world.send(draft("alice", Target::User(user("bob")), "2")).await;
    assert_eq!(refused(into_silence), RefusalCode::NotReceiving);
    say(&world, "bob", "alice", "3").await;
}

#[tokio::test]
async fn settings_are_ones_own() {
    let world = World::new().await;
    say(&world, "alice", "bob", "1").await;
    let others = world.chat("carol", configure(&["bob"], &chat(), pin())).await;
    assert_eq!(refused(others), RefusalCode::NoPermission);
    let none = ChatCommand::Configure {
        users: vec![(user("bob"), ConversationRef { text: "what".to_owned(), id: None })],
        change: pin(),
    };
    assert_eq!(refused(world.chat("bob", none).await), RefusalCode::BadArgument);
    world.admin(Command::Chat(configure(&["alice", "bob"], &chat(), pin()))).await.unwrap();
    for name in ["alice", "bob"] {
        assert_eq!(ids(&world, name, Chosen::Pinned).await, [chat()]);
    }
}

#[tokio::test]
async fn burning_is_set_for_both() {
    let world = World::new().await;
    let private = SettingsChange { private: Some(true), ..SettingsChange::default() };
    world.chat("alice", configure(&["alice"], &chat(), private.clone())).await.unwrap();
    for name in ["alice", "bob"] {
        let found = listed(&world, name, Chosen::All).await.remove(0);
        assert!(found.settings.private, "{name}");
        assert_eq!(found.state.max_seq, 1, "it is said in the chat");
    }
    let notices = world.noticed(4).await;
    let told =
        notices.iter().filter(|(notice, _)| matches!(notice, ChatNotice::Private { private: true, .. }));
    let told: Vec<usize> = told.map(|(_, to)| to.len()).collect();
    assert_eq!(told, [2, 2], "beside the chat, and in it");
    world.chat("alice", configure(&["alice"], &chat(), private)).await.unwrap();
    assert_eq!(listed(&world, "bob", Chosen::All).await[0].state.max_seq, 1, "once");
}

#[tokio::test]
async fn what_was_taken_off_a_list_comes_back_with_what_is_said() {
    let world = World::new().await;
    say(&world, "alice", "bob", "1").await;
    world.chat("bob", configure(&["bob"], &chat(), pin())).await.unwrap();
    let seen = changes(&world, "bob", None).await.now;
    let unlist = ChatCommand::Unlist { owner: user("bob"), which: Unlisting::These(vec![named(&chat())]) };
    world.chat("bob", unlist).await.unwrap();
    assert_eq!(ids(&world, "bob", Chosen::All).await, []);
    let gone = changes(&world, "bob", Some(seen)).await;
    assert_eq!(gone.deleted, [chat().to_string()]);
    let unknown = ChatCommand::Conversation { owner: user("bob"), conversation: named(&chat()) };
    assert_eq!(refused(world.chat("bob", unknown).await), RefusalCode::NotFound);
    world.clock.advance(Duration::from_secs(60));
    say(&world, "alice", "bob", "2").await;
    let back = listed(&world, "bob", Chosen::All).await;
    assert!(back.len() == 1 && !back[0].settings.pinned, "its settings went");
    let quiet = |at| ChatCommand::Unlist { owner: user("alice"), which: Unlisting::QuietSince(at) };
    let newest = back[0].state.newest_at;
    world.chat("alice", quiet(newest)).await.unwrap();
    assert_eq!(ids(&world, "alice", Chosen::All).await, [chat()]);
    world.chat("alice", quiet(newest.plus(Duration::from_secs(1)))).await.unwrap();
    assert_eq!(ids(&world, "alice", Chosen::All).await, []);
}

#[tokio::test]
async fn the_apps_text_goes_to_all_of_them() {
    let world = World::new().await;
    for peer in ["bob", "carol"] {
        say(&world, "alice", peer, peer).await;
    }
    let command = ChatCommand::ConfigureAll { user: user("alice"), ex: Some("x".to_owned()) };
    world.chat("alice", command).await.unwrap();
    let texts: Vec<String> =
        listed(&world, "alice", Chosen::All).await.into_iter().map(|one| one.settings.ex).collect();
    assert_eq!(texts, ["x", "x"]);
    world.chat("alice", ChatCommand::ConfigureAll { user: user("alice"), ex: None }).await.unwrap();
    assert_eq!(listed(&world, "alice", Chosen::All).await[0].settings.ex, "x");
}

fn overview(page: Option<(usize, usize)>, which: Chosen) -> ChatCommand {
    ChatCommand::Overview { owner: None, which, page, only_with_messages: true, some: false }
}

#[tokio::test]
async fn newest_conversations_stand_first_and_pinned_ones_before_them() {
    let world = World::new().await;
    world.admin(Command::RegisterUsers { users: vec![new_user("dora")] }).await.unwrap();
    for (from, to) in [("bob", "alice"), ("carol", "alice"), ("dora", "alice")] {
        say(&world, from, to, from).await;
        world.clock.advance(Duration::from_secs(1));
    }
    let crew = world.group_of("alice", &["bob"]).await;
    let with = |name: &str| ConversationId::single(&user("alice"), &user(name));
    world.chat("alice", configure(&["alice"], &with("bob"), pin())).await.unwrap();
    say(&world, "carol", "alice", "again").await;
    let ask = overview(Some((0, 2)), Chosen::All);
    let ChatOutcome::Overview { total, unread, conversations } = world.chat_outcome("alice", ask).await
    else {
        panic!("an overview")
    };
    assert_eq!((total, unread), (3, 4), "the group has no messages");
    let shown: Vec<_> = conversations.iter().map(|one| one.listed.state.conversation.clone()).collect();
    assert_eq!(shown, [with("bob"), with("carol")]);
    let second = &conversations[1];
    assert_eq!(second.last.as_ref().unwrap().message.content.raw, "again");
    assert_eq!((second.listed.unread(), second.user.as_ref().unwrap().id.as_str()), (2, "carol"));
    let group = ConversationId::Group(crew.clone());
    let by_id = ChatCommand::Overview {
        owner: None,
        which: Chosen::These(vec![named(&group)]),
        page: None,
        only_with_messages: false,
        some: true,
    };
    let ChatOutcome::Overview { conversations, .. } = world.chat_outcome("alice", by_id).await else {
        panic!("an overview")
    };
    assert_eq!(conversations[0].group.as_ref().unwrap().id, crew);
    let none = ChatCommand::Overview {
        owner: None,
        which: Chosen::All,
        page: Some((0, 1)),
        only_with_messages: false,
        some: true,
    };
    world.admin(Command::RegisterUsers { users: vec![new_user("lonely")] }).await.unwrap();
    assert_eq!(refused(world.chat("lonely", none).await), RefusalCode::NotFound);
}

#[tokio::test]
async fn read_positions_come_with_pinned_conversations() {
    let world = World::new().await;
    say(&world, "alice", "bob", "1").await;
    world.chat("bob", configure(&["bob"], &chat(), pin())).await.unwrap();
    for (conversations, pinned) in
        [(vec![], true), (vec![named(&chat())], true), (vec![named(&chat())], false)]
    {
        let ask = Command::ReadSeqs { user: user("bob"), conversations, pinned };
        let Outcome::OfChat(ChatOutcome::ReadSeqs { states, pinned: found }) =
            world.by("bob", ask).await.unwrap()
        else {
            panic!("positions")
        };
        assert_eq!((states.len(), states[0].1.max_seq, found.len()), (1, 1, usize::from(pinned)));
    }
}

#[tokio::test]
async fn messages_are_found_by_what_is_known_of_them() {
    let world = World::new().await;
    say(&world, "alice", "bob", "one").await;
    world.clock.advance(Duration::from_secs(3600));
    say(&world, "bob", "alice", "two").await;
    let crew = world.group_of("alice", &["bob"]).await;
    world.send(draft("alice", Target::Group(crew.clone()), "three")).await.unwrap();
    let first = world.found("alice", &chat()).await.messages[0].message.sent_at;
    let any = || MessageSearch { limit: 10, ..MessageSearch::default() };
    let recipient = |text: &str| Some(text.to_owned());
    for (search, texts) in [
        (any(), vec!["three", "two", "one"]),
        (MessageSearch { sender: Some(user("alice")), ..any() }, vec!["three", "one"]),
        (MessageSearch { recipient: recipient("alice"), ..any() }, vec!["two"]),
        (MessageSearch { sender: Some(user("alice")), recipient: recipient("bob"), ..any() }, vec!["one"]),
        (
            MessageSearch { recipient: recipient(crew.as_str()), place: Some(SearchPlace::Group), ..any() },
            vec!["three"],
        ),
        (MessageSearch { place: Some(SearchPlace::Single), ..any() }, vec!["two", "one"]),
        (MessageSearch { sent: Some((first, first.plus(Duration::from_secs(1)))), ..any() }, vec!["one"]),
        (MessageSearch { content_code: Some(7), ..any() }, vec![]),
        (MessageSearch { skip: 1, limit: 1, ..any() }, vec!["two"]),
    ] {
        let what = format!("{search:?}");
        let Outcome::OfChat(ChatOutcome::Found { messages, .. }) =
            world.admin(Command::Chat(ChatCommand::Search(search))).await.unwrap()
        else {
            panic!("a search")
        };
        let found: Vec<&str> = messages.iter().map(|one| one.message.content.raw.as_str()).collect();
        assert_eq!(found, texts, "{what}");
    }
    let one = MessageSearch { sender: Some(user("alice")), recipient: recipient("bob"), ..any() };
    let erase = ChatCommand::Erase { conversation: vec![chat()], seqs: vec![1] };
    world.admin(Command::Chat(erase)).await.unwrap();
    let found = world.admin(Command::Chat(ChatCommand::Search(one))).await.unwrap();
    assert!(
        matches!(&found, Outcome::OfChat(ChatOutcome::Found { total: 0, .. })),
        "what was deleted for everybody is not found: {found:?}"
    );
    let by_alice = world.chat("alice", ChatCommand::Search(any())).await;
    assert_eq!(refused(by_alice), RefusalCode::NoPermission);
}

#[tokio::test]
async fn backends_ask_what_became_of_a_message() {
    let world = World::new().await;
    let call = async |operation: &str, command: Command| {
        let call = ringback_model::command::Call {
            actor: Some(actor("root", true)),
            origin: Origin::Rest,
            operation_id: operation.into(),
            command,
        };
        world.im.execute(call).await.map(|done| done.outcome)
    };
    let state = async |operation: &str| match call(operation, Command::Chat(ChatCommand::SendState)).await {
        Ok(Outcome::OfChat(ChatOutcome::SendState(state))) => state,
        other => panic!("{other:?}"),
    };
    let send = |to: &str| Command::Send(Box::new(draft("alice", Target::User(user(to)), "x")));
    assert_eq!(state("op-a").await, SendState::Unknown);
    call("op-a", send("bob")).await.unwrap();
    call("op-b", send("nobody")).await.unwrap_err();
    assert_eq!((state("op-a").await, state("op-b").await), (SendState::Sent, SendState::Failed));
}
