//! The port's promises over any backend.

use ringback_model::failure::{Failure, Fault, Refusal, RefusalCode};
use ringback_model::ids::UserId;
use ringback_model::limits;
use ringback_model::object::{
    Beginning, Cutoffs, KnownContent, Md5Hex, ObjectName, Objects, OpenUploads, Pieces, StoredObject, Swept,
    Upload, UploadPlace,
};
use ringback_model::ports::Fut;
use ringback_model::time::UnixMs;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::backend::{Backend, StoredPart, gone, not_under_way};
use crate::keys;

/// Characters of the hash that a name is marked with when it is taken; then all of them.
const MARK_CHARS: usize = 8;

/// The record of an upload under way.
#[derive(Debug, Serialize, Deserialize)]
struct UnderWay {
    #[serde(flatten)]
    place: UploadPlace,
    /// Its key among those of its user; none in records of earlier versions.
    #[serde(default)]
    open: Option<String>,
}

/// Objects over a backend.
pub(crate) struct Shelf<B> {
    backend: B,
}

impl<B: Backend> Shelf<B> {
    pub(crate) const fn new(backend: B) -> Self {
        Self { backend }
    }

    async fn record<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, Failure> {
        let Some(bytes) = self.backend.record(key).await? else { return Ok(None) };
        match serde_json::from_slice(&bytes) {
            Ok(record) => Ok(Some(record)),
            Err(error) => Err(Fault::from_error(format!("the record {key} cannot be read"), error).into()),
        }
    }

    /// Gives the content this name, unless the name belongs to other content.
    async fn take(&self, object: &StoredObject) -> Result<bool, Failure> {
        let key = keys::of_name(&object.name);
        let bytes = json(object)?;
        if self.backend.create(&key, bytes.clone()).await? {
            return Ok(true);
        }
        let Some(there) = self.record::<StoredObject>(&key).await? else {
            // It has just been swept; whoever asks again has the name.
            return Ok(false);
        };
        if (&there.hash, there.size) != (&object.hash, object.size) {
            return Ok(false);
        }
        // The same bytes: their time begins anew.
        self.backend.write(&key, bytes).await?;
        Ok(true)
    }

    async fn check_parts(&self, upload: &Upload, wanted: &[Md5Hex]) -> Result<Vec<StoredPart>, Failure> {
        let there = self.backend.parts(&upload.place).await?;
        if there.is_empty() {
            return Err(not_under_way());
        }
        let mut chosen = Vec::with_capacity(wanted.len());
        for (number, md5) in (1..).zip(wanted) {
            let size = upload.part_bytes(number).unwrap_or(0);
            let part = StoredPart { number, md5: md5.clone(), size };
            if !there.contains(&part) {
                let known = there.iter().any(|one| one.number == number);
                let what = if known { "has other bytes than announced" } else { "is missing" };
                return Err(Refusal::new(RefusalCode::BadArgument, format!("part {number} {what}")).into());
            }
            chosen.push(part);
        }
        Ok(chosen)
    }

    async fn sweep_uploads(&self, now: UnixMs) -> Result<usize, Failure> {
        let bound = keys::upload_bound(now);
        let mut swept = 0;
        for entry in self.backend.list(keys::UPLOADS, limits::OBJECT_SWEEP).await? {
            if entry.key >= bound {
                break;
            }
            if let Some(under_way) = self.record::<UnderWay>(&entry.key).await? {
                self.backend.abandon(&under_way.place).await?;
                if let Some(open) = &under_way.open {
                    self.backend.remove(open).await?;
                }
            }
            self.backend.remove(&entry.key).await?;
            swept += 1;
        }
        Ok(swept)
    }

    /// Names, and which contents are known.
    async fn sweep_records(&self, before: UnixMs) -> Result<usize, Failure> {
        let mut names = 0;
        for shard in keys::shards() {
            for entry in self.backend.list(&shard, limits::OBJECT_SWEEP).await? {
                if entry.written_at < before {
                    self.backend.remove(&entry.key).await?;
                    names += usize::from(shard.starts_with("names/"));
                }
            }
        }
        Ok(names)
    }

    async fn sweep_contents(&self, before: UnixMs) -> Result<usize, Failure> {
        let bound = keys::content_bound(before);
        let mut swept = 0;
        for entry in self.backend.list(keys::CONTENTS, limits::OBJECT_SWEEP).await? {
            if entry.key >= bound {
                break;
            }
            self.backend.remove(&entry.key).await?;
            swept += 1;
        }
        Ok(swept)
    }
}

impl<B: Backend> Objects for Shelf<B> {
    fn known<'a>(&'a self, hash: &'a Md5Hex, size: u64) -> Fut<'a, Result<Option<KnownContent>, Failure>> {
        Box::pin(async move {
            let Some(known) = self.record::<KnownContent>(&keys::of_hash(hash, size)).await? else {
                return Ok(None);
            };
            let there = self.backend.size(&known.content).await? == Some(size);
            Ok(there.then_some(known))
        })
    }

    fn open<'a>(&'a self, user: &'a UserId, now: UnixMs) -> Fut<'a, Result<OpenUploads, Failure>> {
        Box::pin(async move {
            let mut open = OpenUploads::default();
            for entry in self.backend.list(&keys::open_of(user), limits::OBJECT_SWEEP).await? {
                match keys::read_open(&entry.key) {
                    Some((expires_at, size)) if expires_at > now => {
                        open.count += 1;
                        open.bytes = open.bytes.saturating_add(size);
                    }
                    // Those that ended would hide the others behind them: the sweep may come much later.
                    _ => self.backend.remove(&entry.key).await?,
                }
            }
            Ok(open)
        })
    }

    fn begin<'a>(&'a self, new: Beginning<'a>) -> Fut<'a, Result<UploadPlace, Failure>> {
        Box::pin(async move {
            let content = keys::of_content(new.id, new.now);
            let ticket = self.backend.begin(&content).await?;
            let place = UploadPlace { content, ticket };
            let open = keys::of_open(new.user, new.id, new.expires_at, new.size);
            let under_way = UnderWay { place, open: Some(open.clone()) };
            // Where the second write fails, the upload is swept in its time, uncounted and unknown to anybody.
            self.backend.write(&keys::of_upload(new.id, new.expires_at), json(&under_way)?).await?;
            self.backend.write(&open, b"{}".to_vec()).await?;
            Ok(under_way.place)
        })
    }

    fn put_part<'a>(
        &'a self,
        place: &'a UploadPlace,
        number: u32,
        size: u64,
        bytes: Pieces,
    ) -> Fut<'a, Result<Md5Hex, Failure>> {
        self.backend.put_part(place, number, size, bytes)
    }

    fn finish<'a>(
        &'a self,
        upload: &'a Upload,
        parts: &'a [Md5Hex],
        now: UnixMs,
    ) -> Fut<'a, Result<(), Failure>> {
        Box::pin(async move {
            let content = &upload.place.content;
            if self.backend.size(content).await? != Some(upload.size) {
                let parts = self.check_parts(upload, parts).await?;
                self.backend.assemble(&upload.place, &parts).await?;
            }
            let known = KnownContent { content: content.clone(), stored_at: now };
            self.backend.write(&keys::of_hash(&upload.hash, upload.size), json(&known)?).await?;
            self.backend.abandon(&upload.place).await?;
            let id = keys::last(content);
            self.backend.remove(&keys::of_open(&upload.user, id, upload.expires_at, upload.size)).await?;
            self.backend.remove(&keys::of_upload(id, upload.expires_at)).await
        })
    }

    fn name(&self, object: StoredObject) -> Fut<'_, Result<ObjectName, Failure>> {
        Box::pin(async move {
            let hash = object.hash.as_str();
            let names = [
                object.name.clone(),
                object.name.marked(&hash[..MARK_CHARS]),
                object.name.marked(&format!("{hash}-{}", object.size)),
            ];
            for name in names {
                let object = StoredObject { name, ..object.clone() };
                if self.take(&object).await? {
                    return Ok(object.name);
                }
            }
            Err(Refusal::new(RefusalCode::Duplicate, "the name is taken").into())
        })
    }

    fn find<'a>(&'a self, name: &'a ObjectName) -> Fut<'a, Result<Option<StoredObject>, Failure>> {
        Box::pin(async move { self.record(&keys::of_name(name)).await })
    }

    fn read<'a>(
        &'a self,
        object: &'a StoredObject,
        first: u64,
        length: u64,
    ) -> Fut<'a, Result<Pieces, Failure>> {
        Box::pin(async move {
            if first.checked_add(length).is_none_or(|end| end > object.size) {
                return Err(gone());
            }
            if length == 0 {
                return Ok(Box::pin(futures_util::stream::empty()) as Pieces);
            }
            self.backend.read(&object.content, first, length).await
        })
    }

    fn sweep(&self, cutoffs: Cutoffs) -> Fut<'_, Result<Swept, Failure>> {
        Box::pin(async move {
            let mut swept = Swept { uploads: self.sweep_uploads(cutoffs.now).await?, ..Swept::default() };
            if let Some(before) = cutoffs.names {
                swept.names = self.sweep_records(before).await?;
            }
            if let Some(before) = cutoffs.contents {
                swept.contents = self.sweep_contents(before).await?;
            }
            Ok(swept)
        })
    }
}

fn json(record: &impl Serialize) -> Result<Vec<u8>, Fault> {
    serde_json::to_vec(record).map_err(|error| Fault::from_error("a record cannot be written", error))
}
