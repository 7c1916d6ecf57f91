//! Why something did not happen. A *refusal* is the product speaking: a closed list of codes and a text that
//! is safe to show. A *fault* is ours: logged once, shown as "internal".

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use thiserror::Error;

/// A command that was not carried out.
#[derive(Debug, Clone, Error)]
pub enum Failure {
    /// We say no, for a reason the caller may know.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// We broke.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// A no with its reason.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{code:?}: {detail}")]
pub struct Refusal {
    /// What kind of no; every dialect maps every one of them.
    pub code: RefusalCode,
    /// What exactly, for the caller: lower case, names the field or thing. No secrets, no addresses of ours.
    pub detail: String,
}

impl Refusal {
    /// A refusal with its detail.
    pub fn new(code: RefusalCode, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }

    /// [`RefusalCode::UserNotFound`] for these users; [`Refusal::unknown_users`] names them again.
    #[must_use]
    pub fn no_such_users(ids: &[&str]) -> Self {
        Self::new(RefusalCode::UserNotFound, format!("{NO_SUCH_USER}{}", ids.join(", ")))
    }

    /// The users whom [`Refusal::no_such_users`] was told, separated by commas.
    #[must_use]
    pub fn unknown_users(&self) -> Option<&str> {
        self.detail.strip_prefix(NO_SUCH_USER).filter(|_| self.code == RefusalCode::UserNotFound)
    }
}

/// How the detail of [`Refusal::no_such_users`] begins.
const NO_SUCH_USER: &str = "no such user: ";

/// The closed list of reasons for a no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefusalCode {
    /// An argument is missing, malformed or out of range.
    BadArgument,
    /// The caller may not do this.
    NoPermission,
    /// It exists already.
    Duplicate,
    /// It does not exist.
    NotFound,
    /// Named users do not exist.
    UserNotFound,
    /// A user with this id (in any letter case) exists.
    AlreadyRegistered,
    /// The group does not exist.
    GroupNotFound,
    /// A group with this id exists.
    GroupExists,
    /// The user is not in the group.
    NotInGroup,
    /// The group or room has no room for so many.
    TooManyMembers,
    /// The group was dismissed.
    GroupDismissed,
    /// Groups of this type are not offered.
    GroupTypeUnsupported,
    /// The recipient blocks the sender.
    BlockedByPeer,
    /// A list of friends has no room for so many.
    TooManyFriends,
    /// The two are no friends.
    NotFriends,
    /// The two are friends already.
    AlreadyFriends,
    /// Nobody befriends himself.
    CannotAddYourself,
    /// The request for friendship has been answered.
    FriendRequestHandled,
    /// The request to enter the group has been answered.
    GroupRequestHandled,
    /// The message was taken back already.
    AlreadyRevoked,
    /// The time in which it may be done is over.
    TooLate,
    /// It was changed as often as it may be.
    ChangedTooOften,
    /// The recipient does not receive messages.
    NotReceiving,
    /// The sender may not speak in this group now.
    MutedInGroup,
    /// Nobody but owner and admins may speak in this group now.
    GroupMuted,
    /// The token's time is over.
    TokenExpired,
    /// The token belongs to another user or platform.
    TokenInvalid,
    /// The text is not a token.
    TokenMalformed,
    /// The token's time has not come.
    TokenNotYetValid,
    /// The token's signature is not ours.
    TokenUnknown,
    /// The token was taken away by another login or an administrator.
    TokenKicked,
    /// The token is not among those handed out.
    TokenNotIssued,
    /// Too many connections.
    TooManyConnections,
    /// A connection came with wrong parameters.
    BadHandshake,
    /// The caller asks too often or too much at once.
    Overloaded,
    /// The caller sends more messages than he may in this time.
    TooManyMessages,
    /// The user was deactivated by an administrator.
    UserDeactivated,
    /// An administrator lets the sender say nothing here.
    Muted,
    /// The request names an app that is not this server's.
    AppNotFound,
    /// A name and its secret, or a password, that do not belong together.
    BadCredentials,
    /// The time for an upload is over.
    UploadExpired,
    /// A file has more bytes than files may have.
    FileTooLarge,
    /// Parked deliveries are not offered: the service is switched off.
    StorageOff,
    /// The message has words that may not be said.
    ForbiddenWords,
    /// A before-callback said no, in its own words.
    ByCallback(CallbackRefusal),
    /// A before-callback could not be reached in time, and its rule says: then no.
    CallbackUnreachable,
    /// A before-callback's answer could not be used, and its rule says: then no.
    CallbackUnusable,
    /// The server cannot store anything now (disk full); reads go on.
    StorageFull,
    /// The server is going down; try again in a moment.
    ShuttingDown,
}

impl RefusalCode {
    /// Whether it is about the caller's token.
    #[must_use]
    pub const fn is_about_token(&self) -> bool {
        matches!(
            self,
            Self::TokenExpired
                | Self::TokenInvalid
                | Self::TokenMalformed
                | Self::TokenNotYetValid
                | Self::TokenUnknown
                | Self::TokenKicked
                | Self::TokenNotIssued
        )
    }
}

/// What a before-callback said when it refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallbackRefusal {
    /// Its own code; which default applies to none or a senseless one is the dialect's business.
    pub code: Option<i32>,
    /// Short text for the sender.
    pub text: String,
    /// Long text for the sender.
    pub detail: String,
    /// False: the sender is told nothing and sees success.
    pub show: bool,
}

/// Something of ours broke: disk, bug, corrupt data. Its text stays inside the process.
#[derive(Debug, Clone)]
pub struct Fault {
    what: Arc<str>,
    cause: Option<Arc<dyn StdError + Send + Sync>>,
}

impl Fault {
    /// A fault with what was being done, lower case, no full stop.
    pub fn new(what: impl Into<String>) -> Self {
        Self { what: Arc::from(what.into()), cause: None }
    }

    /// A fault with its cause.
    pub fn from_error(what: impl Into<String>, cause: impl StdError + Send + Sync + 'static) -> Self {
        Self { what: Arc::from(what.into()), cause: Some(Arc::new(cause)) }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        if let Some(cause) = &self.cause {
            write!(f, ": {cause}")?;
        }
        Ok(())
    }
}

impl StdError for Fault {}
