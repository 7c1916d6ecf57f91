//! The last scene: a rule that is made while everything runs, in another dialect, and a message that the app's backend
//! sends itself. Its receiver checks the signature.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use http::{Method, StatusCode};
use ringback_dialects::app_client;
use ringback_dialects::client::Heard;
use ringback_model::app::App;
use ringback_model::event::Phase;
use serde_json::{Value, json};

use super::scene::Seen;
use super::script::{ALICE, BOB};
use crate::admin::ROOT;
use crate::cli::rest::{Asked, Rest};
use crate::receiver::call::Call;
use crate::receiver::signature::Signature;

/// What it shows.
pub const TITLE: &str = "A rule made meanwhile, in another dialect; a message by REST; a signed callback";
/// Who sends.
pub const FROM: &str = ALICE;
/// Who receives.
pub const TO: &str = BOB;
/// What is said.
pub const TEXT: &str = "your order is on its way";
/// Dialect of the rule.
pub const DIALECT: &str = app_client::CONTRACT;

const RULE: &str = "orders";
/// Time for making the rule.
const PATIENCE: Duration = Duration::from_secs(10);

/// Makes the rule: tell `url` of messages that come by REST.
///
/// # Errors
/// The server cannot be asked, or refuses.
pub(super) async fn make_rule(rest: &Rest, admin_token: &str, url: &str, secret: &str) -> anyhow::Result<()> {
    let rule = json!({
        "name": RULE, "dialect": DIALECT, "phase": "after", "url": url, "enabled": true, "secret": secret,
        "copies": ["chat"], "origins": ["rest"],
    });
    let asked = Asked {
        method: Method::POST,
        path: format!("{ROOT}/rules"),
        headers: vec![
            ("authorization", format!("Bearer {admin_token}")),
            ("content-type", "application/json".to_owned()),
        ],
        body: rule.to_string().into_bytes(),
    };
    let (status, body) = rest.ask(asked, PATIENCE).await?;
    if status != StatusCode::CREATED {
        let said: Value = serde_json::from_slice(&body).unwrap_or_default();
        bail!("the rule cannot be made: {}", said["error"]["message"]);
    }
    Ok(())
}

/// Sends the message.
///
/// # Errors
/// As [`make_rule`].
pub(super) async fn send(rest: &Rest, app: &App, app_token: &str) -> anyhow::Result<()> {
    let call = app_client::send_text(app, app_token, FROM, TO, TEXT);
    app_client::data_of(&rest.call(&call).await?).context("the message is not taken")?;
    Ok(())
}

/// What must come of it, and what has not yet.
#[derive(Debug, Default)]
pub struct SignedWatch {
    received: bool,
    told: bool,
    told_signed: bool,
    wrong: Vec<String>,
}

impl SignedWatch {
    /// Takes note of something.
    pub fn see(&mut self, seen: &Seen) {
        match seen {
            Seen::Called(call) => self.see_call(call),
            Seen::Heard { user, heard: Ok(Heard::Push(messages)) } => {
                self.received |= user.as_ref() == TO && messages.iter().any(|message| message.text == TEXT);
            }
            Seen::Heard { .. } => {}
        }
    }

    fn see_call(&mut self, call: &Arc<Call>) {
        let Some(described) = call.described.as_ref().filter(|described| described.text == TEXT) else {
            return;
        };
        match (described.phase, call.signature) {
            (Phase::Before, _) => {}
            _ if described.contract != DIALECT => self.told = true,
            (_, Signature::Valid) => self.told_signed = true,
            (_, signature) => self.wrong.push(format!("its signature is {}", signature.name())),
        }
    }

    /// Everything that must happen has happened.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.received && self.told && self.told_signed
    }

    /// What went wrong, in words; empty = nothing.
    #[must_use]
    pub fn complaints(&self) -> Vec<String> {
        let missing = [
            (self.received, "the recipient did not receive it"),
            (self.told, "the receiver of the files' rules was not told"),
            (self.told_signed, "the receiver of the new rule was not told with a valid signature"),
        ];
        let missing = missing.into_iter().filter(|(seen, _)| !seen).map(|(_, words)| words.to_owned());
        missing.chain(self.wrong.iter().cloned()).map(|text| format!("{TITLE}: {text}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use ringback_dialects::client::ChatText;
    use ringback_model::dialect::Effect;
    use ringback_model::time::UnixMs;

    use super::*;
    use crate::receiver::behaviour::Plan;
    use crate::receiver::behaviour::tests::call as described;
    use crate::receiver::call::Told;

    fn told(contract: &'static str, signature: Signature) -> Seen {
        let mut described = described("X", FROM, TO, TEXT);
        described.phase = Phase::After;
        described.contract = contract;
        Seen::Called(Arc::new(Call {
            number: 1,
            at: UnixMs(0),
            path: String::new(),
            described: Some(described),
            webhook_id: None,
            seen: 1,
            signature,
            told: Told::of(&Plan::ALLOW, Some((Effect::Noted, None))),
        }))
    }

    fn pushed(user: &str) -> Seen {
        let message = ChatText {
            from: FROM.to_owned(),
            group: String::new(),
            client_id: String::new(),
            seq: 1,
            text: TEXT.to_owned(),
        };
        Seen::Heard { user: Arc::from(user), heard: Ok(Heard::Push(vec![message])) }
    }

    #[test]
    fn the_message_arrives_and_both_dialects_tell_of_it_one_with_a_signature() {
        let all =
            [pushed(TO), told("openim", Signature::Unchecked), told(DIALECT, Signature::Valid), pushed(FROM)];
        let watched = |seen: &[Seen]| {
            let mut watch = SignedWatch::default();
            seen.iter().for_each(|seen| watch.see(seen));
            watch
        };
        assert!(watched(&all).is_complete() && watched(&all).complaints().is_empty());
        for left_out in 0..3 {
            let seen: Vec<Seen> =
                all.iter().enumerate().filter(|(at, _)| *at != left_out).map(|(_, it)| it.clone()).collect();
            let watch = watched(&seen);
            assert!(!watch.is_complete() && watch.complaints().len() == 1, "{left_out}");
        }
        let forged = watched(&[told(DIALECT, Signature::Invalid("of another secret"))]);
        assert!(forged.complaints().iter().any(|complaint| complaint.contains("invalid")));
    }
}
