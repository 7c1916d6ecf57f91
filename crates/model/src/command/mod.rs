//! Everything a caller can ask, and what he is answered. Every way in (WebSocket, REST, any dialect) decodes
//! to the same [`Command`].

mod account;
mod chat;
mod device;
mod friend;
mod group;
mod managing;
mod message;
mod objects;
mod pull;
mod send;
mod thread;
mod user;

use std::sync::Arc;

use crate::conversation::{ConversationId, Target};
use crate::failure::Failure;
use crate::file::FileId;
use crate::group::{Group, GroupKind, Member};
use crate::ids::{GroupId, Seq, UserId};
use crate::message::Origin;
use crate::object::StoredObject;
use crate::secret::Secret;
use crate::storage::{Resend, ResendStart, Slice, SliceScope};
use crate::time::UnixMs;
use crate::user::{Connection, Platform, User};

pub use crate::page::Page;
pub use account::{AccountCommand, AccountOutcome, AgeMark, MuteFor};
pub use chat::{
    ChatCommand, ChatOutcome, Chosen, Found, Listed, MessageSearch, Overview, Reach, Reading, SearchPlace,
    SendState, SettingsChange, Unlisting,
};
pub use device::{DeviceCommand, DeviceOutcome, NewLog};
pub use friend::{FriendCommand, FriendOutcome, FriendShown, Relation, RequestShown};
pub use group::{GroupCommand, GroupOutcome, MemberFilter, MemberNews, RequestsOf, ShownRequest, WholeList};
pub use managing::{
    ManagedUser, Managing, ManagingDeed, ManagingOutcome, MembersByAge, RoomsCommand, Untouched, WhyNot,
};
pub use message::{EXPORT_PATH, MessageCommand, MessageEdit, MessageOutcome, ReactionOrder, Recall};
pub use objects::{NewFile, NewUpload, ObjectCommand, ObjectOutcome, SignedParts};
pub use pull::{ConversationRef, PullOrder, Pulled, SeqList, SeqRange};
pub use send::{Draft, Sent};
pub use thread::{NewThread, ThreadCommand};
pub use user::{FavouriteChange, FavouriteName, NewFavourite, UserCommand, UserOutcome};

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The user of the token.
    pub user: UserId,
    /// The platform of the token.
    pub platform: Platform,
    /// True for administrators of the app: they may act for everybody.
    pub admin: bool,
    /// The token ([`crate::user::TokenClaims::id`]).
    pub token_id: String,
    /// When the token ends.
    pub expires_at: UnixMs,
}

/// A command with what is known about the call that carried it.
#[derive(Debug, Clone)]
pub struct Call {
    /// Who asks; `None` on routes that need no token.
    pub actor: Option<Actor>,
    /// How the request came in.
    pub origin: Origin,
    /// The caller's own id for the call; goes through everything that it causes.
    pub operation_id: Arc<str>,
    /// What is asked.
    pub command: Command,
}

/// What can be asked.
#[derive(Debug, Clone)]
pub enum Command {
    /// Exchange the server's secret for an administrator's token. Needs no token.
    AdminToken {
        /// The server's secret, as the caller knows it.
        secret: Secret,
        /// One of the configured administrators.
        user: UserId,
    },
    /// Issue a token for a user on a platform. Administrators only.
    UserToken {
        /// For whom.
        user: UserId,
        /// For which platform (not [`Platform::ADMIN`]).
        platform: Platform,
    },
    /// Exchange the app's id and secret for an app token. Needs no token.
    AppToken {
        /// As the caller knows it.
        client_id: String,
        /// As the caller knows it.
        client_secret: Secret,
        /// How long it is to last; 0 = as good as for ever; `None` = as the settings say.
        ttl_s: Option<u64>,
    },
    /// Exchange the actor's app token, in whichever form he has it, for one of the server's own that ends with it.
    /// Administrators only.
    ExchangeToken,
    /// Exchange a user's password for a token of his. Needs no token.
    PasswordToken {
        /// Who.
        user: UserId,
        /// His password.
        password: Secret,
        /// As in [`Command::AppToken`].
        ttl_s: Option<u64>,
    },
    /// Issue a token for a user who needs no password. Administrators only.
    InheritToken {
        /// For whom.
        user: UserId,
        /// Register him if he is not.
        create: bool,
        /// As in [`Command::AppToken`].
        ttl_s: Option<u64>,
    },
    /// Check a token. Needs no token of the caller.
    ParseToken {
        /// Its text.
        token: Secret,
    },
    /// Take all tokens of a user on a platform away and cut his connections. Administrators only.
    ForceLogout {
        /// Whom.
        user: UserId,
        /// Where; [`Platform::ANY`] = everywhere.
        platform: Platform,
    },
    /// Register users; all or none. Administrators only.
    RegisterUsers {
        /// The users; `created_at` is set by the server.
        users: Vec<User>,
    },
    /// Register accounts; those that exist are left as they are. Administrators only.
    RegisterAccounts {
        /// The accounts, each once.
        accounts: Vec<Account>,
    },
    /// Profiles. Unknown ids are left out.
    Users {
        /// Which.
        ids: Vec<UserId>,
    },
    /// Who is connected where. Administrators only.
    OnlineStatus {
        /// Which users.
        ids: Vec<UserId>,
    },
    /// Make a group.
    CreateGroup(NewGroup),
    /// Groups by id. Unknown ids are left out.
    Groups {
        /// Which.
        ids: Vec<GroupId>,
    },
    /// Add users to a group. Members and administrators.
    Invite {
        /// The group.
        group: GroupId,
        /// Whom.
        users: Vec<UserId>,
        /// Why, for those who decide.
        reason: String,
        /// Whether it is said in the chat as well.
        said: bool,
    },
    /// Add users to a group or room. Those who are in it already are left out of the answer. Administrators only.
    AddMembers {
        /// Which of the two it must be; one of the other kind is as unknown as none.
        kind: GroupKind,
        /// The group or room.
        group: GroupId,
        /// Whom.
        users: Vec<UserId>,
    },
    /// Take users out of a group or room. Those who are not in it are left out of the answer; the owner stays.
    /// Administrators only.
    RemoveMembers {
        /// As in [`Command::AddMembers`].
        kind: GroupKind,
        /// The group or room.
        group: GroupId,
        /// Whom.
        users: Vec<UserId>,
    },
    /// A page of the members of a group or room. Administrators only.
    Members {
        /// The group or room.
        group: GroupId,
        /// Members to pass over.
        skip: usize,
        /// At most so many.
        limit: usize,
    },
    /// Dismiss a group or room: nobody speaks in it any more. Administrators only.
    Dismiss {
        /// As in [`Command::AddMembers`].
        kind: GroupKind,
        /// The group or room.
        group: GroupId,
    },
    /// Put a user on a block list. The owner or an administrator.
    Block {
        /// Whose list.
        owner: UserId,
        /// Who is blocked.
        blocked: UserId,
        /// The app's own text.
        ex: String,
    },
    /// Take a user off a block list; not being on it is fine.
    Unblock {
        /// Whose list.
        owner: UserId,
        /// Who is unblocked.
        blocked: UserId,
    },
    /// Send one message.
    Send(Box<Draft>),
    /// Send the same message to many targets, as one message each. Administrators only.
    SendToMany {
        /// The message; of its target only the kind matters, and that only where everybody is meant.
        draft: Box<Draft>,
        /// To whom, each once.
        recipients: Vec<Target>,
        /// To every registered user instead.
        everyone: bool,
    },
    /// Highest seqs of all conversations of a user.
    NewestSeqs {
        /// Whose.
        user: UserId,
    },
    /// Messages by ranges of seqs.
    PullRanges {
        /// Whose view.
        user: UserId,
        /// What.
        ranges: Vec<SeqRange>,
        /// Which end first.
        order: PullOrder,
    },
    /// Messages by lists of seqs.
    PullSeqs {
        /// Whose view.
        user: UserId,
        /// What.
        lists: Vec<SeqList>,
        /// Which end first.
        order: PullOrder,
        /// How many bytes of messages the caller can read in one answer.
        bytes: usize,
    },
    /// Read positions and highest seqs.
    ReadSeqs {
        /// Whose view.
        user: UserId,
        /// Which conversations; empty = all of his.
        conversations: Vec<ConversationRef>,
        /// Whether pinned ones are asked for as well.
        pinned: bool,
    },
    /// The server's clock.
    ServerTime,
    /// Slices of parked deliveries. Administrators only.
    Slices {
        /// Which.
        scope: SliceScope,
    },
    /// Send a slice of parked deliveries again. Administrators only.
    ResendSlice(Resend),
    /// About accounts. Administrators only.
    Account(AccountCommand),
    /// About friends and blocks.
    Friend(FriendCommand),
    /// About groups and their members.
    Group(GroupCommand),
    /// About profiles, and what users keep.
    User(UserCommand),
    /// About conversations and messages that were sent.
    Chat(ChatCommand),
    /// What an app's backend asks about messages that were sent.
    Message(MessageCommand),
    /// About devices.
    Device(DeviceCommand),
    /// Uploads.
    Objects(ObjectCommand),
    /// The bytes of a file that came whole. Needs no token.
    ReadFile {
        /// Which.
        id: FileId,
        /// What the caller knows of its secret.
        secret: Option<Secret>,
        /// A small picture of it, where there is one.
        thumbnail: bool,
    },
}

/// An account to be registered.
#[derive(Debug, Clone)]
pub struct Account {
    /// Whose; `created_at` is set by the server.
    pub user: User,
    /// His password, if he is to have one.
    pub password: Option<Secret>,
}

/// A group to be made.
#[derive(Debug, Clone)]
pub struct NewGroup {
    /// Its id; `None` = the server makes one of 2..=18 digits.
    pub id: Option<GroupId>,
    /// Shown name.
    pub name: String,
    /// Announcement.
    pub notification: String,
    /// Description.
    pub introduction: String,
    /// Picture.
    pub face_url: String,
    /// The app's own text.
    pub ex: String,
    /// See [`Group::verification`].
    pub verification: i32,
    /// See [`Group::look_member_info`].
    pub look_member_info: i32,
    /// See [`Group::apply_member_friend`].
    pub apply_member_friend: i32,
    /// Group or chat room.
    pub kind: GroupKind,
    /// See [`Group::max_members`].
    pub max_members: u32,
    /// See [`Group::invite_confirm`].
    pub invite_confirm: bool,
    /// Who owns it.
    pub owner: UserId,
    /// Its admins.
    pub admins: Vec<UserId>,
    /// Its ordinary members.
    pub members: Vec<UserId>,
    /// Whether it is said in the chat as well.
    pub said: bool,
}

/// What a caller is answered.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// Done; nothing to tell.
    Done,
    /// A token was made.
    Token {
        /// Its text.
        text: Secret,
        /// How long it lasts, seconds from now.
        valid_s: i64,
    },
    /// A token of an app or a user was made; the dialect says who it is for.
    Login {
        /// Its text.
        text: Secret,
        /// When it ends.
        expires_at: UnixMs,
        /// How long it lasts, seconds from now.
        valid_s: i64,
        /// Whose; `None` = the app's.
        user: Option<User>,
    },
    /// A token was checked.
    TokenFacts {
        /// Whose.
        user: UserId,
        /// Where.
        platform: Platform,
        /// When it ends, seconds since 1970.
        expires_at_s: i64,
    },
    /// Profiles.
    Users(Vec<User>),
    /// Connections per user, in the order asked for.
    Online(Vec<(UserId, Vec<Connection>)>),
    /// Accounts were registered, or were there already, in the order asked for.
    Registered {
        /// New ones.
        created: Vec<User>,
        /// Those that were there.
        existing: Vec<UserId>,
    },
    /// One group.
    Group(Box<Group>),
    /// Groups.
    Groups(Vec<Group>),
    /// Members of a group or room: those that were added or removed, or those that there are.
    Members {
        /// The group, as it is now.
        group: Box<Group>,
        /// The members.
        members: Vec<Member>,
    },
    /// A message was taken.
    Sent(Sent),
    /// Messages were taken, or not, target by target, each in the order asked for.
    SentToMany {
        /// Those that were taken, with their targets as they were asked for; without the content where no rule has
        /// changed the message.
        sent: Vec<(Target, Sent)>,
        /// Targets for which it was not, and why.
        failed: Vec<(Target, Failure)>,
    },
    /// Highest seqs of all conversations of a user, and of what stands beside them.
    Seqs(Vec<(ConversationId, Seq)>),
    /// Messages, per conversation in the order asked for.
    Pulled(Vec<Pulled>),
    /// The server's clock.
    Time(UnixMs),
    /// Slices, oldest first.
    Slices(Vec<Slice>),
    /// What became of an order to send a slice again.
    Resend(ResendStart),
    /// About accounts.
    OfAccount(AccountOutcome),
    /// About friends and blocks.
    OfFriend(FriendOutcome),
    /// About groups and their members.
    OfGroup(GroupOutcome),
    /// About profiles, and what users keep.
    OfUser(UserOutcome),
    /// About conversations and messages that were sent.
    OfChat(ChatOutcome),
    /// What an app's backend asked about messages that were sent.
    OfMessage(MessageOutcome),
    /// About devices.
    OfDevice(DeviceOutcome),
    /// About uploads.
    Objects(ObjectOutcome),
}

impl Outcome {
    /// The object whose bytes are the answer; `None` where the answer is a text of the dialect's.
    #[must_use]
    pub fn content(&self) -> Option<&StoredObject> {
        match self {
            Self::Objects(ObjectOutcome::Content(object))
            | Self::OfGroup(GroupOutcome::Managed(ManagingOutcome::Content(object))) => Some(object),
            _ => None,
        }
    }
}
