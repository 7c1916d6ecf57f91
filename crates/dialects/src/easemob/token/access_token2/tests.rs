use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use proptest::prelude::*;
use ringback_model::app::{App, AppKeys};

use super::*;
use crate::easemob::token::tests::{NOW, keys};

/// Test vectors of the sheet.
const APP_TOKEN: &str = "007eJxTYDCzaXJ9F1R8WJVvhV5N0Kortz8sU5rZfqMo57p0yLEPF1oVGAwMjYxNTM3MLSwTk5JTUtPQ+Qe+6aQL8DEwJDMwMDAysAIxEwOIz8AAAKduHLQ=";
const USER_TOKEN: &str = "007eJxTYIh8ceqeWm3o1As2mWVRaw7PXVCr1P5pn37F5+kREsUlHusUGAwMjYxNTM3MLSwTk5JTUtPQ+Qe+6aQL8DEwJDMwMDAysAIxIwOIz8qQmJOZnAoAX+Qesw==";
const ISSUED_S: u32 = 1_731_000_000;
const CERTIFICATE: &str = "fedcba9876543210fedcba9876543210";
const APP_ID: &str = "0123456789abcdef0123456789abcdef";

fn text(text: &[u8]) -> Vec<u8> {
    let mut bytes = u16::try_from(text.len()).unwrap().to_le_bytes().to_vec();
    bytes.extend_from_slice(text);
    bytes
}

fn service(kind: u16, privileges: &[(u16, u32)], texts: &[&str]) -> Vec<u8> {
    let mut bytes = kind.to_le_bytes().to_vec();
    bytes.extend(u16::try_from(privileges.len()).unwrap().to_le_bytes());
    for (privilege, life_s) in privileges {
        bytes.extend(privilege.to_le_bytes());
        bytes.extend(life_s.to_le_bytes());
    }
    bytes.extend(texts.iter().flat_map(|one| text(one.as_bytes())));
    bytes
}

fn body(life_s: u32, services: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = text(APP_ID.as_bytes());
    bytes.extend(ISSUED_S.to_le_bytes());
    bytes.extend(life_s.to_le_bytes());
    bytes.extend(99u32.to_le_bytes());
    bytes.extend(u16::try_from(services.len()).unwrap().to_le_bytes());
    bytes.extend(services.concat());
    bytes
}

fn signature(body: &[u8]) -> Vec<u8> {
    let sign = |key: &[u8], data: &[u8]| mac(key, data).unwrap().finalize().into_bytes().to_vec();
    let by_issue = sign(&ISSUED_S.to_le_bytes(), CERTIFICATE.as_bytes());
    let by_salt = sign(&99u32.to_le_bytes(), &by_issue);
    sign(&by_salt, body)
}

fn pack(bytes: &[u8]) -> String {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    format!("{PREFIX}{}", STANDARD.encode(encoder.finish().unwrap()))
}

fn signed(body: &[u8]) -> String {
    pack(&[text(&signature(body)), body.to_vec()].concat())
}

fn user(name: &str) -> Bearer {
    Bearer::User(UserId::parse(name).unwrap())
}

#[test]
fn our_reading_of_the_format_gives_the_sheets_vectors() {
    for (vector, chat, sealed) in [
        (
            APP_TOKEN,
            service(5, &[(2, 3600)], &[""]),
            "363c8245ee5273c3250ea82e7c52aad4dbf0a6229987d8726cd71b54c6f0d085",
        ),
        (
            USER_TOKEN,
            service(5, &[(1, 3600)], &["alice"]),
            "59e8cade267d5595d03c69765aacc39da07d2287f2be2f78f3975818737448ae",
        ),
    ] {
        let body = body(3600, &[chat]);
        assert_eq!(hex::encode(signature(&body)), sealed);
        assert_eq!(inflate(vector).unwrap(), [text(&signature(&body)), body].concat());
    }
}

#[test]
fn the_sheets_vectors_are_valid_while_they_last() {
    for (vector, bearer) in [(APP_TOKEN, Bearer::App), (USER_TOKEN, user("alice"))] {
        let claims = read(&keys(), vector, NOW).unwrap();
        assert_eq!((claims.bearer, claims.unrecorded, claims.platform), (bearer, true, Platform::ANY));
        assert_eq!(claims.issued_at, UnixMs(1_731_000_000_000));
        assert_eq!(claims.expires_at, UnixMs(1_731_003_600_000));
        assert_eq!(claims.id.len(), 32);
        assert!(read(&keys(), vector, UnixMs(1_731_003_599_999)).is_ok());
        assert_eq!(read(&keys(), vector, UnixMs(1_731_003_600_000)), Err(TokenProblem::Expired));
    }
}

#[test]
fn tokens_of_others_are_not_ours() {
    let other_app = App { id: "f".repeat(32), ..keys().app };
    let other_certificate = AppKeys { certificate: Some("0".repeat(32)), ..keys().keys };
    let no_certificate = AppKeys { certificate: None, ..keys().keys };
    for keys in [
        TokenKeys { app: other_app, ..keys() },
        TokenKeys { keys: other_certificate, ..keys() },
        TokenKeys { keys: no_certificate, ..keys() },
    ] {
        assert_eq!(read(&keys, APP_TOKEN, NOW), Err(TokenProblem::BadSignature));
    }
}

#[test]
fn who_speaks_and_how_long() {
    let chat = |privileges: &[(u16, u32)], name: &str| service(5, privileges, &[name]);
    let before = [
        service(1, &[(1, 9), (2, 9)], &["channel", "7"]),
        service(2, &[(1, 9)], &["u"]),
        service(3, &[], &["", ""]),
    ];
    let with = |last: Vec<u8>| [before.to_vec(), vec![last]].concat();
    let day_s = 24 * 3600;
    for (services, life_s, expected) in [
        (with(chat(&[(2, 600)], "")), 3600, Ok((Bearer::App, 600))),
        (vec![chat(&[(2, 7200)], "")], 3600, Ok((Bearer::App, 3600))),
        (vec![chat(&[(2, u32::MAX)], "")], u32::MAX, Ok((Bearer::App, day_s))),
        (vec![chat(&[(1, 900), (2, 60)], "Bob")], 3600, Ok((user("Bob"), 900))),
        (vec![chat(&[(1, 900)], "bob"), service(77, &[], &[])], 3600, Ok((user("bob"), 900))),
        // A user's token does not speak for the app, nor the app's for a user.
        (vec![chat(&[(1, 900)], "")], 3600, Err(TokenProblem::Malformed)),
        (vec![chat(&[(2, 900)], "bob")], 3600, Err(TokenProblem::Malformed)),
        (vec![chat(&[], "bob")], 3600, Err(TokenProblem::Malformed)),
        (vec![chat(&[(1, 900)], "a b")], 3600, Err(TokenProblem::Malformed)),
        (before.to_vec(), 3600, Err(TokenProblem::Malformed)),
        (vec![service(77, &[], &[]), chat(&[(2, 900)], "")], 3600, Err(TokenProblem::Malformed)),
        (vec![], 3600, Err(TokenProblem::Malformed)),
        (vec![chat(&[(2, 100)], "")], 3600, Err(TokenProblem::Expired)),
        (vec![chat(&[(2, 3600)], "")], 0, Err(TokenProblem::Expired)),
    ] {
        let text = signed(&body(life_s, &services));
        let got = read(&keys(), &text, NOW)
            .map(|claims| (claims.bearer, (claims.expires_at.0 / 1000) - i64::from(ISSUED_S)));
        assert_eq!(got, expected.map(|(bearer, life_s)| (bearer, i64::from(life_s))));
    }
}

#[test]
fn texts_that_are_no_tokens() {
    let good = inflate(APP_TOKEN).unwrap();
    let bomb = pack(&vec![0; 10_000_000]);
    assert!(bomb.len() > TEXT_BYTES, "the text's own bound is met first");
    let small_bomb = pack(&vec![0; 1_000_000]);
    assert!(small_bomb.len() < TEXT_BYTES);
    let trailing = {
        let mut packed = STANDARD.decode(&APP_TOKEN[3..]).unwrap();
        packed.push(0);
        format!("{PREFIX}{}", STANDARD.encode(packed))
    };
    let texts = [
        String::new(),
        PREFIX.to_owned(),
        format!("{PREFIX}!!!"),
        format!("{PREFIX}AAAA"),
        format!("006{}", &APP_TOKEN[3..]),
        pack(&[]),
        pack(&good[..20]),
        pack(&[0xff; 600]),
        bomb,
        small_bomb,
        trailing,
    ];
    for text in texts {
        assert_eq!(read(&keys(), &text, NOW), Err(TokenProblem::Malformed), "{text:.60}");
    }
    for cut in 0..good.len() {
        assert!(read(&keys(), &pack(&good[..cut]), NOW).is_err(), "cut at {cut}");
    }
}

proptest! {
    #[test]
    fn every_flipped_bit_is_noticed(at in 0usize..200, bit in 0u8..8, of_user: bool) {
        let mut bytes = inflate(if of_user { USER_TOKEN } else { APP_TOKEN }).unwrap();
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        prop_assert!(read(&keys(), &pack(&bytes), NOW).is_err());
    }

    #[test]
    fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), text in "[A-Za-z0-9+/=]{0,200}") {
        prop_assert!(read(&keys(), &pack(&bytes), NOW).is_err());
        let text = [PREFIX, &text].concat();
        prop_assert!(read(&keys(), &text, NOW).is_err());
    }
}
