//! Files that clients upload and everybody who knows their address may read: their names, uploads by parts, and the
//! port to where they are kept. An upload is named by a text that only this server can have written, so nothing about
//! it has to be stored; what is kept under a name never changes.

use std::fmt;
use std::pin::Pin;

use bytes::Bytes;
use futures_core::Stream;
use serde::{Deserialize, Serialize};

use crate::failure::{Failure, Fault, Refusal, RefusalCode};
use crate::ids::UserId;
use crate::limits;
use crate::ports::Fut;
use crate::secret::Secret;
use crate::time::UnixMs;

/// Where objects are served: what follows is the name, escaped.
pub const OBJECT_PATH: &str = "/object/";

/// Where files lie that came whole in one request.
const FILES: &str = "files";

/// A name of an object: `<user>/<anything>`, or anything for administrators.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ObjectName(String);

impl ObjectName {
    /// Reads a name: 1 to [`limits::OBJECT_NAME_BYTES`] bytes, segments separated by single slashes, none of them `.`
    /// or `..`, no backslash and no control character. Other texts have a meaning for some file system or browser.
    ///
    /// # Errors
    /// A clause that says what is wrong.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text.is_empty() {
            return Err("is empty");
        }
        if text.len() > limits::OBJECT_NAME_BYTES {
            return Err("is longer than 512 bytes");
        }
        if text.chars().any(|c| c.is_control() || c == '\\' || is_direction(c)) {
            return Err("holds a character that names must not hold");
        }
        if text.split('/').any(|segment| matches!(segment, "" | "." | "..")) {
            return Err("has an empty segment, or one of dots, or begins or ends with a slash");
        }
        Ok(Self(text.to_owned()))
    }

    /// The name of a file that came whole; these are among the names of nobody in particular.
    pub(crate) fn of_file(file: &str) -> Self {
        Self(format!("{FILES}/{file}"))
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands behind the last slash.
    #[must_use]
    pub fn file(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    /// Whether it is among the names that belong to a user.
    #[must_use]
    pub fn is_of(&self, user: &UserId) -> bool {
        self.0.strip_prefix(user.as_str()).is_some_and(|rest| rest.starts_with('/'))
    }

    /// The same name with a mark before the ending of its file; cut where it would be too long.
    #[must_use]
    pub fn marked(&self, mark: &str) -> Self {
        let (folder, file) = self.0.rsplit_once('/').map_or(("", &*self.0), |(folder, file)| (folder, file));
        let (stem, ending) = match file.rsplit_once('.') {
            Some((stem, ending)) if !stem.is_empty() => (stem, format!(".{ending}")),
            _ => (file, String::new()),
        };
        let slash = if folder.is_empty() { "" } else { "/" };
        let taken = folder.len() + slash.len() + mark.len() + 1 + ending.len();
        let mut room = limits::OBJECT_NAME_BYTES.saturating_sub(taken).min(stem.len());
        while !stem.is_char_boundary(room) {
            room -= 1;
        }
        Self(format!("{folder}{slash}{}-{mark}{ending}", &stem[..room]))
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Characters that turn the direction of writing: a name could look like another one.
fn is_direction(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// An MD5 as 32 lower-case hexadecimal digits. Says which bytes are meant; proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Md5Hex(String);

impl Md5Hex {
    /// Reads one, in any letter case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_one = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_one.then(|| Self(text.to_ascii_lowercase()))
    }

    /// The text of a digest.
    #[must_use]
    pub fn of_digest(digest: [u8; 16]) -> Self {
        Self(digest.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Its digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An upload under way, as its text says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    /// Who has begun it.
    pub user: UserId,
    /// The name that was asked for.
    pub name: ObjectName,
    /// What kind of file it is said to be.
    pub content_type: String,
    /// MD5 of the MD5s of the parts, as texts with commas between them. Source: REST sheet 10.
    pub hash: Md5Hex,
    /// Bytes.
    pub size: u64,
    /// Bytes of each part but the last.
    pub part_size: u64,
    /// When it ends.
    pub expires_at: UnixMs,
    /// Where its parts go.
    pub place: UploadPlace,
}

impl Upload {
    /// How many parts it has.
    #[must_use]
    pub fn parts(&self) -> u32 {
        u32::try_from(self.size.div_ceil(self.part_size.max(1))).unwrap_or(u32::MAX)
    }

    /// Bytes of a part, counted from 1; `None` where it has no such part.
    #[must_use]
    pub fn part_bytes(&self, number: u32) -> Option<u64> {
        if number == 0 || number > self.parts() {
            return None;
        }
        let before = u64::from(number - 1) * self.part_size;
        Some(self.part_size.min(self.size - before))
    }
}

/// Where the parts of an upload go; made and understood by [`Objects`] alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadPlace {
    /// Key of the content that it will be.
    pub content: String,
    /// What the backend calls the upload; empty where it needs no word for it.
    pub ticket: String,
}

/// An upload that is to begin.
#[derive(Debug, Clone, Copy)]
pub struct Beginning<'a> {
    /// 32 random hexadecimal digits.
    pub id: &'a str,
    /// Who begins it.
    pub user: &'a UserId,
    /// Bytes of the object.
    pub size: u64,
    /// Now.
    pub now: UnixMs,
    /// When it ends: what is not finished by then is swept.
    pub expires_at: UnixMs,
}

/// What one user has under way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OpenUploads {
    /// Number of uploads.
    pub count: usize,
    /// Bytes of their objects.
    pub bytes: u64,
}

/// What is kept under a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredObject {
    /// The name.
    pub name: ObjectName,
    /// Key of the content.
    pub content: String,
    /// See [`Upload::hash`].
    pub hash: Md5Hex,
    /// Bytes.
    pub size: u64,
    /// What kind of file it is said to be.
    pub content_type: String,
    /// Since when it has this name.
    pub named_at: UnixMs,
    /// How it is read, where that is not as all others are.
    #[serde(flatten)]
    pub reading: Reading,
}

/// How an object is read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// What whoever reads it must know; `None` = its name is enough.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "kept_secret")]
    pub secret: Option<Secret>,
    /// What it is called where it is saved; `None` = as its name ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub called: Option<String>,
    /// A small picture of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thumbnail: Option<ObjectName>,
}

/// A secret is written down in one place: where the thing is kept that it opens.
mod kept_secret {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::secret::Secret;

    pub(super) fn serialize<S: Serializer>(secret: &Option<Secret>, to: S) -> Result<S::Ok, S::Error> {
        secret.as_ref().map(Secret::reveal).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Secret>, D::Error> {
        Ok(Option::<String>::deserialize(from)?.map(Secret::from))
    }
}

/// Content of this hash and size that is there already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownContent {
    /// Its key.
    pub content: String,
    /// Since when it is there.
    pub stored_at: UnixMs,
}

/// How long things are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cutoffs {
    /// Now: uploads that end before are abandoned.
    pub now: UnixMs,
    /// Names from before this instant go; `None` = none does.
    pub names: Option<UnixMs>,
    /// Contents from before this instant go, whole days; `None` = none does.
    pub contents: Option<UnixMs>,
}

/// What was removed because its time was over, in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Uploads that were abandoned.
    pub uploads: usize,
    /// Names.
    pub names: usize,
    /// Contents.
    pub contents: usize,
}

/// Bytes, piece by piece.
pub type Pieces = Pin<Box<dyn Stream<Item = Result<Bytes, PieceError>> + Send>>;

/// Why bytes stopped coming.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PieceError {
    /// Not in time.
    #[error("the bytes did not come in time")]
    Late,
    /// Whoever sends them went.
    #[error("the bytes stopped coming")]
    Broken,
    /// More than there should be.
    #[error("there are more bytes than were announced")]
    TooMany,
    /// Ours: the disk, or the store behind us.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<PieceError> for Failure {
    fn from(error: PieceError) -> Self {
        match error {
            PieceError::Fault(fault) => Self::Fault(fault),
            other => Refusal::new(RefusalCode::BadArgument, other.to_string()).into(),
        }
    }
}

/// Where uploaded files are kept. Everything that is answered is durable.
///
/// Every method may refuse with [`RefusalCode::StorageFull`].
pub trait Objects: Send + Sync {
    /// Content of this hash and size.
    fn known<'a>(&'a self, hash: &'a Md5Hex, size: u64) -> Fut<'a, Result<Option<KnownContent>, Failure>>;
    /// What this user has under way: begun, not finished, and not ended by `now`.
    fn open<'a>(&'a self, user: &'a UserId, now: UnixMs) -> Fut<'a, Result<OpenUploads, Failure>>;
    /// Begins an upload.
    fn begin<'a>(&'a self, new: Beginning<'a>) -> Fut<'a, Result<UploadPlace, Failure>>;
    /// Takes a part of exactly `size` bytes, in place of one of the same number, and answers its MD5.
    ///
    /// # Errors
    /// `BadArgument` where the bytes do not come, or are not `size`; nothing of them is kept then.
    fn put_part<'a>(
        &'a self,
        place: &'a UploadPlace,
        number: u32,
        size: u64,
        bytes: Pieces,
    ) -> Fut<'a, Result<Md5Hex, Failure>>;
    /// Puts the parts together, which must be there with these MD5s, in this order. Once it is done, doing it again
    /// changes nothing.
    ///
    /// # Errors
    /// `BadArgument` for parts that are missing, or differ from what was announced.
    fn finish<'a>(
        &'a self,
        upload: &'a Upload,
        parts: &'a [Md5Hex],
        now: UnixMs,
    ) -> Fut<'a, Result<(), Failure>>;
    /// Gives content a name. Where the name is taken by other content, another one is made from it; what is answered
    /// is what it became.
    fn name(&self, object: StoredObject) -> Fut<'_, Result<ObjectName, Failure>>;
    /// What is kept under a name.
    fn find<'a>(&'a self, name: &'a ObjectName) -> Fut<'a, Result<Option<StoredObject>, Failure>>;
    /// `length` bytes of it from `first` on.
    ///
    /// # Errors
    /// `NotFound` where its content has gone.
    fn read<'a>(
        &'a self,
        object: &'a StoredObject,
        first: u64,
        length: u64,
    ) -> Fut<'a, Result<Pieces, Failure>>;
    /// Removes what is beyond its time; a bounded number in one go.
    fn sweep(&self, cutoffs: Cutoffs) -> Fut<'_, Result<Swept, Failure>>;
}

/// Texts that are handed out and come back, and that nobody else can write.
pub trait Seals: Send + Sync {
    /// Puts a text under the seal; the answer stands in URLs as it is.
    fn seal(&self, text: &str) -> String;
    /// The text under a seal of ours; `None` for anything else.
    fn open(&self, sealed: &str) -> Option<String>;
    /// MD5 of a text, which is how hashes of whole objects are made from those of their parts.
    fn md5(&self, text: &str) -> Md5Hex;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_lead_anywhere() {
        for good in ["u1/a.png", "u1/deep/er/ä 图?#%.tar.gz", "logo", "u1/..a", "u1/a..", "u1/C:"] {
            assert_eq!(ObjectName::parse(good).unwrap().as_str(), good);
        }
        let long = "x".repeat(limits::OBJECT_NAME_BYTES + 1);
        for bad in [
            "",
            "/",
            "/etc/passwd",
            "u1/",
            "u1//a",
            "..",
            "u1/..",
            "../u1",
            "u1/../u2/a",
            "./a",
            "u1/.",
            "a\\b",
            "C:\\x",
            "\\\\host\\x",
            "u1/a\0.png",
            "u1/a\n",
            "u1/\u{7f}",
            "u1/gp\u{202e}j.exe",
            &long,
        ] {
            assert!(ObjectName::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn names_belong_to_users() {
        let user = UserId::parse("u1").unwrap();
        let is_of = |name: &str| ObjectName::parse(name).unwrap().is_of(&user);
        assert!(is_of("u1/a") && is_of("u1/b/c"));
        assert!(!is_of("u1") && !is_of("u11/a") && !is_of("x/u1/a") && !is_of("U1/a"));
    }

    #[test]
    fn a_mark_goes_before_the_ending() {
        let marked = |name: &str| ObjectName::parse(name).unwrap().marked("ff").as_str().to_owned();
        for (name, wanted) in [
            ("u1/a.png", "u1/a-ff.png"),
            ("u1/a", "u1/a-ff"),
            ("u1/.hidden", "u1/.hidden-ff"),
            ("a.tar.gz", "a.tar-ff.gz"),
            ("u.1/b", "u.1/b-ff"),
        ] {
            assert_eq!(marked(name), wanted);
        }
        let long = format!("u1/{}.png", "图".repeat(168));
        let marked = marked(&long);
        assert!(ObjectName::parse(&marked).is_ok() && marked.ends_with("-ff.png"), "{marked}");
    }

    #[test]
    fn parts_cover_the_whole() {
        let upload = |size, part_size| Upload {
            user: UserId::parse("u1").unwrap(),
            name: ObjectName::parse("u1/a").unwrap(),
            content_type: String::new(),
            hash: Md5Hex::parse(&"0".repeat(32)).unwrap(),
            size,
            part_size,
            expires_at: UnixMs(0),
            place: UploadPlace { content: String::new(), ticket: String::new() },
        };
        for (size, part_size, wanted) in [(12, 5, vec![5, 5, 2]), (10, 5, vec![5, 5]), (3, 5, vec![3])] {
            let upload = upload(size, part_size);
            let sizes: Vec<u64> =
                (1..=upload.parts()).filter_map(|number| upload.part_bytes(number)).collect();
            assert_eq!(sizes, wanted);
            assert_eq!((upload.part_bytes(0), upload.part_bytes(upload.parts() + 1)), (None, None));
        }
    }

    #[test]
    fn hashes_are_hexadecimal() {
        let text = "D41D8CD98F00B204E9800998ECF8427E";
        assert_eq!(Md5Hex::parse(text).unwrap().as_str(), text.to_lowercase());
        let digest = [0x0f, 0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff];
        assert_eq!(Md5Hex::of_digest(digest).as_str(), "0fa000000000000000000000000000ff");
        assert!(Md5Hex::parse("").is_none() && Md5Hex::parse(&"g".repeat(32)).is_none());
        assert!(Md5Hex::parse(&"0".repeat(33)).is_none());
    }
}
