//! What was counted and is not written down yet.

use std::collections::BTreeMap;

use ringback_model::conversation::Target;
use ringback_model::event::Event;
use ringback_model::ids::GroupId;
use ringback_model::message::{ContentClass, Message};
use ringback_model::record::{GroupDay, Record, RecordKey, UserDay};
use ringback_model::statistics::DAY_MS;

/// Counts by day and user, and by day and group.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// By day and folded user.
    users: BTreeMap<(i64, String), UserDay>,
    groups: BTreeMap<(i64, GroupId), GroupDay>,
}

impl Tally {
    /// Counts a message of a user.
    pub(super) fn count(&mut self, event: &Event) {
        let Some(message) = event.sent().map(|sent| &sent.message).filter(|message| counts(message)) else {
            return;
        };
        let day = event.at.0.div_euclid(DAY_MS);
        let user = self.users.entry((day, message.sender.folded()));
        let user = user.or_insert_with(|| UserDay { day, user: message.sender.clone(), single: 0, group: 0 });
        match &message.target {
            Target::Group(group) => {
                user.group += 1;
                let said = self.groups.entry((day, group.clone()));
                said.or_insert_with(|| GroupDay { day, group: group.clone(), messages: 0 }).messages += 1;
            }
            _ => user.single += 1,
        }
    }

    /// Number of records that writing it down changes.
    pub(super) fn len(&self) -> usize {
        self.users.len() + self.groups.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where its counts are kept, in the order of [`Tally::added_to`].
    pub(super) fn keys(&self) -> Vec<RecordKey> {
        let users = self.users.values().map(|one| RecordKey::user_day(one.day, &one.user));
        users.chain(self.groups.values().map(|one| RecordKey::group_day(one.day, &one.group))).collect()
    }

    /// What is kept there, with its counts added.
    pub(super) fn added_to(&self, kept: Vec<Option<Record>>) -> Vec<Record> {
        let mut kept = kept.into_iter();
        let mut records = Vec::with_capacity(self.len());
        for one in self.users.values() {
            let (single, group) = match kept.next().flatten() {
                Some(Record::UserDay(before)) => (before.single, before.group),
                _ => (0, 0),
            };
            let (single, group) = (one.single + single, one.group + group);
            records.push(Record::UserDay(UserDay { single, group, ..one.clone() }));
        }
        for one in self.groups.values() {
            let before = match kept.next().flatten() {
                Some(Record::GroupDay(before)) => before.messages,
                _ => 0,
            };
            records.push(Record::GroupDay(GroupDay { messages: one.messages + before, ..one.clone() }));
        }
        records
    }
}

/// Whether a user has said it, to somebody or in a group. What the server says in his name is no word of his.
fn counts(message: &Message) -> bool {
    let there = matches!(message.target, Target::User(_) | Target::Group(_));
    there && message.handling.store && message.content.class != ContentClass::Notification
}
