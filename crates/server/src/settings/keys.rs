//! The table of settings: for every key how it is read and how it is shown. What a key means is written in
//! `ringback.default.yml`, next to its default.

use std::path::{Path, PathBuf};
use std::time::Duration;

use ringback_model::ids::UserId;
use ringback_model::keyword::{KEYWORD_VERDICTS, KeywordVerdict};
use ringback_model::limits;
use ringback_model::user::LoginPolicy;

use super::value::{Value, show_bytes, show_duration, show_zone};
use super::{LogFormat, ObjectBackend, PushProviderChoice, Secret, Settings};

/// One key of `ringback.yml`.
pub struct Key {
    /// Dotted path.
    pub path: &'static str,
    /// Puts a value into its place; an error is a clause about the value. Paths are taken below the folder.
    pub set: fn(&mut Settings, &Value, &Path) -> Result<(), String>,
    /// The value as YAML; secrets are starred, empty = not set.
    pub show: fn(&Settings) -> String,
}

/// Shorter times mean nothing to anybody.
const INSTANT: Duration = Duration::from_millis(10);
const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
const LONG: Duration = Duration::from_secs(3650 * 24 * 3600);

/// All keys, in the order of the defaults file.
pub static KEYS: &[Key] = &[
    Key {
        path: "listen",
        set: |to, value, _| value.address().map(|address| to.listen = address),
        show: |from| from.listen.to_string(),
    },
    Key {
        path: "ws_listen",
        set: |to, value, _| {
            to.ws_listen = if value.optional_text()?.is_some() { Some(value.address()?) } else { None };
            Ok(())
        },
        show: |from| from.ws_listen.map(|address| address.to_string()).unwrap_or_default(),
    },
    Key {
        path: "data_dir",
        set: |to, value, folder| {
            let path = value.optional_path()?.ok_or("must not be empty")?;
            to.data_dir = folder.join(path);
            Ok(())
        },
        show: |from| quoted(&from.data_dir.to_string_lossy()),
    },
    Key {
        path: "secret",
        set: |to, value, _| set_secret(&mut to.secret, value),
        show: |from| show_secret(from.secret.as_ref()),
    },
    Key {
        path: "secret_file",
        set: |to, value, folder| set_path(&mut to.secret_file, value, folder),
        show: |from| show_path(from.secret_file.as_ref()),
    },
    Key { path: "admins", set: |to, value, _| set_admins(to, value), show: show_admins },
    Key {
        path: "tls.cert",
        set: |to, value, folder| set_path(&mut to.tls.cert, value, folder),
        show: |from| show_path(from.tls.cert.as_ref()),
    },
    Key {
        path: "tls.key",
        set: |to, value, folder| set_path(&mut to.tls.key, value, folder),
        show: |from| show_path(from.tls.key.as_ref()),
    },
    Key {
        path: "tls.ca_file",
        set: |to, value, folder| set_path(&mut to.tls.ca_file, value, folder),
        show: |from| show_path(from.tls.ca_file.as_ref()),
    },
    Key {
        path: "app.id",
        set: |to, value, _| set_app_name(&mut to.app.id, value),
        show: |from| show_text(from.app.id.as_deref()),
    },
    Key {
        path: "app.org",
        set: |to, value, _| set_app_name(&mut to.app.org, value),
        show: |from| show_text(from.app.org.as_deref()),
    },
    Key {
        path: "app.name",
        set: |to, value, _| set_app_name(&mut to.app.name, value),
        show: |from| show_text(from.app.name.as_deref()),
    },
    Key {
        path: "app.certificate",
        set: |to, value, _| set_secret(&mut to.app.certificate, value),
        show: |from| show_secret(from.app.certificate.as_ref()),
    },
    Key {
        path: "app.client_id",
        set: |to, value, _| value.optional_text().map(|text| to.app.client_id = text),
        show: |from| show_text(from.app.client_id.as_deref()),
    },
    Key {
        path: "app.client_secret",
        set: |to, value, _| set_secret(&mut to.app.client_secret, value),
        show: |from| show_secret(from.app.client_secret.as_ref()),
    },
    Key {
        path: "token.validity",
        set: |to, value, _| value.duration(MINUTE, LONG).map(|time| to.token_validity = time),
        show: |from| show_duration(from.token_validity),
    },
    Key {
        path: "token.app_validity",
        set: |to, value, _| value.duration(MINUTE, LONG).map(|time| to.app_token_validity = time),
        show: |from| show_duration(from.app_token_validity),
    },
    Key {
        path: "multi_login.policy",
        set: |to, value, _| {
            value.word(&LoginPolicy::WORDS).map(|word| to.login_policy = LoginPolicy::named(&word))
        },
        show: |from| from.login_policy.name().to_owned(),
    },
    Key {
        path: "messages.friends_only",
        set: |to, value, _| value.flag().map(|flag| to.friends_only = flag),
        show: |from| from.friends_only.to_string(),
    },
    Key {
        path: "messages.recall_window",
        set: |to, value, _| value.duration(SECOND, LONG).map(|time| to.recall_window = time),
        show: |from| show_duration(from.recall_window),
    },
    Key {
        path: "gate.max_wait",
        set: |to, value, _| {
            value.duration(Duration::from_millis(10), MINUTE * 5).map(|time| to.gate_max_wait = time)
        },
        show: |from| show_duration(from.gate_max_wait),
    },
    Key {
        path: "log.keep",
        set: |to, value, _| value.duration(MINUTE, LONG).map(|time| to.log_keep = time),
        show: |from| show_duration(from.log_keep),
    },
    Key {
        path: "log.max_bytes",
        set: |to, value, _| {
            to.log_max_bytes = if is_empty(value) { None } else { Some(value.bytes(1 << 20)?) };
            Ok(())
        },
        show: |from| from.log_max_bytes.map(show_bytes).unwrap_or_default(),
    },
    Key {
        path: "history.keep",
        set: |to, value, _| {
            to.history_keep = if is_empty(value) { None } else { Some(value.duration(DAY, LONG)?) };
            Ok(())
        },
        show: |from| from.history_keep.map(show_duration).unwrap_or_default(),
    },
    Key {
        path: "rooms.leave_after",
        set: |to, value, _| {
            to.room_leave_after = if is_empty(value) { None } else { Some(value.duration(SECOND, DAY)?) };
            Ok(())
        },
        show: |from| from.room_leave_after.map(show_duration).unwrap_or_default(),
    },
    Key {
        path: "storage.enabled",
        set: |to, value, _| value.flag().map(|flag| to.storage.enabled = flag),
        show: |from| from.storage.enabled.to_string(),
    },
    Key {
        path: "storage.keep",
        set: |to, value, _| value.duration(SECOND, LONG).map(|time| to.storage.keep = time),
        show: |from| show_duration(from.storage.keep),
    },
    Key {
        path: "storage.zone",
        set: |to, value, _| {
            to.storage.zone_min = if is_empty(value) { None } else { Some(value.zone()?) };
            Ok(())
        },
        show: |from| from.storage.zone_min.map(|zone| quoted(&show_zone(zone))).unwrap_or_default(),
    },
    Key {
        path: "why.record",
        set: |to, value, _| value.flag().map(|flag| to.why.record = flag),
        show: |from| from.why.record.to_string(),
    },
    Key {
        path: "why.keep",
        set: |to, value, _| value.duration(MINUTE, LONG).map(|time| to.why.keep = time),
        show: |from| show_duration(from.why.keep),
    },
    Key {
        path: "why.max_bytes",
        set: |to, value, _| value.bytes(1 << 20).map(|bytes| to.why.max_bytes = bytes),
        show: |from| show_bytes(from.why.max_bytes),
    },
    Key {
        path: "otel.endpoint",
        set: |to, value, _| set_url(&mut to.otel.endpoint, value),
        show: |from| show_text(from.otel.endpoint.as_deref()),
    },
    Key {
        path: "otel.authorization",
        set: |to, value, _| set_secret(&mut to.otel.authorization, value),
        show: |from| show_secret(from.otel.authorization.as_ref()),
    },
    Key {
        path: "otel.service",
        set: |to, value, _| value.text().map(|text| to.otel.service = text),
        show: |from| quoted(&from.otel.service),
    },
    Key {
        path: "objects.backend",
        set: |to, value, _| {
            let word = value.word(&ObjectBackend::WORDS)?;
            to.objects.backend = ObjectBackend::named(&word);
            Ok(())
        },
        show: |from| from.objects.backend.name().to_owned(),
    },
    Key {
        path: "objects.folder",
        set: |to, value, folder| set_path(&mut to.objects.folder, value, folder),
        show: |from| show_path(from.objects.folder.as_ref()),
    },
    Key {
        path: "objects.max_bytes",
        set: |to, value, _| value.bytes(1).map(|bytes| to.objects.max_bytes = bytes),
        show: |from| show_bytes(from.objects.max_bytes),
    },
    Key {
        path: "objects.upload_expiry",
        set: |to, value, _| value.duration(SECOND, DAY * 30).map(|time| to.objects.upload_expiry = time),
        show: |from| show_duration(from.objects.upload_expiry),
    },
    Key {
        path: "objects.keep",
        set: |to, value, _| {
            to.objects.keep = if is_empty(value) { None } else { Some(value.duration(HOUR, LONG)?) };
            Ok(())
        },
        show: |from| from.objects.keep.map(show_duration).unwrap_or_default(),
    },
    Key {
        path: "objects.s3.endpoint",
        set: |to, value, _| value.optional_text().map(|text| to.objects.s3.endpoint = text),
        show: |from| show_text(from.objects.s3.endpoint.as_deref()),
    },
    Key {
        path: "objects.s3.region",
        set: |to, value, _| value.text().map(|text| to.objects.s3.region = text),
        show: |from| quoted(&from.objects.s3.region),
    },
    Key {
        path: "objects.s3.bucket",
        set: |to, value, _| value.optional_text().map(|text| to.objects.s3.bucket = text),
        show: |from| show_text(from.objects.s3.bucket.as_deref()),
    },
    Key {
        path: "objects.s3.access_key",
        set: |to, value, _| set_secret(&mut to.objects.s3.access_key, value),
        show: |from| show_secret(from.objects.s3.access_key.as_ref()),
    },
    Key {
        path: "objects.s3.secret_key",
        set: |to, value, _| set_secret(&mut to.objects.s3.secret_key, value),
        show: |from| show_secret(from.objects.s3.secret_key.as_ref()),
    },
    Key {
        path: "objects.s3.path_style",
        set: |to, value, _| value.flag().map(|flag| to.objects.s3.path_style = flag),
        show: |from| from.objects.s3.path_style.to_string(),
    },
    Key {
        path: "push.provider",
        set: |to, value, _| {
            let known = [PushProviderChoice::None, PushProviderChoice::Log, PushProviderChoice::Http];
            let word = value.word(&known.map(PushProviderChoice::name))?;
            to.push.provider = known.into_iter().find(|one| one.name() == word).unwrap_or(to.push.provider);
            Ok(())
        },
        show: |from| from.push.provider.name().to_owned(),
    },
    Key {
        path: "push.url",
        set: |to, value, _| set_url(&mut to.push.url, value),
        show: |from| show_text(from.push.url.as_deref()),
    },
    Key {
        path: "push.secret",
        set: |to, value, _| set_secret(&mut to.push.secret, value),
        show: |from| show_secret(from.push.secret.as_ref()),
    },
    Key {
        path: "push.timeout",
        set: |to, value, _| value.duration(INSTANT, MINUTE).map(|time| to.push.timeout = time),
        show: |from| show_duration(from.push.timeout),
    },
    Key {
        path: "push.keep",
        set: |to, value, _| value.duration(SECOND, DAY).map(|time| to.push.keep = time),
        show: |from| show_duration(from.push.keep),
    },
    Key {
        path: "push.title",
        set: |to, value, _| value.text().map(|title| to.push.title = title),
        show: |from| quoted(&from.push.title),
    },
    Key {
        path: "ban.failures",
        set: |to, value, _| number(value, 60_000).map(|count| to.ban.failures = count),
        show: |from| from.ban.failures.to_string(),
    },
    Key {
        path: "ban.window",
        set: |to, value, _| value.duration(INSTANT, DAY).map(|time| to.ban.window = time),
        show: |from| show_duration(from.ban.window),
    },
    Key {
        path: "ban.step",
        set: |to, value, _| value.duration(INSTANT, DAY).map(|time| to.ban.step = time),
        show: |from| show_duration(from.ban.step),
    },
    Key {
        path: "ban.most_steps",
        set: |to, value, _| number(value, 1000).map(|count| to.ban.most_steps = count),
        show: |from| from.ban.most_steps.to_string(),
    },
    Key {
        path: "ban.memory",
        set: |to, value, _| value.duration(INSTANT, DAY * 30).map(|time| to.ban.memory = time),
        show: |from| show_duration(from.ban.memory),
    },
    Key {
        path: "rules.max",
        set: |to, value, _| value.count_or_none(100_000).map(|count| to.rules_max = count),
        show: |from| from.rules_max.to_string(),
    },
    Key {
        path: "keywords.path",
        set: |to, value, folder| set_path(&mut to.keywords.path, value, folder),
        show: |from| show_path(from.keywords.path.as_ref()),
    },
    Key {
        path: "keywords.action",
        set: |to, value, _| {
            let word = value.word(&KEYWORD_VERDICTS.map(KeywordVerdict::name))?;
            let known = KEYWORD_VERDICTS.into_iter().find(|verdict| verdict.name() == word);
            to.keywords.verdict = known.unwrap_or(to.keywords.verdict);
            Ok(())
        },
        show: |from| from.keywords.verdict.name().to_owned(),
    },
    Key {
        path: "logging.format",
        set: |to, value, _| {
            let word = value.word(&["text", "json"])?;
            to.log_format = if word == "json" { LogFormat::Json } else { LogFormat::Text };
            Ok(())
        },
        show: |from| from.log_format.name().to_owned(),
    },
    Key {
        path: "logging.level",
        set: |to, value, _| {
            let filter = value.text()?;
            crate::telemetry::check_filter(&filter)?;
            to.log_level = filter;
            Ok(())
        },
        show: |from| quoted(&from.log_level),
    },
    Key {
        path: "limits.connections",
        set: |to, value, _| value.count(1_000_000).map(|count| to.limits.connections = count),
        show: |from| from.limits.connections.to_string(),
    },
    Key {
        path: "limits.connections_per_user",
        set: |to, value, _| value.count(10_000).map(|count| to.limits.connections_per_user = count),
        show: |from| from.limits.connections_per_user.to_string(),
    },
    Key {
        path: "limits.header_read",
        set: |to, value, _| value.duration(SECOND / 10, MINUTE * 10).map(|time| to.limits.header_read = time),
        show: |from| show_duration(from.limits.header_read),
    },
    Key {
        path: "limits.body_read",
        set: |to, value, _| value.duration(SECOND / 10, MINUTE * 10).map(|time| to.limits.body_read = time),
        show: |from| show_duration(from.limits.body_read),
    },
    Key {
        path: "limits.socket_silence",
        set: |to, value, _| value.duration(SECOND, HOUR).map(|time| to.limits.socket_silence = time),
        show: |from| show_duration(from.limits.socket_silence),
    },
    Key {
        path: "shutdown.drain",
        set: |to, value, _| value.duration(SECOND / 10, MINUTE * 10).map(|time| to.drain = time),
        show: |from| show_duration(from.drain),
    },
];

fn number(value: &Value, most: u16) -> Result<u32, String> {
    value.count(usize::from(most)).map(|count| u32::try_from(count).unwrap_or(u32::from(most)))
}

fn is_empty(value: &Value) -> bool {
    matches!(value, Value::Text(text) | Value::Untyped(text) if text.is_empty())
}

fn set_path(to: &mut Option<PathBuf>, value: &Value, folder: &Path) -> Result<(), String> {
    *to = value.optional_path()?.map(|path| folder.join(path));
    Ok(())
}

fn show_path(path: Option<&PathBuf>) -> String {
    path.map(|path| quoted(&path.to_string_lossy())).unwrap_or_default()
}

fn set_secret(to: &mut Option<Secret>, value: &Value) -> Result<(), String> {
    *to = value.optional_text()?.map(Secret::new);
    Ok(())
}

fn show_secret(secret: Option<&Secret>) -> String {
    secret.map(|_| "'***'".to_owned()).unwrap_or_default()
}

fn set_url(to: &mut Option<String>, value: &Value) -> Result<(), String> {
    let url = value.optional_text()?;
    let is_url = |url: &String| {
        url.parse::<http::Uri>()
            .is_ok_and(|uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some())
    };
    if url.as_ref().is_some_and(|url| !is_url(url)) {
        return Err("is not an http or https URL".to_owned());
    }
    *to = url;
    Ok(())
}

fn show_text(text: Option<&str>) -> String {
    text.map(quoted).unwrap_or_default()
}

/// Names of the app stand in paths and in `org#name`: nothing in them may need an escape there.
fn set_app_name(to: &mut Option<String>, value: &Value) -> Result<(), String> {
    let name = value.optional_text()?;
    if let Some(name) = &name {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if name.len() > limits::ID_BYTES || !name.chars().all(plain) {
            let most = limits::ID_BYTES;
            return Err(format!("{name:?} is not 1 to {most} letters (a-z, A-Z), digits, '-' and '_'"));
        }
    }
    *to = name;
    Ok(())
}

fn set_admins(to: &mut Settings, value: &Value) -> Result<(), String> {
    let ids = value.texts()?;
    to.admins = ids
        .iter()
        .map(|id| UserId::parse(id).map_err(|wrong| format!("{id:?} is not a user id: it {wrong}")))
        .collect::<Result<_, _>>()?;
    Ok(())
}

fn show_admins(from: &Settings) -> String {
    let ids: Vec<String> = from.admins.iter().map(|id| quoted(id.as_str())).collect();
    format!("[{}]", ids.join(", "))
}

/// Single-quoted YAML where the text needs it.
pub(super) fn quoted(text: &str) -> String {
    let simple = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
    let starts_like_text = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '.');
    let is_word = matches!(text, "true" | "false" | "null" | "yes" | "no");
    if starts_like_text && !is_word && text.chars().all(simple) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "''"))
    }
}
