//! Refusals and faults as this protocol's codes. Source: REST sheet 2, callbacks sheet 3.3 and 6.2.

use ringback_model::failure::{CallbackRefusal, Failure, Refusal, RefusalCode};

/// Anything that is ours.
const INTERNAL: (i32, &str) = (500, "ServerInternalError");
/// Arguments.
const ARGS: (i32, &str) = (1001, "ArgsError");

/// A failure in this protocol's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coded {
    /// `errCode`, never 0.
    pub code: i32,
    /// `errMsg`: the code's name, or what a callback said.
    pub text: String,
    /// `errDlt`; empty where there is nothing to add.
    pub detail: String,
    /// HTTP status.
    pub status: u16,
    /// Seconds after which trying again makes sense.
    pub retry_after_s: Option<u32>,
    /// True for the words of a callback's receiver, which are passed on as they are.
    pub quoted: bool,
}

/// The code of a failure. Texts of faults stay inside.
#[must_use]
pub fn of_failure(failure: &Failure) -> Coded {
    match failure {
        Failure::Refused(refusal) => of_refusal(refusal),
        Failure::Fault(_) => plain(INTERNAL, "the server could not do this; its log says why"),
    }
}

/// The code of a refusal.
#[must_use]
pub fn of_refusal(refusal: &Refusal) -> Coded {
    let detail = refusal.detail.as_str();
    match &refusal.code {
        RefusalCode::ByCallback(said) => quote(said),
        RefusalCode::CallbackUnreachable => {
            plain((90004, "NetworkError"), "the app's backend was not reached")
        }
        RefusalCode::CallbackUnusable => {
            plain((90007, "DataError"), "the app's backend gave no usable answer")
        }
        RefusalCode::Overloaded | RefusalCode::TooManyMessages => {
            Coded { status: 429, ..later((429, "TooManyRequests"), detail) }
        }
        RefusalCode::ShuttingDown => Coded { status: 503, ..later(INTERNAL, "the server is going down") },
        code => plain(named(code), detail),
    }
}

/// Codes that stand for themselves.
fn named(code: &RefusalCode) -> (i32, &'static str) {
    match code {
        RefusalCode::BadArgument | RefusalCode::FileTooLarge => ARGS,
        RefusalCode::NoPermission
        | RefusalCode::TooManyMembers
        | RefusalCode::TooManyFriends
        | RefusalCode::TooLate
        | RefusalCode::ChangedTooOften => (1002, "NoPermissionError"),
        RefusalCode::Duplicate => (1003, "DuplicateKeyError"),
        RefusalCode::NotFound => (1004, "RecordNotFoundError"),
        RefusalCode::UserNotFound => (1101, "UserIDNotFoundError"),
        RefusalCode::AlreadyRegistered => (1102, "RegisteredAlreadyError"),
        RefusalCode::GroupNotFound => (1201, "GroupIDNotFoundError"),
        RefusalCode::GroupExists => (1202, "GroupIDExisted"),
        RefusalCode::NotInGroup => (1203, "NotInGroupYetError"),
        RefusalCode::GroupDismissed => (1204, "DismissedAlreadyError"),
        RefusalCode::GroupTypeUnsupported => (1205, "GroupTypeNotSupport"),
        RefusalCode::BlockedByPeer => (1302, "BlockedByPeer"),
        // The wire has no code of its own for it (client protocol sheet 3.2, request 1003).
        RefusalCode::NotReceiving => ARGS,
        // Nor for this one: what callbacks refuse has no name, and clients show the text (callbacks sheet 3.3).
        RefusalCode::ForbiddenWords => (1002, "NoPermissionError"),
        RefusalCode::NotFriends => (1303, "NotPeersFriend"),
        RefusalCode::AlreadyFriends => (1304, "RelationshipAlreadyError"),
        RefusalCode::CannotAddYourself => (1301, "CanNotAddYourselfError"),
        RefusalCode::FriendRequestHandled => (1305, "FriendRequestHandled"),
        RefusalCode::GroupRequestHandled => (1206, "GroupRequestHandled"),
        RefusalCode::AlreadyRevoked => (1404, "MsgAlreadyRevoke"),
        // The wire has one code for who may not speak, wherever that is.
        RefusalCode::MutedInGroup | RefusalCode::Muted => (1402, "MutedInGroup"),
        RefusalCode::GroupMuted => (1403, "MutedGroup"),
        RefusalCode::TokenExpired => (1501, "TokenExpiredError"),
        RefusalCode::TokenInvalid => (1502, "TokenInvalidError"),
        RefusalCode::TokenMalformed => (1503, "TokenMalformedError"),
        RefusalCode::TokenNotYetValid => (1504, "TokenNotValidYetError"),
        RefusalCode::TokenUnknown => (1505, "TokenUnknownError"),
        RefusalCode::TokenKicked => (1506, "TokenKickedError"),
        RefusalCode::TokenNotIssued => (1507, "TokenNotExistError"),
        RefusalCode::TooManyConnections => (1601, "ConnOverMaxNumLimit"),
        RefusalCode::BadHandshake => (1602, "ConnArgsErr"),
        // A name and its secret that do not fit: the wire has one code for both of them (REST sheet 3).
        RefusalCode::BadCredentials => (1002, "NoPermissionError"),
        RefusalCode::UploadExpired => (1701, "FileUploadedExpiredError"),
        RefusalCode::AppNotFound => (1004, "RecordNotFoundError"),
        RefusalCode::StorageOff | RefusalCode::UserDeactivated => (1002, "NoPermissionError"),
        RefusalCode::StorageFull => (90002, "DatabaseError"),
        RefusalCode::Overloaded
        | RefusalCode::TooManyMessages
        | RefusalCode::ByCallback(_)
        | RefusalCode::CallbackUnreachable
        | RefusalCode::CallbackUnusable
        | RefusalCode::ShuttingDown => INTERNAL,
    }
}

/// The codes that the server itself gives, each with its name, in order.
#[must_use]
pub fn table() -> Vec<(i32, String)> {
    use RefusalCode as R;
    let reasons = [
        R::BadArgument,
        R::NoPermission,
        R::Duplicate,
        R::NotFound,
        R::UserNotFound,
        R::AlreadyRegistered,
        R::GroupNotFound,
        R::GroupExists,
        R::NotInGroup,
        R::GroupDismissed,
        R::GroupTypeUnsupported,
        R::BlockedByPeer,
        R::NotFriends,
        R::AlreadyFriends,
        R::CannotAddYourself,
        R::FriendRequestHandled,
        R::GroupRequestHandled,
        R::AlreadyRevoked,
        R::MutedInGroup,
        R::GroupMuted,
        R::TokenExpired,
        R::TokenInvalid,
        R::TokenMalformed,
        R::TokenNotYetValid,
        R::TokenUnknown,
        R::TokenKicked,
        R::TokenNotIssued,
        R::UploadExpired,
        R::Overloaded,
        R::CallbackUnreachable,
        R::CallbackUnusable,
        R::StorageFull,
        R::ShuttingDown,
    ];
    let coded = reasons.into_iter().map(|reason| of_refusal(&Refusal::new(reason, "")));
    let mut table: Vec<_> = coded.map(|coded| (coded.code, coded.text)).collect();
    table.sort();
    table.dedup();
    table
}

fn plain((code, name): (i32, &str), detail: &str) -> Coded {
    Coded {
        code,
        text: name.to_owned(),
        detail: detail.to_owned(),
        status: 200,
        retry_after_s: None,
        quoted: false,
    }
}

fn later(named: (i32, &str), detail: &str) -> Coded {
    Coded { retry_after_s: Some(1), ..plain(named, detail) }
}

/// A receiver's own words, with the defaults of the original: a code that is no error becomes 500, an empty text
/// becomes the code followed by a space, an empty detail repeats the text.
fn quote(said: &CallbackRefusal) -> Coded {
    let given = said.code.unwrap_or(0);
    let text = if said.text.is_empty() { format!("{given} ") } else { said.text.clone() };
    Coded {
        code: if given > 0 { given } else { INTERNAL.0 },
        detail: if said.detail.is_empty() { text.clone() } else { said.detail.clone() },
        text,
        status: 200,
        retry_after_s: None,
        quoted: true,
    }
}

#[cfg(test)]
mod tests {
    use ringback_model::failure::Fault;

    use super::*;

    #[test]
    fn every_refusal_has_its_code() {
        use RefusalCode as R;
        for (code, number, status) in [
            (R::BadArgument, 1001, 200),
            (R::NoPermission, 1002, 200),
            (R::TooManyFriends, 1002, 200),
            (R::UserDeactivated, 1002, 200),
            (R::Muted, 1402, 200),
            (R::Duplicate, 1003, 200),
            (R::NotFound, 1004, 200),
            (R::UserNotFound, 1101, 200),
            (R::AlreadyRegistered, 1102, 200),
            (R::GroupNotFound, 1201, 200),
            (R::GroupExists, 1202, 200),
            (R::NotInGroup, 1203, 200),
            (R::GroupDismissed, 1204, 200),
            (R::GroupTypeUnsupported, 1205, 200),
            (R::BlockedByPeer, 1302, 200),
            (R::NotReceiving, 1001, 200),
            (R::ForbiddenWords, 1002, 200),
            (R::MutedInGroup, 1402, 200),
            (R::GroupMuted, 1403, 200),
            (R::TokenExpired, 1501, 200),
            (R::TokenInvalid, 1502, 200),
            (R::TokenMalformed, 1503, 200),
            (R::TokenNotYetValid, 1504, 200),
            (R::TokenUnknown, 1505, 200),
            (R::TokenKicked, 1506, 200),
            (R::TokenNotIssued, 1507, 200),
            (R::UploadExpired, 1701, 200),
            (R::TooManyConnections, 1601, 200),
            (R::BadHandshake, 1602, 200),
            (R::Overloaded, 429, 429),
            (R::TooManyMessages, 429, 429),
            (R::BadCredentials, 1002, 200),
            (R::AppNotFound, 1004, 200),
            (R::StorageOff, 1002, 200),
            (R::CallbackUnreachable, 90004, 200),
            (R::CallbackUnusable, 90007, 200),
            (R::StorageFull, 90002, 200),
            (R::ShuttingDown, 500, 503),
        ] {
            let coded = of_refusal(&Refusal::new(code.clone(), "why"));
            assert_eq!((coded.code, coded.status), (number, status), "{code:?}");
            assert!(!coded.text.is_empty(), "{code:?}");
            // Those of connections never come as an answer to a request.
            let of_connections = matches!(code, R::TooManyConnections | R::BadHandshake);
            assert_eq!(table().contains(&(coded.code, coded.text)), !of_connections, "{code:?}");
        }
    }

    #[test]
    fn callbacks_are_quoted_with_the_originals_defaults() {
        for (code, text, detail, expected) in [
            (Some(5001), "blocked word", "rule 17", (5001, "blocked word", "rule 17")),
            (Some(5001), "blocked word", "", (5001, "blocked word", "blocked word")),
            (None, "no", "d", (500, "no", "d")),
            (Some(0), "no", "", (500, "no", "no")),
            (Some(-3), "", "", (500, "-3 ", "-3 ")),
            (None, "", "", (500, "0 ", "0 ")),
            (Some(7), "", "only detail", (7, "7 ", "only detail")),
        ] {
            let said = CallbackRefusal { code, text: text.into(), detail: detail.into(), show: true };
            let coded = of_refusal(&Refusal::new(RefusalCode::ByCallback(said), "inner"));
            assert_eq!((coded.code, coded.text.as_str(), coded.detail.as_str()), expected);
            assert!(coded.quoted);
        }
    }

    #[test]
    fn what_is_ours_does_not_leak() {
        let url = "http://10.0.0.7:9000/callback";
        for failure in [
            Failure::Fault(Fault::new(format!("calling {url}"))),
            Refusal::new(RefusalCode::CallbackUnreachable, url).into(),
            Refusal::new(RefusalCode::CallbackUnusable, url).into(),
            Refusal::new(RefusalCode::ShuttingDown, url).into(),
        ] {
            let coded = of_failure(&failure);
            assert!(!coded.detail.contains("10.0.0.7") && !coded.text.contains("10.0.0.7"), "{coded:?}");
        }
    }
}
