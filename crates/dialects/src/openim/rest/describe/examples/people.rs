//! Bodies about friends and users.

use serde_json::{Value, json};

/// An example for a route; none where it is not about friends or users.
pub(super) fn of(path: &str) -> Option<Value> {
    users(path).or_else(|| friends(path))
}

fn first_page() -> Value {
    json!({"pageNumber": 1, "showNumber": 100})
}

fn users(path: &str) -> Option<Value> {
    let kept = json!({"userID": "u1", "type": 1, "uuid": "note-1", "value": "read this", "ex": ""});
    Some(match path {
        "/user/update_user_info" => {
            json!({"userInfo": {"userID": "u1", "nickname": "Ann", "faceURL": "", "ex": "", "globalRecvMsgOpt": 0}})
        }
        "/user/update_user_info_ex" => json!({"userInfo": {"userID": "u1", "nickname": "Ann", "ex": ""}}),
        "/user/set_global_msg_recv_opt" => json!({"userID": "u1", "globalRecvMsgOpt": 2}),
        "/user/get_all_users_uid" => json!({"pagination": first_page()}),
        "/user/get_users" => json!({"pagination": first_page(), "userID": "", "nickName": "an"}),
        "/user/account_check" => json!({"checkUserIDs": ["u1", "u2"]}),
        "/user/get_users_online_token_detail" | "/user/get_users_status" => json!({"userIDs": ["u1", "u2"]}),
        "/user/subscribe_users_status" => json!({"userID": "u1", "userIDs": ["u2"], "genre": 1}),
        "/user/process_user_command_add" | "/user/process_user_command_update" => kept,
        "/user/process_user_command_delete" => json!({"userID": "u1", "type": 1, "uuid": "note-1"}),
        "/user/process_user_command_get" => json!({"userID": "u1", "type": 1}),
        "/user/get_subscribe_users_status"
        | "/user/process_user_command_get_all"
        | "/user/get_user_client_config" => json!({"userID": "u1"}),
        "/user/add_notification_account" => {
            json!({"userID": "news", "nickName": "News", "faceURL": "", "appMangerLevel": 3})
        }
        "/user/update_notification_account" => json!({"userID": "news", "nickName": "Latest news"}),
        "/user/search_notification_account" => json!({"keyword": "ne", "pagination": first_page()}),
        "/user/set_user_client_config" => json!({"userID": "", "configs": {"theme": "dark"}}),
        "/user/del_user_client_config" => json!({"userID": "", "keys": ["theme"]}),
        "/user/page_user_client_config" => json!({"userID": "", "key": "theme", "pagination": first_page()}),
        "/statistics/user/active" => {
            json!({"start": 1_785_542_400_000_u64, "end": 1_788_134_400_000_u64, "ase": false, "group": true,
                   "pagination": first_page()})
        }
        "/statistics/user/register" => json!({"start": 1_785_542_400_000_u64, "end": 1_788_134_400_000_u64}),
        _ => return None,
    })
}

fn friends(path: &str) -> Option<Value> {
    Some(match path {
        "/friend/add_friend" => {
            json!({"fromUserID": "u1", "toUserID": "u2", "reqMsg": "met at the fair", "ex": ""})
        }
        "/friend/add_friend_response" => {
            json!({"fromUserID": "u1", "toUserID": "u2", "handleResult": 1, "handleMsg": "welcome"})
        }
        "/friend/delete_friend" => json!({"ownerUserID": "u1", "friendUserID": "u2"}),
        "/friend/set_friend_remark" => json!({"ownerUserID": "u1", "friendUserID": "u2", "remark": "Benny"}),
        "/friend/update_friends" => {
            json!({"ownerUserID": "u1", "friendUserIDs": ["u2"], "isPinned": true, "remark": "Benny", "ex": ""})
        }
        "/friend/import_friend" | "/friend/get_designated_friends" => {
            json!({"ownerUserID": "u1", "friendUserIDs": ["u2", "u3"]})
        }
        "/friend/add_black" => json!({"ownerUserID": "u1", "blackUserID": "u2", "ex": ""}),
        "/friend/remove_black" => json!({"ownerUserID": "u1", "blackUserID": "u2"}),
        "/friend/get_black_list" | "/friend/get_friend_list" => {
            json!({"userID": "u1", "pagination": first_page()})
        }
        "/friend/get_specified_blacks" | "/friend/get_specified_friends_info" => {
            json!({"ownerUserID": "u1", "userIDList": ["u2", "u3"]})
        }
        "/friend/get_friend_apply_list" | "/friend/get_self_friend_apply_list" => {
            json!({"userID": "u1", "pagination": first_page(), "handleResults": [0]})
        }
        "/friend/get_designated_friend_apply" => json!({"fromUserID": "u1", "toUserID": "u2"}),
        "/friend/get_self_unhandled_apply_count" => json!({"userID": "u1", "time": 0}),
        "/friend/is_friend" => json!({"userID1": "u1", "userID2": "u2"}),
        "/friend/get_friend_id" => json!({"userID": "u1"}),
        "/friend/get_incremental_friends" => json!({"userID": "u1", "versionID": "", "version": 0}),
        "/friend/get_full_friend_user_ids" => json!({"userID": "u1", "idHash": 0}),
        _ => return None,
    })
}
