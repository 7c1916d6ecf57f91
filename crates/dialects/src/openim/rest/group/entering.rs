//! Ways into a group, and requests to be let in.

use ringback_model::action::GroupApplication;
use ringback_model::command::{Actor, Command, GroupCommand, GroupOutcome, Outcome, RequestsOf};
use ringback_model::dialect::EdgeRequest;
use ringback_model::failure::RefusalCode;
use ringback_model::ids::{GroupId, UserId};
use ringback_model::limits;
use ringback_model::record::Handled;
use ringback_model::time::UnixMs;
use schemars::JsonSchema;
use serde::Serialize;

use crate::openim::group_objects::RequestInfo;
use crate::openim::rest::body::{
    Reject, at_most, body, given, group_id, parse, required_number, short_and_distinct, user_id, user_ids,
};
use crate::openim::rest::page::{Pagination, page};
use crate::openim::rest::reply::{Data, data};

body! {
    /// Users to be taken into a group.
    #[schemars(rename = "Invitation")]
    Invite {
        group: String = "groupID" required,
        /// For those who decide, and for the app's backend.
        reason: String = "reason",
        /// 1 to 1000, each once.
        #[schemars(length(min = 1))]
        users: Option<Vec<String>> = "invitedUserIDs" required,
        /// False: members are told, but it is not said in the chat.
        said: Option<bool> = "sendMessage",
    }
}

pub(in crate::openim::rest) fn invite(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: Invite = parse(&request.body)?;
    let group = group_id("groupID", &asked.group)?;
    let users = given("invitedUserIDs", asked.users)?;
    short_and_distinct("invitedUserIDs", &users)?;
    Ok(Command::Invite {
        group,
        users: user_ids("invitedUserIDs", &users)?,
        reason: asked.reason,
        said: asked.said.unwrap_or(true),
    })
}

body! {
    /// Who wants to enter which group.
    #[schemars(rename = "GroupApplication")]
    Join {
        group: String = "groupID" required,
        /// Words for those who decide.
        message: String = "reqMessage",
        /// 1 by an administrator, 2 invited, 3 by search, 4 by QR code.
        #[schemars(range(min = 1, max = 4))]
        source: i32 = "joinSource" required,
        /// Who wants to enter, whatever the name says; empty = the caller.
        applicant: String = "inviterUserID",
        /// The app's own text.
        ex: String = "ex",
    }
}

pub(in crate::openim::rest) fn join(request: &EdgeRequest) -> Result<Command, Reject> {
    join_as(request, None)
}

pub(in crate::openim::rest) fn join_of(request: &EdgeRequest, actor: &Actor) -> Result<Command, Reject> {
    join_as(request, Some(&actor.user))
}

fn join_as(request: &EdgeRequest, caller: Option<&UserId>) -> Result<Command, Reject> {
    let asked: Join = parse(&request.body)?;
    let group = group_id("groupID", &asked.group)?;
    let source = required_number("joinSource", asked.source)?;
    if !(1..=4).contains(&source) {
        let detail = format!("joinSource is {source}; known are 1 to 4");
        return Err(Reject::new(RefusalCode::BadArgument, detail));
    }
    let applicant = match caller {
        Some(caller) if asked.applicant.is_empty() => caller.clone(),
        _ => user_id("inviterUserID", &asked.applicant)?,
    };
    let application = GroupApplication { group, applicant, message: asked.message, source, ex: asked.ex };
    Ok(Command::Group(GroupCommand::Join(application)))
}

body! {
    /// An answer to a request.
    #[schemars(rename = "GroupApplicationAnswer")]
    Respond {
        group: String = "groupID" required,
        /// Who asked.
        applicant: String = "fromUserID" required,
        /// Words for him.
        message: String = "handledMsg",
        /// 1 yes, -1 no.
        #[schemars(extend("enum" = [1, -1]))]
        result: i32 = "handleResult" required,
    }
}

pub(in crate::openim::rest) fn respond(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: Respond = parse(&request.body)?;
    let group = group_id("groupID", &asked.group)?;
    let applicant = user_id("fromUserID", &asked.applicant)?;
    let agree = match asked.result {
        1 => true,
        -1 => false,
        other => {
            let detail = format!("handleResult is {other}; 1 agrees, -1 refuses");
            return Err(Reject::new(RefusalCode::BadArgument, detail));
        }
    };
    Ok(Command::Group(GroupCommand::Answer { group, applicant, agree, message: asked.message }))
}

body! {
    /// Requests to groups that a user manages.
    ReceivedRequests {
        user: String = "fromUserID" required,
        pagination: Option<Pagination> = "pagination" required,
        /// Only those about these; all if empty.
        groups: Vec<String> = "groupIDs",
        /// Only those that ended so: 0 open, 1 agreed, -1 refused; all if empty.
        #[schemars(inner(range(min = -1, max = 1)))]
        results: Vec<i32> = "handleResults",
    }
}

pub(in crate::openim::rest) fn received(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: ReceivedRequests = parse(&request.body)?;
    let of = RequestsOf::ManagedBy(user_id("fromUserID", &asked.user)?);
    list(of, &asked.groups, &asked.results, asked.pagination)
}

body! {
    /// Requests of a user.
    MadeRequests {
        user: String = "userID" required,
        pagination: Option<Pagination> = "pagination" required,
        /// Only those about these; all if empty.
        groups: Vec<String> = "groupIDs",
        /// Only those that ended so: 0 open, 1 agreed, -1 refused; all if empty.
        #[schemars(inner(range(min = -1, max = 1)))]
        results: Vec<i32> = "handleResults",
    }
}

pub(in crate::openim::rest) fn made(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: MadeRequests = parse(&request.body)?;
    let of = RequestsOf::MadeBy(user_id("userID", &asked.user)?);
    list(of, &asked.groups, &asked.results, asked.pagination)
}

fn list(
    of: RequestsOf,
    groups: &[String],
    results: &[i32],
    pagination: Option<Pagination>,
) -> Result<Command, Reject> {
    let page = page(pagination)?;
    at_most("groupIDs", groups.len(), limits::LIST_ITEMS)?;
    at_most("handleResults", results.len(), limits::LIST_ITEMS)?;
    // One that cannot exist is as unknown as any other; but none is not all.
    let known: Vec<GroupId> = groups.iter().filter_map(|id| GroupId::parse(id).ok()).collect();
    if known.len() < groups.len() {
        return Err(Reject::new(RefusalCode::BadArgument, "groupIDs names a group that cannot be"));
    }
    let handled = results.iter().map(|result| match result {
        0 => Ok(Handled::Open),
        1 => Ok(Handled::Agreed),
        -1 => Ok(Handled::Refused),
        other => Err(Reject::new(
            RefusalCode::BadArgument,
            format!("handleResults holds {other}; known are -1 to 1"),
        )),
    });
    let handled = handled.collect::<Result<_, _>>()?;
    Ok(Command::Group(GroupCommand::Requests { of, groups: known, handled, page }))
}

body! {
    /// Requests of some users to one group.
    RequestsOfUsers {
        group: String = "groupID" required,
        /// At most 1000.
        users: Option<Vec<String>> = "userIDs" required,
    }
}

pub(in crate::openim::rest) fn of_users(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: RequestsOfUsers = parse(&request.body)?;
    let group = group_id("groupID", &asked.group)?;
    let users = given("userIDs", asked.users)?;
    short_and_distinct("userIDs", &users)?;
    Ok(all_of(RequestsOf::Users(group, user_ids("userIDs", &users)?)))
}

body! {
    /// A user and a group.
    UserOfGroup {
        group: String = "groupID" required,
        user: String = "userID" required,
    }
}

pub(in crate::openim::rest) fn one(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: UserOfGroup = parse(&request.body)?;
    let group = group_id("groupID", &asked.group)?;
    Ok(all_of(RequestsOf::One(group, user_id("userID", &asked.user)?)))
}

fn all_of(of: RequestsOf) -> Command {
    let page = ringback_model::command::Page { skip: 0, limit: limits::LIST_ITEMS };
    Command::Group(GroupCommand::Requests { of, groups: Vec::new(), handled: Vec::new(), page })
}

body! {
    /// Whose answers are waited for.
    Unhandled {
        user: String = "userID" required,
        /// Only those that were asked after this instant; milliseconds since 1970.
        since: i64 = "time",
    }
}

pub(in crate::openim::rest) fn unhandled(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: Unhandled = parse(&request.body)?;
    let user = user_id("userID", &asked.user)?;
    Ok(Command::Group(GroupCommand::Waiting { user, since: UnixMs(asked.since) }))
}

/// Requests to enter groups.
#[derive(Serialize, JsonSchema)]
pub(in crate::openim::rest) struct GroupRequests<'a> {
    /// On all pages.
    total: usize,
    #[serde(rename = "groupRequests")]
    requests: Vec<RequestInfo<'a>>,
}

pub(in crate::openim::rest) fn requests_data(outcome: &Outcome) -> Option<Data> {
    let Outcome::OfGroup(GroupOutcome::Requests { total, requests }) = outcome else { return None };
    let shown = requests.iter().map(|one| RequestInfo::new(&one.request, one.user.as_ref(), &one.group));
    data(&GroupRequests { total: *total, requests: shown.collect() })
}

/// How many there are.
#[derive(Serialize, JsonSchema)]
pub(in crate::openim::rest) struct Count {
    count: usize,
}

pub(in crate::openim::rest) fn count_data(outcome: &Outcome) -> Option<Data> {
    let Outcome::OfGroup(GroupOutcome::Count(count)) = outcome else { return None };
    data(&Count { count: *count })
}
