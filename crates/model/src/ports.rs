//! Ports: what rooms need from each other. Traits live here, implementations in rooms, choices in `server`.
//! Narrow on purpose: a fake of one takes ten lines.

mod tokens;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::commit::{Commit, CommitError, Committed};
use crate::conversation::{ConversationId, ConversationState, Target};
use crate::delivery::{DeliveryKey, Exception, Gap, ProgressChange, RuleProgress, RuleVersion};
use crate::event::{Event, Lane, Question, Subject};
use crate::failure::{Failure, Fault};
use crate::group::{Group, GroupKind, Member};
use crate::ids::{GroupId, LogPos, MessageId, RuleId, Seq, UserId};
use crate::message::Message;
use crate::page::{Found, Page, RecordQuery, UserFilter};
use crate::presence::CutReason;
use crate::record::{Record, RecordKey, RecordKind};
use crate::rule::Rule;
use crate::secret::Secret;
use crate::statistics::{Growth, Period};
use crate::storage::{BanRecord, Bucket, ParkedCount, Resend, ResendStart, Slice, SliceScope};
use crate::time::UnixMs;
use crate::user::{Block, Connection, Platform, TokenRecord, User};
use crate::verdict::AnswerCheck;
use crate::version::{Changes, Version, VersionLog};

pub use crate::trace::Traces;
pub use tokens::{TokenCodec, TokenKeys, TokenProblem};

/// A boxed future, so that ports stay object-safe.
pub type Fut<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Wall time.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> UnixMs;
}

/// Luck.
pub trait Dice: Send + Sync {
    /// 64 random bits.
    fn roll(&self) -> u64;

    /// A random number in `0.0..1.0`.
    fn fraction(&self) -> f64 {
        // 53 bits fill the mantissa exactly.
        #[allow(clippy::cast_precision_loss, reason = "53 bits are exact in an f64")]
        let bits = (self.roll() >> 11) as f64;
        bits / 9_007_199_254_740_992.0
    }
}

/// Everything a backend of the store offers.
pub trait Store:
    Commits
    + Directory
    + Records
    + Pages
    + Versions
    + History
    + Log
    + Progress
    + ParkedBook
    + BanBook
    + RuleBook
    + RuleShelf
{
    /// Writes what is pending and closes. Later calls answer with a fault.
    fn close(&self) -> Fut<'_, Result<(), Fault>>;
}

/// Writing.
pub trait Commits: Send + Sync {
    /// Carries the commit out: all of it, durable, or nothing of it. Concurrent commits share a durable write.
    ///
    /// # Errors
    /// See [`CommitError`].
    fn commit(&self, commit: Commit) -> Fut<'_, Result<Committed, CommitError>>;

    /// The highest message number ever stored, for [`crate::ids::MessageIds::after`].
    fn highest_message(&self) -> Fut<'_, Result<MessageId, Fault>>;

    /// Whether commits are accepted; `Err` says why not (shown by `/readyz`).
    fn writable(&self) -> Result<(), String>;
}

/// What has to be known before a message is sent, read at one moment. Shared with whoever keeps it: every send asks.
#[derive(Debug, Clone, Default)]
pub struct SendFacts {
    /// The sender.
    pub sender: Option<Arc<User>>,
    /// The recipient of a single chat or notice.
    pub recipient: Option<Arc<User>>,
    /// The recipient blocks the sender.
    pub blocked: bool,
    /// The chat is on the sender's list, and on the recipient's. Both true for groups, whose members have it.
    pub listed: (bool, bool),
    /// What the recipient has set for the chat: see [`crate::record::ConversationSettings::receive_option`].
    pub receive_option: i32,
    /// The group.
    pub group: Option<Arc<Group>>,
    /// The sender in the group.
    pub membership: Option<Arc<Member>>,
    /// All members of the group; shared, because groups are large and change seldom.
    pub members: Arc<[UserId]>,
}

/// Who exists.
pub trait Directory: Send + Sync {
    /// Users in the order asked for.
    fn users<'a>(&'a self, ids: &'a [UserId]) -> Fut<'a, Result<Vec<Option<User>>, Fault>>;
    /// A page of all user ids, ascending, after this one.
    fn user_ids<'a>(&'a self, after: Option<&'a UserId>, limit: usize)
    -> Fut<'a, Result<Vec<UserId>, Fault>>;
    /// A page of all users, by when they were registered, then by folded id: those after this instant and id.
    fn users_by_age<'a>(
        &'a self,
        after: Option<(UnixMs, &'a UserId)>,
        limit: usize,
    ) -> Fut<'a, Result<Vec<User>, Fault>>;
    /// Groups in the order asked for.
    fn groups<'a>(&'a self, ids: &'a [GroupId]) -> Fut<'a, Result<Vec<Option<Group>>, Fault>>;
    /// A member, or `None`.
    fn member<'a>(&'a self, group: &'a GroupId, user: &'a UserId) -> Fut<'a, Result<Option<Member>, Fault>>;
    /// What has to be known before `sender` sends to `target`.
    fn send_facts<'a>(&'a self, sender: &'a UserId, target: &'a Target) -> Fut<'a, Result<SendFacts, Fault>>;
    /// A page of the members of a group or room, ascending by folded id, after this one.
    fn members<'a>(
        &'a self,
        group: &'a GroupId,
        after: Option<&'a UserId>,
        limit: usize,
    ) -> Fut<'a, Result<Vec<Member>, Fault>>;
    /// Members in the order asked for.
    fn members_named<'a>(
        &'a self,
        group: &'a GroupId,
        users: &'a [UserId],
    ) -> Fut<'a, Result<Vec<Option<Member>>, Fault>>;
    /// What a user is in every group and room that he is in, ascending by their ids.
    fn memberships<'a>(&'a self, user: &'a UserId) -> Fut<'a, Result<Vec<Member>, Fault>>;
    /// Groups whose name holds a text, in whatever case of ASCII letters, ascending by id: how many there are, and
    /// those of a page.
    fn groups_called<'a>(
        &'a self,
        text: &'a str,
        skip: usize,
        limit: usize,
    ) -> Fut<'a, Result<(usize, Vec<Group>), Fault>>;
    /// Groups, or rooms, that were not dismissed, ascending by id: those after this one.
    fn groups_of_kind<'a>(
        &'a self,
        kind: GroupKind,
        after: Option<&'a GroupId>,
        limit: usize,
    ) -> Fut<'a, Result<Vec<Group>, Fault>>;
    /// How many groups were made when; rooms do not count.
    fn groups_made(&self, period: Period) -> Fut<'_, Result<Growth, Fault>>;
    /// The groups and rooms that a user is in, ascending by id.
    fn groups_of<'a>(&'a self, user: &'a UserId) -> Fut<'a, Result<Vec<GroupId>, Fault>>;
    /// Whom a user blocks, ascending by folded id.
    fn blocks_of<'a>(&'a self, user: &'a UserId) -> Fut<'a, Result<Vec<Block>, Fault>>;
    /// The hash of a user's password; `None` = he has none.
    fn password<'a>(&'a self, user: &'a UserId) -> Fut<'a, Result<Option<Secret>, Fault>>;
    /// The tokens of a user on a platform that were handed out and have not ended at `now`.
    fn tokens<'a>(
        &'a self,
        user: &'a UserId,
        platform: Platform,
        now: UnixMs,
    ) -> Fut<'a, Result<Vec<TokenRecord>, Fault>>;
}

/// Records of every kind.
pub trait Records: Send + Sync {
    /// Those that are kept under these keys, in the order asked for.
    fn records<'a>(&'a self, keys: &'a [RecordKey]) -> Fut<'a, Result<Vec<Option<Record>>, Fault>>;
    /// An owner's records of a kind, ascending by what they are about: those after `after`, at most `limit`.
    fn records_of<'a>(
        &'a self,
        kind: RecordKind,
        owner: &'a str,
        after: &'a str,
        limit: usize,
    ) -> Fut<'a, Result<Vec<Record>, Fault>>;
    /// Records of a kind about one thing, ascending by owner: those after `after`, at most `limit`.
    fn records_about<'a>(
        &'a self,
        kind: RecordKind,
        about: &'a str,
        after: &'a str,
        limit: usize,
    ) -> Fut<'a, Result<Vec<Record>, Fault>>;
}

/// Pieces of long lists. Each answer is of one moment; the list may change between two of them.
pub trait Pages: Send + Sync {
    /// Users, ascending by id.
    fn find_users<'a>(&'a self, filter: &'a UserFilter, page: Page) -> Fut<'a, Result<Found<User>, Fault>>;
    /// Records, in the order that [`RecordQuery`] says.
    fn find_records<'a>(
        &'a self,
        query: &'a RecordQuery,
        page: Page,
    ) -> Fut<'a, Result<Found<Record>, Fault>>;
    /// Whom a user blocks, ascending by folded id.
    fn find_blocks<'a>(&'a self, owner: &'a UserId, page: Page) -> Fut<'a, Result<Found<Block>, Fault>>;
    /// How many users were registered when.
    fn users_made(&self, period: Period) -> Fut<'_, Result<Growth, Fault>>;
}

/// What changed in lists.
pub trait Versions: Send + Sync {
    /// Where lists stand, in the order asked for.
    fn list_versions<'a>(&'a self, logs: &'a [VersionLog]) -> Fut<'a, Result<Vec<Version>, Fault>>;
    /// What changed in a list after this version; [`Changes::changed`] is `None` where that is more than `limit`
    /// elements, or longer ago than [`crate::limits::VERSIONS_KEPT`] changes.
    fn list_changes<'a>(
        &'a self,
        log: &'a VersionLog,
        since: u64,
        limit: usize,
    ) -> Fut<'a, Result<Changes, Fault>>;
}

/// Messages of one conversation, both ends included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRange {
    /// Where.
    pub conversation: ConversationId,
    /// First seq.
    pub first: Seq,
    /// Last seq.
    pub last: Seq,
    /// At most so many, the newest.
    pub limit: usize,
}

/// What was said. Every method shows a user's view: bounds of his membership apply.
pub trait History: Send + Sync {
    /// All conversations of a user.
    fn conversations<'a>(&'a self, user: &'a UserId) -> Fut<'a, Result<Vec<ConversationState>, Fault>>;
    /// Some conversations of a user; `None` for those that are not his.
    fn conversation_states<'a>(
        &'a self,
        user: &'a UserId,
        ids: &'a [ConversationId],
    ) -> Fut<'a, Result<Vec<Option<ConversationState>>, Fault>>;
    /// Stored messages of several conversations, in the order asked for; each as [`History::range`] answers it. No more
    /// than `most` in all: what does not fit is left out of the later ones.
    fn ranges<'a>(
        &'a self,
        ranges: &'a [StoredRange],
        most: usize,
    ) -> Fut<'a, Result<Vec<Vec<Arc<Message>>>, Fault>>;
    /// The newest seq of conversations, whoever may see it, in the order asked for; 0 = nothing was ever kept there.
    fn newest<'a>(&'a self, ids: &'a [ConversationId]) -> Fut<'a, Result<Vec<Seq>, Fault>>;
    /// Stored messages with `first <= seq <= last`, ascending; of more than `limit`, the newest.
    fn range<'a>(
        &'a self,
        conversation: &'a ConversationId,
        first: Seq,
        last: Seq,
        limit: usize,
    ) -> Fut<'a, Result<Vec<Arc<Message>>, Fault>>;
    /// The message that a sender has sent to this conversation with this client message id inside
    /// [`crate::limits::IDEMPOTENCY_WINDOW`]; the one that [`CommitError::Duplicate`] would name.
    fn sent_before<'a>(
        &'a self,
        sender: &'a UserId,
        conversation: &'a ConversationId,
        client_id: &'a str,
    ) -> Fut<'a, Result<Option<Arc<Message>>, Fault>>;
    /// Stored messages with these seqs, in their order; unknown seqs are left out.
    fn chosen<'a>(
        &'a self,
        conversation: &'a ConversationId,
        seqs: &'a [Seq],
    ) -> Fut<'a, Result<Vec<Arc<Message>>, Fault>>;
}

/// The event log.
pub trait Log: Send + Sync {
    /// Position of the newest durable event.
    fn tail(&self) -> LogPos;
    /// Position of the oldest event that is still kept for rules; [`Log::tail`] + 1 where there is none.
    fn start(&self) -> LogPos;
    /// Resolves once [`Log::tail`] is greater than `pos`.
    fn wait_past(&self, pos: LogPos) -> Fut<'_, LogPos>;
    /// Up to `limit` events after `after`, in order. Events that were dropped are skipped.
    fn read(&self, after: LogPos, limit: usize) -> Fut<'_, Result<Vec<Arc<Event>>, Fault>>;
    /// Up to `limit` events of one lane after `after`, in order, by index.
    fn read_lane<'a>(
        &'a self,
        lane: &'a Lane,
        after: LogPos,
        limit: usize,
    ) -> Fut<'a, Result<Vec<Arc<Event>>, Fault>>;
    /// Position of the last event committed before this instant.
    fn position_at(&self, at: UnixMs) -> Fut<'_, Result<LogPos, Fault>>;
    /// Forgets what is older than the log is kept; whole segments. Answers how many events left the log.
    fn expire(&self, now: UnixMs) -> Fut<'_, Result<u64, Fault>>;
}

/// How far rules have come.
pub trait Progress: Send + Sync {
    /// A rule's progress; `None` for a rule that was never saved.
    fn load<'a>(&'a self, rule: &'a RuleId) -> Fut<'a, Result<Option<RuleProgress>, Fault>>;
    /// Saves changes of several rules in one durable write.
    fn save(&self, changes: Vec<ProgressChange>) -> Fut<'_, Result<(), Fault>>;
    /// A page of parked deliveries of a rule, ascending, after this one.
    fn parked<'a>(
        &'a self,
        rule: &'a RuleId,
        after: Option<DeliveryKey>,
        limit: usize,
    ) -> Fut<'a, Result<Vec<Exception>, Fault>>;
    /// Deliveries of a rule that came to nothing, as far as they touch the events between two positions, both included;
    /// no order is promised.
    fn gaps<'a>(&'a self, rule: &'a RuleId, first: LogPos, last: LogPos) -> Fut<'a, Result<Vec<Gap>, Fault>>;
}

/// Parked deliveries over all rules, by the ten minutes in which they were parked. What one rule parks is written
/// through [`Progress::save`].
pub trait ParkedBook: Send + Sync {
    /// How many each rule has in each bucket, ascending by bucket, then rule.
    fn parked_counts(&self) -> Fut<'_, Result<Vec<ParkedCount>, Fault>>;
    /// A page of what one rule has parked in one bucket, ascending by key, after this one.
    fn parked_in<'a>(
        &'a self,
        rule: &'a RuleId,
        bucket: Bucket,
        after: Option<DeliveryKey>,
        limit: usize,
    ) -> Fut<'a, Result<Vec<Exception>, Fault>>;
    /// Forgets what was parked before this instant, and retry counters not used since; at most `limit` deliveries in
    /// one go. Each leaves a gap. Answers how many of which rule.
    fn forget_parked(
        &self,
        before: UnixMs,
        limit: usize,
        now: UnixMs,
    ) -> Fut<'_, Result<Vec<(RuleId, u64)>, Fault>>;
    /// Forgets everything that a rule has parked, in bounded pieces: where that ends with a fault, some are gone
    /// already. Each delivery leaves a gap. Answers how many deliveries.
    fn purge_parked<'a>(&'a self, rule: &'a RuleId, now: UnixMs) -> Fut<'a, Result<u64, Fault>>;
    /// How often slices were sent again, by date key; those that never were are left out.
    fn slice_retries(&self) -> Fut<'_, Result<Vec<(String, u32)>, Fault>>;
    /// Counts one more; answers the new number once it is durable.
    fn count_slice_retry<'a>(&'a self, date: &'a str, now: UnixMs) -> Fut<'a, Result<u32, Fault>>;
}

/// The app's ban, so that it survives a restart.
pub trait BanBook: Send + Sync {
    /// What was saved last; the empty record where nothing was.
    fn ban(&self) -> Fut<'_, Result<BanRecord, Fault>>;
    /// Saves it, durably, in place of the one before.
    fn save_ban(&self, record: BanRecord) -> Fut<'_, Result<(), Fault>>;
}

/// Rules made through the admin API: kept until they are discarded.
pub trait RuleShelf: Send + Sync {
    /// All of them, in the order in which they were first kept.
    fn kept(&self) -> Fut<'_, Result<Vec<Rule>, Fault>>;
    /// Keeps a rule; one with the same id is replaced and keeps its place.
    fn keep(&self, rule: Rule) -> Fut<'_, Result<(), Fault>>;
    /// Discards a rule; none of this id is fine.
    fn discard<'a>(&'a self, rule: &'a RuleId) -> Fut<'a, Result<(), Fault>>;
}

/// Parked deliveries, for those who want them sent again. The callback engine is one.
pub trait Storage: Send + Sync {
    /// Slices that hold something, oldest first.
    ///
    /// # Errors
    /// [`crate::failure::RefusalCode::StorageOff`] for [`SliceScope::Service`] while the service is off.
    fn slices(&self, scope: SliceScope) -> Fut<'_, Result<Vec<Slice>, Failure>>;
    /// Begins to send a slice again, and answers once that is on its way.
    ///
    /// # Errors
    /// `BadArgument` for a date that is no key or names no slice, or a URL that may not be called; `StorageOff`.
    fn resend(&self, order: Resend) -> Fut<'_, Result<ResendStart, Failure>>;
}

/// Hashes passwords: slow on purpose, so off the async threads.
pub trait Passwords: Send + Sync {
    /// A salted hash that says how it was made.
    ///
    /// # Errors
    /// [`crate::failure::RefusalCode::Overloaded`] where too many wait for theirs; a fault if it cannot be made.
    fn hash(&self, password: Secret) -> Fut<'_, Result<Secret, Failure>>;
    /// Whether the password is the one that was hashed.
    ///
    /// # Errors
    /// As [`Passwords::hash`]; a fault also for a text that is no hash.
    fn verify(&self, password: Secret, hash: Secret) -> Fut<'_, Result<bool, Failure>>;
}

/// Versions of rules, so that what is sent again after a crash is the same as before.
pub trait RuleBook: Send + Sync {
    /// All versions that events still in the log may need, oldest first per rule.
    fn versions(&self) -> Fut<'_, Result<Vec<RuleVersion>, Fault>>;
    /// Remembers a version. Saving the same rule and version again replaces it.
    fn remember(&self, version: RuleVersion) -> Fut<'_, Result<(), Fault>>;
}

/// Before-rules.
pub trait Gate: Send + Sync {
    /// Asks every matching rule in order. The subject comes back as the last one left it; what each answer makes of it
    /// is checked before it stands.
    ///
    /// # Errors
    /// The refusal that the caller gets; the check's fault.
    fn ask<'a>(&'a self, question: Question, check: &'a dyn AnswerCheck)
    -> Fut<'a, Result<Subject, Failure>>;
    /// False when no rule is about this kind: the caller may save itself the question.
    fn asks(&self, kind: crate::event::EventKind) -> bool;
    /// False when no after-rule is told of this kind: what is written down for their sake alone need not be.
    fn tells(&self, kind: crate::event::EventKind) -> bool;
    /// Hears of a message that passed and is only handed to devices: no event will tell of it, so whoever asks why
    /// nobody was told has nothing else to go by.
    fn handed_only(&self, _question: &Question) {}
}

/// A message on its way to recipients' devices.
#[derive(Debug, Clone)]
pub struct Push {
    /// The message, with its seq.
    pub message: Arc<Message>,
    /// Id of the call that caused it; clients recognise their own messages by it.
    pub operation_id: Arc<str>,
}

/// A push, and what is told that it was written.
#[derive(Clone)]
pub struct Pushing {
    /// It.
    pub push: Push,
    /// Dropped once the push was written to, or given up for, all its connections.
    pub written: Arc<dyn Send + Sync>,
}

/// Live connections.
pub trait Sessions: Send + Sync {
    /// For each user, whether a push reaches him: he has a connection that does not sleep in the background.
    fn online(&self, users: &[UserId]) -> Vec<bool>;
    /// The connections of a user.
    fn connections(&self, user: &UserId) -> Vec<Connection>;
    /// Queues the push for every connection of these users. `written` is dropped once it was written to, or
    /// given up for, all of them. Never waits.
    fn push(&self, push: &Push, users: &[UserId], written: Arc<dyn Send + Sync>);
    /// [`Sessions::push`] for several pushes to the same users, in this order: each connection is woken once.
    fn push_all(&self, pushes: &[Pushing], users: &[UserId]) {
        for Pushing { push, written } in pushes {
            self.push(push, users, Arc::clone(written));
        }
    }
    /// Cuts the connections of a user on a platform, except those with this token, telling the client.
    fn kick(&self, user: &UserId, platform: Platform, except_token: Option<&str>, why: CutReason);
    /// Cuts one connection of a user ([`Connection::id`]), telling the client. False where there is none of this id.
    fn cut(&self, user: &UserId, connection: &str, why: CutReason) -> bool;
}

/// Between a commit and its after-callbacks stands the push: document 001 promises that recipients come first.
pub trait Handover: Send + Sync {
    /// Resolves once the message was written to its recipients' sockets; at once for messages that are not on
    /// their way (after a restart), and after [`crate::limits::HANDOVER_WAIT`] at the latest.
    fn handed_over(&self, message: MessageId) -> Fut<'_, ()>;
}
