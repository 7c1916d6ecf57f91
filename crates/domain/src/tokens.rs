//! Tokens: who may call, and for how long.

use ringback_model::command::{Actor, Outcome};
use ringback_model::commit::{Commit, Require, Write};
use ringback_model::failure::{Failure, Refusal, RefusalCode};
use ringback_model::ids::UserId;
use ringback_model::ports::TokenProblem;
use ringback_model::presence::CutReason;
use ringback_model::record::{AdminLogout, Record};
use ringback_model::time::UnixMs;
use ringback_model::user::{AccountLevel, Bearer, Platform, TokenClaims, TokenRecord, User};

use crate::accounts::deactivated;
use crate::logins::give_way;
use crate::users::commit_failure;
use crate::{Im, bad, only_admin};

/// Every platform that a token can be for.
pub(crate) const PLATFORMS: std::ops::RangeInclusive<i32> = Platform::ANY.0..=11;

impl Im {
    /// Whose token this is.
    ///
    /// # Errors
    /// One of the `Token…` refusals, or the store's fault.
    pub async fn authenticate(&self, token: &str) -> Result<Actor, Failure> {
        let claims = self.read_token(token)?;
        match &claims.bearer {
            Bearer::App => self.app_actor(claims).map_err(Failure::from),
            Bearer::User(user) => {
                let user = user.clone();
                self.user_actor(claims, user).await
            }
        }
    }

    /// An app token is as good as an administrator's, and acts in the name of the first of them.
    fn app_actor(&self, claims: TokenClaims) -> Result<Actor, Refusal> {
        let Some(user) = self.first_admin.clone() else {
            let detail = "no administrator is configured in whose name an app token could act";
            return Err(Refusal::new(RefusalCode::NoPermission, detail));
        };
        Ok(actor(claims, user, Platform::ADMIN, true))
    }

    async fn user_actor(&self, claims: TokenClaims, user: UserId) -> Result<Actor, Failure> {
        let platform = claims.platform;
        // Administrators' tokens are as good as the secret that signs them: they are not kept, so that one
        // can be made without asking the server.
        if platform == Platform::ADMIN && self.is_admin(&user) {
            if self.admin_logouts.ended(&user, claims.issued_at) {
                return Err(taken_away().into());
            }
            return Ok(actor(claims, user, platform, true));
        }
        if !claims.unrecorded {
            self.check_handed_out(&claims, &user).await?;
            return Ok(actor(claims, user, platform, false));
        }
        // The app's backend signs tokens without asking who is registered.
        match self.user(&user).await? {
            Some(found) if found.standing.deactivated => Err(taken_away().into()),
            Some(found) => Ok(actor(claims, found.id, platform, false)),
            None => {
                let detail = format!("the token is for {user}, who does not exist");
                Err(Refusal::new(RefusalCode::TokenNotIssued, detail).into())
            }
        }
    }

    fn read_token(&self, token: &str) -> Result<TokenClaims, Refusal> {
        self.tokens.read(&self.keys, token, self.clock.now()).map_err(|problem| match problem {
            TokenProblem::Malformed => Refusal::new(RefusalCode::TokenMalformed, "this is not a token"),
            TokenProblem::BadSignature => {
                Refusal::new(RefusalCode::TokenUnknown, "the token was not signed by this server")
            }
            TokenProblem::Expired => Refusal::new(RefusalCode::TokenExpired, "the token's time is over"),
            TokenProblem::NotYetValid => {
                Refusal::new(RefusalCode::TokenNotYetValid, "the token's time has not come")
            }
        })
    }

    async fn check_handed_out(&self, claims: &TokenClaims, user: &UserId) -> Result<(), Failure> {
        let known = self.store.tokens(user, claims.platform, self.clock.now()).await?;
        match known.iter().find(|record| record.id == claims.id) {
            Some(record) if record.kicked => Err(taken_away().into()),
            Some(_) => Ok(()),
            None => {
                let detail = "the token is not among those that this server handed out";
                Err(Refusal::new(RefusalCode::TokenNotIssued, detail).into())
            }
        }
    }

    pub(crate) fn admin_token(&self, secret: &str, user: &UserId) -> Result<Outcome, Failure> {
        if !same_secret(secret, &self.keys.secret) {
            return Err(Refusal::new(RefusalCode::NoPermission, "the secret is not this server's").into());
        }
        if !self.is_admin(user) {
            return Err(bad(format!("{user} is not among the configured administrators")).into());
        }
        let ends = self.clock.now().plus(self.token_validity);
        let (text, _) = self.mint(Bearer::User(user.clone()), Platform::ADMIN, ends)?;
        Ok(self.token_outcome(text))
    }

    pub(crate) async fn user_token(
        &self,
        actor: &Actor,
        user: &UserId,
        platform: Platform,
    ) -> Result<Outcome, Failure> {
        only_admin(actor)?;
        check_known(platform)?;
        if platform == Platform::ADMIN {
            return Err(only_for_the_secret().into());
        }
        let Some(found) = self.user(user).await? else {
            return Err(Refusal::new(RefusalCode::NotFound, format!("user {user} does not exist")).into());
        };
        self.check_may_log_in(&found)?;
        let (text, claims) =
            self.mint(Bearer::User(found.id.clone()), platform, self.clock.now().plus(self.token_validity))?;
        let mut commit = Commit::at(claims.issued_at);
        // The policy says which older ones a new token takes away; where it leaves those of its own platform, they are
        // bounded in number.
        for platform in platform.ended_by_login(self.login_policy) {
            let except = Some(claims.id.clone());
            commit = commit.write(Write::KickTokens { user: found.id.clone(), platform, except });
        }
        if !self.login_policy.ends(platform, platform) {
            let held = self.store.tokens(&found.id, platform, claims.issued_at).await?;
            for token in give_way(held) {
                commit = commit.write(Write::PutToken(TokenRecord { expires_at: claims.issued_at, ..token }));
            }
        }
        let commit = commit
            .require(Require::ActiveUser(found.id.clone()))
            .write(Write::PutToken(record(claims, found.id)));
        self.store.commit(commit).await.map_err(commit_failure)?;
        Ok(self.token_outcome(text))
    }

    /// Who gets user tokens at all.
    pub(crate) fn check_may_log_in(&self, user: &User) -> Result<(), Refusal> {
        if self.is_admin(&user.id) {
            return Err(only_for_the_secret());
        }
        if user.standing.deactivated {
            return Err(deactivated());
        }
        if user.level >= AccountLevel::NOTIFICATION {
            return Err(bad(format!("{} is a notification account; nobody logs in as one", user.id)));
        }
        Ok(())
    }

    pub(crate) async fn parse_token(&self, token: &str) -> Result<Outcome, Failure> {
        let bearer = self.authenticate(token).await?;
        Ok(Outcome::TokenFacts {
            user: bearer.user,
            platform: bearer.platform,
            expires_at_s: bearer.expires_at.seconds(),
        })
    }

    /// [`Platform::ANY`] means everywhere: a token that is good for any platform ends with them all.
    pub(crate) async fn force_logout(
        &self,
        actor: &Actor,
        user: &UserId,
        platform: Platform,
    ) -> Result<Outcome, Failure> {
        only_admin(actor)?;
        let platforms: Vec<Platform> = if platform == Platform::ANY {
            PLATFORMS.map(Platform).collect()
        } else {
            check_known(platform)?;
            vec![platform]
        };
        let now = self.clock.now();
        let mut commit = Commit::at(now);
        let admins_own = platforms.contains(&Platform::ADMIN) && self.is_admin(user);
        if admins_own {
            let logout = Record::AdminLogout(AdminLogout { user: user.clone(), at: now });
            commit = commit.write(Write::Keep(Box::new(logout)));
        }
        for platform in &platforms {
            commit =
                commit.write(Write::KickTokens { user: user.clone(), platform: *platform, except: None });
        }
        self.store.commit(commit).await.map_err(commit_failure)?;
        if admins_own {
            self.admin_logouts.note(user.clone(), now);
        }
        for platform in platforms {
            self.sessions.kick(user, platform, None, CutReason::Administrator);
        }
        Ok(Outcome::Done)
    }

    pub(crate) fn mint(
        &self,
        bearer: Bearer,
        platform: Platform,
        expires_at: UnixMs,
    ) -> Result<(String, TokenClaims), Failure> {
        let now = self.clock.now();
        let issued_at = match &bearer {
            Bearer::User(user) if platform == Platform::ADMIN => self.admin_logouts.issued_at(user, now),
            _ => now,
        };
        let claims = TokenClaims {
            id: self.random_hex(),
            // What an administrator's or an app's token may do rests on its signature alone.
            unrecorded: platform == Platform::ADMIN,
            bearer,
            platform,
            issued_at,
            expires_at,
        };
        let text = self.tokens.mint(&self.keys, &claims)?;
        Ok((text, claims))
    }

    fn token_outcome(&self, text: String) -> Outcome {
        let valid_s = i64::try_from(self.token_validity.as_secs()).unwrap_or(i64::MAX);
        Outcome::Token { text: text.into(), valid_s }
    }
}

fn actor(claims: TokenClaims, user: UserId, platform: Platform, admin: bool) -> Actor {
    Actor { user, platform, admin, token_id: claims.id, expires_at: claims.expires_at }
}

/// The record of a token that was handed out to this user.
pub(crate) fn record(claims: TokenClaims, user: UserId) -> TokenRecord {
    TokenRecord {
        id: claims.id,
        user,
        platform: claims.platform,
        expires_at: claims.expires_at,
        kicked: false,
    }
}

fn taken_away() -> Refusal {
    Refusal::new(RefusalCode::TokenKicked, "the token was taken away by another login or a logout")
}

fn only_for_the_secret() -> Refusal {
    Refusal::new(RefusalCode::NoPermission, "administrators get their token for the secret")
}

pub(crate) fn check_known(platform: Platform) -> Result<(), Refusal> {
    if platform.is_known() {
        return Ok(());
    }
    Err(bad(format!("platformID {} is not among 1..=11", platform.0)))
}

/// Compares in a time that does not tell how much of the secret was right.
pub(crate) fn same_secret(given: &str, ours: &str) -> bool {
    given.len() == ours.len()
        && given.bytes().zip(ours.bytes()).fold(0, |differ, (one, other)| differ | (one ^ other)) == 0
}
