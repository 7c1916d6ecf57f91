//! The power goes while an old database is brought forward: it is old, or it is new.

use std::path::Path;

use powercut::{Disk, Recording};
use ringback_model::delivery::{Exception, RuleProgress};
use ringback_model::ids::RuleId;
use ringback_model::storage::ParkedCount;
use rusqlite::Connection;

use crate::asking::now;
use crate::cuts::{every_cut, folder, go_through, sound};
use crate::seen::Seen;
use crate::workload::settings;

/// What version 1 wrote.
const VERSION_1: &str = include_str!("../it/version_1.sql");
const RULE: &str = "file:webhooks:afterSendSingleMsg";

/// Everything that comes out of version 1's rows.
type Content = (Seen, Option<RuleProgress>, Vec<Exception>, Vec<ParkedCount>);

fn content(folder: &Path) -> Result<Content, String> {
    let fault = |fault: ringback_model::failure::Fault| fault.to_string();
    let store = ringback_store::open(folder, settings(false)).map_err(fault)?;
    let rule = RuleId::new(RULE);
    now(async {
        let seen = Seen::read(store.as_ref()).await?;
        let parked = store.parked(&rule, None, usize::MAX).await?;
        let content = (seen, store.load(&rule).await?, parked, store.parked_counts().await?);
        store.close().await?;
        Ok(content)
    })
    .map_err(fault)
}

fn old_folder() -> tempfile::TempDir {
    let folder = folder();
    let database = Connection::open(folder.path().join("ringback.db")).unwrap();
    database.pragma_update(None, "journal_mode", "WAL").unwrap();
    database.execute_batch(VERSION_1).unwrap();
    folder
}

fn schema(folder: &Path) -> rusqlite::Result<i64> {
    let database = Connection::open(folder.join("ringback.db"))?;
    database.query_row("SELECT value FROM meta WHERE key = 'schema'", [], |row| row.get(0))
}

#[test]
fn a_migration_is_cut_at_every_step() {
    powercut::install().unwrap();
    let old = old_folder();
    let recording = Recording::start(old.path()).unwrap();
    let expected = format!("{:?}", content(old.path()).unwrap());
    recording.wait_for_handles(0).unwrap();
    let trace = recording.trace();
    assert_eq!(schema(old.path()), Ok(6));
    let versions = std::sync::Mutex::new(std::collections::BTreeSet::new());
    let report = go_through(&every_cut(&trace, Disk::Honest), 1, |cut, dice| {
        let folder = folder();
        trace.image(cut, dice).write_to(folder.path()).unwrap();
        let version = schema(folder.path()).map_err(|error| error.to_string())?;
        versions.lock().unwrap().insert(version);
        let found = format!("{:?}", content(folder.path())?);
        if found != expected {
            return Err(format!("{found}\nis not\n{expected}"));
        }
        sound(folder.path()).map(|()| 0)
    });
    println!("{} steps, {} cuts, {} violations", trace.len(), report.cuts, report.violations);
    report.assert_clean();
    assert_eq!(versions.into_inner().unwrap(), [1, 6].into(), "both were met, and nothing between");
}
