//! Seeded simulation: virtual weeks of traffic, receivers of every temper, crashes, changes of rules. A failure names
//! its seed; `RINGBACK_SIM_SEED` runs one seed again, `RINGBACK_SIM_COUNT` runs so many.

mod audited;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use ringback_callbacks::Engine;
use ringback_callbacks::ban::BanPolicy;
use ringback_model::delivery::{Exception, ExceptionState, ParkReason};
use ringback_model::event::Phase;
use ringback_model::ids::LogPos;
use ringback_model::ports::Clock as _;
use ringback_model::rule::{Ban, Order, Retry, Rule, Selectors};
use ringback_model::time::UnixMs;

use crate::support::{Counters, Reaction, Seen, TestDice, World, is_parked, rule};

const LANES: u64 = 12;
const SEEDS: u64 = 3;
/// Rules about somebody else, beside those that are watched.
const STRANGERS: u64 = 40;
const HOUR_MS: i64 = 3_600_000;

/// A receiver's temper.
#[derive(Debug, Clone, Copy)]
enum Temper {
    Healthy,
    Slow,
    Errors,
    Hangs,
    Flapping,
    /// Down for days, then healthy.
    Outage,
    /// Never takes some deliveries.
    Picky,
}

const TEMPERS: [Temper; 7] = [
    Temper::Healthy,
    Temper::Slow,
    Temper::Errors,
    Temper::Hangs,
    Temper::Flapping,
    Temper::Outage,
    Temper::Picky,
];

/// Depends on nothing but time and the delivery, so that a seed says it all.
fn react(temper: Temper, body: &str, now: UnixMs) -> Reaction {
    let since = now.0 - crate::support::EPOCH;
    let mark = body.bytes().fold(7u64, |mark, byte| mark.wrapping_mul(31).wrapping_add(u64::from(byte)));
    let mood = mark.wrapping_add(u64::try_from(since / 1000).unwrap()) % 10;
    match temper {
        Temper::Healthy => Reaction::Answer(200, ""),
        Temper::Slow => Reaction::After(Duration::from_millis(100 + 500 * mood), 200),
        Temper::Errors if mood < 6 => Reaction::Answer(500, ""),
        Temper::Errors if mood == 6 => Reaction::Retry(429, Duration::from_secs(30)),
        Temper::Hangs if mood < 3 => Reaction::Hang,
        Temper::Flapping if (since / (HOUR_MS / 2)) % 2 == 1 => Reaction::Answer(503, ""),
        Temper::Outage if (6 * HOUR_MS..60 * HOUR_MS).contains(&since) => Reaction::Hang,
        Temper::Picky if mark.is_multiple_of(5) => Reaction::Answer(400, ""),
        Temper::Errors | Temper::Hangs | Temper::Flapping | Temper::Outage | Temper::Picky => {
            Reaction::Answer(200, "")
        }
    }
}

struct Simulation {
    world: World,
    dice: TestDice,
    rules: Vec<Rule>,
    /// Healthy, and about somebody else; now and then one is about all for a while.
    strangers: Vec<Rule>,
    tempers: HashMap<String, Temper>,
    /// `None` between a crash and the next start.
    engine: Option<Arc<Engine>>,
    /// When bans were lifted by hand.
    lifts: Vec<UnixMs>,
}

impl Simulation {
    async fn new(seed: u64) -> Self {
        let dice = TestDice::new(seed);
        let mut world = World::new(seed);
        world.settings.window_deliveries = usize::try_from(20 + dice.below(200)).unwrap();
        // Rarely, so that crashes lose much, and weeks of ticks stay cheap.
        world.settings.checkpoint_every = Duration::from_secs(5 + dice.below(60));
        let tempers: HashMap<String, Temper> =
            TEMPERS.iter().enumerate().map(|(index, temper)| (format!("r{index}"), *temper)).collect();
        world.settings.storage_enabled = dice.below(2) == 0;
        // Few failures, because there is little traffic.
        let failures = 3 + u32::try_from(dice.below(10)).unwrap();
        world.settings.ban = BanPolicy { failures, ..BanPolicy::default() };
        let mut rules =
            (0..TEMPERS.len()).map(|index| make_rule(&format!("r{index}"), &dice)).collect::<Vec<_>>();
        // One healthy receiver in every run on which the promise can be measured.
        if rules[0].policy.ban == Ban::App {
            rules[0].policy.ban = Ban::Breaker;
        }
        let by_rule = tempers.clone();
        world.caller.react(move |request, now| {
            let host = request.url.split(['/', '.']).nth(2).unwrap();
            react(
                by_rule.get(host).copied().unwrap_or(Temper::Healthy),
                &String::from_utf8_lossy(&request.body),
                now,
            )
        });
        let strangers: Vec<Rule> = (0..STRANGERS).map(stranger).collect();
        let mut simulation = Self { world, dice, rules, strangers, tempers, engine: None, lifts: Vec::new() };
        simulation.start().await;
        simulation
    }

    fn all_rules(&self) -> Vec<Rule> {
        [self.rules.as_slice(), &self.strangers].concat()
    }

    async fn start(&mut self) {
        self.engine = Some(self.world.engine_with(self.all_rules()).await);
    }

    async fn run(&mut self) {
        let days = 7 + self.dice.below(8);
        for _ in 0..days * 8 {
            for _ in 0..self.dice.below(12) {
                for _ in 0..=self.dice.below(4) {
                    self.world.send(&format!("lane{}", self.dice.below(LANES)));
                }
                tokio::time::sleep(Duration::from_millis(self.dice.below(20_000))).await;
            }
            match self.dice.below(7) {
                0 | 1 => self.crash().await,
                2 => self.change().await,
                3 => {
                    let failing = self.dice.below(5);
                    self.world.store.failing_saves.store(failing, std::sync::atomic::Ordering::SeqCst);
                }
                4 if self.engine().lift_ban() => self.lifts.push(self.world.clock.now()),
                _ => {}
            }
            tokio::time::sleep(Duration::from_secs(self.dice.below(6 * 3600))).await;
        }
        // Long enough for every schedule and every breaker to come to an end.
        tokio::time::sleep(Duration::from_secs(2 * 24 * 3600)).await;
    }

    fn engine(&self) -> &Engine {
        self.engine.as_ref().unwrap()
    }

    /// Ends the engine between two steps of it, wherever it is, and starts another one on what was saved.
    async fn crash(&mut self) {
        for _ in 0..self.dice.below(200) {
            tokio::task::yield_now().await;
        }
        self.engine = None;
        // Aborted tasks are dropped when the runtime comes to them.
        tokio::time::sleep(Duration::from_millis(1)).await;
        self.start().await;
    }

    async fn change(&mut self) {
        let index = usize::try_from(self.dice.below(self.rules.len() as u64)).unwrap();
        let fresh = 1 + u16::try_from(self.dice.below(20)).unwrap();
        self.rules[index].policy.concurrency = fresh;
        let turned = self.dice.below(STRANGERS);
        let stranger_now = &mut self.strangers[usize::try_from(turned).unwrap()];
        stranger_now.selectors =
            if is_about_all(stranger_now) { stranger(turned).selectors } else { Selectors::default() };
        if self.dice.below(3) == 0 {
            // The book fails once; where nothing has changed it is not asked.
            let book = &self.world.store.remembers_before_failure;
            book.store(0, std::sync::atomic::Ordering::SeqCst);
            self.engine().set_rules(self.all_rules()).await.ok();
            book.store(u64::MAX, std::sync::atomic::Ordering::SeqCst);
        }
        self.engine().set_rules(self.all_rules()).await.unwrap();
    }

    /// Whether what the rule cannot deliver is parked.
    fn parks(&self, rule: &Rule) -> bool {
        rule.policy.storage && (rule.contract == "test" || self.world.settings.storage_enabled)
    }

    /// When the app was banned, as far as it was written down; each without its first and last instant.
    fn bans(&self) -> Vec<(UnixMs, UnixMs)> {
        let records = self.world.store.bans.lock().unwrap().clone();
        let ended = |record: &ringback_model::storage::BanRecord| {
            let start = *record.starts.last()?;
            let lifted = self.lifts.iter().find(|lift| **lift >= start);
            Some((start, lifted.copied().unwrap_or(UnixMs(i64::MAX)).min(record.until?)))
        };
        records.iter().filter_map(ended).collect()
    }

    fn check(&self, counters: &Counters) {
        let twice = self.world.caller.twice.lock().unwrap().clone();
        assert!(twice.is_empty(), "two calls of one lane at once: {twice:?}");
        let seen = self.world.caller.seen.lock().unwrap().clone();
        let events = self.events();
        let sent: BTreeMap<u64, String> =
            events.iter().map(|event| (event.pos.0, event.lane.to_string())).collect();
        for rule in &self.rules {
            let id = rule.id.to_string();
            let prefix = format!("http://{id}.test/");
            let calls: Vec<&Seen> = seen.iter().filter(|seen| seen.url.starts_with(&prefix)).collect();
            let lost = self.lost(&id, rule, &calls, &sent);
            // After a crash one may be dropped, and counted, again.
            let dropped = counters.labelled("ringback_callback_dropped_total", &id);
            assert!(
                lost.is_empty() || !self.parks(rule),
                "{id} {:?}: lost {lost:?}; {rule:?}",
                self.tempers[&id]
            );
            assert!(lost.len() as u64 <= dropped, "{id}: {} lost, {dropped} counted", lost.len());
            self.comes_to_an_end(&id, rule, sent.len() as u64);
            if rule.policy.ban == Ban::App {
                self.silent_while_banned(&id, &calls);
            } else if matches!(self.tempers[&id], Temper::Healthy) {
                self.keeps_the_promise(&id, &calls, counters);
            }
            same_id_and_bytes(&id, &calls);
            if rule.policy.order != Order::None {
                in_order(&id, &calls);
            }
            not_too_early(&id, rule, &calls);
        }
    }

    /// Each was told of what happened while it was about all, and of nothing else; none is behind. Answers how many
    /// calls that took.
    fn check_strangers(&self) -> usize {
        let seen = self.world.caller.seen.lock().unwrap().clone();
        let versions = self.world.store.versions.lock().unwrap().clone();
        let events = self.events();
        let mut calls = 0;
        for rule in &self.strangers {
            let mine: Vec<_> = versions.iter().filter(|version| version.rule.id == rule.id).collect();
            let wanted = |pos: LogPos| {
                let valid = mine.partition_point(|version| version.since < pos).checked_sub(1);
                valid.is_some_and(|valid| is_about_all(&mine[valid].rule))
            };
            let all = events.iter().map(|event| event.pos).filter(|pos| wanted(*pos));
            let wanted: BTreeSet<u64> = all.map(|pos| pos.0).collect();
            let prefix = format!("http://{}.test/", rule.id);
            let told: BTreeSet<u64> =
                seen.iter().filter(|seen| seen.url.starts_with(&prefix)).map(position).collect();
            assert_eq!(told, wanted, "{}", rule.id);
            let cursor = self.world.store.saved(&rule.id.0).cursor.0;
            assert_eq!(cursor, events.len() as u64, "{} is behind", rule.id);
            calls += told.len();
        }
        let lags: Vec<u64> = self.engine().status().iter().map(|status| status.lag_events).collect();
        assert!(lags[self.rules.len()..].iter().all(|lag| *lag == 0), "{lags:?}");
        calls
    }

    fn events(&self) -> Vec<Arc<ringback_model::event::Event>> {
        let log = futures_util::FutureExt::now_or_never(async {
            use ringback_model::ports::Log as _;
            let mut read = std::pin::pin!(self.world.store.read(LogPos::ZERO, usize::MAX));
            loop {
                if let Some(events) = futures_util::FutureExt::now_or_never(&mut read) {
                    break events.unwrap();
                }
            }
        });
        log.unwrap()
    }

    /// Events that were neither taken, nor parked, nor wait.
    fn lost(&self, id: &str, rule: &Rule, calls: &[&Seen], sent: &BTreeMap<u64, String>) -> Vec<u64> {
        let saved = self.world.store.saved(id);
        let taken: BTreeSet<u64> =
            calls.iter().filter(|call| call.status == Some(200)).map(|call| position(call)).collect();
        let mut parked: BTreeSet<u64> = BTreeSet::new();
        for row in saved.rows.values() {
            if let ExceptionState::Parked { attempts, reason, .. } = row.state {
                parked.insert(row.key.pos.0);
                assert!(self.parks(rule), "{id}: {row:?}");
                assert!(rule.policy.ban == Ban::App || reason == ParkReason::Exhausted, "{id}: {row:?}");
                assert!(attempts > 0 || reason == ParkReason::Banned, "{id}: {row:?}");
            }
        }
        let is_lost = |pos: u64, lane: &str| {
            let owed = |row: &&Exception| {
                let of_lane = row.lane.0.as_ref() == lane && row.key.pos.0 <= pos;
                !is_parked(row) && (row.key.pos.0 == pos || of_lane)
            };
            let waits = pos > saved.cursor.0 || saved.rows.values().any(|row| owed(&row));
            !(taken.contains(&pos) || parked.contains(&pos) || waits)
        };
        sent.iter().filter(|(pos, lane)| is_lost(**pos, lane)).map(|(pos, _)| *pos).collect()
    }

    fn comes_to_an_end(&self, id: &str, rule: &Rule, events: u64) {
        if !matches!(self.tempers[id], Temper::Healthy | Temper::Slow | Temper::Outage) {
            return;
        }
        let saved = self.world.store.saved(id);
        assert_eq!(saved.cursor.0, events, "{id} {:?} did not catch up", self.tempers[id]);
        let left = saved.rows.values().filter(|row| !is_parked(row)).count();
        let held = rule.policy.order == Order::Strict && saved.rows.values().any(is_parked);
        assert!(left == 0 || held, "{id} {:?} still waits", self.tempers[id]);
    }

    fn silent_while_banned(&self, id: &str, calls: &[&Seen]) {
        for (start, until) in self.bans() {
            let during = calls.iter().find(|call| start < call.at && call.at < until);
            assert!(during.is_none(), "{id}: called in the ban of {start:?} until {until:?}: {during:?}");
        }
    }

    /// 99.95 of a hundred within 30 s. Source: post-send sheet 3.1.
    fn keeps_the_promise(&self, id: &str, calls: &[&Seen], counters: &Counters) {
        let mut taken: HashMap<u64, UnixMs> = HashMap::new();
        for call in calls.iter().filter(|call| call.status == Some(200)) {
            taken.entry(position(call)).or_insert(call.at);
        }
        let events = self.events();
        let in_time = |event: &&Arc<ringback_model::event::Event>| {
            let at = taken.get(&event.pos.0);
            at.is_some_and(|at| at.since(event.at) <= ringback_model::limits::DELAY_PROMISE)
        };
        let on_time = events.iter().filter(in_time).count();
        assert!(on_time * 10_000 >= events.len() * 9_995, "{id}: {on_time} of {}", events.len());
        let counted = counters.labelled("ringback_callback_on_time_total", id);
        assert!(counted >= on_time as u64, "{id}: {counted} counted, {on_time} were");
    }
}

/// A rule about somebody else, by another selector than the one before it.
fn stranger(number: u64) -> Rule {
    let mut rule = rule(&format!("s{number}"), Phase::After);
    let names = vec![format!("stranger{number}")];
    match number % 5 {
        0 => rule.selectors.from = names,
        1 => rule.selectors.to = names,
        2 => rule.selectors.groups = names,
        3 => rule.selectors.attention.users = names,
        _ => rule.selectors.ext_keys = names,
    }
    rule
}

fn is_about_all(rule: &Rule) -> bool {
    rule.selectors == Selectors::default()
}

fn make_rule(id: &str, dice: &TestDice) -> Rule {
    let mut rule = rule(id, Phase::After);
    rule.policy.retry = match dice.below(6) {
        0 | 1 => Retry::Once,
        2 => Retry::None,
        3 => Retry::Schedule(vec![1, 2]),
        _ => Retry::Schedule(Retry::default_schedule_s()),
    };
    rule.policy.order = match dice.below(6) {
        0 => Order::None,
        1 => Order::Strict,
        _ => Order::Conversation,
    };
    rule.policy.storage = dice.below(4) != 0;
    rule.policy.ban = match dice.below(6) {
        0 => Ban::None,
        1 | 2 => Ban::Breaker,
        _ => Ban::App,
    };
    if dice.below(2) == 0 {
        rule.contract = "served".to_owned();
    }
    rule.policy.concurrency = 1 + u16::try_from(dice.below(20)).unwrap();
    rule
}

fn position(call: &Seen) -> u64 {
    call.body.split_once('/').unwrap().0.parse().unwrap()
}

fn same_id_and_bytes(id: &str, calls: &[&Seen]) {
    let mut first: HashMap<u64, (&str, &str)> = HashMap::new();
    let mut ids: HashMap<&str, u64> = HashMap::new();
    for call in calls {
        let same = *first.entry(position(call)).or_insert((&call.webhook_id, &call.body));
        assert_eq!(same, (call.webhook_id.as_str(), call.body.as_str()), "{id}");
        assert_eq!(*ids.entry(&call.webhook_id).or_insert(position(call)), position(call), "{id}");
    }
}

/// The first calls of a lane's deliveries come in the order of the log.
fn in_order(id: &str, calls: &[&Seen]) {
    let mut newest: HashMap<&str, u64> = HashMap::new();
    let mut met: BTreeSet<u64> = BTreeSet::new();
    for call in calls {
        let pos = position(call);
        if met.insert(pos) {
            let before = newest.insert(&call.url, pos).unwrap_or(0);
            assert!(before < pos, "{id}: {pos} came first after {before} in {}", call.url);
        }
    }
}

/// Counted attempts keep the schedule. Only without a breaker: one that closes makes everything due.
fn not_too_early(id: &str, rule: &Rule, calls: &[&Seen]) {
    let (Ban::None, Retry::Schedule(schedule)) = (rule.policy.ban, &rule.policy.retry) else {
        return;
    };
    let mut last: HashMap<u64, &Seen> = HashMap::new();
    for call in calls {
        if let Some(before) = last.insert(position(call), call)
            && call.attempt == before.attempt + 1
        {
            let waited = call.at.since(before.at);
            let least = Duration::from_secs(u64::from(schedule[before.attempt as usize - 1]));
            assert!(waited >= least, "{id}: attempt {} after {waited:?}", call.attempt);
        }
        assert!(call.attempt as usize <= schedule.len() + 1, "{id}: attempt {}", call.attempt);
    }
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect("a number"))
}

/// Says which seed it was, if it was.
struct OnFailure(u64);

impl Drop for OnFailure {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("simulation failed: RINGBACK_SIM_SEED={}", self.0);
        }
    }
}

#[test]
fn every_event_ends_somewhere() {
    let first = number("RINGBACK_SIM_SEED").unwrap_or(1);
    let count = number("RINGBACK_SIM_COUNT").unwrap_or(if first == 1 { SEEDS } else { 1 });
    let (mut bans, mut told) = (0, 0);
    for seed in first..first + count {
        let _named = OnFailure(seed);
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let counters = Counters::default();
        let _guard = metrics::set_default_local_recorder(&counters);
        runtime.block_on(async {
            let mut simulation = Simulation::new(seed).await;
            simulation.run().await;
            simulation.check(&counters);
            simulation.check_audit().await;
            told += simulation.check_strangers();
            bans += simulation.bans().len();
            let now = simulation.world.clock.now();
            assert!(now.0 > crate::support::EPOCH + 48 * HOUR_MS, "time has passed");
        });
    }
    assert!(bans > 0 || count < SEEDS, "no run had a ban");
    assert!(told > 0 || count < SEEDS, "in no run a stranger turned");
}
