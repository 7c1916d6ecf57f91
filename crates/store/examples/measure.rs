//! Measures the embedded store beside a bare append + fdatasync in the same folder and the same run, and prints
//! ratios. `cargo run --release -p ringback-store --example measure [FOLDER]`; takes about half a minute.

#![allow(
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a measuring tool, not library code"
)]

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use ringback_model::commit::{Commit, Require};
use ringback_model::conversation::{ConversationId, Target};
use ringback_model::event::{Fact, Lane, MessageSent};
use ringback_model::ids::{MessageId, UserId};
use ringback_model::message::{ContentClass, Message, Origin};
use ringback_model::ports::Store;
use ringback_model::sample;
use ringback_model::time::UnixMs;
use ringback_store::StoreSettings;

const CONVERSATIONS: u64 = 1_000;
const CONTENT_BYTES: usize = 600;
const RUN: Duration = Duration::from_secs(4);
const PRODUCERS: [usize; 3] = [1, 64, 256];

struct Figures {
    per_second: f64,
    p50: Duration,
    p99: Duration,
    cpu_us: f64,
    bytes: f64,
}

fn main() {
    let folder = std::env::args_os().nth(1).map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = folder.join(format!("ringback-measure-{}", std::process::id()));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    println!(
        "{CONTENT_BYTES}-byte messages, {CONVERSATIONS} single chats, one requirement per commit, {RUN:?} each"
    );
    for producers in PRODUCERS {
        fs::create_dir_all(&folder).unwrap();
        let bare =
            figures(|latencies| runtime.block_on(bare_file(&folder.join("bare"), producers, latencies)));
        let store = figures(|latencies| runtime.block_on(store(&folder.join("store"), producers, latencies)));
        println!("{producers:>4} producers");
        show("bare append + fdatasync", &bare);
        show("embedded store", &store);
        println!("       ratio of commits/s: {:.2}", store.per_second / bare.per_second);
        fs::remove_dir_all(&folder).unwrap();
    }
}

fn show(name: &str, figures: &Figures) {
    let ms = |duration: Duration| duration.as_secs_f64() * 1e3;
    println!(
        "  {name:<24} {:>8.0}/s  p50 {:>6.2} ms  p99 {:>6.2} ms  CPU {:>5.1} us  written {:>6.0} bytes",
        figures.per_second,
        ms(figures.p50),
        ms(figures.p99),
        figures.cpu_us,
        figures.bytes
    );
}

fn figures(run: impl FnOnce(mpsc::Sender<Vec<Duration>>)) -> Figures {
    let (sender, receiver) = mpsc::channel();
    let (cpu, written, began) = (cpu_us(), written_bytes(), Instant::now());
    run(sender);
    let seconds = began.elapsed().as_secs_f64();
    let (cpu, written) = (cpu_us() - cpu, written_bytes() - written);
    let mut latencies: Vec<Duration> = receiver.into_iter().flatten().collect();
    latencies.sort_unstable();
    let commits = latencies.len() as f64;
    Figures {
        per_second: commits / seconds,
        p50: latencies[latencies.len() / 2],
        p99: latencies[latencies.len() * 99 / 100],
        cpu_us: cpu / commits,
        bytes: written / commits,
    }
}

/// One thread appends everything that waits and syncs once: the least that a durable log can do.
async fn bare_file(path: &Path, producers: usize, latencies: mpsc::Sender<Vec<Duration>>) {
    let (queue, mut jobs) = tokio::sync::mpsc::channel::<(Vec<u8>, tokio::sync::oneshot::Sender<()>)>(4096);
    let mut file = File::create(path).unwrap();
    let writer = std::thread::spawn(move || {
        while let Some(first) = jobs.blocking_recv() {
            let mut group = vec![first];
            while let Ok(next) = jobs.try_recv() {
                group.push(next);
            }
            let bytes: Vec<u8> = group.iter().flat_map(|(bytes, _)| bytes.iter().copied()).collect();
            file.write_all(&bytes).unwrap();
            file.sync_data().unwrap();
            for (_, done) in group {
                done.send(()).unwrap();
            }
        }
    });
    let body = serde_json::to_vec(&fact(1, 1)).unwrap();
    produce(producers, latencies, move |_| {
        let (queue, body) = (queue.clone(), body.clone());
        async move {
            let (done, wait) = tokio::sync::oneshot::channel();
            queue.send((body, done)).await.unwrap();
            wait.await.unwrap();
        }
    })
    .await;
    writer.join().unwrap();
}

async fn store(path: &Path, producers: usize, latencies: mpsc::Sender<Vec<Duration>>) {
    let store: Arc<dyn Store> = ringback_store::open(path, StoreSettings::default()).unwrap();
    let writing = store.clone();
    produce(producers, latencies, move |number| {
        let store = writing.clone();
        async move {
            store.commit(commit(number)).await.unwrap();
        }
    })
    .await;
    store.close().await.unwrap();
}

async fn produce<F, W>(producers: usize, latencies: mpsc::Sender<Vec<Duration>>, one: F)
where
    F: Fn(u64) -> W + Clone + Send + 'static,
    W: Future<Output = ()> + Send,
{
    let ends = Instant::now() + RUN;
    let mut tasks = Vec::new();
    for producer in 0..producers as u64 {
        let (one, latencies) = (one.clone(), latencies.clone());
        tasks.push(tokio::spawn(async move {
            let mut mine = Vec::new();
            let mut number = producer << 32;
            while Instant::now() < ends {
                number += 1;
                let began = Instant::now();
                one(number).await;
                mine.push(began.elapsed());
            }
            latencies.send(mine).unwrap();
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
}

fn chat(number: u64) -> (UserId, UserId) {
    // Spread over the conversations in no particular order.
    let chat = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    let user = |side: &str| UserId::parse(&format!("user-{side}-{}", chat % CONVERSATIONS)).unwrap();
    (user("a"), user("b"))
}

fn commit(number: u64) -> Commit {
    let (sender, recipient) = chat(number);
    let fact = fact(number, number);
    let lane = Lane::conversation(&ConversationId::single(&sender, &recipient));
    Commit::at(UnixMs(1_700_000_000_000)).require(Require::NotBlocked(recipient, sender)).event(lane, fact)
}

fn fact(number: u64, chat_number: u64) -> Fact {
    let (sender, recipient) = chat(chat_number);
    let content = sample::content(ContentClass::Text, 101, &"x".repeat(CONTENT_BYTES));
    let message = sample::message(sender, Target::User(recipient), content, UnixMs(1_700_000_000_000));
    let message = Message { id: MessageId(number), client_id: format!("{number:032x}"), ..message };
    Fact::MessageSent(Box::new(MessageSent {
        message: Arc::new(message),
        operation_id: Arc::from("measure"),
        origin: Origin::Client,
        sender_is_admin: false,
        offline: Vec::new(),
    }))
}

/// Processor time of this process so far. Linux counts it in ticks of 10 ms.
fn cpu_us() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: f64 = fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap();
    ticks * 10_000.0
}

/// Bytes that this process has sent to block devices so far.
fn written_bytes() -> f64 {
    let io = fs::read_to_string("/proc/self/io").unwrap();
    io.lines().find_map(|line| line.strip_prefix("write_bytes: ")).unwrap().parse().unwrap()
}
