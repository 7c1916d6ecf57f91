//! Behaviour from a YAML text: a list of rules, each with `when:` and `answer:`. The form is explained, with an
//! example, by [`HELP`]; what is wrong with a text is said with its line.

use std::fmt;
use std::time::Duration;

use ringback_model::dialect::Instruction;
use saphyr::{LoadableYamlNode, MarkedYaml, Scalar, YamlData};

use super::behaviour::{Plan, Reply, ScriptRule, When};

/// What a script looks like, for `--help`.
pub const HELP: &str = "\
A script is a YAML list of rules. The first rule that matches a call decides; where none does, the flags do.

  - when: { command: BeforeSendSingleMsg, text_contains: spam }
    answer: { deny: { code: 5001, text: \"no spam, please\" } }
  - when: { from: alice, to: bob, nth: 3 }      # only the third such call
    answer: { delay: 200ms, replace: \"(removed)\" }
  - when: { command: AfterSendSingleMsg, nth: 1 }
    answer: { status: 503, retry_after: 2 }     # seconds
  - answer: allow                               # no `when`: every call

when     command (whole or short, any letter case), from, to (user or group), text_contains,
         nth (counted from 1 over the calls that meet the other conditions)
answer   allow | close | hang | { deny: {code, text} } | { replace: TEXT } | { status: N, retry_after: S }
         | { raw: BODY }; each of the latter, and { delay: MS }, may carry a delay (a number is milliseconds;
         250ms and 2s are understood)";

/// Longest delay: a receiver that wants to be silent for longer can `hang`.
const DELAY_MAX: Duration = Duration::from_secs(600);

/// What is wrong with a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptError {
    /// Line, counted from 1.
    pub line: usize,
    /// One sentence, without full stop.
    pub reason: String,
}

impl fmt::Display for ScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.reason)
    }
}

impl std::error::Error for ScriptError {}

/// Reads a script.
///
/// # Errors
/// The first thing that is wrong, with its line.
pub fn parse(text: &str) -> Result<Vec<ScriptRule>, ScriptError> {
    let documents = MarkedYaml::load_from_str(text)
        .map_err(|error| ScriptError { line: error.marker().line(), reason: error.info().to_owned() })?;
    let [document] = documents.as_slice() else {
        return Err(ScriptError {
            line: 1,
            reason: format!("one list of rules expected, not {}", documents.len()),
        });
    };
    let YamlData::Sequence(rules) = &document.data else {
        return Err(wrong(document, "a list of rules expected (each starts with `- when:`)"));
    };
    rules.iter().map(rule).collect()
}

type Node<'a> = MarkedYaml<'a>;

fn wrong(node: &Node<'_>, reason: impl Into<String>) -> ScriptError {
    ScriptError { line: node.span.start.line(), reason: reason.into() }
}

/// The entries of a mapping, keys as text.
fn entries<'a, 'y>(node: &'a Node<'y>, what: &str) -> Result<Vec<(&'a str, &'a Node<'y>)>, ScriptError> {
    let YamlData::Mapping(mapping) = &node.data else {
        return Err(wrong(node, format!("`{what}` takes keys and values")));
    };
    let entry = |(key, value): (&'a Node<'y>, &'a Node<'y>)| match &key.data {
        YamlData::Value(Scalar::String(text)) => Ok((text.as_ref(), value)),
        _ => Err(wrong(key, format!("a key of `{what}` is not text"))),
    };
    mapping.iter().map(entry).collect()
}

fn unknown(node: &Node<'_>, what: &str, key: &str, known: &[&str]) -> ScriptError {
    let nearest = known.iter().map(|name| (strsim::damerau_levenshtein(name, key), *name)).min();
    let hint = match nearest {
        Some((distance, name)) if distance <= 3 => format!("did you mean `{name}`?"),
        _ => format!("known are {}", known.join(", ")),
    };
    wrong(node, format!("`{what}` knows no `{key}`; {hint}"))
}

fn rule(node: &Node<'_>) -> Result<ScriptRule, ScriptError> {
    let (mut when, mut plan) = (When::default(), None);
    for (key, value) in entries(node, "rule")? {
        match key {
            "when" => when = conditions(value)?,
            "answer" => plan = Some(answer(value)?),
            _ => return Err(unknown(value, "rule", key, &["when", "answer"])),
        }
    }
    let plan = plan.ok_or_else(|| wrong(node, "the rule has no `answer`"))?;
    Ok(ScriptRule { when, plan })
}

fn conditions(node: &Node<'_>) -> Result<When, ScriptError> {
    let mut when = When::default();
    for (key, value) in entries(node, "when")? {
        match key {
            "command" => when.command = Some(word(value, key)?),
            "from" => when.from = Some(word(value, key)?),
            "to" => when.to = Some(word(value, key)?),
            "text_contains" => when.text_contains = Some(word(value, key)?),
            "nth" => when.nth = Some(number(value, key, 1, u64::MAX >> 1)?),
            _ => return Err(unknown(value, "when", key, &["command", "from", "to", "text_contains", "nth"])),
        }
    }
    Ok(when)
}

const ANSWERS: [&str; 9] =
    ["allow", "deny", "replace", "status", "raw", "close", "hang", "delay", "retry_after"];

fn answer(node: &Node<'_>) -> Result<Plan, ScriptError> {
    if let YamlData::Value(Scalar::String(name)) = &node.data {
        let reply = bare(name).ok_or_else(|| match name.as_ref() {
            "deny" | "replace" | "status" | "raw" | "delay" => {
                wrong(node, format!("`{name}` needs a value: answer: {{ {name}: … }}"))
            }
            _ => unknown(node, "answer", name, &ANSWERS),
        })?;
        return Ok(Plan { delay: Duration::ZERO, reply });
    }
    let (mut delay, mut reply, mut retry_after) = (Duration::ZERO, None, None);
    for (key, value) in entries(node, "answer")? {
        let said = match key {
            "delay" => {
                delay = duration(value, key)?;
                continue;
            }
            "retry_after" => {
                retry_after = Some((value, small(value, key, 0, u64::from(u32::MAX))?));
                continue;
            }
            _ => full(key, value)?,
        };
        if reply.replace(said).is_some() {
            return Err(wrong(value, "the rule has two answers; only `delay` goes with another one"));
        }
    }
    let mut reply = reply.unwrap_or(Reply::Say(Instruction::Allow));
    if let Some((node, seconds)) = retry_after {
        let Reply::Status { retry_after_s, .. } = &mut reply else {
            return Err(wrong(node, "`retry_after` goes with `status` only"));
        };
        *retry_after_s = Some(seconds);
    }
    Ok(Plan { delay, reply })
}

fn bare(name: &str) -> Option<Reply> {
    match name {
        "allow" => Some(Reply::Say(Instruction::Allow)),
        "close" => Some(Reply::Close),
        "hang" => Some(Reply::Hang),
        _ => None,
    }
}

fn full(key: &str, value: &Node<'_>) -> Result<Reply, ScriptError> {
    match key {
        "deny" => deny(value),
        "replace" => Ok(Reply::Say(Instruction::Replace { text: word(value, key)? })),
        "raw" => Ok(Reply::Raw(word(value, key)?)),
        "status" => Ok(Reply::Status { code: small(value, key, 200, 599)?, retry_after_s: None }),
        _ => match (bare(key), &value.data) {
            // `{ delay: 200, allow: }` and `{ allow: true }` say what they mean.
            (Some(reply), YamlData::Value(Scalar::Null | Scalar::Boolean(true))) => Ok(reply),
            (Some(_), _) => Err(wrong(value, format!("`{key}` takes no value"))),
            (None, _) => Err(unknown(value, "answer", key, &ANSWERS)),
        },
    }
}

fn deny(node: &Node<'_>) -> Result<Reply, ScriptError> {
    let (mut code, mut text) = (None, String::new());
    for (key, value) in entries(node, "deny")? {
        match key {
            "code" => code = Some(small(value, key, 0, 2_147_483_647)?),
            "text" => text = word(value, key)?,
            _ => return Err(unknown(value, "deny", key, &["code", "text"])),
        }
    }
    let code = code.ok_or_else(|| wrong(node, "`deny` needs a `code`"))?;
    Ok(Reply::Say(Instruction::Deny { code, text }))
}

/// Text; numbers are taken as they are written, because ids are often digits.
fn word(node: &Node<'_>, key: &str) -> Result<String, ScriptError> {
    match &node.data {
        YamlData::Value(Scalar::String(text)) => Ok(text.to_string()),
        YamlData::Value(Scalar::Integer(number)) => Ok(number.to_string()),
        YamlData::Value(Scalar::Boolean(truth)) => Ok(truth.to_string()),
        _ => Err(wrong(node, format!("`{key}` must be text"))),
    }
}

fn number(node: &Node<'_>, key: &str, least: u64, most: u64) -> Result<u64, ScriptError> {
    let YamlData::Value(Scalar::Integer(number)) = &node.data else {
        return Err(wrong(node, format!("`{key}` must be a whole number")));
    };
    let in_range = u64::try_from(*number).ok().filter(|number| (least..=most).contains(number));
    in_range.ok_or_else(|| wrong(node, format!("`{key}` must lie between {least} and {most}")))
}

/// A number in a narrower type.
fn small<T: TryFrom<u64>>(node: &Node<'_>, key: &str, least: u64, most: u64) -> Result<T, ScriptError> {
    let value = number(node, key, least, most)?;
    T::try_from(value).map_err(|_| wrong(node, format!("`{key}` must lie between {least} and {most}")))
}

fn duration(node: &Node<'_>, key: &str) -> Result<Duration, ScriptError> {
    let text = word(node, key)?;
    let delay = parse_delay(&text).ok_or_else(|| {
        wrong(node, format!("`{key}` must be milliseconds, or a number with ms or s, such as 250ms"))
    })?;
    if delay > DELAY_MAX {
        return Err(wrong(node, format!("`{key}` must not be longer than {} s", DELAY_MAX.as_secs())));
    }
    Ok(delay)
}

/// `250`, `250ms` or `2s`.
#[must_use]
pub fn parse_delay(text: &str) -> Option<Duration> {
    let (digits, unit_ms) = if let Some(digits) = text.strip_suffix("ms") {
        (digits, 1)
    } else if let Some(digits) = text.strip_suffix('s') {
        (digits, 1000)
    } else {
        (text, 1)
    };
    let amount: u64 = digits.trim_end().parse().ok()?;
    Some(Duration::from_millis(amount.checked_mul(unit_ms)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(reply: Reply) -> Plan {
        Plan { delay: Duration::ZERO, reply }
    }

    #[test]
    fn the_example_of_the_help_is_a_script() {
        let example: Vec<&str> = HELP
            .lines()
            .skip_while(|line| !line.starts_with("  -"))
            .take_while(|line| !line.is_empty())
            .collect();
        let rules = parse(&example.join("\n")).unwrap();
        assert_eq!(rules.len(), 4);
        assert_eq!(rules[0].when.command.as_deref(), Some("BeforeSendSingleMsg"));
        let text = "no spam, please".to_owned();
        assert_eq!(rules[0].plan, plan(Reply::Say(Instruction::Deny { code: 5001, text })));
        assert_eq!((rules[1].when.nth, rules[1].plan.delay), (Some(3), Duration::from_millis(200)));
        assert_eq!(rules[2].plan, plan(Reply::Status { code: 503, retry_after_s: Some(2) }));
        assert_eq!((&rules[3].when, &rules[3].plan), (&When::default(), &Plan::ALLOW));
    }

    #[test]
    fn every_answer_is_understood() {
        for (text, expected) in [
            ("allow", Plan::ALLOW),
            ("close", plan(Reply::Close)),
            ("{ hang: true }", plan(Reply::Hang)),
            ("{ raw: '{\"actionCode\": 1}' }", plan(Reply::Raw("{\"actionCode\": 1}".to_owned()))),
            ("{ replace: 42 }", plan(Reply::Say(Instruction::Replace { text: "42".to_owned() }))),
            ("{ delay: 2s }", Plan { delay: Duration::from_secs(2), ..Plan::ALLOW }),
            ("{ delay: 30, close: }", Plan { delay: Duration::from_millis(30), reply: Reply::Close }),
        ] {
            assert_eq!(parse(&format!("- answer: {text}")).unwrap()[0].plan, expected, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        for (text, line, reason) in [
            ("when: {}", 1, "a list of rules"),
            ("- answer: allow\n- when: { form: x }\n  answer: allow", 2, "did you mean `from`?"),
            ("- answer: allow\n- when: { from: x }", 2, "no `answer`"),
            ("- answer:\n    deny: { text: no }", 2, "needs a `code`"),
            ("- answer: { status: 99 }", 1, "between 200 and 599"),
            ("- answer: { status: 200, close: }", 1, "two answers"),
            ("- answer: { retry_after: 5 }", 1, "goes with `status`"),
            ("- answer: deny", 1, "needs a value"),
            ("- answer: { delay: soon }", 1, "milliseconds"),
            ("- answer: { delay: 9000s }", 1, "longer than 600 s"),
            ("- when: { nth: 0 }\n  answer: allow", 1, "between 1 and"),
            ("- answer: alow", 1, "did you mean `allow`?"),
            ("- answer: allow\n- 5", 2, "takes keys and values"),
            ("", 1, "not 0"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.reason.contains(reason), "{text:?}: {error}");
            assert_eq!(error.line, line, "{text:?}: {error}");
        }
        assert!(parse("- answer: [").is_err());
    }
}
