//! Calls as lines: for people in columns, for machines as JSON.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use ringback_model::dialect::Effect;
use ringback_model::event::Phase;
use ringback_model::time::UnixMs;
use serde_json::{Value, json};

use super::call::{Call, effect_name};
use super::ledger::Summary;
use super::signature::Signature;

/// Colours, or none.
#[derive(Debug, Clone, Copy, Default)]
pub struct Palette {
    /// For what went through.
    pub good: Style,
    /// For what did not.
    pub bad: Style,
    /// For what was changed or deserves a look.
    pub notable: Style,
    /// For what is secondary.
    pub dim: Style,
    /// For what is looked for first.
    pub strong: Style,
}

impl Palette {
    /// With colours.
    #[must_use]
    pub fn coloured() -> Self {
        Self {
            good: AnsiColor::Green.on_default(),
            bad: AnsiColor::Red.on_default().bold(),
            notable: AnsiColor::Yellow.on_default(),
            dim: Style::new().dimmed(),
            strong: Style::new().bold(),
        }
    }

    /// With colours where `terminal` says so and the user does not object (environment variable `NO_COLOR`).
    #[must_use]
    pub fn for_output(terminal: bool, no_color: bool) -> Self {
        if terminal && !no_color { Self::coloured() } else { Self::default() }
    }

    /// For standard output.
    #[must_use]
    pub fn for_stdout() -> Self {
        use std::io::IsTerminal as _;
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self::for_output(std::io::stdout().is_terminal(), no_color)
    }
}

/// A text in a style.
#[must_use]
pub fn painted(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// Columns of text that a message may take.
const TEXT_COLUMNS: usize = 28;

/// A call in one line.
#[must_use]
pub fn line(call: &Call, palette: Palette) -> String {
    let mut line = painted(palette.dim, &clock_time(call.at));
    match &call.described {
        Some(described) => {
            let arrow = if described.to_group { "=>" } else { "->" };
            let who = if described.to.is_empty() {
                described.from.clone()
            } else {
                format!("{} {arrow} {}", visible(&described.from, 24), visible(&described.to, 24))
            };
            let title = format!("{:<22}", visible(&described.title, 40));
            let style = if described.phase == Phase::Before { palette.strong } else { Style::new() };
            let text = if described.text.is_empty() {
                String::new()
            } else {
                format!("\"{}\"", visible(&described.text, TEXT_COLUMNS))
            };
            let _ = write!(line, "  {}  {who:<22}  {text:<30}", painted(style, &title));
        }
        None => {
            let _ =
                write!(line, "  {}", painted(palette.notable, &format!("{:<22}", visible(&call.path, 60))));
        }
    }
    let _ = write!(line, "  {}", verdict(call, palette));
    if let Some(remark) = call.told.remark {
        let _ = write!(line, "  {}", painted(palette.notable, &format!("({remark})")));
    }
    let _ = write!(line, "{}", identity(call, palette));
    line
}

fn verdict(call: &Call, palette: Palette) -> String {
    let told = &call.told;
    let style = match (told.effect, told.status) {
        (Some(Effect::Refused), _) | (None, None | Some(300..)) => palette.bad,
        (Some(Effect::Replaced), _) | (None, Some(_)) => palette.notable,
        (Some(Effect::Allowed | Effect::Noted), _) => palette.good,
    };
    let words = visible(&told.words, 80);
    let wait = if told.delay_ms > 0 { format!(" after {} ms", told.delay_ms) } else { String::new() };
    painted(style, &format!("{words}{wait}"))
}

/// What identifies the call: the causing call, its own id, whether it came before, whether it was signed.
fn identity(call: &Call, palette: Palette) -> String {
    let mut parts = String::new();
    let operation = call.described.as_ref().map_or("", |described| described.operation_id.as_str());
    if !operation.is_empty() {
        let _ = write!(parts, "  op={}", visible(operation, 40));
    }
    if let Some(id) = &call.webhook_id {
        let _ = write!(parts, "  id={}", visible(id, 40));
    }
    let mut text = painted(palette.dim, &parts);
    if call.is_duplicate() {
        let _ = write!(text, "  {}", painted(palette.notable, &format!("DUPLICATE, time {}", call.seen)));
    }
    match call.signature {
        Signature::Unchecked => {}
        Signature::Valid => {
            let _ = write!(text, "  {}", painted(palette.good, "signature valid"));
        }
        Signature::Missing => {
            let _ = write!(text, "  {}", painted(palette.notable, "unsigned"));
        }
        Signature::Invalid(why) => {
            let _ = write!(text, "  {}", painted(palette.bad, &format!("signature invalid: {why}")));
        }
    }
    text
}

/// A call as a JSON value.
#[must_use]
pub fn value(call: &Call) -> Value {
    let described = call.described.as_ref();
    json!({
        "event": "callback",
        "number": call.number,
        "at_ms": call.at.0,
        "path": call.path,
        "contract": described.map(|it| it.contract),
        "command": described.map(|it| it.command.as_str()),
        "phase": described.map(|it| if it.phase == Phase::Before { "before" } else { "after" }),
        "from": described.map(|it| it.from.as_str()),
        "to": described.map(|it| it.to.as_str()),
        "to_group": described.map(|it| it.to_group),
        "text": described.map(|it| it.text.as_str()),
        "operation_id": described.map(|it| it.operation_id.as_str()),
        "client_message_id": described.map(|it| it.client_message_id.as_str()),
        "body": described.map(|it| it.body.as_ref()),
        "webhook_id": call.webhook_id,
        "seen": call.seen,
        "signature": call.signature.name(),
        "answer": {
            "status": call.told.status,
            "effect": call.told.effect.map(effect_name),
            "words": call.told.words,
            "remark": call.told.remark,
            "delay_ms": call.told.delay_ms,
        },
    })
}

/// A summary for people.
#[must_use]
pub fn summary_lines(summary: &Summary) -> String {
    let mut text = format!(
        "{}, {}",
        plural(summary.calls, "call", "calls"),
        plural(summary.duplicates, "duplicate", "duplicates")
    );
    if summary.unknown > 0 {
        let _ = write!(text, ", {}", plural(summary.unknown, "was no callback", "were no callbacks"));
    }
    if summary.badly_signed > 0 {
        let _ = write!(text, ", {} unsigned or wrongly signed", summary.badly_signed);
    }
    for (title, calls) in &summary.by_title {
        let _ = write!(text, "\n  {calls:>7}  {}", visible(title, 60));
    }
    text
}

fn plural(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// A summary for machines.
#[must_use]
pub fn summary_value(summary: &Summary) -> Value {
    json!({
        "event": "summary",
        "calls": summary.calls,
        "duplicates": summary.duplicates,
        "unknown": summary.unknown,
        "badly_signed": summary.badly_signed,
        "by_command": summary.by_title,
    })
}

/// Time of day in UTC, to the millisecond.
#[must_use]
pub fn clock_time(at: UnixMs) -> String {
    let of_day = at.0.rem_euclid(86_400_000);
    let (seconds, millis) = (of_day / 1000, of_day % 1000);
    format!("{:02}:{:02}:{:02}.{millis:03}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// A text from outside, on one line: control characters (also those that steer terminals) are shown as dots, and
/// what is longer than `most` characters is cut.
#[must_use]
pub fn visible(text: &str, most: usize) -> String {
    let clean = |c: char| if c.is_control() || is_direction_mark(c) { '·' } else { c };
    let mut shown: String = text.chars().take(most).map(clean).collect();
    if text.chars().nth(most).is_some() {
        shown.pop();
        shown.push('…');
    }
    shown
}

/// Characters that reorder what stands around them.
const fn is_direction_mark(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use ringback_model::dialect::Instruction;

    use super::super::behaviour::tests::call as described;
    use super::super::behaviour::{Plan, Reply};
    use super::super::call::Told;
    use super::*;

    fn sample(seen: u32) -> Call {
        let deny = Instruction::Deny { code: 5001, text: "no".to_owned() };
        let plan = Plan { delay: Duration::from_millis(20), reply: Reply::Say(deny) };
        Call {
            number: 3,
            at: UnixMs(1_767_268_801_042),
            path: "/x".to_owned(),
            described: Some(described("BeforeSend", "alice", "bob", "two\nlines \u{1b}[31m")),
            webhook_id: Some("msg_1".to_owned()),
            seen,
            signature: Signature::Unchecked,
            told: Told::of(&plan, Some((Effect::Refused, None))),
        }
    }

    #[test]
    fn a_call_is_one_line_without_colours_in_a_pipe() {
        let text = line(&sample(1), Palette::for_output(false, false));
        for part in [
            "12:00:01.042",
            "BeforeSend",
            "alice -> bob",
            "\"two·lines ·[31m\"",
            "refused 5001 no after 20 ms",
            "op=op",
            "id=msg_1",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert!(!text.contains('\u{1b}') && !text.contains('\n') && !text.contains("DUPLICATE"), "{text:?}");
        assert!(line(&sample(2), Palette::default()).contains("DUPLICATE, time 2"));
    }

    #[test]
    fn colours_need_a_terminal_and_consent() {
        assert!(line(&sample(1), Palette::for_output(true, false)).contains('\u{1b}'));
        assert!(!line(&sample(1), Palette::for_output(true, true)).contains('\u{1b}'));
    }

    #[test]
    fn machines_get_everything() {
        let mut call = sample(2);
        call.described.as_mut().unwrap().body = Arc::new(json!({"a": 1}));
        let value = value(&call);
        assert_eq!(value["answer"]["effect"], "refused");
        assert_eq!((value["seen"].clone(), value["body"]["a"].clone()), (json!(2), json!(1)));
    }

    #[test]
    fn long_texts_are_cut() {
        assert_eq!(visible("abcdef", 6), "abcdef");
        assert_eq!(visible("abcdefg", 6), "abcde…");
    }
}
