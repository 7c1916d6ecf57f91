//! The action of each command's fixture.

use ringback_dialects::openim::callbacks::commands::Command;
use ringback_model::action::{
    Action, Blocking, ChatAction, ConversationStart, Entrant, FriendAction, FriendAnswer, FriendAsking,
    FriendImport, FriendPair, FriendRemark, GroupAction, GroupApplication, GroupCreation, GroupDismissal,
    GroupDraft, GroupEdit, GroupEntry, GroupInvitation, GroupJoin, GroupKick, GroupLeave, GroupTransfer,
    MemberEdit, MemberRole, MessageRevoked, MessagesRead, PresenceAction, PresenceChange, UserAction,
    UserEdit, UserRegistration,
};
use ringback_model::conversation::ConversationId;
use ringback_model::event::EventKind;
use ringback_model::group::{Group, Role};
use ringback_model::ids::MessageId;
use ringback_model::sample;
use ringback_model::time::UnixMs;
use ringback_model::user::{DeviceSeen, Platform, User};

use crate::samples::{group, user};

/// What a command's fixture is about.
pub(crate) fn of(command: &Command) -> Action {
    let in_group = command.name.contains("Group");
    let whole = !command.name.contains("Ex");
    match command.kind {
        EventKind::FriendRequesting
        | EventKind::FriendRequested
        | EventKind::FriendAgreeing
        | EventKind::FriendAgreed
        | EventKind::FriendRemoved
        | EventKind::FriendRemarking
        | EventKind::FriendRemarked
        | EventKind::FriendsImporting
        | EventKind::FriendsImported
        | EventKind::UserBlocking
        | EventKind::UserUnblocked => Action::Friend(friend(command.kind)),
        EventKind::UsersRegistering | EventKind::UsersRegistered => Action::User(registration()),
        EventKind::UserEditing | EventKind::UserEdited => Action::User(UserAction::Edit(profile(whole))),
        EventKind::MessagesRead => Action::Chat(ChatAction::Read(read(in_group))),
        EventKind::MessageRevoked => Action::Chat(ChatAction::Revoke(revoked())),
        EventKind::ConversationStarting | EventKind::ConversationStarted => {
            Action::Chat(ChatAction::Start(start(in_group)))
        }
        EventKind::UserOnline => Action::Presence(PresenceAction::Online(presence(""))),
        EventKind::UserOffline => Action::Presence(PresenceAction::Offline(presence(""))),
        EventKind::UserKicked => {
            Action::Presence(PresenceAction::Kick(presence("another login on this platform")))
        }
        kind => Action::Group(of_group(kind, whole)),
    }
}

fn friend(kind: EventKind) -> FriendAction {
    let (alice, dave) = (user("alice_01"), user("dave_04"));
    match kind {
        EventKind::FriendRequesting | EventKind::FriendRequested => FriendAction::Ask(FriendAsking {
            from: alice,
            to: dave,
            message: "met at the fair".to_owned(),
            ex: String::new(),
        }),
        EventKind::FriendAgreeing | EventKind::FriendAgreed => {
            FriendAction::Agree(FriendAnswer { from: alice, to: dave, message: "welcome".to_owned() })
        }
        EventKind::FriendRemarking | EventKind::FriendRemarked => FriendAction::Remark(FriendRemark {
            owner: alice,
            friend: user("bob_02"),
            remark: "Bobby <b>".to_owned(),
        }),
        EventKind::FriendsImporting | EventKind::FriendsImported => {
            FriendAction::Import(FriendImport { owner: alice, friends: vec![user("bob_02"), dave] })
        }
        EventKind::FriendRemoved => FriendAction::Remove(FriendPair { owner: alice, friend: user("bob_02") }),
        EventKind::UserBlocking => FriendAction::Block(Blocking { owner: alice, blocked: user("frank_06") }),
        _ => FriendAction::Unblock(Blocking { owner: alice, blocked: user("frank_06") }),
    }
}

fn of_group(kind: EventKind, whole: bool) -> GroupAction {
    let crew = || group("crew_1");
    match kind {
        EventKind::GroupCreating => GroupAction::Draft(Box::new(draft())),
        EventKind::GroupCreated => {
            GroupAction::Create(Box::new(GroupCreation { group: stored(), members: members() }))
        }
        EventKind::GroupEntering => GroupAction::Enter(entry()),
        EventKind::GroupApplying => GroupAction::Apply(GroupApplication {
            group: crew(),
            applicant: user("frank_06"),
            message: "let me in".to_owned(),
            source: 3,
            ex: String::new(),
        }),
        EventKind::GroupInviting => GroupAction::Invite(GroupInvitation {
            group: crew(),
            inviter: user("bob_02"),
            reason: "new in the team".to_owned(),
            invited: vec![user("dave_04"), user("erin_05")],
        }),
        EventKind::GroupJoined => GroupAction::Join(GroupJoin {
            group: crew(),
            users: vec![user("frank_06")],
            message: "let me in".to_owned(),
            source: 3,
            inviter: String::new(),
            requested: false,
        }),
        EventKind::GroupQuit => {
            GroupAction::Quit(GroupLeave { group: crew(), user: user("frank_06"), offline: false })
        }
        EventKind::GroupKicked => GroupAction::Kick(GroupKick {
            group: crew(),
            kicked: vec![user("frank_06")],
            reason: "spam".to_owned(),
            barred: false,
        }),
        EventKind::GroupDismissed => GroupAction::Dismiss(GroupDismissal {
            group: crew(),
            owner: user("alice_01"),
            members: vec![user("alice_01"), user("bob_02"), user("carol_03")],
        }),
        EventKind::GroupTransferred => {
            GroupAction::Transfer(GroupTransfer { group: crew(), from: user("alice_01"), to: user("bob_02") })
        }
        EventKind::GroupEditing | EventKind::GroupEdited => GroupAction::Edit(Box::new(edit(whole))),
        EventKind::MemberEditing | EventKind::MemberEdited => GroupAction::EditMember(Box::new(MemberEdit {
            group: crew(),
            user: user("carol_03"),
            nickname: Some("Caz".to_owned()),
            face_url: None,
            role: Some(Role::Admin),
            ex: None,
        })),
        other => panic!("{other} is not about a group"),
    }
}

fn draft() -> GroupDraft {
    GroupDraft {
        id: String::new(),
        name: "Release crew".to_owned(),
        notification: String::new(),
        introduction: "ship it".to_owned(),
        face_url: String::new(),
        ex: String::new(),
        status: 0,
        creator: String::new(),
        owner: String::new(),
        group_type: 2,
        verification: 0,
        look_member_info: 0,
        apply_member_friend: 0,
        members: members(),
    }
}

fn members() -> Vec<MemberRole> {
    [("alice_01", Role::Owner), ("bob_02", Role::Admin), ("carol_03", Role::Member)]
        .map(|(id, role)| MemberRole { user: user(id), role })
        .to_vec()
}

fn stored() -> Group {
    Group {
        name: "Release crew".to_owned(),
        introduction: "ship it".to_owned(),
        notification: "read this".to_owned(),
        notification_at: UnixMs(1_785_542_400_200),
        notification_by: "alice_01".to_owned(),
        verification: 2,
        member_count: 3,
        ..sample::group(group("crew_1"), user("alice_01"), UnixMs(1_785_542_400_200))
    }
}

fn entry() -> GroupEntry {
    let entrant = |id: &str| Entrant {
        user: user(id),
        nickname: String::new(),
        face_url: String::new(),
        role: Role::Member,
        muted_until: UnixMs(0),
        ex: String::new(),
    };
    GroupEntry {
        group: group("crew_1"),
        group_ex: String::new(),
        entrants: vec![entrant("dave_04"), entrant("erin_05")],
    }
}

fn edit(whole: bool) -> GroupEdit {
    GroupEdit {
        whole,
        name: Some("Release crew 2".to_owned()),
        verification: Some(2),
        ..GroupEdit::nothing(group("crew_1"))
    }
}

fn registration() -> UserAction {
    let gina = User { nickname: "Gina".to_owned(), ..sample::user(user("gina_07")) };
    UserAction::Register(UserRegistration { users: vec![gina] })
}

fn profile(whole: bool) -> UserEdit {
    UserEdit {
        user: user("gina_07"),
        whole,
        nickname: Some("Gigi".to_owned()),
        face_url: None,
        ex: None,
        receive_option: None,
    }
}

fn read(in_group: bool) -> MessagesRead {
    let conversation = if in_group {
        ConversationId::Group(group("g_7788"))
    } else {
        ConversationId::single(&user("alice_01"), &user("bob_02"))
    };
    let seqs = if in_group { Vec::new() } else { vec![11, 12] };
    MessagesRead { conversation, user: user("bob_02"), seqs, read_seq: 42, up_to: true, messages: Vec::new() }
}

fn revoked() -> MessageRevoked {
    MessageRevoked {
        conversation: ConversationId::Group(group("g_7788")),
        seq: 42,
        message: MessageId(0x0b1d_5a3c_7e9f_2469),
        public_id: None,
        client_id: "11f2a3b4c5d6475892a1b0c9d8e7f605".to_owned(),
        sender: user("carol_03"),
        by: user("alice_01"),
        ex: String::new(),
    }
}

fn start(in_group: bool) -> ConversationStart {
    let (conversation, owners) = if in_group {
        (ConversationId::Group(group("g_7788")), vec![user("alice_01"), user("bob_02"), user("carol_03")])
    } else {
        (ConversationId::single(&user("alice_01"), &user("bob_02")), vec![user("alice_01")])
    };
    ConversationStart {
        conversation,
        owners,
        receive_option: 0,
        pinned: false,
        private: false,
        burn_s: 0,
        mention: 0,
        attached_info: String::new(),
        ex: String::new(),
    }
}

fn presence(reason: &str) -> PresenceChange {
    PresenceChange {
        user: user("alice_01"),
        platform: Platform(2),
        connection: "c_8f21".to_owned(),
        background: false,
        reason: reason.to_owned(),
        cut: false,
        device: DeviceSeen::default(),
        at: UnixMs(1_785_542_580_111),
    }
}
