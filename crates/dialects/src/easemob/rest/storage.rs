//! `/callbacks/storage`: parked callbacks. Source: document 003; easemob-callbacks fact sheet 4.

use ringback_model::command::{Command, Outcome};
use ringback_model::storage::{Resend, ResendStart, SliceScope};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Asked;
use super::address::{AppNames, split};
use super::body::{parse, required};
use super::envelope::{Answer, Contents};
use super::problem::{ILLEGAL_ARGUMENT, Problem, Reject};

/// What the documents' examples print, whatever the method.
const ACTION: &str = "post";

/// Ten minutes in which callbacks were parked.
#[derive(Serialize, JsonSchema)]
pub(super) struct SliceInfo<'a> {
    /// Start of the ten minutes: `yyyyMMddHHmm`.
    date: &'a str,
    /// Parked callbacks in it.
    size: u64,
    /// How often it was sent again.
    retry: u32,
}

/// Which slice is to be sent again.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct Retry {
    /// The start of the slice: `yyyyMMddHHmm`.
    #[schemars(length(min = 12, max = 12), extend("x-required" = true))]
    date: Option<String>,
    /// How often the caller has tried so far; checked, and not used.
    #[schemars(with = "Option<u32>")]
    retry: Option<u32>,
    /// Where to, instead of the rules' own addresses; empty counts as absent.
    #[serde(rename = "targetUrl")]
    target_url: Option<String>,
}

/// Whether the slice is being sent.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Retried {
    /// It is.
    Success,
    /// It is not: it is being sent already, or its receivers are banned now.
    Failure,
}

#[allow(clippy::unnecessary_wraps, reason = "the type of every entry of the route table")]
pub(super) fn info(_asked: &Asked<'_>) -> Result<Command, Reject> {
    Ok(Command::Slices { scope: SliceScope::Service })
}

pub(super) fn slices(asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let Outcome::Slices(slices) = outcome else { return None };
    let infos: Vec<SliceInfo<'_>> = slices
        .iter()
        .map(|slice| SliceInfo { date: &slice.date, size: slice.size, retry: slice.retries })
        .collect();
    // The one answer that is printed without names where the app is named by its id (document 003).
    let by_id = matches!(split(&asked.request.path), Some((AppNames::Id(_), _)));
    Some(Ok(Contents::data(&infos).with_action(ACTION).nameless(by_id).answer()))
}

pub(super) fn retry(asked: &Asked<'_>) -> Result<Command, Reject> {
    let wanted: Retry = parse(&asked.request.body)?;
    let date = required(wanted.date, &ILLEGAL_ARGUMENT, "date must be provided")?;
    if date.len() != 12 || !date.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Reject::new(
            &ILLEGAL_ARGUMENT,
            format!("date [{date:.40}] is not of the form yyyyMMddHHmm"),
        ));
    }
    let target_url = wanted.target_url.filter(|url| !url.is_empty());
    Ok(Command::ResendSlice(Resend { date, target_url, rule: None, scope: SliceScope::Service }))
}

pub(super) fn retried(_asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let Outcome::Resend(start) = outcome else { return None };
    let told = match start {
        ResendStart::Started(_) => Retried::Success,
        ResendStart::Running | ResendStart::Banned => Retried::Failure,
    };
    Some(Ok(Contents::data(&told).with_action(ACTION).answer()))
}
