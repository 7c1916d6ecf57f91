//! The text form of tokens.

use crate::app::{App, AppKeys};
use crate::failure::Fault;
use crate::time::UnixMs;
use crate::user::TokenClaims;

/// Why a text is not a valid token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenProblem {
    /// Not a token at all.
    Malformed,
    /// Its signature is not ours.
    BadSignature,
    /// Its time is over.
    Expired,
    /// Its time has not come.
    NotYetValid,
}

/// What tokens are signed and checked with. Never printed.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct TokenKeys {
    /// The server's own secret.
    pub secret: String,
    /// The app; tokens of another one are not ours.
    pub app: App,
    /// The app's keys.
    pub keys: AppKeys,
}

impl std::fmt::Debug for TokenKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenKeys(***)")
    }
}

/// The text form of tokens.
pub trait TokenCodec: Send + Sync {
    /// Writes a token.
    ///
    /// # Errors
    /// A fault if it cannot be signed.
    fn mint(&self, keys: &TokenKeys, claims: &TokenClaims) -> Result<String, Fault>;
    /// Reads a token.
    ///
    /// # Errors
    /// Why it is not a valid one at `now`.
    fn read(&self, keys: &TokenKeys, text: &str, now: UnixMs) -> Result<TokenClaims, TokenProblem>;
}
