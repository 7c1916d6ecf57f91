//! Telling devices what was done.
//!
//! A notice is kept nowhere (pushed to those who are online), kept beside the chat, or said in the chat; or it is
//! pushed beside the chat and said in it as well. What is kept travels like any message: committed with the change,
//! pushed by the reader of the log, in the order of commits.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ringback_model::commit::{Commit, Committed};
use ringback_model::conversation::Target;
use ringback_model::event::{EventKind, Fact, Lane, MessageSent};
use ringback_model::ids::{MessageId, UserId};
use ringback_model::limits;
use ringback_model::message::{Handling, Message, Priority};
use ringback_model::notice::Notice;
use ringback_model::ports::Push;
use ringback_model::user::Platform;

use crate::Im;
use crate::caller::Caller;
use crate::handover::{AnswerTicket, Handovers};
use crate::pusher::asking::Cause;
use crate::pusher::lanes::Passing;

/// A notice and where it goes.
pub(crate) struct Outgoing {
    pub(crate) notice: Notice,
    /// In whose name.
    pub(crate) sender: UserId,
    /// To which user or group.
    pub(crate) target: Target,
    /// To whose devices.
    pub(crate) recipients: Arc<[UserId]>,
    pub(crate) keep: Keep,
}

impl Outgoing {
    /// How much later than the notice beside the chat the same is pushed in the chat.
    fn hold_in_chat(&self) -> Duration {
        match &self.notice {
            Notice::Group(notice) if notice.lets_in() => limits::NEW_GROUP_WAIT,
            _ => Duration::ZERO,
        }
    }

    /// How long it is held before it is pushed beside the chat.
    fn hold_beside(&self) -> Duration {
        match &self.notice {
            Notice::Friend(notice) if notice.is_of_blocks() => limits::BLOCKS_WAIT,
            _ => Duration::ZERO,
        }
    }
}

/// What is kept of a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keep {
    /// Nothing: it is pushed to those who are online.
    Nothing,
    /// It is kept beside the chat.
    Aside,
    /// It is pushed and kept nowhere, and said in the chat as well, where people see it.
    Said,
}

/// Messages that were begun before their commit; given up unless they go on.
pub(crate) struct OnTheirWay<'a> {
    handovers: &'a Handovers,
    begun: Vec<MessageId>,
}

impl OnTheirWay<'_> {
    /// They are committed: nobody is waited for, because no device has sent them.
    pub(crate) fn go_on(mut self) {
        for message in self.begun.drain(..) {
            drop(AnswerTicket::of(self.handovers.get(message)));
        }
    }
}

impl Drop for OnTheirWay<'_> {
    fn drop(&mut self) {
        for message in self.begun.drain(..) {
            self.handovers.end(message);
        }
    }
}

impl Im {
    /// Adds what is kept of notices to a commit; answers what is only pushed.
    pub(crate) fn with_notices(
        &self,
        caller: &Caller,
        mut commit: Commit,
        notices: Vec<Outgoing>,
    ) -> (Commit, OnTheirWay<'_>, Vec<Outgoing>) {
        let mut way = OnTheirWay { handovers: &self.handovers, begun: Vec::new() };
        let mut passing = Vec::new();
        for notice in notices {
            if notice.keep != Keep::Nothing {
                let aside = notice.keep == Keep::Aside;
                // Nobody is woken because somebody has changed something.
                let handling =
                    Handling { aside, store: true, unread: !aside, offline_push: false, sync_sender: true };
                let message = self.carrier(&notice, handling);
                self.handovers.begin_held(message.id, Arc::clone(&notice.recipients), notice.hold_in_chat());
                way.begun.push(message.id);
                let lane = Lane::conversation(&message.conversation());
                let sent = MessageSent {
                    offline: self.offline(&message, &notice.recipients),
                    message: Arc::new(message),
                    operation_id: caller.operation_id.clone(),
                    origin: caller.origin,
                    sender_is_admin: caller.actor.admin,
                };
                commit = commit.event(lane, Fact::MessageSent(Box::new(sent)));
            }
            if notice.keep != Keep::Aside {
                passing.push(notice);
            }
        }
        (commit, way, passing)
    }

    /// Pushes a notice that is kept nowhere, with the versions that lists have since the commit. Where before-rules are
    /// asked about pushes, or it is held, this waits for a place in the pusher's line, never for their answer.
    pub(crate) async fn push_notice(&self, caller: &Caller, mut notice: Outgoing, committed: &Committed) {
        notice.notice.stamp(&committed.versions);
        let handling =
            Handling { aside: true, store: false, unread: false, offline_push: false, sync_sender: true };
        let message = Arc::new(self.carrier(&notice, handling));
        let push = Push { message, operation_id: caller.operation_id.clone() };
        let hold = notice.hold_beside();
        if hold.is_zero() && !self.gate.asks(EventKind::OnlinePushing) {
            return self.sessions.push(&push, &notice.recipients, Arc::new(()));
        }
        let lane = Lane::conversation(&push.message.conversation());
        let cause = Cause { origin: caller.origin, sender_is_admin: caller.actor.admin };
        self.passing.put(Passing { lane, push, cause, recipients: notice.recipients, hold }).await;
    }

    /// The message that carries a notice.
    fn carrier(&self, notice: &Outgoing, handling: Handling) -> Message {
        let now = self.clock.now();
        Message {
            id: self.number(),
            public_id: None,
            client_id: self.random_hex(),
            sender: notice.sender.clone(),
            target: notice.target.clone(),
            seq: 0,
            platform: Platform::ANY,
            nickname: String::new(),
            face_url: String::new(),
            system: true,
            content: notice.notice.content(),
            status: 2,
            sent_at: now,
            created_at: now,
            options: BTreeMap::new(),
            handling,
            offline_push: None,
            mentions: Vec::new(),
            attached_info: String::new(),
            ex: String::new(),
            priority: Priority::Normal,
            hidden_from: Vec::new(),
        }
    }
}
