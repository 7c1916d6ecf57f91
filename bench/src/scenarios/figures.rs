//! Figures: their names, and how loads and meters turn into them.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::load::Tally;
use crate::machine::{Usage, peak_resident_bytes};
use crate::receiver::Seen;
use crate::stats::ratio;

/// Names of figures. Rates are per second, times in milliseconds (`_ms`) or microseconds (`_us`), shares 0 to 1.
pub(crate) mod figure {
    /// Requests answered per second.
    pub(crate) const RATE: &str = "per_second";
    /// Latency that half of the requests do not exceed.
    pub(crate) const P50: &str = "p50_ms";
    /// Latency that 99 of 100 requests do not exceed.
    pub(crate) const P99: &str = "p99_ms";
    /// Latency that 999 of 1,000 requests do not exceed.
    pub(crate) const P999: &str = "p999_ms";
    /// How much later than meant an open loop started half of its requests; part of the latencies above.
    pub(crate) const LATE_P50: &str = "started_late_p50_ms";
    /// Callbacks answered per second, from the first send (or the opening of the receiver) to the last callback.
    pub(crate) const DELIVERED: &str = "delivered_per_second";
    /// Rate of delivery, as a share of what a slow receiver allows a rule that has 64 calls in flight.
    pub(crate) const OF_CONCURRENCY: &str = "of_concurrency";
    /// From the instant at which a send was meant to start to the arrival of its after-callback.
    pub(crate) const DELIVERY_P50: &str = "delivery_p50_ms";
    /// The same, 99 of 100.
    pub(crate) const DELIVERY_P99: &str = "delivery_p99_ms";
    /// The same, the longest.
    pub(crate) const DELIVERY_MAX: &str = "delivery_longest_ms";
    /// Messages that were accepted and whose after-callback did not come while the case waited.
    pub(crate) const UNDELIVERED: &str = "undelivered";
    /// Messages whose after-callback came more than once: extra calls.
    pub(crate) const REPEATED: &str = "repeated";
    /// Requests that failed.
    pub(crate) const FAILED: &str = "failed";
    /// Requests that were counted.
    pub(crate) const COUNT: &str = "count";
    /// Processor time of the server per request.
    pub(crate) const SERVER_CPU: &str = "server_cpu_us";
    /// Processor time of the receiver per request.
    pub(crate) const RECEIVER_CPU: &str = "receiver_cpu_us";
    /// Processor time of the load generator per request.
    pub(crate) const LOAD_CPU: &str = "load_cpu_us";
    /// Bytes that the server wrote to disk per request.
    pub(crate) const DISK: &str = "disk_bytes";
    /// Largest resident set of the server in the case, in MiB.
    pub(crate) const RESIDENT: &str = "resident_mib";
    /// Pushes that connected recipients have read, per second.
    pub(crate) const PUSHED: &str = "pushed_per_second";
    /// Pushes that did not come while the case waited.
    pub(crate) const UNPUSHED: &str = "unpushed";
    /// Bytes of a push's frame.
    pub(crate) const FRAME: &str = "frame_bytes";
    /// From the instant at which a message was meant to be sent to the last of its callbacks.
    pub(crate) const LAST_COPY: &str = "last_copy_ms";
    /// From the return of a receiver to the first callback that it answers.
    pub(crate) const RESUMED: &str = "resumed_ms";
    /// From the end of the sending until every rule had looked at every message.
    pub(crate) const CAUGHT_UP: &str = "caught_up_ms";
    /// From the first request for a rule to the answer to the last.
    pub(crate) const RULES_MADE: &str = "rules_made_ms";
    /// Connections that were open.
    pub(crate) const CONNECTIONS: &str = "connections";
    /// What the server's resident set grew by, per connection.
    pub(crate) const CONNECTION_BYTES: &str = "bytes_per_connection";
    /// Processor time that the server takes per second while nothing happens, as a share of one processor.
    pub(crate) const IDLE_CPU: &str = "idle_cpu";
    /// Conversations of the user who logs in.
    pub(crate) const CONVERSATIONS: &str = "conversations";
    /// Processor time of the server for all calls of one login.
    pub(crate) const LOGIN_CPU: &str = "login_cpu_ms";
    /// From its first call to the answer to the last.
    pub(crate) const LOGIN_TIME: &str = "login_ms";
    /// From the order to start a server to its first "ready".
    pub(crate) const READY: &str = "ready_ms";
    /// Events on disk.
    pub(crate) const EVENTS: &str = "events";
    /// Bytes of the data folder, in MiB.
    pub(crate) const FOLDER: &str = "folder_mib";
    /// Nanoseconds that the keyword filter takes for a message.
    pub(crate) const JUDGED: &str = "judged_ns";
    /// Nanoseconds that a plain scan of the same bytes takes.
    pub(crate) const SCANNED: &str = "scanned_ns";
    /// The former by the latter.
    pub(crate) const OF_SCAN: &str = "of_scan";
    /// Share of the messages that have words of the list in them.
    pub(crate) const WITH_WORDS: &str = "with_words";
    /// Bare calls answered per second just before and just after the case: the mean of the two.
    pub(crate) const BARE_BESIDE: &str = "bare_beside_per_second";
    /// Share of all processor time that was stolen by the hypervisor.
    pub(crate) const STOLEN: &str = "stolen";
    /// Share of all processor time that went to processes outside of the run.
    pub(crate) const OTHERS: &str = "others";
    /// Share of the time for which the disk stood still. Only where latencies on it are judged.
    pub(crate) const STALLED: &str = "disk_stalled";
}

/// The figures of one case in one round.
pub(crate) type Figures = BTreeMap<&'static str, f64>;

/// The figures that every load has.
pub(super) fn of_load(tally: &Tally) -> anyhow::Result<Figures> {
    if tally.done == 0 {
        let why = tally.first_failure.as_deref().unwrap_or("nothing was asked");
        anyhow::bail!("no request ended well: {why}");
    }
    if let Some(why) = &tally.first_failure {
        eprintln!("  {} of {} requests failed; the first: {why}", tally.failed, tally.failed + tally.done);
    }
    Ok(Figures::from([
        (figure::RATE, tally.per_second()),
        (figure::P50, tally.latency.quantile_ms(0.5)),
        (figure::P99, tally.latency.quantile_ms(0.99)),
        (figure::P999, tally.latency.quantile_ms(0.999)),
        (figure::LATE_P50, tally.lateness.quantile_ms(0.5)),
        (figure::COUNT, tally.done as f64),
        (figure::FAILED, tally.failed as f64),
    ]))
}

/// Adds what it has cost, per request.
pub(super) fn add_usage(figures: &mut Figures, usage: &Usage, requests: u64) {
    let per_request = |cpu: Duration| cpu.as_secs_f64() * 1e6 / requests.max(1) as f64;
    figures.extend([
        (figure::SERVER_CPU, per_request(usage.server_cpu)),
        (figure::RECEIVER_CPU, per_request(usage.receiver_cpu)),
        (figure::LOAD_CPU, per_request(usage.load_cpu)),
        (figure::DISK, usage.server_disk_bytes as f64 / requests.max(1) as f64),
    ]);
    add_disturbance(figures, usage);
}

/// Adds what others have taken.
pub(super) fn add_disturbance(figures: &mut Figures, usage: &Usage) {
    figures.extend([(figure::STOLEN, usage.stolen), (figure::OTHERS, usage.others)]);
}

/// Adds the largest resident set that a process had.
pub(super) fn add_peak(figures: &mut Figures, pid: u32) {
    figures.insert(figure::RESIDENT, peak_resident_bytes(pid) as f64 / f64::from(1u32 << 20));
}

/// What is said about the after-callbacks of so many messages.
pub(super) fn of_delivery(seen: &Seen, expected: u64) -> Figures {
    let seconds = seen.since_open_us as f64 / 1e6;
    Figures::from([
        (figure::DELIVERED, ratio(seen.messages as f64, seconds).unwrap_or(0.0)),
        (figure::DELIVERY_P50, seen.p50_ms),
        (figure::DELIVERY_P99, seen.p99_ms),
        (figure::DELIVERY_MAX, seen.longest_ms),
        (figure::UNDELIVERED, expected.saturating_sub(seen.messages) as f64),
        (figure::REPEATED, seen.answered.saturating_sub(seen.messages) as f64),
    ])
}
