//! What a reader asks an object for.

use std::cell::RefCell;
use std::rc::Rc;

use serde_json::{Value, json};

/// A member that was asked for.
#[derive(Debug, Clone)]
pub(crate) struct Noted {
    pub(crate) name: String,
    /// What it may be besides absent.
    pub(crate) looks: Value,
    /// What each entry is asked for, where it is a list of objects.
    pub(crate) entries: Option<Notes>,
}

/// The members that were asked for, in order, each once.
#[derive(Debug, Clone, Default)]
pub(crate) struct Notes(Rc<RefCell<Vec<Noted>>>);

impl Notes {
    /// A member of this kind; who takes whatever there is wants to know nothing that another does not.
    pub(super) fn value(&self, name: &str, looks: Value) {
        if looks != Value::Bool(true) {
            self.note(Noted { name: name.to_owned(), looks, entries: None });
        }
    }

    /// A member that is a list of objects; where to note what is asked of each.
    pub(super) fn entries(&self, name: &str) -> Self {
        let inner = Self::default();
        let looks = json!({"type": "array"});
        self.note(Noted { name: name.to_owned(), looks, entries: Some(inner.clone()) });
        inner
    }

    fn note(&self, member: Noted) {
        let mut members = self.0.borrow_mut();
        if members.iter().all(|known| known.name != member.name) {
            members.push(member);
        }
    }

    /// What was noted.
    pub(crate) fn members(&self) -> Vec<Noted> {
        self.0.borrow().clone()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Object;
    use super::*;

    #[test]
    fn a_reader_says_what_it_reads() {
        let notes = Notes::default();
        let object = Object::noting(&notes);
        assert_eq!(object.member::<Value>("a", "a value"), Ok(None));
        assert_eq!(object.member::<i32>("a", "a number"), Ok(None));
        assert_eq!(object.member::<String>("b", "a text"), Ok(None));
        for entry in object.objects("list").unwrap().unwrap() {
            assert_eq!(entry.member::<bool>("inside", "true or false"), Ok(None));
        }
        let members = notes.members();
        assert_eq!(members.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["a", "b", "list"]);
        assert_eq!(members[0].looks["type"], "integer");
        let inside = members[2].entries.as_ref().unwrap().members();
        assert_eq!((inside[0].name.as_str(), &inside[0].looks), ("inside", &json!({"type": "boolean"})));
    }
}
