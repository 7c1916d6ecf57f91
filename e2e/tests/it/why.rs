//! `ringback why`: one call explains why a callback came, or did not. The situations are those that operators ask about;
//! each is made by a real receiver, and the words are those that the command prints.

mod asked;
mod held;
mod names;
mod told;

use http::Method;
use ringback_e2e::app::{App, single};
use ringback_e2e::binary::{self, Ended};
use ringback_e2e::rest::Reply;
use serde_json::Value;

/// What the command says of one message or action: to people, and to programs.
#[derive(Debug)]
struct Said {
    /// On one line: where a line is broken says nothing.
    text: String,
    json: Value,
}

impl Said {
    /// The lines of this rule, as programs get them.
    fn lines(&self, rule: &str) -> Vec<&Value> {
        let lines = self.json["lines"].as_array().unwrap_or_else(|| panic!("{self:?}"));
        lines.iter().filter(|line| line["name"] == rule).collect()
    }

    /// The one line of this rule.
    fn line(&self, rule: &str) -> &Value {
        let lines = self.lines(rule);
        assert_eq!(lines.len(), 1, "one line of {rule}: {self:?}");
        lines[0]
    }

    /// What is decisive is printed, and what came of the rule has this name.
    fn says(&self, rule: &str, state: &str, words: &[&str]) {
        let line = self.line(rule);
        assert_eq!(line["state"], state, "{rule}: {self:?}");
        self.prints(words);
        // The text and the form for programs say the same.
        let said = line["words"].as_str().unwrap();
        assert!(self.text.contains(said), "{said}: {}", self.text);
    }

    fn prints(&self, words: &[&str]) {
        for word in words {
            assert!(self.text.contains(word), "{word:?} is not in {}", self.text);
        }
    }

    /// The advice stands at the end, and some piece of it holds all these words.
    fn advises(&self, words: &[&str]) {
        let (_, advice) =
            self.text.split_once("what to do").unwrap_or_else(|| panic!("no advice: {}", self.text));
        for word in words {
            assert!(advice.contains(word), "{word:?} is not in the advice {advice}");
        }
        let pieces = self.json["advice"].as_array().unwrap();
        assert!(pieces.iter().all(|piece| advice.contains(piece.as_str().unwrap())), "{self:?}");
    }
}

/// `ringback why` with these arguments, at this server.
fn command_of(app: &App, args: &[&str]) -> tokio::process::Command {
    let mut command = binary::command();
    command.arg("why").args(args);
    command.args(["--server", &format!("http://{}", app.server.addr()), "--token", app.admin_token()]);
    command
}

async fn run(app: &App, args: &[&str]) -> Ended {
    binary::finish(command_of(app, args)).await
}

/// What it says where one message or action has what is asked for. By-products that no rule is about may have it, too.
async fn why(app: &App, args: &[&str]) -> Said {
    let shown = run(app, args).await;
    assert_eq!(shown.code, Some(0), "{shown:?}");
    let told = run(app, &[args, &["--json"]].concat()).await;
    let json: Value = serde_json::from_str(&told.out).unwrap_or_else(|error| panic!("{error}: {told:?}"));
    let mut subjects = json["subjects"].as_array().unwrap().clone();
    if subjects.len() > 1 {
        subjects.retain(|subject| subject["lines"] != serde_json::json!([]));
    }
    assert_eq!(subjects.len(), 1, "{json}");
    Said { text: shown.out, json: subjects[0].clone() }
}

/// Sends a body as the app's backend, under an operation id of its own choice.
async fn send_as(app: &App, operation: &str, body: &Value) -> Reply {
    let headers =
        [("operationID", operation), ("token", app.admin_token()), ("content-type", "application/json")];
    app.server.rest().send(Method::POST, "/msg/send_msg", &headers, body.to_string()).await
}

/// Sends a text from alice to bob; its serverMsgID.
async fn hello(app: &App) -> String {
    sent(&app.send("alice", "bob", "hello").await)
}

/// The serverMsgID of a message that was taken.
fn sent(reply: &Reply) -> String {
    reply.data()["serverMsgID"].as_str().unwrap_or_else(|| panic!("{}", reply.body)).to_owned()
}

/// A message of another type than text.
fn of_type(code: i32, content: &Value) -> Value {
    let mut body = single("alice", "bob", "");
    body["contentType"] = code.into();
    body["content"] = content.clone();
    body
}
