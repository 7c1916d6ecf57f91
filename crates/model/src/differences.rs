//! What an answer changed, by the names of fields: for those who ask why.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::event::Subject;

impl Subject {
    /// The names of what is different in another one, for those who ask what an answer changed; in no order that means
    /// anything.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let (Ok(Value::Object(here)), Ok(Value::Object(there))) = (self.shown(), other.shown()) else {
            return Vec::new();
        };
        let names: BTreeSet<&String> = here.keys().chain(there.keys()).collect();
        names.into_iter().filter(|name| here.get(*name) != there.get(*name)).cloned().collect()
    }

    /// As an object whose members have the names of fields.
    fn shown(&self) -> serde_json::Result<Value> {
        match self {
            Self::Message(message) => serde_json::to_value(message),
            Self::Push(plan) => Ok(json!({ "users": plan.users, "show": plan.show })),
            Self::Action(action) => serde_json::to_value(action).map(innermost),
        }
    }
}

/// An action is wrapped in the names of what it is: `{"about": "group", "action": {"edit": {…}}}`.
fn innermost(mut value: Value) -> Value {
    while let Value::Object(members) = &mut value {
        if members.contains_key("about") {
            value = members.remove("action").unwrap_or_default();
        } else if members.len() == 1
            && let Some(only) = members.values_mut().next().filter(|only| only.is_object())
        {
            value = only.take();
        } else {
            return value;
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::{Action, GroupAction, GroupEdit};
    use crate::conversation::Target;
    use crate::ids::{GroupId, UserId};
    use crate::message::{ContentClass, Message};
    use crate::sample;
    use crate::time::UnixMs;

    #[test]
    fn what_is_different_is_called_by_its_field() {
        let text = sample::content(ContentClass::Text, 101, "hi");
        let bob = Target::User(UserId::parse("bob").unwrap());
        let message = sample::message(UserId::parse("ann").unwrap(), bob, text, UnixMs(0));
        let other = Message { ex: "x".to_owned(), nickname: "Ann".to_owned(), ..message.clone() };
        let (message, other) = (Subject::Message(Box::new(message)), Subject::Message(Box::new(other)));
        assert_eq!(message.differences(&other), ["ex", "nickname"]);
        assert!(message.differences(&message).is_empty());
        let edit = sample::actions(UnixMs(0)).into_iter().find_map(|action| match action {
            Action::Group(GroupAction::Edit(edit)) => Some(edit),
            _ => None,
        });
        let edit = edit.unwrap();
        let renamed = Box::new(GroupEdit { group: GroupId::parse("77").unwrap(), ..*edit.clone() });
        let of = |edit| Subject::Action(Box::new(Action::Group(GroupAction::Edit(edit))));
        assert_eq!(of(edit).differences(&of(renamed)), ["group"]);
    }
}
