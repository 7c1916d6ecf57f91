//! What the product does. One door, [`Im::execute`]; one file per subject behind it.
//!
//! | file | holds |
//! |---|---|
//! | `send.rs` | the life of one message: facts, gate, commit |
//! | `checks.rs`, `sizes.rs` | who may say what to whom; how long texts may be |
//! | `keywords.rs` | what becomes of messages that have words of word lists |
//! | `send_many.rs` | the same message to many targets |
//! | `in_flight.rs` | a second send of a message that is still on its way joins the first |
//! | `handover.rs`, `pusher.rs` | answer first, then push, then after-callbacks |
//! | `presence` | comings and goings, told to after-rules |
//! | `wake` | waking those whom no push reached |
//! | `tokens.rs`, `logins.rs`, `admin_logouts.rs` | what a token is good for; how apps and users get theirs |
//! | `statistics` | how much users said, counted by day |
//! | `users.rs`, `accounts.rs` | users; accounts with passwords, and what administrators do with them |
//! | `groups.rs`, `members.rs`, `turns.rs` | groups and rooms found by id; who is in them; how their bounds hold |
//! | `caller.rs`, `actions.rs`, `notices.rs` | who acts; asking about an action, doing it, telling devices |
//! | `friends.rs`, `group_life`, `profiles.rs`, `chats` | what users and backends do besides sending |
//! | `devices.rs` | where devices are woken, what they have logged |
//! | `lists.rs` | what clients have to learn about the lists that they follow |
//! | `objects.rs` | uploads, and what everybody may read |
//! | `blocks.rs`, `history.rs`, `storage.rs` | the other commands |
//!
//! The domain knows ports only. It never holds a lock while it waits for somebody outside.

mod accounts;
mod actions;
mod admin_logouts;
mod answers;
mod blocks;
mod bookmark;
mod caller;
mod chats;
mod checks;
mod devices;
mod friends;
mod group_life;
mod groups;
mod handover;
mod history;
mod in_flight;
mod keywords;
mod lists;
mod logins;
mod members;
mod messages;
mod notices;
mod objects;
mod presence;
mod profiles;
mod pusher;
mod send;
mod send_many;
mod sizes;
mod statistics;
mod storage;
mod tokens;
mod turns;
mod users;
mod wake;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use ringback_model::action::ConversationStart;
use ringback_model::command::{Actor, Call, Command, Outcome, Sent};
use ringback_model::failure::{Failure, Fault, Refusal, RefusalCode};
use ringback_model::ids::{MessageIds, UserId};
use ringback_model::keyword::Keywords;
use ringback_model::object::Seals;
use ringback_model::ports::{Clock, Dice, Gate, Passwords, Sessions, Storage, Store, TokenCodec, TokenKeys};

pub use handover::{AnswerTicket, Handovers};
pub use messages::exporting::Export;
pub use objects::{PartSlot, UploadParts, UploadSettings, Uploads};
pub use presence::Presence;
pub use wake::Waker;

use ringback_model::user::LoginPolicy;

use admin_logouts::AdminLogouts;
use caller::Caller;
use chats::send_states::SendStates;
use in_flight::{InFlight, SendKey, StartKey};
use profiles::ChangesLine;
use pusher::board::Board;
use pusher::line::PassingLine;
use sizes::note;
use statistics::Counting;
use turns::Turns;

/// What [`Im`] is made of.
pub struct ImParts {
    /// Where everything is kept.
    pub store: Arc<dyn Store>,
    /// Before-rules.
    pub gate: Arc<dyn Gate>,
    /// Word lists.
    pub keywords: Arc<dyn Keywords>,
    /// Live connections.
    pub sessions: Arc<dyn Sessions>,
    /// Messages between commit and push; the callback engine waits on the same one.
    pub handovers: Arc<Handovers>,
    /// Wall time.
    pub clock: Arc<dyn Clock>,
    /// Luck.
    pub dice: Arc<dyn Dice>,
    /// Text form of tokens.
    pub tokens: Arc<dyn TokenCodec>,
    /// Hashes of passwords.
    pub passwords: Arc<dyn Passwords>,
    /// Parked deliveries; the callback engine is it.
    pub storage: Arc<dyn Storage>,
    /// Uploads; `None` = they are switched off.
    pub uploads: Option<Arc<Uploads>>,
    /// Makes the addresses of exported messages.
    pub seals: Arc<dyn Seals>,
    /// Choices of the operator.
    pub settings: ImSettings,
}

/// Choices of the operator.
pub struct ImSettings {
    /// Sign tokens; the server's own secret buys administrators' tokens, the app's keys buy app tokens.
    pub keys: TokenKeys,
    /// Administrators of the app; registered at start if they are not. App tokens act in the name of the first.
    pub admins: Vec<UserId>,
    /// How long tokens of administrators and of users on a platform last.
    pub token_validity: Duration,
    /// How long app tokens, and user tokens of [`Platform::ANY`](ringback_model::user::Platform::ANY), last unless the
    /// caller says otherwise; at most `limits::TOKEN_FOR_EVER`. Usually `limits::APP_TOKEN_VALIDITY`.
    pub app_token_validity: Duration,
    /// Only who is on the recipient's list of friends may send to him.
    pub friends_only: bool,
    /// Time in which a message may be taken back through the app's backend. Usually `limits::RECALL_WINDOW`.
    pub recall_window: Duration,
    /// The zone of the app's dates, minutes east of UTC; `None` = the dialect's.
    pub zone_min: Option<i32>,
    /// Which logins of a user take the place of others.
    pub login_policy: LoginPolicy,
}

/// The product: carries commands out.
pub struct Im {
    store: Arc<dyn Store>,
    gate: Arc<dyn Gate>,
    keywords: Arc<dyn Keywords>,
    sessions: Arc<dyn Sessions>,
    handovers: Arc<Handovers>,
    clock: Arc<dyn Clock>,
    dice: Arc<dyn Dice>,
    tokens: Arc<dyn TokenCodec>,
    passwords: Arc<dyn Passwords>,
    storage: Arc<dyn Storage>,
    uploads: Option<Arc<Uploads>>,
    keys: TokenKeys,
    admins: HashSet<UserId>,
    /// In whose name app tokens act.
    first_admin: Option<UserId>,
    token_validity: Duration,
    app_token_validity: Duration,
    friends_only: bool,
    recall_window: Duration,
    zone_min: Option<i32>,
    seals: Arc<dyn Seals>,
    login_policy: LoginPolicy,
    message_ids: MessageIds,
    in_flight: InFlight<SendKey, Result<Sent, Failure>>,
    starting: InFlight<StartKey, Result<Option<ConversationStart>, Fault>>,
    send_states: SendStates,
    additions: Turns,
    passing: PassingLine,
    board: Arc<Board>,
    counting: Counting,
    profile_changes: ChangesLine,
    admin_logouts: AdminLogouts,
}

/// A command that was carried out.
#[derive(Debug)]
pub struct Done {
    /// What to answer.
    pub outcome: Outcome,
    /// Drop it once the answer is on its way: pushes of the message wait for that, so that a sender
    /// sees his answer before his echo.
    pub answered: AnswerTicket,
}

impl From<Outcome> for Done {
    fn from(outcome: Outcome) -> Self {
        Self { outcome, answered: AnswerTicket::none() }
    }
}

impl Im {
    /// Puts the product together and registers its administrators.
    ///
    /// # Errors
    /// The store's fault.
    pub async fn new(parts: ImParts) -> Result<Arc<Self>, Fault> {
        let highest = parts.store.highest_message().await?;
        let logouts = AdminLogouts::keys(parts.settings.admins.iter());
        let admin_logouts = AdminLogouts::of(parts.store.records(&logouts).await?);
        let im = Arc::new(Self {
            store: parts.store,
            gate: parts.gate,
            keywords: parts.keywords,
            sessions: parts.sessions,
            handovers: parts.handovers,
            clock: parts.clock,
            dice: parts.dice,
            tokens: parts.tokens,
            passwords: parts.passwords,
            storage: parts.storage,
            uploads: parts.uploads,
            keys: parts.settings.keys,
            first_admin: parts.settings.admins.first().cloned(),
            admins: parts.settings.admins.into_iter().collect(),
            token_validity: parts.settings.token_validity,
            app_token_validity: parts.settings.app_token_validity,
            friends_only: parts.settings.friends_only,
            recall_window: parts.settings.recall_window,
            zone_min: parts.settings.zone_min,
            seals: parts.seals,
            login_policy: parts.settings.login_policy,
            message_ids: MessageIds::after(highest),
            in_flight: InFlight::default(),
            starting: InFlight::default(),
            send_states: SendStates::default(),
            additions: Turns::default(),
            passing: PassingLine::default(),
            board: Arc::default(),
            counting: Counting::default(),
            profile_changes: ChangesLine::default(),
            admin_logouts,
        });
        im.register_admins().await?;
        Ok(im)
    }

    /// Carries a command out. The single door for every protocol.
    ///
    /// To be run in a task of its own: who drops it half-way does not know how far it came. What is durable then stays,
    /// and the same command may be given again.
    ///
    /// # Errors
    /// A refusal for the caller, or a fault of ours.
    pub async fn execute(self: &Arc<Self>, call: Call) -> Result<Done, Failure> {
        match call {
            // Nearly all calls are this one: it is not to carry room for all the others.
            Call { actor: Some(actor), origin, operation_id, command: Command::Send(draft) } => {
                self.send(&actor, origin, operation_id, draft).await
            }
            other => Box::pin(self.execute_any(other)).await,
        }
    }

    async fn execute_any(self: &Arc<Self>, call: Call) -> Result<Done, Failure> {
        let Call { actor, origin, operation_id, command } = call;
        let me = || signed_in(actor.as_ref());
        let came_in = self.clock.now();
        let by = || me().map(|actor| Caller::of(actor, origin, Arc::clone(&operation_id), came_in));
        let outcome = match command {
            Command::Send(draft) => return self.send(me()?, origin, operation_id, draft).await,
            Command::SendToMany { draft, recipients, everyone } => {
                return self.send_to_many(me()?, origin, operation_id, draft, recipients, everyone).await;
            }
            Command::AdminToken { secret, user } => self.admin_token(secret.reveal(), &user),
            Command::UserToken { user, platform } => self.user_token(me()?, &user, platform).await,
            Command::AppToken { client_id, client_secret, ttl_s } => {
                self.app_token(&client_id, client_secret.reveal(), ttl_s)
            }
            Command::ExchangeToken => self.exchange_token(me()?),
            Command::PasswordToken { user, password, ttl_s } => {
                self.password_token(&user, password, ttl_s).await
            }
            Command::InheritToken { user, create, ttl_s } => {
                self.inherit_token(&by()?, &user, create, ttl_s).await
            }
            Command::ParseToken { token } => self.parse_token(token.reveal()).await,
            Command::ForceLogout { user, platform } => self.force_logout(me()?, &user, platform).await,
            Command::RegisterUsers { users } => self.register_users(&by()?, users).await,
            Command::RegisterAccounts { accounts } => self.register_accounts(&by()?, accounts).await,
            Command::Users { ids } => self.users(&ids).await,
            Command::OnlineStatus { ids } => self.online_status(me()?, ids),
            command @ (Command::CreateGroup(_)
            | Command::Invite { .. }
            | Command::AddMembers { .. }
            | Command::RemoveMembers { .. }
            | Command::Dismiss { .. }) => self.whole_group_command(&by()?, command).await,
            Command::Groups { ids } => self.groups(&ids).await,
            Command::Members { group, skip, limit } => self.members(me()?, &group, skip, limit).await,
            Command::Block { owner, blocked, ex } => self.block(&by()?, owner, blocked, ex).await,
            Command::Unblock { owner, blocked } => self.unblock(&by()?, owner, blocked).await,
            Command::NewestSeqs { user } => self.newest_seqs(me()?, &user).await,
            Command::PullRanges { user, ranges, order } => {
                self.pull_ranges(me()?, &user, ranges, order).await
            }
            Command::PullSeqs { user, lists, order, bytes } => {
                self.pull_seqs(me()?, &user, lists, order, bytes).await
            }
            Command::ReadSeqs { user, conversations, pinned } => {
                self.read_seqs(me()?, &user, conversations, pinned).await
            }
            Command::ServerTime => Ok(Outcome::Time(self.clock.now())),
            Command::Slices { scope } => self.slices(me()?, scope).await,
            Command::ResendSlice(order) => self.resend_slice(me()?, order).await,
            Command::Account(command) => self.account_command(&by()?, command).await,
            Command::Friend(command) => self.friend_command(&by()?, command).await,
            Command::Group(command) => self.group_command(&by()?, command).await,
            Command::User(command) => self.user_command(&by()?, command).await,
            Command::Device(command) => self.device_command(&by()?, command).await,
            Command::Chat(command) => self.chat_command(&by()?, command).await,
            Command::Message(command) => self.message_command(&by()?, command).await,
            Command::ReadFile { id, secret, thumbnail } => {
                self.read_file(&id, secret.as_ref(), thumbnail).await
            }
            Command::Objects(command) => self.objects(me()?, command).await,
        };
        outcome.map(Done::from)
    }

    fn is_admin(&self, user: &UserId) -> bool {
        self.admins.contains(user)
    }

    /// 32 random hexadecimal digits.
    fn random_hex(&self) -> String {
        format!("{:016x}{:016x}", self.dice.roll(), self.dice.roll())
    }
}

fn signed_in(actor: Option<&Actor>) -> Result<&Actor, Refusal> {
    actor.ok_or_else(|| Refusal::new(RefusalCode::TokenMalformed, "this needs a token"))
}

fn only_admin(actor: &Actor) -> Result<(), Refusal> {
    if actor.admin {
        return Ok(());
    }
    Err(Refusal::new(RefusalCode::NoPermission, "only administrators of the app may do this"))
}

fn only_self(actor: &Actor, user: &UserId) -> Result<(), Refusal> {
    if actor.admin || actor.user == *user {
        return Ok(());
    }
    Err(Refusal::new(RefusalCode::NoPermission, format!("{} may not act for {user}", actor.user)))
}

fn bad(detail: impl Into<String>) -> Refusal {
    Refusal::new(RefusalCode::BadArgument, detail)
}

/// The first element that occurs twice.
fn repeated<'a, T: Eq + std::hash::Hash>(items: impl IntoIterator<Item = &'a T>) -> Option<&'a T> {
    let mut seen = HashSet::new();
    items.into_iter().find(|item| !seen.insert(*item))
}

fn at_most(what: &str, count: usize, bound: usize) -> Result<(), Refusal> {
    if count <= bound {
        return Ok(());
    }
    Err(bad(format!("{what} holds {count} entries, at most {bound} are allowed")))
}
