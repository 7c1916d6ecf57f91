//! Groups: how they come to be, who enters, how they end, and what changes about them.

pub(super) mod create;
pub(super) mod edit;
pub(super) mod enter;
pub(super) mod life;

use ringback_model::action::{Action, GroupAction};

use crate::openim::callbacks::call::Call;

/// What is done about a group.
fn action<'a>(call: &Call<'a>) -> Option<&'a GroupAction> {
    match call.action()? {
        Action::Group(action) => Some(action),
        _ => None,
    }
}
