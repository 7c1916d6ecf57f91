//! The parent's side of the receiver.

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use bytes::Bytes;
use http::{HeaderMap, Uri};
use tokio::process::{Child, Command};

use super::record::Seen;
use crate::children::announced_address;
use crate::http::Http;

/// A running receiver; ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Receiver {
    child: Child,
    address: SocketAddr,
    http: Http,
}

impl Receiver {
    /// Starts one that answers after `delay`.
    pub(crate) async fn start(delay: Duration) -> anyhow::Result<Self> {
        Self::start_at(delay, SocketAddr::from(([127, 0, 0, 1], 0))).await
    }

    /// Starts one at this address, where port 0 stands for a free one.
    pub(crate) async fn start_at(delay: Duration, listen: SocketAddr) -> anyhow::Result<Self> {
        let this = std::env::current_exe().context("finding this binary")?;
        let mut child = Command::new(this)
            .args(["receiver", "--delay-us", &delay.as_micros().to_string()])
            .args(["--listen", &listen.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("starting the receiver")?;
        let address = announced_address(&mut child).await.context("starting the receiver")?;
        Ok(Self { child, address, http: Http::new() })
    }

    /// Where callbacks go.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/callbacks", self.address)
    }

    /// Ends it at once, like a machine that fails. Answers where it was, for its successor.
    pub(crate) async fn fail(mut self) -> anyhow::Result<SocketAddr> {
        self.child.kill().await.context("ending the receiver")?;
        Ok(self.address)
    }

    /// Its process.
    pub(crate) fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// Forgets what it has seen.
    pub(crate) async fn reset(&self) -> anyhow::Result<()> {
        self.order("reset", "", 0).await.map(drop)
    }

    /// Holds callbacks without an answer from now on.
    pub(crate) async fn hold(&self) -> anyhow::Result<()> {
        self.order("hold", "", 0).await.map(drop)
    }

    /// Answers those that are held and all that come.
    pub(crate) async fn open(&self) -> anyhow::Result<()> {
        self.order("open", "", 0).await.map(drop)
    }

    /// Answers callbacks with an error from now on.
    pub(crate) async fn refuse(&self) -> anyhow::Result<()> {
        self.order("fail", "", 0).await.map(drop)
    }

    /// What it has seen of a command.
    pub(crate) async fn seen(&self, command: &str) -> anyhow::Result<Seen> {
        self.order("seen", command, 0).await
    }

    /// What it has seen of a command once it knows so many messages, or after `patience`. The receiver answers after
    /// a few seconds anyway, and is asked again.
    pub(crate) async fn wait(
        &self,
        command: &str,
        messages: u64,
        patience: Duration,
    ) -> anyhow::Result<Seen> {
        let began = Instant::now();
        loop {
            let asked = self.order("wait", command, messages);
            let Ok(seen) = tokio::time::timeout(patience.saturating_sub(began.elapsed()), asked).await else {
                return self.seen(command).await;
            };
            let seen = seen?;
            if seen.messages >= messages {
                return Ok(seen);
            }
            eprintln!("    {} of {messages} delivered", seen.messages);
        }
    }

    async fn order(&self, order: &str, command: &str, messages: u64) -> anyhow::Result<Seen> {
        let uri: Uri =
            format!("http://{}/control/{order}?command={command}&messages={messages}", self.address)
                .parse()?;
        let text = self.http.post_ok(&uri, &HeaderMap::new(), Bytes::new()).await?;
        serde_json::from_slice(&text).with_context(|| format!("the receiver's answer to {order}"))
    }
}
