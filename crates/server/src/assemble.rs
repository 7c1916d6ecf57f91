//! The whole product on one page: what there is, what it is given, and in which order it starts and stops.

mod background;
mod parts;

pub use parts::choose_app;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use ringback_callbacks::{Engine, SetRulesError};
use ringback_dialects::Dialects;
use ringback_domain::{Handovers, Presence};
use ringback_model::ports::Store;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::SystemClock;
use crate::http::exports::ExportDoor;
use crate::http::probes::Probes;
use crate::http::rates::Rates;
use crate::http::{Http, HttpParts};
use crate::listener;
use crate::product::Product;
use crate::rules::files::{Remark, RuleSource, log_remarks};
use crate::settings::{Loader, Settings, Vocabulary};
use crate::telemetry;
use crate::workers::Workers;
use crate::ws::Sockets;
use crate::ws::sessions::SessionTable;

use background::{Background, Serving, readiness};
use parts::{Front, Parts, Ports, bind_extra};

/// What to start.
pub struct Plan {
    /// Where the settings come from; they are read once more whenever rule files change.
    pub loader: Loader,
    /// The settings that were read.
    pub settings: Settings,
    /// For development: loopback only, a secret that everybody knows, private receivers allowed.
    pub dev: bool,
}

/// Why a server did not start.
#[derive(Debug)]
pub enum NotStarted {
    /// Something in the operator's files or flags: exit code 2.
    Wrong(Vec<Remark>),
    /// Anything else: exit code 1.
    Failed(anyhow::Error),
}

impl NotStarted {
    /// Rules that the engine does not take are the operator's to mend, unless it was the store that failed.
    fn of_rules(why: SetRulesError) -> Self {
        match why {
            SetRulesError::Fault(fault) => {
                Self::Failed(anyhow::Error::new(fault).context("the rules cannot be written down"))
            }
            wrong => Self::Wrong(vec![Remark::of_rules(&wrong)]),
        }
    }
}

impl From<anyhow::Error> for NotStarted {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

/// A running server.
pub struct Server {
    /// Where everything is served.
    pub address: SocketAddr,
    /// Where WebSockets alone are served.
    pub ws_address: Option<SocketAddr>,
    engine: Arc<Engine>,
    presence: Arc<Presence>,
    store: Arc<dyn Store>,
    connections: TaskTracker,
    stop_serving: CancellationToken,
    workers: Workers,
    drain: Duration,
}

/// The words that the dialects add to the settings.
#[must_use]
pub fn vocabulary(dialects: &Dialects) -> Vocabulary {
    let rule_keys = dialects.rule_formats.iter().map(|format| format.key()).collect();
    let rates = dialects.edges.iter().flat_map(|(_, edge)| edge.rates()).copied().collect();
    Vocabulary { settings: dialects.settings.clone(), rates, rule_keys }
}

fn rule_source(loader: Loader, parts: &Parts, dev: bool) -> RuleSource {
    RuleSource {
        env: Arc::clone(&loader.env),
        loader,
        formats: parts.dialects.rule_formats.clone(),
        allow_private: dev,
    }
}

fn sockets(
    parts: &Parts,
    sessions: Arc<SessionTable>,
    product: &Arc<dyn Product>,
    (connections, stop): (&TaskTracker, &CancellationToken),
) -> anyhow::Result<Arc<Sockets>> {
    let settings = &parts.settings;
    Ok(Arc::new(Sockets {
        dialect: parts.socket()?,
        sessions,
        product: Arc::clone(product),
        silence: settings.limits.socket_silence,
        login_policy: settings.login_policy,
        tracker: connections.clone(),
        stop: stop.clone(),
    }))
}

impl Server {
    /// Starts a server. It serves when this returns.
    ///
    /// # Errors
    /// Its files are wrong, an address is taken, or the store cannot be opened.
    pub async fn start(plan: Plan) -> Result<Self, NotStarted> {
        let Plan { loader, settings, dev } = plan;
        let parts = Parts::new(settings, dev);
        let source = rule_source(loader, &parts, dev);
        let rules = source.read(&parts.settings).map_err(NotStarted::Wrong)?;
        log_remarks(&rules.remarks);
        let (lists, seen_lists) = parts.settings.keywords.read().map_err(NotStarted::Wrong)?.into_parts();
        let metrics = telemetry::metrics()?;
        let tls = listener::tls::acceptor(&parts.settings.tls)?;
        let main = listener::bind(parts.settings.listen).await?;
        let extra = bind_extra(&parts.settings).await?;

        let (stop_serving, connections) = (CancellationToken::new(), TaskTracker::new());
        let workers = Workers::new(CancellationToken::new());
        let secret = parts.secret()?;
        let settings = &parts.settings;
        let store = parts.store().await?;
        let (presence, sessions) = parts.sessions();
        let handovers = Arc::new(Handovers::new());
        let engine = parts.engine(&workers, &store, &handovers).await?;
        let desk = parts.desk(&store, &engine, rules.rules).await.map_err(NotStarted::of_rules)?;
        let keywords = parts.keywords(&store, lists).await?;
        let uploads = parts.uploads(&secret).await?;
        let ports = Ports { store: &store, engine: &engine, keywords: &keywords };
        let im = parts.product(&secret, uploads.as_ref(), &ports, &sessions, &handovers).await?;
        let product: Arc<dyn Product> = Arc::new(Front(Arc::clone(&im)));
        let sockets = sockets(&parts, sessions, &product, (&connections, &stop_serving))?;
        let readiness = readiness(&store, &engine, &workers, &stop_serving);
        let probes = Probes { readiness, metrics: metrics.clone() };
        let http = Http::new(HttpParts {
            edges: parts.dialects.edges.iter().map(|(_, edge)| Arc::clone(edge)).collect(),
            default_edge: parts.default_edge()?,
            rates: Rates::new(&settings.rates)?,
            admin: parts.admin(&ports, &product, &desk, &connections),
            objects: parts.object_door(uploads.as_ref()),
            exports: Some(ExportDoor::new(Arc::clone(&im), ringback_dialects::history_line)),
            product,
            clock: Arc::new(SystemClock),
            secure: tls.is_some(),
            sockets,
            probes,
            body_read: settings.limits.body_read,
            tracker: connections.clone(),
        })?;

        let (address, ws_address) = (main.address, extra.as_ref().map(|bound| bound.address));
        let serving = Serving { settings, tls, connections: &connections, stop: &stop_serving };
        // The pusher begins at the end of the log as it finds it: before anybody can send.
        let background = Background {
            im,
            presence: Arc::clone(&presence),
            waker: parts.waker()?,
            uploads,
            store: Arc::clone(&store),
            engine: Arc::clone(&engine),
            desk,
            source,
            keywords: Arc::clone(&keywords),
            seen_lists,
            metrics,
        };
        background.start(&workers, settings);
        serving.start_all(&workers, &http, main, extra);
        let drain = settings.drain;
        Ok(Self { address, ws_address, engine, presence, store, connections, stop_serving, workers, drain })
    }

    /// What each rule has done and owes; for status pages.
    #[must_use]
    pub fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    /// Goes down in order: no new connections, requests under way end, sockets close, callbacks under way end,
    /// progress is written, the store closes.
    ///
    /// # Errors
    /// The store could not be closed; everything acknowledged is durable nevertheless.
    pub async fn shut_down(self) -> anyhow::Result<()> {
        let until = tokio::time::Instant::now() + self.drain;
        self.stop_serving.cancel();
        self.connections.close();
        if tokio::time::timeout_at(until, self.connections.wait()).await.is_err() {
            tracing::warn!(open = self.connections.len(), "connections were still busy and are dropped");
        }
        // All have gone now, and this is written down: it is told of by whoever starts next, where not by this one.
        if tokio::time::timeout(PRESENCE_WRITE, self.presence.settled()).await.is_err() {
            tracing::warn!("who was online when the server went down will be told after the next start");
        }
        // Writing progress down takes a moment even where connections have used up all the time there was.
        let left = until.duration_since(tokio::time::Instant::now()).max(PROGRESS_WRITE);
        let drained = self.engine.drain(left).await;
        if drained.cut > 0 || !drained.complete {
            tracing::warn!(
                cut = drained.cut,
                "callbacks were under way and are made again after the next start"
            );
        }
        self.workers.stop().cancel();
        if tokio::time::timeout(WORKERS_END, self.workers.ended()).await.is_err() {
            tracing::warn!("a background task did not end in time");
        }
        self.store.close().await.context("the store could not be closed")
    }
}

/// Time for writing down who went offline; what is left then is found out at the next start.
const PRESENCE_WRITE: Duration = Duration::from_secs(2);
/// Least time for writing the progress of rules down.
const PROGRESS_WRITE: Duration = Duration::from_secs(2);
/// Time that background tasks get to notice that the server stops.
const WORKERS_END: Duration = Duration::from_secs(5);
/// Development mode serves this machine only.
///
/// # Errors
/// Says which address is not a loopback address.
pub fn check_dev(settings: &Settings) -> anyhow::Result<()> {
    let addresses = [Some(settings.listen), settings.ws_listen];
    match addresses.into_iter().flatten().find(|address| !address.ip().is_loopback()) {
        None => Ok(()),
        Some(address) => Err(anyhow!(
            "--dev uses a secret that everybody knows, so it serves loopback addresses only; {address} is not one"
        )),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use ringback_model::app::App;

    use super::*;
    use crate::settings::{Flags, defaults};

    fn loader() -> Loader {
        let vocabulary = Arc::new(vocabulary(&ringback_dialects::all(&App::default())));
        Loader { file: None, env: Arc::new(|_| None), flags: Flags::new(), vocabulary }
    }

    #[test]
    fn the_printed_defaults_change_nothing() {
        let loader = loader();
        let printed = defaults::text(&loader.vocabulary);
        assert_eq!(loader.load_text(Path::new(""), &printed).unwrap(), loader.load().unwrap());
    }

    #[test]
    fn development_stays_on_this_machine() {
        let mut settings = Settings::default();
        assert!(check_dev(&settings).is_ok());
        settings.ws_listen = Some("0.0.0.0:1".parse().unwrap());
        let said = check_dev(&settings).unwrap_err().to_string();
        assert!(said.contains("0.0.0.0:1"), "{said}");
    }

    async fn started(folder: &Path, dev: bool) -> Server {
        let mut loader = loader();
        loader.flags = vec![
            ("listen", "127.0.0.1:0".to_owned()),
            ("ws_listen", "127.0.0.1:0".to_owned()),
            ("data_dir", folder.to_string_lossy().into_owned()),
        ];
        let settings = loader.load().unwrap();
        Server::start(Plan { loader, settings, dev }).await.unwrap()
    }

    /// The status of an answer, over a connection that stays open until the handle is dropped.
    async fn ask(server: &Server, request: http::Request<String>) -> (u16, tokio::task::JoinHandle<()>) {
        let stream = tokio::net::TcpStream::connect(server.address).await.unwrap();
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(hyper_util::rt::TokioIo::new(stream)).await.unwrap();
        let talking = tokio::spawn(async move { drop(connection.await) });
        (sender.send_request(request).await.unwrap().status().as_u16(), talking)
    }

    #[tokio::test]
    async fn a_server_starts_says_that_it_is_ready_and_goes_down() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("data");
        let server = started(&folder, false).await;
        assert!(crate::settings::secret::path_in(&folder).exists(), "a secret was made");
        assert_ne!(Some(server.address), server.ws_address);
        let get = |path: &str| http::Request::get(path).header("host", "x").body(String::new()).unwrap();
        let (status, talking) = ask(&server, get("/readyz")).await;
        assert_eq!(status, 200);
        assert_eq!(ask(&server, get("/admin/v1/rules")).await.0, 401, "strangers do not administer it");
        let down = tokio::time::timeout(Duration::from_secs(10), server.shut_down()).await;
        down.expect("an idle connection does not hold it up").unwrap();
        drop(talking);
    }

    #[tokio::test]
    async fn development_serves_an_app_that_everybody_knows() {
        let folder = tempfile::tempdir().unwrap();
        let body = r#"{"grant_type":"client_credentials","client_id":"demo","client_secret":"demo"}"#;
        let login = |path: &str| {
            let request = http::Request::post(path).header("host", "x");
            request.header("content-type", "application/json").body(body.to_owned()).unwrap()
        };
        for (dev, path, wanted) in [(true, "/app-id/demo/token", 200), (false, "/app-id/demo/token", 404)] {
            let server = started(&folder.path().join(dev.to_string()), dev).await;
            assert_eq!(ask(&server, login(path)).await.0, wanted, "dev: {dev}");
            server.shut_down().await.unwrap();
        }
    }
}
