//! Load: closed loop (so many in flight; the next starts when one ends) and open loop (so many per second; arrivals
//! do not wait for answers, and latency counts from the instant that was meant).

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::sync::mpsc;

use crate::stats::Latency;

/// Requests of an open loop that may be unanswered at once; arrivals beyond are counted as failed.
const UNANSWERED: usize = 20_000;

/// How requests follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// So many in flight.
    Closed(usize),
    /// So many per second.
    Open(u32),
}

/// How long a load lasts: until the time is over or the count is reached, whichever comes first.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Time in which requests are started.
    pub(crate) time: Duration,
    /// Requests at most.
    pub(crate) count: u64,
}

impl Bounds {
    /// Bounded by time alone.
    pub(crate) fn time(time: Duration) -> Self {
        Self { time, count: u64::MAX }
    }
}

/// What a load has brought.
#[derive(Debug)]
pub(crate) struct Tally {
    /// Requests that ended well.
    pub(crate) done: u64,
    /// Requests that did not.
    pub(crate) failed: u64,
    /// From the start to the last answer.
    pub(crate) elapsed: Duration,
    /// Latencies of those that ended well.
    pub(crate) latency: Latency,
    /// How much later than meant requests of an open loop were started.
    pub(crate) lateness: Latency,
    /// What went wrong first.
    pub(crate) first_failure: Option<String>,
}

impl Tally {
    /// Nothing yet.
    pub(crate) fn new() -> anyhow::Result<Self> {
        Ok(Self {
            done: 0,
            failed: 0,
            elapsed: Duration::ZERO,
            latency: Latency::new()?,
            lateness: Latency::new()?,
            first_failure: None,
        })
    }

    /// One request has ended.
    pub(crate) fn count(&mut self, started: Instant, result: anyhow::Result<()>) {
        match result {
            Ok(()) => {
                self.done += 1;
                self.latency.record(started.elapsed());
            }
            Err(error) => self.fail(&format!("{error:#}")),
        }
    }

    /// One request has failed.
    pub(crate) fn fail(&mut self, why: &str) {
        self.failed += 1;
        self.first_failure.get_or_insert_with(|| why.to_owned());
    }

    /// Requests per second that ended well.
    pub(crate) fn per_second(&self) -> f64 {
        self.done as f64 / self.elapsed.as_secs_f64().max(f64::EPSILON)
    }
}

/// Runs a load; `request` gets the number of the request, counted from 0.
pub(crate) async fn run(
    pace: Pace,
    bounds: Bounds,
    request: impl AsyncFn(u64) -> anyhow::Result<()>,
) -> anyhow::Result<Tally> {
    match pace {
        Pace::Closed(in_flight) => closed(in_flight, bounds, request).await,
        Pace::Open(per_second) => open(per_second, bounds, request).await,
    }
}

async fn closed(
    in_flight: usize,
    bounds: Bounds,
    request: impl AsyncFn(u64) -> anyhow::Result<()>,
) -> anyhow::Result<Tally> {
    let tally = RefCell::new(Tally::new()?);
    let next = Cell::new(0);
    let started = Instant::now();
    let worker = async || {
        while started.elapsed() < bounds.time && next.get() < bounds.count {
            let number = next.replace(next.get() + 1);
            let asked = Instant::now();
            let result = request(number).await;
            tally.borrow_mut().count(asked, result);
        }
    };
    let mut workers: FuturesUnordered<_> = (0..in_flight).map(|_| worker()).collect();
    while workers.next().await.is_some() {}
    drop(workers);
    let mut tally = tally.into_inner();
    tally.elapsed = started.elapsed();
    Ok(tally)
}

async fn open(
    per_second: u32,
    bounds: Bounds,
    request: impl AsyncFn(u64) -> anyhow::Result<()>,
) -> anyhow::Result<Tally> {
    let mut tally = Tally::new()?;
    let started = Instant::now();
    let mut arrivals = Pacer::start(started, per_second, bounds);
    let ask = async |number: u64, meant: Instant| (meant, request(number).await);
    let mut unanswered = FuturesUnordered::new();
    let mut number = 0;
    let mut arriving = true;
    while arriving || !unanswered.is_empty() {
        tokio::select! {
            biased;
            meant = arrivals.next(), if arriving => match meant {
                None => arriving = false,
                Some(_) if unanswered.len() >= UNANSWERED => tally.fail("too many unanswered requests"),
                Some(meant) => {
                    tally.lateness.record(meant.elapsed());
                    unanswered.push(ask(number, meant));
                    number += 1;
                }
            },
            Some((meant, result)) = unanswered.next(), if !unanswered.is_empty() => tally.count(meant, result),
        }
    }
    tally.elapsed = started.elapsed();
    Ok(tally)
}

/// A thread that says when a request is meant to start. The runtime's own timer knows whole milliseconds only, too
/// coarse for latencies of a tenth of one; a parked thread wakes up about 60 µs late.
struct Pacer {
    arrivals: mpsc::Receiver<Instant>,
}

impl Pacer {
    fn start(first: Instant, per_second: u32, bounds: Bounds) -> Self {
        let (sender, arrivals) = mpsc::channel(UNANSWERED);
        let step = Duration::from_secs(1) / per_second.max(1);
        std::thread::spawn(move || {
            let end = first + bounds.time;
            let mut meant = first;
            let mut left = bounds.count;
            while meant < end && left > 0 {
                let now = Instant::now();
                if now < meant {
                    std::thread::park_timeout(meant - now);
                    continue;
                }
                // Full only if the load stands still for seconds; closed when it has ended early.
                if sender.blocking_send(meant).is_err() {
                    return;
                }
                meant += step;
                left -= 1;
            }
        });
        Self { arrivals }
    }

    async fn next(&mut self) -> Option<Instant> {
        self.arrivals.recv().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(milliseconds: u64, count: u64) -> Bounds {
        Bounds { time: Duration::from_millis(milliseconds), count }
    }

    #[tokio::test]
    async fn a_closed_loop_keeps_so_many_in_flight_and_ends_at_its_count() {
        let (now, most) = (Cell::new(0), Cell::new(0));
        let tally = run(Pace::Closed(3), bounds(60_000, 20), async |number| {
            now.set(now.get() + 1);
            most.set(most.get().max(now.get()));
            tokio::task::yield_now().await;
            now.set(now.get() - 1);
            anyhow::ensure!(number != 7, "the eighth fails");
            Ok(())
        })
        .await
        .unwrap();
        assert_eq!((tally.done, tally.failed, most.get()), (19, 1, 3));
        assert_eq!(tally.first_failure.as_deref(), Some("the eighth fails"));
    }

    #[tokio::test]
    async fn a_closed_loop_ends_when_its_time_is_over() {
        let tally = run(Pace::Closed(2), bounds(20, u64::MAX), async |_| {
            tokio::task::yield_now().await;
            Ok(())
        })
        .await
        .unwrap();
        assert!(tally.done > 0);
        assert!(tally.elapsed >= Duration::from_millis(20));
    }

    #[tokio::test]
    async fn an_open_loop_does_not_wait_for_answers() {
        // Nothing is answered before all ten have arrived: a closed loop would never end.
        let arrived = tokio::sync::Semaphore::new(0);
        let tally = run(Pace::Open(1000), bounds(60_000, 10), async |number| {
            if number == 9 {
                arrived.add_permits(10);
            }
            arrived.acquire().await?.forget();
            Ok(())
        })
        .await
        .unwrap();
        assert_eq!((tally.done, tally.failed), (10, 0));
        // The first was meant 9 ms before the last one let it go.
        assert!(tally.latency.quantile_ms(1.0) >= 9.0, "{}", tally.latency.quantile_ms(1.0));
    }
}
