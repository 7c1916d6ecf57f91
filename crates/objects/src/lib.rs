//! Where uploaded files are kept: a folder of this machine, or a bucket of an S3 service.
//!
//! | file | holds |
//! |---|---|
//! | `shelf.rs` | the port's promises over any backend: names, known contents, uploads, what is beyond its time |
//! | `keys.rs` | under which key what is kept; nobody outside has a say in them |
//! | `backend.rs` | what a backend has to do |
//! | `folder.rs`, `draft.rs` | the folder |
//! | `bucket.rs`, `s3.rs` | the bucket; the HTTP calls of it |
//! | `measured.rs` | counts bytes and makes their MD5 while they pass |
//! | `thumbnail.rs` | small pictures of large ones |
//! | `seal.rs` | texts that come back |

mod backend;
mod bucket;
mod draft;
mod folder;
mod keys;
mod measured;
mod s3;
mod seal;
mod shelf;
mod thumbnail;

use std::path::Path;
use std::sync::Arc;

use ringback_model::failure::Fault;
use ringback_model::object::Objects;
use ringback_model::ports::Clock;

pub use s3::{BucketSettings, NotABucket};
pub use seal::HmacSeals;
pub use thumbnail::{SmallPictures, smaller};

use bucket::Bucket;
use folder::Folder;
use shelf::Shelf;

/// Keeps objects in a folder, which is made where there is none. One process may use it at a time. Blocks.
///
/// # Errors
/// The folder cannot be made or read.
pub fn folder(path: &Path) -> Result<Arc<dyn Objects>, Fault> {
    Ok(Arc::new(Shelf::new(Folder::open(path)?)))
}

/// Keeps objects in a bucket. Nothing is asked of it yet.
///
/// # Errors
/// Settings that cannot be used.
pub fn bucket(settings: &BucketSettings, clock: Arc<dyn Clock>) -> Result<Arc<dyn Objects>, NotABucket> {
    Ok(Arc::new(Shelf::new(Bucket::new(settings, clock)?)))
}

#[cfg(test)]
mod tests;
