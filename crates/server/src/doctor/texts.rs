//! Messages whose text is out of the ordinary.

use std::time::Duration;

use ringback_model::limits;

use super::bench::Bench;
use super::call::{Called, Reading, Taken};
use super::case::escaped;
use super::check::Check;
use super::finding::Outcome;

/// Texts that receivers stumble over, each with what is special about it.
const TEXTS: [(&str, &str); 8] = [
    ("emoji, also joined and coloured ones", "👋🏽 👩‍👩‍👧‍👦 🏳️‍🌈 😀"),
    ("letters of more than two bytes", "你好，世界 こんにちは 안녕하세요 𠮷野家"),
    ("right-to-left text", "مرحبا \u{202e}abc\u{202c} שלום"),
    ("combining letters", "e\u{301}\u{327} Z\u{351}\u{36b}\u{343}alg\u{31d}o ก็็็"),
    ("control characters", "a\tb\nc\r\n\u{1}\u{8}\u{b}\u{1b}[31m\u{7f}\u{85}"),
    ("separators of lines and invisible letters", "a\u{2028}b\u{2029}c\u{200b}\u{feff}d\u{fffd}"),
    ("quotes, backslashes and markup", "\"'\\ \\u0041 </script><b>&amp; ${x} %s %00 ' OR 1=1 --"),
    ("the letters at the ends of planes", "\u{d7ff}\u{e000}\u{ffff}\u{10000}\u{10ffff}"),
];

/// Sends them, and the first once more with its letters escaped.
pub(super) async fn unicode(bench: &Bench<'_>, plain: &Called) -> Outcome {
    let mut outcome = Outcome::new(Check::Unicode, bench.phase());
    let mend = "read bodies as UTF-8 and by a JSON library, keep texts in columns of full Unicode (utf8mb4), and do not \
                choke on what you do not know";
    let mut sent = 0;
    for (at, (what, text)) in TEXTS.iter().enumerate() {
        let Some(case) = bench.text(text, Duration::ZERO) else { continue };
        let again = bench.fresh(&case);
        compare(&mut outcome, plain, &bench.call(&case).await, what, mend);
        sent += 1;
        // The same text once more, as many runtimes write it.
        if let Some(mut case) = again.filter(|_| at == 0) {
            case.tried.outbound.body = escaped(&case.tried.outbound.body).into();
            compare(&mut outcome, plain, &bench.call(&case).await, "letters as \\ud83d\\ude00", mend);
            sent += 1;
        }
    }
    if sent == 0 {
        return Outcome::skipped(Check::Unicode, bench.phase(), NO_TEXT);
    }
    outcome.noted(format!("{sent} texts are answered like a plain one"))
}

/// What a receiver does not want to let through is its own business: a refusal is an answer.
fn compare(outcome: &mut Outcome, plain: &Called, called: &Called, what: &str, mend: &str) {
    if !called.reading.is_taken() {
        outcome.failure(
            called,
            format!("a text with {what} {}, a plain one {}", called.fate(), plain.fate()),
            mend,
        );
    }
}

/// Sends the longest message. Letters that are escaped on their way make the largest body.
pub(super) async fn largest(bench: &Bench<'_>, plain: &Called) -> Outcome {
    let mut outcome = Outcome::new(Check::Largest, bench.phase());
    let Some(case) = bench.text(&"<".repeat(limits::CONTENT_BYTES - ENVELOPE), Duration::ZERO) else {
        return Outcome::skipped(Check::Largest, bench.phase(), NO_TEXT);
    };
    let kib = case.tried.outbound.body.len().div_ceil(1024);
    let called = bench.call(&case).await;
    if !called.reading.is_taken() {
        let what = format!("a body of {kib} KiB {}, a small one {}", called.fate(), plain.fate());
        let mend = "raise the limits for bodies, of your framework and of the proxy before it, to 1 MiB";
        outcome.failure(&called, what, mend);
    }
    outcome.noted(format!("{kib} KiB"))
}

/// Bytes of a content around its words.
const ENVELOPE: usize = 64;

/// Why nothing is checked with messages.
pub(super) const NO_TEXT: &str = "none of the events is about messages";

/// Sends what the receiver is said to refuse.
pub(super) async fn refusal(bench: &Bench<'_>) -> Outcome {
    let skipped = |why| Outcome::skipped(Check::Refusal, bench.phase(), why);
    let Some(text) = bench.refused else {
        return skipped("needs --refused TEXT: a text that your receiver refuses");
    };
    let Some(case) = bench.text(text, Duration::ZERO) else { return skipped(NO_TEXT) };
    let Some(question) = &case.tried.question else {
        return skipped("what has happened already cannot be refused");
    };
    let mut outcome = Outcome::new(Check::Refusal, bench.phase());
    let called = bench.call(&case).await;
    if matches!(called.reading, Reading::Taken(Taken::Refused(..))) {
        return outcome.noted("refused");
    }
    let answer = called.answer.as_ref().ok();
    let hints =
        answer.map(|answer| bench.contract.misgivings(&case.rule, question, answer)).unwrap_or_default();
    let mend = hints
        .first()
        .map_or("answer what refuses in this contract; the documentation shows it", String::as_str);
    outcome.failure(&called, format!("the text of --refused {} and goes through", called.fate()), mend);
    outcome
}
