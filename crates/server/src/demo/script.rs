//! The scenes of the demonstration, and how the receiver answers in them.

use std::time::Duration;

use ringback_dialects::client;
use ringback_model::dialect::Instruction;

use super::scene::{Fate, Scene};
use crate::receiver::behaviour::{Behaviour, Plan, Reply, ScriptRule, When};

/// The first client.
pub const ALICE: &str = "alice";
/// The second client.
pub const BOB: &str = "bob";

const REFUSAL: i32 = 5001;
const REWRITTEN: &str = "my pin is ****";

/// All scenes, in order.
pub const SCENES: [Scene; 5] = [
    Scene {
        title: "A text: asked before, told after",
        from: ALICE,
        to_group: false,
        text: "hello Bob",
        receiver_down: false,
        fate: Fate::Arrives,
    },
    Scene {
        title: "A text that the backend refuses",
        from: BOB,
        to_group: false,
        text: "buy cheap watches",
        receiver_down: false,
        fate: Fate::Refused(REFUSAL),
    },
    Scene {
        title: "A text that the backend rewrites",
        from: ALICE,
        to_group: false,
        text: "my pin is 4711",
        receiver_down: false,
        fate: Fate::Rewritten(REWRITTEN),
    },
    Scene {
        title: "A text while the backend is down: the chat goes on, the callback waits",
        from: BOB,
        to_group: false,
        text: "did you see that?",
        receiver_down: true,
        fate: Fate::Arrives,
    },
    Scene {
        title: "A message to a group",
        from: BOB,
        to_group: true,
        text: "hello everybody",
        receiver_down: false,
        fate: Fate::Arrives,
    },
];

/// How the receiver answers: refuses watches, hides the pin, lets the rest pass.
#[must_use]
pub fn behaviour() -> Behaviour {
    let contains = |part: &str| When { text_contains: Some(part.to_owned()), ..When::default() };
    let say = |instruction| Plan { delay: Duration::ZERO, reply: Reply::Say(instruction) };
    let refuse = Instruction::Deny { code: REFUSAL, text: "no advertising here".to_owned() };
    let rewrite = Instruction::Replace { text: REWRITTEN.to_owned() };
    let rewriting = When { command: Some(client::REWRITING.to_owned()), ..contains("4711") };
    Behaviour {
        rules: vec![
            ScriptRule { when: contains("watches"), plan: say(refuse) },
            ScriptRule { when: rewriting, plan: say(rewrite) },
        ],
        default: Plan::ALLOW,
    }
}
