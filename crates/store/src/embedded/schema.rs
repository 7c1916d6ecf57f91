//! The database file: how a connection is set up, which tables there are, and how old ones are brought forward.

use std::path::Path;
use std::time::Duration;

use ringback_model::failure::Fault;
use rusqlite::{Connection, OpenFlags, OptionalExtension};

use super::segments;
use super::sql::{Outcome, count, int};

/// Version of the schema that this program writes.
const VERSION: i64 = 6;

/// Bytes of a page, SQLite's default.
const PAGE_BYTES: u64 = 4096;
/// Pages that the writer keeps in memory, in KiB: the ends of its tables and the open segment's index. SQLite looks
/// through all places for pages whenever a commit has split one (`pcache1TruncateUnsafe`), so more memory costs time:
/// with 64 MiB a fifth of the writer's.
const CACHE_KIB: i64 = 8 * 1024;
/// Prepared statements kept per connection: about forty, and a few per segment in use.
const STATEMENTS: usize = 256;
/// The only other process at the file is a user's SQL tool; a short lock of its is waited out.
const BUSY: Duration = Duration::from_secs(5);

/// Version 1. Users are keyed by their folded id; `data` is the JSON of the value, so that fields can be added.
/// `lanes.max_seq` and `newest_at` hold as of the last sealed segment; the open one tells the rest. Nobody looks at
/// `chat_groups.roster` any more.
const TABLES: &str = "
CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE users (folded TEXT PRIMARY KEY, id TEXT NOT NULL UNIQUE, data TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE chat_groups (
    id TEXT PRIMARY KEY, live INTEGER NOT NULL, member_count INTEGER NOT NULL, roster INTEGER NOT NULL,
    data TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE members (
    chat_group TEXT NOT NULL, user TEXT NOT NULL, id TEXT NOT NULL, data TEXT NOT NULL,
    PRIMARY KEY (chat_group, user)
) WITHOUT ROWID;
CREATE TABLE blocks (owner TEXT NOT NULL, blocked TEXT NOT NULL, data TEXT NOT NULL, PRIMARY KEY (owner, blocked))
    WITHOUT ROWID;
CREATE TABLE tokens (
    user TEXT NOT NULL, id TEXT NOT NULL, platform INTEGER NOT NULL, expires_at INTEGER NOT NULL,
    kicked INTEGER NOT NULL, display TEXT NOT NULL, PRIMARY KEY (user, id)
) WITHOUT ROWID;
CREATE TABLE lanes (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, max_seq INTEGER NOT NULL DEFAULT 0,
    newest_at INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE views (
    user TEXT NOT NULL, lane_id INTEGER NOT NULL, read_seq INTEGER NOT NULL DEFAULT 0,
    min_seq INTEGER NOT NULL DEFAULT 0, end_seq INTEGER, end_at INTEGER, PRIMARY KEY (user, lane_id)
) WITHOUT ROWID;
CREATE TABLE segments (
    n INTEGER PRIMARY KEY, first INTEGER NOT NULL, last INTEGER, last_at INTEGER, bytes INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE spans (
    lane_id INTEGER NOT NULL, segment INTEGER NOT NULL, first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL,
    last_pos INTEGER NOT NULL, PRIMARY KEY (lane_id, segment)
) WITHOUT ROWID;
CREATE TABLE progress (rule TEXT PRIMARY KEY, cursor INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE exceptions (
    rule TEXT NOT NULL, pos INTEGER NOT NULL, copy INTEGER NOT NULL, parked INTEGER NOT NULL, data TEXT NOT NULL,
    PRIMARY KEY (rule, pos, copy)
);
CREATE INDEX exceptions_by_state ON exceptions (rule, parked, pos, copy);
CREATE TABLE rule_versions (
    rule TEXT NOT NULL, version INTEGER NOT NULL, since INTEGER NOT NULL, data TEXT NOT NULL,
    PRIMARY KEY (rule, version)
) WITHOUT ROWID;
INSERT INTO meta VALUES ('schema', 1), ('start', 1), ('highest_message', 0);
";

/// Version 2: passwords; exceptions by the ten minutes in which they were parked (`bucket` and `parked_at` are NULL
/// for those that are not parked), and how many that are per rule and bucket; how often slices were sent again; the
/// ban; rules that are kept here.
const FROM_1_TO_2: &str = "
CREATE TABLE passwords (user TEXT PRIMARY KEY, hash TEXT NOT NULL) WITHOUT ROWID;
DROP INDEX exceptions_by_state;
ALTER TABLE exceptions RENAME TO exceptions_1;
CREATE TABLE exceptions (
    rule TEXT NOT NULL, pos INTEGER NOT NULL, copy INTEGER NOT NULL, bucket INTEGER, parked_at INTEGER,
    data TEXT NOT NULL, PRIMARY KEY (rule, pos, copy)
);
INSERT INTO exceptions SELECT rule, pos, copy, at / 600000, at, data FROM (
    SELECT rule, pos, copy, data, iif(parked, json_extract(data, '$.state.parked.at'), NULL) AS at FROM exceptions_1
);
DROP TABLE exceptions_1;
CREATE INDEX exceptions_by_bucket ON exceptions (rule, bucket, pos, copy, parked_at);
CREATE TABLE parked_counts (
    rule TEXT NOT NULL, bucket INTEGER NOT NULL, parked INTEGER NOT NULL, PRIMARY KEY (rule, bucket)
) WITHOUT ROWID;
INSERT INTO parked_counts SELECT rule, bucket, count(*) FROM exceptions WHERE bucket IS NOT NULL GROUP BY rule, bucket;
CREATE TRIGGER exceptions_count_in AFTER INSERT ON exceptions WHEN new.bucket IS NOT NULL BEGIN
    INSERT INTO parked_counts VALUES (new.rule, new.bucket, 1)
        ON CONFLICT (rule, bucket) DO UPDATE SET parked = parked + 1;
END;
CREATE TRIGGER exceptions_count_out AFTER DELETE ON exceptions WHEN old.bucket IS NOT NULL BEGIN
    UPDATE parked_counts SET parked = parked - 1 WHERE rule = old.rule AND bucket = old.bucket;
    DELETE FROM parked_counts WHERE rule = old.rule AND bucket = old.bucket AND parked = 0;
END;
CREATE TRIGGER exceptions_count_over AFTER UPDATE OF bucket ON exceptions WHEN old.bucket IS NOT new.bucket BEGIN
    UPDATE parked_counts SET parked = parked - 1 WHERE rule = old.rule AND bucket = old.bucket;
    DELETE FROM parked_counts WHERE rule = old.rule AND bucket = old.bucket AND parked = 0;
    INSERT INTO parked_counts SELECT new.rule, new.bucket, 1 WHERE new.bucket IS NOT NULL
        ON CONFLICT (rule, bucket) DO UPDATE SET parked = parked + 1;
END;
CREATE TABLE slice_retries (date TEXT PRIMARY KEY, retries INTEGER NOT NULL, used_at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE ban (id INTEGER PRIMARY KEY CHECK (id = 1), data TEXT NOT NULL);
CREATE TABLE kept_rules (place INTEGER PRIMARY KEY, rule TEXT NOT NULL UNIQUE, data TEXT NOT NULL);
UPDATE meta SET value = 2 WHERE key = 'schema';
";

/// Version 3: records; lists that clients follow; a number of its own for the database; who is in which groups.
const FROM_2_TO_3: &str = "
CREATE TABLE records (
    kind INTEGER NOT NULL, owner TEXT NOT NULL, about TEXT NOT NULL, data TEXT NOT NULL,
    PRIMARY KEY (kind, owner, about)
) WITHOUT ROWID;
CREATE INDEX records_about ON records (kind, about, owner);
CREATE TABLE lists (log TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE list_changes (
    log TEXT NOT NULL, element TEXT NOT NULL, number INTEGER NOT NULL, touch INTEGER NOT NULL,
    PRIMARY KEY (log, element)
) WITHOUT ROWID;
CREATE INDEX list_changes_by_number ON list_changes (log, number, element);
CREATE INDEX members_by_user ON members (user, chat_group);
INSERT INTO meta VALUES ('birth', random() & 0x7fffffffffffffff);
UPDATE meta SET value = 3 WHERE key = 'schema';
";

/// Version 4: senders' read marks are written now and then; up to which position they are in `views`.
const FROM_3_TO_4: &str = "
INSERT INTO meta VALUES ('own_reads', 0);
UPDATE meta SET value = 4 WHERE key = 'schema';
";

/// Version 5: deliveries that came to nothing; `pos` and `copy` are where a gap begins, `lane` is
/// empty where it is about all of them.
const FROM_4_TO_5: &str = "
CREATE TABLE gaps (
    rule TEXT NOT NULL, pos INTEGER NOT NULL, copy INTEGER NOT NULL, lane TEXT NOT NULL, last_pos INTEGER NOT NULL,
    at INTEGER NOT NULL, data TEXT NOT NULL, PRIMARY KEY (rule, pos, copy, lane, last_pos)
) WITHOUT ROWID;
CREATE INDEX gaps_wide ON gaps (rule, pos, last_pos) WHERE last_pos > pos;
CREATE INDEX gaps_by_age ON gaps (at);
UPDATE meta SET value = 5 WHERE key = 'schema';
";

/// Version 6: users by when they were registered.
const FROM_5_TO_6: &str = "
CREATE INDEX users_by_age ON users (data ->> '$.created_at', folded);
UPDATE meta SET value = 6 WHERE key = 'schema';
";

/// Opens the writer's connection and brings the schema up to date.
pub(super) fn open_writer(file: &Path, max_bytes: Option<u64>) -> Result<Connection, Fault> {
    let mut connection = Connection::open(file).map_err(|error| cannot_open(file, error))?;
    set_up_writer(&connection, max_bytes).map_err(|error| cannot_open(file, error))?;
    migrate(&mut connection)?;
    Ok(connection)
}

fn set_up_writer(connection: &Connection, max_bytes: Option<u64>) -> rusqlite::Result<()> {
    set_up(connection)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // See [`super::folding`].
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    if let Some(bytes) = max_bytes {
        connection.pragma_update(None, "max_page_count", int((bytes / PAGE_BYTES).max(1)))?;
    }
    Ok(())
}

/// Opens the connection that folds the write-ahead log into the file.
pub(super) fn open_folder(file: &Path) -> Result<Connection, Fault> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let set_up = |connection: &Connection| {
        set_up(connection)?;
        connection.pragma_update(None, "synchronous", "FULL")
    };
    let connection = Connection::open_with_flags(file, flags).map_err(|error| cannot_open(file, error))?;
    set_up(&connection).map_err(|error| cannot_open(file, error))?;
    Ok(connection)
}

/// Opens a connection that only reads.
pub(super) fn open_reader(file: &Path) -> Result<Connection, Fault> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags).map_err(|error| cannot_open(file, error))?;
    set_up(&connection).map_err(|error| cannot_open(file, error))?;
    Ok(connection)
}

fn set_up(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(())
}

fn cannot_open(file: &Path, error: rusqlite::Error) -> Fault {
    Fault::from_error(format!("open {}", file.display()), error)
}

fn migrate(connection: &mut Connection) -> Result<(), Fault> {
    let version = version(connection).map_err(|broken| broken.into_fault("read the schema's version"))?;
    if version > VERSION {
        return Err(Fault::new(format!(
            "the data was written by a newer version of this program (schema {version}, this one knows {VERSION}); \
             start the newer version, or choose another data folder"
        )));
    }
    if version < VERSION {
        let doing = if version == 0 { "create the database" } else { "bring the database up to date" };
        bring_forward(connection, version).map_err(|broken| broken.into_fault(doing))?;
        tracing::info!(from = version, to = VERSION, "the database's schema is up to date");
    }
    Ok(())
}

/// The schema's version; 0 for an empty file.
fn version(connection: &Connection) -> Outcome<i64> {
    let exists = connection
        .query_row("SELECT 1 FROM sqlite_schema WHERE name = 'meta'", [], |_| Ok(()))
        .optional()?
        .is_some();
    if exists { Ok(int(meta(connection, "schema")?)) } else { Ok(0) }
}

/// All steps from a version on, in one transaction. An empty file takes the same way as an old one, so there is
/// only one that has to be right.
fn bring_forward(connection: &mut Connection, version: i64) -> Outcome<()> {
    let transaction = connection.transaction()?;
    if version < 1 {
        transaction.execute_batch(TABLES)?;
        segments::create(&transaction, 1, 1)?;
    }
    if version < 2 {
        transaction.execute_batch(FROM_1_TO_2)?;
    }
    if version < 3 {
        transaction.execute_batch(FROM_2_TO_3)?;
    }
    if version < 4 {
        transaction.execute_batch(FROM_3_TO_4)?;
    }
    if version < 5 {
        transaction.execute_batch(FROM_4_TO_5)?;
    }
    if version < 6 {
        transaction.execute_batch(FROM_5_TO_6)?;
    }
    Ok(transaction.commit()?)
}

/// A number kept beside the tables.
pub(super) fn meta(connection: &Connection, key: &str) -> Outcome<u64> {
    let mut statement = connection.prepare_cached("SELECT value FROM meta WHERE key = ?1")?;
    Ok(count(statement.query_row([key], |row| row.get(0))?))
}

/// Changes a number kept beside the tables.
pub(super) fn set_meta(connection: &Connection, key: &str, value: u64) -> Outcome<()> {
    let mut statement = connection.prepare_cached("UPDATE meta SET value = ?2 WHERE key = ?1")?;
    statement.execute((key, int(value)))?;
    Ok(())
}
