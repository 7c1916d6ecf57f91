//! What a field of a rule may look like: one check, one sentence and one schema for each.

use serde_json::{Value, json};

/// The form of a field's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Text without control characters, 1 to so many characters.
    Text(usize),
    /// `true` or `false`.
    Flag,
    /// A whole number, both ends included.
    Number(u32, u32),
    /// One of these words.
    Word(&'static [&'static str]),
    /// A list of these words.
    Words(&'static [&'static str]),
    /// A list of texts: so many at most, each of so many characters at most.
    Texts(usize, usize),
    /// A list of numbers and texts, read by the rule's contract: so many at most.
    Types(usize),
    /// `none`, `once`, `default`, or a list of waits in seconds: so many at most, each of so many seconds at most.
    Retry(usize, u32),
    /// `earliest`, an RFC 3339 time, or a position of the log.
    Start,
}

/// Words of [`Shape::Retry`].
pub const RETRY_WORDS: &[&str] = &["none", "once", "default"];

impl Shape {
    /// Checks a value.
    ///
    /// # Errors
    /// A clause that follows the field's name.
    pub fn check(self, value: &Value) -> Result<(), String> {
        let fits = match self {
            Self::Text(most) => return text(value, most).map_err(|what| format!("must be {what}")),
            Self::Flag => value.is_boolean(),
            Self::Number(least, most) => number(value, least, most),
            Self::Word(words) => value.as_str().is_some_and(|word| words.contains(&word)),
            Self::Words(words) => {
                return list(value, words.len(), |item| match item.as_str() {
                    Some(word) if words.contains(&word) => Ok(()),
                    _ => Err(format!("one of {}", words.join(", "))),
                });
            }
            Self::Texts(items, most) => return list(value, items, |item| text(item, most)),
            Self::Types(items) => {
                return list(value, items, |item| {
                    if item.is_u64() {
                        Ok(())
                    } else {
                        text(item, 64).map_err(|_| "a number or a text".to_owned())
                    }
                });
            }
            Self::Retry(items, most) if value.is_array() => {
                return each(value, items, |item| {
                    if number(item, 0, most) { Ok(()) } else { Err(format!("a whole number of 0 to {most}")) }
                });
            }
            Self::Retry(..) => value.as_str().is_some_and(|word| RETRY_WORDS.contains(&word)),
            Self::Start => value.is_u64() || value.is_string(),
        };
        if fits { Ok(()) } else { Err(format!("must be {}", self.words())) }
    }

    /// The form in words, such as stand behind "must be".
    #[must_use]
    pub fn words(self) -> String {
        match self {
            Self::Text(most) => format!("a text of 1 to {most} characters"),
            Self::Flag => "true or false".to_owned(),
            Self::Number(least, most) => format!("a whole number of {least} to {most}"),
            Self::Word(words) => format!("one of {}", words.join(", ")),
            Self::Words(words) => format!("a list with any of {}", words.join(", ")),
            Self::Texts(items, most) => {
                format!("a list of at most {items} texts of 1 to {most} characters each")
            }
            Self::Types(items) => format!("a list of at most {items} numbers or texts"),
            Self::Retry(items, most) => {
                format!(
                    "one of {}, or a list of at most {items} waits of 0 to {most} seconds",
                    RETRY_WORDS.join(", ")
                )
            }
            Self::Start => "earliest, an RFC 3339 time, or a position of the log".to_owned(),
        }
    }

    /// The form as a JSON Schema.
    #[must_use]
    pub fn schema(self) -> Value {
        match self {
            Self::Text(most) => json!({"type": "string", "minLength": 1, "maxLength": most}),
            Self::Flag => json!({"type": "boolean"}),
            Self::Number(least, most) => json!({"type": "integer", "minimum": least, "maximum": most}),
            Self::Word(words) => json!({"type": "string", "enum": words}),
            Self::Words(words) => json!({
                "type": "array", "maxItems": words.len(), "uniqueItems": true,
                "items": {"type": "string", "enum": words},
            }),
            Self::Texts(items, most) => json!({
                "type": "array", "maxItems": items, "items": {"type": "string", "minLength": 1, "maxLength": most},
            }),
            Self::Types(items) => json!({
                "type": "array", "maxItems": items, "items": {"type": ["integer", "string"]},
            }),
            Self::Retry(items, most) => json!({"oneOf": [
                {"type": "string", "enum": RETRY_WORDS},
                {"type": "array", "maxItems": items, "items": {"type": "integer", "minimum": 0, "maximum": most}},
            ]}),
            Self::Start => json!({"oneOf": [
                {"type": "string", "const": "earliest"},
                {"type": "string", "format": "date-time"},
                {"type": "integer", "minimum": 1},
            ]}),
        }
    }
}

fn number(value: &Value, least: u32, most: u32) -> bool {
    value.as_u64().is_some_and(|number| (u64::from(least)..=u64::from(most)).contains(&number))
}

/// An error says what it should be.
fn text(value: &Value, most: usize) -> Result<(), String> {
    let Some(text) = value.as_str() else { return Err(format!("a text of 1 to {most} characters")) };
    // No character is shorter than a byte, so that a long text is not counted to its end.
    let count = if text.len() > most * 4 { most + 1 } else { text.chars().count() };
    if count == 0 || count > most {
        return Err(format!("a text of 1 to {most} characters"));
    }
    if text.chars().any(char::is_control) {
        Err("a text without control characters".to_owned())
    } else {
        Ok(())
    }
}

/// A list whose entries each pass.
fn each(value: &Value, most: usize, check: impl Fn(&Value) -> Result<(), String>) -> Result<(), String> {
    let Some(items) = value.as_array() else { return Err("must be a list".to_owned()) };
    if items.len() > most {
        return Err(format!("has {} entries; {most} are possible", items.len()));
    }
    for (index, item) in items.iter().enumerate() {
        check(item).map_err(|what| format!("[{index}] must be {what}"))?;
    }
    Ok(())
}

/// Like [`each`], and no entry twice.
fn list(value: &Value, most: usize, check: impl Fn(&Value) -> Result<(), String>) -> Result<(), String> {
    each(value, most, check)?;
    let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
    match (1..items.len()).find(|index| items[..*index].contains(&items[*index])) {
        Some(index) => Err(format!("[{index}] is there twice")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_takes_what_it_says_and_nothing_else() {
        let words: &[&str] = &["a", "b"];
        let all = [
            (Shape::Text(3), json!("äöü"), json!("four")),
            (Shape::Text(3), json!("a b"), json!("a\nb")),
            (Shape::Text(3), json!("x"), json!("")),
            (Shape::Flag, json!(false), json!("false")),
            (Shape::Number(1, 5), json!(5), json!(6)),
            (Shape::Number(1, 5), json!(1), json!(1.5)),
            (Shape::Number(0, 5), json!(0), json!(-1)),
            (Shape::Word(words), json!("b"), json!("c")),
            (Shape::Words(words), json!(["b", "a"]), json!(["b", "b"])),
            (Shape::Words(words), json!([]), json!("a")),
            (Shape::Texts(2, 3), json!(["x", "y"]), json!(["x", "y", "z"])),
            (Shape::Texts(2, 3), json!([]), json!(["x", 1])),
            (Shape::Types(2), json!([101, "1-2"]), json!([-1])),
            (Shape::Retry(2, 10), json!([0, 10]), json!([11])),
            (Shape::Retry(2, 10), json!([5, 5]), json!([-1])),
            (Shape::Retry(2, 10), json!("once"), json!("twice")),
            (Shape::Retry(2, 10), json!([1, 2]), json!([1, 2, 3])),
            (Shape::Start, json!(7), json!(true)),
        ];
        for (shape, good, bad) in all {
            assert_eq!(shape.check(&good), Ok(()), "{good}");
            let said = shape.check(&bad).unwrap_err();
            assert!(
                said.contains("must be") || said.contains("are possible") || said.contains("twice"),
                "{said}"
            );
            assert!(shape.schema().is_object() && !shape.words().is_empty());
        }
    }

    #[test]
    fn errors_in_lists_name_the_entry() {
        let said = Shape::Texts(9, 3).check(&json!(["ok", "too long"])).unwrap_err();
        assert_eq!(said, "[1] must be a text of 1 to 3 characters");
    }
}
