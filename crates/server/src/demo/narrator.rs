//! What happens in the demonstration, as lines: for people, or for machines.

use std::io::{self, Write as _};

use ringback_dialects::client::{ClientError, Heard, Taken};
use ringback_model::event::Phase;
use ringback_model::ports::Clock as _;
use serde_json::{Value, json};

use super::scene::{Scene, Seen};
use super::signed;
use super::stage::Places;
use crate::clock::SystemClock;
use crate::receiver::call::{Call, effect_name};
use crate::receiver::display::{self, Palette, clock_time, painted, visible};
use crate::receiver::ledger::Summary;
use crate::receiver::signature::Signature;

/// Writes to standard output. What cannot be written is not told: the demonstration's exit code still counts.
#[derive(Debug, Clone, Copy)]
pub struct Narrator {
    /// Machines listen.
    pub json: bool,
    /// Colours.
    pub palette: Palette,
}

impl Narrator {
    fn line(self, text: &str) {
        drop(writeln!(io::stdout(), "{text}"));
    }

    fn step(self, who: &str, what: &str) {
        let now = painted(self.palette.dim, &clock_time(SystemClock.now()));
        self.line(&format!("  {now}  {who:<9}{what}"));
    }

    fn value(self, mut value: Value) {
        if let Some(object) = value.as_object_mut() {
            object.entry("at_ms").or_insert_with(|| json!(SystemClock.now().0));
        }
        self.line(&value.to_string());
    }

    /// Where everything is.
    pub fn opening(self, places: &Places) {
        if self.json {
            return self.value(json!({
                "event": "started", "server": places.server, "receiver": places.receiver,
                "folder": places.folder, "group": places.group,
            }));
        }
        let strong = |text: &str| painted(self.palette.strong, text);
        self.line(&format!("server    {}  data in {}", strong(&places.server), places.folder));
        self.line(&format!(
            "receiver  {}  asked before every message, told after it",
            strong(&places.receiver)
        ));
        self.line("clients   alice and bob, logged in over WebSockets; both are in one group");
    }

    /// A scene begins.
    pub fn scene(self, number: usize, scene: &Scene) {
        self.title(number, scene.title);
    }

    /// A scene of this title begins.
    pub fn title(self, number: usize, title: &str) {
        if self.json {
            return self.value(json!({"event": "scene", "number": number, "title": title}));
        }
        self.line(&format!("\n{}", painted(self.palette.strong, &format!("{number}. {title}"))));
    }

    /// The administrator makes a rule.
    pub fn makes_rule(self, url: &str) {
        if self.json {
            return self.value(json!({"event": "rule_made", "dialect": signed::DIALECT, "url": url}));
        }
        self.step("admin", &format!("makes a rule: tell {url}, in the dialect {}, signed", signed::DIALECT));
    }

    /// The app's backend sends a message.
    pub fn sends_by_rest(self) {
        if self.json {
            return self.value(json!({"event": "sent_by_rest", "from": signed::FROM, "text": signed::TEXT}));
        }
        self.step(
            "backend",
            &format!("sends \"{}\" to {} by REST, as {}", signed::TEXT, signed::TO, signed::FROM),
        );
    }

    /// The receiver goes or comes.
    pub fn receiver(self, up: bool) {
        if self.json {
            return self.value(json!({"event": "receiver", "up": up}));
        }
        let words = if up { "is back" } else { "goes down" };
        self.step("backend", &painted(self.palette.notable, words));
    }

    /// A delivery waits for the receiver.
    pub fn waits(self, deliveries: usize) {
        if self.json {
            return self.value(json!({"event": "waiting", "deliveries": deliveries}));
        }
        let words = if deliveries == 0 { "has nothing to tell yet" } else { "keeps the callback for later" };
        self.step("server", &painted(self.palette.notable, words));
    }

    /// A message is sent.
    pub fn sends(self, scene: &Scene, client_id: &str) {
        if self.json {
            return self.value(json!({
                "event": "sent", "from": scene.from, "text": scene.text, "client_message_id": client_id,
            }));
        }
        let whom = if scene.to_group { " to the group" } else { "" };
        self.step(scene.from, &format!("sends \"{}\"{whom}", scene.text));
    }

    /// Something was seen.
    pub fn seen(self, seen: &Seen) {
        match seen {
            Seen::Called(call) if self.json => self.value(display::value(call)),
            Seen::Called(call) => self.call(call),
            Seen::Heard { user, heard } => self.heard(user, heard),
        }
    }

    fn call(self, call: &Call) {
        let Some(described) = &call.described else {
            return self.step("backend", &format!("is called at {}", visible(&call.path, 60)));
        };
        let title = painted(self.palette.dim, &described.title);
        let again = if call.is_duplicate() { ", once more" } else { "" };
        let text = visible(&described.text, 40);
        if described.phase == Phase::After {
            let signed = match call.signature {
                Signature::Unchecked => String::new(),
                Signature::Valid => painted(self.palette.good, "  signature valid"),
                other => painted(self.palette.bad, &format!("  signature {}", other.name())),
            };
            return self.step("backend", &format!("told{again}   \"{text}\"  {title}{signed}"));
        }
        let style = match call.told.effect.map(effect_name) {
            Some("refused") => self.palette.bad,
            Some("replaced") => self.palette.notable,
            _ => self.palette.good,
        };
        let words = painted(style, &visible(&call.told.words, 60));
        self.step("backend", &format!("asked{again}  \"{text}\"  {title} -> {words}"));
    }

    fn heard(self, user: &str, heard: &Result<Heard, ClientError>) {
        match heard {
            Ok(Heard::Answer { key, result }) => self.answered(user, key, result),
            Ok(Heard::Push(messages)) => {
                for message in messages {
                    if self.json {
                        self.value(json!({
                            "event": "received", "user": user, "from": message.from, "seq": message.seq,
                            "text": message.text, "client_message_id": message.client_id,
                        }));
                    } else if message.from != user {
                        let text = visible(&message.text, 60);
                        self.step(
                            user,
                            &format!("receives \"{text}\" from {}, number {}", message.from, message.seq),
                        );
                    }
                }
            }
            Ok(Heard::Kicked) => self.trouble(user, "was logged out by the server"),
            Ok(Heard::Welcome | Heard::Other) => {}
            Err(error) => self.trouble(user, &error.to_string()),
        }
    }

    fn answered(self, user: &str, key: &str, result: &Result<Taken, ClientError>) {
        if self.json {
            let (code, text) = match result {
                Ok(_) => (0, String::new()),
                Err(ClientError::Refused { code, text }) => (*code, text.clone()),
                Err(error) => (-1, error.to_string()),
            };
            return self.value(json!({
                "event": "answered", "user": user, "client_message_id": key, "code": code, "error": text,
                "changed_text": result.as_ref().ok().and_then(|taken| taken.changed_text.as_deref()),
            }));
        }
        let words = match result {
            Ok(Taken { changed_text: None, .. }) => painted(self.palette.good, "is answered: sent"),
            Ok(Taken { changed_text: Some(text), .. }) => {
                painted(self.palette.notable, &format!("is answered: sent as \"{}\"", visible(text, 60)))
            }
            Err(error) => painted(self.palette.bad, &format!("is answered: {error}")),
        };
        self.step(user, &words);
    }

    fn trouble(self, user: &str, words: &str) {
        if self.json {
            return self.value(json!({"event": "trouble", "user": user, "text": words}));
        }
        self.step(user, &painted(self.palette.bad, words));
    }

    /// The end: what came of it all.
    pub fn summary(self, scenes: usize, received: &Summary, complaints: &[String]) {
        if self.json {
            return self.value(json!({
                "event": "summary", "messages": scenes, "callbacks": received.calls,
                "duplicates": received.duplicates, "by_command": received.by_title, "complaints": complaints,
            }));
        }
        self.line("");
        for complaint in complaints {
            self.line(&painted(self.palette.bad, &format!("WRONG  {complaint}")));
        }
        let titles: Vec<String> =
            received.by_title.iter().map(|(title, calls)| format!("{calls} {title}")).collect();
        let numbers = format!("{scenes} messages, {} callbacks ({})", received.calls, titles.join(", "));
        let (style, verdict) = if complaints.is_empty() {
            (self.palette.good, "everything happened as it should")
        } else {
            (self.palette.bad, "not everything happened as it should")
        };
        self.line(&format!("{numbers}\n{}", painted(style, verdict)));
    }

    /// Everything stays up: how to use it.
    pub fn keeps_running(self, places: &Places) {
        if self.json {
            return self.value(json!({
                "event": "kept", "server": places.server, "sockets": places.sockets, "receiver": places.receiver,
                "group": places.group, "admin_token": places.admin_token,
                "app_token": places.app_token,
                "tokens": {places.tokens[0].0: places.tokens[0].1, places.tokens[1].0: places.tokens[1].1},
                "try": places.curl(),
            }));
        }
        self.line(&format!("\n{}", painted(self.palette.strong, "Everything keeps running; Ctrl-C ends.")));
        self.line(&format!("  REST and WebSocket  {}  {}", places.server, places.sockets));
        self.line(&format!("  group               {}", places.group));
        self.line(&format!("  admin token         {}", places.admin_token));
        for (user, token) in &places.tokens {
            self.line(&format!("  token of {user:<11}{token}"));
        }
        self.line(&format!("  app token           {}", places.app_token));
        self.line(&format!("  send as alice:\n    {}\n", places.curl()));
    }
}
