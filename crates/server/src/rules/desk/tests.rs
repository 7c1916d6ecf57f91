use std::sync::atomic::{AtomicU64, Ordering};

use ringback_model::app::App;
use ringback_model::event::Phase;
use ringback_model::ports::Store;
use ringback_model::time::UnixMs;
use serde_json::json;

use super::super::draft::preset_rule;
use super::*;

/// Takes every rule, unless its name is the one that it is told to refuse.
#[derive(Default)]
struct FakeEngine {
    rules: Mutex<Vec<Arc<Rule>>>,
    versions: Mutex<HashMap<RuleId, (u64, Rule)>>,
    starts: Mutex<HashMap<RuleId, LogPos>>,
    refused: Mutex<Option<String>>,
}

impl RuleEngine for FakeEngine {
    fn put<'a>(
        &'a self,
        rules: Vec<Arc<Rule>>,
        starts: &'a HashMap<RuleId, LogPos>,
    ) -> Fut<'a, Result<(), SetRulesError>> {
        Box::pin(async move {
            let refused = self.refused.lock().unwrap().clone();
            if let Some(rule) = rules.iter().find(|rule| Some(&rule.name) == refused.as_ref()) {
                return Err(SetRulesError::BadPolicy { rule: rule.id.clone(), text: "no".to_owned() });
            }
            let mut versions = self.versions.lock().unwrap();
            for rule in &rules {
                let rule = &Rule { version: 0, changed_at: UnixMs(0), ..rule.as_ref().clone() };
                let (version, known) = versions
                    .entry(rule.id.clone())
                    .or_insert_with(|| (0, Rule { url: String::new(), ..rule.clone() }));
                if *known != *rule {
                    *version += 1;
                    *known = rule.clone();
                }
            }
            self.starts.lock().unwrap().extend(starts.clone());
            *self.rules.lock().unwrap() = rules;
            Ok(())
        })
    }

    fn versions(&self) -> HashMap<RuleId, u64> {
        let versions = self.versions.lock().unwrap();
        versions.iter().map(|(id, (version, _))| (id.clone(), *version)).collect()
    }
}

impl FakeEngine {
    fn names(&self) -> Vec<String> {
        self.rules.lock().unwrap().iter().map(|rule| rule.name.clone()).collect()
    }
}

/// A shelf that can be told to fail.
struct Shelf {
    store: Arc<dyn Store>,
    broken: Mutex<bool>,
}

impl Shelf {
    fn check(&self) -> Result<(), Fault> {
        if *self.broken.lock().unwrap() { Err(Fault::new("the disk is full")) } else { Ok(()) }
    }
}

impl RuleShelf for Shelf {
    fn kept(&self) -> Fut<'_, Result<Vec<Rule>, Fault>> {
        self.store.kept()
    }
    fn keep(&self, rule: Rule) -> Fut<'_, Result<(), Fault>> {
        Box::pin(async move {
            self.check()?;
            self.store.keep(rule).await
        })
    }
    fn discard<'a>(&'a self, rule: &'a RuleId) -> Fut<'a, Result<(), Fault>> {
        Box::pin(async move {
            self.check()?;
            self.store.discard(rule).await
        })
    }
}

struct Counter(AtomicU64);

impl Dice for Counter {
    fn roll(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed)
    }
}

struct Noon;

impl Clock for Noon {
    fn now(&self) -> UnixMs {
        UnixMs(43_200_000)
    }
}

struct World {
    engine: Arc<FakeEngine>,
    shelf: Arc<Shelf>,
    dice: Arc<Counter>,
}

impl World {
    fn new() -> Self {
        let store = ringback_store::memory(ringback_store::StoreSettings::default());
        Self {
            engine: Arc::default(),
            shelf: Arc::new(Shelf { store, broken: Mutex::default() }),
            dice: Arc::new(Counter(AtomicU64::new(1))),
        }
    }

    async fn desk(&self, files: Vec<Rule>) -> Arc<RuleDesk> {
        self.desk_of(App::default(), files).await
    }

    async fn desk_of(&self, app: App, files: Vec<Rule>) -> Arc<RuleDesk> {
        let parts = DeskParts {
            engine: Arc::clone(&self.engine) as _,
            shelf: Arc::clone(&self.shelf) as _,
            log: Arc::clone(&self.shelf.store) as _,
            workshop: Workshop {
                contracts: ringback_dialects::all(&app).contracts,
                settings: Vec::new(),
                app,
                allow_private: false,
            },
            most_rules: 2,
            clock: Arc::new(Noon),
            dice: Arc::clone(&self.dice) as _,
        };
        RuleDesk::open(parts, files).await.unwrap()
    }
}

fn body(name: &str) -> Value {
    json!({"name": name, "dialect": "easemob", "phase": "after", "url": "https://h/", "enabled": true})
}

fn file_rule(name: &str) -> Rule {
    let contract = ringback_dialects::all(&App::default()).contracts.remove(0);
    let preset = contract.preset(Phase::After);
    Rule {
        id: RuleId::new(&format!("file:hooks:{name}")),
        name: name.to_owned(),
        url: "https://h/".to_owned(),
        origin: RuleOrigin::File("hooks".to_owned()),
        ..preset_rule(contract.name(), Phase::After, &preset)
    }
}

#[tokio::test]
async fn rules_survive_a_restart_in_their_order_with_their_versions() {
    let world = World::new();
    let desk = world.desk(vec![file_rule("filed")]).await;
    let made = desk.create(&body("one")).await.unwrap();
    let secret = made.listed.rule.secrets.current.clone().unwrap();
    assert!(secret.len() >= 32 && made.new_secret);
    desk.create(&body("two")).await.unwrap();
    let changed = desk.change("one", &json!({"timeout_ms": 9}), false, Some(&[1])).await.unwrap();
    assert_eq!((changed.listed.rule.version, changed.new_secret), (2, false));
    assert_eq!(changed.listed.rule.changed_at, UnixMs(43_200_000));
    assert_eq!(world.engine.names(), ["filed", "one", "two"]);
    let again = world.desk(vec![file_rule("filed")]).await;
    assert_eq!(world.engine.names(), ["filed", "one", "two"]);
    let found = again.find("one").unwrap().rule;
    assert_eq!((found.policy.timeout_ms, &found.secrets.current), (9, &Some(secret)));
    again.set_file_rules(vec![file_rule("other")]).await.unwrap();
    assert_eq!(world.engine.names(), ["other", "one", "two"]);
}

#[tokio::test]
async fn a_kept_rule_carries_the_settings_of_now() {
    let world = World::new();
    let made = world.desk(Vec::new()).await.create(&body("one")).await.unwrap().listed.rule;
    assert_eq!(made.switch("app.key"), Some(App::default().key().as_str()));
    let renamed = App { name: "renamed".to_owned(), ..App::default() };
    let found = world.desk_of(renamed.clone(), Vec::new()).await.find("one").unwrap().rule;
    assert_eq!(found.switch("app.key"), Some(renamed.key().as_str()), "not those of the day it was made");
    assert_eq!((&found.id, &found.secrets), (&made.id, &made.secrets));
}

#[tokio::test]
async fn what_is_not_possible_is_said() {
    let world = World::new();
    let desk = world.desk(vec![file_rule("filed")]).await;
    desk.create(&body("one")).await.unwrap();
    assert!(matches!(desk.create(&body("one")).await, Err(DeskError::NameTaken(_))));
    assert!(matches!(desk.create(&body("filed")).await, Err(DeskError::NameTaken(_))));
    desk.create(&body("two")).await.unwrap();
    let full = desk.create(&body("three")).await.unwrap_err();
    assert!(matches!(full, DeskError::TooMany(2)) && full.to_string().contains("rules.max"), "{full}");
    let filed = desk.remove("filed", None).await.unwrap_err();
    assert!(filed.to_string().contains("hooks"), "{filed}");
    assert!(matches!(desk.change("one", &json!({}), false, Some(&[7])).await, Err(DeskError::Stale(1))));
    assert!(matches!(desk.remove("nobody", None).await, Err(DeskError::NotFound(_))));
    let taken = desk.change("one", &json!({"name": "two"}), false, None).await;
    assert!(matches!(taken, Err(DeskError::NameTaken(_))));
    assert_eq!(world.engine.names(), ["filed", "one", "two"]);
}

#[tokio::test]
async fn a_change_that_fails_changes_nothing() {
    let world = World::new();
    let desk = world.desk(Vec::new()).await;
    desk.create(&body("one")).await.unwrap();
    *world.engine.refused.lock().unwrap() = Some("bad".to_owned());
    assert!(matches!(desk.create(&body("bad")).await, Err(DeskError::Refused(_))));
    assert_eq!(world.shelf.store.kept().await.unwrap().len(), 1);
    *world.shelf.broken.lock().unwrap() = true;
    assert!(matches!(desk.create(&body("two")).await, Err(DeskError::Fault(_))));
    assert!(matches!(desk.remove("one", None).await, Err(DeskError::Fault(_))));
    assert_eq!(world.engine.names(), ["one"], "the engine went back");
    assert_eq!(desk.list().len(), 1);
    *world.shelf.broken.lock().unwrap() = false;
    desk.remove("one", None).await.unwrap();
    assert!(world.engine.names().is_empty() && world.shelf.store.kept().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_kept_rule_that_cannot_be_used_any_more_is_left_off_and_can_be_mended() {
    let world = World::new();
    world.desk(Vec::new()).await.create(&body("one")).await.unwrap();
    *world.engine.refused.lock().unwrap() = Some("one".to_owned());
    let desk = world.desk(vec![file_rule("filed")]).await;
    assert_eq!(world.engine.names(), ["filed"]);
    assert!(desk.find("one").unwrap().problem.unwrap().contains("no"));
    let mended = desk.change("one", &json!({"name": "mended"}), false, None).await.unwrap();
    assert_eq!(mended.listed.problem, None);
    assert_eq!(world.engine.names(), ["filed", "mended"]);
}

#[tokio::test]
async fn a_rule_begins_where_it_is_told_and_secrets_rotate() {
    let world = World::new();
    let desk = world.desk(Vec::new()).await;
    let mut with_start = body("one");
    with_start["start_at"] = json!("earliest");
    let made = desk.create(&with_start).await.unwrap().listed.rule;
    assert_eq!(world.engine.starts.lock().unwrap().get(&made.id), Some(&LogPos::ZERO));
    let rotated = desk.rotate("one", None, None).await.unwrap();
    assert!(rotated.new_secret);
    let secrets = &rotated.listed.rule.secrets;
    assert!(secrets.previous == made.secrets.current && secrets.current != secrets.previous);
    let pair = desk.rotate("one", Some(SecretKind::Pair), None).await.unwrap().listed.rule.secrets.clone();
    let next = desk.rotate("one", None, None).await.unwrap();
    assert_eq!(next.listed.rule.secrets.previous, pair.current);
    let kinds =
        [&pair.current, &next.listed.rule.secrets.current].map(|secret| SecretKind::of(secret.as_deref()));
    assert_eq!(kinds, [SecretKind::Pair; 2], "the kind stays until another one is named");
    let shared =
        desk.rotate("one", Some(SecretKind::Shared), None).await.unwrap().listed.rule.secrets.clone();
    assert_eq!(SecretKind::of(shared.current.as_deref()), SecretKind::Shared);
    let refused = desk.change("one", &json!({"secret": "whsk_AAAA"}), false, None).await.unwrap_err();
    assert!(matches!(refused, DeskError::Invalid(errors) if errors[0].field == "secret"));
    let rotated = desk.rotate("one", None, None).await.unwrap();
    let same = desk.change("one", &json!({}), false, None).await.unwrap().listed.rule;
    assert_eq!(same.version, rotated.listed.rule.version, "nothing was changed");
}
