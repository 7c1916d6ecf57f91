//! Handing one message over to the provider, again and again until it is taken or too old.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ringback_model::action::{PushOutcome, PushResult};
use ringback_model::event::{Event, MessageSent, PushPlan};
use ringback_model::failure::Fault;
use ringback_model::ids::UserId;
use ringback_model::limits;
use ringback_model::message::OfflinePush;
use ringback_model::record::{PushToken, Record, RecordKind};
use ringback_model::time::UnixMs;
use ringback_model::user::Platform;
use ringback_model::wake::{Wake, WakeFailure};

use super::sleepers::Sleepers;
use super::{AGAIN, Work};
use crate::Im;

/// Waits between attempts; the last one goes on.
const WAITS: [Duration; 5] = [
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(15),
    Duration::from_secs(30),
    Duration::from_secs(60),
];
/// Share of a wait by which dice lengthen it, so that what failed together is not tried again together.
const JITTER: f64 = 0.2;
/// Push tokens of one user that are handed over: more than there are platforms.
const TOKENS: usize = 16;

impl Im {
    /// Wakes all who are to be woken for a message; ends when that is done or given up, and says what became of it.
    pub(super) async fn wake_for(&self, work: &Work, event: &Event) -> Vec<PushResult> {
        let Some(sent) = event.sent() else { return Vec::new() };
        if !sent.message.handling.offline_push {
            return sent.offline.iter().map(|user| without(user.clone(), PushOutcome::Silent)).collect();
        }
        let Planned { wakes, mut results } = loop {
            if self.is_too_old(work, event) {
                given_up(sent, "too old", sent.offline.len());
                return sent.offline.iter().map(|user| without(user.clone(), PushOutcome::TooOld)).collect();
            }
            match self.planned(work, event, sent).await {
                Ok(planned) => break planned,
                Err(fault) => tracing::error!(%fault, "who is to be woken cannot be read; trying again"),
            }
            tokio::time::sleep(AGAIN).await;
        };
        // One after the other: a message to a large group does not take the places of all others.
        for wake in wakes {
            let outcome = self.hand_over(work, event, sent, &wake).await;
            results.extend(of_wake(wake, outcome));
        }
        results
    }

    async fn planned(&self, work: &Work, event: &Event, sent: &MessageSent) -> Result<Planned, Fault> {
        let Sleepers { willing, others } = self.sleepers(event, sent).await?;
        let results = others.into_iter().map(|(user, why)| without(user, why)).collect();
        let mut planned = Planned { wakes: Vec::new(), results };
        if willing.is_empty() {
            return Ok(planned);
        }
        let plan = self.ask_about_waking(sent, willing.clone()).await;
        let chosen: HashSet<&UserId> = plan.iter().flat_map(|plan| &plan.users).collect();
        let left_out = willing.iter().filter(|user| !chosen.contains(user));
        planned.results.extend(left_out.map(|user| without(user.clone(), PushOutcome::Silent)));
        let Some(PushPlan { message, users, show }) = plan else { return Ok(planned) };
        if work.waker.provider.is_none() {
            planned.results.extend(users.into_iter().map(|user| without(user, PushOutcome::NoProvider)));
            return Ok(planned);
        }
        let show = shown(show, &work.waker.title);
        for (batch, users) in users.chunks(limits::WAKE_USERS).enumerate() {
            planned.wakes.push(Wake {
                id: format!("push_{}_{batch}", message.id),
                message: Arc::clone(&message),
                users: users.to_vec(),
                devices: self.devices(users).await?,
                show: show.clone(),
            });
        }
        Ok(planned)
    }

    async fn devices(&self, users: &[UserId]) -> Result<Vec<PushToken>, Fault> {
        let now = self.clock.now();
        let mut devices = Vec::new();
        for user in users {
            let records = self.store.records_of(RecordKind::PushToken, &user.folded(), "", TOKENS).await?;
            devices.extend(records.into_iter().filter_map(|record| match record {
                Record::PushToken(token) if token.expires_at == UnixMs(0) || token.expires_at > now => {
                    Some(token)
                }
                _ => None,
            }));
        }
        Ok(devices)
    }

    async fn hand_over(&self, work: &Work, event: &Event, sent: &MessageSent, wake: &Wake) -> PushOutcome {
        let mut attempt = 1_u32;
        loop {
            let Err(failure) = self.attempt(work, wake, attempt).await else { return PushOutcome::Taken };
            tracing::warn!(
                id = wake.id,
                attempt,
                users = wake.users.len(),
                error = %failure,
                "an offline push was not taken"
            );
            if self.is_too_old(work, event) {
                given_up(sent, "not taken", wake.users.len());
                return PushOutcome::NotTaken;
            }
            tokio::time::sleep(wait(attempt, failure.after, self.dice.fraction())).await;
            attempt = attempt.saturating_add(1);
        }
    }

    async fn attempt(&self, work: &Work, wake: &Wake, attempt: u32) -> Result<(), WakeFailure> {
        let Some(provider) = &work.waker.provider else { return Ok(()) };
        // Never closed, so there is always a slot in the end.
        let _slot = work.slots.acquire().await;
        let started = Instant::now();
        let result = provider.wake(wake, attempt).await;
        let outcome = if result.is_ok() { "taken" } else { "failed" };
        metrics::counter!("ringback_offline_pushes_total", "outcome" => outcome).increment(1);
        metrics::histogram!("ringback_offline_push_seconds").record(started.elapsed().as_secs_f64());
        result
    }

    fn is_too_old(&self, work: &Work, event: &Event) -> bool {
        self.clock.now().since(event.at) > work.waker.keep
    }
}

/// Whom to wake for a message, and what is known already of the others.
struct Planned {
    wakes: Vec<Wake>,
    results: Vec<PushResult>,
}

fn without(user: UserId, outcome: PushOutcome) -> PushResult {
    PushResult { user, outcome, platforms: Vec::new() }
}

/// What became of it for each of its users.
fn of_wake(wake: Wake, outcome: PushOutcome) -> Vec<PushResult> {
    let mut of_user: HashMap<UserId, Vec<Platform>> = HashMap::new();
    for device in wake.devices {
        of_user.entry(device.user).or_default().push(device.platform);
    }
    let result = |user: UserId| {
        let mut platforms = of_user.remove(&user).unwrap_or_default();
        platforms.sort_unstable();
        platforms.dedup();
        PushResult { user, outcome, platforms }
    };
    wake.users.into_iter().map(result).collect()
}

fn given_up(sent: &MessageSent, why: &'static str, users: usize) {
    metrics::counter!("ringback_offline_pushes_total", "outcome" => "expired").increment(1);
    tracing::warn!(message = %sent.message.id, users, why, "an offline push was given up");
}

/// What devices show: the words of the message or of a rule, under a title in any case.
fn shown(show: Option<OfflinePush>, title: &str) -> OfflinePush {
    let mut show = show.unwrap_or_default();
    if show.title.is_empty() {
        title.clone_into(&mut show.title);
    }
    show
}

/// The wait after this attempt: by the schedule, or what was asked for where that is longer, up to the longest wait.
fn wait(attempt: u32, asked: Option<Duration>, dice: f64) -> Duration {
    let [.., longest] = WAITS;
    let step = usize::try_from(attempt.saturating_sub(1)).unwrap_or(usize::MAX);
    let scheduled = WAITS.get(step).copied().unwrap_or(longest);
    let asked = asked.unwrap_or_default().min(longest);
    scheduled.mul_f64(1.0 + JITTER * dice.clamp(0.0, 1.0)).max(asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_minute_and_heed_what_was_asked_for() {
        let seconds = Duration::from_secs;
        let cases = [
            (1, None, 0.0, seconds(1)),
            (1, None, 1.0, Duration::from_millis(1200)),
            (5, None, 0.0, seconds(60)),
            (900, None, 0.0, seconds(60)),
            (2, Some(seconds(9)), 0.0, seconds(9)),
            (3, Some(seconds(9)), 0.0, seconds(15)),
            (1, Some(seconds(3600)), 0.0, seconds(60)),
        ];
        for (attempt, asked, dice, wanted) in cases {
            assert_eq!(wait(attempt, asked, dice), wanted, "{attempt} {asked:?} {dice}");
        }
    }

    #[test]
    fn there_is_always_a_title() {
        let own = OfflinePush { title: "Ann".to_owned(), desc: "hello".to_owned(), ..OfflinePush::default() };
        assert_eq!(shown(Some(own.clone()), "New").title, "Ann");
        assert_eq!(shown(None, "New").title, "New");
        let untitled = shown(Some(OfflinePush { title: String::new(), ..own }), "New");
        assert_eq!((untitled.title.as_str(), untitled.desc.as_str()), ("New", "hello"));
    }
}
