//! What is answered to those who ask why.

use ringback_model::event::{EventKind, Lane, Phase};
use ringback_model::ids::{LogPos, MessageId, RuleId, Seq, UserId};
use ringback_model::message::Origin;
use ringback_model::time::UnixMs;

/// The answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    /// Everything with that id, oldest first.
    pub subjects: Vec<About>,
    /// More of them were found than are shown.
    pub more: bool,
    /// When the oldest of what is remembered was noted; `None` = nothing is.
    pub remembered_since: Option<UnixMs>,
    /// What limits the answer; sentences.
    pub notes: Vec<String>,
}

/// One message or action, and what came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct About {
    /// What it is known by.
    pub number: MessageId,
    /// The moment: the event that was logged, else the question that was asked.
    pub kind: EventKind,
    /// The caller's id for the call that caused it.
    pub operation_id: String,
    /// The client's id; empty = there is none.
    pub client_id: String,
    /// Where it belongs.
    pub lane: Lane,
    /// Who acts; empty = nobody in particular.
    pub from: String,
    /// To whom.
    pub user: Option<String>,
    /// In which group.
    pub group: Option<String>,
    /// How it came in.
    pub origin: Origin,
    /// Its number in the conversation; 0 = it is not kept there.
    pub seq: Seq,
    /// Its event; `None` = there is none.
    pub pos: Option<LogPos>,
    /// When it was committed, else when it came in.
    pub at: UnixMs,
    /// How it ended.
    pub end: End,
    /// What each rule had to do with it, in time order.
    pub lines: Vec<Line>,
    /// What to do; sentences. Empty = nothing.
    pub advice: Vec<String>,
}

/// How a message or action ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It happened, and is in the log.
    Logged,
    /// It was refused.
    Refused,
    /// It was handed to devices and to nobody else: it is neither kept nor logged.
    HandedOnly,
    /// It passed its rules; nothing tells what became of it then. It may have left the log.
    Unknown,
    /// It is made up.
    Hypothetical,
}

impl End {
    /// Stable name, for the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Logged => "logged",
            Self::Refused => "refused",
            Self::HandedOnly => "handed_only",
            Self::Unknown => "unknown",
            Self::Hypothetical => "hypothetical",
        }
    }
}

/// What one rule had to do with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// When; `None` = it cost no time.
    pub at: Option<UnixMs>,
    /// Which rule.
    pub rule: RuleId,
    /// What people call it.
    pub name: String,
    /// Asks or tells.
    pub phase: Phase,
    /// The moment.
    pub kind: EventKind,
    /// What came of it.
    pub state: State,
    /// The same in words.
    pub words: String,
    /// Which copy; `None` where there is only one, or it is about all of them.
    pub copy: Option<u32>,
    /// Whom the copy is about; `None` where it is about nobody in particular.
    pub recipient: Option<UserId>,
    /// The id by which the receiver knows the callback; empty = none was rendered, or it is not known.
    pub webhook_id: String,
    /// When something happens to it next.
    pub next: Option<UnixMs>,
    /// The calls that were made, oldest first.
    pub calls: Vec<Call>,
}

/// One call.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// When it began.
    pub at: UnixMs,
    /// Which attempt, from 1.
    pub attempt: u32,
    /// Stable name of its outcome.
    pub outcome: String,
    /// HTTP status; 0 = there was no answer.
    pub status: u16,
    /// Microseconds.
    pub took_us: u64,
    /// Why it failed; empty where it did not.
    pub error: String,
    /// The answer as far as it is remembered; only of before-callbacks.
    pub answer: String,
    /// Somebody asked for it.
    pub resent: bool,
}

macro_rules! states {
    ($($(#[$doc:meta])* $state:ident $name:literal),* $(,)?) => {
        /// What came of a rule and an event.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum State {
            $($(#[$doc])* $state,)*
        }

        impl State {
            /// All of them.
            pub const ALL: [Self; [$(Self::$state),*].len()] = [$(Self::$state),*];

            /// Stable name, for the API.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$state => $name,)*
                }
            }
        }
    };
}

states! {
    /// The rule was made later.
    NotThere "not_there",
    /// The rule was off.
    Off "off",
    /// The rule is about other events.
    OtherEvents "other_events",
    /// A selector said no.
    Filtered "filtered",
    /// The contract has no callback for it.
    Skipped "skipped",
    /// It would be called.
    Matched "matched",
    /// It matches, and was not asked: another rule had refused, or nothing is remembered of it.
    NotAsked "not_asked",
    /// It was asked, and let it happen.
    Allowed "allowed",
    /// It was asked, and changed something.
    Changed "changed",
    /// It was asked, and refused.
    Refused "refused",
    /// It was asked, gave no verdict, and its policy let it happen.
    FailedPassed "failed_passed",
    /// It was asked, gave no verdict, and its policy refused.
    FailedRefused "failed_refused",
    /// It is to be told, and was not yet.
    Ahead "ahead",
    /// It waits for the next attempt.
    Waiting "waiting",
    /// It waits in its lane for another one.
    Behind "behind",
    /// It was taken.
    Delivered "delivered",
    /// It is kept, and not tried again by itself.
    Parked "parked",
    /// It was given up, because nothing is parked for its rule.
    Dropped "dropped",
    /// It was kept too long, or left the log unsent, or had not been sent when its rule was switched off.
    Expired "expired",
    /// It was parked, and somebody threw it away.
    Purged "purged",
    /// The contract announced it and had no request for it: a bug.
    Unrendered "unrendered",
    /// There is nothing to tell: it never happened, or was only handed to devices.
    Untold "untold",
}
