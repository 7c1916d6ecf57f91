//! What runs for as long as the server does: listeners, the pusher, the watcher of rule files, housekeeping.

use std::sync::Arc;
use std::time::Duration;

use metrics_exporter_prometheus::PrometheusHandle;
use ringback_callbacks::{Engine, SetRulesError};
use ringback_domain::{Im, Presence, Uploads, Waker};
use ringback_model::limits;
use ringback_model::object::Swept;
use ringback_model::ports::{Clock as _, Store};
use ringback_model::rule::Rule;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::SystemClock;
use crate::http::probes::Readiness;
use crate::http::{Http, ReplyBody};
use crate::keywords::KeywordDesk;
use crate::keywords::files::Seen;
use crate::listener::{self, Bound, Handler, Listening};
use crate::rules::RuleDesk;
use crate::rules::files::{Apply, RuleSource};
use crate::settings::Settings;
use crate::workers::Workers;

/// How often events and parked deliveries beyond their time are forgotten.
const EXPIRE_EVERY: Duration = Duration::from_secs(60);
/// Wait after rules could not be written down.
const APPLY_AGAIN: Duration = Duration::from_secs(10);
/// How often the recorder of metrics tidies its histograms.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);

pub(super) fn readiness(
    store: &Arc<dyn Store>,
    engine: &Arc<Engine>,
    workers: &Workers,
    stop: &CancellationToken,
) -> Readiness {
    let (store, engine) = (Arc::clone(store), Arc::clone(engine));
    let (workers, stop) = (workers.clone(), stop.clone());
    Arc::new(move || {
        let dead = [workers.dead(), engine.dead_tasks()].concat();
        let tasks = if dead.is_empty() { Ok(()) } else { Err(format!("ended: {}", dead.join(", "))) };
        let serving = if stop.is_cancelled() { Err("the server is going down".to_owned()) } else { Ok(()) };
        vec![("store", store.writable()), ("tasks", tasks), ("serving", serving)]
    })
}

/// What listeners have in common.
pub(super) struct Serving<'a> {
    pub(super) settings: &'a Settings,
    pub(super) tls: Option<TlsAcceptor>,
    pub(super) connections: &'a TaskTracker,
    pub(super) stop: &'a CancellationToken,
}

impl Serving<'_> {
    /// One listener serves everything; a second one, where there is one, WebSockets only.
    pub(super) fn start_all(&self, workers: &Workers, http: &Arc<Http>, main: Bound, extra: Option<Bound>) {
        let everything = Arc::clone(http);
        let handler: Handler<ReplyBody> = Arc::new(move |request| everything.answer(request));
        self.start(workers, "listener", main, handler);
        let Some(extra) = extra else { return };
        let sockets = Arc::clone(http);
        let handler: Handler<ReplyBody> =
            Arc::new(move |request| Box::pin(Arc::clone(&sockets).answer_sockets_only(request)));
        self.start(workers, "ws_listener", extra, handler);
    }

    fn start(&self, workers: &Workers, name: &'static str, bound: Bound, handler: Handler<ReplyBody>) {
        let listening = Arc::new(Listening {
            name,
            tls: self.tls.clone(),
            connections: self.settings.limits.connections,
            header_read: self.settings.limits.header_read,
            handler,
            tracker: self.connections.clone(),
            stop: self.stop.clone(),
        });
        workers.start_until(name, self.stop.clone(), listener::run(bound, listening));
    }
}

/// What runs besides the listeners.
pub(super) struct Background {
    pub(super) im: Arc<Im>,
    pub(super) presence: Arc<Presence>,
    pub(super) waker: Waker,
    pub(super) uploads: Option<Arc<Uploads>>,
    pub(super) store: Arc<dyn Store>,
    pub(super) engine: Arc<Engine>,
    pub(super) desk: Arc<RuleDesk>,
    pub(super) source: RuleSource,
    pub(super) keywords: Arc<KeywordDesk>,
    /// What the word lists were read from.
    pub(super) seen_lists: Vec<Seen>,
    pub(super) metrics: PrometheusHandle,
}

impl Background {
    pub(super) fn start(self, workers: &Workers, settings: &Settings) {
        let stop = workers.stop();
        let (im, presence, until) = (Arc::clone(&self.im), self.presence, stop.clone());
        workers.start("presence", async move { im.run_presence(&presence, until).await });
        workers.start("offline_push", Arc::clone(&self.im).run_waker(self.waker, stop.clone()));
        if let Some(after) = settings.room_leave_after {
            workers.start("rooms", Arc::clone(&self.im).run_room_keeper(after, stop.clone()));
        }
        workers.start("statistics", Arc::clone(&self.im).run_counter(stop.clone()));
        let (teller, until) = (Arc::clone(&self.im), stop.clone());
        workers.start("profile_news", async move { teller.run_profile_news(until).await });
        let mentions = Arc::clone(&self.im).run_mentions(ringback_dialects::mentions, stop.clone());
        workers.start("mentions", mentions);
        let (views, until) = (Arc::clone(&self.im), stop.clone());
        let expire = move || {
            // A pass over very many users must not hold the shutdown.
            let (views, until) = (Arc::clone(&views), until.clone());
            async move {
                tokio::select! {
                    () = until.cancelled() => {}
                    () = expire_views(views) => {}
                }
            }
        };
        workers.start("view_expiry", every(limits::EXPIRE_VIEWS_EVERY, stop.clone(), expire));
        let (pusher, until) = (self.im, stop.clone());
        workers.start("pusher", async move { pusher.run_pusher(until).await });
        let (desk, until) = (self.desk, stop.clone());
        let apply: Apply = Arc::new(move |rules| {
            let (desk, until) = (Arc::clone(&desk), until.clone());
            Box::pin(
                async move { apply_rules(&desk, rules, &until).await.map_err(|error| error.to_string()) },
            )
        });
        workers.start("rule_source", self.source.watch(settings.clone(), apply, stop.clone()));
        let lists = settings.keywords.clone().watch(self.keywords, self.seen_lists, stop.clone());
        workers.start("word_lists", lists);
        let log = self.store;
        let expire = move || expire_log(Arc::clone(&log));
        workers.start("expiry", every(EXPIRE_EVERY, stop.clone(), expire));
        let engine = self.engine;
        let expire = move || expire_parked(Arc::clone(&engine));
        let period = parked_period(settings.storage.keep);
        workers.start("parked_expiry", every(period, stop.clone(), expire));
        if let Some(uploads) = self.uploads {
            let sweep = move || sweep_uploads(Arc::clone(&uploads));
            workers.start("upload_expiry", every(limits::OBJECT_SWEEP_EVERY, stop.clone(), sweep));
        }
        let metrics = self.metrics;
        let upkeep = move || {
            metrics.run_upkeep();
            std::future::ready(())
        };
        workers.start("metrics", every(UPKEEP_EVERY, stop, upkeep));
    }
}

async fn expire_log(log: Arc<dyn Store>) {
    match log.expire(SystemClock.now()).await {
        Ok(0) => {}
        Ok(events) => tracing::info!(events, "events have left the log"),
        Err(error) => tracing::error!(%error, "the log cannot be tidied"),
    }
}

async fn expire_views(im: Arc<Im>) {
    match im.expire_views().await {
        Ok(0) => {}
        Ok(conversations) => tracing::info!(conversations, "messages that users keep for a while have gone"),
        Err(error) => tracing::error!(%error, "messages that users keep for a while cannot be looked for"),
    }
}

async fn sweep_uploads(uploads: Arc<Uploads>) {
    match uploads.sweep().await {
        Ok(swept) if swept == Swept::default() => {}
        Ok(Swept { uploads, names, contents }) => {
            tracing::info!(uploads, names, contents, "objects beyond their time were removed");
        }
        Err(error) => tracing::error!(%error, "objects beyond their time cannot be removed"),
    }
}

/// The engine says itself how many have gone, and whose they were.
async fn expire_parked(engine: Arc<Engine>) {
    if let Err(error) = engine.expire_parked(SystemClock.now()).await {
        tracing::error!(%error, "parked deliveries beyond their time cannot be forgotten");
    }
}

/// How often parked deliveries are looked over: what is kept for a short time must not stay several times as long.
fn parked_period(keep: Duration) -> Duration {
    (keep / 10).clamp(Duration::from_secs(1), EXPIRE_EVERY)
}

/// Puts rules into force. A store that does not take them now, being full perhaps, is asked again: nobody would touch
/// the operator's file a second time.
async fn apply_rules(
    desk: &RuleDesk,
    rules: Vec<Rule>,
    stop: &CancellationToken,
) -> Result<(), SetRulesError> {
    loop {
        let fault = match desk.set_file_rules(rules.clone()).await {
            Err(SetRulesError::Fault(fault)) => fault,
            done => return done,
        };
        tracing::error!(%fault, "changed rules could not be written down; trying again");
        tokio::select! {
            () = stop.cancelled() => return Err(SetRulesError::Fault(fault)),
            () = tokio::time::sleep(APPLY_AGAIN) => {}
        }
    }
}

/// Does something regularly until stopped.
async fn every<F: Future<Output = ()>>(
    period: Duration,
    stop: CancellationToken,
    mut act: impl FnMut() -> F,
) {
    let mut ticks = tokio::time::interval(period);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            _ = ticks.tick() => act().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_for_a_short_time_is_looked_over_more_often() {
        for (keep, wanted) in [(1, 1), (10, 1), (100, 10), (600, 60), (3 * 86_400, 60)] {
            assert_eq!(parked_period(Duration::from_secs(keep)), Duration::from_secs(wanted), "{keep}");
        }
    }
}
