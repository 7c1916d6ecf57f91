//! Who is connected, and what waits for each connection.
//!
//! A connection has a queue with two bounds, frames and bytes. Answers wait for room in it: the client asked for
//! them. Pushes do not wait: a client that does not keep up is cut, and catches up by pulling.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::BuildHasher as _;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use ringback_model::dialect::{Frame, Socket, Wire};
use ringback_model::ids::UserId;
use ringback_model::limits;
use ringback_model::ports::{Push, Sessions};
use ringback_model::user::{Connection, Platform};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_util::sync::CancellationToken;

/// Parts of the table, so that connections of different users seldom wait for one lock.
const SHARDS: usize = 64;

/// Something whose dropping tells that a push was written, or given up.
pub type Written = Arc<dyn Send + Sync>;

/// What waits to be written to a connection.
pub enum Outgoing {
    /// A message.
    Message {
        /// It.
        message: Message,
        /// Its bytes in the queue; given back once it was written.
        room: OwnedSemaphorePermit,
        /// Dropped once it was written.
        written: Option<Written>,
    },
    /// Nothing comes after this: close, for this reason.
    Close(CloseCode),
}

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
    /// What it speaks.
    pub dialect: Arc<dyn Socket>,
    /// How it encodes.
    pub wire: Wire,
}

/// One connection, as the others see it.
pub struct Peer {
    id: u64,
    identity: Identity,
    queue: mpsc::Sender<Outgoing>,
    room: Arc<Semaphore>,
    ending: AtomicBool,
    cut: CancellationToken,
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
        let message = message(frame);
        let Ok(room) = Arc::clone(&self.room).acquire_many_owned(size(&message)).await else { return };
        // The connection may have gone meanwhile; its answers go with it.
        let _ = self.queue.send(Outgoing::Message { message, room, written: None }).await;
    }

    /// Queues a message if there is room; cuts the connection if there is none.
    pub fn push(&self, message: Message, written: Option<Written>) {
        let queued = Arc::clone(&self.room)
            .try_acquire_many_owned(size(&message))
            .is_ok_and(|room| self.queue.try_send(Outgoing::Message { message, room, written }).is_ok());
        if !queued && !self.queue.is_closed() && !self.cut.is_cancelled() {
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
        if self.queue.try_send(Outgoing::Close(why)).is_err() {
            self.cut.cancel();
        }
    }

    fn describe(&self) -> Connection {
        Connection {
            platform: self.identity.platform,
            id: self.id.to_string(),
            background: self.identity.background,
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

/// Bytes of a message in the queue; a message larger than the whole queue takes all of it.
fn size(message: &Message) -> u32 {
    u32::try_from(message.len().min(limits::SOCKET_QUEUE_BYTES)).unwrap_or(u32::MAX)
}

type Shard = RwLock<HashMap<Box<str>, Vec<Arc<Peer>>>>;

/// All connections, by user; letter case of ids does not matter.
pub struct SessionTable {
    shards: Vec<Shard>,
    hasher: std::hash::RandomState,
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
        self.table.remove(&self.peer);
        metrics::gauge!("ringback_sockets").decrement(1.0);
    }
}

impl SessionTable {
    /// An empty table with a bound on the connections of one user.
    #[must_use]
    pub fn new(per_user: usize) -> Arc<Self> {
        Arc::new(Self {
            shards: (0..SHARDS).map(|_| Shard::default()).collect(),
            hasher: std::hash::RandomState::new(),
            next_id: AtomicU64::new(1),
            per_user,
        })
    }

    fn shard(&self, key: &str) -> &Shard {
        let index = usize::try_from(self.hasher.hash_one(key) % SHARDS as u64).unwrap_or(0);
        &self.shards[index]
    }

    fn with_peers<T>(&self, user: &UserId, look: impl FnOnce(&[Arc<Peer>]) -> T) -> T {
        let key = folded(user);
        let shard = self.shard(&key).read().unwrap_or_else(PoisonError::into_inner);
        look(shard.get(key.as_ref()).map_or(&[], Vec::as_slice))
    }

    /// Whether a user has as many connections as he may.
    #[must_use]
    pub fn is_full(&self, user: &UserId) -> bool {
        self.with_peers(user, |peers| peers.len() >= self.per_user)
    }

    /// Adds a connection. `first` is queued before anybody else can queue anything. `None` where the user has as
    /// many connections as he may.
    #[must_use]
    pub fn join(
        self: &Arc<Self>,
        identity: Identity,
        first: Option<Frame>,
    ) -> Option<(Membership, mpsc::Receiver<Outgoing>)> {
        let (queue, waiting) = mpsc::channel(limits::SOCKET_QUEUE);
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let peer = Arc::new(Peer {
            id,
            identity,
            queue,
            room: Arc::new(Semaphore::new(limits::SOCKET_QUEUE_BYTES)),
            ending: AtomicBool::new(false),
            cut: CancellationToken::new(),
        });
        if let Some(frame) = first {
            peer.push(message(frame), None);
        }
        let key = folded(&peer.identity.user);
        let mut shard = self.shard(&key).write().unwrap_or_else(PoisonError::into_inner);
        let peers = shard.entry(key.as_ref().into()).or_default();
        if peers.len() >= self.per_user {
            return None;
        }
        peers.push(Arc::clone(&peer));
        drop(shard);
        metrics::gauge!("ringback_sockets").increment(1.0);
        Some((Membership { table: Arc::clone(self), peer }, waiting))
    }

    fn remove(&self, peer: &Arc<Peer>) {
        let key = folded(&peer.identity.user);
        let mut shard = self.shard(&key).write().unwrap_or_else(PoisonError::into_inner);
        let Some(peers) = shard.get_mut(key.as_ref()) else { return };
        peers.retain(|other| other.id != peer.id);
        if peers.is_empty() {
            shard.remove(key.as_ref());
        }
    }
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

/// A push, encoded once for everybody who speaks alike.
struct Encoded<'a> {
    push: &'a Push,
    forms: Vec<(*const (), Wire, Message)>,
}

impl Encoded<'_> {
    fn for_peer(&mut self, peer: &Peer) -> Message {
        let Identity { dialect, wire, .. } = &peer.identity;
        let speaks = Arc::as_ptr(dialect).cast::<()>();
        if let Some((.., message)) = self.forms.iter().find(|(who, how, _)| *who == speaks && how == wire) {
            return message.clone();
        }
        let message = message(dialect.push(*wire, self.push));
        self.forms.push((speaks, *wire, message.clone()));
        message
    }
}

impl Sessions for SessionTable {
    fn online(&self, users: &[UserId]) -> Vec<bool> {
        users.iter().map(|user| self.with_peers(user, |peers| !peers.is_empty())).collect()
    }

    fn connections(&self, user: &UserId) -> Vec<Connection> {
        self.with_peers(user, |peers| peers.iter().map(|peer| peer.describe()).collect())
    }

    fn push(&self, push: &Push, users: &[UserId], written: Written) {
        let mut encoded = Encoded { push, forms: Vec::new() };
        let mut count = 0;
        for user in users {
            // Encoding happens outside the lock; the copy of the list is a handful of pointers.
            let peers = self.with_peers(user, <[Arc<Peer>]>::to_vec);
            for peer in peers.iter().filter(|peer| !peer.is_ending()) {
                peer.push(encoded.for_peer(peer), Some(Arc::clone(&written)));
                count += 1;
            }
        }
        metrics::counter!("ringback_pushes_total").increment(count);
    }

    fn kick(&self, user: &UserId, platform: Platform, except_token: Option<&str>) {
        let goes = |peer: &&Arc<Peer>| {
            peer.identity.platform == platform && except_token != Some(peer.identity.token_id.as_str())
        };
        let going: Vec<Arc<Peer>> =
            self.with_peers(user, |peers| peers.iter().filter(goes).map(Arc::clone).collect());
        for peer in going {
            // Out of the table at once: from here on he counts as offline and gets no pushes.
            self.remove(&peer);
            let last = peer.identity.dialect.kicked(peer.identity.wire);
            peer.finish(Some(last), CloseCode::Normal);
            metrics::counter!("ringback_sockets_kicked_total").increment(1);
        }
    }
}
