//! Sends beside rules that do not match: what a message pays for rules that are not about it.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use futures_util::TryStreamExt as _;
use futures_util::stream::{self, StreamExt as _};
use serde_json::json;

use super::send::{AFTER, BEFORE};
use super::{Case, Send, Via, figure, many};
use crate::admin::Admin;
use crate::chat::Rest;
use crate::server::Rules;
use crate::settings::Options;
use crate::targets::{Bound, Target};

/// How many rules there are.
const COUNTS: [u32; 3] = [1, 50, 1000];
/// Rules that are being made at once.
const AT_ONCE: usize = 8;
/// Longest that rules may be behind once the sending is over.
const CATCHING_UP: Duration = Duration::from_secs(60);
/// How often that is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(10);

fn beside(count: u32, options: &Options) -> Send {
    Send { other_rules: count, ..Send::new(Via::Rest, Rules::NONE, many(options)) }
}

/// Makes rules that are about messages of people who do not exist: every other one asks, the others are told. Also
/// says how long that took.
pub(super) async fn strangers(
    rest: &Rest,
    address: SocketAddr,
    count: u32,
    receiver_url: &str,
) -> anyhow::Result<(Admin, Duration)> {
    let admin = Admin::of(rest, address).await?;
    let dialect = admin.own_dialect()?;
    let add = async |number: u32| {
        let (phase, event) = if number % 2 == 1 { ("before", BEFORE) } else { ("after", AFTER) };
        let about = json!({ "events": [event], "from": [format!("stranger{number}")] });
        admin.add_rule(&format!("stranger_{number}"), dialect, phase, receiver_url, &about).await
    };
    let began = Instant::now();
    let adding = stream::iter(0..count).map(add).buffer_unordered(AT_ONCE);
    adding.try_collect::<()>().await.context("making rules")?;
    Ok((admin, began.elapsed()))
}

/// Waits until every rule has looked at every message: what the senders do not wait for is work all the same, and is
/// to be counted.
pub(super) async fn caught_up(admin: &Admin) -> anyhow::Result<Duration> {
    let began = Instant::now();
    while admin.lag().await? > 0 {
        ensure!(began.elapsed() < CATCHING_UP, "rules are behind after {CATCHING_UP:?}");
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(began.elapsed())
}

pub(super) fn cases(options: &Options) -> Vec<Case> {
    COUNTS.map(|count| Case::Send(beside(count, options))).into()
}

pub(super) fn targets(options: &Options) -> Vec<Target> {
    let [one, _, most] = COUNTS;
    vec![Target::ratio(
        "sends beside 1,000 rules that do not match, by those beside one",
        Bound::AtLeast(0.9),
        (beside(most, options).name(), figure::RATE),
        (beside(one, options).name(), figure::RATE),
    )]
}
