//! How often callers may do something: one bucket per rate, for the whole app.
//!
//! A rate of n per time lets n through at once and is full again after that time (GCRA). Rates are charged in the
//! order in which the edge names them; what an earlier one was charged stays charged when a later one refuses.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::time::Duration;

use anyhow::bail;
use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota as Pace, RateLimiter};

use crate::settings::Quota;

type Limiter = RateLimiter<NotKeyed, InMemoryState, LoopTime, NoOpMiddleware<std::time::Instant>>;

/// The time that loops run on, which tests pause.
#[derive(Debug, Clone, Copy)]
struct LoopTime;

impl Clock for LoopTime {
    type Instant = std::time::Instant;

    fn now(&self) -> Self::Instant {
        tokio::time::Instant::now().into_std()
    }
}

/// All rates, by their keys.
pub struct Rates {
    buckets: HashMap<&'static str, Option<Bucket>>,
}

struct Bucket {
    quota: Quota,
    limiter: Limiter,
}

/// Something is done too often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exceeded {
    /// Which rate it is.
    pub key: &'static str,
    /// What it allows.
    pub quota: Quota,
    /// When there is room again; `None` = so much at once is never allowed.
    pub retry_after: Option<Duration>,
}

impl Rates {
    /// Starts with full buckets; `None` lets everything through.
    ///
    /// # Errors
    /// A rate is too fast to be measured.
    pub fn new(quotas: &[(&'static str, Option<Quota>)]) -> anyhow::Result<Self> {
        let mut buckets = HashMap::new();
        for (key, quota) in quotas {
            let bucket = quota.map(|quota| Bucket::new(key, quota)).transpose()?;
            buckets.insert(*key, bucket);
        }
        Ok(Self { buckets })
    }

    /// Charges `amount` to each of these rates.
    ///
    /// # Errors
    /// The first one that has no room for all of it; nothing is charged to that one.
    pub fn charge(&self, keys: &[&'static str], amount: u32) -> Result<(), Exceeded> {
        let Some(amount) = NonZeroU32::new(amount) else { return Ok(()) };
        for key in keys {
            let Some(bucket) = self.buckets.get(key).and_then(Option::as_ref) else { continue };
            let retry_after = match bucket.limiter.check_n(amount) {
                Ok(Ok(())) => continue,
                Ok(Err(not_until)) => Some(not_until.wait_time_from(LoopTime.now())),
                Err(_) => None,
            };
            let name = key.strip_prefix("rates.").unwrap_or(key);
            metrics::counter!("ringback_rate_limited_total", "rate" => name).increment(1);
            return Err(Exceeded { key, quota: bucket.quota, retry_after });
        }
        Ok(())
    }
}

impl Bucket {
    fn new(key: &str, quota: Quota) -> anyhow::Result<Self> {
        let burst = NonZeroU32::new(quota.count);
        let (Some(burst), Some(pace)) = (burst, Pace::with_period(quota.per / quota.count.max(1))) else {
            bail!("{key}: {quota} is too fast to be measured; switch it off instead");
        };
        Ok(Self { quota, limiter: RateLimiter::direct_with_clock(pace.allow_burst(burst), LoopTime) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn rates(quotas: &[(&'static str, &str)]) -> Rates {
        let parsed: Vec<_> = quotas.iter().map(|(key, text)| (*key, Quota::parse(text).ok())).collect();
        Rates::new(&parsed).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_bucket_is_emptied_at_once_and_fills_again() {
        let rates = rates(&[("rates.a", "4/s")]);
        assert!((0..4).all(|_| rates.charge(&["rates.a"], 1).is_ok()));
        let refused = rates.charge(&["rates.a"], 1).unwrap_err();
        assert_eq!((refused.key, refused.retry_after), ("rates.a", Some(SECOND / 4)));
        tokio::time::advance(SECOND / 4).await;
        assert!(rates.charge(&["rates.a"], 1).is_ok() && rates.charge(&["rates.a"], 1).is_err());
        tokio::time::advance(SECOND * 100).await;
        assert!(rates.charge(&["rates.a"], 4).is_ok(), "full again");
        assert!(rates.charge(&["rates.a"], 1).is_err(), "and not more than full");
    }

    #[tokio::test(start_paused = true)]
    async fn an_amount_is_charged_whole_or_not_at_all() {
        let rates = rates(&[("rates.a", "10/min")]);
        assert!(rates.charge(&["rates.a"], 6).is_ok());
        assert_eq!(rates.charge(&["rates.a"], 6).unwrap_err().retry_after, Some(SECOND * 12));
        assert!(rates.charge(&["rates.a"], 4).is_ok(), "the refused six took nothing");
        assert_eq!(rates.charge(&["rates.a"], 11).unwrap_err().retry_after, None, "never");
        assert!(rates.charge(&["rates.a"], 0).is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn rates_are_apart_and_those_that_are_off_let_everything_through() {
        let rates = rates(&[("rates.a", "1/day"), ("rates.b", "2/s"), ("rates.c", "off")]);
        assert!(rates.charge(&["rates.a", "rates.b"], 1).is_ok());
        assert_eq!(rates.charge(&["rates.a", "rates.b"], 1).unwrap_err().key, "rates.a");
        assert!(rates.charge(&["rates.b"], 1).is_ok(), "it was not charged for what the first one refused");
        assert_eq!(rates.charge(&["rates.c", "rates.b"], 1).unwrap_err().key, "rates.b");
        assert!((0..1000).all(|_| rates.charge(&["rates.c", "unheard of"], u32::MAX).is_ok()));
    }

    #[test]
    fn rates_beyond_measure_are_refused() {
        let quota = Quota { count: u32::MAX, per: SECOND };
        assert!(Rates::new(&[("rates.a", Some(quota))]).is_err());
        let fast = Quota { count: 1_000_000_000, per: SECOND };
        assert!(Rates::new(&[("rates.a", Some(fast))]).is_ok());
    }
}
