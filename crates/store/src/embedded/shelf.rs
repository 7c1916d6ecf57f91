//! The rules that are kept here, and the ban.

use ringback_model::ids::RuleId;
use ringback_model::rule::Rule;
use ringback_model::storage::BanRecord;
use rusqlite::{Connection, OptionalExtension};

use super::log::text;
use super::sql::{Outcome, from_json, to_json};

/// Reads all rules, in the order in which they were first kept.
pub(super) fn kept(connection: &Connection) -> Outcome<Vec<Rule>> {
    let mut statement = connection.prepare_cached("SELECT data FROM kept_rules ORDER BY place")?;
    let mut rows = statement.query([])?;
    let mut rules = Vec::new();
    while let Some(row) = rows.next()? {
        rules.push(from_json(text(row, 0)?)?);
    }
    Ok(rules)
}

/// Writes a rule; one with the same id keeps its place.
pub(super) fn keep(connection: &Connection, rule: &Rule) -> Outcome<()> {
    let sql = "INSERT INTO kept_rules (rule, data) VALUES (?1, ?2)
        ON CONFLICT (rule) DO UPDATE SET data = excluded.data";
    connection.prepare_cached(sql)?.execute((&*rule.id.0, to_json(rule)?))?;
    Ok(())
}

/// Removes a rule.
pub(super) fn discard(connection: &Connection, rule: &RuleId) -> Outcome<()> {
    connection.prepare_cached("DELETE FROM kept_rules WHERE rule = ?1")?.execute([&*rule.0])?;
    Ok(())
}

/// Reads the ban; the empty record where none was saved.
pub(super) fn ban(connection: &Connection) -> Outcome<BanRecord> {
    let mut statement = connection.prepare_cached("SELECT data FROM ban")?;
    let data: Option<String> = statement.query_row([], |row| row.get(0)).optional()?;
    data.map_or_else(|| Ok(BanRecord::default()), |data| from_json(&data))
}

/// Writes the ban in place of the one before.
pub(super) fn save_ban(connection: &Connection, record: &BanRecord) -> Outcome<()> {
    let sql = "INSERT OR REPLACE INTO ban (id, data) VALUES (1, ?1)";
    connection.prepare_cached(sql)?.execute([to_json(record)?])?;
    Ok(())
}
