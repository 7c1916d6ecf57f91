//! Messages as one user sees them: what was taken back or deleted, and what is missing. Source: client protocol sheet
//! 5.4.

use ringback_model::command::Pulled;
use ringback_model::group::Role;
use ringback_model::ids::Seq;
use ringback_model::message::Message;
use ringback_model::record::{Fate, Revocation, Seen};
use serde::Serialize;
use serde_json::json;

use super::content::{address, seq_out, to_wire};
use super::wire::{MsgData, STATUS_DELETED, STATUS_SENDING, STATUS_SENT};

/// Content type of a message that was taken back.
pub(in crate::openim) const REVOKED: i32 = 2101;

/// What stands in place of a message that was taken back.
#[derive(Serialize)]
struct RevokedContent<'a> {
    #[serde(rename = "revokerID")]
    by: &'a str,
    #[serde(rename = "revokerRole")]
    role: i32,
    #[serde(rename = "clientMsgID")]
    client_id: &'a str,
    #[serde(rename = "revokerNickname")]
    nickname: &'a str,
    #[serde(rename = "revokeTime")]
    at_ms: i64,
    #[serde(rename = "sourceMessageSendTime")]
    sent_at_ms: i64,
    #[serde(rename = "sourceMessageSendID")]
    sender: &'a str,
    #[serde(rename = "sourceMessageSenderNickname")]
    sender_nickname: &'a str,
    #[serde(rename = "sessionType")]
    session_type: i32,
    seq: i64,
    ex: &'a str,
}

/// A message that arrives is sent, also where the sender still wrote "sending".
pub(in crate::openim) fn arrived(message: &Message) -> MsgData {
    let mut data = to_wire(message);
    if data.status == STATUS_SENDING {
        data.status = STATUS_SENT;
    }
    data
}

/// A message with what became of it.
pub(in crate::openim) fn shown(seen: &Seen) -> MsgData {
    let mut data = arrived(&seen.message);
    data.is_read = seen.read;
    if !seen.is_there() {
        data.status = STATUS_DELETED;
        data.content = Vec::new();
        return data;
    }
    if let Some(Fate::Revoked(revocation)) = &seen.fate {
        data.content_type = REVOKED;
        data.content = revoked(&seen.message, revocation).into_bytes();
    }
    data
}

/// What fills the place of a message that is not there: clients wait for every number.
pub(in crate::openim) fn gap(seq: Seq) -> MsgData {
    MsgData { seq: seq_out(seq), status: STATUS_DELETED, ..MsgData::default() }
}

/// Messages and gaps in one row.
pub(in crate::openim) fn row(pulled: &Pulled) -> impl Iterator<Item = MsgData> {
    pulled.messages.iter().map(shown).chain(pulled.gaps.iter().copied().map(gap))
}

fn revoked(message: &Message, revocation: &Revocation) -> String {
    let content = RevokedContent {
        by: revocation.by.as_str(),
        role: revocation.role.map_or(0, role),
        client_id: &message.client_id,
        nickname: &revocation.nickname,
        at_ms: revocation.at.0,
        sent_at_ms: message.sent_at.0,
        sender: message.sender.as_str(),
        sender_nickname: &message.nickname,
        session_type: address(&message.target).0,
        seq: seq_out(message.seq),
        ex: "",
    };
    // A plain struct: writing it does not fail.
    let detail = serde_json::to_string(&content).unwrap_or_default();
    json!({ "detail": detail }).to_string()
}

/// Source: client protocol sheet 5.7, constants.
const fn role(role: Role) -> i32 {
    match role {
        Role::Owner => 100,
        Role::Admin => 60,
        Role::Member => 20,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ringback_model::conversation::Target;
    use ringback_model::ids::{GroupId, UserId};
    use ringback_model::message::ContentClass;
    use ringback_model::sample;
    use ringback_model::time::UnixMs;
    use serde_json::Value;

    use super::*;

    fn seen() -> Seen {
        let group = Target::Group(GroupId::parse("7").unwrap());
        let content = super::super::content::content(101, r#"{"content":"hi"}"#.to_owned());
        let mut message = sample::message(UserId::parse("ann").unwrap(), group, content, UnixMs(5));
        assert_eq!(message.content.class, ContentClass::Text);
        message.seq = 4;
        Seen { message: Arc::new(message), fate: None, hidden: false, read: false }
    }

    #[test]
    fn what_was_taken_back_says_who_did_it() {
        let revocation = Revocation {
            by: UserId::parse("bob").unwrap(),
            role: Some(Role::Admin),
            nickname: "Bob".to_owned(),
            at: UnixMs(7),
            as_admin: false,
        };
        let data = shown(&Seen { fate: Some(Fate::Revoked(revocation)), ..seen() });
        assert_eq!((data.content_type, data.seq), (2101, 4));
        let element: Value = serde_json::from_slice(&data.content).unwrap();
        let detail: Value = serde_json::from_str(element["detail"].as_str().unwrap()).unwrap();
        let told = [&detail["revokerID"], &detail["revokerNickname"], &detail["sourceMessageSendID"]];
        assert_eq!(told, ["bob", "Bob", "ann"]);
        let numbers = ["revokerRole", "revokeTime", "seq", "sessionType"].map(|key| detail[key].as_i64());
        assert_eq!(numbers, [Some(60), Some(7), Some(4), Some(3)]);
        assert_eq!(detail.as_object().unwrap().len(), 11);
    }

    #[test]
    fn what_was_deleted_keeps_its_place() {
        for deleted in [Seen { fate: Some(Fate::Deleted), ..seen() }, Seen { hidden: true, ..seen() }] {
            let data = shown(&deleted);
            assert_eq!((data.status, data.content.len(), data.seq), (4, 0, 4));
        }
        let gap = gap(9);
        assert_eq!((gap.seq, gap.status, gap.send_id.as_str()), (9, 4, ""));
    }

    #[test]
    fn a_message_that_the_recipient_has_read_says_so() {
        assert!(shown(&Seen { read: true, ..seen() }).is_read);
        assert!(!shown(&seen()).is_read);
    }
}
