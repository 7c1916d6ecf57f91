//! Where a rule that is switched on begins to read the log.

use ringback_model::failure::Fault;
use ringback_model::ids::LogPos;
use ringback_model::ports::Log;
use ringback_model::time::UnixMs;
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::settings::value::parse_duration;

/// The word for the oldest event that is still kept.
pub const EARLIEST: &str = "earliest";

/// Where to begin; without one a rule begins with the next event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartAt {
    /// With the oldest event that is still kept.
    Earliest,
    /// With the first event that was committed at this instant or later.
    Time(UnixMs),
    /// With the event at this position of the log.
    Position(LogPos),
}

impl StartAt {
    /// Reads the value of a field.
    ///
    /// # Errors
    /// A clause that follows the field's name.
    pub fn read(value: &Value) -> Result<Self, String> {
        if let Some(position) = value.as_u64() {
            return match position {
                0 => Err("must be 1 or more: positions of the log begin there".to_owned()),
                _ => Ok(Self::Position(LogPos(position))),
            };
        }
        match value.as_str() {
            Some(EARLIEST) => Ok(Self::Earliest),
            Some(text) => parse_time(text).map(Self::Time).ok_or_else(|| {
                format!("must be {EARLIEST}, a position of the log, or a time such as 2026-01-31T08:00:00Z")
            }),
            None => Err("must be a text or a whole number".to_owned()),
        }
    }

    /// The position after which the rule begins.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn resolve(self, log: &dyn Log) -> Result<LogPos, Fault> {
        Ok(match self {
            Self::Earliest => before(log.start()),
            Self::Time(at) => log.position_at(at).await?,
            // Beyond the end there is nothing to begin with yet: the rule would leave events out unseen.
            Self::Position(position) => before(position).min(log.tail()),
        })
    }
}

fn before(position: LogPos) -> LogPos {
    LogPos(position.0.saturating_sub(1))
}

/// Reads an RFC 3339 time; `None` = it is none.
#[must_use]
pub fn parse_time(text: &str) -> Option<UnixMs> {
    let time = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    let ms = time.unix_timestamp_nanos().div_euclid(1_000_000);
    i64::try_from(ms).ok().map(UnixMs)
}

/// Reads an instant: an RFC 3339 time, or a length of time before now, such as `2h`.
///
/// # Errors
/// A clause that follows the field's name.
pub fn parse_moment(text: &str, now: UnixMs) -> Result<UnixMs, String> {
    let ago = || {
        let ago = parse_duration(text).ok()?;
        let ms = i64::try_from(ago.as_millis()).ok()?;
        now.0.checked_sub(ms).map(UnixMs)
    };
    parse_time(text).or_else(ago).ok_or_else(|| {
        "must be a time such as 2026-01-31T08:00:00Z, or how long ago it was, such as 90m, 2h or 3d"
            .to_owned()
    })
}

/// An instant as RFC 3339 text in UTC, with milliseconds; empty for instants beyond the year 9999.
#[must_use]
pub fn show_time(at: UnixMs) -> String {
    let nanos = i128::from(at.0) * 1_000_000;
    let time = OffsetDateTime::from_unix_timestamp_nanos(nanos);
    time.ok().and_then(|time| time.format(&Rfc3339).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn starts_are_positions_times_or_the_earliest() {
        assert_eq!(StartAt::read(&json!(7)), Ok(StartAt::Position(LogPos(7))));
        assert_eq!(StartAt::read(&json!("earliest")), Ok(StartAt::Earliest));
        let time = StartAt::Time(UnixMs(1_631_193_031_254));
        for text in ["2021-09-09T13:10:31.254Z", "2021-09-09T21:10:31.254+08:00"] {
            assert_eq!(StartAt::read(&json!(text)), Ok(time), "{text}");
        }
        for wrong in
            [json!(0), json!("latest"), json!("2021-09-09"), json!("2021-02-30T00:00:00Z"), json!(true)]
        {
            assert!(StartAt::read(&wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn moments_are_times_or_so_long_ago() {
        let now = UnixMs(1_631_193_031_254);
        for (text, expected) in [
            ("2021-09-09T13:10:31.254Z", Some(now)),
            ("2h", Some(UnixMs(now.0 - 7_200_000))),
            ("0s", Some(now)),
            ("2", None),
            ("yesterday", None),
            ("", None),
        ] {
            assert_eq!(parse_moment(text, now).ok(), expected, "{text}");
        }
    }

    #[test]
    fn times_are_shown_as_they_are_read() {
        for ms in [0, 999, 1_631_193_031_254, -1] {
            let shown = show_time(UnixMs(ms));
            assert_eq!(parse_time(&shown), Some(UnixMs(ms)), "{shown}");
        }
        assert_eq!(show_time(UnixMs(i64::MAX)), "");
    }
}
