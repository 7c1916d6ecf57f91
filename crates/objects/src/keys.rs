//! Under which key what is kept. Names come from clients, so only their hash is part of a key: a name cannot lead
//! anywhere, whatever stands in it.
//!
//! | key | holds |
//! |---|---|
//! | `names/<2 digits>/<SHA-256 of the name>` | a record: what is kept under the name |
//! | `hashes/<2 digits>/<MD5>-<bytes>` | a record: where content of this hash is |
//! | `contents/<day>/<id>` | content; days are counted from 1970 and have eight digits, so that keys are in order |
//! | `uploads/<end, ms, sixteen digits>-<id>` | a record: an upload under way, in the order of their ends |
//! | `open/<SHA-256 of the user>/<end, ms, sixteen digits>-<id>-<bytes>` | nothing: the user has this upload under way |

use md5::Digest as _;
use ringback_model::ids::UserId;
use ringback_model::object::{Md5Hex, ObjectName};
use ringback_model::time::UnixMs;
use sha2::Sha256;

pub(crate) const UPLOADS: &str = "uploads/";
pub(crate) const CONTENTS: &str = "contents/";

const DAY_MS: i64 = 24 * 3600 * 1000;

pub(crate) fn of_name(name: &ObjectName) -> String {
    let digest = hex::encode(Sha256::digest(name.as_str().as_bytes()));
    format!("names/{}/{digest}", &digest[..2])
}

pub(crate) fn of_hash(hash: &Md5Hex, size: u64) -> String {
    let hash = hash.as_str();
    format!("hashes/{}/{hash}-{size}", &hash[..2])
}

/// All prefixes of names and hashes.
pub(crate) fn shards() -> impl Iterator<Item = String> {
    ["names", "hashes"].into_iter().flat_map(|kind| (0..=255_u8).map(move |at| format!("{kind}/{at:02x}/")))
}

pub(crate) fn of_content(id: &str, now: UnixMs) -> String {
    format!("{CONTENTS}{:08}/{id}", now.0.div_euclid(DAY_MS).max(0))
}

/// Contents with smaller keys are from days that ended before this instant.
pub(crate) fn content_bound(before: UnixMs) -> String {
    of_content("", before)
}

/// What stands behind the last slash: the id of a content.
pub(crate) fn last(key: &str) -> &str {
    key.rsplit('/').next().unwrap_or(key)
}

pub(crate) fn of_upload(id: &str, expires_at: UnixMs) -> String {
    format!("{UPLOADS}{:016}-{id}", expires_at.0.max(0))
}

/// Where the uploads of one user that are under way are.
pub(crate) fn open_of(user: &UserId) -> String {
    format!("open/{}/", hex::encode(Sha256::digest(user.as_str().as_bytes())))
}

pub(crate) fn of_open(user: &UserId, id: &str, expires_at: UnixMs, size: u64) -> String {
    format!("{}{:016}-{id}-{size}", open_of(user), expires_at.0.max(0))
}

/// When the upload that a key of [`of_open`] stands for ends, and its bytes.
pub(crate) fn read_open(key: &str) -> Option<(UnixMs, u64)> {
    let mut words = last(key).split('-');
    let expires_at = words.next()?.parse().ok()?;
    Some((UnixMs(expires_at), words.nth(1)?.parse().ok()?))
}

/// Uploads with smaller keys ended before this instant.
pub(crate) fn upload_bound(now: UnixMs) -> String {
    of_upload("", now)
}

/// Whether a text can be a key: ours have nothing in them that a file system or a URL takes for something else.
pub(crate) fn is_key(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    text.split('/').all(|part| !part.is_empty() && part.bytes().all(plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_plain_whatever_the_name() {
        for name in ["u1/a.png", "ä/%2e%2e/?", "CON"] {
            let key = of_name(&ObjectName::parse(name).unwrap());
            assert!(is_key(&key), "{key}");
            assert!(shards().any(|shard| key.starts_with(&shard)), "{key}");
        }
        let hash = Md5Hex::parse(&"aB".repeat(16)).unwrap();
        assert!(shards().any(|shard| of_hash(&hash, 7).starts_with(&shard)));
        let open = of_open(&UserId::parse("Ann@x").unwrap(), "ff", UnixMs(17), 4096);
        assert!(is_key(&open) && open.starts_with(&open_of(&UserId::parse("Ann@x").unwrap())), "{open}");
        assert_eq!(read_open(&open), Some((UnixMs(17), 4096)));
        for bad in ["", "a/../b", "/a", "a//b", "a/", "A", "a\\b", "a.b", "a\0"] {
            assert!(!is_key(bad), "{bad:?}");
        }
    }

    #[test]
    fn keys_are_in_the_order_of_time() {
        let at = |ms| of_upload("ff", UnixMs(ms));
        assert!(at(9) < upload_bound(UnixMs(10)) && at(10) > upload_bound(UnixMs(10)));
        assert!(at(9) < at(10) && at(99_999) < at(1_760_000_000_000));
        let on = |day: i64| of_content("ff", UnixMs(day * DAY_MS + 5));
        assert!(on(9) < on(10) && on(20_000) < on(100_000));
        assert!(on(10) > content_bound(UnixMs(10 * DAY_MS + DAY_MS / 2)), "the day has not ended");
        assert!(on(9) < content_bound(UnixMs(10 * DAY_MS)));
    }
}
