//! Notices about conversations and messages that were sent. Source: client protocol sheet 5.6, 5.7.

use ringback_model::conversation::ConversationId;
use ringback_model::ids::Seq;
use ringback_model::notice::ChatNotice;
use serde::Serialize;

use super::Tips;
use crate::openim::content::seq_out;
use crate::openim::conversation_id::text;
use crate::openim::seen::REVOKED;
use crate::openim::wire::session;

const CONVERSATIONS_CHANGED: i32 = 1300;
const PRIVATE: i32 = 1701;
const CLEARED: i32 = 1703;
const DELETED: i32 = 2102;
const READ: i32 = 2200;

#[derive(Serialize)]
struct ReadTips<'a> {
    #[serde(rename = "markAsReadUserID")]
    user: &'a str,
    #[serde(rename = "conversationID")]
    conversation: String,
    /// Null when there are none.
    seqs: Option<Vec<i64>>,
    #[serde(rename = "hasReadSeq")]
    read_seq: i64,
}

#[derive(Serialize)]
struct RevokedTips<'a> {
    #[serde(rename = "revokerUserID")]
    by: &'a str,
    #[serde(rename = "clientMsgID")]
    client_id: &'a str,
    #[serde(rename = "revokeTime")]
    at_ms: i64,
    /// Spelled as clients know it.
    #[serde(rename = "sesstionType")]
    session_type: i32,
    seq: i64,
    #[serde(rename = "conversationID")]
    conversation: String,
    #[serde(rename = "isAdminRevoke")]
    as_admin: bool,
}

#[derive(Serialize)]
struct DeletedTips<'a> {
    #[serde(rename = "userID")]
    user: &'a str,
    #[serde(rename = "conversationID")]
    conversation: String,
    seqs: Option<Vec<i64>>,
}

#[derive(Serialize)]
struct ClearedTips<'a> {
    #[serde(rename = "userID")]
    user: &'a str,
    #[serde(rename = "conversationIDs")]
    conversations: Vec<String>,
}

#[derive(Serialize)]
struct ConfiguredTips<'a> {
    #[serde(rename = "userID")]
    user: &'a str,
    #[serde(rename = "conversationIDList")]
    conversations: Vec<String>,
}

#[derive(Serialize)]
struct PrivateTips<'a> {
    #[serde(rename = "recvID")]
    to: &'a str,
    #[serde(rename = "sendID")]
    by: &'a str,
    #[serde(rename = "isPrivate")]
    private: bool,
    #[serde(rename = "conversationID")]
    conversation: String,
}

pub(super) fn tips(notice: &ChatNotice) -> Tips {
    match notice {
        ChatNotice::Read { user, conversation, seqs, read_seq } => Tips::new(
            READ,
            &ReadTips {
                user: user.as_str(),
                conversation: text(conversation),
                seqs: numbers(seqs),
                read_seq: seq_out(*read_seq),
            },
        ),
        ChatNotice::Revoked { conversation, seq, client_id, by, at, as_admin } => Tips::new(
            REVOKED,
            &RevokedTips {
                by: by.as_str(),
                client_id,
                at_ms: at.0,
                session_type: session_type(conversation),
                seq: seq_out(*seq),
                conversation: text(conversation),
                as_admin: *as_admin,
            },
        ),
        ChatNotice::Deleted { user, conversation, seqs } => Tips::new(
            DELETED,
            &DeletedTips { user: user.as_str(), conversation: text(conversation), seqs: numbers(seqs) },
        ),
        ChatNotice::Cleared { user, conversations } => {
            Tips::new(CLEARED, &ClearedTips { user: user.as_str(), conversations: texts(conversations) })
        }
        ChatNotice::Configured { user, conversations } => Tips::new(
            CONVERSATIONS_CHANGED,
            &ConfiguredTips { user: user.as_str(), conversations: texts(conversations) },
        ),
        ChatNotice::Private { by, to, conversation, private } => Tips::new(
            PRIVATE,
            &PrivateTips {
                to: to.as_str(),
                by: by.as_str(),
                private: *private,
                conversation: text(conversation),
            },
        ),
    }
}

fn numbers(seqs: &[Seq]) -> Option<Vec<i64>> {
    (!seqs.is_empty()).then(|| seqs.iter().copied().map(seq_out).collect())
}

fn texts(conversations: &[ConversationId]) -> Vec<String> {
    conversations.iter().map(text).collect()
}

/// The session type of a conversation.
pub(in crate::openim) const fn session_type(conversation: &ConversationId) -> i32 {
    match conversation {
        ConversationId::Single(..) | ConversationId::AsideSingle(..) => session::SINGLE,
        ConversationId::Group(_) | ConversationId::AsideGroup(_) => session::GROUP,
        ConversationId::Notice(..) => session::NOTICE,
    }
}

#[cfg(test)]
mod tests {
    use ringback_model::ids::UserId;
    use ringback_model::time::UnixMs;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn every_field_is_there_under_its_name() {
        let (ann, bob) = (UserId::parse("ann").unwrap(), UserId::parse("bob").unwrap());
        let chat = ConversationId::single(&ann, &bob);
        let conversation = chat.clone();
        let read =
            |seqs| ChatNotice::Read { user: bob.clone(), conversation: chat.clone(), seqs, read_seq: 9 };
        let id = "si_ann_bob";
        for (notice, code, expected) in [
            (
                read(vec![7, 9]),
                2200,
                json!({"markAsReadUserID": "bob", "conversationID": id, "seqs": [7, 9], "hasReadSeq": 9}),
            ),
            (
                read(vec![]),
                2200,
                json!({"markAsReadUserID": "bob", "conversationID": id, "seqs": null, "hasReadSeq": 9}),
            ),
            (
                ChatNotice::Revoked {
                    conversation: chat.clone(),
                    seq: 3,
                    client_id: "c3".to_owned(),
                    by: ann.clone(),
                    at: UnixMs(5),
                    as_admin: true,
                },
                2101,
                json!({"revokerUserID": "ann", "clientMsgID": "c3", "revokeTime": 5, "sesstionType": 1, "seq": 3,
                       "conversationID": id, "isAdminRevoke": true}),
            ),
            (
                ChatNotice::Deleted { user: ann.clone(), conversation: chat.clone(), seqs: vec![1] },
                2102,
                json!({"userID": "ann", "conversationID": id, "seqs": [1]}),
            ),
            (
                ChatNotice::Cleared { user: ann.clone(), conversations: vec![chat.clone()] },
                1703,
                json!({"userID": "ann", "conversationIDs": [id]}),
            ),
            (
                ChatNotice::Configured { user: ann.clone(), conversations: vec![chat.clone()] },
                1300,
                json!({"userID": "ann", "conversationIDList": [id]}),
            ),
            (
                ChatNotice::Private { by: ann.clone(), to: bob.clone(), conversation, private: true },
                1701,
                json!({"recvID": "bob", "sendID": "ann", "isPrivate": true, "conversationID": id}),
            ),
        ] {
            let tips = tips(&notice);
            assert_eq!(tips.code, code, "{notice:?}");
            assert_eq!(serde_json::from_str::<Value>(&tips.detail).unwrap(), expected, "{notice:?}");
        }
    }
}
