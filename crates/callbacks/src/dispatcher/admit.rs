//! From events to deliveries in lanes.

use std::sync::Arc;

use futures_util::FutureExt as _;
use ringback_model::delivery::{DeliveryKey, Gap, GapReason};
use ringback_model::dialect::Rendered;
use ringback_model::event::{Event, EventKind};

use super::attempt::{Cause, Delivery, Source};
use super::lines::{ALL_COPIES, LaneKey, Phase};
use super::runner::{Owned, Runner};
use crate::live::{LiveRule, LiveVersion};

/// An event whose deliveries are being added, as far as there is room.
pub(super) struct Expanding {
    event: Arc<Event>,
    next: u32,
    copies: u32,
}

impl Runner {
    /// Admits what was read, as far as there is room.
    pub(super) fn admit_all(&mut self) {
        while self.window.has_room() {
            if let Some(expanding) = self.expanding.take() {
                self.admit_copy(expanding);
            } else if let Some(event) = self.inbox.pop_front() {
                self.admit_event(event);
            } else {
                self.window.set_read(self.inbox_upto);
                return;
            }
        }
    }

    fn admit_event(&mut self, event: Arc<Event>) {
        if event.pos <= self.window.read() {
            return;
        }
        let copies = match self.live.wanting(&event) {
            Some(version) => copies_of(version, &event),
            None => 0,
        };
        if copies == 0 {
            self.window.set_read(event.pos);
            return;
        }
        self.live.metrics.matched(event.kind());
        self.window.open(event.pos, event.at);
        self.expanding = Some(Expanding { event, next: 0, copies });
    }

    fn admit_copy(&mut self, mut expanding: Expanding) {
        let event = &expanding.event;
        let copy = expanding.next;
        match self.render(event, copy, Source::Stream) {
            Some(delivery) => self.enqueue(delivery),
            None => {
                let key = DeliveryKey { pos: event.pos, copy };
                let now = self.shared.clock.now();
                self.staged.gap(Gap::one(key, GapReason::Unrendered, now));
            }
        }
        expanding.next += 1;
        if expanding.next < expanding.copies {
            self.expanding = Some(expanding);
        } else {
            self.window.close(expanding.event.pos);
        }
    }

    /// Renders one copy with the version valid at the event; `None` where there is nothing to send.
    pub(super) fn render(&self, event: &Event, copy: u32, source: Source) -> Option<Delivery> {
        let version = self.live.wanting(event)?;
        let Some(rendered) = version.contract.delivery(&version.rule, event, copy) else {
            self.live.metrics.unrendered.increment(1);
            return None;
        };
        Some(delivery_of(&self.live, rendered, event, copy, source))
    }

    fn enqueue(&mut self, delivery: Delivery) {
        if self.has_row(delivery.key) {
            // After a crash: the row was saved, the cursor before it.
            return;
        }
        let line = self.lines.entry(delivery.lane.clone()).or_default();
        if let Some(stuck) = &mut line.stuck {
            stuck.passed = stuck.passed.max(delivery.key);
            return;
        }
        self.window.hold(delivery.key.pos, delivery.outbound.body.len());
        self.append(delivery);
    }

    /// Whether the delivery has left the stream already.
    pub(super) fn has_row(&self, key: DeliveryKey) -> bool {
        self.rows.contains(key) || self.set_aside.contains(&key) || self.given_up.contains(key)
    }

    /// Adds a delivery at the end of its lane.
    pub(super) fn append(&mut self, mut delivery: Delivery) {
        delivery.handed = self.is_handed_over(&delivery);
        let lane = delivery.lane.clone();
        let line = self.lines.entry(lane.clone()).or_default();
        let first = line.queue.is_empty() && !line.busy;
        let goes = first && delivery.handed;
        line.queue.push_back(delivery);
        if goes {
            self.ready.push_back(lane);
        }
    }

    /// Whether the push of its message was written already; else [`Runner::handed`] hears of it.
    fn is_handed_over(&mut self, delivery: &Delivery) -> bool {
        let Some(message) = delivery.cause.as_ref().map(|cause| cause.message) else { return true };
        let handover = Arc::clone(&self.shared.handover);
        let (lane, key) = (delivery.lane.clone(), delivery.key);
        let mut wait: Owned<(LaneKey, DeliveryKey)> = Box::pin(async move {
            handover.handed_over(message).await;
            (lane, key)
        });
        let now = (&mut wait).now_or_never().is_some();
        if !now {
            self.handovers.push(wait);
        }
        now
    }

    /// The push of a delivery's message was written.
    pub(super) fn handed(&mut self, lane: &LaneKey, key: DeliveryKey) {
        let Some(line) = self.lines.get_mut(lane) else { return };
        let Some(index) = line.queue.iter().position(|delivery| delivery.key == key) else {
            return;
        };
        line.queue[index].handed = true;
        if index == 0 && !line.busy {
            self.ready.push_back(lane.clone());
        }
    }

    /// The lane's call is over: its next delivery may go.
    pub(super) fn next_in_line(&mut self, lane: &LaneKey) {
        let Some(line) = self.lines.get_mut(lane) else { return };
        line.busy = false;
        match line.queue.front() {
            Some(front) if front.handed => self.ready.push_back(lane.clone()),
            Some(_) => {}
            None if line.stuck.is_none() => {
                self.lines.remove(lane);
            }
            None => {}
        }
    }

    /// Whether the lane is sending a page of its own.
    pub(super) fn is_resuming(&self, lane: &LaneKey) -> bool {
        let stuck = self.lines.get(lane).and_then(|line| line.stuck.as_ref());
        stuck.is_some_and(|stuck| stuck.phase == Phase::Sending)
    }
}

/// The delivery of what was rendered for one copy.
pub(crate) fn delivery_of(
    live: &LiveRule,
    rendered: Rendered,
    event: &Event,
    copy: u32,
    source: Source,
) -> Delivery {
    let key = DeliveryKey { pos: event.pos, copy };
    let lane = if live.keeps_order() || source == Source::Lane {
        LaneKey::Named(match &rendered.recipient {
            Some(user) => event.lane.of_recipient(user),
            None => event.lane.clone(),
        })
    } else {
        LaneKey::Single(key)
    };
    Delivery {
        key,
        lane,
        outbound: Arc::new(rendered.outbound),
        cause: Some(cause_of(event)),
        attempts: 0,
        at: event.at,
        since: None,
        last_error: String::new(),
        source,
        handed: false,
    }
}

/// How many deliveries the event means, at most as many as keys can number.
pub(crate) fn copies_of(version: &LiveVersion, event: &Event) -> u32 {
    version.contract.copies(&version.rule, event).map_or(0, |copies| copies.min(ALL_COPIES))
}

pub(super) fn cause_of(event: &Event) -> Cause {
    Cause {
        message: event.fact.number(),
        kind: event.kind().unwrap_or(EventKind::MessageSent),
        operation_id: Arc::clone(event.fact.operation_id()),
    }
}
