//! `/msg`: messages that are taken back or deleted. Source: REST sheet 7.

use ringback_model::command::{ChatCommand, Command, Reach};
use ringback_model::dialect::EdgeRequest;
use ringback_model::limits;
use ringback_model::time::UnixMs;

use super::body::{Reject, at_most, body, given, parse, required, user_id};
use super::receipts::{positive, seqs};
use crate::openim::conversation_id::{named, readings};

body! {
    /// A message that is taken back.
    Revocation {
        conversation: String = "conversationID" required,
        /// Its number.
        #[schemars(range(min = 1))]
        seq: i64 = "seq" required,
        /// Who takes it back.
        user: String = "userID" required,
    }
}

pub(super) fn revoke(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: Revocation = parse(&request.body)?;
    required("conversationID", &asked.conversation)?;
    let seq = positive("seq", asked.seq)?;
    let user = user_id("userID", &asked.user)?;
    let conversation = named(&user, &asked.conversation);
    let readings = readings(&asked.conversation);
    Ok(Command::Chat(ChatCommand::Revoke { user, conversation, readings, seq }))
}

body! {
    /// How far deleting goes.
    DeleteSyncOpt {
        /// The user's other devices are told.
        own_devices: bool = "IsSyncSelf",
        /// It is deleted for everybody, and they are told.
        everybody: bool = "IsSyncOther",
    }
}

fn reach(asked: Option<DeleteSyncOpt>) -> Reach {
    let asked = asked.unwrap_or_default();
    Reach { own_devices: asked.own_devices, everybody: asked.everybody }
}

body! {
    /// Messages that are deleted.
    Deletion {
        conversation: String = "conversationID" required,
        /// Their numbers; at most 1000.
        #[schemars(inner(range(min = 1)))]
        seqs: Option<Vec<i64>> = "seqs" required,
        /// From whose view.
        user: String = "userID" required,
        reach: Option<DeleteSyncOpt> = "deleteSyncOpt",
    }
}

pub(super) fn delete(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: Deletion = parse(&request.body)?;
    required("conversationID", &asked.conversation)?;
    let seqs = seqs("seqs", &given("seqs", asked.seqs)?)?;
    let user = user_id("userID", &asked.user)?;
    let conversation = named(&user, &asked.conversation);
    Ok(Command::Chat(ChatCommand::DeleteMessages { user, conversation, seqs, reach: reach(asked.reach) }))
}

body! {
    /// Conversations whose history is cleared.
    Clearing {
        /// At most 1000.
        conversations: Option<Vec<String>> = "conversationIDs" required,
        /// From whose view.
        user: String = "userID" required,
        reach: Option<DeleteSyncOpt> = "deleteSyncOpt",
    }
}

pub(super) fn clear(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: Clearing = parse(&request.body)?;
    let names = given("conversationIDs", asked.conversations)?;
    at_most("conversationIDs", names.len(), limits::LIST_ITEMS)?;
    let user = user_id("userID", &asked.user)?;
    let conversations = Some(names.iter().map(|name| named(&user, name)).collect());
    Ok(Command::Chat(ChatCommand::Clear { user, conversations, reach: reach(asked.reach) }))
}

body! {
    /// A user whose whole history is cleared.
    ClearingAll {
        /// From whose view.
        user: String = "userID" required,
        reach: Option<DeleteSyncOpt> = "deleteSyncOpt",
    }
}

pub(super) fn clear_all(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: ClearingAll = parse(&request.body)?;
    let user = user_id("userID", &asked.user)?;
    Ok(Command::Chat(ChatCommand::Clear { user, conversations: None, reach: reach(asked.reach) }))
}

body! {
    /// Messages that are deleted for everybody; nobody is told.
    Erasure {
        conversation: String = "conversationID" required,
        /// Their numbers; at most 1000.
        #[schemars(inner(range(min = 1)))]
        seqs: Option<Vec<i64>> = "seqs" required,
    }
}

pub(super) fn erase(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: Erasure = parse(&request.body)?;
    required("conversationID", &asked.conversation)?;
    let seqs = seqs("seqs", &given("seqs", asked.seqs)?)?;
    Ok(Command::Chat(ChatCommand::Erase { conversation: readings(&asked.conversation), seqs }))
}

body! {
    /// Old messages that are deleted for everybody; nobody is told.
    OldErasure {
        /// At most 1000.
        conversations: Option<Vec<String>> = "conversationIDs" required,
        /// Those that were sent before; milliseconds since 1970.
        before_ms: i64 = "timestamp",
    }
}

pub(super) fn erase_before(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: OldErasure = parse(&request.body)?;
    let names = given("conversationIDs", asked.conversations)?;
    at_most("conversationIDs", names.len(), limits::LIST_ITEMS)?;
    let conversations = names.iter().map(|name| readings(name)).collect();
    let before = UnixMs(asked.before_ms);
    Ok(Command::Chat(ChatCommand::EraseBefore { conversations, before }))
}
