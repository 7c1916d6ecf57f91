//! Signatures of the Standard Webhooks specification, for rules that want them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use ringback_model::rule::Secrets;
use sha2::Sha256;

/// Header with the time of the attempt, seconds since 1970. Source: Standard Webhooks, "Webhook metadata".
pub const TIMESTAMP_HEADER: &str = "webhook-timestamp";
/// Header with the signatures, separated by blanks. Source: ibid., "Signature scheme".
pub const SIGNATURE_HEADER: &str = "webhook-signature";

/// The value of [`SIGNATURE_HEADER`]: one `v1,<base64>` per secret, the current one first; `None` without secrets.
/// `at_s` is the value of [`TIMESTAMP_HEADER`].
#[must_use]
pub fn sign(secrets: &Secrets, id: &str, at_s: i64, body: &[u8]) -> Option<String> {
    let signatures: Vec<String> = [&secrets.current, &secrets.previous]
        .into_iter()
        .flatten()
        .filter_map(|secret| sign_one(secret, id, at_s, body))
        .collect();
    (!signatures.is_empty()).then(|| signatures.join(" "))
}

fn sign_one(secret: &str, id: &str, at_s: i64, body: &[u8]) -> Option<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(&key(secret)).ok()?;
    mac.update(id.as_bytes());
    mac.update(b".");
    mac.update(at_s.to_string().as_bytes());
    mac.update(b".");
    mac.update(body);
    Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

/// `whsec_` announces base64; any other text is the key itself.
fn key(secret: &str) -> Vec<u8> {
    secret
        .strip_prefix("whsec_")
        .and_then(|text| STANDARD.decode(text).ok())
        .unwrap_or_else(|| secret.as_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(current: &str, previous: Option<&str>) -> Secrets {
        Secrets { current: Some(current.to_owned()), previous: previous.map(str::to_owned) }
    }

    /// Source: the example of the Standard Webhooks reference libraries.
    #[test]
    fn the_published_example() {
        let signed = sign(
            &secrets("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", None),
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            br#"{"test": 2432232314}"#,
        );
        assert_eq!(signed.as_deref(), Some("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
    }

    #[test]
    fn both_secrets_sign_while_receivers_change_over() {
        let both = sign(&secrets("new", Some("old")), "id", 1, b"x").unwrap();
        let new = sign(&secrets("new", None), "id", 1, b"x").unwrap();
        let old = sign(&secrets("old", None), "id", 1, b"x").unwrap();
        assert_eq!(both, format!("{new} {old}"));
        assert_eq!(sign(&Secrets::default(), "id", 1, b"x"), None);
    }

    #[test]
    fn a_changed_byte_changes_the_signature() {
        let one = secrets("s", None);
        let signed = sign(&one, "id", 1, b"x");
        assert_ne!(signed, sign(&one, "id", 1, b"y"));
        assert_ne!(signed, sign(&one, "ie", 1, b"x"));
        assert_ne!(signed, sign(&one, "id", 2, b"x"));
    }
}
