//! What clients are told to do: keys and values, for everybody or for one user.

use std::collections::BTreeMap;

use ringback_model::command::{Actor, Outcome, UserOutcome};
use ringback_model::commit::{Commit, Write};
use ringback_model::failure::{Failure, Refusal, RefusalCode};
use ringback_model::ids::UserId;
use ringback_model::limits;
use ringback_model::page::{Found, Page, RecordQuery, Shelf};
use ringback_model::record::{ClientSetting, Record, RecordKey, RecordKind};

use crate::caller::Caller;
use crate::users::commit_failure;
use crate::{Im, at_most, bad, note, only_admin, only_self};

impl Im {
    /// What holds for everybody, and what holds for the user alone in its place.
    pub(super) async fn client_settings(&self, actor: &Actor, user: &UserId) -> Result<Outcome, Failure> {
        only_self(actor, user)?;
        let mut found: BTreeMap<String, ClientSetting> = BTreeMap::new();
        for owner in [String::new(), user.folded()] {
            let most = limits::CLIENT_SETTINGS;
            let records = self.store.records_of(RecordKind::ClientSetting, &owner, "", most).await?;
            found.extend(records.into_iter().filter_map(setting).map(|one| (one.key.clone(), one)));
        }
        let items: Vec<ClientSetting> = found.into_values().collect();
        let found = Found { total: items.len() as u64, items };
        Ok(Outcome::OfUser(UserOutcome::ClientSettings(found)))
    }

    pub(super) async fn set_client_settings(
        &self,
        caller: &Caller,
        user: Option<UserId>,
        settings: Vec<(String, String)>,
    ) -> Result<Outcome, Failure> {
        let user = self.settings_owner(caller, user).await?;
        at_most("the list of keys", settings.len(), limits::CLIENT_SETTINGS)?;
        for (key, value) in &settings {
            check_key(key)?;
            note("a value", value)?;
        }
        let records: Vec<Record> = settings
            .into_iter()
            .map(|(key, value)| Record::ClientSetting(ClientSetting { user: user.clone(), key, value }))
            .collect();
        let keys: Vec<RecordKey> = records.iter().map(Record::key).collect();
        let new = self.store.records(&keys).await?.iter().filter(|found| found.is_none()).count();
        let owner = user.as_ref().map(UserId::folded).unwrap_or_default();
        let all = RecordQuery::all(RecordKind::ClientSetting, Shelf::Owner(owner));
        let there = self.store.find_records(&all, Page { skip: 0, limit: 0 }).await?.total;
        if there + new as u64 > limits::CLIENT_SETTINGS as u64 {
            let detail = format!("there may be {} keys at most", limits::CLIENT_SETTINGS);
            return Err(Refusal::new(RefusalCode::NoPermission, detail).into());
        }
        let mut commit = Commit::at(self.clock.now());
        commit.writes = records.into_iter().map(|record| Write::Keep(Box::new(record))).collect();
        self.store.commit(commit).await.map_err(commit_failure)?;
        Ok(Outcome::Done)
    }

    pub(super) async fn remove_client_settings(
        &self,
        caller: &Caller,
        user: Option<UserId>,
        keys: Vec<String>,
    ) -> Result<Outcome, Failure> {
        let user = self.settings_owner(caller, user).await?;
        at_most("the list of keys", keys.len(), limits::CLIENT_SETTINGS)?;
        let mut commit = Commit::at(self.clock.now());
        commit.writes =
            keys.iter().map(|key| Write::Discard(RecordKey::client_setting(user.as_ref(), key))).collect();
        self.store.commit(commit).await.map_err(commit_failure)?;
        Ok(Outcome::Done)
    }

    pub(super) async fn find_client_settings(
        &self,
        actor: &Actor,
        user: Option<UserId>,
        key: String,
        page: Page,
    ) -> Result<Outcome, Failure> {
        only_admin(actor)?;
        at_most("a page", page.limit, limits::LIST_ITEMS)?;
        let found = match (user, key) {
            (Some(user), key) if !key.is_empty() => {
                let found = self.store.records(&[RecordKey::client_setting(Some(&user), &key)]).await?;
                page.find(found.into_iter().flatten().collect())
            }
            (Some(user), _) => self.settings_on(Shelf::Owner(user.folded()), page).await?,
            (None, key) if key.is_empty() => self.settings_on(Shelf::All, page).await?,
            (None, key) => self.settings_on(Shelf::About(key), page).await?,
        };
        let Found { total, items } = found;
        let items = items.into_iter().filter_map(setting).collect();
        Ok(Outcome::OfUser(UserOutcome::ClientSettings(Found { total, items })))
    }

    async fn settings_on(&self, shelf: Shelf, page: Page) -> Result<Found<Record>, Failure> {
        let query = RecordQuery::all(RecordKind::ClientSetting, shelf);
        Ok(self.store.find_records(&query, page).await?)
    }

    /// The user as he was registered. Who is not is no record (REST sheet 4).
    async fn settings_owner(&self, caller: &Caller, user: Option<UserId>) -> Result<Option<UserId>, Failure> {
        only_admin(&caller.actor)?;
        let Some(user) = user else { return Ok(None) };
        match self.user(&user).await? {
            Some(found) => Ok(Some(found.id)),
            None => {
                let detail = format!("user {user} does not exist");
                Err(Refusal::new(RefusalCode::NotFound, detail).into())
            }
        }
    }
}

fn setting(record: Record) -> Option<ClientSetting> {
    match record {
        Record::ClientSetting(setting) => Some(setting),
        _ => None,
    }
}

fn check_key(key: &str) -> Result<(), Refusal> {
    if key.is_empty() {
        return Err(bad("a key is empty"));
    }
    if key.len() > limits::RULE_WORD_CHARS {
        return Err(bad(format!("a key is longer than {} bytes", limits::RULE_WORD_CHARS)));
    }
    Ok(())
}
