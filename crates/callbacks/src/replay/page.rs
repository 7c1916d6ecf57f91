//! From events to deliveries, as many at once as may be in memory.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use ringback_model::delivery::DeliveryKey;
use ringback_model::event::Event;
use ringback_model::failure::Fault;
use ringback_model::ids::LogPos;
use ringback_model::limits;
use ringback_model::ports::Log;

use super::business::{Business, Copy, Found};
use super::scope::Scope;
use super::state::Replay;
use crate::dispatcher::attempt::Delivery;

/// Reads of the log for one page: where few events are meant, a page is sent before it is full.
const READS: usize = 16;

/// Deliveries that are sent together.
#[derive(Default)]
pub(super) struct Page {
    pub(super) deliveries: Vec<Delivery>,
    /// Copies that the contract gives no request for.
    pub(super) unrendered: Vec<DeliveryKey>,
    /// There are no others up to here.
    pub(super) read: LogPos,
    bytes: usize,
}

impl Page {
    fn is_full(&self) -> bool {
        self.deliveries.len() + self.unrendered.len() >= limits::REPLAY_PAGE
            || self.bytes >= limits::REPLAY_PAGE_BYTES
    }

    /// How many deliveries there are of which events.
    pub(super) fn open(&self) -> BTreeMap<LogPos, usize> {
        let mut open = BTreeMap::new();
        let keys = self.deliveries.iter().map(|delivery| delivery.key).chain(self.unrendered.iter().copied());
        for key in keys {
            *open.entry(key.pos).or_default() += 1;
        }
        open
    }
}

/// Makes one page after the other.
pub(super) struct Pager<'a> {
    log: &'a dyn Log,
    scope: &'a Scope,
    business: &'a Business,
    /// Read, and not in a page yet; of the first one, the copies from `copy` on.
    inbox: VecDeque<Arc<Event>>,
    copy: u32,
    read: LogPos,
}

impl<'a> Pager<'a> {
    pub(super) const fn new(log: &'a dyn Log, scope: &'a Scope, business: &'a Business) -> Self {
        Self { log, scope, business, inbox: VecDeque::new(), copy: 0, read: scope.after }
    }

    /// The next page, which may be empty; `None` at the end.
    pub(super) async fn next(&mut self, replay: &Replay) -> Result<Option<Page>, Fault> {
        let mut page = Page::default();
        for _ in 0..READS {
            self.fill(&mut page);
            if page.is_full() || replay.is_ending() {
                break;
            }
            match self.scope.read(self.log, self.read).await? {
                Some(read) => {
                    self.inbox.extend(read.events);
                    self.read = read.upto;
                }
                None if page.deliveries.is_empty() && page.unrendered.is_empty() => return Ok(None),
                None => break,
            }
        }
        self.fill(&mut page);
        page.read = self.inbox.front().map_or(self.read, |next| LogPos(next.pos.0.saturating_sub(1)));
        Ok(Some(page))
    }

    fn fill(&mut self, page: &mut Page) {
        while let Some(event) = self.inbox.front() {
            if let Found::Wanted(wanted) = self.business.look(event) {
                while self.copy < wanted.copies {
                    if page.is_full() {
                        return;
                    }
                    match self.business.copy(event, &wanted, self.copy) {
                        Copy::NotMeant => {}
                        Copy::Unrendered => {
                            page.unrendered.push(DeliveryKey { pos: event.pos, copy: self.copy });
                        }
                        Copy::Meant(delivery) => {
                            page.bytes += delivery.outbound.body.len();
                            page.deliveries.push(*delivery);
                        }
                    }
                    self.copy += 1;
                }
            }
            self.inbox.pop_front();
            self.copy = 0;
        }
    }
}
