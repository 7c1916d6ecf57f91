//! Measures what parked deliveries cost the embedded store: saving, counting, paging and forgetting a million of
//! them, and what commits wait meanwhile. `cargo run --release -p ringback-store --example parked [ROWS] [FOLDER]`;
//! takes about a minute and a gigabyte and a half.

#![allow(clippy::unwrap_used, reason = "a measuring tool, not library code")]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ringback_model::commit::Commit;
use ringback_model::conversation::Target;
use ringback_model::delivery::{
    DeliveryKey, Exception, ExceptionState, Outbound, ParkReason, ProgressChange,
};
use ringback_model::event::Lane;
use ringback_model::ids::{LogPos, RuleId, UserId};
use ringback_model::message::{ContentClass, Origin};
use ringback_model::ports::Store;
use ringback_model::sample;
use ringback_model::storage::{Bucket, SLICE_MS};
use ringback_model::time::UnixMs;
use ringback_store::StoreSettings;

const BODY_BYTES: usize = 800;
/// Parked in one call of `save`.
const SAVED: u64 = 10_000;
/// Three days of slices.
const BUCKETS: i64 = 432;
const NOON: i64 = 1_700_000_000_000;
const RULES: [&str; 2] = ["rule-made-by-api-0001", "rule-made-by-api-0002"];

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let rows: u64 = arguments.next().map_or(1_000_000, |rows| rows.parse().unwrap());
    let folder = arguments.next().map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = folder.join(format!("ringback-parked-{}", std::process::id()));
    println!("{rows} deliveries with bodies of {BODY_BYTES} bytes, over {BUCKETS} slices and two rules");
    let store = ringback_store::open(&folder, StoreSettings::default()).unwrap();
    park(store.as_ref(), rows).await;
    ask(store.as_ref()).await;
    let store = reopen(store, &folder).await;
    ask(store.as_ref()).await;
    forget(&store).await;
    store.close().await.unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
}

async fn reopen(store: Arc<dyn Store>, folder: &std::path::Path) -> Arc<dyn Store> {
    store.close().await.unwrap();
    drop(store);
    let began = Instant::now();
    let store = ringback_store::open(folder, StoreSettings::default()).unwrap();
    println!("open again: {:?}", began.elapsed());
    store
}

async fn park(store: &dyn Store, rows: u64) {
    let began = Instant::now();
    let mut longest = Duration::ZERO;
    for batch in 0..rows / SAVED {
        let rule = RULES[usize::try_from(batch % 2).unwrap()];
        let put = (batch * SAVED..(batch + 1) * SAVED).map(|pos| exception(pos, rows)).collect();
        let change = ProgressChange { put, ..ProgressChange::none(RuleId::new(rule)) };
        let began = Instant::now();
        store.save(vec![change]).await.unwrap();
        longest = longest.max(began.elapsed());
        if batch == 0 {
            println!("save {SAVED}, the first: {:?}", began.elapsed());
        }
    }
    println!("save all, {SAVED} at a time: {:?}; the longest {longest:?}", began.elapsed());
}

fn exception(pos: u64, rows: u64) -> Exception {
    let slice = BUCKETS * i64::try_from(pos).unwrap() / i64::try_from(rows).unwrap();
    let at = UnixMs(NOON + slice * SLICE_MS);
    let user = |id| UserId::parse(id).unwrap();
    Exception {
        key: DeliveryKey { pos: LogPos(pos + 1), copy: 0 },
        lane: Lane(Arc::from(format!("u:{}:{}", user("alice"), user("bob")))),
        state: ExceptionState::Parked { attempts: 2, at, reason: ParkReason::Banned },
        since: at,
        last_error: "the app is banned".to_owned(),
        outbound: Some(Outbound {
            url: "http://localhost/callback".to_owned(),
            headers: Vec::new(),
            body: vec![b'x'; BODY_BYTES].into(),
        }),
    }
}

async fn ask(store: &dyn Store) {
    let rule = RuleId::new(RULES[0]);
    for _ in 0..2 {
        let began = Instant::now();
        let counts = store.parked_counts().await.unwrap();
        let parked: u64 = counts.iter().map(|count| count.count).sum();
        println!("parked_counts: {:?} ({} groups, {parked} deliveries)", began.elapsed(), counts.len());
        let began = Instant::now();
        let parked = store.load(&rule).await.unwrap().unwrap().parked;
        println!("load: {:?} ({parked} deliveries)", began.elapsed());
        let bucket = Bucket(Bucket::of(UnixMs(NOON)).0 + BUCKETS / 2);
        let began = Instant::now();
        let page = store.parked_in(&rule, bucket, None, 500).await.unwrap();
        println!("parked_in, a page of {}: {:?}", page.len(), began.elapsed());
        let began = Instant::now();
        let after = DeliveryKey { pos: LogPos(400_000), copy: 0 };
        let page = store.parked(&rule, Some(after), 500).await.unwrap();
        println!("parked, a page of {}: {:?}", page.len(), began.elapsed());
    }
}

async fn forget(store: &Arc<dyn Store>) {
    let forgetting = store.clone();
    let began = Instant::now();
    let before = UnixMs(NOON + BUCKETS / 2 * SLICE_MS);
    let half =
        tokio::spawn(async move { forgetting.forget_parked(before, usize::MAX, before).await.unwrap() });
    let mut waits = Vec::new();
    while !half.is_finished() {
        waits.push(commit(store.as_ref(), waits.len()).await);
    }
    let gone: u64 = half.await.unwrap().iter().map(|(_, count)| *count).sum();
    println!("forget_parked: {:?} ({gone} deliveries)", began.elapsed());
    waits.sort_unstable();
    println!(
        "  meanwhile {} commits: {:?} median, {:?} longest",
        waits.len(),
        waits[waits.len() / 2],
        waits[waits.len() - 1]
    );
    let began = Instant::now();
    let gone = store.purge_parked(&RuleId::new(RULES[0]), UnixMs(0)).await.unwrap();
    println!("purge_parked: {:?} ({gone} deliveries)", began.elapsed());
}

async fn commit(store: &dyn Store, number: usize) -> Duration {
    let content = sample::content(ContentClass::Text, 101, "a message");
    let user = |id| UserId::parse(id).unwrap();
    let mut message = sample::message(user("alice"), Target::User(user("bob")), content, UnixMs(NOON));
    message.client_id = number.to_string();
    let event = sample::sent(LogPos(0), message, Origin::Client, Vec::new());
    let began = Instant::now();
    store.commit(Commit::at(UnixMs(NOON)).event(event.lane, event.fact)).await.unwrap();
    began.elapsed()
}
