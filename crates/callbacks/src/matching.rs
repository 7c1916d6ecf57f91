//! Which events a rule is about: its selectors, compiled once per change of the rule.

use std::borrow::Cow;
use std::collections::HashSet;

use ringback_model::event::Facets;
use ringback_model::message::Origin;
use ringback_model::rule::{CodeRange, Selectors};
use serde_json::{Map, Value};

type Texts = HashSet<Box<str>>;

/// [`Selectors`], ready to be asked.
#[derive(Debug, Clone, Default)]
pub struct Compiled {
    any: bool,
    denied_types: Vec<CodeRange>,
    /// Users and groups.
    attention: Option<(Texts, Texts)>,
    from: Texts,
    to: Texts,
    groups: Texts,
    ext_keys: Vec<Box<str>>,
    origins: Vec<Origin>,
}

/// Which selector said no, and to what. It borrows, because most rules say no to most messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason<'a> {
    /// The selector's name in [`Selectors`].
    pub selector: &'static str,
    /// The value that it was compared with.
    pub value: Cow<'a, str>,
}

/// Where an index finds a rule: nothing matches that has none of these.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Keys<'a> {
    /// Its sender.
    From(&'a Texts),
    /// Its recipient, or its group.
    Targets {
        /// Recipients.
        users: &'a Texts,
        /// Groups.
        groups: &'a Texts,
    },
    /// A key of its extension object.
    Extension(&'a [Box<str>]),
    /// The selectors name nothing by which a message could be looked up.
    Any,
}

impl Compiled {
    /// Compiles.
    #[must_use]
    pub fn new(selectors: &Selectors) -> Self {
        let attention = &selectors.attention;
        Self {
            any: *selectors == Selectors::default(),
            denied_types: selectors.denied_types.clone(),
            attention: (!attention.users.is_empty() || !attention.groups.is_empty())
                .then(|| (set(&attention.users), set(&attention.groups))),
            from: set(&selectors.from),
            to: set(&selectors.to),
            groups: set(&selectors.groups),
            ext_keys: selectors.ext_keys.iter().map(|key| key.as_str().into()).collect(),
            origins: selectors.origins.clone(),
        }
    }

    /// Whether [`matches()`] will look at `code`; it costs the contract a look at the content.
    #[must_use]
    pub fn wants_code(&self) -> bool {
        !self.denied_types.is_empty()
    }

    /// What every message that matches has one of. Where several selectors would do, the first: senders are the
    /// most telling.
    pub(crate) fn keys(&self) -> Keys<'_> {
        if !self.from.is_empty() {
            Keys::From(&self.from)
        } else if !self.to.is_empty() || !self.groups.is_empty() {
            Keys::Targets { users: &self.to, groups: &self.groups }
        } else if let Some((users, groups)) = &self.attention {
            Keys::Targets { users, groups }
        } else if !self.ext_keys.is_empty() {
            Keys::Extension(&self.ext_keys)
        } else {
            Keys::Any
        }
    }
}

fn set(texts: &[String]) -> Texts {
    texts.iter().map(|text| text.as_str().into()).collect()
}

/// Whether all selectors agree. `code` is the contract's number for the content.
///
/// What is about a user is measured by `to` and the users of `attention`, what is about a group by `groups` and the
/// groups of `attention`: a list of the other kind alone excludes it. What is about neither meets none of them.
///
/// # Errors
/// The first selector that says no.
pub fn matches<'a>(rule: &Compiled, about: Facets<'a>, origin: Origin, code: i32) -> Result<(), Reason<'a>> {
    if rule.any {
        return Ok(());
    }
    if about.content.is_some() && rule.denied_types.iter().any(|range| range.contains(code)) {
        return no("denied_types", code.to_string());
    }
    if !rule.origins.is_empty() && !rule.origins.contains(&origin) {
        return no("origins", if origin == Origin::Client { "client" } else { "rest" });
    }
    if !rule.from.is_empty() && !rule.from.contains(about.from) {
        return no("from", about.from);
    }
    match (about.group, about.user) {
        (Some(group), _) => to_group(rule, group)?,
        (None, Some(user)) => to_user(rule, user)?,
        (None, None) if !rule.to.is_empty() => return no("to", "nobody"),
        (None, None) if !rule.groups.is_empty() => return no("groups", "not a group"),
        (None, None) if rule.attention.is_some() => return no("attention", "nobody"),
        (None, None) => {}
    }
    if !rule.ext_keys.is_empty() && !has_key(about.ex, &rule.ext_keys) {
        return no("ext_keys", "no such key");
    }
    Ok(())
}

fn to_user<'a>(rule: &Compiled, user: &'a str) -> Result<(), Reason<'a>> {
    if !rule.to.is_empty() && !rule.to.contains(user) {
        return no("to", user);
    }
    if rule.to.is_empty() && !rule.groups.is_empty() {
        return no("groups", "not a group");
    }
    match &rule.attention {
        Some((users, _)) if !users.contains(user) => no("attention", user),
        _ => Ok(()),
    }
}

fn to_group<'a>(rule: &Compiled, group: &'a str) -> Result<(), Reason<'a>> {
    if !rule.groups.is_empty() && !rule.groups.contains(group) {
        return no("groups", group);
    }
    if rule.groups.is_empty() && !rule.to.is_empty() {
        return no("to", "not a user");
    }
    match &rule.attention {
        Some((_, groups)) if !groups.contains(group) => no("attention", group),
        _ => Ok(()),
    }
}

/// Whether the text is a JSON object with one of the keys.
fn has_key(ex: &str, keys: &[Box<str>]) -> bool {
    extension(ex).is_some_and(|object| keys.iter().any(|key| object.contains_key(&**key)))
}

/// A message's extension object; `None` where its text is no object.
pub(crate) fn extension(ex: &str) -> Option<Map<String, Value>> {
    // Most messages have none, and need no parser to say so.
    if ex.is_empty() { None } else { serde_json::from_str(ex).ok() }
}

fn no<'a>(selector: &'static str, value: impl Into<Cow<'a, str>>) -> Result<(), Reason<'a>> {
    Err(Reason { selector, value: value.into() })
}

#[cfg(test)]
mod tests {
    use ringback_model::conversation::Target;
    use ringback_model::ids::{GroupId, UserId};
    use ringback_model::message::{ContentClass, Message};
    use ringback_model::rule::Attention;
    use ringback_model::sample;
    use ringback_model::time::UnixMs;

    use super::*;

    fn message(target: Target) -> Message {
        let alice = UserId::parse("alice").unwrap();
        let text = sample::content(ContentClass::Text, 101, "");
        let ex = r#"{"order": 1}"#.to_owned();
        Message { ex, ..sample::message(alice, target, text, UnixMs(0)) }
    }

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    fn attention(users: &[&str], groups: &[&str]) -> Selectors {
        Selectors {
            attention: Attention { users: texts(users), groups: texts(groups) },
            ..Selectors::default()
        }
    }

    #[test]
    fn every_selector_says_yes_and_no() {
        let bob = || message(Target::User(UserId::parse("bob").unwrap()));
        let group = || message(Target::Group(GroupId::parse("g1").unwrap()));
        let room = || message(Target::Room(GroupId::parse("g1").unwrap()));
        let with = |change: fn(&mut Selectors)| {
            let mut selectors = Selectors::default();
            change(&mut selectors);
            selectors
        };
        let denied = with(|s| s.denied_types = vec![CodeRange { first: 100, last: 110 }]);
        let from = with(|s| s.from = texts(&["alice"]));
        let not_from = with(|s| s.from = texts(&["carol"]));
        let to = with(|s| s.to = texts(&["bob"]));
        let groups = with(|s| s.groups = texts(&["g1"]));
        let ext = with(|s| s.ext_keys = texts(&["order", "x"]));
        let no_ext = with(|s| s.ext_keys = texts(&["x"]));
        let rest = with(|s| s.origins = vec![Origin::Rest]);
        for (selectors, message, expected) in [
            (Selectors::default(), bob(), None),
            (denied, bob(), Some("denied_types")),
            (from, bob(), None),
            (not_from, group(), Some("from")),
            (to.clone(), bob(), None),
            (to, group(), Some("to")),
            (groups.clone(), group(), None),
            (groups.clone(), room(), None),
            (attention(&["bob"], &[]), room(), Some("attention")),
            (groups, bob(), Some("groups")),
            (ext, bob(), None),
            (no_ext, bob(), Some("ext_keys")),
            (rest, bob(), Some("origins")),
            (attention(&["bob"], &[]), bob(), None),
            (attention(&["bob"], &[]), group(), Some("attention")),
            (attention(&["carol"], &["g1"]), bob(), Some("attention")),
            (attention(&["carol"], &["g1"]), group(), None),
        ] {
            let said = matches(&Compiled::new(&selectors), message.facets(), Origin::Client, 101);
            assert_eq!(said.err().map(|reason| reason.selector), expected, "{selectors:?}");
        }
    }

    #[test]
    fn a_reason_names_the_value() {
        let carol = Compiled::new(&Selectors { from: texts(&["carol"]), ..Selectors::default() });
        let bob = message(Target::User(UserId::parse("bob").unwrap()));
        let reason = matches(&carol, bob.facets(), Origin::Client, 0).unwrap_err();
        assert_eq!((reason.selector, &*reason.value), ("from", "alice"));
    }

    #[test]
    fn text_that_is_no_object_has_no_keys() {
        for ex in ["", "order", "[\"order\"]", "{\"order\""] {
            assert!(!has_key(ex, &["order".into()]), "{ex}");
        }
    }
}
