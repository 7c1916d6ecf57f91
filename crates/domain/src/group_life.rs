//! Groups as their members and managers live with them.

use ringback_model::command::{GroupCommand, Outcome};
use ringback_model::failure::Failure;

use crate::Im;
use crate::caller::Caller;

impl Im {
    pub(crate) async fn group_command(
        &self,
        _caller: &Caller,
        command: GroupCommand,
    ) -> Result<Outcome, Failure> {
        match command {}
    }
}
