//! Which events a replay is about: what the order names, compared with what an event says of itself. Pure.

use ringback_model::action::{Action, ChatAction, FriendAction, GroupAction, UserAction};
use ringback_model::event::{Event, Fact};
use ringback_model::ids::{Seq, UserId};

/// What an order names about events, ready to be asked.
#[derive(Debug, Clone, Default)]
pub(super) struct Selection {
    /// Folded.
    user: Option<String>,
    seqs: Option<(Seq, Seq)>,
}

/// What of an event is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meant {
    Nothing,
    Everything,
    /// The user is one of several recipients: his own copies.
    CopiesOfUser,
}

impl Selection {
    pub(super) fn new(user: Option<&UserId>, seqs: Option<(Seq, Seq)>) -> Self {
        Self { user: user.map(UserId::folded), seqs }
    }

    /// What of the event is meant.
    pub(super) fn meant(&self, event: &Event) -> Meant {
        if let Some((first, last)) = self.seqs {
            let inside = |seq: Seq| first <= seq && seq <= last;
            if !event.sent().is_some_and(|sent| inside(sent.message.seq)) {
                return Meant::Nothing;
            }
        }
        let Some(user) = &self.user else { return Meant::Everything };
        let is_user = |id: &str| id.to_lowercase() == *user;
        let facets = event.fact.facets();
        if is_user(facets.from) || facets.user.is_some_and(is_user) {
            return Meant::Everything;
        }
        match &event.fact {
            Fact::Done(done) => {
                let acts = done.actor.iter().chain(concerned(&done.action));
                let acts = acts.map(UserId::as_str).any(is_user);
                if acts { Meant::Everything } else { Meant::Nothing }
            }
            Fact::MessageSent(sent) => {
                let offline = sent.offline.iter().map(UserId::as_str).any(is_user);
                if offline { Meant::CopiesOfUser } else { Meant::Nothing }
            }
        }
    }

    /// Whether this is the user whose copies are meant.
    pub(super) fn is_user(&self, id: &UserId) -> bool {
        self.user.as_ref().is_none_or(|user| id.folded() == *user)
    }
}

/// Users whom an action names besides those that selectors of rules look at.
fn concerned(action: &Action) -> Vec<&UserId> {
    match action {
        Action::Group(GroupAction::Create(one)) => one.members.iter().map(|member| &member.user).collect(),
        Action::Group(GroupAction::Join(one)) => one.users.iter().collect(),
        Action::Group(GroupAction::Kick(one)) => one.kicked.iter().collect(),
        Action::Group(GroupAction::Dismiss(one)) => one.members.iter().collect(),
        Action::Group(GroupAction::Transfer(one)) => vec![&one.to],
        Action::Friend(FriendAction::Import(one)) => one.friends.iter().collect(),
        Action::User(UserAction::Register(one)) => one.users.iter().map(|user| &user.id).collect(),
        Action::Chat(ChatAction::Start(one)) => one.owners.iter().collect(),
        Action::Chat(ChatAction::Revoke(one)) => vec![&one.sender],
        Action::Chat(ChatAction::Edit(one)) => vec![&one.message.sender],
        Action::Chat(ChatAction::React(one)) => vec![&one.message.sender],
        Action::Chat(ChatAction::Read(one)) => one.messages.iter().map(|message| &message.sender).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ringback_model::action::{GroupKick, MessageRevoked};
    use ringback_model::conversation::{ConversationId, Target};
    use ringback_model::event::{Lane, MessageSent};
    use ringback_model::ids::{GroupId, LogPos, MessageId};
    use ringback_model::message::{ContentClass, Message, Origin};
    use ringback_model::sample;
    use ringback_model::time::UnixMs;

    use super::*;

    fn user(id: &str) -> UserId {
        UserId::parse(id).unwrap()
    }

    fn sent(from: &str, target: Target, seq: Seq, offline: &[&str]) -> Event {
        let content = sample::content(ContentClass::Text, 101, "x");
        let message = Message { seq, ..sample::message(user(from), target, content, UnixMs(0)) };
        Event {
            pos: LogPos(1),
            at: UnixMs(0),
            lane: Lane::server(),
            fact: Fact::MessageSent(Box::new(MessageSent {
                message: Arc::new(message),
                operation_id: "op".into(),
                origin: Origin::Client,
                sender_is_admin: false,
                offline: offline.iter().map(|id| user(id)).collect(),
            })),
        }
    }

    fn done(action: Action) -> Event {
        sample::done(LogPos(1), action, UnixMs(0))
    }

    #[test]
    fn the_table() {
        let group = || GroupId::parse("g1").unwrap();
        let to_bob = || sent("Alice", Target::User(user("bob")), 7, &[]);
        let to_group = || sent("alice", Target::Group(group()), 7, &["carol"]);
        let kick = || {
            done(Action::Group(GroupAction::Kick(GroupKick {
                group: group(),
                kicked: vec![user("dave")],
                reason: String::new(),
                barred: false,
            })))
        };
        let revoke = || {
            done(Action::Chat(ChatAction::Revoke(MessageRevoked {
                conversation: ConversationId::Group(group()),
                seq: 7,
                message: MessageId(1),
                public_id: None,
                client_id: String::new(),
                sender: user("erin"),
                by: user("alice"),
                ex: String::new(),
            })))
        };
        use Meant::{CopiesOfUser, Everything, Nothing};
        for (named, seqs, event, expected) in [
            (None, None, to_bob(), Everything),
            (None, None, kick(), Everything),
            (Some("alice"), None, to_bob(), Everything),
            (Some("BOB"), None, to_bob(), Everything),
            (Some("bo"), None, to_bob(), Nothing),
            (Some("carol"), None, to_bob(), Nothing),
            (Some("alice"), None, to_group(), Everything),
            (Some("carol"), None, to_group(), CopiesOfUser),
            (Some("dave"), None, to_group(), Nothing),
            (Some("dave"), None, kick(), Everything),
            (Some("alice"), None, kick(), Everything),
            (Some("bob"), None, kick(), Nothing),
            (Some("alice"), None, revoke(), Everything),
            (Some("erin"), None, revoke(), Everything),
            (Some("g1"), None, revoke(), Nothing),
            (None, Some((7, 7)), to_bob(), Everything),
            (None, Some((1, 6)), to_bob(), Nothing),
            (None, Some((8, 9)), to_bob(), Nothing),
            (None, Some((1, 9)), revoke(), Nothing),
            (Some("carol"), Some((1, 9)), to_bob(), Nothing),
            (Some("carol"), Some((7, 9)), to_group(), CopiesOfUser),
        ] {
            let selection = Selection::new(named.map(user).as_ref(), seqs);
            assert_eq!(selection.meant(&event), expected, "{named:?} {seqs:?} {event:?}");
        }
    }

    #[test]
    fn whoever_is_named_by_an_action_is_concerned() {
        for action in sample::actions(UnixMs(0)) {
            let text = serde_json::to_value(&action).unwrap().to_string();
            for id in concerned(&action) {
                assert!(text.contains(id.as_str()), "{text}");
                let meant = Selection::new(Some(id), None).meant(&done(action.clone()));
                assert_eq!(meant, Meant::Everything, "{id}: {text}");
            }
        }
    }
}
