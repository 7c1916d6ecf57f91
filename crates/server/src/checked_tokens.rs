//! Remembers tokens whose signature was good: a busy caller shows the same one with every request, and to check it by
//! computation costs more than to read the rest of the request's head.
//!
//! Only what a token says is remembered, which never changes; whether it was taken away is asked of the store each
//! time. Refusals are not remembered, so what nobody signed takes no room.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use ringback_model::failure::Fault;
use ringback_model::limits;
use ringback_model::ports::{TokenCodec, TokenKeys, TokenProblem};
use ringback_model::time::UnixMs;
use ringback_model::user::TokenClaims;

/// A codec that checks each token's signature once.
pub struct CheckedTokens {
    codec: Arc<dyn TokenCodec>,
    checked: RwLock<Checked>,
}

/// What was checked with one set of keys.
#[derive(Default)]
struct Checked {
    keys: TokenKeys,
    by_text: HashMap<Box<str>, Known>,
}

struct Known {
    claims: TokenClaims,
    /// When it was read. Before that moment its time may not have come.
    at: UnixMs,
}

impl CheckedTokens {
    /// Knows none.
    #[must_use]
    pub fn new(codec: Arc<dyn TokenCodec>) -> Self {
        Self { codec, checked: RwLock::default() }
    }

    fn known(&self, keys: &TokenKeys, text: &str, now: UnixMs) -> Option<TokenClaims> {
        let checked = self.checked.read().unwrap_or_else(PoisonError::into_inner);
        let known = checked.by_text.get(text).filter(|_| checked.keys == *keys)?;
        // Whoever comes outside of this time is told what is wrong by the codec.
        (known.at <= now && now < known.claims.expires_at).then(|| known.claims.clone())
    }

    fn remember(&self, keys: &TokenKeys, text: &str, known: Known) {
        if text.len() > limits::TOKEN_CHECKED_BYTES {
            return;
        }
        let mut checked = self.checked.write().unwrap_or_else(PoisonError::into_inner);
        if checked.keys != *keys {
            *checked = Checked { keys: keys.clone(), by_text: HashMap::new() };
        }
        if checked.by_text.len() >= limits::TOKENS_CHECKED {
            // Rare, and those that are in use are soon back.
            checked.by_text.clear();
        }
        checked.by_text.insert(text.into(), known);
    }
}

impl TokenCodec for CheckedTokens {
    fn mint(&self, keys: &TokenKeys, claims: &TokenClaims) -> Result<String, Fault> {
        self.codec.mint(keys, claims)
    }

    fn read(&self, keys: &TokenKeys, text: &str, now: UnixMs) -> Result<TokenClaims, TokenProblem> {
        if let Some(claims) = self.known(keys, text, now) {
            return Ok(claims);
        }
        let claims = self.codec.read(keys, text, now)?;
        self.remember(keys, text, Known { claims: claims.clone(), at: now });
        Ok(claims)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use ringback_model::ids::UserId;
    use ringback_model::user::{Bearer, Platform};

    use super::*;

    /// Takes `<secret>:<user>`, valid from 100 to 200, and counts how often it was asked.
    #[derive(Default)]
    struct Plain(AtomicUsize);

    impl TokenCodec for Plain {
        fn mint(&self, _: &TokenKeys, _: &TokenClaims) -> Result<String, Fault> {
            Ok("minted".to_owned())
        }

        fn read(&self, keys: &TokenKeys, text: &str, now: UnixMs) -> Result<TokenClaims, TokenProblem> {
            self.0.fetch_add(1, Ordering::Relaxed);
            let (secret, user) = text.split_once(':').ok_or(TokenProblem::Malformed)?;
            if secret != keys.secret {
                return Err(TokenProblem::BadSignature);
            }
            match now.0 {
                ..100 => Err(TokenProblem::NotYetValid),
                200.. => Err(TokenProblem::Expired),
                _ => Ok(TokenClaims {
                    id: user.to_owned(),
                    bearer: Bearer::User(UserId::parse(&user[..1]).map_err(|_| TokenProblem::Malformed)?),
                    platform: Platform::WEB,
                    unrecorded: false,
                    issued_at: UnixMs(100),
                    expires_at: UnixMs(200),
                }),
            }
        }
    }

    fn keys(secret: &str) -> TokenKeys {
        TokenKeys { secret: secret.to_owned(), ..TokenKeys::default() }
    }

    fn codec() -> (Arc<Plain>, CheckedTokens) {
        let plain = Arc::new(Plain::default());
        (Arc::clone(&plain), CheckedTokens::new(plain))
    }

    #[test]
    fn a_good_token_is_checked_once_and_says_the_same_again() {
        let (plain, tokens) = codec();
        let first = tokens.read(&keys("s"), "s:ann", UnixMs(150)).unwrap();
        assert_eq!(tokens.read(&keys("s"), "s:ann", UnixMs(199)), Ok(first));
        assert_eq!(tokens.read(&keys("s"), "s:bob", UnixMs(150)).unwrap().id, "bob");
        assert_eq!(plain.0.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn its_time_is_kept_also_by_a_clock_that_goes_back() {
        let (_, tokens) = codec();
        assert!(tokens.read(&keys("s"), "s:ann", UnixMs(150)).is_ok());
        assert_eq!(tokens.read(&keys("s"), "s:ann", UnixMs(200)), Err(TokenProblem::Expired));
        assert_eq!(tokens.read(&keys("s"), "s:ann", UnixMs(99)), Err(TokenProblem::NotYetValid));
        assert!(tokens.read(&keys("s"), "s:ann", UnixMs(100)).is_ok());
    }

    #[test]
    fn refusals_are_not_remembered_and_other_keys_know_nothing() {
        let (plain, tokens) = codec();
        for _ in 0..2 {
            assert_eq!(tokens.read(&keys("s"), "x:ann", UnixMs(150)), Err(TokenProblem::BadSignature));
        }
        assert_eq!(plain.0.load(Ordering::Relaxed), 2);
        assert!(tokens.read(&keys("s"), "s:ann", UnixMs(150)).is_ok());
        assert_eq!(tokens.read(&keys("new"), "s:ann", UnixMs(150)), Err(TokenProblem::BadSignature));
        assert!(tokens.read(&keys("new"), "new:ann", UnixMs(150)).is_ok());
        assert_eq!(tokens.checked.read().unwrap().by_text.len(), 1, "the old keys' tokens are gone");
    }

    #[test]
    fn their_number_and_length_are_bounded() {
        let (_, tokens) = codec();
        for number in 0..=limits::TOKENS_CHECKED {
            assert!(tokens.read(&keys("s"), &format!("s:{number}"), UnixMs(150)).is_ok());
        }
        assert_eq!(tokens.checked.read().unwrap().by_text.len(), 1);
        let long = format!("s:{}", "x".repeat(limits::TOKEN_CHECKED_BYTES));
        assert!(tokens.read(&keys("s"), &long, UnixMs(150)).is_ok());
        assert_eq!(tokens.checked.read().unwrap().by_text.len(), 1);
    }
}
