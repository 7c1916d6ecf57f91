//! Reading users, passwords, groups, members, blocks and tokens.

use std::sync::Arc;

use ringback_model::conversation::ConversationId;
use ringback_model::group::{Group, GroupKind, Member};
use ringback_model::ids::{GroupId, UserId};
use ringback_model::record::{Record, RecordKey};
use ringback_model::statistics::{Growth, Period};
use ringback_model::time::UnixMs;
use ringback_model::user::{Block, Platform, TokenRecord, User};
use rusqlite::{Connection, OptionalExtension, Row};
use serde::de::DeserializeOwned;

use super::facts::{Fact, Key, Roster, Side};
use super::log::text;
use super::records;
use super::sql::{Broken, Outcome, from_json, limit};

fn one<T: DeserializeOwned>(connection: &Connection, sql: &str, keys: &[&str]) -> Outcome<Option<T>> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(rusqlite::params_from_iter(keys))?;
    rows.next()?.map(|row| from_json(text(row, 0)?)).transpose()
}

pub(super) fn user(connection: &Connection, id: &UserId) -> Outcome<Option<User>> {
    folded_user(connection, &id.folded())
}

fn folded_user(connection: &Connection, folded: &str) -> Outcome<Option<User>> {
    one(connection, "SELECT data FROM users WHERE folded = ?1", &[folded])
}

pub(super) fn user_ids(connection: &Connection, after: Option<&UserId>, rows: usize) -> Outcome<Vec<UserId>> {
    let mut statement =
        connection.prepare_cached("SELECT id FROM users WHERE id > ?1 ORDER BY id LIMIT ?2")?;
    let mut found = statement.query((after.map_or("", UserId::as_str), limit(rows)))?;
    let mut ids = Vec::new();
    while let Some(row) = found.next()? {
        ids.push(user_id(text(row, 0)?)?);
    }
    Ok(ids)
}

/// A page of users by when they were registered, after this instant and folded id; by an index.
pub(super) fn users_by_age(
    connection: &Connection,
    after: Option<(UnixMs, String)>,
    rows: usize,
) -> Outcome<Vec<User>> {
    let (at, folded) = after.map_or((i64::MIN, String::new()), |(at, folded)| (at.0, folded));
    let mut statement = connection.prepare_cached(
        "SELECT data FROM users
         WHERE data ->> '$.created_at' >= ?1 AND (data ->> '$.created_at' > ?1 OR folded > ?2)
         ORDER BY data ->> '$.created_at', folded LIMIT ?3",
    )?;
    let mut found = statement.query((at, folded, limit(rows)))?;
    let mut users = Vec::new();
    while let Some(row) = found.next()? {
        users.push(from_json(text(row, 0)?)?);
    }
    Ok(users)
}

fn user_id(text: &str) -> Outcome<UserId> {
    UserId::parse(text).map_err(|_| Broken::Row("a user id is malformed"))
}

pub(super) fn group(connection: &Connection, id: &GroupId) -> Outcome<Option<Group>> {
    let mut statement =
        connection.prepare_cached("SELECT data, member_count FROM chat_groups WHERE id = ?1")?;
    let mut rows = statement.query([id.as_str()])?;
    rows.next()?.map(counted_group).transpose()
}

fn counted_group(row: &Row<'_>) -> Outcome<Group> {
    let mut group: Group = from_json(text(row, 0)?)?;
    group.member_count = u32::try_from(row.get::<_, i64>(1)?).unwrap_or(u32::MAX);
    Ok(group)
}

pub(super) fn member(connection: &Connection, group: &GroupId, user: &UserId) -> Outcome<Option<Member>> {
    folded_member(connection, group, &user.folded())
}

fn folded_member(connection: &Connection, group: &GroupId, folded: &str) -> Outcome<Option<Member>> {
    let sql = "SELECT data FROM members WHERE chat_group = ?1 AND user = ?2";
    one(connection, sql, &[group.as_str(), folded])
}

/// A page of a group's members, ascending by folded id.
pub(super) fn members(
    connection: &Connection,
    group: &GroupId,
    after: Option<&UserId>,
    rows: usize,
) -> Outcome<Vec<Member>> {
    let mut statement = connection.prepare_cached(
        "SELECT data FROM members WHERE chat_group = ?1 AND user > ?2 ORDER BY user LIMIT ?3",
    )?;
    let after = after.map_or_else(String::new, UserId::folded);
    let mut found = statement.query((group.as_str(), after, limit(rows)))?;
    let mut members = Vec::new();
    while let Some(row) = found.next()? {
        members.push(from_json(text(row, 0)?)?);
    }
    Ok(members)
}

pub(super) fn password(connection: &Connection, user: &UserId) -> Outcome<Option<String>> {
    let mut statement = connection.prepare_cached("SELECT hash FROM passwords WHERE user = ?1")?;
    Ok(statement.query_row([user.folded()], |row| row.get(0)).optional()?)
}

pub(super) fn tokens(
    connection: &Connection,
    user: &UserId,
    platform: Platform,
    now: UnixMs,
) -> Outcome<Vec<TokenRecord>> {
    let mut statement = connection.prepare_cached(
        "SELECT id, display, expires_at, kicked FROM tokens
         WHERE user = ?1 AND platform = ?2 AND expires_at > ?3 ORDER BY id",
    )?;
    let mut rows = statement.query((user.folded(), platform.0, now.0))?;
    let mut tokens = Vec::new();
    while let Some(row) = rows.next()? {
        tokens.push(TokenRecord {
            id: row.get(0)?,
            user: user_id(text(row, 1)?)?,
            platform,
            expires_at: UnixMs(row.get(2)?),
            kicked: row.get(3)?,
        });
    }
    Ok(tokens)
}

/// What a user is in every group that he is in, ascending by their ids.
pub(super) fn memberships(connection: &Connection, folded: &str) -> Outcome<Vec<Member>> {
    let sql = "SELECT data FROM members WHERE user = ?1 ORDER BY chat_group";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([folded])?;
    let mut members = Vec::new();
    while let Some(row) = rows.next()? {
        members.push(from_json(text(row, 0)?)?);
    }
    Ok(members)
}

/// Groups whose name holds a text, ascending by id: how many, and those of a page.
pub(super) fn groups_called(
    connection: &Connection,
    name: &str,
    skip: usize,
    rows: usize,
) -> Outcome<(usize, Vec<Group>)> {
    let called = "FROM chat_groups WHERE instr(lower(data ->> '$.name'), lower(?1)) > 0
        AND coalesce(data ->> '$.kind', 'group') = 'group'";
    let total: i64 = connection
        .prepare_cached(&format!("SELECT count(*) {called}"))?
        .query_row([name], |row| row.get(0))?;
    let sql = format!("SELECT data, member_count {called} ORDER BY id LIMIT ?2 OFFSET ?3");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut found = statement.query((name, limit(rows), limit(skip)))?;
    let mut groups = Vec::new();
    while let Some(row) = found.next()? {
        groups.push(counted_group(row)?);
    }
    Ok((usize::try_from(total).unwrap_or(0), groups))
}

/// Groups, or rooms, that were not dismissed, ascending by id, after this one.
pub(super) fn groups_of_kind(
    connection: &Connection,
    kind: GroupKind,
    after: Option<&GroupId>,
    rows: usize,
) -> Outcome<Vec<Group>> {
    let name = match kind {
        GroupKind::Group => "group",
        GroupKind::Room => "room",
    };
    let mut statement = connection.prepare_cached(
        "SELECT data, member_count FROM chat_groups
         WHERE id > ?1 AND coalesce(data ->> '$.kind', 'group') = ?2 AND data ->> '$.status' != 'dismissed'
         ORDER BY id LIMIT ?3",
    )?;
    let after = after.map_or("", GroupId::as_str);
    let mut found = statement.query((after, name, limit(rows)))?;
    let mut groups = Vec::new();
    while let Some(row) = found.next()? {
        groups.push(counted_group(row)?);
    }
    Ok(groups)
}

/// How many groups were made when.
pub(super) fn groups_made(connection: &Connection, period: Period) -> Outcome<Growth> {
    let sql = "SELECT data ->> '$.created_at' FROM chat_groups
        WHERE coalesce(data ->> '$.kind', 'group') = 'group'";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([])?;
    let mut growth = Growth::default();
    while let Some(row) = rows.next()? {
        growth.count(UnixMs(row.get(0)?), period);
    }
    Ok(growth)
}

/// The groups that a user is in, ascending by id.
pub(super) fn groups_of(connection: &Connection, folded: &str) -> Outcome<Vec<GroupId>> {
    let sql = "SELECT chat_group FROM members WHERE user = ?1 ORDER BY chat_group";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([folded])?;
    let mut groups = Vec::new();
    while let Some(row) = rows.next()? {
        let id = GroupId::parse(text(row, 0)?).map_err(|_| Broken::Row("a group id is malformed"))?;
        groups.push(id);
    }
    Ok(groups)
}

/// Whom a user blocks, ascending by folded id.
pub(super) fn blocks_of(connection: &Connection, folded: &str) -> Outcome<Vec<Block>> {
    let mut statement =
        connection.prepare_cached("SELECT data FROM blocks WHERE owner = ?1 ORDER BY blocked")?;
    let mut rows = statement.query([folded])?;
    let mut blocks = Vec::new();
    while let Some(row) = rows.next()? {
        blocks.push(from_json(text(row, 0)?)?);
    }
    Ok(blocks)
}

/// What the tables say about one thing that sends depend on.
pub(super) fn fact(connection: &Connection, key: &Key) -> Outcome<Fact> {
    Ok(match key {
        Key::User(folded) => Fact::User(folded_user(connection, folded)?.map(Arc::new)),
        Key::Block(owner, blocked) => Fact::Block(blocks(connection, owner, blocked)?),
        Key::Group(id) => Fact::Group(match group(connection, id)? {
            Some(group) => {
                Some(Arc::new(Roster { group: Arc::new(group), members: roster(connection, id)? }))
            }
            None => None,
        }),
        Key::Listed(id) => {
            let (first, other) = match id {
                ConversationId::Single(low, high) | ConversationId::Notice(low, high) => (low, high),
                _ => return Err(Broken::Row("only chats of two are looked up on lists")),
            };
            Fact::Listed(side(connection, first, id)?, side(connection, other, id)?)
        }
        Key::Member(group, folded) => Fact::Member(folded_member(connection, group, folded)?.map(Arc::new)),
    })
}

fn side(connection: &Connection, user: &UserId, conversation: &ConversationId) -> Outcome<Side> {
    let sql = "SELECT 1 FROM views JOIN lanes ON lanes.id = lane_id WHERE user = ?1 AND key = ?2";
    let listed = connection.prepare_cached(sql)?.exists([&user.folded(), &conversation.to_string()])?;
    let receive_option = match records::one(connection, &RecordKey::conversation(user, conversation))? {
        Some(Record::Conversation(settings)) => settings.receive_option,
        _ => 0,
    };
    Ok(Side { listed, receive_option })
}

fn roster(connection: &Connection, group: &GroupId) -> Outcome<Arc<[UserId]>> {
    let mut statement =
        connection.prepare_cached("SELECT id FROM members WHERE chat_group = ?1 ORDER BY user")?;
    let mut rows = statement.query([group.as_str()])?;
    let mut ids = Vec::new();
    while let Some(row) = rows.next()? {
        ids.push(user_id(text(row, 0)?)?);
    }
    Ok(ids.into())
}

fn blocks(connection: &Connection, owner: &str, blocked: &str) -> Outcome<bool> {
    let mut statement =
        connection.prepare_cached("SELECT 1 FROM blocks WHERE owner = ?1 AND blocked = ?2")?;
    Ok(statement.exists([owner, blocked])?)
}
