//! What HTTP and WebSocket drive: the product as they see it. Keeps both of them testable without a store.

use std::any::Any;

use ringback_model::command::{Actor, Call, Outcome};
use ringback_model::failure::Failure;
use ringback_model::ports::Fut;

/// A command that was carried out.
pub struct Done {
    /// What to answer.
    pub outcome: Outcome,
    /// Dropped once the answer is on its way: pushes wait for that, so that a sender sees his answer before his
    /// own message.
    pub answered: Ticket,
}

/// Something whose dropping is waited for.
pub type Ticket = Box<dyn Any + Send + Sync>;

/// Carries commands out.
pub trait Product: Send + Sync {
    /// Whose token this is.
    ///
    /// # Errors
    /// A refusal about the token, or a fault.
    fn authenticate<'a>(&'a self, token: &'a str) -> Fut<'a, Result<Actor, Failure>>;

    /// Carries a command out.
    ///
    /// # Errors
    /// A refusal for the caller, or a fault.
    fn execute(&self, call: Call) -> Fut<'_, Result<Done, Failure>>;
}
