//! Tokens in every form, as text and signed.
//!
//! A token that is taken is taken again, not under other keys, not with another signature, not as another form; what it
//! says can be written and read again. Input: a byte for the part, then what that part takes.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use flate2::Compression;
use flate2::write::ZlibEncoder;
use hmac::{Hmac, KeyInit as _, Mac as _};
use ringback_dialects::easemob::token::{OWN, access_token2};
use ringback_dialects::tokens::TokenForms;
use ringback_model::app::{App, AppKeys};
use ringback_model::ports::{TokenCodec as _, TokenKeys};
use ringback_model::time::UnixMs;
use ringback_model::user::{Bearer, TokenClaims};
use sha2::Sha256;

use crate::input::Input;
use crate::seeds::Seeds;
use crate::world::{NOW, app, keys, user};

/// Longest life of a token that an app's backend builds. Source: easemob-rest fact sheet 3.2.
const LONGEST_MS: i64 = 24 * 3600 * 1000;
/// Times beyond this are cut when they become seconds; no token of anybody's has them.
const SANE_MS: i64 = 1_000_000_000_000_000;

/// The parts of the target; the first byte of an input chooses.
const PARTS: [fn(Input<'_>) -> String; 7] = [
    |input| input.text(),
    |input| jwt("", input),
    |input| jwt(OWN, input),
    built,
    |input| format!("{}{}", access_token2::PREFIX, STANDARD.encode(zlib(input.rest()))),
    |input| format!("{}{}", access_token2::PREFIX, STANDARD.encode(input.rest())),
    |input| format!("{OWN}{}", input.text()),
];

/// Runs the target.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let part = *input.choose(&PARTS);
    let at = usize::from(input.byte());
    check(&part(input), at);
}

/// A JWT with this beginning, signed by us whatever it says: the header's line, then the claims.
fn jwt(prefix: &str, mut input: Input<'_>) -> String {
    let head = input.line();
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(head), URL_SAFE_NO_PAD.encode(input.rest()));
    let tag = mac(keys().secret.as_bytes(), signed.as_bytes());
    format!("{prefix}{signed}.{}", URL_SAFE_NO_PAD.encode(tag))
}

/// A token as an app's backend builds it, signed with the app's certificate whatever it says after its salt.
fn built(mut input: Input<'_>) -> String {
    let (issued, life, salt) = (input.number(), input.number(), input.number());
    let mut body = text(app().id.as_bytes());
    for number in [issued, life, salt] {
        body.extend(number.to_le_bytes());
    }
    body.extend(input.rest());
    let certificate = keys().keys.certificate.expect("the app has one");
    let by_issue = mac(&issued.to_le_bytes(), certificate.as_bytes());
    let by_salt = mac(&salt.to_le_bytes(), &by_issue);
    let packed = zlib(&[text(&mac(&by_salt, &body)), body].concat());
    format!("{}{}", access_token2::PREFIX, STANDARD.encode(packed))
}

/// A text as such tokens hold it.
fn text(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).expect("a short text");
    [length.to_le_bytes().as_slice(), bytes].concat()
}

fn mac(key: &[u8], data: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any key will do");
    mac.update(data);
    mac.finalize().into_bytes().to_vec()
}

fn zlib(plain: &[u8]) -> Vec<u8> {
    let mut packer = ZlibEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(plain).and_then(|()| packer.finish()).expect("memory takes everything")
}

/// Reads a token in every way that must fail where it is taken. `at` chooses the byte that is changed.
fn check(text: &str, at: usize) {
    let read = TokenForms.read(&keys(), text, NOW);
    assert_eq!(TokenForms.read(&keys(), text, NOW), read, "reading is pure");
    let Ok(claims) = read else { return };
    let is_built = text.starts_with(access_token2::PREFIX);
    assert!(claims.expires_at > NOW, "it has not ended");
    if is_built {
        assert!(claims.expires_at.0 - claims.issued_at.0 <= LONGEST_MS, "such tokens live a day at most");
    }
    assert_eq!(TokenForms.read(&keys(), text, claims.expires_at).ok(), None, "it ends when it says");
    for wrong in other_keys(is_built, text.starts_with(OWN)) {
        assert!(TokenForms.read(&wrong, text, NOW).is_err(), "under other keys: {text}");
    }
    for other in [format!("{OWN}{text}"), format!("{}{text}", access_token2::PREFIX)] {
        assert!(TokenForms.read(&keys(), &other, NOW).is_err(), "as another form: {other}");
    }
    if let Some(rest) = text.strip_prefix(OWN) {
        assert!(TokenForms.read(&keys(), rest, NOW).is_err(), "as another form: {rest}");
    }
    if !is_built {
        altered(text, at);
    }
    comes_back(&claims);
}

/// Keys of other servers and apps, as far as this form depends on them.
fn other_keys(is_built: bool, is_own: bool) -> Vec<TokenKeys> {
    let mut wrong = Vec::new();
    if is_built {
        let certificate = Some("0000000000000000fedcba9876543210".to_owned());
        wrong.push(TokenKeys { keys: AppKeys { certificate, ..keys().keys }, ..keys() });
        wrong.push(TokenKeys { keys: AppKeys { certificate: None, ..keys().keys }, ..keys() });
    } else {
        wrong.push(TokenKeys { secret: "another".to_owned(), ..keys() });
    }
    if is_built || is_own {
        let other = App { id: "other".to_owned(), name: "other".to_owned(), ..app() };
        wrong.push(TokenKeys { app: other, ..keys() });
    }
    wrong
}

/// Another byte at one place of the signature.
fn altered(text: &str, at: usize) {
    let start = text.rfind('.').expect("a signature follows the last dot") + 1;
    let mut bytes = text.as_bytes().to_vec();
    let at = start + at % (bytes.len() - start);
    bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
    let changed = String::from_utf8(bytes).expect("ASCII stays ASCII");
    assert!(TokenForms.read(&keys(), &changed, NOW).is_err(), "with another signature: {changed}");
}

/// Claims are written in the form that can hold them, and read as they were.
fn comes_back(claims: &TokenClaims) {
    if claims.issued_at.0.abs() > SANE_MS || claims.expires_at.0.abs() > SANE_MS {
        return;
    }
    let written = TokenForms.mint(&keys(), claims).expect("every claim finds a form");
    let again = TokenForms.read(&keys(), &written, NOW).expect("ours can be read");
    // A form that has no place for an empty id makes one of its text.
    let wanted = if claims.id.is_empty() {
        TokenClaims { id: again.id.clone(), ..claims.clone() }
    } else {
        claims.clone()
    };
    assert_eq!(again, wanted, "{written}");
}

/// Inputs to begin with.
#[must_use]
pub fn seeds() -> Seeds {
    let now_s = NOW.seconds();
    let claims = |bearer: Bearer, platform, unrecorded| TokenClaims {
        id: "t1".to_owned(),
        bearer,
        platform: ringback_model::user::Platform(platform),
        unrecorded,
        issued_at: UnixMs(now_s * 1000),
        expires_at: UnixMs((now_s + 3600) * 1000),
    };
    let alice = || Bearer::User(user("alice"));
    let ours = [claims(Bearer::App, 0, true), claims(alice(), 0, false), claims(alice(), 5, false)];
    let ours = ours.map(|claims| TokenForms.mint(&keys(), &claims).expect("every claim finds a form"));
    let mut seeds = Seeds::new();
    let mut add =
        |name: &str, part: u8, rest: &[u8]| seeds.push((name.to_owned(), [&[part, 7], rest].concat()));
    for text in &ours {
        add("ours", 0, text.as_bytes());
    }
    let head = r#"{"typ":"JWT","alg":"HS256"}"#;
    let first = format!(
        "{head}\n{{\"UserID\":\"alice\",\"PlatformID\":5,\"exp\":{},\"iat\":{now_s},\"jti\":\"t1\"}}",
        now_s + 10
    );
    add("first form", 1, first.as_bytes());
    add("no algorithm", 1, first.replace("HS256", "none").as_bytes());
    let second = format!(
        "{head}\n{{\"app\":\"{}\",\"user\":\"alice\",\"platform\":5,\"iat\":{now_s},\"exp\":{},\"jti\":\"t1\"}}",
        app().key(),
        now_s + 10
    );
    add("second form", 2, second.as_bytes());
    let issued = u32::try_from(now_s).expect("before 2106");
    let numbers = [issued.to_le_bytes(), 3600u32.to_le_bytes(), 1u32.to_le_bytes()].concat();
    for (name, privilege, who) in [("app", 2u16, ""), ("user", 1, "alice")] {
        let mut body = numbers.clone();
        for number in [1u16, 5, 1, privilege] {
            body.extend(number.to_le_bytes());
        }
        body.extend(3600u32.to_le_bytes());
        body.extend(text(who.as_bytes()));
        add(name, 3, &body);
        add("not signed", 4, &body);
    }
    let bomb = zlib(&vec![0; 1024 * 1024]);
    add("bomb", 5, &bomb);
    seeds
}
