//! Notices as this protocol's clients read them: a content type, and the JSON text of its tips inside of an element.
//! Source: client protocol sheet 5.5 to 5.7.

mod chat;
mod friend;
mod group;
mod user;

use std::collections::BTreeMap;

use ringback_model::message::{Content, Handling};
use ringback_model::notice::Notice;
use serde::Serialize;
use serde_json::json;

pub(super) use chat::session_type;

/// What a notice of a newer version of this program is shown as: clients skip content types that they do not know.
const UNKNOWN: Tips = Tips { code: 1999, detail: String::new() };

/// A notice in this protocol's words.
pub(super) struct Tips {
    /// Its content type.
    code: i32,
    /// JSON text of its tips.
    detail: String,
}

impl Tips {
    /// Tips of a content type. These are plain structs: writing them does not fail.
    fn new(code: i32, tips: &impl Serialize) -> Self {
        Self { code, detail: serde_json::to_string(tips).unwrap_or_default() }
    }
}

fn tips(content: &Content) -> Tips {
    match Notice::read(content) {
        Some(Notice::Friend(notice)) => friend::tips(&notice),
        Some(Notice::Group(notice)) => group::tips(&notice),
        Some(Notice::User(notice)) => user::tips(&notice),
        Some(Notice::Chat(notice)) => chat::tips(&notice),
        None => UNKNOWN,
    }
}

/// The content type of a notice.
pub(crate) fn code(content: &Content) -> i32 {
    tips(content).code
}

/// A notice as the JSON text of an element.
pub(crate) fn element(content: &Content) -> String {
    json!({ "detail": tips(content).detail }).to_string()
}

/// The switches of a notice: all of them beside the chat, the two that matter in it.
/// Source: client protocol sheet 5.5.
pub(super) fn options(handling: Handling) -> BTreeMap<String, bool> {
    let mut options =
        BTreeMap::from([("offlinePush", handling.offline_push), ("unreadCount", handling.unread)]);
    if handling.aside {
        options.extend([
            ("isNotNotification", false),
            ("isSendMsg", false),
            ("history", handling.store),
            ("persistent", handling.store),
            ("conversationUpdate", false),
            ("senderSync", true),
            ("notPrivate", false),
            ("senderConversationUpdate", false),
            ("reactionFromCache", false),
        ]);
    }
    options.into_iter().map(|(name, on)| (name.to_owned(), on)).collect()
}
