//! Ids by which receivers recognise a callback that they have seen: derived, never rolled, so that they are the
//! same on every attempt and after every restart.

use ringback_model::delivery::DeliveryKey;
use ringback_model::event::EventKind;
use ringback_model::ids::{MessageId, RuleId};
use sha2::{Digest, Sha256};

/// Header that carries the id. Source: Standard Webhooks specification, "Webhook metadata".
pub const HEADER: &str = "webhook-id";

/// The id of an after-callback: one event for one rule and copy. The body counts too: positions begin again in a new
/// data folder and are given a second time after an old one was put back, and a receiver must not take what
/// happens then for what it has seen. A delivery's body is the same at every attempt, so its id is.
#[must_use]
pub fn of_delivery(rule: &RuleId, key: DeliveryKey, body: &[u8]) -> String {
    let mut hash = Sha256::new();
    hash.update(b"delivery\0");
    hash.update(rule.0.as_bytes());
    hash.update([0]);
    hash.update(key.pos.0.to_be_bytes());
    hash.update(key.copy.to_be_bytes());
    hash.update(body);
    text(&hash.finalize())
}

/// The id of a before-callback: one moment of one message for one rule. `part` counts the calls of a question that is
/// asked one by one, from 0.
#[must_use]
pub fn of_question(rule: &RuleId, message: MessageId, kind: EventKind, part: u32) -> String {
    let mut hash = Sha256::new();
    hash.update(b"question\0");
    hash.update(rule.0.as_bytes());
    hash.update([0]);
    hash.update(message.0.to_be_bytes());
    hash.update(kind.name().as_bytes());
    if part > 0 {
        hash.update([0]);
        hash.update(part.to_be_bytes());
    }
    text(&hash.finalize())
}

/// `msg_` and 130 bits of the hash, five per character: lower case without i, l, o and u, which are misread.
fn text(hash: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let mut id = String::with_capacity(30);
    id.push_str("msg_");
    let (mut bits, mut held) = (0u32, 0u32);
    let mut bytes = hash.iter();
    while id.len() < 30 {
        if held < 5 {
            bits = (bits << 8) | u32::from(bytes.next().copied().unwrap_or(0));
            held += 8;
        }
        held -= 5;
        let index = usize::try_from((bits >> held) & 31).unwrap_or(0);
        id.push(char::from(ALPHABET[index]));
    }
    id
}

#[cfg(test)]
mod tests {
    use ringback_model::ids::LogPos;

    use super::*;

    fn key(pos: u64, copy: u32) -> DeliveryKey {
        DeliveryKey { pos: LogPos(pos), copy }
    }

    #[test]
    fn the_same_delivery_has_the_same_id_for_ever() {
        let id = of_delivery(&RuleId::new("file:webhooks:after"), key(42, 0), b"{}");
        // Written down once: receivers keep these ids, so a change of the derivation is a change of the protocol.
        assert_eq!(id, "msg_r2mtcp6mk08ca5syy71mjnha5v");
    }

    #[test]
    fn every_part_of_the_key_counts() {
        let rule = RuleId::new("a");
        let mut ids = vec![
            of_delivery(&rule, key(1, 0), b"x"),
            of_delivery(&rule, key(1, 0), b"y"),
            of_delivery(&rule, key(1, 1), b"x"),
            of_delivery(&rule, key(2, 0), b"x"),
            of_delivery(&RuleId::new("b"), key(1, 0), b"x"),
        ];
        for kind in EventKind::ALL {
            ids.push(of_question(&rule, MessageId(1), kind, 0));
        }
        ids.push(of_question(&rule, MessageId(2), EventKind::MessageSending, 0));
        ids.push(of_question(&rule, MessageId(2), EventKind::MessageSending, 1));
        assert!(ids.iter().all(|id| id.len() == 30 && id.starts_with("msg_")));
        let all = ids.len();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), all);
    }
}
