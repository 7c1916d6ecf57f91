//! The catalogue of moments that rules can be about.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Declares the catalogue: kind, phase, stable name for logs, metrics and the API.
macro_rules! catalogue {
    ($($(#[$doc:meta])* $kind:ident $phase:ident $name:literal),* $(,)?) => {
        /// The catalogue: every moment a rule can be about.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum EventKind {
            $($(#[$doc])* $kind,)*
        }

        impl EventKind {
            /// All of them: messages in the order in which one meets them, then the others.
            pub const ALL: [Self; [$(Self::$kind),*].len()] = [$(Self::$kind),*];

            /// Whether rules are asked, or told.
            #[must_use]
            pub const fn phase(self) -> Phase {
                match self {
                    $(Self::$kind => Phase::$phase,)*
                }
            }

            /// Stable name, for logs, metrics and the API.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)*
                }
            }
        }
    };
}

catalogue! {
    /// Before: a text message has come in and nothing was checked yet. Its text may be replaced.
    MessageScreening Before "message_screening",
    /// Before: a message wants to be sent; single chats before the block list, groups after membership.
    MessageSending Before "message_sending",
    /// Before: a message is about to be stored; the last chance to change it.
    MessageRewriting Before "message_rewriting",
    /// After: a message was stored (or, if it is not kept, taken) and handed to those who are online.
    MessageSent After "message_sent",
    /// Before: a message is about to be pushed to those who are online.
    OnlinePushing Before "online_pushing",
    /// Before: those who are offline are about to be woken for a message.
    OfflinePushing Before "offline_pushing",
    /// After: a user has read messages.
    MessagesRead After "messages_read",
    /// After: a message was taken back.
    MessageRevoked After "message_revoked",
    /// After: a message had words of a word list: it was refused, or its words were replaced, or it passed.
    KeywordFiltered After "keyword_filtered",
    /// Before: a conversation is about to come onto a list.
    ConversationStarting Before "conversation_starting",
    /// After: a conversation has come onto lists.
    ConversationStarted After "conversation_started",
    /// After: a user has his first connection on a platform.
    UserOnline After "user_online",
    /// After: a user has a further connection on a platform.
    UserConnected After "user_connected",
    /// After: a user has lost one of several connections on a platform.
    UserDisconnected After "user_disconnected",
    /// After: a user has lost his last connection on a platform.
    UserOffline After "user_offline",
    /// After: a connection was cut by another login or an administrator.
    UserKicked After "user_kicked",
    /// Before: somebody asks for friendship.
    FriendRequesting Before "friend_requesting",
    /// After: somebody has asked for friendship.
    FriendRequested After "friend_requested",
    /// Before: somebody agrees to a friendship.
    FriendAgreeing Before "friend_agreeing",
    /// After: two users are friends, because one agreed.
    FriendAgreed After "friend_agreed",
    /// After: somebody has declined a friendship.
    FriendDeclined After "friend_declined",
    /// After: a friend was taken off a list.
    FriendRemoved After "friend_removed",
    /// Before: a friend gets a name.
    FriendRemarking Before "friend_remarking",
    /// After: a friend has a name.
    FriendRemarked After "friend_remarked",
    /// Before: an administrator makes friends.
    FriendsImporting Before "friends_importing",
    /// After: an administrator has made friends.
    FriendsImported After "friends_imported",
    /// Before: somebody is put on a block list.
    UserBlocking Before "user_blocking",
    /// After: somebody was put on a block list.
    UserBlocked After "user_blocked",
    /// After: somebody was taken off a block list.
    UserUnblocked After "user_unblocked",
    /// Before: a group is about to be made.
    GroupCreating Before "group_creating",
    /// After: a group was made.
    GroupCreated After "group_created",
    /// Before: users are about to become members, whichever way they come.
    GroupEntering Before "group_entering",
    /// Before: somebody wants to enter a group by himself.
    GroupApplying Before "group_applying",
    /// Before: somebody is about to invite into a group.
    GroupInviting Before "group_inviting",
    /// After: users ask to be let into a group, or a member asks for those whom he invites.
    GroupRequested After "group_requested",
    /// After: a request to be let into a group was declined.
    GroupDeclined After "group_declined",
    /// After: users have become members of a group that was there.
    GroupJoined After "group_joined",
    /// After: a member has left.
    GroupQuit After "group_quit",
    /// After: members were removed.
    GroupKicked After "group_kicked",
    /// After: a group was dismissed.
    GroupDismissed After "group_dismissed",
    /// After: a group has a new owner.
    GroupTransferred After "group_transferred",
    /// Before: settings of a group are about to change.
    GroupEditing Before "group_editing",
    /// After: settings of a group have changed.
    GroupEdited After "group_edited",
    /// Before: what a member shows, or his role, is about to change.
    MemberEditing Before "member_editing",
    /// After: what a member shows, or his role, has changed.
    MemberEdited After "member_edited",
    /// After: members may not speak for a while, or may again.
    MembersMuted After "members_muted",
    /// After: only owner and admins may speak, or all may again.
    GroupMuted After "group_muted",
    /// After: users may not enter a group any more, or may again.
    GroupBarred After "group_barred",
    /// After: members may speak whoever else is muted, or no more.
    GroupAllowed After "group_allowed",
    /// After: a member wants to hear nothing of a group, or does again.
    GroupShielded After "group_shielded",
    /// After: a group was taken out of use, or put back.
    GroupClosed After "group_closed",
    /// After: a file was laid into a group, or taken out.
    GroupFileShared After "group_file_shared",
    /// After: texts of the app about a group or a member were set or taken away.
    GroupAttributesSet After "group_attributes_set",
    /// After: users manage all rooms, or do so no more.
    RoomAdminAppointed After "room_admin_appointed",
    /// Before: users are about to be registered.
    UsersRegistering Before "users_registering",
    /// After: users were registered.
    UsersRegistered After "users_registered",
    /// Before: a profile is about to change.
    UserEditing Before "user_editing",
    /// After: a profile has changed.
    UserEdited After "user_edited",
    /// After: what a message says was changed.
    MessageEdited After "message_edited",
    /// After: a reaction to a message came or went.
    MessageReacted After "message_reacted",
    /// After: something was said in a thread, or changed or taken back there.
    ThreadUpdated After "thread_updated",
    /// After: sleeping devices were woken for a message, or not.
    PushEnded After "push_ended",
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Whether a callback asks or tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Asks, and waits for a verdict.
    Before,
    /// Tells; the answer changes nothing.
    After,
}

impl Phase {
    /// Its word, in rules, metrics and documents.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::After => "after",
        }
    }
}
