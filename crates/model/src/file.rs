//! Files that come whole in one request, and the small pictures that are made of them.

use std::fmt;

use bytes::Bytes;

use crate::limits;
use crate::object::ObjectName;
use crate::ports::Fut;

/// A file as it came.
#[derive(Clone, PartialEq, Eq)]
pub struct ReceivedFile {
    /// What it is called; at most [`limits::FILE_NAME_CHARS`], possibly empty.
    pub name: String,
    /// What kind of file it is said to be; at most [`limits::OBJECT_TYPE_BYTES`], possibly empty.
    pub content_type: String,
    /// What is in it; at most [`limits::FORM_FILE_BYTES`].
    pub bytes: Bytes,
}

impl fmt::Debug for ReceivedFile {
    /// Names and contents are users'.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReceivedFile").field("bytes", &self.bytes.len()).finish_non_exhaustive()
    }
}

/// The id of a file that came whole: 32 lower-case hexadecimal digits that nobody can guess.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileId(String);

impl FileId {
    /// The id of these two throws of the dice.
    #[must_use]
    pub fn of_rolls(rolls: [u64; 2]) -> Self {
        Self(rolls.map(|roll| format!("{roll:016x}")).concat())
    }

    /// Reads one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        (text.len() == 32 && text.bytes().all(is_digit)).then(|| Self(text.to_owned()))
    }

    /// Its digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name under which the file is kept.
    #[must_use]
    pub fn object(&self) -> ObjectName {
        ObjectName::of_file(&self.0)
    }
}

/// A box that a picture is to fit in, pixels; each side 1..=[`limits::THUMBNAIL_PIXELS_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PictureBox {
    /// Across.
    pub width: u32,
    /// Down.
    pub height: u32,
}

impl Default for PictureBox {
    fn default() -> Self {
        Self { width: limits::THUMBNAIL_PIXELS, height: limits::THUMBNAIL_PIXELS }
    }
}

/// A picture, encoded.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    /// `image/jpeg` or `image/png`.
    pub content_type: &'static str,
    /// The file.
    pub bytes: Bytes,
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Picture").field("content_type", &self.content_type).finish_non_exhaustive()
    }
}

/// Makes pictures smaller.
pub trait Thumbnails: Send + Sync {
    /// A picture that fits in the box, with its sides in the same proportion, upright; `None` where the bytes are no
    /// picture that can be read, where it is too large to be read, or small enough as it is.
    fn of(&self, bytes: Bytes, within: PictureBox) -> Fut<'_, Option<Picture>>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_digits_and_name_objects() {
        let id = FileId::of_rolls([1, u64::MAX]);
        assert_eq!(id.as_str(), "0000000000000001ffffffffffffffff");
        assert_eq!(FileId::parse(id.as_str()), Some(id.clone()));
        let name = id.object();
        assert_eq!(ObjectName::parse(name.as_str()), Ok(name.clone()), "it is a name like any other");
        assert_eq!(name.file(), id.as_str());
        for bad in [
            "",
            "0000000000000001fffffffffffffff",
            "0000000000000001fffffffffffffffF",
            "../../0000000001ffffffffffffffff",
        ] {
            assert_eq!(FileId::parse(bad), None, "{bad}");
        }
    }
}
