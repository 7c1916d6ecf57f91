//! Figures of one run, and how several rounds become one line.

use std::time::Duration;

use anyhow::Context as _;
use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

/// Longest latency that is told apart from longer ones: two minutes, in nanoseconds.
const LONGEST_NS: u64 = 120_000_000_000;
/// Decimal digits to which latencies are kept.
const DIGITS: u8 = 3;

/// Latencies of one run.
#[derive(Debug, Clone)]
pub(crate) struct Latency(Histogram<u64>);

impl Latency {
    /// Nothing yet.
    pub(crate) fn new() -> anyhow::Result<Self> {
        let histogram = Histogram::new_with_bounds(1, LONGEST_NS, DIGITS).context("bounds of latencies")?;
        Ok(Self(histogram))
    }

    /// One more; what is longer than two minutes counts as two minutes.
    pub(crate) fn record(&mut self, took: Duration) {
        let nanoseconds = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.0.saturating_record(nanoseconds.max(1));
    }

    /// The latency that this share (`0.0..=1.0`) of all does not exceed, in milliseconds; 0 where there is none.
    pub(crate) fn quantile_ms(&self, share: f64) -> f64 {
        if self.0.is_empty() {
            return 0.0;
        }
        self.0.value_at_quantile(share) as f64 / 1e6
    }
}

/// What several rounds say about one figure.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Spread {
    /// The middle one; the mean of the two in the middle where their number is even.
    pub(crate) median: f64,
    /// The smallest.
    pub(crate) min: f64,
    /// The greatest.
    pub(crate) max: f64,
}

impl Spread {
    /// `None` where there is no value.
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut sorted: Vec<f64> = values.into_iter().filter(|value| value.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        let (min, max) = (*sorted.first()?, *sorted.last()?);
        let upper = *sorted.get(sorted.len() / 2)?;
        let lower = *sorted.get((sorted.len() - 1) / 2)?;
        Some(Self { median: f64::midpoint(lower, upper), min, max })
    }
}

/// A share of two counts or times; `None` where there is nothing to divide by.
pub(crate) fn ratio(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_median_and_bounds() {
        let odd = Spread::of([3.0, 1.0, 2.0]).unwrap();
        assert_eq!((odd.median, odd.min, odd.max), (2.0, 1.0, 3.0));
        let even = Spread::of([4.0, 1.0, 2.0, 3.0]).unwrap();
        assert_eq!((even.median, even.min, even.max), (2.5, 1.0, 4.0));
        let one = Spread::of([7.0]).unwrap();
        assert_eq!((one.median, one.min, one.max), (7.0, 7.0, 7.0));
    }

    #[test]
    fn a_spread_needs_a_value() {
        assert_eq!(Spread::of([]), None);
        assert_eq!(Spread::of([f64::NAN, f64::INFINITY]), None);
    }

    #[test]
    fn quantiles_are_right_to_three_digits() {
        let mut latency = Latency::new().unwrap();
        for microseconds in 1..=10_000 {
            latency.record(Duration::from_micros(microseconds));
        }
        for (share, milliseconds) in [(0.5, 5.0), (0.99, 9.9), (0.999, 9.99), (1.0, 10.0)] {
            let measured = latency.quantile_ms(share);
            assert!((measured - milliseconds).abs() < milliseconds * 0.002, "{share}: {measured}");
        }
    }

    #[test]
    fn latencies_beyond_the_bounds_stay_countable() {
        let mut latency = Latency::new().unwrap();
        latency.record(Duration::ZERO);
        latency.record(Duration::from_secs(3600));
        assert!(latency.quantile_ms(0.5) < 0.001);
        assert!((latency.quantile_ms(1.0) - 120_000.0).abs() < 200.0);
    }

    #[test]
    fn no_latency_is_zero_and_no_whole_has_no_share() {
        assert_eq!(Latency::new().unwrap().quantile_ms(0.99), 0.0);
        assert_eq!(ratio(1.0, 0.0), None);
        assert_eq!(ratio(1.0, 4.0), Some(0.25));
    }
}
