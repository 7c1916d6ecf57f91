//! The protobuf messages of the client protocol. Field numbers: client protocol sheet 3.1.
//!
//! Promise: fields are added, never renumbered; clients in the field decode these bytes. Clients, demo and tests
//! use the same structs as the server. Only the maps with message values are written by the server through
//! [`MsgGroups`] and [`ReadSeqs`]: a map field of a derived message leaves default values out of its entries, and
//! one published client drops such entries (sheet 3, "Protobuf notes").

mod jssdk;

use std::collections::BTreeMap;

pub use jssdk::{
    Conversation, ConversationMsg, ConversationsResp, FriendInfoOnly, GetActiveConversationsReq,
    GetConversationsReq, GroupInfo, UserInfo,
};

/// Request identifiers. Source: client protocol sheet 3.
pub mod request {
    /// Newest seq of every conversation.
    pub const NEWEST_SEQ: i32 = 1001;
    /// Messages by ranges of seqs.
    pub const PULL_RANGES: i32 = 1002;
    /// Send a message.
    pub const SEND: i32 = 1003;
    /// Send a signalling message; not offered by open servers.
    pub const SIGNAL: i32 = 1004;
    /// Messages by lists of seqs.
    pub const PULL_SEQS: i32 = 1005;
    /// Read and newest seqs.
    pub const READ_SEQS: i32 = 1006;
    /// Newest message of each conversation.
    pub const LAST_MESSAGES: i32 = 1007;
    /// Server to client: new messages.
    pub const PUSH: i32 = 2001;
    /// Server to client: logged out elsewhere.
    pub const KICKED: i32 = 2002;
    /// The client logs out.
    pub const LOGOUT: i32 = 2003;
    /// The client goes to the background, or comes back.
    pub const BACKGROUND: i32 = 2004;
    /// Subscribe to who is online.
    pub const SUBSCRIBE_ONLINE: i32 = 2005;
}

/// Session types. Source: callbacks sheet 5.2.
pub mod session {
    /// Two users.
    pub const SINGLE: i32 = 1;
    /// A group.
    pub const GROUP: i32 = 3;
    /// A notification account and a user.
    pub const NOTICE: i32 = 4;
}

/// `msgFrom`: a person speaks.
pub const FROM_USER: i32 = 100;
/// `msgFrom`: the system speaks.
pub const FROM_SYSTEM: i32 = 200;
/// `status`: on its way.
pub const STATUS_SENDING: i32 = 1;
/// `status`: sent.
pub const STATUS_SENT: i32 = 2;
/// `status`: deleted.
pub const STATUS_DELETED: i32 = 4;

/// One message.
#[derive(Clone, PartialEq, prost::Message)]
pub struct MsgData {
    /// Sender.
    #[prost(string, tag = "1")]
    pub send_id: String,
    /// Recipient of a single chat or notice.
    #[prost(string, tag = "2")]
    pub recv_id: String,
    /// Group.
    #[prost(string, tag = "3")]
    pub group_id: String,
    /// The client's id.
    #[prost(string, tag = "4")]
    pub client_msg_id: String,
    /// The server's id.
    #[prost(string, tag = "5")]
    pub server_msg_id: String,
    /// Sender's device.
    #[prost(int32, tag = "6")]
    pub sender_platform_id: i32,
    /// Sender's name.
    #[prost(string, tag = "7")]
    pub sender_nickname: String,
    /// Sender's picture.
    #[prost(string, tag = "8")]
    pub sender_face_url: String,
    /// See [`session`].
    #[prost(int32, tag = "9")]
    pub session_type: i32,
    /// [`FROM_USER`] or [`FROM_SYSTEM`].
    #[prost(int32, tag = "10")]
    pub msg_from: i32,
    /// Kind of content.
    #[prost(int32, tag = "11")]
    pub content_type: i32,
    /// UTF-8 JSON text by content type.
    #[prost(bytes = "vec", tag = "12")]
    pub content: Vec<u8>,
    /// Number in the conversation; 0 = not stored.
    #[prost(int64, tag = "14")]
    pub seq: i64,
    /// When the server took it; milliseconds since 1970.
    #[prost(int64, tag = "15")]
    pub send_time: i64,
    /// The client's time for it; milliseconds since 1970.
    #[prost(int64, tag = "16")]
    pub create_time: i64,
    /// 1 sending, 2 sent, 3 failed, 4 deleted, 5 filtered.
    #[prost(int32, tag = "17")]
    pub status: i32,
    /// Read by the peer.
    #[prost(bool, tag = "18")]
    pub is_read: bool,
    /// Switches; an absent key counts as true.
    #[prost(btree_map = "string, bool", tag = "19")]
    pub options: BTreeMap<String, bool>,
    /// What an offline push shows.
    #[prost(message, optional, tag = "20")]
    pub offline_push_info: Option<OfflinePushInfo>,
    /// Who is mentioned.
    #[prost(string, repeated, tag = "21")]
    pub at_user_id_list: Vec<String>,
    /// The client's own text.
    #[prost(string, tag = "22")]
    pub attached_info: String,
    /// The app's own text.
    #[prost(string, tag = "23")]
    pub ex: String,
}

/// What an offline push shows.
#[derive(Clone, PartialEq, prost::Message)]
pub struct OfflinePushInfo {
    /// First line.
    #[prost(string, tag = "1")]
    pub title: String,
    /// Second line.
    #[prost(string, tag = "2")]
    pub desc: String,
    /// The app's own text.
    #[prost(string, tag = "3")]
    pub ex: String,
    /// Sound on Apple devices.
    #[prost(string, tag = "4")]
    pub ios_push_sound: String,
    /// Whether the badge counts up.
    #[prost(bool, tag = "5")]
    pub ios_badge_count: bool,
    /// Text for a call invitation.
    #[prost(string, tag = "6")]
    pub signal_info: String,
}

/// Request 1001.
#[derive(Clone, PartialEq, prost::Message)]
pub struct GetMaxSeqReq {
    /// Whose.
    #[prost(string, tag = "1")]
    pub user_id: String,
}

/// Answer to 1001.
#[derive(Clone, PartialEq, prost::Message)]
pub struct GetMaxSeqResp {
    /// Newest seq by conversation; conversations without messages are left out.
    #[prost(btree_map = "string, int64", tag = "1")]
    pub max_seqs: BTreeMap<String, i64>,
    /// Never filled (sheet 3.1).
    #[prost(btree_map = "string, int64", tag = "2")]
    pub min_seqs: BTreeMap<String, i64>,
}

/// Request 1002.
#[derive(Clone, PartialEq, prost::Message)]
pub struct PullMessageBySeqsReq {
    /// Whose view.
    #[prost(string, tag = "1")]
    pub user_id: String,
    /// What.
    #[prost(message, repeated, tag = "2")]
    pub seq_ranges: Vec<SeqRange>,
    /// 0 ascending, 1 descending.
    #[prost(int32, tag = "3")]
    pub order: i32,
}

/// A range of seqs, both ends included.
#[derive(Clone, PartialEq, prost::Message)]
pub struct SeqRange {
    /// Where.
    #[prost(string, tag = "1")]
    pub conversation_id: String,
    /// First.
    #[prost(int64, tag = "2")]
    pub begin: i64,
    /// Last.
    #[prost(int64, tag = "3")]
    pub end: i64,
    /// At most so many, the newest.
    #[prost(int64, tag = "4")]
    pub num: i64,
}

/// Messages of one conversation.
#[derive(Clone, PartialEq, prost::Message)]
pub struct PullMsgs {
    /// Ascending by seq. `Msgs` on paper.
    #[prost(message, repeated, tag = "1")]
    pub msgs: Vec<MsgData>,
    /// Nothing more in the direction asked for.
    #[prost(bool, tag = "2")]
    pub is_end: bool,
    /// The bound that was met.
    #[prost(int64, tag = "3")]
    pub end_seq: i64,
}

/// Answer to 1002.
#[derive(Clone, PartialEq, prost::Message)]
pub struct PullMessageBySeqsResp {
    /// Chat conversations.
    #[prost(btree_map = "string, message", tag = "1")]
    pub msgs: BTreeMap<String, PullMsgs>,
    /// Notification streams (`n_…`).
    #[prost(btree_map = "string, message", tag = "2")]
    pub notification_msgs: BTreeMap<String, PullMsgs>,
}

/// Push 2001: the same fields as the answers to pulls.
pub type PushMessages = PullMessageBySeqsResp;
/// Answer to 1005: the same fields as the answer to 1002.
pub type GetSeqMessageResp = PullMessageBySeqsResp;

/// Request 1005.
#[derive(Clone, PartialEq, prost::Message)]
pub struct GetSeqMessageReq {
    /// Whose view.
    #[prost(string, tag = "1")]
    pub user_id: String,
    /// What.
    #[prost(message, repeated, tag = "2")]
    pub conversations: Vec<ConversationSeqs>,
    /// 0 ascending, 1 descending.
    #[prost(int32, tag = "3")]
    pub order: i32,
}

/// Chosen seqs of one conversation. Its numbering starts at 2.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ConversationSeqs {
    /// Where.
    #[prost(string, tag = "2")]
    pub conversation_id: String,
    /// Which.
    #[prost(int64, repeated, tag = "3")]
    pub seqs: Vec<i64>,
}

/// Answer to 1003. Clients read the first three fields.
#[derive(Clone, PartialEq, prost::Message)]
pub struct SendMsgResp {
    /// The server's id.
    #[prost(string, tag = "1")]
    pub server_msg_id: String,
    /// The client's id.
    #[prost(string, tag = "2")]
    pub client_msg_id: String,
    /// When the server took it; milliseconds since 1970.
    #[prost(int64, tag = "3")]
    pub send_time: i64,
    /// The message, where a before-callback changed it.
    #[prost(message, optional, boxed, tag = "4")]
    pub modify: Option<Box<MsgData>>,
}

/// Request 1006.
#[derive(Clone, PartialEq, prost::Message)]
pub struct GetConversationsHasReadAndMaxSeqReq {
    /// Whose view.
    #[prost(string, tag = "1")]
    pub user_id: String,
    /// Which; empty = all.
    #[prost(string, repeated, tag = "2")]
    pub conversation_ids: Vec<String>,
    /// Asks for pinned conversations too.
    #[prost(bool, tag = "3")]
    pub return_pinned: bool,
}

/// Answer to 1006.
#[derive(Clone, PartialEq, prost::Message)]
pub struct GetConversationsHasReadAndMaxSeqResp {
    /// By conversation.
    #[prost(btree_map = "string, message", tag = "1")]
    pub seqs: BTreeMap<String, Seqs>,
    /// Pinned conversations.
    #[prost(string, repeated, tag = "2")]
    pub pinned_conversation_ids: Vec<String>,
}

/// Seqs of one conversation.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Seqs {
    /// Newest.
    #[prost(int64, tag = "1")]
    pub max_seq: i64,
    /// Read up to here.
    #[prost(int64, tag = "2")]
    pub has_read_seq: i64,
    /// When the newest was stored; milliseconds since 1970.
    #[prost(int64, tag = "3")]
    pub max_seq_time: i64,
}

/// Request 1007.
#[derive(Clone, PartialEq, prost::Message)]
pub struct GetLastMessageReq {
    /// Whose view.
    #[prost(string, tag = "1")]
    pub user_id: String,
    /// Which.
    #[prost(string, repeated, tag = "2")]
    pub conversation_ids: Vec<String>,
}

/// Answer to 1007. Messages are never default, so the derived map is safe here.
#[derive(Clone, PartialEq, prost::Message)]
pub struct GetLastMessageResp {
    /// By conversation; those without messages are left out.
    #[prost(btree_map = "string, message", tag = "1")]
    pub msgs: BTreeMap<String, MsgData>,
}

/// Request 2004.
#[derive(Clone, PartialEq, prost::Message)]
pub struct SetAppBackgroundStatusReq {
    /// Whose app.
    #[prost(string, tag = "1")]
    pub user_id: String,
    /// It is in the background.
    #[prost(bool, tag = "2")]
    pub is_background: bool,
}

/// Request 2005.
#[derive(Clone, PartialEq, prost::Message)]
pub struct SubUserOnlineStatus {
    /// Whom the connection follows from now on.
    #[prost(string, repeated, tag = "1")]
    pub subscribe_user_id: Vec<String>,
    /// Whom no longer.
    #[prost(string, repeated, tag = "2")]
    pub unsubscribe_user_id: Vec<String>,
}

/// Answer to 2005, and push 2005.
#[derive(Clone, PartialEq, prost::Message)]
pub struct SubUserOnlineStatusTips {
    /// One per user.
    #[prost(message, repeated, tag = "1")]
    pub subscribers: Vec<SubUserOnlineStatusElem>,
}

/// Where a user is online.
#[derive(Clone, PartialEq, prost::Message)]
pub struct SubUserOnlineStatusElem {
    /// Who.
    #[prost(string, tag = "1")]
    pub user_id: String,
    /// On which platforms; empty = offline.
    #[prost(int32, repeated, tag = "2")]
    pub online_platform_ids: Vec<i32>,
}

/// One entry of a map from text to [`PullMsgs`], as it stands on the wire.
#[derive(Clone, PartialEq, prost::Message)]
pub struct MsgGroup {
    /// Conversation.
    #[prost(string, tag = "1")]
    pub key: String,
    /// Always set, so that its field is written even when it is empty.
    #[prost(message, optional, tag = "2")]
    pub value: Option<PullMsgs>,
}

/// The bytes of [`PullMessageBySeqsResp`], with every entry's value written.
#[derive(Clone, PartialEq, prost::Message)]
pub struct MsgGroups {
    /// Chat conversations.
    #[prost(message, repeated, tag = "1")]
    pub msgs: Vec<MsgGroup>,
    /// Notification streams.
    #[prost(message, repeated, tag = "2")]
    pub notification_msgs: Vec<MsgGroup>,
}

impl MsgGroups {
    /// Adds a conversation under its text, on the side where clients look for it.
    pub fn add(&mut self, conversation: &str, msgs: PullMsgs) {
        let entry = MsgGroup { key: conversation.to_owned(), value: Some(msgs) };
        let side = if conversation.starts_with("n_") { &mut self.notification_msgs } else { &mut self.msgs };
        side.push(entry);
    }
}

/// One entry of a map from text to [`Seqs`], as it stands on the wire.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ReadSeq {
    /// Conversation.
    #[prost(string, tag = "1")]
    pub key: String,
    /// Always set, so that its field is written even when it is empty.
    #[prost(message, optional, tag = "2")]
    pub value: Option<Seqs>,
}

/// The bytes of [`GetConversationsHasReadAndMaxSeqResp`], with every entry's value written.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ReadSeqs {
    /// By conversation.
    #[prost(message, repeated, tag = "1")]
    pub seqs: Vec<ReadSeq>,
    /// Pinned conversations.
    #[prost(string, repeated, tag = "2")]
    pub pinned_conversation_ids: Vec<String>,
}

#[cfg(test)]
mod tests {
    use prost::Message;

    use super::*;

    #[test]
    fn entries_carry_their_value_even_when_it_is_empty() {
        let mut groups = MsgGroups::default();
        groups.add("si_a_b", PullMsgs::default());
        groups.add("n_a_b", PullMsgs::default());
        let bytes = groups.encode_to_vec();
        assert_eq!(
            bytes,
            [b"\x0a\x0a\x0a\x06si_a_b\x12\x00".as_slice(), b"\x12\x09\x0a\x05n_a_b\x12\x00"].concat(),
            "tag 2 with length 0 closes each entry"
        );
        let read = PullMessageBySeqsResp::decode(bytes.as_slice()).unwrap();
        assert_eq!(read.msgs["si_a_b"], PullMsgs::default());
        assert_eq!(read.notification_msgs["n_a_b"], PullMsgs::default());

        let seqs = ReadSeqs {
            seqs: vec![ReadSeq { key: "sg_7".to_owned(), value: Some(Seqs::default()) }],
            ..ReadSeqs::default()
        };
        let read = GetConversationsHasReadAndMaxSeqResp::decode(seqs.encode_to_vec().as_slice()).unwrap();
        assert_eq!(read.seqs["sg_7"], Seqs::default());
    }

    #[test]
    fn bytes_of_the_sheet() {
        let ask = GetMaxSeqReq { user_id: "u1".to_owned() };
        assert_eq!(ask.encode_to_vec(), b"\x0a\x02u1");
        let answer = GetMaxSeqResp { max_seqs: [("si_u1_u2".to_owned(), 3)].into(), ..Default::default() };
        assert_eq!(answer.encode_to_vec(), b"\x0a\x0c\x0a\x08si_u1_u2\x10\x03");
    }

    #[test]
    fn seqs_may_come_packed_or_not() {
        let packed = ConversationSeqs::decode(b"\x12\x01c\x1a\x02\x01\x02".as_slice()).unwrap();
        let loose = ConversationSeqs::decode(b"\x12\x01c\x18\x01\x18\x02".as_slice()).unwrap();
        assert_eq!(packed, loose);
        assert_eq!(packed.seqs, [1, 2]);
    }
}
