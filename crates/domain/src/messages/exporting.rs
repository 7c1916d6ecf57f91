//! The messages of an hour, as the log has them: for apps that missed callbacks. Whoever holds the address may fetch
//! them for a while; the address is nothing that anybody else can write.

use std::sync::Arc;

use ringback_model::command::MessageOutcome;
use ringback_model::failure::{Failure, Fault, Refusal, RefusalCode};
use ringback_model::ids::LogPos;
use ringback_model::limits;
use ringback_model::message::{ContentClass, Message};
use ringback_model::notice;
use ringback_model::time::UnixMs;

use crate::Im;

/// Set apart from everything else that is sealed.
const PURPOSE: &str = "export";
const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
/// Events read at once.
const READ_EVENTS: usize = 256;

/// Messages on their way out.
#[derive(Debug, Clone)]
pub struct Export {
    after: LogPos,
    last: LogPos,
}

impl Im {
    pub(super) async fn export(&self, local_min: i64, zone_min: i32) -> Result<MessageOutcome, Failure> {
        let zone = self.zone_min.unwrap_or(zone_min);
        let from = local_min.saturating_sub(i64::from(zone)).saturating_mul(MINUTE_MS);
        let mut wanted = self.export_of(from).await?;
        loop {
            match self.exported(&mut wanted).await? {
                None => {
                    let detail = "nothing is known of that hour";
                    return Err(Refusal::new(RefusalCode::NotFound, detail).into());
                }
                Some(messages) if messages.is_empty() => {}
                Some(_) => break,
            }
        }
        let expires_at = self.clock.now().plus(limits::EXPORT_VALIDITY);
        let ticket = self.seals.seal(&format!("{PURPOSE} {from} {}", expires_at.0));
        Ok(MessageOutcome::Exported { ticket, expires_at })
    }

    /// What a ticket opens.
    ///
    /// # Errors
    /// `NoPermission` for a text that is no ticket of ours, `TooLate` for one whose time is over; the store's fault.
    pub async fn open_export(&self, ticket: &str) -> Result<Export, Failure> {
        let no = || Refusal::new(RefusalCode::NoPermission, "this address was not given out by this server");
        let text = self.seals.open(ticket).ok_or_else(no)?;
        let (from, until) = read_ticket(&text).ok_or_else(no)?;
        if until <= self.clock.now() {
            return Err(Refusal::new(RefusalCode::TooLate, "the time of this address is over").into());
        }
        Ok(self.export_of(from).await?)
    }

    async fn export_of(&self, from: i64) -> Result<Export, Fault> {
        let after = self.store.position_at(UnixMs(from)).await?;
        let last = self.store.position_at(UnixMs(from.saturating_add(HOUR_MS))).await?;
        Ok(Export { after, last })
    }

    /// The next messages, in the order of the log, perhaps none; `None` once there are no more.
    ///
    /// # Errors
    /// The store's fault.
    pub async fn exported(&self, export: &mut Export) -> Result<Option<Vec<Arc<Message>>>, Fault> {
        if export.after >= export.last {
            return Ok(None);
        }
        let events = self.store.read(export.after, READ_EVENTS).await?;
        let Some(newest) = events.last() else { return Ok(None) };
        export.after = newest.pos;
        let within = events.iter().filter(|event| event.pos <= export.last);
        let messages = within.filter_map(|event| event.sent()).map(|sent| &sent.message);
        Ok(Some(messages.filter(|message| is_said(message)).map(Arc::clone).collect()))
    }
}

/// Whether somebody has said it; what the server tells devices is not exported.
fn is_said(message: &Message) -> bool {
    let notification = message.content.class == ContentClass::Notification;
    !message.handling.aside && !notification && message.content.form != notice::FORM
}

fn read_ticket(text: &str) -> Option<(i64, UnixMs)> {
    let (from, until) = text.strip_prefix(PURPOSE)?.strip_prefix(' ')?.split_once(' ')?;
    Some((from.parse().ok()?, UnixMs(until.parse().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tickets_of_another_purpose_open_nothing() {
        assert_eq!(read_ticket("export 5 7"), Some((5, UnixMs(7))));
        for text in ["", "export", "export 5", "export 5 x", "exports 5 7", "{\"user\":\"a\"}"] {
            assert_eq!(read_ticket(text), None, "{text}");
        }
    }
}
