//! The handshake: its query, and how its result is told. Source: client protocol sheet 1.2 and 1.3.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ringback_model::dialect::{Frame, Hello, Reply, TurnAway};
use ringback_model::failure::{Refusal, RefusalCode};
use ringback_model::ids::UserId;
use ringback_model::limits;
use ringback_model::user::Platform;
use serde::{Deserialize, Serialize};

use super::envelope::{Codec, Encoding};
use crate::openim::codes;

type Pairs = [(String, String)];

/// The result of a handshake, as a client reads it.
#[derive(Serialize)]
struct Told<'a> {
    #[serde(rename = "errCode")]
    code: i32,
    #[serde(rename = "errMsg")]
    text: &'a str,
    #[serde(rename = "errDlt")]
    detail: &'a str,
}

/// The handshake's parameters, whichever form they came in.
struct Asked {
    user: String,
    token: String,
    platform: i32,
    operation_id: String,
    background: bool,
    compression: Option<String>,
    sdk_type: String,
    sdk_version: String,
}

/// The alternative form: one parameter `v` that holds JSON.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Packed {
    token: Option<String>,
    #[serde(rename = "userID")]
    user: Option<String>,
    #[serde(rename = "platformID")]
    platform: Option<i32>,
    #[serde(rename = "operationID")]
    operation_id: Option<String>,
    compression: Option<String>,
    #[serde(rename = "sdkType")]
    sdk_type: Option<String>,
    #[serde(rename = "sdkVersion")]
    sdk_version: Option<String>,
    #[serde(rename = "sendResponse")]
    send_response: Option<bool>,
    background: Option<bool>,
}

pub(super) fn hello(query: &Pairs, headers: &Pairs) -> Result<Hello, Refusal> {
    let asked = match parameter(query, "v") {
        Some(packed) => from_packed(unpack(packed)?)?,
        None => from_query(query)?,
    };
    let compression = asked.compression.as_deref().or_else(|| parameter(headers, "compression"));
    let encoding = match asked.sdk_type.as_str() {
        "js" => Encoding::Json,
        "" | "go" => Encoding::Gob,
        other => return Err(bad(format!("sdkType is {other:?}; known are js and go"))),
    };
    let platform = Platform(asked.platform);
    if !platform.is_known() {
        return Err(bad(format!("platformID is {}; known are 1 to 11", platform.0)));
    }
    Ok(Hello {
        user: UserId::parse(required("sendID", &asked.user)?)
            .map_err(|wrong| bad(format!("sendID {wrong}")))?,
        token: required("token", &asked.token)?.into(),
        platform,
        operation_id: required("operationID", &asked.operation_id)?.to_owned(),
        background: asked.background,
        version: asked.sdk_version.chars().take(limits::SDK_VERSION_CHARS).collect(),
        wire: Codec { encoding, gzip: compression == Some("gzip") }.wire(),
        wants_pings: wants_pings(platform, encoding, query),
    })
}

/// Browsers cannot ping. The browser client with a Go core does not even send pings as text, and it comes with the
/// platform of the program that shows its page; it differs from native clients, which ping, in asking for the
/// handshake's result. Phones are left alone: every ping would wake their radio. Source: client protocol sheet 1.2, 1.4.
fn wants_pings(platform: Platform, encoding: Encoding, query: &Pairs) -> bool {
    platform == Platform::WEB || (encoding == Encoding::Gob && wants_result_in_band(query))
}

pub(super) fn welcome(query: &Pairs) -> Option<Frame> {
    wants_result_in_band(query).then(|| Frame::Text(told(&Told { code: 0, text: "", detail: "" })))
}

pub(super) fn turn_away(query: &Pairs, refusal: &Refusal) -> TurnAway {
    let coded = codes::of_refusal(refusal);
    let text = told(&Told { code: coded.code, text: &coded.text, detail: &coded.detail });
    if wants_result_in_band(query) {
        return TurnAway::Frame(Frame::Text(text));
    }
    TurnAway::Reply(Reply {
        status: 200,
        headers: vec![("content-type", "application/json; charset=utf-8".into())],
        body: text.into_bytes(),
    })
}

/// Asked before anything else is judged, so that a browser always sees the reason.
fn wants_result_in_band(query: &Pairs) -> bool {
    match parameter(query, "v") {
        Some(packed) => unpack(packed).is_ok_and(|packed| packed.send_response == Some(true)),
        None => parameter(query, "isMsgResp").and_then(truth) == Some(true),
    }
}

fn from_query(query: &Pairs) -> Result<Asked, Refusal> {
    let text = |name: &str| parameter(query, name).unwrap_or_default().to_owned();
    if let Some(flag) = parameter(query, "isMsgResp")
        && truth(flag).is_none()
    {
        return Err(bad("isMsgResp is not a truth value"));
    }
    let background = match parameter(query, "isBackground") {
        None | Some("") => false,
        Some(flag) => truth(flag).ok_or_else(|| bad("isBackground is not a truth value"))?,
    };
    let platform = required("platformID", &text("platformID"))?
        .parse()
        .map_err(|_| bad("platformID is not a number"))?;
    Ok(Asked {
        user: text("sendID"),
        token: text("token"),
        platform,
        operation_id: text("operationID"),
        background,
        compression: parameter(query, "compression").map(str::to_owned),
        sdk_type: text("sdkType"),
        sdk_version: text("sdkVersion"),
    })
}

fn from_packed(packed: Packed) -> Result<Asked, Refusal> {
    Ok(Asked {
        user: packed.user.unwrap_or_default(),
        token: packed.token.unwrap_or_default(),
        platform: packed.platform.ok_or_else(|| bad("platformID is empty"))?,
        operation_id: packed.operation_id.unwrap_or_default(),
        background: packed.background.unwrap_or(false),
        compression: packed.compression,
        sdk_type: packed.sdk_type.unwrap_or_default(),
        sdk_version: packed.sdk_version.unwrap_or_default(),
    })
}

fn unpack(packed: &str) -> Result<Packed, Refusal> {
    let json =
        URL_SAFE_NO_PAD.decode(packed.trim_end_matches('=')).map_err(|_| bad("v is not URL-safe base64"))?;
    serde_json::from_slice(&json).map_err(|wrong| bad(format!("v is not the JSON it should be: {wrong}")))
}

fn parameter<'a>(pairs: &'a Pairs, name: &str) -> Option<&'a str> {
    pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

fn required<'a>(name: &str, text: &'a str) -> Result<&'a str, Refusal> {
    if text.is_empty() { Err(bad(format!("{name} is empty"))) } else { Ok(text) }
}

/// The spellings of truth that the original accepts.
fn truth(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "True" | "TRUE" => Some(true),
        "0" | "f" | "F" | "false" | "False" | "FALSE" => Some(false),
        _ => None,
    }
}

fn bad(detail: impl Into<String>) -> Refusal {
    Refusal::new(RefusalCode::BadHandshake, detail)
}

/// Numbers and texts only: writing them as JSON does not fail.
fn told(result: &Told<'_>) -> String {
    serde_json::to_string(result).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const OK: &str = r#"{"errCode":0,"errMsg":"","errDlt":""}"#;

    fn pairs(query: &str) -> Vec<(String, String)> {
        query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect()
    }

    const TS: &str =
        "sendID=u1&token=jwt&platformID=5&operationID=op&isBackground=false&isMsgResp=true&sdkType=js";

    #[test]
    fn what_the_browser_sends() {
        let query = pairs(TS);
        let hello = hello(&query, &[]).unwrap();
        let expected = Hello {
            user: UserId::parse("u1").unwrap(),
            token: "jwt".into(),
            platform: Platform::WEB,
            operation_id: "op".into(),
            background: false,
            version: String::new(),
            wire: Codec::JSON.wire(),
            wants_pings: true,
        };
        assert_eq!(hello, expected);
        assert_eq!(welcome(&query), Some(Frame::Text(OK.into())));
        assert_eq!(welcome(&pairs("isMsgResp=false")), None);
        assert_eq!(welcome(&[]), None);
    }

    #[test]
    fn gzip_by_query_or_header() {
        let by_query = hello(&pairs(&format!("{TS}&compression=gzip")), &[]).unwrap();
        let by_header = hello(&pairs(TS), &pairs("compression=gzip")).unwrap();
        let query_wins = hello(&pairs(&format!("{TS}&compression=")), &pairs("compression=gzip")).unwrap();
        assert!(Codec::of(by_query.wire).gzip && Codec::of(by_header.wire).gzip);
        assert!(!Codec::of(query_wins.wire).gzip);
    }

    #[test]
    fn clients_with_a_go_core_speak_gob() {
        let page = pairs(
            "compression=gzip&isBackground=false&isMsgResp=true&operationID=op&platformID=5&sendID=u1&token=jwt",
        );
        let native = pairs(
            "sendID=u1&token=jwt&platformID=2&operationID=op&isBackground=false&sdkVersion=v3.8&compression=gzip",
        );
        for (query, told) in [(&page, true), (&native, false)] {
            assert_eq!(Codec::of(hello(query, &[]).unwrap().wire), Codec::GOB.packed());
            assert_eq!(welcome(query).is_some(), told);
        }
        let on_a_desktop = pairs("isMsgResp=true&operationID=op&platformID=3&sendID=u1&token=jwt");
        let pinged = |query: &Pairs| hello(query, &[]).unwrap().wants_pings;
        assert_eq!([&page, &on_a_desktop, &native].map(|query| pinged(query)), [true, true, false]);
        assert!(!pinged(&pairs(&TS.replace("platformID=5", "platformID=3"))), "it pings with text frames");
        for sdk_type in ["", "sdkType=", "sdkType=go"] {
            let wire = hello(&pairs(&TS.replace("sdkType=js", sdk_type)), &[]).unwrap().wire;
            assert_eq!(Codec::of(wire), Codec::GOB, "{sdk_type:?}");
        }
    }

    #[test]
    fn the_packed_form_replaces_all_others() {
        let json = r#"{"token":"jwt","userID":"u2","platformID":1,"operationID":"o","compression":"gzip","sdkType":"js","sendResponse":true,"background":true,"sdkVersion":"x"}"#;
        let query = pairs(&format!("sendID=u1&isMsgResp=false&v={}", URL_SAFE_NO_PAD.encode(json)));
        let hello = hello(&query, &[]).unwrap();
        assert_eq!((hello.user.as_str(), hello.platform.0, hello.background), ("u2", 1, true));
        assert!(Codec::of(hello.wire).gzip);
        assert!(welcome(&query).is_some());
    }

    #[test]
    fn what_is_refused_and_why() {
        for (from, to, detail) in [
            ("sendID=u1", "sendID=", "sendID is empty"),
            ("sendID=u1", "sendID=a:b", "sendID holds"),
            ("token=jwt&", "", "token is empty"),
            ("platformID=5", "platformID=five", "platformID is not a number"),
            ("platformID=5", "platformID=12", "platformID is 12"),
            ("platformID=5&", "", "platformID is empty"),
            ("operationID=op&", "", "operationID is empty"),
            ("isBackground=false", "isBackground=maybe", "isBackground"),
            ("isMsgResp=true", "isMsgResp=maybe", "isMsgResp"),
            ("sdkType=js", "sdkType=rs", "sdkType is \"rs\""),
            ("sendID=u1", "v=***", "v is not URL-safe"),
            ("sendID=u1", "v=e30", "platformID is empty"),
        ] {
            let query = pairs(&TS.replace(from, to));
            let refusal = hello(&query, &[]).unwrap_err();
            assert_eq!(refusal.code, RefusalCode::BadHandshake);
            assert!(refusal.detail.starts_with(detail), "{from} -> {to}: {}", refusal.detail);
        }
    }

    #[test]
    fn refusals_are_told_in_the_form_the_client_reads() {
        let kicked = Refusal::new(RefusalCode::TokenKicked, "logged in elsewhere");
        let text = r#"{"errCode":1506,"errMsg":"TokenKickedError","errDlt":"logged in elsewhere"}"#;
        assert_eq!(turn_away(&pairs(TS), &kicked), TurnAway::Frame(Frame::Text(text.into())));
        let TurnAway::Reply(reply) = turn_away(&pairs("sendID=u1"), &kicked) else {
            panic!("without isMsgResp the answer is HTTP");
        };
        assert_eq!((reply.status, reply.body.as_slice()), (200, text.as_bytes()));
        let broken = pairs("isMsgResp=true&platformID=x");
        let refusal = hello(&broken, &[]).unwrap_err();
        assert!(matches!(turn_away(&broken, &refusal), TurnAway::Frame(_)), "also for broken parameters");
    }

    proptest! {
        #[test]
        fn any_query_is_read_without_panic(keys in prop::collection::vec(("(v|sendID|token|platformID|isMsgResp|sdkType|x)", "\\PC{0,30}"), 0..8)) {
            let _ = hello(&keys, &keys);
            let _ = welcome(&keys);
        }
    }
}
