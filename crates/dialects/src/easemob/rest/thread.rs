//! `/thread` and `/threads`: conversations that hang on a message of a group. Source: easemob-rest fact sheet 12; forms of
//! answers: document "Manage message threads" of the second dialect's documentation.

use ringback_model::command::{Command, GroupCommand, GroupOutcome, NewThread, Outcome, ThreadCommand};
use ringback_model::group::Group;
use ringback_model::ids::{GroupId, UserId};
use ringback_model::limits;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Asked;
use super::body::{self, parse, required, user};
use super::chats::known;
use super::cursor;
use super::envelope::{Answer, Contents};
use super::managing::{data, users_of};
use super::problem::{ILLEGAL_ARGUMENT, Problem, Reject};

/// Items of a page, unless the caller says otherwise, and at most.
const LIST: (usize, usize) = (20, 50);
/// Users of one call.
const USERS_AT_ONCE: usize = 10;

fn command(command: ThreadCommand) -> Result<Command, Reject> {
    Ok(Command::Group(GroupCommand::Thread(command)))
}

fn threads_of(outcome: &Outcome) -> Option<&[Group]> {
    match outcome {
        Outcome::OfGroup(GroupOutcome::Groups { groups, .. }) => Some(groups),
        _ => None,
    }
}

fn the_thread(asked: &Asked<'_>) -> Result<GroupId, Reject> {
    known(asked.request.param("id"))
}

fn limit(asked: &Asked<'_>) -> Result<usize, Reject> {
    Ok(cursor::size(asked, "limit", Some(LIST.0), LIST.1)?.unwrap_or(LIST.0))
}

/// Where the next page begins; a full page may be the last one: then the next is empty.
fn next<T>(asked: &Asked<'_>, page: &[T], mark: impl Fn(&T) -> String) -> Option<String> {
    let limit = limit(asked).unwrap_or(LIST.0);
    page.last().filter(|_| page.len() >= limit).map(mark)
}

fn named(name: Option<String>) -> Result<String, Reject> {
    let name = required(name, &ILLEGAL_ARGUMENT, "name must be provided")?;
    if name.chars().count() > limits::THREAD_NAME_CHARS {
        let text = format!("name has more than {} characters", limits::THREAD_NAME_CHARS);
        return Err(Reject::new(&ILLEGAL_ARGUMENT, text));
    }
    Ok(name)
}

// ---------------------------------------------------------------- one thread

/// A thread to be made.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(rename = "NewMessageThread")]
pub(super) struct NewMessageThread {
    /// The group.
    #[schemars(extend("x-required" = true), length(min = 1))]
    group_id: Option<String>,
    /// At most 64 characters.
    #[schemars(extend("x-required" = true), length(min = 1, max = 64))]
    name: Option<String>,
    /// Who owns it: a member of the group.
    #[schemars(extend("x-required" = true), length(min = 1))]
    owner: Option<String>,
    /// The message that it hangs on.
    #[schemars(extend("x-required" = true), length(min = 1))]
    msg_id: Option<String>,
}

/// A thread was made.
#[derive(Serialize, JsonSchema)]
pub(super) struct ThreadMade<'a> {
    thread_id: &'a str,
}

/// What a thread is to be called.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct ThreadName {
    /// At most 64 characters.
    #[schemars(extend("x-required" = true), length(min = 1, max = 64))]
    name: Option<String>,
}

/// What a thread is called now.
#[derive(Serialize, JsonSchema)]
pub(super) struct ThreadRenamed<'a> {
    name: &'a str,
}

/// It was done.
#[derive(Serialize, JsonSchema)]
pub(super) struct ThreadStatus {
    /// Always `ok`.
    status: &'static str,
}

pub(super) fn make(asked: &Asked<'_>) -> Result<Command, Reject> {
    let new: NewMessageThread = parse(&asked.request.body)?;
    let group = required(new.group_id, &ILLEGAL_ARGUMENT, "group_id must be provided")?;
    let owner = required(new.owner, &ILLEGAL_ARGUMENT, "owner must be provided")?;
    let message = required(new.msg_id, &ILLEGAL_ARGUMENT, "msg_id must be provided")?;
    let (name, group, owner) = (named(new.name)?, known(&group)?, user(&owner)?);
    command(ThreadCommand::Make(NewThread { group, message, name, owner }))
}

pub(super) fn made(_asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    Some(Ok(Contents::data(&ThreadMade { thread_id: threads_of(outcome)?.first()?.id.as_str() }).answer()))
}

pub(super) fn rename(asked: &Asked<'_>) -> Result<Command, Reject> {
    let name = named(parse::<ThreadName>(&asked.request.body)?.name)?;
    command(ThreadCommand::Rename { thread: the_thread(asked)?, name })
}

pub(super) fn renamed(_asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    Some(Ok(Contents::data(&ThreadRenamed { name: &threads_of(outcome)?.first()?.name }).answer()))
}

pub(super) fn dismiss(asked: &Asked<'_>) -> Result<Command, Reject> {
    command(ThreadCommand::Dismiss(the_thread(asked)?))
}

pub(super) fn dismissed(_asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    threads_of(outcome)?;
    Some(data(&ThreadStatus { status: "ok" }))
}

// ---------------------------------------------------------------- lists

/// A thread in a list of all.
#[derive(Serialize, JsonSchema)]
pub(super) struct ThreadId<'a> {
    id: &'a str,
}

/// A thread in a list of a user's.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct MessageThread<'a> {
    id: &'a str,
    name: &'a str,
    owner: String,
    /// The message that it hangs on.
    msg_id: &'a str,
    /// The group of that message.
    group_id: &'a str,
    /// Milliseconds since 1970.
    created: i64,
}

pub(super) fn all(asked: &Asked<'_>) -> Result<Command, Reject> {
    command(ThreadCommand::All { after: cursor::thread(asked)?, limit: limit(asked)? })
}

pub(super) fn ids(asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let threads = threads_of(outcome)?;
    let ids: Vec<ThreadId<'_>> = threads.iter().map(|thread| ThreadId { id: thread.id.as_str() }).collect();
    let next =
        next(asked, threads, |thread| thread.thread.as_ref().map(cursor::of_thread).unwrap_or_default());
    Some(Ok(Contents::entities(&ids).with_properties(next).answer()))
}

pub(super) fn of_user(asked: &Asked<'_>) -> Result<Command, Reject> {
    let group = match asked.request.route.contains("/chatgroups/") {
        true => Some(the_thread(asked)?),
        false => None,
    };
    let ascending = match asked.request.query("sort") {
        Some("asc") => true,
        None | Some("" | "desc") => false,
        Some(_) => return Err(Reject::new(&ILLEGAL_ARGUMENT, "sort must be asc or desc")),
    };
    let user = user(asked.request.param("user"))?;
    command(ThreadCommand::OfUser {
        user,
        group,
        ascending,
        after: cursor::group(asked)?,
        limit: limit(asked)?,
    })
}

pub(super) fn listed(asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let threads = threads_of(outcome)?;
    let shown = threads.iter().filter_map(|thread| {
        let of = thread.thread.as_ref()?;
        Some(MessageThread {
            id: thread.id.as_str(),
            name: &thread.name,
            owner: thread.owner.folded(),
            msg_id: &of.message,
            group_id: of.group.as_str(),
            created: thread.created_at.0,
        })
    });
    let shown: Vec<MessageThread<'_>> = shown.collect();
    let next = next(asked, threads, |thread| cursor::of_group(&thread.id));
    Some(Ok(Contents::entities(&shown).with_properties(next).answer()))
}

// ---------------------------------------------------------------- members

/// Users of a thread.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct ThreadUsers {
    /// User ids; at most 10.
    #[schemars(extend("x-required" = true), length(min = 1, max = 10))]
    usernames: Option<Vec<String>>,
}

/// Who is in a thread.
#[derive(Serialize, JsonSchema)]
pub(super) struct ThreadMembers {
    affiliations: Vec<String>,
}

/// What became of a user.
#[derive(Serialize, JsonSchema)]
pub(super) struct ThreadLeft {
    /// Whether he was taken out.
    result: bool,
    user: String,
}

pub(super) fn members(asked: &Asked<'_>) -> Result<Command, Reject> {
    let after = cursor::user(asked)?;
    command(ThreadCommand::Members { thread: the_thread(asked)?, after, limit: limit(asked)? })
}

pub(super) fn members_listed(asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let Outcome::OfGroup(GroupOutcome::Ids(users)) = outcome else { return None };
    let affiliations = users.iter().map(UserId::folded).collect();
    let next = next(asked, users, cursor::of_user);
    Some(Ok(Contents::data(&ThreadMembers { affiliations }).with_properties(next).answer()))
}

fn users(asked: &Asked<'_>) -> Result<Vec<UserId>, Reject> {
    let names = parse::<ThreadUsers>(&asked.request.body)?.usernames.unwrap_or_default();
    if names.is_empty() {
        return Err(Reject::new(&ILLEGAL_ARGUMENT, "usernames must be provided"));
    }
    if names.len() > USERS_AT_ONCE {
        let text = format!("usernames is more than max limit : {USERS_AT_ONCE}");
        return Err(Reject::new(&ILLEGAL_ARGUMENT, text));
    }
    body::users(names.iter().map(String::as_str))
}

pub(super) fn add(asked: &Asked<'_>) -> Result<Command, Reject> {
    command(ThreadCommand::Add { thread: the_thread(asked)?, users: users(asked)? })
}

pub(super) fn added(_asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    users_of(outcome)?;
    Some(data(&ThreadStatus { status: "ok" }))
}

pub(super) fn remove(asked: &Asked<'_>) -> Result<Command, Reject> {
    command(ThreadCommand::Remove { thread: the_thread(asked)?, users: users(asked)? })
}

pub(super) fn removed(_asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let left = users_of(outcome)?.iter();
    let left = left.map(|one| ThreadLeft { result: one.untouched.is_none(), user: one.user.folded() });
    Some(data(&left.collect::<Vec<_>>()))
}
