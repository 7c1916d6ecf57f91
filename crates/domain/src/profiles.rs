//! Profiles, and what users keep.

use ringback_model::command::{Outcome, UserCommand};
use ringback_model::failure::Failure;

use crate::Im;
use crate::caller::Caller;

impl Im {
    pub(crate) async fn user_command(
        &self,
        _caller: &Caller,
        command: UserCommand,
    ) -> Result<Outcome, Failure> {
        match command {}
    }
}
