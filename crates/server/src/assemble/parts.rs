//! How each part of the product is made from the settings.

use std::sync::Arc;

use anyhow::Context as _;
use futures_util::TryFutureExt as _;
use ringback_callbacks::{
    Caller, Engine, EngineParts, EngineSettings, HttpCaller, HttpCallerSettings, SetRulesError, tls,
};
use ringback_dialects::{DevDefaults, Dialects};
use ringback_domain::{
    Handovers, Im, ImParts, ImSettings, Presence, UploadParts, UploadSettings, Uploads, Waker,
};
use ringback_model::app::{App, AppKeys};
use ringback_model::command::{Actor, Call};
use ringback_model::dialect::{Edge, Socket};
use ringback_model::failure::Failure;
use ringback_model::keyword::WordList;
use ringback_model::object::Objects;
use ringback_model::ports::{Clock as _, Fut, Sessions, Store, TokenKeys, Traces};
use ringback_model::presence::PresenceWatch;
use ringback_model::rule::Rule;
use ringback_objects::{BucketSettings, HmacSeals, SmallPictures};
use ringback_store::{StoreSettings, TraceSettings};
use tokio_util::task::TaskTracker;

use super::NotStarted;
use crate::admin::{Admin, AdminParts};
use crate::checked_tokens::CheckedTokens;
use crate::clock::{SystemClock, SystemDice};
use crate::http::ReplyBody;
use crate::http::objects::ObjectDoor;
use crate::keywords::desk::KeywordParts;
use crate::keywords::{KeywordDesk, KeywordError};
use crate::listener::{self, Bound, Handler};
use crate::otel::{Export, ExportParts};
use crate::passwords::ArgonPasswords;
use crate::product::{Done, Product};
use crate::push;
use crate::rules::draft::Workshop;
use crate::rules::files::Remark;
use crate::rules::{DeskParts, RuleDesk};
use crate::settings::{ObjectBackend, Secret, Settings, secret};
use crate::workers::Workers;
use crate::ws::sessions::SessionTable;

pub(super) async fn bind_extra(settings: &Settings) -> anyhow::Result<Option<Bound>> {
    match settings.ws_listen {
        Some(address) => listener::bind(address).await.map(Some),
        None => Ok(None),
    }
}

/// The app that these settings name, and what proves that a caller speaks for it. In development mode, what they do
/// not say is what the dialects' own samples say.
#[must_use]
pub fn choose_app(settings: &Settings, dev: Option<DevDefaults>) -> (App, AppKeys) {
    let Some(dev) = dev else {
        return (settings.app.named(App::default()), settings.app.keys());
    };
    let known = App { id: dev.app_id.to_owned(), org: dev.app_org.to_owned(), name: dev.app_name.to_owned() };
    let mut keys = settings.app.keys();
    if keys.client_id.is_none() {
        keys.client_id = Some(dev.client_id.to_owned());
        keys.client_secret = Some(dev.client_secret.to_owned());
    }
    (settings.app.named(known), keys)
}

/// Number of the first connection of this start: no start makes a million connections per millisecond, so the next one
/// begins beyond.
fn first_connection() -> u64 {
    u64::try_from(SystemClock.now().0).unwrap_or(0) << 20
}

/// What the product and the admin API are put on.
#[derive(Clone, Copy)]
pub(super) struct Ports<'a> {
    pub(super) store: &'a Arc<dyn Store>,
    pub(super) engine: &'a Arc<Engine>,
    pub(super) keywords: &'a Arc<KeywordDesk>,
}

/// What every part of the product is made from.
pub(super) struct Parts {
    pub(super) settings: Settings,
    pub(super) dialects: Dialects,
    dev: bool,
    app: App,
    app_keys: AppKeys,
}

impl Parts {
    pub(super) fn new(settings: Settings, dev: bool) -> Self {
        let defaults = dev.then(|| ringback_dialects::all(&App::default()).dev);
        let (app, app_keys) = choose_app(&settings, defaults);
        Self { dialects: ringback_dialects::all(&app), settings, dev, app, app_keys }
    }

    pub(super) fn default_edge(&self) -> anyhow::Result<Arc<dyn Edge>> {
        self.dialects.fallback_edge().map(Arc::clone).context("no dialect answers unknown paths")
    }

    pub(super) fn socket(&self) -> anyhow::Result<Arc<dyn Socket>> {
        let first = self.dialects.sockets.first().map(|(_, socket)| Arc::clone(socket));
        first.context("no dialect speaks WebSocket")
    }

    pub(super) fn secret(&self) -> anyhow::Result<Secret> {
        if self.dev && self.settings.secret.is_none() && self.settings.secret_file.is_none() {
            return Ok(Secret::new(self.dialects.dev.secret.to_owned()));
        }
        secret::resolve(&self.settings)
    }

    pub(super) async fn store(&self) -> anyhow::Result<Arc<dyn Store>> {
        let path = self.settings.data_dir.clone();
        let choices = StoreSettings {
            log_keep: self.settings.log_keep,
            log_max_bytes: self.settings.log_max_bytes,
            history_keep: self.settings.history_keep,
            ..StoreSettings::default()
        };
        let shown = path.display().to_string();
        let opened = tokio::task::spawn_blocking(move || ringback_store::open(&path, choices)).await;
        opened?.with_context(|| format!("cannot open the data folder {shown}"))
    }

    /// What is remembered for those who ask why, and told to a collector where there is one. The data folder is there.
    async fn traces(
        &self,
        workers: &Workers,
        caller: &Arc<dyn Caller>,
    ) -> anyhow::Result<Option<Arc<dyn Traces>>> {
        let remembers = self.remembered().await?;
        let choices = &self.settings.otel;
        let Some(endpoint) = choices.endpoint.clone() else { return Ok(remembers) };
        let authorization = choices.authorization.as_ref().map(|secret| secret.reveal().to_owned());
        let export = Export::new(ExportParts {
            endpoint,
            headers: authorization.into_iter().map(|value| ("authorization".to_owned(), value)).collect(),
            service: choices.service.clone(),
            caller: Arc::clone(caller),
            remembers,
        });
        workers.start("otel", Arc::clone(&export).run(workers.stop()));
        Ok(Some(export))
    }

    /// What is remembered.
    async fn remembered(&self) -> anyhow::Result<Option<Arc<dyn Traces>>> {
        let choices = &self.settings.why;
        if !choices.record {
            return Ok(None);
        }
        let (path, choices) = (
            self.settings.data_dir.clone(),
            TraceSettings { keep: choices.keep, max_bytes: choices.max_bytes },
        );
        let shown = path.display().to_string();
        let opened = tokio::task::spawn_blocking(move || ringback_store::traces(&path, choices)).await;
        opened?.map(Some).with_context(|| format!("cannot open what is remembered in {shown}"))
    }

    /// Who is connected, and who is told of it.
    pub(super) fn sessions(&self) -> (Arc<Presence>, Arc<SessionTable>) {
        let presence = Arc::new(Presence::new(Arc::new(SystemClock)));
        let watch = Arc::clone(&presence) as Arc<dyn PresenceWatch>;
        let per_user = self.settings.limits.connections_per_user;
        (presence, SessionTable::new(per_user, first_connection(), watch))
    }

    /// Opens connections to addresses that operator and users name.
    fn caller(&self) -> anyhow::Result<HttpCaller> {
        let ca_file = self.settings.tls.ca_file.clone();
        Ok(HttpCaller::new(HttpCallerSettings { ca_file, ..HttpCallerSettings::default() })?)
    }

    /// How sleeping devices are woken.
    pub(super) fn waker(&self) -> anyhow::Result<Waker> {
        let choices = &self.settings.push;
        let provider = push::provider(choices, || Ok(Arc::new(self.caller()?)))?;
        Ok(Waker { provider, keep: choices.keep, title: choices.title.clone() })
    }

    pub(super) async fn engine(
        &self,
        workers: &Workers,
        store: &Arc<dyn Store>,
        handovers: &Arc<Handovers>,
    ) -> anyhow::Result<Arc<Engine>> {
        let settings = &self.settings;
        // Said now, and not at the first call: it would fail every call over HTTPS.
        if let Some(path) = &settings.tls.ca_file {
            tls::authorities(path).context("tls.ca_file cannot be used")?;
        }
        let caller: Arc<dyn Caller> = Arc::new(self.caller()?);
        let parts = EngineParts {
            log: Arc::clone(store) as _,
            progress: Arc::clone(store) as _,
            book: Arc::clone(store) as _,
            parked_book: Arc::clone(store) as _,
            ban_book: Arc::clone(store) as _,
            traces: self.traces(workers, &caller).await?,
            contracts: self.dialects.contracts.clone(),
            handover: Arc::clone(handovers) as _,
            clock: Arc::new(SystemClock),
            dice: Arc::new(SystemDice),
            caller,
            settings: EngineSettings {
                gate_max_wait: settings.gate_max_wait,
                storage_enabled: settings.storage.enabled,
                storage_keep: settings.storage.keep,
                storage_zone_min: settings.storage.zone_min,
                private_targets: self.dev,
                ban: settings.ban,
                ..EngineSettings::default()
            },
        };
        Engine::start(parts).await.context("the callback engine cannot start")
    }

    /// Puts the rules of the operator's files, and those that were made before, into force.
    pub(super) async fn desk(
        &self,
        store: &Arc<dyn Store>,
        engine: &Arc<Engine>,
        files: Vec<Rule>,
    ) -> Result<Arc<RuleDesk>, SetRulesError> {
        let parts = DeskParts {
            engine: Arc::clone(engine) as _,
            shelf: Arc::clone(store) as _,
            log: Arc::clone(store) as _,
            workshop: Workshop {
                contracts: self.dialects.contracts.clone(),
                settings: self.settings.switches.clone(),
                app: self.app.clone(),
                allow_private: self.dev,
            },
            most_rules: self.settings.rules_max,
            clock: Arc::new(SystemClock),
            dice: Arc::new(SystemDice),
        };
        RuleDesk::open(parts, files).await
    }

    /// Puts the word lists of the operator's file, and those that were made before, into force.
    pub(super) async fn keywords(
        &self,
        store: &Arc<dyn Store>,
        files: Vec<WordList>,
    ) -> Result<Arc<KeywordDesk>, NotStarted> {
        let parts = KeywordParts {
            store: Arc::clone(store),
            clock: Arc::new(SystemClock),
            words: ringback_dialects::content::words,
            with_words: ringback_dialects::content::with_words,
        };
        KeywordDesk::open(parts, files).await.map_err(|error| match error {
            KeywordError::Unusable(why) => NotStarted::Wrong(vec![Remark::of_keywords(why)]),
            other => NotStarted::Failed(other.into()),
        })
    }

    /// Uploads, unless they are switched off.
    pub(super) async fn uploads(&self, secret: &Secret) -> anyhow::Result<Option<Arc<Uploads>>> {
        let settings = &self.settings.objects;
        let objects = match settings.backend {
            ObjectBackend::Off => return Ok(None),
            ObjectBackend::Local => self.object_folder().await?,
            ObjectBackend::S3 => {
                let bucket = self.bucket_settings();
                ringback_objects::bucket(&bucket, Arc::new(SystemClock))
                    .context("objects.s3 cannot be used")?
            }
        };
        Ok(Some(Arc::new(Uploads::new(UploadParts {
            objects,
            seals: Arc::new(HmacSeals::new(secret.clone())),
            clock: Arc::new(SystemClock),
            dice: Arc::new(SystemDice),
            thumbnails: Arc::new(SmallPictures::default()),
            settings: UploadSettings {
                max_bytes: settings.max_bytes,
                expiry: settings.upload_expiry,
                keep: settings.keep,
            },
        }))))
    }

    pub(super) fn object_door(&self, uploads: Option<&Arc<Uploads>>) -> Option<Arc<ObjectDoor>> {
        let door = |uploads| ObjectDoor::new(Arc::clone(uploads), self.settings.limits.body_read);
        uploads.map(door).map(Arc::new)
    }

    async fn object_folder(&self) -> anyhow::Result<Arc<dyn Objects>> {
        let folder = self.settings.objects.folder.clone();
        let folder = folder.unwrap_or_else(|| self.settings.data_dir.join("objects"));
        let shown = folder.display().to_string();
        let opened = tokio::task::spawn_blocking(move || ringback_objects::folder(&folder)).await;
        opened?.with_context(|| format!("cannot open the folder of objects {shown}"))
    }

    fn bucket_settings(&self) -> BucketSettings {
        let s3 = self.settings.objects.s3.clone();
        BucketSettings {
            endpoint: s3.endpoint.unwrap_or_default(),
            region: s3.region,
            bucket: s3.bucket.unwrap_or_default(),
            access_key: s3.access_key.map(Secret::into_text).unwrap_or_default(),
            secret_key: s3.secret_key.unwrap_or_else(|| Secret::new(String::new())),
            path_style: s3.path_style,
            ca_file: self.settings.tls.ca_file.clone(),
        }
    }

    pub(super) async fn product(
        &self,
        secret: &Secret,
        uploads: Option<&Arc<Uploads>>,
        ports: &Ports<'_>,
        sessions: &Arc<SessionTable>,
        handovers: &Arc<Handovers>,
    ) -> anyhow::Result<Arc<Im>> {
        let Ports { store, engine, keywords } = *ports;
        let parts = ImParts {
            store: Arc::clone(store),
            gate: engine.gate(),
            keywords: Arc::clone(keywords) as _,
            sessions: Arc::clone(sessions) as Arc<dyn Sessions>,
            handovers: Arc::clone(handovers),
            clock: Arc::new(SystemClock),
            dice: Arc::new(SystemDice),
            tokens: Arc::new(CheckedTokens::new(Arc::clone(&self.dialects.tokens))),
            passwords: Arc::new(ArgonPasswords::new(Arc::new(SystemDice))),
            storage: Arc::clone(engine) as _,
            uploads: uploads.map(Arc::clone),
            seals: Arc::new(HmacSeals::new(secret.clone())),
            settings: ImSettings {
                keys: TokenKeys {
                    secret: secret.reveal().to_owned(),
                    app: self.app.clone(),
                    keys: self.app_keys.clone(),
                },
                admins: self.settings.admins.clone(),
                token_validity: self.settings.token_validity,
                app_token_validity: self.settings.app_token_validity,
                friends_only: self.settings.friends_only,
                recall_window: self.settings.recall_window,
                zone_min: self.settings.storage.zone_min,
                login_policy: self.settings.login_policy,
            },
        };
        Im::new(parts).await.context("the product cannot start")
    }

    /// The admin API, on top of everything else.
    pub(super) fn admin(
        &self,
        ports: &Ports<'_>,
        product: &Arc<dyn Product>,
        desk: &Arc<RuleDesk>,
        tracker: &TaskTracker,
    ) -> Handler<ReplyBody> {
        let Ports { store, engine, keywords } = *ports;
        let admin = Admin::new(AdminParts {
            desk: Arc::clone(desk),
            keywords: Arc::clone(keywords),
            engine: Arc::clone(engine),
            product: Arc::clone(product),
            edges: self.dialects.edges.clone(),
            samples: ringback_dialects::samples,
            conversations: ringback_dialects::conversations,
            content: ringback_dialects::content_of,
            history: Arc::clone(store) as _,
            clock: Arc::new(SystemClock),
            body_read: self.settings.limits.body_read,
            tracker: tracker.clone(),
        });
        Arc::new(move |request| Box::pin(Arc::clone(&admin).answer(request)))
    }
}

/// The product, as HTTP and WebSocket see it.
pub(super) struct Front(pub(super) Arc<Im>);

impl Product for Front {
    fn authenticate<'a>(&'a self, token: &'a str) -> Fut<'a, Result<Actor, Failure>> {
        Box::pin(self.0.authenticate(token))
    }

    fn execute(&self, call: Call) -> Fut<'_, Result<Done, Failure>> {
        let boxed =
            |done: ringback_domain::Done| Done { outcome: done.outcome, answered: Box::new(done.answered) };
        Box::pin(self.0.execute(call).map_ok(boxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn development_names_the_app_where_the_settings_do_not() {
        let dev = ringback_dialects::all(&App::default()).dev;
        let mut settings = Settings::default();
        let (app, keys) = choose_app(&settings, None);
        assert_eq!((app, keys), (App::default(), AppKeys::default()));
        let (app, keys) = choose_app(&settings, Some(dev));
        assert_eq!((app.id.as_str(), app.key().as_str()), ("demo", "demo#demo"));
        assert_eq!(keys.client_id.as_deref(), Some("demo"));
        assert_eq!((keys.client_secret.as_deref(), keys.certificate), (Some("demo"), None));

        settings.app.org = Some("acme".to_owned());
        settings.app.client_id = Some("me".to_owned());
        settings.app.client_secret = Some(Secret::new("hush".to_owned()));
        let (app, keys) = choose_app(&settings, Some(dev));
        assert_eq!(app.key(), "acme#demo");
        assert_eq!((keys.client_id.as_deref(), keys.client_secret.as_deref()), (Some("me"), Some("hush")));
    }
}
