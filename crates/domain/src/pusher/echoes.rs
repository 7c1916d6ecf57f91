//! What a sender's own devices get of a chat that is new to them.
//!
//! A device enters a chat into its list when the first message in it is answered, and looks for the chat when that
//! message comes back to it. So the sender gets his first message a moment after the others, and what follows in the
//! chat meanwhile behind it.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use ringback_model::conversation::Target;
use ringback_model::event::{Lane, MessageSent};
use ringback_model::ids::UserId;
use ringback_model::limits;
use ringback_model::message::{Message, Origin};
use ringback_model::ports::{Push, Sessions};
use tokio::time::{Instant, sleep_until};

/// Who waits in a lane, and for what, in order.
struct Late {
    sender: UserId,
    pushes: Vec<Push>,
}

/// Pushes that wait for the devices they came from. What is lost here is pulled.
#[derive(Default)]
pub(super) struct Echoes {
    late: HashMap<Lane, Late>,
    /// Whose time comes when; all wait equally long.
    due: VecDeque<(Instant, Lane)>,
}

impl Echoes {
    /// Keeps back what is for a sender who waits in this lane; answers who gets it now, `None` for all.
    pub(super) fn keep_back(
        &mut self,
        lane: &Lane,
        sent: &MessageSent,
        push: &Push,
        recipients: &[UserId],
    ) -> Option<Vec<UserId>> {
        if begins_a_chat(sent) {
            self.due.push_back((Instant::now() + limits::FIRST_ECHO_WAIT, lane.clone()));
            let late = Late { sender: sent.message.sender.clone(), pushes: Vec::new() };
            self.late.insert(lane.clone(), late);
        }
        let late = self.late.get_mut(lane)?;
        let others: Vec<UserId> = recipients.iter().filter(|user| **user != late.sender).cloned().collect();
        if others.len() < recipients.len() {
            late.pushes.push(push.clone());
        }
        Some(others)
    }

    /// Resolves when the first has waited long enough; never while nobody waits. May be dropped and called again.
    pub(super) async fn turn(&self) {
        match self.due.front() {
            Some((at, _)) => sleep_until(*at).await,
            None => std::future::pending().await,
        }
    }

    /// Pushes what has waited the longest.
    pub(super) fn push(&mut self, sessions: &dyn Sessions) {
        let first = self.due.pop_front().and_then(|(_, lane)| self.late.remove(&lane));
        if let Some(Late { sender, pushes }) = first {
            for push in pushes {
                sessions.push(&push, std::slice::from_ref(&sender), Arc::new(()));
            }
        }
    }
}

/// Whether a device of the sender learns of the chat by the answer to this very message.
fn begins_a_chat(sent: &MessageSent) -> bool {
    let Message { seq, target, system, .. } = &*sent.message;
    *seq == 1 && !system && sent.origin == Origin::Client && matches!(target, Target::User(_))
}
