//! What a wire protocol supplies: pure translation between bytes and our words. No state, no clock, no store,
//! no async. The registry of all of them is `dialects::all()`.
//!
//! | trait | a dialect's … |
//! |---|---|
//! | [`Contract`] | callbacks, in one version |
//! | [`Edge`] | REST interface |
//! | [`Socket`] | WebSocket protocol |
//! | [`RuleFormat`] | files with rules |
//! | [`Receiver`] | far end of callbacks |

mod contract;
mod edge;
mod receiver;
mod rule_file;
mod socket;

pub use contract::{
    Acceptance, CallbackSchema, Contract, EventName, Manner, Preset, Rendered, Skip, StorageService,
    WrongAnswer,
};
pub use edge::{Edge, EdgeRequest, Method, Opening, Rate, Reply, Route};
pub use receiver::{Answered, Described, Effect, Instruction, Receiver};
pub use rule_file::{DialectSetting, Note, RuleFile, RuleFormat, Severity};
pub use socket::{Correlation, Frame, Hello, Incoming, Socket, TurnAway, Wire};
