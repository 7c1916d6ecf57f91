//! `ringback.yml` as text: which key stands on which line with which value, and where the content of a rule
//! file stands in the middle of it.

use saphyr::{LoadableYamlNode, MarkedYaml, Scalar, YamlData};

use super::value::Value;

/// A key of the file with its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Dotted path.
    pub key: String,
    /// Line of the key, counted from 1.
    pub line: usize,
    /// What it says.
    pub value: EntryValue,
}

/// What a key says.
#[derive(Debug, Clone, PartialEq)]
pub enum EntryValue {
    /// An ordinary value.
    Plain(Value),
    /// A whole mapping that is somebody else's to read.
    Block {
        /// Its text, moved to the left margin.
        text: String,
        /// Lines of the file above its first line.
        lines_above: usize,
    },
}

/// The text is not YAML, or not a mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotADocument {
    /// Line, counted from 1.
    pub line: usize,
    /// What is wrong.
    pub text: String,
}

/// Reads the keys of a document. Mappings under a key for which `is_block` holds are not looked into.
///
/// # Errors
/// The text is not YAML or not a mapping.
pub fn read(text: &str, is_block: &dyn Fn(&str) -> bool) -> Result<Vec<Entry>, NotADocument> {
    let documents = MarkedYaml::load_from_str(text).map_err(|error| NotADocument {
        line: error.marker().line(),
        text: format!("is not YAML: {}", error.info()),
    })?;
    let mut entries = Vec::new();
    match documents.as_slice() {
        [] => {}
        [root] => {
            let walk = Walk { lines: text.lines().collect(), is_block };
            walk.mapping("", root, usize::MAX, &mut entries)?;
        }
        [_, second, ..] => {
            let line = second.span.start.line();
            return Err(NotADocument {
                line,
                text: "a second document begins here; there must be one".to_owned(),
            });
        }
    }
    Ok(entries)
}

struct Walk<'a> {
    lines: Vec<&'a str>,
    is_block: &'a dyn Fn(&str) -> bool,
}

impl Walk<'_> {
    /// `end` is the first line after the mapping.
    fn mapping(
        &self,
        path: &str,
        node: &MarkedYaml<'_>,
        end: usize,
        entries: &mut Vec<Entry>,
    ) -> Result<(), NotADocument> {
        let pairs = match &node.data {
            YamlData::Mapping(pairs) => pairs,
            YamlData::Value(Scalar::Null) => return Ok(()),
            _ => {
                let line = node.span.start.line();
                return Err(NotADocument {
                    line,
                    text: "the file must consist of `key: value` lines".to_owned(),
                });
            }
        };
        let starts: Vec<usize> = pairs.keys().map(|key| key.span.start.line()).collect();
        for (index, (key, value)) in pairs.iter().enumerate() {
            let name = scalar_text(key);
            let path = if path.is_empty() { name } else { format!("{path}.{name}") };
            let line = key.span.start.line();
            let end = starts.get(index + 1).copied().unwrap_or(end);
            let is_mapping = matches!(&value.data, YamlData::Mapping(_));
            if is_mapping && (self.is_block)(&path) {
                let value = self.block(value, end);
                entries.push(Entry { key: path, line, value });
            } else if is_mapping {
                self.mapping(&path, value, end, entries)?;
            } else {
                entries.push(Entry { key: path, line, value: EntryValue::Plain(plain(value)) });
            }
        }
        Ok(())
    }

    /// Cuts a mapping out of the text and moves it to the left margin, so that it stands on its own and its
    /// lines can still be told.
    fn block(&self, node: &MarkedYaml<'_>, end: usize) -> EntryValue {
        let (first, column) = (node.span.start.line(), node.span.start.col());
        let last = end.saturating_sub(1).min(self.lines.len());
        let wanted = self.lines.get(first.saturating_sub(1)..last).unwrap_or_default();
        let mut text = String::new();
        for (index, line) in wanted.iter().enumerate() {
            // On its first line a flow mapping has its key before it; further down only indentation goes.
            let cut =
                if index == 0 { column } else { column.min(line.len() - line.trim_start_matches(' ').len()) };
            text.extend(line.chars().skip(cut));
            text.push('\n');
        }
        EntryValue::Block { text, lines_above: first.saturating_sub(1) }
    }
}

fn scalar_text(node: &MarkedYaml<'_>) -> String {
    match &node.data {
        YamlData::Value(Scalar::String(text)) => text.clone().into_owned(),
        YamlData::Value(Scalar::Integer(number)) => number.to_string(),
        YamlData::Value(Scalar::Boolean(flag)) => flag.to_string(),
        YamlData::Value(Scalar::FloatingPoint(number)) => number.to_string(),
        YamlData::Representation(text, ..) => text.clone().into_owned(),
        _ => "?".to_owned(),
    }
}

fn plain(node: &MarkedYaml<'_>) -> Value {
    match &node.data {
        YamlData::Value(Scalar::Null) => Value::Null,
        YamlData::Value(Scalar::Boolean(flag)) => Value::Bool(*flag),
        YamlData::Value(Scalar::Integer(number)) => Value::Int(*number),
        YamlData::Value(Scalar::FloatingPoint(number)) => Value::Float(number.into_inner()),
        YamlData::Value(Scalar::String(text)) => Value::Text(text.clone().into_owned()),
        YamlData::Representation(text, ..) => Value::Text(text.clone().into_owned()),
        YamlData::Sequence(items) => Value::List(items.iter().map(plain).collect()),
        YamlData::Tagged(_, inner) => plain(inner),
        YamlData::Mapping(_) | YamlData::Alias(_) | YamlData::BadValue => Value::Map,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str) -> Vec<(String, usize)> {
        let entries = read(text, &|key| key == "hooks").unwrap();
        entries.into_iter().map(|entry| (entry.key, entry.line)).collect()
    }

    #[test]
    fn keys_know_their_lines() {
        let text = "# first\nlisten: a\n\ntls:\n  cert: b\n  # between\n  key: c\nempty:\n";
        let wanted = [("listen", 2), ("tls.cert", 5), ("tls.key", 7), ("empty", 8)];
        assert_eq!(keys(text), wanted.map(|(key, line)| (key.to_owned(), line)));
        assert_eq!(keys("# nothing\n"), []);
    }

    #[test]
    fn a_block_is_cut_out_with_its_lines() {
        let text = "a: 1\nhooks:\n    url: http://x\n    # remark\n    one:\n        enable: true\nb: 2\n";
        let entries = read(text, &|key| key == "hooks").unwrap();
        let block = EntryValue::Block {
            text: "url: http://x\n# remark\none:\n    enable: true\n".to_owned(),
            lines_above: 2,
        };
        assert_eq!(entries[1], Entry { key: "hooks".to_owned(), line: 2, value: block });
        let flow = read("hooks: {url: 'http://x',\n  two: {}}\n", &|key| key == "hooks").unwrap();
        let EntryValue::Block { text, lines_above: 0 } = &flow[0].value else { panic!("{flow:?}") };
        assert_eq!(text, "{url: 'http://x',\ntwo: {}}\n");
    }

    #[test]
    fn what_is_not_a_document_is_told_with_its_line() {
        let tab = read("a: 1\nb: [1,\nc: 2\n", &|_| false).unwrap_err();
        assert!(tab.line >= 2, "{tab:?}");
        assert!(read("- a\n- b\n", &|_| false).is_err());
        assert!(read("a: 1\n---\nb: 1\n", &|_| false).is_err());
    }
}
