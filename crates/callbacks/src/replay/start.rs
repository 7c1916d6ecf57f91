//! Orders for replays are looked at here, and what can be done with one that is there.

use std::collections::HashMap;
use std::sync::Arc;

use ringback_model::conversation::ConversationId;
use ringback_model::delivery::RuleVersion;
use ringback_model::event::{EventKind, Lane, Phase};
use ringback_model::failure::Fault;
use ringback_model::ids::LogPos;
use ringback_model::limits;
use ringback_model::rule::Rule;

use super::business::{Business, Names};
use super::order::{ReplayError, ReplayOrder};
use super::scope::Scope;
use super::selection::Selection;
use super::state::{Given, Replay, ReplayStatus, Wish};
use super::worker::Worker;
use crate::engine::Engine;
use crate::live::LiveRule;
use crate::rule_set;
use crate::storage::target;
use crate::storage::throttle::Throttle;

impl Engine {
    /// Begins a replay: it counts, and then, unless the order says otherwise, sends. It never looks beyond the present end
    /// of the log.
    ///
    /// # Errors
    /// See [`ReplayError`]; nothing is sent then.
    pub async fn start_replay(&self, order: ReplayOrder) -> Result<ReplayStatus, ReplayError> {
        let present =
            self.rule_in_use(&order.rule).ok_or_else(|| ReplayError::UnknownRule(order.rule.clone()))?;
        check(&order, &present.rule)?;
        self.check_replay_target(&order, &present.rule).await?;
        if !order.dry && order.target_url.is_none() && present.shares_ban() && self.shared.ban.is_active() {
            return Err(ReplayError::Banned);
        }
        let conversation = self.known_conversation(&order.conversations).await?;
        let (scope, log_start) = self.scope(&order, conversation.as_ref()).await?;
        let live = self.replayed(&present.rule, &order).await?;
        let names = names(&order.events, &live)?;
        let rule = &live.rule;
        let rate = order.rate.unwrap_or_else(|| own_rate(rule));
        let replay = Arc::new(Replay::new(Given {
            id: format!("rp_{:010x}", self.shared.dice.roll() >> 24),
            conversation,
            rule_name: rule.name.clone(),
            url: rule.url.clone(),
            rate,
            began: self.shared.clock.now(),
            after: scope.after,
            upto: scope.upto,
            log_start,
            order: Arc::new(order),
        }));
        let order = &replay.given.order;
        let selection = Selection::new(order.user.as_ref(), order.seqs);
        let at_once = rule.policy.concurrency.min(limits::REPLAY_CONCURRENCY);
        tracing::info!(
            target: "ringback::callback",
            replay = replay.given.id,
            rule = %rule.id,
            dry = order.dry,
            other_target = order.target_url.is_some(),
            rate,
            after = scope.after.0,
            upto = scope.upto.0,
            "a replay begins"
        );
        self.replays.begin(Worker {
            shared: Arc::clone(&self.shared),
            replay: Arc::clone(&replay),
            throttle: Throttle::new(at_once, Some(rate)),
            business: Business::new(live, selection, names),
            scope,
        })?;
        Ok(replay.status())
    }

    /// Replays under way, and the last ones that are over; newest first.
    #[must_use]
    pub fn replays(&self) -> Vec<ReplayStatus> {
        self.replays.all().iter().map(|replay| replay.status()).collect()
    }

    /// How a replay is doing.
    ///
    /// # Errors
    /// [`ReplayError::NotFound`].
    pub fn replay(&self, id: &str) -> Result<ReplayStatus, ReplayError> {
        self.find_replay(id).map(|replay| replay.status())
    }

    /// How a replay is doing once it is over; it may wait for ever for one that is paused.
    ///
    /// # Errors
    /// [`ReplayError::NotFound`].
    pub async fn replay_over(&self, id: &str) -> Result<ReplayStatus, ReplayError> {
        let replay = self.find_replay(id)?;
        replay.over.cancelled().await;
        Ok(replay.status())
    }

    /// Lets a replay start no more calls until it is resumed.
    ///
    /// # Errors
    /// [`ReplayError::NotFound`], [`ReplayError::Over`].
    pub fn pause_replay(&self, id: &str) -> Result<ReplayStatus, ReplayError> {
        self.with_replay(id, |replay| replay.wish(Wish::Pause))
    }

    /// Lets a replay that is paused go on.
    ///
    /// # Errors
    /// [`ReplayError::NotFound`], [`ReplayError::Over`].
    pub fn resume_replay(&self, id: &str) -> Result<ReplayStatus, ReplayError> {
        self.with_replay(id, Replay::resume)
    }

    /// Ends a replay; its calls under way are finished.
    ///
    /// # Errors
    /// [`ReplayError::NotFound`], [`ReplayError::Over`].
    pub fn cancel_replay(&self, id: &str) -> Result<ReplayStatus, ReplayError> {
        self.with_replay(id, |replay| replay.wish(Wish::End))
    }

    fn find_replay(&self, id: &str) -> Result<Arc<Replay>, ReplayError> {
        self.replays.find(id).ok_or_else(|| ReplayError::NotFound(id.to_owned()))
    }

    fn with_replay(&self, id: &str, wish: impl FnOnce(&Replay) -> bool) -> Result<ReplayStatus, ReplayError> {
        let replay = self.find_replay(id)?;
        let state = replay.state();
        if state.is_over() || !wish(&replay) {
            return Err(ReplayError::Over { id: id.to_owned(), state: replay.state() });
        }
        Ok(replay.status())
    }

    async fn check_replay_target(&self, order: &ReplayOrder, rule: &Rule) -> Result<(), ReplayError> {
        let Some(url) = &order.target_url else { return Ok(()) };
        let allow_private = rule.policy.allow_private || self.storage.private_targets;
        target::check(url, allow_private)
            .await
            .map_err(|why| ReplayError::invalid("target_url", format!("cannot be used: {why}")))
    }

    /// The conversation that is meant: of several readings of a name, the one that the log knows.
    async fn known_conversation(
        &self,
        readings: &[ConversationId],
    ) -> Result<Option<ConversationId>, ReplayError> {
        let [first, others @ ..] = readings else { return Ok(None) };
        if others.is_empty() {
            return Ok(Some(first.clone()));
        }
        let mut known = Vec::new();
        for reading in readings.iter().take(limits::LIST_ITEMS) {
            let found = self.shared.log.read_lane(&Lane::conversation(reading), LogPos::ZERO, 1).await?;
            if !found.is_empty() {
                known.push(reading);
            }
        }
        match known[..] {
            [] => Ok(Some(first.clone())),
            [one] => Ok(Some(one.clone())),
            _ => {
                let names: Vec<String> = known.iter().map(ToString::to_string).collect();
                Err(ReplayError::invalid(
                    "conversation",
                    format!("may be several ones; name it as one of these: {}", names.join(", ")),
                ))
            }
        }
    }

    /// Where to read, and the start of the log where it has lost some of that.
    async fn scope(
        &self,
        order: &ReplayOrder,
        conversation: Option<&ConversationId>,
    ) -> Result<(Scope, Option<LogPos>), Fault> {
        let log = self.shared.log.as_ref();
        let (start, tail) = (log.start(), log.tail());
        let oldest = LogPos(start.0.saturating_sub(1));
        let mut after = order.after.unwrap_or(LogPos::ZERO);
        // What lies before an instant may be gone; what lies after a position that was reached once is not asked for.
        let mut cut = after < oldest;
        if let Some(from) = order.from {
            let first = log.position_at(from).await?;
            cut = first.max(after) <= oldest && after < oldest;
            after = after.max(first);
        }
        let upto = match order.to {
            Some(to) => log.position_at(to).await?.min(tail),
            None => tail,
        };
        let scope = Scope { lane: conversation.map(Lane::conversation), after: after.max(oldest), upto };
        let lost = cut && oldest > LogPos::ZERO;
        Ok((scope, lost.then_some(start)))
    }

    /// The rule as the replay sends for it: its versions render as they did then, with their own secrets, because those may
    /// be in a body; how it is called and what signs the calls is as it is now.
    async fn replayed(&self, present: &Rule, order: &ReplayOrder) -> Result<LiveRule, ReplayError> {
        let mut rule = present.clone();
        if let Some(url) = &order.target_url {
            rule.url.clone_from(url);
            rule.policy.allow_private |= self.storage.private_targets;
        }
        let book = self.versions.lock().await;
        let known = book.get(&order.rule).map_or(&[][..], Vec::as_slice);
        let on = |version: &RuleVersion| {
            let enabled = version.rule.enabled || order.missed;
            let rule = Rule { enabled, ..version.rule.as_ref().clone() };
            RuleVersion { rule: Arc::new(rule), since: version.since }
        };
        let versions: Vec<RuleVersion> = known.iter().map(on).collect();
        drop(book);
        let with = self.surroundings();
        let unusable =
            |error: rule_set::SetRulesError| ReplayError::invalid("rule", format!("cannot be used: {error}"));
        let mut live =
            rule_set::build(&Arc::new(rule), &versions, Arc::default(), &with).map_err(unusable)?;
        for version in &mut live.versions {
            let own = versions.iter().find(|own| own.rule.version == version.rule.version);
            if let Some(own) = own.filter(|own| own.rule.secrets != version.rule.secrets) {
                let secrets = own.rule.secrets.clone();
                version.rule = Arc::new(Rule { secrets, ..version.rule.as_ref().clone() });
            }
        }
        Ok(live)
    }
}

/// What can be said without looking anywhere.
fn check(order: &ReplayOrder, rule: &Rule) -> Result<(), ReplayError> {
    let invalid = |field, text: &str| Err(ReplayError::invalid(field, text));
    if rule.phase == Phase::Before {
        return invalid("rule", "names a rule that asks before an event: nothing of it can be sent again");
    }
    if order.rate.is_some_and(|rate| !(1..=limits::REPLAY_RATE_MAX).contains(&rate)) {
        let most = limits::REPLAY_RATE_MAX;
        return Err(ReplayError::invalid("rate", format!("must be 1 to {most} calls per second")));
    }
    if order.events.len() > limits::REPLAY_EVENTS {
        let most = limits::REPLAY_EVENTS;
        return Err(ReplayError::invalid("events", format!("has more than {most} names")));
    }
    if let Some((first, last)) = order.seqs {
        if order.conversations.is_empty() {
            return invalid(
                "seq",
                "needs a conversation: messages are numbered in each of them by themselves",
            );
        }
        if first < 1 || last < first {
            return invalid("first_seq", "must be two numbers from 1 on, the first not above the last");
        }
    }
    match (order.from, order.to) {
        (Some(from), Some(to)) if to <= from => invalid("to", "must be later than `from`"),
        _ => Ok(()),
    }
}

fn own_rate(rule: &Rule) -> u32 {
    rule.policy.rate_limit.map_or(limits::REPLAY_RATE, |own| own.min(limits::REPLAY_RATE))
}

/// What the order names in the words of the catalogue, and in those of the rule's contract.
fn names(events: &[String], live: &LiveRule) -> Result<Option<Names>, ReplayError> {
    if events.is_empty() {
        return Ok(None);
    }
    let told = EventKind::ALL.into_iter().filter(|kind| kind.phase() == Phase::After);
    let kinds: Vec<EventKind> = told.filter(|kind| events.iter().any(|name| name == kind.name())).collect();
    let in_contract = |name: &&String| !kinds.iter().any(|kind| kind.name() == name.as_str());
    let others: Vec<String> = events.iter().filter(in_contract).cloned().collect();
    let mut narrowed = HashMap::new();
    if !others.is_empty() {
        let narrow = |rule: &Rule| Rule { events: others.clone(), ..rule.clone() };
        live.contract.kinds(&narrow(&live.rule)).map_err(|why| {
            ReplayError::invalid("events", format!("names what this rule cannot be about: {why}"))
        })?;
        for version in &live.versions {
            narrowed.insert(version.rule.version, narrow(&version.rule));
        }
    }
    Ok(Some(Names { kinds, narrowed }))
}
