//! The administrators' interface of a server: rules that are made while it runs.

use std::net::SocketAddr;

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::chat::Rest;
use crate::http::Http;

/// An administrator's connection.
#[derive(Debug)]
pub(crate) struct Admin {
    http: Http,
    address: SocketAddr,
    headers: HeaderMap,
    dialects: Vec<Dialect>,
}

#[derive(Debug, Deserialize)]
struct Dialects {
    dialects: Vec<Dialect>,
}

#[derive(Debug, Deserialize)]
struct Dialect {
    name: String,
    after: PhaseOf,
}

/// What is said of a phase: the fields that rules of this dialect have, with their defaults.
#[derive(Debug, Deserialize)]
struct PhaseOf {
    defaults: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
struct RuleList {
    rules: Vec<RuleOf>,
}

#[derive(Debug, Deserialize)]
struct RuleOf {
    status: Option<StatusOf>,
}

#[derive(Debug, Deserialize)]
struct StatusOf {
    lag_events: u64,
}

impl Admin {
    /// With the token of an administrator who has logged in.
    pub(crate) async fn of(rest: &Rest, address: SocketAddr) -> anyhow::Result<Self> {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(header::AUTHORIZATION, format!("Bearer {}", rest.token()?).parse()?);
        let mut admin = Self { http: Http::new(), address, headers, dialects: Vec::new() };
        let uri = format!("http://{address}/admin/v1/dialects").parse()?;
        let (status, answer) = admin.http.get(&uri, &admin.headers).await?;
        ensure!(status.is_success(), "{uri} answered {status}: {}", String::from_utf8_lossy(&answer));
        let known: Dialects = serde_json::from_slice(&answer).context("reading the dialects")?;
        admin.dialects = known.dialects;
        Ok(admin)
    }

    /// The first dialect: the one in which the load speaks.
    pub(crate) fn own_dialect(&self) -> anyhow::Result<&str> {
        self.dialects.first().map(|dialect| dialect.name.as_str()).context("the server knows no dialect")
    }

    /// The first dialect that tells of each recipient who is offline.
    pub(crate) fn dialect_with_copies(&self) -> anyhow::Result<&str> {
        let with_copies = |dialect: &&Dialect| dialect.after.defaults.contains_key("copies");
        let found = self.dialects.iter().find(with_copies);
        found.map(|dialect| dialect.name.as_str()).context("no dialect tells of copies")
    }

    /// Makes a rule and switches it on; it may call loopback addresses.
    pub(crate) async fn add_rule(
        &self,
        name: &str,
        dialect: &str,
        phase: &str,
        url: &str,
        more: &Value,
    ) -> anyhow::Result<()> {
        let mut rule = json!({
            "name": name, "dialect": dialect, "phase": phase, "url": url, "enabled": true, "allow_private": true,
        });
        if let (Some(rule), Some(more)) = (rule.as_object_mut(), more.as_object()) {
            rule.extend(more.clone());
        }
        let uri = format!("http://{}/admin/v1/rules", self.address).parse()?;
        let (status, answer) = self.http.post(&uri, &self.headers, Bytes::from(rule.to_string())).await?;
        ensure!(status.is_success(), "rule {name}: {status} {}", String::from_utf8_lossy(&answer));
        Ok(())
    }

    /// How many events the rule that is furthest behind has yet to look at.
    pub(crate) async fn lag(&self) -> anyhow::Result<u64> {
        let uri = format!("http://{}/admin/v1/rules", self.address).parse()?;
        let (status, answer) = self.http.get(&uri, &self.headers).await?;
        ensure!(status.is_success(), "{uri} answered {status}: {}", String::from_utf8_lossy(&answer));
        let list: RuleList = serde_json::from_slice(&answer).context("reading the rules")?;
        let behind = list.rules.iter().filter_map(|rule| Some(rule.status.as_ref()?.lag_events));
        Ok(behind.max().unwrap_or(0))
    }
}
