//! The commands about rules, parked deliveries and bans: the real binary against a whole server.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first thing that is not as it should be"
)]

use std::sync::Arc;

use ringback_model::app::App;
use ringback_server::assemble::{self, Plan, Server};
use ringback_server::settings::Loader;
use serde_json::Value;

struct World {
    server: Server,
    url: String,
    _folder: tempfile::TempDir,
}

/// What a command did.
#[derive(Debug)]
struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Ran {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let vocabulary = Arc::new(assemble::vocabulary(&ringback_dialects::all(&App::default())));
        let flags = vec![
            ("listen", "127.0.0.1:0".to_owned()),
            ("data_dir", folder.path().join("data").to_string_lossy().into_owned()),
        ];
        let loader = Loader { file: None, env: Arc::new(|_| None), flags, vocabulary };
        let settings = loader.load().unwrap();
        let server = Server::start(Plan { loader, settings, dev: true }).await.unwrap();
        let url = format!("http://{}", server.address);
        Self { server, url, _folder: folder }
    }

    async fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_ringback"));
        command.args(arguments).args(["--dev", "--server", &self.url]).env_remove("RINGBACK_TOKEN");
        let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ran { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
    }
}

const ADD: [&str; 9] =
    ["rules", "add", "history", "--dialect", "agora", "--phase", "after", "--url", "http://127.0.0.1:9/cb"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_are_made_changed_and_removed() {
    let world = World::new().await;
    let made = world.run(&[&ADD[..], &["--event", "chat", "--set", "from=a,b", "--json"]].concat()).await;
    assert_eq!((made.code, &made.json()["events"][0]), (0, &Value::from("chat")), "{made:?}");
    let secret = made.json()["secret"].as_str().unwrap().to_owned();
    assert_eq!(world.run(&["rules", "secret", "history"]).await.out.trim(), secret);
    let changed =
        world.run(&["rules", "set", "history", "--set", "from=null", "--rename", "log", "--json"]).await;
    assert_eq!((changed.code, &changed.json()["from"]), (0, &serde_json::json!([])), "{changed:?}");
    let on = world.run(&["rules", "enable", "log", "--start-at", "earliest"]).await;
    assert!(on.code == 0 && on.out.contains("enabled") && !on.out.contains(&secret), "{on:?}");
    let listed = world.run(&["rules", "list"]).await;
    assert!(listed.out.lines().nth(1).unwrap().starts_with("log"), "{listed:?}");
    // Nothing listens there: the rule is fine, its receiver is not.
    let tried = world.run(&["rules", "test", "log"]).await;
    assert!(tried.code == 1 && tried.out.contains("no answer") && tried.out.contains("callId"), "{tried:?}");
    assert_eq!(world.run(&["rules", "disable", "log"]).await.code, 0);
    assert_eq!(world.run(&["rules", "remove", "log", "--purge"]).await.code, 0);
    world.server.shut_down().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_work_is_said_and_has_its_exit_code() {
    let world = World::new().await;
    let wrong = world.run(&[&ADD[..], &["--set", "retyr=none", "--set", "timeout_ms=soon"]].concat()).await;
    assert_eq!((wrong.code, wrong.out.as_str()), (2, ""), "{wrong:?}");
    assert!(
        wrong.err.contains("did you mean retry?") && wrong.err.contains("timeout_ms must be"),
        "{wrong:?}"
    );
    let nobody = world.run(&["rules", "show", "nobody"]).await;
    assert!(nobody.code == 1 && nobody.err.contains("nobody"), "{nobody:?}");
    let json = world.run(&["rules", "show", "nobody", "--json"]).await;
    assert_eq!((json.code, &json.json()["error"]["code"]), (1, &Value::from("not_found")));
    let date = world.run(&["storage", "retry", "2026090914"]).await;
    assert!(date.code == 2 && date.err.contains("12"), "{date:?}");
    assert!(world.run(&["storage", "info"]).await.out.contains("nothing is parked"));
    assert_eq!(world.run(&["bans", "lift"]).await.code, 1);
    assert!(world.run(&["bans", "list"]).await.out.contains("no ban"));
    let stranger = world.run(&["rules", "list", "--token", "nonsense"]).await;
    assert!(stranger.code == 1 && stranger.err.contains("token"), "{stranger:?}");
    world.server.shut_down().await.unwrap();
}
