//! Names that rules may give to say which messages they are about.
//! Source: easemob-callbacks fact sheet 5.1: the older names, and the newer ones that `content_type` carries.

use ringback_model::conversation::Target;
use ringback_model::dialect::EventName;
use ringback_model::event::{EventKind, Phase};

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

    const fn family(self) -> &'static Family {
        match self {
            Self::Single => &SINGLE,
            Self::Group => &GROUP,
            Self::Room => &ROOM,
        }
    }
}

/// An older and a newer name for the same.
type Names = [&'static str; 2];

/// The names of one kind of conversation.
struct Family {
    all: Names,
    types: [(BodyType, Names); BodyType::ALL.len()],
}

macro_rules! family {
    ($old:literal, $new:literal) => {
        Family {
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

static SINGLE: Family = family!("chat", "user");
static GROUP: Family = family!("groupchat", "group");
static ROOM: Family = family!("chatroom", "room");

/// Names of the vendors' tables for other things than messages. They are known, so that a rule that gives one is told
/// why it cannot have it. Source: easemob-callbacks fact sheet 5.3 to 5.10.
const OTHERS: &[&str] = &[
    "recall",
    "edit",
    "read_ack",
    "channel_ack",
    "delivery_ack",
    "group_op_event",
    "muc",
    "roster",
    "userStatus",
    "keyword_alert",
    "moderation",
    "reaction",
    "thread",
    "push",
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

/// Whether rules may give this name.
///
/// # Errors
/// Says why not, with the nearest name.
pub(super) fn check(contract: &str, name: &str) -> Result<(), String> {
    if all_names().any(|known| known == name) {
        return Ok(());
    }
    let family = name.split(':').next().unwrap_or(name);
    if OTHERS.contains(&family) {
        return Err(format!("{name} is not served yet in {contract}"));
    }
    let hint =
        nearest(name, all_names()).map_or_else(String::new, |nearest| format!("; did you mean {nearest}?"));
    Err(format!("{name} is not an event of {contract}{hint}"))
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
pub(super) fn event_names() -> Vec<EventName> {
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
    // Older names first: the newer ones refer to them.
    names.sort_by_key(|event| event.doc.starts_with("same as"));
    names
}

/// Why no rule can be about a moment; `None` where rules can.
/// Source: easemob-callbacks fact sheet 2.1, 5.3 to 5.7.
pub(super) const fn without(kind: EventKind) -> Option<&'static str> {
    Some(match (kind, kind.phase()) {
        (EventKind::MessageSending | EventKind::MessageSent, _) => return None,
        (_, Phase::Before) => "the family asks about nothing but messages, once, when they want to be sent",
        (
            EventKind::MessagesRead
            | EventKind::MessageRevoked
            | EventKind::MessageEdited
            | EventKind::MessageReacted
            | EventKind::ThreadUpdated,
            _,
        ) => "what follows a message (receipts, recalls) is not told by this server yet",
        (EventKind::KeywordFiltered, _) => "findings of the keyword filter are not told by this server yet",
        (EventKind::UserOnline | EventKind::UserOffline | EventKind::UserKicked, _) => {
            "the state of users is not told by this server yet"
        }
        (
            EventKind::FriendRequested
            | EventKind::FriendAgreed
            | EventKind::FriendDeclined
            | EventKind::FriendRemoved
            | EventKind::FriendsImported
            | EventKind::UserBlocked
            | EventKind::UserUnblocked,
            _,
        ) => "events about contacts are not told by this server yet",
        (
            EventKind::GroupCreated
            | EventKind::GroupJoined
            | EventKind::GroupQuit
            | EventKind::GroupKicked
            | EventKind::GroupDismissed
            | EventKind::GroupTransferred
            | EventKind::GroupEdited
            | EventKind::MemberEdited,
            _,
        ) => "events about groups and rooms are not told by this server yet",
        _ => "the family has no such event",
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

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
            assert!(given.iter().all(|name| check("x", name).is_ok()), "{names:?}");
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
            ("recall", "not served yet"),
            ("muc:owner", "not served yet"),
            ("zzz", "is not an event of agora"),
        ] {
            let said = check("agora", name).unwrap_err();
            assert!(said.contains(says), "{said}");
        }
    }
}
