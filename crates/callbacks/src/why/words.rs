//! Sentences.

use ringback_model::time::UnixMs;
use time::UtcDateTime;
use time::format_description::well_known::Iso8601;
use time::format_description::well_known::iso8601::{Config, EncodedConfig, TimePrecision};

const TO_MILLISECONDS: EncodedConfig = Config::DEFAULT
    .set_time_precision(TimePrecision::Second { decimal_digits: std::num::NonZeroU8::new(3) })
    .encode();

/// An instant, to the millisecond: `2026-01-31T08:00:00.123Z`.
pub(crate) fn instant(at: UnixMs) -> String {
    let nanos = i128::from(at.0).saturating_mul(1_000_000);
    let shown = UtcDateTime::from_unix_timestamp_nanos(nanos).ok();
    let text = shown.and_then(|shown| shown.format(&Iso8601::<TO_MILLISECONDS>).ok());
    text.unwrap_or_else(|| at.0.to_string())
}

/// A duration, in the unit that people would use.
pub(crate) fn span(micros: u64) -> String {
    let tenths = |unit: u64| {
        let tenths = micros.saturating_mul(10) / unit;
        format!("{}.{}", tenths / 10, tenths % 10)
    };
    match micros {
        0..10_000 => format!("{} ms", tenths(1_000)),
        10_000..1_000_000 => format!("{} ms", micros / 1_000),
        _ => format!("{} s", tenths(1_000_000)),
    }
}

/// A text for the middle of a sentence: on one line, and not too long.
pub(crate) fn quoted(text: &str, most: usize) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if line.chars().count() <= most {
        return line;
    }
    let cut: String = line.chars().take(most).collect();
    format!("{cut}…")
}

/// A text as one argument of a command.
pub(crate) fn argument(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_.:/".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// A number of things.
pub(crate) fn times(count: u64, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_shown_as_people_write_them() {
        assert_eq!(instant(UnixMs(1_731_000_000_123)), "2024-11-07T17:20:00.123Z");
        for (micros, wanted) in [
            (0, "0.0 ms"),
            (340, "0.3 ms"),
            (9_990, "9.9 ms"),
            (12_345, "12 ms"),
            (999_999, "999 ms"),
            (5_001_000, "5.0 s"),
        ] {
            assert_eq!(span(micros), wanted);
        }
    }

    #[test]
    fn texts_stay_on_their_line() {
        assert_eq!(quoted("a\nb", 9), "a b");
        assert_eq!(quoted("<html><body>", 6), "<html>…");
        assert_eq!((argument("g:tea"), argument("a b's")), ("g:tea".to_owned(), r"'a b'\''s'".to_owned()));
    }
}
