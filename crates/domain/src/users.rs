//! Users.

use std::collections::HashSet;

use ringback_model::action::{Action, UserAction, UserRegistration};
use ringback_model::command::{Actor, Outcome};
use ringback_model::commit::{Commit, CommitError, Require, Write};
use ringback_model::failure::{Failure, Fault, Refusal, RefusalCode};
use ringback_model::ids::UserId;
use ringback_model::limits;
use ringback_model::record::RecordKind;
use ringback_model::time::UnixMs;
use ringback_model::user::{AccountLevel, Standing, User};

use crate::actions::{Deed, another_subject};
use crate::caller::Caller;
use crate::{Im, accounts, at_most, bad, checks, note, only_admin, repeated};

impl Im {
    pub(crate) async fn register_users(&self, caller: &Caller, users: Vec<User>) -> Result<Outcome, Failure> {
        only_admin(&caller.actor)?;
        check_new(&users)?;
        self.check_unknown(&users).await?;
        let mut users = self.ask_about_registration(caller, users).await?;
        let now = self.clock.now();
        let mut commit = Commit::at(now);
        for user in &mut users {
            user.created_at = registered_at(user, now);
            commit.require.push(Require::NoUser(user.id.clone()));
            commit.writes.push(Write::PutUser(user.clone()));
        }
        let deed = Deed::of(commit).tell(registration(users));
        self.carry_out_deed(caller, deed).await.map_err(commit_failure)?;
        Ok(Outcome::Done)
    }

    /// Asks before-rules about a registration.
    pub(crate) async fn ask_about_registration(
        &self,
        caller: &Caller,
        users: Vec<User>,
    ) -> Result<Vec<User>, Failure> {
        match self.ask_about(caller, registration(users)).await? {
            Action::User(UserAction::Register(UserRegistration { users })) => Ok(users),
            _ => Err(another_subject()),
        }
    }

    /// What a rule makes of a registration: nobody twice, and whom it adds is new.
    pub(crate) async fn checked_registration(
        &self,
        wanted: &UserRegistration,
        changed: UserRegistration,
    ) -> Result<UserRegistration, Failure> {
        check_new(&changed.users)?;
        let wanted: HashSet<String> = wanted.users.iter().map(|user| user.id.folded()).collect();
        let others: Vec<User> =
            changed.users.iter().filter(|user| !wanted.contains(&user.id.folded())).cloned().collect();
        self.check_unknown(&others).await?;
        Ok(changed)
    }

    /// Rules are not asked about who exists already.
    async fn check_unknown(&self, users: &[User]) -> Result<(), Failure> {
        let ids: Vec<UserId> = users.iter().map(|user| user.id.clone()).collect();
        let found = self.store.users(&ids).await?;
        match ids.into_iter().zip(found).find(|(_, found)| found.is_some()) {
            Some((id, _)) => Err(commit_failure(CommitError::Broken(Require::NoUser(id)))),
            None => Ok(()),
        }
    }

    /// Administrators exist from the start.
    pub(crate) async fn register_admins(&self) -> Result<(), Fault> {
        let ids: Vec<UserId> = self.admins.iter().cloned().collect();
        let found = self.store.users(&ids).await?;
        for (id, _) in ids.into_iter().zip(found).filter(|(_, user)| user.is_none()) {
            let now = self.clock.now();
            let user = User {
                nickname: id.to_string(),
                id: id.clone(),
                face_url: String::new(),
                ex: String::new(),
                created_at: now,
                level: AccountLevel::ADMIN,
                receive_option: 0,
                standing: Standing::default(),
            };
            let commit = Commit::at(now).require(Require::NoUser(id)).write(Write::PutUser(user));
            match self.store.commit(commit).await {
                Ok(_) => {}
                Err(CommitError::Broken(_)) => {
                    return Err(Fault::new(
                        "an administrator differs from a registered user only in letter case",
                    ));
                }
                Err(CommitError::Fault(fault)) => return Err(fault),
                Err(error) => return Err(Fault::from_error("registering administrators", error)),
            }
        }
        Ok(())
    }

    pub(crate) async fn users(&self, ids: &[UserId]) -> Result<Outcome, Failure> {
        at_most("userIDs", ids.len(), limits::LIST_ITEMS)?;
        Ok(Outcome::Users(self.store.users(ids).await?.into_iter().flatten().collect()))
    }

    pub(crate) fn online_status(&self, actor: &Actor, ids: Vec<UserId>) -> Result<Outcome, Failure> {
        only_admin(actor)?;
        at_most("userIDs", ids.len(), limits::LIST_ITEMS)?;
        let connections = ids.into_iter().map(|id| {
            let of_user = self.sessions.connections(&id);
            (id, of_user)
        });
        Ok(Outcome::Online(connections.collect()))
    }

    /// One user, by an id in any letter case.
    pub(crate) async fn user(&self, id: &UserId) -> Result<Option<User>, Fault> {
        Ok(self.store.users(std::slice::from_ref(id)).await?.into_iter().next().flatten())
    }

    /// A user's id as it was registered; as it is given where nobody has it.
    pub(crate) async fn as_registered(&self, id: &UserId) -> Result<UserId, Fault> {
        Ok(self.user(id).await?.map_or_else(|| id.clone(), |user| user.id))
    }

    /// Two users as rules are to hear of them: by the ids with which they were registered, because a user is the same
    /// whatever the letter case of his id; those who do not exist as they are given.
    pub(crate) async fn both_as_registered(
        &self,
        one: &UserId,
        other: &UserId,
    ) -> Result<(UserId, UserId), Fault> {
        Ok((self.as_registered(one).await?, self.as_registered(other).await?))
    }

    /// The users' ids as they were registered, in order.
    ///
    /// # Errors
    /// Names those who do not exist.
    pub(crate) async fn registered(&self, ids: &[UserId]) -> Result<Vec<UserId>, Failure> {
        let found = self.store.users(ids).await?;
        let missing: Vec<&str> =
            ids.iter().zip(&found).filter(|(_, user)| user.is_none()).map(|(id, _)| id.as_str()).collect();
        if missing.is_empty() {
            return Ok(found.into_iter().flatten().map(|user| user.id).collect());
        }
        Err(Refusal::no_such_users(&missing).into())
    }
}

/// Since when a new user is there: now, unless a rule knows better.
pub(crate) fn registered_at(user: &User, now: UnixMs) -> UnixMs {
    if user.created_at == UnixMs(0) { now } else { user.created_at }
}

/// What is asked and told of a registration.
pub(crate) const fn registration(users: Vec<User>) -> Action {
    Action::User(UserAction::Register(UserRegistration { users }))
}

fn check_new(users: &[User]) -> Result<(), Refusal> {
    if users.is_empty() {
        return Err(bad("users is empty"));
    }
    at_most("users", users.len(), limits::LIST_ITEMS)?;
    for user in users {
        if user.level.0 < 0 {
            return Err(bad(format!("appMangerLevel of {} is {}, which is below 0", user.id, user.level.0)));
        }
        if !(0..=2).contains(&user.receive_option) {
            let option = user.receive_option;
            return Err(bad(format!("globalRecvMsgOpt of {} is {option}; known are 0 to 2", user.id)));
        }
        note("nickname", &user.nickname)?;
        note("faceURL", &user.face_url)?;
        note("ex", &user.ex)?;
    }
    let folded: Vec<String> = users.iter().map(|user| user.id.folded()).collect();
    match repeated(&folded) {
        Some(twice) => Err(bad(format!("users names {twice} twice (letter case does not count)"))),
        None => Ok(()),
    }
}

/// What a broken commit means where no use case gives it a better meaning.
pub(crate) fn commit_failure(error: CommitError) -> Failure {
    let (code, detail) = match error {
        CommitError::Fault(fault) => return fault.into(),
        CommitError::Full => (RefusalCode::StorageFull, "the server cannot store anything now".to_owned()),
        CommitError::Duplicate(_) => (RefusalCode::Duplicate, "the message was stored before".to_owned()),
        CommitError::Broken(require) => match require {
            Require::User(user) => (RefusalCode::UserNotFound, format!("user {user} does not exist")),
            Require::ActiveUser(_) => return accounts::deactivated().into(),
            Require::NoUser(user) => {
                (RefusalCode::AlreadyRegistered, format!("user {user} exists (letter case does not count)"))
            }
            Require::LiveGroup(group) => {
                (RefusalCode::GroupDismissed, format!("group {group} was dismissed"))
            }
            Require::NoGroup(group) => (RefusalCode::GroupExists, format!("group {group} exists")),
            Require::InGroup(group, user) => {
                (RefusalCode::NotInGroup, format!("{user} is not in group {group}"))
            }
            Require::NotInGroup(group, user) => {
                (RefusalCode::BadArgument, format!("{user} is in group {group} already"))
            }
            Require::NotBlocked(owner, blocked) => {
                (RefusalCode::BlockedByPeer, format!("{owner} blocks {blocked}"))
            }
            Require::TokenValid(user, _) => {
                (RefusalCode::TokenKicked, format!("the token of {user} was taken away"))
            }
            Require::NotKept(_) => (RefusalCode::Duplicate, "it is kept already".to_owned()),
            Require::Kept(key) if key.kind == RecordKind::Friend => return checks::not_friends().into(),
            Require::Kept(_) => (RefusalCode::NotFound, "it is not kept any more".to_owned()),
            Require::NotListed(user, _) => {
                (RefusalCode::Duplicate, format!("{user} has the conversation already"))
            }
            Require::Unchanged(_) | Require::SameGroup(_) | Require::SameMember(_) | Require::SameUser(_) => {
                (RefusalCode::Overloaded, "somebody else has changed it meanwhile; try again".to_owned())
            }
        },
    };
    Refusal::new(code, detail).into()
}
