//! Waiting for a replay, from its counting to its end.

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use http::Method;
use serde_json::Value;

use super::progress::Progress;
use super::show;
use crate::cli::access::{AdminClient, Refused, segment};
use crate::cli::interrupt::interrupted;
use crate::cli::{DONE, Global, NO};

/// How often a replay is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(300);

type Asked = anyhow::Result<Result<Value, Refused>>;

async fn look(client: &AdminClient, id: &str) -> Asked {
    client.ask(Method::GET, &format!("/replays/{}", segment(id)), None).await
}

/// Ends a replay.
pub(super) async fn cancel(client: &AdminClient, id: &str) -> Asked {
    client.ask(Method::DELETE, &format!("/replays/{}", segment(id)), None).await
}

/// Waits until everything is counted; whoever interrupts that cancels it.
pub(super) async fn counted(client: &AdminClient, mut replay: Value) -> Asked {
    let id = replay["id"].as_str().unwrap_or_default().to_owned();
    let mut progress = Progress::start();
    let mut interrupted = Box::pin(interrupted());
    while replay["state"] == "counting" {
        progress.counting(&replay);
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            () = &mut interrupted => {
                progress.clear();
                if let Err(refused) = cancel(client, &id).await? {
                    return Ok(Err(refused));
                }
                return ended(client, &id).await;
            }
        }
        replay = match look(client, &id).await? {
            Ok(replay) => replay,
            Err(refused) => return Ok(Err(refused)),
        };
    }
    progress.clear();
    Ok(Ok(replay))
}

/// Waits until nothing of a replay is under way.
pub(super) async fn ended(client: &AdminClient, id: &str) -> Asked {
    loop {
        match look(client, id).await? {
            Ok(replay) if replay["ended_at"].is_null() => tokio::time::sleep(LOOK_EVERY).await,
            other => return Ok(other),
        }
    }
}

/// Shows how far a replay is until it ends, or pauses by itself; whoever interrupts that cancels it.
pub(super) async fn follow(
    client: &AdminClient,
    id: &str,
    global: Global,
) -> anyhow::Result<Result<ExitCode, Refused>> {
    let mut progress = Progress::start();
    let mut interrupted = Box::pin(interrupted());
    let mut last = Value::Null;
    let mut cancelled = false;
    let replay = loop {
        let asked = look(client, id).await.with_context(|| {
            format!(
                "the server does not answer; `ringback replay show {id}` says how the replay is doing, and if it has \
                 ended with the server, {}",
                show::go_on(&last)
            )
        });
        let replay = match asked? {
            Ok(replay) => replay,
            Err(refused) => return Ok(Err(refused)),
        };
        last = replay.clone();
        let paused_by_itself = replay["state"] == "paused" && replay["why"].is_string();
        if replay["ended_at"].is_string() || paused_by_itself {
            break replay;
        }
        progress.sending(&replay);
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            () = &mut interrupted, if !cancelled => {
                cancelled = true;
                if let Err(refused) = cancel(client, id).await? {
                    return Ok(Err(refused));
                }
            }
        }
    };
    progress.clear();
    if global.json {
        writeln!(io::stdout(), "{replay}")?;
    } else {
        show::outcome(&mut io::stdout().lock(), &replay)?;
    }
    let well = replay["state"] == "done" && show::all_taken(&replay);
    Ok(Ok(ExitCode::from(if well { DONE } else { NO })))
}
