//! The same kinds of actions in other ways, for those who tell the ways apart.

use std::collections::BTreeMap;

use super::Cast;
use crate::action::{
    Action, ChatAction, GroupAction, GroupAttributes, GroupEdit, GroupJoin, GroupKick, GroupLeave,
    GroupRequested, MemberEdit, MessageReacted, MessagesRead, PresenceAction, PresenceChange,
};
use crate::conversation::{ConversationId, Target};
use crate::group::Role;
use crate::ids::{BadId, GroupId};
use crate::keyword::KeywordVerdict;
use crate::sample::ROOM;

impl Cast {
    pub(super) fn ways(&self) -> Result<Vec<Action>, BadId> {
        let room = GroupId::parse(ROOM)?;
        let groups = self.ways_of_groups(&room).into_iter().map(Action::Group);
        let chats = self.ways_of_chats().into_iter().map(Action::Chat);
        Ok(groups.chain(chats).chain(self.cut()).collect())
    }

    fn ways_of_groups(&self, room: &GroupId) -> Vec<GroupAction> {
        let (group, carol) = (|| self.group.clone(), || self.carol.clone());
        let edit = |notification: &str| {
            let none = GroupEdit { name: None, verification: None, ..self.edit() };
            GroupAction::Edit(Box::new(GroupEdit { notification: Some(notification.to_owned()), ..none }))
        };
        let wide =
            GroupEdit { max_members: Some(500), introduction: Some("ship it".to_owned()), ..self.edit() };
        let attributes = |set: &[(&str, &str)], removed: &[&str]| {
            GroupAction::SetAttributes(Box::new(GroupAttributes {
                group: room.clone(),
                name: "Stage".to_owned(),
                member: None,
                by: None,
                set: set
                    .iter()
                    .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                    .collect::<BTreeMap<_, _>>(),
                removed: removed.iter().map(|key| (*key).to_owned()).collect(),
                forced: false,
            }))
        };
        vec![
            GroupAction::Request(GroupRequested {
                group: group(),
                owner: self.alice.clone(),
                users: vec![carol()],
                message: "new here".to_owned(),
                inviter: Some(self.bob.clone()),
            }),
            GroupAction::Join(GroupJoin {
                group: group(),
                users: vec![carol()],
                message: "new here".to_owned(),
                source: 2,
                inviter: self.alice.to_string(),
                requested: false,
            }),
            GroupAction::Join(GroupJoin {
                group: group(),
                users: vec![carol()],
                message: "new here".to_owned(),
                source: 2,
                inviter: self.bob.to_string(),
                requested: true,
            }),
            GroupAction::Kick(GroupKick {
                group: group(),
                kicked: vec![carol()],
                reason: String::new(),
                barred: true,
            }),
            GroupAction::Quit(GroupLeave { group: room.clone(), user: carol(), offline: true }),
            GroupAction::EditMember(Box::new(MemberEdit {
                group: group(),
                user: carol(),
                nickname: None,
                face_url: None,
                role: Some(Role::Member),
                ex: None,
            })),
            edit("Welcome"),
            edit(""),
            GroupAction::Edit(Box::new(wide)),
            attributes(&[("theme", "dark")], &[]),
            attributes(&[], &["theme"]),
        ]
    }

    fn ways_of_chats(&self) -> Vec<ChatAction> {
        let single = ConversationId::single(&self.alice, &self.bob);
        let of_group = ConversationId::Group(self.group.clone());
        let read = |conversation: &ConversationId| {
            ChatAction::Read(MessagesRead {
                conversation: conversation.clone(),
                user: self.bob.clone(),
                seqs: vec![12],
                read_seq: 12,
                up_to: false,
                messages: vec![self.message_ref()],
            })
        };
        let gone = match self.reaction(&single) {
            ChatAction::React(one) => {
                Some(ChatAction::React(MessageReacted { added: false, reactions: Vec::new(), ..one }))
            }
            _ => None,
        };
        let replaced = self.hit(KeywordVerdict::Replace, of_group.clone(), Target::Group(self.group.clone()));
        [read(&single), read(&of_group), replaced].into_iter().chain(gone).collect()
    }

    /// Who was cut is gone.
    fn cut(&self) -> Option<Action> {
        let [.., offline, _] = self.presence();
        match offline {
            PresenceAction::Offline(change) => {
                Some(Action::Presence(PresenceAction::Offline(PresenceChange { cut: true, ..change })))
            }
            _ => None,
        }
    }
}
