//! The envelope of every answer. Source: REST sheet 1.1.

use std::borrow::Cow;

use ringback_model::dialect::Reply;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::openim::codes::Coded;

/// What stands under `data`; `None` where the key is left out.
pub(super) type Data = Option<Box<RawValue>>;

/// What every answer is.
#[derive(Serialize, JsonSchema)]
pub(super) struct Envelope<'a> {
    /// 0 = done.
    #[serde(rename = "errCode")]
    code: i32,
    /// The code's name, or the words of the app's backend where it said no; empty = done.
    #[serde(rename = "errMsg")]
    text: &'a str,
    /// What exactly is wrong; empty = done.
    #[serde(rename = "errDlt")]
    detail: &'a str,
    /// Left out where there is nothing to tell.
    #[schemars(with = "Option<serde_json::Value>")]
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Data,
}

/// An answer's `data`. `None` if it cannot be written, which types with text keys never meet.
pub(super) fn data(value: &impl Serialize) -> Option<Data> {
    to_raw_value(value).ok().map(Some)
}

pub(super) fn success(data: Data) -> Reply {
    reply(200, &Envelope { code: 0, text: "", detail: "", data })
}

/// An empty detail repeats the text, as the original does.
pub(super) fn failure(coded: &Coded) -> Reply {
    let detail = if coded.detail.is_empty() { &coded.text } else { &coded.detail };
    let mut reply =
        reply(coded.status, &Envelope { code: coded.code, text: &coded.text, detail, data: None });
    if let Some(seconds) = coded.retry_after_s {
        reply.headers.push(("retry-after", seconds.to_string().into()));
    }
    reply
}

fn reply(status: u16, envelope: &Envelope<'_>) -> Reply {
    Reply { status, headers: vec![content_type()], body: serde_json::to_vec(envelope).unwrap_or_default() }
}

/// The content type of every answer.
pub(super) const fn content_type() -> (&'static str, Cow<'static, str>) {
    ("content-type", Cow::Borrowed("application/json; charset=utf-8"))
}
