//! Uploads: what a caller can ask about them, and what he is answered. The bytes themselves come another way.

use crate::file::{FileId, PictureBox, ReceivedFile};
use crate::object::{Md5Hex, ObjectName, StoredObject};
use crate::secret::Secret;
use crate::time::UnixMs;

/// What can be asked about uploads.
#[derive(Debug, Clone)]
pub enum ObjectCommand {
    /// What parts may be like.
    Limits,
    /// How large parts of an upload of so many bytes should be.
    PartSize {
        /// Bytes of the whole.
        size: u64,
    },
    /// Begin an upload, or be told that its content is there already.
    Begin(NewUpload),
    /// Where further parts go.
    Sign {
        /// The upload, as [`ObjectOutcome::Begun`] has named it.
        upload_id: String,
        /// Which parts, counted from 1.
        parts: Vec<u32>,
        /// See [`NewUpload::prefix`].
        prefix: String,
    },
    /// Put an upload together.
    Finish {
        /// As in [`ObjectCommand::Sign`].
        upload_id: String,
        /// MD5s of its parts, in order.
        parts: Vec<Md5Hex>,
        /// The name; `None` = the one that it was begun with.
        name: Option<ObjectName>,
        /// What kind of file it is; `None` = as it was begun.
        content_type: Option<String>,
        /// See [`NewUpload::prefix`].
        prefix: String,
    },
    /// The address of an object.
    Address {
        /// Its name.
        name: ObjectName,
        /// See [`NewUpload::prefix`].
        prefix: String,
    },
    /// Keep a file that came whole.
    Keep(Box<NewFile>),
}

/// A file to be kept.
#[derive(Debug, Clone)]
pub struct NewFile {
    /// The file.
    pub file: ReceivedFile,
    /// Whether it gets a secret that whoever reads it must know.
    pub restricted: bool,
    /// Into what a small picture of it is to fit.
    pub within: PictureBox,
}

/// An upload to be begun.
#[derive(Debug, Clone)]
pub struct NewUpload {
    /// See [`crate::object::Upload::hash`].
    pub hash: Md5Hex,
    /// Bytes of the whole.
    pub size: u64,
    /// Bytes of each part but the last; 0 = as [`ObjectCommand::PartSize`] would say.
    pub part_size: u64,
    /// At most so many parts are told where to go; `None` = all.
    pub signed_parts: Option<u32>,
    /// The name.
    pub name: ObjectName,
    /// What kind of file it is.
    pub content_type: String,
    /// Under which address the caller reaches objects, up to where their names begin. Comes back with every answer
    /// that tells where something is.
    pub prefix: String,
}

/// What a caller is answered about uploads.
#[derive(Debug, Clone)]
pub enum ObjectOutcome {
    /// What parts may be like.
    Limits {
        /// Least bytes of a part, the last one excepted.
        part_min: u64,
        /// Most bytes of a part.
        part_max: u64,
        /// Most parts.
        parts: u32,
    },
    /// How large parts should be, bytes.
    PartSize(u64),
    /// An upload has begun.
    Begun {
        /// Where its parts go.
        signed: SignedParts,
        /// Bytes of each part but the last.
        part_size: u64,
        /// When it ends.
        expires_at: UnixMs,
    },
    /// Where parts go.
    Signed(SignedParts),
    /// Where an object is.
    At {
        /// See [`NewUpload::prefix`].
        prefix: String,
        /// Its name, which need not be the one that was asked for.
        name: ObjectName,
        /// Until when it is sure to be there; `None` = for ever.
        until: Option<UnixMs>,
    },
    /// A file is kept.
    Kept {
        /// Its id.
        id: FileId,
        /// What whoever reads it must know.
        secret: Option<Secret>,
    },
    /// The bytes of an object are the answer, and not a text.
    Content(Box<StoredObject>),
}

/// Where parts go.
#[derive(Debug, Clone)]
pub struct SignedParts {
    /// Names the upload; whoever has it may send parts.
    pub upload_id: String,
    /// See [`NewUpload::prefix`].
    pub prefix: String,
    /// The name that was asked for.
    pub name: ObjectName,
    /// Which parts.
    pub parts: Vec<u32>,
}
