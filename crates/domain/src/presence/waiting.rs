//! The line of comings and goings.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use ringback_model::action::{PresenceAction, PresenceChange};
use ringback_model::limits;
use ringback_model::presence::{Sight, Sighting};
use ringback_model::time::UnixMs;
use ringback_model::user::Platform;

/// Something that is to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) action: PresenceAction,
    pub(super) operation_id: Arc<str>,
}

/// What waits to be told, in the order in which it was seen.
#[derive(Default)]
pub(super) struct Waiting {
    line: VecDeque<Told>,
    /// So many at the front are being told.
    begun: usize,
    times: Times,
}

impl Waiting {
    pub(super) fn is_empty(&self) -> bool {
        self.line.is_empty()
    }

    /// Takes note of what was seen. A line that is too long is not made longer by what changes nothing in the end: a
    /// connection that went before it was told that it came goes together with that, and what was said of connections that
    /// were cut goes unsaid.
    pub(super) fn add(&mut self, seen: Sighting, now: UnixMs) {
        if self.line.len() >= limits::PRESENCE_WAITING && self.merge(&seen) {
            return;
        }
        let at = self.times.next(&seen, now);
        self.line.push_back(told(seen, at));
        self.show_length();
    }

    fn merge(&mut self, seen: &Sighting) -> bool {
        let merged = match seen.sight {
            Sight::Cut(_) => 1,
            Sight::First | Sight::Further => return false,
            Sight::OneOfSeveral | Sight::Last => match self.coming(seen) {
                Some(place) => {
                    self.line.remove(place);
                    2
                }
                None => return false,
            },
        };
        metrics::counter!("ringback_presence_merged_total").increment(merged);
        self.show_length();
        true
    }

    /// Where it waits to be told that this connection came, if nobody is being told of it yet, and it came as it goes: as
    /// the only one, or as one of several. Looked for one by one: a line that long is the exception, and ends when the
    /// store takes commits.
    fn coming(&self, seen: &Sighting) -> Option<usize> {
        let place = self.line.iter().rposition(|told| {
            let as_it_goes = match told.action {
                PresenceAction::Online(_) => seen.sight == Sight::Last,
                PresenceAction::Connect(_) => seen.sight == Sight::OneOfSeveral,
                _ => false,
            };
            as_it_goes && told.action.change().connection == seen.connection
        })?;
        (place >= self.begun).then_some(place)
    }

    /// The oldest, at most so many. They stay in the line until [`Waiting::finish`].
    pub(super) fn begin(&mut self, most: usize) -> Vec<Told> {
        self.begun = self.line.len().min(most);
        self.line.iter().take(self.begun).cloned().collect()
    }

    /// Those that were begun are told.
    pub(super) fn finish(&mut self) {
        self.line.drain(..self.begun);
        self.begun = 0;
        self.show_length();
    }

    fn show_length(&self) {
        // A line has far fewer than 2^52 places.
        #[allow(clippy::cast_precision_loss, reason = "exact for any number of connections")]
        metrics::gauge!("ringback_presence_waiting").set(self.line.len() as f64);
    }
}

fn told(seen: Sighting, at: UnixMs) -> Told {
    let reason = match seen.sight {
        Sight::Cut(why) => why.words().to_owned(),
        Sight::First | Sight::Further | Sight::OneOfSeveral | Sight::Last => String::new(),
    };
    let change = PresenceChange {
        user: seen.user,
        platform: seen.platform,
        connection: seen.connection,
        background: seen.background,
        reason,
        cut: seen.cut,
        device: seen.device,
        at,
    };
    let action = match seen.sight {
        Sight::First => PresenceAction::Online(change),
        Sight::Further => PresenceAction::Connect(change),
        Sight::OneOfSeveral => PresenceAction::Disconnect(change),
        Sight::Last => PresenceAction::Offline(change),
        Sight::Cut(_) => PresenceAction::Kick(change),
    };
    Told { action, operation_id: seen.operation_id }
}

/// Times that grow with every change of one user on one platform, although several fall into one millisecond.
#[derive(Default)]
struct Times {
    /// The newest that was given.
    newest: UnixMs,
    /// When users changed last, as far as the clock has not passed all of them.
    given: HashMap<(String, Platform), UnixMs>,
}

impl Times {
    fn next(&mut self, seen: &Sighting, now: UnixMs) -> UnixMs {
        // A clock that was turned back must not make this grow for as long as it lags.
        if now > self.newest || self.given.len() >= limits::PRESENCE_WAITING {
            self.given.clear();
        }
        let key = (seen.user.folded(), seen.platform);
        let after = |last: &UnixMs| UnixMs(last.0.saturating_add(1));
        let at = self.given.get(&key).map_or(now, |last| now.max(after(last)));
        self.given.insert(key, at);
        self.newest = self.newest.max(at);
        at
    }
}

#[cfg(test)]
mod tests {
    use ringback_model::ids::UserId;
    use ringback_model::presence::CutReason;
    use ringback_model::user::DeviceSeen;

    use super::*;

    fn seen(sight: Sight, name: &str, platform: i32) -> Sighting {
        Sighting {
            sight,
            user: UserId::parse(name).unwrap(),
            platform: Platform(platform),
            connection: format!("{}/{platform}", name.to_lowercase()),
            background: false,
            cut: false,
            device: DeviceSeen::default(),
            operation_id: Arc::from("op"),
        }
    }

    fn names(told: &[Told]) -> Vec<(String, char, i64)> {
        let letter = |action: &PresenceAction| match action {
            PresenceAction::Online(_) | PresenceAction::Connect(_) => '+',
            PresenceAction::Offline(_) | PresenceAction::Disconnect(_) => '-',
            PresenceAction::Kick(_) => '!',
        };
        let name = |told: &Told| {
            let change = told.action.change();
            (format!("{}/{}", change.user, change.platform.0), letter(&told.action), change.at.0)
        };
        told.iter().map(name).collect()
    }

    /// A line that is as long as it may be, of users who came.
    fn full() -> Waiting {
        let mut waiting = Waiting::default();
        for number in 0..limits::PRESENCE_WAITING {
            waiting.add(seen(Sight::First, &format!("u{number}"), 1), UnixMs(5));
        }
        waiting
    }

    #[test]
    fn everything_is_told_in_order_and_times_grow_per_user_and_platform() {
        let mut waiting = Waiting::default();
        waiting.add(seen(Sight::First, "ann", 1), UnixMs(5));
        waiting.add(seen(Sight::First, "Ann", 2), UnixMs(5));
        waiting.add(seen(Sight::Cut(CutReason::OtherLogin), "ann", 1), UnixMs(5));
        waiting.add(seen(Sight::Last, "ann", 1), UnixMs(4));
        let batch = waiting.begin(3);
        let expected = [("ann/1", '+', 5), ("Ann/2", '+', 5), ("ann/1", '!', 6)];
        assert_eq!(names(&batch), expected.map(|(name, what, at)| (name.to_owned(), what, at)));
        waiting.finish();
        assert_eq!(names(&waiting.begin(3)), [("ann/1".to_owned(), '-', 7)]);
        waiting.finish();
        waiting.add(seen(Sight::First, "ann", 1), UnixMs(6));
        assert_eq!(names(&waiting.begin(3)), [("ann/1".to_owned(), '+', 8)], "not before what was told");
        waiting.finish();
        waiting.add(seen(Sight::Last, "ann", 1), UnixMs(9));
        assert_eq!(names(&waiting.begin(3)), [("ann/1".to_owned(), '-', 9)]);
    }

    #[test]
    fn a_line_that_is_too_long_forgets_what_was_taken_back_and_nothing_else() {
        let mut waiting = full();
        let length = waiting.line.len();
        waiting.add(seen(Sight::Last, "U7", 1), UnixMs(6));
        assert_eq!(waiting.line.len(), length - 1, "he came and went untold");
        waiting.add(seen(Sight::First, "late", 1), UnixMs(6));
        waiting.add(seen(Sight::Last, "before", 1), UnixMs(6));
        assert_eq!(waiting.line.len(), length + 1, "nothing waits that these take back");
        waiting.add(seen(Sight::Cut(CutReason::OtherLogin), "late", 1), UnixMs(6));
        assert_eq!(waiting.line.len(), length + 1, "that he was cut goes unsaid");
        waiting.add(seen(Sight::First, "before", 1), UnixMs(7));
        assert_eq!(waiting.line.len(), length + 2, "what came before does not take back what comes now");
        waiting.add(seen(Sight::OneOfSeveral, "late", 1), UnixMs(7));
        assert_eq!(waiting.line.len(), length + 3, "he came alone, and another of his is there now");
        waiting.add(seen(Sight::Further, "late", 2), UnixMs(7));
        waiting.add(seen(Sight::OneOfSeveral, "late", 2), UnixMs(7));
        assert_eq!(waiting.line.len(), length + 3, "one more came and went untold");
    }

    #[test]
    fn what_is_being_told_is_not_taken_back() {
        let mut waiting = full();
        let batch = waiting.begin(10);
        waiting.add(seen(Sight::Last, "u3", 1), UnixMs(6));
        assert_eq!(waiting.begin(10), batch);
        waiting.finish();
        let rest = waiting.begin(limits::PRESENCE_WAITING);
        assert_eq!(names(&rest).last().unwrap(), &("u3/1".to_owned(), '-', 6));
    }
}
