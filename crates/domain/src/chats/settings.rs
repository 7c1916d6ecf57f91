//! What users set for their conversations.

use std::collections::BTreeSet;

use ringback_model::command::{ConversationRef, Listed, Outcome, SettingsChange, Unlisting};
use ringback_model::commit::{Commit, CommitError, Write};
use ringback_model::conversation::ConversationId;
use ringback_model::failure::{Failure, Refusal, RefusalCode};
use ringback_model::ids::UserId;
use ringback_model::limits;
use ringback_model::notice::ChatNotice;
use ringback_model::record::{ConversationSettings, Record, RecordKey};
use ringback_model::version::{Touch, VersionLog};

use super::shielding::shielding;
use super::{TRIES, overtaken, still, to_oneself, was_overtaken};
use crate::actions::Deed;
use crate::caller::Caller;
use crate::notices::Keep;
use crate::sizes::notes;
use crate::users::commit_failure;
use crate::{Im, at_most, bad, note, only_self};

/// Conversations that one commit changes: so many are no burden on others' commits.
const CHUNK: usize = 500;

/// One user's side of a conversation that is to change.
struct Side {
    user: UserId,
    conversation: ConversationId,
    /// He is the peer of somebody who sets something for both.
    peer: bool,
}

/// A side as it is.
struct Found {
    record: Option<Record>,
    settings: ConversationSettings,
    on_list: bool,
}

impl Im {
    pub(super) async fn configure(
        &self,
        caller: &Caller,
        users: Vec<(UserId, ConversationRef)>,
        change: SettingsChange,
    ) -> Result<Outcome, Failure> {
        at_most("userIDs", users.len(), limits::LIST_ITEMS)?;
        notes([("attachedInfo", change.attached_info.as_ref()), ("ex", change.ex.as_ref())])?;
        let mut ids = Vec::with_capacity(users.len());
        let mut conversations = Vec::with_capacity(users.len());
        for (user, ConversationRef { text, id }) in users {
            only_self(&caller.actor, &user)?;
            let chat = id.filter(|id| !id.is_aside());
            conversations.push(chat.ok_or_else(|| bad(format!("{text} is no such conversation of {user}")))?);
            ids.push(user);
        }
        let registered = self.registered(&ids).await?;
        let owners: Vec<(UserId, ConversationId)> = registered.into_iter().zip(conversations).collect();
        self.check_views(&owners).await?;
        let sides = sides(owners, change.private.is_some());
        for _ in 0..TRIES {
            let Some(deed) = self.configuration(&sides, &change).await? else { return Ok(Outcome::Done) };
            match self.carry_out_deed(caller, deed).await {
                Ok(_) => return Ok(Outcome::Done),
                Err(CommitError::Broken(broken)) if was_overtaken(&broken) => {}
                Err(error) => return Err(commit_failure(error)),
            }
        }
        Err(overtaken())
    }

    /// Whoever may not see a group's conversation gets no view of it by setting something.
    async fn check_views(&self, owners: &[(UserId, ConversationId)]) -> Result<(), Failure> {
        for (user, conversation) in owners {
            let Some(group) = conversation.group() else { continue };
            let of_user = std::slice::from_ref(conversation);
            if self.store.conversation_states(user, of_user).await?.iter().any(Option::is_some) {
                continue;
            }
            let found = self.store.groups(std::slice::from_ref(group)).await?;
            if found.iter().any(Option::is_some) {
                let detail = format!("{user} is not in group {group}");
                return Err(Refusal::new(RefusalCode::NotInGroup, detail).into());
            }
            return Err(Refusal::new(RefusalCode::NotFound, format!("there is no group {group}")).into());
        }
        Ok(())
    }

    /// The change of all sides; `None` where nothing changes.
    async fn configuration(&self, sides: &[Side], change: &SettingsChange) -> Result<Option<Deed>, Failure> {
        let mut deed = Deed::of(Commit::at(self.clock.now()));
        let mut switched: BTreeSet<ConversationId> = BTreeSet::new();
        let mut shieldings = Vec::new();
        let mut changed = false;
        for (side, found) in sides.iter().zip(self.found(sides).await?) {
            let mut settings = found.settings.clone();
            if side.peer {
                settings.private = change.private.unwrap_or(settings.private);
            } else {
                apply(change, &mut settings);
            }
            if settings.private != found.settings.private {
                switched.insert(side.conversation.clone());
            }
            let forgets = change.min_seq.filter(|seq| !side.peer && *seq > 0);
            if settings == found.settings && found.on_list && forgets.is_none() {
                continue;
            }
            changed = true;
            shieldings.extend(shielding(&found.settings, &settings));
            let is_new = !found.on_list;
            // Of a group, whoever is here has a view already.
            if is_new && side.conversation.group().is_none() {
                deed.commit
                    .writes
                    .push(Write::List { user: side.user.clone(), conversation: side.conversation.clone() });
            }
            if let Some(seq) = forgets {
                deed.commit.writes.push(Write::ForgetBefore {
                    user: side.user.clone(),
                    conversation: side.conversation.clone(),
                    seq,
                });
            }
            keep(
                &mut deed.commit,
                found.record,
                settings,
                if is_new { Touch::Inserted } else { Touch::Updated },
            );
            let conversations = vec![side.conversation.clone()];
            let notice = ChatNotice::Configured { user: side.user.clone(), conversations };
            deed = deed.notify(to_oneself(&side.user, notice, Keep::Nothing));
        }
        for conversation in switched {
            deed = self.tell_of_burning(deed, sides, conversation, change).await?;
        }
        deed = self.tell_of_shields(deed, shieldings).await?;
        Ok(changed.then_some(deed))
    }

    /// Both sides of a single chat find in it that its messages burn.
    async fn tell_of_burning(
        &self,
        deed: Deed,
        sides: &[Side],
        conversation: ConversationId,
        change: &SettingsChange,
    ) -> Result<Deed, Failure> {
        let by = sides.iter().find(|side| !side.peer && side.conversation == conversation);
        let (Some(by), ConversationId::Single(..)) = (by.map(|side| side.user.clone()), &conversation) else {
            return Ok(deed);
        };
        let Some(to) = conversation.peer_of(&by).cloned() else { return Ok(deed) };
        let private = change.private.unwrap_or(false);
        let notice = ChatNotice::Private { by: by.clone(), to, conversation: conversation.clone(), private };
        Ok(deed.notify(self.to_all_of(&by, &conversation, notice, Keep::Said).await?))
    }

    async fn found(&self, sides: &[Side]) -> Result<Vec<Found>, Failure> {
        let keys: Vec<RecordKey> =
            sides.iter().map(|side| RecordKey::conversation(&side.user, &side.conversation)).collect();
        let records = self.store.records(&keys).await?;
        let mut all = Vec::with_capacity(sides.len());
        for (side, record) in sides.iter().zip(records) {
            let of_user = std::slice::from_ref(&side.conversation);
            let on_list = self.listed(&side.user, of_user).await?.pop().flatten().is_some();
            let settings = match &record {
                Some(Record::Conversation(settings)) => settings.clone(),
                _ => ConversationSettings::new(side.user.clone(), side.conversation.clone()),
            };
            all.push(Found { record, settings, on_list });
        }
        Ok(all)
    }

    pub(super) async fn configure_all(
        &self,
        caller: &Caller,
        user: &UserId,
        ex: Option<String>,
    ) -> Result<Outcome, Failure> {
        only_self(&caller.actor, user)?;
        let Some(ex) = ex else { return Ok(Outcome::Done) };
        note("ex", &ex)?;
        let with_ex = |settings: ConversationSettings| ConversationSettings { ex: ex.clone(), ..settings };
        let differs = |one: &Listed| one.settings.ex != ex;
        self.change_many(caller, user, differs, with_ex, Touch::Updated).await
    }

    pub(super) async fn unlist(
        &self,
        caller: &Caller,
        owner: &UserId,
        which: Unlisting,
    ) -> Result<Outcome, Failure> {
        only_self(&caller.actor, owner)?;
        let all = self.listed_all(owner).await?;
        let newest = all.iter().map(|one| (one.state.conversation.clone(), one.state.max_seq));
        let newest: std::collections::HashMap<_, _> = newest.collect();
        // Reading them again while others change them must not take off what has come since.
        let known = |one: &Listed| newest.get(&one.state.conversation) == Some(&one.state.max_seq);
        let goes: Box<dyn Fn(&Listed) -> bool + Send + Sync> = match which {
            Unlisting::These(names) => {
                at_most("conversationIDs", names.len(), limits::LIST_ITEMS)?;
                let ids: BTreeSet<ConversationId> = names.into_iter().filter_map(|name| name.id).collect();
                Box::new(move |one| ids.contains(&one.state.conversation))
            }
            Unlisting::QuietSince(at) => Box::new(move |one| one.state.newest_at < at),
        };
        let without = |settings: ConversationSettings| {
            let deleted_at_seq = Some(newest.get(&settings.conversation).copied().unwrap_or(0));
            ConversationSettings {
                deleted_at_seq,
                ..ConversationSettings::new(settings.user, settings.conversation)
            }
        };
        self.change_many(caller, owner, |one| known(one) && goes(one), without, Touch::Deleted).await
    }

    /// Changes settings of many conversations, in bounded pieces.
    async fn change_many(
        &self,
        caller: &Caller,
        user: &UserId,
        is_meant: impl Fn(&Listed) -> bool + Send + Sync,
        changed: impl Fn(ConversationSettings) -> ConversationSettings + Send + Sync,
        touch: Touch,
    ) -> Result<Outcome, Failure> {
        for _ in 0..TRIES {
            let mut meant: Vec<Listed> = self.listed_all(user).await?;
            meant.retain(&is_meant);
            if meant.is_empty() {
                return Ok(Outcome::Done);
            }
            for chunk in meant.chunks(CHUNK) {
                let keys: Vec<RecordKey> =
                    chunk.iter().map(|one| RecordKey::conversation(user, &one.state.conversation)).collect();
                let mut commit = Commit::at(self.clock.now());
                let mut shieldings = Vec::new();
                for (one, record) in chunk.iter().zip(self.store.records(&keys).await?) {
                    let settings = match &record {
                        Some(Record::Conversation(settings)) => settings.clone(),
                        _ => one.settings.clone(),
                    };
                    let after = changed(settings.clone());
                    shieldings.extend(shielding(&settings, &after));
                    keep(&mut commit, record, after, touch);
                }
                let conversations = chunk.iter().map(|one| one.state.conversation.clone()).collect();
                let notice = ChatNotice::Configured { user: user.clone(), conversations };
                let deed = Deed::of(commit).notify(to_oneself(user, notice, Keep::Nothing));
                let deed = self.tell_of_shields(deed, shieldings).await?;
                match self.carry_out_deed(caller, deed).await {
                    Ok(_) => {}
                    // The next round finds what is left.
                    Err(CommitError::Broken(broken)) if was_overtaken(&broken) => {}
                    Err(error) => return Err(commit_failure(error)),
                }
            }
        }
        let left = self.listed_all(user).await?.iter().any(is_meant);
        if left { Err(overtaken()) } else { Ok(Outcome::Done) }
    }
}

/// The sides that change: those who are named, and their peers where something is set for both.
fn sides(owners: Vec<(UserId, ConversationId)>, for_both: bool) -> Vec<Side> {
    let mut sides: Vec<Side> = Vec::new();
    for (user, conversation) in &owners {
        sides.push(Side { user: user.clone(), conversation: conversation.clone(), peer: false });
    }
    if !for_both {
        return sides;
    }
    for (user, conversation) in owners {
        let ConversationId::Single(..) = &conversation else { continue };
        let Some(peer) = conversation.peer_of(&user).cloned() else { continue };
        let there = |side: &Side| side.user.folded() == peer.folded() && side.conversation == conversation;
        if !sides.iter().any(there) {
            sides.push(Side { user: peer, conversation, peer: true });
        }
    }
    sides
}

fn apply(change: &SettingsChange, settings: &mut ConversationSettings) {
    let take = |value: &mut String, given: &Option<String>| {
        if let Some(given) = given {
            value.clone_from(given);
        }
    };
    settings.receive_option = change.receive_option.unwrap_or(settings.receive_option);
    settings.pinned = change.pinned.unwrap_or(settings.pinned);
    settings.private = change.private.unwrap_or(settings.private);
    settings.burn_s = change.burn_s.unwrap_or(settings.burn_s);
    settings.mention = change.mention.unwrap_or(settings.mention);
    take(&mut settings.attached_info, &change.attached_info);
    take(&mut settings.ex, &change.ex);
    settings.expires = change.expires.unwrap_or(settings.expires);
    settings.expire_s = change.expire_s.unwrap_or(settings.expire_s);
    settings.deleted_at_seq = None;
}

/// Replaces a side's settings, unless somebody else does meanwhile.
pub(super) fn keep(commit: &mut Commit, read: Option<Record>, settings: ConversationSettings, touch: Touch) {
    let (user, id) = (settings.user.clone(), settings.conversation.clone());
    commit.require.push(still(read, RecordKey::conversation(&user, &id)));
    commit.writes.push(Write::Keep(Box::new(Record::Conversation(settings))));
    commit.touches.push((VersionLog::Conversations(user), id.to_string(), touch));
}
