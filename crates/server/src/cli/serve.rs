//! `ringback serve`: the server, until a signal ends it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use ringback_model::app::App;

use super::{DONE, Global, NO, WRONG_USE};
use crate::assemble::{self, NotStarted, Plan, Server};
use crate::settings::{Flags, Loader, misspelt};
use crate::telemetry;

const EXAMPLES: &str = "\
Examples:
  ringback serve --dev                          # a laptop: nothing to set up
  ringback serve --config ringback.yml          # your settings; `ringback config print` shows what can be set
  ringback serve --listen 0.0.0.0:10002 --tls-cert cert.pem --tls-key key.pem

Every setting is also a variable: RINGBACK_GATE_MAX_WAIT=5s for gate.max_wait. Flags win over variables, variables
over the file. SIGHUP reads the rule files again; SIGTERM or Ctrl-C goes down in order, a second one at once.
`ringback token admin` makes the token with which a server is administered.";

/// Arguments of `ringback serve`. Everything else is set in the settings file or the environment; see
/// `ringback config print`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Settings file
    #[arg(long, value_name = "FILE", env = "RINGBACK_CONFIG")]
    pub config: Option<PathBuf>,
    /// Folder for everything that must survive [default: ./ringback-data]
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Address of REST, WebSocket and administration [default: 127.0.0.1:10002]; port 0 takes a free one
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<SocketAddr>,
    /// A second address that serves clients' WebSockets only
    #[arg(long, value_name = "ADDR")]
    pub ws_listen: Option<SocketAddr>,
    /// PEM file with the certificate chain; needs --tls-key
    #[arg(long, value_name = "FILE")]
    pub tls_cert: Option<PathBuf>,
    /// PEM file with the private key
    #[arg(long, value_name = "FILE")]
    pub tls_key: Option<PathBuf>,
    /// For development: loopback only, a well-known secret, receivers on private addresses allowed
    #[arg(long)]
    pub dev: bool,
}

impl Args {
    fn flags(&self) -> Flags {
        let path = |path: &Option<PathBuf>| path.as_ref().map(|path| path.to_string_lossy().into_owned());
        let address = |address: Option<SocketAddr>| address.map(|address| address.to_string());
        let all = [
            ("data_dir", path(&self.data_dir)),
            ("listen", address(self.listen)),
            ("ws_listen", address(self.ws_listen)),
            ("tls.cert", path(&self.tls_cert)),
            ("tls.key", path(&self.tls_key)),
        ];
        all.into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
    }
}

/// Serves until a signal comes, then goes down in order; a second signal ends the process at once.
///
/// # Errors
/// The server could not start or not go down in order.
pub async fn run(args: Args, global: &Global) -> anyhow::Result<ExitCode> {
    let loader = Loader {
        file: args.config.clone(),
        env: Arc::new(|name| std::env::var(name).ok()),
        flags: args.flags(),
        vocabulary: Arc::new(assemble::vocabulary(&ringback_dialects::all(&App::default()))),
    };
    let settings = match loader.load() {
        Ok(settings) => settings,
        Err(problems) => return Ok(wrong(&problems)),
    };
    if args.dev
        && let Err(error) = assemble::check_dev(&settings)
    {
        return Ok(wrong(&[error]));
    }
    telemetry::start_logging(&settings)?;
    let variables = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    for (name, meant) in misspelt(variables, &loader.vocabulary) {
        tracing::warn!("the variable {name} is not read; did you mean {meant}?");
    }
    let mut signals = Signals::new()?;
    let data_dir = settings.data_dir.display().to_string();
    let server = match Server::start(Plan { loader, settings, dev: args.dev }).await {
        Ok(server) => server,
        Err(NotStarted::Wrong(remarks)) => return Ok(wrong(&remarks)),
        Err(NotStarted::Failed(error)) => return Err(error),
    };
    announce(&server, &data_dir, args.dev, *global);
    signals.next().await;
    tracing::info!("going down; a second signal ends at once");
    tokio::select! {
        down = server.shut_down() => down?,
        () = signals.next() => {
            tracing::warn!("ended at once");
            // Returning would wait for what is under way, which is what the second signal is against.
            std::process::exit(i32::from(NO));
        }
    }
    tracing::info!("down");
    Ok(ExitCode::from(DONE))
}

fn wrong(problems: &[impl std::fmt::Display]) -> ExitCode {
    for problem in problems {
        eprintln!("ringback: {problem}");
    }
    ExitCode::from(WRONG_USE)
}

fn announce(server: &Server, data_dir: &str, dev: bool, global: Global) {
    let address = server.address;
    tracing::info!(%address, data_dir, dev, version = env!("CARGO_PKG_VERSION"), "serving");
    if let Some(address) = server.ws_address {
        tracing::info!(%address, "serving WebSockets only");
    }
    if global.json {
        let ws = server.ws_address.map(|address| address.to_string());
        println!("{}", serde_json::json!({ "listening": address.to_string(), "ws_listening": ws }));
    }
}

/// The signals that ask a process to end.
struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

#[cfg(not(unix))]
impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {})
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    }
}
