//! What a store says it holds.

use std::collections::BTreeMap;
use std::sync::Arc;

use ringback_model::conversation::ConversationId;
use ringback_model::delivery::RuleVersion;
use ringback_model::event::Event;
use ringback_model::failure::Fault;
use ringback_model::ids::{LogPos, RuleId};
use ringback_model::message::Message;
use ringback_model::ports::Store;
use ringback_model::rule::Rule;
use ringback_model::storage::{BanRecord, ParkedCount};

use crate::ledger::Books;
use crate::workload::{GROUP, PEERS, RULES, SENDER};
use crate::world::{group_id, single, user};

#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) start: u64,
    pub(crate) tail: usize,
    pub(crate) highest: u64,
    pub(crate) log: Vec<Arc<Event>>,
    pub(crate) users: Vec<String>,
    pub(crate) history: BTreeMap<ConversationId, Vec<Arc<Message>>>,
    /// Newest seq of a conversation, as its members' lists say.
    pub(crate) newest: BTreeMap<ConversationId, u64>,
    pub(crate) books: BTreeMap<RuleId, Books>,
    pub(crate) counts: Vec<ParkedCount>,
    pub(crate) ban: BanRecord,
    pub(crate) shelf: Vec<Rule>,
    pub(crate) versions: Vec<RuleVersion>,
    pub(crate) retries: u32,
}

/// Every conversation that a workload writes into.
pub(crate) fn conversations() -> impl Iterator<Item = ConversationId> {
    let singles = PEERS.iter().map(|peer| single(SENDER, peer));
    singles.chain([ConversationId::Group(group_id(GROUP))])
}

impl Seen {
    pub(crate) async fn read(store: &dyn Store) -> Result<Self, Fault> {
        let mut history = BTreeMap::new();
        for conversation in conversations() {
            let messages = store.range(&conversation, 1, u64::MAX, usize::MAX).await?;
            history.insert(conversation, messages);
        }
        let lists = store.conversations(&user(SENDER)).await?;
        let mut books = BTreeMap::new();
        for rule in RULES.map(RuleId::new) {
            let Some(progress) = store.load(&rule).await? else { continue };
            let parked = store.parked(&rule, None, usize::MAX).await?;
            let all = progress.exceptions.into_iter().chain(parked);
            let exceptions = all.map(|exception| (exception.key, exception)).collect();
            books.insert(rule, Books { cursor: progress.cursor.0, exceptions });
        }
        let retries = store.slice_retries().await?;
        let users = store.user_ids(None, usize::MAX).await?;
        Ok(Self {
            start: store.start().0,
            tail: usize::try_from(store.tail().0).unwrap(),
            highest: store.highest_message().await?.0,
            log: store.read(LogPos::ZERO, usize::MAX).await?,
            users: users.into_iter().map(|id| id.to_string()).collect(),
            history,
            newest: lists.into_iter().map(|state| (state.conversation, state.max_seq)).collect(),
            books,
            counts: store.parked_counts().await?,
            ban: store.ban().await?,
            shelf: store.kept().await?,
            versions: store.versions().await?,
            retries: retries.first().map_or(0, |(_, retries)| *retries),
        })
    }
}
