//! How much room texts and messages take on their way to clients, and how much they may take.
//!
//! A text that is short in memory may be long on the wire: a control character takes six bytes of JSON. So all texts are
//! counted as they are written there; then a message, or a notice with all that it names, fits the clients' read limit.

use std::collections::BTreeMap;

use ringback_model::command::Draft;
use ringback_model::failure::Refusal;
use ringback_model::limits;
use ringback_model::message::{Message, OfflinePush};
use ringback_model::record::{Fate, Seen};

use crate::{at_most, bad};

/// Bytes of a message on the wire besides what is counted: ids that the server makes, numbers, tags of fields.
const ENVELOPE: usize = 192;

/// Bytes of a text as it stands in JSON.
pub(crate) fn written(text: &str) -> usize {
    let bytes = |byte: u8| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' => 2,
        0..=0x1f | 0x7f => 6,
        _ => 1,
    };
    text.bytes().map(bytes).sum()
}

/// That a text besides what messages say is not too long.
pub(crate) fn note(what: &str, text: &str) -> Result<(), Refusal> {
    let bytes = written(text);
    if bytes <= limits::NOTE_BYTES {
        return Ok(());
    }
    Err(bad(format!("{what} has {bytes} bytes, at most {} are allowed", limits::NOTE_BYTES)))
}

/// That each of these texts, if it is given, is not too long.
pub(crate) fn notes<'a>(
    texts: impl IntoIterator<Item = (&'a str, Option<&'a String>)>,
) -> Result<(), Refusal> {
    texts
        .into_iter()
        .filter_map(|(what, text)| Some((what, text?)))
        .try_for_each(|(what, text)| note(what, text))
}

/// That a caller's message is not too long.
pub(crate) fn draft(draft: &Draft) -> Result<(), Refusal> {
    content(&draft.content.raw)?;
    draft.client_id.as_deref().map_or(Ok(()), client_id)?;
    Besides {
        texts: [&draft.nickname, &draft.face_url, &draft.attached_info, &draft.ex],
        offline_push: draft.offline_push.as_ref(),
        mentions: &draft.mentions,
        options: &draft.options,
    }
    .check()
}

/// That a message is not too long, as rules have left it.
pub(crate) fn message(message: &Message) -> Result<(), Refusal> {
    content(&message.content.raw)?;
    client_id(&message.client_id)?;
    Besides {
        texts: [&message.nickname, &message.face_url, &message.attached_info, &message.ex],
        offline_push: message.offline_push.as_ref(),
        mentions: &message.mentions,
        options: &message.options,
    }
    .check()
}

fn content(raw: &str) -> Result<(), Refusal> {
    if raw.len() > limits::CONTENT_BYTES {
        let (is, most) = (raw.len(), limits::CONTENT_BYTES);
        return Err(bad(format!("content has {is} bytes, at most {most} are allowed")));
    }
    Ok(())
}

fn client_id(id: &str) -> Result<(), Refusal> {
    match id {
        "" => Err(bad("clientMsgID is empty")),
        id if id.len() > limits::CLIENT_MESSAGE_ID_BYTES => {
            Err(bad(format!("clientMsgID is longer than {} bytes", limits::CLIENT_MESSAGE_ID_BYTES)))
        }
        _ => Ok(()),
    }
}

/// What a message carries besides what it says.
struct Besides<'a> {
    /// The sender's name and picture, the client's and the app's texts.
    texts: [&'a String; 4],
    offline_push: Option<&'a OfflinePush>,
    mentions: &'a [String],
    options: &'a BTreeMap<String, bool>,
}

impl Besides<'_> {
    fn check(&self) -> Result<(), Refusal> {
        let names = ["senderNickname", "senderFaceURL", "attachedInfo", "ex"];
        notes(names.into_iter().zip(self.texts.map(Some)))?;
        if let Some(push) = self.offline_push {
            notes([
                ("title of offlinePushInfo", Some(&push.title)),
                ("desc of offlinePushInfo", Some(&push.desc)),
                ("ex of offlinePushInfo", Some(&push.ex)),
                ("iOSPushSound of offlinePushInfo", Some(&push.ios_sound)),
                ("signalInfo of offlinePushInfo", Some(&push.signal_info)),
            ])?;
        }
        at_most("atUserIDList", self.mentions.len(), limits::LIST_ITEMS)?;
        if self.mentions.iter().any(|mention| mention.len() > limits::MENTION_BYTES) {
            let most = limits::MENTION_BYTES;
            return Err(bad(format!("an entry of atUserIDList is longer than {most} bytes")));
        }
        at_most("options", self.options.len(), limits::MESSAGE_SWITCHES)?;
        if self.options.keys().any(|name| name.len() > limits::SWITCH_BYTES) {
            return Err(bad(format!("a name in options is longer than {} bytes", limits::SWITCH_BYTES)));
        }
        Ok(())
    }
}

/// Bytes that a message takes in an answer, rather too many than too few.
pub(crate) fn weight(seen: &Seen) -> usize {
    let message = &seen.message;
    let says = match &seen.fate {
        _ if !seen.is_there() => 0,
        // Who took back whose message stands there instead, written as JSON within JSON.
        Some(Fate::Revoked(by)) => 2 * (written(&by.nickname) + written(&message.nickname)) + 2 * ENVELOPE,
        _ => written(&message.content.raw),
    };
    let push = message.offline_push.as_ref().map_or(0, |push| {
        let texts = [&push.title, &push.desc, &push.ex, &push.ios_sound, &push.signal_info];
        texts.iter().map(|text| text.len()).sum()
    });
    let target = message.target.group().map_or(limits::ID_BYTES, |group| group.as_str().len());
    let texts =
        [&message.client_id, &message.nickname, &message.face_url, &message.attached_info, &message.ex];
    ENVELOPE
        + says
        + push
        + message.sender.as_str().len()
        + target
        + texts.iter().map(|text| text.len()).sum::<usize>()
        + message.mentions.iter().map(|mention| mention.len() + 3).sum::<usize>()
        + message.options.keys().map(|name| name.len() + 8).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use ringback_model::conversation::Target;
    use ringback_model::ids::UserId;
    use ringback_model::message::ContentClass;
    use ringback_model::sample;

    use super::*;

    /// Puts a text into a part of a message.
    type Put = fn(&mut Draft, String);

    fn ordinary() -> Draft {
        let id = |text| UserId::parse(text).unwrap();
        sample::draft(id("ann"), Target::User(id("bob")), sample::content(ContentClass::Text, 1, "x"))
    }

    #[test]
    fn every_part_of_a_message_has_a_bound() {
        let long = |bytes| "x".repeat(bytes);
        let note = limits::NOTE_BYTES;
        let parts: [(usize, Put); 8] = [
            (limits::CONTENT_BYTES, |draft, text| draft.content.raw = text),
            (limits::CLIENT_MESSAGE_ID_BYTES, |draft, text| draft.client_id = Some(text)),
            (note, |draft, text| draft.nickname = text),
            (note, |draft, text| draft.face_url = text),
            (note, |draft, text| draft.attached_info = text),
            (note, |draft, text| draft.ex = text),
            (note, |draft, text| {
                draft.offline_push = Some(OfflinePush { desc: text, ..OfflinePush::default() });
            }),
            (limits::MENTION_BYTES, |draft, text| draft.mentions = vec![text]),
        ];
        for (number, (most, put)) in parts.into_iter().enumerate() {
            for (bytes, fits) in [(most, true), (most + 1, false)] {
                let mut of = ordinary();
                put(&mut of, long(bytes));
                assert_eq!(draft(&of).is_ok(), fits, "part {number} of {bytes} bytes");
            }
        }
        assert!(draft(&Draft { client_id: Some(String::new()), ..ordinary() }).is_err());
        let many = vec!["bob".to_owned(); limits::LIST_ITEMS + 1];
        assert!(draft(&Draft { mentions: many, ..ordinary() }).is_err());
        let switches = (0..=limits::MESSAGE_SWITCHES).map(|n| (n.to_string(), true)).collect();
        assert!(draft(&Draft { options: switches, ..ordinary() }).is_err());
    }

    #[test]
    fn texts_count_as_they_stand_in_json() {
        for (text, bytes) in [("", 0), ("abc", 3), ("\"", 2), ("a\nb", 4), ("\u{1}", 6), ("é", 2)] {
            assert_eq!(written(text), bytes, "{text:?}");
        }
        let most = limits::NOTE_BYTES;
        assert!(note("ex", &"x".repeat(most)).is_ok());
        assert!(note("ex", &"\u{1}".repeat(most / 6 + 1)).is_err());
        assert_eq!(
            note("ex", &"x".repeat(most + 1)).unwrap_err().detail,
            format!("ex has {} bytes, at most {most} are allowed", most + 1)
        );
    }
}
