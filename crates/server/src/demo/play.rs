//! One scene after another, each watched until everything that must come of it has come.

use std::time::Duration;

use anyhow::bail;
use tokio::time::Instant;

use super::narrator::Narrator;
use super::scene::{Scene, Seen, Watch};
use super::script::SCENES;
use super::signed::{self, SignedWatch};
use super::stage::Stage;

/// Time that a scene has; the longest one waits for the first retry, about a second.
const SCENE: Duration = Duration::from_secs(6);
/// Receiver and clients see things each for themselves; what comes within this time is in no order that means
/// anything, and is told in the order in which the server sends it.
const TOGETHER: Duration = Duration::from_millis(4);
/// How often the server is asked whether it keeps a callback for later.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Plays all scenes; answers what went wrong, in words.
///
/// # Errors
/// The stage broke down.
pub async fn play(stage: &mut Stage, narrator: Narrator) -> anyhow::Result<Vec<String>> {
    let mut watches = Watches { all: Vec::new(), signed: SignedWatch::default(), narrator };
    for (index, scene) in SCENES.iter().enumerate() {
        narrator.scene(index + 1, scene);
        let client_id = format!("demo-message-{}", index + 1);
        watches.all.push(Watch::new(*scene, &client_id, stage.other(scene.from)));
        if scene.receiver_down {
            stage.stop_receiver().await;
            narrator.receiver(false);
        }
        narrator.sends(scene, &client_id);
        stage.send(scene, &client_id).await?;
        let until = Instant::now() + SCENE;
        if scene.receiver_down {
            outlast(stage, &mut watches, until).await?;
        }
        watches.follow(stage, until, |watches| watches.newest(Watch::is_complete)).await?;
    }
    play_signed(stage, &mut watches).await?;
    let complaints = watches.all.iter().flat_map(Watch::complaints);
    Ok(complaints.chain(watches.signed.complaints()).collect())
}

/// The last scene.
async fn play_signed(stage: &mut Stage, watches: &mut Watches) -> anyhow::Result<()> {
    let narrator = watches.narrator;
    narrator.title(scenes(), signed::TITLE);
    let url = stage.make_rule().await?;
    narrator.makes_rule(&url);
    narrator.sends_by_rest();
    stage.send_by_rest().await?;
    let until = Instant::now() + SCENE;
    watches.follow(stage, until, |watches| watches.signed.is_complete()).await
}

/// This and what is seen at the same time, in the order in which the server sends it.
pub async fn together(stage: &mut Stage, first: Seen) -> Vec<Seen> {
    let mut all = vec![first];
    let until = Instant::now() + TOGETHER;
    while let Ok(Some(seen)) = tokio::time::timeout_at(until, stage.seen.recv()).await {
        all.push(seen);
    }
    all.sort_by_key(Seen::rank);
    all
}

/// The receiver comes back once the message has arrived and its callback waits.
async fn outlast(stage: &mut Stage, watches: &mut Watches, until: Instant) -> anyhow::Result<()> {
    watches.follow(stage, until, |watches| watches.newest(Watch::lacks_only_told)).await?;
    while stage.waiting() == 0 && Instant::now() < until {
        tokio::time::sleep(LOOK_EVERY).await;
    }
    watches.narrator.waits(stage.waiting());
    stage.start_receiver().await?;
    watches.narrator.receiver(true);
    Ok(())
}

/// The watches of all scenes so far: what comes too late, or again, is noticed too.
struct Watches {
    all: Vec<Watch>,
    signed: SignedWatch,
    narrator: Narrator,
}

impl Watches {
    /// Whether the newest watch is content.
    fn newest(&self, content: fn(&Watch) -> bool) -> bool {
        self.all.last().is_none_or(content)
    }

    /// Narrates until everybody is content or time is up.
    async fn follow(
        &mut self,
        stage: &mut Stage,
        until: Instant,
        content: fn(&Self) -> bool,
    ) -> anyhow::Result<()> {
        while !content(self) {
            let first = match tokio::time::timeout_at(until, stage.seen.recv()).await {
                Ok(Some(seen)) => seen,
                Ok(None) => bail!("nobody is left to see anything"),
                // What is missing is told at the end.
                Err(_) => break,
            };
            for seen in together(stage, first).await {
                self.see(&seen);
            }
        }
        Ok(())
    }

    fn see(&mut self, seen: &Seen) {
        self.narrator.seen(seen);
        for watch in &mut self.all {
            watch.see(seen);
        }
        self.signed.see(seen);
    }
}

/// How many scenes there are.
#[must_use]
pub const fn scenes() -> usize {
    let all: &[Scene] = &SCENES;
    all.len() + 1
}
