//! `/admin/v1/replays…`: past callbacks that are sent again.

use http::StatusCode;
use http::header::LOCATION;
use ringback_callbacks::{ReplayError, ReplayOrder};
use ringback_model::conversation::ConversationId;
use ringback_model::ids::{LogPos, Seq, UserId};
use ringback_model::limits;
use ringback_model::time::UnixMs;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::error::ApiError;
use super::input::Input;
use super::replay_views::ReplayView;
use super::reply::Reply;
use super::{Admin, ROOT};
use crate::rules::start::parse_moment;

/// An order for a replay. What is named must hold all at once; what is not named selects everything. What the rule's own
/// selectors left out then is not sent.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewReplay {
    /// Name or id of the rule, on or off, that tells after events.
    rule: String,
    /// Only this conversation: `u:<user>:<user>`, `g:<group>`, or its name as clients know it.
    #[serde(default)]
    conversation: Option<String>,
    /// Only what this user has sent or done, was sent, or was done to him.
    #[serde(default)]
    user: Option<String>,
    /// Only these events: names of the catalogue such as `message_sent`, or those that rules of this dialect may name.
    #[serde(default)]
    events: Vec<String>,
    /// Only what happened at this time or later: RFC 3339, or how long ago, such as `2h`.
    #[serde(default)]
    from: Option<String>,
    /// Only what happened before this time.
    #[serde(default)]
    to: Option<String>,
    /// Only messages with this number in their conversation or a higher one; needs `conversation`.
    #[serde(default)]
    first_seq: Option<Seq>,
    /// Only messages with this number in their conversation or a lower one; needs `conversation`.
    #[serde(default)]
    last_seq: Option<Seq>,
    /// Only events after this position of the log: `position` of a replay that ended early.
    #[serde(default)]
    after: Option<u64>,
    /// Also what passed while the rule was off.
    #[serde(default)]
    missed: bool,
    /// Where to instead of the rule's URL; what the dialect adds to that is added to it.
    #[serde(default)]
    target_url: Option<String>,
    /// Calls started per second, 1 to 10000; without it 50, or the rule's `rate_limit` where that is lower.
    #[serde(default)]
    rate: Option<u32>,
    /// Only count.
    #[serde(default)]
    dry: bool,
    /// Pause once everything is counted, until somebody resumes it.
    #[serde(default)]
    hold: bool,
}

/// Replays.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ReplayList {
    /// Newest first.
    replays: Vec<ReplayView>,
}

pub(super) async fn create(admin: &Admin, input: &Input) -> Result<Reply, ApiError> {
    let draft =
        NewReplay::deserialize(&input.body).map_err(|error| ApiError::bad_request(error.to_string()))?;
    let order = read(admin, draft)?;
    let dry = order.dry;
    let status = admin.engine.start_replay(order).await?;
    if dry {
        // Of a very large log it may still count; asking again shows it.
        let counted = admin.engine.replay_over(&status.id);
        let status = match tokio::time::timeout(limits::REPLAY_DRY_WAIT, counted).await {
            Ok(over) => over?,
            Err(_) => admin.engine.replay(&status.id)?,
        };
        return Reply::json(StatusCode::OK, &ReplayView::of(&status));
    }
    tracing::info!(replay = status.id, rule = %status.order.rule, "an administrator has ordered a replay");
    let place = format!("{ROOT}/replays/{}", status.id);
    Ok(Reply::json(StatusCode::CREATED, &ReplayView::of(&status))?.with(LOCATION, place))
}

fn read(admin: &Admin, draft: NewReplay) -> Result<ReplayOrder, ApiError> {
    let now = admin.clock.now();
    let moment = |field: &str, text: &Option<String>| -> Result<Option<UnixMs>, ApiError> {
        let read = |text: &String| parse_moment(text, now).map_err(|why| ApiError::field(field, why));
        text.as_ref().map(read).transpose()
    };
    let (from, to) = (moment("from", &draft.from)?, moment("to", &draft.to)?);
    let user = draft.user.as_deref().map(UserId::parse).transpose();
    let seqs = (draft.first_seq, draft.last_seq);
    Ok(ReplayOrder {
        conversations: conversations(admin, draft.conversation.as_deref())?,
        user: user.map_err(|why| ApiError::field("user", format!("is no user id: {why}")))?,
        events: draft.events,
        from,
        to,
        seqs: match seqs {
            (None, None) => None,
            (first, last) => Some((first.unwrap_or(1), last.unwrap_or(Seq::MAX))),
        },
        after: draft.after.map(LogPos),
        missed: draft.missed,
        target_url: draft.target_url.filter(|url| !url.is_empty()),
        rate: draft.rate,
        dry: draft.dry,
        hold: draft.hold,
        ..ReplayOrder::of(admin.desk.find(&draft.rule)?.rule.id.clone())
    })
}

pub(super) fn conversations(admin: &Admin, name: Option<&str>) -> Result<Vec<ConversationId>, ApiError> {
    let Some(name) = name else { return Ok(Vec::new()) };
    let readings = (admin.conversations)(name);
    if readings.is_empty() {
        let what = "names no conversation: u:USER:USER for two users, g:GROUP for a group or room, or its name as \
                    clients know it";
        return Err(ApiError::field("conversation", what));
    }
    Ok(readings)
}

pub(super) async fn list(admin: &Admin, _: &Input) -> Result<Reply, ApiError> {
    let replays = admin.engine.replays().iter().map(ReplayView::of).collect();
    Reply::json(StatusCode::OK, &ReplayList { replays })
}

pub(super) async fn show(admin: &Admin, input: &Input) -> Result<Reply, ApiError> {
    answer(admin.engine.replay(input.param("id")))
}

pub(super) async fn pause(admin: &Admin, input: &Input) -> Result<Reply, ApiError> {
    said(input, "paused");
    answer(admin.engine.pause_replay(input.param("id")))
}

pub(super) async fn resume(admin: &Admin, input: &Input) -> Result<Reply, ApiError> {
    said(input, "resumed");
    answer(admin.engine.resume_replay(input.param("id")))
}

pub(super) async fn cancel(admin: &Admin, input: &Input) -> Result<Reply, ApiError> {
    said(input, "cancelled");
    answer(admin.engine.cancel_replay(input.param("id")))
}

fn said(input: &Input, what: &str) {
    tracing::info!(replay = input.param("id"), what, "an administrator has had a say in a replay");
}

fn answer(done: Result<ringback_callbacks::ReplayStatus, ReplayError>) -> Result<Reply, ApiError> {
    Reply::json(StatusCode::OK, &ReplayView::of(&done?))
}
