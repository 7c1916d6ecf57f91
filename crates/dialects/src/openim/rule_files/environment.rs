//! Environment variables over a `webhooks.yml`.
//! Source: openim-callbacks fact sheet 2.2.

use super::Shape;
use super::notes::Notes;
use super::yaml::{Member, Node, Value};
use crate::openim::callbacks::commands;

/// A way to look a variable up.
pub(super) type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Replaces values of the file. As in the original only keys that the file has are looked up.
pub(super) fn overlay(members: &mut [Member], prefix: &str, env: Lookup<'_>) {
    for member in members {
        if let Value::Map(inner) = &mut member.node.value {
            overlay(inner, &format!("{prefix}_{}", member.key.to_uppercase()), env);
        } else if let Some(text) = env(&format!("{prefix}_{}", member.key.to_uppercase())) {
            member.node = Node { line: 0, value: Value::Text(text) };
        }
    }
}

/// Warns about variables that set something which the file does not have.
pub(super) fn warn_unread(
    shape: &'static Shape,
    members: &[Member],
    prefix: &str,
    env: Lookup<'_>,
    notes: &mut Notes,
) {
    let mut check = |path: &[&str]| {
        let name =
            path.iter().fold(prefix.to_owned(), |name, part| format!("{name}_{}", part.to_uppercase()));
        if !has(members, path) && env(&name).is_some() {
            let text = format!(
                "{name} is set but not read: the file has no {}, and only keys that it has can be overridden",
                path.join(".")
            );
            notes.warn(0, &path.join("."), text);
        }
    };
    check(&[shape.url_key]);
    for command in commands::all().filter(|command| !command.webhook_key.is_empty()) {
        for member in shape.members() {
            check(&[command.webhook_key, member]);
        }
    }
}

fn has(members: &[Member], path: &[&str]) -> bool {
    let Some((first, rest)) = path.split_first() else { return true };
    members.iter().find(|member| member.key == *first).is_some_and(|member| match &member.node.value {
        Value::Map(inner) => has(inner, rest),
        _ => rest.is_empty(),
    })
}
