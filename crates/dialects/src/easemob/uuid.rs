//! Ids that other systems expect as UUIDs, derived from what they name: the same thing has the same id in every
//! answer and after every restart. Source: RFC 9562 section 5.8.

use sha2::{Digest, Sha256};

/// The UUID (version 8) of a thing that is named by these parts, in lower case. No two lists of parts share their
/// input: every part goes in with its length.
#[must_use]
pub fn derived(parts: &[&str]) -> String {
    let mut bytes: [u8; 16] = first_bytes(parts);
    bytes[6] = (bytes[6] & 0x0f) | 0x80;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let hex = hex::encode(bytes);
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

/// The number of a thing that is named by these parts, where a number is expected: 0 to 2^63 - 1.
#[must_use]
pub fn number(parts: &[&str]) -> u64 {
    u64::from_be_bytes(first_bytes(parts)) >> 1
}

/// The first bytes of the hash over these parts, at most 32.
fn first_bytes<const N: usize>(parts: &[&str]) -> [u8; N] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let mut bytes = [0; N];
    for (to, from) in bytes.iter_mut().zip(hash.finalize()) {
        *to = from;
    }
    bytes
}

/// The app as a whole.
#[must_use]
pub fn of_app(key: &str) -> String {
    derived(&["app", key])
}

/// One of its users, whatever the letter case of his id.
#[must_use]
pub fn of_user(key: &str, folded: &str) -> String {
    derived(&["user", key, folded])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids_are_well_formed_and_stable() {
        let uuid = of_app("demo-org#demo-app");
        assert_eq!(uuid, of_app("demo-org#demo-app"));
        let lengths: Vec<usize> = uuid.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
        assert_eq!(uuid.as_bytes()[14], b'8', "version: {uuid}");
        assert!(b"89ab".contains(&uuid.as_bytes()[19]), "variant: {uuid}");
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert_ne!(derived(&["a", "bc"]), derived(&["ab", "c"]));
        assert_ne!(derived(&["a"]), derived(&["a", ""]));
        assert_ne!(of_app("k"), of_user("k", ""));
        assert_ne!(number(&["a", "bc"]), number(&["ab", "c"]));
        assert!(["a", "b", "c", "d"].iter().all(|part| i64::try_from(number(&[part])).is_ok()));
    }
}
