//! Ways out of a group.

use ringback_model::command::{Command, GroupCommand};
use ringback_model::dialect::EdgeRequest;

use crate::openim::rest::body::{
    Reject, body, given, group_id, parse, short_and_distinct, user_id, user_ids,
};

body! {
    /// Who leaves which group.
    #[schemars(rename = "GroupLeave")]
    Quit {
        group: String = "groupID" required,
        /// The caller if empty.
        user: String = "userID",
    }
}

pub(in crate::openim::rest) fn quit(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: Quit = parse(&request.body)?;
    let group = group_id("groupID", &asked.group)?;
    let user = if asked.user.is_empty() { None } else { Some(user_id("userID", &asked.user)?) };
    Ok(Command::Group(GroupCommand::Quit { group, user }))
}

body! {
    /// Members to be removed.
    #[schemars(rename = "GroupRemoval")]
    Kick {
        group: String = "groupID" required,
        /// 1 to 1000, each once; neither the owner nor the caller.
        #[schemars(length(min = 1))]
        users: Option<Vec<String>> = "kickedUserIDs" required,
        /// For the app's backend.
        reason: String = "reason",
        /// False: members are told, but it is not said in the chat.
        said: Option<bool> = "sendMessage",
    }
}

pub(in crate::openim::rest) fn kick(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: Kick = parse(&request.body)?;
    let group = group_id("groupID", &asked.group)?;
    let users = given("kickedUserIDs", asked.users)?;
    short_and_distinct("kickedUserIDs", &users)?;
    let users = user_ids("kickedUserIDs", &users)?;
    let said = asked.said.unwrap_or(true);
    Ok(Command::Group(GroupCommand::Kick { group, users, reason: asked.reason, said }))
}

body! {
    /// A group to be dismissed.
    #[schemars(rename = "GroupDismissal")]
    Dismiss {
        group: String = "groupID" required,
        /// True: its members leave it as well, and are not told.
        empty: bool = "deleteMember",
        /// False: members are told, but it is not said in the chat.
        said: Option<bool> = "sendMessage",
    }
}

pub(in crate::openim::rest) fn dismiss(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: Dismiss = parse(&request.body)?;
    let group = group_id("groupID", &asked.group)?;
    let said = asked.said.unwrap_or(true);
    Ok(Command::Group(GroupCommand::Dismiss { group, empty: asked.empty, said }))
}
