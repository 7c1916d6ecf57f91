//! Tells a collector of OpenTelemetry what was asked and tried: each call of a callback is a span, in the trace of the
//! operation that caused it. It reads the notes that `why` lives on, so it costs the callbacks nothing.
//!
//! | file | holds |
//! |---|---|
//! | [`spans`] | notes as spans, in the JSON form of the protocol |
//! | [`export`] | what waits, and who sends it |

mod export;
mod spans;

pub use export::{Export, ExportParts};
