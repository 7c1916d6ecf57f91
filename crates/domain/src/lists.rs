//! What clients have to learn about the lists that they follow.

use ringback_model::failure::Fault;
use ringback_model::limits;
use ringback_model::version::{Changes, Delta, Version, VersionLog};

use crate::Im;

impl Im {
    /// What a client that knew the list at `known` has to learn. Source: client protocol sheet 4.3.
    pub(crate) async fn delta(
        &self,
        log: &VersionLog,
        known: Option<Version>,
    ) -> Result<Delta<String>, Fault> {
        let changes = match known {
            Some(version) => self.store.list_changes(log, version.number, limits::VERSION_CHANGES).await?,
            None => Changes { now: self.list_version(log).await?, changed: None },
        };
        Ok(Delta::of(changes, known))
    }

    /// Where a list stands.
    pub(crate) async fn list_version(&self, log: &VersionLog) -> Result<Version, Fault> {
        let found = self.store.list_versions(std::slice::from_ref(log)).await?;
        found.into_iter().next().ok_or_else(|| Fault::new("the store has no version of a list"))
    }
}
