//! `ringback demo`: everything at once.

use std::process::ExitCode;

use super::interrupt::interrupted;
use super::{DONE, Global, NO};
use crate::demo::narrator::Narrator;
use crate::demo::play::{play, scenes, together};
use crate::demo::stage::Stage;
use crate::receiver::display::Palette;

/// Starts a server on a temporary folder, a receiver of callbacks and two clients that chat, and prints every
/// message with its callbacks as they happen. Exit code 1 if anything did not happen as it should.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Keep everything running afterwards and print addresses, tokens and a command to try, until Ctrl-C
    #[arg(long)]
    keep: bool,
}

/// Runs the command.
///
/// # Errors
/// Something could not be started.
pub async fn run(args: Args, global: &Global) -> anyhow::Result<ExitCode> {
    let narrator = Narrator { json: global.json, palette: Palette::for_stdout() };
    let mut stage = Stage::put_up().await?;
    narrator.opening(&stage.places());
    let complaints = tokio::select! {
        complaints = play(&mut stage, narrator) => complaints?,
        () = interrupted() => vec!["it was interrupted".to_owned()],
    };
    narrator.summary(scenes(), &stage.received(), &complaints);
    if args.keep {
        narrator.keeps_running(&stage.places());
        keep(&mut stage, narrator).await;
    }
    stage.take_down().await?;
    Ok(ExitCode::from(if complaints.is_empty() { DONE } else { NO }))
}

/// Narrates until interrupted.
async fn keep(stage: &mut Stage, narrator: Narrator) {
    let interrupted = interrupted();
    tokio::pin!(interrupted);
    loop {
        let first = tokio::select! {
            () = &mut interrupted => return,
            seen = stage.seen.recv() => seen,
        };
        let Some(first) = first else { return };
        for seen in together(stage, first).await {
            narrator.seen(&seen);
        }
    }
}
