//! `/admin/v1/keywords…`: word lists.

use std::sync::Arc;

use http::StatusCode;
use ringback_model::keyword::{ChatKind, KeywordVerdict, Setting, WordList};
use ringback_model::message::Origin;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Admin;
use super::error::ApiError;
use super::input::Input;
use super::reply::Reply;
use crate::keywords::{KeywordError, list_file};
use crate::rules::start::show_time;

/// A word list, to be kept in place of the one of its name.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewWordList {
    /// What becomes of messages that have its words: `refuse`, `replace` or `report`.
    action: String,
    /// Whether it is in use; true without it.
    #[serde(default = "yes")]
    enabled: bool,
    /// Where it counts: `single`, `group`, `room`; everywhere without it.
    #[serde(default)]
    chats: Vec<String>,
    /// For messages that came in which way: `client`, `rest`; both without it.
    #[serde(default)]
    origins: Vec<String>,
    /// Administrators' messages count, too.
    #[serde(default)]
    admins: bool,
    /// Its words.
    words: Vec<String>,
}

/// A text to be tried.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct KeywordCheck {
    /// What somebody would say.
    text: String,
    /// Where: `single`, `group` or `room`; `single` without it.
    #[serde(default)]
    chat: Option<String>,
    /// How it would come in: `client` or `rest`; `client` without it.
    #[serde(default)]
    origin: Option<String>,
    /// An administrator of the app would say it.
    #[serde(default)]
    by_admin: bool,
}

/// A word list.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "WordList")]
pub(super) struct WordListView {
    /// Its name.
    name: String,
    /// What becomes of messages that have its words.
    action: &'static str,
    /// Whether it is in use.
    enabled: bool,
    /// Where it counts; empty = everywhere.
    chats: Vec<&'static str>,
    /// For messages that came in which way; empty = both.
    origins: Vec<&'static str>,
    /// Administrators' messages count, too.
    admins: bool,
    /// How many words it has.
    count: usize,
    /// `file` = it stands in the operator's file and is changed there only; `api`.
    origin: &'static str,
    /// When it was made or changed; null = it stands in a file.
    changed_at: Option<String>,
    /// Its words; null where all lists are shown.
    words: Option<Vec<String>>,
}

/// All word lists.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct WordLists {
    /// Those of the file first.
    lists: Vec<WordListView>,
}

/// A word list is gone.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct WordListDeleted {
    /// Its name.
    deleted: String,
}

/// What would become of a text.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct KeywordChecked {
    /// `pass`, `report`, `replace` or `refuse`.
    verdict: &'static str,
    /// The words that were found.
    words: Vec<String>,
    /// The names of the lists that they are on.
    lists: Vec<String>,
    /// The text as it would be sent; null = it would not.
    text: Option<String>,
}

const fn yes() -> bool {
    true
}

const fn origin_name(origin: Origin) -> &'static str {
    match origin {
        Origin::Client => "client",
        Origin::Rest => "rest",
    }
}

impl WordListView {
    fn of(list: &WordList, of_file: bool, with_words: bool) -> Self {
        Self {
            name: list.name.clone(),
            action: list.verdict.name(),
            enabled: list.enabled,
            chats: list.chats.iter().map(|chat| chat.name()).collect(),
            origins: list.origins.iter().map(|origin| origin_name(*origin)).collect(),
            admins: list.admins,
            count: list.words.len(),
            origin: if of_file { "file" } else { "api" },
            changed_at: (!of_file).then(|| show_time(list.changed_at)),
            words: with_words.then(|| list.words.clone()),
        }
    }
}

pub(super) async fn list(admin: &Admin, _: &Input) -> Result<Reply, ApiError> {
    let lists = admin.keywords.list();
    let lists = lists.iter().map(|(list, of_file)| WordListView::of(list, *of_file, false)).collect();
    Reply::json(StatusCode::OK, &WordLists { lists })
}

pub(super) async fn show(admin: &Admin, input: &Input) -> Result<Reply, ApiError> {
    let (list, of_file) = admin.keywords.find(input.param("list"))?;
    Reply::json(StatusCode::OK, &WordListView::of(&list, of_file, true))
}

pub(super) async fn keep(admin: &Admin, input: &Input) -> Result<Reply, ApiError> {
    let list = read(input.param("list"), input)?;
    let (list, is_new): (Arc<WordList>, bool) = admin.keywords.keep(list).await?;
    tracing::info!(list = list.name, words = list.words.len(), "an administrator has put a word list");
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Reply::json(status, &WordListView::of(&list, false, false))
}

pub(super) async fn remove(admin: &Admin, input: &Input) -> Result<Reply, ApiError> {
    let name = input.param("list");
    admin.keywords.discard(name).await?;
    tracing::info!(list = name, "an administrator has removed a word list");
    Reply::json(StatusCode::OK, &WordListDeleted { deleted: name.to_owned() })
}

pub(super) async fn check(admin: &Admin, input: &Input) -> Result<Reply, ApiError> {
    let order =
        KeywordCheck::deserialize(&input.body).map_err(|error| ApiError::bad_request(error.to_string()))?;
    let chat = order.chat.as_deref().map_or(Ok(ChatKind::Single), list_file::chat);
    let origin = order.origin.as_deref().map_or(Ok(Origin::Client), list_file::origin);
    let setting = Setting {
        chat: chat.map_err(|_| ApiError::field("chat", "must be single, group or room"))?,
        origin: origin.map_err(|_| ApiError::field("origin", "must be client or rest"))?,
        by_admin: order.by_admin,
    };
    let Some(found) = admin.keywords.check(&order.text, setting) else {
        let text = Some(order.text);
        let passed = KeywordChecked { verdict: "pass", words: Vec::new(), lists: Vec::new(), text };
        return Reply::json(StatusCode::OK, &passed);
    };
    let refused = found.hit.verdict == KeywordVerdict::Refuse;
    let text = if refused { None } else { Some(found.replaced.unwrap_or(order.text)) };
    let checked = KeywordChecked {
        verdict: found.hit.verdict.name(),
        words: found.hit.words,
        lists: found.hit.lists.into_iter().map(|(list, _)| list).collect(),
        text,
    };
    Reply::json(StatusCode::OK, &checked)
}

fn read(name: &str, input: &Input) -> Result<WordList, ApiError> {
    list_file::check_name(name).map_err(|why| ApiError::field("name", why))?;
    let new =
        NewWordList::deserialize(&input.body).map_err(|error| ApiError::bad_request(error.to_string()))?;
    let bad = |why: String| ApiError::bad_request(why);
    let verdict = list_file::verdict(&new.action).map_err(bad)?;
    let words = new.words.iter().map(|word| word.trim().to_owned()).collect();
    let mut list = list_file::list(name, verdict, words);
    list.enabled = new.enabled;
    list.admins = new.admins;
    list.chats = new.chats.iter().map(|word| list_file::chat(word)).collect::<Result<_, _>>().map_err(bad)?;
    list.origins =
        new.origins.iter().map(|word| list_file::origin(word)).collect::<Result<_, _>>().map_err(bad)?;
    for (at, word) in (1..).zip(&list.words) {
        ringback_filter::check_word(word)
            .map_err(|why| ApiError::field("words", format!("has a word, number {at}, that {why}")))?;
    }
    Ok(list)
}

impl From<KeywordError> for ApiError {
    fn from(error: KeywordError) -> Self {
        let message = error.to_string();
        match error {
            KeywordError::NotFound(_) => Self::new(StatusCode::NOT_FOUND, "not_found", message),
            KeywordError::ReadOnly(_) => Self::new(StatusCode::CONFLICT, "read_only", message),
            KeywordError::Unusable(_) => Self::bad_request(message),
            KeywordError::Full => Self::new(StatusCode::SERVICE_UNAVAILABLE, "storage_full", message),
            KeywordError::Fault(fault) => fault.into(),
        }
    }
}
