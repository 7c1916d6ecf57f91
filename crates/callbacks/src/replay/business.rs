//! What of an event is a rule's business, by the version that was valid then, and which of its copies an order means.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use ringback_model::delivery::Outbound;
use ringback_model::dialect::Rendered;
use ringback_model::event::{Event, EventKind};
use ringback_model::rule::Rule;

use super::selection::{Meant, Selection};
use crate::dispatcher::admit::{copies_of, delivery_of};
use crate::dispatcher::attempt::{Delivery, Source};
use crate::live::{LiveRule, LiveVersion};

/// A rule, as a replay sends for it.
pub(super) struct Business {
    pub(super) live: LiveRule,
    selection: Selection,
    names: Option<Names>,
}

/// Events that an order names.
pub(super) struct Names {
    pub(super) kinds: Vec<EventKind>,
    /// The rule's versions as they would be if they were about nothing but what the order names in the contract's words;
    /// empty where it names nothing in them.
    pub(super) narrowed: HashMap<u64, Rule>,
}

/// What an event comes to.
pub(super) enum Found<'a> {
    /// The order does not mean it.
    NotMeant,
    /// It was not the rule's business then.
    NotWanted {
        /// The rule was off.
        off: bool,
    },
    /// It is sent.
    Wanted(Wanted<'a>),
}

/// An event that is sent.
pub(super) struct Wanted<'a> {
    version: &'a LiveVersion,
    /// How many copies the rule has of it, whether they are meant or not.
    pub(super) copies: u32,
    /// It is from before every version that is known.
    pub(super) before_versions: bool,
    of_user: bool,
    named: Copies,
}

/// Which copies the order names.
enum Copies {
    All,
    /// Those that the narrowed rule has, too: fingerprints of its requests, because there may be many.
    Some(HashSet<u64>),
}

/// One copy of an event.
pub(super) enum Copy {
    /// The order does not mean it.
    NotMeant,
    /// The contract gives no request for it.
    Unrendered,
    /// It is sent.
    Meant(Box<Delivery>),
}

impl Business {
    pub(super) const fn new(live: LiveRule, selection: Selection, names: Option<Names>) -> Self {
        Self { live, selection, names }
    }

    /// The version that stands in for those before it.
    pub(super) fn oldest_version(&self) -> Option<u64> {
        self.live.versions.first().map(|version| version.rule.version)
    }

    /// What the event comes to.
    pub(super) fn look(&self, event: &Event) -> Found<'_> {
        let meant = self.selection.meant(event);
        let version = self.live.version_at(event.pos).filter(|_| meant != Meant::Nothing);
        let named = version.and_then(|version| Some((version, self.named(version, event)?)));
        let Some((version, named)) = named else { return Found::NotMeant };
        if !version.wants(event) {
            return Found::NotWanted { off: !version.rule.enabled };
        }
        match copies_of(version, event) {
            0 => Found::NotWanted { off: false },
            copies => Found::Wanted(Wanted {
                version,
                copies,
                before_versions: event.pos <= version.since,
                of_user: meant == Meant::CopiesOfUser,
                named,
            }),
        }
    }

    /// Which copies the order names; `None` = the event is not among those that it names.
    fn named(&self, version: &LiveVersion, event: &Event) -> Option<Copies> {
        let Some(names) = &self.names else { return Some(Copies::All) };
        if event.kind().is_some_and(|kind| names.kinds.contains(&kind)) {
            return Some(Copies::All);
        }
        let narrowed = names.narrowed.get(&version.rule.version)?;
        let copies = version.contract.copies(narrowed, event).ok()?;
        let rendered = (0..copies).filter_map(|copy| version.contract.delivery(narrowed, event, copy));
        let prints: HashSet<u64> = rendered.map(|rendered| fingerprint(&rendered.outbound)).collect();
        (!prints.is_empty()).then_some(Copies::Some(prints))
    }

    /// How many copies are meant.
    pub(super) fn deliveries(&self, event: &Event, wanted: &Wanted<'_>) -> u64 {
        if wanted.is_whole() {
            return u64::from(wanted.copies);
        }
        let meant = |copy: &u32| !matches!(self.copy(event, wanted, *copy), Copy::NotMeant);
        u64::try_from((0..wanted.copies).filter(meant).count()).unwrap_or(u64::MAX)
    }

    /// One copy.
    pub(super) fn copy(&self, event: &Event, wanted: &Wanted<'_>, copy: u32) -> Copy {
        let version = wanted.version;
        let Some(rendered) = version.contract.delivery(&version.rule, event, copy) else {
            return if wanted.is_whole() { Copy::Unrendered } else { Copy::NotMeant };
        };
        if !self.means(wanted, &rendered) {
            return Copy::NotMeant;
        }
        Copy::Meant(Box::new(delivery_of(&self.live, rendered, event, copy, Source::Lane)))
    }

    fn means(&self, wanted: &Wanted<'_>, rendered: &Rendered) -> bool {
        let recipient = rendered.recipient.as_ref();
        let of_user = !wanted.of_user || recipient.is_some_and(|user| self.selection.is_user(user));
        of_user
            && match &wanted.named {
                Copies::All => true,
                Copies::Some(prints) => prints.contains(&fingerprint(&rendered.outbound)),
            }
    }
}

impl Wanted<'_> {
    /// Whether all copies are meant.
    const fn is_whole(&self) -> bool {
        !self.of_user && matches!(self.named, Copies::All)
    }
}

fn fingerprint(outbound: &Outbound) -> u64 {
    let mut hasher = DefaultHasher::new();
    (&outbound.url, &outbound.body).hash(&mut hasher);
    hasher.finish()
}
