//! `kill -9` in a loop, under load: one campaign of `ringback_e2e::crash`.
//!
//! `RINGBACK_KILLS` says how often (50), `RINGBACK_KILL_SEED` repeats the moments of a run.

use ringback_e2e::crash::{self, Campaign};

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_over_kills_under_load() {
    let kills = setting("RINGBACK_KILLS", 50);
    let seed = setting("RINGBACK_KILL_SEED", rand::random());
    eprintln!("RINGBACK_KILLS={kills} RINGBACK_KILL_SEED={seed}");
    let campaign = Campaign { kills, seed, binary: None, root: None };
    let outcome = crash::run(&campaign, |told| {
        eprintln!(
            "kill {}: {:?} after {:?}, {} acknowledged so far, ready in {:?}",
            told.kill, told.moment, told.life, told.acknowledged, told.ready
        );
    });
    let count = outcome.await.unwrap_or_else(|failure| panic!("{failure}"));
    eprintln!("{count:?}");
    assert!(count.acknowledged >= kills, "there was a load: {count:?}");
}
