//! The page for those who write receivers, generated from the register, so that it cannot go stale.

use std::fmt::Write as _;

use ringback_model::event::EventKind;

use super::commands::{Addressing, COMMANDS, Command, Effect, Service};
use super::switches::SETTINGS;

const HEAD: &str = "# OpenIM callbacks\n\n\
Generated from the register in `crates/dialects/src/openim/callbacks/commands.rs`; a test keeps it up to date.\n\n\
Every callback is a `POST` with a JSON body. Before-callbacks wait for an answer with a status of 200 to 299 and a \
JSON object; `{}` lets the event happen. After-callbacks are delivered once any 2xx answer has come; the body of the \
answer is ignored.\n\n\
| contract | rules | URL | refused when | code without one |\n|---|---|---|---|---|\n\
| `openim` | `webhooks:` (`openim.contract: v3.8`, the default) | `{url}/{command}?contenttype=json`, after-callbacks with `&key=…` | `actionCode` is 0 and `nextCode` is 1 | 500 |\n\
| `openim-v3.5` | `webhooks:` with `openim.contract: v3.5` | `{url}/{command}?contenttype=json` | `actionCode` is not 0 or `nextCode` is 1 | 500 |\n\
| `openim-v3.0` | `webhooks:` with `openim.contract: v3.0` | `{url}?command={command}&contenttype=json` | `actionCode` is not 0 or `errCode` is not 0 | 500 |\n\
| `openim-v2` | `callback:` | `{callbackUrl}` | `actionCode` is 1 and `errCode` is 0; other codes that are not 0 are failures of the call | 201 |\n\n\
Common fields (M), always present: `sendID`, `callbackCommand`, `serverMsgID`, `clientMsgID`, `operationID`, \
`senderPlatformID`, `senderNickname`, `sessionType` (1 single, 3 group, in v2 2), `msgFrom` (100 user, 200 system), \
`contentType`, `status` (1 sending, 2 sent), `sendTime` (not in v2), `createTime`, `content` (the element as JSON \
text; in v2 the plain text of text messages), `seq`, `atUserList` (`null` when empty), `faceURL`, `ex`.\n\n\
Never called back: \"is typing\" (113), notifications (1000 to 5000), messages of notification accounts (except \
afterMsgSaveDB); nobody is asked before an administrator sends to a single chat.\n";

/// All commands as Markdown: `docs/callbacks/openim.md`.
#[must_use]
pub fn table() -> String {
    let mut page = String::from(HEAD);
    page.push_str(
        "\n## Served\n\n| command | configured as | contracts | when | fields | an answer can | differs from the original |\n\
         |---|---|---|---|---|---|---|\n",
    );
    for (command, service) in COMMANDS.iter().filter_map(|row| Some((row, row.service.as_ref()?))) {
        push_served(&mut page, command, service);
    }
    page.push_str("\n## Known, not served yet\n\n");
    page.push_str("They may stand in the files, and are reported as \"not served yet\".\n\n");
    page.push_str("| configured as | command | kind |\n|---|---|---|\n");
    for command in COMMANDS.iter().filter(|row| row.service.is_none()) {
        let name = if command.name.is_empty() { "none".to_owned() } else { format!("`{}`", command.name) };
        // Writing to a String cannot fail.
        let _ = writeln!(page, "| {} | {name} | {} |", keys(command), command.phase.name());
    }
    page.push_str("\n## Settings\n\n| setting | default | values | what it does |\n|---|---|---|---|\n");
    for setting in SETTINGS {
        let values = setting.values.join(", ");
        let _ = writeln!(page, "| `{}` | {} | {values} | {} |", setting.key, setting.default, setting.doc);
    }
    page
}

fn push_served(page: &mut String, command: &Command, service: &Service) {
    let contracts: Vec<_> = service.generations.iter().map(|one| format!("`{}`", one.contract())).collect();
    let _ = writeln!(
        page,
        "| `{}` | {} | {} | {} | {} | {} | {} |",
        command.name,
        keys(command),
        contracts.join(", "),
        moment(service),
        fields(service.addressing),
        effect(service.effect),
        service.difference
    );
}

fn keys(command: &Command) -> String {
    let webhook = Some(command.webhook_key).filter(|key| !key.is_empty());
    let all = webhook.into_iter().chain(command.block_keys.iter().copied());
    all.map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ")
}

fn moment(service: &Service) -> String {
    let subject = service.subject;
    match service.kind {
        EventKind::MessageScreening => format!("a {subject} has come in and nothing was checked yet"),
        EventKind::MessageSending => format!("a {subject} wants to be sent"),
        EventKind::MessageRewriting => format!("for every {subject}, after all checks"),
        EventKind::MessageSent => format!("a {subject} was pushed to those who are online"),
        _ => subject.to_owned(),
    }
}

fn fields(addressing: Addressing) -> &'static str {
    match addressing {
        Addressing::None => "M",
        Addressing::Recipient => "M, `recvID`",
        Addressing::Group => "M, `groupID`",
        Addressing::Both | Addressing::BothWhenFilled => "M, `recvID`, `groupID`",
    }
}

fn effect(effect: Effect) -> &'static str {
    match effect {
        Effect::Nothing => "nothing",
        Effect::Refuse => "refuse",
        Effect::ReplaceText => "refuse, replace the text (`content`)",
        Effect::Modify => {
            "refuse, change `content` (JSON text of an object), `recvID`, `groupID`, `sessionType`, `clientMsgID`, \
             `serverMsgID`, `senderPlatformID`, `senderNickname`, `senderFaceURL`, `msgFrom`, `contentType`, `status`, \
             `options` (the whole map), `offlinePushInfo` (where the message has one), `atUserIDList`, \
             `attachedInfo`, `ex`"
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_in_docs_is_this_one() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/callbacks/openim.md");
        if std::env::var_os("RINGBACK_WRITE_DOCS").is_some() {
            std::fs::write(path, super::table()).unwrap();
        }
        let page = std::fs::read_to_string(path).unwrap();
        assert!(page == super::table(), "run this test with RINGBACK_WRITE_DOCS=1 and look at the change");
    }
}
