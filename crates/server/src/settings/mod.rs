//! Settings: `ringback.yml`, under the environment, under the command line.
//!
//! [`Loader::load`] reads all three and answers either [`Settings`] that can be used or every [`Problem`] there
//! is, with its line. [`defaults`] is the commented file that `config print` shows.

pub mod defaults;
pub mod document;
mod keys;
mod load;
mod objects;
pub mod rate;
pub mod secret;
pub mod value;

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use ringback_callbacks::ban::BanPolicy;
use ringback_model::app::{App, AppKeys};
use ringback_model::dialect::{DialectSetting, Rate};
use ringback_model::ids::UserId;
use ringback_model::keyword::KeywordVerdict;
use ringback_model::limits;
use ringback_model::user::LoginPolicy;

use crate::keywords::WordFile;

pub use keys::KEYS;
pub use load::{Env, Flags, Loader, Problem, env_name, misspelt};
pub use objects::{ObjectBackend, ObjectSettings, S3Settings};
pub use rate::Quota;
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
    /// The app that is served.
    pub app: AppSettings,
    /// How long users' tokens last.
    pub token_validity: Duration,
    /// How long app tokens last.
    pub app_token_validity: Duration,
    /// Only who is on the recipient's list of friends may send to him.
    pub friends_only: bool,
    /// See [`ringback_model::limits::RECALL_WINDOW`].
    pub recall_window: Duration,
    /// Which logins of a user take the place of others.
    pub login_policy: LoginPolicy,
    /// Total time at the gate.
    pub gate_max_wait: Duration,
    /// How long events stay in the log.
    pub log_keep: Duration,
    /// Size of the log, bytes; `None` = unbounded.
    pub log_max_bytes: Option<u64>,
    /// How long messages can be read; `None` = for ever.
    pub history_keep: Option<Duration>,
    /// How long a user may be offline before he leaves the chat rooms that he is in; `None` = he stays.
    pub room_leave_after: Option<Duration>,
    /// Deliveries that failed.
    pub storage: StorageSettings,
    /// What is remembered for those who ask why.
    pub why: WhySettings,
    /// Telling a collector what was asked and tried.
    pub otel: OtelSettings,
    /// Uploads.
    pub objects: ObjectSettings,
    /// Waking devices that are offline.
    pub push: PushSettings,
    /// When the receivers of all rules that share a ban are left alone, and for how long.
    pub ban: BanPolicy,
    /// Rules that may be made through the admin API; 0 = as many as you like.
    pub rules_max: usize,
    /// Where word lists stand.
    pub keywords: WordFile,
    /// Form of log lines.
    pub log_format: LogFormat,
    /// Filter of log lines.
    pub log_level: String,
    /// Bounds.
    pub limits: Limits,
    /// Time that what is under way gets at shutdown.
    pub drain: Duration,
    /// How often something may be done, by the name of the rate: all of them. `None` = as often as you like.
    pub rates: Vec<(&'static str, Option<Quota>)>,
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
            app: AppSettings::default(),
            token_validity: limits::TOKEN_VALIDITY,
            app_token_validity: limits::APP_TOKEN_VALIDITY,
            friends_only: false,
            recall_window: limits::RECALL_WINDOW,
            login_policy: LoginPolicy::default(),
            gate_max_wait: limits::GATE_MAX_WAIT,
            log_keep: limits::LOG_KEEP,
            log_max_bytes: None,
            history_keep: None,
            room_leave_after: Some(limits::ROOM_LEAVE_AFTER),
            storage: StorageSettings::default(),
            why: WhySettings::default(),
            otel: OtelSettings::default(),
            objects: ObjectSettings::default(),
            push: PushSettings::default(),
            ban: BanPolicy::default(),
            rules_max: limits::API_RULES,
            keywords: WordFile { path: None, verdict: KeywordVerdict::Refuse },
            log_format: LogFormat::Text,
            log_level: "info".to_owned(),
            limits: Limits::default(),
            drain: limits::DRAIN,
            rates: Vec::new(),
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

/// The app that is served, as it stands in the settings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AppSettings {
    /// See [`App::id`].
    pub id: Option<String>,
    /// See [`App::org`].
    pub org: Option<String>,
    /// See [`App::name`].
    pub name: Option<String>,
    /// See [`AppKeys::certificate`].
    pub certificate: Option<Secret>,
    /// See [`AppKeys::client_id`].
    pub client_id: Option<String>,
    /// See [`AppKeys::client_secret`].
    pub client_secret: Option<Secret>,
}

impl AppSettings {
    /// The app's names; those that are not set are taken from `default`.
    #[must_use]
    pub fn named(&self, default: App) -> App {
        App {
            id: self.id.clone().unwrap_or(default.id),
            org: self.org.clone().unwrap_or(default.org),
            name: self.name.clone().unwrap_or(default.name),
        }
    }

    /// What proves that a caller speaks for the app.
    #[must_use]
    pub fn keys(&self) -> AppKeys {
        let reveal = |secret: &Option<Secret>| secret.as_ref().map(|secret| secret.reveal().to_owned());
        AppKeys {
            certificate: reveal(&self.certificate),
            client_id: self.client_id.clone(),
            client_secret: reveal(&self.client_secret),
        }
    }
}

/// Deliveries that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorageSettings {
    /// Whether those are parked of rules whose dialect makes a service of it.
    pub enabled: bool,
    /// See [`limits::STORAGE_KEEP`].
    pub keep: Duration,
    /// Zone in which slices are named, minutes east of UTC; `None` = the dialect's own.
    pub zone_min: Option<i32>,
}

impl Default for StorageSettings {
    fn default() -> Self {
        Self { enabled: false, keep: limits::STORAGE_KEEP, zone_min: None }
    }
}

/// What is remembered for those who ask why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WhySettings {
    /// Whether calls are remembered at all.
    pub record: bool,
    /// See [`limits::TRACE_KEEP`].
    pub keep: Duration,
    /// See [`limits::TRACE_MAX_BYTES`].
    pub max_bytes: u64,
}

impl Default for WhySettings {
    fn default() -> Self {
        Self { record: true, keep: limits::TRACE_KEEP, max_bytes: limits::TRACE_MAX_BYTES }
    }
}

/// Telling a collector of OpenTelemetry what was asked and tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtelSettings {
    /// Its address; `None` = nobody is told.
    pub endpoint: Option<String>,
    /// Header `authorization` of every request.
    pub authorization: Option<Secret>,
    /// What this server is called there.
    pub service: String,
}

impl Default for OtelSettings {
    fn default() -> Self {
        Self { endpoint: None, authorization: None, service: "ringback".to_owned() }
    }
}

/// Waking devices that are offline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushSettings {
    /// Who does it.
    pub provider: PushProviderChoice,
    /// Where [`PushProviderChoice::Http`] posts to.
    pub url: Option<String>,
    /// What it signs with.
    pub secret: Option<Secret>,
    /// Time for one of its calls.
    pub timeout: Duration,
    /// Age from which on a message wakes nobody any more.
    pub keep: Duration,
    /// What is shown where nobody says anything.
    pub title: String,
}

impl Default for PushSettings {
    fn default() -> Self {
        Self {
            provider: PushProviderChoice::None,
            url: None,
            secret: None,
            timeout: limits::WAKE_TIMEOUT,
            keep: limits::WAKE_KEEP,
            title: "You have a new message.".to_owned(),
        }
    }
}

/// Who wakes devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PushProviderChoice {
    /// Nobody.
    None,
    /// Nobody, but a line in the log says who would have been woken.
    Log,
    /// The app's backend, which is told by a request.
    Http,
}

impl PushProviderChoice {
    /// Its word in the settings.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Log => "log",
            Self::Http => "http",
        }
    }
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
    /// How often something may be done at their interfaces.
    pub rates: Vec<Rate>,
    /// Keys under which rule files stand.
    pub rule_keys: Vec<&'static str>,
}
