//! One campaign from its first start to its last check.

use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::backend::Backend;
use super::churn::{self, Made};
use super::history::History;
use super::load::{self, Load, Shared, USERS};
use super::moments::{self, Scene};
use super::plan::{Life, Plan};
use super::relations::{self, Relations};
use super::report::{Count, Failure, Progress, Violation};
use super::rules::{self, Changing};
use super::{Campaign, callbacks, parked};
use crate::app::platform;
use crate::client::Login;
use crate::family::Family;
use crate::receiver::Receiver;

/// Devices from which each of the chatting users sends at once, and backends that send over REST.
const DEVICES: [i32; 3] = [platform::WEB, platform::IOS, platform::ANDROID];
const CHATTING: usize = 4;
const BACKENDS: usize = 3;
/// Load after the last kill.
const LAST_LIFE: Duration = Duration::from_millis(300);
/// Longest wait for the senders' end.
const SENDERS_END: Duration = Duration::from_secs(60);

/// Runs it; `told` hears of every kill.
///
/// # Errors
/// The first thing that was wrong, be it with the server or with reaching it.
pub async fn run(campaign: &Campaign, mut told: impl FnMut(&Progress)) -> Result<Count, Failure> {
    let kill = AtomicU64::new(0);
    let (folder, count) = (Mutex::new(None), Mutex::new(Count::default()));
    let running = async {
        let mut stage = Stage::set(campaign).await;
        *folder.lock().unwrap() = Some(stage.family.app.server.folder().to_owned());
        stage.family.app.server.keep_folder(true);
        let played = stage.play(campaign, &kill, &mut told).await;
        stage.family.app.server.keep_folder(played.is_err());
        *count.lock().unwrap() = stage.counted();
        played
    };
    // The harness panics where it cannot go on, for instance when the server does not start.
    let ended = AssertUnwindSafe(running).catch_unwind().await;
    let outcome = ended.unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<String>().map(String::as_str);
        let said = said.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic");
        Err(Violation::new("the server can be reached and answers", said))
    });
    let folder: Option<PathBuf> = folder.into_inner().unwrap();
    let mut count = count.into_inner().unwrap();
    count.kills = kill.into_inner();
    match outcome {
        Ok(()) => Ok(count),
        Err(violation) => Err(Failure { seed: campaign.seed, count: Box::new(count), violation, folder }),
    }
}

/// Server, backend and senders.
struct Stage {
    family: Family,
    backend: Arc<Backend>,
    receiver: Receiver,
    lives: watch::Sender<std::net::SocketAddr>,
    shared: Arc<Shared>,
    made: Arc<Made>,
    relations: Arc<Relations>,
    senders: JoinSet<()>,
    history: History,
    changing: Changing,
    count: Count,
}

impl Stage {
    async fn set(campaign: &Campaign) -> Self {
        let (backend, receiver) = Backend::start().await;
        let mut setup = rules::setup(&receiver.url());
        if let Some(binary) = &campaign.binary {
            setup = setup.binary(binary);
        }
        if let Some(root) = &campaign.root {
            setup = setup.below(root);
        }
        let family = Family::start(setup, &USERS).await;
        rules::make(&family, &receiver.url()).await;
        let group = family.app.group(USERS[0], &USERS[1..]).await;
        let (lives, addr) = watch::channel(family.app.server.addr());
        let (shared, made) = (Arc::<Shared>::default(), Arc::<Made>::default());
        let load = Load { addr, group: group.clone(), shared: Arc::clone(&shared) };
        let relations = Arc::<Relations>::default();
        let mut senders = start_senders(&family, &load, &made).await;
        let token = family.app.admin_token().to_owned();
        senders.spawn(relations::work(load.clone(), token, Arc::clone(&relations)));
        let (changing, count) = (Changing::default(), Count::default());
        let history = History::new(&group);
        Self { family, backend, receiver, lives, shared, made, relations, senders, history, changing, count }
    }

    async fn play(
        &mut self,
        campaign: &Campaign,
        kill: &AtomicU64,
        told: &mut impl FnMut(&Progress),
    ) -> Result<(), Violation> {
        let mut plan = Plan::new(campaign.seed);
        for number in 1..=campaign.kills {
            let life = plan.next();
            kill.store(number, Ordering::Relaxed);
            self.live(life).await?;
            self.look().await?;
            told(&Progress {
                kill: number,
                life: life.length,
                moment: life.end,
                acknowledged: self.shared.acknowledged.load(Ordering::Relaxed),
                ready: self.count.ready.last().copied().unwrap_or_default(),
            });
        }
        tokio::time::sleep(LAST_LIFE).await;
        self.end_load().await?;
        self.verify().await
    }

    /// What there is to tell by now.
    fn counted(&self) -> Count {
        let mut count = self.count.clone();
        count.acknowledged = self.shared.acknowledged.load(Ordering::Relaxed);
        count.refused = self.shared.refused.load(Ordering::Relaxed);
        count.stored = self.history.len() as u64;
        count.rule_changes = self.changing.acknowledged;
        (count.users, count.groups) = self.made.counts();
        count.steps = self.relations.acknowledged();
        let log = self.backend.log.lock().unwrap();
        count.repeated = log.seen.values().map(|seen| u64::from(seen.attempts.saturating_sub(1))).sum();
        count
    }

    /// One life and its end.
    async fn live(&mut self, life: Life) -> Result<(), Violation> {
        self.shared.set_pause(life.pause);
        tokio::time::sleep(life.length).await;
        let target = format!("{}/again", self.receiver.url());
        let scene = Scene {
            shared: &self.shared,
            changing: &mut self.changing,
            count: &mut self.count,
            target: &target,
        };
        moments::kill(&mut self.family, life.end, scene).await?;
        self.lives.send_replace(self.family.app.server.addr());
        self.shared.going_down.store(false, Ordering::Relaxed);
        Ok(())
    }

    /// What is looked at after every restart.
    async fn look(&mut self) -> Result<(), Violation> {
        let acked = self.shared.take_acked();
        self.history.read_on(&self.family.app).await?;
        self.history.check_acked(&acked)?;
        self.changing.check(&self.family).await?;
        self.noticed()
    }

    /// What senders and backend found wrong by themselves.
    fn noticed(&self) -> Result<(), Violation> {
        let found = self.shared.violation().or_else(|| self.backend.log.lock().unwrap().violation());
        found.map_or(Ok(()), Err)
    }

    async fn end_load(&mut self) -> Result<(), Violation> {
        self.shared.stop();
        self.backend.stop_stumbling();
        let ending = async {
            while let Some(sender) = self.senders.join_next().await {
                if let Err(error) = sender {
                    return Err(Violation::new("every sender goes on to the end", error.to_string()));
                }
            }
            Ok(())
        };
        let late = |_| Err(Violation::new("every send is answered in the end", "senders still wait"));
        tokio::time::timeout(SENDERS_END, ending).await.unwrap_or_else(late)
    }

    /// Everything against everything.
    async fn verify(&mut self) -> Result<(), Violation> {
        self.look().await?;
        self.history.read_again(&self.family.app).await?;
        churn::check(&self.family.app, &self.made).await?;
        relations::check(&self.family.app, &self.backend, &self.relations).await?;
        self.count.callbacks = callbacks::check(&self.backend, &self.history).await?;
        self.count.bans = parked::check_ban(&self.family).await?;
        parked::check(&self.family, &self.backend, &self.history, &mut self.count).await?;
        self.noticed()
    }
}

async fn start_senders(family: &Family, load: &Load, made: &Arc<Made>) -> JoinSet<()> {
    let mut senders = JoinSet::new();
    for user in &USERS[..CHATTING] {
        for device in DEVICES {
            let token = family.app.token(user, device).await;
            senders.spawn(load::chat(load.clone(), Login::new(user, &token, device)));
        }
    }
    let token = family.app.admin_token().to_owned();
    for user in &USERS[CHATTING..] {
        for backend in 0..BACKENDS {
            senders.spawn(load::post(load.clone(), token.clone(), user, backend));
        }
    }
    senders.spawn(churn::work(load.clone(), token, Arc::clone(made)));
    senders
}
