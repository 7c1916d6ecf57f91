//! Checks signatures: the headers of the Standard Webhooks specification (`webhook-id`, `webhook-timestamp` in seconds,
//! and `webhook-signature` with `v1,<base64>` entries, separated by spaces; one valid entry is enough), and what a
//! dialect signs in its own way.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use ringback_model::time::UnixMs;
use sha2::Sha256;

/// How far a timestamp may be off, seconds. Source: the specification's own libraries.
const TOLERANCE_S: u64 = 300;

/// The outcome of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signature {
    /// No secret was given, nothing was checked.
    Unchecked,
    /// It carries no signature.
    Missing,
    /// It was signed with the secret, a moment ago.
    Valid,
    /// It was not; a few words say why.
    Invalid(&'static str),
}

impl Signature {
    /// Stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unchecked => "unchecked",
            Self::Missing => "unsigned",
            Self::Valid => "valid",
            Self::Invalid(_) => "invalid",
        }
    }
}

/// A secret that calls are signed with: `whsec_` and base64, or plain text. Never printed.
#[derive(Clone)]
pub struct Secret {
    text: String,
    key: Vec<u8>,
}

impl Secret {
    /// Reads a secret.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let coded = text.strip_prefix("whsec_").and_then(|rest| STANDARD.decode(rest).ok());
        Self { text: text.to_owned(), key: coded.unwrap_or_else(|| text.as_bytes().to_vec()) }
    }

    /// As it was given, for signatures of a dialect's own.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

/// The three headers of a call.
#[derive(Debug, Clone, Copy, Default)]
pub struct Signed<'a> {
    /// `webhook-id`.
    pub id: Option<&'a str>,
    /// `webhook-timestamp`.
    pub timestamp: Option<&'a str>,
    /// `webhook-signature`.
    pub signature: Option<&'a str>,
}

/// What the signature of the headers and the dialect's own (`None` = the call has none) say together: nothing of what
/// is there may be wrong.
#[must_use]
pub const fn together(headers: Signature, own: Option<bool>) -> Signature {
    match (headers, own) {
        (Signature::Missing, Some(true)) => Signature::Valid,
        (Signature::Missing | Signature::Valid, Some(false)) => {
            Signature::Invalid("the signature in it is of another secret, or it was changed on the way")
        }
        (headers, _) => headers,
    }
}

/// Checks the headers of a call against a secret.
#[must_use]
pub fn check(secret: Option<&Secret>, signed: Signed<'_>, body: &[u8], now: UnixMs) -> Signature {
    let Some(secret) = secret else { return Signature::Unchecked };
    let Some(entries) = signed.signature else { return Signature::Missing };
    let (Some(id), Some(timestamp)) = (signed.id, signed.timestamp) else {
        return Signature::Invalid("no webhook-id or webhook-timestamp");
    };
    let Ok(seconds) = timestamp.parse::<i64>() else {
        return Signature::Invalid("webhook-timestamp is not a number");
    };
    let Ok(mut keyed) = Hmac::<Sha256>::new_from_slice(&secret.key) else {
        return Signature::Invalid("the secret is not usable");
    };
    for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
        keyed.update(part);
    }
    let matches = |entry: &str| {
        let tag = entry.strip_prefix("v1,").and_then(|coded| STANDARD.decode(coded).ok());
        tag.is_some_and(|tag| keyed.clone().verify_slice(&tag).is_ok())
    };
    if !entries.split(' ').any(matches) {
        return Signature::Invalid("signed with another secret, or changed on the way");
    }
    if now.seconds().abs_diff(seconds) > TOLERANCE_S {
        return Signature::Invalid("webhook-timestamp is more than 5 minutes off");
    }
    Signature::Valid
}

#[cfg(test)]
mod tests {
    use super::*;

    // The specification's own example values.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const AT: &str = "1614265330";
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const TAG: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn checked(
        secret: &str,
        id: Option<&str>,
        timestamp: &str,
        tag: &str,
        body: &[u8],
        now_s: i64,
    ) -> Signature {
        let signed = Signed { id, timestamp: Some(timestamp), signature: Some(tag) };
        check(Some(&Secret::new(secret)), signed, body, UnixMs(now_s * 1000))
    }

    #[test]
    fn a_true_signature_is_valid_and_every_change_is_seen() {
        let now = 1_614_265_331;
        assert_eq!(checked(SECRET, Some(ID), AT, TAG, BODY, now), Signature::Valid);
        let several = format!("v1,AAAA v2,x {TAG}");
        assert_eq!(checked(SECRET, Some(ID), AT, &several, BODY, now), Signature::Valid);
        for (secret, id, at, tag, body, now) in [
            ("other", Some(ID), AT, TAG, BODY, now),
            (SECRET, Some("msg_x"), AT, TAG, BODY, now),
            (SECRET, None, AT, TAG, BODY, now),
            (SECRET, Some(ID), "1614265331", TAG, BODY, now),
            (SECRET, Some(ID), "soon", TAG, BODY, now),
            (SECRET, Some(ID), AT, "v1,?", BODY, now),
            (SECRET, Some(ID), AT, TAG, &BODY[1..], now),
            (SECRET, Some(ID), AT, TAG, BODY, now + 301),
        ] {
            let signature = checked(secret, id, at, tag, body, now);
            assert!(matches!(signature, Signature::Invalid(_)), "{secret} {id:?} {at} {tag}: {signature:?}");
        }
    }

    #[test]
    fn nothing_that_is_there_may_be_wrong() {
        let invalid = Signature::Invalid("x");
        for (headers, own, wanted) in [
            (Signature::Missing, None, "unsigned"),
            (Signature::Missing, Some(true), "valid"),
            (Signature::Missing, Some(false), "invalid"),
            (Signature::Valid, None, "valid"),
            (Signature::Valid, Some(true), "valid"),
            (Signature::Valid, Some(false), "invalid"),
            (invalid, Some(true), "invalid"),
            (invalid, None, "invalid"),
            (Signature::Unchecked, Some(true), "unchecked"),
        ] {
            assert_eq!(together(headers, own).name(), wanted, "{headers:?} {own:?}");
        }
    }

    #[test]
    fn what_was_not_asked_for_is_not_judged() {
        assert_eq!(check(None, Signed::default(), BODY, UnixMs(0)), Signature::Unchecked);
        assert_eq!(check(Some(&Secret::new("x")), Signed::default(), BODY, UnixMs(0)), Signature::Missing);
        assert_eq!(format!("{:?}", Secret::new("deep")), "Secret(***)");
    }
}
