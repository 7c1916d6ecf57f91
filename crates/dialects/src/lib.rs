//! Pure translation between wire protocols and the words of the model.
//!
//! [`all`] is the register: one line per member, and the answer to "what does this server speak?".

pub mod app_client;
pub mod client;
pub mod content;
pub mod easemob;
mod json;
mod jwt;
mod nearest;
mod openapi;
pub mod openim;
mod samples;
mod schemas;
pub mod tokens;

use std::sync::Arc;

use ringback_model::app::App;
use ringback_model::conversation::ConversationId;
use ringback_model::dialect::{Contract, DialectSetting, Edge, Receiver, RuleFormat, Socket};
use ringback_model::ports::TokenCodec;

pub use openim::content::mentions;
pub use samples::{samples, texts};
pub use schemas::{File as SchemaFile, files as schema_files};

/// Everything that this crate offers.
pub struct Dialects {
    /// Contracts of callbacks, by the names that rules give.
    pub contracts: Vec<Arc<dyn Contract>>,
    /// REST interfaces, with their names.
    pub edges: Vec<(&'static str, Arc<dyn Edge>)>,
    /// Name of the edge that answers for paths which nobody serves.
    pub default_edge: &'static str,
    /// WebSocket protocols, with their names; the first one takes every upgrade that no other claims.
    pub sockets: Vec<(&'static str, Arc<dyn Socket>)>,
    /// Kinds of operators' files with rules.
    pub rule_formats: Vec<Arc<dyn RuleFormat>>,
    /// Readers of callbacks, for receivers that stand in for an app's backend.
    pub receivers: Vec<Arc<dyn Receiver>>,
    /// Text form of tokens.
    pub tokens: Arc<dyn TokenCodec>,
    /// Settings that dialects add to the server's file, each under its dialect's section.
    pub settings: Vec<DialectSetting>,
    /// What development mode assumes.
    pub dev: DevDefaults,
}

/// What development mode assumes, so that the dialects' own samples work as they are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DevDefaults {
    /// The server's secret. Public knowledge, for loopback only.
    pub secret: &'static str,
    /// The administrator's user id.
    pub admin: &'static str,
    /// Setting `app.id`.
    pub app_id: &'static str,
    /// Setting `app.org`.
    pub app_org: &'static str,
    /// Setting `app.name`.
    pub app_name: &'static str,
    /// Setting `app.client_id`.
    pub client_id: &'static str,
    /// Setting `app.client_secret`. Public knowledge, for loopback only.
    pub client_secret: &'static str,
}

impl Dialects {
    /// The edge that answers for paths which nobody serves.
    #[must_use]
    pub fn fallback_edge(&self) -> Option<&Arc<dyn Edge>> {
        self.edges.iter().find(|(name, _)| *name == self.default_edge).map(|(_, edge)| edge)
    }

    /// The contract of this name.
    #[must_use]
    pub fn contract(&self, name: &str) -> Option<&Arc<dyn Contract>> {
        self.contracts.iter().find(|contract| contract.name() == name)
    }

    /// The rule format of this key.
    #[must_use]
    pub fn rule_format(&self, key: &str) -> Option<&Arc<dyn RuleFormat>> {
        self.rule_formats.iter().find(|format| format.key() == key)
    }
}

/// The register of all dialects, for a server that runs this app. Where no request is answered and no token is
/// checked, any app will do.
#[must_use]
pub fn all(app: &App) -> Dialects {
    Dialects {
        contracts: [openim::callbacks::contracts(), easemob::callbacks::contracts()].concat(),
        edges: vec![
            (openim::FORM, Arc::new(openim::rest::OpenImEdge)),
            (easemob::FORM, Arc::new(easemob::rest::FamilyEdge::new(app))),
        ],
        default_edge: openim::FORM,
        sockets: vec![(openim::FORM, Arc::new(openim::socket::OpenImSocket))],
        rule_formats: openim::rule_files::formats(),
        receivers: vec![
            Arc::new(openim::receiver::OpenImReceiver),
            Arc::new(easemob::receiver::FamilyReceiver),
        ],
        tokens: Arc::new(tokens::TokenForms),
        settings: [openim::callbacks::switches::SETTINGS, easemob::callbacks::switches::SETTINGS].concat(),
        dev: DevDefaults {
            secret: dev_secret(),
            admin: "imAdmin",
            app_id: "demo",
            app_org: "demo",
            app_name: "demo",
            client_id: "demo",
            client_secret: "demo",
        },
    }
}

/// What a name of a conversation may mean to somebody who is not in it: the model's own key (`u:<user>:<user>` in whichever
/// order, `g:<group>`), or what clients of a dialect call it. Empty where it is no such name.
#[must_use]
pub fn conversations(name: &str) -> Vec<ConversationId> {
    let turned = || {
        let (kind, users) = name.split_once(':')?;
        let (one, other) = users.split_once(':')?;
        ConversationId::parse(&format!("{kind}:{other}:{one}"))
    };
    let key = ConversationId::parse(name).or_else(turned);
    key.map_or_else(|| openim::conversation_id::readings(name), |key| vec![key])
}

/// The content of a message from the number and the text that clients of the first dialect write.
#[must_use]
pub fn content_of(code: i32, raw: String) -> ringback_model::message::Content {
    openim::content::content(code, raw)
}

/// A message as a line of an exported history, without its end.
#[must_use]
pub fn history_line(message: &ringback_model::message::Message) -> Vec<u8> {
    easemob::history::line(message)
}

/// The secret of development mode: the one in every sample of the original.
#[must_use]
pub const fn dev_secret() -> &'static str {
    "openIM123"
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_and_the_fallback_exists() {
        let all = all(&App::default());
        let contracts: BTreeSet<_> = all.contracts.iter().map(|contract| contract.name()).collect();
        assert_eq!(contracts.len(), all.contracts.len());
        let formats: BTreeSet<_> = all.rule_formats.iter().map(|format| format.key()).collect();
        assert_eq!(formats.len(), all.rule_formats.len());
        let settings: BTreeSet<_> = all.settings.iter().map(|setting| setting.key).collect();
        assert_eq!(settings.len(), all.settings.len());
        assert!(all.fallback_edge().is_some());
        assert!(all.contract("openim").is_some() && all.rule_format("webhooks").is_some());
    }

    #[test]
    fn conversations_have_several_names() {
        let keys = |name: &str| conversations(name).iter().map(ToString::to_string).collect::<Vec<_>>();
        for (name, expected) in [
            ("u:alice:bob", &["u:alice:bob"][..]),
            ("u:bob:alice", &["u:alice:bob"]),
            ("g:tea", &["g:tea"]),
            ("sg_tea", &["g:tea"]),
            ("si_alice_bob", &["u:alice:bob"]),
            ("si_a_b_c", &["u:a:b_c", "u:a_b:c"]),
            ("tea", &[]),
            ("", &[]),
            ("u:alice", &[]),
        ] {
            assert_eq!(keys(name), expected, "{name}");
        }
    }

    #[test]
    fn defaults_of_settings_are_allowed_values() {
        for setting in all(&App::default()).settings {
            assert!(
                setting.values.is_empty() || setting.values.contains(&setting.default),
                "{}",
                setting.key
            );
            assert!(!setting.doc.is_empty());
        }
    }

    #[test]
    fn every_receiver_speaks_contracts_that_exist() {
        let all = all(&App::default());
        for name in all.receivers.iter().flat_map(|receiver| receiver.contracts()) {
            assert!(all.contract(name).is_some(), "{name}");
        }
    }
}
