//! Server, receiver and clients, put up: all in this process, talking over real sockets on loopback.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;
use ringback_dialects::client::{self, Addressee, Text};
use ringback_dialects::{DevDefaults, app_client};
use ringback_model::app::App;
use ringback_model::ports::{Clock as _, Dice as _};
use tempfile::TempDir;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;

use super::chat_client::{CODEC, ChatClient, PLATFORM};
use super::scene::{Scene, Seen};
use super::script::{self, ALICE, BOB};
use super::signed;
use crate::assemble::{self, NotStarted, Plan, Server};
use crate::cli::rest::Rest;
use crate::clock::{SystemClock, SystemDice};
use crate::receiver::ledger::Summary;
use crate::receiver::running::{Options, Running, start};
use crate::receiver::signature::Secret;
use crate::settings::{Flags, Loader};

/// Things seen that may wait for the narrator.
const SEEN: usize = 1024;
/// Path of the receiver's URL.
const RECEIVER_PATH: &str = "/callbacks";
/// A free port of this machine.
const ANYWHERE: ([u8; 4], u16) = ([127, 0, 0, 1], 0);

/// Everything that takes part.
pub struct Stage {
    /// What is seen, in the order in which it is seen.
    pub seen: mpsc::Receiver<Seen>,
    seers: mpsc::Sender<Seen>,
    folder: TempDir,
    server: Server,
    rest: Rest,
    app: App,
    receiver: Option<Running>,
    /// That of the rule of the last scene.
    checking: Option<Running>,
    receiver_address: SocketAddr,
    /// Of receivers that were stopped.
    received: Vec<Summary>,
    alice: ChatClient,
    bob: ChatClient,
    group: String,
    admin_token: String,
    app_token: String,
    tokens: [(&'static str, String); 2],
}

impl Stage {
    /// Starts everything and logs both clients in.
    ///
    /// # Errors
    /// Says what does not work.
    pub async fn put_up() -> anyhow::Result<Self> {
        let (seers, seen) = mpsc::channel(SEEN);
        let receiver = receiver(ANYWHERE.into(), &seers, None).await?;
        let receiver_address = receiver.address();
        let folder = tempfile::Builder::new().prefix("ringback-demo-").tempdir()?;
        let server = server(&folder, &receiver.url()).await?;
        let rest = Rest::to(&format!("http://{}", server.address).parse()?, None)?;

        let dev = ringback_dialects::all(&App::default()).dev;
        let answer = rest.call(&client::admin_token(dev.secret, dev.admin, "demo-admin")).await?;
        let admin_token = client::token_of(&answer).context("no administrator's token")?;
        let people = [(ALICE, "Alice"), (BOB, "Bob")];
        let answer = rest.call(&client::register(&admin_token, &people, "demo-register")).await?;
        client::data_of(&answer).context("the users cannot be registered")?;
        let call = client::create_group(&admin_token, "Demo", ALICE, &[BOB], "demo-group");
        let group = client::group_of(&rest.call(&call).await?).context("the group cannot be made")?;
        let alice_token = user_token(&rest, &admin_token, ALICE).await?;
        let bob_token = user_token(&rest, &admin_token, BOB).await?;
        let app = named(dev);
        let answer = rest.call(&app_client::token(&app, dev.client_id, dev.client_secret)).await?;
        let app_token = app_client::token_of(&answer).context("no app token")?;
        let sockets = format!("ws://{}", server.address);
        Ok(Self {
            alice: ChatClient::log_in(&sockets, ALICE, &alice_token, seers.clone()).await?,
            bob: ChatClient::log_in(&sockets, BOB, &bob_token, seers.clone()).await?,
            seen,
            seers,
            folder,
            server,
            rest,
            app,
            receiver: Some(receiver),
            checking: None,
            receiver_address,
            received: Vec::new(),
            group,
            admin_token,
            app_token,
            tokens: [(ALICE, alice_token), (BOB, bob_token)],
        })
    }

    /// Who is to receive what this one sends.
    #[must_use]
    pub fn other(&self, user: &str) -> &'static str {
        if user == ALICE { BOB } else { ALICE }
    }

    /// Sends the message of a scene.
    ///
    /// # Errors
    /// The sender is not connected any more.
    pub async fn send(&self, scene: &Scene, client_id: &str) -> anyhow::Result<()> {
        let (sender, nickname) =
            if scene.from == ALICE { (&self.alice, "Alice") } else { (&self.bob, "Bob") };
        let to = if scene.to_group {
            Addressee::Group(&self.group)
        } else {
            Addressee::User(self.other(scene.from))
        };
        let message = Text {
            from: sender.user(),
            nickname,
            to,
            text: scene.text,
            client_id,
            created_at_ms: SystemClock.now().0,
            platform: PLATFORM,
        };
        // The client's id is the key of the answer too, so that one id tells everything about a message.
        let frame = client::send_frame(&message, &format!("op-{client_id}"), client_id, CODEC);
        sender.send(frame).await
    }

    /// The receiver goes away; its address stays free for it.
    pub async fn stop_receiver(&mut self) {
        if let Some(receiver) = self.receiver.take() {
            self.received.push(receiver.stop().await);
        }
    }

    /// The receiver comes back at its address.
    ///
    /// # Errors
    /// Somebody else has taken the address.
    pub async fn start_receiver(&mut self) -> anyhow::Result<()> {
        self.receiver = Some(receiver(self.receiver_address, &self.seers, None).await?);
        Ok(())
    }

    /// Makes the rule of the last scene, with a receiver that checks its signature; answers the receiver's URL.
    ///
    /// # Errors
    /// The receiver cannot listen, or the rule cannot be made.
    pub async fn make_rule(&mut self) -> anyhow::Result<String> {
        let secret = format!("{:016x}{:016x}", SystemDice.roll(), SystemDice.roll());
        let checking = receiver(ANYWHERE.into(), &self.seers, Some(&secret)).await?;
        let url = format!("{}{RECEIVER_PATH}", checking.url());
        self.checking = Some(checking);
        signed::make_rule(&self.rest, &self.admin_token, &url, &secret).await?;
        Ok(url)
    }

    /// Sends the message of the last scene.
    ///
    /// # Errors
    /// The server does not take it.
    pub async fn send_by_rest(&self) -> anyhow::Result<()> {
        signed::send(&self.rest, &self.app, &self.app_token).await
    }

    /// Deliveries that wait to be tried again.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.server.engine().status().iter().map(|rule| rule.waiting).sum()
    }

    /// What the receiver has got so far.
    #[must_use]
    pub fn received(&self) -> Summary {
        let running = [&self.receiver, &self.checking].into_iter().flatten().map(Running::summary);
        let mut total = Summary::default();
        for part in self.received.iter().cloned().chain(running) {
            total.calls += part.calls;
            total.duplicates += part.duplicates;
            total.unknown += part.unknown;
            total.badly_signed += part.badly_signed;
            for (title, calls) in part.by_title {
                *total.by_title.entry(title).or_default() += calls;
            }
        }
        total
    }

    /// Where everything is, for people.
    #[must_use]
    pub fn places(&self) -> Places {
        Places {
            server: format!("http://{}", self.server.address),
            sockets: format!("ws://{}", self.server.address),
            receiver: format!("http://{}{RECEIVER_PATH}", self.receiver_address),
            folder: self.folder.path().display().to_string(),
            group: self.group.clone(),
            admin_token: self.admin_token.clone(),
            app_token: self.app_token.clone(),
            tokens: self.tokens.clone(),
        }
    }

    /// Takes everything down, in order.
    ///
    /// # Errors
    /// The server did not go down in order.
    pub async fn take_down(mut self) -> anyhow::Result<()> {
        // Nobody narrates any more; those who still see something must not wait for it.
        self.seen.close();
        self.alice.leave().await;
        self.bob.leave().await;
        self.server.shut_down().await?;
        for receiver in [self.receiver.take(), self.checking.take()].into_iter().flatten() {
            receiver.stop().await;
        }
        Ok(())
    }
}

/// Where everything is. Its tokens are good for this demonstration only.
pub struct Places {
    /// The server's URL.
    pub server: String,
    /// Where clients connect.
    pub sockets: String,
    /// The receiver's URL.
    pub receiver: String,
    /// The server's data.
    pub folder: String,
    /// The group.
    pub group: String,
    /// An administrator's token.
    pub admin_token: String,
    /// A token of the app's backend.
    pub app_token: String,
    /// The clients' tokens.
    pub tokens: [(&'static str, String); 2],
}

impl Places {
    /// A command line that sends a message from Alice to Bob.
    #[must_use]
    pub fn curl(&self) -> String {
        let call = client::send_text(&self.admin_token, ALICE, BOB, "hello from curl", "try-1");
        let headers: String =
            call.headers.iter().map(|(name, value)| format!(" -H '{name}: {value}'")).collect();
        let body = String::from_utf8_lossy(&call.body).into_owned();
        format!("curl -s {}{}{headers} -d '{body}'", self.server, call.path)
    }
}

async fn user_token(rest: &Rest, admin_token: &str, user: &str) -> anyhow::Result<String> {
    let call = client::user_token(admin_token, user, PLATFORM, &format!("demo-token-{user}"));
    client::token_of(&rest.call(&call).await?).with_context(|| format!("{user} gets no token"))
}

/// The app that development mode serves.
fn named(dev: DevDefaults) -> App {
    App { id: dev.app_id.to_owned(), org: dev.app_org.to_owned(), name: dev.app_name.to_owned() }
}

/// A receiver whose calls are seen; it checks signatures where it is given a secret.
async fn receiver(
    listen: SocketAddr,
    seers: &mpsc::Sender<Seen>,
    secret: Option<&str>,
) -> anyhow::Result<Running> {
    let running = start(Options {
        listen,
        dialects: ringback_dialects::all(&App::default()).receivers,
        contract: None,
        behaviour: script::behaviour(),
        secret: secret.map(Secret::new),
        tls: None,
        clock: Arc::new(SystemClock),
    })
    .await
    .with_context(|| format!("the receiver cannot listen on {listen}"))?;
    let (mut calls, seers) = (running.calls(), seers.clone());
    tokio::spawn(async move {
        loop {
            let call = match calls.recv().await {
                Ok(call) => call,
                // Some calls are not narrated; the receiver has counted them.
                Err(RecvError::Lagged(_)) => continue,
                Err(RecvError::Closed) => return,
            };
            if seers.send(Seen::Called(call)).await.is_err() {
                return;
            }
        }
    });
    Ok(running)
}

/// The same server that `serve` starts, with files of its own in the folder.
async fn server(folder: &TempDir, receiver: &str) -> anyhow::Result<Server> {
    let (key, rules) = client::message_rules(&format!("{receiver}{RECEIVER_PATH}"));
    std::fs::write(folder.path().join("rules.yml"), rules)?;
    let file = folder.path().join("ringback.yml");
    std::fs::write(&file, format!("listen: 127.0.0.1:0\ndata_dir: data\n{key}: rules.yml\n"))?;
    let loader = Loader {
        file: Some(file),
        // The operator's environment is not about the demonstration.
        env: Arc::new(|_| None),
        flags: Flags::new(),
        vocabulary: Arc::new(assemble::vocabulary(&ringback_dialects::all(&App::default()))),
    };
    let settings = crate::cli::config::load(&loader)?;
    Server::start(Plan { loader, settings, dev: true }).await.map_err(|error| match error {
        NotStarted::Failed(error) => error.context("the server does not start"),
        NotStarted::Wrong(remarks) => {
            let lines: Vec<String> = remarks.iter().map(ToString::to_string).collect();
            anyhow::anyhow!("the server does not start: {}", lines.join("; "))
        }
    })
}
