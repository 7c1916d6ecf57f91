//! How commands reach a running server, and with whose token they ask it.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use http::{Method, StatusCode, Uri};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use ringback_model::app::App;
use ringback_model::ids::UserId;
use ringback_model::ports::{Clock, Dice, TokenCodec, TokenKeys};
use ringback_model::user::{Bearer, Platform, TokenClaims};
use serde_json::Value;

use super::rest::{Asked, Rest};
use super::{Global, NO, WRONG_USE, config};
use crate::admin::ROOT;
use crate::clock::{SystemClock, SystemDice};
use crate::settings::secret::{self, Secret};
use crate::settings::{Flags, Settings};

/// How long a token lasts that a command makes for itself.
const OWN_TOKEN: Duration = Duration::from_secs(300);
/// Time for one answer of the admin API: above the longest call that it makes for a caller.
const PATIENCE: Duration = Duration::from_secs(100);

/// What to do where the server does not know a token.
const WHOSE_TOKEN: &str = "a token must be made from the secret of this very server: name its data folder with \
                           --data-dir, its settings with --config, use --dev if it runs with --dev, or bring a token \
                           of it with --token";

/// Reads a text that does not print itself.
#[allow(clippy::unnecessary_wraps, reason = "clap wants a parser that can fail")]
pub(super) fn hidden(text: &str) -> Result<Secret, String> {
    Ok(Secret::new(text.to_owned()))
}

/// Where the server's secret is.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Server")]
pub(super) struct Source {
    /// Settings file of the server
    #[arg(long, value_name = "FILE", global = true)]
    pub(super) config: Option<PathBuf>,
    /// Data folder of the server
    #[arg(long, value_name = "DIR", global = true)]
    pub(super) data_dir: Option<PathBuf>,
    /// The server runs with --dev
    #[arg(long, global = true)]
    pub(super) dev: bool,
}

impl Source {
    pub(super) fn settings(&self) -> anyhow::Result<Settings> {
        let mut flags = Flags::new();
        if let Some(folder) = &self.data_dir {
            flags.push(("data_dir", folder.to_string_lossy().into_owned()));
        }
        config::load(&config::loader(self.config.clone(), flags))
    }

    pub(super) fn secret(&self, settings: &Settings) -> anyhow::Result<Secret> {
        // As the server does: what the settings say holds in development mode, too.
        if self.dev && settings.secret.is_none() && settings.secret_file.is_none() {
            return Ok(Secret::new(ringback_dialects::all(&App::default()).dev.secret.to_owned()));
        }
        secret::existing(settings)?.with_context(|| {
            format!(
                "there is no secret in {}: name the server's data folder with --data-dir, its settings with \
                 --config, or use --dev for a server that runs with --dev",
                settings.data_dir.display()
            )
        })
    }
}

/// A running server.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Server")]
pub(super) struct Place {
    /// Address of the server [default: from the settings]
    #[arg(long, value_name = "URL", global = true)]
    server: Option<Uri>,
    /// PEM file with the authority of the server's certificate, where the machine does not know it [default:
    /// tls.ca_file of the settings]
    #[arg(long, value_name = "FILE", global = true)]
    ca_file: Option<PathBuf>,
}

impl Place {
    /// The server: the one that is named, else the one of the settings.
    ///
    /// # Errors
    /// As [`Rest::to`].
    pub(super) fn rest(&self, settings: &Settings) -> anyhow::Result<Rest> {
        let mut settings = settings.clone();
        settings.tls.ca_file = self.ca_file.clone().or(settings.tls.ca_file);
        match &self.server {
            Some(url) => Rest::to(url, settings.tls.ca_file.as_deref()),
            None => Rest::of_settings(&settings),
        }
    }
}

/// A running server, and an administrator's token for it.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Server")]
pub(super) struct Access {
    #[command(flatten)]
    place: Place,
    /// An administrator's token [default: one is made from the secret]
    #[arg(long, value_name = "TOKEN", env = "RINGBACK_TOKEN", hide_env_values = true, value_parser = hidden, global = true)]
    pub(super) token: Option<Secret>,
    #[command(flatten)]
    pub(super) source: Source,
}

impl Access {
    /// The server and the token; `secret` instead of the one that the settings lead to.
    ///
    /// # Errors
    /// The settings cannot be read, or there is neither a token nor a secret to make one from.
    pub(super) fn open(&self, secret: Option<&Secret>) -> anyhow::Result<(Rest, String)> {
        let settings = self.source.settings()?;
        let token = self.proof(secret, &settings)?.token()?;
        Ok((self.place.rest(&settings)?, token))
    }

    fn proof(&self, secret: Option<&Secret>, settings: &Settings) -> anyhow::Result<Proof> {
        if let Some(token) = &self.token {
            return Ok(Proof::Token(token.clone()));
        }
        let secret = match secret {
            Some(secret) => secret.clone(),
            None => self.source.secret(settings)?,
        };
        Ok(Proof::Secret(secret, chosen_admin(settings, None)?))
    }

    /// The admin API of the server.
    ///
    /// # Errors
    /// As [`Access::open`].
    pub(super) fn admin(&self) -> anyhow::Result<AdminClient> {
        let settings = self.source.settings()?;
        let proof = self.proof(None, &settings)?;
        Ok(AdminClient { rest: self.place.rest(&settings)?, proof })
    }
}

/// What a command shows that it speaks for an administrator.
enum Proof {
    /// A token that it was given.
    Token(Secret),
    /// The server's secret, and whom tokens are made for: one for each call, because commands may run for long.
    Secret(Secret, UserId),
}

impl Proof {
    fn token(&self) -> anyhow::Result<String> {
        match self {
            Self::Token(token) => Ok(token.reveal().to_owned()),
            Self::Secret(secret, admin) => mint(secret, admin, OWN_TOKEN),
        }
    }
}

/// The admin API of a running server.
pub(super) struct AdminClient {
    rest: Rest,
    proof: Proof,
}

/// What the admin API said no to, in its own form.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) status: StatusCode,
    pub(super) body: Value,
}

impl AdminClient {
    /// Asks; the path is below the root of the API. The inner error is the API's no.
    ///
    /// # Errors
    /// Nobody answers there, or not what an admin API answers.
    pub(super) async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<Result<Value, Refused>> {
        let asked = Asked {
            method,
            path: format!("{ROOT}{path}"),
            headers: vec![
                ("authorization", format!("Bearer {}", self.proof.token()?)),
                ("content-type", "application/json".to_owned()),
            ],
            body: body.map(|body| body.to_string().into_bytes()).unwrap_or_default(),
        };
        let (status, bytes) = self.rest.ask(asked, PATIENCE).await?;
        let body: Value = serde_json::from_slice(&bytes).with_context(|| {
            format!("{} does not answer like a server with an admin API", self.rest.url())
        })?;
        Ok(if status.is_success() { Ok(body) } else { Err(Refused { status, body }) })
    }
}

impl Refused {
    /// Says it, with every field that is wrong.
    pub(super) fn report(&self, global: Global) -> ExitCode {
        let error = &self.body["error"];
        if global.json {
            // Where nobody reads, the exit code says it.
            drop(writeln!(io::stdout(), "{}", self.body));
        } else {
            eprintln!("ringback: {}", error["message"].as_str().unwrap_or("the server refuses"));
            for detail in error["details"].as_array().into_iter().flatten() {
                let text = |name: &str| detail[name].as_str().unwrap_or_default();
                eprintln!("  {} {}", text("field"), text("message"));
            }
            if self.status == StatusCode::UNAUTHORIZED {
                eprintln!("  {WHOSE_TOKEN}");
            }
        }
        let wrong_use = self.status == StatusCode::BAD_REQUEST;
        ExitCode::from(if wrong_use { WRONG_USE } else { NO })
    }
}

/// A text as one segment of a path.
pub(super) fn segment(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// The administrator that was asked for, or the first there is.
pub(super) fn chosen_admin(settings: &Settings, wanted: Option<&str>) -> anyhow::Result<UserId> {
    let Some(wanted) = wanted else {
        return settings
            .admins
            .first()
            .cloned()
            .context("the settings name no administrators (key `admins`)");
    };
    let known: Vec<&str> = settings.admins.iter().map(UserId::as_str).collect();
    let found = settings.admins.iter().find(|admin| admin.as_str() == wanted);
    found.cloned().with_context(|| format!("{wanted} is not among the administrators: {}", known.join(", ")))
}

/// Makes an administrator's token, as the server itself would.
///
/// # Errors
/// It cannot be signed.
pub(super) fn mint(secret: &Secret, admin: &UserId, valid: Duration) -> anyhow::Result<String> {
    let codec: Arc<dyn TokenCodec> = ringback_dialects::all(&App::default()).tokens;
    let now = SystemClock.now();
    let claims = TokenClaims {
        id: format!("{:016x}{:016x}", SystemDice.roll(), SystemDice.roll()),
        bearer: Bearer::User(admin.clone()),
        platform: Platform::ADMIN,
        unrecorded: false,
        issued_at: now,
        expires_at: now.plus(valid),
    };
    // Administrators' tokens are the server's own: the app's names and keys have no part in them.
    Ok(codec.mint(&TokenKeys { secret: secret.reveal().to_owned(), ..TokenKeys::default() }, &claims)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_was_made_here_is_the_servers() {
        let secret = Secret::new("s".to_owned());
        let admin = UserId::parse("boss").unwrap();
        let text = mint(&secret, &admin, Duration::from_secs(600)).unwrap();
        let codec = ringback_dialects::all(&App::default()).tokens;
        let keys = |secret: &str| TokenKeys { secret: secret.to_owned(), ..TokenKeys::default() };
        let claims = codec.read(&keys("s"), &text, SystemClock.now()).unwrap();
        assert_eq!((claims.bearer, claims.platform), (Bearer::User(admin), Platform::ADMIN));
        let later = SystemClock.now().plus(Duration::from_secs(601));
        assert!(codec.read(&keys("s"), &text, later).is_err());
        assert!(codec.read(&keys("t"), &text, SystemClock.now()).is_err());
    }

    #[test]
    fn administrators_are_those_of_the_settings() {
        let settings = Settings::default();
        let first = chosen_admin(&settings, None).unwrap();
        assert_eq!(chosen_admin(&settings, Some(first.as_str())).unwrap(), first);
        assert!(chosen_admin(&settings, Some("nobody")).unwrap_err().to_string().contains(first.as_str()));
    }

    #[test]
    fn a_missing_secret_says_where_it_was_looked_for() {
        let folder = tempfile::tempdir().unwrap();
        let source = Source { config: None, data_dir: Some(folder.path().to_owned()), dev: false };
        let settings = Settings { data_dir: folder.path().to_owned(), ..Settings::default() };
        let error = source.secret(&settings).unwrap_err().to_string();
        assert!(
            error.contains("--data-dir") && error.contains(&folder.path().display().to_string()),
            "{error}"
        );
        std::fs::write(folder.path().join("secret"), "kept\n").unwrap();
        assert_eq!(source.secret(&settings).unwrap().reveal(), "kept");
    }

    #[test]
    fn a_secret_of_the_settings_holds_in_development_mode_too() {
        let source = Source { config: None, data_dir: None, dev: true };
        let known = ringback_dialects::dev_secret();
        assert_eq!(source.secret(&Settings::default()).unwrap().reveal(), known);
        let settings = Settings { secret: Some(Secret::new("mine".to_owned())), ..Settings::default() };
        assert_eq!(source.secret(&settings).unwrap().reveal(), "mine");
    }
}
