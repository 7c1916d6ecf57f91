//! YAML with a line for everything, bounded in size and depth.

use ringback_model::dialect::{Note, Severity};
use saphyr::{LoadableYamlNode, MarkedYaml, Scalar, YamlData};
use saphyr_parser::{Event, Parser};

/// Bytes of a rule file. A complete one has 10 KiB.
const FILE_BYTES: usize = 1024 * 1024;
/// Collections inside each other; rule files need three.
const DEPTH: usize = 16;

/// A value and the line where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    /// Counted from 1; 0 = not from the file.
    pub(super) line: usize,
    pub(super) value: Value,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Text(String),
    List(Vec<Node>),
    Map(Vec<Member>),
}

/// A member of a map.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Member {
    pub(super) key: String,
    /// Line of the key.
    pub(super) line: usize,
    pub(super) node: Node,
}

impl Value {
    /// What it is, for sentences.
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "empty",
            Self::Bool(_) => "a boolean",
            Self::Int(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
        }
    }
}

/// Reads one document; an empty text is an empty map.
pub(super) fn load(text: &str) -> Result<Node, Note> {
    if text.len() > FILE_BYTES {
        return Err(broken(0, format!("the text is longer than {FILE_BYTES} bytes")));
    }
    check_depth(text)?;
    let documents = MarkedYaml::load_from_str(text)
        .map_err(|error| broken(error.marker().line(), format!("not YAML: {}", error.info())))?;
    match documents.as_slice() {
        [] => Ok(Node { line: 0, value: Value::Map(Vec::new()) }),
        [one] => match node(one)? {
            Node { line, value: Value::Null } => Ok(Node { line, value: Value::Map(Vec::new()) }),
            node => Ok(node),
        },
        [_, second, ..] => {
            Err(broken(second.span.start.line(), "a second YAML document starts here".to_owned()))
        }
    }
}

/// The loader is recursive; the parser underneath is not.
fn check_depth(text: &str) -> Result<(), Note> {
    let mut depth = 0_usize;
    for step in Parser::new_from_str(text) {
        let (event, span) =
            step.map_err(|error| broken(error.marker().line(), format!("not YAML: {}", error.info())))?;
        match event {
            Event::MappingStart(..) | Event::SequenceStart(..) => depth += 1,
            Event::MappingEnd | Event::SequenceEnd => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEPTH {
            return Err(broken(span.start.line(), format!("more than {DEPTH} levels deep")));
        }
    }
    Ok(())
}

fn broken(line: usize, text: String) -> Note {
    Note { severity: Severity::Error, line, key: String::new(), text }
}

fn node(from: &MarkedYaml<'_>) -> Result<Node, Note> {
    let line = from.span.start.line();
    let value = match &from.data {
        YamlData::Value(scalar) => scalar_value(scalar),
        YamlData::Representation(text, ..) => Value::Text(text.to_string()),
        YamlData::Sequence(items) => Value::List(items.iter().map(node).collect::<Result<_, _>>()?),
        YamlData::Mapping(members) => Value::Map(
            members
                .iter()
                .map(|(key, value)| {
                    let line = key.span.start.line();
                    let YamlData::Value(name) = &key.data else {
                        return Err(broken(line, "a key is not a plain text".to_owned()));
                    };
                    Ok(Member { key: scalar_text(name), line, node: node(value)? })
                })
                .collect::<Result<_, _>>()?,
        ),
        YamlData::Tagged(_, inner) => return node(inner),
        YamlData::Alias(_) | YamlData::BadValue => {
            return Err(broken(line, "this value cannot be read".to_owned()));
        }
    };
    Ok(Node { line, value })
}

fn scalar_value(scalar: &Scalar<'_>) -> Value {
    match scalar {
        Scalar::Null => Value::Null,
        Scalar::Boolean(value) => Value::Bool(*value),
        Scalar::Integer(value) => Value::Int(*value),
        Scalar::FloatingPoint(_) | Scalar::String(_) => Value::Text(scalar_text(scalar)),
    }
}

fn scalar_text(scalar: &Scalar<'_>) -> String {
    match scalar {
        Scalar::Null => "null".to_owned(),
        Scalar::Boolean(value) => value.to_string(),
        Scalar::Integer(value) => value.to_string(),
        Scalar::FloatingPoint(value) => value.to_string(),
        Scalar::String(text) => text.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_those_of_the_file() {
        let root = load("a: 1\n\nb:\n  - x\n").unwrap();
        let Value::Map(members) = root.value else { panic!("a map") };
        assert_eq!((members[0].line, members[1].line), (1, 3));
        assert_eq!(
            members[1].node.value,
            Value::List(vec![Node { line: 4, value: Value::Text("x".into()) }])
        );
    }

    #[test]
    fn hostile_texts_are_refused_with_a_line() {
        assert_eq!(load("a: 1\nb: [").unwrap_err().severity, Severity::Error);
        assert!(load(&"[".repeat(100_000)).is_err());
        assert!(load(&"- ".repeat(100_000)).unwrap_err().text.contains("levels deep"));
        assert!(load("a: 1\n---\nb: 2\n").unwrap_err().text.contains("second"));
        assert!(load("a: 1\na: 2\n").is_err(), "a key twice");
    }

    #[test]
    fn nothing_is_an_empty_map() {
        for text in ["", "# only a comment\n", "---\n", "null"] {
            assert_eq!(load(text).unwrap().value, Value::Map(Vec::new()), "{text:?}");
        }
    }
}
