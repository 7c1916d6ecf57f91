//! Files that come whole, as a field of a form (`multipart/form-data`, RFC 7578). They are in memory until they are
//! kept: how many bytes of forms are there at once is bounded, and so is their time.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use multer::{Constraints, Multipart, SizeLimit};
use ringback_model::dialect::EdgeRequest;
use ringback_model::failure::{Refusal, RefusalCode};
use ringback_model::file::ReceivedFile;
use ringback_model::limits;
use ringback_model::object::{PieceError, Pieces};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// The field that has the file.
const FILE: &str = "file";
/// A field that some clients say its name in.
const FILE_NAME: &str = "filename";
/// Bytes that room is counted in: a semaphore counts to 2^29 at least, which is too little for bytes.
const UNIT: u64 = 1024;

/// Reads forms.
pub(super) struct Forms {
    room: Arc<Semaphore>,
}

/// What a form has brought, and the room that it takes in memory.
pub(super) struct Filled {
    pub(super) file: Option<ReceivedFile>,
    pub(super) room: OwnedSemaphorePermit,
}

/// What is to be read.
pub(super) struct Form<'a> {
    pub(super) boundary: String,
    /// Bytes that its file may have.
    pub(super) most: u64,
    pub(super) asked: &'a EdgeRequest,
    /// Time for a body, however short.
    pub(super) body_read: Duration,
}

impl<'a> Form<'a> {
    /// The form in a request to a route that takes files of so many bytes; `None` where its body is something else.
    pub(super) fn of(asked: &'a EdgeRequest, most: u64, body_read: Duration) -> Option<Self> {
        let boundary = multer::parse_boundary(asked.header("content-type")?).ok()?;
        Some(Self { boundary, most, asked, body_read })
    }

    /// Bytes of it that are let in.
    const fn bytes(&self) -> u64 {
        self.most + limits::FORM_REST_BYTES
    }
}

impl Default for Forms {
    fn default() -> Self {
        let units = usize::try_from(limits::FORMS_BYTES / UNIT).unwrap_or(Semaphore::MAX_PERMITS);
        Self { room: Arc::new(Semaphore::new(units)) }
    }
}

impl Forms {
    /// Reads a form; `pieces` makes the stream of its body, which ends at the instant given.
    ///
    /// # Errors
    /// `FileTooLarge`; `Overloaded` where there is no room now; `BadArgument` for anything else than a form, or one that
    /// does not come in time.
    pub(super) async fn read(
        &self,
        form: Form<'_>,
        pieces: impl FnOnce(Instant) -> Pieces,
    ) -> Result<Filled, Refusal> {
        let most = form.bytes();
        let announced = form.asked.header("content-length").and_then(|text| text.parse::<u64>().ok());
        let Form { boundary, body_read, .. } = form;
        let deadline = |bytes: u64| {
            Instant::now() + body_read + Duration::from_secs(bytes / limits::OBJECT_BYTES_PER_SECOND)
        };
        if announced.is_some_and(|bytes| bytes > most) {
            pass_over(pieces(deadline(0))).await;
            return Err(too_large(form.most));
        }
        let bytes = announced.unwrap_or(most);
        let units = u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX);
        let Ok(room) = Arc::clone(&self.room).try_acquire_many_owned(units) else {
            pass_over(pieces(deadline(0))).await;
            let detail = "so many files are on their way that there is no room for this one now";
            return Err(Refusal::new(RefusalCode::Overloaded, detail));
        };
        // It is looked at once more where too much came, which may be after its end.
        let mut pieces = Box::pin(pieces(deadline(bytes)).fuse());
        let read = file_in(&mut pieces, boundary, form.most).await;
        if matches!(&read, Err(refusal) if refusal.code == RefusalCode::FileTooLarge) {
            pass_over(pieces).await;
        }
        Ok(Filled { file: read?, room })
    }
}

/// Clients that are cut while they send do not see why: a file that is somewhat too large is let pass before it is
/// refused.
async fn pass_over(mut pieces: impl Stream<Item = Result<Bytes, PieceError>> + Unpin) {
    let mut left = limits::FORM_FILE_BYTES;
    while let Some(Ok(piece)) = pieces.next().await {
        let Some(less) = left.checked_sub(piece.len() as u64) else { return };
        left = less;
    }
}

/// The file in a form, where it has one; at most `most` bytes of it.
///
/// # Errors
/// `FileTooLarge`, also for all other fields together; `BadArgument` for what is no form, or does not come.
pub async fn file_in<S>(body: S, boundary: String, most: u64) -> Result<Option<ReceivedFile>, Refusal>
where
    S: Stream<Item = Result<Bytes, PieceError>> + Send,
{
    let rest = limits::FORM_REST_BYTES;
    let sizes = SizeLimit::new().whole_stream(most + rest).per_field(rest).for_field(FILE, most);
    let mut form = Multipart::with_constraints(body, boundary, Constraints::new().size_limit(sizes));
    let (mut file, mut said) = (None, None);
    for _ in 0..limits::FORM_FIELDS {
        let Some(field) = form.next_field().await.map_err(|error| unread(&error, most))? else {
            return Ok(file.map(|file| with_name(file, said)));
        };
        let named = field.file_name().map(str::to_owned);
        let content_type = field.content_type().map(ToString::to_string).unwrap_or_default();
        match field.name() {
            Some(FILE) if file.is_none() => {
                let bytes = field.bytes().await.map_err(|error| unread(&error, most))?;
                file = Some(ReceivedFile { name: named.unwrap_or_default(), content_type, bytes });
            }
            Some(FILE_NAME) => said = Some(field.text().await.map_err(|error| unread(&error, most))?),
            _ => {}
        }
    }
    Err(bad(format!("the form has more than {} fields", limits::FORM_FIELDS - 1)))
}

/// With a name that is one: without folders and control characters, and not too long.
fn with_name(mut file: ReceivedFile, said: Option<String>) -> ReceivedFile {
    let whole = if file.name.is_empty() { said.unwrap_or_default() } else { file.name };
    let last = whole.rsplit(['/', '\\']).next().unwrap_or_default();
    file.name = last.chars().filter(|c| !c.is_control()).take(limits::FILE_NAME_CHARS).collect();
    if file.content_type.len() > limits::OBJECT_TYPE_BYTES {
        file.content_type = String::new();
    }
    file
}

fn unread(error: &multer::Error, most: u64) -> Refusal {
    match error {
        multer::Error::StreamSizeExceeded { .. } => too_large(most),
        multer::Error::FieldSizeExceeded { field_name: Some(name), .. } if name == FILE => too_large(most),
        multer::Error::StreamReadFailed(_) => bad("the body stopped coming, or did not come in time"),
        _ => bad("the body is not a form that can be read (multipart/form-data)"),
    }
}

fn too_large(most: u64) -> Refusal {
    Refusal::new(RefusalCode::FileTooLarge, format!("a file may have at most {most} bytes"))
}

fn bad(detail: impl Into<String>) -> Refusal {
    Refusal::new(RefusalCode::BadArgument, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(head: &str, body: &str) -> String {
        format!("--b\r\nContent-Disposition: form-data; {head}\r\n\r\n{body}\r\n")
    }

    async fn read(parts: &[String], most: u64) -> Result<Option<(String, String, String)>, RefusalCode> {
        let body = format!("{}--b--\r\n", parts.concat());
        // Cut into pieces of three bytes, so that every boundary comes in several.
        let pieces: Vec<_> =
            body.as_bytes().chunks(3).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
        let file = file_in(futures_util::stream::iter(pieces), "b".to_owned(), most).await;
        let shown = |file: ReceivedFile| {
            (file.name, file.content_type, String::from_utf8_lossy(&file.bytes).into_owned())
        };
        file.map(|file| file.map(shown)).map_err(|refusal| refusal.code)
    }

    fn found(name: &str, kind: &str, body: &str) -> Option<(String, String, String)> {
        Some((name.to_owned(), kind.to_owned(), body.to_owned()))
    }

    #[tokio::test]
    async fn files_are_found_among_the_fields() {
        let typed = "name=\"file\"; filename=\"a.png\"\r\nContent-Type: image/png";
        assert_eq!(read(&[part(typed, "PNG")], 3).await, Ok(found("a.png", "image/png", "PNG")));
        let bare = [part("name=\"filename\"", "../x/b.txt"), part("name=\"file\"", "text")];
        assert_eq!(read(&bare, 9).await, Ok(found("b.txt", "", "text")));
        let odd = "name=\"file\"; filename=\"..\\\\c.txt\"";
        assert_eq!(read(&[part(odd, "x")], 9).await, Ok(found("c.txt", "", "x")));
        let twice = [part("name=\"file\"", "one"), part("name=\"file\"", "two")];
        assert_eq!(read(&twice, 9).await, Ok(found("", "", "one")));
        assert_eq!(read(&[part("name=\"other\"", "x")], 9).await, Ok(None));
        let long = format!("name=\"file\"\r\nContent-Type: text/{}", "x".repeat(limits::OBJECT_TYPE_BYTES));
        assert_eq!(read(&[part(&long, "x")], 9).await, Ok(found("", "", "x")));
    }

    #[tokio::test]
    async fn what_is_too_much_or_no_form_is_refused() {
        let four = [part("name=\"file\"", "four")];
        assert_eq!(read(&four, 4).await.map(|file| file.is_some()), Ok(true));
        assert_eq!(read(&four, 3).await, Err(RefusalCode::FileTooLarge));
        let large = usize::try_from(limits::FORM_REST_BYTES).unwrap() - 1024;
        let large = part("name=\"other\"", &"x".repeat(large));
        assert_eq!(read(std::slice::from_ref(&large), 9).await, Ok(None));
        assert_eq!(read(&[large.clone(), large], 9).await, Err(RefusalCode::FileTooLarge));
        let many = vec![part("name=\"other\"", "x"); limits::FORM_FIELDS];
        assert_eq!(read(&many, 9).await, Err(RefusalCode::BadArgument));
        for body in [
            "",
            "--b",
            "--b\r\n\r\n",
            "text",
            "--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\ncut",
        ] {
            let pieces = futures_util::stream::iter([Ok(Bytes::copy_from_slice(body.as_bytes()))]);
            let refused = file_in(pieces, "b".to_owned(), 9).await.map_err(|refusal| refusal.code);
            assert_eq!(refused, Err(RefusalCode::BadArgument), "{body:?}");
        }
        let broken = futures_util::stream::iter([Ok(Bytes::from_static(b"--b\r\n")), Err(PieceError::Late)]);
        let refused = file_in(broken, "b".to_owned(), 9).await.unwrap_err();
        assert!(refused.detail.contains("in time"), "{}", refused.detail);
    }
}
