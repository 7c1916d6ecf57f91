//! Structs in gob, written.

/// The message with the value of a struct. Fields are given in the order of their definition, all of them: those that
/// are zero are left out.
pub(super) struct Struct {
    content: Vec<u8>,
    /// Distance from the field written last to the next one.
    distance: u64,
}

impl Struct {
    /// Of the type with this id.
    pub(super) fn new(id: i64) -> Self {
        let mut content = Vec::new();
        put_int(&mut content, id);
        Self { content, distance: 1 }
    }

    pub(super) fn int(&mut self, number: i32) {
        if self.begin(number == 0) {
            put_int(&mut self.content, i64::from(number));
        }
    }

    /// Bytes or a text.
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        if self.begin(bytes.is_empty()) {
            put_uint(&mut self.content, bytes.len() as u64);
            self.content.extend_from_slice(bytes);
        }
    }

    /// True where the field is to be written.
    fn begin(&mut self, zero: bool) -> bool {
        if zero {
            self.distance += 1;
        } else {
            put_uint(&mut self.content, self.distance);
            self.distance = 1;
        }
        !zero
    }

    /// The whole stream: this definition, then the value.
    pub(super) fn after(mut self, definition: &[u8]) -> Vec<u8> {
        put_uint(&mut self.content, 0);
        // A length takes nine bytes at most.
        let mut stream = Vec::with_capacity(definition.len() + 9 + self.content.len());
        stream.extend_from_slice(definition);
        put_uint(&mut stream, self.content.len() as u64);
        stream.extend_from_slice(&self.content);
        stream
    }
}

pub(super) fn put_uint(to: &mut Vec<u8>, number: u64) {
    let bytes = number.to_be_bytes();
    match bytes {
        [0, 0, 0, 0, 0, 0, 0, small @ 0..0x80] => to.push(small),
        _ => {
            let skipped = number.leading_zeros() as usize / 8;
            let bytes = bytes.get(skipped..).unwrap_or_default();
            // One to eight bytes: it always fits.
            to.push(u8::try_from(bytes.len()).unwrap_or_default().wrapping_neg());
            to.extend_from_slice(bytes);
        }
    }
}

pub(super) fn put_int(to: &mut Vec<u8>, number: i64) {
    let turned = if number < 0 { !number } else { number };
    put_uint(to, turned.cast_unsigned() << 1 | u64::from(number < 0));
}
