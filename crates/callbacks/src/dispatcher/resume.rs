//! Lanes that are stuck: what passes meanwhile is not kept, but read again from the log when the lane moves on.

use std::sync::Arc;

use ringback_model::delivery::{DeliveryKey, Exception, ExceptionState, Gap, GapReason};
use ringback_model::event::{Event, Lane};
use ringback_model::failure::Fault;
use ringback_model::ids::LogPos;

use super::admit::copies_of;
use super::attempt::{Delivery, Source};
use super::lines::{LaneKey, Phase, Stuck, marker_of, whole};
use super::runner::{Runner, Shared};
use crate::tail::RETRY_READ;

/// Events of a lane that are read at once.
const PAGE_EVENTS: usize = 32;

/// Events of a lane, read again.
pub(super) struct LanePage {
    lane: LaneKey,
    base: Option<Lane>,
    /// How far the lane had let pass when the read began.
    passed: DeliveryKey,
    events: Result<Vec<Arc<Event>>, Fault>,
}

impl Runner {
    /// The head of a lane in order has become a row: the lane is stuck, what waits behind it passes.
    pub(super) fn stick(&mut self, head: &Delivery) {
        if matches!(head.lane, LaneKey::Single(_)) {
            self.lines.remove(&head.lane);
            return;
        }
        self.stuck_at(head, Phase::Waiting);
    }

    /// The head of a lane is parked and the rule's order is strict: the lane waits for it.
    pub(super) fn hold(&mut self, head: &Delivery) {
        if self.is_resuming(&head.lane) {
            self.resuming = self.resuming.saturating_sub(1);
        }
        self.stuck_at(head, Phase::Held);
        self.mark(&head.lane, head.key);
    }

    fn stuck_at(&mut self, head: &Delivery, phase: Phase) {
        let line = self.lines.entry(head.lane.clone()).or_default();
        line.busy = false;
        let queue = std::mem::take(&mut line.queue);
        let last = queue.back().map_or(head.key, |delivery| delivery.key);
        let before = line.stuck.take();
        line.stuck = Some(Stuck {
            phase,
            done: head.key,
            passed: before.as_ref().map_or(last, |stuck| stuck.passed.max(last)),
            covered: head.key,
            marker: before.as_ref().and_then(|stuck| stuck.marker),
            base: before.and_then(|stuck| stuck.base),
        });
        for delivery in queue.iter().filter(|delivery| delivery.source == Source::Stream) {
            self.release(delivery);
        }
    }

    /// While catching up, the next one failed: it has a row now, which also says where to go on.
    pub(super) fn stick_again(&mut self, lane: &LaneKey, head: DeliveryKey) {
        self.resuming = self.resuming.saturating_sub(1);
        self.unmark(lane);
        let Some(line) = self.lines.get_mut(lane) else { return };
        line.busy = false;
        line.queue.clear();
        if let Some(stuck) = &mut line.stuck {
            stuck.phase = Phase::Waiting;
            stuck.done = head;
        }
    }

    /// The row at the head of a lane is over.
    pub(super) fn after_row(&mut self, lane: &LaneKey, key: DeliveryKey) {
        let Some(line) = self.lines.get_mut(lane) else { return };
        line.busy = false;
        let Some(stuck) = &mut line.stuck else { return };
        stuck.done = key;
        if stuck.passed > key {
            stuck.phase = Phase::Queued;
            self.mark(lane, key);
            self.to_resume.push_back(lane.clone());
        } else {
            self.unstick(lane);
        }
    }

    /// What held the lane is no longer parked.
    pub(super) fn move_on(&mut self, lane: &LaneKey) {
        let Some(stuck) = self.stuck(lane) else { return };
        if stuck.passed > stuck.done {
            stuck.phase = Phase::Queued;
            self.to_resume.push_back(lane.clone());
        } else {
            self.unstick(lane);
        }
    }

    /// One delivery of a page is over.
    pub(super) fn resumed_one(&mut self, lane: &LaneKey, key: DeliveryKey) {
        let Some(line) = self.lines.get_mut(lane) else { return };
        if let Some(stuck) = &mut line.stuck {
            stuck.done = key;
        }
        if line.queue.is_empty() {
            line.busy = false;
            self.page_over(lane);
        } else {
            self.mark(lane, key);
            self.next_in_line(lane);
        }
    }

    fn page_over(&mut self, lane: &LaneKey) {
        self.resuming = self.resuming.saturating_sub(1);
        let Some(stuck) = self.stuck(lane) else { return };
        stuck.done = stuck.done.max(stuck.covered);
        let (done, passed) = (stuck.done, stuck.passed);
        if done >= passed {
            self.unstick(lane);
            return;
        }
        stuck.phase = Phase::Queued;
        self.mark(lane, done);
        self.to_resume.push_back(lane.clone());
    }

    fn stuck(&mut self, lane: &LaneKey) -> Option<&mut Stuck> {
        self.lines.get_mut(lane).and_then(|line| line.stuck.as_mut())
    }

    fn unstick(&mut self, lane: &LaneKey) {
        self.unmark(lane);
        self.lines.remove(lane);
    }

    /// Writes down where the lane goes on.
    fn mark(&mut self, lane: &LaneKey, done: DeliveryKey) {
        self.unmark(lane);
        let since = self.shared.clock.now();
        let marker = marker_of(done);
        if let Some(stuck) = self.stuck(lane) {
            stuck.marker = Some(marker);
        }
        self.staged.put(Exception {
            key: marker,
            lane: lane.to_lane(),
            state: ExceptionState::Resume,
            since,
            last_error: String::new(),
            outbound: None,
        });
    }

    fn unmark(&mut self, lane: &LaneKey) {
        if let Some(marker) = self.stuck(lane).and_then(|stuck| stuck.marker.take()) {
            self.staged.remove(marker);
        }
    }

    /// Reads lanes that move on, a few at a time: each holds a page in memory.
    pub(super) fn start_resumes(&mut self) {
        let most = usize::from(self.live.rule.policy.concurrency);
        while self.resuming < most {
            let Some(lane) = self.to_resume.pop_front() else { return };
            let Some(stuck) = self.stuck(&lane).filter(|stuck| stuck.phase == Phase::Queued) else {
                continue;
            };
            stuck.phase = Phase::Reading;
            let (done, passed, base) = (stuck.done, stuck.passed, stuck.base.clone());
            self.resuming += 1;
            if done.pos.next() < self.shared.log.start() {
                self.live.metrics.expired_lanes.increment(1);
                let upto = LogPos(self.shared.log.start().0.saturating_sub(1));
                let gap = Gap::whole(done.pos, upto, GapReason::LeftLog, self.shared.clock.now());
                self.staged.gap(Gap { lane: Some(lane.to_lane()), ..gap });
                tracing::warn!(
                    target: "ringback::callback",
                    rule = %self.live.id(),
                    pos = done.pos.0,
                    "a lane waited so long that events of it may have left the log"
                );
            }
            let shared = Arc::clone(&self.shared);
            self.lane_reads.push(Box::pin(async move {
                let read = read_page(&shared, &lane, base, done).await;
                if read.is_err() {
                    tokio::time::sleep(RETRY_READ).await;
                }
                let (base, events) = match read {
                    Ok((base, events)) => (Some(base), Ok(events)),
                    Err(fault) => (None, Err(fault)),
                };
                LanePage { lane, base, passed, events }
            }));
        }
    }

    /// A page of a lane is here.
    pub(super) fn page_read(&mut self, page: LanePage) {
        let Some(stuck) = self.stuck(&page.lane) else { return };
        let events = match page.events {
            Ok(events) => events,
            Err(fault) => {
                stuck.phase = Phase::Queued;
                self.resuming = self.resuming.saturating_sub(1);
                self.to_resume.push_back(page.lane);
                tracing::error!(target: "ringback::callback", %fault, "a lane could not be read");
                return;
            }
        };
        let (done, passed) = (stuck.done, stuck.passed);
        let last = events.last().map_or(done, |event| whole(event.pos));
        let reached = if events.len() < PAGE_EVENTS { last.max(page.passed) } else { last };
        stuck.covered = reached.min(passed).max(done);
        stuck.phase = Phase::Sending;
        stuck.base = page.base;
        let mut found = Vec::new();
        for event in events.iter().filter(|event| event.pos <= passed.pos) {
            let copies = self.live.wanting(event).map_or(0, |version| copies_of(version, event));
            found.extend(
                (0..copies)
                    .filter_map(|copy| self.render(event, copy, Source::Lane))
                    .filter(|delivery| delivery.lane == page.lane && delivery.key > done)
                    .filter(|delivery| delivery.key <= passed && !self.has_row(delivery.key)),
            );
        }
        if found.is_empty() {
            self.page_over(&page.lane);
            return;
        }
        for delivery in found {
            self.append(delivery);
        }
    }
}

/// The lane's events in the log, and the next page of them.
async fn read_page(
    shared: &Shared,
    lane: &LaneKey,
    base: Option<Lane>,
    done: DeliveryKey,
) -> Result<(Lane, Vec<Arc<Event>>), Fault> {
    let base = match base {
        Some(base) => base,
        None => find_base(shared, &lane.to_lane(), done.pos).await?,
    };
    let after = LogPos(done.pos.0.saturating_sub(1));
    let events = shared.log.read_lane(&base, after, PAGE_EVENTS).await?;
    Ok((base, events))
}

/// A recipient's lane is named after its conversation's; only the event itself tells where the one ends and the other
/// begins, because both may hold the separator.
async fn find_base(shared: &Shared, lane: &Lane, pos: LogPos) -> Result<Lane, Fault> {
    let after = LogPos(pos.0.saturating_sub(1));
    let first = shared.log.read(after, 1).await?.into_iter().next();
    if let Some(event) = first.filter(|event| event.pos == pos && lane.0.starts_with(&*event.lane.0)) {
        return Ok(event.lane.clone());
    }
    let whole = shared.log.read_lane(lane, LogPos::ZERO, 1).await?;
    let cut = lane.0.rsplit_once('>').map(|(base, _)| Lane(base.into()));
    Ok(match cut {
        Some(cut) if whole.is_empty() => cut,
        _ => lane.clone(),
    })
}
