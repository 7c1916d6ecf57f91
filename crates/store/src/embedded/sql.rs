//! Numbers and errors between Rust and SQL.

use ringback_model::commit::CommitError;
use ringback_model::failure::Fault;
use rusqlite::{Error, ErrorCode, ffi};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// SQL integers have 63 bits and a sign; nothing the store counts gets that far.
pub(super) fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A count read back; the store writes no negative ones.
pub(super) fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// A bound on rows.
pub(super) fn limit(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

/// What went wrong while reading or writing.
#[derive(Debug)]
pub(super) enum Broken {
    Sql(Error),
    Json(serde_json::Error),
    /// A row says something that no version of the program writes.
    Row(&'static str),
}

impl From<Error> for Broken {
    fn from(error: Error) -> Self {
        Self::Sql(error)
    }
}

impl From<serde_json::Error> for Broken {
    fn from(error: serde_json::Error) -> Self {
        Self::Json(error)
    }
}

impl Broken {
    /// There is no room, on the disk or under the file's own bound.
    pub(super) fn is_full(&self) -> bool {
        match self {
            Self::Sql(Error::SqliteFailure(error, _)) => {
                error.code == ErrorCode::DiskFull || error.extended_code == ffi::SQLITE_IOERR_SHMSIZE
            }
            _ => false,
        }
    }

    pub(super) fn into_fault(self, doing: &str) -> Fault {
        match self {
            Self::Sql(error) => Fault::from_error(doing, error),
            Self::Json(error) => Fault::from_error(doing, error),
            Self::Row(what) => Fault::new(format!("{doing}: {what}")),
        }
    }

    pub(super) fn into_commit_error(self) -> CommitError {
        if self.is_full() {
            CommitError::Full
        } else {
            CommitError::Fault(self.into_fault("write to the store"))
        }
    }
}

pub(super) type Outcome<T> = Result<T, Broken>;

pub(super) fn to_json(value: &impl Serialize) -> Outcome<String> {
    Ok(serde_json::to_string(value)?)
}

pub(super) fn from_json<T: DeserializeOwned>(text: &str) -> Outcome<T> {
    Ok(serde_json::from_str(text)?)
}
