//! After-callbacks held against history: each stored message's came, no other did, in each conversation's order.

use std::collections::HashSet;
use std::time::Duration;

use super::backend::{Backend, Kind, Log};
use super::history::History;
use super::report::{Violation, hold};

/// Longest wait for the next step towards an end that must come, after the last restart.
pub(super) const LAST: Duration = Duration::from_secs(60);

/// Waits until all that must arrive are there, and checks them: how many there are.
pub(super) async fn check(backend: &Backend, history: &History) -> Result<u64, Violation> {
    // Three of each message: of its kind of chat, of its being saved, of the rule that retries.
    let total = 3 * history.len() as u64;
    let complete = all_taken(backend, total).await;
    let log = backend.log.lock().unwrap();
    if !complete {
        let missing = wanted(history).find(|(kind, _, key)| !is_taken(&log, *kind, key));
        let seen = format!("{} of {total}, missing for instance {missing:?}", *backend.taken.borrow());
        return Err(Violation::new("every stored message's after-callbacks come", seen));
    }
    no_other(&log, history)?;
    in_order(&log, history)?;
    let (ids, deliveries) = (log.distinct_ids(), log.seen.len());
    hold(ids == deliveries, "every delivery has an id of its own", || format!("{ids} for {deliveries}"))?;
    Ok(total)
}

/// Waits for as long as they keep coming; false where they stop before all are there.
async fn all_taken(backend: &Backend, total: u64) -> bool {
    let mut taken = backend.taken.subscribe();
    while *taken.borrow_and_update() < total {
        if tokio::time::timeout(LAST, taken.changed()).await.is_err() {
            return false;
        }
    }
    true
}

/// Kind, conversation and key of every callback that must arrive.
fn wanted(history: &History) -> impl Iterator<Item = (Kind, &str, &str)> {
    history.conversations.iter().flat_map(|(name, conversation)| {
        let chat = if name.starts_with("sg_") { Kind::Group } else { Kind::Single };
        conversation.messages.iter().flat_map(move |message| {
            [
                (chat, name.as_str(), message.server_id.as_str()),
                (Kind::Saved, name.as_str(), message.server_id.as_str()),
                (Kind::Steady, name.as_str(), message.text.as_str()),
            ]
        })
    })
}

fn is_taken(log: &Log, kind: Kind, key: &str) -> bool {
    log.seen.get(&(kind, key.to_owned())).is_some_and(|seen| seen.taken)
}

/// No callback came for a message that is not stored, and none is missing.
fn no_other(log: &Log, history: &History) -> Result<(), Violation> {
    let mut known: HashSet<(Kind, &str)> = wanted(history).map(|(kind, _, key)| (kind, key)).collect();
    let texts = history.conversations.values().flat_map(|conversation| &conversation.messages);
    known.extend(texts.map(|message| (Kind::Refused, message.text.as_str())));
    for ((kind, key), seen) in log.seen.iter().filter(|((kind, _), _)| *kind != Kind::Step) {
        hold(known.contains(&(*kind, key)), "callbacks come for stored messages only", || {
            format!("{kind:?} of {key}")
        })?;
        hold(seen.taken || !kind.must_arrive(), "every after-callback is delivered", || {
            format!("{kind:?} of {key} after {} attempts", seen.attempts)
        })?;
    }
    Ok(())
}

/// The first deliveries of a conversation are in its order.
fn in_order(log: &Log, history: &History) -> Result<(), Violation> {
    let mut last: std::collections::HashMap<(Kind, &str), u64> = std::collections::HashMap::new();
    for (kind, name, key) in wanted(history).filter(|(kind, ..)| *kind != Kind::Steady) {
        let first = log.seen.get(&(kind, key.to_owned())).map_or(0, |seen| seen.first);
        let before = last.insert((kind, name), first).unwrap_or_default();
        hold(before <= first, "first deliveries are in their conversation's order", || {
            format!("{kind:?} of {key} in {name}: arrival {first}, the message before it {before}")
        })?;
    }
    Ok(())
}
