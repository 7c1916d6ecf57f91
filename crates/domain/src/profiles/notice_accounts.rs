//! Accounts that speak and that nobody logs in to: notification accounts and robots. Source: REST sheet 4.

use ringback_model::action::UserEdit;
use ringback_model::command::{Actor, Outcome, UserOutcome};
use ringback_model::commit::{Commit, CommitError, Require, Write};
use ringback_model::failure::{Failure, Fault, Refusal};
use ringback_model::ids::UserId;
use ringback_model::limits;
use ringback_model::page::{Page, UserFilter};
use ringback_model::user::{AccountLevel, Standing, User};

use crate::caller::Caller;
use crate::users::commit_failure;
use crate::{Im, at_most, bad, note, only_admin};

/// How often a made-up id may turn out to be taken.
const ID_TRIES: usize = 8;

impl Im {
    pub(super) async fn add_notice_account(
        &self,
        actor: &Actor,
        id: Option<UserId>,
        nickname: String,
        face_url: String,
        level: AccountLevel,
    ) -> Result<Outcome, Failure> {
        only_admin(actor)?;
        if level < AccountLevel::NOTIFICATION {
            let least = AccountLevel::NOTIFICATION.0;
            return Err(bad(format!("the level is {}, it must be {least} or more", level.0)).into());
        }
        note("the name", &nickname)?;
        note("the picture", &face_url)?;
        for _ in 0..ID_TRIES {
            let now = self.clock.now();
            let user = User {
                id: id.clone().map_or_else(|| self.account_id(), Ok)?,
                nickname: nickname.clone(),
                face_url: face_url.clone(),
                ex: String::new(),
                created_at: now,
                level,
                receive_option: 0,
                standing: Standing::default(),
            };
            let commit =
                Commit::at(now).require(Require::NoUser(user.id.clone())).write(Write::PutUser(user.clone()));
            match self.store.commit(commit).await {
                Ok(_) => return Ok(Outcome::OfUser(UserOutcome::Account(Box::new(user)))),
                Err(CommitError::Broken(_)) if id.is_none() => {}
                Err(CommitError::Broken(_)) => {
                    return Err(bad(format!("user {} exists already", user.id)).into());
                }
                Err(error) => return Err(commit_failure(error)),
            }
        }
        Err(Fault::new("no free user id was found").into())
    }

    /// Ten digits, so that every dialect accepts it.
    fn account_id(&self) -> Result<UserId, Fault> {
        let number = 1_000_000_000 + self.dice.roll() % 9_000_000_000;
        UserId::parse(&number.to_string()).map_err(|error| Fault::from_error("making a user id", error))
    }

    pub(super) async fn change_notice_account(
        &self,
        caller: &Caller,
        id: &UserId,
        nickname: String,
        face_url: String,
    ) -> Result<Outcome, Failure> {
        only_admin(&caller.actor)?;
        if nickname.is_empty() && face_url.is_empty() {
            return Err(bad("neither a name nor a picture is given").into());
        }
        note("the name", &nickname)?;
        note("the picture", &face_url)?;
        let is_one = |user: &User| user.level >= AccountLevel::NOTIFICATION;
        if !self.user(id).await?.as_ref().is_some_and(is_one) {
            return Err(no_account(id).into());
        }
        let edit = UserEdit {
            user: id.clone(),
            whole: true,
            nickname: Some(nickname),
            face_url: Some(face_url),
            ex: None,
            receive_option: None,
        };
        self.change_profile(caller, &edit, false).await
    }

    pub(super) async fn find_notice_accounts(
        &self,
        actor: &Actor,
        word: String,
        level: Option<i32>,
        page: Page,
    ) -> Result<Outcome, Failure> {
        only_admin(actor)?;
        at_most("a page", page.limit, limits::LIST_ITEMS)?;
        let least_level = AccountLevel::NOTIFICATION.0;
        let filter = UserFilter { word, least_level, level, ..UserFilter::default() };
        let found = self.store.find_users(&filter, page).await?;
        Ok(Outcome::OfUser(UserOutcome::Found(found)))
    }
}

fn no_account(id: &UserId) -> Refusal {
    bad(format!("{id} is not a notification account"))
}
