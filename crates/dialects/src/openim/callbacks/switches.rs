//! Switches between what the documents promise and what the original does where the two differ.

use ringback_model::dialect::DialectSetting;
use ringback_model::rule::Rule;

/// Version of the contract that `webhooks:` speaks.
pub const CONTRACT: &str = "openim.contract";
/// Whether `failedContinue` decides.
pub const FAILED_CONTINUE: &str = "openim.compat.failed_continue";
/// Whether `?contenttype=json` is sent.
pub const CONTENT_TYPE_QUERY: &str = "openim.compat.content_type_query";
/// What `attentionIds` are compared with.
pub const ATTENTION_IDS: &str = "openim.compat.attention_ids";
/// Whether fields are filled that the original leaves empty.
pub const FILLED_FIELDS: &str = "openim.compat.filled_fields";
/// Whether changed settings of groups stand in objects of their own.
pub const WRAPPERS: &str = "openim.compat.wrappers";
/// Whether the HTTP status of an answer counts.
pub const STATUS_CHECK: &str = "openim.compat.status_check";

const DOCUMENTED_OR_CODED: &[&str] = &["documented", "coded"];

/// The settings that this dialect adds to `ringback.yml`.
/// Source: openim-callbacks fact sheet 1.1, 1.4, 2.1, 2.3, 3.5, 4.1.
pub const SETTINGS: &[DialectSetting] = &[
    DialectSetting {
        key: CONTRACT,
        default: "v3.8",
        values: &["v3.8", "v3.5", "v3.0"],
        doc: "Version of the callback contract that rules from `webhooks:` speak: where the command stands in the \
              URL, which fields go out, and what an answer means. The `callback:` block always speaks v2.",
    },
    DialectSetting {
        key: FAILED_CONTINUE,
        default: "documented",
        values: DOCUMENTED_OR_CODED,
        doc: "documented: `failedContinue` decides what happens when a before-callback fails. \
              coded: under the v3.8 contract a failed before-callback always refuses, as the original does.",
    },
    DialectSetting {
        key: CONTENT_TYPE_QUERY,
        default: "documented",
        values: DOCUMENTED_OR_CODED,
        doc: "documented: v3 callback URLs end in `?contenttype=json`. coded: they do not.",
    },
    DialectSetting {
        key: ATTENTION_IDS,
        default: "documented",
        values: DOCUMENTED_OR_CODED,
        doc: "documented: `attentionIds` names recipients for single chats and groups for group messages. coded: it \
              is always compared with the recipient, so that it silences group callbacks, and afterMsgSaveDB ignores it.",
    },
    DialectSetting {
        key: FILLED_FIELDS,
        default: "documented",
        values: DOCUMENTED_OR_CODED,
        doc: "documented: `seq`, `sendTime`, `status` and, for beforeMsgModify, `recvID` and `groupID` are filled \
              where they are known, and so is what callbacks of other things leave empty or out: who acts \
              (`opUserID`), which conversation, which message, `connID`, `reason`, `ex`, the documented spellings of \
              odd names. coded: they stay empty or absent where the original leaves them so.",
    },
    DialectSetting {
        key: WRAPPERS,
        default: "plain",
        values: &["plain", "objects"],
        doc: "plain: in the two SetGroupInfoEx callbacks what changes is sent as it is (`\"groupName\":\"New\"`), as \
              the original does. objects: in objects (`\"groupName\":{\"value\":\"New\"}`), as one revision of the \
              documents shows it. Answers may have either form.",
    },
    DialectSetting {
        key: STATUS_CHECK,
        default: "true",
        values: &["true", "false"],
        doc: "true: an answer to a before-callback counts only with an HTTP status of 200 to 299. false: any status \
              but a redirect counts if the body is a JSON object, as in the original.",
    },
];

/// Those of the settings that go with every rule.
pub(crate) fn compat(settings: &[(String, String)]) -> Vec<(String, String)> {
    let mut compat: Vec<_> =
        settings.iter().filter(|(name, _)| name.starts_with("openim.compat.")).cloned().collect();
    compat.sort_unstable();
    compat
}

/// The switches of one rule that matter when it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Compat {
    pub(super) content_type_query: bool,
    pub(super) filled_fields: bool,
    pub(super) status_check: bool,
    pub(super) wrappers: bool,
}

impl Compat {
    pub(super) fn of(rule: &Rule) -> Self {
        Self {
            content_type_query: rule.switch(CONTENT_TYPE_QUERY) != Some("coded"),
            filled_fields: rule.switch(FILLED_FIELDS) != Some("coded"),
            status_check: rule.switch(STATUS_CHECK) != Some("false"),
            wrappers: rule.switch(WRAPPERS) == Some("objects"),
        }
    }
}
