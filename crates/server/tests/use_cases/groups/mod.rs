//! Groups as their members and managers live with them.

mod entering;
mod large;
mod leaving;
mod lists;
mod settings;

use ringback_model::action::{Action, GroupAction, GroupApplication};
use ringback_model::command::{Command, GroupCommand, GroupOutcome, Outcome};
use ringback_model::event::EventKind;
use ringback_model::failure::{CallbackRefusal, Failure, Refusal, RefusalCode};
use ringback_model::group::{Group, Member, Role};
use ringback_model::ids::GroupId;
use ringback_model::notice::{GroupNews, GroupNotice, Notice};
use ringback_model::version::VersionLog;

use crate::world::{World, user};

/// What was told of groups, in order, without the conversations that it starts.
async fn told(world: &World) -> Vec<GroupAction> {
    let done = world.done().await.into_iter();
    done.filter_map(|action| match action {
        Action::Group(action) => Some(action),
        _ => None,
    })
    .collect()
}

/// The kinds of everything that was told.
async fn kinds(world: &World) -> Vec<EventKind> {
    world.done().await.iter().filter_map(Action::told_as).collect()
}

/// Notices that were pushed beside the chats, in order, with their recipients.
fn notices(world: &World) -> Vec<(GroupNotice, Vec<String>)> {
    let notices = world.sessions.notices.lock().unwrap();
    let passing = notices.iter().filter(|(message, _)| message.handling.aside);
    let group = passing.filter_map(|(message, users)| match Notice::read(&message.content)? {
        Notice::Group(notice) => Some((*notice, users.iter().map(ToString::to_string).collect())),
        _ => None,
    });
    group.collect()
}

/// The last of them.
fn last_notice(world: &World) -> (GroupNotice, Vec<String>) {
    notices(world).pop().unwrap()
}

fn news(world: &World) -> Vec<GroupNews> {
    notices(world).into_iter().map(|(notice, _)| notice.news).collect()
}

async fn number(world: &World, log: VersionLog) -> u64 {
    world.store.list_versions(&[log]).await.unwrap()[0].number
}

async fn member(world: &World, group: &GroupId, name: &str) -> Option<Member> {
    world.store.member(group, &user(name)).await.unwrap()
}

async fn role(world: &World, group: &GroupId, name: &str) -> Option<Role> {
    member(world, group, name).await.map(|member| member.role)
}

async fn group_of(world: &World, id: &GroupId) -> Group {
    world.store.groups(std::slice::from_ref(id)).await.unwrap().remove(0).unwrap()
}

/// A question by this user.
async fn asked(world: &World, name: &str, command: GroupCommand) -> Result<GroupOutcome, Failure> {
    match world.by(name, Command::Group(command)).await? {
        Outcome::OfGroup(outcome) => Ok(outcome),
        other => panic!("a question is answered with {other:?}"),
    }
}

async fn act(world: &World, name: &str, command: GroupCommand) -> Result<Outcome, Failure> {
    world.by(name, Command::Group(command)).await
}

fn join(group: &GroupId, name: &str) -> GroupCommand {
    GroupCommand::Join(GroupApplication {
        group: group.clone(),
        applicant: user(name),
        message: "let me in".to_owned(),
        source: 3,
        ex: String::new(),
    })
}

fn invite(group: &GroupId, names: &[&str]) -> Command {
    let users = names.iter().map(|name| user(name)).collect();
    Command::Invite { group: group.clone(), users, reason: "why not".to_owned(), said: false }
}

fn kick(group: &GroupId, names: &[&str]) -> GroupCommand {
    let users = names.iter().map(|name| user(name)).collect();
    GroupCommand::Kick { group: group.clone(), users, reason: "spam".to_owned(), said: false }
}

/// Lets a group be entered in this way.
async fn verify(world: &World, group: &GroupId, verification: i32) {
    let edit = settings::edit(group, |edit| edit.verification = Some(verification));
    world.admin(Command::Group(edit)).await.unwrap();
}

async fn promote(world: &World, group: &GroupId, name: &str) {
    let edit = settings::member_edit(group, name, |edit| edit.role = Some(Role::Admin));
    world.admin(Command::Group(GroupCommand::EditMembers(vec![edit]))).await.unwrap();
}

/// A rule that says no.
fn no() -> Refusal {
    let said = CallbackRefusal { code: Some(5001), text: "no".to_owned(), detail: String::new(), show: true };
    Refusal::new(RefusalCode::ByCallback(said), "no")
}

fn is_no(code: &RefusalCode) -> bool {
    matches!(code, RefusalCode::ByCallback(_))
}
