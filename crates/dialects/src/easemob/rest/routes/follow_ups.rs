//! What follows messages that were sent. Source: easemob-rest fact sheet 7, 12.

use ringback_model::dialect::Method::{Delete, Get, Post, Put};

use super::Shape::{Bare, Data};
use super::{Entry, Topic, entry};
use crate::easemob::rest::{clearing, export, reaction, recall, rewrite};
use crate::openapi::schema_of;

const LISTED: &[(&str, &str)] = &[
    ("msgIdList", "Message ids, separated by commas; at most 20."),
    ("msgType", "`chat` or `groupchat`; not needed."),
    ("groupId", "The group of group messages; not needed."),
];
const ONE: &[(&str, &str)] = &[("msgId", "The message."), ("message", "The reaction.")];
const ONE_PAGED: &[(&str, &str)] = &[
    ("msgId", "The message."),
    ("message", "The reaction."),
    ("limit", "Users of a page, 1 to 50; default 50."),
    ("cursor", "Where the page before this one ended."),
];
const UNTIL_WITH: &[(&str, &str)] = &[("userId", "The other user."), DEL_TIME];
const UNTIL_IN: &[(&str, &str)] = &[("groupId", "The group or room."), DEL_TIME];
const DEL_TIME: (&str, &str) = ("delTime", "What was sent then or before: milliseconds since 1970.");
const ROAMING: (Topic, &str) = (Topic::Users, "/rest/message/roaming");

#[rustfmt::skip]
pub(super) static ROUTES: &[Entry] = &[
    entry(Post, paths!("/messages/msg_recall"), (Topic::Recall, "/messages/msg_recall"), (recall::one, recall::recalled_one),
        Data(schema_of::<recall::Recalled>), "Take a message back").takes(schema_of::<recall::Order>),
    entry(Post, paths!("/messages/batch_recall"), (Topic::Recall, "/messages/batch_recall"), (recall::many, recall::recalled_many),
        Data(schema_of::<Vec<recall::Recalled>>), "Take messages back; at most 30").takes(schema_of::<recall::Orders>),
    entry(Post, paths!("/messages/recall"), (Topic::Recall, "/messages/recall"), (recall::many, recall::recalled_many),
        Data(schema_of::<Vec<recall::Recalled>>), "The same, on its older path").takes(schema_of::<recall::Orders>),
    entry(Put, paths!("/messages/rewrite/{msg_id}"), (Topic::Rewrite, "/messages/rewrite"), (rewrite::read, rewrite::answer),
        Data(schema_of::<String>), "Change what a message says: texts and the app's own; at most 10 times").takes(schema_of::<rewrite::Rewrite>),
    entry(Post, paths!("/reaction/user/{user}"), (Topic::Reactions, "/reaction/user"), (reaction::add, reaction::added),
        Bare(schema_of::<reaction::Answer<reaction::Added>>), "React to a message").takes(schema_of::<reaction::NewReaction>),
    entry(Delete, paths!("/reaction/user/{user}"), (Topic::Reactions, "/reaction/user"), (reaction::remove, reaction::removed),
        Bare(schema_of::<reaction::Answer<()>>), "Take a reaction back").asks(ONE),
    entry(Get, paths!("/reaction/user/{user}"), (Topic::Reactions, "/reaction/user"), (reaction::list, reaction::listed),
        Bare(schema_of::<reaction::Answer<Vec<reaction::OfMessage>>>), "Reactions to messages").asks(LISTED),
    entry(Get, paths!("/reaction/user/{user}/detail"), (Topic::Reactions, "/reaction/user"), (reaction::detail, reaction::detailed),
        Bare(schema_of::<reaction::Answer<reaction::Detail>>), "Who has reacted to a message in one way").asks(ONE_PAGED),
    entry(Get, paths!("/chatmessages/{time}"), (Topic::History, "/chatmessages"), (export::read, export::answer),
        Data(schema_of::<Vec<export::HistoryFile>>), "The messages of an hour, as a file: `yyyyMMddHH`"),
    entry(Post, paths!("/rest/message/roaming/user/{user}/delete/all"), ROAMING, (clearing::all, clearing::cleared), Data(schema_of::<clearing::Cleared>),
        "Take everything that was said so far from one user's view, and his conversations off his list"),
    entry(Delete, paths!("/rest/message/roaming/chat/user/{user}/time"), ROAMING, (clearing::with_user, clearing::cleared), Data(schema_of::<clearing::Cleared>),
        "Take what two users have said so far from the view of one of them").asks(UNTIL_WITH),
    entry(Delete, paths!("/rest/message/roaming/group/user/{user}/time"), ROAMING, (clearing::in_group, clearing::cleared), Data(schema_of::<clearing::Cleared>),
        "Take what was said in a group or room so far from the view of one user").asks(UNTIL_IN),
    entry(Delete, paths!("/users/{user}/user_channel"), (Topic::Users, "/users"), (clearing::channel, clearing::cleared), Data(schema_of::<clearing::Cleared>),
        "Take a conversation off a user's list, with what was said in it or without").takes(schema_of::<clearing::UserChannel>),
];
