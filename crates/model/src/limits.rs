//! Every bound of the server: value, unit, reason. Settings may lower or raise the ones that
//! `ringback config print` shows; nothing in the server is without one.

mod groups;
mod objects;
mod words;

use std::time::Duration;

pub use groups::{
    GROUP_FILES, GROUP_THREADS, MEMBER_ATTRIBUTE_BYTES, MEMBER_ATTRIBUTE_KEY_BYTES, MEMBER_ATTRIBUTES,
    MEMBER_ATTRIBUTES_BYTES, ROOM_ATTRIBUTE_CHARS, ROOM_ATTRIBUTE_KEY_CHARS, ROOM_ATTRIBUTES,
    ROOM_ATTRIBUTES_OF_ONE_CALL, THREAD_NAME_CHARS,
};
pub use objects::{
    FILE_NAME_CHARS, FORM_FIELDS, FORM_FILE_BYTES, FORM_REST_BYTES, FORMS_BYTES, OBJECT_BYTES,
    OBJECT_BYTES_PER_SECOND, OBJECT_NAME_BYTES, OBJECT_PART_BYTES_MAX, OBJECT_PART_BYTES_MIN, OBJECT_PARTS,
    OBJECT_PIECE_BYTES, OBJECT_PREFIX_BYTES, OBJECT_RECORD_BYTES, OBJECT_STORE_WAIT, OBJECT_SWEEP,
    OBJECT_SWEEP_EVERY, OBJECT_TRANSFERS, OBJECT_TRANSFERS_PER_ADDRESS, OBJECT_TRANSFERS_PER_USER,
    OBJECT_TYPE_BYTES, OPEN_UPLOADS, OPEN_UPLOADS_OF_GREATEST_SIZE, PICTURE_BYTES, PICTURE_PIXELS, PICTURES,
    THUMBNAIL_FROM_BYTES, THUMBNAIL_PIXELS, THUMBNAIL_PIXELS_MAX, UPLOAD_EXPIRY, UPLOAD_ID_BYTES,
};
pub use words::{
    KEYWORD_BYTES, KEYWORD_HITS, KEYWORDS, KEYWORDS_BYTES, WORD_LIST_BYTES, WORD_LIST_LOOK,
    WORD_LIST_NAME_BYTES, WORD_LISTS,
};

/// Bytes of a user or group id. Longest id that both protocol families document.
pub const ID_BYTES: usize = 64;
/// Bytes of a client message id. The SDKs send 32; a UUID with a prefix fits.
pub const CLIENT_MESSAGE_ID_BYTES: usize = 128;
/// Bytes of the content of one message. Clients cut their frames at 51,200; REST callers may send more.
pub const CONTENT_BYTES: usize = 64 * 1024;
/// Bytes of one WebSocket message from a client. Source: client protocol sheet 1.5.
pub const FRAME_BYTES: usize = 51_200;
/// Bytes of one WebSocket message to a client: the clients' own read limit. Source: ibid.
pub const PUSH_FRAME_BYTES: usize = 1024 * 1024;
/// Entries of one gob frame's list of types, and of one type's list of fields. A client's frame has one type with six.
pub const GOB_TYPES: usize = 64;
/// Depth of values within values that are skipped in a gob frame. No client's frame has any.
pub const GOB_DEPTH: usize = 16;
/// Bytes of one REST request body.
pub const REST_BODY_BYTES: usize = 1024 * 1024;
/// Ids in one REST list. Source: REST sheet 1.3.
pub const LIST_ITEMS: usize = 1000;
/// Messages of one conversation that are marked as read at once: what a device finds unread after a long absence. Of
/// more, the newest are named.
pub const READ_SEQS: usize = 10_000;
/// Messages that an event names of those that a user has read; of more, the newest.
pub const READ_MESSAGES_TOLD: usize = 100;
/// Number of times that what a message says may be changed. Source: second REST sheet 7.2.
pub const MESSAGE_EDITS: u32 = 10;
/// Number of different reactions to one message. Source: second REST sheet 12.
pub const MESSAGE_REACTIONS: usize = 20;
/// Number of users who may react to one message in the same way: so many ids make a record of some tens of kilobytes.
pub const REACTION_USERS: usize = LIST_ITEMS;
/// Users whom an event names of those who have reacted in the same way.
pub const REACTION_USERS_TOLD: usize = 20;
/// Number of characters of a reaction. Source: second REST sheet 12.
pub const REACTION_CHARS: usize = 128;
/// Time in which a message may be taken back through the app's backend. Setting `messages.recall_window`. Source: second
/// REST sheet 7.1.
pub const RECALL_WINDOW: Duration = Duration::from_secs(120);
/// Messages that one call takes back. Source: second REST sheet 7.1.
pub const RECALLS: usize = 30;
/// Events that are looked through for a message of which nothing but its id is known.
pub const FOUND_AMONG_EVENTS: usize = 100_000;
/// Messages of a conversation that are looked through for one that is not where its number says.
pub const FOUND_AMONG_MESSAGES: usize = 1000;
/// Messages whose reactions one call asks for. Source: second REST sheet 12.
pub const REACTED_MESSAGES: usize = 20;
/// How long the address of exported messages may be used.
pub const EXPORT_VALIDITY: Duration = Duration::from_secs(3600);
/// Number of exports that are on their way at once; one more is told to come again.
pub const EXPORTS: usize = 8;
/// Time that one export may take on its way.
pub const EXPORT_TIME: Duration = Duration::from_secs(1800);
/// Receivers of one call that sends to many.
pub const BATCH_RECEIVERS: usize = 10_000;
/// Messages in one answer about ranges of messages; of more, the newest are given.
pub const PULL_MESSAGES: usize = 500;
/// Number of notices beside chats in one answer about ranges: a device takes a range that it has asked for as all there
/// is, so only the bytes of an answer bound what it is told. Of more, what others have read is left out first.
pub const PULL_NOTICES: usize = 10_000;
/// Bytes of messages in one pull answer, so that it fits a client's read limit, [`PUSH_FRAME_BYTES`].
pub const PULL_BYTES: usize = 768 * 1024;
/// Bytes of messages in one answer about chosen messages to a client without a read limit: as many messages as
/// [`READ_SEQS`] of the usual size, and no more than [`SOCKET_QUEUE_BYTES`] as base64.
pub const PULL_BYTES_UNLIMITED: usize = 5 * 1024 * 1024;
/// Bytes of one user id or tag among those that a message mentions.
pub const MENTION_BYTES: usize = ID_BYTES;
/// Number of switches of one message. The SDKs know twelve.
pub const MESSAGE_SWITCHES: usize = 64;
/// Bytes of the name of a switch of a message.
pub const SWITCH_BYTES: usize = 64;
/// Latest instant that a message may name, in milliseconds since 1970: clients count in numbers that are exact up to
/// here. Source: client protocol sheet 3.
pub const INSTANT_MAX_MS: i64 = (1 << 53) - 1;
/// Bytes of one notice as JSON; of a larger one, texts and names are left out. Written into a message it takes at most
/// twice as much, which stays under [`PUSH_FRAME_BYTES`].
pub const NOTICE_BYTES: usize = 384 * 1024;
/// Number of characters that are left of each text of a notice that was too large.
pub const NOTICE_TEXT_CHARS: usize = 200;

/// Messages that one search looks through.
pub const SEARCHED_MESSAGES: usize = 20_000;
/// Calls of which is remembered what became of their messages; some hundred bytes each.
pub const SEND_STATES: usize = 4096;

/// Bytes of a device's push token. The services' own are a few hundred bytes long.
pub const PUSH_TOKEN_BYTES: usize = 4096;
/// Number of characters of each text of a log that a client has uploaded.
pub const LOG_TEXT_CHARS: usize = 2048;
/// Number of uploaded logs that are remembered; the oldest go first.
pub const LOGS_KEPT: usize = 10_000;
/// Number of changes of one list that are remembered; a client that is further behind reads the list anew.
pub const VERSIONS_KEPT: u64 = 4096;
/// Number of changed elements that one answer about a list tells; of more, the client reads the list anew. Source: client
/// protocol sheet 4.3.
pub const VERSION_CHANGES: usize = 200;

/// Number of friends of one user; one more is refused. So many ids make an answer of half a megabyte.
pub const FRIENDS: usize = 10_000;
/// Number of users whom one user may block; one more is refused.
pub const BLOCKS: usize = 10_000;
/// Bytes of a text besides what a message says (names, pictures' addresses, announcements, the app's own texts, reasons),
/// each, counted as they stand in JSON.
pub const NOTE_BYTES: usize = 16 * 1024;
/// Number of favourites of one user; one more is refused.
pub const FAVOURITES: usize = 1000;
/// Number of keys for clients of one user, and of everybody; one more is refused.
pub const CLIENT_SETTINGS: usize = 1000;
/// Lists that one commit raises because a profile changed; more are raised by further ones.
pub const LISTS_PER_COMMIT: usize = 200;
/// Questions to before-rules that one call has under way at once.
pub const QUESTIONS_OF_ONE_CALL: usize = 8;
/// Number of times that a change is decided anew because somebody else was faster; then it is refused as overload.
pub const DECISIONS: usize = 5;
/// Number of members that one notice names; clients learn of more by the versions of their lists.
pub const NOTICE_MEMBERS: usize = 200;
/// Users that one call invites whose requests are told to those who decide; they find more in their lists.
pub const REQUEST_NOTICES: usize = 20;
/// Number of members changed by one call of whom devices are told one by one; of more they learn by the versions of their lists.
pub const MEMBER_NOTICES: usize = 20;
/// Changed elements that one answer about several lists tells; the lists after that are left for the next call.
/// Source: client protocol sheet 4.3.
pub const SYNC_ELEMENTS: usize = 500;
/// Lists that one call may ask about.
pub const SYNC_LISTS: usize = 10_000;
/// Days for which it is remembered how much users said, and how much was said in groups.
pub const STATISTICS_DAYS: i64 = 400;
/// Counts of a day and a user, or of a day and a group, that one call for statistics sums up; of more, a shorter time has
/// to be asked about. Some seconds of work.
pub const STATISTICS_COUNTS: usize = 1_000_000;
/// Time that a call for statistics waits until all is counted that was said before it.
pub const STATISTICS_WAIT: Duration = Duration::from_secs(5);
/// Counts that wait to be written down, and so the records of one commit: about as many. Those who send share the
/// writer with it.
pub const COUNTS_AT_ONCE: usize = 512;
/// Requests to enter groups that one call looks through.
pub const REQUESTS_READ: usize = 10_000;
/// Members of a group when it is made: a list of admins, a list of others, and the owner.
pub const NEW_GROUP_MEMBERS: usize = 2 * LIST_ITEMS + 1;

/// Open connections of one listener, WebSockets included. An idle one costs about 5 KiB.
pub const CONNECTIONS: usize = 20_000;
/// Connections of one user.
pub const CONNECTIONS_PER_USER: usize = 64;
/// Time a new connection has for its TLS handshake.
pub const TLS_HANDSHAKE: Duration = Duration::from_secs(10);
/// Time a client has to send a request's headers (slow-loris guard).
pub const HEADER_READ: Duration = Duration::from_secs(10);
/// Time a client has to send a request's body.
pub const BODY_READ: Duration = Duration::from_secs(30);
/// Bytes of a request's header section.
pub const HEADER_BYTES: usize = 32 * 1024;
/// Silence after which a WebSocket is cut. Source: client protocol sheet 1.4.
pub const SOCKET_SILENCE: Duration = Duration::from_secs(30);
/// How often the server pings WebSockets. Below [`SOCKET_SILENCE`], so that quiet browsers stay.
pub const SOCKET_PING: Duration = Duration::from_secs(20);
/// Number of characters that are kept of the version that a client gives of its software.
pub const SDK_VERSION_CHARS: usize = 64;
/// Frames that may wait for one slow client; then it is cut and catches up by pulling.
pub const SOCKET_QUEUE: usize = 256;
/// Bytes that may wait for one slow client, whatever their number; then it is cut as well. Eight answers of the
/// largest kind.
pub const SOCKET_QUEUE_BYTES: usize = 8 * 1024 * 1024;
/// Time for which a client may take nothing of what is being written to it; then it is cut.
pub const WRITE_STALL: Duration = Duration::from_secs(30);
/// Requests of one WebSocket that may be worked on at once (messages wait at the gate).
pub const SOCKET_IN_FLIGHT: usize = 32;
/// Requests of one WebSocket that may wait for their turn; one more is refused as overload.
pub const SOCKET_WAITING: usize = 4 * SOCKET_IN_FLIGHT;
/// Time a client has to answer the closing of a WebSocket before the connection is dropped.
pub const SOCKET_CLOSE: Duration = Duration::from_secs(2);
/// Number of users whom one connection may follow.
pub const SUBSCRIPTIONS: usize = 2000;
/// Number of comings and goings that may wait to be told; beyond, those that cancel out are not told. More than all
/// connections of a listener that come back at once.
pub const PRESENCE_WAITING: usize = 2 * CONNECTIONS;
/// Comings and goings, in number, that are told in one commit.
pub const PRESENCE_AT_ONCE: usize = 256;

/// Total time one message may spend at the gate, whatever its rules allow. Setting `gate.max_wait`.
pub const GATE_MAX_WAIT: Duration = Duration::from_secs(15);
/// Calls of before-rules under way at once, over all rules; the gate answers "unreachable" beyond.
pub const GATE_IN_FLIGHT: usize = 4096;
/// Bytes read of an answer to a before-call; of one about a list, besides the list.
pub const ANSWER_BYTES: usize = 256 * 1024;
/// Bytes that an answer about a list may add to each of its entries: a name, a picture's address, a text.
pub const ANSWER_ENTRY_BYTES: usize = 1024;
/// Bytes read of an answer about a list at most: what a request may hold ([`REST_BODY_BYTES`]), written less
/// compactly, and what the receiver adds.
pub const LIST_ANSWER_BYTES: usize = 4 * REST_BODY_BYTES;
/// Bytes read of an answer to an after-call: enough to keep the connection, nobody reads it.
pub const AFTER_ANSWER_BYTES: usize = 64 * 1024;
/// Bytes of an answer's header section.
pub const ANSWER_HEADER_BYTES: usize = 32 * 1024;
/// Longest timeout a rule may have.
pub const RULE_TIMEOUT_MAX: Duration = Duration::from_secs(60);
/// Calls one after-rule may have in flight unless it says otherwise.
pub const RULE_CONCURRENCY: u16 = 64;
/// Longest wait that a receiver may ask for with `Retry-After`: the longest step of the schedule.
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(3600);
/// Idle connections kept per receiver. Every call in flight may keep its connection.
pub const IDLE_PER_RECEIVER: usize = 128;
/// Time after which an idle connection to a receiver is closed, below the usual 60 s of proxies.
pub const IDLE_CONNECTION: Duration = Duration::from_secs(50);

/// Deliveries of one rule that may be read ahead.
pub const WINDOW_DELIVERIES: usize = 2048;
/// Deliveries of one rule that may wait for a retry (they are kept in memory); then its cursor stops.
pub const EXCEPTIONS_PER_RULE: usize = 10_000;
/// Deliveries of one rule that may be parked (they are kept on disk alone); then its cursor stops. A day's worth of
/// ten a second.
pub const PARKED_PER_RULE: u64 = 1_000_000;
/// Rows of one rule that may wait to be saved; then it waits for the store.
pub const UNSAVED_ROWS: usize = 4096;
/// Slices of parked deliveries that are sent again at once; further ones wait for their turn.
pub const RESENDS_AT_ONCE: usize = 4;
/// Slices that are being sent again or wait for their turn; one more request is refused as overload. All slices of
/// three days, with room.
pub const RESENDS_TAKEN: usize = 500;
/// Parked deliveries of one rule that are in memory while they are sent again; so many may be sent once more after a
/// crash.
pub const RESEND_PAGE: usize = 128;
/// Longest URL, in characters, that a request to send a slice again may name.
pub const TARGET_URL_CHARS: usize = 2048;
/// Replays that count, send or are paused at once; one more is refused. Each reads the log and calls a receiver.
pub const REPLAYS_AT_ONCE: usize = 4;
/// Time that whoever orders a replay that only counts waits for it; below [`ADMIN_WAIT`].
pub const REPLAY_DRY_WAIT: Duration = Duration::from_secs(60);
/// Number of replays that are over and can still be asked about; of more, the oldest are forgotten.
pub const REPLAYS_KEPT: usize = 50;
/// Calls per second that a replay starts, unless it says otherwise: a receiver works for live traffic at the same time.
pub const REPLAY_RATE: u32 = 50;
/// Calls per second that a replay may start at most.
pub const REPLAY_RATE_MAX: u32 = 10_000;
/// Calls that a replay may have under way, where its rule does not allow fewer.
pub const REPLAY_CONCURRENCY: u16 = 16;
/// Deliveries of one replay that are in memory.
pub const REPLAY_PAGE: usize = 128;
/// Bytes of their bodies; one delivery may exceed it.
pub const REPLAY_PAGE_BYTES: usize = 4 * 1024 * 1024;
/// Seconds that a replay waits before it tries a delivery again; after the last one the delivery has failed. Short: its
/// conversation waits meanwhile.
pub const REPLAY_WAITS_S: [u32; 3] = [1, 3, 10];
/// Failed deliveries that a replay names; the others are counted.
pub const REPLAY_FAILURES: usize = 100;
/// Number of deliveries in a row that fail until a replay pauses by itself: its receiver is down, or refuses everything.
pub const REPLAY_FAILED_IN_A_ROW: usize = 20;
/// Names of events in one order for a replay.
pub const REPLAY_EVENTS: usize = 100;
/// How long parked deliveries are kept. Setting `storage.keep`. Source: second callback sheet 3.8.
pub const STORAGE_KEEP: Duration = Duration::from_secs(3 * 24 * 3600);
/// Rules made through the admin API. Setting `rules.max`. Source: second callback sheet 1.3.
pub const API_RULES: usize = 4;
/// Characters of a rule's name. Source: second callback sheet 1.1.
pub const RULE_NAME_CHARS: usize = 32;
/// Entries of one list of a rule (`from`, `to`, `groups`, `ext_keys`, …). The vendors' consoles take 50 at once.
pub const RULE_LIST_ITEMS: usize = 1000;
/// Characters of a rule's URL: what proxies take.
pub const RULE_URL_CHARS: usize = 2048;
/// Characters of a rule's secret.
pub const RULE_SECRET_CHARS: usize = 256;
/// Characters of the name of an event or of an extension key in a rule.
pub const RULE_WORD_CHARS: usize = 128;
/// Waits in a rule's own retry schedule.
pub const RULE_RETRY_STEPS: usize = 32;
/// Longest of those waits, in seconds: a day.
pub const RULE_RETRY_WAIT_S: u32 = 86_400;
/// Calls per second that a rule may bound itself to: more than one machine makes.
pub const RULE_RATE_MAX: u32 = 100_000;
/// Calls one after-rule may have in flight at most.
pub const RULE_CONCURRENCY_MAX: u32 = 1024;
/// Requests of administrators that are worked on at once; one more is told to come again. They are few, and a change
/// of rules waits for the one before it.
pub const ADMIN_IN_FLIGHT: usize = 64;
/// Time that an administrator waits for what he asked for. Above [`RULE_TIMEOUT_MAX`], for the sample callback.
pub const ADMIN_WAIT: Duration = Duration::from_secs(90);
/// Parked deliveries in one page: their bodies are in it.
pub const ADMIN_PAGE: usize = 200;
/// Number of fields that one answer to an administrator says what is wrong with; the others are counted.
pub const ADMIN_DETAILS: usize = 100;
/// Characters of a receiver's answer, where a dialect bounds them. Source: second callback sheet 3.7.
pub const ANSWER_CHARS: usize = 1000;
/// An after-callback is promised within this time of its event. Source: second callback sheet 3.1.
pub const DELAY_PROMISE: Duration = Duration::from_secs(30);
/// Events that the store keeps decoded in memory for readers that keep up. More would be thrown out of the processor's
/// caches before they are freed: with 8,192 a message cost a tenth more.
pub const LOG_CACHE_EVENTS: usize = 1024;
/// Bytes of those events, roughly: messages of the largest kind, or lists of offline members, would hold gigabytes.
pub const LOG_CACHE_BYTES: usize = 64 * 1024 * 1024;
/// Bytes of users, blocks, groups and their members that the store keeps in memory for those who send, roughly: a
/// hundred thousand people who talk.
pub const DIRECTORY_CACHE_BYTES: usize = 64 * 1024 * 1024;
/// How long it is remembered what was decided and tried. Setting `why.keep`.
pub const TRACE_KEEP: Duration = Duration::from_secs(3 * 24 * 3600);
/// Bytes on disk of what is remembered of decisions and attempts; the oldest goes first. About five million attempts.
/// Setting `why.max_bytes`.
pub const TRACE_MAX_BYTES: u64 = 256 * 1024 * 1024;
/// Bytes of an answer, an error or an extension text that are remembered.
pub const TRACE_TEXT_BYTES: usize = 2048;
/// Traces that may wait to be written; what comes then is shed and counted. Most are smaller than a kilobyte, none is
/// larger than a few times [`TRACE_TEXT_BYTES`] bytes.
pub const TRACE_QUEUE: usize = 32_768;
/// Traces that one look for an id answers at most.
pub const TRACES_FOUND: usize = 2_000;
/// Batches of calls, a second's worth each, that may wait for a collector of OpenTelemetry; what comes then is dropped
/// and counted.
pub const OTEL_BATCHES: usize = 16;
/// Events that one page of an audit is about at most.
pub const AUDIT_EVENTS: usize = 10_000;
/// Messages and actions that one answer to "why" is about at most; the newest.
pub const WHY_SUBJECTS: usize = 20;
/// Copies of one event whose lines are shown to those who ask why; of the others there is a sum.
pub const WHY_COPIES: usize = 20;
/// Copies of one event that are looked at for those who ask why.
pub const WHY_SUMMED_COPIES: u32 = 2_000;
/// Events that are looked through for an id of which nothing is remembered; the newest.
pub const WHY_SEARCH_EVENTS: usize = 100_000;
/// Events behind the end of the log from which on their ids are not noted any more, but shed.
pub const TRACE_LAG_EVENTS: u64 = 100_000;
/// How long an event stays readable for rules. Setting `log.keep`.
pub const LOG_KEEP: Duration = Duration::from_secs(3 * 24 * 3600);
/// How often progress of rules is written down; what lies between is sent again after a crash.
pub const CHECKPOINT_EVERY: Duration = Duration::from_millis(250);
/// An after-callback waits at most this long for the push of its message.
pub const HANDOVER_WAIT: Duration = Duration::from_millis(100);
/// A push waits at most this long for the sender to have his answer.
pub const ANSWER_FIRST_WAIT: Duration = Duration::from_millis(50);
/// What is said in a group about new members comes so much later than the notice beside it: devices that come to know
/// the group by a message in it do not tell their users that they are in it.
pub const NEW_GROUP_WAIT: Duration = Duration::from_millis(300);
/// How long devices wait to hear whom their user has blocked or no longer blocks: the one that asked fetches its list
/// when it has its answer, and does not keep two such fetches apart.
pub const BLOCKS_WAIT: Duration = Duration::from_millis(300);
/// The first message of a single chat comes to its sender's own devices so much later than to others: a device enters
/// the chat into its list when it has its answer, and would not find the message's seq a place before.
pub const FIRST_ECHO_WAIT: Duration = Duration::from_millis(200);
/// Number of pushes that may wait for before-rules and senders; beyond, messages wait in the log. What a busy server
/// sends while a receiver that hangs is given up.
pub const PUSHES_WAITING: usize = 8192;
/// Number of notices that may wait to be asked about; beyond, those who cause them wait.
pub const NOTICES_WAITING: usize = 1024;
/// Number of changed profiles whose users' groups may wait to be told; of more, members learn by the versions of their
/// lists.
pub const PROFILES_WAITING: usize = 1024;
/// Number of pushes of which it is remembered that before-rules stopped or redirected them, for whoever wakes devices;
/// of older ones the rules are asked again.
pub const PUSH_VERDICTS: usize = 1024;
/// Number of messages for which devices are to be woken at once, or wait for another attempt; beyond, they wait in the
/// log.
pub const WAKES_WAITING: usize = 1024;
/// Number of calls of the push provider under way at once.
pub const WAKES_IN_FLIGHT: usize = 32;
/// Number of users in one call of the push provider.
pub const WAKE_USERS: usize = 500;
/// How often messages that users keep for a while only are looked for.
pub const EXPIRE_VIEWS_EVERY: Duration = Duration::from_secs(3600);
/// Age from which on a message wakes nobody any more, unless the settings say otherwise: ten minutes. Setting
/// `push.keep`.
pub const WAKE_KEEP: Duration = Duration::from_secs(600);
/// Time for one call of the push provider. Setting `push.timeout`.
pub const WAKE_TIMEOUT: Duration = Duration::from_secs(5);

/// Commits that may wait for the writer; senders wait beyond (back-pressure).
pub const COMMIT_QUEUE: usize = 4096;
/// Commits that share one durable write at most.
pub const COMMIT_GROUP: usize = 512;
/// A second send with the same client message id inside this window is answered like the first.
pub const IDEMPOTENCY_WINDOW: Duration = Duration::from_secs(24 * 3600);
/// Time a graceful shutdown gives to calls in flight.
pub const DRAIN: Duration = Duration::from_secs(20);
/// Validity of a token unless the settings say otherwise: 90 days. Source: client protocol sheet 6.
pub const TOKEN_VALIDITY: Duration = Duration::from_secs(90 * 24 * 3600);
/// Validity of an app token, and of a user token that a password or the app buys, unless caller or settings say
/// otherwise: 60 days. Setting `token.app_validity`. Source: second REST sheet 3.1.
pub const APP_TOKEN_VALIDITY: Duration = Duration::from_secs(60 * 24 * 3600);
/// Tokens without a platform that one user may hold at once; of more, the one that would end first gives way. Twice
/// [`CONNECTIONS_PER_USER`]: every connection may have its own, and the one before.
pub const TOKENS_PER_USER: usize = 2 * CONNECTIONS_PER_USER;
/// Tokens whose signature was found good, kept in memory so that the next request with one is not checked by
/// computation again. More callers than are busy at once; some hundred bytes each.
pub const TOKENS_CHECKED: usize = 4096;
/// Bytes of a token's text up to which it is kept there: more than our own forms have.
pub const TOKEN_CHECKED_BYTES: usize = 1024;
/// Longest validity that a caller may ask for, and what "for ever" means: 100 years.
pub const TOKEN_FOR_EVER: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// Number of password hashes made at once, unless there are fewer processors. Each takes 19 MiB and some 20 ms.
pub const PASSWORDS_AT_ONCE: usize = 4;
/// Number of password hashes that may wait for their turn; one more is refused as overload, because its caller would
/// not wait so long.
pub const PASSWORDS_WAITING: usize = 256;
/// Passwords of one call that may be among those at once.
pub const PASSWORDS_OF_ONE_CALL: usize = 8;
/// Trial calls of rules under way at once; more wait for their turn.
pub const TRIALS_IN_FLIGHT: usize = 8;
/// Rules of one slice whose deliveries are sent again side by side.
pub const RESEND_RULES_AT_ONCE: usize = 8;

/// Connections of a test receiver (`listen`, `demo`). Every call in flight of a busy rule may have one.
pub const RECEIVER_CONNECTIONS: usize = 2048;
/// Time between two requests on one connection to a test receiver: above [`IDLE_CONNECTION`], so that callers
/// end idle connections first.
pub const RECEIVER_IDLE: Duration = Duration::from_secs(75);
/// Time a caller has to send a callback's body to a test receiver.
pub const RECEIVER_BODY_READ: Duration = Duration::from_secs(10);
/// Bytes of a callback's body that a test receiver reads: a message's content, escaped twice, and its envelope.
pub const RECEIVER_BODY_BYTES: usize = 1024 * 1024;
/// Calls that whoever listens to a test receiver may lag behind; then the oldest are not shown, only counted.
pub const RECEIVER_CALLS_KEPT: usize = 4096;
/// Ids that a test receiver remembers to recognise duplicates; the oldest are forgotten first.
pub const RECEIVER_IDS_KEPT: usize = 100_000;
/// Time a test receiver holds a call that it was told never to answer. Above every rule's timeout.
pub const RECEIVER_HANG: Duration = Duration::from_secs(600);
/// Time a test receiver gives to calls in flight when it is stopped.
pub const RECEIVER_STOP: Duration = Duration::from_secs(2);

/// Calls that one examination of a receiver makes at most.
pub const DOCTOR_CALLS: usize = 5000;
/// Time that one examination of a receiver takes at most.
pub const DOCTOR_TIME: Duration = Duration::from_secs(300);
/// Time that an examination waits for an answer at least, however soon the contract wants it.
pub const DOCTOR_WAIT_MIN: Duration = Duration::from_secs(5);
/// Time over which an examination sends a request, or reads an answer, that is slow on purpose.
pub const DOCTOR_SLOW: Duration = Duration::from_secs(2);
/// Calls that an examination makes at once, unless it is told otherwise.
pub const DOCTOR_BURST: usize = 32;
/// Calls that an examination may be told to make at once.
pub const DOCTOR_BURST_MAX: usize = 512;
/// Number of characters of an answer that an examination shows.
pub const DOCTOR_SHOWN_CHARS: usize = 200;
/// Number of events that an examination names where something happened to many.
pub const DOCTOR_EXAMPLES: usize = 4;

/// Time offline after which a user leaves the chat rooms that he is in, unless the settings say otherwise.
pub const ROOM_LEAVE_AFTER: Duration = Duration::from_secs(120);
/// Number of users who went offline and wait to leave their chat rooms, until the log is read further.
pub const GOINGS_WAITING: usize = 100_000;
/// Number of users who manage all rooms.
pub const ROOM_ADMINS: usize = 1000;
