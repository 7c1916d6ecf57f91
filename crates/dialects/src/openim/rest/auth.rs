//! `/auth`: tokens. Source: REST sheet 3.

use ringback_model::command::{Command, Outcome};
use ringback_model::dialect::EdgeRequest;
use ringback_model::failure::RefusalCode;
use ringback_model::user::Platform;
use schemars::JsonSchema;
use serde::Serialize;

use super::body::{Reject, body, parse, required, required_number, user_id};
use super::reply::{Data, data};

// Not `Debug`: it holds the secret.
body! {
    /// Who wants an administrator's token.
    #[schemars(rename = "AdminTokenRequest")]
    AdminToken {
        /// The server's secret.
        secret: String = "secret" required,
        /// An administrator's user id.
        user: String = "userID" required,
    }
}

pub(super) fn admin_token(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: AdminToken = parse(&request.body)?;
    required("secret", &asked.secret)?;
    let user = user_id("userID", &asked.user)?;
    Ok(Command::AdminToken { secret: asked.secret.into(), user })
}

body! {
    /// A user on one platform.
    UserOnPlatform {
        /// 1 iOS, 2 Android, 3 Windows, 4 macOS, 5 web, 6 mini program, 7 Linux, 8 Android tablet, 9 iPad, 10
        /// administrators (no token of theirs is to be had here), 11 HarmonyOS.
        #[schemars(range(min = 1, max = 11))]
        platform: i32 = "platformID" required,
        /// A user id.
        user: String = "userID" required,
    }
}

pub(super) fn user_token(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: UserOnPlatform = parse(&request.body)?;
    let platform = platform(asked.platform)?;
    let user = user_id("userID", &asked.user)?;
    if platform == Platform::ADMIN {
        return Err(Reject::new(RefusalCode::NoPermission, "platformID 10 belongs to /auth/get_admin_token"));
    }
    Ok(Command::UserToken { user, platform })
}

pub(super) fn force_logout(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: UserOnPlatform = parse(&request.body)?;
    let platform = platform(asked.platform)?;
    let user = user_id("userID", &asked.user)?;
    Ok(Command::ForceLogout { user, platform })
}

// Not `Debug`: it holds a token.
body! {
    /// A token to be looked at.
    #[schemars(rename = "ParseTokenRequest")]
    ParseToken {
        /// Whose it is does not matter.
        token: String = "token" required,
    }
}

pub(super) fn parse_token(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: ParseToken = parse(&request.body)?;
    required("token", &asked.token)?;
    Ok(Command::ParseToken { token: asked.token.into() })
}

fn platform(number: i32) -> Result<Platform, Reject> {
    let platform = Platform(required_number("platformID", number)?);
    if !platform.is_known() {
        return Err(Reject::new(
            RefusalCode::BadArgument,
            format!("platformID is {number}; known are 1 to 11"),
        ));
    }
    Ok(platform)
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Token<'a> {
    token: &'a str,
    /// How long it is valid, seconds from now.
    #[serde(rename = "expireTimeSeconds")]
    expires_s: i64,
}

/// `expireTimeSeconds` is a duration from now.
pub(super) fn token(outcome: &Outcome) -> Option<Data> {
    let Outcome::Token { text, valid_s } = outcome else { return None };
    data(&Token { token: text.reveal(), expires_s: *valid_s })
}

#[derive(Serialize, JsonSchema)]
pub(super) struct TokenFacts<'a> {
    #[serde(rename = "userID")]
    user: &'a str,
    #[serde(rename = "platformID")]
    platform: i32,
    /// When it ends, seconds since 1970.
    #[serde(rename = "expireTimeSeconds")]
    expires_at_s: i64,
}

/// `expireTimeSeconds` is an instant here, seconds since 1970.
pub(super) fn token_facts(outcome: &Outcome) -> Option<Data> {
    let Outcome::TokenFacts { user, platform, expires_at_s } = outcome else { return None };
    data(&TokenFacts { user: user.as_str(), platform: platform.0, expires_at_s: *expires_at_s })
}
