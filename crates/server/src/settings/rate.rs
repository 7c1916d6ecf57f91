//! How often something may be done, as it is written in settings: `100/s`, `6000/min`, `10/day`, or `off`.

use std::fmt;
use std::time::Duration;

use super::value::{Value, parse_duration, show_duration};

/// So many in such a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// How many; at least 1.
    pub count: u32,
    /// In which time; at least a millisecond.
    pub per: Duration,
}

/// Names of spans of time, shortest first.
const SPANS: [(&str, u64); 4] = [("s", 1), ("min", 60), ("h", 3600), ("day", 86_400)];
/// The word for no bound.
const OFF: &str = "off";

impl Quota {
    /// Reads one.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not a rate, such as 100/s, 6000/min, 30/h, 10/day, or {OFF}");
        let (count, span) = text.split_once('/').ok_or_else(wrong)?;
        let count: u32 = count.trim().parse().ok().filter(|count| *count > 0).ok_or_else(wrong)?;
        let span = span.trim();
        let named = SPANS.iter().find(|(name, _)| *name == span);
        let per = match named {
            Some((_, seconds)) => Duration::from_secs(*seconds),
            None => parse_duration(span).ok().filter(|span| !span.is_zero()).ok_or_else(wrong)?,
        };
        if (per / count).is_zero() {
            return Err(format!("{text} is too fast to be measured; {OFF} = as often as you like"));
        }
        Ok(Self { count, per })
    }
}

impl fmt::Display for Quota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match SPANS.iter().find(|(_, seconds)| self.per == Duration::from_secs(*seconds)) {
            Some((name, _)) => write!(f, "{}/{name}", self.count),
            None => write!(f, "{}/{}", self.count, show_duration(self.per)),
        }
    }
}

/// A rate, or `None` for `off`.
///
/// # Errors
/// Says what is wrong with it.
pub(super) fn read(value: &Value) -> Result<Option<Quota>, String> {
    // In the file of an older YAML habit, `off` is a truth value.
    if *value == Value::Bool(false) {
        return Ok(None);
    }
    let text = value.text()?;
    if text.trim() == OFF { Ok(None) } else { Quota::parse(&text).map(Some) }
}

/// As [`read`] takes it.
pub(super) fn show(quota: Option<Quota>) -> String {
    quota.map_or_else(|| OFF.to_owned(), |quota| quota.to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn quota(count: u32, seconds: u64) -> Quota {
        Quota { count, per: Duration::from_secs(seconds) }
    }

    #[test]
    fn rates_are_read() {
        for (text, wanted) in [
            ("100/s", quota(100, 1)),
            (" 6000 / min ", quota(6000, 60)),
            ("30/h", quota(30, 3600)),
            ("10/day", quota(10, 86_400)),
            ("5/10s", quota(5, 10)),
        ] {
            assert_eq!(Quota::parse(text), Ok(wanted), "{text}");
        }
        for text in ["", "off", "100", "0/s", "-1/s", "1/", "1/week", "/s", "1/0s", "5000000000/s", "1.5/s"] {
            assert!(Quota::parse(text).unwrap_err().contains("100/s"), "{text}");
        }
        assert!(Quota::parse("4000000000/s").unwrap_err().contains("too fast"));
        let read = |text: &str| read(&Value::Text(text.to_owned()));
        assert_eq!(read("off"), Ok(None));
        assert_eq!(read("1/s"), Ok(Some(quota(1, 1))));
        assert_eq!(super::read(&Value::Bool(false)), Ok(None));
        assert!(super::read(&Value::Int(5)).is_err() && super::read(&Value::Bool(true)).is_err());
    }

    proptest! {
        #[test]
        fn what_is_shown_can_be_read(count in 1..=u32::MAX, ms in 1..=u64::from(u32::MAX)) {
            let quota = Quota { count, per: Duration::from_millis(ms) };
            prop_assume!(!(quota.per / count).is_zero());
            prop_assert_eq!(Quota::parse(&quota.to_string()), Ok(quota));
        }
    }
}
