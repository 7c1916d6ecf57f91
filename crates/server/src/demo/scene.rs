//! What is done in the demonstration and what must come of it. Pure: a [`Watch`] is told what was seen and answers
//! what is still missing, and what should not have happened.

use std::sync::Arc;

use ringback_dialects::client::{ClientError, Heard, Taken};
use ringback_model::dialect::Effect;
use ringback_model::event::Phase;

use crate::receiver::call::Call;

/// Something that was seen from outside the server.
#[derive(Debug, Clone)]
pub enum Seen {
    /// The receiver was called.
    Called(Arc<Call>),
    /// A client heard something.
    Heard {
        /// Whose client.
        user: Arc<str>,
        /// What.
        heard: Result<Heard, ClientError>,
    },
}

impl Seen {
    /// The place of this in the life of a message: asked, answered, received, told.
    #[must_use]
    pub fn rank(&self) -> u8 {
        match self {
            Self::Called(call) if call.described.as_ref().is_some_and(|it| it.phase == Phase::After) => 3,
            Self::Called(_) => 0,
            Self::Heard { heard: Ok(Heard::Push(_)), .. } => 2,
            Self::Heard { .. } => 1,
        }
    }
}

/// One message and its fate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scene {
    /// What it shows.
    pub title: &'static str,
    /// Who sends.
    pub from: &'static str,
    /// To the group instead of to the other one.
    pub to_group: bool,
    /// What he says.
    pub text: &'static str,
    /// The receiver is down while he says it.
    pub receiver_down: bool,
    /// What is to come of it.
    pub fate: Fate,
}

/// What is to come of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It arrives as it was sent.
    Arrives,
    /// The receiver refuses it with this code; nobody else ever sees it.
    Refused(i32),
    /// It arrives with this text.
    Rewritten(&'static str),
}

/// Something that must happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// The receiver is asked and answers so.
    Asked(Effect),
    /// The sender is answered.
    Answered,
    /// The other one receives it.
    Received(String),
    /// The receiver is told.
    Told,
}

impl Expected {
    /// In words, for what is missing.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Asked(effect) => format!("the receiver was not asked, or did not say \"{effect:?}\""),
            Self::Answered => "the sender was not answered as he should".to_owned(),
            Self::Received(user) => format!("{user} did not receive it"),
            Self::Told => "the receiver was not told".to_owned(),
        }
    }
}

/// Watches the fate of one message.
#[derive(Debug)]
pub struct Watch {
    scene: Scene,
    client_id: String,
    missing: Vec<Expected>,
    wrong: Vec<String>,
}

impl Watch {
    /// A watch over the message of a scene; `other` is the one who is to receive it.
    #[must_use]
    pub fn new(scene: Scene, client_id: &str, other: &str) -> Self {
        let asked = |effect| Expected::Asked(effect);
        // Two rules ask: one may refuse, the next one may change the text.
        let mut missing = match scene.fate {
            _ if scene.receiver_down => Vec::new(),
            Fate::Arrives => vec![asked(Effect::Allowed), asked(Effect::Allowed)],
            Fate::Refused(_) => vec![asked(Effect::Refused)],
            Fate::Rewritten(_) => vec![asked(Effect::Allowed), asked(Effect::Replaced)],
        };
        missing.push(Expected::Answered);
        if !matches!(scene.fate, Fate::Refused(_)) {
            missing.push(Expected::Received(other.to_owned()));
            missing.push(Expected::Told);
        }
        Self { scene, client_id: client_id.to_owned(), missing, wrong: Vec::new() }
    }

    /// The text with which the message goes on.
    #[must_use]
    pub const fn final_text(&self) -> &'static str {
        match self.scene.fate {
            Fate::Rewritten(text) => text,
            Fate::Arrives | Fate::Refused(_) => self.scene.text,
        }
    }

    /// Takes note of something. `key` is the one that the message was sent with.
    pub fn see(&mut self, seen: &Seen) {
        match seen {
            Seen::Called(call) => self.see_call(call),
            Seen::Heard { user, heard: Ok(Heard::Answer { key, result }) } if *key == self.client_id => {
                self.see_answer(user, result);
            }
            Seen::Heard { user, heard: Ok(Heard::Push(messages)) } => {
                for message in messages {
                    if message.client_id == self.client_id {
                        self.see_push(user, &message.text);
                    }
                }
            }
            Seen::Heard { .. } => {}
        }
    }

    fn see_call(&mut self, call: &Call) {
        let Some(described) = &call.described else { return };
        if described.client_message_id != self.client_id {
            return;
        }
        match (described.phase, call.told.effect) {
            (Phase::Before, Some(effect)) => self.tick(&Expected::Asked(effect)),
            (Phase::Before, None) => {}
            (Phase::After, _) if described.text == self.final_text() => self.tick(&Expected::Told),
            (Phase::After, _) => self.wrong.push(format!("the receiver was told {:?}", described.text)),
        }
    }

    fn see_answer(&mut self, user: &str, result: &Result<Taken, ClientError>) {
        let good = match (self.scene.fate, result) {
            (Fate::Arrives, Ok(taken)) => taken.changed_text.is_none(),
            (Fate::Rewritten(text), Ok(taken)) => taken.changed_text.as_deref() == Some(text),
            (Fate::Refused(wanted), Err(ClientError::Refused { code, .. })) => wanted == *code,
            _ => false,
        };
        if user == self.scene.from && good {
            self.tick(&Expected::Answered);
        } else {
            self.wrong.push(format!("{user} was answered {result:?}"));
        }
    }

    fn see_push(&mut self, user: &str, text: &str) {
        if matches!(self.scene.fate, Fate::Refused(_)) || text != self.final_text() {
            self.wrong.push(format!("{user} received {text:?}"));
        } else if user != self.scene.from {
            self.tick(&Expected::Received(user.to_owned()));
        }
    }

    /// What happens again (an after-callback may) is fine once it has happened.
    fn tick(&mut self, expected: &Expected) {
        if let Some(index) = self.missing.iter().position(|missing| missing == expected) {
            self.missing.remove(index);
        } else if matches!(expected, Expected::Asked(_)) {
            self.wrong.push(format!("the receiver was asked once more: {expected:?}"));
        }
    }

    /// Everything that must happen has happened.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.missing.is_empty()
    }

    /// Only the receiver has not been told yet.
    #[must_use]
    pub fn lacks_only_told(&self) -> bool {
        self.missing == [Expected::Told]
    }

    /// What went wrong, in words; empty = nothing.
    #[must_use]
    pub fn complaints(&self) -> Vec<String> {
        let missing = self.missing.iter().map(Expected::words);
        missing
            .chain(self.wrong.iter().cloned())
            .map(|text| format!("{}: {text}", self.scene.title))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use ringback_dialects::client::ChatText;
    use ringback_model::time::UnixMs;

    use super::*;
    use crate::receiver::behaviour::Plan;
    use crate::receiver::behaviour::tests::call as described;
    use crate::receiver::call::Told;
    use crate::receiver::signature::Signature;

    const SCENE: Scene = Scene {
        title: "t",
        from: "alice",
        to_group: false,
        text: "hello",
        receiver_down: false,
        fate: Fate::Arrives,
    };

    fn called(phase: Phase, text: &str, effect: Effect) -> Seen {
        let mut described = described("X", "alice", "bob", text);
        described.phase = phase;
        described.client_message_id = "c1".to_owned();
        Seen::Called(Arc::new(Call {
            number: 1,
            at: UnixMs(0),
            path: String::new(),
            described: Some(described),
            webhook_id: None,
            seen: 1,
            signature: Signature::Unchecked,
            told: Told::of(&Plan::ALLOW, Some((effect, None))),
        }))
    }

    fn answered(result: Result<Option<&str>, i32>) -> Seen {
        let result = match result {
            Ok(changed) => Ok(Taken {
                server_id: "s".to_owned(),
                client_id: "c1".to_owned(),
                changed_text: changed.map(str::to_owned),
            }),
            Err(code) => Err(ClientError::Refused { code, text: "no".to_owned() }),
        };
        Seen::Heard { user: Arc::from("alice"), heard: Ok(Heard::Answer { key: "c1".to_owned(), result }) }
    }

    fn pushed(user: &str, text: &str) -> Seen {
        let message = ChatText {
            from: "alice".to_owned(),
            group: String::new(),
            client_id: "c1".to_owned(),
            seq: 1,
            text: text.to_owned(),
        };
        Seen::Heard { user: Arc::from(user), heard: Ok(Heard::Push(vec![message])) }
    }

    fn watched(scene: Scene, seen: &[Seen]) -> Watch {
        let mut watch = Watch::new(scene, "c1", "bob");
        for seen in seen {
            watch.see(seen);
        }
        watch
    }

    #[test]
    fn a_message_that_arrives_is_asked_twice_answered_received_and_told() {
        let asked = || called(Phase::Before, "hello", Effect::Allowed);
        let told = || called(Phase::After, "hello", Effect::Noted);
        let all = [asked(), asked(), answered(Ok(None)), pushed("bob", "hello"), told(), told()];
        let watch = watched(SCENE, &all);
        assert!(watch.is_complete() && watch.complaints().is_empty(), "{:?}", watch.complaints());
        for left_out in 0..4 {
            let seen: Vec<Seen> =
                all.iter().enumerate().filter(|(at, _)| *at != left_out).map(|(_, it)| it.clone()).collect();
            assert_eq!(watched(SCENE, &seen).complaints().len(), 1, "{left_out}");
        }
        assert!(watched(SCENE, &all[..4]).lacks_only_told());
    }

    #[test]
    fn a_refused_message_is_seen_by_nobody() {
        let scene = Scene { fate: Fate::Refused(5001), ..SCENE };
        let refused = [called(Phase::Before, "hello", Effect::Refused), answered(Err(5001))];
        let mut watch = watched(scene, &refused);
        assert!(watch.is_complete());
        watch.see(&pushed("bob", "hello"));
        assert_eq!(watch.complaints().len(), 1);
        assert!(!watched(scene, &[answered(Err(500))]).complaints().is_empty());
    }

    #[test]
    fn a_rewritten_message_arrives_in_its_new_words_everywhere() {
        let scene = Scene { fate: Fate::Rewritten("****"), ..SCENE };
        let mut seen = vec![
            called(Phase::Before, "hello", Effect::Allowed),
            called(Phase::Before, "hello", Effect::Replaced),
            answered(Ok(Some("****"))),
            pushed("bob", "****"),
            called(Phase::After, "****", Effect::Noted),
        ];
        assert!(watched(scene, &seen).complaints().is_empty());
        seen[4] = called(Phase::After, "hello", Effect::Noted);
        assert_eq!(watched(scene, &seen).complaints().len(), 2, "told the old words, not the new ones");
    }
}
