//! Files that come whole.

use ringback_model::dialect::Method::{Get, Post};

use super::Shape::{Bytes, Entities};
use super::{Entry, Topic, entry};
use crate::easemob::rest::file;
use crate::openapi::schema_of;

const HERE: (Topic, &str) = (Topic::Files, "/chatfiles");

#[rustfmt::skip]
pub(super) static ROUTES: &[Entry] = &[
    entry(Post, paths!("/chatfiles"), HERE, (file::keep, file::kept), Entities(schema_of::<file::ChatFile<'_>>),
        "Upload a file of at most 10 MiB, as the field `file` of a form; with the token of the app or of a user").any_token().takes_file().reads(&[
            ("restrict-access", "`true`: it gets a secret that whoever reads it must know."),
            ("thumbnail-height", "Pixels that the small picture of a picture has at most; 1 to 1024."),
            ("thumbnail-width", "The same, across."),
        ]),
    entry(Get, paths!("/chatfiles/{uuid}"), HERE, (file::read, file::nothing), Bytes,
        "Download a file; no token is needed").maybe_token().asks(&[
            ("share-secret", "Its secret, where it has one; here or in the header."),
        ]).reads(&[
            ("thumbnail", "`true`: the small picture of a picture, where there is one."),
        ]),
];
