//! Uploads into a bucket: the same promises, with an S3 server that the test starts. `e2e/s3/prepare` installs it.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use http::Method;
use ringback_e2e::app::{App, platform};
use ringback_e2e::rest::Rest;
use ringback_e2e::setup::{CONFIG, Setup};
use ringback_e2e::upload::{File, path_of};
use ringback_e2e::{skip, until};
use serde_json::json;
use tokio::process::{Child, Command};

const MIB: usize = 1 << 20;

/// An S3 server with a bucket. It ends when it is dropped.
struct S3 {
    _process: Child,
    endpoint: String,
    rest: Rest,
}

impl S3 {
    async fn start(program: &Path) -> Self {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let addr = free.local_addr().unwrap();
        drop(free);
        let process = Command::new(program)
            .args(["-H", "127.0.0.1", "-p", &addr.port().to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let rest = Rest::new(addr);
        until("the S3 server has made a bucket", async || {
            let made = rest.try_send(Method::PUT, "/uploads", &[], Vec::new()).await.ok()?;
            (made.status == 200).then_some(())
        })
        .await;
        Self { _process: process, endpoint: format!("http://{addr}"), rest }
    }

    /// The keys in the bucket, as XML.
    async fn keys(&self) -> String {
        let list = self.rest.get("/uploads?list-type=2").await;
        String::from_utf8_lossy(&list.bytes).into_owned()
    }

    async fn uploads_under_way(&self) -> usize {
        let list = self.rest.get("/uploads?uploads").await;
        String::from_utf8_lossy(&list.bytes).matches("<UploadId>").count()
    }
}

/// The server's program, where it is installed.
fn installed() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    Some(root.join("target/s3/bin/moto_server")).filter(|program| program.exists())
}

#[tokio::test]
async fn a_bucket_keeps_uploads_as_a_folder_does() {
    let Some(program) = installed() else {
        skip::note("objects_s3", "no S3 server is installed; e2e/s3/prepare does it");
        return;
    };
    let s3 = S3::start(&program).await;
    let setup = Setup::dev()
        .setting("objects.backend", "s3")
        .setting("objects.upload_expiry", "1d")
        .setting("objects.s3.endpoint", &s3.endpoint)
        .setting("objects.s3.bucket", "uploads")
        .setting("objects.s3.access_key", "test-id")
        .setting("objects.s3.secret_key", "test-hush");
    let mut app = App::start(setup, &["u1", "u2"]).await;
    let mut one = app.server.rest().with_token(&app.token("u1", platform::WEB).await);

    let file = File::made_up("u1/a b.png", 12 * MIB, 11);
    let upload = file.begin(&one).await;
    assert_eq!(file.put(&one, &upload, 1).await.status, 200);
    assert_eq!(file.put(&one, &upload, 3).await.status, 200);
    app.server.kill().await;
    app.server.restart().await;
    one = Rest::new(app.server.addr()).with_token(&app.token("u1", platform::WEB).await);
    assert_eq!(file.finish(&one, &upload).await.code(), 1001, "part 2 is missing");
    assert_eq!(file.put(&one, &upload, 2).await.status, 200);
    let url = file.finish(&one, &upload).await.data()["url"].as_str().unwrap().to_owned();
    assert_eq!(file.finish(&one, &upload).await.data()["url"], url, "whoever asks again is told again");

    let path = path_of(&url);
    let got = app.server.rest().get(&path).await;
    assert_eq!((got.status, got.bytes == file.bytes), (200, true));
    let part = one.send(Method::GET, &path, &[("range", "bytes=5242870-5242889")], "").await;
    assert_eq!((part.status, &part.bytes[..]), (206, &file.bytes[5_242_870..5_242_890]));
    assert_eq!(one.get("/object/u1/none.png").await.status, 404);

    let two = app.server.rest().with_token(&app.token("u2", platform::WEB).await);
    let same = File { name: "u2/same.png".to_owned(), ..file.clone() };
    let begun = two.post("/object/initiate_multipart_upload", &same.announcement()).await.data();
    assert_eq!(begun["upload"], json!(null));
    let other = File { name: file.name.clone(), ..File::made_up("", 100, 12) };
    let second = other.upload(&one).await;
    assert_ne!(second, url);
    assert_eq!(one.get(&path_of(&second)).await.bytes, other.bytes);

    let keys = s3.keys().await;
    assert!(keys.contains("<Key>names/") && keys.contains("<Key>contents/"), "{keys}");
    assert!(!keys.contains("<Key>uploads/") && !keys.contains("u1"), "{keys}");
    abandoned(&mut app, &s3).await;
    assert!(app.server.log().all().iter().all(|line| !line.contains("test-hush")), "keys are not in the log");
}

/// What is begun and not finished is gone after its time.
async fn abandoned(app: &mut App, s3: &S3) {
    app.server.stop().await;
    let settings = app.server.folder().join(CONFIG);
    let text = std::fs::read_to_string(&settings).unwrap();
    std::fs::write(&settings, text.replace("upload_expiry: 1d", "upload_expiry: 8s")).unwrap();
    app.server.restart().await;
    let rest = Rest::new(app.server.addr()).with_token(&app.token("u1", platform::WEB).await);
    let file = File::made_up("u1/left.png", 1000, 13);
    let upload = file.begin(&rest).await;
    assert_eq!(file.put(&rest, &upload, 1).await.status, 200);
    assert_eq!(s3.uploads_under_way().await, 1);
    let ends = upload["expireTime"].as_i64().unwrap();
    until("its time is over", async || (ringback_e2e::token::now_s() * 1000 > ends).then_some(())).await;
    app.server.stop().await;
    app.server.restart().await;
    until("it is swept", async || (s3.uploads_under_way().await == 0).then_some(())).await;
}
