//! `/admin/v1/bans`: the app's ban.

use http::StatusCode;

use super::Admin;
use super::error::ApiError;
use super::input::Input;
use super::reply::Reply;
use super::views::{Bans, Lifted};
use crate::rules::start::show_time;

pub(super) async fn show(admin: &Admin, _: &Input) -> Result<Reply, ApiError> {
    let status = admin.engine.bans();
    let view = Bans {
        active: status.active_until.is_some(),
        active_until: status.active_until.map(show_time),
        starts: status.starts.into_iter().map(show_time).collect(),
        evidence: status.evidence,
        rules: status.rules,
        failures_in_window: u64::from(status.failures_in_window),
    };
    Reply::json(StatusCode::OK, &view)
}

pub(super) async fn lift(admin: &Admin, _: &Input) -> Result<Reply, ApiError> {
    let lifted = admin.engine.lift_ban();
    if lifted {
        tracing::info!("an administrator has lifted the ban");
    }
    Reply::json(StatusCode::OK, &Lifted { lifted })
}
