use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use md5::{Digest as _, Md5};
use ringback_model::failure::{Failure, RefusalCode};
use ringback_model::ids::UserId;
use ringback_model::object::{
    Beginning, Cutoffs, Md5Hex, ObjectName, Objects, OpenUploads, PieceError, Pieces, Reading, StoredObject,
    Swept, Upload, UploadPlace,
};
use ringback_model::time::UnixMs;

const NOW: UnixMs = UnixMs(1_760_000_000_000);
const END: UnixMs = UnixMs(1_760_000_600_000);
const DAY: i64 = 24 * 3600 * 1000;

fn md5(bytes: &[u8]) -> Md5Hex {
    Md5Hex::of_digest(Md5::digest(bytes).into())
}

fn pieces(items: Vec<Result<Bytes, PieceError>>) -> Pieces {
    Box::pin(futures_util::stream::iter(items))
}

fn body(text: &str) -> Pieces {
    let bytes = Bytes::copy_from_slice(text.as_bytes());
    let half = bytes.len() / 2;
    pieces(vec![Ok(bytes.slice(..half)), Ok(bytes.slice(half..))])
}

fn name(text: &str) -> ObjectName {
    ObjectName::parse(text).unwrap()
}

fn upload(place: UploadPlace, parts: &[&str]) -> Upload {
    let joined: Vec<String> = parts.iter().map(|part| md5(part.as_bytes()).as_str().to_owned()).collect();
    Upload {
        user: UserId::parse("u1").unwrap(),
        name: name("u1/a.txt"),
        content_type: "text/plain".to_owned(),
        hash: md5(joined.join(",").as_bytes()),
        size: parts.iter().map(|part| part.len() as u64).sum(),
        part_size: parts[0].len() as u64,
        expires_at: END,
        place,
    }
}

fn hashes(parts: &[&str]) -> Vec<Md5Hex> {
    parts.iter().map(|part| md5(part.as_bytes())).collect()
}

/// Uploads these parts and puts them together.
async fn kept(objects: &dyn Objects, id: &str, parts: &[&str], now: UnixMs) -> Upload {
    let place = begin(objects, id, now, END).await.unwrap();
    let upload = upload(place, parts);
    for (number, part) in (1..).zip(parts) {
        let size = part.len() as u64;
        assert_eq!(
            objects.put_part(&upload.place, number, size, body(part)).await.unwrap(),
            md5(part.as_bytes())
        );
    }
    objects.finish(&upload, &hashes(parts), now).await.unwrap();
    upload
}

fn stored(upload: &Upload, text: &str) -> StoredObject {
    StoredObject {
        name: name(text),
        content: upload.place.content.clone(),
        hash: upload.hash.clone(),
        size: upload.size,
        content_type: upload.content_type.clone(),
        named_at: NOW,
        reading: Reading::default(),
    }
}

async fn bytes_of(objects: &dyn Objects, object: &StoredObject, first: u64, length: u64) -> String {
    let pieces: Vec<Bytes> = objects.read(object, first, length).await.unwrap().try_collect().await.unwrap();
    String::from_utf8(pieces.concat()).unwrap()
}

fn refused<T>(result: Result<T, Failure>) -> RefusalCode {
    match result {
        Err(Failure::Refused(refusal)) => refusal.code,
        Err(Failure::Fault(fault)) => panic!("a fault: {fault}"),
        Ok(_) => panic!("it was not refused"),
    }
}

/// Begins an upload of one byte by `u1`.
async fn begin(
    objects: &dyn Objects,
    id: &str,
    now: UnixMs,
    expires_at: UnixMs,
) -> Result<UploadPlace, Failure> {
    let user = UserId::parse("u1").unwrap();
    objects.begin(Beginning { id, user: &user, size: 1, now, expires_at }).await
}

fn open(folder: &Path) -> Arc<dyn Objects> {
    super::folder(folder).unwrap()
}

const ID: &str = "00000000000000000000000000000001";
const OTHER: &str = "00000000000000000000000000000002";

#[tokio::test]
async fn what_was_uploaded_is_read_whole_and_in_part_also_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let objects = open(folder.path());
    let place = begin(&*objects, ID, NOW, END).await.unwrap();
    let upload = upload(place, &["hello", "world", "!"]);
    // Out of order, one of them twice, and the server starts again in the middle.
    objects.put_part(&upload.place, 3, 1, body("!")).await.unwrap();
    objects.put_part(&upload.place, 1, 5, body("wrong")).await.unwrap();
    objects.put_part(&upload.place, 1, 5, body("hello")).await.unwrap();
    let objects = open(folder.path());
    objects.put_part(&upload.place, 2, 5, body("world")).await.unwrap();
    assert!(objects.known(&upload.hash, 11).await.unwrap().is_none());
    for _ in 0..2 {
        objects.finish(&upload, &hashes(&["hello", "world", "!"]), NOW).await.unwrap();
    }
    let known = objects.known(&upload.hash, 11).await.unwrap().unwrap();
    assert_eq!((known.content, known.stored_at), (upload.place.content.clone(), NOW));
    assert!(objects.known(&upload.hash, 12).await.unwrap().is_none());

    assert_eq!(objects.name(stored(&upload, "u1/a.txt")).await.unwrap(), name("u1/a.txt"));
    let objects = open(folder.path());
    let object = objects.find(&name("u1/a.txt")).await.unwrap().unwrap();
    assert_eq!(object, stored(&upload, "u1/a.txt"));
    for (first, length, wanted) in [(0, 11, "helloworld!"), (4, 3, "owo"), (10, 1, "!"), (11, 0, "")] {
        assert_eq!(bytes_of(&*objects, &object, first, length).await, wanted);
    }
    assert_eq!(refused(objects.read(&object, 10, 2).await), RefusalCode::NotFound);
    assert!(objects.find(&name("u1/b.txt")).await.unwrap().is_none());
    assert_eq!(fs_entries(&folder.path().join("parts")), 0, "parts go when they are put together");
    assert_eq!(fs_entries(&folder.path().join("uploads")), 0);
    assert_eq!(fs_entries(&folder.path().join("drafts")), 0);
}

fn fs_entries(path: &Path) -> usize {
    std::fs::read_dir(path).unwrap().count()
}

#[tokio::test]
async fn parts_that_are_not_what_was_announced_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let objects = open(folder.path());
    let place = begin(&*objects, ID, NOW, END).await.unwrap();
    let upload = upload(place, &["hello", "w"]);
    let broken = || pieces(vec![Ok(Bytes::from_static(b"hel")), Err(PieceError::Late)]);
    for (size, bytes) in [(4, body("hello")), (6, body("hello")), (5, broken())] {
        assert_eq!(refused(objects.put_part(&upload.place, 1, size, bytes).await), RefusalCode::BadArgument);
    }
    assert_eq!(fs_entries(&folder.path().join("drafts")), 0, "nothing of them stays");
    objects.put_part(&upload.place, 1, 5, body("hullo")).await.unwrap();
    let finish = async |parts: &[&str]| objects.finish(&upload, &hashes(parts), NOW).await;
    assert_eq!(refused(finish(&["hello", "w"]).await), RefusalCode::BadArgument);
    assert_eq!(refused(finish(&["hullo", "w"]).await), RefusalCode::BadArgument, "one is missing");
    let nowhere = UploadPlace { content: "contents/00000001/ff".to_owned(), ticket: String::new() };
    assert_eq!(refused(objects.put_part(&nowhere, 1, 1, body("x")).await), RefusalCode::BadArgument);
    let outside = UploadPlace { content: "contents/../../x".to_owned(), ticket: String::new() };
    assert!(matches!(begin(&*objects, "../../x", NOW, END).await, Err(Failure::Fault(_))));
    assert!(matches!(objects.put_part(&outside, 1, 1, body("x")).await, Err(Failure::Fault(_))));
}

#[tokio::test]
async fn a_name_never_changes_its_content() {
    let folder = tempfile::tempdir().unwrap();
    let objects = open(folder.path());
    let first = kept(&*objects, ID, &["one"], NOW).await;
    let second = kept(&*objects, OTHER, &["two"], NOW).await;
    let named = async |upload: &Upload| objects.name(stored(upload, "u1/a.png")).await.unwrap();
    assert_eq!(named(&first).await, name("u1/a.png"));
    let marked = named(&second).await;
    assert_eq!(marked, name("u1/a.png").marked(&second.hash.as_str()[..8]));
    assert_eq!(named(&second).await, marked);
    assert_eq!(named(&first).await, name("u1/a.png"));
    for (name, wanted) in [(name("u1/a.png"), "one"), (marked, "two")] {
        let object = objects.find(&name).await.unwrap().unwrap();
        assert_eq!(bytes_of(&*objects, &object, 0, 3).await, wanted);
    }
}

#[tokio::test]
async fn what_is_beyond_its_time_goes_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let objects = open(folder.path());
    let old = kept(&*objects, ID, &["old"], NOW).await;
    let new = kept(&*objects, OTHER, &["new"], UnixMs(NOW.0 + 3 * DAY)).await;
    for (upload, text) in [(&old, "u1/old"), (&new, "u1/new")] {
        objects.name(stored(upload, text)).await.unwrap();
    }
    let abandoned = begin(&*objects, "0a", NOW, END).await.unwrap();
    objects.put_part(&abandoned, 1, 1, body("x")).await.unwrap();
    let under_way = begin(&*objects, "0b", NOW, UnixMs(END.0 + 2)).await.unwrap();

    let cutoffs = Cutoffs { now: UnixMs(END.0 + 1), names: None, contents: None };
    assert_eq!(objects.sweep(cutoffs).await.unwrap(), Swept { uploads: 1, names: 0, contents: 0 });
    assert_eq!(refused(objects.put_part(&abandoned, 2, 1, body("x")).await), RefusalCode::BadArgument);
    objects.put_part(&under_way, 1, 1, body("x")).await.unwrap();

    let cutoffs = Cutoffs { contents: Some(UnixMs(NOW.0 + 2 * DAY)), ..cutoffs };
    assert_eq!(objects.sweep(cutoffs).await.unwrap(), Swept { contents: 1, ..Swept::default() });
    assert!(objects.known(&old.hash, 3).await.unwrap().is_none());
    assert_eq!(refused(objects.read(&stored(&old, "u1/old"), 0, 3).await), RefusalCode::NotFound);
    assert_eq!(bytes_of(&*objects, &stored(&new, "u1/new"), 0, 3).await, "new");
    assert_eq!(fs_entries(&folder.path().join("contents")), 1, "a day without contents has no folder");

    let cutoffs = Cutoffs { names: Some(UnixMs(0)), ..cutoffs };
    assert_eq!(objects.sweep(cutoffs).await.unwrap().names, 0);
    let cutoffs = Cutoffs { names: Some(UnixMs(i64::MAX)), ..cutoffs };
    assert_eq!(objects.sweep(cutoffs).await.unwrap().names, 2);
    assert!(objects.find(&name("u1/new")).await.unwrap().is_none());
}

#[tokio::test]
async fn a_part_that_is_sent_again_takes_the_place_of_the_one_before() {
    let folder = tempfile::tempdir().unwrap();
    let objects = open(folder.path());
    let place = begin(&*objects, ID, NOW, END).await.unwrap();
    for (number, text) in [(1, "one"), (10, "ten"), (1, "two"), (1, "six"), (1, "six")] {
        objects.put_part(&place, number, 3, body(text)).await.unwrap();
    }
    assert_eq!(fs_entries(&folder.path().join("parts").join(ID)), 2, "a file for 1, one for 10");
}

#[tokio::test]
async fn what_a_user_has_under_way_is_counted_until_it_ends() {
    let folder = tempfile::tempdir().unwrap();
    let objects = open(folder.path());
    let (me, other) = (UserId::parse("u1").unwrap(), UserId::parse("u2").unwrap());
    let begin = async |id: &'static str, size: u64, expires_at: UnixMs| {
        objects.begin(Beginning { id, user: &me, size, now: NOW, expires_at }).await.unwrap()
    };
    let place = begin(ID, 5, UnixMs(END.0 + 9)).await;
    begin(OTHER, 7, END).await;
    let count = async |user: &UserId, now: i64| {
        let OpenUploads { count, bytes } = open(folder.path()).open(user, UnixMs(now)).await.unwrap();
        (count, bytes)
    };
    assert_eq!((count(&me, NOW.0).await, count(&other, NOW.0).await), ((2, 12), (0, 0)));
    assert_eq!(count(&me, END.0).await, (1, 5), "one has ended");
    let upload = Upload { expires_at: UnixMs(END.0 + 9), ..upload(place, &["hello"]) };
    objects.put_part(&upload.place, 1, 5, body("hello")).await.unwrap();
    objects.finish(&upload, &hashes(&["hello"]), NOW).await.unwrap();
    assert_eq!(count(&me, NOW.0).await, (0, 0), "the other one is finished");

    begin("0c", 1, END).await;
    let cutoffs = Cutoffs { now: UnixMs(END.0 + 1), names: None, contents: None };
    assert_eq!(objects.sweep(cutoffs).await.unwrap().uploads, 2);
    assert_eq!(count(&me, NOW.0).await, (0, 0), "swept");
}
