//! Where callbacks may not go: the table of addresses and spellings, put into rules and orders of the real server. What
//! may be called is only written down here, never called.

use http::Method;
use ringback_e2e::app::App;
use ringback_e2e::rest::Reply;
use ringback_e2e::setup::Setup;
use serde_json::{Value, json};
use tokio::net::TcpListener;

const SECRET: &str = "a secret of production";
/// Address, verdict by default, verdict with `allow_private`, and what it is.
const TABLE: &str = include_str!("../../../../fixtures/addresses.txt");

/// The table's rows, as the host of a URL, with both verdicts.
fn rows() -> Vec<(String, bool, bool)> {
    let rows = TABLE.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    rows.map(|line| {
        let mut words = line.split_whitespace();
        let address = words.next().unwrap();
        let host = if address.contains(':') { format!("[{address}]") } else { address.to_owned() };
        let mut verdict = || match words.next() {
            Some("yes") => true,
            Some("no") => false,
            other => panic!("{line}: {other:?}"),
        };
        (host, verdict(), verdict())
    })
    .collect()
}

struct Office {
    app: App,
    bearer: String,
}

impl Office {
    async fn open() -> Self {
        let setup = Setup::production(SECRET).setting("rules.max", "0");
        let app = App::with_secret(setup, SECRET, &["alice", "bob"]).await;
        let bearer = format!("Bearer {}", app.admin_token());
        Self { app, bearer }
    }

    async fn ask(&self, method: Method, path: &str, body: &Value) -> Reply {
        let headers = [("authorization", self.bearer.as_str())];
        self.app.server.rest().send(method, path, &headers, body.to_string()).await
    }

    /// Makes a rule that is off, and so calls nobody.
    async fn rule(&self, url: &str, allow_private: bool) -> Reply {
        let rule = json!({ "name": "r", "dialect": "easemob", "phase": "after", "url": url, "enabled": false,
            "allow_private": allow_private });
        self.ask(Method::POST, "/admin/v1/rules", &rule).await
    }
}

#[tokio::test]
async fn every_address_of_the_table_is_judged_before_anybody_connects() {
    let office = Office::open().await;
    let rows = rows();
    assert!(rows.len() > 80, "{}", rows.len());
    for (host, by_default, with_private) in rows {
        for (allow, expected) in [(false, by_default), (true, with_private)] {
            for url in [format!("http://{host}/x"), format!("https://{host}:8443/x?y=1")] {
                let reply = office.rule(&url, allow).await;
                let wanted = if expected { 201 } else { 400 };
                assert_eq!(reply.status, wanted, "{url}, allow_private {allow}: {}", reply.body);
                if expected {
                    office.ask(Method::DELETE, "/admin/v1/rules/r", &Value::Null).await;
                } else {
                    assert_eq!(reply.body["error"]["details"][0]["field"], json!("url"), "{}", reply.body);
                }
            }
        }
    }
}

#[tokio::test]
async fn urls_that_are_none_are_refused() {
    let office = Office::open().await;
    for url in [
        "",
        " ",
        "x",
        "//8.8.8.8/",
        "8.8.8.8",
        "8.8.8.8:80",
        "ftp://8.8.8.8/",
        "file:///etc/passwd",
        "gopher://8.8.8.8/",
        "ws://8.8.8.8/",
        "javascript:alert(1)",
        "data:,x",
        "unix:/run/x.sock",
        "http:8.8.8.8",
        "http:///x",
        "http://",
        "http://:80/",
        "http://8.8.8.8:0/",
        "http://8.8.8.8:65536/",
        "http://8.8.8.8:-1/",
        "http://8.8.8.8:8o/",
        "http://user@8.8.8.8/",
        "http://user:pass@8.8.8.8/",
        "http://8.8.8.8@127.0.0.1/",
        "http://127.0.0.1#@8.8.8.8/",
        "http://8.8.8.8/#x",
        "http://[::1/",
        "http://[::1]]/",
        "http://[fe80::1%25eth0]/",
        "http://8.8.8.8\\@127.0.0.1/",
        "http://8.8.8.8/\r\nX: y",
        "http://8.8.8.8/ x",
        "http://\u{0}8.8.8.8/",
        "http://127.0.0.1\u{3002}/",
        "http://\u{ff11}27.0.0.1/",
        "http://\u{2460}27.0.0.1/",
        "http://b\u{fc}cher.test/",
        "http://xn--/\t",
    ] {
        for allow in [false, true] {
            let reply = office.rule(url, allow).await;
            assert_eq!(reply.status, 400, "{url:?}: {}", reply.body);
        }
    }
}

#[tokio::test]
async fn spellings_that_only_a_resolver_understands_are_judged_at_the_call() {
    let office = Office::open().await;
    let inside = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = inside.local_addr().unwrap().port();
    // Numbers and `localhost` are resolved on the machine itself: no packet asks for them.
    for host in [
        "localhost",
        "LOCALHOST",
        "2130706433",
        "0x7f000001",
        "017700000001",
        "127.1",
        "0x7f.1",
        "127.0.1",
        "0177.0.0.1",
    ] {
        let url = format!("http://{host}:{port}/x");
        let reply = office.rule(&url, false).await;
        assert_eq!(reply.status, 201, "{url}: {}", reply.body);
        let tried = office.ask(Method::POST, "/admin/v1/rules/r/test", &Value::Null).await;
        assert_eq!(tried.status, 200, "{url}: {}", tried.body);
        assert!(tried.body.to_string().contains("may not call"), "{url}: {}", tried.body);
        office.ask(Method::DELETE, "/admin/v1/rules/r", &Value::Null).await;
    }
    // Whoever had connected would be waiting now.
    let connected = tokio::time::timeout(std::time::Duration::ZERO, inside.accept()).await;
    assert!(connected.is_err(), "somebody connected: {connected:?}");
}
