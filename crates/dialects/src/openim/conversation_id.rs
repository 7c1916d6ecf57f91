//! Names of conversations as clients know them. Source: client protocol sheet 5.1.
//!
//! Clients build `si_<a>_<b>` from two user ids that may themselves hold `_`, so the text alone cannot be split.
//! Seen by one of the two users it almost always can: the rest is `u_<peer>` with `u <= peer`, or `<peer>_u` with
//! `peer <= u`. Both readings hold with different peers only for ids such as `a_b_a` with peers `b_a` and `a_b`
//! (`a_b_a_b_a` either way); then [`parse`] takes the first. Clients themselves cannot tell those two chats apart.

use ringback_model::command::ConversationRef;
use ringback_model::conversation::ConversationId;
use ringback_model::ids::{GroupId, UserId};

/// The text of a conversation.
#[must_use]
pub fn text(id: &ConversationId) -> String {
    match id {
        ConversationId::Single(low, high) => format!("si_{low}_{high}"),
        ConversationId::Group(group) => format!("sg_{group}"),
        ConversationId::Notice(low, high) => format!("sn_{low}_{high}"),
        ConversationId::AsideSingle(..) | ConversationId::AsideGroup(_) => notification_text(id),
    }
}

/// The text of the notification stream that belongs to a conversation.
#[must_use]
pub fn notification_text(id: &ConversationId) -> String {
    match id {
        ConversationId::Single(low, high)
        | ConversationId::Notice(low, high)
        | ConversationId::AsideSingle(low, high) => format!("n_{low}_{high}"),
        ConversationId::Group(group) | ConversationId::AsideGroup(group) => format!("n_{group}"),
    }
}

/// What a text means for a user; `None` where it names none of his conversations. A stream of notices (`n_…`) that
/// names him is that of a chat, any other one that of a group.
#[must_use]
pub fn parse(user: &UserId, text: &str) -> Option<ConversationId> {
    if let Some(rest) = text.strip_prefix("si_") {
        return peer(user, rest).map(|peer| ConversationId::single(user, &peer));
    }
    if let Some(rest) = text.strip_prefix("sn_") {
        // One client does not sort the two ids here.
        let peer = peer(user, rest).or_else(|| unsorted_peer(user, rest))?;
        let (low, high) = if *user <= peer { (user.clone(), peer) } else { (peer, user.clone()) };
        return Some(ConversationId::Notice(low, high));
    }
    if let Some(rest) = text.strip_prefix("n_") {
        let of_group = || GroupId::parse(rest).ok().map(ConversationId::AsideGroup);
        let of_chat = peer(user, rest).map(|peer| ConversationId::single(user, &peer).aside());
        return of_chat.or_else(of_group);
    }
    text.strip_prefix("sg_").and_then(|rest| GroupId::parse(rest).ok()).map(ConversationId::Group)
}

/// What a text may mean where nobody says whose conversation it is: one reading for each way to cut two ids apart.
#[must_use]
pub fn readings(text: &str) -> Vec<ConversationId> {
    if let Some(group) = text.strip_prefix("sg_") {
        return GroupId::parse(group).ok().map(ConversationId::Group).into_iter().collect();
    }
    let (rest, of_two): (_, fn(UserId, UserId) -> ConversationId) = match text.split_at_checked(3) {
        Some(("si_", rest)) => (rest, ConversationId::Single),
        Some(("sn_", rest)) => (rest, ConversationId::Notice),
        _ => return Vec::new(),
    };
    let cuts = rest.match_indices('_').filter_map(|(at, _)| {
        let (one, other) = (UserId::parse(&rest[..at]).ok()?, UserId::parse(&rest[at + 1..]).ok()?);
        Some(if one <= other { of_two(one, other) } else { of_two(other, one) })
    });
    cuts.collect()
}

/// A text with its meaning for a user.
#[must_use]
pub fn named(user: &UserId, text: &str) -> ConversationRef {
    ConversationRef { text: text.to_owned(), id: parse(user, text) }
}

fn peer(user: &UserId, rest: &str) -> Option<UserId> {
    peer_after(user, rest)
        .filter(|peer| user <= peer)
        .or_else(|| peer_before(user, rest).filter(|peer| peer <= user))
}

fn unsorted_peer(user: &UserId, rest: &str) -> Option<UserId> {
    peer_after(user, rest).or_else(|| peer_before(user, rest))
}

fn peer_after(user: &UserId, rest: &str) -> Option<UserId> {
    let peer = rest.strip_prefix(user.as_str())?.strip_prefix('_')?;
    UserId::parse(peer).ok()
}

fn peer_before(user: &UserId, rest: &str) -> Option<UserId> {
    let peer = rest.strip_suffix(user.as_str())?.strip_suffix('_')?;
    UserId::parse(peer).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn user(text: &str) -> UserId {
        UserId::parse(text).unwrap()
    }

    #[test]
    fn texts_and_their_meaning() {
        let single = |one: &str, other: &str| Some(ConversationId::single(&user(one), &user(other)));
        for (who, said, means) in [
            ("a", "si_a_b", single("a", "b")),
            ("b", "si_a_b", single("a", "b")),
            ("a", "si_a_a", single("a", "a")),
            ("a_b", "si_a_b_c", single("a_b", "c")),
            ("a", "si_a_b_c", single("a", "b_c")),
            ("c", "si_a_b_c", single("a_b", "c")),
            ("x", "si_a_b", None),
            ("b", "si_b_a", None),
            ("a", "si_a_", None),
            ("a", "si_", None),
            ("a", "n_a_b", single("a", "b").map(|id| id.aside())),
            ("a", "n_a_a", single("a", "a").map(|id| id.aside())),
            ("a", "n_70_1", Some(ConversationId::AsideGroup(GroupId::parse("70_1").unwrap()))),
            ("a", "g_7", None),
            ("a", "", None),
            ("a", "sg_70_1", Some(ConversationId::Group(GroupId::parse("70_1").unwrap()))),
            ("bob", "sn_bob_system", Some(ConversationId::Notice(user("bob"), user("system")))),
            ("bob", "sn_system_bob", Some(ConversationId::Notice(user("bob"), user("system")))),
        ] {
            assert_eq!(parse(&user(who), said), means, "{who} says {said:?}");
        }
    }

    #[test]
    fn without_a_user_every_cut_is_a_reading() {
        let texts = |said: &str| readings(said).iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(texts("si_a_b"), ["u:a:b"]);
        assert_eq!(texts("si_a_b_c"), ["u:a:b_c", "u:a_b:c"]);
        assert_eq!(texts("sn_z_a"), ["s:a:z"], "one client does not sort them");
        assert_eq!(texts("sg_70_1"), ["g:70_1"]);
        for nothing in ["", "si_", "si_a", "n_a_b", "sg_", "\u{fc}\u{fc}"] {
            assert_eq!(texts(nothing), Vec::<String>::new(), "{nothing}");
        }
    }

    #[test]
    fn the_one_shape_that_clients_cannot_tell_apart() {
        let me = user("a_b_a");
        let one = ConversationId::single(&me, &user("b_a"));
        let other = ConversationId::single(&me, &user("a_b"));
        assert_eq!(text(&one), text(&other));
        assert_eq!(parse(&me, &text(&other)), Some(one), "the reading with the user first");
    }

    fn ids() -> impl Strategy<Value = UserId> {
        // Few letters, many underscores: collisions are likely if they exist.
        "[ab_]{1,7}".prop_map(|text| user(&text))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn both_sides_read_what_was_written_unless_two_chats_share_a_text(one in ids(), other in ids()) {
            let id = ConversationId::single(&one, &other);
            for me in [&one, &other] {
                let read = parse(me, &text(&id)).expect("a chat of mine is always read");
                prop_assert_eq!(text(&read), text(&id), "whatever is read has the same text");
                prop_assert!(read.peer_of(me).is_some());
                let after = peer_after(me, &text(&id)[3..]).filter(|peer| me <= peer);
                let before = peer_before(me, &text(&id)[3..]).filter(|peer| peer <= me);
                if after.is_none() || before.is_none() || after == before {
                    prop_assert_eq!(&read, &id);
                }
            }
        }

        #[test]
        fn ids_without_underscores_always_round_trip(one in "[a-c]{1,4}", other in "[a-c]{1,4}") {
            let (one, other) = (user(&one), user(&other));
            let id = ConversationId::single(&one, &other);
            prop_assert_eq!(parse(&one, &text(&id)), Some(id.clone()));
            prop_assert_eq!(parse(&other, &text(&id)), Some(id));
        }

        #[test]
        fn any_text_is_read_without_panic(who in ids(), said in "\\PC{0,40}", prefix in "(si_|sg_|sn_|n_|)") {
            let said = format!("{prefix}{said}");
            if let Some(id @ ConversationId::Single(..)) = parse(&who, &said) {
                prop_assert_eq!(text(&id), said);
            }
        }
    }
}
