//! A body as it grows: members in the order in which they are put.

use serde::Serialize;

use super::json;

/// Bytes of most bodies.
const USUAL_BYTES: usize = 1024;
/// Members of most bodies.
const USUAL_MEMBERS: usize = 24;

/// A JSON object that is being written.
pub(super) struct Fields {
    out: Vec<u8>,
    names: Vec<&'static str>,
}

impl Fields {
    pub(super) fn new() -> Self {
        let mut out = Vec::with_capacity(USUAL_BYTES);
        out.push(b'{');
        Self { out, names: Vec::with_capacity(USUAL_MEMBERS) }
    }

    /// One more member. `name` holds nothing that would have to be escaped.
    pub(super) fn put(mut self, name: &'static str, value: impl Serialize) -> Self {
        if !self.names.is_empty() {
            self.out.push(b',');
        }
        self.names.push(name);
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
        json::append(&mut self.out, &value);
        self
    }

    /// One more member where `wanted` holds.
    pub(super) fn put_if(self, wanted: bool, name: &'static str, value: impl Serialize) -> Self {
        if wanted { self.put(name, value) } else { self }
    }

    /// Whether there is a member of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.names.contains(&name)
    }

    /// The object's text.
    pub(super) fn done(mut self) -> Vec<u8> {
        self.out.push(b'}');
        self.out
    }
}

/// A list as the original writes it: `null` where it is empty.
pub(super) fn list<T>(items: &[T]) -> Option<&[T]> {
    (!items.is_empty()).then_some(items)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_stand_in_the_order_in_which_they_were_put() {
        assert_eq!(Fields::new().done(), b"{}");
        let fields = Fields::new().put("z", "a<b").put_if(false, "no", 1).put("a", list::<i32>(&[])).put_if(
            true,
            "m",
            list(&[1, 2]),
        );
        assert!(fields.has("a") && !fields.has("no"));
        assert_eq!(String::from_utf8(fields.done()).unwrap(), r#"{"z":"a\u003cb","a":null,"m":[1,2]}"#);
    }
}
