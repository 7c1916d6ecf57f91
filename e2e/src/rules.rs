//! Rule files in the documents' words.

use std::fmt::Write as _;

/// A `webhooks.yml`: the receiver's URL, and per callback what stands in its map, written as `enable: true, …`.
#[must_use]
pub fn webhooks(url: &str, callbacks: &[(&str, &str)]) -> String {
    file("url", url, callbacks)
}

/// The old block: the receiver's URL, and per callback what stands in its map.
#[must_use]
pub fn callback_block(url: &str, callbacks: &[(&str, &str)]) -> String {
    file("callbackUrl", url, callbacks)
}

fn file(key: &str, url: &str, callbacks: &[(&str, &str)]) -> String {
    let mut text = format!("{key}: {url}\n");
    for (name, map) in callbacks {
        writeln!(text, "{name}: {{ {map} }}").unwrap();
    }
    text
}

/// A callback that is simply on.
pub const ON: &str = "enable: true";

/// Every callback that a message can meet, on.
pub const ALL: &[(&str, &str)] = &[
    ("beforeSendSingleMsg", ON),
    ("afterSendSingleMsg", ON),
    ("beforeSendGroupMsg", ON),
    ("afterSendGroupMsg", ON),
    ("beforeMsgModify", ON),
    ("afterMsgSaveDB", ON),
];

/// Command names, by what they are about.
pub mod command {
    pub const BEFORE_SINGLE: &str = "callbackBeforeSendSingleMsgCommand";
    pub const AFTER_SINGLE: &str = "callbackAfterSendSingleMsgCommand";
    pub const BEFORE_GROUP: &str = "callbackBeforeSendGroupMsgCommand";
    pub const AFTER_GROUP: &str = "callbackAfterSendGroupMsgCommand";
    pub const MODIFY: &str = "callbackBeforeMsgModifyCommand";
    pub const SAVED: &str = "callbackAfterMsgSaveDBCommand";
    pub const WORD_FILTER: &str = "callbackWordFilterCommand";
    /// What [`MODIFY`] is called in the contracts of v3.0 to v3.6.
    pub const MODIFY_OLD: &str = "callbackMsgModifyCommand";
}
