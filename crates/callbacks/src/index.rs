//! Which rules may be about a message or another event: looked up by what it says, so that rules about others cost
//! it nothing. Whoever is found still has to be asked, by [`crate::matching`].

use std::collections::HashMap;

use ringback_model::event::Facets;

use crate::matching::{Compiled, Keys, extension};

/// What the index calls a rule; rules are found in the order of these numbers.
pub(crate) type Place = usize;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Index {
    from: Places,
    users: Places,
    groups: Places,
    ext_keys: Places,
    /// Rules that nothing of a message leads to.
    others: Vec<Place>,
}

type Places = HashMap<Box<str>, Vec<Place>>;

impl Index {
    /// Adds a rule. One whose selectors have changed is added with the old and the new ones.
    pub(crate) fn add(&mut self, place: Place, selectors: &Compiled) {
        let put = |places: &mut Places, key: &str| match places.get_mut(key) {
            Some(places) => places.push(place),
            None => {
                places.insert(key.into(), vec![place]);
            }
        };
        match selectors.keys() {
            Keys::From(senders) => senders.iter().for_each(|sender| put(&mut self.from, sender)),
            Keys::Targets { users, groups } => {
                users.iter().for_each(|user| put(&mut self.users, user));
                groups.iter().for_each(|group| put(&mut self.groups, group));
            }
            Keys::Extension(keys) => keys.iter().for_each(|key| put(&mut self.ext_keys, key)),
            Keys::Any => self.others.push(place),
        }
    }

    /// Takes a rule out that was added with these selectors.
    pub(crate) fn remove(&mut self, place: Place, selectors: &Compiled) {
        let take = |places: &mut Places, key: &str| {
            let Some(of_key) = places.get_mut(key) else { return };
            of_key.retain(|other| *other != place);
            if of_key.is_empty() {
                places.remove(key);
            }
        };
        match selectors.keys() {
            Keys::From(senders) => senders.iter().for_each(|sender| take(&mut self.from, sender)),
            Keys::Targets { users, groups } => {
                users.iter().for_each(|user| take(&mut self.users, user));
                groups.iter().for_each(|group| take(&mut self.groups, group));
            }
            Keys::Extension(keys) => keys.iter().for_each(|key| take(&mut self.ext_keys, key)),
            Keys::Any => self.others.retain(|other| *other != place),
        }
    }

    /// Every rule that matches, and maybe some that do not, each once and in order.
    pub(crate) fn find(&self, about: Facets<'_>) -> Vec<Place> {
        let mut found = self.others.clone();
        let mut look = |places: &Places, key: &str| {
            if let Some(places) = places.get(key) {
                found.extend_from_slice(places);
            }
        };
        look(&self.from, about.from);
        match (about.group, about.user) {
            (Some(group), _) => look(&self.groups, group),
            (None, Some(user)) => look(&self.users, user),
            (None, None) => {}
        }
        if !self.ext_keys.is_empty() {
            // Parsed once, not once per rule.
            let object = extension(about.ex).unwrap_or_default();
            object.keys().for_each(|key| look(&self.ext_keys, key));
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::{select, subsequence};
    use ringback_model::conversation::Target;
    use ringback_model::ids::{GroupId, UserId};
    use ringback_model::message::{ContentClass, Message, Origin};
    use ringback_model::rule::{Attention, CodeRange, Selectors};
    use ringback_model::sample;
    use ringback_model::time::UnixMs;

    use super::*;
    use crate::matching::matches;

    /// Few names, so that rules and messages meet. Users and groups share them.
    const NAMES: [&str; 4] = ["ann", "bob", "cyd", "dot"];

    fn names() -> impl Strategy<Value = Vec<String>> {
        prop_oneof![2 => Just(Vec::new()), 3 => subsequence(&NAMES[..], 0..=2).prop_map(owned)]
    }

    fn owned(names: Vec<&str>) -> Vec<String> {
        names.into_iter().map(str::to_owned).collect()
    }

    fn selectors() -> impl Strategy<Value = Selectors> {
        let origins = subsequence(vec![Origin::Client, Origin::Rest], 0..=2);
        let denied = prop::option::weighted(0.2, Just(CodeRange { first: 101, last: 101 }));
        let parts = (names(), names(), names(), names(), names(), names(), origins, denied);
        parts.prop_map(|(from, to, groups, users, of_groups, ext_keys, origins, denied)| Selectors {
            denied_types: denied.into_iter().collect(),
            attention: Attention { users, groups: of_groups },
            from,
            to,
            groups,
            ext_keys,
            origins,
            copies: Vec::new(),
        })
    }

    fn message() -> impl Strategy<Value = Message> {
        let user = || select(&NAMES[..]).prop_map(|name| UserId::parse(name).unwrap());
        let group = || select(&NAMES[..]).prop_map(|name| GroupId::parse(name).unwrap());
        let target = prop_oneof![
            user().prop_map(Target::User),
            user().prop_map(Target::Notice),
            group().prop_map(Target::Group),
            group().prop_map(Target::Room),
        ];
        let ex = prop_oneof![
            Just(String::new()),
            Just("[\"ann\"]".to_owned()),
            Just("{\"ann\": 1e999}".to_owned()),
            subsequence(&NAMES[..], 0..=3).prop_map(|keys| {
                let pairs: Vec<String> = keys.iter().map(|key| format!("\"{key}\": 1")).collect();
                format!("{{{}}}", pairs.join(","))
            }),
        ];
        (user(), target, ex, prop_oneof![Just(101), Just(102)]).prop_map(|(sender, target, ex, code)| {
            let content = sample::content(ContentClass::Text, code, "");
            Message { ex, ..sample::message(sender, target, content, UnixMs(0)) }
        })
    }

    fn about(rules: &[Compiled], places: impl IntoIterator<Item = Place>, message: &Message) -> Vec<Place> {
        let code = message.content.code;
        let is_about =
            |place: &Place| matches(&rules[*place], message.facets(), Origin::Client, code).is_ok();
        places.into_iter().filter(is_about).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        #[test]
        fn the_index_finds_what_asking_every_rule_finds(
            rules in prop::collection::vec((selectors(), any::<bool>()), 0..30),
            message in message(),
        ) {
            let (rules, stay): (Vec<Compiled>, Vec<bool>) =
                rules.iter().map(|(selectors, stays)| (Compiled::new(selectors), *stays)).unzip();
            let mut index = Index::default();
            rules.iter().enumerate().for_each(|(place, rule)| index.add(place, rule));
            prop_assert_eq!(
                about(&rules, index.find(message.facets()), &message),
                about(&rules, 0..rules.len(), &message)
            );
            let gone = |place: &Place| !stay[*place];
            (0..rules.len()).filter(gone).for_each(|place| index.remove(place, &rules[place]));
            let left: Vec<Place> = (0..rules.len()).filter(|place| stay[*place]).collect();
            prop_assert!(index.find(message.facets()).iter().all(|place| stay[*place]));
            prop_assert_eq!(
                about(&rules, index.find(message.facets()), &message),
                about(&rules, left, &message)
            );
        }
    }

    #[test]
    fn rules_about_others_are_not_looked_at() {
        let texts = |text: String| vec![text];
        let with = |change: &dyn Fn(&mut Selectors)| {
            let mut selectors = Selectors::default();
            change(&mut selectors);
            Compiled::new(&selectors)
        };
        let mut index = Index::default();
        for number in 0..100 {
            let name = || texts(format!("stranger{number}"));
            index.add(5 * number, &with(&|selectors| selectors.from = name()));
            index.add(5 * number + 1, &with(&|selectors| selectors.to = name()));
            index.add(5 * number + 2, &with(&|selectors| selectors.groups = name()));
            index.add(5 * number + 3, &with(&|selectors| selectors.attention.users = name()));
            index.add(5 * number + 4, &with(&|selectors| selectors.ext_keys = name()));
        }
        let content = sample::content(ContentClass::Text, 101, "");
        let bob = Target::User(UserId::parse("bob").unwrap());
        let mut message = sample::message(UserId::parse("ann").unwrap(), bob, content, UnixMs(0));
        assert!(index.find(message.facets()).is_empty());
        message.target = Target::User(UserId::parse("stranger7").unwrap());
        assert_eq!(index.find(message.facets()), [36, 38]);
        message.ex = r#"{"stranger9": true}"#.to_owned();
        assert_eq!(index.find(message.facets()), [36, 38, 49]);
    }

    #[test]
    fn nothing_stays_of_rules_that_are_gone() {
        let about =
            |name: &str| Compiled::new(&Selectors { from: vec![name.to_owned()], ..Selectors::default() });
        let mut index = Index::default();
        for place in 0..100 {
            let rule = about(&format!("stranger{place}"));
            index.add(place, &rule);
            index.remove(place, &rule);
        }
        assert!(index.from.is_empty());
    }
}
