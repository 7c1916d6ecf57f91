//! Threads. Source: easemob-rest fact sheet 12.

use ringback_model::dialect::Method::{Delete, Get, Post, Put};

use super::Shape::{Data, Entities};
use super::{Entry, Topic, entry};
use crate::easemob::rest::thread;
use crate::openapi::schema_of;

const HERE: (Topic, &str) = (Topic::Threads, "/thread");
const LISTS: (Topic, &str) = (Topic::Threads, "/threads");

const PAGE: &[(&str, &str)] = &[
    ("limit", "Items of a page, 1 to 50; default 20."),
    ("cursor", "Where the page before ended, as its answer says."),
];
const SORTED: &[(&str, &str)] = &[
    ("limit", "Threads of a page, 1 to 50; default 20."),
    ("cursor", "Where the page before ended, as its answer says."),
    ("sort", "`asc`, oldest first, or `desc`, which is the default."),
];

#[rustfmt::skip]
pub(super) static ROUTES: &[Entry] = &[
    entry(Post, paths!("/thread"), HERE, (thread::make, thread::made), Data(schema_of::<thread::ThreadMade<'_>>),
        "Make a thread on a message of a group; a message has at most one").takes(schema_of::<thread::NewMessageThread>),
    entry(Get, paths!("/thread"), HERE, (thread::all, thread::ids), Entities(schema_of::<thread::ThreadId<'_>>),
        "All threads of the app").asks(PAGE),
    entry(Put, paths!("/thread/{id}"), HERE, (thread::rename, thread::renamed), Data(schema_of::<thread::ThreadRenamed<'_>>),
        "Call a thread something else").takes(schema_of::<thread::ThreadName>),
    entry(Delete, paths!("/thread/{id}"), HERE, (thread::dismiss, thread::dismissed), Data(schema_of::<thread::ThreadStatus>),
        "Dismiss a thread"),
    entry(Get, paths!("/thread/{id}/users"), HERE, (thread::members, thread::members_listed), Data(schema_of::<thread::ThreadMembers>),
        "Users in a thread").asks(PAGE),
    entry(Post, paths!("/thread/{id}/users"), HERE, (thread::add, thread::added), Data(schema_of::<thread::ThreadStatus>),
        "Add members of its group to a thread; at most 10").takes(schema_of::<thread::ThreadUsers>),
    entry(Delete, paths!("/thread/{id}/users"), HERE, (thread::remove, thread::removed), Data(schema_of::<Vec<thread::ThreadLeft>>),
        "Take users out of a thread; at most 10").takes(schema_of::<thread::ThreadUsers>),
    entry(Get, paths!("/threads/user/{user}"), LISTS, (thread::of_user, thread::listed), Entities(schema_of::<thread::MessageThread<'_>>),
        "Threads that a user is in").asks(SORTED),
    entry(Get, paths!("/threads/chatgroups/{id}/user/{user}"), LISTS, (thread::of_user, thread::listed), Entities(schema_of::<thread::MessageThread<'_>>),
        "Threads of a group that a user is in").asks(SORTED),
];
