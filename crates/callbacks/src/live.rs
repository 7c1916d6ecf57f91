//! Rules in use, with the versions that events still in the log may need.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use ringback_model::delivery::Outbound;
use ringback_model::dialect::{Contract, Manner};
use ringback_model::event::{Event, EventKind, Facets, Phase, Question};
use ringback_model::ids::{LogPos, RuleId};
use ringback_model::limits;
use ringback_model::message::Origin;
use ringback_model::rule::{Ban, Order, Rule};
use ringback_model::time::UnixMs;

use crate::caller::CallPolicy;
use crate::matching::{self, Compiled, Reason};
use crate::promise::Promise;
use crate::recorder::Recorder;
use crate::telemetry::{Moment, RuleMetrics};

/// A rule, ready for use.
pub(crate) struct LiveRule {
    /// As it is now.
    pub(crate) rule: Arc<Rule>,
    pub(crate) contract: Arc<dyn Contract>,
    pub(crate) how: CallPolicy,
    pub(crate) metrics: RuleMetrics,
    pub(crate) recorder: Arc<Recorder>,
    pub(crate) promise: Arc<Promise>,
    /// Whether what cannot be delivered is parked; else it is dropped and counted.
    pub(crate) parks: bool,
    /// Where its present run began: events up to here are not its business.
    pub(crate) started: LogPos,
    /// When that was decided: the promise of a delay is about events from then on.
    pub(crate) since: UnixMs,
    /// Oldest first; never empty.
    pub(crate) versions: Vec<LiveVersion>,
    /// URLs that it has had, for requests that were rendered with an older one. Longest first.
    pub(crate) urls: Vec<String>,
}

/// One version of it: what it selects and how it renders, with the present URL, policy and secrets.
pub(crate) struct LiveVersion {
    pub(crate) since: LogPos,
    pub(crate) rule: Arc<Rule>,
    pub(crate) contract: Arc<dyn Contract>,
    pub(crate) kinds: Vec<EventKind>,
    pub(crate) selectors: Compiled,
}

impl LiveVersion {
    /// Whether this version is about the event.
    pub(crate) fn wants(&self, event: &Event) -> bool {
        self.rule.enabled
            && event.kind().is_some_and(|kind| self.kinds.contains(&kind))
            && self.selects(event.fact.facets(), event.fact.origin()).is_ok()
    }

    /// Whether this version is about the question.
    pub(crate) fn asks_about(&self, question: &Question) -> bool {
        self.selects(question.subject.facets(), question.origin).is_ok()
    }

    pub(crate) fn selects<'a>(&self, about: Facets<'a>, origin: Origin) -> Result<(), Reason<'a>> {
        let content = about.content.filter(|_| self.selectors.wants_code());
        let code = content.map_or(0, |content| self.contract.content_code(content));
        matching::matches(&self.selectors, about, origin, code)
    }
}

impl LiveRule {
    pub(crate) fn id(&self) -> &RuleId {
        &self.rule.id
    }

    /// The version valid at a position; the oldest known where the valid one is gone.
    pub(crate) fn version_at(&self, pos: LogPos) -> Option<&LiveVersion> {
        let after = self.versions.partition_point(|version| version.since < pos);
        self.versions.get(after.saturating_sub(1))
    }

    /// The version as it is now.
    pub(crate) fn newest(&self) -> Option<&LiveVersion> {
        self.versions.last()
    }

    /// The version that wants the event, if one does.
    pub(crate) fn wanting(&self, event: &Event) -> Option<&LiveVersion> {
        self.version_at(event.pos).filter(|version| version.wants(event))
    }

    /// Its versions that are told of events.
    pub(crate) fn versions_told(&self) -> impl Iterator<Item = &LiveVersion> {
        self.versions.iter().filter(|version| version.kinds.iter().any(|kind| kind.phase() == Phase::After))
    }

    /// Whether the app's ban is its business.
    pub(crate) fn shares_ban(&self) -> bool {
        self.rule.phase == Phase::After && self.rule.policy.ban == Ban::App
    }

    pub(crate) fn keeps_order(&self) -> bool {
        self.rule.policy.order != Order::None
    }

    /// What the contract says of calls about a moment.
    pub(crate) fn manner(&self, moment: Moment) -> Option<Manner> {
        self.contract.manner(moment?)
    }

    /// How a delivery about a moment is called.
    pub(crate) fn how_about<'a>(&self, moment: Moment, how: &'a CallPolicy) -> Cow<'a, CallPolicy> {
        match self.manner(moment) {
            Some(manner) => {
                let timeout =
                    Duration::from_millis(u64::from(manner.timeout_ms)).min(limits::RULE_TIMEOUT_MAX);
                Cow::Owned(CallPolicy { timeout, ..how.clone() })
            }
            None => Cow::Borrowed(how),
        }
    }

    /// The request as it is to be sent now: where it was rendered with another URL of the rule, with the present one.
    pub(crate) fn redirect(&self, outbound: &Arc<Outbound>) -> Arc<Outbound> {
        // The longest that fits: one URL may begin like another.
        let fits = |url: &str| outbound.url.starts_with(url).then_some(url.len());
        let old = self.urls.iter().find(|old| fits(old).is_some());
        if fits(&self.rule.url) > old.map(String::len) {
            return Arc::clone(outbound);
        }
        let rest = old.and_then(|old| outbound.url.strip_prefix(old.as_str()));
        match rest {
            Some(rest) => {
                Arc::new(Outbound { url: format!("{}{rest}", self.rule.url), ..outbound.as_ref().clone() })
            }
            None => Arc::clone(outbound),
        }
    }
}
