//! What every metric means, for the `HELP` lines of `/metrics` and for the operating guide.

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
use ringback_callbacks::telemetry as callbacks;

#[derive(Clone, Copy)]
enum Kind {
    Counter,
    Gauge,
    Seconds,
    Sizes,
}
use Kind::{Counter, Gauge, Seconds, Sizes};

/// Kind, name, meaning; labels are named in the meaning.
const ALL: [(Kind, &str, &str); 65] = [
    (
        Counter,
        callbacks::MATCHED,
        "What was a rule's business, by rule, phase and event: questions it was asked, deliveries that events meant.",
    ),
    (Counter, callbacks::ATTEMPTS, "Calls of callbacks, by rule, phase, event and outcome."),
    (Seconds, callbacks::DURATION, "Time from sending a callback to its answer, by rule, phase and event."),
    (Gauge, callbacks::IN_FLIGHT, "Callbacks under way, by rule and phase."),
    (Gauge, callbacks::LAG, "Events that a rule has yet to look at, by rule."),
    (
        Gauge,
        callbacks::OLDEST,
        "Age of the oldest delivery that is neither over nor parked, in seconds, by rule; 0 = there is none.",
    ),
    (Gauge, callbacks::WAITING, "Deliveries that wait for another attempt, by rule."),
    (Gauge, callbacks::PARKED, "Deliveries that could not be made and are kept, by rule."),
    (
        Counter,
        callbacks::PARKINGS,
        "Deliveries that were parked, by rule, event and reason (exhausted, banned).",
    ),
    (
        Seconds,
        callbacks::DELAY,
        "Time from an event to its delivery, by rule; without those parked meanwhile.",
    ),
    (Counter, callbacks::ON_TIME, "Deliveries within 30 s of their event, by rule."),
    (Counter, callbacks::LATE, "Deliveries later than 30 s after their event, parked or dropped, by rule."),
    (Gauge, callbacks::BREAKER_OPEN, "1 while a rule's receiver is only probed, by rule."),
    (
        Counter,
        callbacks::VERDICTS,
        "Answers of before-callbacks, by rule, event and verdict (allow, change, refuse).",
    ),
    (
        Counter,
        callbacks::CHANGES,
        "Fields that answers of before-callbacks changed, by rule, event and field.",
    ),
    (
        Counter,
        callbacks::GATE_FAILURES,
        "Before-callbacks without a verdict, by rule, event and effect on the message (passed, refused).",
    ),
    (Counter, callbacks::EXPIRED, "Events that left the log before a rule came to them, by rule."),
    (Counter, callbacks::MISSED_OFF, "Events not sent because a rule was off, by rule."),
    (Counter, callbacks::EXPIRED_LANES, "Conversations of which waiting events left the log, by rule."),
    (
        Counter,
        callbacks::DROPPED,
        "Deliveries given up by a policy that keeps nothing, by rule and reason (exhausted, banned).",
    ),
    (Counter, callbacks::PARKED_EXPIRED, "Parked deliveries forgotten after storage.keep, by rule."),
    (Counter, callbacks::STORAGE_RESENT, "Parked deliveries sent again, by outcome (delivered, failed)."),
    (Counter, callbacks::REPLAY_SENT, "Deliveries of replays, by rule and outcome (delivered, failed)."),
    (Gauge, callbacks::REPLAYS_RUNNING, "Replays that count, send or are paused."),
    (Gauge, callbacks::STORAGE_SLICES_RUNNING, "Slices of parked deliveries that are being sent again."),
    (
        Gauge,
        callbacks::APP_BAN_ACTIVE,
        "1 while the receivers of all rules that share the app's ban are left alone.",
    ),
    (Counter, callbacks::APP_BANS, "Bans of the app."),
    (Counter, callbacks::APP_BAN_FAILURES, "Failures that counted towards a ban of the app."),
    (Counter, callbacks::SAVE_FAILURES, "Saves of rules' progress that failed and were tried again."),
    (
        Counter,
        callbacks::TRACES_SHED,
        "Notes for `ringback why` that were left out: too many at once, or their file could not be written.",
    ),
    (
        Counter,
        "ringback_otel_dropped_spans_total",
        "Spans that the collector of OpenTelemetry did not take, or for which there was no room.",
    ),
    (Gauge, callbacks::TRACE_BYTES, "Bytes of notes for `ringback why`."),
    (Counter, callbacks::BROKE, "Panics of the task that serves a rule, by rule; each is a bug."),
    (Counter, callbacks::UNRENDERED, "Deliveries that could not be written as a request, by rule."),
    (Counter, "ringback_rules_reloads_total", "Rule files read again, by result (applied, broken)."),
    (Gauge, "ringback_rules_broken", "1 while the rule files are broken and the old rules stay."),
    (Counter, "ringback_messages_total", "Messages stored."),
    (
        Counter,
        "ringback_keyword_hits_total",
        "Messages that had words of a word list, by list and verdict (refuse, replace, report).",
    ),
    (Gauge, "ringback_keywords_broken", "1 while the file with word lists is broken and the old lists stay."),
    (Counter, "ringback_pushes_total", "Messages put into the queues of connected clients."),
    (
        Counter,
        "ringback_pushes_refused_total",
        "Pushes that before-rules have stopped, by push (online, offline).",
    ),
    (
        Counter,
        "ringback_offline_pushes_total",
        "Requests to wake devices, by outcome (taken, failed and tried again, expired and given up).",
    ),
    (Seconds, "ringback_offline_push_seconds", "Time of one such request."),
    (Gauge, "ringback_offline_pushes_waiting", "Messages for which devices are yet to be woken."),
    (Counter, "ringback_rate_limited_total", "Requests refused because they came too often, by rate."),
    (Counter, "ringback_http_requests_total", "HTTP requests, by route and status."),
    (Seconds, "ringback_http_request_seconds", "Time of an HTTP request, by route."),
    (Gauge, "ringback_http_connections", "Open connections, by listener."),
    (Counter, "ringback_connections_refused_total", "Connections beyond limits.connections, by listener."),
    (Counter, "ringback_accept_failures_total", "Connections that could not be accepted, by listener."),
    (Gauge, "ringback_sockets", "WebSockets that are logged in."),
    (Counter, "ringback_sockets_turned_away_total", "WebSocket handshakes that were refused."),
    (Counter, "ringback_sockets_kicked_total", "WebSockets closed by another login or a logout."),
    (Counter, "ringback_sockets_cut_total", "WebSockets cut by the server, by reason."),
    (
        Counter,
        "ringback_room_messages_left_out_total",
        "Messages of low priority in chat rooms that were left out for clients that are behind.",
    ),
    (
        Counter,
        "ringback_socket_requests_total",
        "Requests over WebSockets, by request and whether they went well.",
    ),
    (Seconds, "ringback_socket_request_seconds", "Time of a request over a WebSocket."),
    (
        Counter,
        "ringback_presence_changes_total",
        "Users who came and went, by change (online, offline, kicked), as rules are told.",
    ),
    (Gauge, "ringback_presence_waiting", "Comings and goings that are yet to be written down."),
    (
        Counter,
        "ringback_presence_merged_total",
        "Comings and goings that cancelled out, or were left out, because too many waited.",
    ),
    (Counter, "ringback_presence_pushes_total", "Users' online states put into the queues of followers."),
    (Sizes, GROUP_COMMITS, "Commits that shared one durable write."),
    (Counter, "ringback_faults_total", "Requests that failed through our fault, by route; the log says why."),
    (
        Counter,
        "ringback_dead_workers_total",
        "Background tasks that have died, by worker; restart the server.",
    ),
    (Counter, "ringback_panics_total", "Panics that were caught; each is a bug."),
];

/// How many commits one durable write carried.
pub const GROUP_COMMITS: &str = "ringback_store_group_commits";

/// Tells the recorder what every metric means.
pub fn describe() {
    for (kind, name, meaning) in ALL {
        match kind {
            Counter => describe_counter!(name, meaning),
            Gauge => describe_gauge!(name, meaning),
            Seconds => describe_histogram!(name, Unit::Seconds, meaning),
            Sizes => describe_histogram!(name, meaning),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use serde_json::Value;

    use super::*;

    /// Texts in quotes that read like names of metrics.
    fn names_in(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                names_in(&path, found);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let quoted = text.split('"').filter(|part| part.starts_with("ringback_"));
                let plain = |c: char| c.is_ascii_lowercase() || c == '_';
                found.extend(quoted.filter(|part| part.chars().all(plain)).map(str::to_owned));
            }
        }
    }

    #[test]
    fn the_dashboard_asks_for_metrics_that_there_are() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/grafana/ringback.json");
        let board: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        let panels = board["panels"].as_array().unwrap();
        let ids: BTreeSet<u64> = panels.iter().map(|panel| panel["id"].as_u64().unwrap()).collect();
        assert_eq!(ids.len(), panels.len(), "every panel has an id of its own");
        let mut shown: BTreeSet<String> = BTreeSet::new();
        for target in panels.iter().flat_map(|panel| panel["targets"].as_array().into_iter().flatten()) {
            let asked = target["expr"].as_str().unwrap();
            let words = asked.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            shown.extend(
                words
                    .filter(|word| word.starts_with("ringback_"))
                    .map(|word| word.strip_suffix("_bucket").unwrap_or(word).to_owned()),
            );
        }
        let described: BTreeSet<String> = ALL.iter().map(|(_, name, _)| (*name).to_owned()).collect();
        let unknown: Vec<_> = shown.difference(&described).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
        let about_callbacks = |name: &&String| name.starts_with("ringback_callback_");
        let missing: Vec<_> = described.difference(&shown).filter(about_callbacks).collect();
        let left_out = ["expired_lanes_total", "progress_save_failures_total", "unrendered_total"];
        let left_out = left_out.map(|name| format!("ringback_callback_{name}"));
        assert_eq!(missing, left_out.iter().collect::<Vec<_>>(), "bugs and broken disks have no panel");
    }

    #[test]
    fn every_metric_is_described_here_and_in_the_guide() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut used = BTreeSet::new();
        for room in ["server", "callbacks", "domain", "store"] {
            names_in(&root.join("crates").join(room).join("src"), &mut used);
        }
        used.remove("ringback_");
        used.remove("ringback_callback_");
        let described: BTreeSet<String> = ALL.iter().map(|(_, name, _)| (*name).to_owned()).collect();
        assert_eq!(used, described);
        for guide in ["docs/operating.md", "docs/zh/operating.md"] {
            let text = std::fs::read_to_string(root.join(guide)).unwrap();
            let missing: Vec<_> = described.iter().filter(|name| !text.contains(name.as_str())).collect();
            assert!(missing.is_empty(), "{guide} does not name {missing:?}");
        }
    }
}
