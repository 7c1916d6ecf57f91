//! Lists of conversations, and what changed in them.

use std::cmp::Reverse;
use std::collections::HashMap;

use ringback_model::command::{ChatOutcome, Chosen, ConversationRef, Listed, Outcome, Overview};
use ringback_model::conversation::{ConversationId, ConversationState};
use ringback_model::failure::{Failure, Fault, Refusal, RefusalCode};
use ringback_model::ids::{GroupId, UserId};
use ringback_model::limits;
use ringback_model::record::{ConversationSettings, Friend, Record, RecordKey, RecordKind};
use ringback_model::version::{Version, VersionLog};

use super::unknown_conversation;
use crate::caller::Caller;
use crate::history::Newest;
use crate::{Im, at_most, only_self};

/// Settings that are read at once.
const PAGE: usize = 1000;

/// What an overview is to hold.
pub(super) struct Wanted {
    pub(super) which: Chosen,
    pub(super) page: Option<(usize, usize)>,
    pub(super) only_with_messages: bool,
    pub(super) some: bool,
}

impl Im {
    pub(super) async fn conversations(
        &self,
        caller: &Caller,
        owner: &UserId,
        which: Chosen,
    ) -> Result<Outcome, Failure> {
        only_self(&caller.actor, owner)?;
        let (total, conversations) = self.chosen(owner, which).await?;
        Ok(Outcome::OfChat(ChatOutcome::Conversations { total, conversations }))
    }

    pub(super) async fn conversation(
        &self,
        caller: &Caller,
        owner: &UserId,
        conversation: ConversationRef,
    ) -> Result<Outcome, Failure> {
        only_self(&caller.actor, owner)?;
        let unknown = unknown_conversation(&conversation.text);
        let (total, conversations) = self.chosen(owner, Chosen::These(vec![conversation])).await?;
        if conversations.is_empty() {
            return Err(unknown.into());
        }
        Ok(Outcome::OfChat(ChatOutcome::Conversations { total, conversations }))
    }

    pub(super) async fn last_messages(
        &self,
        caller: &Caller,
        user: &UserId,
        conversations: Vec<ConversationRef>,
    ) -> Result<Outcome, Failure> {
        only_self(&caller.actor, user)?;
        at_most("conversationIDs", conversations.len(), limits::LIST_ITEMS)?;
        let chats = conversations.iter().map(|name| name.id.as_ref().filter(|id| !id.is_aside()));
        let states = self.views(user, chats).await?;
        let named: Vec<(String, &ConversationState)> = conversations
            .into_iter()
            .zip(&states)
            .filter_map(|(name, state)| Some((name.text, state.as_ref()?)))
            .collect();
        let asked: Vec<&ConversationState> = named.iter().map(|(_, state)| *state).collect();
        let newest = self.newest_valid(user, &asked, limits::PULL_BYTES).await?;
        let found =
            named.into_iter().zip(newest).filter_map(|((name, _), newest)| Some((name, newest.message()?)));
        Ok(Outcome::OfChat(ChatOutcome::LastMessages(found.collect())))
    }

    pub(super) async fn conversation_changes(
        &self,
        caller: &Caller,
        owner: &UserId,
        seen: Option<Version>,
    ) -> Result<Outcome, Failure> {
        only_self(&caller.actor, owner)?;
        let delta = self.delta(&VersionLog::Conversations(owner.clone()), seen).await?;
        let elements = delta.inserted.iter().chain(&delta.updated);
        let ids: Vec<ConversationId> = elements.filter_map(|key| ConversationId::parse(key)).collect();
        let listed = self.listed(owner, &ids).await?.into_iter().flatten();
        let listed: HashMap<String, Listed> =
            listed.map(|one| (one.state.conversation.to_string(), one)).collect();
        let delta = delta.filled(|key| listed.get(key).cloned());
        Ok(Outcome::OfChat(ChatOutcome::Changes(Box::new(delta))))
    }

    pub(super) async fn conversation_ids(&self, caller: &Caller, owner: &UserId) -> Result<Outcome, Failure> {
        only_self(&caller.actor, owner)?;
        // Where the list stands is read first: what changes meanwhile is told once more, not missed.
        let now = self.list_version(&VersionLog::Conversations(owner.clone())).await?;
        let ids = self.listed_all(owner).await?.into_iter().map(|one| one.state.conversation).collect();
        Ok(Outcome::OfChat(ChatOutcome::Ids { now, ids }))
    }

    pub(super) async fn overview(
        &self,
        caller: &Caller,
        owner: &UserId,
        wanted: Wanted,
    ) -> Result<Outcome, Failure> {
        only_self(&caller.actor, owner)?;
        let Wanted { which, page, only_with_messages, some } = wanted;
        let (_, mut listed) = self.chosen(owner, which).await?;
        if some && listed.is_empty() {
            return Err(Refusal::new(RefusalCode::NotFound, "there is no conversation").into());
        }
        let unread = listed.iter().map(Listed::unread).sum();
        if only_with_messages {
            listed.retain(|one| one.state.max_seq >= one.state.min_seq.max(1));
        }
        listed.sort_by_key(|one| (Reverse(one.settings.pinned), Reverse(one.state.newest_at)));
        let total = listed.len();
        let mut shown: Vec<Listed> = match page {
            Some((skip, limit)) => listed.into_iter().skip(skip).take(limit).collect(),
            None => listed,
        };
        shown.truncate(limits::PULL_MESSAGES);
        let mut conversations = self.with_company(owner, shown).await?;
        if only_with_messages {
            conversations.retain(|one| one.last.is_some() || one.last_left_out);
        }
        Ok(Outcome::OfChat(ChatOutcome::Overview { total, unread, conversations }))
    }

    /// Adds newest messages, peers, friends and groups, each kind in one go.
    async fn with_company(&self, owner: &UserId, listed: Vec<Listed>) -> Result<Vec<Overview>, Failure> {
        let states: Vec<&ConversationState> = listed.iter().map(|one| &one.state).collect();
        let last = self.newest_valid(owner, &states, limits::PULL_BYTES_UNLIMITED).await?;
        let peer_of = |state: &ConversationState| match &state.conversation {
            id @ (ConversationId::Single(..) | ConversationId::Notice(..)) => id.peer_of(owner).cloned(),
            _ => None,
        };
        let peers: Vec<UserId> = states.iter().filter_map(|state| peer_of(state)).collect();
        let groups: Vec<GroupId> =
            states.iter().filter_map(|state| state.conversation.group().cloned()).collect();
        let friends: Vec<RecordKey> = peers.iter().map(|peer| RecordKey::friend(owner, peer)).collect();
        let users = self.store.users(&peers).await?.into_iter();
        let friends = self.store.records(&friends).await?.into_iter().map(friend);
        let mut company: HashMap<UserId, _> = peers.into_iter().zip(users.zip(friends)).collect();
        let found = self.store.groups(&groups).await?;
        let mut groups: HashMap<GroupId, _> = groups.into_iter().zip(found).collect();
        let mut all = Vec::with_capacity(listed.len());
        for (listed, last) in listed.into_iter().zip(last) {
            let peer = peer_of(&listed.state);
            let (user, friend) = peer.and_then(|peer| company.remove(&peer)).unwrap_or_default();
            let group = listed.state.conversation.group().and_then(|group| groups.remove(group)).flatten();
            let last_left_out = matches!(last, Newest::Left);
            all.push(Overview { listed, last: last.message(), last_left_out, user, friend, group });
        }
        Ok(all)
    }

    /// How many are on the list, and those that are meant.
    async fn chosen(&self, owner: &UserId, which: Chosen) -> Result<(usize, Vec<Listed>), Failure> {
        if let Chosen::These(names) = which {
            at_most("conversationIDs", names.len(), limits::LIST_ITEMS)?;
            let ids: Vec<ConversationId> = names.into_iter().filter_map(|name| name.id).collect();
            let listed: Vec<Listed> = self.listed(owner, &ids).await?.into_iter().flatten().collect();
            return Ok((listed.len(), listed));
        }
        let mut listed = self.listed_all(owner).await?;
        let total = listed.len();
        match which {
            Chosen::Page { skip, limit } => {
                listed = listed.into_iter().skip(skip).take(limit).collect();
            }
            Chosen::Pinned => listed.retain(|one| one.settings.pinned),
            Chosen::Silent => listed.retain(|one| one.settings.receive_option != 0),
            Chosen::All | Chosen::These(_) => {}
        }
        Ok((total, listed))
    }

    /// All that is on a user's list, ascending by id.
    pub(crate) async fn listed_all(&self, user: &UserId) -> Result<Vec<Listed>, Fault> {
        let states = self.store.conversations(user).await?;
        let owner = user.folded();
        let mut settings: HashMap<ConversationId, ConversationSettings> = HashMap::new();
        let mut after = String::new();
        loop {
            let page = self.store.records_of(RecordKind::Conversation, &owner, &after, PAGE).await?;
            let full = page.len() == PAGE;
            after = page.last().map_or_else(String::new, |last| last.key().about);
            for record in page {
                if let Record::Conversation(one) = record {
                    settings.insert(one.conversation.clone(), one);
                }
            }
            if !full {
                break;
            }
        }
        let listed = states.into_iter().map(|state| {
            let settings = settings.remove(&state.conversation);
            with_settings(user, state, settings)
        });
        Ok(listed.filter(is_on_list).collect())
    }

    /// Some of what is on a user's list, in order; `None` for what is not.
    pub(crate) async fn listed(
        &self,
        user: &UserId,
        ids: &[ConversationId],
    ) -> Result<Vec<Option<Listed>>, Fault> {
        let states = self.store.conversation_states(user, ids).await?;
        let keys: Vec<RecordKey> = ids.iter().map(|id| RecordKey::conversation(user, id)).collect();
        let settings = self.store.records(&keys).await?;
        let listed = states.into_iter().zip(settings).map(|(state, record)| {
            let settings = if let Some(Record::Conversation(one)) = record { Some(one) } else { None };
            Some(with_settings(user, state?, settings)).filter(is_on_list)
        });
        Ok(listed.collect())
    }
}

fn with_settings(user: &UserId, state: ConversationState, settings: Option<ConversationSettings>) -> Listed {
    let settings =
        settings.unwrap_or_else(|| ConversationSettings::new(user.clone(), state.conversation.clone()));
    Listed { state, settings }
}

/// What was taken off is back once something newer was said.
fn is_on_list(listed: &Listed) -> bool {
    listed.settings.deleted_at_seq.is_none_or(|seq| listed.state.max_seq > seq)
}

fn friend(record: Option<Record>) -> Option<Friend> {
    if let Some(Record::Friend(friend)) = record { Some(friend) } else { None }
}
