//! The register of callback commands: one row per command, in one file per subject below [`super::register`]. What is
//! called back, when, with which body, and what an answer may change is decided there and nowhere else.
//! Source: openim-callbacks fact sheet 4.0 (index), 2.4 (v2 names), 0.2 (older names).

use ringback_model::action::Action;
use ringback_model::conversation::Target;
use ringback_model::dialect::Skip;
use ringback_model::event::{EventKind, Phase};

use super::answer::ReadAnswer;
use super::call::Call;
use super::fields::Fields;
use super::generation::Generation;
use super::register;
pub(crate) use crate::nearest::nearest;

/// A callback command.
#[derive(Clone, Copy)]
pub struct Command {
    /// What stands in the path and in the body.
    pub name: &'static str,
    /// Other names of it, each with the contracts that use it instead.
    pub former_names: &'static [(&'static [Generation], &'static str)],
    /// Its key in `webhooks.yml`; empty = none.
    pub webhook_key: &'static str,
    /// Its keys in the v2 `callback:` block.
    pub block_keys: &'static [&'static str],
    /// The contracts that have it.
    pub generations: &'static [Generation],
    /// The moment it is about.
    pub kind: EventKind,
    /// What it is about, for sentences: "every …".
    pub subject: &'static str,
    /// When it is called, for the documents.
    pub trigger: &'static str,
    /// Where it differs from the original; empty = nowhere.
    pub difference: &'static str,
    pub(crate) about: About,
    pub(super) render: Render,
    pub(super) effect: Effect,
}

/// Writes a body; `None` where the call is not about what the command is about.
pub(super) type Render = fn(&Call<'_>) -> Option<Fields>;

/// What a command is about, among all that its moment is about.
#[derive(Clone, Copy)]
pub(crate) enum About {
    /// Messages to these.
    Messages(Targets),
    /// Pushes of messages to these.
    Pushes(Targets),
    /// Actions: how many calls each means.
    Actions(fn(&Action) -> Result<usize, Skip>),
}

/// Targets of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Targets {
    /// Two users.
    Single,
    /// Groups and chat rooms.
    Group,
    /// Both.
    SingleAndGroup,
    /// Two users, and notices to one user.
    SingleAndNotice,
    /// All of them.
    All,
}

impl Targets {
    /// Whether a message to this target is meant.
    pub(super) const fn contains(self, target: &Target) -> bool {
        match target {
            Target::User(_) => !matches!(self, Self::Group),
            Target::Group(_) | Target::Room(_) => {
                matches!(self, Self::Group | Self::SingleAndGroup | Self::All)
            }
            Target::Notice(_) => matches!(self, Self::SingleAndNotice | Self::All),
        }
    }
}

/// What an answer can do.
#[derive(Clone, Copy)]
pub(super) enum Effect {
    /// Nothing: after-callbacks.
    Nothing,
    /// It can refuse, and change what these fields say; empty = nothing.
    Decide {
        /// The fields, for the documents.
        fields: &'static str,
        /// Reads them.
        read: ReadAnswer,
    },
}

const EVERY: &[Generation] = &Generation::ALL;

/// The contracts before the newest.
pub(super) const OLDER: &[Generation] = &[Generation::V35, Generation::V30, Generation::V2];

/// Number of keys in a complete `webhooks.yml`.
/// Source: openim-callbacks fact sheet 4.0.
pub const WEBHOOK_KEYS: usize = 53;

/// One call for every action.
pub(super) const fn once(_: &Action) -> Result<usize, Skip> {
    Ok(1)
}

/// A row. What [`Command`]'s methods do not add stays as most commands have it: in every contract, under one name, about
/// every action of its moment, and with answers that can refuse where they are asked for.
pub(super) const fn row(
    webhook_key: &'static str,
    name: &'static str,
    kind: EventKind,
    render: Render,
) -> Command {
    let effect = match kind.phase() {
        Phase::Before => Effect::Decide { fields: "", read: super::answer::nothing },
        Phase::After => Effect::Nothing,
    };
    Command {
        name,
        former_names: &[],
        webhook_key,
        block_keys: &[],
        generations: EVERY,
        kind,
        subject: "",
        trigger: "",
        difference: "",
        about: About::Actions(once),
        render,
        effect,
    }
}

impl Command {
    pub(super) const fn block(mut self, keys: &'static [&'static str]) -> Self {
        self.block_keys = keys;
        self
    }

    pub(super) const fn only(mut self, generations: &'static [Generation]) -> Self {
        self.generations = generations;
        self
    }

    pub(super) const fn formerly(mut self, names: &'static [(&'static [Generation], &'static str)]) -> Self {
        self.former_names = names;
        self
    }

    pub(super) const fn about(mut self, about: About) -> Self {
        self.about = about;
        self
    }

    pub(super) const fn says(mut self, subject: &'static str, trigger: &'static str) -> Self {
        self.subject = subject;
        self.trigger = trigger;
        self
    }

    pub(super) const fn changes(mut self, fields: &'static str, read: ReadAnswer) -> Self {
        self.effect = Effect::Decide { fields, read };
        self
    }

    pub(super) const fn differs(mut self, difference: &'static str) -> Self {
        self.difference = difference;
        self
    }

    /// Asks or tells.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        self.kind.phase()
    }

    /// Its name in this contract; `None` where the contract does not have it.
    #[must_use]
    pub fn name_in(&self, generation: Generation) -> Option<&'static str> {
        if !self.generations.contains(&generation) {
            return None;
        }
        let mut former = self.former_names.iter();
        let former = former.find(|(generations, _)| generations.contains(&generation));
        Some(former.map_or(self.name, |(_, name)| name))
    }

    /// All its names, the newest first.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        std::iter::once(self.name).chain(self.former_names.iter().map(|(_, name)| *name))
    }

    /// Its keys in operators' files.
    pub fn keys(&self) -> impl Iterator<Item = &'static str> + '_ {
        let webhook = Some(self.webhook_key).filter(|key| !key.is_empty());
        webhook.into_iter().chain(self.block_keys.iter().copied())
    }

    /// Whether rules of this contract may call it so: by its name there, or by one of its keys.
    #[must_use]
    pub fn is_called(&self, name: &str, generation: Generation) -> bool {
        let own = self.name_in(generation);
        own.is_some() && (own == Some(name) || self.keys().any(|key| key == name))
    }
}

/// All commands: those about messages in the order in which a message meets them, then the others.
pub fn all() -> impl Iterator<Item = &'static Command> + Clone {
    register::ROWS.into_iter().flatten()
}

/// The command of this name, in whichever contract.
#[must_use]
pub fn named(name: &str) -> Option<&'static Command> {
    all().find(|command| command.names().any(|known| known == name))
}

/// The names of all commands and keys.
pub(crate) fn all_names() -> impl Iterator<Item = &'static str> {
    all().flat_map(|command| command.names().chain(command.keys()))
}

/// Moments that no command is about, each with the reason.
pub(super) const WITHOUT: &[(EventKind, &str)] = &[
    (
        EventKind::FriendDeclined,
        "the original tells of agreements alone, and receivers take every such callback for one",
    ),
    (EventKind::UserBlocked, "the original asks before a block and tells of its end, not of its beginning"),
    (EventKind::MembersMuted, NO_CALLBACK),
    (EventKind::GroupMuted, NO_CALLBACK),
    (EventKind::GroupBarred, NO_CALLBACK),
    (EventKind::GroupAllowed, NO_CALLBACK),
    (EventKind::GroupShielded, NO_CALLBACK),
    (EventKind::GroupClosed, NO_CALLBACK),
    (EventKind::GroupFileShared, NO_CALLBACK),
    (EventKind::GroupAttributesSet, NO_CALLBACK),
    (EventKind::RoomAdminAppointed, NO_CALLBACK),
    (EventKind::KeywordFiltered, NO_CALLBACK),
    (EventKind::UserConnected, "receivers take every such callback for a user who was offline before"),
    (EventKind::UserDisconnected, "receivers take every such callback for a user who is offline now"),
    (
        EventKind::GroupRequested,
        "the original asks before somebody may ask to enter, and tells nothing of it",
    ),
    (EventKind::GroupDeclined, NO_CALLBACK),
    (EventKind::MessageEdited, "the original has no messages that are changed after they were sent"),
    (EventKind::MessageReacted, "the original has no reactions to messages, only messages of their own"),
    (EventKind::ThreadUpdated, "the original has no threads beside groups, and no callback about them"),
    (EventKind::PushEnded, NO_CALLBACK),
];

const NO_CALLBACK: &str = "the original has no callback for it";

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_key_of_the_index_is_there_once() {
        let keys: Vec<_> = all().map(|row| row.webhook_key).filter(|key| !key.is_empty()).collect();
        assert_eq!(keys.len(), WEBHOOK_KEYS);
        assert_eq!(keys.iter().collect::<BTreeSet<_>>().len(), WEBHOOK_KEYS);
        let block: Vec<_> = all().flat_map(|row| row.block_keys).collect();
        assert_eq!(block.iter().collect::<BTreeSet<_>>().len(), block.len());
    }

    #[test]
    fn a_contract_has_a_name_only_once() {
        for generation in Generation::ALL {
            let names: Vec<_> = all().filter_map(|row| row.name_in(generation)).collect();
            assert!(names.len() >= WEBHOOK_KEYS, "{}", generation.contract());
            assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
        }
    }

    #[test]
    fn every_contract_has_every_key_of_its_files() {
        for row in all().filter(|row| !row.webhook_key.is_empty()) {
            assert!(!row.block_keys.is_empty(), "{}", row.name);
            for generation in Generation::ALL {
                assert!(row.is_called(row.webhook_key, generation), "{} {generation:?}", row.name);
            }
        }
    }

    #[test]
    fn every_moment_has_a_command_or_a_reason() {
        for kind in EventKind::ALL {
            let served = all().any(|row| row.kind == kind);
            let excused = WITHOUT.iter().any(|(without, _)| *without == kind);
            assert!(served != excused, "{kind}");
        }
    }

    #[test]
    fn every_row_says_what_it_is_about() {
        for row in all() {
            assert!(!row.subject.is_empty() && !row.trigger.is_empty(), "{}", row.name);
            assert_eq!(row.phase() == Phase::After, matches!(row.effect, Effect::Nothing), "{}", row.name);
        }
    }
}
