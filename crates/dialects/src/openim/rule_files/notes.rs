//! Collects what there is to say about a file.

use ringback_model::dialect::{Note, Severity};

/// Notes of one file. Lines are those of the text; the file around it is added at the end.
#[derive(Debug, Default)]
pub(super) struct Notes(Vec<Note>);

impl Notes {
    pub(super) fn info(&mut self, line: usize, key: &str, text: impl Into<String>) {
        self.push(Severity::Info, line, key, text.into());
    }

    pub(super) fn warn(&mut self, line: usize, key: &str, text: impl Into<String>) {
        self.push(Severity::Warning, line, key, text.into());
    }

    pub(super) fn error(&mut self, line: usize, key: &str, text: impl Into<String>) {
        self.push(Severity::Error, line, key, text.into());
    }

    pub(super) fn add(&mut self, note: Note) {
        self.0.push(note);
    }

    fn push(&mut self, severity: Severity, line: usize, key: &str, text: String) {
        self.0.push(Note { severity, line, key: key.to_owned(), text });
    }

    /// In the order of lines; `first_line` is added to those that have one.
    pub(super) fn into_notes(mut self, first_line: usize) -> Vec<Note> {
        self.0.sort_by_key(|note| note.line);
        for note in &mut self.0 {
            if note.line > 0 {
                note.line += first_line;
            }
        }
        self.0
    }
}
