//! Log lines and metrics of the process. Set up once; what is logged where is the business of those who log.

use std::sync::OnceLock;

use anyhow::Context as _;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

use crate::metric_help;
use crate::settings::{LogFormat, Settings};

/// Upper bounds of the buckets of every histogram of seconds: from a loopback call to the longest timeout.
const SECONDS: [f64; 16] =
    [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0];

/// Upper bounds of the buckets of commits per durable write.
const COMMITS: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];

/// Checks a filter of log lines.
///
/// # Errors
/// A clause about it.
pub fn check_filter(filter: &str) -> Result<(), String> {
    EnvFilter::try_new(filter)
        .map(drop)
        .map_err(|error| format!("{filter:?} is not a filter of log lines: {error}"))
}

/// Starts logging to standard error. A second call changes nothing: the first logger stays.
///
/// # Errors
/// The filter cannot be read.
pub fn start_logging(settings: &Settings) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&settings.log_level).context("logging.level cannot be read")?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match settings.log_format {
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
        LogFormat::Text => {
            use std::io::IsTerminal as _;
            let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
            builder.with_ansi(colours).try_init()
        }
    };
    drop(started);
    Ok(())
}

/// The metrics of this process, rendered by `/metrics`. One recorder for the life of the process.
///
/// # Errors
/// Another recorder was installed before.
pub fn metrics() -> anyhow::Result<PrometheusHandle> {
    static HANDLE: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
    let handle =
        HANDLE.get_or_init(|| install().inspect_err(|error| tracing::error!(%error, "no metrics")).ok());
    handle.clone().context("metrics could not be started")
}

fn install() -> anyhow::Result<PrometheusHandle> {
    let recorder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?
        .set_buckets_for_metric(Matcher::Full(metric_help::GROUP_COMMITS.to_owned()), &COMMITS)?
        .build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).map_err(|error| anyhow::anyhow!("{error}"))?;
    metric_help::describe();
    Ok(handle)
}
