//! Tokens that an app's id and secret, another token, or a password buys.
//!
//! These know no platforms: user tokens are for [`Platform::ANY`], and one does not take another away.

use std::time::Duration;

use ringback_model::app::AppKeys;
use ringback_model::command::{Actor, Outcome};
use ringback_model::commit::{Commit, CommitError, Require, Write};
use ringback_model::failure::{Failure, Refusal, RefusalCode};
use ringback_model::ids::UserId;
use ringback_model::limits;
use ringback_model::secret::Secret;
use ringback_model::time::UnixMs;
use ringback_model::user::{AccountLevel, Bearer, Platform, Standing, TokenRecord, User};

use crate::actions::Deed;
use crate::caller::Caller;
use crate::tokens::{record, same_secret};
use crate::users::{commit_failure, registered_at, registration};
use crate::{Im, only_admin};

impl Im {
    pub(crate) fn app_token(
        &self,
        client_id: &str,
        client_secret: &str,
        ttl_s: Option<u64>,
    ) -> Result<Outcome, Failure> {
        check_client(&self.keys.keys, client_id, client_secret)?;
        self.new_app_token(self.end_of(ttl_s))
    }

    /// The new token ends with the one that it is exchanged for: nobody prolongs a token by exchanging it.
    pub(crate) fn exchange_token(&self, actor: &Actor) -> Result<Outcome, Failure> {
        only_admin(actor)?;
        self.new_app_token(actor.expires_at)
    }

    fn new_app_token(&self, ends: UnixMs) -> Result<Outcome, Failure> {
        let (text, claims) = self.mint(Bearer::App, Platform::ADMIN, ends)?;
        Ok(login(text, claims.issued_at, ends, None))
    }

    pub(crate) async fn password_token(
        &self,
        user: &UserId,
        password: Secret,
        ttl_s: Option<u64>,
    ) -> Result<Outcome, Failure> {
        let found = self.user(user).await?;
        let kept = match &found {
            Some(found) => self.store.password(&found.id).await?,
            None => None,
        };
        let matches = match kept {
            Some(hash) => self.passwords.verify(password, hash).await?,
            None => {
                // Hashing takes as long as verifying: the time of the answer does not tell who has a password.
                self.passwords.hash(password).await?;
                false
            }
        };
        let found = found.ok_or_else(unknown_user)?;
        if !matches {
            return Err(Refusal::new(RefusalCode::BadCredentials, "invalid password").into());
        }
        self.new_user_token(found, ttl_s).await
    }

    pub(crate) async fn inherit_token(
        &self,
        caller: &Caller,
        user: &UserId,
        create: bool,
        ttl_s: Option<u64>,
    ) -> Result<Outcome, Failure> {
        only_admin(&caller.actor)?;
        let found = match self.user(user).await? {
            Some(found) => found,
            None if create => self.register_by_name(caller, user).await?,
            None => return Err(unknown_user().into()),
        };
        self.new_user_token(found, ttl_s).await
    }

    /// Registers a user of whom nothing but the id is known; one who was registered meanwhile is fine.
    async fn register_by_name(&self, caller: &Caller, id: &UserId) -> Result<User, Failure> {
        let user = User {
            id: id.clone(),
            nickname: id.to_string(),
            face_url: String::new(),
            ex: String::new(),
            created_at: UnixMs(0),
            level: AccountLevel::ORDINARY,
            receive_option: 0,
            standing: Standing::default(),
        };
        let answered = self.ask_about_registration(caller, vec![user.clone()]).await?;
        // A rule may say more about the user, but not make another one of him.
        let user = answered.into_iter().find(|one| one.id == user.id).unwrap_or(user);
        let now = self.clock.now();
        let user = User { created_at: registered_at(&user, now), ..user };
        let commit = Commit::at(now).require(Require::NoUser(id.clone())).write(Write::PutUser(user.clone()));
        let deed = Deed::of(commit).tell(registration(vec![user.clone()]));
        match self.carry_out_deed(caller, deed).await {
            Ok(_) => Ok(user),
            Err(CommitError::Broken(_)) => self.user(id).await?.ok_or_else(|| unknown_user().into()),
            Err(error) => Err(commit_failure(error)),
        }
    }

    async fn new_user_token(&self, user: User, ttl_s: Option<u64>) -> Result<Outcome, Failure> {
        self.check_may_log_in(&user)?;
        let ends = self.end_of(ttl_s);
        let (text, claims) = self.mint(Bearer::User(user.id.clone()), Platform::ANY, ends)?;
        let now = claims.issued_at;
        // Older ones stay: without platforms there is no "logged in elsewhere".
        let held = self.store.tokens(&user.id, Platform::ANY, now).await?;
        let mut commit = Commit::at(now).require(Require::ActiveUser(user.id.clone()));
        for token in give_way(held) {
            commit = commit.write(Write::PutToken(TokenRecord { expires_at: now, ..token }));
        }
        let commit = commit.write(Write::PutToken(record(claims, user.id.clone())));
        self.store.commit(commit).await.map_err(commit_failure)?;
        Ok(login(text, now, ends, Some(user)))
    }

    fn end_of(&self, ttl_s: Option<u64>) -> UnixMs {
        self.clock.now().plus(validity(ttl_s, self.app_token_validity))
    }
}

/// The tokens that end now so that one more fits: those that are of no use any more first, then those that would end
/// first.
pub(crate) fn give_way(mut held: Vec<TokenRecord>) -> Vec<TokenRecord> {
    let too_many = (held.len() + 1).saturating_sub(limits::TOKENS_PER_USER);
    held.sort_by_key(|token| (!token.kicked, token.expires_at));
    held.truncate(too_many);
    held
}

fn login(text: String, now: UnixMs, expires_at: UnixMs, user: Option<User>) -> Outcome {
    let valid_s = i64::try_from(expires_at.since(now).as_secs()).unwrap_or(i64::MAX);
    Outcome::Login { text: text.into(), expires_at, valid_s, user }
}

/// How long a token lasts: 0 means for ever, nothing said means as usual.
fn validity(ttl_s: Option<u64>, usual: Duration) -> Duration {
    match ttl_s {
        None => usual.min(limits::TOKEN_FOR_EVER),
        Some(0) => limits::TOKEN_FOR_EVER,
        Some(seconds) => Duration::from_secs(seconds).min(limits::TOKEN_FOR_EVER),
    }
}

fn check_client(keys: &AppKeys, client_id: &str, client_secret: &str) -> Result<(), Refusal> {
    let no = |detail: &str| Err(Refusal::new(RefusalCode::BadCredentials, detail));
    let (Some(id), Some(secret)) = (&keys.client_id, &keys.client_secret) else {
        return no("no app tokens are issued: set app.client_id and app.client_secret");
    };
    if !same_secret(client_id, id) {
        return no("client_id does not match");
    }
    if !same_secret(client_secret, secret) {
        return no("client_secret does not match");
    }
    Ok(())
}

fn unknown_user() -> Refusal {
    Refusal::new(RefusalCode::UserNotFound, "user not found")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_lasts_as_long_as_asked_for_but_not_longer_than_for_ever() {
        let usual = limits::APP_TOKEN_VALIDITY;
        let cases = [
            (None, usual),
            (Some(0), limits::TOKEN_FOR_EVER),
            (Some(1), Duration::from_secs(1)),
            (Some(86_400), Duration::from_secs(86_400)),
            (Some(u64::MAX), limits::TOKEN_FOR_EVER),
        ];
        for (asked, lasts) in cases {
            assert_eq!(validity(asked, usual), lasts, "{asked:?}");
        }
    }

    #[test]
    fn useless_tokens_give_way_first_then_those_that_end_first() {
        let token = |number: i64, kicked: bool| TokenRecord {
            id: number.to_string(),
            user: UserId::parse("ann").unwrap(),
            platform: Platform::ANY,
            expires_at: UnixMs(number),
            kicked,
        };
        let bound = i64::try_from(limits::TOKENS_PER_USER).unwrap();
        let names = |held: Vec<TokenRecord>| {
            give_way(held).into_iter().map(|token| token.id).collect::<Vec<String>>()
        };
        assert!(names((1..bound).map(|number| token(number, false)).collect()).is_empty());
        let full = || (1..=bound).rev();
        assert_eq!(names(full().map(|number| token(number, false)).collect()), ["1"]);
        assert_eq!(names(full().map(|number| token(number, number == 7)).collect()), ["7"]);
        let over = (1..=bound + 2).map(|number| token(number, number == 7));
        assert_eq!(names(over.collect()), ["7", "1", "2"]);
    }

    #[test]
    fn id_and_secret_must_both_match() {
        let keys = |id: Option<&str>, secret: Option<&str>| AppKeys {
            certificate: None,
            client_id: id.map(str::to_owned),
            client_secret: secret.map(str::to_owned),
        };
        let unset = "no app tokens are issued: set app.client_id and app.client_secret";
        let cases = [
            (keys(Some("id"), Some("word")), "id", "word", None),
            (keys(Some("id"), Some("word")), "ID", "word", Some("client_id does not match")),
            (keys(Some("id"), Some("word")), "", "", Some("client_id does not match")),
            (keys(Some("id"), Some("word")), "id", "words", Some("client_secret does not match")),
            (keys(Some("id"), Some("word")), "id", "", Some("client_secret does not match")),
            (keys(None, None), "", "", Some(unset)),
            (keys(Some("id"), None), "id", "", Some(unset)),
            (keys(None, Some("word")), "", "word", Some(unset)),
        ];
        for (keys, id, secret, says) in cases {
            let result = check_client(&keys, id, secret);
            let detail = result.as_ref().err().map(|refusal| refusal.detail.as_str());
            assert_eq!(detail, says, "{id:?} with {secret:?}");
            assert!(result.err().is_none_or(|refusal| refusal.code == RefusalCode::BadCredentials));
        }
    }
}
