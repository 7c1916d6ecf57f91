//! What an app's backend asks about messages that were sent: it knows them by their ids, and acts for everybody.
//!
//! | file | holds |
//! |---|---|
//! | `finding` | from an id to a message |
//! | `recalling` | messages that are taken back |
//! | `editing` | what messages say is changed |
//! | `exporting` | the messages of an hour |
//! | `reacting` | reactions |
//! | `threads` | what is told of what happens in threads |

mod editing;
pub(crate) mod exporting;
mod finding;
mod reacting;
mod recalling;
mod threads;

use ringback_model::command::{MessageCommand, MessageOutcome, Outcome};
use ringback_model::failure::{Failure, Refusal, RefusalCode};

use crate::caller::Caller;
use crate::{Im, only_admin};

impl Im {
    pub(crate) async fn message_command(
        &self,
        caller: &Caller,
        command: MessageCommand,
    ) -> Result<Outcome, Failure> {
        only_admin(&caller.actor)?;
        let outcome = match command {
            MessageCommand::Recall(orders) => MessageOutcome::Recalled(self.recall(caller, orders).await?),
            MessageCommand::Edit(edit) => {
                self.edit_message(caller, *edit).await?;
                MessageOutcome::Edited
            }
            MessageCommand::React(order) => self.react(caller, order).await?,
            MessageCommand::Reactions { user, messages } => {
                MessageOutcome::Reactions(self.reactions(&user, &messages).await?)
            }
            MessageCommand::Export { local_min, zone_min } => self.export(local_min, zone_min).await?,
        };
        Ok(Outcome::OfMessage(outcome))
    }
}

/// What is said of an id that names nothing.
fn unknown_message(id: &str) -> Failure {
    Refusal::new(RefusalCode::NotFound, format!("there is no message {id:.64}")).into()
}
