//! Pushes that wait: for their sender to be answered, for before-rules, and for those of their lane that came earlier.

use std::collections::VecDeque;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::time::Duration;

use ringback_model::event::{Event, Lane};
use ringback_model::hashing::FastMap;
use ringback_model::ids::UserId;
use ringback_model::ports::Push;

use super::asking::{Cause, Leave};
use crate::handover::OnItsWay;

/// What is pushed.
#[derive(Clone)]
pub(super) enum Freight {
    /// A committed message.
    Stored(Arc<Event>, Arc<OnItsWay>),
    /// A notice that is kept nowhere.
    Passing(Passing),
}

/// A notice that is kept nowhere, on its way.
#[derive(Clone)]
pub(crate) struct Passing {
    pub(crate) lane: Lane,
    pub(crate) push: Push,
    pub(crate) cause: Cause,
    pub(crate) recipients: Arc<[UserId]>,
    /// How long it is held first.
    pub(crate) hold: Duration,
}

impl Freight {
    pub(super) fn lane(&self) -> &Lane {
        match self {
            Self::Stored(event, _) => &event.lane,
            Self::Passing(passing) => &passing.lane,
        }
    }

    /// Whether nobody has to be waited for: nobody waits for an answer to a notice.
    fn is_free(&self) -> bool {
        match self {
            Self::Stored(_, entry) => entry.is_free(),
            Self::Passing(_) => true,
        }
    }
}

/// What a push waits for.
#[derive(Debug, PartialEq, Eq)]
enum Wait {
    /// Its sender, whom nobody watches yet.
    Unwatched,
    /// Something that will be told by [`Step::settled`].
    Watched,
    /// Nothing but those before it.
    Nothing(Leave),
}

/// A place in a lane. Places are numbered in the order in which they were taken.
struct Place {
    number: u64,
    freight: Freight,
    wait: Wait,
}

/// A lane may go on.
pub(super) struct Step {
    pub(super) lane: Lane,
    /// Which of its places waits no more, and how it ended.
    pub(super) settled: Option<(u64, Leave)>,
}

/// What is to be done next in a lane.
pub(super) enum Next {
    /// Push this.
    Push(Freight, Leave),
    /// Watch for the sender of this place to be answered.
    Watch(u64, Freight),
    /// Nothing now.
    Rest,
}

/// All lanes in which something waits.
#[derive(Default)]
pub(super) struct Lanes {
    waiting: FastMap<Lane, VecDeque<Place>>,
    next: u64,
    held: usize,
}

impl Lanes {
    /// How many pushes wait.
    pub(super) const fn held(&self) -> usize {
        self.held
    }

    /// Whether something waits in this lane: what comes after it must not overtake it.
    pub(super) fn holds(&self, lane: &Lane) -> bool {
        self.waiting.contains_key(lane)
    }

    /// Takes a push that is watched from the start; answers the number of its place.
    pub(super) fn watched(&mut self, freight: Freight) -> u64 {
        self.push_back(freight, Wait::Watched)
    }

    /// Takes a push that waits behind others of its lane.
    pub(super) fn behind(&mut self, freight: Freight) {
        self.push_back(freight, Wait::Unwatched);
    }

    fn push_back(&mut self, freight: Freight, wait: Wait) -> u64 {
        self.next += 1;
        self.held += 1;
        let place = Place { number: self.next, freight, wait };
        self.waiting.entry(place.freight.lane().clone()).or_default().push_back(place);
        self.next
    }

    /// A place waits no more.
    pub(super) fn settle(&mut self, lane: &Lane, number: u64, leave: Leave) {
        let Some(queue) = self.waiting.get_mut(lane) else { return };
        if let Ok(index) = queue.binary_search_by_key(&number, |place| place.number)
            && let Some(place) = queue.get_mut(index)
        {
            place.wait = Wait::Nothing(leave);
        }
    }

    /// What is to be done next in a lane.
    pub(super) fn next(&mut self, lane: &Lane) -> Next {
        let Entry::Occupied(mut queue) = self.waiting.entry(lane.clone()) else { return Next::Rest };
        let Some(head) = queue.get_mut().front_mut() else { return Next::Rest };
        let leave = match &mut head.wait {
            Wait::Nothing(leave) => std::mem::replace(leave, Leave::ToAll),
            Wait::Unwatched if head.freight.is_free() => Leave::ToAll,
            wait @ Wait::Unwatched => {
                *wait = Wait::Watched;
                return Next::Watch(head.number, head.freight.clone());
            }
            Wait::Watched => return Next::Rest,
        };
        let Some(place) = queue.get_mut().pop_front() else { return Next::Rest };
        if queue.get().is_empty() {
            queue.remove();
        }
        self.held -= 1;
        Next::Push(place.freight, leave)
    }
}
