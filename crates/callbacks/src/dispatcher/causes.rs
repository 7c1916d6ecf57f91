//! What rows that come out of the store are about: they hold their requests, and the log knows the rest.

use std::collections::{BTreeSet, HashMap};

use ringback_model::delivery::Exception;
use ringback_model::ids::LogPos;
use ringback_model::ports::Log;

use super::admit::cause_of;
use super::attempt::Cause;

/// Causes by the position of their event.
pub(crate) type Causes = HashMap<LogPos, Cause>;

/// The causes of these rows, as far as their events are in the log. For those who search by operation or message:
/// where the log cannot be read, deliveries go on without.
pub(crate) async fn causes_of(log: &dyn Log, rows: &[Exception]) -> Causes {
    let start = log.start();
    let sent = rows.iter().filter(|row| row.outbound.is_some());
    let positions: BTreeSet<LogPos> = sent.map(|row| row.key.pos).filter(|pos| *pos >= start).collect();
    let mut causes = Causes::with_capacity(positions.len());
    for pos in positions {
        let Ok(events) = log.read(LogPos(pos.0.saturating_sub(1)), 1).await else { break };
        let event = events.first().filter(|event| event.pos == pos);
        causes.extend(event.map(|event| (pos, cause_of(event))));
    }
    causes
}
