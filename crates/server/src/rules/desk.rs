//! The one place that changes rules while the server runs: those of the operator's files first, then those that were
//! made through the admin API, in the order of their making. A change that does not work out changes nothing.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ringback_callbacks::{Engine, SetRulesError, signature};
use ringback_model::failure::Fault;
use ringback_model::ids::{LogPos, RuleId};
use ringback_model::ports::{Clock, Dice, Fut, Log, RuleShelf};
use ringback_model::rule::{Rule, RuleOrigin};
use serde_json::Value;

use super::draft::{Draft, FieldError, Task, Workshop};

/// What puts rules into force.
pub trait RuleEngine: Send + Sync {
    /// This whole set in place of the one before; rules in `starts` that are new or were off begin after these
    /// positions.
    ///
    /// # Errors
    /// See [`SetRulesError`]; nothing has changed then.
    fn put<'a>(
        &'a self,
        rules: Vec<Arc<Rule>>,
        starts: &'a HashMap<RuleId, LogPos>,
    ) -> Fut<'a, Result<(), SetRulesError>>;
    /// The versions of the rules in force.
    fn versions(&self) -> HashMap<RuleId, u64>;
}

impl RuleEngine for Engine {
    fn put<'a>(
        &'a self,
        rules: Vec<Arc<Rule>>,
        starts: &'a HashMap<RuleId, LogPos>,
    ) -> Fut<'a, Result<(), SetRulesError>> {
        Box::pin(self.set_rules_from(rules, starts))
    }

    fn versions(&self) -> HashMap<RuleId, u64> {
        self.versions()
    }
}

/// What the desk needs.
pub struct DeskParts {
    /// Puts rules into force.
    pub engine: Arc<dyn RuleEngine>,
    /// Keeps the rules of the admin API.
    pub shelf: Arc<dyn RuleShelf>,
    /// Where rules begin.
    pub log: Arc<dyn Log>,
    /// What requests are checked against.
    pub workshop: Workshop,
    /// Rules of the admin API at most; 0 = no bound. Setting `rules.max`.
    pub most_rules: usize,
    /// When something changes.
    pub clock: Arc<dyn Clock>,
    /// Luck, for ids and secrets.
    pub dice: Arc<dyn Dice>,
}

/// See the module.
pub struct RuleDesk {
    parts: DeskParts,
    /// Held for the whole of a change, so that changes come one by one.
    changes: tokio::sync::Mutex<()>,
    rules: Mutex<Rules>,
}

/// Shared, because a change of one rule hands all of them on.
#[derive(Debug, Clone, Default)]
struct Rules {
    files: Vec<Arc<Rule>>,
    own: Vec<Listed>,
}

/// A rule as the desk knows it.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The rule.
    pub rule: Arc<Rule>,
    /// Why it is kept but not in use.
    pub problem: Option<String>,
}

/// What a secret that the server makes is. Source: Standard Webhooks specification, "Signature scheme".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretKind {
    /// Random text that receivers know, too: HMAC-SHA256.
    Shared,
    /// A key pair, of which receivers know the public half: ed25519.
    Pair,
}

impl SecretKind {
    fn of(secret: Option<&str>) -> Self {
        if secret.and_then(signature::public_key).is_some() { Self::Pair } else { Self::Shared }
    }
}

/// A rule that was made or changed.
#[derive(Debug, Clone)]
pub struct Changed {
    /// As it is now.
    pub listed: Listed,
    /// Its secret is another one than before.
    pub new_secret: bool,
}

/// Why a rule was not changed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum DeskError {
    /// No rule has this name or id.
    #[error("there is no rule {0:?}")]
    NotFound(String),
    /// The request is wrong.
    #[error("the rule cannot be made of this request")]
    Invalid(Vec<FieldError>),
    /// Another rule has this name.
    #[error("another rule is called {0:?}")]
    NameTaken(String),
    /// There are as many rules as the settings allow.
    #[error(
        "there are {0} rules already, as many as the setting rules.max allows; remove one, or set rules.max \
         higher (0 = no limit)"
    )]
    TooMany(usize),
    /// The rule stands in the operator's file of this kind.
    #[error("the rule {name:?} stands in the operator's file ({key}) and is changed there only")]
    ReadOnly {
        /// Its name.
        name: String,
        /// Key of the settings under which the file, or its content, stands.
        key: String,
    },
    /// The rule has another version than the caller thinks.
    #[error("the rule has version {0} by now, not the one that If-Match names")]
    Stale(u64),
    /// The engine does not take it.
    #[error(transparent)]
    Refused(SetRulesError),
    /// Something of ours broke.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<SetRulesError> for DeskError {
    fn from(error: SetRulesError) -> Self {
        match error {
            SetRulesError::Fault(fault) => Self::Fault(fault),
            refused => Self::Refused(refused),
        }
    }
}

/// Versions of which a rule must have one to be changed; `None` = whichever it has.
pub type Expected<'a> = Option<&'a [u64]>;

/// What becomes of the shelf together with a change.
enum Shelving {
    Keep(RuleId),
    Discard(RuleId),
}

impl RuleDesk {
    /// Puts the rules of the files and those on the shelf into force. One on the shelf that cannot be used any more
    /// (its dialect is gone, perhaps) is reported and left off, so that the server starts without it.
    ///
    /// # Errors
    /// The rules of the files are refused, or the store cannot be read or written.
    pub async fn open(parts: DeskParts, files: Vec<Rule>) -> Result<Arc<Self>, SetRulesError> {
        let kept = parts.shelf.kept().await?;
        let renewed = kept.into_iter().map(|rule| parts.workshop.renewed(rule));
        let own = renewed.map(|rule| Listed { rule: Arc::new(rule), problem: None }).collect();
        let mut rules = Rules { files: shared(files), own };
        let nowhere = HashMap::new();
        while let Err(error) = parts.engine.put(rules.in_force(&parts.workshop), &nowhere).await {
            let culprit = culprit(&error);
            let mut usable = rules.own.iter_mut().filter(|listed| listed.problem.is_none());
            let Some(listed) = usable.find(|listed| Some(&listed.rule.id) == culprit) else {
                return Err(error);
            };
            let name = listed.rule.name.as_str();
            tracing::error!(rule = name, %error, "a rule that was made through the API cannot be used; it is left off");
            listed.problem = Some(error.to_string());
        }
        take_versions(&mut rules.own, &parts.engine.versions());
        Ok(Arc::new(Self { parts, changes: tokio::sync::Mutex::default(), rules: Mutex::new(rules) }))
    }

    /// What requests are checked against.
    #[must_use]
    pub fn workshop(&self) -> &Workshop {
        &self.parts.workshop
    }

    /// Rules of the admin API at most; 0 = no bound.
    #[must_use]
    pub fn most_rules(&self) -> usize {
        self.parts.most_rules
    }

    /// Puts the rules of the operator's files in place of those before.
    ///
    /// # Errors
    /// They are refused, or the store cannot be written; the rules before stay.
    pub async fn set_file_rules(&self, files: Vec<Rule>) -> Result<(), SetRulesError> {
        let _one_by_one = self.changes.lock().await;
        let next = Rules { files: shared(files), own: self.rules().own.clone() };
        self.parts.engine.put(next.in_force(&self.parts.workshop), &HashMap::new()).await?;
        *self.rules() = next;
        Ok(())
    }

    /// All rules: those of files first, then in the order of their making.
    #[must_use]
    pub fn list(&self) -> Vec<Listed> {
        let mut all = self.rules().all();
        take_versions(&mut all, &self.parts.engine.versions());
        all
    }

    /// The rule of this id or name.
    ///
    /// # Errors
    /// [`DeskError::NotFound`].
    pub fn find(&self, name: &str) -> Result<Listed, DeskError> {
        let mut all = self.rules().all();
        let by_id = all.iter().position(|listed| *listed.rule.id.0 == *name);
        let at = by_id.or_else(|| all.iter().position(|listed| listed.rule.name == name));
        let found = at.map(|at| all.swap_remove(at));
        let mut found = found.ok_or_else(|| DeskError::NotFound(name.to_owned()))?;
        take_versions(std::slice::from_mut(&mut found), &self.parts.engine.versions());
        Ok(found)
    }

    /// Makes a rule.
    ///
    /// # Errors
    /// See [`DeskError`].
    pub async fn create(&self, body: &Value) -> Result<Changed, DeskError> {
        let _one_by_one = self.changes.lock().await;
        let id = RuleId::new(&format!("r-{:016x}", self.parts.dice.roll()));
        let mut draft = self.parts.workshop.draft(body, Task::Create(&id)).map_err(DeskError::Invalid)?;
        let own = self.rules().own.clone();
        let most = self.parts.most_rules;
        if most > 0 && own.len() >= most {
            return Err(DeskError::TooMany(own.len()));
        }
        if draft.rule.secrets.current.is_none() {
            draft.rule.secrets.current = Some(self.secret(SecretKind::Shared));
        }
        self.put(own, draft, None).await
    }

    /// Changes a rule; `anew`: what the request does not name has its default again, except the secrets. `expected`:
    /// only if it has this version.
    ///
    /// # Errors
    /// See [`DeskError`].
    pub async fn change(
        &self,
        name: &str,
        body: &Value,
        anew: bool,
        expected: Expected<'_>,
    ) -> Result<Changed, DeskError> {
        let _one_by_one = self.changes.lock().await;
        let old = self.changeable(name, expected)?;
        let task = if anew { Task::Replace(&old) } else { Task::Change(&old) };
        let draft = self.parts.workshop.draft(body, task).map_err(DeskError::Invalid)?;
        let own = self.rules().own.clone();
        self.put(own, draft, Some(&old)).await
    }

    /// Gives a rule a new secret, of the same kind unless another one is named; the present one becomes the previous
    /// one.
    ///
    /// # Errors
    /// See [`DeskError`].
    pub async fn rotate(
        &self,
        name: &str,
        kind: Option<SecretKind>,
        expected: Expected<'_>,
    ) -> Result<Changed, DeskError> {
        let _one_by_one = self.changes.lock().await;
        let old = self.changeable(name, expected)?;
        let mut rule = old.as_ref().clone();
        let kind = kind.unwrap_or_else(|| SecretKind::of(rule.secrets.current.as_deref()));
        rule.secrets.previous = rule.secrets.current.replace(self.secret(kind));
        let own = self.rules().own.clone();
        self.put(own, Draft { rule, start_at: None }, Some(&old)).await
    }

    /// Removes a rule; what it has parked stays.
    ///
    /// # Errors
    /// See [`DeskError`].
    pub async fn remove(&self, name: &str, expected: Expected<'_>) -> Result<RuleId, DeskError> {
        let _one_by_one = self.changes.lock().await;
        let old = self.changeable(name, expected)?;
        let mut own = self.rules().own.clone();
        own.retain(|listed| listed.rule.id != old.id);
        self.apply(own, &HashMap::new(), Shelving::Discard(old.id.clone())).await?;
        Ok(old.id.clone())
    }

    /// Puts a draft into force, in place of its old self where it has one.
    async fn put(
        &self,
        mut own: Vec<Listed>,
        draft: Draft,
        old: Option<&Rule>,
    ) -> Result<Changed, DeskError> {
        let Draft { mut rule, start_at } = draft;
        if self.rules().have_another_called(&rule) {
            return Err(DeskError::NameTaken(rule.name));
        }
        let id = rule.id.clone();
        let mut starts = HashMap::new();
        if let Some(start) = start_at {
            starts.insert(id.clone(), start.resolve(self.parts.log.as_ref()).await?);
        }
        // A request that says what is so already changes nothing, not even the time of the last change.
        if old != Some(&rule) {
            rule.changed_at = self.parts.clock.now();
        }
        let new_secret = old.is_none_or(|old| old.secrets.current != rule.secrets.current);
        let listed = Listed { rule: Arc::new(rule), problem: None };
        match own.iter_mut().find(|other| other.rule.id == id) {
            Some(place) => *place = listed,
            None => own.push(listed),
        }
        self.apply(own, &starts, Shelving::Keep(id.clone())).await?;
        Ok(Changed { listed: self.find(&id.0)?, new_secret })
    }

    /// The engine first, because it may say no; then the shelf. Whoever crashes in between has not been answered, and
    /// the next start puts the shelf's rules into force.
    async fn apply(
        &self,
        mut own: Vec<Listed>,
        starts: &HashMap<RuleId, LogPos>,
        shelving: Shelving,
    ) -> Result<(), DeskError> {
        let before = self.rules().clone();
        let next = Rules { files: before.files.clone(), own: own.clone() };
        self.parts.engine.put(next.in_force(&self.parts.workshop), starts).await?;
        take_versions(&mut own, &self.parts.engine.versions());
        let kept = match &shelving {
            Shelving::Keep(id) => match own.iter().find(|listed| listed.rule.id == *id) {
                Some(listed) => self.parts.shelf.keep(listed.rule.as_ref().clone()).await,
                None => Ok(()),
            },
            Shelving::Discard(id) => self.parts.shelf.discard(id).await,
        };
        if let Err(fault) = kept {
            let back = before.in_force(&self.parts.workshop);
            if let Err(error) = self.parts.engine.put(back, &HashMap::new()).await {
                tracing::error!(%error, "a change of rules could neither be kept nor be taken back; it ends with this run");
            }
            return Err(fault.into());
        }
        self.rules().own = own;
        Ok(())
    }

    /// The rule of this id or name, if it may be changed.
    fn changeable(&self, name: &str, expected: Expected<'_>) -> Result<Arc<Rule>, DeskError> {
        let rule = self.find(name)?.rule;
        if let RuleOrigin::File(key) = &rule.origin {
            return Err(DeskError::ReadOnly { name: rule.name.clone(), key: key.clone() });
        }
        match expected {
            Some(versions) if !versions.contains(&rule.version) => Err(DeskError::Stale(rule.version)),
            _ => Ok(rule),
        }
    }

    fn secret(&self, kind: SecretKind) -> String {
        let dice = &self.parts.dice;
        match kind {
            // 48 hexadecimal digits: 192 random bits.
            SecretKind::Shared => (0..3).map(|_| format!("{:016x}", dice.roll())).collect(),
            SecretKind::Pair => {
                let mut seed = [0; 32];
                seed.chunks_exact_mut(8).for_each(|part| part.copy_from_slice(&dice.roll().to_be_bytes()));
                signature::key_pair(&seed)
            }
        }
    }

    fn rules(&self) -> MutexGuard<'_, Rules> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rules {
    /// Those of files first.
    fn all(&self) -> Vec<Listed> {
        let files = self.files.iter().map(|rule| Listed { rule: Arc::clone(rule), problem: None });
        files.chain(self.own.iter().cloned()).collect()
    }

    fn have_another_called(&self, rule: &Rule) -> bool {
        let mut all = self.files.iter().chain(self.own.iter().map(|listed| &listed.rule));
        all.any(|other| other.id != rule.id && is_called(other, &rule.name))
    }

    fn in_force(&self, workshop: &Workshop) -> Vec<Arc<Rule>> {
        let own = self.own.iter().filter(|listed| listed.problem.is_none()).map(|listed| &listed.rule);
        let mut all: Vec<Arc<Rule>> = self.files.iter().chain(own).cloned().collect();
        for rule in all.iter_mut().filter(|rule| workshop.allow_private && !rule.policy.allow_private) {
            Arc::make_mut(rule).policy.allow_private = true;
        }
        all
    }
}

fn shared(rules: Vec<Rule>) -> Vec<Arc<Rule>> {
    rules.into_iter().map(Arc::new).collect()
}

/// The engine counts versions; where settings changed what a rule carries with it, also without a request.
fn take_versions(all: &mut [Listed], versions: &HashMap<RuleId, u64>) {
    for listed in all {
        if let Some(version) =
            versions.get(&listed.rule.id).filter(|version| **version != listed.rule.version)
        {
            Arc::make_mut(&mut listed.rule).version = *version;
        }
    }
}

/// Names and ids are looked up alike, so that neither may hide another rule.
fn is_called(rule: &Rule, name: &str) -> bool {
    rule.name == name || *rule.id.0 == *name
}

/// The rule that the engine does not take.
fn culprit(error: &SetRulesError) -> Option<&RuleId> {
    match error {
        SetRulesError::Twice(rule)
        | SetRulesError::UnknownContract { rule, .. }
        | SetRulesError::UnknownEvent { rule, .. }
        | SetRulesError::BadPolicy { rule, .. }
        | SetRulesError::NothingToTry { rule, .. } => Some(rule),
        SetRulesError::Fault(_) => None,
    }
}

#[cfg(test)]
mod tests;
