//! The callbacks that a receiver is tried with.

use std::collections::BTreeSet;

use ringback_callbacks::tries::{self, Occasion, Try};
use ringback_model::dialect::Contract;
use ringback_model::event::Subject;
use ringback_model::message::Message;
use ringback_model::rule::{Rule, Secrets};
use ringback_model::time::UnixMs;

/// One callback, and what it is made from.
#[derive(Debug, Clone)]
pub(super) struct Case {
    /// The name of its event, as rules give it.
    pub(super) event: String,
    /// The rule whose it is.
    pub(super) rule: Rule,
    /// What it is about.
    occasion: Occasion,
    /// Which of the callbacks that the occasion means.
    copy: usize,
    /// It, rendered.
    pub(super) tried: Try,
}

impl Case {
    /// The same, about something of another number, and so with another id.
    pub(super) fn numbered(&self, contract: &dyn Contract, number: u64) -> Option<Self> {
        Self::of(contract, &self.rule, &self.event, self.occasion.clone().numbered(number), self.copy)
    }

    /// The same, rendered for a rule with another secret.
    pub(super) fn with_secret(&self, contract: &dyn Contract, secret: Option<&str>) -> Option<Self> {
        let secrets = Secrets { current: secret.map(str::to_owned), previous: None };
        let rule = Rule { secrets, ..self.rule.clone() };
        Self::of(contract, &rule, &self.event, self.occasion.clone(), self.copy)
    }

    fn is_about_message(&self) -> bool {
        match &self.occasion {
            Occasion::Asked(question) => !matches!(question.subject, Subject::Action(_)),
            Occasion::Happened(event) => event.sent().is_some(),
        }
    }

    fn of(
        contract: &dyn Contract,
        rule: &Rule,
        event: &str,
        occasion: Occasion,
        copy: usize,
    ) -> Option<Self> {
        let tried = tries::of(rule, contract, &occasion).ok()?.into_iter().nth(copy)?;
        Some(Self { event: event.to_owned(), rule: rule.clone(), occasion, copy, tried })
    }
}

/// What cases are made of.
pub(super) struct Workshop<'a> {
    pub(super) contract: &'a dyn Contract,
    /// A rule of the phase, about nothing in particular.
    pub(super) rule: &'a Rule,
    /// Names of events; empty = all of the phase.
    pub(super) events: &'a [String],
    pub(super) now: UnixMs,
}

impl Workshop<'_> {
    /// Rules about one event each.
    fn rules(&self) -> impl Iterator<Item = Rule> {
        let all =
            || self.contract.event_names(self.rule.phase).into_iter().map(|event| event.name.to_owned());
        let of = |name: String| Rule { events: vec![name], ..self.rule.clone() };
        // Rules may call an event by a name that is not listed, and that may be of the other phase alone.
        let has = |rule: &Rule| {
            let kinds = self.contract.kinds(rule);
            kinds.is_ok_and(|kinds| kinds.iter().any(|kind| kind.phase() == rule.phase))
        };
        let names: Vec<String> = match self.events {
            [] => all().collect(),
            some => some.to_vec(),
        };
        names.into_iter().map(of).filter(has).collect::<Vec<_>>().into_iter()
    }

    /// The callbacks that the first of the samples that is anything to the rule means.
    fn of_rule(&self, rule: &Rule, samples: &[Message]) -> Vec<Case> {
        let Ok(kinds) = self.contract.kinds(rule) else { return Vec::new() };
        let event = rule.events.first().map_or("", String::as_str);
        let first = tries::occasions(rule.phase, &kinds, samples, self.now).find_map(|occasion| {
            let copies =
                tries::of(rule, self.contract, &occasion).ok().filter(|copies| !copies.is_empty())?;
            Some((occasion, copies))
        });
        let Some((occasion, copies)) = first else { return Vec::new() };
        let case = |(copy, tried)| Case {
            event: event.to_owned(),
            rule: rule.clone(),
            occasion: occasion.clone(),
            copy,
            tried,
        };
        copies.into_iter().enumerate().map(case).collect()
    }

    /// Callbacks of every event. Where several names mean the same callback, under the first of them.
    pub(super) fn all(&self, samples: &[Message]) -> Vec<Case> {
        let mut seen = BTreeSet::new();
        let all = self.rules().flat_map(|rule| self.of_rule(&rule, samples));
        all.filter(|case| seen.insert((case.tried.outbound.url.clone(), case.tried.outbound.body.clone())))
            .collect()
    }

    /// The first callback that is about one of these messages; `None` where no event of the phase is about messages.
    pub(super) fn about(&self, messages: &[Message]) -> Option<Case> {
        self.rules().find_map(|rule| {
            // An action is everybody's sample: it has nothing to do with the messages.
            self.of_rule(&rule, messages).into_iter().next().filter(Case::is_about_message)
        })
    }
}

/// JSON text with every letter beyond ASCII as escapes of UTF-16: the same value, written as many runtimes do. Such
/// letters stand only inside strings.
pub(super) fn escaped(body: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(body);
    let mut out = String::with_capacity(text.len());
    let mut units = [0; 2];
    for letter in text.chars() {
        if letter.is_ascii() {
            out.push(letter);
        } else {
            for unit in letter.encode_utf16(&mut units) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    out.into_bytes()
}

#[cfg(test)]
mod tests {
    use ringback_model::app::App;
    use ringback_model::event::Phase;
    use ringback_model::sample;

    use super::*;

    const NOW: UnixMs = UnixMs(1_785_542_400_123);

    #[test]
    fn every_event_of_every_contract_has_a_sample() {
        let samples = ringback_dialects::samples(NOW);
        for contract in ringback_dialects::all(&App::default()).contracts {
            for phase in [Phase::Before, Phase::After] {
                let rule = sample::rule("doctor", contract.name(), phase, "http://127.0.0.1:9/x");
                let workshop = Workshop { contract: contract.as_ref(), rule: &rule, events: &[], now: NOW };
                for rule in workshop.rules() {
                    let cases = workshop.of_rule(&rule, &samples);
                    assert!(!cases.is_empty(), "{}: no sample is about {:?}", contract.name(), rule.events);
                }
                let all = workshop.all(&samples);
                assert!(all.len() >= 20, "{} {phase:?}: {}", contract.name(), all.len());
                let ids: BTreeSet<_> =
                    all.iter().map(|case| (case.event.clone(), case.tried.outbound.body.clone())).collect();
                assert_eq!(ids.len(), all.len());
                assert!(workshop.about(&ringback_dialects::texts("hi", NOW)).is_some());
            }
        }
    }

    #[test]
    fn another_number_is_another_callback() {
        for contract in ringback_dialects::all(&App::default()).contracts {
            for phase in [Phase::Before, Phase::After] {
                let rule = sample::rule("doctor", contract.name(), phase, "http://127.0.0.1:9/x");
                let workshop = Workshop { contract: contract.as_ref(), rule: &rule, events: &[], now: NOW };
                for case in workshop.all(&ringback_dialects::samples(NOW)) {
                    let one = case.numbered(contract.as_ref(), 71).unwrap();
                    let two = case.numbered(contract.as_ref(), 72).unwrap();
                    let about = format!("{} {}", contract.name(), case.event);
                    assert_ne!(one.tried.id, two.tried.id, "{about}");
                    assert_eq!(
                        one.tried.id,
                        case.numbered(contract.as_ref(), 71).unwrap().tried.id,
                        "{about}"
                    );
                }
            }
        }
    }

    #[test]
    fn escaped_text_is_the_same_value() {
        let body = r#"{"a":"x😀声\"\\n","b":[1]}"#;
        let escaped = escaped(body.as_bytes());
        assert!(escaped.is_ascii() && escaped.windows(12).any(|part| part == br"\ud83d\ude00"));
        let value = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).unwrap();
        assert_eq!(value(&escaped), value(body.as_bytes()));
    }
}
