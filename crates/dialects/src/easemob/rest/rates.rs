//! How often what may be asked. Source: easemob-rest fact sheet 14.

use std::time::Duration;

use ringback_model::command::Command;
use ringback_model::conversation::Target;
use ringback_model::dialect::{Method, Rate};

use super::routes::resource;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

const REQUESTS: Rate = rate("rates.requests", 100, SECOND, "requests that no other rate bounds");
const TOKEN: Rate = rate("rates.token", 300, SECOND, "requests for tokens");
const TO_USERS: Rate = rate("rates.messages_users", 100, SECOND, "requests that send to users");
const USER_MESSAGES: Rate = rate("rates.messages_users_per_minute", 6000, MINUTE, "messages to users");
const TO_GROUPS: Rate = rate("rates.messages_chatgroups", 20, SECOND, "requests that send to groups");
const GROUP_MESSAGES: Rate = rate("rates.messages_chatgroups_per_second", 20, SECOND, "messages to groups");
const TO_ROOMS: Rate = rate("rates.messages_chatrooms", 20, SECOND, "requests that send to chat rooms");
const ROOM_MESSAGES: Rate =
    rate("rates.messages_chatrooms_per_second", 100, SECOND, "messages to chat rooms");
const MAKE_ROOM: Rate = rate("rates.chatrooms", 50, SECOND, "requests that make chat rooms");
const BATCH_STATUS: Rate = rate("rates.users_status", 50, SECOND, "requests for the status of several users");
const BLOCKS: Rate = rate("rates.users_blocks", 50, SECOND, "requests about block lists of users");
const DELETE_USERS: Rate = rate("rates.users_delete", 30, SECOND, "requests that delete several users");
const STORAGE_INFO: Rate = rate("rates.storage_info", 100, SECOND, "requests for slices of parked callbacks");
const STORAGE_RETRY: Rate =
    rate("rates.storage_retry", 100, SECOND, "requests to send slices of parked callbacks again");
const HISTORY: Rate = rate("rates.chatmessages", 10, MINUTE, "requests for the messages of an hour");

/// All of them.
pub(super) static ALL: [Rate; 15] = [
    REQUESTS,
    TOKEN,
    TO_USERS,
    USER_MESSAGES,
    TO_GROUPS,
    GROUP_MESSAGES,
    TO_ROOMS,
    ROOM_MESSAGES,
    MAKE_ROOM,
    BATCH_STATUS,
    BLOCKS,
    DELETE_USERS,
    HISTORY,
    STORAGE_INFO,
    STORAGE_RETRY,
];

const fn rate(key: &'static str, count: u32, per: Duration, doc: &'static str) -> Rate {
    Rate { key, count, per, doc }
}

/// The rates of a route, whichever prefix it has.
pub(super) fn of_route(method: Method, route: &str) -> &'static [&'static str] {
    match resource(route) {
        "/token" => &[TOKEN.key],
        "/users" if method == Method::Delete => &[DELETE_USERS.key],
        "/users/batch/status" => &[BATCH_STATUS.key],
        "/users/{user}/blocks/users" | "/users/{user}/blocks/users/{other}" => &[BLOCKS.key],
        "/messages/users" => &[TO_USERS.key],
        "/messages/chatgroups" => &[TO_GROUPS.key],
        "/messages/chatrooms" => &[TO_ROOMS.key],
        "/chatrooms" => &[MAKE_ROOM.key],
        "/chatmessages/{time}" => &[HISTORY.key],
        "/callbacks/storage/info" => &[STORAGE_INFO.key],
        "/callbacks/storage/retry" | "/callback/storage/retry" => &[STORAGE_RETRY.key],
        _ => &[REQUESTS.key],
    }
}

/// What a command's messages are charged to, and how many they are. One call has targets of one kind.
pub(super) fn of_messages(command: &Command) -> (&'static [&'static str], u32) {
    let Command::SendToMany { recipients, .. } = command else { return (&[], 0) };
    let count = u32::try_from(recipients.len()).unwrap_or(u32::MAX);
    match recipients.first() {
        None => (&[], 0),
        Some(Target::User(_) | Target::Notice(_)) => (&[USER_MESSAGES.key], count),
        Some(Target::Group(_)) => (&[GROUP_MESSAGES.key], count),
        Some(Target::Room(_)) => (&[ROOM_MESSAGES.key], count),
    }
}
