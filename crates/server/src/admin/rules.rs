//! `/admin/v1/rules…`

use http::StatusCode;
use http::header::{CACHE_CONTROL, ETAG, LOCATION};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use ringback_callbacks::{RuleStatus, signature};
use serde_json::{Map, Value, json};

use super::error::ApiError;
use super::input::Input;
use super::reply::Reply;
use super::views::{Deleted, RuleList, RuleState, SecretView, TestAnswer, TestRequest, TestResult, millis};
use super::{Admin, ROOT};
use crate::rules::desk::{Changed, Listed, SecretKind};
use crate::rules::shown::show_rule;

pub(super) async fn list(admin: &Admin, _: &Input) -> Result<Reply, ApiError> {
    let states = admin.states();
    let rules = admin.desk.list();
    let shown = |listed: &Listed| Value::Object(shown(admin, listed, states.get(&listed.rule.id)));
    let rules = rules.iter().map(shown).collect();
    Reply::json(StatusCode::OK, &RuleList { rules, max: admin.desk.most_rules() })
}

pub(super) async fn show(admin: &Admin, input: &Input) -> Result<Reply, ApiError> {
    let listed = admin.desk.find(input.param("name"))?;
    whole(admin, StatusCode::OK, &listed, false)
}

pub(super) async fn create(admin: &Admin, input: &Input) -> Result<Reply, ApiError> {
    let Changed { listed, .. } = admin.desk.create(&input.body).await?;
    tracing::info!(rule = listed.rule.name, id = %listed.rule.id, "an administrator has made a rule");
    let name = utf8_percent_encode(&listed.rule.name, NON_ALPHANUMERIC);
    Ok(whole(admin, StatusCode::CREATED, &listed, true)?.with(LOCATION, format!("{ROOT}/rules/{name}")))
}

pub(super) async fn replace(admin: &Admin, input: &Input) -> Result<Reply, ApiError> {
    change(admin, input, true).await
}

pub(super) async fn patch(admin: &Admin, input: &Input) -> Result<Reply, ApiError> {
    change(admin, input, false).await
}

async fn change(admin: &Admin, input: &Input, anew: bool) -> Result<Reply, ApiError> {
    let expected = input.if_match.as_deref();
    let changed = admin.desk.change(input.param("name"), &input.body, anew, expected).await?;
    answer_change(admin, &changed)
}

pub(super) async fn rotate(admin: &Admin, input: &Input) -> Result<Reply, ApiError> {
    let kind = match input.query("kind") {
        None => None,
        Some("hmac-sha256") => Some(SecretKind::Shared),
        Some("ed25519") => Some(SecretKind::Pair),
        Some(_) => return Err(ApiError::field("kind", "must be hmac-sha256 or ed25519")),
    };
    let changed = admin.desk.rotate(input.param("name"), kind, input.if_match.as_deref()).await?;
    answer_change(admin, &changed)
}

fn answer_change(admin: &Admin, Changed { listed, new_secret }: &Changed) -> Result<Reply, ApiError> {
    let rule = &listed.rule;
    tracing::info!(rule = rule.name, id = %rule.id, version = rule.version, "an administrator has changed a rule");
    whole(admin, StatusCode::OK, listed, *new_secret)
}

pub(super) async fn remove(admin: &Admin, input: &Input) -> Result<Reply, ApiError> {
    let purge = input.flag("purge")?;
    let id = admin.desk.remove(input.param("name"), input.if_match.as_deref()).await?;
    let purged = if purge { admin.engine.purge(&id).await? } else { 0 };
    tracing::info!(%id, purged, "an administrator has removed a rule");
    Reply::json(StatusCode::OK, &Deleted { id: id.to_string(), purged })
}

pub(super) async fn secret(admin: &Admin, input: &Input) -> Result<Reply, ApiError> {
    let secrets = admin.desk.find(input.param("name"))?.rule.secrets.clone();
    let public_key = secrets.current.as_deref().and_then(signature::public_key);
    let view = SecretView { secret: secrets.current, previous_secret: secrets.previous, public_key };
    // Nobody on the way is to keep it.
    Ok(Reply::json(StatusCode::OK, &view)?.with(CACHE_CONTROL, "no-store".to_owned()))
}

pub(super) async fn test(admin: &Admin, input: &Input) -> Result<Reply, ApiError> {
    let mut rule = admin.desk.find(input.param("name"))?.rule.as_ref().clone();
    rule.policy.allow_private |= admin.desk.workshop().allow_private;
    let samples = (admin.samples)(admin.clock.now());
    let trial = admin.engine.try_rule(rule, &samples).await.map_err(crate::rules::DeskError::from)?;
    let headers = trial.request.headers.into_iter().chain(trial.headers).collect();
    let request = TestRequest {
        method: "POST",
        url: trial.request.url,
        headers,
        body: String::from_utf8_lossy(&trial.request.body).into_owned(),
    };
    let answer = trial.status.map(|status| TestAnswer { status, body: trial.answer });
    let took_ms = millis(trial.took);
    Reply::json(StatusCode::OK, &TestResult { request, answer, took_ms, meaning: trial.meaning })
}

/// A rule with everything about it; its version is the tag.
fn whole(admin: &Admin, status: StatusCode, listed: &Listed, with_secret: bool) -> Result<Reply, ApiError> {
    let mut body = shown(admin, listed, admin.engine.status_of(&listed.rule.id).as_ref());
    if with_secret {
        body.insert("secret".to_owned(), json!(listed.rule.secrets.current));
    }
    let reply = Reply::json(status, &body)?.with(ETAG, format!("\"{}\"", listed.rule.version));
    Ok(if with_secret { reply.with(CACHE_CONTROL, "no-store".to_owned()) } else { reply })
}

fn shown(admin: &Admin, listed: &Listed, status: Option<&RuleStatus>) -> Map<String, Value> {
    let rule = &listed.rule;
    let contract = admin.desk.workshop().contract(&rule.contract);
    let mut shown = show_rule(rule, contract.map(AsRef::as_ref), listed.problem.as_deref());
    let state = status.map(RuleState::of);
    shown.insert("status".to_owned(), json!(state));
    shown
}
