//! `/messages/rewrite`: what a message says is changed. Source: easemob-rest fact sheet 7.2.

use ringback_model::command::{Command, MessageCommand, MessageEdit, MessageOutcome, Outcome};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::Asked;
use super::body::{self, invalid, parse, present, required};
use super::envelope::{Answer, Contents};
use super::message::MESSAGE_BYTES;
use super::problem::{NOT_REWRITABLE, Problem, Reject};
use crate::easemob::content::content;

/// Types that may be changed.
const TYPES: [&str; 2] = ["txt", "custom"];

/// What a message is to say.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct Rewrite {
    /// Who changes it: its sender, or the owner or an admin of its group. The app if absent.
    #[schemars(length(min = 1))]
    user: Option<String>,
    /// `type` (`txt` or `custom`, as the message has it) with `msg`, or `customEvent` and `customExts`.
    #[schemars(extend(
        "x-required" = true,
        "required" = ["type"],
        "properties" = {
            "type": {"type": "string", "enum": ["txt", "custom"]},
            "msg": {"type": "string"},
            "customEvent": {"type": "string"},
            "customExts": {"type": "object"},
        },
        "if" = {"properties": {"type": {"const": "txt"}}, "required": ["type"]},
        "then" = {"required": ["msg"]}
    ))]
    new_msg: Option<Map<String, Value>>,
    /// The app's own object; what it is now stays if absent.
    #[serde(deserialize_with = "present")]
    #[schemars(with = "Option<Map<String, Value>>")]
    new_ext: Option<Value>,
    /// Members of the old object stay that the new one does not have; `true` if absent.
    is_combine_ext: Option<bool>,
}

pub(super) fn read(asked: &Asked<'_>) -> Result<Command, Reject> {
    let Rewrite { user, new_msg, new_ext, is_combine_ext } = parse(&asked.request.body)?;
    let wrong = |text: &str| Reject::new(&NOT_REWRITABLE, text);
    let new = new_msg.filter(|new| !new.is_empty()).ok_or_else(|| wrong("param new_msg can't be empty"))?;
    let kind = new.get("type").and_then(Value::as_str).map(str::to_owned);
    let kind = required(kind, &NOT_REWRITABLE, "param type can't be empty")?;
    if !TYPES.contains(&kind.as_str()) {
        return Err(wrong("only messages of the types txt and custom are changed"));
    }
    let is_text = |name: &str| new.get(name).is_none_or(Value::is_string);
    if kind == "txt" && !new.contains_key("msg") {
        return Err(wrong("param msg can't be empty"));
    }
    let exts = new.get("customExts").is_none_or(|exts| exts.is_object() || exts.is_array());
    if !is_text("msg") || !is_text("customEvent") || !exts {
        return Err(invalid());
    }
    let ex = match new_ext {
        None => None,
        Some(Value::Object(ext)) => Some(Value::Object(ext).to_string()),
        Some(_) => return Err(wrong("param new_ext must be JSONObject")),
    };
    let bytes = serde_json::to_vec(&new).map_or(usize::MAX, |text| text.len());
    if bytes.saturating_add(ex.as_ref().map_or(0, String::len)) > MESSAGE_BYTES {
        return Err(wrong("message is too large"));
    }
    Ok(Command::Message(MessageCommand::Edit(Box::new(MessageEdit {
        message: asked.request.param("msg_id").to_owned(),
        by: user.map(|user| body::user(&user)).transpose()?,
        content: content(&kind, &new),
        ex,
        merge: is_combine_ext.unwrap_or(true),
    }))))
}

pub(super) fn answer(_asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let Outcome::OfMessage(MessageOutcome::Edited) = outcome else { return None };
    Some(Ok(Contents::data(&"success").answer()))
}
