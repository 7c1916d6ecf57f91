//! The operator's rule files: `webhooks.yml` of v3 and the `callback:` block of v2.
//! Source: openim-callbacks fact sheet 2.

mod address;
mod entry;
mod environment;
mod notes;
mod reading;
mod realign;
mod scalars;
mod sentence;
mod yaml;

use std::sync::Arc;

use ringback_model::dialect::{RuleFile, RuleFormat};

use crate::openim::callbacks::commands::{self, Command};

/// Both kinds of files.
#[must_use]
pub fn formats() -> Vec<Arc<dyn RuleFormat>> {
    vec![Arc::new(RuleFileFormat(&WEBHOOKS)), Arc::new(RuleFileFormat(&CALLBACK))]
}

/// The words of one kind of file.
#[derive(Debug)]
struct Shape {
    /// Its key in `ringback.yml`, and the kind in ids of rules.
    key: &'static str,
    url_key: &'static str,
    timeout_key: &'static str,
    continue_key: &'static str,
    /// Default timeout, seconds.
    timeout_s: u32,
    /// Whether entries may have `deniedTypes`, `allowedTypes` and `attentionIds`.
    filters: bool,
    /// Prefix of environment variables; `None` = it reads none.
    env_prefix: Option<&'static str>,
    /// The contract is v2, whatever the settings say.
    is_v2: bool,
}

static WEBHOOKS: Shape = Shape {
    key: "webhooks",
    url_key: "url",
    timeout_key: "timeout",
    continue_key: "failedContinue",
    timeout_s: 5,
    filters: true,
    env_prefix: Some("IMENV_WEBHOOKS"),
    is_v2: false,
};

static CALLBACK: Shape = Shape {
    key: "callback",
    url_key: "callbackUrl",
    timeout_key: "callbackTimeOut",
    continue_key: "callbackFailedContinue",
    timeout_s: 2,
    filters: false,
    env_prefix: None,
    is_v2: true,
};

/// Keys inside an entry that both kinds have; all but the first are ours.
const OWN_MEMBERS: [&str; 7] =
    ["enable", "retry", "order", "caFile", "standardWebhooks", "secret", "concurrency"];
const FILTER_MEMBERS: [&str; 3] = ["deniedTypes", "allowedTypes", "attentionIds"];

impl Shape {
    /// The keys that an entry may have.
    fn members(&self) -> impl Iterator<Item = &'static str> {
        let filters: &[&'static str] = if self.filters { &FILTER_MEMBERS } else { &[] };
        OWN_MEMBERS.into_iter().chain([self.timeout_key, self.continue_key]).chain(filters.iter().copied())
    }

    /// Whether the command has this key in this kind of file.
    fn names(&self, command: &Command, key: &str) -> bool {
        if self.is_v2 {
            command.block_keys.contains(&key)
        } else {
            !key.is_empty() && command.webhook_key == key
        }
    }

    /// The keys of all callbacks of this kind of file.
    fn callback_keys(&self) -> impl Iterator<Item = &'static str> {
        let is_v2 = self.is_v2;
        commands::all()
            .flat_map(move |command| {
                let webhook = (!is_v2).then_some(command.webhook_key);
                let block: &[&'static str] = if is_v2 { command.block_keys } else { &[] };
                webhook.into_iter().chain(block.iter().copied())
            })
            .filter(|key| !key.is_empty())
    }
}

/// One kind of rule file.
#[derive(Debug, Clone, Copy)]
struct RuleFileFormat(&'static Shape);

impl RuleFormat for RuleFileFormat {
    fn key(&self) -> &'static str {
        self.0.key
    }

    /// Looks at keys line by line, so that a broken file is recognised too.
    fn recognises(&self, text: &str) -> bool {
        let is_own = |key: &str| key == self.0.url_key || self.0.callback_keys().any(|own| own == key);
        let mut under_root_key = false;
        text.lines().filter_map(key_of).any(|(indent, key)| {
            if indent == 0 {
                under_root_key = self.0.is_v2 && key == self.0.key;
            }
            (indent == 0 || under_root_key || self.0.is_v2) && is_own(key)
        })
    }

    fn parse(
        &self,
        text: &str,
        first_line: usize,
        env: &dyn Fn(&str) -> Option<String>,
        switches: &[(String, String)],
    ) -> RuleFile {
        reading::read(self.0, text, first_line, env, switches)
    }
}

/// The key of a line, and how far it is indented; `None` for lines without one.
fn key_of(line: &str) -> Option<(usize, &str)> {
    let start = line.trim_start();
    let (key, _) = start.split_once(':')?;
    let key = key.trim_end().trim_matches(['"', '\'']);
    (!key.is_empty() && !key.starts_with('#')).then_some((line.len() - start.len(), key))
}
