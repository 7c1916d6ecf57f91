//! Names that rules may give to say what they are about: of messages the older names, and the newer ones that
//! `content_type` carries; of everything else those of the families.
//! Source: easemob-callbacks fact sheet 5.

use std::collections::BTreeSet;

use ringback_model::conversation::Target;
use ringback_model::dialect::EventName;
use ringback_model::event::{EventKind, Phase};
use ringback_model::rule::Rule;

use super::families::{self, Call, FAMILIES, Family, Row};

use crate::easemob::content::BodyType;
use crate::nearest::nearest;

/// Kinds of conversations that rules tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conversation {
    /// Two users.
    Single,
    /// A group.
    Group,
    /// A chat room.
    Room,
}

impl Conversation {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Single, Self::Group, Self::Room];

    /// The kind that a target is; `None` for notices, which this family does not know.
    #[must_use]
    pub const fn of(target: &Target) -> Option<Self> {
        match target {
            Target::User(_) => Some(Self::Single),
            Target::Group(_) => Some(Self::Group),
            Target::Room(_) => Some(Self::Room),
            Target::Notice(_) => None,
        }
    }

    /// Its word in the middle of `content_type`.
    #[must_use]
    pub const fn fine_name(self) -> &'static str {
        match self {
            Self::Single => "user",
            Self::Group => "group",
            Self::Room => "room",
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Single => "one-to-one chats",
            Self::Group => "groups",
            Self::Room => "chat rooms",
        }
    }

    const fn family(self) -> &'static Types {
        match self {
            Self::Single => &SINGLE,
            Self::Group => &GROUP,
            Self::Room => &ROOM,
        }
    }
}

/// An older and a newer name for the same.
type Names = [&'static str; 2];

/// The names of messages in one kind of conversation.
struct Types {
    all: Names,
    types: [(BodyType, Names); BodyType::ALL.len()],
}

macro_rules! family {
    ($old:literal, $new:literal) => {
        Types {
            all: [$old, concat!("chat:", $new, ":*")],
            types: [
                (BodyType::Text, [concat!($old, ":txt"), concat!("chat:", $new, ":text")]),
                (BodyType::Image, [concat!($old, ":img"), concat!("chat:", $new, ":image")]),
                (BodyType::Voice, [concat!($old, ":audio"), concat!("chat:", $new, ":voice")]),
                (BodyType::Location, [concat!($old, ":loc"), concat!("chat:", $new, ":location")]),
                (BodyType::Video, [concat!($old, ":video"), concat!("chat:", $new, ":video")]),
                (BodyType::File, [concat!($old, ":file"), concat!("chat:", $new, ":file")]),
                (BodyType::Command, [concat!($old, ":cmd"), concat!("chat:", $new, ":command")]),
                (BodyType::Custom, [concat!($old, ":custom"), concat!("chat:", $new, ":custom")]),
                (BodyType::Combined, [concat!($old, ":combined"), concat!("chat:", $new, ":txt")]),
                (BodyType::Unknown, [concat!($old, ":unknown"), concat!("chat:", $new, ":unknown")]),
            ],
        }
    };
}

static SINGLE: Types = family!("chat", "user");
static GROUP: Types = family!("groupchat", "group");
static ROOM: Types = family!("chatroom", "room");

/// Names of the vendors' tables for what never happens here, and why.
const NEVER: &[(&str, &str)] = &[
    ("moderation", "this server reviews no content besides its words (sensitiveWords)"),
    ("delivery_ack", "clients do not say what has arrived, only what was read (read_ack)"),
];

/// Whether these names, none meaning all, want messages of this type in such conversations.
#[must_use]
pub fn wanted(names: &[String], conversation: Conversation, kind: BodyType) -> bool {
    if names.is_empty() {
        return true;
    }
    let family = conversation.family();
    let of_type = family.types.iter().filter(|(of, _)| *of == kind).flat_map(|(_, names)| names);
    let fitting: Vec<&str> = family.all.iter().chain(of_type).copied().collect();
    names.iter().any(|name| fitting.contains(&name.as_str()))
}

/// Whether names, none meaning all, want a callback of a family.
pub(super) fn tells(names: &[String], legacy: bool, family: &Family, call: &Call<'_>) -> bool {
    if names.is_empty() {
        return by_default(family, legacy);
    }
    let follows = call.follows.is_some_and(|(conversation, kind)| match kind {
        Some(kind) => wanted(names, conversation, kind),
        None => wanted_in(names, conversation),
    });
    follows || names.iter().any(|name| selects(name, family, call.name))
}

/// Whether rules that name nothing are told of a family.
fn by_default(family: &Family, legacy: bool) -> bool {
    !family.named_only && !family.is_other_form(legacy)
}

/// Whether names want messages of any type in such conversations.
fn wanted_in(names: &[String], conversation: Conversation) -> bool {
    names.iter().any(|name| names_in(conversation).any(|known| known == name))
}

/// Whether a name selects a row: it is the row's, or what stands before a colon of it, or the family's.
pub(super) fn selects(name: &str, family: &Family, row: &str) -> bool {
    let before_colon = || row.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'));
    family.names.contains(&name) || before_colon()
}

/// The moments that an after-rule may be about.
pub(super) fn kinds(rule: &Rule, legacy: bool) -> Vec<EventKind> {
    let names = &rule.events;
    let of_messages =
        names.is_empty() || Conversation::ALL.iter().any(|conversation| wanted_in(names, *conversation));
    let wanted = |family: &Family, row: &Row| {
        let named = names.iter().any(|name| selects(name, family, row.name));
        let by_default = names.is_empty() && by_default(family, legacy);
        named || by_default || (of_messages && family.follows_messages())
    };
    let rows = families::rows().filter(|(family, row)| wanted(family, row));
    let told: BTreeSet<EventKind> = rows.flat_map(|(_, row)| row.kinds).copied().collect();
    let messages = of_messages.then_some(EventKind::MessageSent);
    messages.into_iter().chain(told).collect()
}

/// Whether rules may give this name.
///
/// # Errors
/// Says why not, with the nearest name.
pub(super) fn check(contract: &str, phase: Phase, name: &str) -> Result<(), String> {
    let known = || all_names().chain(told_names().filter(|_| phase == Phase::After).map(|(name, _)| name));
    if known().any(|known| known == name) {
        return Ok(());
    }
    if told_names().any(|(told, _)| told == name) {
        return Err(format!("{name} is told and not asked: it is for after-rules of {contract}"));
    }
    let below = |of: &str| name == of || name.strip_prefix(of).is_some_and(|rest| rest.starts_with(':'));
    if let Some((_, why)) = NEVER.iter().find(|(never, _)| below(never)) {
        return Err(format!("{name} never happens in this server: {why}"));
    }
    let hint =
        nearest(name, known()).map_or_else(String::new, |nearest| format!("; did you mean {nearest}?"));
    Err(format!("{name} is not an event of {contract}{hint}"))
}

/// The names of what is told besides messages, each once, the more general ones first, with what they select.
pub(super) fn told_names() -> impl Iterator<Item = (&'static str, String)> {
    let of_family = |family: &'static Family| {
        let [first, others @ ..] = family.names else { return Vec::new() };
        let synonyms = others.iter().map(|other| (*other, format!("same as {first}")));
        std::iter::once((*first, family.about.to_owned())).chain(synonyms).collect()
    };
    let of_row = |family: &'static Family, row: &'static Row| {
        // Of names with two colons the one in the middle selects several rows.
        let middle = row.name.match_indices(':').skip(1).filter_map(|(at, _)| row.name.get(..at));
        let middle: Vec<_> = middle.map(|name| (name, all_of(family, name))).collect();
        middle.into_iter().chain([(row.name, row.when.to_owned())])
    };
    let all = FAMILIES.into_iter().flat_map(move |family| {
        of_family(family).into_iter().chain(family.rows.iter().flat_map(move |row| of_row(family, row)))
    });
    let mut seen = BTreeSet::new();
    all.filter(move |(name, _)| seen.insert(*name))
}

/// What a name selects that is the beginning of others.
fn all_of(family: &Family, name: &str) -> String {
    let rows = family.rows.iter().filter(|row| selects(name, family, row.name));
    let last = rows.filter_map(|row| row.name.rsplit(':').next());
    format!("all of it: {}", last.collect::<Vec<_>>().join(", "))
}

fn all_names() -> impl Iterator<Item = &'static str> {
    Conversation::ALL.into_iter().flat_map(names_in)
}

/// The names that are about such conversations.
pub(super) fn names_in(conversation: Conversation) -> impl Iterator<Item = &'static str> {
    let family = conversation.family();
    family.all.into_iter().chain(family.types.iter().flat_map(|(_, names)| *names))
}

/// Every name with what it selects.
pub(super) fn event_names(phase: Phase) -> Vec<EventName> {
    let mut names = Vec::new();
    for conversation in Conversation::ALL {
        let family = conversation.family();
        let mut both = |[old, new]: Names, doc: String| {
            names.push(EventName { name: new, doc: format!("same as {old}") });
            names.push(EventName { name: old, doc });
        };
        both(family.all, format!("messages of every type in {}", conversation.words()));
        for (kind, pair) in &family.types {
            both(*pair, format!("{} messages in {}", kind.name(), conversation.words()));
        }
    }
    if phase == Phase::After {
        names.extend(told_names().map(|(name, doc)| EventName { name, doc }));
    }
    // Older names first: the newer ones refer to them.
    names.sort_by_key(|event| event.doc.starts_with("same as"));
    names
}

/// Why no rule can be about a moment; `None` where rules can.
/// Source: easemob-callbacks fact sheet 2.1, 5.
pub(super) fn without(kind: EventKind) -> Option<&'static str> {
    match kind.phase() {
        _ if matches!(kind, EventKind::MessageSending | EventKind::MessageSent) => None,
        Phase::Before => Some("the family asks about nothing but messages, once, when they want to be sent"),
        Phase::After if families::rows().any(|(_, row)| row.kinds.contains(&kind)) => None,
        Phase::After => Some("the family has no such event"),
    }
}

#[cfg(test)]
mod tests {
    use ringback_model::sample;

    use super::*;

    #[test]
    fn every_type_has_its_names_once() {
        let names: Vec<_> = all_names().collect();
        let unique: BTreeSet<_> = names.iter().collect();
        assert_eq!((names.len(), unique.len()), (66, 66));
        for conversation in Conversation::ALL {
            for kind in BodyType::ALL {
                let family = conversation.family();
                let (_, [old, new]) = family.types.iter().find(|(of, _)| *of == kind).unwrap();
                assert_eq!(*old, format!("{}:{}", family.all[0], kind.name()));
                assert_eq!(*new, format!("chat:{}:{}", conversation.fine_name(), kind.fine_name()));
            }
        }
    }

    #[test]
    fn names_select_what_they_say() {
        let table: &[(&[&str], Conversation, BodyType, bool)] = &[
            (&[], Conversation::Room, BodyType::Command, true),
            (&["chat"], Conversation::Single, BodyType::File, true),
            (&["chat"], Conversation::Group, BodyType::File, false),
            (&["chatroom", "groupchat:img"], Conversation::Group, BodyType::Image, true),
            (&["chatroom", "groupchat:img"], Conversation::Group, BodyType::Text, false),
            (&["chat:group:*"], Conversation::Group, BodyType::Custom, true),
            (&["chat:user:text"], Conversation::Single, BodyType::Text, true),
            (&["chat:user:txt"], Conversation::Single, BodyType::Text, false),
            (&["chat:user:txt"], Conversation::Single, BodyType::Combined, true),
            (&["chat:txt"], Conversation::Single, BodyType::Combined, false),
            (&["chatroom:cmd"], Conversation::Room, BodyType::Command, true),
        ];
        for (names, conversation, kind, expected) in table {
            let given: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            assert!(given.iter().all(|name| check("x", Phase::Before, name).is_ok()), "{names:?}");
            assert_eq!(
                wanted(&given, *conversation, *kind),
                *expected,
                "{names:?} {conversation:?} {kind:?}"
            );
        }
    }

    #[test]
    fn names_that_cannot_be_meant_are_refused_with_a_hint() {
        for (name, says) in [
            ("chat:txxt", "did you mean chat:txt?"),
            ("grupchat", "did you mean groupchat?"),
            ("muc:kicked", "did you mean muc:kick?"),
            ("delivery_ack", "never happens in this server: clients do not say"),
            ("moderation", "never happens"),
            ("group_op_event:LEAVE:KICKS", "did you mean group_op_event:LEAVE:KICK?"),
            ("zzz", "is not an event of agora"),
        ] {
            let said = check("agora", Phase::After, name).unwrap_err();
            assert!(said.contains(says), "{said}");
        }
        let said = check("agora", Phase::Before, "recall").unwrap_err();
        assert!(said.contains("told and not asked"), "{said}");
    }

    #[test]
    fn every_name_of_what_is_told_selects_some_rows_and_says_so() {
        let names: Vec<_> = told_names().collect();
        for (name, doc) in &names {
            assert!(!doc.is_empty() && check("x", Phase::After, name).is_ok(), "{name}");
            let rule =
                Rule { events: vec![(*name).to_owned()], ..sample::rule("r", "x", Phase::After, "http://x") };
            assert!(!kinds(&rule, false).is_empty(), "{name}");
            assert!(!kinds(&rule, false).contains(&EventKind::MessageSent), "{name}");
        }
        let unique: BTreeSet<_> = names.iter().map(|(name, _)| name).collect();
        assert_eq!(unique.len(), names.len());
        for name in [
            "recall",
            "group_op_event",
            "group_op_event:JOIN",
            "group_op_event:JOIN:DIRECT",
            "muc:assing_owner",
            "roster:remote_accept",
            "userStatus:replaced",
            "keyword_alert",
            "sensitiveWords:intercepted",
            "thread",
        ] {
            assert!(unique.contains(&name), "{name}");
        }
    }

    #[test]
    fn rules_that_name_nothing_are_about_one_form_of_operations_on_groups() {
        let rule = sample::rule("r", "x", Phase::After, "http://x");
        let both = [false, true].map(|legacy| kinds(&rule, legacy));
        // Attributes have no current form, and what is done to all rooms has no legacy one.
        for (kind, expected) in [
            (EventKind::MessageSent, [true, true]),
            (EventKind::GroupKicked, [true, true]),
            (EventKind::GroupAttributesSet, [false, true]),
            (EventKind::RoomAdminAppointed, [true, false]),
            (EventKind::UserOnline, [true, true]),
            (EventKind::FriendRemarked, [false, false]),
        ] {
            assert_eq!([0, 1].map(|form: usize| both[form].contains(&kind)), expected, "{kind}");
        }
    }
}
