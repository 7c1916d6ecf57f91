//! Lists that clients follow by versions.

use ringback_model::failure::Fault;
use ringback_model::limits;
use ringback_model::version::{News, Version, VersionLog};

use crate::Im;

impl Im {
    /// What a client that left a list at `seen` has to learn.
    pub(crate) async fn news(&self, log: &VersionLog, seen: Version) -> Result<News<String>, Fault> {
        let changes = self.store.list_changes(log, seen.number, limits::VERSION_CHANGES).await?;
        Ok(News::of(changes, seen))
    }

    /// Where a list stands; read it before the list itself, so that a change in between is told again.
    pub(crate) async fn version_of(&self, log: VersionLog) -> Result<Version, Fault> {
        Ok(self.store.list_versions(&[log]).await?.into_iter().next().unwrap_or_default())
    }
}
