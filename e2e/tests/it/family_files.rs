//! Files that come whole: uploaded as forms, downloaded by whoever has their address, and their secret where they have
//! one; files of groups with their bytes. Source: easemob-rest fact sheet 8, 11.

use http::Method;
use image::{DynamicImage, GenericImageView as _, ImageFormat, Rgb, RgbImage};
use ringback_e2e::app::platform;
use ringback_e2e::family::{Family, callback};
use ringback_e2e::receiver::Receiver;
use ringback_e2e::rest::Reply;
use ringback_e2e::setup::Setup;
use serde_json::{Value, json};

const P: &str = "/demo/demo";
const MIB: usize = 1 << 20;
/// Bytes that a file may have.
const MOST: usize = 10 * MIB;

/// A form with one file, as clients make it.
fn form(name: &str, kind: &str, bytes: &[u8]) -> Vec<u8> {
    let head = format!(
        "--cut-here\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: {kind}\r\n\r\n"
    );
    [head.as_bytes(), bytes, b"\r\n--cut-here--\r\n"].concat()
}

async fn send(family: &Family, path: &str, token: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Reply {
    let bearer = format!("Bearer {token}");
    let mut all =
        vec![("authorization", bearer.as_str()), ("content-type", "multipart/form-data; boundary=cut-here")];
    all.extend_from_slice(headers);
    family.app.server.rest().send(Method::POST, path, &all, body).await
}

async fn upload(family: &Family, headers: &[(&str, &str)], body: Vec<u8>) -> Value {
    let reply = send(family, &format!("{P}/chatfiles"), family.token(), headers, body).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.body
}

/// The path of an uploaded file, from the answer, as clients make its address.
fn path_of(answer: &Value) -> String {
    let uri = answer["uri"].as_str().unwrap();
    let path = &uri[uri.find(P).unwrap_or_else(|| panic!("{uri}"))..];
    format!("{path}/{}", answer["entities"][0]["uuid"].as_str().unwrap())
}

/// Whether a file came as it is; bytes are not shown where they differ.
fn has(reply: &Reply, bytes: &[u8]) -> bool {
    (200..300).contains(&reply.status) && reply.bytes == bytes
}

async fn get(family: &Family, path: &str, headers: &[(&str, &str)]) -> Reply {
    family.app.server.rest().send(Method::GET, path, headers, Vec::new()).await
}

fn header<'a>(reply: &'a Reply, name: &str) -> &'a str {
    reply.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
}

/// A picture that does not fit into few bytes.
fn picture(width: u32, height: u32) -> Vec<u8> {
    let noise = |x: u32, y: u32| {
        let mixed = (x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(2_246_822_519)).to_be_bytes();
        Rgb([mixed[0], mixed[1], mixed[2]])
    };
    let picture = DynamicImage::ImageRgb8(RgbImage::from_fn(width, height, noise));
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

#[tokio::test]
async fn a_file_is_kept_over_a_crash_and_read_by_everybody_who_has_its_address() {
    let mut family = Family::start(Setup::dev(), &["alice", "bob"]).await;
    let bytes: Vec<u8> = (0..3 * MIB).map(|at| at.to_le_bytes()[1]).collect();
    let kept = upload(&family, &[], form("say \u{e4}.amr", "audio/amr", &bytes)).await;
    assert_eq!(
        (&kept["action"], &kept["path"], &kept["entities"][0]["type"]),
        (&json!("post"), &json!("/chatfiles"), &json!("chatfile"))
    );
    assert_eq!(kept["entities"][0].get("share-secret"), None, "{kept}");
    assert_eq!(kept["uri"], json!(format!("http://{}{P}/chatfiles", family.app.server.addr())));
    let path = path_of(&kept);
    family.app.server.kill().await;
    family.app.server.restart().await;
    let got = get(&family, &path, &[]).await;
    assert_eq!((got.status, got.bytes == bytes), (200, true));
    assert_eq!(
        (header(&got, "content-type"), header(&got, "access-control-allow-origin")),
        ("audio/amr", "*")
    );
    let part = get(&family, &path, &[("range", "bytes=256-511"), ("thumbnail", "true")]).await;
    assert_eq!(
        (part.status, part.bytes),
        (206, bytes[256..512].to_vec().into()),
        "sound has no small picture"
    );
    let etag = header(&got, "etag").to_owned();
    assert_eq!(get(&family, &path, &[("if-none-match", &etag)]).await.status, 304);
    // By the app's id too, and with a token that is none: nobody needs one.
    let by_id = path.replace(P, "/app-id/demo");
    assert!(has(&get(&family, &by_id, &[("authorization", "Bearer none")]).await, &bytes));

    // A page is saved under its name, and not shown: it comes from a stranger.
    let page = upload(&family, &[], form("../a b.html", "text/html", b"<script>")).await;
    let got = get(&family, &path_of(&page), &[]).await;
    assert_eq!(header(&got, "content-disposition"), "attachment; filename*=UTF-8''a%20b%2Ehtml");
    assert_eq!(header(&got, "content-security-policy"), "default-src 'none'; sandbox");
}

#[tokio::test]
async fn a_restricted_file_is_read_with_its_secret_and_in_no_other_way() {
    let family = Family::start(Setup::dev(), &["alice"]).await;
    let kept =
        upload(&family, &[("restrict-access", "true")], form("a.png", "image/png", &picture(300, 200))).await;
    let (path, secret) = (path_of(&kept), kept["entities"][0]["share-secret"].as_str().unwrap());
    let whole = get(&family, &path, &[("share-secret", secret)]).await;
    assert_eq!((whole.status, header(&whole, "cache-control")), (200, "private, max-age=86400, immutable"));
    assert!(has(&get(&family, &format!("{path}?share-secret={secret}"), &[]).await, &whole.bytes));
    let small = get(&family, &path, &[("share-secret", secret), ("thumbnail", "true")]).await;
    assert!(small.status == 200 && small.bytes.len() < whole.bytes.len());
    for headers in [
        &[][..],
        &[("share-secret", "no")],
        &[("thumbnail", "true")],
        &[("authorization", &*format!("Bearer {}", family.token()))],
    ] {
        let refused = get(&family, &path, headers).await;
        assert_eq!((refused.status, &refused.body["error"]), (403, &json!("forbidden_op")), "{headers:?}");
    }
    // The store of uploads has it under a name, and does not show it there.
    let id = kept["entities"][0]["uuid"].as_str().unwrap().replace('-', "");
    assert_eq!(get(&family, &format!("/object/files/{id}"), &[]).await.status, 404);
}

#[tokio::test]
async fn pictures_have_small_ones() {
    let family = Family::start(Setup::dev(), &["alice"]).await;
    let large = picture(600, 300);
    for (headers, wanted) in [
        (&[][..], (170, 85)),
        (&[("thumbnail-width", "100")], (100, 50)),
        (&[("thumbnail-width", "500"), ("thumbnail-height", "50")], (100, 50)),
    ] {
        let kept = upload(&family, headers, form("a.png", "image/png", &large)).await;
        let small = get(&family, &path_of(&kept), &[("thumbnail", "true")]).await;
        assert_eq!(header(&small, "content-type"), "image/jpeg");
        let read = image::load_from_memory(&small.bytes).unwrap();
        assert_eq!(read.dimensions(), wanted, "{headers:?}");
        assert!(has(&get(&family, &path_of(&kept), &[]).await, &large), "the whole one is as it was");
    }
    // What calls itself a picture and is none is kept as it is.
    let fake = vec![b'x'; 20 * 1024];
    let kept = upload(&family, &[], form("a.png", "image/png", &fake)).await;
    assert!(has(&get(&family, &path_of(&kept), &[("thumbnail", "true")]).await, &fake));
    let wrong = send(
        &family,
        &format!("{P}/chatfiles"),
        family.token(),
        &[("thumbnail-width", "0")],
        form("a", "", b"x"),
    )
    .await;
    assert_eq!((wrong.status, &wrong.body["error"]), (400, &json!("illegal_argument")));
}

#[tokio::test]
async fn what_is_too_large_or_no_file_is_refused_with_a_reason() {
    let family = Family::start(Setup::dev(), &["alice"]).await;
    let path = format!("{P}/chatfiles");
    let refused = async |body: Vec<u8>| {
        let reply = send(&family, &path, family.token(), &[], body).await;
        (reply.status, reply.text("error").to_owned(), reply.text("error_description").to_owned())
    };
    let most = upload(&family, &[], form("a", "", &vec![7; MOST])).await;
    assert_eq!(get(&family, &path_of(&most), &[]).await.bytes.len(), MOST);
    for size in [MOST + 1, MOST + MIB] {
        let (status, error, text) = refused(form("a", "", &vec![7; size])).await;
        assert_eq!((status, error.as_str()), (413, "file_too_large"), "{size}: {text}");
        assert!(text.contains("10485760 bytes"), "{text}");
    }
    assert_eq!(refused(form("a", "", b"")).await.0, 400, "an empty file");
    let other = form("a", "", b"x");
    let other = String::from_utf8(other).unwrap().replace("name=\"file\"", "name=\"picture\"");
    for (body, says) in [
        (other.into_bytes(), "file must be provided"),
        (b"--cut-here\r\n".to_vec(), "not a form that can be read"),
        (Vec::new(), "not a form that can be read"),
    ] {
        let (status, error, text) = refused(body).await;
        assert_eq!((status, error.as_str()), (400, "illegal_argument"), "{text}");
        assert!(text.contains(says), "{text}");
    }
    let json = family.call(Method::POST, &path, Some(&json!({ "file": "x" }))).await;
    assert_eq!((json.status, json.text("error")), (400, "illegal_argument"), "{}", json.body);
    let stranger = send(&family, &path, "none", &[], form("a", "", b"x")).await;
    assert_eq!(stranger.status, 401, "{}", stranger.body);
    for id in ["0c9b8f3e-5a51-4d0a-9a53-2f6f0f6f7a11", "..%2f..%2fetc", "x"] {
        assert_eq!(get(&family, &format!("{path}/{id}"), &[]).await.status, 404, "{id}");
    }
}

/// A user uploads with a token of his own, and what he sends goes to both protocols' clients.
#[tokio::test]
async fn a_user_sends_what_he_has_uploaded() {
    let receiver = Receiver::start().await;
    let family = Family::start(Setup::dev(), &["alice", "bob"]).await;
    family.rule(&json!({ "name": "told", "dialect": "easemob", "phase": "after", "url": receiver.url(), "events": ["chat"] })).await;
    let bob = family.app.login("bob", platform::WEB).await;
    let grant = json!({ "grant_type": "inherit", "username": "alice" });
    let token = family.ok(Method::POST, &format!("{P}/token"), Some(&grant)).await;
    let token = token["access_token"].as_str().unwrap();
    let large = picture(300, 300);
    let kept = send(
        &family,
        &format!("{P}/chatfiles"),
        token,
        &[("restrict-access", "true")],
        form("cat.png", "image/png", &large),
    )
    .await;
    assert_eq!(kept.status, 200, "{}", kept.body);
    let address = format!("{}/{}", kept.text("uri"), kept.body["entities"][0]["uuid"].as_str().unwrap());
    let secret = kept.body["entities"][0]["share-secret"].as_str().unwrap();
    let message = json!({ "from": "alice", "to": ["bob"], "type": "img", "body": {
        "url": address, "secret": secret, "filename": "cat.png", "size": { "width": 300, "height": 300 } } });
    family.ok(Method::POST, &format!("{P}/messages/users"), Some(&message)).await;

    let told = receiver.wait_for(callback::CHAT, 1).await;
    let body = &told[0].body["payload"]["bodies"][0];
    assert_eq!((&body["url"], &body["secret"]), (&json!(address), &json!(secret)), "{body}");
    let arrived = bob.pushed(|message| message.content_type == 102).await;
    let picture: Value = serde_json::from_slice(&arrived.content).unwrap();
    let url = picture["sourcePicture"]["url"].as_str().unwrap().to_owned();
    let path = &url[url.find(P).unwrap()..];
    assert!(has(&get(&family, path, &[]).await, &large), "{url}");
}

#[tokio::test]
async fn files_of_groups_come_with_their_bytes() {
    let receiver = Receiver::start().await;
    let mut family = Family::start(Setup::dev(), &["alice", "bob"]).await;
    family.rule(&json!({ "name": "told", "dialect": "easemob", "phase": "after", "url": receiver.url(), "events": ["group_op_event:SHARE_FILE"] })).await;
    let group = json!({ "groupname": "team", "public": true, "owner": "alice", "members": ["bob"] });
    let made = family.ok(Method::POST, &format!("{P}/chatgroups"), Some(&group)).await;
    let files = format!("{P}/chatgroups/{}/share_files", made["data"]["groupid"].as_str().unwrap());
    let plan = b"a plan of the house".repeat(1000);
    let shared = send(&family, &files, family.token(), &[], form("plan.pdf", "application/pdf", &plan)).await;
    assert_eq!(shared.status, 200, "{}", shared.body);
    let file = &shared.body["data"];
    assert_eq!((&file["file_name"], &file["file_size"]), (&json!("plan.pdf"), &json!(plan.len())));
    let url = file["file_url"].as_str().unwrap();
    let path = format!("{files}/{}", file["file_id"].as_str().unwrap());
    assert_eq!(url, format!("http://{}{path}", family.app.server.addr()));
    let told = receiver.wait_for(callback::GROUP, 1).await;
    let payload = &told[0].body["payload"];
    assert_eq!((&payload["type"], &payload["share_file"]), (&json!("ADD"), &json!([file["file_id"]])));

    family.app.server.kill().await;
    family.app.server.restart().await;
    let listed = family.ok(Method::GET, &files, None).await;
    assert_eq!(listed["data"][0]["file_id"], file["file_id"], "{listed}");
    let got = family.call(Method::GET, &path, None).await;
    assert_eq!((got.status, got.bytes == plan), (200, true));
    assert_eq!(header(&got, "content-disposition"), "attachment; filename*=UTF-8''plan%2Epdf");
    assert_eq!(get(&family, &path, &[]).await.status, 401, "files of groups are for the app");
    family.ok(Method::DELETE, &path, None).await;
    assert_eq!(family.call(Method::GET, &path, None).await.status, 404);
    let nowhere =
        send(&family, &format!("{P}/chatgroups/1/share_files"), family.token(), &[], form("a", "", b"x"))
            .await;
    assert_eq!(nowhere.status, 404, "{}", nowhere.body);
}

#[tokio::test]
async fn without_a_store_of_objects_nothing_is_taken() {
    let family = Family::start(Setup::dev().setting("objects.backend", "off"), &["alice"]).await;
    let reply = send(&family, &format!("{P}/chatfiles"), family.token(), &[], form("a", "", b"x")).await;
    assert_eq!(reply.status, 404, "{}", reply.body);
    assert!(reply.text("error_description").contains("objects.backend"), "{}", reply.body);
}
