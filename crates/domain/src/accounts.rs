//! Accounts: users with a password, registered as far as they are new; and what administrators do with them.
//!
//! | file | holds |
//! |---|---|
//! | `removing.rs` | users go |
//! | `standing.rs` | who may not log in, who may not speak |
//! | `connections.rs` | where users are connected, how they are logged out, what waits for them |
//! | `attributes.rs` | what apps note about users |

mod attributes;
mod connections;
mod removing;
mod standing;

use std::collections::{HashMap, HashSet};

use futures_util::{StreamExt, TryStreamExt, stream};
use ringback_model::action::UserEdit;
use ringback_model::command::{Account, AccountCommand, AccountOutcome, Outcome};
use ringback_model::commit::{Commit, CommitError, Require, Write};
use ringback_model::failure::{Failure, Fault, Refusal, RefusalCode};
use ringback_model::ids::UserId;
use ringback_model::limits;
use ringback_model::secret::Secret;
use ringback_model::user::User;

use crate::actions::Deed;
use crate::caller::Caller;
use crate::users::{commit_failure, registered_at, registration};
use crate::{Im, at_most, bad, only_admin, repeated};
use standing::Mutes;
pub(crate) use standing::deactivated;

/// An account whose password was hashed.
struct Ready {
    user: User,
    hash: Option<Secret>,
}

impl Im {
    pub(crate) async fn account_command(
        &self,
        caller: &Caller,
        command: AccountCommand,
    ) -> Result<Outcome, Failure> {
        use AccountCommand as C;
        only_admin(&caller.actor)?;
        match command {
            C::ByAge { after, limit } => {
                at_most("a page", limit, limits::LIST_ITEMS)?;
                let (users, next) = self.accounts_by_age(after.as_ref(), limit).await?;
                Ok(Outcome::OfAccount(AccountOutcome::Page { users, next }))
            }
            C::Remove { user } => self.remove_account(caller, &user).await,
            C::RemovePage { after, limit } => {
                at_most("a page", limit, limits::LIST_ITEMS)?;
                self.remove_account_page(caller, after.as_ref(), limit).await
            }
            C::SetPassword { user, password } => self.set_password(&user, password).await,
            C::Rename { names } => self.rename_accounts(caller, names).await,
            C::SetActive { user, active } => Ok(Outcome::Users(vec![self.set_active(&user, active).await?])),
            C::Connections { user } => self.account_connections(&user).await,
            C::Disconnect { user, connection } => self.disconnect(caller, &user, connection.as_deref()).await,
            C::Unread { user } => self.unread(&user).await,
            C::IsUnread { user, message } => self.is_unread(&user, message).await,
            C::Mute { user, to_users, in_groups, in_rooms } => {
                self.mute_account(&user, Mutes { to_users, in_groups, in_rooms }).await
            }
            C::Standing { user } => self.standing(&user).await,
            C::Muted { after, limit } => self.muted_accounts(after.as_ref(), limit).await,
            C::SetAttributes { user, attributes } => self.set_user_attributes(&user, &attributes).await,
            C::Attributes { users } => self.user_attributes(users).await,
            C::RemoveAttributes { user } => self.remove_user_attributes(&user).await,
            C::AttributesSize => self.user_attributes_size().await,
        }
    }

    /// One who exists.
    async fn account(&self, user: &UserId) -> Result<User, Failure> {
        self.user(user).await?.ok_or_else(|| Refusal::no_such_users(&[user.as_str()]).into())
    }

    async fn set_password(&self, user: &UserId, password: Secret) -> Result<Outcome, Failure> {
        let user = self.account(user).await?.id;
        let hash = self.passwords.hash(password).await?;
        let commit = Commit::at(self.clock.now())
            .require(Require::User(user.clone()))
            .write(Write::PutPassword { user, hash });
        self.store.commit(commit).await.map_err(commit_failure)?;
        Ok(Outcome::Done)
    }

    async fn rename_accounts(
        &self,
        caller: &Caller,
        names: Vec<(UserId, String)>,
    ) -> Result<Outcome, Failure> {
        at_most("names", names.len(), limits::LIST_ITEMS)?;
        let (ids, names): (Vec<UserId>, Vec<String>) = names.into_iter().unzip();
        let users = self.registered(&ids).await?;
        for (user, nickname) in users.iter().zip(names) {
            let edit = UserEdit {
                user: user.clone(),
                whole: false,
                nickname: Some(nickname),
                face_url: None,
                ex: None,
                receive_option: None,
            };
            self.edit_profile(caller, edit).await?;
        }
        Ok(Outcome::Users(self.store.users(&users).await?.into_iter().flatten().collect()))
    }

    pub(crate) async fn register_accounts(
        &self,
        caller: &Caller,
        accounts: Vec<Account>,
    ) -> Result<Outcome, Failure> {
        only_admin(&caller.actor)?;
        check_accounts(&accounts)?;
        let order: Vec<UserId> = accounts.iter().map(|account| account.user.id.clone()).collect();
        let found = self.store.users(&order).await?;
        let new = accounts.into_iter().zip(&found).filter(|(_, found)| found.is_none());
        let new = self.ask_about_accounts(caller, new.map(|(account, _)| account).collect()).await?;
        let mut new = self.hash_passwords(new).await?;
        // Each round without a commit takes one account out: somebody else has registered it meanwhile.
        while !new.is_empty() {
            let commit = self.accounts_commit(&mut new);
            let users = new.iter().map(|ready| ready.user.clone()).collect();
            match self.carry_out_deed(caller, Deed::of(commit).tell(registration(users))).await {
                Ok(_) => break,
                Err(CommitError::Broken(Require::NoUser(taken))) => {
                    let before = new.len();
                    new.retain(|ready| ready.user.id != taken);
                    if new.len() == before {
                        return Err(Fault::new("the store names an account that was not asked for").into());
                    }
                }
                Err(error) => return Err(commit_failure(error)),
            }
        }
        let created: Vec<User> = new.into_iter().map(|ready| ready.user).collect();
        let new: HashSet<&UserId> = created.iter().map(|user| &user.id).collect();
        let existing = order.into_iter().filter(|id| !new.contains(id)).collect();
        Ok(Outcome::Registered { created, existing })
    }

    /// Rules may change who is registered, and as what; passwords stay with the names that they came with.
    async fn ask_about_accounts(
        &self,
        caller: &Caller,
        accounts: Vec<Account>,
    ) -> Result<Vec<Account>, Failure> {
        if accounts.is_empty() {
            return Ok(accounts);
        }
        let mut passwords = HashMap::new();
        let mut users = Vec::new();
        for Account { user, password } in accounts {
            passwords.insert(user.id.folded(), password);
            users.push(user);
        }
        let users = self.ask_about_registration(caller, users).await?;
        let account = |user: User| Account { password: passwords.remove(&user.id.folded()).flatten(), user };
        Ok(users.into_iter().map(account).collect())
    }

    async fn hash_passwords(&self, accounts: Vec<Account>) -> Result<Vec<Ready>, Failure> {
        let hashing = accounts.into_iter().map(|Account { user, password }| async move {
            let hash = match password {
                Some(password) => Some(self.passwords.hash(password).await?),
                None => None,
            };
            Ok::<_, Failure>(Ready { user, hash })
        });
        stream::iter(hashing).buffered(limits::PASSWORDS_OF_ONE_CALL).try_collect().await
    }

    fn accounts_commit(&self, accounts: &mut [Ready]) -> Commit {
        let now = self.clock.now();
        let mut commit = Commit::at(now);
        for Ready { user, hash } in accounts {
            user.created_at = registered_at(user, now);
            commit.require.push(Require::NoUser(user.id.clone()));
            commit.writes.push(Write::PutUser(user.clone()));
            if let Some(hash) = hash {
                commit.writes.push(Write::PutPassword { user: user.id.clone(), hash: hash.clone() });
            }
        }
        commit
    }
}

/// Administrators are there as long as the settings name them.
fn only_ordinary(im: &Im, user: &User) -> Result<(), Refusal> {
    if !im.is_admin(&user.id) {
        return Ok(());
    }
    let detail = format!("{} is an administrator of the app", user.id);
    Err(Refusal::new(RefusalCode::NoPermission, detail))
}

fn check_accounts(accounts: &[Account]) -> Result<(), Failure> {
    if accounts.is_empty() {
        return Err(bad("users is empty").into());
    }
    at_most("users", accounts.len(), limits::LIST_ITEMS)?;
    let folded: Vec<String> = accounts.iter().map(|account| account.user.id.folded()).collect();
    if let Some(twice) = repeated(&folded) {
        return Err(bad(format!("users names {twice} twice (letter case does not count)")).into());
    }
    if let Some(empty) = accounts
        .iter()
        .find(|account| account.password.as_ref().is_some_and(|password| password.reveal().is_empty()))
    {
        return Err(bad(format!("the password of {} is empty", empty.user.id)).into());
    }
    Ok(())
}
