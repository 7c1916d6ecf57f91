//! Devices: where they are woken, what their icons say, what they have logged.

use ringback_model::command::{DeviceCommand, DeviceOutcome, NewLog, Outcome};
use ringback_model::commit::{Commit, Write};
use ringback_model::failure::Failure;
use ringback_model::limits;
use ringback_model::record::{Badge, LogFile, PushToken, Record, RecordKey, RecordKind};
use ringback_model::time::UnixMs;
use ringback_model::user::Platform;

use crate::caller::Caller;
use crate::tokens::check_known;
use crate::users::commit_failure;
use crate::{Im, at_most, bad, only_admin, only_self};

impl Im {
    pub(crate) async fn device_command(
        &self,
        caller: &Caller,
        command: DeviceCommand,
    ) -> Result<Outcome, Failure> {
        match command {
            DeviceCommand::SetPushToken { platform, token, expires_at } => {
                self.set_push_token(caller, platform, token.reveal(), expires_at).await
            }
            DeviceCommand::ForgetPushToken => {
                let actor = &caller.actor;
                let key = RecordKey::push_token(&actor.user, actor.platform);
                self.commit_writes(std::iter::once(Write::Discard(key))).await
            }
            DeviceCommand::SetBadge { user, unread } => {
                only_self(&caller.actor, &user)?;
                if unread < 0 {
                    return Err(bad("appUnreadCount is negative").into());
                }
                let user = self.registered(&[user]).await?.remove(0);
                self.keep_records([Record::Badge(Badge { user, unread })]).await
            }
            DeviceCommand::AddLogs { logs } => self.add_logs(caller, logs).await,
            DeviceCommand::DeleteLogs { ids } => {
                only_admin(&caller.actor)?;
                at_most("logIDs", ids.len(), limits::LIST_ITEMS)?;
                let discard = |id: &String| Write::Discard(RecordKey::log_file(id));
                self.commit_writes(ids.iter().map(discard)).await
            }
            DeviceCommand::Logs { keyword, from, to, skip, limit } => {
                only_admin(&caller.actor)?;
                self.logs(&keyword, from, to, skip, limit).await
            }
        }
    }

    async fn set_push_token(
        &self,
        caller: &Caller,
        platform: Platform,
        token: &str,
        expires_at: UnixMs,
    ) -> Result<Outcome, Failure> {
        check_known(platform)?;
        if token.is_empty() || token.len() > limits::PUSH_TOKEN_BYTES {
            return Err(bad(format!("the push token has not 1 to {} bytes", limits::PUSH_TOKEN_BYTES)).into());
        }
        let (user, token) = (caller.actor.user.clone(), token.to_owned());
        self.keep_records([Record::PushToken(PushToken { user, platform, token, expires_at })]).await
    }

    async fn add_logs(&self, caller: &Caller, logs: Vec<NewLog>) -> Result<Outcome, Failure> {
        at_most("fileURLs", logs.len(), limits::LIST_ITEMS)?;
        let user = caller.actor.user.clone();
        let nickname = self.user(&user).await?.map(|user| user.nickname).unwrap_or_default();
        let mut records = Vec::new();
        for log in logs {
            let texts = [&log.platform, &log.url, &log.name, &log.framework, &log.version, &log.ex];
            if texts.into_iter().any(|text| text.chars().count() > limits::LOG_TEXT_CHARS) {
                return Err(
                    bad(format!("a text is longer than {} characters", limits::LOG_TEXT_CHARS)).into()
                );
            }
            records.push(Record::LogFile(LogFile {
                id: format!("{:020}", self.number().0),
                user: user.clone(),
                nickname: nickname.clone(),
                platform: log.platform,
                url: log.url,
                name: log.name,
                framework: log.framework,
                version: log.version,
                ex: log.ex,
                at: self.clock.now(),
            }));
        }
        let kept = self.all_logs().await?;
        let beyond = (kept.len() + records.len()).saturating_sub(limits::LOGS_KEPT);
        let oldest = kept.iter().take(beyond).map(|log| Write::Discard(RecordKey::log_file(&log.id)));
        let new = records.into_iter().map(|record| Write::Keep(Box::new(record)));
        self.commit_writes(oldest.chain(new)).await
    }

    /// Oldest first.
    async fn all_logs(&self) -> Result<Vec<LogFile>, Failure> {
        let found = self.store.records_of(RecordKind::LogFile, "", "", 2 * limits::LOGS_KEPT).await?;
        let logs = found.into_iter().filter_map(|record| match record {
            Record::LogFile(log) => Some(log),
            _ => None,
        });
        Ok(logs.collect())
    }

    async fn logs(
        &self,
        keyword: &str,
        from: UnixMs,
        to: UnixMs,
        skip: usize,
        limit: usize,
    ) -> Result<Outcome, Failure> {
        at_most("a page", limit, limits::LIST_ITEMS)?;
        let until = if to.0 == 0 { UnixMs(i64::MAX) } else { to };
        let mut found = self.all_logs().await?;
        found.retain(|log| from <= log.at && log.at <= until && mentions(log, keyword));
        found.reverse();
        let (total, page) = (found.len(), found.into_iter().skip(skip).take(limit).collect());
        Ok(Outcome::OfDevice(DeviceOutcome::Logs { total, logs: page }))
    }

    async fn keep_records(&self, records: impl IntoIterator<Item = Record>) -> Result<Outcome, Failure> {
        self.commit_writes(records.into_iter().map(|record| Write::Keep(Box::new(record)))).await
    }

    /// Writes that nobody is told of.
    async fn commit_writes(&self, writes: impl IntoIterator<Item = Write>) -> Result<Outcome, Failure> {
        let commit = writes.into_iter().fold(Commit::at(self.clock.now()), Commit::write);
        self.store.commit(commit).await.map_err(commit_failure)?;
        Ok(Outcome::Done)
    }
}

fn mentions(log: &LogFile, keyword: &str) -> bool {
    keyword.is_empty()
        || [log.user.as_str(), &log.nickname, &log.name, &log.platform]
            .iter()
            .any(|text| text.contains(keyword))
}
