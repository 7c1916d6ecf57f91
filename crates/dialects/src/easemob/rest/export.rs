//! `/chatmessages`: the messages of an hour. Source: easemob-rest fact sheet 10.

use ringback_model::command::{Command, EXPORT_PATH, MessageCommand, MessageOutcome, Outcome};
use schemars::JsonSchema;
use serde::Serialize;
use time::{Date, Month};

use super::Asked;
use super::address;
use super::envelope::{Answer, Contents};
use super::problem::{ILLEGAL_ARGUMENT, Problem, Reject};

/// Zone of the hours where the settings name none, minutes east of UTC: that of the domestic clusters.
const ZONE_MIN: i32 = 8 * 60;
const MINUTES_PER_HOUR: i64 = 60;

/// Where to fetch it.
#[derive(Serialize, JsonSchema)]
pub(super) struct HistoryFile {
    /// Address of a gzip file with one JSON record in each line; good for an hour.
    url: String,
}

pub(super) fn read(asked: &Asked<'_>) -> Result<Command, Reject> {
    let text = asked.request.param("time");
    let local_min = minutes(text).ok_or_else(|| {
        Reject::new(&ILLEGAL_ARGUMENT, format!("time [{text:.40}] is not of the form yyyyMMddHH"))
    })?;
    Ok(Command::Message(MessageCommand::Export { local_min, zone_min: ZONE_MIN }))
}

/// Minutes since 1970 on the clocks of the zone of such a text.
fn minutes(text: &str) -> Option<i64> {
    if text.len() != 10 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<u8>().ok();
    let month = Month::try_from(number(4..6)?).ok()?;
    let date = Date::from_calendar_date(text.get(..4)?.parse().ok()?, month, number(6..8)?).ok()?;
    let start = date.with_hms(number(8..10)?, 0, 0).ok()?;
    Some(start.assume_utc().unix_timestamp() / MINUTES_PER_HOUR)
}

pub(super) fn answer(asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let Outcome::OfMessage(MessageOutcome::Exported { ticket, expires_at }) = outcome else { return None };
    let (origin, time) = (address::origin(asked.request), asked.request.param("time"));
    let expires_s = expires_at.seconds();
    let url = format!("{origin}{EXPORT_PATH}{time}.gz?Expires={expires_s}&Signature={ticket}");
    Some(Ok(Contents::data(&[HistoryFile { url }]).answer()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_read() {
        for (text, expected) in [
            ("1970010100", Some(0)),
            ("1970010201", Some(25 * 60)),
            ("2024110710", Some(28_849_560)),
            ("2024023000", None),
            ("2024110724", None),
            ("2024130700", None),
            ("202411071", None),
            ("20241107100", None),
            ("2024-11-07", None),
            ("", None),
        ] {
            assert_eq!(minutes(text), expected, "{text}");
        }
    }
}
