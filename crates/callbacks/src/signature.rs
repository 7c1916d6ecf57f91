//! Signatures of the Standard Webhooks specification, for rules that want them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{KEYPAIR_LENGTH, SECRET_KEY_LENGTH, Signer as _, SigningKey};
use hmac::{Hmac, KeyInit, Mac};
use ringback_model::rule::Secrets;
use sha2::Sha256;

/// Header with the time of the attempt, seconds since 1970. Source: Standard Webhooks, "Webhook metadata".
pub const TIMESTAMP_HEADER: &str = "webhook-timestamp";
/// Header with the signatures, separated by blanks. Source: ibid., "Signature scheme".
pub const SIGNATURE_HEADER: &str = "webhook-signature";

/// The value of [`SIGNATURE_HEADER`]: one `v1,<base64>` (HMAC-SHA256) or `v1a,<base64>` (ed25519) per secret, the
/// current one first; `None` without secrets. `at_s` is the value of [`TIMESTAMP_HEADER`].
#[must_use]
pub fn sign(secrets: &Secrets, id: &str, at_s: i64, body: &[u8]) -> Option<String> {
    let at = at_s.to_string();
    let said: [&[u8]; 5] = [id.as_bytes(), b".", at.as_bytes(), b".", body];
    let signatures: Vec<String> = [&secrets.current, &secrets.previous]
        .into_iter()
        .flatten()
        .filter_map(|secret| Key::read(secret).ok()?.sign(&said))
        .collect();
    (!signatures.is_empty()).then(|| signatures.join(" "))
}

/// Announces the secret key of a pair. Source: ibid., "Signature scheme", secret serialization.
const KEY_PAIR: &str = "whsk_";
/// Announces a public key. Source: ibid.
const PUBLIC_KEY: &str = "whpk_";
/// Announces base64. Source: ibid.
const SHARED: &str = "whsec_";

/// What a secret is to the specification.
enum Key {
    /// Sender and receiver know it.
    Shared(Vec<u8>),
    /// The receiver knows its other half.
    Pair(SigningKey),
}

impl Key {
    fn read(secret: &str) -> Result<Self, &'static str> {
        let Some(pair) = secret.strip_prefix(KEY_PAIR) else {
            // Any other text than announced base64 is the key itself.
            let announced = secret.strip_prefix(SHARED).and_then(|text| STANDARD.decode(text).ok());
            return Ok(Self::Shared(announced.unwrap_or_else(|| secret.as_bytes().to_vec())));
        };
        let bytes = STANDARD.decode(pair).map_err(|_| "what follows whsk_ is not base64")?;
        if let Ok(seed) = <[u8; SECRET_KEY_LENGTH]>::try_from(&*bytes) {
            return Ok(Self::Pair(SigningKey::from_bytes(&seed)));
        }
        let both = <[u8; KEYPAIR_LENGTH]>::try_from(&*bytes)
            .map_err(|_| "whsk_ is followed by 32 bytes (the seed) or 64 (seed and public key), in base64")?;
        let pair = SigningKey::from_keypair_bytes(&both);
        pair.map(Self::Pair).map_err(|_| "the public key after whsk_ does not belong to the secret one")
    }

    fn sign(&self, said: &[&[u8]]) -> Option<String> {
        match self {
            Self::Shared(key) => {
                let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
                said.iter().for_each(|part| mac.update(part));
                Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
            }
            Self::Pair(pair) => {
                Some(format!("v1a,{}", STANDARD.encode(pair.sign(&said.concat()).to_bytes())))
            }
        }
    }
}

/// Whether a secret can sign.
///
/// # Errors
/// It announces a key pair and is none; what is wrong with it, without a part of it.
pub fn check(secret: &str) -> Result<(), &'static str> {
    Key::read(secret).map(drop)
}

/// What receivers check signatures with, `whpk_` and base64, where the secret is one of a key pair.
#[must_use]
pub fn public_key(secret: &str) -> Option<String> {
    match Key::read(secret).ok()? {
        Key::Pair(pair) => Some(format!("{PUBLIC_KEY}{}", STANDARD.encode(pair.verifying_key().to_bytes()))),
        Key::Shared(_) => None,
    }
}

/// The secret of the key pair that 32 random bytes make: `whsk_` and base64 of the seed and the public key.
#[must_use]
pub fn key_pair(seed: &[u8; SECRET_KEY_LENGTH]) -> String {
    format!("{KEY_PAIR}{}", STANDARD.encode(SigningKey::from_bytes(seed).to_keypair_bytes()))
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

    /// Source: RFC 8032, section 7.1, test 2, for the pair; verified with its public key.
    #[test]
    fn a_key_pair_signs_what_its_public_key_verifies() {
        let seed: [u8; 32] = hex::decode("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
            .unwrap()
            .try_into()
            .unwrap();
        let public = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
        let pair = key_pair(&seed);
        assert_eq!(
            public_key(&pair).unwrap(),
            format!("whpk_{}", STANDARD.encode(hex::decode(public).unwrap()))
        );
        let alone = format!("whsk_{}", STANDARD.encode(seed));
        assert_eq!(public_key(&alone), public_key(&pair), "the seed says it all");

        let signed = sign(&secrets(&pair, Some("old")), "id", 1, b"x").unwrap();
        let (new, old) = signed.split_once(' ').unwrap();
        assert_eq!(Some(old.to_owned()), sign(&secrets("old", None), "id", 1, b"x"));
        let signature = STANDARD.decode(new.strip_prefix("v1a,").unwrap()).unwrap();
        let verifying = SigningKey::from_bytes(&seed).verifying_key();
        let signature = ed25519_dalek::Signature::from_slice(&signature).unwrap();
        assert!(verifying.verify_strict(b"id.1.x", &signature).is_ok());
        assert!(verifying.verify_strict(b"id.1.y", &signature).is_err());
    }

    #[test]
    fn what_only_looks_like_a_key_pair_is_refused() {
        let other = key_pair(&[1; 32]);
        let (seed, public) = ([2; 32], STANDARD.decode(&other["whsk_".len()..]).unwrap()[32..].to_vec());
        let mixed = format!("whsk_{}", STANDARD.encode([seed.to_vec(), public].concat()));
        for (secret, why) in [
            ("whsk_?", "not base64"),
            ("whsk_AAAA", "32 bytes"),
            ("whsk_", "32 bytes"),
            (mixed.as_str(), "does not belong"),
        ] {
            assert!(check(secret).unwrap_err().contains(why), "{secret}");
            assert_eq!((public_key(secret), sign(&secrets(secret, None), "id", 1, b"x")), (None, None));
        }
        for secret in ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_?", "text", &other] {
            assert_eq!(check(secret), Ok(()), "{secret}");
        }
        assert_eq!(public_key("text"), None);
    }
}
