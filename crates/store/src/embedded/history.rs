//! Reading conversations and their messages.

use std::sync::Arc;

use ringback_model::conversation::{ConversationId, ConversationState};
use ringback_model::event::Fact;
use ringback_model::hashing::FastMap;
use ringback_model::ids::{Seq, UserId};
use ringback_model::message::Message;
use ringback_model::ports::StoredRange;
use ringback_model::time::UnixMs;
use rusqlite::{Connection, OptionalExtension, Row};

use super::lanes;
use super::log::text;
use super::own_reads::OwnReads;
use super::segments;
use super::sql::{Broken, Outcome, count, from_json, int, limit};

/// Views with how far their lanes have come. What the open segment knows is found by the statement itself: users have
/// thousands of conversations.
fn views_sql(open: i64) -> String {
    format!(
        "SELECT lanes.key, lanes.max_seq, lanes.newest_at, views.read_seq, views.min_seq, views.end_seq, views.end_at,
             (SELECT seq FROM log_{open} WHERE lane_id = views.lane_id ORDER BY seq DESC LIMIT 1) AS open_seq,
             views.lane_id
         FROM views JOIN lanes ON lanes.id = views.lane_id WHERE views.user = ?1"
    )
}

/// All conversations of a user, in the order of their ids.
pub(super) fn conversations(
    connection: &Connection,
    own_reads: &OwnReads,
    user: &UserId,
) -> Outcome<Vec<ConversationState>> {
    let open = segments::open(connection)?.n;
    let user = user.folded();
    let own = own_reads.of(&user);
    let mut statement = connection.prepare_cached(&views_sql(open))?;
    let mut rows = statement.query([user])?;
    let mut states = Vec::new();
    while let Some(row) = rows.next()? {
        states.push(state(connection, open, &own, row)?);
    }
    states.sort_by(|one, other| one.conversation.cmp(&other.conversation));
    Ok(states)
}

/// Some conversations of a user.
pub(super) fn conversation_states(
    connection: &Connection,
    own_reads: &OwnReads,
    user: &UserId,
    ids: &[ConversationId],
) -> Outcome<Vec<Option<ConversationState>>> {
    let open = segments::open(connection)?.n;
    let user = user.folded();
    let own = own_reads.of(&user);
    let mut statement = connection.prepare_cached(&format!("{} AND lanes.key = ?2", views_sql(open)))?;
    let mut states = Vec::with_capacity(ids.len());
    for id in ids {
        let mut rows = statement.query((&user, id.to_string()))?;
        states.push(rows.next()?.map(|row| state(connection, open, &own, row)).transpose()?);
    }
    Ok(states)
}

/// `own`: how far he has read by sending, by lane; newer than the snapshot perhaps.
fn state(
    connection: &Connection,
    open: i64,
    own: &FastMap<i64, u64>,
    row: &Row<'_>,
) -> Outcome<ConversationState> {
    let (sealed_seq, sealed_at) = (count(row.get(1)?), row.get(2)?);
    let end: Option<i64> = row.get(5)?;
    let open_seq = row.get::<_, Option<i64>>(7)?.map_or(0, count);
    let (max_seq, newest_at) = match end {
        Some(end) => (count(end), row.get::<_, Option<i64>>(6)?.unwrap_or(0)),
        None if open_seq > sealed_seq => {
            (open_seq, lanes::stored_at(connection, open, row.get(8)?, open_seq)?)
        }
        None => (sealed_seq, sealed_at),
    };
    let conversation = ConversationId::parse(text(row, 0)?)
        .ok_or(Broken::Row("a view of something that is no conversation"))?;
    Ok(ConversationState {
        conversation,
        max_seq,
        read_seq: count(row.get(3)?).max(own.get(&row.get(8)?).copied().unwrap_or(0)).min(max_seq),
        min_seq: count(row.get(4)?),
        newest_at: UnixMs(newest_at),
        ended: end.is_some(),
    })
}

/// The newest seq of conversations.
pub(super) fn newest(connection: &Connection, ids: &[ConversationId]) -> Outcome<Vec<Seq>> {
    let open = segments::open(connection)?.n;
    let mut statement = connection.prepare_cached(&format!(
        "SELECT max(max_seq, coalesce(
             (SELECT seq FROM log_{open} WHERE lane_id = lanes.id ORDER BY seq DESC LIMIT 1), 0
         )) FROM lanes WHERE key = ?1"
    ))?;
    let mut newest = Vec::with_capacity(ids.len());
    for id in ids {
        newest.push(statement.query_row([id.to_string()], |row| row.get(0)).optional()?.map_or(0, count));
    }
    Ok(newest)
}

/// Stored messages of several conversations; no more than `most` in all.
pub(super) fn ranges(
    connection: &Connection,
    ranges: &[StoredRange],
    most: usize,
) -> Outcome<Vec<Vec<Arc<Message>>>> {
    let mut room = most;
    let mut found = Vec::with_capacity(ranges.len());
    for one in ranges {
        let messages = range(connection, &one.conversation, one.first, one.last, one.limit.min(room))?;
        room -= messages.len();
        found.push(messages);
    }
    Ok(found)
}

/// Stored messages between two seqs, ascending; of more than `most`, the newest.
pub(super) fn range(
    connection: &Connection,
    conversation: &ConversationId,
    first: Seq,
    last: Seq,
    most: usize,
) -> Outcome<Vec<Arc<Message>>> {
    if most == 0 {
        return Ok(Vec::new());
    }
    let Some(lane) = lanes::find(connection, &conversation.to_string())? else { return Ok(Vec::new()) };
    let last = last.min(lane.max_seq);
    let wanted = most.min(usize::try_from((last + 1).saturating_sub(first)).unwrap_or(usize::MAX));
    let mut messages = Vec::new();
    for segment in segments::of_lane(connection, lane.id, first, last)?.into_iter().rev() {
        if messages.len() >= wanted {
            break;
        }
        let sql = format!(
            "SELECT payload FROM log_{segment} WHERE lane_id = ?1 AND seq BETWEEN ?2 AND ?3 AND stored
             ORDER BY seq DESC LIMIT ?4"
        );
        let mut statement = connection.prepare_cached(&sql)?;
        let mut rows = statement.query((lane.id, int(first), int(last), limit(wanted - messages.len())))?;
        while let Some(row) = rows.next()? {
            messages.push(message(row)?);
        }
    }
    messages.reverse();
    Ok(messages)
}

/// Stored messages with these seqs, in their order.
pub(super) fn chosen(
    connection: &Connection,
    conversation: &ConversationId,
    seqs: &[Seq],
) -> Outcome<Vec<Arc<Message>>> {
    let Some(lane) = lanes::find(connection, &conversation.to_string())? else { return Ok(Vec::new()) };
    let mut messages = Vec::new();
    for seq in seqs.iter().filter(|seq| **seq <= lane.max_seq) {
        messages.extend(stored(connection, lane.id, *seq)?);
    }
    Ok(messages)
}

fn stored(connection: &Connection, lane: i64, seq: Seq) -> Outcome<Option<Arc<Message>>> {
    for segment in segments::of_lane(connection, lane, seq, seq)? {
        // The first row with this seq is the message; later ones only carry it.
        let sql = format!(
            "SELECT payload, stored FROM log_{segment} WHERE lane_id = ?1 AND seq = ?2 ORDER BY pos LIMIT 1"
        );
        let mut statement = connection.prepare_cached(&sql)?;
        let mut rows = statement.query((lane, int(seq)))?;
        if let Some(row) = rows.next()?
            && row.get(1)?
        {
            return Ok(Some(message(row)?));
        }
    }
    Ok(None)
}

fn message(row: &Row<'_>) -> Outcome<Arc<Message>> {
    match from_json(text(row, 0)?)? {
        Fact::MessageSent(sent) => Ok(sent.message),
        Fact::Done(_) => Err(Broken::Row("a row that should hold a message does not")),
    }
}
