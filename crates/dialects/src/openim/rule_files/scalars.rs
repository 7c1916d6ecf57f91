//! Values as the original's loader reads them: booleans and numbers may stand as texts, lists as texts with
//! commas. Source: openim-callbacks fact sheet 2.1 and 2.2.

use ringback_model::rule::CodeRange;

use super::yaml::{Node, Value};

/// A boolean; `None` for an empty value.
pub(super) fn boolean(node: &Node) -> Result<Option<bool>, String> {
    match &node.value {
        Value::Null => Ok(None),
        Value::Bool(value) => Ok(Some(*value)),
        Value::Int(0) => Ok(Some(false)),
        Value::Int(1) => Ok(Some(true)),
        Value::Text(text) => match text.as_str() {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(Some(true)),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(Some(false)),
            other => Err(format!("is {other:?}, not true or false")),
        },
        other => Err(format!("is {}, not true or false", other.kind())),
    }
}

/// A whole number; `None` for an empty value.
pub(super) fn integer(node: &Node) -> Result<Option<i64>, String> {
    match &node.value {
        Value::Null => Ok(None),
        Value::Int(value) => Ok(Some(*value)),
        Value::Text(text) => {
            text.trim().parse().map(Some).map_err(|_| format!("is {text:?}, not a whole number"))
        }
        other => Err(format!("is {}, not a whole number", other.kind())),
    }
}

/// A text; `None` for an empty value.
pub(super) fn text(node: &Node) -> Result<Option<String>, String> {
    match &node.value {
        Value::Null => Ok(None),
        Value::Text(text) if text.is_empty() => Ok(None),
        Value::Text(text) => Ok(Some(text.clone())),
        Value::Int(value) => Ok(Some(value.to_string())),
        other => Err(format!("is {}, not a text", other.kind())),
    }
}

/// How a list was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spelling {
    /// As a YAML list.
    List,
    /// As a text with commas.
    Commas,
    /// As a text with a JSON list in it, which the original does not understand.
    Json,
}

/// A list of texts, however it is spelled. Empty items are left out.
pub(super) fn list(node: &Node) -> Result<(Vec<String>, Spelling), String> {
    let (items, spelling) = match &node.value {
        Value::Null => (Vec::new(), Spelling::List),
        Value::List(items) => {
            let items = items.iter().map(item).collect::<Result<Vec<_>, _>>()?;
            (items.into_iter().flatten().collect(), Spelling::List)
        }
        Value::Text(text) if text.trim_start().starts_with('[') => (json_list(text)?, Spelling::Json),
        Value::Text(text) => (text.split(',').map(|part| part.trim().to_owned()).collect(), Spelling::Commas),
        Value::Int(value) => (vec![value.to_string()], Spelling::Commas),
        other => return Err(format!("is {}, not a list", other.kind())),
    };
    Ok((items.into_iter().filter(|item| !item.is_empty()).collect(), spelling))
}

fn item(node: &Node) -> Result<Option<String>, String> {
    match &node.value {
        Value::Null => Ok(None),
        Value::Text(text) => Ok(Some(text.trim().to_owned())),
        Value::Int(value) => Ok(Some(value.to_string())),
        other => Err(format!("has an item that is {}", other.kind())),
    }
}

fn json_list(text: &str) -> Result<Vec<String>, String> {
    let items: Vec<serde_json::Value> =
        serde_json::from_str(text).map_err(|_| "starts like a JSON list but is none".to_owned())?;
    items
        .into_iter()
        .map(|item| match item {
            serde_json::Value::String(text) => Ok(text),
            serde_json::Value::Number(number) => Ok(number.to_string()),
            _ => Err("has an item that is neither a text nor a number".to_owned()),
        })
        .collect()
}

/// A content number (`101`) or an interval of them (`200-500`).
pub(super) fn code_range(text: &str) -> Result<CodeRange, String> {
    let number = |part: &str| part.trim().parse::<i32>().ok();
    let range = match text.trim().split_once('-') {
        Some((first, last)) if !first.is_empty() => {
            number(first).zip(number(last)).map(|(first, last)| CodeRange { first, last })
        }
        _ => number(text).map(|code| CodeRange { first: code, last: code }),
    };
    range.ok_or_else(|| format!("has {text:?}, which is neither a number nor an interval such as 200-500"))
}

/// Everything outside these ranges.
pub(super) fn complement(ranges: &[CodeRange]) -> Vec<CodeRange> {
    let mut sorted: Vec<_> = ranges.iter().copied().filter(|range| range.first <= range.last).collect();
    sorted.sort_by_key(|range| range.first);
    let mut outside = Vec::new();
    let mut next = Some(i32::MIN);
    for range in sorted {
        let Some(from) = next else { break };
        if from < range.first {
            outside.push(CodeRange { first: from, last: range.first - 1 });
        }
        next = range.last.checked_add(1).map(|after| after.max(from));
    }
    outside.extend(next.map(|from| CodeRange { first: from, last: i32::MAX }));
    outside
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn node(value: Value) -> Node {
        Node { line: 1, value }
    }

    #[test]
    fn lists_are_read_in_every_spelling() {
        let ids = vec!["10000".to_owned(), "10001".to_owned()];
        for (value, spelling) in [
            (Value::List(vec![node(Value::Int(10_000)), node(Value::Text("10001".into()))]), Spelling::List),
            (Value::Text("10000, 10001,".into()), Spelling::Commas),
            (Value::Text("[\"10000\",10001]".into()), Spelling::Json),
        ] {
            assert_eq!(list(&node(value)), Ok((ids.clone(), spelling)));
        }
        assert!(list(&node(Value::Text("[1,".into()))).is_err());
        assert!(list(&node(Value::Bool(true))).is_err());
    }

    #[test]
    fn intervals_are_read() {
        assert_eq!(code_range("101"), Ok(CodeRange { first: 101, last: 101 }));
        assert_eq!(code_range(" 200 - 500 "), Ok(CodeRange { first: 200, last: 500 }));
        assert_eq!(code_range("-5"), Ok(CodeRange { first: -5, last: -5 }));
        for text in ["", "text", "200-", "1-2-3", "99999999999"] {
            assert!(code_range(text).is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn a_code_is_either_inside_or_in_the_complement(
            ranges in prop::collection::vec((-300i32..300, -300i32..300), 0..8), code in prop_oneof![-400i32..400, any::<i32>()],
        ) {
            let ranges: Vec<_> = ranges.into_iter().map(|(first, last)| CodeRange { first, last }).collect();
            let inside = ranges.iter().any(|range| range.contains(code));
            let outside = complement(&ranges).iter().any(|range| range.contains(code));
            prop_assert_eq!(inside, !outside);
        }
    }
}
