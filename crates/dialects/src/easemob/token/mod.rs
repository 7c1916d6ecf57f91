//! Tokens. Source: easemob-rest fact sheet 3.
//!
//! | text begins with | form |
//! |---|---|
//! | `YWMt` | ours: made by this server ([`OwnTokens`]) |
//! | `007` | built by the app's backend with the app's certificate ([`access_token2`]) |
//!
//! The sheet's third form (3.3, signed with the client secret) is not taken: its signature covers a plain
//! concatenation, so that a token of a user whose name ends in digits can be cut differently, into one of the user
//! without them.

pub mod access_token2;

use ringback_model::failure::Fault;
use ringback_model::ids::UserId;
use ringback_model::ports::{TokenCodec, TokenKeys, TokenProblem};
use ringback_model::time::UnixMs;
use ringback_model::user::{Bearer, Platform, TokenClaims};
use serde::{Deserialize, Serialize};

use crate::jwt;

/// How tokens of ours begin.
pub const OWN: &str = "YWMt";

/// Tokens that the server makes: the mark, then a JWT that is bound to the app. Without state.
#[derive(Debug, Clone, Copy, Default)]
pub struct OwnTokens;

/// Not those of other dialects' tokens: neither form is taken for the other when its mark is cut off or added.
#[derive(Serialize, Deserialize)]
struct Claims {
    app: String,
    /// Whose; absent = the app's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    platform: Option<i32>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    unrecorded: bool,
    iat: i64,
    exp: i64,
    jti: String,
}

impl TokenCodec for OwnTokens {
    fn mint(&self, keys: &TokenKeys, claims: &TokenClaims) -> Result<String, Fault> {
        let user = match &claims.bearer {
            Bearer::User(user) => Some(user.as_str().to_owned()),
            Bearer::App => None,
        };
        let claims = Claims {
            app: keys.app.key(),
            user,
            platform: (claims.platform != Platform::ANY).then_some(claims.platform.0),
            unrecorded: claims.unrecorded,
            iat: claims.issued_at.seconds(),
            exp: claims.expires_at.seconds(),
            jti: claims.id.clone(),
        };
        jwt::sign(&keys.secret, &claims).map(|text| format!("{OWN}{text}"))
    }

    fn read(&self, keys: &TokenKeys, text: &str, now: UnixMs) -> Result<TokenClaims, TokenProblem> {
        let text = text.strip_prefix(OWN).ok_or(TokenProblem::Malformed)?;
        let claims: Claims = jwt::verify(&keys.secret, text)?;
        if claims.app != keys.app.key() {
            return Err(TokenProblem::BadSignature);
        }
        let bearer = match &claims.user {
            Some(user) => Bearer::User(UserId::parse(user).map_err(|_| TokenProblem::Malformed)?),
            None => Bearer::App,
        };
        let expires_at = UnixMs(jwt::milliseconds(claims.exp));
        if now >= expires_at {
            return Err(TokenProblem::Expired);
        }
        Ok(TokenClaims {
            id: claims.jti,
            bearer,
            platform: claims.platform.map_or(Platform::ANY, Platform),
            unrecorded: claims.unrecorded,
            issued_at: UnixMs(jwt::milliseconds(claims.iat)),
            expires_at,
        })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;
    use ringback_model::app::{App, AppKeys};

    use super::*;

    pub(crate) const NOW: UnixMs = UnixMs(1_731_000_100_000);

    /// The keys of the fact sheet's test vectors (3.2, 3.3).
    pub(crate) fn keys() -> TokenKeys {
        TokenKeys {
            secret: "server-secret".to_owned(),
            app: App {
                id: "0123456789abcdef0123456789abcdef".to_owned(),
                org: "demo-org".to_owned(),
                name: "demo-app".to_owned(),
            },
            keys: AppKeys {
                certificate: Some("fedcba9876543210fedcba9876543210".to_owned()),
                client_id: Some("cid1".to_owned()),
                client_secret: Some("csecret1".to_owned()),
            },
        }
    }

    fn claims(bearer: Bearer) -> TokenClaims {
        TokenClaims {
            id: "t1".to_owned(),
            unrecorded: bearer == Bearer::App,
            bearer,
            platform: Platform::ANY,
            issued_at: UnixMs(1_731_000_000_000),
            expires_at: UnixMs(1_731_000_200_000),
        }
    }

    #[test]
    fn tokens_come_back_as_they_were_made() {
        let alice = Bearer::User(UserId::parse("alice").unwrap());
        let on_a_platform = TokenClaims { platform: Platform::WEB, ..claims(alice.clone()) };
        for claims in [claims(Bearer::App), claims(alice), on_a_platform] {
            let text = OwnTokens.mint(&keys(), &claims).unwrap();
            assert!(text.starts_with(OWN), "{text}");
            assert_eq!(OwnTokens.read(&keys(), &text, NOW), Ok(claims));
        }
    }

    #[test]
    fn what_is_wrong_with_a_token() {
        let good = OwnTokens.mint(&keys(), &claims(Bearer::App)).unwrap();
        let expected = [
            (keys(), good.clone(), UnixMs(1_731_000_199_999), None),
            (keys(), good.clone(), UnixMs(1_731_000_200_000), Some(TokenProblem::Expired)),
            (
                TokenKeys { secret: "other".to_owned(), ..keys() },
                good.clone(),
                NOW,
                Some(TokenProblem::BadSignature),
            ),
            (
                TokenKeys { app: App::default(), ..keys() },
                good.clone(),
                NOW,
                Some(TokenProblem::BadSignature),
            ),
            (keys(), good[OWN.len()..].to_owned(), NOW, Some(TokenProblem::Malformed)),
            (keys(), OWN.to_owned(), NOW, Some(TokenProblem::Malformed)),
            (keys(), format!("{OWN}{good}"), NOW, Some(TokenProblem::Malformed)),
        ];
        for (keys, text, at, wrong) in expected {
            assert_eq!(OwnTokens.read(&keys, &text, at).err(), wrong, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_flipped_bit_is_noticed(at in 0usize..400, bit in 0u8..7) {
            let good = OwnTokens.mint(&keys(), &claims(Bearer::App)).unwrap();
            let mut bytes = good.into_bytes();
            let at = at % bytes.len();
            bytes[at] ^= 1 << bit;
            let text = String::from_utf8(bytes).unwrap();
            prop_assert!(OwnTokens.read(&keys(), &text, NOW).is_err(), "{text}");
        }
    }
}
