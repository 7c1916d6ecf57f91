//! Tokens: JWT, HS256. Source: client protocol sheet 6.
//!
//! Claims `UserID`, `PlatformID`, `exp`, `iat` as the original writes them, plus `jti`, the id under which the
//! store keeps the token's state. Tokens that were minted elsewhere with the same secret have no `jti`; their id
//! is a hash of their text.

use ringback_model::failure::Fault;
use ringback_model::ids::UserId;
use ringback_model::ports::{TokenCodec, TokenKeys, TokenProblem};
use ringback_model::time::UnixMs;
use ringback_model::user::{Bearer, Platform, TokenClaims};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::jwt;

/// Seconds by which `iat` lies in the past, for servers whose clocks differ. Source: sheet 6.
const ISSUED_EARLIER_S: i64 = 5;

/// The text form of tokens. Without state: the secret is an argument.
#[derive(Debug, Clone, Copy, Default)]
pub struct JwtCodec;

#[derive(Serialize, Deserialize)]
struct Claims {
    #[serde(rename = "UserID")]
    user: String,
    #[serde(rename = "PlatformID")]
    platform: i32,
    exp: i64,
    #[serde(default)]
    iat: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nbf: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    jti: Option<String>,
}

impl TokenCodec for JwtCodec {
    fn mint(&self, keys: &TokenKeys, claims: &TokenClaims) -> Result<String, Fault> {
        let Bearer::User(user) = &claims.bearer else {
            return Err(Fault::new("writing an app's token in a form that only users have"));
        };
        let claims = Claims {
            user: user.as_str().to_owned(),
            platform: claims.platform.0,
            exp: claims.expires_at.seconds(),
            iat: claims.issued_at.seconds().saturating_sub(ISSUED_EARLIER_S),
            nbf: None,
            jti: Some(claims.id.clone()),
        };
        jwt::sign(&keys.secret, &claims)
    }

    fn read(&self, keys: &TokenKeys, text: &str, now: UnixMs) -> Result<TokenClaims, TokenProblem> {
        let claims: Claims = jwt::verify(&keys.secret, text)?;
        let user = UserId::parse(&claims.user).map_err(|_| TokenProblem::Malformed)?;
        if now.0 >= jwt::milliseconds(claims.exp) {
            return Err(TokenProblem::Expired);
        }
        if claims.nbf.is_some_and(|start| now.0 < jwt::milliseconds(start)) {
            return Err(TokenProblem::NotYetValid);
        }
        Ok(TokenClaims {
            id: claims.jti.filter(|id| !id.is_empty()).unwrap_or_else(|| id_of(text)),
            bearer: Bearer::User(user),
            platform: Platform(claims.platform),
            unrecorded: false,
            issued_at: UnixMs(jwt::milliseconds(claims.iat.saturating_add(ISSUED_EARLIER_S))),
            expires_at: UnixMs(jwt::milliseconds(claims.exp)),
        })
    }
}

/// 32 hexadecimal digits of the text's hash.
fn id_of(text: &str) -> String {
    let mut id = hex::encode(Sha256::digest(text.as_bytes()));
    id.truncate(32);
    id
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const SECRET: &str = "openIM123";
    fn keys(secret: &str) -> TokenKeys {
        TokenKeys { secret: secret.to_owned(), ..TokenKeys::default() }
    }

    const NOW: UnixMs = UnixMs(1_760_000_000_000);

    fn claims() -> TokenClaims {
        TokenClaims {
            id: "t1".to_owned(),
            bearer: Bearer::User(UserId::parse("u1").unwrap()),
            platform: Platform::WEB,
            unrecorded: false,
            issued_at: NOW,
            expires_at: UnixMs(NOW.0 + 10_000),
        }
    }

    fn signed(algorithm: Algorithm, payload: &serde_json::Value) -> String {
        encode(&Header::new(algorithm), payload, &EncodingKey::from_secret(SECRET.as_bytes())).unwrap()
    }

    #[test]
    fn a_token_round_trips_and_carries_the_originals_claims() {
        let text = JwtCodec.mint(&keys(SECRET), &claims()).unwrap();
        assert_eq!(JwtCodec.read(&keys(SECRET), &text, NOW), Ok(claims()));
        let parts: Vec<&str> = text.split('.').collect();
        let part = |n: usize| -> serde_json::Value {
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[n]).unwrap()).unwrap()
        };
        assert_eq!(part(0), json!({"typ": "JWT", "alg": "HS256"}));
        let seconds = NOW.seconds();
        assert_eq!(
            part(1),
            json!({"UserID": "u1", "PlatformID": 5, "exp": seconds + 10, "iat": seconds - 5, "jti": "t1"})
        );
    }

    #[test]
    fn what_is_wrong_with_a_token() {
        let good = JwtCodec.mint(&keys(SECRET), &claims()).unwrap();
        let exp = NOW.seconds() + 10;
        let unsigned = {
            let head = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#);
            let (_, body) = good.split_once('.').unwrap();
            let (body, _) = body.split_once('.').unwrap();
            format!("{head}.{body}.")
        };
        let mut forged = good.clone();
        forged.replace_range(
            good.len() - 3..good.len() - 2,
            if good.as_bytes()[good.len() - 3] == b'A' { "B" } else { "A" },
        );
        for (text, at, wrong) in [
            (String::new(), NOW, TokenProblem::Malformed),
            ("not a token".to_owned(), NOW, TokenProblem::Malformed),
            ("a.b.c".to_owned(), NOW, TokenProblem::Malformed),
            (unsigned, NOW, TokenProblem::Malformed),
            (forged, NOW, TokenProblem::BadSignature),
            (
                signed(Algorithm::HS512, &json!({"UserID": "u1", "PlatformID": 5, "exp": exp})),
                NOW,
                TokenProblem::BadSignature,
            ),
            (
                signed(Algorithm::HS256, &json!({"UserID": "u1", "PlatformID": 5})),
                NOW,
                TokenProblem::Malformed,
            ),
            (
                signed(Algorithm::HS256, &json!({"UserID": "", "PlatformID": 5, "exp": exp})),
                NOW,
                TokenProblem::Malformed,
            ),
            (
                signed(
                    Algorithm::HS256,
                    &json!({"UserID": "u1", "PlatformID": 5, "exp": exp, "nbf": exp - 1}),
                ),
                NOW,
                TokenProblem::NotYetValid,
            ),
            (good.clone(), UnixMs(NOW.0 + 10_000), TokenProblem::Expired),
        ] {
            assert_eq!(JwtCodec.read(&keys(SECRET), &text, at), Err(wrong), "{text}");
        }
        assert!(JwtCodec.read(&keys(SECRET), &good, UnixMs(NOW.0 + 9_999)).is_ok(), "no leeway either way");
        assert_eq!(JwtCodec.read(&keys("other"), &good, NOW), Err(TokenProblem::BadSignature));
    }

    #[test]
    fn a_token_minted_elsewhere_gets_an_id_from_its_text() {
        let exp = NOW.seconds() + 10;
        let one =
            signed(Algorithm::HS256, &json!({"UserID": "u1", "PlatformID": 5, "exp": exp, "iat": exp - 15}));
        let other = signed(Algorithm::HS256, &json!({"UserID": "u2", "PlatformID": 5, "exp": exp}));
        let read = |text: &str| JwtCodec.read(&keys(SECRET), text, NOW).unwrap();
        assert_eq!(read(&one).id, read(&one).id);
        assert_eq!(read(&one).id.len(), 32);
        assert_ne!(read(&one).id, read(&other).id);
        assert_eq!(read(&one).issued_at, NOW);
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in "\\PC{0,80}", dots in "[A-Za-z0-9_.-]{0,80}") {
            prop_assert!(JwtCodec.read(&keys(SECRET), &text, NOW).is_err());
            prop_assert!(JwtCodec.read(&keys(SECRET), &dots, NOW).is_err());
        }

        #[test]
        fn every_flipped_byte_is_noticed(at in 0usize..120, bit in 0u8..6) {
            let good = JwtCodec.mint(&keys(SECRET), &claims()).unwrap();
            let mut bytes = good.clone().into_bytes();
            let at = at % bytes.len();
            bytes[at] ^= 1 << bit;
            if let Ok(text) = String::from_utf8(bytes) {
                prop_assert!(JwtCodec.read(&keys(SECRET), &text, NOW).is_err(), "{text}");
            }
        }
    }
}
