//! What a rule of these contracts carries with it besides its own fields.

use ringback_model::app::App;
use ringback_model::dialect::DialectSetting;
use ringback_model::rule::Rule;

/// The app's key, `org#name`.
pub const APP_KEY: &str = "app.key";
/// What pre-send callbacks call groups and rooms.
pub const PRE_SEND_CHAT_TYPE: &str = "easemob.pre_send_chat_type";

/// The settings that this dialect adds to `ringback.yml`.
pub const SETTINGS: &[DialectSetting] = &[DialectSetting {
    key: PRE_SEND_CHAT_TYPE,
    default: "groupchat",
    values: &["groupchat", "split"],
    doc: "What `chat_type` of a pre-send callback says of groups and rooms. groupchat: that, of both, as in every \
          example and in post-send callbacks. split: `group` and `chatroom`, as in the documents' table.",
}];

/// Those of the settings that go with every rule, and the app's key.
pub(super) fn of_rule(settings: &[(String, String)], app: &App) -> Vec<(String, String)> {
    let mut switches: Vec<_> =
        settings.iter().filter(|(name, _)| name == PRE_SEND_CHAT_TYPE).cloned().collect();
    switches.push((APP_KEY.to_owned(), app.key()));
    switches.sort_unstable();
    switches
}

/// The app's key as the rule carries it.
pub(super) fn app_key(rule: &Rule) -> String {
    rule.switch(APP_KEY).map_or_else(|| App::default().key(), str::to_owned)
}

/// Whether groups and rooms are told apart before sending.
pub(super) fn splits(rule: &Rule) -> bool {
    rule.switch(PRE_SEND_CHAT_TYPE) == Some("split")
}
