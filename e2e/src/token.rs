//! Tokens that the server never issued: signed with its secret or another one, for the tests that must fail.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

/// The secret under `--dev`.
pub const DEV_SECRET: &str = "openIM123";

/// Seconds since 1970.
#[must_use]
#[allow(clippy::disallowed_methods, reason = "claims of test tokens are relative to the real clock")]
pub fn now_s() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    i64::try_from(now.unwrap().as_secs()).unwrap()
}

/// Claims of a fresh token that lasts `valid_s` seconds (negative: it has expired).
#[must_use]
pub fn claims(user: &str, platform: i32, valid_s: i64) -> Value {
    json!({ "UserID": user, "PlatformID": platform, "exp": now_s() + valid_s, "iat": now_s() - 5 })
}

/// An HS256 token.
///
/// # Panics
/// Never: HMAC takes keys of any length.
#[must_use]
pub fn sign(claims: &Value, secret: &str) -> String {
    let head = URL_SAFE_NO_PAD.encode(json!({ "alg": "HS256", "typ": "JWT" }).to_string());
    let body = format!("{head}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    format!("{body}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}
