//! The page for those who write receivers, generated from the code, so that it cannot go stale.

use std::fmt::Write as _;

use super::{Product, switches};

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
## After sending\n\n\
One callback with `eventType` `chat` per message, and one with `chat_offline` per recipient of a single chat or group \
who was offline (`to` is then that user). Rooms have no offline copies, nor have messages that are not kept.\n\n\
Fields: `callId`, `eventType`, `timestamp`, `chat_type`, `group_id` (groups and rooms), `from`, `to`, `msg_id`, \
`content_type`, `payload`, `appkey`, `host`, `securityVersion`, `security`.\n\n\
Status 200 and no other is success. An answer of more than 1,000 characters is delivered too, but counts as a failure \
towards a ban.\n\n\
`callId` is `{org}#{name}_{uuid}`: the same on every attempt, after restarts and when it is sent again, so that a \
receiver can drop what it has seen. `security` is the MD5 of `callId`, the rule's secret and `timestamp`, run together, \
in lower-case hex; `timestamp` is when the server took the message, in Unix milliseconds.\n\n\
Types and examples of every body and answer: [schemas](../schemas/README.md).\n";

/// The contracts as Markdown: `docs/callbacks/easemob.md`.
#[must_use]
pub fn table() -> String {
    let mut page = String::from(HEAD);
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
