//! Identifiers. Text ones are checked once, where they enter; numbers are never reused.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize, Serializer};
use thiserror::Error;

use crate::limits;
use crate::time::UnixMs;

/// Why a text is not an identifier.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BadId {
    /// The text is empty.
    #[error("is empty")]
    Empty,
    /// The text is longer than [`limits::ID_BYTES`].
    #[error("is longer than {} bytes", limits::ID_BYTES)]
    TooLong,
    /// The text holds white space, a control character or `:` (our separator in conversation keys).
    #[error("holds white space, a control character or ':'")]
    BadCharacter,
}

fn check(text: &str) -> Result<(), BadId> {
    if text.is_empty() {
        return Err(BadId::Empty);
    }
    if text.len() > limits::ID_BYTES {
        return Err(BadId::TooLong);
    }
    if text.chars().any(|c| c == ':' || c.is_control() || c.is_whitespace()) {
        return Err(BadId::BadCharacter);
    }
    Ok(())
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// Checks the text: 1..=64 bytes, no white space, no control character, no `:`.
            ///
            /// # Errors
            /// [`BadId`] names what is wrong with it.
            pub fn parse(text: &str) -> Result<Self, BadId> {
                check(text)?;
                Ok(Self(Arc::from(text)))
            }

            /// The text as it was given.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = BadId;
            fn try_from(text: String) -> Result<Self, BadId> {
                Self::parse(&text)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&*self.0, f)
            }
        }
    };
}

text_id! {
    /// A user of the app, as the app named him. Two ids that differ only in letter case cannot both exist.
    UserId
}

text_id! {
    /// A group. Ids made by the server have 2 to 18 decimal digits, so that every dialect accepts them.
    GroupId
}

impl UserId {
    /// The form under which ids are unique: lower case.
    #[must_use]
    pub fn folded(&self) -> String {
        self.0.to_lowercase()
    }
}

/// A callback rule. Rules from files are named by file kind and key (`file:webhooks:beforeSendSingleMsg`),
/// so they keep their cursor over reloads.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RuleId(pub Arc<str>);

impl RuleId {
    /// Wraps a text; any text will do, rule ids never come from chat users.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(Arc::from(text))
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Number of a message in its conversation: 1 for the first stored one, no gaps. 0 = not stored.
pub type Seq = u64;

/// Place of an event in the log: 1 for the first ever, growing by one per event, never reused.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LogPos(pub u64);

impl LogPos {
    /// Before the first event.
    pub const ZERO: Self = Self(0);

    /// The place after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for LogPos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A message, over the whole app: 63 bits, ordered by time.
///
/// Two text forms, both reversible: decimal digits ([`fmt::Display`]) and 32 hexadecimal digits
/// ([`MessageId::to_hex`]), because one family of clients expects the former and one the latter.
/// Source: docs/decisions/0004-message-numbers.md.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MessageId(pub u64);

impl MessageId {
    /// 32 lower-case hexadecimal digits: 16 of the number, 16 of a mix of it, so that a random
    /// 32-digit text is not taken for one of ours.
    #[must_use]
    pub fn to_hex(self) -> String {
        let (number, check) = (u128::from(self.0), u128::from(mix(self.0)));
        hex::encode((number << 64 | check).to_be_bytes())
    }

    /// When it was made, as far as it tells: to the millisecond, or a little later than it was.
    #[must_use]
    pub const fn made_at(self) -> UnixMs {
        // Forty-one bits are left, far below the sign.
        #[allow(clippy::cast_possible_wrap, reason = "41 bits")]
        UnixMs((self.0 >> MESSAGE_LOW_BITS) as i64 + MESSAGE_EPOCH_MS)
    }

    /// Reads what [`MessageId::to_hex`] wrote; `None` for any other text.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        if text.len() != 32 || !text.is_ascii() {
            return None;
        }
        let (number, check) = text.split_at(16);
        let number = u64::from_str_radix(number, 16).ok()?;
        let check = u64::from_str_radix(check, 16).ok()?;
        (check == mix(number)).then_some(Self(number))
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The finaliser of SplitMix64: a bijection that spreads neighbouring numbers over all bits.
const fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Hands out [`MessageId`]s that grow, also when the clock steps back and over restarts.
#[derive(Debug)]
pub struct MessageIds {
    last: AtomicU64,
}

/// 2020-01-01T00:00:00Z, the zero of the time part of a message number.
const MESSAGE_EPOCH_MS: i64 = 1_577_836_800_000;
/// Bits below the time part.
const MESSAGE_LOW_BITS: u32 = 22;

impl MessageIds {
    /// Continues after `highest`, the highest number the store knows.
    #[must_use]
    pub const fn after(highest: MessageId) -> Self {
        Self { last: AtomicU64::new(highest.0) }
    }

    /// The next number: milliseconds since 2020 above 22 random bits, or one more than the last number
    /// where that would not grow. `dice` is any random number.
    pub fn next(&self, now: UnixMs, dice: u64) -> MessageId {
        let ms = u64::try_from(now.0.saturating_sub(MESSAGE_EPOCH_MS)).unwrap_or(0) & ((1 << 41) - 1);
        // The top random bit stays free: room for counting up inside one millisecond.
        let fresh = (ms << MESSAGE_LOW_BITS) | (dice & ((1 << (MESSAGE_LOW_BITS - 1)) - 1));
        let mut last = self.last.load(Ordering::Relaxed);
        loop {
            let next = fresh.max(last + 1);
            match self.last.compare_exchange_weak(last, next, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return MessageId(next),
                Err(seen) => last = seen,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ids_refuse_what_would_break_keys() {
        for (text, wrong) in [("", BadId::Empty), ("a b", BadId::BadCharacter), ("a:b", BadId::BadCharacter)]
        {
            assert_eq!(UserId::parse(text), Err(wrong), "{text:?}");
        }
        assert_eq!(UserId::parse(&"x".repeat(65)), Err(BadId::TooLong));
        assert_eq!(UserId::parse("Bob_1").map(|id| id.folded()), Ok("bob_1".to_owned()));
    }

    #[test]
    fn a_number_tells_when_it_was_made() {
        let now = UnixMs(1_731_000_000_123);
        assert_eq!(MessageIds::after(MessageId(0)).next(now, u64::MAX).made_at(), now);
    }

    #[test]
    fn a_random_hex_text_is_not_a_message() {
        assert_eq!(MessageId::from_hex("6f1c0a9d2b7e4c35a1d08e94b3f7c210"), None);
        assert_eq!(MessageId::from_hex("é"), None);
    }

    proptest! {
        #[test]
        fn hex_is_reversible(number in 0u64..(1 << 63)) {
            prop_assert_eq!(MessageId::from_hex(&MessageId(number).to_hex()), Some(MessageId(number)));
        }

        #[test]
        fn message_ids_grow_whatever_the_clock_does(steps in prop::collection::vec((0i64..4_000_000_000_000, any::<u64>()), 1..60)) {
            let ids = MessageIds::after(MessageId(0));
            let mut last = 0;
            for (now, dice) in steps {
                let next = ids.next(UnixMs(now), dice);
                prop_assert!(next.0 > last && next.0 < (1 << 63));
                last = next.0;
            }
        }
    }
}
