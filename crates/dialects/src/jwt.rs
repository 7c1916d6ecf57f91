//! JSON Web Tokens, HS256: what the token forms of all dialects share. Source: RFC 7519.

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use ringback_model::failure::Fault;
use ringback_model::ports::TokenProblem;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Writes a token with these claims.
pub(crate) fn sign(secret: &str, claims: &impl Serialize) -> Result<String, Fault> {
    encode(&Header::new(Algorithm::HS256), claims, &EncodingKey::from_secret(secret.as_bytes()))
        .map_err(|error| Fault::from_error("signing a token", error))
}

/// Reads the claims of a token that was signed with this secret. Times are left to the caller.
pub(crate) fn verify<C: DeserializeOwned>(secret: &str, text: &str) -> Result<C, TokenProblem> {
    let key = DecodingKey::from_secret(secret.as_bytes());
    decode::<C>(text, &key, &signature_only())
        .map(|token| token.claims)
        .map_err(|error| problem(error.kind()))
}

/// Times are not checked by the library, which would read the machine's clock.
fn signature_only() -> Validation {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    validation
}

fn problem(kind: &ErrorKind) -> TokenProblem {
    match kind {
        // A token with another algorithm was not signed by us, whatever it says.
        ErrorKind::InvalidSignature | ErrorKind::InvalidAlgorithm => TokenProblem::BadSignature,
        _ => TokenProblem::Malformed,
    }
}

/// Seconds of a claim as milliseconds.
pub(crate) const fn milliseconds(seconds: i64) -> i64 {
    seconds.saturating_mul(1000)
}
