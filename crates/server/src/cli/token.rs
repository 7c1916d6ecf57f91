//! `ringback token`: tokens for administrators, made here, and for users and the app, asked of the running server.

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail};
use ringback_dialects::{app_client, client};
use ringback_model::app::App;
use ringback_model::ids::UserId;
use ringback_model::ports::Dice;
use ringback_model::user::Platform;
use serde_json::json;

use super::access::{Access, Place, Source, chosen_admin, hidden, mint};
use super::{DONE, Global};
use crate::assemble;
use crate::clock::SystemDice;
use crate::settings::Secret;
use crate::settings::value::Value;

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
    /// Buy an app token of the running server, with the client id and secret of the settings
    App(AppArgs),
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
    /// The server's secret itself (other users of this machine can see it while the command runs)
    #[arg(long, value_name = "SECRET", value_parser = hidden)]
    secret: Option<Secret>,
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
    /// The server's secret itself (other users of this machine can see it while the command runs)
    #[arg(long, value_name = "SECRET", value_parser = hidden)]
    secret: Option<Secret>,
    #[command(flatten)]
    access: Access,
}

const APP_EXAMPLES: &str = "\
Examples:
  APP_TOKEN=$(ringback token app --dev)
  APP_TOKEN=$(ringback token app --config ringback.yml)

It stands for the app's backend, in `Authorization: Bearer`. It lasts for token.app_validity.";

#[derive(Debug, clap::Args)]
#[command(after_help = APP_EXAMPLES)]
struct AppArgs {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    source: Source,
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
        Command::App(args) => {
            let token = app_token(&args).await?;
            let line = if global.json { json!({"token": token}).to_string() } else { token };
            writeln!(io::stdout(), "{line}")?;
            return Ok(ExitCode::from(DONE));
        }
        Command::Admin(args) => {
            let settings = args.source.settings()?;
            let admin = chosen_admin(&settings, args.user.as_deref())?;
            let secret = match args.secret {
                Some(secret) => secret,
                None => args.source.secret(&settings)?,
            };
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

async fn user_token(args: UserArgs) -> anyhow::Result<Made> {
    let user = UserId::parse(&args.id).map_err(|wrong| anyhow::anyhow!("the user id {wrong}"))?;
    let platform = Platform(args.platform);
    if platform == Platform::ADMIN {
        bail!("platform 10 is the administrators': `ringback token admin` makes those");
    }
    let (rest, admin_token) = args.access.open(args.secret.as_ref())?;
    let operation = format!("ringback-token-{:016x}", SystemDice.roll());
    let answer = rest.call(&client::user_token(&admin_token, user.as_str(), platform, &operation)).await?;
    let text =
        client::token_of(&answer).with_context(|| format!("the server at {} gave no token", rest.url()))?;
    Ok(Made { text, user, platform })
}

async fn app_token(args: &AppArgs) -> anyhow::Result<String> {
    let settings = args.source.settings()?;
    let dev = args.source.dev.then(|| ringback_dialects::all(&App::default()).dev);
    let (app, keys) = assemble::choose_app(&settings, dev);
    let (Some(id), Some(secret)) = (keys.client_id, keys.client_secret) else {
        bail!(
            "the settings have no app.client_id and app.client_secret: name their file with --config, or use --dev \
             for a server that runs with --dev"
        );
    };
    let rest = args.place.rest(&settings)?;
    let answer = rest.call(&app_client::token(&app, &id, &secret)).await?;
    app_client::token_of(&answer).with_context(|| format!("the server at {} gave no token", rest.url()))
}
