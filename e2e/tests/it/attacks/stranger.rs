//! A connection that keeps no rule: bytes out, whatever comes back, both with a bound.

use std::net::SocketAddr;
use std::time::Duration;

use ringback_e2e::SOON;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

/// Bytes of answers that are kept.
const KEPT: usize = 256 * 1024;
/// Between two bytes of somebody who drips.
const DRIP: Duration = Duration::from_millis(20);

pub(super) struct Stranger {
    reading: OwnedReadHalf,
    writing: OwnedWriteHalf,
}

/// What came of it.
pub(super) struct Outcome {
    /// Bytes that the other side took before it cut.
    pub(super) written: u64,
    /// The other side's answers, as far as they are kept.
    pub(super) answer: String,
}

impl Outcome {
    /// The status of every answer.
    pub(super) fn statuses(&self) -> Vec<u16> {
        let heads = self.answer.split("HTTP/1.1 ").skip(1);
        heads.map(|head| head.get(..3).unwrap_or_default().parse().unwrap_or(0)).collect()
    }
}

impl Stranger {
    pub(super) async fn connect(addr: SocketAddr) -> Self {
        let stream = TcpStream::connect(addr).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let (reading, writing) = stream.into_split();
        Self { reading, writing }
    }

    /// Writes as much as is taken; false = it was cut.
    pub(super) async fn write(&mut self, bytes: &[u8]) -> bool {
        self.writing.write_all(bytes).await.is_ok()
    }

    /// Reads until the head of an answer is there: for upgrades.
    pub(super) async fn head(&mut self) -> String {
        let mut head = Vec::new();
        let reading = async {
            while !head.ends_with(b"\r\n\r\n") {
                match self.reading.read_u8().await {
                    Ok(byte) => head.push(byte),
                    Err(_) => break,
                }
            }
        };
        tokio::time::timeout(SOON, reading).await.expect("an answer");
        String::from_utf8_lossy(&head).into_owned()
    }

    /// Writes these bytes and reads until the other side closes.
    pub(super) async fn say(self, bytes: &[u8]) -> Outcome {
        self.say_all(bytes, &[], 0).await
    }

    /// Writes `first`, then `piece` so many times, and reads until the other side closes.
    pub(super) async fn say_all(self, first: &[u8], piece: &[u8], times: usize) -> Outcome {
        let Self { reading, mut writing } = self;
        let talking = async {
            let mut written = 0;
            if writing.write_all(first).await.is_err() {
                return written;
            }
            written += first.len() as u64;
            for _ in 0..times {
                if writing.write_all(piece).await.is_err() {
                    break;
                }
                written += piece.len() as u64;
            }
            written
        };
        finish(reading, talking).await
    }

    /// Writes `first`, then the same byte again and again, slowly, until the other side closes.
    pub(super) async fn drip(self, first: &[u8], byte: u8) -> Outcome {
        let Self { reading, mut writing } = self;
        let dripping = async {
            let mut written = 0;
            let mut next = first.to_vec();
            while writing.write_all(&next).await.is_ok() {
                written += next.len() as u64;
                next = vec![byte];
                tokio::time::sleep(DRIP).await;
            }
            written
        };
        finish(reading, dripping).await
    }
}

async fn finish(mut reading: OwnedReadHalf, talking: impl Future<Output = u64>) -> Outcome {
    let listening = async {
        let mut kept = Vec::new();
        let mut piece = vec![0; 16 * 1024];
        // An error is a reset connection: as good as its end.
        while let Ok(count @ 1..) = reading.read(&mut piece).await {
            if kept.len() < KEPT {
                kept.extend_from_slice(&piece[..count]);
            }
        }
        String::from_utf8_lossy(&kept).into_owned()
    };
    let both = async { tokio::join!(talking, listening) };
    let (written, answer) = tokio::time::timeout(SOON, both).await.expect("the other side ends it");
    Outcome { written, answer }
}
