//! The page for those who write receivers, generated from the code, so that it cannot go stale.

use std::fmt::Write as _;

use ringback_model::dialect::Contract as _;
use serde_json::Value;

use super::families::{FAMILIES, Family};
use super::{FamilyContract, Product, schema, switches};

const HEAD: &str = "# Shengwang, Agora and Easemob callbacks\n\n\
Generated from `crates/dialects/src/easemob/callbacks`; a test keeps it up to date.\n\n\
Every callback is a `POST` to the rule's URL with `Content-Type: application/json`. The three contracts are the same on \
the wire; messages in OpenIM's form are translated as [content-types.md](../content-types.md) says.\n\n\
## Before sending\n\n\
Asked about clients' messages only, never about those sent by REST, \"is typing\", notifications or notices.\n\n\
Fields: `callId`, `timestamp`, `chat_type` (`chat`, or `groupchat` for groups and rooms), `group_id` (groups and \
rooms), `from`, `to`, `msg_id`, `payload` (`bodies` with one body, `ext`, `from`, `to`, `type`), `securityVersion`, \
`security`.\n\n\
| answer | message | sender, where `show_error` is on |\n|---|---|---|\n\
| 200, `valid` true | delivered | success |\n\
| 200, `valid` true, `payload` | delivered with another text or `ext`; texts only, at most 1,024 bytes, `bodies` or the body itself | success |\n\
| 200, `valid` false, `code` | refused | code 508, the text of `code` |\n\
| 200, `valid` false, no `code` | refused | code 508, `custom logic denied` |\n\
| 200, `valid` false, `code` empty | refused | code 508, `Message blocked by external logic` |\n\
| none in time | as `on_failure` says | code 508, `custom internal error` where it refuses |\n\
| `valid` missing, a field of another type, not JSON, more than 1,000 characters, a `payload` that cannot be used | as `on_failure` says | the same |\n\
| another status, no connection | as `on_failure` says | the same |\n\n\
`chatroom_msg_level` (`high`, `normal`, `low`) sets the priority of a message in a room. With `show_error` off the \
sender always sees success.\n\n\
## After sending: messages\n\n\
One callback with `eventType` `chat` per message, and one with `chat_offline` per recipient of a single chat or group \
who was offline (`to` is then that user). Rooms have no offline copies, nor have messages that are not kept.\n\n\
Fields: `callId`, `eventType`, `timestamp`, `chat_type`, `group_id` (groups and rooms), `from`, `to`, `msg_id`, \
`content_type`, `payload`, `appkey`, `host`, `securityVersion`, `security`.\n\n\
## After everything else\n\n\
A rule whose `events` is empty is told of messages and of all that follows; of operations on groups and rooms in one form: \
`shengwang` and `easemob` in the current one (`group_op_event`), `agora` in the legacy one (`muc`). A rule that names one \
of them gets that, and one that names both gets both. What stands before a colon of a name selects all that begins with \
it. `copies` concerns messages: a rule that wants nothing but `chat_offline` is told of nothing else.\n\n\
One event may mean several callbacks: they go out in order, one after the other. Ids of users are in lower case.\n\n\
Never called back, because it never happens here: `moderation` (results of content review), `delivery_ack`. There is none for custom \
presence.\n\n\
## What all of them have in common\n\n\
Status 200 and no other is success. An answer of more than 1,000 characters is delivered too, but counts as a failure \
towards a ban.\n\n\
`callId` is `{org}#{name}_{uuid}`, and of events with a `msg_id` of their own `{org}#{name}_{msg_id}`: the same on every \
attempt, after restarts and when it is sent again, so that a receiver can drop what it has seen. `security` is the MD5 \
of `callId`, the rule's secret and `timestamp`, run together, in lower-case hex; `timestamp` is when the server took the \
message, or when the thing was done, in Unix milliseconds. Everything is signed, reactions and threads too.\n\n\
Types and examples of every body and answer: [schemas](../schemas/README.md).\n";

/// The contracts as Markdown: `docs/callbacks/easemob.md`.
#[must_use]
pub fn table() -> String {
    let mut page = String::from(HEAD);
    for family in FAMILIES {
        push_family(&mut page, family);
    }
    page.push_str(
        "\n## Rules\n\n[rules.md](../rules.md) lists how rules of these contracts start out, and the names that their \
         `events` may give.\n\nNames of slices of stored callbacks are in this zone unless `storage.zone` says \
         otherwise:\n\n",
    );
    page.push_str("| contract | minutes east of UTC |\n|---|---|\n");
    for product in Product::ALL {
        // Writing to a String cannot fail.
        let _ = writeln!(page, "| `{}` | {} |", product.contract(), product.zone_offset_min());
    }
    page.push_str("\n## Settings\n\n| setting | default | values | what it does |\n|---|---|---|---|\n");
    for setting in switches::SETTINGS {
        let values = setting.values.join(", ");
        let _ = writeln!(page, "| `{}` | {} | {values} | {} |", setting.key, setting.default, setting.doc);
    }
    page
}

/// The callbacks of a family: what selects them, when they come, what they hold, one example of each shape.
fn push_family(page: &mut String, family: &Family) {
    let contract = FamilyContract::new(Product::Easemob);
    let names: Vec<String> = family.names.iter().map(|name| format!("`{name}`")).collect();
    let selected = match names.as_slice() {
        [] => String::new(),
        names => format!("All of it: {}. ", names.join(", ")),
    };
    // Writing to a String cannot fail.
    let _ = writeln!(page, "\n## Told: {}\n\n{selected}{}\n", family.about, family.says);
    page.push_str(
        "| name in `events` | moment | when | fields of `payload` | schema |\n|---|---|---|---|---|\n",
    );
    let mut examples: Vec<(&str, Value)> = Vec::new();
    for row in family.rows {
        let Some(call) = schema::told::example(contract, row) else { continue };
        let Ok(body) = serde_json::from_slice::<Value>(&call.body) else { continue };
        let moments: Vec<String> = row.kinds.iter().map(|kind| format!("`{kind}`")).collect();
        let _ = writeln!(
            page,
            "| `{}` | {} | {} | {} | [{}](../schemas/{}/{}.request.json) |",
            row.name,
            moments.join(", "),
            row.when,
            members(body.get("payload")),
            row.schema,
            contract.name(),
            row.schema
        );
        if !examples.iter().any(|(schema, _)| *schema == row.schema) {
            examples.push((row.schema, body));
        }
    }
    for (schema, body) in examples {
        let fields = members(Some(&body));
        let text = body.to_string();
        let _ = writeln!(page, "\n`{schema}`: {fields}. For example:\n\n```json\n{text}\n```");
    }
}

/// Names of the members of an object.
fn members(object: Option<&Value>) -> String {
    let members = object.and_then(Value::as_object).into_iter().flatten();
    members.map(|(name, _)| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_in_docs_is_this_one() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/callbacks/easemob.md");
        if std::env::var_os("RINGBACK_WRITE_DOCS").is_some() {
            std::fs::write(path, super::table()).unwrap();
        }
        let page = std::fs::read_to_string(path).unwrap();
        assert!(page == super::table(), "run this test with RINGBACK_WRITE_DOCS=1 and look at the change");
    }
}
