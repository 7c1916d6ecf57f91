use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use serde::Deserialize;

use super::*;
use crate::easemob::content::content as body_content;
use crate::openim::content::content as element_content;

#[derive(Deserialize)]
struct Element {
    code: i32,
    content: Value,
}

#[derive(Deserialize)]
struct ElementCase {
    element: Element,
    body: Value,
    back: Element,
}

#[derive(Deserialize)]
struct BodyCase {
    body: Value,
    element: Element,
    back: Value,
}

fn fixtures(prefix: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/content");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.file_name().unwrap().to_str().unwrap().starts_with(prefix));
    files.sort();
    files
}

fn read<T: serde::de::DeserializeOwned>(path: &Path) -> T {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn of_body(body: &Value) -> Content {
    body_content(body["type"].as_str().unwrap_or_default(), body.as_object().unwrap())
}

/// How a content is shown to the other side.
fn shown(content: &Content) -> (i32, Value) {
    let mut element: Value = serde_json::from_str(&as_element(content)).unwrap();
    // Fixtures show a body inside an element as an object.
    if let Some(body) = element["data"].as_str().and_then(|data| serde_json::from_str::<Value>(data).ok())
        && body.get("type").is_some()
    {
        element["data"] = body;
    }
    (element_code(content), element)
}

fn body_of(content: &Content) -> Value {
    serde_json::from_str(&as_body(content)).unwrap()
}

#[test]
fn every_element_of_the_map_becomes_the_body_of_its_fixture() {
    let mut codes = BTreeSet::new();
    for path in fixtures("element-") {
        let case: ElementCase = read(&path);
        let content = element_content(case.element.code, case.element.content.to_string());
        assert_eq!(body_of(&content), case.body, "{}", path.display());
        let back = of_body(&case.body);
        assert_eq!(shown(&back), (case.back.code, case.back.content), "{}", path.display());
        assert_eq!(body_type(&back), body_type(&content), "{}", path.display());
        codes.insert(case.element.code);
    }
    let rows = ROWS.iter().filter(|row| row.way != Way::ToElement).map(|row| row.element);
    assert_eq!(codes, rows.collect());
}

#[test]
fn every_body_of_the_map_becomes_the_element_of_its_fixture() {
    let mut kinds = BTreeSet::new();
    for path in fixtures("body-") {
        let case: BodyCase = read(&path);
        let content = of_body(&case.body);
        assert_eq!(shown(&content), (case.element.code, case.element.content), "{}", path.display());
        let back = element_content(element_code(&content), as_element(&content).into_owned());
        assert_eq!(body_of(&back), case.back, "{}", path.display());
        kinds.insert(body_type(&content));
    }
    let rows = ROWS.iter().filter(|row| row.way != Way::ToBody).map(|row| row.body);
    assert_eq!(kinds, rows.collect());
    assert_eq!(kinds.len(), BodyType::ALL.len(), "every type is in the map");
}

#[test]
fn elements_that_are_not_in_the_map_and_content_of_no_dialect_are_carried() {
    let stranger = element_content(999, r#"{"a":1}"#.to_owned());
    let body = body_of(&stranger);
    assert_eq!(
        (&body["customEvent"], &body["v2:customExts"]["content"]),
        (&json!("openim/999"), &json!(r#"{"a":1}"#))
    );

    let foreign = |class| Content { form: "other".to_owned(), class, code: 7, raw: "hi".to_owned() };
    let (text, image) = (foreign(ContentClass::Text), foreign(ContentClass::Image));
    assert_eq!((element_code(&text), body_type(&text)), (TEXT, BodyType::Text));
    assert_eq!(
        (body_of(&text), shown(&text).1),
        (json!({"type": "txt", "msg": "hi"}), json!({"content": "hi"}))
    );
    assert_eq!((element_code(&image), body_type(&image)), (CUSTOM, BodyType::Custom));
    assert_eq!(body_of(&image)["v2:customExts"]["content"], json!("hi"));
    assert_eq!(with_element(&image, r#"{"data":"yo"}"#.to_owned()), Ok("yo".to_owned()));
    assert!(with_element(&image, "{}".to_owned()).is_err());
    assert_eq!((words(&text).as_deref(), words(&image)), (Some("hi"), None));
}

#[test]
fn words_are_found_and_replaced_in_every_form() {
    let body = of_body(&json!({"type": "txt", "msg": "hi", "lang": "en"}));
    for (content, words_now, replaced) in [
        (
            element_content(101, r#"{ "content" : "hi" , "x":1}"#.into()),
            Some("hi"),
            r#"{"content":"yo","x":1}"#,
        ),
        (
            element_content(106, r#"{"text":"hi","atUserList":["a"]}"#.into()),
            Some("hi"),
            r#"{"text":"yo","atUserList":["a"]}"#,
        ),
        (
            element_content(114, r#"{"quoteMessage":{},"text":"hi"}"#.into()),
            Some("hi"),
            r#"{"quoteMessage":{},"text":"yo"}"#,
        ),
        (element_content(118, r##"{"content":"# hi"}"##.into()), Some("# hi"), r#"{"content":"yo"}"#),
        (element_content(101, "bare".into()), None, r#"{"content":"yo"}"#),
        (element_content(101, r#"{"content":7}"#.into()), None, r#"{"content":"yo"}"#),
        (body, Some("hi"), r#"{"type":"txt","msg":"yo","lang":"en"}"#),
    ] {
        assert_eq!(words(&content).as_deref(), words_now, "{}", content.raw);
        assert_eq!(with_words(&content, "yo").as_deref(), Ok(replaced));
    }
    for content in [element_content(102, "{}".into()), of_body(&json!({"type": "cmd", "msg": "hi"}))] {
        assert_eq!(words(&content), None);
        assert!(with_words(&content, "yo").is_err());
    }
}

#[test]
fn an_element_that_a_receiver_changed_comes_back_as_a_body() {
    let image =
        json!({"type": "img", "filename": "cat.jpg", "secret": "Zx81", "url": "https://h/f/1", "more": 1});
    let change = |body: &Value, edit: fn(&mut Value)| -> Result<Value, String> {
        let content = of_body(body);
        let mut element: Value = serde_json::from_str(&as_element(&content)).unwrap();
        edit(&mut element);
        with_element(&content, element.to_string()).map(|raw| serde_json::from_str(&raw).unwrap())
    };
    assert_eq!(change(&image, |_| {}).unwrap(), image);
    let other =
        change(&image, |element| element["sourcePicture"]["url"] = json!("https://h/f/2?share-secret=New"));
    let other = other.unwrap();
    assert_eq!(
        (&other["url"], &other["secret"], &other["more"]),
        (&json!("https://h/f/2"), &json!("New"), &json!(1))
    );

    let text = json!({"type": "txt", "msg": "hi", "lang": "en"});
    let said = change(&text, |element| element["content"] = json!("yo")).unwrap();
    assert_eq!(said, json!({"type": "txt", "msg": "yo", "lang": "en"}));
    assert!(change(&text, |element| *element = json!({})).is_err());

    let command = json!({"type": "cmd", "action": "a"});
    let edited = change(&command, |element| element["data"] = json!(r#"{"action":"b","type":"cmd"}"#));
    assert_eq!(edited.unwrap(), json!({"type": "cmd", "action": "b"}));
    assert!(change(&command, |element| element["data"] = json!("what")).is_err());
    assert!(with_element(&of_body(&text), "no object".to_owned()).is_err());
}

#[test]
fn the_apps_own_text_becomes_an_object_and_comes_back() {
    for (ex, object) in [
        ("", "{}"),
        ("{}", "{}"),
        (r#"{"k":1}"#, r#"{"k":1}"#),
        ("plain", r#"{"ex":"plain"}"#),
        ("[1]", r#"{"ex":"[1]"}"#),
        ("null", r#"{"ex":"null"}"#),
    ] {
        assert_eq!(ext(ex), object, "{ex}");
        let back = ex_from(ex, &serde_json::from_str(object).unwrap());
        assert_eq!(ext(&back), object, "{ex}");
        assert!(back == ex || object == "{}", "{ex}");
    }
    assert_eq!(ex_from("plain", &serde_json::from_str(r#"{"k":1}"#).unwrap()), r#"{"k":1}"#);
    assert_eq!(ex_from(r#"{"ex":"a"}"#, &serde_json::from_str(r#"{"ex":"b"}"#).unwrap()), r#"{"ex":"b"}"#);
}

#[test]
fn content_is_bounded() {
    let long = "x".repeat(limits::CONTENT_BYTES);
    assert!(with_words(&element_content(101, "{}".into()), &long).is_err());
    assert!(with_words(&of_body(&json!({"type": "txt", "msg": ""})), &long).is_err());
    let element = json!({ "content": long }).to_string();
    assert!(with_element(&of_body(&json!({"type": "txt", "msg": ""})), element).is_err());
}

proptest! {
    #[test]
    fn anything_is_shown_to_the_other_side(raw in "\\PC{0,60}", code in 90i32..1500, own: bool) {
        let content = if own {
            element_content(code, raw)
        } else {
            Content { form: "easemob".to_owned(), class: ContentClass::Other, code: code % 12, raw }
        };
        // What a content is does not depend on whether it can be read.
        let other = Content { raw: "{}".to_owned(), ..content.clone() };
        prop_assert_eq!((body_type(&content), element_code(&content)), (body_type(&other), element_code(&other)));
        if own {
            prop_assert!(body_of(&content).is_object());
        } else {
            prop_assert!(shown(&content).1.is_object());
        }
        let _ = words(&content);
    }

    #[test]
    fn a_custom_body_survives_an_openim_client(event in "[a-z/.-]{0,12}", key in "[a-z]{1,6}", text in "\\PC{0,20}") {
        let mut parts = Map::new();
        parts.insert(key, Value::from(text));
        let body = json!({"type": "custom", "customEvent": event, "v2:customExts": parts});
        let there = of_body(&body);
        let back = element_content(element_code(&there), as_element(&there).into_owned());
        prop_assert_eq!(body_of(&back), body);
    }

    #[test]
    fn words_survive_both_ways(text in "\\PC{0,60}") {
        let there = element_content(TEXT, json!({ "content": text }).to_string());
        let back = of_body(&body_of(&there));
        let said = words(&back).map(Cow::into_owned);
        prop_assert_eq!(said.as_deref(), Some(text.as_str()));
        let (_, element) = shown(&back);
        prop_assert_eq!(&element["content"], &json!(text));
    }
}
