//! What goes wrong, in this family's words. Source: easemob-rest fact sheet 2.2 to 2.4; the rest is named after them.

use ringback_model::failure::{CallbackRefusal, Failure, Refusal, RefusalCode};

use super::Asked;
use super::address;
use super::routes::{Entry, Topic};

/// A kind of error: HTTP status, `error`, and the `exception` that goes with it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Kind {
    pub(super) status: u16,
    pub(super) error: &'static str,
    pub(super) exception: &'static str,
}

const fn kind(status: u16, error: &'static str, exception: &'static str) -> Kind {
    Kind { status, error, exception }
}

pub(super) const UNAUTHORIZED: Kind = kind(401, "unauthorized", "EasemobSecurityException");
pub(super) const BAD_ACCESS_TOKEN: Kind = kind(401, "auth_bad_access_token", "AuthBadAccessTokenException");
pub(super) const ILLEGAL_ARGUMENT: Kind = kind(400, "illegal_argument", "IllegalArgumentException");
pub(super) const INVALID_PARAMETER: Kind = kind(400, "invalid_parameter", "InvalidParameterException");
pub(super) const INVALID_BODY: Kind = kind(400, "invalid_request_body", "InvalidRequestBodyException");
pub(super) const NOT_SENDABLE: Kind = kind(400, "message_send_error", "MessageSendErrorException");
pub(super) const NOT_SENT: Kind = kind(403, "message_send_error", "MessageSendErrorException");
pub(super) const NOT_RECALLABLE: Kind = kind(400, "message_recall_error", "MessageRecallErrorException");
pub(super) const NOT_RECALLED: Kind = kind(403, "message_recall_error", "MessageRecallErrorException");
pub(super) const NOT_REWRITABLE: Kind = kind(400, "message_rewrite_error", "MessageRewriteErrorException");
pub(super) const NOT_THE_EDITOR: Kind = kind(401, "message_rewrite_error", "MessageRewriteErrorException");
pub(super) const NOT_REWRITTEN: Kind = kind(403, "message_rewrite_error", "MessageRewriteErrorException");
pub(super) const MESSAGE_GONE: Kind = kind(404, "message_rewrite_error", "MessageUnavailableException");
pub(super) const NO_HISTORY: Kind = kind(404, "storage_object_not_found", "StorageObjectNotFoundException");
pub(super) const INVALID_GRANT: Kind = kind(400, "invalid_grant", "OAuthProblemException");
pub(super) const UNKNOWN_GRANTEE: Kind = kind(404, "invalid_grant", "OAuthProblemException");
pub(super) const USER_EXISTS: Kind =
    kind(400, "duplicate_unique_property_exists", "DuplicateUniquePropertyExistsException");
pub(super) const APP_NOT_FOUND: Kind =
    kind(404, "organization_application_not_found", "OrganizationApplicationNotFoundException");
pub(super) const SERVICE_RESOURCE: Kind =
    kind(404, "service_resource_not_found", "ServiceResourceNotFoundException");
pub(super) const ENTITY: Kind = kind(404, "entity_not_found", "EntityNotFoundException");
pub(super) const RESOURCE: Kind = kind(404, "resource_not_found", "ResourceNotFoundException");
pub(super) const FORBIDDEN: Kind = kind(403, "forbidden_op", "EasemobForbiddenOpException");
pub(super) const METADATA: Kind = kind(400, "metadata_error", "MetadataException");
pub(super) const NOT_IN_ROOM: Kind = kind(401, "MetadataException", "MetadataException");
pub(super) const NOT_IN_GROUP: Kind = kind(404, "MetadataException", "MetadataException");
pub(super) const EXCEED_LIMIT: Kind = kind(403, "exceed_limit", "ExceedLimitException");
pub(super) const WRONG_METHOD: Kind =
    kind(405, "unsupported_service_operation", "UnsupportedServiceOperationException");
pub(super) const TOO_LARGE: Kind = kind(413, "file_too_large", "FileTooLargeException");
pub(super) const TOO_OFTEN: Kind = kind(429, "reach_limit", "RequestLimitedException");
pub(super) const INTERNAL: Kind = kind(500, "internal_server_error", "InternalServerErrorException");
pub(super) const UNAVAILABLE: Kind = kind(503, "service_unavailable", "ServiceUnavailableException");

/// All kinds, for the description of the interface.
pub(super) const ALL: [&Kind; 31] = [
    &UNAUTHORIZED,
    &BAD_ACCESS_TOKEN,
    &ILLEGAL_ARGUMENT,
    &INVALID_PARAMETER,
    &INVALID_BODY,
    &NOT_SENDABLE,
    &NOT_SENT,
    &NOT_RECALLABLE,
    &NOT_RECALLED,
    &NOT_REWRITABLE,
    &NOT_THE_EDITOR,
    &NOT_REWRITTEN,
    &MESSAGE_GONE,
    &NO_HISTORY,
    &INVALID_GRANT,
    &UNKNOWN_GRANTEE,
    &USER_EXISTS,
    &APP_NOT_FOUND,
    &SERVICE_RESOURCE,
    &ENTITY,
    &RESOURCE,
    &FORBIDDEN,
    &METADATA,
    &NOT_IN_ROOM,
    &NOT_IN_GROUP,
    &EXCEED_LIMIT,
    &WRONG_METHOD,
    &TOO_LARGE,
    &TOO_OFTEN,
    &INTERNAL,
    &UNAVAILABLE,
];

/// An error as the caller sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) kind: &'static Kind,
    /// `error_description`.
    pub(super) text: String,
}

impl Problem {
    pub(super) fn new(kind: &'static Kind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into() }
    }

    /// Nothing of ours: there is no such path.
    pub(super) fn no_such_resource() -> Self {
        Self::new(&SERVICE_RESOURCE, "Service resource not found")
    }

    pub(super) fn internal() -> Self {
        Self::new(&INTERNAL, "the server could not do this; its log says why")
    }

    /// The app of the path is not this server's.
    pub(super) fn no_such_app(path: &str) -> Self {
        let names = address::split(path).map(|(names, _)| names.shown()).unwrap_or_default();
        Self::new(&APP_NOT_FOUND, format!("Could not find application for {names} from URI: {path}"))
    }
}

/// Why a request is not a command.
#[derive(Debug)]
pub(super) enum Reject {
    /// The request itself is wrong.
    Problem(Problem),
    /// It is a refusal like those of the server.
    Refused(Refusal),
}

impl Reject {
    pub(super) fn new(kind: &'static Kind, text: impl Into<String>) -> Self {
        Self::Problem(Problem::new(kind, text))
    }

    /// As the server carries it to [`ringback_model::dialect::Edge::encode`], which reads the request again to find the kind.
    pub(super) fn refusal(&self) -> Refusal {
        match self {
            Self::Problem(problem) => Refusal::new(RefusalCode::BadArgument, problem.text.clone()),
            Self::Refused(refusal) => refusal.clone(),
        }
    }
}

/// A failure in this family's words. Texts of faults stay inside.
pub(super) fn of_failure(asked: &Asked<'_>, entry: Option<&Entry>, failure: &Failure) -> Problem {
    match failure {
        Failure::Fault(_) => Problem::internal(),
        Failure::Refused(refusal) => of_refusal(asked, entry, refusal),
    }
}

fn of_refusal(asked: &Asked<'_>, entry: Option<&Entry>, refusal: &Refusal) -> Problem {
    let topic = entry.map_or(Topic::Storage, |entry| entry.topic);
    let say = |kind: &'static Kind, text: &str| Problem::new(kind, text);
    let detail = refusal.detail.as_str();
    if let Some(problem) = of_follow_up(topic, refusal) {
        return problem;
    }
    if topic == Topic::History && refusal.code == RefusalCode::NotFound {
        let (app, time) = (asked.app.key(), asked.request.param("time"));
        let text =
            format!("Failed to find chat message history download url for appkey: {app}, time: {time}");
        return Problem::new(&NO_HISTORY, text);
    }
    match &refusal.code {
        RefusalCode::BadArgument => bad_argument(asked, entry, topic, refusal),
        RefusalCode::TooManyMembers => say(&EXCEED_LIMIT, "members size is greater than max user size !"),
        RefusalCode::NoPermission
        | RefusalCode::Duplicate
        | RefusalCode::TooLate
        | RefusalCode::ChangedTooOften
        | RefusalCode::NotFriends
        | RefusalCode::AlreadyFriends
        | RefusalCode::CannotAddYourself
        | RefusalCode::FriendRequestHandled
        | RefusalCode::GroupRequestHandled
        | RefusalCode::AlreadyRevoked => say(&FORBIDDEN, detail),
        RefusalCode::NotFound | RefusalCode::UserNotFound => unknown(asked, topic, refusal),
        RefusalCode::AlreadyRegistered => say(&USER_EXISTS, detail),
        RefusalCode::GroupNotFound | RefusalCode::GroupDismissed => unknown_chat(asked, topic, detail),
        RefusalCode::GroupExists => group_exists(asked),
        RefusalCode::GroupTypeUnsupported => say(&ILLEGAL_ARGUMENT, detail),
        RefusalCode::NotInGroup => match topic {
            Topic::RoomMetadata => say(&NOT_IN_ROOM, "user is not in chatroom"),
            Topic::MemberMetadata => not_in_group(),
            _ => say(&FORBIDDEN, detail),
        },
        RefusalCode::BlockedByPeer
        | RefusalCode::ForbiddenWords
        | RefusalCode::NotReceiving
        | RefusalCode::MutedInGroup
        | RefusalCode::Muted
        | RefusalCode::GroupMuted => say(&NOT_SENT, detail),
        RefusalCode::TokenExpired => say(&UNAUTHORIZED, "Unable to authenticate due to expired access token"),
        RefusalCode::TokenMalformed => {
            say(&BAD_ACCESS_TOKEN, "Unable to authenticate due to corrupt access token")
        }
        RefusalCode::TokenUnknown => say(&BAD_ACCESS_TOKEN, "Unable to authenticate"),
        RefusalCode::TokenInvalid
        | RefusalCode::TokenNotYetValid
        | RefusalCode::TokenKicked
        | RefusalCode::TokenNotIssued => say(&UNAUTHORIZED, "Unable to authenticate (OAuth)"),
        RefusalCode::TooManyConnections | RefusalCode::Overloaded => say(&TOO_OFTEN, detail),
        RefusalCode::BadHandshake => say(&ILLEGAL_ARGUMENT, detail),
        RefusalCode::TooManyMessages => say(&NOT_SENT, "message send reach limit"),
        RefusalCode::FileTooLarge => say(&TOO_LARGE, detail),
        // Uploads by parts have no route here.
        RefusalCode::UploadExpired => say(&FORBIDDEN, detail),
        RefusalCode::AppNotFound => Problem::no_such_app(&asked.request.path),
        RefusalCode::TooManyFriends => say(&EXCEED_LIMIT, "user contact number exceed limit"),
        RefusalCode::BadCredentials | RefusalCode::UserDeactivated => say(&INVALID_GRANT, detail),
        RefusalCode::StorageOff => say(&FORBIDDEN, "callback storage service is unopened"),
        RefusalCode::ByCallback(said) => say(&NOT_SENT, quoted(said)),
        RefusalCode::CallbackUnreachable | RefusalCode::CallbackUnusable => {
            say(&NOT_SENT, "custom internal error")
        }
        RefusalCode::StorageFull => say(&UNAVAILABLE, "the server cannot store anything now"),
        RefusalCode::ShuttingDown => say(&UNAVAILABLE, "the server is going down; try again in a moment"),
    }
}

/// What is said of messages that were sent has words of its own; `None` where the usual ones do.
/// Source: easemob-rest fact sheet 2.4, 7, 12.
fn of_follow_up(topic: Topic, refusal: &Refusal) -> Option<Problem> {
    let detail = refusal.detail.as_str();
    let (kind, text) = match (topic, &refusal.code) {
        (Topic::Recall, RefusalCode::NotFound | RefusalCode::AlreadyRevoked) => {
            (&NOT_RECALLED, "not_found msg")
        }
        (Topic::Recall, RefusalCode::TooLate) => (&NOT_RECALLED, "exceed recall time limit"),
        (Topic::Recall, RefusalCode::NoPermission) => (&NOT_RECALLED, detail),
        (Topic::Rewrite, RefusalCode::NotFound) => {
            (&MESSAGE_GONE, "The message is unavailable or has expired.")
        }
        (Topic::Rewrite, RefusalCode::NoPermission) => (&NOT_THE_EDITOR, detail),
        (Topic::Rewrite, RefusalCode::ChangedTooOften) => (&NOT_REWRITTEN, detail),
        (Topic::Reactions, RefusalCode::NotFound | RefusalCode::NoPermission | RefusalCode::Duplicate) => {
            (&ILLEGAL_ARGUMENT, detail)
        }
        _ => return None,
    };
    Some(Problem::new(kind, text))
}

/// Reading a request is pure: reading it again tells how it was wrong. What the server has found wrong itself has
/// the kind that is usual for its topic.
fn bad_argument(asked: &Asked<'_>, entry: Option<&Entry>, topic: Topic, refusal: &Refusal) -> Problem {
    match entry.map(|entry| (entry.read)(asked)) {
        Some(Err(Reject::Problem(problem))) if problem.text == refusal.detail => problem,
        _ => Problem::new(topic.usual(), refusal.detail.clone()),
    }
}

fn unknown(asked: &Asked<'_>, topic: Topic, refusal: &Refusal) -> Problem {
    match (topic, refusal.unknown_users()) {
        // The one call about a user that says it in other words (easemob-rest fact sheet 2.4).
        (Topic::Users, _) if asked.request.route.ends_with("/password") => {
            Problem::new(&ENTITY, "User null not found")
        }
        (Topic::Token, _) => Problem::new(&UNKNOWN_GRANTEE, "user not found"),
        (Topic::Users | Topic::Contacts, _) => Problem::no_such_resource(),
        (_, Some(users)) => Problem::new(&RESOURCE, format!("username {users} doesn't exist!")),
        (_, None) => Problem::new(&RESOURCE, refusal.detail.as_str()),
    }
}

fn unknown_chat(asked: &Asked<'_>, topic: Topic, detail: &str) -> Problem {
    let id = asked.request.param("id");
    match topic {
        _ if id.is_empty() => Problem::new(&RESOURCE, detail),
        _ if asked.request.method == ringback_model::dialect::Method::Get => no_such_chat(id),
        _ => Problem::new(&RESOURCE, format!("grpID {id} does not exist!")),
    }
}

/// What is noted about members was asked for, or is to be noted, about somebody who is none.
pub(super) fn not_in_group() -> Problem {
    Problem::new(&NOT_IN_GROUP, "user not in group")
}

/// Details or members of a group or room were asked for that is not there.
pub(super) fn no_such_chat(id: &str) -> Problem {
    Problem::new(&SERVICE_RESOURCE, format!("do not find this group:{id}"))
}

fn group_exists(asked: &Asked<'_>) -> Problem {
    let id = super::chats::wanted_id(asked).unwrap_or_default();
    Problem::new(&ILLEGAL_ARGUMENT, format!("group ID {id} already exists!"))
}

/// Source: easemob-callbacks fact sheet 2.5, row 4.
fn quoted(said: &CallbackRefusal) -> &str {
    if said.text.is_empty() { "custom logic denied" } else { &said.text }
}
