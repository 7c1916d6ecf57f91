//! What became of waking sleeping devices. Source: easemob-callbacks fact sheet 5.10.

use ringback_model::action::{Action, ChatAction, PushEnded, PushOutcome, PushResult};
use ringback_model::event::EventKind;
use ringback_model::ids::GroupId;
use ringback_model::user::Platform;
use schemars::JsonSchema;
use serde::Serialize;

use super::told::{Ids, Told, message_id, written};
use super::{Call, Family, Row};
use crate::schemas;

const PUSH: &str = "push";

#[rustfmt::skip]
static ROWS: &[Row] = &[
    Row { name: PUSH, schema: PUSH, kinds: &[EventKind::PushEnded], when: "sleeping devices of a user were woken for a message, or not", shape: schemas::written::<Body<'static>> },
];

pub(super) static FAMILY: Family = Family {
    names: &[],
    about: "what became of offline pushes",
    says: "Told to rules that name it, and to no others: there is one for every user who was offline. `success` says that \
           the push provider of the server has taken it. `callId` and `msg_id` are the message's, the same for all its \
           users; the header `webhook-id` is another one for each.",
    rows: ROWS,
    named_only: true,
    ids: Ids::Message,
    calls,
};

#[derive(Serialize, JsonSchema)]
struct Body<'a> {
    /// Id of the callback: the app's key, `_`, and `msg_id`.
    #[serde(rename = "callId")]
    call_id: &'a str,
    /// Lower-case hex of MD5 over `callId`, the rule's secret and `timestamp`, one after the other.
    security: &'a str,
    /// The app: its organisation, `#`, its name.
    appkey: &'a str,
    /// The kind of conversation.
    chat_type: Chat,
    /// Always `push`.
    step: &'static str,
    /// Whether it was handed to somebody who wakes devices.
    status: Status,
    /// Who was to be woken.
    target: String,
    /// Who sent the message.
    from: String,
    /// The group; absent in chats of two.
    #[serde(skip_serializing_if = "Option::is_none")]
    group_id: Option<&'a str>,
    /// The message.
    msg_id: String,
    /// The makers' services, where the user's devices have said that they use one; several are separated by commas.
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<String>,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'static str>,
    /// When that was clear, in Unix milliseconds.
    timestamp: i64,
}

#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Chat {
    Chat,
    Groupchat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Status {
    Success,
    Fail,
}

/// Why nobody was woken, in the words of the vendors' table; `None` = it was handed over.
const fn detail(outcome: PushOutcome) -> Option<&'static str> {
    match outcome {
        PushOutcome::Taken => None,
        PushOutcome::NoProvider => Some("no push binding"),
        PushOutcome::Silent => Some("message ignore push"),
        PushOutcome::Unwilling => Some("user ignore push"),
        PushOutcome::Unknown => Some("no user exist"),
        PushOutcome::TooOld => Some("expire message"),
        PushOutcome::NotTaken => Some("push yet but fail"),
    }
}

/// The service that wakes devices of a class, as far as that is known.
const fn channel(platform: Platform) -> Option<&'static str> {
    match platform.0 {
        1 | 9 => Some("APNS"),
        2 | 8 => Some("ANDROID"),
        _ => None,
    }
}

fn channels(result: &PushResult) -> Option<String> {
    let mut names: Vec<&str> = result.platforms.iter().filter_map(|platform| channel(*platform)).collect();
    names.sort_unstable();
    names.dedup();
    (!names.is_empty()).then(|| names.join(","))
}

fn calls<'a>(told: &'a Told<'a>) -> Vec<Call<'a>> {
    let Action::Chat(ChatAction::Push(ended)) = told.action() else { return Vec::new() };
    ended.results.iter().map(|result| call(told, ended, result)).collect()
}

fn call<'a>(told: &'a Told<'a>, ended: &'a PushEnded, result: &'a PushResult) -> Call<'a> {
    Call::new(PUSH, move |_| {
        let message = &ended.message;
        let msg_id = message_id(message.message, message.public_id.as_deref());
        let stamp = told.stamp_of(&msg_id);
        let group = ended.conversation.group();
        let detail = detail(result.outcome);
        written(&Body {
            call_id: &stamp.call_id,
            security: &stamp.security,
            appkey: &stamp.app_key,
            chat_type: if group.is_some() { Chat::Groupchat } else { Chat::Chat },
            step: "push",
            status: if detail.is_none() { Status::Success } else { Status::Fail },
            target: result.user.folded(),
            from: message.sender.folded(),
            group_id: group.map(GroupId::as_str),
            msg_id,
            channel: channels(result),
            detail,
            timestamp: stamp.timestamp,
        })
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use ringback_model::ids::UserId;

    use super::*;

    #[test]
    fn every_outcome_has_words_of_its_own() {
        let words: BTreeSet<_> = PushOutcome::ALL.into_iter().map(detail).collect();
        assert_eq!(words.len(), PushOutcome::ALL.len());
    }

    #[test]
    fn services_are_named_once() {
        let of = |platforms: &[i32]| {
            let platforms = platforms.iter().copied().map(Platform).collect();
            let user = UserId::parse("bob").unwrap();
            channels(&PushResult { user, outcome: PushOutcome::Taken, platforms })
        };
        for (platforms, wanted) in [
            (&[][..], None),
            (&[5], None),
            (&[1], Some("APNS")),
            (&[1, 9, 5], Some("APNS")),
            (&[1, 2, 8], Some("ANDROID,APNS")),
        ] {
            assert_eq!(of(platforms).as_deref(), wanted, "{platforms:?}");
        }
    }
}
