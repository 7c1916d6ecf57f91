//! Tests that cannot run here say so, and are counted as skipped.

use std::io::Write as _;

/// Notes that `test` was skipped and why. `./test` counts these lines; they are written past the test
/// harness's capture, each in one write.
pub fn note(test: &str, reason: &str) {
    let line = format!("SKIPPED: {test}: {reason}\n");
    // A closed stderr loses a note and nothing else.
    let _ = std::io::stderr().write_all(line.as_bytes());
}
