//! How a replay is shown. Field names and meanings are a promise: fields are added, never renamed or taken away.

use ringback_callbacks::ReplayStatus;
use schemars::JsonSchema;
use serde::Serialize;

use crate::rules::start::show_time;

/// Past callbacks of a rule that are sent again.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Replay")]
pub(super) struct ReplayView {
    /// Its id; its calls carry it in the header `ringback-replay`.
    id: String,
    /// `counting`, `running`, `paused`, `done`, `cancelled` or `failed`.
    state: &'static str,
    /// Why it paused by itself, or failed; null = nothing is to be said.
    why: Option<String>,
    /// Id of the rule.
    rule: String,
    /// Its name.
    rule_name: String,
    /// Only this conversation; null = all.
    conversation: Option<String>,
    /// Only what concerns this user; null = all.
    user: Option<String>,
    /// Only these events; empty = all.
    events: Vec<String>,
    /// Only what happened at this time or later.
    from: Option<String>,
    /// Only what happened before this time.
    to: Option<String>,
    /// Only messages with this number or a higher one.
    first_seq: Option<u64>,
    /// Only messages with this number or a lower one.
    last_seq: Option<u64>,
    /// Also what passed while the rule was off.
    missed: bool,
    /// Where to; the dialect adds to it.
    url: String,
    /// Calls started per second at most.
    rate: u32,
    /// It only counts.
    dry: bool,
    /// When it began.
    began_at: String,
    /// When it ended; null = something of it is under way still.
    ended_at: Option<String>,
    /// How much there is; complete once it does not count any more.
    counts: ReplayCountsView,
    /// What is to be known about what is sent, in sentences.
    notes: Vec<String>,
    /// Deliveries that were taken.
    delivered: u64,
    /// Deliveries that were not, however often they were tried.
    failed: u64,
    /// The first 100 of those.
    failures: Vec<ReplayFailureView>,
    /// Position in the log up to which everything is over: `after` of another replay that goes on where this one ended.
    position: u64,
    /// Position in the log beyond which it does not look: its end when the replay was ordered, or less.
    upto: u64,
}

/// How much a replay means.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ReplayCounts")]
struct ReplayCountsView {
    /// Events that were looked at.
    looked_at: u64,
    /// Events of these that were asked for.
    meant: u64,
    /// Events of these that were not the rule's business when they happened, and are not sent.
    not_wanted: u64,
    /// Events of these that passed while the rule was off; `missed` sends them.
    while_off: u64,
    /// Callbacks that are sent.
    deliveries: u64,
    /// Events that are sent, and older than every known version of the rule.
    before_versions: u64,
}

/// A delivery that failed.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ReplayFailure")]
struct ReplayFailureView {
    /// Position of its event in the log.
    position: u64,
    /// Which copy of the event.
    copy: u32,
    /// Its id, as its receiver knows it.
    webhook_id: String,
    /// Attempts of this replay.
    attempts: u32,
    /// What the last one ran into.
    reason: String,
}

impl ReplayView {
    pub(super) fn of(status: &ReplayStatus) -> Self {
        let (order, counts) = (&status.order, &status.counts);
        Self {
            id: status.id.clone(),
            state: status.state.name(),
            why: status.why.clone(),
            rule: order.rule.to_string(),
            rule_name: status.rule_name.clone(),
            conversation: status.conversation.as_ref().map(ToString::to_string),
            user: order.user.as_ref().map(ToString::to_string),
            events: order.events.clone(),
            from: order.from.map(show_time),
            to: order.to.map(show_time),
            first_seq: order.seqs.map(|(first, _)| first),
            last_seq: order.seqs.map(|(_, last)| last),
            missed: order.missed,
            url: status.url.clone(),
            rate: status.rate,
            dry: order.dry,
            began_at: show_time(status.began),
            ended_at: status.ended.map(show_time),
            counts: ReplayCountsView {
                looked_at: counts.looked_at,
                meant: counts.meant,
                not_wanted: counts.not_wanted,
                while_off: counts.while_off,
                deliveries: counts.deliveries,
                before_versions: counts.before_versions,
            },
            notes: notes(status),
            delivered: status.delivered,
            failed: status.failed,
            failures: status
                .failures
                .iter()
                .map(|failure| ReplayFailureView {
                    position: failure.key.pos.0,
                    copy: failure.key.copy,
                    webhook_id: failure.webhook_id.clone(),
                    attempts: failure.attempts,
                    reason: failure.reason.clone(),
                })
                .collect(),
            position: status.position.0,
            upto: status.upto.0,
        }
    }
}

/// What somebody should know before he says yes.
fn notes(status: &ReplayStatus) -> Vec<String> {
    let counts = &status.counts;
    let mut notes = Vec::new();
    if let Some(start) = status.log_start {
        notes.push(format!(
            "older events were asked for than the log has: it begins at position {start} (setting log.keep), and what was \
             before that cannot be sent"
        ));
    }
    if let (1.., Some(version)) = (counts.before_versions, counts.oldest_version) {
        notes.push(format!(
            "{} of the events are older than version {version} of the rule, the oldest one known: the version valid then \
             is gone, or there was no such rule yet; they are rendered with version {version}",
            counts.before_versions
        ));
    }
    let others = counts.not_wanted.saturating_sub(counts.while_off);
    if others > 0 {
        notes.push(format!("{others} of the events were not the rule's business then, and are not sent"));
    }
    if counts.while_off > 0 {
        notes.push(format!(
            "{} of the events passed while the rule was off, and are not sent; `missed` sends them, too",
            counts.while_off
        ));
    }
    notes
}
