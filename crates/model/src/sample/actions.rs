//! One made-up action of every kind.

mod ways;

use crate::action::{
    Action, Blocking, ChatAction, ConversationStart, Entrant, FriendAction, FriendAnswer, FriendAsking,
    FriendImport, FriendPair, FriendRemark, GroupAction, GroupApplication, GroupAttributes, GroupCreation,
    GroupDeclined, GroupDismissal, GroupDraft, GroupEdit, GroupEntry, GroupFileChange, GroupInvitation,
    GroupJoin, GroupKick, GroupLeave, GroupListing, GroupMuting, GroupRequested, GroupShielding, GroupSwitch,
    GroupTransfer, KeywordHit, MemberEdit, MemberRole, MessageEdited, MessageReacted, MessageRef,
    MessageRevoked, MessagesRead, PresenceAction, PresenceChange, PushEnded, PushOutcome, PushResult,
    ReactionCount, RoomAdminChange, ThreadMessage, ThreadUpdated, UserAction, UserEdit, UserRegistration,
};
use crate::conversation::{ConversationId, Target};
use crate::group::{Group, Role};
use crate::ids::{BadId, GroupId, MessageId, UserId};
use crate::keyword::KeywordVerdict;
use crate::message::ContentClass;
use crate::record::SharedFile;
use crate::time::UnixMs;
use crate::user::{DeviceSeen, Platform, User};

/// Who and what samples are about.
struct Cast {
    alice: UserId,
    bob: UserId,
    carol: UserId,
    group: GroupId,
    thread: GroupId,
    at: UnixMs,
}

/// One action of every kind, those that are only asked about and those that are only told included.
#[must_use]
pub fn actions(at: UnixMs) -> Vec<Action> {
    let cast = || -> Result<Cast, BadId> {
        Ok(Cast {
            alice: UserId::parse("alice")?,
            bob: UserId::parse("bob")?,
            carol: UserId::parse("carol")?,
            group: GroupId::parse("270011223344556")?,
            thread: GroupId::parse("270055554444333")?,
            at,
        })
    };
    // The names are fine: the list is never empty.
    let Ok(cast) = cast() else { return Vec::new() };
    let friends = cast.friends().into_iter().map(Action::Friend);
    let groups = cast.groups().into_iter().chain(cast.management()).map(Action::Group);
    let users = cast.users().into_iter().map(Action::User);
    let chats = cast.chats().into_iter().map(Action::Chat);
    let presence = cast.presence().into_iter().map(Action::Presence);
    let ways = cast.ways().unwrap_or_default();
    friends.chain(groups).chain(users).chain(chats).chain(presence).chain(ways).collect()
}

impl Cast {
    fn friends(&self) -> [FriendAction; 8] {
        let (owner, friend) = (self.alice.clone(), self.bob.clone());
        let answer = |message: &str| FriendAnswer {
            from: self.alice.clone(),
            to: self.bob.clone(),
            message: message.to_owned(),
        };
        let block = Blocking { owner: owner.clone(), blocked: friend.clone() };
        [
            FriendAction::Ask(FriendAsking {
                from: owner.clone(),
                to: friend.clone(),
                message: "met at the fair".to_owned(),
                ex: String::new(),
            }),
            FriendAction::Agree(answer("welcome")),
            FriendAction::Decline(answer("not now")),
            FriendAction::Remove(FriendPair { owner: owner.clone(), friend: friend.clone() }),
            FriendAction::Remark(FriendRemark { owner: owner.clone(), friend, remark: "Bobby".to_owned() }),
            FriendAction::Import(FriendImport { owner, friends: vec![self.bob.clone(), self.carol.clone()] }),
            FriendAction::Block(block.clone()),
            FriendAction::Unblock(block),
        ]
    }

    fn members(&self) -> Vec<MemberRole> {
        [(&self.alice, Role::Owner), (&self.bob, Role::Admin), (&self.carol, Role::Member)]
            .map(|(user, role)| MemberRole { user: user.clone(), role })
            .to_vec()
    }

    fn draft(&self) -> GroupDraft {
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
            members: self.members(),
        }
    }

    fn stored(&self) -> Group {
        let group = super::group(self.group.clone(), self.alice.clone(), self.at);
        Group {
            name: "Release crew".to_owned(),
            introduction: "ship it".to_owned(),
            member_count: 3,
            ..group
        }
    }

    fn entry(&self) -> GroupEntry {
        let entrant = Entrant {
            user: self.carol.clone(),
            nickname: String::new(),
            face_url: String::new(),
            role: Role::Member,
            muted_until: UnixMs(0),
            ex: String::new(),
        };
        GroupEntry { group: self.group.clone(), group_ex: String::new(), entrants: vec![entrant] }
    }

    fn edit(&self) -> GroupEdit {
        GroupEdit {
            name: Some("Release crew 2".to_owned()),
            verification: Some(2),
            ..GroupEdit::nothing(self.group.clone())
        }
    }

    /// What managers do to a group, and members for themselves.
    fn management(&self) -> Vec<GroupAction> {
        let (group, users) = (|| self.group.clone(), || vec![self.carol.clone()]);
        let switch = |on| GroupSwitch { group: group(), on };
        let listing = |listed| GroupListing { group: group(), users: users(), listed };
        let file = SharedFile {
            group: group(),
            id: "79821341".to_owned(),
            name: "plan.pdf".to_owned(),
            owner: self.bob.clone(),
            size: 20_480,
            object: None,
            url: String::new(),
            at: self.at,
        };
        let attributes = GroupAttributes {
            group: group(),
            name: "Release crew".to_owned(),
            member: None,
            by: Some(self.bob.clone()),
            set: [("theme".to_owned(), "dark".to_owned())].into(),
            removed: Vec::new(),
            forced: false,
        };
        let removed =
            GroupAttributes { set: [].into(), removed: vec!["theme".to_owned()], ..attributes.clone() };
        let member = Some(self.carol.clone());
        let of_member = GroupAttributes { member, by: None, ..attributes.clone() };
        let muted_until = UnixMs(self.at.0.saturating_add(60_000));
        [true, false]
            .into_iter()
            .flat_map(|on| {
                let until = on.then_some(muted_until);
                [
                    GroupAction::Mute(GroupMuting { group: group(), users: users(), until }),
                    GroupAction::MuteAll(switch(on)),
                    GroupAction::Bar(listing(on)),
                    GroupAction::Allow(listing(on)),
                    GroupAction::Shield(GroupShielding { group: group(), user: self.carol.clone(), on }),
                    GroupAction::Close(switch(on)),
                    GroupAction::ShareFile(GroupFileChange { group: group(), file: file.clone(), added: on }),
                    GroupAction::AppointRoomAdmin(RoomAdminChange { users: users(), added: on }),
                ]
            })
            .chain([attributes, removed, of_member].map(|one| GroupAction::SetAttributes(Box::new(one))))
            .collect()
    }

    fn groups(&self) -> [GroupAction; 15] {
        let (group, carol) = (|| self.group.clone(), || self.carol.clone());
        let whole = GroupEdit { whole: true, introduction: Some("ship it".to_owned()), ..self.edit() };
        [
            GroupAction::Draft(Box::new(self.draft())),
            GroupAction::Create(Box::new(GroupCreation { group: self.stored(), members: self.members() })),
            GroupAction::Enter(self.entry()),
            GroupAction::Apply(GroupApplication {
                group: group(),
                applicant: carol(),
                message: "let me in".to_owned(),
                source: 3,
                ex: String::new(),
            }),
            GroupAction::Invite(GroupInvitation {
                group: group(),
                inviter: self.alice.clone(),
                reason: "new here".to_owned(),
                invited: vec![carol()],
            }),
            GroupAction::Request(GroupRequested {
                group: group(),
                owner: self.alice.clone(),
                users: vec![carol()],
                message: "let me in".to_owned(),
                inviter: None,
            }),
            GroupAction::Decline(GroupDeclined {
                group: group(),
                user: carol(),
                invited: true,
                answer: "not now".to_owned(),
            }),
            GroupAction::Join(GroupJoin {
                group: group(),
                users: vec![carol()],
                message: "let me in".to_owned(),
                source: 3,
                inviter: String::new(),
                requested: true,
            }),
            GroupAction::Quit(GroupLeave { group: group(), user: carol(), offline: false }),
            GroupAction::Kick(GroupKick {
                group: group(),
                kicked: vec![carol()],
                reason: "spam".to_owned(),
                barred: false,
            }),
            GroupAction::Dismiss(GroupDismissal {
                group: group(),
                owner: self.alice.clone(),
                members: vec![self.alice.clone(), self.bob.clone(), carol()],
            }),
            GroupAction::Transfer(GroupTransfer {
                group: group(),
                from: self.alice.clone(),
                to: self.bob.clone(),
            }),
            GroupAction::Edit(Box::new(self.edit())),
            GroupAction::Edit(Box::new(whole)),
            GroupAction::EditMember(Box::new(MemberEdit {
                group: group(),
                user: carol(),
                nickname: Some("Caz".to_owned()),
                face_url: None,
                role: Some(Role::Admin),
                ex: None,
            })),
        ]
    }

    fn users(&self) -> [UserAction; 3] {
        let edit = |whole| UserEdit {
            user: self.alice.clone(),
            whole,
            nickname: Some("Ali".to_owned()),
            face_url: None,
            ex: None,
            receive_option: None,
        };
        let user = User { created_at: self.at, ..super::user(self.alice.clone()) };
        [
            UserAction::Register(UserRegistration { users: vec![user] }),
            UserAction::Edit(edit(true)),
            UserAction::Edit(edit(false)),
        ]
    }

    fn chats(&self) -> [ChatAction; 15] {
        let single = ConversationId::single(&self.alice, &self.bob);
        let of_group = ConversationId::Group(self.group.clone());
        let start = |conversation: &ConversationId, owners: Vec<UserId>| {
            ChatAction::Start(ConversationStart {
                conversation: conversation.clone(),
                owners,
                receive_option: 0,
                pinned: false,
                private: false,
                burn_s: 0,
                mention: 0,
                attached_info: String::new(),
                ex: String::new(),
            })
        };
        let read = |conversation: &ConversationId| {
            ChatAction::Read(MessagesRead {
                conversation: conversation.clone(),
                user: self.bob.clone(),
                seqs: vec![11, 12],
                read_seq: 12,
                up_to: true,
                messages: vec![self.message_ref()],
            })
        };
        let revoke = |conversation: &ConversationId| {
            ChatAction::Revoke(MessageRevoked {
                conversation: conversation.clone(),
                seq: 42,
                message: MessageId(42),
                public_id: None,
                client_id: "sample".to_owned(),
                sender: self.alice.clone(),
                by: self.alice.clone(),
                ex: String::new(),
            })
        };
        [
            start(&single, vec![self.alice.clone()]),
            start(&of_group, vec![self.bob.clone(), self.carol.clone()]),
            read(&single),
            read(&of_group),
            revoke(&single),
            revoke(&of_group),
            self.hit(KeywordVerdict::Refuse, single.clone(), Target::User(self.bob.clone())),
            self.hit(KeywordVerdict::Report, of_group.clone(), Target::Group(self.group.clone())),
            self.change(&single),
            self.change(&of_group),
            self.reaction(&single),
            self.reaction(&of_group),
            self.thread(),
            self.push(&single, PushOutcome::Taken),
            self.push(&of_group, PushOutcome::NoProvider),
        ]
    }

    fn hit(&self, verdict: KeywordVerdict, conversation: ConversationId, target: Target) -> ChatAction {
        ChatAction::Filter(Box::new(KeywordHit {
            conversation,
            message: MessageId(43),
            client_id: "sample".to_owned(),
            sender: self.alice.clone(),
            target,
            class: ContentClass::Text,
            code: 101,
            verdict,
            words: vec!["forbidden".to_owned()],
            lists: vec!["house-rules".to_owned()],
            edited: false,
        }))
    }

    fn message_ref(&self) -> MessageRef {
        MessageRef { seq: 12, message: MessageId(42), public_id: None, sender: self.alice.clone() }
    }

    fn change(&self, conversation: &ConversationId) -> ChatAction {
        ChatAction::Edit(MessageEdited {
            conversation: conversation.clone(),
            message: self.message_ref(),
            client_id: "sample".to_owned(),
            by: Some(self.alice.clone()),
            count: 1,
            sent_at: self.at,
            at: self.at,
            content: super::content(ContentClass::Text, 0, "changed"),
            ex: String::new(),
        })
    }

    fn reaction(&self, conversation: &ConversationId) -> ChatAction {
        let reaction = || "thumbs_up".to_owned();
        ChatAction::React(MessageReacted {
            conversation: conversation.clone(),
            message: self.message_ref(),
            by: self.bob.clone(),
            reaction: reaction(),
            added: true,
            at: self.at,
            reactions: vec![ReactionCount { reaction: reaction(), count: 1, users: vec![self.bob.clone()] }],
        })
    }

    fn thread(&self) -> ChatAction {
        ChatAction::Thread(ThreadUpdated {
            conversation: ConversationId::Group(self.thread.clone()),
            thread: self.thread.clone(),
            name: "topic".to_owned(),
            parent: self.group.clone(),
            parent_message: "42".to_owned(),
            message_count: 1,
            by: self.alice.clone(),
            at: self.at,
            last: Some(ThreadMessage {
                message: MessageId(43),
                public_id: None,
                sender: self.alice.clone(),
                sent_at: self.at,
                content: super::content(ContentClass::Text, 0, "in the thread"),
                ex: String::new(),
            }),
        })
    }

    fn push(&self, conversation: &ConversationId, outcome: PushOutcome) -> ChatAction {
        let taken = outcome == PushOutcome::Taken;
        let platforms = if taken { vec![Platform::IOS] } else { Vec::new() };
        ChatAction::Push(PushEnded {
            conversation: conversation.clone(),
            message: self.message_ref(),
            results: vec![PushResult { user: self.bob.clone(), outcome, platforms }],
        })
    }

    fn presence(&self) -> [PresenceAction; 5] {
        let change = |reason: &str| PresenceChange {
            user: self.alice.clone(),
            platform: Platform(2),
            connection: "c-1".to_owned(),
            background: false,
            reason: reason.to_owned(),
            cut: false,
            device: DeviceSeen {
                id: "7f3d".to_owned(),
                address: "192.0.2.10:50123".to_owned(),
                version: "4.10.0".to_owned(),
            },
            at: self.at,
        };
        [
            PresenceAction::Online(change("")),
            PresenceAction::Connect(change("")),
            PresenceAction::Disconnect(change("")),
            PresenceAction::Offline(change("")),
            PresenceAction::Kick(change("another login on this platform")),
        ]
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::event::EventKind;

    #[test]
    fn every_moment_of_an_action_has_a_sample() {
        let samples = actions(UnixMs(1_785_542_400_123));
        let told = samples.iter().filter_map(Action::told_as);
        let met: BTreeSet<EventKind> = samples.iter().filter_map(Action::asked_as).chain(told).collect();
        let of_messages = [
            EventKind::MessageScreening,
            EventKind::MessageSending,
            EventKind::MessageRewriting,
            EventKind::MessageSent,
            EventKind::OnlinePushing,
            EventKind::OfflinePushing,
        ];
        let missing: Vec<_> = EventKind::ALL
            .into_iter()
            .filter(|kind| !met.contains(kind) && !of_messages.contains(kind))
            .collect();
        assert_eq!(missing, []);
    }

    #[test]
    fn actions_are_read_as_they_are_written() {
        for action in actions(UnixMs(1)) {
            let text = serde_json::to_string(&action).unwrap();
            assert_eq!(serde_json::from_str::<Action>(&text).unwrap(), action, "{text}");
        }
    }
}
