//! The text forms of tokens, all of them: which one a text has is told by its beginning.

use ringback_model::failure::Fault;
use ringback_model::ports::{TokenCodec, TokenKeys, TokenProblem};
use ringback_model::time::UnixMs;
use ringback_model::user::{Bearer, Platform, TokenClaims};

use crate::easemob::token::{OWN, OwnTokens, access_token2};
use crate::openim::token::JwtCodec;

/// Reads every form, and writes the one that can hold the claims. Without state.
#[derive(Debug, Clone, Copy, Default)]
pub struct TokenForms;

impl TokenCodec for TokenForms {
    fn mint(&self, keys: &TokenKeys, claims: &TokenClaims) -> Result<String, Fault> {
        // The older form has neither the app's tokens nor users without a platform.
        let fits = matches!(claims.bearer, Bearer::User(_)) && claims.platform != Platform::ANY;
        if fits && !claims.unrecorded { JwtCodec.mint(keys, claims) } else { OwnTokens.mint(keys, claims) }
    }

    fn read(&self, keys: &TokenKeys, text: &str, now: UnixMs) -> Result<TokenClaims, TokenProblem> {
        if text.starts_with(access_token2::PREFIX) {
            access_token2::read(keys, text, now)
        } else if text.starts_with(OWN) {
            OwnTokens.read(keys, text, now)
        } else {
            JwtCodec.read(keys, text, now)
        }
    }
}

#[cfg(test)]
mod tests {
    use ringback_model::ids::UserId;

    use super::*;
    use crate::easemob::token::tests::{NOW, keys};

    fn claims(bearer: Bearer, platform: Platform, unrecorded: bool) -> TokenClaims {
        TokenClaims {
            id: "t1".to_owned(),
            bearer,
            platform,
            unrecorded,
            issued_at: UnixMs(1_731_000_000_000),
            expires_at: UnixMs(1_731_000_200_000),
        }
    }

    #[test]
    fn every_claim_finds_a_form_and_comes_back() {
        let alice = || Bearer::User(UserId::parse("alice").unwrap());
        for (claims, begins) in [
            (claims(Bearer::App, Platform::ANY, true), "YWMt"),
            (claims(Bearer::App, Platform::ADMIN, true), "YWMt"),
            (claims(alice(), Platform::ANY, false), "YWMt"),
            (claims(alice(), Platform::WEB, true), "YWMt"),
            (claims(alice(), Platform::WEB, false), "eyJ"),
            (claims(alice(), Platform::ADMIN, false), "eyJ"),
        ] {
            let text = TokenForms.mint(&keys(), &claims).unwrap();
            assert!(text.starts_with(begins), "{text}");
            assert_eq!(TokenForms.read(&keys(), &text, NOW), Ok(claims));
        }
    }

    #[test]
    fn tokens_that_the_apps_backend_builds_are_read() {
        let vector = "007eJxTYDCzaXJ9F1R8WJVvhV5N0Kortz8sU5rZfqMo57p0yLEPF1oVGAwMjYxNTM3MLSwTk5JTUtPQ+Qe+6aQL8DEwJDMwMDAysAIxEwOIz8AAAKduHLQ=";
        assert_eq!(TokenForms.read(&keys(), vector, NOW).map(|claims| claims.bearer), Ok(Bearer::App));
        for text in ["", "007", "YWMt", "eyJ", "anything else"] {
            assert_eq!(TokenForms.read(&keys(), text, NOW), Err(TokenProblem::Malformed), "{text:?}");
        }
    }

    #[test]
    fn no_form_is_taken_for_the_other_with_the_mark_put_before_it_or_cut_off() {
        let alice = claims(Bearer::User(UserId::parse("alice").unwrap()), Platform::WEB, false);
        let older = JwtCodec.mint(&keys(), &alice).unwrap();
        let marked = format!("{OWN}{older}");
        assert_eq!(TokenForms.read(&keys(), &marked, NOW), Err(TokenProblem::Malformed));
        let own = OwnTokens.mint(&keys(), &alice).unwrap();
        assert_eq!(TokenForms.read(&keys(), &own[OWN.len()..], NOW), Err(TokenProblem::Malformed));
    }
}
