//! Conversations, and messages that were sent.

mod lists;
mod marks;
mod mentions;
mod pulling;
mod starts;

use std::time::Duration;

use ringback_model::action::{Action, ChatAction};
use ringback_model::command::{
    ChatCommand, ChatOutcome, Command, ConversationRef, Outcome, PullOrder, Pulled, SeqRange,
};
use ringback_model::conversation::{ConversationId, Target};
use ringback_model::failure::Failure;
use ringback_model::notice::{ChatNotice, Notice};

use crate::world::{World, draft, user};

/// The chat of alice and bob.
fn chat() -> ConversationId {
    ConversationId::single(&user("alice"), &user("bob"))
}

fn named(id: &ConversationId) -> ConversationRef {
    ConversationRef { text: "c".to_owned(), id: Some(id.clone()) }
}

async fn say(world: &World, from: &str, to: &str, text: &str) -> u64 {
    world.send(draft(from, Target::User(user(to)), text)).await.unwrap().message.seq
}

impl World {
    async fn chat(&self, name: &str, command: ChatCommand) -> Result<Outcome, Failure> {
        self.by(name, Command::Chat(command)).await
    }

    async fn chat_outcome(&self, name: &str, command: ChatCommand) -> ChatOutcome {
        match self.chat(name, command).await.unwrap() {
            Outcome::OfChat(outcome) => outcome,
            other => panic!("{other:?}"),
        }
    }

    /// Everything in a conversation that a user finds, gaps and what became of it included.
    async fn found(&self, name: &str, id: &ConversationId) -> Pulled {
        let range = SeqRange { conversation: named(id), begin: 0, end: u64::MAX, num: 0 };
        let pull = Command::PullRanges { user: user(name), ranges: vec![range], order: PullOrder::Ascending };
        match self.by(name, pull).await.unwrap() {
            Outcome::Pulled(mut pulled) => pulled.remove(0),
            other => panic!("{other:?}"),
        }
    }

    /// Everything that was done to chats, in order.
    async fn chat_actions(&self) -> Vec<ChatAction> {
        let done = self.done().await.into_iter();
        done.filter_map(|action| if let Action::Chat(action) = action { Some(action) } else { None })
            .collect()
    }

    /// Notices about chats that were pushed so far, and to whom.
    fn notices(&self) -> Vec<(ChatNotice, Vec<String>)> {
        let pushed = self.sessions.notices.lock().unwrap();
        let notices = pushed.iter().filter_map(|(message, users)| {
            let Some(Notice::Chat(notice)) = Notice::read(&message.content) else { return None };
            Some((notice, users.iter().map(ToString::to_string).collect()))
        });
        notices.collect()
    }

    /// The same, once there are so many.
    async fn noticed(&self, count: usize) -> Vec<(ChatNotice, Vec<String>)> {
        loop {
            let arrived = self.sessions.arrived.notified();
            let notices = self.notices();
            if notices.len() >= count {
                return notices;
            }
            tokio::time::timeout(Duration::from_secs(5), arrived).await.expect("a notice within 5 s");
        }
    }
}
