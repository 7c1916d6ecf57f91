//! Messages that are looked for. There is no index over what was said: of the conversations that fit, the newest
//! messages are read, up to a bound.

use std::collections::HashMap;
use std::sync::Arc;

use ringback_model::command::{ChatOutcome, Found, MessageSearch, Outcome, SearchPlace};
use ringback_model::conversation::ConversationId;
use ringback_model::failure::{Failure, Fault};
use ringback_model::group::Group;
use ringback_model::ids::{GroupId, LogPos, UserId};
use ringback_model::limits;
use ringback_model::message::Message;
use ringback_model::ports::StoredRange;
use ringback_model::record::{Fate, Mark, Record, RecordKey};
use ringback_model::user::User;

use crate::caller::Caller;
use crate::{Im, at_most, only_admin};

/// Messages that are read at once.
const PAGE: usize = 500;

impl Im {
    pub(super) async fn search(&self, caller: &Caller, search: MessageSearch) -> Result<Outcome, Failure> {
        only_admin(&caller.actor)?;
        at_most("a page", search.limit, limits::LIST_ITEMS)?;
        let mut found = match self.places(&search).await? {
            Some(places) => self.search_places(&search, places).await?,
            None => self.search_log(&search).await?,
        };
        self.without_deleted(&mut found).await?;
        found.sort_by_key(|message| std::cmp::Reverse((message.sent_at, message.id)));
        let total = found.len();
        let page: Vec<Arc<Message>> = found.into_iter().skip(search.skip).take(search.limit).collect();
        let messages = self.with_names(page).await?;
        Ok(Outcome::OfChat(ChatOutcome::Found { total, messages }))
    }

    /// The conversations in which it can have been said; `None` = anywhere.
    async fn places(&self, search: &MessageSearch) -> Result<Option<Vec<ConversationId>>, Fault> {
        let user = search.recipient.as_deref().and_then(|text| UserId::parse(text).ok());
        let group = search.recipient.as_deref().and_then(|text| GroupId::parse(text).ok());
        let wants = |place| search.place.is_none_or(|wanted| wanted == place);
        let mut places = Vec::new();
        if let Some(recipient) = &search.recipient {
            if recipient.is_empty() {
                return Ok(None);
            }
            places.extend(group.filter(|_| wants(SearchPlace::Group)).map(ConversationId::Group));
        }
        let someone = match (&search.sender, &user) {
            (Some(sender), Some(user)) => {
                let target = ringback_model::conversation::Target::Notice(user.clone());
                places.push(ConversationId::single(sender, user));
                places.push(ConversationId::of(sender, &target));
                None
            }
            (Some(one), None) | (None, Some(one)) => Some(one),
            (None, None) => return Ok(None),
        };
        if let Some(someone) = someone {
            let theirs = self.store.conversations(someone).await?;
            places.extend(theirs.into_iter().map(|state| state.conversation));
        }
        places.retain(|place| place_of(place).is_some_and(wants));
        Ok(Some(places))
    }

    async fn search_places(
        &self,
        search: &MessageSearch,
        places: Vec<ConversationId>,
    ) -> Result<Vec<Arc<Message>>, Fault> {
        let newest = self.store.newest(&places).await?;
        let mut left: Vec<StoredRange> = places
            .into_iter()
            .zip(newest)
            .filter(|(_, newest)| *newest > 0)
            .map(|(conversation, last)| StoredRange { conversation, first: 1, last, limit: PAGE })
            .collect();
        let mut found = Vec::new();
        let mut room = limits::SEARCHED_MESSAGES;
        while !left.is_empty() && room > 0 {
            let pages = self.store.ranges(&left, room.min(PAGE)).await?;
            let read: usize = pages.iter().map(Vec::len).sum();
            if read == 0 {
                break;
            }
            room = room.saturating_sub(read);
            let mut rest = Vec::new();
            for (mut range, page) in left.into_iter().zip(pages) {
                match page.first() {
                    Some(first) if first.seq > range.first => {
                        range.last = first.seq - 1;
                        rest.push(range);
                    }
                    Some(_) => {}
                    // Where there was no room it is read next time; what holds nothing any more is at its end.
                    None if read >= PAGE => rest.push(range),
                    None => {}
                }
                found.extend(page.into_iter().filter(|message| fits(search, message)));
            }
            left = rest;
        }
        Ok(found)
    }

    /// From the end of the log backwards.
    async fn search_log(&self, search: &MessageSearch) -> Result<Vec<Arc<Message>>, Fault> {
        let mut end = self.store.tail().0;
        let start = self.store.start().0.max(end.saturating_sub(limits::SEARCHED_MESSAGES as u64));
        let mut found = Vec::new();
        while end > start {
            let from = end.saturating_sub(PAGE as u64).max(start.saturating_sub(1));
            let events = self.store.read(LogPos(from), PAGE).await?;
            let sent = events.iter().filter(|event| event.pos.0 <= end).filter_map(|event| event.sent());
            let messages = sent.map(|sent| Arc::clone(&sent.message));
            found.extend(messages.filter(|message| message.seq > 0 && fits(search, message)));
            end = from;
        }
        Ok(found)
    }

    /// Leaves out what was deleted for everybody.
    async fn without_deleted(&self, found: &mut Vec<Arc<Message>>) -> Result<(), Fault> {
        let mut kept = Vec::with_capacity(found.len());
        for some in found.chunks(PAGE) {
            let keys: Vec<RecordKey> =
                some.iter().map(|message| RecordKey::mark(&message.conversation(), message.seq)).collect();
            let marks = self.store.records(&keys).await?;
            let is_there =
                |mark: &Option<Record>| !matches!(mark, Some(Record::Mark(Mark { fate: Fate::Deleted, .. })));
            let left = some.iter().zip(&marks).filter(|(_, mark)| is_there(mark));
            kept.extend(left.map(|(message, _)| Arc::clone(message)));
        }
        *found = kept;
        Ok(())
    }

    async fn with_names(&self, page: Vec<Arc<Message>>) -> Result<Vec<Found>, Fault> {
        let marks: Vec<RecordKey> =
            page.iter().map(|message| RecordKey::mark(&message.conversation(), message.seq)).collect();
        let marks = self.store.records(&marks).await?;
        let peers: Vec<UserId> = page.iter().filter_map(|message| recipient(message).cloned()).collect();
        let groups: Vec<GroupId> =
            page.iter().filter_map(|message| message.target.group().cloned()).collect();
        let users: HashMap<UserId, User> = self
            .store
            .users(&peers)
            .await?
            .into_iter()
            .zip(peers)
            .filter_map(|(user, id)| Some((id, user?)))
            .collect();
        let groups: HashMap<GroupId, Group> = self
            .store
            .groups(&groups)
            .await?
            .into_iter()
            .zip(groups)
            .filter_map(|(group, id)| Some((id, group?)))
            .collect();
        let found = page.into_iter().zip(marks).map(|(message, mark)| Found {
            revoked: matches!(mark, Some(Record::Mark(Mark { fate: Fate::Revoked(_), .. }))),
            recipient: recipient(&message).and_then(|user| users.get(user)).cloned(),
            group: message.target.group().and_then(|group| groups.get(group)).cloned(),
            message: match &mark {
                Some(Record::Mark(Mark { fate: Fate::Edited(edition), .. })) => {
                    Arc::new(edition.of(&message))
                }
                _ => message,
            },
        });
        Ok(found.collect())
    }
}

const fn place_of(conversation: &ConversationId) -> Option<SearchPlace> {
    match conversation {
        ConversationId::Single(..) => Some(SearchPlace::Single),
        ConversationId::Group(_) => Some(SearchPlace::Group),
        ConversationId::Notice(..) => Some(SearchPlace::Notice),
        ConversationId::AsideSingle(..) | ConversationId::AsideGroup(_) => None,
    }
}

fn recipient(message: &Message) -> Option<&UserId> {
    use ringback_model::conversation::Target;
    match &message.target {
        Target::User(user) | Target::Notice(user) => Some(user),
        Target::Group(_) | Target::Room(_) => None,
    }
}

fn fits(search: &MessageSearch, message: &Message) -> bool {
    let to =
        recipient(message).map_or_else(|| message.target.group().map_or("", GroupId::as_str), UserId::as_str);
    search.sender.as_ref().is_none_or(|sender| *sender == message.sender)
        && search.recipient.as_deref().is_none_or(|wanted| wanted.is_empty() || wanted == to)
        && search.content_code.is_none_or(|code| code == message.content.code)
        && search.place.is_none_or(|place| place_of(&message.conversation()) == Some(place))
        && search.sent.is_none_or(|(from, before)| from <= message.sent_at && message.sent_at < before)
}
