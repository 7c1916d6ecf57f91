//! Conversations, and messages that were sent.

use ringback_model::command::{ChatCommand, Outcome};
use ringback_model::failure::Failure;

use crate::Im;
use crate::caller::Caller;

impl Im {
    pub(crate) async fn chat_command(
        &self,
        _caller: &Caller,
        command: ChatCommand,
    ) -> Result<Outcome, Failure> {
        match command {}
    }
}
