//! What a client's message switches mean for the server.

use std::collections::BTreeMap;

use ringback_model::message::Handling;

/// Content number of "is typing".
/// Source: openim-callbacks fact sheet 5.3.
pub const TYPING: i32 = 113;

/// What the server does with a message that carries these switches. A switch that is absent is on; "is typing"
/// is never kept, counted or pushed to sleeping devices, whatever its switches say.
/// Source: openim-callbacks fact sheet 5.6; openim-client-protocol fact sheet, message options.
#[must_use]
pub fn handling(options: &BTreeMap<String, bool>, content_code: i32) -> Handling {
    let on = |name: &str| options.get(name).copied().unwrap_or(true);
    let lasting = content_code != TYPING;
    Handling {
        store: lasting && on("history"),
        sync_sender: lasting && on("senderSync"),
        unread: lasting && on("unreadCount"),
        offline_push: lasting && on("offlinePush"),
        aside: lasting && !on("isNotNotification"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_switches_are_on() {
        assert_eq!(handling(&BTreeMap::new(), 101), Handling::default());
    }

    #[test]
    fn each_switch_turns_one_thing_off() {
        let with = |name: &str| handling(&BTreeMap::from([(name.to_owned(), false)]), 101);
        let all = Handling::default();
        assert_eq!(with("history"), Handling { store: false, ..all });
        assert_eq!(with("senderSync"), Handling { sync_sender: false, ..all });
        assert_eq!(with("unreadCount"), Handling { unread: false, ..all });
        assert_eq!(with("offlinePush"), Handling { offline_push: false, ..all });
        assert_eq!(with("isNotNotification"), Handling { aside: true, ..all });
        assert_eq!(with("persistent"), all, "the original ignores it too");
    }

    #[test]
    fn typing_is_never_kept() {
        let options = BTreeMap::from([("history".to_owned(), true), ("offlinePush".to_owned(), true)]);
        let typing = handling(&options, TYPING);
        assert!(!typing.store && !typing.offline_push && !typing.unread && !typing.sync_sender);
    }
}
