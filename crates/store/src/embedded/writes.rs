//! The writes of a commit, as SQL.

use ringback_model::commit::Write;
use ringback_model::conversation::ConversationId;
use ringback_model::event::Lane;
use ringback_model::group::{Group, GroupStatus, Member};
use ringback_model::ids::{GroupId, UserId};
use ringback_model::time::UnixMs;
use ringback_model::user::{Platform, TokenRecord};
use ringback_model::version::Touch;
use rusqlite::{Connection, Params};

use super::lanes::Lanes;
use super::sql::{Outcome, int, to_json};
use crate::shape::{self, Touches};

fn run(connection: &Connection, sql: &str, parameters: impl Params) -> Outcome<usize> {
    Ok(connection.prepare_cached(sql)?.execute(parameters)?)
}

/// Carries one write out.
pub(super) fn write(
    connection: &Connection,
    lanes: &mut Lanes,
    write: &Write,
    at: UnixMs,
    touches: &mut Touches,
) -> Outcome<()> {
    match write {
        Write::PutUser(user) => {
            let sql = "INSERT INTO users (folded, id, data) VALUES (?1, ?2, ?3)
                ON CONFLICT (folded) DO UPDATE SET id = excluded.id, data = excluded.data";
            run(connection, sql, (user.id.folded(), user.id.as_str(), to_json(user)?))?;
        }
        Write::RemoveUser(user) => {
            let user = user.folded();
            run(connection, "DELETE FROM users WHERE folded = ?1", [&user])?;
            run(connection, "DELETE FROM passwords WHERE user = ?1", [&user])?;
            run(connection, "DELETE FROM tokens WHERE user = ?1", [&user])?;
        }
        Write::PutGroup(group) => put_group(connection, group)?,
        Write::PutMember(member) => put_member(connection, lanes, member, touches)?,
        Write::RemoveMember(group, user) => {
            remove_member(connection, lanes, group, user, touches)?;
        }
        Write::PutPassword { user, hash } => {
            let sql = "INSERT OR REPLACE INTO passwords (user, hash) VALUES (?1, ?2)";
            run(connection, sql, (user.folded(), hash.reveal()))?;
        }
        Write::PutBlock(block) => {
            let sql = "INSERT OR REPLACE INTO blocks (owner, blocked, data) VALUES (?1, ?2, ?3)";
            run(connection, sql, (block.owner.folded(), block.blocked.folded(), to_json(block)?))?;
        }
        Write::RemoveBlock(owner, blocked) => {
            let sql = "DELETE FROM blocks WHERE owner = ?1 AND blocked = ?2";
            run(connection, sql, (owner.folded(), blocked.folded()))?;
        }
        Write::PutToken(token) => put_token(connection, token, at)?,
        Write::KickTokens { user, platform, except } => {
            kick_tokens(connection, user, *platform, except.as_deref())?;
        }
        Write::MarkRead { user, conversation, seq } => {
            mark_read_to(connection, lanes, user, conversation, *seq)?;
        }
        Write::ForgetBefore { user, conversation, seq } => {
            let lane = lanes.get_or_create(connection, &Lane::conversation(conversation))?;
            let sql = "UPDATE views SET min_seq = max(min_seq, ?3) WHERE user = ?1 AND lane_id = ?2";
            run(connection, sql, (user.folded(), lane.id, int(*seq)))?;
        }
        Write::List { user, conversation } => {
            let lane = lanes.get_or_create(connection, &Lane::conversation(conversation))?;
            if join(connection, user, lane.id)? {
                touches.push(shape::list_touch(user, conversation, Touch::Inserted));
            }
        }
        Write::Keep(record) => {
            let key = record.key();
            let sql = "INSERT OR REPLACE INTO records (kind, owner, about, data) VALUES (?1, ?2, ?3, ?4)";
            run(connection, sql, (key.kind.number(), &key.owner, &key.about, to_json(record)?))?;
        }
        Write::Discard(key) => {
            let sql = "DELETE FROM records WHERE kind = ?1 AND owner = ?2 AND about = ?3";
            run(connection, sql, (key.kind.number(), &key.owner, &key.about))?;
        }
    }
    Ok(())
}

fn put_group(connection: &Connection, group: &Group) -> Outcome<()> {
    let sql = "INSERT INTO chat_groups (id, live, member_count, roster, data)
        VALUES (?1, ?2, (SELECT count(*) FROM members WHERE chat_group = ?1), 0, ?3)
        ON CONFLICT (id) DO UPDATE SET live = excluded.live, data = excluded.data";
    let live = group.status != GroupStatus::Dismissed;
    run(connection, sql, (group.id.as_str(), live, to_json(group)?))?;
    Ok(())
}

fn count_members(connection: &Connection, group: &GroupId, change: i64) -> Outcome<()> {
    let sql = "UPDATE chat_groups SET member_count = member_count + ?2 WHERE id = ?1";
    run(connection, sql, (group.as_str(), change))?;
    Ok(())
}

fn put_member(
    connection: &Connection,
    lanes: &mut Lanes,
    member: &Member,
    touches: &mut Touches,
) -> Outcome<()> {
    let user = member.user.folded();
    let data = to_json(member)?;
    let change = "UPDATE members SET id = ?3, data = ?4 WHERE chat_group = ?1 AND user = ?2";
    let row = (member.group.as_str(), &user, member.user.as_str(), &data);
    if run(connection, change, row)? > 0 {
        return Ok(());
    }
    run(connection, "INSERT INTO members (chat_group, user, id, data) VALUES (?1, ?2, ?3, ?4)", row)?;
    count_members(connection, &member.group, 1)?;
    let conversation = ConversationId::Group(member.group.clone());
    let lane = lanes.get_or_create(connection, &Lane::conversation(&conversation))?;
    let touch = if join(connection, &member.user, lane.id)? {
        Touch::Inserted
    } else {
        let again = "UPDATE views SET end_seq = NULL, end_at = NULL WHERE user = ?1 AND lane_id = ?2";
        run(connection, again, (&user, lane.id))?;
        Touch::Updated
    };
    touches.push(shape::list_touch(&member.user, &conversation, touch));
    Ok(())
}

fn remove_member(
    connection: &Connection,
    lanes: &mut Lanes,
    group: &GroupId,
    user: &UserId,
    touches: &mut Touches,
) -> Outcome<()> {
    let folded = user.folded();
    let sql = "DELETE FROM members WHERE chat_group = ?1 AND user = ?2";
    if run(connection, sql, (group.as_str(), &folded))? == 0 {
        return Ok(());
    }
    count_members(connection, group, -1)?;
    let conversation = ConversationId::Group(group.clone());
    let lane = lanes.get_or_create(connection, &Lane::conversation(&conversation))?;
    let view = "UPDATE views SET end_seq = ?3, end_at = ?4 WHERE user = ?1 AND lane_id = ?2";
    if run(connection, view, (&folded, lane.id, int(lane.max_seq), lane.newest_at))? > 0 {
        touches.push(shape::list_touch(user, &conversation, Touch::Updated));
    }
    Ok(())
}

fn put_token(connection: &Connection, token: &TokenRecord, at: UnixMs) -> Outcome<()> {
    let user = token.user.folded();
    run(connection, "DELETE FROM tokens WHERE user = ?1 AND expires_at <= ?2", (&user, at.0))?;
    let sql = "INSERT OR REPLACE INTO tokens (user, id, platform, expires_at, kicked, display)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let display = token.user.as_str();
    run(connection, sql, (&user, &token.id, token.platform.0, token.expires_at.0, token.kicked, display))?;
    Ok(())
}

fn kick_tokens(
    connection: &Connection,
    user: &UserId,
    platform: Platform,
    except: Option<&str>,
) -> Outcome<()> {
    let sql = "UPDATE tokens SET kicked = 1 WHERE user = ?1 AND platform = ?2 AND id IS NOT ?3";
    run(connection, sql, (user.folded(), platform.0, except))?;
    Ok(())
}

fn mark_read_to(
    connection: &Connection,
    lanes: &mut Lanes,
    user: &UserId,
    conversation: &ConversationId,
    seq: u64,
) -> Outcome<()> {
    let Some(lane) = lanes.get(connection, &Lane::conversation(conversation))? else { return Ok(()) };
    let sql = "UPDATE views SET read_seq = max(read_seq, min(?3, coalesce(end_seq, ?4)))
        WHERE user = ?1 AND lane_id = ?2";
    run(connection, sql, (user.folded(), lane.id, int(seq), int(lane.max_seq)))?;
    Ok(())
}

/// Puts a conversation into a user's list. False where it was there.
pub(super) fn join(connection: &Connection, user: &UserId, lane: i64) -> Outcome<bool> {
    let sql = "INSERT OR IGNORE INTO views (user, lane_id) VALUES (?1, ?2)";
    Ok(run(connection, sql, (user.folded(), lane))? > 0)
}

/// Moves a sender's own read mark.
pub(super) fn read_own(connection: &Connection, user: &str, lane: i64, seq: u64) -> Outcome<()> {
    let sql = "UPDATE views SET read_seq = ?3 WHERE user = ?1 AND lane_id = ?2 AND read_seq < ?3";
    run(connection, sql, (user, lane, int(seq)))?;
    Ok(())
}
