//! `/jssdk`: lists of conversations for browsers. One client speaks protobuf here, the others JSON; the content type
//! says which. Source: REST sheet 9.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use prost::Message as _;
use ringback_model::command::{Actor, ChatCommand, ChatOutcome, Chosen, Command, Outcome};
use ringback_model::dialect::EdgeRequest;
use ringback_model::limits;
use schemars::JsonSchema;
use serde::Serialize;

use super::body::{Reject, at_most, body, parse};
use super::conversation_shown::shown_whole;
use super::reply::{Data, data};
use super::shown::MsgDataJson;
use crate::openim::content::argument;
use crate::openim::conversation_id::named;
use crate::openim::wire::{
    Conversation, ConversationMsg, ConversationsResp, FriendInfoOnly, GetActiveConversationsReq,
    GetConversationsReq, GroupInfo, UserInfo,
};

/// Conversations that are told where the caller does not say how many, and the most.
const ACTIVE: (usize, usize) = (100, 500);

/// How a body is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Json,
    Protobuf,
}

/// A body without a type is JSON, as everywhere else.
fn form(request: &EdgeRequest) -> Result<Form, Reject> {
    let given = request.header("content-type").unwrap_or("application/json");
    let kind = given.split(';').next().unwrap_or_default().trim();
    match kind.to_ascii_lowercase().as_str() {
        "application/json" => Ok(Form::Json),
        "application/x-protobuf" | "application/protobuf" => Ok(Form::Protobuf),
        _ => Err(argument("content-type must be application/json or application/x-protobuf").into()),
    }
}

fn decoded<M: prost::Message + Default>(request: &EdgeRequest) -> Result<M, Reject> {
    let broken = |_| argument("the body is not the protobuf message it should be");
    M::decode(request.body.as_slice()).map_err(|wrong| broken(wrong).into())
}

body! {
    /// The caller's newest conversations.
    ActiveConversations {
        /// Does not matter: the caller's are meant.
        _owner: String = "ownerUserID",
        /// How many; 100 for 0 and less, at most 500.
        count: i64 = "count",
    }
}

pub(super) fn active(request: &EdgeRequest) -> Result<Command, Reject> {
    let count = match form(request)? {
        Form::Json => parse::<ActiveConversations>(&request.body)?.count,
        Form::Protobuf => decoded::<GetActiveConversationsReq>(request)?.count,
    };
    let (usual, most) = ACTIVE;
    let count = usize::try_from(count).unwrap_or(0);
    let count = if count == 0 { usual } else { count.min(most) };
    Ok(Command::Chat(ChatCommand::Overview {
        owner: None,
        which: Chosen::All,
        page: Some((0, count)),
        only_with_messages: true,
        some: false,
    }))
}

body! {
    /// Conversations of the caller.
    ConversationsById {
        /// Does not matter: the caller's are meant.
        _owner: String = "ownerUserID",
        /// At most 1000.
        ids: Vec<String> = "conversationIDs",
    }
}

/// What the names mean depends on who asks.
pub(super) fn some(request: &EdgeRequest, actor: &Actor) -> Result<Command, Reject> {
    let ids = match form(request)? {
        Form::Json => parse::<ConversationsById>(&request.body)?.ids,
        Form::Protobuf => decoded::<GetConversationsReq>(request)?.conversation_ids,
    };
    at_most("conversationIDs", ids.len(), limits::LIST_ITEMS)?;
    Ok(Command::Chat(ChatCommand::Overview {
        owner: None,
        which: Chosen::These(ids.iter().map(|text| named(&actor.user, text)).collect()),
        page: None,
        only_with_messages: false,
        some: false,
    }))
}

/// For a caller who is not known.
pub(super) fn nobodys(_request: &EdgeRequest) -> Result<Command, Reject> {
    Err(argument("nobody has these conversations").into())
}

/// A conversation and what a client shows of it in a list.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ConversationMsg")]
struct ConversationMsgJson {
    conversation: Option<Conversation>,
    #[serde(rename = "lastMsg")]
    last_msg: Option<MsgDataJson>,
    /// The peer.
    user: Option<UserInfo>,
    /// The peer as a friend.
    friend: Option<FriendInfoOnly>,
    group: Option<GroupInfo>,
    /// Number of the newest message.
    #[serde(rename = "maxSeq")]
    max_seq: i64,
    /// He has read up to here.
    #[serde(rename = "readSeq")]
    read_seq: i64,
}

impl From<ConversationMsg> for ConversationMsgJson {
    fn from(one: ConversationMsg) -> Self {
        Self {
            conversation: one.conversation,
            last_msg: one.last_msg.map(MsgDataJson::pulled),
            user: one.user,
            friend: one.friend,
            group: one.group,
            max_seq: one.max_seq,
            read_seq: one.read_seq,
        }
    }
}

/// Conversations with their newest messages.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ConversationMsgs")]
pub(super) struct ConversationMsgs {
    #[serde(rename = "unreadCount")]
    unread: i64,
    conversations: Vec<ConversationMsgJson>,
}

/// What is told: an object, or the base64 of a protobuf message to those who asked with one.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "ConversationMsgsOrProtobuf")]
pub(super) enum Told {
    /// To JSON.
    Json(ConversationMsgs),
    /// To protobuf: base64.
    Protobuf(String),
}

pub(super) fn told(request: &EdgeRequest, outcome: &Outcome) -> Option<Data> {
    let Outcome::OfChat(ChatOutcome::Overview { unread, conversations, .. }) = outcome else { return None };
    let unread = i64::try_from(*unread).unwrap_or(i64::MAX);
    let conversations: Vec<ConversationMsg> = conversations.iter().map(shown_whole).collect();
    let told = if matches!(form(request), Ok(Form::Protobuf)) {
        let answer = ConversationsResp { unread_count: unread, conversations };
        Told::Protobuf(STANDARD.encode(answer.encode_to_vec()))
    } else {
        let conversations = conversations.into_iter().map(ConversationMsgJson::from).collect();
        Told::Json(ConversationMsgs { unread, conversations })
    };
    data(&told)
}
