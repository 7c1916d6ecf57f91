//! What a backend has to do. Keys are [`crate::keys`]' own.

use ringback_model::failure::{Failure, Refusal, RefusalCode};
use ringback_model::object::{Md5Hex, Pieces, UploadPlace};
use ringback_model::ports::Fut;
use ringback_model::time::UnixMs;

/// An entry of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) key: String,
    /// When it was last written.
    pub(crate) written_at: UnixMs,
}

/// A part that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredPart {
    pub(crate) number: u32,
    pub(crate) md5: Md5Hex,
    pub(crate) size: u64,
}

/// Keeps small records and large contents. What is answered is durable.
pub(crate) trait Backend: Send + Sync {
    /// A record, whole.
    fn record<'a>(&'a self, key: &'a str) -> Fut<'a, Result<Option<Vec<u8>>, Failure>>;
    /// Writes a record in place of the one that may be there.
    fn write<'a>(&'a self, key: &'a str, bytes: Vec<u8>) -> Fut<'a, Result<(), Failure>>;
    /// Writes a record where there is none; false where there is one.
    fn create<'a>(&'a self, key: &'a str, bytes: Vec<u8>) -> Fut<'a, Result<bool, Failure>>;
    /// Removes a record or a content; none is fine.
    fn remove<'a>(&'a self, key: &'a str) -> Fut<'a, Result<(), Failure>>;
    /// Up to `limit` entries whose keys begin with this prefix (which ends with a slash), ascending.
    fn list<'a>(&'a self, prefix: &'a str, limit: usize) -> Fut<'a, Result<Vec<Entry>, Failure>>;

    /// Begins an upload of a content; answers its word for it ([`UploadPlace::ticket`]).
    fn begin<'a>(&'a self, content: &'a str) -> Fut<'a, Result<String, Failure>>;
    /// See [`ringback_model::object::Objects::put_part`].
    fn put_part<'a>(
        &'a self,
        place: &'a UploadPlace,
        number: u32,
        size: u64,
        bytes: Pieces,
    ) -> Fut<'a, Result<Md5Hex, Failure>>;
    /// The parts that are there; perhaps several of one number. None where there is no such upload.
    fn parts<'a>(&'a self, place: &'a UploadPlace) -> Fut<'a, Result<Vec<StoredPart>, Failure>>;
    /// Makes the content of these parts, in this order.
    fn assemble<'a>(
        &'a self,
        place: &'a UploadPlace,
        parts: &'a [StoredPart],
    ) -> Fut<'a, Result<(), Failure>>;
    /// Forgets an upload with its parts; none is fine.
    fn abandon<'a>(&'a self, place: &'a UploadPlace) -> Fut<'a, Result<(), Failure>>;
    /// Bytes of a content; `None` where there is none.
    fn size<'a>(&'a self, content: &'a str) -> Fut<'a, Result<Option<u64>, Failure>>;
    /// `length` bytes (at least one) of a content from `first` on.
    ///
    /// # Errors
    /// `NotFound` where there is no such content.
    fn read<'a>(&'a self, content: &'a str, first: u64, length: u64) -> Fut<'a, Result<Pieces, Failure>>;
}

/// The upload was finished, abandoned, or never begun.
pub(crate) fn not_under_way() -> Failure {
    Refusal::new(RefusalCode::BadArgument, "the upload is not under way: begin it again").into()
}

pub(crate) fn gone() -> Failure {
    Refusal::new(RefusalCode::NotFound, "the object is not there any more").into()
}
