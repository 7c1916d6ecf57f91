//! Who is connected, and what waits for each connection.
//!
//! A connection has a queue with two bounds, frames and bytes. Answers wait for room in it: the client asked for
//! them. Pushes do not wait: a client that does not keep up is cut, and catches up by pulling.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use ringback_model::dialect::{Correlation, Frame, Socket, Wire};
use ringback_model::failure::Refusal;
use ringback_model::ids::UserId;
use ringback_model::ports::{Push, Pushing, Sessions};
use ringback_model::presence::{CutReason, PresenceWatch, Sight, Sighting, Subscription};
use ringback_model::user::{Connection, DeviceSeen, Platform};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_util::sync::CancellationToken;

use super::queue::{Load, NotQueued, Queue};
pub use super::queue::{Outgoing, Waiting, Written};
use super::subscriptions::Subscriptions;

/// Parts of the table, so that connections of different users seldom wait for one lock.
const SHARDS: usize = 64;

/// Who a connection belongs to and how it speaks.
pub struct Identity {
    /// Whose it is.
    pub user: UserId,
    /// Which class of device.
    pub platform: Platform,
    /// The token it came with.
    pub token_id: String,
    /// It started in the background.
    pub background: bool,
    /// The device.
    pub device: DeviceSeen,
    /// What it speaks.
    pub dialect: Arc<dyn Socket>,
    /// How it encodes.
    pub wire: Wire,
    /// The client's id of the call by which it was made.
    pub operation_id: Arc<str>,
}

/// One connection, as the others see it.
pub struct Peer {
    id: u64,
    identity: Identity,
    pub(super) queue: Queue,
    background: AtomicBool,
    ending: AtomicBool,
    cut: CancellationToken,
    /// Folded ids of the users whom it follows.
    follows: Mutex<HashSet<Box<str>>>,
}

impl Peer {
    /// Whose it is and how it speaks.
    #[must_use]
    pub const fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Cancelled when the connection is to be dropped as it stands.
    #[must_use]
    pub const fn cut(&self) -> &CancellationToken {
        &self.cut
    }

    /// True once the connection has been told its last word; what it sends is ignored from then on.
    #[must_use]
    pub fn is_ending(&self) -> bool {
        self.ending.load(Ordering::Acquire)
    }

    /// Queues an answer; waits for room. Nothing happens on a connection that is gone.
    pub async fn answer(&self, frame: Frame) {
        self.queue.put_when_room(message(frame)).await;
    }

    /// Queues a message if there is room; cuts the connection if there is none.
    pub fn push(&self, message: Message, written: Option<Written>) {
        self.push_all(std::iter::once(Load::needed(message, written)));
    }

    /// Queues messages in this order; cuts the connection at the first one for which there is no room.
    fn push_all(&self, loads: impl Iterator<Item = Load>) {
        if self.queue.put_all(loads) == Err(NotQueued::Full) && !self.cut.is_cancelled() {
            metrics::counter!("ringback_sockets_cut_total", "reason" => "slow").increment(1);
            tracing::info!(target: "ringback::ws", connection = self.id, "cut: the client takes too little");
            self.cut.cancel();
        }
    }

    /// Says a last word, then closes.
    pub fn finish(&self, last: Option<Frame>, why: CloseCode) {
        if let Some(frame) = last {
            self.push(message(frame), None);
        }
        self.ending.store(true, Ordering::Release);
        if self.queue.put_close(why).is_err() {
            self.cut.cancel();
        }
    }

    /// The client went into the background, or came to the front.
    pub fn set_background(&self, background: bool) {
        self.background.store(background, Ordering::Release);
    }

    /// Whether it gets what is pushed: apps that sleep in the background do not.
    fn takes_pushes(&self) -> bool {
        self.identity.platform != Platform::IOS || !self.background.load(Ordering::Acquire)
    }

    pub(super) fn follows(&self) -> MutexGuard<'_, HashSet<Box<str>>> {
        self.follows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sighting(&self, sight: Sight) -> Sighting {
        Sighting {
            sight,
            user: self.identity.user.clone(),
            platform: self.identity.platform,
            connection: self.id.to_string(),
            background: self.background.load(Ordering::Acquire),
            cut: false,
            device: self.identity.device.clone(),
            operation_id: Arc::clone(&self.identity.operation_id),
        }
    }

    fn describe(&self) -> Connection {
        Connection {
            platform: self.identity.platform,
            id: self.id.to_string(),
            background: self.background.load(Ordering::Acquire),
            token_id: self.identity.token_id.clone(),
        }
    }
}

/// A frame as the WebSocket library wants it.
#[must_use]
pub fn message(frame: Frame) -> Message {
    match frame {
        Frame::Text(text) => Message::text(text),
        Frame::Binary(bytes) => Message::binary(bytes),
    }
}

type Shard = RwLock<HashMap<Box<str>, Vec<Arc<Peer>>>>;

/// All connections, by user; letter case of ids does not matter.
pub struct SessionTable {
    shards: Vec<Shard>,
    subscriptions: Subscriptions,
    watch: Arc<dyn PresenceWatch>,
    next_id: AtomicU64,
    per_user: usize,
}

/// A connection's membership in the table; ends when dropped.
pub struct Membership {
    table: Arc<SessionTable>,
    /// The connection.
    pub peer: Arc<Peer>,
}

impl Drop for Membership {
    fn drop(&mut self) {
        self.table.subscriptions.forget(&self.peer);
        self.table.remove(&self.peer, None);
        metrics::gauge!("ringback_sockets").decrement(1.0);
    }
}

impl SessionTable {
    /// An empty table with a bound on the connections of one user. Connections are numbered from `first_id` on: what
    /// rules are told of them should not be told of those of another start. `watch` hears who comes and goes.
    #[must_use]
    pub fn new(per_user: usize, first_id: u64, watch: Arc<dyn PresenceWatch>) -> Arc<Self> {
        Arc::new(Self {
            shards: (0..SHARDS).map(|_| Shard::default()).collect(),
            subscriptions: Subscriptions::new(),
            watch,
            next_id: AtomicU64::new(first_id),
            per_user,
        })
    }

    fn shard(&self, key: &str) -> &Shard {
        // The map inside hashes well and with a secret; here it is enough to be spread and fast, since a message to a
        // large group looks up all its members.
        let sum = key.bytes().fold(0_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(byte)));
        &self.shards[sum % SHARDS]
    }

    fn with_peers<T>(&self, user: &UserId, look: impl FnOnce(&[Arc<Peer>]) -> T) -> T {
        self.with_peers_of(&folded(user), look)
    }

    fn with_peers_of<T>(&self, key: &str, look: impl FnOnce(&[Arc<Peer>]) -> T) -> T {
        let shard = self.shard(key).read().unwrap_or_else(PoisonError::into_inner);
        look(shard.get(key).map_or(&[], Vec::as_slice))
    }

    /// On which classes of device a user is online: ascending, each once.
    fn platforms(&self, key: &str) -> Vec<Platform> {
        let mut platforms: Vec<Platform> =
            self.with_peers_of(key, |peers| peers.iter().map(|peer| peer.identity.platform).collect());
        platforms.sort_unstable();
        platforms.dedup();
        platforms
    }

    /// Whether a user has as many connections as he may.
    #[must_use]
    pub fn is_full(&self, user: &UserId) -> bool {
        self.with_peers(user, |peers| peers.len() >= self.per_user)
    }

    /// Adds a connection. `first` is queued before anybody else can queue anything. `None` where the user has as
    /// many connections as he may.
    #[must_use]
    pub fn join(self: &Arc<Self>, identity: Identity, first: Option<Frame>) -> Option<(Membership, Waiting)> {
        let peer = self.peer(identity);
        if let Some(frame) = first {
            peer.push(message(frame), None);
        }
        let key = folded(&peer.identity.user);
        let mut shard = self.shard(&key).write().unwrap_or_else(PoisonError::into_inner);
        let peers = shard.entry(key.as_ref().into()).or_default();
        if peers.len() >= self.per_user {
            return None;
        }
        let first = !on_platform(peers, peer.identity.platform);
        peers.push(Arc::clone(&peer));
        self.watch.saw(peer.sighting(if first { Sight::First } else { Sight::Further }));
        drop(shard);
        if first {
            self.subscriptions.tell(&key, &|key| self.platforms(key));
        }
        metrics::gauge!("ringback_sockets").increment(1.0);
        let waiting = Waiting::new(Arc::clone(&peer));
        Some((Membership { table: Arc::clone(self), peer }, waiting))
    }

    fn peer(&self, identity: Identity) -> Arc<Peer> {
        Arc::new(Peer {
            id: self.next_id.fetch_add(1, Ordering::Relaxed),
            background: AtomicBool::new(identity.background),
            identity,
            queue: Queue::default(),
            ending: AtomicBool::new(false),
            cut: CancellationToken::new(),
            follows: Mutex::default(),
        })
    }

    /// Takes a connection out of the table: from then on it counts as offline and gets no pushes. False where it was
    /// out already.
    fn remove(&self, peer: &Arc<Peer>, why: Option<CutReason>) -> bool {
        let key = folded(&peer.identity.user);
        let mut shard = self.shard(&key).write().unwrap_or_else(PoisonError::into_inner);
        let Some(peers) = shard.get_mut(key.as_ref()) else { return false };
        let before = peers.len();
        peers.retain(|other| other.id != peer.id);
        if peers.len() == before {
            return false;
        }
        let last = !on_platform(peers, peer.identity.platform);
        if peers.is_empty() {
            shard.remove(key.as_ref());
        }
        if let Some(why) = why {
            self.watch.saw(peer.sighting(Sight::Cut(why)));
        }
        let sight = if last { Sight::Last } else { Sight::OneOfSeveral };
        self.watch.saw(Sighting { cut: why.is_some(), ..peer.sighting(sight) });
        drop(shard);
        if last {
            self.subscriptions.tell(&key, &|key| self.platforms(key));
        }
        true
    }

    /// Cuts a connection, telling the client. False where it was gone already.
    pub(super) fn cut_peer(&self, peer: &Arc<Peer>, why: CutReason) -> bool {
        if !self.remove(peer, Some(why)) {
            return false;
        }
        let last = peer.identity.dialect.kicked(peer.identity.wire);
        peer.finish(Some(last), CloseCode::Normal);
        metrics::counter!("ringback_sockets_kicked_total").increment(1);
        true
    }

    /// Changes whom a connection follows, and answers it.
    ///
    /// # Errors
    /// `BadArgument` where it would follow too many; nothing is changed or answered then.
    pub fn follow(&self, peer: &Arc<Peer>, to: &Correlation, change: &Subscription) -> Result<(), Refusal> {
        let look = |key: &str| self.platforms(key);
        let shown = self.subscriptions.change(peer, change, &look)?;
        let Identity { dialect, wire, .. } = &peer.identity;
        peer.push(message(dialect.presences(*wire, Some(to), &shown)), None);
        self.subscriptions.correct(peer, shown, &look);
        Ok(())
    }
}

fn on_platform(peers: &[Arc<Peer>], platform: Platform) -> bool {
    peers.iter().any(|peer| peer.identity.platform == platform)
}

/// The form of a user's id under which he is one person; free of charge where it is in lower case already.
fn folded(user: &UserId) -> Cow<'_, str> {
    let text = user.as_str();
    if text.chars().any(|c| !c.is_ascii_lowercase() && !c.is_ascii_digit()) {
        Cow::Owned(user.folded())
    } else {
        Cow::Borrowed(text)
    }
}

/// Pushes that go out together, encoded once for everybody who speaks alike.
struct Encoded<'a> {
    pushes: &'a [Pushing],
    forms: Vec<(*const (), Wire, Vec<Message>)>,
}

impl Encoded<'_> {
    fn for_peer(&mut self, peer: &Peer) -> &[Message] {
        let Identity { dialect, wire, .. } = &peer.identity;
        let speaks = Arc::as_ptr(dialect).cast::<()>();
        let known = self.forms.iter().position(|(who, how, _)| *who == speaks && how == wire);
        let at = known.unwrap_or_else(|| {
            let messages = self.pushes.iter().map(|one| message(dialect.push(*wire, &one.push))).collect();
            self.forms.push((speaks, *wire, messages));
            self.forms.len() - 1
        });
        self.forms.get(at).map_or(&[], |(.., messages)| messages)
    }
}

impl Sessions for SessionTable {
    fn online(&self, users: &[UserId]) -> Vec<bool> {
        let reached = |peers: &[Arc<Peer>]| peers.iter().any(|peer| peer.takes_pushes());
        users.iter().map(|user| self.with_peers(user, reached)).collect()
    }

    fn connections(&self, user: &UserId) -> Vec<Connection> {
        self.with_peers(user, |peers| peers.iter().map(|peer| peer.describe()).collect())
    }

    fn push(&self, push: &Push, users: &[UserId], written: Written) {
        self.push_all(&[Pushing { push: push.clone(), written }], users);
    }

    fn push_all(&self, pushes: &[Pushing], users: &[UserId]) {
        // Encoding and queueing happen outside the table's locks.
        let mut peers = Vec::new();
        for user in users {
            let takes = |peer: &&Arc<Peer>| !peer.is_ending() && peer.takes_pushes();
            self.with_peers(user, |here| peers.extend(here.iter().filter(takes).cloned()));
        }
        let mut encoded = Encoded { pushes, forms: Vec::new() };
        for peer in &peers {
            let messages = encoded.for_peer(peer).iter().cloned();
            peer.push_all(messages.zip(pushes).map(|(message, one)| Load {
                message,
                written: Some(Arc::clone(&one.written)),
                spare: one.push.message.is_spare(),
            }));
        }
        metrics::counter!("ringback_pushes_total").increment((peers.len() * pushes.len()) as u64);
    }

    fn kick(&self, user: &UserId, platform: Platform, except_token: Option<&str>, why: CutReason) {
        let goes = |peer: &&Arc<Peer>| {
            peer.identity.platform == platform && except_token != Some(peer.identity.token_id.as_str())
        };
        let going: Vec<Arc<Peer>> =
            self.with_peers(user, |peers| peers.iter().filter(goes).map(Arc::clone).collect());
        for peer in going {
            self.cut_peer(&peer, why);
        }
    }

    fn cut(&self, user: &UserId, connection: &str, why: CutReason) -> bool {
        let named = |peer: &&Arc<Peer>| peer.id.to_string() == connection;
        let found = self.with_peers(user, |peers| peers.iter().find(named).map(Arc::clone));
        found.is_some_and(|peer| self.cut_peer(&peer, why))
    }
}
