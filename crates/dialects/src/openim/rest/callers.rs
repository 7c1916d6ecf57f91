//! Who may call which route: every route stands here once. What is decided by the body (whose list it is, which group)
//! is decided in the domain; a test calls every route as a stranger and compares. Source: REST sheet 2 to 10.

/// Who may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Caller {
    /// Who knows the server's secret.
    Secret,
    /// Who has the token that is asked about.
    Token,
    /// Every user.
    Anybody,
    /// Administrators of the app.
    Administrators,
    /// Who is named in the body.
    Himself,
    /// Whose list of friends it is.
    ListOwner,
    /// Who asks to be a friend.
    Asking,
    /// Who was asked.
    Asked,
    /// One of the two who are named.
    EitherOfTwo,
    /// Members of the group.
    Members,
    /// Owner and admins of the group.
    Managers,
    /// The owner of the group.
    Owner,
    /// Who is to own the group.
    NewOwner,
    /// Members who stand above the one who is named.
    Above,
    /// The same, and the one who is named but for his role.
    AboveOrHimself,
    /// Who asked to enter, owner and admins.
    ApplicantOrManagers,
    /// Every user, for names of his own.
    OwnNames,
    /// Who has begun the upload.
    Uploader,
    /// Who answers a callback in his own name.
    Answerer,
    /// The sender of the message; in groups who stands above him, too.
    SenderOrAbove,
}

impl Caller {
    /// As a sentence.
    pub(super) const fn sentence(self) -> &'static str {
        match self {
            Self::Secret => "Needs no token: the secret is what opens it.",
            Self::Token => "Needs no token but the one in the body.",
            Self::Anybody => "For everybody who has a token.",
            Self::Administrators => "For administrators.",
            Self::Himself => "For the user himself and administrators.",
            Self::ListOwner => "For the owner of the list and administrators.",
            Self::Asking => "For who asks and administrators.",
            Self::Asked => "For who was asked and administrators.",
            Self::EitherOfTwo => "For both and administrators.",
            Self::Members => "For members of the group and administrators.",
            Self::Managers => "For owner and admins of the group and administrators.",
            Self::Owner => "For the owner of the group and administrators.",
            Self::NewOwner => "For the owner-to-be and administrators.",
            Self::Above => "For members of the group who stand above that member, and administrators.",
            Self::AboveOrHimself => {
                "For the member himself but for his role, for members who stand above him, and administrators."
            }
            Self::ApplicantOrManagers => "For who asked, owner and admins of the group, and administrators.",
            Self::OwnNames => {
                "For everybody who has a token, under his own names; for administrators under any."
            }
            Self::Uploader => "For the user who has begun the upload and administrators.",
            Self::Answerer => "For the user in whose name is answered and administrators.",
            Self::SenderOrAbove => {
                "For the sender, in groups also for members who stand above him, and for administrators."
            }
        }
    }
}

/// Every route, by who may call it.
static CALLERS: &[(Caller, &[&str])] = &[
    (Caller::Secret, &["/auth/get_admin_token"]),
    (Caller::Token, &["/auth/parse_token"]),
    (
        Caller::Administrators,
        &[
            "/auth/get_user_token",
            "/auth/force_logout",
            "/user/user_register",
            "/user/get_users_online_status",
            "/user/get_users_online_token_detail",
            "/user/account_check",
            "/user/add_notification_account",
            "/user/update_notification_account",
            "/user/search_notification_account",
            "/user/set_user_client_config",
            "/user/del_user_client_config",
            "/user/page_user_client_config",
            "/statistics/user/register",
            "/statistics/user/active",
            "/statistics/group/create",
            "/statistics/group/active",
            "/friend/import_friend",
            "/msg/send_msg",
            "/msg/batch_send_msg",
            "/msg/send_business_notification",
            "/msg/search_msg",
            "/msg/delete_msg_phsical_by_seq",
            "/msg/delete_msg_physical",
            "/third/logs/delete",
            "/third/logs/search",
        ],
    ),
    (
        Caller::Anybody,
        &[
            "/user/get_users_info",
            "/user/get_all_users_uid",
            "/user/get_users",
            "/user/get_users_status",
            "/group/get_groups_info",
            "/group/get_groups",
            "/msg/get_server_time",
            "/msg/check_msg_is_send_success",
            "/jssdk/get_active_conversations",
            "/jssdk/get_conversations",
            "/third/fcm_update_token",
            "/third/logs/upload",
            "/object/part_limit",
            "/object/part_size",
            "/object/access_url",
        ],
    ),
    (
        Caller::Himself,
        &[
            "/user/update_user_info",
            "/user/update_user_info_ex",
            "/user/set_global_msg_recv_opt",
            "/user/subscribe_users_status",
            "/user/get_subscribe_users_status",
            "/user/process_user_command_add",
            "/user/process_user_command_delete",
            "/user/process_user_command_update",
            "/user/process_user_command_get",
            "/user/process_user_command_get_all",
            "/user/get_user_client_config",
            "/group/join_group",
            "/group/quit_group",
            "/group/get_joined_group_list",
            "/group/get_recv_group_applicationList",
            "/group/get_user_req_group_applicationList",
            "/group/get_group_application_unhandled_count",
            "/group/get_incremental_join_groups",
            "/group/get_incremental_group_members_batch",
            "/group/get_full_join_group_ids",
            "/msg/newest_seq",
            "/msg/pull_msg_by_seq",
            "/msg/mark_msgs_as_read",
            "/msg/mark_conversation_as_read",
            "/msg/set_conversation_has_read_seq",
            "/msg/get_conversations_has_read_and_max_seq",
            "/msg/clear_conversation_msg",
            "/msg/user_clear_all_msg",
            "/msg/delete_msgs",
            "/conversation/get_incremental_conversations",
            "/conversation/get_full_conversation_ids",
            "/conversation/get_owner_conversation",
            "/conversation/get_all_conversations",
            "/conversation/get_conversations",
            "/conversation/get_conversation",
            "/conversation/set_conversations",
            "/conversation/get_sorted_conversation_list",
            "/conversation/get_not_notify_conversation_ids",
            "/conversation/get_pinned_conversation_ids",
            "/conversation/delete_conversations",
            "/conversation/update_conversations_by_user",
            "/third/set_app_badge",
        ],
    ),
    (
        Caller::ListOwner,
        &[
            "/friend/add_black",
            "/friend/remove_black",
            "/friend/delete_friend",
            "/friend/set_friend_remark",
            "/friend/update_friends",
            "/friend/get_black_list",
            "/friend/get_specified_blacks",
            "/friend/get_friend_list",
            "/friend/get_designated_friends",
            "/friend/get_friend_apply_list",
            "/friend/get_self_friend_apply_list",
            "/friend/get_self_unhandled_apply_count",
            "/friend/get_friend_id",
            "/friend/get_specified_friends_info",
            "/friend/get_incremental_friends",
            "/friend/get_full_friend_user_ids",
        ],
    ),
    (Caller::Asking, &["/friend/add_friend"]),
    (Caller::Asked, &["/friend/add_friend_response"]),
    (Caller::EitherOfTwo, &["/friend/is_friend", "/friend/get_designated_friend_apply"]),
    (
        Caller::Members,
        &[
            "/group/invite_user_to_group",
            "/group/get_group_abstract_info",
            "/group/get_group_members_info",
            "/group/get_group_member_list",
            "/group/get_group_member_user_id",
            "/group/get_incremental_group_members",
            "/group/get_full_group_member_user_ids",
        ],
    ),
    (
        Caller::Managers,
        &[
            "/group/set_group_info",
            "/group/set_group_info_ex",
            "/group/mute_group",
            "/group/cancel_mute_group",
            "/group/group_application_response",
            "/group/get_group_users_req_application_list",
            "/group/kick_group",
        ],
    ),
    (Caller::Owner, &["/group/transfer_group", "/group/dismiss_group"]),
    (Caller::NewOwner, &["/group/create_group"]),
    (Caller::Above, &["/group/mute_group_member", "/group/cancel_mute_group_member"]),
    (Caller::AboveOrHimself, &["/group/set_group_member_info"]),
    (Caller::ApplicantOrManagers, &["/group/get_specified_user_group_request_info"]),
    (Caller::OwnNames, &["/object/initiate_multipart_upload"]),
    (Caller::Uploader, &["/object/auth_sign", "/object/complete_multipart_upload"]),
    (Caller::Answerer, &["/msg/send_simple_msg"]),
    (Caller::SenderOrAbove, &["/msg/revoke_msg"]),
];

/// Who may call a route; `None` for paths that are no routes.
pub(super) fn of(path: &str) -> Option<Caller> {
    CALLERS.iter().find(|(_, paths)| paths.contains(&path)).map(|(caller, _)| *caller)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::routes;
    use super::*;

    #[test]
    fn every_route_says_once_who_may_call_it() {
        let mut said = BTreeSet::new();
        for path in CALLERS.iter().flat_map(|(_, paths)| *paths) {
            assert!(said.insert(*path), "{path} stands here twice");
        }
        let routes: BTreeSet<&str> = routes::all().iter().map(|entry| entry.route.path).collect();
        assert_eq!(said, routes);
        for entry in routes::all() {
            let caller = of(entry.route.path);
            assert_eq!(!entry.token, matches!(caller, Some(Caller::Secret | Caller::Token)));
            assert!(!entry.admin || caller == Some(Caller::Administrators), "{}", entry.route.path);
        }
    }
}
