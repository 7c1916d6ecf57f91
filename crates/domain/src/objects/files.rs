//! Files that come whole in one request: they are kept as objects whose names nobody can guess, some of them with a
//! secret besides, and pictures with a small one beside them.

use bytes::Bytes;
use ringback_model::command::{Actor, NewFile, ObjectOutcome};
use ringback_model::failure::{Failure, Refusal, RefusalCode};
use ringback_model::file::{FileId, ReceivedFile};
use ringback_model::limits;
use ringback_model::object::{Beginning, ObjectName, Reading, StoredObject, Upload};
use ringback_model::secret::Secret;

use super::Uploads;

/// What is kept of a file besides the bytes of others.
struct Keeping<'a> {
    name: ObjectName,
    content_type: &'a str,
    bytes: Bytes,
    reading: Reading,
}

impl Uploads {
    pub(super) async fn keep(&self, actor: &Actor, new: NewFile) -> Result<ObjectOutcome, Failure> {
        let NewFile { file, restricted, within } = new;
        self.check_file(&file)?;
        let secret = restricted.then(|| Secret::new(self.id().as_str().to_owned()));
        let small = self.parts.thumbnails.of(file.bytes.clone(), within).await;
        let reading = Reading { secret: secret.clone(), called: None, thumbnail: None };
        let thumbnail = match small {
            Some(small) => {
                let name = self.id().object();
                let (content_type, bytes) = (small.content_type, small.bytes);
                let small = Keeping { name, content_type, bytes, reading: reading.clone() };
                Some(self.lay_in(actor, small).await?)
            }
            None => None,
        };
        let id = self.id();
        let reading = Reading { called: called(&file), thumbnail, ..reading };
        let keeping =
            Keeping { name: id.object(), content_type: &file.content_type, bytes: file.bytes, reading };
        self.lay_in(actor, keeping).await?;
        Ok(ObjectOutcome::Kept { id, secret })
    }

    /// Keeps a file that is read by whoever finds its name where it is noted.
    ///
    /// # Errors
    /// `FileTooLarge`, or the backend's.
    pub(crate) async fn keep_for(&self, actor: &Actor, file: &ReceivedFile) -> Result<ObjectName, Failure> {
        self.check_file(file)?;
        let secret = Some(Secret::new(self.id().as_str().to_owned()));
        let reading = Reading { secret, called: called(file), thumbnail: None };
        let (content_type, bytes) = (file.content_type.as_str(), file.bytes.clone());
        self.lay_in(actor, Keeping { name: self.id().object(), content_type, bytes, reading }).await
    }

    /// A file, for somebody who says that he knows its secret.
    pub(super) async fn file(
        &self,
        name: &ObjectName,
        secret: Option<&Secret>,
        thumbnail: bool,
    ) -> Result<StoredObject, Failure> {
        let file = self.noted(name).await?;
        if let Some(wanted) = &file.reading.secret
            && !secret.is_some_and(|said| wanted.is(said.reveal()))
        {
            let detail = "the file has a secret, and this is not it";
            return Err(Refusal::new(RefusalCode::NoPermission, detail).into());
        }
        match &file.reading.thumbnail {
            Some(small) if thumbnail => self.noted(small).await,
            _ => Ok(file),
        }
    }

    /// A file whose name was noted where its caller may look.
    pub(crate) async fn noted(&self, name: &ObjectName) -> Result<StoredObject, Failure> {
        let gone = || Refusal::new(RefusalCode::NotFound, "there is no such file, or its time is over");
        Ok(self.kept(name).await?.ok_or_else(gone)?)
    }

    async fn lay_in(&self, actor: &Actor, keeping: Keeping<'_>) -> Result<ObjectName, Failure> {
        let Keeping { name, content_type, bytes, reading } = keeping;
        let (user, size) = (&actor.user, bytes.len() as u64);
        let now = self.parts.clock.now();
        let expires_at = now.plus(self.parts.settings.expiry);
        let id = self.id();
        let place =
            self.parts.objects.begin(Beginning { id: id.as_str(), user, size, now, expires_at }).await?;
        let pieces = Box::pin(futures_util::stream::iter([Ok(bytes)]));
        let part = self.parts.objects.put_part(&place, 1, size, pieces).await?;
        let hash = self.parts.seals.md5(part.as_str());
        let (user, content_type) = (user.clone(), content_type.to_owned());
        let upload = Upload { user, name, content_type, hash, size, part_size: size, expires_at, place };
        let (name, _) = self.complete(upload, &[part], reading).await?;
        Ok(name)
    }

    fn check_file(&self, file: &ReceivedFile) -> Result<(), Refusal> {
        let most = self.parts.settings.max_bytes.min(limits::FORM_FILE_BYTES);
        match file.bytes.len() as u64 {
            0 => Err(crate::bad("the file is empty")),
            size if size > most => Err(too_large(most)),
            _ => Ok(()),
        }
    }

    fn id(&self) -> FileId {
        FileId::of_rolls([self.parts.dice.roll(), self.parts.dice.roll()])
    }
}

fn too_large(most: u64) -> Refusal {
    let detail = format!("a file may have at most {most} bytes");
    Refusal::new(RefusalCode::FileTooLarge, detail)
}

fn called(file: &ReceivedFile) -> Option<String> {
    (!file.name.is_empty()).then(|| file.name.clone())
}
