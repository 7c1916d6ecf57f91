//! What is told besides messages: one file per family of events, behind one table.
//!
//! A family makes of an event the callbacks that it means, in order, whoever wants them; its rows name them. A rule gets
//! those whose names it gives. To add a callback: a row, and its place in the family's `calls`.
//! Source: easemob-callbacks fact sheet 5.3 to 5.10.

mod follow_ups;
mod group_op;
mod keyword;
mod muc;
mod notify;
mod push;
mod roster;
mod status;
mod told;

use ringback_model::action::{GroupEdit, MemberEdit};
use ringback_model::delivery::Outbound;
use ringback_model::dialect::{Manner, Rendered};
use ringback_model::event::EventKind;
use ringback_model::group::Role;
use serde_json::Value;

pub(super) use told::{HOST, Told};
use told::{Ids, Stamp, Which};

use super::body;
use super::selectors::Conversation;
use crate::easemob::content::BodyType;

/// Events that belong together.
pub(super) struct Family {
    /// Names that select all of it; none where rules name its rows alone.
    pub(super) names: &'static [&'static str],
    /// What it is about; a few words.
    pub(super) about: &'static str,
    /// What receivers need to know of all of it; sentences for the page.
    pub(super) says: &'static str,
    pub(super) rows: &'static [Row],
    /// Rules that name nothing are not told of it.
    pub(super) named_only: bool,
    ids: Ids,
    calls: for<'a> fn(&'a Told<'a>) -> Vec<Call<'a>>,
}

/// One callback.
pub(super) struct Row {
    /// The name that rules give. What stands before one of its colons selects it too.
    pub(super) name: &'static str,
    /// Which schema it has; rows of one shape share it.
    pub(super) schema: &'static str,
    /// The moments at which it may be told.
    pub(super) kinds: &'static [EventKind],
    /// When it is told; no full stop.
    pub(super) when: &'static str,
    /// What its body consists of.
    pub(super) shape: fn() -> Value,
}

/// A callback that an event means.
pub(super) struct Call<'a> {
    /// See [`Row::name`].
    pub(super) name: &'static str,
    /// Messages of which kind it follows: rules that want those want it too. The type is not known of all.
    pub(super) follows: Option<(Conversation, Option<BodyType>)>,
    body: Box<WriteBody<'a>>,
}

/// Writes a body with what distinguishes it.
type WriteBody<'a> = dyn Fn(&Stamp) -> Vec<u8> + 'a;

impl<'a> Call<'a> {
    fn new(name: &'static str, body: impl Fn(&Stamp) -> Vec<u8> + 'a) -> Self {
        Self { name, follows: None, body: Box::new(body) }
    }
}

/// All of them. Of two forms of the same events the current one comes first.
pub(super) static FAMILIES: [&Family; 8] = [
    &follow_ups::FAMILY,
    &notify::FAMILY,
    &group_op::FAMILY,
    &muc::FAMILY,
    &roster::FAMILY,
    &status::FAMILY,
    &keyword::FAMILY,
    &push::FAMILY,
];

impl Family {
    /// Whether it is operations on groups and rooms, in the form that this rule's contract does not have by itself.
    pub(super) fn is_other_form(&self, legacy: bool) -> bool {
        std::ptr::eq(self, if legacy { &raw const group_op::FAMILY } else { &raw const muc::FAMILY })
    }

    /// Whether its callbacks follow messages.
    pub(super) fn follows_messages(&self) -> bool {
        std::ptr::eq(self, &raw const notify::FAMILY)
    }
}

/// How calls about a moment are made, where not as rules say.
pub(super) fn manner(kind: EventKind) -> Option<Manner> {
    status::KINDS.contains(&kind).then_some(status::MANNER)
}

/// Every row, with its family.
pub(super) fn rows() -> impl Iterator<Item = (&'static Family, &'static Row)> {
    FAMILIES.into_iter().flat_map(|family| family.rows.iter().map(move |row| (family, row)))
}

/// The callbacks that an event means, as far as they are wanted.
pub(super) struct Calls<'a> {
    told: &'a Told<'a>,
    wanted: Vec<(&'static Family, usize, Call<'a>)>,
}

impl<'a> Calls<'a> {
    pub(super) fn of(told: &'a Told<'a>, wants: impl Fn(&Family, &Call<'_>) -> bool) -> Self {
        let of_family = |family: &'static Family| {
            let calls = (family.calls)(told).into_iter().enumerate();
            calls.map(move |(index, call)| (family, index, call))
        };
        let all = FAMILIES.into_iter().flat_map(of_family);
        Self { told, wanted: all.filter(|(family, _, call)| wants(family, call)).collect() }
    }

    pub(super) fn len(&self) -> usize {
        self.wanted.len()
    }

    /// All of them, with their rows.
    pub(super) fn with_rows(&self) -> impl Iterator<Item = (&'static Row, Rendered)> {
        let one = |number: usize| {
            let (family, _, call) = self.wanted.get(number)?;
            let row = family.rows.iter().find(|row| row.name == call.name)?;
            Some((row, self.rendered(number)?))
        };
        (0..self.len()).filter_map(one)
    }

    /// The one with this number.
    pub(super) fn rendered(&self, number: usize) -> Option<Rendered> {
        let (family, index, call) = self.wanted.get(number)?;
        let stamp = self.told.stamp(Which { name: call.name, index: *index, ids: family.ids });
        let outbound: Outbound = body::request(self.told.rule, (call.body)(&stamp));
        Some(Rendered { outbound, recipient: None })
    }
}

/// The announcement that an edit of a group sets; empty = it takes it away. `None` = it stays.
fn announced(edit: &GroupEdit) -> Option<&str> {
    // Where everything is named, an empty text says that it stays.
    edit.notification.as_deref().filter(|text| !edit.whole || !text.is_empty())
}

/// Whether an edit changes something besides the announcement.
fn changes_settings(edit: &GroupEdit) -> bool {
    let texts = [&edit.name, &edit.introduction, &edit.face_url, &edit.ex];
    let numbers = [edit.verification, edit.look_member_info, edit.apply_member_friend];
    texts.into_iter().flatten().any(|text| !edit.whole || !text.is_empty())
        || numbers.into_iter().flatten().next().is_some()
        || edit.max_members.is_some()
        || edit.invite_confirm.is_some()
}

/// Whether an edit of a member makes him an admin, or an ordinary member again; `None` = his role stays.
fn became_admin(edit: &MemberEdit) -> Option<bool> {
    match edit.role? {
        Role::Admin => Some(true),
        Role::Member => Some(false),
        Role::Owner => None,
    }
}
