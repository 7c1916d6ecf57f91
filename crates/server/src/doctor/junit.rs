//! The report as JUnit XML: one suite per phase, one case per check.
//! Source: the schema of the Jenkins xUnit plugin, which the other readers follow.

use std::fmt::Write as _;

use super::finding::{Finding, Level, Outcome};
use super::report::{Report, shows};

/// The report as a document of its own; with `strict` warnings are failures.
#[must_use]
pub fn document(report: &Report, strict: bool) -> String {
    let mut out =
        String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"ringback doctor\">\n");
    for (phase, outcomes) in report.phases() {
        let failed = outcomes.iter().filter(|outcome| fails(outcome, strict)).count();
        let skipped = outcomes.iter().filter(|outcome| outcome.level() == Level::Skipped).count();
        let _ = writeln!(
            out,
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{failed}\" errors=\"0\" skipped=\"{skipped}\">",
            phase.name(),
            outcomes.len()
        );
        let _ = writeln!(
            out,
            "    <properties>\n      <property name=\"url\" value=\"{}\"/>\n      <property name=\"dialect\" value=\"{}\"/>\n    </properties>",
            escaped(&report.url),
            escaped(report.dialect)
        );
        for outcome in outcomes {
            write_case(&mut out, outcome, strict);
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

fn fails(outcome: &Outcome, strict: bool) -> bool {
    outcome.level() >= if strict { Level::Warning } else { Level::Failure }
}

fn write_case(out: &mut String, outcome: &Outcome, strict: bool) {
    let (phase, id) = (outcome.phase.name(), outcome.check.id());
    let _ = write!(out, "    <testcase classname=\"ringback.doctor.{phase}\" name=\"{id}\"");
    let level = outcome.level();
    if fails(outcome, strict) {
        let worst = outcome.findings.iter().find(|finding| finding.level == level);
        let message = worst.map_or("", |finding| finding.what.as_str());
        let text = outcome.findings.iter().map(said).collect::<Vec<_>>().join("\n");
        let _ = write!(
            out,
            ">\n      <failure message=\"{}\" type=\"{id}\">{}</failure>\n    </testcase>\n",
            escaped(message),
            escaped(&text)
        );
    } else if level == Level::Skipped {
        let _ = write!(out, ">\n      <skipped message=\"{}\"/>\n    </testcase>\n", escaped(&outcome.note));
    } else {
        let warnings = outcome.findings.iter().map(said);
        let text = warnings.chain([outcome.note.clone()]).filter(|text| !text.is_empty());
        let text = text.collect::<Vec<_>>().join("\n");
        let _ = write!(out, ">\n      <system-out>{}</system-out>\n    </testcase>\n", escaped(&text));
    }
}

/// A finding in lines.
fn said(finding: &Finding) -> String {
    let shows = finding.evidence.as_ref().map(|evidence| format!("\n{}", shows(finding, evidence)));
    format!("{}: {}{}\nmend: {}", finding.level.name(), finding.what, shows.unwrap_or_default(), finding.mend)
}

/// A text as it stands between tags and in attributes. What XML 1.0 has no letter for becomes U+FFFD.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\t' => out.push_str("&#9;"),
            '\r' => out.push_str("&#13;"),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::report::tests::report;
    use super::*;

    #[test]
    fn letters_that_mean_something_do_not() {
        assert_eq!(
            escaped("a<b>&\"c\"\n\u{1}\u{1b}声😀"),
            "a&lt;b&gt;&amp;&quot;c&quot;&#10;\u{fffd}\u{fffd}声😀"
        );
    }

    #[test]
    fn a_document_has_a_suite_per_phase_and_a_case_per_check() {
        let document = document(&report(), false);
        for part in [
            "<testsuite name=\"before\" tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"1\">",
            "<property name=\"url\" value=\"http://127.0.0.1:9/x?a=1&amp;b=&quot;2&quot;\"/>",
            "<testcase classname=\"ringback.doctor.before\" name=\"status\">",
            "<failure message=\"the answer has status 500\" type=\"status\">failure: the answer",
            "&lt;h1&gt;",
            "<skipped message=\"needs --secret\"/>",
            "<system-out>warning: it is long",
            "<testsuite name=\"after\" tests=\"1\" failures=\"0\" errors=\"0\" skipped=\"0\">",
            "<system-out>status 200</system-out>",
        ] {
            assert!(document.contains(part), "{part:?} in\n{document}");
        }
        assert_eq!(super::document(&report(), true).matches("<failure ").count(), 2, "a warning fails too");
    }

    /// Tags are closed in the order in which they were opened: what a reader needs.
    #[test]
    fn tags_are_closed() {
        let document = document(&report(), false);
        let mut open = Vec::new();
        for tag in document.split('<').skip(2).filter_map(|part| part.split('>').next()) {
            let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap();
            if tag.starts_with('/') {
                assert_eq!(open.pop(), Some(name), "{document}");
            } else if !tag.ends_with('/') {
                open.push(name);
            }
        }
        assert!(open.is_empty(), "{open:?}");
    }
}
