//! Where clients of an app go: this server. Source: easemob-rest fact sheet 15.

use std::net::IpAddr;

use ringback_model::command::{Command, Outcome};
use ringback_model::failure::{Refusal, RefusalCode};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::to_raw_value;

use super::envelope::Answer;
use super::problem::{Problem, Reject};
use super::{Asked, address};

/// Addresses of the app's servers.
#[derive(Serialize, JsonSchema)]
pub(super) struct Servers<'a> {
    deploy_name: &'static str,
    /// Grows when addresses change, which they do not.
    file_version: &'static str,
    rest: Hosts<'a>,
}

/// Addresses of one kind of server.
#[derive(Serialize, JsonSchema)]
pub(super) struct Hosts<'a> {
    hosts: [Host<'a>; 1],
}

/// An address, as the caller knows it himself.
#[derive(Serialize, JsonSchema)]
pub(super) struct Host<'a> {
    /// `http` or `https`.
    protocol: &'static str,
    domain: &'a str,
    /// Where the caller knows the server by one.
    #[serde(skip_serializing_if = "Option::is_none")]
    ip: Option<&'a str>,
    port: u16,
}

pub(super) fn read(asked: &Asked<'_>) -> Result<Command, Reject> {
    match asked.request.query("app_key") {
        Some(key) if key == asked.app.key() => Ok(Command::ServerTime),
        _ => Err(Reject::Refused(Refusal::new(RefusalCode::AppNotFound, "app_key names another app"))),
    }
}

pub(super) fn answer(asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let Outcome::Time(_) = outcome else { return None };
    let protocol = address::scheme(asked.request);
    let usual = if protocol == "https" { 443 } else { 80 };
    let (domain, port) = parts(asked.request.header("host").unwrap_or("localhost"), usual);
    let bare = domain.trim_matches(['[', ']']);
    let ip = bare.parse::<IpAddr>().is_ok().then_some(bare);
    let hosts = [Host { protocol, domain, ip, port }];
    let servers = Servers { deploy_name: "ringback", file_version: "1", rest: Hosts { hosts } };
    to_raw_value(&servers).ok().map(|body| Ok(Answer::Bare(body)))
}

/// Name and port of a `Host` header.
fn parts(host: &str, usual: u16) -> (&str, u16) {
    match host.rsplit_once(':') {
        Some((name, port)) if !name.is_empty() && (name.ends_with(']') || !name.contains(':')) => {
            port.parse().map_or((host, usual), |port| (name, port))
        }
        _ => (host, usual),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_may_name_their_port() {
        for (host, expected) in [
            ("im.example.test", ("im.example.test", 80)),
            ("im.example.test:8080", ("im.example.test", 8080)),
            ("127.0.0.1:1", ("127.0.0.1", 1)),
            ("[::1]:8080", ("[::1]", 8080)),
            ("[::1]", ("[::1]", 80)),
            ("a:b", ("a:b", 80)),
            (":80", (":80", 80)),
        ] {
            assert_eq!(parts(host, 80), expected, "{host}");
        }
    }
}
