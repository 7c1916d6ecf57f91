//! Lists that clients follow, as they ask for them. Source: client protocol sheet 4.3.

use md5::{Digest, Md5};
use ringback_model::version::{Delta, Version};
use schemars::JsonSchema;
use serde::{Serialize, Serializer};

/// What a client has to learn about a list.
#[derive(Serialize, JsonSchema)]
#[serde(bound(serialize = "T: Serialize"))]
#[schemars(rename = "{T}Changes")]
pub(super) struct DeltaJson<T> {
    /// Where the list stands now.
    version: u64,
    /// Which list it is; another one than the client knows means: begin anew.
    #[serde(rename = "versionID")]
    version_id: String,
    /// Read the whole list; nothing else is told then.
    full: bool,
    /// Ids of what went.
    #[schemars(with = "Option<Vec<String>>")]
    #[serde(serialize_with = "null_for_none")]
    delete: Vec<String>,
    /// What came in.
    #[schemars(with = "Option<Vec<T>>")]
    #[serde(serialize_with = "null_for_none")]
    insert: Vec<T>,
    /// What is another now.
    #[schemars(with = "Option<Vec<T>>")]
    #[serde(serialize_with = "null_for_none")]
    update: Vec<T>,
    /// The version in which the order changed; 0 = it did not.
    #[serde(rename = "sortVersion")]
    sort_version: u64,
}

/// An empty list as null: the TypeScript client looks at the first element of every list that is there.
pub(super) fn null_for_none<T: Serialize, S: Serializer>(list: &[T], to: S) -> Result<S::Ok, S::Error> {
    if list.is_empty() { to.serialize_none() } else { list.serialize(to) }
}

impl<T> DeltaJson<T> {
    /// Nothing that has changed since.
    pub(super) fn empty(now: Version) -> Self {
        let (delete, insert, update) = (Vec::new(), Vec::new(), Vec::new());
        let (version, version_id) = (now.number, now.log_text());
        Self { version, version_id, full: false, delete, insert, update, sort_version: 0 }
    }

    pub(super) fn new<'a, M>(delta: &'a Delta<M>, shown: impl Fn(&'a M) -> T) -> Self {
        Self {
            version: delta.now.number,
            version_id: delta.now.log_text(),
            full: delta.full,
            delete: delta.deleted.clone(),
            insert: delta.inserted.iter().map(&shown).collect(),
            update: delta.updated.iter().map(&shown).collect(),
            sort_version: delta.order,
        }
    }
}

/// All ids of a list, for a client that looks whether it has the same ones.
#[derive(Serialize, JsonSchema)]
pub(super) struct AllIds {
    /// Where the list stands.
    version: u64,
    /// Which list it is.
    #[serde(rename = "versionID")]
    version_id: String,
    /// The client has the same ids in the same order: they are not told again.
    equal: bool,
    /// Stands under the name that the list's route gives it.
    #[serde(skip)]
    pub(super) ids: Vec<String>,
}

impl AllIds {
    /// `hash` is what the client has computed over its own ids ([`id_hash`]); 0 over none.
    pub(super) fn new(now: Version, ids: Vec<String>, hash: u64) -> Self {
        let equal = hash == id_hash(&ids);
        let ids = if equal { Vec::new() } else { ids };
        Self { version: now.number, version_id: now.log_text(), equal, ids }
    }
}

/// The first eight bytes of the MD5 of the ids as a JSON list; 0 for none.
pub(super) fn id_hash(ids: &[String]) -> u64 {
    if ids.is_empty() {
        return 0;
    }
    // Texts only: writing them does not fail.
    let digest = Md5::digest(serde_json::to_vec(ids).unwrap_or_default());
    digest.iter().take(8).fold(0, |hash, byte| hash << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_clients() {
        assert_eq!(id_hash(&[]), 0);
        // printf '["u1","u2"]' | md5sum
        assert_eq!(id_hash(&["u1".to_owned(), "u2".to_owned()]), 0x7f97_b8c2_3989_c7d8);
    }

    #[test]
    fn ids_that_the_client_has_are_not_told_again() {
        let now = Version { log: 0xab, number: 3 };
        let ids = vec!["u1".to_owned()];
        let same = AllIds::new(now, ids.clone(), id_hash(&ids));
        assert_eq!((same.equal, same.ids), (true, vec![]));
        let other = AllIds::new(now, ids.clone(), 0);
        assert_eq!((other.equal, other.ids), (false, ids));
        assert_eq!(other.version_id, "0000000000000000000000ab");
        assert!(AllIds::new(now, vec![], 0).equal);
    }
}
