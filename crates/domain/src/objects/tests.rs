use std::sync::Mutex;

use bytes::Bytes;
use ringback_model::command::NewFile;
use ringback_model::file::{FileId, Picture, PictureBox, ReceivedFile};
use ringback_model::object::{KnownContent, UploadPlace};
use ringback_model::ports::Fut;
use ringback_model::secret::Secret;
use ringback_model::user::Platform;

use super::*;

const HOUR: i64 = 3600 * 1000;
const MIB: u64 = 1 << 20;

/// Knows one content, remembers what it was told, and has a clock.
#[derive(Default)]
struct Fake {
    known: Mutex<Option<KnownContent>>,
    named: Mutex<Vec<StoredObject>>,
    cutoffs: Mutex<Vec<Cutoffs>>,
    open: Mutex<OpenUploads>,
    now: Mutex<i64>,
    rolls: Mutex<u64>,
}

impl Objects for Fake {
    fn known<'a>(&'a self, _: &'a Md5Hex, _: u64) -> Fut<'a, Result<Option<KnownContent>, Failure>> {
        Box::pin(async { Ok(self.known.lock().unwrap().clone()) })
    }
    fn open<'a>(&'a self, _: &'a UserId, _: UnixMs) -> Fut<'a, Result<OpenUploads, Failure>> {
        Box::pin(async { Ok(*self.open.lock().unwrap()) })
    }
    fn begin<'a>(&'a self, new: Beginning<'a>) -> Fut<'a, Result<UploadPlace, Failure>> {
        Box::pin(async move { Ok(UploadPlace { content: new.id.to_owned(), ticket: String::new() }) })
    }
    fn put_part<'a>(
        &'a self,
        _: &'a UploadPlace,
        _: u32,
        _: u64,
        _: Pieces,
    ) -> Fut<'a, Result<Md5Hex, Failure>> {
        Box::pin(async { Ok(hash()) })
    }
    fn finish<'a>(&'a self, _: &'a Upload, _: &'a [Md5Hex], _: UnixMs) -> Fut<'a, Result<(), Failure>> {
        Box::pin(async { Ok(()) })
    }
    fn name(&self, object: StoredObject) -> Fut<'_, Result<ObjectName, Failure>> {
        Box::pin(async move {
            self.named.lock().unwrap().push(object.clone());
            Ok(object.name)
        })
    }
    fn find<'a>(&'a self, name: &'a ObjectName) -> Fut<'a, Result<Option<StoredObject>, Failure>> {
        let found = self.named.lock().unwrap().iter().rev().find(|object| object.name == *name).cloned();
        Box::pin(async { Ok(found) })
    }
    fn read<'a>(&'a self, _: &'a StoredObject, _: u64, _: u64) -> Fut<'a, Result<Pieces, Failure>> {
        unreachable!("nothing is read")
    }
    fn sweep(&self, cutoffs: Cutoffs) -> Fut<'_, Result<Swept, Failure>> {
        self.cutoffs.lock().unwrap().push(cutoffs);
        Box::pin(async { Ok(Swept::default()) })
    }
}

impl Clock for Fake {
    fn now(&self) -> UnixMs {
        UnixMs(*self.now.lock().unwrap())
    }
}

impl Dice for Fake {
    fn roll(&self) -> u64 {
        let mut rolls = self.rolls.lock().unwrap();
        *rolls += 1;
        *rolls
    }
}

/// A picture is what begins with a P; a small one is a small p.
impl Thumbnails for Fake {
    fn of(&self, bytes: Bytes, _: PictureBox) -> Fut<'_, Option<Picture>> {
        let small = Picture { content_type: "image/png", bytes: Bytes::from_static(b"p") };
        Box::pin(async move { bytes.starts_with(b"P").then_some(small) })
    }
}

/// Seals by a prefix; every hash is the same.
impl Seals for Fake {
    fn seal(&self, text: &str) -> String {
        format!("sealed:{text}")
    }
    fn open(&self, sealed: &str) -> Option<String> {
        sealed.strip_prefix("sealed:").map(str::to_owned)
    }
    fn md5(&self, _: &str) -> Md5Hex {
        hash()
    }
}

fn hash() -> Md5Hex {
    Md5Hex::parse(&"0".repeat(32)).unwrap()
}

fn uploads(fake: &Arc<Fake>, keep: Option<Duration>) -> Uploads {
    Uploads::new(UploadParts {
        objects: Arc::clone(fake) as _,
        seals: Arc::clone(fake) as _,
        clock: Arc::clone(fake) as _,
        dice: Arc::clone(fake) as _,
        thumbnails: Arc::clone(fake) as _,
        settings: UploadSettings { max_bytes: 100 * MIB, expiry: Duration::from_secs(3600), keep },
    })
}

fn actor(name: &str, admin: bool) -> Actor {
    Actor {
        user: UserId::parse(name).unwrap(),
        platform: Platform::WEB,
        admin,
        token_id: String::new(),
        expires_at: UnixMs(0),
    }
}

fn begin(name: &str, size: u64, part_size: u64) -> ObjectCommand {
    ObjectCommand::Begin(NewUpload {
        hash: hash(),
        size,
        part_size,
        signed_parts: Some(2),
        name: ObjectName::parse(name).unwrap(),
        content_type: "image/png".to_owned(),
        prefix: "p/".to_owned(),
    })
}

fn refused<T: std::fmt::Debug>(result: Result<T, Failure>) -> RefusalCode {
    match result.unwrap_err() {
        Failure::Refused(refusal) => refusal.code,
        Failure::Fault(fault) => panic!("{fault}"),
    }
}

#[test]
fn parts_are_as_small_as_may_be() {
    for (size, wanted) in [(1, 5 * MIB), (48 << 30, 5 * MIB), (100 << 30, 10_737_419)] {
        assert_eq!(part_size(size), wanted);
        assert_eq!(chosen_part_size(size, 0), Ok(wanted));
    }
    for (size, asked, taken) in [
        (12 * MIB, 5 * MIB, true),
        (12 * MIB, 5 * MIB - 1, false),
        (100, 100, true),
        (100, 99, false),
        (12 * MIB, 6 << 30, false),
        (60 << 30, 5 * MIB, false),
    ] {
        assert_eq!(chosen_part_size(size, asked).is_ok(), taken, "{size} in {asked}");
    }
}

#[tokio::test]
async fn an_upload_is_its_users_and_has_its_time() {
    let fake = Arc::new(Fake::default());
    let uploads = uploads(&fake, None);
    let (me, other, admin) = (actor("u1", false), actor("u2", false), actor("root", true));
    let no = async |actor: &Actor, command| refused(uploads.execute(actor, command).await);
    assert_eq!(no(&other, begin("u1/a", 12, 0)).await, RefusalCode::NoPermission);
    assert_eq!(no(&me, begin("u1/a", 100 * MIB + 1, 0)).await, RefusalCode::BadArgument);
    assert_eq!(no(&me, begin("u1/a", 0, 0)).await, RefusalCode::BadArgument);
    let begun = uploads.execute(&me, begin("u1/a", 12 * MIB, 0)).await.unwrap();
    let ObjectOutcome::Begun { signed, part_size, expires_at } = begun else { panic!("{begun:?}") };
    assert_eq!((signed.parts.as_slice(), part_size, expires_at.0), (&[1, 2][..], 5 * MIB, HOUR));
    let finish = |parts: usize| ObjectCommand::Finish {
        upload_id: signed.upload_id.clone(),
        parts: vec![hash(); parts],
        name: None,
        content_type: None,
        prefix: String::new(),
    };
    let name = ObjectName::parse("u1/a").unwrap();
    assert_eq!(uploads.slot(&name, &signed.upload_id, 3).unwrap().size, 2 * MIB);
    assert_eq!(refused(uploads.slot(&name, &signed.upload_id, 4)), RefusalCode::BadArgument);
    assert_eq!(refused(uploads.slot(&name, "unsealed", 1)), RefusalCode::NoPermission);
    assert_eq!(no(&other, finish(3)).await, RefusalCode::NoPermission);
    assert_eq!(no(&me, finish(2)).await, RefusalCode::BadArgument);
    assert!(uploads.execute(&admin, finish(3)).await.is_ok());
    assert!(uploads.execute(&me, finish(3)).await.is_ok());
    *fake.now.lock().unwrap() = HOUR;
    assert_eq!(no(&me, finish(3)).await, RefusalCode::UploadExpired);
    assert_eq!(refused(uploads.slot(&name, &signed.upload_id, 1)), RefusalCode::UploadExpired);
}

#[tokio::test]
async fn what_is_kept_for_a_time_is_known_for_half_of_it() {
    let fake = Arc::new(Fake::default());
    let uploads = uploads(&fake, Some(Duration::from_secs(2 * 3600)));
    *fake.known.lock().unwrap() = Some(KnownContent { content: "c".to_owned(), stored_at: UnixMs(0) });
    let me = actor("u1", false);
    *fake.now.lock().unwrap() = HOUR - 1;
    let at_once = uploads.execute(&me, begin("u1/a", 12, 0)).await.unwrap();
    let ObjectOutcome::At { name, until, .. } = at_once else { panic!("{at_once:?}") };
    assert_eq!(until, Some(UnixMs(3 * HOUR - 1)));
    *fake.now.lock().unwrap() = HOUR;
    let again = uploads.execute(&me, begin("u1/b", 12, 0)).await.unwrap();
    assert!(matches!(again, ObjectOutcome::Begun { .. }), "the content would go before the name: {again:?}");
    *fake.now.lock().unwrap() = 3 * HOUR - 2;
    assert!(uploads.find(&name).await.unwrap().is_some());
    *fake.now.lock().unwrap() = 3 * HOUR - 1;
    assert!(uploads.find(&name).await.unwrap().is_none(), "also before it is swept");
    uploads.sweep().await.unwrap();
    let now = UnixMs(3 * HOUR - 1);
    let wanted = Cutoffs { now, names: Some(UnixMs(HOUR - 1)), contents: Some(UnixMs(-1)) };
    assert_eq!(*fake.cutoffs.lock().unwrap(), [wanted]);
}

#[tokio::test]
async fn what_a_user_has_under_way_is_bounded() {
    let fake = Arc::new(Fake::default());
    let uploads = uploads(&fake, None);
    let (me, admin) = (actor("u1", false), actor("root", true));
    for (count, bytes, taken) in [
        (limits::OPEN_UPLOADS - 1, 0, true),
        (limits::OPEN_UPLOADS, 0, false),
        (1, 388 * MIB, true),
        (1, 388 * MIB + 1, false),
    ] {
        *fake.open.lock().unwrap() = OpenUploads { count, bytes };
        let begun = uploads.execute(&me, begin("u1/a", 12 * MIB, 0)).await;
        assert_eq!(begun.is_ok(), taken, "{count} of {bytes}");
        if !taken {
            assert_eq!(refused(begun), RefusalCode::Overloaded);
        }
        assert!(uploads.execute(&admin, begin("logo", 12 * MIB, 0)).await.is_ok());
    }
}

fn file(bytes: &'static [u8]) -> ReceivedFile {
    let name = "a b.png".to_owned();
    ReceivedFile { name, content_type: "image/png".to_owned(), bytes: Bytes::from_static(bytes) }
}

async fn kept(uploads: &Uploads, bytes: &'static [u8], restricted: bool) -> (FileId, Option<Secret>) {
    let new = NewFile { file: file(bytes), restricted, within: PictureBox::default() };
    let kept = uploads.execute(&actor("u1", false), ObjectCommand::Keep(Box::new(new))).await.unwrap();
    let ObjectOutcome::Kept { id, secret } = kept else { panic!("{kept:?}") };
    (id, secret)
}

#[tokio::test]
async fn files_have_small_pictures_and_secrets_of_their_own() {
    let fake = Arc::new(Fake::default());
    let uploads = uploads(&fake, None);
    let read = async |id: &FileId, secret: Option<&str>, thumbnail: bool| {
        let secret = secret.map(Secret::from);
        let file = uploads.file(&id.object(), secret.as_ref(), thumbnail).await?;
        Ok::<_, Failure>((file.size, file.reading.called))
    };
    let called = Some("a b.png".to_owned());
    let (open, none) = kept(&uploads, b"Picture", false).await;
    assert_eq!(none, None);
    assert_eq!(read(&open, None, false).await.unwrap(), (7, called.clone()));
    assert_eq!(read(&open, Some("whatever"), true).await.unwrap(), (1, None), "the small one");
    assert!(uploads.find(&open.object()).await.unwrap().is_some(), "it is an object like any other");

    let (shut, secret) = kept(&uploads, b"Picture", true).await;
    let secret = secret.unwrap();
    for wrong in [None, Some(""), Some("whatever"), Some(shut.as_str())] {
        assert_eq!(refused(read(&shut, wrong, false).await), RefusalCode::NoPermission);
        assert_eq!(refused(read(&shut, wrong, true).await), RefusalCode::NoPermission);
    }
    assert_eq!(read(&shut, Some(secret.reveal()), true).await.unwrap().0, 1);
    let named = fake.named.lock().unwrap().clone();
    for object in named {
        let everybodys = uploads.find(&object.name).await.unwrap().is_some();
        assert_eq!(everybodys, object.reading.secret.is_none(), "{object:?}");
    }

    let (text, _) = kept(&uploads, b"text", false).await;
    assert_eq!(read(&text, None, true).await.unwrap(), (4, called), "there is no small one");
    let unknown = FileId::of_rolls([0, 0]);
    assert_eq!(refused(read(&unknown, None, false).await), RefusalCode::NotFound);
}

#[tokio::test]
async fn files_have_bytes_and_not_too_many() {
    let fake = Arc::new(Fake::default());
    let uploads = uploads(&fake, None);
    let most = usize::try_from(limits::FORM_FILE_BYTES).unwrap();
    for (bytes, wanted) in [
        (0, Some(RefusalCode::BadArgument)),
        (1, None),
        (most, None),
        (most + 1, Some(RefusalCode::FileTooLarge)),
    ] {
        let file = ReceivedFile { bytes: vec![b'x'; bytes].into(), ..file(b"") };
        let new = NewFile { file, restricted: false, within: PictureBox::default() };
        let done = uploads.execute(&actor("u1", false), ObjectCommand::Keep(Box::new(new))).await;
        assert_eq!(done.err().map(|failure| refused(Err::<(), _>(failure))), wanted, "{bytes} bytes");
    }
}
