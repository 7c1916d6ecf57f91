//! Tokens: who may call, and for how long.

use ringback_model::command::{Actor, Outcome};
use ringback_model::commit::{Commit, Write};
use ringback_model::failure::{Failure, Refusal, RefusalCode};
use ringback_model::ids::UserId;
use ringback_model::ports::TokenProblem;
use ringback_model::user::{AccountLevel, Platform, TokenClaims, TokenRecord};

use crate::users::commit_failure;
use crate::{Im, bad, only_admin};

impl Im {
    /// Whose token this is.
    ///
    /// # Errors
    /// One of the `Token…` refusals, or the store's fault.
    pub async fn authenticate(&self, token: &str) -> Result<Actor, Failure> {
        let (claims, admin) = self.valid(token).await?;
        Ok(Actor { user: claims.user, platform: claims.platform, admin, token_id: claims.id })
    }

    /// What a valid token says, and whether it is an administrator's.
    async fn valid(&self, token: &str) -> Result<(TokenClaims, bool), Failure> {
        let claims = self.read_token(token)?;
        // Administrators' tokens are as good as the secret that signs them: they are not kept, so that one
        // can be made without asking the server.
        let admin = claims.platform == Platform::ADMIN && self.is_admin(&claims.user);
        if !admin {
            self.check_handed_out(&claims).await?;
        }
        Ok((claims, admin))
    }

    fn read_token(&self, token: &str) -> Result<TokenClaims, Refusal> {
        self.tokens.read(&self.secret, token, self.clock.now()).map_err(|problem| match problem {
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

    async fn check_handed_out(&self, claims: &TokenClaims) -> Result<(), Failure> {
        let known = self.store.tokens(&claims.user, claims.platform, self.clock.now()).await?;
        match known.iter().find(|record| record.id == claims.id) {
            Some(record) if record.kicked => Err(Refusal::new(
                RefusalCode::TokenKicked,
                "the token was taken away by another login or a logout",
            )
            .into()),
            Some(_) => Ok(()),
            None => {
                let detail = "the token is not among those that this server handed out";
                Err(Refusal::new(RefusalCode::TokenNotIssued, detail).into())
            }
        }
    }

    pub(crate) async fn admin_token(&self, secret: &str, user: &UserId) -> Result<Outcome, Failure> {
        if !same_secret(secret, &self.secret) {
            return Err(Refusal::new(RefusalCode::NoPermission, "the secret is not this server's").into());
        }
        if !self.is_admin(user) {
            return Err(bad(format!("{user} is not among the configured administrators")).into());
        }
        self.mint(user, Platform::ADMIN).map(|(text, _)| self.token_outcome(text))
    }

    pub(crate) async fn user_token(
        &self,
        actor: &Actor,
        user: &UserId,
        platform: Platform,
    ) -> Result<Outcome, Failure> {
        only_admin(actor)?;
        check_known(platform)?;
        if platform == Platform::ADMIN || self.is_admin(user) {
            let detail = "administrators get their token for the secret";
            return Err(Refusal::new(RefusalCode::NoPermission, detail).into());
        }
        let found = self.store.users(std::slice::from_ref(user)).await?;
        let Some(Some(found)) = found.into_iter().next() else {
            return Err(Refusal::new(RefusalCode::NotFound, format!("user {user} does not exist")).into());
        };
        if found.level >= AccountLevel::NOTIFICATION {
            return Err(bad(format!("{user} is a notification account; nobody logs in as one")).into());
        }
        let (text, claims) = self.mint(&found.id, platform)?;
        let record = TokenRecord {
            id: claims.id.clone(),
            user: found.id.clone(),
            platform,
            expires_at: claims.expires_at,
            kicked: false,
        };
        // One login per platform: a new token takes the older ones away.
        let commit = Commit::at(claims.issued_at).write(Write::PutToken(record)).write(Write::KickTokens {
            user: found.id,
            platform,
            except: Some(claims.id),
        });
        self.store.commit(commit).await.map_err(commit_failure)?;
        Ok(self.token_outcome(text))
    }

    pub(crate) async fn parse_token(&self, token: &str) -> Result<Outcome, Failure> {
        let (claims, _) = self.valid(token).await?;
        Ok(Outcome::TokenFacts {
            user: claims.user,
            platform: claims.platform,
            expires_at_s: claims.expires_at.seconds(),
        })
    }

    pub(crate) async fn force_logout(
        &self,
        actor: &Actor,
        user: &UserId,
        platform: Platform,
    ) -> Result<Outcome, Failure> {
        only_admin(actor)?;
        check_known(platform)?;
        let kick = Write::KickTokens { user: user.clone(), platform, except: None };
        self.store.commit(Commit::at(self.clock.now()).write(kick)).await.map_err(commit_failure)?;
        self.sessions.kick(user, platform, None);
        Ok(Outcome::Done)
    }

    fn mint(&self, user: &UserId, platform: Platform) -> Result<(String, TokenClaims), Failure> {
        let now = self.clock.now();
        let claims = TokenClaims {
            id: self.random_hex(),
            user: user.clone(),
            platform,
            issued_at: now,
            expires_at: now.plus(self.token_validity),
        };
        let text = self.tokens.mint(&self.secret, &claims)?;
        Ok((text, claims))
    }

    fn token_outcome(&self, text: String) -> Outcome {
        let valid_s = i64::try_from(self.token_validity.as_secs()).unwrap_or(i64::MAX);
        Outcome::Token { text, valid_s }
    }
}

fn check_known(platform: Platform) -> Result<(), Refusal> {
    if platform.is_known() {
        return Ok(());
    }
    Err(bad(format!("platformID {} is not among 1..=11", platform.0)))
}

/// Compares in a time that does not tell how much of the secret was right.
fn same_secret(given: &str, ours: &str) -> bool {
    given.len() == ours.len()
        && given.bytes().zip(ours.bytes()).fold(0, |differ, (one, other)| differ | (one ^ other)) == 0
}
