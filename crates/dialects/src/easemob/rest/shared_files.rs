//! Files in groups. Source: easemob-rest fact sheet 8.
//!
//! They come as forms, with their bytes; or as what is known of a file that lies elsewhere: name, size and address.

use std::borrow::Cow;

use ringback_model::command::{Command, ManagingDeed, ManagingOutcome, Outcome};
use ringback_model::file::ReceivedFile;
use ringback_model::page::Page;
use ringback_model::record::SharedFile;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Asked;
use super::address;
use super::body::{parse, required, user};
use super::envelope::{Answer, Contents};
use super::managing::{data, managed, managing};
use super::members::page;
use super::problem::{INVALID_PARAMETER, Problem, Reject};

/// A file to be laid into a group.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct NewFile {
    /// What it is called.
    #[schemars(extend("x-required" = true))]
    file_name: Option<String>,
    /// Bytes.
    file_size: Option<u64>,
    /// Where it lies.
    file_url: Option<String>,
    /// Whose it is: a member's id; the app's if absent.
    file_owner: Option<String>,
}

/// A file of a group.
#[derive(Serialize, JsonSchema)]
pub(super) struct File<'a> {
    file_id: &'a str,
    file_name: &'a str,
    file_owner: String,
    /// Bytes.
    file_size: u64,
    /// Milliseconds since 1970.
    created: i64,
    /// Where its bytes are.
    file_url: Cow<'a, str>,
    group_id: &'a str,
}

/// A file was taken out.
#[derive(Serialize, JsonSchema)]
pub(super) struct Removed<'a> {
    id: &'a str,
    file_id: &'a str,
    result: bool,
}

impl<'a> File<'a> {
    fn new(asked: &Asked<'_>, file: &'a SharedFile) -> Self {
        let file_url = match &file.object {
            Some(_) => {
                address::of(asked, &format!("/chatgroups/{}/share_files/{}", file.group, file.id)).into()
            }
            None => file.url.as_str().into(),
        };
        Self {
            file_id: &file.id,
            file_name: &file.name,
            file_owner: file.owner.folded(),
            file_size: file.size,
            created: file.at.0,
            file_url,
            group_id: file.group.as_str(),
        }
    }
}

fn files_of(outcome: &Outcome) -> Option<&[SharedFile]> {
    match managed(outcome)? {
        ManagingOutcome::Files(files) => Some(files),
        _ => None,
    }
}

pub(super) fn share(asked: &Asked<'_>) -> Result<Command, Reject> {
    if let Some(file) = &asked.request.file {
        return share_bytes(asked, file);
    }
    let new: NewFile = parse(&asked.request.body)?;
    let name = required(new.file_name, &INVALID_PARAMETER, "file_name must be provided")?;
    let owner = new.file_owner.as_deref().map(user).transpose()?;
    let (size, url) = (new.file_size.unwrap_or(0), new.file_url.unwrap_or_default());
    managing(asked, ManagingDeed::ShareFile { name, owner, size, url, content: None })
}

fn share_bytes(asked: &Asked<'_>, file: &ReceivedFile) -> Result<Command, Reject> {
    let name = Some(file.name.clone()).filter(|name| !name.is_empty());
    let name = required(name, &INVALID_PARAMETER, "the file must have a name")?;
    let (size, url, content) = (file.bytes.len() as u64, String::new(), Some(file.clone()));
    managing(asked, ManagingDeed::ShareFile { name, owner: None, size, url, content })
}

pub(super) fn shared(asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    Some(data(&File::new(asked, files_of(outcome)?.first()?)))
}

pub(super) fn list(asked: &Asked<'_>) -> Result<Command, Reject> {
    let (number, size) = page(asked)?;
    managing(asked, ManagingDeed::Files(Page::numbered(number, size)))
}

pub(super) fn listed(asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let files: Vec<File<'_>> = files_of(outcome)?.iter().map(|file| File::new(asked, file)).collect();
    Some(Ok(Contents::data(&files).without_entities().with_count(files.len()).answer()))
}

pub(super) fn look(asked: &Asked<'_>) -> Result<Command, Reject> {
    managing(asked, ManagingDeed::File(asked.request.param("file").to_owned()))
}

pub(super) fn remove(asked: &Asked<'_>) -> Result<Command, Reject> {
    managing(asked, ManagingDeed::RemoveFile(asked.request.param("file").to_owned()))
}

pub(super) fn removed(_asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let file = files_of(outcome)?.first()?;
    Some(data(&Removed { id: file.group.as_str(), file_id: &file.id, result: true }))
}
