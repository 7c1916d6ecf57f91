//! What a receiver does with a call.

use std::time::Duration;

use serde_json::{Value, json};

/// What is done with one call.
#[derive(Debug, Clone, Default)]
pub struct Act {
    /// Waits so long before it does it.
    pub delay: Duration,
    pub deed: Deed,
}

/// Ways to answer, and not to.
#[derive(Debug, Clone)]
pub enum Deed {
    /// Answers.
    Answer { status: u16, body: String, headers: Vec<(&'static str, String)> },
    /// Takes the call and never answers.
    Hang,
    /// Closes the connection without an answer.
    Close,
    /// Promises a body, sends some of it and closes the connection.
    Cut,
    /// Answers 200 and a body that never ends.
    Endless,
}

impl Default for Deed {
    fn default() -> Self {
        let body = json!({ "actionCode": 0, "errCode": 0, "errMsg": "", "errDlt": "", "nextCode": 0 });
        Self::Answer { status: 200, body: body.to_string(), headers: Vec::new() }
    }
}

impl From<Deed> for Act {
    fn from(deed: Deed) -> Self {
        Self { delay: Duration::ZERO, deed }
    }
}

impl Act {
    /// The answer of a receiver that has nothing to say.
    #[must_use]
    pub fn allow() -> Self {
        Self::default()
    }

    /// Status 200 and this JSON.
    #[must_use]
    pub fn json(body: &Value) -> Self {
        Self::text(200, &body.to_string())
    }

    /// This status and this body.
    #[must_use]
    pub fn text(status: u16, body: &str) -> Self {
        Deed::Answer { status, body: body.to_owned(), headers: Vec::new() }.into()
    }

    /// A refusal in the newest contract.
    #[must_use]
    pub fn refuse(code: i32, text: &str, detail: &str) -> Self {
        Self::json(
            &json!({ "actionCode": 0, "errCode": code, "errMsg": text, "errDlt": detail, "nextCode": 1 }),
        )
    }

    /// Sends the caller somewhere else.
    #[must_use]
    pub fn redirect(status: u16, to: String) -> Self {
        Deed::Answer { status, body: String::new(), headers: vec![("location", to)] }.into()
    }

    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: &str) -> Self {
        if let Deed::Answer { headers, .. } = &mut self.deed {
            headers.push((name, value.to_owned()));
        }
        self
    }
}
