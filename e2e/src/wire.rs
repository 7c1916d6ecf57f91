//! The WebSocket messages, retyped from the client protocol sheet, sections 2.1 and 3.1.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use prost::Message;
use serde_json::{Value, json};

/// Request numbers of the protocol. Source: openim-client-protocol fact sheet 3.
pub mod request {
    /// Newest seqs.
    pub const NEWEST_SEQ: i64 = 1001;
    /// Pull by ranges.
    pub const PULL_RANGES: i64 = 1002;
    /// Send a message.
    pub const SEND: i64 = 1003;
    /// Pull by lists of seqs.
    pub const PULL_SEQS: i64 = 1005;
    /// Read and newest seqs.
    pub const READ_SEQS: i64 = 1006;
    /// Push, from the server.
    pub const PUSH: i64 = 2001;
    /// Kicked, from the server.
    pub const KICKED: i64 = 2002;
    /// Background or not.
    pub const BACKGROUND: i64 = 2004;
    /// Subscriptions to online states.
    pub const SUBSCRIBE_ONLINE: i64 = 2005;
}

#[derive(Clone, PartialEq, Message)]
pub struct UserReq {
    #[prost(string, tag = "1")]
    pub user_id: String,
}

#[derive(Clone, PartialEq, Message)]
pub struct MaxSeqs {
    #[prost(map = "string, int64", tag = "1")]
    pub max_seqs: HashMap<String, i64>,
    #[prost(map = "string, int64", tag = "2")]
    pub min_seqs: HashMap<String, i64>,
}

#[derive(Clone, PartialEq, Message)]
pub struct SeqRange {
    #[prost(string, tag = "1")]
    pub conversation_id: String,
    #[prost(int64, tag = "2")]
    pub begin: i64,
    #[prost(int64, tag = "3")]
    pub end: i64,
    #[prost(int64, tag = "4")]
    pub num: i64,
}

#[derive(Clone, PartialEq, Message)]
pub struct PullRangesReq {
    #[prost(string, tag = "1")]
    pub user_id: String,
    #[prost(message, repeated, tag = "2")]
    pub ranges: Vec<SeqRange>,
    #[prost(int32, tag = "3")]
    pub order: i32,
}

#[derive(Clone, PartialEq, Message)]
pub struct SeqList {
    #[prost(string, tag = "2")]
    pub conversation_id: String,
    #[prost(int64, repeated, tag = "3")]
    pub seqs: Vec<i64>,
}

#[derive(Clone, PartialEq, Message)]
pub struct PullSeqsReq {
    #[prost(string, tag = "1")]
    pub user_id: String,
    #[prost(message, repeated, tag = "2")]
    pub conversations: Vec<SeqList>,
    #[prost(int32, tag = "3")]
    pub order: i32,
}

#[derive(Clone, PartialEq, Message)]
pub struct Background {
    #[prost(string, tag = "1")]
    pub user_id: String,
    #[prost(bool, tag = "2")]
    pub is_background: bool,
}

#[derive(Clone, PartialEq, Message)]
pub struct Subscribe {
    #[prost(string, repeated, tag = "1")]
    pub add: Vec<String>,
    #[prost(string, repeated, tag = "2")]
    pub remove: Vec<String>,
}

#[derive(Clone, PartialEq, Message)]
pub struct OnlineState {
    #[prost(string, tag = "1")]
    pub user_id: String,
    #[prost(int32, repeated, tag = "2")]
    pub online_platform_ids: Vec<i32>,
}

#[derive(Clone, PartialEq, Message)]
pub struct OnlineStates {
    #[prost(message, repeated, tag = "1")]
    pub subscribers: Vec<OnlineState>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Batch {
    #[prost(message, repeated, tag = "1")]
    pub msgs: Vec<MsgData>,
    #[prost(bool, tag = "2")]
    pub is_end: bool,
    #[prost(int64, tag = "3")]
    pub end_seq: i64,
}

/// `PullMessageBySeqsResp`, `GetSeqMessageResp` and `PushMessages` alike.
#[derive(Clone, PartialEq, Message)]
pub struct Batches {
    #[prost(map = "string, message", tag = "1")]
    pub msgs: HashMap<String, Batch>,
    #[prost(map = "string, message", tag = "2")]
    pub notification_msgs: HashMap<String, Batch>,
}

#[derive(Clone, PartialEq, Message)]
pub struct MsgData {
    #[prost(string, tag = "1")]
    pub send_id: String,
    #[prost(string, tag = "2")]
    pub recv_id: String,
    #[prost(string, tag = "3")]
    pub group_id: String,
    #[prost(string, tag = "4")]
    pub client_msg_id: String,
    #[prost(string, tag = "5")]
    pub server_msg_id: String,
    #[prost(int32, tag = "6")]
    pub sender_platform_id: i32,
    #[prost(string, tag = "7")]
    pub sender_nickname: String,
    #[prost(string, tag = "8")]
    pub sender_face_url: String,
    #[prost(int32, tag = "9")]
    pub session_type: i32,
    #[prost(int32, tag = "10")]
    pub msg_from: i32,
    #[prost(int32, tag = "11")]
    pub content_type: i32,
    #[prost(bytes = "vec", tag = "12")]
    pub content: Vec<u8>,
    #[prost(int64, tag = "14")]
    pub seq: i64,
    #[prost(int64, tag = "15")]
    pub send_time: i64,
    #[prost(int64, tag = "16")]
    pub create_time: i64,
    #[prost(int32, tag = "17")]
    pub status: i32,
    #[prost(bool, tag = "18")]
    pub is_read: bool,
    #[prost(map = "string, bool", tag = "19")]
    pub options: HashMap<String, bool>,
    #[prost(string, repeated, tag = "21")]
    pub at_user_id_list: Vec<String>,
    #[prost(string, tag = "22")]
    pub attached_info: String,
    #[prost(string, tag = "23")]
    pub ex: String,
}

impl MsgData {
    /// The text of a text message; the raw content of any other.
    #[must_use]
    pub fn text(&self) -> String {
        let raw = String::from_utf8_lossy(&self.content).into_owned();
        let element: Option<Value> = serde_json::from_str(&raw).ok();
        element.and_then(|element| element["content"].as_str().map(str::to_owned)).unwrap_or(raw)
    }
}

#[derive(Clone, PartialEq, Message)]
pub struct SendMsgResp {
    #[prost(string, tag = "1")]
    pub server_msg_id: String,
    #[prost(string, tag = "2")]
    pub client_msg_id: String,
    #[prost(int64, tag = "3")]
    pub send_time: i64,
    #[prost(message, optional, tag = "4")]
    pub modify: Option<MsgData>,
}

#[derive(Clone, PartialEq, Message)]
pub struct ReadSeqsReq {
    #[prost(string, tag = "1")]
    pub user_id: String,
    #[prost(string, repeated, tag = "2")]
    pub conversation_ids: Vec<String>,
    #[prost(bool, tag = "3")]
    pub return_pinned: bool,
}

#[derive(Clone, PartialEq, Message)]
pub struct Seqs {
    #[prost(int64, tag = "1")]
    pub max_seq: i64,
    #[prost(int64, tag = "2")]
    pub has_read_seq: i64,
    #[prost(int64, tag = "3")]
    pub max_seq_time: i64,
}

#[derive(Clone, PartialEq, Message)]
pub struct ReadSeqsResp {
    #[prost(map = "string, message", tag = "1")]
    pub seqs: HashMap<String, Seqs>,
    #[prost(string, repeated, tag = "2")]
    pub pinned: Vec<String>,
}

/// What a client sends.
#[derive(Debug, Clone)]
pub struct Ask {
    pub request: i64,
    pub incr: String,
    pub user: String,
    pub operation_id: String,
    pub data: Vec<u8>,
}

impl Ask {
    /// The JSON envelope.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        json!({
            "reqIdentifier": self.request,
            "msgIncr": self.incr,
            "sendID": self.user,
            "operationID": self.operation_id,
            "data": STANDARD.encode(&self.data),
        })
        .to_string()
        .into_bytes()
    }
}

/// What a client is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub request: i64,
    pub incr: String,
    pub operation_id: String,
    pub code: i64,
    pub text: String,
    pub data: Vec<u8>,
}

impl Told {
    /// Reads the JSON envelope; insists on what clients insist on (`errCode` is there and a number).
    ///
    /// # Panics
    /// When it is not such an envelope.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Self {
        let value: Value = serde_json::from_slice(bytes).unwrap_or_else(|error| {
            panic!("not a JSON envelope: {error}: {}", String::from_utf8_lossy(bytes))
        });
        let text = |key: &str| value[key].as_str().unwrap_or_else(|| panic!("{key} in {value}")).to_owned();
        let number = |key: &str| value[key].as_i64().unwrap_or_else(|| panic!("{key} in {value}"));
        let data = match &value["data"] {
            Value::Null => Vec::new(),
            Value::String(text) => STANDARD.decode(text).expect("data is base64"),
            other => panic!("data is {other}"),
        };
        Self {
            request: number("reqIdentifier"),
            incr: text("msgIncr"),
            operation_id: text("operationID"),
            code: number("errCode"),
            text: text("errMsg"),
            data,
        }
    }

    /// The data as this message.
    ///
    /// # Panics
    /// When it is an error or something else.
    #[must_use]
    pub fn expect<T: Message + Default>(&self) -> T {
        assert_eq!(self.code, 0, "refused: {self:?}");
        T::decode(self.data.as_slice()).expect("the answer is the expected message")
    }

    /// All messages of a push, conversation by conversation.
    #[must_use]
    pub fn messages(&self) -> Vec<MsgData> {
        let batches: Batches = self.expect();
        batches
            .msgs
            .into_values()
            .chain(batches.notification_msgs.into_values())
            .flat_map(|batch| batch.msgs)
            .collect()
    }
}
