//! The app's backend, as the tests play it: a real HTTP server that records every call and does what it is told.

pub mod act;
mod call;
mod serve;

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

pub use self::act::Act;
pub use self::call::{Call, without_repeats};
use crate::inbox::Inbox;
use crate::{SOON, private_ca};

/// What to do with the calls of each command.
#[derive(Debug, Default)]
struct Script {
    /// Answers for the next calls of a command, used up one by one.
    next: HashMap<String, Vec<Act>>,
    /// The answer to every other call of a command.
    always: HashMap<String, Act>,
    /// The answer to everything else.
    otherwise: Act,
    /// Every so many deliveries of a command, the first attempt is answered 503.
    stumbles: HashMap<String, usize>,
    /// Calls of a command that are answered 500.
    refused: HashMap<String, fn(&Call) -> bool>,
    /// Deliveries seen so far of the commands in `stumbles`, by their ids.
    known: HashMap<String, HashSet<String>>,
}

impl Script {
    /// What to do with this call.
    fn choose(&mut self, call: &Call) -> Act {
        if let Some(next) = self.next.get_mut(&call.command)
            && !next.is_empty()
        {
            return next.remove(0);
        }
        if self.refused.get(&call.command).is_some_and(|is_refused| is_refused(call)) {
            return Act::text(500, "");
        }
        if let Some(every) = self.stumbles.get(&call.command) {
            let known = self.known.entry(call.command.clone()).or_default();
            let is_first = known.insert(call.header("webhook-id").unwrap_or_default().to_owned());
            if is_first && known.len().is_multiple_of(*every) {
                return Act::text(503, "");
            }
        }
        self.always.get(&call.command).unwrap_or(&self.otherwise).clone()
    }
}

/// Takes a call and says what to do with it.
type Handler = Arc<dyn Fn(Call) -> Act + Send + Sync>;

/// A receiver. It answers "allow" unless told otherwise.
pub struct Receiver {
    addr: SocketAddr,
    tls: Option<TlsAcceptor>,
    calls: Arc<Inbox<Call>>,
    script: Arc<Mutex<Script>>,
    handler: Handler,
    serving: Option<JoinHandle<()>>,
}

impl Receiver {
    /// Starts one on a free port of 127.0.0.1.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn start() -> Self {
        Self::start_with(None, None).await
    }

    /// Starts one that speaks TLS with a certificate for `localhost` and `127.0.0.1`.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn start_tls(ca: &private_ca::PrivateCa) -> Self {
        Self::start_with(Some(ca.acceptor()), None).await
    }

    /// Starts one that hands every call to `handler` and keeps none: for loads that would fill the memory.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn start_handled(handler: impl Fn(Call) -> Act + Send + Sync + 'static) -> Self {
        Self::start_with(None, Some(Arc::new(handler))).await
    }

    async fn start_with(tls: Option<TlsAcceptor>, handler: Option<Handler>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (calls, script) = (Inbox::new(), Arc::<Mutex<Script>>::default());
        let handler = handler.unwrap_or_else(|| scripted(&calls, &script));
        let mut receiver = Self { addr, tls, calls, script, handler, serving: None };
        receiver.run(listener);
        receiver
    }

    fn run(&mut self, listener: TcpListener) {
        self.serving = Some(tokio::spawn(serve::run(listener, self.tls.clone(), Arc::clone(&self.handler))));
    }

    /// Its address.
    #[must_use]
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Its URL, without a trailing slash.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}/callbackExample", self.addr)
    }

    /// Every call of this command is answered like this from now on.
    pub fn always(&self, command: &str, act: Act) {
        self.script.lock().unwrap().always.insert(command.to_owned(), act);
    }

    /// The next calls of this command are answered like this; later ones as before.
    pub fn next(&self, command: &str, acts: Vec<Act>) {
        self.script.lock().unwrap().next.entry(command.to_owned()).or_default().extend(acts);
    }

    /// Of every so many deliveries of this command, the first attempt of the last one is answered 503. A delivery
    /// never fails twice, so it waits for the first step of the schedule only.
    pub fn stumble(&self, command: &str, every: usize) {
        self.script.lock().unwrap().stumbles.insert(command.to_owned(), every);
    }

    /// Those calls of this command are answered 500, however often they come.
    pub fn refuse(&self, command: &str, which: fn(&Call) -> bool) {
        self.script.lock().unwrap().refused.insert(command.to_owned(), which);
    }

    /// Every call that nothing else was said about is answered like this.
    pub fn otherwise(&self, act: Act) {
        self.script.lock().unwrap().otherwise = act;
    }

    /// Closes the port and cuts all connections.
    pub async fn go_down(&mut self) {
        if let Some(serving) = self.serving.take() {
            serving.abort();
            // Ends with "cancelled"; only then the port is free.
            let _ = serving.await;
        }
    }

    /// Opens the same port again.
    ///
    /// # Panics
    /// When somebody else took it meanwhile.
    pub async fn come_back(&mut self) {
        let listener = TcpListener::bind(self.addr).await.unwrap();
        self.run(listener);
    }

    /// All calls so far.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.calls.all()
    }

    /// All calls of one command so far.
    #[must_use]
    pub fn calls_of(&self, command: &str) -> Vec<Call> {
        let mut calls = self.calls();
        calls.retain(|call| call.command == command);
        calls
    }

    /// Waits until this command was called so many times, and returns these calls.
    ///
    /// # Panics
    /// When it is not.
    pub async fn wait_for(&self, command: &str, count: usize) -> Vec<Call> {
        self.wait(SOON, |calls| {
            // Looked at after every call: nothing is copied before all are there.
            let of_command = || calls.iter().filter(|call| call.command == command);
            (of_command().count() >= count).then(|| of_command().cloned().collect())
        })
        .await
        .unwrap_or_else(|| {
            let seen: Vec<_> = self.calls().into_iter().map(|call| call.command).collect();
            panic!("{count} x {command} did not come; seen: {seen:?}")
        })
    }

    /// Waits for one call of this command, the first that there ever was.
    ///
    /// # Panics
    /// When none comes.
    pub async fn wait_for_one(&self, command: &str) -> Call {
        self.wait_for(command, 1).await.remove(0)
    }

    /// Waits until `pick` finds something in the calls; `None` when it does not in time.
    pub async fn wait<R>(&self, within: Duration, pick: impl FnMut(&[Call]) -> Option<R>) -> Option<R> {
        self.calls.wait(within, pick).await
    }
}

/// Keeps every call and does what the script says.
fn scripted(calls: &Arc<Inbox<Call>>, script: &Arc<Mutex<Script>>) -> Handler {
    let (calls, script) = (Arc::clone(calls), Arc::clone(script));
    Arc::new(move |call| {
        let act = script.lock().unwrap().choose(&call);
        calls.push(call);
        act
    })
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Receiver({})", self.url())
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        if let Some(serving) = self.serving.take() {
            serving.abort();
        }
    }
}
