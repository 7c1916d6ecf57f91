//! `POST /token`: four ways to buy a token. Source: easemob-rest fact sheet 3.1.

use ringback_model::command::{Command, Outcome};
use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};
use serde_json::value::to_raw_value;
use serde_json::{Map, Value, json};

use super::Asked;
use super::body::{new_user, parse, required, user};
use super::envelope::Answer;
use super::problem::{ILLEGAL_ARGUMENT, INVALID_GRANT, Problem, Reject};
use super::user::Entity;

// Not `Debug`: it holds secrets.
/// What a token is bought with.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = by_grant_type)]
pub(super) struct Grant {
    /// `client_credentials`, `password`, `inherit` or `agora`. The latter two need an app token in the header.
    #[schemars(extend("x-required" = true, "enum" = ["client_credentials", "password", "inherit", "agora"]))]
    grant_type: Option<String>,
    /// With `client_credentials`.
    client_id: Option<String>,
    /// With `client_credentials`.
    client_secret: Option<String>,
    /// With `password` and `inherit`.
    username: Option<String>,
    /// With `password`.
    password: Option<String>,
    /// With `inherit`: whether a user who is not there is registered.
    #[serde(rename = "autoCreateUser")]
    create: Option<bool>,
    /// Seconds; 0 = for ever. A number in quotes is taken as well.
    #[schemars(with = "Option<u64>")]
    ttl: Option<Value>,
}

/// What each grant type needs.
fn by_grant_type(schema: &mut Schema) {
    let needs: [(&str, &[&str]); 3] = [
        ("client_credentials", &["client_id", "client_secret"]),
        ("password", &["username", "password"]),
        ("inherit", &["username"]),
    ];
    let rule = |(grant, members): (&str, &[&str])| {
        let present: Map<String, Value> =
            members.iter().map(|name| ((*name).to_owned(), json!({"minLength": 1}))).collect();
        json!({
            "if": {"properties": {"grant_type": {"const": grant}}, "required": ["grant_type"]},
            "then": {"required": members, "properties": present},
        })
    };
    schema.insert("allOf".to_owned(), needs.map(rule).into_iter().collect());
}

/// An answer to `POST /token`.
#[derive(Serialize, JsonSchema)]
pub(super) struct Token<'a> {
    access_token: &'a str,
    /// Seconds, at most 2,147,483,647, even where the token is good for longer; not after `agora`.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_in: Option<i32>,
    /// Milliseconds since 1970; after `agora` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    expire_timestamp: Option<i64>,
    /// A UUID that stands for the app; after `client_credentials`.
    #[serde(skip_serializing_if = "Option::is_none")]
    application: Option<&'a str>,
    /// Whose it is; after `password` and `inherit`.
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<Entity<'a>>,
}

pub(super) fn read(asked: &Asked<'_>) -> Result<Command, Reject> {
    let grant: Grant = parse(&asked.request.body)?;
    let ttl_s = seconds(grant.ttl.as_ref())?;
    match grant.grant_type.as_deref() {
        Some("client_credentials") => Ok(Command::AppToken {
            client_id: required(grant.client_id, &ILLEGAL_ARGUMENT, "client_id must be provided.")?,
            client_secret: required(
                grant.client_secret,
                &ILLEGAL_ARGUMENT,
                "client_secret must be provided",
            )?
            .into(),
            ttl_s,
        }),
        Some("password") => Ok(Command::PasswordToken {
            user: user(&required(grant.username, &ILLEGAL_ARGUMENT, "username must be provided")?)?,
            password: required(grant.password, &ILLEGAL_ARGUMENT, "password or pin must provided")?.into(),
            ttl_s,
        }),
        Some("inherit") => {
            let name = required(grant.username, &ILLEGAL_ARGUMENT, "username must be provided")?;
            let create = grant.create.unwrap_or(false);
            let user = if create { new_user(&name)? } else { user(&name)? };
            Ok(Command::InheritToken { user, create, ttl_s })
        }
        Some("agora") => Ok(Command::ExchangeToken),
        _ => {
            let known = "grant_type must be client_credentials, password, inherit or agora";
            Err(Reject::new(&INVALID_GRANT, known))
        }
    }
}

fn seconds(ttl: Option<&Value>) -> Result<Option<u64>, Reject> {
    let seconds = match ttl {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Number(number)) => number.as_u64(),
        Some(Value::String(text)) => text.trim().parse().ok(),
        Some(Value::Bool(_) | Value::Array(_) | Value::Object(_)) => None,
    };
    let wrong = || Reject::new(&ILLEGAL_ARGUMENT, "ttl must be a number of seconds, 0 or more");
    seconds.map(Some).ok_or_else(wrong)
}

pub(super) fn answer(asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let Outcome::Login { text, expires_at, valid_s, user } = outcome else { return None };
    // What was bought is in the request, which was read before: it is read the same way again.
    let exchanged = matches!(read(asked), Ok(Command::ExchangeToken));
    let token = Token {
        access_token: text.reveal(),
        // Clients read 32 bits, and fail on more.
        expires_in: (!exchanged).then(|| i32::try_from(*valid_s).unwrap_or(i32::MAX)),
        expire_timestamp: exchanged.then_some(expires_at.0),
        application: (!exchanged && user.is_none()).then_some(asked.application),
        user: user.as_ref().map(|user| Entity::new(asked, user)),
    };
    to_raw_value(&token).ok().map(|body| Ok(Answer::Bare(body)))
}
