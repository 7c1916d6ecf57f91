//! Who comes and goes.
//! Source: openim-callbacks fact sheet 4.4.

use ringback_model::action::{Action, PresenceChange};
use ringback_model::event::EventKind;

use crate::openim::callbacks::call::Call;
use crate::openim::callbacks::commands::{Command, OLDER, row};
use crate::openim::callbacks::fields::Fields;
use crate::openim::callbacks::numbers;

pub(super) const ROWS: &[Command] = &[
    row("afterUserOnline", "callbackAfterUserOnlineCommand", EventKind::UserOnline, online)
        .formerly(&[(OLDER, "callbackUserOnlineCommand")])
        .block(&["callbackUserOnline"])
        .says("user who comes online", "a user has his first connection on a platform")
        .differs(
            "Once per change, not for every device of the user and not every ten minutes; `connID` is the connection's.",
        ),
    row("afterUserOffline", "callbackAfterUserOfflineCommand", EventKind::UserOffline, offline)
        .formerly(&[(OLDER, "callbackUserOfflineCommand")])
        .block(&["callbackUserOffline"])
        .says("user who goes offline", "a user has lost his last connection on a platform")
        .differs("Once per change, in order; `connID` is that of the last connection."),
    row("afterUserKickOff", "callbackAfterUserKickOffCommand", EventKind::UserKicked, kicked)
        .formerly(&[(OLDER, "callbackUserKickOffCommand")])
        .block(&["callbackUserKickOff"])
        .says(
            "connection that is cut",
            "a connection was cut because of another login, or by an administrator",
        )
        .differs("The original has it and never calls it. `connID` and `reason` (words) are new."),
];

fn change<'a>(call: &Call<'a>) -> Option<&'a PresenceChange> {
    match call.action()? {
        Action::Presence(action) => Some(action.change()),
        _ => None,
    }
}

fn base(call: &Call<'_>, change: &PresenceChange) -> Fields {
    call.body()
        .put("operationID", call.operation_id)
        .put("platformID", change.platform.0)
        .put("platform", numbers::platform(change.platform))
        .put("userID", &change.user)
        .put("seq", change.at.0)
}

/// Always empty in the original.
fn connection<'a>(call: &Call<'_>, change: &'a PresenceChange) -> &'a str {
    if call.filled() { &change.connection } else { "" }
}

fn online(call: &Call<'_>) -> Option<Fields> {
    let change = change(call)?;
    let fields = base(call, change).put("isAppBackground", change.background);
    Some(fields.put("connID", connection(call, change)))
}

fn offline(call: &Call<'_>) -> Option<Fields> {
    let change = change(call)?;
    Some(base(call, change).put("connID", connection(call, change)))
}

fn kicked(call: &Call<'_>) -> Option<Fields> {
    let change = change(call)?;
    let fields = base(call, change);
    Some(fields.put_if(call.filled(), "connID", &change.connection).put_if(
        call.filled(),
        "reason",
        &change.reason,
    ))
}
