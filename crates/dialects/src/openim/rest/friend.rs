//! `/friend`: friends and block lists change. Source: REST sheet 5.

use ringback_model::command::{Command, FriendCommand};
use ringback_model::dialect::EdgeRequest;
use ringback_model::record::Handled;

use super::body::{Reject, body, given, parse, short_and_distinct, user_id, user_ids};
use crate::openim::content::argument;
use crate::openim::handled;

body! {
    /// A request for friendship.
    #[schemars(rename = "NewFriendRequest")]
    Ask {
        /// Who asks: the caller, unless he is an administrator.
        from: String = "fromUserID" required,
        /// Who is asked.
        to: String = "toUserID" required,
        /// Words for him.
        message: String = "reqMsg",
        /// The app's own text.
        ex: String = "ex",
    }
}

pub(super) fn ask(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: Ask = parse(&request.body)?;
    let from = user_id("fromUserID", &asked.from)?;
    let to = user_id("toUserID", &asked.to)?;
    Ok(Command::Friend(FriendCommand::Ask { from, to, message: asked.message, ex: asked.ex }))
}

body! {
    /// The answer to a request for friendship.
    #[schemars(rename = "FriendRequestAnswer")]
    Answer {
        /// Who asked.
        from: String = "fromUserID" required,
        /// Who answers: the caller, unless he is an administrator.
        to: String = "toUserID" required,
        /// 1 yes, -1 no.
        #[schemars(extend("enum" = [1, -1]))]
        result: i32 = "handleResult" required,
        /// Words for him who asked.
        message: String = "handleMsg",
    }
}

pub(super) fn answer(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: Answer = parse(&request.body)?;
    let from = user_id("fromUserID", &asked.from)?;
    let to = user_id("toUserID", &asked.to)?;
    let agree = match handled::read(asked.result) {
        Some(Handled::Agreed) => true,
        Some(Handled::Refused) => false,
        Some(Handled::Open) => return Err(Reject::Malformed("handleResult is empty".to_owned())),
        None => {
            return Err(argument(format!("handleResult is {}; known are 1 and -1", asked.result)).into());
        }
    };
    Ok(Command::Friend(FriendCommand::Answer { from, to, agree, message: asked.message }))
}

body! {
    /// A friend of somebody's.
    #[schemars(rename = "FriendName")]
    Pair {
        /// Whose list.
        owner: String = "ownerUserID" required,
        /// Who is on it.
        friend: String = "friendUserID" required,
    }
}

pub(super) fn remove(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: Pair = parse(&request.body)?;
    let owner = user_id("ownerUserID", &asked.owner)?;
    let friend = user_id("friendUserID", &asked.friend)?;
    Ok(Command::Friend(FriendCommand::Remove { owner, friend }))
}

body! {
    /// A name for a friend.
    #[schemars(rename = "FriendRemark")]
    Remark {
        /// Whose list.
        owner: String = "ownerUserID" required,
        /// Who is on it.
        friend: String = "friendUserID" required,
        /// The name; empty = none.
        remark: String = "remark",
    }
}

pub(super) fn remark(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: Remark = parse(&request.body)?;
    let owner = user_id("ownerUserID", &asked.owner)?;
    let friend = user_id("friendUserID", &asked.friend)?;
    Ok(Command::Friend(FriendCommand::Remark { owner, friend, remark: asked.remark }))
}

body! {
    /// What changes about friends; what is absent stays.
    #[schemars(rename = "FriendsUpdate")]
    Update {
        /// Whose list.
        owner: String = "ownerUserID" required,
        /// Each once, at least one.
        #[schemars(length(max = 1000))]
        friends: Option<Vec<String>> = "friendUserIDs" required,
        /// At the top of the list.
        pinned: Option<bool> = "isPinned",
        /// The owner's name for each of them.
        remark: Option<String> = "remark",
        /// The app's own text.
        ex: Option<String> = "ex",
    }
}

pub(super) fn update(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: Update = parse(&request.body)?;
    let owner = user_id("ownerUserID", &asked.owner)?;
    let friends = given("friendUserIDs", asked.friends)?;
    short_and_distinct("friendUserIDs", &friends)?;
    let friends = user_ids("friendUserIDs", &friends)?;
    let (pinned, remark, ex) = (asked.pinned, asked.remark, asked.ex);
    Ok(Command::Friend(FriendCommand::Update { owner, friends, pinned, remark, ex }))
}

body! {
    /// Friends to be made without being asked.
    #[schemars(rename = "FriendImport")]
    Import {
        /// Whose list.
        owner: String = "ownerUserID" required,
        /// Each once.
        #[schemars(length(max = 1000))]
        friends: Option<Vec<String>> = "friendUserIDs" required,
    }
}

pub(super) fn import(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: Import = parse(&request.body)?;
    let owner = user_id("ownerUserID", &asked.owner)?;
    let friends = given("friendUserIDs", asked.friends)?;
    short_and_distinct("friendUserIDs", &friends)?;
    let friends = user_ids("friendUserIDs", &friends)?;
    Ok(Command::Friend(FriendCommand::Import { owner, friends }))
}

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
