//! Users. Source: easemob-rest fact sheet 4.

use ringback_model::dialect::Method::{Get, Post};

use super::Shape::{Entities, Partly};
use super::{Entry, Topic, entry};
use crate::easemob::rest::user;
use crate::openapi::schema_of;

const HERE: (Topic, &str) = (Topic::Users, "/users");

#[rustfmt::skip]
pub(super) static ROUTES: &[Entry] = &[
    entry(Post, paths!("/users"), HERE, (user::register, user::registered), Partly(schema_of::<user::Entity<'_>>, schema_of::<Vec<user::NotRegistered>>),
        "Register users; at most 60").takes(schema_of::<user::Registration>),
    entry(Get, paths!("/users/{user}"), HERE, (user::get, user::found), Entities(schema_of::<user::Entity<'_>>),
        "One user"),
];
