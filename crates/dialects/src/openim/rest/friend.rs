//! `/friend`: block lists. Source: REST sheet 5.

use ringback_model::command::Command;
use ringback_model::dialect::EdgeRequest;

use super::body::{Reject, body, parse, user_id};

body! {
    /// An entry of a block list.
    #[schemars(rename = "BlockListEntry")]
    Black {
        /// Whose block list it is.
        owner: String = "ownerUserID" required,
        /// Whose messages the owner does not get.
        blocked: String = "blackUserID" required,
        /// The app's own text; kept where the entry is made.
        ex: String = "ex",
    }
}

pub(super) fn add_black(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: Black = parse(&request.body)?;
    let owner = user_id("ownerUserID", &asked.owner)?;
    let blocked = user_id("blackUserID", &asked.blocked)?;
    Ok(Command::Block { owner, blocked, ex: asked.ex })
}

pub(super) fn remove_black(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: Black = parse(&request.body)?;
    let owner = user_id("ownerUserID", &asked.owner)?;
    let blocked = user_id("blackUserID", &asked.blocked)?;
    Ok(Command::Unblock { owner, blocked })
}
