//! Texts that are handed out and come back: base64url of the text and of its HMAC-SHA256.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use md5::{Digest as _, Md5};
use ringback_model::object::{Md5Hex, Seals};
use ringback_model::secret::Secret;
use sha2::Sha256;

/// Set apart from everything else that the same secret signs.
const PURPOSE: &[u8] = b"ringback upload 1\0";

/// Seals with a secret.
pub struct HmacSeals {
    secret: Secret,
}

impl HmacSeals {
    /// Texts sealed with one secret are opened with the same one only.
    #[must_use]
    pub const fn new(secret: Secret) -> Self {
        Self { secret }
    }

    fn mac(&self, text: &[u8]) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.secret.reveal().as_bytes()).ok()?;
        mac.update(PURPOSE);
        mac.update(text);
        Some(mac)
    }
}

impl Seals for HmacSeals {
    fn seal(&self, text: &str) -> String {
        // HMAC takes keys of any length; were it to refuse one, the text would have a tag that never opens it.
        let tag = self.mac(text.as_bytes()).map(|mac| mac.finalize().into_bytes()).unwrap_or_default();
        format!("{}.{}", URL_SAFE_NO_PAD.encode(text), URL_SAFE_NO_PAD.encode(tag))
    }

    fn open(&self, sealed: &str) -> Option<String> {
        let (text, tag) = sealed.split_once('.')?;
        let text = URL_SAFE_NO_PAD.decode(text).ok()?;
        let tag = URL_SAFE_NO_PAD.decode(tag).ok()?;
        self.mac(&text)?.verify_slice(&tag).ok()?;
        String::from_utf8(text).ok()
    }

    fn md5(&self, text: &str) -> Md5Hex {
        Md5Hex::of_digest(Md5::digest(text.as_bytes()).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_is_opened_and_nothing_else() {
        let seals = HmacSeals::new("hush".into());
        let sealed = seals.seal("{\"text\":\"ä\"}");
        assert!(sealed.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)));
        assert_eq!(seals.open(&sealed).as_deref(), Some("{\"text\":\"ä\"}"));
        assert_eq!(HmacSeals::new("other".into()).open(&sealed), None);
        for at in 0..sealed.len() {
            let mut changed = sealed.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(seals.open(&changed), None, "{at}");
        }
        let (text, _) = sealed.split_once('.').unwrap();
        for bad in ["", ".", text, &format!("{text}."), "a.b", "\u{e4}.\u{e4}"] {
            assert_eq!(seals.open(bad), None, "{bad}");
        }
    }

    #[test]
    fn md5_is_md5() {
        // RFC 1321, A.5.
        assert_eq!(HmacSeals::new("x".into()).md5("abc").as_str(), "900150983cd24fb0d6963f7d28e17f72");
    }
}
