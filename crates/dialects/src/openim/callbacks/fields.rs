//! A body as it grows: members in the order in which they are put.

use serde::Serialize;
use serde_json::Value;

use super::generation::Generation;
use super::json;
use crate::schemas::Shape;

/// Bytes of most bodies.
const USUAL_BYTES: usize = 1024;
/// Members of most bodies.
const USUAL_MEMBERS: usize = 24;

/// What the values of a member look like in a contract, as JSON Schema.
pub(super) type Looks = fn(Generation) -> Value;

/// A member that was written.
#[derive(Clone, Copy)]
pub(super) struct Member {
    pub(super) name: &'static str,
    /// Known when the program is built: writing a body does not ask.
    pub(super) looks: Looks,
}

/// A JSON object that is being written.
pub(super) struct Fields {
    out: Vec<u8>,
    members: Vec<Member>,
}

/// The [`Looks`] of a type.
fn of_type<T: Shape>(_: Generation) -> Value {
    T::shape()
}

impl Fields {
    pub(super) fn new() -> Self {
        let mut out = Vec::with_capacity(USUAL_BYTES);
        out.push(b'{');
        Self { out, members: Vec::with_capacity(USUAL_MEMBERS) }
    }

    /// One more member. `name` holds nothing that would have to be escaped.
    pub(super) fn put<T: Serialize + Shape>(self, name: &'static str, value: T) -> Self {
        self.put_as(name, value, of_type::<T>)
    }

    /// One more member whose values are not all that its type can hold.
    pub(super) fn put_as(mut self, name: &'static str, value: impl Serialize, looks: Looks) -> Self {
        if !self.members.is_empty() {
            self.out.push(b',');
        }
        self.members.push(Member { name, looks });
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
        json::append(&mut self.out, &value);
        self
    }

    /// One more member where `wanted` holds.
    pub(super) fn put_if<T: Serialize + Shape>(self, wanted: bool, name: &'static str, value: T) -> Self {
        if wanted { self.put(name, value) } else { self }
    }

    /// Whether there is a member of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.members.iter().any(|member| member.name == name)
    }

    /// All that was put, in order.
    pub(super) fn members(&self) -> &[Member] {
        &self.members
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
