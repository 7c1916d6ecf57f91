//! The yardsticks: the same client and receiver with no server between them, and the same disk with no database on it.

use std::fs::File;
use std::io::Write as _;
use std::time::Duration;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Uri, header};
use tokio::sync::{mpsc, oneshot};

use super::figures::{add_usage, of_load};
use super::{Figures, Lab, figure};
use crate::broadcast;
use crate::broadcaster::Broadcaster;
use crate::chat;
use crate::http::Http;
use crate::listeners::Listeners;
use crate::load::{self, Bounds, Pace};
use crate::machine::Meter;
use crate::receiver::Receiver;
use crate::settings::Options;

/// Bytes of an appended record: about what one message and its event take.
const RECORD_BYTES: usize = 820;
/// Records that may wait for the writer.
const WAITING_RECORDS: usize = 4096;

/// Calls from the bare client to a receiver that takes so long, with a body like a callback's.
pub(super) async fn bare(options: &Options, pace: Pace, delay: Duration) -> anyhow::Result<Figures> {
    let receiver = Receiver::start(delay).await?;
    let http = Http::new();
    let uri: Uri = format!("{}/bare", receiver.url()).parse()?;
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    let characters = options.text;
    let call = async |number: u64| {
        let body = format!(
            r#"{{"callbackCommand":"bare","serverMsgID":"{number:032x}","clientMsgID":"{number:032x}","operationID":"bench-{number}","senderPlatformID":7,"senderNickname":"","sessionType":1,"msgFrom":200,"contentType":101,"status":1,"sendTime":0,"createTime":0,"content":"{}","seq":{number},"atUserList":null,"faceURL":"","ex":"","recvID":"to1","sendID":"from1"}}"#,
            chat::text(characters)
        );
        http.post_ok(&uri, &headers, Bytes::from(body)).await.map(drop)
    };
    load::run(pace, Bounds::time(options.warm_up_time()), call).await?;
    receiver.reset().await?;
    let meter = Meter::start(None, receiver.pid())?;
    let tally = load::run(pace, Bounds::time(options.measured_time()), call).await?;
    let usage = meter.stop()?;
    let mut figures = of_load(&tally)?;
    add_usage(&mut figures, &usage, tally.done);
    Ok(figures)
}

/// Bare calls per second, measured for half the time: every case that is compared with them has two such runs.
pub(crate) async fn bare_rate(options: &Options, pace: Pace) -> anyhow::Result<f64> {
    let halved =
        Options { seconds: options.seconds / 2.0, warm_up: options.warm_up / 2.0, ..options.clone() };
    let figures = bare(&halved, pace, Duration::ZERO).await?;
    figures.get(figure::RATE).copied().context("bare calls without a rate")
}

/// Bytes that a push to a group adds to a message's text before it is encoded: names, ids, settings.
const PUSH_FIELDS: usize = 145;

/// Pushes of the bare WebSocket server to so many connections, with frames like a push to a group.
pub(super) async fn broadcast(lab: &Lab, connections: usize) -> anyhow::Result<Figures> {
    let server = Broadcaster::start().await?;
    let listeners = Listeners::connect_bare(server.address, connections).await?;
    let data = STANDARD.encode(vec![b'p'; usize::from(lab.options.text) + PUSH_FIELDS]);
    let frame = Bytes::from(format!(
        r#"{{"reqIdentifier":2001,"msgIncr":"","operationID":"bench","errCode":0,"errMsg":"","data":"{data}"}}"#
    ));
    let pid = server.pid();
    let say = async || server.say(frame.clone()).await;
    broadcast::run(&listeners, Bounds::time(lab.options.warm_up_time()), &say).await?;
    let meter = Meter::start(None, pid)?;
    let done = broadcast::run(&listeners, Bounds::time(lab.options.measured_time()), &say).await?;
    let usage = meter.stop()?;
    let mut figures = done.figures();
    add_usage(&mut figures, &usage, done.pushes);
    for of_others in [figure::SERVER_CPU, figure::DISK] {
        figures.remove(of_others);
    }
    Ok(figures)
}

/// Records that wait together are appended together and made durable by one fdatasync, as a store's group commit
/// does it, without a store.
pub(super) async fn append(lab: &Lab, in_flight: usize) -> anyhow::Result<Figures> {
    let file = tempfile::tempfile_in(&lab.root).context("making a file to append to")?;
    let (records, waiting) = mpsc::channel(WAITING_RECORDS);
    let writer = std::thread::spawn(move || write_groups(file, waiting));
    let append = async |_| {
        let (done, durable) = oneshot::channel();
        records.send(done).await.context("the writer is gone")?;
        durable.await.context("the writer has failed")
    };
    let pace = Pace::Closed(in_flight);
    load::run(pace, Bounds::time(lab.options.warm_up_time()), append).await?;
    let meter = Meter::start(None, None)?;
    let tally = load::run(pace, Bounds::time(lab.options.measured_time()), append).await?;
    let usage = meter.stop()?;
    drop(records);
    match writer.join() {
        Ok(result) => result?,
        Err(_) => anyhow::bail!("the writer panicked"),
    }
    let mut figures = of_load(&tally)?;
    add_usage(&mut figures, &usage, tally.done);
    for of_others in [figure::SERVER_CPU, figure::RECEIVER_CPU, figure::DISK] {
        figures.remove(of_others);
    }
    Ok(figures)
}

fn write_groups(mut file: File, mut waiting: mpsc::Receiver<oneshot::Sender<()>>) -> anyhow::Result<()> {
    let mut group = Vec::new();
    let mut buffer = Vec::new();
    while let Some(first) = waiting.blocking_recv() {
        group.push(first);
        while let Ok(next) = waiting.try_recv() {
            group.push(next);
        }
        buffer.clear();
        buffer.resize(group.len() * RECORD_BYTES, b'r');
        file.write_all(&buffer).context("appending")?;
        file.sync_data().context("fdatasync")?;
        for done in group.drain(..) {
            // Whoever asked may have run out of time.
            _ = done.send(());
        }
    }
    Ok(())
}
