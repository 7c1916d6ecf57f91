//! How each part of the product is made from the settings.

use std::sync::Arc;

use anyhow::Context as _;
use ringback_callbacks::{Engine, EngineParts, EngineSettings, HttpCaller, HttpCallerSettings, tls};
use ringback_dialects::Dialects;
use ringback_domain::{Handovers, Im, ImParts, ImSettings};
use ringback_model::command::{Actor, Call};
use ringback_model::failure::Failure;
use ringback_model::ports::{Fut, Sessions, Store};
use ringback_store::StoreSettings;

use crate::clock::{SystemClock, SystemDice};
use crate::listener::{self, Bound};
use crate::product::{Done, Product};
use crate::settings::{Secret, Settings, secret};
use crate::ws::sessions::SessionTable;

pub(super) async fn bind_extra(settings: &Settings) -> anyhow::Result<Option<Bound>> {
    match settings.ws_listen {
        Some(address) => listener::bind(address).await.map(Some),
        None => Ok(None),
    }
}

pub(super) fn choose_secret(settings: &Settings, dev: bool, dialects: &Dialects) -> anyhow::Result<Secret> {
    if dev && settings.secret.is_none() && settings.secret_file.is_none() {
        return Ok(Secret::new(dialects.dev.secret.to_owned()));
    }
    secret::resolve(settings)
}

pub(super) async fn open_store(settings: &Settings) -> anyhow::Result<Arc<dyn Store>> {
    let path = settings.data_dir.clone();
    let choices = StoreSettings {
        log_keep: settings.log_keep,
        log_max_bytes: settings.log_max_bytes,
        history_keep: settings.history_keep,
        ..StoreSettings::default()
    };
    let shown = path.display().to_string();
    let opened = tokio::task::spawn_blocking(move || ringback_store::open(&path, choices)).await;
    opened?.with_context(|| format!("cannot open the data folder {shown}"))
}

pub(super) async fn start_engine(
    settings: &Settings,
    dialects: &Dialects,
    store: &Arc<dyn Store>,
    handovers: &Arc<Handovers>,
) -> anyhow::Result<Arc<Engine>> {
    // Said now, and not at the first call: it would fail every call over HTTPS.
    if let Some(path) = &settings.tls.ca_file {
        tls::authorities(path).context("tls.ca_file cannot be used")?;
    }
    let caller = HttpCaller::new(HttpCallerSettings {
        ca_file: settings.tls.ca_file.clone(),
        ..HttpCallerSettings::default()
    })?;
    let parts = EngineParts {
        log: Arc::clone(store) as _,
        progress: Arc::clone(store) as _,
        book: Arc::clone(store) as _,
        contracts: dialects.contracts.clone(),
        handover: Arc::clone(handovers) as _,
        clock: Arc::new(SystemClock),
        dice: Arc::new(SystemDice),
        caller: Arc::new(caller),
        settings: EngineSettings { gate_max_wait: settings.gate_max_wait, ..EngineSettings::default() },
    };
    Engine::start(parts).await.context("the callback engine cannot start")
}

pub(super) async fn start_product(
    settings: &Settings,
    secret: &Secret,
    dialects: &Dialects,
    store: &Arc<dyn Store>,
    engine: &Arc<Engine>,
    sessions: &Arc<SessionTable>,
    handovers: &Arc<Handovers>,
) -> anyhow::Result<Arc<Im>> {
    let parts = ImParts {
        store: Arc::clone(store),
        gate: engine.gate(),
        sessions: Arc::clone(sessions) as Arc<dyn Sessions>,
        handovers: Arc::clone(handovers),
        clock: Arc::new(SystemClock),
        dice: Arc::new(SystemDice),
        tokens: Arc::clone(&dialects.tokens),
        settings: ImSettings {
            secret: secret.reveal().to_owned(),
            admins: settings.admins.clone(),
            token_validity: settings.token_validity,
        },
    };
    Im::new(parts).await.context("the product cannot start")
}

/// The product, as HTTP and WebSocket see it.
pub(super) struct Front(pub(super) Arc<Im>);

impl Product for Front {
    fn authenticate<'a>(&'a self, token: &'a str) -> Fut<'a, Result<Actor, Failure>> {
        Box::pin(self.0.authenticate(token))
    }

    fn execute(&self, call: Call) -> Fut<'_, Result<Done, Failure>> {
        Box::pin(async move {
            let done = self.0.execute(call).await?;
            Ok(Done { outcome: done.outcome, answered: Box::new(done.answered) })
        })
    }
}
