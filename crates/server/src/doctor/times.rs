//! Answer times.

use std::fmt;
use std::time::Duration;

/// Percentiles of answer times, each the time of an answer that there really was (nearest rank).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// Number of answers.
    pub count: usize,
    /// Half of them came within this.
    pub p50: Duration,
    /// 95 of 100 did.
    pub p95: Duration,
    /// 99 of 100 did.
    pub p99: Duration,
    /// All did.
    pub max: Duration,
}

impl Times {
    /// Of these; `None` where there are none.
    #[must_use]
    pub fn of(mut took: Vec<Duration>) -> Option<Self> {
        took.sort_unstable();
        let max = *took.last()?;
        let rank = |percent: usize| {
            let rank = (took.len() * percent).div_ceil(100).max(1);
            took.get(rank - 1).copied().unwrap_or(max)
        };
        Some(Self { count: took.len(), p50: rank(50), p95: rank(95), p99: rank(99), max })
    }
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { count, p50, p95, p99, max } = self;
        let ms = |time: &Duration| shown(*time);
        write!(f, "{count} answers: p50 {}, p95 {}, p99 {}, max {}", ms(p50), ms(p95), ms(p99), ms(max))
    }
}

/// A time for people.
#[must_use]
pub fn shown(time: Duration) -> String {
    let ms = time.as_secs_f64() * 1000.0;
    if ms < 10.0 { format!("{ms:.1} ms") } else { format!("{ms:.0} ms") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(ms: impl Iterator<Item = u64>) -> Times {
        Times::of(ms.map(Duration::from_millis).collect()).unwrap()
    }

    #[test]
    fn percentiles_are_times_that_there_were() {
        let all = times((1..=200).rev());
        let expected = [100, 190, 198, 200].map(Duration::from_millis);
        assert_eq!([all.p50, all.p95, all.p99, all.max], expected);
        let one = times(std::iter::once(7));
        assert_eq!([one.p50, one.p99, one.max], [7; 3].map(Duration::from_millis));
        assert_eq!(times([1, 9].into_iter()).p50, Duration::from_millis(1));
        assert_eq!(Times::of(Vec::new()), None);
        assert_eq!(one.to_string(), "1 answers: p50 7.0 ms, p95 7.0 ms, p99 7.0 ms, max 7.0 ms");
    }
}
