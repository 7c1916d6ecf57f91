//! Numbers and bytes of gob, read from the front. Whatever length is claimed, nothing beyond the bytes is touched.

use super::BadGob;

/// What is left of a stream or of one message in it.
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Fails where anything is left.
    pub(super) const fn end(&self) -> Result<(), BadGob> {
        if self.0.is_empty() { Ok(()) } else { Err(BadGob::Trailing) }
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], BadGob> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(BadGob::Truncated)?;
        self.0 = rest;
        Ok(taken)
    }

    /// An unsigned number: itself below 128; else its count of bytes, negated, before its bytes.
    pub(super) fn uint(&mut self) -> Result<u64, BadGob> {
        let (first, rest) = self.0.split_first().ok_or(BadGob::Truncated)?;
        self.0 = rest;
        if *first < 0x80 {
            return Ok(u64::from(*first));
        }
        let count = usize::from(first.wrapping_neg());
        if count > size_of::<u64>() {
            return Err(BadGob::LongNumber);
        }
        Ok(self.take(count)?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    /// A signed number: the lowest bit says that the others are to be turned over.
    pub(super) fn int(&mut self) -> Result<i64, BadGob> {
        let number = self.uint()?;
        let magnitude = (number >> 1).cast_signed();
        Ok(if number & 1 == 0 { magnitude } else { !magnitude })
    }

    /// A length and so many bytes.
    pub(super) fn bytes(&mut self) -> Result<&'a [u8], BadGob> {
        let count = usize::try_from(self.uint()?).map_err(|_| BadGob::Truncated)?;
        self.take(count)
    }

    /// The next message of a stream.
    pub(super) fn message(&mut self) -> Result<Self, BadGob> {
        self.bytes().map(Self)
    }

    /// A struct: `field` gets the number of each field that is there and reads its value.
    pub(super) fn fields(
        &mut self,
        mut field: impl FnMut(usize, &mut Self) -> Result<(), BadGob>,
    ) -> Result<(), BadGob> {
        // Each field is said as its distance to the one before, the first one to what would stand before number 0.
        let mut next = 0_u64;
        loop {
            let distance = self.uint()?;
            if distance == 0 {
                return Ok(());
            }
            next = next.checked_add(distance).ok_or(BadGob::NoSuchField)?;
            field(usize::try_from(next - 1).map_err(|_| BadGob::NoSuchField)?, self)?;
        }
    }
}
