//! `/chatfiles`: files that come whole, and whose addresses messages carry. Source: easemob-rest fact sheet 11.

use ringback_model::command::{Command, NewFile, ObjectCommand, ObjectOutcome, Outcome};
use ringback_model::failure::{Refusal, RefusalCode};
use ringback_model::file::{FileId, PictureBox};
use ringback_model::limits::THUMBNAIL_PIXELS_MAX;
use ringback_model::secret::Secret;
use schemars::JsonSchema;
use serde::Serialize;

use super::Asked;
use super::envelope::{Answer, Contents};
use super::problem::{ILLEGAL_ARGUMENT, Problem, Reject};

/// A file that is kept.
#[derive(Serialize, JsonSchema)]
pub(super) struct ChatFile<'a> {
    /// Its id: its address is `uri` of this answer, a slash, and this.
    uuid: String,
    #[serde(rename = "type")]
    kind: &'static str,
    /// What whoever reads it must know; absent where everybody may who has its address.
    #[serde(rename = "share-secret", skip_serializing_if = "Option::is_none")]
    share_secret: Option<&'a str>,
}

pub(super) fn keep(asked: &Asked<'_>) -> Result<Command, Reject> {
    let request = asked.request;
    let file = request.file.clone();
    let file = file.ok_or_else(|| {
        Reject::new(&ILLEGAL_ARGUMENT, "file must be provided, as the field of a form (multipart/form-data)")
    })?;
    let restricted = is_true(request.header("restrict-access"));
    let usual = PictureBox::default();
    let within = PictureBox {
        width: pixels(asked, "thumbnail-width", usual.width)?,
        height: pixels(asked, "thumbnail-height", usual.height)?,
    };
    Ok(Command::Objects(ObjectCommand::Keep(Box::new(NewFile { file, restricted, within }))))
}

fn pixels(asked: &Asked<'_>, header: &str, usual: u32) -> Result<u32, Reject> {
    let Some(text) = asked.request.header(header) else { return Ok(usual) };
    let pixels = text.trim().parse().ok().filter(|pixels| *pixels > 0);
    let wrong = || Reject::new(&ILLEGAL_ARGUMENT, format!("{header} must be a number from 1"));
    pixels.map(|pixels: u32| pixels.min(THUMBNAIL_PIXELS_MAX)).ok_or_else(wrong)
}

pub(super) fn kept(_asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let Outcome::Objects(ObjectOutcome::Kept { id, secret }) = outcome else { return None };
    let share_secret = secret.as_ref().map(Secret::reveal);
    let file = ChatFile { uuid: dashed(id.as_str()), kind: "chatfile", share_secret };
    Some(Ok(Contents::entities(&[file]).answer()))
}

pub(super) fn read(asked: &Asked<'_>) -> Result<Command, Reject> {
    let request = asked.request;
    let id = id(request.param("uuid")).ok_or_else(|| {
        Reject::Refused(Refusal::new(RefusalCode::NotFound, "there is no such file, or its time is over"))
    })?;
    let named = "share-secret";
    let secret = request.header(named).or_else(|| request.query(named)).map(Into::into);
    let thumbnail = is_true(request.header("thumbnail"));
    Ok(Command::ReadFile { id, secret, thumbnail })
}

/// Bytes are answered in the place of a text.
pub(super) fn nothing(_asked: &Asked<'_>, _outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    None
}

fn is_true(header: Option<&str>) -> bool {
    header.is_some_and(|text| text.trim().eq_ignore_ascii_case("true"))
}

/// As a UUID is written (RFC 9562): 8-4-4-4-12 digits.
fn dashed(digits: &str) -> String {
    let ends = [(0, 8), (8, 12), (12, 16), (16, 20), (20, 32)];
    ends.map(|(from, to)| digits.get(from..to).unwrap_or_default()).join("-")
}

fn id(uuid: &str) -> Option<FileId> {
    let digits = uuid.replace('-', "").to_ascii_lowercase();
    FileId::parse(&digits).filter(|id| dashed(id.as_str()).eq_ignore_ascii_case(uuid))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_written_as_uuids() {
        let id_of = FileId::of_rolls([0x0123_4567_89ab_cdef, 1]);
        let uuid = dashed(id_of.as_str());
        assert_eq!(uuid, "01234567-89ab-cdef-0000-000000000001");
        assert_eq!(id(&uuid), Some(id_of.clone()));
        assert_eq!(id(&uuid.to_uppercase()), Some(id_of));
        for bad in [
            "",
            "01234567",
            "0123456789abcdef0000000000000001",
            "0123456-789ab-cdef-0000-000000000001",
            "g1234567-89ab-cdef-0000-000000000001",
        ] {
            assert_eq!(id(bad), None, "{bad}");
        }
    }
}
