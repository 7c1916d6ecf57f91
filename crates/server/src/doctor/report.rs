//! The report of an examination.

use std::fmt::Write as _;
use std::time::Duration;

use ringback_model::event::Phase;
use serde_json::{Value, json};

use super::finding::{Evidence, Finding, Level, Outcome};
use super::times::{Times, shown};
use crate::receiver::display::{Palette, painted};

/// What an examination found.
#[derive(Debug, Clone)]
pub struct Report {
    /// The receiver.
    pub url: String,
    /// The contract that it was examined by.
    pub dialect: &'static str,
    /// Calls that were made.
    pub calls: usize,
    /// How long it took.
    pub took: Duration,
    /// By phase, in the order of the catalogue.
    pub outcomes: Vec<Outcome>,
}

impl Report {
    /// How many checks came to this.
    #[must_use]
    pub fn count(&self, level: Level) -> usize {
        self.outcomes.iter().filter(|outcome| outcome.level() == level).count()
    }

    /// Whether the receiver passes; with `strict` warnings count too.
    #[must_use]
    pub fn passes(&self, strict: bool) -> bool {
        self.count(Level::Failure) == 0 && (!strict || self.count(Level::Warning) == 0)
    }

    /// What was examined of one phase, by phase.
    pub(super) fn phases(&self) -> Vec<(Phase, Vec<&Outcome>)> {
        let of = |phase| -> Vec<&Outcome> {
            self.outcomes.iter().filter(|outcome| outcome.phase == phase).collect()
        };
        let all = [Phase::Before, Phase::After].map(|phase| (phase, of(phase)));
        all.into_iter().filter(|(_, outcomes)| !outcomes.is_empty()).collect()
    }

    /// The last line.
    #[must_use]
    pub fn summary(&self) -> String {
        let count = |level, one: &str, many: &str| {
            let count = self.count(level);
            format!("{count} {}", if count == 1 { one } else { many })
        };
        format!(
            "{}, {}, {} ok, {} skipped; {} calls in {:.1} s",
            count(Level::Failure, "failure", "failures"),
            count(Level::Warning, "warning", "warnings"),
            self.count(Level::Ok),
            self.count(Level::Skipped),
            self.calls,
            self.took.as_secs_f64()
        )
    }

    /// For people.
    #[must_use]
    pub fn text(&self, palette: Palette) -> String {
        let mut out = format!("{}, by the contract {}\n", visible(&self.url), self.dialect);
        for (phase, outcomes) in self.phases() {
            let title = match phase {
                Phase::Before => "before: it is asked",
                Phase::After => "after: it is told",
            };
            let _ = writeln!(out, "\n{}", painted(palette.strong, title));
            for outcome in outcomes {
                write_outcome(&mut out, outcome, palette);
            }
        }
        let _ = writeln!(out, "\n{}", self.summary());
        out
    }

    /// For machines.
    #[must_use]
    pub fn value(&self, strict: bool) -> Value {
        json!({
            "url": self.url,
            "dialect": self.dialect,
            "passed": self.passes(strict),
            "failures": self.count(Level::Failure),
            "warnings": self.count(Level::Warning),
            "ok": self.count(Level::Ok),
            "skipped": self.count(Level::Skipped),
            "calls": self.calls,
            "took_ms": ms(self.took),
            "checks": self.outcomes.iter().map(outcome_value).collect::<Vec<_>>(),
        })
    }
}

fn write_outcome(out: &mut String, outcome: &Outcome, palette: Palette) {
    let level = outcome.level();
    let (word, style) = match level {
        Level::Ok => ("ok     ", palette.good),
        Level::Skipped => ("-      ", palette.dim),
        Level::Warning => ("warning", palette.notable),
        Level::Failure => ("FAILURE", palette.bad),
    };
    let said = match level {
        // What is wrong is said below.
        Level::Warning | Level::Failure => outcome.times.map(|times| times.to_string()).unwrap_or_default(),
        Level::Ok | Level::Skipped => outcome.note.clone(),
    };
    let line = format!("  {}  {:<18} {}", painted(style, word), outcome.check.id(), visible(&said));
    let _ = writeln!(out, "{}", line.trim_end());
    for finding in &outcome.findings {
        let bullet = if finding.level < level { "  (warning)" } else { "" };
        let _ = writeln!(out, "             {}{bullet}", visible(&capital(&finding.what)));
        if let Some(evidence) = &finding.evidence {
            let _ = writeln!(
                out,
                "{}",
                painted(palette.dim, &format!("               {}", shows(finding, evidence)))
            );
        }
        let _ = writeln!(out, "               mend: {}", finding.mend);
    }
}

/// Whom it happened to, and the first answer that shows it.
pub(super) fn shows(finding: &Finding, evidence: &Evidence) -> String {
    let rest = finding.count.saturating_sub(finding.events.len());
    let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
    let took = shown(evidence.took);
    let answer = match evidence.status {
        Some(status) if evidence.text.is_empty() => format!("HTTP {status}, empty, after {took}"),
        Some(status) => format!("HTTP {status} after {took}: {}", visible(&evidence.text)),
        None => format!("no answer after {took}: {}", visible(&evidence.text)),
    };
    format!("{}{more}: {answer}", finding.events.join(", "))
}

/// A text that does nothing to a terminal, in one line.
fn visible(text: &str) -> String {
    text.chars()
        .map(|letter| if letter.is_control() || is_turning(letter) { '\u{b7}' } else { letter })
        .collect()
}

/// Letters that turn the direction of what follows.
const fn is_turning(letter: char) -> bool {
    matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn ms(time: Duration) -> f64 {
    (time.as_secs_f64() * 10_000.0).round() / 10.0
}

fn times_value(times: &Times) -> Value {
    let Times { count, p50, p95, p99, max } = times;
    json!({"answers": count, "p50_ms": ms(*p50), "p95_ms": ms(*p95), "p99_ms": ms(*p99), "max_ms": ms(*max)})
}

fn outcome_value(outcome: &Outcome) -> Value {
    let finding = |finding: &Finding| {
        json!({
            "level": finding.level.name(),
            "what": finding.what,
            "mend": finding.mend,
            "events": finding.events,
            "count": finding.count,
            "evidence": finding.evidence.as_ref().map(|evidence| json!({
                "status": evidence.status, "text": evidence.text, "took_ms": ms(evidence.took),
            })),
        })
    };
    json!({
        "check": outcome.check.id(),
        "phase": outcome.phase.name(),
        "level": outcome.level().name(),
        "note": outcome.note,
        "findings": outcome.findings.iter().map(finding).collect::<Vec<_>>(),
        "times": outcome.times.as_ref().map(times_value),
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::doctor::check::Check;

    /// One failure, one warning, one skipped and one good check.
    pub(in crate::doctor) fn report() -> Report {
        let evidence = |text: &str| {
            Some(Evidence { status: Some(500), text: text.to_owned(), took: Duration::from_millis(3) })
        };
        let finding = |level, what: &str, text: &str| Finding {
            level,
            what: what.to_owned(),
            mend: "mend <it>".to_owned(),
            events: vec!["one".to_owned(), "two".to_owned()],
            count: 5,
            evidence: evidence(text),
        };
        let mut failed = Outcome::new(Check::Status, Phase::Before);
        failed.findings.push(finding(
            Level::Failure,
            "the answer has status 500",
            "<h1>\u{1b}[31moh & no\u{0}</h1>",
        ));
        let mut warned = Outcome::new(Check::Length, Phase::Before);
        warned.findings.push(finding(Level::Warning, "it is long", "x"));
        Report {
            url: "http://127.0.0.1:9/x?a=1&b=\"2\"".to_owned(),
            dialect: "plain",
            calls: 12,
            took: Duration::from_millis(2345),
            outcomes: vec![
                failed,
                warned,
                Outcome::skipped(Check::Stale, Phase::Before, "needs --secret"),
                Outcome::new(Check::Reachable, Phase::After).noted("status 200"),
            ],
        }
    }

    #[test]
    fn people_read_what_happened_to_whom_and_what_to_do() {
        let text = report().text(Palette::default());
        for part in [
            "http://127.0.0.1:9/x",
            "before: it is asked",
            "FAILURE  status",
            "The answer has status 500",
            "one, two and 3 more: HTTP 500 after 3.0 ms: <h1>\u{b7}[31moh & no\u{b7}</h1>",
            "mend: mend <it>",
            "warning  length",
            "-        stale              needs --secret",
            "after: it is told",
            "ok       reachable          status 200",
            "1 failure, 1 warning, 1 ok, 1 skipped; 12 calls in 2.3 s",
        ] {
            assert!(text.contains(part), "{part:?} in\n{text}");
        }
        assert!(!text.contains('\u{1b}'), "answers do nothing to a terminal");
    }

    #[test]
    fn machines_read_the_same() {
        let report = report();
        let value = report.value(false);
        assert_eq!(
            (&value["passed"], &value["failures"], &value["warnings"]),
            (&json!(false), &json!(1), &json!(1))
        );
        let status = &value["checks"][0];
        assert_eq!(
            (&status["check"], &status["phase"], &status["level"]),
            (&json!("status"), &json!("before"), &json!("failure"))
        );
        assert_eq!(status["findings"][0]["evidence"]["status"], 500);
        assert_eq!(value["checks"][2]["level"], "skipped");
    }

    #[test]
    fn warnings_fail_where_somebody_is_strict() {
        let mut report = report();
        assert!(!report.passes(false));
        report.outcomes.remove(0);
        assert!(report.passes(false) && !report.passes(true));
        report.outcomes.remove(0);
        assert!(report.passes(true));
    }
}
