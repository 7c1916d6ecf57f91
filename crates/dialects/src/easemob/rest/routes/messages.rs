//! Messages. Source: easemob-rest fact sheet 6.

use ringback_model::dialect::Method::Post;

use super::Shape::Data;
use super::{Entry, Topic, entry};
use crate::easemob::rest::message;
use crate::openapi::schema_of;

const USE_MSG_ID: &[(&str, &str)] =
    &[("useMsgId", "`true`: the answer maps targets to message ids instead of to `success`.")];

#[rustfmt::skip]
pub(super) static ROUTES: &[Entry] = &[
    entry(Post, paths!("/messages/users"), (Topic::Messages, "/messages/users"), (message::to_users, message::sent),
        Data(schema_of::<message::MessageIds>), "Send to users; at most 600").takes(schema_of::<message::Send>),
    entry(Post, paths!("/messages/chatgroups"), (Topic::Messages, "/messages/chatgroups"), (message::to_groups, message::sent),
        Data(schema_of::<message::MessageIds>), "Send to groups; at most 3").takes(schema_of::<message::Send>),
    entry(Post, paths!("/messages/chatrooms"), (Topic::Messages, "/messages/chatrooms"), (message::to_rooms, message::sent),
        Data(schema_of::<message::MessageIds>), "Send to chat rooms; at most 10").takes(schema_of::<message::Send>),
    entry(Post, paths!("/messages"), (Topic::Messages, "/messages"), (message::old, message::sent_old),
        Data(schema_of::<message::MessageIds>), "Send, in the old form").takes(schema_of::<message::OldSend>).asks(USE_MSG_ID),
];
