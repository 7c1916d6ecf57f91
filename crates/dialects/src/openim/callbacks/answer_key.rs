//! The key that a callback about a message carries, and that an answer to it brings back: base64 of a JSON object that
//! says whose message it was. The original's has three members and proves nothing; ours has a fourth one, by which
//! we know it again. Source: openim-callbacks fact sheet 1.1, openim-rest fact sheet 7.3.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use ringback_model::command::AnswerKey;
use ringback_model::ports::AnswerKeys;
use ringback_model::secret::Secret;
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::json;

/// Set apart from everything else that the same secret signs.
const PURPOSE: &[u8] = b"ringback answer key 1\0";

/// The object, its members in the order of the original.
#[derive(Debug, Serialize, Deserialize)]
struct KeyJson {
    #[serde(default, rename = "sendID")]
    send_id: String,
    #[serde(default, rename = "recvID")]
    recv_id: String,
    #[serde(default, rename = "groupID")]
    group_id: String,
    /// Base64url of the HMAC-SHA256 of the object without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mac: Option<String>,
}

impl KeyJson {
    fn of(key: &AnswerKey) -> Self {
        Self {
            send_id: key.sender.clone(),
            recv_id: key.recipient.clone(),
            group_id: key.group.clone(),
            mac: None,
        }
    }
}

/// The text of a key, signed where there is something to sign with.
pub(crate) fn write(key: &AnswerKey, keys: Option<&dyn AnswerKeys>) -> String {
    let object = KeyJson { mac: keys.map(|keys| keys.proof(key)), ..KeyJson::of(key) };
    STANDARD.encode(json::write(&object))
}

/// Reads the text of a key, and what it brings as proof.
///
/// # Errors
/// Says what is wrong with the text.
pub(crate) fn read(text: &str) -> Result<(AnswerKey, Option<String>), &'static str> {
    // A '+' that was not percent-encoded arrives as a space.
    let json = STANDARD.decode(text.replace(' ', "+")).map_err(|_| "key is not base64")?;
    let object: KeyJson = serde_json::from_slice(&json).map_err(|_| "key is not the JSON it should be")?;
    let KeyJson { send_id, recv_id, group_id, mac } = object;
    Ok((AnswerKey { sender: send_id, recipient: recv_id, group: group_id }, mac))
}

/// Signs keys with the server's secret.
pub struct HmacAnswerKeys {
    secret: Secret,
}

impl HmacAnswerKeys {
    /// Keys signed with one secret are known with the same one only.
    #[must_use]
    pub const fn new(secret: Secret) -> Self {
        Self { secret }
    }

    fn mac(&self, key: &AnswerKey) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.secret.reveal().as_bytes()).ok()?;
        mac.update(PURPOSE);
        mac.update(&json::write(&KeyJson::of(key)));
        Some(mac)
    }
}

impl AnswerKeys for HmacAnswerKeys {
    fn proof(&self, key: &AnswerKey) -> String {
        // HMAC takes keys of any length; were it to refuse one, the proof would be one that never holds.
        let tag = self.mac(key).map(|mac| mac.finalize().into_bytes()).unwrap_or_default();
        URL_SAFE_NO_PAD.encode(tag)
    }

    fn holds(&self, key: &AnswerKey, proof: &str) -> bool {
        let tag = URL_SAFE_NO_PAD.decode(proof).ok();
        tag.zip(self.mac(key)).is_some_and(|(tag, mac)| mac.verify_slice(&tag).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(sender: &str, recipient: &str, group: &str) -> AnswerKey {
        AnswerKey { sender: sender.to_owned(), recipient: recipient.to_owned(), group: group.to_owned() }
    }

    #[test]
    fn a_key_is_the_originals_and_a_mac_behind_it() {
        let said = key("alice_01", "bob\"_02", "");
        let plain = STANDARD.encode(r#"{"sendID":"alice_01","recvID":"bob\"_02","groupID":""}"#);
        assert_eq!(write(&said, None), plain);
        assert_eq!(read(&plain), Ok((said.clone(), None)));
        let keys = HmacAnswerKeys::new("hush".into());
        let signed = write(&said, Some(&keys));
        let json = String::from_utf8(STANDARD.decode(&signed).unwrap()).unwrap();
        assert!(
            json.starts_with(r#"{"sendID":"alice_01","recvID":"bob\"_02","groupID":"","mac":""#),
            "{json}"
        );
        let (read, mac) = read(&signed).unwrap();
        assert!(read == said && keys.holds(&read, &mac.unwrap()));
    }

    #[test]
    fn a_mac_holds_for_its_key_and_secret_only() {
        let keys = HmacAnswerKeys::new("hush".into());
        let proof = keys.proof(&key("a", "b", ""));
        for other in
            [key("a", "", "b"), key("b", "a", ""), key("a\",\"recvID\":\"b", "", ""), key("", "b", "")]
        {
            assert!(!keys.holds(&other, &proof), "{other:?}");
        }
        assert!(!HmacAnswerKeys::new("other".into()).holds(&key("a", "b", ""), &proof));
        for wrong in ["", "AAAA", "*", &proof[1..]] {
            assert!(!keys.holds(&key("a", "b", ""), wrong), "{wrong}");
        }
    }
}
