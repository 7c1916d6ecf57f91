//! Uploads: by parts, as the SDKs make them; what everybody may read; what is refused.
//! Source: openim-rest fact sheet 10.

use std::time::Duration;

use http::Method;
use ringback_e2e::app::{App, platform};
use ringback_e2e::rest::{Reply, Rest};
use ringback_e2e::setup::Setup;
use ringback_e2e::upload::{File, md5_hex, part_path, path_of};
use ringback_e2e::{SOON, until};
use serde_json::json;

const MIB: usize = 1 << 20;

async fn app() -> App {
    App::start(Setup::dev(), &["u1", "u2"]).await
}

async fn rest_of(app: &App, user: &str) -> Rest {
    app.server.rest().with_token(&app.token(user, platform::WEB).await)
}

fn header<'a>(reply: &'a Reply, name: &str) -> &'a str {
    reply.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
}

async fn range(rest: &Rest, path: &str, range: &str) -> Reply {
    rest.send(Method::GET, path, &[("range", range)], "").await
}

#[tokio::test]
async fn a_picture_is_uploaded_by_parts_over_a_restart_and_read_by_everybody() {
    let mut app = app().await;
    let mut rest = rest_of(&app, "u1").await;
    let limits = rest.post("/object/part_limit", &json!({})).await.data();
    assert_eq!(limits, json!({"minPartSize": 5 * MIB, "maxPartSize": 5_u64 << 30, "maxNumSize": 10_000}));
    let size = rest.post("/object/part_size", &json!({"size": 12 * MIB})).await.data();
    assert_eq!(size, json!({"size": 5 * MIB}));

    let file = File::made_up("u1/a picture #1 ä.png", 12 * MIB, 1);
    let upload = file.begin(&rest).await;
    assert_eq!(upload["partSize"], 5 * MIB);
    assert_eq!(upload["sign"]["parts"].as_array().unwrap().len(), 3);
    for number in [3, 1] {
        let put = file.put(&rest, &upload, number).await;
        let etag = format!("\"{}\"", md5_hex(file.part(number)));
        assert_eq!((put.status, header(&put, "etag")), (200, etag.as_str()), "part {number}");
        assert_eq!(header(&put, "access-control-allow-origin"), "*");
    }
    app.server.kill().await;
    app.server.restart().await;
    rest = Rest::new(app.server.addr()).with_token(&app.token("u1", platform::WEB).await);
    assert_eq!(file.finish(&rest, &upload).await.code(), 1001, "part 2 is missing");
    // Further parts are signed on their own, as the other SDK does it.
    let asked = json!({"uploadID": upload["uploadID"], "partNumbers": [2]});
    let sign = rest.post("/object/auth_sign", &asked).await.data();
    let put = rest.send(Method::PUT, &part_path(&sign, 2), &[], file.part(2)).await;
    assert_eq!(put.status, 200);
    let url = file.finish(&rest, &upload).await.data()["url"].as_str().unwrap().to_owned();
    assert!(url.starts_with(&format!("http://{}/object/u1/a%20picture", app.server.addr())), "{url}");
    assert_eq!(file.finish(&rest, &upload).await.data()["url"], url, "whoever asks again is told again");

    let everybody = app.server.rest();
    let path = path_of(&url);
    let got = everybody.get(&path).await;
    assert_eq!((got.status, got.bytes == file.bytes), (200, true));
    for (name, value) in [
        ("content-type", "image/png"),
        ("content-length", "12582912"),
        ("accept-ranges", "bytes"),
        ("x-content-type-options", "nosniff"),
        ("content-disposition", ""),
        ("access-control-allow-origin", "*"),
    ] {
        assert_eq!(header(&got, name), value, "{name}");
    }
    let resized = everybody.get(&format!("{path}?type=image&width=10&height=10")).await;
    assert_eq!(resized.bytes.len(), 12 * MIB, "pictures are not resized");
    ranges(&everybody, &path, &file, header(&got, "etag")).await;
}

async fn ranges(rest: &Rest, path: &str, file: &File, etag: &str) {
    let part = range(rest, path, "bytes=5242870-5242889").await;
    assert_eq!((part.status, &part.bytes[..]), (206, &file.bytes[5_242_870..5_242_890]), "over a seam");
    assert_eq!(header(&part, "content-range"), "bytes 5242870-5242889/12582912");
    let end = range(rest, path, "bytes=-3").await;
    assert_eq!((end.status, &end.bytes[..]), (206, &file.bytes[file.bytes.len() - 3..]));
    let none = range(rest, path, "bytes=12582912-").await;
    assert_eq!((none.status, header(&none, "content-range")), (416, "bytes */12582912"));
    let head = rest.send(Method::HEAD, path, &[], "").await;
    assert_eq!((head.status, header(&head, "content-length"), head.bytes.len()), (200, "12582912", 0));
    let known = rest.send(Method::GET, path, &[("if-none-match", etag)], "").await;
    assert_eq!((known.status, known.bytes.len()), (304, 0));
}

#[tokio::test]
async fn a_message_carries_what_was_uploaded() {
    let app = app().await;
    let bob = app.login("u2", platform::WEB).await;
    let file = File::made_up("u1/p.png", 1000, 2);
    let url = file.upload(&rest_of(&app, "u1").await).await;
    let picture =
        json!({"uuid": "u1/p.png", "type": "png", "size": 1000, "width": 10, "height": 10, "url": url});
    let content = json!({"sourcePicture": picture, "bigPicture": picture, "snapshotPicture": picture});
    let message = json!({"sendID": "u1", "recvID": "u2", "senderPlatformID": 5, "content": content,
                         "contentType": 102, "sessionType": 1});
    app.admin().post("/msg/send_msg", &message).await.data();
    let received = bob.pushed(|message| message.content_type == 102).await;
    let content: serde_json::Value = serde_json::from_slice(&received.content).unwrap();
    let shown = content["sourcePicture"]["url"].as_str().unwrap();
    assert_eq!(app.server.rest().get(&path_of(shown)).await.bytes, file.bytes);
}

#[tokio::test]
async fn content_that_is_there_needs_no_upload_and_a_name_keeps_its_content() {
    let app = app().await;
    let (one, two) = (rest_of(&app, "u1").await, rest_of(&app, "u2").await);
    let file = File::made_up("u1/image.png", 3000, 3);
    let first = file.upload(&one).await;
    let same = File { name: "u2/other.png".to_owned(), content_type: "text/html".to_owned(), ..file.clone() };
    let begun = two.post("/object/initiate_multipart_upload", &same.announcement()).await.data();
    assert_eq!(begun["upload"], json!(null));
    let got = two.get(&path_of(begun["url"].as_str().unwrap())).await;
    assert_eq!((&got.bytes[..], header(&got, "content-type")), (&file.bytes[..], "text/html"));
    assert!(header(&got, "content-disposition").starts_with("attachment"), "a page is not shown");
    assert!(header(&got, "content-security-policy").contains("sandbox"));

    // Another picture of the same name: SDKs name files as their users do.
    let other = File { name: file.name.clone(), ..File::made_up("", 3000, 4) };
    let second = other.upload(&one).await;
    assert_ne!(first, second);
    for (url, file) in [(&first, &file), (&second, &other)] {
        assert_eq!(one.get(&path_of(url)).await.bytes, file.bytes);
    }
    let access = one.post("/object/access_url", &json!({"name": "u1/image.png"})).await.data();
    assert_eq!(access["url"], first);
    assert_eq!(one.post("/object/access_url", &json!({"name": "u1/none.png"})).await.code(), 1004);
}

#[tokio::test]
async fn what_is_not_allowed_is_refused() {
    let app = App::start(Setup::dev().setting("objects.max_bytes", "6MiB"), &["u1", "u2"]).await;
    let (one, two, admin) = (rest_of(&app, "u1").await, rest_of(&app, "u2").await, app.admin());
    let path = "/object/initiate_multipart_upload";
    let file = File::made_up("u1/a.png", 6 * MIB, 5);
    for (change, code) in [
        (json!({"name": "u2/a.png"}), 1002),
        (json!({"name": "a.png"}), 1002),
        (json!({"name": "u1"}), 1002),
        (json!({"name": "/u1/a.png"}), 1001),
        (json!({"name": "u1/../u2/a.png"}), 1001),
        (json!({"name": ""}), 1001),
        (json!({"size": 6 * MIB + 1}), 1001),
        (json!({"size": 0}), 1001),
        (json!({"size": -1}), 1001),
        (json!({"partSize": 1024}), 1001),
        (json!({"hash": "none"}), 1001),
    ] {
        let mut body = file.announcement();
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        assert_eq!(one.post(path, &body).await.code(), code, "{change}");
    }
    assert_eq!(one.post("/object/part_size", &json!({"size": 6 * MIB + 1})).await.code(), 1001);
    assert_eq!(app.server.rest().post(path, &file.announcement()).await.code(), 1001, "a token is needed");

    let upload = file.begin(&one).await;
    assert_eq!(file.finish(&two, &upload).await.code(), 1002, "somebody else's");
    let put = async |path: &str, bytes: &[u8]| one.send(Method::PUT, path, &[], bytes).await.status;
    let first = part_path(&upload["sign"], 1);
    assert_eq!(put(&first, b"too short").await, 400);
    assert_eq!(put(&first, &vec![0; 5 * MIB + 1]).await, 400);
    assert_eq!(put(&first.replace("a%2Epng", "b.png").replace("a.png", "b.png"), file.part(1)).await, 403);
    assert_eq!(put(&first.replace("partNumber=1", "partNumber=3"), file.part(1)).await, 400);
    assert_eq!(put(&first.replace("uploadID=", "uploadID=A"), file.part(1)).await, 403);
    assert_eq!(put("/object/u1/a.png", file.part(1)).await, 400);
    let headers = [("content-md5", "AAAAAAAAAAAAAAAAAAAAAA==")];
    assert_eq!(one.send(Method::PUT, &first, &headers, file.part(1)).await.status, 400);
    // Parts with other bytes than the hash promised.
    for number in [1, 2] {
        let wrong = vec![7; file.part(number).len()];
        assert_eq!(put(&part_path(&upload["sign"], number), &wrong).await, 200);
    }
    assert_eq!(file.finish(&one, &upload).await.code(), 1001);
    let swapped: Vec<String> = file.part_hashes().into_iter().rev().collect();
    let body = json!({"uploadID": upload["uploadID"], "parts": swapped, "name": file.name});
    assert_eq!(one.post("/object/complete_multipart_upload", &body).await.code(), 1001);
    let body = json!({"uploadID": "bm9uZQ.bm9uZQ", "parts": file.part_hashes(), "name": file.name});
    assert_eq!(one.post("/object/complete_multipart_upload", &body).await.code(), 1002);

    let logo = File { name: "logo.png".to_owned(), ..File::made_up("", 10, 6) };
    let url = logo.upload(&admin).await;
    assert!(url.ends_with("/object/logo.png"), "administrators name files as they like: {url}");
}

#[tokio::test]
async fn names_do_not_lead_out_of_the_folder() {
    let app = app().await;
    let rest = app.server.rest();
    std::fs::write(app.server.folder().join("data/objects/secret.txt"), "hush").unwrap();
    for path in [
        "/object/secret.txt",
        "/object/../secret",
        "/object/..%2f..%2fsecret",
        "/object/%2e%2e/%2e%2e/secret",
        "/object/u1/..%2F..%2F..%2Fringback.yml",
        "/object/%2fetc%2fpasswd",
        "/object//etc/passwd",
        "/object/..%5c..%5csecret",
        "/object/C:%5Cwindows%5Cwin.ini",
        "/object/u1%00.png",
        "/object/%ff%fe",
        "/object/",
        "/object/part_limit",
        &format!("/object/{}", "a/".repeat(3000)),
    ] {
        let got = rest.get(path).await;
        assert_eq!(got.status, 404, "{path}");
        assert!(!String::from_utf8_lossy(&got.bytes).contains("hush"), "{path}");
    }
}

#[tokio::test]
async fn browsers_are_let_in() {
    let app = app().await;
    let headers = [("origin", "http://x"), ("access-control-request-method", "PUT")];
    for path in ["/object/u1/a.png", "/object/u1/users", "/object/part_size"] {
        let preflight = app.server.rest().send(Method::OPTIONS, path, &headers, "").await;
        assert_eq!(preflight.status, 200, "{path}");
        for name in
            ["access-control-allow-origin", "access-control-allow-methods", "access-control-allow-headers"]
        {
            assert_eq!(header(&preflight, name), "*", "{path} {name}");
        }
    }
}

#[tokio::test]
async fn silent_parts_that_nobody_has_signed_take_nobodys_place() {
    let app = app().await;
    let rest = rest_of(&app, "u1").await;
    let mut silent = Vec::new();
    for at in 0..600 {
        let mut stream = tokio::net::TcpStream::connect(app.server.addr()).await.unwrap();
        let head = format!(
            "PUT /object/x/y?uploadID=a&partNumber={at} HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n"
        );
        tokio::io::AsyncWriteExt::write_all(&mut stream, head.as_bytes()).await.unwrap();
        silent.push(stream);
    }
    let file = File::made_up("u1/a.png", 1000, 8);
    let url = file.upload(&rest).await;
    assert_eq!(app.server.rest().get(&path_of(&url)).await.bytes, file.bytes);
    drop(silent);
}

#[tokio::test]
async fn a_part_that_is_sent_again_and_again_fills_no_disk() {
    let app = app().await;
    let rest = rest_of(&app, "u1").await;
    let file = File::made_up("u1/a.png", 1000, 9);
    let upload = file.begin(&rest).await;
    for byte in 0..5 {
        let path = part_path(&upload["sign"], 1);
        assert_eq!(rest.send(Method::PUT, &path, &[], vec![byte; 1000]).await.status, 200);
    }
    let parts = app.server.folder().join("data/objects/parts");
    let uploads = std::fs::read_dir(&parts).unwrap().map(|entry| entry.unwrap().path());
    assert_eq!(uploads.map(|one| std::fs::read_dir(one).unwrap().count()).sum::<usize>(), 1);
    // Uploads that are begun and left are bounded as well.
    let begin = async |at: u64| {
        let file = File::made_up("u1/b.png", 1000, 100 + at);
        rest.post("/object/initiate_multipart_upload", &file.announcement()).await
    };
    for at in 1..100 {
        begin(at).await.data();
    }
    let refused = begin(100).await;
    assert!(refused.body.to_string().contains("100 uploads are under way"), "{}", refused.body);
    file.put(&rest, &upload, 1).await;
    file.finish(&rest, &upload).await.data();
    begin(100).await.data();
}

#[tokio::test]
async fn an_upload_has_its_time_and_parts_go_with_it() {
    let mut app = App::start(Setup::dev().setting("objects.upload_expiry", "2s"), &["u1"]).await;
    let rest = rest_of(&app, "u1").await;
    let file = File::made_up("u1/a.png", 1000, 7);
    let upload = file.begin(&rest).await;
    assert_eq!(file.put(&rest, &upload, 1).await.status, 200);
    let over = async || (file.finish(&rest, &upload).await.code() == 1701).then_some(());
    // Asking too early would finish it: wait for the moment that the server has named.
    let left = upload["expireTime"].as_i64().unwrap() - ringback_e2e::token::now_s() * 1000;
    tokio::time::sleep(Duration::from_millis(u64::try_from(left.max(0)).unwrap()).min(SOON)).await;
    until("the upload is over", over).await;
    assert_eq!(file.put(&rest, &upload, 1).await.status, 403);
    let parts = app.server.folder().join("data/objects/parts");
    assert_eq!(std::fs::read_dir(&parts).unwrap().count(), 1);
    // It is swept regularly, and at the start.
    app.server.stop().await;
    app.server.restart().await;
    until("its parts are gone", async || (std::fs::read_dir(&parts).unwrap().count() == 0).then_some(()))
        .await;
}

#[tokio::test]
async fn uploads_can_be_switched_off() {
    let app = App::start(Setup::dev().setting("objects.backend", "off"), &["u1"]).await;
    let rest = rest_of(&app, "u1").await;
    assert_eq!(rest.post("/object/part_limit", &json!({})).await.code(), 1004);
    assert_eq!(rest.get("/object/u1/a.png").await.status, 404);
    assert!(!app.server.folder().join("data/objects").exists());
}
