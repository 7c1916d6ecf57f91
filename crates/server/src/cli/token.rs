//! `ringback token`: tokens for administrators, made here, and for users, asked of the running server.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use http::Uri;
use ringback_dialects::client;
use ringback_model::ids::UserId;
use ringback_model::ports::{Clock, Dice, TokenCodec};
use ringback_model::user::{Platform, TokenClaims};
use serde_json::json;

use super::rest::Rest;
use super::{DONE, Global, config};
use crate::clock::{SystemClock, SystemDice};
use crate::settings::secret::{self, Secret};
use crate::settings::value::Value;
use crate::settings::{Flags, Settings};

/// Arguments.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Make an administrator's token from the server's secret; the server need not run
    Admin(AdminArgs),
    /// Ask the running server for a user's token
    User(UserArgs),
}

const ADMIN_EXAMPLES: &str = "\
Examples:
  TOKEN=$(ringback token admin --dev)               # for a server that runs with --dev
  TOKEN=$(ringback token admin --data-dir DIR)      # with the secret that the server made there
  TOKEN=$(ringback token admin --config ringback.yml --valid 12h)";

#[derive(Debug, clap::Args)]
#[command(after_help = ADMIN_EXAMPLES)]
struct AdminArgs {
    /// Which administrator [default: the first one of the settings]
    #[arg(long, value_name = "ID")]
    user: Option<String>,
    /// How long it is to last, such as 30m, 12h or 7d
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = validity)]
    valid: Duration,
    #[command(flatten)]
    source: Source,
}

const USER_EXAMPLES: &str = "\
Examples:
  ringback token user alice --platform 5 --dev
  ringback token user alice --platform 5 --server https://chat.example:10002 --ca-file ca.pem

Platforms: 1 iOS, 2 Android, 3 Windows, 4 macOS, 5 web, 6 web in an app, 7 Linux, 8 Android tablet, 9 iPad,
11 HarmonyOS. A new token takes the earlier ones of the same user and platform away.";

#[derive(Debug, clap::Args)]
#[command(after_help = USER_EXAMPLES)]
struct UserArgs {
    /// The user
    id: String,
    /// His platform, such as clients send it: 1 to 11, without 10
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..=11))]
    platform: i32,
    /// Address of the server [default: from the settings]
    #[arg(long, value_name = "URL")]
    server: Option<Uri>,
    /// PEM file with the authority of the server's certificate, where the machine does not know it [default:
    /// tls.ca_file of the settings]
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// An administrator's token [default: one is made from the secret]
    #[arg(long, value_name = "TOKEN", env = "RINGBACK_TOKEN", hide_env_values = true, value_parser = hidden)]
    token: Option<Hidden>,
    #[command(flatten)]
    source: Source,
}

/// Where the server's secret is.
#[derive(Debug, clap::Args)]
struct Source {
    /// Settings file of the server
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Data folder of the server
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// The server runs with --dev
    #[arg(long)]
    dev: bool,
    /// The secret itself (other users of this machine can see it while the command runs)
    #[arg(long, value_name = "SECRET", value_parser = hidden)]
    secret: Option<Hidden>,
}

type Hidden = Secret;

#[allow(clippy::unnecessary_wraps, reason = "clap wants a parser that can fail")]
fn hidden(text: &str) -> Result<Hidden, String> {
    Ok(Secret::new(text.to_owned()))
}

fn validity(text: &str) -> Result<Duration, String> {
    const MINUTE: Duration = Duration::from_secs(60);
    Value::Untyped(text.to_owned()).duration(MINUTE, MINUTE * 60 * 24 * 3650)
}

/// Runs the command.
///
/// # Errors
/// There is no secret, or the server cannot be asked or refuses.
pub async fn run(args: Args, global: &Global) -> anyhow::Result<ExitCode> {
    let made = match args.command {
        Command::Admin(args) => {
            let settings = args.source.settings()?;
            let admin = chosen_admin(&settings, args.user.as_deref())?;
            let secret = args.source.secret(&settings)?;
            Made { text: mint(&secret, &admin, args.valid)?, user: admin, platform: Platform::ADMIN }
        }
        Command::User(args) => user_token(args).await?,
    };
    let line = if global.json {
        json!({"token": made.text, "user": made.user.as_str(), "platform": made.platform.0}).to_string()
    } else {
        made.text
    };
    writeln!(io::stdout(), "{line}")?;
    Ok(ExitCode::from(DONE))
}

struct Made {
    text: String,
    user: UserId,
    platform: Platform,
}

impl Source {
    fn settings(&self) -> anyhow::Result<Settings> {
        let mut flags = Flags::new();
        if let Some(folder) = &self.data_dir {
            flags.push(("data_dir", folder.to_string_lossy().into_owned()));
        }
        config::load(&config::loader(self.config.clone(), flags))
    }

    fn secret(&self, settings: &Settings) -> anyhow::Result<Secret> {
        if let Some(secret) = &self.secret {
            return Ok(secret.clone());
        }
        if self.dev {
            return Ok(Secret::new(ringback_dialects::all().dev.secret.to_owned()));
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

/// The administrator that was asked for, or the first there is.
fn chosen_admin(settings: &Settings, wanted: Option<&str>) -> anyhow::Result<UserId> {
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
    let codec: Arc<dyn TokenCodec> = ringback_dialects::all().tokens;
    let now = SystemClock.now();
    let claims = TokenClaims {
        id: format!("{:016x}{:016x}", SystemDice.roll(), SystemDice.roll()),
        user: admin.clone(),
        platform: Platform::ADMIN,
        issued_at: now,
        expires_at: now.plus(valid),
    };
    Ok(codec.mint(secret.reveal(), &claims)?)
}

async fn user_token(args: UserArgs) -> anyhow::Result<Made> {
    let user = UserId::parse(&args.id).map_err(|wrong| anyhow::anyhow!("the user id {wrong}"))?;
    let platform = Platform(args.platform);
    if platform == Platform::ADMIN {
        bail!("platform 10 is the administrators': `ringback token admin` makes those");
    }
    let mut settings = args.source.settings()?;
    settings.tls.ca_file = args.ca_file.or(settings.tls.ca_file);
    let admin_token = match &args.token {
        Some(token) => token.reveal().to_owned(),
        None => {
            let secret = args.source.secret(&settings)?;
            mint(&secret, &chosen_admin(&settings, None)?, Duration::from_secs(300))?
        }
    };
    let rest = match args.server {
        Some(url) => Rest::to(&url, settings.tls.ca_file.as_deref())?,
        None => Rest::of_settings(&settings)?,
    };
    let operation = format!("ringback-token-{:016x}", SystemDice.roll());
    let answer = rest.call(&client::user_token(&admin_token, user.as_str(), platform, &operation)).await?;
    let text =
        client::token_of(&answer).with_context(|| format!("the server at {} gave no token", rest.url()))?;
    Ok(Made { text, user, platform })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_was_made_here_is_the_servers() {
        let secret = Secret::new("s".to_owned());
        let admin = UserId::parse("boss").unwrap();
        let text = mint(&secret, &admin, Duration::from_secs(600)).unwrap();
        let codec = ringback_dialects::all().tokens;
        let claims = codec.read("s", &text, SystemClock.now()).unwrap();
        assert_eq!((claims.user, claims.platform), (admin, Platform::ADMIN));
        let later = SystemClock.now().plus(Duration::from_secs(601));
        assert!(codec.read("s", &text, later).is_err());
        assert!(codec.read("t", &text, SystemClock.now()).is_err());
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
        let source =
            Source { config: None, data_dir: Some(folder.path().to_owned()), dev: false, secret: None };
        let settings = Settings { data_dir: folder.path().to_owned(), ..Settings::default() };
        let error = source.secret(&settings).unwrap_err().to_string();
        assert!(
            error.contains("--data-dir") && error.contains(&folder.path().display().to_string()),
            "{error}"
        );
        std::fs::write(folder.path().join("secret"), "kept\n").unwrap();
        assert_eq!(source.secret(&settings).unwrap().reveal(), "kept");
    }
}
