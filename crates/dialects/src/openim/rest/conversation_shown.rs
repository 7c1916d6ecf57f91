//! Conversations as they are answered. Source: REST sheet 8, 12.

use ringback_model::command::{ChatOutcome, Listed, Outcome, Overview};
use ringback_model::conversation::ConversationId;
use ringback_model::dialect::EdgeRequest;
use ringback_model::group::{Group, GroupStatus};
use ringback_model::ids::UserId;
use ringback_model::record::Friend;
use ringback_model::user::User;
use ringback_model::version::Delta;
use schemars::JsonSchema;
use serde::Serialize;

use super::body::parse;
use super::conversation::IdCheck;
use super::reply::{Data, data};
use super::sync::{AllIds, DeltaJson};
use crate::openim::content::seq_out;
use crate::openim::conversation_id::text;
use crate::openim::notices::session_type;
use crate::openim::seen;
use crate::openim::wire::{Conversation, ConversationMsg, FriendInfoOnly, GroupInfo, MsgData, UserInfo};

/// The only type of group that is left.
const WORKING_GROUP: i32 = 2;

/// A conversation as its owner has it.
pub(super) fn shown(listed: &Listed) -> Conversation {
    let (settings, state) = (&listed.settings, &listed.state);
    let id = &settings.conversation;
    let peer = match id {
        ConversationId::Group(_) | ConversationId::AsideGroup(_) => None,
        of_two => of_two.peer_of(&settings.user),
    };
    Conversation {
        owner_user_id: settings.user.to_string(),
        conversation_id: text(id),
        recv_msg_opt: settings.receive_option,
        conversation_type: session_type(id),
        user_id: peer.map_or_else(String::new, UserId::to_string),
        group_id: id.group().map_or_else(String::new, ToString::to_string),
        is_pinned: settings.pinned,
        attached_info: settings.attached_info.clone(),
        is_private_chat: settings.private,
        group_at_type: settings.mention,
        ex: settings.ex.clone(),
        burn_duration: settings.burn_s,
        min_seq: seq_out(state.min_seq),
        max_seq: if state.ended { seq_out(state.max_seq) } else { 0 },
        msg_destruct_time: settings.expire_s,
        latest_msg_destruct_time: settings.expired_at.0,
        is_msg_destruct: settings.expires,
    }
}

/// A conversation with what a client shows of it.
pub(super) fn shown_whole(overview: &Overview) -> ConversationMsg {
    ConversationMsg {
        conversation: Some(shown(&overview.listed)),
        last_msg: last_message(overview),
        user: overview.user.as_ref().map(user),
        friend: overview.friend.as_ref().map(friend),
        group: overview.group.as_ref().map(group),
        max_seq: seq_out(overview.listed.state.max_seq),
        read_seq: seq_out(overview.listed.state.read_seq),
    }
}

/// Where there was no room for the newest message, its place is named as one that is to be looked at: clients fetch what
/// stands there by themselves.
fn last_message(overview: &Overview) -> Option<MsgData> {
    let left_out = || overview.last_left_out.then(|| seen::gap(overview.listed.state.max_seq));
    overview.last.as_ref().map(seen::shown).or_else(left_out)
}

fn user(user: &User) -> UserInfo {
    UserInfo {
        user_id: user.id.to_string(),
        nickname: user.nickname.clone(),
        face_url: user.face_url.clone(),
        ex: user.ex.clone(),
        create_time: user.created_at.0,
        app_manger_level: user.level.0,
        global_recv_msg_opt: user.receive_option,
    }
}

fn friend(friend: &Friend) -> FriendInfoOnly {
    FriendInfoOnly {
        owner_user_id: friend.owner.to_string(),
        friend_user_id: friend.friend.to_string(),
        remark: friend.remark.clone(),
        create_time: friend.since.0,
        add_source: friend.source,
        operator_user_id: friend.operator.to_string(),
        ex: friend.ex.clone(),
        is_pinned: friend.pinned,
    }
}

fn group(group: &Group) -> GroupInfo {
    GroupInfo {
        group_id: group.id.to_string(),
        group_name: group.name.clone(),
        notification: group.notification.clone(),
        introduction: group.introduction.clone(),
        face_url: group.face_url.clone(),
        owner_user_id: group.owner.to_string(),
        create_time: group.created_at.0,
        member_count: group.member_count,
        ex: group.ex.clone(),
        status: match group.status {
            GroupStatus::Open => 0,
            GroupStatus::Banned => 1,
            GroupStatus::Dismissed => 2,
            GroupStatus::Muted => 3,
        },
        creator_user_id: group.creator.to_string(),
        group_type: WORKING_GROUP,
        need_verification: group.verification,
        look_member_info: group.look_member_info,
        apply_member_friend: group.apply_member_friend,
        notification_update_time: group.notification_at.0,
        notification_user_id: group.notification_by.clone(),
    }
}

/// Conversations.
#[derive(Serialize, JsonSchema)]
pub(super) struct Conversations {
    conversations: Vec<Conversation>,
}

/// A page of conversations.
#[derive(Serialize, JsonSchema)]
pub(super) struct ConversationsPage {
    /// How many there are.
    total: usize,
    conversations: Vec<Conversation>,
}

/// One conversation.
#[derive(Serialize, JsonSchema)]
pub(super) struct OneConversation {
    conversation: Conversation,
}

/// Ids of conversations.
#[derive(Serialize, JsonSchema)]
pub(super) struct ConversationIds {
    #[serde(rename = "conversationIDs")]
    ids: Vec<String>,
}

fn listed(outcome: &Outcome) -> Option<(usize, &[Listed])> {
    match outcome {
        Outcome::OfChat(ChatOutcome::Conversations { total, conversations }) => Some((*total, conversations)),
        _ => None,
    }
}

pub(super) fn conversations(outcome: &Outcome) -> Option<Data> {
    let (_, conversations) = listed(outcome)?;
    data(&Conversations { conversations: conversations.iter().map(shown).collect() })
}

pub(super) fn page(outcome: &Outcome) -> Option<Data> {
    let (total, conversations) = listed(outcome)?;
    data(&ConversationsPage { total, conversations: conversations.iter().map(shown).collect() })
}

pub(super) fn one(outcome: &Outcome) -> Option<Data> {
    let (_, conversations) = listed(outcome)?;
    data(&OneConversation { conversation: shown(conversations.first()?) })
}

pub(super) fn ids(outcome: &Outcome) -> Option<Data> {
    let (_, conversations) = listed(outcome)?;
    data(&ConversationIds { ids: conversations.iter().map(|one| text(&one.state.conversation)).collect() })
}

pub(super) fn changes(outcome: &Outcome) -> Option<Data> {
    let Outcome::OfChat(ChatOutcome::Changes(delta)) = outcome else { return None };
    let named = |key: &String| ConversationId::parse(key).map(|id| text(&id));
    let delta = Delta { deleted: delta.deleted.iter().filter_map(named).collect(), ..Delta::clone(delta) };
    data(&DeltaJson::new(&delta, shown))
}

/// All ids of a list.
#[derive(Serialize, JsonSchema)]
pub(super) struct FullIds {
    #[serde(flatten)]
    list: AllIds,
    #[serde(rename = "conversationIDs")]
    ids: Vec<String>,
}

pub(super) fn full_ids(request: &EdgeRequest, outcome: &Outcome) -> Option<Data> {
    let Outcome::OfChat(ChatOutcome::Ids { now, ids }) = outcome else { return None };
    let asked: IdCheck = parse(&request.body).unwrap_or_default();
    let mut list = AllIds::new(*now, ids.iter().map(text).collect(), asked.hash);
    let ids = std::mem::take(&mut list.ids);
    data(&FullIds { list, ids })
}

/// Newest message of a conversation in a list.
#[derive(Serialize, JsonSchema)]
struct MsgInfo {
    #[serde(rename = "serverMsgID")]
    server_msg_id: String,
    #[serde(rename = "clientMsgID")]
    client_msg_id: String,
    /// 1 single, 3 group, 4 notification.
    #[serde(rename = "sessionType")]
    session_type: i32,
    #[serde(rename = "sendID")]
    send_id: String,
    #[serde(rename = "recvID")]
    recv_id: String,
    #[serde(rename = "senderName")]
    sender_name: String,
    #[serde(rename = "faceURL")]
    face_url: String,
    #[serde(rename = "groupID")]
    group_id: String,
    #[serde(rename = "groupName")]
    group_name: String,
    #[serde(rename = "groupFaceURL")]
    group_face_url: String,
    /// 2, the only type there is; 0 outside of groups.
    #[serde(rename = "groupType")]
    group_type: i32,
    #[serde(rename = "groupMemberCount")]
    group_member_count: u32,
    /// Milliseconds since 1970.
    #[serde(rename = "LatestMsgRecvTime")]
    received_at_ms: i64,
    #[serde(rename = "msgFrom")]
    msg_from: i32,
    #[serde(rename = "contentType")]
    content_type: i32,
    content: String,
    ex: String,
}

impl MsgInfo {
    fn new(overview: &Overview) -> Option<Self> {
        let data = seen::shown(overview.last.as_ref()?);
        let group = overview.group.as_ref();
        Some(Self {
            server_msg_id: data.server_msg_id,
            client_msg_id: data.client_msg_id,
            session_type: data.session_type,
            send_id: data.send_id,
            recv_id: data.recv_id,
            sender_name: data.sender_nickname,
            face_url: data.sender_face_url,
            group_id: data.group_id,
            group_name: group.map_or_else(String::new, |group| group.name.clone()),
            group_face_url: group.map_or_else(String::new, |group| group.face_url.clone()),
            group_type: group.map_or(0, |_| WORKING_GROUP),
            group_member_count: group.map_or(0, |group| group.member_count),
            received_at_ms: data.send_time,
            msg_from: data.msg_from,
            content_type: data.content_type,
            content: String::from_utf8_lossy(&data.content).into_owned(),
            ex: data.ex,
        })
    }
}

/// A conversation in a list.
#[derive(Serialize, JsonSchema)]
struct ConversationElem {
    #[serde(rename = "conversationID")]
    id: String,
    #[serde(rename = "recvMsgOpt")]
    receive_option: i32,
    #[serde(rename = "unreadCount")]
    unread: u64,
    #[serde(rename = "IsPinned")]
    pinned: bool,
    /// Its newest message; null where there is none.
    #[serde(rename = "msgInfo")]
    message: Option<MsgInfo>,
}

/// Conversations with their newest messages.
#[derive(Serialize, JsonSchema)]
pub(super) struct SortedConversations {
    #[serde(rename = "conversationTotal")]
    total: usize,
    #[serde(rename = "unreadTotal")]
    unread: u64,
    #[serde(rename = "conversationElems")]
    conversations: Vec<ConversationElem>,
}

pub(super) fn sorted(outcome: &Outcome) -> Option<Data> {
    let Outcome::OfChat(ChatOutcome::Overview { total, unread, conversations }) = outcome else {
        return None;
    };
    let elem = |one: &Overview| ConversationElem {
        id: text(&one.listed.state.conversation),
        receive_option: one.listed.settings.receive_option,
        unread: one.listed.unread(),
        pinned: one.listed.settings.pinned,
        message: MsgInfo::new(one),
    };
    data(&SortedConversations {
        total: *total,
        unread: *unread,
        conversations: conversations.iter().map(elem).collect(),
    })
}
