//! `/admin/v1/why`: what became of a message or action, and what would become of one.

use http::StatusCode;
use ringback_callbacks::why::Hypothesis;
use ringback_callbacks::why::report::Report;
use ringback_model::action::Action;
use ringback_model::conversation::Target;
use ringback_model::event::EventKind;
use ringback_model::ids::{GroupId, UserId};
use ringback_model::message::{Message, Origin};
use ringback_model::sample;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::Admin;
use super::error::ApiError;
use super::input::Input;
use super::replays::conversations;
use super::reply::Reply;
use super::why_views::WhyView;
use crate::rules::start::show_time;

/// Something made up, to be tried on the rules as they are now. Nobody is called.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct WhyDry {
    /// Name of the moment in the catalogue; without it `message_sent`, which stands for everything that rules are asked
    /// and told about a message. Of others the catalogue's own sample is tried, and no other field may be named.
    event: Option<String>,
    /// Sender; without it `alice`.
    from: Option<String>,
    /// Recipient; without it, and without `group` and `room`, `bob`.
    to: Option<String>,
    /// Group in place of a recipient.
    group: Option<String>,
    /// Chat room in place of a recipient.
    room: Option<String>,
    /// Number of its content as clients write it; without it 101, a text.
    content_type: Option<i32>,
    /// The content, as clients write it; without it a text, or nothing.
    content: Option<String>,
    /// The app's own text: an object for rules with `ext_keys`.
    ex: Option<String>,
    /// `client` or `rest`; without it `client`.
    origin: Option<String>,
    /// The sender is an administrator.
    admin: Option<bool>,
    /// Recipients who are offline.
    offline: Option<Vec<String>>,
}

/// The number of a text.
const TEXT: i32 = 101;

pub(super) async fn show(admin: &Admin, input: &Input) -> Result<Reply, ApiError> {
    let (id, conversation, seq) = (input.query("id"), input.query("conversation"), input.query("seq"));
    match (id, conversation, seq) {
        (Some(id), None, None) if !id.is_empty() => {
            let report = admin.engine.why(id).await?;
            answer(id, &report)
        }
        (None, Some(conversation), Some(seq)) => of_seq(admin, conversation, seq).await,
        (None, None, Some(_)) => Err(ApiError::field("seq", "needs `conversation`")),
        (None, Some(_), None) => Err(ApiError::field("conversation", "needs `seq`")),
        (Some(_), None, None) => Err(ApiError::field("id", "is empty")),
        (None, None, None) => {
            Err(ApiError::bad_request("name what is asked about: `id`, or `conversation` and `seq`"))
        }
        _ => Err(ApiError::bad_request("name either `id`, or `conversation` and `seq`")),
    }
}

async fn of_seq(admin: &Admin, conversation: &str, seq: &str) -> Result<Reply, ApiError> {
    let wrong = || ApiError::field("seq", "must be the number of a message in its conversation, from 1");
    let number = seq.parse::<u64>().ok().filter(|seq| *seq > 0).ok_or_else(wrong)?;
    let shown = format!("message {seq} of {conversation}");
    for reading in conversations(admin, Some(conversation))? {
        let found = admin.history.chosen(&reading, &[number]).await?;
        if let Some(message) = found.first() {
            return answer(&shown, &admin.engine.why(&message.id.to_string()).await?);
        }
    }
    Err(ApiError::new(
        StatusCode::NOT_FOUND,
        "not_found",
        format!(
            "nothing is known of {shown}: the conversation has no message with this number, or it was deleted"
        ),
    ))
}

/// An id that names nothing is not there; what limits the search is said.
fn answer(id: &str, report: &Report) -> Result<Reply, ApiError> {
    if !report.subjects.is_empty() {
        return Reply::json(StatusCode::OK, &WhyView::of(id, report));
    }
    let since = report.remembered_since.map_or_else(
        || "nothing is remembered of calls".to_owned(),
        |since| format!("calls are remembered since {}", show_time(since)),
    );
    let notes: String = report.notes.iter().map(|note| format!("; {note}")).collect();
    let message = format!(
        "nothing is known of {id}: no message, callback, operation or client message in the log or among what is \
         remembered has it ({since}{notes})"
    );
    Err(ApiError::new(StatusCode::NOT_FOUND, "not_found", message))
}

pub(super) async fn dry(admin: &Admin, input: &Input) -> Result<Reply, ApiError> {
    let draft = WhyDry::deserialize(&input.body).map_err(|error| wrong_field(&input.body, &error))?;
    let hypothesis = hypothesis(admin, draft)?;
    Reply::json(StatusCode::OK, &WhyView::of("", &admin.engine.why_dry(hypothesis)))
}

/// Names the field that is wrong: the one that is wrong alone, too.
fn wrong_field(body: &Value, error: &serde_json::Error) -> ApiError {
    let mut fields = body.as_object().into_iter().flatten();
    let alone = |(name, value): (&String, &Value)| {
        let alone = Map::from_iter([(name.clone(), value.clone())]);
        let error = WhyDry::deserialize(Value::Object(alone)).err()?;
        Some(ApiError::field(name, error.to_string()))
    };
    fields.find_map(alone).unwrap_or_else(|| ApiError::bad_request(format!("no event can be read: {error}")))
}

fn hypothesis(admin: &Admin, draft: WhyDry) -> Result<Hypothesis, ApiError> {
    match draft.event.as_deref() {
        None | Some("" | "message_sent") => of_message(admin, draft),
        Some(name) => of_action(admin, name, &draft),
    }
}

fn of_message(admin: &Admin, draft: WhyDry) -> Result<Hypothesis, ApiError> {
    let user = |field: &str, text: &str| {
        UserId::parse(text).map_err(|why| ApiError::field(field, format!("is no user id: {why}")))
    };
    let group = |field: &str, text: &str| {
        GroupId::parse(text).map_err(|why| ApiError::field(field, format!("is no group id: {why}")))
    };
    let target = match (&draft.to, &draft.group, &draft.room) {
        (to, None, None) => Target::User(user("to", to.as_deref().unwrap_or("bob"))?),
        (None, Some(id), None) => Target::Group(group("group", id)?),
        (None, None, Some(id)) => Target::Room(group("room", id)?),
        _ => return Err(ApiError::field("to", "cannot be named together with `group` or `room`")),
    };
    let code = draft.content_type.unwrap_or(TEXT);
    let text = if code == TEXT { r#"{"content":"hello"}"# } else { "{}" };
    let content = (admin.content)(code, draft.content.unwrap_or_else(|| text.to_owned()));
    let sender = user("from", draft.from.as_deref().unwrap_or("alice"))?;
    let origin = match draft.origin.as_deref() {
        None | Some("client") => Origin::Client,
        Some("rest") => Origin::Rest,
        Some(_) => return Err(ApiError::field("origin", "must be `client` or `rest`")),
    };
    let offline = draft.offline.unwrap_or_default();
    let offline: Result<Vec<UserId>, ApiError> = offline.iter().map(|id| user("offline", id)).collect();
    let message = sample::message(sender, target, content, admin.clock.now());
    let message = Box::new(Message { ex: draft.ex.unwrap_or_default(), ..message });
    let admin = draft.admin.unwrap_or(false);
    Ok(Hypothesis::Message { message, origin, admin, offline: offline? })
}

fn of_action(admin: &Admin, name: &str, draft: &WhyDry) -> Result<Hypothesis, ApiError> {
    let kind = EventKind::ALL.into_iter().find(|kind| kind.name() == name);
    let is_it = |action: &Action| kind.is_some() && (action.told_as() == kind || action.asked_as() == kind);
    let found = sample::actions(admin.clock.now()).into_iter().find(is_it);
    let Some(action) = found else {
        let of_messages = kind.is_some_and(|kind| {
            !sample::actions(admin.clock.now())
                .iter()
                .any(|action| action.told_as() == Some(kind) || action.asked_as() == Some(kind))
        });
        let why = if of_messages {
            "is a moment of messages: leave it out, and all of a message's moments are tried".to_owned()
        } else {
            let known: Vec<&str> = EventKind::ALL.iter().map(|kind| kind.name()).collect();
            format!("names no moment of the catalogue: {name} is none of {}", known.join(", "))
        };
        return Err(ApiError::field("event", why));
    };
    let alone = WhyDry { event: None, ..WhyDry::default() };
    if draft.names_more_than(&alone) {
        return Err(ApiError::field(
            "event",
            "is tried with the catalogue's sample: no other field can be named",
        ));
    }
    Ok(Hypothesis::Action(Box::new(action)))
}

impl WhyDry {
    fn names_more_than(&self, other: &Self) -> bool {
        let texts = |it: &Self| {
            [&it.from, &it.to, &it.group, &it.room, &it.content, &it.ex, &it.origin].map(Option::is_some)
        };
        let rest = |it: &Self| (it.content_type, it.admin, it.offline.is_some());
        (texts(self), rest(self)) != (texts(other), rest(other))
    }
}
