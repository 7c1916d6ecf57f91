//! Friends and blocks.

use ringback_model::command::{FriendCommand, Outcome};
use ringback_model::failure::Failure;

use crate::Im;
use crate::caller::Caller;

impl Im {
    pub(crate) async fn friend_command(
        &self,
        _caller: &Caller,
        command: FriendCommand,
    ) -> Result<Outcome, Failure> {
        match command {}
    }
}
