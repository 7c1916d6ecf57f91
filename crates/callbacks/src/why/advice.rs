//! What to do about it.

use std::collections::BTreeSet;
use std::sync::Arc;

use ringback_model::rule::{Rule, RuleOrigin};
use ringback_model::time::UnixMs;

use super::asked::MISREAD;
use super::report::{About, End, Line, State};
use super::words::{argument, instant};
use crate::live::LiveRule;

/// Most pieces of advice.
const MOST: usize = 8;

/// What to do about what these lines say; each piece once. `rules` are those that are there: a rule that is gone can be
/// neither changed nor replayed.
pub(super) fn of(about: &About, lines: &[Line], rules: &[Arc<LiveRule>]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let rule_of = |line: &Line| rules.iter().find(|live| *live.id() == line.rule);
    lines
        .iter()
        .filter_map(|line| advice(about, line, &rule_of(line)?.rule))
        .filter(|advice| seen.insert(advice.clone()))
        .take(MOST)
        .collect()
}

/// What to do about one line; `None` where nothing is.
fn advice(about: &About, line: &Line, rule: &Rule) -> Option<String> {
    let name = &argument(&rule.name);
    let url = &rule.url;
    let banned = line.words.contains("banned");
    let mended = format!("`ringback rules test {name}` shows one call, `ringback doctor {url}` grades it");
    Some(match line.state {
        State::Off if rule.enabled => format!(
            "rule {name} is on again, but does not send by itself what passed while it was off: {}",
            replay(about, line, name)?
        ),
        State::Off => switch_on(about, line, rule),
        State::NotThere => {
            format!("rule {name} is told only of what came after it was made: {}", replay(about, line, name)?)
        }
        State::Filtered => {
            let how = match &rule.origin {
                RuleOrigin::File(file) => format!("in its file ({file})"),
                RuleOrigin::Api => format!("with `ringback rules set {name} …`"),
            };
            format!(
                "if rule {name} is to be called for such as this one, change its selectors {how}; `ringback why --dry` tries \
                 it out"
            )
        }
        State::Allowed | State::Changed if line.words.contains(MISREAD) => format!(
            "mend the answer of the receiver of rule {name}: it does not mean what it seems to; `ringback doctor {url}` \
             finds all answers of that kind"
        ),
        State::FailedPassed => format!(
            "mend the receiver of rule {name}: {mended}. This one passed unmoderated; where it should be refused instead: \
             `failedContinue: false` in a rule file, `on_failure: refuse` by the API"
        ),
        State::FailedRefused => format!(
            "mend the receiver of rule {name}: {mended}. Where such should pass meanwhile: `failedContinue: true` in a rule \
             file, `on_failure: continue` by the API"
        ),
        State::Waiting | State::Behind | State::Ahead if banned => format!(
            "mend the receivers, {mended}; then lift the ban: `ringback bans lift`, or wait for its end. What waits is sent then"
        ),
        State::Waiting | State::Behind => {
            format!(
                "mend the receiver of rule {name}: {mended}. It is tried again by itself, and what waits follows in order"
            )
        }
        State::Ahead if line.words.contains("left alone") => {
            format!("mend the receiver of rule {name}: {mended}. It is tried again by itself")
        }
        State::Parked => {
            let slice = line.words.split("slice ").nth(1).and_then(|rest| rest.split(':').next());
            let slice = slice.unwrap_or("DATE");
            let lift = if banned { " and lift the ban (`ringback bans lift`)" } else { "" };
            format!(
                "mend the receiver of rule {name}{lift}, then send it again: `ringback storage retry {slice} --rule {name}`"
            )
        }
        State::Dropped => format!(
            "it is lost for rule {name} once it has left the log; until then {}. Where storage is on (setting \
             `storage.enabled`, and `storage` of the rule), such are parked instead",
            replay(about, line, name)?
        ),
        State::Expired | State::Purged => format!("until it leaves the log, {}", replay(about, line, name)?),
        State::Unrendered => "please report this as a bug of the server".to_owned(),
        _ => return None,
    })
}

/// What to do about a rule that is off.
fn switch_on(about: &About, line: &Line, rule: &Rule) -> String {
    let name = &argument(&rule.name);
    let how = match &rule.origin {
        RuleOrigin::File(file) => format!("enable it in its file ({file})"),
        RuleOrigin::Api => format!("`ringback rules enable {name}`"),
    };
    let passed = replay(about, line, name)
        .map(|replay| format!("; then what has passed is still not sent by itself: {replay}"))
        .unwrap_or_default();
    format!("rule {name} is off: {how}{passed}")
}

/// The command that sends this very event to a rule once more; `None` where there is no event.
fn replay(about: &About, line: &Line, name: &str) -> Option<String> {
    if about.end != End::Logged {
        return None;
    }
    let which = match about.seq {
        0 => {
            let (from, to) = (instant(about.at), instant(UnixMs(about.at.0.saturating_add(1))));
            format!("--event {} --from {from} --to {to}", about.kind.name())
        }
        seq => format!("--conversation {} --seq {seq}..{seq}", argument(&about.lane.to_string())),
    };
    let missed = if matches!(line.state, State::Off | State::NotThere) { " --missed" } else { "" };
    Some(format!("`ringback replay --rule {name} {which}{missed}` sends it"))
}
