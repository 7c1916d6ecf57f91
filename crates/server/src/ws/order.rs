//! Sends of one connection to one conversation happen in the order in which they came, although requests of a
//! connection are worked on side by side.

use std::collections::HashMap;

use ringback_model::command::Command;
use ringback_model::conversation::ConversationId;
use tokio::sync::oneshot;

/// The last send to each conversation that may still be under way.
#[derive(Default)]
pub(super) struct SendOrder {
    last: HashMap<ConversationId, oneshot::Receiver<()>>,
}

/// Conversations remembered before those that are over are forgotten.
const REMEMBERED: usize = 64;

/// A place in the order: wait for your turn, then hold it until the send is over.
pub(super) struct Turn {
    before: Option<oneshot::Receiver<()>>,
    _over: Option<oneshot::Sender<()>>,
}

impl Turn {
    /// Resolves once the send before this one is over, however it ended.
    pub(super) async fn come(&mut self) {
        if let Some(before) = self.before.take() {
            // The sender is only ever dropped.
            let _ = before.await;
        }
    }
}

impl SendOrder {
    /// The place of a command; anything but a send need not wait.
    pub(super) fn join(&mut self, command: &Command) -> Turn {
        let Command::Send(draft) = command else { return Turn { before: None, _over: None } };
        if self.last.len() >= REMEMBERED {
            self.last.retain(|_, over| matches!(over.try_recv(), Err(oneshot::error::TryRecvError::Empty)));
        }
        let (over, wait) = oneshot::channel();
        let before = self.last.insert(ConversationId::of(&draft.sender, &draft.target), wait);
        Turn { before, _over: Some(over) }
    }
}
