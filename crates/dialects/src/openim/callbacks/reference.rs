//! The page for those who write receivers, generated from the register, so that it cannot go stale.

use std::fmt::Write as _;

use ringback_model::event::Phase;

use super::commands::{self, Command, Effect, WITHOUT};
use super::json::Object;
use super::switches::SETTINGS;
use super::{OpenImContract, specimens};

const HEAD: &str = "# OpenIM callbacks\n\n\
Generated from the register in `crates/dialects/src/openim/callbacks/register`; a test keeps it up to date.\n\n\
Every callback is a `POST` with a JSON body. Before-callbacks wait for an answer with a status of 200 to 299 and a \
JSON object; `{}` lets the event happen, and what an answer does not say (absent or `null`) stays as it is. \
After-callbacks are read from the durable log and delivered once any 2xx answer has come; the body of the answer is \
ignored.\n\n\
| contract | rules | URL | refused when | code without one |\n|---|---|---|---|---|\n\
| `openim` | `webhooks:` (`openim.contract: v3.8`, the default) | `{url}/{command}?contenttype=json`, after messages were sent with `&key=…` | `actionCode` is 0 and `nextCode` is 1 | 500 |\n\
| `openim-v3.5` | `webhooks:` with `openim.contract: v3.5` | `{url}/{command}?contenttype=json` | `actionCode` is not 0 or `nextCode` is 1 | 500 |\n\
| `openim-v3.0` | `webhooks:` with `openim.contract: v3.0` | `{url}?command={command}&contenttype=json` | `actionCode` is not 0 or `errCode` is not 0 | 500 |\n\
| `openim-v2` | `callback:` | `{callbackUrl}` | `actionCode` is 1 and `errCode` is 0; other codes that are not 0 are failures of the call | 201 |\n\n\
Common fields (M), always present: `sendID`, `callbackCommand`, `serverMsgID`, `clientMsgID`, `operationID`, \
`senderPlatformID`, `senderNickname`, `sessionType` (1 single, 3 group, in v2 2), `msgFrom` (100 user, 200 system), \
`contentType`, `status` (1 sending, 2 sent), `sendTime` (not in v2), `createTime`, `content` (the element as JSON \
text; in v2 the plain text of text messages), `seq`, `atUserList` (`null` when empty), `faceURL`, `ex`.\n\n\
Fields of the other callbacks are listed as they are sent in v3.8. What the original has keeps its value, odd ones \
included; what it leaves out is added at the end, so that its receivers go on working: `opUserID` says who acts \
(absent where the server does). In v2, which has no such header, every body has `operationID`.\n\n\
Never called back: \"is typing\" (113); as messages, but not as pushes, also notifications (1000 to 5000). Messages of \
notification accounts are told by afterMsgSaveDB alone; nobody is asked before an administrator sends to a single \
chat. A push callback about a notification has the JSON text of its details in `content`.\n\n\
An answer that is no JSON object, has a field of another type, or wants what cannot be (somebody who is not concerned, \
an id that is none, a number without a meaning) is a failure of the call: `failedContinue` decides.\n\n\
Types, bounds and examples of every body and answer: [schemas](../schemas/README.md).\n";

/// All commands as Markdown: `docs/callbacks/openim.md`.
#[must_use]
pub fn table() -> String {
    let mut page = String::from(HEAD);
    for (title, phase) in [("Asked before", Phase::Before), ("Told after", Phase::After)] {
        // Writing to a String cannot fail.
        let _ = writeln!(
            page,
            "\n## {title}\n\n| command | configured as | when | fields | an answer can | differs from the original |\n\
             |---|---|---|---|---|---|"
        );
        for command in commands::all().filter(|command| command.phase() == phase) {
            push_row(&mut page, command);
        }
    }
    push_former_names(&mut page);
    page.push_str("\n## Without a callback\n\n| moment | why |\n|---|---|\n");
    for (kind, why) in WITHOUT {
        let _ = writeln!(page, "| `{kind}` | {why} |");
    }
    page.push_str("\n## Settings\n\n| setting | default | values | what it does |\n|---|---|---|---|\n");
    for setting in SETTINGS {
        let values = setting.values.join(", ");
        let _ = writeln!(page, "| `{}` | {} | {values} | {} |", setting.key, setting.default, setting.doc);
    }
    page
}

fn push_row(page: &mut String, command: &Command) {
    let keys: Vec<_> = command.keys().map(|key| format!("`{key}`")).collect();
    let _ = writeln!(
        page,
        "| `{}` | {} | {} | {} | {} | {} |",
        command.name,
        keys.join(", "),
        command.trigger,
        fields(command),
        effect(&command.effect),
        command.difference
    );
}

fn effect(effect: &Effect) -> String {
    match effect {
        Effect::Nothing => "nothing".to_owned(),
        Effect::Decide { fields: "", .. } => "refuse".to_owned(),
        Effect::Decide { fields, .. } => format!("refuse, {fields}"),
    }
}

/// The fields of a body, read off one that is written about a sample.
fn fields(command: &Command) -> String {
    let newest = command.generations.first();
    let call = newest.and_then(|newest| specimens::call(OpenImContract::new(*newest), command));
    let object = call.and_then(|call| Object::read(&call.body).ok());
    let names: Vec<&str> = object.iter().flat_map(Object::names).collect();
    let (common, own): (Vec<&str>, Vec<&str>) = match names.first() {
        Some(&"sendID") => (vec!["M"], names.into_iter().skip(COMMON).collect()),
        _ => (Vec::new(), names.into_iter().filter(|name| *name != "callbackCommand").collect()),
    };
    let own = own.into_iter().map(|name| format!("`{name}`"));
    common.into_iter().map(str::to_owned).chain(own).collect::<Vec<_>>().join(", ")
}

/// How many fields all messages have; in v2 one fewer.
const COMMON: usize = 18;

fn push_former_names(page: &mut String) {
    page.push_str(
        "\n## Names in the older contracts\n\n| command | there called | contracts |\n|---|---|---|\n",
    );
    for command in commands::all() {
        for (generations, name) in command.former_names {
            let contracts: Vec<_> =
                generations.iter().map(|generation| format!("`{}`", generation.contract())).collect();
            let _ = writeln!(page, "| `{}` | `{name}` | {} |", command.name, contracts.join(", "));
        }
    }
    page.push_str(
        "\nv2 never had callbacks about friends, groups, profiles and conversations. Their keys in `callback:` are those \
         of `webhooks.yml` with a leading `callback` (`beforeAddFriend` is `callbackBeforeAddFriend`), their commands \
         the oldest that the original ever had.\n",
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_in_docs_is_this_one() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/callbacks/openim.md");
        if std::env::var_os("RINGBACK_WRITE_DOCS").is_some() {
            std::fs::write(path, table()).unwrap();
        }
        let page = std::fs::read_to_string(path).unwrap();
        assert!(page == table(), "run this test with RINGBACK_WRITE_DOCS=1 and look at the change");
    }

    #[test]
    fn every_command_has_a_sample() {
        for command in commands::all() {
            assert!(!fields(command).is_empty(), "{}", command.name);
        }
    }
}
