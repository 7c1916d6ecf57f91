//! Counting what a replay means, before anything is sent. In memory is one page of events.

use ringback_model::failure::Fault;
use ringback_model::ports::Log;

use super::business::{Business, Found};
use super::scope::Scope;
use super::state::{Replay, ReplayCounts};

/// Counts, and shows on the way how far it is. Ends early where the replay is to end.
pub(super) async fn count(
    log: &dyn Log,
    scope: &Scope,
    business: &Business,
    replay: &Replay,
) -> Result<(), Fault> {
    let mut counts = ReplayCounts { oldest_version: business.oldest_version(), ..ReplayCounts::default() };
    let mut at = scope.after;
    while let Some(read) = scope.read(log, at).await? {
        for event in &read.events {
            counts.looked_at += 1;
            let found = business.look(event);
            counts.meant += u64::from(!matches!(found, Found::NotMeant));
            match found {
                Found::NotMeant => {}
                Found::NotWanted { off } => {
                    counts.not_wanted += 1;
                    counts.while_off += u64::from(off);
                }
                Found::Wanted(wanted) => {
                    counts.deliveries += business.deliveries(event, &wanted);
                    counts.before_versions += u64::from(wanted.before_versions);
                }
            }
        }
        replay.count(&counts);
        at = read.upto;
        if replay.is_ending() {
            break;
        }
        // A large log is read in one go: others want the thread, too.
        tokio::task::yield_now().await;
    }
    replay.count(&counts);
    replay.counted();
    Ok(())
}
