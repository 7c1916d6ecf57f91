//! Uploads: who may upload what under which name, how an upload goes on, and what everybody may read.

use std::sync::Arc;
use std::time::Duration;

use ringback_model::command::{Actor, NewUpload, ObjectCommand, ObjectOutcome, Outcome, SignedParts};
use ringback_model::failure::{Failure, Fault, Refusal, RefusalCode};
use ringback_model::file::{FileId, Thumbnails};
use ringback_model::ids::UserId;
use ringback_model::limits;
use ringback_model::object::{
    Beginning, Cutoffs, Md5Hex, ObjectName, Objects, OpenUploads, Pieces, Reading, Seals, StoredObject,
    Swept, Upload,
};
use ringback_model::ports::{Clock, Dice};
use ringback_model::secret::Secret;
use ringback_model::time::UnixMs;

use crate::turns::Turns;
use crate::{Im, at_most, bad};

mod files;

/// Choices of the operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UploadSettings {
    /// Most bytes of one object.
    pub max_bytes: u64,
    /// Time for an upload.
    pub expiry: Duration,
    /// How long an object is kept; `None` = for ever.
    pub keep: Option<Duration>,
}

/// What [`Uploads`] is made of.
pub struct UploadParts {
    /// Where files are kept.
    pub objects: Arc<dyn Objects>,
    /// Makes the texts that name uploads.
    pub seals: Arc<dyn Seals>,
    /// Wall time.
    pub clock: Arc<dyn Clock>,
    /// Luck.
    pub dice: Arc<dyn Dice>,
    /// Makes small pictures.
    pub thumbnails: Arc<dyn Thumbnails>,
    /// Choices of the operator.
    pub settings: UploadSettings,
}

/// Uploads. Nothing about one that is under way is in memory: its text says everything, and where files are kept it is
/// counted.
pub struct Uploads {
    parts: UploadParts,
    turns: Turns,
}

/// A part on its way in.
#[derive(Debug, Clone)]
pub struct PartSlot {
    upload: Upload,
    number: u32,
    /// Bytes that it must have.
    pub size: u64,
}

impl PartSlot {
    /// Who has begun the upload.
    #[must_use]
    pub const fn user(&self) -> &UserId {
        &self.upload.user
    }
}

impl Uploads {
    /// Puts it together.
    #[must_use]
    pub fn new(parts: UploadParts) -> Self {
        Self { parts, turns: Turns::default() }
    }

    pub(crate) async fn execute(
        &self,
        actor: &Actor,
        command: ObjectCommand,
    ) -> Result<ObjectOutcome, Failure> {
        match command {
            ObjectCommand::Limits => Ok(ObjectOutcome::Limits {
                part_min: limits::OBJECT_PART_BYTES_MIN,
                part_max: limits::OBJECT_PART_BYTES_MAX,
                parts: limits::OBJECT_PARTS,
            }),
            ObjectCommand::PartSize { size } => {
                self.check_size(size)?;
                Ok(ObjectOutcome::PartSize(part_size(size)))
            }
            ObjectCommand::Begin(new) => self.begin(actor, new).await,
            ObjectCommand::Sign { upload_id, parts, prefix } => self.sign(actor, upload_id, parts, prefix),
            ObjectCommand::Finish { upload_id, parts, name, content_type, prefix } => {
                let mut upload = self.opened(actor, &upload_id)?;
                if let Some(name) = name {
                    check_owner(actor, &name)?;
                    upload.name = name;
                }
                upload.content_type = content_type.unwrap_or(upload.content_type);
                self.finish(upload, &parts, prefix).await
            }
            ObjectCommand::Address { name, prefix } => {
                let found = self.find(&name).await?;
                let object = found.ok_or_else(|| not_found(&name))?;
                Ok(self.at(prefix, name, object.named_at))
            }
            ObjectCommand::Keep(new) => self.keep(actor, *new).await,
        }
    }

    async fn begin(&self, actor: &Actor, new: NewUpload) -> Result<ObjectOutcome, Failure> {
        let NewUpload { hash, size, part_size: asked, signed_parts, name, content_type, prefix } = new;
        check_owner(actor, &name)?;
        self.check_size(size)?;
        let part_size = chosen_part_size(size, asked)?;
        let now = self.parts.clock.now();
        // One at a time per user: what is under way is counted before another one is added to it.
        let _turn = self.turns.of(&actor.user).await;
        if let Some(content) = self.known(&hash, size, now).await? {
            let object = StoredObject {
                name,
                content,
                hash,
                size,
                content_type,
                named_at: now,
                reading: Reading::default(),
            };
            let name = self.parts.objects.name(object).await?;
            return Ok(self.at(prefix, name, now));
        }
        self.check_room(actor, size, now).await?;
        let expires_at = now.plus(self.parts.settings.expiry);
        let id = format!("{:016x}{:016x}", self.parts.dice.roll(), self.parts.dice.roll());
        let place =
            self.parts.objects.begin(Beginning { id: &id, user: &actor.user, size, now, expires_at }).await?;
        let upload =
            Upload { user: actor.user.clone(), name, content_type, hash, size, part_size, expires_at, place };
        let text = serde_json::to_string(&upload)
            .map_err(|error| Fault::from_error("an upload cannot be written down", error))?;
        let last = upload.parts().min(signed_parts.unwrap_or(u32::MAX));
        let signed = SignedParts {
            upload_id: self.parts.seals.seal(&text),
            prefix,
            name: upload.name,
            parts: (1..=last).collect(),
        };
        Ok(ObjectOutcome::Begun { signed, part_size, expires_at })
    }

    /// Uploads that are begun and left would fill the disk until they end. Administrators are not bounded: they bring
    /// what others have uploaded elsewhere.
    async fn check_room(&self, actor: &Actor, size: u64, now: UnixMs) -> Result<(), Failure> {
        if actor.admin {
            return Ok(());
        }
        let OpenUploads { count, bytes } = self.parts.objects.open(&actor.user, now).await?;
        let most = self.parts.settings.max_bytes.saturating_mul(limits::OPEN_UPLOADS_OF_GREATEST_SIZE);
        let detail = if count >= limits::OPEN_UPLOADS {
            format!("{count} uploads are under way: finish them, or wait until they end")
        } else if bytes.saturating_add(size) > most {
            format!(
                "uploads of {bytes} bytes are under way, at most {most} may be: finish them, or wait until they end"
            )
        } else {
            return Ok(());
        };
        Err(Refusal::new(RefusalCode::Overloaded, detail).into())
    }

    /// Content that is there and will be for as long as a new name lasts.
    async fn known(&self, hash: &Md5Hex, size: u64, now: UnixMs) -> Result<Option<String>, Failure> {
        let known = self.parts.objects.known(hash, size).await?;
        let keep = self.parts.settings.keep;
        let fresh = known.filter(|known| keep.is_none_or(|keep| now.since(known.stored_at) < keep / 2));
        Ok(fresh.map(|known| known.content))
    }

    fn sign(
        &self,
        actor: &Actor,
        upload_id: String,
        parts: Vec<u32>,
        prefix: String,
    ) -> Result<ObjectOutcome, Failure> {
        at_most("partNumbers", parts.len(), limits::OBJECT_PARTS as usize)?;
        let upload = self.opened(actor, &upload_id)?;
        if let Some(number) = parts.iter().find(|number| upload.part_bytes(**number).is_none()) {
            return Err(no_part(&upload, *number));
        }
        Ok(ObjectOutcome::Signed(SignedParts { upload_id, prefix, name: upload.name, parts }))
    }

    async fn finish(
        &self,
        upload: Upload,
        parts: &[Md5Hex],
        prefix: String,
    ) -> Result<ObjectOutcome, Failure> {
        if parts.len() != upload.parts() as usize {
            return Err(
                bad(format!("the upload has {} parts, {} are named", upload.parts(), parts.len())).into()
            );
        }
        let joined: Vec<&str> = parts.iter().map(Md5Hex::as_str).collect();
        if self.parts.seals.md5(&joined.join(",")) != upload.hash {
            return Err(bad("the hashes of the parts do not make the hash that was announced").into());
        }
        let (name, now) = self.complete(upload, parts, Reading::default()).await?;
        Ok(self.at(prefix, name, now))
    }

    /// Puts an upload together and gives it its name; what that became, and since when it has it.
    async fn complete(
        &self,
        upload: Upload,
        parts: &[Md5Hex],
        reading: Reading,
    ) -> Result<(ObjectName, UnixMs), Failure> {
        let now = self.parts.clock.now();
        self.parts.objects.finish(&upload, parts, now).await?;
        let Upload { name, content_type, hash, size, place, .. } = upload;
        let content = place.content;
        let object = StoredObject { name, content, hash, size, content_type, named_at: now, reading };
        Ok((self.parts.objects.name(object).await?, now))
    }

    /// Where a part belongs, before its bytes are read. Whoever has the text of an upload may send its parts.
    ///
    /// # Errors
    /// `NoPermission` for a text that is none of ours, `UploadExpired`, `BadArgument` for a part that it does not have.
    pub fn slot(&self, name: &ObjectName, upload_id: &str, number: u32) -> Result<PartSlot, Failure> {
        let upload = self.unsealed(upload_id)?;
        if upload.name != *name {
            return Err(Refusal::new(RefusalCode::NoPermission, "the upload has another name").into());
        }
        let size = upload.part_bytes(number).ok_or_else(|| no_part(&upload, number))?;
        Ok(PartSlot { upload, number, size })
    }

    /// Takes a part; answers its MD5.
    ///
    /// # Errors
    /// See [`Objects::put_part`].
    pub async fn put_part(&self, slot: &PartSlot, bytes: Pieces) -> Result<Md5Hex, Failure> {
        self.parts.objects.put_part(&slot.upload.place, slot.number, slot.size, bytes).await
    }

    /// What is kept under a name for everybody who knows it.
    ///
    /// # Errors
    /// The backend's.
    pub async fn find(&self, name: &ObjectName) -> Result<Option<StoredObject>, Failure> {
        Ok(self.kept(name).await?.filter(|object| object.reading.secret.is_none()))
    }

    /// What is kept under a name.
    async fn kept(&self, name: &ObjectName) -> Result<Option<StoredObject>, Failure> {
        let now = self.parts.clock.now();
        let keep = self.parts.settings.keep;
        let found = self.parts.objects.find(name).await?;
        Ok(found.filter(|object| keep.is_none_or(|keep| now.since(object.named_at) < keep)))
    }

    /// `length` bytes of an object from `first` on.
    ///
    /// # Errors
    /// `NotFound` where its content has gone, or has no such bytes.
    pub async fn read(&self, object: &StoredObject, first: u64, length: u64) -> Result<Pieces, Failure> {
        self.parts.objects.read(object, first, length).await
    }

    /// Removes what is beyond its time.
    ///
    /// # Errors
    /// The backend's.
    pub async fn sweep(&self) -> Result<Swept, Failure> {
        let now = self.parts.clock.now();
        let before = |keep: Duration| UnixMs(now.0.saturating_sub(millis(keep)));
        let keep = self.parts.settings.keep;
        // Content gets new names for half of its time, and every name its whole time: content lasts longer by a half.
        let cutoffs =
            Cutoffs { now, names: keep.map(before), contents: keep.map(|keep| before(keep + keep / 2)) };
        self.parts.objects.sweep(cutoffs).await
    }

    /// The upload that a text names, for somebody who may go on with it.
    fn opened(&self, actor: &Actor, upload_id: &str) -> Result<Upload, Failure> {
        let upload = self.unsealed(upload_id)?;
        if !actor.admin && actor.user != upload.user {
            return Err(Refusal::new(RefusalCode::NoPermission, "the upload is somebody else's").into());
        }
        Ok(upload)
    }

    fn unsealed(&self, upload_id: &str) -> Result<Upload, Failure> {
        let text =
            if upload_id.len() > limits::UPLOAD_ID_BYTES { None } else { self.parts.seals.open(upload_id) };
        let upload = text.and_then(|text| serde_json::from_str::<Upload>(&text).ok());
        let Some(upload) = upload else {
            return Err(Refusal::new(RefusalCode::NoPermission, "uploadID is none of this server's").into());
        };
        if upload.expires_at <= self.parts.clock.now() {
            return Err(Refusal::new(RefusalCode::UploadExpired, "the time for the upload is over").into());
        }
        Ok(upload)
    }

    fn check_size(&self, size: u64) -> Result<(), Refusal> {
        let most = self.parts.settings.max_bytes;
        if size == 0 {
            return Err(bad("size is 0"));
        }
        if size > most {
            return Err(bad(format!("size is {size} bytes, at most {most} are allowed (objects.max_bytes)")));
        }
        Ok(())
    }

    fn at(&self, prefix: String, name: ObjectName, named_at: UnixMs) -> ObjectOutcome {
        ObjectOutcome::At { prefix, name, until: self.parts.settings.keep.map(|keep| named_at.plus(keep)) }
    }
}

impl Im {
    pub(crate) async fn objects(&self, actor: &Actor, command: ObjectCommand) -> Result<Outcome, Failure> {
        self.uploads()?.execute(actor, command).await.map(Outcome::Objects)
    }

    pub(crate) async fn read_file(
        &self,
        id: &FileId,
        secret: Option<&Secret>,
        thumbnail: bool,
    ) -> Result<Outcome, Failure> {
        let object = self.uploads()?.file(&id.object(), secret, thumbnail).await?;
        Ok(Outcome::Objects(ObjectOutcome::Content(Box::new(object))))
    }

    pub(crate) fn uploads(&self) -> Result<&Uploads, Refusal> {
        let off = || Refusal::new(RefusalCode::NotFound, "uploads are switched off (objects.backend)");
        self.uploads.as_deref().ok_or_else(off)
    }
}

/// Bytes of parts of an object of this size: the least, unless there would be too many of them.
fn part_size(size: u64) -> u64 {
    size.div_ceil(u64::from(limits::OBJECT_PARTS)).max(limits::OBJECT_PART_BYTES_MIN)
}

fn chosen_part_size(size: u64, asked: u64) -> Result<u64, Refusal> {
    if asked == 0 {
        return Ok(part_size(size));
    }
    let (least, most) = (limits::OBJECT_PART_BYTES_MIN, limits::OBJECT_PART_BYTES_MAX);
    // An object of one part may say its own size.
    if (asked < least && asked < size) || asked > most {
        return Err(bad(format!("partSize is {asked}, which is not {least} to {most}")));
    }
    if size.div_ceil(asked) > u64::from(limits::OBJECT_PARTS) {
        return Err(bad(format!("partSize {asked} makes more than {} parts", limits::OBJECT_PARTS)));
    }
    Ok(asked)
}

fn check_owner(actor: &Actor, name: &ObjectName) -> Result<(), Refusal> {
    if actor.admin || name.is_of(&actor.user) {
        return Ok(());
    }
    let detail = format!("name must begin with {}/", actor.user);
    Err(Refusal::new(RefusalCode::NoPermission, detail))
}

fn no_part(upload: &Upload, number: u32) -> Failure {
    bad(format!("the upload has the parts 1 to {}, and no part {number}", upload.parts())).into()
}

fn not_found(name: &ObjectName) -> Failure {
    Refusal::new(RefusalCode::NotFound, format!("there is no object {name}")).into()
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
