//! What to do about it.

use std::collections::BTreeSet;
use std::sync::Arc;

use ringback_model::rule::Rule;

use super::report::{Line, State};
use crate::live::LiveRule;

/// Most pieces of advice.
const MOST: usize = 8;

/// What to do about what these lines say; each piece once.
pub(super) fn of(lines: &[Line], rules: &[Arc<LiveRule>]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let rule_of = |line: &Line| rules.iter().find(|live| *live.id() == line.rule).map(|live| &live.rule);
    lines
        .iter()
        .filter_map(|line| advice(line, rule_of(line)?))
        .filter(|advice| seen.insert(advice.clone()))
        .take(MOST)
        .collect()
}

/// What to do about one line; `None` where nothing is.
fn advice(line: &Line, rule: &Rule) -> Option<String> {
    let name = &rule.name;
    let url = &rule.url;
    let replay = format!("`ringback replay --rule {name}` sends it");
    let misread = line.words.contains(". But: ");
    Some(match line.state {
        State::Off => format!(
            "rule {name} is off: `ringback rules enable {name}` (for a rule of a file: enable it there); what passed meanwhile is not sent by itself, {replay}"
        ),
        State::NotThere => format!("rule {name} begins later: {replay}"),
        State::Filtered => format!(
            "if rule {name} is to get such as this one, change its selectors: `ringback rules set {name} …`, or the file that it is from; `ringback why --dry` tries it out"
        ),
        State::Allowed | State::Changed if misread => format!(
            "mend the answer of the receiver of rule {name}: what it said does not mean what it seems to; `ringback doctor {url}` finds all of that kind"
        ),
        State::FailedPassed => format!(
            "the receiver of rule {name} has to be mended: `ringback rules test {name}` shows one call, `ringback doctor {url}` grades it. This one passed unmoderated; refuse instead with `failedContinue: false` (on_failure: refuse)"
        ),
        State::FailedRefused => format!(
            "the receiver of rule {name} has to be mended: `ringback rules test {name}` shows one call, `ringback doctor {url}` grades it. Let such pass meanwhile with `failedContinue: true` (on_failure: continue)"
        ),
        State::Waiting | State::Behind | State::Ahead if line.words.contains("banned") => format!(
            "mend the receiver of rule {name}, then lift the ban: `ringback bans lift`; it ends by itself as well"
        ),
        State::Waiting | State::Behind => format!(
            "mend the receiver of rule {name} ({url}); it is tried again by itself, and what waits follows in order"
        ),
        State::Ahead if line.words.contains("left alone") => {
            format!("mend the receiver of rule {name} ({url}); it is tried again by itself")
        }
        State::Parked => {
            let slice = line.words.split("slice ").nth(1).and_then(|rest| rest.split(':').next());
            let slice = slice.unwrap_or("DATE");
            format!("mend the receiver of rule {name}, then send it again: `ringback storage retry {slice}`")
        }
        State::Dropped => format!(
            "it is lost for rule {name} unless it is still in the log: {replay}; with storage on (`storage.enabled`, and `storage` of the rule) such are parked"
        ),
        State::Expired | State::Purged => {
            format!("as long as the event is in the log, {replay} to rule {name}'s receiver")
        }
        State::Unrendered => "please report this as a bug of the server".to_owned(),
        _ => return None,
    })
}
