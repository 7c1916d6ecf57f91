//! The register of callback commands: one row per command and contract family. What is served and what is only
//! known is decided here and nowhere else.
//! Source: openim-callbacks fact sheet 4.0 (index), 2.4 (v2 names), 0.2 (older names).

use ringback_model::conversation::Target;
use ringback_model::event::{EventKind, Phase};

use super::generation::Generation;
pub(crate) use crate::nearest::nearest;

/// A callback command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Command {
    /// What stands in the path and in the body; empty where the original has a key but no command.
    pub name: &'static str,
    /// Its key in `webhooks.yml`; empty = none.
    pub webhook_key: &'static str,
    /// Its keys in the v2 `callback:` block.
    pub block_keys: &'static [&'static str],
    /// Asks or tells.
    pub phase: Phase,
    /// How it is served; `None` = known, not served yet.
    pub service: Option<Service>,
}

/// How a served command works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Service {
    /// The moment it is about.
    pub kind: EventKind,
    /// The conversations it is about.
    pub targets: Targets,
    /// The fields beside the common ones that name the target.
    pub addressing: Addressing,
    /// The contracts that have it.
    pub generations: &'static [Generation],
    /// What an answer may change.
    pub effect: Effect,
    /// What it is about, for sentences: "every …".
    pub subject: &'static str,
    /// Where it differs from the original; empty = nowhere.
    pub difference: &'static str,
}

/// Conversations that a command is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Targets {
    /// Two users.
    Single,
    /// Groups and chat rooms.
    Group,
    /// Both.
    SingleAndGroup,
    /// Both, and notices to one user.
    All,
}

impl Targets {
    /// Whether a message to this target is meant.
    #[must_use]
    pub const fn contains(self, target: &Target) -> bool {
        match target {
            Target::User(_) => matches!(self, Self::Single | Self::SingleAndGroup | Self::All),
            Target::Group(_) | Target::Room(_) => {
                matches!(self, Self::Group | Self::SingleAndGroup | Self::All)
            }
            Target::Notice(_) => matches!(self, Self::All),
        }
    }
}

/// Which of `recvID` and `groupID` the body has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Addressing {
    /// Neither.
    None,
    /// `recvID`.
    Recipient,
    /// `groupID`.
    Group,
    /// Both, the unused one empty.
    Both,
    /// Both, but not where `openim.compat.filled_fields` is `coded`.
    BothWhenFilled,
}

/// What an answer can do besides refusing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Nothing: after-callbacks.
    Nothing,
    /// It can only refuse.
    Refuse,
    /// It can replace the text.
    ReplaceText,
    /// It can change the message.
    Modify,
}

const EVERY: &[Generation] = &[Generation::V38, Generation::V35, Generation::V30, Generation::V2];

const REFUSAL_HONOURED: &str = "An unreachable receiver is handled as `failedContinue` says.";
const DURABLE: &str = "Read from the durable log after the push was written to the recipients, tried again \
                       until a 2xx answer; `seq` is the real one.";

const fn known(webhook_key: &'static str, name: &'static str, phase: Phase) -> Command {
    Command { name, webhook_key, block_keys: &[], phase, service: None }
}

const fn known_v2(block_keys: &'static [&'static str], name: &'static str, phase: Phase) -> Command {
    Command { name, webhook_key: "", block_keys, phase, service: None }
}

const MODIFY: Service = Service {
    kind: EventKind::MessageRewriting,
    targets: Targets::SingleAndGroup,
    addressing: Addressing::BothWhenFilled,
    generations: &[Generation::V38],
    effect: Effect::Modify,
    subject: "message that is about to be stored",
    difference: "`recvID` and `groupID` are sent too; an answer that cannot be applied is a failure of the call.",
};

/// All commands: the served ones in the order in which a message meets them, then the others.
pub const COMMANDS: &[Command] = &[
    Command {
        name: "callbackWordFilterCommand",
        webhook_key: "",
        block_keys: &["callbackWordFilter"],
        phase: Phase::Before,
        service: Some(Service {
            kind: EventKind::MessageScreening,
            targets: Targets::SingleAndGroup,
            addressing: Addressing::None,
            generations: &[Generation::V2],
            effect: Effect::ReplaceText,
            subject: "text message",
            difference: "An empty replacement leaves the text as it is.",
        }),
    },
    Command {
        name: "callbackBeforeSendSingleMsgCommand",
        webhook_key: "beforeSendSingleMsg",
        block_keys: &["callbackbeforeSendSingleMsg", "callbackBeforeSendSingleMsg"],
        phase: Phase::Before,
        service: Some(Service {
            kind: EventKind::MessageSending,
            targets: Targets::Single,
            addressing: Addressing::Recipient,
            generations: EVERY,
            effect: Effect::Refuse,
            subject: "single-chat message",
            difference: REFUSAL_HONOURED,
        }),
    },
    Command {
        name: "callbackBeforeSendGroupMsgCommand",
        webhook_key: "beforeSendGroupMsg",
        block_keys: &["callbackBeforeSendGroupMsg", "callbackbeforeSendGroupMsg"],
        phase: Phase::Before,
        service: Some(Service {
            kind: EventKind::MessageSending,
            targets: Targets::Group,
            addressing: Addressing::Group,
            generations: EVERY,
            effect: Effect::Refuse,
            subject: "group message",
            difference: REFUSAL_HONOURED,
        }),
    },
    Command {
        name: "callbackBeforeMsgModifyCommand",
        webhook_key: "beforeMsgModify",
        block_keys: &[],
        phase: Phase::Before,
        service: Some(MODIFY),
    },
    Command {
        name: "callbackMsgModifyCommand",
        webhook_key: "beforeMsgModify",
        block_keys: &[],
        phase: Phase::Before,
        service: Some(Service { generations: &[Generation::V35, Generation::V30], ..MODIFY }),
    },
    Command {
        name: "callbackAfterSendSingleMsgCommand",
        webhook_key: "afterSendSingleMsg",
        block_keys: &["callbackAfterSendSingleMsg", "callbackafterSendSingleMsg"],
        phase: Phase::After,
        service: Some(Service {
            kind: EventKind::MessageSent,
            targets: Targets::Single,
            addressing: Addressing::Recipient,
            generations: EVERY,
            effect: Effect::Nothing,
            subject: "single-chat message",
            difference: DURABLE,
        }),
    },
    Command {
        name: "callbackAfterSendGroupMsgCommand",
        webhook_key: "afterSendGroupMsg",
        block_keys: &["callbackAfterSendGroupMsg", "callbackafterSendGroupMsg"],
        phase: Phase::After,
        service: Some(Service {
            kind: EventKind::MessageSent,
            targets: Targets::Group,
            addressing: Addressing::Group,
            generations: EVERY,
            effect: Effect::Nothing,
            subject: "group message",
            difference: "Like the single-chat one; `attentionIds` names groups.",
        }),
    },
    Command {
        name: AFTER_SAVE,
        webhook_key: "afterMsgSaveDB",
        block_keys: &[],
        phase: Phase::After,
        service: Some(Service {
            kind: EventKind::MessageSent,
            targets: Targets::All,
            addressing: Addressing::Both,
            generations: &[Generation::V38],
            effect: Effect::Nothing,
            subject: "stored message",
            difference: "Only messages that really were stored; `attentionIds` works.",
        }),
    },
    known("afterSingleMsgRead", "callbackAfterSingleMsgReadCommand", Phase::After),
    known("afterGroupMsgRead", "callbackAfterGroupMsgReadCommand", Phase::After),
    known("afterRevokeMsg", "callbackBeforeAfterMsgCommand", Phase::After),
    known("afterGroupMsgRevoke", "", Phase::After),
    known("beforeOfflinePush", "callbackBeforeOfflinePushCommand", Phase::Before),
    known("beforeOnlinePush", "callbackBeforeOnlinePushCommand", Phase::Before),
    known("beforeGroupOnlinePush", "callbackBeforeGroupOnlinePushCommand", Phase::Before),
    known("afterUserOnline", "callbackAfterUserOnlineCommand", Phase::After),
    known("afterUserOffline", "callbackAfterUserOfflineCommand", Phase::After),
    known("afterUserKickOff", "callbackAfterUserKickOffCommand", Phase::After),
    known("beforeAddFriend", "callbackBeforeAddFriendCommand", Phase::Before),
    known("afterAddFriend", "callbackAfterAddFriendCommand", Phase::After),
    known("beforeAddFriendAgree", "callbackBeforeAddFriendAgreeCommand", Phase::Before),
    known("afterAddFriendAgree", "callbackAfterAddFriendAgreeCommand", Phase::After),
    known("afterDeleteFriend", "callbackAfterDeleteFriendCommand", Phase::After),
    known("beforeSetFriendRemark", "callbackBeforeSetFriendRemarkCommand", Phase::Before),
    known("afterSetFriendRemark", "callbackAfterSetFriendRemarkCommand", Phase::After),
    known("beforeImportFriends", "callbackBeforeImportFriendsCommand", Phase::Before),
    known("afterImportFriends", "callbackAfterImportFriendsCommand", Phase::After),
    known("beforeAddBlack", "callbackBeforeAddBlackCommand", Phase::Before),
    known("afterRemoveBlack", "callbackAfterRemoveBlackCommand", Phase::After),
    known("beforeCreateGroup", "callbackBeforeCreateGroupCommand", Phase::Before),
    known("afterCreateGroup", "callbackAfterCreateGroupCommand", Phase::After),
    known("beforeMemberJoinGroup", "callbackBeforeMembersJoinGroupCommand", Phase::Before),
    known("beforeApplyJoinGroup", "callbackBeforeJoinGroupCommand", Phase::Before),
    known("afterJoinGroup", "callbackAfterJoinGroupCommand", Phase::After),
    known("beforeInviteUserToGroup", "callbackBeforeInviteJoinGroupCommand", Phase::Before),
    known("afterQuitGroup", "callbackAfterQuitGroupCommand", Phase::After),
    known("afterKickGroupMember", "callbackAfterKickGroupCommand", Phase::After),
    known("afterDismissGroup", "callbackAfterDisMissGroupCommand", Phase::After),
    known("afterTransferGroupOwner", "callbackAfterTransferGroupOwnerCommand", Phase::After),
    known("beforeSetGroupInfo", "callbackBeforeSetGroupInfoCommand", Phase::Before),
    known("afterSetGroupInfo", "callbackAfterSetGroupInfoCommand", Phase::After),
    known("beforeSetGroupInfoEx", "callbackBeforeSetGroupInfoExCommand", Phase::Before),
    known("afterSetGroupInfoEx", "callbackAfterSetGroupInfoExCommand", Phase::After),
    known("beforeSetGroupMemberInfo", "callbackBeforeSetGroupMemberInfoCommand", Phase::Before),
    known("afterSetGroupMemberInfo", "callbackAfterSetGroupMemberInfoCommand", Phase::After),
    known("beforeUserRegister", "callbackBeforeUserRegisterCommand", Phase::Before),
    known("afterUserRegister", "callbackAfterUserRegisterCommand", Phase::After),
    known("beforeUpdateUserInfo", "callbackBeforeUpdateUserInfoCommand", Phase::Before),
    known("afterUpdateUserInfo", "callbackAfterUpdateUserInfoCommand", Phase::After),
    known("beforeUpdateUserInfoEx", "callbackBeforeUpdateUserInfoExCommand", Phase::Before),
    known("afterUpdateUserInfoEx", "callbackAfterUpdateUserInfoExCommand", Phase::After),
    known(
        "beforeCreateSingleChatConversations",
        "callbackBeforeCreateSingleChatConversationsCommand",
        Phase::Before,
    ),
    known(
        "afterCreateSingleChatConversations",
        "callbackAfterCreateSingleChatConversationsCommand",
        Phase::After,
    ),
    known(
        "beforeCreateGroupChatConversations",
        "callbackBeforeCreateGroupChatConversationsCommand",
        Phase::Before,
    ),
    known(
        "afterCreateGroupChatConversations",
        "callbackAfterCreateGroupChatConversationsCommand",
        Phase::After,
    ),
    known_v2(&["callbackUserOnline"], "callbackUserOnlineCommand", Phase::After),
    known_v2(&["callbackUserOffline"], "callbackUserOfflineCommand", Phase::After),
    known_v2(&["callbackUserKickOff"], "callbackUserKickOffCommand", Phase::After),
    known_v2(&["callbackOfflinePush"], "callbackOfflinePushCommand", Phase::Before),
    known_v2(&["callbackOnlinePush"], "callbackOnlinePushCommand", Phase::Before),
    known_v2(&["callbackSuperGroupOnlinePush"], "callbackSuperGroupOnlinePushCommand", Phase::Before),
];

/// The command that is sent only for messages with a place in the history.
pub(super) const AFTER_SAVE: &str = "callbackAfterMsgSaveDBCommand";

/// Number of keys in a complete `webhooks.yml`.
/// Source: openim-callbacks fact sheet 4.0.
pub const WEBHOOK_KEYS: usize = 53;

impl Command {
    /// How it is served in this contract.
    #[must_use]
    pub fn served_in(&'static self, generation: Generation) -> Option<&'static Service> {
        self.service.as_ref().filter(|service| service.generations.contains(&generation))
    }

    /// Whether rules may call it by this name: the command or one of its keys.
    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        !name.is_empty() && (self.name == name || self.webhook_key == name || self.block_keys.contains(&name))
    }
}

/// The names of all commands and keys.
pub(crate) fn all_names() -> impl Iterator<Item = &'static str> {
    COMMANDS
        .iter()
        .flat_map(|row| [row.name, row.webhook_key].into_iter().chain(row.block_keys.iter().copied()))
        .filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_key_of_the_index_is_there_once() {
        let keys: BTreeSet<_> =
            COMMANDS.iter().map(|row| row.webhook_key).filter(|key| !key.is_empty()).collect();
        assert_eq!(keys.len(), WEBHOOK_KEYS);
    }

    #[test]
    fn a_contract_has_a_name_only_once() {
        for generation in Generation::ALL {
            let mut seen = BTreeSet::new();
            for row in COMMANDS.iter().filter(|row| row.served_in(generation).is_some()) {
                assert!(seen.insert(row.name), "{} twice in {}", row.name, generation.contract());
            }
        }
    }

    #[test]
    fn every_moment_is_served() {
        use EventKind::{MessageRewriting, MessageScreening, MessageSending, MessageSent};
        for kind in [MessageScreening, MessageSending, MessageRewriting, MessageSent] {
            assert!(
                COMMANDS.iter().any(|row| row.service.is_some_and(|service| service.kind == kind)),
                "{kind}"
            );
        }
    }

    #[test]
    fn phases_of_commands_and_moments_agree() {
        for row in COMMANDS {
            if let Some(service) = row.service {
                assert_eq!(service.kind.phase(), row.phase, "{}", row.name);
            }
        }
    }
}
