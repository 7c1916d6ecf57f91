//! Schemas of callbacks: a server shows them to anybody, and the command line prints them without a server.

use std::fs;
use std::path::{Path, PathBuf};

use http::Method;
use ringback_e2e::app::App;
use ringback_e2e::binary::run;
use ringback_e2e::setup::Setup;
use serde_json::{Value, json};

const SCHEMAS: &str = "/admin/v1/schemas";

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/schemas")
}

fn doc(dialect: &str, name: &str, part: &str) -> String {
    fs::read_to_string(docs().join(dialect).join(format!("{name}.{part}.json"))).unwrap()
}

#[tokio::test]
async fn a_server_shows_the_schemas_that_the_docs_hold() {
    let app = App::start(Setup::dev(), &[]).await;
    let rest = app.server.rest();
    let get = async |path: &str| rest.send(Method::GET, path, &[], "").await;
    let listed = get(SCHEMAS).await.body["schemas"].as_array().unwrap().clone();
    assert!(listed.len() > 200, "{}", listed.len());
    for entry in &listed {
        let text = |name: &str| entry[name].as_str().unwrap();
        let (dialect, name) = (text("dialect"), text("name"));
        let shown = get(text("href")).await;
        assert_eq!(shown.status, 200, "{entry}");
        for part in ["request", "answer"] {
            let wanted: Value = serde_json::from_str(&doc(dialect, name, part)).unwrap();
            assert_eq!(shown.body[part], wanted, "{dialect} {name} {part}");
        }
        assert_eq!(shown.body["events"], entry["events"]);
    }

    let bare = get(&format!("{SCHEMAS}/openim/beforeSendSingleMsg?part=request")).await;
    assert_eq!(bare.headers.get("content-type").unwrap(), "application/schema+json");
    let wanted: Value =
        serde_json::from_str(&doc("openim", "callbackBeforeSendSingleMsgCommand", "request")).unwrap();
    assert_eq!(bare.body, wanted, "a key of the file leads to its callback");

    for (path, status, says) in [
        ("/openim/callbackNever", 404, "openim has no such callback"),
        ("/klingon/callbackNever", 404, "there are openim"),
        ("/agora/chat:user:text", 404, "leads to several callbacks: pre-send, chat, chat_offline"),
        ("/agora/pre-send?part=middle", 400, "part"),
    ] {
        let refused = get(&format!("{SCHEMAS}{path}")).await;
        assert_eq!(refused.status, status, "{path}");
        assert!(refused.body.to_string().contains(says), "{path}: {}", refused.body);
    }
}

#[tokio::test]
async fn the_command_line_prints_them_without_a_server() {
    let name = "callbackBeforeMsgModifyCommand";
    for part in ["request", "answer"] {
        let printed = run(&["schemas", "openim", name, "--part", part]).await;
        assert_eq!((printed.code, printed.out), (Some(0), doc("openim", name, part)), "{part}");
    }
    let both = run(&["schemas", "openim", name, "--json"]).await;
    let both: Value = serde_json::from_str(both.out.trim()).unwrap();
    assert_eq!(both["answer"], serde_json::from_str::<Value>(&doc("openim", name, "answer")).unwrap());

    let list = run(&["schemas", "agora", "--json"]).await;
    let names: Vec<Value> =
        list.out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["name"].clone()).collect();
    assert_eq!(names[..3], ["pre-send", "chat", "chat_offline"]);
    assert!(names.len() > 20 && names.contains(&json!("muc")), "{names:?}");

    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("made");
    let written = run(&["schemas", "easemob", "--out", place.to_str().unwrap()]).await;
    assert_eq!(written.code, Some(0), "{written:?}");
    let made = fs::read_to_string(place.join("easemob/chat.request.json")).unwrap();
    assert_eq!(made, doc("easemob", "chat", "request"));
    assert!(place.join("index.json").is_file() && !place.join("openim").exists());

    for (args, code) in [
        (&["schemas", "klingon"][..], 1),
        (&["schemas", "openim", "callbackNever"], 1),
        (&["schemas", "openim", "--part", "request"], 2),
        (&["schemas", "openim", name, "--out", "x"], 2),
    ] {
        let ended = run(args).await;
        assert_eq!(ended.code, Some(code), "{args:?}: {ended:?}");
        assert!(!ended.err.is_empty() && ended.out.is_empty(), "{args:?}");
    }
}
