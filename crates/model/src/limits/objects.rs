//! Bounds of uploaded files.

use std::time::Duration;

/// Bytes of one uploaded object. Setting `objects.max_bytes`.
pub const OBJECT_BYTES: u64 = 1024 * 1024 * 1024;
/// Least bytes of a part of an upload, the last one excepted. Source: REST sheet 10; S3 has the same bound.
pub const OBJECT_PART_BYTES_MIN: u64 = 5 * 1024 * 1024;
/// Most bytes of a part of an upload. Source: ibid.
pub const OBJECT_PART_BYTES_MAX: u64 = 5 * 1024 * 1024 * 1024;
/// Number of parts that one upload may have. Source: ibid.
pub const OBJECT_PARTS: u32 = 10_000;
/// Bytes of an object's name.
pub const OBJECT_NAME_BYTES: usize = 512;
/// Bytes of an object's content type.
pub const OBJECT_TYPE_BYTES: usize = 128;
/// Bytes of the address under which a caller says that he reaches the server.
pub const OBJECT_PREFIX_BYTES: usize = 1024;
/// Bytes of the text that names an upload; a longer one is none of ours.
pub const UPLOAD_ID_BYTES: usize = 8 * 1024;
/// Time for an upload, from its beginning to its end. Setting `objects.upload_expiry`.
pub const UPLOAD_EXPIRY: Duration = Duration::from_secs(24 * 3600);
/// Number of uploads that one user may have under way; one more is refused. More than the files that a client sends at
/// once, and the ones that it has left.
pub const OPEN_UPLOADS: usize = 100;
/// Bytes of the objects that one user may have under way, in objects of the greatest size that is allowed.
pub const OPEN_UPLOADS_OF_GREATEST_SIZE: u64 = 4;
/// Parts and objects that are on their way at once, number of both together; one more is told to come again.
pub const OBJECT_TRANSFERS: usize = 512;
/// Number of those that come from one address (of IPv6, one network of 64 bits): half, because everybody comes from one
/// address where a proxy stands before the server.
pub const OBJECT_TRANSFERS_PER_ADDRESS: usize = OBJECT_TRANSFERS / 2;
/// Number of those that are parts of one user's uploads. The published clients send some at once.
pub const OBJECT_TRANSFERS_PER_USER: usize = 32;
/// Bytes per second below which an upload of a part, or a download, is cut: it has the time for a body, and its bytes
/// by this.
pub const OBJECT_BYTES_PER_SECOND: u64 = 16 * 1024;
/// Bytes of one piece of an object on its way to a client.
pub const OBJECT_PIECE_BYTES: usize = 64 * 1024;
/// Bytes of a record about an object (names and the like), and of a short answer of an object store.
pub const OBJECT_RECORD_BYTES: usize = 4 * 1024 * 1024;
/// Time that an object store has for a short answer, and for each piece of a long one.
pub const OBJECT_STORE_WAIT: Duration = Duration::from_secs(30);
/// How often uploads and objects beyond their time are looked for.
pub const OBJECT_SWEEP_EVERY: Duration = Duration::from_secs(3600);
/// Number of entries that one look for what is beyond its time reads of each kind.
pub const OBJECT_SWEEP: usize = 10_000;
/// Bytes of a file that comes whole in one request, as a field of a form. Source: REST sheet of the second dialect, 11.
pub const FORM_FILE_BYTES: u64 = 10 * 1024 * 1024;
/// Bytes of such a form besides its file.
pub const FORM_REST_BYTES: u64 = 64 * 1024;
/// Number of fields of such a form.
pub const FORM_FIELDS: usize = 16;
/// Bytes of all forms that are in memory at once; one more is told to come again.
pub const FORMS_BYTES: u64 = 64 * 1024 * 1024;
/// Characters of the name of a file that comes in a form; the rest is cut off.
pub const FILE_NAME_CHARS: usize = 255;
/// Pixels, each way, that a small picture has unless the caller says otherwise. Source: REST sheet of the second dialect, 11.
pub const THUMBNAIL_PIXELS: u32 = 170;
/// Most pixels, each way, of a small picture.
pub const THUMBNAIL_PIXELS_MAX: u32 = 1024;
/// Bytes up to which a picture is small enough as it is.
pub const THUMBNAIL_FROM_BYTES: usize = 10 * 1024;
/// Pixels, each way, of a picture that is made smaller; of a larger one there is no small one.
pub const PICTURE_PIXELS: u32 = 16_384;
/// Bytes that a picture may take in memory while it is made smaller; of one that takes more there is no small one.
pub const PICTURE_BYTES: u64 = 192 * 1024 * 1024;
/// Number of pictures that are made smaller at once.
pub const PICTURES: usize = 2;
