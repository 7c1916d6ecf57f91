//! Lists that clients follow by versions. Source: client protocol sheet 4.3.

use md5::{Digest, Md5};
use ringback_model::version::{News, Version, WholeList};
use schemars::JsonSchema;
use serde::Serialize;

/// Digits of a `versionID`.
const DIGITS: usize = 24;

/// The `versionID` of a list.
pub(in crate::openim) fn version_id(version: Version) -> String {
    format!("{:0width$x}", version.log, width = DIGITS)
}

/// Where a client says that it left a list; what cannot be a `versionID` is one that nobody knows.
pub(super) fn seen(version_id: &str, number: u64) -> Version {
    let is_id = version_id.len() == DIGITS && version_id.bytes().all(|digit| digit.is_ascii_hexdigit());
    let log = if is_id { u128::from_str_radix(version_id, 16).unwrap_or_default() } else { 0 };
    Version { log, number: if is_id { number } else { 0 } }
}

/// What has changed in a list since the version that the client has.
#[derive(Serialize, JsonSchema)]
pub(super) struct ListNews<'a, T> {
    /// Where the list stands now.
    version: u64,
    /// Which log it is; another one means: start over.
    #[serde(rename = "versionID")]
    version_id: String,
    /// True: read the whole list; nothing else is told.
    full: bool,
    /// Ids of what went.
    delete: &'a [String],
    insert: Vec<T>,
    /// At most 200 with those that came and went.
    update: Vec<T>,
}

impl<'a, T> ListNews<'a, T> {
    /// Nothing that has changed since.
    pub(super) fn empty(now: Version) -> Self {
        let (insert, update) = (Vec::new(), Vec::new());
        Self { version: now.number, version_id: version_id(now), full: false, delete: &[], insert, update }
    }

    pub(super) fn new<S>(news: &'a News<S>, show: impl Fn(&'a S) -> T) -> Self {
        Self {
            version: news.now.number,
            version_id: version_id(news.now),
            full: news.full,
            delete: &news.deleted,
            insert: news.inserted.iter().map(&show).collect(),
            update: news.updated.iter().map(&show).collect(),
        }
    }
}

/// Where a list stands, and whether the client has it already.
pub(super) struct Checked<'a> {
    pub(super) version: u64,
    pub(super) version_id: String,
    pub(super) equal: bool,
    /// `None` where the client has them.
    pub(super) ids: Option<&'a [String]>,
}

impl<'a> Checked<'a> {
    pub(super) fn new(list: &'a WholeList) -> Self {
        let equal = hash(&list.ids) == list.hash;
        Self {
            version: list.now.number,
            version_id: version_id(list.now),
            equal,
            ids: (!equal).then_some(list.ids.as_slice()),
        }
    }
}

/// The first eight bytes of the MD5 of the ids as a JSON list; 0 for none.
fn hash(ids: &[String]) -> u64 {
    if ids.is_empty() {
        return 0;
    }
    let json = serde_json::to_vec(ids).unwrap_or_default();
    let digest = Md5::digest(json);
    digest.iter().take(8).fold(0, |hash, byte| hash << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_id_is_read_as_it_was_written() {
        let version = Version { log: 0x1234, number: 3 };
        assert_eq!(version_id(version), "000000000000000000001234");
        assert_eq!(seen(&version_id(version), 3), version);
        for unknown in ["", "12", "00000000000000000000123g", "+00000000000000000001234"] {
            assert_eq!(seen(unknown, 3), Version::default(), "{unknown:?}");
        }
    }

    #[test]
    fn a_client_that_has_the_list_is_spared_it() {
        assert_eq!(hash(&[]), 0);
        let ids = vec!["u1".to_owned(), "u2".to_owned()];
        // `printf '["u1","u2"]' | md5sum`
        assert_eq!(hash(&ids), HASH);
        let list = |hash| WholeList { now: Version { log: 1, number: 2 }, ids: ids.clone(), hash };
        assert_eq!(Checked::new(&list(0)).ids.map(<[String]>::len), Some(2));
        assert!(Checked::new(&list(HASH)).equal);
    }

    const HASH: u64 = 0x7f97_b8c2_3989_c7d8;
}
