//! The messages' texts. Each is sent once, and says itself what the backend does with it.

/// Refused by the before-rule of a file.
const REFUSED: &str = "#no";
/// Refused by the before-rule that was made by API.
const VETOED: &str = "#veto";
/// Rewritten before it is stored.
const REWRITTEN: &str = "#pin";
/// Left alone.
const PLAIN: &str = "#";
/// What a rewritten text says instead.
const MASKED: &str = "#***";

/// A client's text of this number; most of them go through as they are.
pub(super) fn of_client(sender: &str, number: usize) -> String {
    marked(sender, number, VETOED)
}

/// The same of a backend: the rule that was made by API is of a dialect that asks about clients' messages only.
pub(super) fn of_backend(sender: &str, number: usize) -> String {
    marked(sender, number, PLAIN)
}

fn marked(sender: &str, number: usize, thirteenth: &str) -> String {
    let mark = match number % 16 {
        5 => REFUSED,
        9 => REWRITTEN,
        13 => thirteenth,
        _ => PLAIN,
    };
    format!("{sender} {number} {mark}")
}

/// Whether the before-rule of a file refuses it.
pub(super) fn is_refused(text: &str) -> bool {
    text.ends_with(REFUSED)
}

/// Whether the before-rule that was made by API refuses it.
pub(super) fn is_vetoed(text: &str) -> bool {
    text.ends_with(VETOED)
}

/// What the backend makes of it; `None` where it leaves it alone.
pub(super) fn rewritten(text: &str) -> Option<String> {
    text.strip_suffix(REWRITTEN).map(|rest| format!("{rest}{MASKED}"))
}

/// What is stored of it; `None` where that is nothing.
pub(super) fn stored(text: &str) -> Option<String> {
    (!is_refused(text) && !is_vetoed(text)).then(|| rewritten(text).unwrap_or_else(|| text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_says_what_becomes_of_it() {
        let text = of_client;
        assert!(stored(&of_backend("u", 13)).is_some());
        assert!(stored(&of_backend("u", 5)).is_none());
        assert_eq!(stored(&text("u", 1)).as_deref(), Some("u 1 #"));
        assert_eq!(stored(&text("u", 9)).as_deref(), Some("u 9 #***"));
        assert!(stored(&text("u", 5)).is_none() && is_refused(&text("u", 5)));
        assert!(stored(&text("u", 13)).is_none() && is_vetoed(&text("u", 13)));
    }
}
