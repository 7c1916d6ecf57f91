//! The table of routes. To add one: a line here, and two functions in its resource's file.

use std::sync::LazyLock;

use ringback_model::command::{Actor, Command, Outcome};
use ringback_model::dialect::{EdgeRequest, Method, Route};
use ringback_model::hashing::FastMap;

use super::body::Reject;
use super::group::{entering, leaving, listing, settings, syncing};
use super::reply::Data;
use super::sync::DeltaJson;
use super::{
    accounts, auth, business, conversation, conversation_shown, favourites, friend, friend_lists,
    friend_requests, group, jssdk, msg, object, receipts, removal, search, sending, statistics, third, user,
    users,
};
use crate::openapi::{SchemaOf, schema_of};
use crate::openim::wire::Conversation;

/// How one route is read and answered.
pub(super) struct Entry {
    pub(super) route: Route,
    /// Whether the caller must show a token.
    pub(super) token: bool,
    /// Whether the caller must be an administrator of the app.
    pub(super) admin: bool,
    /// HTTP 400 instead of 200 for a malformed or incomplete body (REST sheet 1.3).
    pub(super) answers_400: bool,
    pub(super) read: Read,
    /// In place of `read` where what is asked for depends on who asks.
    pub(super) read_of: Option<ReadOf>,
    /// `None` for an outcome that does not belong to the route.
    pub(super) data: Write,
    /// In place of `data` where the answer depends on how it was asked for.
    pub(super) data_for: Option<WriteFor>,
    pub(super) summary: &'static str,
    /// What is read.
    pub(super) body: Option<SchemaOf>,
    /// What stands under `data`; `None` = there is none.
    pub(super) shape: Option<SchemaOf>,
}

type Read = fn(&EdgeRequest) -> Result<Command, Reject>;
type ReadOf = fn(&EdgeRequest, &Actor) -> Result<Command, Reject>;
type Write = fn(&Outcome) -> Option<Data>;
type WriteFor = fn(&EdgeRequest, &Outcome) -> Option<Data>;

const fn post(path: &'static str, read: Read, data: Write, summary: &'static str) -> Entry {
    Entry {
        route: Route { method: Method::Post, path },
        token: true,
        admin: false,
        answers_400: false,
        read,
        read_of: None,
        data,
        data_for: None,
        summary,
        body: None,
        shape: None,
    }
}

impl Entry {
    const fn open(self) -> Self {
        Self { token: false, ..self }
    }

    const fn for_admins(self) -> Self {
        Self { admin: true, ..self }
    }

    const fn strict(self) -> Self {
        Self { answers_400: true, ..self }
    }

    const fn read_of(self, read: ReadOf) -> Self {
        Self { read_of: Some(read), ..self }
    }

    const fn told_as_asked(self, data: WriteFor) -> Self {
        Self { data_for: Some(data), ..self }
    }

    const fn takes(self, body: SchemaOf) -> Self {
        Self { body: Some(body), ..self }
    }

    const fn gives(self, shape: SchemaOf) -> Self {
        Self { shape: Some(shape), ..self }
    }
}

/// All routes, by resource.
#[rustfmt::skip]
static TABLE: &[Entry] = &[
    post("/auth/get_admin_token", auth::admin_token, auth::token, "Exchange the server's secret for an administrator's token")
        .takes(schema_of::<auth::AdminToken>).gives(schema_of::<auth::Token<'_>>).open(),
    post("/auth/get_user_token", auth::user_token, auth::token, "A token for a user on a platform")
        .takes(schema_of::<auth::UserOnPlatform>).gives(schema_of::<auth::Token<'_>>),
    post("/auth/parse_token", auth::parse_token, auth::token_facts, "What a token says")
        .takes(schema_of::<auth::ParseToken>).gives(schema_of::<auth::TokenFacts<'_>>).open(),
    post("/auth/force_logout", auth::force_logout, done, "Take the tokens of a user on a platform away")
        .takes(schema_of::<auth::UserOnPlatform>),
    post("/user/user_register", user::register, done, "Register users; all or none")
        .takes(schema_of::<user::Register>),
    post("/user/get_users_info", user::infos, user::infos_data, "Profiles")
        .takes(schema_of::<user::UserIds>).gives(schema_of::<user::UsersInfo<'_>>),
    post("/user/get_users_online_status", user::online, nothing, "Who is connected where")
        .takes(schema_of::<user::UserIds>).gives(schema_of::<Vec<user::OnlineUser<'_>>>).told_as_asked(user::online_data).strict(),
    post("/group/create_group", group::create, group::created, "Make a group")
        .takes(schema_of::<group::Create>).gives(schema_of::<group::Created<'_>>),
    post("/group/get_groups_info", group::infos, group::infos_data, "Groups by id")
        .takes(schema_of::<group::GroupIds>).gives(schema_of::<group::GroupInfos<'_>>),
    post("/group/get_groups", listing::search, listing::search_data, "A page of all groups")
        .takes(schema_of::<listing::Search>).gives(schema_of::<listing::FoundGroups<'_>>),
    post("/group/get_group_abstract_info", listing::abstracts, listing::abstracts_data, "Numbers and hashes of groups' members")
        .takes(schema_of::<group::GroupIds>).gives(schema_of::<listing::GroupAbstracts<'_>>),
    post("/group/set_group_info", settings::set_info, done, "Change settings; an empty text leaves what is there")
        .takes(schema_of::<settings::SetInfo>),
    post("/group/set_group_info_ex", settings::set_info_ex, done, "Change the settings that are named")
        .takes(schema_of::<settings::SetInfoEx>),
    post("/group/mute_group", settings::mute, done, "Let only owner and admins speak")
        .takes(schema_of::<settings::OneGroup>),
    post("/group/cancel_mute_group", settings::unmute, done, "Let all members speak again")
        .takes(schema_of::<settings::OneGroup>),
    post("/group/transfer_group", settings::transfer, done, "Make another member the owner")
        .takes(schema_of::<settings::Transfer>),
    post("/group/dismiss_group", leaving::dismiss, done, "Dismiss a group")
        .takes(schema_of::<leaving::Dismiss>),
    post("/group/invite_user_to_group", entering::invite, done, "Add users to a group, or ask for them to be let in")
        .takes(schema_of::<entering::Invite>),
    post("/group/join_group", entering::join, done, "Enter an open group, or ask to be let in")
        .takes(schema_of::<entering::Join>).read_of(entering::join_of),
    post("/group/group_application_response", entering::respond, done, "Let somebody in who asked, or not")
        .takes(schema_of::<entering::Respond>),
    post("/group/get_recv_group_applicationList", entering::received, entering::requests_data, "Requests to groups that a user manages")
        .takes(schema_of::<entering::ReceivedRequests>).gives(schema_of::<entering::GroupRequests<'_>>),
    post("/group/get_user_req_group_applicationList", entering::made, entering::requests_data, "Requests of a user")
        .takes(schema_of::<entering::MadeRequests>).gives(schema_of::<entering::GroupRequests<'_>>),
    post("/group/get_group_users_req_application_list", entering::of_users, entering::requests_data, "Requests of some users to one group")
        .takes(schema_of::<entering::RequestsOfUsers>).gives(schema_of::<entering::GroupRequests<'_>>),
    post("/group/get_specified_user_group_request_info", entering::one, entering::requests_data, "The request of one user to one group")
        .takes(schema_of::<entering::UserOfGroup>).gives(schema_of::<entering::GroupRequests<'_>>),
    post("/group/get_group_application_unhandled_count", entering::unhandled, entering::count_data, "How many requests wait for a user")
        .takes(schema_of::<entering::Unhandled>).gives(schema_of::<entering::Count>),
    post("/group/quit_group", leaving::quit, done, "Leave a group")
        .takes(schema_of::<leaving::Quit>),
    post("/group/kick_group", leaving::kick, done, "Remove members")
        .takes(schema_of::<leaving::Kick>),
    post("/group/mute_group_member", settings::mute_member, done, "Let a member not speak for a while")
        .takes(schema_of::<settings::MuteMember>),
    post("/group/cancel_mute_group_member", settings::unmute_member, done, "Let a member speak again")
        .takes(schema_of::<entering::UserOfGroup>),
    post("/group/set_group_member_info", settings::set_members, done, "Change what members show, and roles")
        .takes(schema_of::<settings::SetMembers>),
    post("/group/get_group_members_info", listing::named, listing::named_data, "Members by id")
        .takes(schema_of::<listing::NamedMembers>).gives(schema_of::<listing::GroupMembers<'_>>),
    post("/group/get_group_member_list", listing::members, listing::members_data, "A page of a group's members")
        .takes(schema_of::<listing::MemberList>).gives(schema_of::<listing::GroupMemberPage<'_>>),
    post("/group/get_group_member_user_id", listing::member_ids, listing::member_ids_data, "The ids of a group's members")
        .takes(schema_of::<settings::OneGroup>).gives(schema_of::<listing::MemberIds<'_>>),
    post("/group/get_joined_group_list", listing::joined, listing::joined_data, "A page of a user's groups")
        .takes(schema_of::<listing::JoinedGroups>).gives(schema_of::<listing::GroupPage<'_>>),
    post("/group/get_incremental_join_groups", syncing::joined, syncing::joined_data, "What has changed in the list of a user's groups")
        .takes(schema_of::<syncing::JoinedSeen>).gives(schema_of::<syncing::JoinedNews<'_>>),
    post("/group/get_incremental_group_members", syncing::members, syncing::members_data, "What has changed in the list of a group's members")
        .takes(schema_of::<syncing::MembersSeen>).gives(schema_of::<syncing::MemberChanges<'_>>),
    post("/group/get_incremental_group_members_batch", syncing::many, syncing::many_data, "What has changed in the lists of several groups' members")
        .takes(schema_of::<syncing::ManySeen>).gives(schema_of::<syncing::ManyNews<'_>>),
    post("/group/get_full_join_group_ids", syncing::joined_ids, syncing::joined_ids_data, "The ids of a user's groups, unless the client has them")
        .takes(schema_of::<syncing::JoinedHash>).gives(schema_of::<syncing::JoinedIds<'_>>),
    post("/group/get_full_group_member_user_ids", syncing::whole_members, syncing::whole_members_data, "The ids of a group's members, unless the client has them")
        .takes(schema_of::<syncing::MembersHash>).gives(schema_of::<syncing::WholeMembers<'_>>),
    post("/statistics/group/create", statistics::groups_made, statistics::groups_made_data, "How many groups were made, by day")
        .takes(schema_of::<statistics::Between>).gives(schema_of::<statistics::Growth>),
    post("/statistics/group/active", statistics::busy_groups, statistics::busy_groups_data, "In which groups how much was said")
        .takes(schema_of::<statistics::BusyBetween>).gives(schema_of::<statistics::ActiveGroups<'_>>),
    post("/friend/add_black", friend::add_black, done, "Put a user on a block list")
        .takes(schema_of::<friend::Black>),
    post("/friend/remove_black", friend::remove_black, done, "Take a user off a block list")
        .takes(schema_of::<friend::Black>),
    post("/user/update_user_info", user::edit, done, "Change a profile; what is empty stays")
        .takes(schema_of::<user::Edit>),
    post("/user/update_user_info_ex", user::edit_ex, done, "Change a profile field by field")
        .takes(schema_of::<user::EditEx>),
    post("/user/set_global_msg_recv_opt", user::receive_option, done, "How a user receives messages")
        .takes(schema_of::<user::GlobalOption>),
    post("/user/get_all_users_uid", users::all_ids, users::all_ids_data, "Ids of all users, in pages")
        .takes(schema_of::<users::AllIds>).gives(schema_of::<users::UserIdsPage<'_>>),
    post("/user/get_users", users::search, users::search_data, "Users by parts of id and name, in pages")
        .takes(schema_of::<users::Search>).gives(schema_of::<users::UserPage<'_>>),
    post("/user/account_check", users::check, nothing, "Who is registered")
        .takes(schema_of::<users::Accounts>).gives(schema_of::<users::AccountChecks<'_>>).told_as_asked(users::check_data),
    post("/user/get_users_online_token_detail", user::online, nothing, "Who is connected with which tokens")
        .takes(schema_of::<user::UserIds>).gives(schema_of::<Vec<users::OnlineTokens<'_>>>).told_as_asked(users::online_tokens_data).strict(),
    post("/user/get_users_status", users::status, nothing, "Who is online on which platforms")
        .takes(schema_of::<users::Status>).gives(schema_of::<users::StatusList<'_>>).told_as_asked(users::status_data),
    post("/user/subscribe_users_status", users::subscribe, users::no_status_data, "Does nothing: connections follow states, calls do not")
        .takes(schema_of::<users::Subscribe>).gives(schema_of::<users::StatusList<'_>>),
    post("/user/get_subscribe_users_status", users::subscriptions, users::no_status_data, "Always empty: connections follow states, calls do not")
        .takes(schema_of::<users::Subscriber>).gives(schema_of::<users::StatusList<'_>>),
    post("/user/process_user_command_add", favourites::add, done, "Keep a small thing")
        .takes(schema_of::<favourites::Thing>),
    post("/user/process_user_command_delete", favourites::remove, done, "Keep it no more")
        .takes(schema_of::<favourites::Thing>),
    post("/user/process_user_command_update", favourites::change, done, "Change what it says")
        .takes(schema_of::<favourites::Thing>),
    post("/user/process_user_command_get", favourites::of_kind, favourites::things_data, "The small things of one kind")
        .takes(schema_of::<favourites::OfKind>).gives(schema_of::<favourites::Things<'_>>),
    post("/user/process_user_command_get_all", favourites::all, favourites::things_data, "All the small things")
        .takes(schema_of::<favourites::Whose>).gives(schema_of::<favourites::Things<'_>>),
    post("/user/add_notification_account", accounts::add, accounts::added, "Make an account that speaks for the app")
        .takes(schema_of::<accounts::NewNotificationAccount>).gives(schema_of::<accounts::NotificationAccountInfo<'_>>),
    post("/user/update_notification_account", accounts::change, done, "Change such an account")
        .takes(schema_of::<accounts::NotificationAccountUpdate>),
    post("/user/search_notification_account", accounts::find, accounts::found, "Such accounts, in pages")
        .takes(schema_of::<accounts::NotificationAccountSearch>).gives(schema_of::<accounts::NotificationAccounts<'_>>),
    post("/user/get_user_client_config", accounts::config, accounts::config_data, "What a user's clients are told to do")
        .takes(schema_of::<accounts::ConfigOwner>).gives(schema_of::<accounts::ClientConfig<'_>>),
    post("/user/set_user_client_config", accounts::set_config, done, "Tell clients what to do")
        .takes(schema_of::<accounts::SetConfig>),
    post("/user/del_user_client_config", accounts::remove_config, done, "Tell clients no more")
        .takes(schema_of::<accounts::RemoveConfig>),
    post("/user/page_user_client_config", accounts::page_config, accounts::page_config_data, "What clients are told, in pages")
        .takes(schema_of::<accounts::PageConfig>).gives(schema_of::<accounts::ClientConfigPage<'_>>),
    post("/statistics/user/register", statistics::users_made, statistics::users_made_data, "How many users were registered, by day")
        .takes(schema_of::<statistics::Between>).gives(schema_of::<statistics::Growth>),
    post("/statistics/user/active", statistics::busy_users, statistics::busy_users_data, "Which users have said how much")
        .takes(schema_of::<statistics::BusyUsersBetween>).gives(schema_of::<statistics::ActiveUsers<'_>>),
    post("/friend/add_friend", friend::ask, done, "Ask for friendship")
        .takes(schema_of::<friend::Ask>),
    post("/friend/add_friend_response", friend::answer, done, "Answer a request for friendship")
        .takes(schema_of::<friend::Answer>),
    post("/friend/delete_friend", friend::remove, done, "Take a friend off a list")
        .takes(schema_of::<friend::Pair>),
    post("/friend/set_friend_remark", friend::remark, done, "Name a friend")
        .takes(schema_of::<friend::Remark>),
    post("/friend/update_friends", friend::update, done, "Change what is kept about friends")
        .takes(schema_of::<friend::Update>),
    post("/friend/import_friend", friend::import, done, "Make friends without anybody being asked")
        .takes(schema_of::<friend::Import>),
    post("/friend/get_black_list", friend_lists::blocks, friend_lists::blocks_data, "A block list, in pages")
        .takes(schema_of::<friend_lists::PageOf>).gives(schema_of::<friend_lists::BlackPage<'_>>),
    post("/friend/get_specified_blacks", friend_lists::specified_blocks, friend_lists::blocks_data, "Which of these are blocked")
        .takes(schema_of::<friend_lists::Specified>).gives(schema_of::<friend_lists::BlackPage<'_>>),
    post("/friend/get_friend_list", friend_lists::list, friend_lists::list_data, "Friends, in pages")
        .takes(schema_of::<friend_lists::PageOf>).gives(schema_of::<friend_lists::FriendPage<'_>>),
    post("/friend/get_designated_friends", friend_lists::designated, friend_lists::designated_data, "Which of these are friends")
        .takes(schema_of::<friend_lists::Designated>).gives(schema_of::<friend_lists::FriendsInfo<'_>>),
    post("/friend/get_friend_apply_list", friend_requests::received, friend_requests::received_data, "Requests that a user has got, newest first")
        .takes(schema_of::<friend_requests::Requests>).gives(schema_of::<friend_requests::Received<'_>>),
    post("/friend/get_self_friend_apply_list", friend_requests::sent, friend_requests::sent_data, "Requests that a user has sent, newest first")
        .takes(schema_of::<friend_requests::Requests>).gives(schema_of::<friend_requests::SentRequests<'_>>),
    post("/friend/get_designated_friend_apply", friend_requests::between, friend_requests::between_data, "The request of one user to another")
        .takes(schema_of::<friend_requests::Between>).gives(schema_of::<friend_requests::RequestsBetween<'_>>),
    post("/friend/get_self_unhandled_apply_count", friend_requests::unhandled, friend_requests::unhandled_data, "How many requests a user has not answered")
        .takes(schema_of::<friend_requests::Unhandled>).gives(schema_of::<friend_requests::Count>),
    post("/friend/is_friend", friend_lists::are_friends, friend_lists::mutual_data, "Whether two users are friends")
        .takes(schema_of::<friend_lists::Two>).gives(schema_of::<friend_lists::Mutual>),
    post("/friend/get_friend_id", friend_lists::ids, friend_lists::ids_data, "Ids of all friends")
        .takes(schema_of::<friend_lists::Owner>).gives(schema_of::<friend_lists::FriendIds<'_>>),
    post("/friend/get_specified_friends_info", friend_lists::relations, friend_lists::relations_data, "Users, with friendship and block")
        .takes(schema_of::<friend_lists::Specified>).gives(schema_of::<friend_lists::Relations<'_>>),
    post("/friend/get_incremental_friends", friend_lists::changes, friend_lists::changes_data, "What changed in a friend list")
        .takes(schema_of::<friend_lists::Known>).gives(schema_of::<DeltaJson<friend_lists::FriendInfo<'_>>>),
    post("/friend/get_full_friend_user_ids", friend_lists::full_ids, friend_lists::full_ids_data, "Ids of all friends, and where the list stands")
        .takes(schema_of::<friend_lists::FullIds>).gives(schema_of::<friend_lists::FullFriendIds>),
    post("/msg/send_msg", sending::send_msg, msg::sent, "Send a message")
        .takes(sending::send_schema).gives(schema_of::<msg::SentJson<'_>>).strict().for_admins(),
    post("/msg/batch_send_msg", sending::batch_send_msg, msg::sent_to_many, "Send the same message to many users")
        .takes(sending::batch_schema).gives(schema_of::<msg::SentToMany<'_>>).strict().for_admins(),
    post("/msg/send_simple_msg", sending::send_simple_msg, msg::sent, "Answer a callback with a message; `key` comes with the callback")
        .takes(schema_of::<sending::SendSimple>).gives(schema_of::<msg::SentJson<'_>>).strict(),
    post("/msg/newest_seq", msg::newest_seq, msg::newest_seq_data, "Highest numbers of all conversations of a user")
        .takes(schema_of::<msg::NewestSeq>).gives(schema_of::<msg::NewestSeqs>),
    post("/msg/pull_msg_by_seq", msg::pull, msg::pulled, "Messages by their numbers")
        .takes(schema_of::<msg::Pull>).gives(schema_of::<msg::PulledAll<'_>>),
    post("/msg/get_server_time", msg::server_time, msg::server_time_data, "The server's clock")
        .gives(schema_of::<msg::ServerTime>),
    post("/msg/revoke_msg", removal::revoke, done, "Take a message back")
        .takes(schema_of::<removal::Revocation>),
    post("/msg/mark_msgs_as_read", receipts::mark_messages, done, "Messages of a single chat were read")
        .takes(schema_of::<receipts::ReadMessages>),
    post("/msg/mark_conversation_as_read", receipts::mark_conversation, done, "A conversation was read")
        .takes(schema_of::<receipts::ReadConversation>),
    post("/msg/set_conversation_has_read_seq", receipts::set_position, done, "How far a user has read")
        .takes(schema_of::<receipts::ReadPosition>),
    post("/msg/get_conversations_has_read_and_max_seq", receipts::read_seqs, receipts::read_seqs_data, "How far conversations have come, and how far they were read")
        .takes(schema_of::<receipts::ReadSeqsRequest>).gives(schema_of::<receipts::ReadSeqsJson>),
    post("/msg/clear_conversation_msg", removal::clear, done, "Clear the history of conversations")
        .takes(schema_of::<removal::Clearing>),
    post("/msg/user_clear_all_msg", removal::clear_all, done, "Clear the history of all conversations of a user")
        .takes(schema_of::<removal::ClearingAll>),
    post("/msg/delete_msgs", removal::delete, done, "Delete messages from a view, or for everybody")
        .takes(schema_of::<removal::Deletion>),
    post("/msg/delete_msg_phsical_by_seq", removal::erase, done, "Mark messages as deleted for everybody, telling nobody; what the store holds of them stays")
        .takes(schema_of::<removal::Erasure>).for_admins(),
    post("/msg/delete_msg_physical", removal::erase_before, done, "Mark old messages as deleted for everybody, telling nobody; what the store holds of them stays")
        .takes(schema_of::<removal::OldErasure>).for_admins(),
    post("/msg/search_msg", search::search, search::found, "Look for messages; of nobody in particular, only among those that the log keeps (`log.keep`)")
        .takes(schema_of::<search::MessageSearchRequest>).gives(schema_of::<search::FoundMessages>).for_admins(),
    post("/msg/check_msg_is_send_success", search::send_state, search::send_state_data, "What became of the message that was sent with this operationID")
        .gives(schema_of::<search::SendStateJson>),
    post("/msg/send_business_notification", business::send, msg::sent, "Send an event of the app's own")
        .takes(schema_of::<business::Business>).gives(schema_of::<msg::SentJson<'_>>).strict().for_admins(),
    post("/conversation/get_incremental_conversations", conversation::incremental, conversation_shown::changes, "What changed in a list of conversations")
        .takes(schema_of::<conversation::Seen>).gives(schema_of::<DeltaJson<Conversation>>),
    post("/conversation/get_full_conversation_ids", conversation::full_ids, nothing, "All ids of a list of conversations")
        .takes(schema_of::<conversation::IdCheck>).gives(schema_of::<conversation_shown::FullIds>).told_as_asked(conversation_shown::full_ids),
    post("/conversation/get_owner_conversation", conversation::of_owner, conversation_shown::page, "A page of a user's conversations")
        .takes(schema_of::<conversation::OwnerPage>).gives(schema_of::<conversation_shown::ConversationsPage>),
    post("/conversation/get_all_conversations", conversation::all, conversation_shown::conversations, "All conversations of a user")
        .takes(schema_of::<conversation::Owner>).gives(schema_of::<conversation_shown::Conversations>),
    post("/conversation/get_conversations", conversation::some, conversation_shown::conversations, "Conversations of a user by id")
        .takes(schema_of::<conversation::OwnerIds>).gives(schema_of::<conversation_shown::Conversations>),
    post("/conversation/get_conversation", conversation::one, conversation_shown::one, "A conversation of a user")
        .takes(schema_of::<conversation::OwnerId>).gives(schema_of::<conversation_shown::OneConversation>),
    post("/conversation/set_conversations", conversation::configure, done, "Change settings of a conversation")
        .takes(schema_of::<conversation::Configuration>),
    post("/conversation/get_sorted_conversation_list", conversation::sorted, conversation_shown::sorted, "Conversations with their newest messages")
        .takes(schema_of::<conversation::Sorted>).gives(schema_of::<conversation_shown::SortedConversations>),
    post("/conversation/get_not_notify_conversation_ids", conversation::silent, conversation_shown::ids, "Conversations that do not notify")
        .takes(schema_of::<conversation::OfUser>).gives(schema_of::<conversation_shown::ConversationIds>),
    post("/conversation/get_pinned_conversation_ids", conversation::pinned, conversation_shown::ids, "Conversations at the top")
        .takes(schema_of::<conversation::OfUser>).gives(schema_of::<conversation_shown::ConversationIds>),
    post("/conversation/delete_conversations", conversation::delete, done, "Take conversations off a list")
        .takes(schema_of::<conversation::Deletion>),
    post("/conversation/update_conversations_by_user", conversation::update_all, done, "Change all conversations of a user")
        .takes(schema_of::<conversation::Update>),
    post("/jssdk/get_active_conversations", jssdk::active, nothing, "The caller's newest conversations with their newest messages")
        .takes(schema_of::<jssdk::ActiveConversations>).gives(schema_of::<jssdk::Told>).told_as_asked(jssdk::told),
    post("/jssdk/get_conversations", jssdk::nobodys, nothing, "Conversations of the caller with their newest messages")
        .takes(schema_of::<jssdk::ConversationsById>).gives(schema_of::<jssdk::Told>).read_of(jssdk::some).told_as_asked(jssdk::told),
    post("/third/fcm_update_token", third::push_token, done, "Remember where a push service finds the caller's device")
        .takes(schema_of::<third::PushTokenBody>),
    post("/third/set_app_badge", third::badge, done, "Remember what an app's icon says")
        .takes(schema_of::<third::BadgeBody>),
    post("/third/logs/upload", third::upload_logs, done, "Remember log files that the caller has uploaded")
        .takes(schema_of::<third::UploadBody>),
    post("/third/logs/delete", third::delete_logs, done, "Forget uploaded log files")
        .takes(schema_of::<third::DeleteBody>),
    post("/third/logs/search", third::search_logs, third::logs_data, "Uploaded log files of a time, newest first")
        .takes(schema_of::<third::SearchBody>).gives(schema_of::<third::Logs<'_>>),
    post("/object/part_limit", object::part_limit, object::part_limit_data, "What parts of an upload may be like")
        .gives(schema_of::<object::PartLimit>),
    post("/object/part_size", object::part_size, object::part_size_data, "How large parts of an upload should be")
        .takes(schema_of::<object::Whole>).gives(schema_of::<object::PartSize>),
    post("/object/initiate_multipart_upload", object::initiate, object::initiated, "Begin an upload, or learn that its content is there already")
        .takes(schema_of::<object::Initiate>).gives(schema_of::<object::Initiated<'_>>),
    post("/object/auth_sign", object::auth_sign, object::signed, "Where further parts of an upload go")
        .takes(schema_of::<object::AuthSign>).gives(schema_of::<object::AuthSignParts<'_>>),
    post("/object/complete_multipart_upload", object::complete, object::completed, "Put an upload together")
        .takes(schema_of::<object::Complete>).gives(schema_of::<object::ObjectUrl>),
    post("/object/access_url", object::access_url, object::access_url_data, "The address of an object")
        .takes(schema_of::<object::AccessUrl>).gives(schema_of::<object::ObjectAccess>),
];

/// The routes alone.
pub(super) static ROUTES: [Route; TABLE.len()] = {
    let mut routes = [TABLE[0].route; TABLE.len()];
    let mut at = 0;
    while at < routes.len() {
        routes[at] = TABLE[at].route;
        at += 1;
    }
    routes
};

/// All entries.
pub(super) fn all() -> &'static [Entry] {
    TABLE
}

/// The entry of a path.
pub(super) fn find(path: &str) -> Option<&'static Entry> {
    // Asked several times per request: to look through the table would bring all of it into the processor's cache.
    static BY_PATH: LazyLock<FastMap<&str, &Entry>> =
        LazyLock::new(|| TABLE.iter().map(|entry| (entry.route.path, entry)).collect());
    BY_PATH.get(path).copied()
}

/// For routes whose answer depends on how it was asked for.
const fn nothing(_: &Outcome) -> Option<Data> {
    None
}

/// Routes without response fields have no `data`.
fn done(outcome: &Outcome) -> Option<Data> {
    matches!(outcome, Outcome::Done).then_some(None)
}
