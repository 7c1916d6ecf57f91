//! Tokens. Source: easemob-rest fact sheet 3.

use ringback_model::dialect::Method::Post;

use super::Shape::Bare;
use super::{Entry, Topic, entry};
use crate::easemob::rest::token;
use crate::openapi::schema_of;

const HERE: (Topic, &str) = (Topic::Token, "/token");

#[rustfmt::skip]
pub(super) static ROUTES: &[Entry] = &[
    entry(Post, paths!("/token"), HERE, (token::read, token::answer), Bare(schema_of::<token::Token<'_>>),
        "Buy a token").takes(schema_of::<token::Grant>).maybe_token(),
];
