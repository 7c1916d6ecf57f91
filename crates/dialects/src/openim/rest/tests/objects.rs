use ringback_model::command::{NewUpload, ObjectCommand, ObjectOutcome, SignedParts};
use ringback_model::object::ObjectName;

use super::*;

const MD5: &str = "900150983cd24fb0d6963f7d28e17f72";

fn name(text: &str) -> ObjectName {
    ObjectName::parse(text).unwrap()
}

fn upload(change: impl Fn(&mut Value)) -> Value {
    let mut body = json!({"hash": MD5, "size": 12, "partSize": 5, "maxParts": -1, "cause": "c",
                          "name": "u1/a.png", "contentType": "image/png", "urlPrefix": "http://evil/"});
    change(&mut body);
    body
}

fn begin(body: &Value, headers: &[(&str, &str)], secure: bool) -> Result<NewUpload, Refusal> {
    let mut asked = request("/object/initiate_multipart_upload", body.to_string());
    asked.headers.extend(headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    asked.secure = secure;
    match OpenImEdge.decode(&asked, Some(&admin()))? {
        Command::Objects(ObjectCommand::Begin(new)) => Ok(new),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_upload_is_begun_as_the_sdks_ask_for_it() {
    let new = begin(&upload(|_| ()), &[("host", "im.example.test:10002")], false).unwrap();
    assert_eq!((new.hash.as_str(), new.size, new.part_size, new.signed_parts), (MD5, 12, 5, None));
    assert_eq!((new.name.as_str(), new.content_type.as_str()), ("u1/a.png", "image/png"));
    assert_eq!(new.prefix, "http://im.example.test:10002/object/");
    let new = begin(&upload(|body| body["maxParts"] = json!(20)), &[("host", "h")], true).unwrap();
    assert_eq!((new.signed_parts, new.prefix.as_str()), (Some(20), "https://h/object/"));
    let proxied = [("host", "inner"), ("x-request-api", "https://im.example.test/api/")];
    let new = begin(&upload(|_| ()), &proxied, false).unwrap();
    assert_eq!(new.prefix, "https://im.example.test/api/object/");
}

#[test]
fn what_cannot_be_an_upload_is_refused() {
    for (key, value) in [
        ("hash", json!("x")),
        ("hash", json!("")),
        ("size", json!(0)),
        ("size", json!(-5)),
        ("partSize", json!(-1)),
        ("name", json!("")),
        ("name", json!("/u1/a")),
        ("name", json!("u1/../u2/a")),
        ("name", json!("u1\\a")),
        ("name", json!("u1/\u{0}")),
        ("contentType", json!("image/png\r\nset-cookie: x")),
        ("contentType", json!("x".repeat(129))),
    ] {
        let refusal = begin(&upload(|body| body[key] = value.clone()), &[], false).unwrap_err();
        assert_eq!(refusal.code, RefusalCode::BadArgument, "{key} {value}");
    }
    for header in [("x-request-api", "javascript:alert(1)"), ("host", "a b"), ("host", ""), ("host", "a\"<")]
    {
        assert!(begin(&upload(|_| ()), &[header], false).is_err(), "{header:?}");
    }
    for (path, body) in [
        ("/object/part_size", json!({"size": -1})),
        ("/object/auth_sign", json!({"uploadID": "x"})),
        ("/object/auth_sign", json!({"uploadID": "x", "partNumbers": [-1]})),
        ("/object/complete_multipart_upload", json!({"uploadID": "x", "parts": ["no md5"]})),
        ("/object/complete_multipart_upload", json!({"uploadID": "x", "parts": [], "name": "/"})),
        ("/object/access_url", json!({"name": ".."})),
    ] {
        assert_eq!(refused(path, &body).code, RefusalCode::BadArgument, "{path} {body}");
    }
}

#[test]
fn parts_go_where_both_sdks_look() {
    let signed = SignedParts {
        upload_id: "id.seal".to_owned(),
        prefix: "http://h/object/".to_owned(),
        name: name("u1/a b#?ä.png"),
        parts: vec![1, 2],
    };
    let part = |number: i32| {
        json!({"partNumber": number, "url": "", "header": [],
               "query": [{"key": "partNumber", "values": [number.to_string()]}]})
    };
    let sign = json!({
        "url": "http://h/object/u1/a%20b%23%3F%C3%A4.png", "header": [], "parts": [part(1), part(2)],
        "query": [{"key": "uploadID", "values": ["id.seal"]}],
    });
    let begun = ObjectOutcome::Begun { signed: signed.clone(), part_size: 5, expires_at: UnixMs(9) };
    assert_eq!(
        data("/object/initiate_multipart_upload", Outcome::Objects(begun)),
        json!({"url": "", "upload": {"uploadID": "id.seal", "partSize": 5, "sign": sign, "expireTime": 9}})
    );
    assert_eq!(data("/object/auth_sign", Outcome::Objects(ObjectOutcome::Signed(signed))), sign);
}

#[test]
fn answers_have_their_fields() {
    let at = |until| {
        Outcome::Objects(ObjectOutcome::At {
            prefix: "http://h/object/".to_owned(),
            name: name("u1/a"),
            until,
        })
    };
    let url = "http://h/object/u1/a";
    assert_eq!(data("/object/initiate_multipart_upload", at(None)), json!({"url": url, "upload": null}));
    assert_eq!(data("/object/complete_multipart_upload", at(None)), json!({"url": url}));
    let access = |until| data("/object/access_url", at(until));
    assert_eq!(access(Some(UnixMs(7))), json!({"url": url, "expireTime": 7}));
    assert_eq!(access(None), json!({"url": url, "expireTime": 253_402_300_799_000_i64}));
    let limits = ObjectOutcome::Limits { part_min: 5, part_max: 6, parts: 7 };
    assert_eq!(
        data("/object/part_limit", Outcome::Objects(limits)),
        json!({"minPartSize": 5, "maxPartSize": 6, "maxNumSize": 7})
    );
    let size = Outcome::Objects(ObjectOutcome::PartSize(5));
    assert_eq!(data("/object/part_size", size), json!({"size": 5}));
}
