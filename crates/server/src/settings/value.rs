//! Values of settings: as they stand in a file, in the environment or on the command line, and how they are
//! read as one of our types.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// A value before its key has given it a type.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing: the default holds.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Value>),
    /// A mapping; no key takes one.
    Map,
    /// Text from the environment or the command line, which know no types.
    Untyped(String),
}

impl Value {
    /// What it is, for messages.
    const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "true or false",
            Self::Int(_) | Self::Float(_) => "a number",
            Self::Text(_) | Self::Untyped(_) => "text",
            Self::List(_) => "a list",
            Self::Map => "a section",
        }
    }

    fn wrong(&self, wanted: &str) -> String {
        format!("takes {wanted}, but is {}", self.kind())
    }

    /// Text.
    ///
    /// # Errors
    /// Says what it is instead; a number must be put in quotes.
    pub fn text(&self) -> Result<String, String> {
        match self {
            Self::Text(text) | Self::Untyped(text) => Ok(text.clone()),
            Self::Bool(_) | Self::Int(_) | Self::Float(_) => {
                Err(format!("{}: put it in quotes", self.wrong("text")))
            }
            _ => Err(self.wrong("text")),
        }
    }

    /// Text, or nothing where it is empty.
    ///
    /// # Errors
    /// As [`Value::text`].
    pub fn optional_text(&self) -> Result<Option<String>, String> {
        self.text().map(|text| (!text.is_empty()).then_some(text))
    }

    /// A path, or nothing where it is empty.
    ///
    /// # Errors
    /// As [`Value::text`].
    pub fn optional_path(&self) -> Result<Option<PathBuf>, String> {
        Ok(self.optional_text()?.map(PathBuf::from))
    }

    /// An address with its port.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn address(&self) -> Result<SocketAddr, String> {
        let text = self.text()?;
        text.parse().map_err(|_| {
            format!("{text:?} is not an address with a port, such as 127.0.0.1:10002 or [::]:10002")
        })
    }

    /// A whole number from 1 to `most`.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn count(&self, most: usize) -> Result<usize, String> {
        let number = match self {
            Self::Int(number) => *number,
            Self::Untyped(text) => {
                text.trim().parse().map_err(|_| format!("{text:?} is not a whole number"))?
            }
            _ => return Err(self.wrong("a whole number")),
        };
        usize::try_from(number)
            .ok()
            .filter(|count| (1..=most).contains(count))
            .ok_or_else(|| format!("{number} is not from 1 to {most}"))
    }

    /// A whole number from 0 to `most`.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn count_or_none(&self, most: usize) -> Result<usize, String> {
        let is_zero = match self {
            Self::Int(number) => *number == 0,
            Self::Untyped(text) => text.trim() == "0",
            _ => false,
        };
        if is_zero { Ok(0) } else { self.count(most) }
    }

    /// `true` or `false`.
    ///
    /// # Errors
    /// Says what it is instead.
    pub fn flag(&self) -> Result<bool, String> {
        match self {
            Self::Bool(flag) => Ok(*flag),
            Self::Untyped(text) => {
                text.trim().parse().map_err(|_| format!("{text:?} is neither true nor false"))
            }
            _ => Err(self.wrong("true or false")),
        }
    }

    /// A zone, as minutes east of UTC: `UTC`, `+08:00`, `-03:30`. Ten-minute slices must begin at the same moments in
    /// every zone, so it lies a multiple of ten minutes off.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn zone(&self) -> Result<i32, String> {
        let text = self.text()?;
        let offset = parse_zone(text.trim())
            .ok_or_else(|| format!("{text:?} is not UTC or an offset from it, such as +08:00 or -03:00"))?;
        if offset % 10 == 0 {
            Ok(offset)
        } else {
            Err(format!("{text} is not a multiple of 10 minutes, which the slices of the storage need"))
        }
    }

    /// A length of time inside these bounds, such as `250ms`, `5s`, `10m`, `3h` or `90d`.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn duration(&self, least: Duration, most: Duration) -> Result<Duration, String> {
        let text = match self {
            Self::Int(_) | Self::Float(_) => {
                return Err(self.wrong("a length of time with its unit, such as 5s"));
            }
            _ => self.text()?,
        };
        let duration = parse_duration(&text)?;
        if (least..=most).contains(&duration) {
            Ok(duration)
        } else {
            Err(format!("{text} is not from {} to {}", show_duration(least), show_duration(most)))
        }
    }

    /// A number of bytes, such as `512MiB` or `4GiB`, at least `least`.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn bytes(&self, least: u64) -> Result<u64, String> {
        let bytes = match self {
            Self::Int(number) => {
                u64::try_from(*number).map_err(|_| format!("{number} is not a number of bytes"))?
            }
            _ => parse_bytes(&self.text()?)?,
        };
        if bytes >= least {
            Ok(bytes)
        } else {
            Err(format!("{bytes} bytes are less than {}", show_bytes(least)))
        }
    }

    /// A list of texts; in the environment and on the command line separated by commas.
    ///
    /// # Errors
    /// Says what it is instead.
    pub fn texts(&self) -> Result<Vec<String>, String> {
        match self {
            Self::List(items) => items.iter().map(Self::text).collect(),
            Self::Untyped(text) => Ok(text
                .split(',')
                .map(str::trim)
                .filter(|item| !item.is_empty())
                .map(str::to_owned)
                .collect()),
            _ => Err(self.wrong("a list of texts")),
        }
    }

    /// One of some words.
    ///
    /// # Errors
    /// Lists them.
    pub fn word(&self, words: &[&str]) -> Result<String, String> {
        // YAML reads a bare `true` or `1.0` as something else; as a word it is what was written.
        let text = match self {
            Self::Bool(flag) => flag.to_string(),
            Self::Int(number) => number.to_string(),
            Self::Float(number) => number.to_string(),
            _ => self.text()?,
        };
        if words.is_empty() || words.contains(&text.as_str()) {
            Ok(text)
        } else {
            Err(format!("{text:?} is not one of {}", words.join(", ")))
        }
    }
}

/// Units of time, largest first, in milliseconds.
const TIME_UNITS: [(&str, u64); 5] =
    [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];
/// Units of size, largest first, in bytes.
const SIZE_UNITS: [(&str, u64); 5] =
    [("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];

/// Reads a whole number with a unit of time.
///
/// # Errors
/// Says what is wrong with it.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    with_unit(text, &TIME_UNITS)
        .map(Duration::from_millis)
        .ok_or_else(|| format!("{text:?} is not a length of time, such as 250ms, 5s, 10m, 3h or 90d"))
}

/// Writes a length of time so that [`parse_duration`] reads it; below a millisecond it is cut.
#[must_use]
pub fn show_duration(duration: Duration) -> String {
    in_largest_unit(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX), &TIME_UNITS)
}

/// Minutes east of UTC; no place on Earth is more than 14 hours off.
fn parse_zone(text: &str) -> Option<i32> {
    if text == "UTC" {
        return Some(0);
    }
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let two_digits = |part: &str| {
        let digits = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| part.parse::<i32>().ok()).flatten()
    };
    let (hours, minutes) = rest.split_once(':')?;
    let (hours, minutes) = (two_digits(hours)?, two_digits(minutes)?);
    let offset = hours * 60 + minutes;
    (minutes < 60 && offset <= 14 * 60).then_some(sign * offset)
}

/// Writes an offset from UTC, minutes, so that it can be read again.
#[must_use]
pub fn show_zone(offset_min: i32) -> String {
    if offset_min == 0 {
        return "UTC".to_owned();
    }
    let sign = if offset_min < 0 { '-' } else { '+' };
    let minutes = offset_min.unsigned_abs();
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

fn parse_bytes(text: &str) -> Result<u64, String> {
    with_unit(text, &SIZE_UNITS).ok_or_else(|| format!("{text:?} is not a size, such as 512MiB or 4GiB"))
}

/// Writes a size so that it can be read again.
#[must_use]
pub fn show_bytes(bytes: u64) -> String {
    in_largest_unit(bytes, &SIZE_UNITS)
}

fn with_unit(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let factor = units.iter().find(|(name, _)| *name == unit.trim_start())?.1;
    number.parse::<u64>().ok()?.checked_mul(factor)
}

fn in_largest_unit(number: u64, units: &[(&str, u64)]) -> String {
    let exact = units.iter().find(|(_, factor)| number > 0 && number.is_multiple_of(*factor));
    let (unit, factor) =
        exact.or(units.iter().rev().find(|(_, factor)| *factor == 1)).copied().unwrap_or(("", 1));
    format!("{}{unit}", number / factor)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lengths_of_time_need_a_unit() {
        for (text, ms) in
            [("250ms", 250), ("5s", 5000), ("10m", 600_000), ("3 h", 10_800_000), ("90d", 7_776_000_000)]
        {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(ms)), "{text}");
        }
        for text in ["", "5", "s", "-5s", "5 weeks", "1.5s", "99999999999999999999d", "18446744073709551615d"]
        {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn bounds_are_told() {
        let second = Duration::from_secs(1);
        let wrong = Value::Text("2m".to_owned()).duration(second, second * 60);
        assert_eq!(wrong, Err("2m is not from 1s to 1m".to_owned()));
        assert_eq!(Value::Int(0).count(10), Err("0 is not from 1 to 10".to_owned()));
        assert!(Value::Int(5).duration(second, second * 60).is_err(), "a bare number has no unit");
    }

    #[test]
    fn types_are_kept_apart_in_files_and_not_in_the_environment() {
        assert!(Value::Int(123).text().is_err());
        assert!(Value::Text("5".to_owned()).count(10).is_err());
        assert_eq!(Value::Untyped("5".to_owned()).count(10), Ok(5));
        assert_eq!(Value::Untyped("a, b,".to_owned()).texts(), Ok(vec!["a".to_owned(), "b".to_owned()]));
        assert!(Value::Text("a,b".to_owned()).texts().is_err());
    }

    #[test]
    fn zones_are_multiples_of_ten_minutes() {
        let zone = |text: &str| Value::Text(text.to_owned()).zone();
        for (text, minutes) in
            [("UTC", 0), ("+08:00", 480), ("-03:30", -210), ("+05:30", 330), ("-00:10", -10), ("+14:00", 840)]
        {
            assert_eq!(zone(text), Ok(minutes), "{text}");
            assert_eq!(zone(&show_zone(minutes)), Ok(minutes));
        }
        for text in ["+05:45", "+00:01"] {
            assert!(zone(text).unwrap_err().contains("multiple of 10 minutes"), "{text}");
        }
        for text in ["", "08:00", "+8:00", "+0800", "+08:60", "+14:10", "+++:00", "Z", "é8:00", "+08:00:00"]
        {
            assert!(zone(text).unwrap_err().contains("+08:00 or -03:00"), "{text}");
        }
    }

    #[test]
    fn flags_and_counts_that_may_be_none() {
        let untyped = |text: &str| Value::Untyped(text.to_owned());
        assert_eq!((Value::Bool(true).flag(), untyped("false").flag()), (Ok(true), Ok(false)));
        assert!(Value::Text("true".to_owned()).flag().is_err() && untyped("yes").flag().is_err());
        assert_eq!((Value::Int(0).count_or_none(9), untyped("0").count_or_none(9)), (Ok(0), Ok(0)));
        assert_eq!(Value::Int(4).count_or_none(9), Ok(4));
        assert!(Value::Int(10).count_or_none(9).is_err() && Value::Int(-1).count_or_none(9).is_err());
    }

    proptest! {
        #[test]
        fn what_is_shown_can_be_read(number in any::<u64>()) {
            prop_assert_eq!(parse_bytes(&show_bytes(number)), Ok(number));
            prop_assert_eq!(parse_duration(&show_duration(Duration::from_millis(number))), Ok(Duration::from_millis(number)));
        }
    }
}
