//! The description of the interface for machines. Source: REST sheet 1, 3 to 7.

mod examples;

use serde_json::{Value, json};

use super::super::codes;
use super::reply::Envelope;
use super::routes::{self, Entry};
use crate::openapi::{
    About, Answer, Body, Document, Operation, Parameter, Place, Security, camel, schema_of,
};

const ABOUT: &str = "Every request is a POST with a JSON object; a member that is null counts as absent, members that \
    nobody knows are skipped. Every answer has the form of `Envelope`, and with few exceptions the status 200, success \
    or not: an `errCode` other than 0 is a refusal, and its name stands in `errMsg`.";

/// Headers of answers that ask the caller to come again.
const LATER: &[(&str, &str)] = &[("Retry-After", "Seconds after which trying again makes sense.")];

const TAGS: [(&str, &str); 10] = [
    ("auth", "Tokens."),
    ("user", "Profiles and presence, and what users keep."),
    ("group", "Groups, their members, requests to enter, and what has changed in their lists."),
    ("statistics", "Numbers that operators look at."),
    ("friend", "Friends and block lists."),
    ("msg", "Messages: sending them, reading them by their numbers, taking them back."),
    ("conversation", "Lists of conversations, and what users set for them."),
    ("jssdk", "Lists of conversations for browsers."),
    ("third", "Devices: where they are woken, what they have logged."),
    (
        "object",
        "Uploads. Parts go by PUT to the addresses in the answers; everybody may GET an object by its `url`.",
    ),
];

pub(super) fn document() -> Value {
    let security = json!({
        "type": "apiKey", "in": "header", "name": "token",
        "description": "The token as it was handed out, without a word before it.",
    });
    let mut document = Document::new(About {
        title: "OpenIM REST interface",
        description: ABOUT.to_owned(),
        security: ("token", security),
        tags: TAGS.to_vec(),
    });
    let envelope = document.answer(schema_of::<Envelope<'_>>);
    let refused = document.named(
        "Refusal",
        json!({
            "description": "Not done, and why.",
            "allOf": [envelope, {"properties": {"errCode": {"not": {"const": 0}, "description": codes()}}}],
        }),
    );
    for entry in routes::all() {
        let success = success(&mut document, entry, &envelope);
        let body = body(&mut document, entry);
        document.add(&operation(entry, body, &success, &refused));
    }
    document.finish()
}

/// What a refusal's number may be.
fn codes() -> String {
    let known = codes::table().into_iter().map(|(code, name)| format!("{code} {name}"));
    format!("The codes are {}. Others are those of the app's backend.", known.collect::<Vec<_>>().join(", "))
}

/// The envelope with what the route tells.
fn success(document: &mut Document, entry: &Entry, envelope: &Value) -> Value {
    let told = match entry.shape {
        Some(shape) => {
            json!({"properties": {"errCode": {"const": 0}, "data": document.answer(shape)}, "required": ["data"]})
        }
        None => json!({"properties": {"errCode": {"const": 0}}}),
    };
    json!({"allOf": [envelope, told]})
}

fn body(document: &mut Document, entry: &Entry) -> Option<Body> {
    let schema = document.request(entry.body?);
    Some(Body { schema, required: true, examples: examples::of(entry.route.path) })
}

fn operation(entry: &Entry, body: Option<Body>, success: &Value, refused: &Value) -> Operation {
    let path = entry.route.path;
    let answer = |status, meaning: &str, headers| {
        let schema = if status == 200 { json!({"oneOf": [success, refused]}) } else { refused.clone() };
        Answer { status, meaning: meaning.to_owned(), schema, headers }
    };
    let mut answers = vec![answer(200, "Done, or refused: `errCode` says which.", &[])];
    if entry.answers_400 {
        answers.push(answer(400, "The body is malformed or incomplete.", &[]));
    }
    answers.push(answer(429, "Too many requests.", LATER));
    answers.push(answer(503, "The server is going down.", LATER));
    let mut parameters = vec![operation_id()];
    parameters.extend((path == "/msg/send_simple_msg").then(key));
    Operation {
        id: camel(&operation_name(path)),
        method: entry.route.method,
        path,
        tag: path.split('/').nth(1).unwrap_or_default(),
        summary: entry.summary,
        description: may(path).to_owned(),
        security: if entry.token { Security::Needed } else { Security::None },
        parameters,
        body,
        answers,
    }
}

/// The last part of a path; all of them where there are more than two, and where routes for browsers are named like
/// those of the resource that they show.
fn operation_name(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    match parts.as_slice() {
        [resource, last] if *resource != "jssdk" => (*last).to_owned(),
        all => all.join("_"),
    }
}

fn operation_id() -> Parameter {
    Parameter {
        name: "operationID",
        place: Place::Header,
        required: true,
        doc: "The caller's own id for the call; it goes through everything that the call causes.",
        schema: json!({"type": "string", "minLength": 1}),
        example: json!("op-1"),
    }
}

fn key() -> Parameter {
    Parameter {
        name: "key",
        place: Place::Query,
        required: true,
        doc: "The key that came with the callback: base64 of a JSON object with `sendID`, `recvID` and `groupID`.",
        schema: json!({"type": "string", "minLength": 1}),
        example: json!(examples::KEY),
    }
}

/// Who may call it. What the server finds out from the body alone does not stand in the table of routes.
pub(super) fn may(path: &str) -> &'static str {
    match path {
        "/auth/get_admin_token" => "Needs no token: the secret is what opens it.",
        "/auth/parse_token" => "Needs no token but the one in the body.",
        "/auth/get_user_token" | "/auth/force_logout" | "/msg/send_msg" | "/msg/batch_send_msg" => {
            "For administrators."
        }
        "/group/create_group" => "For the owner-to-be and administrators.",
        "/group/invite_user_to_group"
        | "/group/get_group_abstract_info"
        | "/group/get_group_members_info"
        | "/group/get_group_member_list"
        | "/group/get_group_member_user_id"
        | "/group/get_incremental_group_members"
        | "/group/get_full_group_member_user_ids" => "For members of the group and administrators.",
        "/group/set_group_info"
        | "/group/set_group_info_ex"
        | "/group/mute_group"
        | "/group/cancel_mute_group"
        | "/group/group_application_response"
        | "/group/get_group_users_req_application_list"
        | "/group/kick_group" => "For owner and admins of the group and administrators.",
        "/group/transfer_group" | "/group/dismiss_group" => "For the owner of the group and administrators.",
        "/group/mute_group_member" | "/group/cancel_mute_group_member" => {
            "For members of the group who stand above that member, and administrators."
        }
        "/group/set_group_member_info" => {
            "For the member himself but for his role, for members who stand above him, and administrators."
        }
        "/group/get_specified_user_group_request_info" => {
            "For who asked, owner and admins of the group, and administrators."
        }
        "/statistics/group/create" | "/statistics/group/active" => "For administrators.",
        _ if ["/user/", "/friend/", "/statistics/user/"].iter().any(|of| path.starts_with(of)) => {
            people(path)
        }
        "/third/logs/delete" | "/third/logs/search" => "For administrators.",
        "/third/set_app_badge" => "For the user himself and administrators.",
        "/object/initiate_multipart_upload" => {
            "For everybody who has a token, under his own names; for administrators under any."
        }
        "/object/auth_sign" | "/object/complete_multipart_upload" => {
            "For the user who has begun the upload and administrators."
        }
        "/msg/newest_seq"
        | "/msg/pull_msg_by_seq"
        | "/group/join_group"
        | "/group/quit_group"
        | "/group/get_joined_group_list"
        | "/group/get_recv_group_applicationList"
        | "/group/get_user_req_group_applicationList"
        | "/group/get_group_application_unhandled_count"
        | "/group/get_incremental_join_groups"
        | "/group/get_incremental_group_members_batch"
        | "/group/get_full_join_group_ids" => "For the user himself and administrators.",
        _ => "For everybody who has a token.",
    }
}

/// The same for what is about users and friends.
fn people(path: &str) -> &'static str {
    match path {
        "/user/user_register"
        | "/user/get_users_online_status"
        | "/user/get_users_online_token_detail"
        | "/user/account_check"
        | "/user/add_notification_account"
        | "/user/update_notification_account"
        | "/user/search_notification_account"
        | "/user/set_user_client_config"
        | "/user/del_user_client_config"
        | "/user/page_user_client_config"
        | "/statistics/user/register"
        | "/statistics/user/active"
        | "/friend/import_friend" => "For administrators.",
        "/friend/add_friend" => "For who asks and administrators.",
        "/friend/add_friend_response" => "For who was asked and administrators.",
        "/friend/is_friend" | "/friend/get_designated_friend_apply" => "For both and administrators.",
        "/user/get_users_info" | "/user/get_all_users_uid" | "/user/get_users" | "/user/get_users_status" => {
            "For everybody who has a token."
        }
        _ if path.starts_with("/friend/") => "For the owner of the list and administrators.",
        _ => "For the user himself and administrators.",
    }
}
