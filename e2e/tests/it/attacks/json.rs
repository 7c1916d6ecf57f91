//! JSON, YAML and protobuf: too deep, too many, twice, or not text.

use std::time::{Duration, Instant};

use http::Method;
use ringback_e2e::binary;
use ringback_e2e::setup::Setup;
use ringback_e2e::wire::request;

use super::siege::Siege;

const DEEP: usize = 100_000;

#[tokio::test]
async fn odd_json_is_refused_by_every_interface() {
    let mut siege = Siege::begin("odd JSON", Setup::dev()).await;
    let members: Vec<String> = (0..80_000).map(|number| format!("\"k{number}\":1")).collect();
    let bodies: [(&str, Vec<u8>); 12] = [
        ("deep lists", format!("{}{}", "[".repeat(DEEP), "]".repeat(DEEP)).into()),
        ("deep lists, open", "[".repeat(DEEP).into()),
        ("deep objects", format!("{}1{}", "{\"a\":".repeat(DEEP), "}".repeat(DEEP)).into()),
        ("a deep member", format!("{{\"url\":{}}}", "[".repeat(DEEP)).into()),
        ("a huge number", format!("{{\"name\":{}}}", "9".repeat(500_000)).into()),
        ("a huge exponent", "{\"name\":1e999999999}".into()),
        ("80,000 members", format!("{{{}}}", members.join(",")).into()),
        ("a lone surrogate", "{\"name\":\"\\ud800\"}".into()),
        ("a bare NUL", b"{\"name\":\"a\0b\"}".to_vec()),
        ("overlong UTF-8", b"{\"name\":\"\xc0\xaf\"}".to_vec()),
        ("surrogates as UTF-8", b"{\"name\":\"\xed\xa0\x80\"}".to_vec()),
        ("a byte order mark", b"\xff\xfe{\0}\0".to_vec()),
    ];
    let (admin, app) = (siege.app().admin_token().to_owned(), format!("Bearer {}", siege.family.token()));
    let bearer = format!("Bearer {admin}");
    let rest = siege.app().server.rest();
    for (what, body) in &bodies {
        let began = Instant::now();
        let headers = [("operationID", "op"), ("token", admin.as_str())];
        let reply = rest.send(Method::POST, "/msg/send_msg", &headers, body.clone()).await;
        assert_eq!(reply.code(), 1001, "{what}: {}", reply.body);
        let reply = rest
            .send(Method::POST, "/app-id/demo/chatgroups", &[("authorization", &app)], body.clone())
            .await;
        assert_eq!(reply.status, 400, "{what}: {}", reply.body);
        assert!(
            reply.body["error"].is_string() && reply.body["error_description"].is_string(),
            "{}",
            reply.body
        );
        let reply =
            rest.send(Method::POST, "/admin/v1/rules", &[("authorization", &bearer)], body.clone()).await;
        assert_eq!(reply.status, 400, "{what}: {}", reply.body);
        assert!(reply.body["error"]["message"].is_string(), "{what}: {}", reply.body);
        assert!(reply.bytes.len() < 64 * 1024, "{what}: an answer of {} bytes", reply.bytes.len());
        assert!(began.elapsed() < Duration::from_secs(10), "{what}: {:?}", began.elapsed());
    }
    siege.others_are_served().await;
    siege.over(3 * bodies.len()).await;
}

#[tokio::test]
async fn an_administrator_names_nothing_twice() {
    let mut siege = Siege::begin("members named twice", Setup::dev()).await;
    let bearer = format!("Bearer {}", siege.app().admin_token());
    let body = format!(
        r#"{{"name":"twice","dialect":"easemob","phase":"after","url":"http://127.0.0.1:9/a","url":"{}"}}"#,
        siege.receiver.url()
    );
    let rest = siege.app().server.rest();
    let reply = rest.send(Method::POST, "/admin/v1/rules", &[("authorization", &bearer)], body).await;
    assert_eq!(reply.status, 400, "{}", reply.body);
    assert!(
        reply.body["error"]["message"].as_str().unwrap().contains("\"url\" is named twice"),
        "{}",
        reply.body
    );
    let rules = siege.family.ok(Method::GET, "/admin/v1/rules", None).await;
    assert!(!rules.to_string().contains("\"twice\""), "{rules}");
    siege.others_are_served().await;
    siege.over(1).await;
}

#[tokio::test]
async fn deep_protobuf_is_refused() {
    let mut siege = Siege::begin("deep protobuf", Setup::dev()).await;
    let client = siege.app().login("alice", ringback_e2e::app::platform::IOS).await;
    // Groups within groups, and messages within the members of messages.
    let mut nested = Vec::new();
    for _ in 0..1000 {
        let mut outer = vec![0x92, 0x01];
        prost::encoding::encode_varint(nested.len() as u64, &mut outer);
        outer.extend_from_slice(&nested);
        nested = outer;
    }
    for data in [vec![0x0b; 20_000], nested, vec![0xff; 1000], vec![0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f]] {
        let ask = client.ask(request::SEND, data);
        client.post(&ask);
        assert_ne!(client.try_answer(&ask.incr).await.map_or(1001, |told| told.code), 0);
    }
    drop(client);
    siege.others_are_served().await;
    siege.over(4).await;
}

/// `config check` of these files ends with an error, soon, and within a bound of memory.
async fn refused(name: &str, text: &str) {
    let folder = tempfile::Builder::new().prefix("ringback-e2e-").tempdir().unwrap();
    let settings = if name == "webhooks.yml" { "webhooks: webhooks.yml\n" } else { text };
    std::fs::write(folder.path().join("ringback.yml"), settings).unwrap();
    if name == "webhooks.yml" {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let mut command = tokio::process::Command::new("sh");
    // KiB of address space: what is beyond ends the process by a signal rather than by an exit code.
    command.arg("-c").arg("ulimit -v 1048576; exec \"$0\" config check --config \"$1\"");
    command.arg(binary::path()).arg(folder.path().join("ringback.yml")).kill_on_drop(true);
    let began = Instant::now();
    let ended = binary::finish(command).await;
    let start: String = text.chars().take(40).collect();
    assert_eq!(ended.code, Some(2), "{name} {start}: {ended:?}");
    assert!(ended.both().len() < 64 * 1024, "{name} {start}: {} bytes of explanation", ended.both().len());
    assert!(began.elapsed() < Duration::from_secs(20), "{name} {start}: {:?}", began.elapsed());
}

#[tokio::test]
async fn bombs_in_yaml_are_refused() {
    let mut laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        laughs.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
    }
    let merges = "base: &base {enable: true}\nurl: http://127.0.0.1:9\n".to_owned()
        + &(0..1000).map(|number| format!("k{number}: {{<<: *base}}\n")).collect::<String>();
    for text in [
        laughs.clone(),
        format!("{laughs}listen: *a11\nurl: *a11\n"),
        format!("url: {}", "[".repeat(DEEP)),
        format!("{}1", "{a: ".repeat(DEEP)),
        (0..20_000).map(|level| format!("{}a:\n", " ".repeat(level % 500))).collect(),
        format!("{}x", "- ".repeat(DEEP)),
        format!("? {}x", "? ".repeat(DEEP)),
        "&a [*a]".to_owned(),
        "url: &a {b: *a}".to_owned(),
        merges,
    ] {
        refused("ringback.yml", &text).await;
        refused("webhooks.yml", &text).await;
    }
}
