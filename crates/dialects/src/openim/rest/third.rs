//! `/third`: push tokens, badges, uploaded logs. Source: REST sheet 10.

use ringback_model::command::{Command, DeviceCommand, DeviceOutcome, NewLog, Outcome};
use ringback_model::dialect::EdgeRequest;
use ringback_model::record::LogFile;
use ringback_model::time::UnixMs;
use ringback_model::user::Platform;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::body::{Reject, body, given, parse, required, required_number, user_id};
use super::page::{Pagination, page};
use super::reply::{Data, data};
use crate::openim::callbacks::numbers;

body! {
    /// Where a push service finds the caller's device.
    #[schemars(rename = "PushToken")]
    PushTokenBody {
        /// 1 to 11.
        platform: i32 = "platformID" required,
        /// As the push service gave it.
        token: String = "fcmToken" required,
        /// The caller's account with the push service.
        account: String = "account" required,
        /// When it ends, seconds since 1970; 0 = unknown.
        expires_at: i64 = "expireTime",
    }
}

body! {
    /// What an app's icon says.
    #[schemars(rename = "AppBadge")]
    BadgeBody {
        /// Whose.
        user: String = "userID" required,
        /// Unread messages.
        unread: i32 = "appUnreadCount",
    }
}

body! {
    /// A log file that was uploaded.
    #[schemars(rename = "UploadedLog")]
    FileBody {
        /// What it is called.
        name: String = "filename",
        /// Where it lies.
        url: String = "URL",
    }
}

/// A platform: the published clients send its number, others send a text.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
pub(in crate::openim::rest) enum SystemName {
    Number(i32),
    Text(String),
}

impl Default for SystemName {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

impl SystemName {
    /// The platform's name; of numbers that nobody knows, the number.
    fn into_text(self) -> String {
        match self {
            Self::Number(number) => match numbers::platform(Platform(number)) {
                "" => number.to_string(),
                name => name.to_owned(),
            },
            Self::Text(text) => text,
        }
    }
}

body! {
    /// Log files that were uploaded.
    #[schemars(rename = "UploadedLogs")]
    UploadBody {
        /// The platform that the client runs on, by its number, or the client's own word for it.
        platform: SystemName = "platform",
        /// The files.
        files: Option<Vec<FileBody>> = "fileURLs" required,
        /// The client's framework.
        framework: String = "appFramework",
        /// The client's version.
        version: String = "version",
        /// The app's own text.
        ex: String = "ex",
    }
}

body! {
    /// Logs by id.
    #[schemars(rename = "LogIds")]
    DeleteBody {
        /// Which.
        ids: Option<Vec<String>> = "logIDs" required,
    }
}

body! {
    /// Logs of a time.
    #[schemars(rename = "LogSearch")]
    SearchBody {
        /// Only those whose user, name or platform holds this.
        keyword: String = "keyword",
        /// Milliseconds since 1970.
        from: i64 = "startTime",
        /// Milliseconds since 1970; 0 = now.
        to: i64 = "endTime",
        /// Which page.
        page: Option<Pagination> = "pagination" required,
    }
}

pub(super) fn push_token(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: PushTokenBody = parse(&request.body)?;
    let platform = required_number("platformID", asked.platform)?;
    required("account", &asked.account)?;
    let token = required("fcmToken", &asked.token)?.into();
    let expires_at = UnixMs(asked.expires_at.max(0).saturating_mul(1000));
    Ok(Command::Device(DeviceCommand::SetPushToken { platform: Platform(platform), token, expires_at }))
}

pub(super) fn badge(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: BadgeBody = parse(&request.body)?;
    let user = user_id("userID", &asked.user)?;
    Ok(Command::Device(DeviceCommand::SetBadge { user, unread: asked.unread }))
}

pub(super) fn upload_logs(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: UploadBody = parse(&request.body)?;
    let files = given("fileURLs", asked.files)?;
    let platform = asked.platform.into_text();
    let log = |file: FileBody| NewLog {
        platform: platform.clone(),
        url: file.url,
        name: file.name,
        framework: asked.framework.clone(),
        version: asked.version.clone(),
        ex: asked.ex.clone(),
    };
    let logs = files.into_iter().map(log).collect();
    Ok(Command::Device(DeviceCommand::AddLogs { logs }))
}

pub(super) fn delete_logs(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: DeleteBody = parse(&request.body)?;
    Ok(Command::Device(DeviceCommand::DeleteLogs { ids: given("logIDs", asked.ids)? }))
}

pub(super) fn search_logs(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: SearchBody = parse(&request.body)?;
    let page = page(asked.page)?;
    Ok(Command::Device(DeviceCommand::Logs {
        keyword: asked.keyword,
        from: UnixMs(asked.from),
        to: UnixMs(asked.to),
        skip: page.skip,
        limit: page.limit,
    }))
}

/// An uploaded log.
#[derive(Serialize, JsonSchema)]
struct LogInfo<'a> {
    #[serde(rename = "userID")]
    user: &'a str,
    platform: &'a str,
    url: &'a str,
    /// Milliseconds since 1970.
    #[serde(rename = "createTime")]
    at: i64,
    nickname: &'a str,
    #[serde(rename = "logID")]
    id: &'a str,
    filename: &'a str,
    /// The client's framework.
    #[serde(rename = "systemType")]
    framework: &'a str,
    ex: &'a str,
    version: &'a str,
}

impl<'a> From<&'a LogFile> for LogInfo<'a> {
    fn from(log: &'a LogFile) -> Self {
        Self {
            user: log.user.as_str(),
            platform: &log.platform,
            url: &log.url,
            at: log.at.0,
            nickname: &log.nickname,
            id: &log.id,
            filename: &log.name,
            framework: &log.framework,
            ex: &log.ex,
            version: &log.version,
        }
    }
}

/// A page of uploaded logs.
#[derive(Serialize, JsonSchema)]
pub(super) struct Logs<'a> {
    #[serde(rename = "logsInfos")]
    logs: Vec<LogInfo<'a>>,
    total: usize,
}

pub(super) fn logs_data(outcome: &Outcome) -> Option<Data> {
    let Outcome::OfDevice(DeviceOutcome::Logs { total, logs }) = outcome else { return None };
    data(&Logs { logs: logs.iter().map(LogInfo::from).collect(), total: *total })
}
