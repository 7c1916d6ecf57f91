//! Callback storage. Source: document 003.

use ringback_model::dialect::Method::{Get, Post};

use super::Shape::Data;
use super::{Entry, Topic, entry};
use crate::easemob::rest::storage;
use crate::openapi::schema_of;

const HERE: (Topic, &str) = (Topic::Storage, "/callbacks");

#[rustfmt::skip]
pub(super) static ROUTES: &[Entry] = &[
    entry(Get, paths!("/callbacks/storage/info"), HERE, (storage::info, storage::slices), Data(schema_of::<Vec<storage::SliceInfo<'_>>>),
        "Slices of parked callbacks"),
    entry(Post, paths!("/callbacks/storage/retry"), HERE, (storage::retry, storage::retried), Data(schema_of::<storage::Retried>),
        "Send a slice of parked callbacks again").takes(schema_of::<storage::Retry>),
    entry(Post, paths!("/callback/storage/retry"), HERE, (storage::retry, storage::retried), Data(schema_of::<storage::Retried>),
        "The same, as the documents' examples write it").takes(schema_of::<storage::Retry>),
];
