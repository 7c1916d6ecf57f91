//! Profiles, and what users keep.
//!
//! | file | holds |
//! |---|---|
//! | `editing.rs` | a profile changes, and everybody who shows it learns that |
//! | `group_news.rs` | members of his groups are told of it |
//! | `favourites.rs` | small things that a user keeps |
//! | `client_settings.rs` | what clients are told to do |
//! | `notice_accounts.rs` | accounts that speak and that nobody logs in to |
//! | `statistics.rs` | numbers that operators look at |

mod client_settings;
mod editing;
mod favourites;
mod group_news;
mod notice_accounts;
mod statistics;

pub(crate) use editing::check_edit;
use ringback_model::command::{Actor, Outcome, UserCommand, UserOutcome};
use ringback_model::failure::Failure;
use ringback_model::ids::UserId;
use ringback_model::limits;
use ringback_model::page::{Page, UserFilter};
use ringback_model::user::Platform;

use crate::caller::Caller;
use crate::{Im, at_most, bad, only_admin, only_self, repeated};
pub(crate) use group_news::ChangesLine;

impl Im {
    pub(crate) async fn user_command(
        &self,
        caller: &Caller,
        command: UserCommand,
    ) -> Result<Outcome, Failure> {
        use UserCommand as C;
        let actor = &caller.actor;
        match command {
            C::Edit(edit) => self.edit_profile(caller, edit).await,
            C::ReceiveOption { user, option } => self.set_receive_option(caller, &user, option).await,
            C::Find { filter, page } => self.find_users(&filter, page).await,
            C::Exist { ids } => self.who_exists(actor, ids).await,
            C::Platforms { ids } => self.platforms(ids),
            C::Subscriptions { user } => {
                only_self(actor, &user)?;
                Ok(Outcome::Done)
            }
            C::AddFavourite(new) => self.add_favourite(caller, new).await,
            C::ChangeFavourite(change) => self.change_favourite(caller, change).await,
            C::RemoveFavourite(name) => self.remove_favourite(caller, name).await,
            C::Favourites { user, kind } => self.favourites(actor, &user, kind).await,
            C::AddNoticeAccount { id, nickname, face_url, level } => {
                self.add_notice_account(actor, id, nickname, face_url, level).await
            }
            C::ChangeNoticeAccount { id, nickname, face_url } => {
                self.change_notice_account(caller, &id, nickname, face_url).await
            }
            C::FindNoticeAccounts { word, level, page } => {
                self.find_notice_accounts(actor, word, level, page).await
            }
            C::ClientSettings { user } => self.client_settings(actor, &user).await,
            C::SetClientSettings { user, settings } => self.set_client_settings(caller, user, settings).await,
            C::RemoveClientSettings { user, keys } => self.remove_client_settings(caller, user, keys).await,
            C::FindClientSettings { user, key, page } => {
                self.find_client_settings(actor, user, key, page).await
            }
            C::Made(period) => self.users_made(actor, period).await,
            C::Busy { period, groups, ascending, page } => {
                self.busy_users(actor, period, groups, ascending, page).await
            }
        }
    }

    async fn find_users(&self, filter: &UserFilter, page: Page) -> Result<Outcome, Failure> {
        at_most("a page", page.limit, limits::LIST_ITEMS)?;
        let found = self.store.find_users(filter, page).await?;
        Ok(Outcome::OfUser(UserOutcome::Found(found)))
    }

    async fn who_exists(&self, actor: &Actor, ids: Vec<UserId>) -> Result<Outcome, Failure> {
        only_admin(actor)?;
        at_most("the list of users", ids.len(), limits::LIST_ITEMS)?;
        if let Some(twice) = repeated(&ids) {
            return Err(bad(format!("{twice} is named twice")).into());
        }
        let found = self.store.users(&ids).await?;
        let exist = ids.into_iter().zip(found).map(|(id, user)| (id, user.is_some())).collect();
        Ok(Outcome::OfUser(UserOutcome::Exist(exist)))
    }

    fn platforms(&self, ids: Vec<UserId>) -> Result<Outcome, Failure> {
        at_most("the list of users", ids.len(), limits::LIST_ITEMS)?;
        let of_each = ids.into_iter().map(|id| {
            let mut platforms: Vec<Platform> =
                self.sessions.connections(&id).into_iter().map(|one| one.platform).collect();
            platforms.sort();
            platforms.dedup();
            (id, platforms)
        });
        Ok(Outcome::OfUser(UserOutcome::Platforms(of_each.collect())))
    }
}
