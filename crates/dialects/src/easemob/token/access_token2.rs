//! Tokens that the app's backend builds by itself, with the app's certificate: the prefix `007`, then base64 of a
//! zlib stream of `signature, body`. Source: easemob-rest fact sheet 3.2.
//!
//! Integers are little-endian; a text is its length in two bytes, then its bytes.

use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::bufread::ZlibDecoder;
use hmac::{Hmac, KeyInit as _, Mac as _};
use ringback_model::ids::UserId;
use ringback_model::ports::{TokenKeys, TokenProblem};
use ringback_model::time::UnixMs;
use ringback_model::user::{Bearer, Platform, TokenClaims};
use sha2::Sha256;

use crate::jwt::milliseconds;

/// How such tokens begin.
pub const PREFIX: &str = "007";

/// Bytes of a token's text. Real ones have about 200.
const TEXT_BYTES: usize = 4096;
/// Bytes of what is inside. Bounds what a small text may swell to.
const INFLATED_BYTES: u64 = 4096;
/// Longest life, seconds: longer ones end here.
const LONGEST_S: u32 = 24 * 3600;

/// Services that a token may speak of, by their numbers.
mod service {
    pub(super) const RTC: u16 = 1;
    pub(super) const RTM: u16 = 2;
    pub(super) const STREAMING: u16 = 3;
    pub(super) const CHAT: u16 = 5;
}

/// What a token may do in the chat service.
mod privilege {
    pub(super) const USER: u16 = 1;
    pub(super) const APP: u16 = 2;
}

/// Reads such a token. Its claims are unrecorded: nobody here has handed it out.
///
/// # Errors
/// `BadSignature` for another app or certificate, or where this server has no certificate; `Malformed` also for a
/// token that says nothing about chat.
pub fn read(keys: &TokenKeys, text: &str, now: UnixMs) -> Result<TokenClaims, TokenProblem> {
    let bytes = inflate(text).ok_or(TokenProblem::Malformed)?;
    let mut reader = Reader(&bytes);
    let signature = reader.text().ok_or(TokenProblem::Malformed)?;
    let body = reader.0;
    let token = Body::parse(body).ok_or(TokenProblem::Malformed)?;
    let certificate = keys.keys.certificate.as_deref().ok_or(TokenProblem::BadSignature)?;
    if token.app_id != keys.app.id.as_bytes() || !is_signed(certificate, &token, signature, body) {
        return Err(TokenProblem::BadSignature);
    }
    let (bearer, life_s) = token.bearer().ok_or(TokenProblem::Malformed)?;
    let issued_s = i64::from(token.issued_s);
    let expires_at = UnixMs(milliseconds(issued_s + i64::from(life_s)));
    if now >= expires_at {
        return Err(TokenProblem::Expired);
    }
    Ok(TokenClaims {
        // The signature and not the text: the same token may be compressed in several ways.
        id: hex::encode(signature).chars().take(32).collect(),
        bearer,
        platform: Platform::ANY,
        unrecorded: true,
        issued_at: UnixMs(milliseconds(issued_s)),
        expires_at,
    })
}

fn inflate(text: &str) -> Option<Vec<u8>> {
    let packed = text.strip_prefix(PREFIX).filter(|_| text.len() <= TEXT_BYTES)?;
    let packed = STANDARD.decode(packed).ok()?;
    let mut decoder = ZlibDecoder::new(packed.as_slice()).take(INFLATED_BYTES + 1);
    let mut bytes = Vec::new();
    decoder.read_to_end(&mut bytes).ok()?;
    (bytes.len() as u64 <= INFLATED_BYTES && decoder.into_inner().into_inner().is_empty()).then_some(bytes)
}

/// Compares in constant time.
fn is_signed(certificate: &str, token: &Body<'_>, signature: &[u8], body: &[u8]) -> bool {
    let signed = || {
        let by_issue = mac(&token.issued_s.to_le_bytes(), certificate.as_bytes())?.finalize().into_bytes();
        let by_salt = mac(&token.salt.to_le_bytes(), &by_issue)?.finalize().into_bytes();
        mac(&by_salt, body)?.verify_slice(signature).ok()
    };
    signed().is_some()
}

fn mac(key: &[u8], data: &[u8]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(data);
    Some(mac)
}

/// What is signed.
struct Body<'a> {
    app_id: &'a [u8],
    issued_s: u32,
    /// Seconds from [`Body::issued_s`].
    life_s: u32,
    salt: u32,
    chat: Chat<'a>,
}

/// What it says about the chat service.
struct Chat<'a> {
    /// Privileges, and how long each holds, in seconds from the token's issue.
    privileges: Vec<(u16, u32)>,
    user: &'a [u8],
}

impl<'a> Body<'a> {
    /// Services stand in ascending order; what follows the chat service is not looked at.
    fn parse(body: &'a [u8]) -> Option<Self> {
        let mut reader = Reader(body);
        let (app_id, issued_s, life_s) = (reader.text()?, reader.u32()?, reader.u32()?);
        let (salt, services) = (reader.u32()?, reader.u16()?);
        for _ in 0..services {
            let kind = reader.u16()?;
            let privileges = reader.privileges()?;
            let texts = match kind {
                service::RTC | service::STREAMING => 2,
                service::RTM => 1,
                service::CHAT => {
                    let chat = Chat { privileges, user: reader.text()? };
                    return Some(Self { app_id, issued_s, life_s, salt, chat });
                }
                _ => return None,
            };
            for _ in 0..texts {
                reader.text()?;
            }
        }
        None
    }

    /// For whom it speaks, and for how many seconds after its issue.
    fn bearer(&self) -> Option<(Bearer, u32)> {
        let life = |wanted: u16| {
            let privilege = self.chat.privileges.iter().find(|(privilege, _)| *privilege == wanted);
            privilege.map(|(_, life_s)| self.life_s.min(*life_s).min(LONGEST_S))
        };
        if self.chat.user.is_empty() {
            return life(privilege::APP).map(|life_s| (Bearer::App, life_s));
        }
        let user = std::str::from_utf8(self.chat.user).ok().and_then(|user| UserId::parse(user).ok())?;
        life(privilege::USER).map(|life_s| (Bearer::User(user), life_s))
    }
}

/// Reads from the front; every method is `None` where too little is left.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*head)
    }

    fn u16(&mut self) -> Option<u16> {
        self.take().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    fn text(&mut self) -> Option<&'a [u8]> {
        let length = usize::from(self.u16()?);
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(text)
    }

    fn privileges(&mut self) -> Option<Vec<(u16, u32)>> {
        let count = self.u16()?;
        (0..count).map(|_| Some((self.u16()?, self.u32()?))).collect()
    }
}

#[cfg(test)]
mod tests;
