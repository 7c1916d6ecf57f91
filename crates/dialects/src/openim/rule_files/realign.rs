//! The v2 guide prints its sample with the callbacks indented deeper than the address above them, which no YAML
//! reader takes. People paste it as it is.

use super::{Shape, key_of};

/// The text with everything below the address moved under it; `None` where it is not that sample. Lines keep
/// their numbers.
pub(super) fn realign(shape: &Shape, text: &str) -> Option<String> {
    let at = text.lines().position(|line| key_of(line).is_some_and(|(_, key)| key == shape.url_key))?;
    let (indent, _) = key_of(text.lines().nth(at)?)?;
    let (next, _) = text.lines().skip(at + 1).find_map(key_of)?;
    let surplus = next.checked_sub(indent).filter(|surplus| *surplus > 0)?;
    let mut out = String::with_capacity(text.len());
    for (number, line) in text.lines().enumerate() {
        let own = line.len() - line.trim_start_matches(' ').len();
        let cut = if number > at && own >= next { surplus } else { 0 };
        out.push_str(line.get(cut..).unwrap_or_default());
        out.push('\n');
    }
    Some(out)
}
