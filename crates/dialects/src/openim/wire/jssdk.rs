//! Conversations as clients list them: protobuf over HTTP for one client, JSON for the others, from the same structs.
//! Field numbers: client protocol sheet 3.1.

use schemars::JsonSchema;
use serde::Serialize;

use super::MsgData;

/// What newest conversations are asked for.
#[derive(Clone, PartialEq, prost::Message)]
pub struct GetActiveConversationsReq {
    /// Does not matter: the caller's are meant.
    #[prost(string, tag = "1")]
    pub owner_user_id: String,
    /// How many.
    #[prost(int64, tag = "2")]
    pub count: i64,
}

/// Which conversations are asked for.
#[derive(Clone, PartialEq, prost::Message)]
pub struct GetConversationsReq {
    /// Does not matter: the caller's are meant.
    #[prost(string, tag = "1")]
    pub owner_user_id: String,
    /// Which.
    #[prost(string, repeated, tag = "2")]
    pub conversation_ids: Vec<String>,
}

/// The answer to both.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ConversationsResp {
    /// Unread messages of all conversations.
    #[prost(int64, tag = "1")]
    pub unread_count: i64,
    /// Conversations.
    #[prost(message, repeated, tag = "2")]
    pub conversations: Vec<ConversationMsg>,
}

/// A conversation and what a client shows of it in a list.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ConversationMsg {
    /// It.
    #[prost(message, optional, tag = "1")]
    pub conversation: Option<Conversation>,
    /// Its newest message.
    #[prost(message, optional, tag = "2")]
    pub last_msg: Option<MsgData>,
    /// The peer.
    #[prost(message, optional, tag = "3")]
    pub user: Option<UserInfo>,
    /// The peer as a friend.
    #[prost(message, optional, tag = "4")]
    pub friend: Option<FriendInfoOnly>,
    /// The group.
    #[prost(message, optional, tag = "5")]
    pub group: Option<GroupInfo>,
    /// Seq of the newest message.
    #[prost(int64, tag = "6")]
    pub max_seq: i64,
    /// Read up to here.
    #[prost(int64, tag = "7")]
    pub read_seq: i64,
}

/// A conversation as its owner has it.
#[derive(Clone, PartialEq, prost::Message, Serialize, JsonSchema)]
pub struct Conversation {
    /// Whose.
    #[prost(string, tag = "1")]
    #[serde(rename = "ownerUserID")]
    pub owner_user_id: String,
    /// Which.
    #[prost(string, tag = "2")]
    #[serde(rename = "conversationID")]
    pub conversation_id: String,
    /// 0 receive, 1 do not receive, 2 receive without notifying.
    #[prost(int32, tag = "3")]
    #[serde(rename = "recvMsgOpt")]
    pub recv_msg_opt: i32,
    /// 1 single, 3 group, 4 notification.
    #[prost(int32, tag = "4")]
    #[serde(rename = "conversationType")]
    pub conversation_type: i32,
    /// The peer; empty in groups.
    #[prost(string, tag = "5")]
    #[serde(rename = "userID")]
    pub user_id: String,
    /// The group; empty elsewhere.
    #[prost(string, tag = "6")]
    #[serde(rename = "groupID")]
    pub group_id: String,
    /// At the top.
    #[prost(bool, tag = "7")]
    #[serde(rename = "isPinned")]
    pub is_pinned: bool,
    /// The client's own text.
    #[prost(string, tag = "8")]
    #[serde(rename = "attachedInfo")]
    pub attached_info: String,
    /// Messages burn after reading.
    #[prost(bool, tag = "9")]
    #[serde(rename = "isPrivateChat")]
    pub is_private_chat: bool,
    /// Who was mentioned: 0 nobody, 1 the owner, 2 everybody, 3 both, 4 an announcement.
    #[prost(int32, tag = "10")]
    #[serde(rename = "groupAtType")]
    pub group_at_type: i32,
    /// The app's own text.
    #[prost(string, tag = "11")]
    pub ex: String,
    /// Seconds after which messages burn.
    #[prost(int32, tag = "12")]
    #[serde(rename = "burnDuration")]
    pub burn_duration: i32,
    /// The first message that the owner sees.
    #[prost(int64, tag = "13")]
    #[serde(rename = "minSeq")]
    pub min_seq: i64,
    /// The last message that he sees; 0 = no bound.
    #[prost(int64, tag = "14")]
    #[serde(rename = "maxSeq")]
    pub max_seq: i64,
    /// Seconds after which messages go.
    #[prost(int64, tag = "15")]
    #[serde(rename = "msgDestructTime")]
    pub msg_destruct_time: i64,
    /// When they went last; milliseconds since 1970.
    #[prost(int64, tag = "16")]
    #[serde(rename = "latestMsgDestructTime")]
    pub latest_msg_destruct_time: i64,
    /// Messages go after a while.
    #[prost(bool, tag = "17")]
    #[serde(rename = "isMsgDestruct")]
    pub is_msg_destruct: bool,
}

/// The peer of a chat.
#[derive(Clone, PartialEq, prost::Message, Serialize, JsonSchema)]
#[schemars(rename = "ConversationUser")]
pub struct UserInfo {
    /// His id.
    #[prost(string, tag = "1")]
    #[serde(rename = "userID")]
    pub user_id: String,
    /// His name.
    #[prost(string, tag = "2")]
    pub nickname: String,
    /// Address of his picture.
    #[prost(string, tag = "3")]
    #[serde(rename = "faceURL")]
    pub face_url: String,
    /// The app's own text.
    #[prost(string, tag = "4")]
    pub ex: String,
    /// When he was registered; milliseconds since 1970.
    #[prost(int64, tag = "5")]
    #[serde(rename = "createTime")]
    pub create_time: i64,
    /// Kind of account.
    #[prost(int32, tag = "6")]
    #[serde(rename = "appMangerLevel")]
    pub app_manger_level: i32,
    /// As `recvMsgOpt`, for all his conversations.
    #[prost(int32, tag = "7")]
    #[serde(rename = "globalRecvMsgOpt")]
    pub global_recv_msg_opt: i32,
}

/// The peer as a friend.
#[derive(Clone, PartialEq, prost::Message, Serialize, JsonSchema)]
#[schemars(rename = "ConversationFriend")]
pub struct FriendInfoOnly {
    /// Whose friend.
    #[prost(string, tag = "1")]
    #[serde(rename = "ownerUserID")]
    pub owner_user_id: String,
    /// The friend.
    #[prost(string, tag = "2")]
    #[serde(rename = "friendUserID")]
    pub friend_user_id: String,
    /// The owner's name for him.
    #[prost(string, tag = "3")]
    pub remark: String,
    /// Since when; milliseconds since 1970.
    #[prost(int64, tag = "4")]
    #[serde(rename = "createTime")]
    pub create_time: i64,
    /// How he became one.
    #[prost(int32, tag = "5")]
    #[serde(rename = "addSource")]
    pub add_source: i32,
    /// Who acted.
    #[prost(string, tag = "6")]
    #[serde(rename = "operatorUserID")]
    pub operator_user_id: String,
    /// The app's own text.
    #[prost(string, tag = "7")]
    pub ex: String,
    /// At the top of the list of friends.
    #[prost(bool, tag = "8")]
    #[serde(rename = "isPinned")]
    pub is_pinned: bool,
}

/// The group of a chat.
#[derive(Clone, PartialEq, prost::Message, Serialize, JsonSchema)]
#[schemars(rename = "ConversationGroup")]
pub struct GroupInfo {
    /// Its id.
    #[prost(string, tag = "1")]
    #[serde(rename = "groupID")]
    pub group_id: String,
    /// Its name.
    #[prost(string, tag = "2")]
    #[serde(rename = "groupName")]
    pub group_name: String,
    /// Announcement.
    #[prost(string, tag = "3")]
    pub notification: String,
    /// Description.
    #[prost(string, tag = "4")]
    pub introduction: String,
    /// Address of its picture.
    #[prost(string, tag = "5")]
    #[serde(rename = "faceURL")]
    pub face_url: String,
    /// Who owns it.
    #[prost(string, tag = "6")]
    #[serde(rename = "ownerUserID")]
    pub owner_user_id: String,
    /// When it was made; milliseconds since 1970.
    #[prost(int64, tag = "7")]
    #[serde(rename = "createTime")]
    pub create_time: i64,
    /// How many are in it.
    #[prost(uint32, tag = "8")]
    #[serde(rename = "memberCount")]
    pub member_count: u32,
    /// The app's own text.
    #[prost(string, tag = "9")]
    pub ex: String,
    /// 0 open, 1 banned, 2 dismissed, 3 muted.
    #[prost(int32, tag = "10")]
    pub status: i32,
    /// Who made it.
    #[prost(string, tag = "11")]
    #[serde(rename = "creatorUserID")]
    pub creator_user_id: String,
    /// 2, the only type there is.
    #[prost(int32, tag = "12")]
    #[serde(rename = "groupType")]
    pub group_type: i32,
    /// Who may enter how.
    #[prost(int32, tag = "13")]
    #[serde(rename = "needVerification")]
    pub need_verification: i32,
    /// 1: members may not look at each other's profiles.
    #[prost(int32, tag = "14")]
    #[serde(rename = "lookMemberInfo")]
    pub look_member_info: i32,
    /// 1: members may not befriend each other from here.
    #[prost(int32, tag = "15")]
    #[serde(rename = "applyMemberFriend")]
    pub apply_member_friend: i32,
    /// When the announcement was set; milliseconds since 1970.
    #[prost(int64, tag = "16")]
    #[serde(rename = "notificationUpdateTime")]
    pub notification_update_time: i64,
    /// Who set it.
    #[prost(string, tag = "17")]
    #[serde(rename = "notificationUserID")]
    pub notification_user_id: String,
}
