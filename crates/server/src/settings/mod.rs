//! Settings: `ringback.yml`, under the environment, under the command line.
//!
//! [`Loader::load`] reads all three and answers either [`Settings`] that can be used or every [`Problem`] there
//! is, with its line. [`defaults`] is the commented file that `config print` shows.

pub mod defaults;
pub mod document;
mod keys;
mod load;
pub mod secret;
pub mod value;

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use ringback_model::dialect::DialectSetting;
use ringback_model::ids::UserId;
use ringback_model::limits;

pub use keys::KEYS;
pub use load::{Env, Flags, Loader, Problem, env_name, misspelt};
pub use secret::Secret;

/// Everything that can be set.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Address that serves everything.
    pub listen: SocketAddr,
    /// Address that serves WebSockets only.
    pub ws_listen: Option<SocketAddr>,
    /// Folder of the store and of the secret.
    pub data_dir: PathBuf,
    /// The secret as it stands in the settings.
    pub secret: Option<Secret>,
    /// A file with the secret.
    pub secret_file: Option<PathBuf>,
    /// Users who may ask for administrators' tokens.
    pub admins: Vec<UserId>,
    /// Certificates.
    pub tls: Tls,
    /// How long users' tokens last.
    pub token_validity: Duration,
    /// Total time at the gate.
    pub gate_max_wait: Duration,
    /// How long events stay in the log.
    pub log_keep: Duration,
    /// Size of the log, bytes; `None` = unbounded.
    pub log_max_bytes: Option<u64>,
    /// How long messages can be read; `None` = for ever.
    pub history_keep: Option<Duration>,
    /// Form of log lines.
    pub log_format: LogFormat,
    /// Filter of log lines.
    pub log_level: String,
    /// Bounds.
    pub limits: Limits,
    /// Time that what is under way gets at shutdown.
    pub drain: Duration,
    /// Settings of dialects that differ from their defaults or not: all of them, `name=value`.
    pub switches: Vec<(String, String)>,
    /// Where rules are written, in the order of the rule formats.
    pub rules: Vec<RuleText>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 10002)),
            ws_listen: None,
            data_dir: PathBuf::from("ringback-data"),
            secret: None,
            secret_file: None,
            // The name that back ends of this field are configured with.
            admins: UserId::parse("imAdmin").into_iter().collect(),
            tls: Tls::default(),
            token_validity: limits::TOKEN_VALIDITY,
            gate_max_wait: limits::GATE_MAX_WAIT,
            log_keep: limits::LOG_KEEP,
            log_max_bytes: None,
            history_keep: None,
            log_format: LogFormat::Text,
            log_level: "info".to_owned(),
            limits: Limits::default(),
            drain: limits::DRAIN,
            switches: Vec::new(),
            rules: Vec::new(),
        }
    }
}

/// Certificates.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tls {
    /// PEM file with the server's certificate chain.
    pub cert: Option<PathBuf>,
    /// PEM file with its private key.
    pub key: Option<PathBuf>,
    /// PEM file with further authorities for calls to receivers.
    pub ca_file: Option<PathBuf>,
}

/// Bounds that can be set; the others are in [`limits`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// See [`limits::CONNECTIONS`].
    pub connections: usize,
    /// See [`limits::CONNECTIONS_PER_USER`].
    pub connections_per_user: usize,
    /// See [`limits::HEADER_READ`].
    pub header_read: Duration,
    /// See [`limits::BODY_READ`].
    pub body_read: Duration,
    /// See [`limits::SOCKET_SILENCE`].
    pub socket_silence: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: limits::CONNECTIONS,
            connections_per_user: limits::CONNECTIONS_PER_USER,
            header_read: limits::HEADER_READ,
            body_read: limits::BODY_READ,
            socket_silence: limits::SOCKET_SILENCE,
        }
    }
}

/// Form of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}

impl LogFormat {
    /// Its word in the settings.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
        }
    }
}

/// Rules as an operator wrote them.
#[derive(Clone, PartialEq, Eq)]
pub struct RuleText {
    /// Key of the rule format.
    pub key: &'static str,
    /// Where they stand.
    pub place: RulePlace,
}

/// Where an operator wrote rules.
#[derive(Clone, PartialEq, Eq)]
pub enum RulePlace {
    /// In a file of their own.
    File(PathBuf),
    /// In the settings file.
    Inline {
        /// The text, moved to the left margin.
        text: String,
        /// Lines of the settings file above it.
        lines_above: usize,
    },
}

impl fmt::Debug for RuleText {
    /// The text may hold secrets: only its place is shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            RulePlace::File(path) => write!(f, "{}: {}", self.key, path.display()),
            RulePlace::Inline { lines_above, .. } => write!(f, "{}: after line {lines_above}", self.key),
        }
    }
}

/// What the dialects add to the settings.
#[derive(Debug, Clone, Default)]
pub struct Vocabulary {
    /// Their own settings.
    pub settings: Vec<DialectSetting>,
    /// Keys under which rule files stand.
    pub rule_keys: Vec<&'static str>,
}
