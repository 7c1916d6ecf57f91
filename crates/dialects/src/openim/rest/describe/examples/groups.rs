//! Bodies about groups.

use serde_json::{Value, json};

const GROUP: &str = "270011223344556";
/// A `versionID`.
const LOG: &str = "00c0ffee00c0ffee00c0ffee";

/// Examples for a route.
pub(super) fn of(path: &str) -> Vec<(&'static str, Value)> {
    match path.rsplit('/').next().unwrap_or_default() {
        "create_group" => vec![("group", new_group())],
        "get_groups_info" | "get_group_abstract_info" => vec![("one", json!({"groupIDs": [GROUP]}))],
        "get_groups" => vec![("named", json!({"pagination": page(), "groupName": "team", "groupID": ""}))],
        "set_group_info" => vec![(
            "name",
            json!({"groupInfoForSet": {
                "groupID": GROUP, "groupName": "Team", "notification": "", "introduction": "", "faceURL": "",
                "needVerification": 1,
            }}),
        )],
        "set_group_info_ex" => vec![
            ("name", json!({"groupID": GROUP, "groupName": "Team"})),
            ("noAnnouncement", json!({"groupID": GROUP, "notification": ""})),
        ],
        "mute_group" | "cancel_mute_group" | "get_group_member_user_id" => {
            vec![("one", json!({"groupID": GROUP}))]
        }
        "transfer_group" => {
            vec![("one", json!({"groupID": GROUP, "oldOwnerUserID": "u1", "newOwnerUserID": "u2"}))]
        }
        "dismiss_group" => vec![("one", json!({"groupID": GROUP, "deleteMember": false}))],
        "invite_user_to_group" => {
            vec![("one", json!({"groupID": GROUP, "invitedUserIDs": ["u4"], "reason": "asked to"}))]
        }
        "join_group" => vec![(
            "found",
            json!({
                "groupID": GROUP, "reqMessage": "let me in", "joinSource": 3, "inviterUserID": "u4", "ex": "",
            }),
        )],
        "group_application_response" => vec![(
            "yes",
            json!({
                "groupID": GROUP, "fromUserID": "u4", "handledMsg": "welcome", "handleResult": 1,
            }),
        )],
        "quit_group" => vec![("own", json!({"groupID": GROUP}))],
        "kick_group" => vec![("one", json!({"groupID": GROUP, "kickedUserIDs": ["u2"], "reason": "spam"}))],
        "mute_group_member" => {
            vec![("hour", json!({"groupID": GROUP, "userID": "u2", "mutedSeconds": 3600}))]
        }
        "cancel_mute_group_member" | "get_specified_user_group_request_info" => {
            vec![("one", json!({"groupID": GROUP, "userID": "u2"}))]
        }
        "set_group_member_info" => vec![(
            "admin",
            json!({"members": [
                {"groupID": GROUP, "userID": "u2", "nickname": "Benny", "roleLevel": 60},
            ]}),
        )],
        "create" => vec![("month", json!({"start": 1_767_225_600_000_i64, "end": 1_769_904_000_000_i64}))],
        "active" => vec![(
            "month",
            json!({
                "start": 1_767_225_600_000_i64, "end": 1_769_904_000_000_i64, "ase": false, "pagination": page(),
            }),
        )],
        other => lists(other),
    }
}

fn lists(name: &str) -> Vec<(&'static str, Value)> {
    match name {
        "get_recv_group_applicationList" => {
            vec![(
                "open",
                json!({"fromUserID": "u1", "pagination": page(), "groupIDs": [], "handleResults": [0]}),
            )]
        }
        "get_user_req_group_applicationList" => {
            vec![("all", json!({"userID": "u4", "pagination": page(), "groupIDs": [GROUP]}))]
        }
        "get_group_users_req_application_list" | "get_group_members_info" => {
            vec![("two", json!({"groupID": GROUP, "userIDs": ["u2", "u4"]}))]
        }
        "get_group_application_unhandled_count" => vec![("all", json!({"userID": "u1", "time": 0}))],
        "get_group_member_list" => {
            vec![("admins", json!({"groupID": GROUP, "pagination": page(), "filter": 2, "keyword": ""}))]
        }
        "get_joined_group_list" => vec![("own", json!({"fromUserID": "u1", "pagination": page()}))],
        "get_incremental_join_groups" => vec![
            ("first", json!({"userID": "u1", "versionID": "", "version": 0})),
            ("again", json!({"userID": "u1", "versionID": LOG, "version": 7})),
        ],
        "get_incremental_group_members" => {
            vec![("again", json!({"groupID": GROUP, "versionID": LOG, "version": 7}))]
        }
        "get_incremental_group_members_batch" => vec![(
            "two",
            json!({"userID": "u1", "reqList": [
                {"groupID": GROUP, "versionID": LOG, "version": 7}, {"groupID": "8", "versionID": "", "version": 0},
            ]}),
        )],
        "get_full_join_group_ids" => vec![("own", json!({"userID": "u1", "idHash": 0}))],
        "get_full_group_member_user_ids" => vec![("one", json!({"groupID": GROUP, "idHash": 0}))],
        _ => Vec::new(),
    }
}

fn page() -> Value {
    json!({"pageNumber": 1, "showNumber": 20})
}

fn new_group() -> Value {
    json!({
        "groupInfo": {
            "groupID": "", "groupName": "Team", "notification": "Be kind.", "introduction": "", "faceURL": "",
            "ex": "", "groupType": 2, "needVerification": 0, "lookMemberInfo": 0, "applyMemberFriend": 0,
        },
        "ownerUserID": "u1",
        "memberUserIDs": ["u2"],
        "adminUserIDs": ["u3"],
    })
}
