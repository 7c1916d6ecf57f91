//! Contacts and block lists. Source: easemob-rest fact sheet 5.

use ringback_model::dialect::Method::{Delete, Get, Post, Put};

use super::Shape::{Data, Entities, Plain};
use super::{Entry, Topic, entry};
use crate::easemob::rest::{block, contact, user, user_state};
use crate::openapi::schema_of;

const HERE: (Topic, &str) = (Topic::Contacts, "/contacts");
const BLOCKS: (Topic, &str) = (Topic::Contacts, "/blocks");

const PAGE: &[(&str, &str)] = &[
    ("limit", "Contacts of a page, 1 to 50; default 10."),
    ("cursor", "Where the page before ended, as its answer says."),
    ("needReturnRemark", "`true`: with the names that the owner has given them."),
];
const BLOCK_PAGE: &[(&str, &str)] = &[
    ("pageSize", "Users of a page, 1 to 50; absent = all."),
    ("cursor", "Where the page before ended, as its answer says."),
];

#[rustfmt::skip]
pub(super) static ROUTES: &[Entry] = &[
    entry(Post, paths!("/users/{user}/contacts/users/{other}"), HERE, (contact::add, contact::shown), Entities(schema_of::<user::Entity<'_>>),
        "Make two users contacts of each other, at once"),
    entry(Delete, paths!("/users/{user}/contacts/users/{other}"), HERE, (contact::remove, contact::shown), Entities(schema_of::<user::Entity<'_>>),
        "Make them contacts no longer, on both sides"),
    entry(Get, paths!("/users/{user}/contacts/users"), HERE, (contact::list, contact::listed), Data(schema_of::<Vec<String>>),
        "All contacts of a user"),
    entry(Get, paths!("/user/{user}/contacts"), HERE, (contact::page, contact::paged), Data(schema_of::<contact::ContactPage>),
        "Contacts of a user, page by page").asks(PAGE),
    entry(Put, paths!("/user/{user}/contacts/users/{other}"), HERE, (contact::remark, contact::remarked), Plain,
        "Give a contact a name").takes(schema_of::<contact::Remark>),
    entry(Post, paths!("/users/{user}/contacts/import"), HERE, (contact::import, contact::imported), Data(schema_of::<contact::Imported>),
        "Make users contacts of one user; at most 10").takes(schema_of::<contact::Import>),
    entry(Post, paths!("/users/{user}/blocks/users"), BLOCKS, (block::add, block::added), Data(schema_of::<Vec<String>>),
        "Put users on a block list; at most 60, all of them or none").takes(schema_of::<block::Blocks>),
    entry(Get, paths!("/users/{user}/blocks/users"), BLOCKS, (block::list, block::listed), Data(schema_of::<Vec<String>>),
        "Users on a block list").asks(BLOCK_PAGE),
    entry(Delete, paths!("/users/{user}/blocks/users/{other}"), BLOCKS, (block::remove, user_state::shown), Entities(schema_of::<user::Entity<'_>>),
        "Take a user off a block list"),
];
