//! Date keys: how a slice of ten minutes is named. Pure.

use ringback_model::time::UnixMs;
use time::{Date, Month, UtcDateTime};

/// Characters of a date key: `yyyyMMddHHmm`.
const DIGITS: usize = 12;
/// Minutes of a slice.
const SLICE_MIN: i64 = 10;
const MINUTE_MS: i64 = 60_000;
/// Seconds from 1970 to the first and to the last second whose year has four digits.
const FOUR_DIGITS_S: (i64, i64) = (-62_167_219_200, 253_402_300_799);

/// The date key of the slice that an instant lies in: its first minute, in a zone so many minutes east of UTC.
/// Instants before the year 0 or after 9999 have the first or last key of those years. Source: document 003, date
/// keys.
#[must_use]
pub fn key(at: UnixMs, zone_offset_min: i32) -> String {
    let minutes = at.0.div_euclid(MINUTE_MS).saturating_add(i64::from(zone_offset_min));
    let start_s = (minutes - minutes.rem_euclid(SLICE_MIN)).saturating_mul(60);
    let (first, last) = FOUR_DIGITS_S;
    let shown = UtcDateTime::from_unix_timestamp(start_s.clamp(first, last)).unwrap_or(UtcDateTime::MIN);
    let (year, month, day) = shown.to_calendar_date();
    // The last second of 9999 is the only one that does not begin a slice.
    let minute = i64::from(shown.minute()) / SLICE_MIN * SLICE_MIN;
    format!("{year:04}{:02}{day:02}{:02}{minute:02}", u8::from(month), shown.hour())
}

/// Why a text is not a date key; for whoever wrote it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadDate {
    /// Nothing, or nothing but white space.
    #[error("date is missing: it is the 12 digits yyyyMMddHHmm of a slice")]
    Missing,
    /// Too long or too short.
    #[error("date has {0} characters; it is the 12 digits yyyyMMddHHmm of a slice")]
    Length(usize),
    /// Something else than digits.
    #[error("date holds {0:?}; it is the 12 digits yyyyMMddHHmm of a slice")]
    NotADigit(char),
    /// No such month.
    #[error("date names month {0}; months are 01 to 12")]
    Month(i32),
    /// No such day.
    #[error("date names day {day} of {year:04}-{month:02}, which has days 01 to {days}")]
    Day {
        /// Year.
        year: i32,
        /// Month, 1..=12.
        month: i32,
        /// Day, as it was written.
        day: i32,
        /// Days that the month has.
        days: u8,
    },
    /// No such hour.
    #[error("date names hour {0}; hours are 00 to 23")]
    Hour(i32),
    /// No such minute.
    #[error("date names minute {0}; minutes are 00 to 59")]
    Minute(i32),
    /// A minute inside a slice.
    #[error("date names minute {0:02}; a slice begins at minute 00, 10, 20, 30, 40 or 50")]
    InsideSlice(i32),
}

/// The start of a slice on the clocks of its own zone, whichever that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Local {
    /// Minutes since 1970-01-01T00:00 on those clocks.
    minutes: i64,
}

impl Local {
    /// The instant that it is in a zone so many minutes east of UTC.
    #[must_use]
    pub const fn start(self, zone_offset_min: i32) -> UnixMs {
        UnixMs((self.minutes - zone_offset_min as i64) * MINUTE_MS)
    }
}

/// Reads what [`key`] writes: exactly 12 ASCII digits, a date that exists, the first minute of a slice.
///
/// # Errors
/// What is wrong with it.
pub fn parse(date: &str) -> Result<Local, BadDate> {
    if date.trim().is_empty() {
        return Err(BadDate::Missing);
    }
    if let Some(other) = date.chars().find(|c| !c.is_ascii_digit()) {
        return Err(BadDate::NotADigit(other));
    }
    if date.len() != DIGITS {
        return Err(BadDate::Length(date.len()));
    }
    let number = |from: usize, to: usize| {
        date.bytes().take(to).skip(from).fold(0i32, |sum, digit| sum * 10 + i32::from(digit - b'0'))
    };
    let (year, month, day) = (number(0, 4), number(4, 6), number(6, 8));
    let (hour, minute) = (number(8, 10), number(10, 12));
    let small = |number: i32| u8::try_from(number).ok();
    let of_year = small(month).and_then(|month| Month::try_from(month).ok()).ok_or(BadDate::Month(month))?;
    let days = of_year.length(year);
    let midnight = small(day).and_then(|day| Date::from_calendar_date(year, of_year, day).ok());
    let midnight = midnight.ok_or(BadDate::Day { year, month, day, days })?.midnight().as_utc();
    if hour > 23 {
        return Err(BadDate::Hour(hour));
    }
    if minute > 59 {
        return Err(BadDate::Minute(minute));
    }
    if i64::from(minute) % SLICE_MIN != 0 {
        return Err(BadDate::InsideSlice(minute));
    }
    Ok(Local { minutes: midnight.unix_timestamp() / 60 + i64::from(hour * 60 + minute) })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ringback_model::storage::{Bucket, SLICE_MS};

    use super::*;

    #[test]
    fn keys_of_known_instants() {
        for (at, zone, expected) in [
            // The documents' own example, on the clocks of its authors and in UTC.
            (1_631_193_031_254, 480, "202109092110"),
            (1_631_193_031_254, 0, "202109091310"),
            (0, 0, "197001010000"),
            (-1, 0, "196912312350"),
            (951_782_400_000, 0, "200002290000"),
            (951_868_799_999, 0, "200002292350"),
            (951_868_800_000, 0, "200003010000"),
            (1_709_164_799_999, 0, "202402282350"),
            (1_709_164_800_000, 0, "202402290000"),
            (1_735_689_599_999, 0, "202412312350"),
            (1_735_689_599_999, 480, "202501010750"),
            (1_735_689_600_000, -480, "202412311600"),
            (4_107_542_399_999, 0, "210002282350"),
            (4_107_542_400_000, 0, "210003010000"),
        ] {
            assert_eq!(key(UnixMs(at), zone), expected, "{at} {zone}");
        }
    }

    #[test]
    fn what_is_no_key_is_told_why() {
        for (date, why) in [
            ("", BadDate::Missing),
            ("  ", BadDate::Missing),
            ("20211108014", BadDate::Length(11)),
            ("2021110801400", BadDate::Length(13)),
            ("2021-1108014", BadDate::NotADigit('-')),
            ("20211108014x", BadDate::NotADigit('x')),
            ("２０２１１１０８０１４０", BadDate::NotADigit('２')),
            ("202111080140 ", BadDate::NotADigit(' ')),
            ("+20211108014", BadDate::NotADigit('+')),
            ("202100080140", BadDate::Month(0)),
            ("202113080140", BadDate::Month(13)),
            ("202102310140", BadDate::Day { year: 2021, month: 2, day: 31, days: 28 }),
            ("202102290140", BadDate::Day { year: 2021, month: 2, day: 29, days: 28 }),
            ("190002290140", BadDate::Day { year: 1900, month: 2, day: 29, days: 28 }),
            ("202104310140", BadDate::Day { year: 2021, month: 4, day: 31, days: 30 }),
            ("202104000140", BadDate::Day { year: 2021, month: 4, day: 0, days: 30 }),
            ("202111082400", BadDate::Hour(24)),
            ("202111080160", BadDate::Minute(60)),
            ("202111080145", BadDate::InsideSlice(45)),
            ("202111080101", BadDate::InsideSlice(1)),
        ] {
            assert_eq!(parse(date), Err(why), "{date}");
        }
        assert_eq!(
            parse("202102310140").unwrap_err().to_string(),
            "date names day 31 of 2021-02, which has days 01 to 28"
        );
    }

    #[test]
    fn keys_have_twelve_digits_at_the_ends_of_time_too() {
        assert_eq!(key(UnixMs(i64::MIN), 0), "000001010000");
        assert_eq!(key(UnixMs(i64::MAX), 840), "999912312350");
    }

    proptest! {
        #[test]
        fn keys_are_read_back(at in -62_167_219_200_000i64 + 100_000_000..253_402_300_800_000i64 - 100_000_000, zone in -72i32..=84) {
            let zone = zone * 10;
            let written = key(UnixMs(at), zone);
            let read = parse(&written).unwrap();
            prop_assert_eq!(read.start(zone), Bucket::of(UnixMs(at)).start());
            prop_assert_eq!(key(read.start(zone), zone), written);
        }

        #[test]
        fn later_slices_have_greater_keys(at in 0i64..200_000_000_000_000, later in 1i64..1_000_000, zone in -72i32..=84) {
            let slice = |at: i64| key(UnixMs(at), zone * 10);
            prop_assert!(slice(at) < slice(at + later * SLICE_MS));
        }

        #[test]
        fn any_text_is_a_key_or_told_why(text in "\\PC{0,16}|[0-9]{12}") {
            if parse(&text).is_ok() {
                prop_assert_eq!(text.len(), 12);
            }
        }
    }
}
