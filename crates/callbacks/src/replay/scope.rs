//! Where in the log the events of a replay are, read in pages. It does not grow: what happens later is not meant.

use std::sync::Arc;

use ringback_model::event::{Event, Lane};
use ringback_model::failure::Fault;
use ringback_model::ids::LogPos;
use ringback_model::ports::Log;

use crate::tail::READ_EVENTS;

/// Part of a log.
#[derive(Debug, Clone)]
pub(super) struct Scope {
    /// Only this lane, by its index; `None` = all.
    pub(super) lane: Option<Lane>,
    /// Events after this position …
    pub(super) after: LogPos,
    /// … up to this one.
    pub(super) upto: LogPos,
}

/// What was read.
pub(super) struct Read {
    pub(super) events: Vec<Arc<Event>>,
    /// Nothing of the scope lies between these events and this position.
    pub(super) upto: LogPos,
}

impl Scope {
    /// The next events after this position; `None` at the end.
    pub(super) async fn read(&self, log: &dyn Log, after: LogPos) -> Result<Option<Read>, Fault> {
        if after >= self.upto {
            return Ok(None);
        }
        let mut events = match &self.lane {
            Some(lane) => log.read_lane(lane, after, READ_EVENTS).await?,
            None => log.read(after, READ_EVENTS).await?,
        };
        let full = events.len() >= READ_EVENTS;
        let last = events.last().map_or(self.upto, |event| event.pos);
        events.retain(|event| event.pos <= self.upto);
        // Fewer than wanted: nothing follows.
        let upto = if full { last.min(self.upto) } else { self.upto };
        Ok(Some(Read { events, upto }))
    }
}
