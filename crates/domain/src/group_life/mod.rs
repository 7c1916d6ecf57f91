//! Groups and rooms as their members and managers live with them.
//!
//! | file | holds |
//! |---|---|
//! | `scene.rs` | what is read before anything is decided, and who may do what |
//! | `create.rs` | groups and rooms are made |
//! | `enter.rs` | how users become members, whichever way they come |
//! | `invite.rs`, `apply.rs` | the ways in: invited or added by others, or asking to be let in |
//! | `leave.rs`, `dismiss.rs` | the ways out |
//! | `edit.rs`, `members.rs` | settings of a group; what members show, their roles, mutes |
//! | `muting.rs`, `listing.rs` | who may not speak; who may all the same, and who may not enter |
//! | `files.rs`, `texts.rs`, `descriptions.rs` | files in groups; texts of the app about rooms, and about members |
//! | `threads.rs` | groups that hang on a message of a group |
//! | `managing.rs`, `room_admins.rs` | what administrators of the app do and see; who manages all rooms |
//! | `answers.rs` | what rules may make of all that |
//! | `telling.rs` | what devices are told |
//! | `read.rs`, `requests.rs`, `sync.rs` | lists, requests, and what has changed in lists |
//!
//! Rules are asked first, with nothing held; then all is read again, decided and committed, and once more where
//! somebody has changed it between the two.

mod answers;
mod apply;
mod create;
mod descriptions;
mod dismiss;
mod edit;
mod enter;
mod files;
mod invite;
mod leave;
mod listing;
mod managing;
mod members;
mod muting;
mod read;
mod requests;
mod room_admins;
mod scene;
mod sync;
mod telling;
mod texts;
mod threads;

pub(crate) use leave::gone;
pub(crate) use read::is_listed;

use ringback_model::command::{Command, GroupCommand, GroupOutcome, Outcome};
use ringback_model::commit::{CommitError, Require};
use ringback_model::failure::{Failure, Refusal};

use crate::caller::Caller;
use crate::sizes::notes;
use crate::users::commit_failure;
use crate::{Im, bad, note};

/// That what callers write is not too long; a group's own texts are looked at with its settings.
fn check_texts(command: &GroupCommand) -> Result<(), Refusal> {
    match command {
        GroupCommand::Join(asked) => notes([("reqMessage", Some(&asked.message)), ("ex", Some(&asked.ex))]),
        GroupCommand::Answer { message, .. } => note("handledMsg", message),
        GroupCommand::Kick { reason, .. } => note("reason", reason),
        GroupCommand::EditMembers(edits) => edits.iter().try_for_each(|edit| {
            let (nickname, face_url) = (edit.nickname.as_ref(), edit.face_url.as_ref());
            notes([("nickname", nickname), ("faceURL", face_url), ("ex", edit.ex.as_ref())])
        }),
        _ => Ok(()),
    }
}

impl Im {
    pub(crate) async fn group_command(
        &self,
        caller: &Caller,
        command: GroupCommand,
    ) -> Result<Outcome, Failure> {
        check_texts(&command)?;
        match command {
            GroupCommand::Join(application) => self.join_group(caller, application).await?,
            GroupCommand::Answer { group, applicant, agree, message } => {
                self.answer_request(caller, &group, &applicant, agree, message).await?;
            }
            GroupCommand::Quit { group, user } => self.quit_group(caller, &group, user).await?,
            GroupCommand::Kick { group, users, reason, said } => {
                self.kick(caller, &group, &users, reason, said).await?;
            }
            GroupCommand::Dismiss { group, empty, said } => {
                self.dismiss_own(caller, &group, empty, said).await?;
            }
            GroupCommand::Transfer { group, from, to } => {
                self.transfer_group(caller, &group, &from, &to).await?;
            }
            GroupCommand::MuteMember { group, user, seconds } => {
                self.mute_member(caller, &group, &user, seconds).await?;
            }
            GroupCommand::Mute { group, muted } => self.mute_group(caller, &group, muted).await?,
            GroupCommand::Edit(edit) => self.edit_group(caller, *edit).await?,
            GroupCommand::EditMembers(edits) => self.edit_members(caller, edits).await?,
            question => return self.group_question(caller, question).await.map(Outcome::OfGroup),
        }
        Ok(Outcome::Done)
    }

    /// Commands about groups and rooms that are older than [`GroupCommand`].
    pub(crate) async fn whole_group_command(
        &self,
        caller: &Caller,
        command: Command,
    ) -> Result<Outcome, Failure> {
        match command {
            Command::CreateGroup(group) => self.create_group(caller, group).await,
            Command::Invite { group, users, reason, said } => {
                note("reason", &reason)?;
                self.invite(caller, &group, users, reason, said).await
            }
            Command::AddMembers { kind, group, users } => self.add_members(caller, kind, &group, users).await,
            Command::RemoveMembers { kind, group, users } => {
                self.remove_members(caller, kind, &group, users).await
            }
            Command::Dismiss { kind, group } => self.dismiss(caller, kind, &group).await,
            _ => Err(bad("this is not about a group").into()),
        }
    }

    /// Commands with an answer of their own.
    async fn group_question(&self, caller: &Caller, command: GroupCommand) -> Result<GroupOutcome, Failure> {
        match command {
            GroupCommand::Named { group, users } => self.members_named(caller, &group, &users).await,
            GroupCommand::Members { group, filter, keyword, page } => {
                self.member_page(caller, &group, filter, &keyword, page).await
            }
            GroupCommand::MemberIds { group } => self.member_ids(caller, &group).await,
            GroupCommand::Joined { user, page } => self.joined_page(caller, &user, page).await,
            GroupCommand::Search { name, id, page } => self.search_groups(&name, &id, page).await,
            GroupCommand::Abstracts { groups } => self.abstracts(caller, groups).await,
            GroupCommand::Requests { of, groups, handled, page } => {
                self.requests(caller, of, &groups, &handled, page).await
            }
            GroupCommand::Waiting { user, since } => self.waiting_requests(caller, &user, since).await,
            GroupCommand::JoinedNews { user, seen } => self.joined_news(caller, &user, seen).await,
            GroupCommand::MemberNews { group, seen } => self.member_news(caller, &group, seen).await,
            GroupCommand::MemberNewsOfMany { user, lists } => {
                self.member_news_of_many(caller, &user, lists).await
            }
            GroupCommand::JoinedIds { user, hash } => self.joined_ids(caller, &user, hash).await,
            GroupCommand::WholeMembers { group, hash } => self.whole_members(caller, &group, hash).await,
            GroupCommand::Manage(managing) => self.manage(caller, managing).await,
            GroupCommand::Thread(command) => self.thread_command(caller, command).await,
            GroupCommand::Rooms(command) => self.rooms_command(caller, command).await,
            GroupCommand::OfKind { kind, after, limit } => {
                self.groups_of_kind(caller, kind, after.as_ref(), limit).await
            }
            GroupCommand::JoinedRooms { user, page } => self.joined_rooms(caller, &user, page).await,
            GroupCommand::Made(period) => self.groups_made(caller, period).await,
            GroupCommand::Busy { period, ascending, page } => {
                self.busy_groups(caller, period, ascending, page).await
            }
            _ => Err(bad("this changes a group").into()),
        }
    }
}

/// How often a made-up group id may turn out to be taken.
const ID_TRIES: usize = 8;
/// How often something is decided anew because somebody changed meanwhile what it was decided from.
const TRIES: u32 = 8;

/// Counts attempts at one command.
#[derive(Default)]
pub(crate) struct Tries(u32);

impl Tries {
    /// Says whether to read and decide again after this error.
    ///
    /// # Errors
    /// What the caller is told, where that would not help, or has not helped.
    pub(crate) fn again(&mut self, error: CommitError) -> Result<(), Failure> {
        self.0 += 1;
        if self.0 < TRIES && is_stale(&error) { Ok(()) } else { Err(commit_failure(error)) }
    }
}

/// Whether it only says that what was read is no longer so.
const fn is_stale(error: &CommitError) -> bool {
    matches!(
        error,
        CommitError::Broken(
            Require::LiveGroup(_)
                | Require::InGroup(..)
                | Require::NotInGroup(..)
                | Require::SameGroup(_)
                | Require::SameMember(_)
                | Require::Unchanged(_)
                | Require::Kept(_)
                | Require::NotKept(_)
        )
    )
}

#[cfg(test)]
mod tests {
    use ringback_model::ids::GroupId;

    use super::*;

    #[test]
    fn only_what_is_out_of_date_is_tried_again_and_not_for_ever() {
        let group = GroupId::parse("g1").unwrap();
        let stale = || CommitError::Broken(Require::LiveGroup(group.clone()));
        let mut tries = Tries::default();
        assert!(tries.again(CommitError::Full).is_err());
        assert!(tries.again(CommitError::Broken(Require::NoGroup(group.clone()))).is_err());
        let again = (0..100).take_while(|_| tries.again(stale()).is_ok()).count();
        assert!(again > 0 && again < 10, "{again}");
    }
}
