//! Callbacks about made-up things: what pages and schemas are read off.

use ringback_model::delivery::Outbound;
use ringback_model::dialect::Contract;
use ringback_model::event::{Event, Phase, Question};
use ringback_model::ids::{LogPos, UserId};
use ringback_model::message::{Message, OfflinePush, Origin};
use ringback_model::rule::Rule;
use ringback_model::sample;
use ringback_model::time::UnixMs;

use super::OpenImContract;
use super::commands::{About, Command};

/// When all of it happens.
const AT: UnixMs = UnixMs(1_731_000_000_123);

/// Where it is sent to.
const RECEIVER: &str = "https://receiver.example.test/callback";

/// The first call of a command, with the settings that rules start out with; `None` where the contract does not have it.
pub(super) fn call(contract: OpenImContract, command: &Command) -> Option<Outbound> {
    let rule = rule(contract, command)?;
    match command.phase() {
        Phase::Before => questions(command).iter().find_map(|it| contract.question(&rule, it).ok()),
        Phase::After => events().iter().find_map(|it| Some(contract.delivery(&rule, it, 0)?.outbound)),
    }
}

/// A rule about a command alone.
pub(super) fn rule(contract: OpenImContract, command: &Command) -> Option<Rule> {
    let name = command.name_in(contract.generation)?;
    let rule = sample::rule("page", contract.name(), command.phase(), RECEIVER);
    Some(Rule { events: vec![name.to_owned()], ..rule })
}

fn messages() -> impl Iterator<Item = Message> {
    let mut all = crate::samples(AT);
    let shown = all.clone().into_iter();
    let shown = shown.map(|message| Message { offline_push: Some(OfflinePush::default()), ..message });
    all.splice(..0, shown);
    all.into_iter()
}

/// Everything that a command may be asked about.
pub(super) fn questions(command: &Command) -> Vec<Question> {
    match command.about {
        About::Messages(_) => messages().map(|message| sample::question(command.kind, message)).collect(),
        About::Pushes(_) => {
            let Ok(to) = UserId::parse("bob") else { return Vec::new() };
            messages().map(|message| sample::push_question(command.kind, message, to.clone())).collect()
        }
        About::Actions(_) => {
            sample::actions(AT).into_iter().filter_map(|it| sample::action_question(it, AT)).collect()
        }
    }
}

/// Everything that may be told.
pub(super) fn events() -> Vec<Event> {
    let sent = messages().map(|message| sample::sent(LogPos(1), message, Origin::Client, Vec::new()));
    let done = sample::actions(AT).into_iter().map(|action| sample::done(LogPos(1), action, AT));
    sent.chain(done).collect()
}
